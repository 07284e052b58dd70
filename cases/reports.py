"""One report of another system, whatever standard it came by: what the readers of HL7 v2 and FHIR give.

The order of versions is told by `stamp`, a text that sorts: when the report was issued (UTC), how far it has come
(`RANKS`), and a digest, so that two versions are never equal and every order of arrival ends in the same state.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from cases.enums import ResultState

RANKS: Final = ("ordered", "preliminary", "final", "corrected", "cancelled", "wrong")
"""How far a report has come, where two versions were issued at the same moment: the later of these is the newer."""


@dataclass(frozen=True, slots=True)
class ReportCode:
    """What the report is about, as its sender codes it; `system` is a name, URI or OID, or "" where none was sent."""

    system: str
    code: str
    display: str = ""


@dataclass(frozen=True, slots=True)
class ReportedIdentity:
    """A number of the patient: the OID of its system ("" where none was sent) and the value as sent."""

    system: str
    value: str


@dataclass(frozen=True, slots=True)
class ReportData:
    """One report, checked. `kind` ("" unknown) is a `Kind`; `modality` a DICOM term or "".

    `external_id` is unique for the sender. A preliminary or final report has `performed_on`.
    """

    external_id: str
    stamp: str
    state: ResultState
    kind: str = ""
    modality: str = ""
    codes: tuple[ReportCode, ...] = ()
    title: str = ""
    text: str = ""
    structured: Mapping[str, str] = field(default_factory=dict)
    performed_on: date | None = None
    ordered_on: date | None = None
    expected_on: date | None = None
    accession_number: str = ""
    study_uid: str = ""
    is_corrected: bool = False
    is_external: bool = False
    performer: str = ""
    identities: tuple[ReportedIdentity, ...] = ()
    name: str = ""
    born_on: date | None = None
    is_order: bool = False
    """An order on its own, which its report will answer under the same accession number."""

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON types, for storing."""
        content = asdict(self)
        for name in ("performed_on", "ordered_on", "expected_on", "born_on"):
            content[name] = content[name].isoformat() if content[name] else None
        return content


def report_from_json(content: Mapping[str, Any]) -> ReportData:
    """Return the report that `ReportData.as_json` gave."""
    days = {
        name: date.fromisoformat(content[name]) if content[name] else None
        for name in ("performed_on", "ordered_on", "expected_on", "born_on")
    }
    return ReportData(
        **{
            **content,
            **days,
            "state": ResultState(content["state"]),
            "codes": tuple(ReportCode(**code) for code in content["codes"]),
            "identities": tuple(ReportedIdentity(**one) for one in content["identities"]),
        }
    )


def stamp_of(issued_at: datetime | None, rank: str, content: bytes) -> str:
    """Return the stamp of a version issued at `issued_at` (aware; None when it does not say), of a rank of `RANKS`."""
    when = _written(issued_at) if issued_at else "0"
    return f"{when}|{RANKS.index(rank)}|{hashlib.sha256(content).hexdigest()[:16]}"


def issued_after(stamp: str, moment: datetime) -> bool:
    """Whether the version of a stamp was issued after the moment (aware)."""
    return stamp.partition("|")[0] > _written(moment)


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S%f")


@dataclass(frozen=True, slots=True)
class PatientUpdate:
    """What a record system says a patient is called (ADT^A08), and when it was so."""

    identities: tuple[ReportedIdentity, ...]
    name: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class PatientMerge:
    """Numbers that were found to be another's (ADT^A40): `old` was merged into `surviving`."""

    old: tuple[ReportedIdentity, ...]
    surviving: tuple[ReportedIdentity, ...]
    name: str
    as_of: datetime
