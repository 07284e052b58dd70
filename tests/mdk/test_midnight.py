"""A clock that passes midnight: list, API, agenda, reminder and booking gate say the same before and after."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from cases.models import Case
from cases.tasks import refresh_readiness
from mdk.models import Meeting
from mdk.services.live import start_meeting
from mdk.services.publishing import publish_meeting
from mdk.services.reminders import remind_owners
from tests.domain_factories import House, make_meeting, place, ready_case
from tests.mdk.planning import Api, page

pytestmark = pytest.mark.django_db


def midnight(case: Case) -> datetime:
    """Return the midnight, in Swedish time, at which the first answer of the case has grown too old."""
    day = case.readiness_changes_on
    assert day
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_current_timezone())


def said_of(house: House, case: Case) -> set[str]:
    """Return what the list of cases, the case in the API and the list in the API say at the travelled hour."""
    api = Api(house.coordinator)
    one = api.get(f"cases/{case.pk}/").json()["readiness"]["state"]
    listed = {row["id"]: row["readiness"]["state"] for row in api.get("cases/").json()["results"]}[case.pk]
    filtered = {
        state
        for state in ("ready", "not_ready", "needs_approval")
        if f"/cases/{case.pk}/" in page(house.coordinator).get(f"/cases/?readiness={state}").text
    }
    return {one, listed} | filtered


def test_before_midnight_all_say_ready_and_the_gate_opens(house: House) -> None:
    case = ready_case(house)
    with time_machine.travel(midnight(case) - timedelta(minutes=1), tick=False):
        meeting = make_meeting(house)
        assert refresh_readiness() == 0
        assert said_of(house, case) == {"ready"}
        assert remind_owners(timezone.now()) == 0
        assert Api(house.coordinator).post(f"meetings/{meeting.pk}/items/", case=case.pk).status_code == 201


def test_after_midnight_the_task_turns_all_at_once(house: House) -> None:
    case = ready_case(house)
    with time_machine.travel(midnight(case) + timedelta(seconds=1), tick=False):
        make_meeting(house)
        assert said_of(house, case) == {"ready"}
        assert refresh_readiness() == 1
        assert said_of(house, case) == {"not_ready"}


def test_before_the_task_a_refused_booking_leaves_the_lists_as_the_gate_saw_them(house: House) -> None:
    case = ready_case(house)
    with time_machine.travel(midnight(case) + timedelta(seconds=1), tick=False):
        meeting = make_meeting(house)
        refusal = Api(house.coordinator).post(f"meetings/{meeting.pk}/items/", case=case.pk)
        assert (refusal.status_code, refusal.json()["code"]) == (409, "not-ready")
        assert said_of(house, case) == {"not_ready"}
        assert refresh_readiness() == 0


def test_before_the_task_a_reminder_speaks_of_what_the_lists_then_show(house: House) -> None:
    case = ready_case(house)
    with time_machine.travel(midnight(case) + timedelta(seconds=1), tick=False):
        make_meeting(house)
        assert remind_owners(timezone.now()) == 1
        assert said_of(house, case) == {"not_ready"}


@pytest.mark.parametrize("action", ["publish", "start"])
def test_an_agenda_is_published_and_begun_on_what_is_true_that_day(house: House, action: str) -> None:
    case = ready_case(house)
    before = midnight(case) - timedelta(days=1)
    meeting = make_meeting(house, now=before)
    place(meeting, case, by=house.coordinator, now=before)
    if action == "start":
        publish_meeting(meeting.pk, by=house.coordinator, now=before)
    with time_machine.travel(midnight(case) + timedelta(seconds=1), tick=False):
        if action == "publish":
            publish_meeting(meeting.pk, by=house.coordinator, now=timezone.now())
        else:
            start_meeting(meeting.pk, by=house.chair, now=timezone.now(), confirm_early=True)
        assert said_of(house, case) == {"not_ready"}
        assert agenda_says(house, meeting) == ["not_ready"]


def agenda_says(house: House, meeting: Meeting) -> list[str]:
    """Return the readiness of the items of the meeting in the API."""
    return [item["readiness"] for item in Api(house.coordinator).get(f"meetings/{meeting.pk}/").json()["items"]]
