"""Series and meetings, their agenda, the preparation for it and what came of it."""

from mdk.models.agenda import AgendaItem, Rebooking
from mdk.models.meetings import Meeting, Series
from mdk.models.outcomes import Addendum, Attendance, Outcome
from mdk.models.preparation import Preparation
from mdk.models.reminders import Reminder, ReminderLine

__all__ = [
    "Addendum",
    "AgendaItem",
    "Attendance",
    "Meeting",
    "Outcome",
    "Preparation",
    "Rebooking",
    "Reminder",
    "ReminderLine",
    "Series",
]
