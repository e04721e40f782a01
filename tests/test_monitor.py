"""What can be seen from outside: alive, ready, and numbers that tell how it goes and never who it was."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from adapters import discord as discord_adapter
from adapters import telegram as telegram_adapter
from adapters.telegram import pacing
from adapters.telegram import platform as life
from bot.__main__ import Core, core
from bot.bank.bank import Bank
from bot.config import Config, ConfigError, Discord, Telegram
from bot.listening import Listener
from bot.messages import Card, Person, Press, Rank, Reply, Request, Room
from bot.monitor import COUNTED, Monitor
from bot.platforms import Gone, Health, Posting, Unknown
from bot.store.database import Database, StoreError
from bot.store.store import Store
from tests import loopback_discord
from tests.loopback_discord import LoopbackDiscord
from tests.loopback_telegram import CUT, LoopbackTelegram
from tests.people import ADA, BOB, GROUP, HOME, Clock, Conversation, looked, right_and_wrong, shown
from tests.test_packaging import LABELS

NAME = "Ada Lovelace"


class Stand:
    """A platform that is as well as the test says."""

    ready = True

    def __init__(self) -> None:
        self.connected = True
        self.fails: Exception | None = None

    def health(self) -> Health:
        return Health(self.connected, 0.04, 3, 1.5)

    async def post(self, room: Room, card: Card, how: Posting) -> str:
        if self.fails:
            raise self.fails
        return "1"

    async def missing(self, room: Room) -> str:
        return ""

    async def tell(self, who: Person, card: Card) -> None:
        if self.fails:
            raise self.fails


class Watched:
    """A bot that somebody watches."""

    def __init__(self, made: Core, monitor: Monitor, platform: Stand, listener: Listener) -> None:
        self.made, self.monitor, self.platform, self.listener = made, monitor, platform, listener
        self.people = Conversation(monitor.watched(made.dispatch.answer), made.commands)

    async def ask(self, path: str, method: str = "GET") -> tuple[int, str]:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"http://{self.listener.place}{path}") as answer,
        ):
            return answer.status, await answer.text()

    async def metrics(self) -> dict[tuple[str, ...], float]:
        """Each number by its name and the values of its labels, in the order of their names."""
        _, told = await self.ask("/metrics")
        families = list(text_string_to_metric_families(told))
        assert len(families) == len({family.name for family in families})
        assert all(family.documentation for family in families)
        found = {}
        for family in families:
            for sample in family.samples:
                if family.name.startswith("prepdeck"):
                    assert set(sample.labels) - {"le"} <= LABELS
                found[sample.name, *(value for _, value in sorted(sample.labels.items()))] = sample.value
        return found


@pytest.fixture
def listener(unused_tcp_port: int) -> Listener:
    return Listener(f"127.0.0.1:{unused_tcp_port}")


@pytest.fixture
async def watched(bank: Bank, database: Database, clock: Clock, listener: Listener) -> AsyncIterator[Watched]:
    store, platform = Store(database), Stand()
    made = core(Config(), bank, store, clock, Random(1))
    platforms: dict[str, Any] = {"test": platform}
    made.lane.platforms.update(platforms)
    monitor = Monitor(database, store.schedules, made.lane.platforms, made.lane.tally, clock)
    async with monitor.watching(listener):
        yield Watched(made, monitor, platform, listener)


async def test_whoever_asks_is_told_that_we_are_alive_and_ready(watched: Watched) -> None:
    assert await watched.ask("/healthz") == (200, "alive\n")
    assert await watched.ask("/readyz") == (200, '{"ready":true,"missing":{}}')
    assert await watched.ask("/healthz", "HEAD") == (200, "")


async def test_a_platform_that_is_not_connected_is_missing_and_we_are_alive_all_the_same(watched: Watched) -> None:
    watched.platform.connected = False
    assert await watched.ask("/readyz") == (503, '{"ready":false,"missing":{"test":"not connected"}}')
    assert (await watched.ask("/healthz"))[0] == 200
    assert (await watched.metrics())["prepdeck_connected", "test"] == 0


async def test_a_database_that_does_not_answer_is_missing(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(sql: str, values: object = None) -> None:
        await asyncio.Event().wait()

    async def broken(sql: str, values: object = None) -> None:
        raise StoreError("The database at secret.example.org can't be reached.")

    monkeypatch.setattr("bot.monitor.READY_TIME", 0.02)
    for fetch, told in ((never, "no answer within 0.02 s"), (broken, "can't be used")):
        monkeypatch.setattr(watched.monitor._database, "fetch", fetch)
        assert await watched.ask("/readyz") == (503, f'{{"ready":false,"missing":{{"database":"{told}"}}}}')
        assert (await watched.ask("/metrics"))[0] == 200


async def test_answers_are_counted_once_by_platform_and_verdict(watched: Watched) -> None:
    right, wrong = right_and_wrong(shown(await watched.people.type("/quiz mode:choice", where=GROUP)))
    await asyncio.gather(*(watched.people.press(right, ADA, GROUP) for _ in range(5)))  # the first one counts
    await watched.people.press(wrong, BOB, GROUP)
    await watched.people.press(wrong, ADA, GROUP)
    found = await watched.metrics()
    assert found["prepdeck_answers_total", "test", "right"] == 1
    assert found["prepdeck_answers_total", "test", "wrong"] == 1


async def test_requests_are_timed_by_platform_kind_and_outcome(watched: Watched, clock: Clock) -> None:
    await watched.people.type("/help")
    await watched.people.type("/quiz topic:nothing")

    async def broken(request: Request) -> Reply:
        raise ZeroDivisionError

    watched.made.dispatch._answer = broken  # type: ignore[method-assign]
    await watched.people.press(Press("answer", "d", "A"))
    found = await watched.metrics()
    for kind, outcome in (("call", "answered"), ("call", "refused"), ("press", "failed")):
        assert found["prepdeck_request_seconds_count", kind, outcome, "test"] == 1
    assert found["prepdeck_errors_total", "error", "bot.dispatch"] == 1


@pytest.mark.parametrize(
    ("fails", "outcome"),
    [
        (None, "sent"),
        (Gone("x"), "gone"),
        (Unknown("x"), "unknown"),
        (TimeoutError(), "unknown"),
        (ValueError("x"), "failed"),
    ],
)
async def test_what_becomes_of_messages_is_counted(watched: Watched, fails: Exception | None, outcome: str) -> None:
    watched.platform.fails = fails
    for leaving in (watched.made.lane.post(GROUP, Card("x"), Posting()), watched.made.lane.tell(ADA, Card("x"))):
        if fails:
            with pytest.raises(type(fails)):
                await leaving
        else:
            await leaving
    found = await watched.metrics()
    assert {key: value for key, value in found.items() if key[0] == "prepdeck_posts_total"} == {
        ("prepdeck_posts_total", outcome, "test"): 2
    }


async def test_daily_questions_that_are_late_left_out_or_begun_by_nobody_show(watched: Watched, clock: Clock) -> None:
    for name, at in (("one", "13:00"), ("two", "13:00"), ("three", "13:00"), ("later", "19:30")):
        room = Room("test", name, community=name)
        await watched.people.type(f"/daily time:{at}", where=room, rank=Rank.MODERATOR)
    assert (await watched.metrics())["prepdeck_posts_overdue", "test"] == 0
    clock.advance(hours=1, minutes=8)
    assert (await watched.metrics())["prepdeck_posts_overdue", "test"] == 3
    await looked(watched.made.lane, "test")
    found = await watched.metrics()
    assert found["prepdeck_posts_overdue", "test"] == 0
    assert found["prepdeck_posts_late_total", "test"] == 3
    clock.advance(days=2, minutes=1)
    await looked(watched.made.lane, "test")
    assert (await watched.metrics())["prepdeck_posts_skipped_total", "test"] >= 3


async def test_how_late_the_loop_comes_is_measured(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.monitor.LAG_EVERY", 0.0)
    async with asyncio.timeout(20):
        while not (await watched.metrics())["prepdeck_loop_lag_seconds_count",]:
            pass  # it is asked for over the loop, which comes round meanwhile


async def test_group_commit_platforms_and_the_process_are_measured(watched: Watched) -> None:
    before = await watched.metrics()
    await asyncio.gather(*(watched.people.type("/help", Person("test", str(number))) for number in range(50)))
    found = await watched.metrics()
    assert found["prepdeck_gateway_latency_seconds", "test"] == 0.04
    assert found["prepdeck_rate_limit_waits_total", "test"] == 3
    assert found["prepdeck_rate_limit_wait_seconds_total", "test"] == 1.5
    assert found["prepdeck_commit_waiting",] == 0
    assert found["process_resident_memory_bytes",] > 10_000_000
    if hasattr(watched.monitor._database, "commits"):
        batches, commits = (
            found[name,] - before[name,] for name in ("prepdeck_commit_batches_total", "prepdeck_commits_total")
        )
        assert batches >= 50
        assert commits < batches


async def test_no_number_tells_who_it_was_or_what_they_said(watched: Watched) -> None:
    someone = Person("test", "4711-4711")
    for line in (f"/{NAME}", f"/quiz {NAME}", f"/settings {NAME}:x"):
        call = watched.people.commands.parse(line)
        await watched.people.answer(Request(someone, HOME, call, name=NAME))
    logging.getLogger("bot").error("%s has failed", NAME)
    status, told = await watched.ask("/metrics")
    assert status == 200
    assert not any(part in told for part in (*NAME.split(), "4711"))


def test_what_is_counted_has_labels_that_are_few() -> None:
    assert all(set(labels) <= LABELS for _, _, labels in COUNTED.values())


# How platforms see themselves


@asynccontextmanager
async def running(platform: Any) -> AsyncIterator[None]:
    task = asyncio.ensure_future(platform.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
    assert not platform.health().connected


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not happened():  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.005)


async def test_telegram_is_connected_while_it_answers_or_holds_a_question_for_updates(
    telegram: LoopbackTelegram, conversation: Conversation, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life, "START_WAIT", 0.1)
    config = Config(telegram=Telegram(token=SecretStr(telegram.token), api_url=telegram.url))
    platform = telegram_adapter.connect(config, conversation.answer, conversation.commands, sqlite_store.memory)
    assert not platform.health().connected
    async with running(platform):
        await until(lambda: platform.health().connected)
        telegram.faults += [lambda method, _: CUT if method == "getUpdates" else None]
        await telegram.say("/help")  # ends the question that is held
        await until(lambda: not platform.health().connected)
        monkeypatch.setattr(life, "HELD", 0.05)
        await until(lambda: platform.health().connected)
        telegram.faults.clear()


async def test_telegram_tells_how_long_messages_waited_for_its_limits() -> None:
    pace = pacing.Pace()
    await pace.turn(1)
    assert (pace.waits, pace.waited) == (0, 0)
    await pace.turn(1)
    assert pace.waits == 1
    assert pace.waited > 0.5


async def test_discord_is_connected_while_its_gateway_is(
    server: LoopbackDiscord, conversation: Conversation, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord_adapter.platform, "GUILDS_TIME", 0.05)
    config = Config(discord=Discord(token=SecretStr(server.token), api_url=server.url))
    platform = discord_adapter.connect(config, conversation.answer, conversation.commands, sqlite_store.memory)
    assert not platform.health().connected
    async with running(platform):
        await until(lambda: platform.health().connected)
        await until(lambda: 0 < platform.health().latency < 5)
        cut: list[tuple[bool, bool]] = []

        async def on_disconnect() -> None:
            cut.append((platform.ready, platform.health().connected))

        platform.event(on_disconnect)
        for socket in list(server.sockets):
            await socket.close(code=4000)
        await until(lambda: bool(cut))
        assert cut == [(True, False)]
        await until(lambda: platform.health().connected)
        for _ in range(3):
            await platform.post(Room("discord", str(loopback_discord.CHANNEL)), Card("x"))
        assert platform.health().waits >= 1


# Listening


async def test_several_listen_at_one_place_and_come_and_go(watched: Watched) -> None:
    async def hook(request: web.BaseRequest) -> web.Response:
        return web.Response(text=await request.text() or "heard")

    async with watched.listener.hearing({("POST", "/telegram"): hook}):
        assert await watched.ask("/telegram", "POST") == (200, "heard")
        assert (await watched.ask("/telegram"))[0] == 405
        assert (await watched.ask("/healthz"))[0] == 200
    assert (await watched.ask("/telegram", "POST"))[0] == 404
    assert (await watched.ask("/healthz"))[0] == 200


async def test_who_comes_last_closes_the_place(listener: Listener) -> None:
    async with AsyncExitStack() as both:
        for path in ("/a", "/b"):
            await both.enter_async_context(listener.hearing({("GET", path): _nothing}))
    with pytest.raises(aiohttp.ClientConnectorError):
        async with aiohttp.ClientSession() as session:
            await session.get(f"http://{listener.place}/a")
    async with listener.hearing({("GET", "/a"): _nothing}):  # it can be opened again
        pass


async def _nothing(request: object) -> Any:
    raise AssertionError("nobody asks")


async def test_a_place_that_is_taken_is_told_in_a_sentence(listener: Listener) -> None:
    host, _, port = listener.place.rpartition(":")
    taken = await asyncio.start_server(lambda *_: None, host, int(port))
    with pytest.raises(ConfigError, match=f"monitor.listen {listener.place} can't be used: .*in use"):
        async with listener.hearing({("GET", "/a"): _nothing}):
            pass
    taken.close()
    await taken.wait_closed()
