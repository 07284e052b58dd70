"""The administrator's pages: units and members."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, User
from accounts.permissions import Role
from tests.accounts.conftest import House
from tests.factories import login, make_membership, make_unit, make_user

NEW = {"email": "ny@test.example", "name": "Nils Ny", "role": "pathologist", "starts_on": "2026-01-01", "ends_on": ""}


def test_the_list_holds_the_units_below_and_no_others(client: Client, house: House) -> None:
    text = login(client, house.admin).get("/units/").content.decode()
    assert "Kirurgkliniken" in text
    assert "Annat sjukhus" not in text


@pytest.mark.parametrize("role", sorted(set(Role.values) - {Role.ADMIN}))
def test_other_roles_may_not(client: Client, house: House, role: str) -> None:
    login(client, make_user(role=role, unit=house.hospital))
    before = Membership.objects.count()
    assert client.get("/units/").status_code == 403
    assert client.get(f"/units/{house.clinic.pk}/").status_code == 403
    assert client.post(f"/units/{house.clinic.pk}/", NEW).status_code == 403
    target = house.clinician.memberships.get()
    answer = client.post(f"/memberships/{target.pk}/end/", {"ends_on": timezone.localdate().isoformat()})
    assert answer.status_code == 403
    target.refresh_from_db()
    assert (Membership.objects.count(), target.ends_on) == (before, None)


def test_a_stranger_finds_nothing(client: Client, house: House) -> None:
    login(client, house.stranger)
    target = house.clinician.memberships.get()
    assert client.get(f"/units/{house.clinic.pk}/").status_code == 404
    assert client.post(f"/units/{house.clinic.pk}/", NEW).status_code == 404
    assert client.post(f"/memberships/{target.pk}/end/", {"ends_on": "2026-12-01"}).status_code == 404
    assert not User.objects.filter(email=NEW["email"]).exists()
    target.refresh_from_db()
    assert target.ends_on is None


def test_adding_a_role_makes_the_account_too(client: Client, house: House) -> None:
    answer = login(client, house.admin).post(f"/units/{house.clinic.pk}/", NEW)
    assert answer.status_code == 302
    added = Membership.objects.get(user__email="ny@test.example")
    assert (added.unit, added.role, added.added_by) == (house.clinic, Role.PATHOLOGIST, house.admin)
    assert not added.user.has_usable_password()
    assert "Nils Ny" in client.get(answer.headers["Location"]).content.decode()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "okand@test.example", "name": ""}, "email"),
        ({"email": ""}, "email"),
        ({"role": "surgeon"}, "role"),
        ({"starts_on": ""}, "starts_on"),
        ({"ends_on": "2025-12-31"}, "ends_on"),
        ({"email": "lakare@test.example", "role": "clinician"}, "role"),
    ],
)
def test_a_wrong_form_stays_with_the_error_at_its_field(
    client: Client, house: House, change: dict[str, str], field: str
) -> None:
    before = Membership.objects.count()
    answer = login(client, house.admin).post(f"/units/{house.clinic.pk}/", NEW | change)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert Membership.objects.count() == before


def test_ending_keeps_the_row_with_who_and_when(client: Client, house: House) -> None:
    target = house.clinician.memberships.get()
    today = timezone.localdate()
    login(client, house.admin)
    for _twice in range(2):
        answer = client.post(f"/memberships/{target.pk}/end/", {"ends_on": today.isoformat()})
        assert answer.status_code == 302
    target.refresh_from_db()
    assert (target.ends_on, target.ended_by) == (today, house.admin)
    assert target.ended_at is not None


@pytest.mark.parametrize("value", ["", "x", "1999-01-01"])
def test_a_wrong_last_day_is_told(client: Client, house: House, value: str) -> None:
    target = house.clinician.memberships.get()
    answer = login(client, house.admin).post(f"/memberships/{target.pk}/end/", {"ends_on": value})
    assert answer.status_code == 422
    assert answer.context["end"].errors["ends_on"]
    target.refresh_from_db()
    assert target.ends_on is None


def test_nobody_ends_their_own_administration(client: Client, house: House) -> None:
    own = house.admin.memberships.get()
    answer = login(client, house.admin).post(f"/memberships/{own.pk}/end/", {"ends_on": timezone.localdate()})
    assert answer.status_code == 422
    own.refresh_from_db()
    assert own.ends_on is None


def test_wrong_methods(client: Client, house: House) -> None:
    login(client, house.admin)
    assert client.post("/units/").status_code == 405
    assert client.put(f"/units/{house.clinic.pk}/").status_code == 405
    assert client.get(f"/memberships/{house.admin.memberships.get().pk}/end/").status_code == 405
    assert client.get("/units/999999/").status_code == 404
    assert client.post("/memberships/999999/end/").status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_the_lists_cost_the_same_whatever_their_length(
    client: Client, house: House, rows: int, django_assert_num_queries: Any
) -> None:
    for _row in range(rows):
        unit = make_unit(parent=house.hospital)
        make_user(role=Role.CLINICIAN, unit=unit)
        make_membership(make_user(), Role.CHAIR, house.clinic, ends_on=timezone.localdate() + timedelta(days=9))
    login(client, house.admin)
    with django_assert_num_queries(5):
        client.get("/units/")
    with django_assert_num_queries(6):
        client.get(f"/units/{house.clinic.pk}/")
