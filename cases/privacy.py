"""Who sees the name and the number of a patient with protected identity (DESIGN.md, section 12)."""

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from accounts.actor import Actor
from accounts.permissions import Permission
from accounts.queries import units_above
from cases.identity import Identity
from cases.models import Case

HIDDEN_NUMBER = "••••••••-••••"


@dataclass(frozen=True, slots=True)
class Shown:
    """Name and number as this reader may see them."""

    name: str
    number: str
    is_masked: bool = False


class IdentityGuard:
    """Shows identities to one person; asks the database once, and only when a protected patient turns up."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    @cached_property
    def treating(self) -> frozenset[int]:
        """The units that treat for this person: their own and those above, since a clinic's case is its clinics'."""
        return units_above(self.actor.units_for(Permission.VIEW_CASE))

    def opens(self, unit_id: int, people: tuple[int | None, ...] = ()) -> bool:
        """Say whether the person works in the treating unit or is one of the case's own `people`."""
        return self.actor.user.pk in people or unit_id in self.treating

    def of(self, case: Case) -> Shown:
        """Return name and number of the case's patient, masked outside the treating unit."""
        patient = case.patient
        people = (case.responsible_clinician_id, case.contact_nurse_id)
        if patient.is_protected and not self.opens(case.unit_id, people):
            return masked()
        return Shown(patient.name, str(patient.identity))

    def of_row(
        self, name: str, identity: Identity, *, is_protected: bool, unit_id: int, people: tuple[int | None, ...]
    ) -> Shown:
        """Do the same for a row of plain values."""
        if is_protected and not self.opens(unit_id, people):
            return masked()
        return Shown(name, str(identity))


def masked() -> Shown:
    """Return what stands where a protected identity is hidden."""
    return Shown(_("Protected identity"), HIDDEN_NUMBER, is_masked=True)
