"""The values in a message that are more than text: times, identities, names and codes; and what a report says in words."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from cases.intake.er7 import Hl7Fault, Segment, part_of
from cases.reports import ReportCode, ReportedIdentity

LOCAL: Final = ZoneInfo("Europe/Stockholm")
"""The zone of a time that names none."""
YEARS: Final = range(1850, 2200)
NARRATIVE: Final = frozenset({"TX", "FT", "ST", ""})
CODED: Final = frozenset({"CE", "CWE", "CNE", "CF", "IS", "ID"})
LONGEST_NUMBER: Final = 64

_TIME = re.compile(r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?([+-]\d{4})?")
_OID = re.compile(r"[0-2](?:\.\d+){2,}")


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as sent: the first moment of its day or minute, and how many digits (8: the day) said it."""

    at: datetime
    digits: int

    @property
    def day(self) -> date | None:
        """The day as the sender wrote it; None where only a month or a year was given."""
        return self.at.date() if self.digits >= 8 else None


def moment(segment: Segment, field: int, component: int = 1) -> Moment | None:
    """Return the time in a field, None where it is empty; Hl7Fault (AE 102) for what is no time."""
    text = segment.text(field, component)
    if not text:
        return None
    match = _TIME.fullmatch(text)
    try:
        if match is None or int(match[1]) not in YEARS:
            raise ValueError(text)
        year, month, day, hour, minute, second = (
            int(part or default) for part, default in zip(match.groups()[:6], (0, 1, 1, 0, 0, 0), strict=True)
        )
        micro = int((match[7] or "0")[:6].ljust(6, "0"))
        at = datetime(year, month, day, hour, minute, second, micro, tzinfo=_zone(match[8]))
    except ValueError:
        message = _("“%(text)s” is no time. Write it as YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS.") % {
            "text": text[:40]
        }
        raise Hl7Fault("AE", 102, segment.at(field), message) from None
    return Moment(at, sum(len(part or "") for part in match.groups()[:6]))


def _zone(offset: str | None) -> ZoneInfo | timezone:
    """Return the zone of `+0100`; the local one where there is none. ValueError for one that cannot be."""
    if not offset:
        return LOCAL
    hours, minutes = int(offset[1:3]), int(offset[3:])
    if hours > 14 or minutes > 59:
        raise ValueError(offset)
    distance = timedelta(hours=hours, minutes=minutes)
    return timezone(-distance if offset[0] == "-" else distance)


def identities(segment: Segment, *fields: int) -> tuple[ReportedIdentity, ...]:
    """Return the numbers in fields of type CX, in order and each once.

    The system is the OID of the assigning authority (CX.4), wherever in that component it stands; else "".
    """
    found = []
    for field in fields:
        for each in segment.repetitions(field):
            value = part_of(each, 1)
            authority = each[3] if len(each) > 3 else []
            system = next(
                (one for one in (sub.removeprefix("urn:oid:") for sub in authority) if _OID.fullmatch(one)), ""
            )
            if 0 < len(value) <= LONGEST_NUMBER and len(system) <= LONGEST_NUMBER:
                found.append(ReportedIdentity(system, value))
    return tuple(dict.fromkeys(found))


def person_name(segment: Segment, field: int) -> str:
    """Return a name of type XPN as `Given Family`: the legal one (type L) where several are given."""
    names = [each for each in segment.repetitions(field) if part_of(each, 1) or part_of(each, 2)]
    names.sort(key=lambda each: part_of(each, 7) != "L")
    return " ".join(filter(None, (part_of(names[0], 2), part_of(names[0], 1))))[:120] if names else ""


def codes(segment: Segment, *fields: int) -> list[ReportCode]:
    """Return the codes in fields of type CE or CWE: of each repetition both triplets."""
    return [
        ReportCode(system=part_of(each, first + 2), code=part_of(each, first), display=part_of(each, first + 1))
        for field in fields
        for each in segment.repetitions(field)
        for first in (1, 4)
        if part_of(each, first)
    ]


def label(segment: Segment, field: int) -> str:
    """Return what a coded field calls its content: the text of the first triplet, of the second, or the code."""
    return next(filter(None, (segment.text(field, component) for component in (2, 5, 1, 4))), "")


def report_text(title: str, segments: Iterable[Segment]) -> str:
    """Return OBX and NTE of a report as text: one line a measured value, paragraphs under their label.

    The text is stored, so it is of no language: an attached document stands as its type, `[application/pdf]`.
    """
    lines: list[str] = []
    under = title
    for segment in segments:
        if segment.name == "NTE":
            lines += comments(segment)
        elif segment.text(11).upper() not in ("D", "W"):
            name, values = label(segment, 3), list(_values(segment))
            if segment.text(2) in NARRATIVE and not segment.text(6):
                if name and name != under and values:
                    lines.append(f"{name}:")
                under = name or under
                lines += values or [""]
            elif values:
                lines.append(f"{name}: {'; '.join(values)}{_measure(segment)}" if name else "; ".join(values))
    return "\n".join(lines).strip()


def comments(segment: Segment) -> list[str]:
    """Return the comments of an NTE."""
    return [" ".join(filter(None, (sub for one in each for sub in one))) for each in segment.repetitions(3)]


def _values(segment: Segment) -> Iterator[str]:
    """Yield the values of an OBX as a person reads them."""
    sort = segment.text(2).upper()
    for each in segment.repetitions(5):
        parts = [sub for one in each for sub in one if sub]
        if sort in ("ED", "RP"):
            yield "[" + "/".join(filter(None, (part_of(each, 2), part_of(each, 3))))[:60].lower() + "]"
        elif sort in CODED:
            yield part_of(each, 9) or part_of(each, 2) or part_of(each, 5) or part_of(each, 1) or part_of(each, 4)
        elif sort == "SN":
            yield "".join(parts)
        else:
            yield " ".join(parts)


def _measure(segment: Segment) -> str:
    """Return unit, reference range and flag of a measured value: ` mmol/L (3.5-5.0) H`."""
    unit, span = segment.text(6) or segment.text(6, 2), segment.text(7)
    flags = " ".join(part_of(each, 1) for each in segment.repetitions(8))
    return "".join((f" {unit}" if unit else "", f" ({span})" if span else "", f" {flags}" if flags else ""))
