"""The events of meetings: how each reads in the history, in a notice, and where its link goes."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Event
from events.registry import EventType, register
from mdk.place_events import register_place_events


def _to_case(event: Event) -> str:
    return reverse("cases:case", args=[event.case_id])


def _to_meeting(event: Event) -> str:
    return reverse("mdk:meeting", args=[event.meeting_id])


def _to_series(event: Event) -> str:
    return reverse("mdk:series_one", args=[event.subject_id])


def _to_queue(event: Event) -> str:
    return reverse("mdk:preparation", args=[event.subject_id])


def _day(text: str) -> str:
    return formats.date_format(date.fromisoformat(text), "j b Y")


def _days(data: Mapping[str, Any]) -> dict[str, str]:
    return {name: _day(data[name]) for name in ("first", "last")}


def _quiet(kind: str, label: Callable[[], str]) -> EventType:
    """An event that stands in the history and tells nobody."""
    return EventType(kind, label=label)


def register_event_types() -> None:
    """Declare every event kind of this floor; called once, when Django is ready."""
    register(
        _quiet("series.created", lambda: _("Series created")),
        _quiet("series.changed", lambda: _("Series changed")),
        _quiet("calendar.opened", lambda: _("Calendar address made")),
        _quiet("calendar.revoked", lambda: _("Calendar address revoked")),
        _quiet("meeting.added", lambda: _("Extra meeting added")),
        _quiet("meeting.changed", lambda: _("Capacity or chair changed with the series")),
        _quiet("meeting.restored", lambda: _("Meeting held again")),
        _quiet("meeting.started", lambda: _("Meeting started")),
        _quiet("meeting.closed", lambda: _("Meeting closed")),
        _quiet("meeting.signed", lambda: _("Protocol signed")),
        _quiet("meeting.cancelled", lambda: _("Meeting cancelled")),
        _quiet("meeting.ordered", lambda: _("Agenda put in order")),
        _quiet("meeting.attendance", lambda: _("Attendance recorded")),
        _quiet("item.booked", lambda: _("Given a place on the agenda")),
        _quiet("item.firmed", lambda: _("Provisional place made firm")),
        _quiet("item.parked", lambda: _("Parked")),
        _quiet("outcome.saved", lambda: _("Recommendation written")),
        _quiet("plan.proposed", lambda: _("Agenda proposed")),
        _quiet("plan.accepted", lambda: _("Proposed agenda accepted")),
        _quiet("plan.discarded", lambda: _("Proposed agenda discarded")),
        _quiet("preparation.claimed", lambda: _("Preparation claimed")),
        _quiet("preparation.released", lambda: _("Preparation given back to the queue")),
        _quiet("preparation.started", lambda: _("Preparation begun")),
        _quiet("preparation.completed", lambda: _("Preparation done")),
        _quiet("preparation.accepted", lambda: _("The case accepted for preparation")),
        _quiet("preparation.assigned", lambda: _("Preparation given to a reader")),
        _quiet("preparation.left", lambda: _("Preparation put aside for later")),
    )
    register_place_events()
    _register_meetings()
    _register_cases()
    _register_preparations()
    _register_readers()
    _register_lists()


def _to_roster(event: Event) -> str:
    return reverse("mdk:roster")


def _register_lists() -> None:
    """Declare what happens to a list: changed, published again, added to after the cut-off, not published in time."""
    register(
        _quiet("item.changed", lambda: _("Place on the agenda changed")),
        _quiet("meeting.breaks", lambda: _("Breaks set")),
        EventType(
            "meeting.published",
            label=lambda: _("Agenda published"),
            notice=lambda data: _("The agenda of a meeting of yours is published."),
            link=_to_meeting,
        ),
        EventType(
            "meeting.republished",
            label=lambda: _("Agenda published again"),
            notice=lambda data: _("A published agenda of yours has changed: a new version is out."),
            link=_to_meeting,
        ),
        EventType(
            "meeting.unpublished",
            label=lambda: _("Told that the agenda is not published"),
            notice=lambda data: _(
                "An agenda should be published today, so that its members have it a working day ahead."
            ),
            link=_to_meeting,
        ),
        EventType(
            "item.late_asked",
            label=lambda: _("Late addition asked for"),
            notice=lambda data: _("A late addition to one of your meetings waits for your yes or no."),
            link=_to_meeting,
        ),
        EventType(
            "item.late_added",
            label=lambda: _("Added after the cut-off"),
            notice=lambda data: _("A case was added to a meeting of yours after the cut-off."),
            link=_to_meeting,
        ),
        EventType(
            "item.late_refused",
            label=lambda: _("Late addition refused"),
            notice=lambda data: _("The chair said no to a late addition that you asked for."),
            link=_to_case,
        ),
    )


def _register_readers() -> None:
    """Declare what happens to those who prepare: their weeks, days away and duties."""
    register(
        EventType(
            "capacity.set",
            label=lambda: _("Weekly minutes of preparation set"),
            notice=lambda data: (
                _("From the week of %(from)s you have %(minutes)d minutes a week to prepare in.")
                % {"from": _day(data["from"]), "minutes": int(data["minutes"])}
            ),
            link=_to_roster,
        ),
        EventType(
            "absence.recorded",
            label=lambda: _("Days away recorded"),
            notice=lambda data: _("You were entered as away from %(first)s to %(last)s.") % _days(data),
            link=_to_roster,
        ),
        EventType(
            "absence.removed",
            label=lambda: _("Days away taken back"),
            notice=lambda data: _("You are no longer entered as away from %(first)s to %(last)s.") % _days(data),
            link=_to_roster,
        ),
        EventType(
            "reader.diagnoses",
            label=lambda: _("Diagnoses of a reader changed"),
            notice=lambda data: _("Which diagnoses you read was changed."),
            link=_to_roster,
        ),
        EventType(
            "duty.set",
            label=lambda: _("Readers of the meeting chosen"),
            notice=lambda data: _("You were chosen to prepare for a meeting."),
            link=_to_meeting,
        ),
        EventType(
            "workload.overloaded",
            label=lambda: _("Warned of a week with too much to prepare"),
            notice=lambda data: (
                _("Week %(week)d holds %(over)d minutes more to prepare than one of its readers has time for.")
                % {"week": int(data["week"]), "over": int(data["over"])}
            ),
            link=lambda event: f"{reverse('mdk:workload')}?from={event.data.get('monday', '')}",
        ),
    )


def _register_meetings() -> None:
    """Declare what happens to a meeting or a series as a whole."""
    register(
        EventType(
            "meeting.chair",
            label=lambda: _("Chair chosen"),
            notice=lambda data: _("You are the chair of a meeting."),
            link=_to_meeting,
        ),
        EventType(
            "series.chair",
            label=lambda: _("Chair of the series chosen"),
            notice=lambda data: _("You are the chair of a series of meetings."),
            link=_to_series,
        ),
        EventType(
            "meeting.moved",
            label=lambda: _("Meeting got another day or other hours"),
            notice=lambda data: _("A meeting with one of your cases got another day or other hours."),
            link=_to_meeting,
        ),
    )


def _register_cases() -> None:
    """Declare what happens to a case on its way through meetings, and what its people are reminded of."""
    register(
        EventType(
            "item.lifted",
            label=lambda: _("Lifted from the protocol list"),
            notice=lambda data: _("A case was lifted from the protocol list to discussion."),
            link=_to_meeting,
        ),
        EventType(
            "item.removed",
            label=lambda: _("Taken off the agenda"),
            notice=lambda data: _("One of your cases was taken off an agenda."),
            link=_to_case,
        ),
        EventType(
            "item.rebooked",
            label=lambda: _("Rebooked"),
            notice=lambda data: _("One of your cases was rebooked to another meeting."),
            link=_to_case,
        ),
        EventType(
            "item.deferred",
            label=lambda: _("Deferred without a recommendation"),
            notice=lambda data: _("One of your cases was deferred at the meeting."),
            link=_to_case,
        ),
        EventType(
            "outcome.signed",
            label=lambda: _("Recommendation signed"),
            notice=lambda data: _("There is a signed recommendation for one of your cases."),
            link=_to_case,
        ),
        EventType(
            "outcome.addendum",
            label=lambda: _("Addendum to the recommendation"),
            notice=lambda data: _("An addendum was made to the recommendation for one of your cases."),
            link=_to_case,
        ),
        EventType(
            "case.rebooked_often",
            label=lambda: _("Rebooked for the third time or more"),
            notice=lambda data: _("A case has now been rebooked %(count)d times.") % {"count": int(data["count"])},
            link=_to_meeting,
        ),
        EventType(
            "item.accepted_unready",
            label=lambda: _("Accepted by the chair though not ready"),
            notice=lambda data: _("The chair takes up one of your cases though something is missing."),
            link=_to_case,
        ),
        EventType(
            "reminder.due",
            label=lambda: _("Reminder sent"),
            notice=lambda data: _reminder(int(data["count"])),
            mail=_reminder,
            link=lambda event: reverse("cases:mine"),
        ),
    )


def _register_preparations() -> None:
    """Declare what becomes of preparations that people are told of."""
    register(
        EventType(
            "preparation.reopened",
            label=lambda: _("Preparation opened again: something new came"),
            notice=lambda data: _("Something new came to a case that you have prepared. See what is new."),
            link=_to_queue,
        ),
        EventType(
            "preparation.handed_over",
            label=lambda: _("Preparation handed over"),
            notice=_handed_over,
            link=_to_queue,
        ),
        EventType(
            "meeting.assigned",
            label=lambda: _("Preparations given out"),
            notice=lambda data: _("You have been given cases to prepare for a meeting."),
            link=_to_queue,
        ),
        EventType(
            "preparation.returned",
            label=lambda: _("Preparation sent back"),
            notice=lambda data: _(
                "A preparation of one of your cases was sent back with a reason. See what is missing."
            ),
            link=_to_case,
        ),
    )


def _handed_over(data: Mapping[str, Any]) -> str:
    count = int(data.get("count", 1))
    return ngettext(
        "A preparation was handed over to you.", "%(count)d preparations were handed over to you.", count
    ) % {"count": count}  # fmt: skip


def _reminder(count: int) -> str:
    return ngettext(
        "Something is missing in %(count)d of your cases before its meeting.",
        "Something is missing in %(count)d of your cases before their meetings.",
        count,
    ) % {"count": count}
