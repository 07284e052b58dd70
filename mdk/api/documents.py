"""What the API answers about meetings and their items, as CONTRACT.md names it: plain mappings."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.access_log import log_read
from accounts.actor import Actor
from accounts.models import AccessLog
from accounts.permissions import Permission
from cases.privacy import IdentityGuard
from mdk.access import series_units
from mdk.models import Meeting, Outcome
from mdk.queries.agenda import AgendaRow, PreparationRow, agendas, planned_minutes_of, preparation_loads
from mdk.queries.changes import Change, changes_of
from mdk.queries.quorum import quorum_of_phases
from mdk.queries.records import functions_present, outcomes_of

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


def meeting_document(
    actor: Actor,
    meeting: Meeting,
    *,
    with_items: bool = True,
    log_as: str = "api-meeting",
    only_item: int | None = None,
) -> Document:
    """Return the meeting as the API shows it to `actor`, in a constant number of queries, and log the reading.

    `meeting` comes from `mdk.access.access_meeting`. Patients are in it as far as the actor may see them; the
    reading is logged under the name `log_as` (an empty name leaves that to the caller). `only_item` leaves the
    other items out.
    """
    return meeting_documents(actor, [meeting], with_items=with_items, log_as=log_as, only_item=only_item)[0]


def meeting_documents(
    actor: Actor,
    meetings: Iterable[Meeting],
    *,
    with_items: bool = True,
    log_as: str = "api-meetings",
    only_item: int | None = None,
) -> list[Document]:
    """Return several meetings (series, its units and chair loaded): as many queries as for one."""
    meetings = list(meetings)
    ids = [meeting.pk for meeting in meetings]
    rows = agendas(meetings)
    present = functions_present(ids)
    outcomes = outcomes_of(ids) if with_items else {}
    lists = changes_of(meetings, rows)
    documents, shown = [], set()
    for meeting in meetings:
        document = _meeting(meeting, rows[meeting.pk], present.get(meeting.pk, frozenset()))
        guard = IdentityGuard(actor) if _sees_cases(actor, meeting) else None
        number, changes = lists[meeting.pk]
        document["list_version"] = number
        document["changes"] = [change_document(change) for change in changes] if guard else []
        shown |= {change.patient_id for change in changes if guard}
        if with_items:
            chosen = [row for row in rows[meeting.pk] if only_item in (None, row.id)]
            document["items"] = [_item(guard, row, outcomes.get(row.id)) for row in chosen]
            shown |= {row.patient_id for row in chosen if guard}
        documents.append(document)
    if log_as:
        log_read(actor, patients=shown, what=log_as, action=AccessLog.Action.API)
    return documents


def item_document(actor: Actor, meeting: Meeting, item_id: int) -> Document | None:
    """Return one item of the meeting's agenda, logged; None when it is not on it any more."""
    items = meeting_document(actor, meeting, log_as="api-item", only_item=item_id)["items"]
    return next(iter(items), None)


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


def change_document(change: Change) -> Document:
    """Return one change of a list; who it is about is said by the case alone."""
    return {"kind": change.kind, "item": change.item, "case": change.case, "sentence": change.sentence}


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
        "carried_over_from": row.carried_over_from_id,
    }


def _meeting(meeting: Meeting, rows: list[AgendaRow], present: frozenset[str]) -> Document:
    firm = {(row.definition_id, row.phase) for row in rows if row.is_firm}
    quorum = quorum_of_phases(firm, present)
    loads = preparation_loads(rows)
    limits = meeting.prep_limits
    return {
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
        "prep_planned_minutes": sum(load.planned for load in loads),
        "prep": {load.discipline: {"capacity": limits[load.discipline], "planned": load.planned} for load in loads},
        "breaks": [
            {"after": row.id, "starts_at": _local(row.break_at), "minutes": row.break_minutes}
            for row in rows
            if row.break_minutes
        ],
        "current_item": meeting.current_item_id,
        "quorum": {"met": quorum.met, "missing": list(quorum.missing)},
        "version": meeting.version,
    }


def _item(guard: IdentityGuard | None, row: AgendaRow, outcome: Outcome | None) -> Document:
    """Return the item; without a guard the caller may not see cases at all."""
    return {
        "id": row.id,
        "case": row.case_id,
        "case_summary": _summary(guard, row) if guard else None,
        "level": row.level,
        "position": row.position,
        "minutes": row.minutes,
        "starts_at": _local(row.starts_at),
        "status": row.status,
        "provisional": not row.is_firm,
        "readiness": row.readiness_state,
        "discordant": row.is_discordant,
        "section": row.section,
        "guest": row.guest if guard else "",
        "late": row.late,
        "probability": row.probability,
        "preparations": [preparation_document(preparation) for preparation in row.preparations],
        "outcome": outcome_document(outcome) if guard else None,
    }


def _summary(guard: IdentityGuard, row: AgendaRow) -> Document:
    shown = row.is_open_to(guard)
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


def _local(moment: datetime | None) -> str | None:
    return timezone.localtime(moment).isoformat() if moment else None
