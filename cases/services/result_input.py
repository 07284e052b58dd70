"""From what a person or a program wrote about one answer to a checked `ResultData`."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, type_errors
from cases.enums import ResultSource, ResultState
from cases.models import Result
from cases.services.results import ResultData
from checklists.enums import Kind

TRUE = ("1", "true", "on", "yes", "ja")
HEADING = 2_000
STUDY_UID = re.compile(r"[0-9]+(?:\.[0-9]+)+")
FALSE = ("", "0", "false", "off", "no", "nej", "none")


def parse_result(raw: Mapping[str, Any]) -> ResultData:
    """Return the checked answer of `raw`, whose keys are the field names of the API (CONTRACT.md).

    Without `state`, `final` decides: true is a final answer, false a preliminary one, or an ordered one while
    nothing has been performed. Invalid lists every wrong field; what the case asks for is checked by the service.
    """
    text = {key: str(value).strip() if value is not None else "" for key, value in raw.items()}
    errors = type_errors(raw, ("text", "accession_number", "study_uid", "external_id"))
    performed_on = _day(text, "performed_on", errors)
    data = ResultData(
        kind=_code(text, "kind", Kind.values, errors, default=""),
        requirement=text.get("requirement", ""),
        state=_state(text, performed_on, errors),
        performed_on=performed_on,
        expected_on=_day(text, "expected_on", errors),
        text=_limited(text, "text", 20_000, errors),
        structured=_headings(raw.get("structured"), errors),
        accession_number=_limited(text, "accession_number", 64, errors),
        study_uid=_study_uid(text, errors),
        is_external=_truth(text, "is_external", errors),
        source=ResultSource(_code(text, "source", ResultSource.values, errors, default=ResultSource.MANUAL)),
        external_id=_limited(text, "external_id", 128, errors),
    )
    if errors:
        raise Invalid(errors)
    return data


def parse_correction(raw: Mapping[str, Any], stored: Result) -> ResultData:
    """Return the checked correction of a stored answer: what the form does not ask for stays as it was."""
    data = parse_result(raw)
    return replace(data, study_uid=data.study_uid or stored.study_uid, is_corrected=stored.is_corrected)


def _headings(given: Any, errors: list[FieldError]) -> dict[str, str]:
    """Return the filled headings of a structured answer; whether the examination has them is the service's to say."""
    if given in (None, ""):
        return {}
    if not isinstance(given, Mapping):
        errors.append(
            FieldError("structured", "not-an-object", _("Send an object: the key of a heading, and its text."))
        )
        return {}
    found = {}
    for key, text in given.items():
        if not isinstance(text, str | int | float | None) or isinstance(text, bool):
            errors.append(FieldError(f"structured.{key}", "not-text", _("Write this as text.")))
        elif len(str(text)) > HEADING:
            message = _("At most %(limit)d characters.") % {"limit": HEADING}
            errors.append(FieldError(f"structured.{key}", "too-long", message))
        elif text is not None and str(text).strip():
            found[str(key)] = str(text).strip()
    return found


def _study_uid(text: Mapping[str, str], errors: list[FieldError]) -> str:
    """Return the DICOM study UID: numbers and dots, at most 64 characters (PS3.5, section 9.1)."""
    given = _limited(text, "study_uid", 64, errors)
    if given and not STUDY_UID.fullmatch(given) and not any(error.field == "study_uid" for error in errors):
        errors.append(FieldError("study_uid", "form", _("A study UID is numbers with dots between them.")))
    return given


def _state(text: Mapping[str, str], performed_on: date | None, errors: list[FieldError]) -> ResultState:
    if text.get("state"):
        return ResultState(_code(text, "state", ResultState.values, errors, default=ResultState.FINAL))
    if _truth(text, "final", errors):
        return ResultState.FINAL
    return ResultState.PRELIMINARY if performed_on else ResultState.ORDERED


def _truth(text: Mapping[str, str], name: str, errors: list[FieldError]) -> bool:
    given = text.get(name, "").lower()
    if given not in (*TRUE, *FALSE):
        errors.append(FieldError(name, "invalid", _("Say true or false.")))
    return given in TRUE


def _code(text: Mapping[str, str], name: str, known: list[str], errors: list[FieldError], *, default: str) -> str:
    given = text.get(name, "") or default
    if given in known:
        return given
    code = "unknown" if given else "required"
    errors.append(FieldError(name, code, _("Use one of: %(known)s.") % {"known": ", ".join(known)}))
    return default


def _day(text: Mapping[str, str], name: str, errors: list[FieldError]) -> date | None:
    if not (given := text.get(name, "")):
        return None
    try:
        day = parse_date(given)
    except ValueError:
        day = None
    if day is None:
        message = _("“%(text)s” is not a date. Write YYYY-MM-DD.") % {"text": given[:40]}
        errors.append(FieldError(name, "not-a-date", message))
    return day


def _limited(text: Mapping[str, str], name: str, limit: int, errors: list[FieldError]) -> str:
    given = text.get(name, "")
    if len(given) > limit:
        errors.append(FieldError(name, "too-long", _("At most %(limit)d characters.") % {"limit": limit}))
    return given
