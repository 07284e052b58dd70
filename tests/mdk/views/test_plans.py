"""The pages of the proposed agenda: asked for, read, accepted whole or in part, put aside."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actor import actor_for
from accounts.models import AccessLog
from cases.models import Case, Patient
from mdk.enums import PlanState
from mdk.models import AgendaItem, Meeting, ProposedPlan
from mdk.services.plans import Options, propose_plan
from tests.domain_factories import House, make_case, make_meeting, ready_case
from tests.mdk.planning import MEMBERS, PLANNERS, WITHOUT_CASES, page, person

pytestmark = pytest.mark.django_db


def plan_of(house: House, meeting: Meeting) -> ProposedPlan:
    actor = actor_for(house.coordinator, timezone.localdate())
    return propose_plan(meeting, Options(), actor=actor, now=timezone.now())


def test_ask_read_and_accept_without_script(house: House) -> None:
    meeting, case = make_meeting(house), ready_case(house)
    client = page(house.coordinator)
    assert client.get(f"/meetings/{meeting.pk}/propose/").status_code == 200
    answer = client.post(f"/meetings/{meeting.pk}/propose/", {"weeks": 4, "seconds": 5})
    plan = ProposedPlan.objects.get()
    assert answer.url == f"/plans/{plan.pk}/"
    shown = client.get(answer.url).content.decode()
    assert case.clinical_question[:40] in shown
    assert f'value="{case.pk}"' in shown
    assert client.post(f"/plans/{plan.pk}/accept/", {"case": [case.pk]}).url == answer.url
    assert AgendaItem.objects.get(case=case).meeting == meeting
    assert f'value="{case.pk}"' not in client.get(answer.url).content.decode()


def test_a_wrong_number_of_weeks_stands_by_its_field(house: House) -> None:
    meeting = make_meeting(house)
    answer = page(house.coordinator).post(f"/meetings/{meeting.pk}/propose/", {"weeks": 99, "seconds": 5})
    assert answer.status_code == 422
    assert not ProposedPlan.objects.exists()


def test_nothing_chosen_gives_nothing(house: House) -> None:
    meeting, _case = make_meeting(house), ready_case(house)
    plan = plan_of(house, meeting)
    client = page(house.coordinator)
    assert client.post(f"/plans/{plan.pk}/accept/").status_code == 302
    plan.refresh_from_db()
    assert plan.state == PlanState.PROPOSED
    assert not AgendaItem.objects.exists()


def test_put_aside_and_a_second_answer_by_another(house: House) -> None:
    meeting, _case = make_meeting(house), ready_case(house)
    plan = plan_of(house, meeting)
    assert page(house.coordinator).post(f"/plans/{plan.pk}/discard/").url == f"/meetings/{meeting.pk}/"
    answer = page(house.chair).post(f"/plans/{plan.pk}/accept/", {"all": "1"})
    assert answer.status_code == 409
    assert "Karin Koordinator" in answer.content.decode()


@pytest.mark.parametrize("role", PLANNERS)
def test_who_plans_may(house: House, role: str) -> None:
    meeting, _case = make_meeting(house), ready_case(house)
    client = page(person(house, role))
    plan = plan_of(house, meeting)
    assert client.get(f"/meetings/{meeting.pk}/propose/").status_code == 200
    assert client.get(f"/plans/{plan.pk}/").status_code == 200
    assert client.post(f"/plans/{plan.pk}/accept/", {"all": "1"}).status_code == 302


@pytest.mark.parametrize("role", [*MEMBERS, *WITHOUT_CASES])
def test_others_may_not_and_nothing_changes(house: House, role: str) -> None:
    meeting, _case = make_meeting(house), ready_case(house)
    client = page(person(house, role))
    plan = plan_of(house, meeting)
    assert client.post(f"/meetings/{meeting.pk}/propose/", {"weeks": 4, "seconds": 5}).status_code == 403
    assert client.get(f"/plans/{plan.pk}/").status_code == 403
    assert client.post(f"/plans/{plan.pk}/accept/", {"all": "1"}).status_code == 403
    assert client.post(f"/plans/{plan.pk}/discard/").status_code == 403
    plan.refresh_from_db()
    assert plan.state == PlanState.PROPOSED
    assert ProposedPlan.objects.count() == 1
    assert not AgendaItem.objects.exists()


def test_a_stranger_finds_nothing(house: House) -> None:
    meeting, _case = make_meeting(house), ready_case(house)
    client, plan = page(house.stranger), plan_of(house, meeting)
    for address in (f"/meetings/{meeting.pk}/propose/", f"/plans/{plan.pk}/"):
        assert client.get(address).status_code == 404
    for address in ("accept", "discard"):
        assert client.post(f"/plans/{plan.pk}/{address}/", {"all": "1"}).status_code == 404
        assert client.get(f"/plans/{plan.pk}/{address}/").status_code in (404, 405)


def test_the_reading_is_logged_and_a_protected_identity_hidden(house: House) -> None:
    meeting, case = make_meeting(house), ready_case(house)
    Patient.objects.filter(pk=case.patient_id).update(is_protected=True)
    plan = plan_of(house, meeting)
    shown = page(house.coordinator).get(f"/plans/{plan.pk}/").content.decode()
    row = AccessLog.objects.get(what="mdk:plan")
    assert row.patient_ids == [case.patient_id]
    patient = Case.objects.select_related("patient").get(pk=case.pk).patient
    assert patient.identity_value not in shown
    assert patient.name not in shown


def test_the_list_takes_the_same_queries_for_one_case_and_for_three(house: House) -> None:
    meeting = make_meeting(house)
    ready_case(house)
    client = page(house.coordinator)

    def queries(**_kwargs: Any) -> int:
        plan = plan_of(house, meeting)
        with CaptureQueriesContext(connection) as caught:
            client.get(f"/plans/{plan.pk}/")
        return len(caught)

    queries()
    one = queries()
    ready_case(house)
    make_case(house)
    assert queries() == one
