"""The proposed agenda against the database: what is gathered, what is accepted, and what no longer holds."""

import pytest
from django.utils import timezone

from accounts.actor import actor_for
from accounts.models import User
from mdk.enums import ItemStatus, PlanState
from mdk.models import AgendaItem, Meeting, ProposedPlan
from mdk.services.plans import Options, accept_plan, propose_plan
from tests.domain_factories import House, make_case, make_meeting, ready_case

pytestmark = pytest.mark.django_db


def proposed(house: House, meeting: Meeting, by: User | None = None, **options: object) -> ProposedPlan:
    """Return a plan from `meeting` on."""
    actor = actor_for(by or house.coordinator, timezone.localdate())
    return propose_plan(meeting, Options(**options), actor=actor, now=timezone.now())  # type: ignore[arg-type]


def why_of(plan: ProposedPlan, case: int) -> dict[str, object]:
    """Return why a case has no place."""
    return next(entry["why"] for entry in plan.content["not_placed"] if entry["case"] == case)


def test_ready_cases_get_firm_places_and_likely_ones_provisional_places(house: House) -> None:
    meeting = make_meeting(house)
    ready, waiting = ready_case(house), make_case(house)
    plan = proposed(house, meeting, weeks=8)
    entries = {entry["case"]: entry for entry in plan.content["placed"]}
    assert entries[ready.pk]["meeting"] == meeting.pk
    assert entries[ready.pk]["firm"]
    assert not entries[waiting.pk]["firm"]
    answers = accept_plan(plan.pk, by=house.coordinator, now=timezone.now())
    assert answers[ready.pk]["firm"]
    item = AgendaItem.objects.get(case=waiting)
    assert (item.status, item.added_by) == (ItemStatus.PROVISIONAL, None)
    assert item.probability is not None
    assert item.probability >= 0.85
    plan.refresh_from_db()
    assert plan.state == PlanState.ACCEPTED
