"""What an HL7 v2 message says: ORU^R01 (reports), ADT^A08 (a patient's name) and ADT^A40 (numbers merged).

Pure: bytes in, values out. A field that is read must be right; one that is not read may be anything. Which codes
mean what stands in `hl7v2_tables`; docs/operations.md tells senders.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from cases.intake.er7 import Er7, Header, Hl7Fault, Segment, missing, parse, without
from cases.intake.hl7v2_report import read_reports
from cases.intake.hl7v2_values import identities, moment, person_name
from cases.reports import PatientMerge, PatientUpdate, ReportData, issued_after

VERSIONS: Final = re.compile(r"2\.[1-8](\.[0-9])?")
PROCESSING: Final = frozenset("PDT")
"""MSH-11: production, debugging, training."""
AHEAD: Final = timedelta(days=1)
"""How far ahead of ours a sender's clock may be; wrong offsets to UTC are among it."""


@dataclass(frozen=True, slots=True)
class Hl7Message:
    """What one message says."""

    control_id: str
    kind: str
    version: str
    reports: tuple[ReportData, ...] = ()
    updates: tuple[PatientUpdate, ...] = ()
    merges: tuple[PatientMerge, ...] = ()


def read_hl7(raw: bytes) -> Hl7Message:
    """Return what the message says; Hl7Fault with the code of table 0357 and the place for what is not taken."""
    return read_message(parse(raw))


def read_message(er7: Er7, *, now: datetime | None = None) -> Hl7Message:
    """Return what the segments of a message say; Hl7Fault for what is not taken.

    With `now` given, what lies in the future is a fault. Without, the content alone is judged, so that a message
    which was taken once is read the same ever after.
    """
    reader = _reader_of(er7.header, er7.segments)
    _check_header(er7.header)
    message = reader(er7)
    if now is not None:
        _check_times(message, now)
    return message


def _check_times(message: Hl7Message, now: datetime) -> None:
    """Refuse what has not happened yet: it would shut out every later version, and never grow too old."""
    latest = now + AHEAD
    for number, report in enumerate(message.reports, start=1):
        if report.performed_on and report.performed_on > timezone.localdate(latest):
            raise _in_the_future(f"OBR^{number}^7")
        if issued_after(report.stamp, latest):
            raise _in_the_future(f"OBR^{number}^22")
    said = [one.as_of for one in message.updates] + [one.as_of for one in message.merges]
    if any(as_of > latest for as_of in said):
        raise _in_the_future("EVN^1^2")


def _in_the_future(location: str) -> Hl7Fault:
    return Hl7Fault("AE", 102, location, _("This is in the future. Check the clock of the sender."))


def _reader_of(header: Header, segments: Sequence[Segment]) -> Callable[[Er7], Hl7Message]:
    sort, event = header.part(9, 1).upper(), header.part(9, 2).upper()
    if not sort:
        raise missing("MSH^1^9")
    if sort not in {kind.split("^")[0] for kind in READERS}:
        message = _("Messages of the type %(type)s are not taken; %(known)s are.")
        raise Hl7Fault("AR", 200, "MSH^1^9", message % {"type": sort[:20], "known": KNOWN})
    if not event:
        event = "R01" if sort == "ORU" else next((one.text(1) for one in segments if one.name == "EVN"), "")
    if f"{sort}^{event}" not in READERS:
        message = _("The event %(event)s is not taken; %(known)s are.")
        raise Hl7Fault("AR", 201, "MSH^1^9^1^2", message % {"event": event[:20], "known": KNOWN})
    return READERS[f"{sort}^{event}"]


def _check_header(header: Header) -> None:
    for number in (12, 11, 10):
        if not header.part(number, 1):
            raise missing(f"MSH^1^{number}")
    if not VERSIONS.fullmatch(header.version):
        message = _("The version %(version)s is not taken; 2.1 to 2.8 are.") % {"version": header.version[:20]}
        raise Hl7Fault("AR", 203, "MSH^1^12", message)
    if header.part(11, 1).upper() not in PROCESSING:
        message = _("The processing id %(id)s (MSH-11) is not known.") % {"id": header.part(11, 1)[:20]}
        raise Hl7Fault("AR", 202, "MSH^1^11", message)


def _read_reports(er7: Er7) -> Hl7Message:
    return Hl7Message(er7.header.control_id, "ORU^R01", er7.header.version, reports=read_reports(er7))


def _as_of(er7: Er7) -> datetime:
    """Return when it was so: EVN-2 (recorded), else MSH-7."""
    recorded = [moment(one, 2) for one in er7.segments if one.name == "EVN"]
    found = next(filter(None, (*recorded, moment(er7.segments[0], 7))), None)
    if found is None:
        raise missing("MSH^1^7")
    return found.at


def _read_update(er7: Er7) -> Hl7Message:
    updates = []
    for patient in (one for one in er7.segments if one.name == "PID"):
        numbers, name = identities(patient, 3, 2, 4), person_name(patient, 5)
        if not numbers or not name:
            raise missing(patient.at(5 if numbers else 3))
        updates.append(PatientUpdate(numbers, name, _as_of(er7)))
    if not updates:
        raise without("PID")
    return Hl7Message(er7.header.control_id, "ADT^A08", er7.header.version, updates=tuple(updates))


def _read_merges(er7: Er7) -> Hl7Message:
    patient, merges = None, []
    for segment in er7.segments:
        if segment.name == "PID":
            patient = segment
        elif segment.name == "MRG":
            if patient is None:
                raise without("PID")
            old, surviving = identities(segment, 1, 4), identities(patient, 3)
            if not old or not surviving:
                raise missing(patient.at(3) if old else segment.at(1))
            merges.append(PatientMerge(old, surviving, person_name(patient, 5), _as_of(er7)))
    if not merges:
        raise without("MRG" if patient else "PID")
    return Hl7Message(er7.header.control_id, "ADT^A40", er7.header.version, merges=tuple(merges))


READERS: Final[Mapping[str, Callable[[Er7], Hl7Message]]] = {
    "ORU^R01": _read_reports,
    "ADT^A08": _read_update,
    "ADT^A40": _read_merges,
}
KNOWN: Final = ", ".join(READERS).replace("^", "_")
"""As a sentence names them: in an answer, `^` would have to be escaped."""
