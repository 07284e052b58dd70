"""Who has read what: the administrator's search in the access log, which is logged itself."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.access import require
from accounts.access_log import log_read, patient_of_case
from accounts.actor import Actor, ActorRequest
from accounts.forms import AccessLogForm
from accounts.models import AccessLog
from accounts.permissions import Permission
from accounts.queries import readings, user_by_email

MOST = 500
"""Rows of one answer; the page says when there are more."""


@require_http_methods(["GET", "HEAD", "POST"])
def access_log_page(request: ActorRequest) -> HttpResponse:
    """Show the search; POST searches, so that neither the question nor the reason stands in an address.

    A link from a case page fills in `?case=` or `?patient=`; the person still says why before anything shows.
    """
    require(request.actor, Permission.VIEW_ACCESS_LOG)
    filled = {key: request.GET[key] for key in ("case", "patient") if request.GET.get(key, "").isdecimal()}
    if request.method != "POST":
        return render(request, "accounts/access_log.html", {"form": AccessLogForm(initial=filled)})
    form = AccessLogForm(request.POST)
    rows = _search(request.actor, form) if form.is_valid() else None
    context = {"form": form, "rows": rows, "most": MOST, "more": rows is not None and len(rows) == MOST}
    return render(request, "accounts/access_log.html", context, status=200 if form.is_valid() else 422)


def _search(actor: Actor, form: AccessLogForm) -> list[AccessLog]:
    """Return the newest rows that match the form, after the look itself is in the log."""
    wanted = form.cleaned_data
    patient = wanted["patient"] or (patient_of_case(wanted["case"]) if wanted["case"] else None)
    reader = user_by_email(wanted["email"]) if wanted["email"] else None
    rows = list(readings(actor, patient=patient, user=reader)[:MOST]) if patient or reader else []
    looked_for = [patient] if patient else [pk for row in rows for pk in row.patient_ids]
    log_read(
        actor,
        patients=looked_for,
        what="accounts:access-log",
        action=AccessLog.Action.LOG,
        reason=wanted["reason"],
        permission=Permission.VIEW_ACCESS_LOG,
        always=True,
    )
    return rows
