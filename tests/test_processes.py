"""Several processes on one PostgreSQL database, some of which are killed all the time.

Telegram sends an update again until somebody takes it; where two processes get it, it still counts once.
"""

import asyncio
import os
import re
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp import web

from bot.lane import LEASE
from bot.learners.scoring import buckets
from bot.learners.streaks import streak
from bot.store.database import Database, Statement
from bot.store.drivers import connect
from bot.store.store import Learner, Store
from tests import loopback_telegram
from tests.answering_together import DAYS, LEARNERS, MOST
from tests.crowd import Crowd, DiscordCrowd, TelegramCrowd
from tests.loopback_discord import LoopbackDiscord
from tests.loopback_telegram import Chat, LoopbackTelegram

ROOT = Path(__file__).parent.parent
PROCESSES, SHORT_LIVED = 4, 2  # the first two are killed again and again

# On the chat platforms

SECONDS = 120
LIFE = 0.2, 8.0  # seconds, at least and at most, that a process serves before it is killed
IN_SERVICE = 0.8  # of the kills; the others come so long after a start, whether or not that has come to its end
HOMES, MEMBERS, ROOMS = {"discord": 8, "telegram": 7}, 3, 4  # servers and groups; in each of them
FIRST_POST, LAST_POST = 3, SECONDS - 10  # seconds
REDELIVERIES = 12  # of an update; Telegram goes on for minutes or a day
BOARD_LINE = re.compile(r"(?:🥇|🥈|🥉|[0-9]+\.) (\w[^:\n]*): ([0-9]+) points?\b")


class Balancer:
    """As simple as they come: each request goes to the next process, whether or not that one is there."""

    def __init__(self, ports: Iterable[int]) -> None:
        self._ports = cycle(ports)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        async with aiohttp.ClientSession() as self._client:
            runner = web.ServerRunner(web.Server(self._pass_on, access_log=None), shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
            await runner.cleanup()

    async def _pass_on(self, request: web.BaseRequest) -> web.Response:
        url = f"http://127.0.0.1:{next(self._ports)}{request.path_qs}"
        body = await request.read()
        try:
            async with self._client.request(request.method, url, data=body, headers=request.headers) as answer:
                return web.Response(status=answer.status)
        except (aiohttp.ClientError, OSError):
            return web.Response(status=502)


class Process:
    """`python -m bot`, which is started again after it was killed."""

    def __init__(self, port: int, log: Path, environment: dict[str, str]) -> None:
        self._port = port
        self._log = log
        self._environment = {**environment, "BOT__MONITOR__LISTEN": f"127.0.0.1:{port}"}
        self._running: asyncio.subprocess.Process | None = None
        self.killed = 0

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._running = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", cwd=self._log.parent, env=self._environment, stdout=log, stderr=log
            )

    async def kill_again_and_again(self, random: Random, over: asyncio.Event) -> None:
        async def in_service() -> bool:
            return over.is_set() or await self.ready()

        while not over.is_set():
            if random.random() < IN_SERVICE:
                await until(in_service, SECONDS)
            try:
                await asyncio.wait_for(over.wait(), random.uniform(*LIFE))
            except TimeoutError:
                assert self._running
                self._running.kill()
                assert await self._running.wait() == -signal.SIGKILL, self.logged
                self.killed += 1
                await self.start()

    async def ready(self) -> bool:
        assert self._running
        assert self._running.returncode is None, self.logged
        try:
            async with aiohttp.request("GET", f"http://127.0.0.1:{self._port}/readyz") as answer:
                return answer.status == 200
        except (aiohttp.ClientError, OSError):
            return False

    async def end(self) -> int:
        """Ask it to end; its exit code, once it has."""
        assert self._running
        assert self._running.returncode is None, self.logged
        self._running.terminate()
        return await asyncio.wait_for(self._running.wait(), 20)

    async def leave_nothing(self) -> None:
        if self._running and self._running.returncode is None:
            self._running.kill()
            await self._running.wait()

    @property
    def logged(self) -> str:
        return self._log.read_text()


async def until(happened: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await happened():  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.1)


def noon() -> ZoneInfo:
    """A time zone in which it is between twelve and one: no day ends meanwhile."""
    return ZoneInfo(f"Etc/GMT{datetime.now(UTC).hour - 12:+d}")


@pytest.fixture
def crowds(server: LoopbackDiscord, telegram: LoopbackTelegram) -> list[Crowd[Any]]:
    random = Random(7)
    homes: dict[str, dict[int, tuple[list[int], list[int]]]] = defaultdict(dict)
    for platform, number in HOMES.items():
        for home in range(1, number + 1):
            members = [50_000_000 + 100 * home + member for member in range(MEMBERS)]
            rooms = [20_000_000 + 100 * home + room for room in range(ROOMS)]
            if platform == "discord":
                server.guilds[home << 22] = rooms
                homes[platform][home << 22] = members, rooms
                continue
            rooms = [-room for room in rooms]
            telegram.chats.update({room: Chat(room, "group", f"Group {room}") for room in rooms})
            telegram.members.update({(room, members[0]): "creator" for room in rooms})
            homes[platform][home] = members, rooms
    return [
        DiscordCrowd(random, homes["discord"], server),
        TelegramCrowd(random, homes["telegram"], telegram),
    ]


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    found = await connect(postgres_url)
    yield found
    await found.close()


@pytest.mark.slow
@pytest.mark.timeout(480)
async def test_of_four_processes_on_both_platforms_two_are_killed_for_two_minutes_and_all_that_was_told_is_kept_once(
    server: LoopbackDiscord,
    telegram: LoopbackTelegram,
    crowds: list[Crowd[Any]],
    postgres_url: str,
    database: Database,
    tmp_path: Path,
    unused_tcp_port_factory: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loopback_telegram, "PUSHES", REDELIVERIES)
    server.latency = 0.15  # so that a kill finds some posts on their way
    random, zone = Random(1), noon()
    ports = [unused_tcp_port_factory() for _ in range(PROCESSES)]
    async with Balancer(ports).listening() as balancer:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": postgres_url,
            "BOT__QUESTIONS": str(ROOT / "questions"),
            "BOT__TIMEZONE": zone.key,
            "DISCORD_TOKEN": server.token,
            "BOT__DISCORD__API_URL": server.url,
            "BOT__DISCORD__SHARD_COUNT": str(PROCESSES),
            "TELEGRAM_TOKEN": telegram.token,
            "BOT__TELEGRAM__API_URL": telegram.url,
            "BOT__TELEGRAM__WEBHOOK_URL": f"{balancer}/telegram",
        }
        processes = [
            Process(port, tmp_path / f"{shard}.log", {**environment, "BOT__DISCORD__SHARD_IDS": str(shard)})
            for shard, port in enumerate(ports)
        ]

        async def all_ready() -> bool:
            return all([await process.ready() for process in processes])

        try:
            await asyncio.gather(*(process.start() for process in processes))
            await until(all_ready)
            await settle_in(database, crowds, zone)
            await plan_posts(database, crowds, random)
            over = asyncio.Event()
            asyncio.get_running_loop().call_later(SECONDS, over.set)
            await asyncio.gather(
                *(process.kill_again_and_again(random, over) for process in processes[:SHORT_LIVED]),
                *(crowd.practise(over) for crowd in crowds),
            )
            await until(all_ready)
            await until(lambda: nothing_due(database))
            boards, streaks = await told_boards(crowds), await told_streaks(crowds)
            assert [await process.end() for process in processes] == [0] * PROCESSES
        finally:
            for process in processes:
                await process.leave_nothing()
    for process in processes:
        assert "Traceback" not in process.logged, process.logged

    answers, kills = await check_answers(database, crowds), sum(process.killed for process in processes)
    sent, unknown = await check_posts(database, crowds, kills)
    await check_scores(database)
    await check_boards(database, boards)
    await check_streaks(database, streaks, zone)
    told, unanswered = sum(len(crowd.told) for crowd in crowds), sum(crowd.unanswered for crowd in crowds)
    again = sum(status != 200 for _, status in telegram.pushes)
    print(f"{told} verdicts told, {answers} answers kept, {unanswered} times no answer, {kills} kills,", end=" ")
    print(f"{len(server.identifies)} sessions, {again} updates delivered again, {sent} posts, {unknown} unknown")
    assert told >= 500
    assert kills >= 10
    assert len(server.identifies) >= PROCESSES + 5
    assert again >= 10
    assert sent >= 50


# Before and after


async def settle_in(database: Database, crowds: list[Crowd[Any]], zone: ZoneInfo) -> None:
    """Everybody comes once; they have practised before, each on other days."""
    random, store, today = Random(3), Store(database), datetime.now(zone).date()
    for crowd in crowds:
        for told in await asyncio.gather(*(crowd.command(one, one, "streak") for one in crowd.people)):
            assert "Your streak: 0 days" in told
    for row in await database.fetch("SELECT learner FROM account ORDER BY platform, platform_id"):
        days = [today - timedelta(days) for days in range(1, 20) if random.random() < 0.8]
        await store.keep_days(Learner(row["learner"]), days, "practised")


async def plan_posts(database: Database, crowds: list[Crowd[Any]], random: Random) -> None:
    """A moderator of each room asks for a daily question; one after the other they become due while we run."""
    for crowd in crowds:
        moderators = {room: crowd.homes[home][0][0] for room, home in crowd.rooms.items()}
        for room, moderator in moderators.items():
            assert "It is set." in await crowd.command(moderator, room, "daily", time="09:00")
    rows = await database.fetch("SELECT room FROM schedule ORDER BY room")
    rooms = random.sample([row["room"] for row in rows], len(rows))
    now, step = datetime.now(UTC).timestamp(), (LAST_POST - FIRST_POST) / len(rooms)
    moments = [{"room": room, "due": int(now + FIRST_POST + step * place)} for place, room in enumerate(rooms)]
    sql = "UPDATE schedule SET next_due_at = :due WHERE room = :room"
    await database.write([Statement(sql, values) for values in moments])


async def nothing_due(database: Database) -> bool:
    now = int(datetime.now(UTC).timestamp())
    return not await database.fetch("SELECT room FROM schedule WHERE next_due_at <= :now", {"now": now})


async def told_boards(crowds: list[Crowd[Any]]) -> dict[tuple[str, str], str]:
    """What the board of each community says, by platform and community."""
    found: dict[tuple[str, str], str] = {}
    for crowd in crowds:
        for home, (members, rooms) in crowd.homes.items():
            for room in rooms if crowd.platform == "telegram" else rooms[:1]:
                community = room if crowd.platform == "telegram" else home
                board = await crowd.command(members[0], room, "leaderboard", period="today")
                found[crowd.platform, str(community)] = board
    return found


async def told_streaks(crowds: list[Crowd[Any]]) -> dict[tuple[str, str], str]:
    return {
        (crowd.platform, str(person)): await crowd.command(person, person, "streak")
        for crowd in crowds
        for person in crowd.people
    }


# What must hold


async def check_answers(database: Database, crowds: list[Crowd[Any]]) -> int:
    """Every verdict that somebody was shown is there, once and as it was shown; how many there are at all."""
    rows = await database.fetch(
        "SELECT account.platform, platform_id, deal, verdict FROM answer JOIN account USING (learner)"
    )
    (number,) = await database.fetch("SELECT count(*) AS n FROM answer")
    kept = {(row["platform"], row["platform_id"], row["deal"]): row["verdict"] for row in rows}
    told = [one for crowd in crowds for one in crowd.told]
    assert [one for one in told if kept.get(one[:3]) != one.verdict] == []
    assert len(kept) == len(rows) == number["n"]
    return len(kept)


async def check_posts(database: Database, crowds: list[Crowd[Any]], kills: int) -> tuple[int, int]:
    """Every room has one question of the day. If its process was killed while it posted, that is told as unknown."""
    store = Store(database)
    posts = {(crowd.platform, str(room)): found for crowd in crowds for room, found in crowd.posts().items()}
    for crowd in crowds:
        await store.schedules.give_up(crowd.platform, datetime.now(UTC) + LEASE)  # as a later tick does
    rows = await database.fetch(
        "SELECT room.platform, platform_id, state, message FROM post JOIN room ON room.id = post.room"
    )
    assert sorted((row["platform"], row["platform_id"]) for row in rows) == sorted(posts)
    states = Counter(row["state"] for row in rows)
    assert states.keys() <= {"sent", "unknown"}
    assert states["unknown"] <= kills
    for row in rows:
        there = [str(message.id) for message in posts[row["platform"], row["platform_id"]]]
        assert there == [row["message"]] if row["state"] == "sent" else len(there) <= 1
    return states["sent"], states["unknown"]


async def check_scores(database: Database) -> None:
    """Points and reviews are what the answers add up to; no question earns twice a day."""
    points: Counter[tuple[str, str, str, str]] = Counter()
    earned: Counter[tuple[str, str]] = Counter()
    rows = await database.fetch(
        "SELECT answer.*, platform, community FROM answer "
        "JOIN deal ON deal.id = answer.deal JOIN room ON room.id = deal.room"
    )
    for row in rows:
        topic = row["question"].partition("/")[0]
        earned[row["learner"], row["question"]] += row["points"] > 0
        for bucket in buckets(date.fromisoformat(row["day"])):
            for name in (bucket, f"{topic}/{bucket}"):
                points[row["platform"], row["community"], name, row["learner"]] += row["points"]
    scores = await database.fetch("SELECT * FROM score")
    kept = {(row["platform"], row["community"], row["bucket"], row["learner"]): row["points"] for row in scores}
    assert kept == +points
    assert max(earned.values()) == 1
    reviews = await database.fetch("SELECT learner, question FROM review")
    assert sorted((row["learner"], row["question"]) for row in reviews) == sorted(earned)


async def check_boards(database: Database, boards: dict[tuple[str, str], str]) -> None:
    rows = await database.fetch(
        "SELECT platform, community, name, sum(points) AS points FROM answer "
        "JOIN deal ON deal.id = answer.deal JOIN room ON room.id = deal.room JOIN learner ON learner.id = learner "
        "GROUP BY platform, community, learner.id, name HAVING sum(points) > 0"
    )
    expected: dict[tuple[str, str], dict[str, int]] = {place: {} for place in boards}
    for row in rows:
        if row["community"]:
            expected[row["platform"], row["community"]][row["name"]] = int(row["points"])
    told = {place: {name: int(points) for name, points in BOARD_LINE.findall(text)} for place, text in boards.items()}
    assert told == expected


async def check_streaks(database: Database, streaks: dict[tuple[str, str], str], zone: ZoneInfo) -> None:
    """Today is a day of practice for all who have answered, and the streak is what their days make."""
    today = datetime.now(zone).date()
    answered = await database.fetch("SELECT DISTINCT learner, answered_at FROM answer")
    whose = {row["learner"]: datetime.fromtimestamp(row["answered_at"], zone).date() for row in answered}
    assert set(whose.values()) == {today}
    days: defaultdict[str, list[date]] = defaultdict(list)
    for row in await database.fetch("SELECT learner, day FROM practice_day"):
        days[row["learner"]].append(date.fromisoformat(row["day"]))
    assert {learner for learner, practised in days.items() if today in practised} == whose.keys()
    for row in await database.fetch("SELECT * FROM account"):
        number = streak(days[row["learner"]], today).current
        told = streaks.pop((row["platform"], row["platform_id"]))
        assert f"Your streak: {number} day" in told
    assert streaks == {}


# On the store alone

ANSWERS, KILLS = 400, 8
EVERY = 120  # answers between two kills


class Run:
    """Processes that answer, what they say they have kept, and a hand that kills."""

    def __init__(self, url: str, random: Random) -> None:
        self._url = url
        self._random = random
        self._alive: dict[int, asyncio.subprocess.Process] = {}
        self.acknowledged: list[str] = []
        self.killed = 0

    async def live(self, place: int) -> None:
        """One process after the other at this place, until one comes to its end."""
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.answering_together", self._url, str(ANSWERS),
                cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
            self._alive[place] = process
            assert process.stdout
            assert process.stderr
            async for line in process.stdout:
                if line.endswith(b"\n"):
                    self.acknowledged.append(line.decode().strip())
                    self._kill_in_time()
            told = (await process.stderr.read()).decode()
            del self._alive[place]
            if await process.wait() == 0:
                return
            assert process.returncode == -signal.SIGKILL, told

    def _kill_in_time(self) -> None:
        places = [place for place in self._alive if place < SHORT_LIVED]
        if places and self.killed < KILLS and len(self.acknowledged) >= EVERY * (self.killed + 1):
            self.killed += 1
            self._alive[self._random.choice(places)].kill()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_of_four_processes_two_are_killed_again_and_again_and_every_acknowledged_answer_is_there_once(
    postgres_url: str, seed: int
) -> None:
    run = Run(postgres_url, Random(seed))
    await asyncio.gather(*(run.live(place) for place in range(PROCESSES)))
    assert run.killed == KILLS
    database = await connect(postgres_url)
    answers = await database.fetch("SELECT deal, learner, question, day, points FROM answer")
    kept = Counter(row["deal"] for row in answers)
    assert set(run.acknowledged) <= set(kept)
    assert set(kept.values()) == {1}
    assert len(kept) >= PROCESSES * ANSWERS

    (learners,) = await database.fetch("SELECT count(DISTINCT learner) AS n FROM account")
    assert learners["n"] == LEARNERS
    points: Counter[tuple[str, str]] = Counter()
    given: Counter[tuple[str, str]] = Counter()
    for row in answers:
        points[row["learner"], row["day"]] += row["points"]
        given[row["learner"], row["day"]] += 1
    assert len(given) == LEARNERS * DAYS
    assert dict(points) == {place: min(2 * number, MOST) for place, number in given.items()}

    scores = await database.fetch("SELECT learner, bucket, points FROM score WHERE bucket LIKE '____-__-__'")
    assert {(row["learner"], row["bucket"]): row["points"] for row in scores} == dict(points)
    totals = await database.fetch("SELECT learner, points FROM score WHERE bucket = 'all'")
    assert sum(row["points"] for row in totals) == points.total()
    days = await database.fetch("SELECT learner, day FROM practice_day WHERE kind = 'practised'")
    assert sorted((row["learner"], row["day"]) for row in days) == sorted(given)
    reviews = await database.fetch("SELECT learner, question FROM review")
    assert {(row["learner"], row["question"]) for row in reviews} == {
        (row["learner"], row["question"]) for row in answers
    }
    await database.close()
