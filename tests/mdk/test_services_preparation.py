"""Preparation: claimed by one, done once, handed over, sent back, carried over to another meeting."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import Invalid
from cases.enums import CaseStatus
from events.models import Event, Notice
from mdk.enums import ItemStatus, PreparationState, RebookingReason
from mdk.models import AgendaItem, Meeting, Preparation, Rebooking
from mdk.services import preparation
from mdk.services.agenda import BookingRefused, take_off
from mdk.services.cancelling import cancel_meeting
from mdk.services.preparation import new_since
from mdk.services.preparation_moves import PreparationRefused
from mdk.services.publishing import publish_meeting
from mdk.services.rebooking import rebook_item
from tests.domain_factories import (
    House,
    add_result,
    make_house,
    make_meeting,
    make_series,
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


def finish(row: Preparation, house: House, minutes: int = 9) -> Preparation:
    return preparation.complete(row.pk, minutes=minutes, findings="mrT3b, MRF fri.", by=house.radiologist, now=NOW)


def test_claim_start_complete(house: House, row: Preparation) -> None:
    claimed = preparation.claim(row.pk, by=house.radiologist, now=NOW)
    assert (claimed.reader, claimed.claimed_at, claimed.state) == (house.radiologist, NOW, PreparationState.TODO)
    started = preparation.start(row.pk, by=house.radiologist, now=LATER)
    assert (started.state, started.started_at, started.claimed_at) == (PreparationState.IN_PROGRESS, LATER, NOW)
    done = preparation.complete(row.pk, minutes=11, findings=" Fynd. ", by=house.radiologist, now=LATER)
    assert (done.state, done.minutes, done.findings) == (PreparationState.DONE, 11, "Fynd.")
    assert (done.completed_by, done.completed_at) == (house.radiologist, LATER)
    kinds = Event.objects.filter(kind__startswith="preparation.").values_list("kind", flat=True)
    assert list(kinds) == ["preparation.claimed", "preparation.started", "preparation.completed"]


def test_starting_claims_what_nobody_holds(house: House, row: Preparation) -> None:
    assert preparation.start(row.pk, by=house.radiologist, now=NOW).reader == house.radiologist


@pytest.mark.parametrize("action", ["claim", "start"])
def test_twice_by_the_same_person_is_once(house: House, row: Preparation, action: str) -> None:
    for _ in range(2):
        getattr(preparation, action)(row.pk, by=house.radiologist, now=NOW)
    assert Event.objects.filter(kind__startswith="preparation.").count() == 1


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


# Rebooking, and what of the preparation goes along


@pytest.mark.parametrize(("has_imaging", "disciplines"), [(False, {"pathology"}), (True, {"radiology", "pathology"})])
def test_nobody_prepares_what_is_neither_asked_for_nor_there(
    house: House, has_imaging: bool, disciplines: set[str]
) -> None:
    """After colorectal surgery the definition asks for the specimen, not for imaging."""
    case = ready_case(house, phase="post_operative", now=NOW - timedelta(hours=1))
    if has_imaging:
        add_result(case, "radiology")
    item = place(make_meeting(house), case, by=house.coordinator)
    assert set(item.preparations.values_list("discipline", flat=True)) == disciplines


def two_meetings(house: House) -> tuple[AgendaItem, Meeting]:
    """Return an item on the first published meeting of a series, and the meeting after it."""
    series = make_series(house)
    first, second = list(series.meetings.order_by("starts_at")[:2])
    item = place(first, ready_case(house, now=NOW - timedelta(hours=1)), by=house.coordinator)
    return item, second


def prepare(item: AgendaItem, house: House) -> None:
    """Let both disciplines finish: nine minutes of radiology, twelve of pathology."""
    for row in item.preparations.all():
        reader = house.radiologist if row.discipline == "radiology" else house.pathologist
        minutes = 9 if row.discipline == "radiology" else 12
        preparation.complete(row.pk, minutes=minutes, findings="Fynd.", by=reader, now=NOW)


def test_done_and_nothing_new_stays_done(house: House) -> None:
    item, second = two_meetings(house)
    prepare(item, house)
    rebooked = rebook_item(item.pk, reason=RebookingReason.PATIENT_ILL, by=house.coordinator, now=LATER)
    assert rebooked.item is not None
    assert rebooked.item.meeting == second
    rows = {p.discipline: p for p in rebooked.item.preparations.all()}
    assert {p.state for p in rows.values()} == {PreparationState.DONE}
    assert (rows["radiology"].findings, rows["radiology"].estimate_minutes) == ("Fynd.", 0)
    assert rows["radiology"].completed_by == house.radiologist
    assert (rebooked.rebooking.prep_minutes_carried, rebooked.rebooking.prep_minutes_lost) == (21, 0)


def test_a_new_answer_asks_for_a_second_reading_of_that_discipline_alone(house: House) -> None:
    item, _second = two_meetings(house)
    prepare(item, house)
    add_result(item.case, "radiology", requirement="ct_thorax_abdomen", days_ago=0, now=LATER)
    rebooked = rebook_item(item.pk, reason=RebookingReason.NEW_QUESTION, by=house.coordinator, now=LATER)
    assert rebooked.item is not None
    rows = {p.discipline: p for p in rebooked.item.preparations.all()}
    radiology = rows["radiology"]
    assert (radiology.state, radiology.estimate_minutes, radiology.findings) == ("waiting", 3, "Fynd.")
    assert (radiology.carried_over_from_id is not None, new_since(radiology)) == (True, 1)
    assert rows["pathology"].state == PreparationState.DONE


def test_what_was_not_done_is_not_carried(house: House) -> None:
    item, _second = two_meetings(house)
    rebooked = rebook_item(item.pk, reason=RebookingReason.PATIENT_WISH, by=house.coordinator, now=LATER)
    assert rebooked.item is not None
    assert set(rebooked.item.preparations.values_list("state", "carried_over_from")) == {("waiting", None)}
    assert rebooked.rebooking.prep_minutes_carried == 0


def test_without_a_meeting_to_go_to_the_minutes_are_lost(house: House) -> None:
    item, second = two_meetings(house)
    prepare(item, house)
    for later in Meeting.objects.filter(starts_at__gte=second.starts_at):
        cancel_meeting(later.pk, reason="Semester.", by=house.coordinator, now=NOW)
    rebooked = rebook_item(item.pk, reason=RebookingReason.PATIENT_ILL, by=house.coordinator, now=LATER)
    assert rebooked.item is None
    assert (rebooked.rebooking.prep_minutes_carried, rebooked.rebooking.prep_minutes_lost) == (0, 21)
    item.case.refresh_from_db()
    assert item.case.status == CaseStatus.REFERRED


def test_what_was_carried_over_is_not_forgotten_when_it_is_lost(house: House) -> None:
    item, second = two_meetings(house)
    prepare(item, house)
    moved = rebook_item(item.pk, reason=RebookingReason.PATIENT_ILL, by=house.coordinator, now=LATER).item
    assert moved is not None
    for later in Meeting.objects.filter(starts_at__gt=second.starts_at):
        cancel_meeting(later.pk, reason="Semester.", by=house.coordinator, now=NOW)
    rebooked = rebook_item(moved.pk, reason=RebookingReason.PATIENT_ILL, by=house.coordinator, now=LATER)
    assert (rebooked.rebooking.prep_minutes_carried, rebooked.rebooking.prep_minutes_lost) == (0, 21)


def test_a_rebooking_is_written_down_and_told(house: House) -> None:
    item, second = two_meetings(house)
    rebooked = rebook_item(
        item.pk,
        reason=RebookingReason.OTHER,
        note="Tolk saknas.",
        by=house.coordinator,
        now=LATER,
        meeting_id=second.pk,
    )
    item.refresh_from_db()
    item.case.refresh_from_db()
    assert (item.status, item.position, item.case.status) == (ItemStatus.REBOOKED, None, CaseStatus.SCHEDULED)
    assert (rebooked.rebooking.rebooked_by, rebooked.rebooking.is_foreseeable) == (house.coordinator, False)
    told = Notice.objects.filter(event__kind="item.rebooked").values_list("person", flat=True)
    assert set(told) == {house.clinician.pk, house.nurse.pk}
    again = rebook_item(item.pk, reason=RebookingReason.NO_TIME, by=house.coordinator, now=LATER)
    assert again.rebooking == rebooked.rebooking
    with pytest.raises(BookingRefused):
        rebook_item(item.pk, reason=RebookingReason.NO_TIME, by=house.chair, now=LATER)


def test_a_missing_answer_names_the_requirement_and_was_foreseeable(house: House) -> None:
    item, _second = two_meetings(house)
    result = item.case.results.get(kind="pathology")
    result.delete()
    add_result(item.case, "pathology", requirement="histopathology", state="ordered")
    rebooked = rebook_item(item.pk, reason=RebookingReason.PATHOLOGY_MISSING, by=house.coordinator, now=LATER)
    assert rebooked.rebooking.missing_requirement == "histopathology"
    assert rebooked.rebooking.is_foreseeable
    assert rebooked.item is not None
    assert rebooked.item.override_by == house.coordinator


@pytest.mark.parametrize(
    ("reason", "note", "wrong"), [("because", "", "reason"), ("other", " ", "note"), ("", "", "reason")]
)
def test_a_rebooking_has_a_coded_reason(house: House, reason: str, note: str, wrong: str) -> None:
    item, _second = two_meetings(house)
    with pytest.raises(Invalid) as refusal:
        rebook_item(item.pk, reason=reason, note=note, by=house.coordinator, now=NOW)
    assert [e.field for e in refusal.value.errors] == [wrong]
    assert not Rebooking.objects.exists()


def test_not_to_where_it_is(house: House) -> None:
    item, _second = two_meetings(house)
    with pytest.raises(Invalid):
        rebook_item(item.pk, reason=RebookingReason.NO_TIME, by=house.coordinator, now=NOW, meeting_id=item.meeting_id)


def test_a_cancelled_meeting_sends_its_cases_on(house: House) -> None:
    item, second = two_meetings(house)
    provisional = place(item.meeting, ready_case(house), by=house.coordinator, provisional=True)
    cancel_meeting(item.meeting_id, reason="Strömavbrott.", by=house.coordinator, now=NOW)
    item.refresh_from_db()
    provisional.refresh_from_db()
    assert item.rebooked_as.to_item.meeting == second
    assert (item.rebooked_as.reason, provisional.status) == ("meeting_cancelled", "removed")
    assert provisional.case.status == CaseStatus.REFERRED


def minutes_of(item: AgendaItem) -> dict[str, int]:
    """Return the estimate of each discipline."""
    return dict(item.preparations.values_list("discipline", "estimate_minutes"))


def test_an_examination_from_elsewhere_is_read_anew_and_takes_longer(house: House) -> None:
    meeting = make_meeting(house)
    usual = minutes_of(place(meeting, ready_case(house), by=house.coordinator))
    case = ready_case(house)
    add_result(case, "radiology", is_external=True)
    add_result(case, "lab", is_external=True)
    weighed = minutes_of(place(meeting, case, by=house.coordinator))
    assert weighed["radiology"] == usual["radiology"] * preparation.ELSEWHERE_FACTOR > usual["radiology"]
    assert weighed["pathology"] == usual["pathology"]


def test_what_was_called_off_elsewhere_weighs_nothing(house: House) -> None:
    meeting = make_meeting(house)
    usual = minutes_of(place(meeting, ready_case(house), by=house.coordinator))
    case = ready_case(house)
    add_result(case, "radiology", is_external=True, state="cancelled")
    assert minutes_of(place(meeting, case, by=house.coordinator)) == usual


def test_an_examination_from_elsewhere_that_came_after_the_booking_is_weighed_when_the_agenda_is_published(
    house: House,
) -> None:
    meeting = make_meeting(house)
    case = ready_case(house)
    item = place(meeting, case, by=house.coordinator)
    usual = minutes_of(item)
    add_result(case, "radiology", is_external=True)
    assert minutes_of(item) == usual
    publish_meeting(meeting.pk, by=house.coordinator, now=NOW)
    assert minutes_of(item) == usual | {"radiology": usual["radiology"] * preparation.ELSEWHERE_FACTOR}


def test_a_second_reading_is_weighed_by_what_is_new_alone(house: House) -> None:
    series = make_series(house)
    meeting = make_meeting(house, series=series)
    case = ready_case(house, now=NOW)
    add_result(case, "radiology", is_external=True, now=NOW)
    place(meeting, case, by=house.coordinator)
    publish_meeting(meeting.pk, by=house.coordinator, now=NOW)
    row = Preparation.objects.get(item__meeting=meeting, discipline="radiology")
    item = AgendaItem.objects.get(meeting=meeting)
    finish(row, house)
    add_result(case, "radiology", days_ago=1, now=LATER)
    moved = rebook_item(item.pk, reason=RebookingReason.NO_TIME, by=house.coordinator, now=LATER).item
    assert moved
    second = minutes_of(moved)["radiology"]
    assert 0 < second < row.estimate_minutes
    finish(Preparation.objects.get(item=moved, discipline="radiology"), house)
    add_result(case, "radiology", days_ago=0, is_external=True, now=LATER + timedelta(hours=2))
    again = rebook_item(moved.pk, reason=RebookingReason.NO_TIME, by=house.coordinator, now=LATER).item
    assert again
    assert minutes_of(again)["radiology"] == second * preparation.ELSEWHERE_FACTOR
