"""The round at the cut-off: which ready cases get the firm places of a meeting (DESIGN.md, section 8). Pure.

1. The ready cases that hold a provisional place on the meeting, the most urgent first.
2. What is left over goes to ready cases of the next meeting of the series and to ready cases without a place,
   together, the most urgent first.

A case is seated when its minutes fit what is left of the discussion, and its preparation what is left of each discipline
that states a limit. One that does not fit is passed over, and a less urgent one that does is seated: a
short case may use what a long one cannot.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

Urgency = tuple[date, date, int]


@dataclass(frozen=True, slots=True)
class Entrant:
    """A ready case that asks for a place: its minutes of discussion, and of preparation by discipline.

    `urgency` is what cases are sorted by (`mdk.planning.urgency.urgency`).
    """

    case: int
    urgency: Urgency
    minutes: int
    preparation: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Left:
    """What a meeting has left, in minutes; None where it states no limit."""

    minutes: int
    preparation: Mapping[str, int | None] = field(default_factory=dict)

    def lacks(self, entrant: Entrant) -> str:
        """Return what is too little for the case: `discussion`, a discipline, or nothing."""
        if entrant.minutes > self.minutes:
            return "discussion"
        for discipline, wanted in entrant.preparation.items():
            limit = self.preparation.get(discipline)
            if wanted and limit is not None and wanted > limit:
                return discipline
        return ""

    def less(self, entrant: Entrant) -> "Left":
        """Return what is left when the case is seated."""
        return Left(
            self.minutes - entrant.minutes,
            {
                discipline: limit if limit is None else limit - entrant.preparation.get(discipline, 0)
                for discipline, limit in self.preparation.items()
            },
        )


@dataclass(frozen=True, slots=True)
class Seating:
    """Who gets a firm place, in the order in which it was given; who does not, with what was too little for them."""

    seated: tuple[int, ...]
    unseated: Mapping[int, str]


def seat(own: Iterable[Entrant], offered: Iterable[Entrant], left: Left) -> Seating:
    """Return the seating of the ready cases of the meeting (`own`) and of those that may have what is left over."""
    seated: list[int] = []
    unseated: dict[int, str] = {}
    for entrant in (*_by_urgency(own), *_by_urgency(offered)):
        if lacking := left.lacks(entrant):
            unseated[entrant.case] = lacking
            continue
        seated.append(entrant.case)
        left = left.less(entrant)
    return Seating(tuple(seated), unseated)


def _by_urgency(entrants: Iterable[Entrant]) -> Sequence[Entrant]:
    return sorted(entrants, key=lambda entrant: entrant.urgency)
