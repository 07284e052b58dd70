"""The roster: readers' minutes a week, days away, what they read, and who is on duty. Each change is one form."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import require
from accounts.actor import ActorRequest
from accounts.errors import Refused
from accounts.forms import add_refusal
from accounts.numbers import whole_number
from accounts.permissions import Permission
from mdk.access import access_meeting, access_reader
from mdk.forms.roster import AbsenceForm, CapacityForm, DutyForm, ReadsForm
from mdk.queries.roster import (
    DutyRow,
    ReaderRow,
    absence_of,
    diagnosis_choices,
    duty_choices,
    duty_of,
    duty_rows,
    roster_readers,
)
from mdk.services.roster import record_absence, remove_absence, set_capacity, set_duty, set_reads

MANAGE = Permission.MANAGE_ROSTER


@require_safe
def roster_page(request: ActorRequest) -> HttpResponse:
    """Show the readers and the coming meetings; `?reader=` or `?meeting=` opens one of them to be changed."""
    require(request.actor, Permission.VIEW_WORKLOAD)
    reader, meeting = (whole_number(request.GET.get(kind, "")) for kind in ("reader", "meeting"))
    return _show(request, reader=reader, meeting=meeting)


@require_POST
def capacity_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Give a reader other minutes from a week on."""
    reader = access_reader(request.actor, pk, timezone.localdate())
    form = CapacityForm(request.POST, prefix="capacity")

    def change(values: dict[str, Any]) -> None:
        set_capacity(reader.pk, by=request.user, now=timezone.now(), **values)

    said = _("The minutes a week of %(name)s are set.") % {"name": reader.name}
    return _act(request, form, change, said=said, reader=pk)


@require_POST
def absence_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Record days on which a reader is away: their own, or those of one whose roster the person plans."""
    reader = access_reader(request.actor, pk, timezone.localdate(), is_own_enough=True)
    form = AbsenceForm(request.POST, prefix="absence")

    def change(values: dict[str, Any]) -> None:
        record_absence(reader.pk, by=request.user, now=timezone.now(), **values)

    return _act(
        request, form, change, said=_("The days away of %(name)s are recorded.") % {"name": reader.name}, reader=pk
    )


@require_POST
def absence_removed_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Take days away back."""
    absence = absence_of(pk)
    if absence is None:
        raise Http404
    access_reader(request.actor, absence.reader_id, timezone.localdate(), is_own_enough=True)
    remove_absence(pk, by=request.user, now=timezone.now())
    messages.success(request, _("The days are taken back."))
    return _back("reader", absence.reader_id)


@require_POST
def reads_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Say which diagnoses a reader reads."""
    reader = access_reader(request.actor, pk, timezone.localdate())
    form = ReadsForm(request.POST, choices=diagnosis_choices(), prefix="reads")

    def change(values: dict[str, Any]) -> None:
        set_reads(reader.pk, by=request.user, now=timezone.now(), **values)

    return _act(request, form, change, said=_("What %(name)s reads is set.") % {"name": reader.name}, reader=pk)


@require_POST
def duty_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Say who is on duty for a meeting."""
    meeting = access_meeting(request.actor, pk, MANAGE)
    form = DutyForm(request.POST, choices=duty_choices(meeting), prefix="duty")

    def change(values: dict[str, Any]) -> None:
        set_duty(pk, readers=form.readers(), by=request.user, now=timezone.now())

    return _act(request, form, change, said=_("The readers of the meeting are set."), meeting=pk)


def _act(
    request: ActorRequest,
    form: forms.Form,
    change: Callable[[dict[str, Any]], None],
    *,
    said: str,
    reader: int | None = None,
    meeting: int | None = None,
) -> HttpResponse:
    """Change by a form and go back to the opened row; 422 with the form when something is wrong."""
    if form.is_valid():
        try:
            change(form.cleaned_data)
        except Refused as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, said)
            return _back("reader", reader) if reader else _back("meeting", meeting)
    return _show(request, reader=reader, meeting=meeting, wrong=form)


def _back(kind: str, pk: int | None) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('mdk:roster')}?{kind}={pk}#{kind}-{pk}")


def _show(
    request: ActorRequest, *, reader: int | None = None, meeting: int | None = None, wrong: forms.Form | None = None
) -> HttpResponse:
    """Render the page with one row opened, if the person may change it; 422 when its form was wrong."""
    today = timezone.localdate()
    readers, duties = roster_readers(request.actor, today), duty_rows(request.actor, today)
    opened: dict[str, forms.Form] = {}
    if row := next((row for row in readers if row.reader.pk == reader), None):
        opened = _reader_forms(row)
    elif duty := next((row for row in duties if row.meeting.pk == meeting and row.may_change), None):
        opened = {"duty": _duty_form(duty)}
    if wrong and wrong.prefix:
        opened[wrong.prefix] = wrong
    context = {
        "readers": readers,
        "duties": duties,
        "opened_reader": reader,
        "opened_meeting": meeting,
        "forms": opened,
        "wrong": wrong,
        "may_plan": request.actor.can(MANAGE),
    }
    return render(request, "mdk/roster.html", context, status=422 if wrong else 200)


def _reader_forms(row: ReaderRow) -> dict[str, forms.Form]:
    """Return the forms of an opened reader: days away, and for those who plan the roster minutes and diagnoses."""
    found: dict[str, forms.Form] = {"absence": AbsenceForm(prefix="absence")}
    if row.may_change:
        weekly = {"weekly_minutes": row.weekly and row.weekly.weekly_minutes, "from_on": row.week.monday}
        found["capacity"] = CapacityForm(prefix="capacity", initial=weekly)
        reads = {"diagnoses": [diagnosis.pk for diagnosis in row.reads]}
        found["reads"] = ReadsForm(prefix="reads", initial=reads, choices=diagnosis_choices())
    return found


def _duty_form(row: DutyRow) -> DutyForm:
    return DutyForm(prefix="duty", initial=duty_of(row.meeting), choices=duty_choices(row.meeting))
