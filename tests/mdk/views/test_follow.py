"""Those who follow: the same page to read, a poll that costs little, and one row in the log for each case shown."""

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AccessLog
from mdk.models import Meeting
from mdk.services import live
from tests.domain_factories import House, give_outcome, live_meeting, make_house, published_meeting
from tests.factories import login

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def meeting(house: House) -> Meeting:
    return live_meeting(house, 3)


def url(meeting: Meeting) -> str:
    return f"/meetings/{meeting.pk}/follow/"


@pytest.mark.parametrize("person", ["coordinator", "chair", "clinician", "nurse", "radiologist", "pathologist"])
def test_members_follow_and_read(client: Client, house: House, meeting: Meeting, person: str) -> None:
    page = login(client, getattr(house, person)).get(url(meeting))
    text = page.content.decode()
    assert page.status_code == 200
    assert page.context["screen"].current.item.case.clinical_question in text
    assert "data-autosave" not in text
    assert "formaction" not in text
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in text
    assert f'hx-get="{url(meeting)}?version={meeting.version}"' in text


@pytest.mark.parametrize("person", ["manager", "admin"])
def test_who_may_not_see_cases_does_not_follow(client: Client, house: House, meeting: Meeting, person: str) -> None:
    answer = login(client, getattr(house, person)).get(url(meeting))
    assert answer.status_code == 403
    assert "Patient " not in answer.content.decode()


def test_a_stranger_finds_nothing(client: Client, house: House, meeting: Meeting) -> None:
    assert login(client, house.stranger).get(url(meeting)).status_code == 404
    assert login(client, house.nurse).post(url(meeting)).status_code == 405


def test_an_unchanged_version_is_answered_with_nothing(
    client: Client, house: House, meeting: Meeting, django_assert_num_queries: object
) -> None:
    login(client, house.nurse).get(url(meeting))
    with django_assert_num_queries(5):  # type: ignore[operator]
        # person, memberships, meeting, invited units, marks of discordant answers; the session lies in the cache
        answer = client.get(url(meeting), {"version": meeting.version}, headers=HTMX)
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_new_version_brings_the_new_case(client: Client, house: House, meeting: Meeting) -> None:
    login(client, house.nurse).get(url(meeting))
    seen = meeting.version
    give_outcome(meeting.items.get(position=1), by=house.chair)
    moved = live.next_item(meeting.pk, by=house.chair, now=timezone.now())
    answer = client.get(url(meeting), {"version": seen}, headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "<html" not in text
    assert answer.context["screen"].current.number == 2
    assert f"?version={moved.version}" in text


def test_each_case_shown_is_one_row_in_the_log(client: Client, house: House, meeting: Meeting) -> None:
    first, second = meeting.items.order_by("position")[:2]
    login(client, house.nurse).get(url(meeting))
    rows = AccessLog.objects.filter(what="mdk:follow").order_by("pk").all
    assert [len(row.patient_ids) for row in rows()] == [3]
    give_outcome(first, by=house.chair)
    for _poll in range(3):
        client.get(url(meeting), {"version": 1}, headers=HTMX)
    assert rows().count() == 1
    live.next_item(meeting.pk, by=house.chair, now=timezone.now())
    for _poll in range(3):
        client.get(url(meeting), {"version": 1}, headers=HTMX)
    assert [row.patient_ids for row in rows()][1:] == [[second.case.patient_id]]


def test_the_part_alone_shows_the_whole_order_and_is_logged_so(client: Client, house: House, meeting: Meeting) -> None:
    login(client, house.nurse).get(url(meeting), {"version": 0}, headers=HTMX)
    assert len(AccessLog.objects.get(what="mdk:follow").patient_ids) == 3


def test_the_recommendation_is_read_as_it_is_written(client: Client, house: House, meeting: Meeting) -> None:
    give_outcome(meeting.items.get(position=1), by=house.chair, recommendation="Operation.", ctnm="cT2N0")
    text = login(client, house.nurse).get(url(meeting)).content.decode()
    assert "Operation." in text
    assert "cT2N0" in text


@pytest.mark.parametrize("count", [1, 3])
def test_a_poll_costs_the_same_whatever_the_agenda(
    client: Client, house: House, count: int, django_assert_num_queries: object
) -> None:
    meeting = live_meeting(house, count)
    login(client, house.nurse).get(url(meeting))
    with django_assert_num_queries(9):  # type: ignore[operator]
        client.get(url(meeting), {"version": 0}, headers=HTMX)


def test_before_and_after_the_meeting(client: Client, house: House, meeting: Meeting) -> None:
    early = published_meeting(house, 1)
    assert login(client, house.nurse).get(url(early)).status_code == 200
    live.close_meeting(meeting.pk, by=house.chair, now=timezone.now())
    page = client.get(url(meeting))
    assert f"/meetings/{meeting.pk}/protocol/" in page.content.decode()
