"""HL7 v2 as bytes (ER7): which characters they are, where lines end, and the segments that are read.

One text holds one message: batches (FHS, BHS, or a second MSH) are refused whole, because one acknowledgement
cannot say which of them were taken. Nothing here knows what a message means.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import hl7
from django.utils.translation import gettext as _

LIMIT: Final = 5 * 1024 * 1024
"""Bytes of the largest message that is taken."""
MOST_PARTS: Final = 200_000
"""Separators of a message that is taken: the library makes an object of every part, so more would take minutes."""
BATCH: Final = 200
"""The code (table 0357) of a batch: an unsupported type of message."""
DEFAULT_MARKS: Final = "|^~\\&"
SEGMENTS: Final = frozenset({"MSH", "EVN", "PID", "MRG", "ORC", "OBR", "OBX", "NTE", "TQ1", "IPC"})
"""The segments that are read; others are kept in the message as received."""
CHARSETS: Final = {
    "": "", "ASCII": "", "USASCII": "",
    "88591": "latin-1", "ISO88591": "latin-1", "LATIN1": "latin-1", "CP1252": "latin-1", "WINDOWS1252": "latin-1",
    "UNICODE": "utf-8", "UNICODEUTF8": "utf-8", "UTF8": "utf-8",
    **{f"8859{part}": f"iso8859_{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 15)},
}  # fmt: skip
"""MSH-18 (table 0211, and how it is misspelt; letters and digits alone) -> codec; "" is the default rule."""

_MARKS = re.compile(r"[!-/:-@\[-`{-~]")
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}")
_CONTROLS = dict.fromkeys((*range(9), *range(14, 32), 127)) | {11: "\n", 12: "\n"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPACED = re.compile(r"\.(br|sp|ce|sk|in|ti|fi|nf)\+?(\d{0,2})")


class Hl7Fault(Exception):
    """Why a message is refused. `code` is of table 0357, `location` is `segment^number^field[^repetition^component]`."""

    def __init__(self, ack: str, code: int, location: str, text: str) -> None:
        super().__init__(text)
        self.ack, self.code, self.location, self.text = ack, code, location, text


def missing(location: str) -> Hl7Fault:
    """Return the fault for a required field that is empty."""
    name, _number, position = location.split("^")[:3]
    return Hl7Fault("AE", 101, location, _("The field %(field)s is empty.") % {"field": f"{name}-{position}"})


def without(segment: str) -> Hl7Fault:
    """Return the fault for a required segment that is not there."""
    return Hl7Fault("AE", 100, f"{segment}^1", _("The segment %(segment)s is missing.") % {"segment": segment})


@dataclass(frozen=True, slots=True)
class Header:
    """What stands in MSH, as sent: `fields[n]` is MSH-n; empty where there is no such thing."""

    fields: tuple[str, ...]
    marks: str
    codec: str
    is_hl7: bool

    def field(self, number: int) -> str:
        """Return MSH-`number` as sent, without blanks at its ends."""
        return self.fields[number].strip() if number < len(self.fields) else ""

    def part(self, number: int, component: int) -> str:
        """Return one component of the first repetition of MSH-`number`."""
        parts = self.field(number).split(self.marks[2])[0].split(self.marks[1])
        return parts[component - 1].strip() if component <= len(parts) else ""

    @property
    def control_id(self) -> str:
        """What the sender calls the message, MSH-10."""
        return self.field(10)

    @property
    def kind(self) -> str:
        """What the message says it is: `ORU^R01`."""
        return "^".join(part for part in (self.part(9, 1).upper(), self.part(9, 2).upper()) if part)

    @property
    def version(self) -> str:
        """The version of the standard, MSH-12, such as `2.5.1`."""
        return self.part(12, 1)


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; `number` counts those of its name in the message from 1, `line` is the segment as sent.

    `fields` are python-hl7's; values are unescaped here, since the library logs a value that it cannot read.
    """

    name: str
    number: int
    line: str
    fields: hl7.Segment
    marks: str
    codec: str
    _read: dict[int, list[list[list[str]]]] = field(default_factory=dict, compare=False)

    def at(self, number: int) -> str:
        """Return the location of a field for ERR: `OBR^1^25`."""
        return f"{self.name}^{self.number}^{number}"

    def repetitions(self, number: int) -> list[list[list[str]]]:
        """Return the repetitions of a field: components of subcomponents, all as plain text; [] where it is empty."""
        if number not in self._read:
            field = self.fields[number] if number < len(self.fields) else ()
            read = [[[self._plain(sub) for sub in _parts(one)] for one in _parts(each)] for each in field]
            self._read[number] = [each for each in read if any(sub for one in each for sub in one)]
        return self._read[number]

    def text(self, number: int, component: int = 1, subcomponent: int = 1) -> str:
        """Return one part of the first repetition of a field that has any, or ""."""
        read = self.repetitions(number)
        return part_of(read[0], component, subcomponent) if read else ""

    def _plain(self, text: str) -> str:
        plain = unescaped(text, self.marks, self.codec).strip()
        return "" if plain == '""' else plain


@dataclass(frozen=True, slots=True)
class Er7:
    """A message that could be read as such."""

    header: Header
    segments: tuple[Segment, ...]


def _parts(item: hl7.Container | str) -> Sequence[Any]:
    """Return the parts of a container of python-hl7; a text is its own only part."""
    return [item] if isinstance(item, str) else item


def part_of(repetition: list[list[str]], component: int, subcomponent: int = 1) -> str:
    """Return one part of a repetition that `Segment.repetitions` gave, or ""."""
    if component > len(repetition) or subcomponent > len(repetition[component - 1]):
        return ""
    return repetition[component - 1][subcomponent - 1]


def read_header(raw: bytes) -> Header:
    """Return MSH of any bytes; never raises. `is_hl7` is False where no MSH with usable marks stands first."""
    return _header(*_decoded(raw))


def _header(text: str, codec: str) -> Header:
    line = re.split(r"[\r\n]", text, maxsplit=1)[0]
    nothing = Header((), DEFAULT_MARKS, codec, is_hl7=False)
    if not line.startswith("MSH") or len(line) < 5:
        return nothing
    encoding = line[4:].split(line[3])[0]
    marks = line[3] + encoding[:4] + DEFAULT_MARKS[1 + len(encoding[:4]) :]
    if len(encoding) > 5 or len(set(marks)) < 5 or not all(map(_MARKS.fullmatch, marks)):
        return nothing
    return Header(("MSH", line[3], *line[4:].split(line[3])), marks, codec, is_hl7=True)


def parse(raw: bytes) -> Er7:
    """Return the segments of one message; Hl7Fault for what is none, a batch, or an unknown character set."""
    text, codec = _decoded(raw)
    header = _header(text, codec)
    if text.startswith(("FHS", "BHS")):
        raise Hl7Fault("AR", BATCH, f"{text[:3]}^1", _("Batches are not taken. Send one message at a time."))
    if not header.is_hl7:
        raise Hl7Fault("AR", 100, "MSH^1", _("This is not an HL7 message: it does not begin with an MSH segment."))
    if charset(header.field(18)) is None:
        message = _("The character set %(name)s (MSH-18) is not known here.") % {"name": header.field(18)}
        raise Hl7Fault("AE", 103, "MSH^1^18", message)
    lines = list(_lines(text, header.marks[0]))
    if sum(line.startswith("MSH") for line in lines) > 1:
        raise Hl7Fault("AR", BATCH, "MSH^2", _("Batches are not taken. Send one message at a time."))
    wanted = [line for line in lines if line[:3] in SEGMENTS]
    if sum(line.count(mark) for mark in header.marks for line in wanted) + len(wanted) > MOST_PARTS:
        message = _("The message has more than %(limit)d parts.") % {"limit": MOST_PARTS}
        raise Hl7Fault("AR", 207, "MSH^1", message)
    counted: dict[str, int] = {}
    segments = []
    for line, fields in zip(wanted, hl7.parse("\r".join(wanted)), strict=True):
        name = line[:3]
        counted[name] = counted.get(name, 0) + 1
        segments.append(Segment(name, counted[name], line, fields, header.marks, codec))
    return Er7(header, tuple(segments))


def unescaped(text: str, marks: str, codec: str) -> str:
    r"""Return a value without escape sequences; `\.br\` is a line break. An unknown sequence stays as it is."""
    escape = marks[3]
    if escape not in text:
        return text
    named = dict(zip("FSRET", (marks[0], marks[1], marks[2], escape, marks[4]), strict=True)) | {"H": "", "N": ""}

    def meant(match: re.Match[str]) -> str:
        sequence = match[1]
        if sequence in named:
            return named[sequence]
        if spaced := _SPACED.fullmatch(sequence.lower()):
            return _spacing(spaced[1], min(int(spaced[2] or 1), 20))
        if sequence[:1] == "X":
            try:
                content = bytes.fromhex(sequence[1:]).decode(codec, "replace").replace("\r\n", "\n").replace("\r", "\n")
            except ValueError:
                return match[0]
            return _clean(content)
        return match[0]

    mark = re.escape(escape)
    return re.sub(f"{mark}([^{mark}\r\n]{{1,200}}){mark}", meant, text)


def _spacing(command: str, count: int) -> str:
    if command in ("br", "sp", "ce"):
        return "\n" * count
    return "" if command in ("fi", "nf") else " " * count


def _lines(text: str, separator: str) -> Iterator[str]:
    """Yield the segments. A line that begins with no segment's name is more text of the one before it."""
    current = ""
    for line in re.split(r"\r\n|\r|\n", text):
        begins = line.lstrip()
        if _SEGMENT.match(begins) and begins[3:4] in ("", separator):
            if current:
                yield current
            current = begins
        elif begins and current:
            current += "\n" + line
    if current:
        yield current


def charset(names: str) -> str | None:
    """Return the codec of the first name in MSH-18, "" for the default rule, None for one that is not known."""
    return CHARSETS.get(re.sub(r"[^A-Z0-9]", "", names.split("~")[0].upper()))


def _decoded(raw: bytes) -> tuple[str, str]:
    """Return the text without frame, byte order mark and control characters, and its codec.

    MSH-18 decides where the bytes can be that; else it is UTF-8 when they are valid UTF-8, and Latin-1 otherwise
    (with Windows' characters in the places where Latin-1 has none).
    """
    raw = raw.strip(b"\x0b\x1c\r\n\t \0")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _clean(raw.decode("utf-16", "replace")).strip(), "utf-16"
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\x0b\r\n\t \0")
    header = re.split(rb"[\r\n]", raw, maxsplit=1)[0]
    fields = header[4:].split(header[3:4]) if header[:3] == b"MSH" and len(header) > 4 else []
    declared = fields[16].decode("latin-1") if len(fields) > 16 else ""
    for codec in (charset(declared) or "utf-8", "utf-8"):
        try:
            text = _western(raw) if codec == "latin-1" else raw.decode(codec)
        except UnicodeDecodeError:
            continue
        return _clean(text), codec
    return _clean(_western(raw)), "latin-1"


def _clean(text: str) -> str:
    """Return a text without control characters; a vertical tab or a form feed is a line break within a field."""
    return text.translate(_CONTROLS) if _CONTROL.search(text) else text


def _western(raw: bytes) -> str:
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
