"""From what a person, a program or a file wrote to a checked referral, with every error at once."""

from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any, TypeVar

from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, type_errors
from accounts.models import Unit, User
from accounts.permissions import Permission
from cases.access import with_parents
from cases.identity import BadIdentity, Identity, parse_identity
from cases.models import Case
from cases.queries import clinicians_for
from cases.services.referral import ReferralData
from checklists.enums import Phase
from checklists.models import Diagnosis
from checklists.registry import DiagnosisError, find_diagnosis, spec_of

T = TypeVar("T")

WRITTEN = (
    "personal_identity_number",
    "name",
    "external_reference",
    "clinical_question",
    "history",
    "comorbidity",
    "patient_wishes",
)
TEXTS = ("clinical_question", "history", "comorbidity", "patient_wishes")
REQUIRED = (
    "personal_identity_number",
    "name",
    "diagnosis",
    "clinical_question",
    "responsible_clinician",
    "unit",
    "suspected_on",
)


def parse_referral(raw: Mapping[str, Any], *, today: date, allowed: Collection[Unit] | None = None) -> ReferralData:
    """Return the checked referral of `raw`, whose keys are the field names of the API (CONTRACT.md).

    `diagnosis` is a slug, a name or an ICD-10 code, people are e-mail addresses, `unit` is a name or an id,
    dates are `YYYY-MM-DD`. `allowed` are the units that the caller may refer from (None: all, for the system).
    Invalid lists every wrong field with the remedy; nothing is written.
    """
    return _Parser(raw, today, allowed).parse()


def parse_changes(raw: Mapping[str, Any], *, case: Case, today: date) -> dict[str, Any]:
    """Return the checked changes of a case: only the fields that `raw` names, by the names of `EDITABLE`.

    Fields are written as in `parse_referral`; a field that a case must have cannot be emptied. People who hold
    their task already stay, even when their membership has ended. Invalid lists every wrong field.
    """
    return _Parser(raw, today, None).changes(case)


class _Parser:
    """Collects errors field by field; each `_field` method returns its value, or notes an error."""

    def __init__(self, raw: Mapping[str, Any], today: date, allowed: Collection[Unit] | None) -> None:
        self.raw = {key: str(value).strip() if value is not None else "" for key, value in raw.items()}
        self.given = raw.get("circumstances") or {}
        self.today = today
        self.allowed = allowed
        self.errors: list[FieldError] = type_errors(raw, WRITTEN)

    def parse(self) -> ReferralData:
        for name in REQUIRED:
            if not self._text(name):
                self._wrong(name, "required", _("Fill in this field."))
        unit = self._read("unit", self._unit)
        clinician = self._read("responsible_clinician", lambda text: self._person(text, unit, Permission.ATTEST))
        nurse = self._read("contact_nurse", lambda text: self._person(text, unit, Permission.VIEW_CASE))
        identity = self._read("personal_identity_number", self._identity)
        diagnosis = self._read("diagnosis", self._diagnosis)
        phase = self._read("phase", self._phase) or Phase.PRE_TREATMENT
        performance = self._read("performance_status", self._performance)
        suspected = self._read("suspected_on", self._past)
        promised = self._read("promised_on", self._date)
        circumstances = self._circumstances(diagnosis.current_id) if diagnosis else {}
        self._check_lengths()
        if self.errors or not (unit and clinician and identity and diagnosis and suspected):
            raise Invalid(self.errors)
        return ReferralData(
            identity=identity,
            name=self._text("name"),
            diagnosis=diagnosis,
            phase=phase,
            unit=unit,
            responsible_clinician=clinician,
            contact_nurse=nurse,
            suspected_on=suspected,
            promised_on=promised,
            performance_status=performance,
            external_reference=self._text("external_reference"),
            is_protected=self._text("is_protected").lower() in ("1", "true", "on", "ja", "yes"),
            clinical_question=self._text("clinical_question"),
            history=self._text("history"),
            comorbidity=self._text("comorbidity"),
            patient_wishes=self._text("patient_wishes"),
            circumstances=circumstances,
        )

    def changes(self, case: Case) -> dict[str, Any]:
        """Return the values of the named fields; see `parse_changes`."""
        readers: dict[str, Callable[[str], Any]] = {
            "responsible_clinician": lambda text: (
                _still(case.responsible_clinician, text) or self._person(text, case.unit, Permission.ATTEST)
            ),
            "contact_nurse": lambda text: (
                _still(case.contact_nurse, text) or self._person(text, case.unit, Permission.VIEW_CASE)
            ),
            "performance_status": self._performance,
            "suspected_on": self._past,
            "promised_on": self._date,
            "phase": self._phase,
        }
        changed: dict[str, Any] = {name: self._read(name, read) for name, read in readers.items() if name in self.raw}
        changed |= {name: self._text(name) for name in TEXTS if name in self.raw}
        for name in ("clinical_question", "responsible_clinician", "suspected_on", "phase"):
            if name in self.raw and not self._text(name):
                self._wrong(name, "required", _("Fill in this field."))
        if "circumstances" in self.raw:
            changed["circumstances"] = self._circumstances(case.definition_id)
        self._check_lengths()
        if self.errors:
            raise Invalid(self.errors)
        return changed

    def _circumstances(self, definition_id: int | None) -> dict[str, str]:
        """Return the stated circumstances, each with one of the answers that the definition knows."""
        if definition_id is None or not isinstance(self.given, Mapping):
            return {}
        known = {c.key: [choice.key for choice in c.choices] for c in spec_of(definition_id).circumstances}
        stated = {str(key): str(answer) for key, answer in self.given.items() if answer not in ("", None)}
        for key, answer in stated.items():
            if answer not in known.get(key, ()):
                self._wrong(
                    "circumstances",
                    "unknown",
                    _("“%(key)s: %(answer)s” is no circumstance of this diagnosis.") % {"key": key, "answer": answer},
                )
        return stated

    def _text(self, name: str) -> str:
        return self.raw.get(name, "")

    def _wrong(self, name: str, code: str, message: str) -> None:
        self.errors.append(FieldError(name, code, message))

    def _read(self, name: str, reader: Callable[[str], T]) -> T | None:
        """Return the value of a filled-in field, or None with the reader's complaint noted."""
        if not (text := self._text(name)):
            return None
        try:
            return reader(text)
        except _Wrong as wrong:
            self._wrong(name, wrong.code, str(wrong))
            return None

    def _identity(self, text: str) -> Identity:
        try:
            return parse_identity(text, self.today)
        except BadIdentity as bad:
            raise _Wrong(bad.code, str(bad)) from None

    def _diagnosis(self, text: str) -> Diagnosis:
        try:
            return find_diagnosis(text)
        except DiagnosisError as error:
            raise _Wrong("unknown", str(error)) from None

    def _phase(self, text: str) -> Phase:
        for phase in Phase:
            if text.lower() in (phase.value, str(phase.label).lower()):
                return phase
        known = ", ".join(f"{phase.label} ({phase.value})" for phase in Phase)
        raise _Wrong(
            "unknown", _("There is no phase “%(text)s”. Use one of: %(known)s.") % {"text": text, "known": known}
        )

    def _unit(self, text: str) -> Unit:
        candidates = self.allowed if self.allowed is not None else Unit.objects.select_related("parent__parent")
        for unit in candidates:
            if text in (str(unit.pk), unit.hsa_id) or text.casefold() == unit.name.casefold():
                return unit
        raise _Wrong(
            "unknown", _("There is no unit “%(text)s” that you may refer from. Check the name.") % {"text": text}
        )

    def _person(self, text: str, unit: Unit | None, permission: Permission) -> User | None:
        """A person is looked for in the unit and above it; without a unit the unit's own error is enough."""
        if unit is None:
            return None
        units = {above.pk for above in with_parents(unit)}
        person = clinicians_for(units, permission, self.today).filter(email=text.lower()).first()
        if person is None:
            raise _Wrong(
                "unknown",
                _("Nobody with the e-mail address %(email)s has this task in the unit. Check the address.")
                % {"email": text},
            )
        return person

    def _performance(self, text: str) -> int:
        if text not in ("0", "1", "2", "3", "4"):
            raise _Wrong("out-of-range", _("Performance status (WHO/ECOG) is a whole number from 0 to 4."))
        return int(text)

    def _date(self, text: str) -> date:
        try:
            day = parse_date(text[:10]) if len(text) == 10 or text[10:].strip(" T0:") == "" else None
        except ValueError:
            day = None
        if day is None:
            raise _Wrong("not-a-date", _("“%(text)s” is not a date. Write YYYY-MM-DD.") % {"text": text})
        return day

    def _past(self, text: str) -> date:
        day = self._date(text)
        if day > self.today:
            raise _Wrong("in-the-future", _("The date is in the future. Give the day on which it happened."))
        return day

    def _check_lengths(self) -> None:
        for name, limit in (("name", 120), ("external_reference", 64), *((text, 10_000) for text in TEXTS)):
            if len(self._text(name)) > limit:
                self._wrong(name, "too-long", _("At most %(limit)d characters.") % {"limit": limit})


def _still(person: User | None, text: str) -> User | None:
    """Return the person who has the task now when `text` is their address."""
    return person if person and person.email == text.lower() else None


class _Wrong(Exception):
    """A field's complaint on its way to the list of errors."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
