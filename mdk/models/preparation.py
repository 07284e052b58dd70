"""What a discipline prepares before a meeting."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from checklists.enums import Discipline
from mdk.enums import PreparationState
from mdk.models.agenda import AgendaItem


class Preparation(models.Model):
    """One discipline's work on one agenda item: who, how long, what they will show, or why it was sent back."""

    item = models.ForeignKey(AgendaItem, models.PROTECT, related_name="preparations")
    discipline = models.CharField(max_length=10, choices=Discipline.choices)
    reader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    estimate_minutes = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=11, choices=PreparationState.choices, default=PreparationState.WAITING)
    state_changed_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    started_at = models.DateTimeField(null=True)
    findings = models.TextField(_("findings to demonstrate"), blank=True)
    headings = models.JSONField(default=dict)
    minutes = models.PositiveSmallIntegerField(_("minutes spent"), null=True)
    completed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    completed_at = models.DateTimeField(null=True)
    returned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    returned_at = models.DateTimeField(null=True)
    return_reason = models.CharField(_("why it is sent back"), max_length=500, blank=True)
    carried_over_from = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    assigned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    assigned_at = models.DateTimeField(null=True)
    """When it was given out (by the roster, without `assigned_by`) rather than taken; None once taken."""
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    accepted_at = models.DateTimeField(null=True)
    """The discipline takes the case and its question."""
    seen = models.JSONField(default=dict)
    """What the reading that is done rests on: question, level, and the answers by id with when they last changed."""
    reopened_at = models.DateTimeField(null=True)
    earlier_minutes = models.PositiveSmallIntegerField(default=0)
    """Minutes of readings of this item from before it was opened again."""
    is_learnt = models.BooleanField(default=False)
    """Whether the estimate comes from readers' own minutes rather than from the definition."""

    class Meta:
        ordering: ClassVar = ["due_at", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["discipline", "state", "due_at"], name="preparation_queue"),
            models.Index(fields=["reader", "state"], name="preparation_by_reader"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "discipline"], name="preparation_once_per_discipline"),
            models.CheckConstraint(
                condition=Q(reader__isnull=True) ^ Q(claimed_at__isnull=False), name="preparation_claimed_who_and_when"
            ),
            models.CheckConstraint(
                condition=Q(accepted_by__isnull=True) ^ Q(accepted_at__isnull=False),
                name="preparation_accepted_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(assigned_at__isnull=True, assigned_by__isnull=True)
                | Q(assigned_at__isnull=False, reader__isnull=False),
                name="preparation_assigned_to_a_reader",
            ),
            models.CheckConstraint(
                condition=Q(completed_by__isnull=True) ^ Q(completed_at__isnull=False),
                name="preparation_completed_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(returned_by__isnull=True) ^ Q(returned_at__isnull=False),
                name="preparation_returned_who_and_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | (Q(completed_at__isnull=False) & Q(minutes__isnull=False)),
                name="preparation_done_has_minutes",
            ),
            models.CheckConstraint(
                condition=~Q(state="in_progress") | Q(reader__isnull=False), name="preparation_started_has_a_reader"
            ),
            models.CheckConstraint(
                condition=~Q(state="returned") | ~Q(return_reason=""), name="preparation_returned_with_reason"
            ),
        ]
