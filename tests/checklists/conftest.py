"""A folder with a small pair of definition files to break, and the real definitions in the database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.utils import timezone

from checklists import services
from checklists.loader import FOLDER, Loaded, load_folder, write_lock
from checklists.spec import DefinitionSpec

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="session")
def shipped() -> list[Loaded]:
    """The shipped definitions, read once."""
    return load_folder()


@pytest.fixture(scope="session")
def specs(shipped: list[Loaded]) -> dict[str, DefinitionSpec]:
    """The shipped definitions by slug."""
    return {item.spec.slug: item.spec for item in shipped}


@pytest.fixture
def published(db: None, shipped: list[Loaded], monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped definitions, published without reading the files again."""
    with monkeypatch.context() as patched:
        patched.setattr(services, "load_folder", lambda _folder: shipped)
        services.load_definitions(now=timezone.now())


class Folder:
    """A folder of definitions with the shipped common part and one diagnosis."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in ("common.yaml", "penis.yaml"):
            (path / name).write_text((FOLDER / name).read_text("utf-8"), "utf-8")
        self.lock()

    def edit(self, change: Edit, name: str = "penis.yaml") -> None:
        """Change the data of a file."""
        data = yaml.safe_load((self.path / name).read_text("utf-8"))
        change(data)
        (self.path / name).write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")

    def load(self) -> Loaded:
        """The one diagnosis."""
        return load_folder(self.path)[0]

    def lock(self) -> list[str]:
        """Add the new versions to the lock file."""
        return write_lock(load_folder(self.path), self.path)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder to break."""
    return Folder(tmp_path)
