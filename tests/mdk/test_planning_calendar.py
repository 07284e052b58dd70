"""The days of a series, the share of each, the moments before a meeting, and the changes of the clocks."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cases.workdays import is_working_day
from mdk.enums import RedDay
from mdk.planning.calendar import (
    DayRule,
    cutoff_at,
    days_left_out,
    due_at,
    holiday_name,
    is_eve,
    may_meet,
    meeting_days,
    moment_of,
    percent_of,
    share_of,
)

THURSDAYS = DayRule("FREQ=WEEKLY;BYDAY=TH", date(2026, 1, 1))
WORKDAYS = replace(THURSDAYS, rrule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")


def days(rule: DayRule, first: date, last: date) -> list[date]:
    return [day.on for day in meeting_days(rule, first, last)]


def test_a_day_off_is_left_out() -> None:
    found = days(THURSDAYS, date(2026, 5, 1), date(2026, 5, 31))
    assert found == [date(2026, 5, 7), date(2026, 5, 21), date(2026, 5, 28)], "14 May is Ascension Day"


@pytest.mark.parametrize(
    ("rule", "stands_in"),
    [(RedDay.BEFORE, date(2026, 5, 13)), (RedDay.AFTER, date(2026, 5, 15)), (RedDay.SKIP, None)],
)
def test_a_meeting_on_a_day_off_goes_where_the_series_says(rule: str, stands_in: date | None) -> None:
    found = {
        day.instead_of: day.on
        for day in meeting_days(replace(THURSDAYS, on_red_day=rule), date(2026, 5, 1), date(2026, 5, 31))
    }
    assert found.get(date(2026, 5, 14)) == stands_in


def test_christmas_is_leapt_over_whole() -> None:
    moved = replace(THURSDAYS, on_red_day=RedDay.BEFORE)
    assert date(2026, 12, 23) in days(moved, date(2026, 12, 14), date(2026, 12, 31)), "Thursday is Christmas Eve"
    after = replace(THURSDAYS, on_red_day=RedDay.AFTER)
    assert days(after, date(2026, 12, 24), date(2027, 1, 6)) == [date(2026, 12, 28), date(2027, 1, 4)]


def test_a_moved_meeting_never_joins_another_of_the_series() -> None:
    moved = replace(WORKDAYS, on_red_day=RedDay.BEFORE)
    found = meeting_days(moved, date(2026, 5, 11), date(2026, 5, 15))
    assert [(day.on.day, day.instead_of) for day in found] == [(11, None), (12, None), (13, None), (15, None)]


def test_a_move_does_not_stop_on_a_day_without_capacity() -> None:
    no_eves = replace(THURSDAYS, on_red_day=RedDay.BEFORE, eve_percent=0)
    assert date(2026, 5, 12) in days(no_eves, date(2026, 5, 8), date(2026, 5, 20)), "13 May is the eve"
    out = replace(no_eves, excluded_on=frozenset({date(2026, 5, 12)}))
    assert date(2026, 5, 11) in days(out, date(2026, 5, 8), date(2026, 5, 20))


def test_an_excluded_day_has_no_meeting_and_none_instead() -> None:
    out = replace(THURSDAYS, excluded_on=frozenset({date(2026, 5, 7), date(2026, 5, 14)}), on_red_day=RedDay.BEFORE)
    assert days(out, date(2026, 5, 1), date(2026, 5, 20)) == []
    assert days_left_out(out, date(2026, 5, 1), date(2026, 5, 20)) == [date(2026, 5, 7), date(2026, 5, 14)]


def test_days_left_out_are_those_that_nothing_stands_for() -> None:
    assert days_left_out(THURSDAYS, date(2026, 5, 1), date(2026, 5, 31)) == [date(2026, 5, 14)]
    assert days_left_out(replace(THURSDAYS, on_red_day=RedDay.AFTER), date(2026, 5, 1), date(2026, 5, 31)) == []
    assert (holiday_name(date(2026, 5, 14)), holiday_name(date(2026, 5, 7))) == ("Kristi himmelsfärdsdag", "")


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 1, 5), "Twelfth Night"),
        (date(2026, 4, 2), "Maundy Thursday"),
        (date(2026, 4, 30), "Walpurgis Night"),
        (date(2026, 5, 13), "before Ascension Day"),
        (date(2025, 6, 5), "before the National Day"),
        (date(2026, 6, 18), "before Midsummer Eve"),
        (date(2026, 12, 23), "before Christmas Eve"),
        (date(2026, 12, 30), "before New Year's Eve"),
    ],
)
def test_eves(day: date, name: str) -> None:
    assert is_eve(day), name
    assert (percent_of(THURSDAYS, day), percent_of(replace(THURSDAYS, eve_percent=40), day)) == (100, 40)


@pytest.mark.parametrize("day", [date(2026, 12, 24), date(2026, 6, 19), date(2026, 12, 31)])
def test_the_great_eves_are_days_off_themselves(day: date) -> None:
    assert not is_working_day(day)
    assert not is_eve(day)


def test_an_ordinary_friday_is_no_eve() -> None:
    assert not is_eve(date(2026, 11, 20))


def test_summer_is_in_iso_weeks_and_the_lower_share_counts() -> None:
    rule = replace(THURSDAYS, summer_first_week=27, summer_last_week=32, summer_percent=50, eve_percent=30)
    assert percent_of(rule, date(2026, 6, 25)) == 100, "week 26"
    assert percent_of(rule, date(2026, 7, 2)) == 50, "week 27"
    assert percent_of(rule, date(2026, 8, 6)) == 50, "week 32"
    assert percent_of(rule, date(2026, 8, 13)) == 100, "week 33"
    week_25 = replace(rule, summer_first_week=25)
    assert percent_of(week_25, date(2026, 6, 18)) == 30, "an eve in summer"
    closed = replace(rule, summer_percent=0)
    assert days(closed, date(2026, 6, 22), date(2026, 8, 16)) == [date(2026, 6, 25), date(2026, 8, 13)]


@pytest.mark.parametrize(
    ("minutes", "percent", "share"), [(80, 50, 40), (81, 50, 40), (1, 50, 1), (0, 50, 0), (80, 0, 0)]
)
def test_a_share_of_something_is_something(minutes: int, percent: int, share: int) -> None:
    assert share_of(minutes, percent) == share


@pytest.mark.parametrize(
    ("sunday", "before", "after"),
    [(date(2026, 3, 29), 1, 2), (date(2026, 10, 25), 2, 1)],
    ids=["to summer time", "from summer time"],
)
def test_a_meeting_keeps_its_hour_over_a_change_of_the_clocks(sunday: date, before: int, after: int) -> None:
    rule = replace(WORKDAYS, rrule="FREQ=WEEKLY;BYDAY=TU")
    around = days(rule, sunday - timedelta(days=7), sunday + timedelta(days=4))
    moments = [moment_of(day, time(8, 15)) for day in around]
    assert [timezone.localtime(moment).time() for moment in moments] == [time(8, 15)] * len(moments)
    hours = [moment.astimezone(UTC).hour for moment in moments]
    assert (hours[0], hours[-1]) == (8 - before, 8 - after)
    monday = moment_of(sunday + timedelta(days=1), time(8, 15))
    cutoff = cutoff_at(monday, 1, time(12))
    assert timezone.localtime(cutoff).replace(tzinfo=None) == datetime.combine(sunday - timedelta(days=2), time(12))
    assert monday - cutoff == timedelta(days=2, hours=20, minutes=15) + timedelta(hours=before - after)


def test_an_hour_that_the_clocks_leap_over_still_is_a_moment() -> None:
    leapt = moment_of(date(2026, 3, 29), time(2, 30))
    assert leapt == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert leapt + timedelta(minutes=60) == moment_of(date(2026, 3, 29), time(4, 30)), "minutes added are minutes"


def test_the_cutoff_and_what_is_due_never_come_after_the_beginning() -> None:
    starts = moment_of(date(2026, 11, 26), time(8, 15))
    assert cutoff_at(starts, 0, time(16)) == starts
    assert due_at(starts, 0, time(16)) == starts
    assert due_at(starts, 0, None) == due_at(starts, 3, None) == starts
    assert due_at(starts, 1, time(15)) == moment_of(date(2026, 11, 25), time(15))


RULES = st.builds(
    DayRule,
    rrule=st.sampled_from([
        "FREQ=WEEKLY;BYDAY=TH", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", "FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=MONTHLY;BYDAY=1MO,3FR", "FREQ=MONTHLY;BYMONTHDAY=1,24,25,26,31",
    ]),
    starts_on=st.dates(date(2024, 1, 1), date(2027, 1, 1)),
    excluded_on=st.frozensets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=20),
    on_red_day=st.sampled_from(RedDay.values),
    eve_percent=st.sampled_from([0, 50, 100]),
    summer_first_week=st.just(26),
    summer_last_week=st.integers(26, 34),
    summer_percent=st.sampled_from([0, 40, 100]),
)  # fmt: skip
FIRST = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@given(rule=RULES, first=FIRST, length=st.integers(0, 200), cut=st.integers(0, 200))
def test_whatever_the_rule_never_two_on_one_day_and_only_where_one_may_be(
    rule: DayRule, first: date, length: int, cut: int
) -> None:
    last = first + timedelta(days=length)
    found = meeting_days(rule, first, last)
    assert len({day.on for day in found}) == len(found)
    assert [day.on for day in found] == sorted(day.on for day in found)
    for day in found:
        assert first <= day.on <= last
        assert day.on >= rule.starts_on
        assert may_meet(rule, day.on)
        assert day.percent == percent_of(rule, day.on) > 0
        assert day.instead_of is None or not is_working_day(day.instead_of)
    middle = first + timedelta(days=min(cut, length))
    halves = meeting_days(rule, first, middle) + meeting_days(rule, middle + timedelta(days=1), last)
    assert halves == found, "the answer for a day does not depend on which days are asked for"
