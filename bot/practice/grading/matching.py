"""Whether a sentence says what a phrasing says: the same words near each other, affirmed or denied alike, of the same
thing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.practice.grading.reading import Word
from bot.practice.grading.rivals import NOBODY, Rivals, Sides
from bot.practice.grading.words import OPPOSITES, listed, meanings, weight

KNOWN = 0.25  # what a word counts that the question gave away
FAINT = 0.5  # what the subject of a denial counts, in "Celery isn't for that"
TURNED = 0.35  # of a phrasing's weight, said the other way, that turns it round

_RESUMING = listed("it its they their them this that these those he she")  # a sentence that goes on from the last one


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a phrasing."""

    stem: str
    senses: frozenset[str]  # what it may be called
    opposites: frozenset[str]
    weight: float
    denied: bool
    about: tuple[Sides, ...]


@dataclass(frozen=True, slots=True)
class Phrasing:
    terms: tuple[Term, ...]
    weight: float
    span: int  # words within which it must be said


@dataclass(frozen=True, slots=True)
class Match:
    share: float = 0.0  # of a phrasing's weight, said as the phrasing says it
    words: tuple[Word, ...] = ()
    in_order: bool = True  # the words come as in the phrasing
    against: float = 0.0  # share that was said with some of it turned round
    against_words: tuple[Word, ...] = ()


def _abouts(words: Sequence[Word], rivals: Sequence[Rivals]) -> list[tuple[Sides, ...]]:
    return list(zip(*(rival.about(words) for rival in rivals), strict=True)) if rivals else [()] * len(words)


def phrasing_of(
    words: Sequence[Word],
    asked: frozenset[str] = NOBODY,
    rivals: Sequence[Rivals] = (),
    shared: Mapping[str, int] = {},
) -> Phrasing:
    """A phrasing, prepared.

    Args:
        asked: stems of the question; they are expected in any answer, so they weigh little
        shared: by stem, how many points have it; the more, the less it tells of one of them
    """
    terms: dict[str, Term] = {}
    small = not any(weight(word.stem) for word in words)  # then all of them count
    for word, about in zip(words, _abouts(words, rivals), strict=True):
        weighs = 1.0 if small else weight(word.stem)
        if not weighs or word.stem in terms:
            continue
        senses = meanings(word.stem)
        opposites = OPPOSITES.get(word.stem, NOBODY) - senses
        weighs *= 1 if senses.isdisjoint(asked) else KNOWN
        weighs /= shared.get(word.stem, 1) ** 0.5
        terms[word.stem] = Term(word.stem, senses, opposites, weighs, word.denied, about)
    named = len(words) > 1 and all(word.joined for word in words[1:])  # an identifier: its words stand together
    return Phrasing(
        tuple(terms.values()),
        sum(term.weight for term in terms.values()),
        len(terms) if named else 2 * len(terms) + 4,
    )


class Said:
    """An answer, indexed by what its words mean."""

    def __init__(self, words: Sequence[Word], rivals: Sequence[Rivals] = ()) -> None:
        self.words = words
        self.abouts = _abouts(words, rivals)
        self._thoughts = _thoughts(words)
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
        agreeing: dict[int, Word] = {}
        opposing: dict[int, Word] = {}
        thought = -1
        for place, number, agrees, word in self._hits(phrasing):
            if self._thoughts[place] != thought:
                thought = self._thoughts[place]
                agreeing, opposing = {}, {}
            (agreeing if agrees else opposing)[number] = word
            near = _near(agreeing, place - phrasing.span)
            against = _near(opposing, place - phrasing.span, near)
            self._spread_denial(phrasing, near, against)
            share = _share(phrasing, near)
            opposed = _share(phrasing, against)
            if share < 1 and (opposed >= TURNED or _opposite(phrasing, against)):
                if share + opposed > turned.against:
                    words = tuple({**near, **against}.values())
                    turned = Match(against=share + opposed, against_words=words)
            elif share > best.share:
                best = Match(share, tuple(near.values()), _in_order(near))
        return Match(best.share, best.words, best.in_order, turned.against, turned.against_words)

    def _spread_denial(self, phrasing: Phrasing, near: dict[int, Word], against: dict[int, Word]) -> None:
        """Where a denial begins is vague: "never trust input" and "input can't be trusted" mean the same."""
        first = min((word.place for number, word in near.items() if phrasing.terms[number].denied), default=-1)
        for number, word in tuple(against.items()):
            term = phrasing.terms[number]
            if word.place < first and term.denied and not word.denied and self._same_subject(term, word):
                near[number] = against.pop(number)

    def _hits(self, phrasing: Phrasing) -> list[tuple[int, int, bool, Word]]:
        """Where the answer has words of a phrasing: place, number of the term, and whether it is said alike."""
        hits = []
        own = {term.stem for term in phrasing.terms}
        for number, term in enumerate(phrasing.terms):
            for word in self.meaning(term.senses):
                if word.stem == term.stem or word.stem not in own:  # else it stands for another term
                    agrees = word.denied == term.denied and self._same_subject(term, word)
                    hits.append((word.place, number, agrees, word))
            hits.extend(
                (word.place, number, False, word) for word in self.called(term.opposites) if word.denied == term.denied
            )
        hits.sort(key=lambda hit: hit[:2])
        return hits

    def _same_subject(self, term: Term, word: Word) -> bool:
        pairs = zip(term.about, self.abouts[word.place], strict=True)
        return all(not one or not other or one & other for one, other in pairs)


def _thoughts(words: Sequence[Word]) -> list[int]:
    """The number of the thought that each word belongs to: a sentence, and those that go on from it with "it"."""
    found: list[int] = []
    for place, word in enumerate(words):
        begins = place > 0 and word.sentence != words[place - 1].sentence and word.word not in _RESUMING
        found.append((found[-1] if found else 0) + begins)
    return found


def _near(found: dict[int, Word], since: int, besides: Iterable[int] = ()) -> dict[int, Word]:
    """What stands near enough, each word of the answer for one word of the phrasing."""
    used: set[int] = set()
    near = {}
    for number, word in found.items():
        if word.place >= since and word.place not in used and number not in besides:
            used.add(word.place)
            near[number] = word
    return near


def _opposite(phrasing: Phrasing, against: dict[int, Word]) -> bool:
    """Whether some word says the opposite of its term, as "after" of "before"."""
    return any(word.stem in phrasing.terms[number].opposites for number, word in against.items())


def _in_order(near: dict[int, Word]) -> bool:
    """Whether the words come in the order of their terms."""
    places = [near[number].place for number in sorted(near)]
    return places == sorted(places)


def _share(phrasing: Phrasing, near: dict[int, Word]) -> float:
    """How much of a phrasing these words say."""
    denying = any(word.denied for word in near.values())
    said = 0.0
    for number, word in near.items():
        said += phrasing.terms[number].weight * (FAINT if word.faint and not denying else 1)
    return said / phrasing.weight if phrasing.weight else 0.0
