"""What a booking would break in the readers' time, said before it is made."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from cases.models import Case
from mdk.models import Meeting, Preparation
from mdk.queries.capacity import monday_of
from mdk.services.carrying import minutes_needed
from mdk.services.roster import record_absence, set_capacity, set_duty
from mdk.services.warnings import booking_warnings
from tests.domain_factories import House, make_meeting, place, ready_case

NOW = timezone.now()


@pytest.fixture
def case(house: House) -> Case:
    """Return a ready case that radiology and pathology prepare."""
    return ready_case(house, level="full")


@pytest.fixture
def meeting(house: House) -> Meeting:
    """Return a meeting with one radiologist and one pathologist on its roster."""
    return make_meeting(house, readers=[house.radiologist, house.pathologist])


def said(meeting: Meeting, case: Case) -> list[str]:
    with translation.override("en"):
        return booking_warnings(Meeting.objects.select_related("series").get(pk=meeting.pk), case, "full", NOW)


def state(house: House, meeting: Meeting, minutes: int) -> None:
    for reader in (house.radiologist, house.pathologist):
        from_on = timezone.localdate(meeting.starts_at) - timedelta(weeks=1)
        set_capacity(reader.pk, from_on=from_on, weekly_minutes=minutes, by=house.coordinator, now=NOW)


def test_a_case_that_fits_breaks_nothing(house: House, meeting: Meeting, case: Case) -> None:
    assert said(meeting, case) == [], "nobody has stated a capacity"
    state(house, meeting, 600)
    assert said(meeting, case) == []


def test_a_protocol_case_takes_nothing(meeting: Meeting, case: Case) -> None:
    Meeting.objects.filter(pk=meeting.pk).update(prep_radiology_minutes=0)
    meeting.refresh_from_db()
    assert booking_warnings(meeting, case, "protocol", NOW) == []


def test_the_meetings_own_minutes(meeting: Meeting, case: Case) -> None:
    needed = minutes_needed(case, "full")
    Meeting.objects.filter(pk=meeting.pk).update(prep_radiology_minutes=needed["radiology"] - 1)
    total = needed["radiology"]
    assert said(meeting, case) == [f"Radiology would have {total} of {total - 1} minutes to prepare for the meeting."]
    total = sum(needed.values())
    Meeting.objects.filter(pk=meeting.pk).update(prep_radiology_minutes=None, prep_capacity_minutes=total - 1)
    assert said(meeting, case) == [f"The meeting would have {total} of {total - 1} minutes of preparation in all."]


def test_a_week_that_would_be_too_full_names_whose(house: House, meeting: Meeting, case: Case) -> None:
    state(house, meeting, 1)
    found = said(meeting, case)
    assert len(found) == 2
    assert "Rut Radiolog 0/" in " ".join(found)
    assert "Pia Patolog 0/" in " ".join(found)


def test_what_nobody_has_taken_counts_in_the_week(house: House, meeting: Meeting, case: Case) -> None:
    Meeting.objects.filter(pk=meeting.pk).update(prep_capacity_minutes=0)
    place(meeting, ready_case(house, level="full"), by=house.coordinator)
    waiting = Preparation.objects.get(discipline="radiology")
    assert waiting.reader is None
    monday = monday_of(timezone.localdate(waiting.due_at))
    room = minutes_needed(case, "full")["radiology"]
    set_capacity(house.radiologist.pk, from_on=monday, weekly_minutes=300, by=house.coordinator, now=NOW)
    assert said(meeting, case) == []
    Preparation.objects.filter(pk=waiting.pk).update(estimate_minutes=301 - room)
    [sentence] = said(meeting, case)
    assert f"{301 - room} minutes to share" in sentence


def test_nobody_on_duty(house: House, case: Case) -> None:
    meeting = make_meeting(house, readers=[house.pathologist])
    assert said(meeting, case) == ["Radiology: nobody is on duty for the meeting."]
    set_duty(meeting.pk, readers={"radiology": [house.radiologist]}, by=house.coordinator, now=NOW)
    assert said(meeting, case) == []


def test_everybody_on_duty_away(house: House, meeting: Meeting, case: Case) -> None:
    today, day = timezone.localdate(), timezone.localdate(meeting.starts_at)
    record_absence(house.radiologist.pk, first_on=today, last_on=day, by=house.radiologist, now=NOW)
    assert said(meeting, case) == ["Radiology: everybody on duty is away until the preparation is due."]


def test_the_queries_do_not_grow_with_readers_and_agenda(house: House, case: Case) -> None:
    small = make_meeting(house, readers=[house.radiologist, house.pathologist])
    large = make_meeting(house, readers=[house.radiologist, house.radiologist2, house.pathologist])
    for _ in range(2):
        place(large, ready_case(house), by=house.coordinator)

    def queries(meeting: Meeting) -> int:
        said(meeting, case)
        with CaptureQueriesContext(connection) as found:
            said(meeting, case)
        return len(found)

    assert queries(large) == queries(small)
