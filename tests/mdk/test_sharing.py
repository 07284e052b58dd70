"""Who prepares what: never the absent, never another speciality, and nobody much more than their fair part."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mdk.planning.sharing import Sharer, Week, Work, share

MONDAY = date(2026, 11, 23)
DUE = datetime(2026, 11, 26, 7, tzinfo=UTC)
READERS = (1, 2, 3, 4)


def work(pk: int, minutes: int = 9, **fields: object) -> Work:
    """Return a preparation that every reader is on duty for, due in the week of MONDAY."""
    plain = {"diagnosis": 1, "due_at": DUE, "monday": MONDAY, "on_duty": frozenset(READERS)} | fields
    return Work(id=pk, minutes=minutes, **plain)  # type: ignore[arg-type]


def weeks(capacity: int | None = 240, planned: int = 0) -> dict[tuple[int, date], Week]:
    return {(reader, MONDAY): Week(capacity, planned) for reader in READERS}


def test_the_one_with_the_smallest_share_of_the_week_used_gets_it() -> None:
    stated = weeks() | {(1, MONDAY): Week(240, 60), (2, MONDAY): Week(60, 30), (3, MONDAY): Week(480, 100)}
    assert share([work(1)], [Sharer(1), Sharer(2), Sharer(3)], stated) == {1: 3}


def test_nobody_gets_more_than_the_week_holds() -> None:
    stated = {(1, MONDAY): Week(20, 12), (2, MONDAY): Week(20, 8)}
    assert share([work(1, 9), work(2, 9)], [Sharer(1), Sharer(2)], stated) == {1: 2}


def test_who_has_no_stated_week_shares_by_a_nominal_one() -> None:
    stated = {(1, MONDAY): Week(None, 120), (2, MONDAY): Week(480, 120)}
    assert share([work(1)], [Sharer(1), Sharer(2)], stated) == {1: 2}
    assert share([work(1, 600)], [Sharer(1)], stated) == {1: 1}


def test_a_second_reading_goes_to_who_did_the_first_while_they_may() -> None:
    again = work(1, earlier=2)
    stated = weeks() | {(2, MONDAY): Week(240, 100)}
    assert share([again], [Sharer(1), Sharer(2)], stated) == {1: 2}
    assert share([again], [Sharer(1), Sharer(2, away=frozenset({MONDAY}))], stated) == {1: 2}
    away = work(1, earlier=2, days=frozenset({MONDAY}))
    assert share([away], [Sharer(1), Sharer(2, away=frozenset({MONDAY}))], stated) == {1: 1}


def test_who_has_put_it_back_or_is_not_on_duty_does_not_get_it() -> None:
    assert share([work(1, on_duty=frozenset({3}))], [Sharer(1), Sharer(2)], weeks()) == {}


days = st.frozensets(st.integers(0, 4).map(lambda step: MONDAY + timedelta(days=step)), max_size=3)
works = st.lists(
    st.builds(
        lambda minutes, due, diagnosis, on_duty, there: {
            "minutes": minutes, "due_at": DUE + timedelta(hours=due), "diagnosis": diagnosis, "on_duty": on_duty,
            "days": there,
        },
        st.integers(0, 30), st.integers(0, 3), st.integers(1, 3), st.frozensets(st.sampled_from(READERS)), days,
    ),
    max_size=25,
)  # fmt: skip
sharers = st.lists(
    st.builds(Sharer, st.sampled_from(READERS), st.frozensets(st.integers(1, 3), max_size=2), days),
    unique_by=lambda one: one.id,
)
capacities = st.lists(st.tuples(st.none() | st.integers(0, 300), st.integers(0, 200)), min_size=4, max_size=4)


@given(works, sharers, capacities)
def test_only_those_who_may_and_have_room_get_anything(
    asked: list[dict[str, object]], readers: list[Sharer], stated: list[tuple[int | None, int]]
) -> None:
    jobs = [work(pk, **fields) for pk, fields in enumerate(asked)]  # type: ignore[arg-type]
    by_id = {reader.id: reader for reader in readers}
    week = {(pk, MONDAY): Week(*stated[pk - 1]) for pk in READERS}
    given_out = share(jobs, readers, week)
    assert share(list(reversed(jobs)), list(reversed(readers)), week) == given_out
    for pk, reader in given_out.items():
        assert reader in jobs[pk].on_duty
        assert not by_id[reader].away & jobs[pk].days
        assert not by_id[reader].reads or jobs[pk].diagnosis in by_id[reader].reads
    for reader in by_id:
        load = sum(jobs[pk].minutes for pk, chosen in given_out.items() if chosen == reader)
        capacity, planned = stated[reader - 1]
        assert load == 0 or capacity is None or planned + load <= capacity


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=40),
    st.lists(st.tuples(st.integers(200, 600), st.integers(0, 200)), min_size=1, max_size=4),
)
def test_when_all_read_all_nobody_has_more_than_a_fair_part_and_one_case(
    minutes: list[int], stated: list[tuple[int, int]]
) -> None:
    """The fairest possible is the level to which the same minutes would fill every week if they could be split."""
    readers = [Sharer(pk) for pk in range(1, len(stated) + 1)]
    week = {(pk, MONDAY): Week(capacity + 10_000, planned) for pk, (capacity, planned) in enumerate(stated, start=1)}
    jobs = [work(pk, each, on_duty=frozenset(reader.id for reader in readers)) for pk, each in enumerate(minutes)]
    given_out = share(jobs, readers, week)
    assert len(given_out) == len(jobs)
    loads = {reader.id: week[reader.id, MONDAY].planned for reader in readers}
    for pk, reader in given_out.items():
        loads[reader] += jobs[pk].minutes
    level = fairest_level([week[reader.id, MONDAY] for reader in readers], sum(minutes))
    for reader in set(given_out.values()):
        capacity = week[reader, MONDAY].capacity or 0
        assert loads[reader] <= level * capacity + max(minutes) + 1e-6


def fairest_level(stated: list[Week], minutes: int) -> float:
    """Return the share of the week to which `minutes` fill the emptiest weeks together."""
    order = sorted(stated, key=lambda one: one.planned / (one.capacity or 1))
    for count in range(len(order), 0, -1):
        some = order[:count]
        level = (sum(one.planned for one in some) + minutes) / sum(one.capacity or 1 for one in some)
        if level >= some[-1].planned / (some[-1].capacity or 1):
            return level
    raise AssertionError
