"""Estimates from the paces that are counted, one by one and many at once."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from mdk.models import Pace
from mdk.planning.pace import Estimate
from mdk.queries.paces import Asked, basis, estimate_minutes, estimates, examinations_of
from tests.domain_factories import House, add_result, make_case, make_diagnosis


def pace(**fields: Any) -> Pace:
    values: dict[str, Any] = {
        "reader": None, "discipline": "radiology", "phase": "pre_treatment", "examinations": 2, "readings": 10,
        "minutes": 200, "estimated": 100, "counted_at": timezone.now(),
    }  # fmt: skip
    return Pace.objects.create(**values | fields)


@pytest.fixture
def asked(house: House) -> dict[str, Any]:
    return {
        "discipline": "radiology",
        "diagnosis_id": make_diagnosis().pk,
        "phase": "pre_treatment",
        "examinations": 2,
        "minutes": 10,
    }


def test_without_paces_it_is_the_definition(asked: dict[str, Any]) -> None:
    assert estimate_minutes(**asked) == (10, False)


def test_everybodys_pace_moves_the_estimate(asked: dict[str, Any]) -> None:
    pace(diagnosis_id=asked["diagnosis_id"])
    assert estimate_minutes(**asked) == (15, True)


@pytest.mark.parametrize("other", [{"discipline": "pathology"}, {"phase": "recurrence"}, {"examinations": 3}])
def test_other_kinds_of_preparation_have_paces_of_their_own(asked: dict[str, Any], other: dict[str, Any]) -> None:
    pace(diagnosis_id=asked["diagnosis_id"], **other)
    assert estimate_minutes(**asked) == (10, False)


def test_other_diagnoses_have_paces_of_their_own(asked: dict[str, Any]) -> None:
    pace(diagnosis_id=make_diagnosis("lung").pk)
    assert estimate_minutes(**asked) == (10, False)


def test_more_than_five_examinations_are_counted_as_five(asked: dict[str, Any]) -> None:
    pace(diagnosis_id=asked["diagnosis_id"], examinations=5)
    assert estimate_minutes(**asked | {"examinations": 9}) == (15, True)


def test_the_readers_own_pace_stands_on_everybodys(house: House, asked: dict[str, Any]) -> None:
    pace(diagnosis_id=asked["diagnosis_id"], readings=20, minutes=300, estimated=200)
    pace(diagnosis_id=asked["diagnosis_id"], readings=10, minutes=100, estimated=100, reader=house.radiologist)
    fast = estimates([Asked(**asked, reader_id=house.radiologist.pk)])[0]
    assert fast == Estimate(minutes=12, readings=20, own=10)  # others 2.0 -> 1.5; own 1.0 -> 1.25
    assert estimates([Asked(**asked, reader_id=house.radiologist2.pk)])[0].own == 0


def test_many_are_estimated_by_one_query(house: House, asked: dict[str, Any]) -> None:
    pace(diagnosis_id=asked["diagnosis_id"])
    many = [Asked(**asked, reader_id=reader.pk) for reader in (house.radiologist, house.radiologist2)] * 20
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert {one.minutes for one in estimates(many)} == {15}
    assert len(queries) == 1


def test_examinations_are_counted_by_kind_without_those_called_off(house: House) -> None:
    case = make_case(house)
    add_result(case, "radiology")
    add_result(case, "radiology", state="ordered")
    add_result(case, "radiology", state="cancelled")
    add_result(case, "pathology")
    counted = examinations_of([case.pk])
    assert (counted[case.pk, "radiology"], counted[case.pk, "pathology"], counted[case.pk, "lab"]) == (2, 1, 0)


def test_the_basis_is_told_in_words() -> None:
    with translation.override("en"):
        assert basis(Estimate(9)) == "from the definition"
        assert basis(Estimate(9, 1)) == "learnt from 1 preparation"
        assert basis(Estimate(9, 34, 12)) == "learnt from 34 preparations (own: 12)"
