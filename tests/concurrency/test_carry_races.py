"""A case is moved, ended and prepared by several at the same moment: one wins, and nothing that was done is lost.

Each race is run twice: with the row locks taken away, to show that it is one, and with them.
"""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from accounts.errors import Refused
from cases.services.editing import withdraw_case
from cases.services.placing import hold_patient
from events.models import Event
from mdk.enums import OPEN_ITEMS
from mdk.models import AgendaItem, Preparation, Rebooking
from mdk.services import preparation
from mdk.services.agenda import BookingRefused
from mdk.services.rebooking import rebook_item
from mdk.services.reopening import reopen
from tests.concurrency.conftest import at_once, meeting_at
from tests.domain_factories import House, add_result
from tests.mdk.carried import firm_place, of, read

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()
LATER = NOW + timedelta(hours=1)
Unlock = Callable[[], None]
Patch = pytest.MonkeyPatch


def errors(answers: list[Any]) -> list[BaseException]:
    """Return the answers that were exceptions."""
    return [answer for answer in answers if isinstance(answer, BaseException)]


# The same case rebooked twice


def rebook_twice(house: House, monkeypatch: Patch) -> tuple[AgendaItem, list[Any]]:
    item = firm_place(house, NOW)
    with meeting_at(monkeypatch, "mdk.services.rebooking._move"):
        answers = at_once(
            lambda: rebook_item(item.pk, reason="patient_ill", by=house.coordinator, now=LATER),
            lambda: rebook_item(item.pk, reason="no_time", by=house.chair, now=LATER),
        )
    return item, answers


def test_without_locks_the_second_gets_an_error_that_names_nobody(
    house: House, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    _item, answers = rebook_twice(house, monkeypatch)
    assert not any(isinstance(error, BookingRefused) and error.code == "not-on-agenda" for error in errors(answers))


def test_a_case_is_rebooked_once(house: House, monkeypatch: Patch) -> None:
    item, answers = rebook_twice(house, monkeypatch)
    [refusal] = errors(answers)
    assert isinstance(refusal, BookingRefused)
    assert refusal.code == "not-on-agenda"
    assert Rebooking.objects.filter(case=item.case).count() == 1
    assert AgendaItem.objects.filter(case=item.case, status__in=OPEN_ITEMS).count() == 1


# A reading that is finished while something new opens it again


def complete_while_reopening(house: House, monkeypatch: Patch) -> tuple[Preparation, list[Any]]:
    item = firm_place(house, NOW)
    row = of(item)
    read(row, house, NOW, minutes=9)
    add_result(item.case, "radiology", requirement="ct_thorax_abdomen", days_ago=0, now=LATER)
    with meeting_at(monkeypatch, "mdk.queries.readings.snapshot"):
        answers = at_once(
            lambda: reopen(row.pk, now=LATER),
            lambda: preparation.complete(row.pk, minutes=5, findings="Ny.", by=house.radiologist, now=LATER),
        )
    row.refresh_from_db()
    return row, answers


def is_whole(row: Preparation, answers: list[Any]) -> bool:
    """Whether the reading is done, and its nine minutes from before it was opened again are counted if it was."""
    return row.state == "done" and row.minutes == 5 and row.earlier_minutes == (9 if answers[0] else 0)


def test_without_locks_a_reading_or_its_minutes_are_lost(
    house: House, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    row, answers = complete_while_reopening(house, monkeypatch)
    assert errors(answers) == []
    assert not is_whole(row, answers)


def test_a_reading_that_is_finished_meanwhile_stays_done_with_all_its_minutes(house: House, monkeypatch: Patch) -> None:
    row, answers = complete_while_reopening(house, monkeypatch)
    assert errors(answers) == []
    assert is_whole(row, answers)


# A case that ends while it is rebooked


def end_with_a_move_between(house: House, monkeypatch: Patch) -> tuple[AgendaItem, list[Any]]:
    """Let the case be rebooked just when the one who ends it has looked up its place, and see who has to wait."""
    item = firm_place(house, NOW)
    moved: list[Any] = []

    def move() -> None:
        try:
            moved.append(rebook_item(item.pk, reason="no_time", by=house.coordinator, now=LATER))
        except Refused as refusal:
            moved.append(refusal)
        finally:
            connections.close_all()

    mover = Thread(target=move)

    def interfere(case_id: int) -> None:
        if mover.ident is None:
            mover.start()
            mover.join(timeout=2)
        hold_patient(case_id)

    monkeypatch.setattr("cases.services.editing.hold_patient", interfere)
    ended = withdraw_case(item.case_id, reason="Avliden.", ending="deceased", by=house.clinician, now=LATER)
    mover.join()
    item.case.refresh_from_db()
    return item, [*moved, ended]


def has_ended(item: AgendaItem) -> bool:
    """Whether the case has ended without a place, and left each place that it had once."""
    left = Event.objects.filter(kind__in=["item.removed", "item.rebooked"]).values_list("subject_id", flat=True)
    is_held = AgendaItem.objects.filter(case=item.case, status__in=OPEN_ITEMS).exists()
    return item.case.status == "withdrawn" and not is_held and len(left) == len(set(left))


def without_the_second_look(monkeypatch: Patch) -> None:
    """Take away what looks for a new place once more before the case ends: the locks alone are tried."""
    monkeypatch.setattr("cases.services.editing.panel", lambda name, case_ids: {})


def test_without_locks_a_case_ends_with_a_place(house: House, monkeypatch: Patch, without_locks: Unlock) -> None:
    without_locks()
    without_the_second_look(monkeypatch)
    item, _answers = end_with_a_move_between(house, monkeypatch)
    assert not has_ended(item)


def test_whoever_rebooks_a_case_that_ends_is_refused(house: House, monkeypatch: Patch) -> None:
    without_the_second_look(monkeypatch)
    item, answers = end_with_a_move_between(house, monkeypatch)
    assert has_ended(item)
    assert isinstance(answers[0], BookingRefused)
    assert not Rebooking.objects.exists()


def test_a_case_that_was_moved_in_between_gives_up_its_new_place(
    house: House, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    item, _answers = end_with_a_move_between(house, monkeypatch)
    assert has_ended(item)


# Two end the same case


def end_twice(house: House, monkeypatch: Patch) -> list[Any]:
    item = firm_place(house, NOW)
    with meeting_at(monkeypatch, "mdk.services.agenda.places.settle_work"):
        return at_once(
            lambda: withdraw_case(item.case_id, reason="Avliden.", ending="deceased", by=house.clinician, now=LATER),
            lambda: withdraw_case(item.case_id, reason="Flyttat.", by=house.coordinator, now=LATER),
        )


def test_without_locks_the_second_gets_an_error(house: House, monkeypatch: Patch, without_locks: Unlock) -> None:
    without_locks()
    assert errors(end_twice(house, monkeypatch))


def test_a_case_ends_once_and_both_have_what_they_wanted(house: House, monkeypatch: Patch) -> None:
    answers = end_twice(house, monkeypatch)
    assert errors(answers) == []
    assert len({case.ending for case in answers}) == 1
    assert Event.objects.filter(kind__in=["case.withdrawn", "item.removed"]).count() == 2
