"""Which coming meeting a case that is not ready is expected at, and when that date moves (DESIGN.md, section 8).

Forecasts change by a little every hour; a date that people plan on must not. So a place is left by another measure
than it is found by (hysteresis):

- it is **found** at the first meeting with room for which the case is ready in time with `LIKELY` or more;
- it is **kept** for as long as that probability is `KEPT` or more and there is room by and large (`OVERFULL`);
- it moves **sooner** only when an earlier meeting has room and reaches `SURE`;
- where no meeting reaches `LIKELY`, the likeliest is told, but none below an even chance (`EVEN`), and a date moves
  to such a one only when it gains as much as lies between `LIKELY` and `KEPT`.

All five are local choices but `LIKELY`, which is the policy's (DESIGN.md, section 8).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mdk.enums import MoveReason

LIKELY: Final = 0.85
SURE: Final = 0.90
KEPT: Final = 0.70
EVEN: Final = 0.50
OVERFULL: Final = 1.10


@dataclass(frozen=True, slots=True)
class Option:
    """A coming meeting for a case: how likely it is ready in time (0-1), and how many minutes there are.

    `taken` are the minutes of firm places and those expected of the more urgent provisional ones. `is_open` says
    whether a place there may be taken up: its cut-off lies ahead and its round has not been held.
    """

    meeting: int
    probability: float
    capacity: int
    taken: float
    is_open: bool = True

    def has_room(self, minutes: int) -> bool:
        """Whether a place of `minutes` fits."""
        return self.taken + minutes <= self.capacity

    def has_room_still(self, minutes: int) -> bool:
        """Whether a place that is there already fits by and large."""
        return self.taken + minutes <= self.capacity * OVERFULL


@dataclass(frozen=True, slots=True)
class Choice:
    """Where the place should be (None: nowhere that is likely), and why it is not where it was."""

    option: Option | None
    reason: MoveReason


def first_option(options: Sequence[Option], minutes: int) -> Option | None:
    """Return the first meeting that is likely enough and has room, else the likeliest with at least an even chance.

    `options` are in order of time; of two alike the earlier.
    """
    roomy = [option for option in options if option.is_open and option.has_room(minutes)]
    likely = next((option for option in roomy if option.probability >= LIKELY), None)
    if likely is not None or not roomy:
        return likely
    best = max(roomy, key=lambda option: option.probability)
    return best if best.probability >= EVEN else None


def choose(
    held: Option, options: Sequence[Option], minutes: int, *, is_gone: MoveReason | None = None
) -> Choice | None:
    """Return where a place at `held` should move, or None when it stays. `options` are in order of time, `held` among them.

    `is_gone` is the reason for which it cannot stay, whatever its probability.
    """
    others = [option for option in options if option.meeting != held.meeting]
    if is_gone is not None:
        return Choice(first_option(others, minutes), is_gone)
    order = [option.meeting for option in options]
    place = order.index(held.meeting) if held.meeting in order else 0
    sooner = first_option([one for one in options[:place] if one.probability >= SURE], minutes)
    if sooner is not None:
        return Choice(sooner, MoveReason.SOONER)
    if not held.has_room_still(minutes):
        return Choice(first_option(others, minutes), MoveReason.NO_ROOM)
    if held.probability >= KEPT:
        return None
    better = first_option(others, minutes)
    if better is None:
        return Choice(None, MoveReason.LATER) if held.probability < EVEN - (LIKELY - KEPT) else None
    if better.probability < held.probability + (LIKELY - KEPT):
        return None
    is_later = order.index(better.meeting) > place
    return Choice(better, MoveReason.LATER if is_later else MoveReason.SOONER)
