"""The fast path of the outbox: wake a worker, and never fail because the broker is away."""

import logging

from celery import current_app
from kombu import pools
from kombu.exceptions import LimitExceeded, OperationalError

TASK = "events.tasks.deliver_event"
ONE_TRY = {"max_retries": 0, "socket_connect_timeout": 0.5, "socket_timeout": 1}
"""For the connections of this module alone: a person waits for the answer behind them."""

log = logging.getLogger(__name__)


def dispatch(event_id: int) -> None:
    """Ask a worker to deliver `event_id` now.

    Called after the commit. A broker that is away costs one attempt to connect (half a second at most) and a
    line in the log: the rows stand in the outbox, and the sweep sends them within a minute.
    """
    try:
        send(event_id)
    except (OperationalError, LimitExceeded, OSError) as error:
        log.warning("event %s waits for the sweep: the broker is away (%s)", event_id, type(error).__name__)


def send(event_id: int) -> None:
    """Put the task on the queue, in one try; OperationalError when the broker does not answer."""
    _send(TASK, event_id)


def ask_worker(task: str) -> bool:
    """Ask a worker to begin `task` (by name, without arguments), in one try; return whether the broker took it.

    Never raises: what the task looks for stands in the database, and a sweep finds it.
    """
    try:
        _send(task)
    except (OperationalError, LimitExceeded, OSError) as error:
        log.warning("%s waits for the sweep: the broker is away (%s)", task, type(error).__name__)
        return False
    return True


def _send(task: str, *args: int) -> None:
    # The task goes by its name, so that this module needs none of what the task needs.
    connection = current_app.connection_for_write(transport_options=ONE_TRY)
    with pools.producers[connection].acquire(block=True, timeout=1) as producer:
        current_app.send_task(task, args, producer=producer, retry=False, ignore_result=True)
