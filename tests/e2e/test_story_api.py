"""One conference from referral to signed protocol, through the API alone, each person with their own token."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone
from pypdf import PdfReader
from rest_framework.test import APIClient

from accounts.models import AccessLog, User
from tests.domain_factories import House, make_diagnosis, make_house, synthetic_number, working_day
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db

QUESTIONS = (
    "Rektalcancer 7 cm från analöppningen. Neoadjuvant behandling eller direkt kirurgi?",
    "Sigmoideumcancer med levermetastaser. Lever först?",
)


@pytest.fixture
def house() -> House:
    make_diagnosis("colorectal")
    return make_house()


@pytest.fixture
def api(house: House) -> Callable[[User], APIClient]:
    """Return clients by person, each with a token of their own that they asked for with their password."""
    clients: dict[int, APIClient] = {}

    def client_of(person: User) -> APIClient:
        if person.pk not in clients:
            person.set_password(PASSWORD)
            person.save()
            client = APIClient()
            answer = client.post("/api/v1/token/", {"email": person.email, "password": PASSWORD})
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['token']}")
            clients[person.pk] = client
        return clients[person.pk]

    return client_of


def ok(answer: Any, status: int = 200) -> Any:
    """Return the answer's document; fail with the whole answer when its status is another."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.content[:800].decode()}"
    return answer.json() if "json" in answer["Content-Type"] else answer


def refused(answer: Any, status: int, code: str) -> Any:
    """Return the problem document of a refusal with this status and code."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.content[:800].decode()}"
    assert answer["Content-Type"].startswith("application/problem+json")
    problem = answer.json()
    assert problem["code"] == code, problem
    assert problem["title"]
    assert problem["detail"]
    return problem


def referral(house: House, number: int) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "personal_identity_number": synthetic_number(1000 + number),
        "name": f"Åsa Öberg {number}",
        "diagnosis": "colorectal",
        "phase": "pre_treatment",
        "clinical_question": QUESTIONS[number],
        "history": "Hypertoni.",
        "performance_status": 1,
        "comorbidity": "Hypertoni, i övrigt frisk.",
        "patient_wishes": "Vill helst undvika stomi.",
        "responsible_clinician": house.clinician.email,
        "contact_nurse": house.nurse.email,
        "unit": house.clinic.name,
        "suspected_on": str(today - timedelta(days=12)),
        "promised_on": str(today + timedelta(days=14)),
        "external_reference": f"API-{number}",
    }


def make_ready(api: Callable[[User], APIClient], house: House, case: int) -> None:
    """Give the case its answers, and its clinician's word."""
    day = str(timezone.localdate() - timedelta(days=3))
    for kind in ("radiology", "pathology"):
        result = {"kind": kind, "performed_on": day, "final": True, "text": "Svar.", "source": "manual"}
        ok(api(house.coordinator).post(f"/api/v1/cases/{case}/results/", result), 201)
    ok(api(house.clinician).post(f"/api/v1/cases/{case}/attest/"))


def test_from_referral_to_signed_protocol(api: Callable[[User], APIClient], house: House) -> None:
    coordinator, chair = api(house.coordinator), api(house.chair)

    # Referral: the same key gives the same case, the same patient twice is refused with where to go.
    first = ok(coordinator.post("/api/v1/cases/", referral(house, 0), headers={"Idempotency-Key": "a"}), 201)
    again = coordinator.post("/api/v1/cases/", referral(house, 0), headers={"Idempotency-Key": "a"})
    assert again.json()["id"] == first["id"]
    twice = referral(house, 0) | {"external_reference": "another"}
    assert refused(coordinator.post("/api/v1/cases/", twice), 409, "case-open-already")["case"] == first["id"]
    second = ok(coordinator.post("/api/v1/cases/", referral(house, 1)), 201)
    assert first["readiness"]["state"] == "not_ready"
    assert {f["code"] for f in first["readiness"]["findings"]} >= {"answer-missing", "attestation-missing"}
    wrong = coordinator.post("/api/v1/cases/", referral(house, 1) | {"performance_status": 7, "name": ""})
    assert {e["field"] for e in refused(wrong, 400, "invalid")["errors"]} == {"performance_status", "name"}

    # A meeting, and the gate before it.
    series = {
        "unit": house.hospital.name, "name": "Kolorektal MDK", "diagnoses": ["colorectal"], "rrule": "FREQ=WEEKLY",
        "starts_on": str(working_day(timezone.localdate(), 7)), "starts_time": "08:15", "minutes": 90,
        "capacity_minutes": 60, "prep_capacity_minutes": 120, "cutoff_days": 1, "cutoff_time": "12:00",
        "chair": house.chair.email, "participating_units": [house.radiology.name, house.pathology.name],
        "readers": [house.radiologist.email, house.pathologist.email],
    }  # fmt: skip
    series_id = ok(coordinator.post("/api/v1/series/", series), 201)["id"]
    meetings = ok(coordinator.get("/api/v1/meetings/", {"series": series_id}))["results"]
    url = f"/api/v1/meetings/{meetings[0]['id']}/"
    refused(coordinator.post(f"{url}items/", {"case": first["id"]}), 409, "not-ready")
    for case in (first, second):
        make_ready(api, house, case["id"])
        assert ok(coordinator.get(f"/api/v1/cases/{case['id']}/"))["readiness"]["state"] == "ready"
        ok(coordinator.post(f"{url}items/", {"case": case["id"]}), 201)
    refused(chair.post(f"{url}items/", {"case": first["id"]}), 409, "already-booked")
    items = [item["id"] for item in ok(coordinator.get(url))["items"]]
    assert [i["id"] for i in ok(coordinator.post(f"{url}order/", {"items": items[::-1]}))["items"]] == items[::-1]
    ok(coordinator.post(f"{url}order/", {"items": items}))
    assert ok(coordinator.post(f"{url}publish/"))["status"] == "published"
    assert ok(coordinator.get(f"/api/v1/cases/{first['id']}/"))["next_meeting"]["firm"] is True

    # Preparation: one reader each, and back to the clinician what cannot be shown.
    prepare(api, house, items[0])

    # The meeting.
    refused(chair.post(f"{url}start/"), 409, "not-the-day")
    live = ok(chair.post(f"{url}start/", {"confirm_early": True}))
    assert (live["status"], live["current_item"]) == ("live", items[0])
    refused(chair.post(f"{url}next/"), 409, "outcome-missing")
    present = ("colorectal_surgeon", "oncologist", "radiologist", "pathologist")
    people = [{"name": f"Gäst {s}", "speciality": s, "present": True, "remote": False} for s in present]
    attended = ok(chair.put(f"{url}attendance/", people))
    assert attended["quorum"] == {"met": False, "missing": ["contact_nurse"]}
    people.append({"user": house.nurse.email, "speciality": "contact_nurse", "present": True, "remote": True})
    assert ok(chair.put(f"{url}attendance/", people))["quorum"] == {"met": True, "missing": []}
    outcome = write_outcome(api, house, items[0])
    ok(chair.post(f"{url}next/"))
    ok(chair.post(f"{url}park/"))
    ok(chair.post(f"/api/v1/items/{items[1]}/defer/", {"reason": "new_question"}))
    refused(chair.post(f"{url}next/"), 409, "end-of-agenda")
    ok(chair.post(f"{url}close/"))
    refused(coordinator.post(f"{url}sign/"), 403, "not-allowed")
    assert ok(chair.post(f"{url}sign/"))["status"] == "signed"

    # What came of it.
    locked = chair.put(
        f"/api/v1/items/{items[0]}/outcome/", {"recommendation": "Annat.", "version": outcome["version"]}
    )
    refused(locked, 409, "outcome-locked")
    ok(chair.post(f"/api/v1/items/{items[0]}/addenda/", {"text": "MSI-svar inkommet: pMMR."}), 201)
    text = "".join(p.extract_text() for p in PdfReader(BytesIO(ok(chair.get(f"{url}protocol.pdf")).content)).pages)
    assert "Kort strålbehandling" in text
    assert "pMMR" in text
    assert ok(api(house.clinician).get(f"/api/v1/cases/{first['id']}/"))["status"] == "closed"
    assert ok(api(house.clinician).get(f"/api/v1/cases/{second['id']}/"))["status"] == "referred"
    kinds = {n["kind"] for n in ok(api(house.clinician).get("/api/v1/notices/"))["results"]}
    assert kinds >= {"case.referred", "preparation.returned", "item.deferred", "outcome.signed"}
    assert AccessLog.objects.filter(user=house.clinician, action=AccessLog.Action.API).exists()


def prepare(api: Callable[[User], APIClient], house: House, item: int) -> None:
    """Both disciplines prepare the item's case; the second radiologist is told who holds it."""
    radiologist, pathologist = api(house.radiologist), api(house.pathologist)
    queue = ok(radiologist.get("/api/v1/preparations/", {"discipline": "radiology", "state": "todo"}))["results"]
    mine = next(p for p in queue if p["item"] == item)
    ok(radiologist.post(f"/api/v1/preparations/{mine['id']}/claim/"))
    held = refused(api(house.radiologist2).post(f"/api/v1/preparations/{mine['id']}/claim/"), 409, "held-by-another")
    assert house.radiologist.name in held["detail"]
    ok(radiologist.post(f"/api/v1/preparations/{mine['id']}/start/"))
    done = {"minutes": 9, "findings": "cT3bN1, MRF+, EMVI-."}
    assert ok(radiologist.post(f"/api/v1/preparations/{mine['id']}/complete/", done))["state"] == "done"
    assert item in [p["item"] for p in ok(radiologist.get("/api/v1/preparations/", {"reader": "me"}))["results"]]
    other = ok(pathologist.get("/api/v1/preparations/", {"discipline": "pathology"}))["results"][0]
    ok(pathologist.post(f"/api/v1/preparations/{other['id']}/return/", {"reason": "Preparatet finns inte här."}))


def write_outcome(api: Callable[[User], APIClient], house: House, item: int) -> Any:
    """Write the outcome in two versions; a writer with the old one is told who wrote meanwhile."""
    address = f"/api/v1/items/{item}/outcome/"
    values = {
        "recommendation": "Kort strålbehandling följd av kirurgi.", "intent": "curative", "ctnm": "cT3bN1M0",
        "ptnm": "", "checklist": {"heredity": True}, "study": "", "next_step": "Besked till patienten",
        "responsible": house.clinician.name, "due_on": str(timezone.localdate()), "discordant": False,
        "deviation_reason": "",
    }  # fmt: skip
    ok(api(house.chair).put(address, values | {"version": 0}))
    stale = refused(api(house.chair).put(address, values | {"version": 0}), 409, "stale")
    assert house.chair.name in stale["detail"]
    return ok(api(house.chair).put(address, values | {"version": 1}))
