"""Short answers to questions of fact: the value itself is compared, not how it is put."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.bank.model import Counts
from bot.practice.grading.reading import Word, distance, fold, frequency
from bot.practice.grading.words import DIGITS, FUNCTION_WORDS, HTTP_METHODS, NEGATORS, listed

SHORT = 12  # words: what is longer is graded by key points
BARE = 3  # words of an answer in which "get" can only be the method

_TOKEN = re.compile(r"\d+(?:\.\d+)+|[^\W_]+")
_JOINED = re.compile(r"_([^\W_]+)")  # the "to" of redirect_to belongs to a name
_FILLER = (FUNCTION_WORDS - {"get"}) | listed(
    "http https flask default port host method function extension use uses using run address number answer"
)
_SAME = {"localhost": "127.0.0.1", "pip3": "pip", "python3": "python"}
_TENS = {"hundred": "00", "thousand": "000"}


class Verdict(StrEnum):
    FULL = "full"
    HALF = "half"
    WRONG = "wrong"
    HEDGED = "hedged"
    UNKNOWN = "unknown"  # no value that the author listed


@dataclass(frozen=True, slots=True)
class Values:
    """What counts as the answer, as sets of the words that matter."""

    full: tuple[frozenset[str], ...]
    half: tuple[frozenset[str], ...]
    wrong: tuple[frozenset[str], ...]

    def judge(self, said: str, words: Sequence[Word]) -> tuple[Verdict, frozenset[str]]:
        """The verdict on a short answer, and the words that earned it."""
        tokens = _affirmed(said, words)
        tokens = {self._meant(token) for token in tokens}
        found = [
            (entry, verdict)
            for entries, verdict in ((self.full, Verdict.FULL), (self.half, Verdict.HALF), (self.wrong, Verdict.WRONG))
            for entry in entries
            if entry <= tokens
        ]
        widest = [(entry, verdict) for entry, verdict in found if not any(entry < other for other, _ in found)]
        verdicts = {verdict for _, verdict in widest}
        matched = _all(entry for entry, _ in widest)
        right = _all(entry for entry, verdict in widest if verdict is not Verdict.WRONG)
        wrong = (matched - right) | {token for token in tokens - matched if self._rivals(token)}
        if not widest:
            return (Verdict.WRONG if wrong else Verdict.UNKNOWN), matched
        if not right:
            return (Verdict.HEDGED if any(entry < wrong for entry in self.full) else Verdict.WRONG), matched
        if wrong:
            several = Verdict.FULL in verdicts or not {_shape(token) for token in wrong}.isdisjoint(map(_shape, right))
            return (Verdict.HEDGED if several else Verdict.HALF), matched
        choosing = any(word.word == "or" for word in words)
        full = Verdict.FULL in verdicts and not (Verdict.HALF in verdicts and choosing)
        return (Verdict.FULL if full else Verdict.HALF), matched

    def _rivals(self, token: str) -> bool:
        """Whether a word is another value of the kind that was asked for, such as another port."""
        right = _all(self.full)
        if token in right:
            return False
        if token[0].isdigit():
            return len(token) > 2 and any(other[0].isdigit() for other in right)
        return token in HTTP_METHODS and not right.isdisjoint(HTTP_METHODS)

    def _meant(self, token: str) -> str:
        """The listed word that a misspelled one was meant to be."""
        listed = _all((*self.full, *self.half, *self.wrong, frozenset(_SAME)))
        if len(token) < 5 or token in listed or not token.isalpha() or frequency(token):
            return token
        most = 1 if len(token) < 8 else 2
        near = [word for word in sorted(listed) if len(word) > 4 and distance(token, word, most) <= most]
        return _SAME.get(near[0], near[0]) if near else token


def _all(entries: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*entries)


def _shape(token: str) -> str:
    """What kind of value a token is: a port and an address may stand together, two ports not."""
    return "name" if not token[0].isdigit() else "address" if "." in token else "number"


def values_of(counts: Counts) -> Values:
    return Values(_entries(counts.full), _entries(counts.half), _entries(counts.wrong))


def _entries(phrases: Iterable[str]) -> tuple[frozenset[str], ...]:
    return tuple(filter(None, (_telling(phrase) for phrase in phrases)))


def _telling(text: str) -> frozenset[str]:
    """The tokens that matter: fillers only where they are part of a name."""
    return frozenset(_tokens(text)) - (_FILLER - {fold(word) for word in _JOINED.findall(text)} | {"flask"})


def _tokens(text: str) -> list[str]:
    """The words and numbers of a text, numbers in figures."""
    found: list[str] = []
    growing = False  # whether the last token is a number said word by word
    words = [fold(token) for token in _TOKEN.findall(text)]
    for place, word in enumerate(words):
        if word == "local" and words[place + 1 : place + 2] == ["host"]:
            word = "localhost"
        number = DIGITS.get(word)
        if growing and number:
            found[-1] += number
        elif growing and word in _TENS:
            found[-1] += _TENS[word]
        elif growing and word in ("dot", "point"):
            found[-1] += "."
        else:
            growing = number is not None
            found.append(number or _SAME.get(word, word))
    return found


def _affirmed(said: str, words: Sequence[Word]) -> set[str]:
    """The tokens of an answer that it doesn't deny."""
    denied = {word.word for word in words if word.denied}
    tokens = set(_telling(said))
    if "get" in tokens and len(words) > BARE and not any(word.stem == "GET" for word in words):
        tokens.discard("get")  # "you get it" names no method
    return tokens - {_SAME.get(word, word) for word in denied} - NEGATORS
