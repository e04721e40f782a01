"""What every answer to a dealt question goes through, however it was given: who may give it, and keeping it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from fsrs import Rating

from bot.bank.bank import Entry
from bot.learners import scoring
from bot.learners.streaks import streak
from bot.learners.zones import Zones
from bot.messages import Card, Press, Refusal, Reply, Request
from bot.practice import cards
from bot.practice.dealing import Dealer
from bot.practice.remembering import reviewed
from bot.store.database import StoreError
from bot.store.store import Answer, Before, Deal, Dealt, Learner, Ledger, Store
from bot.tally import Tally
from bot.wording import count, say

ALONE = frozenset({"type", "pass"})  # verbs that may come from the private chat of who was asked in a room


@dataclass(frozen=True, slots=True)
class Opened:
    """A deal that was pressed, with its question."""

    dealt: Dealt
    entry: Entry

    @property
    def deal(self) -> Deal:
        return self.dealt.deal


@dataclass(frozen=True, slots=True)
class Recorded:
    """The answer that counts, and what is remembered of its question now."""

    dealt: Dealt
    answer: Answer
    again: bool  # it is an earlier one, and the one that was given now is not kept
    new_day: bool = False  # it is the learner's first of the day


class Answering:
    def __init__(
        self,
        store: Store,
        dealer: Dealer,
        zones: Zones,
        now: Callable[[], datetime],
        answered: Callable[[Deal], None] = lambda deal: None,
        tally: Tally | None = None,
    ) -> None:
        self._store = store
        self._dealer = dealer
        self._zones = zones
        self._answered = answered  # told of every first answer in a shared room
        self._tally = tally or Tally()
        self.now = now

    async def dealt(self, request: Request, learner: Learner, press: Press) -> Dealt:
        """The deal of a press, if it may be opened here.

        That is in the room where it was dealt; and what was dealt to many, also alone: a flash card, what is answered
        in one's own words, and what the learner has answered there.
        """
        dealt = await self._store.dealt(press.deal, learner)
        if not dealt:
            raise Refusal(say("I don't know this question any more"), say("`/quiz` deals a new one."))
        where, room = request.where, dealt.room
        here = where.platform == room.platform and where.id in (room.id, dealt.former_id)
        alone = where.private and not room.private and where.platform == room.platform
        secret = dealt.deal.mode != "flash" and not dealt.answer and not self.is_closed(dealt.deal)
        if alone and not here and secret and press.verb not in ALONE:
            raise Refusal(say("Answer it where it was asked, then I show mine."))
        if not here and not alone:
            raise Refusal(say("This question was dealt elsewhere"), say("`/quiz` deals one here."))
        return dealt

    async def open(self, request: Request, learner: Learner, press: Press) -> Opened:
        """The deal of a press with its question, if the bank still has it as it was dealt."""
        dealt = await self.dealt(request, learner, press)
        entry = self._dealer.asked(dealt.deal)
        choices = entry.question.choices if entry else None
        if not entry or (dealt.deal.choices and len(dealt.deal.choices) != len(choices.texts if choices else ())):
            raise Refusal(say("This question has changed since it was dealt"), say("`/quiz` deals a new one."))
        return Opened(dealt, entry)

    def check_open(self, deal: Deal) -> None:
        """Raises Refusal for a deal that takes no answers any more."""
        if self.is_closed(deal):
            raise Refusal(say("This question is closed"), say("`/quiz` deals a new one."))

    def is_closed(self, deal: Deal) -> bool:
        return deal.closed_at is not None and deal.closed_at <= self.now()

    async def record(
        self, request: Request, learner: Learner, opened: Opened, answer: Answer, rating: Rating, right: float = 0
    ) -> Recorded:
        """Keep an answer, unless there is one; `right` is the share of it that earns points."""
        dealt = opened.dealt
        if dealt.answer:
            return Recorded(dealt, dealt.answer, again=True)
        now = self.now()
        self.check_open(dealt.deal)
        review = reviewed(dealt.review, rating, now)
        kept, new_day = await self._store.answer(
            dealt,
            learner,
            answer,
            review,
            self._zones.day(learner, now),
            self._ledger(dealt, learner, now),
            now,
            request.name,
            lambda before: _worth(opened, answer.mode, right, before, now),
        )
        if kept:
            self._tally.count("answers", request.who.platform, kept.verdict)
            if not dealt.room.private:
                self._answered(dealt.deal)
            return Recorded(replace(dealt, review=review), kept, again=False, new_day=new_day)
        earlier = await self._store.dealt(dealt.deal.id, learner) or dealt  # another press was faster
        return Recorded(earlier, earlier.answer or answer, again=True)

    async def shown(self, request: Request, learner: Learner, recorded: Recorded, card: Card) -> Reply:
        """A verdict is for its owner: in private the card changes, in a shared room nobody else sees it."""
        if recorded.new_day:
            with suppress(StoreError):  # the answer is kept, and its verdict is what was asked for
                card = await self._with_streak(card, learner)
        return Reply(edit=card) if request.where.private and not recorded.again else Reply(aside=card)

    async def _with_streak(self, card: Card, learner: Learner) -> Card:
        """The card of the first answer of a day says how many days that makes."""
        days = await self._store.practice_days(learner)
        today = self._zones.day(learner, self.now())
        found = streak(days.practised, today, days.repaired, days.skipped)
        shown = count("{number} day", "{number} days", found.current)
        if today - timedelta(1) in found.frozen:
            shown = say("{days}, kept by a freeze", days=shown)
        return cards.with_field(card, say("Streak"), shown)

    def _ledger(self, dealt: Dealt, learner: Learner, now: datetime) -> Ledger:
        """In private the calendar is the learner's own; a community has one for all."""
        zone = self._zones.of(learner) if dealt.room.private else self._zones.default
        day = now.astimezone(zone).date()
        since = datetime.combine(day, time(), zone)
        return Ledger(dealt.room.platform, dealt.room.community, scoring.buckets(day), since)


def _worth(opened: Opened, mode: str, right: float, before: Before, now: datetime) -> int:
    # Whoever was dealt a flash card may have looked at its other side.
    return scoring.points(
        opened.entry.question.level,
        "flash" if opened.deal.mode == "flash" else mode,
        right,
        seconds=(now - opened.deal.dealt_at).total_seconds(),
        repeated=before.repeated,
        known=before.known,
        earned=before.earned,
    )
