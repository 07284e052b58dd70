"""A series in the browser: a day is left out with what it does seen first; and the address of a calendar is made."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from config.seeding.people import Staff
from mdk.models import CalendarFeed, Rebooking
from mdk.queries.feeds import token_of
from tests.domain_factories import make_series, place, ready_case
from tests.e2e.conftest import ComeIn, house_of

pytestmark = pytest.mark.browser


def test_a_day_is_left_out_by_keyboard_and_its_case_goes_on(come_in: ComeIn, staff: Staff) -> None:
    house = house_of(staff)
    series = make_series(house)
    first, second = series.meetings.order_by("starts_at")[:2]
    place(first, ready_case(house), by=house.coordinator)
    coordinator = come_in("koordinator")
    page = coordinator.page
    coordinator.go(f"/series/{series.pk}/")
    coordinator.look(dark=True)
    day = timezone.localdate(first.starts_at)
    page.locator(f"a[href$='?without={day}']").press("Enter")
    expect(page.locator("[name=excluded_on]")).to_have_value(str(day))
    coordinator.look(dark=True)
    page.locator("[name=name]").press("Enter")
    confirm = page.locator("form button.btn--primary")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody td.num").first).to_have_text("1")
    coordinator.look(dark=True)
    assert not Rebooking.objects.exists()
    confirm.press("Enter")
    expect(page.locator("h1")).to_contain_text(series.name)
    first.refresh_from_db()
    moved = Rebooking.objects.get().to_item
    assert first.status == "cancelled"
    assert moved is not None
    assert moved.meeting == second


def test_a_nurse_makes_and_revokes_the_address_of_a_calendar(come_in: ComeIn, staff: Staff) -> None:
    series = make_series(house_of(staff))
    nurse = come_in("kssk1")
    page = nurse.page
    nurse.go("/calendar/")
    nurse.look(dark=True)
    page.locator("#series").focus()
    page.locator("#series").select_option(label=series.name)
    page.locator("main form .btn--primary").press("Enter")
    expect(page.locator("input[readonly]")).to_have_count(1)
    feed = CalendarFeed.objects.get()
    assert (feed.person, feed.series) == (staff["kssk1"], series)
    assert token_of(feed) in page.locator("input[readonly]").input_value()
    nurse.look(dark=True)
    page.locator("main .btn--danger").press("Enter")
    expect(page.locator("input[readonly]")).to_have_count(0)
    assert CalendarFeed.objects.filter(revoked_at__isnull=True).count() == 0
