"""The page "To place": what other systems sent and no rule could place, one click each."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.errors import FieldError, Invalid, NotAllowed, Refused
from accounts.models import AccessLog
from accounts.numbers import whole_number
from cases.access import access_case, access_message, access_placing, access_report
from cases.enums import ReportState
from cases.intake.inbox import apply_message
from cases.placing import found_cases, placing_page
from cases.services.failing import retry_message
from cases.services.placing import place_report, set_aside

STATES = (ReportState.WAITING, ReportState.SET_ASIDE)
SEARCHED = "placing_searched_for"


@require_safe
def to_place_page(request: ActorRequest) -> HttpResponse:
    """List the reports that wait for a place (or were set aside), and the messages that failed."""
    return _show(request)


@require_POST
def search_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Look for a case for a report: what is searched for is kept in the session, never in the address."""
    access_report(request.actor, pk)
    request.session[SEARCHED] = request.POST.get("q", "").strip()[:80]
    state = request.POST.get("state", "")
    return redirect(f"{reverse('cases:to_place')}?open={pk}{'&state=set_aside' if state else ''}#report-{pk}")


@require_POST
def place_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Place a report as the answer to a requirement of a case that the person may see."""
    report = access_report(request.actor, pk)
    case, requirement = _place_of(request.POST.get("place", ""))
    access_case(request.actor, case)
    is_back = report.state == ReportState.SET_ASIDE

    def act() -> None:
        place_report(pk, case, requirement, by=request.user, now=timezone.now(), move=is_back)

    return _answer(request, act, _("The report is placed."))


@require_POST
def aside_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Set a report aside, with a reason."""
    access_report(request.actor, pk)

    def act() -> None:
        set_aside(pk, reason=request.POST.get("reason", ""), by=request.user, now=timezone.now())

    return _answer(request, act, _("The report is set aside."), pk)


@require_POST
def retry_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Let a message that failed be tried again."""
    access_message(request.actor, pk)

    def act() -> None:
        retry_message(pk, by=request.user, now=timezone.now())
        apply_message(pk, now=timezone.now())

    return _answer(request, act, _("The message is tried again."))


def _place_of(text: str) -> tuple[int, str]:
    """Return case and requirement of a button; Invalid for anything that no button sends."""
    number, _colon, requirement = text.partition(":")
    case = whole_number(number)
    if case is None or not requirement:
        raise Invalid([FieldError("place", "required", _("Choose what the report answers."))])
    return case, requirement


def _answer(request: ActorRequest, act: Callable[[], None], sentence: str, opened: int = 0) -> HttpResponse:
    """Do `act`; a refusal is said on the list, which then shows how things are now."""
    try:
        act()
    except Refused as refused:
        if refused.status == NotAllowed.status:
            raise
        return _show(request, refusal=refused.message, opened=opened, status=409 if refused.status == 409 else 422)
    if request.htmx:
        return _show(request, done=sentence)
    messages.success(request, sentence)
    return redirect(_address(request))


def _address(request: ActorRequest) -> str:
    return reverse("cases:to_place") + ("?state=set_aside" if _state(request) == ReportState.SET_ASIDE else "")


def _state(request: ActorRequest) -> str:
    asked = request.POST.get("state") or request.GET.get("state", "")
    return asked if asked in STATES else ReportState.WAITING


def _show(
    request: ActorRequest, *, status: int = 200, done: str = "", refusal: str = "", opened: int = 0
) -> HttpResponse:
    """Show the list, and what was searched for in the row that stands open; the reading is logged."""
    providers = access_placing(request.actor)
    state = _state(request)
    page = placing_page(request.actor, providers, state=state, number=request.GET.get("page"))
    searched = whole_number(request.GET.get("open", "")) if request.method == "GET" else None
    text = request.session.get(SEARCHED, "") if searched else ""
    found, patients = found_cases(request.actor, access_report(request.actor, searched), text) if searched else ([], [])
    log_read(request.actor, patients=[*page.patients, *patients], what="cases:to_place", action=AccessLog.Action.LIST)
    context = {
        "placing": page, "state": state, "searched": searched, "text": text, "found": found,
        "done": done, "refusal": refusal, "opened": opened,
    }  # fmt: skip
    template = "cases/_to_place.html" if request.htmx and not request.htmx.boosted else "cases/to_place.html"
    return render(request, template, context, status=status)
