"""The app that wires the house together."""

from django.apps import AppConfig


class WiringConfig(AppConfig):
    """Makes the Celery application the default one before any task is declared."""

    name = "config"
    label = "config"

    def ready(self) -> None:
        """Import the Celery application, so that `shared_task` binds to it, and what the schema knows of logins."""
        from config import celery, schema  # noqa: F401 (imported for their effect)
