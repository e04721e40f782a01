"""Points for answers, and the periods that they count for. Pure rules.

They reward practice and not presses: more for a harder question and for an answer in one's own words, little for what
is known already, nothing for the same question twice a day, and no more than a day's honest practice can earn.
"""

from datetime import date

from bot.bank.model import Level

POINTS = {Level.JUNIOR: 1, Level.MID: 2, Level.SENIOR: 3}
TYPED = 2  # times what a choice earns
FIRST = 1  # more, for the first that earns anything on a day in a community
MOST = 50  # a day in one community
HASTE = 2.0  # seconds in which nobody has read a question
FULL_BATTLE = 5  # players from whom on a battle earns all that its choices would earn elsewhere


def points(
    level: Level,
    mode: str,
    right: float,
    *,
    seconds: float = HASTE,
    repeated: bool = False,
    known: bool = False,
    earned: int = 0,
) -> int:
    """What an answer is worth: whole points, from 0 on.

    Args:
        mode: choice, typed or flash; a flash card is rated by the learner, so it earns nothing
        right: the share of the answer that is right, 0 to 1; a choice has all of it or none
        seconds: since the question was dealt; what is not all right by then was a guess, and earns nothing
        repeated: whether the learner answered this question before on this day, right or not; it earns once a day
        known: whether the learner has ever answered it right; then it earns half
        earned: points so far on this day, in this community
    """
    if mode == "flash" or repeated or right <= 0 or (right < 1 and seconds < HASTE):
        return 0
    worth = int(POINTS[level] * (TYPED if mode == "typed" else 1) * right + 0.5)
    if not worth:
        return 0
    worth = (worth + 1) // 2 if known else worth
    return max(0, min(worth + (0 if earned else FIRST), MOST - earned))


def battle_points(worth: int, players: int, *, counts: bool) -> int:
    """What a choice in a battle is worth on boards: a fifth of it for each player, all of it for five, none alone.

    So a circle of friends can't make more of their points by playing each other than by practising.

    Args:
        worth: what the choice would earn elsewhere; see `points`
        players: how many have answered this question, without the simulated opponent
        counts: whether no other battle of the learner's counted in the hour before
    """
    if players < 2 or not counts:
        return 0
    return (2 * worth * min(players, FULL_BATTLE) + FULL_BATTLE) // (2 * FULL_BATTLE)


def buckets(day: date) -> tuple[str, str, str, str]:
    """The periods that points of this day count for: all, the month, the ISO week and the day."""
    week = day.isocalendar()
    return ("all", f"{day:%Y-%m}", f"{week.year}-W{week.week:02}", day.isoformat())
