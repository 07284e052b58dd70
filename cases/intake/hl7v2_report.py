"""The reports of an ORU^R01: one for each OBR, with the ORC before it and the results after it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from cases.enums import ResultState
from cases.intake.er7 import Er7, Header, Hl7Fault, Segment, missing, without
from cases.intake.hl7v2_tables import section_of, state_of
from cases.intake.hl7v2_values import Moment, codes, identities, label, moment, person_name, report_text
from cases.reports import ReportData, stamp_of

LONGEST_TEXT: Final = 20_000
"""Characters of a report, as for answers that come by other doors."""
MOST_CODES: Final = 500
MOST_REPORTS: Final = 500
ORDERING: Final = frozenset({"NW", "SN", "NA", "OK", "SC", "XO"})
"""ORC-1 of a message about the order: its time (ORC-9) is that of the order, not that of the answer."""
STUDY_UID: Final = frozenset({"113014", "110180"})
"""Codes of DICOM under which senders give the study instance UID in OBX."""

_UID = re.compile(r"[0-9.]{5,64}")


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


def read_reports(er7: Er7) -> tuple[ReportData, ...]:
    """Return the reports of the message, in order; Hl7Fault for what is missing or wrong in any of them."""
    sent = moment(er7.segments[0], 7)
    seen: Counter[str] = Counter()
    reports = []
    for group in _groups(er7.segments):
        external_id = _external_id(er7.header, group)
        seen[external_id] += 1
        again = f"#{seen[external_id]}" if seen[external_id] > 1 else ""
        reports.append(_report(group, external_id + again, sent))
    return tuple(reports)


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
                raise without("PID")
            groups.append(Group(patient, order, segment))
            order, is_open = None, True
        elif is_open:
            groups[-1].rest.append(segment)
    if not groups:
        raise without("PID" if patient is None else "OBR")
    if len(groups) > MOST_REPORTS:
        message = _("At most %(limit)d reports in one message.") % {"limit": MOST_REPORTS}
        raise Hl7Fault("AR", 207, f"OBR^{MOST_REPORTS + 1}", message)
    return groups


def _external_id(header: Header, group: Group) -> str:
    """Return what the report is known by: the sender, its number (else the order's), and what was examined.

    Laboratories give one number to several examinations, so the number alone would let one answer another.
    """
    request, number = group.request, _number(group)
    examined = request.text(4) or request.text(4, 4) or request.text(4, 2)
    if not number:
        number = f"{header.control_id}:{request.text(1) or request.number}"
    sender = (header.part(4, 1) or header.part(4, 2), header.part(3, 1) or header.part(3, 2))
    return "|".join((*sender, number, examined))


def _number(group: Group) -> str:
    """Return the number of who answers (OBR-3, ORC-3), else of who ordered (OBR-2, ORC-2)."""
    request, order = group.request, group.order
    return request.text(3) or (order.text(3) if order else "") or request.text(2) or (order.text(2) if order else "")


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
    if state in (ResultState.PRELIMINARY, ResultState.FINAL) and performed_on is None:
        performed_on = sent.day if sent else None
        if performed_on is None:
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
    accession, study_uid = group.request.text(18) or _number(group), ""
    for one in group.named("OBX"):
        if one.text(3) in STUDY_UID or label(one, 3).casefold() == "study instance uid":
            study_uid = one.text(5) or study_uid
    for one in group.named("IPC"):
        accession, study_uid = one.text(1) or accession, one.text(3) or study_uid
        also_kind, also_modality = section_of(one.text(5))
        kind, modality = kind or also_kind, also_modality or modality
    return kind, modality, accession if len(accession) <= 64 else "", study_uid if _UID.fullmatch(study_uid) else ""
