"""Streaks, derived from the days on which someone practised. Pure rules over local dates.

A day is the learner's local date when the answer was given, and is never computed again: travel and changes of time
zone or clock leave it as it was.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Streak:
    """`current` is the number of days in a row up to today, or up to yesterday while today is still open."""

    current: int
    best: int
    days: int
    today: bool


def streak(days: Iterable[date], today: date) -> Streak:
    """The streak of someone who practised on these days.

    Days after `today` count as well: whoever flies west may have practised on a date that has yet to begin here.
    """
    practised = set(days)
    best = max((_length(practised, day) for day in practised if day + _DAY not in practised), default=0)
    last = max(practised, default=None)
    current = _length(practised, last) if last and last >= today - _DAY else 0
    return Streak(current, best, len(practised), today in practised)


def _length(practised: set[date], last: date) -> int:
    """How many days in a row end with `last`."""
    length = 0
    while last - length * _DAY in practised:
        length += 1
    return length
