"""All that the page of one case shows, put together for one reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.permissions import Permission, Role
from accounts.signs import KINDS
from cases.enums import AnswerState, CaseStatus, ReadinessState
from cases.forecast.words import ForecastShown, PartShown, forecast_shown
from cases.models import Case, Clearance, Message, Referral
from cases.panels import Advice, DateMove, NextMeeting, Place, Proposal, is_promise_at_risk, panel
from cases.privacy import IdentityGuard, Shown
from cases.queries import case_details, marks_of, speciality_of, thread_of
from cases.readiness.words import finding_message
from cases.timeline import Timeline, timeline_of
from checklists.enums import LevelCode
from checklists.registry import spec_of
from checklists.spec import DefinitionSpec, LevelSuggestion, Requirement
from events.queries import HistoryRow, history_of

AWAITED = (AnswerState.ORDERED, AnswerState.PRELIMINARY)
SETTLED = (AnswerState.FINAL, AnswerState.WAIVED, AnswerState.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Rights:
    """What the reader may do with the case as it stands: buttons are taken from here."""

    edit: bool
    result: bool
    clear: bool
    level: bool
    attest: bool
    withdraw: bool
    mark: bool
    access_log: bool


@dataclass(frozen=True, slots=True)
class Mend:
    """A finding with the way to what mends it; no address where the reader may not. `awaited`: when its answer is expected."""

    severity: str
    message: str
    owner: str
    url: str
    action: str
    requirement: str = ""
    awaited: PartShown | None = None


@dataclass(frozen=True, slots=True)
class RequirementRow:
    """One requirement of the case: how it stands, since when, and what set it aside."""

    key: str
    label: str
    kind: str
    state: str
    is_blocking: bool
    is_conditional: bool
    field: str
    value: str
    performed_on: date | None
    expected_on: date | None
    is_late: bool
    is_elsewhere: bool
    clearance: Clearance | None

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is awaited for it."""
        return self.state in SETTLED


@dataclass(frozen=True, slots=True)
class Pane:
    """One of the four, with its requirements; the answers stand together on the axis of time (`cases.timeline`)."""

    kind: str
    label: str
    state: str
    rows: tuple[RequirementRow, ...]


@dataclass(frozen=True, slots=True)
class CasePage:
    """The page; what is computed from the stored readiness carries the reader's language."""

    case: Case
    spec: DefinitionSpec
    shown: Shown
    rights: Rights
    findings: tuple[Mend, ...]
    panes: tuple[Pane, ...]
    timeline: Timeline
    thread: Sequence[tuple[Message, str]]
    days: int
    allowed: int | None
    promised_day: int | None
    next_meeting: NextMeeting | None
    proposals: Sequence[Proposal]
    forecast: ForecastShown | None
    advice: Sequence[Advice]
    places: Sequence[Place]
    date_moves: Sequence[DateMove]
    promise_at_risk: bool
    history: Sequence[HistoryRow]
    referrals: Sequence[Referral]
    circumstances: tuple[tuple[str, str], ...]
    suggestion: LevelSuggestion

    @property
    def books_firm(self) -> bool:
        """Whether a place is firm at once: the case is ready, or on the protocol list, which asks for no readiness."""
        return self.case.readiness_state == ReadinessState.READY or self.case.level == LevelCode.PROTOCOL

    @property
    def rebooked(self) -> int:
        """How many times the case has been rebooked."""
        return max((place.rebooking for place in self.places), default=0)

    @property
    def is_complete(self) -> bool:
        """Whether no finding but the attestation itself more than warns."""
        grave = [finding for finding in self.case.readiness.get("findings", ()) if finding["severity"] != "warning"]
        return all(finding["code"] == "attestation-missing" for finding in grave)


def case_page(case: Case, actor: Actor, today: date) -> CasePage:
    """Return the page of `case`, to which `actor` was given access, on the day `today`.

    Queries: answers, clearances, referrals, units, marks, thread and history of the case, the image viewer of its
    unit, and one for each panel above.
    """
    case = case_details(case)
    spec = spec_of(case.definition_id)
    rights = rights_of(case, actor)
    next_meeting, proposals = _meetings(case)
    places = panel("agenda_history", [case.pk]).get(case.pk, ())
    referrals = list(case.referrals.all())
    forecast = _forecast(case, spec, next_meeting or next(iter(proposals), None))
    return CasePage(
        case=case,
        spec=spec,
        shown=IdentityGuard(actor).of(case),
        rights=rights,
        findings=_awaited(findings_of(case, spec, rights), forecast),
        panes=_panes(case, spec),
        timeline=timeline_of(
            case,
            spec,
            list(case.results.all()),
            marks=marks_of([case.pk]).get(case.pk, ()),
            referrals=referrals,
            places=places,
            today=today,
        ),
        thread=[(message, speciality_of(message.written_by)) for message in thread_of(case)],
        days=(today - case.suspected_on).days,
        allowed=spec.lead_time_days,
        promised_day=(case.promised_on - case.suspected_on).days if case.promised_on else None,
        next_meeting=next_meeting,
        proposals=[one for one in proposals if _may_book(next_meeting, actor, one)],
        forecast=forecast,
        advice=panel("outcomes", [case.pk]).get(case.pk, ()),
        places=places,
        date_moves=panel("date_moves", [case.pk]).get(case.pk, ()),
        promise_at_risk=case.is_open and is_promise_at_risk(case.promised_on, next_meeting, _warned(case)),
        history=history_of(case_id=case.pk)[::-1],
        referrals=referrals,
        circumstances=_circumstances(case, spec),
        suggestion=spec.suggest_level(case.phase, case.circumstances),
    )


def _meetings(case: Case) -> tuple[NextMeeting | None, Sequence[Proposal]]:
    """Return the place of the case, and the coming meetings that could take it while it waits for a firm one."""
    held = panel("next_meeting", [case.pk]).get(case.pk)
    proposals = panel("proposals", [case.pk]).get(case.pk, ()) if case.status == CaseStatus.REFERRED else ()
    return held, proposals


def _warned(case: Case) -> str:
    """Return the promised date that was last warned of, where one is promised."""
    return str(panel("promises", [case.pk]).get(case.pk, "")) if case.promised_on else ""


def _may_book(held: NextMeeting | None, actor: Actor, proposal: Proposal) -> bool:
    return not (held and held.firm) and actor.can(Permission.PLAN_MEETING, proposal.units)


def _forecast(case: Case, spec: DefinitionSpec, meeting: NextMeeting | Proposal | None) -> ForecastShown | None:
    """Return when the case is expected to be ready, for its place or for the first meeting that could take it."""
    if case.status not in (CaseStatus.DRAFT, CaseStatus.REFERRED, CaseStatus.SCHEDULED):
        return None
    return forecast_shown(case, spec, meeting, timezone.now())


def rights_of(case: Case, actor: Actor) -> Rights:
    """Return what `actor` may do with `case`, whose units are loaded."""
    units = frozenset(unit.pk for unit in case.units.all())

    def may(permission: Permission) -> bool:
        return case.is_open and actor.can(permission, units)

    return Rights(
        edit=may(Permission.EDIT_CASE),
        result=may(Permission.ADD_RESULT),
        clear=may(Permission.WAIVE),
        level=may(Permission.SET_LEVEL),
        attest=may(Permission.ATTEST) and case.attested_at is None and case.responsible_clinician_id == actor.user.pk,
        withdraw=may(Permission.EDIT_CASE) and case.status != CaseStatus.DISCUSSED,
        mark=may(Permission.VIEW_CASE),
        access_log=actor.can(Permission.VIEW_ACCESS_LOG),
    )


def findings_of(case: Case, spec: DefinitionSpec, rights: Rights) -> tuple[Mend, ...]:
    """Return the stored findings in words, each with its owner and the way to the field that mends it."""
    return tuple(_mend(finding, case, spec, rights) for finding in case.readiness.get("findings", ()))


def _mend(finding: Mapping[str, Any], case: Case, spec: DefinitionSpec, rights: Rights) -> Mend:
    owner = str(Role(finding["owner"]).label)
    if finding["owner"] == Role.CLINICIAN:
        owner = _("Responsible clinician, %(name)s") % {"name": case.responsible_clinician.name}
    url, action, is_allowed = _way(finding, case, rights)
    return Mend(
        severity=finding["severity"],
        message=finding_message(finding, spec),
        owner=owner,
        url=url if is_allowed else "",
        action=action,
        requirement=finding["requirement"],
    )


def _awaited(findings: Sequence[Mend], forecast: ForecastShown | None) -> tuple[Mend, ...]:
    """Return the findings with the days on which the answer that mends them is expected, where one is awaited."""
    parts = {part.requirement: part for part in forecast.parts if part.requirement} if forecast else {}
    return tuple(replace(finding, awaited=parts.get(finding.requirement)) for finding in findings)


def _way(finding: Mapping[str, Any], case: Case, rights: Rights) -> tuple[str, str, bool]:
    """Return the address that mends a finding, the word for it, and whether the reader may."""
    page = reverse("cases:case", args=[case.pk])
    key = finding["requirement"]
    match finding["code"]:
        case "attestation-missing":
            return f"{page}#attest", _("Attest"), rights.attest
        case "field-missing":
            edit = reverse("cases:edit", args=[case.pk])
            return f"{edit}#{finding['anchor']}_field", _("Fill in"), rights.edit
        case "condition-open":
            return f"{page}?open=clear:{key}#requirement-{key}", _("Decide"), rights.clear or rights.result
    return f"{page}?open=result:{key}#requirement-{key}", _("Enter the answer"), rights.result


def _panes(case: Case, spec: DefinitionSpec) -> tuple[Pane, ...]:
    strip = case.readiness.get("strip", ())
    checks = case.readiness.get("checks", ())
    requirements = {requirement.key: requirement for requirement in spec.requirements}
    clearances = {row.requirement: row for row in case.clearances.all() if row.revoked_at is None}
    return tuple(
        Pane(
            kind=kind,
            label=str(label),
            state=state,
            rows=tuple(
                _requirement(check, requirements[check["requirement"]], case, clearances)
                for check in checks
                if check["kind"] == kind and check["requirement"] in requirements
            ),
        )
        for (kind, label, _letter), state in zip(KINDS, strip, strict=False)
    )


def _requirement(
    check: Mapping[str, Any], requirement: Requirement, case: Case, clearances: Mapping[str, Clearance]
) -> RequirementRow:
    return RequirementRow(
        key=requirement.key,
        label=requirement.label(),
        kind=requirement.kind,
        state=check["state"],
        is_blocking=requirement.is_blocking,
        is_conditional=requirement.conditional,
        field=requirement.field,
        value=_value(case, requirement.field),
        performed_on=_day(check["performed_on"]),
        expected_on=_day(check["expected_on"]) if check["state"] in AWAITED else None,
        is_late=check.get("late", False),
        is_elsewhere=check.get("elsewhere", False),
        clearance=clearances.get(requirement.key),
    )


def _value(case: Case, field: str) -> str:
    """Return what the referral says in the field that answers a requirement by itself."""
    match field:
        case "":
            return ""
        case "performance_status":
            return "" if case.performance_status is None else f"WHO {case.performance_status}"
        case "contact_nurse":
            return case.contact_nurse.name if case.contact_nurse else ""
    return str(getattr(case, field, ""))


def _circumstances(case: Case, spec: DefinitionSpec) -> tuple[tuple[str, str], ...]:
    given: Mapping[str, str] = case.circumstances or {}
    return tuple(
        (circumstance.label(), choice.label())
        for circumstance in spec.circumstances
        for choice in circumstance.choices
        if given.get(circumstance.key) == choice.key
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
