"""Changing a referral."""

from typing import Any

import pytest
from django.utils import timezone

from cases.models import Case
from cases.services.editing import edit_case
from tests.cases.conftest import Browser, readings
from tests.domain_factories import House, make_case


def form(case: Case, **changes: Any) -> dict[str, Any]:
    """Return the form as the page shows it, with `changes` typed in."""
    return {
        "version": case.version,
        "phase": case.phase,
        "clinical_question": case.clinical_question,
        "history": case.history,
        "performance_status": case.performance_status,
        "comorbidity": case.comorbidity,
        "patient_wishes": case.patient_wishes,
        "suspected_on": case.suspected_on.isoformat(),
        "promised_on": "",
        "responsible_clinician": case.responsible_clinician.email,
        "contact_nurse": case.contact_nurse.email if case.contact_nurse else "",
    } | changes


def test_the_fields_are_changed(house: House, browser: Browser) -> None:
    case = make_case(house)
    visitor = browser(house.nurse)
    assert case.comorbidity in visitor.get(f"/cases/{case.pk}/edit/").content.decode()
    typed = form(case, comorbidity="KOL.", promised_on="2030-01-02", contact_nurse="", circumstance_unknown="x")
    answer = visitor.post(f"/cases/{case.pk}/edit/", typed)
    assert answer.headers["Location"] == f"/cases/{case.pk}/"
    case.refresh_from_db()
    assert (case.comorbidity, str(case.promised_on), case.contact_nurse) == ("KOL.", "2030-01-02", None)
    assert case.version == 2
    assert readings("cases:edit")[0] == [case.patient_id]


@pytest.mark.parametrize(
    ("person", "status"),
    [("coordinator", 302), ("chair", 302), ("clinician", 302), ("nurse", 302), ("manager", 403), ("admin", 403),
     ("radiologist", 404), ("stranger", 404)],
)  # fmt: skip
def test_each_role(house: House, browser: Browser, person: str, status: int) -> None:
    case = make_case(house)
    visitor = browser(getattr(house, person))
    assert visitor.get(f"/cases/{case.pk}/edit/").status_code == (200 if status == 302 else status)
    assert visitor.post(f"/cases/{case.pk}/edit/", form(case, history="Ny.")).status_code == status
    case.refresh_from_db()
    assert (case.history == "Ny.") == (status == 302)


def test_other_methods_are_refused(house: House, browser: Browser) -> None:
    case = make_case(house)
    assert browser(house.nurse).put(f"/cases/{case.pk}/edit/").status_code == 405


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("clinical_question", " "),
        ("suspected_on", "2999-01-01"),
        ("suspected_on", ""),
        ("promised_on", "snart"),
        ("performance_status", "7"),
        ("responsible_clinician", "nobody@test.example"),
        ("phase", "later"),
        ("history", "x" * 10_001),
    ],
)
def test_a_wrong_field_is_said_by_the_field(house: House, browser: Browser, field: str, value: str) -> None:
    case = make_case(house)
    answer = browser(house.clinician).post(
        f"/cases/{case.pk}/edit/", form(case, patient_wishes="Behåll mig.", **{field: value})
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in text
    assert "Behåll mig." in text
    case.refresh_from_db()
    assert case.version == 1


def test_an_old_form_is_answered_with_who_changed_the_case(house: House, browser: Browser) -> None:
    case = make_case(house)
    typed = form(case, comorbidity="Min text.")
    edit_case(case.pk, {"comorbidity": "Annans text."}, version=1, by=house.chair, now=timezone.now())
    visitor = browser(house.clinician)
    answer = visitor.post(f"/cases/{case.pk}/edit/", typed)
    text = answer.content.decode()
    assert answer.status_code == 409
    for words in (house.chair.name, "Min text.", "Annans text."):
        assert words in text
    case.refresh_from_db()
    assert case.comorbidity == "Annans text."
    assert visitor.post(f"/cases/{case.pk}/edit/", typed | {"version": "2"}).status_code == 302
    case.refresh_from_db()
    assert case.comorbidity == "Min text."


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 5000])
def test_a_form_without_a_version_is_old(house: House, browser: Browser, version: str) -> None:
    case = make_case(house)
    answer = browser(house.clinician).post(f"/cases/{case.pk}/edit/", form(case, history="Ny.", version=version))
    assert answer.status_code == 409
