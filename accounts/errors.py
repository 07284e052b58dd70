"""Refusals that every floor raises and every door translates (page, API, import, message)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: its name as the caller wrote it, a stable code and a sentence with the remedy."""

    field: str
    code: str
    message: str


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
