"""Taking back the last step of planning, as long as nobody else has changed the meeting since."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Stale
from accounts.models import User
from cases.services.editing import set_level
from events.queries import HistoryRow
from mdk.models import AgendaItem, Meeting
from mdk.queries.before import order_of
from mdk.queries.watching import change_by_others
from mdk.services.agenda import book_case, change_item, order_items, set_item_level, take_off
from mdk.transitions import lock_meeting


@dataclass(frozen=True, slots=True)
class Step:
    """What takes a step back: its kind, and ids, minutes and codes alone, since it waits in a session.

    `order` {"items": [id]}, `minutes` {"items": {id: minutes}}, `book` {"items": [id]}, `off` and `firm`
    {"places": [[id, position, whether it was firm]]}, `level` {"cases": {id: level}, "items": {id: [level, minutes]}}.
    """

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def undo_step(meeting_id: int, step: Step, *, version: int, seen: int, by: User, now: datetime) -> None:
    """Take `step` back: all of it or nothing. Who may: `plan_meeting`.

    Stale when the meeting is no longer at `version`, naming who did what since the event `seen`; Refused as by the
    service that does the opposite (a case that has left its level of readiness is not booked again, say).
    """
    meeting = lock_meeting(meeting_id)
    other = change_by_others(meeting_id, seen=seen, person=by)
    if other or meeting.version != version:
        raise stale(other, now)
    _BACK[step.kind](meeting, step.data, by, now)


def stale(other: HistoryRow | None, now: datetime) -> Stale:
    """Return the refusal that says who did what meanwhile (`change_by_others`)."""
    who = (other.who if other else "") or _("The system")
    message = _(
        "%(who)s has changed the meeting at %(at)s (%(what)s), so yours was not done. See it as it stands now."
    ) % {
        "who": who,
        "at": timezone.localtime(other.at if other else now).strftime("%H:%M"),
        "what": (other.sentence if other else _("changed")).lower(),
    }
    return Stale(message, extra={"changed_by": who})


def _order(meeting: Meeting, data: Mapping[str, Any], by: User, now: datetime) -> None:
    order_items(meeting.pk, data["items"], by=by, now=now)


def _minutes(meeting: Meeting, data: Mapping[str, Any], by: User, now: datetime) -> None:
    for item_id, minutes in data["items"].items():
        change_item(int(item_id), minutes=minutes, override_reason=_undone(), by=by, now=now)


def _level(meeting: Meeting, data: Mapping[str, Any], by: User, now: datetime) -> None:
    for item_id, (level, minutes) in sorted(data.get("items", {}).items()):
        set_item_level(int(item_id), level, reason=_undone(), override_reason=_undone(), by=by, now=now)
        change_item(int(item_id), minutes=minutes, override_reason=_undone(), by=by, now=now)
    for case_id, level in sorted(data.get("cases", {}).items()):
        set_level(int(case_id), level, reason=_undone(), by=by, now=now)


def _book(meeting: Meeting, data: Mapping[str, Any], by: User, now: datetime) -> None:
    for item_id in data["items"]:
        take_off(item_id, reason=_undone(), by=by, now=now, tells=False)


def _off(meeting: Meeting, data: Mapping[str, Any], by: User, now: datetime) -> None:
    """Book the cases again, each as it stood and where it stood."""
    for item_id, position, is_firm in sorted(data["places"], key=lambda place: place[1]):
        _again(AgendaItem.objects.get(pk=item_id, meeting=meeting), position, is_firm=is_firm, by=by, now=now)


def _firm(meeting: Meeting, data: Mapping[str, Any], by: User, now: datetime) -> None:
    """Give the cases the provisional places that they had."""
    for item_id, position, _is_firm in sorted(data["places"], key=lambda place: place[1]):
        take_off(item_id, reason=_undone(), by=by, now=now, tells=False)
        _again(AgendaItem.objects.get(pk=item_id, meeting=meeting), position, is_firm=False, by=by, now=now)


def _again(item: AgendaItem, position: int, *, is_firm: bool, by: User, now: datetime) -> None:
    new = book_case(
        item.meeting_id, item.case_id, by=by, now=now, level=item.level, minutes=item.minutes,
        provisional=not is_firm, override_reason=item.override_reason or (_undone() if is_firm else ""), previous=item,
    )  # fmt: skip
    order = [pk for pk in order_of(item.meeting_id) if pk != new.pk]
    order.insert(position - 1, new.pk)
    order_items(item.meeting_id, order, by=by, now=now)


def _undone() -> str:
    return _("The step before was undone.")


_Back = Callable[[Meeting, Mapping[str, Any], User, datetime], None]
_BACK: dict[str, _Back] = {
    "order": _order,
    "minutes": _minutes,
    "level": _level,
    "book": _book,
    "off": _off,
    "firm": _firm,
}
