"""Triage by a program: the same service, roles and sentences as the page."""

from typing import Any

import pytest

from cases.models import Case
from tests.cases.conftest import readings
from tests.domain_factories import House, add_result, make_case
from tests.mdk.planning import Api

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(house: House) -> Case:
    return make_case(house)


def triage(user: Any, case: Case, **data: Any) -> Any:
    """Return the answer to a triage in the person's name."""
    return Api(user).post(f"cases/{case.pk}/triage/", **data)


@pytest.mark.parametrize("role", ["coordinator", "chair", "clinician"])
def test_who_sets_levels_triages(house: House, case: Case, role: str) -> None:
    answer = triage(getattr(house, role), case, answer="not_ready", reason="PAD väntas.")
    assert answer.status_code == 200
    document = answer.json()
    assert (document["triage"], document["triage_note"], document["level"]) == ("not_ready", "PAD väntas.", "full")
    assert document["triaged_at"]
    assert readings("api:cases") == [[case.patient_id]]


@pytest.mark.parametrize("role", ["radiologist", "nurse", "manager", "admin", "stranger"])
def test_others_may_not_and_nothing_changes(house: House, case: Case, role: str) -> None:
    assert triage(getattr(house, role), case, answer="discuss").status_code in (403, 404)
    case.refresh_from_db()
    assert case.triage == ""


def test_wrong_input_is_named(house: House, case: Case) -> None:
    for data, field in (
        ({}, "answer"), ({"answer": "later"}, "answer"), ({"answer": "focused"}, "reason"),
        ({"answer": "not_ready", "reason": ""}, "reason"), ({"answer": ["discuss"]}, "answer"),
        ({"answer": "national", "reason": "x" * 501}, "reason"),
    ):  # fmt: skip
        answer = triage(house.coordinator, case, **data)
        assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, [field])
    case.refresh_from_db()
    assert case.triage == ""


def test_the_second_is_told_of_the_first_and_may_go_on_top_of_it(house: House, case: Case) -> None:
    first = triage(house.coordinator, case, answer="discuss", version=case.version).json()
    for version in ({}, {"version": case.version}):
        refusal = triage(house.chair, case, answer="focused", reason="Nej.", **version)
        assert (refusal.status_code, refusal.json()["code"]) == (409, "triaged-already")
        assert "Karin Koordinator" in refusal.json()["detail"]
    assert triage(house.coordinator, case, answer="discuss").json()["version"] == first["version"]
    again = triage(house.chair, case, answer="focused", reason="Ja.", version=first["version"])
    assert (again.status_code, again.json()["triage"]) == (200, "focused")
    stale = triage(house.chair, case, answer="protocol", reason="Ja.", version="x")
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")


def test_the_list_is_filtered_by_triage(house: House, case: Case) -> None:
    other = make_case(house)
    triage(house.coordinator, case, answer="national", reason="Vulva, Lund.")
    api = Api(house.coordinator)
    found = {
        wanted: [row["id"] for row in api.get("cases/", triage=wanted).json()["results"]]
        for wanted in ("none", "national", "discuss")
    }
    assert found == {"none": [other.pk], "national": [case.pk], "discuss": []}
    assert api.get("cases/", triage="later").status_code == 400


def test_the_suggested_level_comes_with_its_reason_and_source(house: House) -> None:
    stated = make_case(house, diagnosis="melanoma", circumstances={"stage": "stage_3"})
    document = Api(house.coordinator).get(f"cases/{stated.pk}/").json()
    assert document["level_suggested"] == "full"
    assert document["level_suggested_reason"] == "Stadium III och IV diskuteras."
    assert document["level_suggested_source"].startswith("https://kunskapsbanken.cancercentrum.se/")


def test_a_check_says_when_it_is_expected_whether_it_is_late_and_whence(house: House, case: Case) -> None:
    add_result(case, "radiology", is_external=True)
    checks = Api(house.coordinator).get(f"cases/{case.pk}/").json()["readiness"]["checks"]
    radiology = [check for check in checks if check["kind"] == "radiology"]
    assert all(check["elsewhere"] and not check["late"] and check["performed_on"] for check in radiology)
    assert {check["elsewhere"] for check in checks if check["kind"] == "pathology"} == {False}
