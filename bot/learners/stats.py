"""What a learner has done and what comes next, in numbers and pictures: accuracy, mastery, habits, reviews."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from statistics import median
from typing import TypeVar

from bot.bank.bank import Bank
from bot.charts import heat_map, heat_text, mastery_chart, mastery_text
from bot.learners.preparing import Preparation
from bot.learners.streaks import streak
from bot.learners.zones import Zones
from bot.messages import Button, Card, Picture, Press, Reply, Request
from bot.store.boards import Given
from bot.store.reviews import Known
from bot.store.store import Learner, Store
from bot.wording import count, say

KNOWN = 7.0  # days for which a question will be remembered, by its review state: then it counts as known
LATEST = 10_000  # answers that are looked at
HABIT = 10  # answers in some hours, until they tell anything
HOURS = 3  # of a day that are looked at together
LONGEST = 600  # seconds after which an answer was left lying, not thought about
AHEAD = 7  # days of reviews that are told after today
AT_ONCE = 2  # pictures that are drawn at the same time


T = TypeVar("T")


class Stats:
    def __init__(
        self, bank: Bank, store: Store, zones: Zones, preparation: Preparation, now: Callable[[], datetime]
    ) -> None:
        self._bank = bank
        self._store = store
        self._zones = zones
        self._preparation = preparation
        self._now = now
        self._drawing = asyncio.Semaphore(AT_ONCE)

    async def stats(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        """Answers and habits, with the heat map of a year."""
        given = await self._store.boards.given(learner.id, LATEST)
        zone = self._zones.of(learner)
        today = self._zones.day(learner, self._now())
        practised = await self._store.practice_days(learner)
        frozen = streak(practised.practised, today, practised.repaired, practised.skipped).frozen
        picture, habits, numbers = await self._draw(
            lambda: (_year(given, zone, today, frozen), _habits(given, zone), _numbers(given))
        )
        known = await self._known(learner)
        priority = [f"{topic.id}/{one.id}" for topic in self._bank.topics for one in topic.questions if one.priority]
        ready = say(
            "**{known} of {number}** priority questions known: those that you will remember for a week.",
            known=sum(name in known for name in priority),
            number=len(priority),
        )
        reviews = [one for one in await self._store.reviews.known(learner.id) if self._bank.entry(one.question)]
        parts = [ready, _forecast(reviews, zone, self._now()), await self._preparation.told(learner), *habits]
        rows = (
            (
                _button(say("Mastery"), "mastery"),
                Button(say("Review"), Press("call", value="review")),
                Button(say("Quiz me"), Press("call", value="quiz")),
            ),
        )
        card = Card(say("Your practice"), "\n\n".join(filter(None, parts)), numbers, rows, picture=picture)
        return Reply(new=card) if request.where.private else Reply(aside=card)

    async def pressed(self, request: Request, learner: Learner, press: Press) -> Reply:
        """Mastery by section."""
        answered = set(await self._store.boards.stabilities(learner.id))
        known = await self._known(learner)
        sections = []
        for topic in self._bank.topics:
            for section in topic.sections:
                names = {f"{topic.id}/{one.id}" for one in section.questions}
                knows, learns = len(names & known), len(names & answered)
                sections.append((section.title, knows, learns - knows, len(names) - learns))
        picture = await self._draw(lambda: replace(mastery_chart(sections), text=mastery_text(sections)))
        rows = ((Button(say("Quiz me"), Press("call", value="quiz")),),)
        card = Card(say("Your mastery by section"), "", rows=rows, picture=picture)
        return Reply(new=card) if request.where.private else Reply(aside=card)

    async def _known(self, learner: Learner) -> set[str]:
        stabilities = await self._store.boards.stabilities(learner.id)
        return {name for name, days in stabilities.items() if days >= KNOWN}

    async def _draw(self, draw: Callable[[], T]) -> T:
        """Beside the event loop, which many answers or a picture would hold up."""
        async with self._drawing:
            return await asyncio.to_thread(draw)


def _year(given: Sequence[Given], zone: tzinfo, today: date, frozen: frozenset[date]) -> Picture:
    days = Counter(one.answered.astimezone(zone).date() for one in given)
    return replace(heat_map(days, today, frozen), text=heat_text(days, today, frozen))


def _numbers(given: Sequence[Given]) -> tuple[tuple[str, str], ...]:
    chosen = [one for one in given if one.verdict in ("right", "wrong")]
    fields = [(say("Answered"), str(len(given))), (say("Questions"), str(len({one.question for one in given})))]
    if chosen:
        right = sum(one.verdict == "right" for one in chosen)
        fields.append((say("Right"), f"{100 * right // len(chosen)} %"))
    return tuple(fields)


def _forecast(reviews: Sequence[Known], zone: tzinfo, now: datetime) -> str:
    """What is to be reviewed today, and on each of the days ahead; empty before anything was answered."""
    today = now.astimezone(zone).date()
    by_itself = [one for one in reviews if not one.aside]
    days = Counter(max(today, one.due.astimezone(zone).date()) for one in by_itself)
    if not by_itself:
        return ""
    due = count("{number} review is due today", "{number} reviews are due today", days[today])
    if later := days[today] - sum(one.due <= now for one in by_itself):
        due = say("{due}, {later} of them later", due=due, later=later)
    ahead = [today + timedelta(offset) for offset in range(1, AHEAD + 1)]
    coming = [say("{day} {number}", day=f"{day:%a}", number=days[day]) for day in ahead if days[day]]
    if not coming:
        return say("{due}, and none in the seven days after.", due=due)
    return say("{due}. The next seven days bring {days}.", due=due, days=", ".join(coming))


def _habits(given: Sequence[Given], zone: tzinfo) -> list[str]:
    """How long answers take, and when they are best."""
    parts = []
    waits = [(one.answered - one.dealt).total_seconds() for one in given if one.private]
    if thought := [wait for wait in waits if wait <= LONGEST]:
        shown = count("{number} second", "{number} seconds", round(median(thought)))
        parts.append(say("Half of your answers take less than {time}.", time=shown))
    if best := _best_hours(given, zone):
        hour, share = best
        text = say(
            "You are best between {start}:00 and {end}:00: {share} % right.",
            start=hour,
            end=(hour + HOURS) % 24,
            share=share,
        )
        parts.append(text)
    return parts


def _best_hours(given: Sequence[Given], zone: tzinfo) -> tuple[int, int] | None:
    """The hours of the day with the largest share of right choices: the first of them, and the share in per cent."""
    right, all_ = Counter[int](), Counter[int]()
    for one in given:
        if one.verdict in ("right", "wrong"):
            hour = one.answered.astimezone(zone).hour
            for start in range(hour - HOURS + 1, hour + 1):
                all_[start % 24] += 1
                right[start % 24] += one.verdict == "right"
    shares = {start: 100 * right[start] // all_[start] for start in all_ if all_[start] >= HABIT}
    return max(shares.items(), key=lambda one: (one[1], all_[one[0]], -one[0])) if shares else None


def _button(label: str, value: str) -> Button:
    return Button(label, Press("stats", value=value))
