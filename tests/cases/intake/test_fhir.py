"""What a report says, in the forms in which FHIR may say it."""

import base64
import json
from datetime import date
from typing import Any

import pytest

from cases.identity import COORDINATION_NUMBER, PERSONAL_NUMBER
from cases.intake.fhir import read_fhir
from cases.reports import ReportCode, ReportedIdentity
from tests.cases.intake.fhir_documents import NUMBER, PERSON, bundle, faults, one, read, report

WRONG_DATES = (
    "2026-13-01", "2026-02-30", "18/11 2026", "0001-01-01T00:00:00+14:00", "9999-12-31", "2026-11-18T25:00:00Z",
    "2026-11-18Z", "2026-1-1",
)  # fmt: skip


class TestTolerance:
    def test_unknown_elements_extensions_and_modifiers_reject_nothing(self) -> None:
        plain = one(report())
        odd = one(
            report(
                newInR7={"any": [1, 2, None]},
                extension=[{"url": "http://x.example", "valueString": "y"}],
                modifierExtension=[{"url": "http://x.example/not", "valueBoolean": True}],
                _status={"extension": [{"url": "http://x.example"}]},
                encounter="not even an object",
                meta={"profile": "wrong type", "lastUpdated": "2026-11-20T10:00:00Z"},
            )
        )
        assert odd == plain

    @pytest.mark.parametrize("kind", ["collection", "transaction", "batch", "message", "document", "searchset", "new"])
    def test_a_bundle_of_any_type_is_read(self, kind: str) -> None:
        deletion = {"request": {"method": "DELETE", "url": "Patient/1"}}
        assert one(bundle(deletion, report(), kind=kind)).title == "PAD"

    def test_a_byte_order_mark_is_no_fault(self) -> None:
        assert read_fhir(b"\xef\xbb\xbf" + json.dumps(report()).encode()).reports

    def test_several_reports_are_several(self) -> None:
        second = report(identifier=[{"system": "urn:oid:1.2.3", "value": "2"}])
        assert [r.external_id for r in read(bundle(report(), second)).reports] == [
            "1.2.752.24.4.1|PAD-1", "1.2.3|2",
        ]  # fmt: skip


class TestSubject:
    EXPECTED = (ReportedIdentity(PERSONAL_NUMBER, NUMBER), ReportedIdentity("http://hospital.example/mrn", "4711"))

    @pytest.mark.parametrize(
        ("reference", "url"),
        [
            ("Patient/p1", ""),
            ("Patient/p1/_history/3", ""),
            ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"),
            ("https://ris.example/fhir/Patient/p1", "https://ris.example/fhir/Patient/p1"),
        ],
    )
    def test_a_patient_of_the_bundle(self, reference: str, url: str) -> None:
        found = one(bundle({"fullUrl": url, "resource": PERSON}, report(subject={"reference": reference})))
        assert (found.identities, found.name, found.born_on) == (self.EXPECTED, "Örjan Ä Åberg", date(1912, 12, 12))

    def test_a_contained_patient(self) -> None:
        found = one(report(contained=[PERSON], subject={"reference": "#p1"}))
        assert found.identities == self.EXPECTED

    def test_the_patient_beside_the_report_and_not_that_of_another_server(self) -> None:
        other = PERSON | {"identifier": [{"system": "urn:oid:1.2.3", "value": "other"}]}
        found = one(
            bundle(
                {"fullUrl": "https://a.example/Patient/p1", "resource": other},
                {"fullUrl": "https://b.example/Patient/p1", "resource": PERSON},
                {"fullUrl": "https://b.example/DiagnosticReport/r", "resource": report(id="r", subject={"reference": "Patient/p1"})},
            )
        )  # fmt: skip
        assert found.identities == self.EXPECTED

    @pytest.mark.parametrize(
        ("subject", "expected"),
        [
            ({"identifier": {"system": "urn:oid:1.2.752.129.2.1.3.3", "value": "197010632391"}}, (COORDINATION_NUMBER, "197010632391")),
            ({"identifier": {"value": "19121212-1212"}}, ("", "19121212-1212")),
            ({"identifier": {"system": "http://electronichealth.se/identifier/nationelltReservnummer", "value": "22123456AB7C"}},
             ("1.2.752.129.2.1.3.2", "22123456AB7C")),
            ({"reference": f"Patient?identifier=http://electronichealth.se/identifier/personnummer|{NUMBER}"}, (PERSONAL_NUMBER, NUMBER)),
        ],
    )  # fmt: skip
    def test_a_number_in_the_reference(self, subject: Any, expected: tuple[str, str]) -> None:
        assert one(report(subject=subject)).identities == (ReportedIdentity(*expected),)

    @pytest.mark.parametrize(
        "reference", ["Patient/elsewhere", "#nobody", "https://x.example/Patient/p1", "?!", "Patient?x"]
    )
    def test_a_reference_that_leads_nowhere_is_no_fault(self, reference: str) -> None:
        found = one(bundle(PERSON, report(subject={"reference": reference, "display": "Någon"})))
        assert (found.identities, found.name) == ((), "Någon")

    def test_two_patients_of_one_id_are_nobody(self) -> None:
        twin = PERSON | {"name": [{"text": "Tvilling"}]}
        found = one(bundle(PERSON, twin, report(subject={"reference": "Patient/p1"})))
        assert found.identities == ()

    def test_a_number_that_holds_no_longer_is_left_out(self) -> None:
        person = PERSON | {"identifier": [{"use": "old", "value": "1"}, {"value": "2"}]}
        assert one(report(contained=[person], subject={"reference": "#p1"})).identities == (ReportedIdentity("", "2"),)

    def test_the_order_tells_whose_the_report_is(self) -> None:
        order = {"resourceType": "ServiceRequest", "id": "o", "subject": {"reference": "Patient/p1"}}
        found = one(bundle(PERSON, order, report(basedOn=[{"reference": "ServiceRequest/o"}])))
        assert found.identities == self.EXPECTED


class TestDays:
    @pytest.mark.parametrize(
        ("fields", "day"),
        [
            ({"effectiveDateTime": "2026-11-18T23:30:00Z"}, date(2026, 11, 19)),
            ({"effectiveDateTime": "2026-11-18T23:30:00"}, date(2026, 11, 18)),
            ({"effectiveDateTime": "2026-11-18T08:30"}, date(2026, 11, 18)),
            (
                {"effectiveDateTime": ..., "effectivePeriod": {"start": "2026-11-01", "end": "2026-11-03"}},
                date(2026, 11, 3),
            ),
            ({"effectiveDateTime": ..., "effectivePeriod": {"start": "2026-11-01"}}, date(2026, 11, 1)),
            ({"effectiveDateTime": ...}, date(2026, 11, 20)),
            ({"effectiveDateTime": "2026-11"}, date(2026, 11, 20)),
            ({"effectiveDateTime": "2026"}, date(2026, 11, 20)),
            ({"effectiveDateTime": "2026-11-18", "issued": ...}, date(2026, 11, 18)),
            (
                {"effectiveDateTime": ..., "issued": ..., "meta": {"lastUpdated": "2026-11-19T08:00:00Z"}},
                date(2026, 11, 19),
            ),
        ],
    )
    def test_the_day_of_an_answer(self, fields: dict[str, Any], day: date) -> None:
        base = {key: value for key, value in report().items() if key not in fields}
        document = base | {key: value for key, value in fields.items() if value is not ...}
        assert one(document).performed_on == day

    def test_no_day_is_made_up(self) -> None:
        assert faults(report(effectiveDateTime="2024")) == {"DiagnosticReport.effective[x]": "value"}
        without = report()
        del without["effectiveDateTime"], without["issued"]
        assert faults(without) == {"DiagnosticReport.effective[x]": "required"}
        without["status"] = "cancelled"
        assert one(without).performed_on is None

    @pytest.mark.parametrize("text", WRONG_DATES)
    def test_a_wrong_date_is_refused_with_its_path(self, text: str) -> None:
        assert faults(report(effectiveDateTime=text)) == {"DiagnosticReport.effectiveDateTime": "value"}
        assert faults(report(issued=text)) == {"DiagnosticReport.issued": "value"}

    def test_the_future_is_refused_at_the_door_and_never_later(self) -> None:
        later = report(effectiveDateTime="2026-11-23", issued="2026-11-23T08:00:00Z")
        assert faults(later) == {"DiagnosticReport.effective[x]": "value", "DiagnosticReport.issued": "value"}
        assert read(later, now=None).reports
        assert one(report(issued="2026-11-22T12:30:00Z"))

    def test_an_examination_that_is_planned_is_expected(self) -> None:
        planned = one(report(status="registered", effectiveDateTime="2026-12-03", issued=...))
        assert (planned.performed_on, planned.expected_on) == (None, date(2026, 12, 3))

    def test_a_planned_day_does_not_make_an_order_newer_than_its_answer(self) -> None:
        planned = report(status="registered", effectiveDateTime="2026-12-03")
        answer = report()
        for document in (planned, answer):
            del document["issued"]
        assert one(planned).stamp < one(answer).stamp


class TestContent:
    def test_kind_and_modality_by_table_0074(self) -> None:
        table = "http://terminology.hl7.org/CodeSystem/v2-0074"
        found = {
            code: (data.kind, data.modality)
            for code in ("RAD", "CT", "NMR", "RUS", "PAT", "SP", "CP", "LAB", "CH", "HM", "PT", "PHY", "X")
            if (data := one(report(category=[{"coding": [{"system": table, "code": code}]}])))
        }
        assert found == {
            "RAD": ("radiology", ""), "CT": ("radiology", "CT"), "NMR": ("radiology", "MR"), "RUS": ("radiology", "US"),
            "PAT": ("pathology", ""), "SP": ("pathology", ""), "CP": ("pathology", ""),
            "LAB": ("lab", ""), "CH": ("lab", ""), "HM": ("lab", ""), "PT": ("", ""), "PHY": ("", ""), "X": ("", ""),
        }  # fmt: skip

    def test_the_imaging_study_gives_modality_uid_day_and_accession_number(self) -> None:
        study = {
            "resourceType": "ImagingStudy",
            "id": "s",
            "identifier": [
                {"system": "urn:dicom:uid", "value": "urn:oid:1.2.752.24.5.1"},
                {"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}]},
                 "value": "A-77"},
            ],
            "modality": [{"code": "CT"}, {"code": "PT"}, {"code": "SR"}],
            "started": "2026-11-17T09:00:00+01:00",
        }  # fmt: skip
        document = report(contained=[study], imagingStudy=[{"reference": "#s"}])
        del document["effectiveDateTime"]
        found = one(document)
        assert (found.kind, found.modality, found.study_uid) == ("radiology", "PT", "1.2.752.24.5.1")
        assert (found.accession_number, found.performed_on) == ("A-77", date(2026, 11, 17))

    @pytest.mark.parametrize(
        ("types", "expected"), [(["", "FILL"], "N-1"), ([""], "N-0"), (["MR"], ""), (["FILL", "ACSN"], "N-1")]
    )
    def test_a_report_that_names_no_order_is_known_by_its_own_number(self, types: list[str], expected: str) -> None:
        table = "http://terminology.hl7.org/CodeSystem/v2-0203"
        numbers = [
            {"value": f"N-{n}"} | ({"type": {"coding": [{"system": table, "code": kind}]}} if kind else {})
            for n, kind in enumerate(types)
        ]
        assert one(report(identifier=numbers)).accession_number == expected

    def test_a_modality_of_dicom_as_the_code_of_the_examination(self) -> None:
        code = {"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "MR"}], "text": "Buk"}
        found = one(report(code=code))
        assert (found.kind, found.modality) == ("radiology", "MR")

    def test_two_modalities_are_none(self) -> None:
        study = {"resourceType": "ImagingStudy", "id": "s", "modality": [{"code": "CT"}, {"code": "MR"}]}
        assert one(report(contained=[study], imagingStudy=[{"reference": "#s"}])).modality == ""

    def test_codes_of_report_order_and_observation(self) -> None:
        def coded(code: str) -> dict[str, Any]:
            return {"coding": [{"system": "http://loinc.org", "code": code, "display": code.upper()}]}

        order = {"resourceType": "ServiceRequest", "id": "o", "code": coded("b")}
        value = {"resourceType": "Observation", "id": "v", "code": coded("c"), "valueString": "stegring"}
        found = one(
            bundle(
                order,
                value,
                report(
                    code=coded("a"),
                    basedOn=[{"reference": "ServiceRequest/o"}],
                    result=[{"reference": "Observation/v"}],
                ),
            )
        )
        assert found.codes == tuple(ReportCode("http://loinc.org", code, code.upper()) for code in "abc")
        assert (found.title, found.text) == ("A", "C: stegring")

    def test_values_of_every_type(self) -> None:
        values: list[dict[str, Any]] = [
            {"valueQuantity": {"value": 5.0, "unit": "mmol/L", "comparator": "<"}},
            {"valueCodeableConcept": {"text": "Positiv"}},
            {"valueString": "Riklig växt"},
            {"valueBoolean": True},
            {"valueInteger": 3},
            {"valueRange": {"low": {"value": 1}, "high": {"value": 2, "unit": "g"}}},
            {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}},
            {"valueDateTime": "2026-11-01"},
            {"dataAbsentReason": {"text": "Provet koagulerat"}},
            {"valueInteger": 4, "referenceRange": [{"high": {"value": 3}}]},
            {"valueQuantity": {"value": 88, "unit": "g/L"}, "interpretation": [{"coding": [{"code": "L"}]}],
             "referenceRange": [{"low": {"value": 117, "unit": "g/L"}, "high": {"value": 153, "unit": "g/L"}}]},
            {"interpretation": [{"coding": [{"code": "POS"}]}], "component": [{"code": {"text": "ER"}, "valueString": "95 %"}]},
            {"valueString": "skall bort", "status": "entered-in-error"},
        ]  # fmt: skip
        observed = [
            {"resourceType": "Observation", "id": f"v{n}", "code": {"text": f"P{n}"}} | value
            for n, value in enumerate(values)
        ]
        found = one(report(contained=observed, result=[{"reference": f"#v{n}"} for n in range(len(values))]))
        assert found.text.splitlines() == [
            "P0: < 5.0 mmol/L", "P1: Positiv", "P2: Riklig växt", "P3: true", "P4: 3", "P5: 1 – 2 g", "P6: 1 : 128",
            "P7: 2026-11-01", "P8: Provet koagulerat", "P9: 4 (≤ 3)", "P10: 88 g/L (117-153) L", "P11: [POS]", "  ER: 95 %",
        ]  # fmt: skip

    def test_a_panel_that_holds_itself_ends(self) -> None:
        panel = {"resourceType": "Observation", "id": "v", "code": {"text": "P"}, "hasMember": [{"reference": "#v"}]}
        assert one(report(contained=[panel], result=[{"reference": "#v"}])).text == "P"

    @pytest.mark.parametrize(
        ("kind", "content", "text"),
        [
            ("text/plain; charset=iso-8859-1", "Överväg åtgärd".encode("latin-1"), "Överväg åtgärd"),
            ("text/plain", "Överväg".encode(), "Överväg"),
            ("text/plain", "Överväg".encode("cp1252"), "Överväg"),
            ("text/plain; charset=unknown-8", b"abc", "abc"),
            ("text/plain; charset=punycode", b"a-" + b"b" * 3_000, "a-" + "b" * 3_000),
            ("text/plain", b"a\0b", "ab"),
            ("TEXT/HTML", b"<p>Rad&nbsp;1<p>Rad <b>2</b>", "Rad 1\nRad 2"),
            ("application/pdf", b"%PDF", "[application/pdf: Svar]"),
            ("image/png", b"\x89PNG", "[image/png: Svar]"),
        ],
    )
    def test_presented_forms(self, kind: str, content: bytes, text: str) -> None:
        form = {"contentType": kind, "title": "Svar", "data": base64.b64encode(content).decode()}
        assert one(report(presentedForm=[form])).text == text

    def test_the_narrative_stands_in_where_there_is_nothing_else(self) -> None:
        text = {"status": "additional", "div": "<div xmlns='x'><p>Utlåtande</p><p>Ingen &lt;malignitet&gt;</p></div>"}
        assert one(report(text=text)).text == "Utlåtande\nIngen <malignitet>"
        assert one(report(text=text, conclusion="Kort")).text == "Kort"

    def test_too_long_a_text_is_refused_not_cut(self) -> None:
        assert faults(report(conclusion="x" * 20_001)) == {"DiagnosticReport.conclusion": "too-long"}
        form = {"contentType": "text/plain", "data": base64.b64encode(b"x" * 20_000).decode()}
        assert faults(report(conclusion="y", presentedForm=[form])) == {"DiagnosticReport": "too-long"}
        assert len(one(report(conclusion="x" * 20_000)).text) == 20_000
