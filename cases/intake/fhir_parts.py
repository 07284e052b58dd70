"""The data types of FHIR that tell when, what and who: dates, codes and identifiers."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from cases.identity import COORDINATION_NUMBER, PERSONAL_NUMBER
from cases.intake.fhir_json import Node
from cases.reports import ReportCode, ReportedIdentity

IDENTITY_SYSTEMS: Final = {
    "http://electronichealth.se/identifier/personnummer": PERSONAL_NUMBER,
    "http://electronichealth.se/identifier/samordningsnummer": COORDINATION_NUMBER,
    "http://electronichealth.se/identifier/nationelltReservnummer": "1.2.752.129.2.1.3.2",
}
"""The URIs of Swedish numbers -> OID. Source: HL7 Sweden, base profiles R4 1.0.0, profile SEBasePatient."""

ID_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
SYSTEM_LENGTH = 64
VALUE_LENGTH = 64
FIRST_YEAR, LAST_YEAR = 1900, 2200

_OID = "urn:oid:"
_DATE_TIME = re.compile(
    r"(?P<day>\d{4}(-\d\d(-\d\d)?)?)(?P<time>T\d\d:\d\d(:\d\d(\.\d+)?)?)?(?P<zone>Z|[+-]\d\d:\d\d)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A FHIR date, dateTime or instant: as written, the day (None where only a year or month), the time if given."""

    written: str
    day: date | None
    at: datetime | None

    def holds(self, day: date) -> bool:
        """Whether the day lies within what was written, be it a year or a month."""
        return self.day == day if self.day else day.isoformat().startswith(self.written)


def moment(node: Node, name: str) -> Moment | None:
    """Return the moment under the name; a time without a zone is the house's own. None where none is given."""
    text = node.text(name)
    if not text:
        return None
    parts = _DATE_TIME.fullmatch(text)
    try:
        found = _moment(text, parts) if parts else None
    except ValueError:
        found = None
    if found is None:
        node.note("value", _("“%(text)s” is no date of FHIR. Write YYYY-MM-DD.") % {"text": text[:40]}, name)
    return found


def _moment(text: str, parts: re.Match[str]) -> Moment | None:
    day = parts["day"]
    if not FIRST_YEAR <= int(day[:4]) <= LAST_YEAR:
        return None
    if len(day) < 10:
        date.fromisoformat(f"{day}-01" if len(day) == 7 else f"{day}-01-01")
        return None if parts["time"] or parts["zone"] else Moment(day, None, None)
    if not parts["time"]:
        return None if parts["zone"] else Moment(day, date.fromisoformat(day), None)
    at = datetime.fromisoformat(text)
    if timezone.is_naive(at):
        at = timezone.make_aware(at)
    return Moment(day, timezone.localdate(at), at)


def codes_of(concept: Node | None) -> Iterator[ReportCode]:
    """Yield the codings of a CodeableConcept that have a code."""
    for coding in concept.children("coding") if concept else ():
        if code := coding.text("code", 100):
            yield ReportCode(system_of(coding), code, coding.text("display")[:200])


def words_of(concept: Node | None) -> str:
    """Return what a CodeableConcept says to a person: its text, the first display, or its first code."""
    if concept is None:
        return ""
    if text := concept.text("text"):
        return text
    codings = concept.children("coding")
    shown = [coding.text("display") for coding in codings] + [coding.text("code") for coding in codings]
    return next((text for text in shown if text), "")


def system_of(node: Node) -> str:
    """Return the system of a coding or identifier: an OID without `urn:oid:`, others as sent; a long one as digest."""
    system = node.text("system")
    system = system[len(_OID) :] if system.lower().startswith(_OID) else system
    return shortened(system, SYSTEM_LENGTH)


def shortened(text: str, limit: int) -> str:
    """Return the text; where it is longer than `limit`, its beginning and a digest of all of it."""
    if len(text) <= limit:
        return text
    return f"{text[: limit - 17]}~{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def identity_of(identifier: Node) -> ReportedIdentity | None:
    """Return a number of a patient; None for one that has no value or is said to hold no longer."""
    value = identifier.text("value", VALUE_LENGTH)
    if not value or identifier.text("use") == "old":
        return None
    system = identifier.text("system")
    return ReportedIdentity(IDENTITY_SYSTEMS.get(system) or system_of(identifier), value)


def type_of(identifier: Node) -> str:
    """Return the code of HL7 table 0203 by which an identifier is typed (ACSN, FILL, PLAC), or ""."""
    kind = identifier.child("type")
    for coding in kind.children("coding") if kind else ():
        if coding.text("system") in (ID_TYPES, "http://hl7.org/fhir/v2/0203", "http://hl7.org/fhir/identifier-type"):
            return coding.text("code")
    return ""
