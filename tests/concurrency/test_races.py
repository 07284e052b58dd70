"""Two people do the same at the same moment: one wins, the other is told who did.

Each race is run twice: with the row locks taken away, to show that it is one, and with them.
"""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.utils import timezone

from accounts.errors import Refused, Stale
from cases.models import Case
from events.models import Event
from mdk.models import AgendaItem, Meeting, Outcome, Preparation
from mdk.services import preparation
from mdk.services.agenda import BookingRefused, book_case, planned_minutes
from mdk.services.outcome import save_outcome
from mdk.services.preparation_moves import PreparationRefused
from mdk.services.publishing import publish_meeting
from mdk.transitions import MeetingMoveRefused
from tests.concurrency.conftest import at_once, meeting_at
from tests.domain_factories import House, live_meeting, make_meeting, published_meeting, ready_case

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()
Unlock = Callable[[], None]
Patch = pytest.MonkeyPatch


def errors(answers: list[Any]) -> list[BaseException]:
    """Return the answers that were exceptions."""
    return [answer for answer in answers if isinstance(answer, BaseException)]


def only_refusal(answers: list[Any], kind: type[Refused]) -> Refused:
    """Hold that one call won and the other was refused as `kind`; return the refusal."""
    refusals = errors(answers)
    assert len(refusals) == 1, answers
    assert isinstance(refusals[0], kind), repr(refusals[0])
    return refusals[0]


def winner(answers: list[Any]) -> int:
    """Return the place of the call that won."""
    return next(place for place, answer in enumerate(answers) if not isinstance(answer, BaseException))


# Publishing


def publish_at_once(house: House, monkeypatch: Patch) -> tuple[Meeting, list[Any]]:
    meeting = make_meeting(house)
    with meeting_at(monkeypatch, "mdk.transitions.record"):
        answers = at_once(
            lambda: publish_meeting(meeting.pk, by=house.coordinator, now=NOW),
            lambda: publish_meeting(meeting.pk, by=house.chair, now=NOW),
        )
    return meeting, answers


def test_without_locks_both_publish(house: House, monkeypatch: Patch, without_locks: Unlock) -> None:
    without_locks()
    meeting, answers = publish_at_once(house, monkeypatch)
    assert errors(answers) == []
    assert Event.objects.filter(kind="meeting.published", meeting_id=meeting.pk).count() == 2


def test_one_publishes_and_the_other_is_told_who(house: House, monkeypatch: Patch) -> None:
    meeting, answers = publish_at_once(house, monkeypatch)
    refusal = only_refusal(answers, MeetingMoveRefused)
    name = (house.coordinator, house.chair)[winner(answers)].name
    assert name in refusal.message
    assert refusal.extra["changed_by"] == name
    assert Event.objects.filter(kind="meeting.published", meeting_id=meeting.pk).count() == 1


# The same case on two meetings


def book_on_two(house: House, monkeypatch: Patch, *, provisional: bool = False) -> tuple[Case, list[Any]]:
    first, second, case = make_meeting(house), make_meeting(house), ready_case(house)
    with meeting_at(monkeypatch, "mdk.services.agenda.booking._checked_level"):
        answers = at_once(
            lambda: book_case(first.pk, case.pk, by=house.coordinator, now=NOW, provisional=provisional),
            lambda: book_case(second.pk, case.pk, by=house.chair, now=NOW, provisional=provisional),
        )
    return case, answers


@pytest.mark.parametrize("provisional", [False, True])
def test_without_locks_the_second_gets_an_error_of_the_database(
    house: House, monkeypatch: Patch, without_locks: Unlock, provisional: bool
) -> None:
    without_locks()
    _case, answers = book_on_two(house, monkeypatch, provisional=provisional)
    assert [type(error).__name__ for error in errors(answers)] == ["IntegrityError"]


@pytest.mark.parametrize("provisional", [False, True])
def test_one_books_and_the_other_is_told_who_and_where(house: House, monkeypatch: Patch, provisional: bool) -> None:
    case, answers = book_on_two(house, monkeypatch, provisional=provisional)
    refusal = only_refusal(answers, BookingRefused)
    item = AgendaItem.objects.get(case=case)
    assert refusal.code == "already-booked"
    assert refusal.extra == {
        "item": item.pk, "meeting": item.meeting_id, "booked_by": (house.coordinator, house.chair)[winner(answers)].name,
    }  # fmt: skip


# The last minutes of a meeting


def book_the_last_minutes(house: House, monkeypatch: Patch) -> tuple[Meeting, list[Any]]:
    meeting = make_meeting(house, capacity_minutes=6)
    first, second = ready_case(house), ready_case(house)
    with meeting_at(monkeypatch, "mdk.services.agenda.booking._next_position"):
        answers = at_once(
            lambda: book_case(meeting.pk, first.pk, by=house.coordinator, now=NOW),
            lambda: book_case(meeting.pk, second.pk, by=house.chair, now=NOW),
        )
    return meeting, answers


def test_without_locks_the_minutes_are_given_away_twice(
    house: House, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    # Places of their own, or the constraint on positions would stop the second.
    positions = count(1)
    monkeypatch.setattr("mdk.services.agenda.booking._next_position", lambda meeting: next(positions))
    monkeypatch.setattr("mdk.services.agenda.booking.put_in_place", lambda item, meeting: None)
    meeting, answers = book_the_last_minutes(house, monkeypatch)
    assert errors(answers) == []
    assert planned_minutes(meeting) == 12


def test_the_last_minutes_are_given_once(house: House, monkeypatch: Patch) -> None:
    meeting, answers = book_the_last_minutes(house, monkeypatch)
    assert only_refusal(answers, BookingRefused).code == "over-capacity"
    assert planned_minutes(meeting) == 6


# The same preparation


def claim_at_once(house: House, monkeypatch: Patch) -> tuple[Preparation, list[Any]]:
    meeting = published_meeting(house, 1)
    row = Preparation.objects.get(item__meeting=meeting, discipline="radiology")
    with meeting_at(monkeypatch, "mdk.services.preparation._hold"):
        answers = at_once(
            lambda: preparation.claim(row.pk, by=house.radiologist, now=NOW),
            lambda: preparation.claim(row.pk, by=house.radiologist2, now=NOW),
        )
    row.refresh_from_db()
    return row, answers


def test_without_locks_both_believe_they_hold_it(house: House, monkeypatch: Patch, without_locks: Unlock) -> None:
    without_locks()
    _row, answers = claim_at_once(house, monkeypatch)
    assert errors(answers) == []
    assert {answer.reader for answer in answers} == {house.radiologist, house.radiologist2}


def test_one_claims_and_the_other_is_told_who(house: House, monkeypatch: Patch) -> None:
    row, answers = claim_at_once(house, monkeypatch)
    refusal = only_refusal(answers, PreparationRefused)
    reader = (house.radiologist, house.radiologist2)[winner(answers)]
    assert row.reader == reader
    assert (refusal.code, refusal.extra) == ("held-by-another", {"reader": reader.name})


# The same outcome


def write_at_once(house: House, monkeypatch: Patch) -> tuple[AgendaItem, list[Any]]:
    item = live_meeting(house, 1).items.get()
    save_outcome(item.pk, {"recommendation": "Utkast."}, version=0, by=house.chair, now=NOW)

    def write(text: str, by: Any) -> Callable[[], Outcome]:
        return lambda: save_outcome(item.pk, {"recommendation": text}, version=1, by=by, now=NOW)

    with meeting_at(monkeypatch, "mdk.services.outcome._check"):
        answers = at_once(write("Operation.", house.chair), write("Strålning.", house.coordinator))
    return item, answers


def test_without_locks_one_overwrites_the_other_unseen(house: House, monkeypatch: Patch, without_locks: Unlock) -> None:
    without_locks()
    item, answers = write_at_once(house, monkeypatch)
    assert errors(answers) == []
    assert Outcome.objects.get(item=item).version == 2


def test_one_writes_and_the_other_is_told_who(house: House, monkeypatch: Patch) -> None:
    item, answers = write_at_once(house, monkeypatch)
    refusal = only_refusal(answers, Stale)
    place = winner(answers)
    name = (house.chair, house.coordinator)[place].name
    assert refusal.extra == {"version": 2, "changed_by": name}
    assert Outcome.objects.get(item=item).recommendation == ("Operation.", "Strålning.")[place]
