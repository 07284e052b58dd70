"""The round at the cut-off as a page: the proposal with its reasons, chosen by checkboxes, confirmed by one button."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.models import AccessLog
from accounts.numbers import whole_number
from accounts.permissions import Permission
from mdk.access import access_meeting, series_units
from mdk.models import Meeting
from mdk.queries.rounds import round_rows
from mdk.services.cutoff import confirm_round, propose_round


@require_http_methods(["GET", "HEAD", "POST"])
def round_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Show the round that would be held now, or confirm it for the cases that are ticked; a part of the workbench for htmx."""
    meeting = access_meeting(request.actor, pk, Permission.PLAN_MEETING)
    if request.method == "POST":
        return _confirm(request, meeting)
    held = propose_round(pk, now=timezone.now())
    rows = {name: round_rows(getattr(held, name)) for name in ("firmed", "moved", "left")}
    shown = {"meeting": meeting, "round": held, "rows": rows}
    log_read(
        request.actor,
        patients={row.patient for part in rows.values() for row in part},
        what="mdk:round",
        action=AccessLog.Action.LIST,
        unit_ids=series_units(meeting.series),
    )
    template = "mdk/parts/round_proposal.html" if request.htmx else "mdk/round.html"
    return render(request, template, shown)


def _confirm(request: ActorRequest, meeting: Meeting) -> HttpResponse:
    held = confirm_round(meeting.pk, by=request.user, now=timezone.now(), only=_chosen(request))
    firm = ngettext("%(n)d case has a firm place", "%(n)d cases have firm places", len(held.firmed))
    moved = ngettext("%(n)d has a new provisional date", "%(n)d have new provisional dates", len(held.moved))
    said = _("%(firm)s; %(moved)s.") % {
        "firm": firm % {"n": len(held.firmed)}, "moved": moved % {"n": len(held.moved)}
    }  # fmt: skip
    messages.success(request, said)
    target = reverse("mdk:meeting", args=[meeting.pk])
    return HttpResponseClientRedirect(target) if request.htmx else HttpResponseRedirect(target)


def _chosen(request: ActorRequest) -> set[int] | None:
    """Return the ticked cases; None when they are those that were proposed, so that whoever is ready since is among them."""
    ticked = {number for text in request.POST.getlist("case") if (number := whole_number(text)) is not None}
    proposed = {whole_number(text) for text in request.POST.get("proposed", "").split()}
    return None if ticked == proposed else ticked
