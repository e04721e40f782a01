"""The SQL of key points that learners say they did make, though the grader did not find them."""

from dataclasses import dataclass
from datetime import datetime

from bot.store.database import Database, Statement


@dataclass(frozen=True, slots=True)
class Claim:
    """A key point that was claimed, and the words that are said to make it."""

    question: str
    point: str
    text: str


class Claims:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, deal: str, learner: str) -> frozenset[str]:
        """The key points that a learner claims for an answer."""
        rows = await self._database.fetch(_OF, {"deal": deal, "learner": learner})
        return frozenset(row["point"] for row in rows)

    async def add(self, deal: str, learner: str, question: str, point: str, now: datetime) -> None:
        """Keep a claim. Twice is once, and without an answer it is nothing."""
        values = {
            "deal": deal,
            "learner": learner,
            "question": question,
            "point": point,
            "now": int(now.timestamp()),
        }
        await self._database.write([Statement(_ADD, values)])

    async def count(self, deal: str, learner: str, share: str, claims: int) -> bool:
        """Keep the share of an answer with its claims; False if there are not just so many any more."""
        values = {"deal": deal, "learner": learner, "share": share, "claims": claims}
        return bool((await self._database.write([Statement(_COUNT, values)]))[0])

    async def all(self) -> list[Claim]:
        """Every claim, by question and key point."""
        rows = await self._database.fetch(_ALL)
        return [Claim(row["question"], row["point"], row["text"]) for row in rows]


_OF = "SELECT point FROM claim WHERE deal = :deal AND learner = :learner"

_ADD = """
    INSERT INTO claim (deal, learner, question, point, claimed_at)
    SELECT deal, learner, :question, :point, :now FROM said WHERE deal = :deal AND learner = :learner
    ON CONFLICT (deal, learner, point) DO NOTHING
"""

_COUNT = """
    UPDATE answer SET value = :share
    WHERE deal = :deal AND learner = :learner
        AND (SELECT count(*) FROM claim WHERE claim.deal = :deal AND claim.learner = :learner) = :claims
    RETURNING deal
"""

_ALL = """
    SELECT claim.question, claim.point, said.text
    FROM claim JOIN said ON said.deal = claim.deal AND said.learner = claim.learner
    ORDER BY claim.question, claim.point, claim.claimed_at, claim.deal
"""
