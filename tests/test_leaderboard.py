"""Boards: one order for lists and ranks, by the calendar of the community, without those who hide."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.__main__ import core
from bot.bank.bank import Bank
from bot.config import Config
from bot.learners.scoring import buckets
from bot.messages import Card, Person, Press, Reply, Request, Room
from bot.store.boards import Community
from bot.store.database import Database, Statement
from bot.store.store import Store
from tests.people import ADA, BOB, GROUP, HOME, Clock, Conversation, button, right_and_wrong, shown

STUDY = Room("test", "group", community="server", title="Study *hard*")
SERVER = Community("test", "server")


@pytest.fixture
def people(bank: Bank, store: Store, clock: Clock) -> Conversation:
    table, dispatch, _ = core(Config(), bank, store, clock, Random(1))
    return Conversation(dispatch.answer, table)


async def answer(
    people: Conversation, who: Person, name: str, line: str = "/quiz mode:choice", where: Room = STUDY
) -> None:
    """Answer a new question right."""
    card = shown(await people.answer(Request(who, where, people.commands.parse(line), name)))
    right, _ = right_and_wrong(card)
    await people.answer(Request(who, where, right.press, name))


async def board(people: Conversation, line: str = "/leaderboard", who: Person = ADA, where: Room = STUDY) -> Card:
    return shown(await people.type(line, who, where))


async def scored(database: Database, store: Store, clock: Clock, points: dict[str, tuple[int, int]]) -> None:
    """Learners with so many points each, reached at so many seconds."""
    for name, (number, reached) in points.items():
        learner = await store.learner(Person("test", name), clock())
        await database.write(
            [
                Statement("UPDATE learner SET name = :name WHERE id = :id", {"name": name, "id": learner.id}),
                *(
                    Statement(
                        "INSERT INTO score (platform, community, bucket, learner, points, reached_at)"
                        " VALUES ('test', 'server', :bucket, :learner, :points, :reached)",
                        {"bucket": bucket, "learner": learner.id, "points": number, "reached": reached},
                    )
                    for bucket in buckets(clock().date())
                ),
            ]
        )


async def test_a_board_shows_names_points_and_where_one_stands(people: Conversation) -> None:
    assert "Nobody has points yet." in (await board(people)).body
    await answer(people, ADA, "Ada", "/quiz topic:contexts mode:choice")
    await answer(people, BOB, "*Bob*", "/quiz topic:basics level:junior mode:choice")
    card = await board(people)
    assert card.heading == "This week"
    assert card.body.splitlines()[:2] == ["**🥇 Ada: 4 points**  ", "🥈 \\*Bob\\*: 2 points"]
    assert "Ada: **You are 1st of 2.**" in card.body
    assert "who had them first stands first" in card.body
    assert "\\*Bob\\*: **You are 2nd of 2.**" in (await board(people, who=BOB)).body
    assert "You have no points here yet." in (await board(people, who=Person("test", "cleo"))).body


async def test_of_equal_points_who_had_them_first_stands_first(people: Conversation, clock: Clock) -> None:
    for who, name in ((BOB, "Bob"), (ADA, "Ada")):
        await answer(people, who, name, "/quiz topic:contexts mode:choice")
        clock.advance(seconds=1)
    assert (await board(people)).body.startswith("🥇 Bob: 4 points")


@pytest.mark.parametrize(
    ("period", "heading", "there"),
    [("today", "Today", False), ("week", "This week", False), ("month", "This month", True), ("all", "All time", True)],
)
async def test_periods_are_those_of_the_community_not_of_the_learner(
    people: Conversation, clock: Clock, period: str, heading: str, there: bool
) -> None:
    clock.time = datetime(2026, 3, 8, 23, 30, tzinfo=UTC)  # a Sunday
    await people.type("/settings timezone:Asia/Tokyo", ADA)  # where it is Monday already
    await answer(people, ADA, "Ada")
    assert "Ada" in (await board(people, f"/leaderboard period:{period}")).body
    clock.advance(hours=1)
    card = await board(people, f"/leaderboard period:{period}")
    assert card.heading == heading
    assert ("Ada" in card.body.split("\n\n")[0]) is there


async def test_the_winners_of_the_period_before_are_named(people: Conversation, clock: Clock) -> None:
    await answer(people, ADA, "Ada", "/quiz topic:contexts mode:choice")
    clock.advance(days=7)
    assert "Last week: 🥇 Ada (4)" in (await board(people)).body
    assert "Yesterday" not in (await board(people, "/leaderboard period:today")).body


async def test_a_topic_has_a_board_of_its_own(people: Conversation) -> None:
    await answer(people, ADA, "Ada")
    card = await board(people, "/leaderboard topic:flask")
    assert card.heading == "This week · Flask"
    assert "Ada" in card.body
    refused = await board(people, "/leaderboard topic:contexts")
    assert (refused.heading, refused.body) == ("There are boards for topics", "Such as `flask`.")


async def test_who_hides_is_gone_from_the_board_at_once_and_back_when_they_like(people: Conversation) -> None:
    await answer(people, ADA, "Ada", "/quiz topic:contexts mode:choice")
    await answer(people, BOB, "Bob", "/quiz topic:basics level:junior mode:choice")
    await people.type("/settings hide:yes", ADA)
    card = await board(people, who=BOB)
    assert "Ada" not in card.body
    assert "Bob: **You are 1st of 1.**" in card.body
    assert "ou are" not in (await board(people)).body  # nor is it told that somebody hides
    await answer(people, ADA, "Ada", "/quiz topic:basics mode:choice")
    assert "Ada" not in (await board(people, who=BOB)).body
    await people.type("/settings hide:no", ADA)
    assert "Ada: " in (await board(people, who=BOB)).body


async def test_names_are_as_of_now(people: Conversation) -> None:
    await answer(people, ADA, "Ada")
    await answer(people, ADA, "Ada the Great")
    assert "Ada the Great" in (await board(people)).body


async def test_pages_turn_and_a_rank_is_the_same_in_the_list_and_beside_it(
    people: Conversation, store: Store, database: Database, clock: Clock
) -> None:
    await scored(database, store, clock, {f"p{number}": (100 - number // 3, number) for number in range(25)})
    first = await board(people, who=Person("test", "p13"))
    assert "p13: **You are 14th of 25.**" in first.body
    assert dict(first.fields) == {"Page": "1/3"}
    second = await people.press(button(first, "Next page"), Person("test", "p13"), STUDY)
    assert second == Reply(edit=shown(second))
    assert "**14. p13: 96 points**" in shown(second).body
    third = shown(await people.press(button(shown(second), "Next page"), ADA, STUDY))
    assert third.body.splitlines()[0].startswith("21. p20")
    assert "Next page" not in {one.label for one in third.buttons}
    back = shown(await people.press(button(third, "Previous page"), Person("test", "p13"), STUDY))
    assert back == shown(second)
    month = shown(await people.press(button(third, "This month"), ADA, STUDY))
    assert month.heading == "This month"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([f"p{n}" for n in range(12)]), st.tuples(st.integers(1, 4), st.integers(0, 3))))
async def test_everyones_rank_is_their_place_in_the_list(
    store: Store, database: Database, clock: Clock, points: dict[str, tuple[int, int]]
) -> None:
    await database.write([Statement("DELETE FROM score")])
    await scored(database, store, clock, points)
    listed = await store.boards.standings(SERVER, "all", 0, 100)
    assert [(one.points) for one in listed] == sorted((number for number, _ in points.values()), reverse=True)
    for place, one in enumerate(listed, 1):
        mine = await store.boards.mine(SERVER, "all", one.learner)
        assert mine == one
        assert one.rank == place
    assert await store.boards.size(SERVER, "all") == len(points)


async def test_in_private_one_sees_where_one_stands_in_every_community(people: Conversation) -> None:
    await answer(people, ADA, "Ada")
    await answer(people, ADA, "Ada", where=Room("test", "other", community="other"))
    await answer(people, BOB, "Bob", "/quiz topic:contexts mode:choice")
    card = await board(people, where=HOME)
    assert "- **Study \\*hard\\***: 2nd of 2" in card.body or "- **Study \\*hard\\***: 1st of 2" in card.body
    assert "- **A community on Test**: 1st of 1" in card.body
    assert "no points in a server or group yet" in (await board(people, who=Person("test", "cleo"), where=HOME)).body


async def test_what_is_answered_in_private_is_on_no_board(people: Conversation) -> None:
    await answer(people, ADA, "Ada", where=HOME)
    assert "Nobody has points yet." in (await board(people)).body


@pytest.mark.parametrize("value", ["", "week", "week.x.", "week.1.nowhere", "year.0.", "week.99999.", "week.0.flask.x"])
async def test_a_forged_press_on_a_board_is_refused(people: Conversation, value: str) -> None:
    reply = await people.press(Press("board", value=value), ADA, GROUP)
    assert reply == Reply(aside=shown(reply))


async def test_a_page_beyond_the_last_is_the_last(people: Conversation) -> None:
    await answer(people, ADA, "Ada")
    card = shown(await people.press(Press("board", value="week.999."), ADA, STUDY))
    assert "Ada" in card.body
