"""Periodic work on meetings."""

from celery import shared_task
from django.utils import timezone

from mdk.services import assigning, overload, paces, provisional, publishing, reminders, reopening, series, unready
from mdk.services.sweeping import alone


@shared_task(name="mdk.tasks.remind_owners")
def remind_owners() -> int:
    """Remind the owners of findings in coming cases; returns the number of people told. Safe to run twice."""
    return reminders.remind_owners(timezone.now())


@shared_task(name="mdk.tasks.follow_provisional")
def follow_provisional() -> int:
    """Let the provisional dates follow the forecast; returns how many changed. Safe to run twice; one run at a time."""
    with alone("follow_provisional") as is_mine:
        return provisional.follow_provisional(now=timezone.now()) if is_mine else 0


@shared_task(name="mdk.tasks.extend_series")
def extend_series() -> int:
    """Keep meetings half a year ahead; returns the number of new ones. Safe to run twice."""
    return series.extend_series(now=timezone.now())


@shared_task(name="mdk.tasks.tell_unpublished")
def tell_unpublished() -> int:
    """Tell coordinators of lists that are due today and not published; returns of how many. Once a day, safe to run twice."""
    return publishing.tell_unpublished(now=timezone.now())


@shared_task(name="mdk.tasks.count_paces")
def count_paces() -> int:
    """Count anew how long preparations have taken; returns the number of counts. Safe to run twice."""
    return paces.count_paces(timezone.now())


@shared_task(name="mdk.tasks.warn_overloaded")
def warn_overloaded() -> int:
    """Tell of weeks with more to prepare than there is time for; returns how many. Safe to run twice."""
    return overload.warn_overloaded(now=timezone.now())


@shared_task(name="mdk.tasks.reopen_changed")
def reopen_changed() -> int:
    """Open done preparations again where something new came; returns how many. Safe to run twice; one run at a time."""
    with alone("reopen_changed") as is_mine:
        return reopening.reopen_changed(now=timezone.now()) if is_mine else 0


@shared_task(name="mdk.tasks.rebook_unready")
def rebook_unready() -> int:
    """Move on the firm cases that are not ready at the cut-off; returns how many. Safe to run twice."""
    return unready.rebook_unready(now=timezone.now())


@shared_task(name="mdk.tasks.assign_preparations")
def assign_preparations() -> int:
    """Give out the preparations that nobody holds; returns how many. Safe to run twice, and at the same time."""
    return assigning.assign_unheld(now=timezone.now())
