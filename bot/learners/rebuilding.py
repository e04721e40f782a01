"""What follows from answers, told anew: scores, and reviews of questions. Pure rules, the same as when each was given.

Points and days were decided when an answer was given, and are facts: they are added up, never decided again.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.learners.scoring import buckets
from bot.store.joining import Books, Remembered, Score
from bot.store.linking import Fact
from bot.store.parting import Day
from bot.store.reviews import MISSES, Kept, Review, missed

Replay = Callable[[Iterable[Kept]], Review | None]  # what is remembered after answers, in order
Calendar = Callable[[Fact], ZoneInfo]  # in which the points of an answer count


def books(
    facts: Sequence[Fact], calendar: Calendar, questions: Collection[str], back: Mapping[str, int], replay: Replay
) -> Books:
    """All scores of a learner with these answers, and the reviews of some questions.

    Args:
        back: when questions were brought back after being set aside, in seconds
    """
    return Books(_scores(facts, calendar), _reviews(facts, questions, back, replay))


def _scores(facts: Iterable[Fact], calendar: Calendar) -> list[Score]:
    points: dict[tuple[str, str, str], int] = defaultdict(int)
    reached: dict[tuple[str, str, str], datetime] = {}
    for fact in facts:
        if not fact.points:
            continue
        at = fact.kept.at
        day = date.fromisoformat(fact.day) if fact.day else at.astimezone(calendar(fact)).date()
        topic = fact.question.partition("/")[0]
        for bucket in buckets(day):
            for name in (bucket, f"{topic}/{bucket}"):
                key = (fact.platform, fact.community, name)
                points[key] += fact.points
                reached[key] = max(reached.get(key, at), at)
    return [Score(*key, number, reached[key]) for key, number in points.items()]


def _reviews(
    facts: Iterable[Fact], questions: Collection[str], back: Mapping[str, int], replay: Replay
) -> list[Remembered]:
    kept: dict[str, list[Kept]] = defaultdict(list)
    for fact in facts:
        if fact.question in questions:
            kept[fact.question].append(fact.kept)
    found = []
    for question, answers in kept.items():
        review, since = replay(answers), back.get(question, 0)
        misses = [one.at for one in answers if missed(one.value, one.verdict) and one.at.timestamp() > since]
        aside = misses[MISSES - 1] if len(misses) >= MISSES else None
        if review:
            found.append(Remembered(question, review, aside, since))
    return found


def first_answers(facts: Sequence[Fact], learners: Sequence[str]) -> list[Fact]:
    """Those that count when learners become one: of two to the same deal the earlier, or else that of the first."""
    ordered = sorted(facts, key=lambda fact: (fact.kept.at, learners.index(fact.learner)))
    counted = {fact.kept.deal: fact for fact in reversed(ordered)}
    return [fact for fact in facts if counted[fact.kept.deal] is fact]


def shared_days(days: Sequence[Day], answered: Mapping[str, Collection[date]]) -> dict[str, list[Day]]:
    """Which of a learner's days each of two gets, who part, beside those that were theirs before.

    A day on which only one of them has answered since the link is that one's; what nobody or both have to show for,
    such as a day without anything due, or one that was repaired, is both's.

    Args:
        answered: by side, the days on which it has answered since the link
    """
    practised = {one.day for one in days if one.kind == "practised"}
    new = [one for one in days if not one.origin]
    shown = set[date]().union(*answered.values())
    return {
        side: [
            *(Day(day, "practised", "") for day in sorted(practised.intersection(own))),
            *(one for one in new if one.kind != "practised" or one.day not in shown),
        ]
        for side, own in answered.items()
    }


def answered_days(facts: Iterable[Fact], zone: ZoneInfo) -> set[date]:
    return {fact.kept.at.astimezone(zone).date() for fact in facts}
