"""Patients' identities: (system OID, value) with the rules of each system (domain.md, section d).

Personal and coordination numbers carry a Luhn check digit over their last ten digits. Month 00, day 60 and
days that the month lacks occur in coordination numbers, so their dates are not held against the calendar.
Local reserve numbers are told apart by the OID of their system and written `OID|value`.
"""

import re
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

PERSONAL_NUMBER = "1.2.752.129.2.1.3.1"
COORDINATION_NUMBER = "1.2.752.129.2.1.3.3"

# System OID -> form of the value. Which digits a local check digit covers is not in our sources, so only
# the form is asked for. Source: domain.md, section d (Inera).
RESERVE_NUMBERS = {
    "1.2.752.97.3.1.3": re.compile(r"99\d{10}"),
    "1.2.752.113.11.0.2.1.1.1": re.compile(r"\d{8}[A-Z0-9]{2}[KMX][A-Z0-9]"),
    "1.2.752.74.9.2": re.compile(r"[A-Z0-9]{10,12}"),
    "1.2.752.129.2.1.3.2": re.compile(r"[A-Z0-9]{10,12}"),
}

_NUMBER = re.compile(r"(\d{4})(\d{2})(\d{2})[-+ ]?(\d{4})")
_WITH_SYSTEM = re.compile(r"(\d+(?:\.\d+)+)[|^](.+)")


class BadIdentity(ValueError):
    """An identity number that cannot be right; `code` is stable, the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Identity:
    """A checked identity: the OID of its system and the value as stored, without separators."""

    system: str
    value: str

    def __str__(self) -> str:
        if self.system in (PERSONAL_NUMBER, COORDINATION_NUMBER):
            return f"{self.value[:8]}-{self.value[8:]}"
        return self.value


def parse_identity(text: str, today: date) -> Identity:
    """Return the identity written in `text`; BadIdentity with the remedy when it cannot be right.

    Takes `YYYYMMDD-NNNN` (with or without separator) or `OID|value`. Ten digits are refused: they leave the
    century open.
    """
    text = text.strip().upper()
    if written_with_system := _WITH_SYSTEM.fullmatch(text):
        return _with_system(*written_with_system.groups(), today=today)
    return _numbered(text, today)


def _with_system(system: str, value: str, *, today: date) -> Identity:
    if system in (PERSONAL_NUMBER, COORDINATION_NUMBER):
        return _numbered(value, today)
    form = RESERVE_NUMBERS.get(system)
    if form is None:
        raise BadIdentity("unknown-system", _("The number system %(oid)s is not known here.") % {"oid": system})
    value = value.replace("-", "").replace(" ", "")
    if not form.fullmatch(value):
        raise BadIdentity("form", _("The reserve number does not have the form of its system. Check every character."))
    return Identity(system, value)


def _numbered(text: str, today: date) -> Identity:
    parts = _NUMBER.fullmatch(text)
    if parts is None:
        raise BadIdentity("form", _("Write the personal identity number with twelve digits: YYYYMMDD-NNNN."))
    year, month, day = (int(part) for part in parts.groups()[:3])
    value = "".join(parts.groups())
    is_coordination = day >= 60
    if is_coordination and (month > 12 or day > 91):
        raise BadIdentity("date", _("The number does not begin with a date. Check year, month and day."))
    if not is_coordination:
        _check_birth(year, month, day, today)
    if not _luhn(value[2:]):
        raise BadIdentity(
            "check-digit", _("The check digit of the personal identity number is wrong. Check every digit.")
        )
    return Identity(COORDINATION_NUMBER if is_coordination else PERSONAL_NUMBER, value)


def _check_birth(year: int, month: int, day: int, today: date) -> None:
    try:
        born = date(year, month, day)
    except ValueError:
        raise BadIdentity("date", _("There is no such birth date. Check year, month and day.")) from None
    if born > today:
        raise BadIdentity("future", _("The birth date is in the future. Check year, month and day."))


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 * (doubled > 9)
    return total % 10 == 0


def initials_of(name: str, identity_value: str) -> str:
    """Return initials and birth year, `A.J. 1958`, as lists and the shared screen show a patient."""
    letters = "".join(f"{part[0]}." for part in name.replace("-", " ").split())
    return f"{letters} {birth_year(identity_value)}".strip()


def birth_year(identity_value: str) -> str:
    """Return the four digits of the birth year that a number of twelve digits begins with, else nothing."""
    return identity_value[:4] if identity_value[:4].isdigit() and identity_value[:2] in ("18", "19", "20") else ""
