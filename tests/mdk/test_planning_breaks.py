"""The clock of an agenda: by rule, by hand, and never a break with nothing after it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdk.planning.breaks import BreakRule, Clock, clock_of

START = datetime(2026, 11, 26, 7, 15, tzinfo=UTC)


def minutes_of(clock: Clock) -> list[int]:
    """Return when each item begins, in minutes from the start of the meeting."""
    return [int((at - START).total_seconds() // 60) for at in clock.starts.values()]


def breaks_of(clock: Clock) -> list[tuple[int, int, int]]:
    return [(one.after, int((one.starts_at - START).total_seconds() // 60), one.minutes) for one in clock.breaks]


ITEMS = [(1, 10), (2, 20), (3, 10), (4, 5), (5, 5)]


@pytest.mark.parametrize(
    ("rule", "starts", "breaks", "ends"),
    [
        (None, [0, 10, 30, 40, 45], [], 50),
        (BreakRule(30, None, 10), [0, 10, 40, 50, 55], [(2, 30, 10)], 60),
        (BreakRule(None, 2, 5), [0, 10, 35, 45, 55], [(2, 30, 5), (4, 50, 5)], 60),
        (BreakRule(30, 3, 5), [0, 10, 35, 45, 50], [(2, 30, 5)], 55),
        (BreakRule(50, None, 10), [0, 10, 30, 40, 45], [], 50),
    ],
)
def test_by_rule(rule: BreakRule | None, starts: list[int], breaks: list[tuple[int, int, int]], ends: int) -> None:
    clock = clock_of(START, ITEMS, rule, None)
    assert (minutes_of(clock), breaks_of(clock)) == (starts, breaks)
    assert clock.ends_at == START + timedelta(minutes=ends)


def test_breaks_by_hand_stand_instead_of_the_rule() -> None:
    own = [{"after": 1, "minutes": 7}, {"after": 99, "minutes": 5}]
    clock = clock_of(START, ITEMS, BreakRule(30, None, 10), own)
    assert breaks_of(clock) == [(1, 10, 7)], "one after a case that has left falls away"
    assert breaks_of(clock_of(START, ITEMS, BreakRule(30, None, 10), [])) == []


def test_no_break_when_only_the_protocol_list_is_left() -> None:
    items = [(1, 30), (2, 0), (3, 0)]
    assert clock_of(START, items, BreakRule(30, None, 10), None).breaks == ()
    assert clock_of(START, items, None, [{"after": 1, "minutes": 5}]).breaks == ()
    assert clock_of(START, [], BreakRule(30, 1, 10), None) == Clock({}, (), START)


@given(
    minutes=st.lists(st.integers(0, 40), max_size=40),
    after_minutes=st.none() | st.integers(1, 90),
    after_cases=st.none() | st.integers(1, 12),
    length=st.integers(1, 20),
)
def test_time_is_neither_lost_nor_counted_twice(
    minutes: list[int], after_minutes: int | None, after_cases: int | None, length: int
) -> None:
    items = list(enumerate(minutes))
    clock = clock_of(START, items, BreakRule(after_minutes, after_cases, length), None)
    total = sum(minutes) + sum(one.minutes for one in clock.breaks)
    assert clock.ends_at == START + timedelta(minutes=total)
    assert list(clock.starts.values()) == sorted(clock.starts.values())
    last = max((place for place, length in items if length), default=-1)
    assert all(one.after < last for one in clock.breaks)
    run = 0
    for place, length_of_item in items:
        run += length_of_item
        if any(one.after == place for one in clock.breaks):
            run = 0
        elif after_minutes and place < last:
            assert run < after_minutes, "nobody sits on past the rule"
