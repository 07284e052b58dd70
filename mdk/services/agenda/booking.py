"""Booking: who gets a place on an agenda, at once or when the chair says yes."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid
from accounts.models import User
from cases.models import Case
from cases.services.refreshing import bring_up_to_date
from cases.transitions import lock_case, move_case
from checklists.enums import LevelCode
from checklists.registry import spec_of
from events.record import record
from mdk.access import series_units
from mdk.enums import OPEN_ITEMS, ItemStatus, LateState, MoveReason
from mdk.models import AgendaItem, Meeting
from mdk.queries.late import answerers, may_answer
from mdk.services.agenda.order import put_in_place
from mdk.services.agenda.refusals import FINAL, BookingRefused, already_booked, booking_refusal, is_late
from mdk.services.carrying import prepare_item
from mdk.services.moves import leave_place
from mdk.transitions import lock_meeting, touch

ATTEMPTS = 3
"""How often a booking begins again when the system moves the case's provisional place under it."""


class _PlaceMoved(Exception):
    """The provisional place that was to be taken over has moved to a meeting that is not locked."""


def book_case(
    meeting_id: int,
    case_id: int,
    *,
    by: User | None,
    now: datetime,
    level: str = "",
    minutes: int | None = None,
    provisional: bool = False,
    override_reason: str = "",
    previous: AgendaItem | None = None,
    among: Collection[int] | None = None,
) -> AgendaItem:
    """Give the case a place on the meeting's agenda, where the rules of the series want it among its neighbours.

    Only a ready case gets a firm place at the levels `full` and `focused`; after the cut-off, over the
    capacity, or not ready it takes `override_reason` (the caller has checked the right), and after the cut-off the
    chair's yes besides: until then the place is provisional, `late` says that it is asked for, and the chair is told
    (`item.late_asked`). A provisional place asks for no readiness, counts no minutes and is not prepared.

    A provisional place that the system gave stands in nobody's way: here it is taken over, on another meeting it ends.
    The same person asking again gets the place that is there. `by` is None for the system, which overrides nothing.
    A caller that holds meetings already names them in `among`: no other is locked after them, so that nobody waits in a
    circle, and a case that has a place elsewhere by then is refused as booked there.
    Leaves `item.booked`; with a firm place the case becomes scheduled.
    """
    # Before the place is asked for, so that a refusal leaves the lists as true as the gate.
    bring_up_to_date([case_id], now=now)
    for _attempt in range(ATTEMPTS):
        try:
            return _book(
                meeting_id, case_id, by=by, now=now, level=level, minutes=minutes, provisional=provisional,
                override_reason=override_reason.strip(), previous=previous, among=among,
            )  # fmt: skip
        except _PlaceMoved:
            continue
    raise already_booked(AgendaItem.objects.get(case_id=case_id, status__in=OPEN_ITEMS))


@transaction.atomic
def _book(
    meeting_id: int,
    case_id: int,
    *,
    by: User | None,
    now: datetime,
    level: str,
    minutes: int | None,
    provisional: bool,
    override_reason: str,
    previous: AgendaItem | None,
    among: Collection[int] | None,
) -> AgendaItem:
    meetings = _lock(meeting_id, case_id, among)
    meeting = meetings[meeting_id]
    places = AgendaItem.objects.filter(case_id=case_id, status__in=OPEN_ITEMS)
    places = places.select_related("meeting__series", "added_by")
    held = places.select_for_update(of=("self",)).first()
    case = lock_case(case_id)
    # Somebody may have booked the case on another meeting while this call waited for it.
    held = held or places.first()
    if held and not _is_given_by_system(held):
        if held.meeting_id == meeting_id and by and held.added_by_id == by.pk:
            return held
        raise already_booked(held)
    if held and held.meeting_id not in meetings:
        raise _PlaceMoved
    level = _checked_level(level or case.level)
    minutes = spec_of(case.definition_id).level(level).minutes if minutes is None else minutes
    refusal = booking_refusal(meeting, case, level, minutes, provisional=provisional, now=now)
    if refusal and (not override_reason or by is None or refusal.code in FINAL):
        raise refusal
    if held and held.meeting_id != meeting_id:
        held.meeting, held.case = meetings[held.meeting_id], case
        leave_place(held, to=meeting, reason=MoveReason.BY_HAND, by=by, now=now)
        held = None
    item = held or AgendaItem(meeting=meeting, case=case, position=_next_position(meeting))
    item.meeting, item.case = meeting, case
    item.status, item.status_changed_at = ItemStatus.PROVISIONAL, now
    item.level, item.minutes, item.added_by, item.added_at = level, minutes, by, now
    item.save()
    case.units.add(*series_units(meeting.series))
    touch(meeting)
    record(
        "item.booked", by=by, now=now, subject=item, case=case.pk, meeting=meeting.pk, unit=meeting.series.unit_id,
        data={"level": level, "override": refusal.code if refusal else "", "provisional": provisional,
              "version": meeting.version},
    )  # fmt: skip
    if provisional:
        put_in_place(item, meeting)
    else:
        settle_place(item, meeting, case, by=by, now=now, refusal=refusal, reason=override_reason, previous=previous)
    return item


def settle_place(
    item: AgendaItem,
    meeting: Meeting,
    case: Case,
    *,
    by: User | None,
    now: datetime,
    refusal: BookingRefused | None,
    reason: str,
    previous: AgendaItem | None = None,
    in_round: bool = False,
) -> bool:
    """Make a provisional place firm, or, when it comes after the cut-off from one who may not say yes, ask the chair.

    Call it with meeting, item and case locked, the refusal weighed (`reason` stands against it) and the item saved.
    Firm: the case becomes scheduled, its preparation is made (carried over from `previous`), and the item goes where
    the rules want it. Returns whether it is firm; `item.late_asked` tells the chair where it is not.
    """
    late = is_late(meeting, now) and not in_round
    if refusal and by:
        item.override_reason, item.override_by, item.override_at = reason[:500], by, now
    if late and not may_answer(meeting, by, now):
        ask_chair(item, meeting, by=by, now=now)
        return False
    if late:
        item.late, item.late_answered_by, item.late_answered_at = LateState.GRANTED, by, now
    make_place_firm(item, meeting, case, by=by, now=now, previous=previous)
    return True


def make_place_firm(
    item: AgendaItem, meeting: Meeting, case: Case, *, by: User | None, now: datetime, previous: AgendaItem | None
) -> None:
    """Give the item its firm place with all that follows of it; meeting, item and case are locked, the right is clear."""
    item.meeting, item.case = meeting, case
    item.status, item.status_changed_at = ItemStatus.PLANNED, now
    item.is_late = item.late == LateState.GRANTED
    item.probability = item.forecast_at = None
    item.save()
    move_case(case.pk, "schedule", by=by, now=now, meeting=meeting.pk)
    prepare_item(item, now=now, previous=previous)
    put_in_place(item, meeting)
    if item.is_late:
        record(
            "item.late_added", by=by, now=now, subject=item, case=case.pk, meeting=meeting.pk,
            unit=meeting.series.unit_id, to=readers_of(item),
        )  # fmt: skip


def ask_chair(item: AgendaItem, meeting: Meeting, *, by: User | None, now: datetime) -> None:
    """Put the late addition to the chair, once: the place stays provisional until the answer. Leaves `item.late_asked`."""
    if item.late == LateState.ASKED:
        return
    item.late, item.late_answered_by, item.late_answered_at = LateState.ASKED, None, None
    # From now on it is a person's place, which the forecast does not move.
    if by and item.added_by_id is None:
        item.added_by, item.added_at = by, now
    item.save()
    put_in_place(item, meeting)
    record(
        "item.late_asked", by=by, now=now, subject=item, case=item.case_id, meeting=meeting.pk,
        unit=meeting.series.unit_id, to=answerers(meeting, now),
    )  # fmt: skip


def readers_of(item: AgendaItem) -> list[User]:
    """Return who reads the item: who holds its preparations, else who is on duty for the meeting, else the roster."""
    preparations = item.preparations.select_related("reader")
    holders = [preparation.reader for preparation in preparations if preparation.reader]
    if holders:
        return holders
    return [duty.reader for duty in item.meeting.duties.select_related("reader")] or list(
        item.meeting.series.readers.all()
    )


def _lock(meeting_id: int, case_id: int, among: Collection[int] | None) -> dict[int, Meeting]:
    """Lock the meeting, and with it the one on which the system holds a provisional place for the case, by key."""
    given = AgendaItem.objects.filter(case_id=case_id, status=ItemStatus.PROVISIONAL, added_by__isnull=True)
    others = given.values_list("meeting_id", flat=True)
    return {pk: lock_meeting(pk) for pk in sorted({meeting_id, *others}) if among is None or pk in among}


def _is_given_by_system(item: AgendaItem) -> bool:
    return item.status == ItemStatus.PROVISIONAL and item.added_by_id is None and item.late != LateState.ASKED


def _checked_level(level: str) -> str:
    if level not in LevelCode.values:
        known = ", ".join(LevelCode.values)
        raise Invalid([FieldError("level", "unknown", _("Use one of: %(known)s.") % {"known": known})])
    return level


def _next_position(meeting: Meeting) -> int:
    return (meeting.items.aggregate(last=Max("position"))["last"] or 0) + 1
