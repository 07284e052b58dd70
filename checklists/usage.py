"""What the floor of cases tells about the use of a definition, without being imported from here.

The floor above registers its `Usage` when Django is ready. Numbers only: no case, no patient.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from checklists.spec import DefinitionSpec


@dataclass(frozen=True, slots=True)
class Effect:
    """What would happen to open cases, were they moved to another definition.

    `counted` of `total` cases were looked at. `lacking` get a new requirement that nothing answers yet, by requirement
    in `lacking_by`; `falling` are ready now and would not be, `rising` the other way round.
    """

    total: int = 0
    counted: int = 0
    asked_more: int = 0
    lacking: int = 0
    falling: int = 0
    rising: int = 0
    lacking_by: Mapping[str, int] = field(default_factory=dict)


class Usage(Protocol):
    """How open cases use the definitions of a diagnosis."""

    def open_cases(self, diagnosis_id: int) -> Mapping[int, Mapping[str, int]]:
        """Return the number of open cases by definition and phase."""

    def effect(self, diagnosis_id: int, spec: DefinitionSpec) -> Effect:
        """Return what moving the open cases to `spec` would do."""

    def address(self) -> str:
        """Return the address of the page on which cases are moved."""


_REGISTERED: list[Usage] = []


def register_usage(usage: Usage) -> None:
    """Let `usage` answer; once."""
    if any(one is not usage for one in _REGISTERED):
        raise ValueError("the usage of definitions is registered twice")
    _REGISTERED[:] = [usage]


def usage() -> Usage | None:
    """Return what was registered; None where no floor above uses definitions."""
    return _REGISTERED[0] if _REGISTERED else None
