"""Provisional places of a meeting that is over or cancelled: each date goes on to another meeting, by itself."""

from datetime import datetime

from accounts.models import User
from cases.transitions import lock_case
from mdk.enums import MoveReason
from mdk.models import AgendaItem, Meeting
from mdk.services.moves import hold_place, leave_place
from mdk.transitions import lock_meeting


def pass_on(
    item: AgendaItem, target_id: int | None, *, reason: MoveReason, by: User | None, now: datetime
) -> AgendaItem | None:
    """Move a provisional place to the meeting `target_id`, where it goes on moving by itself; None: nowhere yet.

    Call it with both meetings locked. No rebooking: it is written down as a move (`leave_place`).
    """
    target: Meeting | None = lock_meeting(target_id) if target_id else None
    item = AgendaItem.objects.select_for_update(of=("self",)).select_related("meeting__series").get(pk=item.pk)
    item.case = lock_case(item.case_id)
    leave_place(item, to=target, reason=reason, by=by, now=now)
    if target is None:
        return None
    return hold_place(
        item.case, target, level=item.level, minutes=item.minutes, by=None, now=now, probability=None
    )  # fmt: skip
