"""The referral of a patient: a form that is saved as it is typed, brings what is known, and says what will be missing."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actor import ActorRequest
from accounts.errors import Invalid, Refused, Stale
from accounts.numbers import whole_number
from accounts.permissions import Permission
from cases.access import access_case, access_draft
from cases.models import Case
from cases.queries import visible_cases
from cases.services.drafts import AlreadySent, Seen, discard_draft, save_draft
from cases.services.referral import CaseOpenAlready, ReferralData
from cases.services.sending import Incomplete, Statement, add_to_case, send_referral
from cases.views.referral_page import ReferralPage, begun, drafted, show_page, show_parts, typed_in


@require_http_methods(["GET", "HEAD", "POST"])
def refer_page(request: ActorRequest) -> HttpResponse:
    """Show and take a referral; 422 with every wrong field, with the open case that the patient has, or asking why."""
    if request.method != "POST":
        draft = request.GET.get("draft", "")
        page = drafted(request, access_draft(request.actor, _number(draft))) if draft else begun(request)
        return show_page(request, page)
    page = typed_in(request, is_sent=True)
    try:
        data, statements = page.checked()
        if add_to := request.POST.get("add_to", ""):
            return _add(request, add_to, data, statements, page.seen)
        case, _is_new = send_referral(
            data, statements=statements, incomplete_reason=page.text("incomplete_reason"), seen=page.seen,
            by=request.user, now=timezone.now(),
        )  # fmt: skip
    except Refused as refused:
        return _refuse(request, page, refused)
    messages.success(request, _("The referral is registered."))
    return redirect("cases:case", case.pk)


@require_POST
def preview_page(request: ActorRequest) -> HttpResponse:
    """Say what the form as typed lacks, and bring what is known of the patient; htmx gets the parts that change."""
    page = typed_in(request)
    return show_parts(request, page) if request.htmx else show_page(request, page)


@require_POST
def drafts_page(request: ActorRequest) -> HttpResponse:
    """Keep the form as it is typed: JSON to the script that saves by itself, else back to the form."""
    page = typed_in(request)
    by_script = "X-Autosave" in request.headers
    try:
        draft = save_draft(page.content, seen=page.seen, by=request.user, now=timezone.now())
    except Refused as refused:
        return _refused_json(refused) if by_script else _refuse(request, page, refused)
    if by_script:
        return JsonResponse({"version": draft.version, "draft": draft.pk}, headers={"X-Version": str(draft.version)})
    messages.success(request, _("The draft is saved."))
    return redirect(f"{reverse('cases:refer')}?draft={draft.pk}")


@require_POST
def discard_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Throw a draft of one's own away; 404 for another's."""
    discard_draft(access_draft(request.actor, pk).pk, by=request.user)
    messages.success(request, _("The draft is thrown away."))
    return redirect("cases:refer")


def _add(
    request: ActorRequest, case_id: str, data: ReferralData, statements: Sequence[Statement], seen: Seen
) -> HttpResponse:
    """Add the referral to the open case that the person was shown."""
    case = access_case(request.actor, _number(case_id), Permission.REFER_CASE)
    add_to_case(case.pk, data, statements=statements, seen=seen, by=request.user, now=timezone.now())
    messages.success(request, _("The referral is added to the open case."))
    return redirect("cases:case", case.pk)


def _refuse(request: ActorRequest, page: ReferralPage, refused: Refused) -> HttpResponse:
    """Show the form as it was typed with the refusal: where another case answers it, with the way there."""
    other = int(refused.extra.get("case") or 0)
    open_case = _visible(request, other) if isinstance(refused, CaseOpenAlready | AlreadySent) else None
    if page.form.is_bound and open_case is None and not isinstance(refused, Incomplete):
        page.form.show(refused)
    status = 409 if isinstance(refused, Stale) else 422
    return show_page(request, page.after(refused), refused=refused, other=open_case, status=status)


def _visible(request: ActorRequest, pk: int) -> Case | None:
    """Return the other case when the person may see it: whoever may not is told no more than that there is one."""
    return visible_cases(request.actor).filter(pk=pk).first()


def _refused_json(refused: Refused) -> JsonResponse:
    if isinstance(refused, Invalid):
        errors = [{"field": error.field, "message": error.message} for error in refused.errors]
        return JsonResponse({"detail": refused.message, "errors": errors}, status=422)
    return JsonResponse({"detail": refused.message}, status=refused.status)


def _number(text: str) -> int:
    number = whole_number(text)
    if number is None:
        raise Http404
    return number
