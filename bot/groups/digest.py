"""A digest of the week in rooms that want one: once, when the week is over, and not at all after a quiet one."""

import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.bank.bank import Bank
from bot.groups.leaderboard import board_line
from bot.groups.losing import Losses
from bot.groups.posting import spread_of
from bot.groups.schedule import monday_of, next_digest
from bot.lane import LEASE, PAGE, Lane, failure
from bot.learners.scoring import buckets
from bot.learners.zones import Zones
from bot.messages import Button, Card, Press
from bot.platforms import Posting
from bot.store.boards import Community, Standing
from bot.store.database import StoreError
from bot.store.digests import Answered, Asked, Digest
from bot.store.schedules import Schedule
from bot.store.store import Store, id_of, new_id
from bot.wording import count, say

logger = logging.getLogger(__name__)

LATE = timedelta(days=1)  # how long after its moment a digest is still worth posting
PLACES = 5  # of the board
ENOUGH = 3  # who chose an answer, for a question to be called hard

_WEEK = timedelta(weeks=1)


class _Week(NamedTuple):
    """What there is to tell of a week."""

    monday: date
    answered: Answered
    best: Sequence[Standing]
    asked: Sequence[Asked]


class Digests:
    def __init__(
        self, bank: Bank, store: Store, zones: Zones, lane: Lane, losses: Losses, now: Callable[[], datetime]
    ) -> None:
        self._bank = bank
        self._boards = store.boards
        self._schedules = store.schedules
        self._digests = store.schedules.digests
        self._calendar = zones.default  # of boards
        self._lane = lane
        self._losses = losses
        self._now = now
        self._looked_over: dict[str, datetime] = {}  # when claims without an outcome were last looked for

    async def digest_due(self, platform: str) -> None:
        """Post the digests that are due on a platform, and those that failed before and may be tried again."""
        if not self._lane.serves(platform):
            return
        now = self._now()
        if now - self._looked_over.get(platform, datetime.min.replace(tzinfo=UTC)) >= LEASE / 3:
            self._looked_over[platform] = now
            await self._digests.give_up(platform, now - LEASE)
        while due := await self._schedules.digests_due(platform, self._now(), PAGE):
            for schedule in due:
                try:
                    await self._lane.begin(platform, self._claimed(schedule))
                except StoreError:
                    raise  # the next tick comes in a second
                except Exception:
                    logger.exception("a room can't get its digest; it is looked at again in a day")
                    await self._schedules.put_off_digest(schedule, self._now() + timedelta(days=1))
        for digest in await self._digests.failed(platform, self._now(), PAGE):
            await self._lane.begin(platform, self._claimed_again(digest))

    async def _claimed(self, schedule: Schedule) -> Coroutine[Any, Any, None] | None:
        """Claim what is due; what sends it, if there is something to send."""
        now, due = self._now(), schedule.digest_due
        assert due  # noqa: S101 - it was found by it
        why = ""
        if now - due > LATE:
            why = say("we were away")
        elif schedule.gone:
            why = await self._losses.still(schedule)
        state = "skipped" if why else "claimed"
        digest = Digest(schedule.id, _told_of(due, self._calendar), new_id(11), state, why, due)
        following = _next(max(due, now - LATE), schedule, self._calendar)
        claimed = await self._digests.claim(digest, schedule.receipt, following, now)
        return self._send(schedule, digest) if claimed and not why else None

    async def _claimed_again(self, digest: Digest) -> Coroutine[Any, Any, None] | None:
        now = self._now()
        schedule = await self._schedules.schedule(digest.room)
        if not schedule or not schedule.digest_due or now - digest.due > LATE:
            await self._digests.record(replace(digest, retry_at=None))
            return None
        again = replace(digest, receipt=new_id(11), state="claimed", why="", retry_at=None)
        claimed = await self._digests.claim_again(digest, again.receipt, now)
        return self._send(schedule, again) if claimed else None

    async def _send(self, schedule: Schedule, digest: Digest) -> None:
        """Send a claimed digest, if there is something to tell, and record what became of it."""
        lost = ""
        try:
            digest = await self._sent(schedule, digest)
        except Exception as error:
            state, why, retry_at, gone = failure(error, digest.due, self._now())
            digest = replace(digest, state=state, why=why, retry_at=retry_at)
            lost = why if gone else ""
        try:
            await self._digests.record(digest)
            if lost:
                await self._losses.lost(schedule, lost)
        except StoreError:
            logger.exception("what became of a digest could not be recorded; it will be called unknown")

    async def _sent(self, schedule: Schedule, digest: Digest) -> Digest:
        told = await self._week(schedule, digest.week)
        if not told.answered.answers and not told.best:
            return replace(digest, state="skipped", why=say("nobody answered"))
        key = id_of(f"digest:{digest.room}/{digest.week}", 11)
        await self._lane.post(schedule.room, _card(told, self._bank), Posting(key))
        await self._losses.arrived(schedule)
        return replace(digest, state="sent")

    async def _week(self, schedule: Schedule, monday: date) -> _Week:
        community = Community(schedule.room.platform, schedule.room.community)
        days = (monday - _WEEK, monday, monday + _WEEK)
        before, start, end = (datetime.combine(day, time(), self._calendar) for day in days)
        answered = await self._digests.answered(community, before, start, end)
        best = await self._boards.standings(community, buckets(monday)[2], 0, PLACES)
        return _Week(monday, answered, best, await self._digests.asked(schedule.id, monday))


def digest_due(
    before: Schedule | None, after: Schedule, last: Digest | None, calendar: ZoneInfo, now: datetime
) -> datetime | None:
    """When the next digest is due after a change. A week that had its digest gets no other, and none is lost by it."""
    if not after.digest:
        return None
    due = _next(now, after, calendar)
    while last and _told_of(due, calendar) <= last.week:
        due = _next(due, after, calendar)
    waiting = before.digest_due if before else None
    if waiting and _told_of(waiting, calendar) < _told_of(due, calendar):
        return min(waiting, now)  # it is still to come, and its new time is over already
    return due


def _next(after: datetime, schedule: Schedule, calendar: ZoneInfo) -> datetime:
    return next_digest(after, time.fromisoformat(schedule.at), schedule.zone, calendar) + spread_of(schedule)


def _told_of(due: datetime, calendar: ZoneInfo) -> date:
    """The Monday of the week that a digest tells of."""
    return monday_of(due, calendar) - _WEEK


def _card(week: _Week, bank: Bank) -> Card:
    board = "  \n".join(board_line(one) for one in week.best)
    days = f"*{week.monday} – {week.monday + timedelta(days=6)}*"
    parts = [days, _compared(week.answered), board, _hardest(week.asked, bank)]
    buttons = (
        Button(say("Leaderboard"), Press("call", value="leaderboard")),
        Button(say("Quiz me"), Press("call", value="quiz")),
    )
    return Card(say("Last week here"), "\n\n".join(part for part in parts if part), rows=(buttons,))


def _compared(answered: Answered) -> str:
    """How much was answered, and whether it was more than in the week before."""
    if not answered.answers:
        return ""
    given = count("{number} answer", "{number} answers", answered.answers)
    who = count("{number} person gave {answers}", "{number} people gave {answers}", answered.people, answers=given)
    more = answered.answers - answered.before
    if not answered.before:
        compared = say("after a week without any")
    elif more > 0:
        compared = count("{number} more than the week before", "{number} more than the week before", more)
    elif more < 0:
        compared = count("{number} fewer than the week before", "{number} fewer than the week before", -more)
    else:
        compared = say("as many as the week before")
    return f"{who}, {compared}."


def _hardest(asked: Sequence[Asked], bank: Bank) -> str:
    """The question of the day with the smallest share of right answers, if it was not right for all."""
    hard = [one for one in asked if one.chosen >= ENOUGH and one.right < one.chosen and bank.entry(one.question)]
    if not hard:
        return ""
    hardest = min(hard, key=lambda one: one.right / one.chosen)
    entry = bank.entry(hardest.question)
    assert entry  # noqa: S101 - it was looked for
    right = say("{right} of {number} chose the right answer.", right=hardest.right, number=hardest.chosen)
    return say("**Hardest question of the day:** {question}", question=entry.question.question) + f"  \n{right}"
