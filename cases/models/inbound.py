"""What other systems send: the message as received, and the reports in it with the place that each has found."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from accounts.models import Unit
from cases.enums import Channel, MessageState, ReportState, ResultSource
from cases.models.answers import Result
from cases.models.patients import Patient
from checklists.enums import Kind


class InboundMessage(models.Model):
    """One message as received, stored before it is acknowledged. What was received is never changed.

    `digest` is the SHA-256 of `raw`: the same bytes again are the same message. A refused message is kept with
    its fault; a waiting one has been acknowledged and is yet to take effect.
    """

    provider = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    channel = models.CharField(max_length=6, choices=Channel.choices)
    raw = models.BinaryField()
    digest = models.CharField(max_length=64)
    control_id = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=40, blank=True)
    """What it says it is: `ORU^R01`, `DiagnosticReport`, `Bundle`."""
    received_at = models.DateTimeField()
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=MessageState.choices, default=MessageState.WAITING)
    fault = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at", "id"], condition=Q(state="waiting"), name="message_waiting"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "channel", "digest"], name="message_once"),
            models.CheckConstraint(condition=Q(state__in=MessageState.values), name="message_state_known"),
            models.CheckConstraint(
                condition=Q(state="applied") ^ Q(applied_at__isnull=True), name="message_applied_has_time"
            ),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="message_never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="message_kept_as_received",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__raw__df=pgtrigger.F("new__raw")),
            ),
        ]


class Report(models.Model):
    """The newest version of one report of another system, and where it was placed.

    `content` is `cases.reports.ReportData` as JSON; the columns beside it are what lists and matching look for.
    It waits until a rule or a coordinator finds its place, and is never dropped: setting it aside keeps it.
    """

    provider = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    source = models.CharField(max_length=8, choices=ResultSource.choices)
    external_id = models.CharField(max_length=128)
    stamp = models.CharField(max_length=80)
    content = models.JSONField()
    kind = models.CharField(max_length=10, choices=Kind.choices, blank=True)
    identity_system = models.CharField(max_length=64, blank=True)
    identity_value = models.CharField(max_length=64, blank=True)
    accession_number = models.CharField(max_length=64, blank=True)
    numbers = ArrayField(models.CharField(max_length=130), default=list)
    """Every number of the patient in it, as `cases.persons.Number` writes them."""
    message = models.ForeignKey(InboundMessage, models.PROTECT, related_name="reports")
    received_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=ReportState.choices, default=ReportState.WAITING)
    patient = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="+")
    result = models.OneToOneField(Result, models.PROTECT, null=True, related_name="report")
    rule = models.CharField(max_length=10, blank=True)
    """By what it found its place (`cases.matching.Why`)."""
    order = models.JSONField(null=True)
    """The order entered by hand that became the answer, as it was: field name -> value."""
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["provider", "received_at"], condition=Q(state="waiting"), name="report_waiting"),
            models.Index(
                fields=["provider", "identity_value"], condition=Q(state="waiting"), name="report_waiting_for_number"
            ),
            GinIndex(fields=["numbers"], name="report_by_number"),
            models.Index(
                fields=["provider", "accession_number"], condition=~Q(accession_number=""), name="report_by_accession"
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "source", "external_id"], name="report_once"),
            models.CheckConstraint(condition=Q(state__in=ReportState.values), name="report_state_known"),
            models.CheckConstraint(
                condition=Q(state="placed") ^ Q(result__isnull=True), name="report_placed_has_answer"
            ),
            models.CheckConstraint(
                condition=~Q(state="set_aside") | (Q(settled_by__isnull=False) & ~Q(reason="")),
                name="report_set_aside_who_and_why",
            ),
            models.CheckConstraint(
                condition=Q(settled_by__isnull=True) | Q(settled_at__isnull=False), name="report_settled_who_and_when"
            ),
        ]
