"""Periodic work on meetings."""

from celery import shared_task
from django.utils import timezone

from mdk.services import reminders


@shared_task(name="mdk.tasks.remind_owners")
def remind_owners() -> int:
    """Remind the owners of findings in coming cases; returns the number of people told. Safe to run twice."""
    return reminders.remind_owners(timezone.now())
