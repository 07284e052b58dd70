"""Why a case got its place, or none: the binding reason as a code with its figures, and as one sentence. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.signs import percent
from checklists.enums import Discipline, Speciality
from mdk.planning.demand import Candidate, Problem, Slot
from mdk.planning.rooms import Obstacle, Rooms


@dataclass(frozen=True, slots=True)
class Why:
    """A reason that can be kept and said in any language.

    `code`: of a place first, present, read, room, later or kept; of none no-meeting, outdated, unlikely, quorum, unread, stays, national,
    not-triaged, or that of an obstacle (minutes, prep, prep-total, week). `of` is a discipline or a function, `count`
    how many meetings it is true of, `chance` the probability (0-1) of being ready in time, at best where there is no
    place, `meeting` the one that chance is of.
    """

    code: str
    of: str = ""
    count: int = 0
    chance: float | None = None
    meeting: int | None = None

    def kept(self) -> dict[str, Any]:
        """Return the reason as it is stored."""
        return {name: value for name, value in asdict(self).items() if value not in ("", 0, None) or name == "chance"}


@dataclass(frozen=True, slots=True)
class Clock:
    """A case on the day of its meeting: which day of how many, and days past (above 0) or left to the promised date."""

    day: int
    allowed: int | None
    promised_past: int | None


def why_placed(problem: Problem, rooms: Rooms, one: Candidate, slot: Slot) -> Why:
    """Return why the case, which has its place in `rooms`, got this slot: what stood in the way of the earlier ones."""
    chance = None if one.is_ready else one.chances[slot.meeting]
    if one.held == slot.meeting and not one.is_ready:
        return Why("kept", chance=chance)
    earlier = [other for other in problem.offers[one.case] if other.on < slot.on]
    if not earlier:
        return _why_first(problem, one, slot, chance)
    rooms.leave(one)
    met = [rooms.obstacle(one, other) for other in earlier]
    rooms.take(one, slot)
    full = [obstacle for obstacle in met if obstacle]
    if len(full) < len(met):
        return Why("later", chance=chance)
    most = _most(full)
    return Why("room", of=_name(most), count=len(full), chance=chance)


def _why_first(problem: Problem, one: Candidate, slot: Slot, chance: float | None) -> Why:
    """Return why no earlier meeting could have it: nobody there of a function, nobody to prepare it, or none before."""
    before = [other for other in problem.slots if other.on < slot.on and _is_in_time(problem, one, other)]
    lacking = Counter(function for other in before for function in one.barred.get(other.meeting, ()))
    if lacking:
        return Why("present", of=_first(lacking), chance=chance)
    unread = Counter(discipline for other in before if (discipline := problem.unread(one, other)))
    return Why("read", of=_first(unread), chance=chance) if unread else Why("first", chance=chance)


def why_not(problem: Problem, rooms: Rooms, one: Candidate) -> Why:
    """Return the binding reason why the case got no place."""
    if not one.chances:
        return Why("no-meeting")
    if slots := problem.offers[one.case]:
        full = [obstacle for slot in slots if (obstacle := rooms.obstacle(one, slot))]
        if len(full) < len(slots):
            return Why("stays")
        most = _most(full)
        return Why(most.code, of=most.of, count=len(slots))
    ready = [slot for slot in problem.slots if _is_in_time(problem, one, slot)]
    lacking = Counter(function for slot in ready for function in one.barred.get(slot.meeting, ()))
    if lacking:
        return Why("quorum", of=_first(lacking), count=len(ready))
    unread = Counter(discipline for slot in ready if (discipline := problem.unread(one, slot)))
    if unread:
        return Why("unread", of=_first(unread), count=len(ready))
    if one.is_ready:
        return Why("outdated")
    best = max(one.chances, key=lambda meeting: (one.chances[meeting], -meeting))
    return Why("unlikely", count=len(one.chances), chance=one.chances[best], meeting=best)


def _is_in_time(problem: Problem, one: Candidate, slot: Slot) -> bool:
    chance = one.chances.get(slot.meeting, 0.0)
    return chance >= (1.0 if one.is_ready else problem.likely)


def _most(obstacles: list[Obstacle]) -> Obstacle:
    counted = Counter(obstacles)
    return min(counted, key=lambda one: (-counted[one], one.code, one.of))


def _first(counted: Counter[str]) -> str:
    return min(counted, key=lambda name: (-counted[name], name))


def _name(obstacle: Obstacle) -> str:
    return f"{obstacle.code} {obstacle.of}".strip()


def placed_in_words(why: Why, awaited: str, clock: Clock) -> str:
    """Return why the case has its place in one sentence; `awaited` names what it waits for, for one that is not ready."""
    words = {"what": awaited or _("everything"), "chance": percent(why.chance), **_names(why)}
    said = (_ready(why.code) if why.chance is None else _likely(why.code)) % words
    return f"{said[:1].upper()}{said[1:]}; {'; '.join(_clock(clock))}."


def _ready(code: str) -> str:
    """Return why a ready case has its firm place."""
    return {
        "first": _("Ready: the first meeting that takes it"),
        "present": _("Ready: the first meeting with a %(who)s there"),
        "read": _("Ready: the first meeting for which somebody there reads it (%(discipline)s)"),
        "room": _("Ready: the first with room; before it %(lacks)s"),
    }.get(code, _("Ready: the places before it go to cases that can wait less"))


def _likely(code: str) -> str:
    """Return why another case has its provisional place."""
    return {
        "kept": _("Keeps its provisional date, where %(what)s is expected in time (%(chance)s)"),
        "first": _("The first meeting where %(what)s is expected in time (%(chance)s)"),
        "present": _("The first meeting with a %(who)s there where %(what)s is expected in time (%(chance)s)"),
        "later": _("%(what)s is expected in time (%(chance)s); the places before it go to cases that can wait less"),
    }.get(code, _("The first with room where %(what)s is expected in time (%(chance)s)"))


def _names(why: Why) -> dict[str, str]:
    """Return the names of what the reason is of, as far as it is of that."""
    return {
        "who": Speciality(why.of).label.lower() if why.code == "present" else "",
        "discipline": Discipline(why.of).label.lower() if why.code == "read" else "",
        "lacks": _lacks(why.of) if why.code == "room" else "",
    }


def refused_in_words(why: Why, awaited: str, day_of: Callable[[int], str]) -> str:
    """Return why the case has no place in one sentence; `day_of` gives the day of a meeting in words."""
    full = ngettext(
        "The only meeting where it is ready is full: %(lacks)s.",
        "All %(count)d meetings where it is ready are full: %(lacks)s.",
        why.count,
    )
    sentences: Mapping[str, Callable[[], str]] = {
        "no-meeting": lambda: _(
            "No coming meeting of these series takes the diagnosis and the unit before its cut-off."
        ),
        "unlikely": lambda: (
            _("No meeting in this time where %(what)s is likely in time: at most %(chance)s, %(day)s.")
            % {
                "what": awaited or _("everything"),
                "chance": percent(why.chance),
                "day": day_of(why.meeting) if why.meeting else "",
            }
        ),
        "outdated": lambda: _("An answer will be too old at every coming meeting: order it anew."),
        "quorum": lambda: (
            _("Quorum: no %(who)s is there at any meeting where it is ready.")
            % {"who": Speciality(why.of).label.lower()}
        ),
        "unread": lambda: (
            _("Nobody on the roster of %(discipline)s reads the diagnosis and is there to prepare it.")
            % {"discipline": Discipline(why.of).label.lower()}
        ),
        "stays": lambda: _("A move would gain less than it disturbs."),
        "national": lambda: _("It goes on to a national conference."),
        "not-triaged": lambda: _("Triage says not ready yet: give it a level first."),
    }
    return sentences.get(
        why.code, lambda: full % {"count": why.count, "lacks": _lacks(_name(Obstacle(why.code, why.of)))}
    )()


def _lacks(obstacle: str) -> str:
    code, _sep, of = obstacle.partition(" ")
    who = Discipline(of).label.lower() if of else ""
    return {
        "minutes": _("the minutes of discussion are taken"),
        "prep": _("the preparation of %(discipline)s is taken") % {"discipline": who},
        "prep-total": _("the minutes of preparation are taken"),
        "week": _("the weeks of the readers of %(discipline)s are full") % {"discipline": who},
    }.get(code, "")


def _clock(clock: Clock) -> Iterator[str]:
    if clock.allowed is None:
        yield _("day %(day)d") % {"day": clock.day}
    else:
        yield _("day %(day)d of %(allowed)d") % {"day": clock.day, "allowed": clock.allowed}
    if clock.promised_past and clock.promised_past > 0:
        yield ngettext(
            "%(days)d day after the promised date", "%(days)d days after the promised date", clock.promised_past
        ) % {"days": clock.promised_past}


def bound_in_words(gap: float, *, is_proven: bool) -> str:
    """Return how good the plan is proven to be."""
    if gap == 0:
        return _("Proven: no plan within these limits is better.")
    shown = formats.number_format(max(gap, 0.001) * 100, decimal_pos=1)
    if is_proven:
        return _("Proven within 2 %% of the best plan there can be (gap %(gap)s %%).") % {"gap": shown}
    return _("Not proven within 2 %% in the time given: at most %(gap)s %% from the best plan there can be.") % {
        "gap": shown
    }
