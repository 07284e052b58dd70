"""Reminding the owners of findings before the cut-off: one digest a person and day (DESIGN.md, section 9)."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.permissions import Permission, Role
from accounts.queries import people_with
from cases.enums import CaseStatus, ReadinessState
from cases.models import Case
from cases.services.refreshing import refresh_due_readiness
from cases.workdays import working_days_until
from events.record import record
from mdk.enums import PLANNABLE, ItemStatus
from mdk.models import Meeting, Reminder, ReminderLine

HORIZON = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class Due:
    """A case with findings that should reach `person` at this threshold before the meeting's cut-off."""

    person: User
    case: Case
    meeting: Meeting
    days_before: int


def remind_owners(now: datetime) -> int:
    """Tell the owners of findings in coming cases, once a threshold and at most once a day; return how many.

    Takes cases on a coming agenda and referred cases that the next meeting of a fitting series could take.
    Each person's digest is a transaction of its own, so a run that is cut off is finished by the next one,
    and a second run at the same time finds the day taken. Leaves `reminder.due`, with the count only. Cases that time
    alone has changed are brought up to date first: nobody is reminded of yesterday's findings.
    """
    refresh_due_readiness(now)
    digests: dict[User, list[Due]] = defaultdict(list)
    for due in _due(now):
        digests[due.person].append(due)
    return sum(_send(person, lines, now) for person, lines in digests.items())


def _send(person: User, lines: list[Due], now: datetime) -> bool:
    try:
        with transaction.atomic():
            reminder = Reminder.objects.create(person=person, sent_on=timezone.localdate(now))
            ReminderLine.objects.bulk_create(
                ReminderLine(
                    reminder=reminder, person=person, case=due.case, meeting=due.meeting, days_before=due.days_before
                )
                for due in lines
            )
            record("reminder.due", by=None, system="reminders", now=now, subject=reminder,
                   data={"count": len({due.case.pk for due in lines})}, to=[person])  # fmt: skip
    except IntegrityError:
        return False
    return True


def _due(now: datetime) -> Iterator[Due]:
    today = timezone.localdate(now)
    coordinators = _Coordinators(today)
    told = set(Reminder.objects.filter(sent_on=today).values_list("person_id", flat=True))
    for meeting, cases in _coming(now):
        days_left = working_days_until(timezone.localtime(meeting.cutoff_at).date(), today)
        threshold = min((days for days in meeting.series.reminder_days if days >= days_left), default=None)
        if threshold is None:
            continue
        sent = set(
            ReminderLine.objects.filter(meeting=meeting, days_before=threshold).values_list("person_id", "case_id")
        )
        for case in cases:
            for person in _owners(case, coordinators):
                if person.pk not in told and (person.pk, case.pk) not in sent:
                    yield Due(person, case, meeting, threshold)


def _coming(now: datetime) -> Iterator[tuple[Meeting, list[Case]]]:
    """Each meeting whose cut-off lies ahead with its unready cases; waiting ones go to the first that fits."""
    waiting = {
        case.pk: case
        for case in _unready().filter(status=CaseStatus.REFERRED).exclude(agenda_items__status=ItemStatus.PROVISIONAL)
    }
    meetings = Meeting.objects.filter(cutoff_at__gt=now, cutoff_at__lt=now + HORIZON, status__in=PLANNABLE)
    for meeting in meetings.select_related("series").prefetch_related("series__diagnoses").order_by("starts_at"):
        booked = _unready().filter(
            agenda_items__meeting=meeting, agenda_items__status__in=[ItemStatus.PROVISIONAL, ItemStatus.PLANNED]
        )
        taken = {diagnosis.pk for diagnosis in meeting.series.diagnoses.all()}
        fitting = [
            pk
            for pk, case in waiting.items()
            if case.diagnosis_id in taken and meeting.series.unit_id in {unit.pk for unit in case.units.all()}
        ]
        yield meeting, [*booked, *(waiting.pop(pk) for pk in fitting)]


def _unready() -> QuerySet[Case]:
    return (
        Case.objects.exclude(readiness_state=ReadinessState.READY)
        .select_related("responsible_clinician", "contact_nurse")
        .prefetch_related("units")
        .order_by("pk")
    )


class _Coordinators:
    """Who plans the meetings of some units on a day; asked once for the same units."""

    def __init__(self, on: date) -> None:
        self._on = on
        self._known: dict[frozenset[int], list[User]] = {}

    def of(self, units: frozenset[int]) -> list[User]:
        """Return the people of these units who hold `plan_meeting`, by name."""
        if units not in self._known:
            self._known[units] = list(people_with(Permission.PLAN_MEETING, units, self._on))
        return self._known[units]


def _owners(case: Case, coordinators: _Coordinators) -> set[User]:
    """The people who can mend the case's findings: its clinician; coordinators for what is theirs.

    An answer that a reading discipline owes is told to the clinician, who asked for it.
    """
    owners: set[User] = set()
    for finding in case.readiness["findings"]:
        if finding["severity"] == "warning":
            continue
        if finding["owner"] == Role.COORDINATOR:
            owners.update(coordinators.of(frozenset(unit.pk for unit in case.units.all())))
        else:
            owners.add(case.responsible_clinician)
    return owners
