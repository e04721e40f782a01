"""Streaks are derived from days of practice, and nothing shortens one that was earned."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.learners import scoring
from bot.learners.streaks import Streak, streak
from bot.learners.zones import Zones, find_zone, nearest_zones
from bot.store.store import Learner

TODAY = date(2026, 3, 2)
DAYS = st.sets(st.dates(TODAY - timedelta(60), TODAY))


def ago(*days: int) -> set[date]:
    return {TODAY - timedelta(day) for day in days}


def test_nobody_has_a_streak_before_the_first_answer() -> None:
    assert streak([], TODAY) == Streak(0, 0, 0, today=False)


def test_days_in_a_row_count_up_to_today() -> None:
    assert streak(ago(0, 1, 2), TODAY) == Streak(3, 3, 3, today=True)


def test_a_streak_lives_until_the_end_of_the_day_after() -> None:
    assert streak(ago(1, 2), TODAY) == Streak(2, 2, 2, today=False)
    assert streak(ago(2, 3), TODAY) == Streak(0, 2, 2, today=False)


def test_the_best_streak_is_kept_when_the_current_one_breaks() -> None:
    assert streak(ago(0, 5, 6, 7), TODAY) == Streak(1, 3, 4, today=True)


def test_a_day_counts_once_however_often_it_is_told() -> None:
    assert streak([TODAY, TODAY], TODAY) == Streak(1, 1, 1, today=True)


def test_who_flies_west_after_practising_keeps_the_streak() -> None:
    assert streak(ago(-1, 0, 1), TODAY).current == 3
    assert streak(ago(-1), TODAY).current == 1


@given(DAYS)
def test_a_streak_agrees_with_counting_day_by_day(days: set[date]) -> None:
    found = streak(days, TODAY)
    start = TODAY if TODAY in days else TODAY - timedelta(1)
    counted = 0
    while start - timedelta(counted) in days:
        counted += 1
    assert found.current == counted
    assert found.current <= found.best <= found.days == len(days)


@given(DAYS, st.dates(TODAY - timedelta(60), TODAY))
def test_one_more_day_of_practice_never_shortens_anything(days: set[date], day: date) -> None:
    before, after = streak(days, TODAY), streak(days | {day}, TODAY)
    assert (after.current, after.best, after.days) >= (before.current, before.best, before.days)


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(["UTC", "Asia/Tokyo", "Mars/Base"]),
)
def test_a_day_is_the_local_date_and_an_unknown_zone_falls_back_to_the_default(moment: datetime, name: str) -> None:
    now = min(max(moment, datetime(1970, 1, 2, tzinfo=UTC)), datetime(9990, 1, 1, tzinfo=UTC))
    zone = ZoneInfo("Asia/Tokyo") if name == "Asia/Tokyo" else ZoneInfo("America/New_York" if name != "UTC" else "UTC")
    assert Zones(ZoneInfo("America/New_York")).day(Learner("x", name), now) == now.astimezone(zone).date()


@pytest.mark.parametrize(
    ("words", "zone"),
    [("Europe/Berlin", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), ("new york", "America/New_York"),
     ("utc", "UTC"), ("Berlin", "Europe/Berlin"), ("nowhere", ""), ("", ""), ("../etc/passwd", ""), ("\x00", "")],
)  # fmt: skip
def test_a_zone_is_found_by_its_name_or_its_city(words: str, zone: str) -> None:
    assert find_zone(words) == zone


def test_a_mistyped_zone_gets_the_nearest_names() -> None:
    assert "Europe/Berlin" in nearest_zones("Europe/Berlln")
    assert "Europe/Berlin" in nearest_zones("berlim")


def test_points_are_for_a_right_choice_and_grow_with_the_level() -> None:
    assert [scoring.points(level, right=True) for level in scoring.POINTS] == [1, 2, 3]
    assert {scoring.points(level, right=False) for level in scoring.POINTS} == {0}


def test_points_count_for_all_time_the_month_the_iso_week_and_the_day() -> None:
    assert scoring.buckets(date(2027, 1, 1)) == ("all", "2027-01", "2026-W53", "2027-01-01")
