"""The editor: one page with every part of the draft, its difference from what is published, and publishing it."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.actor import ActorRequest
from accounts.errors import Invalid, Stale
from accounts.numbers import whole_number
from checklists.access import access_diagnosis
from checklists.draft_page import Opened, anchor_of, draft_page, form_at
from checklists.models import DefinitionDraft, Diagnosis
from checklists.publishing import discard_draft, present_draft, publish_draft, remove_entry, set_entry
from checklists.version_page import compare_draft


@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: ActorRequest, slug: str) -> HttpResponse:
    """Show the draft, the entry of `?open=<part>:<place>` open in place, or take a changed entry.

    422 with the faults by the field; 409 with who changed the draft meanwhile, and nothing typed is lost.
    """
    diagnosis = access_diagnosis(request.actor, slug)
    found = present_draft(diagnosis)
    if request.method == "POST":
        return _remove(request, diagnosis) if "remove" in request.POST else _save(request, diagnosis, found)
    part, _colon, place = request.GET.get("open", "").partition(":")
    opened = Opened(part, place, form_at(found, part, place)) if place else Opened()
    return _show(request, diagnosis, found, opened)


def _save(request: ActorRequest, diagnosis: Diagnosis, found: DefinitionDraft) -> HttpResponse:
    part, place = request.POST.get("part", ""), request.POST.get("place", "")
    try:
        form = form_at(found, part, place, request.POST)
        if not form.is_valid():
            return _show(request, diagnosis, found, Opened(part, place, form), status=422)
        place = set_entry(
            diagnosis.pk, part, place, form.entry(), edition=_edition(request), by=request.user, now=timezone.now()
        )
    except Stale as stale:
        return _show(request, diagnosis, present_draft(diagnosis), Opened(part, place, form, stale.message), status=409)
    except Invalid as refused:
        form.show(refused)
        return _show(request, diagnosis, found, Opened(part, place, form), status=422)
    if request.htmx:
        fresh = present_draft(diagnosis)
        return _show(request, diagnosis, fresh, Opened(), saved=anchor_of(part, place), seen=_seen(request, fresh))
    return redirect(f"{reverse('checklists:draft', args=[diagnosis.slug])}#{anchor_of(part, place)}")


def _remove(request: ActorRequest, diagnosis: Diagnosis) -> HttpResponse:
    part, place = request.POST.get("part", ""), request.POST.get("place", "")
    try:
        remove_entry(diagnosis.pk, part, place, edition=_edition(request), by=request.user, now=timezone.now())
    except LookupError as error:
        raise Http404(_("The definition has no such entry.")) from error
    if request.htmx:
        fresh = present_draft(diagnosis)
        return _show(request, diagnosis, fresh, Opened(), seen=_seen(request, fresh))
    return redirect(f"{reverse('checklists:draft', args=[diagnosis.slug])}#part-{part}")


def _edition(request: ActorRequest) -> int:
    """The newest edition that the page has seen: when the form was opened, or when another entry was saved on it."""
    return max(_told(request, "edition"), _told(request, "seen"))


def _seen(request: ActorRequest, fresh: DefinitionDraft) -> int:
    """The edition of which the page knows every entry, after it has saved one of them.

    It goes on to what the page saved itself; where somebody else's change lies between, it stays, so that an entry
    which stands open since before that change is not saved over it unseen.
    """
    seen, accepted = _told(request, "seen"), _edition(request)
    return min(fresh.edition, accepted + 1) if seen == accepted else seen


def _told(request: ActorRequest, name: str) -> int:
    return whole_number(request.POST.get(name, "")) or 0


def _show(
    request: ActorRequest,
    diagnosis: Diagnosis,
    found: DefinitionDraft,
    opened: Opened,
    *,
    status: int = 200,
    saved: str = "",
    seen: int | None = None,
) -> HttpResponse:
    """Render the editor; a part of it that is refused leaves the page knowing what it knew."""
    if seen is None:
        seen = _told(request, "seen") if request.htmx and request.method == "POST" else found.edition
    context = {"page": draft_page(diagnosis, found, opened), "saved": saved, "seen": seen}
    return render(request, "checklists/draft.html", context, status=status)


@require_safe
def draft_difference(request: ActorRequest, slug: str) -> HttpResponse:
    """Show what the draft says otherwise than the version in force, and what that means for open cases."""
    diagnosis = access_diagnosis(request.actor, slug)
    found = present_draft(diagnosis)
    context = {"diagnosis": diagnosis, "draft": found, "comparison": compare_draft(diagnosis, found)}
    return render(request, "checklists/draft_difference.html", context)


@require_POST
def publish(request: ActorRequest, slug: str) -> HttpResponse:
    """Publish the draft as it was shown."""
    diagnosis = access_diagnosis(request.actor, slug)
    new = publish_draft(diagnosis.pk, edition=_edition(request), by=request.user, now=timezone.now())
    messages.success(
        request, _("Version %(version)s is published. New cases begin with it.") % {"version": new.version}
    )
    return redirect("checklists:versions", slug)


@require_POST
def discard(request: ActorRequest, slug: str) -> HttpResponse:
    """Throw the draft away."""
    diagnosis = access_diagnosis(request.actor, slug)
    discard_draft(diagnosis.pk, edition=_edition(request), by=request.user, now=timezone.now())
    messages.success(request, _("The draft is thrown away."))
    return redirect("checklists:versions", slug)
