"""Registering referrals: one check of the input for form, API and file, and one service."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import Unit, User
from cases.access import with_parents
from cases.enums import OPEN_STATUSES, CaseStatus, ReferralSource
from cases.identity import Identity
from cases.models import Case, IdempotencyKey, Patient, Referral, swedish_sort_key
from cases.persons import Number
from cases.readiness.store import store_readiness
from cases.services.identities import hold_numbers
from cases.services.merging import patient_for, point_to_survivors, rename
from cases.services.placing import place_waiting
from cases.services.retriage import come_back
from checklists.models import Diagnosis
from checklists.registry import spec_of
from events.record import record


class CaseOpenAlready(Refused):
    """The patient has an open case for the same diagnosis and phase; `extra` says which."""

    code = "case-open-already"


class ReferenceTaken(Refused):
    """The reference belongs to a case of another patient in the same unit, or to one that another form made."""

    code = "reference-taken"


class OtherCase(Refused):
    """The referral is about another patient, diagnosis or phase than the case that it was to be added to."""

    code = "other-case"


@dataclass(frozen=True, slots=True)
class ReferralData:
    """A checked referral (see `cases.services.referral_input`): people, unit and diagnosis are found."""

    identity: Identity
    name: str
    diagnosis: Diagnosis
    phase: str
    clinical_question: str
    unit: Unit
    responsible_clinician: User
    suspected_on: date
    history: str = ""
    performance_status: int | None = None
    comorbidity: str = ""
    patient_wishes: str = ""
    contact_nurse: User | None = None
    promised_on: date | None = None
    external_reference: str = ""
    is_protected: bool = False
    circumstances: Mapping[str, str] | None = None


_CONTENT = ("clinical_question", "history", "performance_status", "comorbidity", "patient_wishes")


@transaction.atomic
def refer_case(
    data: ReferralData,
    *,
    by: User | None,
    now: datetime,
    source: ReferralSource,
    idempotency_key: str = "",
) -> tuple[Case, bool]:
    """Register a referral and return the case and whether it is new.

    The same idempotency key of the same person, or the same reference of the same unit, gives the case that
    exists. CaseOpenAlready, with the case's id and address, when the patient has an open case for the same
    diagnosis and phase. A number that was merged into another gives a case of the other's patient, and reports
    that came before the referral find their place in it. Leaves `case.referred`, which tells the responsible clinician, unless it came in a
    file: a file of sixty rows should not ring sixty times.
    """
    if by and idempotency_key:
        _hold_key(by, idempotency_key)
        if known := IdempotencyKey.objects.filter(user=by, key=idempotency_key).select_related("case").first():
            return known.case, False
    registered, patient = _patients(data, now)
    if case := _known_by_reference(data, patient):
        return case, False
    _refuse_if_open(patient, data)
    case = _new_case(patient, data, by, now, referred_as=None if registered == patient else registered)
    _keep_referral(case, data, by=by, now=now, source=source)
    if by and idempotency_key:
        IdempotencyKey.objects.create(user=by, key=idempotency_key, case=case, created_at=now)
    record(
        "case.referred", by=by, now=now, subject=case, case=case.pk, unit=data.unit.pk,
        to=[] if source == ReferralSource.IMPORT else [data.responsible_clinician], data={"source": source}, system="import",
    )  # fmt: skip
    if place_waiting(patient, now=now):
        case.refresh_from_db(fields=["readiness_state", "readiness", "readiness_changes_on"])
    return case, True


@transaction.atomic
def add_referral(case_id: int, data: ReferralData, *, by: User, now: datetime, source: ReferralSource) -> Case:
    """Add a further referral to the open case `case_id`: its wording becomes the case's, the old one is kept.

    With another question the case waits for triage again.

    OtherCase when it is about another patient, diagnosis or phase, or the case is not open any more. Leaves
    `case.referral_added`.
    """
    number = Number(data.identity.system, data.identity.value)
    root = hold_numbers(with_parents(data.unit)[-1].pk, [number]).root(number)
    case = Case.objects.select_for_update(of=("self",)).select_related("patient").get(pk=case_id)
    of_case = Number(case.patient.identity_system, case.patient.identity_value)
    is_same = of_case in (number, root) and (case.diagnosis_id, case.phase) == (data.diagnosis.pk, data.phase)
    if not is_same or not case.is_open:
        raise OtherCase(_("The referral is about another patient, diagnosis or phase than the open case."))
    if data.clinical_question not in ("", case.clinical_question):
        come_back(case)
    for name in _CONTENT:
        if (value := getattr(data, name)) not in ("", None):
            setattr(case, name, value)
    case.updated_at, case.updated_by, case.version = now, by, case.version + 1
    case.save()
    store_readiness(case, now)
    _keep_referral(case, data, by=by, now=now, source=source)
    record("case.referral_added", by=by, now=now, subject=case, case=case.pk, unit=case.unit_id,
           to=[case.responsible_clinician])  # fmt: skip
    place_waiting(case.patient, now=now)
    return case


def participating(units: Iterable[Unit]) -> set[Unit]:
    """Return the units and all above them: these take part in a case."""
    return {above for unit in units for above in with_parents(unit)}


def _hold_key(by: User, key: str) -> None:
    """Make a second call with the same key wait for the first: a lock on the person's row.

    One that leaves the key alone, so that a row which only points at the person need not wait.
    """
    User.objects.select_for_update(no_key=True).get(pk=by.pk)


def _patients(data: ReferralData, now: datetime) -> tuple[Patient, Patient]:
    """Return, locked, the patient of the number in the referral and the one whose number survives of it.

    They are the same unless the number was merged into another. What a record system has said that the patient
    is called goes before what was typed.
    """
    provider = with_parents(data.unit)[-1]
    person = hold_numbers(provider.pk, [Number(data.identity.system, data.identity.value)])
    registered, is_new = Patient.objects.get_or_create(
        provider=provider,
        identity_system=data.identity.system,
        identity_value=data.identity.value,
        defaults={
            "name": data.name,
            "sort_key": swedish_sort_key(data.name),
            "is_protected": data.is_protected,
            "created_at": now,
        },
    )
    registered = Patient.objects.select_for_update().get(pk=registered.pk)
    if data.is_protected and not registered.is_protected:
        registered.is_protected = True
        registered.save(update_fields=["is_protected"])
    patient = patient_for(registered, person, now)
    if is_new or patient != registered:
        point_to_survivors(provider.pk, person)
        rename(provider.pk, person)
        registered.refresh_from_db()
        patient = Patient.objects.select_for_update().get(pk=patient.pk)
    return registered, patient


def _known_by_reference(data: ReferralData, patient: Patient) -> Case | None:
    if not data.external_reference:
        return None
    # Two referrals with the same reference at once: the second waits here and finds the first.
    Unit.objects.select_for_update(no_key=True).get(pk=data.unit.pk)
    case = Case.objects.filter(unit=data.unit, external_reference=data.external_reference).first()
    if case and case.patient_id != patient.pk:
        raise ReferenceTaken(
            _("The reference belongs to a case of another patient. Check the reference and the number."),
            field="external_reference",
        )
    return case


def _refuse_if_open(patient: Patient, data: ReferralData) -> None:
    case = Case.objects.filter(
        patient=patient, diagnosis=data.diagnosis, phase=data.phase, status__in=OPEN_STATUSES
    ).first()
    if case:
        raise open_already(case, field="personal_identity_number")


def open_already(case: Case, *, field: str) -> CaseOpenAlready:
    """Return the refusal of a second open case, which says where the first one is."""
    return CaseOpenAlready(
        _("The patient already has an open case for this diagnosis and phase. Open it and add to it instead."),
        field=field,
        extra={"case": case.pk, "url": reverse("cases:case", args=[case.pk])},
    )


def _new_case(
    patient: Patient, data: ReferralData, by: User | None, now: datetime, *, referred_as: Patient | None
) -> Case:
    definition_id = data.diagnosis.current_id
    if definition_id is None:
        raise Refused(_("The diagnosis has no published definition."), code="no-definition", field="diagnosis")
    circumstances = dict(data.circumstances or {})
    suggestion = spec_of(definition_id).suggest_level(data.phase, circumstances)
    case = Case.objects.create(
        patient=patient,
        referred_as=referred_as,
        diagnosis=data.diagnosis,
        definition_id=definition_id,
        phase=data.phase,
        unit=data.unit,
        responsible_clinician=data.responsible_clinician,
        contact_nurse=data.contact_nurse,
        **{name: getattr(data, name) for name in _CONTENT},
        suspected_on=data.suspected_on,
        promised_on=data.promised_on,
        external_reference=data.external_reference,
        circumstances=circumstances,
        status=CaseStatus.REFERRED,
        status_changed_at=now,
        level=suggestion.level,
        level_suggested=suggestion.level,
        created_at=now,
        updated_at=now,
        updated_by=by,
    )
    case.units.set(participating([data.unit]))
    store_readiness(case, now)
    return case


def _keep_referral(
    case: Case, data: ReferralData, *, by: User | None, now: datetime, source: ReferralSource
) -> Referral:
    content: dict[str, Any] = {name: getattr(data, name) for name in _CONTENT}
    content |= {
        "responsible_clinician": data.responsible_clinician.email,
        "contact_nurse": data.contact_nurse.email if data.contact_nurse else "",
        "suspected_on": data.suspected_on.isoformat(),
        "promised_on": data.promised_on.isoformat() if data.promised_on else None,
        "external_reference": data.external_reference,
    }
    return Referral.objects.create(
        case=case, source=source, received_at=now, received_by=by, unit=data.unit, content=content
    )
