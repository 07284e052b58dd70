"""The readers' queue: what to prepare, in the order that it is due, and taking several at once."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.errors import NotAllowed
from accounts.models import AccessLog
from accounts.numbers import whole_number
from accounts.redirects import next_url
from mdk.access import access_preparations
from mdk.models import Preparation
from mdk.queries.queue import STATES, prepared_disciplines, queue_of, week_of
from mdk.services.preparation import claim_each
from mdk.services.preparation_moves import PreparationRefused

FILTERS = ("who", "state", "discipline")


@require_safe
def queue_page(request: ActorRequest) -> HttpResponse:
    """List what the reader holds and what waits to be shared; filters stand in the address."""
    disciplines = prepared_disciplines(request.actor)
    if not disciplines:
        raise NotAllowed(_("The queue is for those who prepare meetings."))
    chosen = {name: request.GET.get(name, "") for name in FILTERS}
    return _queue(request, chosen, disciplines)


def _queue(request: ActorRequest, chosen: dict[str, str], disciplines: list[Any]) -> HttpResponse:
    queue, now = queue_of(request.actor, **chosen), timezone.now()
    log_read(
        request.actor,
        patients=[row.patient_id for row in queue.rows],
        what="mdk:queue",
        action=AccessLog.Action.LIST,
    )
    context = {
        "queue": queue,
        "parts": [("own", "", queue.own), ("free", _("To share"), queue.free), ("", _("With others"), queue.others)],
        "week": week_of(request.user, timezone.localdate(now)),
        "chosen": chosen,
        "here": f"{request.path}?{urlencode(chosen)}" if any(chosen.values()) else request.path,
        "disciplines": disciplines if len(disciplines) > 1 else [],
        "states": STATES,
        "now": now,
    }
    return render(request, "mdk/_queue.html" if request.htmx else "mdk/queue.html", context)


@require_POST
def claim_many_page(request: ActorRequest) -> HttpResponse:
    """Take the chosen preparations; those that somebody else holds are named with who does, the others are taken."""
    chosen = [pk for text in request.POST.getlist("preparation") if (pk := whole_number(text)) is not None]
    found = access_preparations(request.actor, chosen)
    answers = claim_each(chosen, by=request.user, now=timezone.now())
    refused = {pk: answer for pk, answer in answers.items() if isinstance(answer, PreparationRefused)}
    taken = len(answers) - len(refused)
    if taken:
        messages.success(request, ngettext("%(n)d is yours now.", "%(n)d are yours now.", taken) % {"n": taken})
    for preparation in found:
        if refusal := refused.get(preparation.pk):
            messages.error(request, f"{_place(preparation)}: {refusal.message}")
    if not chosen:
        messages.info(request, _("Mark the cases that you want to take."))
    return HttpResponseRedirect(next_url(request, reverse("mdk:queue")))


def _place(preparation: Preparation) -> str:
    """Name the preparation by its place on the agenda: a message may not carry what tells of a patient."""
    meeting = preparation.item.meeting
    words = {"meeting": meeting.series.name, "position": preparation.item.position}
    return _("%(meeting)s, place %(position)s") % words
