"""Memberships, actors and what the database itself refuses."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import RequestFactory
from django.utils import timezone

from accounts.actor import actor_for, actor_of
from accounts.errors import Invalid
from accounts.models import ApiToken, Membership, Unit, User
from accounts.permissions import ROLES, Permission, Role, roles_with
from accounts.queries import people_with, units_above, units_below
from accounts.services import MembershipOverlaps, add_membership, create_unit, create_user
from tests.accounts.conftest import House
from tests.factories import make_actor, make_membership, make_unit, make_user

TODAY = date(2026, 11, 24)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("starts", "ends", "holds"),
    [
        (TODAY, None, True),
        (TODAY, TODAY, True),
        (TODAY - DAY, TODAY, True),
        (TODAY + DAY, None, False),
        (TODAY - DAY, TODAY - DAY, False),
    ],
)
def test_a_membership_counts_from_its_first_day_through_its_last(
    db: None, starts: date, ends: date | None, holds: bool
) -> None:
    user = make_user()
    make_membership(user, Role.CHAIR, starts_on=starts, ends_on=ends)
    assert bool(actor_for(user, TODAY).memberships) is holds


def test_rights_come_from_every_membership_in_its_own_unit(db: None) -> None:
    first, second = make_unit(), make_unit()
    user = make_user(role=Role.MANAGER, unit=first)
    make_membership(user, Role.CHAIR, second)
    actor = make_actor(user=user)
    assert actor.can(Permission.SIGN_MEETING)
    assert actor.can(Permission.SIGN_MEETING, [second.pk])
    assert not actor.can(Permission.SIGN_MEETING, [first.pk])
    assert actor.units_for(Permission.VIEW_STATISTICS) == {first.pk}
    basis = actor.basis(Permission.SIGN_MEETING)
    assert basis is not None
    assert basis.unit == second
    assert actor.basis(Permission.SIGN_MEETING, [first.pk]) is None
    assert actor.unit_ids == {first.pk, second.pk}


def test_a_person_without_membership_may_nothing(db: None) -> None:
    actor = make_actor(user=make_user())
    assert (actor.role, actor.role_label, actor.unit) == ("", "", None)
    assert not any(actor.can(permission) for permission in Permission)


def test_every_role_has_its_permissions_and_every_permission_a_role() -> None:
    assert set(ROLES) == set(Role.values)
    assert all(roles_with(permission) for permission in Permission)
    assert Permission.VIEW_CASE not in ROLES[Role.MANAGER], "a manager sees no patient names by default"


def test_a_visitor_has_no_actor() -> None:
    with pytest.raises(PermissionDenied):
        actor_of(RequestFactory().get("/"))


def test_units_above_and_below(house: House) -> None:
    ward = make_unit(parent=house.clinic)
    assert units_above([ward.pk]) == {ward.pk, house.clinic.pk, house.hospital.pk}
    assert units_above([ward.pk, house.clinic.pk]) == units_above([ward.pk])
    assert units_below([house.hospital.pk]) == {house.hospital.pk, house.clinic.pk, ward.pk}
    assert units_below([]) == frozenset()


def test_people_with_a_permission_in_a_unit(house: House) -> None:
    on = timezone.localdate()
    assert list(people_with(Permission.ATTEST, [house.clinic.pk], on)) == [house.clinician]
    assert not people_with(Permission.ATTEST, [house.hospital.pk], on)


@pytest.mark.parametrize(
    "fields",
    [
        {"role": "surgeon", "starts_on": TODAY},
        {"role": Role.CHAIR, "starts_on": TODAY, "ends_on": TODAY - DAY},
        {"role": Role.CLINICIAN, "starts_on": TODAY},
        {"role": Role.CHAIR, "starts_on": TODAY, "ends_on": TODAY, "ended_at": timezone.now()},
    ],
)
def test_the_database_refuses_impossible_memberships(db: None, fields: dict[str, Any]) -> None:
    user, unit = make_user(), make_unit()
    make_membership(user, Role.CLINICIAN, unit, starts_on=TODAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(user=user, unit=unit, **fields)


def test_an_email_is_one_account_whatever_its_case(db: None) -> None:
    make_user("anna@test.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="ANNA@test.example", name="En annan")
    assert User.objects.get_by_natural_key(" Anna@Test.Example ").email == "anna@test.example"


def test_tokens_units_and_hsa_ids_are_stored_once(db: None) -> None:
    user = make_user(hsa_id="SE1234567890-A1")
    now = timezone.now()
    ApiToken.objects.create(user=user, digest="a", created_at=now, expires_at=now)
    make_unit("Enheten")
    for clash in (
        lambda: ApiToken.objects.create(user=user, digest="a", created_at=now, expires_at=now),
        lambda: Unit.objects.create(name="Enheten"),
        lambda: make_user(hsa_id="SE1234567890-A1"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            clash()


@pytest.mark.parametrize("hsa_id", ["SE123-A", "se1234567890-A", "SE1234567890-", "SE1234567890-Å", "1234567890-A"])
def test_a_wrong_hsa_id_is_told(hsa_id: str) -> None:
    with pytest.raises(ValidationError, match="SE"):
        User._meta.get_field("hsa_id").clean(hsa_id, None)


def test_accounts_and_units_in_use_are_refused_with_their_field(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make_user("anna@test.example", hsa_id="SE1234567890-A1")
    make_unit("Enheten")
    with pytest.raises(Invalid) as email:
        create_user(email="ANNA@test.example", name="Anna")
    with pytest.raises(Invalid) as hsa_id:
        create_user(email="annan@test.example", name="Anna", hsa_id="SE1234567890-A1")
    with pytest.raises(Invalid) as name:
        create_unit(name="Enheten", kind=Unit.Kind.DEPARTMENT)
    with monkeypatch.context() as race:
        race.setattr("accounts.services.user_by_email", lambda email: None)
        with pytest.raises(Invalid) as late:
            create_user(email="anna@test.example", name="Anna")
    assert late.value.errors[0].field == "email"
    assert [e.value.errors[0].field for e in (email, hsa_id, name)] == ["email", "hsa_id", "name"]
    assert create_unit(name="Ny", kind=Unit.Kind.CONFERENCE).hsa_id is None


@pytest.mark.parametrize(
    ("starts", "ends", "clash"),
    [
        (TODAY, None, True),
        (TODAY - 9 * DAY, TODAY, True),
        (TODAY + 5 * DAY, None, True),
        (TODAY + 6 * DAY, None, False),
        (TODAY - 9 * DAY, TODAY - DAY, False),
    ],
)
def test_the_same_role_twice_in_one_period_is_refused(db: None, starts: date, ends: date | None, clash: bool) -> None:
    unit = make_unit()
    user = make_user("anna@test.example")
    make_membership(user, Role.CHAIR, unit, starts_on=TODAY, ends_on=TODAY + 5 * DAY)

    def add() -> Membership:
        return add_membership(by=None, email=user.email, unit=unit, role=Role.CHAIR, starts_on=starts, ends_on=ends)

    if clash:
        with pytest.raises(MembershipOverlaps):
            add()
    else:
        assert add().user == user


@pytest.mark.parametrize("wrong", [{"role": "surgeon"}, {"ends_on": TODAY - DAY}, {"email": "ingen@test.example"}])
def test_the_service_refuses_what_the_form_would(db: None, wrong: dict[str, Any]) -> None:
    user, unit = make_user("anna@test.example"), make_unit()
    good: dict[str, Any] = {"email": user.email, "unit": unit, "role": Role.CHAIR, "starts_on": TODAY}
    with pytest.raises(Invalid) as refusal:
        add_membership(by=None, **(good | wrong))
    assert refusal.value.errors[0].field == next(iter(wrong))
