"""Two people answer the same plan, or two plans want the same last minutes, at the same moment."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accounts.actor import actor_for
from accounts.models import User
from events.models import Event
from mdk.models import AgendaItem, Meeting, ProposedPlan
from mdk.services.agenda import planned_minutes
from mdk.services.plans import Options, PlanRefused, accept_plan, propose_plan
from tests.concurrency.conftest import at_once, meeting_at
from tests.domain_factories import House, make_meeting, ready_case

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()
Unlock = Callable[[], None]
Patch = pytest.MonkeyPatch


def plan_by(person: User, meeting: Meeting) -> ProposedPlan:
    actor = actor_for(person, timezone.localdate(NOW))
    return propose_plan(meeting, Options(weeks=1, seconds=2), actor=actor, now=NOW)


def accepted_by_two(house: House, monkeypatch: Patch) -> list[Any]:
    meeting, _case = make_meeting(house), ready_case(house)
    plan = plan_by(house.coordinator, meeting)
    with meeting_at(monkeypatch, "mdk.services.plans.record"):
        return at_once(
            lambda: accept_plan(plan.pk, by=house.coordinator, now=NOW),
            lambda: accept_plan(plan.pk, by=house.chair, now=NOW),
        )


def test_without_locks_both_accept_the_plan(house: House, monkeypatch: Patch, without_locks: Unlock) -> None:
    without_locks()
    accepted_by_two(house, monkeypatch)
    assert Event.objects.filter(kind="plan.accepted").count() == 2


def test_one_accepts_the_plan_and_the_other_is_told_who(house: House, monkeypatch: Patch) -> None:
    answers = accepted_by_two(house, monkeypatch)
    refused = [answer for answer in answers if isinstance(answer, PlanRefused)]
    assert len(refused) == 1, answers
    assert refused[0].extra["answered_by"] == ProposedPlan.objects.get().answered_by.name
    assert Event.objects.filter(kind="plan.accepted").count() == 1
    assert AgendaItem.objects.count() == 1


def last_minutes(house: House, monkeypatch: Patch) -> tuple[Meeting, list[Any]]:
    """Accept two plans for the same meeting, which has room for one of the two cases."""
    meeting = make_meeting(house, capacity_minutes=8)
    ready_case(house)
    first = plan_by(house.coordinator, meeting)
    ready_case(house, promised_on=timezone.localdate(NOW))
    second = plan_by(house.chair, meeting)
    with meeting_at(monkeypatch, "mdk.services.agenda.booking.settle_place"):
        answers = at_once(
            lambda: accept_plan(first.pk, by=house.coordinator, now=NOW),
            lambda: accept_plan(second.pk, by=house.chair, now=NOW),
        )
    return meeting, answers


def test_without_locks_the_second_gets_an_error_of_the_database(
    house: House, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    _meeting, answers = last_minutes(house, monkeypatch)
    assert sum(isinstance(answer, DatabaseError) for answer in answers) == 1, answers


def test_two_plans_share_what_there_is_and_the_second_is_told(house: House, monkeypatch: Patch) -> None:
    meeting, answers = last_minutes(house, monkeypatch)
    assert planned_minutes(meeting) <= meeting.capacity_minutes
    codes = sorted(answer["code"] for given in answers for answer in given.values())
    assert codes == ["", "over-capacity"]
