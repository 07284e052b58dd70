"""Who is, and who may be, at a meeting."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.numbers import whole_number
from accounts.permissions import Permission
from accounts.queries import people_with
from checklists.enums import Speciality
from mdk.access import series_units
from mdk.models import AgendaItem, Attendance, Meeting


def attendance_of(meeting: Meeting) -> list[Attendance]:
    """Return the attendance with its users; one query."""
    return list(meeting.attendances.select_related("user"))


def roster_of(meeting: Meeting, items: Iterable[AgendaItem], noted: Iterable[Attendance]) -> list[User]:
    """Return who may be expected: chair, readers, the clinicians and nurses of the cases, and who is noted already.

    The items have their cases' people loaded; one query, for the readers.
    """
    expected: list[User | None] = [meeting.chair, *meeting.series.readers.order_by("name")]
    for item in items:
        expected += [item.case.responsible_clinician, item.case.contact_nurse]
    expected += [line.user for line in noted]
    return list({person.pk: person for person in expected if person is not None and person.is_active}.values())


def attendance_rows(people: Sequence[User], noted: Iterable[Attendance]) -> list[dict[str, Any]]:
    """Return one row a person of the roster and one a guest, as the attendance form begins with them.

    A person's function is the one noted, else that of their account.
    """
    lines: dict[int, list[Attendance]] = {}
    guests = []
    for line in noted:
        if line.user_id is None:
            guests.append(line)
        else:
            lines.setdefault(line.user_id, []).append(line)
    rows = []
    for person in people:
        known = person.speciality if person.speciality in Speciality.values else ""
        rows += [_row(line, person) for line in lines.get(person.pk, ())] or [
            {"user": person.pk, "name": person.name, "speciality": known, "is_present": False, "is_remote": False}
        ]
    return rows + [_row(line, None) for line in guests]


def chairs_for(meeting: Meeting, on: date) -> QuerySet[User]:
    """Return the people who may run the meeting."""
    return people_with(Permission.RUN_MEETING, series_units(meeting.series), on)


def _row(line: Attendance, person: User | None) -> dict[str, Any]:
    return {
        "user": person.pk if person else None,
        "name": person.name if person else line.name,
        "speciality": line.speciality,
        "is_present": line.is_present,
        "is_remote": line.is_remote,
    }


def people_named(names: Iterable[str]) -> dict[str, User]:
    """Return the active users by the e-mail (small letters) or id that the caller wrote; one query."""
    wanted = {name for name in names if name}
    ids = {whole_number(name) for name in wanted} - {None}
    found: dict[str, User] = {}
    for person in User.objects.filter(Q(email__in=wanted) | Q(pk__in=ids), is_active=True):
        found |= {person.email: person, str(person.pk): person}
    return {name: found[name] for name in wanted if name in found}
