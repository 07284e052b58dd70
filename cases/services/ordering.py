"""What an order that came on its own lends to the reports that answer it; pure.

They are told to be about one examination by the accession number (or the order's number, where there is none), by
not naming different patients, and by not being coded as different examinations. What the order says counts where
the report is silent: whose it is, what was ordered, when. It is lent for the decision and never stored with the
report, so that it makes no difference which of them came first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cases.matching import may_be_one_examination
from cases.persons import Number, numbers_of
from cases.reports import ReportCode, ReportData
from cases.services.identities import Person


def are_of_one(one: ReportData, other: ReportData, person: Person) -> bool:
    """Whether two with the same accession number are about the same examination of the same patient."""
    return _may_be_one_person(one, other, person) and may_be_one_examination(one.codes, other.codes)


def with_orders(data: ReportData, orders: Iterable[ReportData]) -> ReportData:
    """Return the report with what its orders say where it is silent itself; the codes and titles of all count."""
    for order in sorted(orders, key=lambda one: (one.stamp, one.external_id), reverse=True):
        ordered = (*order.codes, *([ReportCode("", "", order.title)] if order.title else ()))
        data = replace(
            data,
            kind=data.kind or order.kind,
            modality=data.modality or order.modality,
            codes=tuple(dict.fromkeys((*data.codes, *ordered))),
            ordered_on=data.ordered_on or order.ordered_on,
            identities=data.identities or order.identities,
            name=data.name or order.name,
            born_on=data.born_on or order.born_on,
        )
    return data


def is_answered(order: ReportData, mates: Sequence[ReportData], person: Person) -> bool:
    """Whether a report of its examination has come: then the order is awaited no more."""
    return any(not mate.is_order and are_of_one(order, mate, person) for mate in mates)


def _may_be_one_person(one: ReportData, other: ReportData, person: Person) -> bool:
    roots = [{person.root(number) for number in _numbers(data)} for data in (one, other)]
    return not all(roots) or not roots[0].isdisjoint(roots[1])


def _numbers(data: ReportData) -> tuple[Number, ...]:
    return numbers_of(data.identities, data.born_on)
