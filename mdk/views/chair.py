"""The chair's screen and its commands. Every command first saves what stands in the outcome form."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.errors import FieldError, Invalid, Refused
from accounts.forms import add_refusal
from accounts.models import AccessLog
from accounts.numbers import whole_number
from accounts.permissions import Permission
from checklists.registry import spec_of
from mdk.access import access_item, access_meeting
from mdk.enums import MeetingStatus
from mdk.forms.room import DeferForm, OutcomeForm, StartForm
from mdk.models import AgendaItem, Meeting
from mdk.queries.attendance import chairs_for
from mdk.queries.live import outcome_of, screen_of
from mdk.services import live
from mdk.services.outcome import choose_chair, save_outcome, sign_meeting

ENDED = (MeetingStatus.CLOSED, MeetingStatus.SIGNED)


@require_safe
def live_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Show the chair's screen; a meeting that has ended leads to its protocol. For those who may run it."""
    meeting = access_meeting(request.actor, pk, Permission.RUN_MEETING)
    if meeting.status in ENDED:
        return redirect("mdk:protocol", pk)
    return _screen(request, meeting)


@require_POST
def start_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Start the meeting, with the chair that the form names and a confirmation before the day."""
    meeting = access_meeting(request.actor, pk, Permission.RUN_MEETING)
    form = _start_form(meeting, request.POST)
    if not form.is_valid():
        return _screen(request, meeting, start=form, status=422)
    chair, early = form.chosen(), form.cleaned_data["confirm_early"]
    try:
        if chair:
            choose_chair(pk, chair, by=request.user, now=timezone.now())
        live.start_meeting(pk, by=request.user, now=timezone.now(), confirm_early=early)
    except Refused as refusal:
        add_refusal(form, refusal)
        return _screen(request, meeting, start=form, refusal=refusal)
    return _onward(request, pk)


@require_POST
def next_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Save what is written, finish the current case and go on to the next."""
    return _command(request, pk, lambda seen: live.next_item(pk, by=request.user, now=timezone.now(), seen=seen))


@require_POST
def previous_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Save what is written and go back to the case before."""
    return _command(request, pk, lambda seen: live.previous_item(pk, by=request.user, now=timezone.now()))


@require_POST
def park_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Save what is written, put the current case last and go on."""
    return _command(request, pk, lambda seen: live.park_item(pk, by=request.user, now=timezone.now(), seen=seen))


@require_POST
def break_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Save what is written, and begin or end a break."""
    return _command(request, pk, lambda seen: live.toggle_break(pk, by=request.user, now=timezone.now()))


@require_POST
def jump_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Save what is written and show the case that the button names."""
    target = whole_number(request.POST.get("to", "")) or 0
    return _command(request, pk, lambda seen: live.jump_to(pk, target, by=request.user, now=timezone.now()))


@require_POST
def confirm_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Save what is written and confirm the protocol list."""
    return _command(request, pk, lambda seen: live.confirm_protocol(pk, by=request.user, now=timezone.now()))


@require_POST
def close_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Save what is written and close the meeting: what was not discussed goes on to the next one."""
    return _command(request, pk, lambda seen: live.close_meeting(pk, by=request.user, now=timezone.now()))


@require_POST
def defer_page(request: ActorRequest, pk: int) -> HttpResponse:
    """End the item without a recommendation, for a coded reason, and go on to the next case."""
    item = access_item(request.actor, pk, Permission.RUN_MEETING)
    form = DeferForm(request.POST)
    if not form.is_valid():
        meeting = access_meeting(request.actor, item.meeting_id, Permission.RUN_MEETING)
        return _screen(request, meeting, defer=form, status=422)
    step = partial(live.defer_and_go_on, pk, by=request.user, now=timezone.now(), **form.cleaned_data)
    return _command(request, item.meeting_id, lambda seen: step())


@require_POST
def outcome_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Save the outcome of an item as typed; the script is answered in JSON, with the new version in a header."""
    item = access_item(request.actor, pk, Permission.RECORD_OUTCOME)
    form = _outcome_form(item, request.POST)
    by_script = "X-Autosave" in request.headers
    try:
        saved = _save(request, item, form)
    except Refused as refusal:
        if by_script:
            return _refused(refusal)
        _mark(form, refusal)
        meeting = access_meeting(request.actor, item.meeting_id, Permission.RUN_MEETING)
        return _screen(request, meeting, outcome=form, refusal=refusal)
    if by_script:
        return JsonResponse({"version": saved}, headers={"X-Version": str(saved)})
    return _onward(request, item.meeting_id)


@require_POST
def sign_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Sign the protocol. Only the meeting's chair may; anybody else is told who that is."""
    access_meeting(request.actor, pk, Permission.SIGN_MEETING)
    sign_meeting(pk, by=request.user, now=timezone.now())
    return redirect("mdk:protocol", pk)


def _command(request: ActorRequest, pk: int, step: Callable[[int | None], Any]) -> HttpResponse:
    """Save the outcome that came with the command, take the step, and show the screen as it is then.

    What cannot be saved or done leaves everything typed in the form, with the reason (409, 422).
    """
    meeting = access_meeting(request.actor, pk, Permission.RUN_MEETING)
    seen = whole_number(request.POST.get("item", ""))
    item = access_item(request.actor, seen, Permission.RECORD_OUTCOME) if seen is not None else None
    form = _outcome_form(item, request.POST) if item and item.meeting_id == pk else None
    try:
        if item and form:
            _save(request, item, form)
        step(item.pk if item else None)
    except Refused as refusal:
        if form:
            _mark(form, refusal)
        meeting = access_meeting(request.actor, pk, Permission.RUN_MEETING)
        return _screen(request, meeting, outcome=form, refusal=refusal)
    return _onward(request, pk)


def _mark(form: OutcomeForm, refusal: Refused) -> None:
    """Put the sentences of invalid input at their fields."""
    if isinstance(refusal, Invalid) and not form.errors:
        add_refusal(form, refusal)


def _save(request: ActorRequest, item: AgendaItem, form: OutcomeForm) -> int:
    """Save what was written and return the version; what is not touched stays as it is."""
    if not form.is_valid():
        raise Invalid([FieldError(name, "invalid", str(errors[0])) for name, errors in form.errors.items()])
    version = form.cleaned_data["version"] or 0
    if not form.is_touched():
        return version
    return save_outcome(item.pk, form.values(), version=version, by=request.user, now=timezone.now()).version


def _onward(request: ActorRequest, pk: int) -> HttpResponse:
    """Answer a plain form with a redirect, htmx with the screen as it is now."""
    meeting = access_meeting(request.actor, pk, Permission.RUN_MEETING)
    if not request.htmx or meeting.status in ENDED:
        page = redirect("mdk:protocol" if meeting.status in ENDED else "mdk:live", pk)
        return page if not request.htmx else HttpResponse(headers={"HX-Redirect": page.url})
    return _screen(request, meeting)


def _refused(refusal: Refused) -> JsonResponse:
    if isinstance(refusal, Invalid):
        errors = [{"field": error.field, "message": error.message} for error in refusal.errors]
        return JsonResponse({"detail": refusal.message, "errors": errors}, status=422)
    return JsonResponse({"detail": refusal.message}, status=refusal.status)


def _outcome_form(item: AgendaItem, data: Any = None, *, is_marked: bool = False) -> OutcomeForm:
    spec = spec_of(item.case.definition_id)
    outcome = outcome_of(item)
    return OutcomeForm(data, item_id=item.pk, level=item.level, spec=spec, outcome=outcome, is_marked=is_marked)


def _start_form(meeting: Meeting, data: Any = None) -> StartForm:
    return StartForm(data, chairs=list(chairs_for(meeting, timezone.localdate())), chosen=meeting.chair_id)


def _screen(
    request: ActorRequest,
    meeting: Meeting,
    *,
    outcome: OutcomeForm | None = None,
    start: StartForm | None = None,
    defer: DeferForm | None = None,
    refusal: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the screen, whole or as the part that htmx swaps, and log whom it shows."""
    screen = screen_of(meeting, timezone.now())
    log_read(
        request.actor, patients=screen.patients, what="mdk:live", action=AccessLog.Action.VIEW,
        permission=Permission.RUN_MEETING,
    )  # fmt: skip
    if refusal:
        status = 422 if isinstance(refusal, Invalid) else refusal.status
    if screen.current and outcome is None:
        outcome = _outcome_form(screen.current.item, is_marked=bool(screen.marks))
    context = {
        "screen": screen,
        "meeting": meeting,
        "outcome": outcome,
        "start": start or (_start_form(meeting) if meeting.status == MeetingStatus.PUBLISHED else None),
        "defer": defer or DeferForm(),
        "refusal": None if start or isinstance(refusal, Invalid) else refusal,
        "is_chair": True,
    }
    template = "mdk/_live_screen.html" if request.htmx else "mdk/live.html"
    return render(request, template, context, status=status)
