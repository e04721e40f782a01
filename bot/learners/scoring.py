"""Points for answers. Pure rules."""

from datetime import date

from bot.bank.model import Level

POINTS = {Level.JUNIOR: 1, Level.MID: 2, Level.SENIOR: 3}


def points(level: Level, *, right: bool, first: bool) -> int:
    """What a chosen answer is worth: more for harder questions, nothing unless it is right and the learner's first.

    Flash cards are rated by the learner, so they are worth nothing.
    """
    return POINTS[level] if right and first else 0


def buckets(day: date) -> tuple[str, str, str, str]:
    """The periods that points of this day count for: all, the month, the ISO week and the day."""
    week = day.isocalendar()
    return ("all", f"{day:%Y-%m}", f"{week.year}-W{week.week:02}", day.isoformat())
