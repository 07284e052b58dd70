"""Provisional dates, the round and a coordinator at once: first shown to go wrong without locks, then not with them."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from importlib import import_module
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import QuerySet

from cases.models import Case
from mdk.enums import OPEN_ITEMS, ItemStatus
from mdk.models import AgendaItem, Meeting, ProvisionalMove
from mdk.services.agenda import BookingRefused, book_case
from mdk.services.cutoff import RoundRefused, confirm_round
from mdk.services.firming import make_firm
from mdk.services.provisional import follow_provisional
from tests.concurrency.conftest import LOCKING, at_once, meeting_at
from tests.domain_factories import House, make_series, place, ready_case
from tests.mdk.test_proposals import NOW, pathology_takes, waiting_case

Locks = Callable[[], None]


def coming(house: House, **fields: Any) -> list[Meeting]:
    pathology_takes(house, 4)
    return list(make_series(house, now=NOW, first_in_days=10, **fields).meetings.order_by("starts_at")[:3])


def open_items() -> Counter[int]:
    return Counter(AgendaItem.objects.filter(status__in=OPEN_ITEMS).values_list("case_id", flat=True))


def sweep() -> int:
    return follow_provisional(now=NOW)


@contextmanager
def both_at(monkeypatch: pytest.MonkeyPatch, first: str, second: str) -> Iterator[None]:
    """Let two parties wait for one another, each just before its own function (module.name) does its work.

    With locks one of them is held back before it comes that far: then the other goes on alone after a moment.
    """
    gate = Barrier(2)
    patience = 0.5 if QuerySet.select_for_update is LOCKING else 10
    with monkeypatch.context() as patch:
        for target in (first, second):
            module, _dot, name = target.rpartition(".")
            patch.setattr(target, waiting(getattr(import_module(module), name), gate, patience))
        yield


def waiting(original: Callable[..., Any], gate: Barrier, patience: float) -> Callable[..., Any]:
    def wait_first(*args: Any, **kwargs: Any) -> Any:
        with suppress(BrokenBarrierError):
            gate.wait(timeout=patience)
        return original(*args, **kwargs)

    return wait_first


def two_sweeps(house: House, monkeypatch: pytest.MonkeyPatch) -> int:
    coming(house)
    case = waiting_case(house)
    with meeting_at(monkeypatch, "mdk.services.provisional.hold_place"):
        at_once(sweep, sweep)
    return open_items()[case.pk]


def test_two_sweeps_at_once_without_locks_run_into_the_database(
    house: House, monkeypatch: pytest.MonkeyPatch, without_locks: Locks, caplog: pytest.LogCaptureFixture
) -> None:
    without_locks()
    assert two_sweeps(house, monkeypatch) == 1, "the constraint holds"
    assert "could not be moved" in caplog.text


def test_two_sweeps_at_once_give_one_place(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert two_sweeps(house, monkeypatch) == 1
    assert ProvisionalMove.objects.count() == 1
    assert "could not be moved" not in caplog.text


def sweep_and_booking(house: House, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Run a sweep against a coordinator who books the same case on another meeting; return the answers."""
    second = coming(house)[1]
    case = waiting_case(house)

    def book() -> AgendaItem:
        return book_case(second.pk, case.pk, by=house.coordinator, now=NOW, provisional=True)

    with both_at(monkeypatch, "mdk.services.provisional.hold_place", "mdk.services.agenda.booking.booking_refusal"):
        return at_once(sweep, book)


def test_a_sweep_and_a_booking_at_once_without_locks_run_into_the_database(
    house: House, monkeypatch: pytest.MonkeyPatch, without_locks: Locks, caplog: pytest.LogCaptureFixture
) -> None:
    without_locks()
    answers = sweep_and_booking(house, monkeypatch)
    assert isinstance(answers[1], Exception) or "could not be moved" in caplog.text


def test_a_sweep_and_a_booking_at_once_leave_the_coordinators_place(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answers = sweep_and_booking(house, monkeypatch)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert "could not be moved" not in caplog.text
    assert set(open_items().values()) == {1}
    assert AgendaItem.objects.get(status=ItemStatus.PROVISIONAL).added_by == house.coordinator


def moving_and_firming(house: House, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let the cut-off pass while the chair makes the very place firm."""
    first = coming(house)[0]
    place(first, waiting_case(house), by=house.coordinator, now=NOW, provisional=True)
    item = AgendaItem.objects.get()
    late = first.cutoff_at + timedelta(minutes=1)

    def firm() -> AgendaItem:
        return make_firm(item.pk, by=house.chair, now=late, override_reason="Kirurgens begäran.")

    with both_at(monkeypatch, "mdk.services.provisional.leave_place", "mdk.services.firming.settle_place"):
        return at_once(lambda: follow_provisional(now=late), firm)


def test_moved_and_made_firm_at_once_without_locks_is_one_too_many(
    house: House, monkeypatch: pytest.MonkeyPatch, without_locks: Locks, caplog: pytest.LogCaptureFixture
) -> None:
    without_locks()
    answers = moving_and_firming(house, monkeypatch)
    is_both = Case.objects.get().status == "scheduled" and ProvisionalMove.objects.exists()
    assert is_both or isinstance(answers[1], IntegrityError) or "could not be moved" in caplog.text


def test_moved_or_made_firm_but_not_both(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answers = moving_and_firming(house, monkeypatch)
    assert max(open_items().values()) == 1
    is_firm = AgendaItem.objects.filter(status=ItemStatus.PLANNED).exists()
    assert ProvisionalMove.objects.exists() is not is_firm
    assert isinstance(answers[1], BookingRefused) is not is_firm
    assert "could not be moved" not in caplog.text


def two_rounds(house: House, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], Meeting]:
    """Let two coordinators confirm the places of one meeting at once; there is room for one of two ready cases."""
    first = coming(house, capacity_minutes=6)[0]
    for _ in range(2):
        place(first, ready_case(house, now=NOW), by=house.coordinator, now=NOW, provisional=True)
    now = first.cutoff_at + timedelta(minutes=1)

    def confirm(by: Any) -> Callable[[], Any]:
        return lambda: confirm_round(first.pk, by=by, now=now)

    with meeting_at(monkeypatch, "mdk.services.cutoff.booking_refusal"):
        return at_once(confirm(house.coordinator), confirm(house.chair)), first


def test_two_rounds_at_once_without_locks_are_both_held(
    house: House, monkeypatch: pytest.MonkeyPatch, without_locks: Locks
) -> None:
    without_locks()
    answers, _meeting = two_rounds(house, monkeypatch)
    assert not [answer for answer in answers if isinstance(answer, RoundRefused)]


def test_two_rounds_at_once_are_one_and_the_second_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    answers, first = two_rounds(house, monkeypatch)
    refused = [answer for answer in answers if isinstance(answer, RoundRefused)]
    assert len(refused) == 1
    assert [answer for answer in answers if isinstance(answer, Exception)] == refused
    assert first.items.filter(status=ItemStatus.PLANNED).count() == 1
    assert max(open_items().values()) == 1


def test_rounds_of_two_meetings_and_a_sweep_at_once_do_not_wait_for_one_another(house: House) -> None:
    """Each takes places from the other's meeting: locks by key keep them from standing still."""
    first, second, _third = coming(house, capacity_minutes=12)
    for meeting in (first, second):
        for _ in range(2):
            place(meeting, ready_case(house, now=NOW), by=house.coordinator, now=NOW, provisional=True)
        place(meeting, waiting_case(house), by=house.coordinator, now=NOW, provisional=True)

    def confirm(meeting: Meeting, at: datetime) -> Callable[[], Any]:
        return lambda: confirm_round(meeting.pk, by=house.coordinator, now=at)

    answers = at_once(confirm(first, NOW), confirm(second, NOW), sweep)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert set(open_items().values()) == {1}
