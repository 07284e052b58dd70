"""Readers' weeks, days away, duties and paces: each once, from a Monday, first to last, of something."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from mdk.models import Absence, Capacity, Duty, OverloadWarning, Pace, SubSpeciality
from tests.constraints.conftest import refused_by_database
from tests.domain_factories import House, make_diagnosis, make_meeting

MONDAY = date(2026, 2, 2)
NOW = timezone.now()


def test_a_diagnosis_is_read_once(house: House) -> None:
    row = {"reader": house.radiologist, "diagnosis": make_diagnosis(), "set_by": house.coordinator, "set_at": NOW}
    SubSpeciality.objects.create(**row)
    SubSpeciality.objects.create(**row | {"reader": house.radiologist2})
    with refused_by_database("sub_speciality_once"):
        SubSpeciality.objects.create(**row)


def capacity(house: House, **fields: Any) -> Capacity:
    row = {
        "reader": house.radiologist, "from_on": MONDAY, "weekly_minutes": 120, "set_by": house.coordinator,
        "set_at": NOW,
    }  # fmt: skip
    return Capacity.objects.create(**row | fields)


def test_a_capacity_is_stated_once_a_week(house: House) -> None:
    capacity(house)
    capacity(house, from_on=MONDAY + timedelta(weeks=1))
    with refused_by_database("capacity_once_a_week"):
        capacity(house, weekly_minutes=60)


@pytest.mark.parametrize("days", [1, 6])
def test_a_capacity_holds_from_a_monday(house: House, days: int) -> None:
    with refused_by_database("capacity_from_a_monday"):
        capacity(house, from_on=MONDAY + timedelta(days=days))


def test_the_last_day_away_is_not_before_the_first(house: House) -> None:
    row = {"reader": house.radiologist, "recorded_by": house.radiologist, "recorded_at": NOW}
    Absence.objects.create(**row, first_on=MONDAY, last_on=MONDAY)
    with refused_by_database("absence_first_to_last"):
        Absence.objects.create(**row, first_on=MONDAY, last_on=MONDAY - timedelta(days=1))


def test_a_reader_is_on_duty_once_for_a_discipline(house: House) -> None:
    row = {"meeting": make_meeting(house), "reader": house.radiologist, "set_by": house.coordinator, "set_at": NOW}
    Duty.objects.create(**row, discipline="radiology")
    Duty.objects.create(**row, discipline="pathology")
    with refused_by_database("duty_once"):
        Duty.objects.create(**row, discipline="radiology")


def pace(house: House, **fields: Any) -> Pace:
    row: dict[str, Any] = {
        "reader": house.radiologist, "discipline": "radiology", "diagnosis": make_diagnosis(),
        "phase": "pre_treatment", "examinations": 2, "readings": 1, "minutes": 9, "estimated": 6, "counted_at": NOW,
    }  # fmt: skip
    return Pace.objects.create(**row | fields)


@pytest.mark.parametrize("of_one_reader", [True, False])
def test_a_pace_is_counted_once(house: House, of_one_reader: bool) -> None:
    reader = house.radiologist if of_one_reader else None
    pace(house, reader=reader)
    pace(house, reader=reader, examinations=3)
    with refused_by_database("pace_once"):
        pace(house, reader=reader)


def test_a_pace_counts_something(house: House) -> None:
    with refused_by_database("pace_of_readings"):
        pace(house, readings=0)


def test_a_week_is_warned_of_in_one_row(house: House) -> None:
    row = {
        "reader": house.radiologist, "monday": MONDAY, "planned_minutes": 130, "capacity_minutes": 120, "told_at": NOW,
    }  # fmt: skip
    OverloadWarning.objects.create(**row)
    OverloadWarning.objects.create(**row | {"monday": MONDAY + timedelta(weeks=1)})
    with refused_by_database("overload_once_a_week"):
        OverloadWarning.objects.create(**row)
