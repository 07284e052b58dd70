"""Published lists: what was on them, who is told of them, and whether they come in time."""

from collections.abc import Iterable
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from accounts.queries import people_with
from cases.workdays import working_days_before
from mdk.access import series_units
from mdk.enums import FIRM_ITEMS, MeetingStatus
from mdk.models import AgendaVersion, Meeting, Preparation
from mdk.planning.lists import Line


def list_of(meeting: Meeting) -> list[Line]:
    """Return the firm places in order as a published list keeps them (`lines_of`); one query."""
    items = meeting.items.filter(status__in=FIRM_ITEMS, position__isnull=False).order_by("position", "pk")
    return lines_of(items.values_list("pk", "case_id", "level", "minutes"))


def lines_of(places: Iterable[tuple[int, int, str, int]]) -> list[Line]:
    """Return the lines of a list: item, case, level, position from 1, minutes. `places` are the same in their order."""
    return [
        {"item": item, "case": case, "level": level, "position": position, "minutes": minutes}
        for position, (item, case, level, minutes) in enumerate(places, start=1)
    ]


def latest_versions(meeting_ids: Iterable[int]) -> dict[int, AgendaVersion]:
    """Return the newest published list of each meeting by its id; one query."""
    rows = AgendaVersion.objects.filter(meeting_id__in=list(meeting_ids))
    return {row.meeting_id: row for row in rows.order_by("meeting_id", "-number").distinct("meeting_id")}


def list_due_on(meeting: Meeting) -> date:
    """Return the last day on which the list comes in time: the working day before the meeting."""
    return working_days_before(timezone.localdate(meeting.starts_at), 1)


def publishing_warning(meeting: Meeting, now: datetime) -> str:
    """Return the sentence against publishing now, when members no longer get the list a working day ahead; else empty."""
    if timezone.localdate(now) <= list_due_on(meeting):
        return ""
    return _("Members should have the list at least one working day ahead; it is later than that.")


def unpublished(now: datetime) -> list[Meeting]:
    """Return the coming meetings that are not published although their list is due today, or was."""
    coming = Meeting.objects.filter(status=MeetingStatus.PLANNED, starts_at__gt=now)
    rows = coming.select_related("series__unit__parent__parent").prefetch_related("series__participating_units")
    today = timezone.localdate(now)
    return [meeting for meeting in rows.order_by("starts_at", "pk") if list_due_on(meeting) <= today]


def members_of(meeting: Meeting, now: datetime) -> list[User]:
    """Return who is told of the list: chair, readers, clinicians and contact nurses with a case on it, and planners."""
    people: list[User | None] = [meeting.chair, *meeting.series.readers.all()]
    people += [duty.reader for duty in meeting.duties.select_related("reader")]
    held = Preparation.objects.filter(item__meeting=meeting, reader__isnull=False).select_related("reader")
    people += [preparation.reader for preparation in held]
    on_it = meeting.items.filter(status__in=FIRM_ITEMS)
    for item in on_it.select_related("case__responsible_clinician", "case__contact_nurse"):
        people += [item.case.responsible_clinician, item.case.contact_nurse]
    people += planners_of(meeting, now)
    return list({person.pk: person for person in people if person is not None}.values())


def planners_of(meeting: Meeting, now: datetime) -> list[User]:
    """Return the people who may plan the meeting."""
    return list(people_with(Permission.PLAN_MEETING, series_units(meeting.series), timezone.localdate(now)))
