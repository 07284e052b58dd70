"""The round at the cut-off: a proposal that a person confirms (DESIGN.md, section 8).

Ready cases get firm places by urgency (`mdk.planning.seating`), places left over are offered to ready cases of the next
meeting and to those without a place, and the others get a new provisional date. One round a meeting: a second
confirmation by the same person changes nothing, and another person is told who was first.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import User
from cases.models import Case
from cases.services.refreshing import bring_up_to_date
from checklists.enums import Discipline
from checklists.registry import spec_of
from events.record import record
from mdk.enums import ItemStatus, MoveReason
from mdk.models import AgendaItem, Meeting
from mdk.planning.likely import Option, first_option
from mdk.planning.seating import Entrant, Left, seat
from mdk.queries.coming import PLANNABLE, Coming, Waiting, coming_meetings, count_held, waiting_cases
from mdk.queries.rounds import Entry, Round, next_in_series, provisional_cases, ready_without_place, round_held
from mdk.services.agenda import booking_refusal, planned_minutes, settle_place
from mdk.services.agenda.refusals import planned_preparation
from mdk.services.carrying import minutes_needed
from mdk.services.moves import hold_place, leave_place
from mdk.transitions import lock_meeting, touch

MOVE_REASONS = {
    "not-ready": MoveReason.NOT_READY,
    "no-date": MoveReason.NOT_READY,
    "no-room": MoveReason.NO_ROOM,
    "not-chosen": MoveReason.BY_HAND,
}


class RoundRefused(Refused):
    """The round cannot be held: somebody else has confirmed it (round-confirmed), or the meeting is no longer planned."""

    code = "round-confirmed"


@dataclass(frozen=True, slots=True)
class _Field:
    """Who takes part in a round: those on the meeting, those of the next one, and those without a place."""

    meeting: Meeting
    own: Mapping[int, Waiting]
    following: Mapping[int, Waiting]
    unplaced: Mapping[int, Waiting]

    @property
    def others(self) -> Mapping[int, Waiting]:
        """Those to whom places left over are offered: the ready ones."""
        return {pk: case for pk, case in {**self.following, **self.unplaced}.items() if case.is_ready}


def propose_round(meeting_id: int, *, now: datetime) -> Round:
    """Return the round of a planned or published meeting as it would be confirmed now, or as it was confirmed."""
    meeting = Meeting.objects.select_related("series__unit__parent__parent").get(pk=meeting_id)
    if held := round_held(meeting):
        return held
    _refuse_unless_planned(meeting)
    cases = _case_ids(meeting)
    bring_up_to_date(cases, now=now)
    return _proposed(_field(meeting, cases, now), now, only=None, among=None)


def confirm_round(meeting_id: int, *, by: User, now: datetime, only: Collection[int] | None = None) -> Round:
    """Hold the round: make the proposed places firm, `only` those of these cases if given, and give the others new dates.

    At the cut-off or before; after it until the meeting begins, and never late. RoundRefused when another person has
    confirmed it; to the same person again it is what it was. Who may: `plan_meeting`. Leaves `meeting.firmed`,
    `item.firmed` for each firm place and `place.moved` for each new date.
    """
    meeting = Meeting.objects.select_related("series").get(pk=meeting_id)
    bring_up_to_date(_case_ids(meeting), now=now)
    targets = {entry.to for entry in propose_round(meeting_id, now=now).entries if entry.to is not None}
    return _confirm(meeting_id, targets, by=by, now=now, only=only)


@transaction.atomic
def _confirm(
    meeting_id: int, targets: Collection[int], *, by: User, now: datetime, only: Collection[int] | None
) -> Round:
    following = next_in_series(Meeting.objects.get(pk=meeting_id))
    wanted = {meeting_id, *targets, *([following.pk] if following else [])}
    locked = {pk: lock_meeting(pk) for pk in sorted(wanted)}
    meeting = locked[meeting_id]
    if held := round_held(meeting):
        if meeting.firmed_by_id != by.pk:
            raise _confirmed_by_another(held)
        return held
    _refuse_unless_planned(meeting)
    items = _locked_items([meeting_id, *([following.pk] if following else [])])
    cases = {
        case.pk: case
        for case in Case.objects.select_for_update(of=("self",)).filter(pk__in=_case_ids(meeting)).order_by("pk")
    }
    proposal = _proposed(_field(meeting, list(cases), now), now, only=only, among=wanted)
    round_ = _Doing(meeting, locked, items, cases, by, now).do(proposal)
    touch(meeting, firmed_at=now, firmed_by=by)
    record(
        "meeting.firmed", by=by, now=now, subject=meeting, meeting=meeting.pk, unit=meeting.series.unit_id,
        data=round_.as_data(),
    )  # fmt: skip
    return Round(meeting.pk, round_.firmed, round_.moved, round_.left, by=by.name, at=now)


@dataclass(frozen=True, slots=True)
class _Doing:
    """A proposal being carried out, with all that is locked for it."""

    meeting: Meeting
    meetings: Mapping[int, Meeting]
    items: Mapping[int, AgendaItem]
    cases: Mapping[int, Case]
    by: User
    now: datetime

    def do(self, proposal: Round) -> Round:
        """Give the places and the dates; what the gate of firm places refuses after all stays where it is."""
        given = {entry.case: self._firm(entry) for entry in proposal.firmed}
        firmed = [entry for entry in proposal.firmed if given[entry.case]]
        refused = [entry for entry in proposal.firmed if not given[entry.case]]
        for entry in proposal.entries:
            if entry.code in MOVE_REASONS:
                self._move(entry)
        left = [Entry(entry.case, entry.item, "stays" if entry.item else "waits") for entry in refused]
        return Round(self.meeting.pk, tuple(firmed), proposal.moved, (*proposal.left, *left))

    def _firm(self, entry: Entry) -> bool:
        """Make the place of a ready case firm, whether it holds it here, on the next meeting, or none yet."""
        case, item = self.cases[entry.case], self.items.get(entry.case)
        level = item.level if item else case.level
        minutes = item.minutes if item else _minutes(case)
        if booking_refusal(self.meeting, case, level, minutes, provisional=False, now=self.now, in_round=True):
            return False
        if item and item.meeting_id != self.meeting.pk:
            self._leave(item, self.meeting, MoveReason.OFFERED, 1.0)
            item = None
        item = item or hold_place(
            case, self.meeting, level=level, minutes=minutes, by=self.by, now=self.now, probability=None
        )
        settle_place(
            item, self.meeting, case, by=self.by, now=self.now, refusal=None, reason="", in_round=True
        )  # fmt: skip
        record(
            "item.firmed", by=self.by, now=self.now, subject=item, case=case.pk, meeting=self.meeting.pk,
            unit=self.meeting.series.unit_id, data={"level": level, "override": ""},
        )  # fmt: skip
        return True

    def _move(self, entry: Entry) -> None:
        """End the place on this meeting for a provisional one on another."""
        item = self.items[entry.case]
        to = self.meetings[entry.to] if entry.to is not None else None
        level, minutes = item.level, item.minutes
        self._leave(item, to, MOVE_REASONS[entry.code], entry.probability)
        if to is not None:
            hold_place(
                self.cases[entry.case], to, level=level, minutes=minutes, by=None, now=self.now,
                probability=entry.probability,
            )  # fmt: skip

    def _leave(self, item: AgendaItem, to: Meeting | None, reason: MoveReason, probability: float | None) -> None:
        item.case, item.meeting = self.cases[item.case_id], self.meetings[item.meeting_id]
        leave_place(item, to=to, reason=reason, by=self.by, now=self.now, probability=probability)


def _case_ids(meeting: Meeting) -> list[int]:
    """Return the cases that the round may touch, by key."""
    following = next_in_series(meeting)
    there = {*provisional_cases(meeting), *(provisional_cases(following) if following else ())}
    return sorted(there | set(ready_without_place(meeting)))


def _locked_items(meeting_ids: Iterable[int]) -> dict[int, AgendaItem]:
    """Return the provisional items of the meetings by case, locked by key."""
    found = AgendaItem.objects.filter(meeting__in=meeting_ids, status=ItemStatus.PROVISIONAL)
    return {item.case_id: item for item in found.select_for_update(of=("self",)).order_by("pk")}


def _field(meeting: Meeting, case_ids: Sequence[int], now: datetime) -> _Field:
    cases = [case for batch in waiting_cases(now, case_ids) for case in batch]
    own = {case.case: case for case in cases if case.place and case.place.meeting == meeting.pk}
    placed = {case.case: case for case in cases if case.holds_provisional and case.case not in own}
    unplaced = {case.case: case for case in cases if case.place is None}
    return _Field(meeting, {pk: case for pk, case in own.items() if case.holds_provisional}, placed, unplaced)


def _proposed(field: _Field, now: datetime, *, only: Collection[int] | None, among: Collection[int] | None) -> Round:
    """Return the round of the field; `only` these cases get firm places, and new dates lie `among` these meetings."""
    own = [case for case in field.own.values() if case.is_ready and _is_chosen(case, only)]
    others = [case for case in field.others.values() if _is_chosen(case, only)]
    left = _left(field.meeting)
    seating = seat(_entrants(own, left), _entrants(others, left), left)
    everybody = {**field.own, **field.others}
    firmed = tuple(_firm_entry(everybody[pk], field) for pk in seating.seated)
    leaving = sorted((case for pk, case in field.own.items() if pk not in seating.seated), key=lambda one: one.urgency)
    dated = _new_dates(leaving, field.meeting, now, among)
    entries = [_leaving_entry(case, dated.get(case.case), seating.unseated.get(case.case), only) for case in leaving]
    staying = [_staying_entry(case) for pk, case in field.others.items() if pk in seating.unseated]
    moved = tuple(entry for entry in entries if entry.to is not None)
    undated = [entry for entry in entries if entry.to is None]
    return Round(field.meeting.pk, firmed, moved, (*undated, *staying))


def _is_chosen(case: Waiting, only: Collection[int] | None) -> bool:
    return only is None or case.case in only


def _left(meeting: Meeting) -> Left:
    """Return what the meeting has left, in minutes."""
    planned = planned_preparation(meeting)
    stated = {
        Discipline.RADIOLOGY.value: meeting.prep_radiology_minutes,
        Discipline.PATHOLOGY.value: meeting.prep_pathology_minutes,
    }
    return Left(
        meeting.capacity_minutes - planned_minutes(meeting),
        {name: None if limit is None else limit - planned.get(name, 0) for name, limit in stated.items()},
    )


def _entrants(cases: Iterable[Waiting], left: Left) -> list[Entrant]:
    """Return the cases as entrants; their preparation is weighed only where the meeting states a limit of it."""
    is_limited = any(limit is not None for limit in left.preparation.values())
    cases = list(cases)
    rows = Case.objects.in_bulk([case.case for case in cases]) if is_limited else {}
    return [
        Entrant(
            case.case, case.urgency, case.minutes,
            minutes_needed(rows[case.case], case.level) if is_limited else {},
        )
        for case in cases
    ]  # fmt: skip


def _new_dates(
    cases: Iterable[Waiting], meeting: Meeting, now: datetime, among: Collection[int] | None
) -> dict[int, tuple[Coming, Option]]:
    """Return the new date of each case, the most urgent first: its first likely meeting after this one."""
    coming = [one for one in coming_meetings(now) if one.starts_at > meeting.starts_at and one.id != meeting.pk]
    coming = [one for one in coming if among is None or one.id in among]
    count_held(coming, but=0)
    by_id = {one.id: one for one in coming}
    found = {}
    for case in cases:
        fitting = [one for one in coming if one.takes(case) and one.id not in case.barred]
        option = first_option([one.option(case, now) for one in fitting], case.minutes)
        if option:
            found[case.case] = by_id[option.meeting], option
            by_id[option.meeting].hold(case, option.probability)
    return found


def _firm_entry(case: Waiting, field: _Field) -> Entry:
    item = case.place.item if case.place else None
    if case.case in field.own:
        return Entry(case.case, item, "ready", urgent_on=case.urgency[0].isoformat())
    if case.place is None:
        return Entry(case.case, None, "waiting", urgent_on=case.urgency[0].isoformat())
    at = case.place.starts_at.isoformat()
    return Entry(case.case, item, "offered", urgent_on=case.urgency[0].isoformat(), starts_at=at)


def _leaving_entry(
    case: Waiting, date: tuple[Coming, Option] | None, full: str | None, only: Collection[int] | None
) -> Entry:
    item = case.place.item if case.place else None
    if date is None:
        return Entry(case.case, item, "no-date", lacks=case.lacks, definition=case.definition)
    meeting, option = date
    code = "not-ready" if not case.is_ready else "no-room" if _is_chosen(case, only) else "not-chosen"
    return Entry(
        case.case, item, code, urgent_on=case.urgency[0].isoformat(), lacks=case.lacks, definition=case.definition,
        full=full or "", to=meeting.id, starts_at=meeting.starts_at.isoformat(), probability=option.probability,
    )  # fmt: skip


def _staying_entry(case: Waiting) -> Entry:
    if case.place is None:
        return Entry(case.case, None, "waits")
    return Entry(
        case.case, case.place.item, "stays", to=None, starts_at=case.place.starts_at.isoformat(),
        probability=case.place.probability,
    )  # fmt: skip


def _minutes(case: Case) -> int:
    return spec_of(case.definition_id).level(case.level).minutes


def _refuse_unless_planned(meeting: Meeting) -> None:
    if meeting.status not in PLANNABLE:
        status = meeting.get_status_display().lower()
        raise RoundRefused(
            _("The meeting is %(status)s, so its places stay as they are.") % {"status": status}, code="meeting-status"
        )


def _confirmed_by_another(held: Round) -> RoundRefused:
    at = timezone.localtime(held.at).strftime("%Y-%m-%d %H:%M") if held.at else ""
    return RoundRefused(
        _("%(who)s confirmed the places of this meeting %(at)s.") % {"who": held.by, "at": at},
        extra={"confirmed_by": held.by},
    )
