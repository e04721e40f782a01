"""The Flask bank that comes with Prepdeck: complete, in order, shown whole everywhere, and its code runs."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from bot.authoring import schema_text
from bot.bank.bank import Bank, Entry
from bot.bank.linting import lint
from bot.bank.loading import load
from bot.bank.model import Question
from bot.messages import Card
from bot.practice import cards
from bot.practice.grading.phrasings import lint_phrasings
from bot.store.store import Answer, Deal
from tests.examples import run

ROOT = Path(__file__).parent.parent
LOADED = load([ROOT / "questions"])
BANK = Bank(LOADED.topics)
QUESTIONS = [one.question for one in LOADED.written]
CATALOGUE = yaml.safe_load((Path(__file__).parent / "catalogue.yaml").read_text())
FAST = "basics"  # the section whose examples every test run carries out; the others are for the sweep

CARD_LIMIT = 3_600  # characters: 4,000 on Discord and 4,096 on Telegram, less what an adapter adds


def entry(question: Question) -> Entry:
    found = BANK.entry(f"flask/{question.id}")
    assert found
    return found


def examples(*, fast: bool) -> list[Question]:
    return [
        one.question for one in LOADED.written if one.question.code and (Path(one.file).stem == FAST) is fast
    ]  # fmt: skip


def named(question: Question) -> str:
    return question.id


def test_nothing_is_wrong_with_the_bank() -> None:
    assert [str(finding) for finding in lint(LOADED)] == []


def test_the_grader_finds_every_key_point_as_its_author_means_it() -> None:
    assert [str(finding) for finding in lint_phrasings(LOADED)] == []


def test_the_schema_for_editors_is_current() -> None:
    assert (ROOT / "questions" / "schema.json").read_text() == schema_text(), "run `make schema`"
    assert json.loads(schema_text())


def test_every_question_of_the_catalogue_is_there_in_its_section_and_order() -> None:
    written = {
        section.id: [question.id for question in section.questions]
        for topic in LOADED.topics
        for section in topic.sections
    }
    assert written == {section: [row["id"] for row in rows] for section, rows in CATALOGUE.items()}
    assert list(written) == list(CATALOGUE)


def test_every_place_in_the_notes_is_covered_once_and_priorities_agree() -> None:
    rows = {row["id"]: row for section in CATALOGUE.values() for row in section}
    assert {one.id: (list(one.seed), one.priority, one.kind) for one in QUESTIONS} == {
        name: (row["seed"], row.get("priority", False), row.get("kind", "open")) for name, row in rows.items()
    }
    places = Counter(place for one in QUESTIONS for place in one.seed)
    expected = [f"{letter}{n}" for letter, most in (("A", 142), ("B", 92), ("D", 15)) for n in range(1, most + 1)]
    assert places == Counter(expected)
    assert sum(one.priority for one in QUESTIONS) == 72


@pytest.mark.parametrize("question", QUESTIONS, ids=named)
def test_every_question_is_complete(question: Question) -> None:
    assert question.explanation
    assert question.key_points
    assert question.mistakes
    assert question.choices
    assert question.hint
    assert question.follow_ups
    assert question.sources
    assert not question.code or question.check


def test_code_says_more_than_words_in_most_questions() -> None:
    assert sum(1 for one in QUESTIONS if one.code) >= 110


def every_card(question: Question) -> list[Card]:
    """Everything that is ever shown of a question."""
    now = datetime.now(UTC)
    one = entry(question)
    order = "3210"[-len(question.choices.texts) :] if question.choices else ""
    made: list[Card] = []
    for mode in ("choice", "flash"):
        deal = Deal("kbbxBIQNO5r", "a", 1, "r", one.name, mode, order if mode == "choice" else "", "////", now)
        made += [cards.question_card(deal, one, private=True), Card("Hint", question.hint or "")]
        made += [cards.answer_card(deal, one, rated=False), cards.explanation_card(deal, one)]
        made += [cards.code_card(deal, one)]
        if mode == "choice":
            made += [
                cards.verdict_card(deal, one, Answer(value, "right" if value == "0" else "wrong", 3), again=True)
                for value in order
            ]
    return made


@pytest.mark.parametrize("question", QUESTIONS, ids=named)
def test_every_card_of_a_question_fits_every_platform(question: Question) -> None:
    for card in every_card(question):
        assert len(card.heading) + len(card.body) + sum(len(n) + len(v) for n, v in card.fields) <= CARD_LIMIT
        assert len(card.buttons) <= 25
        assert all(len(row) <= 5 for row in card.rows)


@pytest.mark.parametrize("question", examples(fast=True), ids=named)
def test_the_code_runs_and_does_what_is_claimed(question: Question) -> None:
    assert run(question).trouble == ""


@pytest.mark.slow
@pytest.mark.parametrize("question", examples(fast=False), ids=named)
def test_the_code_of_every_other_section_runs_and_does_what_is_claimed(question: Question) -> None:
    assert run(question).trouble == ""


def test_an_example_that_fails_is_told() -> None:
    broken = Question(id="x", question="q", answer="a", code="x = 1", check="assert x == 2, 'claimed'")
    assert "AssertionError: claimed" in run(broken).trouble
