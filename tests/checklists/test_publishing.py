"""Publishing: the lock file, the database's own guard, and the command."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone

from checklists.loader import load_folder, read_lock
from checklists.models import Definition, Diagnosis
from checklists.reading import DefinitionError
from checklists.registry import spec_of
from checklists.services import load_definitions
from tests.checklists.conftest import Folder

pytestmark = pytest.mark.django_db


def _louder(data: dict[str, Any]) -> None:
    data["name_en"] += "!"


def _raise_version(data: dict[str, Any]) -> None:
    data["version"] += 1


def test_all_are_published_once() -> None:
    first = load_definitions(now=timezone.now())
    second = load_definitions(now=timezone.now())
    assert (len(first.published), first.kept) == (30, 0)
    assert (len(second.published), second.kept) == (0, 30)
    assert Definition.objects.count() == Diagnosis.objects.count() == 30


def test_what_is_published_reads_as_what_is_in_the_file(published: None) -> None:
    for item in load_folder():
        current = Diagnosis.objects.get(slug=item.spec.slug).current_id
        assert current is not None
        assert spec_of(current) == item.spec


def test_a_changed_version_is_refused_by_the_lock(folder: Folder) -> None:
    load_definitions(now=timezone.now(), folder=folder.path)
    folder.edit(_louder)
    with pytest.raises(DefinitionError, match=r"penis\.yaml: version: the published version 1\.1 .*Raise `version`"):
        load_definitions(now=timezone.now(), folder=folder.path)
    assert folder.lock() == []
    assert Diagnosis.objects.get().name_en == "Penile cancer"


def test_a_change_of_the_common_part_is_refused_too(folder: Folder) -> None:
    folder.edit(lambda data: data["levels"][0].update(minutes=7), "common.yaml")
    with pytest.raises(DefinitionError, match=r"or in common\.yaml"):
        load_definitions(now=timezone.now(), folder=folder.path)
    folder.edit(_raise_version, "common.yaml")
    assert folder.lock() == ["penis 2.1"]
    assert load_definitions(now=timezone.now(), folder=folder.path).published == ("penis 2.1",)


def test_a_version_that_was_never_locked_is_refused(folder: Folder) -> None:
    folder.edit(_raise_version)
    with pytest.raises(DefinitionError, match=r"version 1\.2 is not in lock\.json\. Run"):
        load_definitions(now=timezone.now(), folder=folder.path)


def test_the_database_remembers_what_a_forged_lock_forgets(folder: Folder) -> None:
    load_definitions(now=timezone.now(), folder=folder.path)
    folder.edit(_louder)
    (folder.path / "lock.json").unlink()
    folder.lock()
    with pytest.raises(DefinitionError, match="published here with other content"):
        load_definitions(now=timezone.now(), folder=folder.path)


def test_a_new_version_leaves_the_old_one(folder: Folder) -> None:
    load_definitions(now=timezone.now(), folder=folder.path)
    old = Diagnosis.objects.get().current
    assert old is not None
    folder.edit(_louder)
    folder.edit(_raise_version)
    folder.lock()
    load_definitions(now=timezone.now(), folder=folder.path)
    diagnosis = Diagnosis.objects.get()
    assert diagnosis.name_en == "Penile cancer!"
    assert diagnosis.current_id != old.pk
    assert spec_of(old.pk).name_en == "Penile cancer"
    assert set(read_lock(folder.path)["penis"]) == {"1.1", "1.2"}


def test_one_fault_publishes_nothing(folder: Folder) -> None:
    folder.edit(lambda data: data.update(group="liquid"))
    with pytest.raises(DefinitionError):
        load_definitions(now=timezone.now(), folder=folder.path)
    assert not Diagnosis.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.update(content={}),
        lambda rows: rows.update(digest="0" * 64),
        lambda rows: rows.update(published_at=timezone.now()),
        lambda rows: rows.delete(),
    ],
    ids=["content", "digest", "published_at", "delete"],
)
def test_the_database_refuses_to_change_a_published_version(folder: Folder, change: Any) -> None:
    load_definitions(now=timezone.now(), folder=folder.path)
    Diagnosis.objects.update(current=None)
    before = Definition.objects.values().get()
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        change(Definition.objects.all())
    assert Definition.objects.values().get() == before


def test_a_version_is_published_once(folder: Folder) -> None:
    load_definitions(now=timezone.now(), folder=folder.path)
    row = Definition.objects.get()
    with pytest.raises(IntegrityError, match="definition_version_once"), transaction.atomic():
        Definition.objects.create(
            diagnosis=row.diagnosis, version=row.version, content={}, digest="", published_at=timezone.now()
        )


def test_the_command(folder: Folder) -> None:
    out = StringIO()
    call_command("load_definitions", folder=folder.path, stdout=out)
    assert out.getvalue().splitlines() == ["published penis 1.1", "1 published, 0 unchanged"]
    folder.edit(_louder)
    with pytest.raises(CommandError, match=r"penis\.yaml: version"):
        call_command("load_definitions", folder=folder.path, stdout=out)
    folder.edit(_raise_version)
    out = StringIO()
    call_command("load_definitions", folder=folder.path, lock=True, stdout=out)
    assert out.getvalue().splitlines() == ["locked penis 1.2", "published penis 1.2", "1 published, 0 unchanged"]
