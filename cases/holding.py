"""The place on an agenda that a case may hold: the floor above keeps it, and gives it up when the case ends.

As with panels (`cases.panels`), the floor above registers its own when Django is ready. Without one no case has a place.
"""

from datetime import datetime
from typing import Protocol

from accounts.models import User


class PlaceMoved(Exception):
    """Somebody moved the case to another place while this call waited for the one that it had: begin again."""


class Places(Protocol):
    """What the floor of meetings does with the place of a case that ends."""

    def hold(self, case_id: int) -> int | None:
        """Lock the meeting and the place of the case, and return which place; None without one. Before the case is locked."""

    def give_up(self, place: int, *, ending: str, by: User, now: datetime) -> None:
        """End the place that is held, in the same transaction: an ending, never a rebooking."""


_places: list[Places] = []


def register_places(places: Places) -> None:
    """Let `places` keep the places of cases; once."""
    if _places and _places[0] is not places:
        raise ValueError("the places of cases are registered twice")
    _places[:] = [places]


def hold_place(case_id: int) -> int | None:
    """Lock the place of the case on an agenda, if it has one, and return which; PlaceMoved when it was just moved."""
    return _places[0].hold(case_id) if _places else None


def give_up_place(place: int, *, ending: str, by: User, now: datetime) -> None:
    """End a place that `hold_place` has locked."""
    _places[0].give_up(place, ending=ending, by=by, now=now)
