"""/topics: what there is, how far one is, and the way there."""

from random import Random

import pytest

from bot.__main__ import core
from bot.bank.bank import Bank
from bot.config import Config
from bot.messages import Press, Reply
from bot.store.store import Store
from tests.people import ADA, GROUP, Clock, Conversation, button, right_and_wrong, shown
from tests.samples import bank_of, question


async def test_sections_tell_what_is_answered_known_and_due(conversation: Conversation, clock: Clock) -> None:
    card = shown(await conversation.type("/topics"))
    assert card.heading == "Flask: 0 of 5 answered"
    assert card.body.startswith("1. Basics `basics`: 0 of 2 answered\n2. Contexts `contexts`: 0 of 3 answered")
    for _ in range(2):
        asked = shown(await conversation.type("/quiz basics mode:choice"))
        await conversation.press(right_and_wrong(asked)[0])
    assert "1. Basics `basics`: 2 of 2 answered, 0 known\n" in shown(await conversation.type("/topics")).body
    clock.advance(days=2)
    assert "2 of 2 answered, 0 known, 2 due" in shown(await conversation.type("/topics")).body


async def test_a_number_begins_there(conversation: Conversation) -> None:
    card = shown(await conversation.type("/topics"))
    begun = await conversation.press(button(card, "2"))
    assert begun == Reply(new=shown(begun))
    assert "Contexts" in shown(begun).body
    assert "no topic" in shown(await conversation.press(Press("begin", value="flask/gone"))).heading


async def test_in_a_group_only_who_asked_sees_how_far_they_are(conversation: Conversation) -> None:
    reply = await conversation.type("/topics", ADA, GROUP)
    assert reply == Reply(aside=shown(reply))


@pytest.fixture
def two(bank: Bank) -> Bank:
    return Bank([*bank.topics, *bank_of(question("six"), topic="django").topics])


async def test_several_topics_are_opened_one_by_one(two: Bank, sqlite_store: Store, clock: Clock) -> None:
    made = core(Config(), two, sqlite_store, clock, Random(1))
    people = Conversation(made.dispatch.answer, made.commands)
    card = shown(await people.type("/topics"))
    assert "2. **Django** `django`: 0 of 1 answered" in card.body
    opened = shown(await people.press(button(card, "2")))
    assert opened.heading == "Django: 0 of 1 answered"
    assert shown(await people.press(button(opened, "1"))).heading == "What is six?"
    assert "no longer" in shown(await people.press(Press("topic", value="none"))).heading
