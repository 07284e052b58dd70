"""What clinician and readers say to each other about a case."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case


class Message(models.Model):
    """One entry of the thread of a case. Append-only: what was said stays said."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="messages")
    text = models.TextField(_("message"))
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["written_at", "pk"]
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(text=""), name="message_with_text")]
        triggers: ClassVar = [pgtrigger.Protect(name="thread_append_only", operation=pgtrigger.Update)]
