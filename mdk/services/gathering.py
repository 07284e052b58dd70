"""From the database to a problem for the planner: who waits, where there is room, who reads and who is there."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.utils import timezone

from accounts.actor import Actor
from cases.enums import TriageAnswer
from cases.models import Case
from cases.services.refreshing import bring_up_to_date
from checklists.enums import Discipline, LevelCode, Speciality
from checklists.registry import specs_of
from mdk.access import series_units
from mdk.enums import LateState
from mdk.models import Meeting, Series
from mdk.planning.demand import Candidate, Problem
from mdk.planning.likely import LIKELY
from mdk.queries.capacity import absent_on
from mdk.queries.plans import (
    Readers,
    WaitingRow,
    functions_of,
    meetings_to_fill,
    readers_for,
    slots_of,
    waiting_for,
)
from mdk.queries.waiting import Waiting, waiting_cases
from mdk.services.carrying import minutes_needed_each

READS: Final = {Speciality.RADIOLOGIST: Discipline.RADIOLOGY, Speciality.PATHOLOGIST: Discipline.PATHOLOGY}
"""The functions of a quorum that the roster of readers speaks for."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """A problem, the meetings and rows behind it, and the cases that no plan may place, by case with the code of why.

    `awaited` names the requirement that each case which is not ready waits for longest; `more` how many waiting cases
    were not looked at.
    """

    problem: Problem
    meetings: Sequence[Meeting]
    rows: Mapping[int, WaitingRow]
    minutes: Mapping[int, int]
    levels: Mapping[int, str]
    awaited: Mapping[int, str]
    apart: Mapping[int, str]
    more: int


def gather(actor: Actor, first: Meeting, series: Collection[Series], *, weeks: int, now: datetime) -> Gathered:
    """Return what there is to plan for the series from the meeting `first` on; the waiting cases are brought up to date.

    A case that holds a provisional place elsewhere, or that the chair is asked about, is left in peace. The queries
    grow with batches of five hundred cases, not with cases or meetings.
    """
    meetings = meetings_to_fill(series, first, weeks, now)
    rows, more = waiting_for(actor, series)
    bring_up_to_date([row.id for row in rows], now=now)
    waiting = {one.case: one for batch in waiting_cases(now, [row.id for row in rows]) for one in batch}
    offered = {meeting.pk for meeting in meetings}
    found = {row.id: row for row in rows if row.id in waiting and _is_free(waiting[row.id], offered)}
    apart = {row.id: code for row in found.values() if (code := _apart(row))}
    readers = readers_for(meetings, {one.pk: [d.pk for d in one.diagnoses.all()] for one in series}, now)
    room = _Room(meetings, series, readers, now)
    prep = _preparation(waiting[pk] for pk in found if pk not in apart)
    candidates = [_candidate(row, waiting[pk], prep.get(pk, {}), room) for pk, row in found.items() if pk not in apart]
    problem = Problem(slots_of(meetings), tuple(candidates), LIKELY, readers.who, readers.limits, readers.waiting)
    return Gathered(
        problem,
        meetings,
        found,
        minutes={pk: waiting[pk].minutes for pk in found},
        levels={pk: waiting[pk].level for pk in found},
        awaited={pk: _awaited(waiting[pk]) for pk in found},
        apart=apart,
        more=more,
    )


class _Room:
    """The meetings as a case sees them: which take it, and whose presence they lack for its phase."""

    def __init__(
        self, meetings: Sequence[Meeting], series: Collection[Series], readers: Readers, now: datetime
    ) -> None:
        self.meetings, self.now = meetings, now
        self._takes = {one.pk: (series_units(one), {d.pk for d in one.diagnoses.all()}) for one in series}
        known = functions_of(series, timezone.localdate(now))
        people = {person for functions in known.values() for some in functions.values() for person in some}
        people |= {person for some in readers.on_duty.values() for person in some}
        last = max((timezone.localdate(meeting.starts_at) for meeting in meetings), default=timezone.localdate(now))
        away = absent_on(people, timezone.localdate(now), last)
        self._there = {meeting.pk: _present(meeting, known[meeting.series_id], readers, away) for meeting in meetings}

    def takes(self, meeting: Meeting, one: Waiting) -> bool:
        """Whether the meeting's series takes the case, and no person took it off that meeting."""
        units, diagnoses = self._takes[meeting.series_id]
        return one.diagnosis in diagnoses and not units.isdisjoint(one.units) and meeting.pk not in one.barred

    def lacks(self, meeting: Meeting, row: WaitingRow) -> tuple[str, ...]:
        """Return the functions that the case's quorum asks for and of which everybody known is away that day.

        A function that nobody here is known to hold sets no limit: the roster does not speak of it.
        """
        there = self._there[meeting.pk]
        needed = specs_of([row.definition_id])[row.definition_id].quorum_for(row.phase)
        return tuple(sorted(function for function in needed if there.get(function) is False))


def _present(
    meeting: Meeting, known: Mapping[str, set[int]], readers: Readers, away: Mapping[int, set[date]]
) -> dict[str, bool]:
    """Return of each function that somebody holds whether one of them is there on the day of the meeting."""
    on = timezone.localdate(meeting.starts_at)
    holders = dict(known)
    for function, discipline in READS.items():
        if named := readers.on_duty.get((meeting.pk, discipline)):
            holders[function] = set(named)
    return {function: any(on not in away[person] for person in people) for function, people in holders.items()}


def _is_free(one: Waiting, offered: set[int]) -> bool:
    """Whether a plan may place the case: it has no place, or a provisional one on a meeting that is on offer."""
    if one.place is None:
        return True
    return one.holds_provisional and one.place.meeting in offered and one.place.late != LateState.ASKED


def _apart(row: WaitingRow) -> str:
    if row.triage == TriageAnswer.NATIONAL:
        return "national"
    return "not-triaged" if row.triage == TriageAnswer.NOT_READY else ""


def _candidate(row: WaitingRow, one: Waiting, prep: Mapping[str, int], room: _Room) -> Candidate:
    taking = [meeting for meeting in room.meetings if room.takes(meeting, one)]
    return Candidate(
        case=row.id,
        diagnosis=row.diagnosis_id,
        is_ready=one.is_ready,
        minutes=one.minutes,
        since=timezone.localdate(row.created_at),
        chances={meeting.pk: _chance(one, meeting, room.now) for meeting in taking},
        prep=prep,
        barred={meeting.pk: lacking for meeting in taking if (lacking := room.lacks(meeting, row))},
        limit_on=row.suspected_on + timedelta(days=row.allowed) if row.allowed is not None else None,
        promised_on=row.promised_on,
        held=one.place.meeting if one.place else None,
    )


def _chance(one: Waiting, meeting: Meeting, now: datetime) -> float:
    """Return the probability that the case is ready in time; 1 on the protocol list, which asks for no readiness."""
    if one.level == LevelCode.PROTOCOL:
        return 1.0
    return one.forecast.for_meeting(meeting.starts_at, meeting.cutoff_at, now)


def _awaited(one: Waiting) -> str:
    """Return the requirement that comes last, or nothing for a ready case and for what people mend."""
    return one.forecast.last.requirement if one.forecast.last else ""


def _preparation(found: Iterable[Waiting]) -> dict[int, dict[str, int]]:
    """Return the minutes of preparation that each case would take now, by case and discipline."""
    waiting = {one.case: one.level for one in found}
    cases = Case.objects.filter(pk__in=waiting)
    return minutes_needed_each((case, waiting[case.pk]) for case in cases)
