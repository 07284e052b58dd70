"""Steps for several cases at once that are no booking: their level, and provisional places made firm."""

from collections.abc import Callable, Sequence
from datetime import datetime

from accounts.errors import Refused
from accounts.models import User
from cases.services.editing import set_level
from mdk.services.bulk import Answer
from mdk.services.firming import make_firm


def level_cases(case_ids: Sequence[int], *, level: str, reason: str, by: User, now: datetime) -> list[Answer]:
    """Set the level of each case, as `set_level` does; what one refuses stops no other. The caller has checked the rights."""
    return [_answer(pk, lambda pk: set_level(pk, level, reason=reason, by=by, now=now)) for pk in case_ids]


def firm_many(item_ids: Sequence[int], *, override_reason: str = "", by: User, now: datetime) -> list[Answer]:
    """Make each provisional place firm, in the order given, as `make_firm` does; what one refuses stops no other."""
    return [
        _answer(pk, lambda pk: make_firm(pk, by=by, now=now, override_reason=override_reason), is_item=True)
        for pk in item_ids
    ]


def _answer(pk: int, do: Callable[[int], object], *, is_item: bool = False) -> Answer:
    try:
        do(pk)
    except Refused as refusal:
        return Answer(pk, None, refusal.message, refusal.code)
    return Answer(pk, pk if is_item else None)
