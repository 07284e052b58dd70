"""The days of a series: around Swedish holidays and summers, with what each day holds, and the moments before it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import holidays
from dateutil.rrule import rrulestr
from django.utils import timezone

from cases.workdays import is_working_day, working_days_before
from mdk.enums import RedDay

REACH = timedelta(days=10)
"""How far from a holiday a meeting may be moved: over Easter or Christmas, and no further."""
MARGIN = timedelta(days=28)
FULL = 100


@dataclass(frozen=True, slots=True)
class DayRule:
    """On which days a series meets. Percent are of its usual capacity; 0 means no meeting. Summer is in ISO weeks."""

    rrule: str
    starts_on: date
    excluded_on: frozenset[date] = frozenset()
    on_red_day: str = RedDay.SKIP
    eve_percent: int = FULL
    summer_first_week: int | None = None
    summer_last_week: int | None = None
    summer_percent: int = FULL


@dataclass(frozen=True, slots=True)
class MeetingDay:
    """A day of a series, its share of the usual capacity in percent, and the holiday that it stands in for."""

    on: date
    percent: int
    instead_of: date | None = None


def meeting_days(rule: DayRule, first: date, last: date) -> list[MeetingDay]:
    """Return the days from `first` to `last`, both included, on which the series meets; never one twice.

    Excluded days, and days whose percent is 0, have no meeting. One that falls on a day off is left out, or goes by
    `on_red_day` to the nearest day before or after on which a meeting may be held, unless the series meets on that
    day already. The answer for a day does not depend on which days are asked for.
    """
    found = _found(rule, _expanded(rule, first - MARGIN, last + MARGIN))
    return [found[day] for day in sorted(found) if first <= day <= last]


def days_left_out(rule: DayRule, first: date, last: date) -> list[date]:
    """Return the days from `first` to `last` that the recurrence gives and on which, or instead of which, none is held."""
    asked = _expanded(rule, first - MARGIN, last + MARGIN)
    held = {day.instead_of or day.on for day in _found(rule, asked).values()}
    return [day for day in asked if first <= day <= last and day not in held]


def holiday_name(day: date) -> str:
    """Return the Swedish name of a day off, the empty string for any other day."""
    return str(_days_off().get(day) or "")


def _found(rule: DayRule, asked: Sequence[date]) -> dict[date, MeetingDay]:
    """Return the days of the meetings that stand for the `asked` ones: these themselves first, then those moved."""
    wanted = [day for day in asked if day not in rule.excluded_on]
    found = {day: MeetingDay(day, percent_of(rule, day)) for day in wanted if may_meet(rule, day)}
    step = {RedDay.BEFORE: -1, RedDay.AFTER: 1}.get(RedDay(rule.on_red_day), 0)
    for day in wanted:
        if is_working_day(day) or not step:
            continue
        other = next(filter(lambda one: may_meet(rule, one), _walk(day, step)), None)
        if other and other not in found and other >= rule.starts_on:
            found[other] = MeetingDay(other, percent_of(rule, other), day)
    return found


def may_meet(rule: DayRule, day: date) -> bool:
    """Whether a meeting of the series may be held on `day`: a working day, not excluded, with some capacity."""
    return is_working_day(day) and day not in rule.excluded_on and percent_of(rule, day) > 0


def percent_of(rule: DayRule, day: date) -> int:
    """Return the share of the usual capacity that there is on `day`; the lower one on an eve in summer."""
    return min(rule.eve_percent if is_eve(day) else FULL, rule.summer_percent if _is_summer(rule, day) else FULL)


def share_of(minutes: int, percent: int) -> int:
    """Return `percent` of the minutes, whole ones; something is left of something, unless the percent is 0."""
    return max(minutes * percent // FULL, min(minutes, percent, 1))


def is_eve(day: date) -> bool:
    """Whether `day` is a working day before a holiday.

    These are the days directly before a day off of its own (no Saturday or Sunday), and those that end at 14 by the
    agreement of the banks (`bank` of the package holidays: Maundy Thursday, the day before Christmas Eve).
    """
    return is_working_day(day) and (day in _half_days() or day + timedelta(days=1) in _days_off())


def cutoff_at(starts_at: datetime, days: int, at: time) -> datetime:
    """Return the cut-off, `days` working days before the meeting at `at` local time; never after it begins."""
    return min(_moment_before(starts_at, days, at), starts_at)


def due_at(starts_at: datetime, days: int, at: time | None) -> datetime:
    """Return when preparation is due: `days` working days before the meeting at `at` local time.

    Without a time of day it is due when the meeting begins.
    """
    return starts_at if at is None else min(_moment_before(starts_at, days, at), starts_at)


def moment_of(day: date, at: time) -> datetime:
    """Return the local time `at` of a day as a moment in UTC, so that minutes added to it are minutes.

    A time that the clocks leap over is the one an hour on.
    """
    return timezone.make_aware(datetime.combine(day, at)).astimezone(UTC)


def _moment_before(starts_at: datetime, days: int, at: time) -> datetime:
    return moment_of(working_days_before(timezone.localtime(starts_at).date(), days), at)


def _expanded(rule: DayRule, first: date, last: date) -> list[date]:
    """Return the days that the RRULE itself gives, in naive local time, so that no change of the clocks moves one."""
    dates = rrulestr(rule.rrule, dtstart=datetime.combine(rule.starts_on, time.min))
    found = dates.between(datetime.combine(first, time.min), datetime.combine(last, time.max), inc=True)
    return sorted({moment.date() for moment in found})


def _walk(day: date, step: int) -> Iterator[date]:
    for distance in range(1, REACH.days + 1):
        yield day + timedelta(days=step * distance)


def _is_summer(rule: DayRule, day: date) -> bool:
    first, last = rule.summer_first_week, rule.summer_last_week
    return first is not None and last is not None and first <= day.isocalendar().week <= last


@lru_cache
def _half_days() -> holidays.HolidayBase:
    return holidays.country_holidays("SE", language="sv", include_sundays=False, categories=("bank",))


@lru_cache
def _days_off() -> holidays.HolidayBase:
    return holidays.country_holidays("SE", language="sv", include_sundays=False, categories=("public", "de_facto"))
