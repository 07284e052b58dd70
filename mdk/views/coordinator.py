"""The coordinator's workbench: one meeting, its agenda and who waits for a place. Each change is one form."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import push_url

from accounts.actor import ActorRequest
from accounts.errors import FieldError, Invalid
from accounts.permissions import Permission
from cases.access import access_case
from cases.services.editing import set_level
from mdk.access import access_item, access_meeting, series_units
from mdk.forms.planning import (
    BookForm,
    CandidateFilter,
    ChairForm,
    FirmForm,
    LevelForm,
    ReasonForm,
    RebookForm,
    StepForm,
    minutes_given,
)
from mdk.queries.agenda import agenda_of
from mdk.queries.attendance import chairs_for
from mdk.queries.meetings import targets_after
from mdk.queries.workbench import is_open_for_planning, not_operated_first
from mdk.services.agenda import book_case, change_item, move_item, order_items, publish_meeting, take_off
from mdk.services.cancelling import cancel_meeting
from mdk.services.firming import make_firm
from mdk.services.outcome import choose_chair
from mdk.services.rebooking import rebook_item
from mdk.views.member import show_agenda
from mdk.views.workbench import SEARCHED, act, address, done, show_workbench

PLAN = Permission.PLAN_MEETING


@require_safe
def meeting_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Show a meeting: the workbench to those who may plan it while it can be planned, the agenda to others."""
    meeting = access_meeting(request.actor, pk)
    if is_open_for_planning(meeting) and request.actor.can(PLAN, series_units(meeting.series)):
        return show_workbench(request, meeting, opened=request.GET.get("open", ""))
    return show_agenda(request, meeting)


@require_POST
def find_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Filter the candidates: the choices go into the address, what is searched for into the session."""
    meeting = access_meeting(request.actor, pk, PLAN)
    filters = CandidateFilter(request.POST, auto_id="filter_%s")
    request.session[SEARCHED] = filters.chosen().get("q", "")
    target = f"{reverse('mdk:meeting', args=[pk])}?{filters.query()}"
    if not request.htmx:
        return HttpResponseRedirect(target)
    return push_url(show_workbench(request, meeting, filters=filters), target)


@require_POST
def book_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Book a candidate; a refusal opens its row with the reason and, for those who may, a field to override."""
    meeting = access_meeting(request.actor, pk, PLAN)

    def book(values: dict[str, Any]) -> None:
        if values["override_reason"].strip():
            access_meeting(request.actor, pk, Permission.OVERRIDE)
        case = access_case(request.actor, values.pop("case"))
        book_case(pk, case.pk, by=request.user, now=timezone.now(), **values)

    opened = f"case-{request.POST.get('case', '')}"
    form = BookForm(request.POST, auto_id="book_%s")
    return act(request, meeting, form, book, name="book", opened=opened, said=_("The case is on the agenda."))


@require_POST
def level_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Set the level of a candidate."""
    meeting = access_meeting(request.actor, pk, PLAN)

    def change(values: dict[str, Any]) -> None:
        case = access_case(request.actor, values.pop("case"), Permission.SET_LEVEL)
        set_level(case.pk, values["level"], reason=values["reason"], by=request.user, now=timezone.now())

    opened = f"case-{request.POST.get('case', '')}"
    form = LevelForm(request.POST, auto_id="level_%s")
    return act(request, meeting, form, change, name="level", opened=opened, said=_("The level is set."))


@require_POST
def minutes_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Save the minutes that were changed in the agenda."""
    meeting = access_meeting(request.actor, pk, PLAN)
    rows = agenda_of(meeting)
    changed, wrong = minutes_given(request.POST, {row.id: row.minutes for row in rows})
    for item_id, minutes in changed.items():
        change_item(item_id, minutes=minutes, by=request.user, now=timezone.now())
    if wrong:
        message = _("Give whole minutes from 0 to 60. The others are saved.")
        refusal = Invalid([FieldError("minutes", "out-of-range", message)])
        return show_workbench(request, meeting, opened=f"item-{wrong[0]}", refusal=refusal)
    return done(request, meeting, _("The minutes are saved."))


@require_POST
def move_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Move an item up or down its agenda."""
    item = access_item(request.actor, pk, PLAN)

    def move(values: dict[str, Any]) -> None:
        move_item(pk, values["steps"], by=request.user, now=timezone.now())

    form = StepForm(request.POST)
    return act(request, item.meeting, form, move, name="move", opened=f"item-{pk}", said=_("The case is moved."))


@require_POST
def sort_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Put those not yet operated first."""
    meeting = access_meeting(request.actor, pk, PLAN)
    order = not_operated_first(agenda_of(meeting))
    form = forms.Form({})
    said = _("Those not yet operated come first.")

    def sort(_values: dict[str, Any]) -> None:
        order_items(pk, order, by=request.user, now=timezone.now())

    return act(request, meeting, form, sort, name="sort", opened="", said=said)


@require_POST
def rebook_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Move a case to another meeting, for a coded reason."""
    item = access_item(request.actor, pk, PLAN)
    targets = targets_after(item.meeting, request.actor)

    def rebook(values: dict[str, Any]) -> None:
        rebook_item(
            pk, reason=values["reason"], note=values["note"], meeting_id=values["meeting"], by=request.user,
            now=timezone.now(),
        )  # fmt: skip

    form = RebookForm(request.POST, targets=targets, auto_id="rebook_%s")
    said = _("The case is rebooked.")
    return act(request, item.meeting, form, rebook, name="rebook", opened=f"item-{pk}", said=said)


@require_POST
def firm_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Make a provisional place firm; for those who may, with a reason where the house said no."""
    item = access_item(request.actor, pk, PLAN)

    def firm(values: dict[str, Any]) -> None:
        if values["override_reason"].strip():
            access_meeting(request.actor, item.meeting_id, Permission.OVERRIDE)
        make_firm(pk, by=request.user, now=timezone.now(), override_reason=values["override_reason"])

    form = FirmForm(request.POST, auto_id="firm_%s")
    said = _("The place is firm.")
    return act(request, item.meeting, form, firm, name="firm", opened=f"item-{pk}", said=said)


@require_POST
def take_off_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Take a case off the agenda; it waits again."""
    item = access_item(request.actor, pk, PLAN)

    def off(values: dict[str, Any]) -> None:
        take_off(pk, reason=values["reason"], by=request.user, now=timezone.now())

    form = ReasonForm(request.POST, auto_id="off_%s", label=_("Reason to take it off"))
    said = _("The case is off the agenda and waits again.")
    return act(request, item.meeting, form, off, name="off", opened=f"item-{pk}", said=said)


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
    """Cancel the meeting; its cases go on to the next one of the series."""
    meeting = access_meeting(request.actor, pk, PLAN)

    def cancel(values: dict[str, Any]) -> None:
        cancel_meeting(pk, reason=values["reason"], by=request.user, now=timezone.now())

    form = ReasonForm(request.POST, auto_id="cancel_%s")
    said = _("The meeting is cancelled. Its cases went on to the next one.")
    return act(request, meeting, form, cancel, name="cancel", opened="cancel", said=said)
