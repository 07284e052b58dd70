"""What record systems say of patients: their names (ADT^A08, A40), and that two numbers are one person's (A40).

A case belongs to the patient whose number survives of the one that it was referred under: whether the merge came
before the case or after it, and in whatever order several merges came. Nothing is deleted: the patient of the old
number stays, points at the one that survives, and the log of readings finds both.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import Unit
from accounts.permissions import Permission
from accounts.queries import people_with
from cases.enums import ReportState
from cases.matching import Why
from cases.models import Case, IdentityLink, InboundMessage, Patient, Report, ReportedName, swedish_sort_key
from cases.persons import Number, numbers_of, oldest, ring_of
from cases.reports import PatientMerge, PatientUpdate
from cases.services.failing import fail_message
from cases.services.identities import Person, hold_numbers, patients_of, person_of
from cases.services.placing import place_waiting
from cases.services.settling import Cause, decide_again
from events.models import Event
from events.record import record


class MergeUnclear(Refused):
    """A merge that does not say whose numbers it is about."""

    code = "merge-unclear"


@transaction.atomic
def update_patient(update: PatientUpdate, *, provider: Unit, now: datetime) -> None:
    """Note what the patient is called, and rename the one that is known here; an older saying changes nothing.

    A name of somebody who is not known here yet is kept for the referral that comes later.
    """
    numbers = numbers_of(update.identities)
    if not numbers or not update.name.strip():
        return
    person = hold_numbers(provider.pk, numbers)
    if _note_name(provider.pk, numbers[0], update.name, update.as_of):
        rename(provider.pk, person)


@transaction.atomic
def merge_patients(merge: PatientMerge, *, provider: Unit, message: InboundMessage, now: datetime) -> None:
    """Let what is and what comes under the old numbers belong to the surviving one.

    Of two merges of the same old number the one that was said last counts. Merges that contradict each other in
    a ring: the oldest is left out, its message fails and waits for a person. Cases move (`patient.merged`, one a
    case), waiting and placed reports are decided about again. Where both patients have an open case for the same
    diagnosis and phase both stay open, and the coordinators are told (`patient.merge_clash`). MergeUnclear when a
    number has no known system.
    """
    old, new = numbers_of(merge.old), numbers_of(merge.surviving)
    if not old or not new:
        raise MergeUnclear(_("The merge names no number of a known system, so nobody can tell whose it is."))
    survivor = new[0]
    before = hold_numbers(provider.pk, {*old, *new})
    for number in old:
        if number != survivor:
            _link(provider, number, survivor, merge.as_of, message)
    if merge.name.strip():
        _note_name(provider.pk, survivor, merge.name, merge.as_of)
    touched = before.numbers | {*old, *new}
    person = person_of(provider.pk, touched)
    gather(provider.pk, person, now=now)
    rename(provider.pk, person)
    theirs = Report.objects.filter(provider=provider, numbers__overlap=person.written)
    decide_again(theirs.exclude(state=ReportState.SET_ASIDE).exclude(rule=Why.HAND), now, cause=Cause.MERGE)
    _report_rings(person, provider, now)


def gather(provider_id: int, person: Person, *, now: datetime) -> None:
    """Move each case to the patient whose number survives of the one that it was referred under.

    The caller holds the numbers (`hold_numbers`). Where that gives the patient several open cases for the same
    diagnosis and phase the coordinators are told: they alone can say which of them to go on with.
    """
    values = {number.value for number in person.numbers}
    theirs = Q(patient__identity_value__in=values) | Q(referred_as__identity_value__in=values)
    cases = [
        case
        for case in Case.objects.select_for_update(of=("self",))
        .select_related("patient", "referred_as", "responsible_clinician")
        .filter(theirs, patient__provider_id=provider_id)
        .order_by("pk")
        if _referred_under(case) in person.numbers
    ]
    holders = _holders(cases, person)
    for case in cases:
        registered = case.referred_as or case.patient
        target = person.root(_referred_under(case))
        _move(case, registered if target == _referred_under(case) else _known(registered, target, now), now)
        if case.is_open and (holder := holders[_key(case, person)]) != case:
            _tell_of_clash(case, holder, now)
    point_to_survivors(provider_id, person)


def make_room(patient: Patient, *, now: datetime) -> None:
    """Let the patient's other cases and waiting reports have what a case that is over has left."""
    person = hold_numbers(patient.provider_id, [Number(patient.identity_system, patient.identity_value)])
    if person.links:
        gather(patient.provider_id, person, now=now)
    place_waiting(patient, now=now)


def patient_for(registered: Patient, person: Person, now: datetime) -> Patient:
    """Return the patient that a referral under the number of `registered` belongs to: itself, or the survivor's."""
    number = Number(registered.identity_system, registered.identity_value)
    target = person.root(number)
    return registered if target == number else _known(registered, target, now)


def rename(provider_id: int, person: Person) -> None:
    """Give the patients of the numbers the name that was said last of any number of theirs; two queries or more."""
    patients = patients_of(provider_id, person.numbers)
    if not patients:
        return
    values = {number.value for number in person.numbers}
    rows = ReportedName.objects.filter(provider_id=provider_id, value__in=values)
    said = [row for row in rows if Number(row.system, row.value) in person.numbers]
    protected = {person.root(number) for number, row in patients.items() if row.is_protected}
    for number, patient in patients.items():
        root = person.root(number)
        names = [row for row in said if person.root(Number(row.system, row.value)) == root]
        newest = max(names, key=lambda row: (row.as_of, row.name), default=None)
        _rename(patient, newest, is_protected=root in protected)


def _rename(patient: Patient, newest: ReportedName | None, *, is_protected: bool) -> None:
    changed = patient.is_protected != is_protected
    patient.is_protected = is_protected
    if newest is not None and (patient.name, patient.named_as_of) != (newest.name, newest.as_of):
        patient.name, patient.named_as_of, changed = newest.name, newest.as_of, True
        patient.sort_key = swedish_sort_key(patient.name)
    if changed:
        patient.save(update_fields=["name", "sort_key", "named_as_of", "is_protected"])


def _note_name(provider_id: int, number: Number, name: str, as_of: datetime) -> bool:
    """Keep the name of a number, unless a newer one is known; return whether it was kept."""
    name = name.strip()[:120]
    row, is_new = ReportedName.objects.select_for_update().get_or_create(
        provider_id=provider_id, system=number.system, value=number.value, defaults={"name": name, "as_of": as_of}
    )
    if is_new:
        return True
    if (as_of, name) <= (row.as_of, row.name):
        return False
    row.name, row.as_of = name, as_of
    row.save(update_fields=["name", "as_of"])
    return True


def _link(provider: Unit, old: Number, new: Number, as_of: datetime, message: InboundMessage) -> None:
    values = {"system": new.system, "value": new.value, "as_of": as_of, "message": message}
    link, is_new = IdentityLink.objects.select_for_update().get_or_create(
        provider=provider, old_system=old.system, old_value=old.value, defaults=values
    )
    if not is_new and (as_of, new) > (link.as_of, Number(link.system, link.value)):
        for name, value in values.items():
            setattr(link, name, value)
        link.save()


def _known(like: Patient, number: Number, now: datetime) -> Patient:
    """Return the patient of `number`, new when nobody was known under it: named and protected like `like`."""
    patient, _is_new = Patient.objects.get_or_create(
        provider_id=like.provider_id,
        identity_system=number.system,
        identity_value=number.value,
        defaults={
            "name": like.name, "sort_key": like.sort_key, "is_protected": like.is_protected,
            "named_as_of": like.named_as_of, "created_at": now,
        },
    )  # fmt: skip
    return patient


def _referred_under(case: Case) -> Number:
    registered = case.referred_as or case.patient
    return Number(registered.identity_system, registered.identity_value)


def _key(case: Case, person: Person) -> tuple[Number, int, str]:
    """Return what one open case should have alone: the surviving number, diagnosis and phase."""
    return person.root(_referred_under(case)), case.diagnosis_id, case.phase


def _holders(cases: Sequence[Case], person: Person) -> dict[tuple[Number, int, str], Case]:
    """Return the open case that the others of each key are told beside; the same one in whatever order merges came."""
    holders: dict[tuple[Number, int, str], Case] = {}
    for case in sorted(cases, key=lambda one: (_referred_under(one) != _key(one, person)[0], one.pk)):
        if case.is_open:
            holders.setdefault(_key(case, person), case)
    return holders


def _move(case: Case, target: Patient, now: datetime) -> None:
    if case.patient_id == target.pk:
        return
    registered, came_from = case.referred_as or case.patient, case.patient
    case.patient = target
    case.referred_as = None if registered == target else registered
    case.save(update_fields=["patient", "referred_as"])
    Report.objects.filter(result__case=case).update(patient=target)
    record(
        "patient.merged", by=None, now=now, subject=came_from, case=case.pk, unit=case.unit_id, system="hl7v2",
        to=[case.responsible_clinician], data={"old": came_from.pk, "new": target.pk},
    )  # fmt: skip


def _tell_of_clash(case: Case, other: Case, now: datetime) -> None:
    """Put the two cases before their coordinators, once: they alone can tell which of them to go on with."""
    if Event.objects.filter(kind="patient.merge_clash", case_id=case.pk, data__other=other.pk).exists():
        return
    for one, two in ((case, other), (other, case)):
        units = one.units.values_list("pk", flat=True)
        record(
            "patient.merge_clash", by=None, now=now, subject=one, case=one.pk, unit=one.unit_id, system="hl7v2",
            to=people_with(Permission.PLACE_REPORTS, units, timezone.localdate(now)), data={"other": two.pk},
        )  # fmt: skip


def point_to_survivors(provider_id: int, person: Person) -> None:
    """Let the patient of each merged number point at the one of the surviving number."""
    patients = patients_of(provider_id, person.numbers)
    for number, patient in patients.items():
        survivor = patients.get(person.root(number))
        into = survivor.pk if survivor is not None and survivor != patient else None
        if patient.merged_into_id != into:
            patient.merged_into_id = into
            patient.save(update_fields=["merged_into"])


def _report_rings(person: Person, provider: Unit, now: datetime) -> None:
    """Fail the message of the oldest link of a ring: it contradicts the newer ones, and a person has to look."""
    left_out = {oldest(ring).old for number in person.numbers if (ring := ring_of(person.links, number))}
    for number in sorted(left_out):
        link = IdentityLink.objects.get(provider=provider, old_system=number.system, old_value=number.value)
        fault = _("The merge contradicts newer ones: each number is said to have been merged into the other.")
        fail_message(link.message_id, fault=fault, now=now)
