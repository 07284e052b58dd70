"""Cases through the API: referring, reading and changing them."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from accounts.models import AccessLog
from accounts.permissions import Role
from cases.api_documents import case_documents
from cases.api_serializers import CaseSerializer
from cases.models import Case, IdempotencyKey
from cases.services.editing import edit_case
from tests.cases.conftest import Browser, readings
from tests.domain_factories import (
    House,
    add_result,
    make_case,
    make_diagnosis,
    make_meeting,
    place,
    ready_case,
    synthetic_number,
)
from tests.factories import make_actor, make_user

JSON = "application/json"
PROBLEM = "application/problem+json"


def referral(house: House, **fields: Any) -> dict[str, Any]:
    """Return a complete referral as a program sends it."""
    make_diagnosis("colorectal")
    return {
        "personal_identity_number": synthetic_number(700),
        "name": "Berit Prov",
        "diagnosis": "Tjock- och ändtarmscancer",
        "phase": "pre_treatment",
        "clinical_question": "Operation först?",
        "history": "Frisk.",
        "performance_status": 1,
        "comorbidity": "Inga läkemedel.",
        "patient_wishes": "Nära hemmet.",
        "responsible_clinician": house.clinician.email,
        "contact_nurse": house.nurse.email,
        "unit": house.clinic.name,
        "suspected_on": timezone.localdate().isoformat(),
        "promised_on": None,
        "external_reference": "A-1",
    } | fields


def send(client: Client, body: Any, **headers: str) -> Any:
    """Post a referral."""
    return client.post("/api/v1/cases/", body, content_type=JSON, headers=headers)


def errors(answer: Any) -> dict[str, str]:
    """Return field and code of each error."""
    return {error["field"]: error["code"] for error in answer.json()["errors"]}


def test_a_referral_becomes_a_case(house: House, browser: Browser) -> None:
    given = referral(house)
    answer = send(browser(house.coordinator), given)
    assert answer.status_code == 201
    case = answer.json()
    assert set(case) == set(CaseSerializer().fields)
    assert {name: case[name] for name in given} == given | {
        "diagnosis": "colorectal",
        "personal_identity_number": f"{synthetic_number(700)[:8]}-{synthetic_number(700)[8:]}",
    }
    assert (case["status"], case["version"], case["days_since_suspicion"]) == ("referred", 1, 0)
    assert case["next_meeting"] is None
    assert set(case["readiness"]) == {"state", "checks", "findings"}
    assert {frozenset(check) for check in case["readiness"]["checks"]} == {
        frozenset({"requirement", "kind", "state", "performed_on", "expected_on", "late", "elsewhere"})
    }
    keys = {"code", "severity", "message", "owner", "requirement"}
    assert {frozenset(finding) for finding in case["readiness"]["findings"]} == {frozenset(keys)}
    assert Case.objects.get().referrals.get().source == "api"
    assert readings("api:cases") == [[Case.objects.get().patient_id]]
    assert AccessLog.objects.get(what="api:cases").action == "api"


def test_the_same_key_gives_the_same_case(house: House, browser: Browser) -> None:
    visitor = browser(house.coordinator)
    first = send(visitor, referral(house), **{"Idempotency-Key": "k-1"})
    second = send(visitor, referral(house), **{"Idempotency-Key": "k-1"})
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] == second.json()["id"]
    assert (Case.objects.count(), IdempotencyKey.objects.count()) == (1, 1)


def test_the_same_reference_gives_the_same_case(house: House, browser: Browser) -> None:
    visitor = browser(house.coordinator)
    first, second = (send(visitor, referral(house)) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]


def test_an_open_case_is_named(house: House, browser: Browser) -> None:
    case = make_case(house)
    given = referral(house, personal_identity_number=str(case.patient.identity))
    answer = send(browser(house.coordinator), given)
    assert answer.status_code == 409
    assert answer.headers["Content-Type"] == PROBLEM
    assert (answer.json()["code"], answer.json()["case"]) == ("case-open-already", case.pk)


def test_every_wrong_field_is_named_at_once(house: House, browser: Browser) -> None:
    given = referral(
        house,
        personal_identity_number="19450230-2383",
        name="",
        diagnosis="fotsvamp",
        phase="kanske",
        performance_status=7,
        responsible_clinician="nobody@test.example",
        suspected_on="2999-01-01",
        promised_on="snart",
    )
    answer = send(browser(house.coordinator), given)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == PROBLEM
    assert errors(answer) == {
        "name": "required",
        "personal_identity_number": "date",
        "diagnosis": "unknown",
        "phase": "unknown",
        "performance_status": "out-of-range",
        "responsible_clinician": "unknown",
        "suspected_on": "in-the-future",
        "promised_on": "not-a-date",
    }
    assert not Case.objects.exists()


@pytest.mark.parametrize("body", [[], "text", None, 7])
def test_a_body_that_is_no_object(house: House, browser: Browser, body: Any) -> None:
    assert send(browser(house.coordinator), body).status_code == 400


def test_a_body_that_is_no_json(house: House, browser: Browser) -> None:
    assert browser(house.coordinator).post("/api/v1/cases/", "{", content_type=JSON).status_code == 400


@pytest.mark.parametrize(
    ("person", "status"),
    [("coordinator", 201), ("chair", 201), ("clinician", 201), ("nurse", 403), ("radiologist", 403), ("manager", 403),
     ("admin", 403), ("stranger", 403)],
)  # fmt: skip
def test_who_may_refer(house: House, browser: Browser, person: str, status: int) -> None:
    assert send(browser(getattr(house, person)), referral(house)).status_code == status
    assert Case.objects.count() == (status == 201)


def test_nobody_without_a_login(house: House, client: Client) -> None:
    case = make_case(house)
    for address in ("/api/v1/cases/", f"/api/v1/cases/{case.pk}/"):
        assert client.get(address).status_code == 401
    assert send(client, referral(house)).status_code == 401


# Reading


@pytest.mark.parametrize(
    ("person", "status"),
    [("coordinator", 200), ("nurse", 200), ("radiologist", 404), ("manager", 403), ("admin", 403), ("stranger", 404)],
)
def test_who_may_read(house: House, browser: Browser, person: str, status: int) -> None:
    case = make_case(house)
    answer = browser(getattr(house, person)).get(f"/api/v1/cases/{case.pk}/")
    assert answer.status_code == status
    assert (case.clinical_question in answer.content.decode()) == (status == 200)
    assert len(readings("api:cases")) == (status == 200)


def test_filters_and_pages(house: House, browser: Browser) -> None:
    ready, lacking = ready_case(house), make_case(house, diagnosis="breast")
    visitor = browser(house.coordinator)

    def found(query: str) -> list[int]:
        return [row["id"] for row in visitor.get(f"/api/v1/cases/?{query}").json()["results"]]

    assert found("") == [ready.pk, lacking.pk]
    assert found("diagnosis=breast") == [lacking.pk]
    assert found("readiness=ready") == [ready.pk]
    assert found("status=withdrawn") == []
    assert found("status=referred") == [ready.pk, lacking.pk]
    assert found(f"level={ready.level}&readiness=ready") == [ready.pk]
    assert found(f"q={lacking.patient.identity}") == [lacking.pk]
    page = visitor.get("/api/v1/cases/?page_size=1").json()
    assert (page["count"], len(page["results"]), page["previous"]) == (2, 1, None)
    assert visitor.get(page["next"]).json()["results"][0]["id"] == lacking.pk
    assert readings("api:cases")[0] == sorted([ready.patient_id, lacking.patient_id])


@pytest.mark.parametrize("query", ["readiness=perhaps", "status=gone", "level=deep"])
def test_a_filter_that_no_case_can_have(house: House, browser: Browser, query: str) -> None:
    answer = browser(house.coordinator).get(f"/api/v1/cases/?{query}")
    assert answer.status_code == 400
    assert errors(answer) == {query.split("=")[0]: "unknown"}


def test_a_stranger_gets_an_empty_list(house: House, browser: Browser) -> None:
    make_case(house)
    assert browser(house.stranger).get("/api/v1/cases/").json()["count"] == 0
    assert browser(house.manager).get("/api/v1/cases/").status_code == 403


def test_one_row_and_three_cost_the_same(house: House, browser: Browser, django_assert_num_queries: Any) -> None:
    visitor = browser(house.coordinator)
    make_case(house)
    visitor.get("/api/v1/cases/")
    with django_assert_num_queries(7):
        visitor.get("/api/v1/cases/")
    make_case(house)
    add_result(make_case(house))
    with django_assert_num_queries(7):
        visitor.get("/api/v1/cases/")


def test_the_next_meeting(house: House, browser: Browser) -> None:
    case = ready_case(house)
    meeting = make_meeting(house)
    place(meeting, case, by=house.coordinator, provisional=True)
    found = browser(house.coordinator).get(f"/api/v1/cases/{case.pk}/").json()["next_meeting"]
    assert (found["meeting"], found["firm"], found["probability"]) == (meeting.pk, False, 1.0)


def test_a_protected_identity(house: House, browser: Browser) -> None:
    case = make_case(house, is_protected=True, name="Hemlig Person")
    inside = make_user(role=Role.COORDINATOR, unit=house.clinic)
    for person, is_shown in ((inside, True), (house.clinician, True), (house.coordinator, False)):
        for address in ("/api/v1/cases/", f"/api/v1/cases/{case.pk}/"):
            text = browser(person).get(address).content.decode()
            assert ("Hemlig Person" in text) == is_shown
            assert (str(case.patient.identity) in text) == is_shown


def test_findings_are_in_the_callers_language(house: House, browser: Browser) -> None:
    case = make_case(house)
    visitor = browser(house.coordinator)
    swedish = visitor.get(f"/api/v1/cases/{case.pk}/").json()["readiness"]["findings"][0]["message"]
    visitor.cookies["language"] = "en"
    english = visitor.get(f"/api/v1/cases/{case.pk}/").json()["readiness"]["findings"][0]["message"]
    assert swedish != english


# Changing


def patch(client: Client, case: Case, **body: Any) -> Any:
    """Send a change."""
    return client.patch(f"/api/v1/cases/{case.pk}/", body, content_type=JSON)


def test_the_named_fields_change_and_no_others(house: House, browser: Browser) -> None:
    case = make_case(house)
    answer = patch(browser(house.nurse), case, version=1, comorbidity="KOL.", performance_status=None)
    assert answer.status_code == 200
    changed = answer.json()
    assert (changed["comorbidity"], changed["performance_status"], changed["version"]) == ("KOL.", None, 2)
    assert changed["patient_wishes"] == case.patient_wishes


@pytest.mark.parametrize("body", [{"version": 1}, {"version": 99}, {"version": "x"}, {}])
def test_an_old_version_is_told_who_changed_it(house: House, browser: Browser, body: dict[str, Any]) -> None:
    case = make_case(house)
    edit_case(case.pk, {"history": "Ny."}, version=1, by=house.chair, now=timezone.now())
    answer = patch(browser(house.nurse), case, history="Min.", **body)
    assert answer.status_code == 409
    assert house.chair.name in answer.json()["detail"]
    assert (answer.json()["code"], answer.json()["version"]) == ("stale", 2)
    case.refresh_from_db()
    assert case.history == "Ny."


def test_wrong_changes_are_named(house: House, browser: Browser) -> None:
    case = make_case(house)
    answer = patch(
        browser(house.nurse),
        case,
        version=1,
        clinical_question="",
        suspected_on="2999-01-01",
        contact_nurse="x@y.example",
    )
    assert answer.status_code == 400
    assert errors(answer) == {
        "clinical_question": "required",
        "suspected_on": "in-the-future",
        "contact_nurse": "unknown",
    }


@pytest.mark.parametrize(
    ("person", "status"),
    [("clinician", 200), ("radiologist", 404), ("manager", 403), ("admin", 403), ("stranger", 404)],
)
def test_who_may_change(house: House, browser: Browser, person: str, status: int) -> None:
    case = make_case(house)
    assert patch(browser(getattr(house, person)), case, version=1, history="Ny.").status_code == status
    case.refresh_from_db()
    assert (case.history == "Ny.") == (status == 200)


@pytest.mark.parametrize("method", ["put", "delete", "post"])
def test_other_methods(house: House, browser: Browser, method: str) -> None:
    case = make_case(house)
    assert getattr(browser(house.clinician), method)(f"/api/v1/cases/{case.pk}/").status_code == 405


def test_the_answer_is_what_the_schema_says(house: House) -> None:
    ready = ready_case(house)
    place(make_meeting(house), ready, by=house.coordinator)
    cases = Case.objects.select_related("patient", "diagnosis", "unit", "responsible_clinician", "contact_nurse")
    (document,) = case_documents(cases, make_actor(user=house.coordinator), timezone.localdate())
    serializer = CaseSerializer(document)
    assert set(serializer.data) == set(document)
    for name in ("readiness", "next_meeting"):
        assert set(serializer.data[name]) == set(document[name])


def test_the_schema_is_valid_and_has_every_call() -> None:
    schema = SchemaGenerator().get_schema(public=True)
    validate_schema(schema)
    assert set(schema["paths"]["/api/v1/cases/"]) == {"get", "post"}
    assert set(schema["paths"]["/api/v1/cases/{id}/"]) == {"get", "patch"}
    for call in ("results", "level", "waivers", "not_applicable", "attest", "withdraw"):
        assert set(schema["paths"][f"/api/v1/cases/{{id}}/{call}/"]) == {"post"}


@pytest.mark.parametrize("value", [["a"], {"a": 1}, True])
def test_a_text_is_a_text(house: House, browser: Browser, value: Any) -> None:
    answer = send(browser(house.coordinator), referral(house, name=value, history=value))
    assert answer.status_code == 400
    assert {e["field"]: e["code"] for e in answer.json()["errors"]} == {"name": "not-text", "history": "not-text"}


def test_what_a_patch_leaves_is_named(house: House, browser: Browser) -> None:
    case, client = make_case(house), browser(house.coordinator)
    answer = patch(client, case, name="Annan", status="closed", version=case.version)
    assert errors(answer) == {"name": "read-only", "status": "read-only"}
    whole = client.get(f"/api/v1/cases/{case.pk}/").json()
    assert patch(client, case, **whole).status_code == 200


def test_a_program_may_say_why_it_is_sent_incomplete(house: House, browser: Browser) -> None:
    visitor = browser(house.coordinator)
    plain = send(visitor, referral(house))
    assert (plain.status_code, plain.json()["incomplete_reason"]) == (201, "")
    why = {"incomplete_reason": "Patienten reser.", "phase": "recurrence", "external_reference": "A-2"}
    answer = send(visitor, referral(house, **why))
    assert (answer.status_code, answer.json()["incomplete_reason"]) == (201, "Patienten reser.")
    assert Case.objects.get(phase="recurrence").sent_incomplete_reason == "Patienten reser."
    long = send(visitor, referral(house, phase="follow_up", incomplete_reason="x" * 501, external_reference=""))
    assert (long.status_code, long.json()["errors"][0]["field"]) == (400, "incomplete_reason")
    assert Case.objects.count() == 2
