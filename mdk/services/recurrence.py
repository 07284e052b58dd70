"""Which recurrences a series may have: those of iCalendar that fit a conference, and that come to an end."""

from collections.abc import Mapping
from datetime import date, datetime
from itertools import islice

from dateutil.rrule import rrule, rrulestr

KNOWN = {"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "COUNT", "UNTIL", "WKST"}
MISFITS = {"DAILY": {"BYMONTHDAY", "BYMONTH", "BYSETPOS"}, "WEEKLY": {"BYMONTHDAY", "BYSETPOS"}}
FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
LONGEST_INTERVAL = 60
FIRST_TO_CHECK = 60


def checked_rule(text: str, start: datetime) -> rrule:
    """Return the rule of an RRULE from `start` on; ValueError for one that is none, or that never gives a day.

    What dateutil would search for until the year 9999 (an interval of nothing, months that are none) is refused
    before it is asked.
    """
    parts = _parts(text)
    frequency = parts.get("FREQ", "")
    if frequency not in FREQUENCIES or not parts.keys() <= KNOWN or MISFITS.get(frequency, set()) & parts.keys():
        raise ValueError(text)
    interval = int(parts.get("INTERVAL", "1"))
    if not 1 <= interval <= LONGEST_INTERVAL or (frequency == "DAILY" and interval > 1 and "BYDAY" in parts):
        raise ValueError(text)
    if not all(1 <= int(month) <= 12 for month in parts.get("BYMONTH", "1").split(",")):
        raise ValueError(text)
    rule = rrulestr(";".join(f"{name}={value}" for name, value in parts.items()), dtstart=start)
    if not isinstance(rule, rrule) or next(iter(rule), None) is None:
        raise ValueError(text)
    return rule


def first_days(rule: rrule) -> list[date]:
    """Return the first days that the rule gives, one twice when it meets twice on it."""
    return [moment.date() for moment in islice(rule, FIRST_TO_CHECK)]


def _parts(text: str) -> Mapping[str, str]:
    """Return the parts of an RRULE by name; ValueError for what has none."""
    pairs = [part.split("=") for part in text.strip().upper().removeprefix("RRULE:").split(";")]
    return dict(pairs)
