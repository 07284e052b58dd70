"""Moving a firm place to another meeting: why, whose answer was missing, and what becomes of the preparation."""

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid
from accounts.models import User
from accounts.permissions import Permission, Role
from accounts.queries import people_in_role, people_with, units_above
from cases.enums import ReadinessState
from cases.models import Case
from cases.readiness.store import readiness_of
from cases.services.refreshing import bring_up_to_date
from cases.transitions import lock_case
from checklists.enums import LevelCode
from events.record import record
from mdk.enums import PLANNABLE, ItemStatus, RebookingReason
from mdk.models import AgendaItem, Meeting, Rebooking
from mdk.queries.fates import spent_on
from mdk.queries.lacking import NOTHING, lacking, was_foreseeable
from mdk.queries.proposals import first_likely
from mdk.services.agenda import BookingRefused, book_case, concerned_by, leave_agenda, planned_minutes
from mdk.services.promises import follow_promise
from mdk.transitions import lock_meeting, touch

OFTEN: Final = 3
"""From this rebooking of one case on, chair and manager are told."""

TRIES: Final = 8
"""Meetings that are looked at for one case when many move at once, before the first likely one is taken, full or not."""

ATTEMPTS: Final = 3
"""How often targets are looked for anew when the agenda grows meanwhile."""

Targets = dict[int, int | None]
"""Where each item of an agenda goes, by item: a meeting, or None where there is none."""


class _AgendaChanged(Exception):
    """A case came onto the agenda between the search for targets and the locks."""


@dataclass(frozen=True, slots=True)
class Rebooked:
    """The record of the move and the new item; None when there was no meeting to move to."""

    rebooking: Rebooking
    item: AgendaItem | None


def rebook_item(
    item_id: int, *, reason: str, by: User | None, now: datetime, meeting_id: int | None = None, note: str = ""
) -> Rebooked:
    """Move a firm place to the meeting `meeting_id`, or to the one where the case is expected to be ready.

    Without a likely one it goes to the next of the series; without any the case waits again. A ready case is firm
    there, full or not, since the reason stands for the override; one that is not ready gets a provisional place, which
    moves by itself from then on unless the meeting was chosen by hand. What was prepared follows the case in all
    three. `by` is None for the system, at the cut-off. Who may: `plan_meeting`. Invalid names the wrong field;
    BookingRefused `not-on-agenda` when the item has left, by somebody else.

    Leaves `item.rebooked`, which tells the clinician, the contact nurse and who holds a preparation, and when the
    system does it also those who plan; `promise.at_risk` where the
    promised date is no longer kept; `case.rebooked_often` from the third time on.
    """
    _check(reason, note)
    item = AgendaItem.objects.select_related("meeting", "case").get(pk=item_id)
    bring_up_to_date([item.case_id], now=now)
    target = meeting_id
    if target is None:
        found = expected_meeting(item, now)
        target = found.pk if found else None
    elif target == item.meeting_id:
        raise Invalid([FieldError("meeting", "same", _("The case is on this meeting already. Choose another."))])
    return move_on(
        item_id, target, reason=reason, by=by, now=now, note=note.strip(), is_chosen=meeting_id is not None
    )  # fmt: skip


@transaction.atomic
def move_on(
    item_id: int, target_id: int | None, *, reason: str, by: User | None, now: datetime, note: str = "",
    is_chosen: bool = False,
) -> Rebooked:  # fmt: skip
    """Rebook the item to the meeting `target_id` as `rebook_item` does, with the meetings locked by key.

    For those who move a whole agenda on: they lock all its meetings first (`lock_with_targets`).
    """
    source_id = AgendaItem.objects.values_list("meeting_id", flat=True).get(pk=item_id)
    locked = {pk: lock_meeting(pk) for pk in sorted({source_id, target_id or source_id})}
    item = (
        AgendaItem.objects.select_for_update(of=("self",))
        .select_related("case__responsible_clinician", "case__contact_nurse")
        .get(pk=item_id)
    )
    if item.status == ItemStatus.REBOOKED and item.rebooked_as.rebooked_by_id == (by.pk if by else None):
        return Rebooked(item.rebooked_as, item.rebooked_as.to_item)
    if item.status not in (ItemStatus.PLANNED, ItemStatus.DISCUSSING):
        raise BookingRefused(_("The case is no longer on this agenda."), code="not-on-agenda")
    item.meeting = locked[source_id]
    target = locked[target_id] if target_id else None
    return _move(item, target, reason=RebookingReason(reason), by=by, now=now, note=note, is_chosen=is_chosen)


def next_meeting(meeting: Meeting) -> Meeting | None:
    """Return the next meeting of the same series that is still being planned or published."""
    return (
        Meeting.objects.filter(
            series=meeting.series_id,
            starts_at__gt=meeting.starts_at,
            status__in=PLANNABLE,
        )
        .order_by("starts_at")
        .first()
    )


def expected_meeting(item: AgendaItem, now: datetime) -> Meeting | None:
    """Return the meeting after the item's where its case is expected to be ready, else the next of the series."""
    return first_likely(item.case, now=now, after=item.meeting) or next_meeting(item.meeting)


def lock_with_targets(meeting_id: int, now: datetime) -> Targets:
    """Return where each open item of a meeting goes when all of them move on; all these meetings are locked, by key.

    Together they fill no meeting over its minutes where another is likely too. The targets are looked for before the
    locks are taken: a meeting that is locked after another, whatever its key, could wait for ever for somebody who
    rebooks the other way.
    """
    for _attempt in range(ATTEMPTS - 1):
        with suppress(_AgendaChanged):
            return _locked_with_targets(meeting_id, now)
    return _locked_with_targets(meeting_id, now, is_last=True)


@transaction.atomic
def _locked_with_targets(meeting_id: int, now: datetime, *, is_last: bool = False) -> Targets:
    """Raise _AgendaChanged, and so let the locks go again, when somebody came onto the agenda before they were taken."""
    meeting = Meeting.objects.get(pk=meeting_id)
    places = meeting.items.filter(position__isnull=False)
    items = list(places.select_related("case").order_by("position"))
    for item in items:
        item.meeting = meeting
    targets = _spread(items, now)
    for pk in sorted({meeting_id, *(pk for pk in targets.values() if pk)}):
        lock_meeting(pk)
    if not is_last and not set(places.values_list("pk", flat=True)) <= targets.keys():
        raise _AgendaChanged
    return targets


def _spread(items: Sequence[AgendaItem], now: datetime) -> Targets:
    taken: defaultdict[int, int] = defaultdict(int)
    targets: Targets = {}
    for item in items:
        found = _with_room(item, taken, now)
        targets[item.pk] = found.pk if found else None
        if found:
            taken[found.pk] += item.minutes
    return targets


def _with_room(item: AgendaItem, taken: dict[int, int], now: datetime) -> Meeting | None:
    """Return the first likely meeting with room beside what is `taken`, else the one that is expected for one alone."""
    after = item.meeting
    for _try in range(TRIES):
        found = first_likely(item.case, now=now, after=after)
        if found is None:
            break
        if planned_minutes(found) + taken[found.pk] + item.minutes <= found.capacity_minutes:
            return found
        after = found
    return expected_meeting(item, now)


def _check(reason: str, note: str) -> None:
    if reason not in RebookingReason.values:
        known = ", ".join(RebookingReason.values)
        raise Invalid([FieldError("reason", "unknown", _("Use one of: %(known)s.") % {"known": known})])
    if reason == RebookingReason.OTHER and not note.strip():
        raise Invalid([FieldError("note", "required", _("Say in the note what the other reason is."))])


def _move(
    item: AgendaItem, target: Meeting | None, *, reason: RebookingReason, by: User | None, now: datetime, note: str,
    is_chosen: bool,
) -> Rebooked:  # fmt: skip
    source, case = item.meeting, item.case
    if item.status == ItemStatus.DISCUSSING:
        item.seconds_used += source.seconds_shown(now)
    leave_agenda(item, ItemStatus.REBOOKED, by=by, now=now)
    new_item = _place(item, target, reason=reason, by=by, now=now, is_chosen=is_chosen) if target else None
    missing = lacking(case, reason) or NOTHING
    spent = spent_on(case.pk)
    carried = sum(minutes for discipline, minutes in spent.items() if _follows(new_item, discipline))
    rebooking = Rebooking.objects.create(
        case=case, from_item=item, to_item=new_item, reason=reason, note=note,
        missing_requirement=missing.requirement, missing_owner=missing.owner,
        is_foreseeable=was_foreseeable(item, missing),
        number=case.rebookings.count() + 1,
        prep_minutes_carried=carried, prep_minutes_lost=sum(spent.values()) - carried,
        rebooked_by=by, rebooked_at=now,
    )  # fmt: skip
    if source.current_item_id == item.pk:
        touch(source, current_item=None, current_since=None)
    else:
        touch(source)
    people = concerned_by(item)
    if by is None:
        people += people_with(Permission.PLAN_MEETING, [source.series.unit_id], timezone.localdate(now))
    record(
        "item.rebooked", by=by, now=now, subject=item, case=case.pk, meeting=source.pk, unit=source.series.unit_id,
        data={"reason": reason, "to_meeting": target.pk if target else None}, to=people,
    )  # fmt: skip
    follow_promise(lock_case(case.pk), starts_at=target.starts_at if target else None, now=now)
    _tell_if_often(rebooking, source, target, by=by, now=now)
    return Rebooked(rebooking, new_item)


def _place(
    item: AgendaItem, target: Meeting, *, reason: RebookingReason, by: User | None, now: datetime, is_chosen: bool
) -> AgendaItem:
    """Give the case its new place: firm when it is ready at the item's level, else provisional and without an override."""
    case = lock_case(item.case_id)
    words = _("Rebooked: %(reason)s") % {"reason": reason.label}
    if by and is_ready(case, item.level, now):
        return book_case(
            target.pk, case.pk, by=by, now=now, level=item.level, minutes=item.minutes, override_reason=words,
            previous=item,
        )  # fmt: skip
    return book_case(
        target.pk, case.pk, by=by if is_chosen else None, now=now, level=item.level, minutes=item.minutes,
        provisional=True, override_reason=words if is_chosen else "",
    )  # fmt: skip


def is_ready(case: Case, level: str, now: datetime) -> bool:
    """Whether the case may have a firm place at the level today; the protocol list asks for no readiness."""
    today = timezone.localdate(now)
    return level == LevelCode.PROTOCOL or readiness_of(case, today, level=level).state == ReadinessState.READY


def _follows(new_item: AgendaItem | None, discipline: str) -> bool:
    """Whether what the discipline has read goes on with the case: only a firm place that does not ask for it leaves it."""
    if new_item is None or new_item.status == ItemStatus.PROVISIONAL:
        return True
    return new_item.preparations.filter(discipline=discipline).exists()


def _tell_if_often(
    rebooking: Rebooking, source: Meeting, target: Meeting | None, *, by: User | None, now: datetime
) -> None:
    """Tell the chairs of both meetings and the managers of the units from the third rebooking of a case on."""
    if rebooking.number < OFTEN:
        return
    chairs = [meeting.chair for meeting in (source, target) if meeting and meeting.chair]
    units = units_above([rebooking.case.unit_id, source.series.unit_id])
    managers = people_in_role(Role.MANAGER, units, timezone.localdate(now))
    record(
        "case.rebooked_often", by=by, now=now, subject=rebooking, case=rebooking.case_id, meeting=source.pk,
        unit=source.series.unit_id, data={"count": rebooking.number}, to=[*chairs, *managers],
    )  # fmt: skip
