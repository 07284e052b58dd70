"""Readers' weeks: how many minutes there are to prepare in, and how many are planned and done."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Case, F, IntegerField, Q, Sum, When
from django.db.models.functions import TruncWeek
from django.utils import timezone

from cases.workdays import is_working_day
from mdk.enums import FIRM_ITEMS, PreparationState
from mdk.models import Absence, Capacity, Preparation
from mdk.queries.days import midnight
from mdk.queries.fates import SPENT

WORKING_DAYS = 5
"""Of a week without a holiday; a week's minutes are spread over them."""


@dataclass(frozen=True, slots=True)
class ReaderWeek:
    """One reader's week from a Monday, in minutes of preparation.

    `capacity` is what the reader has when absences and public holidays are taken off, None where nobody has said.
    `planned` is expected of what is due in the week, done or not; `done` is what has been spent on it.
    """

    reader_id: int
    monday: date
    capacity: int | None
    planned: int
    done: int

    @property
    def free(self) -> int | None:
        """The minutes that are left to plan, below zero when there is too much; None without a capacity."""
        return None if self.capacity is None else self.capacity - self.planned

    @property
    def over(self) -> int:
        """The minutes planned over the capacity."""
        return max(0, -(self.free or 0))


def monday_of(day: date) -> date:
    """Return the Monday of the ISO week that `day` lies in."""
    return day - timedelta(days=day.weekday())


def mondays_between(first: date, last: date) -> list[date]:
    """Return the Mondays of the weeks from that of `first` to that of `last`."""
    start = monday_of(first)
    return [start + timedelta(weeks=week) for week in range((monday_of(last) - start).days // 7 + 1)]


def reader_weeks(reader_ids: Iterable[int], mondays: Iterable[date]) -> dict[tuple[int, date], ReaderWeek]:
    """Return every given reader's every given week, by reader and Monday; three queries, however many there are."""
    readers, weeks = sorted(set(reader_ids)), sorted(set(mondays))
    if not readers or not weeks:
        return {}
    capacities = capacity_of(readers, weeks)
    minutes = _minutes(readers, weeks)
    return {
        (reader, monday): ReaderWeek(reader, monday, capacities[reader, monday], *minutes.get((reader, monday), (0, 0)))
        for reader in readers
        for monday in weeks
    }


def capacity_of(reader_ids: Collection[int], mondays: Sequence[date]) -> dict[tuple[int, date], int | None]:
    """Return the minutes of every reader's every week, less absence and holidays; two queries."""
    stated: defaultdict[int, list[tuple[date, int]]] = defaultdict(list)
    rows = Capacity.objects.filter(reader_id__in=reader_ids, from_on__lte=max(mondays))
    for reader, from_on, minutes in rows.order_by("from_on").values_list("reader_id", "from_on", "weekly_minutes"):
        stated[reader].append((from_on, minutes))
    away = absent_on(reader_ids, min(mondays), max(mondays) + timedelta(days=6))
    return {
        (reader, monday): _left(stated[reader], monday, away[reader]) for reader in reader_ids for monday in mondays
    }


def absent_on(reader_ids: Iterable[int], first: date, last: date) -> dict[int, set[date]]:
    """Return the days from `first` to `last` on which each reader is away, an empty set for none; one query."""
    away: dict[int, set[date]] = {reader: set() for reader in reader_ids}
    rows = Absence.objects.filter(reader_id__in=list(away), first_on__lte=last, last_on__gte=first)
    for reader, begins, ends in rows.values_list("reader_id", "first_on", "last_on"):
        begins, ends = max(begins, first), min(ends, last)
        away[reader].update(begins + timedelta(days=step) for step in range((ends - begins).days + 1))
    return away


def planned_expression(prefix: str = "") -> Case:
    """Return the minutes that one preparation is expected to take of its week: none once it is off or sent back.

    What an earlier reading of the same item took is in it; the estimate is then of what is new.
    """
    counts = Q(**{f"{prefix}item__status__in": FIRM_ITEMS}) & ~Q(**{f"{prefix}state": PreparationState.RETURNED})
    expected = F(f"{prefix}estimate_minutes") + F(f"{prefix}earlier_minutes")
    return Case(When(counts, then=expected), default=0, output_field=IntegerField())


def planned_for(meeting_ids: Collection[int]) -> dict[tuple[int, str], int]:
    """Return the minutes of preparation that meetings hold, by meeting and discipline, none left out; one query.

    What every limit of a meeting is held against: its gate, its warnings, its round and its plans.
    """
    rows = Preparation.objects.filter(item__meeting__in=meeting_ids).order_by().values("item__meeting", "discipline")
    counted = rows.annotate(planned=Sum(planned_expression())).values_list("item__meeting", "discipline", "planned")
    return defaultdict(int, {(meeting, discipline): minutes for meeting, discipline, minutes in counted})


def _left(stated: Sequence[tuple[date, int]], monday: date, away: set[date]) -> int | None:
    """Return the week's minutes in proportion to its working days at work, None where nothing is stated yet."""
    place = bisect_right(stated, monday, key=lambda row: row[0])
    if not place:
        return None
    week = (monday + timedelta(days=step) for step in range(7))
    present = sum(is_working_day(day) and day not in away for day in week)
    return stated[place - 1][1] * present // WORKING_DAYS


def _minutes(reader_ids: Sequence[int], mondays: Sequence[date]) -> dict[tuple[int, date], tuple[int, int]]:
    """Return planned and done minutes by reader and Monday of the due time; one query."""
    due = Preparation.objects.filter(
        reader_id__in=reader_ids,
        due_at__gte=midnight(min(mondays)),
        due_at__lt=midnight(max(mondays) + timedelta(days=7)),
    )
    weekly = due.order_by().values("reader_id", week=TruncWeek("due_at"))
    sums = weekly.annotate(planned=Sum(planned_expression()), spent=Sum(SPENT))
    return {(row["reader_id"], timezone.localdate(row["week"])): (row["planned"], row["spent"]) for row in sums}
