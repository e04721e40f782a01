"""The days until an interview: which questions today takes, so that each is seen twice before the day. Pure rules.

1. The looks that are missing are spread evenly over the days that are left, today too: today's share is their part of
   what was missing this morning, rounded up. Whoever falls behind finds more in each day that is left.
2. A day takes no question twice, unless too few days are left for what the question needs.
3. What can't wait comes first; then what is due for review; then what was seen least; then in the order of the bank.

So whoever answers the plan each day, right or wrong, has seen every question twice before the day.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

LOOKS = 2  # at each question


@dataclass(frozen=True, slots=True)
class Plan:
    """`today` is what is still to be answered today; on the day before the interview a question may come twice."""

    days: int  # that are left, today too; 0 on the day itself
    today: tuple[str, ...]
    behind: int  # looks that are missing, beyond an even pace
    seen: int  # questions that were seen often enough
    number: int  # of all questions


def plan(
    looks: Mapping[str, int],
    looks_today: Mapping[str, int],
    due: Collection[str],
    today: date,
    day: date,
    began: date,
    needed: int,
) -> Plan:
    """What today takes.

    Args:
        looks: how often each question was seen so far, today's looks too; in the order of the bank
        looks_today: how often today, of those that were
        due: the questions that are due for review
        began: when the interview was set, with so many looks `needed` on that day
    """
    days = (day - today).days
    missing = {name: max(0, LOOKS - seen) for name, seen in looks.items()}
    left = sum(missing.values())
    seen = sum(not number for number in missing.values())
    if days <= 0:
        return Plan(0, (), 0, seen, len(looks))
    morning = sum(max(0, LOOKS - seen + looks_today.get(name, 0)) for name, seen in looks.items())
    share = -(-morning // days) - (morning - left)
    later = days - 1  # days that may each take a question once
    urgent = [name for name, number in missing.items() if number > later]
    others = [name for name, number in missing.items() if 0 < number <= later and not looks_today.get(name)]
    others.sort(key=lambda name: (name not in due, looks[name]))
    once = (urgent + others)[: max(share, len(urgent))]
    twice = [name for name in urgent if missing[name] > later + 1]
    pace = -(-needed * days // max(days, (day - began).days))
    return Plan(days, (*once, *twice), max(0, left - pace), seen, len(looks))


def missing_looks(looks: Mapping[str, int]) -> int:
    """How many looks at these questions are missing, by how often each was seen."""
    return sum(max(0, LOOKS - seen) for seen in looks.values())


_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_YEAR = r"(?:,? ?(?P<year>[0-9]{4}))?"
_DATES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})",
        r"(?P<day>[0-9]{1,2})\. ?(?P<month>[0-9]{1,2})(?:\. ?(?P<year>[0-9]{4})?)?",
        rf"(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th|\.)?[ -]?(?:of )?(?P<name>[a-z]{{3,9}})\.?{_YEAR}",
        rf"(?P<name>[a-z]{{3,9}})\.? ?(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?{_YEAR}",
    )
)
_WAIT = re.compile(r"in (?P<number>[0-9]{1,3}|a|one) (?P<unit>day|week)s?")


def read_day(written: str, today: date) -> date | None:
    """The date that was meant by `2026-12-15`, `15 Dec`, `15.12.` or `in 3 weeks`; None when it can't be told.

    Without a year it is the next such date, today at the earliest.
    """
    words = " ".join(written.casefold().split())
    if words in ("today", "tomorrow"):
        return today + timedelta(days=words == "tomorrow")
    if wait := _WAIT.fullmatch(words):
        number = int(wait["number"]) if wait["number"].isdecimal() else 1
        return today + number * timedelta(weeks=wait["unit"] == "week", days=wait["unit"] == "day")
    for pattern in _DATES:
        if found := pattern.fullmatch(words):
            parts = found.groupdict()
            month = int(parts["month"]) if parts.get("month") else _month(parts["name"])
            years = [int(parts["year"])] if parts["year"] else range(today.year, today.year + 9)
            dates = [made for year in years if (made := _date(year, month, int(parts["day"])))]
            return next((made for made in dates if parts["year"] or made >= today), None)
    return None


def _month(name: str) -> int:
    """The number of the month that is called or begins so; 0 for none."""
    return next((number for number, month in enumerate(_MONTHS, 1) if month.startswith(name)), 0)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:  # there is no such day
        return None
