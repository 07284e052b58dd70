"""The workload page: what readers have to prepare, week by week, against the time that there is."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import require
from accounts.actor import ActorRequest
from accounts.permissions import Permission
from mdk.forms.workload import WorkloadFilter
from mdk.queries.capacity import monday_of
from mdk.queries.flow import any_moves, moves_between, unshared
from mdk.queries.late import late_shares
from mdk.queries.workload import Workload, followed_series, load_of, referring_units, units_followed

BEFORE, SHOWN = timedelta(weeks=4), timedelta(weeks=12)
"""Where the page begins without a choice, and how much it shows."""
MOST = timedelta(weeks=26)


@require_safe
def workload_page(request: ActorRequest) -> HttpResponse:
    """Show the weeks of the readers that the person may follow, by the period and the unit in the address; no patient."""
    require(request.actor, Permission.VIEW_WORKLOAD)
    now = timezone.now()
    units = units_followed(request.actor)
    filters = WorkloadFilter(request.GET or None, units=units)
    period = Period.of(filters, timezone.localdate(now))
    series = followed_series(request.actor, filters.unit)
    found = load_of(series, period.first, period.last)
    moves = moves_between(series, period.first, period.last)
    waiting = unshared(series, now)
    context = {
        "filters": WorkloadFilter(period.values(filters.unit), units=units),
        "period": period,
        "today": timezone.localdate(now),
        "found": found,
        "figures": Figures.of(found, monday_of(timezone.localdate(now))),
        "most_reader": max(
            (max(week.total, week.capacity or 0) for one in found.readers for week in one.weeks), default=0
        ),
        "most_unit": max((week.total for one in found.units for week in one.weeks), default=0),
        "moves": moves if any_moves(moves) else [],
        "late": late_shares(referring_units(request.actor, filters.unit), period.first, period.last),
        "unshared": waiting,
        "unshared_minutes": sum(row.minutes for row in waiting),
    }
    return render(request, "mdk/workload.html", context)


@dataclass(frozen=True, slots=True)
class Period:
    """The weeks that the page shows, whole ones, and the addresses of the ones before and after."""

    first: date
    last: date
    earlier: str
    later: str

    @classmethod
    def of(cls, filters: WorkloadFilter, today: date) -> "Period":
        """Return the chosen weeks; four before this one and seven after it where none are chosen."""
        first = monday_of(filters.first or monday_of(today) - BEFORE)
        last = monday_of(filters.last or first + SHOWN - timedelta(days=1)) + timedelta(days=6)
        last = min(max(last, first + timedelta(days=6)), first + MOST - timedelta(days=1))
        step = timedelta(weeks=max(1, ((last - first).days + 1) // 14))

        def address(shift: timedelta) -> str:
            chosen = {"from": first + shift, "to": last + shift} | ({"unit": filters.unit} if filters.unit else {})
            return f"?{urlencode(chosen)}"

        return cls(first, last, address(-step), address(step))

    def values(self, unit: int | None) -> dict[str, str]:
        """Return what the form of the page holds."""
        return {"from": self.first.isoformat(), "to": self.last.isoformat(), "unit": str(unit or "")}


@dataclass(frozen=True, slots=True)
class Figures:
    """This week in numbers, and what the period carried over and lost."""

    planned: int
    capacity: int
    done: int
    over: int
    carried: int
    lost: int

    @classmethod
    def of(cls, found: Workload, monday: date) -> "Figures":
        """Return the sums of the readers; `over` is how many weeks of a reader hold more than there is time for."""
        present = [week for one in found.readers for week in one.weeks if week.monday == monday]
        return cls(
            planned=sum(week.total for week in present),
            capacity=sum(week.capacity or 0 for week in present),
            done=sum(week.done for week in present),
            over=sum(bool(week.over) for one in found.readers for week in one.weeks if week.monday >= monday),
            carried=sum(one.sum.carried for one in found.readers),
            lost=sum(one.sum.lost for one in found.readers),
        )
