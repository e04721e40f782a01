"""A question every day in rooms whose moderators asked for one: what they set, see, try, skip and end."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time

from bot.bank.bank import Bank, Filters, Place
from bot.groups.digest import digest_due
from bot.groups.panel import changes, panel_card
from bot.groups.posting import Posts, filters_of, spread_of
from bot.groups.schedule import EVERY_DAY, day_of, next_due, read_time, read_weekdays
from bot.lane import PAGE, Lane
from bot.learners.zones import Zones, find_zone, nearest_zones
from bot.messages import Card, Press, Refusal, Reply, Request, Room, escape
from bot.platforms import Gone, Posting, Unknown
from bot.practice import cards
from bot.practice.dealing import Dealer
from bot.store.schedules import Schedule
from bot.store.store import Deal, Learner, Store
from bot.wording import say

logger = logging.getLogger(__name__)

DEFAULT_TIME = "09:00"
HISTORY = 7


class Daily:
    def __init__(
        self,
        bank: Bank,
        store: Store,
        dealer: Dealer,
        zones: Zones,
        lane: Lane,
        posts: Posts,
        now: Callable[[], datetime],
    ) -> None:
        self._bank = bank
        self._store = store
        self._schedules = store.schedules
        self._dealer = dealer
        self._zones = zones
        self._lane = lane
        self._posts = posts
        self._now = now

    async def daily(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        """Show what is set, or change it."""
        room = await self._store.room(request.where, self._now())
        known = await self._schedules.schedule(room)
        if not options:
            return Reply(new=await self._panel(room, known))
        if not known and options.keys() == {"digest"}:
            raise Refusal(say("A digest goes with a daily question"), say("Set both: `/daily time:09:00 digest:yes`."))
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
                await self._keep(known, replace(known, next_due=None, digest_due=None))
                told = say("Paused. Nothing comes until you resume it.")
                return Reply(edit=await self._panel(room, await self._schedules.schedule(room), told))
            case "off":
                await self._schedules.remove(room)
                return Reply(edit=await self._panel(room, None, say("It is off. What was posted stays.")))
        raise Refusal(say("That button is too old, or not one of mine"), say("`/daily` shows what is set."))

    async def _change(self, request: Request, learner: Learner, room: str, options: Mapping[str, str]) -> Card:
        """Change what is set, and show the panel with what was before."""
        if missing := await self._lane.missing(request.where):
            raise Refusal(say("I can't post here yet"), missing)
        for _ in range(3):  # a post may be claimed, or another moderator be faster, between reading and writing
            known = await self._posts.caught_up(room, request.where.platform)
            before = known or self._unset(request, learner, room)
            after = self._wanted(before, options)
            if not len(self._bank.pool(filters_of(after))):
                raise Refusal(say("There is no such question"), say("Choose another topic, or `style:buttons`."))
            now = self._now()
            after = replace(after, next_due=await self._due(known, after, now), person=request.who.id, told=False)
            last = await self._schedules.digests.last(room)
            after = replace(after, digest_due=digest_due(known, after, last, self._zones.default, now))
            if await self._schedules.set(known, after):
                return await self._panel(room, after, changes(before if known else None, after))
        raise Refusal(say("Somebody else changed it at this moment"), say("`/daily` shows what is set."))

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
                case "digest":
                    if written == "yes" and not schedule.room.community:
                        raise Refusal(say("There is no digest here"), say("Digests are for servers and groups."))
                    changed["digest"] = written == "yes"
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
        return due + spread_of(after)

    async def _skip(self, schedule: Schedule) -> None:
        if not schedule.next_due:
            raise Refusal(say("It is paused, so there is nothing to skip."))
        if not await self._posts.skip(schedule, say("a moderator skipped it")):
            raise Refusal(say("It was posted at this moment"), say("`/daily` shows what comes next."))

    async def _keep(self, before: Schedule, after: Schedule) -> None:
        if not await self._schedules.set(before, after):
            raise Refusal(say("Somebody else changed it at this moment"), say("`/daily` shows what is set."))

    def _preview(self, schedule: Schedule) -> Card:
        pool = self._bank.pool(filters_of(schedule))
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
        if where.platform not in self._lane.platforms:
            raise Refusal(say("I can't post here from this process."))
        card = Card(say("This is a test"), say("The daily question will appear here."))
        try:
            await self._lane.post(where, card, Posting())
        except Gone as error:
            raise Refusal(say("I can't post here"), escape(str(error))) from error
        except (Unknown, TimeoutError) as error:
            raise Refusal(say("The test may not have arrived"), escape(str(error))) from error
        except Exception as error:
            logger.exception("a test could not be posted")
            raise Refusal(say("I can't post here just now"), escape(type(error).__name__)) from error
        return Card(say("The test was posted."))

    async def _panel(self, room: str, schedule: Schedule | None, changed: str = "") -> Card:
        history, digest = await self._schedules.history(room, HISTORY), await self._schedules.digests.last(room)
        return panel_card(schedule, history, digest, self._now(), changed)


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
