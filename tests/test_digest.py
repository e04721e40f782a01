"""A digest of the week: once per room and week when the week is over, and not at all after a quiet one."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.bank.bank import Bank
from bot.groups.schedule import DIGEST_AFTER, next_digest, next_due
from bot.learners.scoring import buckets
from bot.learners.zones import available
from bot.messages import Card, Person, Press, Request, Room
from bot.platforms import Gone, Posting, Unknown
from bot.store.database import Database, Statement
from bot.store.digests import Digest
from bot.store.store import Store
from tests.mortal import Mortal
from tests.people import ADA, BOB, GROUP, HOME, Clock, right_and_wrong, shown
from tests.test_daily import SETTLED, Server, at

SET = "/daily time:09:00 timezone:UTC digest:yes"
WEEK = timedelta(weeks=1)
MONDAY = at(9, 9, 5)  # when the digest of the week in which the clock begins is due, but for the spread

_numbers = count()


@pytest.fixture
def server(bank: Bank, store: Store, clock: Clock) -> Server:
    return Server(bank, store, clock)


def digests(server: Server) -> list[Card]:
    return [card for _, card, _ in server.chat.posts if card.heading == "Last week here"]


async def kept(server: Server, where: Room = GROUP) -> Digest | None:
    """What became of a room's last digest."""
    return await server.store.schedules.digests.last(await server.store.room(where, server.clock()))


async def told(server: Server, where: Room = GROUP) -> tuple[str, str]:
    last = await kept(server, where)
    assert last
    return last.state, last.why


async def answer(
    server: Server,
    when: datetime,
    verdicts: Mapping[str, str],
    where: Room = GROUP,
    question: str = "flask/one",
    deal: str = "",
) -> None:
    """Keep that some people answered a question that was dealt in a room, right, wrong or rated."""
    room = await server.store.room(where, when)
    values = {"room": room, "when": int(when.timestamp()), "question": question}
    statements = []
    if not deal:
        number = next(_numbers)
        deal = f"deal{number}"
        sql = """
            INSERT INTO deal (id, audience, number, room, question, mode, choices, filters, dealt_at)
            VALUES (:deal, :room, :number, :room, :question, 'choice', '0123', '////', :when)
        """
        statements.append(Statement(sql, {**values, "deal": deal, "number": 1_000_000 + number}))
    sql = """
        INSERT INTO answer (deal, learner, receipt, question, mode, value, verdict, points, answered_at)
        VALUES (:deal, :learner, 'receipt', :question, 'choice', '0', :verdict, 0, :when)
    """
    for name, verdict in verdicts.items():
        learner = (await server.store.learner(Person("test", name), when)).id
        statements.append(Statement(sql, {**values, "deal": deal, "learner": learner, "verdict": verdict}))
    await server.store._database.write(statements)


async def points(server: Server, week: date, points: Mapping[str, int], community: str = "server") -> None:
    """Give people, whose names begin with capitals, points in a week."""
    statements = []
    for place, (name, number) in enumerate(points.items()):
        learner = (await server.store.learner(Person("test", name), server.clock())).id
        statements.append(
            Statement("UPDATE learner SET name = :name WHERE id = :id", {"name": name.title(), "id": learner})
        )
        sql = """
            INSERT INTO score (platform, community, bucket, learner, points, reached_at)
            VALUES ('test', :community, :bucket, :learner, :points, :reached)
        """
        values = {"community": community, "learner": learner, "points": number, "reached": place}
        statements += [Statement(sql, {**values, "bucket": bucket}) for bucket in buckets(week)[2:3]]
    await server.store._database.write(statements)


# What it tells


async def test_on_monday_after_the_question_it_tells_how_last_week_was(server: Server) -> None:
    await server.set(SET + " reveal:20:00")
    await server.until(at(3, 10))
    ((_, card, _),) = server.chat.posts
    right, wrong = right_and_wrong(card)
    for who, pressed, name in ((ADA, right, "Ada"), (BOB, wrong, "Bob"), (Person("test", "cleo"), wrong, "Cleo")):
        await server.people.answer(Request(who, GROUP, pressed.press, name))
    await server.until(MONDAY, timedelta(hours=1))
    assert digests(server) == []
    await server.until(MONDAY + SETTLED, timedelta(minutes=1))
    (digest,) = digests(server)
    assert server.chat.posts[-2][1].body.startswith("**Question of the day**")
    assert digest.body.splitlines()[0] == "*2026-03-02 – 2026-03-08*"
    assert "3 people gave 3 answers, after a week without any." in digest.body
    assert "🥇 Ada: " in digest.body
    assert f"**Hardest question of the day:** {card.heading}  \n1 of 3 chose the right answer." in digest.body
    assert [(one.label, one.press) for one in digest.buttons] == [
        ("Leaderboard", Press("call", value="leaderboard")),
        ("Quiz me", Press("call", value="quiz")),
    ]
    (*_, (room, _, how)) = server.chat.posts
    assert (room, how.ping, how.thread) == (GROUP, "", "")


async def test_five_are_named_in_the_order_of_the_board_without_those_who_hide(server: Server) -> None:
    await server.set(SET)
    await answer(server, at(4, 12), {"ada": "right"})
    wanted = {"cleo": 7, "ada": 5, "bob": 5, "eve": 9, "dan": 2, "finn": 1, "gus": 1}
    await points(server, date(2026, 3, 8), wanted)
    await points(server, date(2026, 3, 9), {"next": 50})
    await points(server, date(2026, 3, 2), {"elsewhere": 60}, "other")
    await server.people.type("/settings hide:yes", Person("test", "eve"), Room("test", "private-eve", private=True))
    await server.until(MONDAY + SETTLED, timedelta(hours=1))
    (digest,) = digests(server)
    assert digest.body.split("\n\n")[2].split("  \n") == [
        "🥇 Cleo: 7 points",
        "🥈 Ada: 5 points",
        "🥉 Bob: 5 points",
        "4. Dan: 2 points",
        "5. Finn: 1 point",
    ]


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (0, 1, "1 person gave 1 answer, after a week without any."),
        (1, 3, "3 people gave 3 answers, 2 more than the week before."),
        (3, 2, "2 people gave 2 answers, 1 fewer than the week before."),
        (2, 2, "2 people gave 2 answers, as many as the week before."),
    ],
)
async def test_it_is_compared_with_the_week_before(server: Server, before: int, now: int, words: str) -> None:
    await server.set(SET)
    sunday, monday = datetime(2026, 3, 1, 23, 59, tzinfo=UTC), at(2, 0)
    await answer(server, sunday - WEEK, {"long ago": "right"})
    for moment, number in ((sunday, before), (monday, now)):
        await answer(server, moment, {f"p{person}": "wrong" for person in range(number)})
    await answer(server, at(9, 0), {"too late": "right"})
    await answer(server, at(4, 0), {"elsewhere": "right"}, Room("test", "elsewhere", community="elsewhere"))
    await server.until(MONDAY + SETTLED, timedelta(hours=1))
    (digest,) = digests(server)
    assert words in digest.body.split("\n\n")


async def test_who_answers_in_several_rooms_of_a_community_is_one_person(server: Server) -> None:
    await server.set(SET)
    for room in (GROUP, Room("test", "other", community="server"), Room("test", "group", "topic", "server")):
        await answer(server, at(4, 12), {"ada": "right"}, room)
    await server.until(MONDAY + SETTLED, timedelta(hours=1))
    assert "1 person gave 3 answers, " in digests(server)[0].body


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ([["right", "wrong"]], ""),  # too few
        ([["right", "right", "right"]], ""),  # not hard
        ([["rated", "rated", "wrong", "right"]], ""),  # a rating is no choice
        ([["right", "wrong", "wrong"]], "1 of 3"),
        ([["wrong", "wrong"], ["right", "right", "wrong"], ["right"] * 9 + ["wrong"]], "2 of 3"),
    ],
)
async def test_the_hardest_question_is_the_one_that_the_smallest_share_had_right(
    server: Server, verdicts: Sequence[Sequence[str]], words: str
) -> None:
    await server.set(SET)
    await server.until(at(3 + len(verdicts), 8))
    room = await server.store.room(GROUP, server.clock())
    posts = await server.store.schedules.history(room, 9)
    for post, each in zip(reversed(posts), verdicts, strict=True):
        people = {f"p{number}": verdict for number, verdict in enumerate(each)}
        await answer(server, at(5, 12), people, question="flask/two", deal=post.deal)
    await server.until(MONDAY + SETTLED, timedelta(hours=1))
    (digest,) = digests(server)
    assert ("Hardest" in digest.body) is bool(words)
    assert words in digest.body


async def test_after_a_quiet_week_nothing_is_said_and_the_panel_says_why(server: Server) -> None:
    await server.set(SET)
    await server.until(MONDAY + SETTLED, timedelta(hours=1))
    assert digests(server) == []
    panel = await server.set("/daily")
    assert "- Digest of the week from 2026-03-02: skipped (nobody answered)" in panel.body
    await answer(server, at(10, 12), {"ada": "right"})
    await server.until(MONDAY + WEEK + SETTLED, timedelta(hours=1))
    assert len(digests(server)) == 1
    panel = await server.set("/daily")
    assert "- Digest of the week from 2026-03-09: sent" in panel.body


# The panel


async def test_a_digest_is_set_and_ended_by_moderators_and_the_panel_shows_the_next(server: Server) -> None:
    assert "- digest: **no**" in (await server.set()).body
    panel = await server.set("/daily digest:yes")
    assert "- digest: no → **yes**" in panel.body
    assert "- Mon 2026-03-09 09:05 UTC (the digest of the week)" in panel.body
    panel = await server.set("/daily digest:no")
    assert "(the digest of the week)" not in panel.body
    await answer(server, at(4, 12), {"ada": "right"})
    await server.until(MONDAY + SETTLED, timedelta(hours=1))
    assert digests(server) == []


async def test_a_digest_without_a_daily_question_is_refused_with_what_to_say_instead(server: Server) -> None:
    refused = await server.set("/daily digest:yes")
    assert refused.heading == "A digest goes with a daily question"
    assert "`/daily time:09:00 digest:yes`" in refused.body
    assert (await server.set("/daily")).heading == "No daily question here yet"


async def test_there_is_no_digest_in_private(server: Server) -> None:
    assert (await server.set(SET, HOME)).heading == "There is no digest here"
    await server.set(where=HOME)
    assert (await server.set("/daily digest:yes", HOME)).heading == "There is no digest here"


async def test_while_the_daily_question_is_paused_or_off_no_digest_comes(server: Server) -> None:
    await server.set(SET)
    for day in (4, 11, 18, 25):
        await answer(server, at(day, 12), {"ada": "right"})
    await server.press("Pause")
    await server.until(at(10, 0), timedelta(hours=1))
    assert digests(server) == []
    await server.press("Resume")
    await server.until(at(17, 0), timedelta(hours=1))
    assert [card.body[1:11] for card in digests(server)] == ["2026-03-09"]
    await server.press("Off")
    await server.until(at(24, 0), timedelta(hours=1))
    assert len(digests(server)) == 1
    await server.set(SET)
    await server.until(at(31, 0), timedelta(hours=1))
    assert [card.body[1:11] for card in digests(server)] == ["2026-03-09", "2026-03-23"]


# When


MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ZONES = st.sampled_from(sorted(available())).map(ZoneInfo)
TIMES = st.times().map(lambda when: when.replace(second=0, microsecond=0))


@given(MOMENTS, TIMES, ZONES, ZONES)
def test_it_comes_once_a_week_on_monday_near_the_question_or_when_the_week_is_over_for_all(
    after: datetime, when: time, zone: ZoneInfo, calendar: ZoneInfo
) -> None:
    due = next_digest(after, when, zone, calendar)
    assert due > after
    here, there = due.astimezone(zone), due.astimezone(calendar)
    asked = next_due(due - timedelta(days=1), when, zone, "1", last=here.date() - timedelta(days=1))
    near = abs(due - asked) == DIGEST_AFTER and here.isoweekday() == 1
    over = there.isoweekday() == 1 and due - next_due(due - timedelta(hours=1), time(), calendar) == DIGEST_AFTER
    assert near or over
    assert due != asked
    assert due >= datetime.combine(there.date() - timedelta(days=there.weekday()), time(), calendar).astimezone(UTC)
    following = next_digest(due, when, zone, calendar)
    assert following.astimezone(calendar).isocalendar()[:2] == (there + WEEK).isocalendar()[:2]
    assert timedelta(days=5, hours=12) < following - due < timedelta(days=8, hours=12)


@pytest.mark.parametrize(
    ("line", "due"),
    [
        ("time:09:00 timezone:UTC", at(9, 9, 5)),
        ("time:23:58 timezone:UTC", at(9, 23, 53)),  # five minutes later it would be Tuesday
        ("time:00:00 timezone:UTC", at(9, 0, 5)),
        ("time:07:00 timezone:Asia/Tokyo", at(9, 0, 5)),  # where it is nine then; before, boards still count
        ("time:09:00 timezone:America/Los_Angeles", at(9, 16, 5)),
        ("time:09:00 timezone:UTC weekdays:wed", at(9, 9, 5)),
    ],
)
async def test_it_comes_at_the_time_of_the_question_in_the_zone_of_the_room(
    server: Server, line: str, due: datetime
) -> None:
    await server.set(f"/daily {line} digest:yes")
    await answer(server, at(4, 12), {"ada": "right"})
    await server.until(due - timedelta(seconds=1), timedelta(minutes=30))
    assert digests(server) == []
    await server.until(due + SETTLED, timedelta(seconds=30))
    assert len(digests(server)) == 1
    await server.until(due + timedelta(days=5), timedelta(hours=3))
    assert len(digests(server)) == 1


async def test_late_by_less_than_a_day_it_comes_and_later_it_is_skipped(server: Server) -> None:
    await server.set(SET)
    for day in (4, 11):
        await answer(server, at(day, 12), {"ada": "right"})
    server.clock.time = MONDAY + timedelta(hours=23)
    await server.tick()
    assert len(digests(server)) == 1
    server.clock.time = MONDAY + WEEK + timedelta(hours=25)
    await server.tick()
    assert len(digests(server)) == 1
    assert await told(server) == ("skipped", "we were away")


async def test_after_weeks_away_only_the_last_digest_comes(server: Server) -> None:
    await server.set(SET)
    for week in range(5):
        await answer(server, at(4, 12) + week * WEEK, {"ada": "right"})
    server.clock.time = MONDAY + 4 * WEEK + timedelta(hours=1)
    await server.tick()
    await server.tick()
    assert [card.body[1:11] for card in digests(server)] == ["2026-03-30"]
    rows = await server.store._database.fetch("SELECT week, state FROM digest ORDER BY week")
    assert [(row["week"], row["state"]) for row in rows] == [("2026-03-02", "skipped"), ("2026-03-30", "sent")]


async def test_an_earlier_time_on_monday_brings_it_now_and_no_later_one_brings_another(server: Server) -> None:
    await server.set("/daily time:20:00 timezone:UTC digest:yes")
    await answer(server, at(4, 12), {"ada": "right"})
    await server.until(at(9, 12), timedelta(hours=1))
    await server.set("/daily time:09:00")
    await server.until(at(9, 12, 1), timedelta(minutes=1))
    assert len(digests(server)) == 1
    panel = await server.set("/daily time:18:00")
    assert "- Mon 2026-03-16 18:05 UTC (the digest of the week)" in panel.body
    await server.set("/daily digest:no")
    panel = await server.set("/daily digest:yes")
    assert "- Mon 2026-03-16 18:05 UTC (the digest of the week)" in panel.body
    await server.until(at(15, 0), timedelta(hours=1))
    assert len(digests(server)) == 1


@pytest.mark.parametrize("zones", [("Asia/Tokyo", "America/Los_Angeles"), ("America/Los_Angeles", "Asia/Tokyo")])
async def test_a_change_of_zone_neither_loses_nor_doubles_the_digest_of_a_week(
    server: Server, zones: tuple[str, str]
) -> None:
    await server.set(f"/daily time:12:00 timezone:{zones[0]} digest:yes")
    for day in (4, 11):
        await answer(server, at(day, 12), {"ada": "right"})
    await server.until(at(9, 12), timedelta(hours=1))
    await server.set(f"/daily timezone:{zones[1]}")
    await server.until(at(18, 0), timedelta(hours=1))
    assert [card.body[1:11] for card in digests(server)] == ["2026-03-02", "2026-03-09"]


async def test_a_group_that_moves_keeps_its_digest(server: Server) -> None:
    await server.set(SET)
    for day in (4, 11):
        await answer(server, at(day, 12), {"ada": "right"})
    await points(server, date(2026, 3, 4), {"ada": 2}, "group")
    new = Room("test", "supergroup", community="supergroup")
    await server.set(SET, new)
    await server.until(MONDAY + SETTLED, timedelta(hours=1))
    await server.store.memory.room_moved("test", "group", "supergroup")
    assert await told(server, new) == ("sent", "")
    await server.until(MONDAY + WEEK + SETTLED, timedelta(hours=1))
    assert [room.id for room, card, _ in server.chat.posts if card in digests(server)] == ["group", "supergroup"]


async def test_a_group_that_moves_to_where_a_digest_is_due_too_gets_no_second_one(server: Server) -> None:
    await server.set(SET)
    await answer(server, at(4, 12), {"ada": "right"})
    new = Room("test", "supergroup", community="supergroup")
    await server.set("/daily time:12:00 timezone:UTC digest:yes", new)
    await server.until(MONDAY + SETTLED, timedelta(hours=1))
    await server.press("Off")
    await server.store.memory.room_moved("test", "group", "supergroup")
    await server.until(at(10, 0), timedelta(hours=1))
    assert "- time: **12:00**" in (await server.set("/daily", new)).body
    assert len(digests(server)) == 1


async def test_a_change_at_the_moment_of_a_claim_wins(server: Server) -> None:
    await server.set(SET)
    room = await server.store.room(GROUP, server.clock())
    read = await server.store.schedules.schedule(room)
    await server.set("/daily digest:no")
    assert read
    digest = Digest(room, date(2026, 3, 2), "receipt", "claimed", "", MONDAY)
    assert not await server.store.schedules.digests.claim(digest, read.receipt, MONDAY + WEEK, MONDAY)
    found = await server.store.schedules.schedule(room)
    assert found
    assert (found.digest, found.digest_due) == (False, None)


# Faults


async def test_a_known_failure_is_tried_again_and_the_panel_says_so(server: Server) -> None:
    await server.set(SET)
    await answer(server, at(4, 12), {"ada": "right"})
    await server.until(MONDAY - timedelta(minutes=1), timedelta(hours=1))

    def broken(room: Room) -> None:
        raise RuntimeError("no connection")

    server.chat.fault = broken
    await server.until(MONDAY + SETTLED, timedelta(seconds=10))
    assert await told(server) == ("failed", "RuntimeError")
    server.chat.fault = lambda room: None
    await server.until(MONDAY + timedelta(hours=3))
    assert (await told(server), len(digests(server))) == (("sent", ""), 1)


@pytest.mark.parametrize("end", ["Pause", "Off", "the day after"])
async def test_a_failure_is_not_tried_again_when_it_is_no_longer_wanted(server: Server, end: str) -> None:
    await server.set(SET)
    await answer(server, at(4, 12), {"ada": "right"})
    await server.until(MONDAY - timedelta(minutes=1), timedelta(hours=1))

    def broken(room: Room) -> None:
        raise RuntimeError("no connection")

    server.chat.fault = broken
    await server.until(MONDAY + SETTLED, timedelta(seconds=10))
    if end == "the day after":
        server.clock.time = MONDAY + timedelta(hours=25)
    else:
        await server.press(end)
    server.chat.fault = lambda room: None
    await server.until(server.clock.time + timedelta(hours=3))
    assert (await told(server), digests(server)) == (("failed", "RuntimeError"), [])


async def test_an_unknown_outcome_is_recorded_and_not_sent_again(server: Server) -> None:
    await server.set(SET)
    await answer(server, at(4, 12), {"ada": "right"})
    await server.until(MONDAY - timedelta(minutes=1), timedelta(hours=1))

    def lost(room: Room) -> None:
        raise Unknown("timed out")

    server.chat.fault = lost
    await server.until(MONDAY + SETTLED, timedelta(seconds=10))
    server.chat.fault = lambda room: None
    await server.until(MONDAY + timedelta(days=2))
    assert (await told(server), digests(server)) == (("unknown", "timed out"), [])


async def test_a_lost_room_is_told_once_and_gets_its_digest_when_it_is_back(server: Server) -> None:
    await server.set(SET)
    for day in (4, 11, 18):
        await answer(server, at(day, 12), {"ada": "right"})
    await server.until(MONDAY - timedelta(minutes=1), timedelta(hours=1))

    def gone(room: Room) -> None:
        raise Gone("bot was kicked")

    server.chat.fault, server.chat.lacking = gone, "I am not a member here."
    await server.until(MONDAY + SETTLED, timedelta(seconds=10))
    assert await told(server) == ("failed", "bot was kicked")
    await server.until(MONDAY + WEEK + SETTLED, timedelta(hours=1))
    assert await told(server) == ("skipped", "I am not a member here.")
    assert [(who, card.heading) for who, card in server.chat.told] == [(ADA, "I can't post the daily question")]
    server.chat.fault, server.chat.lacking = lambda room: None, ""
    await server.until(MONDAY + 2 * WEEK + SETTLED, timedelta(hours=1))
    assert (await told(server), len(digests(server))) == (("sent", ""), 1)


async def test_a_row_that_can_not_be_followed_keeps_no_other_room_waiting(server: Server) -> None:
    rooms = [Room("test", f"group{number}", community=f"group{number}") for number in range(3)]
    for room in rooms:
        await server.set(SET, room)
        await answer(server, at(4, 12), {"ada": "right"}, room)
    bad = await server.store.room(rooms[1], server.clock())
    await server.store._database.write(
        [Statement("UPDATE schedule SET timezone = 'Mars/Base' WHERE room = :room", {"room": bad})]
    )
    await server.until(MONDAY + SETTLED, timedelta(hours=3))
    assert {room.id for room, card, _ in server.chat.posts if card in digests(server)} == {"group0", "group2"}


async def test_two_processes_post_it_once(bank: Bank, store: Store, clock: Clock) -> None:
    one, other = Server(bank, store, clock), Server(bank, store, clock)
    rooms = [Room("test", f"group{number}", community=f"group{number}") for number in range(5)]
    for room in rooms:
        await one.set(SET, room)
        await answer(one, at(4, 12), {"ada": "right"}, room)
    clock.time = MONDAY + SETTLED
    await asyncio.gather(*(server.look("digest_due") for server in (one, other, one, other)))
    await asyncio.gather(one.lane.finish(), other.lane.finish())
    posted = [room.id for server in (one, other) for room, card, _ in server.chat.posts if card in digests(server)]
    assert sorted(posted) == sorted(room.id for room in rooms)


# Kills


class Kept(Server):
    """A server that is started again whenever it was killed."""

    def __init__(self, bank: Bank, database: Database, clock: Clock) -> None:
        self.mortal = Mortal(database)
        self._lasting = database
        self.deaths = 0
        super().__init__(bank, Store(self.mortal), clock)

    async def tick(self) -> None:
        try:
            await super().tick()
        except asyncio.CancelledError:  # which is all that a task tells of Killed
            await self.lane.finish()
        if self.mortal.dead:
            self.deaths += 1
            self.mortal = Mortal(self._lasting)
            self.store = Store(self.mortal)
            self.start()
        self.mortal.left = 0


FATES = st.one_of(
    st.sampled_from(["fine", "error", "lost", "arrived", "late", "away", "earlier", "later", "elsewhere"]),
    st.integers(1, 20).map(lambda steps: f"killed after {steps}"),
)


async def weekly(bank: Bank, database: Database, clock: Clock) -> tuple[Kept, Room]:
    """A server with a room of its own that has a digest every week, on a Thursday."""
    server = Kept(bank, database, clock)
    name = f"room{next(_numbers)}"
    clock.time += timedelta(days=3 - clock().weekday(), hours=12 - clock().hour)
    room = Room("test", name, community=name)
    await server.set("/daily time:09:00 timezone:UTC weekdays:fri digest:yes", room)
    return server, room


async def lived(server: Kept, room: Room, fate: str) -> tuple[str, int]:
    """A week with an answer, until the next Thursday: what is kept of its digest, and how many were seen."""
    clock = server.clock
    await answer(server, clock(), {"ada": "right"}, room)
    monday = clock().replace(hour=0, minute=0, second=0) + timedelta(days=4)
    await server.until(monday, timedelta(days=1))
    before = len(digests(server))
    await _monday(server, room, monday, fate)
    last = await kept(server, room)
    assert last
    assert last.week == (monday - WEEK).date()
    await server.set("/daily time:09:00 timezone:UTC", room)
    await server.until(monday + timedelta(days=3, hours=12), timedelta(days=1))
    return last.state, len(digests(server)) - before


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(FATES, min_size=1, max_size=4))
async def test_whatever_happens_no_week_has_two_digests_and_what_is_kept_is_true(
    bank: Bank, database: Database, clock: Clock, fates: list[str]
) -> None:
    server, room = await weekly(bank, database, clock)
    for fate in fates:
        state, seen = await lived(server, room, fate)
        assert seen in {"sent": {1}, "unknown": {0, 1}, "skipped": {0}, "failed": {0}}[state]
        if fate in ("fine", "error", "late", "earlier", "later", "elsewhere"):
            assert state == "sent"
        elif fate in ("lost", "arrived"):
            assert (state, seen) == ("unknown", int(fate == "arrived"))
        elif fate == "away":
            assert state == "skipped"
        else:
            assert state in ("sent", "unknown")


async def test_killed_at_any_step_it_is_sent_or_called_unknown_and_never_sent_twice(
    bank: Bank, database: Database, clock: Clock
) -> None:
    server, room = await weekly(bank, database, clock)
    outcomes = []
    for steps in count(1):
        before = server.deaths
        outcomes.append(await lived(server, room, f"killed after {steps}"))
        if server.deaths == before:
            break
    # Which step comes just after the sending is up to the database, so that one may be passed over.
    assert {("sent", 1), ("unknown", 0)} <= set(outcomes) <= {("sent", 1), ("unknown", 0), ("unknown", 1)}


async def _monday(server: Kept, room: Room, monday: datetime, fate: str) -> None:
    """A Monday on which something happens when the digest is due, and the two days after it."""
    clock, chat = server.clock, server.chat
    clock.time = monday + timedelta(hours=9, minutes=5) + SETTLED
    match fate:
        case "error":
            chat.fault = _raising(RuntimeError("no connection"))
        case "lost":
            chat.fault = _raising(Unknown("timed out"))
        case "arrived":
            chat.fault = lambda where: chat.posts.append((where, _LAST_WEEK, Posting())) or _raise(Unknown("timed out"))
        case "late" | "away":
            clock.time += timedelta(hours=20 if fate == "late" else 30)
        case "earlier":
            clock.time = monday + timedelta(hours=8)
            await server.set("/daily time:07:00", room)
        case "later":
            await server.tick()
            await server.set("/daily time:13:00", room)
        case "elsewhere":
            clock.time = monday + timedelta(hours=8)
            await server.set("/daily timezone:Asia/Tokyo", room)
        case _ if fate.startswith("killed"):
            server.mortal.left = int(fate.rpartition(" ")[2])
    await server.tick()
    chat.fault = lambda where: None
    for minutes in (2, 20, 60, 24 * 60, 24 * 60):
        clock.time += timedelta(minutes=minutes)
        await server.tick()


_LAST_WEEK = Card("Last week here")


def _raise(error: Exception) -> None:
    raise error


def _raising(error: Exception) -> Any:
    def fault(room: Room) -> None:
        raise error

    return fault


async def test_the_boards_button_opens_the_board(server: Server) -> None:
    await server.set(SET)
    await answer(server, at(4, 12), {"ada": "right"})
    await server.until(MONDAY + SETTLED, timedelta(hours=1))
    button, _ = digests(server)[0].buttons
    assert shown(await server.people.press(button, BOB, GROUP)).heading == "This week"
