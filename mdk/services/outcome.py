"""Recommendations, attendance and the signature that locks them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, NotAllowed, Refused, Stale
from accounts.models import User
from cases.queries import is_marked
from cases.transitions import move_case
from checklists.enums import Intent, Speciality
from checklists.registry import spec_of
from events.record import record
from mdk.enums import FIRM_ITEMS, ItemStatus, MeetingStatus
from mdk.models import Addendum, AgendaItem, Attendance, Meeting, Outcome
from mdk.transitions import lock_meeting, move_meeting, touch

WRITABLE = (
    "recommendation",
    "intent",
    "ctnm",
    "ptnm",
    "checklist",
    "fields",
    "study",
    "next_step",
    "responsible",
    "due_on",
    "is_discordant",
    "deviation_reason",
)


class OutcomeRefused(Refused):
    """The outcome cannot be written now: the meeting is not under way, or it is signed."""

    code = "outcome-locked"


@transaction.atomic
def save_outcome(item_id: int, values: Mapping[str, Any], *, version: int, by: User, now: datetime) -> Outcome:
    """Write the outcome of an item, from the start of its meeting until it is signed. Who may: `record_outcome`.

    `values` has names of `WRITABLE`; what is left out stays. `version` is the one the writer saw (0 for none):
    Stale names who wrote meanwhile. Invalid names the wrong fields. A first outcome that says nothing of it is
    discordant when an unsettled mark stands on the case. Leaves `outcome.saved`.
    """
    meeting = lock_meeting(AgendaItem.objects.values_list("meeting_id", flat=True).get(pk=item_id))
    item = AgendaItem.objects.select_for_update(of=("self",)).select_related("case").get(pk=item_id)
    if meeting.status not in (MeetingStatus.LIVE, MeetingStatus.CLOSED) or item.status not in FIRM_ITEMS:
        raise OutcomeRefused(
            _("A recommendation is written while the meeting is under way, and until it is signed."),
            extra={"meeting_status": meeting.status},
        )
    outcome = Outcome.objects.select_related("recorded_by").filter(item=item).first()
    present = outcome.version if outcome else 0
    if version != present:
        raise _stale(outcome)
    _check(item, values)
    if outcome is None:
        outcome = Outcome(item=item, version=0, is_discordant=is_marked(item.case_id))
    for name in WRITABLE:
        if name in values:
            setattr(outcome, name, values[name])
    outcome.recorded_by, outcome.recorded_at = by, now
    outcome.version += 1
    outcome.save()
    touch(meeting)
    record(
        "outcome.saved", by=by, now=now, subject=outcome, case=item.case_id, meeting=meeting.pk,
        unit=meeting.series.unit_id, data={"version": outcome.version},
    )  # fmt: skip
    return outcome


@transaction.atomic
def add_addendum(item_id: int, text: str, *, by: User, now: datetime) -> Addendum:
    """Add to a signed outcome; the outcome itself stays as it was. Who may: `record_outcome`.

    The same words of the same person again give the addendum that is there. Leaves `outcome.addendum`.
    """
    if not text.strip():
        raise Invalid([FieldError("text", "required", _("Write the addendum."))])
    item = AgendaItem.objects.select_related("meeting", "case__responsible_clinician").get(pk=item_id)
    outcome = Outcome.objects.select_for_update().filter(item=item, signed_at__isnull=False).first()
    if outcome is None:
        raise OutcomeRefused(_("The outcome is not signed yet; change it instead."), code="not-signed")
    if known := outcome.addenda.filter(text=text.strip(), added_by=by).first():
        return known
    addendum = Addendum.objects.create(outcome=outcome, text=text.strip(), added_by=by, added_at=now)
    record(
        "outcome.addendum", by=by, now=now, subject=outcome, case=item.case_id, meeting=item.meeting_id,
        to=[item.case.responsible_clinician],
    )  # fmt: skip
    return addendum


@dataclass(frozen=True, slots=True)
class Participant:
    """One line of the attendance: a user, or a guest by name, and the function they fill."""

    speciality: str
    user: User | None = None
    name: str = ""
    is_present: bool = True
    is_remote: bool = False


@transaction.atomic
def record_attendance(meeting_id: int, participants: Sequence[Participant], *, by: User, now: datetime) -> Meeting:
    """Replace the attendance of a meeting that is not signed. Who may: `run_meeting`. Leaves `meeting.attendance`."""
    meeting = lock_meeting(meeting_id)
    if meeting.status in (MeetingStatus.SIGNED, MeetingStatus.CANCELLED):
        status = meeting.get_status_display().lower()
        raise OutcomeRefused(_("The meeting is %(status)s; the attendance stays as it is.") % {"status": status})
    errors = [
        FieldError(f"{place}.speciality", "unknown", _("There is no function “%(code)s”.") % {"code": p.speciality})
        for place, p in enumerate(participants)
        if p.speciality not in Speciality.values
    ]
    errors += [
        FieldError(f"{place}.name", "required", _("Name the participant, or choose a user."))
        for place, p in enumerate(participants)
        if p.user is None and not p.name.strip()
    ]
    if errors:
        raise Invalid(errors)
    meeting.attendances.all().delete()
    lines = {(p.user.pk if p.user else p.name.strip(), p.speciality): p for p in participants}
    Attendance.objects.bulk_create(
        Attendance(
            meeting=meeting, user=p.user, name="" if p.user else p.name.strip(), speciality=p.speciality,
            is_present=p.is_present, is_remote=p.is_remote, recorded_at=now,
        )
        for p in lines.values()
    )  # fmt: skip
    touch(meeting)
    record("meeting.attendance", by=by, now=now, subject=meeting, meeting=meeting.pk, unit=meeting.series.unit_id)
    return meeting


def sign_meeting(meeting_id: int, *, by: User, now: datetime) -> Meeting:
    """Sign the protocol: outcomes are locked and their cases closed. Only the meeting's chair may.

    Leaves `meeting.signed` and, for each case, `outcome.signed`, which tells its clinician and contact nurse.
    """

    def guard(meeting: Meeting) -> None:
        if meeting.chair_id != by.pk:
            chair = meeting.chair.name if meeting.chair else ""
            raise NotAllowed(_("Only the chair, %(name)s, signs the protocol.") % {"name": chair}, code="not-the-chair")

    def lock(meeting: Meeting) -> None:
        outcomes = Outcome.objects.filter(item__meeting=meeting, item__status=ItemStatus.DONE)
        for outcome in outcomes.select_related("item__case__responsible_clinician", "item__case__contact_nurse"):
            outcome.signed_by, outcome.signed_at = by, now
            outcome.save(update_fields=["signed_by", "signed_at"])
            case = outcome.item.case
            move_case(case.pk, "close", by=by, now=now, meeting=meeting.pk)
            people = [person for person in (case.responsible_clinician, case.contact_nurse) if person]
            record("outcome.signed", by=by, now=now, subject=outcome, case=case.pk, meeting=meeting.pk,
                   unit=meeting.series.unit_id, to=people)  # fmt: skip

    return move_meeting(meeting_id, "sign", by=by, now=now, guard=guard, effect=lock)


@transaction.atomic
def choose_chair(meeting_id: int, chair: User, *, by: User, now: datetime) -> Meeting:
    """Name the chair of a meeting that has not ended. Who may: `plan_meeting` or `run_meeting`."""
    meeting = lock_meeting(meeting_id)
    if meeting.status not in (MeetingStatus.PLANNED, MeetingStatus.PUBLISHED, MeetingStatus.LIVE):
        raise OutcomeRefused(_("The meeting has ended; its chair stays."), code="meeting-status")
    if meeting.chair_id != chair.pk:
        touch(meeting, chair=chair)
        record("meeting.chair", by=by, now=now, subject=meeting, meeting=meeting.pk,
               unit=meeting.series.unit_id, to=[chair])  # fmt: skip
    return meeting


def _check(item: AgendaItem, values: Mapping[str, Any]) -> None:
    errors = []
    if values.get("intent") and values["intent"] not in Intent.values:
        known = ", ".join(Intent.values)
        errors.append(FieldError("intent", "unknown", _("Use one of: %(known)s.") % {"known": known}))
    spec = spec_of(item.case.definition_id)
    own_keys = {declared.key for declared in spec.extra_outcome_fields}
    if unknown := set(values.get("fields") or {}) - own_keys:
        errors.append(
            FieldError("fields", "unknown", _("The diagnosis has no such outcome field: %(keys)s.") % {"keys": ", ".join(sorted(unknown))})
        )  # fmt: skip
    known_keys = {entry.key for entries in spec.checklists.values() for entry in entries}
    if unknown := set(values.get("checklist") or {}) - known_keys:
        errors.append(
            FieldError("checklist", "unknown", _("The checklist has no such entry: %(keys)s.") % {"keys": ", ".join(sorted(unknown))})
        )  # fmt: skip
    if errors:
        raise Invalid(errors)


def _stale(outcome: Outcome | None) -> Stale:
    if outcome is None:
        return Stale(_("There is no outcome yet. Begin with version 0."), field="version", extra={"version": 0})
    at = timezone.localtime(outcome.recorded_at).strftime("%H:%M")
    return Stale(
        _("%(who)s wrote in the outcome at %(at)s. Load it again and add to that.")
        % {"who": outcome.recorded_by.name, "at": at},
        field="version",
        extra={"version": outcome.version, "changed_by": outcome.recorded_by.name},
    )
