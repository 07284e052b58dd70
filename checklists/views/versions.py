"""The versions of a definition: which there are, what each says otherwise, and which one new cases begin with."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.actor import ActorRequest
from checklists.access import access_diagnosis, access_version
from checklists.publishing import choose_version, start_draft
from checklists.version_page import can_choose, compare_version, versions_page


@require_safe
def versions(request: ActorRequest, slug: str) -> HttpResponse:
    """Show all versions of a diagnosis, its draft, and a shipped version that waits to be chosen."""
    diagnosis = access_diagnosis(request.actor, slug)
    return render(request, "checklists/versions.html", {"page": versions_page(diagnosis)})


@require_safe
def version(request: ActorRequest, slug: str, pk: int) -> HttpResponse:
    """Show what one version says otherwise than the one in force."""
    diagnosis = access_diagnosis(request.actor, slug)
    chosen = access_version(diagnosis, pk)
    context = {
        "diagnosis": diagnosis,
        "version": chosen,
        "comparison": compare_version(diagnosis, chosen),
        "can_choose": can_choose(diagnosis, chosen),
    }
    return render(request, "checklists/version.html", context)


@require_POST
def choose(request: ActorRequest, slug: str, pk: int) -> HttpResponse:
    """Let new cases begin with the newest shipped version in place of the hospital's own."""
    diagnosis = access_diagnosis(request.actor, slug)
    chosen = access_version(diagnosis, pk)
    choose_version(chosen.pk, by=request.user, now=timezone.now())
    messages.success(request, _("New cases now begin with version %(version)s.") % {"version": chosen.version})
    return redirect("checklists:versions", slug)


@require_POST
def start(request: ActorRequest, slug: str, pk: int) -> HttpResponse:
    """Copy a version into the draft of its diagnosis."""
    diagnosis = access_diagnosis(request.actor, slug)
    start_draft(access_version(diagnosis, pk).pk, by=request.user, now=timezone.now())
    return redirect("checklists:draft", slug)
