"""What readers have to prepare, week by week, against the time that they have; and what rebookings cost."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, F, IntegerField, Max, Min, Q, QuerySet, Sum, When
from django.db.models.functions import TruncWeek
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from accounts.permissions import Permission
from accounts.queries import units_below
from mdk.enums import FIRM_ITEMS, PreparationState
from mdk.models import Preparation, Series
from mdk.queries.capacity import capacity_of, mondays_between, planned_expression
from mdk.queries.days import between
from mdk.queries.fates import GIVEN_UP, KEPT, LOST, SPENT, USED, with_fate
from mdk.queries.meetings import visible_series

MOST_WEEKS = 106
"""Two years: a longer time is cut to what there is."""


@dataclass(slots=True)
class Minutes:
    """Minutes of preparation: expected, spent, brought along to another meeting, and lost; and how many cases."""

    planned: int = 0
    done: int = 0
    carried: int = 0
    lost: int = 0
    cases: int = 0

    def add(self, other: "Minutes") -> None:
        """Count the other minutes in."""
        self.planned += other.planned
        self.done += other.done
        self.carried += other.carried
        self.lost += other.lost
        self.cases += other.cases

    def __bool__(self) -> bool:
        return any((self.planned, self.done, self.carried, self.lost, self.cases))


@dataclass(slots=True)
class WeekLoad(Minutes):
    """One week of a reader or a unit, with what it holds in the series that are looked at.

    `elsewhere` is what the reader has planned in other series, and of a unit what nobody has taken; `capacity` is of the
    reader's whole week, None where nobody has stated it (a unit has none).
    """

    monday: date = date.min
    elsewhere: int = 0
    capacity: int | None = None

    @property
    def total(self) -> int:
        """The minutes planned, those elsewhere (or to share) included."""
        return self.planned + self.elsewhere

    @property
    def over(self) -> int:
        """The minutes planned over the capacity."""
        return max(0, self.total - self.capacity) if self.capacity is not None else 0


@dataclass(slots=True)
class Load:
    """A reader or a unit over the weeks; `parts` tells a reader's units apart by name."""

    id: int
    name: str
    weeks: list[WeekLoad]
    email: str = ""
    parts: dict[str, Minutes] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What tells it from the others in a page."""
        return str(self.id)

    @property
    def sum(self) -> Minutes:
        """The weeks together."""
        total = Minutes()
        for week in self.weeks:
            total.add(week)
        return total

    @property
    def elsewhere(self) -> int:
        """The minutes planned in other series (of a unit: to share), all weeks together."""
        return sum(week.elsewhere for week in self.weeks)


@dataclass(frozen=True, slots=True)
class Workload:
    """The readers, each once, and the units that they read for, over the same weeks."""

    mondays: Sequence[date]
    readers: Sequence[Load]
    units: Sequence[Load]


@dataclass(frozen=True, slots=True)
class WorkloadRow:
    """One reader's ISO week, as the API gives it."""

    reader: str
    name: str
    week: str
    planned_minutes: int
    done_minutes: int
    carried_minutes: int
    lost_minutes: int
    elsewhere_minutes: int
    cases: int
    capacity_minutes: int | None


def workload(
    actor: Actor, first: date | None = None, last: date | None = None, unit: int | None = None
) -> list[WorkloadRow]:
    """Return the preparation per reader and ISO week of its due time, in the series that the actor may follow.

    A week stands there when the reader has something in it or a stated capacity. Constant queries.
    """
    series = followed_series(actor, unit)
    ends = Preparation.objects.filter(item__meeting__series__in=series.values("pk"), reader__isnull=False)
    span = ends.aggregate(first=Min("due_at"), last=Max("due_at"))
    if span["first"] is None:
        return []
    known = timezone.localdate(span["first"]), timezone.localdate(span["last"])
    first, last = first or known[0], last or known[1]
    if last - first > timedelta(weeks=MOST_WEEKS):
        first, last = max(first, known[0]), min(last, known[1])
    if last < first:
        return []
    found = load_of(series, first, last)
    rows = [(week, reader) for reader in found.readers for week in reader.weeks if week or week.capacity is not None]
    return [_api_row(reader, week) for week, reader in sorted(rows, key=lambda row: (row[0].monday, row[1].email))]


def followed_series(actor: Actor, unit: int | None = None) -> QuerySet[Series]:
    """Return the series whose workload the actor may follow, of one unit and those below it when given."""
    series = visible_series(actor, Permission.VIEW_WORKLOAD).order_by()
    return series if unit is None else series.filter(unit_id__in=units_below([unit]))


def units_followed(actor: Actor) -> list[tuple[int, str]]:
    """Return the units of the series whose workload the actor may follow, as (id, name), by name; one query."""
    rows = followed_series(actor).values_list("unit_id", "unit__name").distinct()
    return sorted(rows, key=lambda row: row[1])


def referring_units(actor: Actor, unit: int | None = None) -> frozenset[int]:
    """Return the units whose referrals the actor may follow: those of the series and the actor's own, with those below."""
    own = units_below({*actor.units_for(Permission.VIEW_WORKLOAD), *(pk for pk, _name in units_followed(actor))})
    return own if unit is None else own & units_below([unit])


def load_of(series: QuerySet[Series], first: date, last: date) -> Workload:
    """Return the weeks from that of `first` to that of `last` for those who read for the series: seven queries.

    Readers are those who hold something due in the weeks, and those on the series' rosters who have a capacity.
    Only days from `first` to `last` are counted.
    """
    mondays = mondays_between(first, last)
    scope = {pk: (unit, name) for pk, unit, name in series.values_list("pk", "unit_id", "unit__name")}
    sums = _sums(list(scope), first, last)
    readers = {reader for reader, _series, _monday in sums} | _on_rosters(list(scope))
    capacities = capacity_of(sorted(readers), mondays) if readers else {}
    people = User.objects.filter(pk__in=readers).order_by("name", "pk").values_list("pk", "name", "email")
    loads = {pk: Load(pk, name, _weeks(pk, mondays, capacities), email) for pk, name, email in people}
    units = {unit: Load(unit, name, _weeks(0, mondays, {})) for unit, name in sorted(set(scope.values()))}
    for (reader, one, monday), minutes in sums.items():
        week = loads[reader].weeks[(monday - mondays[0]).days // 7]
        if one not in scope:
            week.elsewhere += minutes.planned
            continue
        unit, name = scope[one]
        week.add(minutes)
        loads[reader].parts.setdefault(name, Minutes()).add(minutes)
        units[unit].weeks[(monday - mondays[0]).days // 7].add(minutes)
    for (one, monday), unshared in _unshared(list(scope), first, last).items():
        units[scope[one][0]].weeks[(monday - mondays[0]).days // 7].elsewhere += unshared
    return Workload(
        mondays,
        [load for load in loads.values() if load.sum or any(week.capacity is not None for week in load.weeks)],
        sorted((load for load in units.values() if load.sum or load.elsewhere), key=lambda load: load.name),
    )


def _sums(series_ids: Sequence[int], first: date, last: date) -> dict[tuple[int, int, date], Minutes]:
    """Return the minutes by reader, series and Monday of the due time; of these readers also in other series."""
    due = Preparation.objects.filter(between("due_at", first, last), reader__isnull=False)
    readers = due.filter(item__meeting__series__in=series_ids).order_by().values("reader_id")
    counts = Q(item__status__in=FIRM_ITEMS) & ~Q(state=PreparationState.RETURNED)
    weekly = with_fate(due.filter(reader__in=readers)).order_by()
    rows = weekly.values("reader_id", series=F("item__meeting__series_id"), week=TruncWeek("due_at")).annotate(
        planned=Sum(planned_expression()),
        done=Sum(SPENT),
        carried=Sum(_when(Q(fate__in=[KEPT, USED], item__status__in=GIVEN_UP), F("spent"))),
        lost=Sum(_when(Q(fate=LOST), F("spent"))),
        cases=Sum(_when(counts, 1)),
    )
    found: defaultdict[tuple[int, int, date], Minutes] = defaultdict(Minutes)
    for row in rows:
        key = (row["reader_id"], row["series"], timezone.localdate(row["week"]))
        sums = (row["planned"], row["done"], row["carried"], row["lost"], row["cases"])
        found[key].add(Minutes(*sums))
    return found


def _unshared(series_ids: Sequence[int], first: date, last: date) -> dict[tuple[int, date], int]:
    """Return the minutes that nobody has taken, by series and Monday of the due time; one query."""
    due = Preparation.objects.filter(
        between("due_at", first, last), reader__isnull=True, item__meeting__series__in=series_ids
    )
    rows = due.order_by().values(series=F("item__meeting__series_id"), week=TruncWeek("due_at"))
    counted = rows.annotate(planned=Sum(planned_expression()))
    return {(row["series"], timezone.localdate(row["week"])): row["planned"] for row in counted}


def _when(condition: Q, value: Any) -> Case:
    return Case(When(condition, then=value), default=0, output_field=IntegerField())


def _on_rosters(series_ids: Sequence[int]) -> set[int]:
    rows = Series.readers.through.objects.filter(series_id__in=series_ids, series__is_active=True)
    return set(rows.values_list("user_id", flat=True))


def _weeks(
    reader: int, mondays: Sequence[date], capacities: Mapping[tuple[int, date], int | None]
) -> list[WeekLoad]:  # fmt: skip
    return [WeekLoad(monday=monday, capacity=capacities.get((reader, monday))) for monday in mondays]


def _api_row(reader: Load, week: WeekLoad) -> WorkloadRow:
    year, number, _weekday = week.monday.isocalendar()
    return WorkloadRow(
        reader=reader.email, name=reader.name, week=f"{year}-W{number:02d}", planned_minutes=week.planned,
        done_minutes=week.done, carried_minutes=week.carried, lost_minutes=week.lost,
        elsewhere_minutes=week.elsewhere, cases=week.cases, capacity_minutes=week.capacity,
    )  # fmt: skip
