"""Patients, and the numbers that were found to be one and the same person's."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from cases.identity import Identity

_SWEDISH_ORDER = str.maketrans("åäöéüæø", "{|}eu||")


def swedish_sort_key(name: str) -> str:
    """Return the key that sorts names in Swedish order under C collation: å, ä, ö after z."""
    return name.casefold().translate(_SWEDISH_ORDER)


class Patient(models.Model):
    """A patient of one care provider (the top unit): no provider sees another's patients."""

    provider = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    identity_system = models.CharField(max_length=64)
    identity_value = models.CharField(max_length=20)
    name = models.CharField(_("name"), max_length=120)
    sort_key = models.CharField(max_length=120, editable=False)
    is_protected = models.BooleanField(_("protected identity"), default=False)
    named_as_of = models.DateTimeField(null=True)
    """When the name was so, as the record system said last: an older message never brings back an older name."""
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged")
    """The patient whose number survived, at the end of every merge. The row stays: the log of readings names it."""
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "identity_system", "identity_value"], name="patient_once"),
            models.CheckConstraint(condition=~Q(merged_into=F("id")), name="patient_not_merged_with_itself"),
        ]

    @property
    def identity(self) -> Identity:
        """The identity as a checked pair; its text is the number as people write it."""
        return Identity(self.identity_system, self.identity_value)


class IdentityLink(models.Model):
    """A number that was merged into another (ADT^A40): what comes under the old one belongs to the new one.

    It holds whether or not either patient is known here yet, so that a merge may arrive before the cases do.
    """

    provider = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    old_system = models.CharField(max_length=64)
    old_value = models.CharField(max_length=64)
    system = models.CharField(max_length=64)
    value = models.CharField(max_length=64)
    as_of = models.DateTimeField()
    message = models.ForeignKey("cases.InboundMessage", models.PROTECT, related_name="+")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["provider", "old_value"], name="identity_link_from"),
            models.Index(fields=["provider", "value"], name="identity_link_to"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "old_system", "old_value"], name="identity_merged_once"),
            models.CheckConstraint(
                condition=~(Q(old_system=F("system")) & Q(old_value=F("value"))), name="identity_not_merged_with_itself"
            ),
        ]


class ReportedName(models.Model):
    """What record systems said last that the patient of a number is called (ADT^A08, A40), known here or not yet.

    It keeps the newest saying, so that the name of a patient does not depend on the order of messages.
    """

    provider = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    system = models.CharField(max_length=64)
    value = models.CharField(max_length=64)
    name = models.CharField(max_length=120)
    as_of = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "system", "value"], name="reported_name_once"),
        ]
