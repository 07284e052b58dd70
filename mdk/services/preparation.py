"""Preparation by radiologists and pathologists: claimed by one, done once, carried over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, Refused
from accounts.models import User
from cases.enums import ResultState
from cases.models import Result
from checklists.registry import spec_of
from events.record import record
from mdk.enums import ItemStatus, MeetingStatus, PreparationState
from mdk.models import AgendaItem, Preparation
from mdk.transitions import lock_meeting, touch


class PreparationRefused(Refused):
    """Somebody else holds the preparation, or it does not stand where this move starts."""

    code = "preparation-state"


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
    "release": Move(_OPEN, _S.TODO, "preparation.released"),
    "hand_over": Move(_OPEN, None, "preparation.handed_over"),
    "start": Move((_S.WAITING, _S.TODO), _S.IN_PROGRESS, "preparation.started"),
    "complete": Move((*_OPEN, _S.RETURNED), _S.DONE, "preparation.completed"),
    "return": Move(_OPEN, _S.RETURNED, "preparation.returned"),
}


def claim(pk: int, *, by: User, now: datetime) -> Preparation:
    """Take the preparation. Who may: readers of the discipline. PreparationRefused names who holds it."""
    return _apply(pk, "claim", by=by, now=now, change=lambda p: _hold(p, by, now))


def release(pk: int, *, by: User, now: datetime) -> Preparation:
    """Give the preparation back to the queue, where it waits for the agenda if that is not published yet.

    Only its reader may.
    """

    def let_go(preparation: Preparation) -> None:
        preparation.reader = preparation.claimed_at = preparation.started_at = None
        if preparation.item.meeting.status == MeetingStatus.PLANNED:
            preparation.state = _S.WAITING

    return _apply(pk, "release", by=by, now=now, change=let_go)


def hand_over(pk: int, *, reader: User, by: User, now: datetime) -> Preparation:
    """Give the preparation to another reader, who is told. Only its reader may, or anyone while nobody holds it."""
    return _apply(pk, "hand_over", by=by, now=now, change=lambda p: _hold(p, reader, now), to=[reader])


def start(pk: int, *, by: User, now: datetime) -> Preparation:
    """Begin the preparation; one that nobody holds is claimed with it."""

    def begin(preparation: Preparation) -> None:
        _hold(preparation, by, now)
        preparation.started_at = now

    return _apply(pk, "start", by=by, now=now, change=begin)


def complete(
    pk: int, *, minutes: int | None, findings: str, headings: dict[str, str] | None = None, by: User, now: datetime
) -> Preparation:
    """Finish the preparation with the findings to demonstrate and the minutes it took (0-600).

    A second completion by its reader corrects the first. Invalid names the wrong field.
    """
    errors = []
    if minutes is None or not 0 <= minutes <= 600:
        errors.append(FieldError("minutes", "out-of-range", _("Give the minutes it took, from 0 to 600.")))
    if not findings.strip() and not any((headings or {}).values()):
        errors.append(FieldError("findings", "required", _("Write what you will demonstrate.")))
    if errors:
        raise Invalid(errors)

    def finish(preparation: Preparation) -> None:
        _hold(preparation, by, now)
        preparation.findings, preparation.headings, preparation.minutes = findings.strip(), headings or {}, minutes
        preparation.completed_by, preparation.completed_at = by, now
        preparation.returned_by = preparation.returned_at = None

    return _apply(pk, "complete", by=by, now=now, change=finish)


def send_back(pk: int, *, reason: str, by: User, now: datetime) -> Preparation:
    """Send the preparation back with a reason, which reaches the responsible clinician as a notice."""
    if not reason.strip():
        raise Invalid([FieldError("reason", "required", _("Say what is missing, so that it can be mended."))])

    def give_back(preparation: Preparation) -> None:
        preparation.return_reason = reason.strip()[:500]
        preparation.returned_by, preparation.returned_at = by, now

    return _apply(pk, "return", by=by, now=now, change=give_back, tell_clinician=True)


ELSEWHERE_FACTOR = 2
"""How much longer a discipline prepares when an examination of its kind was made elsewhere.

It is read anew in full instead of shown from one's own answer. That 31 % of cases have such studies is known
(Shenoy-Bhangle 2020); no source states the minutes, so the factor is local.
"""


def prepare_item(item: AgendaItem, *, now: datetime, previous: AgendaItem | None = None) -> None:
    """Make the preparations that the item's level asks for, carried over from `previous` where it was done.

    A discipline of which nothing is asked in the case's phase, and of which there is no answer, has nothing to
    demonstrate and is left in peace. What was done and has nothing new since stays done; with something new it is a second reading with the
    minutes of a focused case. An examination made elsewhere takes `ELSEWHERE_FACTOR` times the minutes. Call it with
    the meeting locked.
    """
    spec = spec_of(item.case.definition_id)
    level = spec.level(item.level)
    state = _S.TODO if item.meeting.status != MeetingStatus.PLANNED else _S.WAITING
    done = {}
    if previous:
        done = {p.discipline: p for p in previous.preparations.filter(state=_S.DONE)}
    for discipline, minutes in level.prep_minutes.items():
        if not _has_something_to_show(item, discipline):
            continue
        preparation = Preparation(
            item=item, discipline=discipline, estimate_minutes=_weighed(minutes, item, discipline), state=state,
            state_changed_at=now,
            due_at=item.meeting.cutoff_at if item.meeting.cutoff_at > now else item.meeting.starts_at,
        )  # fmt: skip
        if earlier := done.get(discipline):
            _carry_over(preparation, earlier, item, now)
        preparation.save()


def _has_something_to_show(item: AgendaItem, discipline: str) -> bool:
    requirements = spec_of(item.case.definition_id).requirements_for(item.case.phase, item.level)
    return (
        any(requirement.kind == discipline for requirement in requirements)
        or item.case.results.filter(kind=discipline).exclude(state=ResultState.CANCELLED).exists()
    )


def open_preparations(item_ids: list[int], now: datetime) -> None:
    """Let readers begin: the waiting preparations of these items become work to do.

    Those of which an examination made elsewhere has come since they were booked are weighed anew.
    """
    waiting = Preparation.objects.filter(item_id__in=item_ids, state=_S.WAITING)
    _weigh_anew(waiting)
    waiting.update(state=_S.TODO, state_changed_at=now)


def _weigh_anew(waiting: QuerySet[Preparation]) -> None:
    foreign = Result.objects.filter(case=OuterRef("item__case"), kind=OuterRef("discipline"), is_external=True)
    found = waiting.filter(Exists(foreign), carried_over_from__isnull=True).select_related("item__case")
    for preparation in found:
        item = preparation.item
        minutes = spec_of(item.case.definition_id).level(item.level).prep_minutes.get(preparation.discipline)
        if minutes is not None:
            preparation.estimate_minutes = _weighed(minutes, item, preparation.discipline)
            preparation.save(update_fields=["estimate_minutes"])


def _weighed(minutes: int, item: AgendaItem, discipline: str, since: datetime | None = None) -> int:
    """Return the minutes, more where an examination made elsewhere is to be read (changed after `since`, if given)."""
    foreign = item.case.results.filter(kind=discipline, is_external=True).exclude(state=ResultState.CANCELLED)
    if since:
        foreign = foreign.filter(updated_at__gt=since)
    return minutes * ELSEWHERE_FACTOR if foreign.exists() else minutes


def new_since(preparation: Preparation) -> int:
    """Return how many answers came or changed since the earlier reading that this one carries over."""
    earlier = preparation.carried_over_from
    if earlier is None or earlier.completed_at is None:
        return 0
    results = preparation.item.case.results
    return results.filter(kind=preparation.discipline, updated_at__gt=earlier.completed_at).count()


def _carry_over(preparation: Preparation, earlier: Preparation, item: AgendaItem, now: datetime) -> None:
    preparation.carried_over_from = earlier
    preparation.findings, preparation.headings = earlier.findings, earlier.headings
    if new_since(preparation):
        spec = spec_of(item.case.definition_id)
        full = spec.level(item.level).prep_minutes[preparation.discipline]
        second = min(spec.level("focused").prep_minutes.get(preparation.discipline, full), full)
        preparation.estimate_minutes = _weighed(second, item, preparation.discipline, earlier.completed_at)
        return
    preparation.estimate_minutes = preparation.minutes = 0
    preparation.state = _S.DONE
    preparation.reader, preparation.claimed_at = earlier.completed_by, now
    preparation.completed_by, preparation.completed_at = earlier.completed_by, earlier.completed_at


def _hold(preparation: Preparation, reader: User, now: datetime) -> None:
    if preparation.reader_id != reader.pk:
        preparation.reader, preparation.claimed_at = reader, now


@transaction.atomic
def _apply(
    pk: int,
    action: str,
    *,
    by: User,
    now: datetime,
    change: Callable[[Preparation], None],
    to: list[User] | None = None,
    tell_clinician: bool = False,
) -> Preparation:
    """Lock, check, change, save, record: the only writer of a preparation's state."""
    move = MOVES[action]
    meeting_id = Preparation.objects.values_list("item__meeting_id", flat=True).get(pk=pk)
    meeting = lock_meeting(meeting_id)
    preparation = Preparation.objects.select_for_update(of=("self",)).select_related("item__case", "reader").get(pk=pk)
    preparation.item.meeting = meeting
    case = preparation.item.case
    if _is_repeat(preparation, move, action, by):
        return preparation
    _refuse_unless(preparation, move, action, by)
    if move.target and preparation.state != move.target:
        preparation.state, preparation.state_changed_at = move.target, now
    change(preparation)
    preparation.save()
    touch(meeting)
    people = list(to or [])
    if tell_clinician:
        people.append(case.responsible_clinician)
    record(
        move.event, by=by, now=now, subject=preparation, case=case.pk, meeting=meeting.pk,
        unit=meeting.series.unit_id, to=people, data={"discipline": preparation.discipline},
    )  # fmt: skip
    return preparation


def _is_repeat(preparation: Preparation, move: Move, action: str, by: User) -> bool:
    """Whether the person asks again for what they did: a second click, which changes nothing."""
    match action:
        case "claim":
            return preparation.reader_id == by.pk
        case "start":
            return preparation.state == move.target and preparation.reader_id == by.pk
        case "return":
            return preparation.state == move.target and preparation.returned_by_id == by.pk
    return False


def refuse_held(preparation: Preparation, by: User) -> None:
    """PreparationRefused, naming who, when somebody else than `by` holds the preparation."""
    holder = preparation.reader
    if holder and holder.pk != by.pk:
        since = timezone.localtime(preparation.claimed_at).strftime("%H:%M") if preparation.claimed_at else ""
        raise PreparationRefused(
            _("%(who)s holds this preparation since %(at)s.") % {"who": holder.name, "at": since},
            code="held-by-another",
            extra={"reader": holder.name},
        )


def _refuse_unless(preparation: Preparation, move: Move, action: str, by: User) -> None:
    refuse_held(preparation, by)
    is_correction = action == "complete" and preparation.state == PreparationState.DONE
    if preparation.state not in move.sources and not is_correction:
        raise PreparationRefused(
            _("The preparation is already %(state)s.") % {"state": preparation.get_state_display().lower()},
            extra={"state": preparation.state},
        )
    if preparation.item.status not in (ItemStatus.PLANNED, ItemStatus.DISCUSSING):
        raise PreparationRefused(_("The case is no longer on this agenda."), code="not-on-agenda")
