"""Whatever comes from outside is refused in a sentence, or made harmless, on every database."""

import asyncio
import json
import logging
import os
import re
import resource
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import SecretStr

from adapters import discord as on_discord
from adapters.telegram import pacing, ranks
from bot.__main__ import core
from bot.bank.bank import Bank
from bot.bank.loading import TOLD_LIMIT, load
from bot.config import Config, Discord
from bot.learners.export import export_of
from bot.learners.privacy import document
from bot.limits import SCARCE_CARDS, Limits
from bot.logs import LogFormatter
from bot.messages import MARKS_LIMIT, Call, Card, Person, Press, Rank, Request, Room, Tone, Typed, Voice, legible
from bot.platforms import Answer
from bot.store.store import Store
from bot.tally import Tally
from tests import loopback_discord, loopback_telegram
from tests.loopback_discord import LoopbackDiscord
from tests.loopback_telegram import CHANNEL, SUPERGROUP, LoopbackTelegram
from tests.people import ADA, BOB, GROUP, HOME, Clock, Conversation, right_and_wrong, shown
from tests.test_telegram import Bot

ROOT = Path(__file__).parent.parent
ESCAPES = "\x1b[31m\x07\x7f\x9b2J\u202e\u2028"  # what paints a terminal, or turns its text
MEMORY, SECONDS = 600 * 2**20, 6  # that a look at hostile banks may take, with all libraries

HOSTILE = {
    "null characters": "\0flask\0",
    "half a character": "\ud800flask",
    "towers of accents": "z̸̡̛͓͈̤̦̓̋̓" * 500,
    "a megabyte": "flask " * 180_000,
    "a path": "../../../../etc/passwd",
    "statements": "'; DROP TABLE answer; --",
    "placeholders": "{0} {name} %s %(x)s :learner $1",
    "right to left": "\u202eksalf\u202c",
    "markup": "@everyone <@1> [x](javascript:alert(1)) ```",
    "a formula": "=HYPERLINK(1)",
    "escapes": ESCAPES,
    "nothing": "",
}


@pytest.fixture
def people(bank: Bank, store: Store, clock: Clock) -> Conversation:
    table, dispatch, _ = core(Config(), bank, store, clock, Random(1))
    return Conversation(dispatch.answer, table)


async def test_every_command_and_every_button_bears_hostile_texts(
    people: Conversation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    for kind, text in HOSTILE.items():
        things: list[Call | Press | Typed | Voice] = [Call(text), Call("quiz", {text: text})]
        things += [Call(command.name, {one.name: text}) for command in people.commands.table for one in command.options]
        for verb in people.commands.presses:
            presses = Press(verb, text, text), Press(verb, "0", text), Press(verb, text)
            things += [*presses, *(Typed(press, text) for press in presses), Voice(presses[0], 30)]
        for what, where, rank in product(things, (HOME, GROUP), (Rank.MEMBER, Rank.OWNER)):
            here = replace(where, title=text)
            reply = await people.answer(Request(ADA, here, what, name=text, locale=text[:20], rank=rank))
            assert all(card.tone is not Tone.TROUBLE for card in reply.cards), (kind, str(what)[:200], reply)
        assert not caplog.records, kind


async def test_a_hostile_name_is_shown_in_one_short_line_and_means_nothing(people: Conversation, clock: Clock) -> None:
    for kind, text in HOSTILE.items():
        where = replace(GROUP, id=kind, community=kind)

        async def ask(what: Call | Press, who: Person, name: str, where: Room = where) -> Card:
            return shown(await people.answer(Request(who, where, what, name=name)))

        villain = Person("test", kind)
        right, _ = right_and_wrong(await ask(Call("quiz"), villain, text))
        clock.advance(seconds=20)
        await ask(right.press, villain, text)
        board = await ask(Call("leaderboard"), BOB, "Bob")
        first, *rest = board.body.splitlines()
        assert first.startswith("🥇 "), kind
        assert re.search(r": [1-9] points *$", first), kind
        assert not rest[0], kind
        assert len(first) < 150, kind
        assert first.isprintable(), kind
        assert "@everyone" not in first.replace("\\@", ""), kind


def test_accents_of_every_language_stay_and_towers_do_not() -> None:
    for word in ("Việt Nam", "ẹ̀kọ́", "שָׁלוֹם", "हिन्दी", "ภาษาไทย", "👩🏽‍💻"):
        assert legible(word, 100) == word
    assert len(legible("a" + "\u0301" * 1_000, 2_000)) == 1 + MARKS_LIMIT


# Banks

QUESTION = "questions:\n  - id: one\n    question: What?\n    answer: "
BANKS = {
    "laughs": "a: &a [x, x, x, x]\n" + "".join(f"a{n}: &a{n} [{'*a, ' * 9}]\n" for n in range(900)),
    "long-text": QUESTION + "x" * 1_000_000,
    "nested": "questions: " + "[" * 100_000,
    "dashes": "questions:\n  " + "- " * 1_000_000,
    "paths": "topic: ../../x\nsection: /etc/passwd\n" + QUESTION.replace("one", "../../x") + "a",
    "twice": "questions: []\n" * 300_000,
    "no-questions": "questions:\n" + "- x\n" * 1_000_000,
    "many-keys": QUESTION + "a\n" + "".join(f"    key{n}: x\n" for n in range(200_000)),
    "misspelt-keys": "questions:\n" + "".join(f"  - {{qestion{n}: x, answr{n}: x}}\n" for n in range(4_000)),
    "anchors": "questions:\n" + "  - &a x\n" * 500_000,
    "points": QUESTION + f"a\n    key_points: [{', '.join(map(str, range(100_000)))}]",
    "phrasings": QUESTION + f"a\n    key_points: [{{text: a, accept: [{', '.join(map(str, range(4_000)))}]}}]",
    "python": QUESTION + "!!python/object/apply:os.system ['touch owned']",
    "null": QUESTION + "\0",
    "numbers": QUESTION + f"a\n    key_points: [{{text: a, weight: {'9' * 500_000}}}, {{text: b, weight: nan}}]",
    "escapes": 'topic: "\\e[31m\\n"\n' + QUESTION.replace("one", '"\\e[31m\\nforged:1: x"') + 'a\n    "\\x9b": x',
    "long-key": QUESTION + "a\n    ? " + "k" * 500_000 + "\n    : x",
    "\x1b[31m\nforged": QUESTION + "''",
}


@pytest.mark.parametrize("verb", [["bank", "lint"], ["check"]], ids=" ".join)
async def test_hostile_banks_are_told_in_a_few_plain_lines_in_bounded_time_and_memory(
    tmp_path: Path, verb: list[str]
) -> None:
    banks = tmp_path / "banks"
    (banks / "link").mkdir(parents=True)
    for name, text in BANKS.items():
        (banks / f"{name}.yaml").write_text(text)
    (banks / "utf-16.yaml").write_text(QUESTION + "a", encoding="utf-16")
    (banks / "link" / "itself.yaml").symlink_to("itself.yaml")
    (banks / "link" / "up").symlink_to(banks)
    os.mkfifo(banks / "pipe.yaml")

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *verb, cwd=tmp_path, preexec_fn=limited,
        env={"PYTHONPATH": str(ROOT), "BOT__QUESTIONS": "banks", "DATABASE_URL": f"sqlite:///{tmp_path / 'x.db'}"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await process.communicate()
    assert process.returncode == 1
    lines = told.decode().splitlines()
    assert all(line.isprintable() and len(line) < 700 for line in lines)
    places = [line.removeprefix("questions").strip() for line in lines if "banks" in line]
    assert all(place.startswith("banks/") for place in places)
    assert len(lines) - len(places) == (2 if verb == ["check"] else 0)  # no traceback, nothing that was forged
    named = {place.partition(".yaml:")[0] for place in places}
    assert named == {
        *(f"banks/{name}" for name in BANKS if name.isprintable()),
        "banks/utf-16", "banks/pipe", "banks/link/itself", "banks/\\x1b[31m\\nforged",
    }  # fmt: skip
    assert max(sum(place.startswith(f"{one}.yaml:") for place in places) for one in named) == TOLD_LIMIT + 1
    assert not (tmp_path / "owned").exists()


def test_names_that_nothing_has_are_all_told_and_only_the_first_with_what_may_be_meant(tmp_path: Path) -> None:
    texts = (f"  - {{id: a-{n}, question: q, answer: a, follow_ups: [b-{n}]}}\n" for n in range(2 * TOLD_LIMIT))
    (tmp_path / "bank.yaml").write_text("questions:\n" + "".join(texts))
    told = [finding.message for finding in load([tmp_path]).findings]
    assert len(told) == 2 * TOLD_LIMIT
    assert sum("did you mean" in message for message in told) == TOLD_LIMIT


# What operators see


def test_log_lines_paint_no_screen_and_forge_no_line() -> None:
    try:
        raise ValueError(f"a text from outside: {ESCAPES}")
    except ValueError:
        record = logging.LogRecord("bot", logging.ERROR, "", 1, "said: %s\nERROR forged", (ESCAPES,), sys.exc_info())
    text = LogFormatter(Config()).format(record)
    first, *traceback = text.splitlines()
    assert first == "ERROR bot: said: \\x1b[31m\\x07\\x7f\\x9b2J\\u202e\\u2028\\nERROR forged"
    assert "ValueError" in traceback[-1]
    assert all(line.isprintable() for line in traceback)
    machine = LogFormatter(Config.model_validate({"monitor": {"log_format": "json"}})).format(record)
    assert json.loads(machine)["message"] == f"said: {ESCAPES}\nERROR forged"
    assert machine.isprintable()


async def test_an_export_has_a_hostile_name_as_it_is_and_can_be_read_on_a_terminal(
    people: Conversation, store: Store, clock: Clock
) -> None:
    right, _ = right_and_wrong(shown(await people.answer(Request(ADA, HOME, Call("quiz"), name=ESCAPES))))
    await people.answer(Request(ADA, HOME, right.press, name=ESCAPES))
    learner = await store.learner(ADA, clock())
    told = document(export_of(await store.privacy.everything(learner.id), clock())).decode()
    assert all(char.isprintable() or char == "\n" for char in told)
    (profile,) = json.loads(told)["profiles"]
    assert profile["name"] == ESCAPES


# Moderators


async def set_up(store: Store) -> int:
    """How many rooms have a daily question, or had one."""
    return len(await store._database.fetch("SELECT room FROM schedule", {}))


@pytest.fixture
async def telegram_bot(
    telegram: LoopbackTelegram, sqlite_store: Store, conversation: Conversation
) -> AsyncIterator[Bot]:
    bot = Bot(telegram, sqlite_store, conversation)
    await bot.start()
    yield bot
    await bot.stop()


OTHER = {"id": -1009999999999, "type": "channel", "title": "Another channel"}
LINKED = {"id": CHANNEL, "type": "channel", "title": "The channel that this group discusses"}


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"sender_chat": OTHER},
        {"sender_chat": LINKED},
        {"sender_chat": LINKED, "is_automatic_forward": True},
        {"sender_chat": {"id": 4002, "type": "private", "first_name": "Bob"}},
        {"from": {"id": 1087968824, "is_bot": True, "first_name": "Group"}},  # its name without its chat
        {"from": {"id": SUPERGROUP, "is_bot": False, "first_name": "Me"}, "sender_chat": OTHER},
        {"forward_origin": {"type": "chat", "date": 1, "sender_chat": {"id": SUPERGROUP, "type": "supergroup"}}},
        {"sender_business_bot": {"id": 7, "is_bot": True, "first_name": "x"}, "author_signature": "owner"},
    ],
    ids=str,
)
async def test_on_telegram_nobody_becomes_a_moderator_by_how_a_message_is_sent(
    telegram_bot: Bot, extra: dict[str, Any]
) -> None:
    server = telegram_bot.server
    server.members[SUPERGROUP, CHANNEL] = server.members[SUPERGROUP, OTHER["id"]] = (
        "administrator"  # it says so of none
    )
    for line in ("/daily", "/daily time:09:00", "/DAILY@prepdeck_bot time:09:00", "/start daily", "/start daily--on"):
        for message in await telegram_bot.say(line, chat=SUPERGROUP, **extra):
            assert message.text.startswith(("Only moderators can do that here.", "Practise for your interview"))
    assert not await set_up(telegram_bot.store)
    assert len(server.asked("getChatMember")) <= 5


FORGED = ["daily::on", "daily:0:pause", "daily::off", "daily::test", "call::daily", "call:x:daily"]


@pytest.mark.parametrize("data", FORGED)
async def test_on_telegram_no_press_of_a_member_reaches_what_is_for_moderators(telegram_bot: Bot, data: str) -> None:
    message = await telegram_bot.quiz(chat=SUPERGROUP)
    before = len(telegram_bot.server.messages)
    for _ in range(3 * ranks.TRIES.at_once):
        pressed = await telegram_bot.press(message, data=data)
        assert pressed.answer["text"] == "Only moderators can do that here."
    (shared,) = [one for one in await telegram_bot.server.inline("one") if one["title"].startswith("What is one")]
    elsewhere = await telegram_bot.server.choose(shared)
    pressed = await telegram_bot.press(elsewhere, data=data)
    assert pressed.answer["text"] == "Only moderators can do that here."
    assert not await set_up(telegram_bot.store)
    assert len(telegram_bot.server.messages) == before
    assert (
        len(telegram_bot.server.asked("getChatMember")) == ranks.TRIES.at_once
    )  # who hammers has us ask no more often


async def test_on_telegram_who_is_made_a_moderator_is_one_at_once_and_who_was_one_is_none(telegram_bot: Bot) -> None:
    server = telegram_bot.server
    server.members[SUPERGROUP, loopback_telegram.ADA] = "administrator"
    (panel,) = await telegram_bot.say("/daily time:09:00", chat=SUPERGROUP)
    assert "09:00" in panel.text
    for label in ("Pause", "Resume"):
        assert "text" not in (await telegram_bot.press(panel, label)).answer
    server.members[SUPERGROUP, loopback_telegram.ADA] = "member"
    assert (await telegram_bot.press(panel, "Pause")).answer["text"] == "Only moderators can do that here."
    server.members[SUPERGROUP, loopback_telegram.ADA] = "creator"
    await telegram_bot.press(panel, "Off")
    assert not await set_up(telegram_bot.store)


@pytest.fixture
async def discord_server(
    server: LoopbackDiscord, sqlite_store: Store, conversation: Conversation
) -> AsyncIterator[LoopbackDiscord]:
    """Discord, with the bot on it."""
    settings = Config(discord=Discord(token=SecretStr(server.token), api_url=server.url))
    platform = on_discord.connect(settings, conversation.answer, conversation.commands, sqlite_store.memory)
    running = asyncio.ensure_future(platform.run())
    await asyncio.wait_for(server.connected.wait(), 8)
    await asyncio.wait_for(platform.wait_until_ready(), 20)
    yield server
    running.cancel()
    await asyncio.wait({running})


ALL_BUT_MANAGING = (1 << 53) - 1 & ~(loopback_discord.MANAGE_GUILD | 1 << 3)
CONTEXTS: dict[str, dict[str, Any]] = {
    "a member": {},
    "with every other right": {"permissions": str(ALL_BUT_MANAGING)},
    "with no rights told": {"permissions": None},
    "in a group of friends": {"context": 2, "member": None, "guild_id": None},
    "in the private chat of two others": {"context": 2, "member": None, "guild_id": None, "channel": {"type": 1}},
    "in no place that is told": {"context": None, "member": None, "guild_id": None},
    "by an app of their own": {"authorizing_integration_owners": {"1": str(loopback_discord.ADA)}},
    "in a thread": {"channel": loopback_discord._thread(77, "Talk"), "channel_id": "77"},
}


async def test_on_discord_no_command_or_press_of_a_member_reaches_what_is_for_moderators(
    discord_server: LoopbackDiscord, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    send, how = discord_server._dispatch, dict[str, Any]()

    async def send_changed(event: str, data: dict[str, Any], guild: int = 0) -> bool:
        changed = {**data, "channel": {**data["channel"], **how.get("channel", {})}, "user": data["member"]["user"]}
        changed |= {name: value for name, value in how.items() if name not in ("channel", "permissions")}
        if "permissions" in how:
            changed["member"]["permissions"] = how["permissions"]
            changed["member"] = {name: value for name, value in changed["member"].items() if value is not None}
        return await send(event, {name: value for name, value in changed.items() if value is not None})

    source = loopback_discord.Message(1, loopback_discord.CHANNEL, [])
    monkeypatch.setattr(discord_server, "_dispatch", send_changed)
    for name, how in CONTEXTS.items():  # noqa: B007
        tries = [await discord_server.call("daily", time="09:00"), await discord_server.call("daily")]
        tries += [await discord_server.press(source, "", custom_id=data) for data in FORGED]
        for one in tries:
            await asyncio.wait_for(one.settled.wait(), 8)
            told = [(message.ephemeral, message.text) for message in one.messages]
            assert told == [(True, "### Only moderators can do that here.")], name
    assert not await set_up(sqlite_store)


# What platforms send

HUGE = 2**62
PLACE = {"id": loopback_telegram.ADA, "type": "private", "first_name": "Ada"}
WHO = {"id": loopback_telegram.ADA, "is_bot": False, "first_name": "Ada"}
SAID = {"message_id": 5, "date": 1, "chat": PLACE, "from": WHO}
ODD: list[tuple[str, Any]] = [
    ("message", None),
    ("message", {}),
    ("message", []),
    ("message", "text"),
    ("message", {**SAID, "text": None}),
    ("message", {**SAID, "from": None, "text": "/quiz"}),
    ("message", {**SAID, "chat": None, "text": "/quiz"}),
    ("message", {**SAID, "chat": {"id": -HUGE, "type": "unheard of"}, "text": "/quiz"}),
    ("message", {**SAID, "date": HUGE, "text": "/quiz"}),
    ("message", {**SAID, "date": "yesterday", "text": "/quiz"}),
    ("message", {**SAID, "message_id": -HUGE, "text": "/start " + "x" * 1_000_000}),
    ("message", {**SAID, "text": "/quiz", "entities": [{"type": "bot_command", "offset": 900, "length": -5}]}),
    ("message", {**SAID, "text": "/quiz", "entities": [{"type": "bot_command", "offset": 0, "length": HUGE}]}),
    ("message", {**SAID, "voice": {"file_id": "x", "file_unique_id": "x", "duration": HUGE}}),
    ("message", {**SAID, "migrate_to_chat_id": -HUGE}),
    ("message", {**SAID, "left_chat_member": {"id": HUGE, "is_bot": False, "first_name": ""}}),
    ("message", {**SAID, "text": "x", "reply_to_message": {**SAID, "reply_markup": {"inline_keyboard": [[{}]]}}}),
    ("callback_query", None),
    ("callback_query", {"id": "1", "from": WHO, "chat_instance": "1"}),
    ("callback_query", {"id": "1", "from": WHO, "chat_instance": "1", "data": "answer:" + "\U0001f600" * 9 + ":\0"}),
    ("callback_query", {"id": "1", "from": WHO, "chat_instance": "1", "data": "quiz::" * 99, "message": {**SAID}}),
    (
        "callback_query",
        {"id": "1", "from": WHO, "chat_instance": "1", "data": "type:x:", "inline_message_id": "é" * 999},
    ),
    ("inline_query", {"id": "1", "from": WHO, "query": "flask " * 180_000, "offset": "-1"}),
    ("inline_query", {"id": "1", "from": WHO}),
    ("poll_answer", {"poll_id": "x", "option_ids": None, "option_persistent_ids": [], "user": WHO}),
    ("poll_answer", {"poll_id": "x" * 10_000, "option_ids": [], "option_persistent_ids": [], "user": WHO}),
    ("my_chat_member", {"chat": PLACE, "from": WHO, "date": 1}),
    (
        "my_chat_member",
        {"chat": PLACE, "from": WHO, "date": 1, "old_chat_member": {}, "new_chat_member": {"status": 7}},
    ),
    ("unheard_of", {"id": 1}),
]


async def test_updates_that_telegram_never_sends_stop_nothing(telegram_bot: Bot) -> None:
    server = telegram_bot.server
    for kind, odd in ODD:
        server.allowed.add(kind)
        number = await server._queue(kind, odd)
        await telegram_bot.settle(number)
    (message,) = await telegram_bot.say("/quiz mode:choice topic:basics")
    await telegram_bot.press(message, "A")
    assert message.text.startswith(("Correct", "Not quite"))
    assert all(one.chat == loopback_telegram.ADA for one in server.messages)


async def test_a_vote_for_an_option_that_a_poll_never_had_counts_for_nothing(
    telegram_bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    (message,) = await telegram_bot.say("/quiz style:poll topic:basics", chat=SUPERGROUP)
    assert message.poll
    for chosen in (99, -1):
        answer = {"poll_id": message.poll["id"], "user": WHO, "option_ids": [chosen], "option_persistent_ids": []}
        await telegram_bot.settle(await telegram_bot.server._queue("poll_answer", answer))
    assert not await telegram_bot.store._database.fetch("SELECT deal FROM answer", {})
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        "Telegram: a vote for an option that we do not know"
    ] * 2
    await telegram_bot.settle(await telegram_bot.server.vote(message, 0))
    assert len(await telegram_bot.store._database.fetch("SELECT deal FROM answer", {})) == 1


async def test_a_webhook_reads_nothing_of_who_does_not_know_the_secret_and_little_of_who_does(
    telegram_bot: Bot, unused_tcp_port: int
) -> None:
    listen = f"127.0.0.1:{unused_tcp_port}"
    await telegram_bot.start(webhook_url=f"http://{listen}/telegram", listen=listen)

    async def posted(secret: str, length: int, body: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*listen.split(":"))
        head = f"POST /telegram HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n"
        writer.write(head.encode() + f"X-Telegram-Bot-Api-Secret-Token: {secret}\r\n\r\n".encode() + body)
        status = await asyncio.wait_for(reader.readline(), 20)
        writer.close()
        return status.split()[1]

    for secret in ("", "x" * 4_000, telegram_bot.server.secret[:-1]):
        assert await posted(secret, 10**12, b"{") == b"403"  # before there is any of it
    for body in (b"[" * 100_000, b"{" + b" " * 2_000_000, b'{"a":' * 9_000 + b"1" + b"}" * 9_000, b"\xff\0", b"1"):
        assert await posted(telegram_bot.server.secret, len(body), body) == b"200"  # else it would be sent again
    assert await telegram_bot.say("/help")


# Hammering


@pytest.fixture
def limited(conversation: Conversation) -> Answer:
    return Limits(conversation.answer, conversation.commands, Tally()).answer


async def test_who_hammers_in_a_telegram_group_takes_less_than_half_of_what_it_may_be_sent_in_a_minute(
    telegram_bot: Bot, limited: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await telegram_bot.start(limited)
    server = telegram_bot.server
    for line in ("/quiz", "/quiz nowhere", "/qiuz@prepdeck_bot", "/topics"):
        for _ in range(50):
            said = await server.say(line, loopback_telegram.ADA, SUPERGROUP)
    await telegram_bot.settle(said.update_id)
    assert 2 <= len([one for one in server.messages if one.chat == SUPERGROUP]) <= SCARCE_CARDS.at_once + 2
    assert SCARCE_CARDS.at_once + 60 * SCARCE_CARDS.per_second + 1 < pacing.PER_GROUP
    (card,) = await telegram_bot.say("/quiz mode:choice", loopback_telegram.BOB, SUPERGROUP)
    pressed = await telegram_bot.press(card, "A", loopback_telegram.BOB)
    assert pressed.answer["text"].startswith(("Correct", "Not quite"))
    let_go = [record for record in caplog.records if "updates are let go" in record.getMessage()]
    assert 1 <= len(let_go) <= 8  # once for each time that the others were all answered in between


@pytest.mark.parametrize("data", ["answer", "hint", "explain", "show", "verdict", "x", "daily"])
async def test_who_hammers_buttons_on_telegram_is_answered_alone_and_changes_nothing_that_others_see(
    telegram_bot: Bot, limited: Answer, data: str
) -> None:
    await telegram_bot.start(limited)
    message = await telegram_bot.quiz(chat=SUPERGROUP)
    before = len(telegram_bot.server.messages)
    packed = f"{data}:{message.buttons['A'].split(':')[1]}:A"
    pressed = [await telegram_bot.server.press(message, data=packed) for _ in range(300)]
    await telegram_bot.settle(pressed[-1].update_id)
    assert len(telegram_bot.server.messages) == before
    assert message.edits == 0
    assert (await telegram_bot.press(message, "A", loopback_telegram.BOB)).answer["text"]
