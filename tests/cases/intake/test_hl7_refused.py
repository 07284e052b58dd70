"""What is not taken, and the place of the fault: headers, missing segments and fields, batches, and what is no HL7."""

from datetime import UTC, datetime

import pytest

from cases.intake.er7 import Hl7Fault, parse
from cases.intake.hl7v2 import read_hl7, read_message
from tests.cases.intake.hl7_messages import OBR, OBX, PID, changed, fault, header, message, oru


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (9, "ORM^O01", ("AR", 200, "MSH^1^9")),
        (9, "ADT^A01", ("AR", 201, "MSH^1^9^1^2")),
        (9, "ORU^R30", ("AR", 201, "MSH^1^9^1^2")),
        (9, "ADT", ("AR", 201, "MSH^1^9^1^2")),
        (9, "", ("AE", 101, "MSH^1^9")),
        (10, "", ("AE", 101, "MSH^1^10")),
        (11, "", ("AE", 101, "MSH^1^11")),
        (11, "Q", ("AR", 202, "MSH^1^11")),
        (12, "", ("AE", 101, "MSH^1^12")),
        (12, "3.0", ("AR", 203, "MSH^1^12")),
        (12, "2.9", ("AR", 203, "MSH^1^12")),
        (18, "GB 18030-2000", ("AE", 103, "MSH^1^18")),
    ],
)
def test_a_header_that_is_not_taken(field: int, value: str, expected: tuple[str, int, str]) -> None:
    assert fault(oru(head=header(field, value))) == expected


@pytest.mark.parametrize("value", ["P", "T", "D", "P^T"])
def test_messages_of_training_are_read_like_any(value: str) -> None:
    assert read_hl7(oru(head=header(11, value))).reports


@pytest.mark.parametrize("version", ["2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.6", "2.7.1", "2.8", "2.5^SWE"])
def test_every_version_of_two(version: str) -> None:
    assert read_hl7(oru(head=header(12, version))).reports


def test_an_old_message_names_its_event_elsewhere() -> None:
    assert read_hl7(oru(head=header(9, "ORU"))).kind == "ORU^R01"
    assert read_hl7(message("EVN|A08", PID, head=header(9, "ADT")).encode()).kind == "ADT^A08"


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        ((OBR, OBX), ("AE", 100, "PID^1")),
        ((PID,), ("AE", 100, "OBR^1")),
        (("NTE|1",), ("AE", 100, "PID^1")),
        ((changed(PID, 3, ""), OBR), ("AE", 101, "PID^1^3")),
        ((PID, changed(OBR, 4, ""), OBX), ("AE", 101, "OBR^1^4")),
    ],
)
def test_a_message_that_lacks_something(segments: tuple[str, ...], expected: tuple[str, int, str]) -> None:
    assert fault(message(*segments).encode()) == expected


@pytest.mark.parametrize(
    "raw", [b"", b"MSH", b"MSH|", b"MSH|^", b"MSHAAAA|", b"{}", b"PID|1", b"MSH||||||", b"\xff\xfe\x00"]
)
def test_what_is_no_message(raw: bytes) -> None:
    assert fault(raw)[0] in ("AR", "AE")


@pytest.mark.parametrize("first", [r"FHS|^~\&|A", r"BHS|^~\&|A", message()])
def test_batches_are_refused_whole(first: str) -> None:
    ack, code, _place = fault((first.rstrip("\r") + "\r" + message()).encode())
    assert (ack, code) == ("AR", 200)


NOW = datetime(2026, 11, 22, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (oru(request=changed(OBR, 7, "20991120")), "OBR^1^7"),
        (oru(request=changed(OBR, 22, "20991120")), "OBR^1^22"),
        (message(PID, OBR, changed(OBR, 22, "20991120")).encode(), "OBR^2^22"),
        (message("EVN|A08|20991120", PID, head=header(9, "ADT^A08")).encode(), "EVN^1^2"),
        (message(PID, "MRG|5", head=header(9, "ADT^A40").replace("20261120", "20991120")).encode(), "EVN^1^2"),
    ],
)
def test_what_lies_in_the_future_is_refused_at_the_door_and_not_later(raw: bytes, place: str) -> None:
    with pytest.raises(Hl7Fault) as refused:
        read_message(parse(raw), now=NOW)
    assert (refused.value.ack, refused.value.code, refused.value.location) == ("AE", 102, place)
    assert read_message(parse(raw)) == read_hl7(raw)


def test_a_clock_that_is_a_little_ahead_is_taken() -> None:
    ahead = changed(changed(OBR, 7, "20261123"), 22, "202611231000")
    assert read_message(parse(oru(request=ahead)), now=NOW).reports


def test_as_many_reports_as_one_transaction_bears() -> None:
    assert len(read_hl7(message(PID, *[OBR] * 500).encode()).reports) == 500
    assert fault(message(PID, *[OBR] * 501).encode()) == ("AR", 207, "OBR^501")


@pytest.mark.parametrize("mark", ["|", "~", "^", "&", "\r"])
def test_a_message_of_nothing_but_separators_is_refused_before_it_is_taken_apart(mark: str) -> None:
    raw = oru(results=(f"OBX|1|TX|U||{(mark + 'NTE' if mark == chr(13) else mark) * 200_000}",))
    assert fault(raw) == ("AR", 207, "MSH^1")
