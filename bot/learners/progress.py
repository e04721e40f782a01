"""How far a learner is: days in a row, and what of the bank is done."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from bot.bank.bank import Bank
from bot.learners.streaks import MOST_FREEZES, REPAIR_ANSWERS, Streak, repairable, streak
from bot.learners.zones import Zones
from bot.messages import Button, Card, Press, Refusal, Reply, Request, Tone
from bot.store.store import Learner, Store
from bot.wording import count, say

HISTORY = 28  # days shown by /streak
FRESH = timedelta(days=7)  # after which a freeze is no news any more


class Progress:
    def __init__(self, bank: Bank, store: Store, zones: Zones, now: Callable[[], datetime]) -> None:
        self._bank = bank
        self._store = store
        self._zones = zones
        self._now = now

    async def streak(self, request: Request, learner: Learner, options: Mapping[str, str]) -> Reply:
        today = self._zones.day(learner, self._now())
        days = await self._store.practice_days(learner)
        points = await self._store.points(learner)
        found = streak(days.practised, today, days.repaired, days.skipped)
        mendable = repairable(days.practised, days.repaired, today, days.skipped)
        if found.today:
            parts = [say("You have practised today. See you tomorrow.")]
        elif found.current:
            parts = [say("Answer one question today to keep it.")]
        else:
            parts = [say("Answer one question today to begin.")]
        if (last := max(found.frozen, default=None)) and found.current and today - last <= FRESH:
            parts.append(say("A freeze kept your streak on {day}.", day=f"{last:%a %Y-%m-%d}"))
        if mendable:
            parts.append(
                say(
                    "It broke on {day}. Answer {number} questions in one day, and it can be repaired.",
                    day=f"{mendable:%a %Y-%m-%d}",
                    number=REPAIR_ANSWERS,
                )
            )
        parts.append(_freezes(found))
        heading = count("Your streak: {number} day", "Your streak: {number} days", found.current)
        fields = (
            (say("Best"), count("{number} day", "{number} days", found.best)),
            (say("Practised"), count("{number} day", "{number} days", found.days)),
            (say("Points"), str(points)),
        )
        card = Card(
            heading,
            "\n\n".join([*parts, _history(frozenset(days.practised), found.frozen | found.repaired, today)]),
            fields,
            (
                (
                    Button(say("Quiz me"), Press("call", value="quiz")),
                    *([Button(say("Repair it"), Press("repair"))] if mendable else ()),
                ),
            ),
            Tone.GOOD if found.today else Tone.PLAIN,
        )
        return Reply(new=card) if request.where.private else Reply(aside=card)

    async def repair(self, request: Request, learner: Learner, press: Press) -> Reply:
        """Repair a streak that has just broken, for who has answered enough today."""
        today = self._zones.day(learner, self._now())
        days = await self._store.practice_days(learner)
        mendable = repairable(days.practised, days.repaired, today, days.skipped)
        if not mendable:
            raise Refusal(
                say("There is nothing to repair"),
                say("One missed day can be repaired within two days, and one in thirty."),
            )
        midnight = datetime.combine(today, time(), self._zones.of(learner))
        answered = await self._store.answered_since(learner, midnight)
        if answered < REPAIR_ANSWERS:
            left = REPAIR_ANSWERS - answered
            heading = count("{number} more answer today, and it is repaired", "{number} more answers today", left)
            raise Refusal(heading, say("Then press *Repair it* again."))
        await self._store.keep_days(learner, [mendable], "repaired")
        card = (await self.streak(request, learner, {})).cards[0]
        told = replace(card, body=say("**Repaired.** Your streak goes on.") + "\n\n" + card.body)
        return Reply(edit=told) if request.where.private else Reply(aside=told)


def _freezes(found: Streak) -> str:
    """The freezes that are held, and the way to the next."""
    held = count("You hold {number} freeze", "You hold {number} freezes", found.held)
    if found.held == MOST_FREEZES:
        return say("{held}, which is as many as there can be. Each keeps a streak over a missed day.", held=held)
    days = count("{number} more day of practice", "{number} more days of practice", found.next_freeze)
    return say("{held}; {days} earn the next. Each keeps a streak over a missed day.", held=held, days=days)


def _history(days: frozenset[date], kept: frozenset[date], today: date) -> str:
    """The last weeks, a square a day, the weeks from Monday on; a day that a freeze or a repair kept has a star."""
    first = today - timedelta(HISTORY - 7 + today.weekday())
    shown = [first + timedelta(offset) for offset in range((today - first).days + 1)]
    squares = ["■" if day in days else "✱" if day in kept else "□" for day in shown]
    weeks = [" ".join(squares[start : start + 7]) for start in range(0, len(squares), 7)]
    return "```\n" + "\n".join(weeks) + "\n```"
