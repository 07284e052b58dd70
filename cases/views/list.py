"""The list of cases and its export."""

from dataclasses import replace
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import require
from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.files import file_answer
from accounts.models import AccessLog
from accounts.permissions import Permission
from cases.enums import CaseStatus, ReadinessState, TriageAnswer
from cases.export import EXPORTS, export_table
from cases.lists import CaseFilter, case_rows, diagnosis_choices
from checklists.enums import LevelCode

PAGE = 50
FILTERS = ("diagnosis", "readiness", "level", "triage", "status", "sort")
SEARCHED = "cases_searched_for"
CHOICES = {
    "statuses": [status for status in CaseStatus if status is not CaseStatus.DRAFT],
    "readiness": ReadinessState,
    "levels": LevelCode,
    "triages": TriageAnswer,
}


@require_http_methods(["GET", "HEAD", "POST"])
def list_page(request: ActorRequest) -> HttpResponse:
    """List the cases that the person may see, fifty a page, filtered and sorted as the address says."""
    require(request.actor, Permission.VIEW_CASE)
    if request.method == "POST":
        return _keep_search(request)
    wanted = _wanted(request)
    page = Paginator(wanted.cases(request.actor), PAGE).get_page(request.GET.get("page"))
    rows = case_rows(request.actor, page.object_list, timezone.localdate())
    log_read(request.actor, patients=[row.patient for row in rows], what="cases:list", action=AccessLog.Action.LIST)
    kept = request.GET.copy()
    kept.pop("page", None)
    context = {
        "page": page,
        "rows": rows,
        "wanted": wanted,
        "kept": kept.urlencode(),
        "can_refer": request.actor.can(Permission.REFER_CASE),
        "can_import": request.actor.can(Permission.PLAN_MEETING),
        **CHOICES,
        "diagnoses": diagnosis_choices(),
    }
    template = "cases/_list.html" if request.htmx and not request.htmx.boosted else "cases/list.html"
    return render(request, template, context)


def _keep_search(request: ActorRequest) -> HttpResponse:
    """Keep the filters in the address and what was searched for in the session: it may be a name or a number."""
    filters = {name: request.POST[name] for name in FILTERS if request.POST.get(name)}
    request.session[SEARCHED] = request.POST.get("q", "").strip()[:80]
    if request.session[SEARCHED]:
        filters["searched"] = "1"
    return redirect(f"{reverse('cases:list')}?{urlencode(filters)}")


def _wanted(request: ActorRequest) -> CaseFilter:
    wanted = CaseFilter.from_query(request.GET)
    return replace(wanted, q=request.session.get(SEARCHED, "")) if request.GET.get("searched") else wanted


@require_safe
def export_page(request: ActorRequest) -> HttpResponse:
    """Give the filtered list as a file, XLSX or CSV (`?format=csv`); the reading is logged as an export."""
    require(request.actor, Permission.VIEW_CASE)
    export = EXPORTS["csv" if request.GET.get("format") == "csv" else "xlsx"]
    table = export_table(request.actor, _wanted(request), timezone.localdate())
    log_read(request.actor, patients=table.patients, what="cases:export", action=AccessLog.Action.EXPORT)
    name = _("cases") + f"-{timezone.localdate():%Y-%m-%d}.{export.ending}"
    return file_answer(export.write(table), export.content_type, name)
