"""The order of an agenda by the rules of its series, and where one more case goes in an order made by hand.

A rule parts the cases: by a key (protocol last, not operated first, hard first) or into groups that stand together
(guests, readers). The strongest rule parts them first, the next one parts each part, and so on; what no rule parts
stays in the order it has. Provisional places come after firm ones, whatever the rules.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from checklists.enums import LevelCode, Phase
from mdk.enums import AgendaSection, OrderRule

OPERATED: Final = (Phase.POST_OPERATIVE, Phase.FOLLOW_UP)
"""The phases in which the patient has been operated on."""

HARDEST: Final = (LevelCode.FULL, LevelCode.FOCUSED, LevelCode.PROTOCOL)


@dataclass(frozen=True, slots=True)
class Orderable:
    """One place as the rules see it.

    `guest` names who comes for the case (empty: nobody); `readers` are the ids of those who demonstrate it, radiology
    and pathology, None where nobody does yet; `minutes` are those of discussion.
    """

    id: int
    level: str
    is_operated: bool
    minutes: int
    guest: str = ""
    readers: tuple[int | None, int | None] = (None, None)
    is_firm: bool = True


@dataclass(frozen=True, slots=True)
class _Step:
    """One parting. Parts stand by their `value` when `is_ranked`, else together, where the first of them stood."""

    value: Callable[[Orderable], Any]
    is_ranked: bool = True


_STEPS: Final[dict[str, tuple[_Step, ...]]] = {
    OrderRule.PROTOCOL_LAST: (_Step(lambda one: one.level == LevelCode.PROTOCOL),),
    OrderRule.NOT_OPERATED_FIRST: (_Step(lambda one: one.is_operated),),
    # Guests first in their part, so that they may leave.
    OrderRule.GUESTS_TOGETHER: (_Step(lambda one: not one.guest), _Step(lambda one: one.guest, is_ranked=False)),
    OrderRule.READERS_TOGETHER: (
        _Step(lambda one: one.readers[0], is_ranked=False),
        _Step(lambda one: one.readers[1], is_ranked=False),
    ),
    OrderRule.HARD_FIRST: (_Step(lambda one: hardness(one)),),
}
_FIRM_FIRST: Final = _Step(lambda one: not one.is_firm)


def hardness(one: Orderable) -> tuple[int, int]:
    """Return the key of "hard first": full discussions before focused ones, then those with most minutes."""
    return HARDEST.index(LevelCode(one.level)), -one.minutes


def section_of(level: str, phase: str, *, is_firm: bool, rules: Sequence[str]) -> AgendaSection:
    """Return the part of the agenda in which the place is read, by what the rules of the series part."""
    if not is_firm:
        return AgendaSection.PROVISIONAL
    if level == LevelCode.PROTOCOL:
        return AgendaSection.PROTOCOL
    if OrderRule.NOT_OPERATED_FIRST not in rules:
        return AgendaSection.DISCUSSED
    return AgendaSection.OPERATED if phase in OPERATED else AgendaSection.NOT_OPERATED


def in_order(items: Sequence[Orderable], rules: Sequence[str]) -> list[int]:
    """Return the ids of `items` (given in their present order) by `rules` (`OrderRule`, the strongest first).

    Every id once. Cases that no rule parts keep their present order, and what is in order stays as it is. Under
    "hard first" the group with the hardest case comes first.
    """
    return [one.id for one in _arranged(list(items), _steps(rules), is_hard_first=OrderRule.HARD_FIRST in rules)]


def place_for(new: Orderable, items: Sequence[Orderable], rules: Sequence[str]) -> int:
    """Return the index (0 to the length) at which `new` goes into `items`, which keep the order that they have.

    By each rule in turn it looks for its likes and goes after the last of them; where it has none, to where the fewest
    stand on the wrong side of it, as far back as that allows.
    """
    likes = list(range(len(items)))
    for step in _steps(rules):
        alike = [place for place in likes if step.value(items[place]) == step.value(new)]
        if likes and not alike:
            value = step.value if step.is_ranked else _group_rank(step, [items[place] for place in likes])
            if not step.is_ranked and OrderRule.HARD_FIRST not in rules:
                return likes[-1] + 1
            return _between(value, new, items, likes)
        likes = alike
    return likes[-1] + 1 if likes else len(items)


def _steps(rules: Sequence[str]) -> list[_Step]:
    return [_FIRM_FIRST, *(step for rule in rules for step in _STEPS[rule])]


def _arranged(items: list[Orderable], steps: Sequence[_Step], *, is_hard_first: bool) -> list[Orderable]:
    if not steps or len(items) < 2:
        return items
    parts: dict[Hashable, list[Orderable]] = {}
    for one in items:
        parts.setdefault(steps[0].value(one), []).append(one)
    if steps[0].is_ranked:
        ranked = [parts[value] for value in sorted(parts)]  # type: ignore[type-var]
    elif is_hard_first:
        ranked = sorted(parts.values(), key=lambda part: min(hardness(one) for one in part))
    else:
        ranked = list(parts.values())
    return [one for part in ranked for one in _arranged(part, steps[1:], is_hard_first=is_hard_first)]


def _group_rank(step: _Step, items: Sequence[Orderable]) -> Callable[[Orderable], tuple[int, int]]:
    """Return how a case ranks among groups: as the hardest case of its group does, a group of its own as itself."""
    hardest: dict[Hashable, tuple[int, int]] = {}
    for one in items:
        group = step.value(one)
        hardest[group] = min(hardest.get(group, hardness(one)), hardness(one))
    return lambda one: hardest.get(step.value(one), hardness(one))


def _between(
    value: Callable[[Orderable], Any], new: Orderable, items: Sequence[Orderable], places: Sequence[int]
) -> int:
    """Return the index next to one of `places` with the fewest of them on the wrong side, the last such index."""
    mine = value(new)
    wrong = fewest = sum(value(items[place]) < mine for place in places)
    best = places[0]
    for place in places:
        theirs = value(items[place])
        wrong += (theirs > mine) - (theirs < mine)
        if wrong <= fewest:
            fewest, best = wrong, place + 1
    return best
