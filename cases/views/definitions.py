"""Cases that follow an older version of their definition, and moving them to the one in force."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import require
from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.models import AccessLog
from accounts.numbers import whole_number
from accounts.permissions import Permission
from cases.privacy import IdentityGuard
from cases.services.definitions import cases_on_older, diagnoses_with_older, move_cases, move_previews

PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def definitions_page(request: ActorRequest) -> HttpResponse:
    """List the cases on older versions with what a move would do, fifty a page; move those that were ticked.

    422 when none was ticked. A case that the person may not edit is passed over, as if it were not on the list.
    """
    require(request.actor, Permission.EDIT_CASE)
    if request.method != "POST":
        return _show(request)
    diagnosis = _diagnosis(request)
    ids = _asked_to_move(request, diagnosis)
    if not ids:
        return _show(request, status=422)
    done = move_cases(ids, by=request.user, now=timezone.now())
    for _pk, sentence in done.refused:
        messages.error(request, sentence)
    messages.success(
        request, ngettext("%(n)d case is moved.", "%(n)d cases are moved.", done.count) % {"n": done.count}
    )
    return redirect(reverse("cases:definitions") + (f"?{urlencode({'diagnosis': diagnosis})}" if diagnosis else ""))


def _asked_to_move(request: ActorRequest, diagnosis: str) -> list[int]:
    """The cases that were ticked; or those of a page of the list that are asked for nothing new, as they stand now."""
    found = cases_on_older(request.actor, diagnosis)
    if "unasked" in request.POST:
        page = Paginator(found, PAGE).get_page(request.POST["unasked"])
        previews = move_previews(page.object_list, timezone.localdate())
        return [preview.case.pk for preview in previews if not preview.gained]
    ticked = {pk for text in request.POST.getlist("case") if (pk := whole_number(text)) is not None}
    return [case.pk for case in found.filter(pk__in=ticked)]


def _diagnosis(request: ActorRequest) -> str:
    """The diagnosis that the list is narrowed to, as the form or the address says."""
    return (request.POST.get("diagnosis") or request.GET.get("diagnosis") or "")[:60]


def _show(request: ActorRequest, status: int = 200) -> HttpResponse:
    diagnosis = _diagnosis(request)
    page = Paginator(cases_on_older(request.actor, diagnosis), PAGE).get_page(request.GET.get("page"))
    guard = IdentityGuard(request.actor)
    rows = [(preview, guard.of(preview.case)) for preview in move_previews(page.object_list, timezone.localdate())]
    patients = [preview.case.patient_id for preview, _shown in rows]
    log_read(request.actor, patients=patients, what="cases:definitions", action=AccessLog.Action.LIST)
    context = {
        "page": page,
        "rows": rows,
        "diagnosis": diagnosis,
        "diagnoses": diagnoses_with_older(request.actor),
        "unasked": sum(not preview.gained for preview, _shown in rows),
        "error": _("Tick the cases that are to be moved.") if status == 422 else "",
    }
    return render(request, "cases/definitions.html", context, status=status)
