"""The demo's units and people (CONTRACT.md): made once, found again afterwards."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.errors import Refused
from accounts.models import Membership, Unit, User
from accounts.permissions import Role
from checklists.enums import Speciality

PASSWORD = "demo"  # noqa: S105 - the demo's, refused outside demo mode
HOSPITAL = "Demosjukhuset"
NEIGHBOUR = "Grannsjukhuset"
CLINICS = (
    "Kirurgkliniken",
    "Urologkliniken",
    "Lungkliniken",
    "Bröstcentrum",
    "Kvinnokliniken",
    "Hudkliniken",
    "Radiologkliniken",
    "Patologkliniken",
)


@dataclass(frozen=True, slots=True)
class Person:
    """One demo person: the part of the address before @demo.example, and the roles as (role, clinic or "")."""

    key: str
    name: str
    speciality: str
    roles: tuple[tuple[str, str], ...]


PEOPLE = (
    Person("koordinator", "Karin Koordinator", Speciality.COORDINATOR, ((Role.COORDINATOR, ""),)),
    Person(
        "ordforande",
        "Olof Ordförande",
        Speciality.COLORECTAL_SURGEON,
        ((Role.CHAIR, ""), (Role.CLINICIAN, "Kirurgkliniken")),
    ),
    Person("radiolog1", "Rut Radiolog", Speciality.RADIOLOGIST, ((Role.RADIOLOGIST, "Radiologkliniken"),)),
    Person("radiolog2", "Rolf Radiolog", Speciality.RADIOLOGIST, ((Role.RADIOLOGIST, "Radiologkliniken"),)),
    Person("patolog1", "Pia Patolog", Speciality.PATHOLOGIST, ((Role.PATHOLOGIST, "Patologkliniken"),)),
    Person("lakare1", "Lena Läkare", Speciality.ONCOLOGIST, ((Role.CLINICIAN, ""),)),
    Person("kssk1", "Nina Kontaktsjuksköterska", Speciality.CONTACT_NURSE, ((Role.CONTACT_NURSE, ""),)),
    Person("chef", "Cecilia Chef", "", ((Role.MANAGER, ""),)),
    Person("admin", "Ada Administratör", "", ((Role.ADMIN, ""),)),
)


@dataclass(frozen=True, slots=True)
class Staff:
    """The demo's units by short name and people by the part of their address before @."""

    hospital: Unit
    clinics: dict[str, Unit]
    people: dict[str, User]

    def __getitem__(self, key: str) -> User:
        return self.people[key]


class NoDemoHere(Refused):
    """Demo people have a known password, so they are made only where demo mode is on."""

    code = "no-demo-here"


def demo_staff() -> Staff:
    """Return the demo's units and people, making what is not there yet. NoDemoHere outside demo mode."""
    if not getattr(settings, "DEMO", False):
        raise NoDemoHere("The demo people have a known password: seed only where demo mode is on (MDK_DEMO=1).")
    hospital, _new = Unit.objects.get_or_create(
        name=HOSPITAL, defaults={"kind": Unit.Kind.HOSPITAL, "mailbox": "mdk@demo.example", "hsa_id": _hsa("SJUKHUS")}
    )
    neighbour, _new = Unit.objects.get_or_create(
        name=NEIGHBOUR, defaults={"kind": Unit.Kind.HOSPITAL, "hsa_id": _hsa("GRANNE")}
    )
    clinics = {
        name: Unit.objects.get_or_create(
            name=f"{name} {HOSPITAL}",
            defaults={
                "kind": Unit.Kind.DEPARTMENT,
                "parent": hospital,
                "mailbox": f"mdk.klinik{place}@demo.example",
                "hsa_id": _hsa(f"KLINIK{place}"),
            },
        )[0]
        for place, name in enumerate(CLINICS, start=1)
    }
    password = make_password(PASSWORD)
    people = {person.key: _person(person, password, hospital, clinics) for person in PEOPLE}
    stranger = Person("frammande", "Frida Främmande", Speciality.COORDINATOR, ((Role.COORDINATOR, ""),))
    people["frammande"] = _person(stranger, password, neighbour, {})
    return Staff(hospital, clinics, people)


def _person(person: Person, password: str, hospital: Unit, clinics: dict[str, Unit]) -> User:
    user, is_new = User.objects.get_or_create(
        email=f"{person.key}@demo.example",
        defaults={
            "name": person.name,
            "speciality": person.speciality,
            "hsa_id": _hsa(person.key.upper()),
            "password": password,
        },
    )
    if is_new:
        since = timezone.localdate() - timedelta(days=365 * 3)
        for role, clinic in person.roles:
            Membership.objects.create(
                user=user, role=role, unit=clinics[clinic] if clinic else hospital, starts_on=since
            )
    return user


def _hsa(suffix: str) -> str:
    return f"SE0000000000-{suffix}"
