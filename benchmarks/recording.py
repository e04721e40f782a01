"""Recording an answer: the store with group commit, against raw aiosqlite and asyncpg with a transaction for each."""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from secrets import token_hex
from statistics import median
from time import perf_counter
from typing import Any

import aiosqlite
import asyncpg

from benchmarks.measuring import verdict
from bot.learners.scoring import buckets
from bot.messages import Person, Room
from bot.store.database import Database, Row, Statement
from bot.store.drivers import connect
from bot.store.postgres import _numbered
from bot.store.schema import migrate
from bot.store.store import Answer, Deal, Dealt, Learner, Ledger, Review, Store, new_id

ROUNDS = 5
LEARNERS = 500
POSTGRES = os.environ.get("PREPDECK_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
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


class Pooled:
    """The same with asyncpg: its own pool of ten, and a transaction on one of them for each answer."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def fetch(self, sql: str, values: Mapping[str, Any] = {}) -> Sequence[Row]:
        return await _carried_out(self._pool, Statement(sql, values))

    async def write(self, batch: Sequence[Statement]) -> list[Sequence[Row]]:
        async with self._pool.acquire() as connection, connection.transaction():
            return [await _carried_out(connection, statement) for statement in batch]

    async def close(self) -> None:
        await self._pool.close()


async def _carried_out(connection: Any, statement: Statement) -> Sequence[Row]:
    numbered, names = _numbered(statement.sql)
    rows: Sequence[Row] = await connection.fetch(numbered, *(statement.values[name] for name in names))
    return rows


async def ours(place: str) -> Database:
    return await connect(place if "://" in place else f"sqlite:///{place}.ours")


async def theirs(place: str) -> Database:
    if "://" in place:
        return Pooled(await asyncpg.create_pool(place, min_size=1, max_size=10))
    connection = await aiosqlite.connect(f"{place}.theirs", isolation_level=None)
    connection.row_factory = aiosqlite.Row
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        await connection.execute_fetchall(f"PRAGMA {pragma}")
    return OneByOne(connection)


Side = tuple[Store, list[Learner], str]


async def prepared(open_: Callable[[str], Awaitable[Database]], place: str) -> Side:
    database = await open_(place)
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
        file = str(Path(folder, "prepdeck"))
        await compare("SQLite", (file, file), ((1, 300, 1.3, False), (50, 1500, 3, True), (500, 3000, 8, True)))
    try:
        server = await asyncpg.connect(POSTGRES, timeout=5)
    except (OSError, asyncpg.PostgresError) as error:
        print(f"PostgreSQL is left out, there is none at {POSTGRES}: {error}")
        return
    schemas = [f"bench_{token_hex(4)}" for _ in range(2)]
    try:
        for schema in schemas:
            await server.execute(f"CREATE SCHEMA {schema}")
        one, other = (f"{POSTGRES}?search_path={schema}" for schema in schemas)
        await compare("PostgreSQL", (one, other), ((1, 200, 1.25, False), (50, 1000, 1.5, True), (500, 2000, 2, True)))
    finally:
        for schema in schemas:
            await server.execute(f"DROP SCHEMA {schema} CASCADE")
        await server.close()


async def compare(name: str, places: tuple[str, str], goals: Sequence[tuple[int, int, float, bool]]) -> None:
    """Both sides by turns, with so many answers at once, and so many in all."""
    async with AsyncExitStack() as stack:
        sides: list[Side] = []
        for open_, place in zip((ours, theirs), places, strict=True):
            sides.append(await prepared(open_, place))
            stack.push_async_callback(sides[-1][0].close)
        for together, number, goal, at_least in goals:
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
            shown = verdict(ratios, goal, at_least=at_least)
            print(f"{name:10} {together:4} at once: {what} {shown}  ({median(rates):.0f}/s)")
