"""The statements by which one learner becomes two again, or stays one for good.

First it is told whose each fact is that came since they were linked, then all facts go back to the two (see `joining`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.store.database import Statement, among
from bot.store.joining import (
    STILL_LINKED,
    Books,
    Link,
    Mark,
    kept_books,
    mark_values,
    only_if,
    same_facts,
    turns,
)
from bot.store.schedules import Reminder


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    kind: str
    origin: str


@dataclass(frozen=True, slots=True)
class Side:
    """One of two who part: what they get back beside their own, and what follows from all of it."""

    learner: str
    owns: Sequence[str]  # the origins of facts that are theirs
    rooms: Sequence[str]  # in which, since the link, it was they
    sessions: Sequence[str]
    days: Sequence[Day]
    books: Books
    hidden: bool
    reminder: Reminder | None


def parted(link: Link, mark: Mark, sides: Sequence[Side]) -> list[Statement]:
    """One learner becomes two again, if there is no more than what was read."""
    values = {"link": link.id, "learner": link.learner, **mark_values(mark)}
    return [
        *turns([link.learner, *link.both]),
        only_if(f"{STILL_LINKED} AND {same_facts('(:learner)')}", values),
        *(statement for side in sides for statement in _claimed(link.learner, side)),
        Statement(_CLAIM_REST, {**values, "side": link.maker}),
        Statement(_CLAIM_REST_DEALS, {**values, "side": link.maker}),
        *(statement for side in sides for statement in _given_back(link.learner, side)),
        *(Statement(sql, {**values, "side": link.maker}) for sql in _GONE),
    ]


def settled(link: Link, heir: str, holders: Sequence[str]) -> list[Statement]:
    """The two will not part any more: what was theirs is the new learner's own.

    Args:
        heir: the new learner, if they have become somebody else since; empty if not
        holders: who may have their facts
    """
    values = {"heir": heir or None, "maker": link.maker, "joiner": link.joiner}
    return [among(holders, sql, values) for sql in _SETTLE]


def _claimed(learner: str, side: Side) -> list[Statement]:
    """What came since the link gets its origin: as if it had been given before."""
    values = {"learner": learner, "side": side.learner}
    rooms = [Statement(sql, {**values, "room": room}) for room in side.rooms for sql in _CLAIM_ROOM]
    return rooms + [Statement(_CLAIM_SESSION, {**values, "session": one}) for one in side.sessions]


def _given_back(learner: str, side: Side) -> list[Statement]:
    values = {"learner": learner, "side": side.learner, "hidden": side.hidden}
    days = [Statement(_DAY, {"side": side.learner, "day": one.day.isoformat(), "kind": one.kind}) for one in side.days]
    reminded = (
        [Statement(_MOVE_REMINDER, {**values, "next": _seconds(side.reminder.next_due)})] if side.reminder else []
    )
    moved = [among(side.owns, sql, values) for sql in _BACK_AGAIN]
    return [*moved, *days, *reminded, *kept_books(side.learner, side.books)]


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


_CLAIM_ROOM = (
    """
    UPDATE answer SET origin = :side WHERE learner = :learner AND origin IS NULL AND EXISTS (
        SELECT 1 FROM deal WHERE deal.id = answer.deal AND deal.room = :room
    )
    """,
    "UPDATE deal SET origin = :side WHERE audience = :learner AND origin IS NULL AND room = :room",
)

_CLAIM_SESSION = "UPDATE session SET origin = :side WHERE id = :session AND learner = :learner"

_CLAIM_REST = "UPDATE answer SET origin = :side WHERE learner = :learner AND origin IS NULL"

_CLAIM_REST_DEALS = "UPDATE deal SET origin = :side WHERE audience = :learner AND origin IS NULL"

_BACK_TO_SIDE = "learner = :side, origin = nullif(origin, :side)"

_BACK_AGAIN = (
    f"UPDATE account SET {_BACK_TO_SIDE} WHERE learner = :learner AND origin IN (:learners)",
    *(
        f"""
        UPDATE {table} SET learner = :side WHERE learner = :learner AND EXISTS (
            SELECT 1 FROM answer
            WHERE answer.deal = {table}.deal AND answer.learner = :learner AND answer.origin IN (:learners)
        )
        """
        for table in ("said", "claim")
    ),
    f"UPDATE answer SET {_BACK_TO_SIDE} WHERE learner = :learner AND origin IN (:learners)",
    f"UPDATE practice_day SET {_BACK_TO_SIDE} WHERE learner = :learner AND origin IN (:learners)",
    f"UPDATE session SET {_BACK_TO_SIDE} WHERE learner = :learner AND origin IN (:learners)",
    """
    UPDATE schedule SET learner = :side WHERE learner = :learner AND EXISTS (
        SELECT 1 FROM account
        WHERE account.platform = schedule.platform AND account.platform_id = schedule.person AND account.learner = :side
    )
    """,
    *(
        f"""
        UPDATE {table} SET {column} = :side WHERE {column} = :learner AND {key} IN (
            SELECT id FROM battle WHERE platform IN (SELECT platform FROM account WHERE learner = :side)
        )
        """
        for table, column, key in (
            ("battle", "opener", "id"),
            ("player", "learner", "battle"),
            ("choice", "learner", "battle"),
        )
    ),
    """
    DELETE FROM seen WHERE audience = :side
        AND question IN (SELECT question FROM deal WHERE audience = :learner AND origin IN (:learners))
    """,
    """
    UPDATE deal SET audience = :side, origin = nullif(deal.origin, :side), number = ordered.number
    FROM (
        SELECT id, row_number() OVER (ORDER BY dealt_at, number) + (
            SELECT coalesce(max(number), 0) FROM seen WHERE audience = :side
        ) AS number
        FROM deal WHERE audience = :learner AND origin IN (:learners)
    ) AS ordered
    WHERE ordered.id = deal.id
    """,
    """
    INSERT INTO seen (audience, question, number)
    SELECT :side, question, max(number) FROM deal WHERE audience = :side GROUP BY question
    """,
    """
    DELETE FROM absent WHERE learner = :side AND platform IN (SELECT platform FROM account WHERE learner = :side)
    """,
    """
    INSERT INTO absent (platform, community, learner)
    SELECT platform, community, :side FROM absent
    WHERE learner = :learner AND platform IN (SELECT platform FROM account WHERE learner = :side)
    """,
    "UPDATE learner SET hidden = :hidden WHERE id = :side",
)

_DAY = """
    INSERT INTO practice_day (learner, day, kind) VALUES (:side, :day, :kind)
    ON CONFLICT (learner, day, kind) DO NOTHING
"""

_MOVE_REMINDER = "UPDATE reminder SET next_due_at = :next WHERE learner = :side"

_GONE = (
    "UPDATE battle SET opener = :side WHERE opener = :learner",
    *(f"UPDATE {table} SET learner = :side WHERE learner = :learner" for table in ("player", "choice")),
    "UPDATE schedule SET learner = :side WHERE learner = :learner",
    "UPDATE session SET learner = :side WHERE learner = :learner",
    "DELETE FROM link WHERE id = :link",
    *(
        f"DELETE FROM {table} WHERE learner = :learner"
        for table in ("practice_day", "review", "score", "reminder", "interview", "absent")
    ),
    "DELETE FROM seen WHERE audience = :learner",
    "DELETE FROM learner WHERE id = :learner",
)

_SETTLE = (
    *(
        f"UPDATE {table} SET origin = :heir WHERE learner IN (:learners) AND origin IN (:maker, :joiner)"
        for table in ("account", "answer", "practice_day", "session")
    ),
    "UPDATE deal SET origin = :heir WHERE audience IN (:learners) AND origin IN (:maker, :joiner)",
    "DELETE FROM link WHERE maker = :maker",
)
