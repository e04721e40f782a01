"""Whether what an answer says of a key point is enough to make it, all else that it says considered."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log1p

from bot.practice.grading.matching import Match, Phrasing, Said, phrasing_of
from bot.practice.grading.reading import Word
from bot.practice.grading.rivals import Rivals
from bot.practice.grading.words import meanings, weight

# What speaks for a point and what against it, as logarithms of odds: fitted to labelled answers by logistic regression.
BEST = 1.75  # the share that was said of the phrasing that was said best
SUPPORT = 2.0  # and of the best ones together
TELLING = 1.3  # how many of the words, as a logarithm, no other point has
OWN = 1.25  # share of the words that no other point claims with as much right
FOCUS = 2.25  # share of the words around that belong to the point: it isn't said in passing
COMPANY = 4.0  # how much is said of the other points
OPPOSED = -6.0  # share of the points of which the opposite is said
MISTAKEN = -5.0  # how nearly an authored mistake is made
ALONE = 2.0  # there are no phrasings beside the statement, so that more can't be asked for
DOUBT = -7.0

LOOKED_AT = 3  # phrasings: the best ones
FEW, LITTLE = 2, 0.2  # company counts as that of so many points, and for so much, at least
AGREED, TURNED = 0.65, 0.55  # if no phrasing is said to this share, but one so far turned round, the opposite is said
NEAR_MISTAKE = 0.5  # share of a mistake at which doubt begins
# A phrasing said in full, with hardly another word in its clause, is enough, if the opposite is said of few points.
WHOLE, FOCUSED, DOUBTED = 0.99, 0.8, 0.25


@dataclass(frozen=True, slots=True)
class Point:
    """A key point, prepared."""

    phrasings: tuple[Phrasing, ...]  # its statement is one of them
    telling: frozenset[str]  # meanings that no other point has, nor the question


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an answer says of a point."""

    point: Point
    matches: tuple[Match, ...]  # best first
    words: frozenset[Word]  # of all the matches
    against: tuple[Word, ...]  # that say the opposite

    @property
    def share(self) -> float:
        """Of the phrasing that was said best."""
        return self.matches[0].share


def points_of(
    texts: Sequence[Sequence[Sequence[Word]]], asked: frozenset[str], rivals: Sequence[Rivals]
) -> tuple[Point, ...]:
    """Points, each given as its statement and its phrasings."""
    stems = [{word.stem for words in some for word in words} for some in texts]
    shared = Counter(stem for own in stems for stem in own)
    senses = [{sense for stem in own if weight(stem) for sense in meanings(stem)} for own in stems]
    users = Counter(sense for own in senses for sense in own)
    known = {sense for stem in asked for sense in meanings(stem)}
    return tuple(
        Point(
            tuple(phrasing_of(words, asked, rivals, shared) for words in some),
            frozenset(sense for sense in own - known if users[sense] == 1),
        )
        for some, own in zip(texts, senses, strict=True)
    )


def evidence_in(answer: Said, points: Sequence[Point]) -> tuple[Evidence, ...]:
    """What an answer says of each point. Words that make one point don't deny another."""
    found = [_evidence_of(point, answer) for point in points]
    made = [one.words for one in found if one.share >= AGREED]
    return tuple(
        replace(one, against=()) if any(words.issuperset(one.against) for words in made) else one for one in found
    )


def _evidence_of(point: Point, answer: Said) -> Evidence:
    matches = [answer.best(phrasing) for phrasing in point.phrasings]
    against: tuple[Word, ...] = ()
    if all(match.share < AGREED for match in matches):
        against = next((match.against_words for match in matches if match.against >= TURNED), ())
    matches.sort(key=lambda match: (match.share, len(match.words)), reverse=True)
    best = tuple(matches[:LOOKED_AT])
    return Evidence(point, best, frozenset(word for match in best for word in match.words), against)


def is_made(one: Evidence, found: Sequence[Evidence], answer: Said, mistaken: float) -> bool:
    """Whether an answer makes a point.

    Args:
        one: what it says of this point
        found: what it says of every point
        mistaken: the share that it says of an authored mistake, the nearest one
    """
    if not one.words:
        return False
    focus = _focus(one, answer)
    opposed = sum(bool(other.against) for other in found) / len(found)
    if one.share >= WHOLE and focus >= FOCUSED and opposed <= DOUBTED:
        return True
    others = [other for other in found if other is not one]
    claimed = {word for other in others if other.share >= one.share for word in other.words}
    belief = (
        DOUBT
        + BEST * one.share
        + SUPPORT * sum(match.share for match in one.matches) / len(one.matches)
        + TELLING * log1p(sum(not one.point.telling.isdisjoint(meanings(word.stem)) for word in one.words))
        + OWN * len(one.words - claimed) / len(one.words)
        + FOCUS * focus
        + COMPANY * max(LITTLE, sum(other.share for other in others) / max(FEW, len(others)))
        + OPPOSED * opposed
        + MISTAKEN * max(0.0, mistaken - NEAR_MISTAKE)
        + ALONE * (len(one.point.phrasings) == 1)
    )
    return belief >= 0


def _focus(one: Evidence, answer: Said) -> float:
    """The share of the words in the clauses of the best match that belong to the point."""
    clauses = {word.clause for word in one.matches[0].words}
    around = {word.stem for word in answer.words if word.clause in clauses and weight(word.stem) == 1}
    return len(around & {word.stem for word in one.words}) / len(around) if around else 1.0
