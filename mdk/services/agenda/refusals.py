"""Why a case does not get a place, and what a meeting has room for."""

from datetime import datetime

from django.db.models import Sum
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.errors import Refused
from cases.enums import CaseStatus, ReadinessState
from cases.models import Case
from cases.readiness.store import readiness_of, store_readiness
from checklists.enums import Discipline, LevelCode
from mdk.enums import FIRM_ITEMS, PLANNABLE
from mdk.models import AgendaItem, Meeting
from mdk.queries.capacity import planned_for
from mdk.services.carrying import minutes_needed
from mdk.transitions import lock_meeting

FINAL = ("meeting-status", "case-status")


class BookingRefused(Refused):
    """The case cannot have the place; `code` says why.

    not-ready, over-capacity, after-cutoff and wrong-series give way to a reason by one who may override;
    already-booked, case-status and meeting-status do not.
    """

    code = "booking-refused"


def booking_refusal(
    meeting: Meeting,
    case: Case,
    level: str,
    minutes: int,
    *,
    provisional: bool,
    now: datetime,
    in_round: bool = False,
) -> BookingRefused | None:
    """Return the gravest reason against the place, or None. Those of `FINAL` give way to nobody.

    What the round of the cut-off gives (`in_round`) is never late.
    """
    refusal = _wrong_place(meeting, case)
    if refusal or provisional:
        return refusal
    return (
        _not_ready(case, level, now)
        or (_after_cutoff(meeting) if is_late(meeting, now) and not in_round else None)
        or over_capacity(meeting, minutes)
        or _over_preparation(meeting, case, level, now)
    )


def is_late(meeting: Meeting, now: datetime) -> bool:
    """Whether a place that is given now comes after the cut-off."""
    return now > meeting.cutoff_at


def planned_minutes(meeting: Meeting) -> int:
    """Return the minutes of the firm items on the agenda."""
    return meeting.items.filter(status__in=FIRM_ITEMS).aggregate(total=Sum("minutes"))["total"] or 0


def over_capacity(meeting: Meeting, more: int) -> BookingRefused | None:
    """Return the refusal of `more` minutes of discussion than the meeting has left, or None."""
    planned = planned_minutes(meeting)
    if planned + more <= meeting.capacity_minutes:
        return None
    return BookingRefused(
        _("The meeting is full: %(planned)d of %(capacity)d minutes are planned. Choose another, or give a reason.")
        % {"planned": planned, "capacity": meeting.capacity_minutes},
        code="over-capacity",
    )


def already_booked(item: AgendaItem) -> BookingRefused:
    """Return the refusal of a case that has a place, naming who booked it where."""
    who = item.added_by.name if item.added_by else _("the system")
    at = timezone.localtime(item.meeting.starts_at).strftime("%Y-%m-%d %H:%M")
    return BookingRefused(
        _("%(who)s has booked the case on %(series)s %(at)s. Rebook it from there.")
        % {"who": who, "series": item.meeting.series.name, "at": at},
        code="already-booked",
        extra={"item": item.pk, "meeting": item.meeting_id, "booked_by": who},
    )


def not_on_agenda() -> BookingRefused:
    """Return the refusal of what is asked for an item that has left its agenda."""
    return BookingRefused(_("The case is no longer on this agenda."), code="not-on-agenda")


def lock_for_planning(meeting_id: int) -> Meeting:
    """Return the meeting, locked; BookingRefused `meeting-status` when its agenda can no longer be changed."""
    meeting = lock_meeting(meeting_id)
    if meeting.status not in PLANNABLE:
        status = meeting.get_status_display().lower()
        raise BookingRefused(
            _("The meeting is %(status)s, so its agenda stays as it is.") % {"status": status}, code="meeting-status"
        )
    return meeting


def _wrong_place(meeting: Meeting, case: Case) -> BookingRefused | None:
    if meeting.status not in PLANNABLE:
        status = meeting.get_status_display().lower()
        return BookingRefused(
            _("The meeting is %(status)s; choose another.") % {"status": status}, code="meeting-status"
        )
    if case.status != CaseStatus.REFERRED:
        status = case.get_status_display().lower()
        return BookingRefused(
            _("The case is %(status)s and cannot be booked.") % {"status": status}, code="case-status"
        )
    if not meeting.series.diagnoses.filter(pk=case.diagnosis_id).exists():
        return BookingRefused(
            _("This conference does not take the diagnosis. Choose another, or give a reason."), code="wrong-series"
        )
    return None


def _not_ready(case: Case, level: str, now: datetime) -> BookingRefused | None:
    readiness = store_readiness(case, now)
    if level != case.level:
        readiness = readiness_of(case, timezone.localdate(now), level=level)
    if level == LevelCode.PROTOCOL or readiness.state == ReadinessState.READY:
        return None
    count = len([f for f in readiness.findings if f.severity != "warning"])
    return BookingRefused(
        ngettext(
            "The case is not ready: %(count)d finding. Mend it, book it provisionally, or give a reason.",
            "The case is not ready: %(count)d findings. Mend them, book it provisionally, or give a reason.",
            count,
        )
        % {"count": count},
        code="not-ready",
        extra={"findings": [f.code for f in readiness.findings]},
    )


def _after_cutoff(meeting: Meeting) -> BookingRefused:
    at = formats.date_format(timezone.localtime(meeting.cutoff_at), "D j b H:i")
    return BookingRefused(
        _("The cut-off was %(at)s. A late addition takes a reason and the chair's yes.") % {"at": at},
        code="after-cutoff",
    )


def _over_preparation(meeting: Meeting, case: Case, level: str, now: datetime) -> BookingRefused | None:
    """Refuse what takes more preparation than the meeting states for a discipline; one that it does not state holds all."""
    if all(limit is None for limit in meeting.prep_limits.values()):
        return None
    planned, more = planned_preparation(meeting), minutes_needed(case, level)
    for discipline, limit in meeting.prep_limits.items():
        has, needs = planned[discipline], more.get(discipline, 0)
        if limit is not None and needs and has + needs > limit:
            return BookingRefused(
                _("%(discipline)s is full: %(planned)d of %(capacity)d minutes of preparation are planned, and the case takes %(more)d.")
                % {"discipline": Discipline(discipline).label, "planned": has, "capacity": limit, "more": needs},
                code="over-capacity",
                extra={"of": discipline},
            )  # fmt: skip
    return None


def planned_preparation(meeting: Meeting) -> dict[str, int]:
    """Return the minutes of preparation that the meeting holds, by discipline; one query."""
    planned = planned_for([meeting.pk])
    return {discipline: planned[meeting.pk, discipline] for discipline in Discipline.values}
