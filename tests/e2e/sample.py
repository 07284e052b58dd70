"""The sixty referrals of the sample file, as if they had been written today."""

import re
from datetime import date, timedelta
from pathlib import Path

from django.utils import timezone

from cases.models import Case
from cases.workdays import is_working_day

FILE = Path(__file__).parents[1] / "data" / "referrals.csv"
WRITTEN_ON = date(2026, 11, 20)
"""The "today" of the sample file."""
DAY = re.compile(r"(?<=;)\d{4}-\d{2}-\d{2}(?=[;\r\n])")


def sample_of_today(folder: Path) -> Path:
    """Write the sample file with every date moved as far as today is from the day that it was written."""
    shift = timezone.localdate() - WRITTEN_ON

    def moved(found: re.Match[str]) -> str:
        return str(date.fromisoformat(found[0]) + shift)

    copy = folder / "remisser.csv"
    copy.write_text(DAY.sub(moved, FILE.read_text(encoding="utf-8-sig")), encoding="utf-8")
    return copy


def case_of(reference: str) -> Case:
    """Return the case of a row of the sample file."""
    return Case.objects.get(external_reference=reference)


def first_working_day(ahead: int = 7) -> date:
    """Return the first working day at least `ahead` days from today."""
    day = timezone.localdate() + timedelta(days=ahead)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day
