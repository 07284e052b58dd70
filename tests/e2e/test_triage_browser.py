"""Thirty cases by the keyboard alone, one request a decision; and the same page by buttons, without script."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Request, expect

from cases.enums import ResultState
from cases.models import Case
from cases.services.triage import triage_case
from config.seeding.people import Staff
from tests.domain_factories import House, add_result, make_case
from tests.e2e.conftest import ComeIn, house_of
from tests.e2e.people import Person

pytestmark = pytest.mark.browser

THIRTY = 30
ROUND = (
    (("1",), "", "discuss"),
    (("d",), "", "discuss"),
    (("2",), "En fråga till radiologen.", "focused"),
    (("n",), "MR lever väntas.", "not_ready"),
    (("p",), "Standard enligt vårdprogram.", "protocol"),
    (("m",), "Lund, tisdag.", "national"),
)
"""Keys, what is then written where a line for it opens, and the answer that they give."""


@pytest.fixture
def house(staff: Staff) -> House:
    return house_of(staff)


def waiting(house: House, count: int) -> list[Case]:
    """Return cases that wait for triage, in the order in which they come."""
    today = timezone.localdate()
    return [
        make_case(house, clinical_question=f"Fråga nummer {n}?", suspected_on=today - timedelta(days=40 - n))
        for n in range(1, count + 1)
    ]


def shows(person: Person, question: str) -> None:
    """Wait until this question stands before the person, and has the focus."""
    head = person.page.locator("#triage .question")
    expect(head).to_have_text(question)
    expect(head).to_be_focused()


def test_thirty_cases_by_keyboard_with_one_request_each(come_in: ComeIn, house: House) -> None:
    cases = waiting(house, THIRTY)
    add_result(cases[0], "radiology", text="Tumör 4 cm, cT3b.", is_external=True)
    add_result(cases[0], "pathology", state=ResultState.ORDERED, expected_on=timezone.localdate() - timedelta(days=2))
    coordinator = come_in("koordinator")
    coordinator.go("/cases/triage/")
    shows(coordinator, "Fråga nummer 1?")
    coordinator.look(dark=True)
    asked: list[Request] = []
    coordinator.page.on("request", lambda request: asked.append(request))
    expected = []
    for number, case in enumerate(cases):
        keys, reason, answer = ROUND[number % len(ROUND)]
        shows(coordinator, case.clinical_question)
        expect(coordinator.page.locator(".triage__progress")).to_contain_text(f"{number + 1} ")
        for key in keys:
            coordinator.page.keyboard.press(key)
        line = coordinator.page.locator("#triage-reason")
        if reason:
            expect(line).to_be_focused()
            coordinator.page.keyboard.type(reason)
            coordinator.page.keyboard.press("Enter")
        expected.append((answer, reason))
    expect(coordinator.page.locator("#triage .question")).to_have_count(0)
    expect(coordinator.page.locator("#triage")).to_contain_text("30")
    assert [(request.method, request.url.split("/triage/")[-1]) for request in asked] == [
        ("POST", f"{case.pk}/?") for case in cases
    ]
    decided = list(Case.objects.order_by("suspected_on").values_list("triage", "triage_note"))
    assert decided == expected
    coordinator.look(dark=True)


def test_undo_skip_and_leaving_the_line_by_keys(come_in: ComeIn, house: House) -> None:
    first, second, third = waiting(house, 3)
    coordinator = come_in("koordinator")
    coordinator.go("/cases/triage/")
    shows(coordinator, first.clinical_question)
    line = coordinator.page.locator("#triage-reason")
    coordinator.page.keyboard.press("3")
    expect(line).to_be_focused()
    coordinator.look()
    coordinator.page.keyboard.type("12 n")
    coordinator.page.keyboard.press("Escape")
    expect(line).to_be_hidden()
    shows(coordinator, first.clinical_question)
    coordinator.page.keyboard.press("1")
    shows(coordinator, second.clinical_question)
    coordinator.page.keyboard.press("s")
    shows(coordinator, third.clinical_question)
    coordinator.page.keyboard.press("u")
    shows(coordinator, first.clinical_question)
    first.refresh_from_db()
    assert (first.triage, first.level_set_at) == ("", None)
    coordinator.page.keyboard.press("4")
    coordinator.page.keyboard.press("Enter")
    expect(line).to_have_attribute("aria-invalid", "true")
    expect(line).to_be_focused()
    coordinator.page.keyboard.type("PAD väntas.")
    coordinator.page.keyboard.press("Enter")
    shows(coordinator, third.clinical_question)
    first.refresh_from_db()
    assert (first.triage, first.triage_note) == ("not_ready", "PAD väntas.")


def test_another_was_first(come_in: ComeIn, house: House) -> None:
    first, second = waiting(house, 2)
    coordinator = come_in("koordinator")
    coordinator.go("/cases/triage/")
    shows(coordinator, first.clinical_question)
    triage_case(first.pk, "not_ready", reason="PAD väntas.", by=house.chair, now=timezone.now())
    coordinator.page.keyboard.press("1")
    shows(coordinator, second.clinical_question)
    expect(coordinator.page.locator("#triage [role=alert]")).to_contain_text(house.chair.name)
    coordinator.look()


def test_the_same_by_buttons_without_script(come_in: ComeIn, house: House) -> None:
    first, second = waiting(house, 2)
    coordinator = come_in("koordinator", script=False)
    coordinator.go("/cases/triage/")
    page = coordinator.page
    page.locator("button[value=protocol]:not([hidden])").click()
    expect(page.locator(".field__error").first).to_be_visible()
    page.locator("#triage-reason").fill("Standard.")
    page.locator("#triage-reason").press("Enter")
    expect(page.locator("#triage .question")).to_have_text(second.clinical_question)
    first.refresh_from_db()
    assert (first.triage, first.level_reason) == ("protocol", "Standard.")
    page.locator("[data-key=u]").click()
    expect(page.locator("#triage .question")).to_have_text(first.clinical_question)
