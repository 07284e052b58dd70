"""Refusals that every floor raises and every door translates (page, API, import, message)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: its name as the caller wrote it, a stable code and a sentence with the remedy."""

    field: str
    code: str
    message: str


def type_errors(raw: Mapping[str, Any], names: Collection[str]) -> list[FieldError]:
    """Return what of the named fields is no text: a list, an object or a truth value. Numbers are read as text."""
    message = _("Write this as text.")
    return [FieldError(name, "not-text", message) for name in names if isinstance(raw.get(name), list | dict | bool)]


def sentence_errors(field: str, text: str, limit: int, *, is_required: bool = True) -> list[FieldError]:
    """Return what is wrong with a reason: empty where one must be given, or longer than `limit`."""
    if is_required and not text.strip():
        return [FieldError(field, "required", _("Give the reason in a sentence."))]
    if len(text.strip()) > limit:
        return [FieldError(field, "too-long", _("At most %(limit)d characters.") % {"limit": limit})]
    return []


class Refused(Exception):
    """The house says no, with a sentence for a person and a code for a program.

    `status` is the HTTP status that the doors answer with; `extra` goes into the API's problem document
    (for example `{"case": 12}` with a link to the case that is open already).
    """

    status = 409
    code = "refused"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        status: int = 0,
        field: str = "",
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(str(message))
        self.message = str(message)
        self.code = code or self.code
        self.status = status or self.status
        self.field = field
        self.extra = dict(extra or {})


class NotAllowed(Refused):
    """The person may see the thing but has no right to do this."""

    status = 403
    code = "not-allowed"


class Stale(Refused):
    """Somebody else changed the thing since the caller read it; the message says who and when."""

    status = 409
    code = "stale"


class Invalid(Refused):
    """Wrong input: one or more fields, each with the remedy."""

    status = 400
    code = "invalid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(" ".join(error.message for error in errors))
        self.errors = tuple(errors)
