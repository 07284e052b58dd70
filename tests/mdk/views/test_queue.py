"""The reader's queue: whose it is, what stands in it, and what it costs."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AccessLog
from accounts.permissions import Role
from mdk.models import Meeting, Preparation
from mdk.services import preparation
from mdk.services.publishing import publish_meeting
from mdk.services.rebooking import rebook_item
from tests.domain_factories import House, add_result, make_house, make_meeting, place, published_meeting, ready_case
from tests.factories import login, make_membership

pytestmark = pytest.mark.django_db
NOW = timezone.now()
URL = "/queue/"


@pytest.fixture
def house() -> House:
    return make_house()


def preparations(meeting: Meeting, discipline: str = "radiology") -> list[Preparation]:
    rows = Preparation.objects.filter(item__meeting=meeting, discipline=discipline)
    return list(rows.order_by("item__position").select_related("item__case__patient"))


def test_what_is_mine_stands_first_then_what_is_to_be_shared(client: Client, house: House) -> None:
    meeting = published_meeting(house, 2)
    mine = preparations(meeting)[1]
    preparation.claim(mine.pk, by=house.radiologist, now=NOW)
    page = login(client, house.radiologist).get(URL)
    assert page.status_code == 200
    queue = page.context["queue"]
    assert [row.id for group in queue.own for row in group.rows] == [mine.pk]
    assert [row.id for group in queue.free for row in group.rows] == [preparations(meeting)[0].pk]
    assert (queue.own_minutes, queue.free_count, queue.free_minutes) == (9, 1, 9)
    assert mine.item.case.clinical_question in page.content.decode()


@pytest.mark.parametrize(("person", "discipline"), [("radiologist", "radiology"), ("pathologist", "pathology")])
def test_readers_see_their_own_discipline_alone(client: Client, house: House, person: str, discipline: str) -> None:
    published_meeting(house, 1)
    page = login(client, getattr(house, person)).get(URL)
    assert {row.discipline for row in page.context["queue"].rows} == {discipline}


@pytest.mark.parametrize("person", ["coordinator", "chair", "clinician", "nurse", "manager", "admin", "stranger"])
def test_the_queue_is_for_those_who_prepare(client: Client, house: House, person: str) -> None:
    published_meeting(house, 1)
    page = login(client, getattr(house, person)).get(URL)
    assert page.status_code == 403
    assert "Patient " not in page.content.decode()


def test_a_reader_of_another_hospital_sees_nothing_of_ours(client: Client, house: House) -> None:
    published_meeting(house, 1)
    other = make_house()
    page = login(client, other.radiologist).get(URL)
    assert page.context["queue"].rows == []
    assert "Inget att förbereda" in page.content.decode() or "Nothing to prepare" in page.content.decode()


def test_what_is_not_published_waits_unseen(client: Client, house: House) -> None:
    meeting = make_meeting(house)
    place(meeting, ready_case(house), by=house.coordinator)
    login(client, house.radiologist)
    assert client.get(URL).context["queue"].rows == []
    assert len(client.get(URL, {"state": "waiting"}).context["queue"].rows) == 1


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [0, 1, 2]),
        ({"who": "mine"}, [0, 1]),
        ({"who": "free"}, [2]),
        ({"who": "all"}, [0, 1, 2, 3]),
        ({"state": "done"}, [1]),
        ({"state": "todo", "who": "all"}, [2, 3]),
        ({"state": "nonsense", "who": "nonsense"}, [0, 1, 2]),
        ({"discipline": "pathology"}, []),
    ],
)
def test_filters_stand_in_the_address(
    client: Client, house: House, filters: dict[str, str], expected: list[int]
) -> None:
    rows = preparations(published_meeting(house, 4))
    preparation.start(rows[0].pk, by=house.radiologist, now=NOW)
    preparation.complete(rows[1].pk, minutes=5, findings="Fynd.", by=house.radiologist, now=NOW)
    preparation.claim(rows[3].pk, by=house.radiologist2, now=NOW)
    page = login(client, house.radiologist).get(URL, filters)
    assert sorted(row.id for row in page.context["queue"].rows) == [rows[place].pk for place in expected]


def test_new_since_the_last_reading_is_named(client: Client, house: House) -> None:
    meeting = published_meeting(house, 2)
    first, second = preparations(meeting)
    for row in (first, second):
        preparation.complete(row.pk, minutes=5, findings="Fynd.", by=house.radiologist, now=timezone.now())
    later = timezone.now() + timedelta(hours=1)
    add_result(first.item.case, "radiology", requirement="ct_thorax_abdomen", now=later)
    for row in (first, second):
        rebook_item(row.item_id, reason="no_time", by=house.coordinator, now=later)
    onward = Meeting.objects.filter(series=meeting.series, starts_at__gt=meeting.starts_at).order_by("starts_at")[0]
    publish_meeting(onward.pk, by=house.coordinator, now=later)
    page = login(client, house.radiologist).get(URL)
    rows = {row.case_id: row for row in page.context["queue"].rows}
    assert rows[first.item.case_id].new_since == 1
    assert rows[first.item.case_id].state != "done"
    assert (rows[second.item.case_id].new_since, rows[second.item.case_id].state) == (0, "done")
    assert rows[first.item.case_id].new[0] in page.content.decode()


def test_the_reading_is_logged_once_with_all_patients(client: Client, house: House) -> None:
    meeting = published_meeting(house, 2)
    login(client, house.radiologist).get(URL)
    log = AccessLog.objects.get(what="mdk:queue")
    assert (log.user, log.action, log.role) == (house.radiologist, "list", Role.RADIOLOGIST)
    assert log.patient_ids == sorted(row.item.case.patient_id for row in preparations(meeting))


def test_a_protected_identity_is_hidden_outside_the_treating_unit(client: Client, house: House) -> None:
    meeting = make_meeting(house)
    case = ready_case(house, is_protected=True)
    place(meeting, case, by=house.coordinator)
    login(client, house.radiologist)
    shown = client.get(URL, {"state": "waiting"}).content.decode()
    assert case.clinical_question in shown
    assert case.patient.name not in shown
    assert str(case.patient.identity) not in shown


@pytest.mark.parametrize("count", [1, 3])
def test_three_rows_cost_what_one_does(
    client: Client, house: House, count: int, django_assert_num_queries: object
) -> None:
    published_meeting(house, count)
    login(client, house.radiologist).get(URL)
    with django_assert_num_queries(10):  # type: ignore[operator]
        # session, person, memberships, units below, rows, answers, the reading, the week (3); definitions are known
        client.get(URL)


def test_htmx_gets_the_list_alone(client: Client, house: House) -> None:
    published_meeting(house, 1)
    page = login(client, house.radiologist).get(URL, headers={"HX-Request": "true"})
    assert "<html" not in page.content.decode()
    assert 'id="queue-list"' in page.content.decode()


def test_other_methods_are_refused(client: Client, house: House) -> None:
    assert login(client, house.radiologist).post(URL).status_code == 405


def test_who_prepares_both_chooses_between_them(client: Client, house: House) -> None:
    published_meeting(house, 1)
    make_membership(house.radiologist, Role.PATHOLOGIST, house.pathology)
    login(client, house.radiologist)
    assert {row.discipline for row in client.get(URL).context["queue"].rows} == {"radiology", "pathology"}
    chosen = client.get(URL, {"discipline": "pathology"})
    assert {row.discipline for row in chosen.context["queue"].rows} == {"pathology"}
