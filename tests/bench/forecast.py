"""How true the forecast is on simulated history, and what it costs.

Four clinics order four kinds of answers for two years and a half; how long each takes is known here, and hidden from
the forecast. It learns from what had come, was called off or was still awaited on the day of counting, and then says, on
days after that one, how likely what is awaited is there a few days later. Beside it stands the base rate: the share
that did come within as many days, known afterwards, which a forecast has to beat.
"""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import prod
from random import Random
from typing import Any

from django.utils import timezone

from cases.enums import ForecastStage
from cases.forecast.case import Awaited, Stratum
from cases.forecast.counting import Waiting
from cases.forecast.curves import Tally
from cases.forecast.history import History
from cases.forecast.worktime import begins, work_time
from cases.workdays import first_working_day, is_working_day, working_day_after
from tests.bench.measurement import line

COUNTED_ON = date(2026, 9, 1)
FIRST = COUNTED_ON - timedelta(days=900)
LAST = COUNTED_ON + timedelta(days=90)
HORIZONS = (1, 2, 3, 5, 8)
CALLED_OFF = 0.06
ROUNDS = 30
LISTED = 50


@dataclass(frozen=True)
class Requirement:
    """An answer of the simulation: `days` draws how many working days it takes in a unit; `per_day` are ordered a day."""

    key: str
    kind: str
    per_day: float
    days: Callable[[Random, int], int]


def _lognormal(median: float, spread: float, slower: float) -> Callable[[Random, int], int]:
    def draw(random: Random, unit: int) -> int:
        return int(random.lognormvariate(0, spread) * median * slower**unit)

    return draw


def _batches(random: Random, unit: int) -> int:
    """Return two ways: most come in three or four days, a quarter goes for further staining and takes two weeks."""
    return random.choice((3, 3, 4)) if random.random() < 0.75 else random.randint(8, 13) + unit


REQUIREMENTS = (
    Requirement("ct", "radiology", 4, _lognormal(4, 0.5, 1.2)),
    Requirement("pet", "radiology", 0.15, _lognormal(9, 0.3, 1.0)),
    Requirement("histopathology", "pathology", 3, _batches),
    Requirement("kidney", "lab", 2, _lognormal(1, 0.7, 1.0)),
)
UNITS = (0, 1, 2, 3)


@dataclass(frozen=True)
class Order:
    """One answer as it truly went: ordered, and final before or after noon, or called off."""

    requirement: Requirement
    unit: int
    ordered: date
    final: date | None
    ended: date
    is_after_noon: bool

    def is_there(self, day: date) -> bool:
        """Whether the answer is there at noon of the day."""
        return self.final is not None and (self.final < day or (self.final == day and not self.is_after_noon))

    def is_awaited(self, day: date) -> bool:
        """Whether it is still awaited at noon of the day."""
        return self.ordered <= day and not self.is_there(day) and (self.final is not None or self.ended > day)


def orders(seed: int, first: date = FIRST) -> Iterator[Order]:
    """Yield every order from `first` to the last day; on days of rest fewer are made, and no answer comes."""
    random = Random(seed)
    day = first
    while day <= LAST:
        for requirement in REQUIREMENTS:
            for unit in UNITS:
                wanted = requirement.per_day * (1 if is_working_day(day) else 0.1)
                for _ in range(int(wanted) + (random.random() < wanted % 1)):
                    final = working_day_after(first_working_day(day), requirement.days(random, unit))
                    gone = day + timedelta(days=random.randint(1, 14)) if random.random() < CALLED_OFF else None
                    if gone and gone <= final:
                        yield Order(requirement, unit, day, None, gone, is_after_noon=False)
                    else:
                        yield Order(requirement, unit, day, final, final, is_after_noon=random.random() < 0.5)
        day += timedelta(days=1)


def learn(made: list[Order], since: date = FIRST) -> History:
    """Return the history that a count on the morning of `COUNTED_ON` holds, as the nightly count makes it."""
    tallies: defaultdict[tuple[int | None, str, str], Tally] = defaultdict(Tally)
    kinds = {}
    for order in made:
        if not since <= order.ordered < COUNTED_ON:
            continue
        ended = min(order.ended, COUNTED_ON)
        has_come = order.final is not None and order.final < COUNTED_ON
        first, last = Waiting(order.ordered, order.ordered, ended, has_come).days()
        kind, key = order.requirement.kind, order.requirement.key
        for stratum in ((None, kind, ""), (None, kind, key), (order.unit, kind, key)):
            tallies[stratum].add(first, last, has_come=has_come)
            kinds[stratum] = kind
    rows: list[tuple[Any, ...]] = []
    for (unit, kind, key), tally in tallies.items():
        counts = tally.counts()
        source = "hl7v2" if unit is not None else ""
        rows.append((1, unit, kind, key, source, ForecastStage.ORDERED, counts.came, counts.awaited))
    return History(rows)


def forecasts_of(made: list[Order], history: History) -> Iterator[tuple[int, list[tuple[float, bool]]]]:
    """Yield (horizon, [(probability, came)]) of everything that was awaited at noon of each working day after the count.

    The horizon is in working days, to a cut-off at noon.
    """
    for step in range(60):
        day = COUNTED_ON + timedelta(days=step)
        if not is_working_day(day):
            continue
        now = timezone.make_aware(datetime(day.year, day.month, day.day, 12))  # noqa: DTZ001 - made aware here
        waiting = [o for o in made if o.is_awaited(day) and o.ordered > day - timedelta(days=60)]
        for horizon in HORIZONS:
            by = working_day_after(day, horizon)
            cutoff = timezone.make_aware(datetime(by.year, by.month, by.day, 12))  # noqa: DTZ001 - made aware here
            said = [
                (_awaited(order, history, now).probability_by(cutoff), order.is_there(by))
                for order in waiting
                if order.final is not None or order.ended > by
            ]
            yield horizon, said


def _awaited(order: Order, history: History, now: datetime) -> Awaited:
    kind, key = order.requirement.kind, order.requirement.key
    known = history.known(Stratum(1, order.unit, kind, key, "hl7v2", ForecastStage.ORDERED))
    return Awaited(
        key, kind, "ordered", known.curve, known.answers, begins(order.ordered), work_time(now), timezone.localdate(now)
    )


def brier(said: list[tuple[float, bool]]) -> tuple[float, float]:
    """Return the Brier score of the forecasts and that of the base rate; 0 is perfect."""
    rate = statistics.fmean(came for _p, came in said)
    return statistics.fmean((p - came) ** 2 for p, came in said), rate * (1 - rate)


def calibration() -> Iterator[dict[str, object]]:
    """Yield the Brier scores by horizon, with a rich history and a thin one, and the reliability table."""
    made = list(orders(seed=7))
    for name, since in (("two years", FIRST), ("two weeks", COUNTED_ON - timedelta(days=14))):
        history = learn(made, since)
        said: defaultdict[int, list[tuple[float, bool]]] = defaultdict(list)
        for horizon, found in forecasts_of(made, history):
            said[horizon] += found
        for horizon in HORIZONS:
            score, base = brier(said[horizon])
            days = f"{horizon} working day{'s' if horizon > 1 else ''} ahead"
            yield line(
                f"forecast from {name} of history, {days}, beside the base rate",
                score,
                "Brier",
                base,
                len(said[horizon]),
            )
        if since == FIRST:
            yield from reliability([one for found in said.values() for one in found])
    yield from _cases(made, learn(made))


def reliability(said: list[tuple[float, bool]], what: str = "answers") -> Iterator[dict[str, object]]:
    """Yield, for each tenth of probability, the share that came beside the mean that was said."""
    for tenth in range(10):
        bin_ = [(p, came) for p, came in said if min(9, int(p * 10)) == tenth]
        if bin_:
            came, meant = statistics.fmean(c for _p, c in bin_), statistics.fmean(p for p, _c in bin_)
            name = f"reliability, {what} given {tenth * 10}-{tenth * 10 + 10} %: share that came, beside the mean said"
            yield line(name, came * 100, "%", meant * 100, len(bin_))


def _cases(made: list[Order], history: History) -> Iterator[dict[str, object]]:
    """Yield the same of cases that wait for two or three answers: the product against what became of them."""
    random = Random(11)
    said = []
    for step in range(60):
        day = COUNTED_ON + timedelta(days=step)
        if not is_working_day(day):
            continue
        now = timezone.make_aware(datetime(day.year, day.month, day.day, 8))  # noqa: DTZ001 - made aware here
        waiting = [o for o in made if day - timedelta(days=20) < o.ordered < day and o.ended >= day and o.final]
        by = working_day_after(day, random.choice(HORIZONS))
        for _ in range(60):
            parts = random.sample(waiting, random.choice((1, 2, 3)))
            chance = prod(_awaited(part, history, now).probability_by(by) for part in parts)
            said.append((chance, all(part.final is not None and part.final <= by for part in parts)))
    score, base = brier(said)
    yield line(
        "forecast of cases that wait for one to three answers, beside the base rate", score, "Brier", base, len(said)
    )
    yield from reliability(said, "cases")


def cost() -> Iterator[dict[str, object]]:
    """Yield what it costs to forecast a list of fifty beside the list alone, and to count beside reading alone."""
    from django.db import connection

    from accounts.actor import actor_for
    from cases.forecast import Subject, count_turnarounds, forecasts
    from cases.lists import case_rows
    from cases.models import Case, Result
    from config.seeding.many import seed_cases
    from config.seeding.people import demo_staff

    now = timezone.now()
    seed_cases(10_000, seed=72, stage="workup", now=now)
    seed_cases(2_000, seed=73, stage="closed", now=now)
    actor = actor_for(demo_staff()["koordinator"], timezone.localdate(now))
    began = time.perf_counter()
    count_turnarounds(now)
    counted = time.perf_counter() - began
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.*, c.unit_id, c.status, c.created_at, p.provider_id FROM cases_result r"
            " JOIN cases_case c ON c.id = r.case_id JOIN cases_patient p ON p.id = c.patient_id"
        )
        while cursor.fetchmany(2_000):
            pass
    read = time.perf_counter() - began
    answers = Result.objects.count()
    yield line(
        "turn-round counted anew, beside reading the answers alone",
        answers / counted,
        "answers/s",
        answers / read,
        answers,
    )
    waiting = Case.objects.filter(status="referred").exclude(readiness_state="ready").order_by("suspected_on", "pk")

    columns = ("pk", "patient__provider_id", "unit_id", "definition_id", "level", "readiness")

    def listed() -> None:
        case_rows(actor, waiting[:LISTED], timezone.localdate(now))

    def forecast() -> None:
        case_rows(actor, waiting[:LISTED], timezone.localdate(now))
        subjects = [Subject(*row) for row in waiting.values_list(*columns)[:LISTED]]
        for found in forecasts(subjects, now=now).values():
            found.probability_by(now + timedelta(days=7))

    from tests.bench.pages import medians

    with_it, without = medians(forecast, listed, rounds=ROUNDS)
    yield line("a list of fifty cases with a forecast for each, beside the list alone", with_it, "ms", without, LISTED)


def measure() -> Iterator[dict[str, object]]:
    """Yield all of it."""
    yield from calibration()
    yield from cost()
