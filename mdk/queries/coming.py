"""The coming meetings with what is taken of each, read once for any number of cases."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from checklists.registry import specs_of
from mdk.access import series_units
from mdk.enums import FIRM_ITEMS, PLANNABLE, ItemStatus
from mdk.models import AgendaItem, Meeting, Series
from mdk.planning.likely import Option
from mdk.planning.urgency import urgency
from mdk.queries.waiting import Waiting

AHEAD: Final = timedelta(weeks=16)
"""How far ahead a place is looked for: a case that is not likely ready in sixteen weeks is told no date (local)."""


@dataclass(slots=True)
class Coming:
    """A coming meeting: when, for whom, and the minutes of firm places and of provisional ones by urgency."""

    id: int
    series: int
    starts_at: datetime
    cutoff_at: datetime
    capacity: int
    firm: int
    units: frozenset[int]
    diagnoses: frozenset[int]
    is_open: bool
    held: list[tuple[tuple[date, date, int], float]] = field(default_factory=list)

    def takes(self, case: Waiting) -> bool:
        """Whether the series takes the case's diagnosis and some unit of the case takes part in it.

        Units that only the system's own place brings do not lead on to series of theirs.
        """
        is_given = case.place is not None and not case.place.by_hand
        is_here = case.place is not None and case.place.series == self.series
        reached = is_here or not self.units.isdisjoint(case.home if is_given else case.units)
        return case.diagnosis in self.diagnoses and reached

    def option(self, case: Waiting, now: datetime) -> Option:
        """Return the meeting as an option for the case: behind firm places and the more urgent provisional ones."""
        before = sum(minutes for key, minutes in self.held if key < case.urgency)
        chance = case.chance(self.starts_at, self.cutoff_at, now)
        return Option(self.id, chance, self.capacity, self.firm + before, self.is_open)

    def hold(self, case: Waiting, probability: float) -> None:
        """Count the minutes that a provisional place is expected to take."""
        self.held.append((case.urgency, probability * case.minutes))


def coming_meetings(now: datetime) -> list[Coming]:
    """Return the meetings of active series from now to `AHEAD`, by time; four queries whatever their number.

    Provisional minutes are not counted yet: whoever goes through the cases in their order adds them (`Coming.hold`).
    """
    series = {
        one.pk: (series_units(one), frozenset(diagnosis.pk for diagnosis in one.diagnoses.all()))
        for one in Series.objects.filter(is_active=True)
        .select_related("unit__parent__parent")
        .prefetch_related("participating_units", "diagnoses")
    }
    firm = Coalesce(Sum("items__minutes", filter=Q(items__status__in=FIRM_ITEMS)), 0)
    rows = Meeting.objects.filter(
        series__in=series, status__in=PLANNABLE, starts_at__gt=now, starts_at__lt=now + AHEAD
    ).order_by("starts_at", "pk")
    columns = ("pk", "series_id", "starts_at", "cutoff_at", "capacity_minutes", "firmed_at", "taken")
    return [
        Coming(
            pk, of, starts_at, cutoff_at, capacity, taken, *series[of],
            is_open=cutoff_at > now and firmed_at is None,
        )
        for pk, of, starts_at, cutoff_at, capacity, firmed_at, taken in rows.annotate(taken=firm).values_list(*columns)
    ]  # fmt: skip


def count_held(meetings: Collection[Coming], *, but: int) -> None:
    """Count in each meeting the provisional places that are there, as last forecast, without that of the case `but`; one query."""
    found = {meeting.id: meeting for meeting in meetings}
    for meeting, key, minutes in _held_minutes(found):
        if key[-1] != but:
            found[meeting].held.append((key, minutes))


def minutes_before(meeting_ids: Collection[int], key: tuple[date, date, int]) -> dict[int, float]:
    """Return for each meeting the minutes that provisional places of more urgent cases than `key` are expected to take."""
    before: defaultdict[int, float] = defaultdict(float)
    for meeting, other, minutes in _held_minutes(meeting_ids):
        if other < key:
            before[meeting] += minutes
    return before


def _held_minutes(meeting_ids: Collection[int]) -> Iterator[tuple[int, tuple[date, date, int], float]]:
    """Yield meeting, urgency and expected minutes of each provisional place; one that was never forecast counts in full."""
    rows = AgendaItem.objects.filter(meeting__in=meeting_ids, status=ItemStatus.PROVISIONAL).order_by()
    columns = ("meeting_id", "minutes", "probability", "case_id", "case__definition_id", "case__suspected_on",
               "case__promised_on")  # fmt: skip
    places = list(rows.values_list(*columns))
    specs = specs_of(row[4] for row in places)
    for meeting, minutes, probability, case, definition, suspected_on, promised_on in places:
        key = urgency(suspected_on, specs[definition].lead_time_days, promised_on, case)
        yield meeting, key, minutes * (1.0 if probability is None else probability)
