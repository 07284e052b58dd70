"""Something new after a preparation is done opens it again, once, with what is new and a smaller estimate."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases.services.editing import edit_case
from events.models import Event, Notice
from mdk.enums import PreparationState
from mdk.models import AgendaItem, Meeting, Preparation
from mdk.queries.readings import changes_since
from mdk.services import preparation
from mdk.services.agenda import set_item_level, take_off
from mdk.services.carrying import ELSEWHERE_FACTOR
from mdk.services.reopening import reopen_changed
from tests.domain_factories import House, add_result, published_meeting
from tests.mdk.carried import correct, of, read, read_all

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LATER = NOW + timedelta(hours=1)
Happening = Callable[[AgendaItem, House], object]


@pytest.fixture
def item(house: House) -> AgendaItem:
    """Return a firm item of a published meeting that both disciplines have prepared."""
    item = published_meeting(house, 1, now=NOW - timedelta(hours=2)).items.get()
    read_all(item, house, NOW)
    return item


def new_answer(item: AgendaItem, house: House) -> None:
    add_result(item.case, "radiology", requirement="ct_thorax_abdomen", days_ago=0, now=LATER)


def corrected_answer(item: AgendaItem, house: House) -> None:
    correct(item.case.results.filter(kind="radiology")[0], "Rättat svar.", house, LATER)


def new_question(item: AgendaItem, house: House) -> None:
    item.case.refresh_from_db()
    edit_case(
        item.case_id, {"clinical_question": "Ny fråga?"}, version=item.case.version, by=house.clinician, now=LATER
    )


def new_level(item: AgendaItem, house: House) -> None:
    set_item_level(item.pk, "focused", reason="Enklare.", by=house.coordinator, now=LATER)


@pytest.mark.parametrize(
    ("happens", "disciplines"),
    [
        (new_answer, {"radiology"}),
        (corrected_answer, {"radiology"}),
        (new_question, {"radiology", "pathology"}),
        (new_level, {"radiology", "pathology"}),
    ],
)
def test_what_opens_it_again(house: House, item: AgendaItem, happens: Happening, disciplines: set[str]) -> None:
    happens(item, house)
    assert reopen_changed(now=LATER) == len(disciplines)
    opened = Preparation.objects.filter(item=item, reopened_at=LATER)
    assert set(opened.values_list("discipline", flat=True)) == disciplines
    assert set(opened.values_list("state", "minutes")) == {("todo", None)}


def test_nothing_new_opens_nothing(house: House, item: AgendaItem) -> None:
    add_result(item.case, "radiology", requirement="ct_thorax_abdomen", state="ordered", now=LATER)
    assert reopen_changed(now=LATER) == 0


def test_it_is_opened_once_and_its_reader_told(house: House, item: AgendaItem) -> None:
    reader = of(item).reader
    new_answer(item, house)
    assert [reopen_changed(now=LATER), reopen_changed(now=LATER)] == [1, 0]
    event = Event.objects.get(kind="preparation.reopened")
    assert [notice.person for notice in Notice.objects.filter(event=event)] == [reader]
    assert (of(item).reader, event.actor, event.system) == (reader, None, "mdk")


def test_its_minutes_stay_counted_and_the_second_reading_is_smaller(house: House, item: AgendaItem) -> None:
    first = of(item).estimate_minutes
    new_answer(item, house)
    reopen_changed(now=LATER)
    row = of(item)
    assert (row.earlier_minutes, row.minutes) == (9, None)
    assert 0 < row.estimate_minutes <= -(-first // 2)
    done = read(row, house, LATER, minutes=4)
    assert (done.earlier_minutes, done.minutes) == (9, 4)
    assert changes_since(done) == []
    assert reopen_changed(now=LATER) == 0


def test_twice_opened_and_twice_read_counts_all_three_readings(house: House, item: AgendaItem) -> None:
    for minutes, text in ((4, "Rättat."), (2, "Rättat igen.")):
        correct(item.case.results.filter(kind="radiology")[0], text, house, LATER)
        reopen_changed(now=LATER)
        read(of(item), house, LATER, minutes=minutes)
    assert (of(item).earlier_minutes, of(item).minutes) == (13, 2)


def test_what_is_in_progress_only_shows_what_is_new(house: House, item: AgendaItem) -> None:
    new_answer(item, house)
    reopen_changed(now=LATER)
    preparation.start(of(item).pk, by=of(item).reader or house.radiologist, now=LATER)
    corrected_answer(item, house)
    assert reopen_changed(now=LATER) == 0
    assert of(item).state == PreparationState.IN_PROGRESS
    assert len(changes_since(of(item))) == 2


def test_a_place_that_was_given_up_stays_as_it_was(house: House, item: AgendaItem) -> None:
    take_off(item.pk, reason="Avvaktar.", by=house.coordinator, now=LATER)
    new_answer(item, house)
    assert reopen_changed(now=LATER) == 0


def test_a_meeting_under_way_is_left_in_peace(house: House, item: AgendaItem) -> None:
    Meeting.objects.filter(pk=item.meeting_id).update(status="live")
    new_answer(item, house)
    assert reopen_changed(now=LATER) == 0


def test_an_examination_from_elsewhere_raises_what_nobody_has_begun(house: House) -> None:
    item = published_meeting(house, 1, now=NOW - timedelta(hours=2)).items.get()
    usual = of(item).estimate_minutes
    add_result(item.case, "radiology", is_external=True, now=LATER)
    assert reopen_changed(now=LATER) == 0
    assert of(item).estimate_minutes == usual * ELSEWHERE_FACTOR
    item.case.results.filter(is_external=True).update(state="cancelled")
    reopen_changed(now=LATER)
    assert of(item).estimate_minutes == usual * ELSEWHERE_FACTOR


def test_the_sweep_takes_the_same_queries_for_one_and_for_three(house: House) -> None:
    counts = []
    for cases in (1, 2):
        for item in published_meeting(house, cases, now=NOW - timedelta(hours=2)).items.all():
            read(of(item), house, NOW)
        with CaptureQueriesContext(connection) as queries:
            reopen_changed(now=LATER)
        counts.append(len(queries))
    assert counts[0] == counts[1]
