"""What was prepared follows the case: done with nothing new stays done, and only what is new is read again."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import Stale
from cases.models import Case
from cases.services.editing import edit_case
from mdk.enums import ChangeKind, PreparationState, RebookingReason
from mdk.models import AgendaItem, Meeting, Preparation
from mdk.queries.readings import changes_since, edition_of
from mdk.services import preparation
from mdk.services.agenda import set_item_level, take_off
from mdk.services.carrying import ELSEWHERE_FACTOR, minutes_needed, open_preparations
from mdk.services.firming import make_firm
from mdk.services.live import close_meeting
from mdk.services.publishing import publish_meeting
from mdk.services.rebooking import rebook_item
from tests.domain_factories import House, add_result, live_meeting, make_case, make_meeting, place, ready_case
from tests.mdk.carried import BOTH, correct, firm_place, of, read, read_all

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def item(house: House) -> AgendaItem:
    return firm_place(house, NOW)


def moved(item: AgendaItem, house: House, now: datetime = LATER) -> AgendaItem:
    """Rebook the item and return where it went."""
    found = rebook_item(item.pk, reason=RebookingReason.PATIENT_ILL, by=house.coordinator, now=now).item
    assert found is not None
    return found


def ask(case: Case, question: str, house: House) -> None:
    case.refresh_from_db()
    edit_case(case.pk, {"clinical_question": question}, version=case.version, by=house.clinician, now=LATER)


def minutes_of(item: AgendaItem) -> dict[str, int]:
    return dict(item.preparations.values_list("discipline", "estimate_minutes"))


# What goes along


def test_done_and_nothing_new_stays_done(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    rows = {row.discipline: row for row in moved(item, house).preparations.all()}
    assert {row.state for row in rows.values()} == {PreparationState.DONE}
    radiology = rows["radiology"]
    assert (radiology.findings, radiology.estimate_minutes, radiology.minutes) == ("Fynd.", 0, 0)
    assert (radiology.completed_by, radiology.accepted_by) == (of(item).completed_by, of(item).accepted_by)
    assert minutes_needed(item.case, item.level) == {"radiology": 0, "pathology": 0}
    done = Meeting.objects.get(pk=item.meeting_id).items.get(pk=item.pk).rebooked_as
    assert (done.prep_minutes_carried, done.prep_minutes_lost) == (BOTH, 0)


def test_a_new_answer_asks_for_a_second_reading_of_that_discipline_alone(house: House, item: AgendaItem) -> None:
    first = of(item).estimate_minutes
    read_all(item, house, NOW)
    add_result(item.case, "radiology", requirement="ct_thorax_abdomen", days_ago=0, now=LATER)
    rows = {row.discipline: row for row in moved(item, house).preparations.all()}
    radiology = rows["radiology"]
    assert (radiology.state, radiology.findings) == (PreparationState.WAITING, "Fynd.")
    assert 0 < radiology.estimate_minutes <= -(-first // 2)
    assert [change.kind for change in changes_since(radiology)] == [ChangeKind.ANSWER_NEW]
    assert rows["pathology"].state == PreparationState.DONE


def test_a_second_reading_that_nobody_did_goes_on_to_the_third_place(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    add_result(item.case, "radiology", requirement="ct_thorax_abdomen", days_ago=0, now=LATER)
    third = moved(moved(item, house), house)
    assert (of(third).findings, len(changes_since(of(third)))) == ("Fynd.", 1)
    assert of(third).carried_over_from == of(AgendaItem.objects.get(pk=of(third).carried_over_from.item_id))  # type: ignore[union-attr]


def test_what_nobody_began_is_not_carried(house: House, item: AgendaItem) -> None:
    found = moved(item, house)
    assert set(found.preparations.values_list("state", "carried_over_from")) == {("waiting", None)}
    assert found.rebooked_from.prep_minutes_carried == 0


def test_what_is_written_in_a_preparation_that_was_begun_goes_along_with_its_reader(
    house: House, item: AgendaItem
) -> None:
    started = preparation.start(of(item).pk, by=house.radiologist, now=NOW)
    Preparation.objects.filter(pk=started.pk).update(findings="Hälften skriven.")
    found = moved(item, house, NOW + timedelta(minutes=2))
    row = of(found)
    assert (row.findings, row.reader, row.state) == ("Hälften skriven.", house.radiologist, PreparationState.WAITING)
    assert row.estimate_minutes == started.estimate_minutes - 2
    assert AgendaItem.objects.get(pk=item.pk).rebooked_as.prep_minutes_carried == 2


def test_a_page_left_open_over_night_has_read_no_longer_than_the_estimate(house: House, item: AgendaItem) -> None:
    started = preparation.start(of(item).pk, by=house.radiologist, now=NOW)
    moved(item, house, NOW + timedelta(hours=14))
    assert AgendaItem.objects.get(pk=item.pk).rebooked_as.prep_minutes_carried == started.estimate_minutes


def test_the_preparation_waits_with_the_case_that_was_taken_off(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    take_off(item.pk, reason="Avvaktar.", by=house.coordinator, now=LATER)
    again = place(make_meeting(house), item.case, by=house.coordinator, now=LATER)
    assert set(again.preparations.values_list("state", flat=True)) == {PreparationState.DONE}


def test_it_survives_a_provisional_place(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    take_off(item.pk, reason="Avvaktar.", by=house.coordinator, now=LATER)
    loose = place(make_meeting(house), item.case, by=house.coordinator, provisional=True, now=LATER)
    assert not loose.preparations.exists()
    firm = make_firm(loose.pk, by=house.coordinator, now=LATER)
    assert set(firm.preparations.values_list("state", flat=True)) == {PreparationState.DONE}


def test_what_was_not_discussed_moves_on_with_its_preparation(house: House) -> None:
    meeting = live_meeting(house, 2)
    _first, second = meeting.items.order_by("position")
    read_all(second, house, LATER)
    close_meeting(meeting.pk, by=house.chair, now=LATER)
    onward = AgendaItem.objects.get(case=second.case, status="planned")
    assert {p.state for p in onward.preparations.all()} == {PreparationState.DONE}
    assert AgendaItem.objects.get(pk=second.pk).rebooked_as.prep_minutes_carried == BOTH


def test_what_was_sent_back_is_not_done_for_having_been_read_before(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    add_result(item.case, "radiology", requirement="ct_thorax_abdomen", days_ago=0, now=LATER)
    second = moved(item, house)
    preparation.send_back(of(second).pk, reason="Bilderna saknas.", by=house.radiologist, now=LATER)
    assert of(moved(second, house)).state == PreparationState.WAITING


# What is new


def test_a_changed_question_is_new_to_both_and_shown_in_both_wordings(house: House, item: AgendaItem) -> None:
    asked = item.case.clinical_question
    read_all(item, house, NOW)
    ask(item.case, "Lever- och lungmetastaser: kirurgi?", house)
    for row in moved(item, house).preparations.all():
        [change] = changes_since(row)
        assert (change.kind, change.before, change.after) == (
            ChangeKind.QUESTION, asked, "Lever- och lungmetastaser: kirurgi?",
        )  # fmt: skip
        assert row.state == PreparationState.WAITING
        assert row.accepted_by is None


def test_a_changed_level_is_new_and_shown_in_both_words(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    set_item_level(item.pk, "focused", reason="Enklare fråga.", by=house.coordinator, now=LATER)
    [change] = changes_since(of(item))
    assert (change.kind, change.before, change.after) == (
        ChangeKind.LEVEL, "Fullständig", "Avgränsad",
    )  # fmt: skip


def test_an_order_is_no_news_and_a_correction_is(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    add_result(item.case, "radiology", requirement="ct_thorax_abdomen", state="ordered", now=LATER)
    assert changes_since(of(item)) == []
    answer = item.case.results.filter(kind="radiology", state="final")[0]
    correct(answer, "Rättat svar.", house, LATER)
    [change] = changes_since(of(item))
    assert (change.kind, change.on, change.at) == (ChangeKind.ANSWER_CHANGED, answer.performed_on, LATER)
    assert change.label


def test_an_answer_that_was_taken_back_is_new(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    answer = item.case.results.filter(kind="radiology")[0]
    item.case.results.filter(pk=answer.pk).update(state="cancelled")
    [change] = changes_since(of(item))
    assert (change.kind, change.before, change.after, change.on) == (
        ChangeKind.ANSWER_GONE, "Slutsvar", "", answer.performed_on,
    )  # fmt: skip


def test_a_reading_from_before_what_it_rests_on_was_kept(house: House, item: AgendaItem) -> None:
    read_all(item, house, NOW)
    Preparation.objects.update(seen={})
    assert changes_since(of(item)) == []
    add_result(item.case, "radiology", requirement="ct_thorax_abdomen", days_ago=0, now=LATER)
    assert [change.kind for change in changes_since(of(item))] == [ChangeKind.ANSWER_NEW]
    assert of(moved(item, house)).state == PreparationState.WAITING


def test_what_came_while_the_reader_wrote_is_shown_before_it_counts_as_read(house: House, item: AgendaItem) -> None:
    row = preparation.start(of(item).pk, by=house.radiologist, now=NOW)
    drawn = edition_of(row)
    add_result(item.case, "radiology", requirement="ct_thorax_abdomen", days_ago=0, now=LATER)
    assert [change.kind for change in changes_since(of(item))] == [ChangeKind.ANSWER_NEW]
    given = {"minutes": 9, "findings": "Fynd.", "by": house.radiologist, "now": LATER}
    with pytest.raises(Stale):
        preparation.complete(row.pk, edition=drawn, **given)  # type: ignore[arg-type]
    assert of(item).state == PreparationState.IN_PROGRESS
    preparation.complete(row.pk, edition=edition_of(row), **given)  # type: ignore[arg-type]
    assert (of(item).state, changes_since(of(item))) == (PreparationState.DONE, [])


# What it takes


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


def test_an_examination_from_elsewhere_is_read_anew_and_takes_longer(house: House) -> None:
    meeting = make_meeting(house)
    usual = minutes_of(place(meeting, ready_case(house), by=house.coordinator))
    case = ready_case(house)
    add_result(case, "radiology", is_external=True)
    add_result(case, "lab", is_external=True)
    weighed = minutes_of(place(meeting, case, by=house.coordinator))
    assert weighed["radiology"] == usual["radiology"] * ELSEWHERE_FACTOR > usual["radiology"]
    assert weighed["pathology"] == usual["pathology"]


def test_what_was_called_off_elsewhere_weighs_nothing(house: House) -> None:
    meeting = make_meeting(house)
    usual = minutes_of(place(meeting, ready_case(house), by=house.coordinator))
    case = ready_case(house)
    add_result(case, "radiology", is_external=True, state="cancelled")
    assert minutes_of(place(meeting, case, by=house.coordinator)) == usual


def test_an_examination_from_elsewhere_that_came_after_the_booking_is_weighed_at_publication(house: House) -> None:
    meeting = make_meeting(house)
    item = place(meeting, ready_case(house), by=house.coordinator)
    usual = minutes_of(item)
    add_result(item.case, "radiology", is_external=True)
    assert minutes_of(item) == usual
    publish_meeting(meeting.pk, by=house.coordinator, now=NOW)
    assert minutes_of(item) == usual | {"radiology": usual["radiology"] * ELSEWHERE_FACTOR}


def test_opening_an_agenda_weighs_all_of_it_in_the_same_queries(house: House) -> None:
    counts = []
    for cases in (1, 3):
        meeting = make_meeting(house, readers=[])
        items = []
        for _case in range(cases):
            items.append(place(meeting, ready_case(house), by=house.coordinator))
            add_result(items[-1].case, "radiology", is_external=True)
        before = of(items[0]).estimate_minutes
        with CaptureQueriesContext(connection) as queries:
            open_preparations([item.pk for item in items], NOW)
        counts.append(len(queries))
        assert {of(item).estimate_minutes for item in items} == {before * ELSEWHERE_FACTOR}
    assert counts[0] == counts[1]


def test_the_first_reading_of_a_case_that_has_been_read_takes_the_share_of_what_is_new(house: House) -> None:
    item = firm_place(house, NOW)
    row = of(item)
    read(row, house, NOW)
    answers = item.case.results.filter(kind="radiology").count()
    add_result(item.case, "radiology", days_ago=0, is_external=True, now=LATER)
    second = of(moved(item, house)).estimate_minutes
    full = row.estimate_minutes * ELSEWHERE_FACTOR
    assert second == min(-(-full // 2), -(-full * ELSEWHERE_FACTOR // (answers + ELSEWHERE_FACTOR)))


def test_a_case_that_was_never_read_is_read_in_full(house: House) -> None:
    case = make_case(house)
    assert minutes_needed(case, "full") == minutes_needed(ready_case(house), "full")
