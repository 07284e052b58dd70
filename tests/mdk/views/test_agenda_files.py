"""The agenda as PDF and as spreadsheet, from the pages and through the API."""

import io
from typing import Any

import pytest
from django.utils import timezone, translation
from openpyxl import load_workbook
from pypdf import PdfReader

from accounts.models import AccessLog, User
from mdk.enums import AgendaSection
from mdk.models import Meeting, Series
from mdk.services.agenda import change_item, take_off
from mdk.services.publishing import publish_meeting
from tests.domain_factories import House, make_case, make_meeting, place, published_meeting, ready_case
from tests.mdk.planning import MEMBERS, PLANNERS, WITHOUT_CASES, Api, page, person

FORMULA = '=HYPERLINK("http://evil.example","x")'
PLACES = ["/meetings/{pk}/agenda.pdf", "/meetings/{pk}/agenda.xlsx"]
LOGGED = {
    "/meetings/{pk}/agenda.pdf": ("mdk:agenda_pdf", "api-agenda-pdf"),
    "/meetings/{pk}/agenda.xlsx": ("mdk:agenda_xlsx", "api-agenda-xlsx"),
}


@pytest.fixture
def meeting(house: House) -> Meeting:
    """Return a meeting with a plain case, one whose question is a formula, and one with protected identity."""
    meeting = make_meeting(house)
    place(meeting, ready_case(house, name="Anna Åkesson"), by=house.coordinator)
    place(meeting, ready_case(house, name="Bo Öst", clinical_question=FORMULA), by=house.coordinator)
    place(meeting, ready_case(house, name="Hemlig Person", is_protected=True), by=house.coordinator)
    return meeting


def pdf_text(content: bytes) -> str:
    """Return the words of a PDF, with single spaces."""
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(one.extract_text() for one in pages).split())


def cells(content: bytes) -> list[list[Any]]:
    """Return the cells of the first sheet."""
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    return [list(row) for row in sheet.iter_rows()]


def test_the_pdf_holds_the_agenda_in_words(house: House, meeting: Meeting) -> None:
    answer = page(house.coordinator).get(f"/meetings/{meeting.pk}/agenda.pdf")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert "no-store" in answer["Cache-Control"]
    text = pdf_text(answer.content)
    item = meeting.items.order_by("position")[0]
    for words in ("Anna Åkesson", str(item.case.patient.identity), "08:15", "slutsvar", "Innehåller patientuppgifter",
                  "Sida 1 / 1", house.coordinator.name, meeting.series.name):  # fmt: skip
        assert words in text


def test_the_pdf_is_tagged_and_names_its_language(house: House, meeting: Meeting) -> None:
    reader = PdfReader(io.BytesIO(page(house.coordinator).get(f"/meetings/{meeting.pk}/agenda.pdf").content))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "sv"
    assert reader.metadata is not None
    assert reader.metadata.title == meeting.series.name


def test_a_question_is_never_markup_of_the_pdf(house: House) -> None:
    meeting = make_meeting(house)
    question = '#read("/etc/passwd") *x* $y$ [z] \\ "q"'
    place(meeting, ready_case(house, clinical_question=question), by=house.coordinator)
    text = pdf_text(page(house.coordinator).get(f"/meetings/{meeting.pk}/agenda.pdf").content)
    assert 'read("/etc/passwd")' in text.replace("”", '"').replace("“", '"')


@pytest.mark.parametrize("place_", PLACES)
def test_a_protected_identity_is_hidden_in_files(house: House, meeting: Meeting, place_: str) -> None:
    content = page(house.coordinator).get(place_.format(pk=meeting.pk)).content
    protected = meeting.items.get(case__patient__is_protected=True).case.patient
    text = pdf_text(content) if place_.endswith("pdf") else str([[c.value for c in row] for row in cells(content)])
    assert "Skyddad identitet" in text
    assert protected.name not in text
    assert str(protected.identity) not in text


def test_no_cell_of_the_spreadsheet_runs(house: House, meeting: Meeting) -> None:
    rows = cells(page(house.coordinator).get(f"/meetings/{meeting.pk}/agenda.xlsx").content)
    assert len(rows) == 4
    assert "f" not in {cell.data_type for row in rows for cell in row}
    questions = [row[7].value for row in rows[1:]]
    assert questions[1] == "'" + FORMULA
    assert [row[1].value for row in rows[1:]] == [1, 2, 3]


def test_the_file_name_has_no_patient(house: House, meeting: Meeting) -> None:
    for place_ in PLACES:
        name = page(house.coordinator).get(place_.format(pk=meeting.pk))["Content-Disposition"]
        assert "kesson" not in name
        assert "kolorektal-mdk" in name


@pytest.mark.parametrize("place_", PLACES)
@pytest.mark.parametrize("role", [*PLANNERS, *MEMBERS])
def test_who_sees_cases_may_export_and_it_is_logged(house: House, meeting: Meeting, place_: str, role: str) -> None:
    user: User = person(house, role)
    assert page(user).get(place_.format(pk=meeting.pk)).status_code == 200
    assert Api(user).get(place_.format(pk=meeting.pk).lstrip("/")).status_code == 200
    rows = AccessLog.objects.filter(action="export").order_by("pk")
    assert tuple(row.what for row in rows) == LOGGED[place_]
    assert all(set(row.patient_ids) == {i.case.patient_id for i in meeting.items.all()} for row in rows)


@pytest.mark.parametrize("place_", PLACES)
@pytest.mark.parametrize(("role", "status"), [("stranger", 404), *((role, 403) for role in WITHOUT_CASES)])
def test_nobody_else_gets_the_file(house: House, meeting: Meeting, place_: str, role: str, status: int) -> None:
    url = place_.format(pk=meeting.pk)
    assert page(person(house, role)).get(url).status_code == status
    answer = Api(person(house, role)).get(url.lstrip("/"))
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert not AccessLog.objects.filter(action="export").exists()


@pytest.mark.parametrize("place_", PLACES)
def test_a_file_is_only_read(house: House, meeting: Meeting, place_: str) -> None:
    assert page(house.coordinator).post(place_.format(pk=meeting.pk)).status_code == 405
    assert Api(house.coordinator).post(place_.format(pk=meeting.pk).lstrip("/")).status_code == 405


@pytest.mark.parametrize("place_", PLACES)
def test_an_empty_agenda_is_a_file_too(house: House, place_: str) -> None:
    answer = page(house.coordinator).get(place_.format(pk=make_meeting(house).pk))
    assert answer.status_code == 200


def test_two_pages_when_there_are_many(house: House, meeting: Meeting) -> None:
    from mdk.print.agenda import agenda_data
    from mdk.print.typesetting import compile_pdf
    from mdk.queries.agenda import agenda_of
    from mdk.queries.changes import ChangeLog

    data = agenda_data(meeting, agenda_of(meeting) * 14, ChangeLog(), printed_by="Karin", now=meeting.starts_at)
    content = compile_pdf("agenda.typ", data, at=meeting.starts_at)
    assert content == compile_pdf("agenda.typ", data, at=meeting.starts_at)
    assert len(PdfReader(io.BytesIO(content)).pages) > 1


def test_the_pdf_carries_parts_breaks_version_and_changes(house: House) -> None:
    meeting = published_meeting(house, 2)
    Series.objects.filter(pk=meeting.series_id).update(break_after_cases=1, break_minutes=10)
    gone = meeting.items.order_by("position")[0]
    take_off(gone.pk, reason="PAD saknas", by=house.coordinator, now=timezone.now())
    guest = place(meeting, ready_case(house), by=house.coordinator)
    change_item(guest.pk, guest="Bo från Umeå", by=house.coordinator, now=timezone.now())
    publish_meeting(meeting.pk, by=house.coordinator, now=timezone.now())
    place(meeting, make_case(house), by=house.coordinator, provisional=True)
    place(meeting, ready_case(house, is_protected=True), by=house.coordinator)
    answer = page(house.coordinator).get(f"/meetings/{meeting.pk}/agenda.pdf")
    text = pdf_text(answer.content)
    with translation.override("sv"):
        parts = [str(AgendaSection(code).label) for code in ("not_operated", "provisional")]
    for words in (*parts, "08:21", "PAD saknas", "Bo från Umeå", "Version 2", "%"):
        assert words in text
    assert gone.case.patient_id in AccessLog.objects.get(action="export").patient_ids
