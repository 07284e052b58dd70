"""The one way in which a business fact is written down and told to people."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model

from accounts.models import User
from events.dispatch import dispatch
from events.models import Delivery, Event, Notice
from events.registry import event_type


def record(
    kind: str,
    *,
    by: User | None,
    now: datetime,
    subject: Model,
    case: int | None = None,
    meeting: int | None = None,
    unit: int | None = None,
    data: Mapping[str, Any] | None = None,
    to: Iterable[User] = (),
    system: str = "",
) -> Event:
    """Write the event `kind` about `subject`, and its outbox rows for the people in `to`, in this transaction.

    `by` is None for the system itself, which is then named in `system`. The notice in the app is written at
    once; the e-mail is a delivery row that is sent after the commit (and by the sweep, should that fail).
    The person who acts is not told of their own act, nor is anyone whose account is closed. KeyError for a
    kind that is not registered.
    """
    declared = event_type(kind)
    event = Event.objects.create(
        kind=kind,
        at=now,
        actor=by,
        system="" if by else (system or "mdk"),
        unit_id=unit,
        subject_type=subject._meta.model_name or "",
        subject_id=subject.pk,
        case_id=case,
        meeting_id=meeting,
        data=dict(data or {}),
    )
    people = {person.pk: person for person in to if person != by and person.is_active}
    if people:
        _address(event, list(people.values()), now, by_email=declared.email)
    return event


def _address(event: Event, people: Sequence[User], now: datetime, *, by_email: bool) -> None:
    """Write the notices and the deliveries of `event`, and wake the dispatcher after the commit."""
    Notice.objects.bulk_create(Notice(event=event, person=person, created_at=now) for person in people)
    in_app, email = Delivery.Channel.IN_APP, Delivery.Channel.EMAIL
    rows = [
        Delivery(event=event, person=person, channel=in_app, state=Delivery.State.SENT, due_at=now, sent_at=now)
        for person in people
    ]
    if by_email:
        rows += [Delivery(event=event, person=person, channel=email, due_at=now) for person in people]
    Delivery.objects.bulk_create(rows)
    if by_email:
        transaction.on_commit(lambda: dispatch(event.pk), robust=True)
