"""The Celery application, how it treats tasks, and everything that happens by the clock.

The broker is a fast path: it may lose or repeat a message. The rows of the database are the truth, and the
periodic entries below find what a lost message left undone. Every entry expires before its next tick or soon
after, so that a worker that was down does not wake to a flood.
"""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

from django.conf import settings

from config.health import HEARTBEAT_EVERY, beat_heart

app = Celery("mdk")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 900,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_timeout": 30,
        "socket_connect_timeout": 2,
        "socket_keepalive": True,
    },
    enable_utc=True,
    task_acks_late=True,
    task_acks_on_failure=True,
    task_acks_on_timeout=True,
    task_ignore_result=True,
    task_reject_on_worker_lost=True,
    task_retry_on_worker_lost=True,
    task_soft_time_limit=240,
    task_time_limit=300,
    timezone=settings.TIME_ZONE,
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=1,
    worker_soft_shutdown_timeout=20,
)
app.autodiscover_tasks(["config", "events", "cases", "mdk"], force=False)
app.conf.beat_schedule = {
    "heartbeat": {
        "task": "config.tasks.heartbeat",
        "schedule": HEARTBEAT_EVERY,
        "options": {"expires": HEARTBEAT_EVERY},
    },
    "sweep-outbox": {
        "task": "events.tasks.sweep_outbox",
        "schedule": 60,
        "options": {"expires": 120},
    },
    "apply-messages": {
        "task": "cases.tasks.apply_messages",
        "schedule": 15,
        "options": {"expires": 30},
    },
    "refresh-due-readiness": {
        "task": "cases.tasks.refresh_due_readiness",
        # Midnight in TIME_ZONE is one of the fives: then the answers of the day are too old or overdue.
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 240},
    },
    "remove-old-drafts": {
        "task": "cases.tasks.remove_old_drafts",
        "schedule": crontab(minute=40, hour=3),
        "options": {"expires": 3600},
    },
    "count-turnarounds": {
        "task": "cases.tasks.count_turnarounds",
        # After midnight: a day counts when it has been awaited to its end.
        "schedule": crontab(minute=20, hour=2),
        "options": {"expires": 3600},
    },
    "extend-series": {
        "task": "mdk.tasks.extend_series",
        "schedule": crontab(minute=10, hour=3),
        "options": {"expires": 3600},
    },
    "count-paces": {
        "task": "mdk.tasks.count_paces",
        "schedule": crontab(minute=40, hour=2),
        "options": {"expires": 3600},
    },
    "warn-overloaded": {
        "task": "mdk.tasks.warn_overloaded",
        "schedule": crontab(minute=50, hour="6-20"),
        "options": {"expires": 3600},
    },
    "follow-provisional": {
        "task": "mdk.tasks.follow_provisional",
        "schedule": 60,
        "options": {"expires": 55},
    },
    "reopen-changed": {
        "task": "mdk.tasks.reopen_changed",
        "schedule": 60,
        "options": {"expires": 55},
    },
    "rebook-unready": {
        "task": "mdk.tasks.rebook_unready",
        # A minute after readiness was brought up to date by the clock.
        "schedule": crontab(minute="1-59/5"),
        "options": {"expires": 240},
    },
    "assign-preparations": {
        "task": "mdk.tasks.assign_preparations",
        "schedule": crontab(minute="4-59/10"),
        "options": {"expires": 540},
    },
    "tell-unpublished": {
        "task": "mdk.tasks.tell_unpublished",
        "schedule": crontab(minute=15, hour=7),
        "options": {"expires": 3600},
    },
    "remind-owners": {
        "task": "mdk.tasks.remind_owners",
        "schedule": crontab(minute=20, hour="6-20"),
        "options": {"expires": 3600},
    },
}


@worker_ready.connect
def _first_heartbeat(**kwargs: Any) -> None:
    """Show at once that the worker is there, before beat's first tick."""
    beat_heart()
