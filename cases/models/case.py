"""A case, the referrals behind it, and what a person set aside in it."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from cases.enums import (
    OPEN_STATUSES,
    CaseEnding,
    CaseStatus,
    ClearanceKind,
    ReadinessState,
    ReferralSource,
    TriageAnswer,
)
from cases.models.patients import Patient
from checklists.enums import LevelCode, Phase
from checklists.models import Definition, Diagnosis


class Case(models.Model):
    """One question to a conference about one patient, diagnosis and phase."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="cases")
    referred_as = models.ForeignKey(Patient, models.PROTECT, null=True, related_name="+")
    """Under which number it was referred, where that was merged into the patient's (ADT^A40)."""
    diagnosis = models.ForeignKey(Diagnosis, models.PROTECT, related_name="+")
    definition = models.ForeignKey(Definition, models.PROTECT, related_name="+")
    phase = models.CharField(_("phase"), max_length=20, choices=Phase.choices)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+", verbose_name=_("unit"))
    units = models.ManyToManyField(Unit, related_name="+")
    responsible_clinician = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("responsible clinician")
    )
    contact_nurse = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("contact nurse"),
    )  # fmt: skip

    clinical_question = models.TextField(_("clinical question"))
    history = models.TextField(_("history"), blank=True)
    performance_status = models.PositiveSmallIntegerField(_("performance status"), null=True, blank=True)
    comorbidity = models.TextField(_("comorbidity"), blank=True)
    patient_wishes = models.TextField(_("patient's wishes"), blank=True)
    suspected_on = models.DateField(_("well-founded suspicion"))
    promised_on = models.DateField(_("promised date"), null=True, blank=True)
    external_reference = models.CharField(_("reference"), max_length=64, blank=True)
    circumstances = models.JSONField(default=dict)

    status = models.CharField(max_length=10, choices=CaseStatus.choices, default=CaseStatus.REFERRED)
    status_changed_at = models.DateTimeField()
    withdrawn_reason = models.CharField(max_length=200, blank=True)
    ending = models.CharField(max_length=17, choices=CaseEnding.choices, blank=True)
    level = models.CharField(_("level"), max_length=10, choices=LevelCode.choices)
    level_suggested = models.CharField(max_length=10, choices=LevelCode.choices)
    level_reason = models.CharField(max_length=500, blank=True)
    level_set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    level_set_at = models.DateTimeField(null=True)
    attested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    attested_at = models.DateTimeField(null=True)

    triage = models.CharField(max_length=10, choices=TriageAnswer.choices, blank=True)
    triage_note = models.CharField(max_length=500, blank=True)
    triaged_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    triaged_at = models.DateTimeField(null=True)
    sent_incomplete_reason = models.CharField(max_length=500, blank=True)

    readiness_state = models.CharField(max_length=14, choices=ReadinessState.choices)
    readiness = models.JSONField(default=dict)
    readiness_changes_on = models.DateField(null=True)

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["status", "suspected_on"], name="case_by_status"),
            models.Index(fields=["suspected_on", "id"], name="case_by_suspicion"),
            models.Index(fields=["readiness_changes_on"], name="case_by_change_of_readiness"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["patient", "diagnosis", "phase"],
                condition=Q(status__in=OPEN_STATUSES, referred_as__isnull=True),
                name="case_open_once",
            ),
            models.UniqueConstraint(
                fields=["unit", "external_reference"],
                condition=~Q(external_reference=""),
                name="case_reference_once",
            ),
            models.CheckConstraint(condition=Q(performance_status__isnull=True) | Q(performance_status__lte=4),
                                   name="case_performance_status_0_4"),
            models.CheckConstraint(condition=Q(status__in=CaseStatus.values), name="case_status_known"),
            models.CheckConstraint(condition=Q(level_set_by__isnull=True) ^ Q(level_set_at__isnull=False),
                                   name="case_level_who_and_when"),
            models.CheckConstraint(condition=Q(attested_by__isnull=True) ^ Q(attested_at__isnull=False),
                                   name="case_attested_who_and_when"),
            models.CheckConstraint(condition=Q(triaged_by__isnull=True) ^ Q(triaged_at__isnull=False),
                                   name="case_triaged_who_and_when"),
            models.CheckConstraint(condition=Q(triage="") ^ Q(triaged_at__isnull=False),
                                   name="case_triaged_with_answer"),
            models.CheckConstraint(condition=~Q(status="withdrawn") | ~Q(withdrawn_reason=""),
                                   name="case_withdrawn_with_reason"),
            models.CheckConstraint(condition=Q(ending="") | Q(status="withdrawn", ending__in=CaseEnding.values),
                                   name="case_ending_when_withdrawn"),
        ]  # fmt: skip

    @property
    def is_open(self) -> bool:
        """Whether the case still waits for a meeting or its protocol."""
        return self.status in OPEN_STATUSES


class Referral(models.Model):
    """A referral as it came in: one or more for a case over time; the case holds the present wording."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="referrals")
    source = models.CharField(max_length=8, choices=ReferralSource.choices)
    received_at = models.DateTimeField()
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    content = models.JSONField()

    class Meta:
        ordering: ClassVar = ["received_at", "pk"]
        triggers: ClassVar = [pgtrigger.Protect(name="referral_kept_as_received", operation=pgtrigger.Update)]


class Clearance(models.Model):
    """A requirement set aside for a case: waived or not applicable; who, when and why, and who took it back."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="clearances")
    requirement = models.CharField(max_length=60)
    kind = models.CharField(max_length=14, choices=ClearanceKind.choices)
    reason = models.CharField(_("reason"), max_length=500)
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    granted_at = models.DateTimeField()
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["granted_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "requirement"], condition=Q(revoked_at__isnull=True), name="clearance_one_in_force"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="clearance_with_reason"),
            models.CheckConstraint(
                condition=Q(revoked_by__isnull=True) ^ Q(revoked_at__isnull=False),
                name="clearance_revoked_who_and_when",
            ),
        ]


class IdempotencyKey(models.Model):
    """A key by which a program repeats a call that made a case, and gets the same case."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once")]
