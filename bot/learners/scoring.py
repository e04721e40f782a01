"""Points for answers. Pure rules.

What an answer is worth is the base of the question's level; twice that, times the share of key points, if it was typed;
half, rounded up, if the question is known; one more, if it is the first of the day to earn anything; and never more
than what is left of the day's cap. Nothing is earned by wrong answers, by flash cards, which learners rate themselves,
by a second answer to a question on one day, or by an answer that came before the question can have been read.
"""

from datetime import date
from math import ceil, floor

from bot.bank.model import Level

BASE = {Level.JUNIOR: 1, Level.MID: 2, Level.SENIOR: 3}
TYPED = 2  # times the base
KNOWN = 0.5  # times, rounded up
BONUS = 1  # for the first answer of the learner's day that earns points
HASTE = 2.0  # seconds; who answers sooner has guessed, in whichever mode, and right guesses earn nothing either
DAILY_CAP = 50  # points in one community on one local day, the bonus among them

_TIMES = {"choice": 1, "typed": TYPED, "flash": 0}


def points(
    level: Level,
    mode: str = "choice",
    *,
    right: float,
    seconds: float | None = None,
    repeated: bool = False,
    known: bool = False,
    first_today: bool = False,
    earned: int = 0,
) -> int:
    """What an answer earns, from 0 to DAILY_CAP.

    Args:
        mode: choice, typed or flash
        right: True or False; of a typed answer, the share of key points from 0 to 1
        seconds: from the question to the answer; None, or less than 0 after a clock was set, if that is not known
        repeated: the learner has answered this question before on this local day
        known: the learner has answered this question right before
        first_today: no answer of the learner has earned points yet on this local day
        earned: the learner's points in this community on this local day so far
    """
    if repeated or (seconds is not None and 0 <= seconds < HASTE):
        return 0
    worth = floor(BASE[level] * _TIMES[mode] * min(max(right, 0), 1) + 0.5)  # a half is rounded up
    if known:
        worth = ceil(worth * KNOWN)
    if worth and first_today:
        worth += BONUS
    return min(worth, max(DAILY_CAP - earned, 0))


def buckets(day: date) -> tuple[str, str, str, str]:
    """The periods that points of this day count for: all, the month, the ISO week and the day."""
    week = day.isocalendar()
    return ("all", f"{day:%Y-%m}", f"{week.year}-W{week.week:02}", day.isoformat())
