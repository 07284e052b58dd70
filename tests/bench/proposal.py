"""The proposed agenda: 40 meetings and 1 000 cases, beside first come, first served on the same data."""

import time
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from random import Random

from django.utils import timezone

from mdk.planning.demand import Candidate, Problem, ReaderLimit, Slot
from mdk.planning.placement import Plan, solve
from mdk.planning.rooms import first_come
from tests.bench.measurement import line

MEETINGS, CASES, SECONDS = 40, 1_000, 10
SEEDED, WEEKS = 1_000, 5


def problem(seed: int) -> Problem:
    """Return eight weeks of five meetings for four diagnoses, eight readers of which some read for several series, and
    1 000 cases that have come over six weeks: half of them ready, the others in the coming weeks.
    """
    random, monday = Random(seed), date(2026, 11, 23)
    slots = tuple(
        _slot(random, number, monday + timedelta(weeks=number // 5, days=number % 5)) for number in range(MEETINGS)
    )
    takes = {slot.meeting: ((0, 1), (2,), (3,))[slot.meeting % 3] for slot in slots}
    readers = {}
    for slot in slots:
        for diagnosis in takes[slot.meeting]:
            readers[slot.meeting, "radiology", diagnosis] = tuple(sorted(random.sample(range(1, 6), 3)))
            readers[slot.meeting, "pathology", diagnosis] = tuple(sorted(random.sample(range(11, 14), 2)))
    weeks = sorted({slot.week for slot in slots})
    limits = {
        (r, week): ReaderLimit(360, random.randint(0, 60)) for r in (*range(1, 6), *range(11, 14)) for week in weeks
    }
    waiting = {(week, (1, 2)): 60 for week in weeks}
    cases = tuple(_case(random, number, slots, takes, monday) for number in range(CASES))
    return Problem(slots, cases, 0.85, readers, limits, waiting)


def _slot(random: Random, number: int, on: date) -> Slot:
    return Slot(
        meeting=number, on=on, week=on - timedelta(days=on.weekday()), minutes=135 - random.randint(0, 30),
        prep={"radiology": 240, "pathology": 160}, is_published=number < 4,
    )  # fmt: skip


def _case(
    random: Random, number: int, slots: tuple[Slot, ...], takes: Mapping[int, tuple[int, ...]], today: date
) -> Candidate:
    diagnosis, is_ready, is_full = random.randint(0, 3), random.random() < 0.5, random.random() < 0.5
    since = today - timedelta(days=random.randint(0, 42))
    ready_on = today + timedelta(days=random.randint(0, 40))

    def chance(slot: Slot) -> float:
        if is_ready:
            return 1.0
        return min(0.99, 0.8 + 0.02 * (slot.on - ready_on).days) if slot.on >= ready_on else 0.3

    chances = {slot.meeting: chance(slot) for slot in slots if diagnosis in takes[slot.meeting]}
    return Candidate(
        case=number,
        diagnosis=diagnosis,
        is_ready=is_ready,
        minutes=random.choice([5, 6, 8]) if is_full else 3,
        since=since,
        chances=chances,
        prep={"radiology": 9 if is_full else 4, "pathology": 6 if is_full else 3},
        limit_on=since + timedelta(days=39),
        promised_on=since + timedelta(days=random.randint(14, 45)) if random.random() < 0.4 else None,
        held=random.choice(list(chances)) if not is_ready and random.random() < 0.5 else None,
    )


def days_late(of: Problem, places: Mapping[int, int]) -> int:
    """Return the days of lateness together, a case without a place counted as taken up after the horizon."""
    return sum(
        one.lateness(of.by_meeting[places[one.case]].on if one.case in places else of.beyond_on)
        for one in of.candidates
    )  # fmt: skip


def compared(of: Problem, plan: Plan, name: str) -> Iterator[dict[str, object]]:
    """Yield how long the plan took, how far from its bound it is at most, and what it gains on first come, first served."""
    by_turn = first_come(of).places
    size = len(of.candidates)
    yield line(f"{name}: time, beside the budget", plan.seconds, "s", SECONDS, size)
    yield line(f"{name}: gap to the proven bound, beside the target", plan.gap, "share", 0.02, size)
    late, turn = days_late(of, plan.places), days_late(of, by_turn)
    yield line(f"{name}: lateness together, beside first come, first served", late, "days", turn, size)
    yield line(
        f"{name}: cases with a place, beside first come, first served", len(plan.places), "cases", len(by_turn), size
    )


def synthetic() -> Iterator[dict[str, object]]:
    """Yield the figures of a made problem, the same each time."""
    made = problem(seed=1)
    plan = solve(made, seconds=SECONDS)
    yield from compared(made, plan, "proposal for 40 meetings and 1 000 cases")


def through_the_database() -> Iterator[dict[str, object]]:
    """Yield the figures of a seeded hospital, its six series together: gathered, solved and kept, beside the solver alone."""
    from accounts.actor import actor_for
    from config.seeding.many import seed_cases
    from config.seeding.people import demo_staff
    from mdk.models import Meeting
    from mdk.queries.plans import planned_series
    from mdk.services.gathering import gather
    from mdk.services.plans import Options, propose_plan

    now = timezone.now()
    seed_cases(SEEDED, seed=91, stage="workup", now=now)
    seed_cases(SEEDED, seed=92, stage="ready", now=now)
    actor = actor_for(demo_staff()["koordinator"], timezone.localdate(now))
    first = Meeting.objects.select_related("series").filter(cutoff_at__gt=now, status="planned")[0]
    series = list(Meeting.objects.order_by().values_list("series", flat=True).distinct())
    options = Options(WEEKS, series, SECONDS)
    began = time.perf_counter()
    propose_plan(first, options, actor=actor, now=now)
    took = time.perf_counter() - began
    gathered = gather(actor, first, planned_series(actor, series), weeks=WEEKS, now=now)
    plan = solve(gathered.problem, seconds=SECONDS)
    meetings, cases = len(gathered.meetings), len(gathered.problem.candidates)
    name = f"proposal through the database, {meetings} meetings"
    yield line(f"{name}: gathered, solved and kept, beside the solver alone", took, "s", plan.seconds, cases)
    yield from compared(gathered.problem, plan, name)


def measure() -> Iterator[dict[str, object]]:
    """Yield all of it."""
    yield from synthetic()
    yield from through_the_database()
