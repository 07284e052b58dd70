"""States that come seldom: nothing there yet, texts that are too long, and pages that say no."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from cases.services.editing import withdraw_case
from config.seeding.people import Staff
from mdk.models import Meeting, Preparation
from mdk.services.live import start_meeting
from mdk.services.publishing import publish_meeting
from tests.domain_factories import House, make_case, make_meeting, place, ready_case
from tests.e2e.conftest import ComeIn, house_of

pytestmark = pytest.mark.browser

EMPTY = {
    "/cases/mine/": "Inget saknas i dina ärenden",
    "/cases/": "Inga öppna ärenden",
    "/meetings/": "Ingen konferens de kommande veckorna.",
    "/series/": "Inga serier än.",
    "/queue/": "Inget att förbereda",
    "/notices/": "Här visas det som rör dig",
    "/deliveries/": "Här visas mejl som inte gick att skicka",
}
"""What the lists say in a house where nothing has happened."""
LONG_QUESTION = "Rektalcancer sju centimeter från analöppningen med misstänkt överväxt på prostata och förstorade "
LONG_QUESTION += (
    "laterala körtlar: neoadjuvant radiokemoterapi, totalneoadjuvant behandling eller direkt kirurgi som exstirpation?"
)
LONG_NAME = "Anna-Margareta Wilhelmina Christoffersdotter von Österåker-Långströmsbergh"


@pytest.fixture
def house(staff: Staff) -> House:
    return house_of(staff)


@pytest.mark.parametrize("key", ["koordinator", "ordforande", "radiolog1", "patolog1", "lakare1", "chef", "admin"])
def test_an_empty_house_says_what_will_be_here(come_in: ComeIn, key: str) -> None:
    person = come_in(key)
    links = person.page.get_by_role("navigation", name="Huvudmeny").get_by_role("link")
    places = [link.get_attribute("href") or "" for link in links.all()]
    assert places
    for address in (*places, "/notices/"):
        person.go(address)
        if address in EMPTY:
            person.sees(EMPTY[address])
        person.look()


@pytest.mark.parametrize("width", [1280, 820])
def test_long_texts_stay_inside_the_window(come_in: ComeIn, house: House, width: int) -> None:
    long = {"clinical_question": LONG_QUESTION, "name": LONG_NAME}
    meeting = _long_meeting(house, long)
    waiting = make_case(house, **long)
    prepared = Preparation.objects.filter(item__meeting=meeting, discipline="radiology").first()
    assert prepared
    visits = {
        "koordinator": ("/cases/", f"/cases/{waiting.pk}/", f"/cases/{waiting.pk}/edit/", "/meetings/",
                        f"/meetings/{_planned(house, long).pk}/", "/series/", "/series/new/", "/cases/import/"),
        "lakare1": ("/cases/mine/", "/cases/new/", "/notices/", f"/meetings/{meeting.pk}/"),
        "radiolog1": ("/queue/", f"/queue/{prepared.pk}/"),
        "ordforande": tuple(f"/meetings/{meeting.pk}/{page}/" for page in ("live", "follow", "attendance", "protocol")),
    }  # fmt: skip
    wide = []
    for key, addresses in visits.items():
        person = come_in(key, width=width)
        for address in addresses:
            person.go(address)
            wide += person.runs_out()
    assert wide == []


def _long_meeting(house: House, long: dict[str, str]) -> Meeting:
    """Return a running meeting of cases with long texts."""
    meeting = make_meeting(house)
    for _ in range(2):
        place(meeting, ready_case(house, **long), by=house.coordinator)
    publish_meeting(meeting.pk, by=house.coordinator, now=timezone.now())
    return start_meeting(meeting.pk, by=house.chair, now=timezone.now(), confirm_early=True)


def _planned(house: House, long: dict[str, str]) -> Meeting:
    meeting = make_meeting(house)
    place(meeting, ready_case(house, **long), by=house.coordinator)
    ready_case(house, **long)
    return meeting


def test_the_pages_that_say_no(come_in: ComeIn, house: House) -> None:
    clinician = come_in("lakare1")
    for address, status in (("/cases/987654/", 404), ("/series/new/", 403), ("/queue/", 403)):
        clinician.go(address, status)
        expect(clinician.page.get_by_role("heading", level=1)).to_have_count(1)
        clinician.look(dark=True)
    case = make_case(house)
    clinician.go(f"/cases/{case.pk}/")
    withdraw_case(case.pk, reason="Patienten har flyttat.", by=house.clinician, now=timezone.now())
    clinician.press("Intyga: inget saknas")
    clinician.sees("Ärendet är inte längre öppet.")
    clinician.look()
    other = make_case(house)
    clinician.go(f"/cases/{other.pk}/")
    withdraw_case(other.pk, reason="Patienten har flyttat.", by=house.clinician, now=timezone.now())
    clinician.page.evaluate("document.getElementById('attest').submit()")
    clinician.head("Det gick inte att göra")
    clinician.look(dark=True)


def test_a_stranger_comes_to_a_page_that_says_nothing(come_in: ComeIn, house: House) -> None:
    case = make_case(house)
    stranger = come_in("frammande")
    stranger.go(f"/cases/{case.pk}/", 404)
    assert case.clinical_question not in stranger.page.content()
    stranger.look()
