"""Places on an agenda: booked, ordered, changed, lifted, taken off."""

from mdk.services.agenda.booking import book_case, settle_place
from mdk.services.agenda.order import move_item, order_by_rules, order_items, put_in_place, set_breaks
from mdk.services.agenda.places import (
    change_item,
    concerned_by,
    leave_agenda,
    lift_item,
    refresh_agenda,
    set_item_level,
    take_off,
)
from mdk.services.agenda.refusals import (
    FINAL,
    BookingRefused,
    already_booked,
    booking_refusal,
    lock_for_planning,
    planned_minutes,
)

__all__ = [
    "FINAL",
    "BookingRefused",
    "already_booked",
    "book_case",
    "booking_refusal",
    "change_item",
    "concerned_by",
    "leave_agenda",
    "lift_item",
    "lock_for_planning",
    "move_item",
    "order_by_rules",
    "order_items",
    "planned_minutes",
    "put_in_place",
    "refresh_agenda",
    "set_breaks",
    "set_item_level",
    "settle_place",
    "take_off",
]
