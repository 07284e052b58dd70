"""The answer to an HL7 v2 message: ACK with MSA, and ERR where it is not taken; any bytes get exactly one.

The answer is in the sender's characters and version, with sender and receiver changed over. `judge` reads a
message for a door that is going to store it; the door answers when that is done.
"""

import logging
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext as _

from cases.enums import Channel
from cases.intake.er7 import BATCH, LIMIT, Header, Hl7Fault, charset, parse, read_header
from cases.intake.hl7v2 import VERSIONS, read_message
from cases.intake.inbox import Incoming

log = logging.getLogger(__name__)

FAULTS: Final = {
    100: "Segment sequence error",
    101: "Required field missing",
    102: "Data type error",
    103: "Table value not found",
    200: "Unsupported message type",
    201: "Unsupported event code",
    202: "Unsupported processing id",
    203: "Unsupported version id",
    207: "Application internal error",
}
"""Table 0357, with its own words."""
NEWEST: Final = "2.8"
APPLICATION: Final = "MDK"
DECLARED: Final = {"utf-8": "UNICODE UTF-8", "latin-1": "8859/1"}
"""MSH-18 of an answer that needs more than ASCII, to a sender who left it out or named ASCII."""
PLAIN: Final = str.maketrans("“”„’‘–—", '"""\'\'--')
"""What the eight-bit character sets lack of our sentences."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A message that was read for a door: what is to be stored, and why it is refused, if it is."""

    incoming: Incoming
    header: Header
    fault: Hl7Fault | None
    is_kept: bool = True
    """False for what is not stored: a message that is too large, and what is no HL7 at all."""

    def answer(self, fault: Hl7Fault | None = None) -> bytes:
        """Return the acknowledgement, `AA` only without a fault; `fault` is one that came up since."""
        return acknowledge(self.header, fault=fault or self.fault)


def judge(raw: bytes) -> Judged:
    """Return the message as it is to be stored, with its fault if it is refused. Never raises."""
    if len(raw) > LIMIT:
        return judge_head(raw)
    header = None
    try:
        er7 = parse(raw)
        header = er7.header
        read_message(er7, now=timezone.now())
    except Hl7Fault as found:
        fault: Hl7Fault | None = found
    # What was said of the patient is not logged: the class of the error alone.
    except Exception as error:  # noqa: BLE001 - a message that we cannot read is refused, and never ends the door
        log.warning("an HL7 message could not be read: %s", type(error).__name__)
        fault = internal_fault()
    else:
        fault = None
    header = header or read_header(raw)
    sentence = f"{fault.ack} {fault.code} {fault.location}: {fault.text}" if fault else ""
    incoming = Incoming(Channel.HL7V2, raw, header.kind[:40], header.control_id[:200], sentence[:500])
    is_kept = fault is None or header.is_hl7 or fault.code == BATCH
    return Judged(incoming, header, fault, is_kept=is_kept)


def judge_head(raw: bytes) -> Judged:
    """Return what is known of a message that is too large, from its beginning."""
    fault = Hl7Fault("AR", 207, "MSH^1", _("The message is larger than %(limit)d bytes.") % {"limit": LIMIT})
    return Judged(Incoming(Channel.HL7V2, raw), read_header(raw), fault, is_kept=False)


def internal_fault() -> Hl7Fault:
    """Return the fault of a message that could not be read for a reason of ours."""
    return Hl7Fault("AR", 207, "MSH^1", _("The message could not be read."))


def not_stored() -> Hl7Fault:
    """Return the fault of a message that was read, and is not stored: the sender keeps it and sends it again."""
    return Hl7Fault("AE", 207, "MSH^1", _("The message could not be stored. Send it again."))


def acknowledge(header: Header, *, fault: Hl7Fault | None = None) -> bytes:
    """Return the acknowledgement of the message with this header: AA, or AE or AR with ERR. Never raises.

    What is no HL7 at all is answered with a header of our own. Segments end in a carriage return.
    """
    version = header.version if VERSIONS.fullmatch(header.version) else NEWEST
    is_new = float(version[:3]) >= 2.5
    mark, component = header.marks[0], header.marks[1]
    event = header.part(9, 2)
    kind = ["ACK", event, *(["ACK"] if is_new else [])] if event else ["ACK"]
    text = _escaped(fault.text, header.marks) if fault else ""
    head = [
        "MSH", header.marks[1:], header.field(5) or APPLICATION, header.field(6), header.field(3), header.field(4),
        timezone.localtime().strftime("%Y%m%d%H%M%S%z"), "", component.join(kind), uuid4().hex[:20],
        header.field(11) or "P", version,
    ]  # fmt: skip
    declared = header.field(18)
    if not charset(declared) and not "".join((text, *header.fields)).isascii():
        declared = DECLARED.get(header.codec, "")
    head += [""] * 5 + [declared] if declared else []
    segments = [head, ["MSA", fault.ack if fault else "AA", header.control_id, text]]
    if fault:
        segments.append(_error(fault, header, text, is_new=is_new))
    lines = "".join(mark.join(fields).rstrip(mark) + "\r" for fields in segments)
    return _encoded(lines, header.codec)


def _error(fault: Hl7Fault, header: Header, text: str, *, is_new: bool) -> list[str]:
    """Return ERR: from 2.5 on with the place in ERR-2 and the code in ERR-3, before that with both in ERR-1."""
    component, sub = header.marks[1], header.marks[4]
    place = fault.location.split("^")
    code = [str(fault.code), FAULTS[fault.code], "HL70357"]
    if is_new:
        return ["ERR", "", component.join(place), component.join(code), "E", "", "", "", text]
    return ["ERR", component.join([*[*place, "", ""][:3], sub.join(code)])]


def _escaped(text: str, marks: str) -> str:
    """Return a sentence of ours for a field of a message with such marks."""
    escape = marks[3]
    named = {marks[0]: "F", marks[1]: "S", marks[2]: "R", escape: "E", marks[4]: "T", "\r": ".br", "\n": ".br"}
    return "".join(f"{escape}{named[one]}{escape}" if one in named else one for one in text)


def _encoded(text: str, codec: str) -> bytes:
    """Return the answer in the characters of the message; what they lack becomes a question mark."""
    return (text if codec.startswith("utf") else text.translate(PLAIN)).encode(codec, "replace")
