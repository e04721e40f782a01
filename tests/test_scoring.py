"""Points, and the periods that they count for."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bank.model import Level
from bot.learners import scoring
from bot.learners.scoring import points

LEVELS = st.sampled_from(list(Level))


def test_a_right_choice_earns_more_for_a_harder_question() -> None:
    assert [points(level, "choice", 1, earned=9) for level in Level] == [1, 2, 3]


def test_a_wrong_choice_earns_nothing_and_takes_nothing() -> None:
    assert {points(level, "choice", 0) for level in Level} == {0}


def test_an_answer_in_own_words_earns_twice_as_much_by_the_share_that_was_said() -> None:
    shares = (0, 0.1, 0.25, 0.5, 0.75, 1)
    assert [points(Level.SENIOR, "typed", share, earned=9) for share in shares] == [0, 1, 2, 3, 5, 6]
    assert points(Level.JUNIOR, "typed", 0.2, earned=9) == 0


def test_a_flash_card_earns_nothing_since_one_rates_it_oneself() -> None:
    assert points(Level.SENIOR, "flash", 1) == 0


def test_the_first_that_earns_on_a_day_in_a_community_earns_one_more() -> None:
    assert points(Level.MID, "choice", 1, earned=0) == 3
    assert points(Level.MID, "choice", 1, earned=1) == 2


def test_the_same_question_again_on_a_day_earns_nothing() -> None:
    assert points(Level.MID, "choice", 1, repeated=True) == 0


@pytest.mark.parametrize(("level", "worth"), [(Level.JUNIOR, 1), (Level.MID, 1), (Level.SENIOR, 2)])
def test_what_is_known_already_earns_half_rounded_up(level: Level, worth: int) -> None:
    assert points(level, "choice", 1, known=True, earned=9) == worth


def test_half_an_answer_within_two_seconds_was_a_guess() -> None:
    assert points(Level.SENIOR, "typed", 0.5, seconds=1.9) == 0
    assert points(Level.SENIOR, "typed", 0.5, seconds=2, earned=9) == 3
    assert points(Level.SENIOR, "choice", 1, seconds=0.5, earned=9) == 3  # who knows it at once, knows it


@given(
    LEVELS,
    st.sampled_from(["choice", "typed", "flash"]),
    st.floats(0, 1),
    st.floats(0, 1e6),
    st.booleans(),
    st.booleans(),
    st.integers(0, 100),
)
def test_a_day_in_a_community_earns_no_more_than_its_most(
    level: Level, mode: str, right: float, seconds: float, repeated: bool, known: bool, earned: int
) -> None:
    worth = points(level, mode, right, seconds=seconds, repeated=repeated, known=known, earned=earned)
    assert 0 <= worth <= max(0, scoring.MOST - earned)
    assert worth <= points(level, mode, right, seconds=seconds, earned=earned)  # no rule makes an answer worth more
    assert worth <= points(level, mode, 1, repeated=repeated, known=known, earned=earned)  # nor being less right


def test_points_count_for_all_time_the_month_the_iso_week_and_the_day() -> None:
    assert scoring.buckets(date(2027, 1, 1)) == ("all", "2027-01", "2026-W53", "2027-01-01")
