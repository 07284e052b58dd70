"""What a report says: the values of its Observations, its presented forms, and all of it as one text.

The text is stored, so it is of no language: what is not text (a PDF, an image) stands as its media type and title.
"""

import base64
import binascii
import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from html import unescape
from typing import Any, Final

from django.utils.translation import gettext as _

from cases.intake.fhir_bundle import Resource, Resources
from cases.intake.fhir_json import Node
from cases.intake.fhir_parts import VALUE_LENGTH, words_of

TEXT_LENGTH: Final = 20_000
"""As for answers that come by other doors (`cases.services.result_input`)."""
MOST_OBSERVATIONS = 1_000
DEEPEST = 5
PLAIN_FLAGS: Final = ("H", "HH", "L", "LL", "A", "AA")
COMPARATORS: Final = {"<=": "≤", ">=": "≥"}
NOT_VALID = ("entered-in-error", "cancelled")

_TEXT_CODEC = re.compile(r"utf|iso8859|latin|cp\d|ascii|mac")
"""Codecs (by Python's names) that a text is decoded by; some others, such as punycode, take hours for a megabyte."""
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:+-]+)", re.ASCII | re.IGNORECASE)
_BLOCK = re.compile(r"</?(?:p|div|br|tr|li|h\d|pre)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


def report_text(report: Resource, observations: list[tuple[int, Resource | str]]) -> str:
    """Return the conclusion, the coded conclusions, the values and the presented texts, each on its lines.

    The narrative of the resource stands in only where there is nothing else. Too long a text is an issue.
    """
    node = report.node
    parts = [node.text("conclusion", TEXT_LENGTH)]
    parts += [words_of(concept) for concept in node.children("conclusionCode")]
    parts += [line for depth, one in observations for line in _lines(one, depth)]
    parts += [attachment_text(attachment) for attachment in node.children("presentedForm")]
    if not any(parts):
        narrative = node.child("text")
        parts = [text_of_html(narrative.text("div"))] if narrative else []
    text = "\n".join(part for part in parts if part)
    if len(text) > TEXT_LENGTH:
        node.note("too-long", _("The text of the report is longer than %(limit)d characters.") % {"limit": TEXT_LENGTH})
        return ""
    return text


def observations_of(report: Resource, resources: Resources) -> list[tuple[int, Resource | str]]:
    """Return the Observations of a report in order, each once, with the depth in its panel.

    One that is not in the message stands as the display of its reference; one that was entered in error is left out.
    """
    found: list[tuple[int, Resource | str]] = []
    seen: set[str] = set()

    def walk(at: Resource, name: str, depth: int) -> None:
        for reference in at.node.children(name):
            one = resources.find(reference, at)
            if depth > DEEPEST or len(found) > MOST_OBSERVATIONS or (one and one.node.path in seen):
                continue
            if one is None:
                if shown := reference.text("display")[:200]:
                    found.append((depth, shown))
            elif one.node.text("status") not in NOT_VALID:
                seen.add(one.node.path)
                found.append((depth, one))
                walk(one, "hasMember", depth + 1)

    walk(report, "result", 0)
    if len(found) > MOST_OBSERVATIONS:
        limit = _("At most %(limit)d observations in one report.") % {"limit": MOST_OBSERVATIONS}
        report.node.note("too-long", limit, "result")
    return found


def _lines(one: Resource | str, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(one, str):
        yield indent + one
        return
    yield indent + _line(one.node)
    for component in one.node.children("component"):
        yield f"{indent}  {_line(component)}"


def _line(node: Node) -> str:
    """Return `Hb: 112 g/L (117-153) L`, as the answers of a case show measured values (`cases.timeline`)."""
    quantity = node.child("valueQuantity")
    unit = _unit(quantity) if quantity else ""
    ranges = [range_text(given, unit) or given.text("text") for given in node.children("referenceRange")]
    flags = [_flag(flag) for flag in node.children("interpretation")]
    value = value_text(node) or words_of(node.child("dataAbsentReason"))
    said = " ".join(filter(None, (value, *(f"({given})" for given in ranges if given), *flags)))
    name = words_of(node.child("code"))
    return f"{name}: {said}" if name and said else name or said


def _flag(concept: Node) -> str:
    """Return the code of an interpretation: plain where it says high, low or abnormal, else in brackets."""
    codes = [coding.text("code") for coding in concept.children("coding")]
    flag = next(filter(None, codes), "") or words_of(concept)
    return flag if flag in PLAIN_FLAGS or not flag else f"[{flag}]"


def value_text(node: Node) -> str:
    """Return the value[x] of an Observation or component as text, "" where there is none that can be shown."""
    for name, show in _VALUES.items():
        if node.has(name):
            return show(node, name)
    return ""


def quantity_text(quantity: Node | None, leave_out: str = "") -> str:
    """Return `< 5.0 mmol/L`; without its unit where that is the one to `leave_out`."""
    if quantity is None:
        return ""
    value = quantity.content.get("value")
    number = str(value) if _is_number(value) else ""
    if value is not None and not number:
        quantity.note("structure", _("Write this as a number."), "value")
    comparator, unit = quantity.text("comparator"), _unit(quantity)
    parts = (COMPARATORS.get(comparator, comparator), number, "" if unit == leave_out else unit)
    return " ".join(part for part in parts if part) if number else ""


def _unit(quantity: Node) -> str:
    return quantity.text("unit") or quantity.text("code")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool) and len(str(value)) <= VALUE_LENGTH


def _range(node: Node, name: str) -> str:
    given = node.child(name)
    return "" if given is None else range_text(given)


def range_text(given: Node, unit: str = "") -> str:
    """Return the low and high of a Range or a reference range: `135-180`, `≥ 2` or `≤ 5`, without the known `unit`."""
    low, high = quantity_text(given.child("low"), unit), quantity_text(given.child("high"), unit)
    if low and high:
        return f"{low}-{high}" if unit else f"{low} – {high}"
    return f"≥ {low}" if low else f"≤ {high}" if high else ""


def _ratio(node: Node, name: str) -> str:
    given = node.child(name)
    if given is None:
        return ""
    return " : ".join(
        filter(None, (quantity_text(given.child("numerator")), quantity_text(given.child("denominator"))))
    )


def _plain(node: Node, name: str) -> str:
    """Return a truth value, number, day or time as it is written, since what is stored is of no language."""
    value = node.content.get(name)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if _is_number(value) else node.text(name)


_VALUES: Final[Mapping[str, Callable[[Node, str], str]]] = {
    "valueQuantity": lambda node, name: quantity_text(node.child(name)),
    "valueCodeableConcept": lambda node, name: words_of(node.child(name)),
    "valueString": lambda node, name: node.text(name),
    "valueBoolean": _plain,
    "valueInteger": _plain,
    "valueRange": _range,
    "valueRatio": _ratio,
    "valueDateTime": _plain,
    "valueTime": _plain,
}


def attachment_text(attachment: Node) -> str:
    """Return a text of a presented form; of anything that is no text, only its kind and title in brackets."""
    kind, charset = _content_type(attachment.text("contentType"))
    named = "[" + ": ".join(filter(None, (kind, attachment.text("title")[:200]))) + "]"
    if kind not in ("text/plain", "text/html", "text/xhtml", "application/xhtml+xml") or not attachment.has("data"):
        return named if len(named) > 2 else ""
    try:
        content = base64.b64decode("".join(attachment.text("data").split()), validate=True)
    except (binascii.Error, ValueError):
        attachment.note("value", _("This is not base64."), "data")
        return ""
    text = _decoded(content, charset).replace("\0", "")
    return (text if kind == "text/plain" else text_of_html(text)).strip()


def _content_type(written: str) -> tuple[str, str]:
    """Return the media type in small letters, and the charset that goes with it or ""."""
    charset = _CHARSET.search(written)
    return written.partition(";")[0].strip().lower(), charset[1] if charset else ""


def _decoded(content: bytes, charset: str) -> str:
    """Decode as said; where that is not said or not so, as UTF-8, else as Windows-1252; what no text holds goes."""
    for name in filter(None, (charset, "utf-8-sig", "cp1252")):
        try:
            if not _TEXT_CODEC.match(codecs.lookup(name).name):
                continue
            text = content.decode(name)
        except (LookupError, ValueError):
            continue
        return text.encode(errors="replace").decode().replace("\0", "")
    return content.decode("latin-1").replace("\0", "")


def text_of_html(markup: str) -> str:
    """Return the words of XHTML without its tags, a line for each block."""
    words = unescape(_TAG.sub(" ", _BLOCK.sub("\n", markup))).replace("\0", "")
    lines = (" ".join(line.split()) for line in words.splitlines())
    return "\n".join(line for line in lines if line)
