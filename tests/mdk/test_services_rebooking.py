"""Rebooking a firm place: why, whose answer was missing, where to, how often, and who is told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import Invalid
from cases.enums import CaseStatus
from cases.models import Case
from events.models import Event, Notice
from mdk.enums import ItemStatus, PreparationState, RebookingReason
from mdk.models import AgendaItem, Meeting, ProvisionalMove, Rebooking
from mdk.services.agenda import BookingRefused
from mdk.services.cancelling import cancel_meeting
from mdk.services.provisional import follow_provisional
from mdk.services.rebooking import Rebooked, rebook_item
from tests.domain_factories import House, add_result, make_meeting, make_series, place, ready_case
from tests.mdk.carried import BOTH, firm_place, meeting_after, read_all, take_back

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def item(house: House) -> AgendaItem:
    return firm_place(house, NOW)


def rebook(item: AgendaItem, house: House, reason: str = "patient_ill", **given: object) -> Rebooked:
    return rebook_item(item.pk, **{"reason": reason, "by": house.coordinator, "now": LATER} | given)  # type: ignore[arg-type]


def lose_the_pathology(item: AgendaItem, house: House, *, ordered: bool = True) -> None:
    """Let the answer of pathology be gone, and ordered anew."""
    take_back(item.case, "pathology", "histopathology")
    if ordered:
        add_result(item.case, "pathology", requirement="histopathology", state="ordered", now=NOW)


# What it is, and who is told


def test_it_is_written_down_and_told(house: House, item: AgendaItem) -> None:
    second = meeting_after(item.meeting)
    done = rebook(item, house, RebookingReason.OTHER, note=" Tolk saknas. ", meeting_id=second.pk)
    item.refresh_from_db()
    item.case.refresh_from_db()
    assert (item.status, item.position, item.case.status) == (ItemStatus.REBOOKED, None, CaseStatus.SCHEDULED)
    assert (done.rebooking.rebooked_by, done.rebooking.note, done.rebooking.number) == (
        house.coordinator, "Tolk saknas.", 1,
    )  # fmt: skip
    told = Notice.objects.filter(event__kind="item.rebooked").values_list("person", flat=True)
    assert set(told) == {house.clinician.pk, house.nurse.pk}


def test_again_by_the_same_person_is_a_success_and_by_another_refused(house: House, item: AgendaItem) -> None:
    done = rebook(item, house)
    assert rebook(item, house, RebookingReason.NO_TIME).rebooking == done.rebooking
    with pytest.raises(BookingRefused):
        rebook(item, house, RebookingReason.NO_TIME, by=house.chair)
    assert Rebooking.objects.count() == 1


@pytest.mark.parametrize(
    ("reason", "note", "wrong"), [("because", "", "reason"), ("other", " ", "note"), ("", "", "reason")]
)
def test_it_has_a_coded_reason(house: House, item: AgendaItem, reason: str, note: str, wrong: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rebook(item, house, reason, note=note)
    assert [e.field for e in refusal.value.errors] == [wrong]
    assert not Rebooking.objects.exists()


def test_not_to_where_it_is(house: House, item: AgendaItem) -> None:
    with pytest.raises(Invalid):
        rebook(item, house, meeting_id=item.meeting_id)


# Where to


def test_a_ready_case_goes_to_the_next_meeting_firm_and_without_an_override(house: House, item: AgendaItem) -> None:
    moved = rebook(item, house).item
    assert moved is not None
    assert (moved.meeting, moved.status) == (meeting_after(item.meeting), ItemStatus.PLANNED)
    assert (moved.override_reason, moved.added_by) == ("", house.coordinator)


def test_a_ready_case_goes_past_a_meeting_that_is_full(house: House, item: AgendaItem) -> None:
    second = meeting_after(item.meeting)
    Meeting.objects.filter(pk=second.pk).update(capacity_minutes=2)
    moved = rebook(item, house).item
    assert moved is not None
    assert moved.meeting == meeting_after(second)


def test_to_a_full_meeting_that_was_chosen_the_reason_stands_for_the_override(house: House, item: AgendaItem) -> None:
    second = meeting_after(item.meeting)
    Meeting.objects.filter(pk=second.pk).update(capacity_minutes=2)
    moved = rebook(item, house, meeting_id=second.pk).item
    assert moved is not None
    assert (moved.meeting, moved.status, moved.override_by) == (second, ItemStatus.PLANNED, house.coordinator)


def test_an_unready_case_is_expected_where_its_answer_is_and_never_firm_by_an_override(
    house: House, item: AgendaItem
) -> None:
    lose_the_pathology(item, house)
    moved = rebook(item, house, RebookingReason.PATHOLOGY_MISSING).item
    assert moved is not None
    assert (moved.status, moved.override_at, moved.added_by) == (ItemStatus.PROVISIONAL, None, None)
    assert moved.meeting.starts_at > item.meeting.starts_at
    item.case.refresh_from_db()
    assert item.case.status == CaseStatus.REFERRED


def test_a_meeting_that_was_chosen_for_an_unready_case_stays_chosen(house: House, item: AgendaItem) -> None:
    lose_the_pathology(item, house)
    second = meeting_after(item.meeting)
    moved = rebook(item, house, RebookingReason.PATHOLOGY_MISSING, meeting_id=second.pk).item
    assert moved is not None
    assert (moved.meeting, moved.status, moved.added_by) == (second, ItemStatus.PROVISIONAL, house.coordinator)
    follow_provisional(now=LATER)
    moved.refresh_from_db()
    assert moved.status == ItemStatus.PROVISIONAL
    assert not ProvisionalMove.objects.exists()


def test_without_a_meeting_to_go_to_the_case_waits_and_keeps_what_was_read(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    Meeting.objects.filter(starts_at__gt=item.meeting.starts_at).delete()
    done = rebook(item, house)
    assert done.item is None
    assert (done.rebooking.prep_minutes_carried, done.rebooking.prep_minutes_lost) == (BOTH, 0)
    item.case.refresh_from_db()
    assert item.case.status == CaseStatus.REFERRED
    again = place(make_meeting(house), item.case, by=house.coordinator, now=LATER)
    assert set(again.preparations.values_list("state", flat=True)) == {PreparationState.DONE}


# Whose answer was missing, and whether that could be foreseen


def test_the_missing_answer_names_its_requirement_and_its_owner(house: House, item: AgendaItem) -> None:
    lose_the_pathology(item, house)
    found = rebook(item, house, RebookingReason.PATHOLOGY_MISSING).rebooking
    assert (found.missing_requirement, found.missing_owner) == ("histopathology", "pathologist")


def test_an_answer_that_nobody_ordered_is_the_clinicians(house: House, item: AgendaItem) -> None:
    lose_the_pathology(item, house, ordered=False)
    found = rebook(item, house, RebookingReason.PATHOLOGY_MISSING).rebooking
    assert (found.missing_requirement, found.missing_owner) == ("histopathology", "clinician")


@pytest.mark.parametrize("reason", [RebookingReason.PATIENT_ILL, RebookingReason.RADIOLOGY_MISSING])
def test_another_reason_names_nothing(house: House, item: AgendaItem, reason: str) -> None:
    lose_the_pathology(item, house)
    found = rebook(item, house, reason).rebooking
    assert (found.missing_requirement, found.missing_owner, found.is_foreseeable) == ("", "", False)


def test_what_was_missing_when_the_place_was_made_firm_was_foreseeable(house: House, item: AgendaItem) -> None:
    lose_the_pathology(item, house)
    assert rebook(item, house, RebookingReason.PATHOLOGY_MISSING).rebooking.is_foreseeable


def test_what_was_final_then_and_taken_back_since_was_not(house: House, item: AgendaItem) -> None:
    answer = item.case.results.get(requirement="histopathology")
    assert answer.final_on is not None
    answer.state = "cancelled"
    answer.save()
    Case.objects.filter(pk=item.case_id).update(readiness_changes_on="2000-01-01")
    found = rebook(item, house, RebookingReason.PATHOLOGY_MISSING).rebooking
    assert (found.missing_requirement, found.is_foreseeable) == ("histopathology", False)


# How often


def rebook_times(item: AgendaItem, house: House, times: int) -> list[Rebooking]:
    found = []
    for turn in range(times):
        done = rebook(item, house, now=LATER + timedelta(minutes=turn))
        found.append(done.rebooking)
        assert done.item is not None
        item = done.item
    return found


def test_the_rebookings_of_a_case_are_counted(house: House, item: AgendaItem) -> None:
    assert [one.number for one in rebook_times(item, house, 3)] == [1, 2, 3]


def test_the_third_alerts_the_chair_and_the_manager(house: House, item: AgendaItem) -> None:
    rebook_times(item, house, 2)
    assert not Event.objects.filter(kind="case.rebooked_often").exists()
    place_now = AgendaItem.objects.get(case=item.case, status=ItemStatus.PLANNED)
    rebook(place_now, house)
    event = Event.objects.get(kind="case.rebooked_often")
    assert event.data == {"count": 3}
    told = Notice.objects.filter(event=event).values_list("person", flat=True)
    assert set(told) == {house.chair.pk, house.manager.pk}


def test_moves_of_a_provisional_date_are_no_rebookings(house: House, item: AgendaItem) -> None:
    lose_the_pathology(item, house)
    moved = rebook(item, house, RebookingReason.PATHOLOGY_MISSING).item
    assert moved is not None
    cancel_meeting(moved.meeting_id, reason="Strömavbrott.", by=house.coordinator, now=LATER)
    assert Rebooking.objects.count() == 1
    assert ProvisionalMove.objects.filter(case=item.case, reason="meeting_cancelled").count() == 1


# The promised date


def test_a_promised_date_that_is_no_longer_kept_is_told_at_once(house: House, item: AgendaItem) -> None:
    promised = timezone.localdate(item.meeting.starts_at) + timedelta(days=1)
    Case.objects.filter(pk=item.case_id).update(promised_on=promised)
    rebook(item, house)
    told = Notice.objects.filter(event__kind="promise.at_risk").values_list("person", flat=True)
    assert {house.nurse.pk, house.clinician.pk} <= set(told)


def test_a_promise_that_is_still_kept_frightens_nobody(house: House, item: AgendaItem) -> None:
    promised = timezone.localdate(meeting_after(item.meeting).starts_at)
    Case.objects.filter(pk=item.case_id).update(promised_on=promised)
    rebook(item, house)
    assert not Event.objects.filter(kind="promise.at_risk").exists()


# A whole agenda at once


def test_a_cancelled_meeting_sends_its_cases_on(house: House, item: AgendaItem) -> None:
    second = meeting_after(item.meeting)
    provisional = place(item.meeting, ready_case(house), by=house.coordinator, provisional=True)
    cancel_meeting(item.meeting_id, reason="Strömavbrott.", by=house.coordinator, now=NOW)
    item.refresh_from_db()
    provisional.refresh_from_db()
    assert item.rebooked_as.to_item.meeting == second
    assert (item.rebooked_as.reason, provisional.status) == ("meeting_cancelled", "removed")
    assert AgendaItem.objects.get(case=provisional.case, status="provisional").meeting == second


def test_a_cancelled_meeting_does_not_fill_the_next_one_over_its_minutes(house: House) -> None:
    series = make_series(house)
    first, second, third = list(series.meetings.order_by("starts_at")[:3])
    cases = [place(first, ready_case(house), by=house.coordinator).case for _ in range(2)]
    Meeting.objects.filter(pk=second.pk).update(capacity_minutes=6)
    cancel_meeting(first.pk, reason="Strömavbrott.", by=house.coordinator, now=NOW)
    held = AgendaItem.objects.filter(case__in=cases, status="planned").order_by("meeting__starts_at")
    assert [one.meeting for one in held] == [second, third]
