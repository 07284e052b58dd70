"""Which case and which requirement a report answers: pure, from values to a decision (docs/adr/0007).

What counts, strongest first: the accession number of an order, a declared code or the title, the modality, being
the only pathology. A rule that fits two places decides nothing: the report then waits for a person. Cases that
were referred under the very number of the report come before those of a number merged with it, so that a merge
that arrives late changes nothing that is placed already.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cases.regions import is_elsewhere
from cases.reports import ReportCode, ReportData
from checklists.enums import Kind
from checklists.spec import Requirement


class Why(StrEnum):
    """By what a place was found, strongest first; stored with the report."""

    ACCESSION = "accession"
    CODE = "code"
    TITLE = "title"
    MODALITY = "modality"
    PATHOLOGY = "pathology"
    SAME_EXAMINATION = "same"
    KIND = "kind"
    NAME = "name"
    HAND = "hand"


BY_CONTENT: Final = frozenset({Why.CODE, Why.MODALITY, Why.PATHOLOGY})
"""The rules that look at nothing but what the report says of itself."""


@dataclass(frozen=True, slots=True)
class CaseAsked:
    """An open case and what its definition asks for in its phase. `person` tells patients apart.

    `is_own` says that it was referred under a number that the report carries, not under one merged with it.
    """

    case_id: int
    person: str
    is_own: bool
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """An answer on an open case that carries the accession number of the report.

    `is_order` tells what people entered from what other reports brought.
    """

    asked: CaseAsked
    kind: str
    requirement: str
    is_order: bool


@dataclass(frozen=True, slots=True)
class Match:
    """A place for a report. An empty `requirement` answers all of its kind, as the order there does."""

    case_id: int
    requirement: str
    kind: str
    why: Why


Fits = Callable[[ReportData, Requirement], bool]


def decide(report: ReportData, cases: Sequence[CaseAsked], known: Sequence[KnownAnswer] = ()) -> Match | None:
    """Return the one place of the report, None when there is none or more than one.

    `cases` are the open cases of the patient; `known` the answers with its accession number whose patient the
    report does not contradict.
    """
    if len({case.person for case in cases}) > 1:
        return None  # Two numbers, two patients: nobody's until a person has looked.
    orders = [one for one in known if one.is_order]
    if orders and (found := _by_accession(report, orders)):
        return found
    for group in ([case for case in cases if case.is_own], cases):
        if matches := by_content(report, group):
            return matches[0] if len(matches) == 1 else None
    others = {(one.asked.case_id, one.requirement, one.kind) for one in known if not one.is_order}
    return _only(others, Why.SAME_EXAMINATION)


def by_content(report: ReportData, cases: Sequence[CaseAsked]) -> list[Match]:
    """Return the places that the report's own words point out, by the strongest rule that finds any."""
    asked = [(case, requirement) for case in cases for requirement in case.requirements]
    for why, fits in _RULES:
        if found := [Match(case.case_id, one.key, one.kind, why) for case, one in asked if fits(report, one)]:
            return found
    for why, is_counted, fits in _ONLY_ONES:
        counted = [(case, one) for case, one in asked if is_counted(report, one)]
        if len(counted) == 1 and fits(report, counted[0][1]):
            case, one = counted[0]
            return [Match(case.case_id, one.key, one.kind, why)]
    return []


def ranked(report: ReportData, cases: Iterable[CaseAsked]) -> list[Match]:
    """Return every place that is thinkable, the likeliest first: what a person is shown to choose from."""
    rank = list(Why).index
    found = [
        (rank(why), not case.is_own, case.case_id, one, why)
        for case in cases
        for one in case.requirements
        if (why := _likeness(report, one))
    ]
    found.sort(key=lambda one: one[:3])
    return [Match(case_id, one.key, one.kind, why) for _rank, _own, case_id, one, why in found]


def _by_accession(report: ReportData, orders: Sequence[KnownAnswer]) -> Match | None:
    places = {(one.asked.case_id, one.requirement, one.kind) for one in orders}
    if len(places) == 1 and (place := next(iter(places)))[1]:
        return Match(*place, Why.ACCESSION)
    # Several orders under one number, or one for the whole kind: what the report says of itself tells which.
    keys = {(case_id, key) for case_id, key, _kind in places if key}
    whole = {(case_id, kind) for case_id, key, kind in places if not key}
    matches = [
        match
        for match in by_content(report, list({one.asked.case_id: one.asked for one in orders}.values()))
        if (match.case_id, match.requirement) in keys or (match.case_id, match.kind) in whole
    ]
    if len(matches) == 1:
        return Match(matches[0].case_id, matches[0].requirement, matches[0].kind, Why.ACCESSION)
    return _only(places, Why.ACCESSION)


def _only(places: set[tuple[int, str, str]], why: Why) -> Match | None:
    return Match(*next(iter(places)), why) if len(places) == 1 else None


def _has_code(report: ReportData, requirement: Requirement) -> bool:
    declared = {(system_key(one.system), one.code.casefold()) for one in requirement.codes}
    return any(code.system and _pair(code) in declared for code in report.codes)


def _has_title(report: ReportData, requirement: Requirement) -> bool:
    if report.kind and report.kind != requirement.kind:
        return False
    names = {text.strip().casefold() for text in (requirement.key, requirement.label_sv, requirement.label_en)}
    said = {report.title, *(text for code in report.codes for text in (code.code, code.display))}
    return any(text.strip().casefold() in names for text in said if text.strip())


def _is_coded_otherwise(report: ReportData, requirement: Requirement) -> bool:
    """Whether the report carries a code of a system that the requirement declares codes of, and none of them fits."""
    declared = {system_key(one.system) for one in requirement.codes}
    return any(code.system and system_key(code.system) in declared for code in report.codes)


def _declares_modality(report: ReportData, requirement: Requirement) -> bool:
    """Whether it is an examination of a declared kind, and its name does not speak of another part of the body."""
    is_declared = bool(report.modality) and report.modality in requirement.modalities
    return is_declared and not is_elsewhere(report.title, requirement.label_sv, requirement.label_en)


def _is_pathology(report: ReportData, requirement: Requirement) -> bool:
    return report.kind == requirement.kind == Kind.PATHOLOGY and not requirement.codes


def _not_coded_otherwise(report: ReportData, requirement: Requirement) -> bool:
    return not _is_coded_otherwise(report, requirement)


_RULES: Final[tuple[tuple[Why, Fits], ...]] = (
    (Why.CODE, lambda report, one: _has_code(report, one) or _has_title(report, one)),
)
_ONLY_ONES: Final[tuple[tuple[Why, Fits, Fits], ...]] = (
    (Why.MODALITY, _declares_modality, _not_coded_otherwise),
    (Why.PATHOLOGY, _is_pathology, _not_coded_otherwise),
)


def _likeness(report: ReportData, requirement: Requirement) -> Why | None:
    if _has_code(report, requirement):
        return Why.CODE
    if _has_title(report, requirement):
        return Why.TITLE
    if _declares_modality(report, requirement):
        return Why.MODALITY
    return Why.KIND if report.kind in ("", requirement.kind) else None


def _pair(code: ReportCode) -> tuple[str, str]:
    return system_key(code.system), code.code.casefold()


_SYSTEMS: Final = {
    name: key
    for key, names in {
        "loinc": ("ln", "loinc", "http://loinc.org", "2.16.840.1.113883.6.1"),
        "snomed": ("sct", "snomed", "snomed-ct", "snomed ct", "http://snomed.info/sct", "2.16.840.1.113883.6.96"),
        "dicom": ("dcm", "dicom", "http://dicom.nema.org/resources/ontology/dcm", "1.2.840.10008.2.16.4"),
        "npu": ("npu", "http://npu-terminology.org", "1.2.752.108.1"),
    }.items()
    for name in names
}
"""Names, URIs and OIDs of code systems that mean the same system. Source: the HL7 v2 table 0396 and FHIR R4
(terminologies-systems), and for NPU the OID of the Swedish coding (Equalis/Socialstyrelsen)."""


def system_key(system: str) -> str:
    """Return one name for a code system, whether it was written as name, URI or OID."""
    text = system.strip().casefold().removeprefix("urn:oid:").rstrip("/")
    return _SYSTEMS.get(text, text)


def may_be_one_examination(codes: Iterable[ReportCode], others: Iterable[ReportCode]) -> bool:
    """Whether no code system that both use tells two reports with one accession number apart."""
    own = {_pair(one) for one in codes if one.system}
    other = {_pair(one) for one in others if one.system}
    shared = {system for system, _code in own} & {system for system, _code in other}
    return not shared or not own.isdisjoint(other)
