"""Messages that could not be applied: tried again after a pause, and after the last attempt before a person.

A failed message stays on the coordinators' list with its fault; nothing of it is lost, and it can be tried again.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import User
from accounts.permissions import Permission
from accounts.queries import people_with, units_below
from cases.enums import MessageState
from cases.models import InboundMessage
from events.record import record

MOST_ATTEMPTS: Final = 8
"""After this many a person has to look; with the pauses below half an hour has gone."""
MOST_FAULT: Final = 500
"""Characters of a fault that are kept."""


class NotFailed(Refused):
    """The message has not failed, so there is nothing to try again."""

    code = "message-not-failed"


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts: 15, 30, 60 ... seconds, fifteen minutes at most."""
    return timedelta(seconds=min(15 * 2 ** (attempts - 1), 900))


@transaction.atomic
def note_failure(message_id: int, *, fault: str, now: datetime) -> None:
    """Count a failed attempt to apply a waiting message: due again after a pause, or failed after the last one.

    `fault` is a sentence for the coordinator. Leaves `message.failed`, to those who place reports, at the end.
    """
    message = InboundMessage.objects.select_for_update().get(pk=message_id)
    if message.state != MessageState.WAITING:
        return
    message.attempts += 1
    if message.attempts >= MOST_ATTEMPTS:
        _fail(message, fault, now)
        return
    message.fault, message.due_at = fault[:MOST_FAULT], now + pause_after(message.attempts)
    message.save(update_fields=["attempts", "fault", "due_at"])


def fail_message(message_id: int, *, fault: str, now: datetime) -> None:
    """Put a message before a person at once, whatever it has done: trying it again by itself mends nothing.

    Runs in the caller's transaction. Leaves `message.failed`; a message that has failed already is left alone.
    """
    message = InboundMessage.objects.select_for_update().get(pk=message_id)
    if message.state != MessageState.FAILED:
        _fail(message, fault, now)


@transaction.atomic
def retry_message(message_id: int, *, by: User, now: datetime) -> InboundMessage:
    """Let a failed message be tried again, with a new set of attempts. Who may: `place_reports`.

    It waits, and takes effect at the next drain (or at once, by `inbox.apply_message`). A repeated click is a
    success. NotFailed for a message that is in effect or was refused. Leaves `message.retried`.
    """
    message = InboundMessage.objects.select_for_update().get(pk=message_id)
    if message.state == MessageState.WAITING:
        return message
    if message.state != MessageState.FAILED:
        raise NotFailed(_("The message has not failed, so there is nothing to try again."))
    message.state, message.attempts, message.due_at = MessageState.WAITING, 0, now
    message.save(update_fields=["state", "attempts", "due_at"])
    record("message.retried", by=by, now=now, subject=message, unit=message.provider_id)
    return message


def _fail(message: InboundMessage, fault: str, now: datetime) -> None:
    message.state, message.fault, message.applied_at = MessageState.FAILED, fault[:MOST_FAULT], None
    message.save(update_fields=["state", "attempts", "fault", "applied_at"])
    people = people_with(Permission.PLACE_REPORTS, units_below([message.provider_id]), timezone.localdate(now))
    record(
        "message.failed", by=None, now=now, subject=message, unit=message.provider_id, to=people,
        system=message.channel,
    )  # fmt: skip
