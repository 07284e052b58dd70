"""The readers' pages: one preparation, its moves, and from one to the next without the mouse."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from accounts.actor import ActorRequest
from accounts.errors import Invalid, Refused
from accounts.forms import add_refusal
from accounts.redirects import next_url
from mdk.access import access_preparation
from mdk.forms.reader import HandOverForm, ReturnForm
from mdk.models import Preparation
from mdk.queries.queue import following, readers_for
from mdk.services import preparation as service
from mdk.views.reading import complete_form, finished, reading_page

Said = str


@require_safe
def preparation_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Show one preparation: question, answers side by side, what to fill in. For readers of its discipline."""
    return reading_page(request, access_preparation(request.actor, pk, change=True))


@require_POST
def claim_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Take the preparation; 409 names who holds it."""
    return _act(request, pk, partial(service.claim, pk, by=request.user, now=timezone.now()), _("It is yours now."))


@require_POST
def accept_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Say that the discipline takes the case and its question."""
    said = _("Accepted: the other discipline sees it.")
    return _act(request, pk, partial(service.accept, pk, by=request.user, now=timezone.now()), said)


@require_POST
def release_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Give the preparation back to the queue."""
    said = _("The preparation is back in the queue.")
    return _act(request, pk, partial(service.release, pk, by=request.user, now=timezone.now()), said)


@require_POST
def begin_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Begin the preparation and open it; one that nobody holds is claimed with it."""
    step = partial(service.start, pk, by=request.user, now=timezone.now())
    return _act(request, pk, step, "", to=_address(request, pk))


@require_POST
def hand_over_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Give the preparation to another reader, or take it over from one who is away."""
    preparation = access_preparation(request.actor, pk, change=True)
    form = HandOverForm(request.POST, readers=list(readers_for(preparation, request.actor, timezone.localdate())))
    if not form.is_valid():
        return reading_page(request, preparation, form, status=422)
    reader = form.chosen()
    said = _("%(who)s has the preparation now.") % {"who": reader.name}
    return _act(request, pk, partial(service.hand_over, pk, reader=reader, by=request.user, now=timezone.now()), said)


@require_POST
def draft_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Keep what is being written; 204, or JSON that says why not. Without script the page again."""
    preparation = access_preparation(request.actor, pk, change=True)
    form = complete_form(preparation, request.POST)
    if form.is_valid():
        step = partial(service.write_findings, pk, by=request.user, now=timezone.now(), **form.written())
        if not request.headers.get("X-Autosave"):
            return _act(request, pk, step, _("What you have written is saved."), form)
        return _saved(step)
    errors = [{"field": name, "message": lines[0]} for name, lines in form.errors.items()]
    if request.headers.get("X-Autosave"):
        return JsonResponse({"errors": errors}, status=422)
    return reading_page(request, preparation, form, status=422)


@require_POST
def complete_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Finish the preparation with findings and minutes, and open the next; what was written stays when it is refused."""
    preparation = access_preparation(request.actor, pk, change=True)
    form = complete_form(preparation, request.POST)
    if not form.is_valid():
        return reading_page(request, preparation, form, status=422)
    step = partial(service.complete, pk, by=request.user, now=timezone.now(), **form.values())
    return _act(request, pk, step, _("Done: the findings are ready to be shown."), form)


@require_POST
def send_back_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Send the preparation back with a reason, which reaches the responsible clinician."""
    preparation = access_preparation(request.actor, pk, change=True)
    form = ReturnForm(request.POST)
    if not form.is_valid():
        return reading_page(request, preparation, form, status=422)
    reason = form.cleaned_data["reason"]
    said = _("Sent back. The responsible clinician has been told.")
    step = partial(service.send_back, pk, reason=reason, by=request.user, now=timezone.now())
    return _act(request, pk, step, said, form)


@require_POST
def skip_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Open the next and leave this one for later: nothing written is lost, and one to share goes back if nothing was."""
    preparation = access_preparation(request.actor, pk, change=True)
    if preparation.reader_id == request.user.pk and preparation.state == "in_progress":
        is_blank = not preparation.findings and not any(preparation.headings.values())
        put_aside = service.release if is_blank and _is_shared(request) else service.leave
        put_aside(pk, by=request.user, now=timezone.now())
    return _onward(request, preparation, "")


def _act(
    request: ActorRequest,
    pk: int,
    step: Callable[[], Preparation],
    said: Said,
    form: Form | None = None,
    *,
    to: str = "",
) -> HttpResponse:
    """Take the step for one who may; answer with the next, the page as it is then, or where the person came from."""
    preparation = access_preparation(request.actor, pk, change=True)
    try:
        step()
    except Refused as refusal:
        if form and isinstance(refusal, Invalid):
            add_refusal(form, refusal)
        status = 422 if isinstance(refusal, Invalid) else refusal.status
        return reading_page(request, preparation, form, refusal=refusal, status=status)
    if request.POST.get("then") == "next":
        return _onward(request, preparation, said)
    if request.htmx:
        changed = reading_page(request, access_preparation(request.actor, pk, change=True), said=said)
        return trigger_client_event(changed, "queue-changed")
    if said:
        messages.success(request, said)
    return HttpResponseRedirect(to or next_url(request, _address(request, pk)))


def _onward(request: ActorRequest, preparation: Preparation, said: Said) -> HttpResponse:
    """Begin and open what comes next in the queue, or say that nothing does."""
    pk = following(request.actor, preparation, shared=_is_shared(request))
    try:
        if pk is not None:
            service.start(pk, by=request.user, now=timezone.now())
    except Refused:  # somebody else was quicker: the queue shows how it is now
        pk = None
    if not request.htmx:
        if said:
            messages.success(request, said)
        return redirect(_address(request, pk) if pk else reverse("mdk:queue"))
    if pk is None:
        return trigger_client_event(finished(request), "queue-changed")
    return trigger_client_event(
        reading_page(request, access_preparation(request.actor, pk, change=True)), "queue-changed"
    )


def _saved(step: Callable[[], Any]) -> HttpResponse:
    try:
        step()
    except Refused as refusal:
        return JsonResponse({"detail": refusal.message}, status=refusal.status)
    return HttpResponse(status=204)


def _is_shared(request: ActorRequest) -> bool:
    """Say whether the reader works through what is to be shared rather than what is theirs."""
    return "1" in (request.POST.get("shared"), request.GET.get("shared"))


def _address(request: ActorRequest, pk: int) -> str:
    return reverse("mdk:preparation", args=[pk]) + ("?shared=1" if _is_shared(request) else "")
