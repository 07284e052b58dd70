"""The round at the cut-off: a proposal that a person confirms (DESIGN.md, section 8).

Ready cases get firm places by urgency (`mdk.planning.seating`), places left over are offered to ready cases of the next
meeting and to those without a place, and the others get a new provisional date. One round a meeting: a second
confirmation by the same person changes nothing, and another person is told who was first.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import User
from cases.models import Case
from cases.services.refreshing import bring_up_to_date
from checklists.registry import spec_of
from events.record import record
from mdk.enums import PLANNABLE, ItemStatus, MoveReason
from mdk.models import AgendaItem, Meeting
from mdk.queries.rounds import Entry, Round, next_in_series, round_held
from mdk.services.agenda import booking_refusal, settle_place
from mdk.services.moves import hold_place, leave_place
from mdk.services.seats import case_ids_of, field_of, proposed
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


def propose_round(meeting_id: int, *, now: datetime) -> Round:
    """Return the round of a planned or published meeting as it would be confirmed now, or as it was confirmed."""
    meeting = Meeting.objects.select_related("series__unit__parent__parent").get(pk=meeting_id)
    if held := round_held(meeting):
        return held
    _refuse_unless_planned(meeting)
    cases = case_ids_of(meeting)
    bring_up_to_date(cases, now=now)
    return proposed(field_of(meeting, cases, now), now, only=None, among=None)


def confirm_round(meeting_id: int, *, by: User, now: datetime, only: Collection[int] | None = None) -> Round:
    """Hold the round: make the proposed places firm, `only` those of these cases if given, and give the others new dates.

    At the cut-off or before; after it until the meeting begins, and never late. RoundRefused when another person has
    confirmed it; to the same person again it is what it was. Who may: `plan_meeting`. Leaves `meeting.firmed`,
    `item.firmed` for each firm place and `place.moved` for each new date.
    """
    meeting = Meeting.objects.select_related("series").get(pk=meeting_id)
    bring_up_to_date(case_ids_of(meeting), now=now)
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
        for case in Case.objects.select_for_update(of=("self",)).filter(pk__in=case_ids_of(meeting)).order_by("pk")
    }
    proposal = proposed(field_of(meeting, list(cases), now), now, only=only, among=wanted)
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
        if entry.item is not None and item is None:
            return False  # It has got a place meanwhile, on a meeting that this round does not hold.
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


def _locked_items(meeting_ids: Iterable[int]) -> dict[int, AgendaItem]:
    """Return the provisional items of the meetings by case, locked by key."""
    found = AgendaItem.objects.filter(meeting__in=meeting_ids, status=ItemStatus.PROVISIONAL)
    return {item.case_id: item for item in found.select_for_update(of=("self",)).order_by("pk")}


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
