"""The roster as the page shows it: readers with their weeks, and who reads for the coming meetings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership, User
from accounts.permissions import Permission, roles_with
from accounts.queries import people_with, units_below
from checklists.enums import Discipline
from checklists.models import Diagnosis
from checklists.queries import published_diagnoses
from mdk.access import PREPARES, series_units
from mdk.enums import PLANNABLE
from mdk.models import Absence, Capacity, Meeting, SubSpeciality
from mdk.queries.capacity import ReaderWeek, absent_on, monday_of, reader_weeks
from mdk.queries.days import midnight
from mdk.queries.duty import readers_on_duty
from mdk.queries.meetings import visible_series

AHEAD = timedelta(weeks=4)
"""How far ahead the page says who reads for the meetings."""


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """One reader: where, what, how many minutes this week and in the weeks to come, and when away."""

    reader: User
    units: str
    disciplines: str
    week: ReaderWeek
    capacities: Sequence[Capacity]
    absences: Sequence[Absence]
    reads: Sequence[Diagnosis]
    is_own: bool
    may_change: bool

    @property
    def weekly(self) -> Capacity | None:
        """The capacity that holds this week."""
        return next((row for row in reversed(self.capacities) if row.from_on <= self.week.monday), None)

    @property
    def coming(self) -> list[Capacity]:
        """The capacities of weeks to come."""
        return [row for row in self.capacities if row.from_on > self.week.monday]


@dataclass(frozen=True, slots=True)
class OnDuty:
    """One reader of a meeting; `is_away` on its day."""

    name: str
    is_away: bool


@dataclass(frozen=True, slots=True)
class DutyRow:
    """Who reads for one meeting, by discipline; `is_chosen` tells those on duty from the roster of the series."""

    meeting: Meeting
    radiology: Sequence[OnDuty]
    pathology: Sequence[OnDuty]
    is_chosen: bool
    may_change: bool


def roster_readers(actor: Actor, today: date) -> list[ReaderRow]:
    """Return the readers whose weeks the actor plans, and the actor where they read themselves; by name.

    A constant number of queries.
    """
    managed = units_below(actor.units_for(Permission.MANAGE_ROSTER))
    held = _memberships(managed, actor.user, today)
    people = {membership.user_id: membership.user for rows in held.values() for membership in rows}
    monday = monday_of(today)
    weeks = reader_weeks(people, [monday])
    capacities, absences, reads = _capacities(people), _absences(people, today), _reads(people)
    return [
        ReaderRow(
            reader=person,
            units=", ".join(sorted({membership.unit.name for membership in held[pk]})),
            disciplines=", ".join(sorted({word for membership in held[pk] for word in _disciplines(membership.role)})),
            week=weeks[pk, monday],
            capacities=capacities[pk],
            absences=absences[pk],
            reads=reads[pk],
            is_own=pk == actor.user.pk,
            may_change=any(membership.unit_id in managed for membership in held[pk]),
        )
        for pk, person in sorted(people.items(), key=lambda item: (item[1].name, item[0]))
    ]


def duty_rows(actor: Actor, today: date) -> list[DutyRow]:
    """Return who reads for the meetings of the coming weeks that the actor follows; a constant number of queries."""
    followed = visible_series(actor, Permission.VIEW_WORKLOAD).order_by().values("pk")
    planned = set(visible_series(actor, Permission.MANAGE_ROSTER).order_by().values_list("pk", flat=True))
    meetings = list(
        Meeting.objects.filter(
            series__in=followed, starts_at__gte=midnight(today), starts_at__lt=midnight(today + AHEAD),
            status__in=PLANNABLE,
        )
        .select_related("series__unit")
        .prefetch_related("duties")
        .order_by("starts_at", "pk")
    )  # fmt: skip
    on_duty = readers_on_duty([meeting.pk for meeting in meetings], today)
    readers = {pk for some in on_duty.values() for pk in some}
    names = dict(User.objects.filter(pk__in=readers).order_by("name").values_list("pk", "name"))
    away = absent_on(readers, today, today + AHEAD)

    def of(meeting: Meeting, discipline: str) -> list[OnDuty]:
        day = timezone.localdate(meeting.starts_at)
        some = on_duty.get((meeting.pk, discipline), frozenset())
        return [OnDuty(name, day in away[pk]) for pk, name in names.items() if pk in some]

    return [
        DutyRow(
            meeting=meeting,
            radiology=of(meeting, Discipline.RADIOLOGY),
            pathology=of(meeting, Discipline.PATHOLOGY),
            is_chosen=bool(meeting.duties.all()),
            may_change=meeting.series_id in planned,
        )
        for meeting in meetings
    ]


def duty_choices(meeting: Meeting) -> dict[str, QuerySet[User]]:
    """Return who can read for the meeting, by discipline."""
    on, units = timezone.localdate(meeting.starts_at), series_units(meeting.series)
    return {discipline: people_with(permission, units, on) for discipline, permission in PREPARES.items()}


def duty_of(meeting: Meeting) -> dict[str, list[int]]:
    """Return who is on duty for the meeting, by discipline."""
    chosen: dict[str, list[int]] = {discipline: [] for discipline in PREPARES}
    for discipline, reader in meeting.duties.values_list("discipline", "reader_id"):
        chosen[discipline].append(reader)
    return chosen


def diagnosis_choices() -> QuerySet[Diagnosis]:
    """Return the diagnoses that a reader can be said to read."""
    return published_diagnoses()


def absence_of(pk: int) -> Absence | None:
    """Return one absence."""
    return Absence.objects.filter(pk=pk).first()


def _memberships(managed: Iterable[int], own: User, today: date) -> Mapping[int, list[Membership]]:
    """Return by reader the memberships that make them one: in the managed units, and the person's own; one query."""
    roles = {role for permission in PREPARES.values() for role in roles_with(permission)}
    rows = Membership.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=today), Q(unit_id__in=list(managed)) | Q(user=own),
        role__in=roles, starts_on__lte=today, user__is_active=True,
    )  # fmt: skip
    found: defaultdict[int, list[Membership]] = defaultdict(list)
    for membership in rows.select_related("user", "unit"):
        found[membership.user_id].append(membership)
    return found


def _disciplines(role: str) -> list[str]:
    return [str(one.label) for one, permission in PREPARES.items() if role in roles_with(permission)]


def _capacities(people: Iterable[int]) -> Mapping[int, list[Capacity]]:
    found: defaultdict[int, list[Capacity]] = defaultdict(list)
    for capacity in Capacity.objects.filter(reader__in=list(people)).order_by("from_on"):
        found[capacity.reader_id].append(capacity)
    return found


def _absences(people: Iterable[int], today: date) -> Mapping[int, list[Absence]]:
    found: defaultdict[int, list[Absence]] = defaultdict(list)
    for absence in Absence.objects.filter(reader__in=list(people), last_on__gte=today).order_by("first_on", "pk"):
        found[absence.reader_id].append(absence)
    return found


def _reads(people: Iterable[int]) -> Mapping[int, list[Diagnosis]]:
    found: defaultdict[int, list[Diagnosis]] = defaultdict(list)
    rows = SubSpeciality.objects.filter(reader__in=list(people)).select_related("diagnosis")
    for row in rows.order_by("diagnosis__sort_key"):
        found[row.reader_id].append(row.diagnosis)
    return found
