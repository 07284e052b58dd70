"""A week with too much is told of once, until it grows; it is told to the reader and to those who plan the roster."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from events.models import Event, Notice
from mdk.models import OverloadWarning, Preparation
from mdk.queries.capacity import monday_of
from mdk.services.overload import warn_overloaded
from mdk.services.preparation import claim
from mdk.services.roster import record_absence, set_capacity
from tests.domain_factories import House, published_meeting

NOW = timezone.now()


@pytest.fixture
def monday(house: House) -> date:
    """Return the Monday of the week in which the radiologist holds one preparation."""
    row = published_meeting(house, 1).items.get().preparations.get(discipline="radiology")
    claim(row.pk, by=house.radiologist, now=NOW)
    return monday_of(timezone.localdate(row.due_at))


def state(house: House, monday: date, minutes: int) -> None:
    set_capacity(house.radiologist.pk, from_on=monday, weekly_minutes=minutes, by=house.coordinator, now=NOW)


def told() -> list[int]:
    return list(Event.objects.filter(kind="workload.overloaded").order_by("pk").values_list("data__over", flat=True))


def test_a_week_within_its_capacity_or_without_one_is_not_told_of(house: House, monday: date) -> None:
    assert warn_overloaded(now=NOW) == 0
    state(house, monday, 600)
    assert warn_overloaded(now=NOW) == 0
    assert told() == []


def test_an_overloaded_week_is_told_of_once_to_those_it_concerns(house: House, monday: date) -> None:
    state(house, monday, 0)
    assert warn_overloaded(now=NOW) == 1
    assert warn_overloaded(now=NOW) == 0
    people = set(Notice.objects.filter(event__kind="workload.overloaded").values_list("person", flat=True))
    assert people == {house.radiologist.pk, house.coordinator.pk, house.manager.pk}


def test_it_is_told_of_again_when_it_has_grown(house: House, monday: date) -> None:
    state(house, monday, 0)
    warn_overloaded(now=NOW)
    Preparation.objects.filter(reader=house.radiologist).update(estimate_minutes=100)
    assert warn_overloaded(now=NOW) == 1
    Preparation.objects.filter(reader=house.radiologist).update(estimate_minutes=90)
    assert warn_overloaded(now=NOW) == 0
    first, second = told()
    assert second == 100 > first
    assert OverloadWarning.objects.get().planned_minutes == 100


def test_one_that_came_to_rest_is_news_when_it_fills_up_anew(house: House, monday: date) -> None:
    state(house, monday, 0)
    warn_overloaded(now=NOW)
    state(house, monday, 600)
    assert warn_overloaded(now=NOW) == 0
    assert not OverloadWarning.objects.exists()
    state(house, monday, 0)
    assert warn_overloaded(now=NOW) == 1


def test_an_absence_can_make_a_week_too_short(house: House, monday: date) -> None:
    state(house, monday, 600)
    record_absence(
        house.radiologist.pk, first_on=monday, last_on=monday + timedelta(days=6), by=house.radiologist, now=NOW
    )
    assert warn_overloaded(now=NOW) == 1
