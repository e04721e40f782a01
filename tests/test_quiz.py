"""Conversations about a question: dealt, answered, explained; alone and in a group."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.__main__ import core
from bot.bank.bank import Bank
from bot.config import Config
from bot.messages import Button, Card, Press, Reply, Room, Tone
from bot.store.database import StoreError
from bot.store.store import Days, Deal, Learner, Store, new_id
from tests.people import ADA, BOB, GROUP, HOME, HOME_OF_BOB, Clock, Conversation, button, right_and_wrong, shown
from tests.samples import bank_of, question


def labels(card: Card) -> list[str]:
    return [button.label for button in card.buttons]


async def test_a_question_shows_its_choices_by_letter_and_where_it_is_from(conversation: Conversation) -> None:
    reply = await conversation.type("/quiz mode:choice topic:basics level:junior")
    card = shown(reply)
    assert reply == Reply(new=card)
    assert card.heading == "What is one?"
    assert "Flask · Basics · junior · asked in most interviews" in card.body
    assert sorted(line[7:] for line in card.body.splitlines() if line.startswith("**")) == sorted(
        [f"{text}{'  ' if place < 3 else ''}" for place, text in enumerate(_choices(card))]
    )
    assert labels(card) == ["A", "B", "C", "D", "Hint", "Type answer", "Next question"]


def _choices(card: Card) -> list[str]:
    return [line[7:].strip() for line in card.body.splitlines() if line.startswith("**")]


async def test_a_right_answer_is_correct_and_told_in_words_and_by_a_symbol(conversation: Conversation) -> None:
    card = shown(await conversation.type("/quiz mode:choice topic:basics level:mid"))
    right, _ = right_and_wrong(card)
    reply = await conversation.press(right)
    verdict = shown(reply)
    assert reply == Reply(edit=verdict)
    assert verdict.heading == "Correct ✔"
    assert verdict.tone is Tone.GOOD
    assert f"**{right.label}.** right of two" in verdict.body
    assert "The answer to two." in verdict.body
    assert dict(verdict.fields) == {"Points": "+3", "Streak": "1 day"}
    assert labels(verdict) == ["Explanation", "Code", "Next question"]


async def test_a_wrong_answer_says_why_it_is_wrong_and_what_is_right(conversation: Conversation) -> None:
    card = shown(await conversation.type("/quiz mode:choice topic:basics level:junior"))
    right, wrong = right_and_wrong(card)
    verdict = shown(await conversation.press(wrong))
    assert verdict.heading == "Not quite ✘"
    assert verdict.tone is Tone.BAD
    for words in (
        f"You chose **{wrong.label}.** wrong 1 of one",
        "why 1 of one",
        f"Right is **{right.label}.** right ",
    ):
        assert words in verdict.body
    assert "The answer to one." in verdict.body
    assert dict(verdict.fields) == {"Streak": "1 day"}


async def test_the_first_answer_counts_and_a_second_press_says_so(conversation: Conversation) -> None:
    card = shown(await conversation.type("/quiz mode:choice topic:basics level:junior"))
    right, wrong = right_and_wrong(card)
    await conversation.press(wrong)
    reply = await conversation.press(right)
    verdict = shown(reply)
    assert reply == Reply(aside=verdict)
    assert verdict.heading == "Not quite ✘"
    assert "the first answer counts" in verdict.body
    assert not verdict.fields
    assert ("Points", "0") in shown(await conversation.type("/streak")).fields


async def test_in_a_group_the_verdict_is_for_its_owner_alone_and_everyone_may_answer(
    conversation: Conversation,
) -> None:
    reply = await conversation.type("/quiz mode:choice topic:basics level:junior", where=GROUP)
    assert reply.new
    assert labels(reply.new) == ["A", "B", "C", "D", "Hint", "Type answer"]
    right, wrong = right_and_wrong(reply.new)
    for who, pressed, heading in ((ADA, wrong, "Not quite ✘"), (BOB, right, "Correct ✔")):
        reply = await conversation.press(pressed, who, GROUP)
        assert reply == Reply(aside=shown(reply))
        assert shown(reply).heading == heading


@pytest.mark.parametrize("verb", ["explain", "code", "show"])
async def test_nobody_sees_an_answer_before_answering(conversation: Conversation, verb: str) -> None:
    card = shown(await conversation.type("/quiz mode:choice topic:basics level:junior", where=GROUP))
    right, _ = right_and_wrong(card)
    await conversation.press(right, ADA, GROUP)
    peek = Press(verb, right.press.deal)
    refused = shown(await conversation.press(peek, BOB, GROUP))
    assert refused.heading.startswith("Answer first")
    assert "of one" not in f"{refused.heading}{refused.body}"
    assert "one" in shown(await conversation.press(peek, ADA, GROUP)).body


@pytest.mark.parametrize("where", [HOME, GROUP])
async def test_the_hint_comes_beside_the_card_which_can_still_be_answered(
    conversation: Conversation, where: Room
) -> None:
    card = shown(await conversation.type("/quiz mode:choice topic:basics level:junior", where=where))
    reply = await conversation.press(button(card, "Hint"), ADA, where)
    assert reply == Reply(aside=Card("Hint", "The hint for one."))
    assert "The answer to one." in shown(await conversation.press(right_and_wrong(card)[0], ADA, where)).body


async def test_explanation_and_code_come_as_cards_of_their_own(conversation: Conversation) -> None:
    card = shown(await conversation.type("/quiz mode:choice topic:basics level:junior"))
    verdict = shown(await conversation.press(right_and_wrong(card)[0]))
    explanation = shown(await conversation.press(button(verdict, "Explanation")))
    assert (explanation.heading, explanation.body) == ("Explanation", "The explanation of one.")
    assert labels(explanation) == ["Code", "Next question"]
    code = shown(await conversation.press(button(verdict, "Code")))
    assert code.body == "```python\nname = 'one'\n```"


async def test_next_question_asks_for_the_same_again(conversation: Conversation) -> None:
    card = shown(await conversation.type("/quiz mode:flash topic:contexts"))
    seen = [card.heading]
    for _ in range(2):
        card = shown(await conversation.press(button(card, "Next question")))
        assert labels(card)[0] == "Show answer"
        seen.append(card.heading)
    assert sorted(seen) == ["What is five?", "What is four?", "What is three?"]


async def test_a_flash_card_is_thought_revealed_and_rated_once(conversation: Conversation) -> None:
    card = shown(await conversation.type("/quiz mode:flash topic:basics level:mid"))
    assert labels(card) == ["Show answer", "Hint", "Type answer", "Next question"]
    assert "right of" not in card.body
    reply = await conversation.press(button(card, "Show answer"))
    assert reply.edit
    assert "The answer to two." in reply.edit.body
    assert "- point of two" in reply.edit.body
    assert labels(reply.edit)[:4] == ["Again", "Hard", "Good", "Easy"]
    good, easy = button(reply.edit, "Good"), button(reply.edit, "Easy")
    rated = shown(await conversation.press(good))
    assert (rated.heading, rated.body) == ("Noted: Good", "It comes again in 10 minutes.")
    assert dict(rated.fields) == {"Streak": "1 day"}
    again = shown(await conversation.press(easy))
    assert again.heading == "Noted: Good"
    assert "the first rating counts" in again.body


async def test_flash_ratings_keep_the_streak_but_score_nothing(conversation: Conversation, clock: Clock) -> None:
    for day in range(3):
        card = shown(await conversation.type("/quiz mode:flash"))
        answer = shown(await conversation.press(button(card, "Show answer")))
        await conversation.press(button(answer, "Easy"))
        streak = shown(await conversation.type("/streak"))
        assert streak.heading == f"Your streak: {day + 1} day{'s' if day else ''}"
        assert ("Points", "0") in streak.fields
        clock.advance(days=1)


async def test_a_question_earns_once_a_day_and_half_when_it_is_known(conversation: Conversation, clock: Clock) -> None:
    earned = []
    for days in (0, 0, 40):
        clock.advance(days=days)
        card = shown(await conversation.type("/quiz mode:choice topic:contexts"))
        earned.append(dict(shown(await conversation.press(right_and_wrong(card)[0])).fields)["Points"])
    assert earned == ["+4", "none: see `/help scoring`", "+3"]  # the first of each day earns one more
    assert ("Points", "7") in shown(await conversation.type("/streak")).fields


async def test_help_explains_points_in_ten_lines_with_the_numbers_of_the_rules(conversation: Conversation) -> None:
    card = shown(await conversation.type("/help scoring"))
    assert card.body.count("\n- ") == 9
    assert "At most 50 points a day" in card.body


async def test_a_choice_that_was_wrong_comes_again_soon(conversation: Conversation, clock: Clock) -> None:
    card = shown(await conversation.type("/quiz mode:choice topic:basics"))
    await conversation.press(right_and_wrong(card)[1])
    clock.advance(minutes=2)
    other = shown(await conversation.type("/quiz mode:choice topic:basics"))
    assert other.heading != card.heading
    await conversation.press(right_and_wrong(other)[0])
    assert shown(await conversation.type("/quiz mode:choice topic:basics")).heading == card.heading


async def test_the_day_of_an_answer_is_the_learners_own(conversation: Conversation, clock: Clock) -> None:
    await conversation.type("/settings timezone:Pacific/Auckland")  # noon in UTC is one in the morning there
    card = shown(await conversation.type("/quiz"))
    await conversation.press(button(card, "A"))
    assert shown(await conversation.type("/streak")).heading == "Your streak: 1 day"
    clock.advance(hours=24)
    card = shown(await conversation.type("/quiz"))
    await conversation.press(button(card, "A"))
    await conversation.type("/settings timezone:America/Los_Angeles")
    assert shown(await conversation.type("/streak")).heading == "Your streak: 2 days"


async def test_an_unknown_topic_gets_the_nearest_names(conversation: Conversation) -> None:
    refused = shown(await conversation.type("/quiz contxts"))
    assert refused.heading == "I know no topic “contxts”"
    assert "`contexts`" in refused.body


async def test_asking_for_what_does_not_exist_is_answered_kindly(conversation: Conversation) -> None:
    refused = shown(await conversation.type("/quiz topic:basics level:senior"))
    assert refused.heading == "There is no such question"


# Presses that no card of ours has, or that are not for this room or time


async def test_a_press_on_a_deal_of_another_room_is_refused_in_private(conversation: Conversation) -> None:
    card = shown(await conversation.type("/quiz mode:choice"))
    for verb in ("answer", "hint", "show", "rate", "explain", "code", "next"):
        reply = await conversation.press(Press(verb, card.buttons[0].press.deal, "A"), BOB, HOME_OF_BOB)
        assert reply == Reply(aside=shown(reply))
        assert shown(reply).heading == "This question was dealt elsewhere"


@pytest.mark.parametrize("verb", ["answer", "hint", "verdict", "explain", "next"])
async def test_what_was_asked_in_a_group_opens_in_private_only_for_who_has_answered_it(
    conversation: Conversation, verb: str
) -> None:
    card = shown(await conversation.type("/quiz mode:choice", where=GROUP))
    press = Press(verb, card.buttons[0].press.deal, "A")
    refused = await conversation.press(press, BOB, HOME_OF_BOB)
    assert refused == Reply(aside=shown(refused))
    assert shown(refused).heading == "Answer it where it was asked, then I show mine."
    await conversation.press(card.buttons[0], BOB, GROUP)
    assert shown(await conversation.press(press, BOB, HOME_OF_BOB)).tone is not Tone.ADVICE
    assert shown(await conversation.press(press, ADA, HOME)).tone is Tone.ADVICE


async def test_the_full_verdict_of_a_group_is_read_alone_and_leads_on_alone(conversation: Conversation) -> None:
    card = shown(await conversation.type("/quiz mode:choice topic:basics level:mid", where=GROUP))
    _, wrong = right_and_wrong(card)
    verdict = shown(await conversation.press(wrong, ADA, GROUP))
    assert card.alone
    assert card.alone.label == "Full answer"
    alone = await conversation.press(card.alone, ADA, HOME)
    assert alone == Reply(new=replace(verdict, fields=()))
    following = await conversation.press(button(shown(alone), "Next question"), ADA, HOME)
    assert shown(following).alone is None
    assert labels(shown(following))[-1] == "Next question"


async def test_a_flash_card_of_a_group_may_be_opened_and_rated_alone(conversation: Conversation) -> None:
    card = shown(await conversation.type("/quiz mode:flash", where=GROUP))
    assert card.alone
    answer = shown(await conversation.press(card.alone, BOB, HOME_OF_BOB))
    assert shown(await conversation.press(button(answer, "Good"), BOB, HOME_OF_BOB)).heading == "Noted: Good"
    again = shown(await conversation.press(Press("verdict", card.buttons[0].press.deal), BOB, HOME_OF_BOB))
    assert "The answer to" in again.body
    assert "How well" not in again.body


async def test_a_group_that_moved_answers_what_was_dealt_before(
    conversation: Conversation, sqlite_store: Store
) -> None:
    card = shown(await conversation.type("/quiz mode:choice", where=GROUP))
    await sqlite_store.memory.room_moved("test", "group", "supergroup")
    moved = replace(GROUP, id="supergroup", community="supergroup")
    for who, where in ((ADA, moved), (BOB, GROUP)):
        verdict = shown(await conversation.press(card.buttons[0], who, where))
        assert verdict.heading in ("Correct ✔", "Not quite ✘")


# Polls, and cards that are shared into any chat


async def test_a_poll_has_the_choices_as_they_are_shown_and_their_presses(conversation: Conversation) -> None:
    card = shown(await conversation.type("/quiz style:poll", where=GROUP))
    assert card.poll
    assert [press for _, press in card.poll.choices] == [one.press for one in card.rows[0]]
    right, _ = right_and_wrong(card)
    assert card.poll.choices[card.poll.right][1] == right.press
    assert card.poll.choices[card.poll.right][0].startswith("right of")
    assert card.poll.why.startswith("The answer to")
    assert shown(await conversation.type("/quiz style:buttons", where=GROUP)).poll is None
    assert shown(await conversation.type("/quiz style:poll mode:flash", where=GROUP)).poll is None


SHARED_ROOM = Room("test", "message-in-some-chat")


def shared(conversation: Conversation, words: str) -> Card:
    ((_, card),) = conversation.commands.shared(words)
    return card


async def test_a_shared_question_is_dealt_by_its_first_press_and_answered_once_by_everyone(
    conversation: Conversation,
) -> None:
    card = shared(conversation, "what is ON")
    assert labels(card) == ["A", "B", "C", "D"]
    right, wrong = right_and_wrong(card)
    first = await conversation.press(wrong, ADA, SHARED_ROOM)
    assert first.edit
    assert first.aside
    assert first.aside.heading == "Not quite ✘"
    assert first.edit.body == card.body
    assert first.edit.alone
    dealt_right, _ = right_and_wrong(first.edit)
    assert dealt_right.label == right.label
    again = await conversation.press(right, ADA, SHARED_ROOM)  # a phone that still shows the old buttons
    assert again.edit == first.edit
    assert again.aside
    assert "answered this one before" in again.aside.body
    verdict = await conversation.press(dealt_right, BOB, SHARED_ROOM)
    assert shown(verdict).heading == "Correct ✔"
    assert shown(await conversation.press(first.edit.alone, BOB, HOME_OF_BOB)).heading == "Correct ✔"


async def test_a_shared_flash_card_shows_its_answer(conversation: Conversation) -> None:
    card = shared(conversation, "four")
    reply = await conversation.press(card.buttons[0], ADA, SHARED_ROOM)
    assert reply.aside
    assert "The answer to four" in reply.aside.body
    assert reply.edit


@pytest.mark.parametrize("where", [HOME, GROUP])
async def test_what_is_shared_can_not_be_forged_into_a_room_of_ours(conversation: Conversation, where: Room) -> None:
    card = shared(conversation, "one")
    reply = await conversation.press(card.buttons[0], ADA, where)
    assert reply == Reply(aside=shown(reply))


@pytest.mark.parametrize("change", [lambda v: v[1:], lambda v: v[:12] + "9" + v[13:], lambda v: v[:13] + v[14:]])
async def test_a_shared_question_that_has_changed_is_told(
    conversation: Conversation, change: Callable[[str], str]
) -> None:
    press = shared(conversation, "one").buttons[0].press
    reply = await conversation.press(replace(press, value=change(press.value)), ADA, SHARED_ROOM)
    assert shown(reply).heading == "This question has changed since it was shared"


def test_questions_are_found_by_the_beginnings_of_words_those_in_the_title_first(conversation: Conversation) -> None:
    def found(words: str) -> list[str]:
        return [card.heading for _, card in conversation.commands.shared(words)]

    assert found("contexts fo") == ["What is four?"]
    assert found("t") == ["What is two?", "What is three?"]
    assert found("") == ["What is one?", "What is two?", "What is three?"]
    assert found("nothing like it") == []


async def test_a_press_on_a_closed_deal_is_refused_but_an_answer_given_before_is_shown(
    conversation: Conversation, sqlite_store: Store, clock: Clock
) -> None:
    ada = await sqlite_store.learner(ADA, clock())
    room = await sqlite_store.room(HOME, clock())
    clock.advance(hours=1)
    deal = Deal(new_id(11), ada.id, 1, room, "flask/one", "choice", "0123", "////", clock(), closed_at=clock())
    await sqlite_store.deal(deal)
    refused = await conversation.press(Press("answer", deal.id, "A"))
    assert refused == Reply(aside=shown(refused))
    assert shown(refused).heading == "This question is closed"


@pytest.mark.parametrize("value", ["E", "a", "", "AB", "0", "é", "AAAA"])
async def test_an_answer_out_of_range_is_refused(conversation: Conversation, value: str) -> None:
    card = shown(await conversation.type("/quiz mode:choice"))
    refused = shown(await conversation.press(Press("answer", card.buttons[0].press.deal, value)))
    assert refused.heading == "This question has no such answer"
    refused = shown(await conversation.press(Press("rate", card.buttons[0].press.deal, "good")))
    assert refused.heading == "This question has no such answer"


async def test_a_question_that_changed_or_left_the_bank_is_told_apart_from_an_answer(
    conversation: Conversation, sqlite_store: Store, clock: Clock
) -> None:
    room = await sqlite_store.room(HOME, clock())
    for number, (name, choices) in enumerate([("flask/gone", "0123"), ("flask/one", "01"), ("flask/four", "01")], 1):
        deal = Deal(new_id(11), "x", number, room, name, "choice", choices, "////", clock())
        await sqlite_store.deal(deal)
        refused = shown(await conversation.press(Press("answer", deal.id, "A")))
        assert refused.heading == "This question has changed since it was dealt"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.text(max_size=70) | st.from_regex(r"[a-z]{1,8}:[0-9A-Za-z]{0,11}:.{0,9}", fullmatch=True))
async def test_any_press_at_all_ends_in_a_kind_private_answer(conversation: Conversation, packed: str) -> None:
    reply = await conversation.press(Press.unpack(packed))
    card = shown(reply)
    assert reply == Reply(aside=card)
    assert card.tone is not Tone.TROUBLE


async def test_every_button_of_every_card_works(conversation: Conversation) -> None:
    todo: list[Button] = [*shown(await conversation.type("/help")).buttons]
    done = set[str]()
    while todo:
        pressed = todo.pop()
        if pressed.label in done:
            continue
        done.add(pressed.label)
        reply = await conversation.press(pressed)
        assert all(card.tone is not Tone.TROUBLE for card in reply.cards)
        todo.extend(button for card in reply.cards for button in card.buttons)
    assert {"Quiz me", "Topics", "Next question", "Hint"} <= done


async def test_two_choices_and_five_choices_have_as_many_buttons(clock: Clock, sqlite_store: Store) -> None:
    for many in (2, 5):
        table, dispatch, _ = core(Config(), bank_of(question("q", choices=many)), sqlite_store, clock, Random(1))
        card = shown(await Conversation(dispatch.answer, table).type("/quiz", where=Room("test", f"room {many}")))
        assert [button.label for button in card.rows[0]] == list("ABCDE"[:many])


async def test_a_kept_answer_has_its_verdict_even_if_the_streak_can_not_be_read(
    conversation: Conversation, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(learner: Learner) -> Days:
        raise StoreError("no disk")

    card = shown(await conversation.type("/quiz mode:choice"))
    monkeypatch.setattr(sqlite_store, "practice_days", broken)
    assert shown(await conversation.press(right_and_wrong(card)[0])).heading == "Correct ✔"


NUMBERS = {
    "wsgi": "A standard interface that passes requests from web servers to Python programs.",
    "cookies": "Small pieces of text that browsers store and send back with every visit.",
    "hashing": "Turns passwords into values that nobody can compute backwards.",
    "caching": "Keeps results of slow work for a while, so that later visitors wait less.",
    "migrations": "Scripts that move database tables from one version to another.",
    "templates": "Pages with gaps that are filled when somebody asks for them.",
}


@pytest.fixture
def bare() -> Bank:
    """Questions without choices of their own."""
    return bank_of(*(question(name, choices=0, answer=text, code=None) for name, text in NUMBERS.items()))


async def test_choices_are_made_where_a_question_has_none_and_choices_are_asked_for(
    bare: Bank, sqlite_store: Store, clock: Clock
) -> None:
    made = core(Config(), bare, sqlite_store, clock, Random(1))
    people = Conversation(made.dispatch.answer, made.commands)
    card = shown(await people.type("/quiz mode:choice"))
    name = card.heading.removeprefix("What is ").removesuffix("?")
    assert "Which answer belongs to this question?" in card.body
    lines = [line for line in card.body.splitlines() if line.startswith("**")]
    (right,) = [line for line in lines if NUMBERS[name].rstrip(".") in line]
    again = core(Config(), bare, sqlite_store, clock, Random(2))  # another process
    people = Conversation(again.dispatch.answer, again.commands)
    wrong = next(line for line in lines if line != right)
    assert "That answers “What is" in shown(await people.press(button(card, wrong[2]))).body
    card = shown(await people.type("/quiz mode:choice"))
    assert "Which answer belongs" in card.body
    assert shown(await people.type("/quiz")).buttons[0].label == "Show answer"


async def test_made_choices_whose_questions_have_left_the_bank_are_told_as_changed(
    bare: Bank, sqlite_store: Store, clock: Clock
) -> None:
    made = core(Config(), bare, sqlite_store, clock, Random(1))
    people = Conversation(made.dispatch.answer, made.commands)
    card = shown(await people.type("/quiz mode:choice"))
    name = card.heading.removeprefix("What is ").removesuffix("?")
    less = bank_of(question(name, choices=0, answer=NUMBERS[name], code=None))
    made = core(Config(), less, sqlite_store, clock, Random(1))
    reply = await Conversation(made.dispatch.answer, made.commands).press(button(card, "A"))
    assert "has changed since it was dealt" in shown(reply).heading
