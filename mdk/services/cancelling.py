"""Cancelling a meeting: nobody on its agenda is forgotten."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid
from accounts.models import User
from mdk.enums import ItemStatus, MoveReason, RebookingReason
from mdk.models import Meeting
from mdk.services.agenda import leave_agenda
from mdk.services.passing import pass_on
from mdk.services.rebooking import lock_with_targets, move_on
from mdk.transitions import move_meeting

REASON = RebookingReason.MEETING_CANCELLED


@transaction.atomic
def cancel_meeting(meeting_id: int, *, reason: str, by: User, now: datetime) -> Meeting:
    """Cancel a planned or published meeting; each of its cases goes on to where it is expected to be ready.

    A firm place that moves is a rebooking with the reason `meeting_cancelled`, and a provisional one a move of its
    date, no rebooking; what was prepared follows the case. Without a meeting to go to the case waits again as referred.
    Who may: `plan_meeting`. Leaves `meeting.cancelled`, and for each case what its move leaves.
    """
    if not reason.strip():
        raise Invalid([FieldError("reason", "required", _("Say why the meeting is cancelled."))])
    targets = lock_with_targets(meeting_id, now)

    def give_reason(meeting: Meeting) -> None:
        meeting.cancelled_reason = reason.strip()[:200]

    def empty(meeting: Meeting) -> None:
        for item in meeting.items.filter(position__isnull=False).select_related("case").order_by("position"):
            target = targets.get(item.pk)
            if item.status == ItemStatus.PROVISIONAL:
                pass_on(item, target, reason=MoveReason.MEETING_CANCELLED, by=by, now=now)
            elif target:
                move_on(item.pk, target, reason=REASON, by=by, now=now)
            else:
                leave_agenda(item, ItemStatus.REMOVED, by=by, now=now)
                item.removed_reason = str(REASON.label)
                item.save(update_fields=["removed_reason"])

    return move_meeting(meeting_id, "cancel", by=by, now=now, guard=give_reason, effect=empty)
