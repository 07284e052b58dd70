"""Assignment: preparations that nobody holds are given to those on duty, so that the week's work is shared fairly."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from cases.workdays import is_working_day
from events.models import Event, Notice
from events.record import record
from mdk.enums import NOT_BEGUN, PLANNABLE, ItemStatus, PreparationState
from mdk.models import Absence, Meeting, Preparation
from mdk.planning.sharing import Sharer, Week, Work, share
from mdk.queries.capacity import absent_on, monday_of, reader_weeks
from mdk.queries.duty import OnDuty, diagnoses_read, readers_on_duty
from mdk.services.preparation_moves import lock_meetings
from mdk.services.sweeping import sweep
from mdk.transitions import touch


@transaction.atomic
def assign(preparation_ids: Iterable[int], *, now: datetime, by: User | None = None) -> int:
    """Give out those of the preparations that nobody holds (`mdk.planning.sharing`); return how many were given.

    Also those given to somebody who is away today and has not taken them. What nobody on duty may take, or has
    minutes for, stays to be shared. `by` is None for the system. Each reader is told once a meeting. Leaves
    `preparation.assigned` for each. Safe to call again, and with the meetings locked.
    """
    asked = list(preparation_ids)
    meetings = lock_meetings(asked)
    rows = list(
        _unheld(now).filter(pk__in=asked).select_for_update(of=("self",)).select_related("item__case").order_by("pk")
    )
    given = _shared(rows, meetings, now)
    told: defaultdict[int, set[int]] = defaultdict(set)
    for row in rows:
        if row.pk not in given:
            continue
        row.reader_id, row.claimed_at = given[row.pk], now
        row.assigned_by, row.assigned_at = by, now
        row.save(update_fields=["reader", "claimed_at", "assigned_by", "assigned_at"])
        meeting = meetings[row.item.meeting_id]
        record(
            "preparation.assigned", by=by, now=now, subject=row, case=row.item.case_id, meeting=meeting.pk,
            unit=meeting.series.unit_id, data={"discipline": row.discipline},
        )  # fmt: skip
        told[meeting.pk].add(given[row.pk])
    for meeting_id, readers in told.items():
        touch(meetings[meeting_id])
        _tell(meetings[meeting_id], readers, by, now)
    return len(given)


def assign_unheld(*, now: datetime) -> int:
    """Give out what nobody holds of what can be prepared now; return how many were given. Safe to run twice.

    One transaction a meeting, so that none waits for another.
    """
    by_meeting: defaultdict[int, list[int]] = defaultdict(list)
    found = _unheld(now).filter(state=PreparationState.TODO).order_by("due_at", "pk")
    for pk, meeting_id in found.values_list("pk", "item__meeting_id"):
        by_meeting[meeting_id].append(pk)
    return sweep(by_meeting.values(), lambda pks: assign(pks, now=now), what="preparations given out")


def _unheld(now: datetime) -> QuerySet[Preparation]:
    """Return what is to be given out: firm, to come, not begun, and with nobody or with one who is away today."""
    today = timezone.localdate(now)
    away = Absence.objects.filter(reader=OuterRef("reader"), first_on__lte=today, last_on__gte=today)
    return Preparation.objects.filter(
        Q(reader=None) | (Q(assigned_at__isnull=False) & Exists(away)),
        state__in=NOT_BEGUN,
        item__status=ItemStatus.PLANNED,
        item__meeting__status__in=PLANNABLE,
        item__meeting__starts_at__gt=now,
    )


def _shared(rows: Sequence[Preparation], meetings: dict[int, Meeting], now: datetime) -> dict[int, int]:
    """Return the reader of each preparation that one is found for; constant queries."""
    if not rows:
        return {}
    today = timezone.localdate(now)
    works = _works(rows, meetings, readers_on_duty(meetings, today), today)
    readers = sorted({reader for work in works for reader in work.on_duty})
    away = absent_on(readers, today, max(max(work.days, default=today) for work in works))
    reads = diagnoses_read(readers)
    sharers = [Sharer(reader, reads[reader], frozenset(away[reader])) for reader in readers]
    weeks = reader_weeks(readers, {work.monday for work in works})
    return share(works, sharers, {key: Week(week.capacity, week.planned) for key, week in weeks.items()})


def _works(
    rows: Sequence[Preparation], meetings: dict[int, Meeting], on_duty: OnDuty, today: date
) -> list[Work]:  # fmt: skip
    put_back = _put_back(rows)
    earlier = dict(
        Preparation.objects.filter(pk__in=[row.carried_over_from_id for row in rows if row.carried_over_from_id])
        .values_list("pk", "completed_by_id")
    )  # fmt: skip
    return [
        Work(
            id=row.pk,
            diagnosis=row.item.case.diagnosis_id,
            minutes=row.estimate_minutes,
            due_at=row.due_at,
            monday=monday_of(timezone.localdate(row.due_at)),
            on_duty=on_duty[row.item.meeting_id, row.discipline] - put_back[row.pk],
            days=_days(today, max(row.due_at, meetings[row.item.meeting_id].starts_at)),
            earlier=earlier.get(row.carried_over_from_id) if row.carried_over_from_id else None,
        )
        for row in rows
    ]


def _days(today: date, until: datetime) -> frozenset[date]:
    """Return today and the working days until the meeting, on which its reader must be there."""
    ahead = (timezone.localdate(until) - today).days
    days = (today + timedelta(days=step) for step in range(ahead + 1))
    return frozenset(day for day in days if day == today or is_working_day(day))


def _put_back(rows: Sequence[Preparation]) -> dict[int, frozenset[int]]:
    """Return who has given each preparation back to the queue: it is not given to them again."""
    found: dict[int, set[int]] = {row.pk: set() for row in rows}
    events = Event.objects.filter(
        kind="preparation.released", case_id__in={row.item.case_id for row in rows}, subject_id__in=list(found)
    )
    for pk, reader in events.values_list("subject_id", "actor_id"):
        if reader:
            found[pk].add(reader)
    return {pk: frozenset(readers) for pk, readers in found.items()}


def _tell(meeting: Meeting, reader_ids: Collection[int], by: User | None, now: datetime) -> None:
    """Tell each reader that they have preparations for the meeting, unless they have been told before."""
    told = Notice.objects.filter(event__kind="meeting.assigned", event__meeting_id=meeting.pk)
    people = User.objects.filter(pk__in=reader_ids).exclude(pk__in=told.values("person")).order_by("pk")
    if people:
        record(
            "meeting.assigned", by=by, now=now, subject=meeting, meeting=meeting.pk, unit=meeting.series.unit_id,
            to=people,
        )  # fmt: skip
