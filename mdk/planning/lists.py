"""What differs between two lists of one meeting."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Line = dict[str, Any]
"""One place of a published list: item, case, level, position (from 1) and minutes."""

ADDED, TAKEN_OFF, MOVED, LEVEL, MINUTES = "added", "taken_off", "moved", "level", "minutes"


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one case between two lists: `before` and `after` are its lines, None where it was not on it."""

    kind: str
    case: int
    before: Line | None
    after: Line | None


def differences(before: Sequence[Line], after: Sequence[Line]) -> list[Difference]:
    """Return what differs between two lists, in the order of the later one, what was taken off last.

    Moved are the fewest cases that explain the new order; who only changes number because others come or go has not
    moved. A case can have both moved and got another level.
    """
    old = {line["case"]: line for line in before}
    new = {line["case"]: line for line in after}
    moved = _moved([case for case in old if case in new], [case for case in new if case in old])
    found = []
    for case, line in new.items():
        earlier = old.get(case)
        if earlier is None:
            found.append(Difference(ADDED, case, None, line))
            continue
        kinds = [MOVED] * (case in moved) + [name for name in (LEVEL, MINUTES) if earlier[name] != line[name]]
        # A level brings its own minutes: said once.
        found += [Difference(kind, case, earlier, line) for kind in kinds if not (kind == MINUTES and LEVEL in kinds)]
    return found + [Difference(TAKEN_OFF, case, line, None) for case, line in old.items() if case not in new]


def _moved(before: Sequence[int], after: Sequence[int]) -> set[int]:
    """Return the fewest of the cases that, put elsewhere, make `after` of `before`: all but a longest rising run."""
    place = {case: index for index, case in enumerate(before)}
    ends: list[int] = []
    chains: list[tuple[int, ...]] = []
    for case in after:
        length = bisect_left(ends, place[case])
        chain = (*(chains[length - 1] if length else ()), case)
        if length == len(ends):
            ends.append(place[case])
            chains.append(chain)
        else:
            ends[length], chains[length] = place[case], chain
    return set(after) - set(chains[-1] if chains else ())
