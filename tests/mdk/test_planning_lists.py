"""What differs between two published lists: who came, who went, who moved, and nothing else."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mdk.planning.lists import differences
from mdk.queries.publishing import lines_of


def listed(*cases: int, **other: tuple[str, int]) -> list[dict[str, Any]]:
    """Return a list of these cases in order, full and six minutes, unless `c3=("focused", 3)` says otherwise."""
    return lines_of((100 + pk, pk, *other.get(f"c{pk}", ("full", 6))) for pk in cases)


def kinds(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(one.kind, one.case) for one in differences(before, after)]


def test_added_and_taken_off() -> None:
    assert kinds(listed(1, 2, 3), listed(1, 4, 3)) == [("added", 4), ("taken_off", 2)]


def test_who_only_gets_another_number_has_not_moved() -> None:
    assert kinds(listed(1, 2, 3), listed(9, 2, 3)) == [("added", 9), ("taken_off", 1)]


def test_the_fewest_moves_are_named() -> None:
    assert kinds(listed(1, 2, 3, 4), listed(4, 1, 2, 3)) == [("moved", 4)]


def test_a_level_brings_its_minutes_and_is_said_once() -> None:
    assert kinds(listed(1), listed(1, c1=("focused", 3))) == [("level", 1)]
    assert kinds(listed(1), listed(1, c1=("full", 9))) == [("minutes", 1)]


def test_a_case_may_have_moved_and_changed() -> None:
    found = kinds(listed(1, 2, 3), listed(2, 3, 1, c1=("focused", 3)))
    assert found == [("moved", 1), ("level", 1)]


ORDERS = st.lists(st.integers(1, 9), unique=True, max_size=9)


@given(ORDERS, ORDERS)
def test_what_is_named_explains_the_new_list(before: list[int], after: list[int]) -> None:
    found = differences(listed(*before), listed(*after))
    moved = {one.case for one in found if one.kind == "moved"}
    gone = {one.case for one in found if one.kind == "taken_off"}
    new = {one.case for one in found if one.kind == "added"}
    assert (gone, new) == (set(before) - set(after), set(after) - set(before))
    stayed = [pk for pk in before if pk not in moved | gone]
    assert stayed == [pk for pk in after if pk not in moved | new]


@given(ORDERS)
def test_a_list_does_not_differ_from_itself(cases: list[int]) -> None:
    assert differences(listed(*cases), listed(*cases)) == []
