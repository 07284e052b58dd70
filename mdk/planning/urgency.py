"""How urgent a case is: the day by which it should have been discussed."""

from datetime import date, timedelta
from typing import Final

WITHOUT_CLOCK_DAYS: Final = 42
"""Where a pathway states no lead time, a case is sorted as if it had this many days (local choice)."""


def urgent_on(suspected_on: date, allowed: int | None, promised_on: date | None) -> date:
    """Return the day of the pathway's limit or the promised date, whichever comes first.

    `allowed` is the lead time in days from the well-founded suspicion, None where the programme states none.
    """
    limit = suspected_on + timedelta(days=WITHOUT_CLOCK_DAYS if allowed is None else allowed)
    return min(limit, promised_on) if promised_on else limit


def urgency(suspected_on: date, allowed: int | None, promised_on: date | None, case: int) -> tuple[date, date, int]:
    """Return what cases are sorted by, the most urgent first.

    Of two with the same day the one that was suspected first goes before, and of two that are alike in both the one
    that was referred first (the lower key): so an order is the same each time it is made.
    """
    return urgent_on(suspected_on, allowed, promised_on), suspected_on, case
