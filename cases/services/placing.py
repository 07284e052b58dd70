"""Reports of other systems find their place: by rule when they come, and by a person where no rule decides.

What messages amount to does not depend on their order (docs/adr/0007). Of the versions of a report the newest
counts, by its stamp, whenever it comes. Where it belongs is decided by what the newest version says and by the
cases that are open, never by where an older version lay; only what a person did stays as they did it.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, Refused, sentence_errors
from accounts.models import Unit, User
from cases.enums import ReportState, ResultSource
from cases.matching import Match, Why
from cases.models import Case, Patient, Report
from cases.persons import Number
from cases.reports import ReportData, report_from_json
from cases.services.candidates import candidates_for
from cases.services.filing import short_id, take_out
from cases.services.identities import hold_numbers
from cases.services.settling import (
    Cause,
    decide_again,
    evidence,
    examination,
    follow,
    held,
    hold,
    locked,
    numbers_in,
    numbers_of_examination,
    of_examination,
    put,
    settle,
)
from cases.transitions import lock_open_case
from checklists.registry import spec_of
from events.record import record


class ReportSettled(Refused):
    """Another person has placed the report or set it aside; the message names them."""

    code = "report-settled"


@transaction.atomic(savepoint=False)
def take_report(data: ReportData, *, provider: Unit, source: ResultSource, message_id: int, now: datetime) -> Report:
    """Keep this version of a report, if it is the newest, and place it where a rule finds exactly one place.

    The same version or an older one changes nothing. A report without a place waits for a coordinator. One that
    was placed by hand, or lies in a case that is over, stays there and brings its answer up to date; one that
    was set aside stays so. An order that came on its own is answered by the reports of its examination
    (`cases.services.ordering`). Leaves `result.registered` or `result.changed`, and tells the readers of a final
    answer that it was corrected or taken back (`result.corrected`, `result.taken_back`).
    """
    external_id = short_id(data.external_id)
    person = hold(provider.pk, data, [_name_of(data, source)])
    itself = Q(source=source, external_id=external_id)
    rows = locked(provider.pk, itself | of_examination(data.accession_number))
    known = [row for row in rows if (row.source, row.external_id) == (source, external_id)]
    if known and data.stamp <= known[0].stamp:
        return known[0]
    mates = [row for row in rows if row not in known]
    report = known[0] if known else Report(provider=provider, source=source, external_id=external_id, received_at=now)
    before = report_from_json(report.content) if known else None
    is_new = before is None or evidence(before) != evidence(data)
    was_about, report.message_id = report.accession_number, message_id
    went = settle(report, data, mates, person, now, cause=Cause.EVIDENCE if is_new else Cause.VERSION)
    if (is_new or went) and (mates or was_about not in ("", data.accession_number)):
        lends = data.is_order or (before is not None and before.is_order)
        follow(report, {was_about, report.accession_number}, now, lends=lends)
    return report


@transaction.atomic
def place_report(
    report_id: int, case_id: int, requirement: str, *, by: User, now: datetime, move: bool = False
) -> Report:
    """Place a report by hand as the answer to `requirement` (its key) of an open case; it stays there.

    Who may: `place_reports`, and to view the case. The same again by the same person is a success. ReportSettled,
    naming who, when another person has settled it meanwhile, unless `move`. Invalid for a requirement that the
    case's definition does not have. Leaves `report.placed`.
    """
    report, _mates, person = held(report_id)
    kind = _kind_of(case_id, report, requirement)
    result = report.result
    is_there = result is not None and (result.case_id, result.requirement) == (case_id, requirement)
    if report.settled_by_id and not move:
        if is_there and report.settled_by_id == by.pk:
            return report
        raise _settled(report)
    data = report_from_json(report.content)
    orders = candidates_for(report.provider_id, person, numbers_in(data), report, data.codes).orders
    put(report, data, Match(case_id, requirement, kind, Why.HAND), orders, now)
    report.settled_by, report.settled_at, report.reason = by, now, ""
    report.save()
    record(
        "report.placed", by=by, now=now, subject=report, case=case_id, unit=report.provider_id,
        data={"requirement": requirement},
    )  # fmt: skip
    follow(report, {report.accession_number}, now, lends=data.is_order)
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
    report, _mates, _person = held(report_id)
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
    follow(report, {report.accession_number}, now, lends=report.content["is_order"])
    return report


@transaction.atomic
def place_waiting(patient: Patient, *, now: datetime) -> int:
    """Place the waiting reports of the patient that a rule places now; return how many found a place.

    Called in the transaction of what may have made room for them: a referral, a new phase or definition. Take
    the patient's numbers (`hold_numbers`) at the beginning of that transaction, before any row.
    """
    person = hold_numbers(patient.provider_id, [Number(patient.identity_system, patient.identity_value)])
    waiting = Report.objects.filter(state=ReportState.WAITING, numbers__overlap=person.written)
    return decide_again(waiting.filter(provider_id=patient.provider_id), now)


@transaction.atomic
def place_waiting_for(provider_id: int, accession_number: str, *, now: datetime) -> int:
    """Place the waiting reports of an examination whose order was entered now; return how many found a place."""
    waiting = Report.objects.filter(state=ReportState.WAITING, accession_number=accession_number)
    return decide_again(waiting.filter(provider_id=provider_id), now)


def hold_reports(reports: Collection[ReportData], *, provider: Unit, source: ResultSource) -> None:
    """Hold at once what the reports of one message depend on, so that two messages never wait for each other in a ring."""
    numbers = {number for data in reports for number in numbers_in(data)}
    known_as = {data.accession_number for data in reports} - {""}
    numbers |= numbers_of_examination(provider.pk, *known_as)
    names = {_name_of(data, source) for data in reports} | {name for one in known_as for name in examination(one)}
    hold_numbers(provider.pk, numbers, names)


def hold_patient(case_id: int) -> None:
    """Hold the numbers of the case's patient, before any row: for what may make room for reports that wait."""
    case = Case.objects.select_related("patient").get(pk=case_id)
    hold_numbers(case.patient.provider_id, [Number(case.patient.identity_system, case.patient.identity_value)])


def hold_examination(case_id: int, accession_number: str) -> None:
    """Hold the examination, and the numbers of the case's patient and of the reports about it, before any row."""
    case = Case.objects.select_related("patient").get(pk=case_id)
    numbers = numbers_of_examination(case.patient.provider_id, accession_number)
    numbers.add(Number(case.patient.identity_system, case.patient.identity_value))
    hold_numbers(case.patient.provider_id, numbers, examination(accession_number))


def _name_of(data: ReportData, source: ResultSource) -> str:
    return f"report|{source}|{short_id(data.external_id)}"


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
