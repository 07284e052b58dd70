"""The round at the cut-off: proposed, confirmed once, and what becomes of everybody."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from cases.enums import CaseStatus
from cases.models import Case
from events.models import Event
from mdk.enums import ItemStatus, MoveReason
from mdk.models import AgendaItem, Meeting, Preparation
from mdk.services.agenda import planned_minutes
from mdk.services.cutoff import RoundRefused, confirm_round, propose_round
from mdk.services.publishing import publish_meeting
from tests.domain_factories import House, make_series, place, ready_case
from tests.mdk.test_proposals import NOW, waiting_case

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate(NOW)


def two(house: House, **fields: object) -> tuple[Meeting, Meeting]:
    first, second = make_series(house, now=NOW, first_in_days=10, **fields).meetings.order_by("starts_at")[:2]
    return first, second


def provisional(meeting: Meeting, case: Case, house: House) -> AgendaItem:
    return place(meeting, case, by=house.coordinator, now=NOW, provisional=True)


def at_cutoff(meeting: Meeting) -> datetime:
    return meeting.cutoff_at + timedelta(minutes=1)


def codes(entries: object) -> list[tuple[int, str]]:
    return [(entry.case, entry.code) for entry in entries]  # type: ignore[attr-defined]


def test_ready_cases_by_urgency_and_the_others_get_a_new_date(house: House) -> None:
    first, second = two(house, capacity_minutes=12)
    calm = ready_case(house, now=NOW, suspected_on=TODAY - timedelta(days=3))
    urgent = ready_case(house, now=NOW, suspected_on=TODAY - timedelta(days=30))
    promised = ready_case(house, now=NOW, suspected_on=TODAY, promised_on=TODAY + timedelta(days=1))
    unready = waiting_case(house)
    for case in (calm, urgent, promised, unready):
        provisional(first, case, house)
    now = at_cutoff(first)
    proposal = propose_round(first.pk, now=now)
    assert codes(proposal.firmed) == [(promised.pk, "ready"), (urgent.pk, "ready")]
    assert sorted(codes(proposal.moved)) == sorted([(calm.pk, "no-room"), (unready.pk, "not-ready")])
    assert all(entry.why and "%(" not in entry.why for entry in proposal.entries)
    assert not first.items.filter(status=ItemStatus.PLANNED).exists(), "a proposal changes nothing"
    held = confirm_round(first.pk, by=house.coordinator, now=now)
    assert (codes(held.firmed), codes(held.moved)) == (codes(proposal.firmed), codes(proposal.moved))
    assert set(first.items.filter(status=ItemStatus.PLANNED).values_list("case", flat=True)) == {promised.pk, urgent.pk}
    assert planned_minutes(first) == 12
    assert {
        item.meeting_id for item in AgendaItem.objects.filter(case__in=[calm, unready], position__isnull=False)
    } <= {
        second.pk,
        *Meeting.objects.filter(starts_at__gt=second.starts_at).values_list("pk", flat=True),
    }
    reasons = {move.case_id: move.reason for move in calm.provisional_moves.all() | unready.provisional_moves.all()}
    assert reasons == {calm.pk: MoveReason.NO_ROOM, unready.pk: MoveReason.NOT_READY}
    first.refresh_from_db()
    assert (first.firmed_by, first.firmed_at) == (house.coordinator, now)
    urgent.refresh_from_db()
    assert urgent.status == CaseStatus.SCHEDULED
    assert not AgendaItem.objects.get(case=urgent).is_late


def test_places_left_over_go_to_the_next_meeting_and_to_those_without_one(house: House) -> None:
    first, second = two(house, capacity_minutes=18)
    own = ready_case(house, now=NOW, suspected_on=TODAY)
    following = ready_case(house, now=NOW, suspected_on=TODAY - timedelta(days=5))
    unplaced = ready_case(house, now=NOW, suspected_on=TODAY - timedelta(days=20))
    too_late = ready_case(house, now=NOW, suspected_on=TODAY - timedelta(days=1))
    provisional(first, own, house)
    provisional(second, following, house)
    provisional(second, too_late, house)
    provisional(second, waiting_case(house, suspected_on=TODAY - timedelta(days=38)), house)
    held = confirm_round(first.pk, by=house.coordinator, now=at_cutoff(first))
    assert codes(held.firmed) == [(own.pk, "ready"), (unplaced.pk, "waiting"), (following.pk, "offered")]
    assert codes(held.left) == [(too_late.pk, "stays")]
    assert held.moved == ()
    assert following.provisional_moves.get().reason == MoveReason.OFFERED
    assert AgendaItem.objects.get(case=too_late).meeting == second
    assert Preparation.objects.filter(item__case=following).exists()


def test_the_preparation_of_each_discipline_is_a_limit_too(house: House) -> None:
    first, _second = two(house)
    cases = [ready_case(house, now=NOW, suspected_on=TODAY - timedelta(days=9 - n)) for n in range(2)]
    for case in cases:
        provisional(first, case, house)
    Meeting.objects.filter(pk=first.pk).update(prep_radiology_minutes=10)
    proposal = propose_round(first.pk, now=at_cutoff(first))
    assert codes(proposal.firmed) == [(cases[0].pk, "ready")]
    (moved,) = proposal.moved
    assert (moved.case, moved.code, moved.full) == (cases[1].pk, "no-room", "radiology")


def test_only_what_was_chosen_is_made_firm(house: House) -> None:
    first, _second = two(house, capacity_minutes=6)
    urgent = ready_case(house, now=NOW, suspected_on=TODAY - timedelta(days=30))
    other = ready_case(house, now=NOW)
    provisional(first, urgent, house)
    provisional(first, other, house)
    held = confirm_round(first.pk, by=house.coordinator, now=at_cutoff(first), only=[other.pk])
    assert codes(held.firmed) == [(other.pk, "ready")]
    assert codes(held.moved) == [(urgent.pk, "not-chosen")]
    assert urgent.provisional_moves.get().reason == MoveReason.BY_HAND


def test_once_the_same_person_gets_the_same_answer_and_another_is_told_who(house: House) -> None:
    first, _second = two(house)
    provisional(first, ready_case(house, now=NOW), house)
    provisional(first, waiting_case(house), house)
    now = at_cutoff(first)
    held = confirm_round(first.pk, by=house.coordinator, now=now)
    events = Event.objects.count()
    again = confirm_round(first.pk, by=house.coordinator, now=now + timedelta(minutes=5))
    assert (again.firmed, again.moved, again.left) == (held.firmed, held.moved, held.left)
    assert Event.objects.count() == events
    with pytest.raises(RoundRefused, match="Karin Koordinator") as refusal:
        confirm_round(first.pk, by=house.chair, now=now)
    assert refusal.value.code == "round-confirmed"
    assert propose_round(first.pk, now=now).by == "Karin Koordinator"


def test_before_the_cutoff_and_on_a_published_list_readers_begin_at_once(house: House) -> None:
    first, _second = two(house)
    case = ready_case(house, now=NOW)
    provisional(first, case, house)
    publish_meeting(first.pk, by=house.coordinator, now=NOW)
    confirm_round(first.pk, by=house.coordinator, now=NOW + timedelta(hours=1))
    assert set(Preparation.objects.values_list("item__case", "state")) == {(case.pk, "todo")}


def test_a_meeting_that_has_begun_keeps_its_places(house: House) -> None:
    first, _second = two(house)
    provisional(first, ready_case(house, now=NOW), house)
    Meeting.objects.filter(pk=first.pk).update(status="live")
    with pytest.raises(RoundRefused) as refusal:
        confirm_round(first.pk, by=house.coordinator, now=at_cutoff(first))
    assert refusal.value.code == "meeting-status"


def test_without_a_coming_meeting_it_waits_without_a_date_and_says_so(house: House) -> None:
    first, _second = two(house)
    Meeting.objects.exclude(pk=first.pk).update(status="cancelled")
    case = waiting_case(house)
    provisional(first, case, house)
    held = confirm_round(first.pk, by=house.coordinator, now=at_cutoff(first))
    assert codes(held.left) == [(case.pk, "no-date")]
    assert case.provisional_moves.get().to_meeting is None
    assert not case.agenda_items.filter(position__isnull=False).exists()


def test_a_late_addition_that_waits_for_its_yes_is_left_alone(house: House) -> None:
    first, _second = two(house)
    item = provisional(first, ready_case(house, now=NOW), house)
    AgendaItem.objects.filter(pk=item.pk).update(late="asked")
    assert confirm_round(first.pk, by=house.coordinator, now=at_cutoff(first)).entries == ()
    item.refresh_from_db()
    assert (item.status, item.late) == (ItemStatus.PROVISIONAL, "asked")
