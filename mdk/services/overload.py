"""Telling of weeks in which a reader has more to prepare than there is time for: once, until it grows."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, User
from accounts.permissions import Permission, roles_with
from accounts.queries import people_with, units_above
from events.record import record
from mdk.access import PREPARES
from mdk.models import OverloadWarning, Preparation
from mdk.queries.capacity import ReaderWeek, monday_of, reader_weeks
from mdk.queries.days import midnight
from mdk.services.sweeping import sweep

WEEKS = 8
"""How far ahead is looked: this week and the seven after it. Later agendas are too thin to tell."""


def warn_overloaded(*, now: datetime) -> int:
    """Tell of each coming week that holds more than its reader's capacity; returns how many weeks were told of.

    Told are the reader and those who plan the roster (coordinators, managers) of the reader's units and of the series
    read for. A week that was told of is told of again only when the excess has grown; one that came to rest and fills
    up anew is news again. Safe to run twice. Leaves `workload.overloaded`.
    """
    first = monday_of(timezone.localdate(now))
    mondays = [first + timedelta(weeks=week) for week in range(WEEKS)]
    due = Preparation.objects.filter(due_at__gte=midnight(first), due_at__lt=midnight(mondays[-1] + timedelta(days=7)))
    readers = due.exclude(reader=None).order_by().values_list("reader_id", flat=True).distinct()
    over = {key: week for key, week in reader_weeks(readers, mondays).items() if week.over}
    _forget(over, first)
    return sweep(over.values(), lambda week: _warn(week, now), what="weeks that hold too much")


@transaction.atomic
def _warn(week: ReaderWeek, now: datetime) -> bool:
    reader = User.objects.select_for_update(no_key=True).get(pk=week.reader_id)
    told = OverloadWarning.objects.filter(reader=reader, monday=week.monday).first()
    if told and week.over <= told.planned_minutes - told.capacity_minutes:
        return False
    values = {"planned_minutes": week.planned, "capacity_minutes": week.capacity or 0, "told_at": now}
    warning, _new = OverloadWarning.objects.update_or_create(reader=reader, monday=week.monday, defaults=values)
    data = {"monday": week.monday.isoformat(), "week": week.monday.isocalendar().week, "over": week.over}
    record("workload.overloaded", by=None, now=now, subject=warning, to=_people(reader, week, now), data=data)
    return True


def _forget(over: Iterable[tuple[int, date]], first: date) -> None:
    """Take away the warnings of coming weeks that fit again."""
    still = set(over)
    rows = OverloadWarning.objects.filter(monday__gte=first).values_list("pk", "reader_id", "monday")
    OverloadWarning.objects.filter(pk__in=[pk for pk, *key in rows if (*key,) not in still]).delete()


def _people(reader: User, week: ReaderWeek, now: datetime) -> list[User]:
    """Return the reader, and who plans the roster of the reader's units and of the series read for that week."""
    roles = {role for permission in PREPARES.values() for role in roles_with(permission)}
    own = Membership.objects.filter(user=reader, role__in=roles).values_list("unit_id", flat=True)
    due = Preparation.objects.filter(
        reader=reader, due_at__gte=midnight(week.monday), due_at__lt=midnight(week.monday + timedelta(days=7))
    )
    read_for = due.order_by().values_list("item__meeting__series__unit_id", flat=True).distinct()
    units = units_above({*own, *read_for})
    return [reader, *people_with(Permission.MANAGE_ROSTER, units, timezone.localdate(now))]
