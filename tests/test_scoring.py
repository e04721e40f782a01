"""What an answer is worth: more for harder questions, nothing for guesses, and no more than a day's cap."""

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.bank.model import Level
from bot.learners.scoring import BASE, BONUS, DAILY_CAP, HASTE, KNOWN, TYPED, buckets, points

LEVELS = (Level.JUNIOR, Level.MID, Level.SENIOR)
MODES = ("choice", "typed", "flash")
SHARES = st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 2 / 3, 0.75, 1.0]) | st.floats(0, 1)
# Everything about an answer but its level, its mode and how right it is.
REST = st.fixed_dictionaries(
    {
        "seconds": st.none() | st.floats(-10, 100_000),
        "repeated": st.booleans(),
        "known": st.booleans(),
        "first_today": st.booleans(),
        "earned": st.integers(0, 2 * DAILY_CAP),
    }
)


def by_level(mode: str = "choice", right: float = True, **rest: Any) -> list[int]:
    return [points(level, mode, right=right, **rest) for level in LEVELS]


def test_a_right_choice_earns_the_base_of_its_level() -> None:
    assert by_level() == [BASE[level] for level in LEVELS] == [1, 2, 3]


def test_every_level_has_a_base() -> None:
    assert set(BASE) == set(Level)


def test_a_wrong_answer_earns_nothing() -> None:
    assert by_level("choice", False) == by_level("typed", 0.0) == by_level("flash", False) == [0, 0, 0]


def test_a_typed_answer_earns_twice_the_base() -> None:
    assert by_level("typed") == [TYPED * BASE[level] for level in LEVELS] == [2, 4, 6]


@pytest.mark.parametrize(
    ("share", "worth"),
    [(0.2, [0, 1, 1]), (0.25, [1, 1, 2]), (1 / 3, [1, 1, 2]), (0.5, [1, 2, 3]), (2 / 3, [1, 3, 4]), (0.75, [2, 3, 5])],
)
def test_a_partly_right_answer_earns_its_share_of_key_points_to_the_nearest_point(
    share: float, worth: list[int]
) -> None:
    assert by_level("typed", share) == worth


def test_a_flash_card_earns_nothing_since_learners_rate_it_themselves() -> None:
    assert by_level("flash", True, first_today=True) == [0, 0, 0]


def test_a_share_beyond_nothing_or_everything_is_nothing_or_everything() -> None:
    assert by_level("typed", -1.0) == by_level("typed", 0.0)
    assert by_level("typed", 1.5) == by_level("typed", 1.0)


def test_a_known_question_earns_half_rounded_up() -> None:
    assert KNOWN == 0.5
    assert by_level(known=True) == [1, 1, 2]
    assert by_level("typed", known=True) == [1, 2, 3]


def test_only_the_first_answer_of_a_day_to_a_question_earns() -> None:
    assert by_level(repeated=True) == by_level("typed", repeated=True, first_today=True) == [0, 0, 0]


def test_the_first_answer_of_a_day_that_earns_is_worth_one_more() -> None:
    assert by_level(first_today=True) == [BASE[level] + BONUS for level in LEVELS] == [2, 3, 4]
    assert by_level("typed", 0.5, first_today=True) == [2, 3, 4]


def test_there_is_no_bonus_for_an_answer_that_earns_nothing() -> None:
    for mode, right in (("choice", 0.0), ("typed", 0.0), ("typed", 0.01), ("flash", 1.0)):
        assert by_level(mode, right, first_today=True) == [0, 0, 0]
    assert by_level(first_today=True, seconds=1) == [0, 0, 0]


def test_the_bonus_is_not_halved_for_a_known_question() -> None:
    assert by_level(known=True, first_today=True) == [2, 2, 3]


@pytest.mark.parametrize("mode", ["choice", "typed"])
def test_an_answer_within_two_seconds_is_a_guess_and_earns_nothing_though_it_is_right(mode: str) -> None:
    assert HASTE == 2
    for seconds in (0, 0.5, 1.99):
        assert by_level(mode, seconds=seconds) == [0, 0, 0]
    for seconds in (2, 2.1, 60, 86_400):
        assert by_level(mode, seconds=seconds) == by_level(mode)


def test_nobody_is_called_hasty_when_it_is_not_known_how_long_it_took() -> None:
    assert by_level(seconds=None) == by_level(seconds=-1) == by_level()


def test_a_day_in_a_community_earns_no_more_than_its_cap() -> None:
    assert DAILY_CAP == 50
    assert by_level(earned=47) == [1, 2, 3]
    assert by_level(earned=48) == [1, 2, 2]
    assert by_level("typed", first_today=True, earned=49) == [1, 1, 1]
    assert by_level(earned=50) == by_level(earned=51) == [0, 0, 0]


def test_a_mode_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(KeyError):
        points(Level.MID, "sung", right=True)


@given(st.sampled_from(LEVELS), st.sampled_from(MODES), st.booleans() | SHARES | st.floats(-5, 5), REST)
def test_points_are_whole_never_negative_and_never_above_what_is_left_of_the_cap(
    level: Level, mode: str, right: float, rest: Mapping[str, Any]
) -> None:
    earned = points(level, mode, right=right, **rest)
    assert type(earned) is int
    assert 0 <= earned <= TYPED * max(BASE.values()) + BONUS
    assert earned <= max(0, DAILY_CAP - rest["earned"])


@given(st.sampled_from(LEVELS), st.sampled_from(MODES), REST)
def test_nothing_makes_a_wrong_answer_earn(level: Level, mode: str, rest: Mapping[str, Any]) -> None:
    assert points(level, mode, right=False, **rest) == points(level, mode, right=0.0, **rest) == 0


@given(st.sampled_from(MODES), SHARES, REST)
def test_a_harder_question_never_earns_less(mode: str, right: float, rest: Mapping[str, Any]) -> None:
    assert all(easier <= harder for easier, harder in pairwise(by_level(mode, right, **rest)))


@pytest.mark.parametrize("mode", ["choice", "typed"])
def test_a_harder_question_earns_more_when_the_answer_is_full_and_new(mode: str) -> None:
    assert all(easier < harder for easier, harder in pairwise(by_level(mode)))


@given(st.sampled_from(LEVELS), st.sampled_from(MODES), SHARES, SHARES, REST)
def test_more_key_points_never_earn_less(
    level: Level, mode: str, one: float, other: float, rest: Mapping[str, Any]
) -> None:
    less, more = sorted((one, other))
    assert points(level, mode, right=less, **rest) <= points(level, mode, right=more, **rest)


@given(st.sampled_from(LEVELS), st.sampled_from(MODES), SHARES, REST)
def test_a_known_or_repeated_question_never_earns_more(
    level: Level, mode: str, right: float, rest: Mapping[str, Any]
) -> None:
    earned = points(level, mode, right=right, **rest)
    for again in ("known", "repeated"):
        assert points(level, mode, right=right, **{**rest, again: True}) <= earned


@given(st.lists(st.tuples(st.sampled_from(LEVELS), st.sampled_from(MODES), SHARES, st.booleans()), max_size=60))
def test_a_day_of_any_answers_ends_at_the_cap_or_below(answers: list[tuple[Level, str, float, bool]]) -> None:
    total = 0
    for level, mode, right, known in answers:
        total += points(level, mode, right=right, known=known, first_today=not total, earned=total)
    assert total <= DAILY_CAP


def test_points_count_for_all_time_the_month_the_iso_week_and_the_day() -> None:
    assert buckets(date(2027, 1, 1)) == ("all", "2027-01", "2026-W53", "2027-01-01")
