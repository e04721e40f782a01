"""What was said, as words with a meaning and a place."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from gzip import decompress
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from bot.practice.grading.words import (
    CACHED,
    FUNCTION_WORDS,
    HTTP_METHODS,
    PHRASES,
    SPELLINGS,
    VOCABULARY,
    listed,
    stem,
)

READ_LIMIT = 5_000  # characters: what comes after is not read
WORD_LIMIT = 40  # letters: what is longer is no word, and is cut
REPAIRED = 150  # different words of one answer that may be taken for misspelled ones
COMMON = 1_000  # times that a word was met: a rarer one, such as "lops", may be a misspelled "loops"

_PIECE = re.compile(
    r"(?P<word>[wW]/[oO]\b|[bB]4\b|[^\W\d_]+(?:[\u0300-\u036f]+[^\W\d_]*)*(?:['’ʼ`´][^\W\d_]{1,3}\b)?)"
    r"|(?P<number>\d+(?:[.,:]\d+)*)"
    r"|(?P<end>[.!?]+(?=\s|$)|;|\n|…)"
    r"|(?P<pause>,|:(?!\d)|(?<=\s)[-–—](?=\s)|—|[()])"
)
_HUMP = re.compile(r"(?<=[a-z]{2})(?=[A-Z])|(?<=[A-Z]{2})(?=[A-Z][a-z]{4})")  # FlaskForm, HTTPException; not OAuth
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")
_REQUESTING = listed("request requests method methods post put route")  # beside "get": the HTTP method


class Word(NamedTuple):
    said: str  # as it was typed
    word: str  # as it was meant, folded
    stem: str
    place: int  # counting words
    sentence: int
    clause: int
    joined: bool = False  # to the word before, as in secure_filename
    denied: bool = False
    faint: bool = False  # the subject of a denial: "Celery" in "Celery isn't for that"


class _Raw(NamedTuple):
    said: str
    folded: str
    sentence: int
    clause: int
    code: bool = False  # after a dot, as in client.get
    joined: bool = False

    def meaning(self, folded: str) -> "_Raw":
        return self if folded == self.folded else self._replace(folded=folded)


def fold(word: str) -> str:
    """Lower case, without accents; a straight apostrophe."""
    if word.isascii():
        return word[:WORD_LIMIT].lower().replace("`", "'")
    plain = unicodedata.normalize("NFKD", word[:WORD_LIMIT])
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return re.sub("[’ʼ`´]", "'", plain).casefold()


def words_of(text: str) -> list[str]:
    """The folded words of a text, names taken apart."""
    return [raw.folded for raw in _pieces(text)]


def _pieces(text: str) -> list[_Raw]:
    found: list[_Raw] = []
    sentence = clause = 0
    glued = -1  # where the last word ended
    for piece in _PIECE.finditer(text):
        kind, said, start = piece.lastgroup, piece[0], piece.start()
        if kind == "end":
            sentence, clause = sentence + 1, clause + 1
        elif kind == "pause":
            clause += 1
        elif kind == "number":
            folded = said.replace(",", "") if _THOUSANDS.fullmatch(said) else said
            if start != glued:
                found.extend(_Raw(said, part, sentence, clause) for part in folded.split(":"))
            elif len(folded) > 1:  # sha256; but the 2 of Jinja2 says nothing
                last = found.pop()
                found.append(last._replace(said=last.said + said, folded=last.folded + folded))
        else:
            code = start > 1 and text[start - 1] == "." and text[start - 2].isalnum()
            joined = start > 0 and text[start - 1] == "_"
            plain = said.islower() or not said.isascii() or "'" in said
            for part in (said,) if plain else _HUMP.split(said):
                folded = fold(part)
                if not folded:
                    continue
                folded = SPELLINGS.get(folded, folded)
                if "'" in folded:
                    folded = "not" if folded.endswith("n't") else folded.partition("'")[0]
                found.append(_Raw(part, folded, sentence, clause, code, joined))
            glued = piece.end()
    return found


def _by_letter(words: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in sorted(words):
        if len(word) > 3 and word.isascii():
            found.setdefault(word[0], []).append(word)
    return found


_VOCABULARY = _by_letter(VOCABULARY)
_VOCABULARY_STEMS = frozenset(stem(word) for words in (VOCABULARY, *PHRASES.values()) for word in words)
_PHRASES_BY_FIRST: dict[str, list[tuple[str, ...]]] = {}
for _phrase in sorted(PHRASES, key=len, reverse=True):
    _PHRASES_BY_FIRST.setdefault(_phrase[0], []).append(_phrase)


class Reader:
    """Reads with the words of one question in mind: they tell what a misspelled or dictated word was meant to be."""

    def __init__(self, texts: Iterable[str], aliases: Mapping[str, Sequence[str]]) -> None:
        self._known: set[str] = set()
        self._apart: dict[str, tuple[str, str]] = {}  # compounds that the question writes in two words
        self._authored = {text: _pieces(text) for text in texts}
        for pieces in self._authored.values():
            words = [piece.folded for piece in pieces]
            self._known.update(words)
            for pair in pairwise(words):
                if all(len(word) > 1 and word not in FUNCTION_WORDS for word in pair):
                    self._apart.setdefault("".join(pair), pair)
        self._heard = {
            tuple(words_of(spelling)): self._usual(name) for name, others in aliases.items() for spelling in others
        }
        self._heard_by_first: dict[str, list[tuple[str, ...]]] = {}
        for key in sorted(filter(None, self._heard), key=len, reverse=True):
            self._heard_by_first.setdefault(key[0], []).append(key)
        self._stems = frozenset(stem(word) for word in self._known)
        self._by_letter = _by_letter(self._known)

    def _usual(self, name: str) -> tuple[str, ...]:
        """The words of a name, as the question writes it."""
        return tuple(
            part
            for word in words_of(name)
            for part in (self._apart.get(word, (word,)) if word not in self._known else (word,))
        )

    def read(self, text: str, *, repair: bool = True) -> list[Word]:
        """The words of a text, misspelled ones repaired."""
        pieces = self._authored.get(text) or _pieces(text[:READ_LIMIT])
        raws = self._as_one(self._spelled_out(pieces))
        if repair:
            meant = self._meant_words(raws)
            if meant:
                raws = self._as_one([raw.meaning(meant.get(raw.folded, raw.folded)) for raw in raws])
        return _numbered(raws)

    def _spelled_out(self, raws: list[_Raw]) -> list[_Raw]:
        """Letters said one by one are joined where they are a word of the question: w s g i."""
        if all(len(raw.said) > 1 for raw in raws):
            return raws
        found: list[_Raw] = []
        place = 0
        while place < len(raws):
            end = place
            while end < min(len(raws), place + 8) and len(raws[end].said) == 1 and raws[end].said.isalpha():
                end += 1
            for stop in range(end, place + 1, -1):
                letters = "".join(raw.said for raw in raws[place:stop]).lower()
                if letters in self._known:
                    said = " ".join(raw.said for raw in raws[place:stop])
                    found.append(raws[place]._replace(said=said, folded=letters))
                    place = stop
                    break
            else:
                found.append(raws[place])
                place += 1
        return found

    def _as_one(self, raws: list[_Raw]) -> list[_Raw]:
        """Phrases of one meaning, names heard as several words, compounds written apart or together."""
        found: list[_Raw] = []
        place = 0
        while place < len(raws):
            raw = raws[place]
            length, names = self._phrase_at(raws, place)
            if names:
                said = " ".join(word.said for word in raws[place : place + length])
                found.extend(raw._replace(said=said, folded=name) for name in names)
            else:
                found.append(raw)
            place += length
        return found

    def _phrase_at(self, raws: list[_Raw], place: int) -> tuple[int, tuple[str, ...]]:
        """How many of the words that begin here are one, and what they mean; no meaning if they are what they are."""
        raw = raws[place]
        word = raw.folded
        for table, phrases in ((self._heard, self._heard_by_first), (PHRASES, _PHRASES_BY_FIRST)):
            for key in phrases.get(word, ()):
                some = raws[place : place + len(key)]
                if tuple(one.folded for one in some) == key and some[-1].clause == raw.clause:
                    return len(key), table[key]
        if place + 1 < len(raws) and raws[place + 1].clause == raw.clause and len(word) > 1:
            together = word + raws[place + 1].folded
            if together in self._known and len(together) > 4 and not self._apart.get(together):
                return 2, (together,)
        if word not in self._known and word in self._apart:
            return 1, self._apart[word]
        return 1, ()

    def _meant_words(self, raws: list[_Raw]) -> dict[str, str]:
        """The misspelled words, and what they were meant to be."""
        meant: dict[str, str] = {}
        tried = 0
        for word in dict.fromkeys(raw.folded for raw in raws):
            if len(word) < 3 or not (word.isascii() and word.isalpha()) or word in FUNCTION_WORDS:
                continue
            stemmed = stem(word)
            if stemmed in self._stems or stemmed in _VOCABULARY_STEMS:
                continue
            often = frequency(word)
            if often >= COMMON:
                continue
            tried += 1
            if tried > REPAIRED:
                break
            most = 1 if often or len(word) < 6 else 2 if len(word) < 10 else 3
            best = self._nearest(word, most)
            if best:
                meant[word] = SPELLINGS.get(best, "not" if best.endswith("n't") else best)
        return meant

    def _nearest(self, word: str, most: int) -> str:
        """The word of the question, else of the vocabulary, that is spelled most like this one."""
        best, nearest = "", (most, True)
        for words in (self._by_letter, _VOCABULARY):
            swapped = [other for other in words.get(word[1], ()) if other[1] == word[0]]
            for candidate in (*words.get(word[0], ()), *swapped):
                if abs(len(candidate) - len(word)) <= nearest[0]:
                    far = (distance(word, candidate, nearest[0]), not _within(word, candidate))
                    if far < nearest or (not best and far == nearest):
                        best, nearest = candidate, far
        return best


def _within(word: str, whole: str) -> bool:
    """Whether a word is another one with letters left out, as in chats."""
    rest = iter(whole)
    return all(letter in rest for letter in word)


def _numbered(raws: list[_Raw]) -> list[Word]:
    """The words with their stems and places. HTTP methods are kept apart from the verbs: GET and get."""
    found = []
    for place, raw in enumerate(raws):
        stemmed = stem(raw.folded)
        if raw.folded in HTTP_METHODS:
            beside = {other.folded for other in raws[max(0, place - 2) : place + 3] if other is not raw}
            named = place + 1 < len(raws) and raws[place + 1].joined  # the "get" of get_json
            is_method = raw.said.isupper() or (raw.code and not named) or raw.folded in ("post", "patch")
            if is_method or (raw.folded == "get" and beside & _REQUESTING):
                stemmed = raw.folded.upper()
        found.append(Word(raw.said, raw.folded, stemmed, place, raw.sentence, raw.clause, raw.joined))
    return found


@lru_cache(1)
def _english() -> bytes:
    """pyspellchecker's English words as they are packed there: sorted, one a line, each with its frequency."""
    return decompress(files("spellchecker").joinpath("resources/en.json.gz").read_bytes())[len("{\n") :]


@lru_cache(CACHED)
def frequency(word: str) -> int:
    """How often a folded word was met in English texts; 0 if it is no word, and maybe a misspelled one."""
    listed, wanted = _english(), f'"{word}":'.encode()

    def name_at(place: int) -> bytes:
        start = listed.rfind(b"\n", 0, place) + 1
        return listed[start : listed.find(b" ", start)]

    place = bisect_left(range(len(listed)), wanted, key=name_at)
    if name_at(place) != wanted:
        return 0
    start = listed.rfind(b"\n", 0, place) + 1 + len(wanted)
    return int(listed[start : listed.find(b"\n", start)].rstrip(b",}"))


def distance(one: str, other: str, most: int) -> int:
    """Letters to add, drop, change or swap to turn one word into the other; `most` + 1 if it takes more."""
    if len(set(one) ^ set(other)) > 2 * most:  # each change settles two letters at most: most words end here
        return most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, against in enumerate(other, 1):
            cost = min(last[column] + 1, line[-1] + 1, last[column - 1] + (letter != against))
            if row > 1 and column > 1 and letter == other[column - 2] and against == one[row - 2]:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        if min(line) > most:
            return most + 1
        before, last = last, line
    return min(last[-1], most + 1)
