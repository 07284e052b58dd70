"""What is left of meetings and of readers' weeks while cases take their places one after the other. Pure.

Preparation is poured into the weeks of those who share it, minute by minute where it must be, so that it fits here
exactly when it fits in the optimiser's model: whoever is full hands over what another can read (augmenting paths).
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from mdk.planning.demand import Candidate, Pool, Problem, Slot


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What a case meets at a slot: `code` minutes, prep, prep-total or week; `of` the discipline, for prep and week."""

    code: str
    of: str = ""


class Rooms:
    """The room that is left. It begins with what is firm and with the preparation that nobody has taken yet."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.places: dict[int, int] = {}
        """The meeting of each case that has a place here."""
        self._minutes = {slot.meeting: slot.minutes for slot in problem.slots}
        self._prep = {(slot.meeting, name): free for slot in problem.slots for name, free in slot.prep.items()}
        self._total = {slot.meeting: slot.prep_total for slot in problem.slots if slot.prep_total is not None}
        self._free = {week: limit.free for week, limit in problem.limits.items()}
        self._flow: dict[Pool, dict[int, int]] = {}
        self._pools: defaultdict[tuple[int, date], set[Pool]] = defaultdict(set)
        self.waiting: dict[Pool, int] = {}
        """Of the preparation that nobody has taken, what the weeks hold. The rest is too much already and stays so."""
        for pool, minutes in sorted(problem.waiting.items(), key=lambda entry: (len(entry[0][1]), entry[0])):
            if limited := problem.limited(pool):
                self.waiting[limited] = self._pour(limited, minutes)

    def take(self, one: Candidate, slot: Slot) -> Obstacle | None:
        """Give the case the slot if it fits; else return the first thing in the way and leave all as it was."""
        if obstacle := self._too_much(one, slot):
            return obstacle
        poured: list[tuple[Pool, int]] = []
        for discipline, minutes in sorted(one.prep.items()):
            pool = self.problem.pool_of(one, slot, discipline)
            if pool is None or not minutes:
                continue
            done = self._pour(pool, minutes)
            poured.append((pool, done))
            if done < minutes:
                for back, amount in poured:
                    self._draw(back, amount)
                return Obstacle("week", discipline)
        self._count(one, slot, -1)
        self.places[one.case] = slot.meeting
        return None

    def leave(self, one: Candidate) -> Slot:
        """Take the place of the case back and return its slot."""
        slot = self.problem.by_meeting[self.places.pop(one.case)]
        self._count(one, slot, 1)
        for discipline, minutes in one.prep.items():
            if pool := self.problem.pool_of(one, slot, discipline):
                self._draw(pool, minutes)
        return slot

    def obstacle(self, one: Candidate, slot: Slot) -> Obstacle | None:
        """Return what is in the way of the case, which has no place yet, at the slot; None when it fits."""
        obstacle = self.take(one, slot)
        if obstacle is None:
            self.leave(one)
        return obstacle

    def _too_much(self, one: Candidate, slot: Slot) -> Obstacle | None:
        if one.minutes > self._minutes[slot.meeting]:
            return Obstacle("minutes")
        for discipline, minutes in sorted(one.prep.items()):
            if minutes and minutes > self._prep.get((slot.meeting, discipline), minutes):
                return Obstacle("prep", discipline)
        needed = sum(one.prep.values())
        if needed and needed > self._total.get(slot.meeting, needed):
            return Obstacle("prep-total")
        return None

    def _count(self, one: Candidate, slot: Slot, sign: int) -> None:
        self._minutes[slot.meeting] += sign * one.minutes
        for discipline, minutes in one.prep.items():
            if (slot.meeting, discipline) in self._prep:
                self._prep[slot.meeting, discipline] += sign * minutes
        if slot.meeting in self._total:
            self._total[slot.meeting] += sign * sum(one.prep.values())

    def _pour(self, pool: Pool, minutes: int) -> int:
        """Pour as many of `minutes` as fit into the weeks of the pool and return how many did."""
        left = minutes
        while left and (path := self._path(pool, left)):
            left -= self._push(path, left)
        return minutes - left

    def _draw(self, pool: Pool, minutes: int) -> None:
        """Take `minutes` out again, from whoever of the pool has most of it."""
        flow = self._flow.get(pool, {})
        while minutes:
            reader = max(flow, key=lambda reader: (flow[reader], -reader))
            amount = min(minutes, flow[reader])
            self._shift(pool, reader, -amount)
            minutes -= amount

    def _path(self, pool: Pool, wanted: int) -> list[tuple[Pool, int]]:
        """Return how room is reached: (pool, reader) after (pool, reader), each handing its own over to the next.

        The last reader has room. Empty when there is none to be reached.
        """
        monday = pool[0]
        came: dict[Pool, tuple[Pool, int] | None] = {pool: None}
        todo = deque([pool])
        while todo:
            here = todo.popleft()
            if (reader := self._freest(here, wanted)) is not None:
                path = [(here, reader)]
                while step := came[path[0][0]]:
                    path.insert(0, step)
                return path
            for reader in here[1]:
                for other in sorted(self._pools[reader, monday]):
                    if other not in came:
                        came[other] = (here, reader)
                        todo.append(other)
        return []

    def _freest(self, pool: Pool, wanted: int) -> int | None:
        """Return the reader with room whose week is least used, before those who cannot take all of `wanted`."""
        monday, readers = pool
        free = [reader for reader in readers if self._free[reader, monday] > 0]

        def order(reader: int) -> tuple[bool, float, int]:
            left = self._free[reader, monday]
            return left < wanted, -left / self.problem.limits[reader, monday].capacity, reader

        return min(free, key=order, default=None)

    def _push(self, path: list[tuple[Pool, int]], wanted: int) -> int:
        """Push minutes along the path and return how many went."""
        last_pool, last = path[-1]
        handed = [self._flow[after][reader] for (_here, reader), (after, _r) in pairwise(path)]
        amount = min([wanted, self._free[last, last_pool[0]], *handed])
        for (here, reader), (after, _r) in pairwise(path):
            self._shift(after, reader, -amount)
            self._shift(here, reader, amount)
        self._shift(last_pool, last, amount)
        return amount

    def _shift(self, pool: Pool, reader: int, amount: int) -> None:
        flow = self._flow.setdefault(pool, {})
        flow[reader] = flow.get(reader, 0) + amount
        self._free[reader, pool[0]] -= amount
        if flow[reader]:
            self._pools[reader, pool[0]].add(pool)
        else:
            del flow[reader]
            self._pools[reader, pool[0]].discard(pool)


def in_turn(
    problem: Problem, order: Iterable[Candidate], choose: Callable[[Candidate, Slot], int] | None = None
) -> Rooms:
    """Let each case, in `order`, take the first slot on offer that holds it: the soonest, or the cheapest by `choose`."""
    rooms = Rooms(problem)
    for one in order:
        slots: Iterable[Slot] = problem.offers[one.case]
        if choose:
            slots = sorted(slots, key=lambda slot: choose(one, slot))
        for slot in slots:
            if rooms.take(one, slot) is None:
                break
    return rooms


def first_come(problem: Problem) -> Rooms:
    """Place the cases in the order in which they were referred, each at the next free slot: what is done today."""
    return in_turn(problem, sorted(problem.candidates, key=lambda one: (one.since, one.case)))


def most_urgent_first(problem: Problem) -> Rooms:
    """Place the cases by the day on which they are due, each at its cheapest slot: where the optimiser begins."""
    return in_turn(problem, sorted(problem.candidates, key=lambda one: (one.due_on, one.since, one.case)), problem.cost)


def improved(problem: Problem, places: Mapping[int, int]) -> dict[int, int]:
    """Return the places with each case moved to a cheaper slot that still holds it, those without a place first.

    Nothing that is placed loses its place; a slot counts as cheaper when the preparation on top cannot outweigh it.
    """
    rooms = placed(problem, places)
    for one in sorted(problem.candidates, key=lambda one: (one.case in rooms.places, one.due_on, one.case)):
        had = rooms.leave(one) if one.case in rooms.places else None
        cost = problem.cost(one, had) if had else problem.cost_unplaced(one)
        cheaper = [slot for slot in problem.offers[one.case] if problem.cost(one, slot) + sum(one.prep.values()) < cost]
        cheaper.sort(key=lambda slot: (problem.cost(one, slot), slot.on, slot.meeting))
        if all(rooms.take(one, slot) for slot in cheaper) and had:
            rooms.take(one, had)
    return rooms.places


def placed(problem: Problem, places: Mapping[int, int]) -> Rooms:
    """Return the rooms with these places taken; a place that does not hold is left out."""
    rooms = Rooms(problem)
    for one in problem.candidates:
        if one.case in places:
            rooms.take(one, problem.by_meeting[places[one.case]])
    return rooms
