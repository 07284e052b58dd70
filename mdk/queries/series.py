"""One series: its last change, its coming meetings, and the days on which none is held."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, Sum
from django.utils import timezone

from events.models import Event
from mdk.enums import FIRM_ITEMS, ItemStatus
from mdk.models import Meeting, Series
from mdk.planning.breaks import BreakRule
from mdk.planning.calendar import DayRule, days_left_out, holiday_name, meeting_days


@dataclass(frozen=True, slots=True)
class ComingMeeting:
    """A coming meeting of a series. `percent` is its share of the usual capacity, None when it was added by hand."""

    id: int
    starts_at: datetime
    ends_at: datetime
    cutoff_at: datetime
    status: str
    capacity_minutes: int
    planned_minutes: int
    firm: int
    provisional: int
    percent: int | None
    instead_of: date | None

    @property
    def on(self) -> date:
        """The day of the meeting."""
        return timezone.localdate(self.starts_at)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A day of the recurrence on which no meeting is held; `holiday` is the Swedish name of a day off."""

    on: date
    holiday: str
    is_excluded: bool


def last_change(series: Series) -> Event | None:
    """Return the event of the last change of the series itself, with who made it; one query."""
    rows = Event.objects.filter(kind__in=("series.created", "series.changed"), subject_id=series.pk)
    return rows.select_related("actor").order_by("-at", "-pk").first()


def coming_meetings(series: Series, rule: DayRule, now: datetime) -> list[ComingMeeting]:
    """Return the coming meetings of the series, cancelled ones among them, by time; one query."""
    firm = Q(items__status__in=FIRM_ITEMS)
    rows = Meeting.objects.filter(series=series, ends_at__gt=now).order_by("starts_at").values(
        "id", "starts_at", "ends_at", "cutoff_at", "status", "capacity_minutes",
        planned_minutes=Sum("items__minutes", filter=firm, default=0),
        firm=Count("items", filter=firm),
        provisional=Count("items", filter=Q(items__status=ItemStatus.PROVISIONAL)),
    )  # fmt: skip
    found = list(rows)
    if not found:
        return []
    last = timezone.localdate(found[-1]["starts_at"])
    days = {day.on: day for day in meeting_days(rule, timezone.localdate(now), last)}
    listed = []
    for row in found:
        day = days.get(timezone.localdate(row["starts_at"]))
        listed.append(
            ComingMeeting(**row, percent=day.percent if day else None, instead_of=day.instead_of if day else None)
        )
    return listed


def left_out(rule: DayRule, now: datetime, weeks: int) -> list[LeftOut]:
    """Return the days of the coming `weeks` on which the recurrence falls and no meeting is held; no query."""
    first = timezone.localdate(now)
    days = days_left_out(rule, first, first + timedelta(weeks=weeks))
    return [LeftOut(day, holiday_name(day), day in rule.excluded_on) for day in days]


def break_rule(series: Series) -> BreakRule | None:
    """Return the rule of the breaks of the series; None when it has none."""
    if not (series.break_after_minutes or series.break_after_cases):
        return None
    return BreakRule(series.break_after_minutes, series.break_after_cases, series.break_minutes)
