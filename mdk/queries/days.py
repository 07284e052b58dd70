"""Days as moments: what stands between two of them in the database."""

from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone


def midnight(day: date) -> datetime:
    """Return the moment at which `day` begins in local time."""
    return timezone.make_aware(datetime.combine(day, time.min))


def between(name: str, first: date | None, last: date | None) -> Q:
    """Return the condition that the moment `name` lies between two days, both included; open where one is None."""
    found = Q()
    if first:
        found &= Q(**{f"{name}__gte": midnight(first)})
    if last:
        found &= Q(**{f"{name}__lt": midnight(last + timedelta(days=1))})
    return found
