"""Readers at the same preparations at the same moment: each race first without what stops it, then with it."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from mdk.models import Preparation
from mdk.services import preparation
from mdk.services.assigning import assign
from mdk.services.preparation import claim, claim_each
from mdk.services.preparation_moves import PreparationRefused
from tests.concurrency.conftest import at_once, meeting_at
from tests.domain_factories import House, published_meeting

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()
Patch = pytest.MonkeyPatch


def radiology(*meetings: int) -> list[int]:
    """Return the radiology preparations of the meetings (of all, when none is named), by key."""
    found = Preparation.objects.filter(discipline="radiology").order_by("pk")
    return list((found.filter(item__meeting__in=meetings) if meetings else found).values_list("pk", flat=True))


def claim_overlapping(house: House, monkeypatch: Patch) -> tuple[list[int], list[Any]]:
    """Let two readers take two preparations each, one of them the same."""
    published_meeting(house, 3)
    first, second, third = radiology()
    with meeting_at(monkeypatch, "mdk.services.preparation._hold"):
        answers = at_once(
            lambda: claim_each([first, second], by=house.radiologist, now=NOW),
            lambda: claim_each([third, second], by=house.radiologist2, now=NOW),
        )
    return [first, second, third], answers


def test_without_locks_both_are_told_that_they_have_it(
    house: House, monkeypatch: Patch, without_locks: Callable[[], None]
) -> None:
    without_locks()
    (_first, second, _third), answers = claim_overlapping(house, monkeypatch)
    assert [isinstance(answer[second], Preparation) for answer in answers] == [True, True]


def test_one_has_it_and_the_other_is_told_who_and_keeps_the_rest(house: House, monkeypatch: Patch) -> None:
    (first, second, third), answers = claim_overlapping(house, monkeypatch)
    assert isinstance(answers[0][first], Preparation)
    assert isinstance(answers[1][third], Preparation)
    refused = [answer[second] for answer in answers if isinstance(answer[second], PreparationRefused)]
    assert len(refused) == 1
    holder = Preparation.objects.get(pk=second).reader
    assert holder is not None
    assert (refused[0].code, refused[0].extra) == ("held-by-another", {"reader": holder.name})


def two_meetings_crosswise(house: House) -> tuple[list[int], list[int]]:
    """Return the preparations of two meetings in one order, and in the other."""
    meetings = [published_meeting(house, 1).pk, published_meeting(house, 1).pk]
    one_way = [radiology(meeting)[0] for meeting in meetings]
    return one_way, one_way[::-1]


def test_taken_one_after_another_in_one_transaction_they_wait_in_a_circle(house: House, monkeypatch: Patch) -> None:
    one_way, the_other = two_meetings_crosswise(house)

    def all_of(pks: list[int], by: Any) -> Callable[[], Any]:
        def call() -> None:
            with transaction.atomic():
                for pk in pks:
                    claim(pk, by=by, now=NOW)

        return call

    with meeting_at(monkeypatch, "mdk.services.preparation._hold"):
        answers = at_once(all_of(one_way, house.radiologist), all_of(the_other, house.radiologist2))
    assert any(isinstance(answer, OperationalError) for answer in answers), answers


def test_batches_in_different_order_end_without_waiting_in_a_circle(house: House, monkeypatch: Patch) -> None:
    one_way, the_other = two_meetings_crosswise(house)
    with meeting_at(monkeypatch, "mdk.services.preparation._hold"):
        answers = at_once(
            lambda: claim_each(one_way, by=house.radiologist, now=NOW),
            lambda: claim_each(the_other, by=house.radiologist2, now=NOW),
        )
    assert not [answer for answer in answers if isinstance(answer, BaseException)], answers
    taken = [sum(isinstance(row, Preparation) for row in answer.values()) for answer in answers]
    assert sorted(taken) == [0, 2]


def accept_at_once(house: House, monkeypatch: Patch) -> list[Any]:
    published_meeting(house, 1)
    (pk,) = radiology()
    with meeting_at(monkeypatch, "mdk.services.preparation._accept"):
        return at_once(
            lambda: preparation.accept(pk, by=house.radiologist, now=NOW),
            lambda: preparation.accept(pk, by=house.radiologist2, now=NOW),
        )


def test_without_locks_both_accept(house: House, monkeypatch: Patch, without_locks: Callable[[], None]) -> None:
    without_locks()
    answers = accept_at_once(house, monkeypatch)
    assert {answer.accepted_by for answer in answers} == {house.radiologist, house.radiologist2}


def test_one_accepts_and_the_other_is_told_who(house: House, monkeypatch: Patch) -> None:
    answers = accept_at_once(house, monkeypatch)
    refusals = [answer for answer in answers if isinstance(answer, PreparationRefused)]
    assert [(refusal.code, refusal.extra["reader"]) for refusal in refusals] == [
        ("accepted-by-another", Preparation.objects.get(discipline="radiology").accepted_by.name)  # type: ignore[union-attr]
    ]


def given_out_while_taken(house: House, monkeypatch: Patch) -> Preparation:
    """Let another reader take a preparation just when the roster has chosen a reader for it."""
    published_meeting(house, 1).series.readers.set([house.radiologist])
    (pk,) = radiology()
    chosen, taken = Event(), Event()

    def shared(*args: Any) -> dict[int, int]:
        chosen.set()
        taken.wait(timeout=1)
        return {pk: house.radiologist.pk}

    def take() -> Preparation:
        chosen.wait(timeout=10)
        row = claim(pk, by=house.radiologist2, now=NOW)
        taken.set()
        return row

    monkeypatch.setattr("mdk.services.assigning._shared", shared)
    answers = at_once(lambda: assign([pk], now=NOW), take)
    assert not [answer for answer in answers if isinstance(answer, BaseException)], answers
    return Preparation.objects.get(pk=pk)


def test_without_locks_what_a_reader_took_is_given_to_another(
    house: House, monkeypatch: Patch, without_locks: Callable[[], None]
) -> None:
    without_locks()
    assert given_out_while_taken(house, monkeypatch).reader == house.radiologist


def test_what_a_reader_takes_while_it_is_given_out_is_theirs(house: House, monkeypatch: Patch) -> None:
    row = given_out_while_taken(house, monkeypatch)
    assert (row.reader, row.assigned_at) == (house.radiologist2, None)
