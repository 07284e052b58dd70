"""Whose a report or an order is, what kind of answer it is, and the numbers that tie an answer to its order."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import parse_qs

from cases.identity import COORDINATION_NUMBER, PERSONAL_NUMBER
from cases.intake.fhir_bundle import Resource, Resources
from cases.intake.fhir_json import Node
from cases.intake.fhir_parts import VALUE_LENGTH, codes_of, identity_of, moment, system_of, type_of
from cases.intake.services_0074 import SECTIONS, modality_of
from cases.reports import ReportedIdentity
from checklists.enums import Kind, Modality

NAME_LENGTH = 120
DICOM_TERMS: Final = ("http://dicom.nema.org/resources/ontology/DCM", "1.2.840.10008.2.16.4")
TABLE_0074: Final = (
    "http://terminology.hl7.org/CodeSystem/v2-0074",
    "http://hl7.org/fhir/v2/0074",
    "2.16.840.1.113883.12.74",
)
CATEGORIES: Final = {
    ("http://snomed.info/sct", "394914008"): Kind.RADIOLOGY,
    ("http://snomed.info/sct", "363679005"): Kind.RADIOLOGY,
    ("http://snomed.info/sct", "15220000"): Kind.LAB,
    ("http://snomed.info/sct", "108252007"): Kind.LAB,
    ("http://loinc.org", "LP29684-5"): Kind.RADIOLOGY,
    ("http://loinc.org", "LP7839-6"): Kind.PATHOLOGY,
    ("http://terminology.hl7.org/CodeSystem/observation-category", "imaging"): Kind.RADIOLOGY,
    ("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory"): Kind.LAB,
}
"""Categories beside table 0074. Sources: R4 value set of ServiceRequest.category and the R4 examples (SNOMED CT),
US Core's DiagnosticReport.category (LOINC), R4 observation-category."""

_NUMBERS = (PERSONAL_NUMBER, COORDINATION_NUMBER)
_UID = re.compile(r"(?:urn:oid:)?(\d+(?:\.\d+)+)")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose it is, as far as the message says: national numbers first."""

    identities: tuple[ReportedIdentity, ...] = ()
    name: str = ""
    born_on: date | None = None


def subject_of(holders: Sequence[Resource], resources: Resources) -> Subject:
    """Return the subject of the first of `holders` (the report, then its orders) that has one.

    A Patient of the message, else the identifier of the reference, or that of `Patient?identifier=system|value`.
    A reference that leads nowhere is no fault: the report is placed by a person.
    """
    for holder in holders:
        reference = holder.node.child("subject")
        if reference is None:
            continue
        patient = resources.find(reference, holder)
        shown = reference.text("display")[:NAME_LENGTH]
        if patient and patient.kind == "Patient":
            born = moment(patient.node, "birthDate")
            return Subject(
                _identities(patient.node.children("identifier")),
                _name(patient.node) or shown,
                born.day if born else None,
            )
        logical = reference.child("identifier")
        return Subject(_identities([logical] if logical else _conditional(reference)), shown)
    return Subject()


def _identities(identifiers: Iterable[Node]) -> tuple[ReportedIdentity, ...]:
    found = dict.fromkeys(filter(None, map(identity_of, identifiers)))
    return tuple(sorted(found, key=lambda identity: identity.system not in _NUMBERS))


def _conditional(reference: Node) -> list[Node]:
    """Return the identifier in a conditional reference of a transaction, as a node of its own."""
    target = reference.text("reference")
    if not target.startswith("Patient?"):
        return []
    system, bar, value = parse_qs(target.partition("?")[2]).get("identifier", [""])[0].rpartition("|")
    return [Node({"system": system, "value": value}, reference.path, reference.issues)] if bar else []


def _name(patient: Node) -> str:
    """Return the official name, or the first that is not an old one."""
    names = [name for name in patient.children("name") if name.text("use") != "old"]
    names.sort(key=lambda name: name.text("use") != "official")
    for name in names:
        given = name.content.get("given")
        words = [word for word in given if isinstance(word, str)] if isinstance(given, list) else []
        full = name.text("text") or Node({"all": " ".join([*words, name.text("family")])}, name.path, name.issues).text(
            "all"
        )
        if full:
            return full[:NAME_LENGTH]
    return ""


def kind_of(holders: Sequence[Resource], studies: Sequence[Resource], observations: Iterable[Node]) -> tuple[str, str]:
    """Return the `Kind` ("" where nothing tells) and the modality ("" where none or several).

    By the category of the report or its order, by a modality of DICOM in their codes, by the imaging study, then by
    the category of the observations.
    """
    codes = [code for holder in holders for concept in holder.node.children("category") for code in codes_of(concept)]
    sections = [SECTIONS[code.code] for code in codes if code.system in TABLE_0074 and code.code in SECTIONS]
    named = [code for holder in holders for code in codes_of(holder.node.child("code"))]
    terms = [code.code for code in [*codes, *named] if code.system in DICOM_TERMS]
    terms += [coding.text("code") for study in studies for coding in _modalities(study.node)]
    kinds = [str(kind) for kind, _modality in sections]
    kinds += [str(CATEGORIES[code.system, code.code]) for code in codes if (code.system, code.code) in CATEGORIES]
    kinds += [str(Kind.RADIOLOGY)] if studies or any(term in Modality.values for term in terms) else []
    kinds += [
        str(CATEGORIES[code.system, code.code])
        for node in observations
        for concept in node.children("category")
        for code in codes_of(concept)
        if (code.system, code.code) in CATEGORIES
    ]
    modality = modality_of(terms) or modality_of(modality for _kind, modality in sections if modality)
    return (kinds[0] if kinds else ""), modality


def _modalities(study: Node) -> list[Node]:
    series = [modality for one in study.children("series") if (modality := one.child("modality"))]
    return [*study.children("modality"), *series]


def studies_of(report: Resource, orders: Sequence[Resource], resources: Resources) -> list[Resource]:
    """Return the imaging studies of the message that the report names, or that were made on one of its orders."""
    named = [resources.find(reference, report) for reference in report.node.children("imagingStudy")]
    studies = [one for one in named if one and one.kind == "ImagingStudy"]
    studies += [study for order in orders for study in resources.studies_on.get(order.node.path, ())]
    return list({study.node.path: study for study in studies}.values())


def accession_of(report: Resource | None, orders: Sequence[Resource], studies: Sequence[Resource]) -> str:
    """Return the accession number (typed ACSN) of the report, its orders or studies, else the number of the order.

    An answer is tied to its order by this number, so both sides read it here. The order is known by the number of
    who placed it (PLAC), else by its first. A report that names neither is known by its own number, as in HL7 v2
    (OBR-3): in most houses that is the accession number, sent without saying so.
    """
    holders = [*([report] if report else []), *orders, *studies]
    typed = [
        value
        for holder in holders
        for identifier in holder.node.children("identifier")
        if type_of(identifier) == "ACSN" and (value := identifier.text("value", VALUE_LENGTH))
    ]
    if typed:
        return typed[0]
    identifiers = [identifier for order in orders for identifier in order.node.children("identifier")]
    if report:
        named = [reference.child("identifier") for reference in report.node.children("basedOn")]
        identifiers += [identifier for identifier in named if identifier]
        own = [identifier for identifier in report.node.children("identifier") if type_of(identifier) == "PLAC"]
        identifiers += own
    numbers = sorted(identifiers, key=lambda identifier: type_of(identifier) != "PLAC")
    if report:
        own = [one for one in report.node.children("identifier") if type_of(one) in ("FILL", "")]
        numbers += sorted(own, key=lambda identifier: type_of(identifier) != "FILL")
    return next((value for number in numbers if (value := number.text("value", VALUE_LENGTH))), "")


def study_uid_of(report: Resource, studies: Sequence[Resource]) -> str:
    """Return the DICOM Study Instance UID, "" where none is told."""
    named = [reference.child("identifier") for reference in report.node.children("imagingStudy")]
    identifiers = [identifier for study in studies for identifier in study.node.children("identifier")]
    for identifier in [*identifiers, *filter(None, named)]:
        found = _UID.fullmatch(identifier.text("value"))
        if found and len(found[1]) <= VALUE_LENGTH and system_of(identifier) in ("urn:dicom:uid", "urn:ietf:rfc:3986"):
            return found[1]
    return ""
