"""The chair's screen and its commands, with and without script: nothing typed is lost, nobody else may."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AccessLog
from events.models import Event
from mdk.enums import ItemStatus, MeetingStatus
from mdk.models import AgendaItem, Meeting, Outcome
from mdk.services.outcome import save_outcome
from mdk.services.publishing import publish_meeting
from tests.domain_factories import (
    House,
    give_outcome,
    live_meeting,
    make_house,
    make_meeting,
    place,
    published_meeting,
    ready_case,
)
from tests.factories import login

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SCRIPT = {"X-Autosave": "1", "Accept": "application/json"}
TEXT = "Neoadjuvant strålbehandling, därefter ny MR."
COMMANDS = ("start", "next", "previous", "park", "break", "jump", "confirm", "close", "sign")


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def meeting(house: House) -> Meeting:
    return live_meeting(house, 3)


def items(meeting: Meeting) -> list[AgendaItem]:
    return list(meeting.items.filter(position__isnull=False).order_by("position").select_related("case__patient"))


def typed(item: AgendaItem, version: int = 0, **more: Any) -> dict[str, Any]:
    return {"item": item.pk, "version": version, "recommendation": TEXT} | more


def test_the_screen_shows_the_current_case(client: Client, house: House, meeting: Meeting) -> None:
    page = login(client, house.chair).get(f"/meetings/{meeting.pk}/live/")
    screen, first = page.context["screen"], items(meeting)[0]
    assert page.status_code == 200
    assert (screen.current.item, screen.current.number, len(screen.places)) == (first, 1, 3)
    assert screen.following.item == items(meeting)[1]
    assert first.case.clinical_question in page.content.decode()
    assert first.case.patient.name in page.content.decode()
    log = AccessLog.objects.get(what="mdk:live")
    assert log.patient_ids == sorted(item.case.patient_id for item in items(meeting))


def test_a_protected_identity_is_on_no_shared_screen(client: Client, house: House) -> None:
    meeting = make_meeting(house)
    case = ready_case(house, is_protected=True)
    place(meeting, case, by=house.coordinator)
    publish_meeting(meeting.pk, by=house.coordinator, now=timezone.now())
    login(client, house.chair).post(f"/meetings/{meeting.pk}/start/", {"chair": house.chair.pk, "confirm_early": "on"})
    for address in ("live", "follow", "protocol"):
        shown = client.get(f"/meetings/{meeting.pk}/{address}/").content.decode()
        assert case.clinical_question in shown
        assert case.patient.name not in shown
        assert str(case.patient.identity) not in shown


@pytest.mark.parametrize("command", ["live", *COMMANDS])
def test_a_stranger_finds_nothing(client: Client, house: House, meeting: Meeting, command: str) -> None:
    login(client, make_house().chair)
    call = client.get if command == "live" else client.post
    assert call(f"/meetings/{meeting.pk}/{command}/").status_code == 404


@pytest.mark.parametrize(
    "person", ["coordinator", "clinician", "nurse", "radiologist", "pathologist", "manager", "admin"]
)
@pytest.mark.parametrize("command", ["live", *COMMANDS])
def test_without_the_right_nothing_is_shown_or_changed(
    client: Client, house: House, meeting: Meeting, person: str, command: str
) -> None:
    login(client, getattr(house, person))
    events, version = Event.objects.count(), meeting.version
    call = client.get if command == "live" else client.post
    answer = call(f"/meetings/{meeting.pk}/{command}/")
    assert answer.status_code == 403
    assert items(meeting)[0].case.patient.name not in answer.content.decode()
    meeting.refresh_from_db()
    assert (Event.objects.count(), meeting.version) == (events, version)


@pytest.mark.parametrize("address", ["outcome", "defer", "addendum"])
def test_the_items_are_guarded_too(client: Client, house: House, meeting: Meeting, address: str) -> None:
    item = items(meeting)[0]
    data = typed(item) | {"reason": "no_time", "text": "Tillägg."}
    assert login(client, make_house().chair).post(f"/items/{item.pk}/{address}/", data).status_code == 404
    assert login(client, house.coordinator).post(f"/items/{item.pk}/{address}/", data).status_code == 403
    assert not Outcome.objects.exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_posts(client: Client, house: House, meeting: Meeting, command: str) -> None:
    assert login(client, house.chair).get(f"/meetings/{meeting.pk}/{command}/").status_code == 405
    assert login(client, house.chair).post(f"/meetings/{meeting.pk}/live/").status_code == 405


def test_starting_takes_a_chair_and_the_day(client: Client, house: House) -> None:
    meeting = published_meeting(house, 1, chair=None)
    login(client, house.chair)
    page = client.post(f"/meetings/{meeting.pk}/start/", {"confirm_early": "on"})
    assert page.status_code == 409
    assert page.context["start"].errors["chair"]
    page = client.post(f"/meetings/{meeting.pk}/start/", {"chair": house.chair.pk})
    assert page.status_code == 409
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.PUBLISHED
    answer = client.post(f"/meetings/{meeting.pk}/start/", {"chair": house.chair.pk, "confirm_early": "on"})
    assert answer.headers["Location"] == f"/meetings/{meeting.pk}/live/"
    meeting.refresh_from_db()
    assert (meeting.status, meeting.chair) == (MeetingStatus.LIVE, house.chair)


def test_a_chair_is_one_who_may_run_it(client: Client, house: House) -> None:
    meeting = published_meeting(house, 1)
    data = {"chair": house.radiologist.pk, "confirm_early": "on"}
    page = login(client, house.chair).post(f"/meetings/{meeting.pk}/start/", data)
    assert page.status_code == 422
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.PUBLISHED


@pytest.mark.parametrize("status", ["planned", "cancelled"])
def test_a_meeting_that_cannot_start_says_why(client: Client, house: House, status: str) -> None:
    meeting = make_meeting(house)
    Meeting.objects.filter(pk=meeting.pk).update(status=status)
    page = login(client, house.chair).get(f"/meetings/{meeting.pk}/live/")
    assert page.status_code == 200
    assert page.context["start"] is None


def test_an_ended_meeting_leads_to_its_protocol(client: Client, house: House, meeting: Meeting) -> None:
    login(client, house.chair).post(f"/meetings/{meeting.pk}/close/")
    answer = client.get(f"/meetings/{meeting.pk}/live/")
    assert answer.headers["Location"] == f"/meetings/{meeting.pk}/protocol/"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_next_saves_what_is_written_and_goes_on(
    client: Client, house: House, meeting: Meeting, headers: dict[str, str]
) -> None:
    first, second, _third = items(meeting)
    data = typed(first, intent="curative", due_on="2026-12-24", **{"check-heredity": "on", "check-operation": "TME"})
    answer = login(client, house.chair).post(f"/meetings/{meeting.pk}/next/", data, headers=headers)
    outcome = Outcome.objects.get(item=first)
    assert (outcome.recommendation, outcome.intent, str(outcome.due_on)) == (TEXT, "curative", "2026-12-24")
    assert outcome.checklist == {"heredity": True, "operation": "TME"}
    meeting.refresh_from_db()
    assert meeting.current_item == second
    if headers:
        assert answer.status_code == 200
        assert second.case.patient.name in answer.content.decode()
        assert "<html" not in answer.content.decode()
    else:
        assert answer.headers["Location"] == f"/meetings/{meeting.pk}/live/"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_next_without_a_recommendation_stays_and_says_so(
    client: Client, house: House, meeting: Meeting, headers: dict[str, str]
) -> None:
    first = items(meeting)[0]
    data = {"item": first.pk, "version": 0, "next_step": "Remiss till onkologen"}
    page = login(client, house.chair).post(f"/meetings/{meeting.pk}/next/", data, headers=headers)
    assert page.status_code == 409
    assert "Remiss till onkologen" in page.content.decode()
    assert page.context["refusal"].code == "outcome-missing"
    meeting.refresh_from_db()
    assert meeting.current_item == first
    assert Outcome.objects.get(item=first).next_step == "Remiss till onkologen"


def test_a_second_click_on_next_skips_nobody(client: Client, house: House, meeting: Meeting) -> None:
    first, second, _third = items(meeting)
    login(client, house.chair)
    for _click in range(2):
        client.post(f"/meetings/{meeting.pk}/next/", typed(first, version=0 if not Outcome.objects.exists() else 1))
    meeting.refresh_from_db()
    assert meeting.current_item == second


def test_what_another_wrote_is_not_overwritten(client: Client, house: House, meeting: Meeting) -> None:
    first = items(meeting)[0]
    save_outcome(
        first.pk, {"recommendation": "Skriven av någon annan."}, version=0, by=house.clinician, now=timezone.now()
    )
    page = login(client, house.chair).post(f"/meetings/{meeting.pk}/next/", typed(first))
    assert page.status_code == 409
    assert house.clinician.name in page.content.decode()
    assert TEXT in page.content.decode()
    assert Outcome.objects.get(item=first).recommendation == "Skriven av någon annan."
    meeting.refresh_from_db()
    assert meeting.current_item == first


@pytest.mark.parametrize("command", ["park", "previous", "break", "jump", "confirm"])
def test_every_command_saves_what_is_written(client: Client, house: House, meeting: Meeting, command: str) -> None:
    login(client, house.chair)
    give_outcome(items(meeting)[0], by=house.chair)
    client.post(f"/meetings/{meeting.pk}/next/")
    second = items(meeting)[1]
    answer = client.post(f"/meetings/{meeting.pk}/{command}/", typed(second, to=items(meeting)[2].pk))
    assert answer.status_code == 302
    assert Outcome.objects.get(item=second).recommendation == TEXT


def test_parking_jumping_and_going_back(client: Client, house: House, meeting: Meeting) -> None:
    first, second, third = items(meeting)
    login(client, house.chair)
    client.post(f"/meetings/{meeting.pk}/park/", {"item": first.pk, "version": 0})
    assert [item.pk for item in items(meeting)] == [second.pk, third.pk, first.pk]
    client.post(f"/meetings/{meeting.pk}/jump/", {"to": first.pk})
    meeting.refresh_from_db()
    assert meeting.current_item == first
    client.post(f"/meetings/{meeting.pk}/previous/")
    meeting.refresh_from_db()
    assert meeting.current_item == third


@pytest.mark.parametrize("to", ["", "abc", "0", "99999999999999999999999"])
def test_jumping_nowhere_is_refused(client: Client, house: House, meeting: Meeting, to: str) -> None:
    assert login(client, house.chair).post(f"/meetings/{meeting.pk}/jump/", {"to": to}).status_code == 409


def test_a_break_begins_and_ends(client: Client, house: House, meeting: Meeting) -> None:
    login(client, house.chair)
    client.post(f"/meetings/{meeting.pk}/break/")
    meeting.refresh_from_db()
    assert meeting.break_since is not None
    assert "screen__break" in client.get(f"/meetings/{meeting.pk}/live/").content.decode()
    client.post(f"/meetings/{meeting.pk}/break/")
    meeting.refresh_from_db()
    assert meeting.break_since is None


def test_deferring_takes_a_coded_reason_and_goes_on(client: Client, house: House, meeting: Meeting) -> None:
    first, second, _third = items(meeting)
    login(client, house.chair)
    page = client.post(f"/items/{first.pk}/defer/", {"reason": "because"})
    assert page.status_code == 422
    page = client.post(
        f"/items/{first.pk}/defer/", {"reason": "pathology_missing", "note": "PAD dröjer", "item": first.pk}
    )
    assert page.status_code == 302
    first.refresh_from_db()
    meeting.refresh_from_db()
    assert (first.status, first.defer_reason, first.defer_note) == (
        ItemStatus.DEFERRED,
        "pathology_missing",
        "PAD dröjer",
    )
    assert meeting.current_item == second


def test_the_protocol_list_is_confirmed_together(client: Client, house: House) -> None:
    meeting = make_meeting(house)
    for level in ("full", "protocol", "protocol"):
        place(meeting, ready_case(house), by=house.coordinator, level=level)
    publish_meeting(meeting.pk, by=house.coordinator, now=timezone.now())
    login(client, house.chair).post(f"/meetings/{meeting.pk}/start/", {"chair": house.chair.pk, "confirm_early": "on"})
    assert client.get(f"/meetings/{meeting.pk}/live/").context["screen"].protocol_left == 2
    client.post(f"/meetings/{meeting.pk}/confirm/")
    assert [item.status for item in items(meeting)] == ["discussing", "done", "done"]
    assert Outcome.objects.count() == 2


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_closing_leads_to_the_protocol(client: Client, house: House, meeting: Meeting, headers: dict[str, str]) -> None:
    first = items(meeting)[0]
    answer = login(client, house.chair).post(f"/meetings/{meeting.pk}/close/", typed(first), headers=headers)
    where = answer.headers["HX-Redirect" if headers else "Location"]
    assert where == f"/meetings/{meeting.pk}/protocol/"
    first.refresh_from_db()
    meeting.refresh_from_db()
    assert (first.status, meeting.status) == (ItemStatus.DONE, MeetingStatus.CLOSED)


def test_only_its_chair_signs(client: Client, house: House, meeting: Meeting) -> None:
    other = make_house().chair
    login(client, house.chair).post(f"/meetings/{meeting.pk}/close/")
    Meeting.objects.filter(pk=meeting.pk).update(chair=other)
    answer = client.post(f"/meetings/{meeting.pk}/sign/")
    assert answer.status_code == 403
    assert other.name in answer.content.decode()
    Meeting.objects.filter(pk=meeting.pk).update(chair=house.chair)
    assert client.post(f"/meetings/{meeting.pk}/sign/").status_code == 302
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.SIGNED


def test_the_script_saves_as_it_is_typed(client: Client, house: House, meeting: Meeting) -> None:
    first = items(meeting)[0]
    login(client, house.chair)
    answer = client.post(f"/items/{first.pk}/outcome/", typed(first), headers=SCRIPT)
    assert (answer.status_code, answer.json(), answer.headers["X-Version"]) == (200, {"version": 1}, "1")
    answer = client.post(f"/items/{first.pk}/outcome/", typed(first, version=1), headers=SCRIPT)
    assert answer.json() == {"version": 1}
    answer = client.post(f"/items/{first.pk}/outcome/", typed(first, version=0, ctnm="cT3N1"), headers=SCRIPT)
    assert answer.status_code == 409
    assert house.chair.name in answer.json()["detail"]
    answer = client.post(f"/items/{first.pk}/outcome/", typed(first, version=1, due_on="snart"), headers=SCRIPT)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["due_on"]
    assert Outcome.objects.get(item=first).version == 1


def test_without_script_the_same_form_saves(client: Client, house: House, meeting: Meeting) -> None:
    first = items(meeting)[0]
    login(client, house.chair)
    answer = client.post(f"/items/{first.pk}/outcome/", typed(first))
    assert answer.headers["Location"] == f"/meetings/{meeting.pk}/live/"
    page = client.post(f"/items/{first.pk}/outcome/", typed(first, version=1, intent="unknown", study="ALASCCA"))
    assert page.status_code == 422
    assert "ALASCCA" in page.content.decode()
    page = client.post(f"/items/{first.pk}/outcome/", typed(first, version=7, study="ALASCCA"))
    assert page.status_code == 409
    assert "ALASCCA" in page.content.decode()


def test_the_outcome_of_a_signed_meeting_stays(client: Client, house: House, meeting: Meeting) -> None:
    first = items(meeting)[0]
    login(client, house.chair).post(f"/meetings/{meeting.pk}/close/", typed(first))
    client.post(f"/meetings/{meeting.pk}/sign/")
    answer = client.post(f"/items/{first.pk}/outcome/", typed(first, version=1, study="Ny"), headers=SCRIPT)
    assert answer.status_code == 409
    assert Outcome.objects.get(item=first).study == ""


def test_an_item_of_another_meeting_is_not_saved_by_this_ones_command(
    client: Client, house: House, meeting: Meeting
) -> None:
    elsewhere = items(live_meeting(house, 1))[0]
    login(client, house.chair).post(f"/meetings/{meeting.pk}/break/", typed(elsewhere))
    assert not Outcome.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_three_cases_cost_what_one_does(
    client: Client, house: House, count: int, django_assert_num_queries: object
) -> None:
    meeting = live_meeting(house, count)
    login(client, house.chair).get(f"/meetings/{meeting.pk}/live/")
    with django_assert_num_queries(10):  # type: ignore[operator]
        client.get(f"/meetings/{meeting.pk}/live/")
