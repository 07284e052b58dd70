"""A person's own notices."""

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.actor import ActorRequest
from events.about import about_cases
from events.access import access_notice
from events.queries import notice_link, notice_text, notices_of
from events.services import read_all_notices, read_notice

PAGE = 50


@require_safe
def notices_page(request: ActorRequest) -> HttpResponse:
    """List the person's notices, newest first, fifty a page; each says which case it is about."""
    page = Paginator(notices_of(request.actor.user), PAGE).get_page(request.GET.get("page"))
    about = about_cases(request.actor, {notice.event.case_id for notice in page if notice.event.case_id})
    rows = [
        {
            "notice": notice,
            "text": notice_text(notice),
            "url": notice_link(notice),
            "about": about.get(notice.event.case_id or 0, ""),
        }
        for notice in page
    ]
    return render(request, "events/notices.html", {"page": page, "rows": rows})


@require_POST
def read_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Mark a notice as read and go where it leads; 404 for another person's."""
    notice = read_notice(by=request.actor.user, notice=access_notice(request.actor, pk), now=timezone.now())
    target = notice_link(notice)
    return HttpResponseRedirect(target) if target else redirect("events:notices")


@require_POST
def read_all_page(request: ActorRequest) -> HttpResponse:
    """Mark all of the person's notices as read."""
    read_all_notices(by=request.actor.user, now=timezone.now())
    return redirect("events:notices")
