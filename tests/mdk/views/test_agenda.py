"""/meetings/<pk>/ for members: the agenda to read, and the protocol list that anybody may lift from."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import AccessLog
from mdk.models import AgendaItem, Meeting, Series
from mdk.services.agenda import take_off
from mdk.services.publishing import publish_meeting
from tests.domain_factories import House, make_case, make_meeting, place, ready_case
from tests.mdk.planning import MEMBERS, WITHOUT_CASES, page, person


@pytest.fixture
def listed(house: House) -> AgendaItem:
    """Return a protocol case on a published agenda that also has one for discussion."""
    meeting = make_meeting(house)
    place(meeting, ready_case(house), by=house.coordinator)
    item = place(meeting, ready_case(house, level="protocol"), by=house.coordinator)
    publish_meeting(meeting.pk, by=house.coordinator, now=timezone.now())
    return item


def url(meeting: Meeting) -> str:
    return f"/meetings/{meeting.pk}/"


@pytest.mark.parametrize("role", MEMBERS)
def test_members_read_the_agenda_and_the_reading_is_logged(house: House, listed: AgendaItem, role: str) -> None:
    answer = page(person(house, role)).get(url(listed.meeting))
    assert answer.status_code == 200
    assert listed.case.clinical_question in answer.content.decode()
    assert [row.id for row in answer.context["listed"]] == [listed.pk]
    log = AccessLog.objects.latest("at")
    assert (log.user, log.what) == (person(house, role), "mdk:meeting")
    assert listed.case.patient_id in log.patient_ids


@pytest.mark.parametrize("role", WITHOUT_CASES)
def test_without_the_right_to_cases_no_patient_shows(house: House, listed: AgendaItem, role: str) -> None:
    text = page(person(house, role)).get(url(listed.meeting)).content.decode()
    assert listed.case.clinical_question not in text
    assert f"/cases/{listed.case_id}/" not in text
    assert "P.T." not in text
    assert not AccessLog.objects.exists()


def test_nobody_changes_the_agenda_by_posting_to_it(house: House, listed: AgendaItem) -> None:
    assert page(house.clinician).post(url(listed.meeting)).status_code == 405


@pytest.mark.parametrize("role", [*MEMBERS, "coordinator", "chair"])
def test_any_member_lifts_with_a_sentence(house: House, listed: AgendaItem, role: str) -> None:
    answer = page(person(house, role)).post(f"/items/{listed.pk}/lift/", {"reason": "Patienten vill avstå."})
    assert answer.status_code == 302
    listed.refresh_from_db()
    assert (listed.level, listed.lifted_reason) == ("focused", "Patienten vill avstå.")


def test_a_lift_without_a_sentence_stands_open(house: House, listed: AgendaItem) -> None:
    answer = page(house.clinician).post(f"/items/{listed.pk}/lift/", {"reason": " "})
    assert answer.status_code == 422
    assert answer.context["lifting"] == listed.pk
    listed.refresh_from_db()
    assert listed.level == "protocol"


@pytest.mark.parametrize(("role", "status"), [("stranger", 404), ("manager", 403), ("admin", 403)])
def test_nobody_else_lifts(house: House, listed: AgendaItem, role: str, status: int) -> None:
    assert page(person(house, role)).post(f"/items/{listed.pk}/lift/", {"reason": "Jo."}).status_code == status
    listed.refresh_from_db()
    assert listed.level == "protocol"


def test_lifting_is_a_post(house: House, listed: AgendaItem) -> None:
    assert page(house.clinician).get(f"/items/{listed.pk}/lift/").status_code == 405


def test_a_case_that_left_the_agenda_cannot_be_lifted(house: House, listed: AgendaItem) -> None:
    page(house.coordinator).post(f"/items/{listed.pk}/take-off/", {"reason": "Fel."})
    assert page(house.clinician).post(f"/items/{listed.pk}/lift/", {"reason": "Jo."}).status_code == 409


QUERIES = 10


def add_and_publish(house: House, meeting: Meeting, cases: int, *, ready: bool = True) -> None:
    """Add cases to the agenda and publish the list again."""
    for _ in range(cases):
        case = ready_case(house) if ready else make_case(house)
        place(meeting, case, by=house.coordinator, override_reason="Akut.")
    publish_meeting(meeting.pk, by=house.coordinator, now=timezone.now())


def test_one_row_and_three_cost_the_same_queries(
    house: House, listed: AgendaItem, django_assert_num_queries: Any
) -> None:
    client = page(house.clinician)
    client.get(url(listed.meeting))
    add_and_publish(house, listed.meeting, 1)
    with django_assert_num_queries(QUERIES):
        client.get(url(listed.meeting))
    add_and_publish(house, listed.meeting, 2)
    with django_assert_num_queries(QUERIES):
        client.get(url(listed.meeting))


def test_forty_rows_stand_on_one_page_at_the_same_cost(
    house: House, listed: AgendaItem, django_assert_num_queries: Any
) -> None:
    client = page(house.clinician)
    client.get(url(listed.meeting))
    add_and_publish(house, listed.meeting, 38, ready=False)
    with django_assert_num_queries(QUERIES):
        answer = client.get(url(listed.meeting))
    assert answer.content.decode().count('class="agenda__time"') == 40


def test_parts_breaks_version_and_changes_are_read_by_members(house: House, listed: AgendaItem) -> None:
    meeting = listed.meeting
    Series.objects.filter(pk=meeting.series_id).update(break_after_cases=1, break_minutes=10)
    gone = meeting.items.order_by("position")[0]
    take_off(gone.pk, reason="PAD saknas", by=house.coordinator, now=timezone.now())
    add_and_publish(house, meeting, 2)
    place(meeting, make_case(house), by=house.coordinator, provisional=True)
    answer = page(house.clinician).get(url(meeting))
    text = answer.content.decode()
    assert [(part.code, len(part.rows)) for part in answer.context["parts"]] == [("not_operated", 2)]
    assert len(answer.context["likely"]) == 1
    assert answer.context["log"].number == 2
    assert text.count('class="agenda__break"') == 2
    assert "PAD saknas" in text
    assert "Version 2" in text
    assert gone.case.patient_id in AccessLog.objects.latest("at").patient_ids


def test_without_the_right_to_cases_no_change_is_told(house: House, listed: AgendaItem) -> None:
    gone = listed.meeting.items.order_by("position")[0]
    take_off(gone.pk, reason="PAD saknas", by=house.coordinator, now=timezone.now())
    text = page(house.manager).get(url(listed.meeting)).content.decode()
    assert "Version 1" in text
    assert "PAD saknas" not in text
