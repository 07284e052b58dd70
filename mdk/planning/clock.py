"""The minutes that a reader is proposed for a reading that is being done."""

from datetime import datetime
from math import ceil

LONGEST = 60
"""Minutes after which a clock that still runs says nothing: the reader went away. Local."""


def minutes_spent(started_at: datetime | None, estimate: int, now: datetime) -> int:
    """Return the minutes since the reading was begun, at least 1.

    The estimate stands in for one that is not begun, and for one begun so long ago (`LONGEST`, or four times the
    estimate where that is more) that it has not been worked on since.
    """
    if started_at is None:
        return estimate
    spent = max(1, ceil((now - started_at).total_seconds() / 60))
    return spent if spent <= max(LONGEST, 4 * estimate) else estimate
