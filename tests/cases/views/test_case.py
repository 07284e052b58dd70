"""The page of a case, and what is done there."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AccessLog
from accounts.permissions import Role
from cases.enums import CaseStatus, ClearanceKind, ResultSource, ResultState
from cases.models import Case, Clearance, Result
from cases.services.clearance import clear_requirement
from cases.services.results import edition_of
from events.models import Event
from tests.cases.conftest import HTMX, Browser, readings
from tests.domain_factories import (
    House,
    add_result,
    make_case,
    make_meeting,
    place,
    ready_case,
)
from tests.factories import login, make_user

CT = "ct_thorax_abdomen"
RIGHTS = {
    "coordinator": 302,
    "chair": 302,
    "clinician": 302,
    "nurse": 403,
    "radiologist": 404,
    "manager": 403,
    "admin": 403,
    "stranger": 404,
}


def actions(case: Case) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return what can be done on the page: address and form."""
    today = timezone.localdate().isoformat()
    result = {"kind": "radiology", "requirement": CT, "state": "final", "performed_on": today, "text": "Tumör 34 mm."}
    return {
        "result": (f"/cases/{case.pk}/results/", result),
        "clear": (f"/cases/{case.pk}/clear/", {"requirement": CT, "kind": "waived", "reason": "Nyligen gjord."}),
        "level": (f"/cases/{case.pk}/level/", {"level": "protocol", "reason": "Enligt program."}),
        "withdraw": (f"/cases/{case.pk}/withdraw/", {"reason": "Patienten flyttade."}),
    }


def fingerprint(case: Case) -> tuple[Any, ...]:
    """Return what must stay when somebody is refused."""
    case.refresh_from_db()
    return (case.version, case.status, case.level, case.results.count(), case.clearances.count(), Event.objects.count())


# Reading


def test_the_question_and_the_answers_side_by_side(house: House, browser: Browser) -> None:
    case = make_case(house)
    add_result(case, requirement=CT, text="Tumör 34 mm, inga metastaser.")
    text = browser(house.clinician).get(f"/cases/{case.pk}/").content.decode()
    assert case.clinical_question in text
    assert "Tumör 34 mm, inga metastaser." in text
    for kind in ("radiology", "pathology", "lab", "clinical"):
        assert f'id="pane-{kind}"' in text
    assert f'id="requirement-{CT}"' in text
    assert readings("cases:case") == [[case.patient_id]]
    assert AccessLog.objects.get(what="cases:case").role == Role.CLINICIAN


@pytest.mark.parametrize(
    ("person", "status"),
    [
        ("coordinator", 200),
        ("chair", 200),
        ("clinician", 200),
        ("nurse", 200),
        ("radiologist", 404),
        ("manager", 403),
        ("admin", 403),
        ("stranger", 404),
    ],
)
def test_each_role_reads(house: House, browser: Browser, person: str, status: int) -> None:
    case = make_case(house)
    assert browser(getattr(house, person)).get(f"/cases/{case.pk}/").status_code == status
    assert len(readings("cases:case")) == (status == 200)


def test_the_radiologist_reads_once_the_case_is_on_a_conference(house: House, browser: Browser) -> None:
    case = ready_case(house)
    visitor = browser(house.radiologist)
    assert visitor.get(f"/cases/{case.pk}/").status_code == 404
    meeting = make_meeting(house)
    place(meeting, case, by=house.coordinator)
    answer = visitor.get(f"/cases/{case.pk}/")
    assert answer.status_code == 200
    assert f"/meetings/{meeting.pk}/" in answer.content.decode()


def test_a_case_that_is_not_there(house: House, browser: Browser) -> None:
    assert browser(house.clinician).get("/cases/999999/").status_code == 404


def test_every_finding_links_to_what_mends_it(house: House, browser: Browser) -> None:
    case = make_case(house, performance_status=None)
    visitor = browser(house.clinician)
    text = visitor.get(f"/cases/{case.pk}/").content.decode()
    assert f"/cases/{case.pk}/?open=result:{CT}#requirement-{CT}" in text
    assert f"/cases/{case.pk}/edit/#id_performance_status_field" in text
    assert f"/cases/{case.pk}/#attest" in text
    edit = visitor.get(f"/cases/{case.pk}/edit/").content.decode()
    assert 'id="id_performance_status_field"' in edit


def test_the_form_opens_in_place(house: House, browser: Browser) -> None:
    case = make_case(house)
    text = browser(house.clinician).get(f"/cases/{case.pk}/?open=result:{CT}", **HTMX).content.decode()
    assert f'action="/cases/{case.pk}/results/"' in text
    assert "<html" not in text


@pytest.mark.parametrize("name", ["result:nothing", "clear:nothing", "correct:x", "nonsense", "level:"])
def test_forms_that_are_not_there_stay_shut(house: House, browser: Browser, name: str) -> None:
    case = make_case(house)
    text = browser(house.nurse).get(f"/cases/{case.pk}/?open={name}").content.decode()
    assert 'class="form inplace"' not in text


def test_only_the_responsible_clinician_has_the_button(house: House, browser: Browser) -> None:
    case = make_case(house)
    assert f'action="/cases/{case.pk}/attest/"' in browser(house.clinician).get(f"/cases/{case.pk}/").content.decode()
    assert f'action="/cases/{case.pk}/attest/"' not in browser(house.chair).get(f"/cases/{case.pk}/").content.decode()


def test_a_protected_identity_shows_in_the_treating_unit_alone(house: House, browser: Browser) -> None:
    case = make_case(house, is_protected=True, name="Hemlig Person")
    number = str(case.patient.identity)
    inside = make_user(role=Role.COORDINATOR, unit=house.clinic)
    for person, is_shown in ((inside, True), (house.clinician, True), (house.nurse, True), (house.coordinator, False)):
        visitor = browser(person)
        for address in (f"/cases/{case.pk}/", "/cases/", "/cases/export/?format=csv", f"/cases/{case.pk}/?open=level"):
            text = visitor.get(address).content.decode()
            assert ("Hemlig Person" in text) == is_shown, (person, address)
            assert (number in text) == is_shown


def test_the_page_costs_the_same_with_one_answer_and_three(
    house: House, browser: Browser, django_assert_num_queries: Any
) -> None:
    case = make_case(house)
    add_result(case, requirement=CT)
    visitor = browser(house.clinician)
    visitor.get(f"/cases/{case.pk}/")
    with django_assert_num_queries(26):
        visitor.get(f"/cases/{case.pk}/")
    add_result(case, "pathology", state="preliminary")
    add_result(case, "lab")
    with django_assert_num_queries(26):
        visitor.get(f"/cases/{case.pk}/")


# Doing


@pytest.mark.parametrize("name", ["result", "clear", "level", "withdraw"])
@pytest.mark.parametrize("person", list(RIGHTS))
def test_who_may_do_it(house: House, browser: Browser, name: str, person: str) -> None:
    case = make_case(house)
    address, form = actions(case)[name]
    before = fingerprint(case)
    expected = 302 if (person, name) == ("nurse", "withdraw") else RIGHTS[person]
    assert browser(getattr(house, person)).post(address, form).status_code == expected
    assert (fingerprint(case) != before) == (expected == 302)


@pytest.mark.parametrize("name", ["result", "clear", "level", "withdraw", "attest"])
def test_it_is_posted_alone(house: House, browser: Browser, name: str) -> None:
    case = make_case(house)
    address = f"/cases/{case.pk}/attest/" if name == "attest" else actions(case)[name][0]
    assert browser(house.clinician).get(address).status_code == 405


@pytest.mark.parametrize("name", ["result", "clear", "level", "withdraw"])
def test_nobody_without_the_token(house: House, name: str) -> None:
    case = make_case(house)
    address, form = actions(case)[name]
    visitor = login(Client(enforce_csrf_checks=True), house.clinician)
    assert visitor.post(address, form).status_code == 403


@pytest.mark.parametrize("name", ["result", "clear", "level", "withdraw"])
def test_htmx_gets_the_fresh_part(house: House, browser: Browser, name: str) -> None:
    case = make_case(house)
    address, form = actions(case)[name]
    answer = browser(house.clinician).post(address, form, **HTMX)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert 'id="case"' in text
    assert "<html" not in text
    assert readings("cases:case") == [[case.patient_id]]


@pytest.mark.parametrize(
    ("name", "change", "typed"),
    [
        ("result", {"performed_on": "", "text": "Behåll mig."}, "Behåll mig."),
        ("result", {"performed_on": "2999-01-01"}, "2999-01-01"),
        ("result", {"performed_on": "i går"}, "i går"),
        ("result", {"state": "sure"}, "Tumör 34 mm."),
        ("clear", {"reason": ""}, 'value="waived"'),
        ("clear", {"kind": ""}, "Nyligen gjord."),
        ("level", {"reason": ""}, 'value="protocol"'),
        ("level", {"level": "deep"}, "Enligt program."),
        ("withdraw", {"reason": "  "}, 'name="reason"'),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_a_wrong_form_comes_back_as_it_was_typed(
    house: House, browser: Browser, name: str, change: dict[str, str], typed: str, headers: dict[str, str]
) -> None:
    case = make_case(house)
    address, form = actions(case)[name]
    before = fingerprint(case)
    answer = browser(house.clinician).post(address, form | change, **headers)
    assert answer.status_code == 422
    assert typed in answer.content.decode()
    assert "field__error" in answer.content.decode()
    assert fingerprint(case) == before


def test_an_answer_is_corrected(house: House, browser: Browser) -> None:
    case = make_case(house)
    result = add_result(case, requirement=CT, state=ResultState.PRELIMINARY, text="Preliminärt.")
    form = {**actions(case)["result"][1], "text": "Slutligt.", "seen": edition_of(result)}
    visitor = browser(house.clinician)
    assert "Preliminärt." in visitor.get(f"/cases/{case.pk}/?open=correct:{result.pk}").content.decode()
    assert visitor.post(f"/cases/{case.pk}/results/{result.pk}/", form).status_code == 302
    result.refresh_from_db()
    assert (result.state, result.text) == (ResultState.FINAL, "Slutligt.")
    assert Result.objects.count() == 1
    wrong = form | {"performed_on": "", "seen": edition_of(result)}
    assert visitor.post(f"/cases/{case.pk}/results/{result.pk}/", wrong).status_code == 422


def test_an_answer_that_came_anew_meanwhile_is_not_overwritten_unseen(house: House, browser: Browser) -> None:
    case = make_case(house)
    report = {"requirement": CT, "source": ResultSource.HL7V2, "external_id": "RIS^1"}
    result = add_result(case, state=ResultState.PRELIMINARY, text="Preliminärt.", **report)
    visitor, address = browser(house.clinician), f"/cases/{case.pk}/results/{result.pk}/"
    opened = visitor.get(f"/cases/{case.pk}/?open=correct:{result.pk}").context["opened"].form
    typed = opened.initial | {"text": "Min rättelse.", "is_external": ""}
    add_result(case, state=ResultState.FINAL, text="Slutligt: T3.", **report)
    for form in (typed, typed | {"seen": ""}):
        refused = visitor.post(address, form)
        assert (refused.status_code, "Min rättelse." in refused.text, "Slutligt: T3." in refused.text) == (
            409,
            True,
            True,
        )
    result.refresh_from_db()
    assert (result.state, result.text) == (ResultState.FINAL, "Slutligt: T3.")
    shown = refused.context["opened"].form
    assert visitor.post(address, typed | {"seen": shown["seen"].value()}).status_code == 302
    result.refresh_from_db()
    assert result.text == "Min rättelse."


def test_an_address_that_names_no_answer_opens_nothing(house: House, browser: Browser) -> None:
    case = make_case(house)
    for key in ("x", "", "9" * 5000):
        page = browser(house.clinician).get(f"/cases/{case.pk}/?open=correct:{key}")
        assert (page.status_code, page.context["opened"].form) == (200, None)


def test_an_answer_of_another_case_is_not_found(house: House, browser: Browser) -> None:
    case, other = make_case(house), make_case(house)
    result = add_result(other, requirement=CT, text="Rör mig inte.")
    form = actions(case)["result"][1]
    assert browser(house.clinician).post(f"/cases/{case.pk}/results/{result.pk}/", form).status_code == 404
    result.refresh_from_db()
    assert result.text == "Rör mig inte."


def test_a_requirement_is_set_aside_and_asked_for_again(house: House, browser: Browser) -> None:
    case = make_case(house)
    visitor = browser(house.clinician)
    address, form = actions(case)["clear"]
    visitor.post(address, form)
    clearance = Clearance.objects.get()
    assert (clearance.kind, clearance.granted_by) == (ClearanceKind.WAIVED, house.clinician)
    assert "Nyligen gjord." in visitor.get(f"/cases/{case.pk}/").content.decode()
    assert visitor.post(address, {"requirement": CT, "kind": "revoke"}).status_code == 302
    clearance.refresh_from_db()
    assert clearance.revoked_by == house.clinician


def test_the_level_is_set_with_its_reason(house: House, browser: Browser) -> None:
    case = make_case(house)
    address, form = actions(case)["level"]
    browser(house.coordinator).post(address, form)
    case.refresh_from_db()
    assert (case.level, case.level_reason, case.level_set_by) == ("protocol", "Enligt program.", house.coordinator)


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
def test_the_responsible_clinician_attests(house: House, browser: Browser, headers: dict[str, str]) -> None:
    case = make_case(house)
    answer = browser(house.clinician).post(f"/cases/{case.pk}/attest/", **headers)
    assert answer.status_code == (200 if headers else 302)
    case.refresh_from_db()
    assert case.attested_by == house.clinician


@pytest.mark.parametrize(
    ("person", "status"), [("chair", 403), ("coordinator", 403), ("nurse", 403), ("stranger", 404), ("manager", 403)]
)
def test_nobody_else_attests(house: House, browser: Browser, person: str, status: int) -> None:
    case = make_case(house)
    assert browser(getattr(house, person)).post(f"/cases/{case.pk}/attest/").status_code == status
    other = make_user(role=Role.CLINICIAN, unit=house.hospital)
    assert browser(other).post(f"/cases/{case.pk}/attest/").status_code == 403
    case.refresh_from_db()
    assert case.attested_by is None


def test_a_case_that_ends_gives_up_its_place_and_says_how_it_ended(house: House, browser: Browser) -> None:
    case = ready_case(house)
    item = place(make_meeting(house), case, by=house.coordinator)
    visitor = browser(house.clinician)
    opened = visitor.get(f"/cases/{case.pk}/?open=withdraw").content.decode()
    assert opened.count('name="ending"') == 3
    visitor.post(f"/cases/{case.pk}/withdraw/", {"reason": "Enligt anhörig.", "ending": "deceased"})
    item.refresh_from_db()
    case.refresh_from_db()
    assert (case.status, item.status) == (CaseStatus.WITHDRAWN, "removed")
    text = visitor.get(f"/cases/{case.pk}/").content.decode()
    assert f"{case.get_ending_display()}: Enligt anhörig." in text


def test_a_withdrawn_case_says_why_and_offers_nothing(house: House, browser: Browser) -> None:
    case = make_case(house)
    visitor = browser(house.clinician)
    visitor.post(*actions(case)["withdraw"])
    text = visitor.get(f"/cases/{case.pk}/").content.decode()
    assert "Patienten flyttade." in text
    assert "open=result" not in text
    assert "/edit/" not in text


def test_what_was_set_aside_stands_with_who_and_why(house: House, browser: Browser) -> None:
    case = make_case(house)
    clear_requirement(
        case.pk, CT, kind=ClearanceKind.NOT_APPLICABLE, reason="Gjord i juni.", by=house.chair, now=timezone.now()
    )
    text = browser(house.nurse).get(f"/cases/{case.pk}/").content.decode()
    assert "Gjord i juni." in text
    assert house.chair.name in text
