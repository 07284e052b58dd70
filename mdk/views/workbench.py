"""The answer that every change on the workbench ends in: the same page, or its part for htmx."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.errors import Invalid, NotAllowed, Refused
from accounts.forms import add_refusal
from accounts.models import AccessLog
from accounts.numbers import whole_number
from accounts.permissions import Permission
from cases.privacy import IdentityGuard
from mdk.access import access_meeting, series_units
from mdk.forms.planning import BookForm, CandidateFilter, ChairForm, FirmForm, LevelForm, ReasonForm, RebookForm
from mdk.models import Meeting
from mdk.queries.agenda import AgendaRow
from mdk.queries.attendance import chairs_for
from mdk.queries.candidates import findings_in_words
from mdk.queries.meetings import targets_after
from mdk.queries.workbench import Workbench, workbench_of

Forms = Mapping[str, forms.Form]
SEARCHED = "candidates_searched_for"
"""Where the session keeps what was searched for: a name or a number must not stand in an address."""


def show_workbench(
    request: ActorRequest,
    meeting: Meeting,
    *,
    opened: str = "",
    bound: Forms | None = None,
    refusal: Refused | None = None,
    said: str = "",
    filters: CandidateFilter | None = None,
) -> HttpResponse:
    """Show the workbench with the row `opened` (`item-7`, `case-9`, `chair`, `cancel`) in place; logs the reading.

    `bound` holds forms that were refused, by name: they are shown again with what was typed (422, or 409 when the
    house said no). `said` tells what was just done.
    """
    filters = filters or filters_of(request)
    query = filters.query()
    bench = workbench_of(request.actor, meeting, filters.chosen(), timezone.now())
    units = series_units(meeting.series)
    log_read(request.actor, patients=bench.patients(), what="mdk:meeting", action=AccessLog.Action.LIST, unit_ids=units)
    context = {
        "bench": bench,
        "meeting": meeting,
        "filters": filters,
        "query": query,
        "link": f"{reverse('mdk:meeting', args=[meeting.pk])}?{query}{'&' if query else ''}open=",
        "open": _opened(request, bench, opened, bound or {}),
        "refusal": refusal,
        "said": said,
        "may_run": request.actor.can(Permission.RUN_MEETING, units),
    }
    template = "mdk/parts/workbench.html" if request.htmx else "mdk/workbench.html"
    return render(request, template, context, status=_status(bound, refusal))


def act(
    request: ActorRequest,
    meeting: Meeting,
    form: forms.Form,
    do: Callable[[dict[str, Any]], object],
    *,
    name: str,
    opened: str,
    said: str,
) -> HttpResponse:
    """Do it with the form's values, and show the workbench again; what is refused stays open with its sentence.

    Without htmx a success is a redirect to the page, filters kept.
    """
    if form.is_valid():
        try:
            do(form.cleaned_data)
        except NotAllowed:
            raise
        except Refused as refusal:
            add_refusal(form, refusal)
            return show_workbench(request, meeting, opened=opened, bound={name: form}, refusal=refusal)
        return done(request, meeting, said)
    return show_workbench(request, meeting, opened=opened, bound={name: form})


def done(request: ActorRequest, meeting: Meeting, said: str) -> HttpResponse:
    """Show the workbench as it stands after a change."""
    if request.htmx:
        return show_workbench(request, access_meeting(request.actor, meeting.pk), said=said)
    messages.success(request, said)
    return HttpResponseRedirect(address(request, meeting))


def address(request: ActorRequest, meeting: Meeting) -> str:
    """Return the workbench's address with the filters that the person had chosen."""
    query = filters_of(request).query()
    return reverse("mdk:meeting", args=[meeting.pk]) + (f"?{query}" if query else "")


def filters_of(request: ActorRequest) -> CandidateFilter:
    """Return the filters of the address, with what the session keeps of the search."""
    data = request.GET.copy()
    data["q"] = request.session.get(SEARCHED, "") if "searched" in data else ""
    return CandidateFilter(data, auto_id="filter_%s")


def _status(bound: Forms | None, refusal: Refused | None) -> int:
    if refusal is not None and not isinstance(refusal, Invalid):
        return refusal.status
    return 422 if bound or refusal else 200


def _opened(request: ActorRequest, bench: Workbench, key: str, bound: Forms) -> dict[str, Any]:
    """Return what the opened row needs: its key, its row and its forms; empty when nothing is open."""
    kind, _dash, number = key.partition("-")
    found: dict[str, Any] = {"key": key, "id": whole_number(number)}
    if kind == "chair":
        people = chairs_for(bench.meeting, timezone.localdate())
        found["form"] = bound.get("chair") or ChairForm(initial={"chair": bench.meeting.chair_id}, people=people)
    elif kind == "cancel":
        found["form"] = bound.get("cancel") or ReasonForm(auto_id="cancel_%s")
    elif kind == "item" and (row := bench.row(found["id"])):
        found |= _item_forms(request, bench, row, bound)
    elif kind == "case" and (candidate := bench.candidate(found["id"])):
        found |= {"case": candidate, "findings": findings_in_words(candidate)}
        found["book"] = bound.get("book") or BookForm(initial={"case": candidate.id}, auto_id="book_%s")
        level = {"case": candidate.id, "level": candidate.level}
        found["level"] = bound.get("level") or LevelForm(initial=level, auto_id="level_%s")
    return found


def _item_forms(request: ActorRequest, bench: Workbench, row: AgendaRow, bound: Forms) -> dict[str, Any]:
    rebook = bound.get("rebook") or RebookForm(targets=targets_after(bench.meeting, request.actor), auto_id="rebook_%s")
    return {
        "row": row,
        "rebook": rebook,
        "firm": bound.get("firm") or FirmForm(auto_id="firm_%s"),
        "off": bound.get("off") or ReasonForm(auto_id="off_%s", label=_("Reason to take it off")),
        "who": (row.patient_name, row.written_number)
        if row.is_open_to(IdentityGuard(request.actor))
        else (_("Protected identity"), ""),
    }
