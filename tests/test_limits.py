"""Whoever hammers waits: so much at once, so much a second after that, for a person and for a room."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.limits import CARDS, PERSON, ROOM, ROOM_CARDS, SCARCE_CARDS, Limits, Rate, Rates
from bot.messages import Call, Card, Person, Press, Reply, Request, Room, Typed
from bot.tally import Tally
from tests.people import ADA, BOB, GROUP, HOME, Conversation

MANY = 3_000


class Hammering:
    """Requests at times that the test sets, and what was said to them."""

    def __init__(self, conversation: Conversation) -> None:
        self.now = 0.0
        self.asked = 0
        self.tally = Tally()
        self._limits = Limits(self._answer, conversation.commands, self.tally, lambda: self.now)

    async def _answer(self, request: Request) -> Reply:
        self.asked += 1
        return Reply(new=Card("answered"))

    async def say(self, what: Call | Press | Typed, who: Person = ADA, where: Room = HOME) -> Reply:
        return await self._limits.answer(Request(who, where, what))

    async def served(
        self, what: Call | Press | Typed, who: Callable[[int], Person], where: Room, many: int = MANY
    ) -> int:
        """How many of many at once are answered."""
        before = self.asked
        for number in range(many):
            await self.say(what, who(number), where)
        return self.asked - before


@pytest.fixture
def hammering(conversation: Conversation) -> Hammering:
    return Hammering(conversation)


def same(number: int) -> Person:
    return ADA


def different(number: int) -> Person:
    return Person("discord", str(number))


@pytest.mark.parametrize("what", [Call("stats"), Press("answer", "d", "a"), Typed(Press("type", "d"), "words")])
async def test_one_person_is_answered_so_often_at_once_and_then_so_often_a_second(
    hammering: Hammering, what: Call | Press | Typed
) -> None:
    assert await hammering.served(what, same, HOME) == PERSON.at_once
    hammering.now += 3
    assert await hammering.served(what, same, HOME) == 3 * PERSON.per_second


async def test_who_hammers_takes_nothing_from_anybody_else(hammering: Hammering) -> None:
    await hammering.served(Press("answer", "d", "a"), same, GROUP)
    assert (await hammering.say(Press("answer", "d", "a"), BOB, GROUP)).new


async def test_a_person_is_told_to_wait_once_in_a_while_and_for_how_long(hammering: Hammering) -> None:
    await hammering.served(Call("stats"), same, HOME)
    assert (await hammering.say(Call("stats"))) == Reply()
    hammering.now += 20
    await hammering.served(Call("stats"), same, HOME)
    hammering.now += 10
    replies = [await hammering.say(Call("stats")) for _ in range(MANY)]
    told = [reply.aside for reply in replies if reply.aside]
    assert [(card.heading, card.body) for card in told] == [
        ("That is faster than I can follow", "Once more in 1 s, please: nothing of this was counted.")
    ]
    assert hammering.tally.numbers["hasty", ADA.platform] == 3 * MANY + 1 - hammering.asked


async def test_who_hammers_commands_in_a_room_is_told_so_once_a_minute_since_all_may_have_to_read_it(
    hammering: Hammering,
) -> None:
    told = []
    for second in range(70):
        hammering.now = second
        replies = [await hammering.say(Call("quiz"), ADA, GROUP) for _ in range(20)]
        told += [(second, reply.aside.heading) for reply in replies if reply.aside]
    assert [heading for _, heading in told] == ["That is faster than I can follow"] * 2
    assert told[1][0] - told[0][0] == 60


@pytest.mark.parametrize("what", [Call("quiz"), Press("next"), Press("call", value="quiz"), Press("open", value="q")])
async def test_one_person_posts_few_cards_into_a_room_and_answers_there_nevertheless(
    hammering: Hammering, what: Call | Press
) -> None:
    assert await hammering.served(what, same, GROUP) == CARDS.at_once
    assert (await hammering.say(Press("answer", "d", "a"), ADA, GROUP)).new
    assert (await hammering.say(what, ADA, HOME)).new
    hammering.now += 16
    assert await hammering.served(what, same, GROUP) == 16 * CARDS.per_second


async def test_on_telegram_one_person_leaves_others_their_part_of_the_messages_that_a_group_takes(
    hammering: Hammering,
) -> None:
    ann, group = Person("telegram", "1"), Room("telegram", "-1", community="-1")
    served = 0
    for second in range(60):
        hammering.now = second
        topic = replace(group, thread=str(second % 3))
        served += await hammering.served(Call("quiz"), lambda number: ann, topic, many=20)
    assert served == SCARCE_CARDS.at_once + 9 < 20


async def test_a_room_takes_so_many_cards_of_all_its_people_and_so_many_presses(hammering: Hammering) -> None:
    assert await hammering.served(Call("quiz"), different, GROUP) == ROOM_CARDS.at_once
    answers = await hammering.served(Press("answer", "d", "a"), different, GROUP)
    assert answers == ROOM.at_once - ROOM_CARDS.at_once
    assert (await hammering.say(Call("quiz"), BOB, Room("discord", "elsewhere"))).new


RATES = st.builds(Rate, st.integers(1, 50), st.floats(0.1, 100))
STEPS = st.lists(st.floats(0, 5), min_size=1, max_size=200)


@given(RATES, STEPS)
def test_in_no_span_of_time_is_more_taken_than_at_once_and_by_the_second(rate: Rate, steps: list[float]) -> None:
    rates, now, taken = Rates(), 0.0, []
    for step in steps:
        now += step
        if not rates.take([(rate, "key")], now):
            taken.append(now)
    for first, begun in enumerate(taken):
        for number, ended in enumerate(taken[first:], 1):
            assert number <= rate.at_once + (ended - begun) * rate.per_second + 1e-3


@given(RATES, STEPS)
def test_who_waits_as_long_as_told_is_served(rate: Rate, steps: list[float]) -> None:
    rates, now = Rates(), 0.0
    for step in steps:
        now += step
        if wait := rates.take([(rate, "key")], now):
            assert rates.take([(rate, "key")], now + wait / 2)
            now += wait
            assert not rates.take([(rate, "key")], now + 1e-6)


def test_nothing_is_taken_of_one_where_the_other_is_not_to_be_had() -> None:
    rates, plenty, few = Rates(), Rate(10, 1), Rate(1, 1)
    assert not rates.take([(few, "few")], 0)
    for _ in range(20):
        assert rates.take([(plenty, "plenty"), (few, "few")], 0)
    assert [bool(rates.take([(plenty, "plenty")], 0)) for _ in range(11)] == [False] * 10 + [True]


def test_what_owes_nothing_is_forgotten() -> None:
    rates = Rates()
    for number in range(100_000):
        rates.take([(Rate(10, 10), number)], number / 1_000)
    assert len(rates) <= 101
