"""Quorum: which functions the cases of a meeting ask for, and whether they are there."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from checklists.registry import specs_of
from mdk.models import AgendaItem, Attendance


@dataclass(frozen=True, slots=True)
class Quorum:
    """Whether every function that the cases on the agenda ask for is present, and which are missing."""

    met: bool
    missing: tuple[str, ...]


def quorum_of(items: Sequence[AgendaItem], attendances: Sequence[Attendance]) -> Quorum:
    """Return the quorum for `items` (cases loaded), by the definition and phase of each."""
    present = {line.speciality for line in attendances if line.is_present}
    return quorum_of_phases({(item.case.definition_id, item.case.phase) for item in items}, present)


def quorum_of_phases(cases: Iterable[tuple[int, str]], present: Collection[str]) -> Quorum:
    """Return the quorum for cases given as (definition, phase), when the functions in `present` are there."""
    cases = list(cases)
    specs = specs_of(definition for definition, _phase in cases)
    needed = {function for definition, phase in cases for function in specs[definition].quorum_for(phase)}
    missing = tuple(sorted(needed.difference(present)))
    return Quorum(met=not missing, missing=missing)
