"""Triage: one case after the other, a coordinator and a clinician before the same screen."""

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
from accounts.numbers import whole_number
from accounts.permissions import Permission
from cases.access import access_case
from cases.models import Case
from cases.privacy import IdentityGuard
from cases.services.triage import triage_case, undo_triage
from cases.triage import Run, TriageFilter, choices_of, next_case, triage_page

SKIP = "skip"


@require_safe
def triage_view(request: ActorRequest) -> HttpResponse:
    """Show the case that comes next, or the one that the address names (`?case=`), with what it can be answered."""
    require(request.actor, Permission.SET_LEVEL)
    wanted, run = _sitting(request)
    run.keep(request.session, timezone.now())
    return _show(request, wanted, run, pk=whole_number(request.GET.get("case", "")))


@require_POST
def decide_view(request: ActorRequest, pk: int) -> HttpResponse:
    """Take the answer about a case, or put it off (`answer=skip`), and go on to the next one."""
    case = access_case(request.actor, pk, Permission.SET_LEVEL)
    wanted, run = _sitting(request)
    answer, reason = request.POST.get("answer", ""), request.POST.get("reason", "")
    if answer == SKIP:
        run.skip(pk)
        return _go_on(request, wanted, run)
    try:
        decided = triage_case(
            pk, answer, reason=reason, by=request.user, now=timezone.now(),
            version=whole_number(request.POST.get("version", "")) or 0,
        )  # fmt: skip
    except Invalid as invalid:
        return _show(request, wanted, run, pk=pk, status=422, refusal=invalid, chosen=answer, reason=reason)
    except NotAllowed:
        raise
    except Refused as refused:
        return _show(request, wanted, run, pk=None, status=409, refusal=refused)
    run.note(decided)
    return _go_on(request, wanted, run, said=_said(request, case, decided.case))


@require_POST
def undo_view(request: ActorRequest) -> HttpResponse:
    """Take back the person's last decision of this sitting, and show that case again.

    One that somebody has touched since is left, and forgotten: the next press takes back the one before it.
    """
    require(request.actor, Permission.SET_LEVEL)
    wanted, run = _sitting(request)
    last = run.take_last()
    if last is None:
        return _go_on(request, wanted, run)
    run.keep(request.session, timezone.now())
    pk, version, before = last
    access_case(request.actor, pk, Permission.SET_LEVEL)
    try:
        undo_triage(pk, before, version=version, by=request.user, now=timezone.now())
    except Refused as refused:
        return _show(request, wanted, run, pk=None, status=409, refusal=refused)
    run.done -= 1
    return _go_on(request, wanted, run, pk=pk)


def _sitting(request: ActorRequest) -> tuple[TriageFilter, Run]:
    wanted = TriageFilter.from_query(request.GET)
    return wanted, Run.of(request.session, wanted, timezone.now())


def _go_on(
    request: ActorRequest, wanted: TriageFilter, run: Run, *, pk: int | None = None, said: str = ""
) -> HttpResponse:
    """Show the next case at once to htmx; without script a redirect does it."""
    run.keep(request.session, timezone.now())
    if request.htmx:
        return _show(request, wanted, run, pk=pk, said=said)
    if said:
        messages.success(request, said)
    query = request.GET.copy()
    query.pop("case", None)
    if pk:
        query["case"] = str(pk)
    return redirect(f"{reverse('cases:triage')}?{query.urlencode()}")


def _said(request: ActorRequest, before: Case, after: Case) -> str:
    """Return what was decided about whom, for the line beside the way to undo it."""
    who = IdentityGuard(request.actor).of(before).name
    return _("%(who)s: %(answer)s") % {"who": who, "answer": after.get_triage_display().lower()}


def _show(
    request: ActorRequest, wanted: TriageFilter, run: Run, *, pk: int | None, status: int = 200, **context: Any
) -> HttpResponse:
    """Show the case `pk`, else the one that comes next, and log that it was read; htmx gets the part that changes."""
    coming, waiting = next_case(request.actor, wanted, run)
    shown = pk or coming
    page = None
    if shown:
        case = access_case(request.actor, shown, Permission.SET_LEVEL)
        page = triage_page(case, request.actor, timezone.localdate())
        units = [unit.pk for unit in case.units.all()]
        log_read(request.actor, patients=[case.patient_id], what="cases:triage", unit_ids=units)
    query = request.GET.copy()
    query.pop("case", None)
    context |= {
        "page": page, "case": page.case if page else None, "wanted": wanted, "run": run, "waiting": waiting,
        "total": run.done + waiting, "number": run.done + 1, "kept": query.urlencode(), "now": timezone.now(),
    }  # fmt: skip
    if request.htmx:
        return render(request, "cases/_triage.html", context, status=status)
    return render(request, "cases/triage.html", context | {"filters": choices_of(request.actor)}, status=status)
