"""The SQL of sessions: questions that belong together, as in a review or a mock interview.

All of it is rows, so a session goes on after a restart, in another process, or a week later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.store.database import Database, Row, Statement


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    learner: str
    kind: str  # review or mock
    filters: str
    began: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One question of a session, with what became of it so far."""

    place: int
    question: str
    follows: str = ""  # the question that it follows up
    deal: str = ""
    marks: str = ""
    asked: datetime | None = None
    mode: str = ""
    value: str = ""  # of the answer, as all that follows; see `Answer`
    verdict: str = ""
    answered: datetime | None = None


class Sessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, session: Session, steps: Sequence[Step]) -> None:
        """Keep a new session; one of its kind that has not ended, ends."""
        values = {
            "id": session.id,
            "learner": session.learner,
            "kind": session.kind,
            "filters": session.filters,
            "now": _seconds(session.began),
        }
        batch = [Statement(_END_OTHERS, values), Statement(_BEGIN, values)]
        await self._database.write(batch + [Statement(_ADD, _step_values(session.id, step)) for step in steps])

    async def running(self, learner: str, kind: str) -> Session | None:
        """The session of this kind that has not ended."""
        rows = await self._database.fetch(_RUNNING, {"learner": learner, "kind": kind})
        return _session(rows[0]) if rows else None

    async def latest(self, learner: str, kind: str) -> Session | None:
        """The last session of this kind that asked anything, ended or not."""
        rows = await self._database.fetch(_LATEST, {"learner": learner, "kind": kind})
        return _session(rows[0]) if rows else None

    async def session(self, id_: str) -> Session | None:
        rows = await self._database.fetch(_SESSION, {"id": id_})
        return _session(rows[0]) if rows else None

    async def of_deal(self, deal: str) -> tuple[Session, Step] | None:
        """The session that asked a question, if one did, and its step."""
        rows = await self._database.fetch(_OF_DEAL, {"deal": deal})
        if not rows:
            return None
        session = _session(rows[0])
        return session, next(step for step in await self.steps(session) if step.deal == deal)

    async def steps(self, session: Session) -> list[Step]:
        """All questions in order, with their learner's answers."""
        rows = await self._database.fetch(_STEPS, {"session": session.id, "learner": session.learner})
        return [_step(row) for row in rows]

    async def ask(self, session: Session, place: int, deal: str) -> bool:
        """Note that a step was dealt; False if it was already, by another press."""
        values = {"session": session.id, "place": place, "deal": deal}
        return bool((await self._database.write([Statement(_ASK, values)]))[0])

    async def add(self, session: Session, step: Step) -> bool:
        """Add a question; False if its place is taken."""
        return bool((await self._database.write([Statement(_ADD, _step_values(session.id, step))]))[0])

    async def mark(self, session: Session, place: int, marks: str, before: str = "") -> bool:
        """Mark a step; False if its marks are not any more what they were `before`."""
        values = {"session": session.id, "place": place, "marks": marks, "before": before}
        return bool((await self._database.write([Statement(_MARK, values)]))[0])

    async def end(self, session: Session, now: datetime) -> None:
        """End a session. One that has ended stays as it is."""
        await self._database.write([Statement(_END, {"id": session.id, "now": _seconds(now)})])


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds is not None else None


def _session(row: Row) -> Session:
    began = datetime.fromtimestamp(row["began_at"], UTC)
    return Session(row["id"], row["learner"], row["kind"], row["filters"], began, _moment(row["ended_at"]))


def _step(row: Row) -> Step:
    return Step(
        row["place"],
        row["question"],
        row["follows"],
        row["deal"] or "",
        row["marks"],
        _moment(row["dealt_at"]),
        row["mode"] or "",
        row["value"] or "",
        row["verdict"] or "",
        _moment(row["answered_at"]),
    )


def _step_values(session: str, step: Step) -> dict[str, object]:
    return {"session": session, "place": step.place, "question": step.question, "follows": step.follows}


_END_OTHERS = "UPDATE session SET ended_at = :now WHERE learner = :learner AND kind = :kind AND ended_at IS NULL"

_BEGIN = """
    INSERT INTO session (id, learner, kind, filters, began_at) VALUES (:id, :learner, :kind, :filters, :now)
"""

_ADD = """
    INSERT INTO step (session, place, question, follows, marks) VALUES (:session, :place, :question, :follows, '')
    ON CONFLICT (session, place) DO NOTHING RETURNING place
"""

_RUNNING = """
    SELECT * FROM session WHERE learner = :learner AND kind = :kind AND ended_at IS NULL
    ORDER BY began_at DESC LIMIT 1
"""

_LATEST = """
    SELECT * FROM session
    WHERE learner = :learner AND kind = :kind
        AND EXISTS (SELECT 1 FROM step WHERE step.session = session.id AND step.deal IS NOT NULL)
    ORDER BY began_at DESC, ended_at IS NULL DESC LIMIT 1
"""

_SESSION = "SELECT * FROM session WHERE id = :id"

_OF_DEAL = "SELECT session.* FROM step JOIN session ON session.id = step.session WHERE step.deal = :deal"

_STEPS = """
    SELECT step.*, deal.dealt_at, deal.mode, answer.value, answer.verdict, answer.answered_at
    FROM step
    LEFT JOIN deal ON deal.id = step.deal
    LEFT JOIN answer ON answer.deal = step.deal AND answer.learner = :learner
    WHERE step.session = :session ORDER BY step.place
"""

_ASK = "UPDATE step SET deal = :deal WHERE session = :session AND place = :place AND deal IS NULL RETURNING place"

_MARK = """
    UPDATE step SET marks = :marks WHERE session = :session AND place = :place AND marks = :before RETURNING place
"""

_END = "UPDATE session SET ended_at = :now WHERE id = :id AND ended_at IS NULL"
