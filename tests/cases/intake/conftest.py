"""The demo's hospital on the day of the sample files: its clinics, its people and every definition."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from accounts.models import Unit, User
from accounts.permissions import Role
from tests.domain_factories import make_diagnosis
from tests.factories import make_unit, make_user

DATA = Path(__file__).parents[2] / "data"
TODAY = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
CLINICS = ("Kirurgkliniken", "Urologkliniken", "Lungkliniken", "Bröstcentrum", "Kvinnokliniken", "Hudkliniken")
SLUGS = (
    "colorectal",
    "melanoma",
    "breast",
    "prostate",
    "lung",
    "kidney",
    "bladder-upper-urinary-tract",
    "corpus-uteri",
    "ovary",
    "pancreas-periampullary",
)


@dataclass(frozen=True)
class Demo:
    """What the sample files name."""

    hospital: Unit
    clinics: dict[str, Unit]
    coordinator: User
    clinician: User
    manager: User
    stranger: User


@pytest.fixture
def today() -> Iterator[datetime]:
    """Freeze the day that the sample files call today, a Friday."""
    with time_machine.travel(TODAY, tick=False):
        yield TODAY


@pytest.fixture
def demo(db: None, today: datetime) -> Demo:
    """Return the units, people and definitions that the sample files refer to."""
    hospital = make_unit("Demosjukhuset", kind=Unit.Kind.HOSPITAL)
    clinics = {name: make_unit(f"{name} Demosjukhuset", parent=hospital) for name in CLINICS}
    elsewhere = make_unit("Grannsjukhuset", kind=Unit.Kind.HOSPITAL)
    for slug in SLUGS:
        make_diagnosis(slug)
    make_user("kssk1@demo.example", Role.CONTACT_NURSE, hospital)
    return Demo(
        hospital=hospital,
        clinics=clinics,
        coordinator=make_user("koordinator@demo.example", Role.COORDINATOR, hospital),
        clinician=make_user("lakare1@demo.example", Role.CLINICIAN, hospital),
        manager=make_user("chef@demo.example", Role.MANAGER, hospital),
        stranger=make_user("frammande@demo.example", Role.COORDINATOR, elsewhere),
    )
