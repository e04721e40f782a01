"""Learners whose streak ends today are told so, once, at the time that they asked for."""

import logging
from collections.abc import Callable, Coroutine
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.groups.schedule import day_of, next_due
from bot.lane import PAGE, Lane
from bot.learners.streaks import Streak, streak
from bot.learners.zones import Zones
from bot.messages import Button, Card, Press
from bot.platforms import Gone, Unknown
from bot.store.schedules import Reminder
from bot.store.store import Learner, Store
from bot.wording import count, say

logger = logging.getLogger(__name__)

REMIND_LATE = timedelta(hours=3)


class Reminders:
    def __init__(self, store: Store, zones: Zones, lane: Lane, now: Callable[[], datetime]) -> None:
        self._store = store
        self._schedules = store.schedules
        self._zones = zones
        self._lane = lane
        self._now = now

    async def remind_due(self, platform: str) -> None:
        """Send the reminders that are due, to those who still have a streak to lose."""
        if not self._lane.serves(platform):
            return
        for reminder, timezone in await self._schedules.reminders_due(platform, self._now(), PAGE):
            zone = self._zones.of(Learner(reminder.learner, timezone))
            await self._lane.begin(platform, self._claimed(reminder, zone))

    async def _claimed(self, reminder: Reminder, zone: ZoneInfo) -> Coroutine[Any, Any, None] | None:
        now, at = self._now(), time.fromisoformat(reminder.at)
        due = next_due(now - timedelta(days=1), at, zone)  # after downtime, the last one that was due
        due = due if due <= now else reminder.next_due
        days = await self._store.practice_days(Learner(reminder.learner))
        if not await self._schedules.claim_reminder(reminder, next_due(max(now, due), at, zone)):
            return None
        found = streak(days.practised, day_of(now, zone), days.repaired, days.skipped)
        in_day = day_of(due, zone) == day_of(now, zone) and now - due <= REMIND_LATE
        return self._remind(reminder, found) if in_day and found.current and not found.today else None

    async def _remind(self, reminder: Reminder, found: Streak) -> None:
        try:
            await self._lane.tell(reminder.who, _card(found))
        except Gone:
            await self._schedules.remind_no_more(reminder.learner)
        except (Unknown, TimeoutError):
            logger.warning("a reminder may not have arrived")
        except Exception:
            logger.exception("a reminder could not be sent")


def _card(found: Streak) -> Card:
    length = found.current
    if found.held:
        heading = count(
            "A freeze goes for your streak of {number} day", "A freeze goes for your streak of {number} days", length
        )
    else:
        heading = count("Your streak of {number} day ends tonight", "Your streak of {number} days ends tonight", length)
    button = Button(say("Quiz me"), Press("call", value="quiz"))
    body = say("One answer keeps it. `/settings reminder:off` ends these messages.")
    return Card(heading, body, rows=((button,),))
