"""Running the meeting: start, next, previous, park, break, defer, close."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, Refused
from accounts.models import User
from cases.transitions import move_case
from checklists.enums import LevelCode
from events.record import record
from mdk.enums import ItemStatus, MeetingStatus, MoveReason, RebookingReason
from mdk.models import AgendaItem, Meeting, Outcome
from mdk.services.agenda import leave_agenda, refresh_agenda
from mdk.services.carrying import settle_work
from mdk.services.passing import pass_on
from mdk.services.rebooking import lock_with_targets, move_on
from mdk.transitions import lock_meeting, move_meeting, touch


class LiveRefused(Refused):
    """The step cannot be taken now: chair-missing, not-the-day, outcome-missing, end-of-agenda, not-live."""

    code = "not-live"


def start_meeting(meeting_id: int, *, by: User, now: datetime, confirm_early: bool = False) -> Meeting:
    """Start the meeting: it takes a chair, and a confirmation when it is not yet the day.

    The first firm item becomes the current one. Who may: `run_meeting`. Leaves `meeting.started`.
    """

    def guard(meeting: Meeting) -> None:
        if meeting.chair_id is None:
            raise LiveRefused(
                _("The meeting has no chair. Choose one, then start."), code="chair-missing", field="chair"
            )
        if timezone.localdate(now) < timezone.localdate(meeting.starts_at) and not confirm_early:
            raise LiveRefused(
                _("It is not yet the day of the meeting. Confirm that you want to start it early."), code="not-the-day"
            )

    def begin(meeting: Meeting) -> None:
        refresh_agenda(meeting, now)
        _show_next(meeting, 0, now)

    return move_meeting(meeting_id, "start", by=by, now=now, guard=guard, effect=begin)


@transaction.atomic
def next_item(meeting_id: int, *, by: User, now: datetime, seen: int | None = None) -> Meeting:
    """Finish the current item and go on to the next.

    `seen` is the item that the person had before them: when another one is current the step was taken already
    (a second click), and nothing moves. LiveRefused `outcome-missing` while the current one has neither outcome
    nor deferral (a protocol case is confirmed by going on), `end-of-agenda` after the last.
    """
    meeting = _live(meeting_id)
    current = meeting.current_item
    if seen is not None and meeting.current_item_id != seen:
        return meeting
    place = current.position if current and current.position else 0
    if current and current.status == ItemStatus.DISCUSSING and not _may_end(current, by, now):
        raise LiveRefused(
            _("The case has neither recommendation nor deferral. Write one of them, or park the case."),
            code="outcome-missing",
            extra={"item": current.pk},
        )
    if _following(meeting, place) is None:
        raise LiveRefused(_("That was the last case. Close the meeting when you are done."), code="end-of-agenda")
    if current and current.status == ItemStatus.DISCUSSING:
        _finish(meeting, current, by=by, now=now)
    _show_next(meeting, place, now)
    return meeting


@transaction.atomic
def previous_item(meeting_id: int, *, by: User, now: datetime) -> Meeting:
    """Go back to the item before the current one; an open current item waits again."""
    meeting = _live(meeting_id)
    current = meeting.current_item
    place = current.position if current and current.position else _last_position(meeting) + 1
    earlier = meeting.items.filter(position__lt=place, position__isnull=False).exclude(status=ItemStatus.PROVISIONAL)
    item = earlier.order_by("-position").first()
    if item is None:
        raise LiveRefused(_("This is the first case."), code="start-of-agenda")
    _show(meeting, item, now)
    return meeting


@transaction.atomic
def jump_to(meeting_id: int, item_id: int, *, by: User, now: datetime) -> Meeting:
    """Make any item of the agenda the current one; an open current item waits again."""
    meeting = _live(meeting_id)
    item = meeting.items.filter(pk=item_id, position__isnull=False).exclude(status=ItemStatus.PROVISIONAL).first()
    if item is None:
        raise LiveRefused(_("The case is no longer on this agenda."), code="not-on-agenda")
    _show(meeting, item, now)
    return meeting


@transaction.atomic
def park_item(meeting_id: int, *, by: User, now: datetime, seen: int | None = None) -> Meeting:
    """Put the current item last on the agenda, marked as parked, and go on. Leaves `item.parked`.

    `seen` as for `next_item`.
    """
    meeting = _live(meeting_id)
    item = meeting.current_item
    if seen is not None and meeting.current_item_id != seen:
        return meeting
    if item is None or item.status != ItemStatus.DISCUSSING or item.position is None:
        raise LiveRefused(_("There is no case under discussion to park."), code="nothing-current")
    place = item.position
    _leave(meeting, item, now)
    item.position, item.parked_at = _last_position(meeting) + 1, now
    item.save(update_fields=["position", "parked_at"])
    record("item.parked", by=by, now=now, subject=item, case=item.case_id, meeting=meeting.pk)
    _show_next(meeting, place, now)
    return meeting


@transaction.atomic
def toggle_break(meeting_id: int, *, by: User, now: datetime) -> Meeting:
    """Begin a break, or end it: the clock of the current case stands still meanwhile."""
    meeting = _live(meeting_id)
    if meeting.break_since:
        since = meeting.current_since + (now - meeting.break_since) if meeting.current_since else None
        touch(meeting, break_since=None, current_since=since)
    else:
        touch(meeting, break_since=now)
    return meeting


@transaction.atomic
def defer_item(item_id: int, *, reason: str, note: str = "", by: User, now: datetime) -> AgendaItem:
    """End an item of a live meeting without a recommendation, for a coded reason; the case waits again.

    A second deferral changes nothing. Leaves `item.deferred`, which tells the responsible clinician.
    """
    if reason not in RebookingReason.values:
        known = ", ".join(RebookingReason.values)
        raise Invalid([FieldError("reason", "unknown", _("Use one of: %(known)s.") % {"known": known})])
    meeting = _live(AgendaItem.objects.values_list("meeting_id", flat=True).get(pk=item_id))
    item = (
        AgendaItem.objects.select_for_update(of=("self",)).select_related("case__responsible_clinician").get(pk=item_id)
    )
    if item.status == ItemStatus.DEFERRED:
        return item
    if item.status not in (ItemStatus.PLANNED, ItemStatus.DISCUSSING):
        raise LiveRefused(_("The case is no longer on this agenda."), code="not-on-agenda")
    if item.pk == meeting.current_item_id:
        item.seconds_used += meeting.seconds_shown(now)
    item.status, item.status_changed_at = ItemStatus.DEFERRED, now
    item.defer_reason, item.defer_note = reason, note.strip()[:500]
    item.save()
    settle_work(item, now=now)
    move_case(item.case_id, "unschedule", by=by, now=now, meeting=meeting.pk)
    touch(meeting)
    record(
        "item.deferred", by=by, now=now, subject=item, case=item.case_id, meeting=meeting.pk,
        unit=meeting.series.unit_id, data={"reason": reason}, to=[item.case.responsible_clinician],
    )  # fmt: skip
    return item


@transaction.atomic
def confirm_protocol(meeting_id: int, *, by: User, now: datetime) -> Meeting:
    """Confirm the cases of the protocol list together; when one of them is current, go on to the next case."""
    meeting = _live(meeting_id)
    listed = meeting.items.filter(
        level=LevelCode.PROTOCOL, status__in=[ItemStatus.PLANNED, ItemStatus.DISCUSSING], position__isnull=False
    )
    for item in listed.order_by("position"):
        if _may_end(item, by, now):
            _finish(meeting, item, by=by, now=now)
    current = meeting.current_item
    place = current.position if current and current.position else 0
    if current and current.level == LevelCode.PROTOCOL and _following(meeting, place):
        meeting.current_item = None
        _show_next(meeting, place, now)
    else:
        touch(meeting)
    return meeting


@transaction.atomic
def defer_and_go_on(item_id: int, *, reason: str, note: str = "", by: User, now: datetime) -> AgendaItem:
    """Defer an item as `defer_item` does; when it is the current one and another waits, show that one."""
    item = defer_item(item_id, reason=reason, note=note, by=by, now=now)
    meeting = lock_meeting(item.meeting_id)
    place = item.position or 0
    if meeting.current_item_id == item.pk and _following(meeting, place):
        _show_next(meeting, place, now)
    return item


@transaction.atomic
def close_meeting(meeting_id: int, *, by: User, now: datetime) -> Meeting:
    """Close the meeting: what has a recommendation is done, the rest goes on to the next suitable meeting.

    A firm case that was not discussed is rebooked with its preparation, to where it is expected to be ready; the date of
    a provisional one moves. Protocol cases are confirmed together. Who may: `run_meeting`. Leaves `meeting.closed`.
    """
    targets = lock_with_targets(meeting_id, now)

    def wind_up(meeting: Meeting) -> None:
        for item in meeting.items.filter(position__isnull=False).select_related("case").order_by("position"):
            if item.status == ItemStatus.PROVISIONAL:
                pass_on(item, targets.get(item.pk), reason=MoveReason.NOT_READY, by=by, now=now)
            elif item.status in (ItemStatus.PLANNED, ItemStatus.DISCUSSING):
                if _may_end(item, by, now):
                    _finish(meeting, item, by=by, now=now)
                else:
                    _send_on(meeting, item, targets.get(item.pk), by=by, now=now)
        touch(meeting, current_item=None, current_since=None, break_since=None)

    return move_meeting(meeting_id, "close", by=by, now=now, effect=wind_up)


def _send_on(meeting: Meeting, item: AgendaItem, target: int | None, *, by: User, now: datetime) -> None:
    _leave(meeting, item, now)
    if target:
        move_on(item.pk, target, reason=RebookingReason.NO_TIME, by=by, now=now)
        return
    leave_agenda(item, ItemStatus.REMOVED, by=by, now=now)
    item.removed_reason = _("Not discussed; the series has no further meeting.")
    item.save(update_fields=["removed_reason"])


def _live(meeting_id: int) -> Meeting:
    meeting = lock_meeting(meeting_id)
    if meeting.status != MeetingStatus.LIVE:
        status = meeting.get_status_display().lower()
        raise LiveRefused(
            _("The meeting is %(status)s, not under way.") % {"status": status},
            extra={"meeting_status": meeting.status},
        )
    return meeting


def _may_end(item: AgendaItem, by: User, now: datetime) -> bool:
    """Whether the item has its recommendation; a protocol case is given the standard one here."""
    outcome = Outcome.objects.filter(item=item).first()
    if outcome is None and item.level == LevelCode.PROTOCOL:
        text = _("Standard course of care according to the care programme; confirmed by the conference.")
        outcome = Outcome.objects.create(item=item, recommendation=text, recorded_by=by, recorded_at=now)
    return outcome is not None and bool(outcome.recommendation.strip())


def _finish(meeting: Meeting, item: AgendaItem, *, by: User, now: datetime) -> None:
    if item.pk == meeting.current_item_id and item.status == ItemStatus.DISCUSSING:
        item.seconds_used += meeting.seconds_shown(now)
    item.status, item.status_changed_at = ItemStatus.DONE, now
    item.save()
    move_case(item.case_id, "discuss", by=by, now=now, meeting=meeting.pk)


def _leave(meeting: Meeting, item: AgendaItem, now: datetime) -> None:
    """Let an open current item wait again, with the time it has used."""
    if item.status == ItemStatus.DISCUSSING:
        item.seconds_used += meeting.seconds_shown(now)
        item.status, item.status_changed_at = ItemStatus.PLANNED, now
        item.save()


def _show(meeting: Meeting, item: AgendaItem | None, now: datetime) -> None:
    shown = meeting.current_item
    if shown and (item is None or shown.pk != item.pk):
        _leave(meeting, AgendaItem.objects.select_for_update().get(pk=shown.pk), now)
    if item and item.status == ItemStatus.PLANNED:
        item.status, item.status_changed_at = ItemStatus.DISCUSSING, now
        item.save()
    touch(meeting, current_item=item, current_since=now if item else None, break_since=None)


def _following(meeting: Meeting, place: int) -> AgendaItem | None:
    """The next item that waits; after the last of them the first that was passed over by a jump."""
    waiting = meeting.items.filter(status=ItemStatus.PLANNED).order_by("position")
    return waiting.filter(position__gt=place).first() or waiting.first()


def _show_next(meeting: Meeting, place: int, now: datetime) -> None:
    _show(meeting, _following(meeting, place), now)


def _last_position(meeting: Meeting) -> int:
    return meeting.items.aggregate(last=Max("position"))["last"] or 0
