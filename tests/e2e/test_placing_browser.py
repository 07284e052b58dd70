"""Reports of other systems come in by FHIR; the coordinator places, seeks and sets aside, by keys and without script."""

import json
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from cases.models import Case, Report, Result
from config.seeding.people import Staff
from tests.cases.views.test_placing import unknown, vague
from tests.domain_factories import House, make_case
from tests.e2e.conftest import ComeIn, house_of
from tests.factories import login

pytestmark = pytest.mark.browser


@pytest.fixture
def house(staff: Staff) -> House:
    return house_of(staff)


@pytest.fixture
def case(house: House) -> Case:
    return make_case(house)


def send(house: House, *bodies: dict[str, Any]) -> None:
    """Send reports as the radiology department does."""
    sender = login(Client(), house.radiologist)
    for body in bodies:
        answer = sender.post("/fhir/", json.dumps(body), content_type="application/fhir+json")
        assert answer.status_code == 200, answer.content


def test_one_key_places_a_report(come_in: ComeIn, house: House, case: Case) -> None:
    send(house, vague(case, 1), vague(case, 2), unknown(case, 3))
    coordinator = come_in("koordinator", width=1280)
    coordinator.go("/cases/placing/")
    rows = coordinator.page.locator("[data-row]")
    expect(rows).to_have_count(3)
    coordinator.look(dark=True)
    place = rows.nth(0).locator("button[name=place]").nth(1).get_attribute("value") or ""
    coordinator.page.keyboard.press("j")
    expect(rows.nth(0).locator("[data-open]")).to_be_focused()
    coordinator.page.keyboard.press("Enter")
    expect(rows.nth(0).get_by_text("Ingen spridning.")).to_be_visible()
    coordinator.page.keyboard.press("2")
    expect(rows).to_have_count(2)
    expect(rows.nth(0).locator("[data-open]")).to_be_focused()
    result = Result.objects.get()
    assert f"{result.case_id}:{result.requirement}" == place
    coordinator.page.keyboard.press("1")
    expect(rows).to_have_count(1)
    assert Result.objects.filter(case=case, is_placed_by_hand=True).count() == 2
    coordinator.go(f"/cases/{case.pk}/")
    expect(coordinator.page.get_by_text("Ingen spridning.").first).to_be_visible()


@pytest.mark.parametrize("script", [True, False])
def test_a_case_is_sought_and_a_report_set_aside(come_in: ComeIn, house: House, case: Case, script: bool) -> None:
    send(house, unknown(case, 1), unknown(case, 2))
    coordinator = come_in("koordinator", script=script)
    coordinator.go("/cases/placing/")
    rows = coordinator.page.locator("[data-row]")
    tools = rows.nth(0).locator(".placing__tools details")
    tools.nth(0).locator("summary").click()
    rows.nth(0).locator("input[name=q]").fill(case.patient.name)
    rows.nth(0).locator("input[name=q]").press("Enter")
    found = coordinator.page.locator("[data-row]").nth(0)
    expect(found.get_by_role("link", name=case.patient.name)).to_be_visible()
    assert case.patient.name.split()[0] not in coordinator.page.url
    found.locator("button[name=place]").first.click()
    expect(rows).to_have_count(1)
    assert Result.objects.get().case == case
    tools.nth(1).locator("summary").click()
    rows.nth(0).locator("input[name=reason]").fill("Hör till ett annat sjukhus.")
    rows.nth(0).locator("input[name=reason]").press("Enter")
    expect(rows).to_have_count(0)
    coordinator.page.locator(".tabs a").nth(1).click()
    expect(coordinator.page.get_by_text("Hör till ett annat sjukhus.")).to_be_visible()
    coordinator.look()
    assert sorted(Report.objects.values_list("state", flat=True)) == ["placed", "set_aside"]
