"""The first page, the menu, and the page about the system."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from accounts import home, navigation
from accounts.permissions import Permission, Role
from tests.accounts.conftest import House
from tests.factories import login, make_actor, make_unit, make_user


@pytest.fixture
def homes(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    registered: dict[str, str] = {}
    monkeypatch.setattr(home, "_HOMES", registered)
    return registered


def test_home_is_the_page_that_a_floor_registered(client: Client, house: House, homes: dict[str, str]) -> None:
    home.register_home(Role.ADMIN, "accounts:units")
    answer = login(client, house.admin).get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/units/")


@pytest.mark.parametrize("name", [None, "nowhere:at-all"])
def test_without_one_home_shows_units_and_roles(
    client: Client, house: House, homes: dict[str, str], name: str | None
) -> None:
    if name:
        home.register_home(Role.CLINICIAN, name)
    answer = login(client, house.clinician).get("/")
    assert answer.status_code == 200
    assert "Kirurgkliniken" in answer.content.decode()


def test_a_person_without_a_role_is_told_so(client: Client, db: None) -> None:
    answer = login(client, make_user()).get("/")
    assert answer.status_code == 200
    assert answer.context["nav"] == []


def test_a_role_has_one_home(homes: dict[str, str]) -> None:
    home.register_home(Role.CHAIR, "a:b")
    home.register_home(Role.CHAIR, "a:b")
    with pytest.raises(ValueError, match="twice"):
        home.register_home(Role.CHAIR, "c:d")


@pytest.mark.parametrize("path", ["/", "/about/"])
def test_pages_are_read_alone(client: Client, house: House, path: str) -> None:
    assert login(client, house.admin).post(path).status_code == 405


def test_the_page_about_the_system_says_what_it_is_not(client: Client, db: None) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    text = client.get("/about/").content.decode()
    assert "medical device" in text


def test_a_page_costs_one_query_for_the_permissions(
    client: Client, house: House, homes: dict[str, str], django_assert_num_queries: Any
) -> None:
    login(client, house.clinician)
    with django_assert_num_queries(3):  # the user, the memberships, the number of unread notices
        client.get("/")


@pytest.mark.parametrize("role", Role.values)
def test_the_menu_holds_what_the_active_role_may(role: str, db: None) -> None:
    request = RequestFactory().get("/units/7/")
    items = {item.key: item for item in navigation.nav_for(request, make_actor(role))}
    assert ("units" in items) == (role == Role.ADMIN)
    assert ("access-log" in items) == (role == Role.ADMIN)
    if role == Role.ADMIN:
        assert [key for key, item in items.items() if item.current] == ["units"]
        assert items["units"].url == "/units/"


def test_names_that_no_floor_has_are_left_out(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = navigation.Place("x", "no:where", "X", frozenset({Permission.VIEW_CASE}))
    monkeypatch.setattr(navigation, "PLACES", (nowhere,))
    request = RequestFactory().get("/")
    assert navigation.nav_for(request, make_actor(Role.CLINICIAN, make_unit())) == []
