"""What happens by itself on each platform: rows say what is due, and a tick every second looks for them.

What is found is claimed in the database, then sent, then recorded: a crash in between loses at most that one, which is
then called unknown, and nothing is ever sent twice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bot.messages import Card, Person, Room
from bot.platforms import Gone, Platform, Posting, Unknown
from bot.tally import Tally

logger = logging.getLogger(__name__)

PAGE = 100  # rows that are looked for at once
AT_ONCE = 32  # posts of a platform that are on their way; more would only wait for the platform's limits
SLOT_TIME = 5.0  # seconds after which a post that is still on its way lets another one begin
SEND_TIME = 120.0  # seconds for a post
LEASE = timedelta(seconds=180)  # after which a claim without an outcome is unknown
RETRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))  # after failures that may pass, in turn

_Claiming = Coroutine[Any, Any, Coroutine[Any, Any, None] | None]

Look = Callable[[str], Awaitable[None]]  # for what is due on a platform, and begin it


class Lane:
    def __init__(self) -> None:
        self.platforms: dict[str, Platform] = {}  # those that this process serves
        self.due: tuple[Look, ...] = ()
        self.tally = Tally()
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._on_their_way: set[asyncio.Task[None]] = set()

    def serves(self, platform: str) -> bool:
        return platform in self.platforms and self.platforms[platform].ready

    async def begin(self, platform: str, claiming: _Claiming) -> None:
        """Claim something, and do what is then to be done beside the others, as soon as there is a slot.

        Whoever looks may be ended meanwhile, as at the end of the process: what is claimed is done nevertheless.
        """
        gate = self._gates.setdefault(platform, asyncio.Semaphore(AT_ONCE))
        try:
            await gate.acquire()
        except BaseException:
            claiming.close()
            raise
        beginning = asyncio.ensure_future(self._begin(gate, claiming))
        self._on_their_way.add(beginning)
        beginning.add_done_callback(self._on_their_way.discard)
        await asyncio.shield(beginning)

    async def _begin(self, gate: asyncio.Semaphore, claiming: _Claiming) -> None:
        try:
            claimed = await claiming
        except BaseException:
            gate.release()
            raise
        if not claimed:
            gate.release()
            return
        task = asyncio.ensure_future(claimed)
        self._on_their_way.add(task)
        freed = asyncio.get_running_loop().call_later(SLOT_TIME, gate.release)

        def done(task: asyncio.Task[None]) -> None:
            self._on_their_way.discard(task)
            if not freed.cancelled() and freed.when() > asyncio.get_running_loop().time():
                freed.cancel()
                gate.release()

        task.add_done_callback(done)

    async def finish(self) -> None:
        """Wait for what is on its way."""
        while self._on_their_way:
            await asyncio.wait(self._on_their_way)

    async def post(self, room: Room, card: Card, how: Posting) -> str:
        """As the platform does it, in SEND_TIME. Raises Gone, Unknown; TimeoutError, which is as unknown."""
        with self._counted(room.platform):
            async with asyncio.timeout(SEND_TIME):
                return await self.platforms[room.platform].post(room, card, how)

    async def edit(self, room: Room, message: str, card: Card, how: Posting) -> None:
        """As the platform does it, in SEND_TIME. Raises Gone, TimeoutError."""
        async with asyncio.timeout(SEND_TIME):
            await self.platforms[room.platform].edit(room, message, card, how)

    async def tell(self, who: Person, card: Card) -> None:
        """As the platform does it, in SEND_TIME. Raises Gone, Unknown, TimeoutError."""
        with self._counted(who.platform):
            async with asyncio.timeout(SEND_TIME):
                await self.platforms[who.platform].tell(who, card)

    @contextmanager
    def _counted(self, platform: str) -> Iterator[None]:
        """Count what becomes of a message."""
        outcome = "failed"
        try:
            yield
            outcome = "sent"
        except Gone:
            outcome = "gone"
            raise
        except (Unknown, TimeoutError):
            outcome = "unknown"
            raise
        finally:
            self.tally.count("sent", platform, outcome)

    async def missing(self, room: Room) -> str:
        """What keeps us from posting in a room, as far as the platform can say; empty if nothing does."""
        platform = self.platforms.get(room.platform)
        try:
            return await platform.missing(room) if platform else ""
        except Exception:
            logger.exception("what we lack in a room could not be found out")
            return ""


class Failure(NamedTuple):
    """What became of a post that raised something."""

    state: str  # failed or unknown
    why: str
    retry_at: datetime | None = None
    lost: bool = False  # the room is no longer there for us


def failure(error: Exception, due: datetime, now: datetime) -> Failure:
    """What became of what was due, and raised this: only what surely did not arrive is tried again."""
    match error:
        case Gone():
            return Failure("failed", str(error), lost=True)
        case Unknown() | TimeoutError():
            logger.warning("what became of a post is unknown: %s", error or "it took too long")
            return Failure("unknown", str(error))
    logger.error("a post failed", exc_info=error)
    wait = next((wait for wait in RETRIES if due + wait > now), RETRIES[-1])
    return Failure("failed", type(error).__name__, now + wait)
