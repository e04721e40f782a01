"""`python -m bot`: every verb, with exit codes that scripts can rely on."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.__main__ import _served, main
from bot.platforms import PlatformError

ROOT = Path(__file__).parent.parent
GOOD = "questions: [{id: one, question: What is one?, answer: The first., priority: true}]"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "DISCORD_TOKEN", "TELEGRAM_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "t.yaml").write_text(GOOD)
    return tmp_path


def test_check_finds_everything_in_order(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert main(["check"]) == 0
    assert re.sub(" +", " ", capsys.readouterr().out) == (
        "configuration in order\nquestions in order\ndatabase in order\n"
    )
    assert (folder / "data" / "prepdeck.db").exists()


def test_check_tells_all_that_is_wrong_and_exits_1(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "questions" / "t.yaml").write_text("questions: [{id: one}]")
    (folder / "bot.toml").write_text("database = 'postgresql://nobody@127.0.0.1:1/none'")
    assert main(["check"]) == 1
    told = capsys.readouterr().out
    assert "questions/t.yaml:1: one: `answer` is missing" in told
    assert "can't be reached" in told


@pytest.mark.parametrize("verb", ["run", "console", "check", "migrate"])
def test_a_broken_configuration_is_told_and_nothing_starts(
    verb: str, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "bot.toml").write_text("databse = ''")
    assert main([verb]) == 1
    assert capsys.readouterr() == ("", "bot.toml: unknown key `databse`; did you mean `database`?\n")
    assert not (folder / "data").exists()


def test_a_broken_bank_is_told_by_line_and_nothing_starts(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    (folder / "questions" / "t.yaml").write_text("questions:\n  - id: one\n    question: q\n")
    assert main(["console"]) == 1
    assert capsys.readouterr() == ("", "questions/t.yaml:2: one: `answer` is missing\n")


@pytest.mark.parametrize("arguments", [["--config", "other.toml", "migrate"], ["migrate", "--config", "other.toml"]])
def test_another_configuration_is_named_before_or_after_the_verb(arguments: list[str], folder: Path) -> None:
    (folder / "other.toml").write_text("database = 'sqlite:///other.db'")
    assert main(arguments) == 0
    assert (folder / "other.db").exists()


def test_a_configuration_that_is_named_must_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--config", "none.toml", "check"]) == 1
    assert "none.toml: can't be read" in capsys.readouterr().err


def test_migrate_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"]) == main(["migrate"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("carried out.")
    assert second == "The database is up to date."


async def test_a_platform_that_fails_says_why_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    class Refused:
        async def run(self) -> int:
            raise PlatformError("Discord does not accept the token.")

    class Broken:
        async def run(self) -> int:
            raise ZeroDivisionError

    class Fine:
        async def run(self) -> int:
            await asyncio.sleep(0)
            return 0

    codes = await asyncio.gather(*(_served(platform()) for platform in (Refused, Broken, Fine)))  # type: ignore[arg-type]
    assert codes == [1, 1, 0]
    assert [record.getMessage() for record in caplog.records] == [
        "Discord does not accept the token.",
        "Broken failed",
    ]


def test_a_webhook_without_a_place_to_listen_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT__TELEGRAM__WEBHOOK_URL", "https://bot.example.org/telegram")
    assert main(["run"]) == 1
    assert capsys.readouterr().err == (
        "telegram.webhook_url is set, but not where to listen for it; set monitor.listen\n"
    )


def test_lint_prints_file_line_and_question_and_exits_1_if_anything_is_wrong(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert main(["bank", "lint"]) == 0
    assert capsys.readouterr().out == ""
    (folder / "questions" / "u.yaml").write_text("questions:\n  - {id: two, question: q, answer: a, key_points: [b]}")
    assert main(["bank", "lint"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all(line.startswith("questions/u.yaml:2: two: ") for line in lines)
    assert main(["bank", "lint", "questions/t.yaml"]) == 0


def test_list_shows_topics_sections_and_questions(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bank", "list"]) == 0
    assert capsys.readouterr().out == (
        "t: t, 1 questions\n  t: t, 1 questions\n    one (junior, priority): What is one?\n"
    )


def test_schema_is_a_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bank", "schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["required"] == ["questions"]
    assert schema["$defs"]["Question"]["required"] == ["id", "question", "answer"]


def test_a_reader_that_leaves_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m bot bank schema | head -1", shell=True, cwd=ROOT,
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("{\n", "")


@pytest.mark.parametrize("arguments", [["fly"], ["bank"], ["bank", "fly"], ["--nothing"]])
def test_what_is_no_verb_is_told_with_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: python -m bot" in capsys.readouterr().err
