"""The question that is due in a room is claimed, sent and recorded: once per local day, or visibly not at all."""

import logging
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.bank.bank import Entry, Filters
from bot.groups.losing import Losses
from bot.groups.schedule import day_of, in_time, next_due, reveal_after, spread
from bot.lane import LEASE, PAGE, Lane, failure
from bot.messages import Card
from bot.platforms import Posting
from bot.practice import cards
from bot.practice.dealing import Dealer
from bot.store.database import StoreError
from bot.store.schedules import Post, Schedule
from bot.store.store import Deal, Learner, Store, new_id
from bot.wording import say

logger = logging.getLogger(__name__)

CATCH_UP = timedelta(days=7)  # of days that were missed, so many are told
LATE = timedelta(minutes=1)  # after which a post that leaves counts as late


class Posts:
    """The questions of the day."""

    def __init__(self, store: Store, dealer: Dealer, lane: Lane, losses: Losses, now: Callable[[], datetime]) -> None:
        self._schedules = store.schedules
        self._dealer = dealer
        self._lane = lane
        self._losses = losses
        self._now = now
        self._looked_over: dict[str, datetime] = {}  # when claims without an outcome were last looked for

    async def post_due(self, platform: str) -> None:
        """Post what is due on a platform, and what failed before and may be tried again."""
        if not self._lane.serves(platform):
            return
        now = self._now()
        if now - self._looked_over.get(platform, datetime.min.replace(tzinfo=UTC)) >= LEASE / 3:
            self._looked_over[platform] = now
            await self._schedules.give_up(platform, now - LEASE)
        while due := await self._schedules.due(platform, self._now(), PAGE):
            for schedule in due:
                try:
                    await self._lane.begin(platform, self._claimed(schedule))
                except StoreError:
                    raise  # the next tick comes in a second
                except Exception:
                    logger.exception("the schedule of a room can't be followed; it is looked at again in a day")
                    await self._schedules.put_off(schedule, self._now() + timedelta(days=1))
        for post in await self._schedules.failed(platform, self._now(), PAGE):
            await self._lane.begin(platform, self._claimed_again(post))

    async def caught_up(self, room: str, platform: str) -> Schedule | None:
        """What is set, once nothing is due any more: a change would lose what the tick has not come to yet."""
        while (known := await self._schedules.schedule(room)) and self._lane.serves(platform):
            if not known.next_due or known.next_due > self._now():
                break
            await self._lane.begin(platform, self._claimed(known))
        return known

    async def skip(self, schedule: Schedule, why: str) -> bool:
        """Leave out the next question; whether nobody was faster."""
        now = self._now()
        post = replace(_post(schedule, now), state="skipped", why=why, reveal_at=None)
        return await self._schedules.claim(schedule, post, _following(schedule, now), now)

    async def _claimed(self, schedule: Schedule) -> Coroutine[Any, Any, None] | None:
        """Claim what is due; what sends it, if there is something to send."""
        now = self._now()
        post = _post(schedule, now)
        why = ""
        if not in_time(post.due, now, schedule.zone):
            why = say("we were away")
            self._lane.tally.count("skipped", schedule.room.platform)
        elif schedule.gone:
            why = await self._losses.still(schedule)
        if why:
            post = replace(post, state="skipped", why=why, reveal_at=None)
        claimed = await self._schedules.claim(schedule, post, _following(schedule, now), now)
        return self._send(schedule, post) if claimed and not why else None

    async def _claimed_again(self, post: Post) -> Coroutine[Any, Any, None] | None:
        now = self._now()
        schedule = await self._schedules.schedule(post.room)
        same = schedule and schedule.next_due and schedule.timezone == post.timezone  # else the day has another name
        if not schedule or not same or not in_time(post.due, now, ZoneInfo(post.timezone)):
            await self._schedules.record(replace(post, retry_at=None))
            return None
        again = replace(_post(schedule, now), day=post.day, timezone=post.timezone, due=post.due)
        if schedule.reveal:
            reveal = reveal_after(now, time.fromisoformat(schedule.reveal), ZoneInfo(post.timezone))
            again = replace(again, reveal_at=reveal)
        return self._send(schedule, again) if await self._schedules.claim_again(post, again.receipt, now) else None

    async def _send(self, schedule: Schedule, post: Post) -> None:
        """Send a claimed post, and record what became of it."""
        lost = ""
        try:
            post = await self._sent(schedule, post)
        except Exception as error:
            state, why, retry_at, gone = failure(error, post.due, self._now())
            post = replace(post, state=state, why=why, retry_at=retry_at, reveal_at=None)
            lost = why if gone else ""
        try:
            await self._schedules.record(post)
            if lost:
                await self._losses.lost(schedule, lost)
        except StoreError:
            logger.exception("what became of a post could not be recorded; it will be called unknown")

    async def _sent(self, schedule: Schedule, post: Post) -> Post:
        cause = f"daily:{post.room}/{post.day}/{post.timezone}"
        filters, learner = filters_of(schedule), Learner(schedule.learner)
        deal = await self._dealer.deal(schedule.room, learner, filters, self._now(), cause, post.reveal_at)
        entry = self._dealer.asked(deal) if deal else None
        if not deal or not entry:
            return replace(post, state="failed", why=say("there is no such question"), reveal_at=None)
        card = post_card(schedule, deal, entry)
        discuss = entry.question.question if schedule.thread and not post.reveal_at else ""
        message = await self._lane.post(schedule.room, card, Posting(deal.id, schedule.ping, discuss))
        if self._now() - post.due > LATE:
            self._lane.tally.count("late", schedule.room.platform)
        await self._losses.arrived(schedule)
        return replace(post, state="sent", deal=deal.id, message=message)


def post_card(schedule: Schedule, deal: Deal, entry: Entry, answered: int = 0) -> Card:
    """The question of the day as everyone sees it, with how many have answered."""
    card = cards.question_card(deal, entry, private=schedule.room.private, poll=schedule.style == "poll")
    card = replace(card, body=say("**Question of the day**") + "\n\n" + card.body)
    return cards.with_field(card, say("Answered"), str(answered)) if answered else card


def filters_of(schedule: Schedule) -> Filters:
    """Which questions it may be."""
    filters = Filters.unpack(schedule.filters)
    return replace(filters, mode="choice") if schedule.style == "poll" else filters


def spread_of(schedule: Schedule) -> timedelta:
    """So that not all rooms are due in the same second. In the last minute of a day, there is less time for it."""
    seconds = spread(schedule.id)
    return timedelta(seconds=seconds // 2 if schedule.at == "23:59" else seconds)


def _post(schedule: Schedule, now: datetime) -> Post:
    """The post that is due, as it is claimed."""
    zone, due = schedule.zone, schedule.due
    asked = max(due, now)  # a late question is not told its answer at once
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


def _following(schedule: Schedule, now: datetime) -> datetime:
    """When the post after the one that is due is due."""
    zone, due = schedule.zone, schedule.due
    at, last = time.fromisoformat(schedule.at), day_of(due, zone)
    following = next_due(max(due, now - CATCH_UP), at, zone, schedule.weekdays, last)
    return following + spread_of(schedule)
