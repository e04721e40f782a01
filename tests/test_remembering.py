"""Reviews are py-fsrs' own, through the database and back."""

from datetime import UTC, datetime, timedelta

from fsrs import Card, Rating, Scheduler
from hypothesis import given
from hypothesis import strategies as st

from bot.practice.remembering import reviewed

HISTORIES = st.lists(st.tuples(st.sampled_from(list(Rating)), st.integers(1, 60 * 24 * 90)), min_size=1, max_size=12)


@given(HISTORIES)
def test_intervals_are_those_of_py_fsrs(history: list[tuple[Rating, int]]) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    scheduler, card, review = Scheduler(enable_fuzzing=False), Card(card_id=1), None
    for rating, minutes in history:
        now += timedelta(minutes=minutes)
        card, _ = scheduler.review_card(card, rating, now)
        review = reviewed(review, rating, now)
        assert review.due_at == card.due
        assert (review.state, review.step, review.stability, review.difficulty) == (
            card.state.value, card.step, card.stability, card.difficulty,
        )  # fmt: skip


def test_what_was_forgotten_comes_sooner_than_what_was_easy() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    waits = [reviewed(None, rating, now).due_at - now for rating in Rating]
    assert waits == sorted(waits)
    assert waits[0] == timedelta(minutes=1)
    assert waits[-1] > timedelta(days=3)
