"""The running meeting through the API."""

from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone
from pypdf import PdfReader
from rest_framework.test import APIClient

from accounts.models import AccessLog, User
from events.models import Event
from mdk.models import AgendaItem, Meeting, Outcome
from tests.domain_factories import House, give_outcome, live_meeting, make_house, published_meeting

pytestmark = pytest.mark.django_db
MOVES = ("start", "next", "previous", "park", "break", "close", "sign")
TEXT = "Operation enligt vårdprogrammet."


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def meeting(house: House) -> Meeting:
    return live_meeting(house, 3)


def api(person: User) -> APIClient:
    client = APIClient()
    client.force_login(person, backend="accounts.backends.PasswordBackend")
    return client


def items(meeting: Meeting) -> list[AgendaItem]:
    return list(meeting.items.filter(position__isnull=False).order_by("position"))


def post(person: User, meeting: Meeting, move: str, **data: Any) -> Any:
    return api(person).post(f"/api/v1/meetings/{meeting.pk}/{move}/", data, format="json")


def put(person: User, item: AgendaItem, **data: Any) -> Any:
    return api(person).put(f"/api/v1/items/{item.pk}/outcome/", data, format="json")


def test_from_start_to_signature(house: House) -> None:
    meeting = published_meeting(house, 2)
    first, second = items(meeting)
    early = post(house.chair, meeting, "start")
    assert (early.status_code, early.json()["code"]) == (409, "not-the-day")
    started = post(house.chair, meeting, "start", confirm_early=True)
    assert (started.status_code, started.json()["status"], started.json()["current_item"]) == (200, "live", first.pk)
    empty = post(house.chair, meeting, "next")
    assert (empty.status_code, empty.json()["code"]) == (409, "outcome-missing")
    written = put(house.chair, first, recommendation=TEXT, intent="curative", version=0)
    assert (written.status_code, written.json()["version"]) == (200, 1)
    assert post(house.chair, meeting, "next").json()["current_item"] == second.pk
    deferred = api(house.chair).post(f"/api/v1/items/{second.pk}/defer/", {"reason": "no_time"}, format="json")
    assert (deferred.status_code, deferred.json()["status"]) == (200, "deferred")
    last = post(house.chair, meeting, "next")
    assert (last.status_code, last.json()["code"]) == (409, "end-of-agenda")
    assert post(house.chair, meeting, "close").json()["status"] == "closed"
    assert post(house.chair, meeting, "sign").json()["status"] == "signed"
    added = api(house.chair).post(f"/api/v1/items/{first.pk}/addenda/", {"text": "KRAS: vildtyp."}, format="json")
    assert (added.status_code, added.json()["text"]) == (201, "KRAS: vildtyp.")
    answer = api(house.nurse).get(f"/api/v1/meetings/{meeting.pk}/protocol.pdf")
    assert answer.headers["Content-Type"] == "application/pdf"
    text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(answer.content)).pages)
    assert TEXT in text
    assert "KRAS: vildtyp." in text
    assert AccessLog.objects.get(what="api-protocol-pdf").action == "export"


@pytest.mark.parametrize("move", MOVES)
def test_the_moves_are_guarded(house: House, meeting: Meeting, move: str) -> None:
    events, version = Event.objects.count(), meeting.version
    assert post(house.stranger, meeting, move).status_code == 404
    for person in (house.coordinator, house.clinician, house.nurse, house.radiologist, house.manager, house.admin):
        assert post(person, meeting, move).status_code == 403
    assert APIClient().post(f"/api/v1/meetings/{meeting.pk}/{move}/").status_code == 401
    assert api(house.chair).get(f"/api/v1/meetings/{meeting.pk}/{move}/").status_code == 405
    meeting.refresh_from_db()
    assert (Event.objects.count(), meeting.version) == (events, version)


@pytest.mark.parametrize(
    ("method", "address", "data"),
    [
        ("put", "outcome", {"recommendation": TEXT, "version": 0}),
        ("post", "defer", {"reason": "no_time"}),
        ("post", "addenda", {"text": "Tillägg."}),
    ],
)
def test_the_items_are_guarded(house: House, meeting: Meeting, method: str, address: str, data: Any) -> None:
    url = f"/api/v1/items/{items(meeting)[0].pk}/{address}/"
    assert getattr(api(house.stranger), method)(url, data, format="json").status_code == 404
    for person in (house.coordinator, house.clinician, house.radiologist, house.manager):
        assert getattr(api(person), method)(url, data, format="json").status_code == 403
    assert api(house.chair).get(url).status_code == 405
    assert not Outcome.objects.exists()


@pytest.mark.parametrize("move", ["next", "previous", "park", "break", "close"])
def test_nothing_moves_before_the_start(house: House, move: str) -> None:
    answer = post(house.chair, published_meeting(house, 1), move)
    assert answer.status_code == 409
    assert answer.json()["meeting_status"] == "published"


def test_parking_breaking_and_going_back(house: House, meeting: Meeting) -> None:
    first, second, third = items(meeting)
    parked = post(house.chair, meeting, "park").json()
    assert [item["id"] for item in parked["items"]] == [second.pk, third.pk, first.pk]
    assert parked["current_item"] == second.pk
    assert post(house.chair, meeting, "break").status_code == 200
    start = post(house.chair, meeting, "previous")
    assert (start.status_code, start.json()["code"]) == (409, "start-of-agenda")


def test_the_whole_outcome(house: House, meeting: Meeting) -> None:
    first = items(meeting)[0]
    written = {
        "recommendation": TEXT, "intent": "conversion", "ctnm": "cT4N2M1", "ptnm": "pT3", "study": "ALASCCA",
        "checklist": {"heredity": True, "operation": "TME"}, "next_step": "Remiss", "responsible": "Dr Holm",
        "due_on": "2026-12-24", "discordant": True, "deviation_reason": "Njursvikt",
    }  # fmt: skip
    answer = put(house.chair, first, **written, version=0)
    assert answer.status_code == 200, answer.content
    assert {name: answer.json()[name] for name in written} == written
    part = put(house.chair, first, study="", version=1).json()
    assert (part["study"], part["recommendation"], part["version"]) == ("", TEXT, 2)
    log = AccessLog.objects.filter(what="api-item-outcome")
    assert [row.patient_ids for row in log] == [[first.case.patient_id]] * 2


def test_the_diagnosis_own_fields(house: House) -> None:
    first = items(live_meeting(house, 1))[0]
    wrong = put(house.chair, first, recommendation=TEXT, fields={"nonsense": "x"}, version=0)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "fields")
    assert put(house.chair, first, recommendation=TEXT, fields={}, version=0).status_code == 200


def test_a_stale_version_names_the_writer(house: House, meeting: Meeting) -> None:
    first = items(meeting)[0]
    give_outcome(first, by=house.clinician)
    answer = put(house.chair, first, recommendation="Annat.", version=0)
    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["version"]) == ("stale", 1)
    assert answer.json()["changed_by"] == house.clinician.name


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"recommendation": TEXT}, "version"),
        ({"intent": "cure", "version": 0}, "intent"),
        ({"checklist": {"nonsense": True}, "version": 0}, "checklist"),
        ({"due_on": "snart", "version": 0}, "due_on"),
        ({"ctnm": "x" * 61, "version": 0}, "ctnm"),
    ],
)
def test_wrong_outcomes_name_the_field(house: House, meeting: Meeting, data: Any, field: str) -> None:
    answer = put(house.chair, items(meeting)[0], **data)
    assert answer.status_code == 400
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert not Outcome.objects.exists()


def test_deferral_takes_a_coded_reason(house: House, meeting: Meeting) -> None:
    url = f"/api/v1/items/{items(meeting)[0].pk}/defer/"
    answer = api(house.chair).post(url, {"reason": "because"}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "reason")


def test_attendance_by_mail_id_and_name_gives_the_quorum(house: House, meeting: Meeting) -> None:
    url = f"/api/v1/meetings/{meeting.pk}/attendance/"
    lines = [
        {"user": house.chair.email, "speciality": "colorectal_surgeon", "present": True, "remote": False},
        {"user": str(house.radiologist.pk), "speciality": "radiologist", "remote": True},
        {"user": house.pathologist.email.upper(), "speciality": "pathologist"},
        {"name": "Gäst Onkolog", "speciality": "oncologist"},
        {"user": house.nurse.email, "speciality": "contact_nurse", "present": False},
    ]
    answer = api(house.chair).put(url, lines, format="json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["quorum"] == {"met": False, "missing": ["contact_nurse"]}
    lines[-1]["present"] = True
    assert api(house.chair).put(url, lines, format="json").json()["quorum"] == {"met": True, "missing": []}
    assert meeting.attendances.count() == 5


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"user": "nobody@test.example", "speciality": "oncologist"}, "0.user"),
        ({"name": "Gäst", "speciality": "magician"}, "0.speciality"),
        ({"speciality": "oncologist"}, "0.name"),
        ({"name": "Gäst"}, "0.speciality"),
    ],
)
def test_wrong_attendance_names_the_line(house: House, meeting: Meeting, line: Any, field: str) -> None:
    answer = api(house.chair).put(f"/api/v1/meetings/{meeting.pk}/attendance/", [line], format="json")
    assert answer.status_code == 400
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert not meeting.attendances.exists()


def test_attendance_is_guarded(house: House, meeting: Meeting) -> None:
    url = f"/api/v1/meetings/{meeting.pk}/attendance/"
    assert api(house.stranger).put(url, [], format="json").status_code == 404
    assert api(house.coordinator).put(url, [], format="json").status_code == 403
    assert api(house.chair).post(url, [], format="json").status_code == 405


def test_only_the_chair_of_the_meeting_signs(house: House, meeting: Meeting) -> None:
    post(house.chair, meeting, "close")
    Meeting.objects.filter(pk=meeting.pk).update(chair=house.clinician)
    answer = post(house.chair, meeting, "sign")
    assert (answer.status_code, answer.json()["code"]) == (403, "not-the-chair")


def test_the_file_is_for_those_who_see_cases(house: House, meeting: Meeting) -> None:
    url = f"/api/v1/meetings/{meeting.pk}/protocol.pdf"
    assert api(house.stranger).get(url).status_code == 404
    assert api(house.manager).get(url).status_code == 403
    assert api(house.clinician).get(url, headers={"Accept": "application/json"}).status_code == 200


def test_an_addendum_needs_a_signature_and_a_text(house: House, meeting: Meeting) -> None:
    first = items(meeting)[0]
    give_outcome(first, by=house.chair)
    url = f"/api/v1/items/{first.pk}/addenda/"
    early = api(house.chair).post(url, {"text": "Tidigt."}, format="json")
    assert (early.status_code, early.json()["code"]) == (409, "not-signed")
    assert api(house.chair).post(url, {"text": " "}, format="json").status_code == 400


@pytest.mark.parametrize("count", [1, 3])
def test_a_move_costs_the_same_whatever_the_agenda(house: House, count: int, django_assert_num_queries: Any) -> None:
    meeting = live_meeting(house, count)
    client = api(house.chair)
    client.post(f"/api/v1/meetings/{meeting.pk}/break/")
    with django_assert_num_queries(16):
        client.post(f"/api/v1/meetings/{meeting.pk}/break/")
    assert timezone.now() > meeting.started_at
