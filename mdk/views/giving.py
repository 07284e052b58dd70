"""The preparations of one meeting: what each discipline says of its cases, and giving them to readers."""

from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.models import AccessLog
from accounts.permissions import Permission
from mdk.access import PREPARES, access_meeting, series_units
from mdk.forms.reader import GiveForm
from mdk.models import Meeting
from mdk.queries.queue import prepared_disciplines
from mdk.queries.sharing import giveable_readers, listed_cases, prepared
from mdk.services.preparation import hand_over_each
from mdk.services.preparation_moves import Answers, PreparationRefused


@require_safe
def preparations_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Show the meeting's cases with what radiology and pathology have said of each. For those who see its cases."""
    return _page(request, access_meeting(request.actor, pk, Permission.VIEW_CASE))


@require_POST
def give_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Give the chosen preparations to a reader. For those who manage the roster; what somebody keeps is named."""
    meeting = access_meeting(request.actor, pk, Permission.MANAGE_ROSTER)
    access_meeting(request.actor, pk, Permission.VIEW_CASE)
    cases = listed_cases(meeting, request.actor)
    readers = giveable_readers(meeting, timezone.localdate())
    form = GiveForm(request.POST, preparations=[row.id for row in prepared(cases)], readers=readers)
    if not form.is_valid():
        return _page(request, meeting, form, status=422)
    reader, disciplines = form.chosen()
    chosen = [row for row in prepared(cases) if row.id in form.cleaned_data["preparation"]]
    fitting = [row.id for row in chosen if row.discipline in disciplines]
    answers = hand_over_each(fitting, reader=reader, by=request.user, now=timezone.now(), gives_out=True)
    if len(fitting) < len(chosen):
        messages.error(request, _("%(who)s does not prepare that discipline.") % {"who": reader.name})
    _say(request, answers, {row.id: case.position for case in cases for row in case.asked}, reader.name)
    return redirect("mdk:preparations", pk)


def _say(request: ActorRequest, answers: Answers, places: Mapping[int, int], name: str) -> None:
    """Say what was given, and by its place on the list what was not and why."""
    refused = {pk: answer for pk, answer in answers.items() if isinstance(answer, PreparationRefused)}
    if given := len(answers) - len(refused):
        said = ngettext("%(n)d given to %(who)s.", "%(n)d given to %(who)s.", given)
        messages.success(request, said % {"n": given, "who": name})
    for pk, refusal in refused.items():
        messages.error(request, _("Place %(n)d: %(why)s") % {"n": places[pk], "why": refusal.message})


def _page(
    request: ActorRequest, meeting: Meeting, form: GiveForm | None = None, *, status: int = 200
) -> HttpResponse:  # fmt: skip
    cases = listed_cases(meeting, request.actor)
    log_read(
        request.actor, patients=[case.row.patient_id for case in cases], what="mdk:preparations",
        action=AccessLog.Action.LIST,
    )  # fmt: skip
    may_give = request.actor.can(Permission.MANAGE_ROSTER, series_units(meeting.series))
    context = {
        "meeting": meeting,
        "cases": cases,
        "disciplines": list(PREPARES),
        "own": prepared_disciplines(request.actor),
        "readers": giveable_readers(meeting, timezone.localdate()) if may_give else [],
        "form": form,
        "minutes": sum(row.estimate_minutes for row in prepared(cases) if row.is_open),
    }
    return render(request, "mdk/preparations.html", context, status=status)
