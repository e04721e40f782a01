"""Reviews over days: what is due comes back, one question after the other; ratings taken back; questions set aside."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from fsrs import Card as FsrsCard
from fsrs import Rating, Scheduler
from hypothesis import given
from hypothesis import strategies as st

from bot.__main__ import core
from bot.bank.bank import Bank
from bot.config import Config
from bot.messages import Card, Press, Reply, Request, Typed
from bot.practice.remembering import rating_of, rating_of_share, replayed, reviewed
from bot.practice.review import LENGTH
from bot.store.database import Database
from bot.store.reviews import MISSES, Kept, Known, Review
from bot.store.sessions import Session, Step
from bot.store.store import Store
from tests.people import ADA, BOB, GROUP, HOME, HOME_OF_BOB, Clock, Conversation, button, right_and_wrong, shown
from tests.samples import bank_of, question


@pytest.fixture
def people(bank: Bank, store: Store, clock: Clock) -> Conversation:
    return over(bank, store, clock)


def over(bank: Bank, store: Store, clock: Clock) -> Conversation:
    """The whole core, started anew."""
    table, dispatch, _ = core(Config(), bank, store, clock, Random(1))
    return Conversation(dispatch.answer, table)


def labels(card: Card) -> list[str]:
    return [one.label for one in card.buttons]


async def rated(people: Conversation, card: Card, rating: str = "Good") -> Card:
    """A flash card's own rating; the card that notes it."""
    return shown(await people.press(button(shown(await people.press(button(card, "Show answer"))), rating)))


async def answer_some(people: Conversation, clock: Clock, number: int, rating: str = "Easy") -> list[str]:
    """Answer so many questions of a quiz, some seconds apart; which they were."""
    asked = []
    for _ in range(number):
        card = shown(await people.type("/quiz mode:flash"))
        asked.append(card.heading)
        clock.advance(seconds=20)
        await rated(people, card, rating)
    return asked


async def onward(people: Conversation, card: Card) -> Card:
    return shown(await people.press(button(card, "Next question")))


async def due_now(store: Store, clock: Clock) -> list[str]:
    return [name async for name in store.reviews.due((await store.learner(ADA, clock())).id, clock())]


# A review


async def test_what_is_due_comes_most_overdue_first_and_the_end_tells_how_it_went(
    people: Conversation, clock: Clock
) -> None:
    asked = await answer_some(people, clock, 3)
    clock.advance(days=30)
    reply = await people.type("/review")
    card = shown(reply)
    assert reply == Reply(new=card)
    assert dict(card.fields) == {"Review": "1 of 3"}
    assert labels(card) == ["Show answer", "Hint", "Type answer", "Skip", "Leave"]
    seen = [card.heading]
    for place, rating in ((2, "Good"), (3, "Again")):
        noted = await rated(people, card, rating)
        assert dict(noted.fields)["Review"] == f"{place - 1} of 3"
        card = await onward(people, noted)
        seen.append(card.heading)
        assert dict(card.fields)["Review"] == f"{place} of 3"
    assert seen == asked
    end = await onward(people, await rated(people, card, "Good"))
    assert end.heading == "Reviewed: 2 of 3 known"
    assert "1 to be seen again soon." in end.body
    assert "What comes again: 1 today, 2 later." in end.body
    assert dict(end.fields) == {"Streak": "1 day"}
    assert labels(end) == ["Quiz me"]


async def test_the_card_itself_changes_as_in_a_quiz(people: Conversation, clock: Clock) -> None:
    await answer_some(people, clock, 1)
    clock.advance(days=30)
    card = shown(await people.type("/review"))
    answer = await people.press(button(card, "Show answer"))
    assert answer == Reply(edit=shown(answer))
    assert dict(shown(answer).fields) == {"Review": "1 of 1"}
    noted = await people.press(button(shown(answer), "Hard"))
    assert noted == Reply(edit=shown(noted))


async def test_a_review_of_choices_has_choices_where_the_question_has_them(people: Conversation, clock: Clock) -> None:
    await answer_some(people, clock, 5)
    clock.advance(days=30)
    card = shown(await people.type("/review mode:choice"))
    modes = []
    for _ in range(5):
        modes.append(card.buttons[0].label)
        verdict = shown(await people.press(card.buttons[0]))
        card = await onward(people, verdict)
    assert sorted(modes) == ["A"] * 3 + ["Show answer"] * 2
    assert "2 questions were left out." in card.body  # their answers were looked at, and not rated


async def test_a_review_has_one_topic_if_that_is_asked_for(people: Conversation, clock: Clock) -> None:
    await answer_some(people, clock, 5)
    clock.advance(days=30)
    assert dict(shown(await people.type("/review basics")).fields) == {"Review": "1 of 2"}
    assert shown(await people.type("/review topic:nowhere")).heading == "I know no topic “nowhere”"


@pytest.mark.parametrize("line", ["/review", "/review mistakes:yes"])
async def test_a_review_has_at_most_twenty_questions_and_offers_more(store: Store, clock: Clock, line: str) -> None:
    people = over(bank_of(*(question(f"q{number}") for number in range(LENGTH + 2))), store, clock)
    for _ in range(LENGTH + 2):  # all in a moment: none is due before the last
        await rated(people, shown(await people.type("/quiz mode:flash")), "Again")
    clock.advance(days=1)
    card = shown(await people.type(line))
    for place in range(1, LENGTH + 1):
        assert dict(card.fields)["Review"] == f"{place} of {LENGTH}"
        card = await onward(people, await rated(people, card, "Easy"))
    assert "2 more are due." in card.body
    assert labels(card) == ["Review more", "Quiz me"]
    assert dict(shown(await people.press(card.buttons[0])).fields)["Review"] == "1 of 2"


async def test_mistakes_are_what_was_missed_last_time_due_or_not(people: Conversation, clock: Clock) -> None:
    asked = [*await answer_some(people, clock, 2, "Again"), *await answer_some(people, clock, 2)]
    card = shown(await people.type("/review mistakes:yes"))  # nothing is due before a minute has passed
    assert [dict(card.fields)["Review"], card.heading] == ["1 of 2", asked[0]]
    clock.advance(minutes=2)
    await rated(people, card, "Good")
    other = shown(await people.type("/review mistakes:no mode:flash"))
    assert dict(other.fields)["Review"] == "1 of 1"
    await rated(people, other, "Good")
    assert shown(await people.type("/review mistakes:yes")).heading == "No mistakes are left"


async def test_a_wrong_choice_is_a_mistake_too(people: Conversation) -> None:
    card = shown(await people.type("/quiz mode:choice topic:basics level:junior"))
    await people.press(right_and_wrong(card)[1])
    assert shown(await people.type("/review mistakes:yes")).heading == "What is one?"


async def test_in_a_shared_room_a_review_is_refused_kindly(people: Conversation) -> None:
    reply = await people.type("/review", where=GROUP)
    assert reply == Reply(aside=shown(reply))
    assert shown(reply).heading == "Reviews are personal"
    assert "`/review`" in shown(reply).body


async def test_a_question_may_be_skipped_and_stays_due(people: Conversation, store: Store, clock: Clock) -> None:
    await answer_some(people, clock, 2)
    clock.advance(days=30)
    first = shown(await people.type("/review"))
    second = shown(await people.press(button(first, "Skip")))
    end = await onward(people, await rated(people, second))
    assert end.heading == "Reviewed: 1 of 1 known"
    assert "1 question was left out." in end.body
    assert "1 more is due." in end.body
    assert len(await due_now(store, clock)) == 1


async def test_a_review_can_be_left_and_says_how_far_it_came(people: Conversation, clock: Clock) -> None:
    await answer_some(people, clock, 3)
    clock.advance(days=30)
    first = shown(await people.type("/review"))
    second = await onward(people, await rated(people, first))
    reply = await people.press(button(second, "Leave"))
    assert reply == Reply(edit=shown(reply))
    assert shown(reply).heading == "Reviewed: 1 of 1 known"
    assert "2 questions were left out." in shown(reply).body
    assert dict(shown(await people.type("/review")).fields)["Review"] == "1 of 2"  # a new one
    clock.advance(minutes=1)
    late = shown(await people.press(button(second, "Skip")))
    assert late.heading == "Reviewed: 1 of 1 known"


# Going on


async def test_a_review_is_gone_on_with_after_a_restart(
    people: Conversation, bank: Bank, store: Store, clock: Clock
) -> None:
    await answer_some(people, clock, 3)
    clock.advance(days=30)
    first = shown(await people.type("/review"))
    second = await onward(people, await rated(people, first))
    people = over(bank, store, clock)
    clock.advance(hours=2)
    assert shown(await people.type("/review")) == second
    third = await onward(people, await rated(people, second))
    await rated(people, third)
    assert shown(await people.type("/review")).heading == "Nothing is due"


async def test_what_was_answered_already_is_not_asked_again_when_a_review_is_resumed(
    people: Conversation, clock: Clock
) -> None:
    await answer_some(people, clock, 3)
    clock.advance(days=30)
    first = shown(await people.type("/review"))
    await rated(people, first)
    assert dict(shown(await people.type("/review")).fields)["Review"] == "2 of 3"


async def test_a_day_later_or_with_another_wish_a_new_review_begins(people: Conversation, clock: Clock) -> None:
    await answer_some(people, clock, 5)
    clock.advance(days=30)
    await people.type("/review")
    assert dict(shown(await people.type("/review basics")).fields)["Review"] == "1 of 2"
    assert dict(shown(await people.type("/review")).fields)["Review"] == "1 of 2"
    assert dict(shown(await people.type("/review basics mode:choice")).fields)["Review"] == "1 of 2"
    clock.advance(days=1)
    assert dict(shown(await people.type("/review")).fields)["Review"] == "1 of 5"


async def test_in_another_private_room_a_review_goes_on_with_the_next_question(
    people: Conversation, store: Store, clock: Clock
) -> None:
    await answer_some(people, clock, 2)
    clock.advance(days=30)
    first = shown(await people.type("/review"))
    elsewhere = replace(HOME, id="private-ada-too")
    second = shown(await people.type("/review", where=elsewhere))
    assert dict(second.fields)["Review"] == "2 of 2"
    answer = shown(await people.press(button(second, "Show answer"), where=elsewhere))
    noted = shown(await people.press(button(answer, "Good"), where=elsewhere))
    end = shown(await people.press(button(noted, "Next question"), where=elsewhere))
    assert end.heading == "Reviewed: 1 of 1 known"
    assert await due_now(store, clock) == ["flask/" + first.heading[8:-1]]


async def test_a_question_that_left_the_bank_is_skipped(
    people: Conversation, bank: Bank, store: Store, clock: Clock
) -> None:
    await answer_some(people, clock, 5)
    clock.advance(days=30)
    first = shown(await people.type("/review"))
    kept = [one for topic in bank.topics for one in topic.questions if one.question == first.heading]
    others = [one for topic in bank.topics for one in topic.questions if one.question != first.heading][2:]
    people = over(bank_of(*(("basics", one) for one in kept + others)), store, clock)
    seen = [first.heading]
    card = await onward(people, await rated(people, first))
    while "Show answer" in labels(card):
        assert dict(card.fields)["Review"] == f"{len(seen) + 1} of 3"
        seen.append(card.heading)
        card = await onward(people, await rated(people, card))
    assert sorted(seen) == sorted(one.question for one in kept + others)


async def test_of_several_presses_at_once_one_deals_the_next_question(
    people: Conversation, database: Database, clock: Clock
) -> None:
    await answer_some(people, clock, 3)
    clock.advance(days=30)
    noted = await rated(people, shown(await people.type("/review")))
    before = await database.fetch("SELECT count(*) AS number FROM deal")
    replies = await asyncio.gather(*(people.press(button(noted, "Next question")) for _ in range(8)))
    after = await database.fetch("SELECT count(*) AS number FROM deal")
    assert after[0]["number"] == before[0]["number"] + 1
    dealt = [reply.new for reply in replies if reply.new]
    assert len(dealt) == 1
    others = {shown(reply).heading for reply in replies if not reply.new}
    assert others == {"The next question is here already"}


async def test_an_old_card_leads_to_the_question_that_is_asked_now(people: Conversation, clock: Clock) -> None:
    await answer_some(people, clock, 3)
    clock.advance(days=30)
    noted = await rated(people, shown(await people.type("/review")))
    second = await onward(people, noted)
    clock.advance(seconds=5)
    assert (await onward(people, noted)).heading == "The next question is here already"
    clock.advance(minutes=5)
    assert await onward(people, noted) == second


# Presses that are not one's own, or that no card has


async def test_presses_on_somebody_elses_review_are_refused(people: Conversation, clock: Clock) -> None:
    await answer_some(people, clock, 2)
    clock.advance(days=30)
    card = shown(await people.type("/review"))
    for pressed in (button(card, "Leave"), button(card, "Skip"), Press("undo", card.buttons[0].press.deal)):
        reply = await people.press(pressed, BOB, HOME_OF_BOB)
        assert reply == Reply(aside=shown(reply))
    assert (
        shown(await people.press(button(card, "Leave"), BOB, HOME_OF_BOB)).heading == "That is somebody else's review"
    )
    assert dict(shown(await people.type("/review")).fields)["Review"] == "1 of 2"


@pytest.mark.parametrize(
    ("press", "heading"),
    [
        (Press("review", "nothing", "leave"), "I don't know this review any more"),
        (Press("review"), "I don't know this review any more"),
        (Press("undo", "nothing"), "There is nothing to take back"),
        (Press("undo"), "There is nothing to take back"),
        (Press("back", value="0123456789ab"), "This question is not set aside"),
        (Press("back"), "This question is not set aside"),
    ],
)
async def test_forged_presses_are_answered_kindly(people: Conversation, press: Press, heading: str) -> None:
    reply = await people.press(press)
    assert reply == Reply(aside=shown(reply))
    assert shown(reply).heading == heading


# When nothing is due


async def test_before_the_first_answer_there_is_nothing_to_review_and_no_streak(people: Conversation) -> None:
    card = shown(await people.type("/review"))
    assert card.heading == "There is nothing to review yet"
    assert shown(await people.type("/streak")).heading == "Your streak: 0 days"


async def test_nothing_due_is_good_news_that_keeps_the_streak(people: Conversation, clock: Clock) -> None:
    await answer_some(people, clock, 1)
    clock.advance(days=1)
    card = shown(await people.type("/review"))
    assert card.heading == "Nothing is due"
    assert "The next one comes on Tue 2026-03-10." in card.body
    assert "today counts for your streak" in card.body
    assert dict(card.fields) == {"Streak": "2 days"}
    assert labels(card) == ["Quiz me"]
    assert shown(await people.type("/streak")).heading == "Your streak: 2 days"


@pytest.mark.parametrize(("hour", "when"), [(12, "today at 21:10"), (14, "today at 23:10"), (15, "today at 00:10")])
async def test_the_next_one_is_told_by_the_learners_clock(
    people: Conversation, clock: Clock, hour: int, when: str
) -> None:
    await people.type("/settings timezone:Asia/Tokyo")
    clock.time = clock.time.replace(hour=hour, minute=0)
    await rated(people, shown(await people.type("/quiz mode:flash")), "Good")
    assert f"The next one comes {when}." in shown(await people.type("/review")).body


async def test_the_next_one_may_come_after_midnight(people: Conversation, clock: Clock) -> None:
    clock.time = clock.time.replace(hour=23, minute=55)
    await rated(people, shown(await people.type("/quiz mode:flash")), "Good")
    assert "The next one comes tomorrow at 00:05." in shown(await people.type("/review")).body


async def test_the_streak_is_not_kept_while_anything_is_due_elsewhere(people: Conversation, clock: Clock) -> None:
    card = shown(await people.type("/quiz mode:flash topic:contexts"))
    await rated(people, card, "Again")
    clock.advance(days=1)
    for line in ("/review topic:basics", "/review mode:flash topic:basics"):
        card = shown(await people.type(line))
        assert card.heading == "Nothing is due"
        assert "1 other is due" in card.body
        assert dict(card.fields) == {"Streak": "1 day"}
    assert shown(await people.type("/streak")).heading == "Your streak: 1 day"


# Taking a rating back


async def test_a_rating_is_taken_back_and_given_anew(people: Conversation, store: Store, clock: Clock) -> None:
    card = shown(await people.type("/quiz mode:flash"))
    clock.advance(seconds=30)
    noted = await rated(people, card, "Again")
    assert labels(noted)[0] == "Undo"
    reply = await people.press(button(noted, "Undo"))
    assert reply == Reply(edit=shown(reply))
    assert labels(shown(reply))[:4] == ["Again", "Hard", "Good", "Easy"]
    ada = await store.learner(ADA, clock())
    assert await store.reviews.known(ada.id) == []
    assert shown(await people.type("/streak")).heading == "Your streak: 1 day"  # the day was practised all the same
    clock.advance(seconds=30)
    again = shown(await people.press(button(shown(reply), "Easy")))
    assert again.heading == "Noted: Easy"
    expected = reviewed(None, Rating.Easy, clock())
    assert await store.reviews.known(ada.id) == [Known("flask/" + card.heading[8:-1], expected.due_at)]


async def test_a_rating_that_was_taken_back_can_be_given_anew_in_a_review(people: Conversation, clock: Clock) -> None:
    await answer_some(people, clock, 2)
    clock.advance(days=30)
    noted = await rated(people, shown(await people.type("/review")), "Again")
    back = shown(await people.press(button(noted, "Undo")))
    assert dict(back.fields) == {"Review": "1 of 2"}
    second = await onward(people, shown(await people.press(button(back, "Good"))))
    assert (await onward(people, await rated(people, second))).heading == "Reviewed: 2 of 2 known"


async def test_only_within_ten_minutes(people: Conversation, clock: Clock) -> None:
    noted = await rated(people, shown(await people.type("/quiz mode:flash")))
    clock.advance(minutes=10)
    still = await people.press(button(noted, "Undo"))
    assert still.edit
    noted = shown(await people.press(button(still.edit, "Good")))
    clock.advance(minutes=10, seconds=1)
    assert shown(await people.press(button(noted, "Undo"))).heading == "That was more than ten minutes ago"


async def test_only_the_last_answer_to_a_question_can_be_taken_back(people: Conversation, clock: Clock) -> None:
    first = await rated(people, shown(await people.type("/quiz mode:flash topic:basics level:junior")), "Again")
    clock.advance(minutes=2)
    second = await rated(people, shown(await people.type("/quiz mode:flash topic:basics level:junior")), "Again")
    assert shown(await people.press(button(first, "Undo"))).heading == "You have answered this question since"
    for noted in (second, first):
        reply = await people.press(button(noted, "Undo"))
        assert reply.edit
        assert shown(await people.press(button(noted, "Undo"))).heading == "There is nothing to take back"


async def test_a_choice_can_not_be_taken_back(people: Conversation) -> None:
    card = shown(await people.type("/quiz mode:choice topic:basics"))
    verdict = shown(await people.press(card.buttons[0]))
    assert "Undo" not in labels(verdict)
    refused = shown(await people.press(Press("undo", card.buttons[0].press.deal)))
    assert refused.heading == "Only the rating of a card can be taken back"


async def test_what_a_mock_interview_asked_can_not_be_taken_back(
    people: Conversation, store: Store, clock: Clock
) -> None:
    noted = await rated(people, shown(await people.type("/quiz mode:flash")))
    ada = await store.learner(ADA, clock())
    session = Session("m1", ada.id, "mock", "", clock())
    await store.sessions.begin(session, [Step(1, "flask/one")])
    await store.sessions.ask(session, 1, noted.buttons[0].press.deal)
    refused = shown(await people.press(button(noted, "Undo")))
    assert refused.heading == "Only the rating of a card can be taken back"


async def test_in_a_group_a_rating_is_taken_back_by_its_owner_alone(people: Conversation) -> None:
    card = shown(await people.type("/quiz mode:flash", where=GROUP))
    notes = []
    for who in (ADA, BOB):
        answer = shown(await people.press(button(card, "Show answer"), who, GROUP))
        notes.append(shown(await people.press(button(answer, "Again"), who, GROUP)))
    reply = await people.press(button(notes[0], "Undo"), ADA, GROUP)
    assert reply == Reply(aside=shown(reply))
    assert shown(await people.press(button(notes[0], "Undo"), ADA, GROUP)).heading == "There is nothing to take back"
    answer = shown(await people.press(button(card, "Show answer"), BOB, GROUP))
    assert "Good" not in labels(answer)


async def test_of_several_presses_at_once_one_takes_the_rating_back(
    people: Conversation, database: Database, clock: Clock
) -> None:
    await rated(people, shown(await people.type("/quiz mode:flash topic:basics level:junior")), "Again")
    clock.advance(minutes=2)
    noted = await rated(people, shown(await people.type("/quiz mode:flash topic:basics level:junior")), "Again")
    replies = await asyncio.gather(*(people.press(button(noted, "Undo")) for _ in range(6)))
    assert sum(reply.edit is not None for reply in replies) == 1
    rows = await database.fetch("SELECT count(*) AS number FROM answer")
    assert rows[0]["number"] == 1


async def test_an_answer_that_comes_at_the_same_moment_is_not_lost_by_taking_back(
    store: Store, clock: Clock, people: Conversation
) -> None:
    """What is taken back rests on all answers: where one more has come, nothing is changed."""
    noted = await rated(people, shown(await people.type("/quiz mode:flash topic:basics level:junior")), "Again")
    ada = await store.learner(ADA, clock())
    stale = await store.reviews.answers(ada.id, "flask/one")
    clock.advance(minutes=2)
    await rated(people, shown(await people.type("/quiz mode:flash topic:basics level:junior")), "Good")
    before = await stored(store, clock, noted.buttons[0].press.deal)
    assert not await store.reviews.take_back(ada.id, "flask/one", stale, None)
    assert not await store.reviews.settle(ada.id, "flask/one", stale, reviewed(None, Rating.Easy, clock()))
    assert await stored(store, clock, noted.buttons[0].press.deal) == before
    assert len(await store.reviews.answers(ada.id, "flask/one")) == 2


async def stored(store: Store, clock: Clock, deal: str) -> Review | None:
    dealt = await store.dealt(deal, await store.learner(ADA, clock()))
    assert dealt
    return dealt.review


RATINGS = st.sampled_from(list(Rating))
HISTORIES = st.lists(
    st.tuples(RATINGS, st.integers(1, 60 * 60 * 24 * 40), st.floats(0, 0.999), st.booleans()), min_size=1, max_size=8
)


@given(HISTORIES)
def test_what_is_told_anew_is_what_py_fsrs_says_of_the_answers_that_are_left(
    history: list[tuple[Rating, int, float, bool]],
) -> None:
    """However far apart answers come, in parts of seconds too, and whichever are taken back."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    review: Review | None = None
    kept: list[Kept] = []
    for rating, wait, part, taken_back in history:
        now = now.replace(microsecond=0) + timedelta(seconds=wait + part)
        before, review = review, reviewed(review, rating, now)
        at = now.replace(microsecond=0)  # as the database keeps it
        kept.append(Kept("deal", "receipt", "flash", rating.name.lower(), "rated", at))
        assert replayed(kept) == review
        if taken_back:
            kept.pop()
            review = replayed(kept)
            assert review == before
    scheduler, card = Scheduler(enable_fuzzing=False), FsrsCard(card_id=0)
    for one in kept:
        card, _ = scheduler.review_card(card, rating_of(one), one.at)
    if review:
        found = (review.state, review.step, review.stability, review.difficulty, review.due_at, review.reviewed_at)
        assert found == (card.state, card.step, card.stability, card.difficulty, card.due, card.last_review)


@pytest.mark.parametrize("seed", range(4))
async def test_after_any_answers_and_any_taken_back_the_store_has_what_py_fsrs_says(
    people: Conversation, store: Store, clock: Clock, seed: int
) -> None:
    random = Random(seed)
    ada = await store.learner(ADA, clock())
    deal = ""
    for _ in range(12):
        clock.advance(seconds=random.randrange(1, 10**6), microseconds=random.randrange(10**6))
        if random.random() < 0.4:
            card = shown(await people.type("/quiz mode:choice topic:basics level:junior"))
            await people.press(random.choice(right_and_wrong(card)))
        else:
            card = shown(await people.type("/quiz mode:flash topic:basics level:junior"))
            noted = await rated(people, card, random.choice(["Again", "Hard", "Good", "Easy"]))
            if random.random() < 0.5:
                await people.press(button(noted, "Undo"))
        deal = card.buttons[0].press.deal
        scheduler, expected = Scheduler(enable_fuzzing=False), FsrsCard(card_id=0)
        answers = await store.reviews.answers(ada.id, "flask/one")
        for one in answers:
            expected, _ = scheduler.review_card(expected, rating_of(one), one.at)
        review = await stored(store, clock, deal)
        assert (review is None) == (not answers)
        if review:
            assert (review.stability, review.difficulty) == (expected.stability, expected.difficulty)
            assert (review.due_at, review.reviewed_at) == (expected.due, expected.last_review)


@pytest.mark.parametrize(
    ("mode", "value", "verdict", "rating"),
    [
        ("flash", "hard", "rated", Rating.Hard),
        ("choice", "0", "right", Rating.Good),
        ("choice", "2", "wrong", Rating.Again),
        ("typed", "39", "partly", Rating.Again),
        ("typed", "40", "partly", Rating.Hard),
        ("typed", "69", "partly", Rating.Hard),
        ("typed", "70", "partly", Rating.Good),
        ("typed", "100", "right", Rating.Good),
        ("typed", "0", "wrong", Rating.Again),
    ],
)
def test_every_kind_of_answer_has_a_rating(mode: str, value: str, verdict: str, rating: Rating) -> None:
    assert rating_of(Kept("deal", "receipt", mode, value, verdict, datetime(2026, 1, 1, tzinfo=UTC))) is rating


@given(st.floats(0, 1))
def test_a_share_has_the_same_rating_when_it_comes_back_from_the_database(share: float) -> None:
    kept = Kept("deal", "receipt", "typed", str(round(100 * share)), "partly", datetime(2026, 1, 1, tzinfo=UTC))
    assert rating_of(kept) is rating_of_share(share)


async def test_a_claimed_key_point_counts_for_when_the_question_comes_again(
    people: Conversation, store: Store, clock: Clock
) -> None:
    card = shown(await people.type("/quiz mode:typed topic:basics level:junior"))
    typing = button(card, "Type answer")
    verdict = shown(await people.answer(Request(ADA, HOME, Typed(typing.press, "I would say something else entirely"))))
    before = await stored(store, clock, typing.press.deal)
    assert before
    assert before.due_at - clock() < timedelta(minutes=2)
    await people.press(button(verdict, "I did say that"))
    after = await stored(store, clock, typing.press.deal)
    assert after == reviewed(None, Rating.Good, clock())


# What was missed again and again


async def miss(people: Conversation, clock: Clock, times: int) -> Card:
    """Miss the junior question of the basics so often, by turns as a choice and as a card; the last verdict."""
    for turn in range(times):
        clock.advance(minutes=30)
        if turn % 2:
            card = shown(await people.type("/quiz mode:choice topic:basics level:junior"))
            verdict = shown(await people.press(right_and_wrong(card)[1]))
        else:
            card = shown(await people.type("/quiz mode:flash topic:basics level:junior"))
            verdict = await rated(people, card, "Again")
    return verdict


async def test_what_was_missed_six_times_is_set_aside_and_told_once_with_advice(
    people: Conversation, store: Store, clock: Clock
) -> None:
    assert "Bring it back" not in labels(await miss(people, clock, MISSES - 1))
    clock.advance(minutes=30)
    card = shown(await people.type("/quiz mode:choice topic:basics level:junior"))
    wrong = right_and_wrong(card)[1]
    verdict = shown(await people.press(wrong))
    assert "You have missed this one 6 times" in verdict.body
    assert "in your own words" in verdict.body
    assert labels(verdict)[-1] == "Bring it back"
    clock.advance(minutes=1)
    assert "Bring it back" not in labels(shown(await people.press(wrong)))
    clock.advance(days=3)
    assert await due_now(store, clock) == []
    assert "Bring it back" not in labels(await miss(people, clock, 1))


async def test_it_is_listed_when_nothing_else_is_due_and_can_be_brought_back(
    people: Conversation, store: Store, clock: Clock
) -> None:
    await miss(people, clock, MISSES)
    clock.advance(days=1)
    card = shown(await people.type("/review"))
    assert card.heading == "Nothing is due"
    assert "1. What is one?" in card.body
    reply = await people.press(button(card, "Bring back 1"))
    assert reply == Reply(aside=shown(reply))
    assert shown(reply).heading == "It comes again"
    assert await due_now(store, clock) == ["flask/one"]
    assert shown(await people.press(button(card, "Bring back 1"))).heading == "This question is not set aside"
    clock.advance(minutes=1)
    assert "Bring it back" not in labels(await miss(people, clock, MISSES - 1))
    assert "Bring it back" in labels(await miss(people, clock, 1))


async def test_while_anything_is_due_what_was_set_aside_is_not_listed(people: Conversation, clock: Clock) -> None:
    await miss(people, clock, MISSES)
    await rated(people, shown(await people.type("/quiz mode:flash topic:basics level:mid")), "Again")
    clock.advance(days=1)
    assert shown(await people.type("/review")).heading == "What is two?"
    card = shown(await people.type("/review topic:contexts"))
    assert "What is one?" not in card.body


async def test_a_rating_that_set_a_question_aside_can_be_taken_back(
    people: Conversation, store: Store, clock: Clock
) -> None:
    await miss(people, clock, MISSES - 1)
    clock.advance(minutes=30)
    verdict = await rated(people, shown(await people.type("/quiz mode:flash topic:basics level:junior")), "Again")
    assert "Bring it back" in labels(verdict)
    await people.press(button(verdict, "Undo"))
    ada = await store.learner(ADA, clock())
    assert [one.aside for one in await store.reviews.known(ada.id)] == [False]


async def test_the_advice_names_the_questions_that_belong_to_it(store: Store, clock: Clock) -> None:
    questions = (question("one", follow_ups=["two", "gone"]), question("two", level="mid"))
    people = over(bank_of(*questions), store, clock)
    assert "Look at what belongs to it: What is two?" in (await miss(people, clock, MISSES)).body


async def test_of_misses_at_the_same_moment_one_sets_the_question_aside(
    people: Conversation, store: Store, clock: Clock
) -> None:
    await miss(people, clock, MISSES - 2)
    clock.advance(minutes=30)
    cards = [shown(await people.type("/quiz mode:choice topic:basics level:junior")) for _ in range(2)]
    await asyncio.gather(*(people.press(right_and_wrong(card)[1]) for card in cards))
    ada = await store.learner(ADA, clock())
    assert [one.aside for one in await store.reviews.known(ada.id)] == [True]


async def test_knowing_it_in_between_does_not_count_as_a_miss(people: Conversation, clock: Clock) -> None:
    await miss(people, clock, MISSES - 1)
    card = shown(await people.type("/quiz mode:choice topic:basics level:junior"))
    verdict = shown(await people.press(right_and_wrong(card)[0]))
    assert "Bring it back" not in labels(verdict)


# Numbers


async def test_stats_tell_what_is_due_today_and_in_the_next_seven_days(people: Conversation, clock: Clock) -> None:
    assert "due today" not in shown(await people.type("/stats")).body
    await answer_some(people, clock, 1, "Good")
    assert "1 review is due today, 1 of them later, and none in the seven days after." in await stats(people)
    clock.advance(minutes=10)
    assert "1 review is due today, and none" in await stats(people)
    await rated(people, shown(await people.type("/review")), "Good")
    await answer_some(people, clock, 1, "Easy")
    assert "0 reviews are due today. The next seven days bring Wed 1." in await stats(people)
    clock.advance(days=1)
    assert "0 reviews are due today. The next seven days bring Wed 1, Tue 1." in await stats(people)


async def stats(people: Conversation) -> str:
    return shown(await people.type("/stats")).body


async def test_the_days_of_the_forecast_are_the_learners_own(people: Conversation, clock: Clock) -> None:
    clock.time = clock.time.replace(hour=14, minute=55)
    await answer_some(people, clock, 1, "Good")
    assert "1 review is due today" in await stats(people)
    await people.type("/settings timezone:Asia/Tokyo")
    assert "0 reviews are due today. The next seven days bring Tue 1." in await stats(people)
    clock.advance(days=30)
    assert "1 review is due today" in await stats(people)


# Every answer counts


async def test_every_answer_in_any_mode_anywhere_updates_what_is_remembered(
    people: Conversation, store: Store, clock: Clock
) -> None:
    ada = await store.learner(ADA, clock())

    async def given() -> int:
        known = await store.reviews.known(ada.id)
        for one in known:
            answers = await store.reviews.answers(ada.id, one.question)
            assert replayed(answers)
            assert one.due == replayed(answers).due_at  # type: ignore[union-attr]
        return sum([len(await store.reviews.answers(ada.id, one.question)) for one in known])

    for number, where in enumerate((HOME, GROUP) * 2, 1):
        clock.advance(seconds=30.5)
        card = shown(await people.type("/quiz mode:choice topic:basics", where=where))
        await people.press(right_and_wrong(card)[number % 2], ADA, where)
        clock.advance(seconds=30.5)
        card = shown(await people.type("/quiz mode:flash", where=where))
        await people.press(Press("rate", card.buttons[0].press.deal, "hard"), ADA, where)
        clock.advance(seconds=30.5)
        card = shown(await people.type("/quiz mode:typed topic:basics", where=where))
        typed = Typed(button(card, "Type answer").press, "point of one")
        await people.answer(Request(ADA, where, typed))
        assert await given() == number * 3
