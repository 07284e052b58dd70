"""What an HL7 v2 message says: ORU^R01 (reports), ADT^A08 (a patient's name) and ADT^A40 (numbers merged).

Pure: bytes in, values out. A field that is read must be right; one that is not read may be anything. Which codes
mean what stands in `hl7v2_tables`; docs/operations.md tells senders.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from cases.enums import ResultState
from cases.intake.er7 import Er7, Header, Hl7Fault, Segment, parse
from cases.intake.hl7v2_tables import section_of, state_of
from cases.intake.hl7v2_values import Moment, codes, identities, label, moment, person_name, report_text
from cases.reports import PatientMerge, PatientUpdate, ReportData, stamp_of

VERSIONS: Final = re.compile(r"2\.[1-8](\.[0-9])?")
PROCESSING: Final = frozenset("PDT")
"""MSH-11: production, debugging, training."""
LONGEST_TEXT: Final = 20_000
"""Characters of a report, as for answers that come by other doors."""
MOST_CODES: Final = 500
ORDERING: Final = frozenset({"NW", "SN", "NA", "OK", "SC", "XO"})
"""ORC-1 of a message about the order: its time (ORC-9) is that of the order, not that of the answer."""
STUDY_UID: Final = frozenset({"113014", "110180"})
"""Codes of DICOM under which senders give the study instance UID in OBX."""

_UID = re.compile(r"[0-9.]{5,64}")


@dataclass(frozen=True, slots=True)
class Hl7Message:
    """What one message says."""

    control_id: str
    kind: str
    version: str
    reports: tuple[ReportData, ...] = ()
    updates: tuple[PatientUpdate, ...] = ()
    merges: tuple[PatientMerge, ...] = ()


@dataclass(slots=True)
class Group:
    """The segments of one report."""

    patient: Segment
    order: Segment | None
    request: Segment
    rest: list[Segment] = field(default_factory=list)

    def named(self, name: str) -> list[Segment]:
        """Return the segments of a name."""
        return [segment for segment in self.rest if segment.name == name]


def read_hl7(raw: bytes) -> Hl7Message:
    """Return what the message says; Hl7Fault with the code of table 0357 and the place for what is not taken."""
    return read_message(parse(raw))


def read_message(er7: Er7) -> Hl7Message:
    """Return what the segments of a message say; Hl7Fault for what is not taken."""
    reader = _reader_of(er7.header, er7.segments)
    _check_header(er7.header)
    return reader(er7)


def _reader_of(header: Header, segments: Sequence[Segment]) -> Callable[[Er7], Hl7Message]:
    sort, event = header.part(9, 1).upper(), header.part(9, 2).upper()
    if not sort:
        raise missing("MSH^1^9")
    if sort not in {kind.split("^")[0] for kind in READERS}:
        message = _("Messages of the type %(type)s are not taken; %(known)s are.")
        raise Hl7Fault("AR", 200, "MSH^1^9", message % {"type": sort[:20], "known": ", ".join(READERS)})
    if not event:
        event = "R01" if sort == "ORU" else next((one.text(1) for one in segments if one.name == "EVN"), "")
    if f"{sort}^{event}" not in READERS:
        message = _("The event %(event)s is not taken; %(known)s are.")
        raise Hl7Fault("AR", 201, "MSH^1^9^1^2", message % {"event": event[:20], "known": ", ".join(READERS)})
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


def missing(location: str) -> Hl7Fault:
    """Return the fault for a required field that is empty."""
    name, _number, position = location.split("^")[:3]
    return Hl7Fault("AE", 101, location, _("The field %(field)s is empty.") % {"field": f"{name}-{position}"})


def _without(segment: str) -> Hl7Fault:
    return Hl7Fault("AE", 100, f"{segment}^1", _("The segment %(segment)s is missing.") % {"segment": segment})


def _message(er7: Er7, kind: str) -> Hl7Message:
    return Hl7Message(er7.header.control_id, kind, er7.header.version)


def _read_reports(er7: Er7) -> Hl7Message:
    groups = _groups(er7.segments)
    sent = moment(er7.segments[0], 7)
    ids = [_external_id(er7.header, group) for group in groups]
    seen: Counter[str] = Counter()
    reports = []
    for group, external_id in zip(groups, ids, strict=True):
        seen[external_id] += 1
        again = f"#{seen[external_id]}" if seen[external_id] > 1 else ""
        reports.append(_report(group, external_id + again, sent))
    head = _message(er7, "ORU^R01")
    return Hl7Message(head.control_id, head.kind, head.version, reports=tuple(reports))


def _groups(segments: Sequence[Segment]) -> list[Group]:
    """Return the reports of the message: each OBR with the ORC before it and what follows it."""
    patient, order = None, None
    groups: list[Group] = []
    is_open = False
    for segment in segments:
        if segment.name == "PID":
            patient, order, is_open = segment, None, False
        elif segment.name == "ORC":
            order, is_open = segment, False
        elif segment.name == "OBR":
            if patient is None:
                raise _without("PID")
            groups.append(Group(patient, order, segment))
            order, is_open = None, True
        elif is_open:
            groups[-1].rest.append(segment)
    if not groups:
        raise _without("PID" if patient is None else "OBR")
    return groups


def _external_id(header: Header, group: Group) -> str:
    """Return what the report is known by: the sender, its number (else the order's), and what was examined.

    Laboratories give one number to several examinations, so the number alone would let one answer another.
    """
    request, order = group.request, group.order
    number = request.text(3) or (order.text(3) if order else "") or request.text(2) or (order.text(2) if order else "")
    examined = request.text(4) or request.text(4, 4) or request.text(4, 2)
    if not number:
        number = f"{header.control_id}:{request.text(1) or request.number}"
    sender = (header.part(4, 1) or header.part(4, 2), header.part(3, 1) or header.part(3, 2))
    return "|".join((*sender, number, examined))


def _report(group: Group, external_id: str, sent: Moment | None) -> ReportData:
    request, results = group.request, group.named("OBX")
    state, rank = _state(group)
    numbers = identities(group.patient, 3, 2, 4)
    if not numbers:
        raise missing(group.patient.at(3))
    title = label(request, 4)
    if not title:
        raise missing(request.at(4))
    changed = moment(request, 22)
    performed_on = _performed_on(request, results, changed)
    if performed_on is None and state in (ResultState.PRELIMINARY, ResultState.FINAL):
        raise missing(request.at(7))
    issued_at = _issued_at(changed, sent)
    kind, modality, accession, study_uid = _examination(group)
    all_codes = [*codes(request, 4, 44), *(code for one in results for code in codes(one, 3))]
    text = report_text(title, group.rest)
    if len(text) > LONGEST_TEXT:
        message = _("The text of the report is longer than %(limit)d characters.") % {"limit": LONGEST_TEXT}
        raise Hl7Fault("AE", 102, "OBX^1^5", message)
    born = moment(group.patient, 7)
    return ReportData(
        external_id=external_id,
        stamp=stamp_of(issued_at, rank, _content(group)),
        state=state,
        kind=kind,
        modality=modality,
        codes=tuple(dict.fromkeys(all_codes))[:MOST_CODES],
        title=title,
        text=text,
        performed_on=None if state == ResultState.ORDERED else performed_on,
        ordered_on=_ordered_on(group, state, issued_at),
        expected_on=_expected_on(group, state),
        accession_number=accession,
        study_uid=study_uid,
        is_corrected=rank == "corrected",
        performer=next(filter(None, (one.text(n, c) for one in results for n, c in ((23, 1), (15, 2), (15, 1)))), ""),
        identities=numbers,
        name=person_name(group.patient, 5),
        born_on=born.day if born else None,
    )


def _content(group: Group) -> bytes:
    """Return what tells two versions apart that were issued at one moment."""
    return "\r".join(one.line for one in (group.patient, group.request, *group.rest)).encode("utf-8", "replace")


def _state(group: Group) -> tuple[ResultState, str]:
    status = group.request.text(25)
    found = state_of(status, [one.text(11) for one in group.named("OBX")])
    if found is None:
        message = _("“%(code)s” is no status of a report (OBR-25, table 0123).") % {"code": status[:20]}
        raise Hl7Fault("AE", 103, group.request.at(25), message)
    return found


def _performed_on(request: Segment, results: Sequence[Segment], changed: Moment | None) -> date | None:
    """Return the day of OBR-7, else of the first OBX-14, else of OBR-22."""
    times = (moment(request, 7), *(moment(one, 14) for one in results), changed)
    return next((time.day for time in times if time and time.day), None)


def _issued_at(changed: Moment | None, sent: Moment | None) -> datetime | None:
    """Return when the report became what it is: OBR-22, else MSH-7.

    An OBR-22 that gives a day, hour or minute alone is sharpened by MSH-7 where that lies within it: else a final
    answer of the day would be older than the preliminary one of that morning.
    """
    if changed is None or changed.digits < 8:
        return sent.at if sent else None
    width = {8: timedelta(days=1), 10: timedelta(hours=1), 12: timedelta(minutes=1)}.get(changed.digits)
    if width and sent and sent.digits > changed.digits and timedelta(0) <= sent.at - changed.at < width:
        return sent.at
    return changed.at


def _ordered_on(group: Group, state: ResultState, issued_at: datetime | None) -> date | None:
    """Return the day of the order: ORC-9 of a message about the order, else OBR-6 or ORC-15; never after the report."""
    order = group.order
    times = [moment(group.request, 6)]
    if order:
        times.append(moment(order, 15))
        if order.text(1).upper() in ORDERING or state == ResultState.ORDERED:
            times.insert(0, moment(order, 9))
    day = next((time.day for time in times if time and time.day), None)
    return None if day and issued_at and day > issued_at.date() else day


def _expected_on(group: Group, state: ResultState) -> date | None:
    """Return for an unfinished report the day for which it was planned: TQ1-7, ORC-7.4, OBR-36 or OBR-27.4."""
    if state not in (ResultState.ORDERED, ResultState.PRELIMINARY):
        return None
    times = [moment(one, 7) for one in group.named("TQ1")]
    times += [moment(group.order, 7, 4)] if group.order else []
    times += [moment(group.request, 36), moment(group.request, 27, 4)]
    return next((time.day for time in times if time and time.day), None)


def _examination(group: Group) -> tuple[str, str, str, str]:
    """Return kind, modality, accession number and study UID; IPC (imaging) says it best, then OBR and OBX."""
    kind, modality = section_of(group.request.text(24))
    accession, study_uid = group.request.text(18) or group.request.text(3), ""
    for one in group.named("OBX"):
        if one.text(3) in STUDY_UID or label(one, 3).casefold() == "study instance uid":
            study_uid = one.text(5) or study_uid
    for one in group.named("IPC"):
        accession, study_uid = one.text(1) or accession, one.text(3) or study_uid
        also_kind, also_modality = section_of(one.text(5))
        kind, modality = kind or also_kind, also_modality or modality
    return kind, modality, accession if len(accession) <= 64 else "", study_uid if _UID.fullmatch(study_uid) else ""


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
        raise _without("PID")
    head = _message(er7, "ADT^A08")
    return Hl7Message(head.control_id, head.kind, head.version, updates=tuple(updates))


def _read_merges(er7: Er7) -> Hl7Message:
    patient, merges = None, []
    for segment in er7.segments:
        if segment.name == "PID":
            patient = segment
        elif segment.name == "MRG":
            if patient is None:
                raise _without("PID")
            old, surviving = identities(segment, 1, 4), identities(patient, 3)
            if not old or not surviving:
                raise missing(patient.at(3) if old else segment.at(1))
            merges.append(PatientMerge(old, surviving, person_name(patient, 5), _as_of(er7)))
    if not merges:
        raise _without("MRG" if patient else "PID")
    head = _message(er7, "ADT^A40")
    return Hl7Message(head.control_id, head.kind, head.version, merges=tuple(merges))


READERS: Final[Mapping[str, Callable[[Er7], Hl7Message]]] = {
    "ORU^R01": _read_reports,
    "ADT^A08": _read_update,
    "ADT^A40": _read_merges,
}
