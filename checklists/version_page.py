"""What the pages of versions show: which there are, which is in force, what another one says otherwise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checklists.difference import ChangedPart, difference
from checklists.enums import Phase
from checklists.models import Definition, DefinitionDraft, Diagnosis
from checklists.publishing import draft_of, newest_shipped, spec_of_draft
from checklists.registry import spec_of
from checklists.spec import DefinitionSpec
from checklists.usage import Effect, usage
from checklists.versions import number_of


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A published version; `open_cases` follow it now."""

    version: Definition
    is_current: bool
    open_cases: int


@dataclass(frozen=True, slots=True)
class VersionsPage:
    """All versions of a diagnosis, newest first, its draft, and the shipped version that waits to be chosen."""

    diagnosis: Diagnosis
    rows: Sequence[VersionRow]
    draft: DefinitionDraft | None
    waiting: Definition | None
    older: int
    """Open cases that follow another version than the one in force."""
    move_url: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a version, or the draft, says otherwise than the one in force, and what that means for open cases."""

    diagnosis: Diagnosis
    parts: tuple[ChangedPart, ...]
    open_cases: int
    by_phase: tuple[tuple[str, int], ...]
    """The open cases of each phase that has any."""
    effect: Effect | None
    lacking: tuple[tuple[str, int], ...]
    """The new requirements that open cases lack an answer to: label and number of cases."""

    @property
    def count(self) -> int:
        """How many entries differ."""
        return sum(len(part.changes) for part in self.parts)


def versions_page(diagnosis: Diagnosis) -> VersionsPage:
    """Return the page of all versions; the same number of queries however many there are."""
    rows = diagnosis.definitions.defer("content").select_related("published_by", "based_on").defer("based_on__content")
    followed = _open_cases(diagnosis)
    counts = {pk: sum(phases.values()) for pk, phases in followed.items()}
    current, registered = diagnosis.current_id, usage()
    return VersionsPage(
        diagnosis=diagnosis,
        rows=[VersionRow(row, row.pk == current, counts.get(row.pk, 0)) for row in rows.order_by("-pk")],
        draft=draft_of(diagnosis.pk),
        waiting=_waiting(diagnosis),
        older=sum(count for pk, count in counts.items() if pk != current),
        move_url=registered.address() if registered else "",
    )


def compare_version(diagnosis: Diagnosis, version: Definition) -> Comparison:
    """Return what a published version says otherwise than the one in force."""
    return _comparison(diagnosis, spec_of(version.pk))


def compare_draft(diagnosis: Diagnosis, draft: DefinitionDraft) -> Comparison:
    """Return what the draft says otherwise than the version in force. DefinitionError for a draft that cannot be read."""
    return _comparison(diagnosis, spec_of_draft(draft))


def can_choose(diagnosis: Diagnosis, version: Definition) -> bool:
    """Say whether new cases may be let begin with this version in place of the one in force."""
    newest = newest_shipped(diagnosis.pk)
    return newest is not None and newest.pk == version.pk and diagnosis.current_id != version.pk


def _comparison(diagnosis: Diagnosis, spec: DefinitionSpec) -> Comparison:
    parts = difference(spec_of(_current(diagnosis)), spec)
    phases: dict[str, int] = {}
    for counted in _open_cases(diagnosis).values():
        for phase, number in counted.items():
            phases[phase] = phases.get(phase, 0) + number
    registered = usage()
    effect = registered.effect(diagnosis.pk, spec) if registered and parts else None
    names: dict[str, Any] = {item.key: item.label() for item in spec.requirements}
    lacking = sorted(effect.lacking_by.items(), key=lambda pair: -pair[1]) if effect else []
    return Comparison(
        diagnosis=diagnosis,
        parts=parts,
        open_cases=sum(phases.values()),
        by_phase=tuple((str(phase.label), phases[phase]) for phase in Phase if phase in phases),
        effect=effect,
        lacking=tuple((names[key], number) for key, number in lacking),
    )


def _open_cases(diagnosis: Diagnosis) -> Mapping[int, Mapping[str, int]]:
    registered = usage()
    return registered.open_cases(diagnosis.pk) if registered else {}


def _waiting(diagnosis: Diagnosis) -> Definition | None:
    """The newest shipped version, when the hospital's own is in force and made from an older one."""
    newest, current = newest_shipped(diagnosis.pk), diagnosis.current
    if newest is None or current is None or current.published_by_id is None:
        return None
    return newest if number_of(newest.version) > number_of(current.version)[:2] else None


def _current(diagnosis: Diagnosis) -> int:
    if diagnosis.current_id is None:
        raise Definition.DoesNotExist(f"{diagnosis.slug} has no version in force.")
    return diagnosis.current_id
