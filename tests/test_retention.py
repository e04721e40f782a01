"""What is old becomes a number, at night, a little at a time; what a person has answered stays theirs."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import retention
from bot.bank.bank import Bank
from bot.messages import Person, Press
from bot.retention import Retention
from bot.store import tidying
from bot.store.boards import Community
from bot.store.database import Database, Statement
from bot.store.store import Answer, Deal, Dealt, Learner, Store, new_id
from tests.people import Clock, button, shown
from tests.samples import ledger
from tests.test_linking import ANN, EVE, STUDY, World
from tests.test_privacy import deleted
from tests.test_store import review

OLD = timedelta(days=401)


@pytest.fixture
def world(bank: Bank, store: Store, clock: Clock) -> World:
    return World(bank, store, clock)


async def totals(database: Database) -> dict[tuple[str, str], int]:
    rows = await database.fetch("SELECT question, verdict, number FROM total")
    return {(row["question"], row["verdict"]): row["number"] for row in rows}


async def number(database: Database, table: str) -> int:
    return int((await database.fetch(f"SELECT count(*) AS number FROM {table}"))[0]["number"])


async def asked(store: Store, clock: Clock, question: str = "flask/one") -> Dealt:
    """A question that is dealt in the group now."""
    room = await store.room(STUDY, clock())
    recent = await store.recent(room, 1)
    deal = Deal(new_id(11), room, recent[0][0] + 1 if recent else 1, room, question, "choice", "01", "////", clock())
    assert await store.deal(deal)
    found = await store.dealt(deal.id, Learner(""))
    assert found
    return found


async def answered(store: Store, one: Dealt, who: Person, clock: Clock, verdict: str = "right") -> None:
    learner, day = await store.learner(who, clock()), clock().date()
    due, books = review(clock, days=1), ledger(day, "-1")
    await store.answer(one, learner, Answer("0", verdict), due, day, books, clock(), worth=lambda before: 1)


async def test_what_a_person_has_answered_is_never_folded(world: World, database: Database) -> None:
    await world.answer(ANN)
    await world.answer(ANN, where=STUDY)
    world.clock.advance(days=500)
    await world.tidy()
    assert await number(database, "answer") == await number(database, "deal") == 2
    assert not await totals(database)


async def test_old_deals_without_an_answer_and_nobodys_answers_are_only_counted(
    world: World, store: Store, database: Database, clock: Clock
) -> None:
    for verdict in ("right", "wrong", "right"):
        await answered(store, await asked(store, clock), EVE, clock, verdict)
    both = await asked(store, clock)
    await answered(store, both, EVE, clock)
    await answered(store, both, ANN, clock, "wrong")
    await asked(store, clock, "flask/two")
    await deleted(world, EVE)
    assert await store.boards.size(Community("test", "-1"), "all") == 2
    clock.time += OLD
    recent = await asked(store, clock, "flask/three")
    await world.tidy()
    assert await totals(database) == {
        ("flask/one", "right"): 3,
        ("flask/one", "wrong"): 1,
        ("flask/one", "dealt"): 3,
        ("flask/two", "dealt"): 1,
    }
    left = await database.fetch("SELECT id FROM deal")
    assert {row["id"] for row in left} == {both.deal.id, recent.deal.id}
    (kept,) = await database.fetch("SELECT learner FROM answer")
    assert kept["learner"] == (await world.learner(ANN)).id
    assert await store.boards.size(Community("test", "-1"), "all") == 1
    assert await number(database, "nobody") == 0
    assert await store.all_seen(both.deal.audience) == {"flask/one", "flask/two", "flask/three"}


async def test_just_under_the_time_nothing_is_folded(world: World, store: Store, database: Database) -> None:
    await asked(store, world.clock)
    world.clock.time += timedelta(days=399)  # at three in the next night it is nine hours less than 400
    await world.tidy()
    assert await number(database, "deal") == 1
    await world.tidy()
    assert await number(database, "deal") == 0


async def test_a_question_that_a_session_has_asked_stays_with_it(world: World, database: Database) -> None:
    await world.answer(ANN, right=False)
    world.clock.advance(days=2)
    card = shown(await world.type(ANN, "/review"))
    world.clock.time += OLD
    await world.tidy()
    await world.tidy()
    assert shown(await world.press(ANN, button(card, "Show answer"))).heading == "What is one?"


async def test_old_posts_and_what_has_expired_goes(world: World, store: Store, database: Database) -> None:
    await world.type(ANN, "/link")
    await world.type(EVE, "/link ABCD-EFGH")
    await world.press(ANN, Press("privacy", value="delete"))
    room = await store.room(STUDY, world.clock())
    for table, key in (("post", "day, timezone"), ("digest", "week")):
        keys = "'2026-03-02', 'UTC'" if table == "post" else "'2026-03-02'"
        more = ", answered, reveal" if table == "post" else ""
        values = ", 0, ''" if table == "post" else ""
        await database.write(
            [
                Statement(
                    f"INSERT INTO {table} (room, {key}, platform, receipt, state, why, due_at, claimed_at{more})"
                    f" VALUES (:room, {keys}, 'test', '', 'sent', '', :due, :due{values})",
                    {"room": room, "due": int(world.clock().timestamp())},
                )
            ]
        )
    assert [await number(database, table) for table in ("code", "wrong_try", "post", "digest")] == [2, 1, 1, 1]
    await world.tidy()
    assert [await number(database, table) for table in ("code", "wrong_try", "post", "digest")] == [0, 0, 1, 1]
    world.clock.time += OLD
    await world.tidy()
    assert [await number(database, table) for table in ("post", "digest")] == [0, 0]


async def test_a_note_is_kept_as_long_after_it_was_written_last(world: World, store: Store) -> None:
    await store.memory.keep("poll", "old")
    await store.memory.keep("prompt", "old")
    await world.tidy()
    world.clock.advance(days=300)
    await store.memory.keep("prompt", "new")
    await world.tidy()
    world.clock.advance(days=102)
    await world.tidy()
    assert (await store.memory.note("poll"), await store.memory.note("prompt")) == ("", "new")
    world.clock.advance(days=300)
    await world.tidy()
    assert await store.memory.note("prompt") == ""


async def test_a_step_looks_at_few_rows_and_comes_to_an_end(
    world: World, store: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidying, "ROWS", 7)
    monkeypatch.setattr(retention, "BUSY", 0)
    for _ in range(30):
        await asked(store, world.clock)
    for name in range(20):
        await store.memory.keep(f"poll {name}", "x")
    world.clock.time = (world.clock.time + OLD).replace(hour=3)
    left, steps = [30], 0
    while (await store.tidying.state()).night == "":
        await world.retention.tidy()
        left.append(await number(database, "deal"))
        steps += 1
    assert left[-1] == 0
    assert max(before - after for before, after in pairwise(left)) == 7
    assert steps == 3 + 5 + 1  # of notes, of deals, and the end
    await asked(store, world.clock)
    world.clock.advance(hours=1)
    before = await store.tidying.state()
    await world.retention.tidy()
    assert await store.tidying.state() == before  # until the next night


async def test_it_begins_at_three_at_night_where_the_community_lives(world: World, store: Store) -> None:
    berlin = Retention(store, ZoneInfo("Europe/Berlin"), 400, world.clock)
    world.clock.time = datetime(2026, 3, 3, 1, 59, tzinfo=UTC)
    await berlin.tidy()
    assert (await store.tidying.state()).night == ""
    world.clock.advance(minutes=1)
    await berlin.tidy()
    assert (await store.tidying.state()).night == "2026-03-03"


async def test_of_two_processes_that_fold_the_same_one_does(world: World, store: Store, database: Database) -> None:
    for _ in range(10):
        await answered(store, await asked(store, world.clock), EVE, world.clock)
    await deleted(world, EVE)
    world.clock.time += OLD
    state, now = await store.tidying.state(), world.clock()
    old, parting = now - timedelta(days=400), now - timedelta(days=1)
    await store.tidying.step(state, old, parting, now)
    while await store.tidying.step(state := await store.tidying.state(), old, parting, now):
        await asyncio.gather(*(store.tidying.step(state, old, parting, now) for _ in range(3)))
    assert await totals(database) == {("flask/one", "right"): 10, ("flask/one", "dealt"): 10}


async def test_a_step_that_others_were_faster_than_changes_nothing(
    world: World, store: Store, database: Database
) -> None:
    await asked(store, world.clock)
    world.clock.time += OLD
    now = world.clock()
    state = await store.tidying.state()
    for _ in range(3):
        await store.tidying.step(state, now - timedelta(days=400), now - timedelta(days=1), now)
    assert await totals(database) == {("flask/one", "dealt"): 1}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    deals=st.lists(
        st.tuples(
            st.integers(300, 500),  # days ago
            st.sets(st.integers(0, 3)),  # who has answered; 0 and 1 have deleted their data since
            st.sampled_from(["right", "wrong"]),
        ),
        max_size=12,
    )
)
async def test_whatever_is_folded_nothing_is_lost_from_the_counts(
    bank: Bank, store: Store, database: Database, deals: list[tuple[int, set[int], str]]
) -> None:
    clock = Clock()
    clock.time = datetime(2030, 1, 1, 12, tzinfo=UTC)
    world = World(bank, store, clock)
    for table in ("total", "answer", "review", "practice_day", "score", "seen", "deal", "account", "nobody", "learner"):
        await database.write([Statement(f"DELETE FROM {table}")])
    await database.write([Statement("UPDATE tidying SET night = '', dealt_at = -1, deal = ''")])
    people = [Person("test", f"5{place}") for place in range(4)]
    now = clock.time
    for ago, who, verdict in sorted(deals, reverse=True, key=lambda deal: deal[0]):
        clock.time = now - timedelta(days=ago)
        one = await asked(store, clock)
        for place in who:
            await answered(store, one, people[place], clock, verdict)
    clock.time = now
    for person in people[:2]:
        await deleted(world, person)
    await world.tidy()
    folded = await totals(database)
    for verdict in ("right", "wrong"):
        given = sum(len(who) for _, who, one in deals if one == verdict)
        nobodys = sum(len(who & {0, 1}) for ago, who, one in deals if one == verdict and ago >= 400)
        (row,) = await database.fetch(
            "SELECT count(*) AS number FROM answer WHERE verdict = :verdict", {"verdict": verdict}
        )
        assert folded.get(("flask/one", verdict), 0) == nobodys
        assert row["number"] == given - nobodys
    gone = sum(not who & {2, 3} for ago, who, _ in deals if ago >= 400)
    assert folded.get(("flask/one", "dealt"), 0) == gone
    assert await number(database, "deal") == len(deals) - gone
