"""A year of daily posts in 500 rooms, through crashes, faults and moderators, recounted at the end.

The year goes by from one interesting moment to the next, over SQLite in this thread, so that a seed decides all that
happens. What every day ought to have had is worked out by an arithmetic of its own, not by `bot.groups.schedule`.
"""

import asyncio
import logging
import secrets
import sqlite3
import zlib
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

import pytest

from bot.__main__ import core
from bot.bank.bank import Bank
from bot.config import Config
from bot.messages import Call, Card, Person, Press, Rank, Request, Room
from bot.platforms import Gone, Posting, Unknown
from bot.store.database import ConflictError, Row, Statement
from bot.store.schema import migrate
from bot.store.store import Store
from tests.mortal import Killed
from tests.people import ADA, Clock

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
ROOMS = 500
ODD_ZONES = (  # with clocks that change at midnight, by half an hour or two hours, that stand between hours, or far out
    "Africa/Cairo", "Africa/Casablanca", "America/Havana", "America/Los_Angeles", "America/New_York", "America/Nuuk",
    "America/Santiago", "America/Scoresbysund", "America/Sao_Paulo", "America/St_Johns", "Antarctica/Troll",
    "Asia/Beirut", "Asia/Gaza", "Asia/Jerusalem", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Tokyo", "Atlantic/Azores",
    "Australia/Adelaide", "Australia/Eucla", "Australia/Lord_Howe", "Australia/Sydney", "Etc/GMT+12", "Europe/Berlin",
    "Europe/Dublin", "Europe/London", "Pacific/Apia", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Easter",
    "Pacific/Kiritimati", "Pacific/Marquesas", "Pacific/Norfolk", "Pacific/Pago_Pago", "UTC",
)  # fmt: skip
POPULAR = ("08:00", "09:00", "09:30", "12:00", "18:00", "20:00")
RISKY = ("00:00", "00:01", "00:30", "01:30", "02:00", "02:15", "02:30", "03:00", "22:30", "23:00", "23:30", "23:59")
WEEKDAYS = ("1234567",) * 5 + ("12345", "67", "3", "135")
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOKS = ("post_due", "reveal_due")
LAGS = (0, 0, 1, 20, 60, 300, 900, 1800)  # seconds after a moment until the tick that finds it
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
LATE, CATCH_UP = timedelta(hours=6), timedelta(days=7)  # what is promised


class Era(NamedTuple):
    """What holds in a room from a moment on, by what moderators were told."""

    since: datetime
    at: str
    zone: ZoneInfo
    weekdays: str
    on: bool


class Seen(NamedTuple):
    """A message that people saw."""

    when: datetime  # the post was asked for
    key: str


@dataclass
class Place:
    """A room, as moderators and members know it."""

    where: Room
    eras: list[Era] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    lost: list[tuple[datetime, datetime]] = field(default_factory=list)
    told: int = 0
    skips: int = 0

    def is_lost(self, now: datetime) -> bool:
        return any(start <= now < end for start, end in self.lost)

    def era(self, moment: datetime) -> Era:
        return self.eras[bisect_right(self.eras, moment, key=lambda era: era.since) - 1]


class Process:
    """One process: a core, its way to the database that all share, and its connection to the platform."""

    def __init__(self, year: "Year") -> None:
        self.year = year
        self.store = Store(self)
        self.left = 0  # steps until it is killed; none for 0
        self.dead = False
        self.parked: set[asyncio.Task[Any] | None] = set()  # posts that the platform takes minutes for
        _, self.dispatch, self.lane = core(Config(), year.bank, self.store, year.clock, Random(1))
        self.lane.platforms["test"] = self

    async def step(self) -> None:
        """Here others may go on first, and here it may end."""
        if self.left:
            self.left -= 1
            self.dead = self.dead or not self.left
        if not self.dead and self.year.random.random() < self.year.mixing:
            await asyncio.sleep(0)
        if self.dead:
            raise Killed

    async def tick(self) -> bool:
        """Look for what is due; whether that was carried through."""
        try:
            for look in self.lane.due:
                if look.__name__ in LOOKS:
                    await look("test")
        except asyncio.CancelledError:  # which is all that a task tells of Killed
            pass
        await self.settle()
        return self.ready and not self.dead

    async def settle(self) -> None:
        while self.lane._on_their_way - self.parked:  # noqa: ASYNC110 - all of it is ready to go on
            await asyncio.sleep(0)
        if self.dead:
            await self.end()

    async def end(self) -> None:
        """Nothing that was on its way goes on."""
        self.dead = True
        tasks = tuple(self.lane._on_their_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Database

    async def fetch(self, sql: str, values: Mapping[str, Any] = {}) -> Sequence[Row]:
        await self.step()
        return self.year.connection.execute(sql, values).fetchall()

    async def write(self, batch: Sequence[Statement]) -> list[Sequence[Row]]:
        await self.step()
        connection = self.year.connection
        connection.execute("BEGIN")
        try:
            rows: list[Sequence[Row]] = [connection.execute(sql, values).fetchall() for sql, values in batch]
            connection.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            connection.execute("ROLLBACK")
            raise ConflictError(str(error)) from error
        await self.step()
        return rows

    async def close(self) -> None: ...

    # Platform

    async def run(self) -> int:
        return 0

    @property
    def ready(self) -> bool:
        return self.year.clock() >= self.year.offline_until

    async def post(self, room: Room, card: Card, how: Posting = Posting()) -> str:  # noqa: B008
        await self.step()
        year, place, asked = self.year, self.year.places[room.id], self.year.clock()
        fate = year.fate(place)
        if fate == "slow" and not how.key.startswith("reveal"):
            answer = asyncio.get_running_loop().create_future()
            task = asyncio.current_task()
            self.parked.add(task)
            answer.add_done_callback(lambda _: self.parked.discard(task))
            heappush(year.slow, (asked + year.random.choice((2, 4, 15)) * MINUTE, next(year.numbers), answer))
            await answer
        elif fate == "gone":
            await self.store.memory.room_gone(room)
            raise Gone("the bot was kicked")
        elif fate == "error":
            if year.random.random() < 0.1:  # it is tried again after the room has moved
                year.plan(asked + year.random.randrange(90) * MINUTE, room.id, "move")
            raise RuntimeError("no connection")
        elif fate == "lost":
            raise Unknown("timed out")
        place.seen.append(Seen(asked, how.key))
        if fate == "unknown":
            raise Unknown("timed out")
        await self.step()
        return str(len(place.seen))

    async def edit(self, room: Room, message: str, card: Card, how: Posting = Posting()) -> None: ...  # noqa: B008

    async def tell(self, who: Person, card: Card) -> None:
        self.year.told += 1

    async def missing(self, room: Room) -> str:
        return "I am not a member here." if self.year.places[room.id].is_lost(self.year.clock()) else ""


class Year:
    def __init__(self, seed: int, bank: Bank) -> None:
        self.random = Random(seed)
        self.bank = bank
        self.clock = Clock()
        self.clock.time = START
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        self.zones = self._zones()
        self.places = {f"room{number}": Place(Room("test", f"room{number}")) for number in range(ROOMS)}
        self.processes: list[Process] = []
        self.events: list[tuple[datetime, int, str, str]] = []  # what moderators will do
        self.slow: list[tuple[datetime, int, asyncio.Future[None]]] = []  # answers of the platform that take minutes
        self.numbers = count()
        self.ticks: list[datetime] = []  # those that were carried through
        self.up_at = self.offline_until = self.outage_until = START
        self.outage = ""
        self.calm = False  # at the end
        self.mixing = 0.1  # how often others go on in between
        self.told = 0
        self.met: Counter[str] = Counter()  # what has happened

    def _zones(self) -> list[str]:
        others = sorted(
            name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV"))
        )
        return [*ODD_ZONES, *self.random.sample(others, 65)]

    # The year

    async def pass_by(self) -> None:
        self.processes.append(Process(self))
        await migrate(self.processes[0])
        for number, (name, place) in enumerate(self.places.items()):
            zone = self.zones[number % len(self.zones)]
            options = {"time": self._time(), "timezone": zone, "weekdays": self.random.choice(WEEKDAYS)}
            if number % 10 == 0:
                options["reveal"] = self._time()
            await self._set(self.processes[0], place, options)
            for _ in range(self.random.randrange(14)):
                kind = self.random.choice(("change",) * 6 + ("pause", "skip", "skip", "off"))
                when = self.random.choice(("", "", "when due, "))
                self.plan(START + self.random.random() * (END - START), name, when + kind)
            if self.random.random() < 0.2:
                start = START + self.random.random() * (END - START)
                place.lost.append((start, start + self.random.choice((1, 30, 200)) * timedelta(hours=1)))
        while self.clock.time < END:
            lag = self.random.choice(LAGS) * SECOND
            self.clock.time = max(self._next(), self.clock.time + SECOND) + lag
            await self._round()
        self.clock.time = max(self.clock.time, self.up_at, self.offline_until) + DAY / 2
        self.processes = self.processes or [Process(self)]
        self.calm = True
        for _ in range(2):  # what is on its way arrives; then leases are over
            await self._release(self.clock.time + DAY)
            for process in self.processes:
                await process.tick()
            self.clock.time += 10 * MINUTE
        assert not any(process.lane._on_their_way for process in self.processes)

    async def _release(self, now: datetime) -> None:
        """Let the platform answer what it was asked minutes ago."""
        while self.slow and self.slow[0][0] <= now:
            *_, answer = heappop(self.slow)
            if not answer.done():
                answer.set_result(None)
                await asyncio.sleep(0)

    def _next(self) -> datetime:
        """The next moment at which something is to be done."""
        if not self.processes:
            return self.up_at
        if self.clock.time < self.offline_until:
            return self.offline_until
        moments = [END, *(event[0] for event in self.events[:1]), *(slow[0] for slow in self.slow[:1])]
        for table, column in (("schedule", "next_due_at"), ("post", "retry_at"), ("post", "reveal_at")):
            (found,) = self.connection.execute(f"SELECT min({column}) FROM {table} WHERE platform = 'test'").fetchone()
            if found:
                moments.append(datetime.fromtimestamp(found, UTC))
        return min(moments)

    async def _round(self) -> None:
        await self._release(self.clock.time)
        if not self.processes and self.clock.time >= self.up_at:
            self.processes.append(Process(self))
        await self._trouble()
        match self.random.randrange(3):
            case 0:
                await self._tick()
                self.clock.time += SECOND
                await self._moderate()
            case 1:
                await self._moderate()
                self.clock.time += SECOND
                await self._tick()
            case _ if not any(process.left for process in self.processes):
                self.mixing = 0.5
                await asyncio.gather(self._later(self._tick), self._later(self._moderate))
                self.mixing = 0.1
            case _:
                await self._tick()
        self.clock.time += SECOND
        for process in self.processes:
            process.left = 0

    async def _later(self, work: Callable[[], Awaitable[None]]) -> None:
        for _ in range(self.random.randrange(12)):
            await asyncio.sleep(0)
        await work()

    async def _tick(self) -> None:
        carried = await asyncio.gather(*(process.tick() for process in self.processes))
        if any(carried):
            self.ticks.append(self.clock.time)
        self.met["killed"] += sum(process.dead for process in self.processes)
        self.processes = [process for process in self.processes if not process.dead]
        if not self.processes and self.up_at <= self.clock.time:
            self.up_at = self.clock.time + self.random.choice((1, 5, 60, 600)) * SECOND

    async def _trouble(self) -> None:
        """Something may go wrong, or be done by who runs the bot."""
        now, often = self.clock.time, self.random.random()
        rare = ("restart", "down", "second", "offline", "outage", "away")
        weights = (10, 3, 5, 3, 5, 0.25)
        if not self.processes:
            return
        if often < 0.01:
            self.random.choice(self.processes).left = self.random.randrange(1, 60)
        elif often < 0.015:
            kind = self.random.choices(rare, weights)[0]
            self.met[kind] += 1
            match kind:
                case "restart":
                    await self._stop()
                    self.processes.append(Process(self))
                case "down":
                    await self._stop()
                    self.up_at = now + self.random.choice((3, 30, 300, 1000, 3000)) * MINUTE
                case "away":
                    await self._stop()
                    self.up_at = now + self.random.choice((8, 9, 10)) * DAY
                case "second" if len(self.processes) == 1:
                    self.processes.append(Process(self))
                case "second":
                    await self.processes.pop(0).end()
                case "offline":
                    self.offline_until = now + self.random.choice((1, 40, 500)) * MINUTE
                case "outage":
                    self.outage = self.random.choice(("error", "lost", "unknown"))
                    self.outage_until = now + self.random.choice((1, 15, 100, 500)) * MINUTE

    async def _stop(self) -> None:
        for process in self.processes:
            await process.end()
        self.processes.clear()

    def fate(self, place: Place) -> str:
        if place.is_lost(self.clock.time):
            fate = "gone"
        elif self.calm:
            fate = ""
        elif self.clock.time < self.outage_until:
            fate = self.outage
        else:
            fates = ("", "error", "unknown", "lost", "slow")
            fate = self.random.choices(fates, (96, 2, 0.5, 0.5, 1))[0]
        self.met[f"post: {fate or 'fine'}"] += 1
        return fate

    # Moderators

    def plan(self, when: datetime, name: str, kind: str) -> None:
        heappush(self.events, (when.replace(microsecond=0), next(self.numbers), name, kind))

    async def _moderate(self) -> None:
        while self.events and self.events[0][0] <= self.clock.time:
            _, _, name, kind = heappop(self.events)
            place = self.places[name]
            alive = [process for process in self.processes if process.ready]
            if not alive or place.is_lost(self.clock.time):
                self.plan(self.clock.time + self.random.randrange(1, 40) * MINUTE, name, kind)
                continue
            if kind.startswith("when due, "):  # just when its post is claimed
                kind = kind.removeprefix("when due, ")
                find = "SELECT next_due_at FROM schedule JOIN room ON room.id = room WHERE platform_id = ?"
                (due,) = self.connection.execute(find, (name,)).fetchone() or (None,)
                if due:
                    self.plan(datetime.fromtimestamp(due, UTC), name, kind)
                    continue
            process = self.random.choice(alive)
            left, process.left = process.left, 0  # it is killed while it ticks, if at all
            await self._do(process, name, place, kind)
            await process.settle()
            process.left = left

    async def _do(self, process: Process, name: str, place: Place, kind: str) -> None:
        now, held = self.clock.time, place.eras[-1]
        if kind == "on":
            await self._set(process, place, {"time": held.at, "timezone": held.zone.key, "weekdays": held.weekdays})
        elif kind == "resume" and not held.on:
            if await self._press(process, place, "resume"):
                place.eras.append(held._replace(since=now, on=True))
        elif kind == "move" and held.on:
            await self._set(process, place, {"timezone": self.random.choice(self.zones)})
        elif kind == "change" and held.on:
            wanted = {
                "time": self._time(),
                "timezone": self.random.choice(self.zones),
                "weekdays": self.random.choice(WEEKDAYS),
                "ping": "@all",
            }
            names = self.random.sample(sorted(wanted), self.random.choice((1, 1, 1, 2, 3)))
            await self._set(process, place, {option: wanted[option] for option in names})
        elif kind == "skip" and held.on:
            for _ in range(self.random.choice((1, 1, 3))):
                place.skips += await self._press(process, place, "skip")
        elif kind in ("pause", "off") and held.on:
            if not await self._press(process, place, kind):
                return
            place.eras.append(held._replace(since=now, on=False))
            back = now + self.random.choice((0.01, 0.3, 1.5, 6)) * DAY
            self.plan(back, name, "resume" if kind == "pause" else "on")
        else:
            return
        self.met[f"moderator: {kind}"] += 1

    async def _set(self, process: Process, place: Place, options: Mapping[str, str]) -> None:
        written = dict(options)
        if "weekdays" in options:
            written["weekdays"] = ",".join(NAMES[int(number) - 1] for number in options["weekdays"])
        reply = await process.dispatch.answer(Request(ADA, place.where, Call("daily", written), rank=Rank.MODERATOR))
        assert reply.new, reply
        held = place.eras[-1] if place.eras else Era(START, "", ZoneInfo("UTC"), "", True)
        place.eras.append(
            Era(
                self.clock.time,
                options.get("time", held.at),
                ZoneInfo(options.get("timezone", held.zone.key)),
                options.get("weekdays", held.weekdays),
                True,
            )
        )

    async def _press(self, process: Process, place: Place, value: str) -> bool:
        """Press a button of the panel; whether nobody was faster."""
        reply = await process.dispatch.answer(
            Request(ADA, place.where, Press("daily", value=value), rank=Rank.MODERATOR)
        )
        self.met["moderator: too slow"] += not reply.edit
        assert reply.edit or "at this moment" in reply.cards[0].heading, reply
        return bool(reply.edit)

    def _time(self) -> str:
        anything = f"{self.random.randrange(24):02}:{self.random.randrange(60):02}"
        return self.random.choice((self.random.choice(POPULAR), self.random.choice(RISKY), anything))


# The recount


@cache
def due_on(day: date, at: str, zone: ZoneInfo) -> datetime | None:
    """When clocks in the zone first show this time on this day, or what stands for it where they never do."""
    wall = datetime.combine(day, time.fromisoformat(at))
    around = [wall.replace(tzinfo=UTC) + timedelta(hours=hours) for hours in (-26, -13, 0, 13, 26)]
    offsets = [moment.astimezone(zone).utcoffset() or timedelta() for moment in around]
    moments = sorted({(wall - offset).replace(tzinfo=UTC) for offset in offsets})
    for moment in moments:
        if moment.astimezone(zone).replace(tzinfo=None) == wall:
            return moment
    later, earlier = ((wall - offset).replace(tzinfo=UTC) for offset in (offsets[0], offsets[-1]))
    return next((moment for moment in (later, earlier) if day_in(zone, moment) == day), None)


def day_in(zone: ZoneInfo, moment: datetime) -> date:
    return moment.astimezone(zone).date()


class Kept(NamedTuple):
    """What the database has of a post."""

    day: date
    zone: ZoneInfo
    due: datetime
    claimed: datetime
    state: str
    why: str
    deal: str


class Recount:
    """Whether all that was due in a room came to something, and nothing else came."""

    def __init__(self, year: Year, place: Place, id_: str, kept: Sequence[Kept]) -> None:
        self.year, self.place, self.kept = year, place, kept
        self.id = id_
        self.wrong: list[str] = []
        self.counted: Counter[str] = Counter()
        self._days: dict[ZoneInfo, set[date]] = {}
        self._by_due: defaultdict[datetime, list[Kept]] = defaultdict(list)
        for one in kept:
            self._by_due[one.due].append(one)
        self.check_kept()
        self.check_seen()
        for era, end in zip(place.eras, [*(era.since for era in place.eras[1:]), year.clock.time], strict=True):
            if era.on:
                self.check_days(era, end)
        for before, era, end in zip(
            place.eras, place.eras[1:], [*(era.since for era in place.eras[2:]), year.clock.time], strict=False
        ):
            if before.on and era.on:
                self.check_change(before, era, end)

    def blame(self, what: str, *values: object) -> None:
        self.wrong.append(f"{self.place.where.id}: {what}: {', '.join(map(str, values))}")

    def had(self, zone: ZoneInfo, day: date) -> bool:
        """Whether anything became of a day, as the zone calls it."""
        if zone not in self._days:
            self._days[zone] = {day_in(zone, kept.due) for kept in self.kept}
        return day in self._days[zone]

    def spread(self, at: str) -> timedelta:
        """After its moment, each room has a second of its own; the last minute of a day is used by half."""
        second = zlib.crc32(self.id.encode()) % 60
        return (second // 2 if at == "23:59" else second) * SECOND

    def ticked(self, start: datetime, end: datetime) -> bool:
        """Whether anybody looked for what is due, from one moment to before another."""
        ticks = self.year.ticks
        return bisect_left(ticks, start) < bisect_left(ticks, end)

    def check_days(self, era: Era, end: datetime) -> None:
        """Every day that was due while this held has come to something."""
        day = day_in(era.zone, era.since)
        while day <= day_in(era.zone, end):
            due = due_on(day, era.at, era.zone)
            if due and str(day.isoweekday()) in era.weekdays and era.since < due:
                start = due + self.spread(era.at)
                if start <= end:
                    self.check_day(era, end, day, due, start)
            day += DAY

    def check_day(self, era: Era, end: datetime, day: date, due: datetime, start: datetime) -> None:
        self.counted["days that were due"] += 1
        same = [kept for kept in self._by_due[due] if kept.day == day]
        if len(same) > 1:
            self.blame("kept twice", same)
        elif same:
            self.counted[_told(same[0])] += 1
        elif self.had(era.zone, day):
            self.counted["had its post before the moderator's change"] += 1
        elif not self.ticked(start, due + CATCH_UP):
            self.counted["away for more than a week"] += 1
        elif not self.ticked(start, end) and not self.place.era(end).on:
            self.counted["paused or off before it came"] += 1
        else:
            self.blame("nothing became of a day", day, due, era, end)

    def check_change(self, before: Era, era: Era, end: datetime) -> None:
        """A change does not lose the post that was still to come today."""
        now, today = era.since, day_in(era.zone, era.since)
        days = (day_in(before.zone, now) + number * DAY for number in range(8))
        for day in days:
            due = due_on(day, before.at, before.zone)
            if not due or due <= before.since or str(day.isoweekday()) not in before.weekdays:
                continue
            if due + self.spread(before.at) >= now and not self.had(before.zone, day):
                break
        else:
            return
        if day_in(era.zone, due) != today or str(today.isoweekday()) not in era.weekdays:
            return
        expected = max(due_on(today, era.at, era.zone) or now, now) + MINUTE
        paused = not self.ticked(expected, end) and not self.place.era(end).on
        if expected < end and not paused and not self.had(era.zone, today):
            self.blame("a change has lost the post of its day", today, before, era)

    def check_kept(self) -> None:
        eras = self.place.eras
        for kept in self.kept:
            if kept.state not in ("sent", "unknown", "failed", "skipped"):
                self.blame("left in a state between", kept)
            if kept.state in ("failed", "skipped") and not kept.why:
                self.blame("without a reason", kept)
            asked = [era for era in eras if era.zone == kept.zone and str(kept.day.isoweekday()) in era.weekdays]
            on_time = any(due_on(kept.day, era.at, era.zone) == kept.due for era in asked)
            if not on_time and not any(
                era.since.replace(second=0, microsecond=0) == kept.due and kept.day == day_in(era.zone, kept.due)
                for era in asked
            ):
                self.blame("never asked for", kept)
            if kept.why == "we were away":
                midnight = due_on(kept.day + DAY, "00:00", kept.zone)
                assert midnight
                if self.ticked(kept.due + MINUTE, min(kept.due + LATE, midnight)):
                    self.blame("skipped for no reason", kept)
        skips = sum(kept.why == "a moderator skipped it" for kept in self.kept)
        if skips > self.place.skips:  # fewer, where the post was claimed at the same moment
            self.blame("skipped by moderators", skips, self.place.skips)

    def check_seen(self) -> None:
        """What people saw is what was kept, each once; and never were there two on a day."""
        posts = [seen for seen in self.place.seen if not seen.key.startswith("reveal")]
        if len({seen.key for seen in self.place.seen}) < len(self.place.seen):
            self.blame("seen twice", self.place.seen)
        named = {kept.deal: kept for kept in self.kept if kept.deal}
        nameless = {kept.claimed: kept for kept in self.kept if kept.state == "unknown"}
        dues: list[datetime] = []
        days: Counter[tuple[str, date]] = Counter()
        found: Counter[Kept] = Counter()
        for seen in posts:
            kept = named.get(seen.key) or nameless.get(seen.when)
            if not kept:
                self.blame("seen, but not kept", seen)
                continue
            found[kept] += 1
            # A post and a change may fall into one second, either of them first.
            zones = dict.fromkeys(self.place.era(moment).zone for moment in (seen.when - SECOND, seen.when))
            if not kept.due <= seen.when <= kept.due + LATE or day_in(kept.zone, seen.when) != kept.day:
                self.blame("too late", seen, kept)
            if all(
                {day_in(zone, seen.when), day_in(zone, kept.due)} & {day_in(zone, due) for due in dues[-6:]}
                for zone in zones
            ):
                self.blame("a second one on a day", zones, seen, kept)
            if len(zones) == 1:
                days.update((zone.key, day_in(zone, seen.when)) for zone in zones)
            dues.append(kept.due)
        if any(number > 1 for number in days.values()):
            self.blame("two on a day", [day for day, number in days.items() if number > 1])
        for kept in self.kept:
            if found[kept] not in {"sent": (1,), "unknown": (0, 1)}.get(kept.state, (0,)):
                self.blame(f"seen {found[kept]} times", kept)
        self.counted["seen of an unknown outcome"] += sum(kept.state == "unknown" for kept in found)


def _told(kept: Kept) -> str:
    return f"{kept.state} ({kept.why})" if kept.why else kept.state


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [2026])
async def test_in_a_year_every_day_has_its_post_or_is_told_and_none_has_two(
    seed: int, bank: Bank, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    year = Year(seed, bank)
    monkeypatch.setattr(secrets, "randbits", year.random.getrandbits)
    caplog.set_level(logging.CRITICAL, "bot.groups")  # of thousands of faults
    await year.pass_by()
    counted, wrong = recounted(year)
    for what, number in sorted((counted + year.met).items()):
        print(f"{number:8,} {what}")
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong[:20])
    due = counted.pop("days that were due")
    seen_unknown = counted.pop("seen of an unknown outcome")
    assert counted.total() == due > 100_000
    assert counted["sent"] > 0.8 * due
    assert 0 < seen_unknown < counted["unknown"] + counted["unknown (timed out)"]
    assert min(counted.values()) > 0
    assert 0 < year.told <= sum(len(place.lost) for place in year.places.values())


def recounted(year: Year) -> tuple[Counter[str], list[str]]:
    """The days of all rooms by what became of them; and what is wrong."""
    ids = {row["platform_id"]: row["id"] for row in year.connection.execute("SELECT id, platform_id FROM room")}
    kept: defaultdict[str, list[Kept]] = defaultdict(list)
    for row in year.connection.execute("SELECT * FROM post ORDER BY due_at"):
        due, claimed = (datetime.fromtimestamp(row[name], UTC) for name in ("due_at", "claimed_at"))
        zone = ZoneInfo(row["timezone"])
        day = date.fromisoformat(row["day"])
        kept[row["room"]].append(Kept(day, zone, due, claimed, row["state"], row["why"], row["deal"] or ""))
    counted: Counter[str] = Counter()
    wrong: list[str] = []
    for name, place in year.places.items():
        recount = Recount(year, place, ids[name], kept[ids[name]])
        counted += recount.counted
        wrong += recount.wrong
    return counted, wrong
