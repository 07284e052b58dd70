"""FHIR documents for tests, and reading them on a day that stands still."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cases.intake.fhir import FhirMessage, read_fhir
from cases.intake.fhir_json import FhirFault
from cases.reports import ReportData, report_from_json

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NUMBER = "191212121212"
PERSON = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [
        {"system": "http://hospital.example/mrn", "value": "4711"},
        {"system": "http://electronichealth.se/identifier/personnummer", "value": NUMBER},
    ],
    "name": [{"use": "old", "family": "Förr"}, {"family": "Åberg", "given": ["Örjan", "Ä"]}],
    "birthDate": "1912-12-12",
}


def report(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "identifier": [{"system": "urn:oid:1.2.752.24.4.1", "value": "PAD-1"}],
        "status": "final",
        "code": {"text": "PAD"},
        "effectiveDateTime": "2026-11-18",
        "issued": "2026-11-20T10:00:00+01:00",
    } | {key: value for key, value in fields.items() if value is not ...}


def bundle(*resources: Any, kind: str = "collection") -> dict[str, Any]:
    entries = [one if "resource" in one or "request" in one else {"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def read(document: Any, now: datetime | None = NOW) -> FhirMessage:
    return read_fhir(json.dumps(document).encode(), now=now)


def one(document: Any) -> ReportData:
    [only] = read(document).reports
    assert report_from_json(json.loads(json.dumps(only.as_json()))) == only
    return only


def faults(document: Any, now: datetime | None = NOW) -> dict[str, str]:
    """Return the code of each issue by its path."""
    with pytest.raises(FhirFault) as refused:
        read(document, now)
    assert all(issue.text for issue in refused.value.issues)
    return {issue.expression: issue.code for issue in refused.value.issues}
