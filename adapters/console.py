"""The terminal: comfortable with a keyboard in front of it, one plain line after another without.

Rich and prompt_toolkit are imported only where there is a terminal.
"""

import asyncio
import concurrent.futures
import os
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.commands import Commands
from bot.config import Config
from bot.messages import Button, Card, File, Person, Press, Rank, Request, Room, Tone, Typed
from bot.platforms import Answer, Health, Memory, Posting
from bot.wording import say

if TYPE_CHECKING:
    from bot.listening import Listener

WHO = Person("console", "you")
WHERE = Room("console", "terminal", private=True)
LINE_LIMIT = 20_000  # bytes
CHUNKS = 4  # pieces of input that are read ahead
LEAVE = ("quit", "exit")
RULE = "-" * 40


class Screen(Protocol):
    """Where lines come from and cards go."""

    interactive: bool

    async def line(self, buttons: tuple[Button, ...]) -> str | None:
        """What was entered next; None when there is no more."""

    async def ask(self, prompt: str) -> str | None: ...

    def show(self, card: Card) -> None: ...

    def note(self, text: str) -> None: ...


class Console:
    """One person at one terminal, in one private room."""

    def __init__(self, answer: Answer, commands: Commands, screen: Screen) -> None:
        self._answer = answer
        self._commands = commands
        self._screen = screen
        self._latest: tuple[Button, ...] = ()  # of the latest card that has any: numbers mean these
        self._labelled: dict[str, Button] = {}  # the latest button with each label, until its card is replaced
        self._way_on = ""  # what Enter presses: the last button of a card that asks for nothing

    async def run(self) -> int:
        """Practise until the person leaves. Exit code 1 when something failed and nobody was there to try again."""
        if self._screen.interactive:
            await self._carry_out(Request(WHO, WHERE, self._commands.parse("/help"), rank=Rank.OWNER))
        while (line := await self._screen.line(self._latest)) is not None:
            if line.strip().lower().removeprefix("/") in LEAVE:
                break
            request = await self.request_from(line)
            if request and not await self._carry_out(request) and not self._screen.interactive:
                return 1
        if self._screen.interactive:
            self._screen.note(say("See you tomorrow."))
        return 0

    @property
    def ready(self) -> bool:
        return True

    def health(self) -> Health:
        return Health(connected=True)

    async def post(self, room: Room, card: Card, how: Posting = Posting()) -> str:  # noqa: B008
        self._show(card)
        return ""

    async def tell(self, who: Person, card: Card) -> None:
        self._show(card)

    async def missing(self, room: Room) -> str:
        return ""

    async def edit(self, room: Room, message: str, card: Card, how: Posting = Posting()) -> None:  # noqa: B008
        self._show(card)

    async def request_from(self, line: str) -> Request | None:
        """What a line means: a command, or a button by its label or number; None when that was told instead."""
        words = line.strip()
        if not words:
            if not self._screen.interactive or not self._way_on:
                return None
            words = self._way_on
        if words.startswith("/"):
            return Request(WHO, WHERE, self._commands.parse(words), rank=Rank.OWNER)
        button = self._button(words)
        if not button and self._commands.find(words.split()[0].lower()):
            return Request(WHO, WHERE, self._commands.parse(words), rank=Rank.OWNER)
        first = self._latest[0].press if self._latest else Press("")
        if not button and first.verb in self._commands.prompts and " " in words:  # the answer, before it was asked for
            return Request(WHO, WHERE, Typed(first, words), rank=Rank.OWNER)
        if not button:
            if not self._latest:
                self._screen.note(say("Type a command, such as /quiz or /help."))
            else:
                labels = ", ".join(button.label for button in self._latest)
                self._screen.note(say("Choose one of: {labels}. Or type a command, such as /help.", labels=labels))
            return None
        what: Press | Typed = button.press
        if prompt := self._commands.prompts.get(button.press.verb):
            text = await self._screen.ask(prompt)
            if text is None:
                return None
            what = Typed(button.press, text)
        return Request(WHO, WHERE, what, rank=Rank.OWNER)

    def _button(self, words: str) -> Button | None:
        """The button with this label, or with this number on the latest card."""
        wanted = " ".join(words.split()).casefold()
        for button in self._latest:  # some labels are numbers
            if button.label.casefold() == wanted and self._labelled.get(wanted) == button:
                return button
        if wanted.isdecimal() and 0 < int(wanted) <= len(self._latest):
            return self._latest[int(wanted) - 1]
        return self._labelled.get(wanted)

    async def _carry_out(self, request: Request) -> bool:
        """Show what the core replies; False when it says that something failed."""
        reply = await self._answer(request)
        if reply.edit:  # it takes the place of the card that was pressed, and of all buttons of that
            pressed = request.what.press if isinstance(request.what, Typed) else request.what
            self._labelled = {
                label: button
                for label, button in self._labelled.items()
                if isinstance(pressed, Press) and button.press.deal != pressed.deal
            }
        for card in reply.cards:
            self._show(card)
        if reply.file:
            self._screen.note(_saved(reply.file))
        return all(card.tone is not Tone.TROUBLE for card in reply.cards)

    def _show(self, card: Card) -> None:
        self._way_on = card.buttons[-1].label if len(card.rows) == 1 else ""
        if card.buttons:
            self._latest = card.buttons
            self._labelled.update({button.label.casefold(): button for button in card.buttons})
        self._screen.show(card)


def connect(
    config: Config, answer: Answer, commands: Commands, memory: Memory, listener: "Listener | None" = None
) -> Console:
    """The terminal of this process."""
    interactive = bool(sys.stdin and sys.stdin.isatty() and sys.stdout and sys.stdout.isatty())
    return Console(answer, commands, _Terminal(commands) if interactive else _Lines())


def _saved(file: File) -> str:
    """Where the file was saved, in the working directory and in place of none that is there; or else what it says."""
    try:
        path = _written(file, Path.cwd())
    except OSError as error:
        told = say("{name} can't be saved here: {reason}.", name=file.name, reason=error.strerror)
        return "\n".join([told, *_between_lines(file)])
    return say("Saved as {path}", path=path)


def _written(file: File, folder: Path) -> Path:
    """Write a file under the first of `name.md`, `name-1.md`, … that is free. Raises OSError, leaving nothing."""
    named = Path(file.name)
    for number in count():
        path = folder / (f"{named.stem}-{number}{named.suffix}" if number else file.name)
        try:
            path.touch(exist_ok=False)
        except FileExistsError:
            continue
        try:
            path.write_bytes(file.content)
        except OSError:  # the disk is full
            path.unlink()
            raise
        return path
    raise AssertionError("counting does not end")


def _between_lines(file: File) -> Iterator[str]:
    """The text of a file, if it is one, as a terminal can show it."""
    try:
        text = file.content.decode()
    except UnicodeDecodeError:
        return
    shown = "".join(char for char in text if char.isprintable() or char in "\n\t\u200d")
    yield from (RULE, shown.rstrip("\n"), RULE)


# Without a terminal


class _Lines:
    """A line protocol: plain text out, flushed after every card."""

    interactive = False

    def __init__(self) -> None:
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue(CHUNKS)
        self._feeding: threading.Thread | None = None
        self._lines: deque[bytes] = deque()
        self._rest = b""  # the beginning of the next line
        self._ended = False

    async def line(self, buttons: tuple[Button, ...]) -> str | None:
        if not self._feeding:
            loop = asyncio.get_running_loop()
            self._feeding = threading.Thread(target=_feed, args=(self._chunks, loop), daemon=True)
            self._feeding.start()
        while not self._lines:
            if self._ended:
                return None
            chunk = await self._chunks.get()
            self._ended = not chunk
            *lines, rest = (self._rest + chunk).split(b"\n")
            self._lines.extend([*lines, rest] if self._ended and rest else lines)
            self._rest = rest[: LINE_LIMIT + 1]  # of a line that is too long, that much tells that it is
        line = self._lines.popleft()
        if len(line) > LINE_LIMIT:
            self.note(say("That line is too long."))
            return ""
        return line.decode("utf-8", "replace")

    async def ask(self, prompt: str) -> str | None:
        self.note(prompt)
        return await self.line(())

    def show(self, card: Card) -> None:
        parts = [plain(card.heading)]
        if card.body:
            parts.append(plain(card.body))
        if card.fields:
            parts.append("\n".join(f"{plain(name)}: {plain(value)}" for name, value in card.fields))
        if card.picture:
            parts.append(plain(card.picture.text) if card.picture.text else card.picture.alt)
        if card.rows:
            parts.append("\n".join(" ".join(f"[{button.label}]" for button in row) for row in card.rows))
        self.note("\n\n".join(parts) + "\n")

    def note(self, text: str) -> None:
        print(text, flush=True)


def _feed(chunks: "asyncio.Queue[bytes]", loop: asyncio.AbstractEventLoop) -> None:
    """Read standard input in a thread of its own, no faster than it is used; an empty chunk is the end.

    Bytes, past Python's buffer, whose lock would hang the exit.
    """
    data = b"-"
    while data:
        try:
            data = os.read(0, 65_536)
        except OSError:  # closed, or not for reading
            data = b""
        try:
            asyncio.run_coroutine_threadsafe(chunks.put(data), loop).result()
        except (RuntimeError, concurrent.futures.CancelledError):  # the loop has ended before the input did
            return


_MARKDOWN = MarkdownIt("commonmark")


def plain(text: str) -> str:
    """Markdown as plain text: the words, lists, quotes and code, without the marks."""
    lines: list[str] = []
    prefix: list[str] = []
    for token in _MARKDOWN.parse(text):
        match token.type:
            case "list_item_open":
                prefix.append(f"{token.info}. " if token.info else "- ")
            case "blockquote_open":
                prefix.append("> ")
            case "list_item_close" | "blockquote_close":
                prefix.pop()
            case "inline":
                lines.extend(_indented("".join(_words(token.children or [])), prefix))
            case "fence" | "code_block":
                lines.extend(_indented(token.content.rstrip("\n"), [*prefix, "    "]))
            case "html_block":
                lines.extend(_indented(token.content.rstrip("\n"), prefix))
            case "paragraph_close" if not token.hidden and token.level == 0:
                lines.append("")
            case "bullet_list_close" | "ordered_list_close" if token.level == 0:
                lines.append("")
        if token.type in {"fence", "code_block", "html_block", "blockquote_close"} and token.level == 0:
            lines.append("")
    return "\n".join(lines).strip("\n")


def _words(tokens: Iterable[Token]) -> Iterator[str]:
    link = ""
    for token in tokens:
        if token.type in {"softbreak", "hardbreak"}:
            yield "\n"
        elif token.type == "link_open":
            link = str(token.attrs["href"]) if token.info != "auto" else ""
        elif token.type == "link_close":
            yield f" ({link})" if link else ""
        else:
            yield token.content


def _indented(text: str, prefix: list[str]) -> Iterator[str]:
    for line in text.split("\n"):
        yield "".join(prefix) + line
        prefix = [part if part == "> " else " " * len(part) for part in prefix]


# With a terminal

_STYLES = {
    Tone.PLAIN: "bold",
    Tone.GOOD: "bold green",
    Tone.PARTLY: "bold yellow",
    Tone.BAD: "bold red",
    Tone.ADVICE: "bold",
    Tone.TROUBLE: "bold magenta",
}


class _Terminal:
    """Rich draws the cards; prompt_toolkit reads the lines, with history and completion."""

    interactive = True

    def __init__(self, commands: Commands) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import Completer, Completion
        from prompt_toolkit.document import Document
        from prompt_toolkit.history import FileHistory
        from rich.console import Console as RichConsole

        self._rich = RichConsole(highlight=False)
        terminal = self

        class Complete(Completer):
            def get_completions(self, document: Document, complete_event: object) -> Iterator[Completion]:
                for start, text in completions(commands, terminal.buttons, document.text_before_cursor):
                    yield Completion(text, start)

        self.buttons: tuple[Button, ...] = ()
        folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "prepdeck"
        history = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            history = FileHistory(str(folder / "history"))
        except OSError:  # a home that can't be written costs the history, nothing else
            pass
        self._session: PromptSession[str] = PromptSession(
            history=history, completer=Complete(), complete_while_typing=True
        )

    async def line(self, buttons: tuple[Button, ...]) -> str | None:
        self.buttons = buttons
        return await self.ask("› ")

    async def ask(self, prompt: str) -> str | None:
        try:
            return await self._session.prompt_async(prompt if prompt.endswith(" ") else f"{prompt}\n› ")
        except (EOFError, KeyboardInterrupt):
            return None

    def show(self, card: Card) -> None:
        from rich.markdown import Markdown
        from rich.padding import Padding
        from rich.text import Text

        self._rich.print()
        self._rich.print(Text(plain(card.heading), style=_STYLES[card.tone]))
        if card.body:
            self._rich.print(Padding(Markdown(card.body, code_theme="ansi_dark"), (1, 0, 0, 0)))
        if card.fields:
            shown = "   ".join(f"{plain(name)}: {plain(value)}" for name, value in card.fields)
            self._rich.print(Padding(Text(shown, style="bold"), (1, 0, 0, 0)))
        if card.picture:
            drawn = Markdown(card.picture.text) if card.picture.text else Text(card.picture.alt)
            self._rich.print(Padding(drawn, (1, 0, 0, 0)))
        if card.rows:
            numbers = {button: number for number, button in enumerate(card.buttons, 1)}
            self._rich.print()
            for row in card.rows:
                labels = (
                    button.label if len(button.label) == 1 else f"{numbers[button]} {button.label}" for button in row
                )
                self._rich.print(Text("  ".join(f"[{label}]" for label in labels), style="cyan"))

    def note(self, text: str) -> None:
        self._rich.print(text, markup=False, emoji=False)


def completions(commands: Commands, buttons: Iterable[Button], line: str) -> Iterator[tuple[int, str]]:
    """What could be typed next: where it begins, counted back from the cursor, and the text."""
    if not line.startswith("/"):
        for button in buttons:
            if line and button.label.casefold().startswith(line.casefold()):
                yield -len(line), button.label
        return
    name, space, rest = line[1:].partition(" ")
    if not space:
        for command in commands.table:
            if command.name.startswith(name.lower()):
                yield -len(name), command.name
        return
    called = commands.find(name.lower())
    word = rest.rpartition(" ")[2]
    first = called.options[0] if called and called.options else None
    if first and first.suggest and word and ":" not in word:
        for name in first.suggest(word):
            if name.casefold().startswith(word.casefold()):
                yield -len(word), name
    for option in called.options if called else ():
        key = f"{option.name}:"
        if not word.startswith(key):
            if key.startswith(word) and key not in rest.split(" ")[:-1]:
                yield -len(word), key
            continue
        value = word.removeprefix(key)
        for choice in option.suggest(value) if option.suggest else option.choices:
            if option.suggest or value.casefold() in choice.casefold():
                yield -len(value), choice
