"""What one version of a definition says otherwise than another, in words and in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from checklists.described import DescribedPart, describe
from checklists.spec import DefinitionSpec


class Way(StrEnum):
    """What happened to an entry."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Detail:
    """One fact of an entry: as it was and as it is; "" where there was or is none."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Change:
    """One entry that is added, removed or changed; `place` is where it stands in the newer version."""

    way: Way
    label: str
    place: str
    details: tuple[Detail, ...]


@dataclass(frozen=True, slots=True)
class ChangedPart:
    """The changes of one part of the definition."""

    part: str
    title: str
    changes: tuple[Change, ...]


def difference(old: DefinitionSpec, new: DefinitionSpec) -> tuple[ChangedPart, ...]:
    """Return what `new` says otherwise than `old`, by part, in the order of the page; empty when they say the same.

    Neither the number of the version nor the order of entries counts as a difference.
    """
    before = {part.code: part for part in describe(old)}
    after = {part.code: part for part in describe(new)}
    found = []
    for code in dict.fromkeys((*after, *before)):
        changes = _changes(before.get(code), after.get(code))
        if changes:
            found.append(ChangedPart(code, (after.get(code) or before[code]).title, changes))
    return tuple(found)


def _changes(before: DescribedPart | None, after: DescribedPart | None) -> tuple[Change, ...]:
    old = before.entries if before else {}
    new = after.entries if after else {}
    pairs = _pairs(old, new)
    found = []
    for key, entry in new.items():
        was = old.get(pairs[key]) if key in pairs else None
        if was is None:
            details = tuple(Detail(label, "", fact) for label, fact in entry.facts.items() if fact)
            found.append(Change(Way.ADDED, entry.label, entry.place, details))
        elif details := _details(was.facts, entry.facts):
            found.append(Change(Way.CHANGED, entry.label, entry.place, details))
    gone = [entry for key, entry in old.items() if key not in pairs.values()]
    return (*found, *(Change(Way.REMOVED, entry.label, "", ()) for entry in gone))


def _details(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Detail, ...]:
    return tuple(
        Detail(label, old.get(label, ""), new.get(label, ""))
        for label in dict.fromkeys((*new, *old))
        if old.get(label, "") != new.get(label, "")
    )


def _pairs(old: Mapping[str, object], new: Mapping[str, object]) -> dict[str, str]:
    """New key -> old key: the same where both have it, else the next one left of the same sort (before `|`)."""
    pairs = {key: key for key in new if key in old}
    left = [key for key in old if key not in pairs]
    for key in new:
        if key in pairs:
            continue
        sort = key.partition("|")[0] if "|" in key else None
        twin = next((one for one in left if sort is not None and one.partition("|")[0] == sort), None)
        if twin is not None:
            left.remove(twin)
            pairs[key] = twin
    return pairs
