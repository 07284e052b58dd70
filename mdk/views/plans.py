"""The proposed agenda: asked for from a meeting, read with its reasons, accepted whole or in part, or put aside."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.models import AccessLog
from accounts.numbers import whole_number
from accounts.permissions import Permission
from mdk.access import access_meeting, access_plan
from mdk.forms.plans import ProposeForm
from mdk.queries.plan_shown import plan_shown, plans_of
from mdk.queries.plans import related_series
from mdk.services.plans import Options, accept_plan, discard_plan, propose_plan


@require_http_methods(["GET", "HEAD", "POST"])
def propose_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Ask for a plan from the meeting on; the answer is the plan's own page."""
    meeting = access_meeting(request.actor, pk, Permission.PLAN_MEETING)
    related = related_series(request.actor, meeting)
    form = ProposeForm(request.POST or None, related=related)
    if form.is_valid():
        series = [one.pk for one in form.cleaned_data.get("series", ())]
        options = Options(form.cleaned_data["weeks"], series, form.cleaned_data["seconds"])
        plan = propose_plan(meeting, options, actor=request.actor, now=timezone.now())
        return redirect("mdk:plan", plan.pk)
    context = {"meeting": meeting, "form": form, "plans": plans_of(meeting)}
    return render(request, "mdk/plan_ask.html", context, status=422 if form.is_bound else 200)


@require_safe
def plan_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Show a plan by meeting: who goes where and why, who gets no place and why, and how good the plan is."""
    shown = plan_shown(access_plan(request.actor, pk))
    log_read(request.actor, patients=shown.patients, what="mdk:plan", action=AccessLog.Action.LIST)
    return render(request, "mdk/plan_read.html", {"shown": shown, "plan": shown.plan})


@require_POST
def plan_accept_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Give the chosen cases their places, or all of them; what no longer holds is told on the plan's page."""
    access_plan(request.actor, pk)
    chosen = [number for text in request.POST.getlist("case") if (number := whole_number(text)) is not None]
    only = None if "all" in request.POST else chosen
    if only == []:
        messages.warning(request, _("Choose at least one case, or accept the whole plan."))
        return redirect("mdk:plan", pk)
    answers = accept_plan(pk, by=request.user, now=timezone.now(), only=only).values()
    given = sum("item" in answer for answer in answers)
    said = ngettext("%(n)d case has its place.", "%(n)d cases have their places.", given) % {"n": given}
    if refused := len(answers) - given:
        said += " " + ngettext("%(n)d could not be given: see why.", "%(n)d could not be given: see why.", refused) % {
            "n": refused
        }
    messages.success(request, said)
    return redirect("mdk:plan", pk)


@require_POST
def plan_discard_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Put the plan aside and go back to the meeting."""
    plan = access_plan(request.actor, pk)
    discard_plan(pk, by=request.user, now=timezone.now())
    messages.success(request, _("The plan is put aside. Nothing has been moved."))
    return redirect("mdk:meeting", plan.meeting_id)
