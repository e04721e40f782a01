"""A question and everything one can do with it: deal, answer, show, rate, explain, go on."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import NamedTuple

from fsrs import Rating

from bot.bank.bank import Bank, Entry, Filters, Place
from bot.learners import scoring
from bot.learners.streaks import streak
from bot.learners.zones import Zones
from bot.messages import Card, Press, Refusal, Reply, Request, escape
from bot.practice import cards
from bot.practice.dealing import Dealer
from bot.practice.remembering import RATINGS, RIGHT_CHOICE, WRONG_CHOICE, reviewed
from bot.store.store import Answer, Before, Deal, Dealt, Learner, Ledger, Store
from bot.wording import count, say

MODES = ("choice", "flash")
STYLES = ("buttons", "poll")
SHARED = 10  # questions offered to be shared

_SHARED = re.compile(r"(?P<code>[0-9a-f]{12})(?P<order>[0-9]*)(?P<letter>[A-E]?)")


class _Open(NamedTuple):
    """A deal that was pressed, with its question."""

    dealt: Dealt
    entry: Entry


class Quiz:
    def __init__(
        self,
        bank: Bank,
        store: Store,
        dealer: Dealer,
        zones: Zones,
        now: Callable[[], datetime],
        answered: Callable[[Deal], None] = lambda deal: None,
    ) -> None:
        self._bank = bank
        self._store = store
        self._dealer = dealer
        self._zones = zones
        self._answered = answered  # told of every first answer in a shared room
        self._now = now

    async def deal(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        words = options.get("topic", "")
        place = self._bank.place(words) if words else Place("")
        if not place:
            near = ", ".join(f"`{name}`" for name in self._bank.nearest(words))
            raise Refusal(
                say("I know no topic “{topic}”", topic=escape(words[:40])),
                say("Did you mean {names}? `/topics` lists them all.", names=near),
            )
        poll = options.get("style") == "poll"
        level, mode = options.get("level", ""), options.get("mode", "choice" if poll else "")
        filters = Filters(place.topic, place.section, level, options.get("priority") == "yes", mode)
        return await self._deal(request, learner, filters, poll=poll)

    def shared(self, words: str) -> list[tuple[str, Card]]:
        """Questions about these words, to be shared in any chat: for each a name, and a card that works there."""
        return [
            (entry.code, cards.shared_card(entry, self._dealer.shuffled(entry)))
            for entry in self._bank.search(words, SHARED)
        ]

    async def pick(self, request: Request, learner: Learner, press: Press) -> Reply:
        """The first press on a card that was shared: deal its question there, and go on as on any card."""
        parts = _SHARED.fullmatch(press.value)
        entry = self._bank.coded(parts["code"]) if parts else None
        choices = entry.question.choices.texts if entry and entry.question.choices else ()
        if request.where.private or request.where.community:  # a forged press: nothing is shared into rooms of ours
            raise Refusal(say("That button is too old, or not one of mine"), say("`/quiz` deals a new question."))
        if not parts or not entry or sorted(parts["order"]) != [str(index) for index in range(len(choices))]:
            raise Refusal(say("This question has changed since it was shared"), say("`/quiz` deals a new one."))
        deal = await self._dealer.deal_this(request.where, learner, entry.name, parts["order"], self._now())
        pressed = Press("answer" if choices else "show", deal.id, parts["letter"])
        reply = await (self.grade if choices else self.show)(request, learner, pressed)
        asked = self._bank.entry(deal.question)
        return replace(reply, edit=cards.question_card(deal, asked, private=False) if asked else None)

    async def verdict(self, request: Request, learner: Learner, press: Press) -> Reply:
        """The verdict once more, in full, for who has answered."""
        dealt, entry = await self._open(request, learner, press)
        if not dealt.answer:
            raise Refusal(say("Answer first, then I show mine."))
        if dealt.deal.mode == "flash":
            card = cards.answer_card(dealt.deal, entry, rated=True)
        else:
            card = cards.verdict_card(dealt.deal, entry, dealt.answer)
        return Reply(new=card) if request.where.private else Reply(aside=card)

    async def next(self, request: Request, learner: Learner, press: Press) -> Reply:
        """Another question like the one that was dealt."""
        dealt = await self._dealt(request, learner, press)
        return await self._deal(request, learner, Filters.unpack(dealt.deal.filters))

    async def grade(self, request: Request, learner: Learner, press: Press) -> Reply:
        """The verdict on a chosen answer. The first answer counts; a later press shows what it was."""
        dealt, entry = await self._open(request, learner, press)
        choices = entry.question.choices
        place = cards.LETTERS.find(press.value) if len(press.value) == 1 else -1
        if dealt.deal.mode != "choice" or not choices or not 0 <= place < len(dealt.deal.choices):
            raise Refusal(say("This question has no such answer"), say("Please use the buttons below it."))
        chosen = dealt.deal.choices[place]
        right = chosen == "0"
        answer = Answer(chosen, "right" if right else "wrong")
        rating = RIGHT_CHOICE if right else WRONG_CHOICE
        dealt, kept, again, new_day = await self._record(request, learner, dealt, entry, answer, rating, float(right))
        card = cards.verdict_card(dealt.deal, entry, kept, again=again)
        return self._shown(request, await self._with_streak(card, learner) if new_day else card, again=again)

    async def show(self, request: Request, learner: Learner, press: Press) -> Reply:
        """The other side of a flash card."""
        dealt, entry = await self._open(request, learner, press)
        if dealt.deal.mode != "flash" and not dealt.answer:
            raise Refusal(say("Answer first, then I show mine."))
        rated = dealt.deal.mode != "flash" or dealt.answer is not None
        return self._shown(request, cards.answer_card(dealt.deal, entry, rated=rated))

    async def rate(self, request: Request, learner: Learner, press: Press) -> Reply:
        """How well a learner knew the other side, by their own judgement."""
        dealt, entry = await self._open(request, learner, press)
        if dealt.deal.mode != "flash" or press.value not in RATINGS:
            raise Refusal(say("This question has no such answer"), say("Please use the buttons below it."))
        answer = Answer(press.value, "rated")
        dealt, kept, again, new_day = await self._record(request, learner, dealt, entry, answer, RATINGS[press.value])
        review = dealt.review
        assert review  # noqa: S101 - a rating was recorded, now or before
        card = cards.rated_card(dealt.deal, entry, kept, review, self._now(), again=again)
        return self._shown(request, await self._with_streak(card, learner) if new_day else card, again=again)

    async def hint(self, request: Request, learner: Learner, press: Press) -> Reply:
        _, entry = await self._open(request, learner, press)
        if not entry.question.hint:
            raise Refusal(say("This question has no hint."))
        return Reply(aside=Card(say("Hint"), entry.question.hint))

    async def explain(self, request: Request, learner: Learner, press: Press) -> Reply:
        return await self._after(request, learner, press, cards.explanation_card)

    async def code(self, request: Request, learner: Learner, press: Press) -> Reply:
        return await self._after(request, learner, press, cards.code_card)

    async def _after(
        self, request: Request, learner: Learner, press: Press, card: Callable[[Deal, Entry], Card]
    ) -> Reply:
        """A card that tells more, for who has answered: nobody sees an answer before answering."""
        dealt, entry = await self._open(request, learner, press)
        if dealt.deal.mode == "choice" and not dealt.answer:
            raise Refusal(say("Answer first, then I tell more."))
        told = card(dealt.deal, entry)
        return Reply(new=told) if request.where.private else Reply(aside=told)

    async def _deal(self, request: Request, learner: Learner, filters: Filters, *, poll: bool = False) -> Reply:
        deal = await self._dealer.deal(request.where, learner, filters, self._now(), request.id)
        entry = self._bank.entry(deal.question) if deal else None
        if not deal or not entry:
            raise Refusal(say("There is no such question"), say("Ask for less: another level, mode or section."))
        return Reply(new=cards.question_card(deal, entry, private=request.where.private, poll=poll))

    async def _dealt(self, request: Request, learner: Learner, press: Press) -> Dealt:
        """The deal of a press, if it may be opened here.

        That is in the room where it was dealt; and what was dealt to many, also alone: a flash card, and what the
        learner has answered there.
        """
        dealt = await self._store.dealt(press.deal, learner)
        if not dealt:
            raise Refusal(say("I don't know this question any more"), say("`/quiz` deals a new one."))
        where, room = request.where, dealt.room
        here = where.platform == room.platform and where.id in (room.id, dealt.former_id)
        alone = where.private and not room.private and where.platform == room.platform
        if alone and not here and not dealt.answer and dealt.deal.mode != "flash":
            raise Refusal(say("Answer it where it was asked, then I show mine."))
        if not here and not alone:
            raise Refusal(say("This question was dealt elsewhere"), say("`/quiz` deals one here."))
        return dealt

    async def _open(self, request: Request, learner: Learner, press: Press) -> _Open:
        """The deal of a press with its question, if the bank still has it as it was dealt."""
        dealt = await self._dealt(request, learner, press)
        entry = self._bank.entry(dealt.deal.question)
        choices = entry.question.choices if entry else None
        if not entry or (dealt.deal.choices and len(dealt.deal.choices) != len(choices.texts if choices else ())):
            raise Refusal(say("This question has changed since it was dealt"), say("`/quiz` deals a new one."))
        return _Open(dealt, entry)

    async def _record(
        self,
        request: Request,
        learner: Learner,
        dealt: Dealt,
        entry: Entry,
        answer: Answer,
        rating: Rating,
        right: float = 0,
    ) -> tuple[Dealt, Answer, bool, bool]:
        """Keep an answer: the deal, the answer that counts, whether that is an earlier one, whether the day is new.

        `right` is the share of it that earns points.
        """
        if dealt.answer:
            return dealt, dealt.answer, True, False
        now = self._now()
        if dealt.deal.closed_at and dealt.deal.closed_at <= now:
            raise Refusal(say("This question is closed"), say("`/quiz` deals a new one."))
        day = self._zones.day(learner, now)
        review = reviewed(dealt.review, rating, now)
        kept, new_day = await self._store.answer(
            dealt,
            learner,
            answer,
            review,
            day,
            self._ledger(dealt, learner, now),
            now,
            request.name,
            lambda before: _worth(entry, dealt.deal, right, before, now),
        )
        if kept:
            if not dealt.room.private:
                self._answered(dealt.deal)
            return replace(dealt, review=review), kept, False, new_day
        earlier = await self._dealt(request, learner, Press("answer", dealt.deal.id))  # another press was faster
        return earlier, earlier.answer or answer, True, False

    def _ledger(self, dealt: Dealt, learner: Learner, now: datetime) -> Ledger:
        """In private the calendar is the learner's own; a community has one for all."""
        zone = self._zones.of(learner) if dealt.room.private else self._zones.default
        day = now.astimezone(zone).date()
        since = datetime.combine(day, time(), zone)
        return Ledger(dealt.room.platform, dealt.room.community, scoring.buckets(day), since)

    async def _with_streak(self, card: Card, learner: Learner) -> Card:
        """The card of the first answer of a day says how many days that makes."""
        days = await self._store.practice_days(learner)
        today = self._zones.day(learner, self._now())
        found = streak(days.practised, today, days.repaired, days.skipped)
        shown = count("{number} day", "{number} days", found.current)
        if today - timedelta(1) in found.frozen:
            shown = say("{days}, kept by a freeze", days=shown)
        return cards.with_field(card, say("Streak"), shown)

    def _shown(self, request: Request, card: Card, *, again: bool = False) -> Reply:
        """A verdict is for its owner: in private the card changes, in a shared room nobody else sees it."""
        return Reply(edit=card) if request.where.private and not again else Reply(aside=card)


def _worth(entry: Entry, deal: Deal, right: float, before: Before, now: datetime) -> int:
    return scoring.points(
        entry.question.level,
        deal.mode,
        right,
        seconds=(now - deal.dealt_at).total_seconds(),
        repeated=before.repeated,
        known=before.known,
        earned=before.earned,
    )
