"""Grading a typed answer against the key points of its question: deterministic, offline, pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.bank.model import Counts, KeyPoint, Mistake, Question
from bot.practice.grading.denial import denied
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

# The statement of a key point, unlike its phrasings, is rarely said in full: this share of it counts.
STATED, STATED_ALONE = 0.45, 0.26  # with phrasings beside it, and without
STATED_FRESH = 1.0  # weight that must not come from the question
CLOSE_STATED, CLOSE_PHRASED = 0.3, 0.5
MANY_PHRASINGS = 3
MISTAKEN = 0.95  # of a mistake that must be said
MISTAKE_COSTS = 0.15  # of the score
REPEATED = 0.6  # of the question's words that make a copy of it, if there are no others
FOCUS = 0.35  # of the words around a phrasing that must belong to the point, so that it isn't said in passing,
SUPPORT = 0.5  # unless another phrasing, or this share of the statement, says it too
BELIEVED = 3  # words that make a point where the answer mostly says the opposite

_CALL = re.compile(r"\w\((?!s\))|@\w+\.")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_IGNORANCE = listed("clue idea idk dunno skip pass sorri")  # stems
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
class _Point:
    blank: PointGrade
    phrasings: tuple[Phrasing, ...]
    statement: Phrasing
    own: frozenset[str]  # meanings of all their words


@dataclass(frozen=True, slots=True)
class _Found:
    """A point's grade, with the words of the answer behind it."""

    grade: PointGrade
    words: tuple[Word, ...] = ()

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
        self._flags = () if key_points else (APPROXIMATE,)
        self._allow_list = allow_list
        points = tuple(key_points) or tuple(
            KeyPoint.model_validate({"text": sentence[:200]})
            for sentence in _SENTENCE_END.split(answer)
            if sentence.strip()
        )
        spoken = [phrase for point in points for phrase in point.accept]
        spoken += [phrase for mistake in mistakes for phrase in mistake.accept]
        self._reader = Reader([question, *(point.text for point in points), *spoken], aliases)
        asked = self._read(question, repair=False)
        accepted = [[self._read(phrase, repair=False) for phrase in point.accept] for point in points]
        stated = [self._read(point.text, repair=False) for point in points]
        self._asked = frozenset(word.stem for word in asked if weight(word.stem))
        self._rivals = rivals_in(asked, (*stated, *(words for phrases in accepted for words in phrases)))
        self._points = tuple(
            _point(
                PointGrade(point.id or str(number), point.text, point.weight, Status.MISSED),
                [phrasing_of(words, self._asked, self._rivals) for words in phrases],
                phrasing_of(statement, self._asked, self._rivals),
            )
            for number, (point, phrases, statement) in enumerate(zip(points, accepted, stated, strict=True), 1)
        )
        self._mistakes = tuple(
            (mistake.tell, tuple(phrasing_of(self._read(p, repair=False), rivals=self._rivals) for p in mistake.accept))
            for mistake in mistakes
        )
        self._values = values_of(counts) if counts else None

    def grade(self, said: str) -> Grade:
        flags = (*self._flags, TOO_LONG) if len(said) > READ_LIMIT else self._flags
        words = self._read(said)
        if self._values and words and len(words) <= SHORT:
            verdict = self._fact(self._values, said, words)
            if verdict:
                return replace(verdict, flags=(*flags, *verdict.flags))
        blank = self._blank(said, words)
        if blank:
            return Grade(tuple(point.blank for point in self._points), 0.0, (), (*flags, blank))
        answer = Said(words, self._rivals)
        found, tells = self._without_mistakes([_made(point, answer) for point in self._points], answer)
        found = _doubted(found)
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

    def _fact(self, values: Values, said: str, words: Sequence[Word]) -> Grade | None:
        """The grade of a short answer that names a value; nothing if it names none."""
        verdict, tokens = values.judge(said, words)
        if verdict is Verdict.UNKNOWN:
            return None
        evidence = tuple(dict.fromkeys(word.said for word in words if word.word in tokens))
        if verdict is Verdict.FULL:
            covered = tuple(replace(point.blank, status=Status.COVERED, evidence=evidence) for point in self._points)
            return Grade(covered, 1.0)
        if verdict is Verdict.HALF:
            answer = Said(words, self._rivals)
            points = tuple(_made(point, answer).grade for point in self._points)
            said_all = points and all(point.status is Status.COVERED or not point.weight for point in points)
            return Grade(points, 1.0 if said_all else 0.5)
        return Grade(
            tuple(point.blank for point in self._points), 0.0, (), (HEDGED,) if verdict is Verdict.HEDGED else ()
        )

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

    def _without_mistakes(self, found: list[_Found], answer: Said) -> tuple[list[_Found], tuple[str, ...]]:
        """The points less those that rest on a wrong statement, and what to tell about the wrong statements."""
        tells = []
        for tell, phrasings in self._mistakes:
            match = max((answer.best(phrasing) for phrasing in phrasings), key=lambda match: match.share)
            places = {word.place for word in match.words}
            if match.share < MISTAKEN or any(
                one.covered and places <= {word.place for word in one.words} for one in found
            ):
                continue
            tells.append(tell)
            found = [one.turned(Status.CONTRADICTED) if one.covered and _rests_on(one, match) else one for one in found]
        return found, tuple(tells)


def _rests_on(one: _Found, mistake: Match) -> bool:
    """Whether a point was made by words of a wrong statement, in the same clause."""
    places = {word.place for word in mistake.words}
    return bool(places & {word.place for word in one.words}) and {word.clause for word in one.words} <= {
        word.clause for word in mistake.words
    }


def _point(blank: PointGrade, phrasings: Sequence[Phrasing], statement: Phrasing) -> _Point:
    own = frozenset(sense for one in (*phrasings, statement) for term in one.terms for sense in term.senses)
    return _Point(blank, tuple(phrasings), statement, own)


def _is_list(said: str, words: Sequence[Word]) -> bool:
    """Whether this is a row of catchwords rather than something said. Code is something said."""
    if _CALL.search(said[:READ_LIMIT]):
        return False
    count, clauses = len(words), len({word.clause for word in words})
    small = sum(1 for word in words if not weight(word.stem) or word.word in NEGATORS)
    if clauses >= 4 and count <= 2 * clauses:  # a, b, c d
        return count >= 6 and small <= 0.12 * count
    return count >= 8 and small <= 0.065 * count


def _made(point: _Point, answer: Said) -> _Found:
    """Whether an answer makes a point, by one of its phrasings or by enough of its statement."""
    best, against, near = Match(), Match(), Match()
    said = 0  # phrasings
    for phrasing in point.phrasings:
        match = answer.best(phrasing)
        if match.share >= phrasing.needed:
            said += 1
            best = max(best, match, key=lambda one: one.share)
        elif match.against >= phrasing.needed:
            against = match
        near = max(near, match, key=lambda one: one.share)
    stated = answer.best(point.statement)
    if said == 1 and stated.share < SUPPORT and answer.focus(best.words, point.own) < FOCUS:
        best = Match()
    if not best.words and not against.against_words:
        needed = STATED if len(point.phrasings) >= MANY_PHRASINGS else STATED_ALONE
        turned = stated.against - stated.share
        enough = stated.share >= max(needed, turned) and stated.fresh >= STATED_FRESH
        if enough and (stated.share >= STATED or answer.focus(stated.words, point.own) >= FOCUS):
            best = stated
        elif turned >= needed:
            against = stated
    if best.words:
        return _graded(point, Status.COVERED, best.words)
    if against.against_words:
        return _graded(point, Status.CONTRADICTED, against.against_words)
    if near.share >= CLOSE_PHRASED:
        return _graded(point, Status.CLOSE, near.words)
    if stated.share >= CLOSE_STATED:
        return _graded(point, Status.CLOSE, stated.words)
    return _Found(point.blank)


def _graded(point: _Point, status: Status, words: Sequence[Word]) -> _Found:
    ordered = tuple(sorted(words, key=lambda word: word.place))
    evidence = tuple(dict.fromkeys(word.said for word in ordered))
    return _Found(replace(point.blank, status=status, evidence=evidence), ordered)


def _doubted(found: list[_Found]) -> list[_Found]:
    """The points, less the thin ones of an answer that says the opposite twice as often as it makes a point."""
    made = sum(one.covered for one in found)
    believed = {word.place for one in found if one.covered for word in one.words}
    against = sum(
        one.grade.status is Status.CONTRADICTED and not believed.issuperset(word.place for word in one.words)
        for one in found
    )
    if not made or against < 2 * made:
        return found
    return [one.turned(Status.CLOSE) if one.covered and len(one.words) < BELIEVED else one for one in found]


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
