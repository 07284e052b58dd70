"""Changing a case: its fields, its level, its end."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, Refused, Stale, sentence_errors
from accounts.models import User
from cases.enums import OPEN_STATUSES, CaseEnding
from cases.holding import PlaceMoved, give_up_place, hold_place
from cases.models import Case, Patient
from cases.panels import panel
from cases.readiness.store import store_readiness
from cases.services.merging import make_room
from cases.services.placing import hold_patient, place_waiting
from cases.services.referral import open_already
from cases.services.retriage import ASKED_ANEW, come_back, follow_level
from cases.transitions import lock_open_case, move_case
from checklists.enums import LevelCode
from checklists.registry import spec_of
from events.record import record

EDITABLE = (
    "clinical_question",
    "history",
    "performance_status",
    "comorbidity",
    "patient_wishes",
    "responsible_clinician",
    "contact_nurse",
    "suspected_on",
    "promised_on",
    "phase",
    "circumstances",
)


ATTEMPTS = 5
"""How often a case is ended anew when somebody else moves it at the same moment."""


class HasPlace(Refused):
    """Others move the case from place to place while it is to end."""

    code = "has-a-place"


@transaction.atomic
def edit_case(case_id: int, changes: Mapping[str, Any], *, version: int, by: User, now: datetime) -> Case:
    """Change fields of the case (names in `EDITABLE`, values checked). Who may: `edit_case`.

    Stale, naming who changed it and when, unless `version` is the present one: nothing is overwritten unseen.
    A new phase or circumstance suggests the level anew and a new phase takes back the attestation, since
    other answers are asked for; a new phase or question waits for triage again. Leaves `case.edited` with the names
    of the fields.
    """
    if "phase" in changes:
        hold_patient(case_id)
    case = lock_open_case(case_id)
    if version != case.version:
        raise stale_case(case)
    changed = [name for name in EDITABLE if name in changes and getattr(case, name) != changes[name]]
    if not changed:
        return case
    for name in changed:
        setattr(case, name, changes[name])
    if ASKED_ANEW & set(changed):
        come_back(case)
    if "phase" in changed:
        _refuse_second_open(case)
        case.attested_by = case.attested_at = None
    if {"phase", "circumstances"} & set(changed):
        _suggest_level(case)
    case.updated_at, case.updated_by, case.version = now, by, case.version + 1
    case.save()
    store_readiness(case, now)
    record("case.edited", by=by, now=now, subject=case, case=case.pk, unit=case.unit_id, data={"fields": changed})
    if "phase" in changed and place_waiting(case.patient, now=now):
        case.refresh_from_db(fields=["readiness_state", "readiness", "readiness_changes_on"])
    return case


@transaction.atomic
def set_level(case_id: int, level: str, *, reason: str, by: User, now: datetime) -> Case:
    """Set the level of the case, with a reason when it differs from the suggested one. Who may: `set_level`.

    A level that is attested asks for a new attestation when the one before was not: more is asked for now than what
    was attested then. Triage that chose another level follows. Invalid names the wrong field. Leaves `case.level_set`.
    """
    case = lock_open_case(case_id)
    errors = []
    if level not in LevelCode.values:
        known = ", ".join(LevelCode.values)
        errors.append(FieldError("level", "unknown", _("Use one of: %(known)s.") % {"known": known}))
    elif level != case.level_suggested and not reason.strip():
        errors.append(FieldError("reason", "required", _("Say why the level differs from the suggested one.")))
    errors += sentence_errors("reason", reason, 500, is_required=False)
    if errors:
        raise Invalid(errors)
    if (case.level, case.level_reason, case.level_set_by_id) == (level, reason.strip(), by.pk):
        return case
    _take_up(case, level)
    case.level_reason, case.level_set_by, case.level_set_at = reason.strip(), by, now
    follow_level(case, by=by, now=now)
    case.updated_at, case.updated_by, case.version = now, by, case.version + 1
    case.save()
    store_readiness(case, now)
    record("case.level_set", by=by, now=now, subject=case, case=case.pk, unit=case.unit_id, data={"level": level})
    return case


def withdraw_case(case_id: int, *, reason: str, by: User, now: datetime, ending: str = CaseEnding.WITHDRAWN) -> Case:
    """End an open case that no conference will take up, with its coded ending and a reason. Who may: `edit_case`.

    A place on an agenda is given up in the same transaction: an ending, never a rebooking. Where the case stood in the
    way of another open case of the patient, that one takes its place and the reports that waited. Invalid names the
    wrong field; HasPlace when others kept moving it meanwhile. Leaves `case.withdrawn` with the ending.
    """
    errors = sentence_errors("reason", reason, 200)
    if ending not in CaseEnding.values:
        known = ", ".join(CaseEnding.values)
        errors.append(FieldError("ending", "unknown", _("Use one of: %(known)s.") % {"known": known}))
    if errors:
        raise Invalid(errors)
    for _attempt in range(ATTEMPTS):
        try:
            return _end(case_id, reason=reason.strip(), ending=ending, by=by, now=now)
        except PlaceMoved:
            continue
    raise HasPlace(_("The case is being moved by somebody else. Try again in a moment."))


@transaction.atomic
def _end(case_id: int, *, reason: str, ending: str, by: User, now: datetime) -> Case:
    """End the case, with meeting, place, patient and case locked in that order; PlaceMoved undoes all of it."""
    place = hold_place(case_id)

    def explain(case: Case) -> None:
        # With the case locked, so that nobody books it meanwhile.
        if panel("next_meeting", [case_id]).get(case_id):
            raise PlaceMoved
        case.withdrawn_reason, case.ending = reason, ending

    hold_patient(case_id)
    if place is not None:
        give_up_place(place, ending=ending, by=by, now=now)
    case = move_case(case_id, "withdraw", by=by, now=now, change=explain, data={"ending": ending})
    make_room(case.patient, now=now)
    return case


def stale_case(case: Case) -> Stale:
    """Return the refusal of a stale form: who changed the case, and when."""
    who = case.updated_by.name if case.updated_by else _("the system")
    at = timezone.localtime(case.updated_at).strftime("%Y-%m-%d %H:%M")
    return Stale(
        _("%(who)s changed the case %(at)s. Load it again and make your change on top of that.")
        % {"who": who, "at": at},
        field="version",
        extra={"version": case.version, "changed_by": who},
    )


def _suggest_level(case: Case) -> None:
    """Suggest the level anew; a level that nobody has set follows the suggestion."""
    suggestion = spec_of(case.definition_id).suggest_level(case.phase, case.circumstances)
    case.level_suggested = suggestion.level
    if case.level_set_at is None:
        _take_up(case, suggestion.level)


def _take_up(case: Case, level: str) -> None:
    """Give the case the level; one that is attested takes back an attestation that was given at one that is not."""
    spec = spec_of(case.definition_id)
    if spec.level(level).needs_attestation and not spec.level(case.level).needs_attestation:
        case.attested_by = case.attested_at = None
    case.level = level


def _refuse_second_open(case: Case) -> None:
    """Refuse a phase in which the patient has another open case; the patient is locked, as for a new referral."""
    Patient.objects.select_for_update().get(pk=case.patient_id)
    other = Case.objects.filter(
        patient_id=case.patient_id, diagnosis_id=case.diagnosis_id, phase=case.phase, status__in=OPEN_STATUSES
    ).exclude(pk=case.pk)
    if found := other.first():
        raise open_already(found, field="phase")
