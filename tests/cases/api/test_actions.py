"""What is done to a case through the API."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.permissions import Role
from cases.models import Case, Clearance, Result
from events.models import Event
from tests.cases.conftest import Browser, readings
from tests.domain_factories import House, make_case, make_meeting, place, ready_case
from tests.factories import make_user

CT = "ct_thorax_abdomen"
TODAY = {"kind": "radiology", "final": True, "text": "Tumör 34 mm."}
CALLS: dict[str, dict[str, Any]] = {
    "results": TODAY,
    "level": {"level": "protocol", "reason": "Enligt program."},
    "waivers": {"requirement": CT, "reason": "Nyligen gjord."},
    "not_applicable": {"requirement": CT, "reason": "Gäller inte."},
    "attest": {},
    "withdraw": {"reason": "Patienten flyttade."},
}


def call(client: Client, case: Case, name: str, **changes: Any) -> Any:
    """Make the call `name`."""
    body = CALLS[name] | changes
    if name == "results":
        body.setdefault("performed_on", timezone.localdate().isoformat())
    return client.post(f"/api/v1/cases/{case.pk}/{name}/", body, content_type="application/json")


def errors(answer: Any) -> dict[str, str]:
    """Return field and code of each error."""
    return {error["field"]: error["code"] for error in answer.json()["errors"]}


@pytest.mark.parametrize("name", list(CALLS))
def test_it_is_done_and_the_reading_logged(house: House, browser: Browser, name: str) -> None:
    case = make_case(house)
    answer = call(browser(house.clinician), case, name)
    assert answer.status_code in (200, 201), answer.json()
    assert set(answer.json()["readiness"]) == {"state", "checks", "findings"}
    assert readings("api:cases") == [[case.patient_id]]


@pytest.mark.parametrize("name", list(CALLS))
@pytest.mark.parametrize(
    ("person", "status"), [("nurse", 403), ("radiologist", 404), ("manager", 403), ("admin", 403), ("stranger", 404)]
)
def test_who_may_not_and_nothing_changes(house: House, browser: Browser, name: str, person: str, status: int) -> None:
    if (person, name) == ("nurse", "withdraw"):
        status = 200
    case = make_case(house)
    before = Event.objects.count()
    assert call(browser(getattr(house, person)), case, name).status_code == status
    assert (Event.objects.count() == before) == (status != 200)


@pytest.mark.parametrize("name", list(CALLS))
def test_it_is_posted_alone_and_with_a_login(house: House, browser: Browser, client: Client, name: str) -> None:
    case = make_case(house)
    assert browser(house.clinician).get(f"/api/v1/cases/{case.pk}/{name}/").status_code == 405
    assert call(client, case, name).status_code == 401


# Results


def test_an_answer_is_stored_once_and_changed_in_place(house: House, browser: Browser) -> None:
    case = make_case(house)
    visitor = browser(house.clinician)
    first = call(visitor, case, "results", source="fhir", external_id="E-1", final=False, requirement=CT)
    second = call(visitor, case, "results", source="fhir", external_id="E-1", requirement=CT, text="Slutligt.")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert (second.json()["state"], second.json()["final"], second.json()["text"]) == ("final", True, "Slutligt.")
    assert Result.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"final": True}, "final"),
        ({"final": False}, "preliminary"),
        ({"final": False, "performed_on": None}, "ordered"),
        ({"final": None, "performed_on": None}, "ordered"),
        ({"state": "cancelled"}, "cancelled"),
        ({"final": True, "state": "preliminary"}, "preliminary"),
    ],
)
def test_how_far_an_answer_has_come(house: House, browser: Browser, body: dict[str, Any], state: str) -> None:
    case = make_case(house)
    assert call(browser(house.clinician), case, "results", **body).json()["state"] == state


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"kind": "magic"}, {"kind": "unknown"}),
        ({"kind": ""}, {"kind": "required"}),
        ({"performed_on": None}, {"performed_on": "required"}),
        ({"performed_on": "2999-01-01"}, {"performed_on": "in-the-future"}),
        ({"performed_on": "31/12"}, {"performed_on": "not-a-date"}),
        ({"requirement": "histopathology"}, {"requirement": "unknown"}),
        ({"final": "perhaps"}, {"final": "invalid"}),
        ({"source": "pigeon"}, {"source": "unknown"}),
        ({"state": "sure"}, {"state": "unknown"}),
        ({"accession_number": "x" * 65}, {"accession_number": "too-long"}),
    ],
)
def test_a_wrong_answer_is_named(house: House, browser: Browser, body: dict[str, Any], wrong: dict[str, str]) -> None:
    case = make_case(house)
    answer = call(browser(house.clinician), case, "results", **body)
    assert answer.status_code == 400
    assert errors(answer) == wrong
    assert not Result.objects.exists()


def test_an_external_id_of_another_case(house: House, browser: Browser) -> None:
    case, other = make_case(house), make_case(house)
    visitor = browser(house.clinician)
    call(visitor, other, "results", source="fhir", external_id="E-1")
    answer = call(visitor, case, "results", source="fhir", external_id="E-1")
    assert (answer.status_code, answer.json()["code"]) == (409, "result-elsewhere")


# The rest


@pytest.mark.parametrize("name", ["waivers", "not_applicable"])
def test_a_requirement_is_set_aside_with_who_and_why(house: House, browser: Browser, name: str) -> None:
    case = make_case(house)
    answer = call(browser(house.coordinator), case, name)
    assert answer.status_code == 201
    clearance = Clearance.objects.get()
    assert answer.json()["granted_by"] == house.coordinator.email
    state = {"waivers": "waived", "not_applicable": "not_applicable"}[name]
    assert (clearance.kind, answer.json()["kind"]) == (state, state)
    checks = {check["requirement"]: check["state"] for check in answer.json()["readiness"]["checks"]}
    assert checks[CT] == state


@pytest.mark.parametrize(
    ("name", "body", "wrong"),
    [
        ("waivers", {"requirement": "nothing", "reason": ""}, {"requirement": "unknown", "reason": "required"}),
        ("not_applicable", {"reason": " "}, {"reason": "required"}),
        ("level", {"level": "deep"}, {"level": "unknown"}),
        ("level", {"reason": ""}, {"reason": "required"}),
        ("withdraw", {"reason": ""}, {"reason": "required"}),
    ],
)
def test_wrong_input_is_named(
    house: House, browser: Browser, name: str, body: dict[str, Any], wrong: dict[str, str]
) -> None:
    case = make_case(house)
    answer = call(browser(house.clinician), case, name, **body)
    assert answer.status_code == 400
    assert errors(answer) == wrong


def test_the_level_is_set(house: House, browser: Browser) -> None:
    case = make_case(house)
    found = call(browser(house.coordinator), case, "level").json()
    assert (found["level"], found["level_reason"], found["level_suggested"]) == (
        "protocol", "Enligt program.", case.level_suggested,
    )  # fmt: skip


def test_only_the_responsible_clinician_attests(house: House, browser: Browser) -> None:
    case = make_case(house)
    other = make_user(role=Role.CLINICIAN, unit=house.hospital)
    answer = call(browser(other), case, "attest")
    assert (answer.status_code, answer.json()["code"]) == (403, "not-responsible")
    assert call(browser(house.clinician), case, "attest").json()["attested_at"]


def test_a_case_that_ends_gives_up_its_place(house: House, browser: Browser) -> None:
    case = ready_case(house)
    item = place(make_meeting(house), case, by=house.coordinator)
    answer = browser(house.coordinator).post(
        f"/api/v1/cases/{case.pk}/withdraw/",
        {"reason": "Avliden.", "ending": "deceased"},
        content_type="application/json",
    )
    assert (answer.status_code, answer.json()["status"], answer.json()["ending"]) == (200, "withdrawn", "deceased")
    item.refresh_from_db()
    assert item.status == "removed"


def test_without_an_ending_it_is_withdrawn_and_an_unknown_one_is_refused(house: House, browser: Browser) -> None:
    case = make_case(house)
    visitor = browser(house.coordinator)
    refused = visitor.post(
        f"/api/v1/cases/{case.pk}/withdraw/", {"reason": "Flyttat.", "ending": "cured"}, content_type="application/json"
    )
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "ending")
    assert call(visitor, case, "withdraw").json()["ending"] == "withdrawn"


def test_withdrawn_twice_is_withdrawn_once(house: House, browser: Browser) -> None:
    case = make_case(house)
    visitor = browser(house.coordinator)
    assert [call(visitor, case, "withdraw").json()["status"] for _ in range(2)] == ["withdrawn"] * 2
    assert Event.objects.filter(kind="case.withdrawn").count() == 1


@pytest.mark.parametrize("name", ["level", "waivers", "not_applicable", "withdraw"])
def test_a_reason_has_room_and_no_more(house: House, browser: Browser, name: str) -> None:
    answer = call(browser(house.coordinator), make_case(house), name, reason="x" * 501)
    assert answer.status_code == 400
    assert errors(answer) == {"reason": "too-long"}
