"""Reports and orders about the patient of a case, as another system sends them in FHIR."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from cases.identity import PERSONAL_NUMBER
from cases.models import Case


def report(case: Case, **fields: Any) -> dict[str, Any]:
    """Return a final CT report of the patient of `case`."""
    today = timezone.localdate()
    return {
        "resourceType": "DiagnosticReport",
        "identifier": [{"system": "urn:oid:1.2.752.24.4.1", "value": "DT-1"}],
        "status": "final",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "CT"}]}],
        "code": {"text": "DT buk"},
        "subject": {
            "identifier": {"system": f"urn:oid:{PERSONAL_NUMBER}", "value": case.patient.identity_value},
            "display": "Någon",
        },
        "effectiveDateTime": str(today - timedelta(days=2)),
        "issued": (timezone.now() - timedelta(days=1)).isoformat(timespec="seconds"),
        "conclusion": "Ingen spridning.",
    } | fields


def later(days: float) -> str:
    return (timezone.now() - timedelta(days=1) + timedelta(days=days)).isoformat(timespec="seconds")


def order(case: Case, **fields: Any) -> dict[str, Any]:
    ordered = {
        "resourceType": "ServiceRequest",
        "identifier": [{"system": "urn:oid:1.2.752.24.9", "value": "REM-5"}],
        "status": "active",
        "intent": "order",
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "CT"}]}],
        "code": {"text": "DT buk"},
        "subject": report(case)["subject"],
        "authoredOn": str(timezone.localdate() - timedelta(days=9)),
        "occurrenceDateTime": str(timezone.localdate() + timedelta(days=3)),
    } | fields
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": ordered}]}


def answer_of(case: Case, **fields: Any) -> dict[str, Any]:
    based_on = [{"identifier": {"system": "urn:oid:1.2.752.24.9", "value": "REM-5"}}]
    return report(case, basedOn=based_on, **fields)
