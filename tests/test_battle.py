"""Battles: a lobby, questions against the clock, standings, a podium; and what a restart or a fault makes of them."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import count, pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.__main__ import core
from bot.bank.bank import Bank
from bot.bank.model import Level
from bot.charts import podium_chart
from bot.config import Config
from bot.groups.rounds import (
    BONUS,
    HASTE,
    RIGHT,
    STRONGEST,
    WEAKEST,
    Made,
    adapted,
    chance,
    missed_most,
    points,
    simulated,
    standings,
)
from bot.learners.scoring import FULL_BATTLE, battle_points
from bot.messages import Card, Person, Press, Rank, Reply, Request, Room
from bot.platforms import Gone, Posting, Unknown
from bot.store.battles import Battle
from bot.store.database import Database, Statement
from bot.store.sqlite import SqliteDatabase
from bot.store.store import Store
from tests.mortal import Mortal
from tests.people import ADA, BOB, GROUP, HOME, Clock, Conversation, button, right_and_wrong, shown
from tests.samples import bank_of, question
from tests.test_daily import Chat

CLEO, DAN = Person("test", "cleo"), Person("test", "dan")
NAMES = {ADA: "Ada", BOB: "Bob", CLEO: "Cleo", DAN: "Dan"}
LEVELS = ("junior", "mid", "senior")


class Hall(Chat):
    """A platform whose messages can be looked at as they are now, with when each was changed."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.messages: list[tuple[Room, Card]] = []
        self.keys: dict[str, int] = {}
        self.changes: list[tuple[str, Any]] = []
        self.edit_fault: Callable[[Room], object] = lambda room: None

    async def post(self, room: Room, card: Card, how: Posting = Posting()) -> str:  # noqa: B008
        self.fault(room)
        if how.key in self.keys:
            return str(self.keys[how.key])
        self.keys[how.key] = len(self.messages)
        self.messages.append((room, card))
        self.changes.append((str(len(self.messages) - 1), self.clock()))
        return str(len(self.messages) - 1)

    async def edit(self, room: Room, message: str, card: Card, how: Posting = Posting()) -> None:  # noqa: B008
        self.edit_fault(room)
        self.messages[int(message)] = room, card
        self.changes.append((message, self.clock()))

    def cards(self, where: Room = GROUP) -> list[Card]:
        return [card for room, card in self.messages if room == where]


class Server:
    """The whole core with one platform, at a time that tests decide."""

    def __init__(self, bank: Bank, store: Store, clock: Clock, hall: Hall | None = None) -> None:
        self.bank, self.store, self.clock = bank, store, clock
        self.hall = hall or Hall(clock)
        self.start()

    def start(self) -> None:
        """Begin anew, as after a crash: nothing is left but the database."""
        made = core(Config(), self.bank, self.store, self.clock, Random(1))
        self.lane = made.lane
        self.lane.platforms["test"] = self.hall
        self.people = Conversation(made.dispatch.answer, made.commands)

    async def say(self, line: str, who: Person = ADA, where: Room = GROUP, rank: Rank = Rank.MEMBER) -> Reply:
        what = self.people.commands.parse(line)
        return await self.people.answer(Request(who, where, what, NAMES.get(who, who.id.title()), rank=rank))

    async def press(
        self, card: Card, label: str, who: Person = ADA, where: Room = GROUP, rank: Rank = Rank.MEMBER
    ) -> Reply:
        what = button(card, label).press
        return await self.people.answer(Request(who, where, what, NAMES.get(who, who.id.title()), rank=rank))

    async def tick(self) -> None:
        for look in self.lane.due:
            if look.__name__.startswith("battle"):
                await look("test")
        await self.lane.finish()

    async def wait(self, seconds: int, step: int = 1) -> None:
        """Let time go by, with ticks."""
        for _ in range(0, seconds, step):
            self.clock.advance(seconds=step)
            await self.tick()

    @property
    def last(self) -> Card:
        return self.hall.cards()[-1]


@pytest.fixture
def bank() -> Bank:
    """Thirty questions with choices, of three levels; ten without."""
    return bank_of(
        *(question(f"q{number}", level=LEVELS[number % 3]) for number in range(30)),
        *(question(f"open{number}", choices=0, section="open") for number in range(10)),
    )


@pytest.fixture
def server(bank: Bank, store: Store, clock: Clock) -> Server:
    return Server(bank, store, clock)


async def lobby(server: Server, line: str = "/battle questions:3", *others: Person, where: Room = GROUP) -> Card:
    """Ada opens a battle, and others join."""
    card = shown(await server.say(line, where=where))
    for who in others or (BOB,):
        await server.press(card, "Join", who, where)
    return card


async def begun(server: Server, line: str = "/battle questions:3", *others: Person) -> Card:
    """The first question of a battle."""
    card = await lobby(server, line, *others)
    assert (await server.press(card, "Start now")).aside
    await server.tick()
    return server.last


async def choose(server: Server, card: Card, who: Person, right: bool = True) -> Reply:
    return await server.press(card, right_and_wrong(card)[not right].label, who)


async def test_a_battle_from_the_lobby_to_the_podium(server: Server) -> None:
    card = await lobby(server)
    assert card.heading == "Battle: 3 questions"
    assert [one.label for one in card.buttons] == ["Join", "Leave", "Start now", "Stop"]
    assert (await server.press(card, "Start now")).aside == Card("It begins")
    for place in range(1, 4):
        await server.tick()
        asked = server.last
        assert f"Question {place} of 3" in asked.body
        await server.wait(3)
        reply = await choose(server, asked, ADA)
        assert reply.aside
        assert reply.aside.heading.startswith("You chose ")
        assert reply.aside.body == "1 of 2 have answered. You may change it until the time is up."
        await server.wait(4)
        await choose(server, asked, BOB, right=place == 1)
        await server.tick()
        result = server.last
        assert "Right is **" in result.body
        await server.wait(8)
    final = server.last
    assert final.heading == "Ada wins"
    assert final.picture


async def results(server: Server, where: Room = GROUP) -> list[dict[str, int]]:
    """The standings of all cards that show some, in order."""
    return [shown_standings(card) for card in server.hall.cards(where) if shown_standings(card)]


def shown_standings(card: Card) -> dict[str, int]:
    """Who has how many points, by a card that lists them."""
    return {name: int(number) for name, number in re.findall(r"^\S+ (\w+): (\d+) points?", card.body, re.MULTILINE)}


async def recomputed(store: Store, battle: str, last: int = 99) -> dict[str, int]:
    """The same, by what is stored of answers up to a question: an arithmetic of its own."""
    sql = """
        SELECT answer.verdict, answer.answered_at - round.opened_at AS after, battle.seconds, learner.name, round.place
        FROM answer JOIN round ON round.deal = answer.deal JOIN battle ON battle.id = round.battle
        JOIN learner ON learner.id = answer.learner
        WHERE battle.id = :battle AND round.place <= :last
    """
    found: dict[str, int] = {}
    for row in await store._database.fetch(sql, {"battle": battle, "last": last}):
        steps = (row["after"] - 2) * 5 // (row["seconds"] - 2) if row["after"] >= 2 else None
        worth = 15 - min(steps, 5) if row["verdict"] == "right" and steps is not None else 0
        found[row["name"]] = found.get(row["name"], 0) + worth
    return found


async def the_battle(server: Server) -> Battle:
    (row,) = await server.store._database.fetch("SELECT id FROM battle")
    found = await server.store.battles.battle(row["id"])
    assert found
    return found


async def played(server: Server, card: Card, *players: tuple[Person, bool], wait: int = 4) -> Card:
    """A question that these have answered, right or not: what is shown then."""
    await server.wait(wait)
    for who, right in players:
        await choose(server, card, who, right)
    await server.tick()
    return server.last


# The rules


@given(st.integers(10, 60), st.integers(-60, 120))
def test_a_right_choice_earns_more_the_sooner_in_steps_so_small_that_a_slow_network_costs_little(
    seconds: int, after: int
) -> None:
    worth = points(after, seconds)
    if after < HASTE:
        assert worth == 0
    else:
        assert RIGHT <= worth <= RIGHT + BONUS
        assert 0 <= worth - points(after + 1, seconds) <= 1
    assert points(HASTE, seconds) == RIGHT + BONUS
    assert points(seconds, seconds) == RIGHT


MADE = st.lists(
    st.builds(Made, st.integers(1, 5), st.sampled_from("abcdef"), st.integers(-3, 40)),
    unique_by=lambda one: (one.place, one.learner),
)


@given(MADE, st.permutations("abcde"), st.randoms())
def test_standings_add_up_and_do_not_depend_on_any_order(made: list[Made], players: list[str], random: Random) -> None:
    found = standings(players, made, 20, last=5)
    assert sorted(one.learner for one in found) == sorted(players)
    for one in found:
        mine = [points(each.after, 20) for each in made if each.learner == one.learner]
        assert (one.points, one.right) == (sum(mine), sum(worth > 0 for worth in mine))
        last = [points(each.after, 20) for each in made if (each.place, each.learner) == (5, one.learner)]
        assert one.gained == sum(last)
    assert [one.points for one in found] == sorted((one.points for one in found), reverse=True)
    assert found[0].rank == 1
    for before, after in pairwise(found):
        assert after.rank == before.rank or after.rank == found.index(after) + 1
    random.shuffle(made)
    random.shuffle(players)
    assert standings(players, made, 20, last=5) == found


def test_of_equal_points_who_needed_less_time_stands_first_and_with_equal_time_both_do() -> None:
    made = [Made(1, "a", 5), Made(1, "b", 4), Made(1, "c", 4)]
    assert {points(one.after, 60) for one in made} == {15}
    found = [(one.learner, one.rank) for one in standings("abcd", made, 60)]
    assert found == [("b", 1), ("c", 1), ("a", 3), ("d", 4)]


def test_what_was_missed_most_leaves_out_what_all_knew() -> None:
    assert missed_most({1: 4, 2: 1, 4: 0}, {1: 4, 2: 4, 3: 2, 4: 5}, 2) == [3, 4]
    assert missed_most({1: 4}, {1: 4}, 3) == []


@given(st.integers(0, 12), st.integers(0, 300), st.booleans())
def test_a_battle_earns_for_boards_by_the_number_of_players_none_alone_and_never_more(
    worth: int, players: int, counts: bool
) -> None:
    earned = battle_points(worth, players, counts=counts)
    assert 0 <= earned <= worth
    assert earned <= battle_points(worth, players + 1, counts=counts)
    if not counts or players < 2:
        assert earned == 0
    elif players >= FULL_BATTLE:
        assert earned == worth
    else:
        assert abs(earned - worth * players / FULL_BATTLE) <= 0.5


@given(st.integers(WEAKEST, STRONGEST), st.sampled_from(Level), st.integers(10, 60), st.integers(0, 10**6))
def test_the_rival_chooses_something_that_there_is_in_time(
    strength: int, level: Level, seconds: int, seed: int
) -> None:
    value, after = simulated(strength, level, "2031", seconds, Random(seed))
    assert value in "0123"
    assert HASTE <= after < seconds
    assert 0 < chance(strength, level) < 1
    if strength < STRONGEST:
        assert chance(strength + 1, level) > chance(strength, level)


@given(st.integers(WEAKEST, STRONGEST), st.integers(0, 300), st.integers(0, 300))
def test_the_next_rival_is_stronger_after_a_victory_and_weaker_after_a_defeat(
    strength: int, mine: int, theirs: int
) -> None:
    after = adapted(strength, mine, theirs)
    assert WEAKEST <= after <= STRONGEST
    assert (after - strength) * (mine - theirs) >= 0
    assert after != strength or mine == theirs or strength in (WEAKEST, STRONGEST)


@pytest.mark.parametrize("skill", [600, 1200, 1900])
def test_the_rival_comes_to_be_as_strong_as_its_learner(skill: int) -> None:
    random, strength, won = Random(skill), 1200, []
    for _ in range(400):
        mine, theirs = (
            sum(
                points(after, 20)
                for _ in range(10)
                for value, after in [simulated(of, Level.MID, "0123", 20, random)]
                if value == "0"
            )
            for of in (skill, strength)
        )
        strength = adapted(strength, mine, theirs)
        won.append((mine > theirs) + (mine == theirs) / 2)
    assert 0.35 < sum(won[100:]) / 300 < 0.65


def test_a_podium_is_a_small_picture_that_says_the_same_in_words() -> None:
    places = [(1, "Ada", 120), (2, "Bob\n*x*", 1), (3, "W" * 90, 0)]
    chart = podium_chart(places)
    assert len(chart.content) < 8_000
    assert chart.content.startswith(b"\x89PNG")
    assert chart.alt == f"Podium: 1. Ada with 120 points; 2. Bob *x* with 1 point; 3. {'W' * 39}… with 0 points."
    assert chart.text.splitlines()[1].startswith("1. Ada ")
    assert podium_chart(places[:1]).content != podium_chart(places[:2]).content
    assert (
        podium_chart([(1, "Ada", 120), (1, "Bob", 120)]).alt
        == "Podium: 1. Ada with 120 points; 1. Bob with 120 points."
    )


# The lobby


async def test_a_lobby_tells_what_it_will_be_about_and_who_has_come(server: Server) -> None:
    card = shown(await server.say("/battle topic:basics questions:5 seconds:15 level:mid"))
    assert card.heading == "Battle: 5 questions"
    assert card.body.startswith("*Flask · Basics · mid level · 15 seconds each*")
    assert card.body.endswith("**Players:** Ada")
    server.clock.advance(seconds=5)
    reply = await server.press(card, "Join", BOB)
    assert reply.aside == Card("You are in", "2 players so far.")
    assert reply.edit
    assert reply.edit.body.endswith("**Players:** Ada, Bob")


async def test_who_hides_is_somebody(server: Server) -> None:
    await server.say("/settings hide:yes", BOB)
    card = await begun(server)
    await played(server, card, (ADA, False), (BOB, True))
    assert "🥇 somebody: 15 points (+15)" in server.last.body
    assert not any("Bob" in card.body for card in server.hall.cards())


async def test_the_card_of_a_lobby_changes_at_most_once_in_five_seconds(server: Server) -> None:
    card = shown(await server.say("/battle"))
    edits = []
    for number in range(60):
        server.clock.advance(seconds=0.5)
        reply = await server.press(card, "Join", Person("test", f"p{number}"))
        assert reply.aside == Card("You are in", f"{number + 2} players so far.")
        edits += [server.clock()] if reply.edit else []
    assert len(edits) == 6
    assert all(later - sooner >= timedelta(seconds=5) for sooner, later in pairwise(edits))
    assert reply.edit
    assert re.search(r"\*\*Players:\*\* (\w+, ){9}\w+ and 51 more$", reply.edit.body)


async def test_with_two_players_it_begins_by_itself_after_a_minute(server: Server) -> None:
    await lobby(server)
    await server.wait(58)
    assert server.hall.cards() == []
    await server.wait(4)
    assert "Question 1 of 3" in server.last.body


async def test_who_is_alone_gets_a_question_to_practise_with(server: Server) -> None:
    card = shown(await server.say("/battle"))
    await server.press(card, "Join", BOB)
    assert (await server.press(card, "Leave", BOB)).aside == Card("You have left", "1 player so far.")
    await server.wait(62)
    (practice,) = server.hall.cards()
    assert practice.body.startswith("Nobody else has come, so here is one to practise with.")
    reply = await server.press(practice, right_and_wrong(practice)[0].label)
    assert shown(reply).heading == "Correct ✔"
    assert shown(await server.press(card, "Join", BOB)).heading == "This battle is over"


async def test_who_starts_alone_gets_it_at_once(server: Server) -> None:
    card = shown(await server.say("/battle"))
    reply = await server.press(card, "Start now")
    assert reply.new
    assert "Nobody else has come" in reply.new.body
    await server.wait(62)
    assert server.hall.cards() == []


async def test_when_all_have_left_nothing_comes(server: Server) -> None:
    card = shown(await server.say("/battle"))
    await server.press(card, "Leave")
    await server.wait(120)
    assert server.hall.cards() == []
    assert shown(await server.say("/battle")).heading == "Battle: 10 questions"


async def test_only_who_opened_it_or_a_moderator_starts_and_stops_it(server: Server) -> None:
    card = await lobby(server)
    for label in ("Start now", "Stop"):
        assert shown(await server.press(card, label, BOB)).heading == "That is not for you to do"
    assert (await server.press(card, "Start now", BOB, rank=Rank.MODERATOR)).aside == Card("It begins")
    assert shown(await server.press(card, "Start now")).heading == "It has begun already."
    await server.tick()
    await played(server, server.last, (ADA, True), (BOB, False))
    await server.wait(9)
    reply = await server.press(server.last, "Stop", BOB, rank=Rank.MODERATOR)
    assert reply.new
    assert reply.new.heading == "Ada wins"
    assert reply.new.body.startswith("It ended after 1 question: it was stopped.")
    assert shown_standings(reply.new) == {"Ada": 15, "Bob": 0}
    posts = len(server.hall.messages)
    await server.wait(120)
    assert len(server.hall.messages) == posts


async def test_what_a_button_needs_is_known_to_platforms_that_ask_for_ranks(server: Server) -> None:
    commands = server.people.commands
    assert commands.heeds_rank(Press("referee", "x", "stop"))
    assert commands.heeds_rank(Press("daily", "", "off"))
    assert not commands.heeds_rank(Press("battle", "x", "join"))
    assert not commands.heeds_rank(Press("choose", "x", "A"))


async def test_there_is_one_battle_in_a_room(server: Server) -> None:
    first, *others = await asyncio.gather(*(server.say("/battle questions:3", who) for who in (ADA, BOB, CLEO, DAN)))
    lobbies = [reply.new for reply in (first, *others) if reply.new]
    assert len(lobbies) == 1
    told = {shown(reply).heading for reply in (first, *others) if not reply.new}
    assert told <= {"Somebody else has just opened a battle", "A battle is open here already"}
    elsewhere = Room("test", "group", "topic", community="server")
    assert (await server.say("/battle", ADA, elsewhere)).new


async def test_who_asks_for_a_battle_where_one_is_open_joins_it(server: Server) -> None:
    card = shown(await server.say("/battle questions:3"))
    refused = shown(await server.say("/battle", BOB))
    assert (refused.heading, refused.body) == ("A battle is open here already", "You have joined it.")
    await server.press(card, "Start now")
    await server.tick()
    refused = shown(await server.say("/battle", CLEO))
    assert refused.heading == "There is a battle here already"
    assert (await choose(server, server.last, CLEO)).aside
    players = await server.store.battles.players(await the_battle(server))
    assert {one.name for one in players} == {"Ada", "Bob", "Cleo"}


async def test_the_same_request_delivered_twice_opens_the_same_lobby(server: Server) -> None:
    request = Request(ADA, GROUP, server.people.commands.parse("/battle"), "Ada", id="test:1")
    one, other = await server.people.answer(request), await server.people.answer(request)
    assert one.new == other.new


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("topic:flsk", "I know no topic “flsk”"),
        ("topic:open level:senior", "There is no such question"),
        ("questions:2", "That does not fit"),
        ("seconds:7", "That does not fit"),
        ("speed:7", "/battle has no such option"),
    ],
)
async def test_what_can_not_be_is_told(server: Server, line: str, heading: str) -> None:
    assert shown(await server.say(f"/battle {line}")).heading == heading


async def test_there_are_no_more_questions_than_the_bank_has(store: Store, clock: Clock) -> None:
    few = Server(bank_of(*(question(f"q{number}") for number in range(4))), store, clock)
    assert shown(await few.say("/battle")).heading == "Battle: 4 questions"


async def test_where_we_can_not_post_there_is_no_battle(server: Server) -> None:
    shared = Room("test", "somewhere")
    assert shown(await server.say("/battle", ADA, shared)).heading == "There are no battles here"
    server.hall.lacking = "I lack rights in this channel: Send Messages."
    assert shown(await server.say("/battle")).heading == "I can't post here yet"
    server.hall.lacking, server.hall.ready = "", False
    assert shown(await server.say("/battle")).heading == "I can't post here from this process."


async def test_there_is_room_for_two_hundred(server: Server) -> None:
    card = shown(await server.say("/battle questions:3"))
    people = [Person("test", f"p{number}") for number in range(199)]
    await asyncio.gather(*(server.press(card, "Join", who) for who in people))
    assert shown(await server.press(card, "Join", BOB)).heading == "This battle is full"
    assert (await server.press(card, "Join", people[7])).aside
    await server.press(card, "Start now")
    await server.tick()
    assert shown(await server.press(server.last, "A", BOB)).heading == "This battle is full"
    assert shown(await server.say("/battle", BOB)).heading == "There is a battle here already"


# Questions


async def test_a_choice_may_change_until_the_end_and_nobody_learns_of_it(server: Server) -> None:
    card = await begun(server)
    right, wrong = right_and_wrong(card)
    await server.wait(3)
    await server.press(card, wrong.label)
    await server.wait(3)
    assert server.last.fields == (("Answered", "1"),)
    reply = await server.press(card, right.label)
    assert reply.aside == Card(
        f"You chose {right.label}", "1 of 2 have answered. You may change it until the time is up."
    )
    await server.wait(6)
    assert server.last.body == card.body
    assert "Ada" not in server.last.body
    await server.press(card, wrong.label, BOB)
    await server.tick()
    assert shown_standings(server.last) == {"Ada": points(6, 20), "Bob": 0}


async def test_how_many_have_answered_is_shown_at_most_every_five_seconds_and_never_just_before_the_end(
    server: Server,
) -> None:
    people = [Person("test", f"p{number}") for number in range(30)]
    card = await begun(server, "/battle questions:3 seconds:30", *people)
    before = len(server.hall.changes)
    opened = server.clock()
    for who in people[:29]:
        await server.wait(1)
        await choose(server, card, who)
    edits = [when - opened for _, when in server.hall.changes[before:]]
    assert [edit.total_seconds() for edit in edits] == [5, 10, 15, 20, 25]
    assert server.last.fields == (("Answered", "24"),)
    await server.wait(2)
    assert "Right is **" in server.last.body
    gaps = [(two[1] - one[1]) for one, two in pairwise(server.hall.changes)]
    assert min(gaps) >= timedelta(seconds=5)


async def test_just_before_the_end_a_card_does_not_change_so_that_it_can_become_the_result(server: Server) -> None:
    card = await begun(server)
    await server.wait(16)
    await choose(server, card, ADA)
    await server.wait(3)
    assert server.last == card
    messages = len(server.hall.messages)
    await server.wait(1)
    assert "1 of 1 right" in server.last.body
    assert len(server.hall.messages) == messages


async def test_a_question_during_which_a_battle_is_stopped_counts_for_nobody(server: Server) -> None:
    card = await begun(server)
    await played(server, card, (ADA, True), (BOB, True))
    await server.wait(9)
    card = server.last
    await choose(server, card, ADA)
    await server.wait(3)
    await choose(server, card, ADA)
    reply = await server.press(card, "Stop")
    assert reply.new
    assert shown_standings(reply.new) == {"Ada": 15, "Bob": 15}
    assert shown(await choose(server, card, BOB)).heading == "The time for this question is up"
    await server.wait(30)
    assert len(await server.store._database.fetch("SELECT * FROM answer")) == 2
    assert len(await server.store._database.fetch("SELECT * FROM choice")) == 2
    assert shown(await server.press(card, "Stop")).heading == "This battle is over"


async def test_a_choice_sooner_than_one_can_read_earns_nothing_unless_it_is_made_once_more(server: Server) -> None:
    card = await begun(server)
    right, _ = right_and_wrong(card)
    for who in (ADA, BOB):
        await server.tick()
        server.clock.advance(seconds=0.9)
        reply = await server.press(card, right.label, who)
        assert reply.aside
        assert reply.aside.heading == f"You chose {right.label}, sooner than one can read"
    await server.tick()
    assert shown_standings(server.last) == {"Ada": 0, "Bob": 0}
    await server.wait(9)
    card = server.last
    right, wrong = right_and_wrong(card)
    await server.press(card, right.label)
    await server.wait(3)
    await server.press(card, right.label)
    await server.press(card, wrong.label, BOB)
    await server.tick()
    assert shown_standings(server.last)["Ada"] == 15


async def test_the_same_choice_again_keeps_its_time(server: Server) -> None:
    card = await begun(server)
    await server.wait(3)
    await choose(server, card, ADA)
    await server.wait(10)
    await choose(server, card, ADA)
    await choose(server, card, BOB, right=False)
    await server.tick()
    assert shown_standings(server.last) == {"Ada": points(3, 20), "Bob": 0}


async def test_a_round_ends_when_all_have_answered_and_its_card_becomes_the_result(server: Server) -> None:
    card = await begun(server)
    messages = len(server.hall.messages)
    result = await played(server, card, (ADA, True), (BOB, False), wait=5)
    assert len(server.hall.messages) == messages
    assert "1 of 2 right" in result.body
    assert "🥇 Ada: 15 points (+15)  \n🥈 Bob: 0 points" in result.body
    assert [one.label for one in result.buttons] == ["Explanation"]
    told = (await server.press(result, "Explanation", CLEO)).aside
    assert told
    assert "The answer to" in told.body
    assert "The explanation of" in told.body
    assert shown(await server.press(card, "A")).heading == "The time for this question is up"


async def test_a_result_comes_as_a_new_card_when_the_one_of_the_question_has_just_changed(server: Server) -> None:
    card = await begun(server)
    messages = len(server.hall.messages)
    await played(server, card, (ADA, True), (BOB, False), wait=3)
    assert len(server.hall.messages) == messages + 1


async def test_nobody_waits_for_who_has_left_or_does_not_answer(server: Server) -> None:
    card = await begun(server, "/battle questions:5", BOB, CLEO)
    await server.wait(4)
    await choose(server, card, ADA)
    reply = await server.press(card, "Leave", CLEO)
    assert reply.aside == Card("You have left", "2 players so far.")
    await server.tick()
    assert server.last.body == card.body
    await choose(server, card, BOB)
    await server.tick()
    assert "2 of 2 right" in server.last.body
    for _ in range(2):
        await server.wait(9)
        await choose(server, server.last, ADA)
        await server.wait(21)
    await server.wait(9)
    card = server.last
    assert "Question 4 of 5" in card.body
    await played(server, card, (ADA, True))
    assert "1 of 1 right" in server.last.body
    await server.wait(9)
    await choose(server, server.last, BOB)
    await server.tick()
    assert "Question 5 of 5" in server.last.body


async def test_when_the_last_one_who_was_waited_for_leaves_the_round_ends(server: Server) -> None:
    card = await begun(server)
    await server.wait(6)
    await choose(server, card, ADA)
    await server.press(card, "Leave", BOB)
    await server.tick()
    assert "1 of 1 right" in server.last.body
    assert shown_standings(server.last) == {"Ada": points(6, 20)}


async def test_who_has_left_the_server_is_not_waited_for_not_shown_and_not_brought_back_to_its_boards(
    server: Server,
) -> None:
    card = await begun(server, "/battle questions:3", BOB, CLEO)
    await server.wait(4)
    await choose(server, card, CLEO)
    await server.store.memory.person_left(CLEO, "server")
    await server.store.memory.person_left(BOB, "server")
    await choose(server, card, ADA)
    await server.tick()
    assert shown_standings(server.last) == {"Ada": 15}
    await server.wait(30)
    rows = await server.store._database.fetch("SELECT learner FROM absent")
    assert len(rows) == 2
    assert set(await recomputed(server.store, (await the_battle(server)).id)) == {"Ada"}


async def test_who_comes_late_plays_along(server: Server) -> None:
    card = await begun(server)
    await played(server, card, (ADA, True), (BOB, True))
    await server.wait(9)
    await played(server, server.last, (CLEO, True), (ADA, False), (BOB, False))
    assert shown_standings(server.last) == {"Ada": 15, "Bob": 15, "Cleo": 15}


async def test_after_the_end_of_a_round_no_choice_counts(server: Server) -> None:
    card = await begun(server)
    server.clock.advance(seconds=20)
    for who in (ADA, BOB):
        reply = await choose(server, card, who)
        assert shown(reply).heading == "The time for this question is up"
    await server.tick()
    assert "nobody answered" in server.last.body
    assert shown_standings(server.last) == {"Ada": 0, "Bob": 0}


async def test_whoever_is_told_that_they_chose_is_counted_however_near_the_end(
    bank: Bank, store: Store, clock: Clock
) -> None:
    hall = Hall(clock)
    servers = Server(bank, store, clock, hall), Server(bank, store, clock, hall)
    people = [Person("test", f"p{number}") for number in range(30)]
    await begun(servers[0], "/battle questions:5", *people)
    await servers[1].tick()

    async def press(number: int, card: Card) -> bool:
        for _ in range(8 * number):
            await asyncio.sleep(0)
        reply = await choose(servers[number % 2], card, people[number])
        answered.append(number)
        return shown(reply).heading.startswith("You chose ")

    async def end(after: int) -> None:
        while len(answered) < after:  # noqa: ASYNC110 - all of it is ready to go on
            await asyncio.sleep(0)
        clock.advance(seconds=1)
        await asyncio.gather(*(server.tick() for server in servers))

    outcomes = set()
    for place in range(1, 6):
        card = hall.cards()[-1]
        answered: list[int] = []
        clock.advance(seconds=19)
        *told, _ = await asyncio.gather(*(press(number, card) for number in range(30)), end(5 * place))
        await servers[0].wait(2)
        battle = await the_battle(servers[0])
        assert len(await store.rounds.choices(battle, place)) == sum(told)
        result = next(card for card in reversed(hall.cards()) if "Right is **" in card.body)
        assert f"Question {place} of 5" in result.body
        assert ("nobody answered" if not sum(told) else f"{sum(told)} of {sum(told)} right") in result.body
        outcomes |= set(told)
        await servers[0].wait(8)
    assert outcomes == {True, False}


async def test_nothing_tells_what_is_right_before_the_end(server: Server) -> None:
    card = await begun(server)
    deal = card.rows[0][0].press.deal
    for verb in ("answer", "show", "verdict", "explain", "code", "hint", "type", "pass", "rate", "next"):
        for value in ("A", "B", "C", "D", "good"):
            reply = await server.people.answer(Request(BOB, GROUP, Press(verb, deal, value), "Bob"))
            told = [one for one in reply.cards if not (verb in ("next", "hint") and one.heading != "Hint")]
            assert not any("Right is" in one.body or "The answer" in one.body for one in told)
    assert await server.store._database.fetch("SELECT * FROM answer") == []
    why = Press("battle", (await the_battle(server)).id, "why.1")
    refused = shown(await server.people.answer(Request(BOB, GROUP, why, "Bob")))
    assert refused.heading == "I don't know this question any more."
    await server.wait(21)
    told = await server.people.answer(Request(BOB, GROUP, Press("verdict", deal), "Bob"))
    assert "The answer to" in shown(told).body


@pytest.mark.parametrize("value", ["", "F", "AB", "0", "a"])
async def test_a_forged_choice_is_refused(server: Server, value: str) -> None:
    card = await begun(server)
    press = Press("choose", card.rows[0][0].press.deal, value)
    reply = await server.people.answer(Request(BOB, GROUP, press, "Bob"))
    assert shown(reply).heading == "This question has no such answer"


async def test_presses_from_elsewhere_and_on_what_is_unknown_are_refused(server: Server) -> None:
    asked = await begun(server)
    deal, battle = asked.rows[0][0].press.deal, (await the_battle(server)).id
    other = Room("test", "other", community="other")
    for press in (Press("choose", deal, "A"), Press("battle", battle, "join"), Press("referee", battle, "stop")):
        reply = await server.people.answer(Request(BOB, other, press, "Bob", rank=Rank.OWNER))
        assert shown(reply).heading == "This battle is elsewhere"
    for press in (Press("battle", "none", "join"), Press("referee", "none", "stop")):
        assert shown(await server.people.press(press, BOB, GROUP)).heading == "I don't know this battle any more"
    for press in (Press("battle", battle, "x"), Press("battle", battle, "next"), Press("battle", battle, "why.77")):
        assert shown(await server.people.press(press, BOB, GROUP)).heading.startswith(("That button", "I don't know"))
    assert shown(await server.people.press(Press("choose", "none", "A"), BOB, GROUP)).heading.startswith("The time")
    assert (
        shown(await server.people.press(Press("battle", battle, "review"), BOB, GROUP)).heading == "It is not over yet."
    )


# Afterwards


async def whole(server: Server, *players: tuple[Person, bool], line: str = "/battle questions:3 level:senior") -> Card:
    """A battle in which everybody is always right, or always wrong: its podium."""
    card = await begun(server, line, *(who for who, _ in players if who != ADA))
    for _ in range(3):
        await played(server, server.last, *players)
        await server.wait(9)
    assert card
    return server.last


async def test_what_was_chosen_becomes_answers_with_all_that_follows(server: Server) -> None:
    final = await whole(server, (ADA, True), (BOB, False))
    assert final.heading == "Ada wins"
    rows = await server.store._database.fetch("SELECT verdict, points, mode FROM answer ORDER BY verdict, points")
    assert [(row["verdict"], row["points"], row["mode"]) for row in rows] == [
        ("right", 1, "choice"),
        ("right", 1, "choice"),
        ("right", 2, "choice"),
        *[("wrong", 0, "choice")] * 3,
    ]
    for who in (ADA, BOB):
        assert shown(await server.say("/streak", who)).heading == "Your streak: 1 day"
        learner = await server.store.learner(who, server.clock())
        assert len(await server.store.reviews.known(learner.id)) == 3
    board = shown(await server.say("/leaderboard"))
    assert "Ada: 4 points" in board.body
    assert "Bob" not in board.body


async def test_points_for_boards_grow_with_the_number_of_players(server: Server) -> None:
    people = [Person("test", f"p{number}") for number in range(5)]
    await whole(server, (ADA, True), *((who, False) for who in people))
    assert "Ada: 10 points" in shown(await server.say("/leaderboard")).body


async def test_one_battle_an_hour_counts_for_boards(server: Server) -> None:
    people = [(Person("test", f"p{number}"), False) for number in range(5)]
    await whole(server, (ADA, True), *people)
    await whole(server, (ADA, True), (BOB, True), *people)
    board = shown(await server.say("/leaderboard")).body
    assert "Ada: 10 points" in board
    assert "Bob: 10 points" in board
    learner = await server.store.learner(ADA, server.clock())
    assert len(await server.store.reviews.known(learner.id)) == 6
    server.clock.advance(hours=1)
    await whole(server, (ADA, True), *people)
    assert "Ada: 19 points" in shown(await server.say("/leaderboard")).body


async def test_two_battles_at_once_count_once_for_whoever_plays_both(server: Server) -> None:
    there = Room("test", "there", community="there")
    for where in (GROUP, there):
        card = shown(await server.say("/battle questions:3 level:senior", where=where))
        for number in range(5):
            await server.press(card, "Join", Person("test", f"p{number}"), where)
        await server.press(card, "Start now", where=where)
    await server.tick()
    await server.wait(4)
    for where in (GROUP, there):
        card = server.hall.cards(where)[-1]
        for who in (ADA, *(Person("test", f"p{number}") for number in range(5))):
            await server.press(card, right_and_wrong(card)[0].label, who, where)
    await server.wait(3)
    rows = await server.store._database.fetch(
        "SELECT learner, count(*) AS n FROM answer WHERE points > 0 GROUP BY learner"
    )
    assert [row["n"] for row in rows] == [1] * 6


async def test_an_answer_that_was_given_before_is_not_given_again(server: Server) -> None:
    card = await begun(server)
    await played(server, card, (ADA, True), (BOB, True))
    rounds = await server.store.rounds.of((await the_battle(server)).id)
    await server.tick()
    before = [dict(row) for row in await server.store._database.fetch("SELECT * FROM answer ORDER BY learner")]
    await server.store._database.write([Statement("UPDATE round SET keep_at = 0")])
    await server.tick()
    assert rounds
    assert before == [dict(row) for row in await server.store._database.fetch("SELECT * FROM answer ORDER BY learner")]


async def test_what_a_player_missed_comes_again_by_one_button(server: Server) -> None:
    final = await whole(server, (ADA, True), (BOB, False))
    assert final.body.count("(1 of 2 right)") == 3
    assert (await server.press(final, "My result", BOB)).aside == Card("Place 2 of 2", "0 of 3 right, 0 points.")
    told = (await server.press(final, "Review my mistakes", BOB)).aside
    assert told
    assert told.heading == "3 questions are due now"
    again = (await server.press(final, "Review my mistakes", BOB)).aside
    assert again
    assert again.heading == "They are in your reviews already"
    assert shown(await server.press(final, "Review my mistakes", ADA)).heading == "You have missed nothing here."
    assert shown(await server.press(final, "Review my mistakes", CLEO)).heading == "You have missed nothing here."
    assert shown(await server.press(final, "My result", CLEO)).heading == "You were not in this battle."


async def test_another_battle_is_like_the_last_one(server: Server) -> None:
    final = await whole(server, (ADA, True), (BOB, True), line="/battle topic:basics questions:3 seconds:45")
    card = (await server.press(final, "Another battle", BOB)).new
    assert card
    assert card.heading == "Battle: 3 questions"
    assert card.body.startswith("*Flask · Basics · 45 seconds each*")
    assert card.body.endswith("**Players:** Bob")
    assert shown(await server.press(final, "Another battle", ADA)).body == "You have joined it."


async def test_a_draw_and_a_battle_that_nobody_wins(server: Server) -> None:
    assert (await whole(server, (ADA, True), (BOB, True))).heading == "A draw"
    final = await whole(server, (ADA, False), (BOB, False))
    assert (final.heading, final.picture) == ("Nobody wins this time", None)


async def test_a_battle_is_forgotten_after_a_day_and_its_answers_are_not(server: Server) -> None:
    final = await whole(server, (ADA, True), (BOB, True))
    server.clock.advance(days=1, hours=1)
    await server.tick()
    for table in ("battle", "player", "round", "choice"):
        assert await server.store._database.fetch(f"SELECT * FROM {table}") == []
    assert len(await server.store._database.fetch("SELECT * FROM answer")) == 6
    assert shown(await server.press(final, "My result", BOB)).heading == "I don't know this battle any more"


# Alone


async def alone(server: Server, right: bool, wait: int = 4) -> Reply:
    """A battle against the simulated opponent: how it ended."""
    reply = await server.say("/battle questions:3 seconds:20", where=HOME)
    while True:
        card = shown(reply)
        server.clock.advance(seconds=wait)
        reply = await server.press(card, right_and_wrong(card)[not right].label, where=HOME)
        assert reply.edit
        if reply.new:
            return reply
        reply = await server.press(reply.edit, "Next question", where=HOME)


async def test_alone_there_is_a_rival_whose_strength_adapts_and_no_points(server: Server) -> None:
    learner = await server.store.learner(ADA, server.clock())
    reply = await alone(server, right=False)
    assert reply.edit
    assert reply.edit.heading == "Not quite ✘"
    assert "why " in reply.edit.body
    assert reply.new
    assert reply.new.heading in ("Your rival wins", "Nobody wins this time")
    weaker = await server.store.battles.rival(learner.id)
    assert weaker
    assert weaker <= 1200
    for _ in range(3):
        reply = await alone(server, right=True)
    assert reply.new
    assert reply.new.picture
    await server.tick()
    rows = await server.store._database.fetch("SELECT verdict, points FROM answer")
    assert len(rows) == 12
    assert {row["points"] for row in rows} == {0}
    assert (await server.store.battles.rival(learner.id) or 0) > weaker
    for who in await server.store._database.fetch("SELECT * FROM learner"):
        assert who["id"] != "rival"


async def test_alone_nobody_posts_anything_while_answers_come_in_time(server: Server) -> None:
    await alone(server, right=True)
    await server.wait(30)
    assert server.hall.messages == []


async def test_alone_the_clock_runs_too_and_one_goes_on_when_one_likes(server: Server) -> None:
    card = shown(await server.say("/battle questions:3", where=HOME))
    await server.wait(21)
    result = server.hall.cards(HOME)[-1]
    assert result.heading == "Time is up"
    assert shown(await server.press(card, "A", where=HOME)).heading == "The time for this question is up"
    server.clock.advance(minutes=9)
    await server.tick()
    following = shown(await server.press(result, "Next question", where=HOME))
    assert "Question 2 of 3" in following.body
    assert shown(await server.press(result, "Next question", where=HOME)).heading == "Answer this one first."
    again = shown(await server.say("/battle questions:7", where=HOME))
    assert again.heading == following.heading


async def test_alone_the_last_question_that_nobody_answers_ends_it(server: Server) -> None:
    reply = await server.say("/battle questions:3", where=HOME)
    for _ in range(3):
        assert "Question" in shown(reply).body
        await server.wait(21)
        result = next(card for card in reversed(server.hall.cards(HOME)) if card.heading == "Time is up")
        if any(one.label == "Next question" for one in result.buttons):
            reply = await server.press(result, "Next question", where=HOME)
    assert server.hall.cards(HOME)[-1].heading in ("Your rival wins", "Nobody wins this time")


async def test_alone_a_battle_that_is_left_ends_without_a_word(server: Server) -> None:
    card = shown(await server.say("/battle questions:3", where=HOME))
    server.clock.advance(seconds=3)
    result = (await server.press(card, "A", where=HOME)).edit
    assert result
    await server.wait(700, step=50)
    assert server.hall.messages == []
    assert shown(await server.press(result, "Next question", where=HOME)).heading == "This battle is over"
    assert (await server.say("/battle", where=HOME)).new


async def test_alone_it_can_be_stopped(server: Server) -> None:
    card = shown(await server.say("/battle questions:3", where=HOME))
    reply = await server.press(card, "Stop", where=HOME)
    assert reply.new
    assert reply.new.heading == "The battle is over"
    learner = await server.store.learner(ADA, server.clock())
    assert await server.store.battles.rival(learner.id) is None


async def test_alone_a_choice_sooner_than_one_can_read_is_told_to_earn_nothing(server: Server) -> None:
    card = shown(await server.say("/battle questions:3", where=HOME))
    reply = await server.press(card, right_and_wrong(card)[0].label, where=HOME)
    assert reply.edit
    assert "You chose sooner than one can read, so it earns nothing." in reply.edit.body


# Faults


@pytest.mark.parametrize(("before", "away", "left"), [(10, 0, 10), (10, 3, 7), (10, 8, 5), (19, 300, 5)])
async def test_after_a_restart_a_question_has_its_remaining_time_and_five_seconds_at_least(
    server: Server, before: int, away: int, left: int
) -> None:
    card = await begun(server)
    await server.wait(before)
    server.clock.advance(seconds=away)
    server.start()
    await server.tick()
    await server.wait(left - 1)
    assert server.last.body == card.body
    await choose(server, card, ADA)
    await server.wait(1)
    assert "1 of 1 right" in server.last.body


async def test_after_a_long_absence_a_battle_is_over_and_says_so(server: Server) -> None:
    card = await begun(server)
    await played(server, card, (ADA, True), (BOB, False))
    await server.wait(9)
    await choose(server, server.last, ADA)
    server.clock.advance(minutes=20)
    server.start()
    await server.tick()
    assert server.last.body.startswith("It ended after 1 question: I was away.")
    assert shown_standings(server.last) == {"Ada": 15, "Bob": 0}


async def test_a_network_that_was_away_is_like_a_restart(server: Server) -> None:
    card = await begun(server)
    await server.wait(10)
    server.hall.ready = False
    await server.wait(60)
    server.hall.ready = True
    await server.tick()
    assert server.last.body == card.body
    await choose(server, card, BOB)
    await server.wait(6)
    assert "1 of 1 right" in server.last.body


async def test_a_result_whose_card_was_deleted_is_posted(server: Server) -> None:
    card = await begun(server)
    server.hall.edit_fault = _raising(Gone("Unknown Message"))
    messages = len(server.hall.messages)
    await played(server, card, (ADA, True), (BOB, False), wait=8)
    assert len(server.hall.messages) == messages + 1
    assert shown_standings(server.last) == {"Ada": points(8, 20), "Bob": 0}


async def test_a_result_that_can_not_be_shown_is_told_by_the_next_card(server: Server) -> None:
    card = await begun(server)
    server.hall.edit_fault = server.hall.fault = _raising(RuntimeError("no connection"))
    await played(server, card, (ADA, True), (BOB, False), wait=8)
    server.hall.edit_fault = server.hall.fault = lambda room: None
    await server.wait(9)
    assert "🥇 Ada 14" in server.last.body


async def test_a_question_that_may_have_arrived_is_not_posted_again_and_its_time_runs(server: Server) -> None:
    card = await lobby(server)
    await server.press(card, "Start now")
    server.hall.fault = _raising(Unknown("timed out"))
    await server.tick()
    server.hall.fault = lambda room: None
    await server.wait(19)
    assert server.hall.cards() == []
    await server.wait(2)
    assert "nobody answered" in server.last.body
    await server.wait(8)
    assert "Question 2 of 3" in server.last.body


async def test_a_question_that_surely_did_not_arrive_is_posted_again_under_its_key(server: Server) -> None:
    card = await lobby(server)
    await server.press(card, "Start now")
    failed: list[Room] = []

    def twice(room: Room) -> None:
        if len(failed) < 2:
            failed.append(room)
            raise RuntimeError("no connection")

    server.hall.fault = twice
    await server.tick()
    await server.wait(11)
    assert "Question 1 of 3" in server.last.body
    assert len(failed) == 2
    assert len(await server.store._database.fetch("SELECT * FROM deal")) == 1


async def test_a_question_that_can_not_be_posted_ends_the_battle_which_is_told_later(server: Server) -> None:
    card = await begun(server)
    await played(server, card, (ADA, True), (BOB, False))
    server.hall.fault = _raising(RuntimeError("no connection"))
    await server.wait(30)
    server.hall.fault = lambda room: None
    await server.wait(300, step=10)
    assert server.last.body.startswith("It ended after 1 question: I could not write here.")
    assert shown_standings(server.last) == {"Ada": 15, "Bob": 0}
    posts = len(server.hall.messages)
    await server.wait(900, step=30)
    assert len(server.hall.messages) == posts


@pytest.mark.parametrize("moment", ["question", "result"])
async def test_when_the_room_is_lost_the_battle_ends_and_says_so_when_it_is_back(server: Server, moment: str) -> None:
    card = await begun(server)
    gone = _raising(Gone("Missing Access"))
    if moment == "result":
        server.hall.edit_fault = server.hall.fault = gone
    await played(server, card, (ADA, True), (BOB, False), wait=8)
    server.hall.edit_fault = server.hall.fault = gone
    server.hall.lacking = "I am not a member here."
    await server.wait(1200, step=20)
    posts = len(server.hall.messages)
    server.hall.edit_fault = server.hall.fault = lambda room: None
    await server.wait(600, step=20)
    assert len(server.hall.messages) == posts
    server.hall.lacking = ""
    await server.wait(320, step=20)
    assert server.last.body.startswith("It ended after 1 question: I could not write here.")
    assert shown_standings(server.last) == {"Ada": points(8, 20), "Bob": 0}
    assert (await server.say("/battle")).new


async def test_a_room_that_never_comes_back_is_given_up(server: Server) -> None:
    await begun(server)
    server.hall.edit_fault = server.hall.fault = _raising(Gone("Unknown Channel"))
    await server.wait(2 * 3600, step=60)
    assert (await the_battle(server)).due is None


async def test_a_group_that_moves_in_the_middle_goes_on(server: Server) -> None:
    card = await begun(server)
    await server.wait(4)
    await choose(server, card, ADA)
    new = Room("test", "supergroup", community="supergroup")
    await server.say("/topics", CLEO, new)
    await server.store.memory.room_moved("test", "group", "supergroup")
    server.hall.edit_fault = _raising(Gone("message to edit not found"))
    await server.press(card, right_and_wrong(card)[1].label, BOB, new)
    await server.tick()
    assert shown_standings(server.hall.cards(new)[-1]) == {"Ada": 15, "Bob": 0}
    await server.wait(9)
    assert "Question 2 of 3" in server.hall.cards(new)[-1].body


@pytest.mark.parametrize("running", [True, False])
async def test_a_group_that_moves_to_where_a_battle_runs_too_keeps_one(server: Server, running: bool) -> None:
    new = Room("test", "supergroup", community="supergroup")
    card = await lobby(server)
    if not running:
        await server.press(card, "Stop")
    await lobby(server, "/battle questions:5", where=new)
    await server.store.memory.room_moved("test", "group", "supergroup")
    rows = await server.store._database.fetch("SELECT questions FROM battle WHERE ended_at IS NULL")
    assert [row["questions"] for row in rows] == [3 if running else 5]
    await server.wait(65, step=5)
    assert f"Question 1 of {3 if running else 5}" in server.hall.cards(new)[-1].body


async def test_a_bank_that_has_lost_a_question_goes_on(server: Server, store: Store, clock: Clock) -> None:
    card = await begun(server)
    other = Server(bank_of(*(question(f"n{number}") for number in range(9))), store, clock, server.hall)
    await other.wait(4)
    await choose(other, card, ADA)
    await choose(other, card, BOB, right=False)
    await other.tick()
    assert shown_standings(other.last) == {"Ada": 15, "Bob": 0}
    await other.wait(9)
    assert "Question 2 of 3" in other.last.body


async def test_a_battle_with_something_wrong_keeps_no_other_waiting(server: Server) -> None:
    rooms = [Room("test", f"g{number}", community=f"g{number}") for number in range(3)]
    for room in rooms:
        await server.press(await lobby(server, where=room), "Start now", where=room)
    bad = await server.store.room(rooms[1], server.clock())
    await server.store._database.write(
        [Statement("UPDATE battle SET filters = 'nonsense' WHERE room = :room", {"room": bad})]
    )
    await server.tick()
    assert {room.id for room, _ in server.hall.messages} == {"g0", "g2"}
    await server.wait(30)
    assert len({room.id for room, _ in server.hall.messages}) == 2


async def test_two_processes_take_every_step_once(bank: Bank, store: Store, clock: Clock) -> None:
    hall = Hall(clock)
    servers = Server(bank, store, clock, hall), Server(bank, store, clock, hall)
    posted: list[str] = []
    post = hall.post

    async def counting(room: Room, card: Card, how: Posting = Posting()) -> str:  # noqa: B008
        posted.append(how.key)
        return await post(room, card, how)

    hall.post = counting  # type: ignore[method-assign]
    card = await lobby(servers[0], "/battle questions:3", BOB, CLEO)
    starts = await asyncio.gather(*(server.press(card, "Start now") for server in (*servers, *servers)))
    assert sum(reply.aside == Card("It begins") for reply in starts) == 1
    for _ in range(3):
        await asyncio.gather(*(server.tick() for server in servers))
        asked = servers[0].last
        clock.advance(seconds=6)
        await choose(servers[0], asked, ADA)
        changes = len(hall.changes)
        await asyncio.gather(*(server.tick() for server in servers))
        assert len(hall.changes) == changes + 1
        clock.advance(seconds=4)
        await asyncio.gather(*(choose(servers[n % 2], asked, who) for n, who in enumerate((ADA, BOB, CLEO))))
        await asyncio.gather(*(server.tick() for server in servers))
        clock.advance(seconds=9)
    await asyncio.gather(*(server.tick() for server in servers))
    assert len(posted) == len(set(posted)) == 7
    assert servers[0].last.heading == "Ada wins"


def _raising(error: Exception) -> Any:
    def fault(room: Room) -> None:
        raise error

    return fault


# Kills


class Kept(Server):
    """A server that is started again whenever it was killed."""

    def __init__(self, bank: Bank, database: Database, clock: Clock) -> None:
        self.mortal = Mortal(database)
        self._lasting = database
        self.deaths = 0
        super().__init__(bank, Store(self.mortal), clock)

    async def alive(self, doing: Any) -> Any:
        """What comes of it, or None if it was the death of the process, which then begins anew."""
        done = None
        try:
            done = await doing
        except asyncio.CancelledError:  # which is all that a task tells of Killed
            await self.lane.finish()
        if self.mortal.dead:
            self.deaths += 1
            self.mortal = Mortal(self._lasting)
            self.store = Store(self.mortal)
            self.start()
        return done

    async def tick(self) -> None:
        await self.alive(super().tick())

    async def look(self) -> None:
        """What is due now, to its end."""
        await super().tick()


ACTIONS = ("start", "ask", "choose", "choose last", "close", "keep", "ask again", "podium")


async def fought(server: Kept, where: Room, action: str, steps: int) -> bool:
    """A battle in which the process is killed after so many steps of an action; whether it was."""
    deaths = server.deaths

    async def act(name: str, doing: Callable[[], Awaitable[object]]) -> None:
        server.mortal.left = steps if name == action else 0
        await server.alive(doing())
        server.mortal.left = 0

    async def choose(name: str, card: Card, who: Person) -> None:
        label = right_and_wrong(card)[who == BOB].label
        await act(name, lambda: server.press(card, label, who, where))

    card = await lobby(server, "/battle questions:3", BOB, where=where)
    await act("start", lambda: server.press(card, "Start now", where=where))
    for place in range(1, 60):
        await act({1: "ask", 2: "ask again"}.get(place, ""), server.look)
        asked = server.hall.cards(where)[-1:]
        if asked and any(one.label == "A" for one in asked[0].buttons):
            server.clock.advance(seconds=4)
            await choose("choose" if place == 1 else "", asked[0], ADA)
            await choose("choose last" if place == 1 else "", asked[0], BOB)
            await act("close" if place == 1 else "", server.look)
            await act("keep" if place == 1 else "", lambda: server.lane.due[-1]("test"))
        server.clock.advance(seconds=9)
        (row,) = await server._lasting.fetch(_PLACE, {"id": where.id})
        if row["place"] == 3 and row["state"] == "pause":
            await act("podium", server.look)
        if row["state"] == "over":
            break
    server.clock.advance(minutes=2)  # whoever keeps answers has died over it
    await server.tick()
    return server.deaths > deaths


_PLACE = """
    SELECT battle.id, battle.state, battle.place FROM battle JOIN room ON room.id = battle.room
    WHERE room.platform_id = :id
"""


@pytest.mark.parametrize("action", ACTIONS)
async def test_killed_at_any_step_a_battle_comes_to_its_end_and_shows_nothing_twice_or_wrongly(
    bank: Bank, database: Database, clock: Clock, action: str
) -> None:
    server = Kept(bank, database, clock)
    podiums: list[int] = []
    for steps in count(1, 1 if isinstance(database, SqliteDatabase) else 5):
        where = Room("test", f"room{steps}", community=f"room{steps}")
        before = set(server.hall.keys)
        killed = await fought(server, where, action, steps)
        (row,) = await database.fetch(_PLACE, {"id": where.id})
        assert (row["state"], row["place"]) == ("over", 3)
        assert await database.fetch("SELECT * FROM round WHERE keep_at IS NOT NULL") == []
        assert len(set(server.hall.keys) - before) == len(server.hall.cards(where))
        told = await recomputed(server.store, row["id"])
        final = [card for card in server.hall.cards(where) if card.picture]
        assert all(shown_standings(card) == {"Ada": 0, "Bob": 0, **told} for card in final)
        podiums.append(len(final))
        if not killed:
            break
    assert set(podiums) <= ({0, 1} if action == "podium" else {1})  # which is lost if it was claimed and not sent
    assert podiums[0] == podiums[-1] == 1
    assert len(podiums) > 1
