"""Streaks are derived from days of practice, and nothing shortens one that was earned."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.learners import zones
from bot.learners.streaks import (
    FREEZE_DAYS,
    MOST_FREEZES,
    REPAIR_APART,
    REPAIR_WITHIN,
    Streak,
    repairable,
    skipped_between,
    streak,
)
from bot.learners.zones import Zones, find_zone, nearest_zones, zone_names
from bot.store.store import Learner

DAY = timedelta(days=1)
TODAY = date(2026, 3, 2)
# Days from 70 days ago to the day after tomorrow: most of them practised, or few.
DAYS = st.lists(st.sampled_from("xxxx.") | st.sampled_from("x."), max_size=73).map(
    lambda marks: {TODAY + timedelta(2 - back) for back, mark in enumerate(marks) if mark == "x"}
)
SOME = st.just(set()) | st.sets(st.dates(TODAY - timedelta(70), TODAY), max_size=3)
NOWS = st.dates(TODAY - timedelta(10), TODAY + timedelta(10))


def ago(*days: int) -> set[date]:
    return {TODAY - timedelta(day) for day in days}


def drawn(line: str) -> tuple[set[date], set[date], set[date]]:
    """The days practised (x), repaired (r) and skipped (s) of a line that ends yesterday; any other day is missed."""
    first = TODAY - timedelta(len(line))
    days = [(first + timedelta(place), mark) for place, mark in enumerate(line)]
    practised, repaired, skipped = ({day for day, mark in days if mark == kind} for kind in "xrs")
    return practised, repaired, skipped


def after(line: str, today: date = TODAY) -> Streak:
    practised, repaired, skipped = drawn(line)
    return streak(practised, today, repaired, skipped)


def mend(line: str) -> date | None:
    practised, repaired, skipped = drawn(line)
    return repairable(practised, repaired, TODAY, skipped)


def lengths(found: Streak) -> tuple[int, int, int, bool]:
    return found.current, found.best, found.days, found.today


# Days in a row


def test_nobody_has_a_streak_or_a_freeze_before_the_first_answer() -> None:
    assert streak([], TODAY) == Streak(
        0, 0, 0, today=False, held=0, next_freeze=FREEZE_DAYS, frozen=frozenset(), repaired=frozenset()
    )


def test_days_in_a_row_count_up_to_today() -> None:
    assert lengths(streak(ago(0, 1, 2), TODAY)) == (3, 3, 3, True)


def test_a_streak_lives_until_the_end_of_the_day_after() -> None:
    assert lengths(streak(ago(1, 2), TODAY)) == (2, 2, 2, False)
    assert lengths(streak(ago(2, 3), TODAY)) == (0, 2, 2, False)


def test_the_best_streak_is_kept_when_the_current_one_breaks() -> None:
    assert lengths(streak(ago(0, 5, 6, 7), TODAY)) == (1, 3, 4, True)


def test_a_day_counts_once_however_often_it_is_told() -> None:
    assert lengths(streak([TODAY, TODAY], TODAY)) == (1, 1, 1, True)
    assert streak([*ago(0, 1), *ago(0, 1)], TODAY, list(ago(2)) * 2) == streak(ago(0, 1), TODAY, ago(2))


def test_who_flies_west_after_practising_keeps_the_streak() -> None:
    assert streak(ago(-1, 0, 1), TODAY).current == 3
    assert streak(ago(-1), TODAY).current == 1


def test_a_day_that_is_lived_again_is_not_missed_before_it_is_over() -> None:
    flown = ago(-1, *range(1, 10))  # practised tomorrow, then flew back to today
    assert lengths(streak(flown, TODAY)) == (10, 10, 10, False)
    assert not streak(flown, TODAY).frozen
    assert streak(flown, TODAY + DAY).frozen == {TODAY}


# Freezes


def test_seven_practised_days_earn_a_freeze() -> None:
    assert [(found.held, found.next_freeze) for found in map(after, ("", "x", "xxxxxx", "xxxxxxx", "xxxxxxxx"))] == [
        (0, 7), (0, 6), (0, 1), (1, 7), (1, 6)
    ]  # fmt: skip


def test_days_that_earn_a_freeze_need_not_be_in_a_row() -> None:
    assert after("x.x.x.x.x.x.").held == 0
    assert after("x.x.x.x.x.x.x").held == 1


def test_at_most_two_freezes_are_held_and_a_third_is_not_begun() -> None:
    assert [(after("x" * days).held, after("x" * days).next_freeze) for days in (13, 14, 20, 21, 300)] == [
        (1, 1), (2, 7), (2, 7), (2, 7), (2, 7)
    ]  # fmt: skip
    used = after("x" * 20 + ".x")
    assert (used.held, used.next_freeze) == (1, 6)


def test_a_freeze_keeps_the_streak_and_does_not_lengthen_it() -> None:
    found = after("xxxxxxx.")
    assert lengths(found) == (7, 7, 7, False)
    assert (found.held, found.frozen) == (0, ago(1))
    assert lengths(after("xxxxxxx.x")) == (8, 8, 8, False)


def test_a_freeze_is_not_used_for_today() -> None:
    assert after("xxxxxxx").frozen == frozenset()
    assert after("xxxxxxx", TODAY + DAY).frozen == {TODAY}


def test_two_freezes_cover_two_days_in_a_row_or_apart() -> None:
    assert after("x" * 14 + "..x").current == after("x" * 14 + ".x.x").current - 1 == 15
    assert after("x" * 14 + "..x").frozen == ago(2, 3)
    assert after("x" * 14 + ".x.x").frozen == ago(2, 4)


def test_the_streak_ends_when_freezes_run_out() -> None:
    assert after("xxxxxxx.x.").current == 0
    assert after("xxxxxxx.x.").frozen == ago(3)


def test_no_freeze_is_used_for_more_days_than_are_held_and_what_the_first_took_is_given_back() -> None:
    first, second = after("xxxxxxx."), after("xxxxxxx..")
    assert (first.current, first.held, first.frozen) == (7, 0, ago(1))
    assert (second.current, second.held, second.frozen) == (0, 1, frozenset())


def test_freezes_outlast_a_streak_that_ends() -> None:
    assert after("xxxxxxx...x.x").current == 2


def test_what_is_practised_while_one_freeze_is_held_counts_on_after_it_is_used() -> None:
    assert (after("x" * 13 + ".").held, after("x" * 13 + ".x").held) == (0, 1)


# Skipped days


def test_a_date_that_was_never_lived_is_not_missed() -> None:
    assert lengths(after("xxxs")) == (3, 3, 3, False)
    assert lengths(after("xxxsx")) == (4, 4, 4, False)


def test_nothing_is_skipped_but_what_lies_between_two_dates() -> None:
    assert skipped_between(TODAY, TODAY + 2 * DAY) == [TODAY + DAY]
    assert skipped_between(TODAY, TODAY + DAY) == skipped_between(TODAY, TODAY) == []
    assert skipped_between(TODAY, TODAY - 2 * DAY) == []


# Repairs


@pytest.mark.parametrize(
    ("line", "missed"),
    [
        ("xxx.", 1),  # yesterday
        ("xxx.x", 2),  # the day before, and the streak was begun anew
        ("xxx.xx", None),  # too long ago
        ("xxx..", None),  # two days
        ("xxx..x", None),
        ("xxx", None),  # nothing to repair
        (".", None),
        ("", None),
        ("xxxxxxx.", None),  # frozen
        ("xxxxxxx..", 1),  # one day more than freezes are held
        ("xxxxxxx..x", 2),
        ("xxxxxxx...", None),
        ("x" * 14 + "...", 1),
        ("x" * 14 + "....", None),
        ("x.r", None),  # one day before the repaired one
        ("xr.", None),
        ("xs.", 1),
        ("x.s", 2),
        ("x..s", None),
        ("s.x", None),  # nothing was practised before
        ("xxxxxxx.x.", 1),  # the freeze had been used
        ("xxxxxxx.x..", None),
    ],
)
def test_one_day_more_than_freezes_cover_can_be_repaired_for_two_days(line: str, missed: int | None) -> None:
    assert mend(line) == (TODAY - missed * DAY if missed else None)


@pytest.mark.parametrize(("line", "repaired"), [("xxx.", 1), ("xxx.x", 2), ("xxxxxxx..", 1), ("x" * 14 + "...x", 2)])
def test_a_repaired_day_keeps_the_streak_and_does_not_lengthen_it(line: str, repaired: int) -> None:
    found = streak(drawn(line)[0], TODAY, ago(repaired))
    assert found.current == found.best == line.count("x")
    assert found.repaired == ago(repaired)
    assert not found.frozen & found.repaired


def test_a_repair_is_offered_as_well_when_today_has_been_practised() -> None:
    assert repairable(ago(0, 2, 3), (), TODAY) == TODAY - DAY


@pytest.mark.parametrize("apart", [1, 2, REPAIR_APART - 1, REPAIR_APART, REPAIR_APART + 1])
def test_of_thirty_days_one_is_repaired(apart: int) -> None:
    found = repairable(ago(2, 60), ago(1 + apart), TODAY)
    assert found == (TODAY - DAY if apart >= REPAIR_APART else None)


def test_a_repaired_day_that_is_lived_again_and_practised_is_a_practised_one() -> None:
    found = streak(ago(0, 1, 2), TODAY, ago(1))
    assert lengths(found) == (3, 3, 3, True)
    assert not found.repaired


# Whatever the days


def walked(practised: set[date], kept: set[date], today: date) -> tuple[int, int, int, int, set[date]]:
    """Current, best, held, until the next, frozen: as someone would do it with a calendar, a day after another."""
    if not practised:
        return 0, 0, 0, FREEZE_DAYS, set()
    runs, run, held, towards = [0], 0, 0, 0
    frozen: set[date] = set()
    waiting: list[date] = []  # missed, and it has yet to be seen whether freezes are enough
    day = min(practised)
    while day <= max(*practised, today):
        if day in practised:
            if len(waiting) > held:
                run = 0
            else:
                held -= len(waiting)
                frozen.update(waiting)
            waiting = []
            run += 1
            runs.append(run)
            if held < MOST_FREEZES:
                towards += 1
                if towards == FREEZE_DAYS:
                    held, towards = held + 1, 0
        elif day < today and day not in kept:
            waiting.append(day)
        day += DAY
    if len(waiting) > held:
        run = 0
    else:
        held -= len(waiting)
        frozen.update(waiting)
    return run, max(runs), held, FREEZE_DAYS - towards, frozen


@given(DAYS, SOME, SOME, NOWS)
def test_a_streak_agrees_with_walking_day_by_day(
    days: set[date], repaired: set[date], skipped: set[date], today: date
) -> None:
    found = streak(days, today, repaired, skipped)
    expected = walked(days, repaired | skipped, today)
    assert (found.current, found.best, found.held, found.next_freeze, found.frozen) == expected
    assert (found.days, found.today, found.repaired) == (len(days), today in days, repaired - days)


@given(DAYS, SOME, SOME, NOWS)
def test_freezes_are_earned_before_they_are_used_and_never_more_than_two(
    days: set[date], repaired: set[date], skipped: set[date], today: date
) -> None:
    found = streak(days, today, repaired, skipped)
    assert 0 <= found.held <= MOST_FREEZES
    assert 1 <= found.next_freeze <= FREEZE_DAYS
    assert found.held + len(found.frozen) <= found.days // FREEZE_DAYS
    assert not found.frozen & (days | repaired | skipped)
    assert all(min(days) < day < today for day in found.frozen)
    assert found.current <= found.best <= found.days


@given(DAYS, SOME, NOWS, st.randoms())
def test_the_order_in_which_days_are_told_makes_no_difference(
    days: set[date], repaired: set[date], today: date, random: Random
) -> None:
    told = [*days, *days]
    random.shuffle(told)
    assert streak(told, today, repaired) == streak(sorted(days), today, repaired)
    assert repairable(told, repaired, today) == repairable(sorted(days, reverse=True), repaired, today)


@given(DAYS, SOME)
def test_to_practise_today_never_shortens_a_streak_wherever_today_is(days: set[date], repaired: set[date]) -> None:
    for today in (TODAY, TODAY + DAY, TODAY + 2 * DAY):
        before, now = streak(days, today, repaired), streak(days | {today}, today, repaired)
        assert now.today
        assert now.current == before.current + (today not in days) or now.current == 1 > before.current
        assert now.best >= before.best
        assert now.days >= before.days
        assert now.frozen == before.frozen


@given(DAYS, SOME, NOWS, st.integers(1, 12))
def test_a_day_after_all_others_never_shortens_a_streak(
    days: set[date], repaired: set[date], today: date, later: int
) -> None:
    before = streak(days, today, repaired)
    found = streak(days | {max(days, default=TODAY) + timedelta(later)}, today, repaired)
    assert found.current >= before.current
    assert found.best >= before.best


@given(DAYS, NOWS)
def test_without_freezes_in_play_no_day_shortens_a_streak_however_late_it_is_told(days: set[date], now: date) -> None:
    few = set(sorted(days)[: FREEZE_DAYS - 2])
    before, found = streak(few, TODAY), streak(few | {now}, TODAY)
    assert found.current >= before.current
    assert found.best >= before.best


def test_a_day_told_long_afterwards_may_move_a_freeze_to_the_streak_that_it_lengthens() -> None:
    assert (after("xxxxxxx...x.x").current, after("xxxxxxx...x.x").best) == (2, 7)
    assert (after("xxxxxxx.x.x.x").current, after("xxxxxxx.x.x.x").best) == (1, 8)


@given(DAYS, st.integers(0, 10))
def test_to_let_days_pass_uses_freezes_or_ends_a_streak_and_never_shortens_it(days: set[date], passed: int) -> None:
    so_far = {day for day in days if day <= TODAY}
    before, found = streak(so_far, TODAY), streak(so_far, TODAY + timedelta(passed))
    assert found.current in (before.current, 0)
    assert found.best == before.best
    assert before.held - found.held == len(found.frozen - before.frozen) or not found.current


@given(DAYS, SOME, SOME, NOWS)
def test_a_repair_joins_what_a_missed_day_has_parted_and_stays(
    days: set[date], repaired: set[date], skipped: set[date], today: date
) -> None:
    day = repairable(days, repaired, today, skipped)
    if not day:
        return
    assert timedelta(0) < today - day <= timedelta(REPAIR_WITHIN)
    assert day not in days | repaired | skipped
    assert all(abs(day - other) >= timedelta(REPAIR_APART) for other in repaired)
    before, mended = streak(days, today, repaired, skipped), streak(days, today, repaired | {day}, skipped)
    assert mended.current > before.current
    assert mended.best >= before.best
    assert day in mended.repaired
    assert repairable(days, repaired | {day}, today, skipped) is None
    on = streak(days | {today, today + DAY}, today + 2 * DAY, repaired | {day}, skipped)
    assert on.current >= mended.current


@given(DAYS, SOME, SOME, NOWS)
def test_a_repair_is_offered_whenever_one_recent_day_makes_the_difference(
    days: set[date], repaired: set[date], skipped: set[date], today: date
) -> None:
    """The offer, found by trying: the last day of an absence, when to keep it would join what it parts."""
    practised = sorted(days)
    offered = None
    for day in (today - DAY, today - 2 * DAY):
        earlier, later = [one for one in practised if one < day], [one for one in practised if one > day]
        free = day not in days | repaired | skipped
        apart = all(abs(day - other) >= timedelta(REPAIR_APART) for other in repaired)
        following = min([*later, today])
        last = all(one in repaired | skipped for one in (day + step * DAY for step in range(1, (following - day).days)))
        if earlier and free and apart and last:
            until = streak(earlier, following, repaired, skipped).current
            kept = streak(earlier, following, repaired | {day}, skipped).current
            offered = day if kept > until else offered
    assert repairable(days, repaired, today, skipped) == offered


def test_ten_years_cost_a_few_milliseconds_at_most() -> None:
    days = [TODAY - timedelta(back) for back in range(3653) if back % 9]
    best = min(_timed(days) for _ in range(5))
    assert best < 0.02  # about a millisecond; the rest is for busy machines
    assert streak([date.min, *days, date.max], TODAY).days == len(days) + 2


def _timed(days: list[date]) -> float:
    began = perf_counter()
    streak(days, TODAY)
    repairable(days, (), TODAY)
    return perf_counter() - began


# Travellers


@dataclass
class Traveller:
    """Answers once on each local date, as soon as it is there, and tells of every change of zone."""

    zone: str
    now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    days: list[date] = field(default_factory=list)
    skipped: list[date] = field(default_factory=list)

    @property
    def today(self) -> date:
        return Zones(ZoneInfo("UTC")).day(Learner("traveller", self.zone), self.now)

    @property
    def streak(self) -> Streak:
        return streak(self.days, self.today, (), self.skipped)

    def live(self, hours: float) -> None:
        until = self.now + timedelta(hours=hours)
        while self.now < until:
            before = self.streak
            self.now = min(self.now + timedelta(hours=1), until)
            assert self.streak.current == before.current  # midnight takes nothing
            self._answer()

    def _answer(self) -> None:
        if self.today not in self.days:
            before = self.streak
            self.days.append(self.today)
            assert self.streak.current == before.current + 1

    def fly(self, hours: float, zone: str) -> None:
        """So many hours in the air, and another zone from landing on."""
        self.live(hours)
        before = self.today
        self.zone = zone
        self.skipped += skipped_between(before, self.today)
        assert self.streak.current == len(self.days)
        self._answer()


FAR = ["Pacific/Kiritimati", "Etc/GMT+12", "Pacific/Pago_Pago", "Pacific/Auckland", "Pacific/Honolulu", "Asia/Tokyo"]
FLIGHTS = st.lists(
    st.tuples(
        st.floats(0, 60), st.floats(0, 20), st.sampled_from(FAR) | st.sampled_from(["UTC", "Europe/Berlin",
        "America/New_York", "America/Los_Angeles", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"])
    ),
    max_size=12,
)  # fmt: skip


@settings(deadline=None)
@given(st.sampled_from(FAR), FLIGHTS)
@example("Etc/GMT+12", [(11.5, 0, "Pacific/Kiritimati"), (0, 0, "Etc/GMT+12"), (30, 0, "Pacific/Kiritimati")])
def test_who_answers_on_every_local_date_never_loses_a_streak_wherever_flights_lead(
    zone: str, flights: list[tuple[float, float, str]]
) -> None:
    traveller = Traveller(zone)
    traveller.live(1)
    for stay, hours, destination in flights:
        traveller.live(stay)
        traveller.fly(hours, destination)
    traveller.live(100)
    found = traveller.streak
    assert found.current == found.best == found.days == len(traveller.days)
    assert not found.frozen


def test_who_crosses_the_date_line_westward_practises_a_date_later_and_keeps_the_streak() -> None:
    traveller = Traveller("America/Los_Angeles")
    traveller.live(48)
    traveller.fly(11, "Asia/Tokyo")
    traveller.live(48)
    assert traveller.streak.current == len(traveller.days)


def test_who_crosses_the_date_line_eastward_lives_a_date_twice_and_it_counts_once() -> None:
    traveller = Traveller("Pacific/Auckland")
    traveller.live(24)
    before = traveller.streak
    again = traveller.today - DAY
    traveller.fly(0, "Pacific/Honolulu")
    assert traveller.today < max(traveller.days)
    assert traveller.streak.current == before.current
    traveller.live(21)  # to the end of the date that is lived again
    assert (traveller.today, traveller.streak.days) == (again, before.days)
    traveller.live(48)
    assert traveller.streak.current == before.current + 1


def test_who_moves_more_than_a_day_ahead_skips_a_date_and_keeps_the_streak() -> None:
    traveller = Traveller("Etc/GMT+12", datetime(2026, 3, 2, 11, 30, tzinfo=UTC))  # 23:30 there
    traveller.live(0.25)
    traveller.fly(0, "Pacific/Kiritimati")
    assert traveller.skipped == [date(2026, 3, 2)]
    traveller.live(1)
    assert traveller.days == [date(2026, 3, 1), date(2026, 3, 3)]
    assert traveller.streak.current == 2


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)), st.permutations(FAR))  # noqa: DTZ001
def test_one_answer_is_one_day_however_often_the_zone_is_changed_afterwards(moment: datetime, zones: list[str]) -> None:
    def day(zone: str) -> date:
        return Zones(ZoneInfo("UTC")).day(Learner("x", zone), moment)

    answered = {day(zones[0])}  # as it is kept
    for zone in zones:
        found = streak(answered, day(zone))
        assert (found.days, found.best) == (1, 1)
        assert found.current <= 1


# What users of other programs have lost


def local_days(zone: str, moments: Iterable[str]) -> list[date]:
    """The days that answers are kept under, given at moments that clocks there show."""
    at = [datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for moment in moments]
    return [Zones(ZoneInfo("UTC")).day(Learner("x", zone), moment) for moment in at]


def test_habitica_sydney_the_night_that_clocks_go_back_is_no_day_of_its_own() -> None:
    days = local_days("Australia/Sydney", ["2014-04-05 21:00", "2014-04-06 08:00", "2014-04-07 08:00"])
    assert lengths(streak(days, date(2014, 4, 7))) == (3, 3, 3, True)


def test_habitica_the_hour_that_comes_twice_begins_no_new_day() -> None:
    days = local_days("America/New_York", ["2014-11-01 12:00", "2014-11-02 00:10", "2014-11-02 01:30"])
    assert lengths(streak(days, date(2014, 11, 2))) == (2, 2, 2, True)


def test_habitica_who_lands_in_the_west_before_midnight_and_after_it_at_home_has_missed_nothing() -> None:
    days = local_days("America/New_York", ["2014-05-06 20:00"])
    at_landing = datetime(2014, 5, 8, 4, 30, tzinfo=UTC)  # 00:30 in the east, 21:30 the evening before in the west
    for zone, current in (("America/New_York", 0), ("America/Los_Angeles", 1)):
        today = Zones(ZoneInfo("UTC")).day(Learner("x", zone), at_landing)
        assert streak(days, today).current == current  # as soon as the zone is told, nothing is lost


def test_habitica_a_clock_eight_hours_back_is_still_the_same_day() -> None:
    days = local_days("Europe/London", ["2014-07-28 09:00", "2014-07-29 09:00"])
    assert streak(days, date(2014, 7, 29)).current == streak(days, date(2014, 7, 28)).current == 2


def test_daily_dev_a_streak_restored_right_after_midnight_is_not_lost_again_hours_later() -> None:
    days = [date(2024, 9, 25) - timedelta(back) for back in range(6)]  # no freeze earned, the 26th missed in Japan
    today = local_days("Asia/Tokyo", ["2024-09-27 00:05"])[0]
    repaired = repairable(days, (), today)
    assert repaired == date(2024, 9, 26)
    for later in (days, [*days, today]):
        assert streak(later, today, [repaired]).current == len(later)
    assert streak([*days, today], today + DAY, [repaired]).current == 7
    # Where the server's date is still the 26th, too.
    assert streak([*days, today], date(2024, 9, 26), [repaired]).current == 7


def test_daily_dev_an_answer_at_two_in_the_morning_counts_for_the_day_that_has_begun() -> None:
    days = local_days("Asia/Seoul", ["2024-10-26 20:00", "2024-10-27 02:00"])
    assert lengths(streak(days, date(2024, 10, 27))) == (2, 2, 2, True)


def test_daily_dev_weekends_are_days_like_others() -> None:
    friday = date(2025, 1, 24)
    assert streak([friday], friday + 3 * DAY).current == 0
    assert streak([friday + number * DAY for number in range(4)], friday + 3 * DAY).current == 4


def test_freecodecamp_late_evenings_do_not_count_for_the_day_after() -> None:
    evenings = [f"2018-01-{day} 22:30" for day in range(20, 29)]
    days = local_days("America/Chicago", [*evenings[:4], "2018-01-24 09:00", *evenings[5:]])
    assert lengths(streak(days, date(2018, 1, 28))) == (9, 9, 9, True)


def test_freecodecamp_a_streak_is_the_same_whoever_looks_at_it_from_wherever() -> None:
    days = local_days("America/Los_Angeles", [f"2016-07-{day:02} 21:00" for day in range(1, 10)])
    today = date(2016, 7, 9)  # the learner's, never the reader's
    assert streak(days, today).current == 9


def test_freecodecamp_the_29th_of_february_is_a_day() -> None:
    assert streak([date(2016, 2, 28), date(2016, 2, 29), date(2016, 3, 1)], date(2016, 3, 1)).current == 3
    assert streak([date(2016, 2, 28), date(2016, 3, 1)], date(2016, 3, 1)).current == 1


def test_koreader_days_of_23_and_25_hours_are_days() -> None:
    for turn in (date(2026, 3, 29), date(2026, 10, 25)):
        moments = [f"{turn + number * DAY} {hour}" for number, hour in ((-1, "23:59"), (0, "23:59"), (1, "00:00"))]
        assert streak(local_days("Europe/Amsterdam", moments), turn + DAY).current == 3


def test_devtrack_a_freeze_covers_the_local_date_that_was_missed() -> None:
    days = local_days("Asia/Kolkata", [f"2026-06-{day} 23:30" for day in range(23, 30)])
    today = local_days("Asia/Kolkata", ["2026-07-01 01:30"])[0]  # when it is still 30 June in UTC
    found = streak(days, today)
    assert (found.current, found.frozen) == (7, {date(2026, 6, 30)})


def test_anki_heat_map_the_history_of_who_moved_from_japan_to_germany_stays_as_it_was() -> None:
    mornings = [f"2017-03-{day:02} 06:00" for day in range(1, 29)]  # 22:00 of the day before in Germany
    days = local_days("Asia/Tokyo", [*mornings[:14], "2017-03-15 23:00", *mornings[15:]])
    for zone in ("Asia/Tokyo", "Europe/Berlin"):
        today = Zones(ZoneInfo("UTC")).day(Learner("x", zone), datetime(2017, 3, 28, 1, tzinfo=UTC))
        found = streak(days, today)
        assert (found.current, found.best, found.frozen) == (28, 28, frozenset())


def test_anki_heat_map_a_day_with_nothing_due_counts_like_any_other_that_is_kept() -> None:
    asked = TODAY - DAY  # for a review, when nothing was due: kept as a day of practice
    assert streak([TODAY - 2 * DAY, asked, TODAY], TODAY).current == 3


def test_anki_leaderboard_a_streak_of_553_days_is_shown_as_553() -> None:
    found = streak([TODAY - timedelta(back) for back in range(553)], TODAY)
    assert (found.current, found.best, found.days) == (553, 553, 553)


# Zones


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
