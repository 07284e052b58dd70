"""Cancelling a meeting: nobody on its agenda is forgotten."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid
from accounts.models import User
from mdk.enums import ItemStatus, RebookingReason
from mdk.models import AgendaItem, Meeting
from mdk.services.agenda import leave_agenda
from mdk.services.rebooking import lock_with_next, rebook_item
from mdk.transitions import move_meeting


@transaction.atomic
def cancel_meeting(meeting_id: int, *, reason: str, by: User, now: datetime) -> Meeting:
    """Cancel a planned or published meeting; its firm items go on to the next one of the series.

    Each move is a rebooking with the reason `meeting_cancelled`, so preparation is carried over. Without a next
    meeting the cases wait again as referred, and provisional places just end. Who may: `plan_meeting`. Leaves
    `meeting.cancelled`, and for each case what its move leaves.
    """
    if not reason.strip():
        raise Invalid([FieldError("reason", "required", _("Say why the meeting is cancelled."))])
    target = lock_with_next(meeting_id)

    def give_reason(meeting: Meeting) -> None:
        meeting.cancelled_reason = reason.strip()[:200]

    def move_on(meeting: Meeting) -> None:
        for item in meeting.items.filter(position__isnull=False).select_related("case").order_by("position"):
            if item.status == ItemStatus.PLANNED and target:
                rebook_item(item.pk, reason=RebookingReason.MEETING_CANCELLED, meeting_id=target.pk, by=by, now=now)
            else:
                _end(item, by=by, now=now)

    return move_meeting(meeting_id, "cancel", by=by, now=now, guard=give_reason, effect=move_on)


def _end(item: AgendaItem, *, by: User, now: datetime) -> None:
    leave_agenda(item, ItemStatus.REMOVED, by=by, now=now)
    item.removed_reason = str(RebookingReason.MEETING_CANCELLED.label)
    item.save(update_fields=["removed_reason"])
