"""One list of a meeting's preparations for both disciplines, and giving them to readers."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from accounts.models import AccessLog
from mdk.models import Meeting, Preparation
from mdk.services import preparation
from tests.domain_factories import House, make_house, published_meeting
from tests.factories import login

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def meeting(house: House) -> Meeting:
    return published_meeting(house, 2)


def url(meeting: Meeting) -> str:
    return f"/meetings/{meeting.pk}/preparations/"


def radiology(meeting: Meeting) -> list[Preparation]:
    return list(Preparation.objects.filter(item__meeting=meeting, discipline="radiology").order_by("item__position"))


@pytest.mark.parametrize("person", ["radiologist", "pathologist", "coordinator", "chair", "clinician", "nurse"])
def test_both_disciplines_stand_on_one_list(client: Client, house: House, meeting: Meeting, person: str) -> None:
    first, _second = radiology(meeting)
    pathology = Preparation.objects.get(item=first.item_id, discipline="pathology")
    preparation.accept(first.pk, by=house.radiologist, now=NOW)
    preparation.send_back(pathology.pk, reason="Provet är inte klart.", by=house.pathologist, now=NOW)
    page = login(client, getattr(house, person)).get(url(meeting))
    text = page.content.decode()
    assert page.status_code == 200
    assert house.radiologist.name in text
    assert "Provet är inte klart." in text
    assert [len(case.asked) for case in page.context["cases"]] == [2, 2]
    log = AccessLog.objects.get(what="mdk:preparations")
    assert log.patient_ids == sorted(case.row.patient_id for case in page.context["cases"])
    assert bool(page.context["readers"]) == (person == "coordinator")


def test_a_stranger_finds_nothing_and_without_cases_nothing_is_shown(
    client: Client, house: House, meeting: Meeting
) -> None:
    for path in (url(meeting), f"{url(meeting)}give/"):
        method: Any = client.post if path.endswith("give/") else client.get
        login(client, house.stranger)
        assert method(path).status_code == 404
        for person in (house.manager, house.admin):
            login(client, person)
            assert method(path).status_code == 403
    for person in (house.radiologist, house.chair, house.clinician):
        login(client, person)
        give = {"preparation": [radiology(meeting)[0].pk], "reader": house.radiologist.pk}
        assert client.post(f"{url(meeting)}give/", give).status_code == 403
    assert radiology(meeting)[0].reader is None
    assert login(client, house.coordinator).get(f"{url(meeting)}give/").status_code == 405


def test_a_coordinator_gives_them_to_a_reader(client: Client, house: House, meeting: Meeting) -> None:
    first, second = radiology(meeting)
    preparation.claim(second.pk, by=house.radiologist2, now=NOW)
    pathology = Preparation.objects.get(item=first.item_id, discipline="pathology")
    login(client, house.coordinator)
    give = {"preparation": [first.pk, second.pk, pathology.pk], "reader": house.radiologist.pk}
    answer = client.post(f"{url(meeting)}give/", give)
    assert answer.headers["Location"] == url(meeting)
    first, second = radiology(meeting)
    assert (first.reader, first.assigned_by) == (house.radiologist, house.coordinator)
    assert second.reader == house.radiologist2
    pathology.refresh_from_db()
    assert pathology.reader is None
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert len(told) == 3
    assert any(house.radiologist2.name in line for line in told)


@pytest.mark.parametrize("wrong", [{"reader": ""}, {"preparation": []}, {"reader": "x"}, {"preparation": ["1000000"]}])
def test_what_is_wrong_stands_on_the_page(
    client: Client, house: House, meeting: Meeting, wrong: dict[str, Any]
) -> None:
    give = {"preparation": [radiology(meeting)[0].pk], "reader": house.radiologist.pk} | wrong
    answer = login(client, house.coordinator).post(f"{url(meeting)}give/", give)
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert radiology(meeting)[0].reader is None


@pytest.mark.parametrize("person", ["radiologist", "coordinator"])
@pytest.mark.parametrize("count", [1, 3])
def test_three_rows_cost_what_one_does(
    client: Client, house: House, count: int, person: str, django_assert_num_queries: Any
) -> None:
    meeting = published_meeting(house, count)
    login(client, getattr(house, person)).get(url(meeting))
    with django_assert_num_queries({"radiologist": 8, "coordinator": 20}[person]):
        client.get(url(meeting))
