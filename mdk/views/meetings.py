"""Meetings by day, the series that they come from, and the agenda as files."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import require
from accounts.actor import ActorRequest
from accounts.errors import Refused
from accounts.forms import add_refusal
from accounts.numbers import whole_number
from accounts.permissions import Permission
from mdk.access import access_meeting
from mdk.forms.planning import SeriesForm
from mdk.print.agenda import agenda_pdf
from mdk.print.spreadsheet import agenda_xlsx
from mdk.queries.meetings import meeting_days, series_choices, series_list, visible_series
from mdk.services.series import WEEKS_AHEAD, SeriesData, create_series

SOON, EARLIER = timedelta(weeks=3), timedelta(days=30)


@require_safe
def meetings_page(request: ActorRequest) -> HttpResponse:
    """List the meetings of the coming three weeks (twelve with `?all=1`) by day, and those of the last month."""
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
        "may_make": request.actor.can(Permission.MANAGE_SERIES),
    }
    return render(request, "mdk/meetings.html", context)


@require_safe
def series_page(request: ActorRequest) -> HttpResponse:
    """List the series."""
    require(request.actor, Permission.VIEW_MEETING)
    may_make = request.actor.can(Permission.MANAGE_SERIES)
    return render(request, "mdk/series.html", {"series": series_list(request.actor), "may_make": may_make})


@require_http_methods(["GET", "HEAD", "POST"])
def series_new_page(request: ActorRequest) -> HttpResponse:
    """Make a series and its meetings of the coming twelve weeks; 422 with the form when something is wrong."""
    require(request.actor, Permission.MANAGE_SERIES)
    initial: dict[str, Any] = {"starts_on": timezone.localdate(), "starts_time": "08:15"}
    form = SeriesForm(request.POST or None, choices=series_choices(request.actor), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            series = create_series(SeriesData(**form.series_values()), by=request.user, now=timezone.now())
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The series %(name)s and its meetings are there.") % {"name": series.name})
            return redirect("mdk:series")
    return render(request, "mdk/series_new.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def agenda_pdf_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Send the agenda as PDF; the export is logged."""
    return agenda_pdf(request.actor, access_meeting(request.actor, pk, Permission.VIEW_CASE), what="mdk:agenda_pdf")


@require_safe
def agenda_xlsx_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Send the agenda as a spreadsheet; the export is logged."""
    return agenda_xlsx(request.actor, access_meeting(request.actor, pk, Permission.VIEW_CASE), what="mdk:agenda_xlsx")
