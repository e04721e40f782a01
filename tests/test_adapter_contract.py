"""One conversation, through every adapter: what holds on one platform holds on all."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Protocol

import pytest
from pydantic import SecretStr

from adapters import discord as discord_adapter
from adapters import telegram as telegram_adapter
from adapters.console import Console
from bot.__main__ import core
from bot.bank.bank import Bank
from bot.config import Config, Discord, Telegram
from bot.messages import Button, Card, File, Person, Picture, Press, Reply, Request, Room
from bot.platforms import Answer, Gone, Platform, Posting
from bot.store.store import Store
from tests import loopback_discord, loopback_telegram
from tests.loopback_discord import Interaction, LoopbackDiscord, Message
from tests.loopback_telegram import LoopbackTelegram
from tests.people import Clock, Conversation, button, looked


class Driver(Protocol):
    """A person with one platform in front of them, in private."""

    platform: Platform
    me: Person
    shared: Room  # where others are too

    async def start(self, answer: Answer) -> None:
        """Start the bot, or start it anew."""

    async def call(self, line: str) -> list[str]:
        """Give a command; the texts that came."""

    async def press(self, label: str) -> list[str]:
        """Press a button of the latest card that has it; the texts that came."""

    async def press_posted(self, label: str) -> list[str]:
        """Press a button of the latest post in the shared room; the texts that came."""

    def labels(self) -> list[str]:
        """The buttons in sight."""

    def seen(self) -> list[str]:
        """The texts of everything that was ever shown, wherever, as they are now."""

    def files(self) -> dict[str, bytes]:
        """The files that came, by name."""

    async def stop(self) -> None: ...


class ConsoleDriver:
    """The terminal, with a person as its screen."""

    interactive = False
    me, shared = Person("console", "me"), Room("console", "terminal")

    def __init__(self, conversation: Conversation) -> None:
        self._commands = conversation.commands
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        self._asked = asyncio.Event()
        self._cards: list[Card] = []
        self._buttons: tuple[Button, ...] = ()

    async def start(self, answer: Answer) -> None:
        remembered = {}
        if hasattr(self, "platform"):
            remembered = self.platform._labelled  # a new terminal shows no old buttons: its person remembers them
            await self.stop()
        self.platform = Console(answer, self._commands, self)
        self.platform._labelled = remembered
        self._asked.clear()
        self._running = asyncio.ensure_future(self.platform.run())
        await self._asked.wait()

    async def call(self, line: str) -> list[str]:
        before = len(self._cards)
        self._asked.clear()
        await self._lines.put(line)
        await asyncio.wait_for(self._asked.wait(), 10)
        return [f"{card.heading}\n{card.body}" for card in self._cards[before:]]

    async def press(self, label: str) -> list[str]:
        return await self.call(label)

    async def press_posted(self, label: str) -> list[str]:
        return await self.call(label)

    def labels(self) -> list[str]:
        return [button.label for button in self._buttons]

    def seen(self) -> list[str]:
        return [f"{card.heading}\n{card.body}" for card in self._cards]

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in Path.cwd().iterdir()}

    async def stop(self) -> None:
        self._running.cancel()
        await asyncio.wait({self._running})

    # Screen

    async def line(self, buttons: tuple[Button, ...]) -> str | None:
        self._buttons = buttons
        self._asked.set()
        return await self._lines.get()

    async def ask(self, prompt: str) -> str | None:
        return await self._lines.get()

    def show(self, card: Card) -> None:
        self._cards.append(card)

    def note(self, text: str) -> None: ...


class DiscordDriver:
    """A direct message with the bot."""

    me = Person("discord", str(loopback_discord.ADA))
    shared = Room("discord", str(loopback_discord.CHANNEL), community=str(loopback_discord.GUILD))

    def __init__(self, conversation: Conversation, server: LoopbackDiscord, store: Store) -> None:
        self._commands = conversation.commands
        self._server = server
        self._store = store
        self._messages: list[Message] = []

    async def start(self, answer: Answer) -> None:
        if hasattr(self, "platform"):
            await self.stop()
        self._server.connected.clear()
        config = Config(discord=Discord(token=SecretStr(self._server.token), api_url=self._server.url))
        self.platform = discord_adapter.connect(config, answer, self._commands, self._store.memory)
        self.platform._connection.guild_ready_timeout = 0.05
        self._running = asyncio.ensure_future(self.platform.run())
        await asyncio.wait_for(self._server.connected.wait(), 20)
        await asyncio.wait_for(self.platform.wait_until_ready(), 20)

    async def call(self, line: str) -> list[str]:
        call = self._commands.parse(line)
        return await self._outcome(await self._server.call(call.command, private=True, **call.options))

    async def press(self, label: str) -> list[str]:
        message = next(one for one in reversed(self._messages) if label in one.buttons)
        return await self._outcome(await self._server.press(message, label, private=True))

    async def press_posted(self, label: str) -> list[str]:
        return await self._outcome(await self._server.press(self._server.messages[-1], label))

    async def _outcome(self, interaction: Interaction) -> list[str]:
        await asyncio.wait_for(interaction.settled.wait(), 10)
        await self.platform._serving.finish()
        changed = [interaction.source] if interaction.source and not interaction.messages else []
        self._messages = [*(one for one in self._messages if one not in changed), *changed, *interaction.messages]
        return [message.text.removeprefix("### ") for message in (*changed, *interaction.messages)]

    def labels(self) -> list[str]:
        return list(self._messages[-1].buttons)

    def seen(self) -> list[str]:
        return [message.text for message in self._server.messages]

    def files(self) -> dict[str, bytes]:
        return {name: content for message in self._messages for name, content in message.files.items()}

    async def stop(self) -> None:
        self._running.cancel()
        await asyncio.wait({self._running})


class TelegramDriver:
    """A private chat with the bot. Whatever comes is in the order in which it came or was last changed."""

    me = Person("telegram", str(loopback_telegram.ADA))
    shared = Room("telegram", str(loopback_telegram.SUPERGROUP), community=str(loopback_telegram.SUPERGROUP))

    def __init__(self, conversation: Conversation, server: LoopbackTelegram, store: Store) -> None:
        self._commands = conversation.commands
        self._server = server
        self._store = store
        self._messages: list[loopback_telegram.Message] = []

    async def start(self, answer: Answer) -> None:
        if hasattr(self, "platform"):
            await self.stop()
        config = Config(telegram=Telegram(token=SecretStr(self._server.token), api_url=self._server.url))
        self.platform = telegram_adapter.connect(config, answer, self._commands, self._store.memory)
        asked = len(self._server.asked("getUpdates"))
        self._running = asyncio.ensure_future(self.platform.run())
        await self._server.until(lambda: len(self._server.asked("getUpdates")) > asked)

    async def call(self, line: str) -> list[str]:
        before = self._shown()
        return await self._outcome((await self._server.say(line)).update_id, before)

    async def press(self, label: str) -> list[str]:
        before = self._shown()
        message = next(one for one in reversed(self._messages) if label in one.buttons)
        pressed = await self._server.press(message, label)
        await asyncio.wait_for(pressed.answered.wait(), 10)
        told = await self._outcome(pressed.update_id, before)
        return [pressed.answer["text"]] if "text" in pressed.answer else told

    async def press_posted(self, label: str) -> list[str]:
        self._messages = self._server.messages[-1:]
        return await self.press(label)

    def _shown(self) -> dict[int, int]:
        """How often each message was changed."""
        return {message.id: message.edits for message in self._messages}

    async def _outcome(self, update: int, before: dict[int, int]) -> list[str]:
        await self._server.until(lambda: update not in self._server.pending)
        while self.platform._in_hand:
            await asyncio.wait(self.platform._in_hand)
        changed = [one for one in self._server.messages if before.get(one.id) != one.edits]
        self._messages = [*(one for one in self._messages if one not in changed), *changed]
        return [_marked(message) for message in changed]

    def labels(self) -> list[str]:
        return list(self._messages[-1].buttons)

    def seen(self) -> list[str]:
        return [message.text or message.caption for message in self._server.messages]

    def files(self) -> dict[str, bytes]:
        return {message.name: message.document for message in self._messages if message.document}

    async def stop(self) -> None:
        self._running.cancel()
        await asyncio.wait({self._running})


def _marked(message: loopback_telegram.Message) -> str:
    """The text with what is bold in it marked as in Markdown, but for the heading."""
    text = message.text.encode("utf-16-le")
    for one in reversed(message.entities):
        start, end = 2 * one["offset"], 2 * (one["offset"] + one["length"])
        if one["type"] == "bold" and start:
            mark = "**".encode("utf-16-le")
            text = text[:start] + mark + text[start:end] + mark + text[end:]
    return text.decode("utf-16-le")


@pytest.fixture
def conversation(bank: Bank, store: Store, clock: Clock) -> Conversation:
    """The whole core over each kind of database."""
    table, dispatch, _ = core(Config(), bank, store, clock, Random(1))
    return Conversation(dispatch.answer, table)


@pytest.fixture(params=["console", "discord", "telegram"])
async def driver(
    request: pytest.FixtureRequest,
    conversation: Conversation,
    server: LoopbackDiscord,
    telegram: LoopbackTelegram,
    store: Store,
) -> AsyncIterator[Driver]:
    made: Driver
    match request.param:
        case "console":
            made = ConsoleDriver(conversation)
        case "discord":
            made = DiscordDriver(conversation, server, store)
        case _:
            made = TelegramDriver(conversation, telegram, store)
    yield made
    await made.stop()


async def test_a_card_with_all_choices_appears(driver: Driver, conversation: Conversation) -> None:
    await driver.start(conversation.answer)
    (text,) = await driver.call("/quiz mode:choice topic:basics")
    assert all(f"**{letter}.**" in text for letter in "ABCD")
    assert driver.labels() == ["A", "B", "C", "D", "Hint", "Type answer", "Next question"]


async def test_a_press_answers_and_leads_on(driver: Driver, conversation: Conversation) -> None:
    await driver.start(conversation.answer)
    await driver.call("/quiz mode:choice topic:basics")
    (verdict,) = await driver.press("B")
    assert verdict.startswith(("Correct ✔", "Not quite ✘"))
    assert "The answer to" in verdict
    (explanation,) = await driver.press("Explanation")
    assert "The explanation of" in explanation
    (following,) = await driver.press("Next question")
    assert following.startswith("What is ")


async def test_a_flash_card_is_shown_and_rated(driver: Driver, conversation: Conversation) -> None:
    await driver.start(conversation.answer)
    await driver.call("/quiz mode:flash")
    (answer,) = await driver.press("Show answer")
    assert "The answer to" in answer
    (noted,) = await driver.press("Good")
    assert noted.startswith("Noted: Good")


async def test_a_press_on_a_card_from_before_a_restart_works(driver: Driver, conversation: Conversation) -> None:
    await driver.start(conversation.answer)
    await driver.call("/quiz mode:choice topic:basics")
    await driver.start(conversation.answer)
    (verdict,) = await driver.press("A")
    assert verdict.startswith(("Correct ✔", "Not quite ✘"))


async def test_two_presses_count_once(driver: Driver, conversation: Conversation) -> None:
    await driver.start(conversation.answer)
    await driver.call("/quiz mode:choice topic:basics level:junior")
    await driver.press("A")
    before = await driver.call("/topics")
    await driver.press("Explanation")
    assert await driver.call("/topics") == before
    assert any("1 of 2" in text for text in before)


async def test_an_unknown_command_and_wrong_options_are_answered(driver: Driver, conversation: Conversation) -> None:
    await driver.start(conversation.answer)
    (text,) = await driver.call("/quiz topic:nowhere")
    assert text.startswith("I know no topic “nowhere”")


async def test_a_long_body_is_shown_whole(driver: Driver) -> None:
    body = "\n\n".join(f"Paragraph {number}: " + "words " * 100 for number in range(15))

    async def answer(request: Request) -> Reply:
        return Reply(new=Card("Long", body, rows=((Button("Go", Press("next", "d")),),)))

    await driver.start(answer)
    together = "\n\n".join(await driver.call("/quiz"))
    assert all(f"Paragraph {number}:" in together for number in range(15))
    assert driver.labels() == ["Go"]


async def test_a_post_to_a_dead_room_is_gone_where_rooms_can_die(driver: Driver, conversation: Conversation) -> None:
    await driver.start(conversation.answer)
    if isinstance(driver, ConsoleDriver):
        await driver.platform.post(Room("console", "terminal"), Card("Here"))
        assert driver._cards[-1] == Card("Here")
    else:
        with pytest.raises(Gone):
            await driver.platform.edit(Room("any", "1"), "1", Card("x"))


async def test_a_post_is_shown_with_all_that_it_says_and_changes(driver: Driver, conversation: Conversation) -> None:
    await driver.start(conversation.answer)
    picture = Picture("x.png", loopback_telegram.PNG, "A chart")
    how = Posting("deal", thread="Talk")
    await driver.platform.post(driver.shared, Card("The answer of the day", "All of it", picture=picture), how)
    number = await driver.platform.post(driver.shared, Card("Question of the day", "Before"), Posting("other"))
    answer, question = driver.seen()
    assert all(words in answer for words in ("The answer of the day", "All of it"))
    assert all(words in question for words in ("Question of the day", "Before"))
    await driver.platform.edit(driver.shared, number, Card("Question of the day", "After"))
    assert "After" in driver.seen()[-1]


async def test_a_question_that_was_posted_is_answered_by_its_buttons_after_a_restart_too(
    driver: Driver, conversation: Conversation
) -> None:
    await driver.start(conversation.answer)
    reply = await conversation.type("/quiz mode:choice topic:basics", where=driver.shared)
    assert reply.new
    await driver.platform.post(driver.shared, reply.new)
    await driver.start(conversation.answer)
    (verdict,) = await driver.press_posted("A")
    assert verdict.removeprefix("### ").startswith(("Correct ✔", "Not quite ✘"))


async def test_a_person_who_knows_us_is_told_in_private(driver: Driver, conversation: Conversation) -> None:
    await driver.start(conversation.answer)
    await driver.call("/help")
    await driver.platform.tell(driver.me, Card("Your streak of 3 days ends tonight"))
    assert "Your streak of 3 days ends tonight" in driver.seen()[-1]


async def test_where_we_may_post_nothing_is_missing_and_we_are_ready(
    driver: Driver, conversation: Conversation
) -> None:
    await driver.start(conversation.answer)
    assert driver.platform.ready
    assert await driver.platform.missing(driver.shared) == ""


async def test_a_reply_brings_a_card_and_a_file_to_keep(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    working = tmp_path / "working"
    working.mkdir()
    monkeypatch.chdir(working)
    content = "# Your interview\n\n1. Was ist ein Kontext? – Über 30 Sekunden.\n".encode()

    async def answer(request: Request) -> Reply:
        return Reply(new=Card("Here is your interview"), file=File("interview-1.md", content))

    await driver.start(answer)
    told = await driver.call("/quiz")
    assert told[0].startswith("Here is your interview")
    assert driver.files() == {"interview-1.md": content}


async def test_a_review_goes_through_what_is_due_and_a_rating_can_be_taken_back(
    driver: Driver, conversation: Conversation, clock: Clock
) -> None:
    await driver.start(conversation.answer)
    for _ in range(2):
        await driver.call("/quiz mode:flash")
        await driver.press("Show answer")
        await driver.press("Good")
    clock.advance(days=1)
    await driver.call("/review")
    assert driver.labels()[-2:] == ["Skip", "Leave"]
    await driver.press("Show answer")
    (noted,) = await driver.press("Again")
    assert noted.startswith("Noted: Again")
    await driver.press("Undo")
    (noted,) = await driver.press("Hard")
    assert noted.startswith("Noted: Hard")
    await driver.start(conversation.answer)
    await driver.press("Next question")
    await driver.press("Show answer")
    await driver.press("Good")
    (end,) = await driver.press("Next question")
    assert end.startswith("Reviewed: 2 of 2 known")


async def test_a_mock_interview_is_held_over_a_restart_and_its_report_is_kept(
    driver: Driver, conversation: Conversation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    working = tmp_path / "working"
    working.mkdir()
    monkeypatch.chdir(working)
    await driver.start(conversation.answer)
    await driver.call("/mock questions:3")
    (first,) = await driver.press("Begin")
    assert "Question 1 of 3" in first
    (answer,) = await driver.press("I have said it")
    assert "The answer to" in answer
    for label in ("C4", "R3", "B5"):
        (noted,) = await driver.press(label)
    assert noted.startswith("Noted: clear 4, right 3, brief 5")
    await driver.start(conversation.answer)
    (second,) = await driver.press("Next question")
    assert "Question 2 of 3" in second
    (third,) = await driver.press("Skip")
    assert "Question 3 of 3" in third
    await driver.press("Leave")
    assert any("Your interview: 1 of 3 answered" in text for text in driver.seen())
    ((name, content),) = driver.files().items()
    assert name == "interview-2026-03-02.md"
    assert b"clear 4, right 3, brief 5" in content


async def test_a_battle_against_the_rival_is_played_over_a_restart(
    driver: Driver, conversation: Conversation, clock: Clock
) -> None:
    await driver.start(conversation.answer)
    await driver.call("/battle questions:3")
    for place in (1, 2, 3):
        assert any(f"Question {place} of 3" in text for text in driver.seen())
        assert driver.labels() == ["A", "B", "C", "D", "Stop"]
        clock.advance(seconds=5)
        await driver.start(conversation.answer)
        await driver.press("A")
        seen = [text.removeprefix("### ") for text in driver.seen()]
        (result,) = [one for one in seen if one.startswith(("Correct", "Not quite")) and f"Question {place} of" in one]
        assert "Your rival: " in result
        if place < 3:
            await driver.press("Next question")
    assert driver.seen()[-1].removeprefix("### ").startswith(("You win", "Your rival wins", "A draw", "Nobody wins"))


async def test_a_battle_in_a_room_is_played_by_buttons_and_comes_to_its_podium(
    driver: Driver, bank: Bank, store: Store, clock: Clock
) -> None:
    made = core(Config(), bank, store, clock, Random(1))
    name, room = driver.shared.platform, replace(driver.shared, community=driver.shared.community or "here")
    people = Conversation(made.dispatch.answer, made.commands)
    other = Person(name, "777")
    await driver.start(made.dispatch.answer)
    made.lane.platforms[name] = driver.platform
    lobby = (await people.type("/battle questions:3", other, room)).new
    assert lobby
    await driver.platform.post(driver.shared, lobby)
    told = await driver.press_posted("Join")
    assert any("You are in" in text for text in told)
    await people.press(button(lobby, "Start now"), other, room)
    for place in (1, 2, 3):
        await looked(made.lane, name)
        assert f"Question {place} of 3" in driver.seen()[-1]
        clock.advance(seconds=4)
        if place == 2:
            await driver.start(made.dispatch.answer)
            made.lane.platforms[name] = driver.platform
        (told_mine,) = await driver.press_posted("A")
        assert "You chose A" in told_mine
        (battle,) = await store.battles.due(name, clock() + timedelta(minutes=1), 9)
        asked = await store.rounds.round(battle.id, place)
        assert asked
        await people.press(Press("choose", asked.deal, "B"), other, room)
        await looked(made.lane, name)
        assert "Right is" in driver.seen()[-1]
        clock.advance(seconds=9)
    await looked(made.lane, name)
    assert "Missed most:" in driver.seen()[-1]
