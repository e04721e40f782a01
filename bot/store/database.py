"""The port to a database: two verbs, the same SQL for every kind.

Statements keep to what SQLite and PostgreSQL share: keys are natural or random text, times are epoch seconds, local
days ISO text, values are named `:like_this`. A write is a batch, one transaction; its later statements are guarded in
SQL by the row that the first one inserted, so that losing a race changes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol


class Row(Protocol):
    def __getitem__(self, column: str, /) -> Any: ...


class Statement(NamedTuple):
    sql: str
    values: Mapping[str, Any] = {}


def among(learners: Sequence[str], sql: str, values: Mapping[str, object] = {}) -> Statement:
    """A statement about several learners, in place of its `(:learners)`."""
    names = {f"learner_{place}": learner for place, learner in enumerate(learners)}
    listed = "(" + ", ".join(f":{name}" for name in names) + ")"
    return Statement(sql.replace("(:learners)", listed), {**values, **names})


class Commits(NamedTuple):
    """How group commit is doing: batches that wait now; and since the start, commits and the batches in them."""

    waiting: int = 0
    groups: int = 0
    batches: int = 0


class Database(Protocol):
    async def fetch(self, sql: str, values: Mapping[str, Any] = {}) -> Sequence[Row]:
        """The rows of a query."""

    async def write(self, batch: Sequence[Statement]) -> list[Sequence[Row]]:
        """Carry out all statements or none, durably; the rows that each returned."""

    @property
    def commits(self) -> Commits: ...

    async def scrub(self) -> None:
        """Leave no trace of what was deleted, as far as that is ours to do. It may fail to, and can be asked again."""

    async def close(self) -> None: ...


class StoreError(Exception):
    """The database can't be used. The text is one sentence for the person who runs the bot."""


class ConflictError(Exception):
    """A batch broke a constraint and changed nothing."""
