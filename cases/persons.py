"""The numbers of patients as other systems send them, and which of them are the same person's: pure values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from cases.identity import COORDINATION_NUMBER, PERSONAL_NUMBER, BadIdentity, parse_identity
from cases.reports import ReportedIdentity

MOST_NUMBERS = 50
"""Numbers of one patient that count: each is a lock while a message takes effect, and the database has few."""

_ALL_BIRTHS = date.max


@dataclass(frozen=True, slots=True, order=True)
class Number:
    """A number of a patient: the OID of its system ("" unknown) and the value without separators."""

    system: str
    value: str

    def __str__(self) -> str:
        return f"{self.system}|{self.value}"


@dataclass(frozen=True, slots=True)
class Link:
    """`old` was merged into `new`, as the record system said at `as_of`."""

    old: Number
    new: Number
    as_of: datetime


def number_of(identity: ReportedIdentity, born_on: date | None = None) -> Number:
    """Return the number as it is stored and compared. One that breaks the rules of its system stays as it was sent.

    Ten digits leave the century open; the day of birth, where it was sent too, closes it.
    """
    value = identity.value.strip().upper()
    digits = value.replace("-", "").replace("+", "").replace(" ", "")
    if identity.system in ("", PERSONAL_NUMBER, COORDINATION_NUMBER) and len(digits) == 10 and born_on:
        value = f"{born_on.year // 100}{digits}"
    written = f"{identity.system}|{value}" if identity.system else value
    try:
        checked = parse_identity(written, _ALL_BIRTHS)
    except BadIdentity:
        return Number(identity.system[:64], digits[:64])
    return Number(checked.system, checked.value)


def numbers_of(identities: Iterable[ReportedIdentity], born_on: date | None = None) -> tuple[Number, ...]:
    """Return the different numbers among the identities, in the order sent, `MOST_NUMBERS` at most.

    A number whose system nobody knows is none: two senders may give it to two patients.
    """
    numbers = dict.fromkeys(number_of(one, born_on) for one in identities if one.value.strip())
    return tuple(number for number in numbers if number.system)[:MOST_NUMBERS]


def surviving(links: Mapping[Number, Link], number: Number) -> Number:
    """Return the number that `number` was merged into, link after link; itself when it was not.

    Links that close a ring contradict each other: the oldest of the ring is left out, whatever their order.
    """
    path = [number]
    while (link := links.get(path[-1])) is not None:
        if link.new in path:
            ring = path[path.index(link.new) :]
            return oldest(links[one] for one in ring).old
        path.append(link.new)
    return path[-1]


def oldest(links: Iterable[Link]) -> Link:
    """Return the link that was said first; of two at the same moment the one whose numbers sort first."""
    return min(links, key=lambda link: (link.as_of, link.old, link.new))


def ring_of(links: Mapping[Number, Link], number: Number) -> list[Link]:
    """Return the links of the ring that `number` leads into; none when there is no ring."""
    path: list[Number] = [number]
    while (link := links.get(path[-1])) is not None:
        if link.new in path:
            return [links[one] for one in path[path.index(link.new) :]]
        path.append(link.new)
    return []
