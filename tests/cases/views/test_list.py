"""The list of cases, its export and each person's own cases."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import AccessLog
from cases.enums import ReferralSource
from cases.models import Case
from cases.services.referral import refer_case
from cases.services.triage import triage_case
from tests.cases.conftest import HTMX, Browser, readings
from tests.domain_factories import (
    House,
    make_case,
    make_meeting,
    place,
    ready_case,
    referral_data,
)

QUERIES = 8
"""Session's user, memberships, unread notices, count, rows, coming meetings, diagnoses, read log."""


def test_a_row_shows_the_question_the_patient_and_the_way_there(house: House, browser: Browser) -> None:
    case = make_case(house, name="Åsa Öman")
    text = browser(house.coordinator).get("/cases/").content.decode()
    assert case.clinical_question in text
    assert "Åsa Öman" in text
    assert f'href="/cases/{case.pk}/"' in text
    assert readings("cases:list") == [[case.patient_id]]


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("coordinator", 200),
        ("chair", 200),
        ("clinician", 200),
        ("nurse", 200),
        ("manager", 403),
        ("admin", 403),
        ("stranger", 200),
    ],
)
def test_each_role(house: House, browser: Browser, person: str, status: int) -> None:
    make_case(house)
    assert browser(getattr(house, person)).get("/cases/").status_code == status


def test_a_stranger_sees_none_of_it(house: House, browser: Browser) -> None:
    case = make_case(house)
    answer = browser(house.stranger).get("/cases/")
    assert case.clinical_question not in answer.content.decode()
    assert readings("cases:list") == []


def test_nobody_without_a_login(house: House, client: Any) -> None:
    assert client.get("/cases/").status_code == 302


def test_wrong_methods(house: House, browser: Browser) -> None:
    assert browser(house.coordinator).put("/cases/").status_code == 405
    assert browser(house.coordinator).delete("/cases/").status_code == 405


def test_one_row_and_three_cost_the_same(house: House, browser: Browser, django_assert_num_queries: Any) -> None:
    visitor = browser(house.coordinator)
    make_case(house)
    visitor.get("/cases/")
    with django_assert_num_queries(QUERIES):
        visitor.get("/cases/")
    make_case(house)
    make_case(house)
    with django_assert_num_queries(QUERIES):
        visitor.get("/cases/")


def test_filters_stand_in_the_address(house: House, browser: Browser) -> None:
    ready, lacking = ready_case(house, name="Redo Person"), make_case(house, diagnosis="breast", name="Saknar Person")
    visitor = browser(house.coordinator)

    def shown(query: str) -> set[str]:
        text = visitor.get(f"/cases/?{query}").content.decode()
        return {name for name in ("Redo Person", "Saknar Person") if name in text}

    assert shown("") == {"Redo Person", "Saknar Person"}
    assert shown("diagnosis=breast") == {"Saknar Person"}
    assert shown("readiness=ready") == {"Redo Person"}
    assert shown(f"level={lacking.level}&diagnosis=breast") == {"Saknar Person"}
    assert shown("status=scheduled") == set()
    assert shown("status=all") == {"Redo Person", "Saknar Person"}
    assert shown("q=redo") == {"Redo Person"}
    assert shown(f"q={ready.patient.identity}") == {"Redo Person"}
    assert shown("q=nobody") == set()


def test_names_sort_in_swedish_order(house: House, browser: Browser) -> None:
    for name in ("Örjan Ek", "Zara Ek", "Åke Ek", "Anna Ek", "Ärla Ek"):
        make_case(house, name=name)
    text = browser(house.coordinator).get("/cases/?sort=name").content.decode()
    places = [text.index(name) for name in ("Anna Ek", "Zara Ek", "Åke Ek", "Ärla Ek", "Örjan Ek")]
    assert places == sorted(places)


def test_promised_dates_come_first_and_none_last(house: House, browser: Browser) -> None:
    today = timezone.localdate()
    make_case(house, name="Utan Löfte")
    make_case(house, name="Sent Löfte", promised_on=today + timedelta(days=9))
    make_case(house, name="Tidigt Löfte", promised_on=today + timedelta(days=2))
    text = browser(house.coordinator).get("/cases/?sort=promised").content.decode()
    places = [text.index(name) for name in ("Tidigt Löfte", "Sent Löfte", "Utan Löfte")]
    assert places == sorted(places)


def test_fifty_a_page(house: House, browser: Browser) -> None:
    data = referral_data(house)
    case, _new = refer_case(data, by=house.coordinator, now=timezone.now(), source=ReferralSource.FORM)
    copies = []
    for number in range(51):
        copy = Case.objects.get(pk=case.pk)
        copy.pk, copy.status, copy.withdrawn_reason = None, "withdrawn", "kopia"
        copy.external_reference = f"K-{number}"
        copies.append(copy)
    made = Case.objects.bulk_create(copies)
    for copy in made:
        copy.units.set(case.units.all())
    visitor = browser(house.coordinator)
    first = visitor.get("/cases/?status=withdrawn").content.decode()
    assert first.count("data-open>") == 50
    assert "page=2" in first
    assert visitor.get("/cases/?status=withdrawn&page=2").content.decode().count("data-open>") == 1


def test_htmx_gets_the_rows_alone(house: House, browser: Browser) -> None:
    make_case(house)
    text = browser(house.coordinator).get("/cases/", **HTMX).content.decode()
    assert "<table" in text
    assert "<html" not in text


def test_an_empty_list_says_how_cases_come(house: House, browser: Browser) -> None:
    visitor = browser(house.coordinator)
    assert 'class="empty"' in visitor.get("/cases/").content.decode()
    assert 'class="empty"' in visitor.get("/cases/?q=ingen").content.decode()


def test_the_coming_meeting_stands_in_the_row(house: House, browser: Browser) -> None:
    case = ready_case(house)
    meeting = make_meeting(house)
    place(meeting, case, by=house.coordinator)
    text = browser(house.coordinator).get("/cases/").content.decode()
    assert f'href="/meetings/{meeting.pk}/"' in text


# The export


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_export_runs_no_formula(house: House, browser: Browser, kind: str) -> None:
    evil = '=HYPERLINK("http://example.invalid";"klicka")'
    case = make_case(house, clinical_question=evil)
    answer = browser(house.coordinator).get(f"/cases/export/?format={kind}")
    assert answer.status_code == 200
    assert f".{kind}" in answer.headers["Content-Disposition"]
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    else:
        sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
        assert {cell.data_type for cell in sheet["F"]} == {"s"}
        rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[1][rows[0].index("Frågeställning")] == f"'{evil}"
    log = AccessLog.objects.get(what="cases:export")
    assert (log.action, log.patient_ids) == ("export", [case.patient_id])


def test_the_export_is_refused_like_the_list(house: House, browser: Browser) -> None:
    make_case(house)
    assert browser(house.manager).get("/cases/export/").status_code == 403
    assert browser(house.coordinator).post("/cases/export/").status_code == 405
    assert browser(house.stranger).get("/cases/export/?format=csv").content.decode("utf-8-sig").count("\r\n") == 1


def test_the_coordinator_sees_what_was_sent_incomplete_and_why(house: House, browser: Browser) -> None:
    case = make_case(house)
    assert "Patienten reser." not in browser(house.coordinator).get("/cases/").content.decode()
    Case.objects.filter(pk=case.pk).update(sent_incomplete_reason="Patienten reser.")
    assert 'title="Patienten reser."' in browser(house.coordinator).get("/cases/").content.decode()


def test_what_is_searched_for_never_stands_in_the_address(house: House, browser: Browser) -> None:
    case, other = make_case(house), make_case(house)
    visitor = browser(house.coordinator)
    answer = visitor.post("/cases/", {"q": str(case.patient.identity), "status": "open"})
    assert (answer.status_code, answer["Location"]) == (302, "/cases/?status=open&searched=1")
    page = visitor.get(answer["Location"]).content.decode()
    assert case.patient.name in page
    assert other.patient.name not in page
    assert visitor.post("/cases/", {"q": " ", "sort": "name"})["Location"] == "/cases/?sort=name"


def test_the_list_is_filtered_by_triage_and_says_what_is_held_back(house: House, browser: Browser) -> None:
    _waiting, held, taken = (make_case(house, clinical_question=f"{word}?") for word in ("Obedömd", "Väntar", "Full"))
    triage_case(held.pk, "not_ready", reason="MR lever.", by=house.coordinator, now=timezone.now())
    triage_case(taken.pk, "discuss", reason="", by=house.coordinator, now=timezone.now())
    client = browser(house.coordinator)
    for wanted, question in (("none", "Obedömd?"), ("not_ready", "Väntar?"), ("discuss", "Full?")):
        page = client.get(f"/cases/?triage={wanted}")
        assert [row.question for row in page.context["rows"]] == [question]
    assert 'title="MR lever."' in client.get("/cases/").text
    assert client.post("/cases/", {"triage": "none"}).headers["Location"] == "/cases/?triage=none"
