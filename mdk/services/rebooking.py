"""Moving a firm place to another meeting, with a coded reason and what it cost in preparation."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid
from accounts.models import User
from events.record import record
from mdk.enums import MISSING_KIND, ItemStatus, MeetingStatus, PreparationState, RebookingReason
from mdk.models import AgendaItem, Meeting, Preparation, Rebooking
from mdk.services.agenda import BookingRefused, book_case, leave_agenda
from mdk.transitions import lock_meeting, touch


@dataclass(frozen=True, slots=True)
class Rebooked:
    """The record of the move and the new item; None when there was no meeting to move to."""

    rebooking: Rebooking
    item: AgendaItem | None


@transaction.atomic
def rebook_item(
    item_id: int, *, reason: str, by: User, now: datetime, meeting_id: int | None = None, note: str = ""
) -> Rebooked:
    """Move the item to the meeting `meeting_id`, or to the next one of its series, full or not.

    Preparation that was done is carried over; it is lost only when there is no meeting to go to. A case that
    is not ready goes along: the reason stands for the override. Who may: `plan_meeting`. Leaves
    `item.rebooked`, which tells the responsible clinician and the contact nurse.
    """
    if reason not in RebookingReason.values:
        known = ", ".join(RebookingReason.values)
        raise Invalid([FieldError("reason", "unknown", _("Use one of: %(known)s.") % {"known": known})])
    if reason == RebookingReason.OTHER and not note.strip():
        raise Invalid([FieldError("note", "required", _("Say in the note what the other reason is."))])
    source, target = _lock(item_id, meeting_id)
    item = (
        AgendaItem.objects.select_for_update(of=("self",))
        .select_related("case__responsible_clinician", "case__contact_nurse")
        .get(pk=item_id)
    )
    if item.status == ItemStatus.REBOOKED and item.rebooked_as.rebooked_by_id == by.pk:
        return Rebooked(item.rebooked_as, item.rebooked_as.to_item)
    if item.status not in (ItemStatus.PLANNED, ItemStatus.DISCUSSING):
        raise BookingRefused(_("The case is no longer on this agenda."), code="not-on-agenda")
    return _move(item, source, target, reason=reason, note=note.strip(), by=by, now=now)


def next_meeting(meeting: Meeting) -> Meeting | None:
    """Return the next meeting of the same series that is still being planned or published."""
    return (
        Meeting.objects.filter(
            series=meeting.series_id,
            starts_at__gt=meeting.starts_at,
            status__in=[MeetingStatus.PLANNED, MeetingStatus.PUBLISHED],
        )
        .order_by("starts_at")
        .first()
    )


def lock_with_next(meeting_id: int) -> Meeting | None:
    """Lock the meeting and the next one of its series, by key, and return the next one.

    For what moves a whole agenda on: a second meeting that is locked after the first, whatever its key, could
    wait for ever for somebody who rebooks the other way.
    """
    following = next_meeting(Meeting.objects.get(pk=meeting_id))
    for pk in sorted({meeting_id, following.pk if following else meeting_id}):
        lock_meeting(pk)
    return following


def _lock(item_id: int, meeting_id: int | None) -> tuple[Meeting, Meeting | None]:
    """Lock both meetings by key, so that two people who rebook towards each other do not wait for ever."""
    source = Meeting.objects.get(items=item_id)
    if meeting_id is None:
        found = next_meeting(source)
        meeting_id = found.pk if found else None
    if meeting_id == source.pk:
        raise Invalid([FieldError("meeting", "same", _("The case is on this meeting already. Choose another."))])
    locked = {pk: lock_meeting(pk) for pk in sorted(filter(None, {source.pk, meeting_id}))}
    return locked[source.pk], locked.get(meeting_id) if meeting_id else None


def _move(
    item: AgendaItem, source: Meeting, target: Meeting | None, *, reason: str, note: str, by: User, now: datetime
) -> Rebooked:
    at_stake = sum(_invested(done) for done in item.preparations.filter(state=PreparationState.DONE))
    if item.status == ItemStatus.DISCUSSING:
        item.seconds_used += source.seconds_shown(now)
    leave_agenda(item, ItemStatus.REBOOKED, by=by, now=now)
    new_item = None
    if target:
        label = str(RebookingReason(reason).label)
        new_item = book_case(
            target.pk, item.case_id, by=by, now=now, level=item.level, minutes=item.minutes,
            override_reason=_("Rebooked: %(reason)s") % {"reason": label}, previous=item,
        )  # fmt: skip
    rebooking = Rebooking.objects.create(
        case=item.case, from_item=item, to_item=new_item, reason=reason, note=note,
        missing_requirement=_missing(item, reason),
        is_foreseeable=reason in MISSING_KIND,
        prep_minutes_carried=at_stake if new_item else 0,
        prep_minutes_lost=0 if new_item else at_stake,
        rebooked_by=by, rebooked_at=now,
    )  # fmt: skip
    if source.current_item_id == item.pk:
        touch(source, current_item=None, current_since=None)
    else:
        touch(source)
    case = item.case
    people = [person for person in (case.responsible_clinician, case.contact_nurse) if person]
    record(
        "item.rebooked", by=by, now=now, subject=item, case=case.pk, meeting=source.pk,
        unit=source.series.unit_id, data={"reason": reason, "to_meeting": target.pk if target else None}, to=people,
    )  # fmt: skip
    return Rebooked(rebooking, new_item)


def _invested(preparation: Preparation) -> int:
    """The minutes spent on a preparation and on the earlier readings that it carries over."""
    earlier = preparation.carried_over_from
    return (preparation.minutes or 0) + (_invested(earlier) if earlier else 0)


def _missing(item: AgendaItem, reason: str) -> str:
    """Return the requirement that the case lacks of the kind that the reason names, from the stored summary."""
    kind = MISSING_KIND.get(RebookingReason(reason))
    findings = item.case.readiness.get("findings", [])
    return next((f["requirement"] for f in findings if f["kind"] == kind), "") if kind else ""
