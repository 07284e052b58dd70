"""Mails that were given up: the administrator sees them and may try again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import require
from accounts.actor import ActorRequest
from accounts.permissions import Permission
from events.outbox import try_again
from events.queries import failed_deliveries

MOST = 200


@require_safe
def deliveries_page(request: ActorRequest) -> HttpResponse:
    """List the mails that were given up, to people of the administrator's units."""
    require(request.actor, Permission.MANAGE_MEMBERS)
    return render(request, "events/deliveries.html", {"rows": failed_deliveries(request.actor)[:MOST]})


@require_POST
def try_again_page(request: ActorRequest) -> HttpResponse:
    """Put all of them back in the outbox; the sweep sends them within a minute."""
    require(request.actor, Permission.MANAGE_MEMBERS)
    count = try_again(deliveries=failed_deliveries(request.actor), now=timezone.now())
    sentence = ngettext("%(count)d mail will be tried again.", "%(count)d mails will be tried again.", count)
    messages.success(request, sentence % {"count": count})
    return redirect("events:deliveries")
