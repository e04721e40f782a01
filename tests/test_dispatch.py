"""The one function: every request gets a reply, whoever asks for whatever, and whatever fails."""

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bot.commands import Command, Commands, Option
from bot.dispatch import Dispatch
from bot.messages import HEADING_LIMIT, Call, Card, Press, Rank, Reply, Request, Tone, Typed
from bot.store.database import Row, Statement, StoreError
from bot.store.store import Learner, Store
from bot.wording import languages, say
from tests.people import ADA, GROUP, HOME, Clock, Conversation, button, shown


class Failing:
    """A database on which everything fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def fetch(self, sql: str, values: Mapping[str, Any] = {}) -> Sequence[Row]:
        raise self._error

    async def write(self, batch: Sequence[Statement]) -> list[Sequence[Row]]:
        raise self._error

    async def close(self) -> None: ...


def failing(conversation: Conversation, error: Exception, clock: Clock) -> Dispatch:
    return Dispatch(Store(Failing(error)), conversation.commands, clock)


async def test_a_store_that_fails_is_told_kindly_and_logged_in_a_sentence(
    conversation: Conversation, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    dispatch = failing(conversation, StoreError("The disk of the database x.db is full."), clock)
    reply = await dispatch.answer(Request(ADA, HOME, Call("quiz")))
    assert reply == Reply(aside=shown(reply))
    assert shown(reply).tone is Tone.TROUBLE
    assert "can't reach my notes" in shown(reply).body
    assert "x.db" not in shown(reply).body
    assert [record.getMessage() for record in caplog.records] == ["The disk of the database x.db is full."]


async def test_the_unexpected_gets_a_reference_that_finds_the_traceback_in_the_log(
    conversation: Conversation, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    reply = await failing(conversation, ZeroDivisionError("secret"), clock).answer(Request(ADA, HOME, Call("quiz")))
    card = shown(reply)
    assert card.tone is Tone.TROUBLE
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info
    reference = record.getMessage().split()[1].rstrip(":")
    assert f"reference {reference}" in card.body
    assert "secret" not in card.body


async def test_an_unknown_command_is_answered_with_help_in_private_and_briefly_in_a_group(
    conversation: Conversation,
) -> None:
    private = shown(await conversation.type("/xyzzy"))
    assert private.heading == "There is no such command"
    assert "`/quiz`" in private.body
    assert private.buttons
    group = shown(await conversation.type("/xyzzy", where=GROUP))
    assert not group.buttons
    assert "`/help`" in group.body
    assert "`/quiz`" in shown(await conversation.type("/quizz", where=GROUP)).body


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/quiz levl:mid", "It has `topic:`, `level:`, `mode:`, `priority:`, `style:`."),
        ("/quiz level:expert", "`level` is one of `junior`, `mid`, `senior`."),
        ("/quiz mode:sleep", "`mode` is one of `choice`, `typed`, `flash`."),
        ("/streak now", "It has none."),
        ("/settings timezone:" + "x" * 101, "`timezone` is too long: at most 100 characters."),
        ("/settings timezone:Europe/Berlln", "`Europe/Berlin`"),
        ("/settings timezone:@everyone", "A name looks like `Europe/Berlin`."),
    ],
)
async def test_options_are_checked_whatever_the_platform_checked(
    conversation: Conversation, line: str, told: str
) -> None:
    assert told in shown(await conversation.type(line)).body


@pytest.mark.parametrize("words", ["**x** @everyone `y`", "\u202e" * 90, "<b>" * 30, "[a](https://example.org)"])
async def test_what_users_write_comes_back_escaped(conversation: Conversation, words: str) -> None:
    for line in (f"/quiz topic:{words}", f"/settings {words}", f"/quiz {words}:x"):
        card = shown(await conversation.type(line))
        assert len(card.heading) <= HEADING_LIMIT
        live = re.sub(r"\\.", "", card.heading + card.body)  # without what is escaped
        assert not any(harmful in live for harmful in ("**", "@", "<", "](", "\u202e"))


async def test_choices_are_matched_without_case(conversation: Conversation) -> None:
    assert shown(await conversation.type("/QUIZ LEVEL:Mid MODE:Choice")).heading == "What is two?"


async def test_ranks_are_checked_here_and_not_by_the_platform(sqlite_store: Store, clock: Clock) -> None:
    async def handler(request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        return Reply(new=Card("done"))

    table = Commands([Command("daily", "x", handler, rank=Rank.MODERATOR)], {})
    dispatch = Dispatch(sqlite_store, table, clock)
    for what in (Call("daily"), Press("call", value="daily")):
        assert "moderators" in shown(await dispatch.answer(Request(ADA, GROUP, what))).heading
        reply = await dispatch.answer(Request(ADA, GROUP, what, rank=Rank.MODERATOR))
        assert reply == Reply(new=Card("done"))


async def test_text_goes_only_to_a_button_that_asks_for_it(conversation: Conversation) -> None:
    card = shown(await conversation.type("/quiz mode:choice"))
    for label, told in (("Type answer", "Not quite"), ("Hint", "not one of mine")):
        typed = Typed(button(card, label).press, "some words")
        assert told in shown(await conversation.answer(Request(ADA, HOME, typed))).heading


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("/quiz", Call("quiz")),
        ("quiz", Call("quiz")),
        ("/quiz contexts", Call("quiz", {"topic": "contexts"})),
        ("/quiz flask basics level:mid", Call("quiz", {"topic": "flask basics", "level": "mid"})),
        ('/quiz topic:"Flask Basics" mode:flash', Call("quiz", {"topic": "Flask Basics", "mode": "flash"})),
        ("/quiz Level:mid", Call("quiz", {"level": "mid"})),
        ("/settings timezone:Europe/Berlin", Call("settings", {"timezone": "Europe/Berlin"})),
        ("/settings New York", Call("settings", {"timezone": "New York"})),
        ("/streak now", Call("streak", {"": "now"})),
        ("/nothing a:b", Call("nothing", {"a": "b"})),
        ("/", Call("")),
    ],
)
def test_commands_are_typed_the_same_way_everywhere(conversation: Conversation, line: str, call: Call) -> None:
    assert conversation.commands.parse(line) == call


def test_the_table_is_legal_on_every_platform(conversation: Conversation) -> None:
    names = [command.name for command in conversation.commands.table]
    assert len(names) == len(set(names)) <= 100
    for command in conversation.commands.table:
        assert command.name.isascii()
        assert command.name.islower()
        assert len(command.name) <= 32
        assert 1 <= len(command.summary) <= 100
        assert len(command.options) <= 25
        for option in command.options:
            assert isinstance(option, Option)
            assert 1 <= len(option.summary) <= 100
            assert len(option.choices) <= 25


async def test_help_lists_every_command(conversation: Conversation) -> None:
    card = shown(await conversation.type("/help"))
    assert card == shown(await conversation.type("/start"))
    for command in conversation.commands.table:
        if command.name != "start":
            assert f"`/{command.name}` {command.summary}" in card.body


async def test_settings_tell_the_zone_and_change_it(conversation: Conversation) -> None:
    assert "**UTC**, where it is 12:00 now" in shown(await conversation.type("/settings")).body
    moved = shown(await conversation.type("/settings berlin"))
    assert moved.heading == "Your time zone is Europe/Berlin"
    assert "Before, it was UTC. It is 13:00 there now." in moved.body
    assert "**Europe/Berlin**" in shown(await conversation.type("/settings")).body


async def test_in_a_group_what_is_personal_stays_private(conversation: Conversation) -> None:
    for line in ("/streak", "/topics", "/settings"):
        reply = await conversation.type(line, where=GROUP)
        assert reply == Reply(aside=shown(reply))


def test_english_is_spoken_without_a_catalogue_and_values_are_only_put_in() -> None:
    assert "en" in languages()
    assert say("{name} said", name="{0} {name}") == "{0} {name} said"
