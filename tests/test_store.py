"""The store, on SQLite and on PostgreSQL: one suite, the same answers."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.messages import Person, Room
from bot.store.database import ConflictError, Database, Statement, StoreError
from bot.store.drivers import connect
from bot.store.schema import migrate, migrations
from bot.store.store import Answer, Before, Days, Deal, Dealt, Learner, Review, Store, new_id
from tests.people import ADA, BOB, GROUP, HOME, Clock
from tests.samples import ledger

RELEASED = {  # a released migration never changes: databases out there were made by it
    1: "02f4bca1e9ee7a51751b328824dead811fa224a99e2ec1141bc73d6cc8d91820",
    2: "2ea880f6a16a71d12a952224ad6a621f700b7c1ab5cbcc688ada5442aaafe286",
    3: "58d6f6a386cc2e99aee4e175587cbcc2219f75a6acfd68e5a5f76fabf0e0a8c4",
    4: "a3c29acd44f1006993350a73f3db6bf657eb475b4dae4339c36d490b6e094691",
    5: "089332bf31fff30e5034f1671919c2289ae96eaf8a56f22647de172746cac61f",
    6: "855789d75650f36f71c2267727a12a493a59e4f56449919249ea22d1272e9516",
    7: "054ce0fa25fd0b6b34d139c20afe543223194d512b656c83ed15250a1a9e4fd2",
    8: "75cd3f2861616e48a46bd225f4dc8365d74317afed30d0076e4d6e1ce110af0c",
    9: "39b3f37324ca1c2e4d62c7fffe5c4ffbcf3b4eea397513e38da44661a1568d4a",
    10: "9141093b4d06673ca610a053ba63cfe591ca8e0fff09badd97a9f1ed339e3a28",
    11: "d9aa6e2a3918cae4f1a333cc5928eb4eebf478377ef14dbcb99c486dfb54e714",
    12: "d556b0209dd8d73123f5be42438b0d1c975c5a326a0114036d699b78901edad4",
}
DAY = date(2026, 3, 2)
RIGHT = Answer("0", "right", 2)


async def dealt(
    store: Store,
    learner: Learner,
    clock: Clock,
    number: int = 1,
    question: str = "flask/one",
    where: Room = GROUP,
) -> Dealt:
    room = await store.room(where, clock())
    deal = Deal(new_id(11), room, number, room, question, "choice", "2031", "////", clock())
    assert await store.deal(deal)
    found = await store.dealt(deal.id, learner)
    assert found
    return found


def review(clock: Clock, **wait: float) -> Review:
    return Review(2, None, 3.5, 5.25, clock() + timedelta(**wait), clock())


async def answered(
    store: Store,
    one: Dealt,
    learner: Learner,
    clock: Clock,
    answer: Answer = RIGHT,
    day: date = DAY,
    community: str = "server",
    worth: Callable[[Before], int] | None = None,
) -> tuple[bool, bool]:
    """Whether the answer was kept, and whether it began a day."""
    due, books = review(clock, days=1), ledger(day, community)
    given = worth or (lambda before: answer.points)
    kept, new_day = await store.answer(one, learner, answer, due, day, books, clock(), worth=given)
    return kept is not None, new_day


async def test_an_account_is_the_same_learner_every_time(store: Store, clock: Clock) -> None:
    ada = await store.learner(ADA, clock())
    assert await store.learner(ADA, clock()) == ada
    assert (await store.learner(BOB, clock())).id != ada.id
    assert (await store.learner(Person("other", "ada"), clock())).id != ada.id


async def test_fifty_first_contacts_at_once_are_one_learner(store: Store, clock: Clock) -> None:
    assert len({learner.id for learner in await asyncio.gather(*(store.learner(ADA, clock()) for _ in range(50)))}) == 1


async def test_a_time_zone_is_kept(store: Store, clock: Clock) -> None:
    await store.set_timezone(await store.learner(ADA, clock()), "Asia/Tokyo", clock())
    assert (await store.learner(ADA, clock())).timezone == "Asia/Tokyo"


async def test_a_room_keeps_its_id_and_topics_of_a_group_are_rooms_of_their_own(store: Store, clock: Clock) -> None:
    rooms = [GROUP, GROUP, Room("test", "group", "7"), HOME]
    ids = [await store.room(room, clock()) for room in rooms]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3


async def test_a_deal_comes_back_as_it_was_dealt(store: Store, clock: Clock) -> None:
    ada = await store.learner(ADA, clock())
    one = await dealt(store, ada, clock)
    assert (one.deal.question, one.deal.choices, one.deal.dealt_at) == ("flask/one", "2031", clock())
    assert (one.room, one.answer, one.review) == (GROUP, None, None)
    assert await store.dealt("nothing", ada) is None


async def test_of_two_deals_with_one_number_the_second_changes_nothing(store: Store, clock: Clock) -> None:
    ada = await store.learner(ADA, clock())
    one = (await dealt(store, ada, clock)).deal
    twin = Deal(new_id(11), one.audience, 1, one.room, "flask/two", "flash", "", "////", clock())
    assert not await store.deal(twin)
    assert await store.dealt(twin.id, ada) is None
    assert await store.all_seen(one.audience) == {"flask/one"}


async def test_what_an_audience_has_seen_is_told_by_number(store: Store, clock: Clock) -> None:
    ada = await store.learner(ADA, clock())
    for number in range(1, 251):
        audience = (await dealt(store, ada, clock, number, f"flask/q{number % 240}")).deal.audience
    assert (await store.recent(audience, 3)) == [(250, "flask/q10"), (249, "flask/q9"), (248, "flask/q8")]
    assert await store.seen(audience, ["flask/q5", "flask/q11", "flask/never"]) == {"flask/q5": 245, "flask/q11": 11}
    oldest = [name async for name in store.oldest_seen(audience)]
    assert (len(oldest), oldest[0], oldest[-1]) == (240, "flask/q11", "flask/q10")
    assert await store.recent("nobody", 3) == []


async def test_an_answer_is_kept_with_all_that_follows_from_it(store: Store, clock: Clock) -> None:
    ada = await store.learner(ADA, clock())
    one = await dealt(store, ada, clock)
    assert await answered(store, one, ada, clock) == (True, True)
    found = await store.dealt(one.deal.id, ada)
    assert found
    assert found.answer == RIGHT
    assert found.review == review(clock, days=1)
    assert await store.practice_days(ada) == Days([DAY])
    assert await store.points(ada) == 2
    assert await store.reviewed(ada) == {"flask/one"}


async def test_a_second_answer_changes_nothing(store: Store, clock: Clock) -> None:
    ada = await store.learner(ADA, clock())
    one = await dealt(store, ada, clock)
    await answered(store, one, ada, clock)
    later = DAY + timedelta(1)
    assert await answered(store, one, ada, clock, Answer("2", "wrong", 5), later) == (False, False)
    found = await store.dealt(one.deal.id, ada)
    assert found
    assert found.answer == RIGHT
    assert await store.practice_days(ada) == Days([DAY])
    assert await store.points(ada) == 2


async def test_200_answers_at_once_to_one_deal_by_one_learner_write_one_row(
    database: Database, store: Store, clock: Clock
) -> None:
    ada = await store.learner(ADA, clock())
    one = await dealt(store, ada, clock)
    answers = [Answer(str(number % 4), "right", 1 + number) for number in range(200)]
    results = await asyncio.gather(*(answered(store, one, ada, clock, answer) for answer in answers))
    assert sum(first for first, _ in results) == 1
    kept = await database.fetch("SELECT points FROM answer")
    assert len(kept) == 1
    assert await store.points(ada) == kept[0]["points"]
    (score,) = await database.fetch("SELECT points FROM score WHERE bucket = 'all'")
    assert score["points"] == kept[0]["points"]


async def test_whoever_answers_80_questions_at_once_has_the_points_of_one_after_the_other(
    database: Database, store: Store, clock: Clock
) -> None:
    ada = await store.learner(ADA, clock())
    dealt_at_once = [await dealt(store, ada, clock, number, f"flask/{number}") for number in range(1, 81)]

    def worth(before: Before) -> int:
        return min(2, 101 - before.earned)

    results = await asyncio.gather(
        *(answered(store, one, ada, clock, worth=worth, community="server") for one in dealt_at_once)
    )
    assert sum(first for first, _ in results) == 80
    assert await store.points(ada) == 101


async def test_everyone_may_answer_a_shared_deal_once_and_boards_add_up(
    database: Database, store: Store, clock: Clock
) -> None:
    everyone = [await store.learner(Person("test", str(number)), clock()) for number in range(20)]
    one = await dealt(store, everyone[0], clock)
    results = await asyncio.gather(*(answered(store, one, learner, clock) for learner in everyone * 3))
    assert sum(first for first, _ in results) == 20
    (total,) = await database.fetch("SELECT sum(points) AS points FROM score WHERE bucket = 'all'")
    (facts,) = await database.fetch("SELECT sum(points) AS points, count(*) AS answers FROM answer")
    assert (int(total["points"]), facts["answers"]) == (int(facts["points"]), 20) == (40, 20)


async def test_the_first_answer_of_a_day_is_told_from_the_later_ones(store: Store, clock: Clock) -> None:
    ada = await store.learner(ADA, clock())
    assert await answered(store, await dealt(store, ada, clock, 1), ada, clock) == (True, True)
    assert await answered(store, await dealt(store, ada, clock, 2), ada, clock) == (True, False)
    assert await answered(store, await dealt(store, ada, clock, 3), ada, clock, day=DAY + timedelta(1)) == (True, True)
    assert await store.practice_days(ada) == Days([DAY + timedelta(1), DAY])


async def test_points_may_depend_on_what_the_learner_did_before(store: Store, clock: Clock) -> None:
    ada = await store.learner(ADA, clock())
    told: list[Before] = []

    async def seen(number: int, answer: Answer, question: str = "flask/one", community: str = "server") -> Before:
        def worth(before: Before) -> int:
            told.append(before)
            return answer.points

        one = await dealt(store, ada, clock, number, question)
        assert (await answered(store, one, ada, clock, answer, clock().date(), community, worth))[0]
        return told[-1]

    assert await seen(1, Answer("good", "rated")) == Before(repeated=False, known=False, earned=0)
    assert await seen(2, Answer("1", "wrong")) == Before(repeated=False, known=False, earned=0)  # a rating is no choice
    assert await seen(3, RIGHT) == Before(repeated=True, known=False, earned=0)
    assert await seen(4, RIGHT) == Before(repeated=True, known=True, earned=2)
    assert await seen(5, RIGHT, "flask/two") == Before(repeated=False, known=False, earned=4)
    assert await seen(6, RIGHT, "flask/three", "") == Before(repeated=False, known=False, earned=0)
    clock.advance(days=1)
    assert await seen(7, RIGHT) == Before(repeated=False, known=True, earned=0)


async def test_points_hold_although_answers_come_at_the_same_moment(
    database: Database, store: Store, clock: Clock
) -> None:
    ada = await store.learner(ADA, clock())
    deals = [await dealt(store, ada, clock, number, f"flask/q{number // 2}") for number in range(1, 21)]

    def worth(before: Before) -> int:
        return 0 if before.repeated else min(2, 7 - before.earned)

    results = await asyncio.gather(*(answered(store, one, ada, clock, worth=worth) for one in deals))
    assert all(kept for kept, _ in results)
    assert await store.points(ada) == 7
    (facts,) = await database.fetch("SELECT sum(points) AS points FROM answer")
    assert int(facts["points"]) == 7


async def test_due_reviews_come_most_overdue_first_and_only_when_due(store: Store, clock: Clock) -> None:
    ada = await store.learner(ADA, clock())
    for number in range(1, 251):
        one = await dealt(store, ada, clock, number, f"flask/q{number}")
        due = review(clock, minutes=-(number % 7))
        await store.answer(one, ada, RIGHT, due, DAY, ledger(DAY), clock())
    later = await dealt(store, ada, clock, 251, "flask/later")
    await store.answer(later, ada, RIGHT, review(clock, minutes=1), DAY, ledger(DAY), clock())
    due_now = [name async for name in store.reviews.due(ada.id, clock())]
    assert len(due_now) == len(set(due_now)) == 250
    assert set(due_now[:36]) == {f"flask/q{n}" for n in range(1, 251) if n % 7 == 6} | {due_now[35]}
    assert "flask/later" not in due_now


async def test_a_batch_is_all_or_nothing_and_a_broken_one_does_not_fail_its_neighbours(database: Database) -> None:
    def room(name: str) -> Statement:
        return Statement(
            "INSERT INTO room (id, platform, platform_id, thread, community, private, created_at)"
            " VALUES (:id, 'test', :id, '', '', :private, 0)",
            {"id": name, "private": False},
        )

    results = await asyncio.gather(
        *(database.write([room(f"good{n}")]) for n in range(10)),
        database.write([room("bad"), room("bad")]),
        *(database.write([room(f"fine{n}")]) for n in range(10)),
        return_exceptions=True,
    )
    assert [type(result) for result in results if not isinstance(result, list)] == [ConflictError]
    names = {row["id"] for row in await database.fetch("SELECT id FROM room")}
    assert names == {f"{kind}{n}" for kind in ("good", "fine") for n in range(10)}


async def test_a_value_that_no_database_takes_fails_alone(database: Database) -> None:
    bad = Statement("UPDATE learner SET timezone = :zone", {"zone": "\ud800"})
    good = Statement("UPDATE learner SET timezone = :zone", {"zone": "UTC"})
    results = await asyncio.gather(database.write([good]), database.write([bad]), database.write([good]),
                                   return_exceptions=True)  # fmt: skip
    assert [isinstance(result, Exception) for result in results] == [False, True, False]


async def test_a_note_is_kept_and_replaced(store: Store) -> None:
    assert await store.memory.note("commands") == ""
    await store.memory.keep("commands", "one")
    await store.memory.keep("commands", "two")
    assert await store.memory.note("commands") == "two"


async def test_a_note_can_be_forgotten(store: Store) -> None:
    await store.memory.keep("prompt", "one")
    await store.memory.forget("prompt")
    await store.memory.forget("prompt")
    assert await store.memory.note("prompt") == ""


# Rooms


async def test_a_room_that_moves_keeps_its_topics_deals_answers_and_boards(
    store: Store, database: Database, clock: Clock
) -> None:
    learner = await store.learner(ADA, clock())
    topic = await store.room(Room("test", "group", "7", "group"), clock())
    before = await dealt(store, learner, clock)
    await answered(store, before, learner, clock)
    await store.memory.room_moved("test", "group", "supergroup")
    after = await store.dealt(before.deal.id, learner)
    assert after
    assert (after.deal, after.room, after.former_id) == (
        before.deal,
        replace(GROUP, id="supergroup", community="supergroup"),
        "group",
    )
    assert after.answer == RIGHT
    assert await store.room(replace(GROUP, id="supergroup"), clock()) == before.deal.room
    assert await store.room(Room("test", "supergroup", "7", "supergroup"), clock()) == topic


async def test_what_came_from_the_new_id_before_the_move_was_told_is_joined(
    store: Store, database: Database, clock: Clock
) -> None:
    learner = await store.learner(ADA, clock())
    old, new = Room("test", "old", community="old"), Room("test", "new", community="new")
    for where, question in ((old, "flask/one"), (new, "flask/two")):
        found = await dealt(store, learner, clock, question=question, where=where)
        await answered(store, found, learner, clock, community=where.community)
    room = await store.room(old, clock())
    for _ in range(2):  # both the old and the new group say so
        await store.memory.room_moved("test", "old", "new")
    assert await store.room(new, clock()) == room
    rows = await database.fetch("SELECT room FROM deal")
    assert {row["room"] for row in rows} == {room}
    rows = await database.fetch("SELECT community, points FROM score WHERE bucket = 'all'")
    assert [(row["community"], row["points"]) for row in rows] == [("new", 4)]


async def test_a_move_that_nobody_told_before_changes_nothing_else(
    store: Store, database: Database, clock: Clock
) -> None:
    await store.room(GROUP, clock())
    await store.memory.room_moved("test", "elsewhere", "supergroup")
    await store.memory.room_moved("other", "group", "supergroup")
    rows = await database.fetch("SELECT platform_id, former_id FROM room")
    assert [(row["platform_id"], row["former_id"]) for row in rows] == [("group", None)]


async def test_a_room_that_is_gone_is_remembered_with_its_topics_until_somebody_asks_there(
    store: Store, database: Database, clock: Clock
) -> None:
    topic = replace(GROUP, thread="7")

    async def gone() -> list[str]:
        rows = await database.fetch("SELECT thread FROM room WHERE gone ORDER BY thread")
        return [row["thread"] for row in rows]

    for where in (GROUP, topic):
        await store.room(where, clock())
    await store.memory.room_gone(topic)
    assert await gone() == ["7"]
    await store.memory.room_gone(GROUP)
    assert await gone() == ["", "7"]
    await store.room(topic, clock())
    assert await gone() == [""]
    await store.memory.room_back(GROUP)
    assert await gone() == []


# Migrations


async def test_migrating_twice_does_nothing_the_second_time(url: str) -> None:
    database = await connect(url)
    assert await migrate(database) == len(migrations())
    assert await migrate(database) == 0
    rows = await database.fetch("SELECT number, digest FROM migration ORDER BY number")
    assert [(row["number"], row["digest"]) for row in rows] == [(one.number, one.digest) for one in migrations()]
    await database.close()


async def test_several_processes_may_migrate_at_once(url: str) -> None:
    databases = [await connect(url) for _ in range(5)]
    done = await asyncio.gather(*(migrate(database) for database in databases))
    assert sum(done) == len(migrations())
    for database in databases:
        await database.close()


async def test_a_database_of_a_newer_version_is_refused(url: str) -> None:
    database = await connect(url)
    await migrate(database)
    await database.write([Statement("INSERT INTO migration (number, name) VALUES (99, 'future')")])
    with pytest.raises(StoreError, match=r"newer version of Prepdeck.*schema 99.*update Prepdeck"):
        await migrate(database)
    await database.close()


def test_migrations_are_numbered_without_gaps_and_released_ones_never_change() -> None:
    assert [one.number for one in migrations()] == list(range(1, len(migrations()) + 1))
    assert {one.number: one.digest for one in migrations() if one.number in RELEASED} == RELEASED


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://nobody@127.0.0.1:1/none", "127.0.0.1/none can't be reached"),
        ("mysql://x", "mysql: databases are not supported"),
        ("sqlite:////proc/none/x.db", "can't be opened"),
    ],
)
async def test_a_database_that_can_not_be_reached_is_told_in_a_sentence(url: str, told: str) -> None:
    with pytest.raises(StoreError, match=told):
        await connect(url)


async def test_an_sqlite_url_names_a_relative_or_an_absolute_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite:///sub/here.db", f"sqlite:///{tmp_path}/there.db"):
        await (await connect(url)).close()
    assert (tmp_path / "sub" / "here.db").exists()
    assert (tmp_path / "there.db").exists()
