"""Time alone makes answers old and late: the task finds them, one broken case stops nobody, memory stays."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.enums import ResultState
from cases.models import Case
from cases.readiness.store import readiness_of
from cases.services import refreshing
from cases.services.editing import withdraw_case
from cases.services.refreshing import bring_up_to_date, recompute_all, refresh_due_readiness
from cases.tasks import refresh_readiness
from config.celery import app
from tests.domain_factories import House, add_result, make_case, ready_case

NOW = timezone.now()
REASON = "Patienten avstår."


def eve_of(case: Case) -> datetime:
    """Return one in the morning on the day before time alone changes something of the case."""
    assert case.readiness_changes_on
    day = case.readiness_changes_on - timedelta(days=1)
    return timezone.make_aware(timezone.datetime(day.year, day.month, day.day, 1))


def test_an_answer_that_grows_too_old_makes_unready_on_the_day_and_not_before(house: House) -> None:
    case = ready_case(house)
    assert case.readiness_state == "ready"
    eve = eve_of(case)
    assert refresh_due_readiness(eve).changed == 0
    assert refresh_due_readiness(eve + timedelta(days=1)).changed == 1
    assert refresh_due_readiness(eve + timedelta(days=1)).checked == 0
    case.refresh_from_db()
    assert (case.readiness_state, case.readiness_changes_on) == ("not_ready", None)
    assert [f["code"] for f in case.readiness["findings"]] == ["answer-stale"]


def test_an_answer_that_has_not_come_is_found_on_the_day_after(house: House) -> None:
    case = make_case(house)
    today = timezone.localdate(NOW)
    add_result(case, "pathology", state=ResultState.ORDERED, expected_on=today + timedelta(days=2))
    assert refresh_due_readiness(NOW + timedelta(days=2)).changed == 0
    assert refresh_due_readiness(NOW + timedelta(days=3)).changed == 1
    case.refresh_from_db()
    assert "answer-late" in [f["code"] for f in case.readiness["findings"]]
    assert case.readiness["marks"][1] == "late"


def test_cases_that_are_over_are_not_refreshed(house: House) -> None:
    case = ready_case(house)
    withdraw_case(case.pk, reason=REASON, by=house.clinician, now=NOW)
    assert refresh_due_readiness(NOW + timedelta(days=400)).checked == 0
    assert recompute_all(NOW).checked == 0


def test_a_summary_that_went_wrong_is_mended_by_the_whole_pass_and_by_nothing_else(house: House) -> None:
    case, other = ready_case(house), ready_case(house)
    Case.objects.filter(pk=case.pk).update(readiness_state="not_ready", readiness={}, readiness_changes_on=None)
    assert refresh_due_readiness(NOW).changed == 0
    done = recompute_all(NOW)
    assert (done.checked, done.changed, done.failed) == (2, 1, [])
    case.refresh_from_db()
    assert (case.readiness, case.readiness_state) == (readiness_of(case, timezone.localdate(NOW)).summary(), "ready")
    assert other.readiness_state == "ready"


@pytest.fixture
def broken(house: House) -> tuple[Case, Case, Case]:
    """Return three cases that are due."""
    cases = [make_case(house) for _ in range(3)]
    Case.objects.update(readiness_changes_on=timezone.localdate(NOW), readiness={})
    return cases[0], cases[1], cases[2]


def test_a_case_that_cannot_be_computed_does_not_stop_the_others(
    broken: tuple[Case, Case, Case], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = broken[0].pk

    def fails_for_the_first(case: Case, today: object, level: str = "") -> object:
        if case.pk == first:
            raise ValueError("no such phase")
        return readiness_of(case, timezone.localdate(NOW))

    monkeypatch.setattr(refreshing, "readiness_of", fails_for_the_first)
    with caplog.at_level(logging.ERROR):
        done = refresh_due_readiness(NOW)
    assert (done.checked, done.changed, done.failed) == (3, 2, [first])
    assert f"case {first} cannot be computed" in caplog.text
    assert list(Case.objects.filter(readiness={}).values_list("pk", flat=True)) == [first]
    with pytest.raises(CommandError, match=str(first)):
        call_command("recompute_readiness", stdout=StringIO())
    assert refresh_due_readiness(NOW).checked == 1


def test_a_case_that_the_database_refuses_does_not_stop_the_others(
    broken: tuple[Case, Case, Case], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = broken[0].pk

    def with_what_no_text_can_hold(case: Case, today: object, level: str = "") -> object:
        readiness = readiness_of(case, timezone.localdate(NOW))
        if case.pk == first:
            return replace(readiness, findings=(replace(readiness.findings[0], anchor="\x00"),))
        return readiness

    monkeypatch.setattr(refreshing, "readiness_of", with_what_no_text_can_hold)
    with caplog.at_level(logging.ERROR):
        done = refresh_due_readiness(NOW)
    assert (done.checked, done.changed, done.failed) == (3, 2, [first])


def test_what_decides_brings_its_case_up_to_date_and_no_other(house: House) -> None:
    case, other = ready_case(house), ready_case(house)
    day = eve_of(case) + timedelta(days=1)
    bring_up_to_date([case.pk], now=day - timedelta(days=1))
    case.refresh_from_db()
    assert case.readiness_state == "ready"
    bring_up_to_date([case.pk], now=day)
    case.refresh_from_db()
    other.refresh_from_db()
    assert (case.readiness_state, other.readiness_state) == ("not_ready", "ready")


def test_the_pass_asks_as_often_for_three_cases_as_for_one_and_goes_by_batches(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    for _ in range(2):
        ready_case(house)
        Case.objects.update(readiness={})
        with CaptureQueriesContext(connection) as queries:
            assert recompute_all(NOW).changed == Case.objects.count()
        asked.append(len(queries))
    assert asked[0] == asked[1]
    monkeypatch.setattr(refreshing, "BATCH", 1)
    Case.objects.update(readiness={})
    assert recompute_all(NOW).changed == 2
    assert not Case.objects.filter(readiness={}).exists()


def test_the_command_says_what_it_did(house: House) -> None:
    ready_case(house)
    out = StringIO()
    call_command("recompute_readiness", stdout=out)
    assert "1" in out.getvalue()


def test_the_task_runs_at_midnight_and_every_five_minutes(house: House) -> None:
    entry = app.conf.beat_schedule["refresh-due-readiness"]
    assert entry["task"] == refresh_readiness.name
    schedule = entry["schedule"]
    assert (0 in schedule.minute, 0 in schedule.hour, len(schedule.minute)) == (True, True, 12)
    assert app.conf.timezone == "Europe/Stockholm"
    ready_case(house)
    assert refresh_readiness() == 0
