"""The fast path of the outbox: wake a worker, and never fail because the broker is away."""

import logging

from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def dispatch(event_id: int) -> None:
    """Ask a worker to deliver `event_id` now.

    Called after the commit. A broker that is away costs one attempt to connect (below a second) and a line
    in the log: the rows stand in the outbox, and the sweep sends them within a minute.
    """
    from events.tasks import deliver_event

    try:
        deliver_event.apply_async((event_id,), retry=False, ignore_result=True)
    except (OperationalError, OSError) as error:
        log.warning("event %s waits for the sweep: the broker is away (%s)", event_id, type(error).__name__)
