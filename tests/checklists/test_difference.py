"""No change of a definition is invisible, and nothing that says the same is called a change."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from django.utils import translation

from checklists.difference import Way, difference
from checklists.enums import Basis, Kind, LevelCode, MeetingScope, Modality, Phase, Speciality, Treatment
from checklists.loader import Loaded
from checklists.parsing import parse
from checklists.reading import DefinitionError
from checklists.spec import DefinitionSpec

Specs = dict[str, DefinitionSpec]
Step = tuple[Any, ...]
CODES = [
    tuple(codes.values) for codes in (Kind, LevelCode, MeetingScope, Modality, Phase, Speciality, Treatment, Basis)
] + [("blocker", "warning"), ("solid", "haematological", "other"), ("suspicion", "referral"), ("quoted", "derived")]
RICH = ("brain-spinal-cord", "penis")


def leaves(value: Any, path: Step = ()) -> Iterator[tuple[Step, Any]]:
    """Yield every value of the content that is neither a list nor a mapping, and every list once."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        yield path, value
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


def otherwise(value: Any, path: Step, source: str) -> list[Any]:
    """What else may stand in the place of a value; `source` is one that the definition names."""
    if str(path[-1]).endswith("source"):
        return [source if value == "local" else "local"]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1]
    if isinstance(value, list):
        return [value[:-1]] if value else []
    if value is None:
        return [7]
    return [next(code for code in codes if code != value) for codes in CODES if value in codes] or [f"{value}x"]


def put(content: dict[str, Any], path: Step, value: Any) -> dict[str, Any]:
    changed = deepcopy(content)
    target: Any = changed
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return changed


def says(spec: DefinitionSpec) -> DefinitionSpec:
    """The definition without its number, and without what has no meaning: order, and the keys of choices."""
    return replace(
        spec, version="", sources={}, quorum={phase: tuple(sorted(roles)) for phase, roles in spec.quorum.items()}
    )


@pytest.mark.parametrize("slug", RICH)
def test_whatever_is_changed_is_told(shipped: list[Loaded], slug: str) -> None:
    item = next(one for one in shipped if one.spec.slug == slug)
    tried, unseen = 0, []
    with translation.override("en"):
        for path, value in leaves(item.content):
            if path[0] in ("slug", "version", "sources") or (path[-1] == "key" and len(path) > 3):
                continue
            for other in otherwise(value, path, next(iter(item.content["sources"]))):
                try:
                    changed = parse(put(item.content, path, other), "x")
                except DefinitionError:
                    continue
                is_other = says(changed) != says(item.spec)
                tried += is_other
                if is_other != bool(difference(item.spec, changed)):
                    unseen.append((path, other))
    assert unseen == []
    assert tried > 150


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_same_is_no_change(specs: Specs, language: str) -> None:
    with translation.override(language):
        for spec in specs.values():
            assert difference(spec, replace(spec, version="9.9")) == ()


def test_in_words(specs: Specs) -> None:
    old = specs["colorectal"]
    first, *rest = old.lead_times
    new = replace(
        old,
        requirements=(*old.requirements[1:], replace(old.requirements[0], key="ct", label_sv="DT buk")),
        lead_times=(replace(first, days=35), *rest[:-1]),
        levels=tuple(replace(level, minutes=8) if level.code == "full" else level for level in old.levels),
    )
    told = {part.part: part.changes for part in difference(old, new)}
    assert set(told) == {"requirements", "levels", "lead_times"}
    assert [(change.way, change.label) for change in told["requirements"]] == [
        (Way.ADDED, "DT buk"),
        (Way.REMOVED, "DT thorax-buk"),
    ]
    (minutes,) = told["levels"]
    assert [(detail.label, detail.old, detail.new) for detail in minutes.details] == [("Minuter", "6 min", "8 min")]
    changed, removed = told["lead_times"]
    assert [(detail.old, detail.new) for detail in changed.details] == [("39 dagar", "35 dagar")]
    assert (removed.way, removed.label) == (Way.REMOVED, "Palliativt behandlingsbeslut, utökad utredning")


def test_a_lead_time_with_another_name_is_one_change(specs: Specs) -> None:
    old = specs["kidney"]
    new = replace(old, lead_times=(replace(old.lead_times[0], label_sv="Ny text"), *old.lead_times[1:]))
    ((change,),) = [part.changes for part in difference(old, new)]
    assert (change.way, change.label, change.place) == (Way.CHANGED, "Ny text", "0")
