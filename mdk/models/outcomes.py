"""Who was there, what the conference recommended, and what was added after signing."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from checklists.enums import Intent
from mdk.models.agenda import AgendaItem
from mdk.models.meetings import Meeting


class Attendance(models.Model):
    """One participant of a meeting: a user, or a guest by name; with the function they fill."""

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="attendances")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    name = models.CharField(_("name"), max_length=120, blank=True)
    speciality = models.CharField(_("function"), max_length=40)
    is_present = models.BooleanField(_("present"), default=True)
    is_remote = models.BooleanField(_("remote"), default=False)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["speciality", "name", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["meeting", "user", "speciality"], condition=Q(user__isnull=False), name="attendance_once"
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False) ^ ~Q(name=""), name="attendance_is_a_user_or_a_name"
            ),
        ]


class Outcome(models.Model):
    """What the conference recommends for one agenda item. The decision is taken later, with the patient."""

    item = models.OneToOneField(AgendaItem, models.PROTECT, related_name="outcome")
    recommendation = models.TextField(_("recommendation"), blank=True)
    intent = models.CharField(_("intent"), max_length=12, choices=Intent.choices, blank=True)
    ctnm = models.CharField(_("cTNM"), max_length=60, blank=True)
    ptnm = models.CharField(_("pTNM"), max_length=60, blank=True)
    checklist = models.JSONField(_("checklist"), default=dict)
    fields = models.JSONField(default=dict)
    study = models.CharField(_("study"), max_length=200, blank=True)
    next_step = models.CharField(_("next step"), max_length=500, blank=True)
    responsible = models.CharField(_("responsible"), max_length=120, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    is_discordant = models.BooleanField(_("answers are discordant"), default=False)
    deviation_reason = models.CharField(_("reason for deviating from the programme"), max_length=500, blank=True)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(signed_by__isnull=True) ^ Q(signed_at__isnull=False), name="outcome_signed_who_and_when"
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(
                name="outcome_signed_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__signed_at__isnull=False),
            ),
        ]


class Addendum(models.Model):
    """What was added to a signed outcome: by whom and when. Append-only."""

    outcome = models.ForeignKey(Outcome, models.PROTECT, related_name="addenda")
    text = models.TextField(_("addendum"))
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["added_at", "pk"]
        triggers: ClassVar = [
            pgtrigger.Protect(name="addendum_append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]
