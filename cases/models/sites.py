"""What a site has decided for its cases: where its images are opened."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit


class ImageViewer(models.Model):
    """How a unit opens an examination in its image viewer: an address with placeholders (`cases.viewer`)."""

    unit = models.OneToOneField(Unit, models.CASCADE, related_name="image_viewer")
    template = models.CharField(_("address"), max_length=500)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["unit__name"]
