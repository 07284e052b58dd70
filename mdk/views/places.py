"""Changes of one place or one candidate on the workbench. Each is one form, and says what undoes it."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.actor import ActorRequest
from accounts.errors import FieldError, Invalid, Refused
from accounts.numbers import whole_number
from accounts.permissions import Permission
from cases.access import access_case
from cases.services.editing import set_level
from mdk.access import access_item, access_meeting
from mdk.enums import LateState
from mdk.forms.bench import GradeForm, ItemForm, LateForm, OrderForm, minutes_given
from mdk.forms.planning import BookForm, FirmForm, LevelForm, ReasonForm, RebookForm, StepForm
from mdk.queries.agenda import agenda_of
from mdk.queries.before import grades_of, levels_of, order_of, places_of
from mdk.queries.meetings import targets_after
from mdk.queries.watching import change_by_others
from mdk.services.agenda import (
    book_case,
    change_item,
    move_item,
    order_by_rules,
    order_items,
    set_breaks,
    set_item_level,
    take_off,
)
from mdk.services.bulk import move_many
from mdk.services.firming import make_firm
from mdk.services.late import answer_late
from mdk.services.rebooking import rebook_item
from mdk.services.undoing import Step, stale
from mdk.views.workbench import Outcome, act, done, show_workbench

PLAN = Permission.PLAN_MEETING


@require_POST
def book_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Book a candidate, before the item where it was dropped or where the rules put it.

    A refusal opens its row with the reason and, for those who may, a field to override.
    """
    meeting = access_meeting(request.actor, pk, PLAN)

    def book(values: dict[str, Any]) -> Outcome:
        if values["override_reason"].strip():
            access_meeting(request.actor, pk, Permission.OVERRIDE)
        case, before = access_case(request.actor, values.pop("case")), values.pop("before")
        item = book_case(pk, case.pk, by=request.user, now=timezone.now(), **values)
        if before is not None:
            move_many(pk, [item.pk], before=before or None, by=request.user, now=timezone.now())
        said = _("The case waits for the chair's yes.") if item.late == "asked" else ""
        return Outcome(Step("book", {"items": [item.pk]}), said)

    opened = f"case-{request.POST.get('case', '')}"
    form = BookForm(request.POST, auto_id="book_%s")
    return act(request, meeting, form, book, name="book", opened=opened, said=_("The case is on the agenda."))


@require_POST
def level_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Set the level of a candidate."""
    meeting = access_meeting(request.actor, pk, PLAN)

    def change(values: dict[str, Any]) -> Outcome:
        case = access_case(request.actor, values.pop("case"), Permission.SET_LEVEL)
        before = levels_of([case.pk])
        set_level(case.pk, values["level"], reason=values["reason"], by=request.user, now=timezone.now())
        return Outcome(Step("level", {"cases": before}))

    opened = f"level-{request.POST.get('case', '')}"
    form = LevelForm(request.POST, auto_id="level_%s")
    return act(request, meeting, form, change, name="level", opened=opened, said=_("The level is set."))


@require_POST
def minutes_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Save the minutes that were changed in the agenda; what another changed meanwhile is never overwritten."""
    meeting = access_meeting(request.actor, pk, PLAN)
    rows = {row.id: row.minutes for row in agenda_of(meeting)}
    changed, wrong, theirs = minutes_given(request.POST, rows)
    now, refused = timezone.now(), wrong[:1]
    refusal: Refused | None = None
    if wrong:
        message = _("Give whole minutes from 0 to 60. The others are saved.")
        refusal = Invalid([FieldError("minutes", "out-of-range", message)])
    elif theirs:
        seen = whole_number(request.POST.get("seen", "")) or 0
        refusal = stale(change_by_others(pk, seen=seen, person=request.user), now)
    for item_id, minutes in changed.items():
        try:
            change_item(item_id, minutes=minutes, by=request.user, now=now)
        except Refused as no:
            refusal, refused = no, [item_id]
    if refusal:
        opened = f"item-{refused[0]}" if refused else ""
        return show_workbench(request, access_meeting(request.actor, pk), opened=opened, refusal=refusal)
    step = Step("minutes", {"items": {item_id: rows[item_id] for item_id in changed}}) if changed else None
    return done(request, meeting, _("The minutes are saved."), Outcome(step))


@require_POST
def move_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Move an item up or down its agenda."""
    item = access_item(request.actor, pk, PLAN)

    def move(values: dict[str, Any]) -> Outcome:
        before = order_of(item.meeting_id)
        move_item(pk, values["steps"], by=request.user, now=timezone.now())
        return Outcome(Step("order", {"items": before}))

    form = StepForm(request.POST)
    return act(request, item.meeting, form, move, name="move", opened=f"item-{pk}", said=_("The case is moved."))


@require_POST
def order_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Put the agenda in the order that was made by hand; 409 naming who, when somebody changed the meeting meanwhile."""
    meeting = access_meeting(request.actor, pk, PLAN)

    def order(values: dict[str, Any]) -> Outcome:
        before = order_of(pk)
        order_items(pk, values["items"], version=values["version"], by=request.user, now=timezone.now())
        return Outcome(Step("order", {"items": before}))

    return act(request, meeting, OrderForm(request.POST), order, name="order", opened="", said=_("The order is saved."))


@require_POST
def sort_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Put the agenda in order by the rules of its series."""
    meeting = access_meeting(request.actor, pk, PLAN)
    said = _("The agenda is in order by the rules of the series.")

    def sort(_values: dict[str, Any]) -> Outcome:
        before = order_of(pk)
        order_by_rules(pk, by=request.user, now=timezone.now())
        return Outcome(Step("order", {"items": before}))

    return act(request, meeting, forms.Form({}), sort, name="sort", opened="", said=said)


@require_POST
def change_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Change an item: its minutes, its guest, and the break after it."""
    item = access_item(request.actor, pk, PLAN)
    pauses = {row.id: row.break_minutes for row in agenda_of(item.meeting) if row.break_minutes}

    def change(values: dict[str, Any]) -> Outcome:
        if values["override_reason"].strip():
            access_meeting(request.actor, item.meeting_id, Permission.OVERRIDE)
        minutes, pause = item.minutes, values.pop("pause") or 0
        change_item(pk, by=request.user, now=timezone.now(), **values)
        if pause != pauses.get(pk, 0):
            wanted = [(key, length) for key, length in (pauses | {pk: pause}).items() if length]
            set_breaks(item.meeting_id, wanted, by=request.user, now=timezone.now())
        return Outcome(Step("minutes", {"items": {pk: minutes}}))

    form = ItemForm(request.POST, auto_id="change_%s")
    return act(request, item.meeting, form, change, name="change", opened=f"item-{pk}", said=_("The place is changed."))


@require_POST
def grade_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Give the case of an item another level; its place gets what follows of it."""
    item = access_item(request.actor, pk, PLAN)

    def grade(values: dict[str, Any]) -> Outcome:
        access_case(request.actor, item.case_id, Permission.SET_LEVEL)
        if values["override_reason"].strip():
            access_meeting(request.actor, item.meeting_id, Permission.OVERRIDE)
        before = grades_of([pk])
        set_item_level(pk, values.pop("level"), by=request.user, now=timezone.now(), **values)
        return Outcome(Step("level", {"items": before}))

    form = GradeForm(request.POST, auto_id="grade_%s")
    return act(request, item.meeting, form, grade, name="grade", opened=f"grade-{pk}", said=_("The level is set."))


@require_POST
def breaks_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Let the breaks follow the rule of the series again."""
    meeting = access_meeting(request.actor, pk, PLAN)

    def follow(_values: dict[str, Any]) -> None:
        set_breaks(pk, None, by=request.user, now=timezone.now())

    said = _("The breaks follow the rule of the series.")
    return act(request, meeting, forms.Form({}), follow, name="breaks", opened="", said=said)


@require_POST
def rebook_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Move a case to another meeting, for a coded reason. Counted and told at once, so it is not undone by a key."""
    item = access_item(request.actor, pk, PLAN)
    targets = targets_after(item.meeting, request.actor)

    def rebook(values: dict[str, Any]) -> None:
        rebook_item(
            pk, reason=values["reason"], note=values["note"], meeting_id=values["meeting"], by=request.user,
            now=timezone.now(),
        )  # fmt: skip

    form = RebookForm(request.POST, targets=targets, auto_id="rebook_%s")
    said = _("The case is rebooked.")
    return act(request, item.meeting, form, rebook, name="rebook", opened=f"rebook-{pk}", said=said)


@require_POST
def firm_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Make a provisional place firm; for those who may, with a reason where the house said no."""
    item = access_item(request.actor, pk, PLAN)

    def firm(values: dict[str, Any]) -> Outcome:
        if values["override_reason"].strip():
            access_meeting(request.actor, item.meeting_id, Permission.OVERRIDE)
        before = places_of([pk])
        made = make_firm(pk, by=request.user, now=timezone.now(), override_reason=values["override_reason"])
        said = _("The case waits for the chair's yes.") if made.late == LateState.ASKED else ""
        return Outcome(Step("firm", {"places": list(before.values())}), said)

    form = FirmForm(request.POST, auto_id="firm_%s")
    said = _("The place is firm.")
    return act(request, item.meeting, form, firm, name="firm", opened=f"item-{pk}", said=said)


@require_POST
def take_off_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Take a case off the agenda; it waits again."""
    item = access_item(request.actor, pk, PLAN)

    def off(values: dict[str, Any]) -> Outcome:
        before = places_of([pk])
        take_off(pk, reason=values["reason"], by=request.user, now=timezone.now())
        return Outcome(Step("off", {"places": list(before.values())}))

    form = ReasonForm(request.POST, auto_id="off_%s", label=_("Reason to take it off"))
    said = _("The case is off the agenda and waits again.")
    return act(request, item.meeting, form, off, name="off", opened=f"off-{pk}", said=said)


@require_POST
def late_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Answer a late addition: the chair's yes makes it firm, a no leaves it out. The service checks who answers."""
    item = access_item(request.actor, pk, PLAN)

    def answer(values: dict[str, Any]) -> None:
        answer_late(pk, yes=values["yes"], note=values["note"], by=request.user, now=timezone.now())

    form = LateForm(request.POST, auto_id=f"late_{pk}_%s")
    said = _("The addition is answered; those who asked are told.")
    return act(request, item.meeting, form, answer, name="late", opened=f"item-{pk}", said=said)
