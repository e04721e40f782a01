"""Read YAML banks, and say by file and line everything that is wrong with them.

Files are read event by event rather than into PyYAML's own objects: that keeps every scalar as the author wrote it,
keeps the line of each value, and finds duplicate keys. Aliases are refused, so a small file cannot unfold into a large
one.
"""

import difflib
import gc
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.bank.model import Question, Section, SectionFile, Topic, TopicFile

FILE_LIMIT = 5_000_000  # bytes: some 2,000 full questions; larger banks are split by section
DEPTH_LIMIT = 12
LENGTH_LIMIT = 50_000  # entries of one list or mapping
VALUES_LIMIT = 250_000  # of a file, all together; those 2,000 full questions have half of it
TOLD_LIMIT = 100  # mistakes that are told of one file
MESSAGE_LIMIT = 500  # characters of what is told of one
TOPIC_FILE = "topic.yaml"

_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # libyaml, which every wheel of PyYAML has, is ten times faster
# Control characters, zero-width ones and changes of writing direction: they show as nothing, or turn what follows.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_Path = tuple[str | int, ...]
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong in a bank, for the person who wrote it."""

    file: str
    line: int
    question: str
    message: str
    unreadable: bool = False  # nothing of the file is known

    def __str__(self) -> str:
        """One line, whatever the author has written into the names that it quotes."""
        told = f"{self.question + ': ' if self.question else ''}{self.message}"
        short = told if len(told) <= MESSAGE_LIMIT else told[:MESSAGE_LIMIT] + "…"
        return "".join(map(_visible, f"{self.file}:{self.line}: {short}"))


def _visible(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode()


def most_of(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """These findings in order; of a file with very many, the first, and how many more there are."""
    told: list[Finding] = []
    for file, group in groupby(sorted(set(findings)), lambda finding: finding.file):
        found = list(group)
        told.extend(found[:TOLD_LIMIT])
        if len(found) > TOLD_LIMIT:
            told.append(Finding(file, found[TOLD_LIMIT].line, "", f"and {len(found) - TOLD_LIMIT:,} more mistakes"))
    return tuple(told)


@dataclass(frozen=True, slots=True)
class Written:
    """A question, and where it stands."""

    question: Question
    topic: str
    file: str
    lines: "Lines"

    def finding(self, message: str, *path: str | int) -> Finding:
        return Finding(self.file, self.lines.of(path), self.question.id, message)


@dataclass(frozen=True, slots=True)
class Lines:
    """Where each value of a file stands; `base` is the path of the value that paths are told from."""

    known: dict[_Path, int]
    base: _Path = ()

    def of(self, path: Sequence[str | int]) -> int:
        """The line of the value at `path`, or of the nearest value around it that was written."""
        full = (*self.base, *path)
        while full and full not in self.known:
            full = full[:-1]
        return self.known.get(full, 1)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was readable, and everything that was not."""

    topics: tuple[Topic, ...]
    written: tuple[Written, ...]
    findings: tuple[Finding, ...]


class BankError(Exception):
    """Banks that can't be used: `findings` says why, one line each."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, most_of(findings))))


def load(places: Iterable[str | Path]) -> Loaded:
    """Read every YAML file of these files and folders."""
    findings: list[Finding] = []
    raw: list[_Raw] = []
    files: list[tuple[SectionFile, _Raw]] = []
    abouts: dict[str, TopicFile] = {}
    with _without_collector():
        for path, topic in _files(places, findings):
            document = _read(path, findings)
            if document is None:
                continue
            if path.name == TOPIC_FILE:
                document.value = {"topic": topic, "title": topic, **document.value}
                about = _parsed(TopicFile, document, findings)
                if about and abouts.setdefault(about.topic, about) is not about:
                    message = f"a second {TOPIC_FILE} for the topic {about.topic!r}"
                    findings.append(document.finding(("topic",), message))
            else:
                section = document.value.get("section", path.stem)
                document.value = {"topic": topic, "section": section, "title": section, **document.value}
                file = _parsed(SectionFile, document, findings)
                if file:
                    files.append((file, document))
            raw.append(document)
    findings.extend(_duplicates(raw))
    if not any(finding.unreadable for finding in findings):  # follow-ups into such a file would all look unknown
        findings.extend(_unknown_names(raw))
    written = tuple(
        Written(question, file.topic, document.file, Lines(document.lines.known, ("questions", index)))
        for file, document in files
        for index, question in enumerate(file.questions)
    )
    return Loaded(_topics([file for file, _ in files], abouts), written, tuple(sorted(findings)))


def _files(places: Iterable[str | Path], findings: list[Finding]) -> Iterator[tuple[Path, str]]:
    """Every file to read, with the topic that its place gives it."""
    for place in map(Path, places):
        if place.is_file():
            yield place, place.stem
        elif place.is_dir():
            try:
                paths = sorted(path for path in place.rglob("*") if path.suffix.lower() in {".yaml", ".yml"})
            except OSError as error:  # of a path that is too long, for example
                findings.append(Finding(str(place), 1, "", f"can't be looked through: {error.strerror}"))
                continue
            if not paths:
                findings.append(Finding(str(place), 1, "", "no YAML file in this folder"))
            of_one_topic = (place / TOPIC_FILE).exists()
            for path in paths:
                if path.is_file():
                    alone = path.parent == place and not of_one_topic
                    yield path, path.stem if alone else path.parent.resolve().name
                elif not path.is_dir():
                    findings.append(
                        Finding(str(path), 1, "", "a link to nothing" if path.is_symlink() else "not a file")
                    )
        else:
            findings.append(Finding(str(place), 1, "", "no such file or folder"))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Reading makes many values and drops none: the garbage collector would walk them all, again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


# Reading


@dataclass(slots=True)
class _Raw:
    """A file as it was written, before its values are checked."""

    file: str
    value: dict[str, Any]
    lines: Lines

    def questions(self) -> Iterator[tuple[int, dict[str, Any]]]:
        entries = self.value.get("questions")
        if isinstance(entries, list):
            yield from ((index, entry) for index, entry in enumerate(entries) if isinstance(entry, dict))

    def name(self, path: Sequence[str | int]) -> str:
        """What to call the question that `path` leads into; empty outside questions."""
        if len(path) < 2 or path[0] != "questions" or not isinstance(index := path[1], int):
            return ""
        entries = self.value["questions"]
        # After a duplicate key, the path may lead into a list that was replaced.
        entry = entries[index] if isinstance(entries, list) and index < len(entries) else None
        named = entry.get("id") if isinstance(entry, dict) else None
        return named if isinstance(named, str) and named else f"question {index + 1}"

    def finding(self, path: Sequence[str | int], message: str) -> Finding:
        return Finding(self.file, self.lines.of(path), self.name(path), message)

    def unknown(self, path: _Path, value: dict[str, Any], key: str, known: "_Names") -> Iterator[Finding]:
        """What the list `key` of `value` names that is not known, or is `value` itself."""
        names = value.get(key)
        for index, name in enumerate(names if isinstance(names, list) else ()):
            if not isinstance(name, str):
                continue
            if name == value.get("id"):
                yield self.finding((*path, key, index), "a question can't follow itself")
            elif name not in known.names:
                near = known.nearest(name)
                hint = f"; did you mean {near!r}?" if near else ""
                what = "follow-up" if key == "follow_ups" else "section"
                yield self.finding((*path, key, index), f"unknown {what} {_shown(name)}{hint}")


class _Names:
    """Names that are known, and which of them was probably meant by another: told of the first, since it takes time."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(names)
        self._looks = TOLD_LIMIT

    def nearest(self, name: str) -> str:
        """The name that looks like this one; empty without any, or when too many were looked for already."""
        self._looks -= 1
        near = difflib.get_close_matches(name, sorted(self.names), n=1) if self._looks >= 0 else []
        return near[0] if near else ""


class _Unreadable(Exception):
    def __init__(self, line: int, message: str) -> None:
        self.line, self.message = line, message


def _read(path: Path, findings: list[Finding]) -> _Raw | None:
    try:
        reader = _Reader(_text(path))
        value = reader.document()
        if not isinstance(value, dict):
            raise _Unreadable(1, "expected a mapping: lines such as `topic: flask`, then `questions:` and a list")
    except _Unreadable as error:
        findings.append(Finding(str(path), error.line, "", error.message, unreadable=True))
        return None
    raw = _Raw(str(path), value, Lines(reader.lines))
    findings.extend(Finding(raw.file, line, raw.name(path), message) for line, path, message in reader.findings)
    return raw


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > FILE_LIMIT:
            limit = f"at most {FILE_LIMIT // 1_000_000} MB are read; split it by section"
            raise _Unreadable(1, f"the file has {size / 1_000_000:.0f} MB; {limit}")
        data = path.read_bytes()
    except OSError as error:
        raise _Unreadable(1, f"can't be read: {error.strerror}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _Unreadable(line, f"not UTF-8 (byte {data[error.start]:#04x}); save the file as UTF-8") from error
    if not text.strip():
        raise _Unreadable(1, "the file is empty")
    return text


class _Reader:
    """The one document of a YAML text, as dictionaries, lists and text, with the line of every value."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: dict[_Path, int] = {}
        self.findings: list[tuple[int, _Path, str]] = []
        self._values = 0
        self._events = yaml.parse(text, Loader=_Loader)

    def document(self) -> Any:
        try:
            event = self._next()
            while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
                event = self._next()
            value = None if isinstance(event, yaml.StreamEndEvent) else self._value(event, ())
            for event in self._events:
                if isinstance(event, yaml.DocumentStartEvent):
                    raise _Unreadable(_line(event), "a second document (`---`) in one file; make it a file of its own")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise _Unreadable(mark.line + 1 if mark else 1, f"not YAML: {error.problem}") from error
        except yaml.reader.ReaderError as error:
            line = self.text.encode().count(b"\n", 0, error.position) + 1
            raise _Unreadable(line, f"a character that YAML does not allow (#x{error.character:04x})") from error
        return value

    def _next(self) -> Any:
        return next(self._events)

    def _value(self, event: Any, path: _Path) -> Any:
        self.lines.setdefault(path, _line(event))
        self._values += 1
        if len(path) > DEPTH_LIMIT:
            raise _Unreadable(_line(event), "nested too deeply for a question bank")
        if self._values > VALUES_LIMIT:
            raise _Unreadable(_line(event), f"more than {VALUES_LIMIT:,} values in a file; split it by section")
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            message = "anchors and aliases (`&`, `*`) are not read here; write it out"
            self.findings.append((_line(event), path, message))
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(event := self._next(), yaml.SequenceEndEvent):
                _check_length(len(items), event)
                items.append(self._value(event, (*path, len(items))))
            return items
        if isinstance(event, yaml.AliasEvent):
            return ""
        if hidden := _HIDDEN.search(event.value):
            self.findings.append((_line(event), path, f"an invisible character (U+{ord(hidden[0]):04X}); remove it"))
        return event.value

    def _mapping(self, path: _Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        read = 0  # keys that stand twice too
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise _Unreadable(_line(event), "a key must be one word; put text with `{`, `[` or `*` in quotes")
            key, line = event.value, _line(event)
            _check_length(read, event)
            read += 1
            if key in mapping:
                first = self.lines[(*path, key)]
                self.findings.append((line, path, f"`{key}` stands twice here; the first is in line {first}"))
            self.lines.setdefault((*path, key), line)
            mapping[key] = self._value(self._next(), (*path, key))
        return mapping


def _check_length(length: int, event: Any) -> None:
    if length >= LENGTH_LIMIT:
        raise _Unreadable(_line(event), f"a list or mapping of more than {LENGTH_LIMIT:,} entries; split it by section")


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


# Validating


def _parsed(model: type[_Model], raw: _Raw, findings: list[Finding]) -> _Model | None:
    try:
        return model.model_validate(raw.value)
    except ValidationError as error:
        keys = _Names(name for model in (SectionFile, Question) for name in model.model_fields)
        for detail in error.errors(include_url=False):
            path = detail["loc"]
            if detail["type"] == "too_short" and detail["input"]:
                continue  # it has entries, but each is wrong, and reported for itself
            findings.append(raw.finding(path, sentence(detail, path[2:] if raw.name(path) else path, keys)))
        return None


_EXPECTED = {
    "bool_parsing": "true or false",
    "float_parsing": "a number",
    "string_type": "text",
    "tuple_type": "a list: one line each, starting with `- `",
    "dict_type": "a mapping: `key: value` lines",
    "model_type": "a mapping: `key: value` lines",
    "model_attributes_type": "a mapping: `key: value` lines",
}
_PATTERNS = {
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "lower-case words joined by hyphens, such as `application-context`",
    r"^https?://\S+$": "a link that starts with https://",
}


def sentence(detail: ErrorDetails, path: Sequence[str | int], keys: _Names) -> str:
    """What a validation error means to the person who can fix it."""
    dotted = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
    name = f"`{dotted}`" if dotted else "it"
    limits, found = detail.get("ctx", {}), detail["input"]
    match detail["type"]:
        case "missing":
            return f"{name} is missing"
        case "extra_forbidden":
            near = keys.nearest(str(path[-1]))
            return f"unknown key {name}" + (f"; did you mean `{near}`?" if near and near != path[-1] else "")
        case "string_too_short":
            return f"{name} is empty"
        case "string_too_long":
            return f"{name} has {len(found)} characters, at most {limits['max_length']} fit"
        case "too_short":
            return f"{name} is empty; at least {limits['min_length']} expected"
        case "too_long":
            return f"{name} has {limits['actual_length']} entries, at most {limits['max_length']} fit"
        case "string_pattern_mismatch":
            if not str(found).strip():
                return f"{name} is empty"
            return f"{name} is {_shown(found)}; expected {_PATTERNS.get(limits['pattern'], limits['pattern'])}"
        case "enum":
            return f"{name} is {_shown(found)}; expected {limits['expected']}"
        case "value_error":
            return str(limits["error"])
        case kind if kind in _EXPECTED:
            return f"{name} is {_shown(found)}; expected {_EXPECTED[kind]}"
        case _:
            return f"{name}: {detail['msg']}"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    return repr(text if len(text) <= 40 else text[:39] + "…")


# Across files


def _duplicates(raw: Sequence[_Raw]) -> Iterator[Finding]:
    first: dict[tuple[str, str], str] = {}
    for one in raw:
        for index, question in one.questions():
            path = ("questions", index, "id")
            place = f"{one.file}:{one.lines.of(path)}"
            name = str(question.get("id", ""))
            earlier = first.setdefault((str(one.value["topic"]), name), place)
            if name and earlier != place:
                yield one.finding(path, f"the id {_shown(name)} is used already, in {earlier}")


def _unknown_names(raw: Sequence[_Raw]) -> Iterator[Finding]:
    """Follow-ups and sections that name nothing."""
    questions: dict[str, set[str]] = {}
    sections: dict[str, set[str]] = {}
    for one in raw:
        topic = str(one.value["topic"])
        questions.setdefault(topic, set()).update(str(question.get("id")) for _, question in one.questions())
        sections.setdefault(topic, set()).add(str(one.value.get("section")))
    known = {topic: (_Names(questions[topic]), _Names(sections[topic])) for topic in questions}
    for one in raw:
        topic = str(one.value["topic"])
        if not sections[topic] - {"None"}:
            yield one.finding(("topic",), f"no file has questions of the topic {_shown(topic)}")
            continue
        for index, question in one.questions():
            yield from one.unknown(("questions", index), question, "follow_ups", known[topic][0])
        yield from one.unknown((), one.value, "sections", known[topic][1])


def _topics(files: Sequence[SectionFile], abouts: dict[str, TopicFile]) -> tuple[Topic, ...]:
    """Topics by name, each with its sections in the order that its `topic.yaml` gives, then by name."""
    merged: dict[str, dict[str, Section]] = {}
    for file in files:
        sections = merged.setdefault(file.topic, {})
        earlier = sections.get(file.section)
        if earlier:
            sections[file.section] = earlier.model_copy(update={"questions": earlier.questions + file.questions})
        else:
            sections[file.section] = Section(id=file.section, title=file.title, questions=file.questions)
    topics = []
    for name in sorted(merged):
        page = abouts.get(name) or TopicFile(topic=name, title=name)
        places = {section: place for place, section in enumerate(page.sections)}
        ordered = sorted(merged[name].values(), key=lambda section: (places.get(section.id, len(places)), section.id))
        topics.append(
            Topic(id=name, title=page.title, summary=page.summary, sections=tuple(ordered), aliases=page.aliases)
        )
    return tuple(topics)
