"""Series and the meetings that come of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from dateutil.rrule import rrulestr
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid
from accounts.models import Unit, User
from cases.workdays import is_working_day, working_days_before
from checklists.models import Diagnosis
from events.record import record
from mdk.enums import MeetingStatus
from mdk.models import Meeting, Series
from mdk.services.recurrence import checked_rule, first_days

WEEKS_AHEAD = 12


@dataclass(frozen=True, slots=True)
class SeriesData:
    """What a series is made of; times are local (Europe/Stockholm), lengths are minutes."""

    unit: Unit
    name: str
    diagnoses: Iterable[Diagnosis]
    rrule: str
    starts_on: date
    starts_time: time
    minutes: int
    capacity_minutes: int
    cutoff_time: time
    cutoff_days: int = 1
    prep_capacity_minutes: int = 0
    chair: User | None = None
    participating_units: Iterable[Unit] = field(default_factory=tuple)
    readers: Iterable[User] = field(default_factory=tuple)
    video_url: str = ""


@transaction.atomic
def create_series(data: SeriesData, *, by: User | None, now: datetime) -> Series:
    """Create a series and its meetings of the coming twelve weeks. Who may: `manage_series`.

    Invalid names the wrong field. Leaves `series.created`.
    """
    _check(data)
    series = Series.objects.create(
        unit=data.unit, name=data.name.strip(), rrule=data.rrule, starts_on=data.starts_on,
        starts_time=data.starts_time, minutes=data.minutes, capacity_minutes=data.capacity_minutes,
        prep_capacity_minutes=data.prep_capacity_minutes, cutoff_days=data.cutoff_days,
        cutoff_time=data.cutoff_time, chair=data.chair, video_url=data.video_url,
    )  # fmt: skip
    series.diagnoses.set(data.diagnoses)
    series.participating_units.set(data.participating_units)
    series.readers.set(data.readers)
    record("series.created", by=by, now=now, subject=series, unit=data.unit.pk)
    generate_meetings(series, now=now)
    return series


def generate_meetings(series: Series, *, now: datetime, since: date | None = None) -> list[Meeting]:
    """Make the meetings that the series lacks from `since` (today) and twelve weeks on; never one twice.

    Red days are left out. The rule is expanded in local time, so a meeting keeps its hour over a change of
    the clocks.
    """
    first = max(since or timezone.localdate(now), series.starts_on)
    last = timezone.localdate(now) + timedelta(weeks=WEEKS_AHEAD)
    rule = rrulestr(series.rrule, dtstart=datetime.combine(series.starts_on, series.starts_time))
    known = set(series.meetings.values_list("starts_at", flat=True))
    made = []
    for local in rule.between(datetime.combine(first, time.min), datetime.combine(last, time.max), inc=True):
        starts_at = timezone.make_aware(local)
        if starts_at in known or not is_working_day(local.date()):
            continue
        made.append(_meeting(series, starts_at, now))
    return Meeting.objects.bulk_create(made)


def extend_series(*, now: datetime) -> int:
    """Make the meetings that active series lack of the coming twelve weeks; return how many. Safe to run twice."""
    made = 0
    for pk in Series.objects.filter(is_active=True).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            made += len(generate_meetings(Series.objects.select_for_update().get(pk=pk), now=now))
    return made


@transaction.atomic
def add_meeting(series_id: int, starts_at: datetime, *, by: User | None, now: datetime) -> Meeting:
    """Add an extra meeting to the series, on any day; one that stands at that time already is returned.

    Who may: `plan_meeting`. Leaves `meeting.added`.
    """
    series = Series.objects.select_for_update(of=("self",)).get(pk=series_id)
    if known := series.meetings.filter(starts_at=starts_at).first():
        return known
    meeting = _meeting(series, starts_at, now)
    meeting.save()
    record("meeting.added", by=by, now=now, subject=meeting, meeting=meeting.pk, unit=series.unit_id)
    return meeting


def _meeting(series: Series, starts_at: datetime, now: datetime) -> Meeting:
    local_day = timezone.localtime(starts_at).date()
    cutoff_day = working_days_before(local_day, series.cutoff_days)
    cutoff_at = timezone.make_aware(datetime.combine(cutoff_day, series.cutoff_time))
    return Meeting(
        series=series,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=series.minutes),
        cutoff_at=min(cutoff_at, starts_at),
        status=MeetingStatus.PLANNED,
        status_changed_at=now,
        chair=series.chair,
        capacity_minutes=series.capacity_minutes,
        prep_capacity_minutes=series.prep_capacity_minutes,
    )


def _check(data: SeriesData) -> None:
    errors = []
    if not data.name.strip():
        errors.append(FieldError("name", "required", _("Give the series a name.")))
    elif Series.objects.filter(unit=data.unit, name=data.name.strip()).exists():
        errors.append(FieldError("name", "taken", _("The unit has a series of this name. Choose another.")))
    try:
        first = first_days(checked_rule(data.rrule, datetime.combine(data.starts_on, data.starts_time)))
        if len(set(first)) < len(first):
            message = _("A series meets once a day at the most. Write for example FREQ=WEEKLY;BYDAY=TH.")
            errors.append(FieldError("rrule", "too-often", message))
    except (ValueError, TypeError):
        errors.append(
            FieldError("rrule", "invalid", _("The recurrence is not an RRULE. Write for example FREQ=WEEKLY;BYDAY=TH."))
        )
    if data.minutes < 5:
        errors.append(FieldError("minutes", "too-short", _("A meeting is at least five minutes long.")))
    if data.capacity_minutes < 1:
        errors.append(FieldError("capacity_minutes", "too-small", _("Give the minutes of discussion there are.")))
    if errors:
        raise Invalid(errors)
