"""The page of the round at the cut-off, its part of the workbench, and one's own planning choices."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessLog
from mdk.models import AgendaItem, Meeting, PlanningChoice
from mdk.queries.rounds import is_round_near
from mdk.services.cutoff import confirm_round, propose_round
from tests.domain_factories import House, make_case, make_meeting, make_series, place, ready_case
from tests.factories import login
from tests.mdk.planning import MEMBERS, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def meeting(house: House) -> Meeting:
    meeting = make_meeting(house)
    for case in (ready_case(house), make_case(house)):
        place(meeting, case, by=house.coordinator, provisional=True)
    return meeting


@pytest.fixture
def coordinator(house: House, client: Client) -> Client:
    login(client, house.coordinator)
    return client


def url(meeting: Meeting) -> str:
    return reverse("mdk:round", args=[meeting.pk])


def cases(meeting: Meeting) -> tuple[int, int]:
    ready, unready = meeting.items.order_by("position").values_list("case_id", flat=True)
    return ready, unready


def test_the_proposal_with_its_reasons(coordinator: Client, meeting: Meeting) -> None:
    page = coordinator.get(url(meeting)).content.decode()
    ready, unready = cases(meeting)
    assert f'value="{ready}" checked' in page
    assert f'value="{ready} "' in page.split('name="proposed"')[1][:40]
    assert "disabled" in page.split(f'value="{unready}"')[1][:80]
    moved = propose_round(meeting.pk, now=timezone.now()).moved[0]
    assert moved.date in moved.why
    assert moved.why in unescape(page)
    assert AccessLog.objects.get().patient_ids == sorted(
        meeting.items.values_list("case__patient_id", flat=True)
    )  # fmt: skip


def test_a_part_of_the_workbench_for_htmx(coordinator: Client, meeting: Meeting) -> None:
    part = coordinator.get(url(meeting), headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "<form" in part


def test_confirming_leads_to_the_agenda(coordinator: Client, meeting: Meeting) -> None:
    ready, _unready = cases(meeting)
    answer = coordinator.post(url(meeting), {"proposed": f"{ready} ", "case": [ready]}, follow=True)
    assert answer.redirect_chain == [(reverse("mdk:meeting", args=[meeting.pk]), 302)]
    assert len(list(answer.context["messages"])) == 1
    assert AgendaItem.objects.get(meeting=meeting, status="planned").case_id == ready


def test_confirming_by_htmx_reloads_the_agenda(coordinator: Client, meeting: Meeting) -> None:
    ready, _unready = cases(meeting)
    answer = coordinator.post(url(meeting), {"proposed": str(ready), "case": [ready]}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == reverse("mdk:meeting", args=[meeting.pk])


def test_who_became_ready_since_the_page_was_drawn_is_among_them(coordinator: Client, house: House) -> None:
    meeting = make_meeting(house)
    shown, since = ready_case(house), ready_case(house)
    for case in (shown, since):
        place(meeting, case, by=house.coordinator, provisional=True)
    coordinator.post(url(meeting), {"proposed": str(shown.pk), "case": [shown.pk]})
    assert meeting.items.filter(status="planned").count() == 2


def test_one_that_is_not_ticked_is_not_made_firm(coordinator: Client, meeting: Meeting) -> None:
    ready, _unready = cases(meeting)
    coordinator.post(url(meeting), {"proposed": str(ready)})
    assert not AgendaItem.objects.filter(status="planned").exists()
    meeting.refresh_from_db()
    assert meeting.firmed_at is not None


def test_confirmed_the_page_says_who_and_what(coordinator: Client, house: House, meeting: Meeting) -> None:
    confirm_round(meeting.pk, by=house.chair, now=timezone.now())
    page = coordinator.get(url(meeting)).content.decode()
    assert house.chair.name in page
    assert 'name="case"' not in page
    assert coordinator.post(url(meeting), {}).status_code == 409


@pytest.mark.parametrize("who", [*MEMBERS, "manager", "admin"])
def test_others_may_not(house: House, client: Client, meeting: Meeting, who: str) -> None:
    login(client, person(house, who))
    assert client.get(url(meeting)).status_code == 403
    assert client.post(url(meeting)).status_code == 403
    assert not AgendaItem.objects.filter(status="planned").exists()


def test_a_stranger_and_a_wrong_method(house: House, client: Client, meeting: Meeting) -> None:
    login(client, house.stranger)
    assert client.get(url(meeting)).status_code == 404
    assert client.put(url(meeting)).status_code == 405


def test_one_row_and_three_cost_the_same(coordinator: Client, house: House, django_assert_num_queries: Any) -> None:
    meeting = make_series(house).meetings.order_by("starts_at")[0]
    for wanted in (1, 3):
        while meeting.items.count() < 2 * wanted:
            for case in (ready_case(house), make_case(house)):
                place(meeting, case, by=house.coordinator, provisional=True)
        coordinator.get(url(meeting))
        with django_assert_num_queries(QUERIES):
            coordinator.get(url(meeting))


QUERIES = 26


def test_the_workbench_shows_it_around_the_cutoff(house: House, meeting: Meeting) -> None:
    assert not is_round_near(meeting, meeting.cutoff_at - timedelta(days=3))
    assert is_round_near(meeting, meeting.cutoff_at - timedelta(days=1))
    assert is_round_near(meeting, meeting.cutoff_at + timedelta(hours=1))
    assert not is_round_near(meeting, meeting.starts_at)


def test_everybody_chooses_for_themselves(house: House, client: Client) -> None:
    login(client, house.nurse)
    page = client.get(reverse("mdk:choices"))
    assert page.context["form"].initial == {"move_days": 1}
    assert client.post(reverse("mdk:choices"), {"move_days": "7"}).status_code == 302
    assert PlanningChoice.objects.get().move_days == 7
    assert client.get(reverse("mdk:choices")).context["form"].initial == {"move_days": 7}
    for wrong in ("0", "91", "x", ""):
        assert client.post(reverse("mdk:choices"), {"move_days": wrong}).status_code == 422
    assert (PlanningChoice.objects.get().person, PlanningChoice.objects.get().move_days) == (house.nurse, 7)
    assert reverse("mdk:choices") in client.get("/notices/").content.decode()
