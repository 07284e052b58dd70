"""A provisional place and what becomes of it: made firm, moved, refused; and that nobody prepares or calls it before."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from cases.enums import CaseStatus
from cases.models import Case
from events.models import Event, Notice
from mdk.enums import ItemStatus
from mdk.models import AgendaItem, Meeting, Preparation, ProvisionalMove
from mdk.queries.live import screen_of
from mdk.services.agenda import BookingRefused, planned_minutes, take_off
from mdk.services.firming import give_place, make_firm
from mdk.services.live import close_meeting, next_item, start_meeting
from mdk.services.publishing import publish_meeting
from tests.domain_factories import (
    House,
    give_outcome,
    make_case,
    make_meeting,
    make_series,
    place,
    ready_case,
)

pytestmark = pytest.mark.django_db
REASON = "Operationstid redan bokad."


def provisional(house: House, meeting: Meeting, case: Case) -> AgendaItem:
    return place(meeting, case, by=house.coordinator, provisional=True)


def refused(item: AgendaItem, house: House, *, now: datetime | None = None, reason: str = "") -> BookingRefused:
    events = Event.objects.count()
    with pytest.raises(BookingRefused) as refusal:
        make_firm(item.pk, by=house.coordinator, now=now or timezone.now(), override_reason=reason)
    item.refresh_from_db()
    assert (item.status, Event.objects.count()) == (ItemStatus.PROVISIONAL, events)
    return refusal.value


def test_made_firm_it_takes_its_minutes_is_prepared_and_the_case_is_scheduled(house: House) -> None:
    meeting, case = make_meeting(house), ready_case(house)
    item = provisional(house, meeting, case)
    publish_meeting(meeting.pk, by=house.coordinator, now=timezone.now())
    assert not Preparation.objects.exists()
    now = timezone.now()
    firm = make_firm(item.pk, by=house.chair, now=now)
    case.refresh_from_db()
    assert (firm.status, firm.status_changed_at, firm.override_by) == (ItemStatus.PLANNED, now, None)
    assert (case.status, planned_minutes(meeting)) == (CaseStatus.SCHEDULED, 6)
    assert set(firm.preparations.values_list("discipline", "state")) == {("radiology", "todo"), ("pathology", "todo")}
    event = Event.objects.get(kind="item.firmed")
    assert (event.case_id, event.meeting_id, event.actor) == (case.pk, meeting.pk, house.chair)
    version = Meeting.objects.get(pk=meeting.pk).version
    assert make_firm(item.pk, by=house.coordinator, now=now).status == ItemStatus.PLANNED
    assert (Event.objects.filter(kind="item.firmed").count(), Meeting.objects.get(pk=meeting.pk).version) == (
        1,
        version,
    )


def test_not_ready(house: House) -> None:
    item = provisional(house, make_meeting(house), make_case(house))
    assert refused(item, house).code == "not-ready"
    firm = make_firm(item.pk, by=house.coordinator, now=timezone.now(), override_reason=REASON)
    assert (firm.status, firm.override_reason, firm.override_by) == ("planned", REASON, house.coordinator)
    assert Event.objects.get(kind="item.firmed").data["override"] == "not-ready"


def test_after_the_cutoff(house: House) -> None:
    meeting = make_meeting(house)
    item = provisional(house, meeting, ready_case(house))
    late = meeting.cutoff_at + timedelta(minutes=1)
    assert refused(item, house, now=late).code == "after-cutoff"
    asked = make_firm(item.pk, by=house.coordinator, now=late, override_reason=REASON)
    assert (asked.status, asked.late) == (ItemStatus.PROVISIONAL, "asked"), "the chair is asked"
    assert not Event.objects.filter(kind="item.firmed").exists()


def test_after_the_cutoff_the_chair_makes_it_firm_at_once(house: House) -> None:
    meeting = make_meeting(house)
    item = provisional(house, meeting, ready_case(house))
    late = meeting.cutoff_at + timedelta(minutes=1)
    firm = make_firm(item.pk, by=house.chair, now=late, override_reason=REASON)
    assert (firm.status, firm.late, firm.is_late) == (ItemStatus.PLANNED, "granted", True)


def test_over_the_capacity(house: House) -> None:
    meeting = make_meeting(house, capacity_minutes=6)
    item = provisional(house, meeting, ready_case(house))
    place(meeting, ready_case(house), by=house.coordinator)
    assert refused(item, house).code == "over-capacity"


def test_a_meeting_under_way_takes_nobody_whatever_the_reason(house: House) -> None:
    meeting = make_meeting(house)
    item = provisional(house, meeting, ready_case(house))
    Meeting.objects.filter(pk=meeting.pk).update(status="live")
    assert refused(item, house, reason=REASON).code == "meeting-status"


def test_a_place_that_is_gone(house: House) -> None:
    item = provisional(house, make_meeting(house), ready_case(house))
    take_off(item.pk, reason="Avstår.", by=house.coordinator, now=timezone.now())
    with pytest.raises(BookingRefused) as refusal:
        make_firm(item.pk, by=house.coordinator, now=timezone.now())
    assert refusal.value.code == "not-on-agenda"


def test_a_place_is_given_as_the_case_is_ready_for(house: House) -> None:
    meeting, ready, waiting = make_meeting(house), ready_case(house), make_case(house)
    now = timezone.now()
    assert give_place(meeting.pk, ready.pk, by=house.coordinator, now=now).status == ItemStatus.PLANNED
    item = give_place(meeting.pk, waiting.pk, by=house.coordinator, now=now)
    assert item.status == ItemStatus.PROVISIONAL
    with pytest.raises(BookingRefused) as refusal:
        give_place(meeting.pk, waiting.pk, by=house.coordinator, now=now)
    assert refusal.value.code == "not-ready"


def test_when_it_is_ready_the_same_click_makes_it_firm(house: House) -> None:
    meeting, case = make_meeting(house), ready_case(house)
    item = provisional(house, meeting, case)
    assert give_place(meeting.pk, case.pk, by=house.chair, now=timezone.now()).pk == item.pk
    assert AgendaItem.objects.get().status == ItemStatus.PLANNED


def test_a_provisional_place_moves_and_that_is_no_rebooking(house: House) -> None:
    first, second = make_series(house).meetings.order_by("starts_at")[:2]
    case = make_case(house)
    old = provisional(house, first, case)
    new = give_place(second.pk, case.pk, by=house.chair, now=timezone.now())
    old.refresh_from_db()
    assert (old.status, new.status, new.meeting_id) == (ItemStatus.REMOVED, ItemStatus.PROVISIONAL, second.pk)
    assert f"{timezone.localtime(second.starts_at):%Y-%m-%d}" in old.removed_reason
    move = ProvisionalMove.objects.get()
    assert (move.from_meeting, move.to_meeting, move.reason, move.moved_by) == (first, second, "by_hand", house.chair)
    told = Notice.objects.filter(event__kind="place.moved")
    assert {notice.person for notice in told} == {house.clinician, house.nurse}
    assert not case.rebookings.exists()


def test_a_firm_place_is_not_moved_by_it(house: House) -> None:
    first, second = make_series(house).meetings.order_by("starts_at")[:2]
    case = ready_case(house)
    place(first, case, by=house.coordinator)
    with pytest.raises(BookingRefused) as refusal:
        give_place(second.pk, case.pk, by=house.coordinator, now=timezone.now())
    assert refusal.value.code == "already-booked"


def test_refused_at_the_new_meeting_it_keeps_the_old_place(house: House) -> None:
    first, second = make_series(house, capacity_minutes=6).meetings.order_by("starts_at")[:2]
    case = ready_case(house)
    old = provisional(house, first, case)
    place(second, ready_case(house), by=house.coordinator)
    with pytest.raises(BookingRefused) as refusal:
        give_place(second.pk, case.pk, by=house.coordinator, now=timezone.now())
    assert refusal.value.code == "over-capacity"
    assert AgendaItem.objects.get(case=case).pk == old.pk
    assert AgendaItem.objects.get(case=case).status == ItemStatus.PROVISIONAL


def test_in_the_room_it_is_neither_shown_nor_called_and_it_ends_with_the_meeting(house: House) -> None:
    meeting, waiting = make_meeting(house), make_case(house)
    item = provisional(house, meeting, waiting)
    firm = place(meeting, ready_case(house), by=house.coordinator)
    now = timezone.now()
    publish_meeting(meeting.pk, by=house.coordinator, now=now)
    live = start_meeting(meeting.pk, by=house.chair, now=now, confirm_early=True)
    assert live.current_item_id == firm.pk
    assert [shown.item.pk for shown in screen_of(live, now).places] == [firm.pk]
    give_outcome(firm, by=house.chair)
    with pytest.raises(Exception, match="sista"):
        next_item(meeting.pk, by=house.chair, now=now)
    close_meeting(meeting.pk, by=house.chair, now=now)
    item.refresh_from_db()
    waiting.refresh_from_db()
    assert (item.status, waiting.status) == (ItemStatus.REMOVED, CaseStatus.REFERRED)
    assert not item.preparations.exists()


def test_time_alone_makes_an_answer_too_old_and_the_place_stays_provisional(house: House) -> None:
    now = timezone.now()
    case = ready_case(house, now=now)
    assert case.readiness_changes_on is not None
    meeting = (
        make_series(house, now=now)
        .meetings.filter(cutoff_at__date__gt=case.readiness_changes_on)
        .order_by("starts_at")[0]
    )
    item = place(meeting, case, by=house.coordinator, now=now, provisional=True)
    assert refused(item, house, now=meeting.cutoff_at).code == "not-ready"
