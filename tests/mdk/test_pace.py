"""What is learnt from readings: between the extremes, the more the more there is, the definition without any."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mdk.planning.pace import NOTHING, WEIGHT, Evidence, leaning, learnt

evidences = st.builds(
    Evidence, readings=st.integers(1, 500), minutes=st.integers(1, 5000), estimated=st.integers(1, 5000)
)
minutes = st.integers(1, 120)


def together(one: Evidence, other: Evidence) -> Evidence:
    return Evidence(one.readings + other.readings, one.minutes + other.minutes, one.estimated + other.estimated)


@given(minutes)
def test_without_history_it_is_the_definition(given_minutes: int) -> None:
    estimate = learnt(given_minutes, NOTHING)
    assert (estimate.minutes, estimate.is_learnt, estimate.readings) == (given_minutes, False, 0)


@given(minutes, evidences, evidences)
def test_it_lies_between_the_definition_and_what_readings_took(
    given_minutes: int, others: Evidence, own: Evidence
) -> None:
    estimate = learnt(given_minutes, together(others, own), own)
    paces = [1.0, others.minutes / others.estimated, own.minutes / own.estimated]
    low, high = min(paces) * given_minutes, max(paces) * given_minutes
    assert max(1, round(low)) <= estimate.minutes <= max(1, round(high))
    assert estimate.is_learnt
    assert (estimate.readings, estimate.own) == (others.readings + own.readings, own.readings)


@given(evidences, st.floats(0.1, 10), st.integers(2, 50))
def test_more_readings_of_the_same_pace_weigh_more(evidence: Evidence, coarser: float, times: int) -> None:
    more = Evidence(evidence.readings * times, evidence.minutes * times, evidence.estimated * times)
    ratio = evidence.minutes / evidence.estimated
    assert abs(leaning(more, coarser) - ratio) <= abs(leaning(evidence, coarser) - ratio) + 1e-9


@given(minutes, evidences, evidences, st.integers(1, 500))
def test_slower_readings_never_make_it_shorter(
    given_minutes: int, others: Evidence, own: Evidence, longer: int
) -> None:
    before = learnt(given_minutes, together(others, own), own)
    slower = replace(own, minutes=own.minutes + longer)
    assert learnt(given_minutes, together(others, slower), slower).minutes >= before.minutes
    slow_others = replace(others, minutes=others.minutes + longer)
    assert learnt(given_minutes, together(slow_others, own), own).minutes >= before.minutes


def test_as_many_readings_as_the_weight_go_half_of_the_way() -> None:
    assert leaning(Evidence(WEIGHT, 200, 100), 1.0) == pytest.approx(1.5)


def test_the_own_pace_stands_on_everybodys_and_is_counted_once() -> None:
    others = Evidence(1000, 20_000, 10_000)
    assert learnt(10, others).minutes == 20
    own = Evidence(WEIGHT, 100, 100)
    assert learnt(10, together(others, own), own).minutes == 15
    assert learnt(10, own, own).minutes == 10  # the only reader there is: no twice of the same history


def test_what_the_definition_gives_no_minutes_takes_none() -> None:
    assert learnt(0, Evidence(50, 500, 100)).minutes == 0


def test_evidence_without_minutes_of_the_definition_says_nothing() -> None:
    estimate = learnt(9, Evidence(5, 50, 0))
    assert (estimate.minutes, estimate.is_learnt) == (9, False)
