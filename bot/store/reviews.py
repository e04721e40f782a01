"""The SQL of reviews over days: what is due, set aside or taken back; and the interview that they lead to."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from bot.store.database import Database, Row, Statement

MISSES = 6  # of a question, after which it is set aside
PAGE = 100  # rows of a query that goes on until enough is found


@dataclass(frozen=True, slots=True)
class Review:
    """What py-fsrs remembers of one learner and one question."""

    state: int
    step: int | None
    stability: float | None
    difficulty: float | None
    due_at: datetime
    reviewed_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """A question that a learner has answered, and when it comes again; by itself, unless it is set aside."""

    question: str
    due: datetime
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that was kept, as far as reviews follow from it."""

    deal: str
    receipt: str
    mode: str
    value: str
    verdict: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Noted:
    """What there may be to say on the card of a deal, beside the verdict."""

    answered: datetime | None
    aside: datetime | None  # when its question was set aside
    told: str | None  # the last day on which an interview was spoken of; None without one
    session: str  # that asked it; empty for none


@dataclass(frozen=True, slots=True)
class Looks:
    """How often a learner has answered a question, and how often of that since some moment."""

    all: int = 0
    since: int = 0


@dataclass(frozen=True, slots=True)
class Interview:
    """The day of an interview; see the migration for what the values mean."""

    day: date
    place: str
    began: date
    needed: int


class Reviews:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, learner: str, now: datetime) -> AsyncIterator[str]:
        """Every question that a learner should review by now, the most overdue first."""
        values = {"learner": learner, "now": _seconds(now), "limit": PAGE, "after": -1, "question": ""}
        while True:
            rows = await self._database.fetch(_DUE, values)
            for row in rows:
                yield row["question"]
            if len(rows) < PAGE:
                return
            values.update(after=rows[-1]["due_at"], question=rows[-1]["question"])

    async def known(self, learner: str) -> list[Known]:
        """Every question that a learner has answered, the most overdue first."""
        rows = await self._database.fetch(_KNOWN, {"learner": learner})
        return [Known(row["question"], _moment(row["due_at"]), row["aside_at"] is not None) for row in rows]

    async def mistakes(self, learner: str) -> list[str]:
        """The questions whose last answer was missed, the most overdue first; not those that are set aside."""
        rows = await self._database.fetch(_MISTAKES, {"learner": learner})
        return [row["question"] for row in rows]

    async def answers(self, learner: str, question: str) -> list[Kept]:
        """All answers of a learner to a question, in order."""
        rows = await self._database.fetch(_ANSWERS, {"learner": learner, "question": question})
        return [_kept(row) for row in rows]

    async def noted(self, deal: str, learner: str) -> Noted | None:
        rows = await self._database.fetch(_NOTED, {"deal": deal, "learner": learner})
        return _noted(rows[0]) if rows else None

    # What follows from the answers anew

    async def settle(self, learner: str, question: str, answers: Sequence[Kept], review: Review) -> bool:
        """Keep the review that follows from these answers; False if they are not all of them any more."""
        return await self._settle(learner, question, answers, review)

    async def take_back(self, learner: str, question: str, answers: Sequence[Kept], review: Review | None) -> bool:
        """Delete the last of these answers, and keep the review that follows from the others, or none without others.

        False, and nothing is changed, if they are not all of them any more. A question that was set aside by that
        answer is so no more.
        """
        return await self._settle(learner, question, answers, review, _TAKE_BACK, _LIGHTEN)

    async def _settle(
        self, learner: str, question: str, answers: Sequence[Kept], review: Review | None, *further: str
    ) -> bool:
        last = answers[-1]
        values = {
            "learner": learner,
            "question": question,
            "deal": last.deal,
            "receipt": last.receipt,
            "number": len(answers),
            **(review_values(review) if review else {}),
        }
        settle = _SETTLE if review else _UNREVIEW
        _, settled, *_ = await self._database.write([Statement(sql, values) for sql in (_MY_TURN, settle, *further)])
        return bool(settled)

    async def bring_back(self, learner: str, question: str, now: datetime) -> bool:
        """Let a question that was set aside come again; False if it was not."""
        values = {"learner": learner, "question": question, "now": _seconds(now)}
        return bool((await self._database.write([Statement(_BRING_BACK, values)]))[0])

    async def bring_forward(self, learner: str, questions: Sequence[str], since: datetime, now: datetime) -> int:
        """Let those of these questions come again at once that were not reviewed since; how many are so now.

        What a learner never answered is not remembered, so it can't come again: it is not of them.
        """
        values = {"learner": learner, "since": _seconds(since), "now": _seconds(now)}
        if not questions:
            return 0
        batch = [Statement(_BRING_FORWARD, {**values, "question": question}) for question in questions]
        return sum(map(len, await self._database.write(batch)))

    # The interview

    async def looks(self, learner: str, since: datetime) -> dict[str, Looks]:
        """How often each question was answered."""
        rows = await self._database.fetch(_LOOKS, {"learner": learner, "since": _seconds(since)})
        return {row["question"]: Looks(int(row["looks"]), int(row["latest"])) for row in rows}

    async def interview(self, learner: str) -> Interview | None:
        rows = await self._database.fetch(_INTERVIEW, {"learner": learner})
        if not rows:
            return None
        day, began = (date.fromisoformat(rows[0][name]) for name in ("day", "began"))
        return Interview(day, rows[0]["place"], began, rows[0]["needed"])

    async def prepare(self, learner: str, interview: Interview) -> None:
        """Keep an interview, in place of another."""
        values = {
            "learner": learner,
            "day": interview.day.isoformat(),
            "place": interview.place,
            "began": interview.began.isoformat(),
            "needed": interview.needed,
        }
        await self._database.write([Statement(_PREPARE, values)])

    async def tell(self, learner: str, day: date) -> bool:
        """Whether an interview is still to be spoken of on this day: True once."""
        values = {"learner": learner, "day": day.isoformat()}
        return bool((await self._database.write([Statement(_TELL, values)]))[0])

    async def end(self, learner: str, interview: Interview) -> bool:
        """Forget an interview; False if that was done before."""
        values = {"learner": learner, "day": interview.day.isoformat()}
        return bool((await self._database.write([Statement(_END, values)]))[0])


def missed(value: str, verdict: str) -> bool:
    """Whether an answer was a miss: wrong, or rated as forgotten."""
    return verdict == "wrong" or (verdict == "rated" and value == "again")


def review_values(review: Review) -> Mapping[str, object]:
    return {
        "state": review.state,
        "step": review.step,
        "stability": review.stability,
        "difficulty": review.difficulty,
        "due_at": _seconds(review.due_at),
        "reviewed_at": _seconds(review.reviewed_at),
    }


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _kept(row: Row) -> Kept:
    at = _moment(row["answered_at"])
    return Kept(row["deal"], row["receipt"], row["mode"], row["value"], row["verdict"], at)


def _noted(row: Row) -> Noted:
    answered, aside = (_moment(row[name]) if row[name] is not None else None for name in ("answered_at", "aside_at"))
    return Noted(answered, aside, row["told"], row["session"] or "")


_MISSED = "(answer.verdict = 'wrong' OR (answer.verdict = 'rated' AND answer.value = 'again'))"

_MISSES = f"""(
        SELECT count(*) FROM answer WHERE answer.learner = :learner AND answer.question = :question
            AND {_MISSED} AND answer.answered_at > review.back_at
    )"""

# Part of the transaction that keeps an answer: of two at once, whichever is the last miss sets the question aside.
SET_ASIDE = f"""
    UPDATE review SET aside_at = :now
    WHERE learner = :learner AND question = :question AND aside_at IS NULL AND {_MISSES} >= {MISSES}
        AND EXISTS (SELECT 1 FROM answer WHERE deal = :deal AND learner = :learner AND receipt = :receipt)
"""

_DUE = """
    SELECT question, due_at FROM review
    WHERE learner = :learner AND aside_at IS NULL AND due_at <= :now
        AND (due_at > :after OR (due_at = :after AND question > :question))
    ORDER BY due_at, question LIMIT :limit
"""

_KNOWN = "SELECT question, due_at, aside_at FROM review WHERE learner = :learner ORDER BY due_at, question"

_MISTAKES = f"""
    SELECT question FROM review
    WHERE learner = :learner AND aside_at IS NULL AND (
        SELECT CASE WHEN {_MISSED} THEN 1 ELSE 0 END FROM answer
        WHERE answer.learner = :learner AND answer.question = review.question
        ORDER BY answer.answered_at DESC, answer.deal DESC LIMIT 1
    ) = 1
    ORDER BY due_at, question
"""

_ANSWERS = """
    SELECT answer.deal, answer.receipt, answer.mode, answer.value, answer.verdict, answer.answered_at
    FROM answer JOIN deal ON deal.id = answer.deal
    WHERE answer.learner = :learner AND answer.question = :question
    ORDER BY answer.answered_at, deal.dealt_at, deal.number
"""

_NOTED = """
    SELECT answer.answered_at, review.aside_at, interview.told, step.session
    FROM deal
    LEFT JOIN answer ON answer.deal = deal.id AND answer.learner = :learner
    LEFT JOIN review ON review.learner = :learner AND review.question = deal.question
    LEFT JOIN interview ON interview.learner = :learner
    LEFT JOIN step ON step.deal = deal.id
    WHERE deal.id = :deal
"""

# A learner's answers wait for each other here (see `store`), and what is settled anew waits with them.
_MY_TURN = "UPDATE learner SET name = name WHERE id = :learner"

_ALL_OF_THEM = """
    (SELECT count(*) FROM answer WHERE answer.learner = :learner AND answer.question = :question) = :number
    AND EXISTS (SELECT 1 FROM answer WHERE deal = :deal AND learner = :learner AND receipt = :receipt)
"""

_SETTLE = f"""
    UPDATE review SET
        state = :state, step = :step, stability = :stability, difficulty = :difficulty,
        due_at = :due_at, reviewed_at = :reviewed_at
    WHERE learner = :learner AND question = :question AND {_ALL_OF_THEM} RETURNING question
"""

_UNREVIEW = (
    f"DELETE FROM review WHERE learner = :learner AND question = :question AND {_ALL_OF_THEM} RETURNING question"
)

_TAKE_BACK = f"DELETE FROM answer WHERE deal = :deal AND learner = :learner AND receipt = :receipt AND {_ALL_OF_THEM}"

_LIGHTEN = f"""
    UPDATE review SET aside_at = NULL
    WHERE learner = :learner AND question = :question AND aside_at IS NOT NULL AND {_MISSES} < {MISSES}
"""

_BRING_BACK = """
    UPDATE review SET aside_at = NULL, back_at = :now
    WHERE learner = :learner AND question = :question AND aside_at IS NOT NULL RETURNING question
"""

_BRING_FORWARD = """
    UPDATE review SET due_at = :now
    WHERE learner = :learner AND question = :question AND due_at > :now AND reviewed_at <= :since RETURNING question
"""

_LOOKS = """
    SELECT question, count(*) AS looks, sum(CASE WHEN answered_at >= :since THEN 1 ELSE 0 END) AS latest
    FROM answer WHERE learner = :learner GROUP BY question
"""

_INTERVIEW = "SELECT day, place, began, needed FROM interview WHERE learner = :learner"

_PREPARE = """
    INSERT INTO interview (learner, day, place, began, needed, told)
    VALUES (:learner, :day, :place, :began, :needed, '')
    ON CONFLICT (learner) DO UPDATE SET
        day = excluded.day, place = excluded.place, began = excluded.began, needed = excluded.needed,
        told = excluded.told
"""

_TELL = "UPDATE interview SET told = :day WHERE learner = :learner AND told < :day RETURNING day"

_END = "DELETE FROM interview WHERE learner = :learner AND day = :day RETURNING day"
