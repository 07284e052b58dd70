"""Preparation through the API."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AccessLog, User
from events.models import Event
from mdk.models import Preparation
from mdk.services import preparation
from tests.domain_factories import House, make_house, published_meeting

pytestmark = pytest.mark.django_db
URL = "/api/v1/preparations/"
FIELDS = {
    "id", "item", "case", "discipline", "reader", "estimate_minutes", "state", "due_at", "carried_over_from", "new_since",
}  # fmt: skip
GOOD: dict[str, dict[str, Any]] = {
    "claim": {},
    "accept": {},
    "release": {},
    "hand_over": {"reader": "someone"},
    "start": {},
    "complete": {"minutes": 7, "findings": "cT3b N1."},
    "return": {"reason": "Undersökningen är inte avslutad."},
}


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def row(house: House) -> Preparation:
    published_meeting(house, 1)
    return Preparation.objects.select_related("item__case").get(discipline="radiology")


def api(person: User) -> APIClient:
    client = APIClient()
    client.force_login(person, backend="accounts.backends.PasswordBackend")
    return client


def act(person: User, row: Preparation, move: str, house: House) -> Any:
    data = GOOD[move] | ({"reader": house.radiologist2.email} if move == "hand_over" else {})
    return api(person).post(f"{URL}{row.pk}/{move}/", data, format="json")


def test_the_list_has_the_fields_of_the_contract(house: House, row: Preparation) -> None:
    answer = api(house.radiologist).get(URL)
    assert answer.status_code == 200
    assert answer.json()["count"] == 1
    shown = answer.json()["results"][0]
    assert set(shown) >= FIELDS
    assert (shown["id"], shown["item"], shown["case"]) == (row.pk, row.item_id, row.item.case_id)
    assert (shown["discipline"], shown["reader"], shown["state"]) == ("radiology", None, "todo")
    assert (shown["estimate_minutes"], shown["carried_over_from"], shown["new_since"]) == (9, None, 0)
    log = AccessLog.objects.get(what="api-preparations")
    assert (log.action, log.patient_ids) == ("api", [row.item.case.patient_id])


def test_filters(house: House) -> None:
    published_meeting(house, 3)
    first, second, third = Preparation.objects.filter(discipline="radiology").order_by("item__position")
    preparation.start(first.pk, by=house.radiologist, now=timezone.now())
    preparation.claim(second.pk, by=house.radiologist2, now=timezone.now())
    client = api(house.radiologist)

    def found(**filters: str) -> list[int]:
        return [shown["id"] for shown in client.get(URL, filters).json()["results"]]

    day = timezone.localdate(first.due_at)
    assert found(reader="me") == [first.pk]
    assert found(reader="none") == [third.pk]
    assert found(reader=house.radiologist2.email) == [second.pk]
    assert found(state="in_progress") == [first.pk]
    assert found(discipline="pathology") == []
    assert len(found(**{"from": str(day), "to": str(day)})) == 3
    assert found(**{"from": str(day + timedelta(days=1))}) == []
    assert found(to=str(day - timedelta(days=1))) == []
    assert client.get(URL, {"from": "snart"}).status_code == 400


def test_who_plans_sees_both_disciplines_and_others_none(house: House, row: Preparation) -> None:
    shown = api(house.coordinator).get(URL).json()["results"]
    assert {entry["discipline"] for entry in shown} == {"radiology", "pathology"}
    assert api(house.pathologist).get(URL).json()["count"] == 1
    for person in (house.clinician, house.nurse, house.manager, house.admin):
        assert api(person).get(URL).status_code == 403
    assert api(house.stranger).get(URL).json()["count"] == 0
    assert APIClient().get(URL).status_code == 401


@pytest.mark.parametrize(
    ("move", "state", "reader"),
    [
        ("claim", "todo", "radiologist"),
        ("accept", "todo", None),
        ("start", "in_progress", "radiologist"),
        ("hand_over", "todo", "radiologist2"),
        ("complete", "done", "radiologist"),
        ("return", "returned", None),
    ],
)
def test_each_move(house: House, row: Preparation, move: str, state: str, reader: str | None) -> None:
    answer = act(house.radiologist, row, move, house)
    assert answer.status_code == 200, answer.content
    assert answer.json()["state"] == state
    assert answer.json()["reader"] == (getattr(house, reader).email if reader else None)
    row.refresh_from_db()
    assert row.state == state


def test_release(house: House, row: Preparation) -> None:
    preparation.start(row.pk, by=house.radiologist, now=timezone.now())
    answer = act(house.radiologist, row, "release", house)
    assert (answer.json()["state"], answer.json()["reader"]) == ("todo", None)


@pytest.mark.parametrize("move", list(GOOD))
def test_what_another_holds_names_them(house: House, row: Preparation, move: str) -> None:
    preparation.claim(row.pk, by=house.radiologist2, now=timezone.now())
    answer = act(house.radiologist, row, move, house)
    assert answer.status_code == 409
    assert answer.json()["code"] == "held-by-another"
    assert house.radiologist2.name in answer.json()["detail"]
    row.refresh_from_db()
    assert row.reader == house.radiologist2


@pytest.mark.parametrize("move", list(GOOD))
def test_strangers_and_those_without_the_right(house: House, row: Preparation, move: str) -> None:
    events = Event.objects.count()
    assert act(make_house().radiologist, row, move, house).status_code == 404
    coordinator = [] if move == "hand_over" else [house.coordinator]
    for person in (*coordinator, house.pathologist, house.clinician, house.manager):
        assert act(person, row, move, house).status_code == 403
    assert api(house.radiologist).get(f"{URL}{row.pk}/{move}/").status_code == 405
    row.refresh_from_db()
    assert (row.state, row.reader, Event.objects.count()) == ("todo", None, events)


@pytest.mark.parametrize(
    ("move", "data", "field"),
    [
        ("complete", {"minutes": 601, "findings": "Fynd."}, "minutes"),
        ("complete", {"findings": "Fynd."}, "minutes"),
        ("complete", {"minutes": 3, "findings": " "}, "findings"),
        ("complete", {"minutes": "tre", "findings": "Fynd."}, "minutes"),
        ("return", {"reason": " "}, "reason"),
        ("return", {}, "reason"),
        ("hand_over", {"reader": "nobody@test.example"}, "reader"),
        ("hand_over", {}, "reader"),
    ],
)
def test_wrong_input_names_the_field(house: House, row: Preparation, move: str, data: Any, field: str) -> None:
    answer = api(house.radiologist).post(f"{URL}{row.pk}/{move}/", data, format="json")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert field in [error["field"] for error in answer.json()["errors"]]


def test_handing_over_by_id_and_never_to_another_discipline(house: House, row: Preparation) -> None:
    client = api(house.radiologist)
    refused = client.post(f"{URL}{row.pk}/hand_over/", {"reader": house.pathologist.email}, format="json")
    assert refused.status_code == 400
    answer = client.post(f"{URL}{row.pk}/hand_over/", {"reader": str(house.radiologist2.pk)}, format="json")
    assert answer.json()["reader"] == house.radiologist2.email


@pytest.mark.parametrize("count", [1, 3])
def test_three_rows_cost_what_one_does(house: House, count: int, django_assert_num_queries: Any) -> None:
    published_meeting(house, count)
    client = api(house.radiologist)
    client.get(URL)
    with django_assert_num_queries(8):
        client.get(URL)


def test_several_are_claimed_together_and_each_is_answered(house: House) -> None:
    published_meeting(house, 3)
    first, second, third = Preparation.objects.filter(discipline="radiology").order_by("item__position")
    preparation.claim(second.pk, by=house.radiologist2, now=timezone.now())
    client = api(house.radiologist)
    asked = [third.pk, str(second.pk), first.pk]
    for _ in range(2):
        answer = client.post(f"{URL}claim/", {"preparations": asked}, format="json")
        assert answer.status_code == 200
        results = answer.json()["results"]
        assert [(one["preparation"], one["claimed"]) for one in results] == [
            (third.pk, True), (second.pk, False), (first.pk, True),
        ]  # fmt: skip
        assert (results[1]["code"], results[1]["reader"]) == ("held-by-another", house.radiologist2.name)
        assert house.radiologist2.name in results[1]["detail"]
    assert Event.objects.filter(kind="preparation.claimed", actor=house.radiologist).count() == 2


@pytest.mark.parametrize("asked", [[], None, ["x"], [10**30], "all"])
def test_claiming_nothing_is_a_wrong_call(house: House, row: Preparation, asked: Any) -> None:
    answer = api(house.radiologist).post(f"{URL}claim/", {"preparations": asked}, format="json")
    assert answer.status_code == 400


def test_one_unknown_among_several_and_nothing_is_taken(house: House, row: Preparation) -> None:
    data = {"preparations": [row.pk, row.pk + 10**6]}
    assert api(house.radiologist).post(f"{URL}claim/", data, format="json").status_code == 404
    data = {"preparations": [row.pk]}
    for person, status in ((make_house().radiologist, 404), (house.pathologist, 403), (house.coordinator, 403)):
        assert api(person).post(f"{URL}claim/", data, format="json").status_code == status
    row.refresh_from_db()
    assert row.reader is None


def test_who_manages_the_roster_gives_out_what_is_not_taken(house: House, row: Preparation) -> None:
    coordinator = api(house.coordinator)
    given = coordinator.post(f"{URL}{row.pk}/hand_over/", {"reader": house.radiologist.email}, format="json")
    assert (given.json()["reader"], given.json()["assigned"]) == (house.radiologist.email, True)
    taken = api(house.radiologist).post(f"{URL}{row.pk}/claim/")
    assert taken.json()["assigned"] is False
    refused = coordinator.post(f"{URL}{row.pk}/hand_over/", {"reader": house.radiologist2.email}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "held-by-another")


def test_who_has_accepted_is_named(house: House, row: Preparation) -> None:
    assert api(house.radiologist2).post(f"{URL}{row.pk}/accept/").json()["accepted_by"] == house.radiologist2.email
    refused = api(house.radiologist).post(f"{URL}{row.pk}/accept/")
    assert (refused.status_code, refused.json()["code"]) == (409, "accepted-by-another")
    assert house.radiologist2.name in refused.json()["detail"]
