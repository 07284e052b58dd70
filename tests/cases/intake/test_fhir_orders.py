"""What makes a report the same one, what an order is, and what is refused, with its path."""

from datetime import date
from typing import Any, ClassVar

import pytest

from cases.enums import ResultState
from cases.identity import PERSONAL_NUMBER
from cases.intake.fhir import read_fhir
from cases.intake.fhir_json import FhirFault
from cases.reports import ReportedIdentity
from tests.cases.intake.fhir_documents import NOW, NUMBER, PERSON, bundle, faults, one, read, report


class TestIdentity:
    """What makes a report the same one in its next version."""

    TYPED: ClassVar[dict[str, Any]] = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}]
    }

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({}, "1.2.752.24.4.1|PAD-1"),
            ({"identifier": [{"type": TYPED, "value": "A-1"}, {"value": "R-1"}]}, "|R-1"),
            ({"identifier": [{"type": TYPED, "value": "A-1"}], "id": "r9"}, "DiagnosticReport/r9"),
            ({"identifier": [], "id": "r9"}, "DiagnosticReport/r9"),
            ({"identifier": [{"type": TYPED, "value": "A-1"}], "code": {"coding": [{"code": "C7"}]}}, "|A-1|C7"),
            ({"identifier": []}, "sha256:"),
        ],
    )
    def test_by_what_a_report_is_known(self, fields: dict[str, Any], expected: str) -> None:
        assert one(report(**fields)).external_id.startswith(expected)

    def test_by_its_address_at_the_server(self) -> None:
        entry = {"fullUrl": "https://ris.example/fhir/DiagnosticReport/7", "resource": report(identifier=[], id="7")}
        assert one(bundle(entry)).external_id == "https://ris.example/fhir/DiagnosticReport/7"

    def test_the_same_content_gives_the_same_stamp_and_another_a_later_one(self) -> None:
        assert one(report()) == one(report())
        later = one(report(conclusion="mer", issued="2026-11-20T10:00:01+01:00"))
        assert later.stamp > one(report()).stamp


class TestOrders:
    ORDER: ClassVar[dict[str, Any]] = {
        "resourceType": "ServiceRequest",
        "id": "o",
        "identifier": [{"system": "urn:oid:1.2.752.9", "value": "REM-5"}],
        "status": "active",
        "intent": "order",
        "code": {"text": "DT thorax-buk"},
        "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "363679005"}]}],
        "subject": {"identifier": {"system": f"urn:oid:{PERSONAL_NUMBER}", "value": NUMBER}},
        "authoredOn": "2026-11-10T09:00:00+01:00",
        "occurrenceDateTime": "2026-11-25",
    }

    def test_an_order_that_nothing_answers_is_awaited(self) -> None:
        found = one(bundle(self.ORDER))
        assert (found.state, found.kind, found.title) == (ResultState.ORDERED, "radiology", "DT thorax-buk")
        assert (found.ordered_on, found.expected_on) == (date(2026, 11, 10), date(2026, 11, 25))
        assert (found.accession_number, found.external_id) == ("REM-5", "ServiceRequest|1.2.752.9|REM-5")
        assert found.identities == (ReportedIdentity(PERSONAL_NUMBER, NUMBER),)

    def test_an_order_beside_its_report_is_part_of_it(self) -> None:
        found = one(bundle(self.ORDER, report(basedOn=[{"reference": "ServiceRequest/o"}])))
        assert (found.state, found.ordered_on, found.accession_number) == (
            ResultState.FINAL,
            date(2026, 11, 10),
            "REM-5",
        )

    def test_a_report_that_names_the_number_of_its_order_is_tied_to_it(self) -> None:
        found = one(report(basedOn=[{"identifier": {"system": "urn:oid:1.2.752.9", "value": "REM-5"}}]))
        assert found.accession_number == one(bundle(self.ORDER)).accession_number

    @pytest.mark.parametrize(
        ("fields", "state"),
        [({"status": "revoked"}, ResultState.CANCELLED), ({"status": "entered-in-error"}, ResultState.CANCELLED)],
    )
    def test_an_order_that_is_taken_back(self, fields: dict[str, Any], state: ResultState) -> None:
        assert one(bundle(self.ORDER | fields)).state == state

    @pytest.mark.parametrize(
        "fields",
        [
            {"status": "completed"},
            {"status": "draft"},
            {"intent": "proposal"},
            {"doNotPerform": True},
            {"category": [{"coding": [{"system": "http://snomed.info/sct", "code": "387713003"}]}]},
        ],
    )
    def test_an_order_after_which_no_answer_comes_is_none(self, fields: dict[str, Any]) -> None:
        assert faults(bundle(self.ORDER | fields)) == {"Bundle.entry": "not-supported"}
        assert len(read(bundle(self.ORDER | fields, report())).reports) == 1

    def test_a_wrong_status_of_an_order(self) -> None:
        assert faults(bundle(report(), self.ORDER | {"status": "actve"})) == {
            "Bundle.entry[1].resource.status": "code-invalid"
        }


class TestFaults:
    def test_every_fault_of_a_bundle_is_named(self) -> None:
        document = bundle(
            report(status="finished"),
            PERSON | {"identifier": [{"value": 12}]},
            report(
                subject={"reference": "Patient/p1"}, code={"coding": {"code": "x"}}, conclusion=["a"], issued="igår"
            ),
        )
        assert faults(document) == {
            "Bundle.entry[0].resource.status": "code-invalid",
            "Bundle.entry[1].resource.identifier[0].value": "structure",
            "Bundle.entry[2].resource.code.coding": "structure",
            "Bundle.entry[2].resource.conclusion": "structure",
            "Bundle.entry[2].resource.issued": "value",
        }

    @pytest.mark.parametrize(
        ("raw", "status", "code"),
        [
            (b"", 400, "structure"),
            (b"{", 400, "structure"),
            (b"[]", 400, "structure"),
            (b'"DiagnosticReport"', 400, "structure"),
            (b"MSH|^~\\&|", 400, "structure"),
            (b"{}", 400, "required"),
            (b'{"resourceType": 5}', 400, "required"),
            (b'{"resourceType": "DiagnosticReport", "status": "final", "status": "cancelled"}', 400, "structure"),
            (b'{"resourceType": "DiagnosticReport", "x": NaN}', 400, "structure"),
            (b'{"resourceType": "DiagnosticReport", "x": -Infinity}', 400, "structure"),
            (b'{"resourceType": "DiagnosticReport", "x": ' + b"9" * 5000 + b"}", 400, "structure"),
            ('{"resourceType": "DiagnosticReport", "conclusion": "å"}'.encode("latin-1"), 400, "structure"),
            ('{"resourceType": "DiagnosticReport"}'.encode("utf-16"), 400, "structure"),
            (b"[" * 100_000, 400, "structure"),
            (b'{"a":' * 101 + b"1" + b"}" * 101, 400, "structure"),
            (b" " * (5 * 1024 * 1024 + 1), 413, "too-long"),
            (b'{"resourceType": "Bundle"}', 422, "not-supported"),
            (b'{"resourceType": "Observation"}', 422, "not-supported"),
        ],
    )
    def test_what_is_no_report_at_all_is_not_kept(self, raw: bytes, status: int, code: str) -> None:
        with pytest.raises(FhirFault) as refused:
            read_fhir(raw, now=NOW)
        assert (refused.value.status, refused.value.issues[0].code, refused.value.kind) == (status, code, "")

    def test_a_character_that_cannot_be_stored(self) -> None:
        assert faults(report(conclusion="a\0b")) == {"DiagnosticReport.conclusion": "value"}
        assert faults(report(code={"text": "\ud800"})) == {"DiagnosticReport.code.text": "value"}

    def test_a_list_of_what_is_no_object_is_one_fault_and_no_long_work(self) -> None:
        assert faults(report(identifier=[1] * 100_000)) == {"DiagnosticReport.identifier[0]": "structure"}

    def test_more_faults_than_anybody_reads_end(self) -> None:
        assert len(faults(bundle(*[report(status="?", issued="?")] * 100))) == 100

    def test_too_many_reports(self) -> None:
        assert faults(bundle(*[report()] * 501)) == {"Bundle.entry": "too-long"}

    def test_numbers_that_are_too_long_to_be_right(self) -> None:
        subject = {"identifier": {"value": "1" * 65}}
        assert faults(report(subject=subject)) == {"DiagnosticReport.subject.identifier.value": "too-long"}
