"""A person's own cases; what they owe is mended in the row: each change swaps its row, or leads back to the list."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import require
from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.errors import Invalid, NotAllowed, Refused
from accounts.models import AccessLog
from accounts.permissions import Permission, Role
from cases.access import access_case
from cases.forms import PERFORMANCE
from cases.own import own_row, own_work
from cases.services.mending import Mending, mend_case

LATELY = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried in vain in one row: the form as it was typed, and what is wrong with it."""

    case: int
    mending: Mending
    refused: Refused

    @property
    def typed(self) -> dict[str, str]:
        """What was typed, by the first part of the field's name: value, how, on, expected, reason."""
        return {name.partition("__")[0]: text for name, text in self.mending.values.items()}

    @property
    def message(self) -> str:
        """The sentence of the refusal; of all its fields, when it names several."""
        if isinstance(self.refused, Invalid):
            return " ".join(error.message for error in self.refused.errors)
        return self.refused.message


@require_safe
def mine_page(request: ActorRequest) -> HttpResponse:
    """Show the person's own cases: what they owe, the coming meetings, what was recommended; nurses see that first."""
    require(request.actor, Permission.VIEW_CASE)
    return _show(request)


@require_POST
def mend_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Mend one thing in the row of a case, or take it back; the form as typed comes back with what is wrong with it."""
    mending = Mending.read(request.POST.dict())
    case = access_case(request.actor, pk, mending.permission)
    try:
        undo = mend_case(pk, mending, by=request.user, now=timezone.now())
    except NotAllowed:
        raise
    except Refused as refused:
        return _refuse(request, Tried(pk, mending, refused))
    if not request.htmx:
        messages.success(request, _done(mending))
        return redirect(reverse("cases:mine") + f"#own-{pk}")
    return _show_row(request, case.pk, {"done": _done(mending), "undo": undo})


def _refuse(request: ActorRequest, tried: Tried) -> HttpResponse:
    status = 409 if tried.refused.status == 409 else 422
    if request.htmx:
        return _show_row(request, tried.case, {"tried": tried}, status=status)
    return _show(request, tried=tried, status=status)


def _show(request: ActorRequest, *, tried: Tried | None = None, status: int = 200) -> HttpResponse:
    today = timezone.localdate()
    work = own_work(request.actor, today, since=today - LATELY)
    log_read(request.actor, patients=work.patients, what="cases:mine", action=AccessLog.Action.LIST)
    context = {
        "work": work,
        "tried": tried,
        "performance": PERFORMANCE,
        "can_refer": request.actor.can(Permission.REFER_CASE),
        "answers_first": request.actor.role == Role.CONTACT_NURSE,
    }
    return render(request, "cases/mine.html", context, status=status)


def _show_row(request: ActorRequest, pk: int, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Show the row of one case as it is now."""
    one = own_row(request.actor, pk, timezone.localdate())
    log_read(request.actor, patients=[one.row.patient], what="cases:mend")
    context |= {"one": one, "performance": PERFORMANCE}
    return render(request, "cases/_owed_case.html", context, status=status)


def _done(mending: Mending) -> str:
    """Say what was done."""
    match mending.what:
        case "attest":
            return _("You have attested that nothing is missing.")
        case "empty" | "ask_again" | "take_back":
            return _("Taken back.")
    return _("Saved.")
