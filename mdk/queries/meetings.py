"""Series and meetings as lists show them."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Unit, User
from accounts.permissions import Permission
from accounts.queries import people_with, units_below, units_by_name
from cases.enums import ReadinessState
from checklists.enums import LevelCode
from checklists.queries import published_diagnoses
from mdk.enums import FIRM_ITEMS, PLANNABLE, ItemStatus
from mdk.models import AgendaItem, Meeting, Series
from mdk.queries.days import between


@dataclass(frozen=True, slots=True)
class MeetingRow:
    """One meeting of a list: how full it is, and how many of its cases are not ready."""

    id: int
    series_id: int
    series_name: str
    starts_at: datetime
    ends_at: datetime
    cutoff_at: datetime
    status: str
    chair_name: str | None
    capacity_minutes: int
    planned_minutes: int
    cases: int
    provisional: int
    not_ready: int
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Day:
    """The meetings of one day."""

    on: date
    meetings: tuple[MeetingRow, ...]


def visible_series(actor: Actor, permission: Permission = Permission.VIEW_MEETING) -> QuerySet[Series]:
    """Return the series in whose units, or units above, the actor holds `permission`; by name."""
    held = actor.units_for(permission)
    invited = Series.participating_units.through.objects.filter(unit_id__in=held).values("series_id")
    return Series.objects.filter(Q(unit_id__in=units_below(held)) | Q(pk__in=invited)).order_by("name", "pk")


def series_list(actor: Actor) -> QuerySet[Series]:
    """Return the visible series with unit, chair, diagnoses and the number of coming meetings; two queries."""
    coming = Count("meetings", filter=Q(meetings__starts_at__gte=timezone.now()))
    rows = visible_series(actor).select_related("unit__parent__parent", "chair").annotate(coming=coming)
    return rows.prefetch_related("diagnoses")


def meetings_between(
    actor: Actor, first: date | None = None, last: date | None = None, series: int | None = None
) -> QuerySet[Meeting]:
    """Return the visible meetings from the day `first` to the day `last`, both included, as documents need them."""
    visible = visible_series(actor).order_by().values("pk")
    meetings = Meeting.objects.filter(between("starts_at", first, last), series__in=visible)
    if series is not None:
        meetings = meetings.filter(series_id=series)
    loaded = meetings.select_related("series__unit__parent__parent", "chair")
    return loaded.prefetch_related("series__participating_units").order_by("starts_at", "pk")


def meeting_days(
    actor: Actor, first: date, last: date, series: int | None = None, *, newest_first: bool = False
) -> list[Day]:
    """Return the visible meetings between two days, grouped by day; one query beside that of the units."""
    order = ("-starts_at", "-pk") if newest_first else ("starts_at", "pk")
    found = meetings_between(actor, first, last, series).select_related(None).prefetch_related(None)
    firm = Q(status__in=FIRM_ITEMS)
    short = firm & ~Q(level=LevelCode.PROTOCOL) & ~Q(case__readiness_state=ReadinessState.READY)
    rows = found.order_by(*order).values(
        "id", "series_id", "starts_at", "ends_at", "cutoff_at", "status", "capacity_minutes", "signed_at",
        series_name=F("series__name"),
        chair_name=F("chair__name"),
        planned_minutes=_of_items(Sum("minutes", filter=firm)),
        cases=_of_items(Count("pk", filter=firm)),
        provisional=_of_items(Count("pk", filter=Q(status=ItemStatus.PROVISIONAL))),
        not_ready=_of_items(Count("pk", filter=short)),
    )  # fmt: skip
    listed = [MeetingRow(**row) for row in rows]
    return [Day(day, tuple(same)) for day, same in groupby(listed, key=lambda row: timezone.localdate(row.starts_at))]


def targets_after(meeting: Meeting, actor: Actor) -> list[Meeting]:
    """Return the meetings that a case may be rebooked to: coming ones that the actor may plan, this series first."""
    meetings = Meeting.objects.filter(
        series__in=visible_series(actor, Permission.PLAN_MEETING).order_by().values("pk"),
        series__diagnoses__in=meeting.series.diagnoses.all(),
        status__in=PLANNABLE,
        starts_at__gt=timezone.now(),
    ).exclude(pk=meeting.pk)
    found = list(meetings.select_related("series").distinct().order_by("starts_at", "pk")[:40])
    return sorted(found, key=lambda m: (m.series_id != meeting.series_id, m.starts_at < meeting.starts_at, m.starts_at))


def planning_units(actor: Actor) -> QuerySet[Unit]:
    """Return the units for which the actor may make a series: those where they may, and below."""
    return Unit.objects.filter(pk__in=units_below(actor.units_for(Permission.MANAGE_SERIES))).order_by("name")


def series_choices(actor: Actor, series: Series | None = None) -> dict[str, QuerySet[Any]]:
    """Return what the form of a series offers: units, diagnoses, people who may chair, and readers.

    Chair and readers that `series` has already stay among them, whatever has become of their roles.
    """
    units = planning_units(actor)
    has_chair = Q(pk=series.chair_id) if series and series.chair_id else Q(pk__in=[])
    has_readers = Q(pk__in=series.readers.values("pk")) if series else Q(pk__in=[])
    today = timezone.localdate()
    chairs = people_with(Permission.RUN_MEETING, units.values_list("pk", flat=True), today)
    readers = [
        people_with(permission, units.values_list("pk", flat=True), today).values("pk")
        for permission in (Permission.PREPARE_RADIOLOGY, Permission.PREPARE_PATHOLOGY)
    ]
    return {
        "unit": units,
        "diagnoses": published_diagnoses(),
        "chair": User.objects.filter(Q(pk__in=chairs.values("pk")) | has_chair).order_by("name", "pk"),
        "participating_units": units_by_name(),
        "readers": User.objects.filter(Q(pk__in=readers[0]) | Q(pk__in=readers[1]) | has_readers).order_by(
            "name", "pk"
        ),
    }


def _of_items(aggregate: Sum | Count) -> Coalesce:
    """Return `aggregate` over the agenda items of the outer meeting, as a correlated subquery."""
    items = AgendaItem.objects.filter(meeting=OuterRef("pk"), position__isnull=False).order_by()
    total = items.values("meeting").annotate(total=aggregate).values("total")
    return Coalesce(Subquery(total, output_field=IntegerField()), 0)
