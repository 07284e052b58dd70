"""Meetings as a calendar that other programs subscribe to (iCalendar, RFC 5545); nothing of any patient."""

from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vDuration, vUri

from mdk.enums import MeetingStatus
from mdk.models import Meeting

REFRESH = timedelta(hours=1)


def calendar_file(name: str, meetings: Iterable[Meeting]) -> bytes:
    """Return the meetings (series and chair loaded) as a file in UTF-8, times in Europe/Stockholm with its VTIMEZONE.

    The same meetings give the same bytes: the stamp of each is when its status was last changed.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//MDK//Multidisciplinary conferences//SV")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("name", name)
    calendar.add("x-published-ttl", vDuration(REFRESH))
    calendar.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    for meeting in meetings:
        calendar.add_component(_event(meeting))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _event(meeting: Meeting) -> Event:
    is_cancelled = meeting.status == MeetingStatus.CANCELLED
    event = Event()
    event.add("uid", f"meeting-{meeting.pk}@{urlsplit(settings.BASE_URL).hostname}")
    event.add("dtstamp", meeting.status_changed_at)
    event.add("dtstart", timezone.localtime(meeting.starts_at))
    event.add("dtend", timezone.localtime(meeting.ends_at))
    event.add("sequence", meeting.version)
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if is_cancelled else "OPAQUE")
    name = meeting.series.name
    event.add("summary", _("Cancelled: %(name)s") % {"name": name} if is_cancelled else name)
    event.add("description", _description(meeting))
    event.add("class", "PRIVATE")
    if meeting.series.video_url:
        event.add("location", meeting.series.video_url)
        event.add("url", vUri(meeting.series.video_url))
    return event


def _description(meeting: Meeting) -> str:
    cutoff = date_format(timezone.localtime(meeting.cutoff_at), "D j b H:i")
    lines = [_("Cut-off: %(at)s") % {"at": cutoff}]
    if meeting.chair:
        lines.append(_("Chair: %(name)s") % {"name": meeting.chair.name})
    return "\n".join([*lines, settings.BASE_URL + reverse("mdk:meeting", args=[meeting.pk])])
