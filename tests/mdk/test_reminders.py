"""Reminders: the owners of findings, once a threshold, once a day, however often the task runs."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cases.services.clearance import attest_case
from cases.workdays import working_days_until
from events.models import Delivery, Event, Notice
from mdk.models import Reminder, ReminderLine
from mdk.services.reminders import remind_owners
from tests.domain_factories import House, add_result, make_case, make_house, make_meeting, place, ready_case

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=ZoneInfo("Europe/Stockholm"))  # a Monday


@pytest.fixture
def house() -> House:
    return make_house()


def test_the_clinician_of_a_waiting_unready_case_is_told_once(house: House) -> None:
    make_meeting(house, now=NOW)
    case = make_case(house, now=NOW)
    assert remind_owners(NOW) == 1
    assert remind_owners(NOW) == 0
    assert Notice.objects.filter(person=house.clinician, event__kind="reminder.due").count() == 1
    assert Delivery.objects.filter(event__kind="reminder.due", channel="email").count() == 1
    assert ReminderLine.objects.get().case_id == case.pk


def test_one_digest_for_many_cases_with_the_count_only(house: House) -> None:
    make_meeting(house, now=NOW)
    for _ in range(3):
        make_case(house, now=NOW)
    remind_owners(NOW)
    event = Event.objects.get(kind="reminder.due")
    assert event.data == {"count": 3}
    assert event.actor is None


def test_a_ready_case_reminds_nobody(house: House) -> None:
    meeting = make_meeting(house, now=NOW)
    place(meeting, ready_case(house, now=NOW), by=house.coordinator, now=NOW)
    assert remind_owners(NOW) == 0


def test_what_is_mended_is_not_reminded_of_again(house: House) -> None:
    make_meeting(house, now=NOW)
    case = make_case(house, now=NOW)
    remind_owners(NOW)
    for kind in ("radiology", "pathology", "lab"):
        add_result(case, kind, now=NOW)
    attest_case(case.pk, by=house.clinician, now=NOW)
    assert remind_owners(NOW + timedelta(days=3)) == 0


def test_the_next_threshold_reminds_again(house: House) -> None:
    """The cut-off of the meeting on 30 November is on the 27th: 4 working days from Monday, 1 from Thursday."""
    make_meeting(house, now=NOW)
    make_case(house, now=NOW)
    assert remind_owners(NOW) == 1
    assert remind_owners(NOW + timedelta(days=1)) == 1, "three working days left"
    assert remind_owners(NOW + timedelta(days=2)) == 0, "nothing new between the thresholds"
    assert remind_owners(NOW + timedelta(days=3)) == 1, "one working day left"
    assert sorted(ReminderLine.objects.values_list("days_before", flat=True)) == [1, 3, 5]


def test_far_from_the_cutoff_nobody_is_told(house: House) -> None:
    make_meeting(house, now=NOW, first_in_days=18)
    make_case(house, now=NOW)
    assert remind_owners(NOW) == 0
    assert not Reminder.objects.exists()


def test_working_days_leave_out_weekends_and_red_days() -> None:
    wednesday = NOW.date().replace(month=12, day=23)
    assert working_days_until(wednesday + timedelta(days=5), wednesday) == 1, "28; 24, 25 and 26 are days off"
