"""Placement against brute force on small problems: feasible, as good as proven, never worse than by hand, the same each time."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import combinations, product

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mdk.planning.demand import BALANCE, Candidate, Pool, Problem, ReaderLimit, Slot
from mdk.planning.placement import GAP, Plan, solve, value_of
from mdk.planning.rooms import Obstacle, Rooms, first_come, most_urgent_first

MONDAY = date(2026, 11, 23)
NAMES = ("radiology", "pathology")
LIKELY = 0.85

small = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
days = st.integers(0, 30).map(lambda ahead: MONDAY + timedelta(days=ahead))
minutes = st.sampled_from([0, 3, 5, 8])
seldom = st.integers(0, 4).map(lambda number: number == 4)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Draw up to three slots in two weeks and up to four cases; two readers of radiology and one of pathology."""
    slots = tuple(
        Slot(
            meeting=number,
            on=MONDAY + timedelta(days=draw(st.integers(0, 11))),
            week=MONDAY + timedelta(days=7 * draw(st.integers(0, 1))),
            minutes=draw(st.sampled_from([0, 10, 15, 40])),
            prep={name: draw(st.integers(0, 20)) for name in NAMES if draw(seldom)},
            prep_total=draw(st.integers(0, 30)) if draw(seldom) else None,
            is_published=draw(st.booleans()),
        )
        for number in range(1, draw(st.integers(1, 3)) + 1)
    )
    meetings = [slot.meeting for slot in slots]
    readers: dict[tuple[int, str, int], tuple[int, ...]] = {}
    for meeting, diagnosis in product(meetings, (1, 2)):
        if not draw(seldom):
            readers[meeting, "radiology", diagnosis] = draw(st.sampled_from([(1,), (2,), (1, 2), ()]))
        if not draw(seldom):
            readers[meeting, "pathology", diagnosis] = (3,)
    weeks = {MONDAY, MONDAY + timedelta(days=7)}
    limits = {
        (reader, monday): ReaderLimit(draw(st.integers(0, 24)), draw(st.integers(0, 8)))
        for reader, monday in product((1, 2, 3), sorted(weeks))
        if not draw(seldom)
    }
    waiting = draw(
        st.dictionaries(
            st.sampled_from([(MONDAY, (1,)), (MONDAY, (1, 2)), (MONDAY, (3,))]), st.integers(1, 6), max_size=2
        )
    )
    candidates = tuple(draw(_candidate(number, meetings)) for number in range(1, draw(st.integers(0, 4)) + 1))
    return Problem(slots, candidates, LIKELY, readers, limits, waiting)


@st.composite
def _candidate(draw: st.DrawFn, case: int, meetings: list[int]) -> Candidate:
    is_ready = draw(st.booleans())
    chance = st.sampled_from([1.0, 1.0, 0.0]) if is_ready else st.sampled_from([0.2, 0.84, 0.85, 0.97])
    return Candidate(
        case=case,
        diagnosis=draw(st.sampled_from([1, 2])),
        is_ready=is_ready,
        minutes=draw(minutes),
        since=draw(days),
        chances={meeting: draw(chance) for meeting in meetings if not draw(seldom)},
        prep={name: draw(minutes) for name in NAMES if not draw(seldom)},
        barred={meeting: ("pathologist",) for meeting in meetings if draw(seldom)},
        limit_on=draw(st.one_of(st.none(), days)),
        promised_on=draw(st.one_of(st.none(), days)),
        held=draw(st.one_of(st.none(), st.sampled_from(meetings))),
    )


def demands(problem: Problem, places: Mapping[int, int]) -> Counter[Pool]:
    """Return the preparation of each pool of readers, what waits included; written anew, not as the planner counts."""
    found: Counter[Pool] = Counter()
    for (monday, readers), amount in problem.waiting.items():
        if all((reader, monday) in problem.limits for reader in readers):
            found[monday, readers] += amount
    by_meeting = {slot.meeting: slot for slot in problem.slots}
    for one in problem.candidates:
        if one.case not in places:
            continue
        slot = by_meeting[places[one.case]]
        for name, amount in one.prep.items():
            readers = problem.readers.get((slot.meeting, name, one.diagnosis))
            if amount and readers and all((reader, slot.week) in problem.limits for reader in readers):
                found[slot.week, readers] += amount
    return found


def over(problem: Problem, places: Mapping[int, int], *, even: bool) -> int:
    """Return the minutes that do not fit the readers' weeks however they share them (Hall's condition), week by week."""
    found, total = demands(problem, places), 0
    for monday in {pool[0] for pool in found}:
        pools = [pool for pool in found if pool[0] == monday]
        most = 0
        for size in range(1, len(pools) + 1):
            for some in combinations(pools, size):
                people = {reader for pool in some for reader in pool[1]}
                limits = [problem.limits[reader, monday] for reader in people]
                room = sum(
                    max(0, (limit.capacity * 4 // 5 if even else limit.capacity) - limit.planned) for limit in limits
                )
                most = max(most, sum(found[pool] for pool in some) - room)
        total += most
    return total


def holds(problem: Problem, places: Mapping[int, int]) -> bool:
    """Whether the places break no hard limit; written anew, not as the planner counts."""
    for one in problem.candidates:
        if (meeting := places.get(one.case)) is None:
            continue
        chance = one.chances.get(meeting, 0.0)
        if meeting in one.barred or (chance < 1.0 if one.is_ready else chance < LIKELY):
            return False
        if any(
            amount and problem.readers.get((meeting, name, one.diagnosis)) == () for name, amount in one.prep.items()
        ):
            return False
    for slot in problem.slots:
        mine = [one for one in problem.candidates if places.get(one.case) == slot.meeting]
        if sum(one.minutes for one in mine) > slot.minutes:
            return False
        if any(sum(one.prep.get(name, 0) for one in mine) > free for name, free in slot.prep.items()):
            return False
        if slot.prep_total is not None and sum(sum(one.prep.values()) for one in mine) > slot.prep_total:
            return False
    return over(problem, places, even=False) == 0


def worth(problem: Problem, places: Mapping[int, int]) -> int:
    """Return what the places cost, of the cases that some slot is offered to."""
    by_meeting = {slot.meeting: slot for slot in problem.slots}
    total = 0
    for one in problem.candidates:
        if any(problem.is_offered(one, slot) for slot in problem.slots):
            here = places.get(one.case)
            total += problem.cost_unplaced(one) if here is None else problem.cost(one, by_meeting[here])
    return total + BALANCE * over(problem, places, even=True)


def every_way(problem: Problem) -> Iterator[dict[int, int]]:
    """Yield every assignment that holds."""
    options = [[None, *(slot.meeting for slot in problem.slots)] for _one in problem.candidates]
    for chosen in product(*options):
        places = {one.case: meeting for one, meeting in zip(problem.candidates, chosen, strict=True) if meeting}
        if holds(problem, places):
            yield places


def solved(problem: Problem) -> Plan:
    return solve(problem, seconds=5)


@small
@given(problems())
def test_it_holds_and_is_as_good_as_the_best_of_all(problem: Problem) -> None:
    assume(over(problem, {}, even=False) == 0)
    plan = solved(problem)
    assert holds(problem, plan.places)
    assert plan.objective == worth(problem, plan.places)
    best = min(worth(problem, places) for places in every_way(problem))
    assert plan.bound <= best <= plan.objective
    assert plan.proven
    assert plan.objective - best <= GAP * plan.objective


@small
@given(problems())
def test_it_is_never_worse_than_by_hand_and_the_same_each_time(problem: Problem) -> None:
    plan = solved(problem)
    for by_hand in (first_come(problem), most_urgent_first(problem)):
        assert plan.objective <= value_of(problem, by_hand.places)
    again = solved(problem)
    assert (again.places, again.objective, again.bound) == (plan.places, plan.objective, plan.bound)


@small
@given(problems(), st.randoms(use_true_random=False))
def test_a_place_is_taken_exactly_when_it_holds(problem: Problem, random: object) -> None:
    assume(over(problem, {}, even=False) == 0)
    rooms = Rooms(problem)
    pairs = [(one, slot) for one in problem.candidates for slot in problem.offers[one.case]]
    random.shuffle(pairs)  # type: ignore[attr-defined]
    for one, slot in pairs:
        if one.case in rooms.places:
            rooms.leave(one)
        wanted = rooms.places | {one.case: slot.meeting}
        assert (rooms.take(one, slot) is None) == holds(problem, wanted)


@small
@given(problems())
def test_more_than_there_is_already_gets_no_more_on_top(problem: Problem) -> None:
    """A week that is overbooked before the plan stays as it is: the plan adds nothing to it and still gives an answer."""
    plan = solved(problem)
    assert over(problem, plan.places, even=False) == over(problem, {}, even=False)


def _slot(number: int, day: int, minutes: int = 10) -> Slot:
    on = MONDAY + timedelta(days=day)
    return Slot(meeting=number, on=on, week=on - timedelta(days=on.weekday()), minutes=minutes)


def _ready(case: int, meetings: tuple[int, ...] = (1, 2), minutes: int = 10, **fields: object) -> Candidate:
    chances = dict.fromkeys(meetings, 1.0)
    return Candidate(case, 1, is_ready=True, minutes=minutes, since=MONDAY, chances=chances, **fields)  # type: ignore[arg-type]


def test_the_promised_date_goes_before_the_limit_and_a_long_delay_before_two_short_ones() -> None:
    slots = (_slot(1, 0), _slot(2, 7))
    late = MONDAY + timedelta(days=3)
    promised, limited = _ready(1, promised_on=late), _ready(2, limit_on=late)
    assert solve(Problem(slots, (limited, promised), LIKELY), seconds=5).places == {1: 1, 2: 2}
    overdue = _ready(3, limit_on=MONDAY - timedelta(days=20))
    assert solve(Problem(slots, (limited, overdue), LIKELY), seconds=5).places == {3: 1, 2: 2}


def test_a_published_list_is_left_in_peace_for_a_day_of_waiting_but_not_for_a_promise() -> None:
    first, second = _slot(1, 0), _slot(2, 1)
    published = Slot(meeting=1, on=first.on, week=first.week, minutes=10, is_published=True)
    assert solve(Problem((published, second), (_ready(1),), LIKELY), seconds=5).places == {1: 2}
    late = _ready(1, promised_on=MONDAY)
    assert solve(Problem((published, second), (late,), LIKELY), seconds=5).places == {1: 1}


def test_a_reader_shared_by_two_series_is_not_given_more_than_the_week_has() -> None:
    slots = (_slot(1, 0, 60), _slot(2, 1, 60), _slot(3, 7, 60))
    readers = {(meeting, "radiology", diagnosis): (7,) for meeting in (1, 2, 3) for diagnosis in (1, 2)}
    limits = {(7, MONDAY): ReaderLimit(20, 5), (7, MONDAY + timedelta(days=7)): ReaderLimit(60, 0)}
    cases = tuple(_ready(number, (1, 2, 3), 5, prep={"radiology": 9}) for number in range(1, 4))
    plan = solve(Problem(slots, cases, LIKELY, readers, limits), seconds=5)
    assert sorted(plan.places.values()) == [1, 3, 3]


def test_time_that_is_too_short_still_gives_a_plan_that_holds() -> None:
    slots = tuple(_slot(number, number, 30) for number in range(1, 15))
    cases = tuple(_ready(number, tuple(range(1, 15)), 3 + number % 5) for number in range(1, 150))
    problem = Problem(slots, cases, LIKELY)
    plan = solve(problem, seconds=0)
    assert holds(problem, plan.places)
    assert plan.bound <= plan.objective <= value_of(problem, first_come(problem).places)


def test_who_can_read_more_hands_over_to_who_can_read_less() -> None:
    """Reader 1 reads both diagnoses and has taken what reader 2 could read as well: they change, and both cases fit."""
    slots = (_slot(1, 0, 60),)
    readers = {(1, "radiology", 1): (1, 2), (1, "radiology", 2): (1,)}
    limits = {(1, MONDAY): ReaderLimit(10, 0), (2, MONDAY): ReaderLimit(10, 0)}
    both = _ready(1, (1,), 5, prep={"radiology": 8})
    only = Candidate(2, 2, is_ready=True, minutes=5, since=MONDAY, chances={1: 1.0}, prep={"radiology": 9})
    rooms = Rooms(Problem(slots, (both, only), LIKELY, readers, limits))
    assert rooms.take(both, slots[0]) is None
    assert rooms.take(only, slots[0]) is None
    assert rooms.take(_ready(3, (1,), 5, prep={"radiology": 4}), slots[0]) == Obstacle("week", "radiology")
