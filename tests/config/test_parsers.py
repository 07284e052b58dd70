"""Requests that hold what no database text can."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from tests.domain_factories import House, make_diagnosis, make_house

pytestmark = pytest.mark.django_db
URL = "/api/v1/cases/"


@pytest.fixture
def house() -> House:
    make_diagnosis("colorectal")
    return make_house()


@pytest.fixture
def api(house: House) -> APIClient:
    client = APIClient()
    client.force_login(house.coordinator, backend="accounts.backends.PasswordBackend")
    return client


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (r'{"name": "a\u0000b"}', "name"),
        (r'{"history": "\ud800"}', "history"),
        (r'{"circumstances": {"a": ["\u0000"]}}', "circumstances"),
        (r'{"circumstances": {"\ud800": 1}}', "circumstances"),
        (r'["\u0000"]', ""),
    ],
)
def test_text_that_cannot_be_stored_is_named(api: APIClient, body: str, field: str) -> None:
    answer: Any = api.post(URL, body, content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("application/problem+json")
    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [(field, "unstorable")]


def test_a_document_without_end_is_refused(api: APIClient) -> None:
    answer = api.post(URL, "[" * 50_000, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse-error")


@pytest.mark.parametrize("address", [f"{URL}?q=%00", f"{URL}?diagnosis=%00", "/cases/?q=%00"])
def test_an_address_with_nul_is_refused(api: APIClient, address: str) -> None:
    assert api.get(address).status_code == 400


def test_a_form_with_nul_is_refused(client: Client, house: House) -> None:
    client.force_login(house.coordinator, backend="accounts.backends.PasswordBackend")
    assert client.post("/cases/", {"q": "a\0b"}).status_code == 400
