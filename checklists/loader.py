"""Reads `definitions/*.yaml`: one file per diagnosis on top of `common.yaml`, and the lock file of published versions.

`common.yaml` holds what every diagnosis shares; a diagnosis overrides an entry of it by giving one with the same key.
The version of a definition is `<version of common>.<version of the file>`, so that raising either makes a new version.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from checklists.parsing import parse
from checklists.reading import DefinitionError, Problem
from checklists.spec import DefinitionSpec

FOLDER = Path(__file__).parent / "definitions"
COMMON = "common.yaml"
LOCK = "lock.json"
KEYED = {"requirements": "key", "levels": "code", "outcome_fields": "key"}
"""Lists that a diagnosis may override entry by entry, and the key that tells entries apart."""


@dataclass(frozen=True)
class Loaded:
    """A definition as read: the merged content that is published, its digest and its typed form."""

    file: str
    content: dict[str, Any]
    digest: str
    spec: DefinitionSpec


class _Yaml(yaml.SafeLoader):
    """YAML without surprises: only true and false are booleans, dates stay texts, and a key may stand once."""


_Yaml.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in rules if tag not in ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp")
    ]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _first, _word in (("t", "true"), ("f", "false")):
    _Yaml.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(rf"^{_word}$"), [_first])


def _mapping(loader: _Yaml, node: yaml.MappingNode) -> dict[Any, Any]:
    taken: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in taken:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", key_node.start_mark)
        taken.add(key)
    return loader.construct_mapping(node, deep=True)


_Yaml.add_constructor("tag:yaml.org,2002:map", _mapping)


def load_folder(folder: Path = FOLDER) -> list[Loaded]:
    """Every definition of the folder, by file name. Raises `DefinitionError` with the faults of all files."""
    problems: list[Problem] = []
    loaded: list[Loaded] = []
    common = _read(folder / COMMON)
    for path in sorted(folder.glob("*.yaml")):
        if path.name == COMMON:
            continue
        try:
            loaded.append(load_file(path, common))
        except DefinitionError as error:
            problems += error.problems
    if problems:
        raise DefinitionError(problems)
    return loaded


def load_file(path: Path, common: Mapping[str, Any] | None = None) -> Loaded:
    """One diagnosis, merged with the common part. Raises `DefinitionError`."""
    content = merge(common if common is not None else _read(path.parent / COMMON), _read(path), path.name)
    spec = parse(content, path.name)
    if spec.slug != path.stem:
        raise DefinitionError(
            [
                Problem(
                    path.name, "slug", f"{spec.slug!r} differs from the file name.", f"Name the file {spec.slug}.yaml."
                )
            ]
        )
    return Loaded(path.name, content, digest_of(content), spec)


def merge(common: Mapping[str, Any], own: Mapping[str, Any], file: str) -> dict[str, Any]:
    """The whole content of one diagnosis: its own entries over the common ones, defaults of each kind filled in."""
    problems = [
        Problem(name, "version", "must be a whole number, 1 or more.", "Begin with 1 and raise it with every change.")
        for name, part in ((COMMON, common), (file, own))
        if not isinstance(part.get("version"), int) or part["version"] < 1
    ]
    if problems:
        raise DefinitionError(problems)
    merged: dict[str, Any] = {key: value for key, value in common.items() if key != "requirement_defaults"} | dict(own)
    merged["version"] = f"{common['version']}.{own['version']}"
    for name in ("sources", "default_levels"):
        merged[name] = _union(common.get(name), own.get(name))
    for name, key in KEYED.items():
        merged[name] = _overridden(common.get(name), own.get(name), key)
    lists = _union(common.get("checklists"), own.get("checklists"))
    merged["checklists"] = (
        {
            name: _overridden(
                (common.get("checklists") or {}).get(name), (own.get("checklists") or {}).get(name), "key"
            )
            for name in lists
        }
        if isinstance(lists, dict)
        else lists
    )
    defaults = common.get("requirement_defaults") or {}
    merged["requirements"] = [
        {**defaults.get(item.get("kind"), {}), **item} if isinstance(item, dict) else item
        for item in merged["requirements"] or []
    ]
    return merged


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical form of the content."""
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_lock(folder: Path = FOLDER) -> dict[str, dict[str, str]]:
    """Slug -> version -> digest of everything published from this folder. Empty when there is no lock file."""
    path = folder / LOCK
    lock: dict[str, dict[str, str]] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return lock


def check_lock(loaded: list[Loaded], lock: Mapping[str, Mapping[str, str]]) -> None:
    """Refuses a version that was changed after it was locked, or that was never locked. Raises `DefinitionError`."""
    problems = []
    for item in loaded:
        locked = lock.get(item.spec.slug, {}).get(item.spec.version)
        if locked is None:
            problems.append(
                Problem(
                    item.file,
                    "version",
                    f"version {item.spec.version} is not in {LOCK}.",
                    "Run `manage.py load_definitions --lock`.",
                )
            )
        elif locked != item.digest:
            problems.append(
                Problem(
                    item.file,
                    "version",
                    f"the published version {item.spec.version} has been changed.",
                    f"Raise `version` in {item.file} (or in {COMMON}, if the change is there) and run "
                    "`manage.py load_definitions --lock`.",
                )
            )
    if problems:
        raise DefinitionError(problems)


def write_lock(loaded: list[Loaded], folder: Path = FOLDER) -> list[str]:
    """Adds the versions that the lock does not hold; never changes one that it holds. Returns what was added."""
    lock = read_lock(folder)
    added = []
    for item in loaded:
        if item.spec.version not in lock.setdefault(item.spec.slug, {}):
            lock[item.spec.slug][item.spec.version] = item.digest
            added.append(f"{item.spec.slug} {item.spec.version}")
    (folder / LOCK).write_text(json.dumps(lock, indent=2, sort_keys=True) + "\n", "utf-8")
    return added


def _read(path: Path) -> dict[str, Any]:
    try:
        data = yaml.load(path.read_text("utf-8"), Loader=_Yaml)  # noqa: S506 - a SafeLoader
    except FileNotFoundError:
        raise DefinitionError([Problem(path.name, "-", "the file is missing.", "Restore it.")]) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        where = getattr(error, "problem_mark", None)
        line = f"line {where.line + 1}" if where else "-"
        fault = getattr(error, "problem", None) or str(error)
        raise DefinitionError([Problem(path.name, line, f"not valid YAML: {fault}.", "Correct the line.")]) from error
    if not isinstance(data, dict):
        raise DefinitionError([Problem(path.name, "-", "must be a mapping.", "Write `name: value` lines.")])
    return data


def _union(common: Any, own: Any) -> Any:
    if own is None or (isinstance(common, dict) and isinstance(own, dict)):
        return {**(common or {}), **(own or {})}
    return own


def _overridden(common: Any, own: Any, key: str) -> Any:
    """Own entries take the place of common ones with the same key; new ones come first."""
    if not isinstance(common, list) or not isinstance(own, list):
        return own if own is not None else common
    mine = {item[key]: item for item in own if isinstance(item, dict) and isinstance(item.get(key), str)}
    shared = [item[key] for item in common]
    new = [item for item in own if not (isinstance(item, dict) and item.get(key) in shared)]
    doubled = len(own) - len(new) - sum(1 for name in mine if name in shared)
    if doubled:
        return own
    return new + [mine.get(item[key], item) for item in common]
