"""What a mock interview asks, and how its answers went: rules over values, without a database or a word to show."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from random import Random
from typing import NamedTuple

from fsrs import Rating

from bot.bank.bank import Entry
from bot.bank.model import Level
from bot.practice.remembering import rating_of_share

SHORTEST, USUAL, LONGEST = 3, 5, 15  # questions, without those that follow up
INTERRUPTED = 600  # seconds after which an answer was interrupted, and its time says nothing
STRONG = 0.8  # of the key points, or of what one can be rated

_LEVELS = tuple(Level)
_BY_CORRECTNESS = (Rating.Again, Rating.Hard, Rating.Good, Rating.Good, Rating.Easy)


# What is asked


def choose(entries: Iterable[Entry], number: int, last: Collection[str], random: Random) -> list[str]:
    """The names of so many questions, or of all if there are fewer, from warm-up to senior.

    What was asked `last` time comes only when nothing else is left. Sections take turns; of what they offer, the level
    that the interview is at comes first, then what most interviews ask.
    """
    shelves: dict[_Shelf, list[Entry]] = {}
    for entry in entries:
        question = entry.question
        section, level = (entry.topic.id, entry.section.id), _LEVELS.index(question.level)
        shelves.setdefault(_Shelf(entry.name in last, section, level, not question.priority), []).append(entry)
    chosen: list[tuple[int, str]] = []
    asked = Counter[tuple[str, str]]()
    for place in range(number):
        wanted = len(_LEVELS) * place // number
        open_ = [shelf for shelf, there in shelves.items() if there]
        if not open_:
            break
        random.shuffle(open_)  # whatever is equally good is drawn
        best = min(open_, key=_preferred(asked, wanted))
        there = shelves[best]
        chosen.append((best.level, there.pop(random.randrange(len(there))).name))
        asked[best.section] += 1
    return [name for _, name in sorted(chosen, key=lambda one: one[0])]


class _Shelf(NamedTuple):
    """Questions that are equally good to ask."""

    last: bool
    section: tuple[str, str]
    level: int
    rare: bool  # not asked in most interviews


def _preferred(asked: Counter[tuple[str, str]], wanted: int) -> Callable[[_Shelf], tuple[bool, int, int, bool]]:
    return lambda shelf: (shelf.last, asked[shelf.section], abs(shelf.level - wanted), shelf.rare)


def follow_up(entry: Entry, known: Collection[str], asked: Collection[str]) -> str:
    """What an interviewer asks after a good answer: the first of its follow-ups that is `known` and was not `asked`."""
    names = (f"{entry.topic.id}/{id_}" for id_ in entry.question.follow_ups)
    return next((name for name in names if name in known and name not in asked), "")


def extra(number: int) -> int:
    """How many follow-ups an interview of so many questions has at most."""
    return number // 3


# What was said


@dataclass(frozen=True, slots=True)
class Marks:
    """How long something was spoken, and how the speaker rates it: 1 to 5 each, 0 before."""

    seconds: int
    clarity: int = 0
    correctness: int = 0
    brevity: int = 0

    def pack(self) -> str:
        """As digits, to be kept with a step."""
        return f"{self.clarity}{self.correctness}{self.brevity}{self.seconds}"

    @classmethod
    def unpack(cls, packed: str) -> "Marks | None":
        """The marks that were packed; None before anything was said."""
        return cls(int(packed[3:]), *(int(digit) for digit in packed[:3])) if packed else None

    @property
    def ratings(self) -> tuple[int, int, int]:
        return self.clarity, self.correctness, self.brevity

    @property
    def complete(self) -> bool:
        return all(self.ratings)

    def rated(self, which: int, number: int) -> "Marks":
        """With one of the ratings given, or changed."""
        return replace(self, **{("clarity", "correctness", "brevity")[which]: number})

    @property
    def rating(self) -> Rating:
        """What it means for when the question comes again."""
        return _BY_CORRECTNESS[self.correctness - 1]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question that was asked: it was said and rated, typed and graded, or not answered."""

    entry: Entry
    follows: bool = False  # it followed up on the one before
    answered: bool = False
    seconds: int | None = None  # None: not answered, or interrupted
    marks: Marks | None = None
    share: float | None = None  # of the key points, in what was typed
    points: tuple[tuple[str, bool], ...] = ()  # the key points, and whether they were made
    text: str = ""  # what was typed
    remembered: bool = False  # there is something to bring forward: it was answered, now or before

    @property
    def weak(self) -> bool:
        """Whether it is to be reviewed: it stayed without an answer, or was hardly known."""
        if not self.answered:
            return self.marks is None  # how good it was that was spoken and not rated, nobody knows
        if self.share is not None:
            return rating_of_share(self.share) < Rating.Good
        return self.marks is not None and self.marks.rating < Rating.Good

    @property
    def strength(self) -> float:
        """How good it was, 0 to 1, to compare answers of one interview; never shown."""
        if self.share is not None:
            return self.share
        return sum(self.marks.ratings) / 15 if self.marks else 0

    @property
    def well(self) -> bool:
        """Whether an interviewer would ask on."""
        if self.share is not None:
            return self.share >= STRONG
        return self.marks is not None and self.marks.complete and self.marks.correctness >= 4


def timed(seconds: float) -> int | None:
    """The time of an answer, if it says anything."""
    return int(seconds) if 0 <= seconds <= INTERRUPTED else None


def strongest(outcomes: Iterable[Outcome]) -> Outcome | None:
    """The best of the answers that need no review; None if all do."""
    return max((one for one in outcomes if one.answered and not one.weak), key=lambda one: one.strength, default=None)


def weakest(outcomes: Iterable[Outcome]) -> Outcome | None:
    """What most needs a review, an open question before a poor answer; None if nothing does."""
    return min((one for one in outcomes if one.weak), key=lambda one: (one.answered, one.strength), default=None)
