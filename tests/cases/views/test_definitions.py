"""The page of cases on older definitions: who may, what it shows, moving those that are ticked."""

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from cases.models import Case
from checklists.registry import spec_of
from tests.cases.conftest import Browser, readings
from tests.cases.test_services_definitions import content_of, publish, with_cea
from tests.domain_factories import House, add_result, make_case, ready_case

pytestmark = pytest.mark.django_db

PAGE = "/cases/definitions/"


@pytest.fixture
def older(house: House) -> Case:
    case = ready_case(house)
    with_cea(case)
    return case


def test_what_would_change_and_the_move(house: House, browser: Browser, older: Case) -> None:
    visitor = browser(house.coordinator)
    page = visitor.get(PAGE).content.decode()
    assert older.patient.name in page
    assert "CEA" in page
    assert "note--blocker" not in page
    assert readings("cases:definitions") == [[older.patient_id]]
    done = visitor.post(PAGE, {"case": [older.pk], "diagnosis": "colorectal"}, follow=True)
    assert done.redirect_chain == [(f"{PAGE}?diagnosis=colorectal", 302)]
    older.refresh_from_db()
    assert older.definition_id == older.diagnosis.current_id
    assert older.patient.name not in visitor.get(PAGE).content.decode()


def test_all_that_are_asked_for_nothing_new(house: House, browser: Browser, older: Case) -> None:
    after_surgery = make_case(house, phase="post_operative")
    content = content_of(after_surgery)
    content["requirements"][-1]["phases"] = ["pre_treatment"]
    publish(older.diagnosis, content)
    visitor = browser(house.coordinator)
    assert 'name="unasked"' in visitor.get(PAGE).content.decode()
    assert visitor.post(PAGE, {"unasked": 1}).status_code == 302
    for case, is_moved in ((older, False), (after_surgery, True)):
        case.refresh_from_db()
        assert (case.definition_id == case.diagnosis.current_id) is is_moved
    assert 'name="unasked"' not in visitor.get(PAGE).content.decode()
    assert visitor.post(PAGE, {"unasked": 1}).status_code == 422


def test_roles(house: House, browser: Browser, older: Case) -> None:
    for person in (house.clinician, house.chair, house.nurse):
        assert browser(person).get(PAGE).status_code == 200
    for person in (house.radiologist, house.pathologist, house.manager, house.admin):
        visitor = browser(person)
        assert visitor.get(PAGE).status_code == 403
        assert visitor.post(PAGE, {"case": [older.pk]}).status_code == 403
    older.refresh_from_db()
    assert older.definition_id != older.diagnosis.current_id


def test_a_stranger_sees_and_moves_nothing(house: House, browser: Browser, older: Case) -> None:
    visitor = browser(house.stranger)
    assert older.patient.name not in visitor.get(PAGE).content.decode()
    assert visitor.post(PAGE, {"case": [older.pk]}).status_code == 422
    older.refresh_from_db()
    assert older.definition_id != older.diagnosis.current_id


@pytest.mark.parametrize("ticked", [[], ["x"], ["0"], ["-1"], ["9" * 40]])
def test_nothing_ticked(house: House, browser: Browser, older: Case, ticked: list[str]) -> None:
    answer = browser(house.coordinator).post(PAGE, {"case": ticked})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert older.patient.name in answer.content.decode()


def test_wrong_method(house: House, browser: Browser) -> None:
    assert browser(house.coordinator).put(PAGE).status_code == 405


def test_empty(house: House, browser: Browser) -> None:
    make_case(house)
    assert browser(house.coordinator).get(PAGE).status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_same_number_of_queries_for_one_case_and_three(
    house: House, browser: Browser, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    cases = [make_case(house) for _ in range(rows)]
    for case in cases:
        add_result(case, "radiology")
    with_cea(cases[0])
    visitor = browser(house.coordinator)
    visitor.get(PAGE)
    with django_assert_num_queries(10):  # session, user, memberships; count, cases, answers, clearances; diagnoses; log
        assert visitor.get(PAGE).content.decode().count('name="case"') == rows


def test_the_page_of_the_case_says_so_and_shows_what_is_asked_for_no_more(house: House, browser: Browser) -> None:
    case = make_case(house)
    add_result(case, "radiology", requirement="ct_thorax_abdomen", text="Tumör i sigmoideum, inga metastaser.")
    content = content_of(case)
    content["requirements"] = [item for item in content["requirements"] if item["key"] != "ct_thorax_abdomen"]
    newer = publish(case.diagnosis, content)
    visitor: User = house.coordinator
    assert f"{PAGE}?diagnosis=colorectal" in browser(visitor).get(f"/cases/{case.pk}/").content.decode()
    browser(visitor).post(PAGE, {"case": [case.pk]})
    page = browser(visitor).get(f"/cases/{case.pk}/").content.decode()
    assert "Tumör i sigmoideum, inga metastaser." in page
    assert newer.version in page
    assert PAGE not in page
    assert "ct_thorax_abdomen" not in {item.key for item in spec_of(newer.pk).requirements}
    assert browser(visitor).get("/cases/definitions/?diagnosis=okant").status_code == 200
    assert timezone.localdate() >= case.suspected_on
