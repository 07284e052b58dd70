"""The same step for several cases at once: each gets its own answer, and what one refuses stops no other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.errors import Refused
from accounts.models import User
from mdk.enums import ItemStatus
from mdk.models import AgendaItem, Meeting
from mdk.services.agenda import BookingRefused, book_case, order_items, set_item_level, take_off
from mdk.services.agenda.refusals import not_on_agenda
from mdk.services.rebooking import rebook_item
from mdk.transitions import lock_meeting


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one of them: `id` is what was asked for (a case or an item), `item` the place that it has now.

    `why` is the sentence of the refusal and `code` its code; both are empty when it was done.
    """

    id: int
    item: int | None
    why: str = ""
    code: str = ""

    @property
    def is_done(self) -> bool:
        """Whether it was done."""
        return not self.code


@transaction.atomic
def book_many(
    meeting_id: int,
    case_ids: Sequence[int],
    *,
    by: User,
    now: datetime,
    provisional: bool | None = None,
    level: str = "",
    override_reason: str = "",
) -> list[Answer]:
    """Book the cases on the meeting in the order given, until it is full and beyond for those that then fit.

    `provisional` None: firm where the case is ready, else provisional. Who may, and what is refused: as `book_case`.
    """
    locked = {meeting_id, *_held_elsewhere(case_ids)}
    _lock(locked)

    def book(case_id: int) -> AgendaItem:
        try:
            with transaction.atomic():
                return book_case(
                    meeting_id, case_id, by=by, now=now, level=level, provisional=bool(provisional),
                    override_reason=override_reason, among=locked,
                )  # fmt: skip
        except BookingRefused as refusal:
            if provisional is not None or refusal.code != "not-ready":
                raise
        return book_case(meeting_id, case_id, by=by, now=now, level=level, provisional=True, among=locked)

    return [_answer(case_id, book) for case_id in case_ids]


def rebook_many(
    item_ids: Sequence[int], *, reason: str, note: str = "", meeting_id: int | None = None, by: User, now: datetime
) -> list[Answer]:
    """Rebook the items for one coded reason, to `meeting_id` or each where `rebook_item` sends it.

    Each in a transaction of its own: where one goes depends on where those before it went.
    """

    def rebook(item_id: int) -> AgendaItem | None:
        return rebook_item(item_id, reason=reason, note=note, meeting_id=meeting_id, by=by, now=now).item

    return [_answer(item_id, rebook) for item_id in item_ids]


@transaction.atomic
def take_off_many(item_ids: Sequence[int], *, reason: str, by: User, now: datetime) -> list[Answer]:
    """Take the items off their agendas for one reason."""
    _lock(_meetings_of(item_ids))
    return [_answer(item_id, lambda pk: take_off(pk, reason=reason, by=by, now=now)) for item_id in item_ids]


@transaction.atomic
def level_many(item_ids: Sequence[int], *, level: str, reason: str, by: User, now: datetime) -> list[Answer]:
    """Give the cases of the items another level, with one reason (`set_item_level`)."""
    _lock(_meetings_of(item_ids))
    return [
        _answer(item_id, lambda pk: set_item_level(pk, level, reason=reason, by=by, now=now)) for item_id in item_ids
    ]


@transaction.atomic
def move_many(
    meeting_id: int, item_ids: Sequence[int], *, before: int | None, version: int | None = None, by: User, now: datetime
) -> Meeting:
    """Move the items together, in the order given, before the item `before` (None: last). All or nothing.

    BookingRefused `not-on-agenda` when one of them has left; Stale as `order_items`.
    """
    _lock({meeting_id})
    places = AgendaItem.objects.filter(meeting_id=meeting_id, position__isnull=False).order_by("position", "pk")
    order = list(places.values_list("pk", flat=True))
    if not {*item_ids, *([before] if before else [])} <= set(order):
        raise not_on_agenda()
    following = order[order.index(before) :] if before else []
    # The one to stand before may itself be among those that move: then it is the next that stays.
    anchor = next((pk for pk in following if pk not in item_ids), None)
    rest = [pk for pk in order if pk not in item_ids]
    place = rest.index(anchor) if anchor else len(rest)
    wanted = [*rest[:place], *dict.fromkeys(item_ids), *rest[place:]]
    return order_items(meeting_id, wanted, version=version, by=by, now=now)


def _answer(pk: int, do: Callable[[int], AgendaItem | None]) -> Answer:
    """Do it for one, in a savepoint of its own, and say what became of it."""
    try:
        with transaction.atomic():
            item = do(pk)
    except AgendaItem.DoesNotExist:
        refusal: Refused = not_on_agenda()
    except Refused as error:
        refusal = error
    else:
        return Answer(pk, item.pk if item else None)
    return Answer(pk, None, refusal.message, refusal.code)


def _lock(meeting_ids: set[int]) -> None:
    """Lock the meetings by key, before any case: two people who move many cases towards each other wait in turn."""
    for pk in sorted(meeting_ids):
        lock_meeting(pk)


def _meetings_of(item_ids: Sequence[int]) -> set[int]:
    return set(AgendaItem.objects.filter(pk__in=item_ids).values_list("meeting_id", flat=True))


def _held_elsewhere(case_ids: Sequence[int]) -> set[int]:
    given = AgendaItem.objects.filter(case__in=case_ids, status=ItemStatus.PROVISIONAL, added_by__isnull=True)
    return set(given.values_list("meeting_id", flat=True))
