"""Tasks of the house itself."""

from celery import shared_task

from config.health import beat_heart


@shared_task(name="config.tasks.heartbeat")
def heartbeat() -> None:
    """Show that beat sends and a worker works; read by /readyz."""
    beat_heart()
