"""What the core asks of a chat platform, and what a platform asks of the core."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.messages import Card, Reply, Request, Room

Answer = Callable[[Request], Awaitable[Reply]]


class Gone(Exception):
    """The room no longer exists, or no longer wants us."""


class PlatformError(Exception):
    """The platform can't be served. The text is one sentence for the person who runs the bot."""


class Notes(Protocol):
    """Where a platform keeps what it must remember between runs. The store is one."""

    async def note(self, name: str) -> str:
        """What was kept under this name; empty when nothing was."""

    async def keep(self, name: str, value: str) -> None: ...


class Platform(Protocol):
    """What `connect(config, answer, commands, notes)` of an adapter returns."""

    async def run(self) -> int:
        """Serve people until they leave or the task is cancelled; the exit code. Raises PlatformError."""

    async def post(self, room: Room, card: Card) -> str:
        """Show a card in a room; the id of the message. Raises Gone."""

    async def edit(self, room: Room, message: str, card: Card) -> None:
        """Replace the card of a message. Raises Gone."""
