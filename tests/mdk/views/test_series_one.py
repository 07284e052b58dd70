"""/series/<series>/ and its change: seen, shown, confirmed, done; by role, stale, and without a script."""

from datetime import date, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import gettext as _

from mdk.models import Meeting, Series
from mdk.services.publishing import publish_meeting
from tests.domain_factories import House, make_series, place, ready_case
from tests.mdk.planning import MEMBERS, page, person


class Form(HTMLParser):
    """What a person without a script would send: the fields of the page's form as they stand, no buttons."""

    def __init__(self, html: str, action: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self._action, self._is_in, self._select, self._area = action, False, "", ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_in = given.get("action", "").endswith(self._action)
        if not self._is_in:
            return
        if tag == "input" and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self._add(given["name"], given.get("value", "on" if given.get("type") == "checkbox" else ""))
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and self._select and "selected" in given:
            self._add(self._select, given["value"])
        elif tag == "textarea":
            self._area = given["name"]
            self._add(self._area, "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self.sent[self._area][-1] += data.lstrip("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""
        elif tag == "form":
            self._is_in = False

    def _add(self, name: str, value: str) -> None:
        self.sent.setdefault(name, []).append(value)


@pytest.fixture
def series(house: House) -> Series:
    return make_series(house)


def one(series: Series) -> str:
    return f"/series/{series.pk}/"


def edit(series: Series) -> str:
    return f"/series/{series.pk}/edit/"


def form_of(answer: Any, series: Series) -> dict[str, list[str]]:
    return Form(answer.content.decode(), edit(series)).sent


def first(series: Series) -> Meeting:
    return series.meetings.order_by("starts_at")[0]


@pytest.mark.parametrize("role", [*MEMBERS, "coordinator", "chair", "manager", "admin"])
def test_every_member_sees_the_series_without_a_patient(house: House, series: Series, role: str) -> None:
    item = place(first(series), ready_case(house), by=house.coordinator)
    answer = page(person(house, role)).get(one(series))
    assert answer.status_code == 200
    html = answer.content.decode()
    assert series.name in html
    assert item.case.patient.name not in html
    assert (edit(series) in html) is (role in ("coordinator", "admin"))


def test_what_each_meeting_stands_for_is_said(house: House) -> None:
    series = make_series(house, rrule="FREQ=WEEKLY;BYDAY=TH", starts_on=date(2026, 1, 1), eve_percent=50)
    day = timezone.localdate(series.meetings.order_by("starts_at")[1].starts_at)
    Series.objects.filter(pk=series.pk).update(excluded_on=[day])
    answer = page(house.coordinator).get(one(series))
    assert day in [left.on for left in answer.context["left_out"]]
    assert str(_("%(percent)s %% of the capacity") % {"percent": 50}) in answer.content.decode()


def test_a_stranger_finds_no_series(house: House, series: Series) -> None:
    client = page(house.stranger)
    for url in (one(series), edit(series)):
        assert client.get(url).status_code == 404
    assert client.post(edit(series), {}).status_code == 404


@pytest.mark.parametrize("role", [*MEMBERS, "chair", "manager"])
def test_who_may_not_change_it_changes_nothing(house: House, series: Series, role: str) -> None:
    client, allowed = page(person(house, role)), page(house.coordinator)
    sent = form_of(allowed.get(edit(series)), series) | {"name": ["Annan"]}
    assert client.get(edit(series)).status_code == 403
    assert client.post(edit(series), sent).status_code == 403
    series.refresh_from_db()
    assert (series.name != "Annan", series.version) == (True, 1)


def test_an_invited_unit_does_not_change_the_series(house: House, series: Series) -> None:
    house.coordinator.memberships.update(unit=house.radiology)
    assert page(house.coordinator).get(one(series)).status_code == 200
    assert page(house.coordinator).get(edit(series)).status_code == 403


def test_the_page_takes_no_post_and_the_form_no_put(house: House, series: Series) -> None:
    client = page(house.coordinator)
    assert client.post(one(series)).status_code == 405
    assert client.put(edit(series)).status_code == 405


def test_the_form_as_it_stands_changes_nothing(house: House, series: Series) -> None:
    client = page(house.coordinator)
    before = Series.objects.values().get(pk=series.pk)
    meetings = list(series.meetings.order_by("pk").values())
    answer = client.post(edit(series), form_of(client.get(edit(series)), series))
    assert answer.status_code == 302
    after = Series.objects.values().get(pk=series.pk)
    weekday = ("MO", "TU", "WE", "TH", "FR")[series.starts_on.weekday()]
    assert after == before | {"version": 2, "rrule": f"FREQ=WEEKLY;BYDAY={weekday}"}
    assert list(series.meetings.order_by("pk").values()) == meetings


def test_a_change_is_shown_then_confirmed_and_then_made(house: House, series: Series) -> None:
    client, meeting = page(house.coordinator), first(series)
    place(meeting, ready_case(house), by=house.coordinator)
    publish_meeting(meeting.pk, by=house.coordinator, now=timezone.now())
    sent = form_of(client.get(edit(series)), series) | {"starts_time": ["13:00"], "capacity_minutes": ["60"]}
    shown = client.post(edit(series), sent)
    assert shown.status_code == 200
    html = shown.content.decode()
    assert "Publicerad" in html
    assert str(_("%(new)s min of discussion (was %(old)s).") % {"new": 60, "old": 80}) in html
    meeting.refresh_from_db()
    assert timezone.localtime(meeting.starts_at).hour == 8, "nothing is done yet"
    confirmed = form_of(shown, series)
    assert confirmed["confirmed"] == [shown.context["change"].token]
    answer = client.post(edit(series), confirmed)
    assert (answer.status_code, answer.headers["Location"]) == (302, one(series))
    meeting.refresh_from_db()
    assert (timezone.localtime(meeting.starts_at).hour, meeting.capacity_minutes) == (13, 60)


def test_back_to_the_form_keeps_what_was_typed(house: House, series: Series) -> None:
    client = page(house.coordinator)
    shown = client.post(edit(series), form_of(client.get(edit(series)), series) | {"starts_time": ["13:00"]})
    back = client.post(edit(series), form_of(shown, series) | {"back": ["1"]})
    assert back.status_code == 200
    sent = form_of(back, series)
    assert (sent["starts_time"], sent["version"]) == (["13:00"], ["1"])
    assert "confirmed" not in sent


def test_what_is_no_longer_what_was_shown_is_shown_again(house: House, series: Series) -> None:
    client = page(house.coordinator)
    shown = client.post(edit(series), form_of(client.get(edit(series)), series) | {"starts_time": ["13:00"]})
    place(first(series), ready_case(house), by=house.coordinator)
    answer = client.post(edit(series), form_of(shown, series))
    assert answer.status_code == 409
    assert answer.context["is_other"]
    assert timezone.localtime(first(series).starts_at).hour == 8
    assert client.post(edit(series), form_of(answer, series)).status_code == 302


def test_a_stale_form_names_who_changed_the_series_and_keeps_the_text(house: House, series: Series) -> None:
    mine, other = page(house.coordinator), page(house.admin)
    sent = form_of(mine.get(edit(series)), series) | {"name": ["Tarm"]}
    other.post(edit(series), form_of(other.get(edit(series)), series) | {"name": ["Kolon"]})
    answer = mine.post(edit(series), sent)
    assert answer.status_code == 409
    assert house.admin.name in answer.content.decode()
    assert form_of(answer, series)["name"] == ["Tarm"]
    series.refresh_from_db()
    assert series.name == "Kolon"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("excluded_on", "2026-12-23, i morgon"),
        ("reminder_days", "fem"),
        ("interval", "0"),
        ("rrule", "FREQ=SECONDLY"),
        ("eve_percent", "120"),
        ("summer_first_week", "30"),
        ("prep_due_days", "4"),
        ("weekdays", "SU"),
        ("on_red_day", "later"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_changed(house: House, series: Series, field: str, value: str) -> None:
    client = page(house.coordinator)
    sent = form_of(client.get(edit(series)), series) | {field: [value]}
    sent |= {"prep_due_days": {"prep_due_time": ["08:00"]}, "rrule": {"interval": ["0"]}}.get(field, {})
    answer = client.post(edit(series), sent)
    assert answer.status_code == 422
    named = {"interval": "rrule", "summer_first_week": "summer_last_week"}.get(field, field)
    assert named in answer.context["form"].errors
    series.refresh_from_db()
    assert series.version == 1


def test_a_day_is_left_out_from_the_list_of_meetings(house: House, series: Series) -> None:
    client, meeting = page(house.coordinator), first(series)
    day = timezone.localdate(meeting.starts_at)
    link = f"{edit(series)}?without={day}"
    assert link in client.get(one(series)).content.decode()
    shown = client.post(edit(series), form_of(client.get(link), series))
    assert [effect.becomes for effect in shown.context["change"].felt] == ["gone"]
    assert client.post(edit(series), form_of(shown, series)).status_code == 302
    meeting.refresh_from_db()
    series.refresh_from_db()
    assert (meeting.status, series.excluded_on) == ("cancelled", [day])


def test_a_rule_of_its_own_survives_the_form(house: House) -> None:
    series = make_series(house, rrule="FREQ=MONTHLY;BYDAY=1TU,3TU")
    client = page(house.coordinator)
    sent = form_of(client.get(edit(series)), series)
    assert (sent["interval"], sent["rrule"]) == (["0"], ["FREQ=MONTHLY;BYDAY=1TU,3TU"])
    assert client.post(edit(series), sent).status_code == 302
    series.refresh_from_db()
    assert series.rrule == "FREQ=MONTHLY;BYDAY=1TU,3TU"


def test_a_last_day_ends_the_series(house: House, series: Series) -> None:
    client = page(house.coordinator)
    last = timezone.localdate(series.meetings.order_by("starts_at")[1].starts_at)
    sent = form_of(client.get(edit(series)), series) | {"ends_on": [last.isoformat()]}
    shown = client.post(edit(series), sent)
    client.post(edit(series), form_of(shown, series))
    held = series.meetings.exclude(status="cancelled").order_by("starts_at")
    assert [timezone.localdate(meeting.starts_at) for meeting in held][-1] == last
    assert form_of(client.get(edit(series)), series)["ends_on"] == [last.isoformat()]


def test_the_order_of_the_agenda_is_what_the_ranks_say(house: House, series: Series) -> None:
    client = page(house.coordinator)
    ranks = {"order_hard_first": ["1"], "order_protocol_last": ["2"], "order_not_operated_first": ["0"],
             "order_guests_together": ["0"], "order_readers_together": ["0"]}  # fmt: skip
    client.post(edit(series), form_of(client.get(edit(series)), series) | ranks)
    series.refresh_from_db()
    assert series.order_rules == ["hard_first", "protocol_last"]
    assert form_of(client.get(edit(series)), series)["order_hard_first"] == ["1"]


QUERIES = 12


def test_one_meeting_and_half_a_year_cost_the_same_queries(house: House, django_assert_num_queries: Any) -> None:
    client = page(house.coordinator)
    last = timezone.localdate() + timedelta(days=20)
    few = make_series(house, rrule=f"FREQ=WEEKLY;UNTIL={last:%Y%m%d}")
    many = make_series(house)
    client.get(one(few))
    for series in (few, many):
        with django_assert_num_queries(QUERIES):
            client.get(one(series))
    assert many.meetings.count() > 3 * few.meetings.count()
