"""What the API says of a case, an answer and a clearance: one function each, and the same in every answer."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.utils import timezone

from accounts.actor import Actor
from cases.enums import ResultState
from cases.identity import COORDINATION_NUMBER, PERSONAL_NUMBER
from cases.models import Case, Clearance, Message, Result
from cases.panels import NextMeeting, panel
from cases.privacy import IdentityGuard
from cases.queries import Mark, marks_of
from cases.readiness.words import finding_message
from checklists.registry import specs_of
from checklists.spec import DefinitionSpec


def case_documents(cases: Iterable[Case], actor: Actor, today: date) -> list[dict[str, Any]]:
    """Return the documents of `cases`, with people, unit and diagnosis loaded, as `actor` may see them."""
    rows = list(cases)
    guard = IdentityGuard(actor)
    meetings: Mapping[int, NextMeeting] = panel("next_meeting", [case.pk for case in rows])
    specs = specs_of(case.definition_id for case in rows)
    marks = marks_of([case.pk for case in rows])
    return [
        _case(case, guard, specs[case.definition_id], meetings.get(case.pk), today)
        | {"discordances": [discordance_document(mark) for mark in marks.get(case.pk, ())]}
        for case in rows
    ]


def _case(
    case: Case, guard: IdentityGuard, spec: DefinitionSpec, meeting: NextMeeting | None, today: date
) -> dict[str, Any]:
    shown = guard.of(case)
    suggestion = spec.suggest_level(case.phase, case.circumstances)
    return {
        "id": case.pk,
        "patient": case.patient_id,
        "personal_identity_number": shown.number if shown.is_masked else written_identity(case),
        "name": shown.name,
        "is_protected": case.patient.is_protected,
        "diagnosis": case.diagnosis.slug,
        "phase": case.phase,
        "clinical_question": case.clinical_question,
        "history": case.history,
        "performance_status": case.performance_status,
        "comorbidity": case.comorbidity,
        "patient_wishes": case.patient_wishes,
        "responsible_clinician": case.responsible_clinician.email,
        "contact_nurse": case.contact_nurse.email if case.contact_nurse else None,
        "unit": case.unit.name,
        "suspected_on": case.suspected_on,
        "promised_on": case.promised_on,
        "external_reference": case.external_reference,
        "incomplete_reason": case.sent_incomplete_reason,
        "circumstances": case.circumstances,
        "status": case.status,
        "ending": case.ending or None,
        "level": case.level,
        "level_suggested": case.level_suggested,
        "level_suggested_reason": suggestion.reason(),
        "level_suggested_source": suggestion.source,
        "level_reason": case.level_reason,
        "triage": case.triage,
        "triage_note": case.triage_note,
        "triaged_at": case.triaged_at and timezone.localtime(case.triaged_at),
        "attested_at": case.attested_at and timezone.localtime(case.attested_at),
        "readiness": readiness_document(case, spec),
        "days_since_suspicion": (today - case.suspected_on).days,
        "next_meeting": _meeting(meeting),
        "version": case.version,
    }


def written_identity(case: Case) -> str:
    """Return the number as `POST cases/` takes it: a reserve number goes with its system."""
    patient = case.patient
    if patient.identity_system in (PERSONAL_NUMBER, COORDINATION_NUMBER):
        return str(patient.identity)
    return f"{patient.identity_system}|{patient.identity_value}"


def readiness_document(case: Case, spec: DefinitionSpec) -> dict[str, Any]:
    """Return the stored readiness: its state, how each requirement stands, and the findings in words."""
    return {
        "state": case.readiness_state,
        "checks": [
            {name: check[name] for name in ("requirement", "kind", "state")}
            | {name: check.get(name) for name in ("performed_on", "expected_on")}
            | {name: check.get(name, False) for name in ("late", "elsewhere")}
            for check in case.readiness.get("checks", ())
        ],
        "findings": [
            {
                "code": finding["code"],
                "severity": finding["severity"],
                "message": finding_message(finding, spec),
                "owner": finding["owner"],
                "requirement": finding["requirement"],
            }
            for finding in case.readiness.get("findings", ())
        ],
    }


def result_document(result: Result) -> dict[str, Any]:
    """Return one answer."""
    return {
        "id": result.pk,
        "case": result.case_id,
        "kind": result.kind,
        "requirement": result.requirement,
        "state": result.state,
        "final": result.state == ResultState.FINAL,
        "performed_on": result.performed_on,
        "expected_on": result.expected_on,
        "text": result.text,
        "structured": result.structured,
        "accession_number": result.accession_number,
        "study_uid": result.study_uid,
        "is_external": result.is_external,
        "is_corrected": result.is_corrected,
        "source": result.source,
        "external_id": result.external_id,
    }


def discordance_document(mark: Mark) -> dict[str, Any]:
    """Return a mark of discordant answers: which, the sentence, who and when, and how it was settled, if it was."""
    return {
        "id": mark.id,
        "case": mark.case_id,
        "results": list(mark.answers),
        "sentence": mark.sentence,
        "marked_by": mark.marked_by_email,
        "marked_at": timezone.localtime(mark.marked_at),
        "settled_sentence": mark.settled_sentence,
        "settled_by": mark.settled_by_email,
        "settled_at": mark.settled_at and timezone.localtime(mark.settled_at),
    }


def message_document(message: Message) -> dict[str, Any]:
    """Return one entry of a thread."""
    return {
        "id": message.pk,
        "case": message.case_id,
        "text": message.text,
        "written_by": message.written_by.email,
        "written_at": timezone.localtime(message.written_at),
    }


def clearance_document(clearance: Clearance) -> dict[str, Any]:
    """Return what sets a requirement aside: who, when and why."""
    return {
        "id": clearance.pk,
        "case": clearance.case_id,
        "requirement": clearance.requirement,
        "kind": clearance.kind,
        "reason": clearance.reason,
        "granted_by": clearance.granted_by.email,
        "granted_at": timezone.localtime(clearance.granted_at),
    }


def _meeting(meeting: NextMeeting | None) -> dict[str, Any] | None:
    if meeting is None:
        return None
    return {
        "meeting": meeting.meeting,
        "starts_at": timezone.localtime(meeting.starts_at),
        "firm": meeting.firm,
        "probability": meeting.probability,
        "moves": meeting.moves,
        "rebookings": meeting.rebookings,
        "can_be_firm": meeting.can_be_firm,
    }
