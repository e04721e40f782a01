"""Discord: the real discord.py against a Discord on loopback."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest
from aiohttp import web
from pydantic import SecretStr

from adapters.discord import connect, serving
from adapters.discord import platform as life
from adapters.discord.platform import DiscordPlatform
from adapters.discord.rendering import VIEW_TEXT, render
from bot.__main__ import core
from bot.bank.bank import Bank
from bot.commands import Command, Commands
from bot.config import Config
from bot.config import Discord as Settings
from bot.messages import FILE_LIMIT, Button, Card, File, Person, Picture, Press, Rank, Reply, Request, Room, Typed
from bot.platforms import Answer, Gone, PlatformError, Posting, Unknown
from bot.store.store import Store
from tests import loopback_discord
from tests.loopback_discord import (
    ADA,
    BOB,
    CHANNEL,
    GUILD,
    Interaction,
    LoopbackDiscord,
    Message,
    TooLate,
)
from tests.people import Clock, Conversation, looked
from tests.test_shipped_bank import QUESTIONS, every_card
from tests.test_telegram_pacing import Log, most_within, now, on_our_clock

FROM_US = {"flags": loopback_discord.COMPONENTS_V2, "allowed_mentions": {"parse": []}}
HERE = Room("discord", str(CHANNEL), community=str(GUILD))
FAR = 5 << 22  # a server that of two shards, or four, has another one than GUILD
FAR_CHANNEL = 3100
GO = Press("next", "d")
FILE = File("interview.md", b"# Interview\n" * 1_000)
Start = Callable[..., Awaitable[DiscordPlatform]]


@pytest.fixture
async def start(server: LoopbackDiscord, conversation: Conversation, sqlite_store: Store) -> AsyncIterator[Start]:
    """Run the adapter until it is connected; as often as one likes, which is a restart, or `beside` the one before."""
    running: list[tuple[DiscordPlatform, asyncio.Task[int]]] = []

    async def started(
        answer: Answer | None = None, commands: Commands | None = None, *, beside: bool = False, **settings: Any
    ) -> DiscordPlatform:
        if not beside:
            await stop()
        server.connected.clear()
        config = Config(discord=Settings(token=SecretStr(server.token), api_url=server.url, **settings))
        platform = connect(
            config, answer or conversation.answer, commands or conversation.commands, sqlite_store.memory
        )
        platform._connection.guild_ready_timeout = 0.05
        task = asyncio.ensure_future(platform.run())
        running.append((platform, task))
        await asyncio.wait_for(server.connected.wait(), 8)
        await asyncio.wait_for(platform.wait_until_ready(), 20)
        return platform

    async def stop() -> None:
        while running:
            _, task = running.pop()
            task.cancel()
            await asyncio.wait({task})

    yield started
    await stop()


async def seen(interaction: Interaction) -> Message:
    """The first message that came back."""
    await asyncio.wait_for(interaction.settled.wait(), 8)
    message = interaction.messages[0] if interaction.messages else interaction.source
    assert message
    return message


async def dealt(server: LoopbackDiscord, **options: str) -> Message:
    return await seen(await server.call("quiz", mode="choice", topic="basics", **options))


# Commands


async def test_the_table_is_registered_with_options_choices_and_places(
    server: LoopbackDiscord, start: Start, conversation: Conversation
) -> None:
    await start()
    assert server.syncs == [""]
    commands = {command["name"]: command for command in server.commands}
    assert commands.keys() == {command.name for command in conversation.commands.table} > {"quiz", "help", "start"}
    options = {option["name"]: option for option in commands["quiz"]["options"]}
    assert options["topic"]["autocomplete"]
    assert [choice["value"] for choice in options["level"]["choices"]] == ["junior", "mid", "senior"]
    assert not any(option.get("required") for option in options.values())
    assert commands["quiz"]["contexts"] == [0, 1, 2]
    assert commands["quiz"]["integration_types"] == [0, 1]


async def test_commands_are_registered_again_only_when_the_table_changed(
    server: LoopbackDiscord, start: Start, conversation: Conversation
) -> None:
    await start()
    await start()
    assert len(server.syncs) == 1
    changed = Commands(conversation.commands.table[:3], conversation.commands.presses)
    await start(commands=changed)
    assert len(server.syncs) == 2
    assert len(server.commands) == 3


async def test_a_developer_registers_in_one_server(server: LoopbackDiscord, start: Start) -> None:
    await start(sync_guild=str(GUILD))
    assert server.syncs == [f"guilds/{GUILD}"]


async def test_commands_for_moderators_are_hidden_from_others_and_ranks_come_from_the_interaction(
    server: LoopbackDiscord, start: Start
) -> None:
    ranks: list[Rank] = []

    async def answer(request: Request) -> Reply:
        ranks.append(request.rank)
        return Reply(aside=Card("x"))

    async def nothing(*_: Any) -> Reply:
        return Reply()

    await start(answer, Commands([Command("daily", "x", nothing, rank=Rank.MODERATOR)], {}))
    assert server.commands[0]["default_member_permissions"] == loopback_discord.MANAGE_GUILD
    for permissions in (0, loopback_discord.MANAGE_GUILD, 1 << 3):
        await seen(await server.call("daily", permissions=permissions))
    await seen(await server.call("daily", private=True))
    assert ranks == [Rank.MEMBER, Rank.MODERATOR, Rank.MODERATOR, Rank.OWNER]


async def test_topics_and_zones_complete_themselves_within_the_limits(server: LoopbackDiscord, start: Start) -> None:
    await start()
    assert await server.complete("quiz", "topic", "BAS") == ["basics"]
    assert "Europe/Berlin" in await server.complete("settings", "timezone", "berl")
    assert len(await server.complete("settings", "timezone", "")) == 25


async def test_what_was_not_completed_is_checked_all_the_same(server: LoopbackDiscord, start: Start) -> None:
    await start()
    message = await seen(await server.call("quiz", topic="contxts"))
    assert message.ephemeral
    assert "I know no topic “contxts”" in message.text


async def test_a_command_that_discord_still_offers_from_before_is_answered(
    server: LoopbackDiscord, start: Start
) -> None:
    await start()
    message = await seen(await server.call("retired"))
    assert message.ephemeral
    assert "There is no such command" in message.text


# Conversations


async def test_a_question_is_public_and_a_verdict_is_for_its_owner_alone(server: LoopbackDiscord, start: Start) -> None:
    await start()
    question = await dealt(server)
    assert not question.ephemeral
    assert question.text.startswith("### What is ")
    assert list(question.buttons) == ["A", "B", "C", "D", "Hint", "Type answer"]
    for who in (ADA, BOB):
        verdict = await seen(await server.press(question, "A", who))
        assert verdict.ephemeral
        assert verdict.text.startswith(("### Correct ✔", "### Not quite ✘"))
        assert list(verdict.buttons) == ["Explanation", "Code", "Next question"]
    assert question.edits == 0


async def test_in_a_direct_message_the_card_itself_changes(server: LoopbackDiscord, start: Start) -> None:
    await start()
    question = await seen(await server.call("quiz", private=True, mode="choice"))
    await seen(await server.press(question, "A", private=True))
    assert question.edits == 1
    assert question.text.startswith(("### Correct ✔", "### Not quite ✘"))


async def test_a_second_press_says_that_the_first_answer_counts(server: LoopbackDiscord, start: Start) -> None:
    await start()
    question = await dealt(server)
    await seen(await server.press(question, "A"))
    again = await seen(await server.press(question, "B"))
    assert again.ephemeral
    assert "the first answer counts" in again.text


async def test_a_press_from_before_a_restart_works(server: LoopbackDiscord, start: Start) -> None:
    await start()
    question = await dealt(server)
    platform = await start()
    verdict = await seen(await server.press(question, "A"))
    assert verdict.text.startswith(("### Correct ✔", "### Not quite ✘"))
    assert not platform._connection._view_store._views
    assert not platform._connection._view_store._modals


@pytest.mark.parametrize("custom_id", ["x", "answer:", "answer:unknown:A", "a" * 100, "::", "\u202e@everyone", "daily"])
async def test_a_forged_press_is_answered_kindly_and_in_private(
    server: LoopbackDiscord, start: Start, custom_id: str
) -> None:
    await start()
    question = await dealt(server)
    answer = await seen(await server.press(question, "", custom_id=custom_id))
    assert answer.ephemeral
    assert any(words in answer.text for words in ("not one of mine", "don't know this question"))


async def test_a_prompt_opens_a_modal_at_once_and_its_text_comes_back_even_after_a_restart(
    server: LoopbackDiscord, start: Start, conversation: Conversation
) -> None:
    requests: list[Request] = []

    async def answer(request: Request) -> Reply:
        requests.append(request)
        return Reply(new=Card("Say it", rows=((Button("Type answer", Press("say", "d1")),),)))

    commands = Commands(conversation.commands.table, {}, {"say": "Say it in your own words, as you would aloud: " * 2})
    await start(answer, commands)
    card = await seen(await server.call("quiz"))
    asked = await server.press(card, "Type answer")
    await asyncio.wait_for(asked.answered.wait(), 8)
    assert asked.modal
    assert len(requests) == 1
    platform = await start(answer, commands)
    await seen(await server.submit(asked.modal, "my\nwords", card))
    assert requests[-1].what == Typed(Press("say", "d1"), "my\nwords")
    assert not platform._connection._view_store._modals


async def test_the_person_and_the_room_are_what_the_interaction_says(server: LoopbackDiscord, start: Start) -> None:
    requests: list[Request] = []

    async def answer(request: Request) -> Reply:
        requests.append(request)
        return Reply(aside=Card("x"))

    await start(answer)
    await seen(await server.call("quiz", topic="basics"))
    await seen(await server.call("quiz", private=True))
    shared, private = requests
    assert shared.where == Room("discord", str(CHANNEL), community=str(GUILD))
    assert (shared.who.id, shared.name, shared.locale) == (str(ADA), f"user{ADA}", "en-US")
    assert (private.where.private, private.where.community) == (True, "")


# Files


def replying(*replies: Reply) -> Answer:
    """A core that gives these replies in turn."""
    waiting = [*replies]

    async def answer(request: Request) -> Reply:
        return waiting.pop(0)

    return answer


async def brought(server: LoopbackDiscord, interaction: Interaction) -> list[Message]:
    """The messages that came back, once one has brought a file."""
    await server.until(lambda: any(message.files for message in interaction.messages))
    return interaction.messages


@pytest.mark.parametrize("kind", ["new", "edit"])
async def test_in_a_server_a_file_comes_last_and_for_the_person_alone(
    server: LoopbackDiscord, start: Start, kind: str
) -> None:
    card = Card("x", rows=((Button("Go", GO),),))
    await start(replying(Reply(new=card), Reply(**{kind: Card("Done")}, file=FILE)))
    interaction = await server.press(await seen(await server.call("quiz")), "Go")
    *shown, kept = await brought(server, interaction)
    assert [message.ephemeral for message in shown] == [False] * (kind == "new")
    assert (kept.ephemeral, kept.files, kept.text) == (True, {FILE.name: FILE.content}, "")


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize("pressed", [True, False])
@pytest.mark.parametrize("aside", [Card("Here it is"), None])
async def test_a_file_and_an_aside_are_one_message_which_stays_in_private(
    server: LoopbackDiscord, start: Start, aside: Card | None, pressed: bool, private: bool
) -> None:
    first = [Reply(new=Card("x", rows=((Button("Go", GO),),)))] if pressed else []
    await start(replying(*first, Reply(aside=aside, file=FILE)))
    interaction = await server.call("quiz", private=private)
    if pressed:
        interaction = await server.press(await seen(interaction), "Go", private=private)
    (kept,) = await brought(server, interaction)
    assert (kept.text, kept.files) == ("### Here it is" if aside else "", {FILE.name: FILE.content})
    assert kept.ephemeral is not private
    assert not interaction.thinking


async def test_no_button_stands_under_a_file_since_pressing_it_would_take_the_file_away(
    server: LoopbackDiscord, start: Start
) -> None:
    aside = Card("All that is kept", rows=((Button("Delete it", GO),),))
    await start(replying(Reply(aside=aside, file=FILE), Reply(edit=Card("Deleted"))))
    interaction = await server.call("privacy-of-an-update-ago")
    told, kept = await brought(server, interaction)
    assert (list(told.buttons), told.files, told.ephemeral) == (["Delete it"], {}, True)
    assert (kept.buttons, kept.files, kept.ephemeral) == ({}, {FILE.name: FILE.content}, True)
    assert (await seen(await server.press(told, "Delete it"))).text == "### Deleted"
    assert kept.files


async def test_a_long_aside_has_the_file_at_its_last_page(server: LoopbackDiscord, start: Start) -> None:
    picture = Picture("chart.png", b"png", "Three bars")
    await start(replying(Reply(aside=Card("Long", "\n\n".join(["words " * 100] * 10), picture=picture), file=FILE)))
    *others, last = await brought(server, await server.call("quiz"))
    assert others
    assert not any(message.files for message in others)
    assert last.files == {"chart.png": b"png", FILE.name: FILE.content}


@pytest.mark.parametrize("private", [True, False])
async def test_a_file_that_took_time_to_make_comes_where_it_belongs(
    server: LoopbackDiscord, start: Start, monkeypatch: pytest.MonkeyPatch, private: bool
) -> None:
    monkeypatch.setattr(serving, "DEFER_AFTER", 0)
    release = asyncio.Event()

    async def answer(request: Request) -> Reply:
        await release.wait()
        return Reply(file=FILE)

    await start(answer)
    interaction = await server.call("quiz", private=private)
    await asyncio.wait_for(interaction.answered.wait(), 8)
    release.set()
    (kept,) = await brought(server, interaction)
    assert kept.ephemeral is not private
    assert not interaction.thinking


async def test_a_file_whose_upload_takes_time_is_no_first_response(server: LoopbackDiscord, start: Start) -> None:
    large = File("large.md", b"x" * FILE_LIMIT)
    await start(replying(Reply(file=large)))
    interaction = await server.call("quiz")
    (kept,) = await brought(server, interaction)
    assert [callback["type"] for callback in interaction.callbacks] == [5]
    assert kept.files == {"large.md": large.content}


@pytest.mark.parametrize("fault", [lambda: failing(503, path="webhooks")[0], lambda: cutting("webhooks")])
async def test_a_file_is_sent_again_whole(server: LoopbackDiscord, start: Start, fault: Callable[[], Any]) -> None:
    await start(replying(Reply(aside=Card("Here it is"), file=FILE)))
    server.faults = [fault()]
    (kept,) = await brought(server, await server.call("quiz"))
    assert kept.files == {FILE.name: FILE.content}
    assert server.faults == []


# Time


@pytest.mark.parametrize("pressed", [True, False])
@pytest.mark.parametrize("kind", ["new", "aside", "edit"])
async def test_a_slow_answer_is_deferred_in_time_and_comes_where_it_belongs(
    server: LoopbackDiscord, start: Start, monkeypatch: pytest.MonkeyPatch, kind: str, pressed: bool
) -> None:
    monkeypatch.setattr(serving, "DEFER_AFTER", 0.05)
    release = asyncio.Event()
    slow = False
    card = Card("late", rows=((Button("Go", Press("next", "d")),),))

    async def answer(request: Request) -> Reply:
        if slow:
            await release.wait()
            return Reply(**{kind: card})
        return Reply(new=card)

    await start(answer)
    first = await seen(await server.call("quiz"))
    slow = True
    interaction = await (server.press(first, "Go") if pressed else server.call("quiz"))
    await asyncio.wait_for(interaction.answered.wait(), 8)
    assert interaction.deferred
    release.set()
    await asyncio.wait_for(interaction.settled.wait(), 8)
    if kind == "edit" and pressed:
        assert first.edits == 1
        assert not interaction.messages
    else:
        (message,) = interaction.messages
        assert message.ephemeral is (kind == "aside")
    assert not interaction.thinking


@pytest.mark.parametrize("pressed", [True, False])
async def test_where_there_is_nothing_to_say_nobody_but_the_asker_sees_that_we_heard(
    server: LoopbackDiscord, start: Start, pressed: bool
) -> None:
    silent = False

    async def answer(request: Request) -> Reply:
        return Reply() if silent else Reply(new=Card("x", rows=((Button("Go", Press("next", "d")),),)))

    await start(answer)
    first = await seen(await server.call("quiz"))
    silent = True
    interaction = await (server.press(first, "Go") if pressed else server.call("quiz"))
    await asyncio.wait_for(interaction.answered.wait(), 8)
    assert not interaction.thinking
    assert [(message.text, message.ephemeral) for message in interaction.messages] == (
        [] if pressed else [("### Not so fast, please.", True)]
    )


async def test_a_modal_is_never_deferred(
    server: LoopbackDiscord, start: Start, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "DEFER_AFTER", 0)

    async def answer(request: Request) -> Reply:
        return Reply(new=Card("x", rows=((Button("Type", Press("say", "d")),),)))

    await start(answer, Commands(conversation.commands.table, {}, {"say": "Say it"}))
    card = await seen(await server.call("quiz"))
    interaction = await server.press(card, "Type")
    await asyncio.wait_for(interaction.answered.wait(), 8)
    assert interaction.modal
    assert interaction.modal["title"] == "Say it"


# Faults


def failing(status: int, code: int = 0, times: int = 1, path: str = "callback") -> list[Any]:
    def fault(method: str, where: str) -> web.StreamResponse | None:
        return loopback_discord._json({"code": code, "message": "x"}, status) if path in where else None

    return [fault] * times


def cutting(path: str = "callback") -> Any:
    return lambda method, where: loopback_discord.CUT if path in where else None


async def test_a_gateway_that_drops_is_resumed_and_nothing_is_lost(server: LoopbackDiscord, start: Start) -> None:
    await start()
    question = await dealt(server)
    await server.drop()
    await asyncio.wait_for(server.resumed.wait(), 8)
    assert len(server.identifies) == 1
    assert (await seen(await server.press(question, "A"))).ephemeral


async def test_after_an_invalid_session_it_identifies_again_at_the_gateway_that_was_reported(
    server: LoopbackDiscord, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = await start()

    async def at_once(shard_id: int | None, *, initial: bool = False) -> None:
        return None  # not the five seconds that Discord wants between two

    monkeypatch.setattr(platform, "before_identify_hook", at_once)
    await server.invalidate()
    await asyncio.wait_for(server.connected.wait(), 8)
    assert len(server.identifies) == 2


async def test_an_answer_is_sent_again_after_a_cut_connection_and_once_only(
    server: LoopbackDiscord, start: Start
) -> None:
    await start()
    server.faults = [cutting(), cutting()]
    interaction = await server.call("streak")
    assert "Your streak" in (await seen(interaction)).text
    assert len(interaction.messages) == 1


async def test_an_answer_that_arrived_although_its_receipt_was_lost_is_not_sent_twice(
    server: LoopbackDiscord, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    await start()
    server.faults = failing(400, serving.ALREADY_ACKNOWLEDGED)
    await server.call("streak")
    await server.until(lambda: any(path.endswith("/callback") for _, path in server.requests))
    assert (await seen(await server.call("streak"))).ephemeral
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(("status", "code"), [(404, 10062), (403, 50013), (400, 50035), (401, 0)])
async def test_an_answer_that_can_not_be_sent_is_logged_and_the_next_one_is_served(
    server: LoopbackDiscord, start: Start, caplog: pytest.LogCaptureFixture, status: int, code: int
) -> None:
    await start()
    server.faults = failing(status, code)
    await server.call("streak")
    assert (await seen(await server.call("streak"))).ephemeral
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "interaction expired" in record.getMessage() or "could not be sent" in record.getMessage()


async def test_a_5xx_is_tried_again(server: LoopbackDiscord, start: Start) -> None:
    await start()
    server.faults = failing(503)
    assert "Your streak" in (await seen(await server.call("streak"))).text


async def test_an_event_that_can_not_be_read_is_logged_and_does_not_end_the_client(
    server: LoopbackDiscord, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    await start()
    await server._dispatch("CHANNEL_CREATE", {"id": "5", "type": 0, "guild_id": str(GUILD)})
    assert "Your streak" in (await seen(await server.call("streak"))).text
    assert "an event CHANNEL_CREATE that could not be read" in caplog.text


async def test_a_reply_that_can_not_be_shown_is_answered_all_the_same(
    server: LoopbackDiscord, start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    async def answer(request: Request) -> Reply:
        return Reply(new="no card")  # type: ignore[arg-type]

    await start(answer)
    message = await seen(await server.call("streak"))
    assert message.ephemeral
    assert "Something went wrong on our side" in message.text
    assert "a reply could not be shown" in caplog.text


async def test_an_option_of_another_type_than_today_is_taken_as_text(server: LoopbackDiscord, start: Start) -> None:
    await start()
    message = await seen(await server.call("quiz", topic=5))  # type: ignore[arg-type]
    assert "I know no topic “5”" in message.text


async def test_a_rate_limit_is_waited_for(server: LoopbackDiscord, start: Start) -> None:
    def limited(method: str, path: str) -> web.StreamResponse | None:
        response = loopback_discord._json({"message": "slow down", "retry_after": 0.05, "global": False}, 429)
        response.headers["Via"] = "1.1 google"  # without it discord.py takes it for a ban
        return response if "callback" in path else None

    await start()
    server.faults = [limited, limited]
    assert "Your streak" in (await seen(await server.call("streak"))).text


async def test_a_wrong_token_is_one_sentence(
    server: LoopbackDiscord, conversation: Conversation, sqlite_store: Store
) -> None:
    config = Config(discord=Settings(token=SecretStr("wrong"), api_url=server.url))
    platform = connect(config, conversation.answer, conversation.commands, sqlite_store.memory)
    with pytest.raises(PlatformError, match="does not accept the token") as caught:
        await platform.run()
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize("fault", [failing(503, path="users/@me")[0], cutting("users/@me"), cutting("gateway")])
async def test_a_discord_that_is_down_at_the_start_is_tried_again_until_it_is_up(
    server: LoopbackDiscord,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Any,
) -> None:
    monkeypatch.setattr(life, "START_WAIT", 0.01)
    server.faults = [fault, fault]
    await start()
    assert "Your streak" in (await seen(await server.call("streak"))).text
    told = [record.getMessage() for record in caplog.records if "trying again" in record.getMessage()]
    assert 1 <= len(told) <= 2  # a cut connection aiohttp tries again once by itself


async def test_it_introduces_itself_once_where_it_is_added_and_not_at_every_start(
    server: LoopbackDiscord, start: Start
) -> None:
    await start()
    assert not server.messages
    await server.join(2001, 3001)
    await server.until(lambda: server.messages)
    (message,) = server.messages
    assert message.channel == 3001
    assert "/quiz" in message.text
    assert "Quiz me" in message.buttons
    await start()
    assert len(server.messages) == 1


async def test_no_privileged_intent_is_asked_for(server: LoopbackDiscord, start: Start) -> None:
    await start()
    assert server.identifies[0]["intents"] == discord.Intents(guilds=True).value


# Posts


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long discord.py waits before it tries again. All such waits are over at once."""
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        if seconds:
            waited.append(seconds)
        await asyncio.sleep(0)

    monkeypatch.setattr(discord.http, "asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": wait}))
    monkeypatch.setattr(life, "RETRY_WAIT", 0.0)
    return waited


def answering(made: Callable[[], web.StreamResponse], path: str = "messages") -> Any:
    """A fault of whatever is posted to this path."""
    return lambda method, where: made() if method == "POST" and where.endswith(path) else None


def tries(server: LoopbackDiscord) -> int:
    return sum(method == "POST" and path.endswith("messages") for method, path in server.requests)


LOST = [lambda: loopback_discord.LOST, *(lambda status=status: TooLate(status=status) for status in (500, 502, 503))]
CASES = ["lost", "500", "502", "503"]


async def test_a_post_is_sent_and_can_be_edited(server: LoopbackDiscord, start: Start) -> None:
    platform = await start()
    number = await platform.post(HERE, Card("first", "body"))
    assert server.messages[-1].text == "### first\nbody"
    await platform.edit(HERE, number, Card("second"))
    assert server.messages[-1].text == "### second"
    with pytest.raises(Gone):
        await platform.edit(HERE, "999", Card("x"))


@pytest.mark.parametrize("made", [*LOST, lambda: loopback_discord.CUT], ids=[*CASES, "cut"])
async def test_a_post_is_tried_again_and_appears_once_even_if_it_had_arrived(
    server: LoopbackDiscord, start: Start, waits: list[float], made: Callable[[], web.StreamResponse]
) -> None:
    platform = await start()
    server.faults = [answering(made), answering(made)]
    number = await platform.post(HERE, Card("Daily"), Posting("deal"))
    assert [str(message.id) for message in server.messages] == [number]
    assert tries(server) == 3


@pytest.mark.parametrize("made", LOST, ids=CASES)
async def test_what_became_of_a_post_is_unknown_when_no_try_was_answered(
    server: LoopbackDiscord, start: Start, waits: list[float], made: Callable[[], web.StreamResponse]
) -> None:
    platform = await start()
    server.faults = [answering(made)] * 100
    with pytest.raises(Unknown):
        await platform.post(HERE, Card("Daily"), Posting("deal"))
    assert len(server.messages) == 1
    assert tries(server) == (5 if waits else 1) * (serving.RETRIES + 1)  # discord.py tries five times after some


async def test_a_post_that_never_left_is_no_unknown_one_unless_a_part_of_it_did(
    server: LoopbackDiscord,
    start: Start,
    waits: list[float],
    monkeypatch: pytest.MonkeyPatch,
    unused_tcp_port: int,
) -> None:
    platform = await start()
    nowhere = f"http://127.0.0.1:{unused_tcp_port}/api/v10"

    def leave(method: str, path: str) -> None:
        monkeypatch.setattr(discord.http.Route, "BASE", nowhere)

    server.faults = [leave]  # once the first page has arrived
    with pytest.raises(Unknown):
        await platform.post(HERE, Card("Daily", "words and words\n\n" * 400))
    assert len(server.messages) == 1
    with pytest.raises(aiohttp.ClientConnectorError):
        await platform.post(HERE, Card("Daily"))
    with pytest.raises(Unknown):
        await platform.tell(Person("discord", str(ADA)), Card("x"))


async def test_what_is_posted_twice_under_one_key_appears_once_and_without_a_key_twice(
    server: LoopbackDiscord, start: Start
) -> None:
    platform = await start()
    keys = ("one", "one", "two", "", "")
    numbers = [await platform.post(HERE, Card("Daily"), Posting(key)) for key in keys]
    assert numbers[0] == numbers[1]
    assert len(set(numbers)) == len(server.messages) == 4


async def test_a_post_waits_as_long_as_discord_asks_and_is_then_sent_once(
    server: LoopbackDiscord, start: Start, waits: list[float]
) -> None:
    def limited() -> web.StreamResponse:
        response = loopback_discord._json({"message": "slow down", "retry_after": 7.5, "global": True}, 429)
        response.headers["Via"] = "1.1 google"  # without it discord.py takes it for a ban
        return response

    platform = await start()
    server.faults = [answering(limited), answering(limited)]
    await platform.post(HERE, Card("Daily"), Posting("deal"))
    assert waits == [7.5, 7.5]
    assert len(server.messages) == 1


@pytest.mark.parametrize(("status", "code"), [(404, 10003), (403, 50001), (403, 50013), (403, 50007), (400, 50083)])
async def test_a_post_to_a_room_that_is_gone_says_so_and_is_not_tried_again(
    server: LoopbackDiscord, start: Start, status: int, code: int
) -> None:
    platform = await start()
    server.faults = failing(status, code, path="channels")
    with pytest.raises(Gone):
        await platform.post(HERE, Card("x"))
    assert tries(server) == 1


async def test_a_post_that_is_refused_for_its_own_sake_is_neither_gone_nor_unknown(
    server: LoopbackDiscord, start: Start
) -> None:
    platform = await start()
    server.faults = failing(400, 50035, path="channels")
    with pytest.raises(discord.HTTPException):
        await platform.post(HERE, Card("x"))
    assert tries(server) == 1


@pytest.mark.parametrize("ping", ["<@&77>", "@everyone", "@here"])
async def test_a_ping_begins_the_post_and_nobody_else_is_called(
    server: LoopbackDiscord, start: Start, ping: str
) -> None:
    platform = await start()
    await platform.post(HERE, Card("What are <@&88>, <@5> and <@!6>?"), Posting(ping=ping))
    (message,) = server.messages
    assert message.text.startswith(f"{ping}\n### What are <@&88>")
    assert message.called == {ping}


@pytest.mark.parametrize("ping", ["", "<@&77>", "<@5>", "everyone"])
async def test_everyone_is_called_only_when_that_was_asked_for(
    server: LoopbackDiscord, start: Start, ping: str
) -> None:
    platform = await start()
    await platform.post(HERE, Card("Is @everyone or @here dear to <@&88>?"), Posting(ping=ping))
    assert server.messages[-1].called == ({ping} if ping == "<@&77>" else set())


async def test_a_thread_is_opened_under_a_post_when_one_was_asked_for(server: LoopbackDiscord, start: Start) -> None:
    platform = await start()
    await platform.post(HERE, Card("first"))
    await platform.post(Room("discord", str(ADA + 5000), private=True), Card("private"), Posting(thread="Talk"))
    assert not any(path.endswith("threads") for _, path in server.requests)
    number = await platform.post(HERE, Card("second"), Posting(thread="long " * 50))
    (thread,) = server.threads
    assert (thread["id"], thread["parent_id"]) == (number, str(CHANNEL))
    assert thread["name"] == ("long " * 50)[:100]


@pytest.mark.parametrize("fault", [failing(403, 50013, path="threads")[0], cutting("threads")], ids=["refused", "cut"])
async def test_a_thread_that_can_not_be_opened_does_not_fail_the_post(
    server: LoopbackDiscord, start: Start, caplog: pytest.LogCaptureFixture, fault: Any
) -> None:
    platform = await start()
    server.faults = [fault]
    number = await platform.post(HERE, Card("Daily"), Posting(thread="Talk"))
    assert [str(message.id) for message in server.messages] == [number]
    assert "no thread could be opened" in caplog.text


async def test_a_thread_is_a_room_of_its_own_in_which_no_other_is_opened(server: LoopbackDiscord, start: Start) -> None:
    platform = await start()
    thread = await platform.post(HERE, Card("Daily"), Posting(thread="Talk"))
    inside = Room("discord", thread, community=str(GUILD))
    number = await platform.post(inside, Card("Inside"), Posting(thread="Deeper"))
    assert (server.messages[-1].id, server.messages[-1].channel) == (int(number), int(thread))
    assert len(server.threads) == 1


async def test_a_post_over_several_pages_begins_with_its_ping_and_its_last_page_is_the_one_that_changes(
    server: LoopbackDiscord, start: Start, waits: list[float]
) -> None:
    platform = await start()
    card = Card("Long", "\n\n".join(f"{n}: " + "words " * 100 for n in range(15)), rows=((Button("Go", GO),),))
    lost = [LOST[0]]

    def third(method: str, path: str) -> web.StreamResponse | None:
        return lost.pop()() if lost and len(server.messages) == 2 and path.endswith("messages") else None

    server.faults = [third]
    number = await platform.post(HERE, card, Posting("deal", "<@&77>", "Talk"))
    assert [bool(message.called) for message in server.messages] == [True, False, False]
    assert [list(message.buttons) for message in server.messages] == [[], [], ["Go"]]
    assert (number, server.threads[0]["id"]) == (str(server.messages[-1].id),) * 2
    await platform.edit(HERE, number, replace(card, fields=(("Answered", "5"),)))
    assert [message.edits for message in server.messages] == [0, 0, 1]
    assert "14: words" in server.messages[-1].text
    assert "**Answered:** 5" in server.messages[-1].text
    assert list(server.messages[-1].buttons) == ["Go"]


async def test_a_person_is_told_in_a_direct_message(server: LoopbackDiscord, start: Start) -> None:
    platform = await start()
    for _ in range(2):
        await platform.tell(Person("discord", str(ADA)), Card("Your streak ends tonight"))
    assert [message.channel for message in server.messages] == [ADA + 5000] * 2
    assert server.requests.count(("POST", "users/@me/channels")) == 1


@pytest.mark.parametrize(
    ("path", "code"), [(f"{ADA + 5000}/messages", 50007), ("@me/channels", 50007), ("@me/channels", 50278)]
)
async def test_a_person_who_can_not_be_told_is_gone(
    server: LoopbackDiscord, start: Start, path: str, code: int
) -> None:
    platform = await start()
    server.faults = failing(403, code, path=path)
    with pytest.raises(Gone):
        await platform.tell(Person("discord", str(ADA)), Card("x"))


@pytest.mark.parametrize("made", [*LOST, lambda: loopback_discord.CUT], ids=[*CASES, "cut"])
async def test_whether_a_person_was_told_is_unknown_when_discord_does_not_answer(
    server: LoopbackDiscord, start: Start, waits: list[float], made: Callable[[], web.StreamResponse]
) -> None:
    platform = await start()
    server.faults = [answering(made, "channels")] * 100
    with pytest.raises(Unknown):
        await platform.tell(Person("discord", str(ADA)), Card("x"))


ALL_THREE = "Send Messages, Embed Links, Attach Files"
IN_THREADS = "Send Messages in Threads, Embed Links, Attach Files"


@pytest.mark.parametrize(
    ("right", "lacking", "in_thread"),
    [
        (loopback_discord.VIEW, f"View Channel, {ALL_THREE}", f"View Channel, {IN_THREADS}"),
        (loopback_discord.SEND, ALL_THREE, ""),
        (loopback_discord.SEND_IN_THREADS, "", IN_THREADS),
        (loopback_discord.EMBED, "Embed Links", "Embed Links"),
        (loopback_discord.ATTACH, "Attach Files", "Attach Files"),
    ],
    ids=["view", "send", "send in threads", "embed", "attach"],
)
@pytest.mark.parametrize("how", ["role", "overwrite"])
async def test_rights_that_are_missing_in_a_channel_or_a_thread_are_named(
    server: LoopbackDiscord, start: Start, how: str, right: int, lacking: str, in_thread: str
) -> None:
    platform = await start()
    thread = Room("discord", "3100", community=str(GUILD))
    await server.discuss(3100)
    await seen(await server.call("streak"))  # which comes after what was said before it
    assert [await platform.missing(room) for room in (HERE, thread)] == ["", ""]
    await (server.deny(right) if how == "overwrite" else server.allow(loopback_discord.MAY_POST & ~right))
    await seen(await server.call("streak"))
    for room, names in ((HERE, lacking), (thread, in_thread)):
        told = await platform.missing(room)
        assert told == (f"I lack rights in this channel: {names}." if names else "")


async def test_of_a_room_that_is_not_known_nothing_is_said_to_be_missing(server: LoopbackDiscord, start: Start) -> None:
    platform = await start()
    assert await platform.missing(Room("discord", str(ADA + 5000), private=True)) == ""
    assert await platform.missing(Room("discord", "3999", community=str(GUILD))) == ""


def test_posts_leave_evenly_and_at_most_45_in_a_second(conversation: Conversation, sqlite_store: Store) -> None:
    async def scenario(log: Log) -> None:
        platform = DiscordPlatform(Settings(), conversation.answer, conversation.commands, sqlite_store.memory)
        left: list[float] = []

        async def post(after: float) -> None:
            await asyncio.sleep(after)
            await platform._pace()
            left.append(now())

        await asyncio.gather(*(post(after) for after in [0.0] * 200 + [60.0] * 100))
        assert most_within(left, 1.0) == life.POSTS == 45
        assert left[199] == pytest.approx(left[0] + 199 / 45)
        assert left[200] == 60.0  # after a pause, one goes at once

    on_our_clock(scenario)


async def test_a_daily_question_from_the_panel_to_its_answer(
    server: LoopbackDiscord, start: Start, bank: Bank, sqlite_store: Store, clock: Clock
) -> None:
    made = core(Config(), bank, sqlite_store, clock, Random(1))
    made.lane.platforms["discord"] = await start(made.dispatch.answer, made.commands)
    options = {"time": "13:00", "timezone": "UTC", "reveal": "20:00", "ping": "<@&77>", "thread": "yes"}
    refused = [await seen(await server.call("daily", BOB, **options))]
    panel = await seen(
        await server.call("daily", permissions=loopback_discord.MANAGE_GUILD, **options, topic="contexts")
    )
    assert "- time: **13:00**" in panel.text
    refused += [await seen(await server.press(panel, label, BOB)) for label in panel.buttons]
    assert len(refused) == 6
    assert all(one.ephemeral and "Only moderators can do that here." in one.text for one in refused)
    preview = await seen(await server.press(panel, "Preview", permissions=loopback_discord.MANAGE_GUILD))
    assert "What is three?" in preview.text

    before = len(server.messages)
    clock.advance(hours=1, minutes=1)
    await looked(made.lane, "discord")
    (post,) = server.messages[before:]
    assert (post.channel, post.called) == (CHANNEL, {"<@&77>"})
    assert "**Question of the day**" in post.text
    assert (await seen(await server.press(post, "A", BOB))).ephemeral
    await looked(made.lane, "discord")
    assert (post.edits, "**Answered:** 1" in post.text) == (1, True)
    assert server.threads == []

    clock.advance(hours=7)
    await looked(made.lane, "discord")
    answer = server.messages[-1]
    assert answer.text.startswith("### The answer of the day")
    assert answer.called == set()
    ((name, content),) = answer.files.items()
    (gallery,) = [one for one in answer.walk() if one["type"] == 12]
    assert gallery["items"][0]["media"]["url"] == f"attachment://{name}"
    assert "of 1" in gallery["items"][0]["description"]
    assert answer.attachments[0]["description"] == gallery["items"][0]["description"]
    assert content.startswith(b"\x89PNG")
    assert [(thread["id"], thread["name"]) for thread in server.threads] == [(str(answer.id), "What is three?")]


async def test_a_daily_question_to_a_channel_without_a_right_is_refused_with_its_name(
    server: LoopbackDiscord, start: Start, bank: Bank, sqlite_store: Store, clock: Clock
) -> None:
    made = core(Config(), bank, sqlite_store, clock, Random(1))
    made.lane.platforms["discord"] = await start(made.dispatch.answer, made.commands)
    await server.deny(loopback_discord.EMBED)
    refused = await seen(await server.call("daily", permissions=loopback_discord.MANAGE_GUILD, time="09:00"))
    assert refused.ephemeral
    assert "I lack rights in this channel: Embed Links." in refused.text


# Cards


def test_every_card_of_every_question_is_within_the_limits_of_discord() -> None:
    for question in QUESTIONS:
        for card in every_card(question):
            (page,) = render(card)
            view = page.view()
            loopback_discord.check_message({**FROM_US, "components": view.to_components()})
            assert view.content_length() <= VIEW_TEXT


async def test_a_long_body_comes_in_pages_with_the_buttons_on_the_last(server: LoopbackDiscord, start: Start) -> None:
    body = "\n\n".join(f"Paragraph {number}: " + "words " * 100 for number in range(15))

    async def answer(request: Request) -> Reply:
        return Reply(new=Card("Long", body, rows=((Button("Go", Press("next", "d")),),)))

    await start(answer)
    interaction = await server.call("quiz")
    await seen(interaction)
    await server.until(lambda: any("Go" in message.buttons for message in interaction.messages))
    assert [bool(message.buttons) for message in interaction.messages] == [False, False, True]
    together = "\n\n".join(message.text for message in interaction.messages)
    assert all(f"Paragraph {number}:" in together for number in range(15))


async def test_a_picture_has_words_for_those_who_can_not_see_it(server: LoopbackDiscord, start: Start) -> None:
    async def answer(request: Request) -> Reply:
        return Reply(new=Card("Chart", picture=Picture("chart.png", b"png", "Three bars, the first the longest")))

    await start(answer)
    message = await seen(await server.call("quiz"))
    (gallery,) = [one for one in message.walk() if one["type"] == 12]
    assert gallery["items"][0]["description"] == "Three bars, the first the longest"
    assert message.attachments


async def test_in_a_second_process_the_same_press_counts_once(
    server: LoopbackDiscord, start: Start, bank: Bank, sqlite_store: Store, clock: Clock
) -> None:
    await start()
    question = await dealt(server)
    await seen(await server.press(question, "A"))
    table, dispatch, _ = core(Config(), bank, sqlite_store, clock, Random(2))
    await start(dispatch.answer, table)
    assert "the first answer counts" in (await seen(await server.press(question, "B"))).text


# Shards


async def test_each_process_serves_the_servers_of_its_shards_and_the_first_the_private_chats(
    server: LoopbackDiscord, start: Start, conversation: Conversation
) -> None:
    served: list[tuple[int, str]] = []

    def process(shard: int) -> Answer:
        async def answer(request: Request) -> Reply:
            served.append((shard, request.where.community))
            return await conversation.answer(request)

        return answer

    server.guilds[FAR] = [FAR_CHANNEL]
    first = await start(process(0), shard_count=2, shard_ids=[0])
    second = await start(process(1), beside=True, shard_count=2, shard_ids=[1])
    assert [one["shard"] for one in server.identifies] == [[0, 2], [1, 2]]
    assert [[guild.id for guild in one.guilds] for one in (first, second)] == [[GUILD], [FAR]]
    for where, private in ((CHANNEL, False), (FAR_CHANNEL, False), (FAR_CHANNEL, True)):
        assert "Your streak" in (await seen(await server.call("streak", where=where, private=private))).text
    assert served == [(0, str(GUILD)), (1, str(FAR)), (0, "")]


async def test_a_process_may_have_all_shards_of_a_number_that_is_set(
    server: LoopbackDiscord, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(client: DiscordPlatform, shard_id: int | None, *, initial: bool = False) -> None:
        return None  # not the five seconds that Discord wants between two

    monkeypatch.setattr(DiscordPlatform, "before_identify_hook", at_once)
    server.guilds[FAR] = [FAR_CHANNEL]
    platform = await start(shard_count=2)
    assert sorted(guild.id for guild in platform.guilds) == [GUILD, FAR]
    for where in (CHANNEL, FAR_CHANNEL):
        assert "Your streak" in (await seen(await server.call("streak", where=where))).text


@pytest.mark.parametrize(
    ("shards", "share"),
    [({}, 1), ({"shard_count": 4}, 1), ({"shard_count": 4, "shard_ids": [3]}, 1 / 4)],
)
def test_processes_share_what_discord_allows_by_their_shards(
    conversation: Conversation, sqlite_store: Store, shards: dict[str, Any], share: float
) -> None:
    async def scenario(log: Log) -> None:
        platform = DiscordPlatform(Settings(**shards), conversation.answer, conversation.commands, sqlite_store.memory)
        await platform._pace()
        began = now()
        for _ in range(90):
            await platform._pace()
        assert now() - began == pytest.approx(90 / (life.POSTS * share))

    on_our_clock(scenario)


async def test_a_post_to_a_server_of_another_process_arrives_with_its_thread_and_can_be_edited(
    server: LoopbackDiscord, start: Start
) -> None:
    platform = await start(shard_count=2, shard_ids=[1])
    assert list(platform.guilds) == []
    assert await platform.missing(HERE) == ""
    number = await platform.post(HERE, Card("Question of the day"), Posting(thread="Talk"))
    (message,) = server.messages
    assert (message.channel, [thread["id"] for thread in server.threads]) == (CHANNEL, [number])
    await platform.edit(HERE, number, Card("Question of the day", "Answered: 1"))
    assert "Answered: 1" in message.text
    await platform.tell(Person("discord", str(ADA)), Card("Hello"))
    assert server.messages[-1].channel == ADA + 5000


async def test_a_shard_whose_process_was_killed_is_served_by_the_next_and_the_others_miss_nothing(
    server: LoopbackDiscord, tmp_path: Path
) -> None:
    server.guilds[FAR] = [FAR_CHANNEL]

    async def process(shard: int) -> asyncio.subprocess.Process:
        server.connected.clear()
        mine = {"BOT__DISCORD__SHARD_COUNT": "2", "BOT__DISCORD__SHARD_IDS": str(shard)}
        started = await program(server, tmp_path, server.token, **mine)
        await asyncio.wait_for(server.connected.wait(), 20)
        return started

    first, second = await process(0), await process(1)
    card = await seen(await server.call("quiz", where=FAR_CHANNEL))
    second.kill()
    await second.communicate()
    await server.until(lambda: len(server.sockets) == 1)
    assert not (await server.press(card, "Show answer")).heard
    assert "### q" in (await seen(await server.call("quiz"))).text
    third = await process(1)
    assert (await seen(await server.press(card, "Show answer"))).text.startswith("### q")
    for one in (first, third):
        one.terminate()
        _, errors = await asyncio.wait_for(one.communicate(), 10)
        assert (one.returncode, b"Traceback" in errors) == (0, False)
    assert sorted(one["shard"] for one in server.identifies) == [[0, 2], [1, 2], [1, 2]]


# The whole program


async def program(
    server: LoopbackDiscord, folder: Path, token: str, **environment_too: str
) -> asyncio.subprocess.Process:
    (folder / "questions").mkdir(exist_ok=True)
    (folder / "questions" / "t.yaml").write_text("questions: [{id: one, question: q, answer: a}]")
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "DISCORD_TOKEN": token,
        "BOT__DISCORD__API_URL": server.url,
        **environment_too,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", cwd=folder, env=environment, stderr=asyncio.subprocess.PIPE
    )


async def test_the_program_serves_discord_and_leaves_politely_on_a_signal(
    server: LoopbackDiscord, tmp_path: Path
) -> None:
    process = await program(server, tmp_path, server.token)
    await asyncio.wait_for(server.connected.wait(), 20)
    assert "### q" in (await seen(await server.call("quiz"))).text
    process.send_signal(signal.SIGTERM)
    _, errors = await asyncio.wait_for(process.communicate(), 10)
    assert process.returncode == 0
    assert b"Traceback" not in errors
    assert server.token.encode() not in errors


async def test_a_wrong_token_ends_the_program_with_one_sentence_and_exit_code_1(
    server: LoopbackDiscord, tmp_path: Path
) -> None:
    process = await program(server, tmp_path, "s3cret")
    _, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 1
    (line,) = [line for line in errors.decode().splitlines() if line.startswith("ERROR")]
    assert "does not accept the token" in line
    assert b"Traceback" not in errors
    assert b"s3cret" not in errors
