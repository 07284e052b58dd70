"""A conference series and its meetings."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from checklists.models import Diagnosis
from mdk.enums import MeetingStatus


def default_reminder_days() -> list[int]:
    """Return 5, 3 and 1 working days before the cut-off (DESIGN.md, section 9)."""
    return [5, 3, 1]


class Series(models.Model):
    """A recurring conference: whose, of which diagnoses, when, how long, and how much it holds."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    participating_units = models.ManyToManyField(
        Unit, related_name="+", blank=True, verbose_name=_("participating units")
    )
    diagnoses = models.ManyToManyField(Diagnosis, related_name="+", verbose_name=_("diagnoses"))
    name = models.CharField(_("name"), max_length=80)
    rrule = models.CharField(_("recurrence"), max_length=200, help_text=_("RRULE, for example FREQ=WEEKLY;BYDAY=TH"))
    starts_on = models.DateField(_("first day"))
    starts_time = models.TimeField(_("starts at"))
    minutes = models.PositiveSmallIntegerField(_("length in minutes"), validators=[MinValueValidator(5)])
    capacity_minutes = models.PositiveSmallIntegerField(_("capacity, minutes of discussion"))
    prep_capacity_minutes = models.PositiveSmallIntegerField(_("capacity, minutes of preparation"), default=0)
    cutoff_days = models.PositiveSmallIntegerField(_("cut-off, working days before"), default=1)
    cutoff_time = models.TimeField(_("cut-off at"))
    chair = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("chair")
    )
    readers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="+", blank=True, verbose_name=_("readers on the roster")
    )
    reminder_days = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("reminders, working days before the cut-off"),
        default=default_reminder_days,
    )  # fmt: skip
    video_url = models.URLField(_("video link"), blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["unit", "name"], name="series_name_once"),
            models.CheckConstraint(condition=Q(capacity_minutes__gt=0), name="series_has_capacity"),
        ]

    def __str__(self) -> str:
        return self.name


class Meeting(models.Model):
    """One meeting of a series. `version` rises with every change that a follower must see."""

    series = models.ForeignKey(Series, models.PROTECT, related_name="meetings")
    starts_at = models.DateTimeField(db_index=True)
    ends_at = models.DateTimeField()
    cutoff_at = models.DateTimeField()
    status = models.CharField(max_length=9, choices=MeetingStatus.choices, default=MeetingStatus.PLANNED)
    status_changed_at = models.DateTimeField()
    status_changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    chair = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    capacity_minutes = models.PositiveSmallIntegerField()
    prep_capacity_minutes = models.PositiveSmallIntegerField(default=0)
    current_item = models.ForeignKey("mdk.AgendaItem", models.PROTECT, null=True, blank=True, related_name="+")
    current_since = models.DateTimeField(null=True)
    break_since = models.DateTimeField(null=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True)
    cancelled_reason = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar = ["starts_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["series", "starts_at"], name="meeting_once_at_a_time"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="meeting_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(cutoff_at__lte=F("starts_at")), name="meeting_cutoff_before_it"),
            models.CheckConstraint(
                condition=~Q(status__in=["live", "closed", "signed"]) | Q(chair__isnull=False),
                name="meeting_live_needs_a_chair",
            ),
            models.CheckConstraint(condition=Q(status__in=MeetingStatus.values), name="meeting_status_known"),
            models.CheckConstraint(
                condition=Q(published_by__isnull=True) ^ Q(published_at__isnull=False),
                name="meeting_published_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(signed_by__isnull=True) ^ Q(signed_at__isnull=False), name="meeting_signed_who_and_when"
            ),
            models.CheckConstraint(
                condition=~Q(status="signed") | Q(signed_at__isnull=False), name="meeting_signed_has_signature"
            ),
        ]

    def seconds_shown(self, now: datetime) -> int:
        """Return for how many seconds the current item has been shown, breaks left out; 0 without one."""
        if self.current_since is None:
            return 0
        return max(0, int(((self.break_since or now) - self.current_since).total_seconds()))
