"""The API of the proposed agenda, as the contract has it."""

import pytest

from accounts.models import AccessLog
from mdk.models import AgendaItem
from tests.domain_factories import House, make_case, make_meeting, ready_case
from tests.mdk.planning import MEMBERS, WITHOUT_CASES, Api, person

pytestmark = pytest.mark.django_db


def test_propose_fills_the_agenda_and_says_why(house: House) -> None:
    meeting = make_meeting(house)
    ready, waiting = ready_case(house), make_case(house)
    answer = Api(house.coordinator).post(f"meetings/{meeting.pk}/propose/", weeks=1)
    assert answer.status_code == 200
    found = answer.json()
    item = AgendaItem.objects.get(case=ready)
    placed = found["placed"][0]
    assert {name: placed[name] for name in ("case", "meeting", "item", "firm")} == {
        "case": ready.pk, "meeting": meeting.pk, "item": item.pk, "firm": True,
    }  # fmt: skip
    assert placed["why"].endswith(".")
    assert [row["case"] for row in found["not_placed"]] == [waiting.pk] or len(found["placed"]) == 2
    assert all(row["why"] for row in found["not_placed"])
    assert found["bound"] <= found["objective"]
    assert (found["proven"], found["state"]) == (True, "accepted")
    assert 0 <= found["gap"] <= 0.02
    assert found["seconds"] < 10
    assert AccessLog.objects.filter(what="api-plan").exists()


def test_dry_run_only_proposes_and_the_plan_is_accepted_in_part(house: House) -> None:
    meeting = make_meeting(house)
    one, two = ready_case(house), ready_case(house)
    api = Api(house.coordinator)
    found = api.post(f"meetings/{meeting.pk}/propose/", dry_run=True, seconds=5).json()
    assert not AgendaItem.objects.exists()
    assert {row["item"] for row in found["placed"]} == {None}
    after = api.post(f"plans/{found['plan']}/accept/", cases=[one.pk]).json()
    assert after["state"] == "partly"
    assert {row["case"]: row["item"] for row in after["placed"]}[two.pk] is None
    assert AgendaItem.objects.get().case == one
    assert api.get(f"plans/{found['plan']}/").json()["state"] == "partly"
    assert Api(house.chair).post(f"plans/{found['plan']}/discard/").status_code == 409


def test_a_place_that_no_longer_holds_is_among_those_not_placed(house: House) -> None:
    meeting = make_meeting(house)
    case = ready_case(house)
    api = Api(house.coordinator)
    found = api.post(f"meetings/{meeting.pk}/propose/", dry_run=True).json()
    Api(house.chair).post(f"meetings/{make_meeting(house).pk}/items/", case=case.pk)
    after = api.post(f"plans/{found['plan']}/accept/").json()
    assert after["placed"] == []
    assert "Olof Ordförande" in after["not_placed"][0]["why"]


@pytest.mark.parametrize(
    "given", [{"weeks": 0}, {"weeks": 27}, {"seconds": 61}, {"series": [987654]}, {"series": "alla"}]
)
def test_a_wrong_option_is_named(house: House, given: dict[str, object]) -> None:
    meeting = make_meeting(house)
    answer = Api(house.coordinator).post(f"meetings/{meeting.pk}/propose/", **given)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].startswith(next(iter(given)))


@pytest.mark.parametrize("role", [*MEMBERS, *WITHOUT_CASES])
def test_others_may_not(house: House, role: str) -> None:
    meeting = make_meeting(house)
    ready_case(house)
    assert Api(person(house, role)).post(f"meetings/{meeting.pk}/propose/").status_code == 403
    assert not AgendaItem.objects.exists()


def test_a_stranger_finds_nothing(house: House) -> None:
    meeting = make_meeting(house)
    found = Api(house.coordinator).post(f"meetings/{meeting.pk}/propose/", dry_run=True).json()
    stranger = Api(house.stranger)
    assert stranger.post(f"meetings/{meeting.pk}/propose/").status_code == 404
    assert stranger.get(f"plans/{found['plan']}/").status_code == 404
    assert stranger.post(f"plans/{found['plan']}/accept/").status_code == 404
