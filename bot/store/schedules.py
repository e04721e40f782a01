"""The SQL of what happens by itself: daily posts and reminders. As everywhere, each statement once for every database.

A post or a digest is claimed, and a schedule changed, by giving the schedule a new receipt in place of the one that was
read, in one transaction with the rest: of several processes and moderators one is first, and the others find nothing to
do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from secrets import token_hex
from zoneinfo import ZoneInfo

from bot.messages import Person, Room
from bot.store.database import Database, Row, Statement
from bot.store.digests import Digests


@dataclass(frozen=True, slots=True)
class Schedule:
    """A question every day in a room. Times are local, as text; `next_due` is None while it is paused."""

    id: str  # of the room
    room: Room
    at: str
    timezone: str
    weekdays: str
    filters: str
    reveal: str
    style: str
    thread: bool
    ping: str
    learner: str
    person: str  # who set it
    told: bool
    gone: bool  # whether the room is not there for us
    next_due: datetime | None
    receipt: str = ""  # of the latest claim or change
    digest: bool = False  # whether each week gets one
    digest_due: datetime | None = None  # None without one, and while it is paused

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def due(self) -> datetime:
        """The moment that is due, before rooms were spread over the seconds; there is none while it is paused."""
        assert self.next_due  # noqa: S101 - asked for only while it is not
        return self.next_due.replace(second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Post:
    """What became of the question of a day."""

    room: str  # its id
    where: Room
    day: date
    timezone: str
    receipt: str
    state: str
    why: str
    due: datetime
    deal: str = ""
    message: str = ""
    answered: int = 0
    reveal_at: datetime | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reminder:
    learner: str
    who: Person
    at: str
    next_due: datetime


class Schedules:
    def __init__(self, database: Database) -> None:
        self._database = database
        self.digests = Digests(database)

    # Schedules

    async def schedule(self, room: str) -> Schedule | None:
        rows = await self._database.fetch(_SCHEDULE, {"room": room})
        return _schedule(rows[0]) if rows else None

    async def set(self, before: Schedule | None, after: Schedule) -> bool:
        """Keep a schedule; False, and nothing is kept, if there was a change or a claim since `before` was read."""
        values = {**_values(after), "seen": before.receipt if before else "", "receipt": new_receipt()}
        return bool((await self._database.write([Statement(_CHANGE if before else _ADD, values)]))[0])

    async def put_off(self, schedule: Schedule, until: datetime) -> None:
        """Look at a schedule later: there is something wrong with it that keeps others waiting."""
        values = {"room": schedule.id, "seen": _seconds(schedule.next_due), "until": _seconds(until)}
        await self._database.write([Statement(_PUT_OFF, values)])

    async def remove(self, room: str) -> None:
        await self._database.write([Statement(_REMOVE, {"room": room})])

    async def told(self, room: str, *, told: bool) -> None:
        await self._database.write([Statement(_TOLD, {"room": room, "told": told})])

    async def due(self, platform: str, now: datetime, limit: int) -> list[Schedule]:
        """Schedules with a post due, the most overdue first."""
        rows = await self._database.fetch(_DUE, {"platform": platform, "now": _seconds(now), "limit": limit})
        return [_schedule(row) for row in rows]

    async def digests_due(self, platform: str, now: datetime, limit: int) -> list[Schedule]:
        """Schedules with a digest due, the most overdue first."""
        rows = await self._database.fetch(_DIGESTS_DUE, {"platform": platform, "now": _seconds(now), "limit": limit})
        return [_schedule(row) for row in rows]

    async def put_off_digest(self, schedule: Schedule, until: datetime) -> None:
        """As `put_off`."""
        values = {"room": schedule.id, "seen": _seconds(schedule.digest_due), "until": _seconds(until)}
        await self._database.write([Statement(_PUT_OFF_DIGEST, values)])

    # Posts

    async def claim(self, schedule: Schedule, post: Post, following: datetime | None, now: datetime) -> bool:
        """Claim a post, in whatever state it begins; whether it is ours. The schedule goes on in any case."""
        values = {**_post_values(post), "platform": schedule.room.platform, "now": _seconds(now)}
        values |= {"seen": schedule.receipt, "following": _seconds(following)}
        _, claimed = await self._database.write([Statement(_GO_ON, values), Statement(_CLAIM, values)])
        return bool(claimed)

    async def claim_again(self, post: Post, receipt: str, now: datetime) -> bool:
        """Claim a post that failed before, for another try."""
        values = {**_post_values(post), "again": receipt, "now": _seconds(now)}
        return bool((await self._database.write([Statement(_CLAIM_AGAIN, values)]))[0])

    async def record(self, post: Post) -> None:
        """What became of a claimed post."""
        await self._database.write([Statement(_RECORD, _post_values(post))])

    async def history(self, room: str, limit: int) -> list[Post]:
        """The latest posts of a room, the last first."""
        return _posts(await self._database.fetch(_HISTORY, {"room": room, "limit": limit}))

    async def failed(self, platform: str, now: datetime, limit: int) -> list[Post]:
        """Posts that failed and may be tried again by now."""
        values = {"platform": platform, "now": _seconds(now), "limit": limit}
        return _posts(await self._database.fetch(_FAILED, values))

    async def give_up(self, platform: str, before: datetime) -> None:
        """Call unknown what was claimed before this moment and has no outcome; one that comes later replaces it."""
        values = {"platform": platform, "before": _seconds(before)}
        await self._database.write([Statement(_GIVE_UP, values), Statement(_GIVE_UP_REVEAL, values)])

    async def post_of(self, deal: str) -> Post | None:
        """The post with this deal, if it was one."""
        found = _posts(await self._database.fetch(_POST_OF, {"deal": deal}))
        return found[0] if found else None

    async def say_answered(self, post: Post, answered: int) -> bool:
        """Note that the message says so; False if it says as much already."""
        values = {**_post_values(post), "answered": answered}
        return bool((await self._database.write([Statement(_SAY_ANSWERED, values)]))[0])

    # Reveals

    async def to_reveal(self, platform: str, now: datetime, limit: int) -> list[Post]:
        values = {"platform": platform, "now": _seconds(now), "limit": limit}
        return _posts(await self._database.fetch(_TO_REVEAL, values))

    async def claim_reveal(self, post: Post, now: datetime) -> bool:
        values = {**_post_values(post), "now": _seconds(now)}
        return bool((await self._database.write([Statement(_CLAIM_REVEAL, values)]))[0])

    async def record_reveal(self, post: Post, state: str, again: datetime | None = None) -> None:
        """What became of a reveal; an empty state, with when it is due again, if it is to be tried again."""
        values = {**_post_values(post), "reveal": state, "again": _seconds(again)}
        await self._database.write([Statement(_RECORD_REVEAL, values)])

    async def answers(self, deal: str) -> dict[str, int]:
        """How many gave each answer to a deal."""
        rows = await self._database.fetch(_ANSWERS, {"deal": deal})
        return {row["value"]: row["number"] for row in rows}

    async def first_right(self, deal: str) -> str:
        """The name of who answered right first, unless they are hidden or have none."""
        rows = await self._database.fetch(_FIRST_RIGHT, {"deal": deal})
        return str(rows[0]["name"]) if rows and not rows[0]["hidden"] else ""

    # Reminders

    async def reminder(self, learner: str) -> str:
        """The local time at which a learner is reminded; empty for never."""
        rows = await self._database.fetch(_REMINDER, {"learner": learner})
        return str(rows[0]["at"]) if rows else ""

    async def remind(self, reminder: Reminder) -> None:
        values = {
            "learner": reminder.learner,
            "platform": reminder.who.platform,
            "person": reminder.who.id,
            "at": reminder.at,
            "next": _seconds(reminder.next_due),
        }
        await self._database.write([Statement(_REMIND, values)])

    async def move_reminder(self, learner: str, following: datetime) -> None:
        """The next one is due at another moment: its learner lives by another clock now."""
        await self._database.write([Statement(_MOVE_REMINDER, {"learner": learner, "next": _seconds(following)})])

    async def remind_no_more(self, learner: str) -> None:
        await self._database.write([Statement(_REMIND_NO_MORE, {"learner": learner})])

    async def reminders_due(self, platform: str, now: datetime, limit: int) -> list[tuple[Reminder, str]]:
        """Reminders that are due, each with the learner's time zone (empty for the default)."""
        rows = await self._database.fetch(_REMINDERS_DUE, {"platform": platform, "now": _seconds(now), "limit": limit})
        return [
            (
                Reminder(row["learner"], Person(platform, row["person"]), row["at"], _moment(row["next_due_at"])),
                row["timezone"] or "",
            )
            for row in rows
        ]

    async def claim_reminder(self, reminder: Reminder, following: datetime) -> bool:
        values = {"learner": reminder.learner, "seen": _seconds(reminder.next_due), "following": _seconds(following)}
        return bool((await self._database.write([Statement(_CLAIM_REMINDER, values)]))[0])


def _seconds(moment: datetime | None) -> int | None:
    return int(moment.timestamp()) if moment else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _room(row: Row) -> Room:
    return Room(row["platform"], row["platform_id"], row["thread_id"], row["community"], bool(row["private"]))


def _schedule(row: Row) -> Schedule:
    return Schedule(
        row["room"],
        _room(row),
        row["at"],
        row["timezone"],
        row["weekdays"],
        row["filters"],
        row["reveal"],
        row["style"],
        bool(row["thread"]),
        row["ping"],
        row["learner"],
        row["person"],
        bool(row["told"]),
        bool(row["gone"]),
        _moment(row["next_due_at"]) if row["next_due_at"] is not None else None,
        row["receipt"],
        bool(row["digest"]),
        _moment(row["digest_due_at"]) if row["digest_due_at"] is not None else None,
    )


def new_receipt() -> str:
    return token_hex(8)


def _values(schedule: Schedule) -> Mapping[str, object]:
    names = (
        "at", "timezone", "weekdays", "filters", "reveal", "style", "thread", "ping", "digest",
        "learner", "person", "told",
    )  # fmt: skip
    return {
        "room": schedule.id,
        "platform": schedule.room.platform,
        "next": _seconds(schedule.next_due),
        "digest_due": _seconds(schedule.digest_due),
        **{name: getattr(schedule, name) for name in names},
    }


def _posts(rows: Sequence[Row]) -> list[Post]:
    return [
        Post(
            row["room"],
            _room(row),
            date.fromisoformat(row["day"]),
            row["timezone"],
            row["receipt"],
            row["state"],
            row["why"],
            _moment(row["due_at"]),
            row["deal"] or "",
            row["message"] or "",
            row["answered"],
            _moment(row["reveal_at"]) if row["reveal_at"] is not None else None,
            _moment(row["retry_at"]) if row["retry_at"] is not None else None,
        )
        for row in rows
    ]


def _post_values(post: Post) -> dict[str, object]:
    return {
        "room": post.room,
        "day": post.day.isoformat(),
        "timezone": post.timezone,
        "receipt": post.receipt,
        "state": post.state,
        "why": post.why,
        "due_at": _seconds(post.due),
        "deal": post.deal or None,
        "message": post.message or None,
        "reveal_at": _seconds(post.reveal_at),
        "retry_at": _seconds(post.retry_at),
    }


_WHERE = "room.platform_id, room.thread AS thread_id, room.community, room.private, room.gone"

_SCHEDULE = (
    f"SELECT schedule.*, {_WHERE} FROM schedule JOIN room ON room.id = schedule.room WHERE schedule.room = :room"
)

_ADD = """
    INSERT INTO schedule (
        room, platform, at, timezone, weekdays, filters, reveal, style, thread, ping,
        learner, person, told, next_due_at, digest, digest_due_at, receipt
    )
    VALUES (
        :room, :platform, :at, :timezone, :weekdays, :filters, :reveal, :style, :thread, :ping,
        :learner, :person, :told, :next, :digest, :digest_due, :receipt
    )
    ON CONFLICT (room) DO NOTHING RETURNING room
"""

_CHANGE = """
    UPDATE schedule SET
        at = :at, timezone = :timezone, weekdays = :weekdays, filters = :filters, reveal = :reveal, style = :style,
        thread = :thread, ping = :ping, learner = :learner, person = :person, told = :told, next_due_at = :next,
        digest = :digest, digest_due_at = :digest_due, receipt = :receipt
    WHERE room = :room AND receipt = :seen RETURNING room
"""

_PUT_OFF = "UPDATE schedule SET next_due_at = :until WHERE room = :room AND next_due_at = :seen"

_PUT_OFF_DIGEST = "UPDATE schedule SET digest_due_at = :until WHERE room = :room AND digest_due_at = :seen"

_REMOVE = "DELETE FROM schedule WHERE room = :room"

_TOLD = "UPDATE schedule SET told = :told WHERE room = :room"

_DUE = f"""
    SELECT schedule.*, {_WHERE} FROM schedule JOIN room ON room.id = schedule.room
    WHERE schedule.platform = :platform AND next_due_at <= :now
    ORDER BY next_due_at LIMIT :limit
"""

_DIGESTS_DUE = f"""
    SELECT schedule.*, {_WHERE} FROM schedule JOIN room ON room.id = schedule.room
    WHERE schedule.platform = :platform AND digest_due_at <= :now
    ORDER BY digest_due_at LIMIT :limit
"""

_GO_ON = """
    UPDATE schedule SET next_due_at = :following, receipt = :receipt WHERE room = :room AND receipt = :seen
"""

_CLAIM = """
    INSERT INTO post (
        room, day, timezone, platform, receipt, state, why, due_at, claimed_at, retry_at, answered, reveal_at, reveal
    )
    SELECT room, :day, :timezone, :platform, :receipt, :state, :why, :due_at, :now, :retry_at, 0, :reveal_at, ''
    FROM schedule WHERE room = :room AND receipt = :receipt
    ON CONFLICT (room, day, timezone) DO NOTHING RETURNING room
"""

_THIS_POST = "room = :room AND day = :day AND timezone = :timezone"

_CLAIM_AGAIN = f"""
    UPDATE post SET state = 'claimed', receipt = :again, claimed_at = :now, retry_at = NULL, why = ''
    WHERE {_THIS_POST} AND state = 'failed' AND receipt = :receipt RETURNING room
"""

_RECORD = f"""
    UPDATE post SET
        state = :state, why = :why, deal = :deal, message = :message, retry_at = :retry_at, reveal_at = :reveal_at
    WHERE {_THIS_POST} AND receipt = :receipt
"""

_HISTORY = f"""
    SELECT post.*, {_WHERE} FROM post JOIN room ON room.id = post.room
    WHERE post.room = :room ORDER BY due_at DESC LIMIT :limit
"""

_FAILED = f"""
    SELECT post.*, {_WHERE} FROM post JOIN room ON room.id = post.room
    WHERE post.platform = :platform AND retry_at <= :now ORDER BY retry_at LIMIT :limit
"""

_GIVE_UP = """
    UPDATE post SET state = 'unknown', reveal_at = NULL
    WHERE platform = :platform AND state = 'claimed' AND claimed_at < :before
"""

_GIVE_UP_REVEAL = """
    UPDATE post SET reveal = 'unknown', reveal_at = NULL
    WHERE platform = :platform AND reveal_at <= :before AND reveal = 'claimed' AND claimed_at < :before
"""

_POST_OF = f"SELECT post.*, {_WHERE} FROM post JOIN room ON room.id = post.room WHERE deal = :deal"

_SAY_ANSWERED = f"""
    UPDATE post SET answered = :answered WHERE {_THIS_POST} AND answered < :answered RETURNING room
"""

_TO_REVEAL = f"""
    SELECT post.*, {_WHERE} FROM post JOIN room ON room.id = post.room
    WHERE post.platform = :platform AND reveal_at <= :now AND state = 'sent' AND reveal = ''
    ORDER BY reveal_at LIMIT :limit
"""

# Its time stays until there is an outcome: the index on it finds the claims to give up, however many posts there are.
_CLAIM_REVEAL = f"""
    UPDATE post SET reveal = 'claimed', claimed_at = :now
    WHERE {_THIS_POST} AND reveal_at = :reveal_at AND reveal = '' RETURNING room
"""

_RECORD_REVEAL = f"UPDATE post SET reveal = :reveal, reveal_at = :again WHERE {_THIS_POST}"

_ANSWERS = "SELECT value, count(*) AS number FROM answer WHERE deal = :deal GROUP BY value"

_FIRST_RIGHT = """
    SELECT learner.name, learner.hidden FROM answer JOIN learner ON learner.id = answer.learner
    WHERE deal = :deal AND verdict = 'right' ORDER BY answered_at, answer.receipt LIMIT 1
"""

_REMINDER = "SELECT at FROM reminder WHERE learner = :learner"

_REMIND = """
    INSERT INTO reminder (learner, platform, person, at, next_due_at)
    VALUES (:learner, :platform, :person, :at, :next)
    ON CONFLICT (learner) DO UPDATE SET
        platform = excluded.platform, person = excluded.person, at = excluded.at, next_due_at = excluded.next_due_at
"""

_MOVE_REMINDER = "UPDATE reminder SET next_due_at = :next WHERE learner = :learner"

_REMIND_NO_MORE = "DELETE FROM reminder WHERE learner = :learner"

_REMINDERS_DUE = """
    SELECT reminder.*, learner.timezone FROM reminder JOIN learner ON learner.id = reminder.learner
    WHERE platform = :platform AND next_due_at <= :now ORDER BY next_due_at LIMIT :limit
"""

_CLAIM_REMINDER = """
    UPDATE reminder SET next_due_at = :following WHERE learner = :learner AND next_due_at = :seen RETURNING learner
"""
