"""Of whom is it said: in "g is new in each request, session is kept", whether a word belongs to g or to session."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.practice.grading.reading import Word
from bot.practice.grading.words import HTTP_METHODS, listed, weight

Sides = frozenset[str]
NOBODY: Sides = frozenset()

_OPENING = listed("difference between compare comparison advantage advantages better distinguish prefer")
_VERSUS = listed("vs versus over")
_CONNECTING = _VERSUS | listed("and or from than with to")
_BREAKING = listed("and but while whereas or vs versus although though")
_APART = listed("not than unlike")
_STATUS = re.compile(r"[1-5]\d\d")


@dataclass(frozen=True, slots=True)
class Rivals:
    """Names that a question sets against each other, by stem."""

    names: frozenset[str]

    def about(self, words: Sequence[Word]) -> list[Sides]:
        """For each word the names that it may be about; nobody if that can't be told."""
        found = [NOBODY] * len(words)
        start = 0
        for place in range(1, len(words) + 1):
            if place == len(words) or words[place].sentence != words[start].sentence:
                self._share_out(words, start, place, found)
                start = place
        return found

    def _share_out(self, words: Sequence[Word], start: int, end: int, found: list[Sides]) -> None:
        """Give each word of a sentence to the name that is spoken of there."""
        mentions = self._mentions(words, start, end)
        for number, (_, last, names) in enumerate(mentions):
            following = mentions[number + 1][0] if number + 1 < len(mentions) else None
            until = end if following is None else _cut(words, last + 1, following)
            for place in range(start, until):
                found[place] = names
            start = until

    def _mentions(self, words: Sequence[Word], start: int, end: int) -> list[tuple[int, int, Sides]]:
        """Where the names stand, first and last place; "g and session" is one mention of two."""
        mentions: list[tuple[int, int, Sides]] = []
        for place in range(start, end):
            name = words[place].stem
            if name not in self.names:
                continue
            if mentions:
                first, last, names = mentions[-1]
                between = words[last + 1 : place]
                if names == {name}:
                    mentions[-1] = (first, place, names)
                    continue
                if len(between) <= 2 and not any(weight(word.stem) or word.word in _APART for word in between):
                    mentions[-1] = (first, place, names | {name})
                    continue
            mentions.append((place, place, frozenset((name,))))
        return mentions


def _cut(words: Sequence[Word], first: int, mention: int) -> int:
    """Where the words about the next mention begin."""
    for place in range(mention, first - 1, -1):
        if words[place].clause != words[place - 1].clause or words[place].word in _BREAKING:
            return place
    return mention


def rivals_in(question: Sequence[Word], texts: Iterable[Sequence[Word]]) -> tuple[Rivals, ...]:
    """What the question compares; and the HTTP methods or status codes that its key points tell apart."""
    methods, codes = set[str](), set[str]()
    for words in (question, *texts):
        for word in words:
            if word.stem.isupper() and word.stem.lower() in HTTP_METHODS:
                methods.add(word.stem)
            elif _STATUS.fullmatch(word.stem):
                codes.add(word.stem)
    named = (_compared(question), frozenset(methods), frozenset(codes))
    return tuple(Rivals(names) for names in named if len(names) > 1)


def _compared(question: Sequence[Word]) -> frozenset[str]:
    """The names compared in "What is the difference between X and Y?", "X vs Y", "How does X differ from Y?"."""
    groups: list[list[str]] = [[]]
    compares = False
    for place, word in enumerate(question):
        if word.word in _OPENING:
            compares, groups = True, [[]]
        elif word.word in _CONNECTING or (place and word.clause != question[place - 1].clause):
            compares = compares or word.word in _VERSUS
            if groups[-1]:
                groups.append([])
            if word.word not in _CONNECTING and weight(word.stem):
                groups[-1].append(word.stem)
        elif word.stem == "differ":
            compares = True
        elif weight(word.stem):
            groups[-1].append(word.stem)
    groups = [group for group in groups if group]
    if not compares or len(groups) < 2:
        return NOBODY
    shared = set(groups[0]).intersection(*groups[1:])
    names = [[name for name in group if name not in shared] for group in groups]
    return frozenset(group[-1 if group is names[0] else 0] for group in names if group)
