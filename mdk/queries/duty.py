"""Who reads for a meeting, and what each of them reads."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from accounts.permissions import roles_with
from accounts.queries import people_by_unit
from checklists.enums import Discipline
from mdk.access import PREPARES, series_units
from mdk.models import Absence, Duty, Meeting, Series, SubSpeciality

OnDuty = Mapping[tuple[int, str], frozenset[int]]


def readers_on_duty(meeting_ids: Iterable[int], on: date) -> OnDuty:
    """Return the ids of the readers by meeting and discipline: those on duty, or without any the series' roster.

    Only those who prepare the discipline in the series' units on the day are given. Constant queries.
    """
    meetings = list(
        Meeting.objects.filter(pk__in=set(meeting_ids))
        .select_related("series__unit__parent__parent")
        .prefetch_related("series__participating_units", "duties")
    )
    roster = _rosters({meeting.series_id for meeting in meetings})
    units = {meeting.series_id: series_units(meeting.series) for meeting in meetings}
    members = _members({unit for some in units.values() for unit in some}, on)
    found: dict[tuple[int, str], frozenset[int]] = {}
    for meeting in meetings:
        for discipline in PREPARES:
            duty = {row.reader_id for row in meeting.duties.all() if row.discipline == discipline}
            able = {pk for unit in units[meeting.series_id] for pk in members[unit, discipline]}
            found[meeting.pk, discipline] = frozenset((duty or roster[meeting.series_id]) & able)
    return found


def is_on_duty(reader_id: int, meeting: Meeting, discipline: str) -> bool:
    """Say whether the reader is on duty for the discipline at the meeting, or on the roster where nobody is."""
    duty = set(Duty.objects.filter(meeting=meeting, discipline=discipline).values_list("reader_id", flat=True))
    return reader_id in duty if duty else meeting.series.readers.filter(pk=reader_id).exists()


def is_away(reader_id: int, on: date) -> bool:
    """Say whether the reader is away on the day."""
    return Absence.objects.filter(reader_id=reader_id, first_on__lte=on, last_on__gte=on).exists()


def diagnoses_read(reader_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Return the diagnoses that each reader reads, none for one who reads whatever the roster gives; one query."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    rows = SubSpeciality.objects.filter(reader_id__in=reader_ids)
    for reader, diagnosis in rows.values_list("reader_id", "diagnosis_id"):
        found[reader].add(diagnosis)
    return {reader: frozenset(found[reader]) for reader in reader_ids}


def _rosters(series_ids: Collection[int]) -> dict[int, set[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    rows = Series.readers.through.objects.filter(series_id__in=series_ids)
    for series, reader in rows.values_list("series_id", "user_id"):
        found[series].add(reader)
    return found


def _members(unit_ids: Collection[int], on: date) -> Mapping[tuple[int, Discipline], set[int]]:
    """Return who prepares each discipline by membership in each unit; a query a role."""
    found: defaultdict[tuple[int, Discipline], set[int]] = defaultdict(set)
    for discipline, permission in PREPARES.items():
        for role in sorted(roles_with(permission)):
            for unit, people in people_by_unit(role, unit_ids, on).items():
                found[unit, discipline] |= {person.pk for person in people}
    return found
