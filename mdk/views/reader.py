"""The readers' pages: the queue, one preparation, and its moves."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.errors import Invalid, NotAllowed, Refused
from accounts.forms import add_refusal
from accounts.models import AccessLog
from accounts.redirects import next_url
from cases.images import Images
from cases.privacy import IdentityGuard
from checklists.registry import spec_of
from mdk.access import access_preparation
from mdk.forms.room import CompleteForm, HandOverForm, ReturnForm
from mdk.models import Preparation
from mdk.queries.live import age_on, heading_fields, panes_of
from mdk.queries.marks import shown_marks, standing_marks
from mdk.queries.preparations import answers_for
from mdk.queries.queue import STATES, prepared_disciplines, queue_of, readers_for
from mdk.services import preparation as service

FILTERS = ("who", "state", "discipline")


@require_safe
def queue_page(request: ActorRequest) -> HttpResponse:
    """List what the reader holds and what waits to be shared; filters stand in the address."""
    disciplines = prepared_disciplines(request.actor)
    if not disciplines:
        raise NotAllowed(_("The queue is for those who prepare meetings."))
    chosen = {name: request.GET.get(name, "") for name in FILTERS}
    queue = queue_of(request.actor, **chosen)
    log_read(
        request.actor,
        patients=[row.patient_id for row in queue.rows],
        what="mdk:queue",
        action=AccessLog.Action.LIST,
    )
    context = {
        "queue": queue,
        "parts": [("", queue.own), (_("To share"), queue.free), (_("With others"), queue.others)],
        "chosen": chosen,
        "here": f"{request.path}?{urlencode(chosen)}" if any(chosen.values()) else request.path,
        "disciplines": disciplines if len(disciplines) > 1 else [],
        "states": STATES,
        "today": timezone.localdate(),
        "now": timezone.now(),
    }
    return render(request, "mdk/_queue.html" if request.htmx else "mdk/queue.html", context)


@require_safe
def preparation_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Show one preparation: question, answers side by side, what to fill in. For readers of its discipline."""
    return _page(request, access_preparation(request.actor, pk, change=True))


@require_POST
def claim_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Take the preparation; 409 names who holds it."""
    return _act(request, pk, partial(service.claim, pk, by=request.user, now=timezone.now()), _("It is yours now."))


@require_POST
def release_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Give the preparation back to the queue."""
    said = _("The preparation is back in the queue.")
    return _act(request, pk, partial(service.release, pk, by=request.user, now=timezone.now()), said)


@require_POST
def begin_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Begin the preparation; one that nobody holds is claimed with it."""
    return _act(request, pk, partial(service.start, pk, by=request.user, now=timezone.now()), "")


@require_POST
def hand_over_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Give the preparation to another reader."""
    preparation = access_preparation(request.actor, pk, change=True)
    form = HandOverForm(request.POST, readers=list(readers_for(preparation, request.actor, timezone.localdate())))
    if not form.is_valid():
        return _page(request, preparation, form, status=422)
    reader = form.chosen()
    said = _("%(who)s has the preparation now.") % {"who": reader.name}
    return _act(request, pk, partial(service.hand_over, pk, reader=reader, by=request.user, now=timezone.now()), said)


@require_POST
def complete_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Finish the preparation with findings and minutes; what was written stays when it is refused."""
    preparation = access_preparation(request.actor, pk, change=True)
    form = _complete_form(preparation, request.POST)
    if not form.is_valid():
        return _page(request, preparation, form, status=422)
    said = _("Done: the findings are ready to be shown.")
    step = partial(service.complete, pk, by=request.user, now=timezone.now(), **form.values())
    return _act(request, pk, step, said, form)


@require_POST
def send_back_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Send the preparation back with a reason, which reaches the responsible clinician."""
    preparation = access_preparation(request.actor, pk, change=True)
    form = ReturnForm(request.POST)
    if not form.is_valid():
        return _page(request, preparation, form, status=422)
    reason = form.cleaned_data["reason"]
    said = _("Sent back. The responsible clinician has been told.")
    step = partial(service.send_back, pk, reason=reason, by=request.user, now=timezone.now())
    return _act(request, pk, step, said, form)


def _act(
    request: ActorRequest, pk: int, step: Callable[[], Preparation], said: str, form: Form | None = None
) -> HttpResponse:
    """Take the step for one who may; answer with the page as it is then, or where the person came from."""
    preparation = access_preparation(request.actor, pk, change=True)
    try:
        step()
    except Refused as refusal:
        if form and isinstance(refusal, Invalid):
            add_refusal(form, refusal)
        status = 422 if isinstance(refusal, Invalid) else refusal.status
        return _page(request, preparation, form, refusal=refusal, status=status)
    if request.htmx:
        return trigger_client_event(
            _page(request, access_preparation(request.actor, pk, change=True), said=said), "queue-changed"
        )
    if said:
        messages.success(request, said)
    onward = next_url(request, "")
    return HttpResponseRedirect(onward) if onward else redirect("mdk:preparation", pk)


def _complete_form(preparation: Preparation, data: Any = None) -> CompleteForm:
    headings = heading_fields(spec_of(preparation.item.case.definition_id), preparation.discipline)
    return CompleteForm(data, preparation=preparation, headings=headings)


def _page(
    request: ActorRequest,
    preparation: Preparation,
    form: Form | None = None,
    *,
    refusal: Refused | None = None,
    said: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render the preparation, whole or as the part that htmx asked for, and log the reading."""
    item, actor = preparation.item, request.actor
    log_read(actor, patients=[item.case.patient_id], what="mdk:preparation")
    marks = standing_marks(item)
    panes = panes_of(item, marks, Images(item.case, timezone.localdate()))
    holder = preparation.reader if preparation.reader_id != actor.user.pk else None
    readers = list(readers_for(preparation, actor, timezone.localdate()))
    context = {
        "preparation": preparation,
        "item": item,
        "case": item.case,
        "age": age_on(item.case.patient.identity_value, timezone.localdate()),
        "shown": IdentityGuard(actor).of(item.case),
        "panes": panes,
        "marks": shown_marks(marks, [entry for pane in panes for entry in pane.answers]),
        "answers": answers_for(preparation),
        "holder": holder,
        "is_mine": preparation.reader_id == actor.user.pk,
        "done": form if isinstance(form, CompleteForm) else _complete_form(preparation),
        "back": form if isinstance(form, ReturnForm) else ReturnForm(),
        "hand": form if isinstance(form, HandOverForm) else HandOverForm(None, readers=readers),
        "refusal": refusal if refusal and not isinstance(refusal, Invalid) else None,
        "said": said,
    }
    template = "mdk/_preparation.html" if request.htmx else "mdk/preparation.html"
    return render(request, template, context, status=status)
