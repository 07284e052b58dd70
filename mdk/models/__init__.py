"""Series and meetings, their agenda, the preparation for it and what came of it."""

from mdk.models.agenda import AgendaItem, Rebooking
from mdk.models.meetings import Meeting, Series
from mdk.models.outcomes import Addendum, Attendance, Outcome
from mdk.models.planning import AgendaVersion, CalendarFeed, PlanningChoice, ProposedPlan, ProvisionalMove
from mdk.models.preparation import Preparation
from mdk.models.readers import Absence, Capacity, Duty, OverloadWarning, Pace, SubSpeciality
from mdk.models.reminders import Reminder, ReminderLine

__all__ = [
    "Absence",
    "Addendum",
    "AgendaItem",
    "AgendaVersion",
    "Attendance",
    "CalendarFeed",
    "Capacity",
    "Duty",
    "Meeting",
    "Outcome",
    "OverloadWarning",
    "Pace",
    "PlanningChoice",
    "Preparation",
    "ProposedPlan",
    "ProvisionalMove",
    "Rebooking",
    "Reminder",
    "ReminderLine",
    "Series",
    "SubSpeciality",
]
