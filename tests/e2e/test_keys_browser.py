"""Work without a mouse: the agenda by keys, the meeting by keys."""

import pytest
from playwright.sync_api import expect

from config.seeding.people import Staff
from mdk.models import Meeting
from tests.domain_factories import House, live_meeting, make_meeting, ready_case
from tests.e2e.conftest import ComeIn, house_of
from tests.e2e.people import Person

pytestmark = pytest.mark.browser


@pytest.fixture
def house(staff: Staff) -> House:
    return house_of(staff)


def keys(person: Person, *pressed: str) -> None:
    for key in pressed:
        person.page.keyboard.press(key)


def test_the_coordinator_fills_orders_and_publishes_an_agenda_by_keys(come_in: ComeIn, house: House) -> None:
    meeting = make_meeting(house)
    for _ in range(3):
        ready_case(house)
    coordinator = come_in("koordinator")
    coordinator.go(f"/meetings/{meeting.pk}/")
    agenda, candidates = (coordinator.page.locator(f"{kind} [data-row]") for kind in ("ol.agenda", "ul.candidates"))
    keys(coordinator, "j")
    expect(candidates.nth(0).locator("[data-open]")).to_be_focused()
    for added in (1, 2):
        keys(coordinator, "a")
        expect(agenda).to_have_count(added)
        expect(candidates.nth(0).locator("[data-open]")).to_be_focused()
    last = agenda.nth(1).get_attribute("id")
    agenda.nth(1).locator("[data-open]").focus()
    keys(coordinator, "K")
    expect(coordinator.page.locator(f"#{last} .agenda__position")).to_have_text("1")
    keys(coordinator, "?")
    expect(coordinator.page.get_by_role("dialog")).to_contain_text("Publicera")
    coordinator.look()
    keys(coordinator, "Escape", "p")
    coordinator.sees("Dagordningen är publicerad.")
    assert Meeting.objects.get(pk=meeting.pk).status == "published"


def test_the_chair_writes_goes_on_and_parks_by_keys(come_in: ComeIn, house: House) -> None:
    meeting = live_meeting(house, cases=3)
    first, second, third = meeting.items.order_by("position")
    chair = come_in("ordforande", width=1920, height=1080)
    chair.go(f"/meetings/{meeting.pk}/live/")
    chair.sees("1 av 3")
    keys(chair, "r")
    expect(chair.field("Rekommendation")).to_be_focused()
    chair.page.keyboard.type("Operation; n och p är bokstäver här.")
    keys(chair, "Escape", "ArrowRight")
    chair.sees(second.case.patient.name)
    keys(chair, "p")
    chair.sees(third.case.patient.name)
    keys(chair, "ArrowLeft")
    chair.sees(first.case.patient.name)
    chair.look()
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.status == "done"
    assert second.position > third.position
    assert first.outcome.recommendation == "Operation; n och p är bokstäver här."
