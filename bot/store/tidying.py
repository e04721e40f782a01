"""The SQL of the nightly pass: what is old becomes a number, and what has expired goes. A little at a time.

A step that folds takes the pass's receipt in place of the one that was read: of several processes, one does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from secrets import token_hex

from bot.store.database import ConflictError, Database, Statement, among
from bot.store.joining import Link
from bot.store.linking import Links
from bot.store.privacy import Privacy

ROWS = 50  # that a step looks at or deletes: some milliseconds' work


@dataclass(frozen=True, slots=True)
class Pass:
    """How far the pass is: the last night on which it came to its end, and the last deal that it looked at."""

    receipt: str
    night: str
    dealt_at: int
    deal: str


class Tidying:
    def __init__(self, database: Database, links: Links, privacy: Privacy) -> None:
        self._database = database
        self._links = links
        self._privacy = privacy

    async def state(self) -> Pass:
        (row,) = await self._database.fetch(_STATE)
        return Pass(row["receipt"], row["night"], row["dealt_at"], row["deal"])

    async def step(self, state: Pass, old: datetime, parting: datetime, now: datetime) -> bool:
        """One step; whether there may be more to do.

        Args:
            old: what is from before this moment is folded
            parting: who was linked before this moment can't part any more
        """
        if link := await self._links.oldest(parting):
            await self._settle(link, now)
            return True
        values: dict[str, object] = {
            "old": _seconds(old),
            "now": _seconds(now),
            "hour": _seconds(now) - 3600,
            "rows": ROWS,
        }
        for sql in _EXPIRED:
            if (await self._database.write([Statement(sql, values)]))[0]:
                return True
        return await self._fold(state, values)

    async def end(self, state: Pass, night: date) -> None:
        """The pass has come to its end for this night; the next one begins with the first deal."""
        values = {"seen": state.receipt, "receipt": token_hex(8), "night": night.isoformat()}
        await self._database.write([Statement(_END, values)])

    async def _settle(self, link: Link, now: datetime) -> None:
        """Two who were linked long enough ago are one for good; whoever may have become somebody else since, too."""
        holders, heir = [link.learner], ""
        while later := await self._links.later(Link(link.id, holders[-1], "", "", link.linked)):
            holders.append(later.learner)
            heir = link.learner
        await self._privacy.settle(link, heir, holders, now)

    async def _fold(self, state: Pass, values: dict[str, object]) -> bool:
        """Fold what nobody needs of the next old deals; False when there are none."""
        values |= {"after": state.dealt_at, "deal": state.deal}
        deals = await self._database.fetch(_NEXT_DEALS, values)
        if not deals:
            return False
        ids = [row["id"] for row in deals]
        needed = {row["id"] for row in await self._database.fetch(*among(ids, _NEEDED, values))}
        nobodies = [row["learner"] for row in await self._database.fetch(*among(ids, _NOBODIES, values))]
        unneeded = [one for one in ids if one not in needed]
        values |= {"seen": state.receipt, "receipt": token_hex(8)}
        values |= {"dealt_at": deals[-1]["dealt_at"], "deal": ids[-1]}
        batch = [Statement(_TAKE, values), Statement(_TAKEN, values)]
        if nobodies:
            batch += [among(ids, sql, values) for sql in _FOLD_ANSWERS]
            batch += [among(nobodies, sql) for sql in _FORGET_NOBODIES]
        if unneeded:
            batch += [among(unneeded, sql) for sql in _FOLD_DEALS]
        await self._tried(batch)
        return True

    async def _tried(self, batch: Sequence[Statement]) -> None:
        """Another process was faster, or somebody has just answered an old question: the next step looks again."""
        try:
            await self._database.write(batch)
        except ConflictError:
            return


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


_STATE = "SELECT receipt, night, dealt_at, deal FROM tidying"

_TAKE = "UPDATE tidying SET receipt = :receipt, dealt_at = :dealt_at, deal = :deal WHERE receipt = :seen"

# Breaks a constraint, and so the whole batch, unless the receipt is ours: there is no learner without an id.
_TAKEN = """
    INSERT INTO nobody (learner) SELECT '' WHERE NOT EXISTS (SELECT 1 FROM tidying WHERE receipt = :receipt)
"""

_END = "UPDATE tidying SET receipt = :receipt, night = :night, dealt_at = -1, deal = '' WHERE receipt = :seen"

# A note is as old as the pass that first saw it: whoever keeps one does not say when.
_EXPIRED = (
    """
    DELETE FROM code WHERE (platform, platform_id, purpose) IN (
        SELECT platform, platform_id, purpose FROM code WHERE expires_at <= :now LIMIT :rows
    ) RETURNING purpose
    """,
    """
    DELETE FROM wrong_try WHERE (platform, platform_id) IN (
        SELECT platform, platform_id FROM wrong_try WHERE last_at <= :hour LIMIT :rows
    ) RETURNING number
    """,
    """
    UPDATE note SET looked_at = :now WHERE name IN (
        SELECT name FROM note WHERE looked_at IS NULL LIMIT :rows
    ) RETURNING name
    """,
    """
    DELETE FROM note WHERE name IN (SELECT name FROM note WHERE looked_at < :old LIMIT :rows) RETURNING name
    """,
    """
    DELETE FROM post WHERE (room, day, timezone) IN (
        SELECT room, day, timezone FROM post WHERE due_at < :old LIMIT :rows
    ) RETURNING day
    """,
    """
    DELETE FROM digest WHERE (room, week) IN (SELECT room, week FROM digest WHERE due_at < :old LIMIT :rows)
    RETURNING week
    """,
)

_NEXT_DEALS = """
    SELECT id, dealt_at FROM deal
    WHERE dealt_at < :old AND (dealt_at, id) > (:after, :deal) ORDER BY dealt_at, id LIMIT :rows
"""

# Old answers that are nobody's keep no deal; those of learners do, and so does a session that shows it.
_NEEDED = """
    SELECT id FROM deal WHERE id IN (:learners) AND (
        EXISTS (
            SELECT 1 FROM answer WHERE answer.deal = deal.id AND (
                answer.answered_at >= :old OR NOT EXISTS (SELECT 1 FROM nobody WHERE nobody.learner = answer.learner)
            )
        )
        OR EXISTS (SELECT 1 FROM step WHERE step.deal = deal.id)
    )
"""

# By deal: who is nobody may have had many answers.
_ANSWERS = """
    deal IN (:learners) AND answered_at < :old AND EXISTS (SELECT 1 FROM nobody WHERE nobody.learner = answer.learner)
"""

_NOBODIES = f"SELECT DISTINCT learner FROM answer WHERE {_ANSWERS}"

_COUNTED = "ON CONFLICT (question, verdict) DO UPDATE SET number = total.number + excluded.number"

_FOLD_ANSWERS = (
    f"""
    INSERT INTO total (question, verdict, number)
    SELECT question, verdict, count(*) FROM answer WHERE {_ANSWERS} GROUP BY question, verdict {_COUNTED}
    """,
    f"DELETE FROM answer WHERE {_ANSWERS}",
)

_EMPTY = """
    learner IN (:learners) AND NOT EXISTS (SELECT 1 FROM answer WHERE answer.learner = {table}.learner)
        AND NOT EXISTS (SELECT 1 FROM schedule WHERE schedule.learner = {table}.learner)
"""

_FORGET_NOBODIES = (
    *(f"DELETE FROM {table} WHERE {_EMPTY.format(table=table)}" for table in ("score", "nobody")),
    """
    DELETE FROM learner WHERE id IN (:learners) AND NOT EXISTS (SELECT 1 FROM nobody WHERE nobody.learner = learner.id)
    """,
)

_FOLD_DEALS = (
    f"""
    INSERT INTO total (question, verdict, number)
    SELECT question, 'dealt', count(*) FROM deal WHERE id IN (:learners) GROUP BY question {_COUNTED}
    """,
    "DELETE FROM deal WHERE id IN (:learners)",
)
