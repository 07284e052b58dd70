"""What the tests of cases share: a hospital with people, and a browser for each of them."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import AccessLog, User
from tests.domain_factories import House, make_house
from tests.factories import login

Browser = Callable[[User], Client]
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def house(db: None) -> House:
    """Return a hospital with one person of each role, and a stranger."""
    return make_house()


@pytest.fixture
def browser() -> Browser:
    """Return a function that gives a browser in which the person has logged in."""
    return lambda person: login(Client(), person)


def readings(what: str) -> list[list[int]]:
    """Return the patients of each logged reading at `what`, oldest first."""
    return list(AccessLog.objects.filter(what=what).order_by("pk").values_list("patient_ids", flat=True))
