"""Places on an agenda: booked, ordered, changed, taken off."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import FieldError, Invalid, Refused
from accounts.models import User
from cases.enums import CaseStatus, ReadinessState
from cases.models import Case
from cases.readiness.store import readiness_of, store_readiness
from cases.services.refreshing import bring_up_to_date
from cases.transitions import lock_case, move_case
from checklists.enums import LevelCode
from checklists.registry import spec_of
from events.record import record
from mdk.access import series_units
from mdk.enums import FIRM_ITEMS, OPEN_ITEMS, ItemStatus, MeetingStatus
from mdk.models import AgendaItem, Meeting
from mdk.services.preparation import open_preparations, prepare_item
from mdk.transitions import lock_meeting, move_meeting, touch


class BookingRefused(Refused):
    """The case cannot have the place; `code` says why.

    not-ready, over-capacity, after-cutoff and wrong-series give way to a reason by one who may override;
    already-booked, case-status and meeting-status do not.
    """

    code = "booking-refused"


def book_case(
    meeting_id: int,
    case_id: int,
    *,
    by: User,
    now: datetime,
    level: str = "",
    minutes: int | None = None,
    provisional: bool = False,
    override_reason: str = "",
    previous: AgendaItem | None = None,
) -> AgendaItem:
    """Give the case a place at the end of the meeting's agenda.

    Only a ready case gets a firm place at the levels `full` and `focused`; after the cut-off, over the
    capacity, or not ready it takes `override_reason` (the caller has checked the right). A provisional place
    asks for no readiness, counts no minutes and is not prepared. The same person asking again gets the place
    that is there. Leaves `item.booked`; the case becomes scheduled.
    """
    # Before the place is asked for, so that a refusal leaves the lists as true as the gate.
    bring_up_to_date([case_id], now=now)
    return _book(
        meeting_id, case_id, by=by, now=now, level=level, minutes=minutes, provisional=provisional,
        override_reason=override_reason.strip(), previous=previous,
    )  # fmt: skip


@transaction.atomic
def _book(
    meeting_id: int,
    case_id: int,
    *,
    by: User,
    now: datetime,
    level: str,
    minutes: int | None,
    provisional: bool,
    override_reason: str,
    previous: AgendaItem | None,
) -> AgendaItem:
    meeting = lock_meeting(meeting_id)
    places = AgendaItem.objects.filter(case_id=case_id, status__in=OPEN_ITEMS)
    places = places.select_related("meeting__series", "added_by")
    held = places.select_for_update(of=("self",)).first()
    case = lock_case(case_id)
    # Somebody may have booked the case on another meeting while this call waited for it.
    if held := held or places.first():
        if held.meeting_id == meeting_id and held.added_by_id == by.pk:
            return held
        raise already_booked(held)
    level = _checked_level(case, level or case.level)
    minutes = spec_of(case.definition_id).level(level).minutes if minutes is None else minutes
    refusal = booking_refusal(meeting, case, level, minutes, provisional=provisional, now=now)
    if refusal and (not override_reason or refusal.code in FINAL):
        raise refusal
    item = AgendaItem.objects.create(
        meeting=meeting, case=case, level=level, minutes=minutes, position=_next_position(meeting),
        status=ItemStatus.PROVISIONAL if provisional else ItemStatus.PLANNED, status_changed_at=now,
        added_by=by, added_at=now, is_late=now > meeting.cutoff_at,
        override_reason=override_reason if refusal else "",
        override_by=by if refusal else None, override_at=now if refusal else None,
    )  # fmt: skip
    case.units.add(*series_units(meeting.series))
    if not provisional:
        move_case(case.pk, "schedule", by=by, now=now, meeting=meeting.pk)
        prepare_item(item, now=now, previous=previous)
    touch(meeting)
    record(
        "item.booked", by=by, now=now, subject=item, case=case.pk, meeting=meeting.pk, unit=meeting.series.unit_id,
        data={"level": level, "override": refusal.code if refusal else "", "provisional": provisional},
    )  # fmt: skip
    return item


@transaction.atomic
def order_items(meeting_id: int, item_ids: Sequence[int], *, by: User, now: datetime) -> Meeting:
    """Put the agenda in the order of `item_ids`, which names every item on it once. Leaves `meeting.ordered`."""
    meeting = _open_for_planning(meeting_id)
    items = {item.pk: item for item in meeting.items.select_for_update().filter(position__isnull=False)}
    if sorted(item_ids) != sorted(items):
        raise Invalid(
            [FieldError("items", "incomplete", _("Name every item of the agenda once. Load it again: somebody may have changed it."))]
        )  # fmt: skip
    for position, pk in enumerate(item_ids, start=1):
        items[pk].position = position
    AgendaItem.objects.bulk_update(items.values(), ["position"])
    touch(meeting)
    record("meeting.ordered", by=by, now=now, subject=meeting, meeting=meeting.pk, unit=meeting.series.unit_id)
    return meeting


@transaction.atomic
def move_item(item_id: int, steps: int, *, by: User, now: datetime) -> Meeting:
    """Move an item `steps` places down (negative: up) on its agenda; at the ends it stays."""
    meeting = _open_for_planning(AgendaItem.objects.values_list("meeting_id", flat=True).get(pk=item_id))
    order = list(meeting.items.filter(position__isnull=False).order_by("position").values_list("pk", flat=True))
    if item_id not in order:
        raise BookingRefused(_("The case is no longer on this agenda."), code="not-on-agenda")
    place = order.index(item_id)
    order.insert(max(0, min(len(order) - 1, place + steps)), order.pop(place))
    return order_items(meeting.pk, order, by=by, now=now)


@transaction.atomic
def change_item(item_id: int, *, minutes: int, by: User, now: datetime) -> AgendaItem:
    """Give an item of a planned or published agenda other minutes (0-60)."""
    if not 0 <= minutes <= 60:
        raise Invalid([FieldError("minutes", "out-of-range", _("Give whole minutes from 0 to 60."))])
    meeting = _open_for_planning(AgendaItem.objects.values_list("meeting_id", flat=True).get(pk=item_id))
    item = AgendaItem.objects.select_for_update().get(pk=item_id)
    item.minutes = minutes
    item.save(update_fields=["minutes"])
    touch(meeting)
    return item


@transaction.atomic
def lift_item(item_id: int, *, reason: str, by: User, now: datetime) -> AgendaItem:
    """Lift a case from the protocol list to discussion, with a sentence, and let the readers prepare it. Any member may.

    A second lift changes nothing. Leaves `item.lifted`, which tells the chair.
    """
    if not reason.strip():
        raise Invalid([FieldError("reason", "required", _("Say in a sentence what should be discussed."))])
    meeting = lock_meeting(AgendaItem.objects.values_list("meeting_id", flat=True).get(pk=item_id))
    item = AgendaItem.objects.select_for_update(of=("self",)).select_related("case").get(pk=item_id)
    if item.level != LevelCode.PROTOCOL:
        return item
    if item.status not in OPEN_ITEMS:
        raise BookingRefused(_("The case is no longer on this agenda."), code="not-on-agenda")
    level = spec_of(item.case.definition_id).level(LevelCode.FOCUSED)
    item.level, item.minutes, item.lifted_reason = LevelCode.FOCUSED, level.minutes, reason.strip()[:500]
    item.save(update_fields=["level", "minutes", "lifted_reason"])
    item.meeting = meeting
    if item.status != ItemStatus.PROVISIONAL:
        prepare_item(item, now=now)
    touch(meeting)
    record(
        "item.lifted", by=by, now=now, subject=item, case=item.case_id, meeting=meeting.pk,
        unit=meeting.series.unit_id, to=[meeting.chair] if meeting.chair else [],
    )  # fmt: skip
    return item


@transaction.atomic
def take_off(item_id: int, *, reason: str, by: User, now: datetime) -> AgendaItem:
    """Take a case off the agenda without another place; it waits again as referred. Leaves `item.removed`."""
    if not reason.strip():
        raise Invalid([FieldError("reason", "required", _("Give the reason in a sentence."))])
    meeting = lock_meeting(AgendaItem.objects.values_list("meeting_id", flat=True).get(pk=item_id))
    item = (
        AgendaItem.objects.select_for_update(of=("self",)).select_related("case__responsible_clinician").get(pk=item_id)
    )
    if item.status == ItemStatus.REMOVED:
        return item
    if item.status not in (ItemStatus.PROVISIONAL, ItemStatus.PLANNED):
        raise BookingRefused(_("The case is no longer on this agenda."), code="not-on-agenda")
    leave_agenda(item, ItemStatus.REMOVED, by=by, now=now)
    item.removed_reason = reason.strip()[:200]
    item.save()
    touch(meeting)
    record(
        "item.removed", by=by, now=now, subject=item, case=item.case_id, meeting=meeting.pk,
        unit=meeting.series.unit_id, to=[item.case.responsible_clinician],
    )  # fmt: skip
    return item


def leave_agenda(item: AgendaItem, status: ItemStatus, *, by: User, now: datetime) -> None:
    """Give the item its end `status` (rebooked or removed), free its position and let the case wait again."""
    was_firm = item.status != ItemStatus.PROVISIONAL
    item.status, item.status_changed_at, item.position = status, now, None
    item.save()
    if was_firm:
        move_case(item.case_id, "unschedule", by=by, now=now, meeting=item.meeting_id)


def publish_meeting(meeting_id: int, *, by: User, now: datetime) -> Meeting:
    """Publish the agenda: members see it and readers begin. Who may: `plan_meeting`. Leaves `meeting.published`."""

    def begin(meeting: Meeting) -> None:
        refresh_agenda(meeting, now)
        open_preparations(list(meeting.items.filter(status__in=FIRM_ITEMS).values_list("pk", flat=True)), now)

    return move_meeting(meeting_id, "publish", by=by, now=now, effect=begin)


def refresh_agenda(meeting: Meeting, now: datetime) -> None:
    """Bring the cases of a locked meeting up to date, so that it is published and begun on what is true that day."""
    cases = meeting.items.filter(status__in=OPEN_ITEMS).values_list("case_id", flat=True)
    bring_up_to_date(list(cases), now=now)


def planned_minutes(meeting: Meeting) -> int:
    """Return the minutes of the firm items on the agenda."""
    return meeting.items.filter(status__in=FIRM_ITEMS).aggregate(total=Sum("minutes"))["total"] or 0


FINAL = ("meeting-status", "case-status")


def booking_refusal(
    meeting: Meeting, case: Case, level: str, minutes: int, *, provisional: bool, now: datetime
) -> BookingRefused | None:
    """Return the gravest reason against the place, or None. Those of `FINAL` give way to nobody."""
    if meeting.status not in (MeetingStatus.PLANNED, MeetingStatus.PUBLISHED):
        status = meeting.get_status_display().lower()
        return BookingRefused(
            _("The meeting is %(status)s; choose another.") % {"status": status}, code="meeting-status"
        )
    if case.status != CaseStatus.REFERRED:
        status = case.get_status_display().lower()
        return BookingRefused(
            _("The case is %(status)s and cannot be booked.") % {"status": status}, code="case-status"
        )
    if not meeting.series.diagnoses.filter(pk=case.diagnosis_id).exists():
        return BookingRefused(
            _("This conference does not take the diagnosis. Choose another, or give a reason."), code="wrong-series"
        )
    if provisional:
        return None
    readiness = store_readiness(case, now)
    if level != case.level:
        readiness = readiness_of(case, timezone.localdate(now), level=level)
    if level != LevelCode.PROTOCOL and readiness.state != ReadinessState.READY:
        count = len([f for f in readiness.findings if f.severity != "warning"])
        return BookingRefused(
            ngettext(
                "The case is not ready: %(count)d finding. Mend it, book it provisionally, or give a reason.",
                "The case is not ready: %(count)d findings. Mend them, book it provisionally, or give a reason.",
                count,
            )
            % {"count": count},
            code="not-ready",
            extra={"findings": [f.code for f in readiness.findings]},
        )
    if now > meeting.cutoff_at:
        at = timezone.localtime(meeting.cutoff_at).strftime("%Y-%m-%d %H:%M")
        return BookingRefused(
            _("The cut-off was %(at)s. A late addition takes a reason.") % {"at": at}, code="after-cutoff"
        )
    planned = planned_minutes(meeting)
    if planned + minutes > meeting.capacity_minutes:
        return BookingRefused(
            _("The meeting is full: %(planned)d of %(capacity)d minutes are planned. Choose another, or give a reason.")
            % {"planned": planned, "capacity": meeting.capacity_minutes},
            code="over-capacity",
        )
    return None


def _checked_level(case: Case, level: str) -> str:
    if level not in LevelCode.values:
        known = ", ".join(LevelCode.values)
        raise Invalid([FieldError("level", "unknown", _("Use one of: %(known)s.") % {"known": known})])
    return level


def already_booked(item: AgendaItem) -> BookingRefused:
    """Return the refusal of a case that has a place, naming who booked it where."""
    who = item.added_by.name if item.added_by else _("the system")
    at = timezone.localtime(item.meeting.starts_at).strftime("%Y-%m-%d %H:%M")
    return BookingRefused(
        _("%(who)s has booked the case on %(series)s %(at)s. Rebook it from there.")
        % {"who": who, "series": item.meeting.series.name, "at": at},
        code="already-booked",
        extra={"item": item.pk, "meeting": item.meeting_id, "booked_by": who},
    )


def _next_position(meeting: Meeting) -> int:
    return (meeting.items.aggregate(last=Max("position"))["last"] or 0) + 1


def _open_for_planning(meeting_id: int) -> Meeting:
    meeting = lock_meeting(meeting_id)
    if meeting.status not in (MeetingStatus.PLANNED, MeetingStatus.PUBLISHED):
        status = meeting.get_status_display().lower()
        raise BookingRefused(
            _("The meeting is %(status)s, so its agenda stays as it is.") % {"status": status}, code="meeting-status"
        )
    return meeting
