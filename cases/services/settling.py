"""Deciding where a report belongs, and letting the decision take effect: the engine behind `placing` and `merging`.

What messages amount to does not depend on their order (docs/adr/0007). The decision looks at the newest version of
the report, at the orders and reports of the same examination and at the open cases; never at where an older
version lay. Whenever a message changes one of these, what it touches is decided again. Only what a person did
stays as they did it.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db.models import Q, QuerySet

from cases.enums import ReportState
from cases.matching import BY_CONTENT, Match, Why, decide
from cases.models import Patient, Report
from cases.persons import Number, numbers_of
from cases.reports import ReportData, report_from_json
from cases.services.candidates import Orders, candidates_for
from cases.services.filing import file_report, take_out, update_filed
from cases.services.identities import Person, hold_numbers, patients_of
from cases.services.ordering import are_of_one, is_answered, with_orders

_EVIDENCE: Final = ("kind", "modality", "codes", "title", "accession_number", "identities", "born_on", "is_order")
"""What a place is decided by. A newer version that says the same of these stays where it is."""


def examination(accession_number: str) -> list[str]:
    """Return the name under which an examination is held: who enters its order and who brings its answer."""
    return [f"examination|{accession_number}"] if accession_number else []


def numbers_in(data: ReportData) -> tuple[Number, ...]:
    """Return the numbers that the report itself names."""
    return numbers_of(data.identities, data.born_on)


def hold(provider_id: int, data: ReportData, also: Iterable[str] = ()) -> Person:
    """Hold what the decision about a report depends on: its patient's numbers, its examination and that one's numbers."""
    numbers = set(numbers_in(data))
    if data.accession_number:
        numbers |= numbers_of_examination(provider_id, data.accession_number)
    return hold_numbers(provider_id, numbers, [*also, *examination(data.accession_number)])


def numbers_of_examination(provider_id: int, *accession_numbers: str) -> set[Number]:
    """Return the numbers that the reports and orders of the examinations name; one query."""
    same = Report.objects.filter(provider_id=provider_id, accession_number__in=accession_numbers)
    return {Number(*written.split("|", 1)) for row in same.values_list("numbers", flat=True) for written in row}


def locked(provider_id: int, wanted: Q) -> list[Report]:
    """Return the wanted reports of the provider, locked, by key; one query."""
    rows = Report.objects.select_for_update(of=("self",)).select_related("result__case__patient", "settled_by")
    return list(rows.filter(wanted, provider_id=provider_id).order_by("pk"))


def evidence(data: ReportData) -> tuple[object, ...]:
    """Return what the place of a report is decided by."""
    return tuple(getattr(data, name) for name in _EVIDENCE)


class Cause(StrEnum):
    """Why a report is looked at: what it says of itself or its examination is new, a merge, or just a new version."""

    EVIDENCE = "evidence"
    MERGE = "merge"
    VERSION = "version"


def settle(
    report: Report, data: ReportData, mates: Sequence[Report], person: Person, now: datetime, *, cause: Cause
) -> bool:
    """Store what the report says, find its place or bring its answer up to date; return whether it went elsewhere.

    `mates` are the other reports and orders with its accession number. A placed report is looked for another place
    only when the cause may give it one.
    """
    before = place_of(report)
    said = [report_from_json(mate.content) for mate in mates if mate.state != ReportState.SET_ASIDE]
    lent = with_orders(data, [] if data.is_order else [o for o in said if o.is_order and are_of_one(data, o, person)])
    _fill(report, data, numbers_in(lent))
    if report.state == ReportState.SET_ASIDE:
        report.save()
    elif _stays(report):
        update_filed(report, lent, now=now)
    elif data.is_order and is_answered(data, said, person):
        _rest(report, ReportState.ANSWERED, person, now)
    elif report.state == ReportState.PLACED and cause is Cause.VERSION:
        update_filed(report, lent, now=now)
    else:
        _place(report, lent, person, now, cause)
    return place_of(report) != before


def decide_again(reports: QuerySet[Report], now: datetime, *, cause: Cause = Cause.EVIDENCE) -> int:
    """Decide again about these reports, without a new version; return how many have a place then."""
    placed = 0
    for pk in list(reports.order_by("pk").values_list("pk", flat=True)):
        report, mates, person = held(pk)
        if report.state == ReportState.SET_ASIDE or _stays(report):
            continue
        data = report_from_json(report.content)
        # An order borrows nothing: the others of its examination tell only whether it has been answered.
        why = Cause.VERSION if data.is_order and cause is Cause.EVIDENCE else cause
        was_same = report.rule == Why.SAME_EXAMINATION
        went = settle(report, data, mates, person, now, cause=why)
        if went and mates and not was_same and report.rule != Why.SAME_EXAMINATION:
            follow(report, {report.accession_number}, now)
        placed += report.state == ReportState.PLACED
    return placed


def held(pk: int) -> tuple[Report, list[Report], Person]:
    """Return a report, the others of its examination and its person, all held and as they stand under the locks."""
    provider_id, content = Report.objects.values_list("provider_id", "content").get(pk=pk)
    while True:
        data = report_from_json(content)
        person = hold(provider_id, data)
        rows = locked(provider_id, Q(pk=pk) | of_examination(data.accession_number))
        report = next(row for row in rows if row.pk == pk)
        if report.content == content:
            return report, [row for row in rows if row.pk != pk], person
        content = report.content  # Somebody was faster: what to hold may be another now.


def of_examination(accession_number: str) -> Q:
    """Return the condition for the reports with this accession number; nothing for an empty one."""
    return Q(accession_number=accession_number) if accession_number else Q(pk__in=())


def follow(report: Report, accession_numbers: Collection[str], now: datetime, *, lends: bool = False) -> None:
    """Decide again about the other reports and orders of the examinations, after this one came, changed or went.

    Reports that have a place of their own are left in peace, unless this is an order, which `lends` them evidence.
    """
    if wanted := {number for number in accession_numbers if number}:
        same = Report.objects.filter(provider_id=report.provider_id, accession_number__in=wanted)
        same = same.exclude(pk=report.pk).exclude(state=ReportState.SET_ASIDE)
        if not lends:
            same = same.exclude(~Q(rule=Why.SAME_EXAMINATION), state=ReportState.PLACED, content__is_order=False)
        decide_again(same, now)


def put(report: Report, data: ReportData, match: Match, orders: Orders, now: datetime) -> None:
    """Let the report be the answer at `match`: where it lies already, or moved there from where it lay."""
    result = report.result
    if result is not None and result.case_id != match.case_id:
        take_out(report, now=now)
    file_report(report, data, match, orders=orders, now=now)


def place_of(report: Report) -> tuple[str, int, str]:
    """Return the state of the report and where it lies (0 and "" where it lies nowhere)."""
    return (report.state, *((report.result.case_id, report.result.requirement) if report.result else (0, "")))


def _stays(report: Report) -> bool:
    """Whether nothing that a message says moves the report: a person placed or marked it, or the case is over."""
    result = report.result
    if result is None:
        return False
    return result.is_placed_by_hand or not result.case.is_open or result.discordances.exists()


def _place(report: Report, data: ReportData, person: Person, now: datetime, cause: Cause) -> None:
    numbers = numbers_in(data)
    found = candidates_for(report.provider_id, person, numbers, report, data.codes)
    match = decide(data, found.cases, found.known)
    if match is not None:
        put(report, data, match, found.orders, now)
    elif cause is Cause.MERGE and _lies_well(report, numbers):
        update_filed(report, data, now=now)
    else:
        _rest(report, ReportState.WAITING, person, now)


def _rest(report: Report, state: ReportState, person: Person, now: datetime) -> None:
    """Let the report be no answer: it waits for a person, or it is an order that has been answered."""
    if report.result is not None:
        take_out(report, now=now)
    report.state, report.rule = state, ""
    report.patient = _patient(report, person)
    report.save()


def _lies_well(report: Report, numbers: Collection[Number]) -> bool:
    """Whether the report stays although no place is the only one: in a case of its own number, by what it says.

    No merge can have made that doubtful, so a person has: another clinic has referred the patient since then,
    and its case asks for the same. An answer that is there is not taken away for that.
    """
    if report.result is None or len(numbers) != 1 or report.rule not in BY_CONTENT:
        return False
    referred = report.result.case.referred_as or report.result.case.patient
    return Number(referred.identity_system, referred.identity_value) in numbers


def _patient(report: Report, person: Person) -> Patient | None:
    """Return the patient of a report without a place: the one that its numbers lead to, if it is one."""
    numbers = (Number(*written.split("|", 1)) for written in report.numbers)
    known = patients_of(report.provider_id, {person.root(number) for number in numbers}) if report.numbers else {}
    only = next(iter(known.values())) if len(known) == 1 else None
    # One without cases is what a merge that was taken back has left behind.
    return only if only is not None and only.cases.exists() else None


def _fill(report: Report, data: ReportData, numbers: Collection[Number]) -> None:
    first = next(iter(numbers), None) or next((Number(one.system, one.value) for one in data.identities), None)
    report.stamp, report.content, report.kind = data.stamp, data.as_json(), data.kind
    report.identity_system, report.identity_value = (first.system[:64], first.value[:64]) if first else ("", "")
    report.accession_number = data.accession_number[:64]
    report.numbers = [str(number) for number in numbers]
