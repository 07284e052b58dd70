"""Booking from the page of a case: one click gives the place that the case is ready for."""

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.actor import ActorRequest
from accounts.numbers import whole_number
from accounts.permissions import Permission
from cases.access import access_case
from cases.views.showing import changed_case
from mdk.access import access_meeting
from mdk.enums import ItemStatus
from mdk.services.firming import give_place


@require_POST
def place_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Give the case a place on a meeting: firm when it is ready, else provisional; a provisional one moves or is made firm."""
    case = access_case(request.actor, pk)
    given = whole_number(request.POST.get("meeting", ""))
    if given is None:
        raise Http404
    meeting = access_meeting(request.actor, given, Permission.PLAN_MEETING)
    item = give_place(meeting.pk, case.pk, by=request.user, now=timezone.now())
    if item.status == ItemStatus.PROVISIONAL:
        return changed_case(
            request, pk, _("The case has a provisional place. It can be made firm when the case is ready.")
        )
    return changed_case(request, pk, _("The case has a firm place on the agenda."))
