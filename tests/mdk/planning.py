"""What the tests of planning share: roles at one meeting, and calls as pages and API make them."""

from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services import create_token
from tests.domain_factories import House
from tests.factories import login

PLANNERS = ("coordinator", "chair")
MEMBERS = ("clinician", "nurse", "radiologist", "pathologist")
WITHOUT_CASES = ("manager", "admin")
HTMX = {"HTTP_HX_REQUEST": "true"}


def person(house: House, role: str) -> User:
    """Return the house's person of that role."""
    user: User = getattr(house, role)
    return user


def page(user: User) -> Client:
    """Return a client on which `user` is logged in."""
    return login(Client(), user)


class Api:
    """Calls of the API in one person's name."""

    def __init__(self, user: User) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {create_token(user=user, now=timezone.now())}"})

    def get(self, path: str, **query: Any) -> Any:
        """Return the answer to a GET below `/api/v1/`."""
        return self.client.get(f"/api/v1/{path}", query)

    def post(self, path: str, **data: Any) -> Any:
        """Return the answer to a POST of JSON."""
        return self.client.post(f"/api/v1/{path}", data, content_type="application/json")

    def patch(self, path: str, **data: Any) -> Any:
        """Return the answer to a PATCH of JSON."""
        return self.client.patch(f"/api/v1/{path}", data, content_type="application/json")
