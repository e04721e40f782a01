"""Boards over ten million answers, against over a million: a page with one's rank, and what an answer pays for it."""

import asyncio
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.measuring import spread, verdict
from bot.bank.bank import Bank
from bot.groups.leaderboard import PAGE, Leaderboard
from bot.learners.scoring import buckets
from bot.learners.zones import Zones
from bot.messages import Call, Person, Press, Reply, Request, Room
from bot.store.boards import Community
from bot.store.database import Database, Row
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.store import Answer, Deal, Dealt, Learner, Ledger, Review, Store, new_id

ROUNDS = 5
SIZES = (10_000, 1_000_000, 10_000_000)
ASKED = 50  # boards a round
LARGEST = 5_000  # learners in a community; there is one such in every file
COMMUNITIES = 500  # for each million answers: of 5,000 learners, 2,500, 1,667 and so on to 10
DAYS = 60
SITTING = 40  # answers in a row, on one day
PER_REVIEW = 20  # answers to one review that is kept
PER_DEAL = 8  # answers to one deal
PER_TOPIC = 100  # deals in a row
TOPICS = ("flask", "sql", "python", "http", "design")
EARNED = (1, 2, 0, 3, 0)  # by five answers in a row
NOW = datetime(2026, 3, 8, 12, tzinfo=UTC)  # a Sunday: the week's board is full
MIDNIGHT = NOW.replace(hour=0)
WHERE = Room("bench", "room", community="-1000000000000")

# The files hold every row of `answer`, `score`, `learner` and `practice_day` that so many answers leave, with their
# indexes, and one review in twenty: enough for an answer to find its own pages of that table too. Old deals are left
# out, of which an answer only looks up its own.

LEARNER_ROW = "INSERT INTO learner (id, created_at, name) VALUES (?, 0, ?)"

ANSWER_ROW = """
    INSERT INTO answer (deal, learner, receipt, question, mode, value, verdict, points, answered_at)
    VALUES (?, ?, ?, ?, 'choice', ?, ?, ?, ?)
"""

SCORE_ROW = """
    INSERT INTO score (platform, community, bucket, learner, points, reached_at, shown)
    VALUES ('bench', ?, ?, ?, ?, ?, TRUE)
"""

PRACTICE_DAY_ROW = "INSERT OR IGNORE INTO practice_day (learner, day, kind) VALUES (?, ?, 'practised')"

REVIEW_ROW = """
    INSERT OR IGNORE INTO review (learner, question, state, step, stability, difficulty, due_at, reviewed_at)
    VALUES (?, ?, 2, NULL, 3.0, 5.0, ?, ?)
"""

INDEXES = """
    SELECT name, sql FROM sqlite_master
    WHERE type = 'index' AND tbl_name IN ('answer', 'review', 'score') AND sql <> ''
"""

MIDDLE = """
    SELECT learner FROM score WHERE platform = :platform AND community = :community AND bucket = :bucket
    ORDER BY points DESC, reached_at, learner LIMIT 1 OFFSET :half
"""


@dataclass(frozen=True, slots=True)
class Member:
    community: str
    learner: Learner
    answers: int


def members(size: int, random: Random) -> list[list[Member]]:
    """Communities that have given so many answers together: a few learners give most of them, and everyone one."""
    sizes = [LARGEST // place for _ in range(size // 1_000_000) for place in range(1, COMMUNITIES + 1)] or [LARGEST]
    weights = [[min(random.paretovariate(1.2), 50) for _ in range(people)] for people in sizes]
    rest, total = size - sum(sizes), sum(map(sum, weights))
    made, weighed, given = [], 0.0, 0
    for place, community in enumerate(weights):
        people = []
        for weight in community:
            weighed += weight
            more = round(rest * weighed / total) - given
            given += more
            people.append(Member(f"-100{place:010}", Learner(new_id(16)), 1 + more))
        made.append(people)
    return made


class Filling:
    """The rows of the communities' answers, as a transaction for each answer would have left them."""

    def __init__(self, connection: sqlite3.Connection, random: Random) -> None:
        self._connection = connection
        self._random = random
        self._days = [MIDNIGHT - timedelta(day) for day in range(DAYS)]
        self._buckets = [buckets(day.date()) for day in self._days]

    def fill(self, communities: Sequence[Sequence[Member]]) -> None:
        """Indexes are made afterwards: to keep them up for each row would take many times as long."""
        indexes = self._connection.execute(INDEXES).fetchall()
        for name, _ in indexes:
            self._connection.execute(f"DROP INDEX {name}")
        for place, people in enumerate(communities):
            self._add(place, people)
        for _, sql in indexes:
            self._connection.execute(sql)

    def _add(self, place: int, people: Sequence[Member]) -> None:
        names = [(one.learner.id, f"Learner {number}") for number, one in enumerate(people)]
        self._connection.executemany(LEARNER_ROW, names)
        given = [one.answers for one in people]
        deals = max(sum(given) // PER_DEAL, max(given))
        answers: list[tuple[object, ...]] = []
        reviews: list[tuple[object, ...]] = []
        scores: list[tuple[object, ...]] = []
        days: list[tuple[str, str]] = []
        for one in people:
            points: Counter[str] = Counter()
            reached: dict[str, int] = {}
            began = self._random.randrange(deals)
            for first in range(0, one.answers, SITTING):
                day = self._random.randrange(DAYS)
                days.append((one.learner.id, self._buckets[day][-1]))
                when = int(self._days[day].timestamp()) + self._random.randrange(40_000)
                for number in range(first, min(first + SITTING, one.answers)):
                    deal = (began + number) % deals
                    topic = TOPICS[deal // PER_TOPIC % len(TOPICS)]
                    earned = EARNED[number % len(EARNED)]
                    when += 60
                    what = f"{topic}/q-{deal % 234}"
                    said = ("0", "right") if earned else ("1", "wrong")
                    key = f"{place:05}{deal:06}"
                    answers.append((key, one.learner.id, f"{len(answers):011}", what, *said, earned, when))
                    if not number % PER_REVIEW:
                        reviews.append((one.learner.id, what, when + 300_000, when))
                    for bucket in self._buckets[day] if earned else ():
                        for name in (bucket, f"{topic}/{bucket}"):
                            points[name] += earned
                            reached[name] = max(when, reached.get(name, 0))
            scores += [(one.community, name, one.learner.id, points[name], reached[name]) for name in points]
        self._connection.executemany(ANSWER_ROW, sorted(answers))
        self._connection.executemany(PRACTICE_DAY_ROW, days)
        self._connection.executemany(REVIEW_ROW, reviews)
        self._connection.executemany(SCORE_ROW, sorted(scores))


def filled(path: Path, size: int, random: Random) -> list[Member]:
    """Fill a migrated file with so many answers; who answers next, more often those who answered often."""
    start = perf_counter()
    communities = members(size, random)
    connection = sqlite3.connect(path)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000"):
        connection.execute(f"PRAGMA {pragma}")
    Filling(connection, random).fill(communities)
    connection.commit()
    count = "SELECT (SELECT count(*) FROM answer), (SELECT count(*) FROM score), (SELECT count(*) FROM learner)"
    answers, scores, learners = connection.execute(count).fetchone()
    connection.close()
    assert answers == size
    what = f"{answers:,} answers by {learners:,} learners in {len(communities):,} communities, {scores:,} scores"
    print(f"{what}: {path.stat().st_size / 1e6:,.0f} MB in {perf_counter() - start:.0f} s", flush=True)
    everyone = [one for people in communities for one in people]
    return random.choices(everyone, [one.answers for one in everyone], k=10_000)


class Clocked:
    """A database that says how long its readers waited."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.seconds = 0.0
        self.write = database.write
        self.close = database.close

    async def fetch(self, sql: str, values: Mapping[str, Any] = {}) -> Sequence[Row]:
        start = perf_counter()
        try:
            return await self._database.fetch(sql, values)
        finally:
            self.seconds += perf_counter() - start


@dataclass(frozen=True, slots=True)
class Side:
    size: int
    database: Clocked
    store: Store
    board: Leaderboard
    next: Sequence[Member]


async def side_of(folder: Path, size: int) -> Side:
    path = folder / f"{size}.db"
    url = f"sqlite:///{path}"
    empty = await connect(url)
    await migrate(empty)
    await empty.close()
    following = filled(path, size, Random(size))
    database = Clocked(await connect(url))
    store = Store(database)
    return Side(size, database, store, Leaderboard(Bank([]), store, Zones(ZoneInfo("UTC")), lambda: NOW), following)


async def middle(side: Side, bucket: str) -> tuple[Learner, int]:
    """Who stands in the middle of the largest community's board, and how many are on it."""
    number = await side.store.boards.size(Community(WHERE.platform, WHERE.community), bucket)
    values = {"platform": WHERE.platform, "community": WHERE.community, "bucket": bucket, "half": number // 2}
    return Learner((await side.database.fetch(MIDDLE, values))[0]["learner"]), number


async def seconds_a_board(side: Side, ask: Callable[[], Awaitable[Reply]]) -> float:
    """For how long the middle one of some boards waits for the store. Something is written before each: as in life,
    SQLite's reader then has none of its pages in memory any more.
    """
    waited = []
    for number in range(ASKED):
        await side.store.memory.keep("bench", str(number))
        side.database.seconds = 0.0
        await ask()
        waited.append(side.database.seconds)
    return median(waited)


async def pages(sides: Sequence[Side]) -> None:
    _, _, week, _ = buckets(NOW.date())
    for what, period, bucket, page in (
        ("this week's first page", "week", week, 0),
        ("the first page of all time", "all", "all", 0),
        ("the middle page of all time", "all", "all", LARGEST // PAGE // 2),
    ):
        asks = []
        for side in sides:
            learner, number = await middle(side, bucket)
            asks.append(asking(side, learner, period, page))
            reply = await asks[-1]()
            card = reply.new or reply.edit
            assert card
            assert f" of {number}.**" in card.body  # they are on it
        ratios: list[float] = []
        costs: list[list[float]] = [[] for _ in sides]
        for round_ in range(ROUNDS):
            measured = [0.0] * len(sides)
            for place in sorted(range(len(sides)), reverse=bool(round_ % 2)):
                measured[place] = await seconds_a_board(sides[place], asks[place])
                costs[place].append(measured[place] * 1000)
            ratios.append(measured[-1] / measured[-2])
        what = f"{what}, {number:,} learners"
        print(f"{what}: {SIZES[-1]:,} / {SIZES[-2]:,}  {verdict(ratios, 2, at_least=False)}")
        print(f"{what}: ms in the store  {verdict(costs[-1], 1, at_least=False)}  ", end="")
        print("; ".join(f"{spread(cost)} of {side.size:,}" for side, cost in zip(sides[:-1], costs, strict=False)))


def asking(side: Side, learner: Learner, period: str, page: int) -> Callable[[], Awaitable[Reply]]:
    """`/leaderboard`, or a press that turns to a page, by this learner."""
    who = Person("bench", learner.id)
    if not page:
        call = Call("leaderboard", {"period": period})
        return lambda: side.board.leaderboard(Request(who, WHERE, call), learner, call.options)
    press = Press("board", value=f"{period}.{page}.")
    return lambda: side.board.turned(Request(who, WHERE, press), learner, press)


async def dealt(store: Store, room: str, number: int) -> list[Dealt]:
    """Deals to answer, kept before the clock starts."""
    deals = [
        Deal(new_id(11), new_id(16), 1, room, f"{TOPICS[n % len(TOPICS)]}/{new_id(4)}", "choice", "0123", "////", NOW)
        for n in range(number)
    ]
    await asyncio.gather(*map(store.deal, deals))
    return [Dealt(deal, WHERE, "", None, None) for deal in deals]


async def seconds_an_answer(side: Side, room: str, points: int, number: int, together: int, random: Random) -> float:
    """Without points, nothing is kept for the boards, nor is it looked up again what points depend on."""
    todo = iter([(one, random.choice(side.next)) for one in await dealt(side.store, room, number)])
    review = Review(2, None, 3.0, 5.0, NOW, NOW)
    answer, today = Answer("0", "right"), NOW.date()

    async def worker() -> None:
        for one, who in todo:
            ledger = Ledger(WHERE.platform, who.community, buckets(today), MIDNIGHT)
            kept = await side.store.answer(one, who.learner, answer, review, today, ledger, NOW, worth=lambda _: points)
            assert kept[0]

    start = perf_counter()
    await asyncio.gather(*(worker() for _ in range(together)))
    return (perf_counter() - start) / number


async def answers(side: Side) -> None:
    random = Random(1)
    room = await side.store.room(WHERE, NOW)
    for together, number in ((1, 100), (50, 1_000)):
        ratios, costs = [], []
        for round_ in range(ROUNDS):
            measured = [0.0, 0.0]
            for points in (0, 1) if round_ % 2 else (1, 0):
                measured[points] = await seconds_an_answer(side, room, points, number, together, random)
            ratios.append(measured[1] / measured[0])
            costs.append(measured[1] * 1000)
        told = verdict(ratios, 1.5, at_least=False)
        what = f"an answer among {side.size:,}, {together} at once: with / without its points"
        print(f"{what}  {told}  ({median(costs):.2f} ms)", flush=True)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sides = [await side_of(Path(folder), size) for size in SIZES]
        try:
            await pages(sides)
            for side in sides:
                await answers(side)
        finally:
            for side in sides:
                await side.store.close()
