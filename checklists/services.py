"""Publishing definitions."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from checklists.loader import FOLDER, Loaded, check_lock, load_folder, read_lock
from checklists.models import Definition, Diagnosis
from checklists.publishing import put_in_force
from checklists.reading import DefinitionError, Problem
from checklists.versions import number_of


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did: `slug version` of what was published, and the number of versions that were there already.

    `held` names the diagnoses whose own version stays in force although a newer shipped one has come.
    """

    published: tuple[str, ...]
    kept: int
    held: tuple[str, ...] = ()


@transaction.atomic
def load_definitions(*, now: datetime, folder: Path = FOLDER) -> LoadReport:
    """Publish what the folder holds and the database does not; a second run changes nothing.

    New cases begin with it, unless the hospital's own version is in force: that one stays until an administrator
    chooses otherwise (`checklists.publishing.choose_version`).
    All or nothing. Raises `DefinitionError` for a file with faults, for a version that differs from the lock file, and
    for one that differs from what is published under the same number.
    """
    loaded = load_folder(folder)
    check_lock(loaded, read_lock(folder))
    diagnoses = {row.slug: row for row in Diagnosis.objects.select_for_update()}
    rows = list(Definition.objects.defer("content"))
    known = {(row.diagnosis_id, row.version): row for row in rows}
    own = {row.pk: row.version for row in rows if row.published_by_id is not None}
    _refuse_changed(loaded, diagnoses, known)
    published, held = [], []
    for item in loaded:
        spec = item.spec
        diagnosis = diagnoses.get(spec.slug) or Diagnosis.objects.create(
            slug=spec.slug, name_sv=spec.name_sv, name_en=spec.name_en
        )
        definition = known.get((diagnosis.pk, spec.version))
        if definition is None:
            definition = Definition.objects.create(
                diagnosis=diagnosis, version=spec.version, content=item.content, digest=item.digest, published_at=now
            )
            published.append(f"{spec.slug} {spec.version}")
        if in_force := own.get(diagnosis.current_id or 0):
            if number_of(spec.version) > number_of(in_force)[:2]:
                held.append(f"{spec.slug} {spec.version}, {in_force} in force")
        elif diagnosis.current_id != definition.pk:
            put_in_force(diagnosis, definition, spec)
    return LoadReport(tuple(published), len(loaded) - len(published), tuple(held))


def _refuse_changed(
    loaded: list[Loaded], diagnoses: dict[str, Diagnosis], known: dict[tuple[int, str], Definition]
) -> None:
    problems = []
    for item in loaded:
        diagnosis = diagnoses.get(item.spec.slug)
        definition = known.get((diagnosis.pk, item.spec.version)) if diagnosis else None
        if definition is not None and definition.digest != item.digest:
            problems.append(
                Problem(
                    item.file,
                    "version",
                    f"version {item.spec.version} is published here with other content.",
                    f"Raise `version` in {item.file} and run `manage.py load_definitions --lock`.",
                )
            )
    if problems:
        raise DefinitionError(problems)
