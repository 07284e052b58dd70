"""Swedish working days: on these answers come, cut-offs lie and meetings are held."""

from datetime import date, timedelta
from functools import lru_cache

import holidays


def is_working_day(day: date) -> bool:
    """Whether `day` is Monday to Friday and no red day in Sweden."""
    return day.weekday() < 5 and day not in _red_days()


def working_days_before(day: date, count: int) -> date:
    """Return the working day that lies `count` working days before `day`."""
    while count > 0:
        day -= timedelta(days=1)
        count -= is_working_day(day)
    return day


def working_days_until(day: date, today: date) -> int:
    """Return how many working days lie after `today` up to and with `day`; 0 when it is here or past."""
    ahead = (day - today).days
    return sum(is_working_day(today + timedelta(days=step)) for step in range(1, ahead + 1))


def working_day_after(day: date, count: int) -> date:
    """Return the working day that lies `count` working days after `day`; with 0 the day itself."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


@lru_cache
def _red_days() -> holidays.HolidayBase:
    return holidays.country_holidays("SE", language="sv", include_sundays=False)
