"""After the cut-off: a reason and the chair's yes, readers told at once, and the late share of each unit."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.errors import NotAllowed
from cases.enums import CaseStatus
from cases.models import Case
from events.models import Event, Notice
from mdk.enums import ItemStatus
from mdk.models import AgendaItem, Meeting, Preparation
from mdk.queries.late import late_shares
from mdk.services.agenda import BookingRefused, planned_minutes
from mdk.services.firming import make_firm
from mdk.services.late import LateRefused, answer_late
from mdk.services.moves import hold_place
from tests.domain_factories import House, make_case, make_meeting, make_series, place, published_meeting, ready_case

pytestmark = pytest.mark.django_db
REASON = "Operationstid redan bokad."


@pytest.fixture
def meeting(house: House) -> Meeting:
    series = make_series(house, readers=[house.radiologist, house.pathologist])
    return published_meeting(house, 1, series=series)


def late(meeting: Meeting) -> datetime:
    return meeting.cutoff_at + timedelta(minutes=1)


def asked(house: House, meeting: Meeting, case: Case | None = None) -> AgendaItem:
    """Return a late addition that the coordinator asks for."""
    case = case or ready_case(house)
    return place(meeting, case, by=house.coordinator, now=late(meeting), override_reason=REASON)


def told(kind: str) -> set[int]:
    return set(Notice.objects.filter(event__kind=kind).values_list("person_id", flat=True))


def answer(item: AgendaItem, house: House, *, yes: bool, note: str = "") -> AgendaItem:
    return answer_late(item.pk, yes=yes, note=note, by=house.chair, now=late(item.meeting))


def test_the_coordinator_asks_and_the_chair_is_told(house: House, meeting: Meeting) -> None:
    item = asked(house, meeting)
    item.case.refresh_from_db()
    assert (item.status, item.late, item.is_late) == (ItemStatus.PROVISIONAL, "asked", False)
    assert (item.override_reason, item.override_by) == (REASON, house.coordinator)
    assert item.case.status == CaseStatus.REFERRED
    assert not item.preparations.exists()
    assert planned_minutes(meeting) == 6
    assert told("item.late_asked") == {house.chair.pk}


def test_the_chair_says_yes_and_the_readers_are_told_at_once(house: House, meeting: Meeting) -> None:
    item = answer(asked(house, meeting), house, yes=True)
    item.case.refresh_from_db()
    assert (item.status, item.late, item.is_late) == (ItemStatus.PLANNED, "granted", True)
    assert (item.late_answered_by, item.late_answered_at) == (house.chair, late(meeting))
    assert item.case.status == CaseStatus.SCHEDULED
    assert set(item.preparations.values_list("state", flat=True)) == {"todo"}
    assert told("item.late_added") == {house.radiologist.pk, house.pathologist.pk}
    assert answer(item, house, yes=True).late == "granted"
    assert Event.objects.filter(kind="item.late_added").count() == 1


def test_the_chair_says_no_and_who_asked_is_told(house: House, meeting: Meeting) -> None:
    item = answer(asked(house, meeting), house, yes=False, note="Ta den på torsdag.")
    item.refresh_from_db()
    assert (item.status, item.late, item.position) == (ItemStatus.REMOVED, "refused", None)
    assert "Ta den på torsdag." in item.removed_reason
    assert told("item.late_refused") == {house.coordinator.pk}
    assert told("item.late_added") == set()
    assert answer(item, house, yes=False).late == "refused"


def test_the_chairs_own_addition_is_firm_at_once(house: House, meeting: Meeting) -> None:
    item = place(meeting, ready_case(house), by=house.chair, now=late(meeting), override_reason=REASON)
    assert (item.status, item.late, item.is_late) == (ItemStatus.PLANNED, "granted", True)
    assert told("item.late_asked") == set()
    assert told("item.late_added") == {house.radiologist.pk, house.pathologist.pk}


def test_without_a_reason_not_even_the_chair_adds(house: House, meeting: Meeting) -> None:
    with pytest.raises(BookingRefused) as refusal:
        place(meeting, ready_case(house), by=house.chair, now=late(meeting))
    assert refusal.value.code == "after-cutoff"


def test_while_there_is_no_chair_whoever_may_run_the_meeting_answers(house: House, meeting: Meeting) -> None:
    Meeting.objects.filter(pk=meeting.pk).update(chair=None)
    item = asked(house, meeting)
    assert item.late == "asked"
    assert told("item.late_asked") == {house.chair.pk}
    assert answer(item, house, yes=True).late == "granted"


@pytest.mark.parametrize("role", ["coordinator", "clinician", "radiologist"])
def test_nobody_else_answers(house: House, meeting: Meeting, role: str) -> None:
    item = asked(house, meeting)
    with pytest.raises(NotAllowed):
        answer_late(item.pk, yes=True, by=getattr(house, role), now=late(meeting))
    item.refresh_from_db()
    assert item.late == "asked"


def test_the_other_answer_afterwards_names_who_answered(house: House, meeting: Meeting) -> None:
    item = answer(asked(house, meeting), house, yes=True)
    with pytest.raises(LateRefused, match=house.chair.name):
        answer(item, house, yes=False)


def test_nothing_is_answered_where_nothing_is_asked(house: House, meeting: Meeting) -> None:
    with pytest.raises(LateRefused) as refusal:
        answer(meeting.items.get(), house, yes=True)
    assert refusal.value.code == "nothing-asked"


def test_a_case_that_is_not_ready_takes_the_same_way(house: House, meeting: Meeting) -> None:
    item = asked(house, meeting, make_case(house))
    assert (item.status, item.late) == (ItemStatus.PROVISIONAL, "asked")
    assert answer(item, house, yes=True).status == ItemStatus.PLANNED


def test_a_yes_after_the_meeting_began_is_too_late(house: House, meeting: Meeting) -> None:
    item = asked(house, meeting)
    Meeting.objects.filter(pk=meeting.pk).update(status="live")
    with pytest.raises(BookingRefused) as refusal:
        answer(item, house, yes=True)
    assert refusal.value.code == "meeting-status"
    assert answer(item, house, yes=False).late == "refused"


def test_a_provisional_place_made_firm_late_is_asked_for_too(house: House, meeting: Meeting) -> None:
    item = place(meeting, ready_case(house), by=house.coordinator, provisional=True)
    asked_for = make_firm(item.pk, by=house.coordinator, now=late(meeting), override_reason=REASON)
    assert (asked_for.status, asked_for.late) == (ItemStatus.PROVISIONAL, "asked")
    assert not Event.objects.filter(kind="item.firmed").exists()
    make_firm(item.pk, by=house.coordinator, now=late(meeting), override_reason=REASON)
    assert Event.objects.filter(kind="item.late_asked").count() == 1
    assert not Preparation.objects.filter(item=item).exists()


def test_a_provisional_place_asks_nobody(house: House, meeting: Meeting) -> None:
    item = place(meeting, make_case(house), by=house.coordinator, now=late(meeting), provisional=True)
    assert (item.late, item.override_reason) == ("", "")


def test_the_late_share_is_counted_for_each_referring_unit(house: House, meeting: Meeting) -> None:
    answer(asked(house, meeting), house, yes=True)
    answer(asked(house, meeting), house, yes=False)
    place(make_meeting(house), ready_case(house), by=house.coordinator, provisional=True)
    day = timezone.localdate(meeting.starts_at)
    units = [house.clinic.pk, house.radiology.pk]
    share = late_shares(units, day, day)
    assert [(one.unit_id, one.unit_name, one.added, one.late, one.refused, one.share) for one in share] == [
        (house.clinic.pk, house.clinic.name, 2, 1, 1, 0.5)
    ]
    assert late_shares(units, day + timedelta(days=1), day + timedelta(days=9)) == []


def test_the_systems_place_that_is_asked_for_late_is_a_persons_from_then_on(house: House, meeting: Meeting) -> None:
    case = ready_case(house)
    held = hold_place(case, meeting, level="full", minutes=6, by=None, now=timezone.now(), probability=0.9)
    asked_for = make_firm(held.pk, by=house.coordinator, now=late(meeting), override_reason=REASON)
    assert (asked_for.pk, asked_for.late, asked_for.added_by) == (held.pk, "asked", house.coordinator)
    answer(asked_for, house, yes=False)
    assert told("item.late_refused") == {house.coordinator.pk}
