"""The append-only event log, what must be delivered because of it, and the notices in the app."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from accounts.triggers import never_emptied


class Event(models.Model):
    """One business fact. Holds ids and codes, never a name, a number or clinical text. Append-only."""

    kind = models.CharField(max_length=60, db_index=True)
    at = models.DateTimeField(db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    system = models.CharField(max_length=60, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="+")
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    case_id = models.BigIntegerField(null=True)
    meeting_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)

    class Meta:
        ordering: ClassVar = ["at", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["case_id", "at"], name="event_by_case"),
            models.Index(fields=["meeting_id", "at"], name="event_by_meeting"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(actor__isnull=False) ^ ~Q(system=""), name="event_has_an_actor_or_a_system"
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="event_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            never_emptied("event_never_emptied"),
        ]


class Delivery(models.Model):
    """One event to one person through one channel: claimed, sent, marked; it may repeat, never be lost.

    `due_at` is when the next attempt may begin: at once for a new row, at the end of the lease for one that
    is claimed, after a pause for one that failed.
    """

    class Channel(models.TextChoices):
        IN_APP = "in_app", _("in the app")
        EMAIL = "email", _("by e-mail")

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        CLAIMED = "claimed", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")

    event = models.ForeignKey(Event, models.PROTECT, related_name="deliveries")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(state__in=["pending", "claimed"]), name="delivery_to_do"),
            models.Index(fields=["person"], condition=Q(state="failed"), name="delivery_failed"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "person", "channel"], name="delivery_once"),
            models.CheckConstraint(condition=Q(state="sent") ^ Q(sent_at__isnull=True), name="delivery_sent_has_time"),
            models.CheckConstraint(
                condition=~Q(state="claimed") | Q(claimed_at__isnull=False), name="delivery_claimed_has_time"
            ),
        ]


class Notice(models.Model):
    """A line for one person in the app; text and link are made from the event by its registered type."""

    event = models.ForeignKey(Event, models.PROTECT, related_name="notices")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["event", "person"], name="notice_once")]
        indexes: ClassVar = [
            models.Index(fields=["person"], condition=Q(read_at__isnull=True), name="notice_unread"),
        ]
