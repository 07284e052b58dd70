"""What the API answers about meetings and their items, as CONTRACT.md names it: plain mappings."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.actor import Actor
from accounts.permissions import Permission
from mdk.access import series_units
from mdk.models import Attendance, Meeting, Outcome
from mdk.queries.agenda import AgendaRow, PreparationRow, agendas, planned_minutes_of, preparation_loads
from mdk.services.outcome import quorum_of_phases

Document = dict[str, Any]

_BLANK_OUTCOME: Document = {
    "recommendation": "",
    "intent": "",
    "ctnm": "",
    "ptnm": "",
    "checklist": {},
    "fields": {},
    "study": "",
    "next_step": "",
    "responsible": "",
    "due_on": None,
    "discordant": False,
    "deviation_reason": "",
    "recorded_by": None,
    "recorded_at": None,
    "signed_by": None,
    "signed_at": None,
    "version": 0,
}


def meeting_document(actor: Actor, meeting: Meeting, *, with_items: bool = True) -> Document:
    """Return the meeting as the API shows it to `actor`, in a constant number of queries.

    `meeting` comes from `mdk.access.access_meeting`. Patients are in it as far as the actor may see them; the
    caller logs the reading with `patients_in`.
    """
    return meeting_documents(actor, [meeting], with_items=with_items)[0]


def meeting_documents(actor: Actor, meetings: Iterable[Meeting], *, with_items: bool = True) -> list[Document]:
    """Return several meetings (series, its units and chair loaded): four queries however many there are."""
    meetings = list(meetings)
    rows = agendas(meetings)
    present = _present([meeting.pk for meeting in meetings])
    outcomes = _outcomes([meeting.pk for meeting in meetings]) if with_items else {}
    return [
        _meeting(actor, meeting, rows[meeting.pk], present.get(meeting.pk, frozenset()), outcomes, with_items)
        for meeting in meetings
    ]


def item_document(actor: Actor, meeting: Meeting, item_id: int) -> Document | None:
    """Return one item of the meeting's agenda; None when it is not on it any more."""
    document = meeting_document(actor, meeting)
    return next((item for item in document["items"] if item["id"] == item_id), None)


def patients_in(actor: Actor, meeting: Meeting, rows: Iterable[AgendaRow]) -> list[int]:
    """Return the patients that `actor` was shown: all, or none without the right to see cases there."""
    return [row.patient_id for row in rows] if _sees_cases(actor, meeting) else []


def outcome_document(outcome: Outcome | None) -> Document:
    """Return an outcome with its version; version 0 and empty fields where none is written yet."""
    if outcome is None:
        return dict(_BLANK_OUTCOME)
    shown = {name: getattr(outcome, name) for name in _BLANK_OUTCOME if hasattr(outcome, name)}
    return shown | {
        "discordant": outcome.is_discordant,
        "due_on": outcome.due_on.isoformat() if outcome.due_on else None,
        "recorded_by": outcome.recorded_by.email,
        "recorded_at": _local(outcome.recorded_at),
        "signed_by": outcome.signed_by.email if outcome.signed_by else None,
        "signed_at": _local(outcome.signed_at),
    }


def preparation_document(row: PreparationRow) -> Document:
    """Return one discipline's preparation of an item; the reader is an e-mail address."""
    return {
        "id": row.id,
        "discipline": row.discipline,
        "reader": row.reader_email,
        "estimate_minutes": row.estimate_minutes,
        "minutes": row.minutes,
        "state": row.state,
        "due_at": _local(row.due_at),
        "carried_over_from": row.carried_over_from,
    }


def _meeting(
    actor: Actor,
    meeting: Meeting,
    rows: list[AgendaRow],
    present: frozenset[str],
    outcomes: Mapping[int, Outcome],
    with_items: bool,
) -> Document:
    firm = [row for row in rows if row.is_firm]
    quorum = quorum_of_phases({(row.definition_id, row.phase) for row in firm}, present)
    document: Document = {
        "id": meeting.pk,
        "series": meeting.series_id,
        "series_name": meeting.series.name,
        "starts_at": _local(meeting.starts_at),
        "ends_at": _local(meeting.ends_at),
        "cutoff_at": _local(meeting.cutoff_at),
        "status": meeting.status,
        "chair": meeting.chair.email if meeting.chair else None,
        "capacity_minutes": meeting.capacity_minutes,
        "planned_minutes": planned_minutes_of(rows),
        "prep_capacity_minutes": meeting.prep_capacity_minutes,
        "prep_planned_minutes": sum(load.planned for load in preparation_loads(rows)),
        "current_item": meeting.current_item_id,
        "quorum": {"met": quorum.met, "missing": list(quorum.missing)},
        "version": meeting.version,
    }
    if with_items:
        sees = _sees_cases(actor, meeting)
        document["items"] = [_item(actor, row, outcomes.get(row.id), sees) for row in rows]
    return document


def _item(actor: Actor, row: AgendaRow, outcome: Outcome | None, sees: bool) -> Document:
    return {
        "id": row.id,
        "case": row.case_id,
        "case_summary": _summary(actor, row) if sees else None,
        "level": row.level,
        "position": row.position,
        "minutes": row.minutes,
        "starts_at": _local(row.starts_at),
        "status": row.status,
        "provisional": not row.is_firm,
        "readiness": row.readiness_state,
        "preparations": [preparation_document(preparation) for preparation in row.preparations],
        "outcome": outcome_document(outcome) if sees else None,
    }


def _summary(actor: Actor, row: AgendaRow) -> Document:
    shown = row.identified_by(actor)
    return {
        "diagnosis": row.diagnosis,
        "phase": row.phase,
        "clinical_question": row.question,
        "patient": {
            "name": row.patient_name if shown else None,
            "personal_identity_number": row.written_number if shown else None,
            "protected": row.is_protected,
        },
    }


def _sees_cases(actor: Actor, meeting: Meeting) -> bool:
    return actor.can(Permission.VIEW_CASE, series_units(meeting.series))


def _present(meeting_ids: list[int]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    lines = Attendance.objects.filter(meeting_id__in=meeting_ids, is_present=True)
    for meeting_id, speciality in lines.values_list("meeting_id", "speciality"):
        found.setdefault(meeting_id, set()).add(speciality)
    return {meeting_id: frozenset(codes) for meeting_id, codes in found.items()}


def _outcomes(meeting_ids: list[int]) -> dict[int, Outcome]:
    rows = Outcome.objects.filter(item__meeting_id__in=meeting_ids).select_related("recorded_by", "signed_by")
    return {row.item_id: row for row in rows}


def _local(moment: datetime | None) -> str | None:
    return timezone.localtime(moment).isoformat() if moment else None
