"""The vocabulary between the core and every chat platform: what a person did, and what to show for it.

Frozen values, without platform detail. A press is an address, never state: it names a row of the database, so it works
after a restart, in another process, and on a message that this process never sent.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum

PRESS_LIMIT = 64  # bytes: Telegram's callback_data; Discord allows 100 characters
HEADING_LIMIT = 200  # characters: the text of a Telegram alert
LABEL_LIMIT = 34  # characters of a button that phones show whole
MARKS_LIMIT = 4  # accents on one letter: more than any language writes
FILE_LIMIT = 8 * 2**20  # bytes: Discord takes 10 MB from those who pay nothing, Telegram 50

_VERB = re.compile(r"[a-z]{1,10}")
_DEAL = re.compile(r"[0-9A-Za-z]{0,16}")
_FILE_NAME = re.compile(
    r"[0-9A-Za-z][0-9A-Za-z._-]{0,59}"
)  # that every platform, and every file system, keeps as it is


class Rank(IntEnum):
    """How much a person may do in a room."""

    MEMBER = 0
    MODERATOR = 1
    OWNER = 2


class Tone(Enum):
    """What a card is about at a glance. Never the only sign of it: the words say the same."""

    PLAIN = "plain"
    GOOD = "good"
    PARTLY = "partly"
    BAD = "bad"
    ADVICE = "advice"  # what was asked can't be done, and what can
    TROUBLE = "trouble"  # something failed on our side


@dataclass(frozen=True, slots=True)
class Person:
    platform: str
    id: str


@dataclass(frozen=True, slots=True)
class Room:
    """Where a card can be posted: a channel, a group, a topic of it (`thread`) or a private chat.

    `community` is the Discord server or Telegram group it belongs to, the scope of leaderboards; empty in private.
    """

    platform: str
    id: str
    thread: str = ""
    community: str = ""
    private: bool = False
    title: str = field(default="", compare=False)  # of the community, as it is called now


@dataclass(frozen=True, slots=True)
class Call:
    """A command, with its options as they were written."""

    command: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Press:
    """A button that was pressed: `verb` says what it does, `deal` to which dealt question, `value` with what choice."""

    verb: str
    deal: str = ""
    value: str = ""

    def pack(self) -> str:
        """The press as `verb:deal:value`; ValueError when that can't be read back, or is over PRESS_LIMIT bytes."""
        packed = f"{self.verb}:{self.deal}:{self.value}"
        if not (_VERB.fullmatch(self.verb) and _DEAL.fullmatch(self.deal)):
            raise ValueError(f"a press needs a verb of letters and a deal of letters and digits: {packed!r}")
        if len(packed.encode()) > PRESS_LIMIT:
            raise ValueError(f"a press has at most {PRESS_LIMIT} bytes: {packed!r}")
        return packed

    @classmethod
    def unpack(cls, packed: str) -> "Press":
        """The press that was packed, or, for any other text, one that no button has: its verb is empty."""
        verb, deal, value = [*packed.split(":", 2), "", ""][:3]
        press = cls(verb, deal, value)
        try:
            intact = press.pack() == packed
        except ValueError:  # UnicodeEncodeError, for lone surrogates, is one too
            intact = False
        return press if intact else cls("")


@dataclass(frozen=True, slots=True)
class Typed:
    """A line of text, given to a button that asks for it (see `Commands.prompts`)."""

    press: Press
    text: str


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice message, given to a button that asks for text: how long it is. What it says, nobody listens to."""

    press: Press  # without a verb, if it was given to no button
    seconds: int


@dataclass(frozen=True, slots=True)
class Request:
    """One thing that a person did."""

    who: Person
    where: Room
    what: Call | Press | Typed | Voice
    name: str = ""  # as others see it, for greetings and boards only
    locale: str = ""  # the platform's hint; a saved preference wins
    rank: Rank = Rank.MEMBER
    id: str = ""  # the platform's name for this one thing: delivered twice, it is the same one


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    press: Press
    tone: Tone = Tone.PLAIN

    def __post_init__(self) -> None:
        self.press.pack()
        if not 0 < len(self.label) <= LABEL_LIMIT:
            raise ValueError(f"a label has 1 to {LABEL_LIMIT} characters: {self.label!r}")


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG, and what it shows: in words for those who can't see it, and drawn by characters for the terminal."""

    name: str
    content: bytes
    alt: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Poll:
    """The card's question as a quiz poll, for platforms that have such. Elsewhere, the card's buttons do the same."""

    choices: tuple[tuple[str, Press], ...]
    right: int  # which of them
    why: str


@dataclass(frozen=True, slots=True)
class Card:
    """What to show, not how. Every text is Markdown; text that came from users is escaped where it enters.

    `alone` opens what would be an aside to this card in full, for platforms whose asides in a shared room are short.
    """

    heading: str
    body: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    rows: tuple[tuple[Button, ...], ...] = ()
    tone: Tone = Tone.PLAIN
    picture: Picture | None = None
    poll: Poll | None = None
    alone: Button | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.heading) <= HEADING_LIMIT:
            raise ValueError(f"a heading has 1 to {HEADING_LIMIT} characters: {self.heading!r}")

    @property
    def buttons(self) -> tuple[Button, ...]:
        return tuple(button for row in self.rows for button in row)


@dataclass(frozen=True, slots=True)
class File:
    """Something to keep: a name and bytes. ValueError for a name or a size that not every platform takes."""

    name: str
    content: bytes
    mime: str = "text/markdown"

    def __post_init__(self) -> None:
        if not _FILE_NAME.fullmatch(self.name):
            raise ValueError(
                f"a file is named by up to 60 letters, digits, dots, dashes and underscores: {self.name!r}"
            )
        if not 0 < len(self.content) <= FILE_LIMIT:
            raise ValueError(f"a file has 1 to {FILE_LIMIT:,} bytes: {self.name} has {len(self.content):,}")


@dataclass(frozen=True, slots=True)
class Reply:
    """Up to one card each: in place of the card that was pressed, fresh in the room, and for the person alone.

    A file comes last, for the person alone too: with the aside, where that can be one message.
    """

    edit: Card | None = None
    new: Card | None = None
    aside: Card | None = None
    file: File | None = None

    @property
    def cards(self) -> tuple[Card, ...]:
        """The cards there are, in the order in which they are shown."""
        return tuple(card for card in (self.edit, self.new, self.aside) if card)


class Refusal(Exception):
    """What was asked can't be done: a kind word on why, and on what to do, for the person alone."""

    def __init__(self, heading: str, body: str = "") -> None:
        super().__init__(heading)
        self.card = Card(heading, body, tone=Tone.ADVICE)


def legible(text: str, limit: int) -> str:
    """Text from outside as databases keep it and screens can show it: no null characters, no halves of characters, no
    towers of accents, at most so many characters.
    """
    text = text[:limit].replace("\0", "")
    if text.isascii():
        return text
    marks, kept = 0, []
    for char in text.encode(errors="replace").decode():
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= MARKS_LIMIT:
            kept.append(char)
    return "".join(kept)


_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&@:])")


def escape(text: str) -> str:
    """Text that came from a user, so that Markdown shows it as it stands, in one line."""
    kept = "".join(char for char in text if char.isprintable() or char in " \u200d")  # which joins emoji to one
    return _MARKUP.sub(r"\\\1", " ".join(kept.split()))
