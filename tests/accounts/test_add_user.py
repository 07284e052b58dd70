"""The command that makes the first administrator."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Membership, Unit, User
from tests.factories import PASSWORD, make_unit, make_user


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))


def add(*more: str) -> None:
    call_command("add_user", "Anna@hospital.example", "Anna Ek", "--unit", "Sjukhuset", *more, stdout=io.StringIO())


def test_person_unit_and_role_are_made(db: None, answer: None) -> None:
    add()
    added = Membership.objects.get()
    assert (added.user.email, added.user.name, added.role) == ("anna@hospital.example", "Anna Ek", "admin")
    assert (added.unit.name, added.unit.kind) == ("Sjukhuset", "hospital")
    assert added.user.check_password(PASSWORD)


def test_a_clinic_goes_below_its_hospital(db: None, answer: None) -> None:
    parent = make_unit("Regionen")
    add("--kind", "department", "--parent", "Regionen", "--role", "chair")
    assert Unit.objects.get(name="Sjukhuset").parent == parent


def test_a_person_who_has_an_account_keeps_the_password(db: None, answer: None) -> None:
    user = make_user("anna@hospital.example", password="ett annat lösenord")
    add()
    user.refresh_from_db()
    assert user.check_password("ett annat lösenord")


@pytest.mark.parametrize("more", [("--parent", "Ingenstans"), ("--role", "surgeon")])
def test_a_wrong_argument_changes_nothing(db: None, answer: None, more: tuple[str, str]) -> None:
    with pytest.raises(CommandError):
        add(*more)
    assert not Unit.objects.exists()
    assert not User.objects.exists()


def test_the_same_role_twice_is_told(db: None, answer: None, monkeypatch: pytest.MonkeyPatch) -> None:
    add()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    with pytest.raises(CommandError, match="Sjukhuset"):
        add()
    assert Membership.objects.count() == 1


@pytest.mark.parametrize("password", ["", "kort"])
def test_a_weak_password_makes_nobody(db: None, monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    with pytest.raises(CommandError):
        add()
    assert not User.objects.exists()
