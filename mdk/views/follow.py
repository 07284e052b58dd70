"""The pages of those in the meeting who do not run it: following, and who is there."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access_log import log_read
from accounts.actor import ActorRequest
from accounts.errors import FieldError, Invalid, Refused
from accounts.permissions import Permission
from mdk.access import access_meeting
from mdk.enums import MeetingStatus
from mdk.forms.room import AttendanceFormSet, BaseAttendance
from mdk.models import Meeting
from mdk.queries.attendance import attendance_of, attendance_rows, roster_of
from mdk.queries.live import Screen, running_order, screen_of
from mdk.queries.marks import seen_of
from mdk.services.outcome import record_attendance


@require_safe
def follow_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Show the same as the chair's screen, to read. htmx asks every second with the version that it has.

    An unchanged version is answered with 204, unless answers were marked as discordant, which makes no new version.
    Every case that comes on the screen is one row in the reading
    log: which one was shown last stands in the session, not in the question.
    """
    meeting = access_meeting(request.actor, pk, Permission.VIEW_CASE)
    is_same = request.GET.get("version") == str(meeting.version)
    if request.htmx and is_same and request.GET.get("marks", "") == seen_of(meeting):
        return HttpResponse(status=204)
    screen = screen_of(meeting, timezone.now())
    _log(request, screen)
    template = "mdk/_follow_screen.html" if request.htmx else "mdk/follow.html"
    return render(request, template, {"screen": screen, "meeting": meeting})


def _log(request: ActorRequest, screen: Screen) -> None:
    """Log the whole running order when the page opens, and each further case as it comes up."""
    meeting, key = screen.meeting, f"follow-{screen.meeting.pk}"
    shown = [timezone.localdate().isoformat(), meeting.current_item_id]
    known = request.session.get(key) if request.htmx else None
    if known == shown:
        return
    is_further = known is not None and known[0] == shown[0]
    patients = [screen.current.item.case.patient_id] if is_further and screen.current else screen.patients
    log_read(request.actor, patients=patients, what="mdk:follow")
    request.session[key] = shown


@require_http_methods(["GET", "HEAD", "POST"])
def attendance_page(request: ActorRequest, pk: int) -> HttpResponse:
    """Note who is there: the roster with a tick each, and guests by name. For those who run the meeting."""
    meeting = access_meeting(request.actor, pk, Permission.RUN_MEETING)
    noted = attendance_of(meeting)
    people = roster_of(meeting, [place.item for place in running_order(meeting)], noted)
    rows = attendance_rows(people, noted)
    form = AttendanceFormSet(request.POST or None, initial=rows, people=people, prefix="line")
    if request.method != "POST":
        return _attendance(request, meeting, form)
    if not form.is_valid():
        return _attendance(request, meeting, form, status=422)
    try:
        record_attendance(pk, form.participants(), by=request.user, now=timezone.now())
    except Refused as refusal:
        status = 422 if isinstance(refusal, Invalid) else refusal.status
        return _attendance(request, meeting, form, refusal=refusal, status=status)
    ended = meeting.status in (MeetingStatus.CLOSED, MeetingStatus.SIGNED)
    return redirect("mdk:protocol" if ended else "mdk:live", pk)


def _attendance(
    request: ActorRequest,
    meeting: Meeting,
    form: BaseAttendance,
    *,
    refusal: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    errors: list[FieldError] = list(refusal.errors) if isinstance(refusal, Invalid) else []
    sentence = "" if refusal is None else _("Every person present needs a function.") if errors else refusal.message
    context = {"meeting": meeting, "form": form, "sentence": sentence}
    return render(request, "mdk/attendance.html", context, status=status)
