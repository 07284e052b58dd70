"""Meetings are made once and in one form, whoever makes and changes them at the same moment.

Each race is run twice: with the row locks taken away, to show that it is one, and with them.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.errors import Stale
from events.models import Event
from mdk.models import Series
from mdk.services.series import SeriesData, create_series, extend_series
from mdk.services.series_changes import change_series
from mdk.services.series_data import data_of
from tests.concurrency.conftest import at_once, meeting_at
from tests.domain_factories import House, make_diagnosis

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 19, 8, tzinfo=UTC)
LATER = NOW + timedelta(weeks=3)
Unlock = Callable[[], None]
Patch = pytest.MonkeyPatch


@pytest.fixture
def series(house: House) -> Series:
    data = SeriesData(
        unit=house.hospital, name="Kolorektal MDK", diagnoses=[make_diagnosis()], rrule="FREQ=WEEKLY;BYDAY=TU",
        starts_on=date(2026, 11, 23), starts_time=time(8, 15), minutes=90, capacity_minutes=80, cutoff_time=time(12),
    )  # fmt: skip
    return create_series(data, by=house.coordinator, now=NOW)


def most_on_one_day(series: Series) -> int:
    """Return how many meetings the fullest day of the series has."""
    days = Counter(timezone.localdate(at) for at in series.meetings.values_list("starts_at", flat=True))
    return max(days.values())


# Two workers look for what is missing of the half-year


def extend_twice(monkeypatch: Patch) -> list[Any]:
    with meeting_at(monkeypatch, "mdk.services.series.meeting_days"):
        return at_once(lambda: extend_series(now=LATER), lambda: extend_series(now=LATER))


def test_without_locks_two_workers_make_the_same_meetings(
    series: Series, monkeypatch: Patch, without_locks: Unlock, caplog: pytest.LogCaptureFixture
) -> None:
    without_locks()
    extend_twice(monkeypatch)
    faults = [record.exc_info[1] for record in caplog.records if record.exc_info]
    assert [type(fault) for fault in faults] == [IntegrityError], "only the database stops the second"


def test_two_workers_make_each_meeting_once(series: Series, monkeypatch: Patch) -> None:
    assert sorted(extend_twice(monkeypatch)) == [0, 3]
    assert most_on_one_day(series) == 1


# A worker makes meetings by the old rule while a person changes it


def extend_while_changing(series: Series, house: House, monkeypatch: Patch) -> list[Any]:
    data = replace(data_of(series), starts_time=time(13))
    shown = change_series(series.pk, data, version=1, by=house.admin, now=LATER, dry_run=True)
    with meeting_at(monkeypatch, "mdk.services.series.meeting_days"):
        return at_once(
            lambda: extend_series(now=LATER),
            lambda: change_series(series.pk, data, version=1, by=house.admin, now=LATER, confirmed=shown.token),
        )


def hours(series: Series) -> set[time]:
    coming = series.meetings.filter(starts_at__gt=LATER).values_list("starts_at", flat=True)
    return {timezone.localtime(at).time() for at in coming}


def test_without_locks_a_day_gets_a_meeting_by_each_rule(
    house: House, series: Series, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    extend_while_changing(series, house, monkeypatch)
    assert most_on_one_day(series) == 2
    assert hours(series) == {time(8, 15), time(13)}


def test_a_day_gets_one_meeting_by_the_rule_that_holds(house: House, series: Series, monkeypatch: Patch) -> None:
    answers = extend_while_changing(series, house, monkeypatch)
    if refused := [answer for answer in answers if isinstance(answer, BaseException)]:
        # The worker came first: there are meetings now that the person has not seen.
        assert [answer.code for answer in refused] == ["not-confirmed"]  # type: ignore[attr-defined]
        assert hours(series) == {time(8, 15)}
    else:
        assert hours(series) == {time(13)}
    assert most_on_one_day(series) == 1


# Two people change the series


def change_twice(series: Series, house: House, monkeypatch: Patch) -> list[Any]:
    data = data_of(series)
    with meeting_at(monkeypatch, "mdk.services.series_changes.check_series"):
        return at_once(
            lambda: change_series(series.pk, replace(data, name="Tarm"), version=1, by=house.admin, now=NOW),
            lambda: change_series(series.pk, replace(data, name="Ändtarm"), version=1, by=house.coordinator, now=NOW),
        )


def test_without_locks_one_change_is_lost(
    house: House, series: Series, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    change_twice(series, house, monkeypatch)
    assert Event.objects.filter(kind="series.changed").count() == 2
    series.refresh_from_db()
    assert series.version == 2


def test_the_second_is_told_who_changed_the_series(house: House, series: Series, monkeypatch: Patch) -> None:
    answers = change_twice(series, house, monkeypatch)
    refused = [answer for answer in answers if isinstance(answer, BaseException)]
    assert [type(answer) for answer in refused] == [Stale]
    winner = Event.objects.get(kind="series.changed").actor
    assert winner is not None
    assert winner.name in str(refused[0])
