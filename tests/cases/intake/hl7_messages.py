"""HL7 v2 messages for tests: one that is right, of which each test changes what it is about."""

import pytest

from cases.intake.er7 import Hl7Fault
from cases.intake.hl7v2 import read_hl7
from cases.reports import ReportData

NUMBER = "191212121212"
OID = "1.2.752.129.2.1.3.1"
MSH = r"MSH|^~\&|RIS|Radiologen|MDK|Sjukhuset|20261120101500||ORU^R01^ORU_R01|{control}|P|2.5.1"
PID = f"PID|1||{NUMBER}^^^&{OID}&ISO^NNSWE||Öberg^Åsa^^^^^L||19121212|F"
OBR = "OBR|1|B1^EHR|A1^RIS|CTTH^DT thorax^L|||202611200930|||||||||||A1||||20261120101000||CT|F"
OBX = "OBX|1|TX|U^Utlåtande^L||Inga metastaser.||||||F"


def message(*segments: str, control: str = "K1", head: str = MSH) -> str:
    """Return a message with CR at the ends of its segments; PID, OBR and OBX where none are given."""
    return "\r".join([head.replace("{control}", control), *(segments or (PID, OBR, OBX))]) + "\r"


def changed(segment: str, field: int, value: str) -> str:
    """Return a segment (not MSH) with another value in a field."""
    fields = segment.split("|")
    fields += [""] * (field + 1 - len(fields))
    fields[field] = value
    return "|".join(fields)


def header(field: int, value: str, control: str = "K1") -> str:
    """Return MSH with another value in a field."""
    fields = MSH.replace("{control}", control).split("|")
    fields += [""] * (field - len(fields))
    fields[field - 1] = value
    return "|".join(fields)


def oru(*, request: str = OBR, results: tuple[str, ...] = (OBX,), patient: str = PID, head: str = MSH) -> bytes:
    """Return an ORU^R01 in UTF-8."""
    return message(patient, request, *results, head=head).encode()


def report(**parts: object) -> ReportData:
    """Return the only report of a message with these parts."""
    (only,) = read_hl7(oru(**parts)).reports  # type: ignore[arg-type]
    return only


def fault(raw: bytes) -> tuple[str, int, str]:
    """Return answer, code and place of the fault of a message."""
    with pytest.raises(Hl7Fault) as refused:
        read_hl7(raw)
    return refused.value.ack, refused.value.code, refused.value.location
