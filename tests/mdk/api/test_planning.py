"""The API of meetings and agendas."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AccessLog
from events.models import Event
from mdk.models import AgendaItem, Meeting
from mdk.services.preparation import complete
from mdk.services.publishing import publish_meeting
from tests.domain_factories import House, make_case, make_meeting, make_series, place, ready_case
from tests.mdk.planning import MEMBERS, WITHOUT_CASES, Api, person

MEETING = {
    "id", "series", "series_name", "starts_at", "ends_at", "cutoff_at", "status", "chair", "capacity_minutes",
    "planned_minutes", "prep_capacity_minutes", "prep_planned_minutes", "current_item", "quorum", "version", "items",
    "prep", "breaks", "list_version", "changes",
}  # fmt: skip
ITEM = {
    "id", "case", "case_summary", "level", "position", "minutes", "starts_at", "status", "provisional", "readiness",
    "discordant", "section", "guest", "late", "probability",
    "preparations", "outcome",
}  # fmt: skip


@pytest.fixture
def meeting(house: House) -> Meeting:
    """Return a planned meeting with two ready cases."""
    meeting = make_meeting(house)
    for _ in range(2):
        place(meeting, ready_case(house), by=house.coordinator)
    return meeting


def first(meeting: Meeting) -> AgendaItem:
    return meeting.items.filter(position__isnull=False).order_by("position")[0]


def test_a_meeting_has_the_fields_of_the_contract(house: House, meeting: Meeting) -> None:
    document = Api(house.coordinator).get(f"meetings/{meeting.pk}/").json()
    assert set(document) == MEETING
    assert {frozenset(item) for item in document["items"]} == {frozenset(ITEM)}
    assert document["quorum"]["met"] is False
    assert document["chair"] == house.chair.email
    item, stored = document["items"][0], first(meeting)
    assert (item["id"], item["case"], item["position"]) == (stored.pk, stored.case_id, 1)
    assert item["starts_at"] == timezone.localtime(meeting.starts_at).isoformat()
    assert item["readiness"] == "ready"
    assert item["outcome"]["version"] == 0
    assert item["case_summary"] == {
        "diagnosis": "colorectal",
        "phase": "pre_treatment",
        "clinical_question": stored.case.clinical_question,
        "patient": {
            "name": stored.case.patient.name,
            "personal_identity_number": str(stored.case.patient.identity),
            "protected": False,
        },
    }
    assert document["planned_minutes"] == sum(row["minutes"] for row in document["items"])
    prepared = sum(p["estimate_minutes"] for row in document["items"] for p in row["preparations"])
    assert document["prep_planned_minutes"] == prepared


def test_the_reading_is_logged(house: House, meeting: Meeting) -> None:
    Api(house.clinician).get(f"meetings/{meeting.pk}/")
    row = AccessLog.objects.latest("at")
    assert (row.user, row.action, row.what) == (house.clinician, "api", "api-meeting")
    assert set(row.patient_ids) == {item.case.patient_id for item in meeting.items.all()}


@pytest.mark.parametrize("role", WITHOUT_CASES)
def test_without_the_right_to_cases_no_patient_is_told(house: House, meeting: Meeting, role: str) -> None:
    document = Api(person(house, role)).get(f"meetings/{meeting.pk}/").json()
    assert {item["case_summary"] for item in document["items"]} == {None}
    assert {item["outcome"] for item in document["items"]} == {None}
    assert not AccessLog.objects.filter(action="api").exists()


def test_a_protected_identity_only_in_the_treating_unit(house: House) -> None:
    from accounts.permissions import Role
    from tests.factories import make_user

    meeting = make_meeting(house, participating_units=[house.clinic])
    case = ready_case(house, is_protected=True)
    place(meeting, case, by=house.coordinator)
    inside = make_user(role=Role.CLINICIAN, unit=house.clinic)
    seen = {
        user.pk: Api(user).get(f"meetings/{meeting.pk}/").json()["items"][0]["case_summary"]["patient"]
        for user in (inside, house.coordinator)
    }
    assert seen[inside.pk]["name"] == case.patient.name
    assert seen[house.coordinator.pk] == {"name": None, "personal_identity_number": None, "protected": True}


def test_meetings_by_day_and_series(house: House) -> None:
    one, other = make_series(house), make_series(house)
    days = [timezone.localdate(m.starts_at) for m in one.meetings.order_by("starts_at")]
    found = Api(house.coordinator).get(
        "meetings/", **{"from": days[1].isoformat(), "to": days[2].isoformat(), "series": one.pk}
    )
    assert found.json()["count"] == 2
    assert {row["series"] for row in found.json()["results"]} == {one.pk}
    assert Api(house.coordinator).get("meetings/", page_size=1).json()["next"]
    assert Api(house.stranger).get("meetings/").json()["count"] == 0
    assert other.pk != one.pk


@pytest.mark.parametrize("query", [{"from": "tomorrow"}, {"to": "2026-13-01"}, {"series": "x"}, {"series": "9" * 20}])
def test_a_wrong_filter_is_named(house: House, query: dict[str, str]) -> None:
    answer = Api(house.coordinator).get("meetings/", **query)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == list(query)


def test_booking_answers_with_the_item(house: House, meeting: Meeting) -> None:
    case = ready_case(house)
    answer = Api(house.coordinator).post(f"meetings/{meeting.pk}/items/", case=case.pk)
    assert answer.status_code == 201
    assert set(answer.json()) == ITEM | {"warnings"}
    assert answer.json()["warnings"] == []
    assert (answer.json()["case"], answer.json()["position"], answer.json()["status"]) == (case.pk, 3, "planned")


def test_not_ready_gives_way_to_a_reason(house: House, meeting: Meeting) -> None:
    case, api = make_case(house), Api(house.coordinator)
    answer = api.post(f"meetings/{meeting.pk}/items/", case=case.pk)
    assert (answer.status_code, answer.json()["code"]) == (409, "not-ready")
    assert answer["Content-Type"] == "application/problem+json"
    booked = api.post(f"meetings/{meeting.pk}/items/", case=case.pk, override_reason="Akut.")
    assert booked.status_code == 201


def test_a_provisional_place_needs_no_reason(house: House, meeting: Meeting) -> None:
    answer = Api(house.coordinator).post(f"meetings/{meeting.pk}/items/", case=make_case(house).pk, provisional=True)
    assert answer.status_code == 201
    assert (answer.json()["status"], answer.json()["provisional"]) == ("provisional", True)


def test_over_capacity_after_cutoff_and_already_booked_have_codes(house: House, meeting: Meeting) -> None:
    api, case = Api(house.coordinator), ready_case(house)
    full = api.post(f"meetings/{meeting.pk}/items/", case=case.pk, minutes=60)
    assert full.status_code == 201
    over = api.post(f"meetings/{meeting.pk}/items/", case=ready_case(house).pk, minutes=60)
    assert (over.status_code, over.json()["code"]) == (409, "over-capacity")
    taken = Api(house.chair).post(f"meetings/{meeting.pk}/items/", case=case.pk)
    assert (taken.status_code, taken.json()["code"]) == (409, "already-booked")
    assert house.coordinator.name in taken.json()["detail"]
    again = api.post(f"meetings/{meeting.pk}/items/", case=case.pk)
    assert (again.status_code, again.json()["code"], again.json()["item"]) == (409, "already-booked", full.json()["id"])
    Meeting.objects.filter(pk=meeting.pk).update(cutoff_at=timezone.now() - timedelta(minutes=1))
    late = api.post(f"meetings/{meeting.pk}/items/", case=ready_case(house).pk)
    assert (late.status_code, late.json()["code"]) == (409, "after-cutoff")


def test_the_order_names_every_item_once(house: House, meeting: Meeting) -> None:
    api, ids = Api(house.coordinator), list(meeting.items.order_by("position").values_list("pk", flat=True))
    answer = api.post(f"meetings/{meeting.pk}/order/", items=ids[::-1])
    assert [item["id"] for item in answer.json()["items"]] == ids[::-1]
    assert [item["position"] for item in answer.json()["items"]] == [1, 2]
    wrong = api.post(f"meetings/{meeting.pk}/order/", items=ids[:1])
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "items")


def test_publish_and_cancel(house: House, meeting: Meeting) -> None:
    api = Api(house.coordinator)
    assert api.post(f"meetings/{meeting.pk}/publish/").json()["status"] == "published"
    assert api.post(f"meetings/{meeting.pk}/publish/").status_code == 200
    assert Api(house.chair).post(f"meetings/{meeting.pk}/publish/").status_code == 409
    assert api.post(f"meetings/{meeting.pk}/cancel/").status_code == 400
    cancelled = api.post(f"meetings/{meeting.pk}/cancel/", reason="Strömavbrott.").json()
    assert (cancelled["status"], cancelled["items"]) == ("cancelled", [])


def test_rebooking_says_what_became_of_the_preparation(house: House, meeting: Meeting) -> None:
    publish_meeting(meeting.pk, by=house.coordinator, now=timezone.now())
    item = first(meeting)
    radiology = item.preparations.get(discipline="radiology")
    complete(radiology.pk, minutes=7, findings="cT3b.", by=house.radiologist, now=timezone.now())
    answer = Api(house.coordinator).post(f"items/{item.pk}/rebook/", reason="pathology_missing").json()
    assert (answer["prep_minutes_carried"], answer["prep_minutes_lost"]) == (7, 0)
    assert answer["item"]["case"] == item.case_id
    assert answer["meeting"] != meeting.pk
    carried = {p["discipline"]: p for p in answer["item"]["preparations"]}["radiology"]
    assert (carried["state"], carried["carried_over_from"]) == ("done", radiology.pk)


@pytest.mark.parametrize("body", [{}, {"reason": "mood"}, {"reason": "other"}])
def test_a_rebooking_has_a_coded_reason(house: House, meeting: Meeting, body: dict[str, str]) -> None:
    answer = Api(house.coordinator).post(f"items/{first(meeting).pk}/rebook/", **body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] in {"reason", "note"}


def test_a_case_is_not_rebooked_to_a_meeting_of_others(house: House, meeting: Meeting) -> None:
    foreign = make_meeting(house, unit=house.elsewhere, participating_units=[], readers=[], chair=None)
    answer = Api(house.coordinator).post(f"items/{first(meeting).pk}/rebook/", reason="no_time", meeting=foreign.pk)
    assert answer.status_code == 404


def test_lift_and_remove(house: House, meeting: Meeting) -> None:
    item = place(meeting, ready_case(house, level="protocol"), by=house.coordinator)
    lifted = Api(house.pathologist).post(f"items/{item.pk}/lift/", reason="Oklart PAD.").json()
    assert (lifted["id"], lifted["level"]) == (item.pk, "focused")
    removed = Api(house.coordinator).post(f"items/{item.pk}/remove/", reason="Fel konferens.").json()
    assert item.pk not in {row["id"] for row in removed["items"]}


def test_the_chair_is_chosen_by_e_mail(house: House, meeting: Meeting) -> None:
    api = Api(house.coordinator)
    Meeting.objects.filter(pk=meeting.pk).update(chair=None)
    assert api.patch(f"meetings/{meeting.pk}/", chair=house.chair.email).json()["chair"] == house.chair.email
    wrong = api.patch(f"meetings/{meeting.pk}/", chair=house.clinician.email)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "chair")


Call = Callable[[House, Meeting], tuple[str, dict[str, Any]]]
WRITES: dict[str, Call] = {
    "items": lambda h, m: (f"meetings/{m.pk}/items/", {"case": ready_case(h).pk}),
    "order": lambda h, m: (f"meetings/{m.pk}/order/", {"items": [i.pk for i in m.items.order_by("-position")]}),
    "publish": lambda h, m: (f"meetings/{m.pk}/publish/", {}),
    "cancel": lambda h, m: (f"meetings/{m.pk}/cancel/", {"reason": "Strömavbrott."}),
    "rebook": lambda h, m: (f"items/{first(m).pk}/rebook/", {"reason": "no_time"}),
    "remove": lambda h, m: (f"items/{first(m).pk}/remove/", {"reason": "Fel."}),
}


def picture() -> list[object]:
    return [
        list(Meeting.objects.order_by("pk").values_list("pk", "status", "version")),
        list(AgendaItem.objects.order_by("pk").values_list("pk", "position", "status")),
        Event.objects.count(),
    ]


@pytest.mark.parametrize("write", sorted(WRITES))
def test_strangers_get_404_members_403_and_nothing_changes(house: House, meeting: Meeting, write: str) -> None:
    path, body = WRITES[write](house, meeting)
    before = picture()
    assert Api(house.stranger).post(path, **body).status_code == 404
    for role in (*MEMBERS, *WITHOUT_CASES):
        assert Api(person(house, role)).post(path, **body).status_code == 403, role
    assert Api(house.coordinator).get(path).status_code == 405
    assert picture() == before


def test_a_stranger_reads_nothing(house: House, meeting: Meeting) -> None:
    assert Api(house.stranger).get(f"meetings/{meeting.pk}/").status_code == 404
    assert Api(house.stranger).post(f"items/{first(meeting).pk}/lift/", reason="Jo.").status_code == 404
    assert Api(house.stranger).patch(f"meetings/{meeting.pk}/", chair=house.chair.email).status_code == 404


QUERIES = 10


def test_one_item_and_three_cost_the_same_queries(house: House, django_assert_num_queries: Any) -> None:
    meeting, api = make_meeting(house), Api(house.coordinator)
    place(meeting, ready_case(house), by=house.coordinator)
    api.get(f"meetings/{meeting.pk}/")
    with django_assert_num_queries(QUERIES):
        api.get(f"meetings/{meeting.pk}/")
    for _ in range(2):
        place(meeting, ready_case(house), by=house.coordinator)
    with django_assert_num_queries(QUERIES):
        api.get(f"meetings/{meeting.pk}/")


LIST_QUERIES = 12


def test_one_meeting_and_three_cost_the_same_queries(house: House, django_assert_num_queries: Any) -> None:
    series, api = make_series(house), Api(house.coordinator)
    days = [timezone.localdate(m.starts_at).isoformat() for m in series.meetings.order_by("starts_at")]
    for meeting in series.meetings.order_by("starts_at")[:3]:
        place(meeting, ready_case(house), by=house.coordinator)
    api.get("meetings/")
    for last in (days[0], days[2]):
        with django_assert_num_queries(LIST_QUERIES):
            api.get("meetings/", to=last)
