"""What authors learn on the command line: how answers are graded, and how people say what the grader misses."""

import asyncio
import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.store.drivers import connect
from bot.store.schema import migrate
from bot.store.store import Answer, Deal, Review, Store
from tests.people import ADA, HOME
from tests.samples import ledger

BANK = """
questions:
  - id: one
    question: What is one?
    answer: The first number.
    key_points: [{id: first, text: It is the first number}, {id: odd, text: It is odd}]
"""
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "t.yaml").write_text(BANK)
    return tmp_path


def graded(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *lines: object) -> tuple[int, list]:  # type: ignore[type-arg]
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    code = main(["grade"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_grade_answers_each_line_in_order(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    points = [
        "Flask is a web framework",
        {"id": "python", "text": "It is written in Python", "accept": ["made in Python"]},
    ]
    one = {"question": "What is Flask?", "key_points": points, "answer": "A framework for the web, made in Python."}
    code, answers = graded(monkeypatch, capsys, one, {**one, "answer": ""}, {**one, "id": 7, "kind": "right"})
    assert code == 0
    assert answers[0]["covered"] == ["1", "python"]
    assert answers[0]["score"] == 1.0
    assert answers[0]["points"][1] == {"id": "python", "status": "covered", "evidence": ["made", "Python"]}
    assert (answers[1]["covered"], answers[1]["score"], answers[1]["flags"]) == ([], 0.0, ["empty"])
    assert answers[2] == answers[0]


def test_a_question_of_the_bank_is_graded_by_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answers = graded(monkeypatch, capsys, {"question": "t/one", "answer": "It is the first number."})
    assert (code, answers[0]["covered"]) == (0, ["first"])


def test_what_dictation_makes_of_names_is_known_from_the_banks(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "questions" / "topic.yaml").write_text("topic: questions\ntitle: T\naliases: {gunicorn: [g unicorn]}")
    line = {"question": "What serves it?", "key_points": ["Gunicorn serves it"], "answer": "it is served by g unicorn"}
    assert graded(monkeypatch, capsys, line)[1][0]["covered"] == ["1"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("nope", "Invalid JSON"),
        ('{"question": "q", "key_points": []}', "answer: Field required"),
        ('{"question": "q", "key_points": [{"id": "a"}], "answer": ""}', "key_points.0.text: Field required"),
        ('{"question": "t/none", "answer": ""}', "no question of this name in the bank"),
    ],
)
def test_a_line_that_makes_no_sense_says_so_in_its_place(
    line: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answers = graded(monkeypatch, capsys, line, {"question": "t/one", "answer": ""})
    assert code == 1
    assert told in answers[0]["error"]
    assert answers[1]["flags"] == ["empty"]


def test_grade_answers_before_the_next_line_is_asked() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "grade"],
        cwd=Path(__file__).parent.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stdin
        assert running.stdout
        for answer in ("It is odd", "It is even"):
            line = {"question": "What is one?", "key_points": ["It is odd"], "answer": answer}
            running.stdin.write(json.dumps(line) + "\n")
            running.stdin.flush()
            assert "covered" in json.loads(running.stdout.readline())
        running.stdin.close()
        assert running.wait(30) == 0


async def claimed(folder: Path, text: str, point: str) -> None:
    database = await connect(f"sqlite:///{folder / 'data' / 'prepdeck.db'}")
    try:
        await migrate(database)
        store = Store(database)
        ada = await store.learner(ADA, NOW)
        deal = Deal("d1", ada.id, 1, await store.room(HOME, NOW), "t/one", "typed", "", "////", NOW)
        await store.deal(deal)
        dealt = await store.dealt("d1", ada)
        assert dealt
        review = Review(2, None, 3.5, 5.25, NOW, NOW)
        answer = Answer("50", "partly", mode="typed", text=text)
        await store.answer(dealt, ada, answer, review, NOW.date(), ledger(NOW.date()), NOW)
        await store.claims.add("d1", ada.id, "t/one", point, NOW)
    finally:
        await database.close()


def test_feedback_lists_claims_with_the_words_that_were_used(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bank", "feedback"]) == 0
    assert capsys.readouterr().out == "Nobody has claimed a key point yet.\n"
    asyncio.run(claimed(folder, "can't be\nhalved\x1b[31m", "odd"))
    assert main(["bank", "feedback"]) == 0
    assert capsys.readouterr().out == "t/one: odd: It is odd (1)\n  can't be halved [31m\n"


def test_feedback_names_a_point_that_the_bank_has_no_more(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(claimed(folder, "x" * 400, "gone"))
    assert main(["bank", "feedback"]) == 0
    heading, words = capsys.readouterr().out.splitlines()
    assert heading == "t/one: gone: no longer in the bank (1)"
    assert len(words) == 303


def test_lint_says_what_the_grader_would_not_take_as_its_author_means_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "questions" / "t.yaml").write_text(BANK.replace("It is odd", "Purple elephants dance"))
    assert main(["bank", "lint"]) == 1
    assert "`answer` itself does not make the key point 'odd'" in capsys.readouterr().out
