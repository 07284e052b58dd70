"""Mending one thing that a case lacks, from a list: the same services as on its page, and the way back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, Refused
from accounts.models import User
from accounts.numbers import whole_number
from accounts.permissions import Permission
from cases.enums import Stated
from cases.services.clearance import attest_case, revoke_clearance
from cases.services.editing import edit_case
from cases.services.referral_input import parse_changes
from cases.services.results import call_off_result
from cases.services.sending import HOW, read_statements, take_statement
from cases.transitions import lock_open_case
from checklists.enums import CaseField
from checklists.registry import spec_of

EMPTY, ASK_AGAIN, TAKE_BACK = "empty", "ask_again", "take_back"
"""What takes a field, a requirement set aside, and an answer back again."""


class NothingToMend(Refused):
    """The form asks for something that no list offers."""

    code = "nothing-to-mend"
    status = 400


@dataclass(frozen=True, slots=True)
class Mending:
    """What a person wants to mend, as a form says it: `key` is a field, a requirement, or an answer's id.

    `values` are the fields of the form; `version` is that of the case, for what would overwrite.
    """

    what: str
    key: str = ""
    version: int = 0
    values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, posted: Mapping[str, str]) -> Self:
        """Return what a posted form asks for."""
        return cls(
            what=posted.get("what", ""),
            key=posted.get("key", ""),
            version=whole_number(posted.get("version", "")) or 0,
            values=dict(posted),
        )

    @property
    def permission(self) -> Permission:
        """What a person must be allowed to do with the case."""
        sets_aside = self.values.get(f"{HOW}{self.key}") == Stated.NOT_APPLICABLE
        match self.what:
            case "answer":
                return Permission.WAIVE if sets_aside else Permission.ADD_RESULT
            case "take_back":
                return Permission.ADD_RESULT
            case "ask_again":
                return Permission.WAIVE
            case "attest":
                return Permission.ATTEST
        return Permission.EDIT_CASE


@transaction.atomic
def mend_case(case_id: int, mending: Mending, *, by: User, now: datetime) -> Mending | None:
    """Mend one thing in an open case and return what undoes it; None where only another act does.

    A field is written (Stale unless the version is the present one), a requirement is answered, ordered or said
    not to apply, the case is attested; or one of these is taken back. Invalid names the wrong field by its name
    in the form. Who may: `Mending.permission`, which the caller checks. Events of the services that it calls.
    """
    match mending.what:
        case "field" | "empty":
            return _fill_in(case_id, mending, by=by, now=now)
        case "answer":
            return _answer(case_id, mending, by=by, now=now)
        case "attest":
            attest_case(case_id, by=by, now=now)
            return None
        case "ask_again":
            revoke_clearance(case_id, mending.key, by=by, now=now)
            return None
        case "take_back":
            call_off_result(case_id, whole_number(mending.key) or 0, by=by, now=now)
            return None
    raise NothingToMend(_("There is nothing of that kind to mend."))


def _fill_in(case_id: int, mending: Mending, *, by: User, now: datetime) -> Mending | None:
    case = lock_open_case(case_id)
    name = mending.key
    text = "" if mending.what == EMPTY else mending.values.get("value", "").strip()
    if name not in CaseField.values or name == CaseField.CLINICAL_QUESTION:
        raise NothingToMend(_("There is nothing of that kind to mend."))
    if not text and mending.what != EMPTY:
        raise Invalid([FieldError("value", "required", _("Fill in this field."))])
    try:
        changes = parse_changes({name: text}, case=case, today=timezone.localdate(now))
    except Invalid as invalid:
        raise Invalid([FieldError("value", error.code, error.message) for error in invalid.errors]) from None
    case = edit_case(case_id, changes, version=mending.version, by=by, now=now)
    return Mending(EMPTY, name, case.version) if text else None


def _answer(case_id: int, mending: Mending, *, by: User, now: datetime) -> Mending:
    case = lock_open_case(case_id)
    asked = [
        requirement
        for requirement in spec_of(case.definition_id).requirements_for(case.phase, case.level)
        if requirement.key == mending.key and not requirement.field
    ]
    statements, errors = read_statements(mending.values, asked, today=timezone.localdate(now))
    if errors:
        raise Invalid(errors)
    if not statements:
        raise Invalid([FieldError(f"{HOW}{mending.key}", "required", _("Choose what holds."))])
    result = take_statement(case_id, statements[0], by=by, now=now)
    return Mending(TAKE_BACK, str(result.pk)) if result else Mending(ASK_AGAIN, mending.key)
