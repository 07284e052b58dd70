"""A referral that is being written."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class ReferralDraft(models.Model):
    """What a person has typed into a referral that is not sent yet: theirs alone, and gone when it is sent."""

    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    content = models.JSONField(default=dict)
    """Field name of the form -> text as typed."""
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar = ["-updated_at", "-pk"]
