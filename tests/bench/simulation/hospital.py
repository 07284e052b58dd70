"""The hospital of the simulation: its people, its series, and what is drawn by lot.

Rates, with their sources in the domain notes: three meetings of 26 a week at 85 % load (DESIGN.md, section 8); half of the
CT answers within 4 working days and of the pathology answers within 3 (the national review, 2024; head and neck pathway);
9 minutes of radiologist's preparation a patient (Kasalak 2020). The spread of the turn-round, the share of answers
that are there at the referral and the 2 % of trouble at the meeting are local assumptions.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from django.utils import timezone

from accounts.models import User
from cases.workdays import first_working_day, is_working_day, working_day_after
from checklists.enums import LevelCode
from checklists.registry import spec_of
from mdk.models import Series
from mdk.services.series import SeriesData, create_series
from tests.domain_factories import House, make_diagnosis, make_house

PLACES = 26
MEETINGS_A_WEEK = 3
LOAD = 0.85
TROUBLE = 0.02
"""Illness, lack of time, a new question: put in by hand, as in DESIGN.md."""
MEDIAN_DAYS = {"radiology": 4.0, "pathology": 3.0}
SPREAD = 0.55
"""Of the logarithm of the working days that an answer takes (local)."""
THERE_AT_REFERRAL = {"radiology": 0.45, "pathology": 0.35}
"""Share of the answers that are there when the referral comes (local)."""
MINUTES = {"radiology": 9.0, "pathology": 6.0}
REQUIREMENTS = {"radiology": "ct_thorax_abdomen", "pathology": "histopathology"}


@dataclass
class Hospital:
    """People, series and one source of chance; the same seed gives every policy the same patients."""

    seed: int
    began: datetime
    house: House = field(init=False)
    series: Series = field(init=False)
    minutes_a_case: int = field(init=False)

    def __post_init__(self) -> None:
        self.house = make_house()
        diagnosis = make_diagnosis("colorectal")
        assert diagnosis.current_id
        self.minutes_a_case = spec_of(diagnosis.current_id).level(LevelCode.FULL).minutes
        minutes = PLACES * self.minutes_a_case
        self.series = create_series(
            SeriesData(
                unit=self.house.hospital, name="Kolorektal MDK", diagnoses=[diagnosis],
                rrule="FREQ=WEEKLY;BYDAY=MO,WE,FR", starts_on=self.began.date(), starts_time=time(8, 15),
                minutes=minutes + 20, capacity_minutes=minutes, cutoff_time=time(12, 0), cutoff_days=1,
                chair=self.house.chair, participating_units=[self.house.radiology, self.house.pathology],
                readers=[self.house.radiologist, self.house.radiologist2, self.house.pathologist],
            ),
            by=self.house.coordinator, now=self.began,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that a referral waits for: when it was ordered, and when it is there; None when it came with the referral."""

    kind: str
    comes_at: datetime | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """One patient: when the referral comes, the day of suspicion, and the answers."""

    number: int
    at: datetime
    suspected_on: date
    answers: tuple[Answer, ...]


def arrivals(seed: int, began: datetime, days: int) -> list[Arrival]:
    """Return every patient of the simulated days, in order of arrival: the same for every policy."""
    random = Random(seed)
    rate = PLACES * MEETINGS_A_WEEK * LOAD / 5
    found: list[Arrival] = []
    for step in range(days):
        day = timezone.localdate(began) + timedelta(days=step)
        if not is_working_day(day):
            continue
        for _ in range(_poisson(random, rate)):
            at = _moment(day, random)
            answers = tuple(_answer(kind, at, random) for kind in REQUIREMENTS)
            found.append(Arrival(len(found), at, day - timedelta(days=random.randint(0, 4)), answers))
    return sorted(found, key=lambda one: one.at)


def _answer(kind: str, at: datetime, random: Random) -> Answer:
    there, took = random.random() < THERE_AT_REFERRAL[kind], random.lognormvariate(0, SPREAD) * MEDIAN_DAYS[kind]
    day = working_day_after(first_working_day(timezone.localdate(at)), max(1, round(took)))
    return Answer(kind, None if there else max(_moment(day, random), at + timedelta(minutes=30)))


def _moment(day: date, random: Random) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(8)) + timedelta(minutes=random.randrange(8 * 60)))


def _poisson(random: Random, rate: float) -> int:
    count, waited = 0, random.expovariate(rate)
    while waited < 1:
        count, waited = count + 1, waited + random.expovariate(rate)
    return count


def reader_of(house: House, discipline: str, number: int) -> User:
    """Return who prepares: two radiologists in turn, one pathologist."""
    if discipline == "pathology":
        return house.pathologist
    return (house.radiologist, house.radiologist2)[number % 2]
