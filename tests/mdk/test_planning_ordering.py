"""The order of an agenda by rules: total, stable, idempotent; and one more case disturbs no order made by hand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdk.enums import OrderRule
from mdk.planning.ordering import Orderable, in_order, place_for, section_of

RULES = [str(rule) for rule in OrderRule]
ODD = st.sampled_from([None, 1, 2])
CASES = st.builds(
    Orderable,
    id=st.just(0),
    level=st.sampled_from(["full", "focused", "protocol"]),
    is_operated=st.booleans(),
    minutes=st.integers(0, 12),
    guest=st.sampled_from(["", "Bo", "unit 7"]),
    readers=st.tuples(ODD, ODD),
    is_firm=st.booleans(),
)
AGENDAS = st.lists(CASES, max_size=12).map(lambda rows: [replace(row, id=n) for n, row in enumerate(rows, start=1)])
RULES_CHOSEN = st.permutations(RULES).flatmap(lambda rules: st.integers(0, len(rules)).map(lambda n: rules[:n]))


def case(pk: int, level: str = "full", **fields: object) -> Orderable:
    values = {"id": pk, "level": level, "is_operated": False, "minutes": 6} | fields
    return Orderable(**values)  # type: ignore[arg-type]


def by_id(items: list[Orderable], order: list[int]) -> list[Orderable]:
    known = {one.id: one for one in items}
    return [known[pk] for pk in order]


@given(AGENDAS, RULES_CHOSEN)
def test_every_case_once_and_in_order_it_stays(items: list[Orderable], rules: list[str]) -> None:
    order = in_order(items, rules)
    assert sorted(order) == [one.id for one in items]
    assert in_order(by_id(items, order), rules) == order


@given(AGENDAS, RULES_CHOSEN)
def test_provisional_places_come_last_whatever_the_rules(items: list[Orderable], rules: list[str]) -> None:
    firm = [one.is_firm for one in by_id(items, in_order(items, rules))]
    assert firm == sorted(firm, reverse=True)


@given(AGENDAS)
def test_without_rules_only_the_provisional_move(items: list[Orderable]) -> None:
    assert in_order(items, []) == sorted([one.id for one in items], key=lambda pk: not items[pk - 1].is_firm)


@given(AGENDAS, RULES_CHOSEN)
def test_alike_cases_keep_the_order_they_have(items: list[Orderable], rules: list[str]) -> None:
    order = in_order(items, rules)
    kinds: dict[Orderable, list[int]] = {}
    for pk in order:
        kinds.setdefault(replace(items[pk - 1], id=0), []).append(pk)
    assert all(same == sorted(same) for same in kinds.values())


@given(AGENDAS, CASES, RULES_CHOSEN)
def test_one_more_case_goes_where_its_section_is(items: list[Orderable], new: Orderable, rules: list[str]) -> None:
    """Into an order by the rules: firm before provisional, and by the strongest rules, as if it had always been there."""
    standing = by_id(items, in_order(items, rules))
    place = place_for(new, standing, rules)
    with_it = [*standing[:place], new, *standing[place:]]
    firm = [one.is_firm for one in with_it]
    assert firm == sorted(firm, reverse=True)
    if rules[:2] == [OrderRule.PROTOCOL_LAST, OrderRule.NOT_OPERATED_FIRST]:
        keys = [(not one.is_firm, one.level == "protocol", one.is_operated) for one in with_it]
        assert keys == sorted(keys)


@given(AGENDAS, CASES)
def test_keys_alone_insert_as_they_sort(items: list[Orderable], new: Orderable) -> None:
    rules = [OrderRule.PROTOCOL_LAST, OrderRule.NOT_OPERATED_FIRST, OrderRule.HARD_FIRST]
    standing = by_id(items, in_order(items, rules))
    place = place_for(new, standing, rules)
    with_it = [*standing[:place], new, *standing[place:]]
    assert in_order(with_it, rules) == [one.id for one in with_it]


@given(AGENDAS, CASES, RULES_CHOSEN)
def test_a_group_is_not_torn_apart_by_a_newcomer(items: list[Orderable], new: Orderable, rules: list[str]) -> None:
    if OrderRule.GUESTS_TOGETHER not in rules[:1]:
        return
    standing = by_id(items, in_order(items, rules))
    place = place_for(new, standing, rules)
    with_it = [*standing[:place], new, *standing[place:]]
    for firm in (True, False):
        guests = [one.guest for one in with_it if one.is_firm == firm]
        runs = [guest for n, guest in enumerate(guests) if n == 0 or guests[n - 1] != guest]
        assert len(runs) == len(set(runs))


@given(AGENDAS, CASES, RULES_CHOSEN)
def test_an_order_by_hand_stays_and_the_place_is_on_it(
    items: list[Orderable], new: Orderable, rules: list[str]
) -> None:
    by_hand = items[::-1]
    assert 0 <= place_for(new, by_hand, rules) <= len(items)


def test_the_rules_of_the_review() -> None:
    """Not operated first, hard before easy, guests and each reader's together, the protocol list last."""
    agenda = [
        case(1, "protocol", minutes=1),
        case(2, is_operated=True),
        case(3, "focused", minutes=3, readers=(1, None)),
        case(4, readers=(2, None)),
        case(5, minutes=9, readers=(1, None)),
        case(6, "focused", minutes=3, guest="Umeå"),
        case(7, is_firm=False),
        case(8, guest="Umeå"),
    ]
    assert in_order(agenda, RULES) == [8, 6, 5, 3, 4, 2, 1, 7]


def test_a_person_overrides_by_taking_rules_away() -> None:
    agenda = [case(1, "protocol", minutes=1), case(2, is_operated=True), case(3)]
    assert in_order(agenda, [OrderRule.NOT_OPERATED_FIRST]) == [1, 3, 2]
    assert in_order(agenda, []) == [1, 2, 3]


@pytest.mark.parametrize(
    ("new", "place"),
    [
        (case(9, minutes=6), 2),  # after its equal, before the easier one
        (case(9, minutes=8), 1),
        (case(9, "protocol", minutes=1), 4),
        (case(9, is_operated=True), 3),
        (case(9, is_firm=False), 5),
    ],
)
def test_a_newcomer_finds_its_place(new: Orderable, place: int) -> None:
    focused, listed = case(3, "focused", minutes=3), case(4, "protocol", minutes=1)
    agenda = [case(1, minutes=9), case(2), focused, listed, case(5, is_firm=False)]
    assert place_for(new, agenda, RULES) == place


def test_among_cases_put_by_hand_it_stands_where_fewest_are_wrong() -> None:
    by_hand = [case(1, "focused", minutes=2), case(2, minutes=9), case(3, minutes=7), case(4, "focused", minutes=3)]
    assert place_for(case(9, minutes=8), by_hand, [OrderRule.HARD_FIRST]) == 2


@pytest.mark.parametrize(
    ("level", "phase", "is_firm", "rules", "section"),
    [
        ("full", "pre_treatment", True, RULES, "not_operated"),
        ("full", "post_operative", True, RULES, "operated"),
        ("full", "post_operative", True, [], "discussed"),
        ("protocol", "post_operative", True, [], "protocol"),
        ("protocol", "post_operative", False, RULES, "provisional"),
    ],
)
def test_the_part_in_which_a_case_is_read(
    level: str, phase: str, is_firm: bool, rules: list[str], section: str
) -> None:
    assert section_of(level, phase, is_firm=is_firm, rules=rules) == section
