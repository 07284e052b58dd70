"""The referral form."""

from typing import Any

import pytest
from django.utils import timezone

from cases.models import Case, Patient, Referral
from checklists.registry import spec_of
from tests.cases.conftest import HTMX, Browser
from tests.domain_factories import House, make_case, make_diagnosis, synthetic_number


def form(house: House, **changes: Any) -> dict[str, Any]:
    """Return a complete referral as typed in."""
    make_diagnosis("colorectal")
    return {
        "personal_identity_number": synthetic_number(500),
        "name": "Berit Prov",
        "diagnosis": "colorectal",
        "phase": "pre_treatment",
        "unit": house.clinic.pk,
        "clinical_question": "Operation först?",
        "history": "Frisk.",
        "performance_status": "1",
        "comorbidity": "",
        "patient_wishes": "",
        "responsible_clinician": house.clinician.email,
        "contact_nurse": house.nurse.email,
        "suspected_on": timezone.localdate().isoformat(),
        "promised_on": "",
        "external_reference": "R-1",
        "incomplete_reason": "Utredningen beställs i dag.",
    } | changes


def test_a_referral_becomes_a_case(house: House, browser: Browser) -> None:
    answer = browser(house.coordinator).post("/cases/new/", form(house))
    case = Case.objects.get()
    assert answer.headers["Location"] == f"/cases/{case.pk}/"
    assert (case.patient.name, case.unit, case.contact_nurse) == ("Berit Prov", house.clinic, house.nurse)
    assert case.referrals.get().source == "form"


@pytest.mark.parametrize(
    ("person", "status"),
    [("coordinator", 302), ("chair", 302), ("clinician", 302), ("nurse", 403), ("radiologist", 403), ("manager", 403),
     ("admin", 403), ("stranger", 403)],
)  # fmt: skip
def test_each_role(house: House, browser: Browser, person: str, status: int) -> None:
    visitor = browser(getattr(house, person))
    readable = 200 if status == 302 or person == "stranger" else 403
    assert visitor.get("/cases/new/").status_code == readable
    assert visitor.post("/cases/new/", form(house)).status_code == status
    assert Case.objects.count() == (status == 302)


def test_other_methods_are_refused(house: House, browser: Browser) -> None:
    assert browser(house.coordinator).delete("/cases/new/").status_code == 405


def test_an_empty_form_names_every_field_at_once(house: House, browser: Browser) -> None:
    answer = browser(house.coordinator).post("/cases/new/", {})
    text = answer.content.decode()
    assert answer.status_code == 422
    for field in ("personal_identity_number", "name", "diagnosis", "unit", "clinical_question", "suspected_on",
                  "responsible_clinician"):  # fmt: skip
        assert text.count(f'id="id_{field}_error"') == 1, field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("personal_identity_number", "19450230-2383"),
        ("personal_identity_number", "4502302383"),
        ("suspected_on", "2999-01-01"),
        ("promised_on", "snart"),
        ("performance_status", "9"),
        ("diagnosis", "fotsvamp"),
        ("responsible_clinician", "nobody@test.example"),
        ("name", "x" * 121),
    ],
)
def test_a_wrong_field_is_said_by_the_field_and_nothing_typed_is_lost(
    house: House, browser: Browser, field: str, value: str
) -> None:
    answer = browser(house.coordinator).post("/cases/new/", form(house, history="Behåll mig.", **{field: value}))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in text
    assert "Behåll mig." in text
    assert not Case.objects.exists()
    assert not Patient.objects.exists()


def test_an_open_case_is_shown_and_can_be_added_to(house: House, browser: Browser) -> None:
    case = make_case(house)
    visitor = browser(house.coordinator)
    typed = form(
        house, personal_identity_number=str(case.patient.identity), clinical_question="Ny fråga?", external_reference=""
    )
    answer = visitor.post("/cases/new/", typed)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert f'href="/cases/{case.pk}/"' in text
    assert f'name="add_to" value="{case.pk}"' in " ".join(text.split())
    assert "Ny fråga?" in text
    answer = visitor.post("/cases/new/", typed | {"add_to": case.pk})
    assert answer.headers["Location"] == f"/cases/{case.pk}/"
    case.refresh_from_db()
    assert case.clinical_question == "Ny fråga?"
    assert Referral.objects.filter(case=case).count() == 2


def test_a_referral_is_not_added_to_another_patients_case(house: House, browser: Browser) -> None:
    case = make_case(house)
    answer = browser(house.coordinator).post("/cases/new/", form(house, add_to=case.pk))
    assert answer.status_code == 422
    case.refresh_from_db()
    assert case.version == 1
    assert Case.objects.count() == 1


@pytest.mark.parametrize("add_to", ["x", "999999"])
def test_nor_to_one_that_is_not_there(house: House, browser: Browser, add_to: str) -> None:
    assert browser(house.coordinator).post("/cases/new/", form(house, add_to=add_to)).status_code == 404


def test_a_diagnosis_brings_its_questions(house: House, browser: Browser) -> None:
    diagnosis = make_diagnosis("prostate")
    circumstances = spec_of(diagnosis.current_id or 0).circumstances
    assert circumstances
    visitor = browser(house.coordinator)
    part = visitor.post("/cases/new/preview/", {"diagnosis": "prostate"}, **HTMX).content.decode()
    assert "<html" not in part
    whole = visitor.get("/cases/new/?diagnosis=prostate").content.decode()
    for circumstance in circumstances:
        assert f'name="circumstance_{circumstance.key}"' in part
        assert f'name="circumstance_{circumstance.key}"' in whole
    assert 'name="circumstance_' not in visitor.get("/cases/new/?diagnosis=nonsense").content.decode()
    first = circumstances[0]
    typed = form(house, diagnosis="prostate") | {f"circumstance_{first.key}": first.choices[0].key}
    assert visitor.post("/cases/new/", typed).status_code == 302
    assert Case.objects.get().circumstances == {first.key: first.choices[0].key}
