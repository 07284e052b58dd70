"""`/diagnoses/` and `/diagnoses/<slug>/`."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.permissions import Role
from tests.factories import login, make_user

PAGES = ["/diagnoses/", "/diagnoses/colorectal/"]


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", PAGES)
def test_every_role_reads(client: Client, role: str, path: str) -> None:
    assert login(client, make_user(role=role)).get(path).status_code == 200


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("path", PAGES)
def test_strangers_are_sent_to_the_login(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("path", PAGES)
def test_wrong_method(client: Client, path: str) -> None:
    assert login(client, make_user(role=Role.COORDINATOR)).post(path).status_code == 405


@pytest.mark.usefixtures("published")
def test_unknown_diagnosis(client: Client) -> None:
    assert login(client, make_user(role=Role.COORDINATOR)).get("/diagnoses/blindtarm/").status_code == 404


@pytest.mark.usefixtures("published")
def test_list_shows_all_with_clock_and_version(client: Client) -> None:
    page = login(client, make_user(role=Role.COORDINATOR)).get("/diagnoses/")
    assert len(page.context["rows"]) == 30
    row = next(row for row in page.context["rows"] if row["slug"] == "colorectal")
    assert (row["days"], row["lead_times_version"], row["icd10"]) == (39, "2018-10-30", "C18, C20")
    assert "Tjock- och ändtarmscancer" in page.content.decode()


@pytest.mark.usefixtures("published")
def test_page_tells_sources_from_local_choices(client: Client) -> None:
    page = login(client, make_user(role=Role.COORDINATOR)).get("/diagnoses/brain-spinal-cord/")
    text = page.content.decode()
    assert "perfusionsökning" in text
    assert 'badge tone--off">lokalt<' in text or 'badge tone--off">local<' in text
    assert 'href="#source-1"' in text
    assert 'id="source-1"' in text
    marks = [row["cite"] for row in page.context["page"]["requirements"]]
    assert all(mark.is_local != bool(mark.numbers) for mark in marks)


@pytest.mark.usefixtures("published")
def test_every_diagnosis_has_a_page(client: Client) -> None:
    login(client, make_user(role=Role.COORDINATOR))
    for row in client.get("/diagnoses/").context["rows"]:
        assert client.get(f"/diagnoses/{row['slug']}/").status_code == 200


@pytest.mark.usefixtures("published")
def test_page_in_english(client: Client) -> None:
    client.cookies["django_language"] = "en"
    text = login(client, make_user(role=Role.COORDINATOR)).get("/diagnoses/breast/", headers={"accept-language": "en"})
    assert text.status_code == 200


def test_nothing_published_yet(client: Client, db: None) -> None:
    page = login(client, make_user(role=Role.COORDINATOR)).get("/diagnoses/")
    assert page.status_code == 200
    assert "load_definitions" in page.content.decode()


@pytest.mark.usefixtures("published")
def test_the_list_asks_for_all_definitions_at_once(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    login(client, make_user(role=Role.COORDINATOR)).get("/diagnoses/")
    with django_assert_num_queries(4):
        client.get("/diagnoses/")
