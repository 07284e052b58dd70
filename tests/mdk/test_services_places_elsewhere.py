"""What the system's own places bring with them: no lock out of order, no second place, no unit for longer than the place."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cases.models import Case
from mdk.enums import ItemStatus, MeetingStatus
from mdk.models import AgendaItem, Meeting
from mdk.services import bulk, cutoff, firming, rebooking
from mdk.services.agenda import BookingRefused
from mdk.services.bulk import book_many
from mdk.services.cancelling import cancel_meeting
from mdk.services.cutoff import confirm_round
from mdk.services.firming import give_place
from mdk.services.moves import hold_place
from mdk.services.provisional import follow_provisional
from tests.domain_factories import House, make_series, place, ready_case
from tests.factories import make_unit
from tests.mdk.test_proposals import NOW, pathology_takes, waiting_case

pytestmark = pytest.mark.django_db


def three(house: House) -> list[Meeting]:
    return list(make_series(house, now=NOW, first_in_days=10).meetings.order_by("starts_at")[:3])


def then(does: Callable[..., Any], happens: Callable[[], object]) -> Callable[..., Any]:
    """Return `does`, after which something happens at once, as when another is faster."""

    def and_then(*args: Any, **kwargs: Any) -> Any:
        answer = does(*args, **kwargs)
        happens()
        return answer

    return and_then


def given(case: Case, meeting: Meeting) -> AgendaItem:
    return hold_place(case, meeting, level="full", minutes=6, by=None, now=NOW, probability=0.9)


def test_booking_many_locks_no_meeting_after_those_that_it_holds(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _second, third = three(house)
    case = ready_case(house, now=NOW)
    monkeypatch.setattr(bulk, "_lock", then(bulk._lock, lambda: given(case, third)))
    answers = book_many(first.pk, [case.pk], by=house.coordinator, now=NOW)
    assert [answer.code for answer in answers] == ["already-booked"]
    assert AgendaItem.objects.get(case=case).meeting == third


def test_giving_a_place_locks_no_meeting_after_those_that_it_holds(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = three(house)
    case = ready_case(house, now=NOW)
    given(case, second)
    monkeypatch.setattr(firming, "_end", then(firming._end, lambda: given(case, third)))
    with pytest.raises(BookingRefused, match="system") as refusal:
        give_place(first.pk, case.pk, by=house.coordinator, now=NOW)
    assert refusal.value.code == "already-booked"


def test_a_round_leaves_who_got_a_place_elsewhere_meanwhile(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _second, third = three(house)
    case, other = ready_case(house, now=NOW), ready_case(house, now=NOW)

    looks = iter(
        (lambda: None, lambda: None, lambda: place(third, case, by=house.coordinator, now=NOW, provisional=True))
    )
    monkeypatch.setattr(cutoff, "case_ids_of", then(cutoff.case_ids_of, lambda: next(looks)()))
    round_ = confirm_round(first.pk, by=house.coordinator, now=first.cutoff_at)
    assert [entry.case for entry in round_.firmed] == [other.pk]
    assert (case.pk, "stays") in [(entry.case, entry.code) for entry in round_.left]
    assert AgendaItem.objects.get(case=case).meeting == third


def test_units_that_only_a_date_brings_leave_with_it_and_lead_no_further(house: House) -> None:
    pathology_takes(house, 4)
    away = make_unit("Regionsjukhuset")
    joint = make_series(
        replace(house, hospital=away), now=NOW, first_in_days=10, participating_units=[house.clinic, away]
    )
    case = waiting_case(house)
    own = set(case.units.values_list("pk", flat=True))
    assert follow_provisional(now=NOW) == 1
    assert set(case.units.values_list("pk", flat=True)) == own | {away.pk}
    make_series(replace(house, hospital=away), now=NOW, first_in_days=10, participating_units=[])
    joint.meetings.update(status=MeetingStatus.CANCELLED)
    assert follow_provisional(now=NOW) == 1
    assert not AgendaItem.objects.filter(case=case, status=ItemStatus.PROVISIONAL).exists()
    assert set(case.units.values_list("pk", flat=True)) == own


def test_units_that_a_person_let_in_stay(house: House) -> None:
    pathology_takes(house, 4)
    first = three(house)[0]
    case = waiting_case(house)
    place(first, case, by=house.coordinator, now=NOW, provisional=True)
    units = set(case.units.values_list("pk", flat=True))
    assert follow_provisional(now=first.cutoff_at + timedelta(minutes=1)) == 1
    second = AgendaItem.objects.get(case=case, status=ItemStatus.PROVISIONAL).meeting
    assert second != first
    assert follow_provisional(now=second.cutoff_at + timedelta(minutes=1)) == 1
    assert set(case.units.values_list("pk", flat=True)) == units


def test_who_comes_onto_the_agenda_at_the_last_moment_goes_on_with_the_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, _third = three(house)
    early, late = ready_case(house, now=NOW), ready_case(house, now=NOW)
    for case in (early, late):
        place(first, case, by=house.coordinator, now=NOW)
    spread, looks = rebooking._spread, iter((1, 2))

    def sees_one_and_then_both(items: Any, now: Any) -> Any:
        return spread(items[: next(looks)], now)

    monkeypatch.setattr(rebooking, "_spread", sees_one_and_then_both)
    cancel_meeting(first.pk, reason="Sjukdom.", by=house.coordinator, now=NOW)
    where = AgendaItem.objects.filter(status=ItemStatus.PLANNED).values_list("case", "meeting")
    assert set(where) == {(early.pk, second.pk), (late.pk, second.pk)}
