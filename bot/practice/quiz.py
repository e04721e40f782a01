"""A question and everything one can do with it: deal, answer, show, rate, explain, go on."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from bot.bank.bank import Bank, Entry, Filters, Place
from bot.messages import Card, Press, Refusal, Reply, Request, escape
from bot.practice import cards
from bot.practice.answering import Answering
from bot.practice.dealing import Dealer
from bot.practice.remembering import RATINGS, RIGHT_CHOICE, WRONG_CHOICE
from bot.practice.verdicts import Verdicts
from bot.store.sessions import Session
from bot.store.store import Answer, Deal, Learner, Store
from bot.wording import say

MODES = ("choice", "typed", "flash")
STYLES = ("buttons", "poll")

_SHARED = re.compile(r"(?P<code>[0-9a-f]{12})(?P<order>[0-9]*)(?P<letter>[A-E]?)")


Follow = Callable[[Request, Learner, Session], Awaitable[Reply]]


class Quiz:
    def __init__(self, bank: Bank, store: Store, dealer: Dealer, answering: Answering, verdicts: Verdicts) -> None:
        self._bank = bank
        self._store = store
        self._dealer = dealer
        self._answering = answering
        self._verdicts = verdicts
        self._now = answering.now
        self.follow: dict[str, Follow] = {}  # how each kind of session goes on

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

    async def begin(self, request: Request, learner: Learner, press: Press) -> Reply:
        """A question of the topic or section that was pressed."""
        return await self.deal(request, learner, {"topic": press.value})

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
        asked = self._dealer.asked(deal)
        return replace(reply, edit=cards.question_card(deal, asked, private=False) if asked else None)

    async def verdict(self, request: Request, learner: Learner, press: Press) -> Reply:
        """The verdict once more, in full, for who has answered."""
        opened = await self._answering.open(request, learner, press)
        answer = opened.dealt.answer
        if not answer and self._answering.is_closed(opened.deal):
            card = cards.answer_card(opened.deal, opened.entry, rated=True)
            return Reply(new=card) if request.where.private else Reply(aside=card)
        if not answer:
            raise Refusal(say("Answer first, then I show mine."))
        claims = await self._store.claims.of(opened.deal.id, learner.id)
        card = self._verdicts.card(opened, answer, claims)
        return Reply(new=card) if request.where.private else Reply(aside=card)

    async def next(self, request: Request, learner: Learner, press: Press) -> Reply:
        """Another question like the one that was dealt, or the next of its session."""
        dealt = await self._answering.dealt(request, learner, press)
        if found := await self._store.sessions.of_deal(press.deal):
            return await self.follow[found[0].kind](request, learner, found[0])
        return await self._deal(request, learner, Filters.unpack(dealt.deal.filters))

    async def grade(self, request: Request, learner: Learner, press: Press) -> Reply:
        """The verdict on a chosen answer. The first answer counts; a later press shows what it was."""
        opened = await self._answering.open(request, learner, press)
        deal, choices = opened.deal, opened.entry.question.choices
        place = cards.LETTERS.find(press.value) if len(press.value) == 1 else -1
        if deal.mode != "choice" or not choices or not 0 <= place < len(deal.choices):
            raise Refusal(say("This question has no such answer"), say("Please use the buttons below it."))
        chosen = deal.choices[place]
        right = chosen == "0"
        answer = Answer(chosen, "right" if right else "wrong", mode="choice")
        rating = RIGHT_CHOICE if right else WRONG_CHOICE
        recorded = await self._answering.record(request, learner, opened, answer, rating, float(right))
        card = self._verdicts.card(opened, recorded.answer, again=recorded.again)
        return await self._answering.shown(request, learner, recorded, card)

    async def show(self, request: Request, learner: Learner, press: Press) -> Reply:
        """The other side of a flash card."""
        opened = await self._answering.open(request, learner, press)
        if opened.deal.mode != "flash" and not opened.dealt.answer:
            raise Refusal(say("Answer first, then I show mine."))
        rated = opened.deal.mode != "flash" or opened.dealt.answer is not None
        card = cards.answer_card(opened.deal, opened.entry, rated=rated)
        return Reply(edit=card) if request.where.private else Reply(aside=card)

    async def rate(self, request: Request, learner: Learner, press: Press) -> Reply:
        """How well a learner knew the other side, by their own judgement."""
        opened = await self._answering.open(request, learner, press)
        if opened.deal.mode != "flash" or press.value not in RATINGS:
            raise Refusal(say("This question has no such answer"), say("Please use the buttons below it."))
        answer = Answer(press.value, "rated", mode="flash")
        recorded = await self._answering.record(request, learner, opened, answer, RATINGS[press.value])
        return await self._answering.shown(
            request, learner, recorded, self._verdicts.rated(opened, recorded, self._now())
        )

    async def hint(self, request: Request, learner: Learner, press: Press) -> Reply:
        opened = await self._answering.open(request, learner, press)
        if not opened.entry.question.hint:
            raise Refusal(say("This question has no hint."))
        return Reply(aside=Card(say("Hint"), opened.entry.question.hint))

    async def explain(self, request: Request, learner: Learner, press: Press) -> Reply:
        return await self._after(request, learner, press, cards.explanation_card)

    async def code(self, request: Request, learner: Learner, press: Press) -> Reply:
        return await self._after(request, learner, press, cards.code_card)

    async def _after(
        self, request: Request, learner: Learner, press: Press, card: Callable[[Deal, Entry], Card]
    ) -> Reply:
        """A card that tells more, for who has answered: nobody sees an answer before answering."""
        opened = await self._answering.open(request, learner, press)
        if opened.deal.mode != "flash" and not opened.dealt.answer:
            raise Refusal(say("Answer first, then I tell more."))
        told = card(opened.deal, opened.entry)
        return Reply(new=told) if request.where.private else Reply(aside=told)

    async def _deal(self, request: Request, learner: Learner, filters: Filters, *, poll: bool = False) -> Reply:
        deal = await self._dealer.deal(request.where, learner, filters, self._now(), request.id)
        entry = self._dealer.asked(deal) if deal else None
        if not deal or not entry:
            raise Refusal(say("There is no such question"), say("Ask for less: another level, mode or section."))
        return Reply(new=cards.question_card(deal, entry, private=request.where.private, poll=poll))
