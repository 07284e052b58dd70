"""The answer to a message: in its characters and version, and exactly one for any bytes."""

import re
from pathlib import Path

import hl7
import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from cases.enums import Channel
from cases.intake.acknowledge import acknowledge, judge, not_stored
from cases.intake.er7 import LIMIT
from cases.intake.hl7v2 import read_hl7
from tests.cases.intake.hl7_messages import OBR, PID, changed, header, message, oru

FOLDER = Path(__file__).parents[2] / "messages" / "hl7v2"
SAMPLES = sorted(FOLDER.glob("*.hl7"))
WRONG = oru(request=changed(OBR, 25, "?"))


def lines(answer: bytes, encoding: str = "utf-8") -> dict[str, list[str]]:
    """Return the segments of an answer by name, each field as sent."""
    text = answer.decode(encoding)
    assert text.endswith("\r")
    rows = [line.split("|") for line in text.rstrip("\r").split("\r")]
    return {row[0]: row for row in rows}


def test_a_message_that_is_taken() -> None:
    judged = judge(oru())
    assert judged.fault is None
    assert (judged.incoming.channel, judged.incoming.kind, judged.incoming.control_id) == (
        Channel.HL7V2,
        "ORU^R01",
        "K1",
    )
    assert (judged.incoming.raw, judged.incoming.fault) == (oru(), "")
    answer = lines(judged.answer())
    head = answer["MSH"]
    assert head[1] == "^~\\&"
    assert head[2:6] == ["MDK", "Sjukhuset", "RIS", "Radiologen"]
    assert re.fullmatch(r"\d{14}[+-]\d{4}", head[6])
    assert head[8] == "ACK^R01^ACK"
    assert head[9] not in ("", "K1")
    assert head[10:12] == ["P", "2.5.1"]
    assert answer["MSA"] == ["MSA", "AA", "K1"]
    assert "ERR" not in answer
    assert str(hl7.parse(judged.answer().decode())["MSA.1"]) == "AA"


def test_a_message_that_is_refused_says_where_and_why() -> None:
    judged = judge(WRONG)
    assert judged.incoming.fault.startswith("AE 103 OBR^1^25: ")
    with translation.override("en"):
        answer = lines(judge(WRONG).answer())
    assert answer["MSA"] == ["MSA", "AE", "K1", "“?” is no status of a report (OBR-25, table 0123)."]
    assert answer["ERR"][1:5] == ["", "OBR^1^25", "103^Table value not found^HL70357", "E"]
    assert answer["ERR"][8] == answer["MSA"][3]


@pytest.mark.parametrize(
    ("version", "is_new"), [("2.1", False), ("2.3.1", False), ("2.4", False), ("2.5", True), ("2.8", True)]
)
def test_older_versions_get_the_older_form_of_err(version: str, is_new: bool) -> None:
    raw = oru(request=changed(OBR, 25, "?"), head=header(12, version))
    answer = lines(judge(raw).answer())
    assert answer["MSH"][11] == version
    assert answer["MSH"][8] == ("ACK^R01^ACK" if is_new else "ACK^R01")
    assert answer["ERR"][1] == ("" if is_new else "OBR^1^25^103&Table value not found&HL70357")


@pytest.mark.parametrize(
    ("declared", "encoding", "expected"),
    [
        ("", "utf-8", "utf-8"),
        ("", "latin-1", "latin-1"),
        ("", "cp1252", "cp1252"),
        ("8859/1", "latin-1", "latin-1"),
        ("8859/15", "iso8859-15", "iso8859-15"),
        ("UNICODE UTF-8", "utf-8", "utf-8"),
        ("UTF-8", "utf-8", "utf-8"),
        ("UNICODE UTF-8", "latin-1", "latin-1"),
        ("ASCII", "latin-1", "latin-1"),
        ("ASCII", "utf-8", "utf-8"),
        ("8859/1~UNICODE UTF-8", "latin-1", "latin-1"),
    ],
)
def test_swedish_letters_come_and_go_as_they_were_sent(declared: str, encoding: str, expected: str) -> None:
    text = message(PID, OBR, "OBX|1|TX|X||å ä ö Å Ä Ö é||||||F", head=header(18, declared))
    text = text.replace("Sjukhuset", "Åmål")
    judged = judge(text.encode(encoding))
    assert judged.fault is None
    (report,) = read_hl7(text.encode(encoding)).reports
    assert report.name == "Åsa Öberg"
    assert "å ä ö Å Ä Ö é" in report.text
    with translation.override("sv"):
        refused = judge(text.replace("|CT|F\r", "|CT|Q\r").encode(encoding)).answer()
    answer = lines(refused, expected)
    assert answer["MSH"][3] == "Åmål"
    named = "" if declared == "ASCII" else declared
    assert answer["MSH"][17] == (named or {"utf-8": "UNICODE UTF-8"}.get(expected, "8859/1"))
    assert answer["MSA"][1] == "AE"
    assert "Q" in answer["MSA"][3]
    assert "?" not in answer["MSA"][3]


def test_an_answer_without_swedish_letters_declares_nothing_that_was_not_declared() -> None:
    assert len(lines(judge(oru()).answer())["MSH"]) == 12


def test_utf_16_and_byte_order_marks() -> None:
    text = message()
    assert judge(text.encode("utf-8-sig")).fault is None
    assert judge(text.encode("utf-16")).fault is None
    assert lines(judge(text.encode("utf-16")).answer(), "utf-16")["MSA"] == ["MSA", "AA", "K1"]


def test_the_frame_of_mllp_does_no_harm() -> None:
    assert judge(b"\x0b" + oru() + b"\x1c\r").fault is None


def test_the_sender_s_marks_are_used() -> None:
    table = str.maketrans("|^~\\&", "#!*%+")
    raw = message(PID, changed(OBR, 25, "\\F\\?\\F\\")).translate(table).encode()
    answer = judge(raw).answer().decode()
    assert answer.startswith("MSH#!*%+#")
    assert "%F%?%F%" in answer  # our own sentence quotes the mark, escaped
    assert "ERR##OBR!1!25#103!Table value not found!HL70357#E" in answer


@pytest.mark.parametrize(
    "raw", [b"", b"MSH", b"GET / HTTP/1.1\r\n\r\n", b'{"resourceType": "Bundle"}', b"\x00\x01\xff"]
)
def test_what_is_no_message_is_rejected_with_a_header_of_ours(raw: bytes) -> None:
    answer = lines(judge(raw).answer(), "latin-1")
    assert answer["MSH"][2] == "MDK"
    assert answer["MSA"][1] == "AR"
    assert "ERR" in answer


def test_a_message_that_is_too_large_is_rejected() -> None:
    judged = judge(oru() + b"OBX|2|TX|X||" + b"a" * LIMIT)
    assert judged.fault is not None
    assert lines(judged.answer())["MSA"][1:3] == ["AR", "K1"]


def test_a_message_that_was_not_stored_is_never_accepted() -> None:
    assert lines(judge(oru()).answer(not_stored()))["MSA"][1:3] == ["AE", "K1"]


def test_a_fault_of_ours_is_no_accident(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_message: object) -> None:
        raise RuntimeError("the patient's name")

    monkeypatch.setattr("cases.intake.acknowledge.read_message", breaks)
    judged = judge(oru())
    assert judged.incoming.fault.startswith("AR 207")
    assert "patient" not in judged.incoming.fault
    assert lines(judged.answer())["MSA"][1:3] == ["AR", "K1"]


def one_answer(raw: bytes) -> None:
    """Hold what every answer must be: one ACK that can be read, AA only without a fault, storable columns."""
    judged = judge(raw)
    answer = judged.answer()
    assert answer.count(b"MSA") >= 1 or answer.startswith((b"\xff\xfe", b"\xfe\xff"))
    assert answer[-1:] == b"\r" or answer.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = acknowledge(judged.header, fault=judged.fault).decode("utf-16" if answer[:2] == b"\xff\xfe" else "latin-1")
    segments = text.rstrip("\r").split("\r")
    assert [one[:3] for one in segments] == (["MSH", "MSA", "ERR"] if judged.fault else ["MSH", "MSA"])
    assert segments[1][4:6] == (judged.fault.ack if judged.fault else "AA")
    incoming = judged.incoming
    assert "\0" not in incoming.kind + incoming.control_id + incoming.fault
    (incoming.kind + incoming.control_id + incoming.fault).encode()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_get_one_answer(raw: bytes) -> None:
    one_answer(raw)


PARTS = st.lists(
    st.one_of(
        st.sampled_from(
            [message(), PID + "\r", OBR + "\r", "OBX|1|TX|X||a||||||F\r", "MSH|^~\\&", "MSH|", "ORU^R01", "ADT^A40", "MRG|1\r",
             "|", "^", "~", "\\", "&", "\r", "\n", "\\X0041\\", "\\.br+99\\", '""', "2.5", "P", "8859/1", "å", "\0", "\x0b", "EVN|A40|2026"]
        ),
        st.text(max_size=8),
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(PARTS, st.sampled_from(["utf-8", "latin-1", "utf-16"]))
def test_anything_made_of_pieces_of_messages_gets_one_answer(pieces: list[str], encoding: str) -> None:
    one_answer("".join(pieces).encode(encoding, "replace"))


FIELDS = st.tuples(
    st.sampled_from([PID, OBR, "OBX|1|TX|X||a||||||F", "ORC|RE|1|2", "TQ1|1", "IPC|1", "NTE|1"]),
    st.integers(1, 45),
    st.one_of(
        st.text(max_size=12), st.sampled_from(["20261120", "^^^&1.2&ISO", "~~", "&&^&", '""', "2026113", "C", "x^y^z"])
    ),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(FIELDS, max_size=8), st.integers(3, 25), st.text(max_size=8))
def test_any_field_may_hold_anything(fields: list[tuple[str, int, str]], place: int, value: str) -> None:
    segments = [changed(*one) for one in fields]
    one_answer(message(PID, *segments, head=header(place, value)).encode("utf-8", "replace"))
    one_answer(message(PID, OBR, *segments).encode("latin-1", "replace"))
