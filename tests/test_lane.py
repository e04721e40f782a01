"""What happens by itself, when the end comes in the middle of it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from bot import __main__ as bot
from bot import lane
from bot.lane import Lane
from bot.store.database import StoreError


class Post:
    """One that is claimed slowly, and then sent."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.claiming, self.goes_on = asyncio.Event(), asyncio.Event()

    async def claim(self) -> Coroutine[Any, Any, None]:
        self.claiming.set()
        await self.goes_on.wait()
        self.done.append("claimed")
        return self.send()

    async def send(self) -> None:
        self.done.append("sent")


async def test_what_is_being_claimed_when_whoever_looks_is_ended_is_sent_before_the_end() -> None:
    running, post = Lane(), Post()
    looking = asyncio.create_task(running.begin("test", post.claim()))
    await post.claiming.wait()
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    ending = asyncio.create_task(running.finish())
    post.goes_on.set()
    await ending
    assert post.done == ["claimed", "sent"]


async def test_what_still_waits_for_a_slot_then_is_not_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "AT_ONCE", 1)
    running, first, second = Lane(), Post(), Post()
    looking = [asyncio.create_task(running.begin("test", post.claim())) for post in (first, second)]
    await first.claiming.wait()
    for look in looking:
        look.cancel()
    await asyncio.wait(looking)
    first.goes_on.set()
    await running.finish()
    assert (first.done, second.done) == (["claimed", "sent"], [])


async def test_a_database_that_is_away_is_told_of_once_and_looked_for_until_it_is_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks, away = 0, True
    looked_again, back = asyncio.Event(), asyncio.Event()

    async def look(platform: str) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            looked_again.set()
        if away:
            raise StoreError("The database is away.")
        back.set()

    async def tidy() -> None: ...

    monkeypatch.setattr(bot, "SOONER", {"look": 0.01})
    running = Lane()
    running.platforms["test"] = None  # type: ignore[assignment]  # nothing is asked of it
    running.due = (look,)
    ticking = bot._tick(running, tidy)
    await asyncio.wait_for(looked_again.wait(), 10)
    away = False
    await asyncio.wait_for(back.wait(), 10)
    ticking.shutdown(wait=False)
    told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert told == ["The database is away. What is due waits for it."]
