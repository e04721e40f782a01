"""Starting: `python -m bot` with both platforms until it is ready, and its memory, beside its libraries alone."""

import asyncio
import os
import socket
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import aiohttp

from benchmarks.measuring import spread, verdict
from tests import loopback_discord, loopback_telegram
from tests.loopback_discord import LoopbackDiscord
from tests.loopback_telegram import LoopbackTelegram

ROUNDS = 5
READY_WITHIN = 3.0  # seconds
IDLE_WITHIN = 120.0  # MB
SETTLED = 5.0  # seconds after which a process that nobody asks anything is idle
ROOT = Path(__file__).parent.parent
PAGE = os.sysconf("SC_PAGE_SIZE")
LIBRARIES = (
    "import discord, discord.ui, discord.app_commands, telegram.ext, aiohttp.web, aiosqlite, apscheduler, pydantic"
)
HOLD = "; print('here', flush=True); input()"


async def main() -> None:
    discord, telegram = LoopbackDiscord(), LoopbackTelegram()
    await discord.start()
    await telegram.start()
    ours, floors, ratios, held, libraries = [], [], [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            begun, megabytes = await _started(folder, discord.url, telegram.url)
        floor, floor_megabytes = await _imported()
        ours.append(begun)
        floors.append(floor)
        ratios.append(begun / floor)
        held.append(megabytes)
        libraries.append(floor_megabytes)
    await discord.stop()
    await telegram.stop()
    print(f"seconds until ready          {verdict(ours, READY_WITHIN, at_least=False)}")
    print(f"libraries imported, alone    {spread(floors)}  (ours / alone: {spread(ratios)})")
    print(f"MB when idle                 {verdict(held, IDLE_WITHIN, at_least=False)}")
    print(f"libraries imported, alone    {median(libraries):.0f}")


async def _started(folder: str, discord: str, telegram: str) -> tuple[float, float]:
    """Seconds until a new bot is ready, and the megabytes that it holds when it is idle."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": f"sqlite:///{folder}/bot.db",
        "DISCORD_TOKEN": loopback_discord.TOKEN,
        "BOT__DISCORD__API_URL": discord,
        "TELEGRAM_TOKEN": loopback_telegram.TOKEN,
        "BOT__TELEGRAM__API_URL": telegram,
        "BOT__MONITOR__LISTEN": listen,
        "BOT__QUESTIONS": str(ROOT / "questions"),
        "BOT__MONITOR__LOG": "error",
    }
    begun = perf_counter()
    bot = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", cwd=ROOT, env=environment)
    async with aiohttp.ClientSession() as session:
        while bot.returncode is None:
            try:
                async with session.get(f"http://{listen}/readyz") as answer:
                    if answer.status == 200:
                        break
            except aiohttp.ClientConnectorError:
                pass
            await asyncio.sleep(0.02)
    seconds = perf_counter() - begun
    await asyncio.sleep(SETTLED)
    megabytes = _held(bot.pid)
    bot.terminate()
    await bot.wait()
    return seconds, megabytes


async def _imported() -> tuple[float, float]:
    """Seconds until what we stand on is imported, and the megabytes of that."""
    begun = perf_counter()
    run, pipe = (sys.executable, "-W", "ignore", "-c", LIBRARIES + HOLD), asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*run, stdin=pipe, stdout=pipe)
    assert process.stdout
    await process.stdout.readline()
    seconds, megabytes = perf_counter() - begun, _held(process.pid)
    await process.communicate(b"\n")
    return seconds, megabytes


def _held(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 1e6
