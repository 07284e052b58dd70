"""Cancelling a meeting: its cases go on, or wait again."""

import pytest
from django.utils import timezone

from accounts.errors import Invalid
from events.models import Event
from mdk.enums import ItemStatus, MeetingStatus
from mdk.models import Meeting
from mdk.services.cancelling import cancel_meeting
from mdk.transitions import MeetingMoveRefused
from tests.domain_factories import House, live_meeting, make_case, make_meeting, place, ready_case


def cancel(house: House, meeting: Meeting, **changed: object) -> Meeting:
    given = {"reason": "Strömavbrott.", "by": house.coordinator, "now": timezone.now()} | changed
    return cancel_meeting(meeting.pk, **given)  # type: ignore[arg-type]


def test_firm_places_go_on_in_their_order_and_provisional_ones_end(house: House) -> None:
    meeting = make_meeting(house)
    firm = [place(meeting, ready_case(house), by=house.coordinator) for _ in range(2)]
    loose = place(meeting, make_case(house), by=house.coordinator, provisional=True)
    cancel(house, meeting)
    following = meeting.series.meetings.order_by("starts_at")[1]
    assert [item.case for item in following.items.order_by("position")] == [item.case for item in firm]
    loose.refresh_from_db()
    assert (loose.status, loose.position) == (ItemStatus.REMOVED, None)
    assert Event.objects.filter(kind="meeting.cancelled", meeting_id=meeting.pk).count() == 1
    assert Event.objects.filter(kind="item.rebooked", meeting_id=meeting.pk).count() == 2


def test_without_a_next_meeting_the_cases_wait_again(house: House) -> None:
    meeting = make_meeting(house)
    item = place(meeting, ready_case(house), by=house.coordinator)
    meeting.series.meetings.exclude(pk=meeting.pk).delete()
    cancel(house, meeting)
    item.refresh_from_db()
    item.case.refresh_from_db()
    assert (item.status, item.case.status) == (ItemStatus.REMOVED, "referred")
    assert item.removed_reason


def test_twice_by_the_same_person_is_once(house: House) -> None:
    meeting = make_meeting(house)
    place(meeting, ready_case(house), by=house.coordinator)
    cancel(house, meeting)
    events = Event.objects.count()
    assert cancel(house, meeting, reason="Igen.").cancelled_reason == "Strömavbrott."
    assert Event.objects.count() == events


def test_another_person_is_told_who_did_it(house: House) -> None:
    meeting = make_meeting(house)
    cancel(house, meeting)
    with pytest.raises(MeetingMoveRefused, match=house.coordinator.name):
        cancel(house, meeting, by=house.chair)


def test_a_reason_is_asked_for(house: House) -> None:
    meeting = make_meeting(house)
    with pytest.raises(Invalid):
        cancel(house, meeting, reason="  ")
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.PLANNED


def test_a_meeting_under_way_is_not_cancelled(house: House) -> None:
    meeting = live_meeting(house, 1)
    with pytest.raises(MeetingMoveRefused):
        cancel(house, meeting)
    assert meeting.items.get().status == ItemStatus.DISCUSSING
