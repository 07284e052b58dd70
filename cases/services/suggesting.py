"""Where a report that no rule could place may belong: what a coordinator chooses from."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from accounts.models import Unit
from cases.enums import OPEN_STATUSES
from cases.matching import CaseAsked, Why, ranked
from cases.models import Case, Report, Result, swedish_sort_key
from cases.persons import Number, numbers_of
from cases.reports import ReportData, report_from_json
from cases.services.candidates import asked_for
from cases.services.identities import Person, person_of
from checklists.spec import Requirement

MOST: Final = 12
"""Suggestions for one report; whoever needs another place looks for the case by name."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A thinkable place: the case (patient, diagnosis, unit loaded), what it asks for, and why, in a sentence."""

    case: Case
    requirement: Requirement
    why: str
    rank: int
    """0 is the likeliest reason."""


def suggestions_for(report: Report, *, provider: Unit) -> list[Suggestion]:
    """Return where the report may belong in open cases of `provider`, the likeliest first, at most `MOST`."""
    return suggestions_for_all([report])[report.pk] if report.provider_id == provider.pk else []


def suggestions_for_all(reports: Sequence[Report]) -> dict[int, list[Suggestion]]:
    """Return the suggestions for each report, by id; three queries or so for each provider among them."""
    found: dict[int, list[Suggestion]] = {report.pk: [] for report in reports}
    for provider_id in sorted({report.provider_id for report in reports}):
        theirs = [(row, report_from_json(row.content)) for row in reports if row.provider_id == provider_id]
        numbers = {number for _row, data in theirs for number in _numbers(data)}
        person = person_of(provider_id, numbers)
        cases = _cases(provider_id, person, [data for _row, data in theirs])
        for row, data in theirs:
            found[row.pk] = sorted(_for_one(data, cases, person), key=lambda one: one.rank)[:MOST]
    return found


def _numbers(data: ReportData) -> tuple[Number, ...]:
    return numbers_of(data.identities, data.born_on)


def _cases(provider_id: int, person: Person, reports: Collection[ReportData]) -> list[Case]:
    """Return the open cases that some of the reports may be about: same person, examination, or name."""
    wanted = Q(patient__identity_value__in={number.value for number in person.numbers})
    if accessions := {data.accession_number for data in reports if data.accession_number}:
        wanted |= Q(results__accession_number__in=accessions)
    if names := {swedish_sort_key(data.name) for data in reports if data.name and data.born_on}:
        wanted |= Q(patient__sort_key__in=names)
    examined = Prefetch("results", Result.objects.exclude(accession_number=""))
    cases = Case.objects.filter(wanted, status__in=OPEN_STATUSES, patient__provider_id=provider_id).distinct()
    return list(cases.select_related("patient", "diagnosis", "unit").prefetch_related(examined).order_by("pk"))


def _for_one(data: ReportData, cases: Sequence[Case], person: Person) -> Iterator[Suggestion]:
    own = _numbers(data)
    roots = {person.root(number) for number in own}
    for case in cases:
        patient = Number(case.patient.identity_system, case.patient.identity_value)
        orders = {
            result.requirement
            for result in case.results.all()
            if data.accession_number and result.accession_number == data.accession_number
        }
        is_theirs = patient in person.numbers and person.root(patient) in roots
        is_namesake = not is_theirs and not orders and _is_namesake(data, case)
        if not (is_theirs or orders or is_namesake):
            continue
        asked = CaseAsked(case.pk, str(patient), patient in own, asked_for(case.definition_id, case.phase))
        by_key = {one.key: one for one in asked.requirements}
        for match in ranked(data, [asked]):
            why = Why.ACCESSION if match.requirement in orders else Why.NAME if is_namesake else match.why
            yield Suggestion(case, by_key[match.requirement], _words()[why], list(Why).index(why))


def _is_namesake(data: ReportData, case: Case) -> bool:
    if not data.name or data.born_on is None:
        return False
    same_name = swedish_sort_key(data.name) == case.patient.sort_key
    return same_name and case.patient.identity_value.startswith(_written(data.born_on))


def _written(day: date) -> str:
    return f"{day:%Y%m%d}"


def _words() -> Mapping[Why, str]:
    return {
        Why.ACCESSION: _("The accession number is that of an order in the case."),
        Why.CODE: _("The code is one that answers this."),
        Why.TITLE: _("The title is that of the requirement."),
        Why.MODALITY: _("It is an examination of this modality."),
        Why.KIND: _("It is an answer of this kind."),
        Why.NAME: _("Same name and date of birth, but another number. Check the identity."),
    }
