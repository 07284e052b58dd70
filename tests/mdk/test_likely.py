"""The rule of provisional dates, and of the places of the cut-off: pure, so by tables and at random."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdk.enums import MoveReason
from mdk.planning.likely import EVEN, KEPT, LIKELY, SURE, Choice, Option, choose, first_option
from mdk.planning.seating import Entrant, Left, seat
from mdk.planning.urgency import urgency, urgent_on

DAY = date(2026, 11, 23)


def options(*chances: float, taken: float = 0, capacity: int = 60) -> list[Option]:
    return [Option(place, chance, capacity, taken) for place, chance in enumerate(chances)]


@pytest.mark.parametrize(
    ("chances", "meeting"),
    [
        ([0.5, 0.84, 0.86, 0.99], 2),
        ([0.85], 0),
        ([0.2, 0.7, 0.6], 1),
        ([0.49, 0.3], None),
        ([0.5], 0),
        ([], None),
    ],
)
def test_the_first_likely_meeting_else_the_likeliest_with_an_even_chance(
    chances: list[float], meeting: int | None
) -> None:
    found = first_option(options(*chances), 6)
    assert (found.meeting if found else None) == meeting


def test_a_full_or_closed_meeting_is_none() -> None:
    full, closed, free = Option(0, 1.0, 60, 55), Option(1, 1.0, 60, 0, is_open=False), Option(2, 0.9, 60, 54)
    assert first_option([full, closed, free], 6) == free
    assert first_option([full, closed], 6) is None


@pytest.mark.parametrize(
    ("held", "chances", "to", "reason"),
    [
        (1, [0.5, 0.86, 0.99], None, None),
        (1, [0.89, 0.86, 0.99], None, None),
        (1, [0.90, 0.86, 0.99], 0, MoveReason.SOONER),
        (1, [0.3, 0.70, 0.99], None, None),
        (1, [0.3, 0.69, 0.99], 2, MoveReason.LATER),
        (1, [0.3, 0.60, 0.70], None, None),
        (0, [0.60, 0.75], 1, MoveReason.LATER),
        (0, [0.36, 0.40], None, None),
        (0, [0.34, 0.40], "none", MoveReason.LATER),
        (1, [0.9, 0.2, 0.3], 0, MoveReason.SOONER),
    ],
)
def test_a_date_is_kept_by_another_measure_than_it_is_found_by(
    held: int, chances: list[float], to: int | str | None, reason: MoveReason | None
) -> None:
    row = options(*chances)
    choice = choose(row[held], row, 6)
    if to is None:
        assert choice is None
    else:
        assert choice == Choice(row[to] if isinstance(to, int) else None, reason)  # type: ignore[arg-type]


def test_without_room_it_moves_and_with_a_little_too_little_it_stays() -> None:
    tight, full, free = Option(0, 0.9, 60, 58), Option(0, 0.9, 60, 61), Option(1, 0.95, 60, 0)
    assert choose(tight, [tight, free], 6) is None
    assert choose(full, [full, free], 6) == Choice(free, MoveReason.NO_ROOM)


def test_what_cannot_stay_goes_whatever_its_chance() -> None:
    row = options(1.0, 1.0)
    assert choose(row[0], row, 6, is_gone=MoveReason.NOT_READY) == Choice(row[1], MoveReason.NOT_READY)
    assert choose(row[0], row[:1], 6, is_gone=MoveReason.NOT_READY) == Choice(None, MoveReason.NOT_READY)


chance = st.floats(0, 1, allow_nan=False)


@given(st.lists(chance, min_size=1, max_size=8), st.data())
def test_a_move_is_settled_at_once(chances: list[float], data: st.DataObject) -> None:
    """Where a date has moved to, the same forecast does not move it again: it cannot swing to and fro."""
    row = options(*chances)
    held = row[data.draw(st.integers(0, len(row) - 1))]
    choice = choose(held, row, 6)
    if choice and choice.option:
        assert choose(choice.option, row, 6) is None


@given(st.lists(st.floats(KEPT, SURE, exclude_max=True), min_size=2, max_size=8), st.data())
def test_nothing_moves_within_the_band(chances: list[float], data: st.DataObject) -> None:
    row = options(*chances)
    assert choose(row[data.draw(st.integers(0, len(row) - 1))], row, 6) is None


@given(st.lists(chance, max_size=8))
def test_what_is_told_is_at_least_an_even_chance(chances: list[float]) -> None:
    found = first_option(options(*chances), 6)
    assert found is None or found.probability >= EVEN
    if max(chances, default=0) >= LIKELY:
        assert found is not None
        assert found.probability >= LIKELY


def test_urgency_is_the_limit_or_the_promise_then_the_suspicion_then_the_referral() -> None:
    assert urgent_on(DAY, 39, None) == DAY + timedelta(days=39)
    assert urgent_on(DAY, None, None) == DAY + timedelta(days=42)
    assert urgent_on(DAY, 39, DAY) == DAY
    assert urgent_on(DAY, 3, DAY + timedelta(days=9)) == DAY + timedelta(days=3)
    same = [(DAY, 30, DAY, 2), (DAY - timedelta(days=1), 60, DAY, 9), (DAY, 30, DAY, 1)]
    assert [row[-1] for row in sorted(same, key=lambda row: urgency(*row))] == [9, 1, 2]


entrants = st.lists(
    st.builds(
        lambda case, day, minutes, prep: Entrant(case, (DAY + timedelta(days=day), DAY, case), minutes, prep),
        st.integers(1, 10_000),
        st.integers(0, 40),
        st.integers(0, 15),
        st.fixed_dictionaries({"radiology": st.integers(0, 20), "pathology": st.integers(0, 20)}),
    ),
    max_size=12,
    unique_by=lambda one: one.case,
)
limits = st.builds(
    Left,
    st.integers(-5, 90),
    st.fixed_dictionaries({name: st.none() | st.integers(-5, 120) for name in ("radiology", "pathology")}),
)


@given(entrants, limits, st.data())
def test_the_round_keeps_within_every_limit_and_passes_over_nobody_who_fits(
    everybody: list[Entrant], left: Left, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(everybody)))
    own, offered = everybody[:cut], everybody[cut:]
    seating = seat(own, offered, left)
    by_case = {one.case: one for one in everybody}
    assert {*seating.seated} | {*seating.unseated} == {*by_case}
    assert not {*seating.seated} & {*seating.unseated}
    seated = [by_case[case] for case in seating.seated]
    if seated:
        assert sum(one.minutes for one in seated) <= max(left.minutes, 0)
    for discipline, limit in left.preparation.items():
        used = sum(one.preparation[discipline] for one in seated)
        assert limit is None or used <= max(limit, 0)
    order = [(one.case not in {other.case for other in own}, one.urgency) for one in seated]
    assert all(before <= after for before, after in pairwise(order)), "own cases first, each row by urgency"
    rest = left
    for one in seated:
        rest = rest.less(one)
    assert all(rest.lacks(by_case[case]) for case in seating.unseated), "whoever is left out would not fit at the end"
