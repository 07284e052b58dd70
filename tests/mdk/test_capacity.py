"""Readers' weeks: capacity from a Monday on, less what one is away, and what is planned and done."""

from datetime import date, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from mdk.models import Absence, Capacity, Preparation
from mdk.queries.capacity import ReaderWeek, absent_on, capacity_of, monday_of, mondays_between, reader_weeks
from mdk.queries.days import midnight
from tests.domain_factories import House, published_meeting

MONDAY = date(2026, 2, 2)
"""A week of five working days."""


def weekly(reader: User, minutes: int, from_on: date = MONDAY) -> Capacity:
    return Capacity.objects.create(
        reader=reader, from_on=from_on, weekly_minutes=minutes, set_by=reader, set_at=timezone.now()
    )


def away(reader: User, first: date, last: date) -> Absence:
    return Absence.objects.create(
        reader=reader, first_on=first, last_on=last, recorded_by=reader, recorded_at=timezone.now()
    )


def capacity(reader: User, monday: date = MONDAY) -> int | None:
    return reader_weeks([reader.pk], [monday])[reader.pk, monday].capacity


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)), st.integers(0, 400))
def test_the_mondays_between_two_days_are_those_of_all_weeks_touched(first: date, days: int) -> None:
    last = first + timedelta(days=days)
    found = mondays_between(first, last)
    assert found == sorted({monday_of(first + timedelta(days=step)) for step in range(days + 1)})
    assert all(monday.weekday() == 0 for monday in found)


def test_without_a_statement_there_is_no_capacity(house: House) -> None:
    weekly(house.radiologist, 240, MONDAY + timedelta(weeks=1))
    assert capacity(house.radiologist) is None


def test_a_capacity_holds_until_the_next(house: House) -> None:
    weekly(house.radiologist, 240)
    weekly(house.radiologist, 120, MONDAY + timedelta(weeks=2))
    weeks = [MONDAY + timedelta(weeks=n) for n in range(4)]
    assert [capacity(house.radiologist, monday) for monday in weeks] == [240, 240, 120, 120]


def test_absence_takes_its_working_days_and_overlaps_count_once(house: House) -> None:
    weekly(house.radiologist, 200)
    away(house.radiologist, MONDAY, MONDAY + timedelta(days=1))
    assert capacity(house.radiologist) == 120
    away(house.radiologist, MONDAY + timedelta(days=1), MONDAY + timedelta(days=2))
    assert capacity(house.radiologist) == 80
    away(house.radiologist, MONDAY + timedelta(days=5), MONDAY + timedelta(days=6))
    assert capacity(house.radiologist) == 80, "a weekend takes nothing"


def test_public_holidays_lower_the_week_and_are_not_taken_twice(house: House) -> None:
    easter = date(2026, 3, 30)  # Good Friday is 3 April
    weekly(house.radiologist, 200)
    assert capacity(house.radiologist, easter) == 160
    away(house.radiologist, date(2026, 4, 3), date(2026, 4, 5))
    assert capacity(house.radiologist, easter) == 160


def test_absence_of_another_takes_nothing(house: House) -> None:
    weekly(house.radiologist, 200)
    away(house.radiologist2, MONDAY, MONDAY + timedelta(days=6))
    assert capacity(house.radiologist) == 200


def test_days_away_are_given_for_everybody_within_the_days_asked_for(house: House) -> None:
    away(house.radiologist, MONDAY - timedelta(days=10), MONDAY + timedelta(days=1))
    found = absent_on([house.radiologist.pk, house.radiologist2.pk], MONDAY, MONDAY + timedelta(days=4))
    assert found == {house.radiologist.pk: {MONDAY, MONDAY + timedelta(days=1)}, house.radiologist2.pk: set()}


def _week_of(preparation: Preparation) -> ReaderWeek:
    monday = monday_of(timezone.localdate(preparation.due_at))
    assert preparation.reader_id
    return reader_weeks([preparation.reader_id], [monday])[preparation.reader_id, monday]


def held(house: House, **fields: object) -> Preparation:
    """Return a preparation that the radiologist holds, the only one of that reader."""
    now = timezone.now()
    preparation = Preparation.objects.filter(item__meeting=published_meeting(house, 1), discipline="radiology").get()
    values = {"reader": house.radiologist, "claimed_at": now, "estimate_minutes": 9, **fields}
    Preparation.objects.filter(pk=preparation.pk).update(**values)
    preparation.refresh_from_db()
    return preparation


def test_what_is_due_in_the_week_is_planned(house: House) -> None:
    week = _week_of(held(house))
    assert (week.planned, week.done) == (9, 0)


def test_what_is_done_is_planned_and_done_with_its_earlier_reading(house: House) -> None:
    now = timezone.now()
    done = held(
        house, state="done", minutes=4, earlier_minutes=8, estimate_minutes=3, completed_by=house.radiologist,
        completed_at=now,
    )  # fmt: skip
    week = _week_of(done)
    assert (week.planned, week.done) == (11, 12)


def test_what_went_off_the_agenda_is_no_longer_planned_but_stays_done(house: House) -> None:
    now = timezone.now()
    done = held(house, state="done", minutes=7, completed_by=house.radiologist, completed_at=now)
    done.item.status, done.item.position = "removed", None
    done.item.save()
    assert (_week_of(done).planned, _week_of(done).done) == (0, 7)


def test_what_was_sent_back_is_not_planned(house: House) -> None:
    returned = held(
        house, state="returned", return_reason="Fel fråga", returned_by=house.radiologist, returned_at=timezone.now()
    )
    assert _week_of(returned).planned == 0


def test_the_week_is_local_and_ends_at_midnight_of_monday(house: House) -> None:
    preparation = held(house)
    late = midnight(MONDAY + timedelta(weeks=1)) - timedelta(minutes=30)
    Preparation.objects.filter(pk=preparation.pk).update(due_at=late)
    weeks = reader_weeks([house.radiologist.pk], [MONDAY, MONDAY + timedelta(weeks=1)])
    assert [week.planned for week in weeks.values()] == [9, 0]


def test_free_and_over() -> None:
    assert ReaderWeek(1, MONDAY, 100, 130, 0).over == 30
    assert ReaderWeek(1, MONDAY, 100, 70, 0).free == 30
    assert ReaderWeek(1, MONDAY, None, 70, 0).over == 0


def test_all_weeks_of_all_readers_take_three_queries(house: House) -> None:
    mondays = [MONDAY + timedelta(weeks=n) for n in range(8)]
    with CaptureQueriesContext(connection) as queries:
        found = reader_weeks([house.radiologist.pk, house.radiologist2.pk, house.pathologist.pk], mondays)
    assert len(found) == 24
    assert len(queries) == 3
    assert reader_weeks([], mondays) == {}
    assert capacity_of([house.radiologist.pk], [MONDAY]) == {(house.radiologist.pk, MONDAY): None}
