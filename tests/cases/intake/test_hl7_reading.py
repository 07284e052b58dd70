"""What an HL7 v2 message says: statuses, patients, examinations, times and text."""

from datetime import UTC, date, datetime

import pytest

from cases.enums import ResultState
from cases.intake.hl7v2 import read_hl7
from cases.reports import PatientMerge, PatientUpdate, ReportCode, ReportedIdentity, report_from_json
from tests.cases.intake.hl7_messages import NUMBER, OBR, OBX, OID, PID, changed, fault, header, message, oru, report

ME = ReportedIdentity(OID, NUMBER)


def test_a_report_as_it_is_meant() -> None:
    read = read_hl7(oru())
    assert (read.control_id, read.kind, read.version) == ("K1", "ORU^R01", "2.5.1")
    (one,) = read.reports
    assert one.state == ResultState.FINAL
    assert not one.is_corrected
    assert (one.kind, one.modality) == ("radiology", "CT")
    assert one.codes == (ReportCode("L", "CTTH", "DT thorax"), ReportCode("L", "U", "Utlåtande"))
    assert (one.title, one.text) == ("DT thorax", "Utlåtande:\nInga metastaser.")
    assert one.performed_on == date(2026, 11, 20)
    assert one.external_id == "Radiologen|RIS|A1|CTTH"
    assert one.accession_number == "A1"
    assert one.identities == (ME,)
    assert (one.name, one.born_on) == ("Åsa Öberg", date(1912, 12, 12))
    assert one.stamp.startswith("20261120T091000000000|2|")
    assert report_from_json(one.as_json()) == one


def test_each_examination_is_a_report_of_its_own_even_under_one_number() -> None:
    second = changed(changed(OBR, 1, "2"), 4, "CTBUK^DT buk^L")
    third = changed(second, 25, "P")
    reports = read_hl7(message(PID, OBR, OBX, second, OBX, third).encode()).reports
    assert [one.external_id for one in reports] == [
        "Radiologen|RIS|A1|CTTH",
        "Radiologen|RIS|A1|CTBUK",
        "Radiologen|RIS|A1|CTBUK#2",
    ]
    assert [bool(one.text) for one in reports] == [True, True, False]


def test_a_report_without_a_number_of_its_own_is_known_by_the_order_and_then_by_the_message() -> None:
    bare = changed(changed(OBR, 2, ""), 3, "")
    assert report(request=changed(OBR, 3, "")).external_id == "Radiologen|RIS|B1|CTTH"
    assert report(request=bare).external_id == "Radiologen|RIS|K1:1|CTTH"
    (with_order,) = read_hl7(message(PID, "ORC|RE|P7|F7", bare).encode()).reports
    assert with_order.external_id == "Radiologen|RIS|F7|CTTH"


def test_patients_each_with_their_own_reports() -> None:
    other = PID.replace(NUMBER, "194701012380").replace("Åsa", "Bo")
    reports = read_hl7(message(PID, OBR, OBX, other, OBR, OBX).encode()).reports
    assert [one.name for one in reports] == ["Åsa Öberg", "Bo Öberg"]
    assert [one.identities[0].value for one in reports] == [NUMBER, "194701012380"]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (3, f"1^^^X&{OID}&ISO~1^^^X&{OID}&ISO~2^^^LAB", [(OID, "1"), ("", "2")]),
        (3, f"1^^^{OID}", [(OID, "1")]),
        (3, f"1^^^&urn:oid:{OID}&ISO", [(OID, "1")]),
        (2, f"7^^^&{OID}&ISO", [(OID, NUMBER), (OID, "7")]),
        (4, "8", [(OID, NUMBER), ("", "8")]),
        (3, "9" * 65 + "~3", [("", "3")]),
    ],
)
def test_the_numbers_of_a_patient(field: int, value: str, expected: list[tuple[str, str]]) -> None:
    assert report(patient=changed(PID, field, value)).identities == tuple(ReportedIdentity(*one) for one in expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Öberg^Åsa", "Åsa Öberg"),
        ("Öberg", "Öberg"),
        ("^^^^^^L~Öberg^Åsa^^^^^N", "Åsa Öberg"),
        ("Åström^Åsa^^^^^M~Öberg^Åsa^^^^^L", "Åsa Öberg"),
        ("Öberg&von&Öberg^Åsa", "Åsa Öberg"),
        ("", ""),
        ('""', ""),
    ],
)
def test_the_name_of_a_patient(name: str, expected: str) -> None:
    assert report(patient=changed(PID, 5, name)).name == expected


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("RAD", ("radiology", "")), ("CT", ("radiology", "CT")), ("NMR", ("radiology", "MR")), ("MR", ("radiology", "MR")),
        ("RUS", ("radiology", "US")), ("RX", ("radiology", "DX")), ("NMS", ("radiology", "NM")), ("PT", ("radiology", "PT")),
        ("MG", ("radiology", "MG")), ("SP", ("pathology", "")), ("CP", ("pathology", "")), ("PAT", ("pathology", "")),
        ("PAD", ("pathology", "")), ("LAB", ("lab", "")), ("CH", ("lab", "")), ("HM", ("lab", "")), ("SR", ("lab", "")),
        ("ct", ("radiology", "CT")), ("PHY", ("", "")), ("", ("", "")),
    ],
)  # fmt: skip
def test_kind_and_modality(section: str, expected: tuple[str, str]) -> None:
    read = report(request=changed(OBR, 24, section))
    assert (read.kind, read.modality) == expected


def test_the_imaging_segment_knows_the_examination_best() -> None:
    read = report(results=(OBX, "IPC|ACC9|RP1|1.2.826.0.1.3680043.2.1|SPS1|MR"))
    assert (read.accession_number, read.study_uid, read.modality) == ("ACC9", "1.2.826.0.1.3680043.2.1", "MR")


@pytest.mark.parametrize("code", ["113014^Study^DCM", "110180^x^DCM", "X^Study Instance UID^L"])
def test_the_study_stands_in_a_result(code: str) -> None:
    assert report(results=(f"OBX|2|ST|{code}||1.2.3.4.5||||||F",)).study_uid == "1.2.3.4.5"
    assert report(results=(f"OBX|2|ST|{code}||not a uid||||||F",)).study_uid == ""


def test_a_number_that_cannot_be_an_accession_number_is_none() -> None:
    assert report(request=changed(OBR, 18, "")).accession_number == "A1"
    assert report(request=changed(OBR, 18, "9" * 65)).accession_number == ""


def test_a_report_without_an_accession_number_is_known_by_the_number_of_its_order() -> None:
    bare = changed(changed(changed(OBR, 2, ""), 3, ""), 18, "")
    assert report(request=changed(changed(OBR, 3, ""), 18, "")).accession_number == "B1"
    (with_order,) = read_hl7(message(PID, "ORC|RE|P7|", bare).encode()).reports
    assert with_order.accession_number == "P7"
    assert report(request=bare).accession_number == ""


@pytest.mark.parametrize(
    ("at_7", "at_14", "at_22", "expected"),
    [
        ("20261118", "20261119", "20261120", date(2026, 11, 18)),
        ("", "20261119", "20261120", date(2026, 11, 19)),
        ("202611", "20261119", "20261120", date(2026, 11, 19)),
        ('""', "", "20261120", date(2026, 11, 20)),
        ("20261118235959.1234+0100", "", "", date(2026, 11, 18)),
        ("20261118233000-0700", "", "", date(2026, 11, 18)),
    ],
)
def test_the_day_of_the_examination(at_7: str, at_14: str, at_22: str, expected: date) -> None:
    read = report(request=changed(changed(OBR, 7, at_7), 22, at_22), results=(changed(OBX, 14, at_14),))
    assert read.performed_on == expected


def test_an_answer_without_a_day_has_that_of_its_message_and_an_order_needs_none() -> None:
    undated = changed(changed(OBR, 7, ""), 22, "")
    assert report(request=undated).performed_on == date(2026, 11, 20)
    for status in "FP":
        monthly = oru(request=changed(undated, 25, status), head=header(7, "202611"))
        assert fault(monthly) == ("AE", 101, "OBR^1^7")
    for status in "OISX":
        assert report(request=changed(undated, 25, status)).performed_on is None
    assert report(request=changed(OBR, 25, "S")).performed_on is None


@pytest.mark.parametrize(
    "text", ["2026-11-20", "20261301", "20260230", "2026112", "202611202500", "i dag", "00000000", "20261120+2500"]
)
def test_what_is_no_time_is_refused_by_its_place(text: str) -> None:
    assert fault(oru(request=changed(OBR, 7, text))) == ("AE", 102, "OBR^1^7")
    assert fault(oru(request=changed(OBR, 22, text))) == ("AE", 102, "OBR^1^22")
    assert fault(oru(patient=changed(PID, 7, text))) == ("AE", 102, "PID^1^7")
    assert fault(oru(head=header(7, text))) == ("AE", 102, "MSH^1^7")
    assert fault(message(PID, OBR, OBX, changed(OBR, 7, text)).encode()) == ("AE", 102, "OBR^2^7")


@pytest.mark.parametrize(
    ("changed_at", "sent_at", "expected"),
    [
        ("20261120101010", "20261120235959", "20261120T091010000000"),
        ("20261120101010+0000", "", "20261120T101010000000"),
        ("20260720101010", "", "20260720T081010000000"),
        ("202611201010", "20261120101030", "20261120T091030000000"),
        ("202611201010", "20261120101130", "20261120T091000000000"),
        ("20261120", "20261120101010", "20261120T091010000000"),
        ("20261119", "20261120101010", "20261118T230000000000"),
        ("", "20261120101010", "20261120T091010000000"),
        ("2026", "20261120101010", "20261120T091010000000"),
        ("", "", "0"),
    ],
)
def test_when_a_report_was_issued(changed_at: str, sent_at: str, expected: str) -> None:
    read = report(request=changed(OBR, 22, changed_at), head=header(7, sent_at))
    assert read.stamp.split("|")[0] == expected


def test_two_versions_are_never_equal_and_the_same_report_always_is() -> None:
    again = report(head=header(10, "K2"))
    assert report().stamp == again.stamp
    assert report(results=(OBX.replace("Inga", "Flera"),)).stamp != again.stamp
    assert report(request=changed(OBR, 25, "C")).stamp > again.stamp > report(request=changed(OBR, 25, "P")).stamp


def test_when_it_was_ordered_and_for_when_it_is_planned() -> None:
    planned = changed(OBR, 25, "S")
    order = "ORC|SC|B1|A1||||^^^20261125||20261101"
    (ordered,) = read_hl7(message(PID, order, planned).encode()).reports
    assert (ordered.ordered_on, ordered.expected_on) == (date(2026, 11, 1), date(2026, 11, 25))
    (with_tq1,) = read_hl7(message(PID, "ORC|SC|B1|A1", planned, "TQ1|1||||||202611260800").encode()).reports
    assert with_tq1.expected_on == date(2026, 11, 26)
    assert report(request=changed(planned, 36, "20261127")).expected_on == date(2026, 11, 27)
    assert report(request=changed(OBR, 36, "20261127")).expected_on is None
    (answered,) = read_hl7(message(PID, "ORC|RE|B1|A1||||||20261120", OBR).encode()).reports
    assert answered.ordered_on is None  # the time of the answer is none of the order
    assert report(request=changed(OBR, 6, "20261110")).ordered_on == date(2026, 11, 10)
    assert report(request=changed(OBR, 6, "20261210")).ordered_on is None  # after the answer


def test_text_as_a_person_reads_it() -> None:
    results = (
        r"OBX|1|FT|U^Utlåtande^L||Rad ett\.br\Rad två~Ny repetition||||||F",
        "OBX|2|TX|U^Utlåtande^L||Fortsättning||||||F",
        "OBX|3|NM|2345-7^P-Glukos^LN||5.6|mmol/L^^UCUM|4.0-6.0|H~A|||F",
        "OBX|4|SN|X^HCV^L||>^11.0|1||||F",
        "OBX|5|CWE|Y^Fynd^L||K^Adenokarcinom^SCT~L^Inflammation^SCT||||||F",
        "OBX|6|ED|PDF^Svar^L||^application^pdf^Base64^JVBERi0=||||||F",
        "NTE|1||Svar även per telefon.",
        "OBX|7|TX|D^Diagnos^L||struken||||||D",
        r"OBX|8|ST|S^Slut^L||A\T\B \F\ \X4142\ C:\temp||||||F",
    )
    assert report(results=results).text.split("\n") == [
        "Utlåtande:", "Rad ett", "Rad två", "Ny repetition", "Fortsättning", "P-Glukos: 5.6 mmol/L (4.0-6.0) H A",
        "HCV: >11.0 1", "Fynd: Adenokarcinom; Inflammation", "Svar: [application/pdf]", "Svar även per telefon.",
        "Slut:", "A&B | AB C:\\temp",
    ]  # fmt: skip


def test_a_text_that_is_too_long_is_refused_and_not_cut() -> None:
    long = changed(OBX, 5, "a" * 19_000)
    assert len(report(results=(long,)).text) > 19_000
    assert fault(oru(results=(long, long))) == ("AE", 102, "OBX^1^5")


def test_lines_that_were_broken_within_a_field_are_mended() -> None:
    raw = message(PID, OBR, changed(OBX, 5, "Rad ett\nRad två\x0bRad tre")).encode()
    assert read_hl7(raw).reports[0].text == "Utlåtande:\nRad ett\nRad två\nRad tre"


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r", "\n\n"])
def test_every_kind_of_line_end(end: str) -> None:
    raw = message().replace("\r", end).encode()
    assert read_hl7(raw).reports == read_hl7(message().encode()).reports


def test_other_marks_than_the_usual_ones() -> None:
    table = str.maketrans("|^~\\&", "#!*?+")
    assert read_hl7(message().translate(table).encode()).reports[0].title == "DT thorax"


def test_the_new_name_of_a_patient() -> None:
    head = header(9, "ADT^A08")
    raw = message("EVN|A08|20261120120000", PID, head=head).encode()
    update = PatientUpdate((ME,), "Åsa Öberg", datetime(2026, 11, 20, 11, tzinfo=UTC))
    assert read_hl7(raw).updates == (update,)
    assert fault(message(changed(PID, 5, ""), head=head).encode()) == ("AE", 101, "PID^1^5")
    assert fault(message(changed(PID, 3, ""), head=head).encode()) == ("AE", 101, "PID^1^3")
    assert fault(message("EVN|A08", head=head).encode()) == ("AE", 100, "PID^1")
    assert fault(message(PID, head=header(9, "ADT^A08").replace("20261120101500", "")).encode()) == (
        "AE",
        101,
        "MSH^1^7",
    )


def test_numbers_that_were_merged() -> None:
    head = header(9, "ADT^A40^ADT_A39")
    other = PID.replace(NUMBER, "194701012380")
    raw = message(
        "EVN|A40|20261120120000", PID, "MRG|990000000001^^^&1.2.752.97.3.1.3&ISO~X^^^L", other, "MRG|5", head=head
    )
    as_of = datetime(2026, 11, 20, 11, tzinfo=UTC)
    first = PatientMerge(
        (ReportedIdentity("1.2.752.97.3.1.3", "990000000001"), ReportedIdentity("", "X")), (ME,), "Åsa Öberg", as_of
    )
    second = PatientMerge((ReportedIdentity("", "5"),), (ReportedIdentity(OID, "194701012380"),), "Åsa Öberg", as_of)
    assert read_hl7(raw.encode()).merges == (first, second)
    assert fault(message(PID, "MRG|", head=head).encode()) == ("AE", 101, "MRG^1^1")
    assert fault(message(PID, head=head).encode()) == ("AE", 100, "MRG^1")
    assert fault(message("MRG|5", head=head).encode()) == ("AE", 100, "PID^1")
