"""FHIR JSON: strict about what JSON is, tolerant about what a resource holds.

A `Node` is an element with its path. What is asked of it by name is given, or is empty where it is not there; a wrong
type or a value that cannot be stored becomes an issue with its path. What nobody asks for is never looked at.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NoReturn

from django.utils.translation import gettext as _

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_DEPTH: Final = 100
MOST_ISSUES: Final = 100
"""Issues that an answer names: whoever has more of them needs no longer list, and we no longer work."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of an OperationOutcome: a code of FHIR's issue-type, a sentence with the remedy, and the path."""

    code: str
    text: str
    expression: str = ""
    severity: str = "error"


class FhirFault(Exception):
    """What was sent cannot be taken: every reason, and the HTTP status (400 no FHIR at all, 413, 422).

    `kind` and `control_id` are those of a message with reports, which is kept with its fault; "" for anything else.
    """

    def __init__(self, issues: Sequence[Issue], status: int = 422, *, kind: str = "", control_id: str = "") -> None:
        super().__init__("; ".join(": ".join(filter(None, (issue.expression, issue.text))) for issue in issues))
        self.issues = tuple(issues)
        self.status = status
        self.kind = kind
        self.control_id = control_id


def parse_document(raw: bytes) -> dict[str, Any]:
    """Return the JSON object in `raw` (UTF-8, at most `MAX_BYTES`), numbers with a point as Decimal; else FhirFault."""
    if len(raw) > MAX_BYTES:
        raise FhirFault(
            [Issue("too-long", _("The message is larger than %(limit)d MB.") % {"limit": MAX_BYTES // 2**20})], 413
        )
    try:
        document = json.loads(
            raw.decode("utf-8-sig"), object_pairs_hook=_object, parse_float=Decimal, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError:
        raise _broken(_("The message is not UTF-8. Send FHIR JSON as UTF-8.")) from None
    except RecursionError:
        raise _too_deep() from None
    except (ValueError, ArithmeticError) as error:
        raise _broken(_("The message is not JSON that can be read: %(error)s") % {"error": str(error)[:200]}) from None
    if _is_deep(document):
        raise _too_deep()
    if not isinstance(document, dict):
        raise _broken(_("Send a FHIR resource as a JSON object."))
    return document


def _broken(text: str) -> FhirFault:
    return FhirFault([Issue("structure", text)], 400)


def _too_deep() -> FhirFault:
    return _broken(_("The document is nested too deep."))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that stands twice in an object: which of them holds is anybody's guess."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"“{name[:60]}” twice in one object")
        found[name] = value
    return found


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(text)


def _is_deep(document: Any) -> bool:
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            return True
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    return False


@dataclass(frozen=True, slots=True)
class Node:
    """An object of the document: its content, its path, and where issues are collected (shared by all nodes)."""

    content: dict[str, Any]
    path: str
    issues: list[Issue] = field(repr=False)

    @property
    def kind(self) -> str:
        """The type of a resource as it says itself, or ""."""
        named = self.content.get("resourceType")
        return named if isinstance(named, str) else ""

    def note(self, code: str, text: str, name: str = "") -> None:
        """Note an issue with this element, or with its child `name`; the same one once, and `MOST_ISSUES` in all."""
        if len(self.issues) >= MOST_ISSUES:
            return
        issue = Issue(code, text, f"{self.path}.{name}" if name else self.path)
        if issue not in self.issues:
            self.issues.append(issue)

    def has(self, name: str) -> bool:
        """Whether there is anything under the name."""
        return self.content.get(name) not in (None, "", [], {})

    def text(self, name: str, limit: int = 0) -> str:
        """Return a text without surrounding space, "" where there is none; longer than `limit` is an issue."""
        value = self.content.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.note("structure", _("Write this as text."), name)
            return ""
        value = value.strip()
        if not _is_storable(value):
            self.note("value", _("The text contains a character that cannot be stored. Remove it."), name)
            return ""
        if limit and len(value) > limit:
            self.note("too-long", _("At most %(limit)d characters.") % {"limit": limit}, name)
            return ""
        return value

    def child(self, name: str) -> "Node | None":
        """Return the object under the name, None where there is none."""
        value = self.content.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.note("structure", _("Write this as an object."), name)
            return None
        return Node(value, f"{self.path}.{name}", self.issues)

    def children(self, name: str) -> list["Node"]:
        """Return the objects in the list under the name; up to the first that is none, which is an issue."""
        value = self.content.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.note("structure", _("Write this as a list."), name)
            return []
        found = []
        for number, inner in enumerate(value):
            if isinstance(inner, dict):
                found.append(Node(inner, f"{self.path}.{name}[{number}]", self.issues))
            elif inner is not None:
                self.note("structure", _("Write this as an object."), f"{name}[{number}]")
                break
        return found


def _is_storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
