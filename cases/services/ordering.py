"""An order and its report are one: the order's own row ends when the report comes, whichever of them comes first.

They are told to be one by the accession number (or the order's number, where there is none), by not naming
different patients, and by not being coded as different examinations. What the order says is added where the report
is silent: whose it is, what was ordered, when. Several reports on one order each have it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from cases.enums import ReportState
from cases.matching import system_key
from cases.models import Report, Result
from cases.persons import Number, numbers_of
from cases.reports import ReportCode, ReportData, report_from_json


def numbers_with_order(provider_id: int, data: ReportData) -> tuple[Number, ...]:
    """Return the numbers that a report names, else those that the orders or reports of its examination name.

    One query where it names none; to be asked before its numbers are held.
    """
    own = numbers_of(data.identities, data.born_on)
    if own or not data.accession_number:
        return own
    rows = Report.objects.filter(provider_id=provider_id, accession_number=data.accession_number[:64])
    others = [report_from_json(content) for content in rows.order_by("pk").values_list("content", flat=True)]
    return tuple(dict.fromkeys(number for one in others for number in numbers_of(one.identities, one.born_on)))


def same_examination(provider_id: int, data: ReportData, written: Collection[str]) -> list[Report]:
    """Return the other reports and orders of the examination of `data`, locked, oldest first; one query.

    `written` are the numbers of its patient: a report about another carries the same accession number by chance
    and is left out, and so is one that is coded as another examination, and one that a person has set aside.
    Hold the examination (`hold_numbers`) before.
    """
    if not data.accession_number:
        return []
    rows = Report.objects.select_for_update(of=("self",)).select_related("result__case")
    rows = rows.filter(provider_id=provider_id, accession_number=data.accession_number[:64])
    return [
        row
        for row in rows.exclude(state=ReportState.SET_ASIDE).order_by("pk")
        if (not written or not row.numbers or not set(written).isdisjoint(row.numbers))
        and _may_be_one(data.codes, report_from_json(row.content).codes)
    ]


def _may_be_one(codes: Iterable[ReportCode], others: Iterable[ReportCode]) -> bool:
    """Whether no code system that both use tells them apart."""
    own = {(system_key(one.system), one.code.casefold()) for one in codes if one.system}
    other = {(system_key(one.system), one.code.casefold()) for one in others if one.system}
    shared = {system for system, _code in own} & {system for system, _code in other}
    return not shared or not own.isdisjoint(other)


def is_order(report: Report) -> bool:
    """Whether the row is an order on its own, which no report has answered yet."""
    return bool(report.content.get("is_order"))


def free_row(order: Report) -> None:
    """Let any version of a report be written where the order lies: the order's own time says nothing of it."""
    order.stamp = ""
    if order.result is not None:
        Result.objects.filter(pk=order.result.pk).update(stamp="")


def order_of(reports: Sequence[Report]) -> Mapping[str, Any] | None:
    """Return the order among the rows, as JSON: on its own, or as a report has it already; the newest of several."""
    orders = [report.content if is_order(report) else report.content.get("order") for report in reports]
    return max((order for order in orders if order), key=lambda order: str(order["stamp"]), default=None)


def with_order(data: ReportData, order: Mapping[str, Any] | None) -> ReportData:
    """Return the report with what its order says where it is silent itself; the codes and titles of both count."""
    if order is None or (data.order and str(data.order["stamp"]) >= str(order["stamp"])):
        return data
    said = report_from_json(order)
    ordered = (*said.codes, *([ReportCode("", "", said.title)] if said.title else ()))
    return replace(
        data,
        kind=data.kind or said.kind,
        modality=data.modality or said.modality,
        codes=tuple(dict.fromkeys((*data.codes, *ordered))),
        ordered_on=data.ordered_on or said.ordered_on,
        identities=data.identities or said.identities,
        name=data.name or said.name,
        born_on=data.born_on or said.born_on,
        order={**order, "order": None},
    )
