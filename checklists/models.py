"""Diagnoses, and the published versions of what they ask."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Lower

from checklists.parts import pick


class Diagnosis(models.Model):
    """One pathway (SVF), with the version of its definition that new cases begin with."""

    slug = models.SlugField(max_length=60, unique=True)
    name_sv = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)
    icd10 = ArrayField(models.CharField(max_length=15), default=list, blank=True)
    current = models.ForeignKey("Definition", models.PROTECT, null=True, blank=True, related_name="+")
    sort_key = models.GeneratedField(
        expression=Func(Lower("name_sv"), Value("åäö"), Value("{|}"), function="translate"),
        output_field=models.CharField(max_length=120),
        db_persist=True,
    )
    """Swedish order on a server without Swedish collation: braces sort after z."""

    class Meta:
        ordering: ClassVar = ["sort_key", "pk"]
        verbose_name_plural = "diagnoses"

    def __str__(self) -> str:
        return self.name_sv

    def label(self) -> str:
        """The name in the active language."""
        return pick(self.name_sv, self.name_en)


class Definition(models.Model):
    """One published version. Never changed and never deleted: cases point at the version that they began with."""

    diagnosis = models.ForeignKey(Diagnosis, models.PROTECT, related_name="definitions")
    version = models.CharField(max_length=20)
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    """Who published it in the browser; nobody for a version that was shipped as a file."""
    based_on = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["diagnosis_id", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["diagnosis", "version"], name="definition_version_once"),
        ]
        triggers: ClassVar = [
            pgtrigger.Protect(name="definition_immutable", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.diagnosis_id} {self.version}"


class DefinitionDraft(models.Model):
    """A copy of a published version that an administrator changes; it becomes the next version, or is thrown away."""

    diagnosis = models.OneToOneField(Diagnosis, models.CASCADE, related_name="draft")
    based_on = models.ForeignKey(Definition, models.PROTECT, related_name="+")
    content = models.JSONField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField()
    edition = models.PositiveIntegerField(default=1)
    """Rises with every change, so that two administrators never overwrite each other unseen."""
