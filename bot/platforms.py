"""What the core asks of a chat platform, and what a platform asks of the core."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.messages import Card, Reply, Request, Room

Answer = Callable[[Request], Awaitable[Reply]]


class Gone(Exception):
    """The room no longer exists, or no longer wants us."""


class Platform(Protocol):
    async def run(self) -> int:
        """Serve people until they leave or the task is cancelled; the exit code of the program."""

    async def post(self, room: Room, card: Card) -> str:
        """Show a card in a room; the id of the message. Raises Gone."""

    async def edit(self, room: Room, message: str, card: Card) -> None:
        """Replace the card of a message. Raises Gone."""
