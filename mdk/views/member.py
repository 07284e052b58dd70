"""The agenda as every member sees it, with the protocol list that anybody may lift from."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.errors import Invalid, Refused
from accounts.forms import add_refusal
from accounts.models import AccessLog
from accounts.permissions import Permission
from checklists.enums import LevelCode
from mdk.access import access_item, access_meeting, series_units
from mdk.forms.planning import ReasonForm
from mdk.models import Meeting
from mdk.queries.agenda import agenda_of, planned_minutes_of, preparation_loads, sections_of, with_chances
from mdk.queries.changes import change_log
from mdk.queries.workbench import is_open_for_planning
from mdk.services.agenda import lift_item


def show_agenda(
    request: ActorRequest,
    meeting: Meeting,
    *,
    lifting: int | None = None,
    form: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the agenda without tools; a person without the right to cases sees it without patients.

    `lifting` is the protocol case whose form stands open.
    """
    units = series_units(meeting.series)
    rows = with_chances(agenda_of(meeting), meeting, timezone.now())
    log = change_log(meeting, rows)
    sees_cases = request.actor.can(Permission.VIEW_CASE, units)
    if sees_cases:
        shown = {row.patient_id for row in rows} | log.patients
        log_read(request.actor, patients=shown, what="mdk:meeting", action=AccessLog.Action.LIST, unit_ids=units)
    context = {
        "meeting": meeting,
        "log": log,
        "parts": sections_of(row for row in rows if row.is_firm and row.level != LevelCode.PROTOCOL),
        "likely": [row for row in rows if not row.is_firm and row.level != LevelCode.PROTOCOL],
        "listed": [row for row in rows if row.level == LevelCode.PROTOCOL],
        "planned": planned_minutes_of(rows),
        "loads": preparation_loads(rows),
        "sees_cases": sees_cases,
        "case_link": reverse("cases:case", args=[0]) if sees_cases else "",
        "may_lift": sees_cases and is_open_for_planning(meeting),
        "lifting": lifting,
        "form": form,
        "may_run": request.actor.can(Permission.RUN_MEETING, units),
        "may_plan": request.actor.can(Permission.PLAN_MEETING, units),
    }
    return render(request, "mdk/agenda.html", context, status=status)


@require_POST
def lift_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Lift a protocol case to discussion with a sentence; any member who sees the case may."""
    item = access_item(request.actor, pk)
    form = ReasonForm(request.POST, auto_id="lift_%s")
    status = 422
    if form.is_valid():
        try:
            lift_item(pk, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now())
        except Refused as refusal:
            add_refusal(form, refusal)
            status = 422 if isinstance(refusal, Invalid) else refusal.status
        else:
            messages.success(request, _("The case is lifted to discussion; the chair is told."))
            return HttpResponseRedirect(reverse("mdk:meeting", args=[item.meeting_id]))
    meeting = access_meeting(request.actor, item.meeting_id)
    return show_agenda(request, meeting, lifting=pk, form=form, status=status)
