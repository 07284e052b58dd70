"""Changing the referral of a case; a form that has grown old never overwrites another's change unseen."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.errors import Refused, Stale
from accounts.models import User
from accounts.numbers import whole_number
from accounts.permissions import Permission
from cases.access import access_case, with_parents
from cases.forms import EditForm
from cases.models import Case
from cases.privacy import IdentityGuard
from cases.queries import clinicians_for, contact_nurses_for
from cases.services.editing import edit_case
from cases.services.referral_input import parse_changes
from checklists.registry import spec_of


@require_http_methods(["GET", "HEAD", "POST"])
def edit_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Show and take the form; 422 with what is wrong, 409 with who changed the case since, and nothing typed is lost."""
    case = access_case(request.actor, pk, Permission.EDIT_CASE)
    form = _form(case, request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _show(request, case, form)
    version = whole_number(request.POST.get("version", "")) or 0
    form.is_valid()
    try:
        changes = parse_changes(form.raw(), case=case, today=timezone.localdate())
        edit_case(pk, changes, version=version, by=request.user, now=timezone.now())
    except Stale as stale:
        return _show_stale(request, pk, stale)
    except Refused as refused:
        form.show(refused)
        return _show(request, case, form, status=422)
    messages.success(request, _("The referral is changed."))
    return redirect("cases:case", pk)


def _form(case: Case, data: QueryDict | None) -> EditForm:
    form = EditForm(data, initial=EditForm.initial_of(case))
    units = {unit.pk for unit in with_parents(case.unit)}
    today = timezone.localdate()
    form.offer(
        _with(clinicians_for(units, Permission.ATTEST, today), case.responsible_clinician),
        _with(contact_nurses_for(units, today), case.contact_nurse),
    )
    form.add_circumstances(spec_of(case.definition_id))
    return form


def _with(people: Iterable[User], person: User | None) -> list[User]:
    """Return the people with the one who holds the task now, who may have left the unit."""
    found = list(people)
    return found if person is None or person in found else [person, *found]


def _show_stale(request: ActorRequest, pk: int, stale: Stale) -> HttpResponse:
    """Show the form as it was typed beside the case as it is now; saved once more, it goes on top of that."""
    case = access_case(request.actor, pk, Permission.EDIT_CASE)
    now = EditForm.initial_of(case)
    typed = request.POST.copy()
    typed["version"] = str(case.version)
    form = _form(case, typed)
    differing = [
        (str(bound.label), now.get(bound.name, "")) for bound in form
        if bound.name != "version" and (bound.data or "") != (now.get(bound.name, "") or "")
    ]  # fmt: skip
    return _show(request, case, form, status=409, stale=stale, differing=differing)


def _show(
    request: ActorRequest,
    case: Case,
    form: EditForm,
    *,
    status: int = 200,
    stale: Stale | None = None,
    differing: Iterable[tuple[str, str]] = (),
) -> HttpResponse:
    log_read(request.actor, patients=[case.patient_id], what="cases:edit")
    context = {
        "case": case,
        "form": form,
        "shown": IdentityGuard(request.actor).of(case),
        "stale": stale,
        "differing": differing,
    }
    return render(request, "cases/edit.html", context, status=status)
