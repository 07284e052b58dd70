"""Who is there: the roster, guests, functions and quorum."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from mdk.models import Meeting
from mdk.services import live
from mdk.services.outcome import sign_meeting
from tests.domain_factories import House, live_meeting, make_house
from tests.factories import login

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def meeting(house: House) -> Meeting:
    return live_meeting(house, 1, readers=[house.radiologist, house.radiologist2, house.pathologist])


def url(meeting: Meeting) -> str:
    return f"/meetings/{meeting.pk}/attendance/"


def filled(page: Any, present: set[int], *guests: tuple[str, str]) -> dict[str, Any]:
    """Return the form of the page as a browser sends it, with these users ticked and these guests added."""
    form = page.context["form"]
    data: dict[str, Any] = {"line-TOTAL_FORMS": len(form.forms), "line-INITIAL_FORMS": len(form.initial)}
    for number, row in enumerate(form.initial):
        data |= {f"line-{number}-{name}": row[name] for name in ("user", "name", "speciality") if row[name]}
        if row["user"] in present:
            data[f"line-{number}-is_present"] = "on"
    for number, (name, speciality) in enumerate(guests, start=len(form.initial)):
        data |= {
            f"line-{number}-name": name,
            f"line-{number}-speciality": speciality,
            f"line-{number}-is_present": "on",
        }
    return data


def test_the_roster_is_chair_readers_clinicians_and_nurses(client: Client, house: House, meeting: Meeting) -> None:
    page = login(client, house.chair).get(url(meeting))
    expected = {house.chair, house.radiologist, house.radiologist2, house.pathologist, house.clinician, house.nurse}
    assert {row["user"] for row in page.context["form"].initial} == {person.pk for person in expected}
    text = page.content.decode()
    assert all(person.name in text for person in expected)


def test_ticking_and_guests_are_recorded(client: Client, house: House, meeting: Meeting) -> None:
    login(client, house.chair)
    data = filled(client.get(url(meeting)), {house.chair.pk, house.radiologist.pk}, ("Gäst Gästsson", "liver_surgeon"))
    answer = client.post(url(meeting), data)
    assert answer.headers["Location"] == f"/meetings/{meeting.pk}/live/"
    lines = {(line.user, line.name, line.speciality) for line in meeting.attendances.select_related("user")}
    assert lines == {
        (house.chair, "", "colorectal_surgeon"),
        (house.radiologist, "", "radiologist"),
        (None, "Gäst Gästsson", "liver_surgeon"),
    }
    page = client.get(f"/meetings/{meeting.pk}/live/")
    assert set(page.context["screen"].quorum.missing) == {"oncologist", "pathologist", "contact_nurse"}
    again = client.get(url(meeting))
    assert "Gäst Gästsson" in again.content.decode()


def test_somebody_present_needs_a_function(client: Client, house: House, meeting: Meeting) -> None:
    login(client, house.chair)
    data = filled(client.get(url(meeting)), set(), ("Gäst", ""))
    page = client.post(url(meeting), data)
    assert page.status_code == 422
    assert not meeting.attendances.exists()


def test_a_user_outside_the_roster_does_not_get_in_by_number(client: Client, house: House, meeting: Meeting) -> None:
    login(client, house.chair)
    data = filled(client.get(url(meeting)), set())
    data |= {"line-0-user": house.stranger.pk, "line-0-name": "Någon annan", "line-0-is_present": "on"}
    client.post(url(meeting), data)
    assert not meeting.attendances.filter(user=house.stranger).exists()


def test_a_signed_protocol_keeps_its_attendance(client: Client, house: House, meeting: Meeting) -> None:
    live.close_meeting(meeting.pk, by=house.chair, now=timezone.now())
    sign_meeting(meeting.pk, by=house.chair, now=timezone.now())
    login(client, house.chair)
    data = filled(client.get(url(meeting)), {house.chair.pk})
    assert client.post(url(meeting), data).status_code == 409
    assert not meeting.attendances.exists()


@pytest.mark.parametrize("person", ["coordinator", "clinician", "nurse", "radiologist", "manager", "admin"])
def test_only_who_runs_the_meeting_notes_it(client: Client, house: House, meeting: Meeting, person: str) -> None:
    login(client, getattr(house, person))
    assert client.get(url(meeting)).status_code == 403
    assert client.post(url(meeting), {"line-TOTAL_FORMS": 0, "line-INITIAL_FORMS": 0}).status_code == 403


def test_a_stranger_finds_nothing(client: Client, house: House, meeting: Meeting) -> None:
    assert login(client, house.stranger).get(url(meeting)).status_code == 404
    assert login(client, house.chair).put(url(meeting)).status_code == 405
