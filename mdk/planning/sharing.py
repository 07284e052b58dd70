"""Who prepares what: work shared between readers by roster, sub-speciality, absence and the week that each has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

NOMINAL_WEEK = 240
"""Minutes of preparation in a week, by which the share of one without a stated capacity is counted. Local: no source states it."""


@dataclass(frozen=True, slots=True)
class Work:
    """One preparation that nobody holds.

    `on_duty` are the readers who may be given it: those of the discipline at its meeting, less those who have put it
    back. `days` are those on which its reader must be there; `monday` is the week that its minutes fall in; `earlier`
    is who did the reading that a second one follows, if anybody.
    """

    id: int
    diagnosis: int
    minutes: int
    due_at: datetime
    monday: date
    on_duty: frozenset[int]
    days: frozenset[date] = frozenset()
    earlier: int | None = None


@dataclass(frozen=True, slots=True)
class Sharer:
    """A reader: what they read (nothing named: whatever the roster gives) and the days on which they are away."""

    id: int
    reads: frozenset[int] = frozenset()
    away: frozenset[date] = frozenset()

    def may_take(self, work: Work) -> bool:
        """Say whether the roster, the sub-speciality and the absences let the reader take it."""
        return self.id in work.on_duty and self.away.isdisjoint(work.days) and (
            not self.reads or work.diagnosis in self.reads
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Week:
    """Minutes of one reader's week: `capacity` (None where nobody has said) and what is planned of it already."""

    capacity: int | None
    planned: int


def share(works: Iterable[Work], readers: Sequence[Sharer], weeks: Mapping[tuple[int, date], Week]) -> dict[int, int]:
    """Return the reader of each preparation, by ids; one that nobody may take or has minutes for is left out.

    In the order of the due times, the longest first, each goes to the reader who has used the smallest share of
    the week's minutes. So nobody gets more than their fair part of the whole and one case's minutes, whatever
    the cases are (list scheduling: Graham, 1969). A second reading goes to who did the first, when they may. The
    same questions always get the same answer. `weeks` holds every reader's weeks, by id and Monday.
    """
    used = {key: week.planned for key, week in weeks.items()}
    given: dict[int, int] = {}
    for work in sorted(works, key=lambda one: (one.due_at, -one.minutes, one.id)):
        fits = [
            reader.id
            for reader in readers
            if reader.may_take(work) and _has_room(weeks[reader.id, work.monday], used[reader.id, work.monday], work)
        ]
        if not fits:
            continue
        chosen = min(fits, key=lambda pk: (pk != work.earlier, _share(weeks, used, pk, work.monday), pk))
        used[chosen, work.monday] += work.minutes
        given[work.id] = chosen
    return given


def _has_room(week: Week, used: int, work: Work) -> bool:
    return week.capacity is None or used + work.minutes <= week.capacity


def _share(
    weeks: Mapping[tuple[int, date], Week], used: Mapping[tuple[int, date], int], pk: int, monday: date
) -> float:
    """Return the part of the week that is used, 1 for all of it; a week without minutes is used up."""
    capacity = weeks[pk, monday].capacity
    return used[pk, monday] / (NOMINAL_WEEK if capacity is None else capacity or 1)
