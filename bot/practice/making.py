"""Choices for questions that have none, made out of the answers and examples of the questions around them.

Of two kinds: which answer belongs to the question, and which word belongs in the gap of its code example. The same seed
makes the same choices in every process: all that is drawn comes from SHA-256. A recipe, short enough to be kept with a
deal, makes them once more after others were added to the bank, or were taken out of it.

A wrong choice must be wrong, so what might be right as well is left out; and nothing but knowledge should tell the
right one, so choices are put the same way, don't repeat the words of the question, and are of mixed length.
"""

import ast
import re
import warnings
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import accumulate, islice
from typing import TypeVar

from bot.bank.bank import Bank, Entry
from bot.bank.model import CHOICE_LIMIT, Choices, Question, Topic, WrongChoice
from bot.wording import say

WRONG = 3  # wrong choices
AROUND = 24  # questions of the section that are looked at, and as many of its topic, however many there are
LEARNT = 100  # questions of a topic from which its common words are learnt
COMMON = 0.25  # share of questions and answers from which a word is common: "the", and in its topic "Flask"
COMMON_ASKED = 0.05  # share of questions from which a word is common in asking: "handle", "difference"
REMEMBERED = 2_000  # questions of which it is remembered what was found out
TRUE_TOO = 0.4  # share of a statement's words, found in the answer to another question, from which it may answer that
SAME_SUBJECT = 0.3  # share of a question's words, found in another, from which both ask of the same
HIDDEN = 2  # words hidden in a statement, above which nobody can tell what it says
WORDS = 12  # words of other examples, of which WRONG are chosen
SHORTEST_GAP = 4  # letters: `get` and `add` could be anything
SHORT = 5  # words of a sentence, up to which the next one is needed to understand it
FEWEST_WORDS = 3  # of a statement that aren't common
LONGEST_EXAMPLE = 1_500  # characters of code that is read to fill a gap

GAP = "____"
ASKED = "…"  # stands for what the question names

# Names that could often stand for each other, so that only one of each row is offered.
_ALIKE = tuple(
    frozenset(row.split())
    for row in (
        "route get post put patch delete head options",
        "debug info warning error critical exception log",
        "add append insert extend push put",
        "path url full_path base_url",
        "first one all scalar scalars fetchone fetchall one_or_none",
        "get pop setdefault getlist",
        "lower upper casefold title strip",
        "json data form args values text body cookies",
        "close stop shutdown",
        "read readline readlines",
        "200 201 202 204",
        "301 302 303 307 308",
        "400 415 422",
        "401 403",
        "500 502 503 504",
    )
)

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!\b[A-Za-z]\.)(?<!\betc\.)(?<!\bvs\.)\s+(?=[^\sa-z])|(?<=[。！？])")
_CLAUSE_END = re.compile(r"[;:](?=\s)|\s[–—-](?=\s)")
_COMMA = re.compile(r",(?=\s)")
_CONDITION = re.compile(r"(if|when|while|because|as|after|before|since|once|unless|although|where|to)\b", re.IGNORECASE)
_BEING = re.compile(rf"^{ASKED} (?:is|are|was|were|means) (?=(?:an?|the|one|\w+s that) )")
_BECAUSE = re.compile(rf"^(?:{ASKED} b|B)ecause ")
_ARTICLES = frozenset(
    {"a", "an", "the", "der", "die", "das", "ein", "eine", "el", "la", "los", "las", "un", "una", "le"}
)
# What questions in English are put with; a small bank doesn't tell that these are common.
_ASKING = frozenset(
    {"what", "which", "who", "when", "where", "why", "how", "is", "are", "was", "do", "doe", "can", "would", "you"}
    | {"your", "we", "i", "it", "a", "an", "the", "of", "in", "on", "to", "for", "and", "or", "with", "use", "used"}
)
_QUOTED = re.compile(r"[A-Za-z][A-Za-z0-9_-]+")
_PLAINLY_CODE = re.compile(r"[\d_-]|\w[A-Z]")
_SPAN = re.compile(r"`([^`]+)`")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Made:
    """Choices, with what is said before them, in Markdown, and how to make them again."""

    stem: str
    choices: Choices
    recipe: str


@dataclass(frozen=True, slots=True)
class _Gap:
    """A word of an example that could be left out. Only words of one kind can stand for each other."""

    kind: str
    owner: str  # what an attribute is looked up in
    word: str
    start: int


@dataclass(frozen=True, slots=True)
class _Common:
    """Words that say little in a topic: in all that is told, and, which are more, in questions."""

    told: frozenset[str]
    asked: frozenset[str]


@dataclass(frozen=True, slots=True)
class _About:
    """What was found out of a question. All words are stems, without those that are common in its topic."""

    entry: Entry
    form: str  # the word it begins with: how, what, why
    general: bool  # whether it is about its topic at large, like "What is Flask?"
    subject: frozenset[str]  # the words of the question
    answered: frozenset[str]  # the words of its answer and key points
    statement: str  # its answer in a line; empty if there is none that would do
    stated: frozenset[str]  # the words of that line


def dressed(entry: Entry, made: Made) -> Entry:
    """The question with choices that were made for it, as if they were its own."""
    question = entry.question.model_copy(update={"choices": made.choices})
    return replace(entry, question=question, stem=made.stem)


class Maker:
    """Makes choices, and remembers what it found out of the questions of its bank."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._abouts: dict[str, _About] = {}
        self._gaps_of: dict[str, tuple[_Gap, ...]] = {}
        self._rings: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._commons: dict[str, _Common] = {}

    def make(self, entry: Entry, seed: str) -> Made | None:
        """Choices for a question; None where too little around it would be a good wrong one."""
        kinds = [self._answers, self._gap]
        if _drawn(seed, entry.name, "kind") % 2:
            kinds.reverse()
        return next((made for kind in kinds if (made := kind(entry, seed))), None)

    def again(self, entry: Entry, recipe: str) -> Made | None:
        """The choices of a recipe; None if the bank has no longer what they were made of."""
        kind, *parts = recipe.split(" ")
        if kind == "answers":
            others = [self._about(other) for code in parts if (other := self._bank.coded(code))]
            return _made_of_answers(self._about(entry), others)
        word, *wrong = parts
        gap = next((gap for gap in self._gaps(entry) if gap.word == word), None)
        return _made_of_gap(entry, gap, wrong) if gap else None

    def _answers(self, entry: Entry, seed: str) -> Made | None:
        about = self._about(entry)
        others = [other for one in self._around(entry, seed) if _only_wrong(about, other := self._about(one))]
        others.sort(key=lambda other: -_near(about, other))
        chosen = _mixed(
            others,
            length=lambda other: len(_hidden(other.statement, about.subject)),
            right=len(about.statement),
            longer=_drawn(seed, entry.name, "longer") % (WRONG + 1),
            alike=_say_alike,
        )
        return _made_of_answers(about, chosen)

    def _gap(self, entry: Entry, seed: str) -> Made | None:
        question = entry.question
        seen = _folded(_example(question))
        told = {_folded(word) for word in re.findall(r"[\w-]+", _told(question))}
        for gap in sorted(self._gaps(entry), key=lambda gap: _drawn(seed, entry.name, gap.word)):
            found = (
                other
                for one in self._around(entry, seed)
                for other in self._gaps(one)
                if other.kind == gap.kind
                and _folded(other.word) not in seen
                and _folded(other.word) not in told
                and not _alike(other.word, gap.word)
            )
            nearest = sorted(islice(found, WORDS), key=lambda other: other.owner != gap.owner)
            chosen = _mixed(
                list(dict.fromkeys(other.word for other in nearest)),
                length=len,
                right=len(gap.word),
                longer=_drawn(seed, entry.name, "longer") % (WRONG + 1),
                alike=_alike,
            )
            if len(chosen) == WRONG:
                return _made_of_gap(entry, gap, chosen)
        return None

    def _around(self, entry: Entry, seed: str) -> Iterator[Entry]:
        """Other questions of the section, then of the topic: AROUND of each at most, as the seed has it."""
        start = f"{seed}\n{entry.name}"
        names = [*islice(self._ring(entry.topic, entry.section.id, start), AROUND)]
        names += islice(self._ring(entry.topic, "", start), AROUND)
        for name in dict.fromkeys(names):
            other = self._bank.entry(name)
            if other and name != entry.name:
                yield other

    def _ring(self, topic: Topic, section: str, seed: str) -> Iterator[str]:
        """The names of a section, or of a topic, from a place on that the seed decides.

        Each has a place of its own on the ring, so a question that is added or taken out moves no other.
        """
        key = (topic.id, section)
        if key not in self._rings:
            sections = [one for one in topic.sections if section in ("", one.id)]
            names = [f"{topic.id}/{question.id}" for one in sections for question in one.questions]
            self._rings[key] = sorted((sha256(name.encode()).hexdigest(), name) for name in names)
        ring = self._rings[key]
        start = bisect_left(ring, (sha256(seed.encode(errors="replace")).hexdigest(), ""))
        for place in range(len(ring)):
            yield ring[(start + place) % len(ring)][1]

    def _about(self, entry: Entry) -> _About:
        return _remembered(self._abouts, entry.name, lambda: _found_out(entry, self._common(entry.topic)))

    def _gaps(self, entry: Entry) -> tuple[_Gap, ...]:
        return _remembered(self._gaps_of, entry.name, lambda: _gaps(entry.question))

    def _common(self, topic: Topic) -> _Common:
        if topic.id not in self._commons:
            names = list(islice(self._ring(topic, "", ""), LEARNT))
            questions = [one.question for one in map(self._bank.entry, names) if one]
            told = _ASKING | _often([f"{question.question} {question.answer}" for question in questions], COMMON)
            asked = _often([question.question for question in questions], COMMON_ASKED)
            self._commons[topic.id] = _Common(told, told | asked)
        return self._commons[topic.id]


# Which answer belongs to this question


def _found_out(entry: Entry, common: _Common) -> _About:
    question = entry.question
    asked, topic = _words(question.question), _words(f"{entry.topic.id} {entry.topic.title}")
    subject = asked - common.asked
    named = asked - (common.told - topic)
    points = [point.text for point in question.key_points if point.weight]  # each a part of the answer
    lines = [_hidden(_without_subject(_opening(text), asked, named), subject) for text in (question.answer, *points)]
    telling = [line for line in lines if len(_words(line) - common.asked) >= FEWEST_WORDS]
    statement = next((line for most in range(1, HIDDEN + 1) for line in telling if line.count(ASKED) <= most), "")
    return _About(
        entry,
        form=question.question.split()[0].casefold(),
        general=not subject or not topic.isdisjoint(_words(question.answer.split()[0])),
        subject=subject,
        answered=_words(_told(question)) - common.asked,
        statement=statement,
        stated=_words(statement) - common.asked,
    )


def _opening(text: str) -> str:
    """What a text says first, whole sentences or a clause of one, in at most CHOICE_LIMIT characters; or nothing."""
    plain = " ".join(re.split(r"\n\s*\n|```|\n\s*[-*] ", text.strip())[0].split())
    plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", plain)
    plain = re.sub(r"(`[^`]*`)|\*\*", r"\1", plain)
    line, *more = _SENTENCE_END.split(plain)
    if more and "`" not in line and len(_WORD.findall(line)) <= SHORT and len(line) + len(more[0]) < CHOICE_LIMIT:
        line = f"{line} {more[0]}"
    if len(line) > CHOICE_LIMIT:
        ends = [_ends(line, _CLAUSE_END), [] if _CONDITION.match(line) else _ends(line, _COMMA)]
        line = next((line[: found[-1]] for found in ends if found), "")
    return line.rstrip(" .;:,。") if _whole(line) else ""


def _ends(line: str, mark: re.Pattern[str]) -> list[int]:
    """Where the line may be cut at such a mark."""
    found = [end.start() for end in mark.finditer(line, CHOICE_LIMIT // 3, CHOICE_LIMIT)]
    return [end for end in found if _whole(line[:end])]


def _whole(text: str) -> bool:
    """Whether no code and no brackets are open at its end."""
    return text.count("`") % 2 == 0 and text.count("(") == text.count(")")


def _without_subject(line: str, asked: frozenset[str], named: frozenset[str]) -> str:
    """The line with what was asked, where it begins with that, left out: "Flask is a framework" is "A framework"."""
    words = line.split(" ")
    end = start = int(words[0].casefold() in _ARTICLES)
    while end < len(words) and _words(words[end]) <= asked and words[end][-1:] not in ",;:":
        end += 1
    while end > start and _words(words[end - 1]).isdisjoint(named):
        end -= 1
    if end > start and _whole(" ".join(words[:end])):
        line = " ".join((ASKED, *words[end:]))
    line = _BECAUSE.sub("", _BEING.sub("", line))
    return line[:1].upper() + line[1:]


def _hidden(line: str, subject: frozenset[str]) -> str:
    """The line with every word of the subject hidden."""
    hidden = _WORD.sub(lambda word: ASKED if _stem(word[0]) in subject else word[0], line)
    return re.sub(rf"{ASKED}(?:[ _-]{ASKED})+", ASKED, hidden)


def _only_wrong(about: _About, other: _About) -> bool:
    """Whether what answers the other question doesn't answer this one, too."""
    mine, theirs = about.entry.question, other.entry.question
    return (
        bool(other.statement)
        and _hidden(other.statement, about.subject).count(ASKED) <= HIDDEN
        and theirs.id not in mine.follow_ups
        and mine.id not in theirs.follow_ups
        and not (about.general and other.general)
        and max(_share(about.subject, other.subject), _share(other.subject, about.subject)) < SAME_SUBJECT
        and _share(other.stated, about.answered) < TRUE_TOO
        and _share(about.stated, other.answered) < TRUE_TOO
    )


def _near(about: _About, other: _About) -> float:
    """How easily the other's answer is taken for this one's."""
    return (
        (other.form == about.form)
        + (other.entry.section.id == about.entry.section.id)
        + _share(other.stated, about.answered) / TRUE_TOO
    )


def _say_alike(one: _About, other: _About) -> bool:
    return _share(one.stated, other.stated) >= TRUE_TOO or _share(other.stated, one.stated) >= TRUE_TOO


def _made_of_answers(about: _About, others: Sequence[_About]) -> Made | None:
    if len(others) < WRONG or not all(one.statement for one in (about, *others)):
        return None
    wrong = [
        (_hidden(one.statement, about.subject), say("That answers “{question}”.", question=one.entry.question.question))
        for one in others
    ]
    stem = say("Which answer belongs to this question?")
    if any(ASKED in text for text in (about.statement, *(text for text, _ in wrong))):
        stem += " " + say("Words that would give it away read “{hidden}”.", hidden=ASKED)
    recipe = " ".join(("answers", *(one.entry.code for one in others)))
    return _made(stem, about.statement, wrong, recipe)


# Which word belongs in the gap


def _gaps(question: Question) -> tuple[_Gap, ...]:
    """The words of an example that its question teaches: told in the answer, and given away by nothing in sight."""
    code = _example(question)
    if len(code) > LONGEST_EXAMPLE:
        return ()
    text = _told(question)
    spans = " ".join(_SPAN.findall(text))
    seen, asked = _folded(code), _folded(question.question)
    return tuple(
        gap
        for gap in _parts(code)
        if len(gap.word) >= (2 if gap.word.isdigit() else SHORTEST_GAP)
        and seen.count(_folded(gap.word)) == 1
        and _folded(gap.word) not in asked
        and _stands(gap.word, text if _PLAINLY_CODE.search(gap.word) else spans)
    )


def _parts(code: str) -> list[_Gap]:
    """The attributes, keywords, words in quotes and numbers of a program, in their order; none if it is no program."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the author's business, not that of who practises
            tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    lines = [line.encode() for line in code.split("\n")]
    starts = list(accumulate((len(line) + 1 for line in code.split("\n")), initial=0))
    uses, formatted = _uses(tree)
    found = []
    for node in ast.walk(tree):
        if id(node) in formatted or not (part := _part(node, uses)):
            continue
        kind, owner, word, (line, column), before = part
        start = starts[line - 1] + len(lines[line - 1][:column].decode(errors="ignore")) - before
        if code.startswith(word, start):
            found.append(_Gap(kind, owner, word, start))
    return sorted(found, key=lambda gap: gap.start)


def _uses(tree: ast.AST) -> tuple[dict[int, str], set[int]]:
    """How nodes are used, by their `id`; and what stands in f-strings, whose places Python tells since 3.12 only."""
    uses: dict[int, str] = {}
    formatted: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            uses.setdefault(id(node.func), "called with" if node.args or node.keywords else "called")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            uses |= {id(one.func if isinstance(one, ast.Call) else one): "decorator" for one in node.decorator_list}
        elif isinstance(node, ast.JoinedStr):
            formatted |= {id(inner) for inner in ast.walk(node)}
    return uses, formatted


def _part(node: ast.AST, uses: dict[int, str]) -> tuple[str, str, str, tuple[int, int], int] | None:
    """What may be left out of a node: kind, owner, word, a line and column in bytes, how far before it the word is."""
    match node:
        case ast.Attribute(value=owner, attr=word, end_lineno=int(line), end_col_offset=int(column)):
            return f"attribute {uses.get(id(node), 'read')}", _name(owner), word, (line, column), len(word)
        case ast.keyword(arg=str(word)):
            return "keyword upper" if word.isupper() else "keyword", "", word, (node.lineno, node.col_offset), 0
        case ast.Constant(value=str(word)) if _QUOTED.fullmatch(word) and not word.islower():
            kind = "header" if "-" in word else "setting" if word.isupper() else "text"
            return kind, "", word, (node.lineno, node.col_offset), -1  # after the quotation mark
        case ast.Constant(value=int(number)) if 0 <= number < 100_000 and not isinstance(number, bool):
            return f"number {len(str(number))}", "", str(number), (node.lineno, node.col_offset), 0
    return None


def _name(node: ast.AST) -> str:
    """What stands before a dot: `app`, `session` of `db.session`."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _made_of_gap(entry: Entry, gap: _Gap, others: Sequence[str]) -> Made | None:
    code = _example(entry.question)
    code = f"{code[: gap.start]}{GAP}{code[gap.start + len(gap.word) :]}".strip("\n")
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", code))])  # longer than any in the code
    stem = say("What belongs in the gap?") + f"\n\n{fence}python\n{code}\n{fence}"
    why = say("In this example it is `{word}`.", word=gap.word)
    return _made(stem, f"`{gap.word}`", [(f"`{word}`", why) for word in others], " ".join(("gap", gap.word, *others)))


def _example(question: Question) -> str:
    return (question.code or "").replace("\r\n", "\n").replace("\r", "\n")


def _alike(one: str, other: str) -> bool:
    """Whether two words could stand for each other, or say nearly the same."""
    first, second = _folded(one), _folded(other)
    return first in second or second in first or any(one in row and other in row for row in _ALIKE)


# Both


def _mixed(
    candidates: Sequence[_T],
    length: Callable[[_T], int],
    right: int,
    longer: int,
    alike: Callable[[_T, _T], bool],
) -> list[_T]:
    """WRONG of the candidates, the first ones rather than the last, no two alike.

    So many of them are longer than the right choice, as far as there are such.
    """
    pools = (
        (longer, [one for one in candidates if length(one) > right]),
        (WRONG, [one for one in candidates if length(one) < right]),
        (WRONG, candidates),
    )
    chosen: list[_T] = []
    for many, pool in pools:
        for one in pool:
            if len(chosen) < many and not any(alike(one, other) for other in chosen):
                chosen.append(one)
    return chosen


def _made(stem: str, right: str, wrong: Sequence[tuple[str, str]], recipe: str) -> Made | None:
    texts = [right, *(text for text, _ in wrong)]
    if len({" ".join(text.casefold().split()) for text in texts}) < len(texts) or max(map(len, texts)) > CHOICE_LIMIT:
        return None
    choices = Choices(right=right, wrong=tuple(WrongChoice(text=text, why=why) for text, why in wrong))
    return Made(stem, choices, recipe)


def _drawn(*about: str) -> int:
    """A number that is drawn by what it is about, the same everywhere."""
    return int.from_bytes(sha256("\n".join(about).encode(errors="replace")).digest())


def _told(question: Question) -> str:
    """All that a question tells of its answer."""
    points = [text for point in question.key_points for text in (point.text, *point.accept)]
    return "\n".join((question.answer, question.explanation or "", *points))


def _often(texts: Iterable[str], share: float) -> frozenset[str]:
    """The words in at least this share of the texts, and in three of them."""
    held = [_words(text) for text in texts]
    times = Counter(word for words in held for word in words)
    return frozenset(word for word, number in times.items() if number >= max(3, share * len(held)))


def _words(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in _WORD.findall(text))


def _stem(word: str) -> str:
    """The beginning of a word, by which its forms are known: request, requests, requested."""
    folded = word.casefold()
    return (folded[:-1] if len(folded) > 3 and folded.endswith("s") else folded)[:5]


def _share(words: frozenset[str], of: frozenset[str]) -> float:
    """The share of these words that the others have."""
    return len(words & of) / len(words) if words else 0.0


def _folded(text: str) -> str:
    """A name however it is spelled: login_manager, LoginManager, login-manager."""
    return re.sub(r"[_-]", "", text).casefold()


def _stands(word: str, text: str) -> bool:
    return re.search(rf"(?<![\w]){re.escape(word)}(?![\w])", text) is not None


def _remembered(cache: dict[str, _T], name: str, find_out: Callable[[], _T]) -> _T:
    if name not in cache:
        if len(cache) >= REMEMBERED:
            cache.pop(next(iter(cache)))
        cache[name] = find_out()
    return cache[name]
