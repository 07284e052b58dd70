"""/calendar/: a person's own addresses; and what stands at one: the meetings by today's rights, nothing of a patient."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.utils import timezone
from django.utils.translation import gettext as _
from icalendar import Calendar

from events.models import Event
from mdk.models import CalendarFeed, Meeting, Series
from mdk.queries.feeds import token_of
from mdk.services.cancelling import cancel_meeting
from mdk.services.feeds import open_feed
from tests.domain_factories import House, make_series, place, ready_case
from tests.mdk.planning import page

OWN, OPEN = "/calendar/", "/calendar/open/"


@pytest.fixture
def series(house: House) -> Series:
    return make_series(house, video_url="https://video.example/mdk")


def feed(house: House, who: str = "nurse", series: Series | None = None) -> CalendarFeed:
    return open_feed(by=getattr(house, who), series=series, now=timezone.now())


def address(one: CalendarFeed) -> str:
    return f"/calendar/{token_of(one)}.ics"


def read(one: CalendarFeed) -> Any:
    """Return the answer to a calendar program: no cookie, no login."""
    return Client().get(address(one))


def events_of(answer: Any) -> list[Any]:
    return list(Calendar.from_ical(answer.content).walk("VEVENT"))


def test_a_person_makes_and_revokes_an_address(house: House, series: Series) -> None:
    client = page(house.nurse)
    assert client.post(OPEN, {"series": ""}).status_code == 302
    assert client.post(OPEN, {"series": ""}).status_code == 302
    one = CalendarFeed.objects.get()
    assert (one.person, one.series, len(one.nonce)) == (house.nurse, None, 32)
    assert settings.BASE_URL + address(one) in client.get(OWN).content.decode()
    assert read(one).status_code == 200
    assert client.post(f"/calendar/{one.pk}/revoke/").status_code == 302
    assert read(one).status_code == 404
    client.post(OPEN, {"series": ""})
    new = CalendarFeed.objects.get(revoked_at__isnull=True)
    assert token_of(new) != token_of(one)
    assert read(one).status_code == 404
    assert Event.objects.filter(kind="calendar.opened").count() == 2
    assert Event.objects.filter(kind="calendar.revoked").count() == 1


def test_nobody_sees_or_revokes_the_address_of_another(house: House, series: Series) -> None:
    one = feed(house)
    other = page(house.coordinator)
    assert token_of(one) not in other.get(OWN).content.decode()
    assert other.post(f"/calendar/{one.pk}/revoke/").status_code == 404
    assert read(one).status_code == 200


def test_a_stranger_makes_no_address_of_the_series(house: House, series: Series) -> None:
    assert page(house.stranger).post(OPEN, {"series": series.pk}).status_code == 404
    assert not CalendarFeed.objects.exists()
    one = feed(house, "stranger", series)
    assert read(one).status_code == 404, "though it were there"


def test_the_page_needs_a_login_and_the_acts_a_post(house: House) -> None:
    assert Client().get(OWN).status_code == 302
    client = page(house.nurse)
    assert client.post(OWN).status_code == 405
    assert client.get(OPEN).status_code == 405
    assert client.get("/calendar/1/revoke/").status_code == 405


def test_what_stands_in_the_calendar(house: House, series: Series) -> None:
    item = place(series.meetings.order_by("starts_at")[0], ready_case(house), by=house.coordinator)
    answer = read(feed(house))
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, max-age=900"
    text = answer.content.decode()
    assert "BEGIN:VTIMEZONE" in text
    assert "TZID:Europe/Stockholm" in text
    for secret in (item.case.patient.name, item.case.patient.identity_value, item.case.clinical_question[:30]):
        assert secret not in text.replace("\r\n ", "")
    events = events_of(answer)
    meetings = list(Meeting.objects.order_by("starts_at"))
    assert [str(event["uid"]).split("@")[0] for event in events] == [f"meeting-{one.pk}" for one in meetings]
    event, meeting = events[0], meetings[0]
    assert event.start == timezone.localtime(meeting.starts_at)
    assert event["dtstart"].params["TZID"] == "Europe/Stockholm"
    assert event.end == timezone.localtime(meeting.ends_at)
    assert (int(event["sequence"]), str(event["status"])) == (meeting.version, "CONFIRMED")
    assert str(event["summary"]) == series.name
    assert str(event["url"]) == str(event["location"]) == "https://video.example/mdk"


def test_a_cancelled_meeting_is_said_to_be_so_and_keeps_its_id(house: House, series: Series) -> None:
    one, meeting = feed(house), series.meetings.order_by("starts_at")[0]
    before = events_of(read(one))[0]
    cancel_meeting(meeting.pk, reason="Utbildning", by=house.coordinator, now=timezone.now())
    after = events_of(read(one))[0]
    assert str(after["uid"]) == str(before["uid"])
    assert int(after["sequence"]) > int(before["sequence"])
    assert (str(after["status"]), str(after["summary"])) == (
        "CANCELLED",
        _("Cancelled: %(name)s") % {"name": series.name},
    )


def test_a_feed_of_one_series_shows_no_other(house: House, series: Series) -> None:
    make_series(house)
    events = events_of(read(feed(house, series=series)))
    assert {str(event["summary"]) for event in events} == {series.name}
    assert len(events_of(read(feed(house)))) == 2 * len(events)


def test_hours_are_right_on_both_sides_of_a_change_of_the_clocks(house: House, series: Series) -> None:
    template = series.meetings.order_by("starts_at")[0]
    series.meetings.exclude(pk=template.pk).delete()
    for month, hour in ((3, 7), (4, 6)):
        starts = datetime(2027, month, 22, hour, 15, tzinfo=UTC)
        template.pk, template.starts_at = None, starts
        template.ends_at, template.cutoff_at = starts + timedelta(minutes=90), starts - timedelta(days=1)
        template.save()
    text = read(feed(house)).content.decode()
    assert "DTSTART;TZID=Europe/Stockholm:20270322T081500" in text
    assert "DTSTART;TZID=Europe/Stockholm:20270422T081500" in text


def leave_the_unit(house: House) -> None:
    house.nurse.memberships.update(starts_on="2020-01-01", ends_on="2020-12-31")


def close_the_account(house: House) -> None:
    house.nurse.is_active = False
    house.nurse.save()


def leave_it_out(house: House) -> None:
    Series.objects.update(unit=house.elsewhere)
    for series in Series.objects.all():
        series.participating_units.clear()


@pytest.mark.parametrize("lose", [leave_the_unit, close_the_account, leave_it_out])
@pytest.mark.parametrize("is_of_series", [True, False])
def test_who_has_lost_the_right_reads_nothing(house: House, series: Series, lose: Any, is_of_series: bool) -> None:
    one = feed(house, series=series if is_of_series else None)
    assert read(one).status_code == 200
    lose(house)
    assert read(one).status_code == 404


def test_an_address_that_is_none_shows_nothing(house: House, series: Series) -> None:
    one = feed(house)
    good = token_of(one)
    other = feed(house, "coordinator")
    wrong = [f"{other.pk}-{good.partition('-')[2]}", good[:-1], good + "0", good.upper(), f"{one.pk}-", str(one.pk), "-", "x",
             "9" * 400, f"²-{good.partition('-')[2]}"]  # fmt: skip
    for token in wrong:
        assert Client().get(f"/calendar/{token}.ics").status_code == 404, token
    assert Client().post(address(one)).status_code == 405


def test_the_address_hangs_on_the_nonce_and_the_key_of_the_house(house: House, series: Series) -> None:
    one = feed(house)
    old = address(one)
    with override_settings(SECRET_KEY="another key of the house, long enough", SECRET_KEY_FALLBACKS=[]):
        assert Client().get(old).status_code == 404
        assert read(one).status_code == 200
    with override_settings(
        SECRET_KEY="another key of the house, long enough", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY]
    ):
        assert Client().get(old).status_code == 200, "a key that is being exchanged"
    CalendarFeed.objects.update(nonce="0" * 32)
    assert Client().get(old).status_code == 404


def test_what_has_not_changed_is_not_sent_again(house: House, series: Series) -> None:
    one = feed(house)
    etag = read(one).headers["ETag"]
    again = Client().get(address(one), headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    cancel_meeting(series.meetings.all()[0].pk, reason="Sjuk", by=house.coordinator, now=timezone.now())
    assert Client().get(address(one), headers={"If-None-Match": etag}).status_code == 200


QUERIES = 5


def test_one_series_and_three_cost_the_same_queries(
    house: House, series: Series, django_assert_num_queries: Any
) -> None:
    one = feed(house)
    read(one)
    with django_assert_num_queries(QUERIES):
        read(one)
    make_series(house)
    make_series(house)
    with django_assert_num_queries(QUERIES):
        read(one)
