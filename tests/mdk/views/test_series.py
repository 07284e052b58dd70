"""/series/: the series and the form that makes one with its meetings."""

from datetime import date
from typing import Any

import pytest
from django.utils.translation import override

from mdk.forms.roster import ReadsForm
from mdk.forms.series import SeriesForm
from mdk.models import Series
from mdk.queries.meetings import series_choices
from tests.domain_factories import House, make_diagnosis, make_series
from tests.factories import make_actor
from tests.mdk.planning import MEMBERS, page, person

URL, NEW = "/series/", "/series/new/"


def given(house: House, **changed: Any) -> dict[str, Any]:
    """Return a complete form."""
    return {
        "name": "Kolorektal MDK",
        "unit": house.hospital.pk,
        "diagnoses": [make_diagnosis().pk],
        "weekdays": ["MO", "TH"],
        "interval": "2",
        "starts_on": "2026-11-23",
        "starts_time": "08:15",
        "minutes": "90",
        "capacity_minutes": "80",
        "prep_capacity_minutes": "240",
        "on_red_day": "skip",
        "eve_percent": "100",
        "summer_percent": "100",
        "break_minutes": "10",
        "prep_due_days": "0",
        "reminder_days": "5, 3, 1",
        "cutoff_days": "1",
        "cutoff_time": "12:00",
        "chair": house.chair.pk,
        "participating_units": [house.radiology.pk],
        "readers": [house.radiologist.pk],
        "video_url": "",
    } | changed


def test_the_form_makes_a_series_with_meetings(house: House) -> None:
    answer = page(house.coordinator).post(NEW, given(house))
    assert answer.status_code == 302
    series = Series.objects.get()
    assert (series.rrule, series.starts_on) == ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", date(2026, 11, 23))
    assert series.meetings.exists()
    assert list(series.readers.all()) == [house.radiologist]
    listed = page(house.coordinator).get(URL).content.decode()
    assert "Kolorektal MDK" in listed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("unit", 999999),
        ("diagnoses", []),
        ("weekdays", []),
        ("weekdays", ["SU"]),
        ("starts_on", "i morgon"),
        ("minutes", "3"),
        ("capacity_minutes", "0"),
        ("chair", 999999),
        ("video_url", "javascript:alert(1)"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_made(house: House, field: str, value: object) -> None:
    answer = page(house.coordinator).post(NEW, given(house, **{field: value}))
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert not Series.objects.exists()


def test_diagnoses_are_named_in_the_language_of_the_reader(house: House) -> None:
    make_diagnosis()
    choices = series_choices(make_actor(user=house.coordinator))
    for form in (SeriesForm(choices=choices), ReadsForm(choices=choices["diagnoses"])):
        for language, name in (("sv", "Tjock- och ändtarmscancer"), ("en", "Colorectal cancer")):
            with override(language):
                assert name in str(form["diagnoses"])


def test_a_name_is_taken_once_in_a_unit(house: House) -> None:
    make_series(house, name="Kolorektal MDK")
    answer = page(house.coordinator).post(NEW, given(house))
    assert answer.status_code == 422
    assert "name" in answer.context["form"].errors
    assert Series.objects.count() == 1


def test_a_unit_of_others_is_no_choice(house: House) -> None:
    answer = page(house.coordinator).post(NEW, given(house, unit=house.elsewhere.pk))
    assert answer.status_code == 422
    assert not Series.objects.exists()


@pytest.mark.parametrize("role", ["coordinator", "admin"])
def test_who_makes_series_sees_the_form(house: House, role: str) -> None:
    assert page(person(house, role)).get(NEW).status_code == 200


@pytest.mark.parametrize("role", [*MEMBERS, "chair", "manager"])
def test_others_make_none(house: House, role: str) -> None:
    client = page(person(house, role))
    assert client.get(NEW).status_code == 403
    assert client.post(NEW, given(house)).status_code == 403
    assert not Series.objects.exists()


def test_a_stranger_sees_no_series_and_the_list_takes_no_post(house: House) -> None:
    series = make_series(house)
    client = page(house.stranger)
    assert series.name not in client.get(URL).content.decode()
    assert client.post(URL).status_code == 405


QUERIES = 6


def test_one_series_and_three_cost_the_same_queries(house: House, django_assert_num_queries: Any) -> None:
    client = page(house.coordinator)
    make_series(house)
    client.get(URL)
    with django_assert_num_queries(QUERIES):
        client.get(URL)
    make_series(house)
    make_series(house)
    with django_assert_num_queries(QUERIES):
        client.get(URL)
