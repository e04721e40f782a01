"""Points for answers. Pure rules."""

from datetime import date

from bot.bank.model import Level

POINTS = {Level.JUNIOR: 1, Level.MID: 2, Level.SENIOR: 3}


def points(level: Level, *, right: bool) -> int:
    """What a chosen answer is worth, if it is the learner's first to the question: more for harder questions.

    Flash cards are rated by the learner, so they are worth nothing.
    """
    return POINTS[level] if right else 0


def buckets(day: date) -> tuple[str, str, str, str]:
    """The periods that points of this day count for: all, the month, the ISO week and the day."""
    week = day.isocalendar()
    return ("all", f"{day:%Y-%m}", f"{week.year}-W{week.week:02}", day.isoformat())
