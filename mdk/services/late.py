"""The chair's yes or no to what comes after the cut-off."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import NotAllowed, Refused
from accounts.models import User
from cases.services.refreshing import bring_up_to_date
from cases.transitions import lock_case
from events.record import record
from mdk.enums import ItemStatus, LateState
from mdk.models import AgendaItem, Meeting
from mdk.queries.late import may_answer
from mdk.services.agenda import FINAL, booking_refusal, leave_agenda
from mdk.services.agenda.booking import make_place_firm
from mdk.transitions import lock_meeting, touch


class LateRefused(Refused):
    """There is no late addition to answer: nobody asks, or somebody has answered otherwise, who is named."""

    code = "late-answered"


@transaction.atomic
def answer_late(item_id: int, *, yes: bool, note: str = "", by: User, now: datetime) -> AgendaItem:
    """Say yes or no to a late addition. Who may: the meeting's chair; while it has none, who may run the meeting.

    Yes makes the place firm whatever else stood against it, since the reason is given and the chair has seen it, and
    tells the readers at once (`item.firmed`, `item.late_added`). No takes the case off, where it waits again, and tells who asked
    (`item.late_refused`). The same answer again is a success. NotAllowed for anybody else; BookingRefused when the
    meeting or the case has gone on meanwhile.
    """
    bring_up_to_date([AgendaItem.objects.values_list("case_id", flat=True).get(pk=item_id)], now=now)
    meeting = lock_meeting(AgendaItem.objects.values_list("meeting_id", flat=True).get(pk=item_id))
    item = AgendaItem.objects.select_for_update(of=("self",)).get(pk=item_id)
    if not may_answer(meeting, by, now):
        raise NotAllowed(_("The chair of the meeting answers late additions."))
    answer = LateState.GRANTED if yes else LateState.REFUSED
    if item.late == answer:
        return item
    if item.late != LateState.ASKED or item.status != ItemStatus.PROVISIONAL:
        raise _answered(item)
    case = lock_case(item.case_id)
    refusal = booking_refusal(meeting, case, item.level, item.minutes, provisional=False, now=now)
    if yes and refusal and refusal.code in FINAL:
        raise refusal
    item.late, item.late_answered_by, item.late_answered_at = answer, by, now
    if yes:
        make_place_firm(item, meeting, case, by=by, now=now, previous=_earlier(item))
        # What the chair has said yes to: a case that is not ready is not moved on for that afterwards.
        record(
            "item.firmed", by=by, now=now, subject=item, case=case.pk, meeting=meeting.pk,
            unit=meeting.series.unit_id, data={"level": item.level, "override": refusal.code if refusal else ""},
        )  # fmt: skip
    else:
        _say_no(item, meeting, note.strip(), by=by, now=now)
    touch(meeting)
    return item


def _say_no(item: AgendaItem, meeting: Meeting, note: str, *, by: User, now: datetime) -> None:
    said = _("The chair said no to the late addition.")
    item.removed_reason = f"{said} {note}".strip()[:200]
    leave_agenda(item, ItemStatus.REMOVED, by=by, now=now)
    record(
        "item.late_refused", by=by, now=now, subject=item, case=item.case_id, meeting=meeting.pk,
        unit=meeting.series.unit_id, to=[item.added_by] if item.added_by else [],
    )  # fmt: skip


def _earlier(item: AgendaItem) -> AgendaItem | None:
    """Return the place that was given up for this one, whose preparation it carries over."""
    rebooking = getattr(item, "rebooked_from", None)
    return rebooking.from_item if rebooking else None


def _answered(item: AgendaItem) -> LateRefused:
    if item.late_answered_by is None:
        return LateRefused(_("Nobody asks for this late addition any more."), code="nothing-asked")
    return LateRefused(
        _("%(who)s has answered this late addition already.") % {"who": item.late_answered_by.name},
        extra={"answered_by": item.late_answered_by.name},
    )
