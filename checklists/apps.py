"""The app's place in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChecklistsConfig(AppConfig):
    """What each diagnosis asks of a case and of its conference."""

    name = "checklists"
    verbose_name = _("Definitions")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register with the floors below."""
        from checklists.event_types import register_event_types

        register_event_types()
