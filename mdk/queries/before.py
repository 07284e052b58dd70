"""How things stand before a step: what it takes to undo it. Ids, minutes and codes alone."""

from collections.abc import Collection

from cases.models import Case
from mdk.enums import FIRM_ITEMS
from mdk.models import AgendaItem

Place = tuple[int, int, bool]
"""An item, its position, and whether the place is firm."""


def order_of(meeting_id: int) -> list[int]:
    """Return the items on the meeting's agenda, in order of position."""
    items = AgendaItem.objects.filter(meeting=meeting_id, position__isnull=False).order_by("position")
    return list(items.values_list("pk", flat=True))


def places_of(item_ids: Collection[int]) -> dict[int, Place]:
    """Return where each item stands that is on an agenda, by its id."""
    items = AgendaItem.objects.filter(pk__in=item_ids, position__isnull=False)
    rows = items.values_list("pk", "position", "status")
    return {pk: (pk, position, status in FIRM_ITEMS) for pk, position, status in rows if position is not None}


def levels_of(case_ids: Collection[int]) -> dict[int, str]:
    """Return the level of each case."""
    return dict(Case.objects.filter(pk__in=case_ids).values_list("pk", "level"))


def grades_of(item_ids: Collection[int]) -> dict[int, tuple[str, int]]:
    """Return the level and the minutes that each item has on its agenda."""
    rows = AgendaItem.objects.filter(pk__in=item_ids).values_list("pk", "level", "minutes")
    return {pk: (level, minutes) for pk, level, minutes in rows}
