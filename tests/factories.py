"""People and units for tests: small functions with sensible defaults, through the models alone."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.actor import Actor, actor_for
from accounts.models import Membership, Unit, User
from accounts.permissions import Role

_numbers = count(1)
PASSWORD = "en-lång-lösenfras"


def make_unit(name: str = "", parent: Unit | None = None, **fields: Any) -> Unit:
    """Return a new unit; give `parent` for a clinic of a hospital."""
    return Unit.objects.create(name=name or f"Enhet {next(_numbers)}", parent=parent, **fields)


def make_membership(
    user: User,
    role: str = Role.COORDINATOR,
    unit: Unit | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Membership:
    """Return a membership of `user`; from thirty days ago and without end, when not said otherwise."""
    starts_on = starts_on or timezone.localdate() - timedelta(days=30)
    return Membership.objects.create(
        user=user, unit=unit or make_unit(), role=role, starts_on=starts_on, ends_on=ends_on
    )


def make_user(
    email: str = "", role: str | None = None, unit: Unit | None = None, password: str | None = None, **fields: Any
) -> User:
    """Return a user; with `role` also a membership in `unit` (a new unit, when none is given).

    Without a password nobody logs in by the form (and no time goes to hashing): use `login(client, user)`.
    """
    number = next(_numbers)
    fields.setdefault("name", f"Person {number}")
    user = User.objects.create_user(email or f"person{number}@test.example", password, **fields)
    if role is not None:
        make_membership(user, role, unit)
    return user


def make_actor(role: str | None = Role.COORDINATOR, unit: Unit | None = None, user: User | None = None) -> Actor:
    """Return the actor of a user (a new one with `role` in `unit`, when none is given) as of today."""
    return actor_for(user or make_user(role=role, unit=unit), timezone.localdate())


def login(client: Client, user: User) -> Client:
    """Log `user` in on `client`, past the form; returns the client."""
    client.force_login(user, backend="accounts.backends.PasswordBackend")
    return client
