"""The app of patients and cases."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """Declares the events of this floor when Django is ready."""

    name = "cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the event kinds."""
        from cases.event_types import register_event_types

        register_event_types()
