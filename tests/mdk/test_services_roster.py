"""Capacities, absences, what readers read and who is on duty: idempotent, told, and within bounds."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.errors import Invalid
from events.models import Event, Notice
from mdk.models import Absence, Capacity, Duty, SubSpeciality
from mdk.services.roster import RosterRefused, record_absence, remove_absence, set_capacity, set_duty, set_reads
from tests.domain_factories import House, make_diagnosis, make_meeting

MONDAY = date(2026, 2, 2)
NOW = timezone.now()


def kinds() -> list[str]:
    return list(Event.objects.filter(kind__regex="^(capacity|absence|reader|duty)").values_list("kind", flat=True))


def test_a_capacity_holds_from_the_monday_and_is_told_once(house: House) -> None:
    for _ in range(2):
        found = set_capacity(
            house.radiologist.pk, from_on=MONDAY + timedelta(days=3), weekly_minutes=240, by=house.coordinator, now=NOW
        )
    assert (found.from_on, found.weekly_minutes, found.set_by) == (MONDAY, 240, house.coordinator)
    assert kinds() == ["capacity.set"]
    assert Notice.objects.filter(person=house.radiologist).count() == 1


def test_the_same_week_again_replaces(house: House) -> None:
    for minutes in (240, 120):
        set_capacity(house.radiologist.pk, from_on=MONDAY, weekly_minutes=minutes, by=house.coordinator, now=NOW)
    assert Capacity.objects.get().weekly_minutes == 120


@pytest.mark.parametrize("minutes", [-1, 2401])
def test_minutes_out_of_range_are_refused(house: House, minutes: int) -> None:
    with pytest.raises(Invalid):
        set_capacity(house.radiologist.pk, from_on=MONDAY, weekly_minutes=minutes, by=house.coordinator, now=NOW)
    assert not Capacity.objects.exists()


def test_an_absence_is_recorded_once_with_days_and_nothing_else(house: House) -> None:
    for _ in range(2):
        record_absence(house.radiologist.pk, first_on=MONDAY, last_on=MONDAY, by=house.radiologist, now=NOW)
    assert Absence.objects.count() == 1
    event = Event.objects.get(kind="absence.recorded")
    assert event.data == {"first": "2026-02-02", "last": "2026-02-02"}
    assert not Notice.objects.exists(), "nobody is told of what they did themselves"


def test_the_reader_is_told_of_days_that_another_entered(house: House) -> None:
    absence = record_absence(house.radiologist.pk, first_on=MONDAY, last_on=MONDAY, by=house.coordinator, now=NOW)
    remove_absence(absence.pk, by=house.coordinator, now=NOW)
    remove_absence(absence.pk, by=house.coordinator, now=NOW)
    assert kinds() == ["absence.recorded", "absence.removed"]
    assert Notice.objects.filter(person=house.radiologist).count() == 2
    assert not Absence.objects.exists()


@pytest.mark.parametrize("days", [-1, 366])
def test_days_the_wrong_way_round_or_too_many_are_refused(house: House, days: int) -> None:
    with pytest.raises(Invalid) as refused:
        record_absence(
            house.radiologist.pk, first_on=MONDAY, last_on=MONDAY + timedelta(days=days), by=house.coordinator, now=NOW
        )
    assert refused.value.errors[0].field == "last_on"


def test_overlapping_absences_are_allowed(house: House) -> None:
    for days in (2, 4):
        record_absence(
            house.radiologist.pk, first_on=MONDAY, last_on=MONDAY + timedelta(days=days), by=house.radiologist, now=NOW
        )
    assert Absence.objects.count() == 2


def test_what_a_reader_reads_is_replaced_as_a_whole(house: House) -> None:
    colorectal, lung = make_diagnosis(), make_diagnosis("lung")
    for diagnoses in ([colorectal], [colorectal, lung], [colorectal, lung], [lung]):
        set_reads(house.radiologist.pk, diagnoses=diagnoses, by=house.coordinator, now=NOW)
    assert list(SubSpeciality.objects.values_list("diagnosis", flat=True)) == [lung.pk]
    assert kinds() == ["reader.diagnoses"] * 3


def test_duty_is_replaced_as_a_whole_and_only_the_new_are_told(house: House) -> None:
    meeting = make_meeting(house)
    for _ in range(2):
        set_duty(meeting.pk, readers={"radiology": [house.radiologist]}, by=house.coordinator, now=NOW)
    set_duty(
        meeting.pk, readers={"radiology": [house.radiologist], "pathology": [house.pathologist]}, by=house.coordinator,
        now=NOW,
    )  # fmt: skip
    assert set(Duty.objects.values_list("reader", "discipline")) == {
        (house.radiologist.pk, "radiology"), (house.pathologist.pk, "pathology")
    }  # fmt: skip
    assert kinds() == ["duty.set"] * 2
    assert Notice.objects.filter(person=house.radiologist).count() == 1
    set_duty(meeting.pk, readers={}, by=house.coordinator, now=NOW)
    assert not Duty.objects.exists()


def test_only_readers_of_the_discipline_in_the_units_can_be_on_duty(house: House) -> None:
    meeting = make_meeting(house)
    with pytest.raises(Invalid) as refused:
        set_duty(meeting.pk, readers={"pathology": [house.radiologist]}, by=house.coordinator, now=NOW)
    assert refused.value.errors[0].field == "pathology"
    assert "Rut Radiolog" in refused.value.errors[0].message
    assert not Duty.objects.exists()


def test_the_readers_of_a_cancelled_meeting_stay(house: House) -> None:
    meeting = make_meeting(house)
    meeting.status = "cancelled"
    meeting.save()
    with pytest.raises(RosterRefused):
        set_duty(meeting.pk, readers={"radiology": [house.radiologist]}, by=house.coordinator, now=NOW)
