"""The demo's conference series: which clinic, which diagnoses, which hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from cases.workdays import is_working_day
from checklists.models import Diagnosis
from config.seeding.people import Staff
from mdk.models import Series
from mdk.services.series import SeriesData, create_series

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class Conference:
    """One series of the demo; `days` are places among the coming working days, the first being the next one."""

    name: str
    unit: str
    diagnoses: tuple[str, ...]
    days: tuple[int, ...]
    starts: time
    minutes: int
    capacity: int
    cutoff_days: int = 1
    """Working days before."""


CONFERENCES = (
    Conference("Kolorektal MDK", "Kirurgkliniken", ("colorectal",), (0, 2, 4), time(8, 15), 90, 75),
    Conference("Bröst-MDK", "Bröstcentrum", ("breast",), (1, 3), time(8, 0), 90, 75),
    Conference(
        "Uro-MDK", "Urologkliniken", ("prostate", "bladder-upper-urinary-tract", "kidney"), (2,), time(13, 0), 75, 60
    ),
    Conference("Lung-MDK", "Lungkliniken", ("lung",), (3,), time(13, 15), 60, 50),
    Conference("Gyn-MDK", "Kvinnokliniken", ("corpus-uteri", "ovary", "cervix"), (4,), time(13, 0), 60, 50),
    Conference("Hud-MDK", "Hudkliniken", ("melanoma",), (0,), time(14, 0), 45, 40, cutoff_days=2),
)


def coming_working_days(after: date, count: int = 5) -> list[date]:
    """Return the next `count` working days after `after`."""
    days: list[date] = []
    while len(days) < count:
        after += timedelta(days=1)
        if is_working_day(after):
            days.append(after)
    return days


def demo_series(staff: Staff, diagnoses: dict[str, Diagnosis], today: date, now: datetime) -> dict[str, Series]:
    """Return the demo's series by name, created on `now` from `today` on where they are missing."""
    days = coming_working_days(today)
    known = {series.name: series for series in Series.objects.filter(unit__parent=staff.hospital)}
    return {
        conference.name: known.get(conference.name) or _create(conference, staff, diagnoses, days, today, now)
        for conference in CONFERENCES
    }


def _create(
    conference: Conference,
    staff: Staff,
    diagnoses: dict[str, Diagnosis],
    days: Sequence[date],
    today: date,
    now: datetime,
) -> Series:
    weekdays = sorted({days[place].weekday() for place in conference.days})
    data = SeriesData(
        unit=staff.clinics[conference.unit],
        name=conference.name,
        diagnoses=[diagnoses[slug] for slug in conference.diagnoses],
        rrule=f"FREQ=WEEKLY;BYDAY={','.join(_DAYS[day] for day in weekdays)}",
        starts_on=today + timedelta(days=1),
        starts_time=conference.starts,
        minutes=conference.minutes,
        capacity_minutes=conference.capacity,
        prep_capacity_minutes=conference.capacity * 3,
        cutoff_days=conference.cutoff_days,
        cutoff_time=time(12, 0),
        chair=staff["ordforande"],
        participating_units=[staff.clinics["Radiologkliniken"], staff.clinics["Patologkliniken"]],
        readers=[staff["radiolog1"], staff["radiolog2"], staff["patolog1"]],
        video_url="https://video.example/mdk",
        eve_percent=50,
        summer_first_week=27,
        summer_last_week=32,
        summer_percent=50,
    )
    return create_series(data, by=staff["koordinator"], now=now)
