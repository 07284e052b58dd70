"""What a plan for the coming meetings rests on, read in a constant number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db.models import F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Membership, User
from accounts.permissions import Permission
from cases.enums import CaseStatus
from cases.models import Case
from cases.queries import visible_cases
from checklists.enums import Discipline
from checklists.registry import specs_of
from mdk.access import series_units
from mdk.enums import FIRM_ITEMS, NOT_BEGUN, PLANNABLE, MeetingStatus, PreparationState
from mdk.models import AgendaItem, Meeting, Preparation, Series
from mdk.planning.calendar import due_at
from mdk.planning.demand import Pool, ReaderLimit, Slot, Week
from mdk.planning.urgency import urgency
from mdk.queries.capacity import absent_on, monday_of, planned_for, reader_weeks
from mdk.queries.duty import OnDuty, diagnoses_read, readers_on_duty
from mdk.queries.meetings import visible_series

CONSIDERED: Final = 2_000
"""The most urgent cases that one plan looks at; no horizon holds more."""


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A case that waits for one of the series, as far as a plan asks: ids, days, and what triage said."""

    id: int
    patient_id: int
    definition_id: int
    diagnosis_id: int
    phase: str
    level: str
    triage: str
    suspected_on: date
    promised_on: date | None
    created_at: datetime

    @property
    def allowed(self) -> int | None:
        """The days of the pathway's clock."""
        return specs_of([self.definition_id])[self.definition_id].lead_time_days


def planned_series(actor: Actor, ids: Iterable[int]) -> list[Series]:
    """Return those of the series that the actor may plan, with what a plan needs of them."""
    found = visible_series(actor, Permission.PLAN_MEETING).filter(pk__in=set(ids), is_active=True)
    loaded = found.select_related("unit__parent__parent", "chair")
    return list(loaded.prefetch_related("participating_units", "diagnoses", "readers"))


def related_series(actor: Actor, meeting: Meeting) -> QuerySet[Series]:
    """Return the other series that the actor may plan which share a reader with the meeting's, by name."""
    readers = Series.readers.through.objects.filter(series=meeting.series_id).values("user_id")
    sharing = Series.readers.through.objects.filter(user_id__in=readers).values("series_id")
    found = visible_series(actor, Permission.PLAN_MEETING).filter(pk__in=sharing, is_active=True)
    return found.exclude(pk=meeting.series_id)


def meetings_to_fill(series: Collection[Series], first: Meeting, weeks: int, now: datetime) -> list[Meeting]:
    """Return the meetings of the series from `first` on, `weeks` ahead, that can still be filled, by time.

    They are planned or published, and their cut-off and its round lie ahead. `planned` has the firm minutes of each.
    """
    firm = AgendaItem.objects.filter(meeting=OuterRef("pk"), status__in=FIRM_ITEMS).order_by().values("meeting")
    planned = Subquery(firm.annotate(total=Sum("minutes")).values("total"), output_field=IntegerField())
    found = Meeting.objects.filter(
        series__in=series, status__in=PLANNABLE, cutoff_at__gt=now, firmed_at__isnull=True,
        starts_at__gte=first.starts_at, starts_at__lt=first.starts_at + timedelta(weeks=weeks),
    )  # fmt: skip
    return list(found.select_related("series").annotate(planned=Coalesce(planned, 0)).order_by("starts_at", "pk"))


def waiting_for(actor: Actor, series: Collection[Series]) -> tuple[list[WaitingRow], int]:
    """Return the most urgent `CONSIDERED` of the referred cases that some of the series takes, and how many more wait."""
    takes = Q(pk__in=[])
    through = Case.units.through.objects
    for one in series:
        part = through.filter(unit_id__in=series_units(one)).values("case_id")
        takes |= Q(diagnosis__in=[diagnosis.pk for diagnosis in one.diagnoses.all()], pk__in=part)
    found = visible_cases(actor).filter(takes, status=CaseStatus.REFERRED).order_by()
    rows = [WaitingRow(**row) for row in found.values(*WaitingRow.__dataclass_fields__)]
    specs_of({row.definition_id for row in rows})
    rows.sort(key=lambda row: urgency(row.suspected_on, row.allowed, row.promised_on, row.id))
    return rows[:CONSIDERED], max(0, len(rows) - CONSIDERED)


def slots_of(meetings: Sequence[Meeting]) -> tuple[Slot, ...]:
    """Return what each meeting still holds beside its firm places; one query."""
    planned = planned_for([meeting.pk for meeting in meetings])
    return tuple(_slot(meeting, planned) for meeting in meetings)


def _slot(meeting: Meeting, planned: Mapping[tuple[int, str], int]) -> Slot:
    stated = meeting.prep_limits
    taken = sum(planned[meeting.pk, name] for name in stated)
    total = meeting.prep_capacity_minutes
    return Slot(
        meeting=meeting.pk,
        on=timezone.localdate(meeting.starts_at),
        week=monday_of(due_on(meeting)),
        minutes=max(0, meeting.capacity_minutes - meeting.planned),  # type: ignore[attr-defined]
        prep={name: max(0, limit - planned[meeting.pk, name]) for name, limit in stated.items() if limit is not None},
        prep_total=max(0, total - taken) if total else None,
        is_published=meeting.status == MeetingStatus.PUBLISHED,
    )


def due_on(meeting: Meeting) -> date:
    """Return the day on which preparation for the meeting is due."""
    series = meeting.series
    return timezone.localdate(due_at(meeting.starts_at, series.prep_due_days, series.prep_due_time))


def _counting() -> QuerySet[Preparation]:
    return Preparation.objects.filter(item__status__in=FIRM_ITEMS).exclude(state=PreparationState.RETURNED)


@dataclass(frozen=True, slots=True)
class Readers:
    """Who may prepare for (meeting, discipline, diagnosis), the weeks they have, and what nobody has taken yet."""

    who: Mapping[tuple[int, str, int], tuple[int, ...]]
    limits: Mapping[Week, ReaderLimit]
    waiting: Mapping[Pool, int]
    on_duty: OnDuty


def readers_for(meetings: Sequence[Meeting], diagnoses: Mapping[int, Collection[int]], now: datetime) -> Readers:
    """Return the readers of the meetings, whose series take `diagnoses` (by series); constant queries.

    What nobody has taken counts also for other meetings: their readers may be the same.
    """
    today = timezone.localdate(now)
    unread = _unread(meetings)
    others = Meeting.objects.select_related("series").in_bulk({row["item__meeting_id"] for row in unread})
    every = others | {meeting.pk: meeting for meeting in meetings}
    on_duty = readers_on_duty(every, today)
    people = {reader for some in on_duty.values() for reader in some}
    first, last = today, max((timezone.localdate(meeting.starts_at) for meeting in every.values()), default=today)
    away = absent_on(people, first, last)
    reads = diagnoses_read(people)

    def able(meeting: Meeting, discipline: str, diagnosis: int) -> tuple[int, ...] | None:
        named = on_duty.get((meeting.pk, discipline)) or frozenset()
        days = _days_to_prepare(meeting, today)
        fit = (r for r in named if (not reads[r] or diagnosis in reads[r]) and not days <= away[r])
        return tuple(sorted(fit)) if named else None

    who = {
        (meeting.pk, discipline, diagnosis): readers
        for meeting in meetings
        for discipline in Discipline.values
        for diagnosis in diagnoses[meeting.series_id]
        if (readers := able(meeting, discipline, diagnosis)) is not None
    }
    waiting: defaultdict[Pool, int] = defaultdict(int)
    for row in unread:
        meeting = every[row["item__meeting_id"]]
        if readers := able(meeting, row["discipline"], row["item__case__diagnosis_id"]):
            waiting[monday_of(timezone.localdate(row["due_at"])), readers] += row["estimate_minutes"]
    return Readers(who, _limits(people, meetings), dict(waiting), on_duty)


def _unread(meetings: Sequence[Meeting]) -> list[dict[str, Any]]:
    """Return the preparations that nobody has taken and that are due in the weeks of the meetings."""
    if not meetings:
        return []
    first = min(monday_of(due_on(meeting)) for meeting in meetings)
    last = max(monday_of(due_on(meeting)) for meeting in meetings) + timedelta(days=7)
    rows = _counting().filter(reader__isnull=True, state__in=NOT_BEGUN, due_at__date__gte=first, due_at__date__lt=last)
    names = ("item__meeting_id", "discipline", "item__case__diagnosis_id", "due_at", "estimate_minutes")
    return [dict(row) for row in rows.values(*names)]


def _days_to_prepare(meeting: Meeting, today: date) -> set[date]:
    """Return the working week's days on which the meeting can be prepared: those of the week in which it is due."""
    due = due_on(meeting)
    first = min(due, max(today, monday_of(due)))
    return {first + timedelta(days=step) for step in range((due - first).days + 1)}


def _limits(people: Collection[int], meetings: Sequence[Meeting]) -> dict[Week, ReaderLimit]:
    weeks = reader_weeks(people, {monday_of(due_on(meeting)) for meeting in meetings})
    return {key: ReaderLimit(week.capacity, week.planned) for key, week in weeks.items() if week.capacity is not None}


def functions_of(series: Collection[Series], on: date) -> dict[int, dict[str, set[int]]]:
    """Return by series who is known to hold each function: its chair, its readers and the members of its units; one query."""
    units = {one.pk: series_units(one) for one in series}
    in_force = Q(ends_on__isnull=True) | Q(ends_on__gte=on)
    members = Membership.objects.filter(
        in_force, starts_on__lte=on, unit_id__in={unit for some in units.values() for unit in some},
        user__is_active=True,
    )  # fmt: skip
    by_unit: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for unit, user, speciality in members.values_list("unit_id", "user_id", F("user__speciality")):
        by_unit[unit].append((user, speciality))
    found: dict[int, dict[str, set[int]]] = {}
    for one in series:
        named: list[User] = [*one.readers.all(), *([one.chair] if one.chair else [])]
        people = [(person.pk, person.speciality) for person in named]
        people += [entry for unit in units[one.pk] for entry in by_unit[unit]]
        known: defaultdict[str, set[int]] = defaultdict(set)
        for person, speciality in people:
            if speciality:
                known[speciality].add(person)
        found[one.pk] = dict(known)
    return found
