"""What a firm place would break in the readers' time, told before it is given. A warning stops nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from cases.models import Case
from cases.workdays import is_working_day
from checklists.enums import Discipline
from mdk.models import Meeting, Preparation, Series
from mdk.planning.calendar import due_at
from mdk.queries.capacity import ReaderWeek, absent_on, monday_of, planned_expression, planned_for, reader_weeks
from mdk.queries.days import midnight
from mdk.queries.duty import readers_on_duty
from mdk.services.carrying import minutes_needed


@dataclass(frozen=True, slots=True)
class _Time:
    """The readers' time around a meeting: their names, weeks, days away, and what of the week nobody has taken yet."""

    names: Mapping[int, str]
    weeks: Mapping[int, ReaderWeek]
    away: Mapping[int, set[date]]
    days: Sequence[date]
    unshared: Mapping[str, int]


def booking_warnings(meeting: Meeting, case: Case, level: str, now: datetime) -> list[str]:
    """Return what a firm place for the case at the level would break, a sentence each; empty where it fits.

    Looked at are the minutes of preparation that the meeting has for each discipline and in all, and the weeks and days
    away of those on duty. A reader without a stated capacity is taken to have time. Constant queries.
    """
    needed = {discipline: minutes for discipline, minutes in minutes_needed(case, level).items() if minutes}
    if not needed:
        return []
    found = _over_meeting(meeting, needed)
    on_duty = readers_on_duty([meeting.pk], timezone.localdate(now))
    readers = {discipline: on_duty.get((meeting.pk, discipline), frozenset()) for discipline in needed}
    time = _time(meeting, {pk for some in readers.values() for pk in some}, now)
    for discipline, minutes in needed.items():
        if sentence := _over_readers(discipline, minutes, readers[discipline], time):
            found.append(sentence)
    return found


def _over_meeting(meeting: Meeting, needed: Mapping[str, int]) -> list[str]:
    held = planned_for([meeting.pk])
    planned = {discipline: held[meeting.pk, discipline] for discipline in Discipline.values}
    found = []
    for discipline, minutes in needed.items():
        limit, total = meeting.prep_limits[discipline], planned[discipline] + minutes
        if limit is not None and total > limit:
            words = {"discipline": Discipline(discipline).label, "total": total, "limit": limit}
            found.append(
                _("%(discipline)s would have %(total)d of %(limit)d minutes to prepare for the meeting.") % words
            )
    total = sum(planned.values()) + sum(needed.values())
    if meeting.prep_capacity_minutes and total > meeting.prep_capacity_minutes:
        words = {"total": total, "limit": meeting.prep_capacity_minutes}
        found.append(_("The meeting would have %(total)d of %(limit)d minutes of preparation in all.") % words)
    return found


def _time(meeting: Meeting, readers: Collection[int], now: datetime) -> _Time:
    """Read what the readers have in the week in which the preparation is due."""
    series, today = meeting.series, timezone.localdate(now)
    due = timezone.localdate(max(due_at(meeting.starts_at, series.prep_due_days, series.prep_due_time), now))
    monday = monday_of(due)
    days = [today + timedelta(days=step) for step in range((due - today).days + 1)]
    unshared = Preparation.objects.filter(
        reader=None,
        due_at__gte=midnight(monday),
        due_at__lt=midnight(monday + timedelta(days=7)),
        item__meeting__series__in=Series.readers.through.objects.filter(user_id__in=readers).values("series_id"),
    )
    sums = unshared.order_by().values("discipline").annotate(sum=Sum(planned_expression()))
    return _Time(
        names=dict(User.objects.filter(pk__in=readers).order_by("name").values_list("pk", "name")),
        weeks={reader: week for (reader, _monday), week in reader_weeks(readers, [monday]).items()},
        away=absent_on(readers, today, due),
        days=[day for day in days if is_working_day(day)] or [due],
        unshared={row["discipline"]: row["sum"] for row in sums},
    )


def _over_readers(discipline: str, minutes: int, on_duty: Collection[int], time: _Time) -> str:
    """Return why those on duty have no time for `minutes` more, the empty string when they have."""
    label = str(Discipline(discipline).label)
    if not on_duty:
        return _("%(discipline)s: nobody is on duty for the meeting.") % {"discipline": label}
    present = [pk for pk in time.names if pk in on_duty and not time.away[pk].issuperset(time.days)]
    if not present:
        return _("%(discipline)s: everybody on duty is away until the preparation is due.") % {"discipline": label}
    weeks = [time.weeks[pk] for pk in present]
    capacity = sum(week.capacity or 0 for week in weeks)
    unshared = time.unshared.get(discipline, 0)
    planned = sum(week.planned for week in weeks) + unshared + minutes
    if any(week.capacity is None for week in weeks) or planned <= capacity:
        return ""
    each = [f"{time.names[week.reader_id]} {week.planned}/{week.capacity}" for week in weeks]
    if unshared:
        each.append(ngettext("%(n)d minute to share", "%(n)d minutes to share", unshared) % {"n": unshared})
    return _("%(discipline)s: week %(week)d would hold %(planned)d of %(capacity)d minutes (%(each)s).") % {
        "discipline": label,
        "week": weeks[0].monday.isocalendar().week,
        "planned": planned,
        "capacity": capacity,
        "each": ", ".join(each),
    }
