"""A sweep goes on past a row that fails, and writes over nothing that was changed after it had looked."""

from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mdk import tasks
from mdk.enums import ItemStatus
from mdk.models import AgendaItem, Preparation, Series
from mdk.queries.capacity import monday_of
from mdk.services import assigning, carrying, overload, provisional, publishing, reopening, series, unready
from mdk.services.preparation import claim, start
from mdk.services.provisional import follow_provisional
from mdk.services.roster import set_capacity
from tests.concurrency.conftest import at_once
from tests.domain_factories import House, add_result, make_meeting, make_series, place, published_meeting, ready_case
from tests.mdk.carried import firm_place, read_all, take_back
from tests.mdk.test_proposals import NOW, pathology_takes, waiting_case

pytestmark = pytest.mark.django_db
SOON = timezone.now()


def after_answers(house: House) -> Any:
    for _place in range(2):
        item = published_meeting(house, 1, now=SOON - timedelta(hours=2)).items.get()
        read_all(item, house, SOON - timedelta(hours=1))
        add_result(item.case, "radiology", requirement="ct_thorax_abdomen", days_ago=0, now=SOON)
    return SOON + timedelta(hours=1)


def after_a_cutoff(house: House) -> Any:
    items = [firm_place(house, SOON) for _place in range(2)]
    for item in items:
        take_back(item.case, "pathology", "histopathology")
    return max(item.meeting.cutoff_at for item in items) + timedelta(minutes=5)


def to_be_shared(house: House) -> Any:
    for _place in range(2):
        published_meeting(house, 1).series.readers.set([house.radiologist, house.pathologist])
    return SOON


def too_much(house: House) -> Any:
    rows = published_meeting(house, 1).items.get().preparations.all()
    for row, reader in zip(rows.order_by("-discipline"), (house.radiologist, house.pathologist), strict=True):
        claim(row.pk, by=reader, now=SOON)
        monday = monday_of(timezone.localdate(row.due_at))
        set_capacity(reader.pk, from_on=monday, weekly_minutes=0, by=house.coordinator, now=SOON)
    return SOON


def unpublished(house: House) -> Any:
    meetings = [make_meeting(house) for _meeting in range(2)]
    assert meetings[0].starts_at.date() == meetings[1].starts_at.date()
    return meetings[0].starts_at - timedelta(hours=20)


def too_short(house: House) -> Any:
    make_series(house)
    make_series(house)
    Series.objects.update(is_active=True)
    return SOON + timedelta(weeks=4)


SWEEPS = [
    (reopening, reopening.reopen_changed, "reopen", after_answers, lambda done: done == 1),
    (unready, unready.rebook_unready, "_rebook_locked", after_a_cutoff, lambda done: done == 1),
    (assigning, assigning.assign_unheld, "assign", to_be_shared, lambda done: done == 2),
    (overload, overload.warn_overloaded, "_warn", too_much, lambda done: done == 1),
    (publishing, publishing.tell_unpublished, "_tell", unpublished, lambda done: done == 1),
    (series, series.extend_series, "generate_meetings", too_short, lambda done: done > 0),
]


@pytest.mark.parametrize(
    ("module", "sweep", "step", "given", "is_rest_done"), SWEEPS, ids=[sweep.__name__ for _m, sweep, *_rest in SWEEPS]
)
def test_one_that_fails_stops_nobody(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    sweep: Callable[..., int],
    step: str,
    given: Callable[[House], Any],
    is_rest_done: Callable[[int], bool],
) -> None:
    now, does, calls = given(house), getattr(module, step), []

    def fails_first(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            raise RuntimeError("one bad row")
        return does(*args, **kwargs)

    monkeypatch.setattr(module, step, fails_first)
    assert is_rest_done(sweep(now=now))
    assert len(calls) >= 2


def test_a_promised_date_that_cannot_be_followed_leaves_the_others_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_series(house, now=NOW, first_in_days=10)
    promised_on = timezone.localdate(NOW) + timedelta(days=1)
    bad, good = (waiting_case(house, promised_on=promised_on) for _case in range(2))
    follows, told = provisional.follow_promise, []

    def fails(case: Any, **fields: Any) -> bool:
        told.append(case.pk)
        if case.pk == bad.pk:
            raise RuntimeError("one bad row")
        return follows(case, **fields)

    monkeypatch.setattr(provisional, "follow_promise", fails)
    follow_provisional(now=NOW)
    assert set(told) == {bad.pk, good.pk}


def test_chances_are_written_some_at_a_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    pathology_takes(house, 4)
    make_series(house, now=NOW, first_in_days=10)
    for _case in range(3):
        waiting_case(house)
    assert follow_provisional(now=NOW) == 3
    AgendaItem.objects.update(probability=0.5)
    monkeypatch.setattr(provisional, "BATCH", 2)
    with CaptureQueriesContext(connection) as caught:
        follow_provisional(now=NOW)
    written = [one["sql"] for one in caught.captured_queries if one["sql"].startswith('UPDATE "mdk_agendaitem"')]
    assert len(written) == 2
    assert not AgendaItem.objects.filter(probability=0.5).exists()


def begins(row: Preparation, house: House) -> None:
    start(row.pk, by=house.radiologist, now=SOON)


def weighs_anew(row: Preparation, house: House) -> None:
    Preparation.objects.filter(pk=row.pk).update(estimate_minutes=2)


@pytest.mark.parametrize(("happens", "stays"), [(begins, 1), (weighs_anew, 2)])
def test_an_estimate_is_not_raised_over_what_happened_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch, happens: Callable[[Preparation, House], None], stays: int
) -> None:
    row = published_meeting(house, 1).items.get().preparations.get(discipline="radiology")
    Preparation.objects.filter(pk=row.pk).update(estimate_minutes=1)
    weigh = carrying._weights

    def and_then(rows: Any) -> Any:
        weights = weigh(rows)
        happens(row, house)
        return weights

    monkeypatch.setattr(carrying, "_weights", and_then)
    assert carrying.raise_estimates(list(Preparation.objects.filter(pk=row.pk).select_related("item__case"))) == 0
    row.refresh_from_db()
    assert row.estimate_minutes == stays


def test_a_late_addition_that_nobody_answered_gets_another_date_once_the_meeting_has_begun(house: House) -> None:
    pathology_takes(house, 4)
    made = make_series(house, now=NOW, first_in_days=3)
    first = made.meetings.order_by("starts_at")[0]
    late = first.cutoff_at + timedelta(minutes=1)
    item = place(first, ready_case(house, now=NOW), by=house.coordinator, now=late, override_reason="Bokad operation.")
    assert item.late == "asked"
    assert follow_provisional(now=late) == 0
    assert follow_provisional(now=first.starts_at + timedelta(minutes=1)) == 1
    item.refresh_from_db()
    assert item.status == ItemStatus.REMOVED
    assert AgendaItem.objects.get(case=item.case, status=ItemStatus.PROVISIONAL).meeting.starts_at > first.starts_at


def test_a_run_changes_no_more_than_it_has_time_for_and_the_next_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pathology_takes(house, 4)
    make_series(house, now=NOW, first_in_days=10)
    cases = [waiting_case(house, suspected_on=timezone.localdate(NOW) - timedelta(days=days)) for days in (1, 9, 5)]
    monkeypatch.setattr(provisional, "MOST_CHANGES", 2)
    assert follow_provisional(now=NOW) == 2
    assert set(AgendaItem.objects.values_list("case", flat=True)) == {cases[1].pk, cases[2].pk}
    assert [follow_provisional(now=NOW), follow_provisional(now=NOW)] == [1, 0]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("task", [tasks.follow_provisional, tasks.reopen_changed], ids=["follow", "reopen"])
def test_the_sweeps_of_each_minute_do_not_run_beside_themselves(
    monkeypatch: pytest.MonkeyPatch, task: Callable[[], int]
) -> None:
    inner = []

    def sweeps(**fields: Any) -> int:
        if not inner:
            inner.append(at_once(task)[0])
        return 7

    monkeypatch.setattr(provisional, "follow_provisional", sweeps)
    monkeypatch.setattr(reopening, "reopen_changed", sweeps)
    assert (task(), inner) == (7, [0])
    assert task() == 7
