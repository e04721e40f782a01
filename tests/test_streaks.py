"""Streaks are derived from days of practice, and nothing shortens one that was earned."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.learners import scoring, zones
from bot.learners.streaks import Streak, streak
from bot.learners.zones import Zones, find_zone, nearest_zones, zone_names
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


@pytest.mark.parametrize(
    ("words", "zone"),
    [("Köln", "Europe/Berlin"), ("MÜNCHEN", "Europe/Berlin"), ("muenchen", "Europe/Berlin"),
     ("Kraków", "Europe/Warsaw"), ("Łódź", "Europe/Warsaw"), ("São Paulo", "America/Sao_Paulo"),
     ("San Francisco", "America/Los_Angeles"), ("Washington, D.C.", "America/New_York"), ("mumbai", "Asia/Kolkata"),
     ("St. Petersburg", "Europe/Moscow"), ("Rio de Janeiro", "America/Sao_Paulo"), ("Tel Aviv", "Asia/Jerusalem"),
     ("Buenos Aires", "America/Argentina/Buenos_Aires"), ("port au prince", "America/Port-au-Prince"),
     ("St. John's", "America/St_Johns"), ("Istanbul", "Europe/Istanbul")],
)  # fmt: skip
def test_a_zone_is_found_by_a_city_that_it_is_not_named_after_however_it_is_written(words: str, zone: str) -> None:
    assert find_zone(words) == zone


@pytest.mark.parametrize(
    ("words", "zone"),
    [("+02:00", "Etc/GMT-2"), ("UTC+2", "Etc/GMT-2"), ("utc +2", "Etc/GMT-2"), ("+0200", "Etc/GMT-2"),
     ("GMT-3", "Etc/GMT+3"), ("UTC−3", "Etc/GMT+3"), ("+14", "Etc/GMT-14"), ("-12", "Etc/GMT+12"), ("GMT", "UTC"),
     ("utc+0", "UTC"), ("-00:00", "UTC"), ("Etc/GMT-2", "Etc/GMT-2"), ("etc/gmt+3", "Etc/GMT+3"),
     ("utc +5:30", ""), ("+15", ""), ("-13", ""), ("+00:30", ""), ("+1:75", "")],
)  # fmt: skip
def test_a_whole_hour_from_utc_is_found_as_people_say_it(words: str, zone: str) -> None:
    assert find_zone(words) == zone


@pytest.mark.parametrize("hours", range(-12, 15))
def test_an_offset_is_a_zone_to_live_in_that_is_as_far_ahead_as_was_said(hours: int) -> None:
    zone = Zones(ZoneInfo("Asia/Tokyo")).of(Learner("x", find_zone(f"UTC{hours:+d}")))
    assert datetime(2026, 7, 1, tzinfo=UTC).astimezone(zone).utcoffset() == timedelta(hours=hours)


def test_every_name_that_is_offered_is_found_and_is_a_place() -> None:
    assert all(find_zone(name) == name for name in zone_names())
    assert not any(name.startswith("Etc/") for name in zone_names())


def test_every_city_is_in_a_zone_that_there_is() -> None:
    assert all(find_zone(city) == zone and zone in zone_names() for city, zone in zones.CITIES.items())


def test_a_mistyped_zone_gets_the_nearest_names() -> None:
    assert "Europe/Berlin" in nearest_zones("Europe/Berlln")
    assert "Europe/Berlin" in nearest_zones("berlim")
    assert "Europe/Berlin" in nearest_zones("Hambrug")


def test_a_city_that_several_zones_are_named_after_gets_them_offered() -> None:
    assert find_zone("Eastern") == ""
    assert {"Canada/Eastern", "US/Eastern"} <= set(nearest_zones("Eastern"))


def test_an_offset_without_a_zone_of_its_own_gets_the_places_that_keep_it() -> None:
    assert nearest_zones("utc +5:30") == ["Asia/Kolkata", "Asia/Colombo"]
    assert nearest_zones("-3:30") == ["America/St_Johns"]
    assert nearest_zones("+15") == []
    for (hours, minutes), places in zones.BETWEEN.items():
        sign = -1 if hours < 0 else 1
        for place in places:
            offsets = {datetime(2026, month, 1, tzinfo=UTC).astimezone(ZoneInfo(place)).utcoffset() for month in (1, 7)}
            assert timedelta(hours=hours, minutes=sign * minutes) in offsets


def test_points_are_for_a_right_choice_and_grow_with_the_level() -> None:
    assert [scoring.points(level, right=True) for level in scoring.POINTS] == [1, 2, 3]
    assert {scoring.points(level, right=False) for level in scoring.POINTS} == {0}


def test_points_count_for_all_time_the_month_the_iso_week_and_the_day() -> None:
    assert scoring.buckets(date(2027, 1, 1)) == ("all", "2027-01", "2026-W53", "2027-01-01")
