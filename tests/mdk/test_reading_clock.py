"""The minutes that are proposed while a reading is done."""

from datetime import UTC, datetime, timedelta

import pytest

from mdk.planning.clock import minutes_spent

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "estimate", "expected"),
    [(0, 9, 1), (59, 9, 1), (61, 9, 2), (540, 9, 9), (3600, 9, 60), (3601, 9, 9), (5000, 30, 84), (7201, 30, 30)],
)
def test_the_clock_is_proposed_until_it_says_nothing(seconds: int, estimate: int, expected: int) -> None:
    assert minutes_spent(NOW - timedelta(seconds=seconds), estimate, NOW) == expected


def test_what_is_not_begun_is_expected_to_take_what_was_estimated() -> None:
    assert minutes_spent(None, 9, NOW) == 9
