"""A person's own addresses of the calendar, and the calendar that stands at one."""

from hashlib import sha256

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import require
from accounts.actor import ActorRequest
from accounts.numbers import whole_number
from accounts.permissions import Permission
from accounts.public import public
from mdk.access import access_series
from mdk.print.calendar import calendar_file
from mdk.queries.feeds import feed_of, feeds_of, series_without_feed, shown_meetings, token_of
from mdk.services.feeds import open_feed, revoke_feed

MAX_AGE = 15 * 60


@require_safe
def calendar_page(request: ActorRequest) -> HttpResponse:
    """Show the person's addresses, with what makes and revokes them."""
    require(request.actor, Permission.VIEW_MEETING)
    feeds = [(feed, settings.BASE_URL + reverse("mdk:feed", args=[token_of(feed)])) for feed in feeds_of(request.actor)]
    context = {
        "feeds": feeds,
        "has_all": any(feed.series_id is None for feed, _address in feeds),
        "series": series_without_feed(request.actor),
    }
    return render(request, "mdk/calendar.html", context)


@require_POST
def calendar_open_page(request: ActorRequest) -> HttpResponse:
    """Make an address of one series, or of all the person's meetings."""
    require(request.actor, Permission.VIEW_MEETING)
    number = whole_number(request.POST.get("series", ""))
    series = access_series(request.actor, number) if number is not None else None
    open_feed(by=request.user, series=series, now=timezone.now())
    messages.success(request, _("The calendar address is there. Add it to your calendar."))
    return redirect("mdk:calendar")


@require_POST
def calendar_revoke_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Revoke an address of the person's own."""
    if not revoke_feed(pk, by=request.user, now=timezone.now()):
        raise Http404(_("There is no such thing here."))
    messages.success(request, _("The calendar address is revoked. Nobody can read it any more."))
    return redirect("mdk:calendar")


@public
@require_safe
def feed_page(request: HttpRequest, token: str) -> HttpResponse:
    """Send the calendar: 404 for an address that never was, is revoked, or whose person no longer has the right."""
    feed = feed_of(token)
    meetings = shown_meetings(feed, timezone.now()) if feed else None
    if feed is None or meetings is None:
        raise Http404(_("There is no such thing here."))
    content = calendar_file(feed.series.name if feed.series else _("Meetings, MDK"), meetings)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="mdk.ics"'
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["ETag"] = f'"{sha256(content).hexdigest()[:32]}"'
    patch_cache_control(response, private=True, max_age=MAX_AGE)
    return get_conditional_response(request, etag=response.headers["ETag"], response=response) or response
