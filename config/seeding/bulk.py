"""Cases in bulk: the rows that the services would leave, some thousands in each statement.

What the services guarantee holds here too: the stored readiness is what the pure function says, a patient has
one open case for a diagnosis and phase, who and when stand together, every case has its events. A test carries
out the same plans both ways and compares.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from cases.enums import OPEN_STATUSES, CaseStatus, ReferralSource, ResultSource
from cases.models import Case, Patient, Referral, Result, swedish_sort_key
from cases.readiness.assess import assess
from cases.readiness.facts import Facts, Readiness
from cases.readiness.store import answer_of
from cases.services.results import note_days
from checklists.models import Diagnosis
from checklists.spec import DefinitionSpec
from config.seeding.cases import attested_at, author_of, ordered_at, referred_at, registered_at, result_of
from config.seeding.past import PastMeetings
from config.seeding.people import Staff
from config.seeding.plans import CasePlan
from events.models import Event
from mdk.models import Series

BATCH = 2_000
_CONTENT = ("history", "performance_status", "comorbidity", "patient_wishes")


@dataclass(slots=True)
class Written:
    """One case of a batch with its plan, and the day that the plan's days count back from."""

    plan: CasePlan
    case: Case
    base: date


class Bulk:
    """Writes plans as rows, batch by batch, each batch in a transaction of its own."""

    def __init__(
        self,
        *,
        staff: Staff,
        diagnoses: Mapping[str, Diagnosis],
        specs: Mapping[str, DefinitionSpec],
        series: Mapping[str, Series],
        today: date,
    ) -> None:
        self.staff, self.diagnoses, self.specs, self.today = staff, diagnoses, specs, today
        self.definitions = {slug: row.current_id for slug, row in diagnoses.items() if row.current_id is not None}
        self.past = PastMeetings(staff=staff, series=series, specs=specs, today=today)

    def write(self, plans: Iterable[CasePlan]) -> tuple[int, list[Case]]:
        """Write the plans; return how many cases are new, and those that want a place on a coming meeting."""
        made, to_book = 0, []
        waiting = iter(plans)
        while batch := list(islice(waiting, BATCH)):
            with transaction.atomic():
                written = self._batch(batch)
            made += len(written)
            to_book += [row.case for row in written if row.plan.stage == "meeting"]
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # or what reads so many rows next would be planned as for none
        return made, to_book

    def _batch(self, plans: list[CasePlan]) -> list[Written]:
        plans = self._unknown(plans)
        patients = self._patients(plans)
        rows = [
            Written(plan, self._case(plan, patients[plan.identity.value]), self._base(plan))
            for plan in self._not_open(plans, patients)
        ]
        Case.objects.bulk_create(row.case for row in rows)
        through = Case.units.through
        through.objects.bulk_create(
            through(case_id=row.case.pk, unit_id=unit)
            for row in rows
            for unit in (row.case.unit_id, self.staff.hospital.pk)
        )
        Referral.objects.bulk_create(self._referral(row) for row in rows)
        results = []
        for row in rows:
            for result in self._results(row.plan, row.base):
                result.case = row.case
                results.append(result)
        Result.objects.bulk_create(results)
        Event.objects.bulk_create(event for row in rows for event in self._events(row))
        Event.objects.bulk_create(event for result in results for event in self._result_events(result))
        self.past.write([row.case for row in rows if row.plan.stage == "closed"], [r.plan for r in rows])
        return rows

    def _base(self, plan: CasePlan) -> date:
        return self.today - timedelta(days=plan.ended_days_ago + 5) if plan.stage == "closed" else self.today

    def _unknown(self, plans: list[CasePlan]) -> list[CasePlan]:
        """Leave out what an earlier run has made."""
        references = [plan.reference for plan in plans]
        known = Case.objects.filter(external_reference__in=references).values_list("external_reference", flat=True)
        known_references = set(known)
        return [plan for plan in plans if plan.reference not in known_references]

    def _patients(self, plans: list[CasePlan]) -> dict[str, Patient]:
        values = [plan.identity.value for plan in plans]
        found = Patient.objects.filter(provider=self.staff.hospital, identity_value__in=values)
        patients = {patient.identity_value: patient for patient in found}
        new = [
            Patient(
                provider=self.staff.hospital,
                identity_system=plan.identity.system,
                identity_value=plan.identity.value,
                name=plan.name,
                sort_key=swedish_sort_key(plan.name),
                created_at=referred_at(plan, self._base(plan)),
            )
            for plan in plans
            if plan.identity.value not in patients
        ]
        return patients | {patient.identity_value: patient for patient in Patient.objects.bulk_create(new)}

    def _not_open(self, plans: list[CasePlan], patients: Mapping[str, Patient]) -> Iterator[CasePlan]:
        """Leave out a case that the patient has open already."""
        ids = [patient.pk for patient in patients.values()]
        known = Case.objects.filter(patient__in=ids, status__in=OPEN_STATUSES)
        taken = set(known.values_list("patient_id", "diagnosis_id", "phase"))
        for plan in plans:
            key = (patients[plan.identity.value].pk, self.diagnoses[plan.pathway.slug].pk, plan.phase)
            if plan.stage == "closed" or key not in taken:
                yield plan

    def _case(self, plan: CasePlan, patient: Patient) -> Case:
        base, people = self._base(plan), self.staff
        came = referred_at(plan, base)
        is_set = bool(plan.level_reason)
        readiness = self._readiness(plan, base)
        return Case(
            patient=patient,
            diagnosis=self.diagnoses[plan.pathway.slug],
            definition_id=self.definitions[plan.pathway.slug],
            phase=plan.phase,
            unit=people.clinics[plan.pathway.unit],
            responsible_clinician=people["lakare1"],
            contact_nurse=people["kssk1"] if plan.has_contact_nurse else None,
            clinical_question=plan.question,
            **{name: getattr(plan, name) for name in _CONTENT},
            suspected_on=base - timedelta(days=plan.suspected_days_ago),
            promised_on=base + timedelta(days=plan.promised_in) if plan.promised_in is not None else None,
            external_reference=plan.reference,
            status=CaseStatus.CLOSED if plan.stage == "closed" else CaseStatus.REFERRED,
            status_changed_at=came,
            level=plan.level,
            level_suggested=self.specs[plan.pathway.slug].suggest_level(plan.phase, {}).level,
            level_reason=plan.level_reason,
            level_set_by=people["koordinator"] if is_set else None,
            level_set_at=came + timedelta(hours=2) if is_set else None,
            attested_by=people["lakare1"] if plan.is_attested else None,
            attested_at=attested_at(base) if plan.is_attested else None,
            readiness_state=readiness.state,
            readiness=readiness.summary(),
            readiness_changes_on=readiness.changes_on,
            created_at=came,
            updated_at=came + timedelta(hours=2) if is_set else came,
            updated_by=people["koordinator"],
            version=2 if is_set else 1,
        )

    def _readiness(self, plan: CasePlan, base: date) -> Readiness:
        fields = {name for name in ("comorbidity", "patient_wishes") if getattr(plan, name)} | {"clinical_question"}
        if plan.performance_status is not None:
            fields.add("performance_status")
        if plan.has_contact_nurse:
            fields.add("contact_nurse")
        answers = tuple(answer_of(result) for result in self._results(plan, base))
        return assess(
            Facts(
                spec=self.specs[plan.pathway.slug],
                phase=plan.phase,
                level=plan.level,
                today=base,
                answers=answers,
                fields=frozenset(fields),
                is_attested=plan.is_attested,
            )
        )

    def _referral(self, row: Written) -> Referral:
        case = row.case
        content: dict[str, Any] = {name: getattr(case, name) for name in ("clinical_question", *_CONTENT)} | {
            "responsible_clinician": self.staff["lakare1"].email,
            "contact_nurse": self.staff["kssk1"].email if row.plan.has_contact_nurse else "",
            "suspected_on": case.suspected_on.isoformat(),
            "promised_on": case.promised_on.isoformat() if case.promised_on else None,
            "external_reference": case.external_reference,
        }
        return Referral(
            case=case,
            source=ReferralSource.FORM,
            received_at=case.created_at,
            received_by=self.staff["koordinator"],
            unit_id=case.unit_id,
            content=content,
        )

    def _results(self, plan: CasePlan, base: date) -> Iterator[Result]:
        for answer in plan.answers:
            data, when = result_of(answer, plan, base), registered_at(answer, base)
            ordered = ordered_at(answer, plan, base)
            result = Result(
                kind=data.kind,
                requirement=data.requirement,
                state=data.state,
                performed_on=data.performed_on,
                expected_on=data.expected_on,
                text=data.text,
                accession_number=data.accession_number,
                is_external=data.is_external,
                source=ResultSource.MANUAL,
                created_at=ordered or when,
                created_by=author_of(answer, self.staff),
                ordered_on=timezone.localdate(ordered) if ordered else None,
                updated_at=when,
            )
            note_days(result, data, timezone.localdate(when))
            yield result

    def _events(self, row: Written) -> Iterator[Event]:
        case, koordinator = row.case, self.staff["koordinator"].pk
        yield _event("case.referred", case, case.created_at, koordinator, source=ReferralSource.FORM.value)
        if case.level_set_at:
            yield _event("case.level_set", case, case.level_set_at, koordinator, level=case.level)
        if case.attested_at:
            yield _event("case.attested", case, case.attested_at, self.staff["lakare1"].pk)

    def _result_events(self, result: Result) -> Iterator[Event]:
        moments = [("result.registered", result.created_at)]
        if result.updated_at > result.created_at:
            moments.append(("result.changed", result.updated_at))
        for what, when in moments:
            event = _event(what, result.case, when, result.created_by_id, kind=result.kind, state=result.state)
            event.subject_type, event.subject_id = "result", result.pk
            yield event


def _event(what: str, case: Case, when: datetime, actor: int | None, **data: str) -> Event:
    return Event(
        kind=what, at=when, actor_id=actor, unit_id=case.unit_id, subject_type="case", subject_id=case.pk,
        case_id=case.pk, data=data,
    )  # fmt: skip
