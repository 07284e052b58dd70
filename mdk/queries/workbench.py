"""All that the coordinator's workbench shows of one meeting."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.actor import Actor
from accounts.permissions import Permission
from checklists.enums import Phase
from mdk.access import series_units
from mdk.enums import MeetingStatus
from mdk.models import Meeting
from mdk.queries.agenda import (
    AgendaRow,
    PreparationLoad,
    agenda_of,
    planned_minutes_of,
    preparation_loads,
    with_chances,
)
from mdk.queries.candidates import CandidateRow, Candidates, candidates

OPERATED = (Phase.POST_OPERATIVE, Phase.FOLLOW_UP)


@dataclass(frozen=True, slots=True)
class Workbench:
    """The agenda and the candidates for it, with the sums of minutes; `at` is when it was read."""

    meeting: Meeting
    rows: list[AgendaRow]
    candidates: Candidates
    planned: int
    loads: tuple[PreparationLoad, ...]
    at: datetime
    may_override: bool

    @property
    def prep_planned(self) -> int:
        """Minutes of preparation over the disciplines."""
        return sum(load.planned for load in self.loads)

    @property
    def not_ready(self) -> int:
        """How many firm cases lack something that their level asks for."""
        return sum(row.is_firm and row.is_short_of_ready for row in self.rows)

    @property
    def days_to_cutoff(self) -> int:
        """Whole days to the cut-off; negative when it has passed."""
        return (self.meeting.cutoff_at - self.at).days

    @property
    def hours_to_cutoff(self) -> int:
        """Whole hours beyond the days to the cut-off."""
        return (self.meeting.cutoff_at - self.at).seconds // 3600

    @property
    def is_late(self) -> bool:
        """Whether the cut-off has passed."""
        return self.at > self.meeting.cutoff_at

    def row(self, item_id: int) -> AgendaRow | None:
        """Return the item's row, None when it is not on the agenda."""
        return next((row for row in self.rows if row.id == item_id), None)

    def candidate(self, case_id: int) -> CandidateRow | None:
        """Return the candidate's row, None when it is not among those shown."""
        return next((row for row in self.candidates.rows if row.id == case_id), None)

    def patients(self) -> set[int]:
        """Return the patients that the page shows."""
        return {row.patient_id for row in self.rows} | {row.patient_id for row in self.candidates.rows}


def workbench_of(actor: Actor, meeting: Meeting, filters: Mapping[str, str], now: datetime) -> Workbench:
    """Return the workbench of the meeting with the candidates that fit `filters` (readiness, phase, q)."""
    rows = with_chances(agenda_of(meeting), meeting, now)
    return Workbench(
        meeting=meeting,
        rows=rows,
        candidates=candidates(
            actor, meeting, now,
            readiness=filters.get("readiness", ""), phase=filters.get("phase", ""), text=filters.get("q", ""),
        ),
        planned=planned_minutes_of(rows),
        loads=preparation_loads(rows),
        at=now,
        may_override=actor.can(Permission.OVERRIDE, series_units(meeting.series)),
    )  # fmt: skip


def is_open_for_planning(meeting: Meeting) -> bool:
    """Whether the agenda can still be changed."""
    return meeting.status in (MeetingStatus.PLANNED, MeetingStatus.PUBLISHED)


def not_operated_first(rows: list[AgendaRow]) -> list[int]:
    """Return the items with those not yet operated first, each group in its present order.

    The national review's advice (DESIGN.md, section 1); the pathologist of the operated cases may come later.
    """
    return [row.id for row in sorted(rows, key=lambda row: (row.phase in OPERATED, row.position))]
