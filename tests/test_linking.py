"""Accounts become one learner and part again; whatever happened in between, everything is as the facts say."""

import asyncio
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

import fsrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.__main__ import core
from bot.bank.bank import Bank
from bot.config import Config
from bot.learners.linking import ALPHABET, LENGTH
from bot.learners.streaks import streak
from bot.messages import Button, Card, Person, Press, Rank, Reply, Request, Room, Tone, Typed
from bot.platforms import Gone
from bot.retention import Retention
from bot.store.boards import Community
from bot.store.database import Database
from bot.store.store import Learner, Store
from tests.people import Clock, Conversation, button, looked, right_and_wrong, shown
from tests.test_daily import Chat

ANN, ANA, ANNA = Person("test", "101"), Person("other", "202"), Person("third", "303")
EVE = Person("test", "404")
STUDY, CLASS = Room("test", "-1", community="-1"), Room("other", "-2", community="-2")
HOMES = {who: Room(who.platform, who.id, private=True) for who in (ANN, ANA, ANNA, EVE)}
NAMES = {ANN: "Ann", ANA: "Ana", ANNA: "Anna", EVE: "Eve"}
UTC_ZONE = ZoneInfo("UTC")


class World:
    """The whole core with several platforms, at a time that tests decide."""

    def __init__(self, bank: Bank, store: Store, clock: Clock) -> None:
        made = core(Config(), bank, store, clock, Random(1))
        self.store, self.clock, self.lane = store, clock, made.lane
        self.chats = {name: Chat() for name in ("test", "other", "third")}
        self.lane.platforms.update(self.chats)
        self.people = Conversation(made.dispatch.answer, made.commands)
        self.retention = Retention(store, UTC_ZONE, 400, clock)

    def home(self, who: Person) -> Room:
        return Room(who.platform, who.id, private=True)

    async def type(self, who: Person, line: str, where: Room | None = None) -> Reply:
        what = self.people.commands.parse(line)
        where = where or self.home(who)
        rank = Rank.OWNER if where.private else Rank.MEMBER
        return await self.people.answer(Request(who, where, what, NAMES.get(who, who.id), rank=rank))

    async def press(self, who: Person, pressed: Button | Press, where: Room | None = None, text: str = "") -> Reply:
        press = pressed.press if isinstance(pressed, Button) else pressed
        what = Typed(press, text) if text else press
        return await self.people.answer(Request(who, where or self.home(who), what, NAMES.get(who, who.id)))

    async def answer(self, who: Person, *, right: bool = True, line: str = "/quiz mode:choice",
                     where: Room | None = None) -> Press:  # fmt: skip
        """Answer a new question; the press that did it."""
        card = shown(await self.type(who, line, where))
        pressed = right_and_wrong(card)[not right]
        reply = await self.press(who, pressed, where)
        assert shown(reply).heading.startswith(("Correct", "Not quite")), reply
        return pressed.press

    async def learner(self, who: Person) -> Learner:
        return await self.store.learner(who, self.clock())

    async def code(self, who: Person) -> str:
        return code_in(shown(await self.type(who, "/link")))

    async def link(self, maker: Person, joiner: Person) -> Card:
        """The card on which the joiner reads that it is done."""
        reply = await self.type(joiner, f"/link {await self.code(maker)}")
        await self.lane.finish()
        self.clock.advance(seconds=1)
        return shown(reply)

    async def undo(self, card: Card, who: Person) -> Card:
        reply = await self.press(who, button(card, "Undo"))
        await self.lane.finish()
        self.clock.advance(seconds=1)
        return shown(reply)

    async def tidy(self) -> None:
        """The pass of the next night, to its end."""
        self.clock.time = (self.clock.time + timedelta(days=1)).replace(hour=3, minute=0)
        while (await self.store.tidying.state()).night != self.clock.time.date().isoformat():
            await self.retention.tidy()

    async def streak_of(self, who: Person) -> int:
        days = await self.store.practice_days(await self.learner(who))
        return streak(days.practised, self.clock().date(), days.repaired, days.skipped).current


@pytest.fixture
def world(bank: Bank, store: Store, clock: Clock) -> World:
    return World(bank, store, clock)


def code_in(card: Card) -> str:
    found = re.search(r"/link (\S+)", card.body)
    assert found, card.body
    return found[1]


# Codes


async def test_a_code_joins_two_accounts_and_both_are_told(world: World) -> None:
    await world.answer(ANN)
    world.clock.advance(days=1)
    await world.answer(ANA)
    card = await world.link(ANN, ANA)
    assert card.heading == "Your accounts are one learner"
    assert "Linked: Other, Test." in card.body
    assert ("Streak", "2 days") in card.fields
    assert await world.learner(ANN) == await world.learner(ANA)
    ((told, news),) = world.chats["test"].told
    assert (told, news.heading) == (ANN, "Your accounts are linked")
    assert button(news, "Undo").press == button(card, "Undo").press


async def test_a_code_has_no_letters_that_look_alike_and_is_kept_as_a_hash(world: World, database: Database) -> None:
    codes = [(await world.code(ANN)).replace("-", "") for _ in range(30)]
    assert len(set(codes)) == 30
    assert {len(code) for code in codes} == {LENGTH}
    assert set("".join(codes)) <= set(ALPHABET)
    assert not set(ALPHABET) & set("01OIL")
    (row,) = await database.fetch("SELECT * FROM code")
    assert all(codes[-1] not in str(value) for value in dict(row).values())


@pytest.mark.parametrize("written", ["{0}", "{0}".lower(), "{1} {2}", "{1}-{2}", "code:{1}-{2}", "{1} - {2} "])
async def test_a_code_may_be_written_in_many_ways(world: World, written: str) -> None:
    code = (await world.code(ANN)).replace("-", "")
    code = code.lower() if written == "{0}".lower() else code
    reply = await world.type(ANA, "/link " + written.format(code, code[:4].lower(), code[4:]))
    assert shown(reply).heading == "Your accounts are one learner"


async def test_a_code_works_once_for_ten_minutes_and_until_there_is_a_new_one(world: World) -> None:
    old = await world.code(ANN)
    new = await world.code(ANN)
    wrong = "That code is wrong, used or too old"
    assert shown(await world.type(ANA, f"/link {old}")).heading == wrong
    world.clock.advance(minutes=10)
    assert shown(await world.type(ANA, f"/link {new}")).heading == wrong
    third = await world.code(ANN)
    world.clock.advance(minutes=9, seconds=59)
    assert shown(await world.type(ANA, f"/link {third}")).heading == "Your accounts are one learner"
    assert shown(await world.type(EVE, f"/link {third}")).heading == wrong


async def test_after_five_wrong_codes_the_right_one_has_to_wait_for_an_hour(world: World) -> None:
    for _ in range(5):
        assert "wrong" in shown(await world.type(ANA, "/link ABCD-EFGH")).heading
    assert shown(await world.type(ANA, f"/link {await world.code(ANN)}")).heading == "Too many wrong codes"
    assert shown(await world.type(EVE, f"/link {await world.code(ANNA)}")).heading == "Your accounts are one learner"
    world.clock.advance(minutes=59, seconds=59)
    assert shown(await world.type(ANA, f"/link {await world.code(ANN)}")).heading == "Too many wrong codes"
    world.clock.advance(seconds=1)
    assert shown(await world.type(ANA, f"/link {await world.code(ANN)}")).heading == "Your accounts are one learner"


async def test_a_right_code_between_wrong_ones_makes_up_for_none(world: World) -> None:
    for _ in range(4):
        await world.type(EVE, "/link ABCD-EFGH")
    assert "same person" in shown(await world.type(EVE, f"/link {await world.code(EVE)}")).heading
    assert "are one learner" in shown(await world.type(EVE, f"/link {await world.code(ANN)}")).heading
    assert "wrong" in shown(await world.type(EVE, "/link ABCD-EFGH")).heading
    assert shown(await world.type(EVE, f"/link {await world.code(ANA)}")).heading == "Too many wrong codes"


async def test_a_hundred_guesses_at_once_are_five(world: World) -> None:
    await world.learner(ANA)
    replies = await asyncio.gather(*(world.type(ANA, "/link ABCD-EFGH") for _ in range(100)))
    assert sum("wrong, used" in shown(reply).heading for reply in replies) == 5


async def test_what_can_be_no_code_is_told_and_is_no_guess(world: World) -> None:
    for _ in range(9):
        assert shown(await world.type(ANA, "/link ABC")).heading == "A code has 8 letters and digits"
    await world.link(ANN, ANA)


async def test_in_a_shared_room_there_is_no_code_and_one_that_was_written_there_is_dead(world: World) -> None:
    reply = await world.type(ANN, "/link", STUDY)
    assert reply.aside
    assert reply.aside.heading == "That is between the two of us"
    assert not re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}", reply.aside.body)
    code = await world.code(ANA)
    assert "does not work any more" in shown(await world.type(ANN, f"/link {code}", STUDY)).body
    assert "wrong" in shown(await world.type(ANN, f"/link {code}")).heading


async def test_nobody_is_linked_to_oneself(world: World) -> None:
    assert shown(await world.type(ANN, f"/link {await world.code(ANN)}")).heading == "You are the same person already"
    await world.link(ANN, ANA)
    assert shown(await world.type(ANA, f"/link {await world.code(ANN)}")).heading == "You are the same person already"
    await world.link(ANN, ANNA)  # which was no wrong guess


async def test_of_two_who_use_one_code_at_once_one_is_linked(world: World) -> None:
    for who in (ANN, ANA, ANNA):
        await world.answer(who)
    code = await world.code(ANN)
    replies = await asyncio.gather(*(world.type(who, f"/link {code}") for who in (ANA, ANNA)))
    assert sorted(shown(reply).heading[:9] for reply in replies) == ["That code", "Your acco"]
    assert len({(await world.learner(who)).id for who in (ANN, ANA, ANNA)}) == 2


@pytest.mark.parametrize("answers", [0, 1])
async def test_of_two_links_of_one_account_at_once_both_are_made(world: World, answers: int) -> None:
    for who in (ANN, ANA, ANNA) * answers:
        await world.answer(who)
    codes = [await world.code(ANN), await world.code(ANA)]
    await asyncio.gather(world.type(ANNA, f"/link {codes[0]}"), world.type(ANN, f"/link {codes[1]}"))
    assert len({(await world.learner(who)).id for who in (ANN, ANA, ANNA)}) == 1
    assert len((await world.store.links.facts([(await world.learner(ANN)).id]))[0]) == 3 * answers


async def test_who_can_not_be_told_is_linked_all_the_same(world: World) -> None:
    def gone(who: Person, card: Card) -> None:
        raise Gone

    world.chats["test"].tell = gone  # type: ignore[assignment]
    assert (await world.link(ANN, ANA)).tone is Tone.GOOD
    world.chats["test"].ready = False
    assert (await world.link(ANN, ANNA)).tone is Tone.GOOD


async def test_accounts_of_one_platform_can_be_linked_too(world: World) -> None:
    await world.answer(ANN)
    await world.answer(EVE)
    card = await world.link(ANN, EVE)
    await world.answer(EVE)
    await world.undo(card, ANN)
    assert [len((await world.store.links.facts([(await world.learner(who)).id]))[0]) for who in (ANN, EVE)] == [1, 2]


# What is kept where two have chosen differently


async def test_where_both_have_chosen_the_makers_choice_is_kept_until_the_other_is_pressed(world: World) -> None:
    await world.type(ANN, "/settings timezone:Europe/Berlin reminder:20:00 interview:2026-05-01")
    await world.type(ANA, "/settings timezone:Asia/Tokyo reminder:08:00 interview:2026-06-01")
    card = await world.link(ANN, ANA)
    assert "Time zone: **Europe/Berlin** is kept" in card.body
    labels = [one.label for one in card.buttons]
    assert labels == [
        "Time zone: Europe/Berlin", "Time zone: Asia/Tokyo", "Reminder: 20:00 on Test", "Reminder: 08:00 on Other",
        "Interview: 2026-05-01", "Interview: 2026-06-01", "Undo",
    ]  # fmt: skip
    for label in labels[1:6:2]:
        card = shown(await world.press(ANN, button(card, label)))
        assert button(card, label).tone is Tone.GOOD
    kept = shown(await world.type(ANN, "/settings")).body
    for words in ("Asia/Tokyo", "at **08:00**", "2026-06-01" if "2026-06-01" in kept else "days left"):
        assert words in kept
    reminders = await world.store.schedules.reminders_due("other", world.clock() + timedelta(days=2), 10)
    assert [one.who for one, _ in reminders] == [ANA]
    assert not await world.store.schedules.reminders_due("test", world.clock() + timedelta(days=2), 10)
    await world.undo(card, ANA)
    assert "Europe/Berlin" in shown(await world.type(ANN, "/settings")).body
    assert "at **20:00**" in shown(await world.type(ANN, "/settings")).body
    assert "at **08:00**" in shown(await world.type(ANA, "/settings")).body


async def test_where_only_one_has_chosen_that_is_kept_and_nothing_is_asked(world: World) -> None:
    await world.type(ANA, "/settings timezone:Asia/Tokyo reminder:08:00")
    card = await world.link(ANN, ANA)
    assert [one.label for one in card.buttons] == ["Undo"]
    assert (await world.learner(ANN)).timezone == "Asia/Tokyo"
    assert await world.store.schedules.reminder((await world.learner(ANN)).id) == "08:00"


async def test_one_of_two_reminders_comes_and_each_has_its_own_again_after_an_undo(world: World) -> None:
    for who in (ANN, ANA):
        await world.answer(who)
        await world.type(who, "/settings reminder:20:00")
    card = await world.link(ANN, ANA)
    world.clock.advance(hours=23)
    world.chats["test"].told.clear()
    for _ in range(2):
        world.clock.time = world.clock.time.replace(hour=20, minute=0, second=30)
        for platform in ("test", "other"):
            await looked(world.lane, platform)
    assert [len(world.chats[name].told) for name in ("test", "other")] == [1, 0]
    world.clock.time -= timedelta(hours=9)
    await world.undo(card, ANN)
    world.clock.time += timedelta(hours=9)
    world.chats["other"].told.clear()
    await looked(world.lane, "other")
    assert [(who, card.heading) for who, card in world.chats["other"].told] == [
        (ANA, "Your streak of 1 day ends tonight")
    ]


async def test_who_hides_stays_hidden_after_linking_and_after_parting(world: World) -> None:
    server = Community("test", "-1")
    await world.answer(ANN, where=STUDY)
    await world.answer(ANA)
    await world.type(ANA, "/settings hide:yes")
    assert await world.store.boards.size(server, "all") == 1
    card = await world.link(ANN, ANA)
    assert await world.store.boards.size(server, "all") == 0
    await world.undo(card, ANN)
    assert await world.store.boards.size(server, "all") == 1
    card = await world.link(ANN, ANNA)
    await world.type(ANN, "/settings hide:yes")
    await world.undo(card, ANN)
    assert await world.store.boards.size(server, "all") == 0


# Parting


async def test_an_undo_works_from_either_side_for_a_day_and_once(world: World) -> None:
    card = await world.link(ANN, ANA)
    assert shown(await world.press(EVE, button(card, "Undo"))).heading == "That link is somebody else's"
    world.clock.advance(hours=23)
    world.chats["other"].told.clear()
    assert (await world.undo(card, ANN)).heading == "Your accounts are two learners again"
    assert [(who, card.heading) for who, card in world.chats["other"].told] == [
        (ANA, "Your accounts are two learners again")
    ]
    assert "can't be changed any more" in (await world.undo(card, ANN)).heading
    card = await world.link(ANN, ANA)
    world.clock.advance(hours=24)
    assert "can't be changed any more" in (await world.undo(card, ANN)).heading
    assert await world.learner(ANN) == await world.learner(ANA)


async def test_two_undo_at_the_same_moment_and_it_is_done_once(world: World) -> None:
    card = await world.link(ANN, ANA)
    pressed = button(card, "Undo")
    replies = await asyncio.gather(world.press(ANN, pressed), world.press(ANA, pressed))
    assert sum(shown(reply).heading == "Your accounts are two learners again" for reply in replies) == 1


async def test_a_link_in_a_later_link_is_undone_after_that(world: World) -> None:
    for who in (ANN, ANA, ANNA):
        await world.answer(who)
    first = await world.link(ANN, ANA)
    second = await world.link(ANNA, ANN)
    assert "since" in (await world.undo(first, ANA)).heading
    await world.undo(second, ANA)
    await world.undo(first, ANA)
    assert len({(await world.learner(who)).id for who in (ANN, ANA, ANNA)}) == 3
    for who in (ANN, ANA, ANNA):
        assert len((await world.store.links.facts([(await world.learner(who)).id]))[0]) == 1


async def test_a_day_is_each_ones_who_answered_on_it(world: World) -> None:
    card = await world.link(ANN, ANA)
    await world.answer(ANN)
    world.clock.advance(hours=13)  # the next day
    await world.answer(ANA)
    assert await world.streak_of(ANN) == 2
    await world.undo(card, ANN)
    days = [(await world.store.practice_days(await world.learner(who))).practised for who in (ANN, ANA)]
    assert days == [[date(2026, 3, 2)], [date(2026, 3, 3)]]


async def test_of_two_answers_to_one_deal_the_first_counts_and_the_other_is_back_after_an_undo(
    world: World, database: Database
) -> None:
    press = await world.answer(ANN, where=STUDY)
    world.clock.advance(minutes=1)
    wrong = next(letter for letter in "ABCD" if letter != press.value)
    await world.press(EVE, replace(press, value=wrong), STUDY)
    card = await world.link(EVE, ANN)
    learner = await world.learner(EVE)
    given, _ = await world.store.links.facts([learner.id])
    assert [fact.kept.verdict for fact in given] == ["right"]
    assert [one.points for one in await world.store.boards.standings(Community("test", "-1"), "all", 0, 9)] == [2]
    await world.undo(card, EVE)
    for who, verdict in ((ANN, "right"), (EVE, "wrong")):
        given, _ = await world.store.links.facts([(await world.learner(who)).id])
        assert [fact.kept.verdict for fact in given] == [verdict]


async def test_what_was_typed_goes_along_with_its_claims_and_comes_back(world: World) -> None:
    card = shown(await world.type(ANN, "/quiz mode:typed topic:basics"))
    press = Press("type", button(card, "Type answer").press.deal)
    await world.press(ANN, press, text="in other words")
    await world.press(ANN, Press("claim", press.deal))
    card = await world.link(ANA, ANN)
    for _ in range(2):
        learner = await world.learner(ANN)
        dealt = await world.store.dealt(press.deal, learner)
        assert dealt
        assert dealt.answer
        assert (dealt.answer.text, dealt.answer.value) == ("in other words", "100")
        assert await world.store.claims.of(press.deal, learner.id) == {"1"}
        if "Undo" in [one.label for one in card.buttons]:
            card = await world.undo(card, ANN)


async def test_reviews_that_were_begun_go_along_and_come_back(world: World) -> None:
    await world.answer(ANN, right=False)
    world.clock.advance(days=2)
    asked = shown(await world.type(ANN, "/review"))
    card = await world.link(ANA, ANN)
    joined = (await world.learner(ANA)).id
    session = await world.store.sessions.running(joined, "review")
    assert session
    await world.press(ANN, button(asked, "Show answer"))
    await world.undo(card, ANN)
    assert (await world.store.sessions.running((await world.learner(ANN)).id, "review")) == replace(
        session, learner=(await world.learner(ANN)).id
    )
    assert not await world.store.sessions.running((await world.learner(ANA)).id, "review")


async def test_answers_that_come_while_a_link_is_made_are_all_there(world: World, database: Database) -> None:
    for _ in range(3):
        await world.answer(ANN)
        world.clock.advance(days=1)
    cards = [shown(await world.type(ANN, "/quiz mode:choice", STUDY)) for _ in range(5)]
    code = await world.code(ANA)
    await asyncio.gather(
        *(world.press(ANN, right_and_wrong(card)[0], STUDY) for card in cards), world.type(ANA, f"/link {code}")
    )
    (kept,) = await database.fetch("SELECT count(*) AS number, sum(points) AS points FROM answer")
    assert kept["number"] == 8
    joined = await world.learner(ANN)
    given, _ = await world.store.links.facts([joined.id])
    assert sum(fact.points for fact in given) == await world.store.points(joined)


async def test_a_daily_question_that_one_of_two_has_set_in_private_goes_along(world: World) -> None:
    await world.type(ANN, "/daily time:13:00 timezone:UTC")
    card = await world.link(ANA, ANN)
    world.clock.advance(hours=1, minutes=2)
    await looked(world.lane, "test")
    assert len(world.chats["test"].posts) == 1
    joined = (await world.learner(ANN)).id
    assert len(await world.store.all_seen(joined)) == 1
    await world.undo(card, ANN)
    assert len(await world.store.all_seen((await world.learner(ANN)).id)) == 1


async def test_questions_that_were_set_aside_are_told_anew_from_all_misses(bank: Bank, world: World) -> None:
    for _ in range(3):
        for who in (ANN, ANA):
            await world.answer(who, right=False, line="/quiz topic:basics level:junior mode:choice")
            world.clock.advance(hours=1)
    card = await world.link(ANN, ANA)
    (known,) = await world.store.reviews.known((await world.learner(ANN)).id)
    assert known.aside
    await world.undo(card, ANN)
    for who in (ANN, ANA):
        (known,) = await world.store.reviews.known((await world.learner(who)).id)
        assert not known.aside


async def test_after_a_day_a_link_is_for_good_and_what_was_theirs_before_is_gone(
    world: World, database: Database
) -> None:
    for who in (ANN, ANA, ANNA):
        await world.answer(who)
    await world.link(ANN, ANA)
    world.clock.advance(days=1)
    await world.tidy()
    assert not await database.fetch("SELECT * FROM link")
    late = await world.link(ANA, ANNA)
    rows = await database.fetch("SELECT count(*) AS number FROM learner")
    assert rows[0]["number"] == 3
    await world.undo(late, ANA)
    for who, number in ((ANN, 2), (ANA, 2), (ANNA, 1)):
        assert len((await world.store.links.facts([(await world.learner(who)).id]))[0]) == number
    await world.link(ANA, ANNA)
    world.clock.advance(days=1)
    await world.tidy()
    (row,) = await database.fetch("SELECT count(*) AS number, count(origin) AS foreign_ones FROM answer")
    assert (row["number"], row["foreign_ones"]) == (3, 0)
    assert (await database.fetch("SELECT count(*) AS number FROM learner"))[0]["number"] == 1


async def test_a_link_is_for_good_though_its_learner_has_been_linked_again(world: World, database: Database) -> None:
    for who in (ANN, ANA, ANNA):
        await world.answer(who)
    await world.link(ANN, ANA)
    world.clock.time += timedelta(hours=14, minutes=50)  # 02:50
    second = await world.link(ANNA, ANN)
    world.clock.time += timedelta(hours=9, minutes=30)
    await world.retention.tidy()
    assert len(await database.fetch("SELECT * FROM link")) == 1
    await world.undo(second, ANA)
    assert await world.learner(ANN) == await world.learner(ANA) != await world.learner(ANNA)
    for who, number in ((ANN, 2), (ANNA, 1)):
        assert len((await world.store.links.facts([(await world.learner(who)).id]))[0]) == number


# Those who leave


async def test_who_leaves_a_group_is_on_its_boards_again_when_they_answer_there(world: World) -> None:
    server, kept = Community("test", "-1"), Community("test", "-9")
    for where in (STUDY, replace(STUDY, id="-9", community="-9")):
        await world.answer(ANN, where=where)
    await world.store.memory.person_left(ANN, "-1")
    await world.store.memory.person_left(Person("test", "nobody"), "-1")
    sizes = [await world.store.boards.size(one, "all") for one in (server, kept)]
    assert sizes == [0, 1]
    await world.type(ANN, "/settings hide:no")
    assert await world.store.boards.size(server, "all") == 0
    await world.link(ANN, ANA)
    assert await world.store.boards.size(server, "all") == 0
    world.clock.advance(days=1)
    await world.answer(ANN, right=False, where=STUDY)
    assert await world.store.boards.size(server, "all") == 1


async def test_who_left_before_a_group_became_a_supergroup_has_left_it(world: World) -> None:
    await world.answer(ANN, where=STUDY)
    await world.store.memory.person_left(ANN, "-1")
    await world.store.memory.room_moved("test", "-1", "-100")
    await world.type(ANN, "/settings hide:no")
    assert await world.store.boards.size(Community("test", "-100"), "all") == 0


# Everything, told anew from what happened


@dataclass
class Event:
    """An answer, as the test saw it given."""

    deal: str
    question: str
    value: str
    verdict: str
    mode: str
    points: int
    at: datetime
    platform: str
    community: str
    text: str = ""


@dataclass
class Self:
    """What one account has done, whoever it belongs to."""

    who: Person
    events: list[Event] = field(default_factory=list)
    asked: list[tuple[datetime, int, str]] = field(default_factory=list)  # in private: when, and what


def those_that_count(selves: Sequence[Self]) -> list[Event]:
    """One answer to each deal, the earliest; in order."""
    found: dict[str, Event] = {}
    for event in sorted((event for one in selves for event in one.events), key=lambda event: event.at):
        found.setdefault(event.deal, event)
    return list(found.values())


def added_up(events: Sequence[Event]) -> dict[tuple[str, str, str], tuple[int, datetime]]:
    """Points by platform, community and some periods, and when they were reached."""
    found: dict[tuple[str, str, str], tuple[int, datetime]] = {}
    for event in events:
        if event.points:
            year, week, _ = event.at.date().isocalendar()
            periods = ("all", f"{event.at:%Y-%m}", f"{year}-W{week:02}", f"{event.at:%Y-%m-%d}", "flask/all")
            for period in periods:
                key = (event.platform, event.community, period)
                before = found.get(key, (0, event.at))[0]
                found[key] = (before + event.points, event.at)
    return found


def rating(event: Event) -> fsrs.Rating:
    if event.verdict == "rated":
        return {"again": fsrs.Rating.Again, "hard": fsrs.Rating.Hard, "good": fsrs.Rating.Good}[event.value]
    if event.mode == "typed":
        share = int(event.value)
        return fsrs.Rating.Again if share < 40 else fsrs.Rating.Hard if share < 70 else fsrs.Rating.Good
    return fsrs.Rating.Good if event.verdict == "right" else fsrs.Rating.Again


def queue(events: Sequence[Event]) -> dict[str, tuple[datetime, bool]]:
    """When each question comes again, by py-fsrs itself, and whether it is set aside."""
    scheduler, found = fsrs.Scheduler(enable_fuzzing=False), {}
    by_question: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_question[event.question].append(event)
    for question, answers in by_question.items():
        card = fsrs.Card(card_id=1)
        for event in answers:
            card, _ = scheduler.review_card(card, rating(event), event.at)
        misses = sum(event.verdict == "wrong" or event.value == "again" for event in answers)
        found[question] = (card.due, misses >= 6)
    return found


class History:
    """People who answer, link, part and delete, and what they have done."""

    numbers = count(1)

    def __init__(self, world: World, database: Database) -> None:
        self.world, self.database = world, database
        number = next(self.numbers)
        world.clock.advance(days=300 * number)  # after all that was there before
        people = [
            Person(platform, f"{number}{name}")
            for platform, name in zip(("test", "test", "other", "third"), "abcd", strict=True)
        ]
        self.selves = [Self(who) for who in people]
        self.group = [{place} for place in range(len(people))]  # of each account, those that are one with it
        self.rooms = {name: Room(name, f"-{number}", community=f"-{number}") for name in ("test", "other", "third")}
        self.links: list[tuple[Card, set[int], set[int], datetime]] = []
        self.nobodies: list[list[Event]] = []
        self.open: list[Press] = []  # answers that were given in the group of "test", for others to give too

    def home(self, place: int) -> Room:
        return self.world.home(self.selves[place].who)

    def twins(self, place: int) -> bool:
        """Whether it can't be told in a group which of one's accounts it was: both are of one platform."""
        platforms = [self.selves[one].who.platform for one in self.group[place]]
        return len(set(platforms)) < len(platforms)

    async def answer(self, place: int, how: int) -> None:
        who, shared = self.selves[place].who, bool(how % 2) and not self.twins(place)
        where = self.rooms[who.platform] if shared else self.home(place)
        mode = ("choice", "flash", "typed")[how // 2 % 3]
        card = shown(await self.world.type(who, f"/quiz mode:{mode}", where))
        deal = card.buttons[0].press.deal
        if not shared:
            (row,) = await self.database.fetch("SELECT question FROM deal WHERE id = :deal", {"deal": deal})
            self.selves[place].asked.append((self.world.clock(), len(self.selves[place].asked), row["question"]))
        if how >= 90:  # only looked at
            return
        text = ""
        if card.buttons[0].label == "Show answer":
            press = Press("rate", deal, ("again", "hard", "good")[how // 6 % 3])
        elif mode == "typed" and any(one.label == "Type answer" for one in card.buttons):
            press, text = Press("type", deal), f"point of something {next(self.numbers)}"
        else:
            press = right_and_wrong(card)[how // 6 % 2].press
            if shared and who.platform == "test":
                self.open.append(press)
        await self.give(place, press, where, text)

    async def also(self, place: int) -> None:
        """Answer what somebody was asked in the group of "test"."""
        if self.open and self.selves[place].who.platform == "test" and not self.twins(place):
            await self.give(place, self.open[-1], self.rooms["test"], "")

    async def give(self, place: int, press: Press, where: Room, text: str) -> None:
        who = self.selves[place].who
        learner = await self.world.learner(who)
        before = await self.world.store.dealt(press.deal, learner)
        await self.world.press(who, press, where, text)
        dealt = await self.world.store.dealt(press.deal, learner)
        assert before
        assert dealt
        assert dealt.answer
        if not before.answer:
            kept = dealt.answer
            self.selves[place].events.append(
                Event(press.deal, dealt.deal.question, kept.value, kept.verdict, kept.mode, kept.points,
                      self.world.clock(), who.platform, where.community, kept.text)
            )  # fmt: skip

    async def link(self, maker: int, joiner: int) -> None:
        if joiner in self.group[maker]:
            return
        one, other = self.group[maker], self.group[joiner]
        made = self.world.clock()
        card = await self.world.link(self.selves[maker].who, self.selves[joiner].who)
        assert card.heading == "Your accounts are one learner"
        self.links.append((card, one, other, made))
        for place in one | other:
            self.group[place] = one | other

    async def undo(self, place: int) -> None:
        for card, one, other, made in reversed(self.links):
            if self.group[place] == one | other and self.world.clock() - made < timedelta(hours=24):
                assert "two learners" in (await self.world.undo(card, self.selves[place].who)).heading
                self.links = [link for link in self.links if link[0] is not card]
                for side in (one, other):
                    for member in side:
                        self.group[member] = side
                return

    async def delete(self, place: int) -> None:
        who, group = self.selves[place].who, self.group[place]
        asked = shown(await self.world.press(who, Press("privacy", value="delete")))
        await self.world.press(who, button(asked, "Delete everything"))
        kept = [event for event in those_that_count([self.selves[one] for one in group]) if event.community]
        self.nobodies.append(kept)
        for member in group:
            self.selves[member] = Self(self.selves[member].who)
            self.group[member] = {member}
        self.links = [link for link in self.links if not group & (link[1] | link[2])]

    async def check(self) -> None:
        """Totals, days, texts, queues and boards are what the test has seen."""
        expected: dict[tuple[str, str, str], list[tuple[int, datetime]]] = defaultdict(list)
        for key_and_score in (added_up(kept) for kept in self.nobodies):
            for key, score in key_and_score.items():
                expected[key].append(score)
        for group in {frozenset(group) for group in self.group}:
            selves = [self.selves[place] for place in group]
            learner = await self.world.learner(selves[0].who)
            assert {(await self.world.learner(one.who)).id for one in selves} == {learner.id}
            events = those_that_count(selves)
            facts, _ = await self.world.store.links.facts([learner.id])
            assert [fact.kept.deal for fact in facts] == [event.deal for event in events]
            for event in events:
                dealt = await self.world.store.dealt(event.deal, learner)
                assert dealt
                assert dealt.answer
                assert (dealt.answer.value, dealt.answer.text) == (event.value, event.text)
            days = await self.world.store.practice_days(learner)
            practised = {event.at.date() for one in selves for event in one.events}
            assert set(days.practised) == practised
            assert not days.repaired
            known = {one.question: (one.due, one.aside) for one in await self.world.store.reviews.known(learner.id)}
            assert known == queue(events)
            scores = added_up(events)
            assert await self.world.store.points(learner) == sum(event.points for event in events)
            for key, score in scores.items():
                if key[1]:
                    expected[key].append(score)
            asked = sorted(one for account in selves for one in account.asked)
            last = {question: place for place, (_, _, question) in enumerate(asked)}
            recent = [question for _, question in await self.world.store.recent(learner.id, 100)]
            assert recent == sorted(last, key=lambda question: -last[question])
        await self.check_boards(expected)

    async def check_boards(self, expected: dict[tuple[str, str, str], list[tuple[int, datetime]]]) -> None:
        rows = await self.database.fetch(
            "SELECT platform, community, bucket, points, reached_at FROM score WHERE community = :community",
            {"community": self.rooms["test"].community},
        )
        found: dict[tuple[str, str, str], list[tuple[int, datetime]]] = defaultdict(list)
        for row in rows:
            if "/" not in row["bucket"] or row["bucket"] == "flask/all":
                key = (row["platform"], row["community"], row["bucket"])
                found[key].append((row["points"], datetime.fromtimestamp(row["reached_at"], UTC)))
        assert {key: sorted(scores) for key, scores in found.items()} == {
            key: sorted(scores) for key, scores in expected.items()
        }
        for (platform, community, bucket), scores in expected.items():
            listed = await self.world.store.boards.standings(Community(platform, community), bucket, 0, 100)
            assert [one.points for one in listed] == [
                points for points, _ in sorted(scores, key=lambda score: (-score[0], score[1]))
            ]


PLACES = st.integers(0, 3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("answer"), PLACES, st.integers(0, 99)),
        st.tuples(st.just("answer"), PLACES, st.integers(0, 99)),
        st.tuples(st.just("also"), st.integers(0, 1)),
        st.tuples(st.just("link"), PLACES, PLACES),
        st.tuples(st.just("undo"), PLACES),
        st.tuples(st.just("delete"), PLACES),
        st.tuples(st.just("wait"), st.sampled_from([1, 60, 60 * 24, 60 * 24 * 9])),
        st.tuples(st.just("night")),
    ),
    min_size=10,
    max_size=40,
)


async def lived(history: History, steps: Sequence[tuple[str, ...]]) -> None:
    for step, *arguments in steps:
        history.world.clock.advance(seconds=30)
        if step == "wait":
            history.world.clock.advance(minutes=arguments[0])
        elif step == "night":
            await history.world.tidy()
        else:
            await getattr(history, step)(*arguments)
        await history.check()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_after_every_step_of_any_history_everything_is_as_the_facts_say(
    bank: Bank, store: Store, database: Database, steps: list[tuple[str, ...]]
) -> None:
    await lived(History(World(bank, store, Clock()), database), steps)
