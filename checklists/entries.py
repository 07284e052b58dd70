"""The content of a definition as an administrator changes it: one entry of one part at a time, pure functions.

Content is what is published (`Definition.content`): plain JSON, always whole. A *part* is a list of it or one of its
settings; a *place* names the entry in the part, and stays the same while other entries of a keyed list come and go:

| Part | Place |
|---|---|
| `requirements`, `checklist-<name>` | the key |
| `levels` | the code of the level |
| `quorum` | the phase |
| `lead_times`, `level_rules` | the number in the list, from 0 |
| `default_levels`, `lead_times_version` | `all` |

`NEW` is the place of an entry that is being added.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from django.utils.text import slugify

from checklists.enums import Phase
from checklists.part_parsing import KEY_LENGTH
from checklists.parts import LOCAL

NEW = "new"
ALL = "all"
CHECKLIST = "checklist-"
SOURCES = ("source", "phases_source", "minutes_source", "icd10_source", "mdk_days_source")
"""The keys under which an entry names its sources."""
OWN = re.compile(r"own_(\d+)")
SETTINGS = ("default_levels", "lead_times_version")
GROWING = ("requirements", "lead_times", "level_rules")
"""Lists to which entries are added and from which they are taken, beside the checklists."""
_KEYED = {"requirements": "key", "levels": "code"}

Content = dict[str, Any]


class NoEntry(LookupError):
    """The content has no such part, or no such place in it."""


def parts_of(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the parts that can be changed, in the order of the page."""
    in_use = [level["checklist"] for level in content["levels"]]
    checklists = tuple(f"{CHECKLIST}{name}" for name in dict.fromkeys((*in_use, *content["checklists"])))
    return ("requirements", "levels", "default_levels", "level_rules", *checklists, "quorum", "lead_times_version",
            "lead_times")  # fmt: skip


def grows(part: str) -> bool:
    """Say whether entries are added to the part and removed from it."""
    return part in GROWING or part.startswith(CHECKLIST)


def places_of(content: Mapping[str, Any], part: str) -> tuple[str, ...]:
    """Return the places of a part, in its order. NoEntry for a part that there is not."""
    if part in SETTINGS:
        return (ALL,)
    if part == "quorum":
        return tuple(Phase.values)
    rows = _rows(content, part)
    name = _name_of(part)
    return tuple(str(row[name]) for row in rows) if name else tuple(str(index) for index in range(len(rows)))


def entry_at(content: Mapping[str, Any], part: str, place: str) -> dict[str, Any]:
    """Return a copy of the entry, its sources as texts (`local` where no programme states it). NoEntry without one."""
    if place not in places_of(content, part):
        raise NoEntry(f"{part}: {place}")
    match part:
        case "default_levels":
            return dict(content["default_levels"])
        case "lead_times_version":
            return {"version": content.get("lead_times_version") or ""}
        case "quorum":
            row = next(row for row in content["quorum"] if place in row["phases"])
            return _told(content, {"roles": list(row["roles"]), "source": row["source"]})
    return _told(content, deepcopy(_rows(content, part)[_index(content, part, place)]))


def with_entry(content: Content, part: str, place: str, entry: Mapping[str, Any]) -> tuple[Content, str, str]:
    """Return the content with the entry set or added, its place, and its path as faults name it.

    What the entry does not name stays as it is. Its sources are texts, and find their place among the sources. An added
    requirement or question gets its key from the English name. NoEntry for a place that there is not.
    """
    changed = deepcopy(content)
    if place != NEW and place not in places_of(changed, part):
        raise NoEntry(f"{part}: {place}")
    match part:
        case "default_levels":
            changed["default_levels"] = dict(entry)
            return changed, ALL, "default_levels"
        case "lead_times_version":
            changed["lead_times_version"] = entry["version"]
            return changed, ALL, ""
        case "quorum":
            path = _set_quorum(changed, place, _kept(changed, entry))
            return _pruned(changed), place, path
    rows, name = _rows(changed, part), _name_of(part)
    fresh = _kept(changed, entry)
    if place == NEW:
        fresh = _keyed(fresh, rows) if name else fresh
        rows.append(fresh)
        index = len(rows) - 1
    else:
        index = _index(changed, part, place)
        fresh = rows[index] = rows[index] | fresh
    return _pruned(changed), str(fresh[name]) if name else str(index), f"{_path(part)}[{index}]"


def without_entry(content: Content, part: str, place: str) -> Content:
    """Return the content without the entry. NoEntry for a place that there is not, or in a part that does not grow."""
    if not grows(part):
        raise NoEntry(f"{part}: {place}")
    changed = deepcopy(content)
    del _rows(changed, part)[_index(changed, part, place)]
    return _pruned(changed)


def sources_of(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the texts of all sources, as a person may choose among them."""
    return tuple(dict.fromkeys(_cited(content, key) for key in content["sources"]))


def new_key(label: str, taken: set[str]) -> str:
    """Return a key made of a name: small letters, digits and underscores, and none that is taken."""
    stem = re.sub(r"^[^a-z]+", "", slugify(label).replace("-", "_"))[: KEY_LENGTH - 4].rstrip("_") or "entry"
    number, key = 2, stem
    while key in taken:
        number, key = number + 1, f"{stem}_{number}"
    return key


def _rows(content: Mapping[str, Any], part: str) -> list[dict[str, Any]]:
    if part in ("lead_times", "level_rules") and part not in content and isinstance(content, dict):
        content[part] = []
    if part in ("requirements", "levels", "lead_times", "level_rules"):
        rows: list[dict[str, Any]] = content[part]
        return rows
    name = part.removeprefix(CHECKLIST)
    if not part.startswith(CHECKLIST) or name not in content["checklists"]:
        raise NoEntry(part)
    found: list[dict[str, Any]] = content["checklists"][name]
    return found


def _name_of(part: str) -> str:
    """The key that tells the entries of a part apart; "" where only their number does."""
    return "key" if part.startswith(CHECKLIST) else _KEYED.get(part, "")


def _path(part: str) -> str:
    return f"checklists.{part.removeprefix(CHECKLIST)}" if part.startswith(CHECKLIST) else part


def _index(content: Mapping[str, Any], part: str, place: str) -> int:
    places = places_of(content, part)
    if place not in places:
        raise NoEntry(f"{part}: {place}")
    return places.index(place)


def _keyed(entry: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    key = new_key(entry.get("label_en") or "", {str(row["key"]) for row in rows})
    return {"key": key} | entry


def _set_quorum(content: Content, phase: str, entry: dict[str, Any]) -> str:
    """Give a phase its quorum; phases with the same one stay in one list, as in the files."""
    rows = [{**row, "phases": [one for one in row["phases"] if one != phase]} for row in content["quorum"]]
    alike = next((row for row in rows if (row["roles"], row["source"]) == (entry["roles"], entry["source"])), None)
    if alike is None:
        alike = {**entry, "phases": []}
        rows.append(alike)
    alike["phases"] = [one for one in Phase.values if one in (*alike["phases"], phase)]
    content["quorum"] = [row for row in rows if row["phases"]]
    return f"quorum[{content['quorum'].index(alike)}]"


def _told(content: Mapping[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    """The entry with the texts of its sources in place of their keys."""
    for name in SOURCES:
        if entry.get(name, LOCAL) != LOCAL:
            entry[name] = _cited(content, entry[name])
    return entry


def _cited(content: Mapping[str, Any], key: str) -> str:
    value = content["sources"][key]
    return " ; ".join(content["sources"][one] for one in value) if isinstance(value, list) else str(value)


def _kept(content: Content, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with the keys of its sources in place of their texts; a text that is new gets a key of its own."""
    kept = dict(entry)
    for name in SOURCES:
        if kept.get(name, LOCAL) not in ("", LOCAL):
            kept[name] = _source_key(content, kept[name])
    return kept


def _source_key(content: Content, text: str) -> str:
    for key in content["sources"]:
        if _cited(content, key) == text:
            return str(key)
    numbers = [int(match[1]) for key in content["sources"] if (match := OWN.fullmatch(key))]
    key = f"own_{max(numbers, default=0) + 1}"
    content["sources"][key] = text
    return key


def _pruned(content: Content) -> Content:
    """The content without the sources that a person once gave and nothing names any more."""
    used = set(_named(content))
    content["sources"] = {
        key: value for key, value in content["sources"].items() if not OWN.fullmatch(key) or key in used
    }
    return content


def _named(value: Any) -> Iterator[str]:
    """Yield every source that something in the content names."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in SOURCES and isinstance(inner, str):
                yield inner
            elif key == "sources":
                yield from (one for listed in inner.values() if isinstance(listed, list) for one in listed)
            else:
                yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)
