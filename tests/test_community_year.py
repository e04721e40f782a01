"""A year of 5,000 learners in six communities and at home, retold by the plainest reading of the rules.

All of it goes through `dispatch.answer` of two cores over one SQLite file, in this thread, so that a seed decides what
happens; cores are killed, the file fails, and is opened anew. Each learner keeps a list of what they did, and nothing
else counts here: points, boards, streaks and statistics are worked out from these lists, by the rules as README and
docstrings tell them, and compared with what cards show on the way and with every row at the end.
"""

import asyncio
import logging
import re
import secrets
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import heappop, heappush
from itertools import count, permutations
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from bot.__main__ import core
from bot.bank.bank import Bank
from bot.config import Config
from bot.messages import Call, Card, Person, Press, Request, Room
from bot.store.database import ConflictError, Row, Statement, StoreError
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.store import Store
from tests.mortal import Killed
from tests.people import Clock
from tests.samples import bank_of, question

START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2027, 3, 1, tzinfo=UTC)  # with the 53rd week of 2026
CALENDAR = ZoneInfo("America/New_York")  # of all communities, and of learners who have not said where they are
ZONES = (  # far out, between hours, with clocks that change at midnight or by half an hour, and common ones
    "Africa/Cairo", "America/Havana", "America/Los_Angeles", "America/New_York", "America/Santiago", "America/St_Johns",
    "Asia/Beirut", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Tokyo", "Atlantic/Azores", "Australia/Lord_Howe",
    "Etc/GMT+12", "Europe/Berlin", "Europe/London", "Pacific/Apia", "Pacific/Chatham", "Pacific/Kiritimati",
    "Pacific/Pago_Pago", "UTC",
)  # fmt: skip
FAR = ("Etc/GMT+12", "Pacific/Kiritimati")  # more than a day apart
LEARNERS, REGULARS = 5_000, 24
ROOMS = {  # of communities; one id is used on both platforms
    ("test", "one"): ("one", "one/thread"), ("test", "two"): ("two",), ("test", "three"): ("three",),
    ("test", "four"): ("four",), ("other", "one"): ("one", "one/thread"), ("other", "five"): ("five",),
}  # fmt: skip
LEVELS = ("junior", "mid", "senior")
WORTH = {"junior": 1, "mid": 2, "senior": 3}
QUESTIONS = {
    **{f"flask/f{number}": ("basics", LEVELS[number % 3], 4) for number in range(60)},
    **{f"flask/t{number}": ("tiny", LEVELS[number], 4) for number in range(3)},
    **{f"flask/c{number}": ("cards", "mid", 0) for number in range(5)},
    **{f"sql/s{number}": ("queries", LEVELS[number % 3], 3) for number in range(45)},
}  # questions: their section, level and number of choices
NAMES = {name.partition("/")[2]: name for name in QUESTIONS}
WANTED = (
    {}, {"topic": "flask"}, {"topic": "tiny"}, {"topic": "tiny"}, {"topic": "sql"}, {"mode": "flash"},
    {"mode": "choice"}, {"level": "senior", "mode": "choice"},
)  # fmt: skip
MET = {  # else a seed is of no use
    "another date at home than in the community", "answered while clocks change", "dates never lived",
    "days with all points there are", "frozen days", "hidden", "in the 53rd week of 2026", "kept, but not told",
    "killed", "looked at a board while hidden", "looked at a freeze", "looked at a later page",
    "looked at a streak that can be repaired", "looked at all boards", "looked at statistics", "nothing to repair",
    "pressed again", "pressed twice at once", "refused", "repaired", "restarted", "right, and worth nothing",
    "shown again", "somebody without a name", "the same question in two places at once", "tied", "travelled",
    "travelled twice a day",
}  # fmt: skip
PERIODS = ("today", "week", "month", "all")
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


class Asked(NamedTuple):
    """A question on a card."""

    where: Room
    deal: str
    question: str
    mode: str
    letters: Mapping[str, str]  # which of the author's choices each is; the right one is 0


Given = tuple[Asked, str]


class Did(NamedTuple):
    """An answer, as who gave it would tell."""

    when: datetime
    here: date  # where they were
    community: str
    day: date  # by the calendar that counts in the community, or at home
    asked: Asked
    value: str
    points: int

    @property
    def verdict(self) -> str:
        return "rated" if self.asked.mode == "flash" else "right" if self.value == "0" else "wrong"


@dataclass(eq=False)
class Member:
    """Somebody, and what they did."""

    who: Person
    name: str  # empty if the platform does not tell it
    rooms: Sequence[Room]
    zone: ZoneInfo = CALENDAR
    moved: datetime | None = None
    called: str = ""  # by what others were told
    hidden: bool = False
    did: dict[str, Did] = field(default_factory=dict)  # by deal, in order
    skipped: set[date] = field(default_factory=set)
    repaired: set[date] = field(default_factory=set)

    @property
    def home(self) -> Room:
        return Room(self.who.platform, f"home of {self.who.id}", private=True)

    def today(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()

    def offset(self, now: datetime) -> timedelta | None:
        return now.astimezone(self.zone).utcoffset()


# The rules, told again


def worth(member: Member, asked: Asked, value: str, now: datetime) -> int:
    """The points of an answer that is given now, after all that its learner did."""
    calendar = member.zone if asked.where.private else CALENDAR
    day = now.astimezone(calendar).date()
    if asked.mode == "flash" or value != "0":
        return 0
    chosen = [did for did in member.did.values() if did.asked.question == asked.question and did.asked.mode == "choice"]
    if any(did.when.astimezone(calendar).date() == day for did in chosen):
        return 0
    points = WORTH[QUESTIONS[asked.question][1]]
    if any(did.value == "0" for did in chosen):
        points = {1: 1, 2: 1, 3: 2}[points]
    earned = sum(did.points for did in member.did.values() if did.day == day and did.community == asked.where.community)
    if earned == 0:
        points += 1
    while earned + points > 50:
        points -= 1
    return points


class Streak(NamedTuple):
    current: int
    best: int
    practised: int
    held: int
    towards: int  # days that are left until the next freeze
    frozen: set[date]
    broken: date | None  # the day that can be repaired


def streak_of(member: Member, today: date) -> Streak:
    """The calendar of a learner, turned page by page."""
    practised = {did.here for did in member.did.values()}
    current = best = held = saved = 0
    frozen: set[date] = set()
    missed: list[date] = []
    broken = None
    day, last = (min(practised), max(*practised, today)) if practised else (today, today)
    while day <= last:
        if day not in practised:
            if day < today and day not in member.repaired and day not in member.skipped:
                missed.append(day)
            if day < last:
                day += DAY
                continue
        if missed:
            if len(missed) <= held:
                held -= len(missed)
                frozen.update(missed)
            else:
                current = 0
                recent = missed[-1] in (today - DAY, today - 2 * DAY)
                apart = all(abs((missed[-1] - other).days) >= 30 for other in member.repaired)
                if len(missed) == held + 1 and recent and apart:
                    broken = missed[-1]
            missed = []
        if day in practised:
            current += 1
            best = max(best, current)
            if held < 2:
                saved += 1
            if saved == 7:
                held, saved = held + 1, 0
        day += DAY
    return Streak(current, best, len(practised), held, 7 - saved, frozen, broken)


def covers(period: str, today: date) -> Callable[[date], bool]:
    """Whether a day is in the period that today is in."""
    monday = today - today.weekday() * DAY
    return {
        "today": lambda day: day == today,
        "week": lambda day: monday <= day < monday + 7 * DAY,
        "month": lambda day: (day.year, day.month) == (today.year, today.month),
        "all": lambda day: True,
    }[period]


class Place(NamedTuple):
    """Somebody's place on a board. Of equal points and moment, either may stand first."""

    points: int
    reached: datetime
    member: Member


def board_of(earned: Sequence[tuple[Member, Did]], inside: Callable[[date], bool], topic: str) -> list[Place]:
    points: Counter[Member] = Counter()
    reached: dict[Member, datetime] = {}
    for member, did in earned:
        if inside(did.day) and did.asked.question.startswith(topic):
            points[member] += did.points
            reached[member] = did.when
    places = [Place(number, reached[member], member) for member, number in points.items() if not member.hidden]
    return sorted(places, key=lambda place: (-place.points, place.reached))


# Processes


class Process:
    """A core, and its way to the file that all share."""

    def __init__(self, year: "Year") -> None:
        self.year = year
        self.left = 0  # steps until something goes wrong; nothing does for 0
        self.fault: type[BaseException] = StoreError
        self.kept = 0  # answers
        config = Config(timezone=CALENDAR.key)
        _, self.dispatch, _ = core(config, year.bank, Store(self), year.clock, year.random)

    async def step(self) -> bool:
        """Others may go on first; whether something goes wrong here."""
        if self.year.mixing and self.year.random.random() < self.year.mixing:
            await asyncio.sleep(0)
        if not self.left:
            return False
        self.left -= 1
        return not self.left

    async def fetch(self, sql: str, values: Mapping[str, Any] = {}) -> Sequence[Row]:
        if await self.step():
            raise self.fault("while reading")
        return self.year.connection.execute(sql, values).fetchall()

    async def write(self, batch: Sequence[Statement]) -> list[Sequence[Row]]:
        trouble = self.year.random.choice(("before", "after")) if await self.step() else ""
        connection = self.year.connection
        connection.execute("BEGIN")
        try:
            rows: list[Sequence[Row]] = [connection.execute(sql, values).fetchall() for sql, values in batch]
        except sqlite3.IntegrityError as error:
            connection.execute("ROLLBACK")
            raise ConflictError(str(error)) from error
        connection.execute("ROLLBACK" if trouble == "before" else "COMMIT")
        if trouble != "before":
            self.kept += any("INTO answer" in one.sql and found for one, found in zip(batch, rows, strict=True))
        if trouble:
            raise self.fault(trouble)
        return rows

    async def close(self) -> None: ...


class Year:
    def __init__(self, seed: int, path: Path) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.path = path
        self.bank = a_bank()
        self.clock = Clock()
        self.clock.time = START
        self.mixing = 0.0  # how often others go on in between
        self.events: list[tuple[datetime, int, str, Any]] = []
        self.numbers = count()
        self.rooms = {
            key: [Room(key[0], name, community=key[1], title=f"Room of {key[1]}") for name in names]
            for key, names in ROOMS.items()
        }
        self.members = [self._member(number) for number in range(LEARNERS)]
        self.belonging = {
            key: [member for member in self.members if rooms[0] in member.rooms] for key, rooms in self.rooms.items()
        }
        self.lately: defaultdict[Room, list[Asked]] = defaultdict(list)
        self.earned: defaultdict[tuple[str, str], list[tuple[Member, Did]]] = defaultdict(list)
        self.met: Counter[str] = Counter()  # what has happened

    def _member(self, number: int) -> Member:
        platform = "other" if number % 4 == 3 else "test"
        mine = [key for key in self.rooms if key[0] == platform]
        keys = dict.fromkeys(self.random.choices(mine, [4, 3, 2, 1][: len(mine)], k=self.random.choice((1, 1, 2, 3))))
        rooms = [room for key in keys for room in self.rooms[key]]
        id_ = number // 4 * 4 if platform == "other" else number  # which somebody else has on the other platform
        return Member(Person(platform, str(id_)), self._name(platform, number), rooms)

    def _name(self, platform: str, number: int) -> str:
        if self.random.random() < 0.1:
            return ""
        ending = self.random.choice(("", " *the Great*", "_", " of the Many Names That Nobody Reads"))
        return f"{platform} {number}.{self.random.randrange(100)}{ending}"

    # The year

    async def pass_by(self) -> None:
        self._open()
        await migrate(self.processes[0])
        for number, member in enumerate(self.members):
            if number < REGULARS:
                self.plan(START + self.random.random() * 20 * DAY, "visit", member)
            self.plan(START + self.random.random() * (END - START), "glance", member)
        for key in self.rooms:
            for day in range(0, 365, 2):
                self.plan(START + (day + 2 * self.random.random()) * DAY, "rush", key)
        for _ in range(60):
            self.plan(START + self.random.random() * (END - START), "restart", None)
        while self.events:
            moment, _, kind, whom = heappop(self.events)
            self.clock.time = max(self.clock.time, moment)
            if kind == "visit":
                await self._visit(whom)
            elif kind == "glance":
                await self._practise(whom)
            elif kind == "journey":
                await self._travel(whom)
            elif kind == "rush":
                await self._rush(whom)
            else:
                self.connection.close()
                self._open()
                self.met["restarted"] += 1
        self.connection.close()

    def _open(self) -> None:
        """Two processes begin, with what the file has."""
        self.connection = sqlite3.connect(self.path, isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = MEMORY", "synchronous = OFF", "foreign_keys = ON"):
            self.connection.execute(f"PRAGMA {pragma}")
        self.processes = [Process(self), Process(self)]

    def plan(self, moment: datetime, kind: str, whom: Any) -> None:
        if moment < END:
            heappush(self.events, (moment.replace(microsecond=0), next(self.numbers), kind, whom))

    async def _visit(self, member: Member) -> None:
        """A regular practises, and looks; and comes again."""
        random = self.random
        if random.random() < 0.06:
            await self._travel(member)
        if random.random() < 0.03:
            await self._hide(member)
        if random.random() < 0.03:
            member.name = self._name(member.who.platform, self.members.index(member))
        if random.random() < 0.1 or streak_of(member, member.today(self.clock.time)).broken:
            await self._mend(member)
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            await self._practise(member)
        if random.random() < 0.01:
            await self._marathon(member)
        if random.random() < 0.06:
            await self._at_once(member)
        if random.random() < 0.08:
            await self.look_at_streak(member)
        if random.random() < 0.03:
            await self.look_at_board(member)
            await self.look_everywhere(member)
        if random.random() < 0.02:
            await self.look_at_stats(member)
        gap = random.choices((0, 1, 2, 3, 4, random.randrange(5, 20)), (8, 78, 7, 4, 1, 2))[0]
        hour = random.choice((0, 0, 23, 23, *range(24)))
        local = time(hour, random.randrange(60), random.randrange(60))
        back = datetime.combine(member.today(self.clock.time) + gap * DAY, local, member.zone).astimezone(UTC)
        self.plan(max(back, self.clock.time + random.randrange(1, 7200) * SECOND), "visit", member)

    def _wait(self) -> None:
        self.clock.time += self.random.choice((0, 1, 5, 30)) * SECOND

    # What people do

    async def say(self, member: Member, where: Room, what: Call | Press, process: Process | None = None) -> Card:
        chosen = process or self.random.choice(self.processes)
        reply = await chosen.dispatch.answer(Request(member.who, where, what, member.name))
        return reply.cards[0]

    async def _ask(self, member: Member, where: Room, options: Mapping[str, str]) -> Asked:
        card = await self.say(member, where, Call("quiz", options))
        name = NAMES[card.heading.removeprefix("What is ").removesuffix("?")]
        letters = {
            letter: number or "0"
            for letter, number in re.findall(r"\*\*([A-E])\.\*\* (?:right|wrong (\d)) of", card.body)
        }
        asked = Asked(where, card.buttons[0].press.deal, name, "choice" if letters else "flash", letters)
        self.same(len(letters), 0 if options.get("mode") == "flash" else QUESTIONS[name][2], "choices", card)
        if not where.private:
            self.lately[where] = [*self.lately[where][-5:], asked]
        return asked

    def _pick(self, asked: Asked, right: float = 0.7) -> str:
        """A choice, by the author's number, or a rating."""
        if asked.mode == "flash":
            return self.random.choice(("again", "hard", "good", "easy"))
        if self.random.random() < right:
            return "0"
        return self.random.choice([number for number in asked.letters.values() if number != "0"])

    def _press(self, asked: Asked, value: str) -> Press:
        if asked.mode == "flash":
            return Press("rate", asked.deal, value)
        letter = next(letter for letter, number in asked.letters.items() if number == value)
        return Press("answer", asked.deal, letter)

    async def _practise(self, member: Member) -> None:
        random = self.random
        where = member.home if random.random() < 0.35 else random.choice(member.rooms)
        if not where.private and self.lately[where] and random.random() < 0.5:
            asked = random.choice(self.lately[where])
        else:
            asked = await self._ask(member, where, random.choice(WANTED))
        self._wait()
        await self._answer(member, asked, self._pick(asked))
        self._wait()

    async def _marathon(self, member: Member) -> None:
        where = self.random.choice((member.home, member.rooms[0]))
        for _ in range(32):
            asked = await self._ask(member, where, {"level": "senior", "mode": "choice"})
            self._wait()
            await self._answer(member, asked, self._pick(asked, 0.95))

    async def _answer(self, member: Member, asked: Asked, value: str) -> None:
        before = asked.deal in member.did
        if self.random.random() < 0.01:
            if await self._fail(member, asked, value):
                self.same(before, False, "kept twice", member, asked)
                self._keep(member, [(asked, value)])
                before = True
            if member.did and self.random.random() < 0.2:
                return
        card = await self.say(member, asked.where, self._press(asked, value))
        self.same(is_first(card), not before, "the first answer", member, asked, card)
        if before:
            self.met["pressed again"] += 1
        else:
            self._told(member, [(asked, value)], [card])

    async def _fail(self, member: Member, asked: Asked, value: str) -> bool:
        """Press, and something goes wrong on the way; whether the answer was kept all the same."""
        place = self.random.randrange(2)
        process = self.processes[place]
        process.left, process.fault = self.random.randrange(1, 7), self.random.choice((StoreError, Killed))
        kept = process.kept
        try:
            card = await self.say(member, asked.where, self._press(asked, value), process)
        except Killed:
            self.met["killed"] += 1
            self.processes[place] = Process(self)
        else:
            if process.left == 0:
                refused = card.heading == "Something went wrong on our side"  # a kept answer may have its verdict
                self.same(refused or process.kept > kept, True, "a fault", card)
                self.met["refused"] += refused
            process.left = 0
        self.met["kept, but not told"] += process.kept > kept
        return process.kept > kept

    async def _at_once(self, member: Member) -> None:
        """Answer in two or three places in the same moment, the same question if it can be."""
        options = self.random.choice(({"topic": "tiny"}, {"topic": "tiny", "level": "senior"}, {"mode": "choice"}))
        places = [member.home, *self.random.sample(member.rooms, min(2, len(member.rooms)))]
        asked = [await self._ask(member, where, options) for where in places]
        given = [(one, self._pick(one, 0.9)) for one in asked]
        if len({one.question for one in asked}) < len(asked):
            self.met["the same question in two places at once"] += 1
        cards = await self._together([(member, one, value) for one, value in given])
        self._told(member, given, cards)
        self._wait()

    async def _rush(self, key: tuple[str, str]) -> None:
        """A question for all, and many who answer it in the same second, some of them twice."""
        where = self.random.choice(self.rooms[key])
        people = self.random.sample(self.belonging[key], self.random.choice((3, 6, 12)))
        asked = await self._ask(people[0], where, self.random.choice(WANTED))
        self._wait()
        presses = [
            (member, asked, self._pick(asked))
            for member in people
            for _ in range(2 if self.random.random() < 0.1 else 1)
        ]
        self.random.shuffle(presses)
        cards = await self._together(presses)
        kept = [(press, card) for press, card in zip(presses, cards, strict=True) if is_first(card)]
        self.same(Counter(press[0] for press, _ in kept), Counter(people), "answers that count")
        self.met["pressed twice at once"] += len(presses) - len(people)
        for (member, one, value), card in kept:
            self._told(member, [(one, value)], [card])
        self._wait()
        if self.random.random() < 0.07:
            await self.look_at_board(self.random.choice(people))
        if self.random.random() < 0.02:
            await self.look_at_stats(self.random.choice(people))

    async def _together(self, presses: Sequence[tuple[Member, Asked, str]]) -> list[Card]:
        self.mixing = 0.4
        cards = await asyncio.gather(
            *(self.say(member, asked.where, self._press(asked, value)) for member, asked, value in presses)
        )
        self.mixing = 0.0
        return cards

    def _told(self, member: Member, given: Sequence[Given], cards: Sequence[Card]) -> None:
        """Answers of one moment were kept, one after another in some order that explains what was shown."""
        shown = [dict(card.fields) for card in cards]
        tried = []
        for order in permutations(range(len(given))):
            told = self._keep(member, [given[place] for place in order])
            if all(shown[place] == fields for place, fields in zip(order, told, strict=True)):
                return
            tried.append([fields for _, fields in sorted(zip(order, told, strict=True))])
            self._take_back(member, len(given))
        self.same(shown, tried[0] if len(tried) == 1 else tried, "verdicts", member.who, given)

    def _keep(self, member: Member, given: Sequence[Given]) -> list[dict[str, str]]:
        """Write down answers that were given now; the fields of the verdicts on them."""
        now, told = self.clock.time, []
        for asked, value in given:
            fields, here = {}, member.today(now)
            points = worth(member, asked, value, now)
            if asked.mode == "choice" and value == "0":
                fields["Points"] = f"+{points}" if points else "none: see `/help scoring`"
            new = all(did.here != here for did in member.did.values())
            day = here if asked.where.private else now.astimezone(CALENDAR).date()
            did = Did(now, here, asked.where.community, day, asked, value, points)
            member.did[asked.deal] = did
            if points:
                self.earned[member.who.platform, did.community].append((member, did))
            self.met["answered while clocks change"] += member.offset(now - DAY / 2) != member.offset(now + DAY / 2)
            if new:
                found = streak_of(member, here)
                kept = ", kept by a freeze" if here - DAY in found.frozen else ""
                fields["Streak"] = f"{numbered(found.current, 'day')}{kept}"
            told.append(fields)
        if member.name:
            member.called = member.name
        return told

    def _take_back(self, member: Member, number: int) -> None:
        for _ in range(number):
            _, did = member.did.popitem()
            if did.points:
                self.earned[member.who.platform, did.community].pop()

    async def _travel(self, member: Member) -> None:
        """Tell another time zone, which one may once a day; some try once more at once."""
        for _ in range(self.random.choice((1, 1, 2))):
            others = set(self.random.choice((ZONES, FAR))) - {member.zone.key}
            now, zone = self.clock.time, ZoneInfo(self.random.choice(sorted(others)))
            card = await self.say(member, member.home, Call("settings", {"timezone": zone.key}))
            if member.moved and now - member.moved < DAY:
                self.same(card.heading, "You changed your time zone less than a day ago", "a second journey")
                self.met["travelled twice a day"] += 1
                continue
            self.same(card.heading.startswith("Your time zone is"), True, "a journey", card)
            before, after = member.today(now), now.astimezone(zone).date()
            while (before := before + DAY) < after:
                member.skipped.add(before)
            member.zone, member.moved = zone, now
            if self.random.random() < 0.3:
                self.plan(now + DAY - self.random.choice((0, 1)) * SECOND, "journey", member)
            self.met["travelled"] += 1
            self._wait()

    async def _hide(self, member: Member) -> None:
        """Hide, or be shown again, in the moment of an answer."""
        asked = await self._ask(member, self.random.choice(member.rooms), {"mode": "choice"})
        value = self._pick(asked)
        member.hidden = not member.hidden
        wish = self.say(member, member.home, Call("settings", {"hide": "yes" if member.hidden else "no"}))
        self.mixing = 0.4
        _, card = await asyncio.gather(wish, self.say(member, asked.where, self._press(asked, value)))
        self.mixing = 0.0
        self._told(member, [(asked, value)], [card])
        self.met["hidden" if member.hidden else "shown again"] += 1

    async def _mend(self, member: Member) -> None:
        """Ask for a repair, and, where one is offered, answer until it is granted."""
        for _ in range(self.random.choice((1, 2, 7))):
            today = member.today(self.clock.time)
            found = streak_of(member, today)
            given = sum(did.when.astimezone(member.zone).date() == today for did in member.did.values())
            card = await self.say(member, member.home, Press("repair"))
            if not found.broken:
                self.same(card.heading, "There is nothing to repair", "no repair", member, today)
                self.met["nothing to repair"] += 1
                return
            if given >= 5:
                self.same(card.body.startswith("**Repaired.**"), True, "a repair", member, today, card)
                member.repaired.add(found.broken)
                self.compare_streak(member, card)
                self.met["repaired"] += 1
                return
            self.same(card.heading.split(" today")[0], f"{numbered(5 - given, 'more answer')}", "a repair", member)
            await self._practise(member)

    # What is shown

    def same(self, shown: object, expected: object, what: str, *about: object) -> None:
        if shown != expected:
            told = "\n".join(map(str, about))
            raise AssertionError(
                f"seed {self.seed}, {self.clock.time}: {what}\nshown    {shown}\nexpected {expected}\n{told}"
            )

    async def look_at_streak(self, member: Member) -> None:
        where = self.random.choice((member.home, *member.rooms))
        self.compare_streak(member, await self.say(member, where, Call("streak")))

    def compare_streak(self, member: Member, card: Card) -> None:
        today = member.today(self.clock.time)
        found = streak_of(member, today)
        fields = {
            "Best": numbered(found.best, "day"),
            "Practised": numbered(found.practised, "day"),
            "Points": str(sum(did.points for did in member.did.values())),
        }
        self.same(card.heading, f"Your streak: {numbered(found.current, 'day')}", "the streak", member)
        self.same(dict(card.fields), fields, "fields of the streak", member)
        self.same(read(r"You hold (\d)", card.body), str(found.held), "freezes", member)
        if found.held < 2:
            self.same(read(r"(\d) more day", card.body), str(found.towards), "days to the next freeze", member)
        self.same(read(r"It broke on ... (\S+)\.", card.body), str(found.broken or ""), "a repair", member)
        practised = {did.here for did in member.did.values()}
        self.same("practised today" in card.body, today in practised, "today", member)
        squares = re.findall("[■✱□]", card.body)
        days = [today - number * DAY for number in reversed(range(len(squares)))]
        drawn = ["■" if day in practised else "✱" if day in found.frozen | member.repaired else "□" for day in days]
        self.same(squares, drawn, "squares", member)
        self.same((days[0].weekday(), 21 < len(days) <= 28), (0, True), "weeks", member)
        self.met["looked at a streak"] += 1
        self.met["looked at a freeze"] += bool(found.frozen)
        self.met["looked at a streak that can be repaired"] += bool(found.broken)

    async def look_at_stats(self, member: Member) -> None:
        card = await self.say(member, self.random.choice((member.home, *member.rooms)), Call("stats"))
        verdicts = Counter(did.verdict for did in member.did.values())
        fields = {
            "Answered": str(len(member.did)),
            "Questions": str(len({did.asked.question for did in member.did.values()})),
        }
        if chosen := verdicts["right"] + verdicts["wrong"]:
            fields["Right"] = f"{100 * verdicts['right'] // chosen} %"
        self.same(dict(card.fields), fields, "statistics", member)
        self.met["looked at statistics"] += 1

    async def look_at_board(self, member: Member) -> None:
        where = self.random.choice(member.rooms)
        period, topic = self.random.choice(PERIODS), self.random.choice(("", "", "flask", "sql"))
        options = {"period": period} | ({"topic": topic} if topic else {})
        card = await self.say(member, where, Call("leaderboard", options))
        pages = self._compare_board(member, where, card, period, topic, 0)
        page = self.random.randrange(pages)
        period = self.random.choice((period, *PERIODS))
        card = await self.say(member, where, Press("board", value=f"{period}.{page}.{topic}"))
        self._compare_board(member, where, card, period, topic, page)

    def _compare_board(self, member: Member, where: Room, card: Card, period: str, topic: str, page: int) -> int:
        """Whether a page of a board is as it should be; how many there are."""
        today = self.clock.time.astimezone(CALENDAR).date()
        earned = self.earned[where.platform, where.community]
        board = board_of(earned, covers(period, today), topic)
        pages = max(1, (len(board) + 9) // 10)
        page = min(page, pages - 1)
        listed = re.findall(r"(?m)^(\*\*)?(🥇|🥈|🥉|\d+\.) (.*): (\d+) points?(?:\*\*)?(?:  )?$", card.body)
        shown = [
            (int({"🥇": "1", "🥈": "2", "🥉": "3"}.get(rank, rank.strip("."))), name, int(points), bool(bold))
            for bold, rank, name, points in listed
        ]
        first = 10 * page
        self.same(
            [one[0] for one in shown], list(range(first + 1, first + 1 + len(board[first : first + 10]))), "ranks"
        )
        for rank, name, points, bold in shown:
            here = [one for one in board if one[:2] == board[rank - 1][:2]]
            allowed = {(written(one.member.called), one.points, one.member is member) for one in here}
            self.same((name, points, bold) in allowed, True, f"rank {rank}, {period}", name, points, bold, allowed)
            self.met["tied"] += len(here) > 1
            if bold:
                self.same(f"You are {rank}" in card.body, True, "one rank in the list and beside it", card)
        places = self._ranks(board, member)
        mine = re.search(r"You are (\d+)(st|nd|rd|th) of (\d+)\.", card.body)
        self.same(bool(mine), bool(places), "on the board", member, card)
        if mine:
            self.same((int(mine[1]) in places, int(mine[3])), (True, len(board)), "where one stands", member, card)
        self.same("hidden" in card.body, False, "told to all that somebody hides", member)
        before = {"today": today - DAY, "week": today - 7 * DAY, "month": today - today.day * DAY, "all": None}[period]
        winners = board_of(earned, covers(period, before), topic)[:3] if before else []
        told = [int(points) for points in re.findall(r"(?:🥇|🥈|🥉) [^\n]*? \((\d+)\)", card.body)]
        self.same(told, [one.points for one in winners], f"winners before, {period}", card)
        for rank, one in enumerate(winners):
            if [other[:2] for other in winners].count(one[:2]) == 1 and rank < 2:
                self.same(f"{'🥇🥈🥉'[rank]} {written(one.member.called)} (" in card.body, True, "a winner", card)
        self.met[f"looked at a board: {period}"] += 1
        self.met["looked at a later page"] += page > 0
        self.met["looked at a board while hidden"] += member.hidden
        return pages

    def _ranks(self, board: Sequence[Place], member: Member) -> list[int]:
        """The ranks that a learner may have: more than one if others have as much, since the same moment."""
        mine = [one[:2] for one in board if one.member is member]
        return [rank for rank, one in enumerate(board, 1) if one[:2] in mine]

    async def look_everywhere(self, member: Member) -> None:
        """In private: where one stands in every community."""
        period = self.random.choice(PERIODS)
        card = await self.say(member, member.home, Call("leaderboard", {"period": period}))
        inside = covers(period, self.clock.time.astimezone(CALENDAR).date())
        lines = dict(re.findall(r"(?m)^- \*\*(.*?)\*\*: (.*)$", card.body))
        communities = {did.community for did in member.did.values() if did.points and did.community}
        self.same(set(lines), {f"Room of {community}" for community in communities}, "communities", member)
        for community in communities:
            board = board_of(self.earned[member.who.platform, community], inside, "")
            shown, places = lines[f"Room of {community}"], self._ranks(board, member)
            if places:
                points = numbered(board[places[0] - 1].points, "point")
                found = re.fullmatch(r"(\d+).. of (\d+), (.*)", shown)
                told = (int(found[1]) in places, int(found[2]), found[3]) if found else shown
                self.same(told, (True, len(board), points), "where one stands", member)
            else:
                self.same(shown, "no points in this period", "where one stands", member)
        self.met["looked at all boards"] += 1


# Words


def numbered(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def written(name: str) -> str:
    """A name on a card."""
    return re.sub(r"([*_.])", r"\\\1", name[:40].strip()) or "somebody"


def read(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else ""


def is_first(card: Card) -> bool:
    """Whether this is the verdict on an answer that counts."""
    return "before, and the first" not in card.body


# The end


def a_bank() -> Bank:
    """Two topics."""
    made: defaultdict[str, list[Any]] = defaultdict(list)
    for name, (section, level, choices) in QUESTIONS.items():
        topic, _, short = name.partition("/")
        made[topic].append(question(short, choices=choices, section=section, level=level))
    return Bank([one for topic, questions in made.items() for one in bank_of(*questions, topic=topic).topics])


def expected_tables(year: Year) -> dict[str, set[tuple[Any, ...]]]:
    """All rows that there should be, by what people did."""
    tables: dict[str, set[tuple[Any, ...]]] = {"answer": set(), "score": set(), "practice_day": set(), "learner": set()}
    for member in year.members:
        who = member.who.platform, member.who.id
        points: Counter[tuple[str, str]] = Counter()
        reached: dict[tuple[str, str], int] = {}
        for did in member.did.values():
            asked, when = did.asked, int(did.when.timestamp())
            tables["answer"].add(
                (*who, asked.deal, asked.question, asked.mode, did.value, did.verdict, did.points, when)
            )
            tables["practice_day"].add((*who, str(did.here), "practised"))
            for period in ("all", f"{did.day:%Y-%m}", f"{did.day:%G-W%V}", str(did.day)):
                for bucket in (period, f"{asked.question.partition('/')[0]}/{period}"):
                    if did.points:
                        points[did.community, bucket] += did.points
                        reached[did.community, bucket] = when
        for (community, bucket), number in points.items():
            row = (*who, community, bucket, number, reached[community, bucket], not member.hidden)
            tables["score"].add(row)
        for kind in ("repaired", "skipped"):
            tables["practice_day"].update((*who, str(day), kind) for day in getattr(member, kind))
        tables["learner"].add((*who, member.called, member.hidden, member.zone.key if member.moved else None))
    return tables


async def kept_tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows that there are, read as the bot would."""
    database = await connect(f"sqlite:///{path}")
    columns = {
        "answer": "deal, question, mode, value, verdict, points, answered_at",
        "score": "community, bucket, points, reached_at, shown",
        "practice_day": "day, kind",
        "learner": "name, hidden, timezone",
    }
    tables = {}
    for table, names in columns.items():
        key = "id" if table == "learner" else "learner"
        joined = f"{table} JOIN account ON account.learner = {table}.{key}"
        rows = await database.fetch(f"SELECT account.platform AS place, platform_id, {names} FROM {joined}")
        tables[table] = [tuple(row) for row in rows]
    await database.close()
    return tables


def happened(year: Year) -> Counter[str]:
    """What of the rules was met, by what people did."""
    met: Counter[str] = Counter()
    days: Counter[tuple[Member, str, date]] = Counter()
    for member in year.members:
        for did in member.did.values():
            days[member, did.community, did.day] += did.points
            met["right, and worth nothing"] += did.verdict == "right" and not did.points
            met["another date at home than in the community"] += did.here != did.day
            met["in the 53rd week of 2026"] += f"{did.day:%G-W%V}" == "2026-W53"
        met["frozen days"] += len(streak_of(member, member.today(year.clock.time)).frozen)
        met["dates never lived"] += len(member.skipped)
        met["somebody without a name"] += not member.called
    met["days with all points there are"] = list(days.values()).count(50)
    return met


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [2026])
async def test_in_a_year_points_boards_streaks_and_statistics_are_what_people_did(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    year = Year(seed, tmp_path / "year.db")
    monkeypatch.setattr(secrets, "randbits", year.random.getrandbits)
    monkeypatch.setattr(logging.getLogger("bot.dispatch"), "disabled", True)  # of faults
    await year.pass_by()
    kept, expected = await kept_tables(year.path), expected_tables(year)
    for table, rows in kept.items():
        year.same(len(rows), len(set(rows)), f"rows of {table}, each once")
        missing, added = sorted(expected[table] - set(rows), key=str), sorted(set(rows) - expected[table], key=str)
        year.same(added[:5], missing[:5], f"rows of {table} that should not be, and that should")
        year.met[f"rows of {table}"] = len(rows)
    year.met += happened(year)
    for what, number in sorted(year.met.items()):
        print(f"{number:8,} {what}")
    assert year.met.keys() >= MET
    assert year.met["rows of answer"] > 20_000
