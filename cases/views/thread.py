"""The thread of a case: what clinician and readers say to each other."""

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.actor import ActorRequest
from cases.access import access_case
from cases.forms import MessageForm
from cases.services.thread import write_message
from cases.views.showing import Opened, act_on_case


@require_POST
def thread_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Write a message; those who take part are told that there is one."""
    case = access_case(request.actor, pk)
    form = MessageForm(request.POST, auto_id="message_%s")

    def act() -> None:
        write_message(pk, form.cleaned_data["text"], by=request.user, now=timezone.now())

    return act_on_case(request, case, Opened("message", "", form), act, _("The message is written."), "thread")
