"""A person's notices, on the page and through the API, and the administrator's list of failed mails."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from accounts.permissions import Role
from events.models import Delivery, Notice
from tests.events.conftest import Tell
from tests.factories import login, make_unit, make_user

PAGE, API = "/notices/", "/api/v1/notices/"


def test_the_page_lists_my_own_newest_first(client: Client, tell: Tell, reader: User) -> None:
    tell(reader, data={"step": 1})
    tell(reader, data={"step": 2})
    tell(make_user(), data={"step": 3})
    text = login(client, reader).get(PAGE).content.decode()
    assert "Steg 3" not in text
    assert text.index("Steg 2") < text.index("Steg 1")


def test_an_empty_page_says_what_will_be_here(client: Client, reader: User) -> None:
    answer = login(client, reader).get(PAGE)
    assert answer.status_code == 200
    assert 'class="empty' in answer.content.decode()


def test_reading_marks_and_leads_on(client: Client, tell: Tell, reader: User) -> None:
    event = tell(reader)
    notice = Notice.objects.get()
    login(client, reader)
    assert client.get(PAGE).context["unread_notices"] == 1
    answer = client.post(f"/notices/{notice.pk}/read/")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/about/?event={event.pk}")
    notice.refresh_from_db()
    first = notice.read_at
    assert first is not None
    client.post(f"/notices/{notice.pk}/read/")
    notice.refresh_from_db()
    assert notice.read_at == first
    assert client.get(PAGE).context["unread_notices"] == 0


def test_a_notice_without_a_page_stays_on_the_list(client: Client, tell: Tell, reader: User) -> None:
    tell(reader, kind="test.bare")
    answer = login(client, reader).post(f"/notices/{Notice.objects.get().pk}/read/")
    assert answer.headers["Location"] == PAGE


def test_reading_all_leaves_other_peoples(client: Client, tell: Tell, reader: User) -> None:
    other = make_user()
    tell(reader, other)
    answer = login(client, reader).post("/notices/read/")
    assert answer.headers["Location"] == PAGE
    assert Notice.objects.get(person=reader).read_at is not None
    assert Notice.objects.get(person=other).read_at is None


@pytest.mark.parametrize("path", ["/notices/{}/read/", "/api/v1/notices/{}/read/"])
def test_another_persons_notice_is_not_there(client: Client, tell: Tell, reader: User, path: str) -> None:
    tell(reader)
    notice = Notice.objects.get()
    login(client, make_user(role=Role.ADMIN))
    assert client.post(path.format(notice.pk)).status_code == 404
    assert client.post(path.format(999_999)).status_code == 404
    notice.refresh_from_db()
    assert notice.read_at is None


def test_wrong_methods(client: Client, reader: User) -> None:
    login(client, reader)
    assert client.post(PAGE).status_code == 405
    assert client.get("/notices/read/").status_code == 405
    assert client.get("/notices/1/read/").status_code == 405
    assert client.post(API).status_code == 405
    assert client.get("/api/v1/notices/1/read/").status_code == 405


@pytest.mark.parametrize("rows", [1, 3])
def test_the_lists_cost_the_same_whatever_their_length(
    client: Client, tell: Tell, reader: User, rows: int, django_assert_num_queries: Any
) -> None:
    for _row in range(rows):
        tell(reader)
    login(client, reader)
    with django_assert_num_queries(5):
        client.get(PAGE)
    with django_assert_num_queries(4):
        assert client.get(API).json()["count"] == rows


def test_the_api_answers_with_text_and_link(client: Client, tell: Tell, reader: User) -> None:
    event = tell(reader, data={"step": 5})
    login(client, reader)
    row = client.get(API).json()["results"][0]
    assert set(row) == {"id", "kind", "text", "url", "created_at", "read_at"}
    assert (row["kind"], row["text"], row["url"]) == ("test.happened", "Steg 5 är klart", f"/about/?event={event.pk}")
    assert row["read_at"] is None
    first = client.post(f"{API}{row['id']}/read/").json()
    second = client.post(f"{API}{row['id']}/read/").json()
    assert first["read_at"] is not None
    assert first == second


def test_failed_mails_are_shown_to_their_administrator_and_tried_again(client: Client, tell: Tell) -> None:
    hospital = make_unit()
    clinic = make_unit(parent=hospital)
    admin = make_user(role=Role.ADMIN, unit=hospital)
    person = make_user(role=Role.CHAIR, unit=clinic, name="Cilla Chef")
    stranger = make_user(role=Role.ADMIN)
    tell(person)
    Delivery.objects.filter(channel="email").update(state="failed", error="SMTPServerDisconnected")
    assert "Cilla Chef" not in login(client, stranger).get("/deliveries/").content.decode()
    client.post("/deliveries/try-again/")
    assert Delivery.objects.get(channel="email").state == "failed"
    text = login(client, admin).get("/deliveries/").content.decode()
    assert "Cilla Chef" in text
    assert "SMTPServerDisconnected" in text
    assert client.get("/deliveries/try-again/").status_code == 405
    assert client.post("/deliveries/try-again/").headers["Location"] == "/deliveries/"
    assert Delivery.objects.get(channel="email").state == "pending"


@pytest.mark.parametrize("role", sorted(set(Role.values) - {Role.ADMIN}))
def test_other_roles_see_no_deliveries(client: Client, db: None, role: str) -> None:
    login(client, make_user(role=role))
    assert client.get("/deliveries/").status_code == 403
    assert client.post("/deliveries/try-again/").status_code == 403
