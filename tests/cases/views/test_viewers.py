"""Opening images at the site's viewer, and the administrator's page of viewers."""

from typing import Any

import pytest
from django.utils import timezone
from django.utils.html import escape
from pytest_django.fixtures import Settings

from accounts.models import Unit
from cases.images import Images, numbers_of, template_for
from cases.models import Case, IdentityLink, ImageViewer, InboundMessage
from cases.services.sites import set_viewer
from events.models import Event
from tests.cases.conftest import Browser, readings
from tests.domain_factories import House, add_result, make_case
from tests.factories import make_unit

ADDRESS = "https://pacs.example/open?acc={accession_number}"
OTHER = "https://pacs.example/other/{accession_number}"


@pytest.fixture(autouse=True)
def hosts(settings: Settings) -> None:
    settings.IMAGE_VIEWER_HOSTS = ["pacs.example"]


def set_at(house: House, unit: Unit, template: str = ADDRESS) -> None:
    set_viewer(unit.pk, template, by=house.admin, now=timezone.now())


# Opening


def test_the_images_are_opened_and_the_reading_logged(house: House, browser: Browser) -> None:
    set_at(house, house.hospital)
    case = make_case(house)
    result = add_result(case, accession_number="DR 7/1")
    visitor = browser(house.nurse)
    text = visitor.get(f"/cases/{case.pk}/").content.decode()
    link = f'href="/cases/{case.pk}/results/{result.pk}/images/"'
    assert link in text
    assert "pacs.example" not in text
    assert 'rel="noopener noreferrer"' in text[text.index(link) :][:200]
    answer = visitor.get(f"/cases/{case.pk}/results/{result.pk}/images/")
    assert (answer.status_code, answer["Location"]) == (302, "https://pacs.example/open?acc=DR%207%2F1")
    assert answer["Referrer-Policy"] == "no-referrer"
    assert readings("cases:image") == [[case.patient_id]]


def test_the_nearest_unit_with_an_address_counts(house: House) -> None:
    ward = make_unit("Avdelningen", parent=house.clinic)
    assert template_for(ward.pk) == ""
    set_at(house, house.hospital)
    assert template_for(ward.pk) == ADDRESS
    set_at(house, house.clinic, OTHER)
    assert (template_for(ward.pk), template_for(house.radiology.pk)) == (OTHER, ADDRESS)
    assert template_for(house.elsewhere.pk) == ""


def test_a_number_in_the_accession_number_is_not_opened_and_the_page_says_why(house: House, browser: Browser) -> None:
    set_at(house, house.hospital)
    case = make_case(house)
    result = add_result(case, accession_number=f"R{case.patient.identity_value[2:]}")
    visitor = browser(house.nurse)
    text = visitor.get(f"/cases/{case.pk}/").content.decode()
    assert f"/results/{result.pk}/images/" not in text
    refusal = Images(case, timezone.localdate()).of(result)
    assert refusal is not None
    assert escape(refusal.refusal) in text
    answer = visitor.get(f"/cases/{case.pk}/results/{result.pk}/images/")
    assert answer.status_code == 409
    assert "Location" not in answer.headers


def test_a_number_that_was_merged_into_the_patients_counts_as_theirs(house: House, browser: Browser) -> None:
    set_at(house, house.hospital)
    case = make_case(house)
    patient, now = case.patient, timezone.now()
    message = InboundMessage.objects.create(
        provider=house.hospital, channel="hl7v2", raw=b"x", digest="0" * 64, received_at=now, due_at=now
    )
    chain = [
        ("9.9", "OLDER77", "9.9", "RESERV123"),
        ("9.9", "RESERV123", patient.identity_system, patient.identity_value),
    ]
    for old_system, old, system, value in chain:
        IdentityLink.objects.create(
            provider=house.hospital, old_system=old_system, old_value=old, system=system, value=value, as_of=now,
            message=message,
        )  # fmt: skip
    assert set(numbers_of(patient)) == {patient.identity_value, "RESERV123", "OLDER77"}
    result = add_result(case, accession_number="a-reserv-123-b")
    assert browser(house.nurse).get(f"/cases/{case.pk}/results/{result.pk}/images/").status_code == 409


@pytest.mark.parametrize("has_viewer", [True, False])
def test_nothing_to_open(house: House, browser: Browser, has_viewer: bool) -> None:
    if has_viewer:
        set_at(house, house.hospital)
    case = make_case(house)
    result = add_result(case, accession_number="" if has_viewer else "DR-1")
    visitor = browser(house.nurse)
    assert "/images/" not in visitor.get(f"/cases/{case.pk}/").content.decode()
    assert visitor.get(f"/cases/{case.pk}/results/{result.pk}/images/").status_code == 409


def test_a_host_taken_off_the_list_is_opened_no_more(house: House, browser: Browser, settings: Settings) -> None:
    set_at(house, house.hospital)
    case = make_case(house)
    result = add_result(case, accession_number="DR-1")
    settings.IMAGE_VIEWER_HOSTS = []
    assert browser(house.nurse).get(f"/cases/{case.pk}/results/{result.pk}/images/").status_code == 409


@pytest.mark.parametrize(
    ("person", "status"), [("radiologist", 404), ("manager", 403), ("admin", 403), ("stranger", 404)]
)
def test_who_may_not_open(house: House, browser: Browser, person: str, status: int) -> None:
    set_at(house, house.hospital)
    case = make_case(house)
    result = add_result(case, accession_number="DR-1")
    assert browser(getattr(house, person)).get(f"/cases/{case.pk}/results/{result.pk}/images/").status_code == status
    assert readings("cases:image") == []


def test_answers_of_other_cases_and_other_methods(house: House, browser: Browser) -> None:
    case, other = make_case(house), make_case(house)
    result = add_result(case, accession_number="DR-1")
    visitor = browser(house.nurse)
    assert visitor.get(f"/cases/{other.pk}/results/{result.pk}/images/").status_code == 404
    assert visitor.post(f"/cases/{case.pk}/results/{result.pk}/images/").status_code == 405


# Setting


def post(browser: Browser, house: House, unit: Unit, template: str, who: str = "admin") -> Any:
    return browser(getattr(house, who)).post(f"/cases/viewers/{unit.pk}/", {"template": template})


def test_an_address_is_set_changed_and_taken_away(house: House, browser: Browser) -> None:
    for template in (ADDRESS, OTHER):
        assert post(browser, house, house.clinic, f" {template} ").status_code == 302
        viewer = ImageViewer.objects.get()
        assert (viewer.unit, viewer.template, viewer.set_by) == (house.clinic, template, house.admin)
    assert OTHER in browser(house.admin).get("/cases/viewers/").content.decode()
    post(browser, house, house.clinic, OTHER)
    assert Event.objects.filter(kind="site.viewer_set").count() == 2
    post(browser, house, house.clinic, "")
    post(browser, house, house.clinic, "")
    assert not ImageViewer.objects.exists()
    assert Event.objects.filter(kind="site.viewer_removed").count() == 1


@pytest.mark.parametrize(
    "template",
    [
        "pacs",
        "http://pacs.example/{study_uid}",
        "https://pacs.example/",
        "https://else.example/{study_uid}",
        ADDRESS + "x" * 500,
    ],
)
def test_a_wrong_address_comes_back_as_it_was_typed(house: House, browser: Browser, template: str) -> None:
    answer = post(browser, house, house.clinic, template)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert f'id="unit_{house.clinic.pk}_template_field"' in text
    assert f'value="{template}"' in text
    assert not ImageViewer.objects.exists()


def test_the_page_says_when_no_host_is_allowed(house: House, browser: Browser, settings: Settings) -> None:
    settings.IMAGE_VIEWER_HOSTS = []
    assert "MDK_IMAGE_VIEWER_HOSTS" in browser(house.admin).get("/cases/viewers/").content.decode()
    assert post(browser, house, house.clinic, ADDRESS).status_code == 422


@pytest.mark.parametrize("person", ["coordinator", "chair", "clinician", "nurse", "radiologist", "manager", "stranger"])
def test_it_is_the_administrators(house: House, browser: Browser, person: str) -> None:
    visitor = browser(getattr(house, person))
    assert visitor.get("/cases/viewers/").status_code == 403
    status = visitor.post(f"/cases/viewers/{house.clinic.pk}/", {"template": ADDRESS}).status_code
    assert status == (404 if person in ("stranger", "radiologist") else 403)
    assert not ImageViewer.objects.exists()


def test_another_hospitals_unit_is_not_there(house: House, browser: Browser) -> None:
    assert post(browser, house, house.elsewhere, ADDRESS).status_code == 404
    text = browser(house.admin).get("/cases/viewers/").content.decode()
    assert house.clinic.name in text
    assert house.elsewhere.name not in text
    assert browser(house.admin).get(f"/cases/viewers/{house.clinic.pk}/").status_code == 405


def test_the_units_page_leads_there(house: House, browser: Browser) -> None:
    assert 'href="/cases/viewers/"' in browser(house.admin).get("/units/").content.decode()


def test_the_page_costs_the_same_with_one_viewer_and_three(
    house: House, browser: Browser, django_assert_num_queries: Any
) -> None:
    visitor = browser(house.admin)
    set_at(house, house.hospital)
    visitor.get("/cases/viewers/")
    with django_assert_num_queries(6):
        visitor.get("/cases/viewers/")
    for unit in (house.clinic, house.radiology):
        set_at(house, unit)
    with django_assert_num_queries(6):
        visitor.get("/cases/viewers/")


def test_a_case_of_a_unit_without_parents(house: House, browser: Browser) -> None:
    """A provider that is one unit alone has its own viewer."""
    set_at(house, house.hospital)
    case: Case = make_case(house, unit=house.hospital)
    result = add_result(case, accession_number="DR-1")
    assert browser(house.nurse).get(f"/cases/{case.pk}/results/{result.pk}/images/").status_code == 302
