"""What the workers do with the outbox. Safe to run twice, side by side and in any order."""

from celery import shared_task
from django.utils import timezone

from events.outbox import deliver, due, due_to_people_of


@shared_task(name="events.tasks.deliver_event")
def deliver_event(event_id: int) -> int:
    """Send what is due to the people of one event; returns the number of mails sent."""
    now = timezone.now()
    return deliver(due_to_people_of(event_id, now), now)


@shared_task(name="events.tasks.sweep_outbox")
def sweep_outbox() -> int:
    """Send everything that is due, whatever became of its message; returns the number of mails sent."""
    now = timezone.now()
    return deliver(due(now), now)
