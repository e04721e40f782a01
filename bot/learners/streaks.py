"""Streaks, derived from the days on which someone practised. Pure rules over local dates.

A day is the learner's local date when the answer was given, and is never computed again: travel and changes of time
zone or clock leave it as it was.

1. A streak is as long as the days practised in it. A day counts once, however often and in whatever order it is told;
   days after today count too, for whoever flies west may have practised on a date that has yet to begin here.
2. A day is missed once it is over without practice. Today is not over, nor is a later day.
3. Seven practised days earn a freeze, in a row or not, in one streak or several. At most two are held; while two are,
   no days are counted towards a third: the next seven begin when one is used.
4. Freezes are used by themselves for the days missed since the last practice. All of these are covered, or none: when
   more are missed than freezes are held the streak has ended, and what the first days had taken is given back.
   Freezes outlast a streak that ends.
5. A streak that ended because exactly one missed day was not covered can be repaired while that day, the last of those
   missed, is yesterday or the day before. Of any 30 days at most one is repaired.
6. A frozen or repaired day keeps the streak and does not lengthen it. So does a skipped one: a date that the learner
   never lived, having moved to a zone that is more than a day ahead.

To practise today never shortens a streak, in whichever zone today is. A day of long ago that is told only now (two
accounts become one) may: a freeze is then used earlier, for a streak that it lengthens, and is not there later.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

FREEZE_DAYS = 7  # practised days that earn a freeze
MOST_FREEZES = 2
REPAIR_ANSWERS = 5  # questions answered in one day that repair a streak
REPAIR_WITHIN = 2  # days after the missed one
REPAIR_APART = 30  # days from one repaired day to the next

_MANY = MOST_FREEZES + 2  # missed days, more of which make no difference: too many for every freeze and a repair


@dataclass(frozen=True, slots=True)
class Streak:
    """`current` is the number of days practised in the streak that runs; it runs while today is still open."""

    current: int
    best: int
    days: int
    today: bool
    held: int  # freezes left
    next_freeze: int  # days to practise until the next is earned; while two are held, from when one is used
    frozen: frozenset[date]  # every day that a freeze covers, of this streak and earlier ones
    repaired: frozenset[date]


def streak(days: Iterable[date], today: date, repaired: Iterable[date] = (), skipped: Iterable[date] = ()) -> Streak:
    """The streak of someone who practised on these days."""
    practised = _ordinals(days)
    mended = set(_ordinals(repaired)).difference(practised)
    current = best = 0
    saved = 0  # practised days that are not used up: FREEZE_DAYS of them are a freeze
    frozen: list[int] = []
    for missed, length in _runs(practised, today.toordinal(), mended.union(_ordinals(skipped))):
        if len(missed) <= saved // FREEZE_DAYS:
            saved -= len(missed) * FREEZE_DAYS
            frozen += missed
        else:
            current = 0
        current += length
        best = max(best, current)
        saved = min(saved + length, MOST_FREEZES * FREEZE_DAYS)
    return Streak(
        current,
        best,
        len(practised),
        today.toordinal() in practised,
        held=saved // FREEZE_DAYS,
        next_freeze=FREEZE_DAYS - saved % FREEZE_DAYS,
        frozen=frozenset(map(date.fromordinal, frozen)),
        repaired=frozenset(map(date.fromordinal, mended)),
    )


def repairable(
    days: Iterable[date], repaired: Iterable[date], today: date, skipped: Iterable[date] = ()
) -> date | None:
    """The missed day that can be repaired now, whether or not today has been practised already."""
    mended = set(repaired)
    kept = {*_ordinals(mended), *_ordinals(skipped)}
    saved = 0
    for missed, length in _runs(_ordinals(days), today.toordinal(), kept):
        held = saved // FREEZE_DAYS
        if len(missed) == held + 1:
            last = date.fromordinal(missed[-1])
            recent = (today - last).days <= REPAIR_WITHIN
            if recent and all(abs(last - other) >= timedelta(REPAIR_APART) for other in mended):
                return last
        elif len(missed) <= held:
            saved -= len(missed) * FREEZE_DAYS
        saved = min(saved + length, MOST_FREEZES * FREEZE_DAYS)
    return None


def skipped_between(before: date, after: date) -> list[date]:
    """The dates that nobody lives for whom it was one date, and by another zone is the other in the same moment."""
    return [date.fromordinal(day) for day in range(before.toordinal() + 1, after.toordinal())]


def _ordinals(days: Iterable[date]) -> dict[int, None]:
    return dict.fromkeys(day.toordinal() for day in days)


def _runs(practised: Iterable[int], today: int, kept: set[int]) -> Iterator[tuple[list[int], int]]:
    """For each run of days: those missed just before it, and how many were practised; at last those missed up to now.

    Of a longer absence only the first days are told, _MANY or a few more.
    """
    ordered = sorted(practised)  # in linear time where days come in order, either way, as they do from the store
    if not ordered:
        return
    missed: list[int] = []
    length, last = 0, ordered[0] - 1
    kept = {day for day in kept.difference(ordered) if day > last}
    for day in sorted(kept.union(ordered)) if kept else ordered:
        if day - last > 1:
            if length:
                yield missed, length
                missed, length = [], 0
            missed += range(last + 1, min(day, today, last + 1 + _MANY))
        if day not in kept:
            length += 1
        last = day
    if length:
        yield missed, length
        missed = []
    yield [*missed, *range(last + 1, min(today, last + 1 + _MANY))], 0
