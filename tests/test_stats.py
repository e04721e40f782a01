"""What a learner has done, in numbers and pictures."""

from datetime import timedelta
from random import Random

import pytest

from bot.__main__ import core
from bot.bank.bank import Bank
from bot.config import Config
from bot.messages import Card, Reply
from bot.store.store import Store
from tests.people import ADA, GROUP, Clock, Conversation, button, right_and_wrong, shown


@pytest.fixture
def people(bank: Bank, store: Store, clock: Clock) -> Conversation:
    table, dispatch, _ = core(Config(), bank, store, clock, Random(1))
    return Conversation(dispatch.answer, table)


async def answer(people: Conversation, clock: Clock, line: str, *, right: bool = True, seconds: int = 10) -> None:
    card = shown(await people.type(line))
    clock.advance(seconds=seconds)
    await people.press(right_and_wrong(card)[0 if right else 1])


async def stats(people: Conversation) -> Card:
    return shown(await people.type("/stats"))


async def test_before_the_first_answer_there_is_an_empty_year(people: Conversation) -> None:
    card = await stats(people)
    assert card.heading == "Your practice"
    assert "**0 of 3** priority questions known" in card.body
    assert dict(card.fields) == {"Answered": "0", "Questions": "0"}
    assert card.picture
    assert card.picture.content.startswith(b"\x89PNG")
    assert card.picture.text.startswith("```")


async def test_answers_accuracy_and_time_to_answer_are_told(people: Conversation, clock: Clock) -> None:
    await answer(people, clock, "/quiz topic:basics level:junior mode:choice", seconds=12)
    await answer(people, clock, "/quiz topic:basics level:mid mode:choice", right=False, seconds=20)
    await answer(people, clock, "/quiz topic:contexts level:senior mode:choice", seconds=5_000)
    card = await stats(people)
    assert dict(card.fields) == {"Answered": "3", "Questions": "3", "Right": "66 %"}
    assert "Half of your answers take less than 16 seconds." in card.body
    assert card.picture
    assert "3 answers" in card.picture.alt


async def test_a_question_is_known_when_it_will_be_remembered_for_a_week(people: Conversation, clock: Clock) -> None:
    for days in (0, 1, 4):
        clock.advance(days=days)
        await answer(people, clock, "/quiz topic:basics level:junior mode:choice")
    assert "**1 of 3** priority questions known" in (await stats(people)).body
    mastery = shown(await people.press(button(await stats(people), "Mastery")))
    assert mastery.picture
    assert mastery.picture.content.startswith(b"\x89PNG")
    assert "Basics" in mastery.picture.alt
    assert "Contexts" in mastery.picture.text


async def test_the_best_hours_are_those_of_the_learners_clock(people: Conversation, clock: Clock) -> None:
    await people.type("/settings timezone:Asia/Tokyo")  # nine hours ahead
    for day in range(12):
        clock.time = clock.time.replace(hour=0) + timedelta(days=1)
        await answer(people, clock, "/quiz topic:basics mode:choice", right=True)
        clock.advance(hours=10)
        await answer(people, clock, "/quiz topic:basics mode:choice", right=day % 2 == 0)
    assert "You are best between 7:00 and 10:00: 100 % right." in (await stats(people)).body


async def test_a_day_that_a_freeze_kept_is_in_the_picture(people: Conversation, clock: Clock) -> None:
    for _ in range(7):
        await answer(people, clock, "/quiz mode:choice")
        clock.advance(days=1)
    clock.advance(days=1)
    card = await stats(people)
    assert card.picture
    assert "a freeze kept your streak on 1 day" in card.picture.alt
    assert "❄" in card.picture.text.splitlines()[2]


async def test_in_a_group_the_numbers_are_for_their_owner_alone(people: Conversation) -> None:
    reply = await people.type("/stats", ADA, GROUP)
    assert reply == Reply(aside=shown(reply))
    pressed = await people.press(button(shown(reply), "Mastery"), ADA, GROUP)
    assert pressed == Reply(aside=shown(pressed))
