"""Which meeting each case goes to: an assignment with capacities, solved within a time (docs/adr/0014). Pure."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mdk.planning.demand import Problem
from mdk.planning.model import Model
from mdk.planning.rooms import first_come, improved, most_urgent_first

GAP: Final = 0.02
"""A plan proven to cost at most this share more than it must is called proven."""

_SOUGHT = 0.005
_SEARCHING = 0.8


@dataclass(frozen=True, slots=True)
class Plan:
    """Where each case goes (`places`: case -> meeting), and how good that is.

    `objective` is what the plan costs (`mdk.planning.demand`; cases that no meeting can have are not in it), and no plan
    costs less than `bound`. `gap` is the share of the objective that is not proven, `proven` whether that is at most
    `GAP`. `seconds` it took.
    """

    places: Mapping[int, int]
    objective: int
    bound: int
    gap: float
    seconds: float
    proven: bool


def solve(problem: Problem, *, seconds: float) -> Plan:
    """Return the best plan that is found in `seconds`; there always is one, at worst what people do by hand.

    The same problem gives the same plan unless time runs out: one thread, a fixed seed, a fixed number of branches.
    """
    began = time.monotonic()
    model = Model(problem)
    options = [improved(problem, rooms.places) for rooms in (most_urgent_first(problem), first_come(problem))]
    valued = [(model.value(places), places) for places in options]
    _value, start = min(valued, key=_cost)
    left = max(0.1, _SEARCHING * seconds - (time.monotonic() - began))
    best, bound = model.best(start, seconds=left, gap=_SOUGHT)
    best = improved(problem, best)
    objective, places = min([(model.value(best), best), *valued], key=_cost)
    bound = min(bound, objective)
    gap = (objective - bound) / objective if objective else 0.0
    return Plan(places, objective, bound, gap, time.monotonic() - began, gap <= GAP)


def value_of(problem: Problem, places: Mapping[int, int]) -> int:
    """Return what places that hold cost."""
    return Model(problem).value(places)


def _cost(option: tuple[int, dict[int, int]]) -> int:
    return option[0]
