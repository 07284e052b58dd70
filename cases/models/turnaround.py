"""How long answers take: counted from the system's own history, for the forecast."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Unit
from cases.enums import ForecastStage, ResultSource
from checklists.enums import Kind


class Turnaround(models.Model):
    """The counts behind one curve: answers that came on their n-th working day, and those still awaited then.

    An empty requirement, source or unit means all of them: the coarser count that a thin one leans on.
    """

    provider = models.ForeignKey(Unit, models.CASCADE, related_name="+")
    unit = models.ForeignKey(Unit, models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    requirement = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=8, choices=ResultSource.choices, blank=True)
    stage = models.CharField(max_length=11, choices=ForecastStage.choices)
    came = ArrayField(models.PositiveIntegerField())
    awaited = ArrayField(models.PositiveIntegerField())
    counted_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider", "unit", "kind", "requirement", "source", "stage"],
                nulls_distinct=False,
                name="turnaround_once",
            ),
        ]
