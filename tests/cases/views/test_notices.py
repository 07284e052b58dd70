"""A notice says which case it is about, to those who may see the case, and the reading is logged."""

import pytest

from cases.models import Case, Patient
from tests.cases.conftest import Browser, readings
from tests.domain_factories import House, make_case


@pytest.fixture
def case(house: House) -> Case:
    """A case whose referral the clinician was told about."""
    return make_case(house, name="Åsa Öman")


def test_a_notice_names_initials_and_diagnosis(house: House, browser: Browser, case: Case) -> None:
    text = browser(house.clinician).get("/notices/").content.decode()
    assert "Å.Ö." in text
    assert case.diagnosis.name_sv in text
    assert "Åsa Öman" not in text
    assert readings("events:notices") == [[case.patient_id]]


def test_a_protected_identity_stays_hidden(house: House, browser: Browser, case: Case) -> None:
    Patient.objects.filter(pk=case.patient_id).update(is_protected=True)
    text = browser(house.clinician).get("/notices/").content.decode()
    assert "Skyddad identitet" in text
    assert "Å.Ö." not in text


def test_a_case_out_of_reach_is_not_named(house: House, browser: Browser, case: Case) -> None:
    house.clinician.memberships.all().delete()
    text = browser(house.clinician).get("/notices/").content.decode()
    assert "Å.Ö." not in text
    assert readings("events:notices") == []
