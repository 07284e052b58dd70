"""/meetings/: by day, with how full and how ready each meeting is."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.domain_factories import House, make_case, make_meeting, make_series, place, published_meeting, ready_case
from tests.mdk.planning import MEMBERS, PLANNERS, WITHOUT_CASES, page, person

URL = "/meetings/"


@pytest.mark.parametrize("role", [*PLANNERS, *MEMBERS, *WITHOUT_CASES])
def test_every_member_sees_the_meetings_without_a_patient(house: House, role: str) -> None:
    meeting = published_meeting(house, 1)
    answer = page(person(house, role)).get(URL)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert meeting.series.name in text
    assert "Patient " not in text


def test_a_stranger_sees_none_of_them(house: House) -> None:
    meeting = published_meeting(house, 1)
    answer = page(house.stranger).get(URL)
    assert answer.status_code == 200
    assert meeting.series.name not in answer.content.decode()


def test_a_row_counts_cases_minutes_and_what_is_not_ready(house: House) -> None:
    meeting = make_meeting(house)
    first = place(meeting, ready_case(house), by=house.coordinator)
    second = place(meeting, make_case(house), by=house.coordinator, override_reason="Akut.")
    place(meeting, make_case(house), by=house.coordinator, provisional=True)
    row = page(house.coordinator).get(URL).context["days"][0].meetings[0]
    assert (row.cases, row.provisional, row.not_ready) == (2, 1, 1)
    assert row.planned_minutes == first.minutes + second.minutes


def test_the_series_of_the_address_alone(house: House) -> None:
    wanted, other = make_series(house), make_series(house)
    rows = [
        row
        for day in page(house.coordinator).get(URL, {"series": wanted.pk, "all": 1}).context["days"]
        for row in day.meetings
    ]
    assert {row.series_id for row in rows} == {wanted.pk}
    assert other.pk != wanted.pk
    assert len(rows) > 3


@pytest.mark.parametrize("series", ["x", "-1", "9" * 30, ""])
def test_an_address_that_means_nothing_shows_all(house: House, series: str) -> None:
    make_series(house)
    answer = page(house.coordinator).get(URL, {"series": series})
    assert answer.status_code == 200
    assert answer.context["days"]


def test_earlier_meetings_come_newest_first(house: House) -> None:
    past = make_meeting(house, now=timezone.now() - timedelta(days=20))
    days = page(house.coordinator).get(URL).context["earlier"]
    assert past.pk in {row.id for day in days for row in day.meetings}
    assert [day.on for day in days] == sorted((day.on for day in days), reverse=True)


def test_nobody_else_changes_anything_here(house: House) -> None:
    assert page(house.coordinator).post(URL).status_code == 405


def test_an_empty_house_says_how_meetings_come(house: House) -> None:
    answer = page(house.coordinator).get(URL)
    assert answer.context["days"] == []
    assert "/series/" in answer.content.decode()


def test_one_meeting_and_three_cost_the_same_queries(house: House, django_assert_num_queries: Any) -> None:
    client = page(house.coordinator)
    make_series(house, first_in_days=20)
    client.get(URL)
    with django_assert_num_queries(QUERIES):
        client.get(URL)
    make_series(house, first_in_days=20)
    make_series(house, first_in_days=20)
    with django_assert_num_queries(QUERIES):
        client.get(URL)


QUERIES = 9
