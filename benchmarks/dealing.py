"""Picking a question: among 100,000, against among 234, for who has seen half of them, and for who has seen 99 %."""

import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.measuring import verdict
from bot.bank.bank import Bank, Filters
from bot.bank.model import Question, Section, Topic
from bot.messages import Person, Room
from bot.practice.dealing import Dealer
from bot.store.database import Database, Statement
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.store import Store

ROUNDS = 5
DEALS = 100
SMALL, LARGE = 234, 100_000
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ROOM = Room("bench", "private", private=True)


def bank_of(size: int) -> Bank:
    questions = tuple(
        Question.model_construct(id=f"q{n}", question="?", answer="!", priority=n % 2 == 0) for n in range(size)
    )
    section = Section.model_construct(id="all", title="All", questions=questions)
    return Bank([Topic.model_construct(id="flask", title="Flask", sections=(section,))])


async def seen_by(database: Database, store: Store, name: str, bank: Bank, share: float) -> Person:
    """Somebody who has seen this share of the bank, the priority questions first, and has reviews to come."""
    who = Person("bench", name)
    learner = await store.learner(who, NOW)
    pool = bank.pool(Filters())
    questions = [*random.sample(pool.priority, len(pool.priority)), *random.sample(pool.others, len(pool.others))]
    seen = "INSERT INTO seen (audience, question, number) VALUES (:learner, :question, :number)"
    later = """
        INSERT INTO review (learner, question, state, step, stability, difficulty, due_at, reviewed_at)
        VALUES (:learner, :question, 2, NULL, 3.0, 5.0, :due, 0)
    """
    due = int((NOW + timedelta(days=5)).timestamp())
    values = [
        {"learner": learner.id, "question": question, "number": number, "due": due}
        for number, question in enumerate(questions[: int(len(questions) * share)], 1)
    ]
    await database.write([Statement(sql, value) for value in values for sql in (seen, later)])
    return who


async def seconds_a_deal(dealer: Dealer, store: Store, who: Person) -> float:
    learner = await store.learner(who, NOW)
    start = perf_counter()
    for _ in range(DEALS):
        assert await dealer.deal(ROOM, learner, Filters(), NOW)
    return (perf_counter() - start) / DEALS


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        dealers: list[tuple[Database, Store, Bank, Dealer]] = []
        for size in (SMALL, LARGE):
            database = await connect(f"sqlite:///{Path(folder, str(size))}")
            await migrate(database)
            bank = bank_of(size)
            store = Store(database)
            dealers.append((database, store, bank, Dealer(bank, store, random.Random(1))))
        for what, share in (("half seen", 0.5), ("99 % seen", 0.99)):
            people = [await seen_by(database, store, what, bank, share) for database, store, bank, _ in dealers]
            ratios, costs = [], []
            for _ in range(ROUNDS):
                measured = []
                for (_, store, _, dealer), who in zip(dealers, people, strict=True):
                    measured.append(await seconds_a_deal(dealer, store, who))
                ratios.append(measured[1] / measured[0])
                costs.append(measured[1] * 1000)
            print(f"{what}: {LARGE:,} / {SMALL} {verdict(ratios, 3, at_least=False)}  ({median(costs):.2f} ms)")
        for database, *_ in dealers:
            await database.close()
