"""Every example of the R4 specification is read, or refused for what it is; and so with every status."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from cases.enums import ResultState
from cases.intake.fhir import read_fhir
from cases.intake.fhir_json import FhirFault

FOLDER = Path(__file__).parents[2] / "messages" / "fhir-r4"
FILES = sorted(FOLDER.glob("*.json"))

# file -> external id, kind, performed on, accession number, lines of text, codes.
TAKEN = {
    "Bundle-101": ("http://acme.com/lab/reports|5234342", "lab", "2011-03-03", "5234342", 18, 19),
    "Bundle-dg2": ("https://example.com/base/DiagnosticReport/dg2", "lab", "2015-05-26", "", 2, 1),
    "Bundle-f001": (
        "http://www.bmc.nl/zorgportal/identifiers/reports|nr1239044", "lab", "2013-05-15", "L2381", 1, 1,
    ),
    "Bundle-f202": ("https://example.com/base/DiagnosticReport/f202", "lab", "2013-03-11", "", 3, 1),
    "Bundle-ghp": ("http://acme.com/lab/reports|ghp-example", "", "2015-08-16", "ghp-example", 51, 74),
    "Bundle-hla-1": ("sha256:", "lab", "2016-12-15", "", 3, 4),
    "Bundle-lipids": ("http://acme.com/lab/reports|5234342", "lab", "2011-03-03", "5234342", 4, 5),
    "Bundle-lri-example": ("https://acme.org/identifiers|250401", "lab", "2016-08-15", "RP723234", 24, 11),
    "Bundle-micro": ("http://hnam.org/identifiers/orders|290741144", "lab", "2009-08-10", "255337816", 25, 26),
    "Bundle-report": ("https://example.com/base/DiagnosticReport/report", "", "2015-01-02", "", 13, 11),
    "DiagnosticReport-102": ("DiagnosticReport/102", "", "2008-06-17", "", 1, 1),
    "DiagnosticReport-example-pgx": ("DiagnosticReport/example-pgx", "", "2016-10-15", "", 1, 1),
    "DiagnosticReport-f201": ("DiagnosticReport/f201", "radiology", "2012-12-01", "", 2, 1),
    "DiagnosticReport-gingival-mass": (
        "https://www.acmeonline.com|P73456090", "pathology", "2017-03-02", "P73456090", 1, 1,
    ),
    "DiagnosticReport-pap": ("DiagnosticReport/pap", "", "2013-02-11", "", 25, 1),
    "DiagnosticReport-ultrasound": ("DiagnosticReport/ultrasound", "radiology", "2012-12-01", "", 1, 1),
}  # fmt: skip

STATES = {
    "registered": (ResultState.ORDERED, 0, False),
    "unknown": (ResultState.ORDERED, 0, False),
    "partial": (ResultState.PRELIMINARY, 1, False),
    "preliminary": (ResultState.PRELIMINARY, 1, False),
    "final": (ResultState.FINAL, 2, False),
    "amended": (ResultState.FINAL, 3, True),
    "corrected": (ResultState.FINAL, 3, True),
    "appended": (ResultState.FINAL, 3, True),
    "cancelled": (ResultState.CANCELLED, 4, False),
    "entered-in-error": (ResultState.CANCELLED, 5, False),
}


def sample(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return content


def with_status(document: dict[str, Any], status: Any) -> dict[str, Any]:
    document = copy.deepcopy(document)
    resources = [entry["resource"] for entry in document.get("entry", [{"resource": document}])]
    report = next(resource for resource in resources if resource["resourceType"] == "DiagnosticReport")
    report["status"] = status
    return document


def test_every_file_has_an_expected_answer() -> None:
    assert {path.stem for path in FILES if path.stem.startswith(("Bundle", "DiagnosticReport"))} == set(TAKEN)
    assert len(FILES) == 83


@pytest.mark.parametrize("path", [path for path in FILES if path.stem in TAKEN], ids=lambda path: path.stem)
def test_a_report_is_taken(path: Path) -> None:
    message = read_fhir(path.read_bytes())
    [report] = message.reports
    external_id, kind, performed_on, accession, lines, codes = TAKEN[path.stem]
    assert message.kind == path.stem.split("-")[0]
    assert report.external_id.startswith(external_id)
    assert (report.state, report.kind, str(report.performed_on)) == (ResultState.FINAL, kind, performed_on)
    assert (report.accession_number, len(report.text.splitlines()), len(report.codes)) == (accession, lines, codes)
    assert report.title
    assert report.stamp[8] == "T"


@pytest.mark.parametrize("path", [path for path in FILES if path.stem not in TAKEN], ids=lambda path: path.stem)
def test_anything_else_is_refused_for_what_it_is(path: Path) -> None:
    with pytest.raises(FhirFault) as refused:
        read_fhir(path.read_bytes())
    [issue] = refused.value.issues
    assert (refused.value.status, issue.code, issue.expression) == (422, "not-supported", "resourceType")
    assert path.stem.split("-")[0] in issue.text
    assert refused.value.kind == ""


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("name", ["DiagnosticReport-ultrasound", "Bundle-lipids"])
def test_each_status_means_its_state(name: str, status: str) -> None:
    [report] = read_fhir(json.dumps(with_status(sample(name), status)).encode()).reports
    state, rank, is_corrected = STATES[status]
    assert (report.state, report.is_corrected) == (state, is_corrected)
    assert report.stamp.split("|")[1] == str(rank)
    assert (report.performed_on is None) == (state in (ResultState.ORDERED, ResultState.CANCELLED))


def test_versions_issued_at_the_same_moment_are_ordered_by_how_far_they_have_come() -> None:
    stamps = [
        read_fhir(json.dumps(with_status(sample("DiagnosticReport-ultrasound"), status)).encode()).reports[0].stamp
        for status in ("registered", "preliminary", "final", "corrected", "cancelled", "entered-in-error")
    ]
    assert stamps == sorted(stamps)


@pytest.mark.parametrize(
    ("status", "code"),
    [("Final", "code-invalid"), ("done", "code-invalid"), (None, "required"), ("", "required"), (7, "structure")],
)
def test_a_wrong_status_is_refused_with_its_path(status: Any, code: str) -> None:
    with pytest.raises(FhirFault) as refused:
        read_fhir(json.dumps(with_status(sample("Bundle-lipids"), status)).encode())
    [issue] = refused.value.issues
    assert (issue.code, issue.expression) == (code, "Bundle.entry[0].resource.status")
    assert (refused.value.status, refused.value.kind, refused.value.control_id) == (422, "Bundle", "lipids")
