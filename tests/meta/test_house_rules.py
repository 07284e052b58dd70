"""Rules of the house that no linter knows."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded import BASE_DIR

APPS = ("accounts", "events", "checklists", "cases", "mdk")
MOST_LINES = 400
WITHOUT_LIMIT = ("migrations", "locale")


def tracked(*endings: str) -> list[Path]:
    """Return the files of the repository with one of these endings, new ones too."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=BASE_DIR, check=True, capture_output=True, text=True).stdout.splitlines()
    return [BASE_DIR / name for name in names if name.endswith(endings) and (BASE_DIR / name).is_file()]


def door_files() -> Iterator[Path]:
    """Yield views, API and tasks: the files that may hold neither queries nor rules."""
    for app in APPS:
        for path in sorted((BASE_DIR / app).rglob("*.py")):
            parts = path.relative_to(BASE_DIR / app).parts
            if parts[0] in {"views", "api"} or path.name in {"views.py", "api.py", "tasks.py"}:
                yield path


def name_of(path: Path) -> str:
    return path.relative_to(BASE_DIR).as_posix()


def test_no_file_is_longer_than_a_person_reads() -> None:
    long = {
        name_of(path): lines
        for path in tracked(".py", ".html", ".css", ".js")
        if not set(WITHOUT_LIMIT) & set(path.parts)
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}


def test_views_do_not_query() -> None:
    found = []
    for path in door_files():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        managers = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "objects"]
        # `.objects.none()` is what a list answers when only its schema is asked for.
        empty = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "none"}
        found += [f"{name_of(path)}:{node.lineno}" for node in managers if id(node) not in empty]
    assert found == []


def test_views_do_not_open_transactions() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in door_files()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "transaction"
    ]
    assert found == []


def test_there_are_doors_to_look_at() -> None:
    assert len(list(door_files())) > 10


def test_no_module_is_named_after_nothing() -> None:
    vague = {"utils.py", "helpers.py", "misc.py", "common.py"}
    assert [name_of(path) for path in tracked(".py") if path.name in vague] == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_the_lock_has_hashes_and_no_address(lock: str) -> None:
    text = (BASE_DIR / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", text)
    requirements = re.split(r"\n(?=\S)", text.strip())
    assert len(requirements) > 40
    assert [entry.split()[0] for entry in requirements if "--hash=sha256:" not in entry] == []


def test_what_runs_and_what_is_tested_are_the_same() -> None:
    def pins(lock: str) -> set[str]:
        return set(re.findall(r"^[\w.\-\[\]]+==\S+", (BASE_DIR / lock).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")


def test_templates_have_no_inline_style_or_script() -> None:
    inline = re.compile(
        r"""\sstyle\s*=\s*["'] | \son[a-z]+\s*=\s*["'] | javascript: | <style\b
            | <script\b(?![^>]*\bsrc=)(?![^>]*type=["']application/json["']) | \bhx-on""",
        re.VERBOSE | re.IGNORECASE,
    )
    found = {
        f"{name_of(path)}: {match.group().strip()}"
        for path in tracked(".html")
        for match in inline.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_nothing_is_loaded_from_elsewhere() -> None:
    outside = re.compile(r"""<(?:script|link|img|iframe)[^>]*(?:src|href)=["'](?:https?:)?//""", re.IGNORECASE)
    found = [name_of(path) for path in tracked(".html") if outside.search(path.read_text(encoding="utf-8"))]
    assert found == []


DRAWINGS = {"accounts/bars.py", "accounts/signs.py", "accounts/templatetags/ui.py"}
"""Files that mark constant drawings (SVG of our own or of the icon package) as safe; never data."""


def test_no_markup_is_trusted_blindly() -> None:
    trusted = re.compile(r"\bmark_safe\b|SafeString\([^)]|\|\s*safe\b|autoescape off|csrf_exempt")
    found = {
        name_of(path)
        for path in tracked(".py", ".html")
        if not name_of(path).startswith("tests/") and trusted.search(path.read_text(encoding="utf-8"))
    }
    assert found == DRAWINGS


def test_migrations_import_no_app() -> None:
    """A migration that imports today's code breaks tomorrow (field types and validators of models aside)."""
    found = [
        f"{name_of(path)}: {node.module}"
        for app in APPS
        for path in (BASE_DIR / app / "migrations").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in APPS
    ]
    assert found == []
