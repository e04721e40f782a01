"""A daily question is due once on every local day, in every zone, whatever clocks and moderators do."""

import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.groups.schedule import (
    EVERY_DAY,
    LATE,
    day_of,
    in_time,
    next_due,
    read_time,
    read_weekdays,
    reveal_after,
    spread,
    weekdays_in_words,
)

DAY = timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
NUUK = ZoneInfo("America/Nuuk")  # where the last hour of a Saturday in March is left out

ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
# Those whose clocks do more than to go an hour back and forth at night.
ODD = st.sampled_from(
    ["Africa/Cairo", "Africa/Casablanca", "America/Asuncion", "America/Havana", "America/Nuuk", "America/Sao_Paulo",
     "America/Scoresbysund", "America/Toronto", "Antarctica/Troll", "Asia/Beirut", "Asia/Gaza", "Asia/Tehran",
     "Atlantic/Azores", "Australia/Lord_Howe", "Europe/Dublin", "Pacific/Apia", "Pacific/Chatham",
     "Pacific/Kiritimati", "Pacific/Kwajalein"]
).map(ZoneInfo)  # fmt: skip
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0)) | st.sampled_from(
    [time(0), time(0, 30), time(1, 30), time(2), time(2, 30), time(23), time(23, 30), time(23, 59)]
)
MOMENTS = st.datetimes(datetime(1915, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
WEEKDAYS = st.sets(st.sampled_from(EVERY_DAY), min_size=1).map(lambda days: "".join(sorted(days)))


def local(text: str, zone: ZoneInfo) -> datetime:
    """The first moment at which clocks there show this."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def dues(zone: ZoneInfo, at: time, after: str, number: int) -> list[str]:
    """What clocks there show at so many due moments, after a moment."""
    due, shown = local(after, zone), []
    for _ in range(number):
        due = next_due(due, at, zone)
        shown.append(f"{due.astimezone(zone):%Y-%m-%d %H:%M}")
    return shown


@cache
def exists(day: date, zone: ZoneInfo) -> bool:
    """Whether clocks there ever show a time of this day."""
    naive = [datetime.combine(day, time(hour, minute)) for hour in range(24) for minute in (0, 15, 30, 45)]
    return any(shows(moment, zone) for moment in naive)


def shows(naive: datetime, zone: ZoneInfo) -> bool:
    return naive.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None, fold=0) == naive


# Every local day exactly once


@given(ZONES | ODD, TIMES, MOMENTS)
def test_each_local_day_is_due_exactly_once(zone: ZoneInfo, at: time, after: datetime) -> None:
    day = day_of(after, zone)
    for _ in range(10):
        due = next_due(after, at, zone)
        found = day_of(due, zone)
        assert due > after
        assert due.tzinfo is UTC
        assert found >= day
        assert not any(exists(day + number * DAY, zone) for number in range(1, (found - day).days))
        naive = datetime.combine(found, at)
        assert due.astimezone(zone).replace(tzinfo=None, fold=0) == naive or not shows(naive, zone)
        assert due.astimezone(zone).fold == 0, "of a time that comes twice, the first"
        after, day = due, found


@given(ZONES | ODD, TIMES, MOMENTS, st.timedeltas(timedelta(0), 2 * DAY))
def test_whatever_the_moment_of_asking_the_next_one_is_the_same(
    zone: ZoneInfo, at: time, after: datetime, wait: timedelta
) -> None:
    due = next_due(after, at, zone)
    assert next_due(min(after + wait, due - timedelta(seconds=1)), at, zone) == due
    assert next_due(due, at, zone) > due


@given(ZONES | ODD, TIMES, MOMENTS, WEEKDAYS)
def test_it_is_due_on_the_first_of_its_weekdays(zone: ZoneInfo, at: time, after: datetime, weekdays: str) -> None:
    due = next_due(after, at, zone)
    while str(day_of(due, zone).isoweekday()) not in weekdays:
        due = next_due(due, at, zone)
    assert next_due(after, at, zone, weekdays) == due


@given(ZONES | ODD, TIMES, MOMENTS, st.integers(-5, 5))
def test_no_second_time_on_the_last_day_or_before(zone: ZoneInfo, at: time, after: datetime, offset: int) -> None:
    last = day_of(after, zone) + offset * DAY
    due = next_due(after, at, zone, last=last)
    assert day_of(due, zone) > last
    assert due == next_due(max(after, due - timedelta(seconds=1)), at, zone)


@given(MOMENTS, st.lists(st.tuples(ODD, TIMES, st.floats(0, 60)), min_size=2, max_size=8))
def test_changing_zone_and_time_never_makes_two_on_a_local_day(
    now: datetime, changes: list[tuple[ZoneInfo, time, float]]
) -> None:
    last: date | None = None
    for zone, at, hours in changes:
        due = next_due(now, at, zone, last=last)
        now += timedelta(hours=hours)
        while due <= now:
            assert last is None or day_of(due, zone) > last
            last = day_of(due, zone)
            due = next_due(due, at, zone, last=last)


@pytest.mark.slow
@pytest.mark.parametrize("at", [time(0), time(0, 30), time(2, 30), time(23, 30)], ids=str)
def test_each_local_day_of_five_years_is_due_exactly_once_in_every_zone(at: time) -> None:
    for name in available_timezones():
        zone = ZoneInfo(name)
        due, day = local("2023-12-31T23:59", zone), date(2023, 12, 31)
        while day < date(2028, 12, 31):
            due, day = next_due(due, at, zone), day + DAY
            there = due.astimezone(zone)
            assert there.date() == day, f"{name}: {there}"
            if there.time() != at:
                assert not shows(datetime.combine(day, at), zone), f"{name}: {there}"


# Clocks that are changed


def test_in_berlin_a_time_that_is_left_out_comes_an_hour_later() -> None:
    expected = ["2026-03-28 02:30", "2026-03-29 03:30", "2026-03-30 02:30"]
    assert dues(BERLIN, time(2, 30), "2026-03-28T00:00", 3) == expected


def test_in_berlin_a_time_that_comes_twice_is_due_the_first_time_only() -> None:
    first = next_due(local("2026-10-25T00:00", BERLIN), time(2, 30), BERLIN)
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_due(first, time(2, 30), BERLIN) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_days_of_23_and_25_hours_keep_the_time_on_the_clock() -> None:
    expected = ["2026-03-28 09:00", "2026-03-29 09:00", "2026-03-30 09:00"]
    assert dues(BERLIN, time(9), "2026-03-28T00:00", 3) == expected
    expected = ["2026-10-24 09:00", "2026-10-25 09:00", "2026-10-26 09:00"]
    assert dues(BERLIN, time(9), "2026-10-24T00:00", 3) == expected


@pytest.mark.parametrize(
    ("name", "day"),
    [("America/Sao_Paulo", "2018-11-04"), ("America/Asuncion", "2023-10-01"), ("Africa/Cairo", "2026-04-24"),
     ("Asia/Beirut", "2026-03-29")],
)  # fmt: skip
@pytest.mark.parametrize("at", [time(0), time(0, 30)], ids=str)
def test_a_day_without_a_midnight_is_due_within_its_first_hour(name: str, day: str, at: time) -> None:
    before, after = date.fromisoformat(day) - DAY, date.fromisoformat(day) + DAY
    expected = [f"{before} {at:%H:%M}", f"{day} 01:{at:%M}", f"{after} {at:%H:%M}"]
    assert dues(ZoneInfo(name), at, f"{before - DAY}T12:00", 3) == expected


def test_in_nuuk_what_would_be_pushed_over_midnight_is_due_before_it() -> None:
    expected = ["2026-03-27 23:30", "2026-03-28 22:30", "2026-03-29 23:30"]
    assert dues(NUUK, time(23, 30), "2026-03-27T00:00", 3) == expected


def test_a_midnight_that_comes_twice_is_due_once() -> None:
    havana = ZoneInfo("America/Havana")  # where 01:00 becomes 00:00
    assert dues(havana, time(0, 30), "2026-10-31T12:00", 2) == ["2026-11-01 00:30", "2026-11-02 00:30"]
    asuncion = ZoneInfo("America/Asuncion")  # where midnight became 23:00 of the day before
    assert dues(asuncion, time(23, 30), "2024-03-23T12:00", 2) == ["2024-03-23 23:30", "2024-03-24 23:30"]


def test_on_lord_howe_clocks_go_by_half_an_hour() -> None:
    island = ZoneInfo("Australia/Lord_Howe")
    assert dues(island, time(2, 15), "2026-10-04T00:00", 2) == ["2026-10-04 02:45", "2026-10-05 02:15"]
    assert dues(island, time(1, 45), "2026-04-05T00:00", 2) == ["2026-04-05 01:45", "2026-04-06 01:45"]


def test_in_casablanca_clocks_change_around_ramadan() -> None:
    expected = ["2026-02-15 02:30", "2026-02-16 02:30"]
    assert dues(ZoneInfo("Africa/Casablanca"), time(2, 30), "2026-02-15T00:00", 2) == expected
    assert dues(ZoneInfo("Africa/Casablanca"), time(2, 30), "2026-03-22T00:00", 2) == [
        "2026-03-22 03:30",
        "2026-03-23 02:30",
    ]


def test_on_chatham_it_is_due_at_its_quarter_hours_from_utc() -> None:
    island = ZoneInfo("Pacific/Chatham")
    assert next_due(local("2026-07-01T00:00", island), time(9), island) == datetime(2026, 6, 30, 20, 15, tzinfo=UTC)
    assert dues(island, time(3), "2026-09-27T00:00", 2) == ["2026-09-27 04:00", "2026-09-28 03:00"]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("Pacific/Apia", "2011-12-29", "2011-12-31"), ("Pacific/Kiritimati", "1994-12-30", "1995-01-01")],
)
def test_a_day_that_was_left_out_is_not_due(name: str, before: str, after: str) -> None:
    for at in (time(0), time(9), time(23, 59)):
        expected = [f"{before} {at:%H:%M}", f"{after} {at:%H:%M}"]
        assert dues(ZoneInfo(name), at, f"{date.fromisoformat(before) - DAY}T23:59", 2) == expected


def test_on_apia_the_friday_that_was_left_out_is_made_up_for_a_week_later() -> None:
    apia = ZoneInfo("Pacific/Apia")
    due = next_due(local("2011-12-29T12:00", apia), time(9), apia, "5")
    assert day_of(due, apia) == date(2012, 1, 6)


# Changes by moderators


def test_a_new_time_later_on_a_day_that_had_its_question_waits_until_tomorrow() -> None:
    now = local("2026-03-02T10:00", BERLIN)
    assert next_due(now, time(18), BERLIN) == local("2026-03-02T18:00", BERLIN)
    assert next_due(now, time(18), BERLIN, last=date(2026, 3, 2)) == local("2026-03-03T18:00", BERLIN)


def test_a_new_zone_where_it_is_still_yesterday_waits_for_a_day_that_had_none() -> None:
    now, honolulu = local("2026-03-02T10:00", ZoneInfo("Pacific/Auckland")), ZoneInfo("Pacific/Honolulu")
    assert day_of(now, honolulu) == date(2026, 3, 1)
    due = next_due(now, time(23), honolulu, last=date(2026, 3, 2))
    assert due == local("2026-03-03T23:00", honolulu)


def test_the_moment_itself_is_over() -> None:
    now = local("2026-03-02T09:00", BERLIN)
    assert next_due(now, time(9), BERLIN) == now + DAY
    assert next_due(now - timedelta(seconds=1), time(9), BERLIN) == now


def test_without_any_weekday_nothing_can_be_due() -> None:
    with pytest.raises(ValueError, match="no weekday"):
        next_due(local("2026-03-02T09:00", BERLIN), time(9), BERLIN, "")


# Late, revealed, spread


def test_what_was_missed_is_posted_for_six_hours_on_the_same_day() -> None:
    due = local("2026-03-02T09:00", BERLIN)
    assert in_time(due, due, BERLIN)
    assert in_time(due, due + LATE, BERLIN)
    assert not in_time(due, due + LATE + timedelta(seconds=1), BERLIN)
    assert not in_time(due, due - timedelta(seconds=1), BERLIN)


def test_what_was_missed_is_not_posted_on_the_day_after() -> None:
    due = local("2026-03-02T22:00", BERLIN)
    assert in_time(due, local("2026-03-02T23:59", BERLIN), BERLIN)
    assert not in_time(due, local("2026-03-03T00:00", BERLIN), BERLIN)


def test_the_answer_is_revealed_at_the_next_such_time() -> None:
    due = local("2026-03-02T09:00", BERLIN)
    assert reveal_after(due, time(20), BERLIN) == local("2026-03-02T20:00", BERLIN)
    assert reveal_after(due, time(8), BERLIN) == local("2026-03-03T08:00", BERLIN)
    assert reveal_after(due, time(9), BERLIN) == local("2026-03-03T09:00", BERLIN)


def test_rooms_are_spread_over_the_minute_and_each_keeps_its_second_in_every_process() -> None:
    seconds = [spread(f"room-{number}") for number in range(6_000)]
    assert set(seconds) == set(range(60))
    assert max(seconds.count(second) for second in range(60)) < 200
    told = "from bot.groups.schedule import spread; print(spread('room-1'), spread('Räume'))"
    elsewhere = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert elsewhere.stdout.split() == [str(spread("room-1")), str(spread("Räume"))]


# What people write


@pytest.mark.parametrize(
    ("written", "found"),
    [("09:00", "09:00"), ("9", "09:00"), ("9:00", "09:00"), ("9am", "09:00"), ("9 pm", "21:00"), ("21.30", "21:30"),
     ("2130", "21:30"), ("930", "09:30"), ("noon", "12:00"), ("Midnight", "00:00"), ("9 o'clock", "09:00"),
     ("9 O’Clock PM", "21:00"), ("12am", "00:00"), ("12 pm", "12:00"), ("12:30 a.m.", "00:30"), (" at  7:05 ", "07:05"),
     ("18h", "18:00"), ("18h30", "18:30"), ("0", "00:00"), ("23:59", "23:59")],
)  # fmt: skip
def test_a_time_is_read_as_people_write_it(written: str, found: str) -> None:
    assert read_time(written) == time.fromisoformat(found)


@pytest.mark.parametrize(
    "written",
    ["", "24:00", "24", "9:60", "9:5", "13pm", "0am", "-9", "99999", "9:00:00", "nine", "9-10", "09:00 UTC", "٩"],
)
def test_what_is_no_time_is_not_guessed(written: str) -> None:
    assert read_time(written) is None


@given(st.times())
def test_a_time_as_it_is_stored_is_read_as_itself(at: time) -> None:
    assert read_time(f"{at:%H:%M}") == at.replace(second=0, microsecond=0)


@pytest.mark.parametrize(
    ("written", "found"),
    [("mon-fri", "12345"), ("Mon - Fri", "12345"), ("mon–fri", "12345"), ("Monday to Friday", "12345"),
     ("mon,wed,fri", "135"), ("mon, wed and fri", "135"), ("sat sun", "67"), ("Sundays & SATURDAYS", "67"),
     ("daily", "1234567"), ("all", "1234567"), ("every day", "1234567"), ("weekdays", "12345"),
     ("every weekday", "12345"), ("weekend", "67"), ("fri-mon", "1567"), ("mon-wed, sat", "1236"), ("tues thurs", "24"),
     ("every Monday", "1"), ("sun-sun", "7"), ("wed, wed", "3")],
)  # fmt: skip
def test_weekdays_are_read_as_people_write_them(written: str, found: str) -> None:
    assert read_weekdays(written) == found


@pytest.mark.parametrize(
    "written", ["", " , ", "-", "mon-", "-fri", "mon-wed-fri", "m", "monkey", "mon-xyz", "every", "8"]
)
def test_what_names_no_weekdays_is_not_guessed(written: str) -> None:
    assert read_weekdays(written) == ""


@pytest.mark.parametrize(
    ("weekdays", "words"),
    [("1234567", "every day"), ("12345", "Mon to Fri"), ("67", "Sat, Sun"), ("135", "Mon, Wed, Fri"),
     ("1567", "Fri to Mon"), ("1236", "Mon to Wed, Sat"), ("17", "Mon, Sun"), ("4", "Thu"), ("", "")],
)  # fmt: skip
def test_weekdays_are_told_in_words(weekdays: str, words: str) -> None:
    assert weekdays_in_words(weekdays) == words


@given(WEEKDAYS)
def test_weekdays_in_words_are_read_as_the_same(weekdays: str) -> None:
    assert read_weekdays(weekdays_in_words(weekdays)) == weekdays


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    read_time(text)
    assert set(read_weekdays(text)) <= set(EVERY_DAY)
