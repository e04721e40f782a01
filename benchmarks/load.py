"""An evening: a thousand people on Discord and Telegram at once, one bot for all; beside it, a bot that does nothing.

Half of the people are on each platform. Nine of ten sit in rooms of fifty, where one asks for a question and everybody
presses a choice; the others practise in private. They think first; then comes the next question, and now and then
somebody reads the explanation. Two loads:

- "evening": everybody presses once every four seconds, whatever the bot does. Were it too slow, the answers a second
  would stay behind what is offered.
- "full": nobody thinks, but only so many presses are on their way at once on each platform: what the bot can do. (In a
  Telegram group a question comes every three seconds, as Telegram allows. So there everybody is in five groups.)

Each bot serves both platforms in one process: ours is `python -m bot` with its database; the other, which does nothing,
has the same two libraries, and shows a card that was ready before. Both platforms and all people are this process, and
two processors are needed to measure the bots alone. The bots take turns, ours for a minute and the other for half of
one, so that a noisy minute harms both. Latency runs from the press to the request that shows the verdict, in ms.

Afterwards: every verdict that was shown must be a row of `answer`, nobody may have waited in vain, and our bot may have
logged nothing. Memory is what ours holds of the machine, after a minute of pressing and at the end of each load, with
the slope in between, in kB for 1,000 answers; beside it the same of the other bot, which tells what the libraries keep.

It takes 18 minutes. LOAD_SECONDS=20 presses for so long in place of 300; LOAD_DATABASE=postgresql://user@host/name
lets our bot keep its answers there, in a database that is empty.
"""

import asyncio
import gc
import logging
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import linear_regression, median
from time import perf_counter
from typing import Any, NamedTuple

from benchmarks.measuring import spread, verdict
from bot.messages import Press
from bot.store.drivers import connect
from tests import loopback_discord, loopback_telegram
from tests.loopback_discord import LoopbackDiscord
from tests.loopback_telegram import LoopbackTelegram

SECONDS = float(os.environ.get("LOAD_SECONDS", "300"))  # of pressing at our bot, at each load
DATABASE = os.environ.get("LOAD_DATABASE", "")
ROUNDS = 5
PEOPLE = 500  # on each platform
ALONE = 50  # of them
TOGETHER = 50  # in a room
FIRST_PERSON, FIRST_SERVER, FIRST_CHANNEL, FIRST_GROUP = 10_000, 1_000_000, 2_000_000, -1_002_000_000_000
THINKING = 4.0  # seconds, in the evening, from one press to the next
GROUP_PAUSE = 3.1  # seconds from one message in a Telegram group to the next: it takes twenty a minute
ALONE_PAUSE = 5.0  # seconds, in private on Telegram, which takes 30 messages a second from a bot
GROUPS = 5  # in which everybody is on Telegram, at full load
ON_THEIR_WAY = 32  # presses at once on each platform, at full load
READERS = 0.1  # of those who are told a verdict
PATIENCE = 30.0  # seconds that people wait for what is on its way when all is over
FLAT = 1.05  # of the memory after a minute: it is no more at the end
SAMPLES = 2.0  # seconds between two looks at the memory
QUIZ = "quiz"
ROOT = Path(__file__).parent.parent
PAGE, TICK = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
VERDICTS = ("Correct", "Partly right", "Not quite")
Payload = dict[str, Any]


# The people


@dataclass(frozen=True)
class Seats:
    """A room: a channel, a group, or a private chat; who is in it, and how long it takes from question to question."""

    place: int
    people: Sequence[int]
    pause: float

    @property
    def private(self) -> bool:
        return len(self.people) == 1


class Shown(NamedTuple):
    """What somebody was shown, when its request came, and the message that has its buttons."""

    text: str
    when: float
    message: Any


class OnDiscord(LoopbackDiscord):
    """A Discord with a server for each room, and that notes when requests come."""

    def __init__(self) -> None:
        super().__init__(lenient=True)
        self.faults.append(self._note)
        rooms = [seats.place for seats in self.seats(0.0, full=True) if not seats.private]
        self.guilds = {FIRST_SERVER + place: [place] for place in rooms}
        self._came: dict[str, float] = {}

    def seats(self, pause: float, *, full: bool) -> list[Seats]:
        return _rooms(FIRST_CHANNEL, 0.0 if full else pause, 0.0 if full else pause)

    async def ask(self, seats: Seats, who: int, last: Shown | None) -> loopback_discord.Message:
        """The next question, by the button of the last verdict if there is one."""
        if last and "Next question" in last.message.buttons:
            asked = await self.press(last.message, "Next question", who, private=seats.private)
        else:
            asked = await self.call(QUIZ, who, where=seats.place, private=seats.private, mode="choice")
        return (await self._settled(asked)).message

    async def answer(self, seats: Seats, question: loopback_discord.Message, who: int, place: int) -> Shown:
        letters = [label for label in question.buttons if len(label) == 1]
        pressed = await self.press(question, letters[place % len(letters)], who, private=seats.private)
        return await self._settled(pressed)

    async def read(self, seats: Seats, verdict: Shown, who: int) -> None:
        if "Explanation" in verdict.message.buttons:
            await self._settled(await self.press(verdict.message, "Explanation", who, private=seats.private))

    def forget(self, question: loopback_discord.Message) -> None:
        self.messages.clear()
        self.requests.clear()

    async def _settled(self, asked: loopback_discord.Interaction) -> Shown:
        await asked.settled.wait()
        del self.interactions[asked.token]
        message = asked.messages[-1] if asked.messages else asked.source
        assert message
        return Shown(message.text.removeprefix("### "), self._came.pop(asked.token), message)

    def _note(self, method: str, path: str) -> None:
        """When the last request about an interaction came; the path ends with its token, or with `/callback`."""
        parts = path.split("/")
        if len(parts) > 2 and parts[2] in self.interactions:
            self._came[parts[2]] = perf_counter()


class OnTelegram(LoopbackTelegram):
    """A Telegram that notes when requests come, and tells what is posted in a chat."""

    def __init__(self) -> None:
        super().__init__(lenient=True)
        self.faults.append(self._note)
        self._posted: dict[int, asyncio.Future[loopback_telegram.Message]] = {}
        self._edited: dict[int, asyncio.Future[tuple[str, float]]] = {}
        self.late = 0  # verdicts that came too late for an alert, so that they were told in private
        self._told: dict[tuple[int, str], asyncio.Future[tuple[str, float]]] = {}  # in private, by person and deal
        self._came: dict[str, float] = {}

    def seats(self, pause: float, *, full: bool) -> list[Seats]:
        rooms = _rooms(FIRST_GROUP, GROUP_PAUSE if full else pause, ALONE_PAUSE if full else pause, GROUPS * full or 1)
        for seats in rooms:
            if not seats.private:
                self.chats[seats.place] = loopback_telegram.Chat(seats.place, "supergroup", "Study")
        return rooms

    async def ask(self, seats: Seats, who: int, last: Shown | None) -> loopback_telegram.Message:
        """The next question, in private by the button of the last verdict if there is one."""
        chat = who if seats.private else seats.place
        posted = self._posted[chat] = asyncio.get_running_loop().create_future()
        if last and "Next question" in last.message.buttons:
            pressed = await self.press(last.message, "Next question", who)
            await pressed.answered.wait()
            self._came.pop(pressed.id)
        else:
            await self.say(f"/{QUIZ} mode:choice", who, None if seats.private else seats.place)
        return await posted

    async def answer(self, seats: Seats, question: loopback_telegram.Message, who: int, place: int) -> Shown:
        letters = [label for label in question.buttons if len(label) == 1]
        edited: asyncio.Future[tuple[str, float]] = asyncio.get_running_loop().create_future()
        if seats.private:
            self._edited[who] = edited
        pressed = await self.press(question, letters[place % len(letters)], who)
        await pressed.answered.wait()
        when = self._came.pop(pressed.id)
        if seats.private:
            return Shown(*await edited, question)
        if text := pressed.answer.get("text"):
            return Shown(text, when, question)
        self.late += 1
        return Shown(*await self._in_private(who, deal_of(question)), question)

    async def read(self, seats: Seats, verdict: Shown, who: int) -> None:
        if seats.private and "Explanation" in verdict.message.buttons:
            posted = self._posted[who] = asyncio.get_running_loop().create_future()
            pressed = await self.press(verdict.message, "Explanation", who)
            await pressed.answered.wait()
            self._came.pop(pressed.id)
            self._known.pop((who, (await posted).id))

    def _in_private(self, who: int, deal: str) -> asyncio.Future[tuple[str, float]]:
        return self._told.setdefault((who, deal), asyncio.get_running_loop().create_future())

    def forget(self, question: loopback_telegram.Message) -> None:
        for who, deal in [key for key in self._told if key[1] == deal_of(question)]:
            del self._told[who, deal]
        self._known.pop((question.chat, question.id), None)
        for kept in (self.messages, self.requests, self.updates, self.answers):
            kept.clear()

    def _note(self, method: str, params: Payload) -> None:
        now = perf_counter()
        if method == "answerCallbackQuery":
            self._came[params["callback_query_id"]] = now
        elif method == "editMessageText" and (edited := self._edited.pop(params["chat_id"], None)):
            edited.set_result((params["text"], now))

    def _send(self, method: str, params: Payload) -> loopback_telegram.Message:
        message = super()._send(method, params)
        if posted := self._posted.pop(message.chat, None):
            posted.set_result(message)
        elif message.chat > 0 and message.text.startswith(VERDICTS):
            told = self._in_private(message.chat, deal_of(message))
            if not told.done():  # or given up, when all was over
                told.set_result((message.text, perf_counter()))
        return message


def deal_of(message: loopback_telegram.Message) -> str:
    """The deal that a card is about."""
    return next((press.deal for packed in message.buttons.values() if (press := Press.unpack(packed)).deal), "")


Platform = OnDiscord | OnTelegram


def _rooms(first: int, pause: float, alone: float, times: int = 1) -> list[Seats]:
    """Everybody's: so many are alone, and the others in rooms, each of them so many times."""
    people = range(FIRST_PERSON, FIRST_PERSON + PEOPLE)
    private = [Seats(who, (who,), alone) for who in people[:ALONE]]
    starts = [start for _ in range(times) for start in range(ALONE, PEOPLE, TOGETHER)]
    return private + [Seats(first + at, people[start : start + TOGETHER], pause) for at, start in enumerate(starts)]


class Load(NamedTuple):
    name: str
    full: bool

    @property
    def offered(self) -> float:
        """Answers in a second, of both platforms; 0 for as many as there can be."""
        return 0.0 if self.full else 2 * PEOPLE / THINKING


LOADS = Load("evening", full=False), Load("full", full=True)


@dataclass
class Round:
    """What people saw while they pressed for a while."""

    begin: float
    end: float
    sent: int = 0
    shown: int = 0
    wrong: list[str] = field(default_factory=list)  # texts that were shown in place of a verdict
    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # ms, by platform
    used: dict[str, float] = field(default_factory=dict)  # of one processor, by process

    @property
    def per_second(self) -> float:
        return sum(map(len, self.waits.values())) / (self.end - self.begin)

    def late(self, platform: str, percent: float) -> float:
        waits = sorted(self.waits[platform]) or [0.0]
        return waits[int(len(waits) * percent / 100)]


class Evening:
    """People at the rooms of one platform, until the round is over."""

    def __init__(self, platform: Platform, name: str, load: Load, round_: Round, random: Random) -> None:
        self._platform, self._name, self._load, self._round, self._random = platform, name, load, round_, random
        self._turn = asyncio.Semaphore(ON_THEIR_WAY if load.full else PEOPLE)

    async def spend(self) -> None:
        rooms = self._platform.seats(THINKING, full=self._load.full)
        await asyncio.gather(*(self._play(seats) for seats in rooms))

    async def _play(self, seats: Seats) -> None:
        await asyncio.sleep(self._random.uniform(0, seats.pause))
        last: tuple[int, Shown | None] = (self._random.choice(seats.people), None)
        while (begun := perf_counter()) < self._round.end:
            question = await self._platform.ask(seats, *last)
            shown = await asyncio.gather(*(self._answer(seats, question, who) for who in seats.people))
            self._platform.forget(question)
            last = self._random.choice(list(zip(seats.people, shown, strict=True)))
            await asyncio.sleep(begun + seats.pause - perf_counter())

    async def _answer(self, seats: Seats, question: Any, who: int) -> Shown | None:
        if not self._load.full:
            await asyncio.sleep(self._random.uniform(0, seats.pause - 0.5))
        async with self._turn:
            if (start := perf_counter()) > self._round.end:
                return None
            self._round.sent += 1
            told = await self._platform.answer(seats, question, who, self._random.randrange(60))
            if told.text.startswith(VERDICTS):
                self._round.shown += 1
            else:
                self._round.wrong.append(told.text[:80])
            if self._round.begin <= start:
                self._round.waits[self._name].append((told.when - start) * 1000)
            if self._random.random() < READERS:
                await self._platform.read(seats, told, who)
            return told


# The bots


class Side:
    """A bot's process, and a Discord and a Telegram for it alone."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.discord, self.telegram = OnDiscord(), OnTelegram()
        self.samples: list[tuple[float, int, int]] = []  # seconds of pressing, answers, bytes
        self.sent = self.shown = 0
        self.log = folder / f"{name}.log"
        self._pressed = 0.0  # seconds
        self._process: asyncio.subprocess.Process | None = None

    @asynccontextmanager
    async def running(self, *command: str | Path) -> Any:
        """Serve until all is over."""
        with self.log.open("w") as log:
            self._process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env={}, stderr=log)
        try:
            await self.telegram.until(lambda: self.telegram.asked("getUpdates"))
            await asyncio.wait_for(self.discord.connected.wait(), 20)
            yield
        finally:
            self._process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), 10)
            if self._process.returncode is None:
                self._process.kill()

    @property
    def lines(self) -> list[str]:
        """What it logged, but for discord.py's complaint that a heartbeat was answered before its thread had noted when
        it was sent: here an answer comes that soon.
        """
        return [line for line in self.log.read_text().splitlines() if "Can't keep up, shard ID" not in line]

    async def round(self, load: Load, seconds: float, random: Random) -> Round:
        """People press for so long, after a while that does not count."""
        begin = perf_counter() + THINKING
        round_ = Round(begin, begin + seconds)
        sampling = asyncio.create_task(self._sample(round_))
        both = [
            Evening(self.discord, "Discord", load, round_, random).spend(),
            Evening(self.telegram, "Telegram", load, round_, random).spend(),
        ]
        with suppress(TimeoutError):  # who still waits, waits in vain
            async with asyncio.timeout(THINKING + seconds + PATIENCE):
                await asyncio.gather(*both)
        await sampling
        self.sent, self.shown = self.sent + round_.sent, self.shown + round_.shown
        self._pressed += seconds
        return round_

    async def _sample(self, round_: Round) -> None:
        await asyncio.sleep(round_.begin - perf_counter())
        assert self._process
        pids = {self.name: self._process.pid, "people": os.getpid()}
        before = {name: _worked(pid) for name, pid in pids.items()}
        while (left := round_.end - perf_counter()) > 0:
            await asyncio.sleep(min(SAMPLES, left))
            pressed = self._pressed + perf_counter() - round_.begin
            self.samples.append((pressed, self.shown + round_.shown, _held(self._process.pid)))
        elapsed = perf_counter() - round_.begin
        round_.used = {name: (_worked(pid) - before[name]) / elapsed for name, pid in pids.items()}


def _held(pid: int) -> int:
    """Bytes of the machine's memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def _worked(pid: int) -> float:
    """Seconds that a process has had a processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def growth(samples: Sequence[tuple[float, int, int]], minute: float) -> str:
    """Memory after the first minute of these samples and at the end, and how it grew in between."""
    start = samples[0][0]
    later = [(answers, held) for pressed, answers, held in samples if pressed - start >= minute] or [samples[-1][1:]]
    first, last = later[0][1], later[-1][1]
    slope = linear_regression(*zip(*later, strict=True)).slope / 1024 * 1000 if len(later) > 1 else 0.0
    shown = (
        f"{first / 2**20:.1f} MB after a minute, {last / 2**20:.1f} MB at the end, {slope:+.1f} kB for 1,000 answers"
    )
    return f"{shown}; end / first minute {verdict([last / first], FLAT, at_least=False)}"


@contextmanager
def _collecting_less() -> Iterator[None]:
    """As our bot does: a look through all that is kept would be a pause for a thousand people."""
    gc.freeze()
    before = gc.get_threshold()
    gc.set_threshold(20_000, 20, 100)
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def configured(folder: Path, side: Side, database: str) -> Path:
    path = folder / "bot.toml"
    path.write_text(
        f'database = "{database}"\nquestions = ["{ROOT / "questions"}"]\nmonitor.log = "warning"\n'
        f'[discord]\ntoken = "{loopback_discord.TOKEN}"\napi_url = "{side.discord.url}"\n'
        f'[telegram]\ntoken = "{loopback_telegram.TOKEN}"\napi_url = "{side.telegram.url}"\n',
        encoding="utf-8",
    )
    return path


async def kept(url: str) -> int:
    """How many answers are in the database."""
    database = await connect(url)
    (row,) = await database.fetch("SELECT count(*) AS number FROM answer")
    await database.close()
    return int(row["number"])


async def main() -> None:
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = DATABASE or f"sqlite:///{folder}/x.db"
        ours, theirs = sides = Side("ours", folder), Side("theirs", folder)
        for side in sides:
            await side.discord.start()
            await side.telegram.start()
        urls = theirs.discord.url, theirs.telegram.url
        try:
            config = configured(folder, ours, database)
            async with (
                ours.running(sys.executable, "-m", "bot", "--config", config),
                theirs.running(sys.executable, "-m", "benchmarks.doing_nothing", *urls, folder),
            ):
                with _collecting_less():
                    for load in LOADS:
                        await measured(load, ours, theirs)
        finally:
            for side in sides:
                await side.discord.stop()
                await side.telegram.stop()
        rows = await kept(database)
        print(
            f"answers: {ours.sent} presses, {ours.shown} verdicts shown, {rows} rows kept  goal: all the same", end="  "
        )
        print("reached" if ours.sent == ours.shown == rows else "MISSED")
        print(f"of them too late for an alert, more than a second, and told in private: {ours.telegram.late}")
        print(f"lines in the log, of warnings and errors: {len(ours.lines)}  goal: none", end="  ")
        print("MISSED" if ours.lines else "reached", *ours.lines[:20], sep="\n")
        if theirs.sent > theirs.shown or theirs.lines:
            print("The other bot has failed, too, so that its times tell nothing:", *theirs.lines[:20], sep="\n")
    logging.disable(logging.NOTSET)


async def measured(load: Load, ours: Side, theirs: Side) -> None:
    """Press at one load, and print what came of it."""
    random = Random(1)
    starts = len(ours.samples), len(theirs.samples)
    pairs = []
    for _ in range(ROUNDS):
        mine = await ours.round(load, SECONDS / ROUNDS, random)
        pairs.append((mine, await theirs.round(load, SECONDS / ROUNDS / 2, random)))
    offered = f", {load.offered:.0f}/s offered" if load.offered else f", {ON_THEIR_WAY} at once on each platform"
    print(f"{load.name}{offered}:")
    _line("answers a second", [(mine.per_second, other.per_second) for mine, other in pairs])
    for platform in ("Discord", "Telegram"):
        _line(f"{platform} answers", [_rates(platform, *pair) for pair in pairs])
        for percent in (50, 95, 99):
            name = f"{platform} p{percent}, ms"
            _line(name, [(mine.late(platform, percent), other.late(platform, percent)) for mine, other in pairs])
    work = [(mine.used["ours"], other.used["theirs"]) for mine, other in pairs]
    _line("of a processor", work)
    _line("the people's", [(mine.used["people"], other.used["people"]) for mine, other in pairs])
    each = [(1000 / max(mine.per_second, 1), 1000 / max(other.per_second, 1)) for mine, other in pairs]
    _line("ms of it an answer", [(a * x, b * y) for (a, b), (x, y) in zip(work, each, strict=True)])
    for side, start in zip((ours, theirs), starts, strict=True):
        print(f"  memory of {side.name}: {growth(side.samples[start:], SECONDS / ROUNDS)}")
    for text in [text for mine, _ in pairs for text in mine.wrong][:5]:
        print(f"  shown in place of a verdict: {text!r}")


def _rates(platform: str, mine: Round, other: Round) -> tuple[float, float]:
    return tuple(len(one.waits[platform]) / (one.end - one.begin) for one in (mine, other))  # type: ignore[return-value]


def _line(name: str, pairs: Sequence[tuple[float, float]]) -> None:
    """Both sides, and how they compare in each round."""
    ours, theirs = zip(*pairs, strict=True)
    ratios = [mine / other if other else 0.0 for mine, other in pairs]
    print(f"  {name:18} ours {spread(ours)}  theirs {median(theirs):.2f}  ours / theirs {spread(ratios)}")
