"""Pick the next question for an audience, and keep the deal.

Due reviews first, then priority questions never seen, then others never seen, then the longest unseen; never one of the
last twenty. The cost does not grow with the bank: up to EXACT questions are looked up at once; in a larger pool some
are drawn and looked up, and only when all of those were seen, which tells that few are left, are those left over
counted and remembered. "Never seen" only ever shrinks, so what is remembered can be stale but never wrong: it is looked
up again before it is used.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from random import Random
from weakref import WeakValueDictionary

from bot.bank.bank import Bank, Entry, Filters, Pool
from bot.messages import Room
from bot.practice import selection
from bot.practice.making import Maker, dressed
from bot.store.store import Deal, Learner, Store, id_of, new_id

EXACT = 400  # questions whose history is looked up in one query
DRAWN = 100  # questions drawn from a larger pool
REMEMBERED = 1_000  # audiences for which left-over questions are remembered
ID_LENGTH = 11
TRIES = 20  # rounds against other processes that deal to the same audience: each round, one gets its number


class Dealer:
    def __init__(self, bank: Bank, store: Store, random: Random) -> None:
        self._bank = bank
        self._store = store
        self._random = random
        self._maker = Maker(bank)
        self._left: dict[tuple[str, Filters], Pool] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # of audiences, in this process

    async def deal(
        self,
        where: Room,
        learner: Learner,
        filters: Filters,
        now: datetime,
        cause: str = "",
        closes: datetime | None = None,
        question: str = "",
    ) -> Deal | None:
        """Deal a question, or the one that is named; None when the bank has none like this.

        The same cause gets the same deal again.
        """
        if not (self._bank.entry(question) if question else len(self._bank.pool(filters))):
            return None
        room = await self._store.room(where, now)
        audience = learner.id if where.private else room
        turn = self._turns.setdefault(audience, asyncio.Lock())
        async with turn:
            for _ in range(TRIES):
                recent = await self._store.recent(audience, selection.RECENT)
                name = question or await self._pick(audience, learner if where.private else None, filters, recent, now)
                number = recent[0][0] + 1 if recent else 1
                id_ = id_of(cause, ID_LENGTH) if cause else new_id(ID_LENGTH)
                mode, choices, made = self._shape(name, filters, id_)
                deal = Deal(id_, audience, number, room, name, mode, choices, filters.pack(), now, closes, made)
                if await self._store.deal(deal):
                    return deal
                if cause and (dealt := await self._store.dealt(deal.id, learner)):
                    return dealt.deal
        raise RuntimeError(f"{TRIES} others were dealt to {audience} first")

    async def deal_this(self, where: Room, learner: Learner, question: str, choices: str, now: datetime) -> Deal:
        """The deal of the one question that a room is there for, such as a shared message; made the first time.

        `choices` is their order; a question without any is a flash card.
        """
        room = await self._store.room(where, now)
        mode = "choice" if choices else "flash"
        id_ = id_of(room, ID_LENGTH)
        deal = Deal(id_, id_, 1, room, question, mode, choices, Filters().pack(), now)
        if await self._store.deal(deal):
            return deal
        dealt = await self._store.dealt(deal.id, learner)
        assert dealt  # noqa: S101 - what kept this deal from being kept
        return dealt.deal

    def shuffled(self, entry: Entry) -> str:
        """An order of a question's choices; empty without any."""
        order = [str(index) for index in range(len(entry.question.choices.texts if entry.question.choices else ()))]
        self._random.shuffle(order)
        return "".join(order)

    def asked(self, deal: Deal) -> Entry | None:
        """The question of a deal as it was asked, with choices that were made for it; None if the bank lacks it now."""
        entry = self._bank.entry(deal.question)
        if not entry or not deal.made:
            return entry
        made = self._maker.again(entry, deal.made)
        return dressed(entry, made) if made else None

    def _shape(self, name: str, filters: Filters, seed: str) -> tuple[str, str, str]:
        """The mode, the order of choices, and how they were made if the question has none of its own."""
        entry = self._bank.entry(name)
        assert entry  # noqa: S101 - names come from the bank
        if filters.mode == "typed":
            return "typed", "", ""
        made = None
        if filters.mode == "choice" and not entry.question.choices and (made := self._maker.make(entry, seed)):
            entry = dressed(entry, made)
        choices = self.shuffled(entry) if filters.mode != "flash" else ""
        return ("choice" if choices else "flash"), choices, made.recipe if made else ""

    async def _pick(
        self, audience: str, learner: Learner | None, filters: Filters, recent: Sequence[tuple[int, str]], now: datetime
    ) -> str:
        pool = self._bank.pool(filters)
        barred = selection.barred([name for _, name in recent], pool)
        if learner:
            async for name in self._store.reviews.due(learner.id, now):
                if name in pool.names and name not in barred:
                    return name
        if len(pool) <= EXACT:
            seen = await self._store.seen(audience, pool.priority + pool.others)
            found = selection.fresh(pool, seen, self._random) or selection.longest_unseen(seen, barred)
        else:
            found = await self._fresh_of_many(audience, filters, pool)
            found = found or await self._longest_unseen(audience, pool, barred)
        assert found  # noqa: S101 - at least one question of the pool is not barred
        return found

    async def _fresh_of_many(self, audience: str, filters: Filters, pool: Pool) -> str | None:
        key = (audience, filters)
        left = self._left.get(key, pool)
        name = await self._draw(audience, left)
        if name is None and len(left):
            seen = await self._store.all_seen(audience)
            left = Pool(
                tuple(name for name in pool.priority if name not in seen),
                tuple(name for name in pool.others if name not in seen),
            )
            if len(self._left) >= REMEMBERED:
                self._left.pop(next(iter(self._left)))
            self._left[key] = left
            name = await self._draw(audience, left)
        return name

    async def _draw(self, audience: str, pool: Pool) -> str | None:
        """A question never seen out of some drawn at random; None when all of those were seen."""
        names = pool.priority or pool.others
        drawn = self._random.sample(names, min(DRAWN, len(names)))
        seen = await self._store.seen(audience, drawn) if drawn else {}
        return next((name for name in drawn if name not in seen), None)

    async def _longest_unseen(self, audience: str, pool: Pool, barred: frozenset[str]) -> str | None:
        async for name in self._store.oldest_seen(audience):
            if name in pool.names and name not in barred:
                return name
        return None
