"""Claim, send, mark: how a row of the outbox becomes a mail.

A claim is a lease. It is taken in a short transaction of its own, before anything is sent; a worker that dies
with it leaves a row whose lease runs out, and the sweep takes it again. So a mail may come twice after a crash,
and never not at all.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from events.channels import email
from events.models import Delivery

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
"""How long a worker may take; longer than the mail server's time-out."""
MOST_ATTEMPTS = 8
"""After this many a person has to look; with the pauses below about two hours have gone."""
BATCH = 50
"""Rows of one claim: few enough for slow mail servers to take within the lease."""

State = Delivery.State


def pause_after(attempts: int) -> timedelta:
    """Return how long to wait after the given number of failed attempts: 1, 2, 4 ... minutes, an hour at most."""
    return timedelta(minutes=min(2 ** (attempts - 1), 60))


def due(now: datetime) -> QuerySet[Delivery]:
    """Return the mails that may be tried now: waiting ones whose time has come, and leases that have run out."""
    rows = Delivery.objects.filter(channel=Delivery.Channel.EMAIL, due_at__lte=now)
    return rows.filter(state__in=[State.PENDING, State.CLAIMED])


@transaction.atomic
def claim(rows: QuerySet[Delivery], now: datetime) -> list[Delivery]:
    """Take the lease on those of `rows` that nobody else is taking at this moment, and return them.

    Rows that were tried too often (by workers that died with them) are marked failed instead.
    """
    taken = list(rows.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:BATCH])
    spent = [row.pk for row in taken if row.attempts >= MOST_ATTEMPTS]
    if spent:
        Delivery.objects.filter(pk__in=spent).update(state=State.FAILED, error="gave up")
    mine = [row.pk for row in taken if row.attempts < MOST_ATTEMPTS]
    Delivery.objects.filter(pk__in=mine).update(
        state=State.CLAIMED, claimed_at=now, due_at=now + LEASE, attempts=F("attempts") + 1
    )
    claimed = Delivery.objects.filter(pk__in=mine).select_related("event", "person")
    return list(claimed.order_by("person_id", "pk"))


def deliver(rows: QuerySet[Delivery], now: datetime) -> int:
    """Claim `rows`, a batch at a time, and send one mail to each person among them; returns how many were sent."""
    sent = 0
    while claimed := claim(rows, now):
        for _person, group in groupby(claimed, key=lambda row: row.person_id):
            sent += _send_to_one(list(group), now)
    return sent


def _send_to_one(rows: Sequence[Delivery], now: datetime) -> int:
    person = rows[0].person
    if not person.is_active:
        _mark(rows, state=State.FAILED, error="account closed")
        return 0
    try:
        email.send(person, [row.event for row in rows])
    except OSError as error:
        # smtplib's own errors are OSErrors too. Only the class is kept: a server's sentence may hold an address.
        log.warning("mail to person %s failed: %s", person.pk, type(error).__name__)
        _postpone(rows, type(error).__name__, now)
        return 0
    _mark(rows, state=State.SENT, sent_at=now, error="")
    return 1


def _by_attempts(rows: Iterable[Delivery]) -> Iterator[tuple[int, list[Delivery]]]:
    for attempts, group in groupby(sorted(rows, key=_attempts), key=_attempts):
        yield attempts, list(group)


def _attempts(row: Delivery) -> int:
    return row.attempts


def _postpone(rows: Iterable[Delivery], error: str, now: datetime) -> None:
    for attempts, group in _by_attempts(rows):
        if attempts >= MOST_ATTEMPTS:
            _mark(group, state=State.FAILED, error=error)
        else:
            _mark(group, state=State.PENDING, error=error, due_at=now + pause_after(attempts))


def _mark(rows: Iterable[Delivery], **fields: Any) -> None:
    """Write the result, unless the lease ran out meanwhile and somebody else took or ended the row."""
    for attempts, group in _by_attempts(rows):
        mine = Delivery.objects.filter(pk__in=[row.pk for row in group], state=State.CLAIMED, attempts=attempts)
        mine.update(**fields)


def due_to_people_of(event_id: int, now: datetime) -> QuerySet[Delivery]:
    """Return every due mail of the people whom the event addresses, so that forty facts make one mail."""
    people = Delivery.objects.filter(event_id=event_id, channel=Delivery.Channel.EMAIL).exclude(state=State.SENT)
    return due(now).filter(person_id__in=people.values("person_id"))


def try_again(*, deliveries: QuerySet[Delivery], now: datetime) -> int:
    """Give failed rows a new set of attempts, at once; returns how many."""
    failed = Delivery.objects.filter(state=State.FAILED, pk__in=deliveries.order_by().values("pk"))
    return failed.update(state=State.PENDING, attempts=0, due_at=now, error="")
