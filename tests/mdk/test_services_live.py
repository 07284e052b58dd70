"""The running meeting: start, next, previous, jump, park, break, defer, close; and the clock of each case."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import Invalid
from cases.enums import CaseStatus
from events.models import Event, Notice
from mdk.enums import ItemStatus, MeetingStatus, RebookingReason
from mdk.models import AgendaItem, Meeting, Outcome
from mdk.services import live
from mdk.services.agenda import BookingRefused, take_off
from mdk.services.cancelling import cancel_meeting
from mdk.services.live import LiveRefused
from mdk.services.publishing import publish_meeting
from mdk.services.rebooking import next_meeting, rebook_item
from mdk.services.series import add_meeting
from mdk.transitions import MeetingMoveRefused
from tests.domain_factories import (
    House,
    give_outcome,
    live_meeting,
    make_case,
    make_house,
    make_meeting,
    place,
    published_meeting,
    ready_case,
)

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def after(minutes: float) -> timezone.datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def meeting(house: House) -> Meeting:
    """Return a meeting of three cases that started now."""
    return live_meeting(house, 3, now=NOW)


def items(meeting: Meeting) -> list[AgendaItem]:
    return list(meeting.items.filter(position__isnull=False).order_by("position"))


def statuses(meeting: Meeting) -> list[str]:
    return [item.status for item in items(meeting)]


def current(meeting: Meeting) -> int | None:
    return Meeting.objects.values_list("current_item_id", flat=True).get(pk=meeting.pk)


# Starting


def test_starting_takes_a_chair(house: House) -> None:
    meeting = published_meeting(house, 1, chair=None)
    with pytest.raises(LiveRefused) as refusal:
        live.start_meeting(meeting.pk, by=house.chair, now=meeting.starts_at)
    assert (refusal.value.code, refusal.value.field) == ("chair-missing", "chair")
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.PUBLISHED


def test_starting_before_the_day_is_confirmed(house: House) -> None:
    meeting = published_meeting(house, 1)
    with pytest.raises(LiveRefused) as refusal:
        live.start_meeting(meeting.pk, by=house.chair, now=NOW)
    assert refusal.value.code == "not-the-day"
    started = live.start_meeting(meeting.pk, by=house.chair, now=NOW, confirm_early=True)
    assert (started.status, started.started_at) == (MeetingStatus.LIVE, NOW)


def test_on_the_day_nothing_need_be_confirmed(house: House) -> None:
    meeting = published_meeting(house, 1)
    early_that_day = timezone.localtime(meeting.starts_at).replace(hour=6)
    assert live.start_meeting(meeting.pk, by=house.chair, now=early_that_day).status == MeetingStatus.LIVE


def test_an_unpublished_meeting_does_not_start(house: House) -> None:
    meeting = make_meeting(house)
    with pytest.raises(MeetingMoveRefused):
        live.start_meeting(meeting.pk, by=house.chair, now=NOW, confirm_early=True)


def test_the_first_firm_item_is_current(house: House) -> None:
    meeting = make_meeting(house)
    place(meeting, make_case(house), by=house.coordinator, provisional=True)
    firm = place(meeting, ready_case(house), by=house.coordinator)
    publish_meeting(meeting.pk, by=house.coordinator, now=NOW)
    live.start_meeting(meeting.pk, by=house.chair, now=NOW, confirm_early=True)
    assert current(meeting) == firm.pk
    assert statuses(meeting) == ["discussing", "provisional"]


def test_an_empty_meeting_starts_with_nothing_current(house: House) -> None:
    meeting = live_meeting(house, 0)
    assert current(meeting) is None
    with pytest.raises(LiveRefused) as refusal:
        live.next_item(meeting.pk, by=house.chair, now=NOW)
    assert refusal.value.code == "end-of-agenda"


# Moving along


def test_next_needs_an_outcome_or_a_deferral(house: House, meeting: Meeting) -> None:
    first, second, _third = items(meeting)
    with pytest.raises(LiveRefused) as refusal:
        live.next_item(meeting.pk, by=house.chair, now=after(1))
    assert (refusal.value.code, refusal.value.extra) == ("outcome-missing", {"item": first.pk})
    give_outcome(first, by=house.chair, recommendation="   ")
    with pytest.raises(LiveRefused):
        live.next_item(meeting.pk, by=house.chair, now=after(2))
    give_outcome(first, by=house.chair, version=1)
    live.next_item(meeting.pk, by=house.chair, now=after(3))
    first.refresh_from_db()
    assert (first.status, first.seconds_used) == (ItemStatus.DONE, 180)
    assert statuses(meeting) == ["done", "discussing", "planned"]
    assert current(meeting) == second.pk
    first.case.refresh_from_db()
    assert first.case.status == CaseStatus.DISCUSSED


def test_a_second_click_on_next_moves_nothing(house: House, meeting: Meeting) -> None:
    first, second, _third = items(meeting)
    give_outcome(first, by=house.chair)
    for _ in range(2):
        live.next_item(meeting.pk, by=house.chair, now=after(1), seen=first.pk)
    assert current(meeting) == second.pk


def test_a_deferred_case_waits_again_and_its_clinician_is_told(house: House, meeting: Meeting) -> None:
    first, second, _third = items(meeting)
    with pytest.raises(Invalid):
        live.defer_item(first.pk, reason="later", by=house.chair, now=after(2))
    for _ in range(2):
        live.defer_item(first.pk, reason=RebookingReason.PATIENT_ILL, by=house.chair, now=after(2))
    first.refresh_from_db()
    assert (first.status, first.defer_reason, first.seconds_used) == (ItemStatus.DEFERRED, "patient_ill", 120)
    first.case.refresh_from_db()
    assert first.case.status == CaseStatus.REFERRED
    assert Notice.objects.filter(event__kind="item.deferred", person=house.clinician).count() == 1
    live.next_item(meeting.pk, by=house.chair, now=after(3))
    assert current(meeting) == second.pk


def test_a_protocol_case_is_confirmed_by_going_on(house: House) -> None:
    meeting = make_meeting(house)
    listed = place(meeting, ready_case(house, level="protocol"), by=house.coordinator)
    place(meeting, ready_case(house, level="protocol"), by=house.coordinator)
    publish_meeting(meeting.pk, by=house.coordinator, now=NOW)
    live.start_meeting(meeting.pk, by=house.chair, now=NOW, confirm_early=True)
    live.next_item(meeting.pk, by=house.chair, now=after(1))
    listed.refresh_from_db()
    assert listed.status == ItemStatus.DONE
    assert Outcome.objects.get(item=listed).recorded_by == house.chair


def test_after_the_last_there_is_no_next(house: House, meeting: Meeting) -> None:
    for item in items(meeting)[:2]:
        give_outcome(item, by=house.chair)
        live.next_item(meeting.pk, by=house.chair, now=after(1))
    last = items(meeting)[2]
    give_outcome(last, by=house.chair)
    with pytest.raises(LiveRefused) as refusal:
        live.next_item(meeting.pk, by=house.chair, now=after(2))
    assert refusal.value.code == "end-of-agenda"
    assert current(meeting) == last.pk


def test_previous_goes_back_and_the_open_case_waits_with_its_time(house: House, meeting: Meeting) -> None:
    first, second, _third = items(meeting)
    with pytest.raises(LiveRefused) as refusal:
        live.previous_item(meeting.pk, by=house.chair, now=after(1))
    assert refusal.value.code == "start-of-agenda"
    give_outcome(first, by=house.chair)
    live.next_item(meeting.pk, by=house.chair, now=after(2))
    live.previous_item(meeting.pk, by=house.chair, now=after(5))
    second.refresh_from_db()
    assert (second.status, second.seconds_used) == (ItemStatus.PLANNED, 180)
    assert current(meeting) == first.pk
    assert statuses(meeting) == ["done", "planned", "planned"]
    live.next_item(meeting.pk, by=house.chair, now=after(6))
    assert current(meeting) == second.pk


def test_jumping_shows_any_case_of_the_agenda(house: House, meeting: Meeting) -> None:
    first, _second, third = items(meeting)
    live.jump_to(meeting.pk, third.pk, by=house.chair, now=after(1))
    assert statuses(meeting) == ["planned", "planned", "discussing"]
    first.refresh_from_db()
    assert first.seconds_used == 60
    other = items(live_meeting(house, 1))[0]
    with pytest.raises(LiveRefused) as refusal:
        live.jump_to(meeting.pk, other.pk, by=house.chair, now=after(1))
    assert refusal.value.code == "not-on-agenda"


def test_what_a_jump_passed_over_comes_after_the_last(house: House, meeting: Meeting) -> None:
    first, second, third = items(meeting)
    live.jump_to(meeting.pk, third.pk, by=house.chair, now=NOW)
    for expected in (first, second):
        give_outcome(AgendaItem.objects.get(pk=current(meeting)), by=house.chair)
        live.next_item(meeting.pk, by=house.chair, now=after(1))
        assert current(meeting) == expected.pk
    give_outcome(second, by=house.chair)
    with pytest.raises(LiveRefused) as refusal:
        live.next_item(meeting.pk, by=house.chair, now=after(2))
    assert refusal.value.code == "end-of-agenda"


def test_a_current_case_that_is_rebooked_keeps_its_time(house: House, meeting: Meeting) -> None:
    first = items(meeting)[0]
    rebook_item(first.pk, reason=RebookingReason.NEW_QUESTION, by=house.chair, now=after(3))
    first.refresh_from_db()
    assert (first.status, first.seconds_used) == (ItemStatus.REBOOKED, 180)
    assert current(meeting) is None


def test_a_parked_case_comes_last_with_its_time_kept(house: House, meeting: Meeting) -> None:
    first, second, third = items(meeting)
    live.park_item(meeting.pk, by=house.chair, now=after(2))
    assert [item.pk for item in items(meeting)] == [second.pk, third.pk, first.pk]
    first.refresh_from_db()
    assert (first.status, first.seconds_used, first.parked_at) == (ItemStatus.PLANNED, 120, after(2))
    assert current(meeting) == second.pk
    for item in (second, third):
        give_outcome(item, by=house.chair)
        live.next_item(meeting.pk, by=house.chair, now=after(3))
    assert current(meeting) == first.pk


def test_a_break_stops_the_clock(house: House, meeting: Meeting) -> None:
    first = items(meeting)[0]
    live.toggle_break(meeting.pk, by=house.chair, now=after(2))
    meeting.refresh_from_db()
    assert meeting.break_since == after(2)
    live.toggle_break(meeting.pk, by=house.chair, now=after(12))
    give_outcome(first, by=house.chair)
    live.next_item(meeting.pk, by=house.chair, now=after(13))
    first.refresh_from_db()
    assert first.seconds_used == 180


def test_going_on_from_a_break_ends_it(house: House, meeting: Meeting) -> None:
    first = items(meeting)[0]
    give_outcome(first, by=house.chair)
    live.toggle_break(meeting.pk, by=house.chair, now=after(2))
    live.next_item(meeting.pk, by=house.chair, now=after(20))
    first.refresh_from_db()
    meeting.refresh_from_db()
    assert (first.seconds_used, meeting.break_since) == (120, None)


@pytest.mark.parametrize("step", ["next_item", "previous_item", "park_item", "toggle_break"])
def test_no_step_is_taken_on_a_meeting_that_is_not_under_way(house: House, step: str) -> None:
    meeting = published_meeting(house, 1)
    with pytest.raises(LiveRefused) as refusal:
        getattr(live, step)(meeting.pk, by=house.chair, now=NOW)
    assert refusal.value.extra == {"meeting_status": "published"}


def test_the_current_case_can_be_rebooked_away(house: House, meeting: Meeting) -> None:
    first, second, _third = items(meeting)
    rebook_item(first.pk, reason=RebookingReason.PATIENT_WISH, by=house.chair, now=after(1))
    assert current(meeting) is None
    live.next_item(meeting.pk, by=house.chair, now=after(2))
    assert current(meeting) == second.pk


def test_the_case_under_discussion_is_not_taken_off(house: House, meeting: Meeting) -> None:
    with pytest.raises(BookingRefused):
        take_off(items(meeting)[0].pk, reason="Avstår.", by=house.coordinator, now=NOW)


# Closing


def test_closing_ends_what_has_a_recommendation_and_moves_on_the_rest(house: House, meeting: Meeting) -> None:
    first, second, third = items(meeting)
    give_outcome(first, by=house.chair)
    live.next_item(meeting.pk, by=house.chair, now=after(4))
    closed = live.close_meeting(meeting.pk, by=house.chair, now=after(9))
    for item in (first, second, third):
        item.refresh_from_db()
    assert (closed.status, closed.closed_at, closed.current_item) == (MeetingStatus.CLOSED, after(9), None)
    assert [first.status, second.status, third.status] == ["done", "rebooked", "rebooked"]
    assert (second.rebooked_as.reason, second.seconds_used) == ("no_time", 300)
    moved = second.rebooked_as.to_item
    assert moved.meeting.starts_at > closed.starts_at
    assert moved.position < third.rebooked_as.to_item.position
    assert Notice.objects.filter(event__kind="item.rebooked", person=house.clinician).count() == 2


def test_closing_locks_the_meetings_by_key_even_when_the_next_one_is_older(house: House) -> None:
    meeting = live_meeting(house, 2)
    following = next_meeting(meeting)
    assert following is not None
    extra = add_meeting(meeting.series_id, meeting.starts_at - timedelta(days=1), by=house.coordinator, now=NOW)
    place(extra, ready_case(house), by=house.coordinator)
    Meeting.objects.filter(pk=meeting.pk).update(status=MeetingStatus.CANCELLED)
    Meeting.objects.filter(pk=extra.pk).update(status=MeetingStatus.LIVE)
    with CaptureQueriesContext(connection) as queries:
        live.close_meeting(extra.pk, by=house.chair, now=NOW)
    locks = [q["sql"] for q in queries if "FOR UPDATE" in q["sql"] and 'FROM "mdk_meeting"' in q["sql"]]
    assert f'"mdk_meeting"."id" = {following.pk}' in locks[0]
    assert f'"mdk_meeting"."id" = {extra.pk}' in locks[1]
    assert following.pk < extra.pk


def test_closing_confirms_the_protocol_list(house: House, meeting: Meeting) -> None:
    listed = items(meeting)[2]
    AgendaItem.objects.filter(pk=listed.pk).update(level="protocol")
    live.close_meeting(meeting.pk, by=house.chair, now=after(9))
    listed.refresh_from_db()
    assert listed.status == ItemStatus.DONE


def test_a_provisional_place_ends_with_the_meeting(house: House, meeting: Meeting) -> None:
    case = make_case(house)
    item = AgendaItem.objects.create(
        meeting=meeting, case=case, level="full", minutes=6, position=9, status="provisional",
        status_changed_at=NOW, added_by=house.coordinator, added_at=NOW,
    )  # fmt: skip
    live.close_meeting(meeting.pk, by=house.chair, now=after(9))
    item.refresh_from_db()
    assert (item.status, item.position) == (ItemStatus.REMOVED, None)
    case.refresh_from_db()
    assert case.status == CaseStatus.REFERRED


def test_without_a_next_meeting_what_is_left_waits_again(house: House, meeting: Meeting) -> None:
    for later in meeting.series.meetings.filter(starts_at__gt=meeting.starts_at):
        cancel_meeting(later.pk, reason="Semester.", by=house.coordinator, now=NOW)
    live.close_meeting(meeting.pk, by=house.chair, now=after(9))
    left = AgendaItem.objects.filter(meeting=meeting)
    assert {(item.status, item.case.status) for item in left} == {("removed", "referred")}
    assert all(item.removed_reason for item in left)


def test_closing_twice_is_once(house: House, meeting: Meeting) -> None:
    live.close_meeting(meeting.pk, by=house.chair, now=after(9))
    live.close_meeting(meeting.pk, by=house.chair, now=after(9))
    assert Event.objects.filter(kind="meeting.closed").count() == 1
    with pytest.raises(MeetingMoveRefused):
        live.close_meeting(meeting.pk, by=house.coordinator, now=after(9))
