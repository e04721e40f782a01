"""What makes key points gradable: each is found when it is said, in every phrasing, and not when it is denied.

It is the grader itself that is asked, so that an author learns what it will do to those who answer.
"""

import re
from collections.abc import Iterator

from bot.bank.loading import Finding, Loaded, Written
from bot.bank.model import KeyPoint
from bot.practice.grading.grade import Grader, Status, grader_of
from bot.practice.grading.reading import words_of
from bot.practice.grading.words import FUNCTION_WORDS, stem

_TWO = re.compile(
    r";|\band (?:it|they|this|that|you|is|are|was|has|have|can|must|should|will|does|do|doesn't|don't)\b", re.IGNORECASE
)


def lint_phrasings(loaded: Loaded) -> tuple[Finding, ...]:
    """Every key point and phrasing that the grader would not take as its author means it."""
    aliases = {topic.id: topic.aliases for topic in loaded.topics}
    findings: list[Finding] = []
    for one in loaded.written:
        if one.question.key_points:
            findings.extend(_lint(one, grader_of(one.question, aliases.get(one.topic, {}))))
    return tuple(sorted(set(findings)))


def _lint(one: Written, grader: Grader) -> Iterator[Finding]:
    question = one.question
    names = [point.id or str(place) for place, point in enumerate(question.key_points, 1)]
    together = grader.grade(" ".join(f"{point.text.rstrip('.')}." for point in question.key_points))
    aloud = grader.grade(question.answer)
    asked = {stem(word) for word in words_of(question.question)}
    for place, (name, point) in enumerate(zip(names, question.key_points, strict=True)):
        if _TWO.search(point.text):
            yield one.finding(
                f"the key point {name!r} makes two statements; one may be said without the other",
                "key_points",
                place,
                "text",
            )
        if name not in together.covered:
            yield one.finding(
                f"the key point {name!r} is not found when all key points are said together",
                "key_points",
                place,
                "text",
            )
        if point.weight and name not in aloud.covered:
            yield one.finding(
                f"`answer` itself does not make the key point {name!r}; say it there, or give it `weight: 0`",
                "key_points", place,
            )  # fmt: skip
        yield from _phrasings(one, grader, place, name, point, asked)


def _phrasings(
    one: Written, grader: Grader, place: int, name: str, point: KeyPoint, asked: set[str]
) -> Iterator[Finding]:
    for number, phrasing in enumerate(point.accept):
        where = ("key_points", place, "accept", number)
        own = {stem(word) for word in words_of(phrasing) if word not in FUNCTION_WORDS} - asked
        if not own:
            yield one.finding(f"the phrasing {phrasing!r} has no word of its own beside the question's", *where)
        elif name not in grader.grade(phrasing).covered:
            yield one.finding(f"the phrasing {phrasing!r} alone does not earn its key point {name!r}", *where)
        elif _status(grader, f"It is not true that {phrasing}.", name) is Status.COVERED:
            yield one.finding(f"the phrasing {phrasing!r} earns its key point even when it is denied", *where)


def _status(grader: Grader, said: str, name: str) -> Status:
    return next(point.status for point in grader.grade(said).points if point.id == name)
