"""What there is to place and where there is room: the values of the proposed agenda, and what each place costs.

Pure. Minutes are whole; costs are in whole units of a tenth of a patient's day of waiting (docs/adr/0014).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Final

WAITED_DAY: Final = 10
"""A day that a case waits after the first meeting on offer: breaks ties, so that no place is left empty."""

LATE_DAY: Final = (200, 400, 600)
"""A day after the pathway's limit: in the first week, in the second, after that. It rises, so that nobody waits longest
of all for the sake of the sum: that is the fairness between patients."""

PROMISE_WEIGHT: Final = 2
"""A day after the promised date weighs so many times a day after the pathway's limit."""

PUBLISHED_CHANGE: Final = 50
"""A case added to a list that is published already, or a provisional one taken off it: less than a week of waiting."""

MOVED_DATE: Final = 20
"""A provisional date that is moved: somebody was told of it."""

BALANCE: Final = 1
"""A minute of preparation above `EVEN_SHARE` of a reader's week."""

EVEN_SHARE: Final = 0.8
"""Up to this share of the week a reader's load is even enough (local)."""

UNPLACED_DAYS: Final = 21
"""A case that gets no place counts as placed so many days after the last meeting on offer: more than any change costs."""

Pool = tuple[date, tuple[int, ...]]
"""The Monday of a week and the readers who may share some preparation that is due in it."""

Week = tuple[int, date]
"""A reader and the Monday of a week."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A coming meeting: what it still holds beside what is firm.

    `minutes` of discussion; `prep` minutes of preparation by discipline, and `prep_total` in all, where stated.
    `week` is the Monday of the week in which its preparation is due.
    """

    meeting: int
    on: date
    week: date
    minutes: int
    prep: Mapping[str, int] = field(default_factory=dict)
    prep_total: int | None = None
    is_published: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case that waits.

    `chances` has, for each meeting that takes it, the probability (0-1) that it is ready in time and stays so; `barred`
    the functions of its quorum that a meeting lacks, by meeting.

    A ready case gets a firm place, so only meetings with the chance 1; another one a provisional place where it is
    likely. A provisional place counts its whole minutes: it is likely to need them. `held` is the meeting of the
    provisional place that it has. `since` orders those who came first.
    """

    case: int
    diagnosis: int
    is_ready: bool
    minutes: int
    since: date
    chances: Mapping[int, float]
    prep: Mapping[str, int] = field(default_factory=dict)
    barred: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    limit_on: date | None = None
    promised_on: date | None = None
    held: int | None = None

    @property
    def due_on(self) -> date:
        """The day by which it should be taken up: the promised date or the limit, whichever comes first."""
        return min(self.promised_on or date.max, self.limit_on or date.max)

    def lateness(self, on: date) -> int:
        """Return how many days after its limit and after its promised date the day `on` lies, added."""
        return _days_after(on, self.limit_on) + _days_after(on, self.promised_on)


@dataclass(frozen=True, slots=True)
class ReaderLimit:
    """A reader's week in minutes: what there is, and what is planned or done already."""

    capacity: int
    planned: int

    @property
    def free(self) -> int:
        """What is left of the week; never below 0, though what is there already may exceed it."""
        return max(0, self.capacity - self.planned)

    @property
    def even(self) -> int:
        """What may come on top before the week is more than evenly used."""
        return max(0, int(self.capacity * EVEN_SHARE) - self.planned)


@dataclass(frozen=True)
class Problem:
    """All there is to decide. `likely` is the probability from which a provisional place is given.

    `readers` says who may prepare for (meeting, discipline, diagnosis); a key that is missing sets no limit, an empty
    tuple means that nobody does. `limits` holds the weeks of readers with a stated capacity. `waiting` is preparation
    of firm places, of these or other meetings, that nobody has taken yet.
    """

    slots: tuple[Slot, ...]
    candidates: tuple[Candidate, ...]
    likely: float
    readers: Mapping[tuple[int, str, int], tuple[int, ...]] = field(default_factory=dict)
    limits: Mapping[Week, ReaderLimit] = field(default_factory=dict)
    waiting: Mapping[Pool, int] = field(default_factory=dict)

    @cached_property
    def by_meeting(self) -> dict[int, Slot]:
        """The slots by meeting."""
        return {slot.meeting: slot for slot in self.slots}

    @cached_property
    def first_on(self) -> date:
        """The day of the first meeting on offer."""
        return min((slot.on for slot in self.slots), default=date.min)

    @cached_property
    def beyond_on(self) -> date:
        """The day on which a case without a place is counted as taken up."""
        return max((slot.on for slot in self.slots), default=date.min) + timedelta(days=UNPLACED_DAYS)

    @cached_property
    def offers(self) -> dict[int, tuple[Slot, ...]]:
        """The slots that each case may have, by case, soonest first: ready or likely, and somebody there to discuss and prepare it."""
        by_time = sorted(self.slots, key=lambda slot: (slot.on, slot.meeting))
        return {one.case: tuple(slot for slot in by_time if self.is_offered(one, slot)) for one in self.candidates}

    def is_offered(self, one: Candidate, slot: Slot) -> bool:
        """Whether the case may have the slot when nobody else asks for it."""
        chance = one.chances.get(slot.meeting, 0.0)
        is_in_time = chance >= 1.0 if one.is_ready else chance >= self.likely
        return is_in_time and slot.meeting not in one.barred and not self.unread(one, slot)

    def unread(self, one: Candidate, slot: Slot) -> str:
        """Return the discipline of which nobody may prepare the case for the slot, or nothing."""
        keys = ((slot.meeting, discipline, one.diagnosis) for discipline, minutes in one.prep.items() if minutes)
        return next((key[1] for key in keys if self.readers.get(key) == ()), "")

    def pool_of(self, one: Candidate, slot: Slot, discipline: str) -> Pool | None:
        """Return who shares the preparation of the case for the slot; None where no week limits it."""
        readers = self.readers.get((slot.meeting, discipline, one.diagnosis))
        return self.limited((slot.week, readers)) if readers else None

    def limited(self, pool: Pool) -> Pool | None:
        """Return the pool when each of its readers has a stated week, else None: whoever has none can take it."""
        monday, readers = pool
        return pool if all((reader, monday) in self.limits for reader in readers) else None

    def cost(self, one: Candidate, slot: Slot) -> int:
        """Return what the slot costs the case: waiting, lateness, and changes of what people were told."""
        return self._waited(one, slot.on) + self._changed(one, slot)

    def cost_unplaced(self, one: Candidate) -> int:
        """Return what it costs that the case gets no slot: the waiting and the lateness of the horizon's end."""
        return self._waited(one, self.beyond_on)

    def _waited(self, one: Candidate, on: date) -> int:
        late = _rising(_days_after(on, one.limit_on)) + PROMISE_WEIGHT * _rising(_days_after(on, one.promised_on))
        return WAITED_DAY * (on - self.first_on).days + late

    def _changed(self, one: Candidate, slot: Slot) -> int:
        if one.held == slot.meeting:
            return 0
        left = self.by_meeting.get(one.held) if one.held is not None else None
        changes = slot.is_published + bool(left and left.is_published)
        return PUBLISHED_CHANGE * changes + MOVED_DATE * (one.held is not None)


def _days_after(on: date, limit: date | None) -> int:
    return max(0, (on - limit).days) if limit else 0


def _rising(days: int) -> int:
    """Return the cost of so many days of lateness: convex, a week at each rate and the rest at the last."""
    first, second, after = LATE_DAY
    return first * min(days, 7) + second * min(max(0, days - 7), 7) + after * max(0, days - 14)
