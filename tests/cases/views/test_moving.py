"""An answer that came by message says so on the case, and a person can say that it belongs to something else."""

import pytest
from django.utils import timezone

from cases.models import Case, Result
from tests.cases.conftest import HTMX, Browser
from tests.cases.sent_by_fhir import report
from tests.cases.views.test_placing import arrive
from tests.domain_factories import House, add_result, make_case


@pytest.fixture
def case(house: House) -> Case:
    return make_case(house)


def sent(house: House, case: Case) -> Result:
    """Let a CT report come by message; it finds its place by rule."""
    arrive(house, report(case, performer=[{"display": "Röntgen Norra"}]))
    return Result.objects.get(case=case)


def test_where_it_came_from_and_when(house: House, browser: Browser, case: Case) -> None:
    sent(house, case)
    text = browser(house.clinician).get(f"/cases/{case.pk}/").content.decode()
    assert "FHIR, Röntgen Norra, " in text


def test_it_is_moved_and_stays_there(house: House, browser: Browser, case: Case) -> None:
    result = sent(house, case)
    assert result.requirement == "ct_thorax_abdomen"
    clinician = browser(house.clinician)
    opened = clinician.get(f"/cases/{case.pk}/?open=move:{result.pk}")
    assert b'name="requirement"' in opened.content
    answer = clinician.post(f"/cases/{case.pk}/results/{result.pk}/move/", {"requirement": "mri_pelvis_rectum"})
    assert answer.headers["Location"] == f"/cases/{case.pk}/#answer-{result.pk}"
    moved = Result.objects.get(case=case)
    assert (moved.requirement, moved.is_placed_by_hand) == ("mri_pelvis_rectum", True)
    later = (timezone.now()).isoformat(timespec="seconds")
    arrive(house, report(case, status="amended", issued=later, conclusion="Ändrat"))
    moved.refresh_from_db()
    assert (moved.requirement, moved.text) == ("mri_pelvis_rectum", "Ändrat")


def test_it_is_none_of_the_case(house: House, browser: Browser, case: Case) -> None:
    result = sent(house, case)
    address = f"/cases/{case.pk}/results/{result.pk}/move/"
    clinician = browser(house.clinician)
    assert clinician.post(address, {"requirement": "-", "reason": " "}).status_code == 422
    assert Result.objects.filter(case=case).exists()
    assert clinician.post(address, {"requirement": "-", "reason": "Fel patient."}).status_code == 302
    assert not Result.objects.filter(case=case).exists()
    case.refresh_from_db()
    assert case.readiness_state == "not_ready"
    aside = browser(house.coordinator).get("/cases/placing/?state=set_aside").content.decode()
    assert "Fel patient." in aside
    assert house.clinician.name in aside


def test_htmx_gets_the_case_anew(house: House, browser: Browser, case: Case) -> None:
    result = sent(house, case)
    address = f"/cases/{case.pk}/results/{result.pk}/move/"
    answer = browser(house.coordinator).post(address, {"requirement": "mri_pelvis_rectum"}, **HTMX)
    assert answer.status_code == 200
    assert b'id="case"' in answer.content


@pytest.mark.parametrize("requirement", ["", "nonsense", "performance_status"])
def test_only_what_the_case_asks_for(house: House, browser: Browser, case: Case, requirement: str) -> None:
    result = sent(house, case)
    address = f"/cases/{case.pk}/results/{result.pk}/move/"
    assert browser(house.clinician).post(address, {"requirement": requirement}).status_code == 422
    result.refresh_from_db()
    assert result.requirement == "ct_thorax_abdomen"


def test_an_answer_by_hand_has_no_such_way(house: House, browser: Browser, case: Case) -> None:
    result = add_result(case, "radiology")
    clinician = browser(house.clinician)
    address = f"/cases/{case.pk}/results/{result.pk}/move/"
    assert clinician.post(address, {"requirement": "mri_pelvis_rectum"}).status_code == 404
    assert b"open=move" not in clinician.get(f"/cases/{case.pk}/").content
    assert clinician.get(f"/cases/{case.pk}/?open=move:{result.pk}").status_code == 404


def test_who_may(house: House, browser: Browser, case: Case) -> None:
    result = sent(house, case)
    address = f"/cases/{case.pk}/results/{result.pk}/move/"
    move = {"requirement": "mri_pelvis_rectum"}
    assert browser(house.stranger).post(address, move).status_code == 404
    case.units.add(house.radiology)
    for name in ("nurse", "radiologist"):
        assert browser(getattr(house, name)).post(address, move).status_code == 403, name
    assert browser(house.clinician).get(address).status_code == 405
    result.refresh_from_db()
    assert result.requirement == "ct_thorax_abdomen"
