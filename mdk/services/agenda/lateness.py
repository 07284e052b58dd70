"""What is late, and who may say yes to it."""

from datetime import datetime

from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission
from accounts.queries import people_with
from mdk.access import series_units
from mdk.models import Meeting


def is_late(meeting: Meeting, now: datetime) -> bool:
    """Whether a place that is given now comes after the cut-off."""
    return now > meeting.cutoff_at


def answerers(meeting: Meeting, now: datetime) -> list[User]:
    """Return who says yes or no to late additions: the chair, or all who may run the meeting while it has none."""
    if meeting.chair:
        return [meeting.chair]
    return list(people_with(Permission.RUN_MEETING, series_units(meeting.series), timezone.localdate(now)))


def may_grant(meeting: Meeting, by: User | None, now: datetime) -> bool:
    """Whether the person may say yes to a late addition (the system may not)."""
    return by is not None and by in answerers(meeting, now)
