"""Grading a typed answer against the key points of its question: deterministic, offline, pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.bank.model import Counts, KeyPoint, Mistake, Question
from bot.practice.grading.denial import denied
from bot.practice.grading.evidence import Evidence, evidence_in, is_made, points_of
from bot.practice.grading.facts import SHORT, Values, Verdict, values_of
from bot.practice.grading.matching import Match, Phrasing, Said, phrasing_of
from bot.practice.grading.reading import READ_LIMIT, Reader, Word
from bot.practice.grading.rivals import rivals_in
from bot.practice.grading.words import NEGATORS, listed, weight

# What a grade may be flagged with.
EMPTY = "empty"  # nothing was said, or only that one doesn't know
KEYWORDS = "keywords"  # a row of catchwords
COPIED = "copied"  # the question in other order
OFF_TOPIC = "off-topic"  # no key point was touched
DENIED = "denied"  # key points were touched only to deny them, or to say the opposite
HEDGED = "hedged"  # several values where one was asked for
APPROXIMATE = "approximate"  # there are no key points: the sentences of the shown answer stand in
TOO_LONG = "too-long"  # only the beginning was read

CLOSE = 0.4  # share of a phrasing that is close to a point
MISTAKEN = 0.85  # share of an authored mistake that is one
MISTAKE_COSTS = 0.15  # of the score
REPEATED = 0.6  # of the question's words that make a copy of it, if there are no others

_CALL = re.compile(r"\w\((?!s\))|@\w+\.")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_IGNORANCE = listed("clue idea idk dunno skip pass sorri nope tbh")  # stems
_FORGETTING = _IGNORANCE | listed("rememb answer sure recal")


class Status(StrEnum):
    COVERED = "covered"
    CLOSE = "close"
    CONTRADICTED = "contradicted"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class PointGrade:
    id: str
    text: str
    weight: float
    status: Status
    evidence: tuple[str, ...] = ()  # the learner's own words that earned it, or contradicted it


@dataclass(frozen=True, slots=True)
class Grade:
    points: tuple[PointGrade, ...]
    score: float  # 0 to 1
    mistakes: tuple[str, ...] = ()  # what to tell about the wrong statements found
    flags: tuple[str, ...] = ()

    @property
    def covered(self) -> tuple[str, ...]:
        """The ids of the points that were made."""
        return tuple(point.id for point in self.points if point.status is Status.COVERED)


@dataclass(frozen=True, slots=True)
class _Found:
    """A point's grade, with the words of the answer behind it."""

    grade: PointGrade
    words: frozenset[Word] = frozenset()

    def turned(self, status: Status) -> "_Found":
        return _Found(replace(self.grade, status=status), self.words)

    @property
    def covered(self) -> bool:
        return self.grade.status is Status.COVERED


class Grader:
    """What is needed to grade answers to one question, prepared once."""

    def __init__(
        self,
        question: str,
        key_points: Sequence[KeyPoint],
        *,
        answer: str = "",
        mistakes: Sequence[Mistake] = (),
        counts: Counts | None = None,
        allow_list: bool = False,
        aliases: Mapping[str, Sequence[str]] = {},
    ) -> None:
        self._allow_list = allow_list
        points = tuple(key_points) or tuple(
            KeyPoint.model_validate({"text": sentence[:200]})
            for sentence in _SENTENCE_END.split(answer)
            if sentence.strip()
        )
        self._flags = (APPROXIMATE,) if points and not key_points else ()
        spoken = [(point.text, *point.accept) for point in points]
        wrong = [phrase for mistake in mistakes for phrase in mistake.accept]
        self._reader = Reader([question, *(text for texts in spoken for text in texts), *wrong], aliases)
        asked = self._read(question, repair=False)
        read = [[self._read(text, repair=False) for text in texts] for texts in spoken]
        self._asked = frozenset(word.stem for word in asked if weight(word.stem))
        self._rivals = rivals_in(asked, [words for texts in read for words in texts])
        self._points = points_of(read, self._asked, self._rivals)
        self._missed = tuple(
            PointGrade(point.id or str(number), point.text, point.weight, Status.MISSED)
            for number, point in enumerate(points, 1)
        )
        self._mistakes = tuple(
            (mistake.tell, tuple(phrasing_of(self._read(p, repair=False), rivals=self._rivals) for p in mistake.accept))
            for mistake in mistakes
        )
        self._values = values_of(counts) if counts else None

    def grade(self, said: str) -> Grade:
        flags = (*self._flags, TOO_LONG) if len(said) > READ_LIMIT else self._flags
        words = self._read(said)
        if self._values and words and (len(words) <= SHORT or not self._points):
            verdict = self._fact(self._values, said, words)
            if verdict:
                return verdict
        blank = self._blank(said, words)
        if blank:
            return Grade(self._missed, 0.0, (), (*flags, blank))
        answer = Said(words, self._rivals)
        mistakes = [(tell, _as_it_stands(answer, phrasings)) for tell, phrasings in self._mistakes]
        found = self._found(answer, max((match.share for _, match in mistakes), default=0.0))
        found, tells = _without_mistakes(found, mistakes)
        points = tuple(one.grade for one in found)
        total = sum(point.weight for point in points)
        made = sum(point.weight for point in points if point.status is Status.COVERED)
        score = max(0.0, (made / total if total else 0.0) - MISTAKE_COSTS * len(tells))
        statuses = {point.status for point in points}
        if statuses <= {Status.MISSED}:
            flags = (*flags, OFF_TOPIC)
        elif Status.CONTRADICTED in statuses and Status.COVERED not in statuses:
            flags = (*flags, DENIED)
        return Grade(points, score, tells, flags)

    def _found(self, answer: Said, mistaken: float = 0.0) -> list[_Found]:
        """The grade of each point; `mistaken` is the share that is said of an authored mistake."""
        evidence = evidence_in(answer, self._points)
        return [
            _graded(missed, one, is_made(one, evidence, answer, mistaken))
            for missed, one in zip(self._missed, evidence, strict=True)
        ]

    def _fact(self, values: Values, said: str, words: Sequence[Word]) -> Grade | None:
        """The grade of a short answer that names a value; nothing if it names none."""
        verdict, tokens = values.judge(said, words)
        if verdict is Verdict.UNKNOWN:
            return None
        evidence = tuple(dict.fromkeys(word.said for word in words if word.word in tokens))
        if verdict is Verdict.FULL:
            covered = tuple(replace(point, status=Status.COVERED, evidence=evidence) for point in self._missed)
            return Grade(covered, 1.0)
        if verdict is Verdict.HALF:
            answer = Said(words, self._rivals)
            points = tuple(one.grade for one in self._found(answer))
            said_all = points and all(point.status is Status.COVERED or not point.weight for point in points)
            return Grade(points, 1.0 if said_all else 0.5)
        return Grade(self._missed, 0.0, (), (HEDGED,) if verdict is Verdict.HEDGED else ())

    def _read(self, text: str, *, repair: bool = True) -> list[Word]:
        return denied(self._reader.read(text, repair=repair))

    def _blank(self, said: str, words: Sequence[Word]) -> str:
        """The flag of an answer that says nothing of its own, or nothing at all."""
        content = {word.stem for word in words if weight(word.stem)}
        denying = any(word.denied for word in words)
        if content <= _IGNORANCE or (denying and content <= _FORGETTING):
            return EMPTY
        if content <= self._asked and not denying and len(content) >= REPEATED * len(self._asked):
            return COPIED
        return KEYWORDS if not self._allow_list and _is_list(said, words) else ""


def _as_it_stands(answer: Said, phrasings: Sequence[Phrasing]) -> Match:
    """What an answer says of a mistake in one sentence, its words in the same order."""
    matches = map(answer.best, phrasings)
    straight = (match for match in matches if match.in_order and len({word.sentence for word in match.words}) == 1)
    return max(straight, key=lambda match: match.share, default=Match())


def _without_mistakes(
    found: list[_Found], mistakes: Sequence[tuple[str, Match]]
) -> tuple[list[_Found], tuple[str, ...]]:
    """The points less those that rest on a wrong statement, and what to tell about the wrong statements."""
    tells = []
    for tell, match in mistakes:
        if match.share < MISTAKEN or any(one.covered and one.words.issuperset(match.words) for one in found):
            continue
        tells.append(tell)
        found = [one.turned(Status.CONTRADICTED) if _rests_on(one, match) else one for one in found]
    return found, tuple(tells)


def _rests_on(one: _Found, mistake: Match) -> bool:
    """Whether a point was touched by words of a wrong statement, in the same clauses."""
    clauses = {word.clause for word in mistake.words}
    return not one.words.isdisjoint(mistake.words) and all(word.clause in clauses for word in one.words)


def _is_list(said: str, words: Sequence[Word]) -> bool:
    """Whether this is a row of catchwords rather than something said. Code is something said."""
    if _CALL.search(said[:READ_LIMIT]):
        return False
    count, clauses = len(words), len({word.clause for word in words})
    small = sum(1 for word in words if not weight(word.stem) or word.word in NEGATORS)
    if clauses >= 4 and count <= 2 * clauses:  # a, b, c d
        return count >= 6 and small <= 0.12 * count
    return count >= 8 and small <= 0.065 * count


def _graded(missed: PointGrade, one: Evidence, made: bool) -> _Found:
    """The grade of a point, with the words that speak for it."""
    best = one.matches[0]
    for words, holds, status in (
        (best.words, made, Status.COVERED),
        (one.against, bool(one.against), Status.CONTRADICTED),
        (best.words, best.share >= CLOSE, Status.CLOSE),
    ):
        if holds:
            evidence = dict.fromkeys(word.said for word in sorted(words, key=lambda word: word.place))
            return _Found(replace(missed, status=status, evidence=tuple(evidence)), frozenset(words))
    return _Found(missed)


def grader_of(question: Question, aliases: Mapping[str, Sequence[str]] = {}) -> Grader:
    """The grader of a question of the bank."""
    return Grader(
        question.question,
        question.key_points,
        answer=question.answer,
        mistakes=question.mistakes,
        counts=question.counts,
        allow_list=question.allow_list,
        aliases=aliases,
    )
