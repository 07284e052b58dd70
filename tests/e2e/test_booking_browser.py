"""The booking dialogue in the browser: what is awaited and when, the meetings beside their clocks, one click, then firm."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from cases.enums import ResultState
from cases.forecast.curves import DAYS
from cases.models import Case, Turnaround
from config.seeding.people import Staff
from mdk.enums import ItemStatus
from mdk.models import AgendaItem
from tests.domain_factories import House, add_result, make_series, ready_case
from tests.e2e.conftest import ComeIn, house_of

pytestmark = pytest.mark.browser

PAD = "histopathology"


def waiting_case(house: House) -> Case:
    """Return a case that lacks only its histopathology, ordered today; such answers have come on the fifth day."""
    case = ready_case(house)
    case.results.filter(requirement=PAD).delete()
    add_result(case, "pathology", requirement=PAD, state=ResultState.ORDERED)
    Turnaround.objects.create(
        provider=house.hospital, unit=None, kind="pathology", requirement=PAD, stage="ordered",
        came=[143 * (n == 4) for n in range(DAYS)], awaited=[143 * (n <= 4) for n in range(DAYS)],
        counted_at=timezone.now(),
    )  # fmt: skip
    return case


def test_the_first_likely_meeting_is_proposed_and_the_place_becomes_firm(come_in: ComeIn, staff: Staff) -> None:
    house = house_of(staff)
    case, series = waiting_case(house), make_series(house, first_in_days=3)
    coordinator = come_in("koordinator")
    coordinator.go(f"/cases/{case.pk}/")
    forecast, rows = coordinator.page.locator(".case-forecast"), coordinator.page.locator("#proposals tbody tr")
    expect(forecast).to_contain_text("143")
    expect(coordinator.page.locator(".findings__awaited")).to_contain_text("%")
    expect(rows).to_have_count(4)
    expect(rows.locator("[data-key=b]")).to_have_count(1)
    likely = rows.filter(has=coordinator.page.locator("[data-key=b]"))
    expect(likely.locator("td").nth(2)).to_contain_text("9")
    expect(rows.first).not_to_contain_text(likely.locator("td").nth(2).inner_text())
    coordinator.look(dark=True)
    coordinator.page.locator("h1").click()
    coordinator.page.keyboard.press("b")
    expect(coordinator.page.locator("#proposals tr.is-current")).to_have_count(1)
    item = AgendaItem.objects.get(case=case)
    assert item.status == ItemStatus.PROVISIONAL
    assert item.meeting_id != series.meetings.order_by("starts_at")[0].pk
    coordinator.look(dark=True)
    add_result(case, "pathology", requirement=PAD, days_ago=0)
    coordinator.go(f"/cases/{case.pk}/")
    coordinator.page.locator("#proposals tr.is-current button").click()
    expect(coordinator.page.locator("#proposals")).to_have_count(0)
    item.refresh_from_db()
    assert item.status == ItemStatus.PLANNED
    coordinator.look()


def test_without_script_the_same_button_books(come_in: ComeIn, staff: Staff) -> None:
    house = house_of(staff)
    case = waiting_case(house)
    make_series(house, first_in_days=3)
    coordinator = come_in("koordinator", script=False)
    coordinator.go(f"/cases/{case.pk}/")
    coordinator.page.locator("#proposals tbody tr button").first.click()
    expect(coordinator.page.locator("#proposals tr.is-current")).to_have_count(1)
    assert AgendaItem.objects.get(case=case).status == ItemStatus.PROVISIONAL


@pytest.mark.parametrize("width", [820, 1280])
def test_the_dialogue_fits_the_window(come_in: ComeIn, staff: Staff, width: int) -> None:
    house = house_of(staff)
    case = waiting_case(house)
    make_series(house, first_in_days=3)
    coordinator = come_in("koordinator", width=width)
    coordinator.go(f"/cases/{case.pk}/")
    assert coordinator.runs_out() == []


def test_a_clinician_sees_the_forecast_and_no_booking(come_in: ComeIn, staff: Staff) -> None:
    house = house_of(staff)
    case = waiting_case(house)
    make_series(house, first_in_days=3)
    clinician = come_in("lakare1")
    clinician.go(f"/cases/{case.pk}/")
    expect(clinician.page.locator(".case-forecast")).to_contain_text("143")
    expect(clinician.page.locator("#proposals")).to_have_count(0)
    clinician.look()
