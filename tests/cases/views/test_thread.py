"""The thread on the page of a case."""

import pytest

from cases.models import Message
from events.models import Delivery, Event, Notice
from events.registry import event_type
from tests.cases.conftest import HTMX, Browser
from tests.domain_factories import House, make_case, make_meeting, place, ready_case

TEXT = "Finns äldre bilder att jämföra med?"


def _link(event: Event) -> str:
    link = event_type(event.kind).link
    assert link is not None
    return link(event)


def test_what_is_written_stands_last_with_who_and_is_told_without_its_words(house: House, browser: Browser) -> None:
    case = make_case(house)
    first = browser(house.nurse).post(f"/cases/{case.pk}/messages/", {"text": TEXT})
    assert (first.status_code, first["Location"]) == (302, f"/cases/{case.pk}/#thread")
    browser(house.clinician).post(f"/cases/{case.pk}/messages/", {"text": "Ja, från i våras."})
    text = browser(house.chair).get(f"/cases/{case.pk}/").content.decode()
    thread = text[text.index('id="thread"') :]
    places = [thread.index(words) for words in (house.nurse.name, TEXT, house.clinician.name, "Ja, från i våras.")]
    assert places == sorted(places)
    told = browser(house.clinician).get("/notices/").content.decode()
    assert {_link(event) for event in Event.objects.filter(kind="case.message")} == {f"/cases/{case.pk}/#thread"}
    assert TEXT not in told
    assert {row.person for row in Notice.objects.filter(event__kind="case.message")} == {house.clinician, house.nurse}
    assert Delivery.objects.filter(event__kind="case.message", channel=Delivery.Channel.EMAIL).count() == 2


def test_the_reader_of_the_coming_meeting_writes_too(house: House, browser: Browser) -> None:
    case = ready_case(house)
    visitor = browser(house.radiologist)
    assert visitor.post(f"/cases/{case.pk}/messages/", {"text": TEXT}).status_code == 404
    place(make_meeting(house), case, by=house.coordinator)
    assert visitor.post(f"/cases/{case.pk}/messages/", {"text": TEXT}).status_code == 302


def test_htmx_gets_the_thread_again(house: House, browser: Browser) -> None:
    case = make_case(house)
    text = browser(house.nurse).post(f"/cases/{case.pk}/messages/", {"text": TEXT}, **HTMX).content.decode()
    assert text.count(TEXT) == 1
    assert 'id="thread"' in text
    assert "<html" not in text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_an_empty_message_comes_back(house: House, browser: Browser, headers: dict[str, str]) -> None:
    case = make_case(house)
    answer = browser(house.nurse).post(f"/cases/{case.pk}/messages/", {"text": " "}, **headers)
    assert answer.status_code == 422
    assert "message_text" in answer.content.decode()
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("person", "status"), [("radiologist", 404), ("manager", 403), ("admin", 403), ("stranger", 404)]
)
def test_who_may_not(house: House, browser: Browser, person: str, status: int) -> None:
    case = make_case(house)
    before = Event.objects.count()
    assert browser(getattr(house, person)).post(f"/cases/{case.pk}/messages/", {"text": TEXT}).status_code == status
    assert (Message.objects.count(), Event.objects.count()) == (0, before)


def test_it_is_posted_alone(house: House, browser: Browser) -> None:
    assert browser(house.nurse).get(f"/cases/{make_case(house).pk}/messages/").status_code == 405
