"""The dates that follow the forecast: every case that is not ready holds one, and it moves by itself (DESIGN.md, section 8).

A run reads the coming meetings once and the cases in batches, goes through them with the most urgent first, and changes
what `mdk.planning.likely` says, each case in a transaction of its own. It may be cut off anywhere and run twice.

A place that a person chose stays where it is until its cut-off has passed or the case cannot be ready for it. A ready case
is never made firm from here: it is offered (`mdk.queries.proposals`).
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from cases.enums import CaseStatus
from cases.models import Case
from cases.transitions import lock_case
from mdk.enums import FIRM_ITEMS, OPEN_ITEMS, PLANNABLE, ItemStatus, LateState, MeetingStatus, MoveReason
from mdk.models import AgendaItem, Meeting
from mdk.planning.likely import LIKELY, Choice, Option, choose, first_option
from mdk.queries.coming import Coming, coming_meetings
from mdk.queries.promises import is_endangered, warned
from mdk.queries.waiting import BATCH, Place, Waiting, waiting_cases
from mdk.services.moves import hold_place, leave_place, written_first_place, written_move
from mdk.services.promises import follow_promise
from mdk.services.sweeping import sweep
from mdk.transitions import lock_meeting

logger = logging.getLogger(__name__)

NOTICEABLE: Final = 0.01
"""Probabilities that differ by less are told alike, and are not written anew."""


MOST_CHANGES: Final = 1_000
"""The most urgent of so many are given or moved in one run, a minute or two; the others by the next."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What a run found out about a case: where it should be, and when it is expected to be discussed."""

    case: Waiting
    choice: Choice | None
    expected_at: datetime | None
    probability: float | None = None


def follow_provisional(*, now: datetime) -> int:
    """Give each unready case without a place its likely meeting, and move the places that the forecast moves; return how many.

    Also writes the probability of each place that stays, and warns of promised dates in danger. A constant number of
    queries a batch of cases, and some for each case that changes, of which `MOST_CHANGES` are made in a run.
    """
    meetings = {meeting.id: meeting for meeting in coming_meetings(now)}
    steps = _steps((case for batch in waiting_cases(now) for case in batch), meetings, now)
    changing = [step for step in steps if step.choice is not None]
    settled = [step for step in steps if step.choice is None]
    settled += [step for step in changing[:MOST_CHANGES] if _tried(step, now)]
    _write_chances(settled, now)
    _follow_promises(settled, now)
    return sum(step.choice is not None for step in settled)


def _steps(cases: Iterable[Waiting], meetings: dict[int, Coming], now: datetime) -> list[_Step]:
    """Return the step of each case, the most urgent first: each sees the places of those before it."""
    steps = []
    for case in sorted(cases, key=lambda one: one.urgency):
        step = _step(case, meetings, now)
        steps.append(step)
        if case.status == CaseStatus.REFERRED and step.probability is not None:
            at = step.choice.option.meeting if step.choice and step.choice.option else None
            held = meetings.get(at if at is not None else case.place.meeting if case.place else 0)
            if held and (case.place is None or case.holds_provisional):
                held.hold(case, step.probability)
    return steps


def _step(case: Waiting, meetings: dict[int, Coming], now: datetime) -> _Step:
    place = case.place
    if place is not None and place.status != ItemStatus.PROVISIONAL:
        return _Step(case, None, place.starts_at)
    if case.status != CaseStatus.REFERRED or (case.is_national and (place is None or not place.by_hand)):
        return _Step(case, Choice(None, MoveReason.BY_HAND) if place else None, None)
    options = _options(case, meetings.values(), now)
    choice = _first(case, options) if place is None else _next(case, place, options, now)
    if choice is None and place is not None:
        return _Step(case, None, place.starts_at, _chance(case, place, now))
    option = choice.option if choice else None
    expected_at = meetings[option.meeting].starts_at if option else None
    if place is None and case.is_ready:
        return _Step(case, None, expected_at)
    return _Step(case, choice, expected_at, option.probability if option else None)


def _options(case: Waiting, meetings: Iterable[Coming], now: datetime) -> list[Option]:
    """Return the meetings for the case by time, up to the first other one that is likely and has room, and its own.

    What lies behind that can change nothing, so its forecast is not asked.
    """
    options: list[Option] = []
    held = case.place.meeting if case.place else None
    is_past, is_found = held is None, False
    for meeting in meetings:
        if meeting.id in case.barred or not meeting.takes(case):
            continue
        option = meeting.option(case, now)
        options.append(option)
        is_past = is_past or meeting.id == held
        if option.meeting != held and option.is_open and option.has_room(case.minutes):
            is_found = is_found or option.probability >= LIKELY
        if is_past and is_found:
            break
    return options


def _first(case: Waiting, options: list[Option]) -> Choice | None:
    """Return the first place of a case; one that lost its place with a meeting is said to come from there."""
    option = first_option(options, case.minutes)
    return Choice(option, MoveReason.SOONER) if option else None


def _next(case: Waiting, place: Place, options: list[Option], now: datetime) -> Choice | None:
    """Return where the provisional place should move, or None when it stays."""
    if place.late == LateState.ASKED and place.starts_at > now and place.meeting_status in PLANNABLE:
        return None
    if gone := _gone(case, place, now):
        return choose(_held(case, place, options, now), options, case.minutes, is_gone=gone)
    if place.cutoff_at < now:
        return None
    held = _held(case, place, options, now)
    if place.by_hand and held.probability > 0:
        return None
    return choose(held, options, case.minutes)


def _gone(case: Waiting, place: Place, now: datetime) -> MoveReason | None:
    """Return why the place cannot stay, or None: the meeting is off or has begun, or it was not ready at its cut-off."""
    if place.meeting_status == MeetingStatus.CANCELLED:
        return MoveReason.MEETING_CANCELLED
    if place.cutoff_at >= now and place.meeting_status in PLANNABLE:
        return None
    if not case.is_ready:
        return MoveReason.NOT_READY
    is_over = place.firmed_at is not None or place.starts_at <= now or place.meeting_status not in PLANNABLE
    return MoveReason.NO_ROOM if is_over else None


def _held(case: Waiting, place: Place, options: list[Option], now: datetime) -> Option:
    """Return the place as an option; of a meeting that the case could not be given today it holds what it holds."""
    found = next((option for option in options if option.meeting == place.meeting), None)
    return found or Option(place.meeting, _chance(case, place, now), case.minutes, 0)


def _chance(case: Waiting, place: Place, now: datetime) -> float:
    return case.chance(place.starts_at, place.cutoff_at, now)


def _tried(step: _Step, now: datetime) -> bool:
    """Do what the step says; one case that fails is logged and tried again by the next run, and the others go on."""
    try:
        return _apply(step, now)
    except Exception:
        logger.exception("the provisional place of case %d could not be moved", step.case.case)
        return False


@transaction.atomic
def _apply(step: _Step, now: datetime) -> bool:
    """Do what the step says, unless somebody was faster or it is no longer so; return whether anything was done.

    Locks the meetings by key, the item and the case, and looks at each once more.
    """
    case, choice = step.case, step.choice
    if choice is None:
        return False
    target = choice.option.meeting if choice.option else None
    left = case.place.meeting if case.place else case.came_from
    locked = {pk: lock_meeting(pk) for pk in sorted({pk for pk in (target, left) if pk is not None})}
    item = _locked_item(case)
    row = lock_case(case.case)
    to = locked[target] if target is not None else None
    if not _is_still_so(step, item, row, to, now):
        return False
    if item is not None:
        item.case, item.meeting = row, locked[item.meeting_id]
        leave_place(item, to=to, reason=choice.reason, by=None, now=now, probability=step.probability)
    if to is not None and step.probability is not None:
        hold_place(
            row, to, level=case.level, minutes=case.minutes, by=None, now=now, probability=step.probability
        )  # fmt: skip
        if item is None:
            _write_arrival(row, locked.get(case.came_from or 0), to, step.probability, now)
    return True


def _write_arrival(case: Case, ended: Meeting | None, to: Meeting, probability: float, now: datetime) -> None:
    """Write down the new place of a case that had none: its first date, or a move from the meeting that ended with it."""
    if ended is None:
        written_first_place(case, to, now=now, probability=probability)
        return
    is_off = ended.status == MeetingStatus.CANCELLED
    reason = MoveReason.MEETING_CANCELLED if is_off else MoveReason.NOT_READY
    written_move(case, ended, to, reason=reason, by=None, now=now, before=None, after=probability)


def _locked_item(case: Waiting) -> AgendaItem | None:
    if case.place is None:
        return None
    found = AgendaItem.objects.select_for_update(of=("self",)).filter(pk=case.place.item)
    return found.select_related("meeting").get()


def _is_still_so(step: _Step, item: AgendaItem | None, row: Case, to: Meeting | None, now: datetime) -> bool:
    """Whether what the step rests on holds under the locks: the place, the case's forecast, and room at the meeting."""
    was = step.case.place
    if item is not None and was is not None:
        if item.status != ItemStatus.PROVISIONAL or item.meeting_id != was.meeting or item.late != was.late:
            return False
    elif row.agenda_items.filter(status__in=OPEN_ITEMS).exists():
        return False
    if to is None:
        return True
    fresh = next(iter(waiting_cases(now, [row.pk])), [])
    if (
        not fresh
        or row.status != CaseStatus.REFERRED
        or to.status not in PLANNABLE
        or to.firmed_at
        or to.cutoff_at <= now
    ):
        return False
    chance = fresh[0].chance(to.starts_at, to.cutoff_at, now)
    taken = sum(to.items.filter(status__in=FIRM_ITEMS).values_list("minutes", flat=True))
    return abs(chance - (step.probability or 0)) < NOTICEABLE and taken + step.case.minutes <= to.capacity_minutes


def _write_chances(steps: Iterable[_Step], now: datetime) -> None:
    """Write the probability of the places that stay, where it has changed so that one would say it otherwise.

    Rows that somebody holds are left to the next run: nobody is waited for, so nothing can stand still.
    """
    changed = [
        (step.case.place.item, step.probability)
        for step in steps
        if step.choice is None and step.case.place and step.probability is not None and _differs(step)
    ]
    for first in range(0, len(changed), BATCH):
        _write_batch(dict(changed[first : first + BATCH]), now)


@transaction.atomic
def _write_batch(changed: Mapping[int, float], now: datetime) -> None:
    """Write some of them: few enough that nobody waits long for the rows, and that the statement stays small."""
    found = AgendaItem.objects.filter(pk__in=changed, status=ItemStatus.PROVISIONAL)
    items = list(found.select_for_update(skip_locked=True, of=("self",)))
    for item in items:
        item.probability, item.forecast_at = changed[item.pk], now
    AgendaItem.objects.bulk_update(items, ["probability", "forecast_at"])


def _differs(step: _Step) -> bool:
    before = step.case.place.probability if step.case.place else None
    return before is None or step.probability is None or abs(before - step.probability) >= NOTICEABLE


def _follow_promises(steps: Iterable[_Step], now: datetime) -> None:
    """Warn of promised dates in danger, and write down which are safe again; one query, and some for each that changes."""
    promised = {step.case.case: step for step in steps if step.case.promised_on and not step.case.is_national}
    last = warned(promised)
    changed = [
        step
        for pk, step in promised.items()
        if (on := step.case.promised_on) and is_endangered(on, step.expected_at) != (last.get(pk) == on.isoformat())
    ]
    sweep(changed, lambda step: _follow_promise(step, now), what="promised dates in danger")


@transaction.atomic
def _follow_promise(step: _Step, now: datetime) -> bool:
    return follow_promise(lock_case(step.case.case), starts_at=step.expected_at, now=now)
