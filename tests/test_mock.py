"""The mock interview: what it asks, how it is answered and rated, how it is gone on with, and its report."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord.rendering import render as discord_pages
from adapters.telegram import rendering
from bot.__main__ import Core, core
from bot.bank.bank import Bank, Entry, Filters
from bot.bank.model import QUESTION_LIMIT, Question, Section, Topic
from bot.config import Config
from bot.messages import Card, Person, Press, Reply, Request, Room, Tone, Typed, Voice
from bot.platforms import Gone
from bot.practice.interview import (
    LONGEST,
    Marks,
    Outcome,
    choose,
    extra,
    follow_up,
    strongest,
    timed,
    weakest,
)
from bot.practice.mock import KIND
from bot.practice.report import impression, report_card, report_file, shortened
from bot.store.database import Database
from bot.store.reviews import Review
from bot.store.sessions import Session, Step
from bot.store.store import Learner, Store
from tests.people import ADA, BOB, GROUP, HOME, HOME_OF_BOB, Clock, Conversation, button, shown
from tests.samples import bank_of, question

LEVELS = ("junior", "mid", "senior")


def asked_about(name: str, section: str, level: str, **values: object) -> tuple[str, Question]:
    """A question whose one key point is made by saying "NAME holds everything together"."""
    point = {"id": "one", "text": f"{name} holds everything together", "accept": [f"{name} holds everything together"]}
    defaults = {"choices": 0, "key_points": [point], "sources": [f"https://example.org/{name}"]}
    return question(name, section=section, level=level, **(defaults | values))


@pytest.fixture
def bank() -> Bank:
    """Nine questions of three sections and levels; each junior one is followed up by a tenth or eleventh."""
    return bank_of(
        *(
            asked_about(f"{section}-{level}", section, level, follow_ups=["deeper", "deepest"])
            for section in ("routing", "contexts", "testing")
            for level in LEVELS
        ),
        asked_about("deeper", "depths", "senior"),
        asked_about("deepest", "depths", "senior"),
    )


@pytest.fixture
def made(bank: Bank, store: Store, clock: Clock) -> Core:
    return core(Config(), bank, store, clock, Random(1))


@pytest.fixture
def people(made: Core) -> Conversation:
    return Conversation(made.dispatch.answer, made.commands)


def over(bank: Bank, store: Store, clock: Clock) -> Conversation:
    """The whole core, started anew."""
    started = core(Config(), bank, store, clock, Random(1))
    return Conversation(started.dispatch.answer, started.commands)


def labels(card: Card) -> list[str]:
    return [one.label for one in card.buttons]


def fields(card: Card) -> dict[str, str]:
    return dict(card.fields)


def number(card: Card) -> str:
    """Which question a card asks."""
    return card.body.partition(" · ")[0].removeprefix("*")


async def begun(people: Conversation, line: str = "/mock questions:3") -> Card:
    """The first question of an interview."""
    return shown(await people.press(button(shown(await people.type(line)), "Begin")))


async def typed(people: Conversation, card: Card, text: str) -> Reply:
    return await people.answer(Request(ADA, HOME, Typed(button(card, "Type answer").press, text)))


async def said(people: Conversation, card: Card, ratings: str = "444") -> Card:
    """Say an answer and rate it for clarity, correctness and brevity; the last card."""
    card = shown(await people.press(button(card, "I have said it")))
    for letter, rating in zip("CRB", ratings, strict=False):
        card = shown(await people.press(button(card, letter + rating)))
    return card


async def onward(people: Conversation, card: Card) -> Reply:
    return await people.press(button(card, "Next question"))


async def skipped(people: Conversation, card: Card) -> Reply:
    return await people.press(button(card, "Skip"))


async def finished(people: Conversation, card: Card, *ratings: str) -> Reply:
    """Say all answers with these ratings, of which one is given where there is no other; the report."""
    given = list(ratings)
    while "I have said it" in labels(card):
        reply = await onward(people, await said(people, card, given.pop(0) if given else "333"))
        card = shown(reply)
    return reply


# What is asked


def entries(bank: Bank) -> list[Entry]:
    pool = bank.pool(Filters())
    return [entry for name in (*pool.priority, *pool.others) if (entry := bank.entry(name))]


BANKS = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(LEVELS), st.booleans(), st.booleans()), min_size=1, max_size=40
)


@given(BANKS, st.integers(3, LONGEST), st.randoms(use_true_random=False))
def test_questions_are_spread_over_sections_from_warm_up_to_senior_and_none_comes_twice(
    rows: list[tuple[str, str, bool, bool]], wanted: int, random: Random
) -> None:
    there = entries(
        bank_of(*(question(f"q{n}", section=row[0], level=row[1], priority=row[2]) for n, row in enumerate(rows)))
    )
    seen = {f"flask/q{n}" for n, row in enumerate(rows) if row[3]}
    fresh = [entry for entry in there if entry.name not in seen]
    chosen = choose(there, wanted, seen, random)
    by_name = {entry.name: entry for entry in there}
    assert len(chosen) == len(set(chosen)) == min(wanted, len(there))
    heights = [LEVELS.index(by_name[name].question.level) for name in chosen]
    assert heights == sorted(heights)
    assert len(seen.intersection(chosen)) == max(0, len(chosen) - len(fresh))
    uses = Counter(by_name[name].section.id for name in chosen if name not in seen)
    for entry in fresh:
        if entry.name not in chosen:
            assert uses[entry.section.id] >= max(uses.values(), default=0) - 1
    with_priority = {(entry.section.id, entry.question.level) for entry in fresh if entry.question.priority}
    left = {(e.section.id, e.question.level) for e in fresh if e.question.priority and e.name not in chosen}
    for name in chosen:
        entry = by_name[name]
        if name not in seen and not entry.question.priority and (entry.section.id, entry.question.level) in left:
            raise AssertionError(f"{name} came before what most interviews ask, of {with_priority}")


def test_all_levels_come_where_sections_have_them(bank: Bank) -> None:
    there = [entry for entry in entries(bank) if entry.section.id != "depths"]
    for seed in range(20):
        chosen = choose(there, 6, (), Random(seed))
        assert [name.rpartition("-")[2] for name in chosen] == ["junior", "junior", "mid", "mid", "senior", "senior"]


def test_the_same_random_numbers_choose_the_same_questions(bank: Bank) -> None:
    assert choose(entries(bank), 5, (), Random(7)) == choose(entries(bank), 5, (), Random(7))
    assert len({tuple(choose(entries(bank), 5, (), Random(seed))) for seed in range(20)}) > 5


def test_a_follow_up_is_the_first_that_there_is_and_was_not_asked(bank: Bank) -> None:
    entry = bank.entry("flask/routing-mid")
    assert entry
    both = ("flask/deeper", "flask/deepest")
    assert follow_up(entry, both, ()) == "flask/deeper"
    assert follow_up(entry, both, {"flask/deeper"}) == "flask/deepest"
    assert follow_up(entry, both[1:], ()) == "flask/deepest"
    assert follow_up(entry, both, both) == ""


@given(st.integers(0, 10**6), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_marks_are_kept_as_digits(seconds: int, clarity: int, correctness: int, brevity: int) -> None:
    marks = Marks(seconds, clarity, correctness, brevity)
    assert marks.pack().isdecimal()
    assert Marks.unpack(marks.pack()) == marks
    assert Marks.unpack("") is None


# Beginning


async def test_the_first_card_says_how_it_goes_and_begin_asks_the_first_question(people: Conversation) -> None:
    reply = await people.type("/mock")
    card = shown(reply)
    assert reply == Reply(new=card)
    assert card.heading == "Mock interview: 5 questions"
    assert "After 30 seconds I tell you so; nobody is cut off." in card.body
    assert labels(card) == ["Begin"]
    first = shown(await people.press(button(card, "Begin")))
    assert number(first) == "Question 1 of 5"
    assert "30 seconds to think and speak, or type it." in first.body
    assert labels(first) == ["I have said it", "Type answer", "Skip", "Leave"]


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("/mock questions:15", "Mock interview: 11 questions"),  # the bank has no more
        ("/mock routing", "Mock interview: 3 questions"),
        ("/mock flask 4", "Mock interview: 4 questions"),
        ("/mock 04", "Mock interview: 4 questions"),
        ("/mock nowhere", "I know no topic “nowhere”"),
        ("/mock flask4", "I know no topic “flask4”"),
        ("/mock nowhere 4", "I know no topic “nowhere”"),
        ("/mock flask 2", "An interview has 3 to 15 questions"),
        ("/mock flask 16", "An interview has 3 to 15 questions"),
        ("/mock questions:2", "That does not fit"),
        ("/mock questions:many", "That does not fit"),
    ],
)
async def test_topic_and_number_are_what_is_asked_for(people: Conversation, line: str, heading: str) -> None:
    assert shown(await people.type(line)).heading == heading


async def test_in_a_shared_room_an_interview_is_refused_kindly(people: Conversation) -> None:
    reply = await people.type("/mock", where=GROUP)
    assert reply == Reply(aside=shown(reply))
    assert "Write me `/mock` in private" in shown(reply).body
    begin = button(shown(await people.type("/mock")), "Begin")
    assert "Write me `/mock` in private" in shown(await people.press(begin, where=GROUP)).body


async def test_what_the_last_interview_asked_does_not_come_again_while_there_is_something_else(
    people: Conversation,
) -> None:
    seen = []
    for _ in range(2):
        card = await begun(people, "/mock questions:5")
        while "Skip" in labels(card):
            seen.append(card.heading)
            card = shown(await skipped(people, card))
    assert len(set(seen)) == len(seen) == 10


async def test_a_question_without_key_points_is_not_typed(store: Store, clock: Clock) -> None:
    people = over(bank_of(*(question(f"q{n}", key_points=[], choices=0) for n in range(3))), store, clock)
    card = await begun(people)
    assert labels(card) == ["I have said it", "Skip", "Leave"]
    assert card.body.endswith("30 seconds to think and speak.")
    assert (await said(people, card)).heading.startswith("Noted")


# What is said


async def test_what_was_said_is_timed_and_rated_beside_the_answer(people: Conversation, clock: Clock) -> None:
    card = await begun(people)
    clock.advance(seconds=41)
    reply = await people.press(button(card, "I have said it"))
    answer = shown(reply)
    assert reply == Reply(edit=answer)
    assert answer.heading == card.heading
    assert "You took 41 s; 30 is the aim." in answer.body
    assert "The answer to" in answer.body
    assert "**A listener waits for:**\n\n- " in answer.body
    assert [[one.label for one in row] for row in answer.rows] == [
        ["C1", "C2", "C3", "C4", "C5"],
        ["R1", "R2", "R3", "R4", "R5"],
        ["B1", "B2", "B3", "B4", "B5"],
        ["Leave"],
    ]
    assert fields(answer) == {"Mock interview": "Question 1 of 3", "Clear": "–", "Right": "–", "Brief": "–"}


async def test_the_buttons_of_a_rating_stay_in_three_rows_on_a_phone(people: Conversation) -> None:
    answer = shown(await people.press(button(await begun(people), "I have said it")))
    assert all(list(rendering._fitting(row)) == [row] for row in answer.rows)


async def test_ratings_can_be_changed_until_all_three_are_given(
    people: Conversation, database: Database, clock: Clock
) -> None:
    card = shown(await people.press(button(await begun(people), "I have said it")))
    clock.advance(minutes=3)
    for label, told in (("R2", "–2–"), ("C5", "52–"), ("R4", "54–"), ("C3", "34–")):
        reply = await people.press(button(card, label))
        card = shown(reply)
        assert reply == Reply(edit=card)
        assert "".join(fields(card)[name] for name in ("Clear", "Right", "Brief")) == told
        assert button(card, label).tone is Tone.GOOD
        assert sum(one.tone is Tone.GOOD for one in card.buttons) == 3 - told.count("–")
    assert not await database.fetch("SELECT * FROM answer")
    last = shown(await people.press(button(card, "B1")))
    assert last.heading == "Noted: clear 3, right 4, brief 1"
    assert "You took 0 s" in last.body
    assert fields(last) == {"Mock interview": "Question 1 of 3", "Streak": "1 day"}
    assert labels(last) == ["Explanation", "Code", "Next question", "Leave"]
    late = await people.press(button(card, "R1"))
    assert late == Reply(aside=shown(late))
    assert shown(late).heading == last.heading
    assert [(row["value"], row["verdict"], row["mode"]) for row in await database.fetch("SELECT * FROM answer")] == [
        ("good", "rated", "flash")
    ]


@pytest.mark.parametrize(
    ("correct", "value"), list(zip("12345", ("again", "hard", "good", "good", "easy"), strict=True))
)
async def test_how_correct_it_was_decides_when_it_comes_again_and_earns_no_points(
    people: Conversation, database: Database, correct: str, value: str
) -> None:
    await said(people, await begun(people), f"1{correct}5")
    (row,) = await database.fetch("SELECT value, points FROM answer")
    assert (row["value"], row["points"]) == (value, 0)
    assert len(await database.fetch("SELECT * FROM review")) == 1
    assert len(await database.fetch("SELECT * FROM practice_day")) == 1


async def test_who_was_away_is_told_no_time(people: Conversation, clock: Clock) -> None:
    card = await begun(people)
    clock.advance(seconds=601)
    answer = shown(await people.press(button(card, "I have said it")))
    assert "You were away in between" in answer.body
    assert timed(600) == 600


async def test_to_have_said_it_twice_is_to_have_said_it_once(people: Conversation, clock: Clock) -> None:
    card = await begun(people)
    clock.advance(seconds=20)
    first = shown(await people.press(button(card, "I have said it")))
    clock.advance(seconds=20)
    assert shown(await people.press(button(card, "I have said it"))) == first
    rated = shown(await people.press(button(first, "C2")))
    assert shown(await people.press(button(card, "I have said it"))) == rated
    for label in ("R2", "B2"):
        rated = shown(await people.press(button(rated, label)))
    again = await people.press(button(card, "I have said it"))
    assert again == Reply(aside=shown(again))
    assert shown(again).heading == rated.heading


async def test_a_voice_message_is_something_said_with_its_own_length(people: Conversation, clock: Clock) -> None:
    card = await begun(people)
    clock.advance(seconds=50)
    reply = await people.answer(Request(ADA, HOME, Voice(button(card, "Type answer").press, 28)))
    answer = shown(reply)
    assert reply == Reply(new=answer)
    assert "You took 28 s" in answer.body
    assert "C1" in labels(answer)


# What is typed


async def test_a_typed_answer_is_graded_as_in_a_quiz_and_told_its_time(people: Conversation, clock: Clock) -> None:
    card = await begun(people)
    clock.advance(seconds=41)
    verdict = shown(await typed(people, card, "nothing of the kind that anybody would wait for"))
    assert verdict.heading == "Not quite ✘"
    assert fields(verdict)["Mock interview"] == "Question 1 of 3"
    assert fields(verdict)["Time"] == "You took 41 s; 30 is the aim."
    assert labels(verdict)[-2:] == ["Next question", "Leave"]
    claimed = shown(await people.press(button(verdict, "I did say that")))
    assert fields(claimed)["Mock interview"] == "Question 1 of 3"
    assert number(shown(await onward(people, verdict))) == "Question 1 of 3, follow-up"  # a claim is believed


async def test_a_typed_answer_earns_points_but_not_after_its_answer_was_seen(
    people: Conversation, database: Database, clock: Clock
) -> None:
    card = await begun(people)
    clock.advance(seconds=20)
    verdict = shown(await typed(people, card, f"The {_subject(card)} holds everything together."))
    assert verdict.heading == "Correct ✔"
    assert fields(verdict)["Points"].startswith("+")
    card = shown(await onward(people, verdict))
    clock.advance(seconds=20)
    await people.press(button(card, "I have said it"))
    late = await typed(people, card, f"The {_subject(card)} holds everything together.")
    assert late == Reply(aside=shown(late))
    assert shown(late).heading == "You have seen the answer"
    assert len(await database.fetch("SELECT * FROM answer")) == 1


def _subject(card: Card) -> str:
    return card.heading.removeprefix("What is ").removesuffix("?")


async def test_what_was_typed_can_not_be_said_too(people: Conversation, clock: Clock) -> None:
    card = await begun(people)
    clock.advance(seconds=20)
    verdict = shown(await typed(people, card, f"The {_subject(card)} holds everything together."))
    again = await people.press(button(card, "I have said it"))
    assert again == Reply(aside=shown(again))
    assert shown(again).heading == verdict.heading


async def test_outside_of_an_interview_typed_answers_are_as_before(people: Conversation) -> None:
    card = shown(await people.type("/quiz mode:typed"))
    verdict = shown(await typed(people, card, "something or other that is wrong"))
    assert {"Mock interview", "Time"}.isdisjoint(fields(verdict))
    assert "Leave" not in labels(verdict)


# What follows up


async def test_after_a_good_answer_an_interviewer_asks_on_once_and_at_most_a_third_more(people: Conversation) -> None:
    card = await begun(people)
    headings, numbers = [], []
    while "Skip" in labels(card):
        headings.append(card.heading)
        numbers.append(number(card))
        card = shown(await onward(people, await said(people, card, "444")))
    assert numbers == ["Question 1 of 3", "Question 1 of 3, follow-up", "Question 2 of 3", "Question 3 of 3"]
    assert headings[1] in ("What is deeper?", "What is deepest?")
    assert [extra(wanted) for wanted in (3, 5, 6, 15)] == [1, 1, 2, 5]


@pytest.mark.parametrize("ratings", ["535", "515"])
async def test_after_a_poor_answer_nothing_follows_up(people: Conversation, ratings: str) -> None:
    card = shown(await onward(people, await said(people, await begun(people), ratings)))
    assert number(card) == "Question 2 of 3"
    assert number(shown(await skipped(people, card))) == "Question 3 of 3"


async def test_a_typed_answer_that_is_right_is_followed_up_too(people: Conversation, clock: Clock) -> None:
    card = await begun(people)
    verdict = shown(await typed(people, card, f"The {_subject(card)} holds everything together."))
    assert number(shown(await onward(people, verdict))) == "Question 1 of 3, follow-up"


async def test_what_is_planned_anyway_does_not_follow_up(store: Store, clock: Clock) -> None:
    questions = [asked_about(f"q{n}", "all", "junior", follow_ups=[f"q{1 - n}"] if n < 2 else []) for n in range(3)]
    people = over(bank_of(*questions), store, clock)
    reply = await finished(people, await begun(people), "555", "555", "555")
    assert shown(reply).heading == "Your interview: 3 of 3 answered"


async def test_a_follow_up_that_left_the_bank_before_it_was_asked_is_not_replaced(
    people: Conversation, store: Store
) -> None:
    rated = await said(people, await begun(people, "/mock questions:6"), "444")
    found = await store.sessions.of_deal(button(rated, "Next question").press.deal)
    assert found
    session, step = found
    assert await store.sessions.add(session, Step(step.place + 1, "flask/gone", step.question))
    assert number(shown(await onward(people, rated))) == "Question 2 of 6"


# The report


async def test_the_report_tells_every_question_and_what_to_do_next(people: Conversation, clock: Clock) -> None:
    card = await begun(people)
    asked = [card.heading]
    clock.advance(seconds=41)
    card = shown(await onward(people, await said(people, card, "534")))
    asked.append(card.heading)
    clock.advance(seconds=12)
    card = shown(await onward(people, shown(await typed(people, card, "something or other that is wrong"))))
    asked.append(card.heading)
    reply = await skipped(people, card)
    report = shown(reply)
    assert reply == Reply(new=report, file=reply.file)
    assert report.heading == "Your interview: 2 of 3 answered"
    first, _, third = asked
    sentences, lines, *rest = report.body.split("\n\n")
    assert sentences == (
        f"Your strongest answer was to “{first}”. To “{third}” you gave no answer. "
        "Next time say the little that you know, and how you would find out the rest."
    )
    shown_lines = lines.split("  \n")
    assert shown_lines[0].startswith(f"**1.** {first} · ")
    assert shown_lines[0].endswith(" · 41 s · clear 5, right 3, brief 4")
    assert shown_lines[1].endswith(" · 12 s · 0 of 1 key points")
    assert shown_lines[2].endswith(" · not answered")
    assert "**To review:** 2, 3" in rest
    assert labels(report) == ["Review these", "New interview"]


async def test_the_file_has_answers_key_points_what_was_typed_and_where_to_read_on(
    people: Conversation, clock: Clock
) -> None:
    card = await begun(people)
    name = _subject(card)
    clock.advance(seconds=41)
    verdict = shown(await typed(people, card, f"The {name} holds everything together. <b> @everyone"))
    reply = await people.press(button(verdict, "Leave"))
    assert reply.file
    assert reply.file.name == "interview-2026-03-02.md"
    written = reply.file.content.decode()
    assert written.startswith("# Mock interview, 2026-03-02\n\nYour strongest answer was to")
    assert "1 of 1 went well (41 s)" in written
    assert f"## 1. What is {name}?" in written
    assert "You took 41 s; 30 is the aim." in written
    assert r"**You said:** The" in written
    assert r"\<b\> \@everyone" in written
    assert f"**Said in 30 seconds:**\n\nThe answer to {name}." in written
    assert f"- ✔ {name} holds everything together" in written
    assert f"- <https://example.org/{name}>" in written


async def test_sections_are_compared_where_one_was_asked_twice(people: Conversation) -> None:
    card = await begun(people, "/mock routing 3")
    report = shown(await finished(people, card, "333", "111", "333"))
    assert "**By section:** Routing: 2 of 3 went well" in report.body


async def test_an_interview_can_be_left_with_a_report_of_what_was_answered(people: Conversation) -> None:
    card = await begun(people, "/mock questions:5")
    card = shown(await onward(people, await said(people, card, "333")))
    reply = await people.press(button(card, "Leave"))
    report = shown(reply)
    assert reply == Reply(edit=report, file=reply.file)
    assert report.heading == "Your interview: 1 of 5 answered"
    assert "3 questions were not asked." in report.body
    assert reply.file
    again = await people.press(button(card, "Leave"))
    assert again == reply
    assert shown(await people.type("/mock")).heading == "Mock interview: 5 questions"


async def test_who_leaves_before_the_first_answer_gets_no_report(people: Conversation) -> None:
    card = await begun(people)
    reply = await people.press(button(card, "Leave"))
    assert reply == Reply(edit=shown(reply))
    assert shown(reply).heading == "Interview left"


def outcomes_of(size: int, answer: Callable[[int], dict[str, object]], long: bool = True) -> list[Outcome]:
    """Outcomes of questions, whose texts are as long as they may be if they are to be `long`."""
    text = ("`long` " + "words " * 100)[: QUESTION_LIMIT - 1] + "?" if long else "What?"
    values = {"id": "x", "question": text, "answer": "word " * 199, "sources": ["https://example.org/" + "x" * 150] * 3}
    found = []
    for place in range(size):
        one = Question.model_validate(values | {"id": f"q{place}"})
        section = Section(id=f"s{place // 2}", title=f"{place // 2}" + "T" * 198, questions=(one,))
        topic = Topic(id="t", title="T" * 200, sections=(section,))
        found.append(Outcome(Entry(f"t/q{place}", topic, section, one), **answer(place)))  # type: ignore[arg-type]
    return found


@pytest.mark.parametrize("size", [1, 3, 20])
@pytest.mark.parametrize(
    "answer",
    [
        lambda place: {},
        lambda place: {"answered": True, "seconds": 600, "marks": Marks(600, 5, 2, 5), "follows": True},
        lambda place: {
            "answered": True,
            "seconds": 599,
            "share": 0.5,
            "points": (("T" * 200, True),) * 12,
            "text": "word " * 900,
            "remembered": True,
        },
    ],
)
def test_the_longest_report_is_one_message_on_every_platform_and_its_file_fits(
    size: int, answer: Callable[[int], dict[str, object]]
) -> None:
    outcomes = outcomes_of(size, answer)
    card = report_card(outcomes, left=3)
    assert len(discord_pages(card)) == 1
    assert len(rendering.render(card, lambda press: "https://t.me/x")) == 1
    assert len(card.heading) + len(card.body) < 3_900
    assert card.body.count("`") % 2 == 0
    assert all(f"**{place}.** `long`" in card.body for place in range(1, size + 1))
    assert report_file(outcomes, Clock()().date()).content.decode().count("## ") == size + 1


def test_a_question_is_cut_between_words_and_outside_of_code() -> None:
    assert shortened("What is it?", 11) == "What is it?"
    assert shortened("What is it?", 10) == "What is…"
    assert shortened("What is `url_for and more` for?", 20) == "What is…"
    assert shortened("x" * 30, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([{"marks": Marks(20, 5, 5, 5)}], "Next, take a longer interview"),
        ([{"marks": Marks(20, 3, 5, 4)}], "Next, be clearer"),
        ([{"marks": Marks(20, 5, 4, 2)}], "Next, be shorter"),
        ([{"marks": Marks(60, 5, 5, 5), "seconds": 60}], "Next, be shorter"),
        ([{"marks": Marks(20, 5, 2, 5)}, {"marks": Marks(20, 5, 5, 5)}], "Next, read the answers"),
        ([{"share": 0.9}, {"answered": False}], "Next time say the little that you know"),
    ],
)
def test_the_next_step_is_the_most_pressing_one(answers: list[dict[str, object]], words: str) -> None:
    found = outcomes_of(len(answers), lambda place: {"answered": True} | answers[place], long=False)
    assert impression(found)[2].startswith(words)


def test_the_strongest_and_the_weakest_are_told_apart() -> None:
    answers: list[dict[str, object]] = [
        {"answered": True, "share": 0.1},
        {"answered": True, "share": 1.0},
        {"answered": True, "marks": Marks(9, 5, 4, 5)},
        {"marks": Marks(9, 5)},  # said and not rated: nobody knows
    ]
    found = outcomes_of(4, lambda place: answers[place])
    assert (strongest(found), weakest(found)) == (found[1], found[0])
    assert [one.weak for one in found] == [True, False, False, False]
    silent = outcomes_of(2, lambda place: {})
    assert strongest(silent) is None
    assert weakest([*found, *silent]) == silent[0]
    assert strongest([]) is weakest([]) is None


# Reviewing what was weak


async def due(store: Store, clock: Clock) -> list[str]:
    return [name async for name in store.reviews.due((await store.learner(ADA, clock())).id, clock())]


async def test_what_was_weak_can_be_reviewed_at_once_and_is_brought_forward_only_once(
    people: Conversation, store: Store, clock: Clock
) -> None:
    card = await begun(people)
    weak = f"flask/{_subject(card)}"
    report = shown(await finished(people, card, "525"))  # hard: it comes again in minutes, or days
    press = button(report, "Review these")
    clock.advance(seconds=5)
    assert weak not in await due(store, clock)
    told = shown(await people.press(press))
    assert told.heading == "1 question is due now"
    assert labels(told) == ["Review"]
    assert await due(store, clock) == [weak]
    assert shown(await people.press(press)).heading == "They are in your reviews already"
    review = shown(await people.press(button(told, "Review")))
    assert f"flask/{_subject(review)}" == weak
    clock.advance(minutes=1)
    rating = button(shown(await people.press(button(review, "Show answer"))), "Easy")
    await people.press(rating)
    assert shown(await people.press(press)).heading == "They are in your reviews already"
    assert await due(store, clock) == []


async def test_what_was_skipped_and_never_answered_is_told_and_not_made_up(
    people: Conversation, database: Database
) -> None:
    card = await begun(people)
    for _ in range(3):
        card = shown(await skipped(people, card))
    assert labels(card) == ["New interview"]
    assert "**To review:** 1, 2, 3" in card.body
    assert "What you have never answered is not in your reviews yet" in card.body
    assert not await database.fetch("SELECT * FROM review")


async def test_what_was_skipped_but_known_before_is_brought_forward(
    people: Conversation, store: Store, clock: Clock
) -> None:
    for _ in range(11):
        quiz = shown(await people.type("/quiz mode:flash"))
        await people.press(button(shown(await people.press(button(quiz, "Show answer"))), "Easy"))
        clock.advance(seconds=1)
    card = await begun(people)
    names = []
    while "Skip" in labels(card):
        names.append(f"flask/{_subject(card)}")
        card = shown(await skipped(people, card))
    assert shown(await people.press(button(card, "Review these"))).heading == "3 questions are due now"
    assert sorted(await due(store, clock)) == sorted(names)


async def test_only_what_was_not_reviewed_since_is_brought_forward(store: Store, clock: Clock) -> None:
    ada = await store.learner(ADA, clock())
    await _reviewed(store, ada, clock, "flask/one")
    began = clock()
    clock.advance(hours=1)
    await _reviewed(store, ada, clock, "flask/two")
    names = ["flask/one", "flask/two", "flask/three"]
    assert await store.reviews.bring_forward(ada.id, names, began, clock()) == 1
    assert await store.reviews.bring_forward(ada.id, names, began, clock()) == 0
    assert await store.reviews.bring_forward(ada.id, [], began, clock()) == 0
    assert await due(store, clock) == ["flask/one"]


async def _reviewed(store: Store, learner: Learner, clock: Clock, name: str) -> None:
    from tests.samples import ledger
    from tests.test_store import RIGHT, dealt

    one = await dealt(store, learner, clock, clock().minute + 60 * clock().hour, name)
    review = Review(2, None, 3.5, 5.25, clock() + timedelta(days=1), clock())
    await store.answer(one, learner, RIGHT, review, clock().date(), ledger(clock().date()), clock())


# Going on


async def test_an_interview_is_gone_on_with_where_it_stood_after_a_restart(
    people: Conversation, bank: Bank, store: Store, clock: Clock
) -> None:
    card = shown(await onward(people, await said(people, await begun(people), "333")))
    people = over(bank, store, clock)
    clock.advance(days=2)
    stands = shown(await people.type("/mock"))
    assert stands.heading == "You are at question 2 of 3"
    assert stands.body == "It began on 2026-03-02."
    assert labels(stands) == ["Go on", "Start anew", "Leave"]
    assert shown(await people.press(button(stands, "Go on"))) == card
    rating = shown(await people.press(button(card, "I have said it")))
    rating = shown(await people.press(button(rating, "C4")))
    people = over(bank, store, clock)
    stands = shown(await people.type("/mock questions:3"))
    assert shown(await people.press(button(stands, "Go on"))) == rating
    for label in ("R3", "B3"):
        rating = shown(await people.press(button(rating, label)))
    stands = shown(await people.type("/mock"))
    card = shown(await people.press(button(stands, "Go on")))
    assert number(card) == "Question 3 of 3"
    people = over(bank, store, clock)
    report = shown(await skipped(people, card))
    assert report.heading == "Your interview: 2 of 3 answered"


async def test_an_interview_that_stands_can_be_left_or_started_anew(people: Conversation) -> None:
    card = await begun(people, "/mock questions:4")
    await said(people, card, "333")
    stands = shown(await people.type("/mock"))
    anew = await people.press(button(stands, "Start anew"))
    intro = shown(anew)
    assert anew == Reply(edit=intro)
    assert intro.heading == "Mock interview: 4 questions"
    assert labels(intro) == ["Begin", "Report of the last one"]
    assert shown(await people.press(button(stands, "Start anew"))).heading == "This interview is over"
    report = await people.press(button(intro, "Report of the last one"))
    assert report == Reply(new=shown(report), file=report.file)
    assert shown(report).heading == "Your interview: 1 of 4 answered"
    first = shown(await people.press(button(intro, "Begin")))
    stands = shown(await people.type("/mock"))
    left = await people.press(button(stands, "Leave"))
    assert left == Reply(edit=shown(left))
    assert shown(left).heading == "Interview left"
    assert first.heading != card.heading


async def test_another_wish_begins_another_interview(people: Conversation) -> None:
    await begun(people)
    intro = shown(await people.type("/mock routing"))
    assert labels(intro) == ["Begin", "Report of the last one"]
    assert shown(await people.type("/mock")).heading == "Mock interview: 5 questions"  # that was never begun
    assert shown(await people.press(button(intro, "Begin"))).heading == "Interview left"


async def test_of_several_presses_at_once_one_asks_the_next_question(people: Conversation, database: Database) -> None:
    begin = button(shown(await people.type("/mock questions:3")), "Begin")

    async def at_once(pressed: Press) -> Card:
        before = await database.fetch("SELECT count(*) AS number FROM deal")
        replies = await asyncio.gather(*(people.press(pressed) for _ in range(6)))
        after = await database.fetch("SELECT count(*) AS number FROM deal")
        assert after[0]["number"] == before[0]["number"] + 1
        (card,) = [reply.new for reply in replies if reply.new]
        refused = {shown(reply).heading for reply in replies if not reply.new}
        assert refused == {"The next question is here already"}
        return card

    card = await at_once(begin.press)
    rated = await said(people, card, "444")
    follows = await at_once(button(rated, "Next question").press)
    assert number(follows) == "Question 1 of 3, follow-up"
    assert number(await at_once(button(follows, "Skip").press)) == "Question 2 of 3"


async def test_a_press_that_was_overtaken_asks_nothing(
    people: Conversation, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    rated = await said(people, await begun(people), "444")
    add, overtaking = store.sessions.add, []

    async def slowly(session: Session, step: Step) -> bool:
        monkeypatch.setattr(store.sessions, "add", add)
        added = await add(session, step)
        overtaking.append(await onward(people, rated))
        return added

    monkeypatch.setattr(store.sessions, "add", slowly)
    overtaken = await onward(people, rated)
    assert [number(shown(reply)) for reply in overtaking] == ["Question 1 of 3, follow-up"]
    assert shown(overtaken).heading == "The next question is here already"


async def test_ratings_that_come_at_once_are_all_kept(people: Conversation, database: Database) -> None:
    card = shown(await people.press(button(await begun(people), "I have said it")))
    await asyncio.gather(*(people.press(button(card, label)) for label in ("C4", "R5", "B3")))
    (row,) = await database.fetch("SELECT marks FROM step WHERE marks <> ''")
    assert row["marks"] == "4530"
    assert [row["value"] for row in await database.fetch("SELECT value FROM answer")] == ["easy"]


async def test_a_rating_counts_though_the_process_ended_before_it_was_recorded(
    people: Conversation, store: Store, database: Database, clock: Clock
) -> None:
    for way in ("Go on", "Leave", "again"):
        await people.type("/mock routing 3")
        card = await begun(people)
        rating = shown(await people.press(button(card, "I have said it")))
        found = await store.sessions.of_deal(button(rating, "C1").press.deal)
        assert found
        assert await store.sessions.mark(found[0], found[1].place, "4330", "0000")
        before = len(await database.fetch("SELECT * FROM answer"))
        if way == "again":
            assert shown(await people.press(button(rating, "C1"))).heading == "Noted: clear 4, right 3, brief 3"
        else:
            told = shown(await people.press(button(shown(await people.type("/mock")), way)))
            assert number(told) == "Question 2 of 3" or told.heading == "Your interview: 1 of 3 answered"
        assert len(await database.fetch("SELECT * FROM answer")) == before + 1
        clock.advance(minutes=1)


async def test_an_old_card_leads_to_the_question_that_is_asked_now(people: Conversation, clock: Clock) -> None:
    first = await begun(people)
    rated = await said(people, first, "333")
    second = shown(await onward(people, rated))
    clock.advance(seconds=5)
    assert shown(await onward(people, rated)).heading == "The next question is here already"
    clock.advance(minutes=1)
    assert shown(await onward(people, rated)) == second
    begin = Press("mock", button(second, "Leave").press.deal, "begin")
    assert shown(await people.press(begin)) == second


async def test_a_skipped_question_may_still_be_answered_until_the_interview_is_over(people: Conversation) -> None:
    first = await begun(people)
    second = shown(await skipped(people, first))
    assert (await said(people, first, "333")).heading == "Noted: clear 3, right 3, brief 3"
    rating = shown(await people.press(button(second, "I have said it")))
    report = shown(await people.press(button(second, "Leave")))
    assert report.heading == "Your interview: 1 of 3 answered"
    assert "said, not rated" in report.body
    for late in (button(rating, "C1"), button(second, "I have said it")):
        reply = await people.press(late)
        assert reply == Reply(aside=shown(reply))
        assert shown(reply).heading == "This interview is over"


async def test_questions_that_left_the_bank_are_skipped(
    people: Conversation, bank: Bank, store: Store, clock: Clock
) -> None:
    first = await begun(people, "/mock questions:9")
    second = shown(await onward(people, await said(people, first, "333")))
    gone = {first.heading, second.heading}
    kept = [
        (section.id, one)
        for section in bank.topics[0].sections
        for one in section.questions
        if one.question not in gone and one.id != "testing-senior"
    ]
    people = over(bank_of(*kept), store, clock)
    changed = shown(await people.press(button(second, "I have said it")))
    assert changed.heading == "This question has changed since it was dealt"
    third = shown(await people.press(button(second, "Skip")))
    seen = []
    card = third
    while "Skip" in labels(card):
        seen.append(_subject(card))
        card = shown(await onward(people, await said(people, card, "333")))
    assert {"testing-senior", *map(_subject, (first, second))}.isdisjoint(seen)
    assert card.heading == f"Your interview: {len(seen)} of {len(seen)} answered"


async def test_from_a_question_that_left_the_bank_the_way_leads_on_and_not_back(
    people: Conversation, bank: Bank, store: Store, clock: Clock
) -> None:
    first = await begun(people)
    second = shown(await skipped(people, first))
    kept = [
        (section.id, one)
        for section in bank.topics[0].sections
        for one in section.questions
        if one.question != second.heading
    ]
    people = over(bank_of(*kept), store, clock)
    clock.advance(minutes=1)
    stands = shown(await people.type("/mock"))
    for pressed in (button(second, "Skip"), button(stands, "Go on")):
        third = shown(await people.press(pressed))
        assert third.heading not in (first.heading, second.heading)
        assert number(third) == "Question 2 of 2"


async def test_where_a_bank_has_fewer_questions_the_same_wish_goes_on(people: Conversation) -> None:
    await begun(people, "/mock routing questions:9")
    assert shown(await people.type("/mock routing questions:9")).heading == "You are at question 1 of 3"


async def test_a_question_that_was_asked_elsewhere_is_passed_over(people: Conversation) -> None:
    elsewhere = Room("test", "other-private-ada", private=True)
    await begun(people)
    stands = shown(await people.type("/mock", where=elsewhere))
    card = shown(await people.press(button(stands, "Go on"), where=elsewhere))
    assert number(card) == "Question 2 of 3"


# Presses that are not one's own, or that no card has


async def test_presses_on_somebody_elses_interview_are_refused(people: Conversation, database: Database) -> None:
    intro = shown(await people.type("/mock"))
    card = shown(await people.press(button(intro, "Begin")))
    rating = shown(await people.press(button(card, "I have said it")))
    presses = [button(intro, "Begin"), button(card, "Leave"), button(card, "Skip"), button(card, "I have said it")]
    for pressed in (*presses, button(rating, "C1"), button(card, "Type answer")):
        reply = await people.press(pressed, BOB, HOME_OF_BOB)
        assert reply == Reply(aside=shown(reply))
        assert shown(reply).tone is Tone.ADVICE
    assert shown(await people.press(button(card, "Leave"), BOB, HOME)).heading == "That is somebody else's interview"
    assert shown(await people.press(button(rating, "C1"), BOB, HOME)).heading == "That is somebody else's interview"
    assert not await database.fetch("SELECT * FROM session WHERE ended_at IS NOT NULL")
    assert len(await database.fetch("SELECT * FROM step WHERE marks <> ''")) == 1


@pytest.mark.parametrize(
    ("press", "heading"),
    [
        (Press("mock", "nothing", "begin"), "I don't know this interview any more"),
        (Press("mock"), "I don't know this interview any more"),
        (Press("said", "nothing"), "That button is too old, or not one of mine"),
        (Press("mark", "nothing", "15"), "That button is too old, or not one of mine"),
    ],
)
async def test_forged_presses_are_answered_kindly(people: Conversation, press: Press, heading: str) -> None:
    reply = await people.press(press)
    assert reply == Reply(aside=shown(reply))
    assert shown(reply).heading == heading


async def test_presses_that_an_interview_has_not_are_answered_kindly(people: Conversation, database: Database) -> None:
    card = await begun(people)
    deal, session = button(card, "Skip").press.deal, button(card, "Leave").press.deal
    for value in ("", "nonsense", "report", "review"):
        assert shown(await people.press(Press("mock", session, value))).heading == "This interview is over"
    assert shown(await people.press(Press("mark", deal, "15"))).heading == "Say it first, then rate it."
    await people.press(button(card, "I have said it"))
    for value in ("", "0", "00", "06", "31", "-1", "1 5", "١٥"):
        assert shown(await people.press(Press("mark", deal, value))).heading == "This question has no such answer"
    quiz = shown(await people.type("/quiz mode:flash"))
    other = button(quiz, "Show answer").press.deal
    assert "too old" in shown(await people.press(Press("said", other))).heading
    assert [row["marks"] for row in await database.fetch("SELECT marks FROM step WHERE marks <> ''")] == ["0000"]


# The timer


class Ears:
    """A platform that hears what people are told, unless it has something against it."""

    def __init__(self, ready: bool = True, fault: Exception | None = None) -> None:
        self.ready, self.fault = ready, fault
        self.told: list[tuple[Person, str]] = []

    async def tell(self, who: Person, card: Card) -> None:
        if self.fault:
            raise self.fault
        self.told.append((who, card.heading))


async def look(made: Core, platform: str = "test") -> None:
    """What every tick does."""
    for due_ in made.lane.due:
        if due_.__name__ == "nudge_due":
            await due_(platform)
    await made.lane.finish()


async def test_after_half_a_minute_there_is_one_nudge_and_nobody_is_cut_off(
    made: Core, people: Conversation, clock: Clock
) -> None:
    ears = Ears()
    made.lane.platforms["test"] = ears  # type: ignore[assignment]
    card = await begun(people)
    clock.advance(seconds=29)
    await look(made)
    assert not ears.told
    clock.advance(seconds=1)
    await look(made, "another")
    assert not ears.told
    for _ in range(3):
        await look(made)
        clock.advance(seconds=1)
    assert ears.told == [(ADA, "30 seconds: finish your sentence")]
    assert "You took 33 s" in shown(await people.press(button(card, "I have said it"))).body


@pytest.mark.parametrize("answer", ["said", "typed", "skipped", "left", "voice"])
async def test_who_has_answered_is_not_nudged(made: Core, people: Conversation, clock: Clock, answer: str) -> None:
    ears = Ears()
    made.lane.platforms["test"] = ears  # type: ignore[assignment]
    card = await begun(people)
    clock.advance(seconds=20)
    match answer:
        case "said":
            await people.press(button(card, "I have said it"))
        case "typed":
            await typed(people, card, "something or other that is wrong")
        case "skipped":
            await skipped(people, card)
        case "left":
            await people.press(button(card, "Leave"))
        case _:
            await people.answer(Request(ADA, HOME, Voice(button(card, "Type answer").press, 18)))
    clock.advance(seconds=15)
    await look(made)
    assert not ears.told
    clock.advance(seconds=15)
    await look(made)
    assert len(ears.told) == (answer == "skipped")  # the next question has its own half minute


async def test_a_nudge_that_would_come_late_or_can_not_be_told_is_dropped(
    made: Core, people: Conversation, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    ears = Ears()
    made.lane.platforms["test"] = ears  # type: ignore[assignment]
    card = await begun(people, "/mock questions:5")
    clock.advance(seconds=46)
    await look(made)
    ears.ready = False
    card = shown(await skipped(people, card))
    clock.advance(seconds=30)
    await look(made)
    ears.ready = True
    await look(made)
    for fault in (Gone("left"), RuntimeError("broken")):
        ears.fault = fault
        card = shown(await skipped(people, card))
        clock.advance(seconds=30)
        await look(made)
    ears.fault = None
    await look(made)
    assert not ears.told
    assert [record.message for record in caplog.records] == [
        "a nudge may not have arrived",
        "a nudge could not be sent",
    ]


async def test_who_answers_while_another_is_told_is_not_nudged_any_more(
    made: Core, people: Conversation, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Ears):
        async def tell(self, who: Person, card: Card) -> None:
            told.set()
            await go_on.wait()
            await super().tell(who, card)

    monkeypatch.setattr("bot.lane.AT_ONCE", 1)
    ears = Slow()
    made.lane.platforms["test"] = ears  # type: ignore[assignment]
    await begun(people)
    begin = button(shown(await people.type("/mock", BOB, HOME_OF_BOB)), "Begin")
    card = shown(await people.press(begin, BOB, HOME_OF_BOB))
    clock.advance(seconds=30)
    looking = asyncio.ensure_future(look(made))
    await told.wait()
    await people.press(button(card, "I have said it"), BOB, HOME_OF_BOB)
    go_on.set()
    await looking
    assert [who for who, _ in ears.told] == [ADA]


# Its rows


async def test_the_latest_interview_is_the_last_that_asked_anything(store: Store, clock: Clock) -> None:
    from tests.test_store import dealt

    ada = await store.learner(ADA, clock())
    assert await store.sessions.latest(ada.id, KIND) is None
    for place, kind in enumerate((KIND, KIND, "review", KIND)):
        session = Session(f"s{place}", ada.id, kind, "////", clock())
        await store.sessions.begin(session, [Step(2, "flask/one")])
        if place < 3:
            await store.sessions.ask(session, 2, (await dealt(store, ada, clock, place)).deal.id)
        clock.advance(minutes=1)
    latest = await store.sessions.latest(ada.id, KIND)
    assert latest
    assert latest.id == "s1"


async def test_marks_are_kept_unless_another_press_was_faster(store: Store, clock: Clock) -> None:
    ada = await store.learner(ADA, clock())
    session = Session("s1", ada.id, KIND, "////", clock())
    await store.sessions.begin(session, [Step(2, "flask/one")])
    assert await store.sessions.mark(session, 2, "00041")
    assert not await store.sessions.mark(session, 2, "00042")
    assert await store.sessions.mark(session, 2, "40041", "00041")
    assert not await store.sessions.mark(session, 3, "1")
    assert [step.marks for step in await store.sessions.steps(session)] == ["40041"]
