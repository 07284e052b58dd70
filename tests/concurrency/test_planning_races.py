"""Two people work on one agenda at the same moment: nothing is overwritten, given twice or published half.

Each race is run twice: with the row locks taken away, to show that it is one, and with them.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from importlib import import_module
from threading import Barrier, BrokenBarrierError
from time import sleep
from typing import Any

import pytest
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import Refused, Stale
from events.models import Event
from mdk.enums import MoveReason
from mdk.models import AgendaItem, AgendaVersion, Meeting, Preparation
from mdk.services.agenda import BookingRefused, book_case, change_item, order_items, set_breaks
from mdk.services.late import LateRefused, answer_late
from mdk.services.moves import hold_place, leave_place
from mdk.services.publishing import publish_meeting
from mdk.transitions import MeetingMoveRefused, lock_meeting
from tests.concurrency.conftest import LOCKING, at_once, meeting_at
from tests.domain_factories import House, make_meeting, make_series, place, published_meeting, ready_case

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()
Unlock = Callable[[], None]
Patch = pytest.MonkeyPatch


@contextmanager
def both_before(monkeypatch: Patch, *targets: str) -> Iterator[None]:
    """Let two parties, each before another function (module.name), wait for one another: both have read by then."""
    patience = 0.5 if QuerySet.select_for_update is LOCKING else 10
    gate = Barrier(2)

    def held(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            with suppress(BrokenBarrierError):
                gate.wait(timeout=patience)
            return original(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        for target in targets:
            module, _dot, name = target.rpartition(".")
            patch.setattr(target, held(getattr(import_module(module), name)))
        yield


def errors(answers: list[Any]) -> list[BaseException]:
    return [answer for answer in answers if isinstance(answer, BaseException)]


def only_refusal(answers: list[Any], kind: type[Refused]) -> Refused:
    """Hold that one call won and the other was refused as `kind`; return the refusal."""
    refusals = errors(answers)
    assert [type(refusal) for refusal in refusals] == [kind], answers
    refusal = refusals[0]
    assert isinstance(refusal, kind)
    return refusal


def positions(meeting: Meeting) -> list[int]:
    return list(meeting.items.filter(position__isnull=False).order_by("position").values_list("pk", flat=True))


# Two put the agenda in order


def order_at_once(house: House, monkeypatch: Patch) -> tuple[Meeting, list[list[int]], list[Any]]:
    meeting = published_meeting(house, 3)
    one, two, three = positions(meeting)
    wanted = [[two, one, three], [three, one, two]]
    seen = Meeting.objects.get(pk=meeting.pk).version
    with meeting_at(monkeypatch, "mdk.services.agenda.order._refuse_stale"):
        answers = at_once(
            lambda: order_items(meeting.pk, wanted[0], version=seen, by=house.coordinator, now=NOW),
            lambda: order_items(meeting.pk, wanted[1], version=seen, by=house.chair, now=NOW),
        )
    return meeting, wanted, answers


def test_without_locks_one_order_overwrites_the_other_unseen(
    house: House, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    _meeting, _wanted, answers = order_at_once(house, monkeypatch)
    assert not any(isinstance(error, Stale) for error in errors(answers)), "nobody is told of the other"


def test_one_orders_and_the_other_is_told_who(house: House, monkeypatch: Patch) -> None:
    meeting, wanted, answers = order_at_once(house, monkeypatch)
    refusal = only_refusal(answers, Stale)
    place_ = next(n for n, answer in enumerate(answers) if not isinstance(answer, BaseException))
    assert refusal.extra["changed_by"] == (house.coordinator, house.chair)[place_].name
    assert positions(meeting) == wanted[place_]


# One publishes while another puts the agenda in order, or sets its breaks


def planned_meeting(house: House) -> tuple[Meeting, list[int]]:
    """Return a meeting of three cases that is not published, and the other way round as an order for it."""
    meeting = make_meeting(house)
    for _ in range(3):
        place(meeting, ready_case(house), by=house.coordinator)
    return meeting, positions(meeting)[::-1]


def version_of(meeting: Meeting) -> int:
    return Meeting.objects.values_list("version", flat=True).get(pk=meeting.pk)


def raised_one_after_the_other(house: House) -> int:
    """Return by how much the version rises when one orders and then another publishes."""
    meeting, order = planned_meeting(house)
    before = version_of(meeting)
    order_items(meeting.pk, order, by=house.coordinator, now=NOW)
    publish_meeting(meeting.pk, by=house.chair, now=NOW)
    return version_of(meeting) - before


def publish_while_ordering(house: House, monkeypatch: Patch) -> tuple[Meeting, list[int], int, list[Any]]:
    """Return the meeting, the order that was asked for, by how much its version rose, and the answers."""
    meeting, order = planned_meeting(house)
    before = version_of(meeting)
    with both_before(monkeypatch, "mdk.services.agenda.order._number", "mdk.services.publishing._keep_list"):
        answers = at_once(
            lambda: order_items(meeting.pk, order, by=house.coordinator, now=NOW),
            lambda: publish_meeting(meeting.pk, by=house.chair, now=NOW),
        )
    return meeting, order, version_of(meeting) - before, answers


def test_without_locks_one_of_them_is_lost_to_followers_or_to_the_database(
    house: House, monkeypatch: Patch, without_locks: Unlock
) -> None:
    both = raised_one_after_the_other(house)
    without_locks()
    _meeting, _order, raised, answers = publish_while_ordering(house, monkeypatch)
    assert errors(answers) or raised < both


def test_what_is_published_is_the_order_before_or_after(house: House, monkeypatch: Patch) -> None:
    meeting, order, raised, answers = publish_while_ordering(house, monkeypatch)
    assert errors(answers) == []
    assert raised == raised_one_after_the_other(house)
    assert positions(meeting) == order
    published = [line["item"] for line in AgendaVersion.objects.get(meeting=meeting).content]
    first = Event.objects.filter(meeting_id=meeting.pk, kind__in=["meeting.ordered", "meeting.published"]).earliest(
        "pk"
    )
    assert published == (order if first.kind == "meeting.ordered" else order[::-1])


def publish_while_setting_breaks(house: House, monkeypatch: Patch) -> tuple[Meeting, int, list[Any]]:
    meeting = make_meeting(house)
    after, _last = (place(meeting, ready_case(house), by=house.coordinator).pk for _ in range(2))
    with both_before(monkeypatch, "mdk.services.agenda.order.touch", "mdk.services.publishing.has_changed",
                     "mdk.services.publishing.move_meeting"):  # fmt: skip
        answers = at_once(
            lambda: set_breaks(meeting.pk, [(after, 10)], by=house.coordinator, now=NOW),
            lambda: publish_meeting(meeting.pk, by=house.chair, now=NOW),
        )
    return meeting, after, answers


def test_breaks_are_not_lost_to_a_publication(house: House, monkeypatch: Patch) -> None:
    meeting, after, answers = publish_while_setting_breaks(house, monkeypatch)
    assert errors(answers) == []
    meeting.refresh_from_db()
    assert (meeting.status, meeting.own_breaks) == ("published", [{"after": after, "minutes": 10}])


# Two publish what has changed


def publish_again_at_once(house: House, monkeypatch: Patch) -> tuple[Meeting, list[Any]]:
    meeting = published_meeting(house, 1)
    place(meeting, ready_case(house), by=house.coordinator)
    with meeting_at(monkeypatch, "mdk.services.publishing._keep_list"):
        answers = at_once(
            lambda: publish_meeting(meeting.pk, by=house.coordinator, now=NOW),
            lambda: publish_meeting(meeting.pk, by=house.chair, now=NOW),
        )
    return meeting, answers


def test_without_locks_the_second_gets_an_error_of_the_database(
    house: House, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    _meeting, answers = publish_again_at_once(house, monkeypatch)
    assert [type(error).__name__ for error in errors(answers)] == ["IntegrityError"]


def test_a_new_list_is_published_once(house: House, monkeypatch: Patch) -> None:
    meeting, answers = publish_again_at_once(house, monkeypatch)
    only_refusal(answers, MeetingMoveRefused)
    assert list(meeting.versions.values_list("number", flat=True)) == [1, 2]


# The last minutes of a discipline, and of the meeting by a longer discussion


def book_the_last_reading(house: House, monkeypatch: Patch) -> tuple[Meeting, list[Any]]:
    meeting = make_meeting(house)
    Meeting.objects.filter(pk=meeting.pk).update(prep_radiology_minutes=9)
    first, second = ready_case(house), ready_case(house)
    with meeting_at(monkeypatch, "mdk.services.agenda.booking._next_position"):
        answers = at_once(
            lambda: book_case(meeting.pk, first.pk, by=house.coordinator, now=NOW),
            lambda: book_case(meeting.pk, second.pk, by=house.chair, now=NOW),
        )
    return meeting, answers


def read_minutes(meeting: Meeting) -> int:
    rows = Preparation.objects.filter(item__meeting=meeting, discipline="radiology")
    return sum(rows.values_list("estimate_minutes", flat=True))


def test_without_locks_the_radiologists_minutes_are_given_away_twice(
    house: House, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    monkeypatch.setattr("mdk.services.agenda.booking.put_in_place", lambda item, meeting: None)
    positions_of = iter((1, 2))
    monkeypatch.setattr("mdk.services.agenda.booking._next_position", lambda meeting: next(positions_of))
    meeting, answers = book_the_last_reading(house, monkeypatch)
    assert errors(answers) == []
    assert read_minutes(meeting) == 18


def test_the_radiologists_last_minutes_are_given_once(house: House, monkeypatch: Patch) -> None:
    meeting, answers = book_the_last_reading(house, monkeypatch)
    refusal = only_refusal(answers, BookingRefused)
    assert (refusal.code, refusal.extra) == ("over-capacity", {"of": "radiology"})
    assert read_minutes(meeting) == 9


def book_while_another_is_given_more(house: House, monkeypatch: Patch) -> tuple[Meeting, list[Any]]:
    meeting = make_meeting(house, capacity_minutes=12)
    held = place(meeting, ready_case(house), by=house.coordinator)
    case = ready_case(house)
    with both_before(monkeypatch, "mdk.services.agenda.booking._next_position", "mdk.services.agenda.places.touch"):
        answers = at_once(
            lambda: book_case(meeting.pk, case.pk, by=house.coordinator, now=NOW),
            lambda: change_item(held.pk, minutes=12, by=house.chair, now=NOW),
        )
    return meeting, answers


def planned(meeting: Meeting) -> int:
    return sum(meeting.items.values_list("minutes", flat=True))


def test_without_locks_minutes_are_booked_and_added_at_once(
    house: House, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    meeting, answers = book_while_another_is_given_more(house, monkeypatch)
    assert errors(answers) == []
    assert planned(meeting) == 18


def test_the_last_minutes_go_to_one_of_them(house: House, monkeypatch: Patch) -> None:
    meeting, answers = book_while_another_is_given_more(house, monkeypatch)
    assert only_refusal(answers, BookingRefused).code == "over-capacity"
    assert planned(meeting) == 12


# Yes and no to the same late addition


def answer_at_once(house: House, monkeypatch: Patch) -> tuple[AgendaItem, list[Any]]:
    meeting = make_meeting(house)
    late = meeting.cutoff_at + timedelta(minutes=1)
    item = place(meeting, ready_case(house), by=house.coordinator, now=late, override_reason="Akut.")
    with meeting_at(monkeypatch, "mdk.services.late.booking_refusal"):
        answers = at_once(
            lambda: answer_late(item.pk, yes=True, by=house.chair, now=late),
            lambda: answer_late(item.pk, yes=False, by=house.chair, now=late),
        )
    item.refresh_from_db()
    return item, answers


def test_without_locks_yes_and_no_are_both_heard(house: House, monkeypatch: Patch, without_locks: Unlock) -> None:
    without_locks()
    _item, answers = answer_at_once(house, monkeypatch)
    assert not any(isinstance(error, LateRefused) for error in errors(answers)), "nobody is told of the other"


def test_one_answer_counts_and_the_other_is_told(house: House, monkeypatch: Patch) -> None:
    item, answers = answer_at_once(house, monkeypatch)
    refusal = only_refusal(answers, LateRefused)
    assert refusal.extra == {"answered_by": house.chair.name}
    assert (item.late, item.status) in {("granted", "planned"), ("refused", "removed")}


# The system moves a provisional place while a person books the case elsewhere


def book_while_the_system_moves(house: House) -> tuple[Meeting, list[Any]]:
    """Return the meeting that the person chose, and what the booking answered."""
    first, second, chosen = make_series(house).meetings.order_by("starts_at")[:3]
    case = ready_case(house)
    held = hold_place(case, first, level="full", minutes=6, by=None, now=NOW, probability=0.9)
    both_there = Barrier(2)

    def move() -> None:
        with transaction.atomic():
            lock_meeting(first.pk)
            lock_meeting(second.pk)
            both_there.wait(timeout=10)
            sleep(0.5)
            item = AgendaItem.objects.select_related("case", "meeting__series").get(pk=held.pk)
            leave_place(item, to=second, reason=MoveReason.LATER, by=None, now=NOW, probability=0.9)
            hold_place(case, second, level="full", minutes=6, by=None, now=NOW, probability=0.9)

    def book() -> AgendaItem:
        both_there.wait(timeout=10)
        return book_case(chosen.pk, case.pk, by=house.coordinator, now=NOW)

    return chosen, at_once(move, book)


def test_a_booking_that_begins_only_once_finds_the_place_gone(house: House, monkeypatch: Patch) -> None:
    monkeypatch.setattr("mdk.services.agenda.booking.ATTEMPTS", 1)
    _chosen, answers = book_while_the_system_moves(house)
    assert only_refusal(answers, BookingRefused).code == "already-booked"


def test_the_person_gets_the_place_wherever_the_system_moved_it(house: House) -> None:
    chosen, answers = book_while_the_system_moves(house)
    assert errors(answers) == []
    open_items = AgendaItem.objects.filter(position__isnull=False)
    assert [(item.meeting_id, item.status) for item in open_items] == [(chosen.pk, "planned")]
