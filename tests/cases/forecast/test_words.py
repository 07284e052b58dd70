"""The days on which an answer is expected, as they are said."""

from datetime import date
from types import SimpleNamespace
from typing import cast

import pytest
from django.utils import translation

from cases.forecast.case import Awaited
from cases.forecast.words import days_in_words

MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2026, 11, 24), date(2026, 11, 26), "tis–tors"),
        (date(2026, 11, 24), date(2026, 11, 24), "tis"),
        (date(2026, 11, 24), date(2026, 11, 30), "tis 24 – mån 30 nov"),
        (date(2026, 11, 27), date(2026, 12, 2), "fre 27 nov – ons 2 dec"),
        (date(2026, 12, 2), date(2026, 12, 2), "ons 2 dec"),
    ],
)
def test_days_are_weekdays_within_a_week_and_both_dates_when_the_last_lies_further_ahead(
    first: date, last: date, said: str
) -> None:
    part = cast("Awaited", SimpleNamespace(expected_days=(first, last), today=MONDAY))
    with translation.override("sv"):
        assert days_in_words(part) == said
