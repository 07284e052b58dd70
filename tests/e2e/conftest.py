"""A Chromium, a town with its people, and a way for each of them to sit down at a screen of their own."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from checklists.services import load_definitions
from config.seeding.people import Staff, demo_staff
from tests.domain_factories import House
from tests.e2e.people import Person

CHROMIUM = Path("/usr/bin/chromium")
ComeIn = Callable[..., Person]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium; without one the tests are skipped, unless a browser is required.

    Playwright keeps a loop in this thread while the browser lives, and Django then believes that the thread is
    asynchronous: the tests say for that time that it is not.
    """
    if not CHROMIUM.exists():
        if os.environ.get("MDK_REQUIRE_BROWSER") == "1":
            pytest.fail(f"MDK_REQUIRE_BROWSER=1, but there is no {CHROMIUM}.")
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as tool:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        started = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield started
        started.close()


@pytest.fixture
def staff(settings: Settings, transactional_db: None) -> Staff:
    """Make the hospital of the sample file with its people, and all thirty pathways."""
    settings.DEMO = True
    load_definitions(now=timezone.now())
    return demo_staff()


@pytest.fixture
def come_in(browser: Browser, live_server: LiveServer, staff: Staff) -> Iterator[ComeIn]:
    """Return what lets a person in by the login form: `come_in("koordinator", script=False, width=820)`."""
    inside: list[Person] = []

    def let_in(key: str, **how: object) -> Person:
        person = Person(browser, live_server.url, **how)  # type: ignore[arg-type]
        inside.append(person)
        person.log_in(staff[key].email)
        return person

    yield let_in
    for person in inside:
        person.leave()


def house_of(staff: Staff) -> House:
    """Return the demo's people as the house that the factories work with."""
    return House(
        hospital=staff.hospital,
        clinic=staff.clinics["Kirurgkliniken"],
        radiology=staff.clinics["Radiologkliniken"],
        pathology=staff.clinics["Patologkliniken"],
        coordinator=staff["koordinator"],
        chair=staff["ordforande"],
        clinician=staff["lakare1"],
        nurse=staff["kssk1"],
        radiologist=staff["radiolog1"],
        radiologist2=staff["radiolog2"],
        pathologist=staff["patolog1"],
        manager=staff["chef"],
        admin=staff["admin"],
        elsewhere=staff["frammande"].memberships.get().unit,
        stranger=staff["frammande"],
    )
