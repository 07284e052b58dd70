"""A problem as the columns and rows of a mixed-integer programme, and what HiGHS makes of it. Pure.

One yes-or-no a case and slot on offer; rows for each case, for the minutes and the preparation of each meeting, and for
the weeks of readers, whose shared preparation flows between those who may read it.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil, inf
from types import ModuleType
from typing import Any, Final

from mdk.planning.demand import BALANCE, Candidate, Pool, Problem, Slot, Week
from mdk.planning.rooms import Rooms

NODES: Final = 5_000
"""Branches after which the search ends even within its time, so that the same problem gives the same plan."""

WIDER: Final = (0.15, 0.25, 0.5)
"""The share of all pairs among which whole places are sought, one after the other: the narrow ones are quick."""

PART: Final = 0.6
"""Of the time that is left, what each of them may take."""

_HALF = 0.5
_ALMOST_ONE = 0.999
_A_LITTLE = 1e-4

_Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Search:
    """Bounds of the pairs within which whole places are sought, and the part of the time that is left for it."""

    lower: Any
    upper: Any
    part: float
    is_whole: bool = False


class Model:
    """The programme of one problem; built once, solved or valued as often as wanted."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._waiting = Rooms(problem).waiting
        self._rows: dict[_Row, int] = {}
        self._bounds: list[tuple[float, float]] = []
        self._costs: list[float] = []
        self._entries: list[list[tuple[int, float]]] = []
        self.pairs: list[tuple[int, int]] = []
        """(case, meeting) of the first columns; those of readers come after them."""
        self.offset = 0
        for one in problem.candidates:
            self._add_case(one)
        for pool, minutes in self._waiting.items():
            self._row(("pool", pool), minutes, minutes)
        for row in [row for row in self._rows if row[0] == "pool"]:
            self._add_pool(row[1])
        for row in [row for row in self._rows if row[0] == "even"]:
            self._column(BALANCE, [(self._rows[row], -1.0)])

    def best(self, start: Mapping[int, int], *, seconds: float, gap: float) -> tuple[dict[int, int], int]:
        """Return the best places found in `seconds`, from `start` on, and what no places can cost less than.

        Shares of a place are allowed first: that gives the bound at once, decides most cases, and says what every
        place would cost more than it is worth. Then whole places are sought: for the undecided cases, among the
        cheapest pairs, and among wider ones, until the plan is within `gap` of the bound.
        """
        places, best = dict(start), self.value(start)
        if not self.pairs:
            return places, best
        ends = time.monotonic() + seconds
        shared = self._loaded()
        shared.setOptionValue("time_limit", seconds)
        shared.run()
        if shared.getModelStatus() != _highspy().HighsModelStatus.kOptimal:
            return places, 0
        bound = ceil(shared.getInfo().objective_function_value - _A_LITTLE)
        for search in self._searches(shared.getSolution()):
            left = ends - time.monotonic()
            if best - bound <= gap * best or left <= 0:
                break
            found, proven = self._sought(places, search, seconds=left, gap=gap)
            if (value := self.value(found)) < best:
                places, best = found, value
            bound = max(bound, proven) if search.is_whole else bound
        return places, min(bound, best)

    def _searches(self, shared: Any) -> Iterator["_Search"]:
        """Yield where whole places are sought, from narrow to wide, after the solution with shares of places."""
        numpy = _numpy()
        values = numpy.array(shared.col_value)[: len(self.pairs)]
        surplus = numpy.array(shared.col_dual)[: len(self.pairs)]
        everything, nothing = numpy.ones(len(self.pairs)), numpy.zeros(len(self.pairs))
        yield _Search((values > _ALMOST_ONE).astype(float), everything, PART)
        for share in WIDER:
            yield _Search(nothing, (surplus <= numpy.quantile(surplus, share)).astype(float), PART)
        yield _Search(nothing, everything, 1.0, is_whole=True)

    def _sought(
        self, start: Mapping[int, int], search: "_Search", *, seconds: float, gap: float
    ) -> tuple[dict[int, int], int]:
        """Return the best places of a search, and the bound for those that it allows."""
        numpy = _numpy()
        taken = numpy.array(self._taken(start))
        is_allowed = not search.lower.any()
        upper = numpy.maximum(taken, search.upper) if is_allowed else search.upper
        solver = self._loaded(lower=search.lower, upper=upper, is_whole=True)
        limits = {
            "time_limit": seconds * search.part,
            "mip_rel_gap": gap,
            "mip_abs_gap": _ALMOST_ONE,
            "mip_max_nodes": NODES,
        }
        for name, value in limits.items():
            solver.setOptionValue(name, value)
        if is_allowed:
            solver.setSolution(len(taken), numpy.arange(len(taken), dtype=numpy.int32), taken)
        solver.run()
        info = solver.getInfo()
        if info.primal_solution_status != _highspy().SolutionStatus.kSolutionStatusFeasible:
            return dict(start), 0
        values = solver.getSolution().col_value
        places = {case: meeting for (case, meeting), one in zip(self.pairs, values, strict=False) if one > _HALF}
        return places, ceil(max(0.0, info.mip_dual_bound) - _A_LITTLE)

    def value(self, places: Mapping[int, int]) -> int:
        """Return what the places cost, preparation shared as evenly as it can be. The places hold."""
        taken = self._taken(places)
        if len(self._costs) == len(self.pairs):
            return self.offset + round(sum(cost for cost, one in zip(self._costs, taken, strict=True) if one))
        solver = self._loaded(lower=taken, upper=taken)
        solver.run()
        return round(float(solver.getInfo().objective_function_value))

    def _taken(self, places: Mapping[int, int]) -> list[float]:
        return [float(places.get(case) == meeting) for case, meeting in self.pairs]

    def _add_case(self, one: Candidate) -> None:
        slots = self._problem.offers[one.case]
        if not slots:
            return
        costs = {slot.meeting: self._problem.cost(one, slot) for slot in slots}
        unplaced = self._problem.cost_unplaced(one)
        self.offset += unplaced
        for slot in slots:
            self.pairs.append((one.case, slot.meeting))
            self._column(costs[slot.meeting] - unplaced, list(self._uses(one, slot)))

    def _uses(self, one: Candidate, slot: Slot) -> Iterable[tuple[int, float]]:
        yield self._row(("case", one.case), -inf, 1), 1.0
        if one.minutes:
            yield self._row(("minutes", slot.meeting), -inf, slot.minutes), float(one.minutes)
        pools: dict[Pool, int] = {}
        for discipline, minutes in one.prep.items():
            if minutes and discipline in slot.prep:
                yield self._row(("prep", slot.meeting, discipline), -inf, slot.prep[discipline]), float(minutes)
            if minutes and (pool := self._problem.pool_of(one, slot, discipline)):
                pools[pool] = pools.get(pool, 0) + minutes
        if (total := sum(one.prep.values())) and slot.prep_total is not None:
            yield self._row(("total", slot.meeting), -inf, slot.prep_total), float(total)
        for pool, minutes in pools.items():
            waiting = self._waiting.get(pool, 0)
            yield self._row(("pool", pool), waiting, waiting), float(-minutes)

    def _add_pool(self, pool: Pool) -> None:
        """Let the preparation of a pool flow to its readers: as much as it is, within their weeks, unevenly at a price."""
        monday, readers = pool
        for reader in readers:
            week: Week = (reader, monday)
            limit = self._problem.limits[week]
            uses = [self._rows["pool", pool], self._row(("week", week), -inf, limit.free)]
            uses.append(self._row(("even", week), -inf, limit.even))
            self._column(0, [(row, 1.0) for row in uses])

    def _row(self, key: _Row, lower: float, upper: float) -> int:
        if key not in self._rows:
            self._rows[key] = len(self._bounds)
            self._bounds.append((lower, upper))
        return self._rows[key]

    def _column(self, cost: float, entries: list[tuple[int, float]]) -> None:
        self._costs.append(cost)
        self._entries.append(entries)

    def _loaded(self, *, lower: Any = None, upper: Any = None, is_whole: bool = False) -> Any:
        """Return a solver with the programme in it; `lower` and `upper` hold the pairs within narrower bounds than 0 and 1."""
        highspy, numpy = _highspy(), _numpy()
        count, cases = len(self._costs), len(self.pairs)
        programme = highspy.HighsLp()
        programme.num_col_, programme.num_row_, programme.offset_ = count, len(self._bounds), float(self.offset)
        programme.col_cost_ = numpy.array(self._costs, dtype=float)
        programme.col_lower_ = _extended(lower, 0.0, cases, 0.0, count)
        programme.col_upper_ = _extended(upper, 1.0, cases, inf, count)
        programme.row_lower_ = numpy.array([lower for lower, _upper in self._bounds], dtype=float)
        programme.row_upper_ = numpy.array([upper for _lower, upper in self._bounds], dtype=float)
        programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        programme.a_matrix_.start_ = numpy.cumsum([0, *map(len, self._entries)], dtype=numpy.int32)
        flat = [entry for column in self._entries for entry in column]
        programme.a_matrix_.index_ = numpy.array([row for row, _value in flat], dtype=numpy.int32)
        programme.a_matrix_.value_ = numpy.array([value for _row, value in flat], dtype=float)
        if is_whole:
            whole, parts = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
            programme.integrality_ = [whole] * cases + [parts] * (count - cases)
        solver = highspy.Highs()
        for name, value in {"output_flag": False, "threads": 1, "random_seed": 1}.items():
            solver.setOptionValue(name, value)
        solver.passModel(programme)
        return solver


def _highspy() -> ModuleType:
    """Return the solver, loaded when it is first asked for: it costs memory in every process that has it."""
    import highspy

    return highspy


def _numpy() -> ModuleType:
    import numpy

    return numpy


def _extended(given: Any, usual: float, cases: int, others: float, count: int) -> Any:
    """Return a bound for every column: what is given (else `usual`) for pairs, `others` for the rest."""
    numpy = _numpy()
    bounds = numpy.full(count, others)
    bounds[:cases] = usual if given is None else given
    return bounds
