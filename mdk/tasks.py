"""Periodic work on meetings."""

from celery import shared_task
from django.utils import timezone

from mdk.services import reminders, series


@shared_task(name="mdk.tasks.remind_owners")
def remind_owners() -> int:
    """Remind the owners of findings in coming cases; returns the number of people told. Safe to run twice."""
    return reminders.remind_owners(timezone.now())


@shared_task(name="mdk.tasks.extend_series")
def extend_series() -> int:
    """Keep meetings twelve weeks ahead; returns the number of new ones. Safe to run twice."""
    return series.extend_series(now=timezone.now())
