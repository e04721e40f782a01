"""Battles: fifty of 200 players each end a question at the same moment; how soon all are told what was right."""

import asyncio
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

from benchmarks.measuring import verdict
from benchmarks.telegram_presses import Side, configured
from bot.__main__ import open_store, utc_now
from bot.bank.bank import Filters
from bot.config import read_config
from bot.messages import Room
from bot.store.battles import PAUSE, Battle
from tests.loopback_telegram import Chat as Place
from tests.loopback_telegram import Message

BATTLES, PLAYERS = 50, 200
QUESTIONS, SECONDS = 3, 20
FIRST_CHAT, FIRST_PERSON = -5_000_000, 100_000
CHOSEN = PLAYERS - 2  # who have chosen before the end; of the others, one presses in the last seconds
BEFORE = 4.0  # seconds before the end at which they begin to
GOAL = 1.0  # seconds


@contextmanager
def rows(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=10)
    with connection:
        yield connection
    connection.close()


async def prepared(path: Path, config: Path) -> None:
    """So many battles, whose first question is due."""
    store = await open_store(read_config(config, {}))
    for number in range(BATTLES):
        chat = str(FIRST_CHAT - number)
        where = Room("telegram", chat, community=chat)
        room = await store.room(where, utc_now())
        filters = Filters("flask", mode="choice").pack()
        battle = Battle(f"battle{number}", room, where, _learner(number, 0), filters, QUESTIONS, SECONDS, utc_now())
        await store.battles.open(battle, [], "")
    await store.close()
    with rows(path) as connection:
        people = [(_learner(battle, one), FIRST_PERSON + battle * PLAYERS + one) for battle, one in _everybody()]
        connection.executemany(
            "INSERT INTO learner (id, created_at, name) VALUES (?, 0, ?)",
            [(name, f"Player {number}") for name, number in people],
        )
        connection.executemany(
            "INSERT INTO account (platform, platform_id, learner) VALUES ('telegram', ?, ?)",
            [(str(number), name) for name, number in people],
        )
        connection.executemany(
            "INSERT INTO player (battle, learner, joined_at, gone, silent) VALUES (?, ?, 0, FALSE, 0)",
            [(f"battle{battle}", _learner(battle, one)) for battle, one in _everybody()],
        )
        connection.execute("UPDATE battle SET state = ?, due_at = ?", (PAUSE, int(time.time()) + 3))


def _learner(battle: int, one: int) -> str:
    return f"player{battle}x{one}"


def _everybody() -> Iterator[tuple[int, int]]:
    return ((battle, one) for battle in range(BATTLES) for one in range(PLAYERS))


def answered(path: Path, place: int, now: float) -> float:
    """Let nearly all choose something, and all rounds end at one moment: which."""
    end = int(now) + 9
    with rows(path) as connection:
        connection.executemany(
            "INSERT INTO choice (battle, place, learner, value, chosen_at) VALUES (?, ?, ?, ?, ?)",
            [
                (f"battle{battle}", place, _learner(battle, one), str(random.randrange(4)), int(now))
                for battle, one in _everybody()
                if one < CHOSEN
            ],
        )
        connection.execute("UPDATE round SET ends_at = ? WHERE place = ?", (end, place))
        connection.execute("UPDATE battle SET due_at = ?", (end,))
        connection.execute("UPDATE player SET silent = 0")  # else nobody would wait for the one who never chooses
    return end


async def presses(side: Side, questions: list[Message]) -> list[float]:
    """One press in each battle, spread over the last seconds: how long each took to be answered."""

    async def press(number: int, message: Message) -> float:
        await asyncio.sleep(BEFORE * number / BATTLES)
        start = time.perf_counter()
        who = FIRST_PERSON + (FIRST_CHAT - message.chat) * PLAYERS + CHOSEN
        pressed = await side.server.press(message, "A", who)
        await pressed.answered.wait()
        return time.perf_counter() - start

    return list(await asyncio.gather(*(press(number, message) for number, message in enumerate(questions))))


async def until(side: Side, number: int, text: str) -> list[Message]:
    """The messages that say so, once there are so many."""

    def found() -> list[Message]:
        return [one for one in side.server.messages if text in (one.text or one.caption)]

    with suppress(TimeoutError):
        await side.server.until(lambda: len(found()) >= number)
    return found()


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        side = Side()
        await side.server.start()
        try:
            config = configured(folder, side.server.url)
            path = Path(folder, "x.db")
            for chat in range(FIRST_CHAT - BATTLES, FIRST_CHAT + 1):
                side.server.chats[chat] = Place(chat, "supergroup", "Study")
            side.server.faults.clear()  # this Telegram watches for nothing
            await prepared(path, config)
            await side.run(sys.executable, "-m", "bot", "--config", config)
            for place in range(1, QUESTIONS + 1):
                await told(side, path, place)
            podiums = await until(side, BATTLES, "Missed most:")
            print(f"podiums: {len(podiums)} of {BATTLES}")
            await kept(path)
        finally:
            await side.stop()


async def told(side: Side, path: Path, place: int) -> None:
    questions = await until(side, BATTLES, f"Question {place} of {QUESTIONS} ")
    questions = [one for one in questions if one.keyboard and len(one.keyboard[0]) > 1]
    assert len(questions) == BATTLES, len(questions)
    await asyncio.sleep(1)  # the bot notes what it has posted
    end = answered(path, place, time.time())
    await asyncio.sleep(end - time.time() - BEFORE)
    pressing = asyncio.create_task(presses(side, questions))
    await asyncio.sleep(end - time.time() + 3)
    slowest = max(await pressing) * 1000
    offset = time.time() - time.monotonic()
    late = [
        when + offset - end
        for method, params, when in side.server.requests
        if method in ("editMessageText", "sendMessage")
        and "Time is up" in params.get("text", "")
        and when + offset >= end - 0.1
    ]
    print(
        f"question {place}: {len(late)} of {BATTLES} told what was right; the last after, in seconds: "
        f"{verdict([max(late, default=9.0)], GOAL, at_least=False)}  (half of them after {median(late or [9.0]):.2f}; "
        f"slowest press {slowest:.0f} ms)"
    )


async def kept(path: Path) -> None:
    """How long it takes until all choices are answers."""
    start = time.perf_counter()
    left = [1]
    while left[0] and time.perf_counter() - start < 60:
        await asyncio.sleep(0.2)
        with rows(path) as connection:
            left = connection.execute("SELECT count(*) FROM round WHERE keep_at IS NOT NULL").fetchone()
    with rows(path) as connection:
        (answers,) = connection.execute("SELECT count(*) FROM answer").fetchone()
        (choices,) = connection.execute("SELECT count(*) FROM choice").fetchone()
    print(f"answers kept: {answers} of {choices}, {time.perf_counter() - start:.1f} s after the podiums")
