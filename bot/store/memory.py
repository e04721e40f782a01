"""The SQL of what platforms remember between runs: notes, and what became of rooms and of people in communities."""

from bot import platforms
from bot.messages import Person, Room
from bot.store.database import Database, Statement


class Memory(platforms.Memory):
    """Given to every platform. Whoever else finds out what became of a room tells it here too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, name: str) -> str:
        """What was kept under this name; empty when nothing was."""
        rows = await self._database.fetch(_NOTE, {"name": name})
        return str(rows[0]["value"]) if rows else ""

    async def keep(self, name: str, value: str) -> None:
        await self._database.write([Statement(_KEEP, {"name": name, "value": value})])

    async def forget(self, name: str) -> None:
        await self._database.write([Statement(_FORGET, {"name": name})])

    async def room_moved(self, platform: str, old: str, new: str) -> None:
        """A room, with its threads, has another id from now on: what is known of it goes with it, points too.

        What came from the new id before we were told is joined to it. To be told twice changes nothing.
        """
        values = {"platform": platform, "old": old, "new": new}
        await self._database.write([Statement(sql, values) for sql in _MOVED])

    async def room_gone(self, room: Room) -> None:
        """The room is no longer there for us; one without a thread, with all of its threads."""
        await self._set_gone(room, gone=True)

    async def room_back(self, room: Room) -> None:
        """The room is there for us again."""
        await self._set_gone(room, gone=False)

    async def _set_gone(self, room: Room, *, gone: bool) -> None:
        values = {"platform": room.platform, "platform_id": room.id, "thread": room.thread, "gone": gone}
        await self._database.write([Statement(_SET_GONE, values)])

    async def person_left(self, who: Person, community: str) -> None:
        """A member has left a community: its boards don't show them until they answer there again."""
        values = {"platform": who.platform, "platform_id": who.id, "community": community}
        await self._database.write([Statement(_LEFT, values), Statement(_OFF_BOARDS, values)])


_NOTE = "SELECT value FROM note WHERE name = :name"

_KEEP = """
    INSERT INTO note (name, value) VALUES (:name, :value)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, looked_at = NULL
"""

_FORGET = "DELETE FROM note WHERE name = :name"

# Rows of the new id that are there before: their deals go to the old rows, which take over the new id, and their points
# are added. Their schedule and posts go along if the old rows have none.
_MOVED = (
    """
    UPDATE deal SET room = (
        SELECT old.id FROM room AS old JOIN room AS new ON new.platform = old.platform AND new.thread = old.thread
        WHERE old.platform = :platform AND old.platform_id = :old AND new.platform_id = :new AND new.id = deal.room
    )
    WHERE room IN (
        SELECT new.id FROM room AS new JOIN room AS old ON new.platform = old.platform AND new.thread = old.thread
        WHERE old.platform = :platform AND old.platform_id = :old AND new.platform_id = :new
    )
    """,
    *(
        f"""
        UPDATE {table} SET room = (
            SELECT old.id FROM room AS old JOIN room AS new ON new.platform = old.platform AND new.thread = old.thread
            WHERE old.platform = :platform AND old.platform_id = :old AND new.platform_id = :new
                AND new.id = {table}.room
        )
        WHERE room IN (
            SELECT new.id FROM room AS new JOIN room AS old ON new.platform = old.platform AND new.thread = old.thread
            WHERE old.platform = :platform AND old.platform_id = :old AND new.platform_id = :new
                AND NOT EXISTS (SELECT 1 FROM {table} AS there WHERE there.room = old.id{running})
        )
        """
        for table, running in (
            ("schedule", ""),
            ("post", ""),
            ("digest", ""),
            ("battle", " AND there.ended_at IS NULL"),
        )
    ),
    *(
        f"""
        DELETE FROM {table} WHERE room IN (
            SELECT new.id FROM room AS new JOIN room AS old ON new.platform = old.platform AND new.thread = old.thread
            WHERE old.platform = :platform AND old.platform_id = :old AND new.platform_id = :new
        )
        """
        for table in ("schedule", "post", "digest", "battle")
    ),
    """
    DELETE FROM room WHERE platform = :platform AND platform_id = :new AND thread IN (
        SELECT thread FROM room AS old WHERE old.platform = :platform AND old.platform_id = :old
    )
    """,
    """
    UPDATE room SET platform_id = :new, former_id = :old, community = :new, gone = FALSE
    WHERE platform = :platform AND platform_id = :old
    """,
    """
    INSERT INTO score (platform, community, bucket, learner, points, reached_at, shown)
    SELECT platform, :new, bucket, learner, points, reached_at, shown FROM score
    WHERE platform = :platform AND community = :old
    ON CONFLICT (platform, community, bucket, learner) DO UPDATE SET
        points = score.points + excluded.points,
        reached_at = CASE WHEN excluded.reached_at > score.reached_at THEN excluded.reached_at ELSE score.reached_at END
    """,
    "DELETE FROM score WHERE platform = :platform AND community = :old",
    """
    INSERT INTO absent (platform, community, learner)
    SELECT platform, :new, learner FROM absent WHERE platform = :platform AND community = :old
    ON CONFLICT (platform, community, learner) DO NOTHING
    """,
    "DELETE FROM absent WHERE platform = :platform AND community = :old",
)

_SET_GONE = """
    UPDATE room SET gone = :gone
    WHERE platform = :platform AND platform_id = :platform_id AND (thread = :thread OR :thread = '')
"""

_LEFT = """
    INSERT INTO absent (platform, community, learner)
    SELECT platform, :community, learner FROM account WHERE platform = :platform AND platform_id = :platform_id
    ON CONFLICT (platform, community, learner) DO NOTHING
"""

_OFF_BOARDS = """
    UPDATE score SET shown = FALSE
    WHERE platform = :platform AND community = :community AND learner = (
        SELECT learner FROM account WHERE platform = :platform AND platform_id = :platform_id
    )
"""
