"""The columns of a spreadsheet of referrals (CONTRACT.md): their names in the file and the fields they fill."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from cases.intake.table import FileRefused, Row
from checklists.enums import Kind

FIELDS: Mapping[str, str] = {
    "Referens": "external_reference",
    "Personnummer": "personal_identity_number",
    "Namn": "name",
    "Diagnos": "diagnosis",
    "Fas": "phase",
    "Frågeställning": "clinical_question",
    "Anamnes": "history",
    "Funktionsstatus": "performance_status",
    "Samsjuklighet": "comorbidity",
    "Patientens önskemål": "patient_wishes",
    "Ansvarig läkare": "responsible_clinician",
    "Kontaktsjuksköterska": "contact_nurse",
    "Enhet": "unit",
    "Välgrundad misstanke": "suspected_on",
    "Utlovat besked": "promised_on",
}
ANSWERS: Mapping[str, Kind] = {"Radiologi": Kind.RADIOLOGY, "PAD": Kind.PATHOLOGY, "Lab": Kind.LAB}
REQUIRED = (
    "Personnummer",
    "Namn",
    "Diagnos",
    "Frågeställning",
    "Ansvarig läkare",
    "Enhet",
    "Välgrundad misstanke",
)
COLUMN_OF = {field: column for column, field in FIELDS.items()} | {kind: column for column, kind in ANSWERS.items()}
"""The column that a field or a kind of answer is read from."""

_KNOWN = {name.casefold(): name for name in (*FIELDS, *ANSWERS)}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each known column stands in this file, and the names that nobody knows."""

    places: Mapping[str, int]
    unknown: tuple[str, ...]

    def fields(self, row: Row) -> dict[str, str]:
        """Return the row's referral by field name."""
        return {field: row.cells[self.places[name]] for name, field in FIELDS.items() if name in self.places}

    def answers(self, row: Row) -> dict[Kind, str]:
        """Return the row's filled-in cells of radiology, pathology and laboratory."""
        found = {kind: row.cells[self.places[name]] for name, kind in ANSWERS.items() if name in self.places}
        return {kind: text for kind, text in found.items() if text}

    def reference(self, row: Row) -> str:
        """Return the row's reference, or nothing."""
        return row.cells[self.places["Referens"]] if "Referens" in self.places else ""


def find_columns(header: Sequence[str]) -> Columns:
    """Return where the columns stand, whatever their order and case; FileRefused when a required one is missing."""
    places: dict[str, int] = {}
    unknown: list[str] = []
    for place, written in enumerate(header):
        name = _KNOWN.get(" ".join(written.split()).casefold())
        if name in places:
            raise FileRefused(_("The column %(name)s stands twice in the file. Remove one.") % {"name": name})
        if name is None:
            unknown += [written] if written else []
        else:
            places[name] = place
    if missing := [name for name in REQUIRED if name not in places]:
        raise FileRefused(
            _("The file lacks the columns %(missing)s. The first row must name the columns.")
            % {"missing": ", ".join(missing)},
            code="columns-missing",
            extra={"columns": missing},
        )
    return Columns(places, tuple(unknown))
