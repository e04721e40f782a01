"""A question every day in rooms that asked for one: once per local day, or visibly not at all.

Rows say what is due, and a tick looks for them. A post is claimed, then sent, then recorded: a crash in between loses
at most that one, which is then called unknown, and nothing is ever sent twice.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.bank.bank import Bank, Entry, Filters, Place
from bot.charts import answers_chart
from bot.groups.panel import changes, panel_card
from bot.groups.schedule import (
    EVERY_DAY,
    day_of,
    in_time,
    next_due,
    read_time,
    read_weekdays,
    reveal_after,
    spread,
)
from bot.learners.streaks import Streak, streak
from bot.learners.zones import Zones, find_zone, nearest_zones
from bot.messages import Button, Card, Person, Press, Refusal, Reply, Request, Room, escape
from bot.platforms import Gone, Platform, Posting, Unknown
from bot.practice import cards
from bot.practice.dealing import Dealer
from bot.store.database import StoreError
from bot.store.schedules import Post, Reminder, Schedule
from bot.store.store import Deal, Learner, Store, new_id
from bot.wording import count, say

logger = logging.getLogger(__name__)

DEFAULT_TIME = "09:00"
PAGE = 100  # rows that are looked for at once
AT_ONCE = 32  # posts of a platform that are on their way; more would only wait for the platform's limits
SLOT_TIME = 5.0  # seconds after which a post that is still on its way lets another one begin
SEND_TIME = 120.0  # seconds for a post
LEASE = timedelta(seconds=180)  # after which a claim without an outcome is unknown
RETRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))  # after failures that may pass, in turn
CATCH_UP = timedelta(days=7)  # of days that were missed, so many are told
REVEAL_LATE = timedelta(hours=6)
REMIND_LATE = timedelta(hours=3)
COUNT_EVERY = timedelta(seconds=10)  # between two edits of a post
COUNT_LATER = timedelta(minutes=10)  # when the post is older than an hour: Discord limits edits of such
HISTORY = 7


class Daily:
    def __init__(self, bank: Bank, store: Store, dealer: Dealer, zones: Zones, now: Callable[[], datetime]) -> None:
        self.platforms: dict[str, Platform] = {}  # those that this process serves
        self._bank = bank
        self._store = store
        self._schedules = store.schedules
        self._dealer = dealer
        self._zones = zones
        self._now = now
        self._gates: dict[str, asyncio.Semaphore] = {}
        self._on_their_way: set[asyncio.Task[None]] = set()
        self._answered: set[str] = set()  # deals with answers since their post was last edited
        self._looked_over: dict[str, datetime] = {}  # when claims without an outcome were last looked for
        self._edited: dict[str, datetime] = {}

    # The panel

    async def daily(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        """Show what is set, or change it."""
        room = await self._store.room(request.where, self._now())
        known = await self._schedules.schedule(room)
        if not options:
            return Reply(new=await self._panel(room, known))
        return Reply(new=await self._change(request, learner, room, options))

    async def pressed(self, request: Request, learner: Learner, press: Press) -> Reply:
        room = await self._store.room(request.where, self._now())
        known = await self._schedules.schedule(room)
        if press.value == "on" or (known and press.value == "resume"):
            return Reply(edit=await self._change(request, learner, room, {}))
        if not known:
            return Reply(edit=await self._panel(room, None))
        match press.value:
            case "preview":
                return Reply(aside=self._preview(known))
            case "test":
                return Reply(aside=await self._test(request.where))
            case "skip":
                await self._skip(known)
                return Reply(edit=await self._panel(room, await self._schedules.schedule(room)))
            case "pause":
                await self._keep(known, replace(known, next_due=None))
                told = say("Paused. Nothing comes until you resume it.")
                return Reply(edit=await self._panel(room, await self._schedules.schedule(room), told))
            case "off":
                await self._schedules.remove(room)
                return Reply(edit=await self._panel(room, None, say("It is off. What was posted stays.")))
        raise Refusal(say("That button is too old, or not one of mine"), say("`/daily` shows what is set."))

    async def _change(self, request: Request, learner: Learner, room: str, options: Mapping[str, str]) -> Card:
        """Change what is set, and show the panel with what was before."""
        if missing := await self._missing(request.where):
            raise Refusal(say("I can't post here yet"), missing)
        for _ in range(3):  # a post may be claimed, or another moderator be faster, between reading and writing
            known = await self._caught_up(room, request.where.platform)
            before = known or self._unset(request, learner, room)
            after = self._wanted(before, options)
            if not len(self._bank.pool(_filters(after))):
                raise Refusal(say("There is no such question"), say("Choose another topic, or `style:buttons`."))
            now = self._now()
            after = replace(after, next_due=await self._due(known, after, now), person=request.who.id, told=False)
            if await self._schedules.set(known, after):
                return await self._panel(room, after, changes(before if known else None, after))
        raise Refusal(say("Somebody else changed it at this moment"), say("`/daily` shows what is set."))

    async def _caught_up(self, room: str, platform: str) -> Schedule | None:
        """What is set, once nothing is due any more: a change would lose what the tick has not come to yet."""
        while (known := await self._schedules.schedule(room)) and self._serves(platform):
            if not known.next_due or known.next_due > self._now():
                break
            await self._begin(platform, self._claimed(known))
        return known

    def _unset(self, request: Request, learner: Learner, room: str) -> Schedule:
        zone = self._zones.of(learner).key
        return Schedule(
            room, request.where, DEFAULT_TIME, zone, EVERY_DAY, Filters().pack(), "", "buttons", False, "",
            learner.id, request.who.id, False, False, None,
        )  # fmt: skip

    def _wanted(self, schedule: Schedule, options: Mapping[str, str]) -> Schedule:
        """The schedule with what was asked for. Raises Refusal, with what would be understood."""
        changed: dict[str, object] = {}
        for name, written in options.items():
            match name:
                case "time":
                    changed["at"] = _time(written)
                case "reveal":
                    changed["reveal"] = "" if written.casefold() in ("no", "off", "none", "never") else _time(written)
                case "timezone":
                    changed["timezone"] = _zone(written)
                case "weekdays":
                    if not (days := read_weekdays(written)):
                        heading = say("I don't understand the weekdays “{words}”", words=escape(written[:40]))
                        raise Refusal(heading, say("Try `mon-fri`, `sat,sun` or `daily`."))
                    changed["weekdays"] = days
                case "topic":
                    every = written.casefold() in ("everything", "all", "any")
                    place = Place("") if every else self._bank.place(written)
                    if not place:
                        near = ", ".join(f"`{one}`" for one in self._bank.nearest(written))
                        heading = say("I know no topic “{topic}”", topic=escape(written[:40]))
                        raise Refusal(heading, say("Did you mean {names}?", names=near))
                    changed["filters"] = Filters(place.topic, place.section).pack()
                case "style":
                    changed["style"] = written
                case "thread":
                    changed["thread"] = written == "yes"
                case "ping":
                    changed["ping"] = "" if written.casefold() in ("no", "off", "none", "nobody") else written
        return replace(schedule, **changed)  # type: ignore[arg-type]

    async def _due(self, before: Schedule | None, after: Schedule, now: datetime) -> datetime:
        """When the next post is due. A day that had its post gets no other, and today's is not lost by a change."""
        zone, at = after.zone, time.fromisoformat(after.at)
        had = {day_of(post.due, zone) for post in await self._schedules.history(after.id, PAGE)}  # or will be skipped
        due = next_due(now, at, zone, after.weekdays)
        while (day := day_of(due, zone)) in had:
            due = next_due(due, at, zone, after.weekdays, day)
        today = day_of(now, zone)
        waiting = before and before.next_due and day_of(before.next_due, zone) == today and today not in had
        if waiting and str(today.isoweekday()) in after.weekdays and day > today:
            return now  # today's is still to come, and its new time is over already
        return due + _spread(after)

    async def _skip(self, schedule: Schedule) -> None:
        if not schedule.next_due:
            raise Refusal(say("It is paused, so there is nothing to skip."))
        now = self._now()
        post = replace(self._post(schedule), state="skipped", why=say("a moderator skipped it"), reveal_at=None)
        if not await self._schedules.claim(schedule, post, self._following(schedule, now), now):
            raise Refusal(say("It was posted at this moment"), say("`/daily` shows what comes next."))

    async def _keep(self, before: Schedule, after: Schedule) -> None:
        if not await self._schedules.set(before, after):
            raise Refusal(say("Somebody else changed it at this moment"), say("`/daily` shows what is set."))

    def _preview(self, schedule: Schedule) -> Card:
        pool = self._bank.pool(_filters(schedule))
        entry = self._bank.entry(next(iter(pool.priority + pool.others), ""))
        if not entry:
            raise Refusal(say("There is no such question"), say("Choose another topic: `/daily topic:`."))
        deal = Deal("", "", 0, "", entry.name, "flash", "", "", self._now())
        if entry.question.choices:
            deal = replace(deal, mode="choice", choices=self._dealer.shuffled(entry))
        card = cards.question_card(deal, entry, private=False)
        return Card(card.heading, say("So it will look, with buttons to answer by:") + "\n\n" + card.body)

    async def _test(self, where: Room) -> Card:
        """Post something that is no question, so that a moderator sees that it arrives."""
        platform = self.platforms.get(where.platform)
        if not platform:
            raise Refusal(say("I can't post here from this process."))
        try:
            await platform.post(where, Card(say("This is a test"), say("The daily question will appear here.")))
        except Gone as error:
            raise Refusal(say("I can't post here"), escape(str(error))) from error
        except Unknown as error:
            raise Refusal(say("The test may not have arrived"), escape(str(error))) from error
        except Exception as error:
            logger.exception("daily: a test could not be posted")
            raise Refusal(say("I can't post here just now"), escape(type(error).__name__)) from error
        return Card(say("The test was posted."))

    async def _missing(self, where: Room) -> str:
        platform = self.platforms.get(where.platform)
        try:
            return await platform.missing(where) if platform else ""
        except Exception:
            logger.exception("daily: what we lack in a room could not be found out")
            return ""

    async def _panel(self, room: str, schedule: Schedule | None, changed: str = "") -> Card:
        return panel_card(schedule, await self._schedules.history(room, HISTORY), self._now(), changed)

    # What is due

    async def post_due(self, platform: str) -> None:
        """Post what is due on a platform, and what failed before and may be tried again."""
        if not self._serves(platform):
            return
        now = self._now()
        if now - self._looked_over.get(platform, datetime.min.replace(tzinfo=UTC)) >= LEASE / 3:
            self._looked_over[platform] = now
            await self._schedules.give_up(platform, now - LEASE)
        while due := await self._schedules.due(platform, self._now(), PAGE):
            for schedule in due:
                try:
                    await self._begin(platform, self._claimed(schedule))
                except StoreError:
                    raise  # the next tick comes in a second
                except Exception:
                    logger.exception("daily: the schedule of a room can't be followed; it is looked at again in a day")
                    await self._schedules.put_off(schedule, self._now() + timedelta(days=1))
        for post in await self._schedules.failed(platform, self._now(), PAGE):
            await self._begin(platform, self._claimed_again(post))

    def _serves(self, platform: str) -> bool:
        return platform in self.platforms and self.platforms[platform].ready

    async def _begin(self, platform: str, claiming: Awaitable[Coroutine[Any, Any, None] | None]) -> None:
        """Claim something, and do what is then to be done beside the others, as soon as there is a slot."""
        gate = self._gates.setdefault(platform, asyncio.Semaphore(AT_ONCE))
        await gate.acquire()
        try:
            claimed = await claiming
        except BaseException:
            gate.release()
            raise
        if not claimed:
            gate.release()
            return
        task = asyncio.ensure_future(claimed)
        self._on_their_way.add(task)
        freed = asyncio.get_running_loop().call_later(SLOT_TIME, gate.release)

        def done(task: asyncio.Task[None]) -> None:
            self._on_their_way.discard(task)
            if not freed.cancelled() and freed.when() > asyncio.get_running_loop().time():
                freed.cancel()
                gate.release()

        task.add_done_callback(done)

    async def finish(self) -> None:
        """Wait for what is on its way."""
        while self._on_their_way:
            await asyncio.wait(self._on_their_way)

    async def _claimed(self, schedule: Schedule) -> Coroutine[Any, Any, None] | None:
        """Claim the post that is due; how to send it, if there is something to send."""
        now = self._now()
        post = self._post(schedule)
        if not in_time(post.due, now, schedule.zone):
            post = replace(post, state="skipped", why=say("we were away"), reveal_at=None)
        elif schedule.gone:
            if why := await self._missing(schedule.room):
                post = replace(post, state="skipped", why=why, reveal_at=None)
            else:
                await self._store.room_back(schedule.room)
        claimed = await self._schedules.claim(schedule, post, self._following(schedule, now), now)
        return self._send(schedule, post) if claimed and post.state == "claimed" else None

    async def _claimed_again(self, post: Post) -> Coroutine[Any, Any, None] | None:
        now = self._now()
        schedule = await self._schedules.schedule(post.room)
        same = schedule and schedule.next_due and schedule.timezone == post.timezone  # else the day has another name
        if not schedule or not same or not in_time(post.due, now, ZoneInfo(post.timezone)):
            await self._schedules.record(replace(post, retry_at=None))
            return None
        again = replace(self._post(schedule), day=post.day, timezone=post.timezone, due=post.due)
        if schedule.reveal:
            reveal = reveal_after(now, time.fromisoformat(schedule.reveal), ZoneInfo(post.timezone))
            again = replace(again, reveal_at=reveal)
        return self._send(schedule, again) if await self._schedules.claim_again(post, again.receipt, now) else None

    def _post(self, schedule: Schedule) -> Post:
        """The post that is due, as it is claimed."""
        zone, due = schedule.zone, schedule.due
        asked = max(due, self._now())  # a late question is not told its answer at once
        reveal = reveal_after(asked, time.fromisoformat(schedule.reveal), zone) if schedule.reveal else None
        return Post(
            schedule.id,
            schedule.room,
            day_of(due, zone),
            zone.key,
            new_id(11),
            "claimed",
            "",
            due,
            reveal_at=reveal,
        )

    def _following(self, schedule: Schedule, now: datetime) -> datetime:
        """When the post after the one that is due is due."""
        zone, due = schedule.zone, schedule.due
        at, last = time.fromisoformat(schedule.at), day_of(due, zone)
        following = next_due(max(due, now - CATCH_UP), at, zone, schedule.weekdays, last)
        return following + _spread(schedule)

    async def _send(self, schedule: Schedule, post: Post) -> None:
        """Send a claimed post, and record what became of it."""
        lost = ""
        try:
            post = await self._sent(schedule, post)
        except Gone as error:
            post, lost = replace(post, state="failed", why=str(error), reveal_at=None), str(error)
        except (Unknown, TimeoutError) as error:
            logger.warning("daily: what became of a post is unknown: %s", error or "it took too long")
            post = replace(post, state="unknown", why=str(error), reveal_at=None)
        except Exception as error:
            logger.exception("daily: a post failed")
            wait = next((wait for wait in RETRIES if post.due + wait > self._now()), RETRIES[-1])
            retry = self._now() + wait
            post = replace(post, state="failed", why=type(error).__name__, retry_at=retry, reveal_at=None)
        try:
            await self._schedules.record(post)
            if lost:
                await self._store.room_gone(schedule.room)
                await self._tell_of_loss(schedule, lost)
        except StoreError:
            logger.exception("daily: what became of a post could not be recorded; it will be called unknown")

    async def _sent(self, schedule: Schedule, post: Post) -> Post:
        filters = _filters(schedule)
        learner = Learner(schedule.learner)
        cause = f"daily:{post.room}/{post.day}/{post.timezone}"
        deal = await self._dealer.deal(schedule.room, learner, filters, self._now(), cause, post.reveal_at)
        entry = self._bank.entry(deal.question) if deal else None
        if not deal or not entry:
            return replace(post, state="failed", why=say("there is no such question"), reveal_at=None)
        card = self._card(schedule, deal, entry, answered=0)
        discuss = entry.question.question if schedule.thread and not post.reveal_at else ""
        async with asyncio.timeout(SEND_TIME):
            platform = self.platforms[schedule.room.platform]
            message = await platform.post(schedule.room, card, Posting(deal.id, schedule.ping, discuss))
        if schedule.told:
            with suppress(StoreError):
                await self._schedules.told(schedule.id, told=False)
        return replace(post, state="sent", deal=deal.id, message=message)

    def _card(self, schedule: Schedule, deal: Deal, entry: Entry, answered: int) -> Card:
        card = cards.question_card(deal, entry, private=schedule.room.private, poll=schedule.style == "poll")
        card = replace(card, body=say("**Question of the day**") + "\n\n" + card.body)
        return cards.with_field(card, say("Answered"), str(answered)) if answered else card

    async def _tell_of_loss(self, schedule: Schedule, why: str) -> None:
        """Tell who set it, once, that their room is lost. It is tried again when the room is there again."""
        if schedule.told:
            return
        await self._schedules.told(schedule.id, told=True)
        body = say("{why}. I go on by myself when I may post there again.", why=escape(why.rstrip(".")))
        try:
            who = Person(schedule.room.platform, schedule.person)
            await self.platforms[who.platform].tell(who, Card(say("I can't post the daily question"), body))
        except (Gone, Unknown) as error:
            logger.info("daily: nobody could be told of a lost room: %s", error)
        except Exception:
            logger.exception("daily: nobody could be told of a lost room")

    # Answers, and the answer

    def answered(self, deal: Deal) -> None:
        """Somebody has answered a deal, in a shared room: its post may say so."""
        self._answered.add(deal.id)

    async def count_answers(self, platform: str) -> None:
        """Say on posts how many have answered, never what."""
        if not self._serves(platform):
            return
        now = self._now()
        for deal in tuple(self._answered):
            post = await self._schedules.post_of(deal)
            if post and post.where.platform != platform:
                continue
            self._answered.discard(deal)
            if not post or post.state != "sent":
                continue
            wait = COUNT_EVERY if now - post.due < timedelta(hours=1) else COUNT_LATER
            if deal in self._edited and now - self._edited[deal] < wait:
                self._answered.add(deal)
                continue
            await self._say_answered(platform, post, now)

    async def _say_answered(self, platform: str, post: Post, now: datetime) -> None:
        schedule = await self._schedules.schedule(post.room)
        dealt = await self._store.dealt(post.deal, Learner(""))
        entry = self._bank.entry(dealt.deal.question) if dealt else None
        if not schedule or not dealt or not entry or schedule.style == "poll":
            return  # a poll says it by itself
        number = sum((await self._schedules.answers(post.deal)).values())
        if not await self._schedules.say_answered(post, number):
            return
        self._edited = {deal: when for deal, when in self._edited.items() if now - when < COUNT_LATER}
        self._edited[post.deal] = now
        card = self._card(schedule, dealt.deal, entry, number)
        try:
            async with asyncio.timeout(SEND_TIME):
                await self.platforms[platform].edit(post.where, post.message, card, Posting(ping=schedule.ping))
        except Gone:
            logger.info("daily: a post is no longer there to say how many have answered")
        except Exception:
            logger.exception("daily: a post could not be made to say how many have answered")

    async def reveal_due(self, platform: str) -> None:
        """Tell the answers that are to be told by now."""
        if not self._serves(platform):
            return
        for post in await self._schedules.to_reveal(platform, self._now(), PAGE):
            await self._begin(platform, self._claimed_reveal(platform, post))

    async def _claimed_reveal(self, platform: str, post: Post) -> Coroutine[Any, Any, None] | None:
        claimed = await self._schedules.claim_reveal(post, self._now())
        return self._reveal(platform, post) if claimed else None

    async def _reveal(self, platform: str, post: Post) -> None:
        """Tell the answer, and record what became of that."""
        again = None
        try:
            state = await self._revealed(platform, post)
        except Gone:
            state = "failed"
        except (Unknown, TimeoutError):
            state = "unknown"
        except Exception:
            logger.exception("daily: an answer could not be told")
            tries = self._now() - post.due < timedelta(days=1)
            state, again = ("", self._now() + RETRIES[0]) if tries else ("failed", None)
        try:
            await self._schedules.record_reveal(post, state, again)
        except StoreError:
            logger.exception("daily: what became of a reveal could not be recorded; it will be called unknown")

    async def _revealed(self, platform: str, post: Post) -> str:
        """Post the answer; what became of it."""
        schedule = await self._schedules.schedule(post.room)
        dealt = await self._store.dealt(post.deal, Learner(""))
        entry = self._bank.entry(dealt.deal.question) if dealt else None
        late = not post.reveal_at or self._now() - post.reveal_at > REVEAL_LATE
        if not dealt or not entry or late:
            return "skipped"
        card = await self._reveal_card(dealt.deal, entry)
        thread = entry.question.question if schedule and schedule.thread else ""
        async with asyncio.timeout(SEND_TIME):
            await self.platforms[platform].post(post.where, card, Posting(f"reveal{post.deal}", thread=thread))
        return "sent"

    async def _reveal_card(self, deal: Deal, entry: Entry) -> Card:
        counts = await self._schedules.answers(deal.id)
        number = sum(counts.values())
        parts = [f"**{entry.question.question}**"]
        picture = None
        if entry.question.choices and deal.choices:
            letters = dict(zip(deal.choices, cards.LETTERS, strict=False))
            right = entry.question.choices.right
            parts.append(say("Right is {choice}", choice=f"**{letters['0']}.** {right}"))
            if number:
                shares = [(letters[value], counts.get(value, 0), value == "0") for value in deal.choices]
                picture = answers_chart(shares)
        parts.append(say("**Said in 30 seconds:**") + "\n\n" + entry.question.answer)
        if first := await self._schedules.first_right(deal.id):
            parts.append(say("{name} was the first with the right answer.", name=escape(first)))
        parts.append(say("What would you have said? Discuss it here."))
        fields = ((say("Answered"), str(number)),)
        return Card(say("The answer of the day"), "\n\n".join(parts), fields, picture=picture)

    # Reminders

    async def remind_due(self, platform: str) -> None:
        """Tell learners whose streak ends today, once, if they asked for it."""
        if not self._serves(platform):
            return
        for reminder, timezone in await self._schedules.reminders_due(platform, self._now(), PAGE):
            zone = self._zones.of(Learner(reminder.learner, timezone))
            await self._begin(platform, self._claimed_reminder(platform, reminder, zone))

    async def _claimed_reminder(
        self, platform: str, reminder: Reminder, zone: ZoneInfo
    ) -> Coroutine[Any, Any, None] | None:
        now, at = self._now(), time.fromisoformat(reminder.at)
        due = next_due(now - timedelta(days=1), at, zone)  # after downtime, the last one that was due
        due = due if due <= now else reminder.next_due
        days = await self._store.practice_days(Learner(reminder.learner))
        if not await self._schedules.claim_reminder(reminder, next_due(max(now, due), at, zone)):
            return None
        found = streak(days.practised, day_of(now, zone), days.repaired, days.skipped)
        in_day = day_of(due, zone) == day_of(now, zone) and now - due <= REMIND_LATE
        return self._remind(platform, reminder, found) if in_day and found.current and not found.today else None

    async def _remind(self, platform: str, reminder: Reminder, found: Streak) -> None:
        length = found.current
        heading = (
            count(
                "A freeze goes for your streak of {number} day",
                "A freeze goes for your streak of {number} days",
                length,
            )
            if found.held
            else count("Your streak of {number} day ends tonight", "Your streak of {number} days ends tonight", length)
        )
        button = Button(say("Quiz me"), Press("call", value="quiz"))
        body = say("One answer keeps it. `/settings reminder:off` ends these messages.")
        try:
            async with asyncio.timeout(SEND_TIME):
                await self.platforms[platform].tell(reminder.who, Card(heading, body, rows=((button,),)))
        except Gone:
            await self._schedules.remind_no_more(reminder.learner)
        except (Unknown, TimeoutError):
            logger.warning("daily: a reminder may not have arrived")
        except Exception:
            logger.exception("daily: a reminder could not be sent")


def _filters(schedule: Schedule) -> Filters:
    filters = Filters.unpack(schedule.filters)
    return replace(filters, mode="choice") if schedule.style == "poll" else filters


def _spread(schedule: Schedule) -> timedelta:
    """So that not all rooms are due in the same second. In the last minute of a day, there is less time for it."""
    seconds = spread(schedule.id)
    return timedelta(seconds=seconds // 2 if schedule.at == "23:59" else seconds)


def _time(written: str) -> str:
    found = read_time(written)
    if not found:
        raise Refusal(say("I don't understand the time “{words}”", words=escape(written[:40])), say("Try `09:00`."))
    return f"{found:%H:%M}"


def _zone(written: str) -> str:
    if found := find_zone(written):
        return found
    near = ", ".join(f"`{name}`" for name in nearest_zones(written))
    body = say("Did you mean {names}?", names=near) if near else say("A name looks like `Europe/Berlin`.")
    raise Refusal(say("I know no time zone “{words}”", words=escape(written[:40])), body)
