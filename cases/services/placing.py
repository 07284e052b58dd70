"""Reports of other systems find their place: by rule when they come, and by a person where no rule decides.

What messages amount to does not depend on their order (docs/adr/0007). Of the versions of a report the newest
counts, by its stamp, whenever it comes. Where it belongs is decided by what the newest version says and by the
cases that are open, never by where an older version lay; only what a person did stays as they did it.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, Refused, sentence_errors
from accounts.models import Unit, User
from cases.enums import ReportState, ResultSource
from cases.matching import BY_CONTENT, Match, Why, decide
from cases.models import Case, Patient, Report
from cases.persons import Number, numbers_of
from cases.reports import ReportData, report_from_json
from cases.services.candidates import Orders, candidates_for
from cases.services.filing import file_report, short_id, take_out, update_filed
from cases.services.identities import Person, hold_numbers, patients_of, person_of
from cases.services.ordering import free_row, is_order, numbers_with_order, order_of, same_examination, with_order
from cases.transitions import lock_open_case
from checklists.registry import spec_of
from events.record import record

_EVIDENCE = ("kind", "modality", "codes", "title", "accession_number", "identities", "born_on")
"""What a place is decided by. A newer version that says the same of these stays where it is."""


class ReportSettled(Refused):
    """Another person has placed the report or set it aside; the message names them."""

    code = "report-settled"


@transaction.atomic
def take_report(data: ReportData, *, provider: Unit, source: ResultSource, message_id: int, now: datetime) -> Report:
    """Keep this version of a report, if it is the newest, and place it where a rule finds exactly one place.

    The same version or an older one changes nothing. A report without a place waits for a coordinator. One that
    was placed by hand, or lies in a case that is over, stays there and brings its answer up to date; one that
    was set aside stays so. Leaves `result.registered` or `result.changed`, and tells the readers of a final
    answer that it was corrected or taken back (`result.corrected`, `result.taken_back`). An order that came on its
    own becomes the report that answers it (`cases.services.ordering`).
    """
    numbers = numbers_with_order(provider.pk, data)
    external_id = short_id(data.external_id)
    names = [f"report|{source}|{external_id}", *examination(data.accession_number)]
    person = hold_numbers(provider.pk, numbers, names)
    same = same_examination(provider.pk, data, person.written)
    if data.is_order and (answers := [one for one in same if not is_order(one)]):
        for answer in answers:
            enriched = with_order(report_from_json(answer.content), data.as_json())
            _bring_up_to_date(answer, enriched, person, numbers, now)
        return answers[0]
    report = (
        Report.objects.select_for_update(of=("self",))
        .select_related("result__case")
        .filter(provider=provider, source=source, external_id=external_id)
        .first()
    )
    if report is not None and data.stamp <= report.stamp:
        return report
    if not data.is_order:
        data = with_order(data, order_of(same))
        report = _instead_of_orders(report, [one for one in same if is_order(one)], now)
    if report is None:
        report = Report(provider=provider, received_at=now)
    report.source, report.external_id, report.message_id = source, external_id, message_id
    _bring_up_to_date(report, data, person, numbers, now)
    return report


def _instead_of_orders(report: Report | None, orders: Iterable[Report], now: datetime) -> Report | None:
    """Let a report stand where its orders stood: a new one takes over the row of the first, the others end."""
    for order in orders:
        if report is None:
            report = order
            free_row(order)
            continue
        take_out(order, now=now)
        order.delete()
    return report


def _bring_up_to_date(
    report: Report, data: ReportData, person: Person, numbers: Collection[Number], now: datetime
) -> None:
    """Store what the report says now, and bring its answer up to date where it lies, or find its place."""
    says_the_same = bool(report.content) and _evidence(report_from_json(report.content)) == _evidence(data)
    _fill(report, data, numbers)
    if report.state == ReportState.SET_ASIDE:
        report.save()
    elif report.state == ReportState.PLACED and (says_the_same or _stays(report)):
        update_filed(report, data, now=now)
    else:
        _place(report, data, person, numbers, now)


@transaction.atomic
def place_report(
    report_id: int, case_id: int, requirement: str, *, by: User, now: datetime, move: bool = False
) -> Report:
    """Place a report by hand as the answer to `requirement` (its key) of an open case; it stays there.

    Who may: `place_reports`, and to view the case. The same again by the same person is a success. ReportSettled,
    naming who, when another person has settled it meanwhile, unless `move`. Invalid for a requirement that the
    case's definition does not have. Leaves `report.placed`.
    """
    report = _hold(report_id)
    kind = _kind_of(case_id, report, requirement)
    result = report.result
    is_there = result is not None and (result.case_id, result.requirement) == (case_id, requirement)
    if report.settled_by_id and not move:
        if is_there and report.settled_by_id == by.pk:
            return report
        raise _settled(report)
    data = report_from_json(report.content)
    numbers = numbers_of(data.identities, data.born_on)
    person = person_of(report.provider_id, numbers)
    orders = candidates_for(report.provider_id, person, numbers, report.accession_number).orders
    _put(report, data, Match(case_id, requirement, kind, Why.HAND), orders, now)
    report.settled_by, report.settled_at, report.reason = by, now, ""
    report.save()
    record(
        "report.placed", by=by, now=now, subject=report, case=case_id, unit=report.provider_id,
        data={"requirement": requirement},
    )  # fmt: skip
    _follow(report, now)
    return report


@transaction.atomic
def set_aside(report_id: int, *, reason: str, by: User, now: datetime, move: bool = False) -> Report:
    """Set a waiting report aside, with a reason: it is kept, and asks nobody any more. Who may: `place_reports`.

    With `move` one that was placed is taken out of its case first. Later versions stay set aside; `place_report`
    with `move` takes it back. The same again by the same person is a success. ReportSettled, naming who, when it
    is not waiting. Leaves `report.set_aside`.
    """
    if errors := sentence_errors("reason", reason, 500):
        raise Invalid(errors)
    report = _hold(report_id)
    if report.state == ReportState.SET_ASIDE and report.settled_by_id == by.pk:
        return report
    if report.state != ReportState.WAITING and not move:
        raise _settled(report)
    if report.result is not None:
        take_out(report, now=now, by=by)
    report.state, report.rule, report.reason = ReportState.SET_ASIDE, "", reason.strip()
    report.settled_by, report.settled_at = by, now
    report.save()
    record("report.set_aside", by=by, now=now, subject=report, unit=report.provider_id)
    return report


@transaction.atomic
def place_waiting(patient: Patient, *, now: datetime) -> int:
    """Place the waiting reports of the patient that a rule places now; return how many found a place.

    Called in the transaction of what may have made room for them: a referral, a new phase or definition. Take
    the patient's numbers (`hold_numbers`) at the beginning of that transaction, before any row.
    """
    person = hold_numbers(patient.provider_id, [Number(patient.identity_system, patient.identity_value)])
    waiting = Report.objects.filter(state=ReportState.WAITING, numbers__overlap=person.written)
    return _decide_again(waiting.filter(provider_id=patient.provider_id), now)


@transaction.atomic
def place_waiting_for(provider_id: int, accession_number: str, *, now: datetime) -> int:
    """Place the waiting reports of an examination whose order was entered now; return how many found a place."""
    waiting = Report.objects.filter(state=ReportState.WAITING, accession_number=accession_number)
    return _decide_again(waiting.filter(provider_id=provider_id), now)


def hold_patient(case_id: int) -> None:
    """Hold the numbers of the case's patient, before any row: for what may make room for reports that wait."""
    case = Case.objects.select_related("patient").get(pk=case_id)
    hold_numbers(case.patient.provider_id, [Number(case.patient.identity_system, case.patient.identity_value)])


def hold_examination(case_id: int, accession_number: str) -> None:
    """Hold the examination, and the numbers of the case's patient and of the reports about it, before any row."""
    case = Case.objects.select_related("patient").get(pk=case_id)
    provider_id = case.patient.provider_id
    same = Report.objects.filter(provider_id=provider_id, accession_number=accession_number)
    numbers = {Number(*written.split("|", 1)) for row in same.values_list("numbers", flat=True) for written in row}
    numbers.add(Number(case.patient.identity_system, case.patient.identity_value))
    hold_numbers(provider_id, numbers, examination(accession_number))


def decide_anew(provider_id: int, written: Collection[str], *, now: datetime) -> None:
    """Decide again about the reports with these numbers after a merge: those that wait, and those that a rule placed."""
    reports = Report.objects.filter(provider_id=provider_id, numbers__overlap=list(written))
    reports = reports.exclude(state=ReportState.SET_ASIDE).exclude(rule=Why.HAND)
    _decide_again(reports, now)


def _decide_again(reports: QuerySet[Report], now: datetime) -> int:
    placed = 0
    for pk in list(reports.order_by("pk").values_list("pk", flat=True)):
        report = Report.objects.select_for_update(of=("self",)).select_related("result__case").get(pk=pk)
        if report.state == ReportState.SET_ASIDE or _stays(report):
            continue
        data = report_from_json(report.content)
        numbers = numbers_of(data.identities, data.born_on)
        person = hold_numbers(report.provider_id, numbers, examination(report.accession_number))
        _place(report, data, person, numbers, now)
        placed += report.state == ReportState.PLACED
    return placed


def _stays(report: Report) -> bool:
    """Whether nothing that a message says moves the report: a person placed or marked it, or the case is over."""
    result = report.result
    if result is None:
        return False
    return result.is_placed_by_hand or not result.case.is_open or result.discordances.exists()


def _place(report: Report, data: ReportData, person: Person, numbers: Collection[Number], now: datetime) -> None:
    before = _place_of(report)
    found = candidates_for(report.provider_id, person, numbers, report.accession_number, report.result_id)
    match = decide(data, found.cases, found.known)
    if match is None and _lies_well(report, numbers):
        return
    if match is None:
        if report.result is not None:
            take_out(report, now=now)
        report.state, report.rule = ReportState.WAITING, ""
        report.patient = _patient(report, person, numbers)
        report.save()
    else:
        _put(report, data, match, found.orders, now)
    if _place_of(report) != before:
        _follow(report, now)


def _lies_well(report: Report, numbers: Collection[Number]) -> bool:
    """Whether the report stays although no place is the only one: in a case of its own number, by what it says.

    No message can have made that doubtful, so a person has: another clinic has referred the patient since then,
    and its case asks for the same. An answer that is there is not taken away for that.
    """
    if report.result is None or len(numbers) != 1 or report.rule not in BY_CONTENT:
        return False
    referred = report.result.case.referred_as or report.result.case.patient
    return Number(referred.identity_system, referred.identity_value) in numbers


def _put(report: Report, data: ReportData, match: Match, orders: Orders, now: datetime) -> None:
    """Let the report be the answer at `match`: where it lies already, or moved there from where it lay."""
    result = report.result
    if result is not None and result.case_id != match.case_id:
        take_out(report, now=now)
    file_report(report, data, match, orders=orders, now=now)


def _follow(report: Report, now: datetime) -> None:
    """Decide again about the other reports of the examination, which go where this one went."""
    if report.rule == Why.SAME_EXAMINATION or not report.accession_number:
        return
    same = Report.objects.filter(provider_id=report.provider_id, accession_number=report.accession_number)
    others = same.filter(Q(state=ReportState.WAITING) | Q(rule=Why.SAME_EXAMINATION)).exclude(pk=report.pk)
    _decide_again(others, now)


def _place_of(report: Report) -> tuple[int, str] | None:
    return (report.result.case_id, report.result.requirement) if report.result else None


def _patient(report: Report, person: Person, numbers: Collection[Number]) -> Patient | None:
    """Return the patient of a report without a place: the one that its numbers lead to, if it is one."""
    known = patients_of(report.provider_id, {person.root(number) for number in numbers})
    return next(iter(known.values())) if len(known) == 1 else None


def _fill(report: Report, data: ReportData, numbers: Collection[Number]) -> None:
    first = next(iter(numbers), None) or next((Number(one.system, one.value) for one in data.identities), None)
    report.stamp, report.content, report.kind = data.stamp, data.as_json(), data.kind
    report.identity_system, report.identity_value = (first.system[:64], first.value[:64]) if first else ("", "")
    report.accession_number = data.accession_number[:64]
    report.numbers = [str(number) for number in numbers]


def examination(accession_number: str) -> list[str]:
    """Return the name under which an examination is held: who enters its order and who brings its answer."""
    return [f"examination|{accession_number}"] if accession_number else []


def _evidence(data: ReportData) -> tuple[object, ...]:
    return tuple(getattr(data, name) for name in _EVIDENCE)


def _hold(report_id: int) -> Report:
    """Return the report, locked, with the numbers of its patient held before it."""
    row = Report.objects.values_list("provider_id", "content", "accession_number").get(pk=report_id)
    provider_id, content, accession_number = row
    data = report_from_json(content)
    hold_numbers(provider_id, numbers_of(data.identities, data.born_on), examination(accession_number))
    return Report.objects.select_for_update(of=("self",)).select_related("result__case", "settled_by").get(pk=report_id)


def _kind_of(case_id: int, report: Report, requirement: str) -> str:
    """Return the kind of the case's requirement; Invalid when there is none, Refused for another provider's case."""
    case = lock_open_case(case_id)
    if case.patient.provider_id != report.provider_id:
        raise Refused(_("The case belongs to another care provider than the report."), field="case")
    try:
        return spec_of(case.definition_id).requirement(requirement).kind
    except KeyError:
        message = _("The definition of the case asks for no such answer. Choose one of those on the list.")
        raise Invalid([FieldError("requirement", "unknown", message)]) from None


def _settled(report: Report) -> ReportSettled:
    who = report.settled_by.name if report.settled_by else _("the system")
    words = {
        ReportState.PLACED: _("%(who)s has placed the report already. Load the list again."),
        ReportState.SET_ASIDE: _("%(who)s has set the report aside already. Load the list again."),
    }
    text = words.get(ReportState(report.state), _("%(who)s has changed the report meanwhile. Load the list again."))
    return ReportSettled(text % {"who": who}, extra={"report": report.pk, "state": report.state, "by": who})
