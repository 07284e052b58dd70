"""The log of readings: how it is written, that it cannot be changed, and the search that is logged itself."""

from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from accounts import access_log
from accounts.access_log import log_read, register_case_lookup
from accounts.models import AccessLog
from accounts.permissions import Role
from tests.accounts.conftest import House
from tests.factories import login, make_actor, make_membership, make_user

PAGE = "/access-log/"


def read(house: House, *patients: int, **more: Any) -> None:
    actor = make_actor(user=house.clinician)
    log_read(actor, patients=patients, what="cases:case", **more)


def test_a_reading_is_one_row_with_every_patient_once(house: House) -> None:
    read(house, 5, 3, 5, action=AccessLog.Action.LIST, reason="rond")
    row = AccessLog.objects.get()
    assert (row.user, row.unit, row.role) == (house.clinician, house.clinic, Role.CLINICIAN)
    assert (row.patient_ids, row.action, row.reason) == ([3, 5], "list", "rond")


def test_nothing_shown_is_nothing_written(house: House) -> None:
    read(house)
    assert not AccessLog.objects.exists()


def test_the_row_carries_the_membership_that_gave_the_right(house: House) -> None:
    user = make_user(role=Role.ADMIN, unit=house.hospital)
    make_membership(user, Role.CLINICIAN, house.clinic)
    log_read(make_actor(user=user), patients=[1], what="cases:case")
    assert AccessLog.objects.get().role == Role.CLINICIAN


@pytest.mark.parametrize("sql", ["UPDATE accounts_accesslog SET role = 'x'", "DELETE FROM accounts_accesslog"])
def test_the_database_refuses_change_and_deletion(house: House, sql: str) -> None:
    read(house, 1)
    with pytest.raises(ProgrammingError, match="annot"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert AccessLog.objects.get().role == Role.CLINICIAN


@pytest.mark.parametrize("table", ["accounts_accesslog", "events_event"])
def test_the_database_refuses_to_empty_the_tables(db: None, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL mdk.allow_flush = 'off'")
        with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
            cursor.execute(f"TRUNCATE {table} CASCADE")
        cursor.execute("SET LOCAL mdk.allow_flush = 'on'")


def test_the_search_by_patient_is_answered_and_logged(client: Client, house: House) -> None:
    read(house, 7, 8)
    read(house, 9)
    login(client, house.admin)
    answer = client.post(PAGE, {"patient": "7", "reason": "stickprov"})
    assert [row.patient_ids for row in answer.context["rows"]] == [[7, 8]]
    assert "Lars Läkare" in answer.content.decode()
    look = AccessLog.objects.get(action=AccessLog.Action.LOG)
    assert (look.user, look.patient_ids, look.reason) == (house.admin, [7], "stickprov")
    again = client.post(PAGE, {"patient": "7", "reason": "stickprov"})
    assert len(again.context["rows"]) == 2


def test_the_search_by_case_asks_the_floor_above(client: Client, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "_case_lookup", [])
    register_case_lookup({12: 7}.get)
    read(house, 7)
    login(client, house.admin)
    assert len(client.post(PAGE, {"case": "12", "reason": "x"}).context["rows"]) == 1
    assert client.post(PAGE, {"case": "13", "reason": "x"}).context["rows"] == []


def test_the_search_by_reader(client: Client, house: House) -> None:
    read(house, 7)
    answer = login(client, house.admin).post(PAGE, {"email": "LAKARE@test.example", "reason": "stickprov"})
    assert len(answer.context["rows"]) == 1
    assert AccessLog.objects.get(action=AccessLog.Action.LOG).patient_ids == [7]


def test_a_look_that_finds_nothing_is_logged_too(client: Client, house: House) -> None:
    login(client, house.admin).post(PAGE, {"email": "ingen@test.example", "reason": "stickprov"})
    assert AccessLog.objects.get().action == AccessLog.Action.LOG


def test_a_link_fills_the_form_and_shows_nothing_yet(client: Client, house: House) -> None:
    read(house, 7)
    answer = login(client, house.admin).get(PAGE, {"patient": "7", "case": "x"})
    assert answer.context["form"].initial == {"patient": "7"}
    assert "rows" not in answer.context
    assert AccessLog.objects.count() == 1


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"patient": "7"},
        {"reason": "x"},
        {"patient": "7", "case": "1", "reason": "x"},
        {"patient": "x", "reason": "x"},
    ],
)
def test_a_wrong_form_answers_nothing(client: Client, house: House, data: dict[str, str]) -> None:
    answer = login(client, house.admin).post(PAGE, data)
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert not AccessLog.objects.exists()


def test_another_hospitals_administrator_sees_none_of_it(client: Client, house: House) -> None:
    read(house, 7)
    answer = login(client, house.stranger).post(PAGE, {"patient": "7", "reason": "nyfiken"})
    assert answer.context["rows"] == []
    assert "Lars Läkare" not in answer.content.decode()


@pytest.mark.parametrize("role", sorted(set(Role.values) - {Role.ADMIN}))
def test_other_roles_may_not(client: Client, house: House, role: str) -> None:
    login(client, make_user(role=role, unit=house.hospital))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"patient": "7", "reason": "x"}).status_code == 403
    assert client.get("/api/v1/access-log/", {"patient": 7}).status_code == 403
    assert not AccessLog.objects.exists()


def test_wrong_method(client: Client, house: House) -> None:
    assert login(client, house.admin).delete(PAGE).status_code == 405


@pytest.mark.parametrize("rows", [1, 3])
def test_the_search_costs_the_same_whatever_it_finds(
    client: Client, house: House, rows: int, django_assert_num_queries: Any
) -> None:
    for _row in range(rows):
        read(house, 7)
    login(client, house.admin)
    with django_assert_num_queries(8):
        client.post(PAGE, {"patient": "7", "reason": "x"})


def test_the_api_answers_and_logs(client: Client, house: House) -> None:
    read(house, 7, 8, reason="rond")
    answer = login(client, house.admin).get("/api/v1/access-log/", {"patient": 7})
    row = answer.json()["results"][-1]
    assert answer.json()["count"] >= 1
    assert row["user"]["name"] == "Lars Läkare"
    assert row["unit"] == {"id": house.clinic.pk, "name": "Kirurgkliniken"}
    assert (row["role"], row["what"], row["action"]) == ("clinician", "cases:case", "view")
    assert (row["reason"], row["patient"]) == ("rond", 7)
    assert "at" in row
    assert AccessLog.objects.filter(user=house.admin, action=AccessLog.Action.LOG).count() == 1


def test_the_api_logs_every_page_that_is_read(client: Client, house: House) -> None:
    read(house, 7)
    read(house, 7)
    answer = login(client, house.admin).get("/api/v1/access-log/", {"patient": 7, "page_size": 1, "page": 2})
    assert len(answer.json()["results"]) == 1
    assert AccessLog.objects.filter(user=house.admin, action=AccessLog.Action.LOG).count() == 1


@pytest.mark.parametrize("query", [{"patient": "x"}, {"patient": "9" * 40}])
def test_a_patient_is_a_number(client: Client, house: House, query: dict[str, str]) -> None:
    answer = login(client, house.admin).get("/api/v1/access-log/", query)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["errors"][0]["field"] == "patient"


def test_without_a_patient_every_reading_of_the_units(client: Client, house: House) -> None:
    read(house, 7)
    rows = login(client, house.admin).get("/api/v1/access-log/").json()["results"]
    assert [(row["action"], row["patient"]) for row in rows] == [("log", None), ("view", 7)]
