"""The referral of a patient: a form, and what to do when the patient has an open case already."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actor import ActorRequest
from accounts.errors import Refused
from accounts.models import Unit
from accounts.permissions import Permission
from cases.access import access_case, access_referring, with_parents
from cases.enums import ReferralSource
from cases.forms import ReferralForm
from cases.models import Case
from cases.queries import clinicians_for, contact_nurses_for, visible_cases
from cases.services.referral import CaseOpenAlready, ReferralData, add_referral, refer_case
from cases.services.referral_input import parse_referral
from checklists.queries import current_spec, published_diagnoses


@require_http_methods(["GET", "HEAD", "POST"])
def refer_page(request: ActorRequest) -> HttpResponse:
    """Show and take a referral; 422 with every wrong field, and with the open case that the patient has already."""
    allowed = access_referring(request.actor, request.POST.get("unit", ""))
    form = _form(request, allowed)
    if request.method != "POST":
        template = "cases/_circumstances.html" if request.htmx else "cases/refer.html"
        return render(request, template, _context(request, form))
    form.is_valid()
    try:
        data = parse_referral(form.raw(), today=timezone.localdate(), allowed=allowed)
        if add_to := request.POST.get("add_to", ""):
            return _add(request, add_to, data)
        case, _is_new = refer_case(data, by=request.user, now=timezone.now(), source=ReferralSource.FORM)
    except CaseOpenAlready as refused:
        return _show(request, form, refused, open_case=_visible(request, refused.extra["case"]))
    except Refused as refused:
        return _show(request, form, refused)
    messages.success(request, _("The referral is registered."))
    return redirect("cases:case", case.pk)


def _show(request: ActorRequest, form: ReferralForm, refused: Refused, open_case: Case | None = None) -> HttpResponse:
    if open_case is None:
        form.show(refused)
    context = _context(request, form) | {"open_case": open_case, "refusal": refused}
    return render(request, "cases/refer.html", context, status=422)


def _context(request: ActorRequest, form: ReferralForm) -> dict[str, Any]:
    return {"form": form, "can_import": request.actor.can(Permission.PLAN_MEETING)}


def _add(request: ActorRequest, case_id: str, data: ReferralData) -> HttpResponse:
    """Add the referral to the open case that the person was shown."""
    if not case_id.isdecimal():
        raise Http404
    case = access_case(request.actor, int(case_id), Permission.REFER_CASE)
    add_referral(case.pk, data, by=request.user, now=timezone.now(), source=ReferralSource.FORM)
    messages.success(request, _("The referral is added to the open case."))
    return redirect("cases:case", case.pk)


def _visible(request: ActorRequest, pk: int) -> Case | None:
    """Return the open case when the person may see it: whoever may not is told no more than that there is one."""
    return visible_cases(request.actor).filter(pk=pk).first()


def _form(request: ActorRequest, allowed: list[Unit]) -> ReferralForm:
    """Return the form with the choices of the person, and the questions of the chosen diagnosis."""
    typed = request.POST if request.method == "POST" else None
    form = ReferralForm(typed, initial={"diagnosis": request.GET.get("diagnosis", "")})
    units = {above.pk for unit in allowed for above in with_parents(unit)}
    today = timezone.localdate()
    form.offer(clinicians_for(units, Permission.ATTEST, today), contact_nurses_for(units, today))
    diagnoses = list(published_diagnoses())
    form.offer_places(diagnoses, allowed)
    chosen = request.POST.get("diagnosis") or request.GET.get("diagnosis", "")
    form.add_circumstances(current_spec(chosen) if chosen in {row.slug for row in diagnoses} else None)
    return form
