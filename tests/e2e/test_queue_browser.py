"""The reader's queue in the browser: thirty preparations by keyboard alone, marking several, and plain pages without script."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.fixtures import Settings

from cases.models import Case
from cases.services.sites import set_viewer
from config.seeding.people import Staff
from mdk.models import Meeting, Preparation
from mdk.services.preparation import claim_each
from tests.domain_factories import House, add_result, published_meeting
from tests.e2e.conftest import ComeIn, house_of

pytestmark = pytest.mark.browser

QUESTION = "Tumör {} cm från analöppningen. Neoadjuvant behandling eller direkt kirurgi?"


def to_prepare(house: House, count: int, *, mine: bool = True) -> Meeting:
    """Return a published meeting of `count` cases, all of the radiologist's when `mine`."""
    meeting = published_meeting(house, count, minutes=400, capacity_minutes=400, prep_capacity_minutes=900)
    for place, item in enumerate(meeting.items.order_by("position"), start=1):
        Case.objects.filter(pk=item.case_id).update(clinical_question=QUESTION.format(place))
    if mine:
        pks = radiology(meeting).values_list("pk", flat=True)
        claim_each(list(pks), by=house.radiologist, now=timezone.now())
    return meeting


def radiology(meeting: Meeting):  # type: ignore[no-untyped-def]
    return Preparation.objects.filter(item__meeting=meeting, discipline="radiology").order_by("item__position")


def question(page: Page, place: int) -> None:
    """Wait until the case of this place is open, with the focus in its first field."""
    expect(page.locator("#open .question")).to_contain_text(QUESTION.format(place))
    expect(page.locator("#open [data-focus]")).to_be_focused()


def test_thirty_preparations_by_keyboard_alone(come_in: ComeIn, staff: Staff) -> None:
    meeting = to_prepare(house_of(staff), 30)
    reader = come_in("radiolog1")
    reader.go("/queue/")
    reader.page.keyboard.press("Enter")
    for place in range(1, 31):
        question(reader.page, place)
        reader.page.keyboard.type(f"Fynd {place}.")
        reader.page.keyboard.press("Control+Enter")
    expect(reader.page.locator("#finished")).to_be_visible()
    done = list(radiology(meeting).values_list("state", "findings", "headings", "minutes"))
    assert [row[0] for row in done] == ["done"] * 30
    assert [row[1] or "".join(row[2].values()) for row in done] == [f"Fynd {place}." for place in range(1, 31)]
    assert {row[3] for row in done} == {1}
    reader.look(dark=True)


def test_skip_send_back_and_what_is_typed_is_kept(come_in: ComeIn, staff: Staff) -> None:
    meeting = to_prepare(house_of(staff), 3)
    first, second, third = radiology(meeting)
    reader = come_in("radiolog1")
    reader.go("/queue/")
    reader.page.keyboard.press("Enter")
    question(reader.page, 1)
    reader.page.keyboard.type("Halvfärdig mening")
    reader.page.keyboard.press("Escape")
    reader.page.keyboard.press("n")
    question(reader.page, 2)
    first.refresh_from_db()
    assert "Halvfärdig mening" in (first.findings, *first.headings.values())
    assert (first.state, first.started_at) == ("todo", None)
    reader.look(dark=True)
    reader.page.keyboard.press("Escape")
    reader.page.keyboard.press("s")
    expect(reader.page.get_by_label("Vad som saknas")).to_be_focused()
    reader.page.keyboard.type("Bilderna går inte att öppna.")
    reader.page.keyboard.press("Tab")
    reader.page.keyboard.press("Enter")
    question(reader.page, 3)
    second.refresh_from_db()
    assert (second.state, second.return_reason) == ("returned", "Bilderna går inte att öppna.")
    third.refresh_from_db()
    assert third.state == "in_progress"


def test_several_are_marked_by_key_and_taken_together(come_in: ComeIn, staff: Staff) -> None:
    meeting = to_prepare(house_of(staff), 4, mine=False)
    reader = come_in("radiolog1")
    reader.go("/queue/")
    for key in ("j", "x", "j", "j", "Shift+X", "t"):
        reader.page.keyboard.press(key)
    expect(reader.page.get_by_role("heading", name="Mina ärenden")).to_be_attached()
    held = [row.reader for row in radiology(meeting).select_related("reader")]
    assert held == [staff["radiolog1"]] * 3 + [None]
    reader.look(dark=True)


def test_the_images_open_by_key_one_after_another(come_in: ComeIn, staff: Staff, settings: Settings) -> None:
    house = house_of(staff)
    row = radiology(to_prepare(house, 1)).get()
    reader = come_in("radiolog1")
    # The viewer is a page of this house, so that the browser need not leave it.
    settings.IMAGE_VIEWER_HOSTS = [reader.house.removeprefix("http://")]
    address = f"{reader.house}/about/?study={{accession_number}}"
    set_viewer(house.hospital.pk, address, by=house.admin, now=timezone.now())
    for number in ("DEMO1", "DEMO2"):
        add_result(row.item.case, "radiology", accession_number=number)
    reader.go(f"/queue/{row.pk}/")
    opened = []
    for _ in range(2):
        with reader.context.expect_page() as window:
            reader.page.keyboard.press("i")
        window.value.wait_for_load_state("commit")
        opened.append(window.value.url.rsplit("=", 1)[-1])
        window.value.close()
        reader.page.bring_to_front()
    assert sorted(opened) == ["DEMO1", "DEMO2"]


def test_without_script_the_same_pages_lead_on(come_in: ComeIn, staff: Staff) -> None:
    meeting = to_prepare(house_of(staff), 2)
    reader = come_in("radiolog1", script=False)
    reader.go("/queue/")
    reader.page.get_by_role("button", name=re.compile("^börja")).first.click()
    for place in (1, 2):
        expect(reader.page.locator(".question")).to_contain_text(QUESTION.format(place))
        reader.write("Fynd att demonstrera", f"Fynd {place}.")
        reader.page.locator("[data-finish]").click()
    assert reader.page.url.endswith("/queue/")
    assert set(radiology(meeting).values_list("state", "findings")) == {("done", "Fynd 1."), ("done", "Fynd 2.")}


@pytest.mark.parametrize("width", [820, 1280, 1920])
def test_queue_and_open_case_fit_the_window(come_in: ComeIn, staff: Staff, width: int) -> None:
    meeting = to_prepare(house_of(staff), 2)
    reader = come_in("radiolog1", width=width)
    for path in ("/queue/", f"/queue/{radiology(meeting)[0].pk}/", f"/meetings/{meeting.pk}/preparations/"):
        reader.go(path)
        assert reader.runs_out() == []
