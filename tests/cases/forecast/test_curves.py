"""The curves: what must hold for any history, thin or rich, and where the numbers come from."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.forecast.curves import DAYS, NO_HISTORY, Counts, Curve, Tally, half_by, leaning
from cases.forecast.prior import PRIOR

shares = st.lists(st.floats(min_value=0.0, max_value=0.95), min_size=DAYS, max_size=DAYS)
times = st.floats(min_value=0.0, max_value=120.0)
spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 10), st.booleans()).map(lambda t: (t[1], t[0] + t[1], t[2])),
    max_size=60,
)


def counted(answers: list[tuple[int, int, bool]]) -> Counts:
    tally = Tally()
    for first, last, has_come in answers:
        tally.add(first, last, has_come=has_come)
    return tally.counts()


@given(shares, times, times, times)
def test_a_probability_is_one_and_never_falls_with_the_day(
    given_shares: list[float], now: float, then: float, later: float
) -> None:
    curve = Curve.of(given_shares)
    first, second = sorted((then, later))
    assert 0.0 <= curve.by(first, now) <= curve.by(second, now) <= 1.0
    if first <= now:
        assert curve.by(first, now) == 0.0


@given(shares, times, times, times)
def test_the_longer_it_was_awaited_the_less_is_left_of_the_time(
    given_shares: list[float], one: float, other: float, then: float
) -> None:
    curve = Curve.of(given_shares)
    early, late = sorted((one, other))
    assert curve.by(then, late) <= curve.by(then, early) + 1e-9


@given(shares, times, st.floats(min_value=0.01, max_value=0.99))
def test_the_expected_time_is_never_past_and_has_its_share(given_shares: list[float], now: float, share: float) -> None:
    curve = Curve.of(given_shares)
    time = curve.time_of(share, now)
    assert time >= now
    if time < 1000:
        assert curve.by(time + 1e-6, now) >= share - 1e-6
        if given_shares[min(int(time), DAYS - 1)] > 0:
            assert curve.by(time, now) == pytest.approx(share, abs=1e-6)


@given(spans)
def test_counts_are_those_of_a_walk_from_day_to_day(answers: list[tuple[int, int, bool]]) -> None:
    counts = counted(answers)
    for day in range(DAYS):
        assert counts.awaited[day] == sum(first <= day <= last for first, last, _come in answers)
        assert counts.came[day] == sum(come and last == day for _first, last, come in answers)
        assert counts.came[day] <= counts.awaited[day]


@given(spans, st.integers(0, 30), st.integers(1, 20))
def test_an_answer_still_awaited_never_makes_it_look_faster(
    answers: list[tuple[int, int, bool]], last: int, many: int
) -> None:
    """Leaving out those that are still awaited would; so would counting them as come."""
    prior = PRIOR["pathology", "ordered"]
    without = leaning(counted(answers), prior)
    censored = leaning(counted([*answers, *[(0, last, False)] * many]), prior)
    as_come = leaning(counted([*answers, *[(0, last, True)] * many]), prior)
    came_before = sum(come for first, end, come in answers if end <= last)
    for day in range(1, DAYS + 1):
        assert censored.by(day) <= as_come.by(day) + 1e-12
        if not came_before:
            assert censored.by(day) <= without.by(day) + 1e-12


def test_censored_answers_slow_the_days_they_were_awaited_on() -> None:
    fast = [(0, 2, True)] * 50
    prior = half_by(3)
    without, censored = leaning(counted(fast), prior), leaning(counted([*fast, *[(0, 9, False)] * 50]), prior)
    assert without.by(3) > 0.7
    assert censored.by(3) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("stratum", list(PRIOR))
def test_without_history_the_prior_answers(stratum: tuple[str, str]) -> None:
    assert leaning(NO_HISTORY, PRIOR[stratum]).shares == pytest.approx(PRIOR[stratum].shares)


def test_three_answers_hardly_move_it() -> None:
    prior = half_by(5)
    slow = leaning(counted([(0, 30, True)] * 3), prior)
    assert slow.by(6) == pytest.approx(prior.by(6), abs=0.08)


@pytest.mark.parametrize("seed", range(5))
def test_a_rich_history_becomes_the_truth(seed: int) -> None:
    """Five thousand answers, a third of them called off or still awaited at some day of their own."""
    random = Random(seed)
    weights = [random.random() for _ in range(15)]
    answers = []
    for _ in range(5000):
        came = random.choices(range(15), weights)[0]
        gone = random.randrange(30) if random.random() < 0.33 else 99
        answers.append((0, came, True) if came <= gone else (0, gone, False))
    curve = leaning(counted(answers), half_by(3))
    for day in range(15):
        assert curve.by(day + 1) == pytest.approx(sum(weights[: day + 1]) / sum(weights), abs=0.03)


def test_what_was_seen_late_does_not_count_for_the_days_before() -> None:
    """Half come at once and are never seen: the other half, seen from day 3 on, come on day 5."""
    seen = leaning(counted([(3, 5, True)] * 1000), half_by(3), weight=1)
    assert seen.shares[5] > 0.99
    assert seen.shares[0] == pytest.approx(half_by(3).shares[0])


def test_beyond_the_counted_days_the_last_share_goes_on() -> None:
    curve = Curve.of([0.0] * (DAYS - 1) + [0.5])
    assert curve.by(DAYS + 1, DAYS) == pytest.approx(0.5)
    assert curve.by(DAYS + 2, DAYS) == pytest.approx(0.75)
    assert curve.time_of(0.75, DAYS) == pytest.approx(DAYS + 2)
    assert curve.by(2000, 1900) == pytest.approx(1.0)


@pytest.mark.parametrize(("day", "not_before"), [(0, 0), (1, 0), (3, 1), (8, 2)])
def test_half_has_come_by_the_end_of_its_day(day: int, not_before: int) -> None:
    curve = half_by(day, not_before=not_before)
    assert curve.by(day + 1) == pytest.approx(0.5)
    assert curve.by(not_before) == 0.0
