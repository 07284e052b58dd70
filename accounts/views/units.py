"""The administrator's pages: units, who is in them, and in which role."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import access_membership, access_unit, require
from accounts.actor import ActorRequest
from accounts.errors import Refused
from accounts.forms import EndMembershipForm, MembershipForm, add_refusal
from accounts.models import Unit
from accounts.permissions import Permission
from accounts.queries import managed_units, members_of
from accounts.services import add_membership, end_membership


@require_safe
def units_page(request: ActorRequest) -> HttpResponse:
    """List the units that the administrator answers for, with the number of members in force."""
    require(request.actor, Permission.MANAGE_MEMBERS)
    units = managed_units(request.actor, Permission.MANAGE_MEMBERS, timezone.localdate())
    return render(request, "accounts/units.html", {"units": units})


@require_http_methods(["GET", "HEAD", "POST"])
def unit_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Show who is in a unit; POST adds a membership (422 with the form when something is wrong)."""
    today = timezone.localdate()
    unit = access_unit(request.actor, pk, Permission.MANAGE_MEMBERS, today)
    form = MembershipForm(request.POST if request.method == "POST" else None, initial={"starts_on": today})
    if request.method == "POST" and form.is_valid():
        try:
            added = add_membership(by=request.actor.user, unit=unit, **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            sentence = _("%(name)s now has the role %(role)s here.")
            messages.success(request, sentence % {"name": added.user.name, "role": added.get_role_display().lower()})
            return HttpResponseRedirect(reverse("accounts:unit", args=[unit.pk]))
    return _unit(request, unit, form)


@require_POST
def end_membership_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Set the last day of a membership."""
    today = timezone.localdate()
    membership = access_membership(request.actor, pk, Permission.MANAGE_MEMBERS, today)
    form = EndMembershipForm(request.POST)
    if form.is_valid():
        try:
            end_membership(by=request.actor.user, membership=membership, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, _("The last day is set for %(name)s.") % {"name": membership.user.name})
            return HttpResponseRedirect(reverse("accounts:unit", args=[membership.unit_id]))
    return _unit(request, membership.unit, MembershipForm(initial={"starts_on": today}), end=form, ending=membership.pk)


def _unit(
    request: ActorRequest,
    unit: Unit,
    form: MembershipForm,
    *,
    end: EndMembershipForm | None = None,
    ending: int | None = None,
) -> HttpResponse:
    """Render the unit's page; 422 when one of its forms was wrong."""
    wrong = bool(form.errors) or end is not None
    context = {
        "unit": unit,
        "form": form,
        "end": end,
        "ending": ending,
        "members": members_of(unit),
        "today": timezone.localdate(),
    }
    return render(request, "accounts/unit.html", context, status=422 if wrong else 200)
