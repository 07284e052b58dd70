"""Preparation: claimed by one, done once, handed over, sent back, carried over to another meeting."""

from datetime import timedelta

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from accounts.errors import Invalid
from events.models import Event, Notice
from mdk.enums import PreparationState
from mdk.models import Meeting, Preparation
from mdk.services import preparation
from mdk.services.agenda import take_off
from mdk.services.preparation_moves import PreparationRefused
from tests.domain_factories import (
    House,
    make_house,
    make_meeting,
    place,
    published_meeting,
    ready_case,
)

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def meeting(house: House) -> Meeting:
    return published_meeting(house, 1)


@pytest.fixture
def row(meeting: Meeting) -> Preparation:
    return Preparation.objects.get(item__meeting=meeting, discipline="radiology")


def acts() -> QuerySet[Event]:
    """Return what people did with preparations; that the roster gave them out is no act of theirs."""
    return Event.objects.filter(kind__startswith="preparation.").exclude(kind="preparation.assigned")


def finish(row: Preparation, house: House, minutes: int = 9) -> Preparation:
    return preparation.complete(row.pk, minutes=minutes, findings="mrT3b, MRF fri.", by=house.radiologist, now=NOW)


def test_claim_start_complete(house: House, row: Preparation) -> None:
    claimed = preparation.claim(row.pk, by=house.radiologist, now=NOW)
    assert (claimed.reader, claimed.assigned_at, claimed.state) == (house.radiologist, None, PreparationState.TODO)
    started = preparation.start(row.pk, by=house.radiologist, now=LATER)
    assert (started.state, started.started_at, started.claimed_at) == (
        PreparationState.IN_PROGRESS,
        LATER,
        claimed.claimed_at,
    )
    done = preparation.complete(row.pk, minutes=11, findings=" Fynd. ", by=house.radiologist, now=LATER)
    assert (done.state, done.minutes, done.findings) == (PreparationState.DONE, 11, "Fynd.")
    assert (done.completed_by, done.completed_at) == (house.radiologist, LATER)
    kinds = acts().values_list("kind", flat=True)
    assert list(kinds) == ["preparation.claimed", "preparation.started", "preparation.completed"]


def test_starting_claims_what_nobody_holds(house: House, row: Preparation) -> None:
    assert preparation.start(row.pk, by=house.radiologist, now=NOW).reader == house.radiologist


@pytest.mark.parametrize("action", ["claim", "start"])
def test_twice_by_the_same_person_is_once(house: House, row: Preparation, action: str) -> None:
    for _ in range(2):
        getattr(preparation, action)(row.pk, by=house.radiologist, now=NOW)
    assert acts().count() == 1


@pytest.mark.parametrize("action", ["claim", "release", "start", "send_back", "complete"])
def test_what_another_holds_is_refused_and_they_are_named(house: House, row: Preparation, action: str) -> None:
    preparation.claim(row.pk, by=house.radiologist, now=NOW)
    more = {"send_back": {"reason": "Bild saknas."}, "complete": {"minutes": 5, "findings": "Fynd."}}.get(action, {})
    with pytest.raises(PreparationRefused) as refusal:
        getattr(preparation, action)(row.pk, by=house.radiologist2, now=LATER, **more)
    assert refusal.value.code == "held-by-another"
    assert house.radiologist.name in refusal.value.message
    row.refresh_from_db()
    assert (row.reader, row.state) == (house.radiologist, PreparationState.TODO)


def test_releasing_gives_it_back_to_the_queue(house: House, row: Preparation) -> None:
    preparation.start(row.pk, by=house.radiologist, now=NOW)
    free = preparation.release(row.pk, by=house.radiologist, now=NOW)
    assert (free.reader, free.claimed_at, free.started_at, free.state) == (None, None, None, PreparationState.TODO)
    assert preparation.claim(row.pk, by=house.radiologist2, now=NOW).reader == house.radiologist2


def test_before_publication_it_goes_back_to_waiting(house: House) -> None:
    item = place(make_meeting(house), ready_case(house), by=house.coordinator)
    row = item.preparations.get(discipline="radiology")
    preparation.claim(row.pk, by=house.radiologist, now=NOW)
    free = preparation.release(row.pk, by=house.radiologist, now=NOW)
    assert (free.reader, free.state) == (None, PreparationState.WAITING)


def test_handing_over_tells_the_other_reader(house: House, row: Preparation) -> None:
    preparation.claim(row.pk, by=house.radiologist, now=NOW)
    handed = preparation.hand_over(row.pk, reader=house.radiologist2, by=house.radiologist, now=LATER)
    assert (handed.reader, handed.claimed_at) == (house.radiologist2, LATER)
    assert Notice.objects.get(event__kind="preparation.handed_over").person == house.radiologist2


@pytest.mark.parametrize(
    ("minutes", "findings", "wrong"),
    [
        (None, "Fynd.", ["minutes"]),
        (-1, "Fynd.", ["minutes"]),
        (601, "Fynd.", ["minutes"]),
        (5, " ", ["findings"]),
        (None, "", ["minutes", "findings"]),
    ],
)
def test_a_completion_says_what_and_how_long(
    house: House, row: Preparation, minutes: int | None, findings: str, wrong: list[str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        preparation.complete(row.pk, minutes=minutes, findings=findings, by=house.radiologist, now=NOW)
    assert [e.field for e in refusal.value.errors] == wrong
    row.refresh_from_db()
    assert row.state == PreparationState.TODO


def test_headings_alone_are_findings(house: House, row: Preparation) -> None:
    done = preparation.complete(
        row.pk, minutes=5, findings="", headings={"tumour": "38 mm"}, by=house.radiologist, now=NOW
    )
    assert (done.state, done.headings) == (PreparationState.DONE, {"tumour": "38 mm"})


def test_its_reader_may_correct_a_completion_and_nobody_else(house: House, row: Preparation) -> None:
    finish(row, house)
    again = preparation.complete(row.pk, minutes=14, findings="Rättat.", by=house.radiologist, now=LATER)
    assert (again.minutes, again.findings, again.completed_at) == (14, "Rättat.", LATER)
    with pytest.raises(PreparationRefused):
        preparation.complete(row.pk, minutes=1, findings="Annat.", by=house.radiologist2, now=LATER)


@pytest.mark.parametrize("action", ["release", "start"])
def test_what_is_done_is_not_begun_again(house: House, row: Preparation, action: str) -> None:
    finish(row, house)
    with pytest.raises(PreparationRefused) as refusal:
        getattr(preparation, action)(row.pk, by=house.radiologist, now=LATER)
    assert refusal.value.extra == {"state": "done"}


def test_sending_back_reaches_the_clinician_with_a_notice(house: House, row: Preparation) -> None:
    with pytest.raises(Invalid):
        preparation.send_back(row.pk, reason="", by=house.radiologist, now=NOW)
    back = preparation.send_back(row.pk, reason="Bilderna går inte att öppna.", by=house.radiologist, now=NOW)
    assert (back.state, back.returned_by, back.returned_at) == (PreparationState.RETURNED, house.radiologist, NOW)
    notice = Notice.objects.get(event__kind="preparation.returned")
    assert notice.person == house.clinician
    assert "Bilderna" not in str(notice.event.data)


def test_sending_back_twice_is_once_and_another_is_refused(house: House, row: Preparation) -> None:
    for _ in range(2):
        preparation.send_back(row.pk, reason="Bilderna går inte att öppna.", by=house.radiologist, now=NOW)
    assert Event.objects.filter(kind="preparation.returned").count() == 1
    with pytest.raises(PreparationRefused):
        preparation.send_back(row.pk, reason="Annat.", by=house.radiologist2, now=LATER)


def test_what_was_sent_back_can_still_be_completed(house: House, row: Preparation) -> None:
    preparation.send_back(row.pk, reason="Bilderna går inte att öppna.", by=house.radiologist, now=NOW)
    done = finish(row, house)
    assert (done.state, done.returned_by, done.returned_at) == (PreparationState.DONE, None, None)


def test_what_left_the_agenda_is_not_prepared(house: House, row: Preparation) -> None:
    take_off(row.item_id, reason="Avstår.", by=house.coordinator, now=NOW)
    with pytest.raises(PreparationRefused) as refusal:
        preparation.claim(row.pk, by=house.radiologist, now=NOW)
    assert refusal.value.code == "not-on-agenda"
