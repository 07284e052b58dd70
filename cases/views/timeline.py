"""Marking answers that do not fit together, and settling it: for everybody who may see the case."""

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.actor import ActorRequest
from cases.access import access_case, access_mark
from cases.forms import DiscordanceForm, SettleForm
from cases.services.discordance import mark_discordance, settle_discordance
from cases.timeline import answer_choices
from cases.views.showing import Opened, act_on_case


@require_POST
def discordance_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Mark the chosen answers as discordant, with a sentence."""
    case = access_case(request.actor, pk)
    form = DiscordanceForm(request.POST, auto_id="discordant_%s").offer(answer_choices(case))

    def act() -> None:
        chosen = [int(result) for result in form.cleaned_data["results"]]
        mark_discordance(pk, chosen, form.cleaned_data["sentence"], by=request.user, now=timezone.now())

    return act_on_case(request, case, Opened("discordant", "", form), act, _("The answers are marked."), "sides")


@require_POST
def settle_page(request: ActorRequest, pk: int, mark: int) -> HttpResponse:
    """Settle a mark, with a sentence; 404 when the case has no such mark."""
    case = access_case(request.actor, pk)
    access_mark(case, mark)
    form = SettleForm(request.POST, auto_id=f"settle_{mark}_%s")

    def act() -> None:
        settle_discordance(pk, mark, form.cleaned_data["sentence"], by=request.user, now=timezone.now())

    return act_on_case(request, case, Opened("settle", str(mark), form), act, _("It is settled."), f"mark-{mark}")
