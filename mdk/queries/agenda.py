"""The agenda of meetings as plain rows: one shape for page, PDF, spreadsheet and API."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db.models import F
from django.utils import timezone

from cases.enums import ReadinessState
from cases.forecast import case_forecasts
from cases.identity import Identity, initials_of
from cases.models import Case
from cases.privacy import IdentityGuard
from cases.queries import is_discordant
from checklists.enums import Discipline, LevelCode
from mdk.enums import FIRM_ITEMS, AgendaSection, ItemStatus, PreparationState
from mdk.models import AgendaItem, Meeting, Preparation
from mdk.planning.breaks import clock_of
from mdk.planning.ordering import section_of
from mdk.queries.series import break_rule


@dataclass(frozen=True, slots=True)
class PreparationRow:
    """One discipline's preparation of an item; minutes are None until it is done."""

    id: int
    item_id: int
    discipline: str
    state: str
    reader_id: int | None
    reader_name: str | None
    reader_email: str | None
    estimate_minutes: int
    earlier_minutes: int
    """What it took before it was opened again; the estimate is then of what is new."""
    minutes: int | None
    due_at: datetime
    carried_over_from_id: int | None


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """One item of an agenda: its place, its running clock time, and what a list shows of its case.

    `strip` has the four states in the order radiology, pathology, laboratory, clinical. Patient data is here in
    full; lists and prints show `name`, `number` and `initials`, which hide a protected identity.
    """

    id: int
    meeting_id: int
    case_id: int
    position: int
    level: str
    minutes: int
    status: str
    seconds_used: int
    is_late: bool
    override_reason: str
    lifted_reason: str
    starts_at: datetime
    preparations: tuple[PreparationRow, ...]
    patient_id: int
    patient_name: str
    identity_system: str
    identity_value: str
    is_protected: bool
    unit_id: int
    clinician_id: int
    nurse_id: int | None
    diagnosis: str
    diagnosis_name_sv: str
    diagnosis_name_en: str
    definition_id: int
    phase: str
    question: str
    readiness_state: str
    strip: Sequence[str]
    marks: Sequence[str] | None
    suspected_on: date
    promised_on: date | None
    is_discordant: bool
    guest: str
    late: str
    """Of an addition after the cut-off: asked, granted (`LateState`), else empty."""
    section: str
    """The part of the agenda in which it is read (`AgendaSection`)."""
    break_minutes: int = 0
    """Length of the break after it; 0 without one."""
    break_at: datetime | None = None
    probability: float | None = None
    """That a provisional place will be ready in time (0-1): as last told, or as asked for (`with_chances`)."""
    forecast_at: datetime | None = None

    @property
    def clock(self) -> str:
        """The running time as a list shows it, `08:15`."""
        return timezone.localtime(self.starts_at).strftime("%H:%M")

    @property
    def break_clock(self) -> str:
        """The time at which the break after it begins, `09:00`; empty without one."""
        return timezone.localtime(self.break_at).strftime("%H:%M") if self.break_at else ""

    @property
    def is_firm(self) -> bool:
        """Whether the item has a firm place, which takes minutes and is prepared."""
        return self.status in FIRM_ITEMS

    @property
    def is_short_of_ready(self) -> bool:
        """Whether the case still lacks something that its level asks for."""
        return self.level != LevelCode.PROTOCOL and self.readiness_state != ReadinessState.READY

    @property
    def initials(self) -> str:
        """Initials and birth year for lists; empty for a protected identity."""
        return "" if self.is_protected else initials_of(self.patient_name, self.identity_value)

    @property
    def written_number(self) -> str:
        """The identity number as people write it, protected or not."""
        return str(Identity(self.identity_system, self.identity_value))

    @property
    def number(self) -> str:
        """The identity number for lists and prints; empty for a protected identity."""
        return "" if self.is_protected else self.written_number

    @property
    def name(self) -> str:
        """The patient's name for lists and prints; empty for a protected identity."""
        return "" if self.is_protected else self.patient_name

    def is_open_to(self, guard: IdentityGuard) -> bool:
        """Whether the guard's person may see who the patient is: a protected identity only in the treating unit."""
        return not self.is_protected or guard.opens(self.unit_id, (self.clinician_id, self.nurse_id))


@dataclass(frozen=True, slots=True)
class PreparationLoad:
    """Minutes of one discipline's preparation for a meeting: all, and those that are done."""

    discipline: str
    planned: int
    done: int


_CASE = {
    "patient_id": F("case__patient_id"),
    "patient_name": F("case__patient__name"),
    "identity_system": F("case__patient__identity_system"),
    "identity_value": F("case__patient__identity_value"),
    "is_protected": F("case__patient__is_protected"),
    "unit_id": F("case__unit_id"),
    "clinician_id": F("case__responsible_clinician_id"),
    "nurse_id": F("case__contact_nurse_id"),
    "diagnosis": F("case__diagnosis__slug"),
    "diagnosis_name_sv": F("case__diagnosis__name_sv"),
    "diagnosis_name_en": F("case__diagnosis__name_en"),
    "definition_id": F("case__definition_id"),
    "phase": F("case__phase"),
    "question": F("case__clinical_question"),
    "readiness_state": F("case__readiness_state"),
    "strip": F("case__readiness__strip"),
    "marks": F("case__readiness__marks"),
    "suspected_on": F("case__suspected_on"),
    "promised_on": F("case__promised_on"),
    "is_discordant": is_discordant("case_id"),
}
_ITEM = (
    "id", "meeting_id", "case_id", "position", "level", "minutes", "status", "seconds_used", "is_late",
    "override_reason", "lifted_reason", "guest", "late", "probability", "forecast_at",
)  # fmt: skip
_PREPARATION = {
    "reader_name": F("reader__name"),
    "reader_email": F("reader__email"),
}


def agendas(meetings: Iterable[Meeting]) -> dict[int, list[AgendaRow]]:
    """Return the agenda of each meeting (its series loaded) by its id, in order of position, with clock and breaks.

    Two queries however many there are. A provisional place takes no time: it stands at the end of the firm ones.
    """
    known = {meeting.pk: meeting for meeting in meetings}
    items = list(
        AgendaItem.objects.filter(meeting_id__in=known, position__isnull=False)
        .order_by("meeting_id", "position")
        .values(*_ITEM, **_CASE)
    )
    preparations = preparations_of([item["id"] for item in items])
    found: dict[int, list[AgendaRow]] = {pk: [] for pk in known}
    for pk, same in groupby(items, key=lambda item: int(item["meeting_id"])):
        found[pk] = _timed(known[pk], list(same), preparations)
    return found


def _timed(
    meeting: Meeting, items: list[dict[str, Any]], preparations: Mapping[int, tuple[PreparationRow, ...]]
) -> list[AgendaRow]:
    firm = [(item["id"], item["minutes"]) for item in items if item["status"] in FIRM_ITEMS]
    series = meeting.series
    clock = clock_of(meeting.starts_at, firm, break_rule(series), meeting.own_breaks)
    breaks = {one.after: one for one in clock.breaks}
    rows = []
    for item in items:
        after = breaks.get(item["id"])
        is_firm = item["status"] in FIRM_ITEMS
        rows.append(
            AgendaRow(
                **item,
                starts_at=clock.starts.get(item["id"], clock.ends_at),
                preparations=preparations.get(item["id"], ()),
                section=section_of(item["level"], item["phase"], is_firm=is_firm, rules=series.order_rules),
                break_minutes=after.minutes if after else 0,
                break_at=after.starts_at if after else None,
            )
        )
    return rows


@dataclass(frozen=True, slots=True)
class AgendaPart:
    """Rows that stand together under one heading; the same section comes twice when an order by hand parts it."""

    code: str
    rows: tuple[AgendaRow, ...]

    @property
    def title(self) -> str:
        """The heading in words."""
        return str(AgendaSection(self.code).label)

    @property
    def minutes(self) -> int:
        """The minutes of its firm items."""
        return planned_minutes_of(self.rows)


def sections_of(rows: Iterable[AgendaRow]) -> list[AgendaPart]:
    """Return the agenda in its parts, in the order in which it stands."""
    return [AgendaPart(code, tuple(same)) for code, same in groupby(rows, key=lambda row: row.section)]


def agenda_of(meeting: Meeting) -> list[AgendaRow]:
    """Return the agenda of one meeting, in order of position; two queries."""
    return agendas([meeting])[meeting.pk]


def with_chances(rows: list[AgendaRow], meeting: Meeting, now: datetime) -> list[AgendaRow]:
    """Return the rows, each provisional one with the probability of being ready in time.

    What was last told is kept; two queries where there are places that nothing was told of.
    """
    waiting = {row.case_id for row in rows if row.status == ItemStatus.PROVISIONAL and row.probability is None}
    cases = Case.objects.filter(pk__in=waiting).select_related("patient") if waiting else ()
    chances = {
        case: forecast.for_meeting(meeting.starts_at, meeting.cutoff_at, now)
        for case, forecast in case_forecasts(cases, now=now).items()
    }
    return [replace(row, probability=chances[row.case_id]) if row.case_id in chances else row for row in rows]


def preparations_of(item_ids: Sequence[int]) -> dict[int, tuple[PreparationRow, ...]]:
    """Return the preparations of each item, radiology first; one query, none without items."""
    grouped: dict[int, list[PreparationRow]] = defaultdict(list)
    if not item_ids:
        return {}
    rows = Preparation.objects.filter(item_id__in=item_ids).order_by("item_id", "-discipline")
    names = ("id", "item_id", "discipline", "state", "reader_id", "estimate_minutes", "earlier_minutes", "minutes",
             "due_at", "carried_over_from_id")  # fmt: skip
    for row in rows.values(*names, **_PREPARATION):
        grouped[row["item_id"]].append(PreparationRow(**row))
    return {item_id: tuple(found) for item_id, found in grouped.items()}


def planned_minutes_of(rows: Iterable[AgendaRow]) -> int:
    """Return the minutes of the firm items."""
    return sum(row.minutes for row in rows if row.is_firm)


def preparation_loads(rows: Iterable[AgendaRow]) -> tuple[PreparationLoad, ...]:
    """Return the minutes of preparation per discipline for the firm items; what was sent back counts no longer.

    The same minutes as the limits are held against (`mdk.queries.capacity.planned_for`).
    """
    planned: dict[str, int] = dict.fromkeys(Discipline.values, 0)
    done = dict.fromkeys(Discipline.values, 0)
    for row in rows:
        for preparation in row.preparations if row.is_firm else ():
            if preparation.state == PreparationState.RETURNED:
                continue
            planned[preparation.discipline] += preparation.estimate_minutes + preparation.earlier_minutes
            done[preparation.discipline] += preparation.earlier_minutes
            if preparation.state == PreparationState.DONE:
                done[preparation.discipline] += preparation.estimate_minutes
    return tuple(PreparationLoad(code, planned[code], done[code]) for code in Discipline.values)
