"""Meetings by day, and the agenda as files."""

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.access import require
from accounts.actor import ActorRequest
from accounts.numbers import whole_number
from accounts.permissions import Permission
from mdk.access import access_meeting
from mdk.print.agenda import agenda_pdf
from mdk.print.spreadsheet import agenda_xlsx
from mdk.queries.meetings import meeting_days, visible_series
from mdk.services.series import WEEKS_AHEAD

SOON, EARLIER = timedelta(weeks=3), timedelta(days=30)


@require_safe
def meetings_page(request: ActorRequest) -> HttpResponse:
    """List the meetings of the coming three weeks (half a year with `?all=1`) by day, and those of the last month."""
    require(request.actor, Permission.VIEW_MEETING)
    today = timezone.localdate()
    series = whole_number(request.GET.get("series", ""))
    is_all = "all" in request.GET
    last = today + (timedelta(weeks=WEEKS_AHEAD) if is_all else SOON)
    context = {
        "days": meeting_days(request.actor, today, last, series),
        "earlier": meeting_days(request.actor, today - EARLIER, today - timedelta(days=1), series, newest_first=True),
        "series": visible_series(request.actor),
        "chosen": series,
        "is_all": is_all,
        "today": today,
        "now": timezone.now(),
    }
    return render(request, "mdk/meetings.html", context)


@require_safe
def agenda_pdf_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Send the agenda as PDF; the export is logged."""
    return agenda_pdf(request.actor, access_meeting(request.actor, pk, Permission.VIEW_CASE), what="mdk:agenda_pdf")


@require_safe
def agenda_xlsx_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Send the agenda as a spreadsheet; the export is logged."""
    return agenda_xlsx(request.actor, access_meeting(request.actor, pk, Permission.VIEW_CASE), what="mdk:agenda_xlsx")
