"""The workbench in the browser: by hand and by keys, many at once, a step undone, two coordinators, late additions."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from config.seeding.people import Staff
from mdk.enums import ItemStatus
from mdk.models import AgendaItem, Meeting
from mdk.services.agenda import order_items
from tests.domain_factories import House, make_case, make_meeting, place, ready_case
from tests.e2e.conftest import ComeIn, house_of
from tests.e2e.people import Person

pytestmark = pytest.mark.browser


@pytest.fixture
def house(staff: Staff) -> House:
    return house_of(staff)


def filled(house: House, items: int = 4, ready: int = 0, unready: int = 0) -> Meeting:
    """Return a planned meeting with ready cases on its agenda, and candidates that wait for it."""
    meeting = make_meeting(house)
    for _ in range(items):
        place(meeting, ready_case(house), by=house.coordinator)
    for _ in range(ready):
        ready_case(house)
    for _ in range(unready):
        make_case(house)
    return meeting


def agenda(person: Person) -> Locator:
    return person.page.locator("#agenda > [data-row]")


def candidates(person: Person) -> Locator:
    return person.page.locator("#candidates > [data-row]")


def shown(person: Person) -> list[int]:
    """Return the items as the page shows them."""
    return [int(row.removeprefix("item-")) for row in agenda(person).evaluate_all("rows => rows.map(row => row.id)")]


def stored(meeting: Meeting) -> list[int]:
    """Return the items as they stand."""
    return list(meeting.items.filter(position__isnull=False).order_by("position").values_list("pk", flat=True))


def keys(person: Person, *pressed: str) -> None:
    for key in pressed:
        person.page.keyboard.press(key)


def drag(person: Person, row: Locator, onto: Locator, part: float = 0.2) -> None:
    """Drag a row by its question onto another place: `part` of its height from the top."""
    start, end = row.locator("[data-open]").bounding_box(), onto.bounding_box()
    assert start
    assert end
    mouse = person.page.mouse
    mouse.move(start["x"] + 20, start["y"] + start["height"] / 2)
    mouse.down()
    mouse.move(start["x"] + 40, start["y"] + start["height"] / 2 + 12, steps=3)
    mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] * part, steps=6)
    mouse.up()


def test_rows_are_moved_by_hand_from_list_to_list(come_in: ComeIn, house: House) -> None:
    meeting = filled(house, items=3, ready=1)
    first, second, third = stored(meeting)
    coordinator = come_in("koordinator")
    coordinator.go(f"/meetings/{meeting.pk}/")
    drag(coordinator, agenda(coordinator).nth(2), agenda(coordinator).nth(0))
    expect(coordinator.page.locator(f"#item-{third} .agenda__position")).to_have_text("1")
    assert stored(meeting) == [third, first, second]
    drag(coordinator, candidates(coordinator).nth(0), agenda(coordinator).nth(1))
    expect(agenda(coordinator)).to_have_count(4)
    new = shown(coordinator)[1]
    assert stored(meeting) == [third, new, first, second]
    drag(coordinator, coordinator.page.locator(f"#item-{first}"), coordinator.page.locator("#candidates-head"))
    expect(coordinator.field("Skäl till strykning")).to_be_focused()
    coordinator.page.keyboard.type("Patienten avböjer.")
    keys(coordinator, "Enter")
    expect(agenda(coordinator)).to_have_count(3)
    expect(candidates(coordinator)).to_have_count(1)
    assert AgendaItem.objects.get(pk=first).removed_reason == "Patienten avböjer."
    coordinator.look(dark=True)


def test_keys_move_select_and_undo(come_in: ComeIn, house: House) -> None:
    meeting = filled(house, items=4)
    one, two, three, four = stored(meeting)
    coordinator = come_in("koordinator")
    coordinator.go(f"/meetings/{meeting.pk}/")
    coordinator.page.locator(f"#open-item-{one}").focus()
    keys(coordinator, "Alt+ArrowDown", "Alt+ArrowDown", "J")
    expect(coordinator.page.locator(f"#item-{one} .agenda__position")).to_have_text("4")
    expect(coordinator.page.locator(f"#open-item-{one}")).to_be_focused()
    assert stored(meeting) == [two, three, four, one]
    keys(coordinator, "k", "x", "k", "X", "Alt+ArrowUp")
    expect(coordinator.page.locator(f"#item-{three} .agenda__position")).to_have_text("1")
    assert stored(meeting) == [three, four, two, one]
    expect(coordinator.page.locator("#agenda .is-chosen")).to_have_count(2)
    keys(coordinator, "u")
    coordinator.sees("Steget är ångrat.")
    expect(coordinator.page.locator(f"#item-{two} .agenda__position")).to_have_text("1")
    assert stored(meeting) == [two, three, four, one]
    keys(coordinator, "Escape")
    expect(coordinator.page.locator("#agenda .is-chosen")).to_have_count(0)
    keys(coordinator, "?")
    expect(coordinator.page.get_by_role("dialog")).to_contain_text("boka om")


def test_keys_pass_the_places_of_the_cut_off_while_they_are_folded(come_in: ComeIn, house: House) -> None:
    meeting = filled(house, items=0, ready=2)
    Meeting.objects.filter(pk=meeting.pk).update(cutoff_at=timezone.now() + timedelta(hours=1))
    coordinator = come_in("koordinator")
    coordinator.go(f"/meetings/{meeting.pk}/")
    fold = coordinator.page.locator("#round summary")
    expect(fold).to_be_visible()
    keys(coordinator, "j")
    expect(candidates(coordinator).first.locator("[data-open]")).to_be_focused()
    coordinator.page.evaluate("document.activeElement.blur()")
    fold.click()
    coordinator.page.evaluate("document.activeElement.blur()")
    keys(coordinator, "j")
    expect(coordinator.page.locator("#round [data-open]").first).to_be_focused()


def test_many_at_once_are_answered_one_by_one(come_in: ComeIn, house: House) -> None:
    meeting = filled(house, items=0, ready=2, unready=1)
    coordinator = come_in("koordinator")
    coordinator.go(f"/meetings/{meeting.pk}/")
    keys(coordinator, "j", "Shift+ArrowDown", "Shift+ArrowDown")
    expect(coordinator.page.locator("#bulk")).to_contain_text("3")
    coordinator.look(dark=True)
    keys(coordinator, "a")
    expect(agenda(coordinator)).to_have_count(2)
    told = coordinator.page.locator(".told")
    expect(told.locator("li")).to_have_count(1)
    expect(told).to_contain_text("inte redo")
    coordinator.look(dark=True)
    keys(coordinator, "u")
    expect(agenda(coordinator)).to_have_count(0)
    expect(candidates(coordinator)).to_have_count(3)


def test_two_coordinators_see_each_other_and_overwrite_nothing(come_in: ComeIn, house: House) -> None:
    meeting = filled(house, items=3)
    one, two, three = stored(meeting)
    coordinator = come_in("koordinator")
    coordinator.go(f"/meetings/{meeting.pk}/?open=off-{two}")
    reason = coordinator.field("Skäl till strykning")
    expect(reason).to_be_focused()
    coordinator.page.keyboard.type("Halvt skri")
    order_items(meeting.pk, [three, one, two], by=house.chair, now=timezone.now())
    expect(coordinator.page.locator(f"#item-{three} .agenda__position")).to_have_text("1")
    coordinator.sees(house.chair.name)
    expect(reason).to_be_focused()
    coordinator.page.keyboard.type("vet")
    expect(reason).to_have_value("Halvt skrivet")
    coordinator.page.route("**/watch/**", lambda route: route.abort())
    coordinator.forgiven = (*coordinator.forgiven, "ERR_FAILED")
    order_items(meeting.pk, [two, three, one], by=house.chair, now=timezone.now())
    coordinator.page.locator(f"#open-item-{three}").focus()
    keys(coordinator, "J")
    expect(coordinator.page.locator("#bench-told [role=alert]")).to_contain_text(house.chair.name)
    expect(coordinator.page.locator(f"#item-{two} .agenda__position")).to_have_text("1")
    expect(reason).to_have_value("Halvt skrivet")
    assert stored(meeting) == [two, three, one]


def test_a_late_addition_waits_for_the_chair_on_the_same_page(come_in: ComeIn, house: House) -> None:
    meeting = filled(house, items=1, ready=1)
    now = timezone.now()
    Meeting.objects.filter(pk=meeting.pk).update(
        cutoff_at=now - timedelta(hours=1), firmed_at=now - timedelta(minutes=30), firmed_by=house.coordinator
    )
    coordinator, chair = come_in("koordinator"), come_in("ordforande")
    for person in (coordinator, chair):
        person.go(f"/meetings/{meeting.pk}/")
    keys(coordinator, "j", "a")
    reason = coordinator.page.locator("[name=override_reason]")
    expect(reason).to_be_focused()
    reason.fill("Svår smärta, kan inte vänta.")
    keys(coordinator, "Enter")
    coordinator.sees("väntar på ordförandens ja")
    coordinator.look(dark=True)
    late = chair.page.locator(".late")
    expect(late).to_contain_text("Svår smärta")
    chair.look(dark=True)
    chair.press("Ja, ta upp det", late)
    expect(late).to_have_count(0)
    expect(coordinator.page.locator(".late")).to_have_count(0)
    assert AgendaItem.objects.get(meeting=meeting, late="granted").status == ItemStatus.PLANNED


def test_without_script_everything_is_a_form(come_in: ComeIn, house: House) -> None:
    meeting = filled(house, items=2, ready=1)
    one, two = stored(meeting)
    coordinator = come_in("koordinator", script=False)
    coordinator.go(f"/meetings/{meeting.pk}/")
    coordinator.page.locator("#bulk").get_by_role("button", name="Nedåt").scroll_into_view_if_needed()
    coordinator.page.locator(f"#pick-item-{one}").check()
    coordinator.press("Nedåt", coordinator.page.locator("#bulk"))
    assert stored(meeting) == [two, one]
    coordinator.press("Ångra")
    assert stored(meeting) == [one, two]


@pytest.mark.parametrize("width", [820, 1280, 1920])
def test_it_fits_the_window(come_in: ComeIn, house: House, width: int) -> None:
    meeting = filled(house, items=3, ready=2)
    coordinator = come_in("koordinator", width=width)
    coordinator.go(f"/meetings/{meeting.pk}/?open=item-{stored(meeting)[0]}")
    assert coordinator.runs_out() == []
