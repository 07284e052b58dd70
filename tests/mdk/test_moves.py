"""Every status and every action of the two tables of moves: what is allowed, and that nothing else is."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.errors import Refused
from events.models import Event
from mdk.enums import MeetingStatus, PreparationState
from mdk.models import Meeting, Preparation
from mdk.services import preparation as service
from mdk.services.preparation_moves import MOVES as PREPARATION_MOVES
from mdk.transitions import MOVES as MEETING_MOVES
from mdk.transitions import MeetingMoveRefused, move_meeting
from tests.domain_factories import House, make_house, make_meeting, published_meeting

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def house() -> House:
    return make_house()


def stand(meeting: Meeting, status: str, house: House) -> Meeting:
    """Put a meeting in a status, past the moves, as somebody else would have left it."""
    signed = {"signed_by": house.chair, "signed_at": NOW} if status == MeetingStatus.SIGNED else {}
    Meeting.objects.filter(pk=meeting.pk).update(
        status=status, status_changed_by=house.coordinator, status_changed_at=NOW, chair=house.chair, **signed
    )
    meeting.refresh_from_db()
    return meeting


@pytest.mark.parametrize("action", list(MEETING_MOVES))
@pytest.mark.parametrize("status", MeetingStatus.values)
def test_meetings(house: House, status: str, action: str) -> None:
    meeting = stand(make_meeting(house), status, house)
    move = MEETING_MOVES[action]
    before = Event.objects.count()
    if status in move.sources:
        assert move_meeting(meeting.pk, action, by=house.chair, now=NOW).status == move.target
        assert Event.objects.filter(kind=move.event).count() == 1
        return
    with pytest.raises(MeetingMoveRefused, match=house.coordinator.name):
        move_meeting(meeting.pk, action, by=house.chair, now=NOW)
    meeting.refresh_from_db()
    assert (meeting.status, Event.objects.count()) == (status, before)


def _do(action: str, pk: int, house: House) -> Preparation:
    by = house.radiologist
    calls: dict[str, Callable[[], Preparation]] = {
        "claim": lambda: service.claim(pk, by=by, now=NOW),
        "release": lambda: service.release(pk, by=by, now=NOW),
        "hand_over": lambda: service.hand_over(pk, reader=house.radiologist2, by=by, now=NOW),
        "start": lambda: service.start(pk, by=by, now=NOW),
        "complete": lambda: service.complete(pk, minutes=4, findings="Fynd.", by=by, now=NOW),
        "return": lambda: service.send_back(pk, reason="Saknas.", by=by, now=NOW),
        "accept": lambda: service.accept(pk, by=by, now=NOW),
        "leave": lambda: service.leave(pk, by=by, now=NOW),
    }
    return calls[action]()


FACTS = {
    "waiting": {},
    "todo": {},
    "in_progress": {"started_at": NOW},
    "done": {"minutes": 5, "completed_at": NOW},
    "returned": {"return_reason": "Saknas.", "returned_at": NOW},
}
CORRECTION = ("done", "complete")
"""Its reader corrects what is done: the one move beside the table."""
REPEATS = {("in_progress", "start"), ("returned", "return")} | {(state, "claim") for state in PreparationState.values}
REPEATS |= {("waiting", "leave"), ("todo", "leave")}
"""A second click by its reader: a success that changes nothing."""
ANEW = {("in_progress", "hand_over"): "todo"}
"""Who takes over begins anew."""


@pytest.mark.parametrize("action", list(PREPARATION_MOVES))
@pytest.mark.parametrize("state", PreparationState.values)
def test_preparations_held_by_the_person(house: House, state: str, action: str) -> None:
    row = _prepared(house, state, by_reader=True)
    before = Event.objects.count()
    move = PREPARATION_MOVES[action]
    if (state, action) in REPEATS:
        assert _do(action, row.pk, house).state == state
        assert Event.objects.count() == before
    elif state in move.sources or (state, action) == CORRECTION:
        assert _do(action, row.pk, house).state == ANEW.get((state, action), move.target or state)
        assert Event.objects.filter(kind=move.event).count() == 1
    else:
        _refused(row, action, house, before)


@pytest.mark.parametrize("action", list(PREPARATION_MOVES))
@pytest.mark.parametrize("state", ["waiting", "todo"])
def test_preparations_that_nobody_holds(house: House, state: str, action: str) -> None:
    row = _prepared(house, state, by_reader=False)
    move = PREPARATION_MOVES[action]
    if state not in move.sources:
        _refused(row, action, house, Event.objects.count())
        return
    done = _do(action, row.pk, house)
    assert done.state == (move.target or state)
    assert Event.objects.filter(kind=move.event).count() == 1


def _prepared(house: House, state: str, *, by_reader: bool) -> Preparation:
    published_meeting(house, 1)
    row = Preparation.objects.get(discipline="radiology")
    facts = dict(FACTS[state])
    facts |= {"completed_by": house.radiologist} if state == "done" else {}
    facts |= {"returned_by": house.radiologist} if state == "returned" else {}
    facts |= {"reader": house.radiologist, "claimed_at": NOW} if by_reader else {}
    Preparation.objects.filter(pk=row.pk).update(state=state, **facts)
    row.refresh_from_db()
    return row


def _refused(row: Preparation, action: str, house: House, before: int) -> None:
    state = row.state
    with pytest.raises(Refused):
        _do(action, row.pk, house)
    row.refresh_from_db()
    assert (row.state, Event.objects.count()) == (state, before)
