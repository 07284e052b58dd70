"""What the tests of the ground floor share: a hospital with a clinic below it, another hospital, and people."""

from dataclasses import dataclass

import pytest

from accounts.models import Unit, User
from accounts.permissions import Role
from tests.factories import make_unit, make_user


@dataclass
class House:
    """A small hospital, and another one that has nothing to do with it."""

    hospital: Unit
    clinic: Unit
    other: Unit
    admin: User
    clinician: User
    stranger: User


@pytest.fixture
def house(db: None) -> House:
    """Return the hospital with an administrator and a clinician, and a foreign administrator."""
    hospital = make_unit("Sjukhuset", kind=Unit.Kind.HOSPITAL)
    other = make_unit("Annat sjukhus", kind=Unit.Kind.HOSPITAL)
    clinic = make_unit("Kirurgkliniken", parent=hospital)
    return House(
        hospital=hospital,
        clinic=clinic,
        other=other,
        admin=make_user("admin@test.example", Role.ADMIN, hospital, name="Ada Admin"),
        clinician=make_user("lakare@test.example", Role.CLINICIAN, clinic, name="Lars Läkare"),
        stranger=make_user("frammande@test.example", Role.ADMIN, other, name="Frida Främmande"),
    )
