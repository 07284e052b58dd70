"""The order of an agenda: by hand, by the rules of its series, and its breaks."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, Stale
from accounts.models import User
from accounts.queries import units_below
from checklists.enums import Discipline
from events.models import Event
from events.record import record
from events.registry import event_type
from mdk.enums import FIRM_ITEMS
from mdk.models import AgendaItem, Meeting, Preparation
from mdk.planning.ordering import OPERATED, Orderable, in_order, place_for
from mdk.services.agenda.refusals import lock_for_planning, not_on_agenda
from mdk.transitions import touch

LONGEST_BREAK = 120


@transaction.atomic
def order_items(
    meeting_id: int, item_ids: Sequence[int], *, by: User, now: datetime, version: int | None = None
) -> Meeting:
    """Put the agenda in the order of `item_ids`, which names every item on it once. Leaves `meeting.ordered`.

    With the `version` of the meeting that the person saw: Stale, naming who did what, when the agenda has been changed
    since, so that nobody's order is overwritten unseen. Without one: Invalid when an item is missing or too many. An
    order that stands already is a success.
    """
    meeting = lock_for_planning(meeting_id)
    items = {item.pk: item for item in _places(meeting).select_for_update(of=("self",))}
    if list(item_ids) == list(items):
        return meeting
    if version is not None:
        _refuse_stale(meeting, version, is_other_list=sorted(item_ids) != sorted(items))
    if sorted(item_ids) != sorted(items):
        raise Invalid(
            [FieldError("items", "incomplete", _("Name every item of the agenda once. Load it again: somebody may have changed it."))]
        )  # fmt: skip
    _number(items[pk] for pk in item_ids)
    touch(meeting)
    record(
        "meeting.ordered", by=by, now=now, subject=meeting, meeting=meeting.pk, unit=meeting.series.unit_id,
        data={"version": meeting.version},
    )  # fmt: skip
    return meeting


@transaction.atomic
def order_by_rules(meeting_id: int, *, by: User, now: datetime, version: int | None = None) -> Meeting:
    """Put the agenda in the order of the rules of its series; an order made by hand gives way. As `order_items`."""
    meeting = lock_for_planning(meeting_id)
    order = in_order(orderables(meeting), meeting.series.order_rules)
    return order_items(meeting_id, order, by=by, now=now, version=version)


@transaction.atomic
def move_item(item_id: int, steps: int, *, by: User, now: datetime) -> Meeting:
    """Move an item `steps` places down (negative: up) on its agenda; at the ends it stays."""
    meeting = lock_for_planning(AgendaItem.objects.values_list("meeting_id", flat=True).get(pk=item_id))
    order = list(_places(meeting).values_list("pk", flat=True))
    if item_id not in order:
        raise not_on_agenda()
    place = order.index(item_id)
    order.insert(max(0, min(len(order) - 1, place + steps)), order.pop(place))
    return order_items(meeting.pk, order, by=by, now=now)


def put_in_place(item: AgendaItem, meeting: Meeting) -> None:
    """Put an item of the locked meeting where the rules of the series want it among its neighbours, which keep their order."""
    others = orderables(meeting)
    mine = next(one for one in others if one.id == item.pk)
    others.remove(mine)
    places = {one.pk: one for one in _places(meeting)}
    order = [one.id for one in others]
    order.insert(place_for(mine, others, meeting.series.order_rules), item.pk)
    _number(places[pk] for pk in order)
    item.position = places[item.pk].position


@transaction.atomic
def set_breaks(meeting_id: int, breaks: Sequence[tuple[int, int]] | None, *, by: User, now: datetime) -> Meeting:
    """Set the breaks by hand, as (item that each follows, minutes); None: by the rule of the series again.

    Invalid for an item that has no firm place on the agenda or minutes that are not 1-120. Leaves `meeting.breaks`.
    """
    meeting = lock_for_planning(meeting_id)
    firm = set(meeting.items.filter(status__in=FIRM_ITEMS).values_list("pk", flat=True))
    if breaks is not None:
        if not {after for after, _minutes in breaks} <= firm:
            raise Invalid([FieldError("after", "unknown", _("A break follows a case that has a firm place here."))])
        if any(not 1 <= minutes <= LONGEST_BREAK for _after, minutes in breaks):
            raise Invalid([FieldError("minutes", "out-of-range", _("Give the minutes of a break, from 1 to 120."))])
    own = None if breaks is None else [{"after": after, "minutes": minutes} for after, minutes in dict(breaks).items()]
    if own == meeting.own_breaks:
        return meeting
    touch(meeting, own_breaks=own)
    record(
        "meeting.breaks", by=by, now=now, subject=meeting, meeting=meeting.pk, unit=meeting.series.unit_id,
        data={"version": meeting.version},
    )  # fmt: skip
    return meeting


def orderables(meeting: Meeting) -> list[Orderable]:
    """Return the places of the agenda as the rules of order see them, in their present order; three queries.

    A guest is who was written down for the case, else the unit that refers it when it lies outside the series' own.
    """
    items = _places(meeting).values("id", "level", "minutes", "status", "guest", "case__phase", "case__unit_id")
    rows = list(items)
    home = units_below([meeting.series.unit_id])
    readers: dict[tuple[int, str], int | None] = {}
    for item, discipline, reader in Preparation.objects.filter(item__in=[row["id"] for row in rows]).values_list(
        "item_id", "discipline", "reader_id"
    ):
        readers[item, discipline] = reader
    return [_orderable(row, home, readers) for row in rows]


def _orderable(row: dict[str, Any], home: frozenset[int], readers: dict[tuple[int, str], int | None]) -> Orderable:
    unit = row["case__unit_id"]
    return Orderable(
        id=row["id"],
        level=row["level"],
        is_operated=row["case__phase"] in OPERATED,
        minutes=row["minutes"],
        guest=row["guest"] or ("" if unit in home else f"unit {unit}"),
        readers=(readers.get((row["id"], Discipline.RADIOLOGY)), readers.get((row["id"], Discipline.PATHOLOGY))),
        is_firm=row["status"] in FIRM_ITEMS,
    )


def _places(meeting: Meeting) -> Any:
    return AgendaItem.objects.filter(meeting=meeting, position__isnull=False).order_by("position", "pk")


def _number(items: Iterable[AgendaItem]) -> None:
    """Give the items the positions from 1 on."""
    changed = []
    for position, item in enumerate(items, start=1):
        if item.position != position:
            item.position = position
            changed.append(item)
    AgendaItem.objects.bulk_update(changed, ["position"])


def _refuse_stale(meeting: Meeting, version: int, *, is_other_list: bool) -> None:
    """Stale when others put the agenda in order, or changed what is on it, after the version that was seen."""
    if meeting.version == version:
        return
    events = Event.objects.filter(meeting_id=meeting.pk).select_related("actor").order_by("-pk")
    if is_other_list:
        last = events.filter(kind__startswith="item.").first()
    else:
        last = events.filter(kind="meeting.ordered", data__version__gt=version).first()
    if last is None:
        return
    who = last.actor.name if last.actor else _("the system")
    at = timezone.localtime(last.at).strftime("%H:%M")
    raise Stale(
        _("%(who)s has changed the agenda (%(what)s, %(at)s). Load it again and make your change on top of that.")
        % {"who": who, "what": event_type(last.kind).label().lower(), "at": at},
        field="version",
        extra={"version": meeting.version, "changed_by": who},
    )
