"""Those who prepare: what they read, how much, when they are away, and how long it takes them."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from checklists.enums import Discipline, Phase
from checklists.models import Diagnosis
from mdk.models.meetings import Meeting


class SubSpeciality(models.Model):
    """A diagnosis that a reader reads; one without any reads whatever the roster gives."""

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    diagnosis = models.ForeignKey(Diagnosis, models.PROTECT, related_name="+")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reader", "diagnosis"], name="sub_speciality_once"),
        ]


class Capacity(models.Model):
    """Minutes of preparation that a reader has in a week, from a Monday on until the next such row."""

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    from_on = models.DateField(_("from the week of"))
    weekly_minutes = models.PositiveSmallIntegerField(_("minutes a week"))
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["reader", "from_on"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reader", "from_on"], name="capacity_once_a_week"),
            models.CheckConstraint(condition=Q(from_on__iso_week_day=1), name="capacity_from_a_monday"),
        ]


class Absence(models.Model):
    """Days on which a reader does not prepare, first and last."""

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    first_on = models.DateField(_("from"))
    last_on = models.DateField(_("to and with"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["first_on", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="absence_first_to_last"),
        ]


class Duty(models.Model):
    """Who reads for one meeting; without any, the roster of the series does."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="duties")
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    discipline = models.CharField(max_length=10, choices=Discipline.choices)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["meeting", "reader", "discipline"], name="duty_once"),
        ]


class Pace(models.Model):
    """How long one kind of preparation has taken: by reader, diagnosis, phase and number of examinations.

    Without a reader it counts all of them. `examinations` is the number of answers of the discipline, 5 for more.
    Counted anew every night; the definition's minutes are the start (`mdk.planning.pace`).
    """

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    discipline = models.CharField(max_length=10, choices=Discipline.choices)
    diagnosis = models.ForeignKey(Diagnosis, models.CASCADE, related_name="+")
    phase = models.CharField(max_length=20, choices=Phase.choices)
    examinations = models.PositiveSmallIntegerField()
    readings = models.PositiveIntegerField()
    minutes = models.PositiveIntegerField()
    estimated = models.PositiveIntegerField()
    """What the definition gave for the same readings together, in minutes."""
    counted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["reader", "discipline", "diagnosis", "phase", "examinations"],
                name="pace_once", nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(readings__gt=0), name="pace_of_readings"),
        ]  # fmt: skip


class OverloadWarning(models.Model):
    """That somebody was told of a reader's week with more planned than there is; told again when it grows."""

    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    monday = models.DateField()
    planned_minutes = models.PositiveIntegerField()
    capacity_minutes = models.PositiveIntegerField()
    told_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reader", "monday"], name="overload_once_a_week"),
        ]
