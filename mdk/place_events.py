"""The events of provisional dates and of the round at the cut-off: how each reads, and where its link goes."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _

from events.models import Event
from events.registry import EventType, register
from mdk.enums import MoveReason


def register_place_events() -> None:
    """Declare the kinds; called once, when Django is ready."""
    register(
        EventType("place.given", label=lambda: _("Given a provisional date by the forecast")),
        EventType(
            "place.moved", label=lambda: _("Provisional date moved"), notice=_moved, link=_to_case,
        ),
        EventType(
            "promise.at_risk", label=lambda: _("The promised date is in danger"), notice=_at_risk, link=_to_case,
        ),
        EventType("promise.safe", label=lambda: _("The promised date is expected to be kept again")),
        EventType("meeting.firmed", label=lambda: _("Places of the cut-off confirmed")),
    )  # fmt: skip


def _to_case(event: Event) -> str:
    return reverse("cases:case", args=[event.case_id])


def _moved(data: Mapping[str, Any]) -> str:
    """Return the sentence of a move: from which day to which, and why."""
    reason = MoveReason(data["move"]).label
    if not data["to_on"]:
        return _("The provisional date of one of your cases, %(from)s, falls away: no coming meeting is likely.") % {
            "from": _day(data["from_on"])
        }
    return _("The provisional date of one of your cases moved from %(from)s to %(to)s: %(reason)s.") % {
        "from": _day(data["from_on"]),
        "to": _day(data["to_on"]),
        "reason": str(reason).lower(),
    }


def _at_risk(data: Mapping[str, Any]) -> str:
    if not data["expected_on"]:
        return _("The date promised to one of your patients, %(promised)s, is in danger: no meeting is likely yet.") % {
            "promised": _day(data["promised_on"])
        }
    return _(
        "The date promised to one of your patients, %(promised)s, is in danger: the case is expected at the meeting %(expected)s."
    ) % {"promised": _day(data["promised_on"]), "expected": _day(data["expected_on"])}


def _day(text: str) -> str:
    return formats.date_format(date.fromisoformat(text), "D j b")
