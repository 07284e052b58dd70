"""From a provisional place to a firm one, and the one click that gives a case the place that it is ready for."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from cases.services.refreshing import bring_up_to_date
from cases.transitions import lock_case
from events.record import record
from mdk.enums import ItemStatus, MoveReason
from mdk.models import AgendaItem, Meeting
from mdk.services.agenda import FINAL, BookingRefused, book_case, booking_refusal, settle_place
from mdk.services.agenda.refusals import not_on_agenda
from mdk.services.moves import leave_place
from mdk.transitions import lock_meeting, touch


def make_firm(item_id: int, *, by: User, now: datetime, override_reason: str = "") -> AgendaItem:
    """Make a provisional place firm: from now on it takes its minutes and is prepared; the case becomes scheduled.

    BookingRefused as for a firm place from the beginning (not-ready, after-cutoff, over-capacity), which gives way to
    `override_reason` by one who may (the caller has checked the right); after the cut-off the chair is asked besides.
    A place that is firm already stays as it is. Who may: `plan_meeting`. Leaves `item.firmed`.
    """
    bring_up_to_date([AgendaItem.objects.values_list("case_id", flat=True).get(pk=item_id)], now=now)
    return _firm(item_id, by=by, now=now, override_reason=override_reason.strip())


@transaction.atomic
def _firm(item_id: int, *, by: User, now: datetime, override_reason: str) -> AgendaItem:
    meeting = lock_meeting(AgendaItem.objects.values_list("meeting_id", flat=True).get(pk=item_id))
    item = AgendaItem.objects.select_for_update().get(pk=item_id)
    if item.status in (ItemStatus.PLANNED, ItemStatus.DISCUSSING):
        return item
    if item.status != ItemStatus.PROVISIONAL:
        raise not_on_agenda()
    case = lock_case(item.case_id)
    refusal = booking_refusal(meeting, case, item.level, item.minutes, provisional=False, now=now)
    if refusal and (not override_reason or refusal.code in FINAL):
        raise refusal
    item.meeting, item.case = meeting, case
    is_firm = settle_place(item, meeting, case, by=by, now=now, refusal=refusal, reason=override_reason)
    touch(meeting)
    if is_firm:
        record(
            "item.firmed", by=by, now=now, subject=item, case=case.pk, meeting=meeting.pk,
            unit=meeting.series.unit_id, data={"level": item.level, "override": refusal.code if refusal else ""},
        )  # fmt: skip
    return item


def give_place(meeting_id: int, case_id: int, *, by: User, now: datetime) -> AgendaItem:
    """Give the case the place on the meeting that it is ready for: a firm one when it is ready, else a provisional one.

    A provisional place that it has on this meeting is made firm, one on another meeting ends (`place.moved`, no
    rebooking). BookingRefused as for `book_case`. Who may: `plan_meeting`.
    """
    held = AgendaItem.objects.filter(case_id=case_id, status=ItemStatus.PROVISIONAL).first()
    if held and held.meeting_id == meeting_id:
        return make_firm(held.pk, by=by, now=now)
    with transaction.atomic():
        locked = {pk: lock_meeting(pk) for pk in sorted({meeting_id, held.meeting_id if held else meeting_id})}
        if held:
            _end(held.pk, to=locked[meeting_id], by=by, now=now)
        try:
            return book_case(meeting_id, case_id, by=by, now=now, among=locked)
        except BookingRefused as refusal:
            if refusal.code != "not-ready":
                raise
        return book_case(meeting_id, case_id, by=by, now=now, provisional=True, among=locked)


def _end(item_id: int, *, to: Meeting, by: User, now: datetime) -> None:
    """End a provisional place for one on the meeting `to`, unless somebody else ended it or made it firm meanwhile."""
    item = AgendaItem.objects.select_for_update(of=("self",)).select_related("meeting__series").get(pk=item_id)
    if item.status != ItemStatus.PROVISIONAL:
        return
    item.case = lock_case(item.case_id)
    leave_place(item, to=to, reason=MoveReason.BY_HAND, by=by, now=now)
