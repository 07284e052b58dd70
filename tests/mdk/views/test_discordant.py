"""The mark of discordant answers follows the case: agendas, print, queue, the screens and the outcome."""

import io
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook
from pypdf import PdfReader
from pytest_django.fixtures import Settings

from cases.models import Case, Discordance
from cases.services.discordance import mark_discordance, settle_discordance
from cases.services.sites import set_viewer
from cases.services.thread import write_message
from events.models import Notice
from mdk.models import AgendaItem, Meeting, Outcome, Preparation
from mdk.services import preparation
from mdk.services.outcome import save_outcome
from tests.domain_factories import House, add_result, live_meeting, published_meeting, ready_case
from tests.factories import login

HTMX = {"HX-Request": "true"}
SENTENCE = "Bilderna visar T3, preparatet pT1."
SIGN = 'class="discordant-sign"'


def mark(house: House, case: Case) -> Discordance:
    chosen = [case.results.filter(kind=kind)[0].pk for kind in ("radiology", "pathology")]
    return mark_discordance(case.pk, chosen, SENTENCE, by=house.clinician, now=timezone.now())[0]


def settle(house: House, found: Discordance) -> None:
    settle_discordance(found.case_id, found.pk, "Klart.", by=house.clinician, now=timezone.now())


def first(meeting: Meeting) -> AgendaItem:
    return meeting.items.select_related("case").order_by("position")[0]


def typed(item: AgendaItem, preset: bool, **more: Any) -> dict[str, Any]:
    return {"item": item.pk, "version": 0, "preset": str(preset), "recommendation": "Eftergranska."} | more


# Before the meeting


@pytest.mark.parametrize(
    ("who", "address"), [("coordinator", "/meetings/{}/"), ("nurse", "/meetings/{}/"), ("radiologist", "/queue/")]
)
def test_the_sign_in_the_lists(client: Client, house: House, who: str, address: str) -> None:
    meeting = published_meeting(house, 2)
    visitor = login(client, getattr(house, who))
    assert SIGN not in visitor.get(address.format(meeting.pk)).content.decode()
    found = mark(house, first(meeting).case)
    assert visitor.get(address.format(meeting.pk)).content.decode().count(SIGN) == 1
    settle(house, found)
    assert SIGN not in visitor.get(address.format(meeting.pk)).content.decode()


def test_the_sign_among_the_candidates(client: Client, house: House) -> None:
    meeting = published_meeting(house, 1)
    case = ready_case(house)
    visitor = login(client, house.coordinator)
    assert SIGN not in visitor.get(f"/meetings/{meeting.pk}/").content.decode()
    mark(house, case)
    assert visitor.get(f"/meetings/{meeting.pk}/").content.decode().count(SIGN) == 1


def test_the_readers_of_the_coming_meeting_are_told(house: House) -> None:
    meeting = published_meeting(house, 1)
    row = Preparation.objects.get(item__meeting=meeting, discipline="radiology")
    preparation.claim(row.pk, by=house.radiologist, now=timezone.now())
    settle(house, mark(house, first(meeting).case))
    write_message(first(meeting).case_id, "Titta igen.", by=house.clinician, now=timezone.now())
    for kind in ("case.discordance_marked", "case.discordance_settled", "case.message"):
        assert {row.person for row in Notice.objects.filter(event__kind=kind)} == {house.radiologist}, kind


def test_the_agenda_on_paper_and_as_a_sheet(client: Client, house: House) -> None:
    meeting = published_meeting(house, 2)
    visitor = login(client, house.coordinator)

    def printed() -> str:
        pages = PdfReader(io.BytesIO(visitor.get(f"/meetings/{meeting.pk}/agenda.pdf").content)).pages
        return " ".join(" ".join(one.extract_text() for one in pages).split())

    assert "Svaren är motstridiga" not in printed()
    mark(house, first(meeting).case)
    assert printed().count("Svaren är motstridiga") == 1
    sheet = load_workbook(io.BytesIO(visitor.get(f"/meetings/{meeting.pk}/agenda.xlsx").content)).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    column = rows[0].index("Beredskap") + 1
    assert [row[column] for row in rows[1:3]] == ["Ja", None]


def test_the_api_says_it_of_the_item(client: Client, house: House) -> None:
    meeting = published_meeting(house, 2)
    mark(house, first(meeting).case)
    items = login(client, house.coordinator).get(f"/api/v1/meetings/{meeting.pk}/").json()["items"]
    assert [item["discordant"] for item in items] == [True, False]


def test_the_reader_sees_sentence_structure_and_the_way_to_the_images(
    client: Client, house: House, settings: Settings
) -> None:
    settings.IMAGE_VIEWER_HOSTS = ["pacs.example"]
    set_viewer(house.hospital.pk, "https://pacs.example/{accession_number}", by=house.admin, now=timezone.now())
    meeting = published_meeting(house, 1)
    case = first(meeting).case
    result = add_result(case, accession_number="DR-5")
    values = add_result(case, "lab", text="CEA: 4,1 µg/L")
    mark(house, case)
    row = Preparation.objects.get(item__meeting=meeting, discipline="radiology")
    text = login(client, house.radiologist).get(f"/queue/{row.pk}/").content.decode()
    assert SENTENCE in text
    assert text.count("answer--discordant") == 2
    assert f'href="/cases/{case.pk}/results/{result.pk}/images/"' in text
    assert f"/results/{values.pk}/images/" not in text
    assert '<td class="num">4,1</td>' in text


# In the meeting


@pytest.mark.parametrize(("who", "page"), [("chair", "live"), ("nurse", "follow")])
def test_the_screens_show_the_sentence_beside_the_answers(client: Client, house: House, who: str, page: str) -> None:
    meeting = live_meeting(house, 2)
    found = mark(house, first(meeting).case)
    visitor = login(client, getattr(house, who))
    text = visitor.get(f"/meetings/{meeting.pk}/{page}/").content.decode()
    assert SENTENCE in text
    assert text.count("answer--discordant") == 2
    settle(house, found)
    assert SENTENCE not in visitor.get(f"/meetings/{meeting.pk}/{page}/").content.decode()


def test_a_mark_made_in_the_meeting_reaches_those_who_follow(client: Client, house: House) -> None:
    meeting = live_meeting(house, 2)
    visitor = login(client, house.nurse)
    address = f"/meetings/{meeting.pk}/follow/"
    assert visitor.get(address, {"version": meeting.version}, headers=HTMX).status_code == 204
    found = mark(house, first(meeting).case)
    answer = visitor.get(address, {"version": meeting.version}, headers=HTMX)
    assert SENTENCE in answer.content.decode()
    assert f"?version={meeting.version}&amp;marks={found.pk}" in answer.content.decode()
    assert visitor.get(address, {"version": meeting.version, "marks": found.pk}, headers=HTMX).status_code == 204
    settle(house, found)
    assert visitor.get(address, {"version": meeting.version, "marks": found.pk}, headers=HTMX).status_code == 200


# The outcome


def box(client: Client, meeting: Meeting) -> tuple[bool, str]:
    """Return whether the box stands ticked on the chair's screen, and what the form says it was preset to."""
    form = client.get(f"/meetings/{meeting.pk}/live/").context["outcome"]
    return bool(form["is_discordant"].value()), str(form["preset"].value())


@pytest.mark.parametrize("is_marked", [True, False])
def test_a_mark_presets_the_box_and_alone_is_nothing_typed(client: Client, house: House, is_marked: bool) -> None:
    meeting = live_meeting(house, 2)
    item = first(meeting)
    if is_marked:
        mark(house, item.case)
    login(client, house.chair)
    assert box(client, meeting) == (is_marked, str(is_marked))
    ticked = {"is_discordant": "on"} if is_marked else {}
    untouched = {"item": item.pk, "version": 0, "preset": str(is_marked)} | ticked
    assert client.post(f"/items/{item.pk}/outcome/", untouched).status_code == 302
    assert not Outcome.objects.exists()
    assert client.post(f"/items/{item.pk}/outcome/", typed(item, is_marked) | ticked).status_code == 302
    assert Outcome.objects.get().is_discordant is is_marked


def test_what_the_chair_says_stays_said(client: Client, house: House) -> None:
    meeting = live_meeting(house, 2)
    item = first(meeting)
    found = mark(house, item.case)
    login(client, house.chair)
    client.post(f"/items/{item.pk}/outcome/", typed(item, True))
    assert Outcome.objects.get().is_discordant is False
    assert box(client, meeting)[0] is False
    client.post(f"/items/{item.pk}/outcome/", typed(item, True, version=1, is_discordant="on"))
    settle(house, found)
    assert Outcome.objects.get().is_discordant is True
    assert box(client, meeting)[0] is True


def test_a_mark_that_comes_while_the_page_is_open_makes_nothing_of_an_untouched_form(
    client: Client, house: House
) -> None:
    meeting = live_meeting(house, 2)
    item = first(meeting)
    mark(house, item.case)
    answer = login(client, house.chair).post(
        f"/items/{item.pk}/outcome/", {"item": item.pk, "version": 0, "preset": "False"}
    )
    assert answer.status_code == 302
    assert not Outcome.objects.exists()


@pytest.mark.parametrize(("values", "expected"), [({}, True), ({"is_discordant": False}, False)])
def test_a_first_outcome_that_says_nothing_of_it_is_preset_by_the_service(
    house: House, values: dict[str, Any], expected: bool
) -> None:
    item = first(live_meeting(house, 1))
    mark(house, item.case)
    said = {"recommendation": "Eftergranska."} | values
    outcome = save_outcome(item.pk, said, version=0, by=house.chair, now=timezone.now())
    assert outcome.is_discordant is expected
    again = save_outcome(item.pk, {"study": "X"}, version=1, by=house.chair, now=timezone.now())
    assert again.is_discordant is expected
