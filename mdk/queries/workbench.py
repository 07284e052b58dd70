"""All that the coordinator's workbench shows of one meeting."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Protocol

from accounts import signs
from accounts.actor import Actor
from accounts.numbers import whole_number
from accounts.permissions import Permission
from mdk.access import series_units
from mdk.enums import PLANNABLE, LateState
from mdk.models import Meeting
from mdk.queries.agenda import (
    AgendaPart,
    AgendaRow,
    PreparationLoad,
    agenda_of,
    planned_minutes_of,
    preparation_loads,
    sections_of,
    with_chances,
)
from mdk.queries.candidates import SHOWN, CandidateRow, Candidates, candidates
from mdk.queries.watching import last_event


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the agenda as the page shows it: the heading of a part, or an item with the break after it."""

    part: AgendaPart | None = None
    row: AgendaRow | None = None


@dataclass(frozen=True, slots=True)
class Preparing:
    """Minutes of preparation of one discipline: `limit` is None where the meeting states none."""

    letter: str
    planned: int
    done: int
    limit: int | None


class Answered(Protocol):
    """What became of one of many (`mdk.services.bulk.Answer`)."""

    @property
    def id(self) -> int:
        """The case or the item that was asked for."""

    @property
    def why(self) -> str:
        """Why not."""

    @property
    def is_done(self) -> bool:
        """Whether it was done."""


@dataclass(frozen=True, slots=True)
class Told:
    """A refusal of one of many: the row's key (`case-7`, empty when it is not shown), whose it is, and why."""

    key: str
    who: str
    question: str
    why: str


@dataclass(frozen=True)
class Workbench:
    """The agenda and the candidates for it, with the sums of minutes; `at` is when it was read.

    `seen` is the newest event at that time: what comes after it is news to this page.
    """

    meeting: Meeting
    rows: list[AgendaRow]
    candidates: Candidates
    seen: int
    planned: int
    loads: tuple[PreparationLoad, ...]
    at: datetime
    may_override: bool

    @property
    def prep_planned(self) -> int:
        """Minutes of preparation over the disciplines."""
        return sum(load.planned for load in self.loads)

    @property
    def preparing(self) -> tuple[Preparing, ...]:
        """Each discipline's minutes of preparation beside what the meeting holds of it."""
        limits = self.meeting.prep_limits
        return tuple(
            Preparing(signs.LETTERS[load.discipline], load.planned, load.done, limits[load.discipline])
            for load in self.loads
        )

    @property
    def has_prep_limits(self) -> bool:
        """Whether the meeting states minutes of preparation per discipline."""
        return any(one.limit is not None for one in self.preparing)

    @cached_property
    def lines(self) -> list[Line]:
        """The agenda in order, each part with its heading."""
        return [line for part in sections_of(self.rows) for line in (Line(part=part), *map(_line, part.rows))]

    @property
    def ends_at(self) -> datetime:
        """When the last case ends."""
        firm = [row for row in self.rows if row.is_firm]
        return firm[-1].starts_at + timedelta(minutes=firm[-1].minutes) if firm else self.meeting.starts_at

    @property
    def had(self) -> str:
        """The minutes of each item as the page shows them, `12:6,13:3`: what a change of them is a change of."""
        return ",".join(f"{row.id}:{row.minutes}" for row in self.rows)

    @property
    def asked(self) -> list[AgendaRow]:
        """The late additions that wait for the chair's yes."""
        return [row for row in self.rows if row.late == LateState.ASKED]

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

    def answered(self, answers: Iterable[tuple[str, Answered]]) -> list[Told]:
        """Return what was refused of many (`case` or `item`, and the answer), each with its row where the page shows it."""
        shown: dict[tuple[str, int], AgendaRow | CandidateRow] = {("item", row.id): row for row in self.rows}
        shown |= {("case", row.id): row for row in self.candidates.rows}
        refused = [(of, answer) for of, answer in answers if not answer.is_done]
        found = [(of, answer, shown.get((of, answer.id))) for of, answer in refused]
        return [
            Told(f"{of}-{answer.id}", row.initials, row.question, answer.why) if row else Told("", "", "", answer.why)
            for of, answer, row in found
        ]

    def patients(self) -> set[int]:
        """Return the patients that the page shows."""
        return {row.patient_id for row in self.rows} | {row.patient_id for row in self.candidates.rows}


def workbench_of(actor: Actor, meeting: Meeting, filters: Mapping[str, str], now: datetime) -> Workbench:
    """Return the workbench of the meeting with the candidates that fit `filters` (readiness, phase, level, q, show)."""
    seen = last_event()
    rows = with_chances(agenda_of(meeting), meeting, now)
    return Workbench(
        meeting=meeting,
        rows=rows,
        seen=seen,
        candidates=candidates(
            actor, meeting, now,
            readiness=filters.get("readiness", ""), phase=filters.get("phase", ""), level=filters.get("level", ""),
            text=filters.get("q", ""), limit=whole_number(filters.get("show", "")) or SHOWN,
        ),
        planned=planned_minutes_of(rows),
        loads=preparation_loads(rows),
        at=now,
        may_override=actor.can(Permission.OVERRIDE, series_units(meeting.series)),
    )  # fmt: skip


def is_open_for_planning(meeting: Meeting) -> bool:
    """Whether the agenda can still be changed."""
    return meeting.status in PLANNABLE


def _line(row: AgendaRow) -> Line:
    return Line(row=row)
