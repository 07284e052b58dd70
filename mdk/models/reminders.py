"""What people were reminded of: one digest a person and day, one line a case and threshold."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from cases.models import Case
from mdk.models.meetings import Meeting


class Reminder(models.Model):
    """One digest to one person on one day."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    sent_on = models.DateField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "sent_on"], name="reminder_once_a_day")]


class ReminderLine(models.Model):
    """That `person` was told of a case's findings so many working days before the cut-off of a meeting."""

    reminder = models.ForeignKey(Reminder, models.CASCADE, related_name="lines")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="+")
    days_before = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "case", "meeting", "days_before"], name="reminder_line_once_a_threshold"
            ),
        ]
