"""The chair takes up a case that is not ready, on the workbench; the case page shows how often it was moved."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from mdk.models import AgendaItem
from mdk.services.rebooking import rebook_item
from tests.domain_factories import House, make_house
from tests.factories import login
from tests.mdk.carried import BOTH, firm_place, read_all, take_back

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def item(house: House) -> AgendaItem:
    item = firm_place(house, NOW)
    take_back(item.case, "pathology", "histopathology")
    return item


def address(item: AgendaItem) -> str:
    return f"/items/{item.pk}/accept-unready/"


def opened(client: Client, item: AgendaItem) -> str:
    return client.get(f"/meetings/{item.meeting_id}/?open=item-{item.pk}").content.decode()


def test_the_chair_has_the_form_and_the_coordinator_has_not(house: House, item: AgendaItem) -> None:
    item.case.readiness_state = "not_ready"
    item.case.save()
    assert address(item) in opened(login(Client(), house.chair), item)
    assert address(item) not in opened(login(Client(), house.coordinator), item)


@pytest.mark.parametrize("htmx", [False, True])
def test_it_is_taken_up_with_a_reason(house: House, item: AgendaItem, htmx: bool) -> None:
    client = login(Client(), house.chair)
    headers = {"HX-Request": "true"} if htmx else {}
    answer = client.post(address(item), {"reason": "Kan besvaras."}, headers=headers)
    item.refresh_from_db()
    assert (answer.status_code, item.override_reason) == (200 if htmx else 302, "Kan besvaras.")


def test_without_a_reason_it_stays_as_it_was(house: House, item: AgendaItem) -> None:
    answer = login(Client(), house.chair).post(address(item), {"reason": " "})
    item.refresh_from_db()
    assert (answer.status_code, item.override_at) == (422, None)


@pytest.mark.parametrize("person", ["coordinator", "clinician", "radiologist", "manager"])
def test_others_may_not_and_a_stranger_finds_nothing(house: House, item: AgendaItem, person: str) -> None:
    assert login(Client(), getattr(house, person)).post(address(item), {"reason": "Så."}).status_code == 403
    assert login(Client(), make_house().chair).post(address(item), {"reason": "Så."}).status_code == 404
    assert login(Client(), house.chair).get(address(item)).status_code == 405
    item.refresh_from_db()
    assert item.override_at is None


def test_the_case_page_shows_the_chain(house: House) -> None:
    item = firm_place(house, NOW)
    read_all(item, house, NOW)
    moved = rebook_item(item.pk, reason="patient_ill", by=house.coordinator, now=LATER).item
    assert moved is not None
    take_back(item.case, "pathology", "histopathology")
    rebook_item(moved.pk, reason="pathology_missing", by=house.coordinator, now=LATER)
    page = login(Client(), house.clinician).get(f"/cases/{item.case_id}/")
    assert page.context["page"].rebooked == 2
    notes = [place.note for place in page.context["page"].places if place.rebooking]
    assert notes[0].startswith("Patienten")
    assert str(BOTH) in notes[0]
    assert "PAD" in notes[1] or "pat" in notes[1].lower()
