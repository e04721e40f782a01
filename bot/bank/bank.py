"""The questions in use, by name and by what was asked for."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import islice

from bot.bank.model import Level, Question, Section, Topic

MAKING = 4  # questions that a topic needs for choices to be made


@dataclass(frozen=True, slots=True)
class Filters:
    """What a question should be. Empty asks for nothing in particular."""

    topic: str = ""
    section: str = ""
    level: str = ""
    priority: bool = False
    mode: str = ""

    def pack(self) -> str:
        """As one line of text, to be kept with a deal."""
        return "/".join((self.topic, self.section, self.level, "priority" if self.priority else "", self.mode))

    @classmethod
    def unpack(cls, packed: str) -> "Filters":
        topic, section, level, priority, mode = packed.split("/")
        return cls(topic, section, level, bool(priority), mode)


@dataclass(frozen=True, slots=True)
class Entry:
    """A question in its place. `name` is "topic/question", the key that the database knows it by."""

    name: str
    topic: Topic
    section: Section
    question: Question
    stem: str = ""  # what its choices are said to be, where they were made for it

    @property
    def code(self) -> str:
        """The name as twelve letters and digits, for where there is no space for it."""
        return sha256(self.name.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Pool:
    """The names of the questions to choose from: those asked in most interviews, and the others."""

    priority: tuple[str, ...]
    others: tuple[str, ...]
    names: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", frozenset(self.priority + self.others))

    def __len__(self) -> int:
        return len(self.priority) + len(self.others)


@dataclass(frozen=True, slots=True)
class Place:
    """A topic, or a section of one."""

    topic: str
    section: str = ""


class Bank:
    """All topics. Looking up takes the same time however many questions there are."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self.topics = tuple(topics)
        self._entries = {
            name: Entry(name, topic, section, question)
            for topic in topics
            for section in topic.sections
            for question in section.questions
            for name in (f"{topic.id}/{question.id}",)
        }
        self._by_code = {entry.code: entry for entry in self._entries.values()}
        self._places = self._named_places()
        self._pools: dict[Filters, Pool] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries.values())

    def entry(self, name: str) -> Entry | None:
        return self._entries.get(name)

    def coded(self, code: str) -> Entry | None:
        """The question with this code."""
        return self._by_code.get(code)

    def pool(self, filters: Filters) -> Pool:
        """The questions that fit these filters; made once, then remembered."""
        key = replace(filters, mode="") if filters.mode == "flash" else filters  # any question can be a flash card
        if key not in self._pools:
            fitting = [entry for entry in self._entries.values() if _fits(entry, key)]
            if not fitting and key.mode == "choice":
                others = replace(key, mode="")
                fitting = [entry for entry in self._entries.values() if _fits(entry, others) and _makeable(entry)]
            self._pools[key] = Pool(
                tuple(entry.name for entry in fitting if entry.question.priority),
                tuple(entry.name for entry in fitting if not entry.question.priority and not key.priority),
            )
        return self._pools[key]

    def place(self, words: str) -> Place | None:
        """The topic or section with this name or title: "flask", "contexts", "flask/contexts", "Flask Basics"."""
        return self._places.get(_folded(words))

    def nearest(self, words: str) -> list[str]:
        """The names of topics and sections that look most like these words, at most three; all topics if none do."""
        near = difflib.get_close_matches(_folded(words), self._places, n=6, cutoff=0.5)
        found = list(dict.fromkeys(_named(self._places[name]) for name in near))
        return found[:3] or [topic.id for topic in self.topics]

    def place_names(self) -> list[str]:
        """Every topic and section, as one would type it."""
        return [name for topic in self.topics for name in (topic.id, *(section.id for section in topic.sections))]

    def topic_names(self) -> list[str]:
        return [topic.id for topic in self.topics]

    def _named_places(self) -> dict[str, Place]:
        places: dict[str, Place] = {}
        for topic in self.topics:
            for name in (topic.id, topic.title):
                places.setdefault(_folded(name), Place(topic.id))
        for topic in self.topics:
            for section in topic.sections:
                for name in (section.id, section.title, f"{topic.id}/{section.id}"):
                    places.setdefault(_folded(name), Place(topic.id, section.id))
        return places


def _makeable(entry: Entry) -> bool:
    """Whether there are questions around of which choices could be made."""
    around = (question for section in entry.topic.sections for question in section.questions)
    return len(list(islice(around, MAKING))) == MAKING


def _fits(entry: Entry, filters: Filters) -> bool:
    return (
        filters.topic in ("", entry.topic.id)
        and filters.section in ("", entry.section.id)
        and filters.level in ("", entry.question.level)
        and (filters.mode != "choice" or entry.question.choices is not None)
        and (filters.mode != "typed" or bool(entry.question.key_points or entry.question.counts))
    )


def _folded(words: str) -> str:
    return " ".join(words.casefold().replace("-", " ").replace("_", " ").split())


def _named(place: Place) -> str:
    return place.section or place.topic


LEVELS = tuple(level.value for level in Level)
