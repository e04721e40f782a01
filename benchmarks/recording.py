"""Recording an answer: the store with group commit, against raw aiosqlite with a transaction for each answer."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import aiosqlite

from benchmarks.measuring import verdict
from bot.learners.scoring import buckets
from bot.messages import Person, Room
from bot.store.database import Database, Row, Statement
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.store import Answer, Deal, Dealt, Learner, Ledger, Review, Store, new_id

ROUNDS = 5
LEARNERS = 500
DAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LEDGER = Ledger("bench", "c", buckets(DAY), datetime(2026, 3, 2, tzinfo=UTC))
RIGHT = Answer("0", "right")


class OneByOne:
    """What one would write first: one connection, a lock, and BEGIN, each statement and COMMIT awaited in turn."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._lock = asyncio.Lock()

    async def fetch(self, sql: str, values: Mapping[str, Any] = {}) -> Sequence[Row]:
        return list(await self._connection.execute_fetchall(sql, values))

    async def write(self, batch: Sequence[Statement]) -> list[Sequence[Row]]:
        async with self._lock:
            await self._connection.execute("BEGIN IMMEDIATE")
            rows: list[Sequence[Row]] = []
            for sql, values in batch:
                cursor = await self._connection.execute(sql, values)
                rows.append(list(await cursor.fetchall()))
                await cursor.close()
            await self._connection.execute("COMMIT")
            return rows

    async def close(self) -> None:
        await self._connection.close()


async def ours(path: Path) -> Database:
    return await connect(f"sqlite:///{path}")


async def theirs(path: Path) -> Database:
    connection = await aiosqlite.connect(path, isolation_level=None)
    connection.row_factory = aiosqlite.Row
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        await connection.execute_fetchall(f"PRAGMA {pragma}")
    return OneByOne(connection)


async def prepared(open_: Callable[[Path], Awaitable[Database]], path: Path) -> tuple[Store, list[Learner], str]:
    database = await open_(path)
    await migrate(database)
    store = Store(database)
    learners = [await store.learner(Person("bench", str(n)), NOW) for n in range(LEARNERS)]
    return store, learners, await store.room(Room("bench", "room", community="c"), NOW)


async def dealt(store: Store, room: str, number: int) -> list[Dealt]:
    """Deals to answer, kept before the clock starts."""
    made = []
    for _ in range(number):
        deal = Deal(new_id(11), new_id(16), 1, room, f"flask/{new_id(4)}", "choice", "0123", "////", NOW)
        await store.deal(deal)
        made.append(Dealt(deal, Room("bench", "room"), "", None, None))
    return made


async def per_second(store: Store, learners: Sequence[Learner], deals: Sequence[Dealt], together: int) -> float:
    """Answers a second, with so many on their way at any time."""
    todo = iter(enumerate(deals))
    review = Review(2, None, 3.0, 5.0, NOW, NOW)

    async def worker() -> None:
        for place, one in todo:
            learner = learners[place % LEARNERS]
            await store.answer(one, learner, RIGHT, review, DAY, LEDGER, NOW, worth=lambda before: 1)

    start = perf_counter()
    await asyncio.gather(*(worker() for _ in range(together)))
    return len(deals) / (perf_counter() - start)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sides = [await prepared(open_, Path(folder, open_.__name__)) for open_ in (ours, theirs)]
        try:
            await compare(sides)
        finally:
            for store, _, _ in sides:
                await store.close()


async def compare(sides: Sequence[tuple[Store, list[Learner], str]]) -> None:
    for together, number, goal, at_least in ((1, 300, 1.3, False), (50, 1500, 3, True), (500, 3000, 8, True)):
        ratios, rates = [], []
        for round_ in range(ROUNDS):
            measured = [0.0, 0.0]
            for side in (0, 1) if round_ % 2 else (1, 0):
                store, learners, room = sides[side]
                deals = await dealt(store, room, number)
                measured[side] = await per_second(store, learners, deals, together)
            rates.append(measured[0])
            ratios.append(measured[0] / measured[1] if at_least else measured[1] / measured[0])
        what = "throughput, ours / raw" if at_least else "latency, ours / raw   "
        print(f"{together:4} at once: {what} {verdict(ratios, goal, at_least=at_least)}  ({median(rates):.0f}/s)")
