"""What the core asks of a chat platform, and what a platform asks of the core."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.messages import Card, Reply, Request, Room

Answer = Callable[[Request], Awaitable[Reply]]


class Gone(Exception):
    """The room no longer exists, or no longer wants us."""


class PlatformError(Exception):
    """The platform can't be served. The text is one sentence for the person who runs the bot."""


class Memory(Protocol):
    """Where a platform keeps what it must remember between runs, and what became of rooms. The store is one."""

    async def note(self, name: str) -> str:
        """What was kept under this name; empty when nothing was."""

    async def keep(self, name: str, value: str) -> None: ...

    async def forget(self, name: str) -> None: ...

    async def room_moved(self, platform: str, old: str, new: str) -> None:
        """A room, with its threads, has another id from now on. All that is known of it goes with it."""

    async def room_gone(self, room: Room) -> None:
        """The room is no longer there for us; one without a thread, with all of its threads."""

    async def room_back(self, room: Room) -> None:
        """The room is there for us again."""


class Platform(Protocol):
    """What `connect(config, answer, commands, memory)` of an adapter returns."""

    async def run(self) -> int:
        """Serve people until they leave or the task is cancelled; the exit code. Raises PlatformError."""

    async def post(self, room: Room, card: Card) -> str:
        """Show a card in a room; the id of the message. Raises Gone."""

    async def edit(self, room: Room, message: str, card: Card) -> None:
        """Replace the card of a message. Raises Gone."""
