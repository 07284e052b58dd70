"""The reader of FHIR R4: a DiagnosticReport, or a Bundle of any type with reports and orders, from bytes to values.

Read tolerantly: unknown elements, extensions, profiles and references that lead nowhere reject nothing. A wrong status,
a wrong type or date where the value is needed, or an answer without a day does, and every fault of a message is named
with its path; nothing of such a message is taken. Pure: no database, no clock but the one that is given.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from cases.intake.fhir_bundle import Resources
from cases.intake.fhir_json import FhirFault, Issue, Node, parse_document
from cases.intake.fhir_report import order_data, orders_of, report_data
from cases.reports import ReportData

MOST_REPORTS = 500
NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class FhirMessage:
    """What was read: the type of the resource, the number it goes by ("" where none), and its reports in order."""

    kind: str
    control_id: str
    reports: tuple[ReportData, ...]


def read_fhir(raw: bytes, *, now: datetime | None = None) -> FhirMessage:
    """Return what `raw` says; FhirFault with every issue and its path.

    With `now` given, what lies in the future is a fault. Without, the content alone is judged, so that a message
    which was taken once is read the same ever after.
    """
    issues: list[Issue] = []
    root = Node(parse_document(raw), "", issues)
    kind = root.kind
    if not kind:
        raise FhirFault([Issue("required", _("Say which resource it is: resourceType."), "resourceType")], 400)
    root = Node(root.content, kind, issues)
    if kind not in ("DiagnosticReport", "Bundle"):
        text = _("%(kind)s is not taken here. Send a DiagnosticReport, or a Bundle with one.") % {"kind": kind[:64]}
        raise FhirFault([Issue("not-supported", text, "resourceType")])
    reports = _reports(root, now)
    if not reports and not issues:
        text = _("The Bundle holds no DiagnosticReport and no order that is active. Send a Bundle with one.")
        raise FhirFault([Issue("not-supported", text, "Bundle.entry")])
    if issues:
        raise FhirFault(issues, kind=kind, control_id=_number(root))
    return FhirMessage(kind, _number(root), tuple(reports))


def _reports(root: Node, now: datetime | None) -> list[ReportData]:
    """Return the reports of the message, then the orders that none of them answers."""
    resources = Resources(root)
    reports = resources.of("DiagnosticReport")
    answered = {order.node.path for report in reports for order in orders_of(report, resources)}
    orders = [order for order in resources.of("ServiceRequest") if order.node.path not in answered]
    if len(reports) + len(orders) > MOST_REPORTS:
        root.note("too-long", _("At most %(limit)d reports in one message.") % {"limit": MOST_REPORTS}, "entry")
        return []
    awaited = (order_data(order, resources, now) for order in orders)
    return [report_data(report, resources, now) for report in reports] + [order for order in awaited if order]


def _number(root: Node) -> str:
    """Return the identifier of the message, else its id; a fault in it is none of the message."""
    aside = Node(root.content, root.path, [])
    single = aside.content.get("identifier")
    identifiers = [aside.child("identifier")] if isinstance(single, dict) else aside.children("identifier")
    values = [identifier.text("value") for identifier in identifiers if identifier]
    return (next(filter(None, values), "") or aside.text("id"))[:NAME_LENGTH]
