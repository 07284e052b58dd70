"""A list of cases as a table for spreadsheets, with the columns that the import reads and what the system adds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.files import CSV, XLSX
from cases.enums import CaseStatus, ReadinessState
from cases.intake.cells import csv_bytes, xlsx_bytes
from cases.intake.columns import FIELDS
from cases.lists import CaseFilter
from cases.models import Case
from cases.panels import NextMeeting, panel
from cases.privacy import IdentityGuard
from checklists.enums import LevelCode
from checklists.registry import specs_of

LIMIT = 5_000


@dataclass(frozen=True, slots=True)
class Table:
    """A header, its rows, and the patients that they show."""

    header: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    patients: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Export:
    """One format of file."""

    ending: str
    content_type: str
    write: Callable[[Table], bytes]


EXPORTS = {
    "csv": Export("csv", CSV, lambda table: csv_bytes(table.header, table.rows)),
    "xlsx": Export("xlsx", XLSX, lambda table: xlsx_bytes(_("Cases"), table.header, table.rows)),
}


def export_table(actor: Actor, wanted: CaseFilter, today: date) -> Table:
    """Return the filtered cases as a table, at most five thousand rows, masked where identities are hidden."""
    cases = list(
        wanted.cases(actor).select_related("patient", "unit", "responsible_clinician", "contact_nurse")[:LIMIT]
    )
    specs = specs_of(case.definition_id for case in cases)
    meetings = panel("next_meeting", [case.pk for case in cases])
    guard = IdentityGuard(actor)
    rows = tuple(_row(case, guard, specs[case.definition_id].name_sv, meetings.get(case.pk), today) for case in cases)
    return Table(_header(), rows, tuple(case.patient_id for case in cases))


def _header() -> tuple[str, ...]:
    """The names that the import knows, in every language, and then what the system adds."""
    return (*FIELDS, _("Days"), _("Status"), _("Readiness"), _("Level"), _("Next conference"))


def _row(case: Case, guard: IdentityGuard, diagnosis: str, meeting: NextMeeting | None, today: date) -> tuple[Any, ...]:
    shown = guard.of(case)
    return (
        case.external_reference, shown.number, shown.name, diagnosis, case.phase, case.clinical_question,
        case.history, case.performance_status, case.comorbidity, case.patient_wishes,
        case.responsible_clinician.email, case.contact_nurse.email if case.contact_nurse else "", case.unit.name,
        case.suspected_on, case.promised_on, (today - case.suspected_on).days,
        str(CaseStatus(case.status).label), str(ReadinessState(case.readiness_state).label),
        str(LevelCode(case.level).label), f"{meeting.name} {meeting.starts_at:%Y-%m-%d}" if meeting else "",
    )  # fmt: skip
