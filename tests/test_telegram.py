"""Telegram, through the real python-telegram-bot against a Bot API on loopback."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr
from telegram.error import NetworkError

from adapters import telegram as adapter
from adapters.telegram import delivery, pacing, serving
from adapters.telegram import platform as life
from bot.__main__ import Core, core
from bot.bank.bank import Bank
from bot.commands import Command, Commands
from bot.config import Config, Monitor, Telegram
from bot.dispatch import Dispatch
from bot.messages import Button, Call, Card, File, Picture, Poll, Press, Rank, Reply, Request, Room, Tone, Typed, Voice
from bot.messages import Person as Someone
from bot.platforms import Answer, Gone, PlatformError, Posting, Unknown
from bot.store.database import Database, StoreError
from bot.store.store import Learner, Store
from tests.conftest import opened
from tests.loopback_telegram import (
    ADA,
    BOB,
    BOT,
    CHANNEL,
    CUT,
    FORUM,
    GROUP,
    LOST,
    PNG,
    SUPERGROUP,
    LoopbackTelegram,
    Message,
    Person,
    Pressed,
    check_entities,
    flood,
    server_error,
)
from tests.people import Clock, Conversation, looked

ROOT = Path(__file__).parent.parent
A = Press("answer", "d", "A")
FILE = File("interview.md", "# Über Kontexte\n".encode())
PICKY = Card("x", rows=((Button("A", A),),))


class Bot:
    """The bot on Telegram, as people there see it."""

    def __init__(self, server: LoopbackTelegram, store: Store, conversation: Conversation) -> None:
        self.server = server
        self.store = store
        self.commands = conversation.commands
        self._core = conversation.answer
        self._running: asyncio.Future[int] | None = None

    async def start(self, answer: Answer | None = None, **settings: str) -> None:
        await self.stop()
        telegram = Telegram(
            token=SecretStr(settings.get("token", self.server.token)),
            api_url=self.server.url,
            webhook_url=settings.get("webhook_url", ""),
        )
        config = Config(telegram=telegram, monitor=Monitor(listen=settings.get("listen", "")))
        self.platform = adapter.connect(config, answer or self._core, self.commands, self.store.memory)
        asked = len(self.server.asked("getUpdates"))
        self._running = asyncio.ensure_future(self.platform.run())
        ready = self.server.until(
            lambda: self.server.webhook if telegram.webhook_url else len(self.server.asked("getUpdates")) > asked
        )
        waiting = asyncio.ensure_future(ready)
        await asyncio.wait({waiting, self._running}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def stop(self) -> None:
        if self._running:
            self._running.cancel()
            await asyncio.wait({self._running})

    async def ended(self) -> int:
        assert self._running
        return await asyncio.wait_for(self._running, 20)

    async def settle(self, update: int) -> None:
        """Wait until an update was answered, with all that follows."""
        await self.server.until(lambda: update not in self.server.pending)
        while self.platform._in_hand:
            await asyncio.wait(self.platform._in_hand)

    async def say(self, text: str, who: int = ADA, chat: int | None = None, **extra: Any) -> list[Message]:
        """Write something; the messages that came."""
        before = len(self.server.messages)
        said = await self.server.say(text, who, chat, **extra)
        await self.settle(said.update_id)
        return self.server.messages[before:]

    async def press(self, message: Message, label: str = "", who: int = ADA, **how: Any) -> Pressed:
        pressed = await self.server.press(message, label, who, **how)
        await asyncio.wait_for(pressed.answered.wait(), 20)
        await self.settle(pressed.update_id)
        return pressed

    async def quiz(self, line: str = "/quiz mode:choice topic:basics", **where: Any) -> Message:
        (message,) = await self.say(line, **where)
        return message


@pytest.fixture
async def bot(telegram: LoopbackTelegram, sqlite_store: Store, conversation: Conversation) -> AsyncIterator[Bot]:
    made = Bot(telegram, sqlite_store, conversation)
    yield made
    await made.stop()


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    """The database of the bot, by a connection of our own."""
    async for database in opened(sqlite_url):
        yield database


def replying(*replies: Reply) -> tuple[Answer, list[Request]]:
    """A core that gives these replies in turn, the last one again and again; and what it was asked."""
    asked: list[Request] = []

    async def answer(request: Request) -> Reply:
        asked.append(request)
        return replies[min(len(asked), len(replies)) - 1]

    return answer, asked


def fault(method: str, made: Callable[[], Any], chat: int | None = None) -> Callable[[str, dict[str, Any]], Any]:
    """Something that goes wrong the next time that this method is called, about this chat."""

    def failing(name: str, params: dict[str, Any]) -> Any:
        return made() if name == method and chat in (None, params.get("chat_id")) else None

    return failing


def refused(text: str, code: int = 400) -> web.Response:
    return web.json_response({"ok": False, "error_code": code, "description": text}, status=code)


# Commands


async def test_commands_are_registered_by_scope_once_with_descriptions(bot: Bot) -> None:
    await bot.start()
    names = [command.name for command in bot.commands.table]
    for scope in ("all_private_chats", "all_chat_administrators"):
        assert [one["command"] for one in bot.server.commands[scope, ""]] == names
    assert bot.server.profile["description", ""]
    assert bot.server.profile["short_description", ""]
    calls = len(bot.server.asked("setMyCommands"))
    await bot.start()
    assert len(bot.server.asked("setMyCommands")) == calls


async def test_groups_are_offered_what_is_for_all_and_their_administrators_everything(bot: Bot) -> None:
    async def nothing(*given: object) -> Reply:
        return Reply()

    bot.commands = Commands((Command("all", "a", nothing), Command("few", "f", nothing, rank=Rank.MODERATOR)), {})
    await bot.start()
    offered = {scope: [one["command"] for one in found] for (scope, _), found in bot.server.commands.items()}
    assert offered == {
        "all_private_chats": ["all", "few"],
        "all_chat_administrators": ["all", "few"],
        "all_group_chats": ["all"],
    }


@pytest.mark.parametrize(
    ("said", "options"),
    [
        ("/quiz", {}),
        ("/quiz contexts", {"topic": "contexts"}),
        ("/quiz@prepdeck_bot topic:contexts level:mid", {"topic": "contexts", "level": "mid"}),
        ("/QUIZ@Prepdeck_Bot  two words", {"topic": "two words"}),
        ("/quiz\nlevel:mid", {"level": "mid"}),
        ("/quiz\tlevel:mid", {"level": "mid"}),
        ("/quiz\u00a0two words", {"topic": "two words"}),
        ("/quiz, contexts", {"topic": "contexts"}),
        ("/quiz@prepdeck_bot, contexts", {"topic": "contexts"}),
    ],
)
async def test_commands_are_understood_with_options_words_and_our_name(
    bot: Bot, said: str, options: dict[str, str]
) -> None:
    answer, asked = replying(Reply())
    await bot.start(answer)
    await bot.say(said, chat=GROUP)
    assert [request.what for request in asked] == [Call("quiz", options)]


@pytest.mark.parametrize(
    "extra",
    [
        {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "x"}},
        {"via_bot": {"id": 5, "is_bot": True, "first_name": "other"}},
        {"date": int(time.time()) - 3_600},
    ],
    ids=["forwarded", "by inline mode", "stale"],
)
async def test_a_command_that_nobody_gave_now_is_ignored(bot: Bot, extra: dict[str, Any]) -> None:
    await bot.start()
    assert await bot.say("/quiz", **extra) == []


async def test_an_edited_command_is_ignored(bot: Bot) -> None:
    await bot.start()
    said = await bot.server.say("/help")
    await bot.settle(said.update_id)
    number = await bot.server.edit_said(said, "/quiz")
    assert number not in bot.server.pending  # it is not even asked for
    assert len(bot.server.messages) == 1


async def test_what_waited_while_we_were_away_is_answered_unless_it_is_a_command_that_nobody_waits_for(
    bot: Bot,
) -> None:
    await bot.start()
    message = await bot.quiz()
    await bot.stop()
    await bot.server.say("/quiz", date=int(time.time()) - 3_600)
    pressed = await bot.server.press(message, "A")
    await bot.start()
    await asyncio.wait_for(pressed.answered.wait(), 20)
    await bot.settle(pressed.update_id)
    assert len(bot.server.messages) == 1
    assert message.text.startswith(("Correct", "Not quite"))


async def test_what_is_not_understood_in_private_is_answered_with_help(bot: Bot) -> None:
    await bot.start()
    for said in ("/qiuz", "/nothing", "hello", "how does it work?"):
        (message,) = await bot.say(said)
        assert "/quiz" in message.text


async def test_in_a_group_commands_of_other_bots_and_talk_are_none_of_our_business(bot: Bot) -> None:
    await bot.start()
    for said in ("/nothing", "/quiz@other_bot", "hello", "/qiuz"):
        assert await bot.say(said, chat=GROUP) == []
    (message,) = await bot.say("/qiuz@prepdeck_bot", chat=GROUP)
    assert "/quiz" in message.text


async def test_a_refused_command_is_answered_where_it_was_given(bot: Bot) -> None:
    await bot.start()
    (message,) = await bot.say("/quiz nowhere", chat=GROUP)
    assert (message.chat, message.reply_to is not None) == (GROUP, True)
    assert message.text.startswith("I know no topic “nowhere”")


async def test_what_is_for_one_person_goes_from_a_group_to_the_private_chat(bot: Bot) -> None:
    await bot.start()
    bot.server.started.add(ADA)
    (message,) = await bot.say("/streak", chat=GROUP)
    assert message.chat == ADA
    assert message.text.startswith("Your streak")


async def test_who_has_no_private_chat_with_us_gets_a_link_there_and_nothing_is_told(bot: Bot) -> None:
    await bot.start()
    (message,) = await bot.say("/streak", chat=GROUP)
    assert message.chat == GROUP
    assert "streak" not in message.text
    assert message.buttons == {"Open our chat": "https://t.me/prepdeck_bot?start=streak"}
    (private,) = await bot.say("/start streak")
    assert private.text.startswith("Your streak")


@pytest.mark.parametrize("payload", ["", "nonsense", "answer-abc", "call-quiz", "x" * 64, "show-", "-", "rate-d-good"])
async def test_a_start_link_with_anything_at_all_is_answered_kindly(bot: Bot, payload: str) -> None:
    await bot.start()
    (message,) = await bot.say(f"/start {payload}".strip())
    assert message.text


async def test_an_administrator_is_asked_for_only_where_a_rank_is_needed(bot: Bot) -> None:
    async def nothing(*given: object) -> Reply:
        return Reply()

    bot.commands = Commands((Command("all", "a", nothing), Command("few", "f", nothing, rank=Rank.MODERATOR)), {})
    answer, asked = replying(Reply())
    bot.server.members[GROUP, ADA] = "administrator"
    await bot.start(answer)
    await bot.say("/all", chat=GROUP)
    assert bot.server.asked("getChatMember") == []
    await bot.say("/few", chat=GROUP)
    await bot.say("/few", who=BOB, chat=GROUP)
    await bot.say("/few")
    await bot.say("/few", chat=GROUP, sender_chat={"id": GROUP, "type": "group", "title": "Study"})
    ranks = [request.rank for request in asked]
    assert ranks == [Rank.MEMBER, Rank.MODERATOR, Rank.MEMBER, Rank.OWNER, Rank.MODERATOR]


# Cards


async def test_a_question_in_private_has_its_choices_on_buttons(bot: Bot) -> None:
    await bot.start()
    message = await bot.quiz()
    assert list(message.buttons) == ["A", "B", "C", "D", "Hint", "Type answer", "Next question"]
    assert [len(row) for row in message.keyboard] == [4, 2, 1]
    assert message.entities[0] == {"type": "bold", "offset": 0, "length": len(message.text.split("\n")[0])}


async def test_a_question_in_a_group_leads_to_the_full_answer_by_a_link(bot: Bot) -> None:
    await bot.start()
    message = await bot.quiz(chat=GROUP)
    assert list(message.buttons) == ["A", "B", "C", "D", "Hint", "Type answer", "Full answer"]
    deal = message.buttons["A"].split(":")[1]
    assert message.buttons["Full answer"] == f"https://t.me/prepdeck_bot?start=verdict-{deal}"


async def test_rows_are_broken_where_a_phone_would_cut_their_labels(bot: Bot) -> None:
    row = tuple(Button(label, A) for label in ("Explanation", "Code", "Next question", "A"))
    long = (Button("A label that fills the whole row", A), Button("B", A))
    answer, _ = replying(Reply(new=Card("x", rows=(row, long))))
    await bot.start(answer)
    (message,) = await bot.say("/quiz")
    assert [[one["text"] for one in row] for row in message.keyboard] == [
        ["Explanation", "Code"],
        ["Next question", "A"],
        ["A label that fills the whole row"],
        ["B"],
    ]


async def test_a_long_card_is_several_messages_with_the_buttons_on_the_last(bot: Bot) -> None:
    body = "```python\n" + "x = '<&>'\n" * 900 + "```"
    answer, _ = replying(Reply(new=Card("Long", body, rows=((Button("Go", A),),))))
    await bot.start(answer)
    messages = await bot.say("/quiz")
    assert len(messages) == 3
    assert [list(message.buttons) for message in messages] == [[], [], ["Go"]]
    assert "".join(message.text for message in messages).count("x = '<&>'") == 900
    assert all({"pre"} <= {one["type"] for one in message.entities} for message in messages)


@pytest.mark.parametrize(
    "text", ["<b>&amp;", "`", "*_[](", "👩‍👩‍👧 👍🏽", "שלום עולם", "e\u0301", "a`b`c", "||x||", "\\", "@everyone /quiz"]
)
async def test_no_text_of_a_user_breaks_a_message(bot: Bot, text: str) -> None:
    await bot.start()
    (message,) = await bot.say(f'/quiz topic:"{text}"')
    assert f"I know no topic “{text}”" in message.text
    check_entities(message.text, message.entities)


async def test_a_picture_comes_with_the_card_as_its_caption_or_before_it_where_that_is_too_long(bot: Bot) -> None:
    picture = Picture("days.png", PNG, "Your days")
    rows = ((Button("Go", A),),)
    short, long = (
        Card("Short", "few", rows=rows, picture=picture),
        Card("Long", "word " * 300, rows=rows, picture=picture),
    )
    answer, _ = replying(Reply(new=short), Reply(new=long))
    await bot.start(answer)
    (one,) = await bot.say("/quiz")
    assert (one.photo, one.caption, list(one.buttons)) == (PNG, "Short\n\nfew", ["Go"])
    photo, text = await bot.say("/quiz")
    assert (photo.photo, photo.caption) == (PNG, "Long")
    assert list(text.buttons) == ["Go"]


async def test_a_heading_in_which_nothing_can_be_seen_does_not_lose_the_card(bot: Bot) -> None:
    answer, _ = replying(Reply(new=Card("\u200b")))
    await bot.start(answer)
    assert len(await bot.say("/quiz")) == 1


# Presses


async def test_in_private_the_card_changes_and_the_press_is_answered(bot: Bot) -> None:
    await bot.start()
    message = await bot.quiz()
    pressed = await bot.press(message, "B")
    assert "text" not in pressed.answer
    assert message.text.startswith(("Correct ✔", "Not quite ✘"))
    assert message.edits == 1


async def test_a_press_is_answered_before_its_card_changes(bot: Bot) -> None:
    await bot.start()
    message = await bot.quiz()
    await bot.press(message, "B")
    order = [method for method, _, _ in bot.server.requests if method in ("answerCallbackQuery", "editMessageText")]
    assert order == ["answerCallbackQuery", "editMessageText"]


async def test_in_a_group_the_verdict_is_an_alert_that_nobody_else_sees(bot: Bot) -> None:
    await bot.start()
    message = await bot.quiz(chat=GROUP)
    before = message.text
    for who in (ADA, BOB):
        pressed = await bot.press(message, "A", who)
        assert pressed.answer["show_alert"]
        assert pressed.answer["text"].startswith(("Correct ✔", "Not quite ✘"))
        assert len(pressed.answer["text"]) <= 200
    assert (message.text, message.edits) == (before, 0)
    assert len(bot.server.messages) == 1


async def test_the_full_verdict_opens_in_private_for_who_has_answered_and_for_nobody_else(bot: Bot) -> None:
    await bot.start()
    message = await bot.quiz(chat=SUPERGROUP)
    link = message.buttons["Full answer"].partition("start=")[2]
    (refused,) = await bot.say(f"/start {link}")
    assert refused.text.startswith("Answer it where it was asked")
    await bot.press(message, "A")
    (verdict,) = await bot.say(f"/start {link}")
    assert "The answer to" in verdict.text
    assert list(verdict.buttons) == ["Explanation", "Code", "Next question"]
    await bot.press(verdict, "Explanation")
    assert "The explanation of" in bot.server.messages[-1].text
    (still,) = await bot.say(f"/start {link}", who=BOB)
    assert "The answer to" not in still.text


async def test_a_long_alert_is_cut_at_200(bot: Bot) -> None:
    answer, _ = replying(
        Reply(new=Card("x", rows=((Button("A", A),),))), Reply(aside=Card("Head", "👍🏽 wörter " * 60))
    )
    await bot.start(answer)
    (message,) = await bot.say("/quiz", chat=GROUP)
    text = (await bot.press(message, "A")).answer["text"]
    assert text.endswith("…")
    assert len(text.encode("utf-16-le")) // 2 <= 200


async def test_in_private_a_short_aside_is_an_alert_and_a_long_one_a_message(bot: Bot) -> None:
    question = Card("x", rows=((Button("A", A),),))
    answer, _ = replying(
        Reply(new=question), Reply(aside=Card("Hint", "short")), Reply(aside=Card("Hint", "long " * 99))
    )
    await bot.start(answer)
    (message,) = await bot.say("/quiz")
    assert (await bot.press(message, "A")).answer["text"] == "Hint\n\nshort"
    assert "text" not in (await bot.press(message, "A")).answer
    assert bot.server.messages[-1].text.startswith("Hint\n\nlong")


@pytest.mark.parametrize(
    "data", ["x", "answer:nothere:A", ":::", "answer:\u00e9", "pick::abc", "call::nothing", "call::"]
)
async def test_a_forged_press_gets_a_kind_private_answer(bot: Bot, data: str) -> None:
    await bot.start()
    for where in ({}, {"chat": GROUP}):
        message = await bot.quiz(**where)
        before = len(bot.server.messages)
        pressed = await bot.press(message, data=data)
        assert pressed.answer.get("text") or bot.server.messages[before:]
        assert message.edits == 0


async def test_pressing_the_same_twice_is_harmless(bot: Bot) -> None:
    card = Card("Same", rows=((Button("A", A),),))
    answer, _ = replying(Reply(new=card), Reply(edit=card))
    await bot.start(answer)
    (message,) = await bot.say("/quiz")
    await bot.press(message, "A")
    assert bot.server.asked("editMessageText")
    assert len(bot.server.messages) == 1


async def test_a_card_that_can_not_change_any_more_is_followed_by_a_new_one(bot: Bot) -> None:
    await bot.start()
    message = await bot.quiz()
    message.deleted = True
    await bot.press(message, "A", old=True)
    assert bot.server.messages[-1] is not message
    assert bot.server.messages[-1].text.startswith(("Correct ✔", "Not quite ✘"))


async def test_a_slow_answer_is_acknowledged_first_and_comes_all_the_same(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "ACKNOWLEDGE_AFTER", 0.0)
    ready = asyncio.Event()

    async def answer(request: Request) -> Reply:
        if isinstance(request.what, Press):
            await ready.wait()
            return Reply(aside=Card("Verdict"))
        return Reply(new=Card("x", rows=((Button("A", A),),)))

    await bot.start(answer)
    bot.server.started.add(BOB)
    (message,) = await bot.say("/quiz", chat=GROUP)
    for who, chat in ((BOB, BOB), (ADA, GROUP)):
        ready.clear()
        pressed = await bot.server.press(message, "A", who)
        await asyncio.wait_for(pressed.answered.wait(), 20)
        assert "text" not in pressed.answer
        ready.set()
        await bot.settle(pressed.update_id)
        assert bot.server.messages[-1].chat == chat
    assert bot.server.messages[-1].text == "I tell you that in private."


async def test_an_update_that_is_delivered_twice_changes_nothing(bot: Bot, database: Database) -> None:
    await bot.start()
    said = await bot.server.say("/quiz mode:choice topic:basics")
    await bot.settle(said.update_id)
    (message,) = bot.server.messages
    pressed = await bot.press(message, "A")
    text = message.text
    for update in (said.update_id, pressed.update_id):
        await bot.server.again(update)
        asked = len(bot.server.asked("getUpdates"))
        await bot.server.until(lambda asked=asked: len(bot.server.asked("getUpdates")) > asked)
    while bot.platform._in_hand:
        await asyncio.wait(bot.platform._in_hand)
    assert len(bot.server.messages) == 1
    assert (message.text, message.edits) == (text, 1)


async def test_a_command_that_is_delivered_again_after_a_restart_deals_the_same_question(
    bot: Bot, database: Database
) -> None:
    await bot.start()
    said = await bot.server.say("/quiz")
    await bot.settle(said.update_id)
    await bot.start()
    await bot.server.again(said.update_id)
    await bot.server.until(lambda: len(bot.server.messages) == 2)
    first, second = bot.server.messages
    assert (first.text, first.keyboard) == (second.text, second.keyboard)
    assert len(await database.fetch("SELECT id FROM deal")) == 1


async def test_updates_of_one_person_are_answered_in_order_and_others_do_not_wait(bot: Bot) -> None:
    ready, done = asyncio.Event(), list[str]()

    async def answer(request: Request) -> Reply:
        assert isinstance(request.what, Call)
        words = request.what.options["topic"]
        if words == "first":
            await ready.wait()
        done.append(words)
        return Reply(new=Card(words))

    await bot.start(answer)
    updates = [
        (await bot.server.say(f"/quiz {words}", who)).update_id
        for words, who in (("first", ADA), ("second", ADA), ("other", BOB))
    ]
    await bot.server.until(lambda: bot.server.messages)
    assert done == ["other"]
    ready.set()
    await bot.settle(updates[-1])
    assert done == ["other", "first", "second"]


async def test_a_chat_that_has_to_wait_keeps_the_same_person_waiting_nowhere_else(bot: Bot) -> None:
    await bot.start()
    message, elsewhere = await bot.quiz(), await bot.quiz(chat=SUPERGROUP)
    bot.server.faults.append(fault("sendMessage", lambda: flood(2), GROUP))
    slow = await bot.server.say("/quiz", chat=GROUP)
    await bot.server.until(lambda: not bot.server.faults)
    for one in (message, elsewhere):
        pressed = await bot.server.press(one, "A")
        await asyncio.wait_for(pressed.answered.wait(), 1)
    assert message.text.startswith(("Correct", "Not quite"))
    assert all(one.chat != GROUP for one in bot.server.messages)
    await bot.settle(slow.update_id)
    assert bot.server.messages[-1].chat == GROUP


async def test_a_press_that_has_expired_is_answered_in_private(bot: Bot) -> None:
    await bot.start()
    message = await bot.quiz(chat=GROUP)
    bot.server.started.add(ADA)
    old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    bot.server.faults.append(fault("answerCallbackQuery", lambda: refused(old)))
    pressed = await bot.server.press(message, "A")
    await bot.settle(pressed.update_id)
    assert bot.server.messages[-1].chat == ADA
    assert bot.server.messages[-1].text.startswith(("Correct", "Not quite"))


async def test_who_writes_while_the_database_is_away_is_told_so_and_the_log_has_one_sentence(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await bot.start()

    async def away(name: str) -> str:
        raise StoreError("The database is away.")

    monkeypatch.setattr(bot.store.memory, "note", away)
    (told,) = await bot.say("I would use a blueprint")
    assert "I can't reach my notes just now. Please try again in a minute" in told.text
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "The database is away."
    ]


@pytest.mark.parametrize("how", ["written", "spoken", "pressed"])
async def test_who_floods_us_waits_alone(bot: Bot, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(life, "IN_HAND", 50)
    never = asyncio.Event()

    async def answer(request: Request) -> Reply:
        if request.who.id == str(ADA):
            await never.wait()
        return Reply(new=Card("Here", rows=((Button("Next", Press("next")),),)))

    await bot.start(answer)
    await bot.server.say("/quiz", BOB)
    await bot.server.until(lambda: bot.server.messages)
    (question,) = bot.server.messages
    for _ in range(100):
        if how == "pressed":
            await bot.server.press(question, "Next", ADA)
        else:
            await (bot.server.say("/quiz", ADA) if how == "written" else bot.server.speak(1, ADA))
    await bot.server.say("/quiz", BOB)
    await bot.server.until(lambda: len(bot.server.messages) == 2)
    assert bot.server.messages[1].chat == BOB
    assert len(bot.platform._in_hand) <= life.PATIENCE + 1
    never.set()


async def test_a_raided_group_does_not_keep_others_waiting(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "MINUTE", 1_000.0)
    await bot.start()
    for who in range(5_000, 5_100):
        bot.server.people[who] = Person(who, "raider")
        said = await bot.server.say("/help", who, GROUP)
    await bot.server.until(lambda: said.update_id not in bot.server.pending)
    await bot.server.say("/help", BOB)
    await bot.server.until(lambda: any(message.chat == BOB for message in bot.server.messages))
    assert 0 < len(bot.platform._in_hand) <= delivery.PATIENCE + 1
    for task in bot.platform._in_hand:
        task.cancel()


# Prompts


@pytest.fixture
def prompting(bot: Bot) -> list[Request]:
    """A core whose one button asks for text."""
    asked: list[Request] = []

    async def answer(request: Request) -> Reply:
        asked.append(request)
        if isinstance(request.what, Typed):
            return Reply(new=Card("Heard", request.what.text))
        return Reply(new=Card("x", rows=((Button("Type", Press("type", "d")),),)))

    bot.commands = Commands(bot.commands.table, {}, {"type": "Say it in your own words"})
    bot._core = answer
    return asked


async def test_a_prompt_is_answered_by_a_reply_even_after_a_restart(bot: Bot, prompting: list[Request]) -> None:
    await bot.start()
    (message,) = await bot.say("/quiz")
    pressed = await bot.press(message, "Type")
    assert "text" not in pressed.answer
    prompt = bot.server.messages[-1]
    assert (prompt.text, prompt.force_reply) == ("Say it in your own words", True)
    await bot.start()
    (heard,) = await bot.say("in my words", reply_to=prompt)
    assert prompting[-1].what == Typed(Press("type", "d"), "in my words")
    assert heard.text == "Heard\n\nin my words"


async def test_what_a_group_is_asked_is_typed_in_the_private_chat(bot: Bot) -> None:
    await bot.start()
    (question,) = await bot.say("/quiz mode:choice topic:basics", chat=GROUP)
    pressed = await bot.press(question, "Type answer", BOB)
    link = pressed.answer["url"]
    assert bot.server.messages == [question]  # nobody else sees that one types
    name, prompt = await bot.say(f"/start {link.partition('start=')[2]}", who=BOB)
    assert name.text.startswith(question.text.partition("\n")[0])
    assert prompt.force_reply
    (verdict,) = await bot.say("no idea at all about that", who=BOB, reply_to=prompt)
    assert "Not quite" in verdict.text
    assert verdict.chat == BOB
    alert = await bot.press(question, "A", BOB)
    assert "You have answered this one before" in alert.answer["text"]


async def test_a_link_that_anybody_made_up_asks_for_nothing_that_is_not_there(bot: Bot) -> None:
    await bot.start()
    (told,) = await bot.say("/start type-nothing")
    assert told.text.startswith("I don't know this question any more")


async def test_a_reply_that_waited_is_heard_however_old_it_is(bot: Bot, prompting: list[Request]) -> None:
    await bot.start()
    (message,) = await bot.say("/quiz")
    await bot.press(message, "Type")
    await bot.say("late", reply_to=bot.server.messages[-1], date=int(time.time()) - 7_200)
    assert bot.server.messages[-1].text == "Heard\n\nlate"


async def test_a_shared_card_leads_to_the_private_chat_to_type(bot: Bot, prompting: list[Request]) -> None:
    await bot.start()
    rows = [[{"text": "Type", "callback_data": "type:d:"}]]
    shared = {"id": "x", "input_message_content": {"message_text": "x"}, "reply_markup": {"inline_keyboard": rows}}
    message = await bot.server.choose(shared)
    pressed = await bot.press(message, "Type")
    assert pressed.answer["url"].endswith("?start=type-d")
    assert bot.server.messages == []


async def test_text_below_a_question_that_asks_for_it_is_its_answer(bot: Bot) -> None:
    await bot.start()
    (question,) = await bot.say("/quiz mode:typed topic:basics")
    (verdict,) = await bot.say("no idea at all about that")
    assert "Not quite" in verdict.text
    (helped,) = await bot.say("and now?")
    assert helped.text.startswith("Practise for your interview")
    (again,) = await bot.say("once more about that", reply_to=question)
    assert "You have answered this one before" in again.text


async def test_text_without_a_reply_answers_the_prompt_that_is_open(bot: Bot) -> None:
    await bot.start()
    (question,) = await bot.say("/quiz mode:choice topic:basics")
    await bot.press(question, "Type answer")
    (verdict,) = await bot.say("no idea at all about that")
    assert "Not quite" in verdict.text


async def test_a_prompt_stays_open_when_its_answer_could_not_be_kept(bot: Bot, prompting: list[Request]) -> None:
    await bot.start()
    (message,) = await bot.say("/quiz")
    await bot.press(message, "Type")
    prompt = bot.server.messages[-1]
    working = bot._core

    async def failing(request: Request) -> Reply:
        return Reply(aside=Card("no disk", tone=Tone.TROUBLE))

    bot._core = failing
    await bot.start()
    await bot.say("in my words", reply_to=prompt)
    bot._core = working
    await bot.start()
    (heard,) = await bot.say("in my words", reply_to=prompt)
    assert heard.text == "Heard\n\nin my words"


# Voice messages


@pytest.fixture
def listening(bot: Bot, clock: Clock) -> list[Request]:
    """The whole dispatch, with one question that can be typed, and one that tells how long it was spoken to."""
    asked: list[Request] = []
    card = Card("Say it", rows=((Button("Type", Press("type", "d")), Button("Hint", Press("hint", "d"))),))

    async def deal(request: Request, learner: Learner, options: Any) -> Reply:
        return Reply(new=card)

    async def typed(request: Request, learner: Learner, press: Press) -> Reply:
        asked.append(request)
        return Reply(new=Card("Spoken" if isinstance(request.what, Voice) else "Typed"))

    async def hint(request: Request, learner: Learner, press: Press) -> Reply:
        raise AssertionError("a hint does not know what to do with what is given to it")

    presses, prompts = {"type": typed, "hint": hint}, {"type": "Say it in your own words"}
    bot.commands = Commands((Command("quiz", "x", deal), Command("help", "x", deal)), presses, prompts)
    bot._core = Dispatch(bot.store, bot.commands, clock).answer
    return asked


async def spoken(bot: Bot, seconds: int = 20, **how: Any) -> list[str]:
    """Send a voice message; the texts that came. It is never fetched."""
    before = len(bot.server.messages)
    said = await bot.server.speak(seconds, **how)
    await bot.settle(said.update_id)
    assert bot.server.asked("getFile") == []
    return [message.text for message in bot.server.messages[before:]]


async def prompted(bot: Bot) -> Message:
    """The message that asks for an answer in words."""
    (card,) = await bot.say("/quiz")
    await bot.press(card, "Type")
    return bot.server.messages[-1]


async def test_a_voice_message_that_replies_to_a_question_answers_it_by_its_length(
    bot: Bot, listening: list[Request]
) -> None:
    await bot.start()
    (card,) = await bot.say("/quiz")
    assert await spoken(bot, 42, reply_to=card) == ["Spoken"]
    assert [request.what for request in listening] == [Voice(Press("type", "d"), 42)]
    assert (listening[0].where.private, listening[0].who.id) == (True, str(ADA))


async def test_a_voice_message_that_replies_to_a_prompt_answers_it_even_after_a_restart(
    bot: Bot, listening: list[Request]
) -> None:
    await bot.start()
    prompt = await prompted(bot)
    await bot.start()
    assert await spoken(bot, 31, reply_to=prompt, date=int(time.time()) - 7_200) == ["Spoken"]
    assert listening[-1].what == Voice(Press("type", "d"), 31)


async def test_who_is_asked_may_speak_without_replying_and_again_until_it_is_typed(
    bot: Bot, listening: list[Request]
) -> None:
    await bot.start()
    prompt = await prompted(bot)
    assert await spoken(bot, 50) == ["Spoken"]
    assert await spoken(bot, 30) == ["Spoken"]
    assert [message.text for message in await bot.say("in my words", reply_to=prompt)] == ["Typed"]
    assert [type(request.what) for request in listening] == [Voice, Voice, Typed]
    assert await spoken(bot) == [WHICH]
    prompt = await prompted(bot)
    assert await spoken(bot, who=BOB) == [WHICH]


WHICH = (
    "Which question is that for?\n\n"
    "A voice message counts as an answer when it is sent as a reply to a question that can be typed."
)


async def test_a_voice_message_that_answers_nothing_is_told_how_it_would(bot: Bot, listening: list[Request]) -> None:
    await bot.start()
    mine = await bot.server.say("/help")
    await bot.settle(mine.update_id)
    (card,) = await bot.say("/quiz")
    mine.keyboard = card.keyboard  # as a message may have that was made by another bot
    assert await spoken(bot, reply_to=mine) == [WHICH]
    assert listening == []


async def test_a_voice_message_that_is_old_forwarded_or_in_a_group_is_none_of_our_business(
    bot: Bot, listening: list[Request]
) -> None:
    await bot.start()
    (card,) = await bot.say("/quiz", chat=GROUP)
    forwarded = {"type": "hidden_user", "date": 1, "sender_user_name": "x"}
    assert await spoken(bot, chat=GROUP, reply_to=card) == []
    assert await spoken(bot, date=int(time.time()) - 3_600) == []
    assert await spoken(bot, forward_origin=forwarded) == []
    assert listening == []


async def test_only_a_button_that_asks_for_text_is_given_any_or_a_voice_message(
    bot: Bot, listening: list[Request]
) -> None:
    person, where = Someone("telegram", str(ADA)), Room("telegram", str(ADA), private=True)
    for verb in ("hint", "call", "nothing", ""):
        for what, told in ((Typed(Press(verb), "x"), "not one of mine"), (Voice(Press(verb), 9), "Which question")):
            reply = await bot._core(Request(person, where, what))
            assert reply.aside
            assert told in reply.aside.heading
    assert listening == []


async def test_a_rank_is_needed_for_what_is_spoken_and_typed_as_for_what_is_pressed(
    bot: Bot, listening: list[Request], clock: Clock
) -> None:
    press = Press("type", "d")
    commands = Commands(bot.commands.table, bot.commands.presses, bot.commands.prompts, ranks={"type": Rank.MODERATOR})
    answer = Dispatch(bot.store, commands, clock).answer
    for what in (press, Typed(press, "x"), Voice(press, 9)):
        request = Request(Someone("telegram", str(ADA)), Room("telegram", str(GROUP)), what)
        assert (await answer(request)).aside == Card("Only moderators can do that here.", tone=Tone.ADVICE)
        assert (await answer(replace(request, rank=Rank.MODERATOR))).new
    assert len(listening) == 3


# Files


def documents(messages: list[Message]) -> list[tuple[int, str, str, bytes | None]]:
    return [(one.chat, one.name, one.mime, one.document) for one in messages if one.document is not None]


MINE = [(ADA, FILE.name, "text/markdown", FILE.content)]


async def test_in_private_a_file_comes_last_and_keeps_its_name(bot: Bot) -> None:
    answer, _ = replying(Reply(new=Card("Here it is"), file=FILE))
    await bot.start(answer)
    card, document = await bot.say("/quiz")
    assert (card.text, document.caption) == ("Here it is", "")
    assert documents([card, document]) == MINE


@pytest.mark.parametrize("pressed", [True, False])
async def test_a_short_aside_stands_under_its_file_and_its_buttons_leave_the_file_there(
    bot: Bot, pressed: bool
) -> None:
    aside = Card("Here **it** is", rows=PICKY.rows)
    answer, _ = replying(*[Reply(new=PICKY)] * pressed, Reply(aside=aside, file=FILE), Reply(edit=Card("Verdict")))
    await bot.start(answer)
    before = await bot.say("/quiz")
    if pressed:
        assert "text" not in (await bot.press(before[0], "A")).answer
    document = bot.server.messages[-1]
    assert documents(bot.server.messages) == MINE
    assert (document.caption, list(document.buttons)) == ("Here it is", ["A"])
    check_entities(document.caption, document.entities)
    await bot.press(document, "A")
    assert bot.server.messages[-1].text == "Verdict"
    assert not document.deleted


async def test_a_press_is_answered_by_the_file_and_what_is_said_of_it_in_one_message(bot: Bot) -> None:
    answer, _ = replying(Reply(new=PICKY), Reply(aside=Card("Here it is"), file=FILE))
    await bot.start(answer)
    (card,) = await bot.say("/quiz")
    assert "text" not in (await bot.press(card, "A")).answer
    assert [message.caption for message in bot.server.messages[1:]] == ["Here it is"]


async def test_an_aside_that_is_no_caption_comes_before_its_file(bot: Bot) -> None:
    long, picture = Card("Long", "word " * 300), Card("Drawn", picture=Picture("days.png", PNG, "Your days"))
    answer, _ = replying(Reply(aside=long, file=FILE), Reply(aside=picture, file=FILE))
    await bot.start(answer)
    for _ in range(2):
        *shown, document = await bot.say("/quiz")
        assert shown
        assert documents(shown) == []
        assert (documents([document]), document.caption) == (MINE, "")


@pytest.mark.parametrize("aside", [Card("Here it is"), None])
async def test_a_file_that_a_group_member_asks_for_goes_to_the_private_chat(bot: Bot, aside: Card | None) -> None:
    answer, _ = replying(Reply(new=PICKY, aside=aside, file=FILE), Reply(aside=aside, file=FILE))
    await bot.start(answer)
    bot.server.started.add(ADA)
    messages = await bot.say("/quiz", chat=GROUP)
    assert documents(messages) == MINE
    (card,) = [message for message in messages if message.chat == GROUP]
    assert (card.text, messages[0].caption) == ("x", aside.heading if aside else "")
    before = len(bot.server.messages)
    assert (await bot.press(card, "A")).answer.get("text") == (aside.heading if aside else None)
    assert documents(bot.server.messages[before:]) == MINE
    assert len(bot.server.messages) == before + 1


async def test_who_has_no_private_chat_with_us_is_told_how_to_get_a_file_and_the_group_sees_nothing_of_it(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, _ = replying(Reply(new=PICKY, aside=Card("Secret"), file=FILE), Reply(aside=Card("Secret"), file=FILE))
    await bot.start(answer)
    card, told = await bot.say("/quiz", chat=GROUP)
    assert told.text.startswith("That is for you alone, and I can't write to you yet\n\nOpen our chat")
    assert (told.chat, told.reply_to is not None) == (GROUP, True)
    assert told.buttons == {"Open our chat": "https://t.me/prepdeck_bot?start=quiz"}
    assert (await bot.press(card, "A")).answer == {
        "callback_query_id": next(reversed(bot.server.answers)), "text": told.text, "show_alert": True,
    }  # fmt: skip
    channel = await bot.say("/quiz", chat=GROUP, sender_chat={"id": GROUP, "type": "group", "title": "Study"})
    assert [message.text for message in channel] == [told.text]
    monkeypatch.setattr(serving, "ACKNOWLEDGE_AFTER", 0.0)
    hold = asyncio.Event()

    async def slow(request: Request) -> Reply:
        await hold.wait()
        return Reply(aside=Card("Secret"), file=FILE)

    await bot.start(slow)
    pressed = await bot.server.press(card, "A")
    await asyncio.wait_for(pressed.answered.wait(), 20)
    hold.set()
    await bot.settle(pressed.update_id)
    assert bot.server.messages[-1].text == "I tell you that in private."
    assert documents(bot.server.messages) == []
    assert all("Secret" not in message.text for message in bot.server.messages)


async def test_a_file_that_is_asked_for_on_a_shared_card_goes_to_the_private_chat(bot: Bot) -> None:
    await bot.start()
    message = await bot.server.choose((await bot.server.inline("one"))[0])
    answer, _ = replying(Reply(file=FILE))
    await bot.start(answer)
    bot.server.started.add(ADA)
    await bot.press(message, "A")
    assert documents(bot.server.messages) == MINE


@pytest.mark.parametrize(
    "made", [lambda: server_error(500), lambda: CUT, lambda: flood(0)], ids=["500", "cut", "flood"]
)
@pytest.mark.parametrize("chat", [None, GROUP])
async def test_a_file_is_sent_again_whole(bot: Bot, made: Any, chat: int | None) -> None:
    answer, _ = replying(Reply(file=FILE))
    await bot.start(answer)
    bot.server.started.add(ADA)
    bot.server.faults += [fault("sendDocument", made) for _ in range(3)]
    assert documents(await bot.say("/quiz", chat=chat)) == MINE
    assert bot.server.faults == []


@pytest.mark.parametrize("chat", [None, GROUP])
async def test_a_file_that_can_not_be_sent_is_logged_and_the_next_request_is_served(
    bot: Bot, caplog: pytest.LogCaptureFixture, chat: int | None
) -> None:
    answer, _ = replying(Reply(file=FILE), Reply(new=Card("Fine")))
    await bot.start(answer)
    bot.server.started.add(ADA)
    bot.server.faults.append(fault("sendDocument", lambda: refused("Bad Request: file is too big")))
    assert await bot.say("/quiz", chat=chat) == []
    assert "could not be sent: File is too big" in caplog.text
    assert [message.text for message in await bot.say("/quiz", chat=chat)] == ["Fine"]


# Rooms


async def test_a_topic_of_a_forum_is_answered_there_and_general_without_a_thread(bot: Bot) -> None:
    await bot.start()
    in_topic = await bot.quiz(chat=FORUM, thread=7)
    general = await bot.quiz(chat=FORUM)
    assert (in_topic.thread, general.thread) == (7, None)
    pressed = await bot.press(in_topic, "A")
    assert pressed.answer["text"].startswith(("Correct", "Not quite"))


async def test_a_channel_may_ask_and_its_readers_answer(bot: Bot) -> None:
    await bot.start()
    said = await bot.server.channel_post("/quiz mode:choice")
    await bot.settle(said.update_id)
    (message,) = bot.server.messages
    assert message.chat == CHANNEL
    assert (await bot.press(message, "A", BOB)).answer["show_alert"]


@pytest.mark.parametrize("told", [0, 1], ids=["by the old group", "by the new one"])
async def test_a_group_that_becomes_a_supergroup_keeps_its_deals(bot: Bot, database: Database, told: int) -> None:
    await bot.start()
    message = await bot.quiz(chat=GROUP)
    new = SUPERGROUP - 1
    said = await bot.server.migrate(GROUP, new)
    await bot.settle(said[1].update_id)
    rows = await database.fetch("SELECT platform_id, community, former_id FROM room")
    assert [tuple(row[name] for name in ("platform_id", "community", "former_id")) for row in rows] == [
        (str(new), str(new), str(GROUP))
    ]
    pressed = await bot.press(message, "A", old=True)  # the old card still stands in the history
    assert pressed.answer["text"].startswith(("Correct", "Not quite"))


async def test_a_post_to_a_group_that_has_moved_finds_it(bot: Bot, database: Database) -> None:
    await bot.start()
    await bot.quiz(chat=GROUP)
    new = SUPERGROUP - 1
    bot.server.migrated[GROUP] = new
    bot.server.chats[new] = bot.server.chats[SUPERGROUP]
    await bot.platform.post(Room("telegram", str(GROUP), community=str(GROUP)), Card("Daily"))
    assert bot.server.messages[-1].chat == new
    rows = await database.fetch("SELECT platform_id FROM room")
    assert [row["platform_id"] for row in rows] == [str(new)]


def kicked(server: LoopbackTelegram) -> None:
    server.kicked.add(SUPERGROUP)


def restricted(server: LoopbackTelegram) -> None:
    server.restricted.add(SUPERGROUP)


@pytest.mark.parametrize("lost", [kicked, restricted])
async def test_a_post_to_a_room_that_does_not_want_us_is_gone_remembered_and_not_tried_again(
    bot: Bot, database: Database, lost: Callable[[LoopbackTelegram], None]
) -> None:
    await bot.start()
    await bot.quiz(chat=SUPERGROUP)
    lost(bot.server)
    sent = len(bot.server.asked("sendMessage"))
    with pytest.raises(Gone):
        await bot.platform.post(Room("telegram", str(SUPERGROUP)), Card("Daily"))
    assert len(bot.server.asked("sendMessage")) == sent + 1
    assert [bool(row["gone"]) for row in await database.fetch("SELECT gone FROM room")] == [True]


async def test_a_closed_topic_is_gone_and_the_rest_of_the_forum_is_not(bot: Bot, database: Database) -> None:
    await bot.start()
    await bot.quiz(chat=FORUM, thread=7)
    await bot.quiz(chat=FORUM)
    bot.server.closed.add((FORUM, 7))
    with pytest.raises(Gone):
        await bot.platform.post(Room("telegram", str(FORUM), "7"), Card("Daily"))
    rows = await database.fetch("SELECT thread, gone FROM room ORDER BY thread")
    assert [(row["thread"], bool(row["gone"])) for row in rows] == [("", False), ("7", True)]


@pytest.mark.parametrize(
    "told",
    ["Have no write access to the chat", "CHANNEL_PRIVATE", "USER_BANNED_IN_CHANNEL", "CHAT_WRITE_FORBIDDEN"],
)
async def test_what_telegram_calls_a_room_that_does_not_want_us_is_understood(
    bot: Bot, database: Database, told: str
) -> None:
    await bot.start()
    await bot.quiz(chat=SUPERGROUP)
    bot.server.faults.append(fault("sendMessage", lambda: refused(f"Bad Request: {told}")))
    with pytest.raises(Gone):
        await bot.platform.post(Room("telegram", str(SUPERGROUP)), Card("Daily"))
    assert [bool(row["gone"]) for row in await database.fetch("SELECT gone FROM room")] == [True]


async def test_a_closed_general_topic_is_gone_and_the_other_topics_are_not(bot: Bot, database: Database) -> None:
    await bot.start()
    await bot.quiz(chat=FORUM, thread=7)
    bot.server.closed.add((FORUM, None))
    with pytest.raises(Gone):
        await bot.platform.post(Room("telegram", str(FORUM)), Card("Daily"))
    assert not any(row["gone"] for row in await database.fetch("SELECT gone FROM room"))


async def test_a_group_that_has_moved_is_not_welcomed_anew(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "WELCOME_AFTER", 0.2)
    await bot.start()
    new = SUPERGROUP - 1
    bot.server.chats[new] = bot.server.chats[SUPERGROUP]
    bot.server.members[new, BOT] = "left"
    joined = await bot.server.my_chat_member(new, "member")
    await bot.server.migrate(GROUP, new)
    await bot.settle(joined)
    assert bot.server.messages == []


async def test_a_post_over_several_pages_keeps_its_buttons_when_it_is_edited(bot: Bot) -> None:
    await bot.start()
    room, rows = Room("telegram", str(GROUP)), ((Button("A", A),),)
    message = await bot.platform.post(room, Card("Before", rows=rows))
    await bot.platform.edit(room, message, Card("After", "words and words\n\n" * 400, rows=rows))
    assert bot.server.messages[-1].text.startswith("After")
    assert list(bot.server.messages[-1].buttons) == ["A"]
    bot.server.faults.append(fault("editMessageText", lambda: CUT))
    await bot.platform.edit(room, message, Card("Later", rows=rows))
    assert bot.server.messages[-1].text == "Later"


async def test_being_thrown_out_is_remembered_and_being_let_in_again_too(bot: Bot, database: Database) -> None:
    async def gone() -> list[bool]:
        return [bool(row["gone"]) for row in await database.fetch("SELECT gone FROM room")]

    await bot.start()
    await bot.quiz(chat=SUPERGROUP)
    await bot.settle(await bot.server.my_chat_member(SUPERGROUP, "kicked"))
    assert await gone() == [True]
    before = len(bot.server.messages)
    await bot.settle(await bot.server.my_chat_member(SUPERGROUP, "member"))
    assert await gone() == [False]
    (welcome,) = bot.server.messages[before:]
    assert (welcome.chat, "/quiz" in welcome.text) == (SUPERGROUP, True)


async def test_who_blocks_us_and_comes_back_is_answered(bot: Bot, database: Database) -> None:
    await bot.start()
    await bot.quiz()
    await bot.settle(await bot.server.my_chat_member(ADA, "kicked"))
    assert [bool(row["gone"]) for row in await database.fetch("SELECT gone FROM room")] == [True]
    await bot.quiz()
    assert [bool(row["gone"]) for row in await database.fetch("SELECT gone FROM room")] == [False]


async def test_an_edit_of_a_post_changes_it_and_one_of_a_lost_message_is_gone(bot: Bot) -> None:
    await bot.start()
    room = Room("telegram", str(GROUP))
    message = await bot.platform.post(room, Card("Before"))
    await bot.platform.edit(room, message, Card("After"))
    assert bot.server.messages[-1].text == "After"
    with pytest.raises(Gone):
        await bot.platform.edit(room, "999999", Card("After"))


# Posts


@pytest.fixture
async def made(bot: Bot, bank: Bank, clock: Clock) -> Core:
    """The bot with the whole core, whose daily questions are posted when a test says so; Ada is an administrator."""
    made = core(Config(), bank, bot.store, clock, Random(1))
    bot.commands = made.commands
    bot.server.members |= {(GROUP, ADA): "administrator", (SUPERGROUP, ADA): "administrator"}
    await bot.start(made.dispatch.answer)
    made.lane.platforms["telegram"] = bot.platform
    return made


async def posted(bot: Bot, made: Core) -> list[Message]:
    """The messages of all posts that are due."""
    before = len(bot.server.messages)
    await looked(made.lane, "telegram")
    return bot.server.messages[before:]


HERE = Room("telegram", str(SUPERGROUP), community=str(SUPERGROUP))


async def test_a_post_calls_whom_it_should_as_it_was_written(bot: Bot) -> None:
    await bot.start()
    await bot.platform.post(HERE, Card("Daily", "Body"), Posting(ping="@the_mods *all*"))
    (message,) = bot.server.messages
    assert message.text == "Daily\n\n@the_mods *all*\n\nBody"
    assert [one["type"] for one in message.entities] == ["bold"]  # Telegram finds the name by itself


async def test_a_person_is_told_if_they_have_started_the_bot_and_else_gone(bot: Bot) -> None:
    await bot.start()
    bot.server.started.add(ADA)
    await bot.platform.tell(Someone("telegram", str(ADA)), Card("Your streak ends tonight"))
    with pytest.raises(Gone):
        await bot.platform.tell(Someone("telegram", str(BOB)), Card("Your streak ends tonight"))
    assert [(message.chat, message.text) for message in bot.server.messages] == [(ADA, "Your streak ends tonight")]


@pytest.mark.parametrize("made", [lambda: LOST, lambda: CUT, server_error], ids=["lost", "cut", "502"])
@pytest.mark.parametrize("how", ["post", "tell", "picture", "poll"])
async def test_what_became_of_a_post_that_was_not_answered_is_unknown_and_it_is_not_sent_again(
    bot: Bot, how: str, made: Callable[[], Any]
) -> None:
    await bot.start()
    bot.server.started.add(ADA)
    method = {"picture": "sendPhoto", "poll": "sendPoll"}.get(how, "sendMessage")
    card = Card("Daily", picture=Picture("x.png", PNG, "x") if how == "picture" else None)
    if how == "poll":
        card = replace(card, poll=Poll((("a", A), ("b", A)), 0, "why"))
    bot.server.faults.append(fault(method, made))
    with pytest.raises(Unknown):
        await (
            bot.platform.tell(Someone("telegram", str(ADA)), card) if how == "tell" else bot.platform.post(HERE, card)
        )
    assert len(bot.server.asked(method)) == 1
    assert bot.server.faults == []


async def without_telegram(bot: Bot) -> None:
    """Take Telegram away, with every connection to it."""
    await bot.start()
    await bot.server.stop()
    http = bot.platform._requests[0]
    await http.shutdown()
    await http.initialize()


async def test_a_post_that_never_left_is_tried_again(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            await bot.server.start()

    await without_telegram(bot)
    monkeypatch.setattr(delivery, "asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": wait}))
    await bot.platform.post(HERE, Card("Daily"))
    assert len(waited) == 2
    assert [message.text for message in bot.server.messages] == ["Daily"]


async def test_a_post_that_never_left_in_all_tries_is_no_unknown_one(bot: Bot) -> None:
    await without_telegram(bot)
    with pytest.raises(NetworkError):
        await bot.platform.post(HERE, Card("Daily"))
    with pytest.raises(Unknown):  # of which the first part may have arrived
        await bot.platform.post(HERE, Card("Daily", "words and words\n\n" * 400))
    with pytest.raises(Unknown):
        await bot.platform.tell(Someone("telegram", str(ADA)), Card("x"))
    await bot.server.start()


async def test_a_post_waits_for_a_free_connection_again_and_again(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    await bot.start()
    http = bot.platform._requests[0]
    assert http._pool
    free = asyncio.Semaphore(0)
    monkeypatch.setattr(http, "_pool", (http._pool[0], free))
    monkeypatch.setattr(http, "_pool_timeout", 0.0)

    async def wait(seconds: float) -> None:
        free.release()

    monkeypatch.setattr(delivery, "asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": wait}))
    await bot.platform.post(HERE, Card("Daily"))
    assert len(bot.server.messages) == 1


async def test_a_post_waits_as_long_as_telegram_asks_and_is_then_sent_once(bot: Bot) -> None:
    await bot.start()
    bot.server.faults.append(fault("sendMessage", lambda: flood(1)))
    await bot.platform.post(HERE, Card("Daily"))
    first, second = [when for method, _, when in bot.server.requests if method == "sendMessage"]
    assert second - first >= 1
    assert len(bot.server.messages) == 1


MAY_NOT_WRITE = "I may not write here; make me an administrator."
NO_MEMBER = "I am not a member here."


@pytest.mark.parametrize(
    ("chat", "lost", "told"),
    [
        (SUPERGROUP, lambda server: None, ""),
        (SUPERGROUP, lambda server: server.members.update({(SUPERGROUP, BOT): "restricted"}), MAY_NOT_WRITE),
        (SUPERGROUP, lambda server: server.kicked.add(SUPERGROUP), NO_MEMBER),
        (SUPERGROUP, lambda server: server.left.add(SUPERGROUP), NO_MEMBER),
        (SUPERGROUP, lambda server: server.silent.add(SUPERGROUP), MAY_NOT_WRITE),
        (
            SUPERGROUP,
            lambda server: (server.silent.add(SUPERGROUP), server.members.update({(SUPERGROUP, BOT): "administrator"})),
            "",
        ),
        (CHANNEL, lambda server: None, ""),
        (CHANNEL, lambda server: server.silent.add(CHANNEL), MAY_NOT_WRITE),
    ],
    ids=["member", "restricted", "kicked", "left", "silent group", "its administrator", "channel", "silent channel"],
)
async def test_what_keeps_us_from_posting_is_told_and_a_post_fares_as_it_was_told(
    bot: Bot, chat: int, lost: Callable[[LoopbackTelegram], None], told: str
) -> None:
    await bot.start()
    lost(bot.server)
    room = Room("telegram", str(chat), community=str(chat))
    assert await bot.platform.missing(room) == told
    if told:
        with pytest.raises(Gone):
            await bot.platform.post(room, Card("Daily"))
    else:
        await bot.platform.post(room, Card("Daily"))


async def test_nothing_is_missing_in_a_private_chat_or_while_telegram_does_not_answer(bot: Bot) -> None:
    await bot.start()
    assert await bot.platform.missing(Room("telegram", str(ADA), private=True)) == ""
    assert bot.server.asked("getChatMember") == []
    bot.server.faults.append(fault("getChatMember", server_error))
    assert await bot.platform.missing(HERE) == ""


async def test_a_daily_question_from_the_panel_to_its_answer(bot: Bot, made: Core, clock: Clock) -> None:
    line = "/daily time:13:00 timezone:UTC reveal:20:00 topic:contexts ping:@mods"
    refused = "Only moderators can do that here."
    (told,) = await bot.say(line, BOB, SUPERGROUP)
    assert told.text == refused
    (panel,) = await bot.say(line, chat=SUPERGROUP)
    assert "time: 13:00" in panel.text
    for label in panel.buttons:
        assert (await bot.press(panel, label, BOB)).answer["text"] == refused
    assert "What is three?" in (await bot.press(panel, "Preview")).answer["text"]

    clock.advance(hours=1, minutes=1)
    (post,) = await posted(bot, made)
    assert await posted(bot, made) == []
    assert (post.chat, "@mods" in post.text, "Question of the day" in post.text) == (SUPERGROUP, True, True)
    assert (await bot.press(post, "A", BOB)).answer["show_alert"]
    await looked(made.lane, "telegram")
    assert (post.edits, "Answered: 1" in post.text) == (1, True)
    assert list(post.buttons) == ["A", "B", "C", "D", "Hint", "Type answer", "Full answer"]

    clock.advance(hours=7)
    await looked(made.lane, "telegram")
    answer = bot.server.messages[-1]
    assert answer.caption.startswith("The answer of the day")
    assert "What is three?" in answer.caption
    assert answer.photo
    assert answer.photo.startswith(PNG)


async def test_a_daily_poll_is_answered_by_votes(bot: Bot, made: Core, clock: Clock, database: Database) -> None:
    await bot.say("/daily time:13:00 timezone:UTC topic:contexts style:poll", chat=SUPERGROUP)
    clock.advance(hours=1, minutes=1)
    (post,) = await posted(bot, made)
    assert post.poll
    await bot.settle(await bot.server.vote(post, 0, BOB))
    await looked(made.lane, "telegram")
    assert len(await database.fetch("SELECT deal FROM answer")) == 1
    assert post.edits == 0


async def test_a_daily_question_to_a_group_that_has_moved_finds_it_and_its_schedule_goes_on_there(
    bot: Bot, made: Core, clock: Clock
) -> None:
    await bot.say("/daily time:13:00 timezone:UTC", chat=GROUP)
    new = SUPERGROUP - 1
    bot.server.migrated[GROUP] = new  # and we were not told
    bot.server.chats[new] = bot.server.chats[SUPERGROUP]
    clock.advance(hours=1, minutes=1)
    (first,) = await posted(bot, made)
    clock.advance(days=1)
    refused = len(bot.server.asked("sendMessage"))
    (second,) = await posted(bot, made)
    assert [first.chat, second.chat] == [new, new]
    assert len(bot.server.asked("sendMessage")) == refused + 1
    bot.server.members[new, ADA] = "administrator"
    (panel,) = await bot.say("/daily", chat=new)
    assert panel.text.count(": sent") == 2


# Inline mode


async def test_questions_are_found_by_words_shared_into_any_chat_and_answered_there(bot: Bot) -> None:
    await bot.start()
    results = await bot.server.inline("one")
    (result,) = [one for one in results if one["title"] == "What is one?"]
    message = await bot.server.choose(result)
    pressed = await bot.press(message, "A")
    assert pressed.answer["text"].startswith(("Correct ✔", "Not quite ✘"))
    assert list(message.buttons) == ["A", "B", "C", "D", "Hint", "Type answer", "Full answer"]
    again = await bot.press(message, "A")
    assert "answered this one before" in again.answer["text"]
    assert (await bot.press(message, "B", BOB)).answer["show_alert"]
    link = message.buttons["Full answer"].partition("start=")[2]
    (verdict,) = await bot.say(f"/start {link}")
    assert "The answer to one" in verdict.text


async def test_a_card_that_is_shared_twice_is_two_questions(bot: Bot, database: Database) -> None:
    await bot.start()
    result = (await bot.server.inline("one"))[0]
    for _ in range(2):
        message = await bot.server.choose(result)
        assert "before" not in (await bot.press(message, "A")).answer["text"]
    assert len(await database.fetch("SELECT id FROM deal")) == 2


async def test_a_query_that_finds_nothing_leads_to_the_private_chat(bot: Bot) -> None:
    await bot.start()
    assert await bot.server.inline("qqqqqq") == []
    assert bot.server.inline_answers[-1]["button"]["start_parameter"] == "start"


async def test_whoever_leaves_a_group_is_on_its_board_no_more(bot: Bot) -> None:
    await bot.start()
    for _ in range(2):  # a wrong choice earns nothing
        question = await bot.quiz(chat=GROUP)
        for label in "ABCD":
            await bot.press(question, label, BOB)
    (board,) = await bot.say("/leaderboard", chat=GROUP)
    assert "Bob" in board.text
    await bot.settle(await bot.server.leave(GROUP, BOB))
    (board,) = await bot.say("/leaderboard", chat=GROUP)
    assert "Bob" not in board.text


# Quiz polls


async def test_a_poll_is_a_quiz_that_names_its_voters_and_counts_each_once(bot: Bot, database: Database) -> None:
    await bot.start()
    (message,) = await bot.say("/quiz style:poll", chat=GROUP)
    poll = message.poll
    assert poll
    assert (poll["type"], poll["is_anonymous"]) == ("quiz", False)
    assert poll["question"].startswith("What is ")
    (right,) = [place for place, one in enumerate(poll["options"]) if one["text"].startswith("right of")]
    assert message.params["correct_option_ids"] == [right]
    assert list(message.buttons) == ["Full answer"]
    update = await bot.server.vote(message, right)
    await bot.settle(update)
    await bot.server.again(update)
    await bot.settle(await bot.server.vote(message, (right + 1) % 4, BOB))
    rows = await database.fetch("SELECT verdict, points FROM answer ORDER BY verdict")
    assert [row["verdict"] for row in rows] == ["right", "wrong"]
    link = message.buttons["Full answer"].partition("start=")[2]
    (verdict,) = await bot.say(f"/start {link}")
    assert verdict.text.startswith("Correct")


async def test_a_vote_that_comes_before_the_poll_is_noted_is_counted(
    bot: Bot, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, voted = bot.store.memory.keep, asyncio.Event()

    async def slow(name: str, value: str) -> None:
        if name.startswith("telegram poll"):
            await voted.wait()
        await keep(name, value)

    monkeypatch.setattr(bot.store.memory, "keep", slow)
    await bot.start()
    await bot.server.say("/quiz style:poll", chat=GROUP)
    await bot.server.until(lambda: bot.server.messages)
    update = await bot.server.vote(bot.server.messages[0], 0, BOB)
    await bot.server.until(lambda: update not in bot.server.pending)
    voted.set()
    await bot.settle(update)
    assert len(await database.fetch("SELECT deal FROM answer")) == 1


async def test_a_vote_is_counted_after_a_restart_and_a_move_of_the_group(bot: Bot, database: Database) -> None:
    await bot.start()
    (message,) = await bot.say("/quiz style:poll", chat=GROUP)
    await bot.start()
    said = await bot.server.migrate(GROUP, SUPERGROUP - 1)
    await bot.settle(said[1].update_id)
    await bot.settle(await bot.server.vote(message, 0))
    assert len(await database.fetch("SELECT deal FROM answer")) == 1


async def test_a_vote_that_the_database_can_not_take_is_tried_again(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "VOTE_WAITS", (0.0, 0.0))
    (poll_card,) = (await bot._core(Request(*_ada_in_group(), Call("quiz", {"style": "poll"})))).cards
    answer, asked = replying(
        Reply(new=poll_card), Reply(aside=Card("Trouble", tone=Tone.TROUBLE)), Reply(aside=Card("Fine"))
    )
    await bot.start(answer)
    (message,) = await bot.say("/quiz", chat=GROUP)
    await bot.settle(await bot.server.vote(message, 1))
    assert [request.what for request in asked[1:]] == [poll_card.poll and poll_card.poll.choices[1][1]] * 2


def _ada_in_group() -> tuple[Any, Room]:
    from bot.messages import Person

    return Person("telegram", str(ADA)), Room("telegram", str(GROUP), community=str(GROUP))


async def test_a_question_too_long_for_a_poll_and_one_in_private_or_in_a_channel_have_buttons(bot: Bot) -> None:
    await bot.start()
    (private,) = await bot.say("/quiz style:poll")
    said = await bot.server.channel_post("/quiz style:poll")
    await bot.settle(said.update_id)
    channel = bot.server.messages[-1]
    assert (private.poll, channel.poll) == (None, None)
    assert "A" in private.buttons
    assert (channel.chat, "A" in channel.buttons) == (CHANNEL, True)


async def test_a_poll_whose_note_can_not_be_kept_is_closed_since_no_vote_would_count(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "POLL_WAITS", (0.0,))
    keep = bot.store.memory.keep

    async def failing(name: str, value: str) -> None:
        if name.startswith("telegram poll"):
            raise StoreError("The database is away.")
        await keep(name, value)

    monkeypatch.setattr(bot.store.memory, "keep", failing)
    await bot.start()
    poll, *sorry = await bot.say("/quiz style:poll", chat=GROUP)
    assert poll.poll
    assert poll.poll["is_closed"]
    assert sorry == []


async def test_a_poll_is_sent_once_even_if_its_receipt_is_lost(bot: Bot) -> None:
    await bot.start()
    bot.server.faults.append(fault("sendPoll", lambda: LOST))
    assert len(await bot.say("/quiz style:poll", chat=GROUP)) == 1


@pytest.mark.parametrize("what", ["polls", "photos"])
async def test_a_group_that_forbids_polls_or_photos_gets_text_and_is_not_lost(
    bot: Bot, database: Database, what: str
) -> None:
    picture = Picture("days.png", PNG, "Your days")
    poll = (await bot._core(Request(*_ada_in_group(), Call("quiz", {"style": "poll"})))).new
    answer, _ = replying(Reply(new=Card("Days", picture=picture) if what == "photos" else poll))
    await bot.start(answer)
    method = {"polls": "sendPoll", "photos": "sendPhoto"}[what]
    told = f"Bad Request: not enough rights to send {what} to the chat"
    bot.server.faults.append(fault(method, lambda: refused(told)))
    (message,) = await bot.say("/quiz", chat=GROUP)
    assert (message.poll, message.photo) == (None, None)
    assert not any(row["gone"] for row in await database.fetch("SELECT gone FROM room"))


# Trouble


@pytest.mark.parametrize(
    "broken",
    [
        {"poll_answer": {"poll_id": "1", "user": {"id": ADA, "is_bot": False, "first_name": "A"}, "option_ids": [0]}},
        {"message": {"message_id": 1}},
        {"callback_query": {"id": "1", "message": None}},
        {"message": "text"},
        {"something_new": {"a": 1}},
    ],
)
async def test_an_update_that_can_not_be_read_is_logged_and_those_around_it_are_answered(
    bot: Bot, broken: dict[str, Any]
) -> None:
    await bot.start()
    bot.server.allowed = set()
    (kind,) = broken
    bad = await bot.server._queue(kind, broken[kind])
    assert await bot.say("/help")
    assert bad not in bot.server.pending
    assert await bot.say("/help")


@pytest.mark.parametrize("body", ["{}", "[]", '{"ok": true}', '{"ok": true, "result": null}', '"text"', "nonsense"])
@pytest.mark.parametrize("method", ["getMe", "deleteWebhook", "getUpdates", "setMyCommands"])
async def test_an_answer_that_is_none_of_a_bot_api_does_not_end_the_bot(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, method: str, body: str
) -> None:
    monkeypatch.setattr(life, "START_WAIT", 0.001)
    bot.server.faults.append(fault(method, lambda: web.Response(text=body, content_type="application/json")))
    await bot.start()
    assert await bot.say("/help")
    assert bot.server.faults == []


async def test_an_answer_waits_as_long_as_telegram_asks_and_other_chats_do_not(bot: Bot) -> None:
    await bot.start()
    bot.server.faults.append(fault("sendMessage", lambda: flood(1), GROUP))
    slow = await bot.server.say("/quiz", chat=GROUP)
    await bot.server.until(lambda: not bot.server.faults)
    await bot.server.say("/quiz", who=BOB)
    await bot.settle(slow.update_id)
    assert [message.chat for message in bot.server.messages] == [BOB, GROUP]


@pytest.mark.parametrize("made", [lambda: server_error(500), server_error, lambda: CUT], ids=["500", "502", "cut"])
@pytest.mark.parametrize("method", ["sendMessage", "editMessageText", "answerCallbackQuery"])
async def test_an_answer_to_a_person_is_tried_again(bot: Bot, made: Any, method: str) -> None:
    await bot.start()
    bot.server.faults += [fault(method, made) for _ in range(3)]
    message = await bot.quiz()
    await bot.press(message, "A")
    assert bot.server.faults == []
    assert len(bot.server.messages) == 1
    assert message.text.startswith(("Correct", "Not quite"))


async def test_a_telegram_that_is_down_at_the_start_is_tried_again_until_it_is_up(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(life, "START_WAIT", 0.01)
    bot.server.faults += [fault("getMe", lambda: server_error(503)), fault("getMe", lambda: CUT)]
    await bot.start()
    assert await bot.say("/help")
    assert "Telegram can't be reached" in caplog.text


async def test_polling_goes_on_after_failures_and_one_refusal_of_the_token(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life, "START_WAIT", 0.01)
    await bot.start()

    for code in (401, 404, 502):
        bot.server.faults.append(fault("getUpdates", lambda code=code: server_error(code)))
    assert await bot.say("/help")
    await bot.server.until(lambda: not bot.server.faults)
    assert await bot.say("/help")


async def test_a_second_poller_is_told_in_a_sentence(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(life, "START_WAIT", 0.01)
    await bot.start()
    other = Bot(bot.server, bot.store, Conversation(bot._core, bot.commands))
    await other.start()
    await bot.server.until(lambda: "another process asks Telegram for this bot's updates" in caplog.text)
    await other.stop()
    assert await bot.say("/help")


async def test_a_wrong_token_ends_with_one_sentence_that_does_not_show_it(bot: Bot) -> None:
    await bot.start(token="1000:wrong")  # noqa: S106
    with pytest.raises(PlatformError) as told:
        await bot.ended()
    assert str(told.value).endswith("does not accept the token; check telegram.token or TELEGRAM_TOKEN.")
    assert "wrong" not in str(told.value)


async def test_an_error_in_a_reply_is_logged_and_told_and_the_next_request_is_served(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(request: Request) -> Reply:
        if request.what == Call("quiz"):
            raise RuntimeError("broken")
        return Reply(new=Card("Fine", rows=((Button("A", A),),)))

    await bot.start(answer)
    (sorry,) = await bot.say("/quiz")
    assert sorry.text == "Something went wrong on our side"
    (fine,) = await bot.say("/help")
    assert fine.text == "Fine"
    assert "broken" in caplog.text


async def test_what_is_in_hand_is_answered_before_the_end(bot: Bot) -> None:
    ready, asked = asyncio.Event(), asyncio.Event()

    async def answer(request: Request) -> Reply:
        asked.set()
        await ready.wait()
        return Reply(new=Card("Still here"))

    await bot.start(answer)
    await bot.server.say("/quiz")
    await asked.wait()
    stopping = asyncio.ensure_future(bot.stop())
    await asyncio.sleep(0)
    ready.set()
    await stopping
    assert [message.text for message in bot.server.messages] == ["Still here"]


# Webhook


@pytest.fixture
def listen(unused_tcp_port: int) -> str:
    return f"127.0.0.1:{unused_tcp_port}"


async def test_updates_come_by_webhook_with_a_secret_when_one_is_configured(bot: Bot, listen: str) -> None:
    await bot.start(webhook_url=f"http://{listen}/telegram", listen=listen)
    (message,) = await bot.say("/quiz mode:choice")
    pressed = await bot.press(message, "A")
    assert message.text.startswith(("Correct", "Not quite"))
    await bot.server.again(pressed.update_id)
    await bot.server.until(lambda: len(bot.server.pushes) == 3)
    assert message.edits == 1
    assert bot.server.asked("getUpdates") == []


async def test_whoever_does_not_know_the_secret_is_refused(bot: Bot, listen: str) -> None:
    import aiohttp

    await bot.start(webhook_url=f"http://{listen}/telegram", listen=listen)
    update = {"update_id": 1, "message": {"message_id": 1, "date": int(time.time()), "text": "/quiz",
              "chat": {"id": ADA, "type": "private"}, "from": {"id": ADA, "is_bot": False, "first_name": "A"},
              "entities": [{"type": "bot_command", "offset": 0, "length": 5}]}}  # fmt: skip
    async with aiohttp.ClientSession() as session:
        for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guess"}, {"X-Telegram-Bot-Api-Secret-Token": "é"}):
            answer = await session.post(f"http://{listen}/telegram", json=update, headers=headers)
            assert answer.status == 403
        right = {"X-Telegram-Bot-Api-Secret-Token": bot.server.secret}
        answer = await session.post(f"http://{listen}/telegram", data=b"{not json", headers=right)
        assert answer.status == 200
    assert bot.server.messages == []


async def test_a_webhook_that_telegram_does_not_take_at_once_is_offered_again_and_a_wrong_one_is_told(
    bot: Bot, listen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(life, "START_WAIT", 0.01)
    bot.server.faults += [fault("setWebhook", lambda: server_error(502)), fault("setWebhook", lambda: CUT)]
    await bot.start(webhook_url=f"http://{listen}/telegram", listen=listen)
    assert await bot.say("/help")
    await bot.stop()
    told = "Bad Request: bad webhook: IP address 192.0.2.1 is reserved"
    bot.server.faults.append(fault("setWebhook", lambda: refused(told)))
    await bot.start(webhook_url=f"http://{listen}/telegram", listen=listen)
    with pytest.raises(PlatformError, match=r"Telegram refuses telegram\.webhook_url: Bad webhook"):
        await bot.ended()


async def test_polling_takes_back_a_webhook_that_was_set_before(bot: Bot, listen: str) -> None:
    await bot.start(webhook_url=f"http://{listen}/telegram", listen=listen)
    await bot.start()
    assert bot.server.webhook == ""
    assert await bot.say("/help")


async def test_a_place_to_listen_that_is_taken_is_told_in_a_sentence(bot: Bot, listen: str) -> None:
    host, _, port = listen.rpartition(":")
    taken = await asyncio.start_server(lambda *_: None, host, int(port))
    await bot.start(webhook_url=f"http://{listen}/telegram", listen=listen)
    with pytest.raises(PlatformError, match=f"monitor.listen {listen} can't be used"):
        await bot.ended()
    taken.close()
    await taken.wait_closed()


# The process


async def test_the_whole_process_serves_ends_on_sigterm_and_logs_no_token_even_in_debug(
    telegram: LoopbackTelegram, tmp_path: Path
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "TELEGRAM_TOKEN": telegram.token,
        "BOT__TELEGRAM__API_URL": telegram.url,
        "BOT__MONITOR__LOG": "debug",
        "BOT__DATABASE": f"sqlite:///{tmp_path / 'x.db'}",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", cwd=ROOT, env=environment, stderr=asyncio.subprocess.PIPE
    )
    said = await telegram.say("/quiz")
    await telegram.until(lambda: telegram.messages)
    telegram.faults.append(fault("getUpdates", lambda: CUT))
    asked = len(telegram.asked("getUpdates"))
    await telegram.again(said.update_id)
    await telegram.until(lambda: len(telegram.asked("getUpdates")) > asked + 1)
    process.terminate()
    _, logged = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 0
    assert telegram.token.encode() not in logged
    assert len(telegram.messages) == 1
