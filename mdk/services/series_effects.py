"""What a change of a series does to each of its coming meetings: seen before it is done, and done as it was seen."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid
from mdk.enums import FIRM_ITEMS, Becomes, ItemStatus, MeetingStatus
from mdk.models import Meeting, Series
from mdk.planning.calendar import MeetingDay, due_at, meeting_days, moment_of
from mdk.planning.rescheduling import Rescheduled, reschedule
from mdk.services.series import WEEKS_AHEAD, values_on
from mdk.services.series_data import day_rule

HOURS = ("starts_at", "ends_at", "cutoff_at", "due_at")
QUIET = (Becomes.KEPT, Becomes.EXTRA)


@dataclass(frozen=True, slots=True)
class MeetingShape:
    """What a change of the series may give a meeting: moments, and minutes of discussion and preparation."""

    starts_at: datetime
    ends_at: datetime
    cutoff_at: datetime
    capacity_minutes: int
    prep_capacity_minutes: int
    prep_radiology_minutes: int | None
    prep_pathology_minutes: int | None
    due_at: datetime
    """When preparation is due; the others are columns of the meeting."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of one meeting, with how many firm and provisional cases stand on it.

    `meeting` and `before` are None for a new one, `after` is None for one that goes.
    """

    becomes: Becomes
    meeting: int | None
    before: MeetingShape | None
    after: MeetingShape | None
    is_published: bool = False
    firm: int = 0
    firm_minutes: int = 0
    provisional: int = 0
    changes_chair: bool = False

    @property
    def is_felt(self) -> bool:
        """Whether anything changes."""
        return self.becomes not in QUIET

    @property
    def is_overfull(self) -> bool:
        """Whether the firm cases take more minutes than the meeting then has, and did not before."""
        if self.before is None or self.after is None:
            return False
        return self.after.capacity_minutes < self.firm_minutes <= self.before.capacity_minutes

    @property
    def starts_at(self) -> datetime:
        """When the meeting begins today, or will begin."""
        shapes = [shape for shape in (self.before, self.after) if shape]
        return shapes[0].starts_at


@dataclass(frozen=True, slots=True)
class SeriesChange:
    """What a change of a series does to each coming meeting, by day. `token` stands for exactly this."""

    series: Series
    effects: tuple[Effect, ...]

    @property
    def felt(self) -> tuple[Effect, ...]:
        """The effects that change anything."""
        return tuple(effect for effect in self.effects if effect.is_felt)

    @property
    def published(self) -> tuple[Effect, ...]:
        """Those of them whose list has been sent out."""
        return tuple(effect for effect in self.felt if effect.is_published)

    @property
    def token(self) -> str:
        """What the person who confirms hands back; empty when there is nothing to confirm."""
        felt = [(effect.becomes.value, *astuple(effect)[1:]) for effect in self.felt]
        return sha256(repr((self.series.pk, self.series.version, felt)).encode()).hexdigest()[:32] if felt else ""


def effects_of(series: Series, proposed: Series, meetings: Mapping[int, Meeting], now: datetime) -> SeriesChange:
    """Return what becomes of the coming `meetings` of `series` when it becomes `proposed` (not saved).

    `meetings` are those that may change, by id. Under way, past and cancelled ones are left alone; a cancelled one
    is held again when its day comes back. Invalid when two would begin at the same moment.
    """
    days = _Days(series, proposed, meetings, now)
    counts = _counts(meetings)
    plan = days.plan
    effects = [_extra(meetings[pk], series, counts[pk]) for pk in plan.extra]
    effects += [_gone(meetings[pk], series, counts[pk]) for pk in plan.goes]
    for pk, day in {**plan.stays, **plan.moves}.items():
        after = _shape(values_on(proposed, day), proposed)
        effects.append(_changed(meetings[pk], series, proposed, after, counts[pk]))
    for day in plan.new:
        known = days.cancelled.get(day.on)
        becomes = Becomes.BACK if known else Becomes.NEW
        effects.append(Effect(becomes, known, None, _shape(values_on(proposed, day), proposed)))
    _refuse_collisions(series, effects)
    return SeriesChange(series, tuple(sorted(effects, key=lambda effect: (effect.starts_at, effect.meeting or 0))))


class _Days:
    """The days of the old and of the new rule, beside those that meetings have already."""

    def __init__(self, series: Series, proposed: Series, meetings: Mapping[int, Meeting], now: datetime) -> None:
        today = timezone.localdate(now)
        horizon = today + timedelta(weeks=WEEKS_AHEAD)
        last = max([horizon, *(timezone.localdate(meeting.starts_at) for meeting in meetings.values())])
        before = {day.on for day in _active_days(series, today, last)}
        after = [
            day
            for day in _active_days(proposed, today, last)
            if moment_of(day.on, proposed.starts_time) > now and (day.on <= horizon or day.on in before)
        ]
        others = series.meetings.filter(starts_at__gte=moment_of(today, now.min.time())).exclude(pk__in=meetings)
        rows = {
            pk: (timezone.localdate(at), status) for pk, at, status in others.values_list("pk", "starts_at", "status")
        }
        self.cancelled = {
            day: pk for pk, (day, status) in rows.items() if status == MeetingStatus.CANCELLED and day not in before
        }
        taken = {day for pk, (day, _status) in rows.items() if self.cancelled.get(day) != pk}
        plan = reschedule(before, after, _standing(series, meetings, before), taken, self.cancelled)
        # What the old rule gives as well comes of itself when its time has come.
        self.plan: Rescheduled = replace(plan, new=tuple(day for day in plan.new if day.on not in before))


def _active_days(series: Series, first: date, last: date) -> list[MeetingDay]:
    return meeting_days(day_rule(series), first, last) if series.is_active else []


def _standing(series: Series, meetings: Mapping[int, Meeting], before: set[date]) -> dict[int, date]:
    """Return the day of each meeting; of two on one day the one at the series' hour came of the rule."""
    found: dict[int, date] = {}
    regular: dict[date, int] = {}
    for pk, meeting in meetings.items():
        local = timezone.localtime(meeting.starts_at)
        found[pk] = local.date()
        if local.date() not in regular or local.time() == series.starts_time:
            regular[local.date()] = pk
    # A second one is put on no day of the rule, so that it counts as added by hand.
    return {pk: day if regular[day] == pk or day not in before else date.min for pk, day in found.items()}


def _counts(meetings: Mapping[int, Meeting]) -> dict[int, dict[str, Any]]:
    firm, provisional = Q(items__status__in=FIRM_ITEMS), Q(items__status=ItemStatus.PROVISIONAL)
    rows = Meeting.objects.filter(pk__in=meetings).order_by()
    found = rows.annotate(
        firm=Count("items", filter=firm),
        firm_minutes=Sum("items__minutes", filter=firm, default=0),
        provisional=Count("items", filter=provisional),
    )
    names = ("firm", "firm_minutes", "provisional")
    return {row["pk"]: {name: row[name] for name in names} for row in found.values("pk", *names)}


def _shape(values: Mapping[str, Any], series: Series) -> MeetingShape:
    return MeetingShape(**values, due_at=due_at(values["starts_at"], series.prep_due_days, series.prep_due_time))


def shape_of(meeting: Meeting, series: Series) -> MeetingShape:
    """Return what the meeting is today."""
    names = MeetingShape.__slots__[:-1]
    return _shape({name: getattr(meeting, name) for name in names}, series)


def _extra(meeting: Meeting, series: Series, counts: Mapping[str, Any]) -> Effect:
    shape = shape_of(meeting, series)
    return Effect(Becomes.EXTRA, meeting.pk, shape, shape, _is_published(meeting), **counts)


def _gone(meeting: Meeting, series: Series, counts: Mapping[str, Any]) -> Effect:
    return Effect(Becomes.GONE, meeting.pk, shape_of(meeting, series), None, _is_published(meeting), **counts)


def _changed(
    meeting: Meeting, series: Series, proposed: Series, after: MeetingShape, counts: Mapping[str, Any]
) -> Effect:
    before = shape_of(meeting, series)
    follows = meeting.chair_id == series.chair_id and series.chair_id != proposed.chair_id
    if timezone.localdate(before.starts_at) != timezone.localdate(after.starts_at):
        becomes = Becomes.MOVED
    elif any(getattr(before, name) != getattr(after, name) for name in HOURS):
        becomes = Becomes.HOURS
    elif before != after:
        becomes = Becomes.CAPACITY
    else:
        becomes = Becomes.CHAIR if follows else Becomes.KEPT
    return Effect(becomes, meeting.pk, before, after, _is_published(meeting), changes_chair=follows, **counts)


def _is_published(meeting: Meeting) -> bool:
    return meeting.status == MeetingStatus.PUBLISHED


def _refuse_collisions(series: Series, effects: list[Effect]) -> None:
    """Refuse a change that would put a meeting where another of the series stands already."""
    ours = {effect.meeting: effect.after.starts_at for effect in effects if effect.is_felt and effect.after}
    others = series.meetings.filter(starts_at__in=ours.values()).exclude(pk__in=[pk for pk in ours if pk])
    if moment := others.order_by("starts_at").values_list("starts_at", flat=True).first():
        at = date_format(timezone.localtime(moment), "j b H:i")
        message = _("Another meeting of the series stands at %(at)s already. Choose another hour.") % {"at": at}
        raise Invalid([FieldError("starts_time", "taken", message)])
