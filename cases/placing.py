"""What the page "To place" shows: the reports of other systems that found no place, and the messages that failed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.actor import Actor
from cases.enums import MessageState, ReportState
from cases.models import Case, InboundMessage, Report
from cases.privacy import IdentityGuard, Shown, masked
from cases.queries import case_list
from cases.reports import ReportData, report_from_json
from cases.services.candidates import asked_for
from cases.services.suggesting import Suggestion, suggestions_for_all
from checklists.enums import Kind

PAGE = 40
MOST_OFFERS = 3
"""Suggestions that a row shows as buttons, with the keys 1 to 3."""
MOST_FOUND = 10
MOST_MESSAGES = 50


@dataclass(frozen=True, slots=True)
class Offer:
    """A place for a report, as a button: the case and the requirement that it would answer."""

    case: int
    requirement: str
    label: str
    words: str
    why: str = ""

    @property
    def value(self) -> str:
        """What the button sends."""
        return f"{self.case}:{self.requirement}"


@dataclass(frozen=True, slots=True)
class FoundCase:
    """A case that was searched for, and the answers that it asks for."""

    url: str
    shown: Shown
    words: str
    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One report: what it is, whose, what it says, why it waits, and where it could go."""

    pk: int
    data: ReportData
    kind: str
    day: date | None
    source: str
    received_at: datetime
    shown: Shown
    is_known: bool
    why: str
    offers: tuple[Offer, ...]
    settled_by: str
    settled_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class PlacingPage:
    """The page. `patients` are those that it shows."""

    page: Page[Any]
    known: tuple[ReportRow, ...]
    unknown: tuple[ReportRow, ...]
    counts: Mapping[str, int]
    failed: tuple[InboundMessage, ...]
    patients: frozenset[int]


def placing_page(
    actor: Actor, providers: Collection[int], *, state: str = ReportState.WAITING, number: str | None = None
) -> PlacingPage:
    """Return a page of the reports of `providers` in `state` (waiting or set aside): known patients first, newest first.

    A constant number of queries: the reports, their counts, what may be suggested for all of them, failed messages.
    """
    reports = Report.objects.filter(provider_id__in=providers, state=state).select_related("patient", "settled_by")
    reports = reports.alias(is_unknown=Q(patient__isnull=True)).order_by("is_unknown", "-received_at", "-pk")
    page = Paginator(reports, PAGE).get_page(number)
    shown = list(page.object_list)
    suggested = suggestions_for_all(shown) if shown else {}
    offered = _own(actor, suggested)
    guard = IdentityGuard(actor)
    rows = [_row(report, suggested.get(report.pk, []), offered.get(report.pk, []), guard) for report in shown]
    patients = {report.patient_id for report in shown if report.patient_id}
    patients |= {one.case.patient_id for offers in offered.values() for one in offers}
    failed = InboundMessage.objects.filter(provider_id__in=providers, state=MessageState.FAILED).order_by("-pk")
    return PlacingPage(
        page=page,
        known=tuple(row for row in rows if row.is_known),
        unknown=tuple(row for row in rows if not row.is_known),
        counts=_counts(providers),
        failed=tuple(failed.defer("raw")[:MOST_MESSAGES]),
        patients=frozenset(patients),
    )


def _own(actor: Actor, suggested: Mapping[int, Sequence[Suggestion]]) -> dict[int, list[Suggestion]]:
    """Return the first suggestions in cases that a unit of the actor takes part in: they cannot place in others."""
    ids = {one.case.pk for suggestions in suggested.values() for one in suggestions}
    own = set(Case.objects.filter(pk__in=ids, units__in=actor.unit_ids).values_list("pk", flat=True)) if ids else set()
    return {
        pk: [one for one in suggestions if one.case.pk in own][:MOST_OFFERS] for pk, suggestions in suggested.items()
    }


def _counts(providers: Collection[int]) -> dict[str, int]:
    reports = Report.objects.filter(provider_id__in=providers)
    return {
        "waiting": reports.filter(state=ReportState.WAITING).count(),
        "set_aside": reports.filter(state=ReportState.SET_ASIDE).count(),
    }


def _row(
    report: Report, suggested: Sequence[Suggestion], offered: Sequence[Suggestion], guard: IdentityGuard
) -> ReportRow:
    data = report_from_json(report.content)
    return ReportRow(
        pk=report.pk,
        data=data,
        kind=str(Kind(report.kind).label) if report.kind else "",
        day=data.performed_on or data.expected_on or data.ordered_on,
        source=report.get_source_display(),
        received_at=report.received_at,
        shown=_whose(report, data, suggested, guard),
        is_known=report.patient_id is not None,
        why=_why(report, data, suggested, offered) if report.state == ReportState.WAITING else "",
        offers=tuple(_suggested(one, report, guard) for one in offered),
        settled_by=report.settled_by.name if report.settled_by else "",
        settled_at=report.settled_at,
        reason=report.reason,
    )


def _whose(report: Report, data: ReportData, suggested: Sequence[Suggestion], guard: IdentityGuard) -> Shown:
    """Return name and number: of the patient as known here, else as they were sent.

    A protected identity is hidden outside the units that treat the patient, here those of the suggested cases.
    """
    patient = report.patient
    if patient is None:
        return Shown(data.name, ", ".join(one.value for one in data.identities))
    if patient.is_protected and not any(
        guard.opens(one.case.unit_id, (one.case.responsible_clinician_id, one.case.contact_nurse_id))
        for one in suggested
        if one.case.patient_id == patient.pk
    ):
        return masked()
    return Shown(patient.name, str(patient.identity))


def _why(report: Report, data: ReportData, suggested: Sequence[Suggestion], offered: Sequence[Suggestion]) -> str:
    """Return why no rule placed the report, and what to do about it."""
    if report.patient is None:
        if not data.identities:
            return _("It names no number of a patient.")
        if len({one.case.patient_id for one in suggested}) > 1:
            return _("What it says of the patient fits several patients.")
        return _("No patient here has the number that it names.")
    if not suggested:
        return _("No open case of the patient asks for such an answer.")
    if not offered:
        return _("It may belong to a case of another unit. The coordinator there places it.")
    if len(suggested) > 1:
        return _("It may answer more than one thing that is asked for.")
    return _("Nothing in it says for certain what it answers.")


def _suggested(one: Suggestion, report: Report, guard: IdentityGuard) -> Offer:
    """Return the button of a suggestion; whose case it is, where that is not the patient of the report."""
    words = case_words(one.case)
    if one.case.patient_id != report.patient_id:
        shown = guard.of(one.case)
        words = f"{shown.name} {shown.number}, {words}"
    return Offer(one.case.pk, one.requirement.key, one.requirement.label(), words, one.why)


def case_words(case: Case) -> str:
    """Return which case it is in a few words: diagnosis and phase."""
    return f"{case.diagnosis.label()}, {case.get_phase_display().lower()}"


def found_cases(actor: Actor, report: Report, text: str) -> tuple[list[FoundCase], list[int]]:
    """Return the open cases of the report's provider that `text` (a name or a number) finds, and their patients.

    Only what the actor may see anyway; of each case the answers of the report's kind, or all where it has none.
    """
    if not text.strip():
        return [], []
    guard = IdentityGuard(actor)
    cases = list(
        case_list(actor, status="open", text=text).filter(patient__provider_id=report.provider_id)[:MOST_FOUND]
    )
    return [_found(case, report, guard) for case in cases], [case.patient_id for case in cases]


def _found(case: Case, report: Report, guard: IdentityGuard) -> FoundCase:
    asked = [one for one in asked_for(case.definition_id, case.phase) if report.kind in ("", one.kind)]
    words = case_words(case)
    return FoundCase(
        url=reverse("cases:case", args=[case.pk]),
        shown=guard.of(case),
        words=words,
        offers=tuple(Offer(case.pk, one.key, one.label(), words) for one in asked),
    )
