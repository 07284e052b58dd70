"""Periodic work on cases."""

from datetime import timedelta
from typing import Final

from celery import shared_task
from django.utils import timezone

from cases.forecast import count_turnarounds
from cases.intake.inbox import apply_waiting, woken
from cases.services.drafts import remove_old_drafts
from cases.services.refreshing import refresh_due_readiness

DRAIN: Final = timedelta(seconds=60)
"""How long one task applies messages before it makes room for others."""


@shared_task(name="cases.tasks.refresh_due_readiness")
def refresh_readiness() -> int:
    """Bring cases up to date whose answers have grown too old or have not come; returns how many it changed.

    What cannot be computed is logged by the service, stays due, and is tried again at the next run.
    """
    return refresh_due_readiness(timezone.now()).changed


@shared_task(name="cases.tasks.apply_messages")
def apply_messages() -> int:
    """Apply the messages of other systems that wait and are due, for a minute; returns how many took effect."""
    woken()
    return apply_waiting(now=timezone.now(), most=DRAIN)


@shared_task(name="cases.tasks.remove_old_drafts")
def remove_drafts() -> int:
    """Remove the drafts of referrals that nobody has touched for thirty days; returns how many."""
    return remove_old_drafts(timezone.now())


@shared_task(name="cases.tasks.count_turnarounds")
def count_answers() -> int:
    """Count anew how long answers take, for the forecast; returns how many counts there are."""
    return count_turnarounds(timezone.now())
