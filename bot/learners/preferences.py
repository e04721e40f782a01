"""What a learner has chosen: the time zone, a reminder, an interview, and whether others see their name."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.groups.schedule import next_due, read_time
from bot.learners.preparing import Preparation
from bot.learners.streaks import skipped_between
from bot.learners.zones import Zones, find_zone, nearest_zones, spoken
from bot.messages import Card, Refusal, Reply, Request, Tone, escape
from bot.store.schedules import Reminder
from bot.store.store import Learner, Store
from bot.wording import say

ZONE_STAYS = timedelta(days=1)  # until it can be changed again


class Preferences:
    def __init__(self, store: Store, zones: Zones, preparation: Preparation, now: Callable[[], datetime]) -> None:
        self._store = store
        self._zones = zones
        self._preparation = preparation
        self._now = now

    async def settings(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        done = []
        if "timezone" in options:
            done.append(await self._move(learner, options["timezone"]))
            learner = await self._store.learner(request.who, self._now())
        if "reminder" in options:
            done.append(await self._remind(request, learner, options["reminder"]))
        if "interview" in options or "topic" in options:
            done.append(await self._preparation.set(learner, options.get("interview", ""), options.get("topic", "")))
        if "hide" in options:
            done.append(await self._hide(learner, hidden=options["hide"] == "yes"))
        if done:
            first, *others = done
            body = "\n\n".join([first.body, *(f"**{card.heading}**\n\n{card.body}" for card in others)])
            return Reply(aside=replace(first, body=body))
        zone = self._zones.of(learner)
        body = say(
            "Your days begin at midnight in **{zone}**, where it is {time} now. "
            "Change it with `/settings timezone:Europe/Berlin`.",
            zone=spoken(zone.key),
            time=f"{self._now().astimezone(zone):%H:%M}",
        )
        at = await self._store.schedules.reminder(learner.id)
        reminded = (
            say("You are reminded at **{time}** when your streak ends that day.", time=at)
            if at
            else say("You are not reminded when your streak ends; `/settings reminder:20:00` changes that.")
        )
        named = say("Others don't see your name.") if learner.hidden else say("Others see your name on boards.")
        prepared = await self._preparation.told(learner) or say(
            "No interview is counted down to; `/settings interview:2026-12-15` changes that."
        )
        return Reply(aside=Card(say("Your settings"), "\n\n".join([body, reminded, prepared, named])))

    async def _remind(self, request: Request, learner: Learner, written: str) -> Card:
        """One private message on days when the streak would end."""
        if written.casefold() in ("off", "no", "never", "none"):
            await self._store.schedules.remind_no_more(learner.id)
            return Card(say("You are not reminded any more"), tone=Tone.GOOD)
        at = read_time(written)
        if not at:
            raise Refusal(say("I don't understand the time “{words}”", words=escape(written[:40])), say("Try `20:00`."))
        zone = self._zones.of(learner)
        reminder = Reminder(learner.id, request.who, f"{at:%H:%M}", next_due(self._now(), at, zone))
        await self._store.schedules.remind(reminder)
        body = say("In {zone}, on days when you have not practised and have a streak to lose.", zone=spoken(zone.key))
        return Card(say("You are reminded at {time}", time=reminder.at), body, tone=Tone.GOOD)

    async def _hide(self, learner: Learner, *, hidden: bool) -> Card:
        await self._store.boards.show(learner.id, shown=not hidden)
        heading = say("Others don't see your name") if hidden else say("Others see your name")
        return Card(heading, say("On boards, and beside what you did first."), tone=Tone.GOOD)

    async def _move(self, learner: Learner, words: str) -> Card:
        found = find_zone(words)
        if not found:
            near = ", ".join(f"`{name}`" for name in nearest_zones(words))
            body = say("Did you mean {names}?", names=near) if near else say("A name looks like `Europe/Berlin`.")
            raise Refusal(say("I know no time zone “{words}”", words=escape(words[:40])), body)
        before, now = self._zones.of(learner).key, self._now()
        changed = await self._store.zone_changed(learner)
        if changed and now - changed < ZONE_STAYS and found != before:
            raise Refusal(
                say("You changed your time zone less than a day ago"),
                say(
                    "It can be changed once a day, so that no day counts twice. It is {zone} now.", zone=spoken(before)
                ),
            )
        left_out = skipped_between(self._zones.day(learner, now), now.astimezone(ZoneInfo(found)).date())
        since = changed if changed and found == before else now  # to name it again is no change
        await self._store.set_timezone(learner, found, since)
        await self._store.keep_days(learner, left_out, "skipped")
        if at := await self._store.schedules.reminder(learner.id):
            today = now.astimezone(ZoneInfo(found)).date()  # which may have had its reminder already
            following = next_due(now, time.fromisoformat(at), ZoneInfo(found), last=today)
            await self._store.schedules.move_reminder(learner.id, following)
        zone = self._zones.of(Learner(learner.id, found))
        body = say(
            "Before, it was {before}. It is {time} there now. The days that you have practised stay as they were.",
            before=spoken(before),
            time=f"{now.astimezone(zone):%H:%M}",
        )
        return Card(say("Your time zone is {zone}", zone=spoken(found)), body, tone=Tone.GOOD)
