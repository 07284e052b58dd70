"""At the cut-off a firm case that is no longer ready is moved on by the system, unless the chair takes it up."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.errors import Invalid
from cases.models import Case
from events.models import Event, Notice
from mdk.enums import ItemStatus, RebookingReason
from mdk.models import AgendaItem, Meeting, Rebooking
from mdk.services.agenda import BookingRefused, set_item_level
from mdk.services.firming import make_firm
from mdk.services.late import answer_late
from mdk.services.preparation import claim
from mdk.services.unready import accept_unready, rebook_unready
from tests.domain_factories import House, add_result, make_case, make_meeting, place
from tests.mdk.carried import BOTH, firm_place, read_all, take_back

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def item(house: House) -> AgendaItem:
    """Return a firm place whose case has become unready since: its pathology is ordered anew."""
    item = firm_place(house, NOW)
    take_back(item.case, "pathology", "histopathology")
    add_result(item.case, "pathology", requirement="histopathology", state="ordered", now=NOW)
    return item


def after_cutoff(item: AgendaItem) -> datetime:
    return item.meeting.cutoff_at + timedelta(minutes=5)


def accept(item: AgendaItem, house: House, reason: str = "Frågan kan besvaras ändå.") -> AgendaItem:
    return accept_unready(item.pk, reason=reason, by=house.chair, now=NOW)


def test_it_is_moved_on_by_the_system_with_the_reason_that_it_lacks(house: House, item: AgendaItem) -> None:
    assert rebook_unready(now=after_cutoff(item)) == 1
    found = Rebooking.objects.get(from_item=item)
    assert (found.reason, found.rebooked_by, found.missing_requirement, found.missing_owner) == (
        RebookingReason.PATHOLOGY_MISSING, None, "histopathology", "pathologist",
    )  # fmt: skip
    event = Event.objects.get(kind="item.rebooked")
    assert (event.actor, event.system) == (None, "mdk")
    assert found.to_item is not None
    assert (found.to_item.status, found.to_item.added_by) == (ItemStatus.PROVISIONAL, None)
    assert found.to_item.meeting.starts_at > item.meeting.starts_at


def test_those_who_plan_and_who_prepare_are_told_too(house: House, item: AgendaItem) -> None:
    claim(item.preparations.get(discipline="radiology").pk, by=house.radiologist, now=NOW)
    rebook_unready(now=after_cutoff(item))
    told = Notice.objects.filter(event__kind="item.rebooked").values_list("person", flat=True)
    people = (house.clinician, house.nurse, house.coordinator, house.chair, house.radiologist)
    assert set(told) == {person.pk for person in people}


def test_twice_is_once(house: House, item: AgendaItem) -> None:
    assert [rebook_unready(now=after_cutoff(item)) for _ in range(2)] == [1, 0]
    assert Rebooking.objects.count() == 1


def test_what_was_prepared_follows_the_case(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    rebook_unready(now=after_cutoff(item))
    found = Rebooking.objects.get(from_item=item)
    assert (found.prep_minutes_carried, found.prep_minutes_lost) == (BOTH, 0)


def test_before_the_cutoff_and_once_the_meeting_has_begun_nothing_is_moved(house: House, item: AgendaItem) -> None:
    assert rebook_unready(now=item.meeting.cutoff_at - timedelta(minutes=1)) == 0
    assert rebook_unready(now=item.meeting.starts_at) == 0
    Meeting.objects.filter(pk=item.meeting_id).update(status="live", chair=house.chair)
    assert rebook_unready(now=after_cutoff(item)) == 0


def test_a_ready_case_stays(house: House) -> None:
    item = firm_place(house, NOW)
    assert rebook_unready(now=after_cutoff(item)) == 0


def test_the_protocol_list_asks_for_no_readiness(house: House, item: AgendaItem) -> None:
    set_item_level(item.pk, "protocol", reason="Standardvård.", by=house.chair, now=NOW)
    assert rebook_unready(now=after_cutoff(item)) == 0


def test_a_case_that_was_booked_over_the_finding_stays(house: House) -> None:
    item = place(make_meeting(house), make_case(house), by=house.coordinator, override_reason="Akut.")
    assert rebook_unready(now=after_cutoff(item)) == 0


def test_an_override_of_something_else_does_not_cover_what_is_missing(house: House, item: AgendaItem) -> None:
    AgendaItem.objects.filter(pk=item.pk).update(
        override_reason="Fullt, men brådskar.", override_by=house.coordinator, override_at=NOW
    )
    assert rebook_unready(now=after_cutoff(item)) == 1


def test_one_that_fails_stops_nobody(house: House, item: AgendaItem, caplog: pytest.LogCaptureFixture) -> None:
    other = firm_place(house, NOW)
    take_back(other.case, "pathology", "histopathology")
    Case.objects.filter(pk=item.case_id).update(status="closed")
    assert rebook_unready(now=max(after_cutoff(item), after_cutoff(other))) == 1
    assert "one failed, the others go on" in caplog.text


def test_a_late_addition_that_the_chair_said_yes_to_stays(house: House) -> None:
    meeting = make_meeting(house)
    late = meeting.cutoff_at + timedelta(minutes=1)
    item = place(meeting, make_case(house), by=house.coordinator, now=NOW, provisional=True)
    make_firm(item.pk, by=house.coordinator, now=late, override_reason="Operationstid redan bokad.")
    answer_late(item.pk, yes=True, by=house.chair, now=late)
    assert rebook_unready(now=late + timedelta(minutes=5)) == 0
    item.refresh_from_db()
    assert (item.status, item.late) == (ItemStatus.PLANNED, "granted")


# The chair's word


def test_a_case_that_the_chair_has_accepted_stays(house: House, item: AgendaItem) -> None:
    accepted = accept(item, house)
    assert (accepted.override_reason, accepted.override_by) == ("Frågan kan besvaras ändå.", house.chair)
    assert rebook_unready(now=after_cutoff(item)) == 0
    event = Event.objects.get(kind="item.accepted_unready")
    assert event.data == {"lacking": ["histopathology"]}
    assert Notice.objects.get(event=event).person == house.clinician


def test_it_is_accepted_once_and_keeps_an_earlier_reason(house: House, item: AgendaItem) -> None:
    AgendaItem.objects.filter(pk=item.pk).update(
        override_reason="Fullt.", override_by=house.coordinator, override_at=NOW
    )
    accept(item, house)
    assert accept(item, house, "Igen.").override_reason == "Fullt. · Frågan kan besvaras ändå."
    assert Event.objects.filter(kind="item.accepted_unready").count() == 1


def test_a_ready_case_needs_no_word(house: House) -> None:
    item = firm_place(house, NOW)
    assert accept(item, house).override_at is None


def test_it_takes_a_reason_and_a_firm_place(house: House, item: AgendaItem) -> None:
    with pytest.raises(Invalid):
        accept(item, house, " ")
    loose = place(item.meeting, make_case(house), by=house.coordinator, provisional=True)
    with pytest.raises(BookingRefused):
        accept(loose, house)
