"""The rules of a battle: what a choice earns, who stands where, whom nobody waits for, and the simulated opponent.

Pure rules over whole seconds, as the database keeps them: whatever is shown can be told anew from what was chosen.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from bot.bank.model import Level

RIGHT = 10  # points for a right choice
BONUS = 5  # points more, at most, for speed: a step less each fifth of the time
HASTE = 2  # seconds in which nobody has read a question: a choice made by then earns nothing
SHOWN = 10  # places of a list of standings

# The simulated opponent: it knows, by Elo's formula, the more the stronger it is than the question, or else it guesses.
FIRST_STRENGTH, WEAKEST, STRONGEST = 1200, 400, 2200
GUESSED = 0.25  # of its guesses are right
STEP = 100  # between one opponent and the next, after a victory or a defeat
_STRENGTHS = {Level.JUNIOR: 1000, Level.MID: 1200, Level.SENIOR: 1400}


def points(after: int, seconds: int) -> int:
    """What a right choice is worth, made so many seconds after the question was there, of those that there are."""
    if after < HASTE:
        return 0
    used = min(after - HASTE, seconds - HASTE)
    return RIGHT + BONUS - BONUS * used // max(seconds - HASTE, 1)


@dataclass(frozen=True, slots=True)
class Made:
    """A right choice, and after how many seconds it was made."""

    place: int  # of the question
    learner: str
    after: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a player stands. Of equal points, who needed less time for them stands first."""

    rank: int
    learner: str
    points: int
    right: int  # questions
    gained: int  # points, by the last question


def standings(players: Iterable[str], made: Iterable[Made], seconds: int, last: int = 0) -> list[Standing]:
    """Everybody in order; with equal points and time, they have the same rank."""
    earned: dict[str, list[int]] = {learner: [0, 0, 0, 0] for learner in players}  # points, right, time, gained
    for one in made:
        worth = points(one.after, seconds)
        if worth and one.learner in earned:
            of = earned[one.learner]
            of[0] += worth
            of[1] += 1
            of[2] += one.after
            of[3] += worth if one.place == last else 0
    found: list[Standing] = []
    before = None
    for number, (learner, (total, right, time, gained)) in enumerate(sorted(earned.items(), key=_order), 1):
        rank = found[-1].rank if before == (total, time) else number
        before = (total, time)
        found.append(Standing(rank, learner, total, right, gained))
    return found


def _order(one: tuple[str, Sequence[int]]) -> tuple[int, int, str]:
    learner, (total, _, time, _) = one
    return -total, time, learner


def missed_most(right: Mapping[int, int], answered: Mapping[int, int], number: int) -> list[int]:
    """The questions with the smallest share of right choices, if they were not right for all: at most so many."""
    missed = [place for place in answered if right.get(place, 0) < answered[place]]
    return sorted(missed, key=lambda place: (right.get(place, 0) / answered[place], place))[:number]


# The simulated opponent


def chance(strength: int, level: Level) -> float:
    """How likely an opponent of this strength is right."""
    known = 1 / (1 + 10 ** ((_STRENGTHS[level] - strength) / 400))
    return float(known + (1 - known) * GUESSED)


def simulated(strength: int, level: Level, choices: Collection[str], seconds: int, random: Random) -> tuple[str, int]:
    """What the opponent chooses, and after how many seconds: the stronger, the sooner. "0" is the right choice."""
    wrong = sorted(choice for choice in choices if choice != "0")
    right = random.random() < chance(strength, level) or not wrong
    share = 0.75 - 0.5 * (strength - WEAKEST) / (STRONGEST - WEAKEST)  # of the time, on average
    spent = (seconds - HASTE) * share * random.uniform(0.7, 1.3)
    return "0" if right else random.choice(wrong), HASTE + min(int(spent), seconds - HASTE - 1)


def adapted(strength: int, mine: int, theirs: int) -> int:
    """How strong the next opponent is, after a battle in which the learner had `mine` points and it had `theirs`."""
    step = STEP if mine > theirs else -STEP if mine < theirs else 0
    return min(max(strength + step, WEAKEST), STRONGEST)
