"""Two answers that do not fit together: entered, marked by keyboard, and seen on the agenda and in the meeting."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from cases.models import Case
from config.seeding.people import Staff
from mdk.models import Meeting
from mdk.services.live import start_meeting
from tests.domain_factories import make_case, published_meeting
from tests.e2e.conftest import ComeIn, house_of
from tests.e2e.people import Person

pytestmark = pytest.mark.browser

SENTENCE = "MR visar genomväxt, men preparatet visar ingen invasion."
SETTLED = "Eftergranskat: ingen genomväxt."


@pytest.fixture
def meeting(staff: Staff) -> Meeting:
    return published_meeting(house_of(staff), 1)


def test_the_mark_follows_the_case_to_the_meeting(come_in: ComeIn, staff: Staff, meeting: Meeting) -> None:
    case = meeting.items.get().case
    clinician = come_in("lakare1")
    enters(clinician, case, "mri_pelvis_rectum", "mrT3c, genomväxt.")
    enters(clinician, case, "histopathology", "Dysplasi utan invasion.")
    marks_by_keyboard(clinician)

    coordinator = come_in("koordinator")
    coordinator.go(f"/meetings/{meeting.pk}/")
    expect(coordinator.page.locator(".agenda__row .discordant-sign")).to_have_count(1)
    coordinator.look(dark=True)

    start_meeting(meeting.pk, by=staff["ordforande"], now=timezone.now(), confirm_early=True)
    chair, follower = come_in("ordforande", width=1920, height=1080), come_in("kssk1", width=1920, height=1080)
    for person, page in ((chair, "live"), (follower, "follow")):
        person.go(f"/meetings/{meeting.pk}/{page}/")
        person.sees(SENTENCE)
        expect(person.page.locator(".answer--discordant")).to_have_count(2)
        person.look(dark=True)
    expect(chair.page.locator("input[name=is_discordant]")).to_be_checked()

    settles(clinician, case)
    expect(follower.page.get_by_text(SENTENCE)).to_have_count(0)
    expect(chair.page.locator("input[name=is_discordant]")).to_be_checked()


def test_it_is_marked_and_talked_about_without_script(come_in: ComeIn, staff: Staff, meeting: Meeting) -> None:
    case = meeting.items.get().case
    plain = come_in("lakare1", script=False)
    plain.go(f"/cases/{case.pk}/?open=discordant")
    for box in plain.page.locator("input[name=results]").all()[:2]:
        box.check()
    plain.page.locator("#discordant_sentence").fill(SENTENCE)
    plain.page.locator("#sides form button[type=submit]").click()
    plain.sees(SENTENCE)
    plain.page.locator("#message_text").fill("Kan du titta en gång till?")
    plain.page.locator("#thread button[type=submit]").click()
    plain.sees("Kan du titta en gång till?")
    plain.look()


def test_a_message_is_sent_in_place(come_in: ComeIn, staff: Staff, meeting: Meeting) -> None:
    case = meeting.items.get().case
    clinician = come_in("lakare1")
    clinician.go(f"/cases/{case.pk}/")
    clinician.page.locator("#message_text").fill("Kan du titta en gång till?")
    clinician.page.locator("#thread button[type=submit]").click()
    expect(clinician.page.locator(".thread__list > li")).to_have_count(1)
    expect(clinician.page.locator("#message_text")).to_have_value("")
    clinician.look()


def test_the_headings_of_an_examination_are_filled_in_over_the_whole_width(come_in: ComeIn, staff: Staff) -> None:
    case = make_case(house_of(staff), diagnosis="brain-spinal-cord")
    clinician = come_in("lakare1")
    clinician.go(f"/cases/{case.pk}/")
    open_form(clinician, "mri_brain")
    form = clinician.page.locator("#requirement-mri_brain form")
    expect(form.locator("input[name^='structured.']")).to_have_count(17)
    clinician.look(dark=True)
    box = form.bounding_box()
    assert box is not None
    assert box["width"] > 900
    form.locator("input[name=performed_on]").fill(timezone.localdate().isoformat())
    form.locator("input[name='structured.oedema']").fill("Uttalat perifokalt")
    form.locator("button[type=submit]").click()
    expect(clinician.page.locator(".axis .answer__headings")).to_contain_text("Uttalat perifokalt")
    assert clinician.runs_out() == []
    clinician.look(dark=True)


def open_form(person: Person, requirement: str) -> None:
    """Open the form for an answer to the requirement."""
    person.follow("Registrera svar", person.page.locator(f"#requirement-{requirement}"))


def enters(clinician: Person, case: Case, requirement: str, text: str) -> None:
    """Enter an answer of today by hand."""
    clinician.go(f"/cases/{case.pk}/")
    open_form(clinician, requirement)
    form = clinician.page.locator(f"#requirement-{requirement} form")
    form.locator("input[name=performed_on]").fill(timezone.localdate().isoformat())
    form.locator("textarea[name=text]").fill(text)
    form.locator("button[type=submit]").click()
    expect(clinician.page.locator(".axis").get_by_text(text)).to_be_visible()


def marks_by_keyboard(clinician: Person) -> None:
    """Press d, tick the two newest answers, write the sentence and press Enter: no mouse."""
    page, keys = clinician.page, clinician.page.keyboard
    boxes = page.locator("input[name=results]")
    page.locator("body").press("d")
    expect(boxes.first).to_be_focused()
    clinician.look(dark=True)
    count = boxes.count()
    for place in range(count):
        if place >= count - 2:
            keys.press("Space")
        keys.press("Tab")
    expect(page.locator("#discordant_sentence")).to_be_focused()
    keys.type(SENTENCE)
    keys.press("Enter")
    expect(page.locator(".axis__mark")).to_contain_text(SENTENCE)
    expect(page.locator(".answer--discordant")).to_have_count(2)
    clinician.look(dark=True)


def settles(clinician: Person, case: Case) -> None:
    """Settle the mark in its place."""
    clinician.go(f"/cases/{case.pk}/")
    clinician.page.locator(".axis__mark a").click()
    sentence = clinician.page.locator(".axis__mark input[name=sentence]")
    expect(sentence).to_be_focused()
    sentence.fill(SETTLED)
    sentence.press("Enter")
    expect(clinician.page.locator(".discordant--settled")).to_contain_text(SETTLED)
    clinician.look(dark=True)
