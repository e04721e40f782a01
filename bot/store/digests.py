"""The SQL of weekly digests: what becomes of them, and what they tell.

A digest is claimed as a post is (see `schedules`). Its week is the Monday on which that began, in the calendar of
boards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot.store.boards import Community
from bot.store.database import Database, Row, Statement


@dataclass(frozen=True, slots=True)
class Digest:
    """What became of the digest of a week in a room."""

    room: str  # its id
    week: date
    receipt: str
    state: str  # as of posts
    why: str
    due: datetime
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """How many answers were given to what was dealt in a week, by how many people; and in the week before."""

    answers: int
    people: int
    before: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the day, and how many of those who chose an answer chose the right one."""

    question: str  # "topic/question"
    chosen: int
    right: int


class Digests:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def claim(self, digest: Digest, seen: str, following: datetime, now: datetime) -> bool:
        """Claim a digest, in whatever state it begins, on a schedule with this receipt; whether it is ours.

        The schedule goes on in any case.
        """
        values = {**_values(digest), "seen": seen, "following": _seconds(following), "now": _seconds(now)}
        _, claimed = await self._database.write([Statement(_GO_ON, values), Statement(_CLAIM, values)])
        return bool(claimed)

    async def claim_again(self, digest: Digest, receipt: str, now: datetime) -> bool:
        """Claim a digest that failed before, for another try."""
        values = {**_values(digest), "again": receipt, "now": _seconds(now)}
        return bool((await self._database.write([Statement(_CLAIM_AGAIN, values)]))[0])

    async def record(self, digest: Digest) -> None:
        """What became of a claimed digest."""
        await self._database.write([Statement(_RECORD, _values(digest))])

    async def failed(self, platform: str, now: datetime, limit: int) -> list[Digest]:
        """Digests that failed and may be tried again by now."""
        values = {"platform": platform, "now": _seconds(now), "limit": limit}
        return _digests(await self._database.fetch(_FAILED, values))

    async def give_up(self, platform: str, before: datetime) -> None:
        """Call unknown what was claimed before this moment and has no outcome; one that comes later replaces it."""
        values = {"platform": platform, "before": _seconds(before)}
        await self._database.write([Statement(_GIVE_UP, values)])

    async def last(self, room: str) -> Digest | None:
        """The digest of a room with the latest week."""
        found = _digests(await self._database.fetch(_LAST, {"room": room}))
        return found[0] if found else None

    # What they tell

    async def answered(self, community: Community, before: datetime, start: datetime, end: datetime) -> Answered:
        """How much was answered in a community, of the week from `start` to `end`; `before` begins the week before."""
        values = {
            "platform": community.platform,
            "community": community.id,
            "before": _seconds(before),
            "start": _seconds(start),
            "end": _seconds(end),
        }
        (row,) = await self._database.fetch(_ANSWERED, values)
        return Answered(row["answers"], row["people"], row["counted"] - row["answers"])

    async def asked(self, room: str, week: date) -> list[Asked]:
        """The questions of the day that were posted in a week and have been answered, in their order."""
        values = {"room": room, "first": week.isoformat(), "last": (week + timedelta(days=6)).isoformat()}
        rows = await self._database.fetch(_ASKED, values)
        return [Asked(row["question"], row["chosen"], row["correct"]) for row in rows]


def _seconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _digests(rows: Sequence[Row]) -> list[Digest]:
    return [
        Digest(
            row["room"],
            date.fromisoformat(row["week"]),
            row["receipt"],
            row["state"],
            row["why"],
            _moment(row["due_at"]),
            _moment(row["retry_at"]) if row["retry_at"] is not None else None,
        )
        for row in rows
    ]


def _values(digest: Digest) -> dict[str, object]:
    return {
        "room": digest.room,
        "week": digest.week.isoformat(),
        "receipt": digest.receipt,
        "state": digest.state,
        "why": digest.why,
        "due_at": _seconds(digest.due),
        "retry_at": _seconds(digest.retry_at),
    }


_GO_ON = """
    UPDATE schedule SET digest_due_at = :following, receipt = :receipt WHERE room = :room AND receipt = :seen
"""

_CLAIM = """
    INSERT INTO digest (room, week, platform, receipt, state, why, due_at, claimed_at, retry_at)
    SELECT room, :week, platform, :receipt, :state, :why, :due_at, :now, :retry_at
    FROM schedule WHERE room = :room AND receipt = :receipt
    ON CONFLICT (room, week) DO NOTHING RETURNING room
"""

_CLAIM_AGAIN = """
    UPDATE digest SET state = 'claimed', receipt = :again, claimed_at = :now, retry_at = NULL, why = ''
    WHERE room = :room AND week = :week AND state = 'failed' AND receipt = :receipt RETURNING room
"""

_RECORD = """
    UPDATE digest SET state = :state, why = :why, retry_at = :retry_at
    WHERE room = :room AND week = :week AND receipt = :receipt
"""

_FAILED = "SELECT * FROM digest WHERE platform = :platform AND retry_at <= :now ORDER BY retry_at LIMIT :limit"

_GIVE_UP = """
    UPDATE digest SET state = 'unknown' WHERE platform = :platform AND state = 'claimed' AND claimed_at < :before
"""

_LAST = "SELECT * FROM digest WHERE room = :room ORDER BY week DESC LIMIT 1"

# The index on what a room was dealt, and the key of answers, are all that this reads of them.
_ANSWERED = """
    SELECT count(*) AS counted, count(CASE WHEN deal.dealt_at >= :start THEN 1 END) AS answers,
        count(DISTINCT CASE WHEN deal.dealt_at >= :start THEN answer.learner END) AS people
    FROM room
    JOIN deal ON deal.room = room.id AND deal.dealt_at >= :before AND deal.dealt_at < :end
    JOIN answer ON answer.deal = deal.id
    WHERE room.platform = :platform AND room.community = :community
"""

_ASKED = """
    SELECT deal.question, count(*) AS chosen, sum(CASE WHEN answer.verdict = 'right' THEN 1 ELSE 0 END) AS correct
    FROM post JOIN deal ON deal.id = post.deal JOIN answer ON answer.deal = deal.id
    WHERE post.room = :room AND post.day >= :first AND post.day <= :last AND answer.verdict <> 'rated'
    GROUP BY deal.id, deal.question, post.due_at ORDER BY post.due_at
"""
