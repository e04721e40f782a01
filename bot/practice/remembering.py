"""When to see a question again: py-fsrs, with its default parameters.

Fuzz is off: it draws from the global random numbers, and a learner's next review should follow from the answers alone.
"""

from datetime import UTC, datetime

from fsrs import Card, Rating, Scheduler, State

from bot.store.store import Review

RATINGS = {rating.name.lower(): rating for rating in Rating}  # again, hard, good, easy

_SCHEDULER = Scheduler(enable_fuzzing=False)


# Choosing is easier than recalling, so a right choice counts as no more than good.
RIGHT_CHOICE, WRONG_CHOICE = Rating.Good, Rating.Again


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
    after, _ = _SCHEDULER.review_card(card, rating, now.astimezone(UTC))
    return Review(after.state.value, after.step, after.stability, after.difficulty, after.due, now)
