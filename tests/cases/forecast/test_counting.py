"""Counting: which answers teach what, on which working day, and that a second run changes nothing."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.enums import CaseStatus, ForecastStage, ResultSource, ResultState
from cases.forecast import count_turnarounds
from cases.forecast.counting import Waiting
from cases.models import Case, Result, Turnaround
from cases.tasks import count_answers
from tests.domain_factories import House, make_case

MONDAY = date(2026, 11, 2)
TODAY = date(2026, 11, 23)
NOW = timezone.make_aware(datetime(2026, 11, 23, 3, 20))  # noqa: DTZ001 - made aware here
PAD = "histopathology"


def at(day: date, hour: int = 12) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day, hour))  # noqa: DTZ001 - made aware here


@pytest.fixture
def case(house: House) -> Case:
    """Return a case that was referred in good time before its orders."""
    case = make_case(house)
    Case.objects.filter(pk=case.pk).update(created_at=at(date(2026, 10, 1)))
    case.refresh_from_db()
    return case


def answer(case: Case, **fields: Any) -> Result:
    values = {
        "kind": "pathology",
        "requirement": PAD,
        "state": ResultState.FINAL if fields.get("final_on") else ResultState.ORDERED,
        "performed_on": fields.get("final_on"),
        "source": ResultSource.HL7V2,
        "ordered_on": MONDAY,
        "created_at": NOW,
        "updated_at": NOW,
    } | fields
    return Result.objects.create(case=case, **values)


def counts(stage: str = ForecastStage.ORDERED, **stratum: Any) -> tuple[dict[int, int], list[int]]:
    """Return when answers came, and on which days they were awaited, of one stratum."""
    row = Turnaround.objects.get(**{"kind": "pathology", "requirement": PAD, "unit": None, "stage": stage} | stratum)
    assert row.counted_at == NOW
    return {day: n for day, n in enumerate(row.came) if n}, [n for n in row.awaited if n]


@pytest.mark.parametrize(
    ("ordered", "final", "day"),
    [
        (MONDAY, MONDAY, 0),
        (MONDAY, MONDAY + timedelta(days=3), 3),
        (MONDAY + timedelta(days=4), MONDAY + timedelta(days=7), 1),  # Friday to Monday
        (MONDAY + timedelta(days=5), MONDAY + timedelta(days=7), 0),  # ordered on a Saturday: Monday is its first day
        (MONDAY + timedelta(days=4), MONDAY + timedelta(days=5), 1),  # an answer of Saturday is there on Monday
        (date(2026, 10, 30), MONDAY, 1),  # All Saints' Day lies on the Saturday between
        (date(2026, 5, 13), date(2026, 5, 15), 1),  # Ascension Day is red
    ],
)
def test_days_are_working_days(case: Case, ordered: date, final: date, day: int) -> None:
    Case.objects.filter(pk=case.pk).update(created_at=at(date(2026, 1, 7)))
    answer(case, ordered_on=ordered, final_on=final)
    count_turnarounds(NOW)
    assert counts() == ({day: 1}, [1] * (day + 1))


def test_a_strange_day_is_counted_for_requirement_kind_and_unit(case: Case, house: House) -> None:
    answer(case, final_on=MONDAY + timedelta(days=2))
    answer(case, final_on=MONDAY + timedelta(days=2), source=ResultSource.MANUAL)
    answer(case, final_on=MONDAY + timedelta(days=3), requirement="specimen_histopathology")
    assert count_turnarounds(NOW) == Turnaround.objects.count() == 6
    assert counts(requirement="") == ({2: 2, 3: 1}, [3, 3, 3, 1])
    assert counts() == ({2: 2}, [2, 2, 2])
    assert counts(unit=house.clinic, source="hl7v2") == ({2: 1}, [1, 1, 1])
    assert set(Turnaround.objects.values_list("provider", flat=True)) == {house.hospital.pk}


def test_an_answer_to_its_whole_kind_counts_for_the_kind_alone(case: Case) -> None:
    answer(case, requirement="", final_on=MONDAY)
    assert count_turnarounds(NOW) == 1
    assert counts(requirement="") == ({0: 1}, [1])


def test_what_is_still_awaited_counts_for_the_days_that_passed(case: Case) -> None:
    """Ordered on Thursday, counted on Monday morning: awaited to the end of Thursday and of Friday."""
    answer(case, ordered_on=TODAY - timedelta(days=4))
    answer(case, ordered_on=TODAY)
    answer(case, final_on=TODAY, ordered_on=TODAY - timedelta(days=3))
    count_turnarounds(NOW)
    assert counts() == ({}, [2, 1])


def test_called_off_it_was_awaited_until_then(case: Case) -> None:
    answer(case, state=ResultState.CANCELLED, updated_at=at(MONDAY + timedelta(days=2)))
    count_turnarounds(NOW)
    assert counts() == ({}, [1, 1])


def test_a_case_that_is_over_waits_for_nothing(case: Case) -> None:
    answer(case)
    Case.objects.filter(pk=case.pk).update(
        status=CaseStatus.WITHDRAWN, withdrawn_reason="Avstår.", status_changed_at=at(MONDAY + timedelta(days=3))
    )
    count_turnarounds(NOW)
    assert counts() == ({}, [1, 1, 1])


def test_what_was_ordered_before_the_referral_teaches_only_what_was_seen(case: Case) -> None:
    """An answer at hand when the case came says nothing; one that came later says something of the later days."""
    Case.objects.filter(pk=case.pk).update(created_at=at(MONDAY + timedelta(days=2)))
    answer(case, final_on=MONDAY + timedelta(days=2))
    count_turnarounds(NOW)
    assert counts() == ({}, [])
    answer(case, final_on=MONDAY + timedelta(days=4))
    count_turnarounds(NOW)
    row = Turnaround.objects.get(requirement=PAD, unit=None)
    assert (row.came[4], row.awaited[:6]) == (1, [0, 0, 0, 1, 1, 0])


def test_from_the_preliminary_answer_on(case: Case) -> None:
    answer(case, preliminary_on=MONDAY + timedelta(days=2), final_on=MONDAY + timedelta(days=3))
    count_turnarounds(NOW)
    assert counts() == ({3: 1}, [1] * 4)
    assert counts(ForecastStage.PRELIMINARY) == ({1: 1}, [1, 1])


def test_answers_without_days_and_those_long_past_teach_nothing(case: Case) -> None:
    answer(case, ordered_on=None, final_on=MONDAY)
    answer(case, ordered_on=TODAY - timedelta(days=800), final_on=TODAY - timedelta(days=790))
    answer(case, ordered_on=MONDAY + timedelta(days=2), final_on=MONDAY)
    assert count_turnarounds(NOW) == 0


def test_twice_is_once_and_what_nothing_speaks_for_goes(case: Case) -> None:
    answer(case, final_on=MONDAY)
    gone = answer(case, final_on=MONDAY, kind="radiology", requirement="ct_thorax_abdomen")
    count_turnarounds(NOW)
    before = list(Turnaround.objects.order_by("pk").values())
    count_turnarounds(NOW)
    assert list(Turnaround.objects.order_by("pk").values()) == before
    gone.delete()
    count_turnarounds(NOW + timedelta(days=1))
    assert set(Turnaround.objects.values_list("kind", flat=True)) == {"pathology"}


def test_the_task_counts(case: Case) -> None:
    answer(case, final_on=MONDAY)
    assert count_answers() == count_answers() == 3


def test_one_pass_whatever_their_number(case: Case) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            count_turnarounds(NOW)
        return len(queries)

    answer(case, final_on=MONDAY)
    one = statements()
    for day in range(30):
        answer(case, final_on=MONDAY + timedelta(days=day % 15))
    assert statements() == one


def test_a_waiting_that_ends_before_it_is_seen_has_no_days() -> None:
    first, last = Waiting(MONDAY, MONDAY + timedelta(days=9), MONDAY + timedelta(days=3), has_come=True).days()
    assert last < first
