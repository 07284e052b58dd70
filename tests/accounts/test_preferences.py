"""Role, language and theme: the person's own choices."""

import pytest
from django.conf import settings
from django.test import Client

from accounts.permissions import Role
from tests.accounts.conftest import House
from tests.factories import login, make_membership, make_user


def test_the_role_switch_makes_another_membership_active(client: Client, house: House) -> None:
    second = make_membership(house.admin, Role.COORDINATOR, house.clinic)
    login(client, house.admin)
    answer = client.post("/switch-role/", {"membership": second.pk})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    actor = client.get("/about/").wsgi_request.actor
    assert (actor.role, actor.unit) == (Role.COORDINATOR, house.clinic)


@pytest.mark.parametrize("value", ["", "x", "0", "999999", "-1"])
def test_a_role_that_is_not_yours_is_refused(client: Client, house: House, value: str) -> None:
    answer = login(client, house.admin).post("/switch-role/", {"membership": value})
    assert answer.status_code == 409
    assert "membership" not in client.session


def test_another_persons_membership_is_refused(client: Client, house: House) -> None:
    theirs = make_membership(house.clinician, Role.CHAIR, house.hospital)
    answer = login(client, house.admin).post("/switch-role/", {"membership": theirs.pk})
    assert answer.status_code == 409


def test_a_refusal_is_a_page_with_a_way_back(client: Client, house: House) -> None:
    login(client, house.admin)
    answer = client.post("/switch-role/", {"membership": "0"}, headers={"Referer": "http://testserver/units/?a=1"})
    assert answer.context["back"] == "/units/"
    elsewhere = client.post("/switch-role/", {}, headers={"Referer": "https://evil.example/units/"})
    assert elsewhere.context["back"] == "/"


def test_a_refusal_is_a_message_in_the_page_for_htmx(client: Client, house: House) -> None:
    login(client, house.admin)
    answer = client.post("/switch-role/", {"membership": "0"}, headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert answer.headers["HX-Retarget"] == "#messages"
    assert "<html" not in answer.content.decode()
    assert 'id="messages"' in answer.content.decode()


def test_switching_needs_a_login_and_a_post(client: Client, house: House) -> None:
    assert client.post("/switch-role/", {"membership": 1}).status_code == 302
    assert login(client, house.admin).get("/switch-role/").status_code == 405


def test_the_language_is_kept_in_a_cookie_and_on_the_account(client: Client, house: House) -> None:
    login(client, house.clinician)
    answer = client.post("/language/", {"language": "en", "next": "/about/"})
    assert answer.headers["Location"] == "/about/"
    assert answer.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    house.clinician.refresh_from_db()
    assert house.clinician.language == "en"
    page = client.get("/about/")
    assert page.headers["Content-Language"] == "en"
    assert '<html lang="en"' in page.content.decode()


def test_the_browsers_wish_does_not_count(client: Client, db: None) -> None:
    answer = client.get("/about/", headers={"Accept-Language": "en"})
    assert answer.headers["Content-Language"] == "sv"


def test_a_visitor_may_choose_too(client: Client, db: None) -> None:
    assert client.post("/language/", {"language": "en"}).cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"


@pytest.mark.parametrize(("path", "name"), [("/language/", "language"), ("/theme/", "theme")])
def test_unknown_choices_are_refused(client: Client, db: None, path: str, name: str) -> None:
    answer = client.post(path, {name: "klingon"})
    assert answer.status_code == 400
    assert not answer.cookies
    assert client.get(path).status_code == 405


@pytest.mark.parametrize("theme", ["light", "dark", "auto"])
def test_the_theme_is_kept_in_a_cookie(client: Client, db: None, theme: str) -> None:
    answer = client.post("/theme/", {"theme": theme, "next": "//evil.example/"})
    assert answer.cookies["theme"].value == theme
    assert answer.headers["Location"] == "/"
    assert client.get("/about/").context["theme"] == theme


def test_a_forged_theme_cookie_is_ignored(client: Client, db: None) -> None:
    client.cookies["theme"] = "<script>"
    assert client.get("/about/").context["theme"] == "auto"


def test_a_membership_that_has_ended_is_no_longer_active(client: Client, db: None) -> None:
    user = make_user(role=Role.CLINICIAN)
    chair = make_membership(user, Role.CHAIR)
    login(client, user)
    client.post("/switch-role/", {"membership": chair.pk})
    type(chair).objects.filter(pk=chair.pk).update(ends_on=chair.starts_on)
    assert client.get("/about/").wsgi_request.actor.role == Role.CLINICIAN
