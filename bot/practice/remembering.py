"""When to see a question again: py-fsrs, with its default parameters.

Fuzz is off: it draws from the global random numbers, and a learner's next review should follow from the answers alone.
So it does: whole seconds, as the database keeps them, and a rating for every kind of answer. What is remembered can be
told anew from the answers at any time.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from fsrs import Card, Rating, Scheduler, State

from bot.store.reviews import Kept
from bot.store.store import Review

RATINGS = {rating.name.lower(): rating for rating in Rating}  # again, hard, good, easy

_SCHEDULER = Scheduler(enable_fuzzing=False)


# Choosing is easier than recalling, so a right choice counts as no more than good.
RIGHT_CHOICE, WRONG_CHOICE = Rating.Good, Rating.Again


def rating_of_share(share: float) -> Rating:
    """How well a question was known of which this share, 0 to 1, was said in own words: by whole per cents, as kept.

    Never easy: that only the learner can tell.
    """
    per_cent = round(100 * share)
    return Rating.Again if per_cent < 40 else Rating.Hard if per_cent < 70 else Rating.Good


def rating_of(answer: Kept) -> Rating:
    """How well a question was known, by an answer that was kept.

    A flash card has the learner's own rating, a choice is right or wrong, and what was said in own words has a share.
    """
    if answer.verdict == "rated":
        return RATINGS[answer.value]
    if answer.mode == "typed":
        return rating_of_share(int(answer.value.partition(" ")[0]) / 100)
    return RIGHT_CHOICE if answer.verdict == "right" else WRONG_CHOICE


def reviewed(before: Review | None, rating: Rating, now: datetime) -> Review:
    """What is remembered of a question after answering it now."""
    card = Card(card_id=0)  # an id of its own choosing would cost a sleep of a millisecond
    if before:
        card = Card(
            card_id=0,
            state=State(before.state),
            step=before.step,
            stability=before.stability,
            difficulty=before.difficulty,
            due=before.due_at,
            last_review=before.reviewed_at,
        )
    moment = now.astimezone(UTC).replace(microsecond=0)
    after, _ = _SCHEDULER.review_card(card, rating, moment)
    return Review(after.state.value, after.step, after.stability, after.difficulty, after.due, moment)


def replayed(answers: Iterable[Kept]) -> Review | None:
    """What is remembered of a question after these answers, in order; None without any."""
    review = None
    for answer in answers:
        review = reviewed(review, rating_of(answer), answer.at)
    return review
