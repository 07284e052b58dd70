"""One preparation as a page, and its moves: who may, what another holds, what stays when it is refused."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AccessLog
from events.models import Event, Notice
from mdk.enums import PreparationState
from mdk.models import Preparation
from mdk.services import preparation
from tests.domain_factories import House, make_house, make_meeting, place, published_meeting, ready_case
from tests.factories import login

pytestmark = pytest.mark.django_db
NOW = timezone.now()
HTMX = {"HX-Request": "true"}
GOOD: dict[str, dict[str, Any]] = {
    "claim": {},
    "release": {},
    "begin": {},
    "hand-over": {"reader": "someone"},
    "complete": {"findings": "cT3b N1.", "minutes": "7"},
    "send-back": {"reason": "Undersökningen är inte avslutad."},
}


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def row(house: House) -> Preparation:
    published_meeting(house, 1)
    return Preparation.objects.select_related("item__case__patient").get(discipline="radiology")


def act(client: Client, row: Preparation, move: str, house: House, **more: Any) -> Any:
    data = dict(GOOD[move]) | ({"reader": house.radiologist2.pk} if move == "hand-over" else {})
    return client.post(f"/queue/{row.pk}/{move}/", data, **more)


def test_the_page_shows_the_question_and_the_answers(client: Client, house: House, row: Preparation) -> None:
    page = login(client, house.radiologist).get(f"/queue/{row.pk}/")
    text = page.content.decode()
    assert page.status_code == 200
    assert row.item.case.clinical_question in text
    assert row.item.case.patient.name in text
    assert [pane.kind for pane in page.context["panes"]] == ["radiology", "pathology", "lab", "clinical"]
    log = AccessLog.objects.get(what="mdk:preparation")
    assert (log.user, log.patient_ids) == (house.radiologist, [row.item.case.patient_id])


def test_htmx_gets_the_part(client: Client, house: House, row: Preparation) -> None:
    page = login(client, house.radiologist).get(f"/queue/{row.pk}/", headers=HTMX)
    assert "<html" not in page.content.decode()
    assert row.item.case.clinical_question in page.content.decode()


@pytest.mark.parametrize("move", ["", *GOOD])
def test_a_stranger_finds_nothing(client: Client, house: House, row: Preparation, move: str) -> None:
    login(client, make_house().radiologist)
    answer = act(client, row, move, house) if move else client.get(f"/queue/{row.pk}/")
    assert answer.status_code == 404
    row.refresh_from_db()
    assert (row.state, row.reader) == (PreparationState.TODO, None)


@pytest.mark.parametrize("person", ["coordinator", "chair", "clinician", "nurse", "pathologist", "manager", "admin"])
@pytest.mark.parametrize("move", ["", *GOOD])
def test_without_the_right_nothing_is_shown_or_changed(
    client: Client, house: House, row: Preparation, person: str, move: str
) -> None:
    login(client, getattr(house, person))
    events = Event.objects.count()
    answer = act(client, row, move, house) if move else client.get(f"/queue/{row.pk}/")
    assert answer.status_code == 403
    assert row.item.case.patient.name not in answer.content.decode()
    row.refresh_from_db()
    assert (row.state, row.reader, Event.objects.count()) == (PreparationState.TODO, None, events)


@pytest.mark.parametrize("move", list(GOOD))
def test_the_moves_are_posts(client: Client, house: House, row: Preparation, move: str) -> None:
    assert login(client, house.radiologist).get(f"/queue/{row.pk}/{move}/").status_code == 405


@pytest.mark.parametrize(
    ("move", "state", "reader"),
    [
        ("claim", "todo", "radiologist"),
        ("begin", "in_progress", "radiologist"),
        ("hand-over", "todo", "radiologist2"),
        ("complete", "done", "radiologist"),
        ("send-back", "returned", None),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_each_move_does_what_it_says(
    client: Client, house: House, row: Preparation, move: str, state: str, reader: str | None, headers: dict[str, str]
) -> None:
    login(client, house.radiologist)
    answer = act(client, row, move, house, headers=headers)
    if headers:
        assert answer.status_code == 200
        assert "queue-changed" in answer.headers["HX-Trigger"]
    else:
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/queue/{row.pk}/")
    row.refresh_from_db()
    assert (row.state, row.reader) == (state, getattr(house, reader) if reader else None)


def test_releasing_gives_it_back(client: Client, house: House, row: Preparation) -> None:
    preparation.start(row.pk, by=house.radiologist, now=NOW)
    act(login(client, house.radiologist), row, "release", house)
    row.refresh_from_db()
    assert (row.state, row.reader) == (PreparationState.TODO, None)


def test_a_claim_from_the_queue_leads_back_to_it(client: Client, house: House, row: Preparation) -> None:
    login(client, house.radiologist)
    answer = client.post(f"/queue/{row.pk}/claim/", {"next": "/queue/?who=free"})
    assert answer.headers["Location"] == "/queue/?who=free"
    answer = client.post(f"/queue/{row.pk}/claim/", {"next": "//elsewhere.example/"})
    assert answer.headers["Location"] == f"/queue/{row.pk}/"


@pytest.mark.parametrize("move", ["claim", "begin", "release", "complete", "send-back"])
def test_what_another_holds_is_refused_by_name(client: Client, house: House, row: Preparation, move: str) -> None:
    preparation.claim(row.pk, by=house.radiologist2, now=NOW)
    answer = act(login(client, house.radiologist), row, move, house)
    assert answer.status_code == 409
    assert house.radiologist2.name in answer.content.decode()
    row.refresh_from_db()
    assert (row.reader, row.state) == (house.radiologist2, PreparationState.TODO)


@pytest.mark.parametrize(
    ("move", "data", "kept"),
    [
        ("complete", {"findings": "Halva texten", "minutes": "många"}, "Halva texten"),
        ("complete", {"findings": "Halva texten", "minutes": "601"}, "Halva texten"),
        ("complete", {"findings": " ", "minutes": "7"}, ""),
        ("send-back", {"reason": " "}, ""),
        ("hand-over", {"reader": ""}, ""),
        ("hand-over", {"reader": "999999"}, ""),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_wrong_form_keeps_what_was_written(
    client: Client, house: House, row: Preparation, move: str, data: dict[str, str], kept: str, headers: dict[str, str]
) -> None:
    answer = login(client, house.radiologist).post(f"/queue/{row.pk}/{move}/", data, headers=headers)
    assert answer.status_code == 422
    assert kept in answer.content.decode()
    assert "field__error" in answer.content.decode()
    row.refresh_from_db()
    assert row.state == PreparationState.TODO


def test_it_is_handed_to_readers_of_the_discipline_alone(client: Client, house: House, row: Preparation) -> None:
    login(client, house.radiologist)
    answer = client.post(f"/queue/{row.pk}/hand-over/", {"reader": house.pathologist.pk})
    assert answer.status_code == 422
    row.refresh_from_db()
    assert row.reader is None


def test_sending_back_reaches_the_clinician(client: Client, house: House, row: Preparation) -> None:
    act(login(client, house.radiologist), row, "send-back", house)
    assert Notice.objects.filter(person=house.clinician, event__kind="preparation.returned").exists()


def test_headings_of_the_definition_are_filled_in(client: Client, house: House) -> None:
    meeting = make_meeting(house, diagnoses=("brain-spinal-cord",))
    place(meeting, ready_case(house, diagnosis="brain-spinal-cord", level="full"), by=house.coordinator)
    row = Preparation.objects.get(discipline="radiology")
    login(client, house.radiologist)
    page = client.get(f"/queue/{row.pk}/")
    assert len(page.context["done"].heading_names) == 17
    client.post(f"/queue/{row.pk}/complete/", {"minutes": "4", "heading-mri_brain.location": "Vänster frontallob"})
    row.refresh_from_db()
    assert row.headings == {"mri_brain.location": "Vänster frontallob"}
    assert "Vänster frontallob" in client.get(f"/queue/{row.pk}/").content.decode()


def test_the_page_costs_the_same_with_more_answers(
    client: Client, house: House, row: Preparation, django_assert_max_num_queries: object
) -> None:
    login(client, house.radiologist).get(f"/queue/{row.pk}/")
    with django_assert_max_num_queries(15):  # type: ignore[operator]
        client.get(f"/queue/{row.pk}/")
