"""The nightly pass: how much longer the slowest answers take while it folds old deals, beside none; and its speed."""

import asyncio
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import quantiles
from time import perf_counter
from zoneinfo import ZoneInfo

from benchmarks.disk import opened
from benchmarks.measuring import verdict
from benchmarks.recording import POSTGRES
from bot.learners.scoring import buckets
from bot.messages import Person, Room
from bot.retention import Retention
from bot.store.database import Database, Statement
from bot.store.store import Answer, Deal, Learner, Ledger, Review, Store, new_id

DEALS = 40_000  # that are old, half of them answered by people who have deleted their data
KEEP_DAYS = 400
AT_ONCE = 1_000  # rows of a statement that fills the database
PAUSE = 0.01  # seconds from one answer to the next
IDLE = 5.0  # seconds of answers without a pass, before it and after it
LONGER = 50.0  # ms
NOW = datetime.fromisoformat("2026-03-02T04:00+00:00")
OLD = NOW - timedelta(KEEP_DAYS + 1)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, url in (("SQLite", f"sqlite:///{folder}/bench.db"), ("PostgreSQL", POSTGRES)):
            async with opened(url) as (database, _):
                await fill(database)
                await compare(name, Store(database))


async def fill(database: Database) -> None:
    """Old deals, every second with an answer of somebody who is nobody any more."""
    store = Store(database)
    room = await store.room(Room("bench", "room", community="c"), OLD)
    values = {"room": room, "at": int(OLD.timestamp())}
    people = [new_id(16) for _ in range(100)]
    await database.write(
        [
            *(Statement("INSERT INTO learner (id, created_at) VALUES (:id, 0)", {"id": one}) for one in people),
            *(Statement("INSERT INTO nobody (learner) VALUES (:id)", {"id": one}) for one in people),
        ]
    )
    for first in range(0, DEALS, AT_ONCE):
        batch = []
        for number in range(first, first + AT_ONCE):
            given = values | {"id": new_id(11), "number": number, "learner": people[number % 100]}
            batch.append(Statement(DEAL, given))
            if number % 2:
                batch.append(Statement(ANSWER, given))
        await database.write(batch)


DEAL = """
    INSERT INTO deal (id, audience, number, room, question, mode, choices, filters, dealt_at)
    VALUES (:id, :room, :number, :room, 'flask/a-question', 'choice', '0123', '', :at)
"""

ANSWER = """
    INSERT INTO answer (deal, learner, receipt, question, mode, value, verdict, points, answered_at)
    VALUES (:id, :learner, 'receipt', 'flask/a-question', 'choice', '0', 'right', 1, :at)
"""


async def compare(name: str, store: Store) -> None:
    """Answers one after the other: for a while alone, then beside the pass, then alone again."""
    learner = await store.learner(Person("bench", "1"), NOW)
    home = await store.room(Room("bench", "1", private=True), NOW)
    numbers = iter(range(1, 10**9))

    async def answers(going_on: Callable[[], bool]) -> list[float]:
        times = []
        while going_on():
            times.append(await answered(store, learner, home, next(numbers)))
            await asyncio.sleep(PAUSE)
        return times

    async def alone() -> list[float]:
        until = perf_counter() + IDLE
        return await answers(lambda: perf_counter() < until)

    before = await alone()
    retention = Retention(store, ZoneInfo("UTC"), KEEP_DAYS, lambda: NOW)
    begun = perf_counter()
    passing = asyncio.ensure_future(whole(retention, store))
    beside = await answers(lambda: not passing.done())
    took = perf_counter() - begun
    idle = before + await alone()
    told = f"{DEALS / took:,.0f} deals a second"
    for share, place in (("half of the answers", 49), ("99 of 100", 98)):
        slow, fast = quantiles(beside, n=100)[place], quantiles(idle, n=100)[place]
        print(f"{name:10} {share:20} {slow:6.1f} ms beside the pass, {fast:6.1f} ms alone  (ratio {slow / fast:.2f})")
    longer = verdict([max(beside) - max(idle)], LONGER, at_least=False)
    print(f"{name:10} the slowest  {max(beside):6.1f} ms beside it, {max(idle):6.1f} ms alone; longer by {longer}")
    print(f"{name:10} {told}")


async def whole(retention: Retention, store: Store) -> None:
    while (await store.tidying.state()).night != NOW.date().isoformat():
        await retention.tidy()


async def answered(store: Store, learner: Learner, room: str, number: int) -> float:
    """Milliseconds until an answer was kept."""
    deal = Deal(new_id(11), learner.id, number, room, f"flask/q{number % 148}", "choice", "0123", "", NOW)
    await store.deal(deal)
    dealt = await store.dealt(deal.id, learner)
    assert dealt
    review, ledger = Review(2, None, 3.0, 5.0, NOW, NOW), Ledger("bench", "", buckets(NOW.date()), NOW)
    begun = perf_counter()
    await store.answer(dealt, learner, Answer("0", "right"), review, NOW.date(), ledger, NOW, worth=lambda before: 1)
    return 1_000 * (perf_counter() - begun)
