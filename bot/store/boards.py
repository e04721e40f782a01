"""The SQL of boards and statistics: who has how many points where, and what one learner has done.

Points are kept by community and period with the answers, so a board costs the same however many answers there are. Its
order is points, then who reached them first; a rank is how many stand before, in the very same order.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from bot.store.database import Database, Statement


@dataclass(frozen=True, slots=True)
class Community:
    """A Discord server or a Telegram group."""

    platform: str
    id: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    rank: int
    learner: str
    name: str  # empty if it is not known
    points: int


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was given, with the question's deal."""

    question: str
    verdict: str
    answered: datetime
    dealt: datetime
    private: bool


class Boards:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def standings(self, community: Community, bucket: str, offset: int, limit: int) -> list[Standing]:
        """A page of a board. Who hides is not on it."""
        values = {**_place(community, bucket), "offset": offset, "limit": limit}
        rows = await self._database.fetch(_STANDINGS, values)
        return [
            Standing(offset + place, row["learner"], row["name"], row["points"]) for place, row in enumerate(rows, 1)
        ]

    async def size(self, community: Community, bucket: str) -> int:
        return int((await self._database.fetch(_SIZE, _place(community, bucket)))[0]["number"])

    async def mine(self, community: Community, bucket: str, learner: str) -> Standing | None:
        """Where a learner stands; None without points, and for who hides."""
        rows = await self._database.fetch(_MINE, {**_place(community, bucket), "learner": learner})
        return Standing(rows[0]["before"] + 1, learner, rows[0]["name"], rows[0]["points"]) if rows else None

    async def communities(self, learner: str, limit: int) -> list[Community]:
        """Where a learner has points, those with most first."""
        rows = await self._database.fetch(_COMMUNITIES, {"learner": learner, "limit": limit})
        return [Community(row["platform"], row["community"], row["title"]) for row in rows]

    async def show(self, learner: str, *, shown: bool) -> None:
        """Put a learner on all boards, or take them off, from now on."""
        values = {"learner": learner, "shown": shown, "hidden": not shown}
        await self._database.write([Statement(_SET_HIDDEN, values), Statement(_SET_SHOWN, values)])

    async def given(self, learner: str, limit: int) -> list[Given]:
        """A learner's latest answers, the last first."""
        rows = await self._database.fetch(_GIVEN, {"learner": learner, "limit": limit})
        return [
            Given(
                row["question"],
                row["verdict"],
                datetime.fromtimestamp(row["answered_at"], UTC),
                datetime.fromtimestamp(row["dealt_at"], UTC),
                bool(row["private"]),
            )
            for row in rows
        ]

    async def stabilities(self, learner: str) -> dict[str, float]:
        """For every question that a learner has answered, for how many days it will be remembered."""
        rows = await self._database.fetch(_STABILITIES, {"learner": learner})
        return {row["question"]: row["stability"] or 0.0 for row in rows}


def _place(community: Community, bucket: str) -> dict[str, object]:
    return {"platform": community.platform, "community": community.id, "bucket": bucket}


_BOARD = "score.platform = :platform AND score.community = :community AND score.bucket = :bucket AND score.shown = TRUE"

# SQLite follows the index only if `shown` is compared with something; names are looked up for the page alone.
_STANDINGS = f"""
    SELECT page.learner, page.points, learner.name FROM (
        SELECT score.learner, score.points, score.reached_at FROM score WHERE {_BOARD}
        ORDER BY score.points DESC, score.reached_at, score.learner LIMIT :limit OFFSET :offset
    ) AS page JOIN learner ON learner.id = page.learner
    ORDER BY page.points DESC, page.reached_at, page.learner
"""

_SIZE = f"SELECT count(*) AS number FROM score WHERE {_BOARD}"

_OTHERS = f"SELECT count(*) FROM score AS other WHERE {_BOARD.replace('score.', 'other.')}"

_MINE = f"""
    SELECT score.points, learner.name, ({_OTHERS} AND other.points > score.points) + (
        {_OTHERS} AND other.points = score.points
            AND (other.reached_at, other.learner) < (score.reached_at, score.learner)
    ) AS before
    FROM score JOIN learner ON learner.id = score.learner
    WHERE {_BOARD} AND score.learner = :learner
"""

_COMMUNITIES = """
    SELECT score.platform, score.community, coalesce(max(room.title), '') AS title, max(score.points) AS most
    FROM score LEFT JOIN room ON room.platform = score.platform AND room.community = score.community
    WHERE score.learner = :learner AND score.community <> '' AND score.bucket = 'all'
    GROUP BY score.platform, score.community ORDER BY most DESC, score.community LIMIT :limit
"""

_SET_HIDDEN = "UPDATE learner SET hidden = :hidden WHERE id = :learner"

_SET_SHOWN = """
    UPDATE score SET shown = :shown AND NOT EXISTS (
        SELECT 1 FROM absent
        WHERE absent.learner = score.learner AND absent.platform = score.platform
            AND absent.community = score.community
    )
    WHERE learner = :learner
"""

_GIVEN = """
    SELECT answer.question, answer.verdict, answer.answered_at, deal.dealt_at, room.private
    FROM answer JOIN deal ON deal.id = answer.deal JOIN room ON room.id = deal.room
    WHERE answer.learner = :learner ORDER BY answered_at DESC LIMIT :limit
"""

_STABILITIES = "SELECT question, stability FROM review WHERE learner = :learner"
