"""The places on a meeting's agenda, and the moves between meetings."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Deferrable, Q
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Role
from cases.models import Case
from checklists.enums import LevelCode
from mdk.enums import OPEN_ITEMS, ItemStatus, LateState, RebookingReason
from mdk.models.meetings import Meeting


class AgendaItem(models.Model):
    """A case's place on a meeting. An item that left the agenda keeps its row and loses its position."""

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="items")
    case = models.ForeignKey(Case, models.PROTECT, related_name="agenda_items")
    level = models.CharField(max_length=10, choices=LevelCode.choices)
    position = models.PositiveSmallIntegerField(null=True)
    minutes = models.PositiveSmallIntegerField(_("minutes"))
    status = models.CharField(max_length=11, choices=ItemStatus.choices, default=ItemStatus.PLANNED)
    status_changed_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()
    is_late = models.BooleanField(default=False)
    override_reason = models.CharField(max_length=500, blank=True)
    override_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    override_at = models.DateTimeField(null=True)
    late = models.CharField(max_length=7, choices=LateState.choices, blank=True)
    late_answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    late_answered_at = models.DateTimeField(null=True)
    guest = models.CharField(_("guest for the case"), max_length=120, blank=True)
    probability = models.FloatField(null=True)
    """Of a provisional place: that the case is ready in time (0-1), as last told; with `forecast_at`."""
    forecast_at = models.DateTimeField(null=True)
    lifted_reason = models.CharField(max_length=500, blank=True)
    seconds_used = models.PositiveIntegerField(default=0)
    parked_at = models.DateTimeField(null=True)
    defer_reason = models.CharField(max_length=24, choices=RebookingReason.choices, blank=True)
    defer_note = models.CharField(max_length=500, blank=True)
    removed_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering: ClassVar = ["position", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(status__in=OPEN_ITEMS), name="agenda_one_open_item_per_case"
            ),
            models.UniqueConstraint(
                fields=["meeting", "position"], name="agenda_one_item_per_position", deferrable=Deferrable.DEFERRED
            ),
            models.CheckConstraint(
                condition=Q(status__in=["rebooked", "removed"]) ^ Q(position__isnull=False),
                name="agenda_position_while_on_it",
            ),
            models.CheckConstraint(condition=Q(status__in=ItemStatus.values), name="agenda_status_known"),
            models.CheckConstraint(
                condition=(Q(override_by__isnull=True) & Q(override_at__isnull=True) & Q(override_reason=""))
                | (Q(override_by__isnull=False) & Q(override_at__isnull=False) & ~Q(override_reason="")),
                name="agenda_override_who_when_why",
            ),
            models.CheckConstraint(
                condition=Q(late__in=["", "asked"], late_answered_by__isnull=True, late_answered_at__isnull=True)
                | Q(late__in=["granted", "refused"], late_answered_by__isnull=False, late_answered_at__isnull=False),
                name="agenda_late_answered_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(forecast_at__isnull=True, probability__isnull=True)
                | Q(forecast_at__isnull=False, probability__isnull=False, probability__gte=0, probability__lte=1),
                name="agenda_probability_0_1",
            ),
            models.CheckConstraint(
                condition=~Q(status="deferred") | ~Q(defer_reason=""), name="agenda_deferred_with_reason"
            ),
        ]


class Rebooking(models.Model):
    """A firm place given up for another: why, whose answer was missing and what it cost in preparation."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="rebookings")
    from_item = models.OneToOneField(AgendaItem, models.PROTECT, related_name="rebooked_as")
    to_item = models.OneToOneField(AgendaItem, models.PROTECT, null=True, related_name="rebooked_from")
    reason = models.CharField(_("reason"), max_length=24, choices=RebookingReason.choices)
    note = models.CharField(_("note"), max_length=500, blank=True)
    missing_requirement = models.CharField(max_length=60, blank=True)
    missing_owner = models.CharField(max_length=20, choices=Role.choices, blank=True)
    number = models.PositiveSmallIntegerField(default=1)
    """Which rebooking of the case it is, from 1."""
    is_foreseeable = models.BooleanField(default=False)
    prep_minutes_carried = models.PositiveSmallIntegerField(default=0)
    prep_minutes_lost = models.PositiveSmallIntegerField(default=0)
    rebooked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """None: the system, at the cut-off."""
    rebooked_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering: ClassVar = ["-rebooked_at", "-pk"]
