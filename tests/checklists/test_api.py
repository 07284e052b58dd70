"""`/api/v1/diagnoses/`."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.permissions import Role
from checklists import registry
from checklists.models import Diagnosis
from checklists.services import load_definitions
from tests.checklists.conftest import Folder
from tests.factories import login, make_user

CONTRACT = {
    "slug",
    "name_sv",
    "name_en",
    "icd10",
    "lead_times",
    "requirements",
    "levels",
    "checklists",
    "quorum",
    "version",
}


@pytest.fixture
def member(client: Client, db: None) -> Client:
    return login(client, make_user(role=Role.CLINICIAN))


@pytest.mark.usefixtures("published")
def test_list_in_pages(member: Client) -> None:
    body = member.get("/api/v1/diagnoses/").json()
    assert set(body) == {"count", "next", "previous", "results"}
    assert body["count"] == len(body["results"]) == 30
    assert all(row.keys() >= CONTRACT for row in body["results"])
    assert len(member.get("/api/v1/diagnoses/?page_size=7").json()["results"]) == 7


@pytest.mark.usefixtures("published")
def test_one_diagnosis(member: Client) -> None:
    body = member.get("/api/v1/diagnoses/colorectal/").json()
    assert body["icd10"] == ["C18", "C20"]
    assert body["version"] == "1.2"
    assert body["lead_time_days"] == 39
    assert body["lead_times"][0] == {
        "treatment": "surgery",
        "label_sv": "Kirurgi, basutredning",
        "label_en": "Surgery, basic work-up",
        "days": 39,
        "basis": "svf",
        "counted_from": "suspicion",
        "clock": True,
        "source": body["sources"]["svf_indicators"],
    }
    requirement = body["requirements"][0]
    assert requirement["key"] == "ct_thorax_abdomen"
    assert requirement["phases"] == ["pre_treatment", "after_neoadjuvant", "recurrence"]
    assert requirement["levels"] == ["full", "focused", "protocol"]
    assert requirement["max_age_days"] == {"full": 60, "focused": 60, "protocol": 90}
    assert (requirement["modalities"], requirement["codes"]) == (["CT"], [])
    assert [level["code"] for level in body["levels"]] == ["full", "focused", "protocol"]
    assert body["levels"][0]["prep_minutes"] == {"radiology": 9, "pathology": 10}
    assert "radiologist" not in body["quorum"]["post_operative"]
    assert [item["key"] for item in body["checklists"]["complete"]][:3] == ["heredity", "operation", "study"]


@pytest.mark.usefixtures("published")
def test_unknown_diagnosis_is_a_problem(member: Client) -> None:
    answer = member.get("/api/v1/diagnoses/blindtarm/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("application/problem+json")


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["/api/v1/diagnoses/", "/api/v1/diagnoses/colorectal/"])
def test_read_only(member: Client, method: str, path: str) -> None:
    assert getattr(member, method)(path).status_code == 405


@pytest.mark.usefixtures("published")
def test_strangers_must_log_in(client: Client) -> None:
    for path in ("/api/v1/diagnoses/", "/api/v1/diagnoses/colorectal/"):
        assert client.get(path).status_code == 401


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("rows", [1, 3])
def test_same_number_of_queries_for_one_row_and_three(
    member: Client, rows: int, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    member.get(f"/api/v1/diagnoses/?page_size={rows}")
    monkeypatch.setattr(registry, "_specs", {})
    with django_assert_num_queries(5):  # session and user; count, page and the definitions not met before
        assert len(member.get(f"/api/v1/diagnoses/?page_size={rows}").json()["results"]) == rows


def test_without_a_published_definition_a_diagnosis_is_not_shown(member: Client, folder: Folder) -> None:
    load_definitions(now=timezone.now(), folder=folder.path)
    Diagnosis.objects.update(current=None)
    assert member.get("/api/v1/diagnoses/").json()["count"] == 0
    assert member.get("/api/v1/diagnoses/penis/").status_code == 404
