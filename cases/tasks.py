"""Periodic work on cases."""

from celery import shared_task
from django.utils import timezone

from cases.services.editing import refresh_due_readiness


@shared_task(name="cases.tasks.refresh_due_readiness")
def refresh_readiness() -> int:
    """Bring cases up to date whose answers have grown too old; returns how many."""
    return refresh_due_readiness(timezone.now())
