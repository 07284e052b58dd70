"""Swedish working days: on these answers come, cut-offs lie and meetings are held."""

from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

import holidays


def is_working_day(day: date) -> bool:
    """Whether `day` is Monday to Friday and no day off in Sweden.

    Midsummer Eve, Christmas Eve and New Year's Eve are days off as the red ones are (semesterlagen, 3 a §; SFS 1930:173).
    """
    return day.weekday() < 5 and day not in _days_off()


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


def working_day_index(day: date) -> int:
    """Return how many working days there are before `day`, from the year 2000 on: the place of the first one on or after it.

    The difference between two days is the number of working days from one to the other; no walk from day to day.
    """
    return _index_of_new_year(day.year) + _working_days_of(day.year)[day.timetuple().tm_yday - 1]


def first_working_day(day: date) -> date:
    """Return `day`, or the first working day after it."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


@lru_cache(maxsize=512)
def _index_of_new_year(year: int) -> int:
    return sum(_working_days_of(past)[-1] for past in range(2000, year)) - sum(
        _working_days_of(coming)[-1] for coming in range(year, 2000)
    )


@lru_cache(maxsize=512)
def _working_days_of(year: int) -> tuple[int, ...]:
    """Return for each day of the year how many working days lie before it in the year; last the year's sum."""
    length = date(year + 1, 1, 1) - date(year, 1, 1)
    days = (is_working_day(date(year, 1, 1) + timedelta(days=step)) for step in range(length.days))
    return tuple(accumulate(days, initial=0))


@lru_cache
def _days_off() -> holidays.HolidayBase:
    return holidays.country_holidays("SE", language="sv", include_sundays=False, categories=("public", "de_facto"))
