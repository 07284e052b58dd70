"""How agendas came about: moves of provisional places, proposed plans, and the lists as they were published."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models import Case
from mdk.enums import MoveReason, PlanState
from mdk.models.meetings import Meeting, Series


class ProvisionalMove(models.Model):
    """A provisional date that moved: no rebooking, and counted beside them. Append-only.

    `from_meeting` is None for the first date that the system gave; `to_meeting` is None where no meeting was found.
    Probabilities (0-1) are of being ready in time for each.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="provisional_moves")
    from_meeting = models.ForeignKey(Meeting, models.PROTECT, null=True, related_name="+")
    to_meeting = models.ForeignKey(Meeting, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=17, choices=MoveReason.choices)
    probability_before = models.FloatField(null=True)
    probability_after = models.FloatField(null=True)
    moved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    moved_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering: ClassVar = ["moved_at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(from_meeting__isnull=False) | Q(to_meeting__isnull=False), name="move_from_or_to"
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="move_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class PlanningChoice(models.Model):
    """By how many days a provisional date must move before the person is told."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    move_days = models.PositiveSmallIntegerField(_("tell me when a date moves by at least so many days"), default=1)


class ProposedPlan(models.Model):
    """A plan for the coming meetings as it was computed: what goes where, what does not, and why.

    `content` holds ids, minutes and codes, no name and no clinical text.
    """

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="plans")
    series = ArrayField(models.BigIntegerField())
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    content = models.JSONField()
    state = models.CharField(max_length=9, choices=PlanState.choices, default=PlanState.PROPOSED)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-made_at", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="proposed", answered_by__isnull=True, answered_at__isnull=True)
                | (~Q(state="proposed") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="plan_answered_who_and_when",
            ),
        ]


class AgendaVersion(models.Model):
    """The list of a meeting as it was published, by number from 1. Append-only.

    `content` is the list of items in order: item, case, level, position and minutes; no name and no clinical text.
    """

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    published_at = models.DateTimeField()
    content = models.JSONField()

    class Meta:
        ordering: ClassVar = ["meeting", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["meeting", "number"], name="agenda_version_once"),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="agenda_version_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]


class CalendarFeed(models.Model):
    """A person's address of an ICS feed: all their meetings, or those of one series. The address is its only key."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    series = models.ForeignKey(Series, models.CASCADE, null=True, related_name="+")
    nonce = models.CharField(max_length=32)
    """What the secret in the address is derived from, together with the secret key of the house."""
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "series"], condition=Q(revoked_at__isnull=True), name="calendar_feed_once",
                nulls_distinct=False,
            ),
        ]  # fmt: skip
