"""A question every day: set up by a panel, posted once per local day, told when it could not be."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from bot.__main__ import Core, core
from bot.bank.bank import Bank
from bot.config import Config
from bot.groups.schedule import spread
from bot.lane import Lane
from bot.messages import Card, Person, Press, Rank, Reply, Request, Room, Tone
from bot.platforms import Gone, Posting, Unknown
from bot.store.database import Statement
from bot.store.store import Store
from tests.people import ADA, BOB, GROUP, HOME_OF_BOB, Clock, Conversation, button, right_and_wrong, shown
from tests.samples import bank_of, question

SETTLED = timedelta(seconds=60)  # after the time of a post, whatever its spread


@dataclass
class Chat:
    """A platform that shows what it is given, unless `fault` has something against it."""

    ready: bool = True
    posts: list[tuple[Room, Card, Posting]] = field(default_factory=list)
    edits: list[tuple[str, Card]] = field(default_factory=list)
    told: list[tuple[Person, Card]] = field(default_factory=list)
    lacking: str = ""
    fault: Callable[[Room], object] = lambda room: None

    async def run(self) -> int:
        return 0

    async def post(self, room: Room, card: Card, how: Posting = Posting()) -> str:  # noqa: B008
        self.fault(room)
        self.posts.append((room, card, how))
        return str(len(self.posts))

    async def edit(self, room: Room, message: str, card: Card, how: Posting = Posting()) -> None:  # noqa: B008
        self.edits.append((message, card))

    async def tell(self, who: Person, card: Card) -> None:
        self.told.append((who, card))

    async def missing(self, room: Room) -> str:
        return self.lacking


class Server:
    """The whole core with one platform, at a time that tests decide."""

    def __init__(self, bank: Bank, store: Store, clock: Clock) -> None:
        self.bank, self.store, self.clock = bank, store, clock
        self.chat = Chat()
        self.start()

    def start(self) -> None:
        """Begin anew, as after a crash: nothing is left but the database."""
        made: Core = core(Config(), self.bank, self.store, self.clock, Random(1))
        self.lane: Lane = made.lane
        self.lane.platforms["test"] = self.chat
        self.people = Conversation(made.dispatch.answer, made.commands)

    async def set(self, line: str = "/daily time:09:00 timezone:UTC", where: Room = GROUP) -> Card:
        return shown(await self.people.type(line, ADA, where, Rank.MODERATOR))

    async def press(self, label: str, where: Room = GROUP) -> Reply:
        panel = await self.set("/daily", where)
        request = Request(ADA, where, button(panel, label).press, rank=Rank.MODERATOR)
        return await self.people.answer(request)

    async def look(self, name: str) -> None:
        """For one kind of what is due, by its name."""
        await next(look for look in self.lane.due if look.__name__ == name)("test")

    async def tick(self) -> None:
        for look in self.lane.due:
            await look("test")
        await self.lane.finish()

    async def until(self, moment: datetime, step: timedelta = timedelta(minutes=10)) -> None:
        """Let time go by, with a tick now and then."""
        while self.clock.time < moment:
            self.clock.time = min(self.clock.time + step, moment)
            await self.tick()

    @property
    def days(self) -> list[str]:
        """The moments of all posts of questions, in UTC."""
        return [card.heading for _, card, _ in self.chat.posts]


@pytest.fixture
def server(bank: Bank, store: Store, clock: Clock) -> Server:
    return Server(bank, store, clock)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """In March 2026; the clock begins on Monday, the second, at noon."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


# The panel


async def test_without_anything_set_the_panel_says_how_to(server: Server) -> None:
    panel = await server.set("/daily")
    assert panel.heading == "No daily question here yet"
    reply = await server.press("Every day at 09:00")
    assert reply.edit
    assert "- time: **09:00**" in reply.edit.body
    assert "- Tue 2026-03-03 09:00 UTC" in reply.edit.body


async def test_everything_is_set_in_one_go_and_the_next_three_posts_are_shown_in_local_time(server: Server) -> None:
    panel = await server.set(
        "/daily time:9pm timezone:berlin topic:contexts weekdays:mon-fri reveal:8 style:poll thread:yes ping:@mods"
    )
    for line in (
        "- time: **21:00**",
        "- timezone: **Europe/Berlin**",
        "- weekdays: **Mon to Fri**",
        "- topic: **contexts**",
        "- reveal: **08:00**",
        "- style: **poll**",
        "- thread: **yes**",
        "- ping: **\\@mods**",
        "- Mon 2026-03-02 21:00 Europe/Berlin",
        "- Tue 2026-03-03 21:00 Europe/Berlin",
        "- Wed 2026-03-04 21:00 Europe/Berlin",
    ):
        assert line in panel.body


async def test_a_change_is_confirmed_with_old_and_new(server: Server) -> None:
    await server.set()
    panel = await server.set("/daily time:10 reveal:20:00")
    assert "- time: 09:00 → **10:00**" in panel.body
    assert "- reveal: never → **20:00**" in panel.body
    assert "timezone:" not in panel.body.split("**Next:**")[0].split("- time: **")[0]
    assert "Nothing has changed." in (await server.set("/daily time:10")).body
    assert "- reveal: 20:00 → **never**" in (await server.set("/daily reveal:never")).body


@pytest.mark.parametrize(
    ("line", "heading", "body"),
    [
        ("time:nine-ish", "I don't understand the time “nine-ish”", "09:00"),
        ("timezone:Europe/Berln", "I know no time zone “Europe/Berln”", "Europe/Berlin"),
        ("weekdays:someday", "I don't understand the weekdays “someday”", "mon-fri"),
        ("topic:contxts", "I know no topic “contxts”", "contexts"),
        ("style:fancy", "That does not fit", "poll"),
        ("thread:maybe", "That does not fit", "yes"),
    ],
)
async def test_what_is_not_understood_is_told_with_what_would_be(
    server: Server, line: str, heading: str, body: str
) -> None:
    card = await server.set(f"/daily {line}")
    assert card.heading.replace("\\", "") == heading
    assert body in card.body
    assert (await server.set("/daily")).heading == "No daily question here yet"


async def test_only_moderators_may_see_or_change_it(server: Server) -> None:
    for line in ("/daily", "/daily time:10"):
        refused = shown(await server.people.type(line, BOB, GROUP))
        assert refused.heading == "Only moderators can do that here."
    await server.set()
    for value in ("pause", "off", "skip", "test", "preview", "on", "resume", "nonsense"):
        refused = shown(await server.people.press(Press("daily", value=value), BOB, GROUP))
        assert refused.heading == "Only moderators can do that here."
    await server.until(at(3, 10))
    assert len(server.chat.posts) == 1


async def test_what_keeps_us_from_posting_is_told_when_it_is_set_up(server: Server) -> None:
    server.chat.lacking = "I lack rights in this channel: Send Messages."
    card = await server.set()
    assert (card.heading, card.body) == ("I can't post here yet", server.chat.lacking)
    assert (await server.set("/daily")).heading == "No daily question here yet"


async def test_a_preview_and_a_test_post_deal_nothing(server: Server) -> None:
    await server.set()
    preview = await server.press("Preview")
    assert preview.aside
    assert "What is one?" in preview.aside.heading
    assert (await server.press("Test post")).aside
    assert [card.heading for _, card, _ in server.chat.posts] == ["This is a test"]
    await server.until(at(3, 10))
    assert len(server.chat.posts) == 2


async def test_a_test_post_that_fails_says_why(server: Server) -> None:
    await server.set()

    def gone(room: Room) -> None:
        raise Gone("not enough rights")

    server.chat.fault = gone
    told = (await server.press("Test post")).aside
    assert told
    assert (told.heading, told.body) == ("I can't post here", "not enough rights")


async def test_the_next_post_can_be_skipped_and_the_one_after_it_comes(server: Server) -> None:
    await server.set()
    reply = await server.press("Skip next")
    assert reply.edit
    assert "- Tue 2026-03-03: skipped (a moderator skipped it)" in reply.edit.body
    await server.until(at(4, 8))
    assert server.chat.posts == []
    await server.until(at(4, 10))
    assert len(server.chat.posts) == 1


async def test_paused_nothing_comes_and_resumed_it_goes_on(server: Server) -> None:
    await server.set()
    paused = (await server.press("Pause")).edit
    assert paused
    assert "Nothing comes while it is paused." in paused.body
    await server.until(at(5, 12))
    assert server.chat.posts == []
    resumed = (await server.press("Resume")).edit
    assert resumed
    assert "- It goes on." in resumed.body
    await server.until(at(6, 10))
    assert len(server.chat.posts) == 1


async def test_off_it_is_gone_and_its_history_stays(server: Server) -> None:
    await server.set()
    await server.until(at(3, 10))
    off = (await server.press("Off")).edit
    assert off
    assert off.heading == "No daily question here yet"
    assert "- Tue 2026-03-03: sent" in off.body
    await server.until(at(6, 10))
    assert len(server.chat.posts) == 1
    await server.set()
    await server.until(at(7, 10))
    assert len(server.chat.posts) == 2


async def test_buttons_of_a_panel_whose_schedule_is_off_are_harmless(server: Server) -> None:
    for value in ("pause", "off", "skip", "test", "preview", "nonsense", ""):
        reply = await server.people.answer(Request(ADA, GROUP, Press("daily", value=value), rank=Rank.MODERATOR))
        assert shown(reply).tone is not Tone.TROUBLE


# Once a day


async def test_a_question_comes_every_day_at_its_time_spread_over_a_minute(server: Server) -> None:
    await server.set()
    room = await server.store.room(GROUP, server.clock())
    server.clock.time = at(3, 9) + timedelta(seconds=spread(room) - 1)
    await server.tick()
    assert server.chat.posts == []
    server.clock.advance(seconds=1)
    await server.tick()
    await server.tick()
    (room_, card, how), *others = server.chat.posts
    assert others == []
    assert room_ == GROUP
    assert card.body.startswith("**Question of the day**")
    assert how.key
    await server.until(at(10, 12))
    assert len(server.chat.posts) == 8


async def test_no_question_comes_twice_until_all_were_asked_and_priority_questions_come_first(server: Server) -> None:
    await server.set()
    await server.until(at(7, 12), timedelta(hours=1))
    headings = [card.heading for _, card, _ in server.chat.posts]
    assert len(set(headings)) == 5
    assert set(headings[:3]) == {"What is one?", "What is two?", "What is three?"}


async def test_weekdays_are_kept(server: Server) -> None:
    await server.set("/daily time:09:00 timezone:UTC weekdays:sat,sun")
    await server.until(at(16, 0), timedelta(hours=1))
    history = await server.store.schedules.history(await server.store.room(GROUP, server.clock()), 20)
    assert [post.day for post in history] == [date(2026, 3, day) for day in (15, 14, 8, 7)]


async def test_each_room_has_its_own_and_one_that_fails_delays_no_other(server: Server) -> None:
    rooms = [Room("test", f"group{number}", community=f"group{number}") for number in range(5)]
    for room in rooms:
        await server.set(where=room)

    def broken(room: Room) -> None:
        if room in rooms[:2]:
            raise RuntimeError("broken")

    server.chat.fault = broken
    await server.until(at(3, 9, 1), timedelta(minutes=1))
    assert {room.id for room, _, _ in server.chat.posts} == {room.id for room in rooms[2:]}


@pytest.mark.parametrize("step", ["claim", "deal", "post", "record"])
async def test_a_crash_at_any_step_never_posts_twice_and_what_is_lost_is_called_unknown(
    server: Server, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*given: object, **named: object) -> None:
        raise Killed

    await server.set()
    places = {
        "claim": (server.store.schedules, "claim"),
        "deal": (server.store, "deal"),
        "post": (server.chat, "post"),
        "record": (server.store.schedules, "record"),
    }
    server.clock.time = at(3, 9) + SETTLED
    with monkeypatch.context() as patched:
        patched.setattr(*places[step], kill)
        server.lane.begin = _begin_at_once  # type: ignore[method-assign]
        with pytest.raises(Killed):
            await server.look("post_due")
    server.start()
    await server.until(at(3, 12))
    await server.until(at(4, 12))
    posted = len(server.chat.posts)
    history = (await server.set("/daily")).body
    assert "- Wed 2026-03-04: sent" in history
    if step == "claim":  # nothing was claimed, so it came after all
        assert (posted, "- Tue 2026-03-03: sent" in history) == (2, True)
    else:
        assert posted == (2 if step == "record" else 1)
        assert "- Tue 2026-03-03: unknown" in history


async def _begin_at_once(platform: str, claiming: Awaitable[Awaitable[None] | None]) -> None:
    """Send without a task of its own, so that a kill reaches the test."""
    if claimed := await claiming:
        await claimed


async def test_a_claim_is_shown_as_unknown_as_soon_as_it_should_be_over(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = asyncio.Event()

    async def hang(*given: object) -> str:
        await never.wait()
        return ""

    await server.set()
    monkeypatch.setattr(server.chat, "post", hang)
    server.clock.time = at(3, 9) + SETTLED
    await server.look("post_due")
    server.clock.advance(minutes=2)
    assert "- Tue 2026-03-03: unknown" in (await server.set("/daily")).body
    for task in server.lane._on_their_way:
        task.cancel()


async def test_two_processes_post_once(bank: Bank, store: Store, clock: Clock) -> None:
    one, other = Server(bank, store, clock), Server(bank, store, clock)
    rooms = [Room("test", f"group{number}", community=f"group{number}") for number in range(10)]
    for room in rooms:
        await one.set(where=room)
    clock.time = at(3, 9) + SETTLED
    await asyncio.gather(*(server.look("post_due") for server in (one, other, one, other)))
    await asyncio.gather(one.lane.finish(), other.lane.finish())
    posted = [room.id for server in (one, other) for room, _, _ in server.chat.posts]
    assert sorted(posted) == sorted(room.id for room in rooms)


async def test_late_by_less_than_six_hours_it_comes_and_later_it_is_skipped_and_told(server: Server) -> None:
    await server.set()
    server.clock.time = at(3, 14)
    await server.tick()
    assert len(server.chat.posts) == 1
    server.clock.time = at(4, 16)
    await server.tick()
    assert len(server.chat.posts) == 1
    body = (await server.set("/daily")).body
    assert "- Wed 2026-03-04: skipped (we were away)" in body
    assert "- Tue 2026-03-03: sent" in body


async def test_after_a_month_away_it_goes_on_without_flooding_the_room(server: Server) -> None:
    await server.set()
    server.clock.time = datetime(2026, 4, 5, 12, tzinfo=UTC)
    await server.tick()
    await server.tick()
    assert len(server.chat.posts) == 1


async def test_the_last_minute_of_a_day_leaves_time_to_post_in_it(server: Server) -> None:
    await server.set("/daily time:23:59 timezone:UTC")
    await server.until(at(3, 0), timedelta(seconds=10))
    assert len(server.chat.posts) == 1


async def test_a_zone_that_is_an_offset_is_shown_as_it_was_said(server: Server) -> None:
    panel = await server.set("/daily time:09:00 timezone:UTC+2")
    assert "- timezone: **UTC+2**" in panel.body
    assert "- Tue 2026-03-03 09:00 UTC+2" in panel.body


# Changing time and zone


async def test_a_later_time_today_moves_todays_post_and_an_earlier_one_brings_it_now(server: Server) -> None:
    await server.set("/daily time:20:00 timezone:UTC")
    await server.set("/daily time:18:00")
    await server.until(at(2, 17, 50))
    assert server.chat.posts == []
    await server.set("/daily time:09:00")  # today's is still to come, and nine is over
    await server.until(at(2, 18, 1), timedelta(minutes=1))
    assert len(server.chat.posts) == 1
    await server.until(at(3, 9, 2), timedelta(minutes=30))
    assert len(server.chat.posts) == 2


async def test_after_todays_post_no_change_of_time_brings_a_second_one_today(server: Server) -> None:
    await server.set("/daily time:13:00 timezone:UTC")
    await server.until(at(2, 13, 10))
    for time in ("14:00", "23:00", "13:30"):
        await server.set(f"/daily time:{time}")
    await server.until(at(3, 0))
    assert len(server.chat.posts) == 1
    await server.until(at(3, 14))
    assert len(server.chat.posts) == 2


@pytest.mark.parametrize(
    ("zones", "moments"),
    [
        (("Asia/Tokyo", "America/Los_Angeles"), [at(3, 0), at(3, 17), at(4, 17)]),
        (("America/Los_Angeles", "Asia/Tokyo"), [at(2, 17), at(4, 0), at(5, 0)]),
        (("UTC", "Pacific/Kiritimati"), [at(3, 9), at(3, 19), at(4, 19)]),
    ],
)
async def test_a_change_of_zone_gives_no_local_day_two_posts_and_takes_none_away(
    server: Server, zones: tuple[str, str], moments: list[datetime]
) -> None:
    await server.set(f"/daily time:09:00 timezone:{zones[0]}")
    await server.until(moments[0] + SETTLED, timedelta(minutes=30))
    assert len(server.chat.posts) == 1
    server.clock.advance(minutes=30)
    await server.set(f"/daily timezone:{zones[1]}")
    for number, moment in enumerate(moments[1:], 2):
        await server.until(moment - timedelta(minutes=1), timedelta(minutes=30))
        assert len(server.chat.posts) == number - 1
        await server.until(moment + SETTLED, timedelta(minutes=1))
        assert len(server.chat.posts) == number


# Faults


async def test_an_unknown_outcome_is_recorded_and_not_sent_again(server: Server) -> None:
    await server.set()

    def lost(room: Room) -> None:
        raise Unknown("timed out")

    server.chat.fault = lost
    await server.until(at(3, 10))
    server.chat.fault = lambda room: None
    await server.until(at(3, 20))
    assert server.chat.posts == []
    assert "- Tue 2026-03-03: unknown (timed out)" in (await server.set("/daily")).body


async def test_a_known_failure_is_tried_again_while_it_is_in_time(server: Server) -> None:
    await server.set()

    def broken(room: Room) -> None:
        raise RuntimeError("no connection")

    server.chat.fault = broken
    await server.until(at(3, 9, 5), timedelta(minutes=1))
    assert "- Tue 2026-03-03: failed (RuntimeError)" in (await server.set("/daily")).body
    server.chat.fault = lambda room: None
    await server.until(at(3, 11))
    assert len(server.chat.posts) == 1
    assert "- Tue 2026-03-03: sent" in (await server.set("/daily")).body


async def test_a_known_failure_that_lasts_is_given_up_and_the_next_day_comes(server: Server) -> None:
    await server.set()

    def broken(room: Room) -> None:
        raise RuntimeError("no connection")

    server.chat.fault = broken
    await server.until(at(3, 23), timedelta(minutes=30))
    server.chat.fault = lambda room: None
    await server.until(at(4, 10))
    assert len(server.chat.posts) == 1


async def test_a_lost_room_is_told_once_to_who_set_it_and_comes_back_by_itself(server: Server) -> None:
    await server.set()

    def gone(room: Room) -> None:
        raise Gone("bot was kicked")

    server.chat.fault = gone
    await server.until(at(3, 10))
    await server.store.memory.room_gone(GROUP)
    server.chat.lacking = "I am not a member here."
    await server.until(at(5, 10), timedelta(hours=1))
    ((who, card),) = server.chat.told
    assert who == ADA
    assert card.heading == "I can't post the daily question"
    history = await server.store.schedules.history(await _room(server), 5)
    assert [(post.state, post.why) for post in history] == [
        ("skipped", "I am not a member here."),
        ("skipped", "I am not a member here."),
        ("failed", "bot was kicked"),
    ]
    server.chat.fault, server.chat.lacking = lambda room: None, ""
    await server.until(at(6, 10), timedelta(hours=1))
    assert len(server.chat.posts) == 1


async def _room(server: Server) -> str:
    rows = await server.store._database.fetch("SELECT id FROM room WHERE platform_id = 'group'")
    return str(rows[0]["id"])


async def test_a_group_that_moves_keeps_its_schedule(server: Server) -> None:
    await server.set()
    await server.store.memory.room_moved("test", "group", "supergroup")
    await server.until(at(3, 10))
    ((room, _, _),) = server.chat.posts
    assert (room.id, room.community) == ("supergroup", "supergroup")


async def test_nothing_is_claimed_while_the_platform_is_not_connected(server: Server) -> None:
    await server.set()
    server.chat.ready = False
    await server.until(at(3, 10))
    server.chat.ready = True
    await server.until(at(3, 10, 1))
    assert len(server.chat.posts) == 1


async def test_a_row_that_can_not_be_followed_keeps_no_other_room_waiting(server: Server) -> None:
    rooms = [Room("test", f"group{number}", community=f"group{number}") for number in range(4)]
    for room in rooms:
        await server.set(where=room)
    bad = await server.store.room(rooms[1], server.clock())
    await server.store._database.write(
        [Statement("UPDATE schedule SET timezone = 'Mars/Base' WHERE room = :room", {"room": bad})]
    )
    await server.until(at(3, 9, 1), timedelta(minutes=1))
    assert {room.id for room, _, _ in server.chat.posts} == {"group0", "group2", "group3"}


async def test_a_platform_that_fails_to_say_what_is_missing_is_tried(server: Server) -> None:
    async def broken(room: Room) -> str:
        raise RuntimeError("odd")

    await server.set()
    await server.store.memory.room_gone(GROUP)
    server.chat.missing = broken  # type: ignore[method-assign]
    await server.until(at(3, 10))
    assert len(server.chat.posts) == 1


async def test_two_moderators_at_once_both_keep_their_change(server: Server) -> None:
    await server.set()
    changes = ("reveal:20:00", "style:poll", "topic:contexts")
    await asyncio.gather(*(server.set(f"/daily {change}") for change in changes))
    body = (await server.set("/daily")).body
    for line in ("- reveal: **20:00**", "- style: **poll**", "- topic: **contexts**"):
        assert line in body
    assert "- topic: contexts → **everything**" in (await server.set("/daily topic:everything")).body


async def test_a_schedule_that_no_question_fits_is_refused(bank: Bank, store: Store, clock: Clock) -> None:
    server = Server(bank_of(question("flash", choices=0)), store, clock)
    assert (await server.set("/daily style:poll")).heading == "There is no such question"
    assert (await server.set("/daily")).heading == "No daily question here yet"


@pytest.mark.parametrize("both", [True, False])
async def test_a_group_that_moves_where_something_is_set_already_keeps_what_it_had(server: Server, both: bool) -> None:
    new = Room("test", "supergroup", community="supergroup")
    await server.set("/daily time:00:00 timezone:UTC", new)
    await server.until(at(3, 1))
    if both:
        await server.set("/daily time:10:00 timezone:UTC")
    else:
        await server.store.room(GROUP, server.clock())
    await server.store.memory.room_moved("test", "group", "supergroup")
    await server.until(at(4, 12))
    assert [room.id for room, _, _ in server.chat.posts] == ["supergroup"] * 2  # one a day, also on the day of the move
    assert f"- time: **{'10' if both else '00'}:00**" in (await server.set("/daily", new)).body


# Answers, and the answer


async def test_a_late_question_is_not_told_its_answer_at_once(server: Server) -> None:
    await server.set("/daily time:09:00 timezone:UTC reveal:10:00 weekdays:tue")
    server.clock.time = at(3, 12)
    await server.tick()
    await server.tick()
    assert len(server.chat.posts) == 1
    await server.until(at(4, 10, 1))
    assert server.chat.posts[-1][1].heading == "The answer of the day"


async def test_an_answer_that_could_not_be_told_is_tried_again(server: Server) -> None:
    await server.set("/daily time:09:00 timezone:UTC reveal:20:00")
    await server.until(at(3, 10))

    def broken(room: Room) -> None:
        raise RuntimeError("503")

    server.chat.fault = broken
    await server.until(at(3, 20))
    server.chat.fault = lambda room: None
    await server.until(at(3, 20, 10))
    assert server.chat.posts[-1][1].heading == "The answer of the day"
    assert len(server.chat.posts) == 2


async def test_a_post_says_how_many_have_answered_and_no_more_at_most_every_ten_seconds(server: Server) -> None:
    await server.set()
    server.clock.time = at(3, 9) + SETTLED
    await server.tick()
    ((_, card, _),) = server.chat.posts
    right, wrong = right_and_wrong(card)
    await server.people.press(right, ADA, GROUP)
    await server.people.press(wrong, BOB, GROUP)
    await server.people.press(right, BOB, GROUP)  # again
    await server.tick()
    ((message, edited),) = server.chat.edits
    assert message == "1"
    assert edited == replace(card, fields=(("Answered", "2"),))
    await server.people.press(right, Person("test", "cleo"), GROUP)
    await server.tick()
    assert len(server.chat.edits) == 1
    server.clock.advance(seconds=10)
    await server.tick()
    assert dict(server.chat.edits[-1][1].fields) == {"Answered": "3"}
    await server.people.press(right, Person("test", "dan"), GROUP)
    server.clock.advance(hours=2)
    await server.tick()
    assert len(server.chat.edits) == 3
    await server.people.press(right, Person("test", "eve"), GROUP)
    server.clock.advance(minutes=5)
    await server.tick()
    assert len(server.chat.edits) == 3  # an old message is hard to change


async def test_the_answer_is_told_in_a_new_message_with_who_was_first_and_what_all_chose(server: Server) -> None:
    await server.set("/daily time:09:00 timezone:UTC reveal:20:00 thread:yes")
    server.clock.time = at(3, 9) + SETTLED
    await server.tick()
    ((_, card, how),) = server.chat.posts
    assert how.thread == ""
    right, wrong = right_and_wrong(card)
    for who, pressed, name in ((BOB, wrong, "Bob"), (ADA, right, "*Ada*"), (Person("test", "cleo"), right, "Cleo")):
        await server.people.answer(Request(who, GROUP, pressed.press, name))
        server.clock.advance(minutes=1)
    await server.until(at(3, 19, 50))
    assert len(server.chat.posts) == 1
    await server.until(at(3, 20, 1))
    _, (room, told, opened) = server.chat.posts
    assert room == GROUP
    assert told.heading == "The answer of the day"
    assert f"Right is **{right.label}.** right of" in told.body
    assert "The answer to" in told.body
    assert "\\*Ada\\* was the first with the right answer." in told.body
    assert dict(told.fields) == {"Answered": "3"}
    assert told.picture
    assert "2 of 3" in told.picture.alt
    assert opened.thread == card.heading
    await server.until(at(3, 23))
    assert len(server.chat.posts) == 2


async def test_after_the_answer_was_told_nothing_counts_any_more(server: Server) -> None:
    await server.set("/daily time:09:00 timezone:UTC reveal:20:00")
    await server.until(at(3, 10))
    ((_, card, _),) = server.chat.posts
    server.clock.time = at(3, 20)
    assert shown(await server.people.press(card.buttons[0], BOB, GROUP)).heading == "This question is closed"


async def test_who_hides_is_not_named(server: Server) -> None:
    await server.set("/daily time:09:00 timezone:UTC reveal:20:00")
    await server.until(at(3, 10))
    ((_, card, _),) = server.chat.posts
    right, _ = right_and_wrong(card)
    await server.people.type("/settings hide:yes", BOB, HOME_OF_BOB)
    await server.people.answer(Request(BOB, GROUP, right.press, "Bob"))
    await server.until(at(3, 21))
    assert "first" not in server.chat.posts[-1][1].body


async def test_an_answer_that_nobody_gave_is_told_without_a_picture(server: Server) -> None:
    await server.set("/daily time:09:00 timezone:UTC reveal:20:00 topic:contexts")
    await server.until(at(3, 21))
    assert server.chat.posts[-1][1].heading == "The answer of the day"
    assert server.chat.posts[-1][1].picture is None


async def test_two_processes_tell_the_answer_once(bank: Bank, store: Store, clock: Clock) -> None:
    one, other = Server(bank, store, clock), Server(bank, store, clock)
    await one.set("/daily time:09:00 timezone:UTC reveal:20:00")
    await one.until(at(3, 10))
    clock.time = at(3, 20, 1)
    await asyncio.gather(*(server.look("reveal_due") for server in (one, other, one)))
    await asyncio.gather(one.lane.finish(), other.lane.finish())
    assert len(one.chat.posts) + len(other.chat.posts) == 2


async def test_an_answer_that_comes_much_too_late_is_not_told(server: Server) -> None:
    await server.set("/daily time:09:00 timezone:UTC reveal:20:00 weekdays:tue")
    await server.until(at(3, 10))
    server.clock.time = at(5, 12)
    await server.tick()
    assert len(server.chat.posts) == 1


# Reminders


async def test_a_learner_is_reminded_once_on_a_day_when_a_streak_would_end(server: Server) -> None:
    await server.people.type("/settings timezone:Asia/Tokyo reminder:20:00")
    card = shown(await server.people.type("/quiz"))
    await server.people.press(card.buttons[0])
    await server.until(at(3, 10, 59))
    assert server.chat.told == []
    await server.until(at(3, 11))  # eight in the evening in Tokyo
    ((who, told),) = server.chat.told
    assert who == ADA
    assert told.heading == "Your streak of 1 day ends tonight"
    await server.until(at(10, 12))
    assert len(server.chat.told) == 1  # it has ended


async def test_nobody_is_reminded_who_has_practised_or_has_nothing_to_lose(server: Server) -> None:
    await server.people.type("/settings reminder:20:00")
    await server.until(at(3, 21))
    card = shown(await server.people.type("/quiz"))
    await server.people.press(card.buttons[0])
    assert server.chat.told == []
    server.clock.time = at(4, 12)
    card = shown(await server.people.type("/quiz"))
    await server.people.press(card.buttons[0])
    await server.until(at(4, 23))
    assert server.chat.told == []


async def test_who_blocks_us_is_never_reminded_again(server: Server) -> None:
    await server.people.type("/settings reminder:20:00")
    card = shown(await server.people.type("/quiz"))
    await server.people.press(card.buttons[0])

    async def gone(who: Person, card: Card) -> None:
        raise Gone("blocked")

    server.chat.tell = gone  # type: ignore[method-assign]
    await server.until(at(3, 21))
    assert "You are not reminded" in shown(await server.people.type("/settings")).body


async def test_a_change_of_zone_brings_no_second_reminder_on_one_day(server: Server) -> None:
    await server.people.type("/settings timezone:UTC reminder:13:00")
    card = shown(await server.people.type("/quiz"))
    await server.people.press(card.buttons[0])
    await server.until(at(3, 13, 1))
    assert len(server.chat.told) == 1
    await server.people.type("/settings timezone:America/New_York")  # where it is eight in the morning
    await server.until(at(3, 23))
    assert len(server.chat.told) == 1


async def test_a_reminder_that_comes_after_midnight_is_let_go_and_todays_comes(server: Server) -> None:
    await server.people.type("/settings reminder:23:30")
    card = shown(await server.people.type("/quiz"))
    await server.people.press(card.buttons[0])
    server.clock.time = at(4, 0, 30)
    await server.tick()
    assert server.chat.told == []
    await server.people.type("/settings reminder:20:00")
    card = shown(await server.people.type("/quiz"))
    await server.people.press(card.buttons[0])
    server.clock.time = at(5, 20, 1)  # away since before yesterday's
    await server.tick()
    assert len(server.chat.told) == 1


async def test_reminders_follow_the_learner_to_another_zone_and_can_be_ended(server: Server) -> None:
    await server.people.type("/settings reminder:8pm")
    assert "**20:00**" in shown(await server.people.type("/settings")).body
    await server.people.type("/settings timezone:America/New_York")
    card = shown(await server.people.type("/quiz"))
    await server.people.press(card.buttons[0])
    await server.until(at(4, 0, 50))
    assert server.chat.told == []
    await server.until(at(4, 1))
    assert len(server.chat.told) == 1
    assert shown(await server.people.type("/settings reminder:off")).heading == "You are not reminded any more"
    refused = shown(await server.people.type("/settings reminder:soon"))
    assert refused.heading == "I don't understand the time “soon”"
