"""Reading cases: what a person may see, filtered and sorted as lists want it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects
from django.db.models.functions import Collate

from accounts.actor import Actor
from accounts.models import Unit, User
from accounts.permissions import Permission, Role
from accounts.queries import people_by_unit, people_in_role, people_with
from cases.enums import OPEN_STATUSES, CaseStatus, ReferralSource, ResultState
from cases.identity import Identity
from cases.models import Case, Clearance, Discordance, ImageViewer, Message, Patient, Referral, ReferralDraft, Result
from checklists.enums import Kind, Speciality

_TAKES_PART = Case.units.through
NOT_TRIAGED = "none"
"""The filter of a list for cases that wait for triage."""


def visible_cases(actor: Actor) -> QuerySet[Case]:
    """Return the cases that some unit of the actor takes part in and that a role there may view."""
    units = actor.units_for(Permission.VIEW_CASE)
    return Case.objects.filter(Exists(_TAKES_PART.objects.filter(case_id=OuterRef("pk"), unit_id__in=units)))


def case_list(
    actor: Actor,
    *,
    diagnosis: str = "",
    readiness: str = "",
    status: str = "",
    level: str = "",
    triage: str = "",
    text: str = "",
) -> QuerySet[Case]:
    """Return the visible cases that fit, longest since suspicion first, with what a row shows loaded.

    `status` is a status or `open` for all that are not over; `triage` an answer or `none` for what nobody has triaged;
    `text` is looked for in name, identity number (also one that was merged into it), question and reference.
    """
    cases = visible_cases(actor).select_related("patient", "diagnosis", "unit")
    if diagnosis:
        cases = cases.filter(diagnosis__slug=diagnosis)
    if readiness:
        cases = cases.filter(readiness_state=readiness)
    if status == "open":
        cases = cases.filter(status__in=OPEN_STATUSES)
    elif status:
        cases = cases.filter(status=status)
    if level:
        cases = cases.filter(level=level)
    if triage:
        cases = cases.filter(triage="" if triage == NOT_TRIAGED else triage)
    if text := text.strip():
        digits = text.replace("-", "")
        merged = Patient.objects.filter(merged_into__isnull=False, identity_value__startswith=digits)
        cases = cases.filter(
            Q(patient__name__icontains=text)
            | Q(patient__identity_value__startswith=digits)
            | Q(patient__in=merged.values("merged_into"))
            | Q(clinical_question__icontains=text)
            | Q(external_reference__iexact=text)
        )
    return cases.order_by("suspected_on", "pk")


def sorted_cases(cases: QuerySet[Case], sort: str) -> QuerySet[Case]:
    """Return the cases by `name` (Swedish order), `promised` date (none last), or longest since suspicion."""
    match sort:
        case "name":
            return cases.order_by(Collate("patient__sort_key", "C"), "pk")
        case "promised":
            return cases.order_by(F("promised_on").asc(nulls_last=True), "suspected_on", "pk")
        case _:
            return cases.order_by("suspected_on", "pk")


def own_cases(actor: Actor) -> QuerySet[Case]:
    """Return the cases before their conference of which the actor is responsible clinician or contact nurse."""
    mine = Q(responsible_clinician=actor.user) | Q(contact_nurse=actor.user)
    waiting = (CaseStatus.DRAFT, CaseStatus.REFERRED, CaseStatus.SCHEDULED)
    return visible_cases(actor).filter(mine, status__in=waiting).order_by("suspected_on", "pk")


def lately_closed(actor: Actor, since: date) -> QuerySet[Case]:
    """Return the actor's own cases that were discussed or closed on `since` or later, newest first."""
    mine = Q(responsible_clinician=actor.user) | Q(contact_nurse=actor.user)
    over = (CaseStatus.DISCUSSED, CaseStatus.CLOSED)
    return (
        visible_cases(actor)
        .filter(mine, status__in=over, status_changed_at__date__gte=since)
        .order_by("-status_changed_at", "-pk")
    )


def to_triage(actor: Actor, *, diagnosis: str = "", unit: int = 0, clinician: int = 0) -> QuerySet[Case]:
    """Return the referred cases that nobody has triaged, of the units where the actor may, longest since suspicion first."""
    units = actor.units_for(Permission.SET_LEVEL)
    takes_part = _TAKES_PART.objects.filter(case_id=OuterRef("pk"), unit_id__in=units)
    found = Case.objects.filter(Exists(takes_part), status=CaseStatus.REFERRED, triage="")
    if diagnosis:
        found = found.filter(diagnosis__slug=diagnosis)
    if unit:
        found = found.filter(unit=unit)
    if clinician:
        found = found.filter(responsible_clinician=clinician)
    return found.order_by("suspected_on", "pk")


def open_cases() -> QuerySet[Case]:
    """Return every case that is not over, of all units: for work by the clock, never for a page."""
    return Case.objects.filter(status__in=OPEN_STATUSES)


def cases_of_patient(actor: Actor, provider_id: int, numbers: Collection[Identity]) -> QuerySet[Case]:
    """Return the visible cases of the provider's patient with one of these numbers, latest first; none withdrawn."""
    wanted = [Q(patient__identity_system=one.system, patient__identity_value=one.value) for one in numbers]
    return _patients_cases(visible_cases(actor).filter(reduce(or_, wanted), patient__provider_id=provider_id))


def cases_of_patient_id(actor: Actor, patient_id: int) -> QuerySet[Case]:
    """Return the visible cases of the patient with this id, the latest first; none that were withdrawn."""
    return _patients_cases(visible_cases(actor).filter(patient_id=patient_id))


def _patients_cases(cases: QuerySet[Case]) -> QuerySet[Case]:
    return (
        cases.exclude(status=CaseStatus.WITHDRAWN)
        .select_related("patient", "diagnosis", "responsible_clinician", "contact_nurse")
        .order_by("-created_at", "-pk")
    )


def final_answers_of(cases: Collection[Case]) -> QuerySet[Result]:
    """Return the final radiology and pathology answers of these cases, the newest first, with their cases."""
    kinds = (Kind.RADIOLOGY, Kind.PATHOLOGY)
    return (
        Result.objects.filter(case__in=cases, kind__in=kinds, state=ResultState.FINAL)
        .select_related("case")
        .order_by("-performed_on", "-pk")
    )


def own_drafts(actor: Actor) -> QuerySet[ReferralDraft]:
    """Return the actor's own drafts of referrals, the latest first."""
    return ReferralDraft.objects.filter(written_by=actor.user)


def due_for_refresh(today: date) -> QuerySet[Case]:
    """Return the open cases whose readiness changes by time alone on or before `today`."""
    return open_cases().filter(readiness_changes_on__lte=today)


def clinicians_for(unit_ids: Collection[int], permission: Permission, on: date) -> QuerySet[User]:
    """Return the active people who hold `permission` on a day in one of the units, by name."""
    return people_with(permission, unit_ids, on)


def contact_nurses_for(unit_ids: Collection[int], on: date) -> QuerySet[User]:
    """Return the active contact nurses of the units on a day, by name."""
    return people_in_role(Role.CONTACT_NURSE, unit_ids, on)


def nurses_by_unit(unit_ids: Collection[int], on: date) -> Mapping[int, list[User]]:
    """Return the active contact nurses of each unit on a day; one query."""
    return people_by_unit(Role.CONTACT_NURSE, unit_ids, on)


def all_units() -> QuerySet[Unit]:
    """Return every unit with those above it, by name."""
    return Unit.objects.select_related("parent__parent__parent").order_by("name")


def imported_case(case_id: int, question: str) -> Case | None:
    """Return the case when a file brought this very question to it before, else None."""
    return Case.objects.filter(
        pk=case_id, referrals__source=ReferralSource.IMPORT, referrals__content__clinical_question=question
    ).first()


def case_details(case: Case) -> Case:
    """Load what the page of a case shows beside the case: answers, clearances, referrals and units."""
    prefetch_related_objects(
        [case],
        "units",
        Prefetch("results", Result.objects.select_related("created_by", "report")),
        Prefetch("clearances", Clearance.objects.select_related("granted_by")),
        Prefetch("referrals", Referral.objects.select_related("received_by", "unit")),
    )
    return case


def patient_of(case_id: int) -> int | None:
    """Return the patient of a case, for the search in the access log."""
    return Case.objects.filter(pk=case_id).values_list("patient_id", flat=True).first()


@dataclass(frozen=True, slots=True)
class Mark:
    """Answers (ids) that do not fit together: the sentence, who and when, and how it was settled, if it was."""

    id: int
    case_id: int
    sentence: str
    marked_by: str
    marked_by_email: str
    marked_at: datetime
    settled_sentence: str
    settled_by: str | None
    settled_by_email: str | None
    settled_at: datetime | None
    answers: tuple[int, ...]


def is_discordant(case: str = "pk") -> Exists:
    """Return the expression for lists: whether answers of the case that the column `case` names are marked, unsettled."""
    return Exists(Discordance.objects.filter(case_id=OuterRef(case), settled_at__isnull=True))


def is_marked(case_id: int) -> bool:
    """Say whether answers of the case are marked as discordant and nobody has settled it; one query."""
    return Discordance.objects.filter(case_id=case_id, settled_at__isnull=True).exists()


def marks_of(case_ids: Sequence[int], *, standing: bool = False) -> Mapping[int, list[Mark]]:
    """Return the marks of each case, oldest first; with `standing` those alone that are not settled. One query."""
    rows = Discordance.objects.filter(case_id__in=case_ids)
    if standing:
        rows = rows.filter(settled_at__isnull=True)
    found: defaultdict[int, list[Mark]] = defaultdict(list)
    named = ("id", "case_id", "sentence", "marked_by__name", "marked_by__email", "marked_at", "settled_sentence",
             "settled_by__name", "settled_by__email", "settled_at")  # fmt: skip
    answers = ArrayAgg("results__id", order_by="results__id", filter=Q(results__isnull=False), default=[])
    listed: Any = rows.annotate(answers=answers).order_by("marked_at", "pk").values_list(*named, "answers")
    for *plain, ids in listed:
        mark = Mark(*(*plain, tuple(ids)))
        found[mark.case_id].append(mark)
    return found


def thread_of(case: Case) -> list[Message]:
    """Return the thread of the case, newest last, with those who wrote; one query."""
    return list(case.messages.select_related("written_by"))


def speciality_of(person: User) -> str:
    """Return the person's speciality in words; nothing where none is noted."""
    return str(Speciality(person.speciality).label) if person.speciality in Speciality.values else ""


def viewers_of(unit_ids: Sequence[int]) -> dict[int, ImageViewer]:
    """Return the image viewers of the units by unit, with who set them; one query."""
    rows = ImageViewer.objects.filter(unit_id__in=unit_ids).select_related("set_by")
    return {row.unit_id: row for row in rows}


def patients_merged_with(patient_id: int) -> list[int]:
    """Return the ids of every patient whose number was merged with this one's, for the search in the access log."""
    survivor = Patient.objects.filter(pk=patient_id).values_list("merged_into_id", flat=True).first() or patient_id
    return list(Patient.objects.filter(Q(pk=survivor) | Q(merged_into=survivor)).values_list("pk", flat=True))
