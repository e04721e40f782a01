"""Points, and the periods that they count for."""

from datetime import date

from bot.learners import scoring


def test_points_are_for_a_right_choice_and_grow_with_the_level() -> None:
    assert [scoring.points(level, right=True) for level in scoring.POINTS] == [1, 2, 3]
    assert {scoring.points(level, right=False) for level in scoring.POINTS} == {0}


def test_points_count_for_all_time_the_month_the_iso_week_and_the_day() -> None:
    assert scoring.buckets(date(2027, 1, 1)) == ("all", "2027-01", "2026-W53", "2027-01-01")
