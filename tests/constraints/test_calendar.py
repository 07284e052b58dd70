"""Attempts on the rules of a series and on calendar feeds, past the services."""

from typing import Any

import pytest
from django.utils import timezone

from mdk.models import CalendarFeed, Series
from tests.constraints.conftest import refused_by_database
from tests.domain_factories import House, make_series


@pytest.mark.parametrize("fields", [{"eve_percent": 101}, {"summer_percent": 101}])
def test_a_share_is_never_more_than_all(house: House, fields: dict[str, Any]) -> None:
    series = make_series(house)
    with refused_by_database("series_percent_0_100"):
        Series.objects.filter(pk=series.pk).update(**fields)


@pytest.mark.parametrize("weeks", [(27, None), (None, 32), (32, 27), (0, 27), (27, 54)])
def test_a_summer_has_a_first_and_a_last_week(house: House, weeks: tuple[int | None, int | None]) -> None:
    series = make_series(house)
    with refused_by_database("series_summer_first_to_last"):
        Series.objects.filter(pk=series.pk).update(summer_first_week=weeks[0], summer_last_week=weeks[1])


@pytest.mark.parametrize("is_of_series", [True, False])
def test_a_person_has_one_open_feed_of_a_kind(house: House, is_of_series: bool) -> None:
    series, now = make_series(house) if is_of_series else None, timezone.now()
    first = CalendarFeed.objects.create(person=house.nurse, series=series, nonce="a", created_at=now)
    with refused_by_database("calendar_feed_once"):
        CalendarFeed.objects.create(person=house.nurse, series=series, nonce="b", created_at=now)
    CalendarFeed.objects.create(person=house.coordinator, series=series, nonce="b", created_at=now)
    CalendarFeed.objects.filter(pk=first.pk).update(revoked_at=now)
    CalendarFeed.objects.create(person=house.nurse, series=series, nonce="c", created_at=now)
