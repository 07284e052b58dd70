"""What other systems send, from the wire to its effect: stored first, acknowledged, and then applied.

A door stores what it received (`receive`) and acknowledges it when that has returned. The effect is a second
step with a transaction of its own (`apply_message`): cut off anywhere, the message still waits, and the next
drain makes its effect. Applied twice it changes nothing, and what many messages amount to does not depend on
their order (docs/adr/0007-messages-in-any-order.md).
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from time import monotonic

from django.core.cache import cache
from django.db import Error as DatabaseFault
from django.db import connection, transaction
from django.utils.translation import gettext as _

from accounts.errors import Refused
from accounts.models import Unit, User
from cases.enums import Channel, MessageState
from cases.intake.reading import read_effects
from cases.models import InboundMessage
from cases.services.failing import MOST_FAULT, note_failure
from cases.services.merging import merge_patients, update_patient
from cases.services.placing import hold_reports, take_report
from events.dispatch import ask_worker

log = logging.getLogger(__name__)

TASK = "cases.tasks.apply_messages"
BATCH = 500
"""Messages that a drain looks up at a time; each is applied in a transaction of its own."""
WOKEN = "inbox-woken"
WOKEN_FOR = 15
"""Seconds for which one waking stands for all that follow: the worker takes it away when it begins."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message as received. With a `fault` it is kept as refused and never applied."""

    channel: Channel
    raw: bytes
    kind: str = ""
    control_id: str = ""
    fault: str = ""


@transaction.atomic
def receive(incoming: Sequence[Incoming], *, provider: Unit, by: User | None, now: datetime) -> list[int]:
    """Store the messages in one short transaction and return their ids, in order; committed on return.

    The same bytes by the same channel are the same message: its id is that of the one that is there, and
    nothing is added. One that was refused then and has no fault now waits to take effect.

    `by` is the sender's account, None where the door knows none (MLLP).
    """
    digests = [hashlib.sha256(one.raw).hexdigest() for one in incoming]
    rows = {
        (one.channel, digest): InboundMessage(
            provider=provider,
            channel=one.channel,
            raw=one.raw,
            digest=digest,
            control_id=one.control_id[:200],
            kind=one.kind[:40],
            received_at=now,
            received_by=by,
            state=MessageState.REFUSED if one.fault else MessageState.WAITING,
            fault=one.fault[:MOST_FAULT],
            due_at=now,
        )
        for one, digest in zip(incoming, digests, strict=True)
    }
    InboundMessage.objects.bulk_create(rows.values(), ignore_conflicts=True)
    stored = InboundMessage.objects.filter(provider=provider, digest__in=set(digests))
    ids = {(channel, digest): pk for pk, channel, digest in stored.values_list("pk", "channel", "digest")}
    found = [ids[one.channel, digest] for one, digest in zip(incoming, digests, strict=True)]
    sound = [pk for pk, one in zip(found, incoming, strict=True) if not one.fault]
    refused = InboundMessage.objects.filter(pk__in=sound, state=MessageState.REFUSED)
    refused.update(state=MessageState.WAITING, fault="", due_at=now)
    return found


def apply_message(pk: int, *, now: datetime) -> bool:
    """Let the stored message `pk` take effect, in a transaction of its own; return whether it did so now.

    False when it is not waiting (any more), or another worker is applying it at this moment. A failure is
    never raised: it is counted, and the message is due again later; after the last attempt it is failed, and
    a coordinator reads why (`cases.services.failing`). Call it outside any transaction.
    """
    try:
        return _apply(pk, now)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, the message was acknowledged and must not be lost
        # The class alone: the sentence of an error may hold what the message says of a patient.
        log.warning("message %s was not applied: %s", pk, type(error).__name__)
        _note(pk, error, now)
        return False


def apply_waiting(*, now: datetime, limit: int | None = None, most: timedelta | None = None) -> int:
    """Apply what waits and is due, in order of arrival, at most `limit`; return how many took effect.

    After about `most` it stops and asks for another drain, so that a long queue holds no worker for long (and no
    message is cut off by the time limit of a task). Safe to run twice and by several workers at once: each message
    is applied by one of them.
    """
    until = monotonic() + most.total_seconds() if most else inf
    applied, last = 0, 0
    while limit is None or applied < limit:
        waiting = InboundMessage.objects.filter(state=MessageState.WAITING, due_at__lte=now, pk__gt=last)
        ids = list(
            waiting.order_by("pk").values_list("pk", flat=True)[: min(BATCH, limit - applied) if limit else BATCH]
        )
        if not ids:
            break
        for pk in ids:
            if monotonic() > until:
                wake()
                return applied
            applied += apply_message(pk, now=now)
        last = ids[-1]
    return applied


def wake() -> None:
    """Tell a worker once that messages wait: one try, never raising. A lost waking is made good by the sweep."""
    try:
        if not cache.add(WOKEN, 1, WOKEN_FOR):
            return
    except Exception as error:  # noqa: BLE001 - a cache that is away must not stop a door
        log.warning("messages wait for the sweep: the cache is away (%s)", type(error).__name__)
        return
    ask_worker(TASK)


def woken() -> None:
    """Let the next `wake` ring again: a worker has begun."""
    try:
        cache.delete(WOKEN)
    except Exception as error:  # noqa: BLE001 - it ends by itself after a while
        log.warning("the cache is away (%s)", type(error).__name__)


@transaction.atomic
def _apply(pk: int, now: datetime) -> bool:
    _forgo_the_wait_for_the_disk()
    waiting = InboundMessage.objects.select_for_update(skip_locked=True, of=("self",)).select_related("provider")
    message = waiting.filter(pk=pk, state=MessageState.WAITING).first()
    if message is None:
        return False
    effects = read_effects(Channel(message.channel), bytes(message.raw))
    for update in effects.updates:
        update_patient(update, provider=message.provider, now=now)
    for merge in effects.merges:
        merge_patients(merge, provider=message.provider, message=message, now=now)
    if len(effects.reports) > 1:
        hold_reports(effects.reports, provider=message.provider, source=effects.source)
    for report in effects.reports:
        take_report(report, provider=message.provider, source=effects.source, message_id=message.pk, now=now)
    done = {"state": MessageState.APPLIED, "applied_at": now, "fault": ""}
    InboundMessage.objects.filter(pk=pk, state=MessageState.WAITING).update(**done)
    return True


def _forgo_the_wait_for_the_disk() -> None:
    """Do not wait until the log of the database is on disk, in this transaction.

    The message itself is safe since `receive`. Should the machine lose the last half second, the message waits
    again together with everything that it did, and is applied once more.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def _note(pk: int, error: Exception, now: datetime) -> None:
    try:
        note_failure(pk, fault=_in_words(error), now=now)
    except DatabaseFault as fault:
        log.warning("the failure of message %s was not noted: %s", pk, type(fault).__name__)


def _in_words(error: Exception) -> str:
    """Return what a coordinator reads: our own sentences as they are, of other errors the class alone."""
    if isinstance(error, Refused):
        return error.message
    return _("The message could not be applied (%(error)s).") % {"error": type(error).__name__}
