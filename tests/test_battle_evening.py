"""An evening of fifty battles, through crashes, faults and players who come and go, recounted at the end.

It goes by second for second, over SQLite in this thread, so that a seed decides all that happens. Every standing that
anybody saw is compared with what is stored of answers, by an arithmetic of its own.
"""

import asyncio
import logging
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count, pairwise
from random import Random
from typing import Any

import pytest

from bot.__main__ import core
from bot.bank.bank import Bank
from bot.config import Config
from bot.messages import Call, Card, Person, Press, Rank, Reply, Request, Room
from bot.platforms import Gone, Posting, Unknown
from bot.store.database import ConflictError, Row, Statement
from bot.store.schema import migrate
from bot.store.store import Store
from tests.mortal import Killed
from tests.people import Clock
from tests.samples import bank_of, question

BATTLES, EVENING = 50, 3600  # seconds; then all is calm
PEOPLE = [Person("test", name) for name in ("ada", "bob", "cleo", "dan", "eve", "finn", "gus", "hal")]
SECOND = timedelta(seconds=1)


@dataclass
class Message:
    room: str
    card: Card
    changed: list[datetime]
    shown: list[Card] = field(default_factory=list)  # all that it ever was


@dataclass
class Place:
    """A room, as its people know it."""

    where: Room
    messages: list[Message] = field(default_factory=list)
    lobby: Card | None = None
    opens: int = 0  # the second at which a battle is asked for
    lost: tuple[int, int] = (0, 0)
    moves: int = 0


class Process:
    """One process: a core, its way to the database that all share, and its connection to the platform."""

    def __init__(self, evening: "Evening") -> None:
        self.evening = evening
        self.left = 0  # steps until it is killed; none for 0
        self.dead = False
        self.parked: set[asyncio.Task[Any] | None] = set()  # posts that the platform takes seconds for
        self.store = Store(self)
        _, self.dispatch, self.lane = core(Config(), evening.bank, self.store, evening.clock, Random(1))
        self.lane.platforms["test"] = self

    async def step(self) -> None:
        """Here others may go on first, and here it may end."""
        if self.left:
            self.left -= 1
            self.dead = self.dead or not self.left
        if not self.dead and self.evening.random.random() < 0.2:
            await asyncio.sleep(0)
        if self.dead:
            raise Killed

    async def tick(self) -> None:
        try:
            for look in self.lane.due:
                if look.__name__.startswith("battle"):
                    await look("test")
        except asyncio.CancelledError:  # which is all that a task tells of Killed
            pass

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

    async def ask(self, who: Person, place: Place, what: Call | Press, rank: Rank = Rank.MEMBER) -> Reply | None:
        """What it replies; None if it dies over it."""
        try:
            return await self.dispatch.answer(Request(who, place.where, what, who.id.title(), rank=rank))
        except asyncio.CancelledError:  # which is all that a task tells of Killed
            return None

    # Database

    async def fetch(self, sql: str, values: Mapping[str, Any] = {}) -> Sequence[Row]:
        await self.step()
        return self.evening.connection.execute(sql, values).fetchall()

    async def write(self, batch: Sequence[Statement]) -> list[Sequence[Row]]:
        await self.step()
        connection = self.evening.connection
        connection.execute("BEGIN")
        try:
            rows: list[Sequence[Row]] = [connection.execute(sql, values).fetchall() for sql, values in batch]
            connection.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            connection.execute("ROLLBACK")
            raise ConflictError(str(error)) from error
        await self.step()
        return rows

    async def scrub(self) -> None: ...

    async def close(self) -> None: ...

    # Platform

    @property
    def ready(self) -> bool:
        return self.evening.second >= self.evening.offline_until

    async def run(self) -> int:
        return 0

    async def post(self, room: Room, card: Card, how: Posting = Posting()) -> str:  # noqa: B008
        await self.step()
        evening, place = self.evening, self.evening.places[room.id]
        fate = evening.fate(place)
        if fate == "slow":
            answer = asyncio.get_running_loop().create_future()
            task = asyncio.current_task()
            self.parked.add(task)
            answer.add_done_callback(lambda _: self.parked.discard(task))
            heappush(evening.slow, (evening.second + evening.random.choice((1, 3, 8)), next(evening.numbers), answer))
            await answer
        elif fate == "error":
            raise RuntimeError("no connection")
        elif fate == "lost":
            raise Unknown("timed out")
        elif fate == "gone":
            raise Gone("Missing Access")
        evening.keys[how.key] += 1
        place.messages.append(Message(room.id, card, [evening.clock()], [card]))
        if fate == "unknown":
            raise Unknown("timed out")
        await self.step()
        return str(len(place.messages) - 1)

    async def edit(self, room: Room, message: str, card: Card, how: Posting = Posting()) -> None:  # noqa: B008
        await self.step()
        evening, place = self.evening, self.evening.places[room.id]
        if place.moves and int(message) < place.moves:
            raise Gone("message to edit not found")
        if evening.fate(place) in ("error", "gone", "lost"):
            raise Gone("Unknown Message") if evening.random.random() < 0.5 else RuntimeError("no connection")
        known = place.messages[int(message)]
        known.card = card
        known.changed.append(evening.clock())
        known.shown.append(card)

    async def tell(self, who: Person, card: Card) -> None: ...

    async def missing(self, room: Room) -> str:
        return "I am not a member here." if self.evening.is_lost(self.evening.places[room.id]) else ""


class Evening:
    def __init__(self, seed: int, bank: Bank) -> None:
        self.random = Random(seed)
        self.bank = bank
        self.clock = Clock()
        self.start = self.clock()
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        self.places = {f"room{number}": self._place(number) for number in range(BATTLES)}
        self.processes: list[Process] = []
        self.slow: list[tuple[int, int, asyncio.Future[None]]] = []
        self.numbers = count()
        self.up_at = self.offline_until = 0
        self.keys: Counter[str] = Counter()  # how often each post arrived
        self.chosen: dict[tuple[str, str], str] = {}  # by deal and person, what they were told last that they chose
        self.met: Counter[str] = Counter()

    def _place(self, number: int) -> Place:
        start = self.random.randrange(60, EVENING)
        lost = (start, start + self.random.choice((5, 60, 900))) if self.random.random() < 0.2 else (0, 0)
        where = Room("test", f"room{number}", community=f"room{number}")
        return Place(where, opens=self.random.randrange(EVENING - 1200), lost=lost)

    @property
    def second(self) -> int:
        return int((self.clock() - self.start).total_seconds())

    def is_lost(self, place: Place) -> bool:
        return place.lost[0] <= self.second < place.lost[1]

    def fate(self, place: Place) -> str:
        if self.is_lost(place):
            fate = "gone"
        elif self.second > EVENING:
            fate = ""
        else:
            fates = ("", "error", "unknown", "lost", "slow")
            fate = self.random.choices(fates, (90, 4, 1, 1, 4))[0]
        self.met[fate or "fine"] += 1
        return fate

    # The evening

    async def pass_by(self) -> None:
        self.processes.append(Process(self))
        await migrate(self.processes[0])
        while self.second < EVENING + 3 * 3600:
            self.clock.advance(seconds=1 if self.second < EVENING else 30)
            await self._release()
            await self._trouble()
            await asyncio.gather(*(process.tick() for process in self.processes), self._people())
            for process in self.processes:
                await process.settle()
            self.met["killed"] += sum(process.dead for process in self.processes)
            self.processes = [process for process in self.processes if not process.dead]
            if not self.processes and self.up_at <= self.second:
                self.up_at = self.second + self.random.choice((1, 2, 10, 40))

    async def _release(self) -> None:
        """Let the platform answer what it was asked seconds ago."""
        while self.slow and self.slow[0][0] <= self.second:
            *_, answer = heappop(self.slow)
            if not answer.done():
                answer.set_result(None)
                await asyncio.sleep(0)

    async def _trouble(self) -> None:
        if not self.processes and self.second >= self.up_at:
            self.processes.append(Process(self))
        if self.second > EVENING or not self.processes:
            return
        for process in self.processes:
            process.left = 0
        match self.random.choices(("", "kill", "second", "stop", "offline"), (93, 4, 1.5, 1, 0.5))[0]:
            case "kill":
                self.random.choice(self.processes).left = self.random.randrange(1, 40)
            case "second":
                self.processes.append(Process(self))
            case "stop":
                await self.processes.pop().end()
                self.up_at = self.second + self.random.choice((1, 5, 60, 700 if self.random.random() < 0.1 else 2))
            case "offline":
                self.offline_until = self.second + self.random.choice((3, 20, 90))

    # People

    async def _people(self) -> None:
        if self.second > EVENING + 600:
            return
        for place in {id(place): place for place in self.places.values()}.values():
            alive = [process for process in self.processes if process.ready and not process.dead]
            if not alive or self.is_lost(place):
                continue
            process = self.random.choice(alive)
            if self.second >= place.opens and not place.lobby:
                reply = await process.ask(PEOPLE[0], place, Call("battle", {"questions": self.random.choice("3579")}))
                place.lobby = reply.new if reply else None
            elif place.lobby and self.random.random() < 0.4:
                await self._act(process, place)

    async def _act(self, process: Process, place: Place) -> None:
        assert place.lobby
        who = self.random.choice(PEOPLE)
        if not place.messages:
            labels = ("Join",) * 12 + ("Leave", "Start now", "Start now")
            await self._press(process, who, place, place.lobby, self.random.choice(labels))
            return
        card = self.random.choice(place.messages[-2:]).card
        if any(one.label == "A" for one in card.buttons) and self.random.random() < 0.97:
            for _ in range(self.random.randrange(1, 4)):
                await self._choose(process, self.random.choice(PEOPLE), place, card)
        elif self.random.random() < 0.02:
            await self._press(process, who, place, card, "Leave")
        elif self.random.random() < 0.002:
            await self._press(process, PEOPLE[0], place, card, "Stop")
        elif self.random.random() < 0.002 and not process.dead:
            await self._move(process, place)

    async def _press(self, process: Process, who: Person, place: Place, card: Card, label: str) -> None:
        pressed = next((one.press for one in card.buttons if one.label == label), None)
        if pressed:
            await process.ask(who, place, pressed)

    async def _choose(self, process: Process, who: Person, place: Place, card: Card) -> None:
        """Knowing much or little, each as they are."""
        knows = self.random.random() < 0.2 + 0.1 * PEOPLE.index(who)
        right = next((line for line in card.body.splitlines() if "right of" in line), None)
        if not right:  # an ordinary question, for who was alone
            return
        letter = right[2] if knows else self.random.choice("ABCD")
        pressed = next(one.press for one in card.buttons if one.label == letter)
        if pressed.verb != "choose":
            return
        reply = await process.ask(who, place, pressed)
        if reply and reply.aside and reply.aside.heading.startswith("You chose "):
            self.chosen[pressed.deal, who.id] = letter
            self.met["chosen"] += 1
        elif not reply:  # it may have been kept, or not
            self.chosen.pop((pressed.deal, who.id), None)
            self.chosen[pressed.deal, who.id] = "?"

    async def _move(self, process: Process, place: Place) -> None:
        old, new = place.where.id, f"{place.where.id}x"
        try:
            await process.store.memory.room_moved("test", old, new)
        except asyncio.CancelledError:  # which is all that a task tells of Killed
            await self.processes[-1].store.memory.room_moved("test", old, new) if not self.processes[-1].dead else None
        (moved,) = self.connection.execute("SELECT count(*) FROM room WHERE platform_id = ?", (new,)).fetchone()
        if moved:
            place.where = Room("test", new, community=new)
            place.moves = len(place.messages)
            self.places[new] = place
            self.met["moved"] += 1


NAMED = re.compile(r"^\S+ (\w+): (\d+) points?", re.MULTILINE)


def answers_of(evening: Evening) -> dict[str, list[tuple[int, str, int]]]:
    """By battle: of each stored answer the place, the name, and the points that it is worth."""
    sql = """
        SELECT round.battle, round.place, learner.name, answer.verdict, battle.seconds,
            answer.answered_at - round.opened_at AS after
        FROM answer JOIN round ON round.deal = answer.deal JOIN battle ON battle.id = round.battle
        JOIN learner ON learner.id = answer.learner
    """
    found: dict[str, list[tuple[int, str, int]]] = defaultdict(list)
    for row in evening.connection.execute(sql):
        worth = 0
        if row["verdict"] == "right" and row["after"] >= 2:
            worth = 10 + max(0, 5 - (row["after"] - 2) * 5 // (row["seconds"] - 2))
        found[row["battle"]].append((row["place"], row["name"], worth))
    return found


LED = re.compile(r"[🥇🥈🥉] (\w+) (\d+)")


def leaders_shown(evening: Evening) -> list[tuple[str, int, dict[str, int]]]:
    """Of each question that told who led: the battle, after how many questions, and their points."""
    shown = []
    for place in {id(place): place for place in evening.places.values()}.values():
        for card in (card for message in place.messages for card in message.shown):
            number = re.match(r"\*Question (\d+) of", card.body)
            leave = next((one.press for one in card.buttons if one.label == "Leave"), None)
            if number and leave and (found := LED.findall(card.body)):
                shown.append((leave.deal, int(number[1]) - 1, {name: int(points) for name, points in found}))
    return shown


def standings_shown(evening: Evening) -> list[tuple[str, int, dict[str, int]]]:
    """Of each card that ever showed standings: the battle, after how many questions, and who had how many points."""
    shown = []
    for place in {id(place): place for place in evening.places.values()}.values():
        for card in (card for message in place.messages for card in message.shown):
            points = {name: int(number) for name, number in NAMED.findall(card.body)}
            presses = [one.press for one in card.buttons if one.press.verb == "battle"]
            if not points or not presses:
                continue
            after = next((int(one.value[4:]) for one in presses if one.value.startswith("why.")), 99)
            shown.append((presses[0].deal, after, points))
    return shown


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
async def test_every_standing_that_was_shown_is_what_the_stored_answers_say(
    seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    evening = Evening(seed, bank_of(*(question(f"q{number}") for number in range(60))))
    await evening.pass_by()
    query = evening.connection.execute

    battles = query("SELECT id, state, due_at, why, ended_at FROM battle").fetchall()
    assert len(battles) >= BATTLES - 8  # a few rooms were lost, or we were away, when somebody asked for one
    assert {row["state"] for row in battles} == {"over"}
    assert {row["due_at"] for row in battles} == {None}
    assert query("SELECT count(*) FROM round WHERE closed_at IS NULL OR keep_at IS NOT NULL").fetchone()[0] == 0

    stored, shown = answers_of(evening), standings_shown(evening)
    assert len(shown) > 2 * BATTLES
    for battle, after, points in shown:
        worth: Counter[str] = Counter()
        for place, name, earned in stored[battle]:
            worth[name] += earned if place <= after else 0
        assert {name: number for name, number in points.items() if number} == {
            name: number for name, number in worth.items() if number
        }

    leading = leaders_shown(evening)
    assert len(leading) > BATTLES
    for battle, after, points in leading:
        worth = Counter()
        for place, name, earned in stored[battle]:
            worth[name] += earned if place <= after else 0
        assert points == {name: worth[name] for name in points}
        assert sorted(points.values()) == sorted(worth.values())[-len(points) :]

    for room in evening.places.values():
        for message in room.messages:
            assert all(later - sooner >= 5 * SECOND for sooner, later in pairwise(message.changed))
    posted_again = {key for key, number in evening.keys.items() if number > 1}
    assert not posted_again

    kept = {
        (row["deal"], row["platform_id"]): (row["choices"], row["value"])
        for row in query("""
            SELECT answer.deal, account.platform_id, deal.choices, answer.value FROM answer
            JOIN account ON account.learner = answer.learner JOIN deal ON deal.id = answer.deal
            JOIN round ON round.deal = answer.deal
        """)
    }
    rounds = {row["deal"] for row in query("SELECT deal FROM round")}
    for (deal, who), letter in evening.chosen.items():
        if deal in rounds and letter != "?":  # those that were under way when a battle was ended count for nobody
            choices, value = kept[deal, who]
            assert choices["ABCD".index(letter)] == value
    assert evening.met["chosen"] > 1000
    assert evening.met["killed"] > 10
