"""Paces are counted anew from first readings alone; running twice gives the same."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone, translation

from mdk.models import Pace, Preparation
from mdk.queries.paces import estimate_minutes, estimate_words
from mdk.services.paces import REMEMBERED, count_paces
from mdk.services.preparation import claim, complete
from tests.domain_factories import House, add_result, published_meeting
from tests.factories import login

NOW = timezone.now()


def read(house: House, minutes: int = 12) -> Preparation:
    """Return a radiology reading of a case of its own that the radiologist has done."""
    row = published_meeting(house, 1).items.get().preparations.get(discipline="radiology")
    claim(row.pk, by=house.radiologist, now=NOW)
    return complete(row.pk, minutes=minutes, findings="cT2.", by=house.radiologist, now=timezone.now())


def counted() -> dict[int | None, tuple[int, int, int]]:
    """Return readings, minutes and the definition's minutes by reader."""
    return {row.reader_id: (row.readings, row.minutes, row.estimated) for row in Pace.objects.all()}


def test_a_first_reading_counts_for_its_reader_and_for_all(house: House) -> None:
    row = read(house)
    assert count_paces(timezone.now()) == 2
    by_definition = row.estimate_minutes
    assert counted() == {house.radiologist.pk: (1, 12, by_definition), None: (1, 12, by_definition)}
    count_paces(timezone.now())
    assert counted() == {house.radiologist.pk: (1, 12, by_definition), None: (1, 12, by_definition)}


def test_what_was_learnt_stands_against_the_definition_and_not_against_itself(house: House) -> None:
    row = read(house)
    Preparation.objects.filter(pk=row.pk).update(estimate_minutes=50, is_learnt=True)
    count_paces(timezone.now())
    assert counted()[None] == (1, 12, row.estimate_minutes)


def test_second_readings_and_those_opened_again_do_not_count(house: House) -> None:
    first, second, again = read(house), read(house), read(house)
    Preparation.objects.filter(pk=second.pk).update(carried_over_from=first)
    Preparation.objects.filter(pk=again.pk).update(reopened_at=NOW, earlier_minutes=5)
    count_paces(timezone.now())
    assert counted()[None][0] == 1


def test_a_forgotten_clock_counts_as_five_times_the_definition(house: House) -> None:
    row = read(house, minutes=600)
    count_paces(timezone.now())
    assert counted()[None] == (1, 5 * row.estimate_minutes, row.estimate_minutes)


def test_an_examination_made_elsewhere_doubles_what_the_definition_gives(house: House) -> None:
    row = read(house)
    row.item.case.results.filter(kind="radiology").update(is_external=True, created_at=NOW - timedelta(days=1))
    count_paces(timezone.now())
    assert counted()[None] == (1, 12, 2 * row.estimate_minutes)


def test_examinations_that_came_after_the_reading_are_not_of_it(house: House) -> None:
    row = read(house)
    count_paces(timezone.now())
    before = Pace.objects.get(reader=None).examinations
    add_result(row.item.case, "radiology")
    count_paces(timezone.now())
    assert Pace.objects.get(reader=None).examinations == before


def test_readings_from_before_what_is_remembered_go(house: House) -> None:
    row = read(house)
    count_paces(timezone.now())
    Preparation.objects.filter(pk=row.pk).update(completed_at=timezone.now() - REMEMBERED - timedelta(days=1))
    assert count_paces(timezone.now()) == 0
    assert not Pace.objects.exists()


def test_the_next_estimate_has_learnt(house: House) -> None:
    row = read(house, minutes=60)
    count_paces(timezone.now())
    case, pace = row.item.case, Pace.objects.get(reader=None)
    minutes, is_learnt = estimate_minutes(
        discipline="radiology", diagnosis_id=case.diagnosis_id, phase=case.phase, examinations=pace.examinations,
        minutes=row.estimate_minutes,
    )  # fmt: skip
    assert is_learnt
    assert minutes > row.estimate_minutes


def test_the_reader_sees_on_what_the_estimate_rests(house: House) -> None:
    read(house, minutes=60)
    row = published_meeting(house, 1).items.get().preparations.get(discipline="radiology")
    with translation.override("en"):
        assert estimate_words(row) == f"{row.estimate_minutes} min, from the definition"
        count_paces(timezone.now())
        later = published_meeting(house, 1).items.get().preparations.get(discipline="radiology")
        assert later.is_learnt
        assert estimate_words(later) == f"{later.estimate_minutes} min, learnt from 1 preparation"
        later.reopened_at = NOW
        assert estimate_words(later) == f"{later.estimate_minutes} min, for what is new"
    page = login(Client(), house.radiologist).get(f"/queue/{later.pk}/").content.decode()
    assert "1 förberedelse" in page or "1 preparation" in page
