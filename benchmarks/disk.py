"""Disk: what learners, answers and rooms take on SQLite and on PostgreSQL, kept through the store like any answer."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from secrets import token_hex

import asyncpg

from benchmarks.recording import POSTGRES
from bot.learners.scoring import buckets
from bot.messages import Person, Room
from bot.store.database import Database
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.store import Answer, Deal, Learner, Ledger, Review, Store, new_id

LEARNERS = 400
GROUPS = 20  # of as many learners each
DAYS = 60  # of which a learner practises every second
PER_DAY = 5  # answers of a learner on a day: two in the group, the others in private
SHARED = 2
QUESTIONS = 148
AT_ONCE = 200
BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)
PARTS = {
    "learners": ("learner", "account", "nobody", "absent"),
    "answers and deals": ("answer", "deal", "seen"),
    "boards": ("score",),
    "reviews and days": ("review", "practice_day"),
}


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with opened(f"sqlite:///{folder}/disk.db") as (database, _):
            answers = await practise(Store(database))
        size = await asyncio.to_thread(os.path.getsize, f"{folder}/disk.db")
        print(f"SQLite: {size / answers:.0f} bytes an answer, with all that belongs to it, of {answers:,}")
    async with opened(POSTGRES) as (database, schema):
        before = await written_ahead()
        answers = await practise(Store(database))
        ahead = await written_ahead() - before
        written, packed = await by_part(schema), await by_part(schema, pack=True)
        told = "bytes an answer as it was written; packed, as vacuum lets later rows fill it:"
        print(f"PostgreSQL: {sum(written.values()) / answers:.0f} {told} {sum(packed.values()) / answers:.0f}")
        print(f"PostgreSQL: {ahead / answers:.0f} bytes of write-ahead log for each")
        for part, size in packed.items():
            print(f"  {part:18} {written[part] / answers:6.0f} {size / answers:6.0f}")


async def practise(store: Store) -> int:
    """Months of practice; how many answers it has."""
    random, gate = Random(1), asyncio.Semaphore(AT_ONCE)
    learners = [await store.learner(Person("telegram", str(10**9 + n)), BEGIN) for n in range(LEARNERS)]
    homes = [await store.room(Room("telegram", str(10**9 + n), private=True), BEGIN) for n in range(LEARNERS)]
    places = [Room("telegram", str(-(10**12) - n), community=str(-(10**12) - n)) for n in range(GROUPS)]
    groups = [await store.room(one, BEGIN) for one in places]
    answers = 0

    async def answer(deal: Deal, learner: Learner, community: str, at: datetime) -> None:
        nonlocal answers
        async with gate:
            dealt = await store.dealt(deal.id, learner)
            assert dealt
            review = Review(2, None, random.random() * 9, random.random() * 9, at + timedelta(3), at)
            ledger = Ledger("telegram", community, buckets(at.date()), at.replace(hour=0))
            given = Answer(str(random.randrange(4)), random.choice(("right", "right", "wrong")))
            kept, _ = await store.answer(
                dealt, learner, given, review, at.date(), ledger, at, "A name", lambda before: 2
            )
            answers += kept is not None

    async def deal(audience: str, number: int, room: str, at: datetime) -> Deal:
        one = Deal(
            new_id(11),
            audience,
            number,
            room,
            f"flask/a-question-{random.randrange(QUESTIONS)}",
            "choice",
            "2031",
            "////",
            at,
        )
        async with gate:
            await store.deal(one)
        return one

    for day in range(DAYS):
        at = BEGIN + timedelta(day)
        shared = [[await deal(room, 2 * day + n + 1, room, at) for n in range(SHARED)] for room in groups]
        doing = []
        for place in range(day % 2, LEARNERS, 2):
            group = place % GROUPS
            doing += [answer(one, learners[place], places[group].community, at) for one in shared[group]]
            for n in range(PER_DAY - SHARED):
                alone = await deal(learners[place].id, PER_DAY * day + n + 1, homes[place], at)
                doing.append(answer(alone, learners[place], "", at))
        await asyncio.gather(*doing)
    return answers


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[Database, str]]:
    """A database with nothing in it, and its schema if it has one."""
    schema = f"bench_{token_hex(4)}" if "://" in url and not url.startswith("sqlite") else ""
    if schema:
        connection = await asyncpg.connect(url)
        await connection.execute(f"CREATE SCHEMA {schema}")
        url = f"{url}?search_path={schema}"
    database = await connect(url)
    try:
        await migrate(database)
        yield database, schema
    finally:
        await database.close()
        if schema:
            await connection.execute(f"SET client_min_messages TO warning; DROP SCHEMA {schema} CASCADE")
            await connection.close()


async def by_part(schema: str, *, pack: bool = False) -> dict[str, int]:
    """Bytes of tables with their indexes, once there are no dead rows in them."""
    connection = await asyncpg.connect(POSTGRES)
    sizes = {}
    for row in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", schema):
        if pack:
            await connection.execute(f"VACUUM FULL {schema}.{row['tablename']}")
        size = await connection.fetchval("SELECT pg_total_relation_size($1::regclass)", f"{schema}.{row['tablename']}")
        sizes[row["tablename"]] = int(size)
    await connection.close()
    parts = {part: sum(sizes.pop(name, 0) for name in names) for part, names in PARTS.items()}
    return parts | {"all else": sum(sizes.values())}


async def written_ahead() -> int:
    """How much log the server has written since it began."""
    connection = await asyncpg.connect(POSTGRES)
    written = await connection.fetchval("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
    await connection.close()
    return int(written)
