"""Pages about the diagnoses: what each asks, with version and source. For every member; no patient data."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.actor import ActorRequest
from accounts.permissions import Permission
from checklists.presenting import outline, page_of
from checklists.queries import current_spec, current_specs
from checklists.usage import usage


@require_safe
def diagnoses_page(request: ActorRequest) -> HttpResponse:
    """List all diagnoses."""
    rows = [outline(spec) for spec in current_specs()]
    registered = usage()
    older_url = registered.address() if registered and request.actor.can(Permission.EDIT_CASE) else ""
    return render(request, "checklists/diagnoses.html", {"rows": rows, "older_url": older_url})


@require_safe
def diagnosis_page(request: ActorRequest, slug: str) -> HttpResponse:
    """Show one diagnosis: lead times, requirements by phase and level, levels, quorum, checklist, sources."""
    can_manage = request.actor.can(Permission.MANAGE_DEFINITIONS)
    return render(request, "checklists/diagnosis.html", {"page": page_of(current_spec(slug)), "can_manage": can_manage})
