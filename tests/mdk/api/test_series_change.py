"""One series over the API: seen, and changed with its version and the confirmation of what it does."""

from typing import Any

import pytest
from django.utils import timezone

from mdk.models import Series
from tests.domain_factories import House, make_series, place, ready_case
from tests.mdk.planning import MEMBERS, Api, person


@pytest.fixture
def series(house: House) -> Series:
    return make_series(house)


def url(series: Series) -> str:
    return f"series/{series.pk}/"


def hours(series: Series) -> set[int]:
    return {timezone.localtime(at).hour for at in series.meetings.values_list("starts_at", flat=True)}


def test_a_member_sees_the_series_and_a_stranger_none(house: House, series: Series) -> None:
    shown = Api(house.clinician).get(url(series)).json()
    assert (shown["id"], shown["version"], shown["on_red_day"], shown["summer_first_week"]) == (
        series.pk,
        1,
        "skip",
        None,
    )
    assert Api(house.stranger).get(url(series)).status_code == 404
    assert Api(house.stranger).patch(url(series), version=1, name="Annan").status_code == 404


def test_what_touches_no_meeting_is_done_at_once(house: House, series: Series) -> None:
    answer = Api(house.coordinator).patch(
        url(series), version=1, name="Tarm", break_after_cases=8, order_rules=["hard_first"]
    )
    assert answer.status_code == 200
    assert (answer.json()["series"]["name"], answer.json()["series"]["version"]) == ("Tarm", 2)
    series.refresh_from_db()
    assert (series.break_after_cases, series.order_rules, series.rrule) == (8, ["hard_first"], "FREQ=WEEKLY")


def test_what_touches_meetings_is_shown_confirmed_and_done(house: House, series: Series) -> None:
    api = Api(house.coordinator)
    place(series.meetings.order_by("starts_at")[0], ready_case(house), by=house.coordinator)
    refused = api.patch(url(series), version=1, starts_time="13:00")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:mdk:problem:not-confirmed")
    shown = api.patch(url(series), version=1, starts_time="13:00", dry_run=True)
    assert shown.status_code == 200
    effect = shown.json()["meetings"][0]
    assert (effect["becomes"], effect["firm"], effect["is_published"]) == ("hours", 1, False)
    assert (effect["before"]["starts_at"][11:16], effect["after"]["starts_at"][11:16]) == ("08:15", "13:00")
    assert refused.json()["confirmation"] == shown.json()["confirmation"]
    assert refused.json()["meetings"] == shown.json()["meetings"]
    assert hours(series) == {8}
    done = api.patch(url(series), version=1, starts_time="13:00", confirmation=shown.json()["confirmation"])
    assert done.status_code == 200
    assert (done.json()["meetings"], hours(series)) == (shown.json()["meetings"], {13})
    stale = api.patch(url(series), version=1, name="Annan")
    assert (stale.status_code, stale.json()["changed_by"]) == (409, house.coordinator.name)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "version"),
        ({"version": 1, "prep_due_days": 3, "prep_due_time": "08:00"}, "prep_due_days"),
        ({"version": 1, "unit": "Ingen"}, "unit"),
        ({"version": 1, "chair": "nobody@test.example"}, "chair"),
        ({"version": 1, "rrule": "varje tisdag"}, "rrule"),
        ({"version": 1, "excluded_on": ["i morgon"]}, "excluded_on"),
        ({"version": 1, "summer_first_week": 30}, "summer_last_week"),
        ({"version": 1, "diagnoses": []}, "diagnoses"),
        ({"version": "x"}, "version"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_changed(
    house: House, series: Series, given: dict[str, Any], field: str
) -> None:
    answer = Api(house.coordinator).patch(url(series), **given)
    assert answer.status_code == 400
    assert {error["field"].split(".")[0] for error in answer.json()["errors"]} == {field}
    series.refresh_from_db()
    assert series.version == 1


@pytest.mark.parametrize("role", [*MEMBERS, "chair", "manager"])
def test_who_may_not_change_it_changes_nothing(house: House, series: Series, role: str) -> None:
    assert Api(person(house, role)).patch(url(series), version=1, name="Annan").status_code == 403
    series.refresh_from_db()
    assert series.version == 1


def test_nobody_gives_a_series_away(house: House, series: Series) -> None:
    answer = Api(house.coordinator).patch(url(series), version=1, unit=house.elsewhere.name)
    assert answer.status_code == 403
    series.refresh_from_db()
    assert series.unit == house.hospital


def test_it_is_neither_posted_to_nor_deleted(house: House, series: Series) -> None:
    api = Api(house.coordinator)
    assert api.post(url(series)).status_code == 405
    assert api.client.delete(f"/api/v1/{url(series)}").status_code == 405
