"""Days as moments: what stands between two of them in the database."""

from datetime import date, datetime, time

from django.utils import timezone


def midnight(day: date) -> datetime:
    """Return the moment at which `day` begins in local time."""
    return timezone.make_aware(datetime.combine(day, time.min))
