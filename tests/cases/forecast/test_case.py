"""The forecast of a case: from its stored readiness, whose history answers, and what must hold whatever comes."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cases.enums import ForecastStage, ResultState
from cases.forecast import case_forecasts
from cases.forecast.case import CaseForecast, Known, Stratum, Subject, forecast_of
from cases.forecast.curves import DAYS, Counts, half_by
from cases.forecast.history import History
from cases.forecast.prior import MENDING, PRIOR, TO_ORDER
from cases.forecast.worktime import begins, work_time
from cases.models import Case, Turnaround
from checklists.loader import FOLDER, load_folder
from tests.domain_factories import House, add_result, make_case, ready_case

SPEC = next(loaded.spec for loaded in load_folder(FOLDER) if loaded.spec.slug == "colorectal")
NOW = timezone.make_aware(datetime(2026, 11, 23, 12, 0))  # noqa: DTZ001 - made aware here; a Monday
TODAY = date(2026, 11, 23)
CT, PAD = "ct_thorax_abdomen", "histopathology"
THURSDAY = timezone.make_aware(datetime(2026, 11, 26, 12, 0))  # noqa: DTZ001 - made aware here


def check(state: str, requirement: str = PAD, kind: str = "pathology", **fields: Any) -> dict[str, Any]:
    return {
        "requirement": requirement, "kind": kind, "state": state, "performed_on": None, "expected_on": None,
        "since": None, "source": "", "elsewhere": False,
    } | fields  # fmt: skip


def finding(code: str, requirement: str = "", severity: str = "blocker") -> dict[str, Any]:
    return {"code": code, "severity": severity, "owner": "clinician", "requirement": requirement, "kind": ""}


def subject(*checks: dict[str, Any], findings: tuple[dict[str, Any], ...] = (), level: str = "full") -> Subject:
    waiting = tuple(finding(f"answer-{one['state']}", one["requirement"]) for one in checks if one["state"] != "final")
    return Subject(1, 1, 2, 3, level, {"checks": list(checks), "findings": [*waiting, *findings]})


def prior(stratum: Stratum) -> Known:
    return Known(PRIOR[stratum.kind, stratum.stage], 0)


def forecast(
    *checks: dict[str, Any], now: datetime = NOW, known: Callable[[Stratum], Known] = prior, **more: Any
) -> CaseForecast:
    return forecast_of(subject(*checks, **more), SPEC, known, now)


def test_a_ready_case_is_ready() -> None:
    assert forecast().probability_by(THURSDAY) == 1.0
    assert (forecast().answers, forecast().last, forecast().is_thin) == (None, None, False)


def test_what_was_ordered_counts_from_its_day_and_from_now() -> None:
    since = TODAY - timedelta(
        days=3
    )  # a Friday: Monday noon is one and a half days later, Thursday noon four and a half
    curve = PRIOR["pathology", "ordered"]
    found = forecast(check("ordered", since=since.isoformat()))
    assert found.probability_by(THURSDAY) == pytest.approx(curve.by(4.5, 1.5))
    assert found.probability_by(NOW) == 0.0
    assert found.probability_by(TODAY) == pytest.approx(curve.by(2, 1.5))


@pytest.mark.parametrize("state", ["missing", "stale"])
def test_what_nobody_has_ordered_counts_as_ordered_a_day_from_now(state: str) -> None:
    curve = PRIOR["pathology", "ordered"]
    found = forecast(check(state))
    assert TO_ORDER == 1.0
    assert found.probability_by(THURSDAY) == pytest.approx(curve.by(2.0))
    assert found.probability_by(TODAY + timedelta(days=1)) == 0.0 < found.probability_by(THURSDAY)


def test_a_preliminary_answer_counts_from_its_own_day() -> None:
    found = forecast(check("preliminary", since=TODAY.isoformat()))
    assert found.probability_by(THURSDAY) == pytest.approx(PRIOR["pathology", "preliminary"].by(3.5, 0.5))


def test_an_order_without_its_day_counts_from_now() -> None:
    found = forecast(check("ordered"))
    assert found.probability_by(THURSDAY) == pytest.approx(PRIOR["pathology", "ordered"].by(3.0))


def test_a_later_day_given_by_the_discipline_holds_it_back_and_an_earlier_one_hastens_nothing() -> None:
    without = forecast(check("ordered", since=TODAY.isoformat()))
    friday = (TODAY + timedelta(days=4)).isoformat()
    later = forecast(check("ordered", since=TODAY.isoformat(), expected_on=friday))
    assert later.probability_by(THURSDAY) == 0.0 < without.probability_by(THURSDAY)
    assert later.probability_by(TODAY + timedelta(days=4)) == without.probability_by(TODAY + timedelta(days=4))
    assert later.parts[0].expected_days[0] == TODAY + timedelta(days=4)
    earlier = forecast(check("ordered", since=TODAY.isoformat(), expected_on=TODAY.isoformat()))
    assert earlier.probability_by(THURSDAY) == without.probability_by(THURSDAY)


def test_what_people_mend_is_one_thing() -> None:
    one = forecast(findings=(finding("attestation-missing", severity="needs_approval"),))
    three = forecast(
        findings=(
            finding("attestation-missing", severity="needs_approval"),
            finding("condition-open", "mr_liver", severity="needs_approval"),
            finding("field-missing", "performance_status"),
        )
    )
    assert one.probability_by(THURSDAY) == three.probability_by(THURSDAY) == pytest.approx(MENDING.by(3.0))


def test_a_warning_is_not_waited_for() -> None:
    quiet = {"checks": [check("missing")], "findings": [finding("answer-missing", PAD, severity="warning")]}
    assert forecast_of(Subject(1, 1, 2, 3, "full", quiet), SPEC, prior, NOW).probability_by(TODAY) == 1.0


def test_parts_are_independent() -> None:
    pad, ct = check("ordered"), check("ordered", CT, "radiology")
    both = forecast(pad, ct).probability_by(THURSDAY)
    assert both == pytest.approx(forecast(pad).probability_by(THURSDAY) * forecast(ct).probability_by(THURSDAY))


def test_an_answer_that_will_be_too_old_at_the_meeting_makes_it_impossible() -> None:
    allowed = next(r for r in SPEC.requirements if r.key == CT).max_age_days["full"]
    assert allowed is not None, "the programme gives the CT an age"
    performed = TODAY - timedelta(days=allowed - 4)  # fresh to and with Friday
    found = forecast(check("final", CT, "radiology", performed_on=performed.isoformat()))
    assert found.probability_by(THURSDAY) == 1.0
    assert found.probability_by(THURSDAY, TODAY + timedelta(days=4)) == 1.0
    assert found.probability_by(THURSDAY, TODAY + timedelta(days=5)) == 0.0
    assert found.outdated_by(TODAY + timedelta(days=5)) == CT


moments = st.integers(0, 30 * 24).map(lambda hours: NOW + timedelta(hours=hours))
checks = st.lists(
    st.builds(
        lambda state, back, ahead: check(
            state,
            since=(TODAY - timedelta(days=back)).isoformat() if back else None,
            expected_on=(TODAY + timedelta(days=ahead)).isoformat() if ahead else None,
        ),
        st.sampled_from(["missing", "stale", "ordered", "preliminary"]),
        st.integers(0, 90),
        st.integers(-5, 20),
    ),
    max_size=3,
)


@given(checks, moments, moments, moments)
def test_a_forecast_is_a_probability_rises_with_the_day_and_never_expects_what_is_past(
    given_checks: list[dict[str, Any]], now: datetime, one: datetime, other: datetime
) -> None:
    found = forecast(*given_checks, now=now)
    early, late = sorted((one, other))
    assert 0.0 <= found.probability_by(early) <= found.probability_by(late) <= 1.0
    for part in found.parts:
        first, last = part.expected_days
        assert timezone.localdate(now) <= first <= last
        assert part.probability_by(now) == 0.0
        assert part.probability_by(last) >= 0.75 - 1e-6 or last > TODAY + timedelta(days=300)


@given(moments)
def test_working_time_moves_by_day_between_eight_and_sixteen(moment: datetime) -> None:
    time, day = work_time(moment), timezone.localdate(moment)
    assert begins(day) <= time <= work_time(day) <= begins(day) + 1
    assert time <= work_time(moment + timedelta(hours=1))


def counts_of(day: int, n: int) -> Counts:
    return Counts(tuple(n * (k == day) for k in range(DAYS)), tuple(n * (k <= day) for k in range(DAYS)))


def row(requirement: str, unit: int | None, source: str, counts: Counts) -> tuple[Any, ...]:
    return (1, unit, "pathology", requirement, source, "ordered", counts.came, counts.awaited)


STRATUM = Stratum(1, 2, "pathology", PAD, "hl7v2", ForecastStage.ORDERED)


def test_each_stratum_leans_on_the_coarser_one() -> None:
    slow, quick, quicker = counts_of(9, 400), counts_of(3, 400), counts_of(1, 400)
    kind, requirement, own = row("", None, "", slow), row(PAD, None, "", quick), row(PAD, 2, "hl7v2", quicker)
    nothing = History(()).known(STRATUM)
    assert (nothing.curve.shares, nothing.answers) == (PRIOR["pathology", "ordered"].shares, 0)
    assert History([kind]).known(STRATUM).curve.time_of(0.5) > 8
    assert 3 < History([kind, requirement]).known(STRATUM).curve.time_of(0.5) < 4
    whole = History([kind, requirement, own]).known(STRATUM)
    assert 1 < whole.curve.time_of(0.5) < 2
    assert whole.answers == 400
    elsewhere = Stratum(9, 2, "pathology", PAD, "hl7v2", ForecastStage.ORDERED)
    assert History([kind, requirement, own]).known(elsewhere).curve.shares == PRIOR["pathology", "ordered"].shares


def test_thin_history_says_so() -> None:
    few = forecast(check("ordered"), known=lambda _s: Known(half_by(3), 4))
    many = forecast(check("ordered"), known=lambda _s: Known(half_by(3), 143))
    assert (few.answers, few.is_thin, many.answers, many.is_thin) == (4, True, 143, False)


@pytest.fixture
def rows(house: House) -> list[Case]:
    slow = counts_of(9, 400)
    Turnaround.objects.create(
        provider=house.hospital, unit=None, kind="pathology", requirement="", stage="ordered",
        came=slow.came, awaited=slow.awaited, counted_at=NOW,
    )  # fmt: skip
    cases = [make_case(house) for _ in range(3)]
    for case in cases:
        add_result(case, "pathology", requirement=PAD, state=ResultState.ORDERED)
    return list(Case.objects.filter(pk__in=[case.pk for case in cases]).select_related("patient"))


def test_the_hospital_own_history_answers_for_its_cases(house: House, rows: list[Case]) -> None:
    now = timezone.now()
    found = case_forecasts(rows, now=now)
    assert set(found) == {case.pk for case in rows}
    part = next(part for part in found[rows[0].pk].parts if part.requirement == PAD)
    assert part.curve.time_of(0.5) > 8
    ready = Case.objects.select_related("patient").get(pk=ready_case(house).pk)
    assert case_forecasts([ready], now=now)[ready.pk].probability_by(now + timedelta(days=1)) == 1.0


def test_one_query_for_one_case_and_for_three(rows: list[Case], django_assert_num_queries: Any) -> None:
    case_forecasts(rows, now=NOW)
    with django_assert_num_queries(1):
        case_forecasts(rows[:1], now=NOW)
    with django_assert_num_queries(1):
        case_forecasts(rows, now=NOW)
