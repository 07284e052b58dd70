"""Attempts on series, meetings, agenda items, preparations, outcomes and rebookings, past the services."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from mdk.models import Addendum, AgendaItem, Attendance, Meeting, Outcome, Preparation, Rebooking, Series
from mdk.services.live import close_meeting
from mdk.services.outcome import add_addendum, sign_meeting
from mdk.services.rebooking import rebook_item
from tests.constraints.conftest import refused_by_database
from tests.domain_factories import House, give_outcome, live_meeting, make_meeting, make_series, published_meeting

NOW = timezone.now()


@pytest.fixture
def meeting(house: House) -> Meeting:
    return published_meeting(house, 2)


@pytest.fixture
def item(meeting: Meeting) -> AgendaItem:
    return meeting.items.order_by("position")[0]


@pytest.fixture
def signed(house: House) -> Outcome:
    """Return the outcome of a signed meeting."""
    meeting = live_meeting(house, 1)
    item = meeting.items.get()
    give_outcome(item, by=house.chair)
    close_meeting(meeting.pk, by=house.chair, now=NOW)
    sign_meeting(meeting.pk, by=house.chair, now=NOW)
    return Outcome.objects.get(item=item)


def new_item(item: AgendaItem, **fields: Any) -> AgendaItem:
    """Insert a further agenda item for the same case."""
    values = {
        "meeting": item.meeting, "case": item.case, "level": "full", "minutes": 6, "position": 77,
        "status": "planned", "status_changed_at": NOW, "added_at": NOW,
    }  # fmt: skip
    return AgendaItem.objects.create(**(values | fields))


# Agenda


@pytest.mark.parametrize("status", ["provisional", "planned", "discussing"])
def test_one_open_item_for_a_case(house: House, item: AgendaItem, status: str) -> None:
    with refused_by_database("agenda_one_open_item_per_case"):
        new_item(item, status=status)
    with refused_by_database("agenda_one_open_item_per_case"):
        new_item(item, status=status, meeting=make_meeting(house))
    new_item(item, status="done")


def test_one_item_in_a_position(item: AgendaItem, meeting: Meeting) -> None:
    with refused_by_database("agenda_one_item_per_position"):
        meeting.items.update(position=1)
    with refused_by_database("agenda_one_item_per_position"):
        new_item(item, status="done", position=item.position)


def test_positions_may_change_places_within_a_transaction(meeting: Meeting) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mdk_agendaitem SET position = 3 - position WHERE meeting_id = %s", [meeting.pk])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("agenda_position_while_on_it", {"status": "removed"}),
        ("agenda_position_while_on_it", {"status": "rebooked"}),
        ("agenda_position_while_on_it", {"position": None}),
        ("agenda_status_known", {"status": "lost"}),
        ("agenda_deferred_with_reason", {"status": "deferred"}),
        ("agenda_override_who_when_why", {"override_reason": "Så."}),
        ("agenda_override_who_when_why", {"override_at": NOW}),
    ],
)
def test_what_belongs_together_on_the_agenda(item: AgendaItem, constraint: str, fields: dict[str, Any]) -> None:
    with refused_by_database(constraint):
        AgendaItem.objects.filter(pk=item.pk).update(**fields)


def test_an_override_has_a_reason(house: House, item: AgendaItem) -> None:
    with refused_by_database("agenda_override_who_when_why"):
        AgendaItem.objects.filter(pk=item.pk).update(override_by=house.chair, override_at=NOW)


# Meetings


@pytest.mark.parametrize("status", ["live", "closed", "signed"])
def test_no_meeting_is_under_way_without_a_chair(house: House, meeting: Meeting, status: str) -> None:
    signature = {"signed_by": house.chair, "signed_at": NOW} if status == "signed" else {}
    with refused_by_database("meeting_live_needs_a_chair"):
        Meeting.objects.filter(pk=meeting.pk).update(status=status, chair=None, **signature)
    Meeting.objects.filter(pk=meeting.pk).update(status=status, **signature)
    with refused_by_database("meeting_live_needs_a_chair"):
        Meeting.objects.filter(pk=meeting.pk).update(chair=None)


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("meeting_status_known", {"status": "lost"}),
        ("meeting_published_who_and_when", {"published_at": None}),
        ("meeting_published_who_and_when", {"published_by": None}),
        ("meeting_signed_who_and_when", {"signed_at": NOW}),
        ("meeting_signed_has_signature", {"status": "signed"}),
        ("meeting_ends_after_it_starts", {"ends_at": NOW - timedelta(days=30)}),
        ("meeting_cutoff_before_it", {"cutoff_at": NOW + timedelta(days=900)}),
    ],
)
def test_what_belongs_together_on_a_meeting(meeting: Meeting, constraint: str, fields: dict[str, Any]) -> None:
    with refused_by_database(constraint):
        Meeting.objects.filter(pk=meeting.pk).update(**fields)


def test_a_meeting_of_a_series_once_at_a_time(meeting: Meeting) -> None:
    with refused_by_database("meeting_once_at_a_time"):
        meeting.series.meetings.update(
            starts_at=meeting.starts_at, ends_at=meeting.ends_at, cutoff_at=meeting.cutoff_at
        )


def test_a_series_has_a_name_of_its_own_and_room(house: House) -> None:
    first, second = make_series(house), make_series(house)
    with refused_by_database("series_name_once"):
        Series.objects.filter(pk=second.pk).update(name=first.name)
    with refused_by_database("series_has_capacity"):
        Series.objects.filter(pk=second.pk).update(capacity_minutes=0)


# Preparation


def test_one_preparation_for_each_discipline(item: AgendaItem) -> None:
    with refused_by_database("preparation_once_per_discipline"):
        item.preparations.update(discipline="radiology")


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("preparation_claimed_who_and_when", {"claimed_at": NOW}),
        ("preparation_completed_who_and_when", {"completed_at": NOW}),
        ("preparation_returned_who_and_when", {"returned_at": NOW}),
        ("preparation_accepted_who_and_when", {"accepted_at": NOW}),
        ("preparation_assigned_to_a_reader", {"assigned_at": NOW, "reader": None, "claimed_at": None}),
        ("preparation_done_has_minutes", {"state": "done"}),
        ("preparation_started_has_a_reader", {"state": "in_progress"}),
        ("preparation_returned_with_reason", {"state": "returned"}),
    ],
)
def test_what_belongs_together_on_a_preparation(item: AgendaItem, constraint: str, fields: dict[str, Any]) -> None:
    with refused_by_database(constraint):
        Preparation.objects.filter(item=item).update(**fields)


@pytest.mark.parametrize(
    ("constraint", "column"),
    [
        ("preparation_claimed_who_and_when", "reader"),
        ("preparation_completed_who_and_when", "completed_by"),
        ("preparation_returned_who_and_when", "returned_by"),
        ("preparation_accepted_who_and_when", "accepted_by"),
        ("preparation_assigned_to_a_reader", "assigned_by"),
    ],
)
def test_who_prepared_has_when(house: House, item: AgendaItem, constraint: str, column: str) -> None:
    with refused_by_database(constraint):
        Preparation.objects.filter(item=item).update(**{column: house.radiologist})


# Outcomes


@pytest.mark.parametrize(
    "fields",
    [
        {"recommendation": "Annat."},
        {"signed_by": None, "signed_at": None},
        {"version": 9},
        {"checklist": {"study": True}},
    ],
)
def test_a_signed_outcome_is_never_changed(signed: Outcome, fields: dict[str, Any]) -> None:
    with refused_by_database("outcome_signed_stays"):
        Outcome.objects.filter(pk=signed.pk).update(**fields)


def test_a_signed_outcome_is_never_deleted(signed: Outcome) -> None:
    with refused_by_database("outcome_signed_stays"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM mdk_outcome WHERE id = %s", [signed.pk])


def test_who_signed_has_when(house: House) -> None:
    outcome = give_outcome(live_meeting(house, 1).items.get(), by=house.chair)
    with refused_by_database("outcome_signed_who_and_when"):
        Outcome.objects.filter(pk=outcome.pk).update(signed_by=house.chair)
    with refused_by_database("outcome_signed_who_and_when"):
        Outcome.objects.filter(pk=outcome.pk).update(signed_at=NOW)


def test_an_addendum_stays(house: House, signed: Outcome) -> None:
    addendum = add_addendum(signed.item_id, "Nytt PAD.", by=house.chair, now=NOW)
    with refused_by_database("addendum_append_only"):
        Addendum.objects.filter(pk=addendum.pk).update(text="Annat.")
    with refused_by_database("addendum_append_only"):
        Addendum.objects.filter(pk=addendum.pk).delete()


def test_a_participant_is_a_user_or_a_name_and_each_once(house: House, meeting: Meeting) -> None:
    line = {"meeting": meeting, "speciality": "oncologist", "recorded_at": NOW}
    with refused_by_database("attendance_is_a_user_or_a_name"):
        Attendance.objects.create(**line)
    with refused_by_database("attendance_is_a_user_or_a_name"):
        Attendance.objects.create(**line, user=house.clinician, name="Lena")
    Attendance.objects.create(**line, user=house.clinician)
    with refused_by_database("attendance_once"):
        Attendance.objects.create(**line, user=house.clinician)


def test_a_place_is_given_up_once(house: House, item: AgendaItem) -> None:
    rebooking = rebook_item(item.pk, reason="patient_ill", by=house.coordinator, now=NOW).rebooking
    rebooking.pk, rebooking._state.adding, rebooking.to_item = None, True, None
    with refused_by_database("from_item_id"):
        rebooking.save()
    assert Rebooking.objects.count() == 1
