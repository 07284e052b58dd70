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
from checklists.enums import Discipline
from checklists.models import Diagnosis
from mdk.enums import MeetingStatus, OrderRule, RedDay


def default_reminder_days() -> list[int]:
    """Return 5, 3 and 1 working days before the cut-off (DESIGN.md, section 9)."""
    return [5, 3, 1]


def default_order_rules() -> list[str]:
    """Return every rule of order, the strongest first."""
    return list(OrderRule.values)


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
    prep_radiology_minutes = models.PositiveSmallIntegerField(_("of these for radiology"), null=True, blank=True)
    prep_pathology_minutes = models.PositiveSmallIntegerField(_("of these for pathology"), null=True, blank=True)
    prep_due_days = models.PositiveSmallIntegerField(_("preparation due, working days before"), default=0)
    prep_due_time = models.TimeField(_("preparation due at"), null=True, blank=True)
    """Without one, preparation is due when the meeting begins."""
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
    excluded_on = ArrayField(models.DateField(), verbose_name=_("days without a meeting"), default=list, blank=True)
    on_red_day = models.CharField(
        _("on a public holiday the meeting"), max_length=6, choices=RedDay.choices, default=RedDay.SKIP
    )
    eve_percent = models.PositiveSmallIntegerField(_("capacity on the day before a holiday, percent"), default=100)
    summer_first_week = models.PositiveSmallIntegerField(_("summer from week"), null=True, blank=True)
    summer_last_week = models.PositiveSmallIntegerField(_("summer to and with week"), null=True, blank=True)
    summer_percent = models.PositiveSmallIntegerField(_("capacity in summer, percent"), default=100)
    """Of the usual capacity; 0 means no meeting. So also before a holiday."""
    break_after_minutes = models.PositiveSmallIntegerField(_("break after minutes"), null=True, blank=True)
    break_after_cases = models.PositiveSmallIntegerField(_("break after cases"), null=True, blank=True)
    break_minutes = models.PositiveSmallIntegerField(_("length of a break, minutes"), default=10)
    order_rules = ArrayField(
        models.CharField(max_length=20, choices=OrderRule.choices), verbose_name=_("order of the agenda"),
        default=default_order_rules, blank=True,
    )  # fmt: skip
    is_active = models.BooleanField(_("active"), default=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(eve_percent__lte=100) & Q(summer_percent__lte=100), name="series_percent_0_100"
            ),
            models.CheckConstraint(
                condition=Q(summer_first_week__isnull=True, summer_last_week__isnull=True)
                | Q(
                    summer_first_week__isnull=False,
                    summer_last_week__isnull=False,
                    summer_first_week__gte=1,
                    summer_last_week__gte=F("summer_first_week"),
                    summer_last_week__lte=53,
                ),
                name="series_summer_first_to_last",
            ),
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
    prep_radiology_minutes = models.PositiveSmallIntegerField(null=True)
    prep_pathology_minutes = models.PositiveSmallIntegerField(null=True)
    own_breaks = models.JSONField(null=True)
    """None: breaks by the series' rule; else a list of {"after": item id, "minutes": length}."""
    firmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    firmed_at = models.DateTimeField(null=True)
    """When the places of the cut-off were confirmed; what comes after that is late."""
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
                condition=Q(firmed_by__isnull=True) ^ Q(firmed_at__isnull=False), name="meeting_firmed_who_and_when"
            ),
            models.CheckConstraint(
                condition=~Q(status="signed") | Q(signed_at__isnull=False), name="meeting_signed_has_signature"
            ),
        ]

    @property
    def prep_limits(self) -> dict[str, int | None]:
        """The minutes of preparation that it states for each discipline; None where it states none."""
        return {
            Discipline.RADIOLOGY.value: self.prep_radiology_minutes,
            Discipline.PATHOLOGY.value: self.prep_pathology_minutes,
        }

    def seconds_shown(self, now: datetime) -> int:
        """Return for how many seconds the current item has been shown, breaks left out; 0 without one."""
        if self.current_since is None:
            return 0
        return max(0, int(((self.break_since or now) - self.current_since).total_seconds()))
