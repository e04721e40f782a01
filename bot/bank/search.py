"""Questions by their words, in any of their texts, also misspelt.

SQLite's full-text index finds them. Each word that is asked for is first read as words of the bank: itself and its
other forms, what it begins if it is the last one, and what is spelt nearly so if the bank has none of these. Only such
words are looked up, so nothing that somebody typed is ever read as the syntax of the index.

The index has the questions with the shortest titles first. Where more of them have the words than anybody would look
through, those that come first are the ones whose titles say little else; so it takes as long in a bank of any size.
"""

import re
import sqlite3
import unicodedata
import weakref
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from math import fsum, log
from threading import Lock
from typing import NamedTuple

from bot.bank.bank import Entry
from bot.messages import escape

MOST = 100  # questions that a search finds
SNIPPET = 160  # characters of text, before they are escaped

_READ = 500  # characters of what was typed
_ASKED = 12  # words of it
_LOOSE = 5  # of these, the rarest, any of which a question may lack
_FEW = 10  # with fewer questions that have all the words, those that lack some are found too
_COMMON = 1 / 3  # of all questions: a word that more of them have says little
_LONGER = 12  # words that the last one may begin
_NEAR = 3  # words that a misspelt one may stand for
_LEAD = 40  # characters of a snippet before what was asked for

_SAME, _FORM, _BEGUN, _SPELT = 1.0, 0.9, 0.7, 0.5  # how well a word of the bank fits one that was asked for

# What is sought while somebody types has a table of its own, where the words of the long texts are not in the way.
_TABLES = {"heading": ("title", "tags"), "question": ("title", "tags", "said", "explanation", "code")}
_WEIGHTS = {"title": 8.0, "tags": 3.0, "said": 3.0}  # what a word counts for in each of these

_ENGINE = "fts5"
_APART = {code: " " for code in range(128) if not chr(code).isalnum()}
_TOGETHER = _APART | {ord(joint): None for joint in "_-"}
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"  # written without spaces: each is a word
_IDEOGRAPH = re.compile(f"([{_IDEOGRAPHS}])")
_SYMBOL = re.compile(r"[^\w-]")
_WORD = re.compile(rf"[{_IDEOGRAPHS}]|[^\W_{_IDEOGRAPHS}]+")
_NAME = re.compile(r"[^\W_]+(?:[_-]+[^\W_]+)*")
_MARKUP = re.compile(
    r"^ *(?:[`~]{3,}.*|(?:[#>*+-]+|[0-9]+\.) )|`+([^`]+)`+|(\*{1,2})(?=\S)([^*]+)(?<=\S)\2|!?\[([^\]]*)\]\([^)]*\)",
    re.MULTILINE,
)


class SearchError(Exception):
    """There can be no index, and why."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A question that was found. `snippet` is Markdown: a piece of its texts, with what was asked for in bold."""

    entry: Entry
    snippet: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """One word that was asked for: the words of the bank that it may be, each with how well it fits, at most 1."""

    words: Mapping[str, float]
    best: frozenset[str]  # the word itself and its forms; if the bank has none, what fits best
    share: float  # of the questions that have it
    worth: float  # what it says of those that have it


class _Tier(NamedTuple):
    """Columns of a table, and what each word counts for if all that were asked for are there.

    That is what saves reading the longer texts: a title that has them all is taken to have them everywhere.
    """

    table: str
    columns: str
    weight: float


_TITLE = _Tier("heading", "title", 8.5)
_TITLES = (_TITLE, _Tier("heading", "title tags", 2.5))
_ANYWHERE = (
    _TITLE,
    _Tier("question", "title tags said", 2.5),
    _Tier("question", "title tags said explanation", 1.5),
    _Tier("question", "title tags said explanation code", 1.0),
)


class Index:
    """Finds questions by words. Any thread may ask."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = tuple(entries)
        self._priority = tuple(entry for entry in entries if entry.question.priority)
        # For each row of the index, the place in the bank.
        self._places = sorted(range(len(entries)), key=lambda place: len(entries[place].question.question.split()))
        self._lock = Lock()
        self._index, self._scratch = _opened(_TABLES, "row"), _opened({"scratch": ("words",)}, "instance")
        for connection in (self._index, self._scratch):
            weakref.finalize(self, connection.close)
        vocabulary = self._filled()
        self._frequency: dict[str, int] = dict(self._index.execute("SELECT term, doc FROM question_row"))
        self._words = sorted(vocabulary)
        self._backwards = sorted(word[::-1] for word in vocabulary)
        self._stems = dict(zip(self._words, self._stemmed(self._words), strict=True))
        self._forms = defaultdict[str, list[str]](list)
        for word, stem in self._stems.items():
            self._forms[stem].append(word)

    def search(self, words: str, limit: int, offset: int = 0) -> list[Hit]:
        """The questions that these words are about, the best first; without any word, what most interviews ask."""
        asked = self._read(words)
        found = self._priority if asked is None else self._ranked(asked, _ANYWHERE)
        return [Hit(entry, _snippet(entry, asked or ())) for entry in found[offset : offset + limit]]

    def count(self, words: str) -> int:
        """How many questions a search finds; for words MOST at the most."""
        asked = self._read(words)
        return len(self._priority if asked is None else self._found(asked, _ANYWHERE))

    def titles(self, prefix: str, limit: int) -> list[Entry]:
        """The questions to offer while somebody types, by their titles and tags alone."""
        asked = self._read(prefix, typing=True)
        return list((self._priority if asked is None else self._ranked(asked, _TITLES))[:limit])

    def _filled(self) -> set[str]:
        """Fill the index; the words that are in it."""
        vocabulary = set[str]()
        self._index.execute("BEGIN")
        for row, place in enumerate(self._places):
            columns = [_words(text) for text in _texts(self._entries[place]).values()]
            vocabulary.update(*columns)
            values = (row, *map(" ".join, columns))
            self._index.execute("INSERT INTO heading (rowid, title, tags) VALUES (?, ?, ?)", values[:3])
            self._index.execute(
                "INSERT INTO question (rowid, title, tags, said, explanation, code) VALUES (?, ?, ?, ?, ?, ?)", values
            )
        self._index.execute("COMMIT")
        for table in _TABLES:
            self._index.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")  # noqa: S608
        return vocabulary

    def _read(self, typed: str, *, typing: bool = False) -> list[_Asked] | None:
        """What was typed, or is being typed, as words of the bank; None if there is no word in it."""
        words = _parts(typed[:_READ])[:_ASKED]
        if not words:
            return None
        unknown = [word for word in words if word not in self._stems]
        stems = dict(zip(unknown, self._stemmed(unknown), strict=True)) if unknown else {}
        meant = {word: self._forms_of(word, stems.get(word) or self._stems[word]) for word in words}
        last = words[-1]
        if typing or len(last) > 2 or len(words) == 1 or not meant[last]:  # not the `g` of "session or g"
            for begun in (last, "".join(words[-2:])):
                meant[last] = self._commonest(_beginning(self._words, begun), _LONGER, _BEGUN) | meant[last]
        for size in (2, 3):  # "url for", "web sockets"
            for start in range(len(words) - size + 1):
                name = "".join(words[start : start + size])
                if name in self._stems:
                    for word in words[start : start + size]:
                        meant[word][name] = _SAME
        for word in words:
            meant[word] = meant[word] or self._near(word, begun=word == last)
        return [self._asked(fits) for fits in meant.values() if fits]

    def _asked(self, fits: Mapping[str, float]) -> _Asked:
        least = min(_FORM, max(fits.values()))
        best = frozenset(word for word, fit in fits.items() if fit >= least)
        frequencies = (self._frequency[stem] for stem in {self._stems[word] for word in best})
        having = min(len(self._entries), sum(frequencies))
        return _Asked(fits, best, having / len(self._entries), self._worth(having))

    def _worth(self, having: int) -> float:
        """What a word says of the questions that have it, being so many: the fewer, the more."""
        return log(1 + (len(self._entries) - having + 0.5) / (having + 0.5)) + 0.1

    def _forms_of(self, word: str, stem: str) -> dict[str, float]:
        """The word and its other forms, as far as the bank has them."""
        return {form: _SAME if form == word else _FORM for form in self._forms.get(stem, ())}

    def _near(self, word: str, *, begun: bool) -> dict[str, float]:
        """What may be meant by a word that the bank does not have; with `begun`, also what it may begin."""
        wrong = 0 if len(word) < 4 else 1 if len(word) < 8 else 2  # letters
        right = len(word) // 2 if wrong == 1 else (len(word) + 1) // 3  # letters at one of its ends
        if not wrong:
            return {}
        edits: dict[str, int] = {}
        for other in _beginning(self._words, word[:right]):
            if abs(len(other) - len(word)) <= wrong:
                edits[other] = _edits(word, other, wrong)
            elif begun and len(other) > len(word):
                edits[other] = min(_edits(word, other[:size], wrong) for size in (len(word), len(word) + 1))
        for backwards in _beginning(self._backwards, word[::-1][:right]):
            if abs(len(backwards) - len(word)) <= wrong:
                edits[backwards[::-1]] = _edits(word, backwards[::-1], wrong)
        for at in range(len(word) - 1):
            swapped = word[:at] + word[at : at + 2][::-1] + word[at + 2 :]
            if swapped in self._stems:
                edits[swapped] = 1
        fewest = min(edits.values(), default=wrong + 1)
        if fewest > wrong:
            return {}
        return self._commonest((other for other, number in edits.items() if number == fewest), _NEAR, _SPELT)

    def _commonest(self, words: Iterable[str], most: int, fit: float) -> dict[str, float]:
        """Of these words those that most questions have, in all their forms."""
        stems = dict.fromkeys(self._stems[word] for word in words)
        commonest = sorted(stems, key=self._frequency.__getitem__, reverse=True)[:most]
        return {form: fit for stem in commonest for form in self._forms[stem]}

    def _ranked(self, asked: Sequence[_Asked], tiers: Sequence[_Tier]) -> Sequence[Entry]:
        """The questions that are found, the best first; among equals, in the order of the bank."""
        fits = _fits(asked)
        scores: dict[int, float] = {}
        for row, counted in self._found(asked, tiers).items():
            place = self._places[row]
            scores[place] = self._score(self._entries[place], asked, fits, counted)
        return [self._entries[place] for place in sorted(scores, key=lambda place: (-scores[place], place))]

    def _found(self, asked: Sequence[_Asked], tiers: Sequence[_Tier]) -> dict[int, float]:
        """The rows with what was asked for, at most MOST, and what having all of it counts for."""
        found = self._first(asked, tiers) if asked else {}
        for looser in _looser(asked):
            if len(found) >= _FEW:
                break
            for some in looser:
                # One alone is sought where it says most; several, to be found at all.
                for row in self._first(some, tiers if len(some) == 1 else tiers[-1:]):
                    if len(found) < MOST:
                        found.setdefault(row, 0.0)
        return found

    def _first(self, asked: Sequence[_Asked], tiers: Sequence[_Tier]) -> dict[int, float]:
        """The rows that have all these words in one of the tiers, at most MOST, and what they count for there."""
        worth = sum(one.worth for one in asked)
        found: dict[int, float] = {}
        widest = self._having(asked, tiers[-1])
        for tier in tiers:
            if len(found) < len(widest):
                for row in widest if tier is tiers[-1] else self._having(asked, tier):
                    found.setdefault(row, tier.weight * worth)
        return dict(islice(found.items(), MOST))

    def _having(self, asked: Sequence[_Asked], tier: _Tier) -> list[int]:
        """The first MOST rows that have all these words in the columns of the tier."""
        every = []
        for one in asked:
            forms = {self._stems[word]: word for word in one.words}  # by one form of a word, the index finds all
            every.append("({})".format(" OR ".join(f'"{word}"' for word in forms.values())))
        expression = "{{{}}} : ({})".format(tier.columns, " AND ".join(every))
        with self._lock:
            rows = self._index.execute(
                f"SELECT rowid FROM {tier.table} WHERE {tier.table} MATCH ? LIMIT ?",  # noqa: S608
                (expression, MOST),
            ).fetchall()
        return [row for (row,) in rows]

    def _score(
        self, entry: Entry, asked: Sequence[_Asked], fits: Mapping[str, Mapping[int, float]], counted: float
    ) -> float:
        """How much a question is about what was asked for.

        Where the title has all of it, the rest is not read, and what it counts for grows up to twice, the less else the
        title says.
        """
        title = _words(entry.question.question)
        hits = fits.keys() & title
        score = counted + _WEIGHTS["title"] * _value(hits, asked, fits)
        if len({number for word in hits for number in fits[word]}) == len(asked):
            worth = {word: self._worth(self._frequency[self._stems[word]]) for word in title}
            best = frozenset[str]().union(*(one.best for one in asked))
            return score * (1 + fsum(worth[word] for word in title & best) / fsum(worth.values()))
        texts = _texts(entry)
        for column in ("tags", "said"):
            score += _WEIGHTS[column] * _value(fits.keys() & _words(texts[column]), asked, fits)
        return score

    def _stemmed(self, words: Sequence[str]) -> list[str]:
        """The stem of each word, as the index has it."""
        with self._lock:
            self._scratch.execute("INSERT INTO scratch (rowid, words) VALUES (0, ?)", (" ".join(words),))
            stems = self._scratch.execute("SELECT term FROM scratch_instance ORDER BY offset").fetchall()
            self._scratch.execute("INSERT INTO scratch (scratch) VALUES ('delete-all')")
        return [stem for (stem,) in stems]


def _opened(tables: Mapping[str, Sequence[str]], words: str) -> sqlite3.Connection:
    """A database of empty indexes with these columns, each with a table of its words: of each `row` or `instance`."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    for table, columns in tables.items():
        detail = "full" if words == "instance" else "column"
        lean = f"content='', columnsize=0, detail={detail}, tokenize='porter ascii'"
        try:
            connection.execute(f"CREATE VIRTUAL TABLE {table} USING {_ENGINE} ({', '.join(columns)}, {lean})")
        except sqlite3.OperationalError as error:
            connection.close()
            raise SearchError(
                f"The SQLite {sqlite3.sqlite_version} of this Python can't search texts: {error}. "
                "Take a Python whose SQLite has FTS5, as those of python.org, Debian, Alpine, Homebrew and uv do."
            ) from error
        connection.execute(f"CREATE VIRTUAL TABLE temp.{table}_{words} USING fts5vocab (main, {table}, {words})")
    return connection


def _texts(entry: Entry) -> dict[str, str]:
    """What is searched of a question, by column."""
    question, topic, section = entry.question, entry.topic, entry.section
    said = "\n".join((question.answer, *(point.text for point in question.key_points)))
    about = f"{question.question}\n{said}".casefold() if topic.aliases else ""
    spellings = [one for term, every in topic.aliases.items() if term.casefold() in about for one in every]
    return {
        "title": question.question,
        "tags": " ".join((entry.name, topic.title, section.id, section.title, question.level, *spellings)),
        "said": said,
        "explanation": question.explanation or "",
        "code": question.code or "",
    }


def _folded(text: str) -> str:
    """The text in small letters without accents; beyond ASCII, spaces for symbols and around ideographs."""
    if text.isascii():
        return text.lower()
    bare = "".join(char for char in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(char))
    return _SYMBOL.sub(" ", _IDEOGRAPH.sub(r" \1 ", bare))


def _parts(text: str) -> list[str]:
    """The words of a text, one by one."""
    return _folded(text).translate(_APART).split()


@lru_cache(10_000)
def _joined(name: str) -> str:
    """All of a name as one word."""
    return "".join(_parts(name))


def _words(text: str) -> set[str]:
    """The words of a text; of a name like `url_for` or "Flask-Login" the parts, and all of it as one."""
    folded = _folded(text)
    return {*folded.translate(_APART).split(), *folded.translate(_TOGETHER).split()}


def _beginning(words: Sequence[str], prefix: str) -> Sequence[str]:
    """Of sorted words, those that begin so."""
    return words[bisect_left(words, prefix) : bisect_left(words, prefix + chr(0x10FFFF))]


def _edits(one: str, other: str, most: int) -> int:
    """How many letters are missing, added, changed, or swapped with the next; if more than `most`, some such number."""
    if one == other:
        return 0
    if abs(len(one) - len(other)) > most or not most:
        return most + 1
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    one, other = one[same:], other[same:]
    ways = [(one[1:], other[1:]), (one[1:], other), (one, other[1:])]
    if one[:2] == other[1::-1]:
        ways.append((one[2:], other[2:]))
    return 1 + min(_edits(*way, most - 1) for way in ways)


def _looser(asked: Sequence[_Asked]) -> Iterator[Sequence[Sequence[_Asked]]]:
    """The words that say most; these without one of them; each alone. The rarest are kept longest."""
    rarest = sorted(asked, key=lambda one: -one.worth)
    telling = ([one for one in rarest if one.share <= _COMMON] or rarest)[:_LOOSE]
    if len(telling) < len(asked):
        yield [telling]
    if len(telling) > 2:
        yield [[*telling[:number], *telling[number + 1 :]] for number in reversed(range(len(telling)))]
    if len(telling) > 1:
        yield [[one] for one in telling]


def _fits(asked: Sequence[_Asked]) -> Mapping[str, Mapping[int, float]]:
    """For each word of the bank that may be meant, how well it fits which of the words that were asked for."""
    fits = defaultdict[str, dict[int, float]](dict)
    for number, one in enumerate(asked):
        for word, fit in one.words.items():
            fits[word][number] = fit
    return dict(fits)


def _value(hits: Iterable[str], asked: Sequence[_Asked], fits: Mapping[str, Mapping[int, float]]) -> float:
    """What the words that were hit are worth, each that was asked for by what fits it best."""
    best: dict[int, float] = {}
    for word in hits:
        for number, fit in fits[word].items():
            best[number] = max(fit, best.get(number, 0.0))
    return sum(best.get(number, 0.0) * one.worth for number, one in enumerate(asked))


class _Mark(NamedTuple):
    """A place in a text with something that was asked for, and which of the words that is."""

    start: int
    end: int
    numbers: Collection[int]


class _Piece(NamedTuple):
    """A piece of a text from one mark to another, and what the words in it are worth."""

    text: str
    marks: Sequence[_Mark]
    start: int
    end: int
    worth: float


def _snippet(entry: Entry, asked: Sequence[_Asked]) -> str:
    """A piece of the text that has most of what was asked for; if none has any, how the answer begins."""
    question = entry.question
    points = " · ".join(point.text for point in question.key_points)
    texts = (question.answer, points, question.explanation or "", question.code or "")
    fits = _fits(asked)
    best = max(texts, key=lambda text: _value(fits.keys() & _words(text), asked, fits))
    text = _line(best if best == question.code else _bare(best))
    return _shown(_best_piece(text, _marked(text, fits), [one.worth for one in asked]))


def _bare(markdown: str) -> str:
    """The text without the signs of Markdown, as far as they are easily told."""
    return _MARKUP.sub(lambda found: found[found.lastindex] if found.lastindex else "", markdown)


def _line(text: str) -> str:
    """The text in one line, with spaces for what `escape` would leave out: two words must not become one."""
    shown = "".join(char if char.isprintable() or char == "\u200d" else " " for char in text)
    return unicodedata.normalize("NFC", " ".join(shown.split()))


def _marked(text: str, fits: Mapping[str, Mapping[int, float]]) -> list[_Mark]:
    marks = []
    for name in _NAME.finditer(text):
        for found in [name] if _joined(name[0]) in fits else _WORD.finditer(text, *name.span()):
            numbers = fits.get(_joined(found[0]))
            if numbers:
                marks.append(_Mark(*found.span(), numbers))
    return marks


def _best_piece(text: str, marks: Sequence[_Mark], worth: Sequence[float]) -> _Piece:
    best = _Piece(text, marks, 0, 0, 0.0)
    within = Counter[int]()
    first = 0
    for last, mark in enumerate(marks):
        within.update(mark.numbers)
        while first < last and mark.end - marks[first].start > SNIPPET:
            within.subtract(marks[first].numbers)
            first += 1
        total = sum(worth[number] for number, times in within.items() if times)
        if total > best.worth:
            best = _Piece(text, marks, marks[first].start, mark.end, total)
    return best


def _shown(piece: _Piece) -> str:
    """The piece with what stands around it, as Markdown: what was asked for in bold, the rest as it stands."""
    text = piece.text
    start = max(0, piece.start - min(_LEAD, max(0, SNIPPET - (piece.end - piece.start))))
    if start:
        start = text.find(" ", start, piece.start) + 1 or piece.start
    end = start + SNIPPET
    if end < len(text) and (last_space := text.rfind(" ", start + 1, end + 1)) >= piece.end:
        end = last_space
    parts = ["… " if start else ""]
    at = start
    for first, last in _runs(text, [mark for mark in piece.marks if start <= mark.start < end]):
        parts += [_plain(text[at:first]), f"**{escape(text[first : min(last, end)])}**"]
        at = last
    parts += [_plain(text[at:end]), " …" if end < len(text) else ""]
    return "".join(parts)


def _runs(text: str, marks: Iterable[_Mark]) -> Iterator[tuple[int, int]]:
    """From where to where there are marks, with nothing but a joint between them."""
    run: tuple[int, int] | None = None
    for mark in marks:
        if run and text[run[1] : mark.start] in ("", " ", "_", "-", "."):
            run = run[0], mark.end
        else:
            if run:
                yield run
            run = mark.start, mark.end
    if run:
        yield run


def _plain(text: str) -> str:
    """Escaped, with the spaces at its ends."""
    before, after = " " * text.startswith(" "), " " * (text.endswith(" ") and bool(text.strip()))
    return f"{before}{escape(text)}{after}"
