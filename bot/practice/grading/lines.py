"""Grading line by line, for authors who tune their phrasings and for measuring: JSON in, JSON out."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from bot.bank.model import Counts, KeyPoint, Mistake
from bot.practice.grading.grade import Grader

PREPARED = 256  # graders that are kept: lines about one question mostly come together


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Point(_Value):
    """A key point, without the limits that a bank sets to its length."""

    id: str = ""
    text: str
    accept: tuple[str, ...] = ()
    weight: float = Field(1, ge=0)


def _as_point(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


class _Asked(_Value):
    """What a line says about its question; without key points, only its name in the bank."""

    question: str
    key_points: tuple[Annotated[_Point, BeforeValidator(_as_point)], ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    counts: Counts | None = None
    allow_list: bool = False


class _Line(_Asked):
    answer: str


def graded(
    line: str,
    find: Callable[[str], Grader | None] = lambda name: None,
    aliases: Mapping[str, Sequence[str]] = {},
) -> dict[str, Any]:
    """The grade of one line, or an `error` that says what is wrong with it.

    Args:
        line: an object with `question`, `key_points` (texts, or objects with `id`, `text`, `accept`, `weight`) and
            `answer`; `mistakes`, `counts` and `allow_list` as in a bank; what else it has is left alone
        find: the grader of a question that is only named, as "topic/question"
        aliases: spellings of names, as in a topic
    """
    try:
        asked = _Line.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return {"error": f"{where}: {first['msg']}" if where else first["msg"]}
    about = _Asked.model_validate(asked.model_dump(exclude={"answer"}))
    known = tuple((name, tuple(spellings)) for name, spellings in aliases.items())
    grader = _grader(about, known) if about.key_points or about.counts else find(about.question)
    if not grader:
        return {"error": "no key_points, and no question of this name in the bank"}
    grade = grader.grade(asked.answer)
    return {
        "covered": list(grade.covered),
        "score": round(grade.score, 4),
        "points": [
            {"id": point.id, "status": point.status.value, "evidence": list(point.evidence)} for point in grade.points
        ],
        "mistakes": list(grade.mistakes),
        "flags": list(grade.flags),
    }


@lru_cache(PREPARED)
def _grader(asked: _Asked, aliases: tuple[tuple[str, tuple[str, ...]], ...]) -> Grader:
    points = [
        KeyPoint.model_construct(id=one.id or None, text=one.text, accept=one.accept, weight=one.weight)
        for one in asked.key_points
    ]
    return Grader(
        asked.question,
        points,
        mistakes=asked.mistakes,
        counts=asked.counts,
        allow_list=asked.allow_list,
        aliases=dict(aliases),
    )
