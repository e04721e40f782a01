"""Corners of practice that were wrong once: each stays mended."""

from random import Random

import pytest

from bot.__main__ import core
from bot.config import Config
from bot.messages import Press, Request, Typed
from bot.store.store import Store
from tests.people import ADA, BOB, GROUP, HOME, Clock, Conversation, button, shown
from tests.samples import bank_of, question

POINTS = [
    {
        "id": "interface",
        "text": "WSGI is the interface between server and application",
        "accept": ["standard interface between server and app"],
    },
    {"id": "callable", "text": "The application is a callable with environ", "accept": ["callable that gets environ"]},
    {"id": "swap", "text": "Servers can be swapped freely", "accept": ["change the server without changing the app"]},
    {"id": "pep", "text": "PEP 3333 describes it", "accept": ["described in PEP 3333"]},
]


def made(store: Store, clock: Clock, *questions) -> Conversation:  # type: ignore[no-untyped-def]
    parts = core(Config(), bank_of(*questions), store, clock, Random(1))
    return Conversation(parts.dispatch.answer, parts.commands)


@pytest.mark.parametrize(
    "words", ["error: address already in use", "lambda x: x", 'route("/user/<int:id>")', "std::move"]
)
async def test_a_search_may_have_a_colon_in_it(sqlite_store: Store, clock: Clock, words: str) -> None:
    people = made(sqlite_store, clock, question("wsgi", key_points=POINTS, choices=0))
    reply = shown(await people.type(f"/search {words}"))
    assert "no such option" not in reply.heading


async def test_six_missed_key_points_can_be_claimed_on_discord(sqlite_store: Store, clock: Clock) -> None:
    """Discord takes five buttons in a row, and discord.py raises for more."""
    from adapters.discord.rendering import render

    things = ["apple", "bridge", "castle", "desert", "engine", "forest", "garden"]
    points = [{"id": one, "text": f"The {one} is big", "accept": [f"{one} stands tall"]} for one in things]
    people = made(sqlite_store, clock, question("things", key_points=points, choices=0))
    card = shown(await people.type("/quiz mode:typed"))
    press = button(card, "Type answer").press
    said = "I would say that the apple stands tall and that it is good"
    verdict = shown(await people.answer(Request(ADA, HOME, Typed(press, said))))
    which = shown(await people.press(button(verdict, "I did say that")))
    for page in render(which):
        page.view()


async def test_more_of_what_a_long_query_found_can_be_seen(sqlite_store: Store, clock: Clock) -> None:
    names = [f"n{number}" for number in range(12)]
    people = made(
        sqlite_store, clock, *(question(name, answer="Authentication of users in a web application.") for name in names)
    )
    words = "how does authentication of users work in a web application nowadays"
    card = shown(await people.type(f"/search {words}"))
    assert card.heading.startswith("12 "), card.heading
    assert "Next page" in [one.label for one in card.buttons]


async def test_an_emoji_finds_nothing_rather_than_everything(sqlite_store: Store, clock: Clock) -> None:
    people = made(sqlite_store, clock, question("wsgi", priority=True))
    for words in ("💥", "%%%%", "???"):
        assert "found nothing" in shown(await people.type(f"/search {words}")).heading, words


async def test_in_the_terminal_a_number_that_is_a_label_means_that_button(sqlite_store: Store, clock: Clock) -> None:
    """On the second page of a search, 6 is the sixth question, not the sixth button, which leads back."""
    from adapters.console import Console

    names = [f"n{number}" for number in range(12)]
    people = made(sqlite_store, clock, *(question(name, answer="Tokens.") for name in names))

    class Screen:
        interactive = False

        def show(self, card) -> None: ...  # type: ignore[no-untyped-def]

        def note(self, text: str) -> None: ...

    console = Console(people.answer, people.commands, Screen())  # type: ignore[arg-type]
    for line in ("/search tokens", "Next page"):
        request = await console.request_from(line)
        assert request
        await console._carry_out(request)
    request = await console.request_from("6")
    assert request
    assert isinstance(request.what, Press)
    assert request.what.verb == "open", request.what


async def test_claiming_ends_when_the_answer_goes_meanwhile(
    sqlite_store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever deletes their data while they claim a point is answered, and nothing turns for ever."""
    import asyncio

    from bot.store.database import Statement

    people = made(sqlite_store, clock, question("wsgi", key_points=POINTS, choices=0))
    card = shown(await people.type("/quiz mode:typed"))
    deal = button(card, "Type answer").press.deal
    said = "The application is just a callable that gets environ, and the server calls it for each request it has."
    await people.answer(Request(ADA, HOME, Typed(Press("type", deal), said)))
    add = sqlite_store.claims.add
    turns = 0
    of = sqlite_store.claims.of

    async def counted(*values):  # type: ignore[no-untyped-def]
        nonlocal turns
        turns += 1
        if turns > 50:
            raise asyncio.CancelledError("it turns for ever")
        return await of(*values)

    async def added_and_gone(*values):  # type: ignore[no-untyped-def]
        await add(*values)
        await sqlite_store.claims._database.write(
            [
                Statement(f"DELETE FROM {table} WHERE deal = :deal", {"deal": deal})
                for table in ("claim", "said", "answer")
            ]
        )

    monkeypatch.setattr(sqlite_store.claims, "of", counted)
    monkeypatch.setattr(sqlite_store.claims, "add", added_and_gone)
    try:
        reply = await people.press(Press("claim", deal, "1"))
    except asyncio.CancelledError:
        pytest.fail("the press is never answered")
    assert reply.cards


async def test_what_is_set_aside_is_not_said_to_come_again(sqlite_store: Store, clock: Clock) -> None:
    people = made(sqlite_store, clock, question("wsgi", choices=0))
    for _ in range(6):
        card = shown(await people.type("/quiz mode:flash"))
        noted = shown(await people.press(Press("rate", card.buttons[0].press.deal, "again")))
        clock.advance(days=1)
    assert "does not come by itself any more" in noted.body
    assert "It comes again in" not in noted.body
    mistakes = shown(await people.type("/review mistakes:yes"))
    assert "you have known since" not in mistakes.body


async def test_a_spoken_answer_does_not_show_what_then_earns_points(sqlite_store: Store, clock: Clock) -> None:
    """As for flash cards: whoever has seen the other side earns nothing."""
    from bot.messages import Voice

    people = made(sqlite_store, clock, *(question(f"q{number}") for number in range(3)))
    card = shown(await people.type("/quiz mode:choice"))
    deal = card.buttons[0].press.deal
    clock.advance(seconds=30)
    beside = shown(await people.answer(Request(ADA, HOME, Voice(Press("type", deal), 0))))
    assert "The answer to" in beside.body
    from tests.people import right_and_wrong

    verdict = shown(await people.press(right_and_wrong(card)[0]))
    assert not dict(verdict.fields).get("Points", "").startswith("+")


async def test_who_is_hidden_is_not_told_so_before_all(sqlite_store: Store, clock: Clock) -> None:
    people = made(sqlite_store, clock, *(question(f"q{number}") for number in range(3)))
    await people.type("/settings hide:yes")
    reply = await people.type("/leaderboard", where=GROUP)
    assert not reply.new or "You are hidden" not in reply.new.body


async def test_a_closed_question_does_not_ask_to_be_typed(sqlite_store: Store, clock: Clock) -> None:
    """Half a minute of typing should not end in "This question is closed"."""
    from datetime import timedelta

    from bot.bank.bank import Filters

    parts = core(Config(), bank_of(question("wsgi", key_points=POINTS)), sqlite_store, clock, Random(1))
    people = Conversation(parts.dispatch.answer, parts.commands)
    bob = await sqlite_store.learner(BOB, clock())
    from bot.practice.dealing import Dealer

    dealer = Dealer(bank_of(question("wsgi", key_points=POINTS)), sqlite_store, Random(1))
    deal = await dealer.deal(GROUP, bob, Filters(), clock(), closes=clock() + timedelta(hours=1))
    assert deal
    clock.advance(hours=2)
    reply = shown(await people.press(Press("type", deal.id)))  # as the link from the group makes it
    assert "closed" in reply.heading
    told = shown(await people.press(Press("verdict", deal.id)))
    assert "Answer it where it was asked" not in told.heading


# Telegram
