"""The moves of a preparation: one table, one writer of its state, alone or several at once."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import User
from events.record import record
from mdk.enums import ItemStatus, PreparationState
from mdk.models import Meeting, Preparation
from mdk.queries.duty import is_away, is_on_duty
from mdk.transitions import touch


class PreparationRefused(Refused):
    """Somebody else holds the preparation, or it does not stand where this move starts."""

    code = "preparation-state"


Answers = Mapping[int, Preparation | PreparationRefused]
"""What became of each of several preparations, by id."""


@dataclass(frozen=True, slots=True)
class Move:
    """From which states to which (None: stays), and which event it leaves."""

    sources: tuple[PreparationState, ...]
    target: PreparationState | None
    event: str


_S = PreparationState
_OPEN = (_S.WAITING, _S.TODO, _S.IN_PROGRESS)
MOVES: dict[str, Move] = {
    "claim": Move((_S.WAITING, _S.TODO), None, "preparation.claimed"),
    "accept": Move(_OPEN, None, "preparation.accepted"),
    "release": Move(_OPEN, _S.TODO, "preparation.released"),
    "hand_over": Move(_OPEN, None, "preparation.handed_over"),
    "start": Move((_S.WAITING, _S.TODO, _S.RETURNED), _S.IN_PROGRESS, "preparation.started"),
    "leave": Move((_S.IN_PROGRESS,), _S.TODO, "preparation.left"),
    "complete": Move((*_OPEN, _S.RETURNED), _S.DONE, "preparation.completed"),
    "return": Move(_OPEN, _S.RETURNED, "preparation.returned"),
}


def only(answer: Preparation | PreparationRefused) -> Preparation:
    """Return the preparation, or raise why it was refused."""
    if isinstance(answer, PreparationRefused):
        raise answer
    return answer


def lock_meetings(preparation_ids: Collection[int]) -> dict[int, Meeting]:
    """Return the meetings of the preparations by id, locked by key until the transaction ends; one query."""
    rows = Meeting.objects.select_for_update(of=("self",)).select_related("series").order_by("pk")
    of_these = Preparation.objects.filter(pk__in=preparation_ids).values("item__meeting_id")
    return {meeting.pk: meeting for meeting in rows.filter(pk__in=of_these)}


@transaction.atomic
def move_each(
    pks: Collection[int],
    action: str,
    *,
    by: User,
    now: datetime,
    change: Callable[[Preparation], None],
    to: Collection[User] = (),
    tell_clinician: bool = False,
    gives_out: bool = False,
) -> Answers:
    """Lock, check, change, save, record, each for itself: the only writer of a preparation's state.

    Meetings and then preparations are locked by key, so that batches that overlap wait for one another and never
    in a circle. Those in `to` are told once, whatever the number.
    """
    move = MOVES[action]
    meetings = lock_meetings(pks)
    rows = Preparation.objects.select_for_update(of=("self",)).select_related("item__case", "reader").order_by("pk")
    answers: dict[int, Preparation | PreparationRefused] = {}
    moved: list[Preparation] = []
    for preparation in rows.filter(pk__in=pks):
        preparation.item.meeting = meetings[preparation.item.meeting_id]
        answers[preparation.pk] = preparation
        if _is_repeat(preparation, move, action, by):
            continue
        try:
            _refuse_unless(preparation, move, action, by, now, gives_out=gives_out)
        except PreparationRefused as refusal:
            answers[preparation.pk] = refusal
            continue
        if move.target and preparation.state != move.target:
            preparation.state, preparation.state_changed_at = move.target, now
        change(preparation)
        preparation.save()
        moved.append(preparation)
    for place, preparation in enumerate(moved):
        told = [*to] if not place else []
        if tell_clinician:
            told.append(preparation.item.case.responsible_clinician)
        meeting = preparation.item.meeting
        record(
            move.event, by=by, now=now, subject=preparation, case=preparation.item.case_id, meeting=meeting.pk,
            unit=meeting.series.unit_id, to=told, data={"discipline": preparation.discipline, "count": len(moved)},
        )  # fmt: skip
    for meeting_id in sorted({preparation.item.meeting_id for preparation in moved}):
        touch(meetings[meeting_id])
    return answers


def _is_repeat(preparation: Preparation, move: Move, action: str, by: User) -> bool:
    """Whether the person asks again for what they did: a second click, which changes nothing."""
    is_mine = preparation.reader_id == by.pk
    match action:
        case "claim":
            return is_mine and preparation.assigned_at is None
        case "accept":
            return preparation.accepted_by_id == by.pk
        case "start":
            return preparation.state == move.target and is_mine
        case "leave":
            return preparation.state in (_S.WAITING, _S.TODO) and is_mine
        case "return":
            return preparation.state == move.target and preparation.returned_by_id == by.pk
    return False


def refuse_held(
    preparation: Preparation, by: User, now: datetime, action: str = "hand_over", *, gives_out: bool = False
) -> None:  # fmt: skip
    """PreparationRefused, naming who, when somebody else than `by` holds the preparation and keeps it."""
    holder = preparation.reader
    if holder is None or holder.pk == by.pk:
        return
    is_given_out = preparation.assigned_at is not None and preparation.state != _S.IN_PROGRESS
    if is_given_out and (action in ("claim", "start") or gives_out):
        return
    may_step_in = gives_out or is_on_duty(by.pk, preparation.item.meeting, preparation.discipline)
    if action == "hand_over" and may_step_in and is_away(holder.pk, timezone.localdate(now)):
        return
    since = timezone.localtime(preparation.claimed_at).strftime("%H:%M") if preparation.claimed_at else ""
    raise PreparationRefused(
        _("%(who)s holds this preparation since %(at)s.") % {"who": holder.name, "at": since},
        code="held-by-another",
        extra={"reader": holder.name},
    )


def _refuse_unless(
    preparation: Preparation, move: Move, action: str, by: User, now: datetime, *, gives_out: bool
) -> None:  # fmt: skip
    refuse_held(preparation, by, now, action, gives_out=gives_out)
    is_correction = action == "complete" and preparation.state == PreparationState.DONE
    if preparation.state not in move.sources and not is_correction:
        raise PreparationRefused(
            _("The preparation is already %(state)s.") % {"state": preparation.get_state_display().lower()},
            extra={"state": preparation.state},
        )
    if action == "accept" and preparation.accepted_by:
        raise PreparationRefused(
            _("%(who)s has accepted the case already.") % {"who": preparation.accepted_by.name},
            code="accepted-by-another",
            extra={"reader": preparation.accepted_by.name},
        )
    if preparation.item.status not in (ItemStatus.PLANNED, ItemStatus.DISCUSSING):
        raise PreparationRefused(_("The case is no longer on this agenda."), code="not-on-agenda")
