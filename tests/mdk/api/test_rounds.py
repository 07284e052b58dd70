"""The API of the round at the cut-off."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AccessLog
from mdk.models import AgendaItem, Meeting
from tests.domain_factories import House, make_case, make_meeting, place, ready_case
from tests.mdk.planning import MEMBERS, PLANNERS, Api, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(house: House) -> Meeting:
    """Return a planned meeting with a ready and an unready provisional case."""
    meeting = make_meeting(house)
    for case in (ready_case(house), make_case(house)):
        place(meeting, case, by=house.coordinator, provisional=True)
    return meeting


def firm(api: Api, meeting: Meeting, **given: Any) -> Any:
    return api.post(f"meetings/{meeting.pk}/firm/", **given)


def test_a_dry_run_proposes_and_changes_nothing(house: House, meeting: Meeting) -> None:
    ready, unready = meeting.items.order_by("position").values_list("case_id", flat=True)
    answer = firm(Api(house.coordinator), meeting, dry_run=True)
    document = answer.json()
    assert answer.status_code == 200
    assert [one["case"] for one in document["firmed"]] == [ready]
    assert [one["case"] for one in document["moved"]] == [unready]
    assert document["moved"][0]["meeting"] != meeting.pk
    assert 0 < document["moved"][0]["probability"] <= 1
    assert set(document["why"]) == {str(ready), str(unready)}
    assert (document["confirmed_by"], document["confirmed_at"]) == ("", None)
    assert not AgendaItem.objects.filter(status="planned").exists()


def test_confirmed_it_says_the_same_to_the_same_and_who_it_was_to_another(house: House, meeting: Meeting) -> None:
    first = firm(Api(house.coordinator), meeting).json()
    assert [one["code"] for one in first["firmed"]] == ["ready"]
    assert AgendaItem.objects.filter(meeting=meeting, status="planned").count() == 1
    assert firm(Api(house.coordinator), meeting).json() == first
    other = firm(Api(house.chair), meeting)
    assert other.status_code == 409
    assert other.json()["code"] == "round-confirmed"
    assert house.coordinator.name in other.json()["detail"]
    assert firm(Api(house.chair), meeting, dry_run=True).json()["confirmed_by"] == house.coordinator.name


def test_only_some_cases(house: House, meeting: Meeting) -> None:
    document = firm(Api(house.coordinator), meeting, cases=[]).json()
    assert document["firmed"] == []
    assert {one["code"] for one in document["moved"]} == {"not-chosen", "not-ready"}


def test_the_next_meeting_of_the_case_counts_the_move(house: House, meeting: Meeting) -> None:
    unready = meeting.items.order_by("-position")[0].case_id
    firm(Api(house.coordinator), meeting)
    held = Api(house.coordinator).get(f"cases/{unready}/").json()["next_meeting"]
    assert (held["firm"], held["moves"], held["rebookings"], held["can_be_firm"]) == (False, 1, 0, False)
    assert timezone.datetime.fromisoformat(held["starts_at"]) > meeting.starts_at  # type: ignore[attr-defined]


@pytest.mark.parametrize("who", PLANNERS)
def test_planners_may(house: House, meeting: Meeting, who: str) -> None:
    assert firm(Api(person(house, who)), meeting).status_code == 200


@pytest.mark.parametrize("who", [*MEMBERS, "manager", "admin"])
def test_others_may_not(house: House, meeting: Meeting, who: str) -> None:
    for given in ({}, {"dry_run": True}):
        assert firm(Api(person(house, who)), meeting, **given).status_code == 403
    assert not AgendaItem.objects.filter(status="planned").exists()


def test_a_stranger_finds_nothing(house: House, meeting: Meeting) -> None:
    assert firm(Api(house.stranger), meeting).status_code == 404


def test_wrong_input(house: House, meeting: Meeting) -> None:
    assert firm(Api(house.coordinator), meeting, cases=["x"]).status_code == 400


def test_no_patient_is_in_the_answer_and_none_is_logged(house: House, meeting: Meeting) -> None:
    answer = firm(Api(house.coordinator), meeting, dry_run=True)
    for item in meeting.items.select_related("case__patient"):
        assert item.case.patient.name not in answer.content.decode()
    assert not AccessLog.objects.exists()
