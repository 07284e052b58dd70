"""Opening the images of an answer, and the administrator's page of where each unit has its image viewer."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import access_unit, require
from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.errors import Refused
from accounts.permissions import Permission
from accounts.queries import managed_units
from cases.access import access_case, access_result
from cases.forms import ViewerForm
from cases.images import Images
from cases.queries import viewers_of
from cases.services.sites import set_viewer
from cases.viewer import PLACEHOLDERS


@require_safe
def image_page(request: ActorRequest, pk: int, result: int) -> HttpResponse:
    """Lead on to the images of an answer at the site's viewer; the reading is logged. 409 says why it cannot be.

    The address is made here and never stands on a page; the viewer is not told from where the person came.
    """
    case = access_case(request.actor, pk)
    answer = access_result(case, result)
    units = list(case.units.values_list("pk", flat=True))
    log_read(request.actor, patients=[case.patient_id], what="cases:image", unit_ids=units)
    opening = Images(case, timezone.localdate()).of(answer)
    if opening is None or opening.refusal:
        raise Refused(opening.refusal if opening else _("There is no image viewer for this answer."), code="no-images")
    onward = HttpResponseRedirect(opening.address)
    onward["Referrer-Policy"] = "no-referrer"
    return onward


@require_safe
def viewers_page(request: ActorRequest) -> HttpResponse:
    """List the units that the administrator answers for, each with the address of its image viewer."""
    require(request.actor, Permission.MANAGE_MEMBERS)
    return _show(request)


@require_POST
def viewer_page(request: ActorRequest, unit: int) -> HttpResponse:
    """Set the address of a unit's image viewer, or take it away; 422 says what is wrong with it."""
    chosen = access_unit(request.actor, unit, Permission.MANAGE_MEMBERS, timezone.localdate())
    form = ViewerForm(request.POST, auto_id=f"unit_{unit}_%s")
    if form.is_valid():
        try:
            viewer = set_viewer(unit, form.cleaned_data["template"], by=request.user, now=timezone.now())
        except Refused as refused:
            form.show(refused)
        else:
            said = (
                _("%(unit)s opens its images there now.")
                if viewer
                else _("%(unit)s has no image viewer of its own now.")
            )
            messages.success(request, said % {"unit": chosen.name})
            return redirect("cases:viewers")
    return _show(request, form, unit)


def _show(request: ActorRequest, wrong: ViewerForm | None = None, at: int = 0) -> HttpResponse:
    """Render the list with a form for each unit; one that was wrong stays as it was typed."""
    units = list(managed_units(request.actor, Permission.MANAGE_MEMBERS, timezone.localdate()))
    viewers = viewers_of([unit.pk for unit in units])
    rows = []
    for unit in units:
        viewer = viewers.get(unit.pk)
        initial = {"template": viewer.template if viewer else ""}
        form = wrong if wrong and unit.pk == at else ViewerForm(initial=initial, auto_id=f"unit_{unit.pk}_%s")
        form.fields["template"].label = unit.name
        rows.append((unit, viewer, form))
    context = {
        "rows": rows,
        "hosts": settings.IMAGE_VIEWER_HOSTS,
        "placeholders": [f"{{{name}}}" for name in PLACEHOLDERS],
    }
    return render(request, "cases/viewers.html", context, status=422 if wrong else 200)
