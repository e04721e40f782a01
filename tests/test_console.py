"""The terminal: a line protocol for scripts, and a comfortable screen for people."""

import errno
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.console import Console, _Terminal, completions, plain
from bot.commands import Commands
from bot.messages import Button, Card, File, Press, Reply, Request, Tone, Typed
from bot.platforms import Answer
from tests.people import Conversation

ROOT = Path(__file__).parent.parent
BANK = """\
topic: flask
section: basics
title: Flask Basics
questions:
  - id: one
    question: What is `one`?
    answer: One is **one**.
    hint: It is small.
    explanation: "Because:\\n\\n- it is\\n- one"
    code: "one = 1\\n\\nprint(one)"
    choices:
      right: Right, of course
      wrong: [{text: Wrong a, why: Why a}, {text: Wrong b, why: Why b}, {text: Wrong c, why: Why c}]
  - {id: two, question: What is two?, answer: Two., choices: {right: Yes it is, wrong: [{text: n, why: w}]}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "questions").mkdir()
    (tmp_path / "questions" / "bank.yaml").write_text(BANK)
    return tmp_path


def environment(folder: Path, **extra: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(folder), **extra}


def script(folder: Path, lines: str | bytes, *arguments: str, **extra: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *(arguments or ("console",))],
        cwd=folder,
        env=environment(folder, **extra),
        input=lines if isinstance(lines, bytes) else lines.encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )


def output(done: subprocess.CompletedProcess[bytes]) -> str:
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    return done.stdout.decode()


def test_a_script_practises_and_leaves(folder: Path) -> None:
    told = output(script(folder, "/quiz mode:choice\nA\n/streak\n/quit\n/topics\n"))
    assert re.search(r"^A\. \S", told, re.MULTILINE)
    assert re.search(r"^(Correct ✔|Not quite ✘)$", told, re.MULTILINE)
    assert re.search(r"^Your streak: 1 day$", told, re.MULTILINE)
    assert "[Explanation] [Code] [Next question]" in told or "[Next question]" in told
    assert "What there is" not in told
    assert not re.search(r"\x1b|\*\*", told)


def test_practice_is_kept_between_sessions(folder: Path) -> None:
    output(script(folder, "/quiz\nA\n"))
    assert "1 of 2 answered" in output(script(folder, "/topics\n"))


def test_buttons_are_pressed_by_label_in_any_case_or_by_number(folder: Path) -> None:
    told = output(script(folder, "/quiz basics mode:flash\nshow ANSWER\ngood\n"))
    assert "Noted: Good" in told
    assert "Noted: Hard" in output(script(folder, "/quiz mode:flash\n1\n2\n"))


def test_a_question_can_be_answered_after_looking_at_something_else(folder: Path) -> None:
    told = output(script(folder, "/quiz mode:choice\n/streak\nB\nB\n"))
    assert len(re.findall(r"^(Correct|Not quite)", told, re.MULTILINE)) == 1
    assert "Choose one of: " in told


def test_the_end_of_input_leaves_politely(folder: Path) -> None:
    assert output(script(folder, "")) == ""
    assert "What is" in output(script(folder, "/quiz"))


@pytest.mark.parametrize(
    "lines",
    [b"\xff\xfe\n", b"\x00\n", b"/quiz \x00\n", b"x" * 1_000_000 + b"\n", b"/quiz " + b"y" * 1_000_000 + b"\n",
     b"\n\n  \n", "/quiz topic:\u202e\ud83d\n".encode("utf-8", "surrogatepass"), b"/settings timezone:\x00\n"],
)  # fmt: skip
def test_hostile_lines_are_answered_and_the_session_goes_on(folder: Path, lines: bytes) -> None:
    told = output(script(folder, lines + b"/streak\n"))
    assert "Your streak: 0 days" in told
    assert len(told) < 2_000


def test_output_that_nobody_reads_is_no_error(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "console"], cwd=folder, env=environment(folder),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    process.stdout.close()
    process.stdin.write(b"/quiz\n" * 100)
    process.stdin.close()
    assert process.stderr
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) == 0


def test_an_output_that_can_not_show_symbols_gets_other_ones(folder: Path) -> None:
    assert "Your streak: 0 days" in output(script(folder, "/streak\n", PYTHONIOENCODING="ascii"))


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_exit_code_0(folder: Path, ending: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bot"], cwd=folder, env=environment(folder), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"/streak\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"Your streak: 0 days\n"
    process.send_signal(ending)
    _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, b"")


def test_a_command_needs_no_slash_where_no_button_has_its_name(folder: Path) -> None:
    assert "Your streak: 0 days" in output(script(folder, "streak\n"))


def test_input_that_never_ends_is_read_no_faster_than_it_is_used(folder: Path) -> None:
    code = (
        "import pathlib, re, sys; from bot.__main__ import main; main(['console']);"
        "status = pathlib.Path('/proc/self/status');"  # where there is none, only the end is awaited
        "print(*re.findall(r'VmHWM:\\s+(\\d+)', status.read_text() if status.exists() else ''), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment(folder), input=(b"x" * 9_999 + b"\n") * 15_000,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60, check=True,
    )  # fmt: skip
    assert int(done.stderr or 0) < 120_000  # kilobytes: the program takes about 60,000, the input has 150,000


@pytest.mark.parametrize("redirect", ["<&-", ">&-", ">/dev/full"])
def test_a_closed_or_full_stream_is_no_traceback(folder: Path, redirect: str) -> None:
    done = subprocess.run(
        f"echo /streak | {sys.executable} -m bot console {redirect}", shell=True, cwd=folder,
        env=environment(folder), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr


def test_what_a_run_does_not_use_is_not_imported(folder: Path) -> None:
    code = (
        "import sys; from bot.__main__ import main; main(['console']);"
        "print([name for name in ('asyncpg', 'discord', 'telegram', 'PIL', 'prompt_toolkit', 'rich')"
        " if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment(folder), input=b"/quiz\nA\n",
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.decode().splitlines()[-1] == "[]"


# With a terminal


class Terminal:
    """A pseudo-terminal with the program in it."""

    def __init__(self, folder: Path) -> None:
        self._near, far = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot"], cwd=folder, env=environment(folder, TERM="xterm", COLUMNS="80"),
            stdin=far, stdout=far, stderr=far, start_new_session=True,
        )  # fmt: skip
        os.close(far)
        self.seen = ""

    def type(self, keys: str) -> None:
        os.write(self._near, keys.encode())

    def wait_for(self, words: str) -> None:
        """Until the program has shown these words; what it shows anew from here on is `seen`."""
        deadline = time.monotonic() + 20
        while words not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if select.select([self._near], [], [], 0.2)[0]:
                try:
                    data = os.read(self._near, 65_536)
                except OSError:  # the program has ended
                    break
                if b"\x1b[6n" in data:  # it asks where the cursor is
                    os.write(self._near, b"\x1b[1;1R")
                self.seen += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", data.decode(errors="replace"))
        assert words in self.seen, self.seen
        self.seen = self.seen.partition(words)[2]

    def end(self) -> int:
        self.wait_for("See you tomorrow.")
        code = self.process.wait(10)
        os.close(self._near)
        return code


@pytest.fixture
def terminal(folder: Path) -> Iterator[Terminal]:
    running = Terminal(folder)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


@pytest.mark.parametrize("leave", ["/quit\r", "\x04", "\x03"])
def test_a_person_practises_and_leaves_by_command_or_key(terminal: Terminal, leave: str) -> None:
    terminal.wait_for("[2 Quiz me]")
    terminal.wait_for("›")
    terminal.type("\r")  # Enter goes on
    terminal.wait_for("[A]  [B]")
    terminal.wait_for("›")
    terminal.type("A\r")
    terminal.wait_for("Said in 30 seconds:")
    terminal.wait_for("Next question]")
    terminal.wait_for("›")
    terminal.type("\r")  # Enter goes on
    terminal.wait_for("[A]  [B]")
    terminal.wait_for("›")
    terminal.type(leave)
    assert terminal.end() == 0


def buttons(*labels: str) -> tuple[Button, ...]:
    return tuple(Button(label, Press("next", str(place))) for place, label in enumerate(labels))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/qu", ["quiz"]),
        ("/quiz ", ["topic:", "level:", "mode:", "priority:", "style:"]),
        ("/quiz mode:flash le", ["level:"]),
        ("/quiz level:m", ["mid"]),
        ("/quiz topic:", ["flask", "basics", "contexts"]),
        ("/quiz cont", ["contexts"]),
        ("/settings timezone:berl", ["Europe/Berlin"]),
        ("n", ["Next question"]),
        ("", []),
        ("/nothing x", []),
    ],
)
def test_commands_options_topics_zones_and_buttons_complete_themselves(
    conversation: Conversation, line: str, expected: list[str]
) -> None:
    found = list(completions(conversation.commands, buttons("A", "Next question"), line))
    assert [text for _, text in found] == expected
    assert all(line[len(line) + start :].casefold() in text.casefold() for start, text in found)


class Script:
    """A screen for tests: lines in, cards out."""

    def __init__(self, *lines: str, interactive: bool = False) -> None:
        self.interactive = interactive
        self._lines = [*lines]
        self.cards: list[Card] = []
        self.notes: list[str] = []

    async def line(self, buttons: tuple[Button, ...]) -> str | None:
        return self._lines.pop(0) if self._lines else None

    async def ask(self, prompt: str) -> str | None:
        self.notes.append(prompt)
        return await self.line(())

    def show(self, card: Card) -> None:
        self.cards.append(card)

    def note(self, text: str) -> None:
        self.notes.append(text)


def replying(*replies: Reply) -> tuple[Answer, list[Request]]:
    requests: list[Request] = []
    waiting = [*replies]

    async def answer(request: Request) -> Reply:
        requests.append(request)
        return waiting.pop(0)

    return answer, requests


async def test_a_button_with_a_prompt_asks_for_a_line_first(conversation: Conversation) -> None:
    card = Card("x", rows=((Button("Type answer", Press("say", "d")),),))
    answer, requests = replying(Reply(new=card), Reply())
    screen = Script("/quiz", "type answer", "my words")
    commands = Commands(conversation.commands.table, {}, {"say": "Say it:"})
    assert await Console(answer, commands, screen).run() == 0
    assert screen.notes == ["Say it:"]
    assert requests[1].what == Typed(Press("say", "d"), "my words")


async def test_trouble_ends_a_script_with_exit_code_1_but_not_a_person(conversation: Conversation) -> None:
    async def answer(request: Request) -> Reply:
        return Reply(aside=Card("x", tone=Tone.TROUBLE))

    screen = Script("/quiz", "/quiz")
    assert await Console(answer, conversation.commands, screen).run() == 1
    assert len(screen.cards) == 1
    screen = Script("/quiz", "/quiz", interactive=True)
    assert await Console(answer, conversation.commands, screen).run() == 0
    assert len(screen.cards) == 3


async def test_a_label_means_the_latest_card_that_has_it_and_never_an_older_one_again(
    conversation: Conversation,
) -> None:
    first, second = (Card("x", rows=((Button("A", Press("answer", deal, "A")),),)) for deal in ("one", "two"))
    answer, requests = replying(Reply(new=first), Reply(new=second), Reply(edit=Card("verdict")), Reply())
    screen = Script("/quiz", "/quiz", "A", "A")
    await Console(answer, conversation.commands, screen).run()
    assert [request.what for request in requests[2:]] == [Press("answer", "two", "A")]
    assert len(screen.notes) == 1


# Files


@pytest.fixture
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    folder = tmp_path / "working"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def lost(working: Path) -> None:
    """A working directory that is no longer there, in which not even the superuser can write."""
    working.rmdir()


async def noted(conversation: Conversation, *files: File) -> list[str]:
    """What is said of files that come with a card."""
    answer, _ = replying(*(Reply(new=Card("Here it is"), file=file) for file in files))
    screen = Script(*["/quiz"] * len(files))
    await Console(answer, conversation.commands, screen).run()
    assert len(screen.cards) == len(files)
    return screen.notes


async def test_a_file_is_saved_where_one_works_and_its_path_is_said(conversation: Conversation, working: Path) -> None:
    (told,) = await noted(conversation, File("interview.md", "# Über\n".encode()))
    assert told == f"Saved as {working / 'interview.md'}"
    assert (working / "interview.md").read_text("utf-8") == "# Über\n"


async def test_a_file_takes_the_place_of_none_that_is_there(conversation: Conversation, working: Path) -> None:
    (working / "mine.md").write_text("mine")
    (working / "mine-1.md").symlink_to(working / "nowhere")
    told = await noted(conversation, File("mine.md", b"new"), File("mine.md", b"newer"))
    assert told == [f"Saved as {working / name}" for name in ("mine-2.md", "mine-3.md")]
    assert (working / "mine.md").read_text() == "mine"
    assert [(working / name).read_bytes() for name in ("mine-2.md", "mine-3.md")] == [b"new", b"newer"]
    assert not (working / "nowhere").exists()


@pytest.mark.usefixtures("lost")
async def test_a_file_that_can_not_be_saved_is_told_between_two_lines(conversation: Conversation) -> None:
    (told,) = await noted(conversation, File("mine.md", b"# Mine\n\n:key: \x1b[2Jand more\n"))
    reason, rule, *text, end = told.split("\n")
    assert reason == "mine.md can't be saved here: No such file or directory."
    assert rule == end == "-" * 40
    assert text == ["# Mine", "", ":key: [2Jand more"]


@pytest.mark.usefixtures("lost")
async def test_what_is_no_text_is_not_shown_in_place_of_its_file(conversation: Conversation) -> None:
    (told,) = await noted(conversation, File("mine.bin", b"\xff\xfe", "application/octet-stream"))
    assert told == "mine.bin can't be saved here: No such file or directory."


async def test_a_disk_that_is_full_leaves_no_half_of_a_file(
    conversation: Conversation, working: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    (told,) = await noted(conversation, File("mine.md", b"x"))
    assert told.startswith("mine.md can't be saved here: No space left on device.\n")
    assert os.listdir(working) == []


def test_a_note_in_the_terminal_is_shown_as_it_stands(
    conversation: Conversation, working: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(working))
    _Terminal(conversation.commands).note("[bold] :key: /tmp/a.md")
    assert capsys.readouterr().out == "[bold] :key: /tmp/a.md\n"


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**A.** a  \n**B.** `b`", "A. a\nB. b"),
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
        ("- a\n- b\n  c\n\nd", "- a\n- b\n  c\n\nd"),
        ("1. a\n2. b", "1. a\n2. b"),
        ("```python\nx = 1\n\nif x:\n    y\n```\n\nz", "    x = 1\n\n    if x:\n        y\n\nz"),
        ("> a\n> b\n\nc", "> a\n> b\n\nc"),
        ("[docs](https://example.org) <https://example.org>", "docs (https://example.org) https://example.org"),
        ("a \\*b\\* &amp; <b>", "a *b* & <b>"),
    ],
)
def test_markdown_becomes_plain_text(markdown: str, text: str) -> None:
    assert "\n".join(line.rstrip() for line in plain(markdown).split("\n")) == text
