"""How long an answer takes, as a curve: from counts by working day to probabilities. Pure: no database, no clock.

Time is counted in working days (`cases.workdays`): 0 is the beginning of the first working day, 1.5 the middle of the
second. Day n of a curve lies between n and n + 1.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import expm1, inf, log1p
from operator import neg

DAYS = 40
"""Working days that are counted one by one, eight weeks; after them the last day's share goes on."""

WEIGHT = 20
"""Answers that the coarser curve counts for beside a history of one's own (local choice)."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a history says of each working day: how many answers were still awaited on it, and how many came."""

    came: tuple[int, ...]
    awaited: tuple[int, ...]

    @property
    def answers(self) -> int:
        """How many answers the history holds."""
        return sum(self.came)


NO_HISTORY = Counts((0,) * DAYS, (0,) * DAYS)


@dataclass(frozen=True, slots=True)
class Curve:
    """Of those still awaited on each working day, the share that comes on it; and the sum of it, as logarithms."""

    shares: tuple[float, ...]
    fallen: tuple[float, ...]

    @classmethod
    def of(cls, shares: Sequence[float]) -> "Curve":
        """Return the curve of these daily shares, each at least 0 and below 1."""
        return cls(tuple(shares), tuple(accumulate((log1p(-share) for share in shares), initial=0.0)))

    def by(self, then: float, now: float = 0.0) -> float:
        """Return the probability (0-1) that an answer still awaited at `now` is there at `then`; both from the start."""
        return 0.0 - expm1(min(0.0, self._awaited(then) - self._awaited(now)))

    def time_of(self, share: float, now: float = 0.0) -> float:
        """Return when an answer still awaited at `now` is there with probability `share`, from the start.

        Infinite where the curve never comes that far.
        """
        now = max(0.0, now)
        sought = self._awaited(now) + log1p(-share)
        last = len(self.shares)
        day = max(int(now), bisect_left(self.fallen, -sought, key=neg) - 1)
        if day < last:
            slope = log1p(-self.shares[day])
            return day + (sought - self.fallen[day]) / slope if slope else float(day + 1)
        slope = log1p(-self.shares[-1])
        return last + (sought - self.fallen[last]) / slope if slope else inf

    def _awaited(self, at: float) -> float:
        """Return the logarithm of the share that is still awaited at `at`; within a day answers come evenly."""
        if at <= 0:
            return 0.0
        day = int(at)
        last = len(self.shares)
        if day >= last:
            return self.fallen[last] + (at - last) * log1p(-self.shares[-1])
        return self.fallen[day] + (at - day) * log1p(-self.shares[day])


def half_by(day: int, *, not_before: int = 0) -> Curve:
    """Return the curve of which half is there by the end of `day`, the same share each day, nothing before `not_before`."""
    share = 1 - 0.5 ** (1 / (day - not_before + 1))
    return Curve.of([0.0] * not_before + [share] * (DAYS - not_before))


def leaning(counts: Counts, coarser: Curve, weight: float = WEIGHT) -> Curve:
    """Return the curve of `counts` (Kaplan and Meier's daily shares), each leaning on the coarser curve's.

    The coarser one stands for `weight` answers that are awaited on every day: without history it is the answer, and
    against a rich one it weighs nothing.
    """
    return Curve.of(
        [
            (came + weight * share) / (awaited + weight)
            for came, awaited, share in zip(counts.came, counts.awaited, coarser.shares, strict=True)
        ]
    )


class Tally:
    """Counts in the making: one answer after the other, in constant memory."""

    def __init__(self) -> None:
        self.came = [0] * DAYS
        self._steps = [0] * (DAYS + 1)

    def add(self, first: int, last: int, *, has_come: bool) -> None:
        """Count an answer that was awaited from day `first` to day `last`, on which it came, or after which nobody looked.

        `first` is above 0 where the waiting was first seen later than it began: what had come before would not be
        known here. A span that ends before it begins tells nothing.
        """
        if last < first or first >= DAYS:
            return
        self._steps[first] += 1
        self._steps[min(last, DAYS - 1) + 1] -= 1
        if has_come and last < DAYS:
            self.came[last] += 1

    def counts(self) -> Counts:
        """Return what was counted."""
        return Counts(tuple(self.came), tuple(accumulate(self._steps[:DAYS])))
