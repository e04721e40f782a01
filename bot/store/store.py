"""The SQL of people, rooms, deals, answers and progress; and the parts that have the rest.

Every statement is written once, for every kind of database.
"""

import asyncio
import secrets
import string
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from weakref import WeakValueDictionary

from bot.messages import Person, Room
from bot.store.battles import Battles
from bot.store.boards import Boards
from bot.store.claims import Claims
from bot.store.codes import Codes
from bot.store.database import Database, Row, Statement
from bot.store.linking import Links
from bot.store.memory import Memory
from bot.store.privacy import Privacy
from bot.store.reviews import SET_ASIDE, Reviews, missed, review_values
from bot.store.reviews import Review as Review
from bot.store.rounds import Rounds
from bot.store.schedules import Schedules
from bot.store.sessions import Sessions
from bot.store.tidying import Tidying

PAGE = 100  # rows of a query that goes on until enough is found
TRIES = 50  # of an answer whose points depend on others that other processes keep at the same moment

_ALPHABET = string.digits + string.ascii_letters


def new_id(length: int) -> str:
    """Random letters and digits; eleven of them are 65 bits."""
    return _spelled(secrets.randbits(6 * length), length)


def id_of(text: str, length: int) -> str:
    """Letters and digits that stand for this text, the same in every process."""
    return _spelled(int.from_bytes(sha256(text.encode(errors="replace")).digest()), length)


def _spelled(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(digits)


@dataclass(frozen=True, slots=True)
class Learner:
    """A person, on however many platforms. `timezone` is empty until one is chosen."""

    id: str
    timezone: str = ""
    hidden: bool = False  # from boards and other places where others would read the name


@dataclass(frozen=True, slots=True)
class Deal:
    """A question that was dealt in a room. `choices` is the order in which they are shown, by the author's numbers."""

    id: str
    audience: str
    number: int
    room: str
    question: str  # "topic/question"
    mode: str
    choices: str
    filters: str
    dealt_at: datetime
    closed_at: datetime | None = None
    made: str = ""  # how the choices were made, if the question has none of its own


@dataclass(frozen=True, slots=True)
class Answer:
    """What a learner said to a deal. `value` is the author's number of the choice, the rating, or the share in per cent
    of what was said in own words."""

    value: str
    verdict: str  # right, partly, wrong or rated
    points: int = 0
    mode: str = "choice"  # choice, typed or flash: how it was given
    text: str = ""  # what was typed


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where points are counted: a community ("" in private), on a day that began at `since`, and its periods."""

    platform: str
    community: str
    buckets: tuple[str, str, str, str]  # all, the month, the week, the day
    since: datetime


@dataclass(frozen=True, slots=True)
class Before:
    """What else an answer's points depend on; see `scoring.points`."""

    repeated: bool
    known: bool
    earned: int


@dataclass(frozen=True, slots=True)
class Dealt:
    """All that a press on a deal needs to know: the deal, where it was dealt, and what this learner did before."""

    deal: Deal
    room: Room
    former_id: str  # of the room, before it moved; empty if it never did
    answer: Answer | None
    review: Review | None


@dataclass(frozen=True, slots=True)
class Days:
    """A learner's local days, the latest first: practised, repaired, and those that a change of zone left out."""

    practised: list[date] = field(default_factory=list)
    repaired: list[date] = field(default_factory=list)
    skipped: list[date] = field(default_factory=list)


class Store:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._answering: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by learner
        self.memory = Memory(database)  # what adapters are given
        self.schedules = Schedules(database)
        self.battles = Battles(database)
        self.rounds = Rounds(database, self.battles)
        self.boards = Boards(database)
        self.sessions = Sessions(database)
        self.claims = Claims(database)
        self.reviews = Reviews(database)
        self.codes = Codes(database)
        self.links = Links(database)
        self.privacy = Privacy(database, self.links)
        self.tidying = Tidying(database, self.links, self.privacy)

    async def close(self) -> None:
        await self._database.close()

    # People

    async def learner(self, who: Person, now: datetime) -> Learner:
        """The learner behind an account; a new one, the first time."""
        values = {"platform": who.platform, "platform_id": who.id}
        rows = await self._database.fetch(_LEARNER, values)
        if not rows:
            new = {**values, "id": new_id(16), "now": _seconds(now)}
            await self._database.write([Statement(_NEW_LEARNER, new), Statement(_NEW_ACCOUNT, new)])
            rows = await self._database.fetch(_LEARNER, values)
        return Learner(rows[0]["id"], rows[0]["timezone"] or "", bool(rows[0]["hidden"]))

    async def zone_changed(self, learner: Learner) -> datetime | None:
        """When a learner last changed their time zone."""
        rows = await self._database.fetch(_ZONE_CHANGED, {"learner": learner.id})
        return _moment(rows[0]["zone_changed_at"]) if rows[0]["zone_changed_at"] is not None else None

    async def set_timezone(self, learner: Learner, timezone: str, now: datetime) -> None:
        values = {"learner": learner.id, "timezone": timezone, "now": _seconds(now)}
        await self._database.write([Statement(_SET_TIMEZONE, values)])

    # Rooms

    async def room(self, where: Room, now: datetime) -> str:
        """The id of a room; a new one, the first time. It is there for us, since somebody asks for it."""
        values = {"platform": where.platform, "platform_id": where.id, "thread": where.thread}
        rows = await self._database.fetch(_ROOM, values)
        if not rows:
            what = {
                "title": where.title,
                "community": where.community,
                "private": where.private,
                "id": new_id(16),
                "now": _seconds(now),
            }
            await self._database.write([Statement(_NEW_ROOM, {**values, **what})])
            rows = await self._database.fetch(_ROOM, values)
        elif rows[0]["gone"]:
            await self.memory.room_back(where)
        if where.title and rows[0]["title"] != where.title:
            await self._database.write([Statement(_CALL_ROOM, {**values, "title": where.title})])
        return str(rows[0]["id"])

    # Deals

    async def recent(self, audience: str, limit: int) -> list[tuple[int, str]]:
        """The last questions of an audience with the numbers of their deals, the latest first."""
        rows = await self._database.fetch(_RECENT, {"audience": audience, "limit": limit})
        return [(row["number"], row["question"]) for row in rows]

    async def seen(self, audience: str, questions: Sequence[str]) -> dict[str, int]:
        """Those of these questions that the audience has seen, with the number of their last deal."""
        names = {f"q{index}": question for index, question in enumerate(questions)}
        sql = _SEEN.replace("(:questions)", "(" + ", ".join(f":{name}" for name in names) + ")")
        rows = await self._database.fetch(sql, {"audience": audience, **names})
        return {row["question"]: row["number"] for row in rows}

    async def oldest_seen(self, audience: str) -> AsyncIterator[str]:
        """Every question that the audience has seen, the longest unseen first."""
        number = 0
        while True:
            values = {"audience": audience, "after": number, "limit": PAGE}
            rows = await self._database.fetch(_OLDEST_SEEN, values)
            for row in rows:
                yield row["question"]
            if len(rows) < PAGE:
                return
            number = rows[-1]["number"]

    async def all_seen(self, audience: str) -> set[str]:
        return {row["question"] for row in await self._database.fetch(_ALL_SEEN, {"audience": audience})}

    async def deal(self, deal: Deal) -> bool:
        """Keep a deal; False when its number is taken in the meantime, or its id, and nothing was kept."""
        values = {
            "id": deal.id,
            "audience": deal.audience,
            "number": deal.number,
            "room": deal.room,
            "question": deal.question,
            "mode": deal.mode,
            "choices": deal.choices,
            "filters": deal.filters,
            "dealt_at": _seconds(deal.dealt_at),
            "closed_at": _seconds(deal.closed_at) if deal.closed_at else None,
            "made": deal.made,
        }
        kept, _ = await self._database.write([Statement(_DEAL, values), Statement(_NOW_SEEN, values)])
        return bool(kept)

    async def turn_over(self, deal: Deal) -> None:
        """Make a deal a flash card: its other side was shown."""
        await self._database.write([Statement(_TURN_OVER, {"deal": deal.id})])

    async def dealt(self, deal: str, learner: Learner) -> Dealt | None:
        rows = await self._database.fetch(_DEALT, {"deal": deal, "learner": learner.id})
        return _dealt(rows[0]) if rows else None

    # Answers

    async def answer(
        self,
        dealt: Dealt,
        learner: Learner,
        answer: Answer,
        review: Review,
        day: date,
        ledger: Ledger,
        now: datetime,
        name: str = "",
        worth: Callable[[Before], int] = lambda before: 0,
    ) -> tuple[Answer | None, bool]:
        """Keep a learner's answer to a deal, with all that follows from it; all of it, or nothing if there is one.

        Args:
            day: the learner's local day
            name: the learner's name as others see it, if it is known
            worth: its points, by what they depend on, which still holds when the answer is kept

        Returns:
            the answer with its points, or None if there was one before; and whether it is the first of the day
        """
        topic = dealt.deal.question.partition("/")[0]  # each topic has boards of its own
        buckets = (*ledger.buckets, *(f"{topic}/{bucket}" for bucket in ledger.buckets))
        values = {
            "deal": dealt.deal.id,
            "learner": learner.id,
            "question": dealt.deal.question,
            "mode": answer.mode,
            "value": answer.value,
            "verdict": answer.verdict,
            "now": _seconds(now),
            "day": day.isoformat(),
            "platform": ledger.platform,
            "community": ledger.community,
            "today": ledger.buckets[3],
            "since": _seconds(ledger.since),
            "name": name,
            "text": answer.text,
            **review_values(review),
            **{f"bucket_{number}": bucket for number, bucket in enumerate(buckets)},
        }
        async with self._answering.setdefault(learner.id, asyncio.Lock()):  # what one is worth depends on the others
            return await self._answer(dealt, learner, answer, values, worth)

    async def _answer(
        self, dealt: Dealt, learner: Learner, answer: Answer, values: dict[str, Any], worth: Callable[[Before], int]
    ) -> tuple[Answer | None, bool]:
        for _ in range(TRIES):
            (row,) = await self._database.fetch(_BEFORE, values)
            before = Before(bool(row["repeated"]), bool(row["known"]), int(row["earned"]))
            points = worth(before)
            values |= {"receipt": new_id(11), "points": points, **asdict(before)}
            if points:
                statements = [_MY_TURN, _EARNING_ANSWER, _PRACTISED, _REVIEWED, _ADD_SCORE]
            else:
                statements = [_MY_TURN, _ANSWER, _PRACTISED, _REVIEWED]
            if missed(answer.value, answer.verdict):
                statements.append(SET_ASIDE)
            if answer.text:
                statements.append(_SAID)
            if row["absent"]:
                statements += _CAME_BACK
            _, kept, new_day, *_ = await self._database.write([Statement(sql, values) for sql in statements])
            if kept:
                return replace(answer, points=points), bool(new_day)
            if not points or ((found := await self.dealt(dealt.deal.id, learner)) and found.answer):
                return None, False
        raise RuntimeError(f"{TRIES} other answers of {learner.id} came first")

    # Progress

    async def practice_days(self, learner: Learner) -> Days:
        """The days that make a learner's streak."""
        days = Days()
        for row in await self._database.fetch(_PRACTICE_DAYS, {"learner": learner.id}):
            getattr(days, row["kind"]).append(date.fromisoformat(row["day"]))
        return days

    async def keep_days(self, learner: Learner, days: Sequence[date], kind: str) -> None:
        """Add days of a kind (see `Days`)."""
        values = [{"learner": learner.id, "day": day.isoformat(), "kind": kind} for day in days]
        if values:
            await self._database.write([Statement(_KEEP_DAY, one) for one in values])

    async def answered_since(self, learner: Learner, since: datetime) -> int:
        """How many questions a learner has answered since then."""
        rows = await self._database.fetch(_ANSWERED_SINCE, {"learner": learner.id, "since": _seconds(since)})
        return int(rows[0]["number"])

    async def reviewed(self, learner: Learner) -> frozenset[str]:
        """The questions that a learner has answered."""
        rows = await self._database.fetch(_REVIEWED_QUESTIONS, {"learner": learner.id})
        return frozenset(row["question"] for row in rows)

    async def points(self, learner: Learner) -> int:
        """All points of a learner, wherever they were earned."""
        rows = await self._database.fetch(_POINTS, {"learner": learner.id})
        return int(rows[0]["points"])


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _dealt(row: Row) -> Dealt:
    deal = Deal(
        row["id"],
        row["audience"],
        row["number"],
        row["room"],
        row["question"],
        row["mode"],
        row["choices"],
        row["filters"],
        _moment(row["dealt_at"]),
        _moment(row["closed_at"]) if row["closed_at"] is not None else None,
        row["made"],
    )
    answer = None
    if row["verdict"]:
        answer = Answer(row["value"], row["verdict"], row["points"], row["how"], row["text"] or "")
    review = None
    if row["due_at"] is not None:
        due, reviewed = _moment(row["due_at"]), _moment(row["reviewed_at"])
        review = Review(row["state"], row["step"], row["stability"], row["difficulty"], due, reviewed)
    room = Room(row["platform"], row["platform_id"], row["thread"], row["community"], bool(row["private"]))
    return Dealt(deal, room, row["former_id"] or "", answer, review)


_LEARNER = """
    SELECT learner.id, learner.timezone, learner.hidden
    FROM account JOIN learner ON learner.id = account.learner
    WHERE account.platform = :platform AND account.platform_id = :platform_id
"""

# The learner is made only if the account has none: of two first contacts at the same moment, one does nothing. On
# PostgreSQL both may make a learner; the account decides, and the other one is never pointed to.
_NEW_LEARNER = """
    INSERT INTO learner (id, created_at) SELECT :id, :now
    WHERE NOT EXISTS (SELECT 1 FROM account WHERE platform = :platform AND platform_id = :platform_id)
"""

_NEW_ACCOUNT = """
    INSERT INTO account (platform, platform_id, learner) SELECT :platform, :platform_id, id
    FROM learner WHERE id = :id
    ON CONFLICT (platform, platform_id) DO NOTHING
"""

_ZONE_CHANGED = "SELECT zone_changed_at FROM learner WHERE id = :learner"

_SET_TIMEZONE = "UPDATE learner SET timezone = :timezone, zone_changed_at = :now WHERE id = :learner"

_ROOM = (
    "SELECT id, gone, title FROM room WHERE platform = :platform AND platform_id = :platform_id AND thread = :thread"
)

_NEW_ROOM = """
    INSERT INTO room (id, platform, platform_id, thread, community, private, created_at, title)
    VALUES (:id, :platform, :platform_id, :thread, :community, :private, :now, :title)
    ON CONFLICT (platform, platform_id, thread) DO NOTHING
"""

_CALL_ROOM = """
    UPDATE room SET title = :title WHERE platform = :platform AND platform_id = :platform_id AND thread = :thread
"""

_RECENT = "SELECT number, question FROM seen WHERE audience = :audience ORDER BY number DESC LIMIT :limit"

_SEEN = "SELECT question, number FROM seen WHERE audience = :audience AND question IN (:questions)"

_OLDEST_SEEN = """
    SELECT question, number FROM seen WHERE audience = :audience AND number > :after ORDER BY number LIMIT :limit
"""

_ALL_SEEN = "SELECT question FROM seen WHERE audience = :audience"

_DEAL = """
    INSERT INTO deal (id, audience, number, room, question, mode, choices, filters, dealt_at, closed_at, made)
    VALUES (:id, :audience, :number, :room, :question, :mode, :choices, :filters, :dealt_at, :closed_at, :made)
    ON CONFLICT DO NOTHING RETURNING id
"""

_NOW_SEEN = """
    INSERT INTO seen (audience, question, number) SELECT audience, question, number FROM deal
    WHERE id = :id AND audience = :audience AND number = :number
    ON CONFLICT (audience, question) DO UPDATE SET number = excluded.number
"""

_TURN_OVER = "UPDATE deal SET mode = 'flash' WHERE id = :deal"

_DEALT = """
    SELECT deal.*, room.platform, room.platform_id, room.thread, room.community, room.private, room.former_id,
        answer.value, answer.verdict, answer.points, answer.mode AS how, said.text,
        review.state, review.step, review.stability, review.difficulty, review.due_at, review.reviewed_at
    FROM deal
    JOIN room ON room.id = deal.room
    LEFT JOIN answer ON answer.deal = deal.id AND answer.learner = :learner
    LEFT JOIN said ON said.deal = deal.id AND said.learner = :learner
    LEFT JOIN review ON review.learner = :learner AND review.question = deal.question
    WHERE deal.id = :deal
"""

# One learner's answers wait for each other here, on PostgreSQL too: what follows asks for earlier ones.
_MY_TURN = "UPDATE learner SET name = CASE WHEN :name = '' THEN name ELSE :name END WHERE id = :learner"

_REPEATED = """EXISTS (
        SELECT 1 FROM answer AS earlier WHERE earlier.learner = :learner AND earlier.question = :question
            AND earlier.verdict <> 'rated' AND earlier.answered_at >= :since
    )"""

_KNOWN = """EXISTS (
        SELECT 1 FROM answer AS earlier WHERE earlier.learner = :learner AND earlier.question = :question
            AND earlier.verdict = 'right'
    )"""

_EARNED = """coalesce((
        SELECT points FROM score
        WHERE platform = :platform AND community = :community AND bucket = :today AND learner = :learner
    ), 0)"""

_ABSENT = """EXISTS (
        SELECT 1 FROM absent WHERE platform = :platform AND community = :community AND learner = :learner
    )"""

_BEFORE = f"SELECT {_REPEATED} AS repeated, {_KNOWN} AS known, {_EARNED} AS earned, {_ABSENT} AS absent"

_IF_NONE = "NOT EXISTS (SELECT 1 FROM answer AS same WHERE same.deal = :deal AND same.learner = :learner)"

_ANSWER = f"""
    INSERT INTO answer (deal, learner, receipt, question, mode, value, verdict, points, answered_at, day)
    SELECT :deal, :learner, :receipt, :question, :mode, :value, :verdict, :points, :now, :today
    WHERE {_IF_NONE}
    ON CONFLICT (deal, learner) DO NOTHING RETURNING deal
"""

_EARNING_ANSWER = _ANSWER.replace(
    _IF_NONE, f"{_IF_NONE} AND {_REPEATED} = :repeated AND {_KNOWN} = :known AND {_EARNED} = :earned"
)

_IF_FIRST = "EXISTS (SELECT 1 FROM answer WHERE deal = :deal AND learner = :learner AND receipt = :receipt)"

_SAID = f"INSERT INTO said (deal, learner, text) SELECT :deal, :learner, :text WHERE {_IF_FIRST}"

# Whoever left a community, and answers there again, is on its boards again.
_CAME_BACK = (
    f"""
    UPDATE score SET shown = NOT (SELECT hidden FROM learner WHERE id = :learner)
    WHERE platform = :platform AND community = :community AND learner = :learner AND {_IF_FIRST}
    """,
    f"""
    DELETE FROM absent
    WHERE platform = :platform AND community = :community AND learner = :learner AND {_IF_FIRST}
    """,
)

_PRACTISED = f"""
    INSERT INTO practice_day (learner, day, kind) SELECT :learner, :day, 'practised' WHERE {_IF_FIRST}
    ON CONFLICT (learner, day, kind) DO NOTHING RETURNING day
"""

_REVIEWED = f"""
    INSERT INTO review (learner, question, state, step, stability, difficulty, due_at, reviewed_at)
    SELECT :learner, :question, :state, :step, :stability, :difficulty, :due_at, :reviewed_at WHERE {_IF_FIRST}
    ON CONFLICT (learner, question) DO UPDATE SET
        state = excluded.state, step = excluded.step, stability = excluded.stability,
        difficulty = excluded.difficulty, due_at = excluded.due_at, reviewed_at = excluded.reviewed_at
"""

_ADD_SCORE = """
    INSERT INTO score (platform, community, bucket, learner, points, reached_at, shown)
    SELECT :platform, :community, buckets.bucket, :learner, answer.points, :now, NOT learner.hidden
    FROM (
        SELECT :bucket_0 AS bucket UNION ALL SELECT :bucket_1 UNION ALL SELECT :bucket_2 UNION ALL SELECT :bucket_3
        UNION ALL SELECT :bucket_4 UNION ALL SELECT :bucket_5 UNION ALL SELECT :bucket_6 UNION ALL SELECT :bucket_7
    ) AS buckets
    JOIN answer ON answer.deal = :deal AND answer.learner = :learner AND answer.receipt = :receipt
    JOIN learner ON learner.id = :learner
    WHERE answer.points > 0
    ON CONFLICT (platform, community, bucket, learner) DO UPDATE SET
        points = score.points + excluded.points, reached_at = excluded.reached_at
"""

_PRACTICE_DAYS = "SELECT day, kind FROM practice_day WHERE learner = :learner ORDER BY day DESC"

_KEEP_DAY = """
    INSERT INTO practice_day (learner, day, kind) VALUES (:learner, :day, :kind)
    ON CONFLICT (learner, day, kind) DO NOTHING
"""

_ANSWERED_SINCE = "SELECT count(*) AS number FROM answer WHERE learner = :learner AND answered_at >= :since"

_REVIEWED_QUESTIONS = "SELECT question FROM review WHERE learner = :learner"

_POINTS = "SELECT coalesce(sum(points), 0) AS points FROM score WHERE learner = :learner AND bucket = 'all'"
