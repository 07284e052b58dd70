"""What readers have to prepare, and what rebookings cost."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.permissions import Permission
from accounts.queries import units_below
from mdk.enums import FIRM_ITEMS, ItemStatus, PreparationState
from mdk.models import Preparation, Rebooking
from mdk.queries.days import midnight
from mdk.queries.meetings import visible_series


@dataclass(slots=True)
class WorkloadRow:
    """One reader's ISO week. Minutes are lost when a prepared case went off the agenda without another place."""

    reader: str
    name: str
    week: str
    planned_minutes: int = 0
    done_minutes: int = 0
    lost_minutes: int = 0
    cases: int = 0
    capacity_minutes: int | None = None


def workload(
    actor: Actor, first: date | None = None, last: date | None = None, unit: int | None = None
) -> list[WorkloadRow]:
    """Return the preparation per reader and ISO week of its due time, in the series that the actor may follow.

    One query beside the units'.
    """
    series = visible_series(actor, Permission.VIEW_WORKLOAD).order_by()
    if unit is not None:
        series = series.filter(unit_id__in=units_below([unit]))
    rows = Preparation.objects.filter(_between("due_at", first, last), item__meeting__series__in=series.values("pk"))
    rows = rows.filter(reader__isnull=False)
    names = ("reader__email", "reader__name", "due_at", "state", "estimate_minutes", "minutes", "item__status")
    found: dict[tuple[str, str], WorkloadRow] = {}
    for email, name, due_at, state, estimate, minutes, status in rows.values_list(*names):
        year, week, _weekday = timezone.localtime(due_at).isocalendar()
        key = (f"{year}-W{week:02d}", email)
        row = found.setdefault(key, WorkloadRow(reader=email, name=name, week=key[0]))
        _add(row, state, estimate, minutes or 0, status)
    return [found[key] for key in sorted(found)]


def rebookings_between(actor: Actor, first: date | None = None, last: date | None = None) -> QuerySet[Rebooking]:
    """Return the rebookings from the visible series between two days, newest first."""
    series = visible_series(actor).order_by().values("pk")
    rows = Rebooking.objects.filter(_between("rebooked_at", first, last), from_item__meeting__series__in=series)
    return rows.select_related("from_item", "to_item", "rebooked_by").order_by("-rebooked_at", "-pk")


def _add(row: WorkloadRow, state: str, estimate: int, minutes: int, status: str) -> None:
    if status in FIRM_ITEMS and state != PreparationState.RETURNED:
        row.planned_minutes += estimate
        row.cases += 1
    if state == PreparationState.DONE:
        row.done_minutes += minutes
        if status == ItemStatus.REMOVED:
            row.lost_minutes += minutes


def _between(field: str, first: date | None, last: date | None) -> Q:
    found = Q()
    if first:
        found &= Q(**{f"{field}__gte": midnight(first)})
    if last:
        found &= Q(**{f"{field}__lt": midnight(last + timedelta(days=1))})
    return found
