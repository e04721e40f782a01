"""Streaks as learners see them: freezes, repairs, and a change of zone that forges nothing."""

from datetime import timedelta
from random import Random

import pytest

from bot.__main__ import core
from bot.bank.bank import Bank
from bot.config import Config
from bot.messages import Card, Press
from bot.store.store import Store
from tests.people import Clock, Conversation, button, shown


@pytest.fixture
def people(bank: Bank, store: Store, clock: Clock) -> Conversation:
    table, dispatch, _ = core(Config(), bank, store, clock, Random(1))
    return Conversation(dispatch.answer, table)


async def practise(people: Conversation, clock: Clock, *, days: int = 1, answers: int = 1) -> Card:
    """Practise on so many days in a row, and go to the next; the last verdict."""
    for day in range(days):
        if day:
            clock.advance(days=1)
        for _ in range(answers):
            card = shown(await people.type("/quiz mode:choice"))
            verdict = shown(await people.press(card.buttons[0]))
    return verdict


async def streak(people: Conversation) -> Card:
    return shown(await people.type("/streak"))


async def test_seven_days_of_practice_earn_a_freeze_and_two_are_the_most(people: Conversation, clock: Clock) -> None:
    await practise(people, clock, days=6)
    assert "You hold 0 freezes; 1 more day of practice earn the next." in (await streak(people)).body
    clock.advance(days=1)
    await practise(people, clock)
    assert "You hold 1 freeze; 7 more days" in (await streak(people)).body
    clock.advance(days=1)
    await practise(people, clock, days=14)
    assert "You hold 2 freezes, which is as many as there can be." in (await streak(people)).body


async def test_a_freeze_keeps_a_streak_over_a_missed_day_and_says_so(people: Conversation, clock: Clock) -> None:
    await practise(people, clock, days=7)
    clock.advance(days=2)
    card = await streak(people)
    assert card.heading == "Your streak: 7 days"
    assert "A freeze kept your streak on Mon 2026-03-09." in card.body
    assert "✱" in card.body
    verdict = await practise(people, clock)
    assert dict(verdict.fields)["Streak"] == "8 days, kept by a freeze"


async def test_without_a_freeze_a_missed_day_ends_it_and_five_answers_repair_it(
    people: Conversation, clock: Clock
) -> None:
    await practise(people, clock, days=3)
    clock.advance(days=2)
    card = await streak(people)
    assert card.heading == "Your streak: 0 days"
    assert "It broke on Thu 2026-03-05. Answer 5 questions in one day" in card.body
    await practise(people, clock, answers=4)
    refused = shown(await people.press(button(card, "Repair it")))
    assert refused.heading == "1 more answer today, and it is repaired"
    await practise(people, clock)
    repaired = shown(await people.press(button(card, "Repair it")))
    assert repaired.heading == "Your streak: 4 days"
    assert repaired.body.startswith("**Repaired.**")
    assert "Repair it" not in {one.label for one in repaired.buttons}
    again = shown(await people.press(button(card, "Repair it")))
    assert again.heading == "There is nothing to repair"


async def test_a_streak_that_ended_three_days_ago_can_not_be_repaired(people: Conversation, clock: Clock) -> None:
    await practise(people, clock, days=3)
    clock.advance(days=4)
    await practise(people, clock, answers=5)
    assert shown(await people.press(Press("repair"))).heading == "There is nothing to repair"


async def test_a_zone_can_be_changed_once_a_day(people: Conversation, clock: Clock) -> None:
    assert shown(await people.type("/settings timezone:Asia/Tokyo")).heading == "Your time zone is Asia/Tokyo"
    refused = shown(await people.type("/settings timezone:Europe/Berlin"))
    assert refused.heading == "You changed your time zone less than a day ago"
    assert "It is Asia/Tokyo now." in refused.body
    clock.time += timedelta(days=1)
    assert shown(await people.type("/settings timezone:Europe/Berlin")).heading == "Your time zone is Europe/Berlin"


async def test_to_name_the_zone_that_one_is_in_is_no_change(people: Conversation, clock: Clock) -> None:
    await people.type("/settings timezone:Asia/Tokyo")
    clock.advance(days=3)
    await people.type("/settings timezone:Asia/Tokyo")
    assert shown(await people.type("/settings timezone:Europe/Berlin")).heading == "Your time zone is Europe/Berlin"


async def test_a_date_that_a_change_of_zone_leaves_out_breaks_no_streak(people: Conversation, clock: Clock) -> None:
    await people.type("/settings timezone:UTC-12")
    clock.time = clock.time.replace(hour=11)  # the first of March there, the third on Kiritimati
    await practise(people, clock)
    clock.advance(days=1)
    await people.type("/settings timezone:Pacific/Kiritimati")
    verdict = await practise(people, clock)
    assert dict(verdict.fields)["Streak"] == "2 days"
