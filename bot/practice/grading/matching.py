"""Whether a sentence says what a phrasing says: the same words near each other, affirmed or denied alike, of the same
thing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.practice.grading.reading import Word
from bot.practice.grading.rivals import NOBODY, Rivals, Sides
from bot.practice.grading.words import OPPOSITES, meanings, weight

KNOWN = 0.25  # what a word counts that the question gave away
FAINT = 0.5  # what the subject of a denial counts, in "Celery isn't for that"
AROUND = 5  # words on each side of a match that tell what it is about
FEW = 3  # words around a match that tell nothing
TURNED = 0.25  # of a phrasing's weight, said the other way, that turns it round

# How much of a phrasing must be said, by the number of its words that the question did not give away.
_NEEDED = {0: 0.95, 1: 0.7, 2: 0.85}
_NEEDED_OF_MANY = 0.65
_NEEDED_OF_NAME = 0.95


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a phrasing."""

    stem: str
    senses: frozenset[str]  # what it may be called
    opposites: frozenset[str]
    weight: float
    known: bool  # the question gave it away
    denied: bool
    about: tuple[Sides, ...]


@dataclass(frozen=True, slots=True)
class Phrasing:
    terms: tuple[Term, ...]
    weight: float
    needed: float  # share of the weight that must be said
    span: int  # words within which it must be said


@dataclass(frozen=True, slots=True)
class Match:
    share: float = 0.0  # of a phrasing's weight, said as the phrasing says it
    fresh: float = 0.0  # the weight of what was said and is not in the question
    words: tuple[Word, ...] = ()
    against: float = 0.0  # share that was said with some of it turned round
    against_words: tuple[Word, ...] = ()


def _abouts(words: Sequence[Word], rivals: Sequence[Rivals]) -> list[tuple[Sides, ...]]:
    return list(zip(*(rival.about(words) for rival in rivals), strict=True)) if rivals else [()] * len(words)


def phrasing_of(words: Sequence[Word], asked: frozenset[str] = NOBODY, rivals: Sequence[Rivals] = ()) -> Phrasing:
    """A phrasing, prepared. Words of the question are expected in any answer, so they weigh little."""
    terms: dict[str, Term] = {}
    small = not any(weight(word.stem) for word in words)  # then all of them count
    for word, about in zip(words, _abouts(words, rivals), strict=True):
        weighs = 1.0 if small else weight(word.stem)
        if not weighs or word.stem in terms:
            continue
        senses = meanings(word.stem)
        known = not senses.isdisjoint(asked)
        opposites = OPPOSITES.get(word.stem, NOBODY) - senses
        weighs *= KNOWN if known else 1
        terms[word.stem] = Term(word.stem, senses, opposites, weighs, known, word.denied, about)
    fresh = sum(not term.known for term in terms.values())
    needed, span = _NEEDED.get(fresh, _NEEDED_OF_MANY), 2 * len(terms) + 4
    if len(words) > 1 and all(word.joined for word in words[1:]):  # an identifier: its words stand together
        needed, span = _NEEDED_OF_NAME, len(terms)
    return Phrasing(tuple(terms.values()), sum(term.weight for term in terms.values()), needed, span)


class Said:
    """An answer, indexed by what its words mean."""

    def __init__(self, words: Sequence[Word], rivals: Sequence[Rivals] = ()) -> None:
        self.words = words
        self.abouts = _abouts(words, rivals)
        self._meaning: dict[str, list[Word]] = {}
        self._stemmed: dict[str, list[Word]] = {}
        for word in words:
            self._stemmed.setdefault(word.stem, []).append(word)
        for stemmed, some in self._stemmed.items():
            for sense in meanings(stemmed):
                self._meaning.setdefault(sense, []).extend(some)

    def meaning(self, senses: Iterable[str]) -> Iterable[Word]:
        return {word.place: word for sense in senses for word in self._meaning.get(sense, ())}.values()

    def called(self, stems: Iterable[str]) -> Iterable[Word]:
        return [word for stemmed in stems for word in self._stemmed.get(stemmed, ())]

    def best(self, phrasing: Phrasing) -> Match:
        """The stretch of one sentence that says most of a phrasing, and the one that most turns it round."""
        best, turned = Match(), Match()
        hits = self._hits(phrasing)
        agreeing: dict[int, Word] = {}
        opposing: dict[int, Word] = {}
        sentence = -1
        for place, number, agrees, word in hits:
            if word.sentence != sentence:
                sentence = word.sentence
                agreeing, opposing = {}, {}
            (agreeing if agrees else opposing)[number] = word
            near = _near(agreeing, place - phrasing.span)
            against = _near(opposing, place - phrasing.span, near)
            share = _share(phrasing, near)
            opposed = _share(phrasing, against)
            if opposed >= TURNED and share < 1:
                if share + opposed > turned.against:
                    words = tuple({**near, **against}.values())
                    turned = Match(against=share + opposed, against_words=words)
            elif share > best.share:
                fresh = sum(phrasing.terms[number].weight for number in near if not phrasing.terms[number].known)
                best = Match(share, fresh, tuple(near.values()))
        return Match(best.share, best.fresh, best.words, turned.against, turned.against_words)

    def focus(self, match: Sequence[Word], own: frozenset[str]) -> float:
        """The share of the words around a match, in its clauses, that belong to the point."""
        clauses = {word.clause for word in match}
        first, last = min(word.place for word in match) - AROUND, max(word.place for word in match) + AROUND
        around = [
            not meanings(word.stem).isdisjoint(own)
            for word in self.words
            if word.clause in clauses and first <= word.place <= last and weight(word.stem) == 1
        ]
        return sum(around) / len(around) if len(around) > FEW else 1.0

    def _hits(self, phrasing: Phrasing) -> list[tuple[int, int, bool, Word]]:
        """Where the answer has words of a phrasing: place, number of the term, and whether it is said alike."""
        hits = []
        own = {term.stem for term in phrasing.terms}
        for number, term in enumerate(phrasing.terms):
            for word in self.meaning(term.senses):
                if word.stem == term.stem or word.stem not in own:  # else it stands for another term
                    agrees = word.denied == term.denied and self._same_subject(term, word)
                    hits.append((word.place, number, agrees, word))
            hits.extend((word.place, number, word.denied != term.denied, word) for word in self.called(term.opposites))
        hits.sort(key=lambda hit: hit[:2])
        return hits

    def _same_subject(self, term: Term, word: Word) -> bool:
        pairs = zip(term.about, self.abouts[word.place], strict=True)
        return all(not one or not other or one & other for one, other in pairs)


def _near(found: dict[int, Word], since: int, besides: Iterable[int] = ()) -> dict[int, Word]:
    """What stands near enough, each word of the answer for one word of the phrasing."""
    used: set[int] = set()
    near = {}
    for number, word in found.items():
        if word.place >= since and word.place not in used and number not in besides:
            used.add(word.place)
            near[number] = word
    return near


def _share(phrasing: Phrasing, near: dict[int, Word]) -> float:
    """How much of a phrasing these words say."""
    denying = any(word.denied for word in near.values())
    said = 0.0
    for number, word in near.items():
        said += phrasing.terms[number].weight * (FAINT if word.faint and not denying else 1)
    return said / phrasing.weight if phrasing.weight else 0.0
