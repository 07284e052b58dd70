"""The series, one of them, and how it is made and changed."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import require
from accounts.actor import ActorRequest
from accounts.errors import Invalid, NotAllowed, Refused, Stale
from accounts.forms import add_refusal
from accounts.permissions import Permission
from mdk.access import access_series
from mdk.forms.series import SeriesChangeForm, SeriesForm, initial_of
from mdk.models import Series
from mdk.queries.meetings import series_choices, series_list
from mdk.queries.series import coming_meetings, left_out
from mdk.services.series import WEEKS_AHEAD, SeriesData, create_series
from mdk.services.series_changes import NotConfirmed, change_series
from mdk.services.series_data import data_of, day_rule


@require_safe
def series_page(request: ActorRequest) -> HttpResponse:
    """List the series."""
    require(request.actor, Permission.VIEW_MEETING)
    may_make = request.actor.can(Permission.MANAGE_SERIES)
    return render(request, "mdk/series.html", {"series": series_list(request.actor), "may_make": may_make})


@require_safe
def series_one_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Show one series: what it is, its coming meetings, and the days on which none is held."""
    series, now = access_series(request.actor, pk), timezone.now()
    rule = day_rule(series)
    context = {
        "series": series,
        "meetings": coming_meetings(series, rule, now),
        "left_out": left_out(rule, now, WEEKS_AHEAD) if series.is_active else [],
        "may_change": _may_change(request, pk),
    }
    return render(request, "mdk/series_one.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def series_new_page(request: ActorRequest) -> HttpResponse:
    """Make a series and its meetings of the coming half-year; 422 with the form when something is wrong."""
    require(request.actor, Permission.MANAGE_SERIES)
    initial: dict[str, Any] = {"starts_on": timezone.localdate(), "starts_time": "08:15", "reminder_days": [5, 3, 1]}
    form = SeriesForm(request.POST or None, choices=series_choices(request.actor), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            series = create_series(SeriesData(**form.series_values()), by=request.user, now=timezone.now())
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The series %(name)s and its meetings are there.") % {"name": series.name})
            return redirect("mdk:series_one", pk=series.pk)
    return render(request, "mdk/series_new.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def series_edit_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Change a series: the form, then what it does to each coming meeting, then the change that was confirmed."""
    series = access_series(request.actor, pk, Permission.MANAGE_SERIES)
    without = parse_date(request.GET.get("without", "")[:10]) if "without" in request.GET else None
    initial = initial_of(data_of(series), without=without) | {"version": series.version}
    form = SeriesChangeForm(request.POST or None, choices=series_choices(request.actor, series), initial=initial)
    status = 200
    if request.method == "POST" and form.is_valid() and "back" not in request.POST:
        try:
            return _change(request, series, form)
        except Invalid as refusal:
            add_refusal(form, refusal)
        except Stale as refusal:
            form.add_error(None, refusal.message)
            status = refusal.status
    if form.errors and status == 200:
        status = 422
    return render(request, "mdk/series_edit.html", {"form": form, "series": series}, status=status)


def _change(request: ActorRequest, series: Series, form: SeriesChangeForm) -> HttpResponse:
    """Change the series and go to its page; or ask for the confirmation of what the change does to its meetings."""
    data, version = SeriesData(**form.series_values()), form.cleaned_data["version"]
    confirmed = form.cleaned_data["confirmed"]
    try:
        change_series(series.pk, data, version=version, confirmed=confirmed, by=request.user, now=timezone.now())
    except NotConfirmed as refusal:
        context = {"series": series, "form": form, "change": refusal.change, "is_other": bool(confirmed)}
        return render(request, "mdk/series_change.html", context, status=409 if confirmed else 200)
    messages.success(request, _("The series %(name)s is changed.") % {"name": data.name})
    return redirect("mdk:series_one", pk=series.pk)


def _may_change(request: ActorRequest, pk: int) -> bool:
    try:
        access_series(request.actor, pk, Permission.MANAGE_SERIES)
    except NotAllowed:
        return False
    return True
