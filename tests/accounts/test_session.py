"""Login, logout, and what a visitor without a session meets."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.permissions import Role
from tests.accounts.conftest import House
from tests.factories import PASSWORD, login, make_user

LOGIN = "/login/"


@pytest.fixture
def person(db: None) -> object:
    return make_user("anna@test.example", Role.COORDINATOR, password=PASSWORD)


def test_the_page_shows_a_form_in_swedish(client: Client, db: None) -> None:
    answer = client.get(LOGIN)
    assert answer.status_code == 200
    assert answer.headers["Content-Language"] == "sv"
    assert 'name="password"' in answer.content.decode()


def test_a_right_pair_lets_in_and_leads_on(client: Client, person: object) -> None:
    answer = client.post(LOGIN, {"email": "Anna@Test.example", "password": PASSWORD, "next": "/notices/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/notices/")
    assert "_auth_user_id" in client.session


def test_no_cache_keeps_what_a_person_is_shown(client: Client, person: object) -> None:
    assert "Cache-Control" not in client.get("/about/").headers
    client.post(LOGIN, {"email": "anna@test.example", "password": PASSWORD})
    for address in ("/cases/", "/api/v1/cases/"):
        assert client.get(address).headers["Cache-Control"] == "no-store, private"


def test_a_link_to_another_site_is_not_followed(client: Client, person: object) -> None:
    data = {"email": "anna@test.example", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post(LOGIN, data).headers["Location"] == "/"


@pytest.mark.parametrize("pair", [("anna@test.example", "fel"), ("nobody@test.example", PASSWORD)])
def test_a_wrong_pair_gets_the_same_neutral_answer(client: Client, person: object, pair: tuple[str, str]) -> None:
    answer = client.post(LOGIN, {"email": pair[0], "password": pair[1]})
    assert answer.status_code == 422
    assert len(answer.context["form"].non_field_errors()) == 1
    assert pair[1] not in answer.content.decode()
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("data", [{}, {"email": "not-an-address", "password": "x"}])
def test_an_incomplete_form_stays_with_its_errors(client: Client, db: None, data: dict[str, str]) -> None:
    answer = client.post(LOGIN, data)
    assert answer.status_code == 422
    assert answer.context["form"].errors


def test_a_closed_account_does_not_get_in(client: Client, db: None) -> None:
    make_user("gone@test.example", Role.COORDINATOR, password=PASSWORD, is_active=False)
    assert client.post(LOGIN, {"email": "gone@test.example", "password": PASSWORD}).status_code == 422


def test_the_chosen_language_comes_along(client: Client, db: None) -> None:
    make_user("eva@test.example", Role.COORDINATOR, password=PASSWORD, language="en")
    answer = client.post(LOGIN, {"email": "eva@test.example", "password": PASSWORD})
    assert answer.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"


def test_who_is_in_is_led_on(client: Client, house: House) -> None:
    answer = login(client, house.admin).get(LOGIN)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_too_many_wrong_tries_lock(client: Client, person: object, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    codes = [client.post(LOGIN, {"email": "anna@test.example", "password": "fel"}).status_code for _ in range(4)]
    assert codes[0] == 422
    assert codes[-1] == 429
    assert client.post(LOGIN, {"email": "anna@test.example", "password": PASSWORD}).status_code == 429


def test_the_demo_people_fill_the_form_in_a_demo(client: Client, db: None, settings: Any) -> None:
    settings.DEMO = True
    make_user("koordinator@demo.example", Role.COORDINATOR, password="demo")
    assert "koordinator@demo.example" in client.get(LOGIN).content.decode()
    answer = client.post(LOGIN, {"email": "koordinator@demo.example", "password": "demo"})
    assert answer.status_code == 302


def test_outside_a_demo_the_demo_password_is_refused_and_nobody_listed(client: Client, db: None, settings: Any) -> None:
    settings.DEMO = False
    make_user("koordinator@demo.example", Role.COORDINATOR, password="demo")
    assert "koordinator@demo.example" not in client.get(LOGIN).content.decode()
    answer = client.post(LOGIN, {"email": "koordinator@demo.example", "password": "demo"})
    assert answer.status_code == 422


def test_logout_ends_the_session_by_post_alone(client: Client, house: House) -> None:
    login(client, house.admin)
    assert client.get("/logout/").status_code == 405
    assert "_auth_user_id" in client.session
    assert client.post("/logout/").headers["Location"] == LOGIN
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "path", ["/", "/units/", "/units/1/", "/access-log/", "/notices/", "/deliveries/", "/notices/1/read/"]
)
def test_a_visitor_is_led_to_the_login_and_back(client: Client, db: None, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{LOGIN}?next={path}"


@pytest.mark.parametrize("path", ["/about/", LOGIN])
def test_public_pages_need_no_login(client: Client, db: None, path: str) -> None:
    assert client.get(path).status_code == 200


def test_an_ended_session_moves_the_whole_page_when_htmx_asks(client: Client, db: None) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/units/3/?a=1"}
    answer = client.get(reverse("events:notices"), headers=headers)
    assert answer.status_code == 200
    assert answer.headers["HX-Redirect"] == "/login/?next=/units/3/%3Fa%3D1"


def test_the_login_costs_few_queries(client: Client, person: object, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(20):
        client.post(LOGIN, {"email": "anna@test.example", "password": PASSWORD})
