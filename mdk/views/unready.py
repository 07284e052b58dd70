"""The chair's word for a case that is not ready: it stays on the agenda at the cut-off."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.actor import ActorRequest
from accounts.permissions import Permission
from mdk.access import access_item
from mdk.forms.planning import ReasonForm
from mdk.services.unready import accept_unready
from mdk.views.workbench import act


@require_POST
def accept_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Take up a firm case though something is missing, with a reason. For those who run the meeting."""
    item = access_item(request.actor, pk, Permission.RUN_MEETING)

    def accept(values: dict[str, Any]) -> None:
        accept_unready(pk, reason=values["reason"], by=request.user, now=timezone.now())

    form = ReasonForm(request.POST, auto_id="accept_%s", label=_("Reason to take it up though not ready"))
    said = _("The case stays on the agenda though something is missing.")
    return act(request, item.meeting, form, accept, name="accept", opened=f"item-{pk}", said=said)
