"""/search: questions by their words, opened from where they were found."""

import pytest

from bot.bank.bank import Bank
from bot.messages import Press, Reply
from tests.people import ADA, GROUP, HOME, Conversation, button, shown
from tests.samples import bank_of, question

TOPICS = ("contexts", "cookies", "routing", "templates", "sessions", "uploads", "signals")


@pytest.fixture
def bank() -> Bank:
    return bank_of(
        *(question(name, answer=f"Flask has {name}, which `{name}` shows.", priority=name < "d") for name in TOPICS),
        question("blueprints", question="How do blueprints group routes?", choices=0),
    )


async def test_questions_are_found_by_their_words_misspelt_too(conversation: Conversation) -> None:
    for words in ("blueprints", "blueprnts", "group of routes"):
        card = shown(await conversation.type(f"/search {words}"))
        assert card.body.startswith("1. **How do blueprints group routes?**")
    assert "*Flask · Basics · junior*" in card.body


async def test_a_question_that_was_found_is_opened_by_its_number(conversation: Conversation) -> None:
    card = shown(await conversation.type("/search cookies"))
    opened = await conversation.press(button(card, "1"))
    assert opened == Reply(new=shown(opened))
    assert shown(opened).heading == "What is cookies?"
    assert shown(await conversation.press(button(shown(opened), "A"))).heading in ("Correct ✔", "Not quite ✘")


async def test_many_are_told_in_pages(conversation: Conversation) -> None:
    first = shown(await conversation.type("/search flask has"))
    assert first.heading == "8 questions found"
    assert [one.label for one in first.buttons] == ["1", "2", "3", "4", "5", "Next page"]
    second = shown(await conversation.press(button(first, "Next page")))
    assert [one.label for one in second.buttons] == ["6", "7", "8", "Previous page"]
    assert shown(await conversation.press(button(second, "Previous page"))) == first


async def test_without_words_it_is_what_most_interviews_ask(conversation: Conversation) -> None:
    card = shown(await conversation.type("/search"))
    assert card.heading == "2 questions found"
    assert "What is contexts?" in card.body


async def test_nothing_found_is_told_with_what_there_is(conversation: Conversation) -> None:
    card = shown(await conversation.type("/search *x* qqqqqq"))
    assert card.heading == "I found nothing about “\\*x\\* qqqqqq”"
    assert "`flask`" in card.body


async def test_in_a_group_only_who_searched_sees_it_and_all_see_the_question(conversation: Conversation) -> None:
    found = await conversation.type("/search cookies", ADA, GROUP)
    assert found == Reply(aside=shown(found))
    opened = await conversation.press(button(shown(found), "1"), ADA, GROUP)
    assert opened == Reply(new=shown(opened))
    assert "Next question" not in [one.label for one in shown(opened).buttons]


@pytest.mark.parametrize("press", [Press("open", value="nothing"), Press("find", value="x.y"), Press("find", value="")])
async def test_forged_presses_are_refused_kindly(conversation: Conversation, press: Press) -> None:
    assert "`/search`" in shown(await conversation.press(press, ADA, HOME)).body


async def test_words_too_long_for_a_button_have_one_page(conversation: Conversation) -> None:
    card = shown(await conversation.type("/search flask has " + "contexts " * 8))
    assert "Next page" not in [one.label for one in card.buttons]


async def test_words_are_completed_to_titles_while_they_are_typed(conversation: Conversation) -> None:
    command = conversation.commands.find("search")
    assert command
    suggest = command.options[0].suggest
    assert suggest
    assert suggest("how do bl") == ["How do blueprints group routes?"]
    assert list(suggest("")) == ["What is contexts?", "What is cookies?"]


async def test_questions_to_share_are_found_in_the_same_way(conversation: Conversation) -> None:
    ((_, card), *_) = conversation.commands.shared("blueprnts")
    assert card.heading == "How do blueprints group routes?"
