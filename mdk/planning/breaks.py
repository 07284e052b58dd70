"""When each case of an agenda begins, with the breaks between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class BreakRule:
    """A break of `minutes` after so many minutes or cases since the last one, whichever comes first; None: not by it."""

    after_minutes: int | None
    after_cases: int | None
    minutes: int


@dataclass(frozen=True, slots=True)
class PlannedBreak:
    """A break that follows the item `after`; its length is in minutes."""

    after: int
    starts_at: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class Clock:
    """When each item begins, by its id, which breaks lie between them, and when the last item ends."""

    starts: dict[int, datetime]
    breaks: tuple[PlannedBreak, ...]
    ends_at: datetime


def clock_of(
    starts_at: datetime,
    items: Sequence[tuple[int, int]],
    rule: BreakRule | None,
    own: Sequence[Mapping[str, Any]] | None,
) -> Clock:
    """Return the clock of an agenda. `items` are (id, minutes) in order.

    `own`, a list of {"after": item id, "minutes": length}, stands instead of the rule when it is not None; a break
    after an item that is no longer there falls away. By the rule a break follows the item with which the minutes or
    the cases are reached; items of no minutes are no cases. There is no break when nothing is left to discuss.
    """
    chosen = None if own is None else {int(one["after"]): int(one["minutes"]) for one in own}
    last = max((place for place, (_id, minutes) in enumerate(items) if minutes), default=-1)
    clock, starts, breaks = starts_at, {}, []
    run_minutes = run_cases = 0
    for place, (item_id, minutes) in enumerate(items):
        starts[item_id] = clock
        clock += timedelta(minutes=minutes)
        run_minutes, run_cases = run_minutes + minutes, run_cases + (minutes > 0)
        length = chosen.get(item_id, 0) if chosen is not None else _due(rule, run_minutes, run_cases)
        if length and place < last:
            breaks.append(PlannedBreak(item_id, clock, length))
            clock += timedelta(minutes=length)
            run_minutes = run_cases = 0
    return Clock(starts, tuple(breaks), clock)


def _due(rule: BreakRule | None, minutes: int, cases: int) -> int:
    """Return the length of the break that is due after so many minutes and cases; 0 when none is."""
    if rule is None:
        return 0
    is_due = (rule.after_minutes and minutes >= rule.after_minutes) or (rule.after_cases and cases >= rule.after_cases)
    return rule.minutes if is_due else 0
