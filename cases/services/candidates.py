"""What the decision about a report looks at: the open cases of its patient, and the answers of its examination."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q

from cases.enums import OPEN_STATUSES, ResultState
from cases.identity import COORDINATION_NUMBER, PERSONAL_NUMBER
from cases.matching import CaseAsked, KnownAnswer, Why, may_be_one_examination
from cases.models import Case, Report, Result
from cases.persons import Number
from cases.reports import ReportCode
from cases.services.identities import Person
from checklists.registry import spec_of
from checklists.spec import Requirement

NATIONAL: Final = frozenset({PERSONAL_NUMBER, COORDINATION_NUMBER})
"""Nobody has two of these at a time: two different ones are two people, until a merge says otherwise."""

_CASE: Final = (
    "definition_id",
    "phase",
    "patient__identity_system",
    "patient__identity_value",
    "referred_as__identity_system",
    "referred_as__identity_value",
)


Orders = Mapping[tuple[int, str, str], int]
"""Orders that are still waiting for an answer: (case, requirement, kind) -> id of the answer's row."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The open cases of the patient, the answers of the same examination, and the orders among these."""

    cases: tuple[CaseAsked, ...]
    known: tuple[KnownAnswer, ...]
    orders: Orders


def candidates_for(
    provider_id: int, person: Person, own: Collection[Number], report: Report, codes: Collection[ReportCode]
) -> Candidates:
    """Return what a report with the numbers `own` may answer; one query, two with an accession number.

    Orders that people entered are known by the accession number, and so are the places of other reports of the
    same examination, unless their codes tell it apart. The report itself is no witness of its own place.
    """
    person = person.only(own)
    cases = tuple(open_cases_of(provider_id, person, own))
    if not report.accession_number:
        return Candidates(cases, (), {})
    known, orders = [], {}
    for row in _answers(provider_id, report.accession_number):
        if _contradicts(row, person, own, cases):
            continue
        asked = _asked(row, "case__", person, own)
        if row["report__id"] is None or row["report__order"] or _is_order_placed_by_hand(row):
            was = row["report__order"] or row
            known.append(KnownAnswer(asked, was["kind"], was["requirement"], is_order=True))
            if row["report__id"] is None and row["state"] == ResultState.ORDERED:
                orders[row["case_id"], was["requirement"], was["kind"]] = row["id"]
        elif row["id"] != report.result_id and _is_witness(row, codes):
            known.append(KnownAnswer(asked, row["kind"], row["requirement"], is_order=False))
    return Candidates(cases, tuple(known), orders)


def open_cases_of(provider_id: int, person: Person, own: Collection[Number]) -> Iterator[CaseAsked]:
    """Return the open cases of the person's numbers; one query."""
    values = {number.value for number in person.numbers}
    if not values:
        return
    rows = Case.objects.filter(
        status__in=OPEN_STATUSES, patient__provider_id=provider_id, patient__identity_value__in=values
    )
    for row in rows.order_by("pk").values("id", *_CASE):
        if _number(row, "patient__") in person.numbers:
            yield _asked(row | {"case_id": row["id"]}, "", person, own)


def asked_for(definition_id: int, phase: str) -> tuple[Requirement, ...]:
    """Return what the definition asks for in the phase at any level, except what a field of the case answers."""
    return tuple(one for one in spec_of(definition_id).requirements if phase in one.phases and not one.field)


def _answers(provider_id: int, accession_number: str) -> Iterator[Mapping[str, Any]]:
    rows = Result.objects.filter(
        Q(accession_number=accession_number),
        case__patient__provider_id=provider_id,
        case__status__in=OPEN_STATUSES,
    )
    fields = ("id", "case_id", "kind", "requirement", "state", "report__id", "report__rule", "report__order",
              "report__content")  # fmt: skip
    yield from rows.order_by("pk").values(*fields, *(f"case__{name}" for name in _CASE))


def _is_order_placed_by_hand(row: Mapping[str, Any]) -> bool:
    """Whether a person said where the order belongs: its report belongs there too."""
    return row["report__rule"] == Why.HAND and bool(row["report__content"].get("is_order"))


def _is_witness(row: Mapping[str, Any], codes: Collection[ReportCode]) -> bool:
    """Whether the answer tells where other reports of its examination belong: it found its place by itself."""
    content = row["report__content"]
    if row["report__rule"] == Why.SAME_EXAMINATION or content.get("is_order"):
        return False
    return may_be_one_examination(codes, [ReportCode(**code) for code in content["codes"]])


def _asked(row: Mapping[str, Any], prefix: str, person: Person, own: Collection[Number]) -> CaseAsked:
    referred = _number(row, f"{prefix}referred_as__") or _number(row, f"{prefix}patient__")
    return CaseAsked(
        case_id=row["case_id"],
        person=str(person.root(referred)) if referred else "",
        is_own=referred in own,
        requirements=asked_for(row[f"{prefix}definition_id"], row[f"{prefix}phase"]),
    )


def _number(row: Mapping[str, Any], prefix: str) -> Number | None:
    value = row[f"{prefix}identity_value"]
    return Number(row[f"{prefix}identity_system"], value) if value else None


def _contradicts(row: Mapping[str, Any], person: Person, own: Collection[Number], cases: Collection[CaseAsked]) -> bool:
    """Whether the report is about another patient than the case of the answer in `row`."""
    patient = _number(row, "case__patient__")
    if patient is None or patient in person.numbers:
        return False
    systems = NATIONAL if patient.system in NATIONAL else {patient.system}
    return bool(cases) or any(number.system in systems for number in own)
