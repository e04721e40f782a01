"""Answers in one's own words: graded by key points, claimed, spoken."""

from random import Random

import pytest

from bot.__main__ import core
from bot.bank.bank import Bank
from bot.config import Config
from bot.messages import Card, Press, Reply, Request, Room, Tone, Typed, Voice
from bot.store.database import Database
from bot.store.store import Store
from tests.people import ADA, BOB, GROUP, HOME, Clock, Conversation, button, shown
from tests.samples import bank_of, question

POINTS = [
    {
        "id": "interface",
        "text": "WSGI is the interface between a web server and a Python application",
        "accept": ["interface between server and app", "standard between web server and Python code"],
    },
    {
        "id": "callable",
        "text": "The application is a callable that gets environ and start_response",
        "accept": ["callable with environ and start_response", "called with environ"],
    },
    {
        "id": "swap",
        "text": "Servers can be swapped without changing the application",
        "accept": ["swap servers freely", "change the server without changing the app"],
    },
]
FULL = (
    "It is the standard interface between a web server and a Python application. The app is a callable that gets "
    "environ and start_response, so servers can be swapped without changing the application."
)
HALF = "It's the interface between a web server and your Python app."


@pytest.fixture
def bank() -> Bank:
    return bank_of(
        question("wsgi", level="senior", key_points=POINTS, follow_ups=["werkzeug"], choices=0),
        question("werkzeug", key_points=[], section="contexts"),
        question("port", kind="fact", key_points=[], counts={"full": ["5000"], "wrong": ["8000"]}, section="facts"),
    )


@pytest.fixture
def people(bank: Bank, store: Store, clock: Clock) -> Conversation:
    made = core(Config(), bank, store, clock, Random(1))
    return Conversation(made.dispatch.answer, made.commands)


async def asked(people: Conversation, where: Room = HOME) -> Card:
    return shown(await people.type("/quiz mode:typed topic:basics", where=where))


async def say(people: Conversation, card: Card, text: str, where: Room = HOME, who=ADA) -> Reply:  # type: ignore[no-untyped-def]
    press = button(card, "Type answer").press
    return await people.answer(Request(who, where, Typed(press, text)))


async def test_a_question_asks_for_an_answer_in_own_words(people: Conversation) -> None:
    card = await asked(people)
    assert [one.label for one in card.buttons] == ["Type answer", "I don't know", "Hint", "Next question"]
    assert "in your own words" in card.body
    assert people.commands.prompts["type"]


async def test_a_full_answer_is_correct_and_shows_the_words_that_earned_each_point(people: Conversation) -> None:
    reply = await say(people, await asked(people), FULL)
    verdict = shown(reply)
    assert reply == Reply(edit=verdict)
    assert (verdict.heading, verdict.tone) == ("Correct ✔", Tone.GOOD)
    fields = dict(verdict.fields)
    assert fields["Key points"] == "3 of 3"
    assert fields["Points"] == "+7"  # twice three for a senior question, and one for the first of the day
    assert fields["Length"] == "32 words, about 13 s of 30"
    assert "**✔ You said:**" in verdict.body
    assert "You missed" not in verdict.body
    assert "The answer to wsgi." in verdict.body
    assert "**A listener would still ask:** What is werkzeug?" in verdict.body


async def test_half_an_answer_is_partly_right_and_names_what_was_missed(people: Conversation, clock: Clock) -> None:
    card = await asked(people)
    clock.advance(seconds=12)
    verdict = shown(await say(people, card, HALF))
    assert (verdict.heading, verdict.tone) == ("Partly right ◐", Tone.PARTLY)
    assert dict(verdict.fields)["Key points"] == "1 of 3"
    assert "**○ You missed:**\n\n- The application is a callable" in verdict.body
    assert dict(verdict.fields)["Points"] == "+3"  # a third of six, and one


async def test_an_answer_about_something_else_earns_nothing_and_is_told_why(people: Conversation) -> None:
    verdict = shown(await say(people, await asked(people), "I like to cook pasta with tomatoes on Sundays, mostly."))
    assert verdict.heading == "Not quite ✘"
    assert "I found nothing in it about this question." in verdict.body
    assert "Points" not in dict(verdict.fields)


async def test_an_empty_line_is_no_answer(people: Conversation) -> None:
    card = await asked(people)
    assert shown(await say(people, card, "  \n ")).heading == "Nothing was typed"
    assert shown(await say(people, card, FULL)).heading == "Correct ✔"


async def test_who_does_not_know_sees_the_answer_and_it_comes_again_soon(people: Conversation, clock: Clock) -> None:
    card = await asked(people)
    verdict = shown(await people.press(button(card, "I don't know")))
    assert verdict.heading == "Not quite ✘"
    assert "The answer to wsgi." in verdict.body
    assert "I did say that" not in [one.label for one in verdict.buttons]
    again = shown(await say(people, card, FULL))
    assert "You have answered this one before" in again.body
    clock.advance(minutes=2)
    assert (await asked(people)).heading == "What is wsgi?"


async def test_the_first_answer_counts_however_it_was_given(people: Conversation) -> None:
    card = await asked(people)
    await say(people, card, HALF)
    again = shown(await say(people, card, FULL))
    assert again.heading == "Partly right ◐"
    assert "You have answered this one before, and the first answer counts." in again.body
    assert dict(again.fields)["Key points"] == "1 of 3"


async def test_markup_and_mentions_in_an_answer_stay_text(people: Conversation) -> None:
    said = "The **interface** between a [web](http://x) @everyone server and a Python application"
    verdict = shown(await say(people, await asked(people), said))
    assert "@everyone" not in verdict.body
    assert "[web](" not in verdict.body


async def test_a_fact_is_right_when_it_is_what_counts(people: Conversation) -> None:
    card = shown(await people.type("/quiz mode:typed topic:facts"))
    assert shown(await say(people, card, "port 5000")).heading == "Correct ✔"


async def test_questions_without_key_points_are_not_asked_for_in_own_words(people: Conversation) -> None:
    assert "no such question" in shown(await people.type("/quiz mode:typed topic:contexts")).heading
    card = shown(await people.type("/quiz topic:contexts"))
    assert "Type answer" not in [one.label for one in card.buttons]
    forged = Press("type", button(card, "Hint").press.deal)
    reply = await people.answer(Request(ADA, HOME, Typed(forged, FULL)))
    assert "can't grade" in shown(reply).heading


async def test_in_a_group_what_was_typed_and_its_verdict_are_private(people: Conversation) -> None:
    card = await asked(people, GROUP)
    reply = await say(people, card, FULL, GROUP)
    assert reply == Reply(aside=shown(reply))
    other = await say(people, card, HALF, GROUP, BOB)
    assert shown(other).heading == "Partly right ◐"


async def test_a_question_of_a_group_can_be_typed_in_private_and_counts_for_the_group(people: Conversation) -> None:
    card = await asked(people, GROUP)
    assert shown(await say(people, card, FULL, HOME)).heading == "Correct ✔"
    board = shown(await people.type("/leaderboard", where=GROUP))
    assert "7 points" in board.body


async def test_a_flash_card_may_be_typed_too_but_earns_nothing_since_its_answer_is_a_press_away(
    people: Conversation,
) -> None:
    card = shown(await people.type("/quiz mode:flash topic:basics"))
    verdict = shown(await say(people, card, FULL))
    assert verdict.heading == "Correct ✔"
    assert "Points" not in dict(verdict.fields)


async def test_a_missed_point_can_be_claimed_for_reviews_and_not_for_points(
    people: Conversation, store: Store, database: Database
) -> None:
    card = await asked(people)
    verdict = shown(await say(people, card, HALF))
    before = await database.fetch("SELECT points FROM score ORDER BY bucket")
    which = shown(await people.press(button(verdict, "I did say that")))
    assert which.body.startswith("1. The application is a callable")  # as they are numbered here, so are the buttons
    assert [(one.label, one.press.value) for one in which.buttons] == [("1", "2"), ("2", "3")]
    claimed = shown(await people.press(button(which, "2")))
    assert claimed.body.startswith("Noted.")
    assert dict(claimed.fields)["Key points"] == "2 of 3"
    assert "**✔ You say that you said:**\n\n- Servers can be swapped" in claimed.body
    last = shown(await people.press(button(claimed, "I did say that")))
    assert dict(last.fields)["Key points"] == "3 of 3"
    assert "I did say that" not in [one.label for one in last.buttons]
    assert await database.fetch("SELECT points FROM score ORDER BY bucket") == before
    assert (await database.fetch("SELECT value FROM answer"))[0]["value"] == "100"
    (review,) = await database.fetch("SELECT due_at - reviewed_at AS wait FROM review")
    assert review["wait"] == 600  # as after a good answer; what was half said would have come in a minute
    assert [(one.question, one.point, one.text) for one in await store.claims.all()] == [
        ("flask/wsgi", "callable", HALF),
        ("flask/wsgi", "swap", HALF),
    ]


async def test_a_point_is_claimed_once_and_only_by_who_answered(people: Conversation, store: Store) -> None:
    card = await asked(people, GROUP)
    verdict = shown(await say(people, card, HALF, GROUP))
    claim = button(verdict, "I did say that").press
    one = Press("claim", claim.deal, "2")
    for _ in range(2):
        await people.press(one, where=GROUP)
    assert shown(await people.press(one, where=GROUP)).heading == "You have claimed that one already."
    for forged in (one, Press("claim", claim.deal, "1"), Press("claim", claim.deal, "99")):
        assert "nothing to claim" in shown(await people.press(forged, BOB, GROUP)).heading
    assert len(await store.claims.all()) == 1


async def test_a_spoken_answer_is_rated_beside_the_answer_and_nothing_of_it_is_kept(
    people: Conversation, database: Database
) -> None:
    card = await asked(people)
    reply = await people.answer(Request(ADA, HOME, Voice(button(card, "Type answer").press, 41)))
    answer = shown(reply)
    assert "You spoke for 41 s; 30 are the aim." in answer.body
    assert not await database.fetch("SELECT * FROM answer")
    assert shown(await people.press(button(answer, "Good"))).heading == "Noted: Good"
    assert [(row["mode"], row["verdict"]) for row in await database.fetch("SELECT * FROM answer")] == [
        ("flash", "rated")
    ]
    assert not await database.fetch("SELECT * FROM said")


async def test_a_question_of_a_group_is_not_revealed_for_a_spoken_answer(people: Conversation) -> None:
    card = await asked(people, GROUP)
    reply = await people.answer(Request(ADA, HOME, Voice(button(card, "Type answer").press, 20)))
    assert shown(reply).heading == "This one I can only take in writing"


async def test_hostile_text_is_kept_and_graded_like_any_other(people: Conversation) -> None:
    for text in ("\0" * 10 + HALF, "\ud800" + HALF, "z̸̡̛͓" * 3_000, "<!-- " + HALF, "interface " * 9_000):
        card = await asked(people)
        assert shown(await say(people, card, text)).tone is not Tone.TROUBLE
