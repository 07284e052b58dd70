"""The API of rebookings with their chain, of endings, of what is new to a reader, and of the chair's word."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from cases.services.editing import withdraw_case
from mdk.models import AgendaItem
from mdk.services.rebooking import rebook_item
from mdk.services.unready import rebook_unready
from tests.domain_factories import House, add_result, make_house
from tests.mdk.carried import BOTH, firm_place, of, read_all, take_back

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def item(house: House) -> AgendaItem:
    return firm_place(house, NOW)


def api(user: User) -> APIClient:
    client = APIClient()
    client.force_login(user, backend="accounts.backends.PasswordBackend")
    return client


def rebook(item: AgendaItem, house: House) -> AgendaItem:
    found = rebook_item(item.pk, reason="patient_ill", by=house.coordinator, now=LATER).item
    assert found is not None
    return found


# Rebookings


def test_a_chain_is_numbered_and_linked(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    rebook(rebook(item, house), house)
    second, first = api(house.coordinator).get("/api/v1/rebookings/").json()["results"]
    assert [first["number"], second["number"], first["count"], second["count"]] == [1, 2, 2, 2]
    assert (first["previous"], second["previous"]) == (None, first["id"])
    assert (first["to_item"], first["prep_minutes_carried"]) == (second["from_item"], BOTH)


def test_the_system_has_no_address_and_the_missing_answer_has_an_owner(house: House, item: AgendaItem) -> None:
    take_back(item.case, "pathology", "histopathology")
    rebook_unready(now=item.meeting.cutoff_at + timedelta(minutes=1))
    [found] = api(house.coordinator).get("/api/v1/rebookings/").json()["results"]
    assert (found["rebooked_by"], found["missing_item"], found["missing_owner"], found["foreseeable"]) == (
        None, "histopathology", "clinician", True,
    )  # fmt: skip


@pytest.mark.parametrize("address", ["rebookings", "endings"])
def test_the_lists_take_the_same_queries_for_one_and_for_three(house: House, address: str) -> None:
    client = api(house.coordinator)
    counts = []
    for more in (1, 2):
        for _case in range(more):
            moved = rebook(firm_place(house, NOW), house)
            withdraw_case(moved.case_id, reason="Avliden.", ending="deceased", by=house.coordinator, now=LATER)
        with CaptureQueriesContext(connection) as queries:
            found = client.get(f"/api/v1/{address}/").json()
        counts.append((found["count"], len(queries)))
    assert [count for count, _queries in counts] == [1, 3]
    assert counts[0][1] == counts[1][1]


@pytest.mark.parametrize("address", ["rebookings", "endings"])
def test_another_hospital_sees_none(house: House, item: AgendaItem, address: str) -> None:
    moved = rebook(item, house)
    withdraw_case(moved.case_id, reason="Avliden.", ending="deceased", by=house.coordinator, now=LATER)
    assert api(house.stranger).get(f"/api/v1/{address}/").json()["results"] == []
    assert api(house.manager).get(f"/api/v1/{address}/").json()["count"] == 1


# Endings


def test_an_ending_tells_what_was_lost_and_names_nobody(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    moved = rebook(item, house)
    withdraw_case(moved.case_id, reason="Avliden.", ending="deceased", by=house.coordinator, now=LATER)
    [found] = api(house.manager).get("/api/v1/endings/").json()["results"]
    assert found == {
        "case": item.case_id, "ending": "deceased", "ended_at": timezone.localtime(LATER).isoformat(),
        "meeting": moved.meeting_id, "rebookings": 1, "prep_minutes_lost": BOTH,
    }  # fmt: skip


# What is new


def test_a_preparation_names_what_is_new(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    answer = add_result(item.case, "radiology", requirement="ct_thorax_abdomen", days_ago=0, now=LATER)
    rebook(item, house)
    rows = api(house.coordinator).get("/api/v1/preparations/?discipline=radiology").json()["results"]
    [row] = [row for row in rows if row["carried_over_from"]]
    assert (row["carried_over_from"], row["new_since"]) == (of(item).pk, 1)
    [change] = row["changes"]
    assert (change["kind"], change["result"], change["performed_on"]) == (
        "answer_new", answer.pk, answer.performed_on.isoformat() if answer.performed_on else None,
    )  # fmt: skip
    assert change["changed_at"] == timezone.localtime(LATER).isoformat()


# The chair's word


@pytest.mark.parametrize("person", ["coordinator", "chair", "clinician", "nurse", "radiologist", "manager", "admin"])
def test_only_those_who_run_the_meeting_take_up_what_is_not_ready(house: House, item: AgendaItem, person: str) -> None:
    take_back(item.case, "pathology", "histopathology")
    answer = api(getattr(house, person)).post(f"/api/v1/items/{item.pk}/accept_unready/", {"reason": "Kan besvaras."})
    item.refresh_from_db()
    assert (answer.status_code == 200) == (person == "chair") == bool(item.override_at)
    assert answer.status_code in (200, 403)


def test_a_stranger_finds_no_such_item_and_a_reason_is_asked_for(house: House, item: AgendaItem) -> None:
    address = f"/api/v1/items/{item.pk}/accept_unready/"
    assert api(make_house().chair).post(address, {"reason": "Så."}).status_code == 404
    assert api(house.chair).post(address, {}).status_code == 400
    assert api(house.chair).get(address).status_code == 405
