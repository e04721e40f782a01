"""What the core asks of a chat platform, and what a platform asks of the core."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import nan
from typing import Protocol

from bot.messages import Card, Person, Reply, Request, Room

Answer = Callable[[Request], Awaitable[Reply]]


class Gone(Exception):
    """The room no longer exists, or no longer wants us."""


class Unknown(Exception):
    """What was sent may have arrived, or not."""


class PlatformError(Exception):
    """The platform can't be served. The text is one sentence for the person who runs the bot."""


class Memory(Protocol):
    """Where a platform keeps what it must remember between runs, and what became of rooms. `Store.memory` is one."""

    async def note(self, name: str) -> str:
        """What was kept under this name; empty when nothing was."""

    async def keep(self, name: str, value: str) -> None: ...

    async def forget(self, name: str) -> None: ...

    async def room_moved(self, platform: str, old: str, new: str) -> None:
        """A room, with its threads, has another id from now on. All that is known of it goes with it."""

    async def room_gone(self, room: Room) -> None:
        """The room is no longer there for us; one without a thread, with all of its threads."""

    async def person_left(self, who: Person, community: str) -> None:
        """A member has left a community: its boards don't show them until they answer there again."""

    async def room_back(self, room: Room) -> None:
        """The room is there for us again."""


@dataclass(frozen=True, slots=True)
class Posting:
    """How to post. Platforms leave out what they don't have."""

    key: str = ""  # names the post: what is posted twice under one key within minutes appears once
    ping: str = ""  # who is called, as the platform writes it
    thread: str = ""  # the name of a thread to open under it, for discussion


@dataclass(frozen=True, slots=True)
class Health:
    """How a platform is doing, as it sees it itself."""

    connected: bool  # at this moment; `Platform.ready` forgives a pause
    latency: float = nan  # seconds to its gateway and back, where there is one
    waits: int = 0  # messages that have waited for the platform's limits since the start
    waited: float = 0.0  # seconds that they waited, all together


class Platform(Protocol):
    """What `connect(config, answer, commands, memory, listener)` of an adapter returns.

    The listener is where to hear what the platform sends by itself, if it does; None, if nothing listens.
    """

    async def run(self) -> int:
        """Serve people until they leave or the task is cancelled; the exit code. Raises PlatformError."""

    @property
    def ready(self) -> bool:
        """Whether it can post: it is connected, or has been and will be again."""

    def health(self) -> Health: ...

    async def post(self, room: Room, card: Card, how: Posting = ...) -> str:
        """Show a card in a room; the id of the message. Raises Gone, Unknown.

        Posts go behind the answers to people, and no faster than the platform allows.
        """

    async def edit(self, room: Room, message: str, card: Card, how: Posting = ...) -> None:
        """Replace the card of a message, which was posted so. Raises Gone."""

    async def tell(self, who: Person, card: Card) -> None:
        """Show a card to a person in private. Raises Gone, Unknown."""

    async def missing(self, room: Room) -> str:
        """What keeps us from posting in a room, in one sentence; empty if nothing does."""
