"""The protocol: as a page, as a file, and what is added after signing."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.errors import Invalid, Refused
from accounts.forms import add_refusal
from accounts.permissions import Permission
from mdk.access import access_item, access_meeting, series_units
from mdk.forms.room import AddendumForm
from mdk.models import Meeting
from mdk.print.protocol import protocol_file
from mdk.queries.protocol import protocol_of
from mdk.services.outcome import add_addendum


@require_safe
def protocol_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Show the protocol: the draft that the chair signs, or the signed one with its addenda."""
    return _page(request, access_meeting(request.actor, pk, Permission.VIEW_CASE))


@require_safe
def protocol_pdf_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Give the protocol as PDF; one that is not signed says so on every page."""
    meeting = access_meeting(request.actor, pk, Permission.VIEW_CASE)
    return protocol_file(request.actor, meeting, what="mdk:protocol_pdf", inline=True)


@require_POST
def addendum_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Add to the signed recommendation of one item."""
    item = access_item(request.actor, pk, Permission.RECORD_OUTCOME)
    form = AddendumForm(request.POST)
    if form.is_valid():
        try:
            add_addendum(pk, form.cleaned_data["text"], by=request.user, now=timezone.now())
        except Refused as refusal:
            add_refusal(form, refusal)
            return _page(request, item.meeting, adding=pk, form=form, refusal=refusal)
        messages.success(request, _("The addendum is in the protocol, and the clinician has been told."))
        return redirect("mdk:protocol", item.meeting_id)
    return _page(request, item.meeting, adding=pk, form=form, status=422)


def _page(
    request: ActorRequest,
    meeting: Meeting,
    *,
    adding: int | None = None,
    form: forms.Form | None = None,
    refusal: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the protocol and log whom it names."""
    protocol = protocol_of(meeting)
    log_read(request.actor, patients=protocol.patients, what="mdk:protocol")
    if refusal:
        status = 422 if isinstance(refusal, Invalid) else refusal.status
    units = series_units(meeting.series)
    context = {
        "protocol": protocol,
        "meeting": meeting,
        "adding": adding,
        "form": form or AddendumForm(),
        "can_sign": meeting.chair_id == request.user.pk and request.actor.can(Permission.SIGN_MEETING, units),
        "can_add": request.actor.can(Permission.RECORD_OUTCOME, units),
    }
    return render(request, "mdk/protocol.html", context, status=status)
