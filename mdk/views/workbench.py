"""The answer that every change on the workbench ends in: the same page, or its part for htmx."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.errors import Invalid, NotAllowed, Refused
from accounts.forms import add_refusal
from accounts.models import AccessLog
from accounts.permissions import Permission
from mdk.access import access_meeting, series_units
from mdk.enums import MeetingStatus
from mdk.forms.bench import BulkForm
from mdk.forms.planning import CandidateFilter
from mdk.models import Meeting
from mdk.queries.candidates import AT_MOST
from mdk.queries.changes import ChangeLog, change_log
from mdk.queries.late import may_answer
from mdk.queries.meetings import targets_after
from mdk.queries.publishing import publishing_warning
from mdk.queries.rounds import is_round_near
from mdk.queries.watching import last_event
from mdk.queries.workbench import Workbench, workbench_of
from mdk.services.bulk import Answer
from mdk.services.undoing import Step
from mdk.views.opened import Forms, opened_row
from mdk.views.undo import can_undo, keep_step

FILTERS = "bench_filters"
"""Where the session keeps the filters of each series; what is searched for (a name, a number) stands nowhere else."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change came to: what undoes it, where it can be undone, and the answers where many were asked for.

    `answers` come with what they are about: `case` or `item`.
    """

    step: Step | None = None
    said: str = ""
    answers: Sequence[tuple[str, Answer]] = ()


def show_workbench(
    request: ActorRequest,
    meeting: Meeting,
    *,
    opened: str = "",
    bound: Forms | None = None,
    refusal: Refused | None = None,
    said: str = "",
    filters: CandidateFilter | None = None,
    outcome: Outcome | None = None,
) -> HttpResponse:
    """Show the workbench with the row `opened` (`item-7`, `case-9`, `chair`, `cancel`) in place; logs the reading.

    `bound` holds forms that were refused, by name: they are shown again with what was typed (422, or 409 when the
    house said no). `said` tells what was just done; its `outcome` is kept to be undone, and tells what became of each
    of many. The header X-Version carries what the page shows: the meeting's version and the newest event.
    """
    now = timezone.now()
    filters = filters or filters_of(request, meeting)
    bench = workbench_of(request.actor, meeting, filters.chosen(), now)
    log = change_log(meeting, bench.rows) if meeting.status == MeetingStatus.PUBLISHED else ChangeLog()
    _log(request, meeting, bench.patients() | log.patients)
    if outcome:
        keep_step(request, meeting, outcome.step, seen=bench.seen)
    targets = targets_after(meeting, request.actor)
    context = _standing(request, bench, filters.query(), now) | {
        "filters": filters,
        "open": opened_row(request, bench, opened, bound or {}, targets),
        "bulk": (bound or {}).get("bulk") or BulkForm(targets=targets, auto_id="bulk_%s"),
        "refusal": refusal,
        "said": said,
        "answers": bench.answered(outcome.answers) if outcome else (),
        "log": log,
    }
    template = "mdk/parts/workbench.html" if request.htmx else "mdk/workbench.html"
    answer = render(request, template, context, status=_status(bound, refusal))
    answer["X-Version"] = f"{meeting.version}.{bench.seen}"
    return answer


def _standing(request: ActorRequest, bench: Workbench, query: str, now: datetime) -> dict[str, Any]:
    """Return what the page shows of the meeting and of the person's rights, whatever was just done."""
    meeting = bench.meeting
    return {
        "bench": bench,
        "meeting": meeting,
        "query": query,
        "link": f"{reverse('mdk:meeting', args=[meeting.pk])}?{query}{'&' if query else ''}open=",
        "at_most": AT_MOST,
        "can_undo": can_undo(request, meeting),
        "is_round_near": is_round_near(meeting, now),
        "publishing_warning": publishing_warning(meeting, now),
        "may_run": request.actor.can(Permission.RUN_MEETING, series_units(meeting.series)),
        "may_answer": bool(bench.asked) and may_answer(meeting, request.user, now),
    }


def _log(request: ActorRequest, meeting: Meeting, patients: set[int]) -> None:
    units = series_units(meeting.series)
    log_read(request.actor, patients=patients, what="mdk:meeting", action=AccessLog.Action.LIST, unit_ids=units)


def act(
    request: ActorRequest,
    meeting: Meeting,
    form: forms.Form,
    do: Callable[[dict[str, Any]], Outcome | None],
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
            outcome = do(form.cleaned_data)
        except NotAllowed:
            raise
        except Refused as refusal:
            add_refusal(form, refusal)
            fresh = access_meeting(request.actor, meeting.pk)
            return show_workbench(request, fresh, opened=opened, bound={name: form}, refusal=refusal)
        return done(request, meeting, said, outcome or Outcome())
    return show_workbench(request, meeting, opened=opened, bound={name: form})


def done(request: ActorRequest, meeting: Meeting, said: str, outcome: Outcome) -> HttpResponse:
    """Show the workbench as it stands after a change; one that had several answers tells them at once."""
    fresh, said = access_meeting(request.actor, meeting.pk), outcome.said or said
    if request.htmx or outcome.answers:
        return show_workbench(request, fresh, said=said, outcome=outcome)
    keep_step(request, fresh, outcome.step, seen=last_event())
    messages.success(request, said)
    return HttpResponseRedirect(address(request, meeting))


def address(request: ActorRequest, meeting: Meeting) -> str:
    """Return the workbench's address with the filters that the person had chosen."""
    query = filters_of(request, meeting).query()
    return reverse("mdk:meeting", args=[meeting.pk]) + (f"?{query}" if query else "")


def filters_of(request: ActorRequest, meeting: Meeting) -> CandidateFilter:
    """Return the filters of the address, else those that the session keeps for the series; the search is always there."""
    kept: dict[str, str] = request.session.get(FILTERS, {}).get(str(meeting.series_id), {})
    named = {*CandidateFilter.base_fields, "searched"} & set(request.GET)
    if not named:
        return CandidateFilter(kept, auto_id="filter_%s")
    data: QueryDict = request.GET.copy()
    data["q"] = kept.get("q", "") if "searched" in data else ""
    return CandidateFilter(data, auto_id="filter_%s")


def keep_filters(request: ActorRequest, meeting: Meeting, filters: CandidateFilter) -> None:
    """Keep the filters for the series, until the person chooses others or logs out."""
    kept = request.session.get(FILTERS, {})
    request.session[FILTERS] = kept | {str(meeting.series_id): filters.chosen()}


def _status(bound: Forms | None, refusal: Refused | None) -> int:
    if refusal is not None and not isinstance(refusal, Invalid):
        return refusal.status
    return 422 if bound or refusal else 200
