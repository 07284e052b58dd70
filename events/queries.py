"""Reading notices and the history."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.models import User
from accounts.permissions import Permission
from accounts.queries import units_below
from events.models import Delivery, Event, Notice
from events.registry import registered


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One line of a history: when, who, and what happened, in the reader's language."""

    at: datetime
    who: str
    sentence: str
    kind: str


def history_of(
    *, case_id: int | None = None, meeting_id: int | None = None, kinds: Collection[str] | None = None
) -> list[HistoryRow]:
    """Return the history of a case or a meeting, oldest first; one query. Access is the caller's duty.

    ValueError when neither is given.
    """
    if case_id is None and meeting_id is None:
        raise ValueError("history_of needs a case_id or a meeting_id")
    rows = Event.objects.select_related("actor").order_by("at", "pk")
    if case_id is not None:
        rows = rows.filter(case_id=case_id)
    if meeting_id is not None:
        rows = rows.filter(meeting_id=meeting_id)
    if kinds is not None:
        rows = rows.filter(kind__in=kinds)
    return [
        HistoryRow(
            at=row.at, who=row.actor.name if row.actor else _("The system"), sentence=sentence(row), kind=row.kind
        )
        for row in rows
    ]


def sentence(event: Event) -> str:
    """Return the line that an event's kind declares; the kind itself when a later version no longer knows it."""
    declared = registered().get(event.kind)
    return declared.label() if declared else event.kind


def notices_of(person: User) -> QuerySet[Notice]:
    """Return the person's notices with their events, newest first."""
    return Notice.objects.filter(person=person).select_related("event").order_by("-created_at", "-pk")


def unread_count(person: User) -> int:
    """Return how many notices the person has not read."""
    return Notice.objects.filter(person=person, read_at__isnull=True).count()


def notice_text(notice: Notice) -> str:
    """Return the sentence of a notice in the reader's language; the history's line where a kind has no other."""
    declared = registered().get(notice.event.kind)
    if declared is None or declared.notice is None:
        return sentence(notice.event)
    return declared.notice(notice.event.data)


def notice_link(notice: Notice) -> str:
    """Return the address that a notice opens; empty when its kind has none."""
    declared = registered().get(notice.event.kind)
    return declared.link(notice.event) if declared is not None and declared.link is not None else ""


def failed_deliveries(actor: Actor) -> QuerySet[Delivery]:
    """Return the mails that were given up, to people in the units that `actor` administers, newest first."""
    units = units_below(actor.units_for(Permission.MANAGE_MEMBERS))
    people = User.objects.filter(memberships__unit__in=units)
    rows = Delivery.objects.filter(state=Delivery.State.FAILED, person__in=people)
    return rows.select_related("event", "person").order_by("-due_at", "-pk")
