"""Every role's first page and every entry of its menu, with all floors in place."""

import pytest
from django.test import Client

from accounts.permissions import Role
from tests.factories import login, make_user


@pytest.mark.parametrize("role", Role.values)
def test_every_role_lands_on_a_page_that_opens(client: Client, db: None, role: str) -> None:
    answer = login(client, make_user(role=role)).get("/", follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain, "a role without a home of its own"


@pytest.mark.parametrize("role", Role.values)
def test_every_place_in_the_menu_opens_for_its_role(client: Client, db: None, role: str) -> None:
    login(client, make_user(role=role))
    places = client.get("/about/").context["nav"]
    assert len({place.key for place in places}) == len(places) > 0
    assert {place.key: client.get(place.url).status_code for place in places} == {place.key: 200 for place in places}
