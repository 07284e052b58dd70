"""One DiagnosticReport, or one order (ServiceRequest) that no report of the message answers, as a `ReportData`."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from cases.enums import ResultState
from cases.intake.fhir_bundle import Resource, Resources, name_of
from cases.intake.fhir_context import accession_of, kind_of, studies_of, study_uid_of, subject_of
from cases.intake.fhir_json import Node
from cases.intake.fhir_parts import Moment, codes_of, moment, system_of, type_of, words_of
from cases.intake.fhir_values import observations_of, report_text
from cases.reports import ReportCode, ReportData, stamp_of

REPORT_STATES: Final = {
    "registered": (ResultState.ORDERED, "ordered"),
    "partial": (ResultState.PRELIMINARY, "preliminary"),
    "preliminary": (ResultState.PRELIMINARY, "preliminary"),
    "final": (ResultState.FINAL, "final"),
    "amended": (ResultState.FINAL, "corrected"),
    "corrected": (ResultState.FINAL, "corrected"),
    "appended": (ResultState.FINAL, "corrected"),
    "cancelled": (ResultState.CANCELLED, "cancelled"),
    "entered-in-error": (ResultState.CANCELLED, "wrong"),
    "unknown": (ResultState.ORDERED, "ordered"),
}
"""R4 value set diagnostic-report-status -> our state and rank; of an unknown one nothing is concluded but the order."""

ORDER_STATES: Final = {
    "draft": None,
    "active": (ResultState.ORDERED, "ordered"),
    "on-hold": None,
    "revoked": (ResultState.CANCELLED, "cancelled"),
    "completed": None,
    "entered-in-error": (ResultState.CANCELLED, "wrong"),
    "unknown": None,
}
"""R4 value set request-status; None says nothing about an answer that is to come."""

INTENTS: Final = ("", "order", "original-order", "reflex-order", "filler-order", "instance-order")
NO_ANSWER: Final = ("387713003", "409063005", "409073007")
"""SNOMED CT categories of R4's ServiceRequest that end in no report: surgery, counselling, education."""

ANSWERS: Final = (ResultState.PRELIMINARY, ResultState.FINAL)
SKEW: Final = timedelta(hours=1)
"""How far the sender's clock may run ahead of ours."""
MOST_CODES = 200
TITLE_LENGTH = 200


def report_data(report: Resource, resources: Resources, now: datetime | None) -> ReportData:
    """Return the report; what is wrong in it is noted with its path, and the value is then not to be used.

    With `now` a report of the future is wrong too. Its text holds the values of its observations.
    """
    node = report.node
    state, rank = _state(node, REPORT_STATES) or (ResultState.ORDERED, "ordered")
    orders = orders_of(report, resources)
    studies = studies_of(report, orders, resources)
    observations = observations_of(report, resources)
    values = [one.node for _depth, one in observations if isinstance(one, Resource)]
    subject = subject_of([report, *orders], resources)
    kind, modality = kind_of([report, *orders], studies, values)
    issued = moment(node, "issued")
    effective = _effective(node, studies)
    meta = node.child("meta")
    updated = moment(meta, "lastUpdated") if meta else None
    data = ReportData(
        external_id="",
        stamp="",
        state=state,
        kind=kind,
        modality=modality,
        codes=_codes(node, orders, values),
        title=words_of(node.child("code"))[:TITLE_LENGTH],
        text=report_text(report, observations),
        performed_on=_performed_on(node, effective, issued or updated, now) if state in ANSWERS else None,
        ordered_on=_first_day(order.node for order in orders),
        expected_on=_expected_on(effective, orders) if state == ResultState.ORDERED else None,
        accession_number=accession_of(report, orders, studies),
        study_uid=study_uid_of(report, studies),
        is_corrected=rank == "corrected",
        performer=_performer(report, resources),
        identities=subject.identities,
        name=subject.name,
        born_on=subject.born_on,
    )
    told = issued or updated
    if told is None and state != ResultState.ORDERED:
        told = effective
    return _identified(data, report, rank, told, now)


def order_data(order: Resource, resources: Resources, now: datetime | None) -> ReportData | None:
    """Return an order as a report that is awaited, or called off; None for one after which no answer comes."""
    node = order.node
    categories = [code.code for concept in node.children("category") for code in codes_of(concept)]
    if node.text("intent") not in INTENTS or node.content.get("doNotPerform") is True:
        return None
    if any(code in NO_ANSWER for code in categories):
        return None
    told = _state(node, ORDER_STATES)
    if told is None:
        return None
    state, rank = told
    subject = subject_of([order], resources)
    kind, modality = kind_of([order], [], [])
    authored = moment(node, "authoredOn")
    data = ReportData(
        external_id="",
        stamp="",
        state=state,
        kind=kind,
        modality=modality,
        codes=_codes(node, [], []),
        title=words_of(node.child("code"))[:TITLE_LENGTH],
        ordered_on=authored.day if authored else None,
        is_order=True,
        expected_on=_expected_on(None, [order]) if state == ResultState.ORDERED else None,
        accession_number=accession_of(None, [order], []),
        performer=_performer(order, resources),
        identities=subject.identities,
        name=subject.name,
        born_on=subject.born_on,
    )
    meta = node.child("meta")
    return _identified(data, order, rank, (moment(meta, "lastUpdated") if meta else None) or authored, now)


def orders_of(report: Resource, resources: Resources) -> list[Resource]:
    """Return the orders of the message that the report is based on."""
    found = [resources.find(reference, report) for reference in report.node.children("basedOn")]
    return [order for order in found if order and order.kind == "ServiceRequest"]


def _state(
    node: Node, known: "dict[str, tuple[ResultState, str]] | dict[str, tuple[ResultState, str] | None]"
) -> tuple[ResultState, str] | None:
    """Return the state and rank of a resource; a missing or wrong status is an issue."""
    status = node.text("status")
    if status in known:
        return known[status]
    if not status:
        if not node.has("status"):
            node.note("required", _("Say the status: %(known)s.") % {"known": ", ".join(known)}, "status")
    else:
        text = _("“%(status)s” is no status of %(kind)s. Use one of: %(known)s.") % {
            "status": status[:40], "kind": node.kind, "known": ", ".join(known)
        }  # fmt: skip
        node.note("code-invalid", text, "status")
    return None


def _codes(node: Node, orders: Sequence[Resource], values: Iterable[Node]) -> tuple[ReportCode, ...]:
    """Return the codes of the report, of what was ordered and of what was observed, in this order."""
    holders = [node, *(order.node for order in orders), *values]
    found = dict.fromkeys(code for holder in holders for code in codes_of(holder.child("code")))
    return tuple(found)[:MOST_CODES]


def _effective(node: Node, studies: Sequence[Resource]) -> Moment | None:
    """Return when the examination was made: effective[x] (the end of a period), else the start of the study."""
    for name in ("effectiveDateTime", "effectiveInstant"):
        if node.has(name):
            return moment(node, name)
    if period := node.child("effectivePeriod"):
        return moment(period, "end") or moment(period, "start")
    return next((started for study in studies if (started := moment(study.node, "started"))), None)


def _performed_on(node: Node, effective: Moment | None, issued: Moment | None, now: datetime | None) -> date | None:
    """Return the day of an answer: as told, else of its issue (or last update), where a year or month allows it.

    No day is made up: an issue where none can be told, and where it lies in the future.
    """
    day = effective.day if effective else None
    if day is None and issued and issued.day and (effective is None or effective.holds(issued.day)):
        day = issued.day
    if day is None and not any(node.has(name) for name in ("effectiveDateTime", "effectiveInstant", "effectivePeriod")):
        node.note(
            "required", _("Say on which day it was made (effectiveDateTime), or when it was issued."), "effective[x]"
        )
    elif day is None and effective:
        node.note("value", _("Say the day too: a year or a month does not tell how old the answer is."), "effective[x]")
    elif day and now and day > timezone.localdate(now):
        node.note("value", _("The date is in the future. Give the day on which it happened."), "effective[x]")
    return day


def _expected_on(effective: Moment | None, orders: Sequence[Resource]) -> date | None:
    """Return the day for which the examination is planned, as the report or one of its orders says."""
    if effective and effective.day:
        return effective.day
    for order in orders:
        period = order.node.child("occurrencePeriod")
        planned = moment(order.node, "occurrenceDateTime")
        if planned is None and period:
            planned = moment(period, "end") or moment(period, "start")
        if planned and planned.day:
            return planned.day
    return None


def _first_day(orders: Iterable[Node]) -> date | None:
    days = [authored.day for order in orders if (authored := moment(order, "authoredOn")) and authored.day]
    return min(days, default=None)


def _performer(holder: Resource, resources: Resources) -> str:
    """Return who made it, by the name that the message has for them."""
    for name in ("performer", "resultsInterpreter"):
        for reference in holder.node.children(name):
            found = resources.find(reference, holder)
            own = found.node.text("name") if found and found.kind == "Organization" else ""
            if text := own or reference.text("display"):
                return text[:TITLE_LENGTH]
    return ""


def _identified(data: ReportData, holder: Resource, rank: str, told: Moment | None, now: datetime | None) -> ReportData:
    """Give the report its id and the stamp of its version; one issued in the future is an issue."""
    at = told.at if told else None
    if told and told.day and at is None:
        at = timezone.make_aware(datetime.combine(told.day, datetime.min.time()))
    if at and now and at > now + SKEW:
        holder.node.note("value", _("This is in the future. Check the clock of the sender."), "issued")
    content = json.dumps(data.as_json(), sort_keys=True).encode()
    return replace(data, external_id=external_id_of(holder, content), stamp=stamp_of(at, rank, content))


def external_id_of(holder: Resource, content: bytes) -> str:
    """Return what makes a report the same one in its next version.

    Its business identifier (that of the filler first; the number of an examination or of the order is not the
    report's own), else the resource's id at its server, else its accession number or order number with its code;
    where it has none of these, only the very same content is the same report.
    """
    node = holder.node
    prefix = "" if holder.kind == "DiagnosticReport" else f"{holder.kind}|"
    shared = ("ACSN", "PLAC") if holder.kind == "DiagnosticReport" else ()
    numbered = [one for one in node.children("identifier") if one.has("value")]
    own = [one for one in numbered if type_of(one) not in shared]
    own.sort(key=lambda one: (type_of(one) not in ("FILL", "PLAC"), one.text("use") != "official"))
    if own:
        return f"{prefix}{system_of(own[0])}|{own[0].text('value')}"
    if name := name_of(holder):
        at_server = holder.url.startswith(("http://", "https://")) and holder.url.endswith(name)
        return holder.url if at_server else name
    if numbered:
        code = next(codes_of(node.child("code")), ReportCode("", ""))
        return f"{prefix}{system_of(numbered[0])}|{numbered[0].text('value')}|{code.code}"
    return f"{prefix}sha256:{hashlib.sha256(content).hexdigest()}"
