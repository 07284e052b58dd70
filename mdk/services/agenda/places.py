"""Places that are there: changed, lifted, taken off."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, sentence_errors
from accounts.models import User
from cases.services.editing import set_level
from cases.services.refreshing import bring_up_to_date
from cases.transitions import move_case
from checklists.enums import LevelCode
from checklists.registry import spec_of
from events.record import record
from mdk.enums import FIRM_ITEMS, NOT_BEGUN, OPEN_ITEMS, ItemStatus
from mdk.models import AgendaItem, Meeting
from mdk.services.agenda.order import put_in_place
from mdk.services.agenda.refusals import lock_for_planning, not_on_agenda, over_capacity
from mdk.services.carrying import prepare_item, settle_work
from mdk.transitions import lock_meeting, touch


@transaction.atomic
def change_item(
    item_id: int,
    *,
    minutes: int | None = None,
    guest: str | None = None,
    override_reason: str = "",
    by: User,
    now: datetime,
) -> AgendaItem:
    """Give an item of a planned or published agenda other minutes (0-60) or another guest; what is None stays.

    More minutes than the meeting has left take `override_reason` (the caller has checked the right); without it
    BookingRefused `over-capacity`. Leaves `item.changed`.
    """
    _check_change(minutes, guest)
    meeting, item = _locked(item_id)
    minutes = item.minutes if minutes is None else minutes
    guest = item.guest if guest is None else guest.strip()
    if (minutes, guest) == (item.minutes, item.guest):
        return item
    _ask_for_room(meeting, item, minutes, override_reason, by=by, now=now)
    item.minutes, item.guest = minutes, guest
    item.save()
    touch(meeting)
    _record_change(item, meeting, by=by, now=now)
    return item


@transaction.atomic
def set_item_level(
    item_id: int, level: str, *, reason: str, override_reason: str = "", by: User, now: datetime
) -> AgendaItem:
    """Give the case of an item another level, with the reason that `set_level` asks for, and its place what follows.

    The place gets the level's minutes, preparation that nobody has begun is made anew, and it goes where the rules
    want it. BookingRefused `over-capacity` as for other minutes. Who may: `plan_meeting` and `set_level`. Leaves
    `case.level_set` and `item.changed`.
    """
    meeting, item = _locked(item_id)
    set_level(item.case_id, level, reason=reason, by=by, now=now)
    if item.level == level:
        return item
    minutes = spec_of(item.case.definition_id).level(level).minutes
    _ask_for_room(meeting, item, minutes, override_reason, by=by, now=now)
    item.level, item.minutes = level, minutes
    item.save()
    item.meeting = meeting
    _prepare_anew(item, now)
    put_in_place(item, meeting)
    touch(meeting)
    _record_change(item, meeting, by=by, now=now)
    return item


@transaction.atomic
def lift_item(item_id: int, *, reason: str, by: User, now: datetime) -> AgendaItem:
    """Lift a case from the protocol list to discussion, with a sentence, and let the readers prepare it. Any member may.

    It leaves the protocol list for its place among the discussed. A second lift changes nothing. Leaves `item.lifted`,
    which tells the chair.
    """
    if not reason.strip():
        raise Invalid([FieldError("reason", "required", _("Say in a sentence what should be discussed."))])
    meeting = lock_meeting(AgendaItem.objects.values_list("meeting_id", flat=True).get(pk=item_id))
    item = AgendaItem.objects.select_for_update(of=("self",)).select_related("case").get(pk=item_id)
    if item.level != LevelCode.PROTOCOL:
        return item
    if item.status not in OPEN_ITEMS:
        raise not_on_agenda()
    level = spec_of(item.case.definition_id).level(LevelCode.FOCUSED)
    item.level, item.minutes, item.lifted_reason = LevelCode.FOCUSED, level.minutes, reason.strip()[:500]
    item.save(update_fields=["level", "minutes", "lifted_reason"])
    item.meeting = meeting
    if item.status != ItemStatus.PROVISIONAL:
        prepare_item(item, now=now)
    if meeting.started_at is None:
        put_in_place(item, meeting)
    touch(meeting)
    record(
        "item.lifted", by=by, now=now, subject=item, case=item.case_id, meeting=meeting.pk,
        unit=meeting.series.unit_id, to=[meeting.chair] if meeting.chair else [],
    )  # fmt: skip
    return item


@transaction.atomic
def take_off(item_id: int, *, reason: str, by: User, now: datetime, tells: bool = True) -> AgendaItem:
    """Take a case off the agenda without another place; it waits again as referred.

    Those whom it concerns are told, unless a step is undone that nobody was told of (`tells` False). Leaves
    `item.removed`.
    """
    if not reason.strip():
        raise Invalid([FieldError("reason", "required", _("Give the reason in a sentence."))])
    meeting = lock_meeting(AgendaItem.objects.values_list("meeting_id", flat=True).get(pk=item_id))
    people = "case__responsible_clinician", "case__contact_nurse"
    item = AgendaItem.objects.select_for_update(of=("self",)).select_related(*people).get(pk=item_id)
    if item.status == ItemStatus.REMOVED:
        return item
    if item.status not in (ItemStatus.PROVISIONAL, ItemStatus.PLANNED):
        raise not_on_agenda()
    leave_agenda(item, ItemStatus.REMOVED, by=by, now=now)
    item.removed_reason = reason.strip()[:200]
    item.save()
    touch(meeting)
    record(
        "item.removed", by=by, now=now, subject=item, case=item.case_id, meeting=meeting.pk,
        unit=meeting.series.unit_id,
        to=concerned_by(item) if tells else (),
    )  # fmt: skip
    return item


def concerned_by(item: AgendaItem) -> list[User]:
    """Return who must know that a case leaves its agenda: its clinician, its contact nurse, and who holds its preparations."""
    readers = [preparation.reader for preparation in item.preparations.select_related("reader")]
    people = (item.case.responsible_clinician, item.case.contact_nurse, *readers)
    return [person for person in people if person]


def leave_agenda(item: AgendaItem, status: ItemStatus, *, by: User | None, now: datetime) -> None:
    """Give the item its end `status` (rebooked or removed), free its position and let the case wait again.

    A break that a person put after it stays, after the firm case before it. Call it with the meeting locked.
    """
    was_firm = item.status != ItemStatus.PROVISIONAL
    _keep_break(item)
    settle_work(item, now=now)
    item.status, item.status_changed_at, item.position = status, now, None
    item.save()
    if was_firm:
        move_case(item.case_id, "unschedule", by=by, now=now, meeting=item.meeting_id)


def refresh_agenda(meeting: Meeting, now: datetime) -> None:
    """Bring the cases of a locked meeting up to date, so that it is published and begun on what is true that day."""
    cases = meeting.items.filter(status__in=OPEN_ITEMS).values_list("case_id", flat=True)
    bring_up_to_date(list(cases), now=now)


def _locked(item_id: int) -> tuple[Meeting, AgendaItem]:
    """Return the meeting, open for planning, and its item, both locked; BookingRefused `not-on-agenda` when it has left."""
    meeting = lock_for_planning(AgendaItem.objects.values_list("meeting_id", flat=True).get(pk=item_id))
    item = AgendaItem.objects.select_for_update(of=("self",)).select_related("case").get(pk=item_id)
    if item.position is None:
        raise not_on_agenda()
    return meeting, item


def _check_change(minutes: int | None, guest: str | None) -> None:
    errors = []
    if minutes is not None and not 0 <= minutes <= 60:
        errors.append(FieldError("minutes", "out-of-range", _("Give whole minutes from 0 to 60.")))
    errors += sentence_errors("guest", guest or "", 120, is_required=False)
    if errors:
        raise Invalid(errors)


def _ask_for_room(
    meeting: Meeting, item: AgendaItem, minutes: int, override_reason: str, *, by: User, now: datetime
) -> None:
    """Refuse more minutes than the meeting has left, unless a reason is given, which the item keeps."""
    more = minutes - item.minutes
    if more <= 0 or item.status not in FIRM_ITEMS:
        return
    refusal = over_capacity(meeting, more)
    if refusal and not override_reason.strip():
        raise refusal
    if refusal:
        item.override_reason, item.override_by, item.override_at = override_reason.strip()[:500], by, now


def _record_change(item: AgendaItem, meeting: Meeting, *, by: User, now: datetime) -> None:
    record(
        "item.changed", by=by, now=now, subject=item, case=item.case_id, meeting=meeting.pk,
        unit=meeting.series.unit_id, data={"version": meeting.version},
    )  # fmt: skip


def _prepare_anew(item: AgendaItem, now: datetime) -> None:
    """Make and weigh the preparations that the new level asks for; of others those stay that somebody has taken."""
    if item.status not in FIRM_ITEMS:
        return
    asked = spec_of(item.case.definition_id).level(item.level).prep_minutes
    others = item.preparations.exclude(discipline__in=asked)
    untouched = others.filter(reader__isnull=True, carried_over_from__isnull=True, state__in=NOT_BEGUN)
    untouched.delete()
    prepare_item(item, now=now)


def _keep_break(item: AgendaItem) -> None:
    own = Meeting.objects.values_list("own_breaks", flat=True).get(pk=item.meeting_id)
    if not own or not item.position or all(one["after"] != item.pk for one in own):
        return
    before = AgendaItem.objects.filter(
        meeting=item.meeting_id, status__in=FIRM_ITEMS, position__lt=item.position
    ).order_by("position")
    previous = before.last()
    kept = {one["after"]: one["minutes"] for one in own if one["after"] != item.pk}
    if previous:
        kept.setdefault(previous.pk, next(one["minutes"] for one in own if one["after"] == item.pk))
    breaks = [{"after": after, "minutes": minutes} for after, minutes in kept.items()]
    Meeting.objects.filter(pk=item.meeting_id).update(own_breaks=breaks)
