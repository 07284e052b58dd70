"""The API of series, rebookings and workload."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from cases.services.editing import withdraw_case
from mdk.models import Series
from mdk.queries.capacity import monday_of, reader_weeks
from mdk.services.agenda import take_off
from mdk.services.preparation import claim, complete
from mdk.services.rebooking import rebook_item
from mdk.services.roster import set_capacity
from tests.domain_factories import House, make_diagnosis, make_series, published_meeting
from tests.mdk.planning import MEMBERS, Api, person


def given(house: House, **changed: Any) -> dict[str, Any]:
    """Return a complete series."""
    make_diagnosis()
    return {
        "name": "Kolorektal MDK",
        "unit": house.hospital.name,
        "diagnoses": ["colorectal"],
        "rrule": "FREQ=WEEKLY;BYDAY=TH",
        "starts_on": "2026-11-26",
        "starts_time": "08:15",
        "minutes": 135,
        "capacity_minutes": 120,
        "prep_capacity_minutes": 240,
        "cutoff_days": 1,
        "cutoff_time": "12:00",
        "chair": house.chair.email,
        "participating_units": [house.radiology.name, str(house.pathology.pk)],
        "readers": [house.radiologist.email],
    } | changed


def test_a_series_is_made_with_its_meetings_and_listed(house: House) -> None:
    answer = Api(house.coordinator).post("series/", **given(house))
    assert answer.status_code == 201
    made = answer.json()
    assert (made["unit"], made["diagnoses"], made["chair"]) == (house.hospital.name, ["colorectal"], house.chair.email)
    assert set(made["participating_units"]) == {house.radiology.name, house.pathology.name}
    assert (made["starts_time"], made["readers"]) == ("08:15", [house.radiologist.email])
    assert Api(house.clinician).get("series/").json()["results"] == [made]
    assert Api(house.coordinator).get("meetings/", series=made["id"]).json()["count"] > 5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("unit", "Ingen enhet"),
        ("diagnoses", ["nonsense"]),
        ("diagnoses", []),
        ("rrule", "varje torsdag"),
        ("chair", "nobody@test.example"),
        ("participating_units", ["Ingen enhet"]),
        ("readers", ["nobody@test.example"]),
        ("starts_on", "x"),
        ("minutes", 1),
        ("capacity_minutes", 0),
        ("name", ""),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_made(house: House, field: str, value: object) -> None:
    answer = Api(house.coordinator).post("series/", **given(house, **{field: value}))
    assert answer.status_code == 400
    assert {error["field"].split(".")[0] for error in answer.json()["errors"]} == {field}
    assert not Series.objects.exists()


def test_only_those_whose_role_is_it_chair_and_read(house: House) -> None:
    wrong = given(house, chair=house.clinician.email, readers=[house.radiologist.email, house.clinician.email])
    answer = Api(house.coordinator).post("series/", **wrong)
    assert answer.status_code == 400
    chair, readers = answer.json()["errors"]
    assert (chair["field"], readers["field"]) == ("chair", "readers")
    assert house.clinician.email in readers["message"]
    assert house.radiologist.email not in readers["message"]
    assert not Series.objects.exists()


@pytest.mark.parametrize("role", [*MEMBERS, "chair", "manager"])
def test_others_make_none(house: House, role: str) -> None:
    assert Api(person(house, role)).post("series/", **given(house)).status_code == 403
    assert not Series.objects.exists()


def test_nobody_makes_a_series_for_a_unit_of_others(house: House) -> None:
    assert Api(house.coordinator).post("series/", **given(house, unit=house.elsewhere.name)).status_code == 403
    assert not Series.objects.exists()


def test_a_stranger_lists_none(house: House) -> None:
    make_series(house)
    assert Api(house.stranger).get("series/").json()["count"] == 0


def test_rebookings_tell_reason_and_cost(house: House) -> None:
    meeting = published_meeting(house, 1)
    item = meeting.items.get()
    done = item.preparations.get(discipline="radiology")
    complete(done.pk, minutes=9, findings="cT3b.", by=house.radiologist, now=timezone.now())
    moved = rebook_item(item.pk, reason="pathology_missing", by=house.coordinator, now=timezone.now())
    today = timezone.localdate()
    found = Api(house.manager).get("rebookings/", **{"from": today.isoformat(), "to": today.isoformat()}).json()
    assert moved.item is not None
    row = found["results"][0]
    assert (row["reason"], row["prep_minutes_carried"], row["prep_minutes_lost"]) == ("pathology_missing", 9, 0)
    assert (row["from_meeting"], row["to_item"], row["to_meeting"]) == (
        meeting.pk,
        moved.item.pk,
        moved.item.meeting_id,
    )
    assert row["rebooked_by"] == house.coordinator.email
    later = (today + timedelta(days=1)).isoformat()
    assert Api(house.manager).get("rebookings/", **{"from": later}).json()["count"] == 0
    assert Api(house.stranger).get("rebookings/").json()["count"] == 0


def test_workload_per_reader_and_week(house: House) -> None:
    now = timezone.now()
    meeting = published_meeting(house, 2)
    first, second = meeting.items.order_by("position")
    readings = [item.preparations.get(discipline="radiology") for item in (first, second)]
    for reading in readings:
        claim(reading.pk, by=house.radiologist, now=now)
    complete(readings[1].pk, minutes=8, findings="cT2.", by=house.radiologist, now=now)
    year, week, _day = timezone.localtime(readings[0].due_at).isocalendar()
    expected = {
        "reader": house.radiologist.email,
        "name": house.radiologist.name,
        "week": f"{year}-W{week:02d}",
        "capacity_minutes": None,
        "planned_minutes": sum(reading.estimate_minutes for reading in readings),
        "done_minutes": 8,
        "carried_minutes": 0,
        "lost_minutes": 0,
        "elsewhere_minutes": 0,
        "cases": 2,
    }
    reader = house.radiologist
    assert weeks_of(reader, house.manager) == [expected]
    assert weeks_of(reader, house.manager, unit=house.clinic.pk) == []
    take_off(second.pk, reason="Fel.", by=house.coordinator, now=now)
    [row] = weeks_of(reader, reader, unit=house.hospital.pk)
    assert (row["carried_minutes"], row["lost_minutes"], row["cases"]) == (8, 0, 1)
    withdraw_case(second.case_id, reason="Patienten avstår.", by=house.clinician, now=now)
    [row] = weeks_of(reader, reader)
    assert (row["done_minutes"], row["carried_minutes"], row["lost_minutes"]) == (8, 0, 8)


def test_workload_stands_against_the_capacity_of_the_whole_week(house: House) -> None:
    now = timezone.now()
    reading = published_meeting(house, 1).items.get().preparations.get(discipline="radiology")
    other = published_meeting(house, 1).items.get().preparations.get(discipline="radiology")
    for one in (reading, other):
        claim(one.pk, by=house.radiologist, now=now)
    Series.objects.filter(pk=other.item.meeting.series_id).update(unit=house.clinic)
    due = timezone.localdate(reading.due_at)
    set_capacity(house.radiologist.pk, from_on=due, weekly_minutes=200, by=house.coordinator, now=now)
    days = {"from": due.isoformat(), "to": due.isoformat()}
    [row] = weeks_of(house.radiologist, house.manager, unit=house.clinic.pk, **days)
    whole = reader_weeks([house.radiologist.pk], [monday_of(due)])[house.radiologist.pk, monday_of(due)]
    assert row["capacity_minutes"] == whole.capacity
    assert (row["planned_minutes"], row["elsewhere_minutes"]) == (other.estimate_minutes, reading.estimate_minutes)


def test_two_hundred_years_are_cut_to_what_there_is(house: House) -> None:
    published_meeting(house, 1, readers=[house.radiologist])
    rows = Api(house.manager).get("workload/", **{"from": "1900-01-01", "to": "2100-01-01"}).json()
    assert 0 < rows["count"] < 10
    assert Api(house.manager).get("workload/", **{"from": "2100-01-01", "to": "1900-01-01"}).json()["count"] == 0


def weeks_of(reader: User, by: User, **query: Any) -> list[dict[str, Any]]:
    """Return the weeks of one reader in the API's workload, as `by` sees them."""
    rows = Api(by).get("workload/", **query).json()["results"]
    return [row for row in rows if row["reader"] == reader.email]


@pytest.mark.parametrize("role", ["clinician", "nurse", "chair"])
def test_workload_is_for_those_who_carry_or_follow_it(house: House, role: str) -> None:
    assert Api(person(house, role)).get("workload/").status_code == 403


def test_a_stranger_sees_no_workload(house: House) -> None:
    published_meeting(house, 1)
    assert Api(house.stranger).get("workload/").json()["count"] == 0


@pytest.mark.parametrize("path", ["series/", "rebookings/", "workload/"])
def test_without_a_token_there_is_nothing(house: House, path: str) -> None:
    from django.test import Client

    assert Client().get(f"/api/v1/{path}").status_code == 401


@pytest.mark.parametrize("path", ["rebookings/", "workload/"])
def test_lists_are_only_read(house: House, path: str) -> None:
    assert Api(house.coordinator).post(path).status_code == 405
