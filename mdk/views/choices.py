"""A person's own planning choices."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actor import ActorRequest
from mdk.forms.choices import PlanningChoiceForm
from mdk.services.choices import choice_of, choose_days


@require_http_methods(["GET", "HEAD", "POST"])
def choices_page(request: ActorRequest) -> HttpResponse:
    """Let a person choose by how many days a provisional date must move before they are told; anybody, for themselves."""
    form = PlanningChoiceForm(request.POST or None, initial={"move_days": choice_of(request.user)})
    if request.method == "POST" and form.is_valid():
        choose_days(form.cleaned_data["move_days"], by=request.user)
        messages.success(request, _("Your choice is saved."))
        return redirect("mdk:choices")
    return render(request, "mdk/choices.html", {"form": form}, status=422 if form.errors else 200)
