"""The answers of a case, and the mark of those that contradict each other."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.enums import ResultSource, ResultState
from cases.models.case import Case
from checklists.enums import Kind


class Result(models.Model):
    """One radiology, pathology, laboratory or clinical answer; an empty requirement answers all of its kind."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="results")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    requirement = models.CharField(_("requirement"), max_length=60, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=ResultState.choices)
    performed_on = models.DateField(_("performed on"), null=True, blank=True)
    expected_on = models.DateField(_("expected on"), null=True, blank=True)
    text = models.TextField(_("answer"), blank=True)
    structured = models.JSONField(default=dict)
    """The answer under its standard headings: key of the heading -> text (see `AnswerHeadings`)."""
    accession_number = models.CharField(_("accession number"), max_length=64, blank=True)
    study_uid = models.CharField(max_length=64, blank=True)
    is_external = models.BooleanField(_("made elsewhere"), default=False)
    is_corrected = models.BooleanField(default=False)
    ordered_on = models.DateField(_("ordered on"), null=True, blank=True)
    preliminary_on = models.DateField(null=True)
    final_on = models.DateField(null=True)
    """The days on which the answer was ordered, preliminary and final here: what the forecast learns from."""
    source = models.CharField(max_length=8, choices=ResultSource.choices)
    external_id = models.CharField(max_length=128, blank=True)
    stamp = models.CharField(max_length=80, blank=True)
    """Which version of the report it is (`cases.reports`); an older stamp never overwrites a newer one."""
    is_placed_by_hand = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["performed_on", "pk"]
        indexes: ClassVar = [
            models.Index(fields=["accession_number"], condition=~Q(accession_number=""), name="result_by_accession"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "external_id"], condition=~Q(external_id=""), name="result_external_id_once"
            ),
            models.CheckConstraint(condition=Q(state__in=ResultState.values), name="result_state_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["preliminary", "final"]) | Q(performed_on__isnull=False),
                name="result_answer_has_a_date",
            ),
        ]


class Discordance(models.Model):
    """Answers that do not fit together, in a sentence by a member; it stands until somebody settles it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="discordances")
    results = models.ManyToManyField(Result, related_name="discordances")
    sentence = models.CharField(_("what does not fit"), max_length=500)
    marked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    marked_at = models.DateTimeField()
    settled_sentence = models.CharField(_("how it was settled"), max_length=500, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["marked_at", "pk"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(sentence=""), name="discordance_with_sentence"),
            models.CheckConstraint(
                condition=Q(settled_by__isnull=True) ^ Q(settled_at__isnull=False),
                name="discordance_settled_who_and_when",
            ),
        ]
