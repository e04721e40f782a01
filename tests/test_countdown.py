"""The days until an interview: the plan as a pure rule, learners who follow it, and what they are told."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.__main__ import core
from bot.bank.bank import Bank
from bot.config import Config
from bot.learners.countdown import LOOKS, Plan, missing_looks, plan, read_day
from bot.messages import Card
from bot.store.reviews import Interview
from bot.store.store import Store, new_id
from tests.conftest import opened
from tests.people import ADA, GROUP, Clock, Conversation, button, shown
from tests.samples import bank_of, question

TODAY = date(2026, 3, 2)


def planned(looks: dict[str, int], days: int, today: dict[str, int] | None = None, due: tuple[str, ...] = ()) -> Plan:
    """The plan of today, so many days before an interview that was set today."""
    before = {name: seen - (today or {}).get(name, 0) for name, seen in looks.items()}
    return plan(looks, today or {}, due, TODAY, TODAY + timedelta(days), TODAY, missing_looks(before))


# The plan


def test_what_is_missing_is_spread_evenly_over_the_days_that_are_left() -> None:
    looks = {f"q{number}": 0 for number in range(10)}
    assert planned(looks, 10) == Plan(10, ("q0", "q1"), 0, 0, 10)
    assert len(planned(looks, 7).today) == 3


def test_what_is_due_comes_first_then_what_was_seen_least() -> None:
    looks = {"once": 1, "never": 0, "due": 1, "twice": 2}
    assert planned(looks, 3, due=("due", "twice")).today == ("due", "never")
    assert planned(looks, 4, due=("other",)).today == ("never",)


def test_what_was_answered_today_is_done_for_today() -> None:
    looks = {"one": 1, "two": 0, "three": 0, "four": 0}
    assert planned(looks, 4, {"one": 1}).today == ("two",)
    assert planned(looks | {"two": 1}, 4, {"one": 1, "two": 1}).today == ()


def test_a_question_comes_twice_on_one_day_only_when_too_few_are_left() -> None:
    assert planned({"one": 0, "two": 1}, 1).today == ("one", "two", "one")
    assert planned({"one": 1, "two": 2}, 1, {"one": 1}).today == ("one",)
    assert planned({"one": 0, "two": 1, "three": 1}, 2, due=("two", "three")).today == ("one", "two")


def test_what_can_not_wait_is_asked_whatever_else_was_answered_today() -> None:
    looks = {"one": 0, "two": 0, "three": 2, "four": 2}
    assert planned(looks, 2, {"three": 1, "four": 1}).today == ("one", "two")


def test_what_was_answered_today_does_not_come_again_even_if_it_is_due() -> None:
    assert planned({"one": 1, "two": 0, "three": 0}, 3, {"one": 1}, due=("one",)).today == ("two",)


def test_on_the_day_itself_nothing_is_left_to_do() -> None:
    assert planned({"one": 0, "two": 2}, 0) == Plan(0, (), 0, 1, 2)


def test_whoever_skips_days_is_behind_and_finds_more_in_each_day() -> None:
    looks = {f"q{number}": 0 for number in range(10)}
    began = TODAY - timedelta(5)
    found = plan(looks, {}, (), TODAY, TODAY + timedelta(5), began, 20)
    assert (found.behind, len(found.today)) == (10, 4)
    caught_up = plan(dict.fromkeys(looks, 1), {}, (), TODAY, TODAY + timedelta(5), began, 20)
    assert (caught_up.behind, len(caught_up.today)) == (0, 2)


def test_whoever_moves_west_before_the_day_on_which_it_began_is_not_behind() -> None:
    found = plan({"one": 0, "two": 0}, {}, (), TODAY, TODAY + timedelta(5), TODAY + timedelta(1), 4)
    assert found == Plan(5, ("one",), 0, 0, 2)


@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=60),
    st.integers(1, 40),
    st.randoms(use_true_random=False),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Nuuk"]),
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
)
def test_whoever_answers_the_plan_each_day_has_seen_every_question_twice_before_the_day(
    counts: list[int], days: int, random: Random, zone: str, first: date
) -> None:
    """By the clock of a zone, through its changes of time; whether right or wrong, at any hour, in any number of parts.

    Wrong answers make questions due again, and some questions are answered that the plan did not ask for.
    """
    looks = {f"q{number}": count for number, count in enumerate(counts)}
    day, needed = first + timedelta(days), missing_looks(looks)
    now = datetime.combine(first, time(random.randrange(24)), ZoneInfo(zone)).astimezone(UTC)
    answered: list[tuple[datetime, str]] = []
    largest = -(-needed // days) + 1
    while (today := now.astimezone(ZoneInfo(zone)).date()) < day:
        due = set(random.sample(sorted(looks), random.randrange(len(looks) + 1)))
        at_once = random.choice([1, 3, 100])
        first_of_day = True
        while True:
            on_day = [name for at, name in answered if at.astimezone(ZoneInfo(zone)).date() == today]
            found = plan(looks, {name: on_day.count(name) for name in on_day}, due, today, day, first, needed)
            assert found.behind == 0
            if first_of_day:
                assert len(found.today) <= largest
                first_of_day = False
            if not found.today:
                break
            assert found.days == 1 or not set(found.today) & set(on_day)
            assert found.days == 1 or len(set(found.today)) == len(found.today)
            for name in found.today[:at_once]:
                looks[name] += 1
                answered.append((now, name))
            if random.random() < 0.2:  # somebody practises more than is asked
                more = random.choice(sorted(looks))
                looks[more] += 1
                answered.append((now, more))
        now = datetime.combine(today + timedelta(1), time(random.randrange(24)), ZoneInfo(zone)).astimezone(UTC)
    assert all(seen >= LOOKS for seen in looks.values())
    assert plan(looks, {}, (), day, day, first, needed) == Plan(0, (), 0, len(looks), len(looks))


# Dates


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-12-15", date(2026, 12, 15)),
        ("15 Dec", date(2026, 12, 15)),
        ("15. december 2027", date(2027, 12, 15)),
        ("Dec 15th, 2026", date(2026, 12, 15)),
        ("the 15th", None),
        ("15.12.", date(2026, 12, 15)),
        ("15.12", date(2026, 12, 15)),
        ("15.12.2026", date(2026, 12, 15)),
        ("1 March", date(2027, 3, 1)),
        ("2 Mar", TODAY),
        ("29 Feb", date(2028, 2, 29)),
        ("in 3 weeks", TODAY + timedelta(21)),
        ("in 1 day", TODAY + timedelta(1)),
        ("in a week", TODAY + timedelta(7)),
        ("tomorrow", TODAY + timedelta(1)),
        ("2026-02-30", None),
        ("31.2.", None),
        ("15 Smarch", None),
        ("0000-01-01", None),
        ("soon", None),
        ("", None),
    ],
)
def test_dates_are_read_as_people_write_them(written: str, meant: date | None) -> None:
    assert read_day(written, TODAY) == meant


@given(st.text(max_size=30), st.dates(date(1, 1, 1), date(9980, 1, 1)))
def test_any_text_is_a_date_or_none(written: str, today: date) -> None:
    read_day(written, today)


# What learners are told


@pytest.fixture
def people(bank: Bank, store: Store, clock: Clock) -> Conversation:
    table, dispatch, _ = core(Config(), bank, store, clock, Random(1))
    return Conversation(dispatch.answer, table)


async def answer_all(people: Conversation, clock: Clock, rating: str = "Good") -> list[str]:
    """Answer the whole review of now; the questions that it asked."""
    asked = []
    card = shown(await people.type("/review"))
    while card.buttons and card.buttons[0].label == "Show answer":
        asked.append(card.heading)
        clock.advance(seconds=30)
        rated = shown(await people.press(button(shown(await people.press(card.buttons[0])), rating)))
        card = shown(await people.press(button(rated, "Next question")))
    return asked


async def standing(people: Conversation) -> str:
    """The line about the interview in /stats."""
    parts = shown(await people.type("/stats")).body.split("\n\n")
    return next((part for part in parts if "seen twice" in part or "Your interview" in part), "")


async def test_setting_an_interview_says_what_it_takes(people: Conversation) -> None:
    card = shown(await people.type("/settings interview:2026-03-05 topic:basics"))
    assert card.heading == "Your interview: Thu 2026-03-05"
    assert "2 questions that most interviews ask" in card.body
    assert "3 days left · 0 of 2 seen twice · on track: 2 today" in card.body
    assert "3 days left" in shown(await people.type("/settings")).body
    assert "0 of 3" in shown(await people.type("/settings interview:2026-03-05")).body
    assert "0 of 1" in shown(await people.type("/settings topic:contexts")).body


@pytest.mark.parametrize(
    ("written", "heading"),
    [
        ("interview:2026-03-01", "That day is over"),
        ("interview:2028-03-03", "That is more than two years away"),
        ("interview:soon", "I don't understand the date “soon”"),
        ('interview:"*x*"', r"I don't understand the date “\*x\*”"),
        ("interview:2026-03-05 topic:contxts", "I know no topic “contxts”"),
        ("topic:contexts", "When is your interview?"),
    ],
)
async def test_what_can_not_be_counted_down_to_is_refused_in_a_sentence(
    people: Conversation, written: str, heading: str
) -> None:
    assert shown(await people.type(f"/settings {written}")).heading == heading
    assert await standing(people) == ""


async def test_a_topic_without_priority_questions_is_refused(store: Store, clock: Clock) -> None:
    table, dispatch, _ = core(Config(), bank_of(question("plain")), store, clock, Random(1))
    refused = shown(await Conversation(dispatch.answer, table).type("/settings interview:2026-03-05"))
    assert refused.heading == "No question there is marked as asked in most interviews"


async def test_an_interview_ends_when_it_is_called_off(people: Conversation) -> None:
    await people.type("/settings interview:2026-03-05")
    assert await standing(people)
    await people.type("/settings interview:off")
    assert await standing(people) == ""
    assert shown(await people.type("/settings interview:off")).heading == "No interview is counted down to"


async def test_a_review_has_what_is_due_and_then_the_questions_of_today(people: Conversation, clock: Clock) -> None:
    await people.type("/settings interview:2026-03-04 topic:basics")
    assert sorted(await answer_all(people, clock)) == ["What is one?", "What is two?"]
    assert await standing(people) == "2 days left · 0 of 2 seen twice · on track, done for today"
    assert shown(await people.type("/review")).heading == "Nothing is due"
    clock.advance(days=1)
    assert await standing(people) == "1 day left · 0 of 2 seen twice · on track: 2 today"
    assert sorted(await answer_all(people, clock)) == ["What is one?", "What is two?"]
    assert await standing(people) == "1 day left · 2 of 2 seen twice · on track, nothing is missing"


async def test_a_review_of_a_topic_or_of_mistakes_has_nothing_of_the_plan(people: Conversation) -> None:
    await people.type("/settings interview:2026-03-04")
    assert shown(await people.type("/review topic:basics")).heading == "There is nothing to review yet"
    assert shown(await people.type("/review mistakes:yes")).heading == "There is nothing to review yet"
    assert shown(await people.type("/review")).heading.startswith("What is")


async def test_whoever_leaves_a_review_finds_the_rest_of_today_in_the_next(people: Conversation, clock: Clock) -> None:
    await people.type("/settings interview:2026-03-04 topic:basics")
    end = shown(await people.press(button(shown(await people.type("/review")), "Leave")))
    assert end.heading == "Review left"
    assert dict(shown(await people.press(button(end, "Review more"))).fields)["Review"] == "1 of 2"


async def test_who_waits_is_told_how_many_are_missing(people: Conversation, clock: Clock) -> None:
    await people.type("/settings interview:2026-03-08")
    clock.advance(days=3)
    assert await standing(people) == "3 days left · 0 of 3 seen twice · 3 behind: 2 today"


async def test_on_the_day_before_a_question_comes_twice_in_one_review(people: Conversation, clock: Clock) -> None:
    await people.type("/settings interview:tomorrow topic:basics")
    asked = await answer_all(people, clock, "Easy")
    assert sorted(asked) == ["What is one?"] * 2 + ["What is two?"] * 2
    assert len(set(asked[:2])) == 2


async def first_answer(people: Conversation, clock: Clock) -> Card:
    card = shown(await people.type("/quiz mode:flash"))
    clock.advance(seconds=20)
    return shown(await people.press(button(shown(await people.press(card.buttons[0])), "Good")))


async def test_the_first_answer_of_each_day_tells_it_and_the_others_do_not(people: Conversation, clock: Clock) -> None:
    await people.type("/settings interview:2026-03-20")
    for left in (18, 17):
        assert dict((await first_answer(people, clock)).fields)["Interview"].startswith(f"{left} days left · 0 of 3")
        assert "Interview" not in dict((await first_answer(people, clock)).fields)
        clock.advance(days=1)


async def test_in_a_group_the_interview_is_not_spoken_of(people: Conversation, clock: Clock) -> None:
    await people.type("/settings interview:2026-03-20")
    card = shown(await people.type("/quiz mode:choice", where=GROUP))
    assert "Interview" not in dict(shown(await people.press(card.buttons[0], ADA, GROUP)).fields)
    assert "Interview" in dict((await first_answer(people, clock)).fields)


async def test_on_the_day_there_are_good_wishes_and_afterwards_a_question_once(
    people: Conversation, clock: Clock, store: Store
) -> None:
    await people.type("/settings interview:2026-03-03")
    clock.advance(days=1)
    assert "Good luck" in await standing(people)
    assert "Good luck" in dict((await first_answer(people, clock)).fields)["Interview"]
    clock.advance(days=1)
    asked = dict((await first_answer(people, clock)).fields)["Interview"]
    assert asked.startswith("Your interview was on Tue 2026-03-03. How did it go?")
    assert await standing(people) == ""
    ada = await store.learner(ADA, clock())
    assert await store.reviews.interview(ada.id) is None


async def test_setting_the_day_itself_brings_good_wishes(people: Conversation) -> None:
    assert "Good luck" in shown(await people.type("/settings interview:today")).body


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(2, 9),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Auckland"]),
    st.randoms(use_true_random=False),
)
async def test_a_learner_who_reviews_each_day_has_seen_all_twice_before_the_day(
    tmp_path: Path, days: int, zone: str, random: Random
) -> None:
    """Through the change of the clocks at the end of March, in conversation, right or wrong."""
    clock, local = Clock(), ZoneInfo(zone)
    async for database in opened(f"sqlite:///{tmp_path}/{new_id(11)}.db"):
        store = Store(database)
        questions = bank_of(*(question(f"q{number}", priority=number < 7) for number in range(9)))
        table, dispatch, _ = core(Config(), questions, store, clock, Random(1))
        people = Conversation(dispatch.answer, table)
        await people.type(f"/settings timezone:{zone}")
        clock.time = datetime(2026, 3, 26 + random.randrange(4), 20, tzinfo=UTC)
        day = clock().astimezone(local).date() + timedelta(days)
        await people.type(f"/settings interview:{day}")
        while clock().astimezone(local).date() < day:
            await answer_all(people, clock, random.choice(["Again", "Hard", "Good", "Easy"]))
            clock.advance(days=1)
        ada = await store.learner(ADA, clock())
        looks = await store.reviews.looks(ada.id, clock())
        assert all(looks[f"flask/q{number}"].all >= LOOKS for number in range(7))


async def test_of_two_answers_at_once_one_speaks_of_the_interview(store: Store, clock: Clock) -> None:
    ada = await store.learner(ADA, clock())
    await store.reviews.prepare(ada.id, Interview(TODAY + timedelta(9), "", TODAY, 6))
    for day in (TODAY, TODAY + timedelta(1)):
        assert sum(await asyncio.gather(*(store.reviews.tell(ada.id, day) for _ in range(6)))) == 1
    assert not await store.reviews.tell(ada.id, TODAY)  # a day that comes again further west
