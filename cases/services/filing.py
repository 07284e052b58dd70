"""A report in its place: the answer of the case that it is, and what happens when it leaves again."""

import hashlib
from datetime import date, datetime
from typing import Any, Final

from django.utils import timezone

from accounts.models import User
from cases.enums import ReportState, ResultSource, ResultState
from cases.matching import Match, Why
from cases.models import Case, Report, Result
from cases.readiness.store import store_readiness
from cases.reports import ReportData
from cases.services.candidates import Orders
from cases.services.concerned import concerned_people
from cases.services.results import ResultData, write_result
from cases.transitions import lock_case
from events.record import record

MOST_ID: Final = 128
"""Characters of an external id, in the columns of reports and answers."""

_DAYS: Final = ("performed_on", "expected_on", "ordered_on", "preliminary_on", "final_on")
_TEXTS: Final = (
    "kind", "requirement", "state", "text", "accession_number", "study_uid", "is_external", "is_corrected",
    "source", "external_id", "stamp",
)  # fmt: skip


def file_report(report: Report, data: ReportData, match: Match, *, orders: Orders, now: datetime) -> None:
    """Make the report the answer at `match` and save it as placed. The case's readiness follows.

    Where an order that was entered by hand is waiting there, that order becomes the answer.
    """
    case = lock_case(match.case_id)
    if report.result is not None:
        result = Result.objects.select_for_update().get(pk=report.result.pk)
    else:
        result = _taken_over(report, match, orders) or Result(case=case, source=report.source, created_at=now)
        result.external_id = _external_id(report)
    was_there, result.is_placed_by_hand = result.pk is not None, match.why == Why.HAND
    _write(case, result, report, data, (match.requirement, match.kind), now)
    if was_there:  # Also when the answer itself says nothing new.
        result.save(update_fields=["source", "external_id", "is_placed_by_hand"])
    report.result, report.patient_id = result, case.patient_id
    report.state, report.rule = ReportState.PLACED, match.why
    report.save()


def update_filed(report: Report, data: ReportData, *, now: datetime) -> None:
    """Bring the answer of a placed report up to its newest version, where it lies."""
    if report.result is None:
        raise ValueError(f"report {report.pk} is placed nowhere")
    case = lock_case(report.result.case_id)
    result = Result.objects.select_for_update().get(pk=report.result.pk)
    _write(case, result, report, data, (result.requirement, result.kind), now)
    report.result = result
    report.save()


def take_out(report: Report, *, now: datetime, by: User | None = None) -> None:
    """Take the report out of its case: it belongs elsewhere, or a person says so; it waits again.

    The answer leaves the case (what came stays with the report), and an order that it had taken the place of is
    an order again. Leaves `report.left`, which tells those concerned when the answer was final.
    """
    result = report.result
    if result is None:
        return
    case = lock_case(result.case_id)
    was_final = result.state == ResultState.FINAL
    order, report.result, report.order = report.order, None, None
    report.state, report.rule = ReportState.WAITING, ""
    report.save()
    if order is None:
        result.delete()
    else:
        _restore(result, order, now)
    store_readiness(case, now)
    people = concerned_people(case, timezone.localdate(now)) if was_final else []
    record("report.left", by=by, now=now, subject=report, case=case.pk, unit=case.unit_id, to=people,
           system=report.source)  # fmt: skip


def short_id(text: str) -> str:
    """Return an external id that fits its column: a long one ends in the digest of the whole."""
    return _shortened(text, MOST_ID)


def _external_id(report: Report) -> str:
    return _shortened(f"{report.provider_id}|{report.external_id}", MOST_ID)


def _shortened(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    return f"{text[: most - len(digest) - 1]}~{digest}"


def _write(case: Case, result: Result, report: Report, data: ReportData, place: tuple[str, str], now: datetime) -> None:
    """Write the answer, and tell the readers of a final one that it was corrected or taken back."""
    was_final = result.pk is not None and result.state == ResultState.FINAL
    before = (result.text, result.structured, result.performed_on, result.state)
    requirement, kind = place
    answer = ResultData(
        kind=kind,
        requirement=requirement,
        state=data.state,
        performed_on=data.performed_on,
        expected_on=data.expected_on,
        text=data.text,
        structured=dict(data.structured),
        accession_number=data.accession_number[:64],
        study_uid=data.study_uid[:64],
        is_external=data.is_external,
        is_corrected=data.is_corrected,
        ordered_on=data.ordered_on,
        stamp=data.stamp,
        source=ResultSource(report.source),
        external_id=result.external_id,
    )
    write_result(case, result, answer, is_new=result.pk is None, by=None, now=now)
    if answer.ordered_on and result.ordered_on != answer.ordered_on:  # The order came after its answer.
        result.ordered_on = answer.ordered_on
        result.save(update_fields=["ordered_on"])
    if not was_final or before == (result.text, result.structured, result.performed_on, result.state):
        return
    is_taken_back = data.state == ResultState.CANCELLED
    if is_taken_back or data.is_corrected:
        record(
            "result.taken_back" if is_taken_back else "result.corrected",
            by=None, now=now, subject=result, case=case.pk, unit=case.unit_id, system=report.source,
            to=concerned_people(case, timezone.localdate(now)), data={"kind": result.kind},
        )  # fmt: skip


def _taken_over(report: Report, match: Match, orders: Orders) -> Result | None:
    """Return the order that the report answers, if one waits at the place; the report remembers how it was."""
    keys = ((match.case_id, match.requirement, match.kind), (match.case_id, "", match.kind))
    pk = next((orders[key] for key in keys if key in orders), None)
    if pk is None:
        return None
    result = Result.objects.select_for_update().get(pk=pk)
    was: dict[str, Any] = {name: getattr(result, name) for name in _TEXTS}
    was["structured"] = result.structured
    for name in _DAYS:
        day: date | None = getattr(result, name)
        was[name] = day.isoformat() if day else None
    report.order = was
    result.source = report.source
    return result


def _restore(result: Result, order: dict[str, Any], now: datetime) -> None:
    for name in (*_TEXTS, "structured"):
        setattr(result, name, order[name])
    for name in _DAYS:
        setattr(result, name, date.fromisoformat(order[name]) if order[name] else None)
    result.is_placed_by_hand, result.updated_at = False, now
    result.save()
