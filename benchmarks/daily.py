"""Daily posts: looking for what is due, among a million rooms against among a thousand; and a fan-out on Telegram."""

import asyncio
import gc
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter

import orjson

from adapters.telegram.pacing import OVERALL
from adapters.telegram.rendering import render
from benchmarks.measuring import verdict
from benchmarks.telegram_presses import ROOT, Side, configured
from bot.__main__ import core, open_store, usable_bank, utc_now
from bot.bank.bank import Filters
from bot.config import Config, read_config
from bot.lane import Lane
from bot.messages import Call, Card, Person, Request, Room
from bot.platforms import Posting
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.store import Store
from tests.loopback_telegram import Chat as Place
from tests.loopback_telegram import Message, Payload

ROUNDS = 5
TICKS = 200
SMALL, LARGE = 1_000, 1_000_000
AT_ONCE = 10_000  # rooms that are due in one minute
LATENCY = 0.06  # seconds until a platform has shown a post
PACED = 600  # rooms that are due in one minute on Telegram; 10,000 would take six
PRESS_EVERY = 0.4
PRESSES = 40
FIRST_CHAT = -3_000_000
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)

ROOM_ROWS = """
    WITH RECURSIVE number(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n + 1 < :size)
    INSERT INTO room (id, platform, platform_id, thread, community, private, created_at)
    SELECT 'room' || n, :platform, :first_chat - n, '', :first_chat - n, FALSE, :now FROM number
"""

SCHEDULE_ROWS = """
    INSERT INTO schedule (
        room, platform, at, timezone, weekdays, filters, reveal, style, thread, ping,
        learner, person, told, next_due_at, receipt
    )
    SELECT id, platform, '12:00', :timezone, '1234567', :filters, '', 'buttons', FALSE, '', 'one', '1', FALSE,
        :now + 3600 + abs(random()) % 80000, ''
    FROM room WHERE id GLOB 'room*'
"""

POST_ROWS = """
    INSERT INTO post (
        room, day, timezone, platform, receipt, state, why, due_at, claimed_at, answered, reveal
    )
    SELECT id, '2026-03-01', :timezone, platform, id, 'sent', '', :now - 86400, :now - 86400, 0, ''
    FROM room WHERE id GLOB 'room*'
"""


def scheduled(path: Path, size: int, platform: str, now: datetime) -> None:
    """So many rooms with a question every day, none of them due within an hour; each had one yesterday."""
    offset = 12 - now.hour  # noon is far from midnight, after which nothing is posted any more
    values: dict[str, object] = {
        "size": size,
        "platform": platform,
        "first_chat": FIRST_CHAT,
        "now": int(now.timestamp()),
        "filters": Filters().pack(),
        "timezone": f"Etc/GMT{-offset:+d}",
    }
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO learner (id, created_at) VALUES ('one', 0)")
        for rows in (ROOM_ROWS, SCHEDULE_ROWS, POST_ROWS):
            connection.execute(rows, values)
    connection.close()


def make_due(path: Path, rooms: int, now: datetime) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE schedule SET next_due_at = ? WHERE rowid <= ?", (int(now.timestamp()), rooms))
    connection.close()


class Chat:
    """A platform that shows posts after a while, as many at once as it is given."""

    ready = True

    def __init__(self) -> None:
        self.posts: Counter[str] = Counter()

    async def run(self) -> int:
        return 0

    async def post(self, room: Room, card: Card, how: Posting = Posting()) -> str:  # noqa: B008
        await asyncio.sleep(LATENCY)
        self.posts[room.id] += 1
        return "1"

    async def edit(self, room: Room, message: str, card: Card) -> None: ...

    async def tell(self, who: Person, card: Card) -> None: ...

    async def missing(self, room: Room) -> str:
        return ""


@asynccontextmanager
async def blocked() -> AsyncIterator[Callable[[], float]]:
    """For how many milliseconds, at most, nothing else could run in the event loop."""
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            start = perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, perf_counter() - start - 0.001)

    watching = asyncio.create_task(watch())
    yield lambda: longest * 1000
    watching.cancel()


async def among(folder: Path, size: int, chat: Chat) -> tuple[Store, Lane]:
    path = folder / f"{size}.db"
    database = await connect(f"sqlite:///{path}")
    await migrate(database)
    scheduled(path, size, "bench", NOW)
    store = Store(database)
    lane = core(Config(), usable_bank([str(ROOT / "questions")]), store, lambda: NOW, Random(1)).lane
    lane.platforms["bench"] = chat
    return store, lane


async def seconds_a_tick(lane: Lane) -> float:
    start = perf_counter()
    for _ in range(TICKS):
        await lane.due[0]("bench")
    return (perf_counter() - start) / TICKS


async def ticks(folder: Path) -> None:
    chat = Chat()
    sides = [await among(folder, size, chat) for size in (SMALL, LARGE)]
    before = gc.get_threshold()
    gc.freeze()  # as when serving
    gc.set_threshold(20_000, 20, 100)
    ratios = []
    async with blocked() as idle:
        for _ in range(ROUNDS):
            small, large = [await seconds_a_tick(lane) for _, lane in sides]
            ratios.append(large / small)
    told = verdict(ratios, 2, at_least=False)
    print(f"nothing due: among {LARGE:,} rooms / among {SMALL:,}            {told}  ({large * 1000:.2f} ms)")
    assert not chat.posts
    make_due(folder / f"{LARGE}.db", AT_ONCE, NOW)
    lane = sides[1][1]
    async with blocked() as busy:
        start = perf_counter()
        await lane.due[0]("bench")
        await lane.finish()
        rate = AT_ONCE / (perf_counter() - start)
    assert len(chat.posts) == chat.posts.total() == AT_ONCE
    for what, longest in (("nothing due", idle()), (f"{AT_ONCE:,} due ({rate:.0f}/s)", busy())):
        print(f"{what}: the event loop's longest block, ms  {verdict([longest], 50, at_least=False)}")
    gc.unfreeze()
    gc.set_threshold(*before)
    for store, _ in sides:
        await store.close()


async def card_in_a_group(config: Config, side: Side) -> Message:
    """A question in a group, on Telegram."""
    store = await open_store(config)
    _, dispatch, _ = core(config, usable_bank(config.questions), store, utc_now, Random(1))
    request = Request(Person("telegram", "1"), Room("telegram", "-2000"), Call("quiz", {"mode": "choice"}))
    card = (await dispatch.answer(request)).new
    assert card
    (page,) = render(card, lambda press: "https://t.me")
    assert page.keyboard
    await store.close()
    sent: Payload = {"chat_id": -2000, "text": page.text.text, "reply_markup": orjson.loads(page.keyboard)}
    return side.server._send("sendMessage", sent)


async def presses(side: Side, card: Message, first: int, number: int) -> list[float]:
    """The seconds until each of some presses was answered, one begun every so often, each by somebody else."""

    async def press(who: int) -> float:
        start = perf_counter()
        pressed = await side.server.press(card, "A", who)
        await pressed.answered.wait()
        return perf_counter() - start

    pressing = []
    for who in range(first, first + number):
        pressing.append(asyncio.create_task(press(who)))
        await asyncio.sleep(PRESS_EVERY)
    return list(await asyncio.gather(*pressing))


async def fan_out(folder: Path) -> None:
    side = Side()
    await side.server.start()
    try:
        path = configured(str(folder), side.server.url)
        card = await card_in_a_group(read_config(path, {}), side)
        scheduled(folder / "x.db", PACED, "telegram", utc_now())
        for chat in range(FIRST_CHAT - PACED, FIRST_CHAT + 1):
            side.server.chats[chat] = Place(chat, "supergroup", "Study")
        side.server.faults.clear()  # this Telegram watches for nothing
        await side.run(sys.executable, "-m", "bot", "--config", path)
        await presses(side, card, 10_000, 10)  # to warm up
        idle = await presses(side, card, 20_000, PRESSES)
        make_due(folder / "x.db", PACED, utc_now() - timedelta(seconds=1))
        busy = await presses(side, card, 30_000, PRESSES)
        with suppress(TimeoutError):
            await side.server.until(lambda: len(side.server.asked("sendMessage")) >= PACED)
    finally:
        await side.stop()
    sent = [(params["chat_id"], when) for method, params, when in side.server.requests if method == "sendMessage"]
    moments = [when for _, when in sent]
    rate = (len(sent) - 1) / (max(moments) - min(moments))
    shown = Counter(message.chat for message in side.server.messages[1:])  # the first is the card
    lost, twice = PACED - len(shown), shown.total() - len(shown)
    print(f"{PACED} due on Telegram: of the pace of {OVERALL}/s     {verdict([rate / OVERALL], 0.97, at_least=True)}")
    print(f"{PACED} due on Telegram: lost {lost}, twice {twice}  goal 0  {'MISSED' if lost or twice else 'reached'}")
    slowest = f"({max(busy) * 1000:.0f} ms; median {sorted(busy)[PRESSES // 2] * 1000:.0f} ms)"
    told = verdict([max(busy) / max(idle)], 2, at_least=False)
    print(f"slowest press: while they are posted / when idle  {told}  {slowest}")


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        await ticks(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        await fan_out(Path(folder))
