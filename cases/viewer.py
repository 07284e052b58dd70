"""Opening an examination in a site's image viewer: an address with placeholders, and what may never stand in it.

Pure: texts in, texts out. The address is checked when an administrator sets it and again each time that it is
opened, since the list of allowed hosts may have changed in between.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote, urlsplit

from django.utils.translation import gettext as _

from cases.identity import BadIdentity, parse_identity

PLACEHOLDERS = ("accession_number", "study_uid")
LOOPBACK = ("127.0.0.1", "localhost", "::1")

_BRACED = re.compile(r"\{([^{}]*)\}")
_NO_ADDRESS = re.compile(r"[\s\\<>\"'`^|\x00-\x1f\x7f]")
_DIGITS = re.compile(r"(?<!\d)(?:\d{2})?\d{6}[-+ ]?\d{4}(?!\d)")
_SEPARATORS = re.compile(r"[^A-Z0-9]")


class BadTemplate(ValueError):
    """An address that cannot serve; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Opening:
    """The address that opens an examination; or, where there is none, the sentence that says why."""

    address: str = ""
    refusal: str = ""


def check_template(template: str, hosts: Collection[str], *, loopback: bool = False) -> None:
    """Raise BadTemplate unless `template` is an https address at one of `hosts` with a known placeholder.

    `hosts` are names as they stand in an address, with the port where it is not the usual one. `loopback` also
    allows plain http to this very machine, for a demonstration.
    """
    names = _BRACED.findall(template)
    try:
        parts, netloc = urlsplit(_BRACED.sub("0", template)), urlsplit(template).netloc
    except ValueError:
        raise BadTemplate(_("This is no address.")) from None
    unknown = sorted(set(names) - set(PLACEHOLDERS))
    listed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    if unknown:
        raise BadTemplate(
            _("The address has an unknown placeholder: %(name)s. Use one of: %(known)s.")
            % {"name": f"{{{unknown[0]}}}", "known": listed}
        )
    if not names:
        raise BadTemplate(_("The address needs at least one of: %(known)s.") % {"known": listed})
    if "{" in netloc or set("{}") & set(_BRACED.sub("", template)) or _NO_ADDRESS.search(template):
        raise BadTemplate(_("This is no address. Placeholders stand after the host, and there are no blanks in it."))
    is_local = loopback and parts.scheme == "http" and parts.hostname in LOOPBACK
    if parts.scheme != "https" and not is_local:
        raise BadTemplate(_("The address must begin with https://."))
    if "@" in netloc or parts.netloc.lower() not in {host.lower() for host in hosts}:
        raise BadTemplate(
            _("The host %(host)s is not on this installation's list of image viewers (MDK_IMAGE_VIEWER_HOSTS).")
            % {"host": parts.hostname or "–"}
        )


def open_address(
    template: str,
    values: Mapping[str, str],
    *,
    numbers: Iterable[str],
    hosts: Collection[str],
    today: date,
    loopback: bool = False,
) -> Opening:
    """Return the address of an examination, its values percent-encoded; or why there is none.

    `values` has a text for each placeholder, `numbers` are all identity numbers of the patient as stored. A value
    that holds one of them, or any personal number, is never put into an address: addresses end in logs.
    """
    try:
        check_template(template, hosts, loopback=loopback)
    except BadTemplate as bad:
        return Opening(refusal=str(bad))
    known = [number for number in numbers if number]
    for name in _BRACED.findall(template):
        value = values.get(name, "").strip()
        if not value.strip("."):
            return Opening(refusal=_missing(name))
        if holds_identity(value, known, today):
            return Opening(
                refusal=_(
                    "The examination's number holds a personal identity number, which is not put into an address."
                )
            )
    return Opening(address=_BRACED.sub(lambda found: quote(values[found[1]].strip(), safe=""), template))


def holds_identity(value: str, numbers: Iterable[str], today: date) -> bool:
    """Say whether `value` holds one of the `numbers`, in ten or twelve digits and however separated, or any personal number."""
    plain = _SEPARATORS.sub("", value.upper())
    for number in numbers:
        if number in plain or (len(number) == 12 and number.isdigit() and number[2:] in plain):
            return True
    return any(_is_personal(found, today) for found in _DIGITS.findall(value))


def _is_personal(text: str, today: date) -> bool:
    digits = re.sub(r"\D", "", text)
    centuries = ("",) if len(digits) == 12 else ("19", "20")
    return any(_is_identity(century + digits, today) for century in centuries)


def _is_identity(digits: str, today: date) -> bool:
    try:
        parse_identity(digits, today)
    except BadIdentity:
        return False
    return True


def _missing(name: str) -> str:
    if name == "study_uid":
        return _("The answer has no study UID, so its images cannot be opened from here.")
    return _("The answer has no accession number, so its images cannot be opened from here.")
