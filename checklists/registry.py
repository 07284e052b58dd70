"""From ids and free text to definitions and diagnoses."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.errors import Refused
from checklists.models import Definition, Diagnosis
from checklists.parsing import parse
from checklists.spec import DefinitionSpec

_specs: dict[int, DefinitionSpec] = {}

CODE = re.compile(r"([A-Z])(\d{2})(?:\.?(\d)[0-9A-Z]?)?-?")


class DiagnosisError(Refused):
    """The text names no diagnosis, or more than one."""

    status = 400


class UnknownDiagnosis(DiagnosisError):
    """No diagnosis has this slug, name or ICD-10 code."""

    code = "unknown-diagnosis"


class AmbiguousDiagnosis(DiagnosisError):
    """Several diagnoses have this name or code; the message names them."""

    code = "ambiguous-diagnosis"


def spec_of(definition_id: int) -> DefinitionSpec:
    """Return the spec of a published version. Kept in the process by id: a published version never changes.

    Raises `Definition.DoesNotExist`.
    """
    found = specs_of([definition_id]).get(definition_id)
    if found is None:
        raise Definition.DoesNotExist(f"There is no definition {definition_id}.")
    return found


def specs_of(definition_ids: Iterable[int]) -> dict[int, DefinitionSpec]:
    """Return the specs of several versions by id; at most one query, for those that this process has not met."""
    wanted = set(definition_ids)
    missing = wanted - _specs.keys()
    if missing:
        for row in Definition.objects.filter(pk__in=missing).select_related("diagnosis"):
            _specs[row.pk] = parse(row.content, f"{row.diagnosis.slug} {row.version}")
    return {pk: _specs[pk] for pk in wanted if pk in _specs}


def find_diagnosis(text: str) -> Diagnosis:
    """Return the diagnosis that `text` names: slug, Swedish or English name (any case), or an ICD-10 code.

    A code is found within ranges (C07 in C00-C14) and under its parent (C18.7 under C18); a code without decimal is
    also taken as the unspecified one (C23 as C23.9). A wider code than the pathway's is refused, since its other parts
    belong elsewhere.
    Raises `UnknownDiagnosis` or `AmbiguousDiagnosis`.
    """
    wanted = " ".join(text.split())
    rows = list(Diagnosis.objects.all())
    found = [row for row in rows if wanted.casefold() in _names(row)]
    if not found:
        found = _by_code(rows, wanted)
    if not found:
        raise UnknownDiagnosis(
            _("There is no diagnosis “%(text)s”. Write its name, its short name or an ICD-10 code such as C18.7.")
            % {"text": wanted},
            field="diagnosis",
        )
    if len(found) > 1:
        raise AmbiguousDiagnosis(
            _("“%(text)s” fits several diagnoses: %(names)s. Write the name of one of them.")
            % {"text": wanted, "names": ", ".join(row.name_sv for row in found)},
            field="diagnosis",
            extra={"diagnoses": [row.slug for row in found]},
        )
    return found[0]


def _names(row: Diagnosis) -> set[str]:
    """The slug and both names, also without what stands in brackets."""
    names = {row.slug, row.name_sv, row.name_en}
    names |= {name.partition(" (")[0] for name in names}
    return {name.casefold() for name in names}


@dataclass(frozen=True, slots=True)
class _Span:
    """A stretch of ICD-10 codes as two numbers, ends included."""

    first: int
    last: int

    def holds(self, other: "_Span") -> bool:
        return self.first <= other.first and other.last <= self.last


def _by_code(rows: list[Diagnosis], text: str) -> list[Diagnosis]:
    span = _span(text)
    if span is None:
        return []
    holders = [row for row in rows if any(_held(entry, span) for entry in row.icd10)]
    if not holders and span.first != span.last:
        unspecified = _Span(span.last, span.last)
        holders = [row for row in rows if any(_held(entry, unspecified) for entry in row.icd10)]
    return holders


def _held(entry: str, span: _Span) -> bool:
    first, _dash, last = entry.partition("-")
    low, high = _span(first), _span(last or first)
    return low is not None and high is not None and _Span(low.first, high.last).holds(span)


def _span(code: str) -> _Span | None:
    """C18 -> all of C18.0 to C18.9; C18.7 (or C187) -> itself."""
    match = CODE.fullmatch(code.upper())
    if match is None:
        return None
    base = ord(match[1]) * 1000 + int(match[2]) * 10
    return _Span(base, base + 9) if match[3] is None else _Span(base + int(match[3]), base + int(match[3]))
