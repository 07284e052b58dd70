"""How the images of an answer are opened at the site of its case (`cases.viewer` makes the address)."""

from datetime import date

from django.conf import settings

from accounts.models import Unit
from cases.models import Case, IdentityLink, Patient, Result
from cases.viewer import Opening, open_address

DEPTH = 4
"""How many units a chain from a clinic to its region has at most; the nearest with an address counts."""


class Images:
    """Says of each answer of one case how its images are opened: one query, and two more where there is a viewer."""

    def __init__(self, case: Case, today: date) -> None:
        self.template = template_for(case.unit_id)
        self.today = today
        self.numbers = numbers_of(case.patient) if self.template else []

    def of(self, result: Result) -> Opening | None:
        """Return the address of the answer's images, or why there is none; None where nothing is to be opened."""
        is_examination = bool(result.accession_number or result.study_uid)
        if not self.template or not is_examination:
            return None
        return open_address(
            self.template,
            {"accession_number": result.accession_number, "study_uid": result.study_uid},
            numbers=self.numbers,
            hosts=settings.IMAGE_VIEWER_HOSTS,
            today=self.today,
            loopback=settings.DEMO,
        )


def template_for(unit_id: int) -> str:
    """Return the address of the unit's image viewer, or of the nearest unit above it that has one; one query."""
    steps = ["parent__" * above + "image_viewer__template" for above in range(DEPTH)]
    row = Unit.objects.filter(pk=unit_id).values_list(*steps).first() or ()
    return next((template for template in row if template), "")


def numbers_of(patient: Patient) -> list[str]:
    """Return every identity number that is known to be the patient's: the present one and those merged into it."""
    pairs = {(patient.identity_system, patient.identity_value)}
    links = IdentityLink.objects.filter(provider=patient.provider_id)
    newest = pairs
    while newest:
        values = {value for _system, value in newest}
        found = links.filter(value__in=values).values_list("system", "value", "old_system", "old_value")
        newest = {(old_system, old) for system, value, old_system, old in found if (system, value) in pairs} - pairs
        pairs = pairs | newest
    return sorted(value for _system, value in pairs)
