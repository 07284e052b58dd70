"""Who a number belongs to, held still: the numbers that were merged, and the lock on a person's numbers.

A report may come before its patient is known here, so there is often no row to lock. The lock is on the numbers
themselves: who refers a patient, merges numbers or applies a report takes it first, before any row (lock order:
numbers, report, patient, case), so that a referral and its report that arrive at once cannot miss each other.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from cases.models import IdentityLink, Patient
from cases.persons import Link, Number, surviving


@dataclass(frozen=True, slots=True)
class Person:
    """The numbers that hang together with those asked for, and the links between them.

    Numbers of several people are in it when the numbers asked for are of several.
    """

    numbers: frozenset[Number]
    links: Mapping[Number, Link]

    def root(self, number: Number) -> Number:
        """Return the number that survives of those that `number` was merged with."""
        return surviving(self.links, number)

    def only(self, numbers: Iterable[Number]) -> "Person":
        """Return those of the numbers that are the same person's as one of `numbers`."""
        roots = {self.root(number) for number in numbers}
        return Person(frozenset(number for number in self.numbers if self.root(number) in roots), self.links)

    @property
    def written(self) -> list[str]:
        """The numbers as reports store them."""
        return [str(number) for number in self.numbers]


def hold_numbers(provider_id: int, numbers: Iterable[Number], also: Iterable[str] = ()) -> Person:
    """Lock the numbers, those merged with them and the names in `also`, until the transaction ends.

    Returns the person as they stand under the lock. All at once and in one order, so that two who need the same
    numbers wait for each other and never in a ring.
    """
    asked = frozenset(numbers)
    others = {_key(provider_id, name) for name in also}
    held: set[int] = set()
    person = person_of(provider_id, asked)
    while wanted := ({_key(provider_id, str(number)) for number in person.numbers} | others) - held:
        lock_keys(sorted(wanted))
        held |= wanted
        person = person_of(provider_id, asked)
    return person


def person_of(provider_id: int, numbers: Iterable[Number]) -> Person:
    """Return the numbers that hang together with `numbers`: one query, and one more a link further out."""
    known = frozenset(numbers)
    links: dict[Number, Link] = {}
    looked_up: frozenset[Number] = frozenset()
    while fresh := known - looked_up:
        links |= {link.old: link for link in _links_at(provider_id, fresh)}
        looked_up = known
        known |= {number for link in links.values() for number in (link.old, link.new)}
    return Person(known, links)


def patients_of(provider_id: int, numbers: Iterable[Number]) -> dict[Number, Patient]:
    """Return the patients that are known under the numbers, by number; one query."""
    wanted = frozenset(numbers)
    rows = Patient.objects.filter(provider_id=provider_id, identity_value__in={number.value for number in wanted})
    found = {Number(row.identity_system, row.identity_value): row for row in rows}
    return {number: row for number, row in found.items() if number in wanted}


def lock_keys(keys: list[int]) -> None:
    """Take the locks of the database under these keys, in this order, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) AS key", [keys])


def _key(provider_id: int, name: str) -> int:
    digest = hashlib.blake2b(f"{provider_id}|{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _links_at(provider_id: int, numbers: frozenset[Number]) -> list[Link]:
    values = {number.value for number in numbers}
    rows = IdentityLink.objects.filter(Q(old_value__in=values) | Q(value__in=values), provider_id=provider_id)
    links = [
        Link(Number(old_system, old_value), Number(system, value), as_of)
        for old_system, old_value, system, value, as_of in rows.values_list(
            "old_system", "old_value", "system", "value", "as_of"
        )
    ]
    return [link for link in links if link.old in numbers or link.new in numbers]
