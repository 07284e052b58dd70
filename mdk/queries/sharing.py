"""The preparations of one meeting on one list for both disciplines, and the readers who may be given them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import timezone

from accounts.actor import Actor
from accounts.models import User
from accounts.queries import people_with
from checklists.enums import Discipline
from mdk.access import PREPARES, series_units
from mdk.enums import ItemStatus
from mdk.models import Meeting, Preparation
from mdk.queries.capacity import ReaderWeek, absent_on, monday_of, reader_weeks
from mdk.queries.duty import readers_on_duty
from mdk.queries.preparations import QueueRow, queue_rows


@dataclass(frozen=True, slots=True)
class ListedCase:
    """One firm case of the meeting with what each discipline has said of it, in the order of `PREPARES`.

    A discipline of which nothing is asked has None.
    """

    position: int
    row: QueueRow
    preparations: tuple[QueueRow | None, ...]

    @property
    def asked(self) -> list[QueueRow]:
        """The preparations that there are."""
        return [row for row in self.preparations if row]


@dataclass(frozen=True, slots=True)
class Giveable:
    """A reader who may be given preparations of one discipline: their week, on duty or not, away or not."""

    person: User
    discipline: Discipline
    week: ReaderWeek
    is_on_duty: bool
    is_away: bool


def listed_cases(meeting: Meeting, actor: Actor) -> list[ListedCase]:
    """Return the meeting's firm cases that somebody prepares, as on the agenda; two queries, however many there are."""
    found = Preparation.objects.filter(
        item__meeting=meeting, item__status__in=[ItemStatus.PLANNED, ItemStatus.DISCUSSING]
    )
    by_item: dict[int, dict[str, QueueRow]] = {}
    for row in queue_rows(found.order_by("item__position", "pk"), actor):
        by_item.setdefault(row.item_id, {})[row.discipline] = row
    return [
        ListedCase(place, next(iter(rows.values())), tuple(rows.get(discipline) for discipline in PREPARES))
        for place, rows in enumerate(by_item.values(), start=1)
    ]


def prepared(cases: Sequence[ListedCase]) -> list[QueueRow]:
    """Return every preparation of the list."""
    return [row for case in cases for row in case.asked]


def giveable_readers(meeting: Meeting, today: date) -> list[Giveable]:
    """Return who may be given the meeting's preparations: those on duty first, then by name; constant queries."""
    units = series_units(meeting.series)
    people: dict[Discipline, Sequence[User]] = {
        discipline: list(people_with(permission, units, today)) for discipline, permission in PREPARES.items()
    }
    ids = {person.pk for some in people.values() for person in some}
    monday = monday_of(timezone.localdate(meeting.starts_at))
    weeks, away = reader_weeks(ids, [monday]), absent_on(ids, today, today)
    on_duty = readers_on_duty([meeting.pk], today)
    found = [
        Giveable(
            person=person,
            discipline=discipline,
            week=weeks[person.pk, monday],
            is_on_duty=person.pk in on_duty[meeting.pk, discipline],
            is_away=bool(away[person.pk]),
        )
        for discipline, some in people.items()
        for person in some
    ]
    return sorted(found, key=lambda one: (one.discipline != Discipline.RADIOLOGY, not one.is_on_duty, one.person.name))
