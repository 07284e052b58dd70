"""Series and the meetings that come of them."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from events.record import record
from mdk.enums import MeetingStatus
from mdk.models import Meeting, Series
from mdk.planning.calendar import MeetingDay, cutoff_at, meeting_days, moment_of, share_of
from mdk.services.series_data import RELATED, SeriesData, check_series, day_rule, plain_values
from mdk.services.sweeping import sweep

__all__ = ["SeriesData", "add_meeting", "create_series", "extend_series", "generate_meetings"]

WEEKS_AHEAD = 26
"""Half a year: so far ahead there are meetings to plan for and to be free for."""


@transaction.atomic
def create_series(data: SeriesData, *, by: User | None, now: datetime) -> Series:
    """Create a series and its meetings of the coming half-year. Who may: `manage_series`.

    Invalid names the wrong field. Leaves `series.created`.
    """
    check_series(data)
    series = Series.objects.create(**plain_values(data))
    for name in RELATED:
        getattr(series, name).set(getattr(data, name))
    record("series.created", by=by, now=now, subject=series, unit=data.unit.pk)
    generate_meetings(series, now=now)
    return series


def generate_meetings(series: Series, *, now: datetime, since: date | None = None) -> list[Meeting]:
    """Make the meetings that the series lacks from `since` (now) and half a year on.

    A day that has a meeting of the series, though it be cancelled, is left as it is: never two on one day. Call it
    with the series locked, unless it is new.
    """
    if not series.is_active:
        return []
    first, last = since or timezone.localdate(now), timezone.localdate(now) + timedelta(weeks=WEEKS_AHEAD)
    known = {timezone.localdate(at) for at in series.meetings.values_list("starts_at", flat=True)}
    days = [day for day in meeting_days(day_rule(series), first, last) if day.on not in known]
    made = [meeting_on(series, day, now) for day in days]
    return Meeting.objects.bulk_create([meeting for meeting in made if since or meeting.starts_at > now])


def extend_series(*, now: datetime) -> int:
    """Make the meetings that active series lack of the coming half-year; return how many. Safe to run twice."""
    active = Series.objects.filter(is_active=True).order_by("pk").values_list("pk", flat=True)
    return sweep(active, lambda pk: _extend(pk, now), what="series made longer")


@transaction.atomic
def _extend(series_id: int, now: datetime) -> int:
    return len(generate_meetings(lock_series(series_id), now=now))


@transaction.atomic
def add_meeting(series_id: int, starts_at: datetime, *, by: User | None, now: datetime) -> Meeting:
    """Add an extra meeting to the series, on any day; one that stands at that time already is returned.

    It has the series' whole capacity: who adds it knows that the day can hold it. Who may: `plan_meeting`. Leaves
    `meeting.added`.
    """
    series = lock_series(series_id)
    if known := series.meetings.filter(starts_at=starts_at).first():
        return known
    meeting = Meeting(series=series, chair=series.chair, status=MeetingStatus.PLANNED, status_changed_at=now,
                      **values_at(series, starts_at, 100))  # fmt: skip
    meeting.save()
    record("meeting.added", by=by, now=now, subject=meeting, meeting=meeting.pk, unit=series.unit_id)
    return meeting


def lock_series(pk: int) -> Series:
    """Return the series, its row locked until the transaction ends; before any of its meetings."""
    return Series.objects.select_for_update(of=("self",)).get(pk=pk)


def meeting_on(series: Series, day: MeetingDay, now: datetime) -> Meeting:
    """Return a new meeting of the series on `day`, not yet saved."""
    values = values_on(series, day)
    return Meeting(series=series, chair=series.chair, status=MeetingStatus.PLANNED, status_changed_at=now, **values)


def values_on(series: Series, day: MeetingDay) -> dict[str, Any]:
    """Return the hours, the cut-off and the capacities of the series' meeting on `day`, by column."""
    return values_at(series, moment_of(day.on, series.starts_time), day.percent)


def values_at(series: Series, starts_at: datetime, percent: int) -> dict[str, Any]:
    """Return the hours, the cut-off and `percent` of the capacities of a meeting that begins at `starts_at`, by column."""
    given = series.prep_radiology_minutes, series.prep_pathology_minutes
    radiology, pathology = (None if minutes is None else share_of(minutes, percent) for minutes in given)
    is_split = radiology is not None or pathology is not None
    whole = (radiology or 0) + (pathology or 0) if is_split else share_of(series.prep_capacity_minutes, percent)
    return {
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=series.minutes),
        "cutoff_at": cutoff_at(starts_at, series.cutoff_days, series.cutoff_time),
        "capacity_minutes": share_of(series.capacity_minutes, percent),
        "prep_capacity_minutes": whole,
        "prep_radiology_minutes": radiology,
        "prep_pathology_minutes": pathology,
    }
