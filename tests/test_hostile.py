"""Whatever comes from outside is refused in a sentence, or made harmless, on every database."""

import logging
from random import Random

import pytest

from bot.__main__ import core
from bot.bank.bank import Bank
from bot.config import Config
from bot.messages import MARKS_LIMIT, Call, Card, Person, Press, Rank, Request, Room, Tone, Typed, Voice, legible
from bot.store.store import Store
from tests.people import ADA, BOB, GROUP, HOME, Clock, Conversation, right_and_wrong, shown

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
    "nothing": "",
}


@pytest.fixture
def people(bank: Bank, store: Store, clock: Clock) -> Conversation:
    table, dispatch, _ = core(Config(), bank, store, clock, Random(1))
    return Conversation(dispatch.answer, table)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("where", [HOME, GROUP], ids=["private", "group"])
async def test_every_command_and_every_button_bears_it(
    people: Conversation, text: str, where: Room, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    things: list[Call | Press | Typed | Voice] = [Call(text), Call("quiz", {text: text})]
    things += [Call(command.name, {one.name: text}) for command in people.commands.table for one in command.options]
    for verb in people.commands.presses:
        presses = Press(verb, text, text), Press(verb, "0", text), Press(verb, text)
        things += [*presses, *(Typed(press, text) for press in presses), Voice(presses[0], 30)]
    here = Room("test", where.id, community=where.community, private=where.private, title=text)
    for what in things:
        for rank in (Rank.MEMBER, Rank.OWNER):
            reply = await people.answer(Request(ADA, here, what, name=text, locale=text[:20], rank=rank))
            assert all(card.tone is not Tone.TROUBLE for card in reply.cards), (what, reply)
    assert not caplog.records


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_a_name_is_shown_in_one_short_line_and_means_nothing(
    people: Conversation, clock: Clock, text: str
) -> None:
    async def ask(what: Call | Press, who: Person = ADA, name: str = text) -> Card:
        return shown(await people.answer(Request(who, GROUP, what, name=name)))

    right, _ = right_and_wrong(await ask(Call("quiz")))
    clock.advance(seconds=20)
    await ask(right.press)
    board = await ask(Call("leaderboard"), BOB, "Bob")
    first, *rest = board.body.splitlines()
    assert first.startswith("🥇 ")
    assert first.strip().endswith(": 2 points")
    assert not rest[0]
    assert len(first) < 150
    assert "\0" not in first
    assert "@everyone" not in first.replace("\\@", "")


def test_accents_of_every_language_stay_and_towers_do_not() -> None:
    for word in ("Việt Nam", "ẹ̀kọ́", "שָׁלוֹם", "हिन्दी", "ภาษาไทย", "👩🏽‍💻"):
        assert legible(word, 100) == word
    assert len(legible("a" + "\u0301" * 1_000, 2_000)) == 1 + MARKS_LIMIT
