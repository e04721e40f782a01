"""The SQL of what is kept about a person: all of it, to be shown, or to be gone.

Answers in communities stay when their learner goes, and so do their points, so that the results and ranks of others
stay true. They are nobody's then: a new learner's, without account and name. Everything else is deleted.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from secrets import token_hex

from bot.messages import Room
from bot.store.database import Database, Row, Statement, StoreError, among
from bot.store.joining import NEVER, Link
from bot.store.linking import Links
from bot.store.parting import settled

logger = logging.getLogger(__name__)

Everything = Mapping[str, Sequence[Row]]  # by table


class Privacy:
    def __init__(self, database: Database, links: Links) -> None:
        self._database = database
        self._links = links

    async def everything(self, learner: str) -> Everything:
        """All rows about a learner, and about those who have become them and may part again (`former`)."""
        selves, values = await self._links.selves(learner), {"learner": learner, **_room_values(None)}
        found = {name: await self._database.fetch(*among(selves, sql, values)) for name, sql in _ABOUT_LEARNER.items()}
        for name, sql in _ABOUT_ACCOUNT.items():
            rows = [await self._database.fetch(sql, _account_values(one)) for one in found["account"]]
            found[name] = [row for some in rows for row in some]
        return found

    async def forget(self, learner: str, now: datetime, where: Room | None = None) -> None:
        """Delete a person with all that is kept about them, in one transaction.

        Args:
            where: a private room of theirs that nothing else may tell
        """
        selves = await self._links.selves(learner)
        accounts = await self._database.fetch(*among(selves, _ABOUT_LEARNER["account"]))
        rooms = await self._database.fetch(*among(selves, _ROOMS, _room_values(where)))
        batch = [Statement(_MY_TURN, {"learner": one}) for one in sorted(selves)]
        batch += [Statement(sql, {"room": row["id"]}) for row in rooms for sql in _FORGET_ROOM]
        batch += [Statement(sql, _account_values(row)) for row in accounts for sql in _FORGET_ACCOUNT]
        batch.append(among(selves, _FORGET_LINKS))
        for one in selves:
            batch += _forgotten(one, now)
        await self._database.write(batch)
        try:
            await self._database.scrub()
        except StoreError as error:
            logger.warning("a person is deleted, but traces may be left in the file: %s", error)

    async def settle(self, link: Link, heir: str, holders: Sequence[str], now: datetime) -> None:
        """A link can't be undone any more: the two are nobody from now on, and what is left with them counts nowhere.

        For `heir` and `holders` see `parting.settled`.
        """
        batch = settled(link, heir, holders)
        for one in link.both:
            batch += _forgotten(one, now)
        await self._database.write(batch)


def _room_values(where: Room | None) -> dict[str, object]:
    return {"here": where.id if where else "", "here_platform": where.platform if where else ""}


def _account_values(row: Row) -> dict[str, object]:
    """An account, and how it stands in what adapters note: between slashes in a name, or first in a value."""
    platform, id_ = str(row["platform"]), str(row["platform_id"])
    first, ours = f"{id_} ", f"{platform} "
    return {
        "platform": platform,
        "platform_id": id_,
        "ours": ours,
        "ours_length": len(ours),
        "inside": f"/{id_}/",
        "first": first,
        "first_length": len(first),
    }


def _forgotten(learner: str, now: datetime) -> list[Statement]:
    """A learner is no more; what others need of theirs is nobody's."""
    values = {"learner": learner, "nobody": token_hex(8), "now": int(now.timestamp())}
    return [Statement(sql, values) for sql in _FORGET]


_ROOM = """CASE WHEN room.private THEN '' ELSE room.title END AS room, room.platform, room.private"""

_ROOMS = """
    SELECT id, platform, platform_id, thread, created_at, gone, former_id FROM room
    WHERE private AND (
        id IN (SELECT room FROM deal WHERE audience IN (:learners))
        OR id IN (SELECT room FROM schedule WHERE learner IN (:learners))
        OR EXISTS (
            SELECT 1 FROM account
            WHERE account.learner IN (:learners) AND account.platform = room.platform
                AND account.platform_id = room.platform_id
        )
        OR (platform = :here_platform AND platform_id = :here)
    )
"""

_NOTE_OF_ACCOUNT = """
    substr(name, 1, :ours_length) = :ours
    AND (replace(name, :inside, '') <> name OR substr(value, 1, :first_length) = :first)
"""

# What a learner is now, and was before a link that can still be undone, stands beside each other.
_FORMER = "learner <> :learner AS former"

_ABOUT_LEARNER = {
    "account": "SELECT platform, platform_id FROM account WHERE learner IN (:learners) ORDER BY platform, platform_id",
    "learner": """
        SELECT name, hidden, timezone, zone_changed_at, created_at, battled_at, rival, id <> :learner AS former
        FROM learner WHERE id IN (:learners) ORDER BY created_at
    """,
    "reminder": f"""
        SELECT platform, person, at, nullif(next_due_at, {NEVER}) AS next_due_at, {_FORMER}
        FROM reminder WHERE learner IN (:learners)
    """,
    "interview": f"SELECT day, place, began, needed, told, {_FORMER} FROM interview WHERE learner IN (:learners)",
    "link": "SELECT linked_at FROM link WHERE learner IN (:learners) ORDER BY linked_at",
    "practice_day": "SELECT day, kind FROM practice_day WHERE learner IN (:learners) ORDER BY day, kind",
    "answer": f"""
        SELECT answer.question, answer.mode, answer.value, answer.verdict, answer.points, answer.day,
            answer.answered_at, deal.dealt_at, said.text, {_ROOM}
        FROM answer JOIN deal ON deal.id = answer.deal JOIN room ON room.id = deal.room
        LEFT JOIN said ON said.deal = answer.deal AND said.learner = answer.learner
        WHERE answer.learner IN (:learners) ORDER BY answer.answered_at, deal.dealt_at
    """,
    "claim": "SELECT question, point, claimed_at FROM claim WHERE learner IN (:learners) ORDER BY claimed_at",
    "deal": """
        SELECT question, mode, choices, filters, dealt_at, closed_at FROM deal
        WHERE audience IN (:learners) ORDER BY dealt_at
    """,
    "seen": """
        SELECT question, number, audience <> :learner AS former FROM seen
        WHERE audience IN (:learners) ORDER BY number
    """,
    "review": f"""
        SELECT question, state, step, stability, difficulty, due_at, reviewed_at, aside_at,
            nullif(back_at, 0) AS back_at, {_FORMER}
        FROM review WHERE learner IN (:learners) ORDER BY due_at
    """,
    "score": """
        SELECT score.platform, score.bucket, score.points, score.reached_at, score.shown, score.community = '' AS alone,
            (
                SELECT max(room.title) FROM room
                WHERE room.platform = score.platform AND room.community = score.community AND NOT room.private
            ) AS room
        FROM score WHERE learner IN (:learners) ORDER BY score.platform, score.community, score.bucket
    """,
    "session": """
        SELECT id, kind, filters, began_at, ended_at FROM session WHERE learner IN (:learners) ORDER BY began_at, id
    """,
    "step": """
        SELECT session, place, question, follows, marks FROM step
        WHERE session IN (SELECT id FROM session WHERE learner IN (:learners)) ORDER BY session, place
    """,
    "schedule": f"""
        SELECT schedule.at, schedule.timezone, schedule.weekdays, schedule.filters, schedule.reveal, schedule.style,
            schedule.person, {_ROOM}
        FROM schedule JOIN room ON room.id = schedule.room WHERE schedule.learner IN (:learners)
    """,
    "player": """
        SELECT battle.platform, player.joined_at, player.gone FROM player JOIN battle ON battle.id = player.battle
        WHERE player.learner IN (:learners) ORDER BY player.joined_at
    """,
    "choice": "SELECT value, chosen_at FROM choice WHERE learner IN (:learners) ORDER BY chosen_at",
    "battle": "SELECT platform, questions, began_at FROM battle WHERE opener IN (:learners) ORDER BY began_at",
    "absent": """
        SELECT DISTINCT absent.platform, (
            SELECT max(room.title) FROM room
            WHERE room.platform = absent.platform AND room.community = absent.community
        ) AS room
        FROM absent WHERE learner IN (:learners)
    """,
    "room": _ROOMS,
}

_ABOUT_ACCOUNT = {
    "code": "SELECT purpose, expires_at FROM code WHERE platform = :platform AND platform_id = :platform_id",
    "wrong_try": """
        SELECT platform, number, last_at FROM wrong_try WHERE platform = :platform AND platform_id = :platform_id
    """,
    "note": f"SELECT name, value FROM note WHERE {_NOTE_OF_ACCOUNT}",
}

# A learner's answers wait for each other here (see `store`): none comes in between.
_MY_TURN = "UPDATE learner SET name = '' WHERE id = :learner"

_FORGET_ROOM = (
    *(
        f"DELETE FROM {table} WHERE deal IN (SELECT id FROM deal WHERE room = :room)"
        for table in ("said", "claim", "answer")
    ),
    *(f"DELETE FROM {table} WHERE room = :room" for table in ("deal", "schedule", "post", "digest")),
    "DELETE FROM room WHERE id = :room",
)

_FORGET_ACCOUNT = (
    "DELETE FROM code WHERE platform = :platform AND platform_id = :platform_id",
    "DELETE FROM wrong_try WHERE platform = :platform AND platform_id = :platform_id",
    "DELETE FROM account WHERE platform = :platform AND platform_id = :platform_id",
    f"DELETE FROM note WHERE {_NOTE_OF_ACCOUNT}",
)

_FORGET_LINKS = "DELETE FROM link WHERE learner IN (:learners)"

_FORGET = (
    "INSERT INTO learner (id, created_at) VALUES (:nobody, :now)",
    "DELETE FROM said WHERE learner = :learner",
    "DELETE FROM claim WHERE learner = :learner",
    """
    DELETE FROM answer WHERE learner = :learner AND EXISTS (
        SELECT 1 FROM deal JOIN room ON room.id = deal.room WHERE deal.id = answer.deal AND room.private
    )
    """,
    "UPDATE answer SET learner = :nobody, origin = NULL WHERE learner = :learner",
    "DELETE FROM score WHERE learner = :learner AND community = ''",
    "UPDATE score SET learner = :nobody WHERE learner = :learner",
    "UPDATE schedule SET learner = :nobody, person = '' WHERE learner = :learner",
    "DELETE FROM step WHERE session IN (SELECT id FROM session WHERE learner = :learner)",
    *(
        f"DELETE FROM {table} WHERE learner = :learner"
        for table in (
            "session",
            "practice_day",
            "review",
            "reminder",
            "interview",
            "absent",
            "account",
            "player",
            "choice",
        )
    ),
    "UPDATE battle SET opener = '' WHERE opener = :learner",
    "DELETE FROM seen WHERE audience = :learner",
    *(
        f"DELETE FROM {table} WHERE deal IN (SELECT id FROM deal WHERE audience = :learner)"
        for table in ("said", "claim", "answer")
    ),
    "DELETE FROM deal WHERE audience = :learner",
    "DELETE FROM learner WHERE id = :learner",
    """
    INSERT INTO nobody (learner) SELECT id FROM learner WHERE id = :nobody AND (
        EXISTS (SELECT 1 FROM answer WHERE answer.learner = :nobody)
        OR EXISTS (SELECT 1 FROM score WHERE score.learner = :nobody)
        OR EXISTS (SELECT 1 FROM schedule WHERE schedule.learner = :nobody)
    )
    """,
    "DELETE FROM learner WHERE id = :nobody AND NOT EXISTS (SELECT 1 FROM nobody WHERE nobody.learner = :nobody)",
)
