"""Moments counted in working days, as the curves count."""

from datetime import date, datetime

from django.utils import timezone

from cases.workdays import is_working_day, working_day_index

OPENS, CLOSES = 8, 16
"""The hours between which the answers of a working day come, evenly (local)."""


def begins(day: date) -> float:
    """Return the beginning of the first working day on or after `day`."""
    return float(working_day_index(day))


def work_time(moment: date | datetime) -> float:
    """Return the moment in working days; a date alone means the end of that day."""
    if not isinstance(moment, datetime):
        return float(working_day_index(moment) + is_working_day(moment))
    local = timezone.localtime(moment)
    if not is_working_day(local.date()):
        return begins(local.date())
    hours = local.hour + local.minute / 60 - OPENS
    return begins(local.date()) + min(1.0, max(0.0, hours / (CLOSES - OPENS)))
