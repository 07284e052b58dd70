"""The API of an agenda: order with a version, breaks, places, late additions, several at once, versions and changes."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AccessLog
from mdk.models import AgendaItem, Meeting, Series
from mdk.services.agenda import order_items, take_off
from tests.domain_factories import House, make_case, make_meeting, place, published_meeting, ready_case
from tests.mdk.planning import MEMBERS, WITHOUT_CASES, Api, person

NOW = timezone.now()
REASON = "Operationstid redan bokad."


@pytest.fixture
def meeting(house: House) -> Meeting:
    """Return a published meeting with three ready cases."""
    return published_meeting(house, 3)


def ids(meeting: Meeting) -> list[int]:
    return list(meeting.items.filter(position__isnull=False).order_by("position").values_list("pk", flat=True))


def test_the_order_by_the_rules(house: House, meeting: Meeting) -> None:
    one, two, three = ids(meeting)
    AgendaItem.objects.filter(pk=three).update(minutes=9)
    answer = Api(house.coordinator).post(f"meetings/{meeting.pk}/order/", by_rules=True)
    assert [item["id"] for item in answer.json()["items"]] == [three, one, two]


def test_an_order_on_top_of_another_is_409_and_names_who(house: House, meeting: Meeting) -> None:
    one, two, three = ids(meeting)
    api = Api(house.coordinator)
    seen = api.get(f"meetings/{meeting.pk}/").json()["version"]
    order_items(meeting.pk, [two, one, three], by=house.chair, now=NOW)
    answer = api.post(f"meetings/{meeting.pk}/order/", items=[three, two, one], version=seen)
    assert (answer.status_code, answer.json()["code"]) == (409, "stale")
    assert answer.json()["changed_by"] == house.chair.name
    assert ids(meeting) == [two, one, three]
    assert api.post(f"meetings/{meeting.pk}/order/").status_code == 400


def test_breaks_by_the_rule_and_by_hand(house: House, meeting: Meeting) -> None:
    Series.objects.filter(pk=meeting.series_id).update(break_after_cases=2, break_minutes=10)
    one, two, _three = ids(meeting)
    api = Api(house.coordinator)
    assert [(one["after"], one["minutes"]) for one in api.get(f"meetings/{meeting.pk}/").json()["breaks"]] == [
        (two, 10)
    ]
    by_hand = api.post(f"meetings/{meeting.pk}/breaks/", breaks=[{"after": one, "minutes": 5}]).json()
    assert [(one["after"], one["minutes"]) for one in by_hand["breaks"]] == [(one, 5)]
    starts = timezone.localtime(meeting.starts_at + timedelta(minutes=11)).isoformat()
    assert by_hand["items"][1]["starts_at"] == starts
    assert api.post(f"meetings/{meeting.pk}/breaks/", breaks=None).json()["breaks"][0]["after"] == two
    for wrong in ({"after": 0, "minutes": 5}, {"after": one}, None):
        assert api.post(f"meetings/{meeting.pk}/breaks/", breaks=[wrong]).status_code == 400


def test_a_place_is_changed(house: House, meeting: Meeting) -> None:
    pk, api = ids(meeting)[0], Api(house.coordinator)
    item = api.patch(f"items/{pk}/", minutes=8, guest="Bo från Umeå").json()
    assert (item["minutes"], item["guest"], item["section"]) == (8, "Bo från Umeå", "not_operated")
    assert api.patch(f"items/{pk}/", level="focused").status_code == 400
    item = api.patch(f"items/{pk}/", level="focused", reason="En fråga.").json()
    assert (item["level"], item["minutes"]) == ("focused", 3)
    assert api.patch(f"items/{pk}/", minutes=61).status_code == 400
    for_all = Meeting.objects.filter(pk=meeting.pk)
    for_all.update(capacity_minutes=15)
    full = api.patch(f"items/{pk}/", minutes=9)
    assert (full.status_code, full.json()["code"]) == (409, "over-capacity")
    assert api.patch(f"items/{pk}/", minutes=9, override_reason=REASON).status_code == 200


def test_a_late_addition_is_asked_for_and_answered(house: House, meeting: Meeting) -> None:
    for_all = Meeting.objects.filter(pk=meeting.pk)
    for_all.update(cutoff_at=NOW - timedelta(hours=1))
    api, case = Api(house.coordinator), ready_case(house)
    assert api.post(f"meetings/{meeting.pk}/items/", case=case.pk).json()["code"] == "after-cutoff"
    asked = api.post(f"meetings/{meeting.pk}/items/", case=case.pk, override_reason=REASON)
    assert (asked.status_code, asked.json()["late"], asked.json()["provisional"]) == (201, "asked", True)
    pk = asked.json()["id"]
    assert api.post(f"items/{pk}/late/", yes=True).status_code == 403
    granted = Api(house.chair).post(f"items/{pk}/late/", yes=True)
    item = next(one for one in granted.json()["items"] if one["id"] == pk)
    assert (item["late"], item["status"]) == ("granted", "planned")
    again = Api(house.chair).post(f"items/{pk}/late/", yes=False)
    assert (again.status_code, again.json()["code"]) == (409, "late-answered")


def test_several_at_once_answer_each(house: House, meeting: Meeting) -> None:
    api, ready, waiting = Api(house.coordinator), ready_case(house), make_case(house)
    taken = ready_case(house)
    place(make_meeting(house), taken, by=house.chair)
    path = f"meetings/{meeting.pk}/bulk/"
    booked = api.post(path, do="book", ids=[ready.pk, waiting.pk, taken.pk]).json()["answers"]
    assert [(one["done"], one["code"]) for one in booked] == [(True, ""), (True, ""), (False, "already-booked")]
    first, second = booked[0]["item"], ids(meeting)[0]
    moved = api.post(path, do="move", ids=[first], before=second)
    assert moved.status_code == 200
    assert ids(meeting)[0] == first
    level = api.post(path, do="level", ids=[first, second], level="focused", reason="En fråga.").json()["answers"]
    assert all(one["done"] for one in level)
    rebooked = api.post(path, do="rebook", ids=[first], rebooking_reason="no_time").json()["answers"]
    assert AgendaItem.objects.get(pk=rebooked[0]["item"]).case_id == ready.pk
    off = api.post(path, do="remove", ids=[second], reason="Avstår.").json()["answers"]
    assert (off[0]["done"], second in ids(meeting)) == (True, False)
    assert api.post(path, do="dance", ids=[1]).status_code == 400


def test_a_case_of_another_hospital_is_not_found_among_several(house: House, meeting: Meeting) -> None:
    from tests.domain_factories import make_house

    other = make_house()
    strange = ready_case(other)
    answer = Api(house.coordinator).post(f"meetings/{meeting.pk}/bulk/", do="book", ids=[strange.pk])
    assert answer.status_code == 404
    item = published_meeting(other, 1).items.get()
    answer = Api(house.coordinator).post(f"meetings/{meeting.pk}/bulk/", do="remove", ids=[item.pk], reason="X")
    assert answer.status_code == 404


def test_versions_and_what_has_changed(house: House, meeting: Meeting) -> None:
    api = Api(house.coordinator)
    one = AgendaItem.objects.get(pk=ids(meeting)[0])
    take_off(one.pk, reason="Patienten avstår", by=house.coordinator, now=NOW)
    shown = api.get(f"meetings/{meeting.pk}/").json()
    assert shown["list_version"] == 1
    assert [(change["kind"], change["case"]) for change in shown["changes"]] == [("taken_off", one.case_id)]
    assert "Patienten avstår" in shown["changes"][0]["sentence"]
    again = api.post(f"meetings/{meeting.pk}/publish/").json()
    assert (again["list_version"], again["changes"]) == (2, [])
    versions = api.get(f"meetings/{meeting.pk}/versions/").json()
    assert [(version["number"], len(version["changes"])) for version in versions] == [(2, 1), (1, 0)]
    log = AccessLog.objects.latest("pk")
    assert (log.what, log.patient_ids) == ("api-versions", [one.case.patient_id])


def test_preparation_by_discipline(house: House, meeting: Meeting) -> None:
    Meeting.objects.filter(pk=meeting.pk).update(prep_radiology_minutes=30)
    prep = Api(house.coordinator).get(f"meetings/{meeting.pk}/").json()["prep"]
    assert prep == {"radiology": {"capacity": 30, "planned": 27}, "pathology": {"capacity": None, "planned": 30}}
    full = Api(house.coordinator).post(f"meetings/{meeting.pk}/items/", case=ready_case(house).pk)
    assert (full.status_code, full.json()["code"], full.json()["of"]) == (409, "over-capacity", "radiology")


@pytest.mark.parametrize("role", WITHOUT_CASES)
def test_without_the_right_to_cases_no_reason_and_no_guest_is_told(house: House, meeting: Meeting, role: str) -> None:
    AgendaItem.objects.filter(meeting=meeting).update(guest="Bo")
    take_off(ids(meeting)[0], reason="Patienten avstår", by=house.coordinator, now=NOW)
    shown = Api(person(house, role)).get(f"meetings/{meeting.pk}/").json()
    assert (shown["list_version"], shown["changes"]) == (1, [])
    assert {item["guest"] for item in shown["items"]} == {""}
    assert Api(person(house, role)).get(f"meetings/{meeting.pk}/versions/").status_code == 403


CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "order": ("meetings/{meeting}/order/", {"by_rules": True}),
    "breaks": ("meetings/{meeting}/breaks/", {"breaks": []}),
    "bulk": ("meetings/{meeting}/bulk/", {"do": "remove", "ids": [0], "reason": "X"}),
    "publish": ("meetings/{meeting}/publish/", {}),
    "late": ("items/{item}/late/", {"yes": True}),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("role", [*MEMBERS, *WITHOUT_CASES, "stranger"])
def test_nobody_else_changes_anything(house: House, meeting: Meeting, call: str, role: str) -> None:
    path, body = CALLS[call]
    before = Meeting.objects.get(pk=meeting.pk).version
    answer = Api(person(house, role)).post(path.format(meeting=meeting.pk, item=ids(meeting)[0]), **body)
    assert answer.status_code == (404 if role == "stranger" else 403)
    assert Meeting.objects.get(pk=meeting.pk).version == before


@pytest.mark.parametrize("role", [*MEMBERS, *WITHOUT_CASES, "stranger"])
def test_nobody_else_changes_a_place(house: House, meeting: Meeting, role: str) -> None:
    answer = Api(person(house, role)).patch(f"items/{ids(meeting)[0]}/", minutes=1)
    assert answer.status_code == (404 if role == "stranger" else 403)
    assert set(meeting.items.values_list("minutes", flat=True)) == {6}
