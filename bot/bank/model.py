"""What a question is: the values that banks are made of, and the rules that each must keep on its own.

Every scalar of a bank arrives as text (see `loading`), so `yes`, `1.10` and dates stay what the author wrote; the few
fields that are not text (`priority`, `weight`, `allow_list`) are converted here.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

QUESTION_LIMIT = 200  # characters: a heading, which must fit a Telegram alert
CHOICE_LIMIT = 150  # characters: five of them and a question stay readable on a phone
ANSWER_LIMIT = 1_000
TEXT_LIMIT = 3_000  # characters of an explanation or a code example: one card on every platform
KEY_POINTS_LIMIT = 20  # of a question; a full answer has three to five
LIST_LIMIT = 100  # entries of every other list in a question: what a grader reads in no time
SECTIONS_LIMIT = 500

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Name = Annotated[Slug, StringConstraints(max_length=40)]  # of topics and sections, which buttons carry
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=QUESTION_LIMIT)]
Title = Annotated[Line, StringConstraints(max_length=100)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_LIMIT)]
Code = Annotated[str, StringConstraints(pattern=r"\S", max_length=TEXT_LIMIT)]
Lines = Annotated[tuple[Line, ...], Field(max_length=LIST_LIMIT)]


class Kind(StrEnum):
    OPEN = "open"
    FACT = "fact"


class Level(StrEnum):
    JUNIOR = "junior"
    MID = "mid"
    SENIOR = "senior"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KeyPoint(_Value):
    """One idea that a full answer contains."""

    id: Slug | None = Field(None, description="Stable and unique in the question.")
    text: Line = Field(description='One plain statement, shown as "you missed: …".')
    accept: Lines = Field((), description="Phrasings that candidates use; plain words, in any order.")
    weight: float = Field(1, ge=0, le=10, description="0 is a bonus, never reported as missed.")


class Mistake(_Value):
    """A wrong statement that people make, and what to tell them."""

    accept: Lines = Field(min_length=1)
    tell: Text


class WrongChoice(_Value):
    text: Annotated[Line, StringConstraints(max_length=CHOICE_LIMIT)]
    why: Text = Field(description="Why it is wrong, said to whoever chose it.")


class Choices(_Value):
    right: Annotated[Line, StringConstraints(max_length=CHOICE_LIMIT)]
    wrong: tuple[WrongChoice, ...] = Field(min_length=1, max_length=4)

    @property
    def texts(self) -> tuple[str, ...]:
        """Every choice as the author ordered them, the right one first."""
        return (self.right, *(choice.text for choice in self.wrong))

    @model_validator(mode="after")
    def _differ(self) -> Self:
        seen = set[str]()
        for text in self.texts:
            folded = " ".join(text.casefold().split())
            if folded in seen:
                raise ValueError(f"two choices are equal: {text!r}")
            seen.add(folded)
        return self


class Counts(_Value):
    """What counts as the answer to a question of kind `fact`."""

    full: Lines = Field(min_length=1)
    half: Lines = ()
    wrong: Lines = ()


def _as_point(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


class Question(_Value):
    """One question as its author wrote it. Only `id`, `question` and `answer` are required."""

    id: Slug = Field(description="Stable, unique in the topic, never renumbered.")
    question: Line
    kind: Kind = Kind.OPEN
    priority: bool = Field(False, description="Asked in most real interviews.")
    level: Level = Level.JUNIOR
    answer: Annotated[Text, StringConstraints(max_length=ANSWER_LIMIT)] = Field(
        description="The 30-second answer, as said aloud: 40 to 85 words."
    )
    explanation: Text | None = Field(None, description="Markdown: what, why it is needed, the trap.")
    used_for: Lines = ()
    code: Code | None = Field(None, description="Python that runs as it stands.")
    check: Code | None = Field(None, description="Python run after the code by the tests: asserts what it claims.")
    key_points: tuple[Annotated[KeyPoint, BeforeValidator(_as_point)], ...] = Field((), max_length=KEY_POINTS_LIMIT)
    mistakes: tuple[Mistake, ...] = Field((), max_length=LIST_LIMIT)
    allow_list: bool = Field(False, description="True where naming items is the answer.")
    choices: Choices | None = None
    counts: Counts | None = Field(None, description="For kind `fact`: what is accepted, in full, half, and wrong.")
    hint: Text | None = None
    follow_ups: tuple[Slug, ...] = Field(
        (), max_length=LIST_LIMIT, description="Questions that an interviewer would ask next."
    )
    sources: tuple[Annotated[Line, StringConstraints(pattern=r"^https?://\S+$")], ...] = Field(
        (), max_length=LIST_LIMIT
    )
    seed: Lines = Field((), description="Where the question stands in the notes it grew from.")

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        ids = [point.id for point in self.key_points if point.id]
        for repeated in sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"two key points have the id {repeated!r}")
        if (self.kind is Kind.FACT) != (self.counts is not None):
            raise ValueError("`kind: fact` and `counts` (full, half, wrong) belong together")
        if self.check and not self.code:
            raise ValueError("`check` has no `code` to check")
        return self


class SectionFile(_Value):
    """One YAML file: questions of one section of one topic.

    `topic` defaults to the folder's name, `section` to the file's, `title` to the section.
    """

    topic: Name
    section: Name
    title: Title
    questions: tuple[Question, ...] = Field(min_length=1)


class TopicFile(_Value):
    """`topic.yaml` of a folder: how its topic is presented."""

    topic: Name
    title: Title
    summary: Text | None = None
    sections: Annotated[tuple[Name, ...], Field(max_length=SECTIONS_LIMIT)] = ()  # the order in which they are listed
    aliases: dict[str, Lines] = {}  # spellings of a term, as typed or dictated


class Section(_Value):
    id: str
    title: str
    questions: tuple[Question, ...]


class Topic(_Value):
    id: str
    title: str
    summary: str | None = None
    sections: tuple[Section, ...]
    aliases: dict[str, tuple[str, ...]] = {}

    @property
    def questions(self) -> Iterator[Question]:
        return (question for section in self.sections for question in section.questions)
