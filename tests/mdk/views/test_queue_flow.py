"""From one preparation to the next, drafts, and several taken at once: as htmx asks and as plain forms do."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from accounts.models import AccessLog
from cases.models import Case
from events.models import Event
from mdk.models import Absence, Capacity, Meeting, Preparation
from mdk.queries.capacity import monday_of
from mdk.services import preparation
from tests.domain_factories import House, add_result, make_house, published_meeting
from tests.factories import login

pytestmark = pytest.mark.django_db
NOW = timezone.now()
HTMX = {"HX-Request": "true"}
AUTOSAVE = {"X-Autosave": "1", "Accept": "application/json"}
DONE = {"findings": "cT3b N1.", "minutes": "7"}


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def meeting(house: House) -> Meeting:
    return published_meeting(house, 3)


def rows(meeting: Meeting) -> list[Preparation]:
    found = Preparation.objects.filter(item__meeting=meeting, discipline="radiology")
    return list(found.order_by("item__position").select_related("item__case"))


def mine(meeting: Meeting, house: House) -> list[Preparation]:
    """Let the radiologist hold them all, and return them."""
    preparation.claim_each([row.pk for row in rows(meeting)], by=house.radiologist, now=NOW)
    return rows(meeting)


def said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


# The next case


def test_done_leads_on_to_the_next_of_mine_and_begins_it(client: Client, house: House, meeting: Meeting) -> None:
    first, second, _third = mine(meeting, house)
    login(client, house.radiologist)
    answer = client.post(f"/queue/{first.pk}/complete/", DONE | {"then": "next"})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/queue/{second.pk}/")
    assert [row.state for row in rows(meeting)] == ["done", "in_progress", "todo"]


def test_htmx_gets_the_next_with_the_focus_in_its_first_field(client: Client, house: House, meeting: Meeting) -> None:
    first, second, _third = mine(meeting, house)
    login(client, house.radiologist)
    answer = client.post(f"/queue/{first.pk}/complete/", DONE | {"then": "next"}, headers=HTMX)
    page = answer.content.decode()
    assert f'id="preparation-{second.pk}"' in page
    assert page.count("data-focus") == 1
    assert "queue-changed" in answer.headers["HX-Trigger"]
    assert AccessLog.objects.latest("pk").patient_ids == [second.item.case.patient_id]


def test_after_the_last_it_begins_from_the_top_and_then_ends(client: Client, house: House, meeting: Meeting) -> None:
    first, second, third = mine(meeting, house)
    login(client, house.radiologist)
    go_on = DONE | {"then": "next"}
    assert client.post(f"/queue/{third.pk}/complete/", go_on).headers["Location"] == f"/queue/{first.pk}/"
    client.post(f"/queue/{first.pk}/complete/", go_on)
    assert client.post(f"/queue/{second.pk}/complete/", go_on).headers["Location"] == "/queue/"


def test_what_is_to_be_shared_is_not_begun_by_who_has_finished_their_own(
    client: Client, house: House, meeting: Meeting
) -> None:
    first, *others = rows(meeting)
    preparation.claim(first.pk, by=house.radiologist, now=NOW)
    login(client, house.radiologist)
    answer = client.post(f"/queue/{first.pk}/complete/", DONE | {"then": "next"}, headers=HTMX)
    assert 'id="finished"' in answer.content.decode()
    assert f"/queue/{others[0].pk}/begin/" in answer.content.decode()
    assert [row.reader for row in rows(meeting)] == [house.radiologist, None, None]


def test_who_shares_goes_on_with_what_is_to_be_shared(client: Client, house: House, meeting: Meeting) -> None:
    first, second, _third = rows(meeting)
    login(client, house.radiologist)
    begun = client.post(f"/queue/{first.pk}/begin/?shared=1")
    assert begun.headers["Location"] == f"/queue/{first.pk}/?shared=1"
    answer = client.post(f"/queue/{first.pk}/complete/", DONE | {"then": "next", "shared": "1"})
    assert answer.headers["Location"] == f"/queue/{second.pk}/?shared=1"
    assert [row.reader for row in rows(meeting)] == [house.radiologist, house.radiologist, None]


def test_skipping_puts_mine_aside_and_gives_back_a_shared_one(client: Client, house: House, meeting: Meeting) -> None:
    first, second, _third = rows(meeting)
    login(client, house.radiologist)
    client.post(f"/queue/{first.pk}/begin/")
    preparation.claim(second.pk, by=house.radiologist, now=NOW)
    assert client.post(f"/queue/{first.pk}/skip/").headers["Location"] == f"/queue/{second.pk}/"
    assert [(row.state, row.reader) for row in rows(meeting)][:2] == [
        ("todo", house.radiologist), ("in_progress", house.radiologist),
    ]  # fmt: skip
    client.post(f"/queue/{second.pk}/skip/", {"shared": "1"})
    assert [row.reader for row in rows(meeting)] == [house.radiologist, None, house.radiologist]


def test_sending_back_leads_on_too(client: Client, house: House, meeting: Meeting) -> None:
    first, second, _third = mine(meeting, house)
    login(client, house.radiologist)
    answer = client.post(f"/queue/{first.pk}/send-back/", {"reason": "Bilder saknas.", "then": "next"})
    assert answer.headers["Location"] == f"/queue/{second.pk}/"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_came_while_it_was_prepared_is_shown_before_it_is_done(
    client: Client, house: House, meeting: Meeting, headers: dict[str, str]
) -> None:
    first = mine(meeting, house)[0]
    login(client, house.radiologist)
    client.post(f"/queue/{first.pk}/begin/")
    form = client.get(f"/queue/{first.pk}/").context["done"]
    add_result(first.item.case, "radiology", requirement="ct_thorax_abdomen", text="Ny härd i levern.", days_ago=0)
    sent = DONE | {"then": "next", "edition": form["edition"].value()}
    answer = client.post(f"/queue/{first.pk}/complete/", sent, headers=headers)
    assert answer.status_code == 409
    assert "cT3b N1." in answer.content.decode()
    newer = answer.context["done"]["edition"].value()
    answer = client.post(f"/queue/{first.pk}/complete/", sent | {"edition": newer}, headers=headers)
    assert answer.status_code in (200, 302)
    assert rows(meeting)[0].state == "done"


# Drafts


def test_a_draft_is_kept_and_answered_in_short(client: Client, house: House, meeting: Meeting) -> None:
    first = rows(meeting)[0]
    login(client, house.radiologist)
    answer = client.post(f"/queue/{first.pk}/draft/", {"findings": "Halv", "minutes": ""}, headers=AUTOSAVE)
    assert (answer.status_code, answer.content) == (204, b"")
    first.refresh_from_db()
    assert (first.findings, first.state, first.reader) == ("Halv", "in_progress", house.radiologist)
    assert "Halv" in client.get(f"/queue/{first.pk}/").content.decode()


def test_a_draft_of_what_another_holds_names_them_and_of_too_much_names_the_field(
    client: Client, house: House, meeting: Meeting
) -> None:
    first, second, _third = rows(meeting)
    preparation.claim(first.pk, by=house.radiologist2, now=NOW)
    login(client, house.radiologist)
    answer = client.post(f"/queue/{first.pk}/draft/", {"findings": "Halv"}, headers=AUTOSAVE)
    assert answer.status_code == 409
    assert house.radiologist2.name in answer.json()["detail"]
    answer = client.post(f"/queue/{second.pk}/draft/", {"findings": "x" * 8001}, headers=AUTOSAVE)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "findings")
    assert client.post(f"/queue/{second.pk}/draft/", {"findings": "x" * 8001}).status_code == 422


def test_without_script_a_draft_comes_back_to_its_page(client: Client, house: House, meeting: Meeting) -> None:
    first = rows(meeting)[0]
    answer = login(client, house.radiologist).post(f"/queue/{first.pk}/draft/", {"findings": "Halv"})
    assert answer.headers["Location"] == f"/queue/{first.pk}/"


# Several at once


def test_several_are_taken_and_what_another_holds_is_named(client: Client, house: House, meeting: Meeting) -> None:
    first, second, third = rows(meeting)
    preparation.claim(second.pk, by=house.radiologist2, now=NOW)
    login(client, house.radiologist)
    answer = client.post("/queue/claim/", {"preparation": [first.pk, second.pk, third.pk], "next": "/queue/?who=free"})
    assert answer.headers["Location"] == "/queue/?who=free"
    assert [row.reader for row in rows(meeting)] == [house.radiologist, house.radiologist2, house.radiologist]
    assert any(house.radiologist2.name in line for line in said(answer))
    assert not any(row.item.case.clinical_question in line for row in rows(meeting) for line in said(answer))


def test_several_of_which_one_is_strange_are_not_taken(client: Client, house: House, meeting: Meeting) -> None:
    events = Event.objects.count()
    pks = [row.pk for row in rows(meeting)]
    pathology = Preparation.objects.filter(discipline="pathology").values_list("pk", flat=True)[0]
    login(client, house.radiologist)
    assert client.post("/queue/claim/", {"preparation": [*pks, 10**9]}).status_code == 404
    assert client.post("/queue/claim/", {"preparation": [*pks, pathology]}).status_code == 403
    assert login(client, make_house().radiologist).post("/queue/claim/", {"preparation": pks}).status_code == 404
    assert login(client, house.coordinator).post("/queue/claim/", {"preparation": pks}).status_code == 403
    assert (Event.objects.count(), rows(meeting)[0].reader) == (events, None)


@pytest.mark.parametrize("chosen", [[], ["nonsense"], ["9" * 30]])
def test_nothing_marked_says_so(client: Client, house: House, meeting: Meeting, chosen: list[str]) -> None:
    answer = login(client, house.radiologist).post("/queue/claim/", {"preparation": chosen})
    assert (answer.status_code, len(said(answer))) == (302, 1)


# What the page says


def test_the_week_is_said_against_what_there_is(client: Client, house: House, meeting: Meeting) -> None:
    Preparation.objects.update(due_at=NOW)
    mine(meeting, house)
    Capacity.objects.create(
        reader=house.radiologist, from_on=monday_of(timezone.localdate()), weekly_minutes=24, set_by=house.coordinator,
        set_at=NOW,
    )  # fmt: skip
    week = login(client, house.radiologist).get("/queue/").context["week"]
    assert (week.planned, week.capacity) == (27, 24)


def test_what_the_other_discipline_has_said_stands_on_the_same_row(
    client: Client, house: House, meeting: Meeting
) -> None:
    row = rows(meeting)[0]
    beside = Preparation.objects.get(item=row.item, discipline="pathology")
    login(client, house.radiologist)
    for act, word in (
        (lambda: preparation.accept(beside.pk, by=house.pathologist, now=NOW), house.pathologist.name),
        (lambda: preparation.send_back(beside.pk, reason="Provet är inte klart.", by=house.pathologist, now=NOW),
         "Provet är inte klart."),
    ):  # fmt: skip
        act()
        for address in ("/queue/", f"/queue/{row.pk}/"):
            assert word in client.get(address).content.decode(), address


def test_a_case_that_was_mended_after_it_was_sent_back_says_so(client: Client, house: House, meeting: Meeting) -> None:
    row = mine(meeting, house)[0]
    preparation.send_back(row.pk, reason="Bilder saknas.", by=house.radiologist, now=timezone.now())
    login(client, house.radiologist)

    def is_mended() -> bool:
        return next(one for one in client.get("/queue/").context["queue"].rows if one.id == row.pk).is_mended

    assert not is_mended()
    add_result(Case.objects.get(pk=row.item.case_id), "radiology", requirement="ct_thorax_abdomen")
    assert is_mended()
    answer = client.post(f"/queue/{row.pk}/begin/")
    assert answer.headers["Location"] == f"/queue/{row.pk}/"
    assert rows(meeting)[0].state == "in_progress"


def test_who_is_away_is_stepped_in_for(client: Client, house: House, meeting: Meeting) -> None:
    meeting.series.readers.set([house.radiologist, house.radiologist2])
    row = mine(meeting, house)[0]
    today = timezone.localdate()
    Absence.objects.create(
        reader=house.radiologist, first_on=today, last_on=today, recorded_by=house.coordinator, recorded_at=NOW
    )
    login(client, house.radiologist2)
    page = client.get(f"/queue/{row.pk}/")
    assert page.context["is_holder_away"]
    client.post(f"/queue/{row.pk}/hand-over/", {"reader": house.radiologist2.pk})
    assert rows(meeting)[0].reader == house.radiologist2
