"""Two who enter the same days of one reader at once leave one absence."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from events.models import Event
from mdk.models import Absence
from mdk.services.roster import record_absence
from tests.concurrency.conftest import at_once, meeting_at
from tests.domain_factories import House

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2026, 2, 2)


def both(house: House, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    def enter() -> Absence:
        return record_absence(house.radiologist.pk, first_on=DAY, last_on=DAY, by=house.coordinator, now=timezone.now())

    with meeting_at(monkeypatch, "mdk.services.roster.record"):
        return at_once(enter, enter)


def test_without_the_lock_the_days_stand_there_twice(
    house: House, monkeypatch: pytest.MonkeyPatch, without_locks: Callable[[], None]
) -> None:
    without_locks()
    both(house, monkeypatch)
    assert Absence.objects.count() == 2


def test_with_it_the_second_finds_what_the_first_entered(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = both(house, monkeypatch)
    assert first == second == Absence.objects.get()
    assert Event.objects.filter(kind="absence.recorded").count() == 1
