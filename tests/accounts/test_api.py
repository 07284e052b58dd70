"""The API's doors of the ground floor: token, me, units."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, digest_of
from accounts.permissions import Role
from accounts.services import create_token, set_password
from tests.accounts.conftest import House
from tests.factories import PASSWORD, login, make_membership, make_unit, make_user

TOKEN, ME, UNITS = "/api/v1/token/", "/api/v1/me/", "/api/v1/units/"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_token_opens_the_api_as_that_person(client: Client, db: None) -> None:
    user = make_user("anna@test.example", Role.CHAIR, password=PASSWORD, hsa_id="SE1234567890-AB12")
    answer = client.post(TOKEN, {"email": "Anna@test.example", "password": PASSWORD}, "application/json")
    assert answer.status_code == 200
    token = answer.json()["token"]
    stored = ApiToken.objects.get()
    assert stored.digest == digest_of(token) != token
    me = client.get(ME, headers=bearer(token)).json()
    assert (me["id"], me["email"], me["name"]) == (user.pk, "anna@test.example", user.name)
    assert (me["hsa_id"], me["roles"]) == ("SE1234567890-AB12", ["chair"])
    assert me["memberships"][0]["role"] == "chair"
    assert set(me["memberships"][0]) == {"id", "unit", "role", "role_label", "starts_on", "ends_on"}


@pytest.mark.parametrize("pair", [("anna@test.example", "fel"), ("ingen@test.example", PASSWORD)])
def test_a_wrong_pair_is_a_problem_that_does_not_say_which_half(
    client: Client, db: None, pair: tuple[str, str]
) -> None:
    make_user("anna@test.example", Role.CHAIR, password=PASSWORD)
    answer = client.post(TOKEN, {"email": pair[0], "password": pair[1]}, "application/json")
    assert answer.status_code == 401
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["detail"]
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"password": "x"}, "email"),
        ({"email": "a@b.example"}, "password"),
        ({"email": "a" * 260 + "@b.example", "password": "x"}, "email"),
    ],
)
def test_an_incomplete_pair_names_the_field(client: Client, db: None, data: dict[str, str], field: str) -> None:
    answer = client.post(TOKEN, data, "application/json")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_too_many_tries_lock_the_door(client: Client, db: None, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    make_user("anna@test.example", Role.CHAIR, password=PASSWORD)
    wrong = {"email": "anna@test.example", "password": "fel"}
    answers = [client.post(TOKEN, wrong, "application/json") for _ in range(4)]
    assert answers[-1].status_code == 429
    assert answers[-1].headers["Content-Type"].startswith("application/problem+json")


@pytest.mark.parametrize("path", [ME, UNITS, "/api/v1/access-log/?patient=1", "/api/v1/notices/"])
def test_without_a_token_there_is_nothing(client: Client, db: None, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_unknown_old_and_revoked_tokens_and_closed_accounts(client: Client, db: None) -> None:
    user = make_user(role=Role.CHAIR)
    now = timezone.now()
    old = create_token(user=user, now=now - timedelta(days=91))
    good = create_token(user=user, now=now)
    assert ApiToken.objects.count() == 1, "the expired one went when the new one came"
    assert client.get(ME, headers=bearer(good)).status_code == 200
    assert client.get(ME, headers=bearer(old)).status_code == 401
    assert client.get(ME, headers=bearer("å" * 9)).status_code == 401
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    assert client.get(ME, headers=bearer(good)).status_code == 401
    type(user).objects.filter(pk=user.pk).update(is_active=True)
    set_password(user=user, password="another long password")
    assert client.get(ME, headers=bearer(good)).status_code == 401


def test_the_session_works_too(client: Client, house: House) -> None:
    assert login(client, house.clinician).get(ME).json()["email"] == house.clinician.email


def test_a_token_wins_over_another_persons_session(client: Client, house: House) -> None:
    login(client, house.clinician)
    token = create_token(user=house.admin, now=timezone.now())
    assert client.get(ME, headers=bearer(token)).json()["email"] == house.admin.email


def test_me_costs_two_queries(client: Client, house: House, django_assert_num_queries: Any) -> None:
    make_membership(house.clinician, Role.CHAIR)
    token = create_token(user=house.clinician, now=timezone.now())
    with django_assert_num_queries(2):
        client.get(ME, headers=bearer(token))


@pytest.mark.parametrize("rows", [1, 3])
def test_units_are_paginated_with_my_roles(
    client: Client, house: House, rows: int, django_assert_num_queries: Any
) -> None:
    for _row in range(rows):
        make_unit()
    token = create_token(user=house.clinician, now=timezone.now())
    with django_assert_num_queries(4):
        answer = client.get(UNITS, headers=bearer(token)).json()
    assert answer["count"] == 3 + rows
    assert set(answer) == {"count", "next", "previous", "results"}
    mine = {unit["name"]: unit["roles"] for unit in answer["results"]}
    assert mine["Kirurgkliniken"] == ["clinician"]
    assert mine["Annat sjukhus"] == []
    page = client.get(UNITS, {"page_size": 1}, headers=bearer(token)).json()
    assert len(page["results"]) == 1


@pytest.mark.parametrize("path", [ME, UNITS, "/api/v1/access-log/"])
def test_reading_doors_are_read_alone(client: Client, house: House, path: str) -> None:
    token = create_token(user=house.admin, now=timezone.now())
    assert client.post(path, {}, "application/json", headers=bearer(token)).status_code == 405


def test_the_token_door_takes_post_alone(client: Client, db: None) -> None:
    assert client.get(TOKEN).status_code == 405


def test_an_address_that_is_none_is_no_fault(client: Client, db: None) -> None:
    answer = client.post(TOKEN, {"email": "a@b.example", "password": "x"}, "application/json", REMOTE_ADDR="x" * 500)
    assert answer.status_code == 401
