"""The coordinator's workbench: one meeting, its agenda and who waits for a place."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh, push_url

from accounts.actor import ActorRequest
from accounts.numbers import whole_number
from accounts.permissions import Permission
from mdk.access import access_meeting, series_units
from mdk.forms.planning import CandidateFilter, ChairForm, ReasonForm
from mdk.queries.attendance import chairs_for
from mdk.queries.watching import change_by_others, has_news
from mdk.queries.workbench import is_open_for_planning
from mdk.services.cancelling import cancel_meeting
from mdk.services.outcome import choose_chair
from mdk.services.publishing import publish_meeting
from mdk.views.member import show_agenda
from mdk.views.undo import take_back
from mdk.views.workbench import act, address, keep_filters, show_workbench

PLAN = Permission.PLAN_MEETING


@require_safe
def meeting_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Show a meeting: the workbench to those who may plan it while it can be planned, the agenda to others."""
    meeting = access_meeting(request.actor, pk)
    if is_open_for_planning(meeting) and request.actor.can(PLAN, series_units(meeting.series)):
        return show_workbench(request, meeting, opened=request.GET.get("open", ""))
    return show_agenda(request, meeting)


@require_safe
def watch_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Say what is new since the page was drawn (`since`, its X-Version): 204 when nothing is, else the part for htmx.

    Three queries when nothing is new, however long the lists are.
    """
    meeting = access_meeting(request.actor, pk, PLAN)
    version, _dot, event = request.GET.get("since", "").partition(".")
    seen = whole_number(event) or 0
    if not is_open_for_planning(meeting):
        return HttpResponseClientRefresh()
    if not has_news(meeting, version=whole_number(version) or 0, seen=seen):
        return HttpResponse(status=204)
    other = change_by_others(pk, seen=seen, person=request.user)
    said = _("%(who)s: %(what)s.") % {"who": other.who or _("The system"), "what": other.sentence} if other else ""
    return show_workbench(request, meeting, opened=request.GET.get("open", ""), said=said)


@require_POST
def find_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Filter the candidates: the choices go into the address and stay in the session, the search in the session alone."""
    meeting = access_meeting(request.actor, pk, PLAN)
    filters = CandidateFilter(request.POST, auto_id="filter_%s")
    keep_filters(request, meeting, filters)
    query = filters.query()
    target = reverse("mdk:meeting", args=[pk]) + (f"?{query}" if query else "")
    if not request.htmx:
        return HttpResponseRedirect(target)
    return push_url(show_workbench(request, meeting, filters=filters), target)


@require_POST
def undo_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Take the person's last step back; 409 naming who, when somebody has changed the meeting since."""
    meeting = access_meeting(request.actor, pk, PLAN)

    def undo(_values: dict[str, Any]) -> None:
        take_back(request, meeting)

    return act(request, meeting, Form({}), undo, name="undo", opened="", said=_("The step is undone."))


@require_POST
def publish_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Publish the agenda: members see it, and readers begin."""
    meeting = access_meeting(request.actor, pk, PLAN)
    publish_meeting(pk, by=request.user, now=timezone.now())
    messages.success(request, _("The agenda is published. Members see it and readers can begin."))
    return HttpResponseRedirect(address(request, meeting))


@require_POST
def chair_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Choose the chair."""
    meeting = access_meeting(request.actor, pk, PLAN)

    def choose(values: dict[str, Any]) -> None:
        choose_chair(pk, values["chair"], by=request.user, now=timezone.now())

    form = ChairForm(request.POST, people=chairs_for(meeting, timezone.localdate()))
    return act(request, meeting, form, choose, name="chair", opened="chair", said=_("The chair is chosen."))


@require_POST
def cancel_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Cancel the meeting; its cases go on to where each is expected to be ready."""
    meeting = access_meeting(request.actor, pk, PLAN)

    def cancel(values: dict[str, Any]) -> None:
        cancel_meeting(pk, reason=values["reason"], by=request.user, now=timezone.now())

    form = ReasonForm(request.POST, auto_id="cancel_%s")
    said = _("The meeting is cancelled. Its cases went on to other meetings.")
    return act(request, meeting, form, cancel, name="cancel", opened="cancel", said=said)
