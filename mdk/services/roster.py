"""Who reads, how much, when they are away, and who is on duty for a meeting."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import FieldError, Invalid, Refused
from accounts.models import User
from accounts.queries import people_with
from checklists.enums import Discipline
from checklists.models import Diagnosis
from events.record import record
from mdk.access import PREPARES, series_units
from mdk.enums import PLANNABLE
from mdk.models import Absence, Capacity, Duty, Meeting, SubSpeciality
from mdk.queries.capacity import monday_of
from mdk.transitions import lock_meeting, touch

MOST_MINUTES = 2_400
"""A week of forty hours: nobody prepares more."""

MOST_DAYS = 366
"""The longest absence that is entered at once: a wrong year is caught, and parental leave fits."""


class RosterRefused(Refused):
    """The meeting's duty is settled: it has begun, or it is cancelled."""

    code = "meeting-status"


@transaction.atomic
def set_capacity(reader_id: int, *, from_on: date, weekly_minutes: int, by: User, now: datetime) -> Capacity:
    """Give the reader so many minutes of preparation a week, from the week of `from_on` until the next such row.

    0-2400 minutes. The same again changes nothing. Who may: `manage_roster`. Leaves `capacity.set`, which tells the reader.
    """
    if not 0 <= weekly_minutes <= MOST_MINUTES:
        most = {"most": MOST_MINUTES}
        raise Invalid([FieldError("weekly_minutes", "out-of-range", _("Give the minutes, from 0 to %(most)d.") % most)])
    reader = _lock(reader_id)
    monday = monday_of(from_on)
    known = Capacity.objects.filter(reader=reader, from_on=monday).first()
    if known and known.weekly_minutes == weekly_minutes:
        return known
    values = {"weekly_minutes": weekly_minutes, "set_by": by, "set_at": now}
    capacity, _new = Capacity.objects.update_or_create(reader=reader, from_on=monday, defaults=values)
    data = {"minutes": weekly_minutes, "from": monday.isoformat()}
    record("capacity.set", by=by, now=now, subject=capacity, to=[reader], data=data)
    return capacity


@transaction.atomic
def record_absence(reader_id: int, *, first_on: date, last_on: date, by: User, now: datetime) -> Absence:
    """Record that the reader is away from `first_on` to `last_on`, both included; the days alone, never why.

    Overlaps are allowed and count once. The same days again change nothing. Who may: the reader, and `manage_roster`.
    Leaves `absence.recorded`, which tells the reader when another entered it.
    """
    if last_on < first_on:
        raise Invalid([FieldError("last_on", "before-first", _("The last day is before the first."))])
    if (last_on - first_on).days >= MOST_DAYS:
        raise Invalid([FieldError("last_on", "too-long", _("At most a year at a time. Is the year right?"))])
    reader = _lock(reader_id)
    if known := Absence.objects.filter(reader=reader, first_on=first_on, last_on=last_on).first():
        return known
    absence = Absence.objects.create(reader=reader, first_on=first_on, last_on=last_on, recorded_by=by, recorded_at=now)
    record("absence.recorded", by=by, now=now, subject=absence, to=[reader], data=_days(absence))
    return absence


@transaction.atomic
def remove_absence(absence_id: int, *, by: User, now: datetime) -> None:
    """Take an absence back; one that is gone already stays gone. Who may: the reader, and `manage_roster`.

    Leaves `absence.removed`, which tells the reader when another did it.
    """
    absence = Absence.objects.select_for_update(of=("self",)).select_related("reader").filter(pk=absence_id).first()
    if absence is None:
        return
    record("absence.removed", by=by, now=now, subject=absence, to=[absence.reader], data=_days(absence))
    absence.delete()


@transaction.atomic
def set_reads(reader_id: int, *, diagnoses: Collection[Diagnosis], by: User, now: datetime) -> None:
    """Say which diagnoses the reader reads; none means whatever the roster gives. The same again changes nothing.

    Who may: `manage_roster`. Leaves `reader.diagnoses`, which tells the reader.
    """
    reader = _lock(reader_id)
    rows = SubSpeciality.objects.filter(reader=reader)
    known = set(rows.values_list("diagnosis_id", flat=True))
    wanted = {diagnosis.pk for diagnosis in diagnoses}
    if known == wanted:
        return
    rows.exclude(diagnosis_id__in=wanted).delete()
    SubSpeciality.objects.bulk_create(
        SubSpeciality(reader=reader, diagnosis_id=pk, set_by=by, set_at=now) for pk in sorted(wanted - known)
    )
    record("reader.diagnoses", by=by, now=now, subject=reader, to=[reader], data={"diagnoses": sorted(wanted)})


@transaction.atomic
def set_duty(meeting_id: int, *, readers: Mapping[str, Collection[User]], by: User, now: datetime) -> Meeting:
    """Say who reads for the meeting, by discipline; nobody in a discipline means that the series' roster does.

    Each must be a reader of the discipline in the series' units on the day (Invalid otherwise). RosterRefused once the
    meeting has begun. The same again changes nothing. Who may: `manage_roster` in the series' units. Leaves `duty.set`,
    which tells those who are new.
    """
    meeting = lock_meeting(meeting_id)
    if meeting.status not in PLANNABLE:
        status = {"status": meeting.get_status_display().lower()}
        raise RosterRefused(_("The meeting is %(status)s, so its readers stay as they are.") % status)
    people = {reader.pk: reader for one in readers.values() for reader in one}
    wanted = {(reader.pk, discipline) for discipline, one in readers.items() for reader in one}
    _refuse_others(meeting, wanted, people)
    known = {(duty.reader_id, duty.discipline): duty for duty in meeting.duties.all()}
    if wanted == known.keys():
        return meeting
    Duty.objects.filter(pk__in=[duty.pk for key, duty in known.items() if key not in wanted]).delete()
    new = sorted(wanted - known.keys())
    Duty.objects.bulk_create(
        Duty(meeting=meeting, reader_id=pk, discipline=discipline, set_by=by, set_at=now) for pk, discipline in new
    )
    touch(meeting)
    record(
        "duty.set", by=by, now=now, subject=meeting, meeting=meeting.pk, unit=meeting.series.unit_id,
        to=[people[pk] for pk, _discipline in new], data={"count": len(wanted)},
    )  # fmt: skip
    return meeting


def _refuse_others(meeting: Meeting, wanted: Collection[tuple[int, str]], people: Mapping[int, User]) -> None:
    """Invalid, naming whom, when somebody does not read the discipline in the series' units on the day."""
    on, units = timezone.localdate(meeting.starts_at), series_units(meeting.series)
    errors = []
    for discipline in sorted({discipline for _pk, discipline in wanted}):
        may = people_with(PREPARES[Discipline(discipline)], units, on).values_list("pk", flat=True)
        others = sorted(people[pk].name for pk, one in wanted if one == discipline and pk not in set(may))
        if others:
            sentence = _("Not a reader of this discipline here on that day: %(names)s.") % {"names": ", ".join(others)}
            errors.append(FieldError(discipline, "not-a-reader", sentence))
    if errors:
        raise Invalid(errors)


def _lock(reader_id: int) -> User:
    """Hold the reader's row, so that two who change the same reader's roster go one after the other."""
    return User.objects.select_for_update(no_key=True).get(pk=reader_id)


def _days(absence: Absence) -> dict[str, str]:
    return {"first": absence.first_on.isoformat(), "last": absence.last_on.isoformat()}
