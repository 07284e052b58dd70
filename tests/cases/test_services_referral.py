"""Registering referrals: once for each key, reference, and open case; a second referral joins the first."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import Refused
from accounts.models import Unit
from cases.enums import CaseStatus, ReferralSource
from cases.models import Case, Patient, Referral
from cases.services.editing import withdraw_case
from cases.services.referral import (
    CaseOpenAlready,
    OtherCase,
    ReferenceTaken,
    ReferralData,
    add_referral,
    refer_case,
)
from checklists.models import Diagnosis
from events.models import Event, Notice
from tests.domain_factories import House, make_case, make_diagnosis, make_house, referral_data
from tests.factories import make_unit

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def house() -> House:
    return make_house()


def refer(data: ReferralData, house: House, key: str = "") -> tuple[Case, bool]:
    return refer_case(data, by=house.coordinator, now=NOW, source=ReferralSource.API, idempotency_key=key)


def test_a_referral_makes_patient_case_and_event_and_tells_the_clinician(house: House) -> None:
    data = referral_data(house, external_reference="R-1")
    case, is_new = refer(data, house)
    assert is_new
    assert (case.status, case.level, case.level_suggested) == (CaseStatus.REFERRED, "full", "full")
    assert case.patient.provider == house.hospital
    assert set(case.units.all()) == {house.clinic, house.hospital}
    event = Event.objects.get(case_id=case.pk)
    assert (event.kind, event.actor, event.unit, event.data) == (
        "case.referred", house.coordinator, house.clinic, {"source": "api"},
    )  # fmt: skip
    assert list(Notice.objects.values_list("person", "event__kind")) == [(house.clinician.pk, "case.referred")]
    kept = Referral.objects.get(case=case)
    assert (kept.received_by, kept.content["clinical_question"]) == (house.coordinator, data.clinical_question)


def test_the_event_holds_nothing_of_the_patient(house: House) -> None:
    data = referral_data(house)
    refer(data, house)
    text = str(list(Event.objects.values()))
    assert data.name not in text
    assert data.identity.value not in text
    assert data.clinical_question not in text


def test_who_refers_a_patient_of_their_own_is_not_told_of_it(house: House) -> None:
    refer_case(referral_data(house), by=house.clinician, now=NOW, source=ReferralSource.FORM)
    assert not Notice.objects.exists()


def test_a_second_open_case_is_refused_with_the_way_to_the_first(house: House) -> None:
    data = referral_data(house)
    case, _new = refer(data, house)
    with pytest.raises(CaseOpenAlready) as refusal:
        refer(data, house)
    assert refusal.value.extra == {"case": case.pk, "url": f"/cases/{case.pk}/"}
    assert (refusal.value.field, refusal.value.status) == ("personal_identity_number", 409)
    assert Case.objects.count() == 1


@pytest.mark.parametrize("other", [{"phase": "recurrence"}, {"diagnosis": "prostate"}])
def test_another_phase_or_diagnosis_is_another_case_of_the_same_patient(house: House, other: dict[str, str]) -> None:
    data = referral_data(house)
    refer(data, house)
    changes = {"diagnosis": make_diagnosis(other["diagnosis"])} if "diagnosis" in other else other
    _case, is_new = refer(replace(data, **changes), house)
    assert is_new
    assert (Case.objects.count(), Patient.objects.count()) == (2, 1)


def test_after_withdrawal_the_patient_can_be_referred_again(house: House) -> None:
    data = referral_data(house)
    first, _new = refer(data, house)
    withdraw_case(first.pk, reason="Patienten avstår.", by=house.clinician, now=NOW)
    second, is_new = refer(data, house)
    assert is_new
    assert second.pk != first.pk


def test_another_hospital_has_its_own_patient_of_the_same_number(house: House) -> None:
    data = referral_data(house)
    refer(data, house)
    clinic = make_unit("Kliniken där borta", parent=house.elsewhere, kind=Unit.Kind.DEPARTMENT)
    _case, is_new = refer(replace(data, unit=clinic), house)
    assert is_new
    assert Patient.objects.count() == 2


def test_the_same_key_of_the_same_person_gives_the_same_case(house: House) -> None:
    data = referral_data(house)
    case, is_new = refer(data, house, key="k1")
    again, is_new_again = refer(data, house, key="k1")
    assert (is_new, is_new_again, again.pk) == (True, False, case.pk)
    assert Event.objects.count() == 1


def test_the_same_key_of_another_person_is_another_key(house: House) -> None:
    data = referral_data(house)
    refer(data, house, key="k1")
    with pytest.raises(CaseOpenAlready):
        refer_case(data, by=house.clinician, now=NOW, source=ReferralSource.API, idempotency_key="k1")


def test_the_same_reference_of_the_same_unit_gives_the_same_case(house: House) -> None:
    data = referral_data(house, external_reference="R-1")
    case, _new = refer(data, house)
    again, is_new = refer(data, house)
    assert (again.pk, is_new) == (case.pk, False)


def test_a_reference_of_another_patient_is_refused(house: House) -> None:
    refer(referral_data(house, external_reference="R-1"), house)
    with pytest.raises(ReferenceTaken) as refusal:
        refer(referral_data(house, external_reference="R-1"), house)
    assert refusal.value.field == "external_reference"
    assert Case.objects.count() == 1


def test_a_diagnosis_without_a_definition_is_refused(house: House) -> None:
    empty = Diagnosis.objects.create(slug="empty", name_sv="Tom", name_en="Empty")
    with pytest.raises(Refused) as refusal:
        refer(replace(referral_data(house), diagnosis=empty), house)
    assert refusal.value.code == "no-definition"
    assert not Case.objects.exists()


def test_the_system_may_refer_and_is_named_as_such(house: House) -> None:
    case, _new = refer_case(referral_data(house), by=None, now=NOW, source=ReferralSource.IMPORT)
    event = Event.objects.get(case_id=case.pk)
    assert (event.actor, event.system) == (None, "import")


def test_protection_of_identity_is_never_taken_back_by_a_later_referral(house: House) -> None:
    data = referral_data(house)
    refer(replace(data, is_protected=True), house)
    refer(replace(data, phase="recurrence"), house)
    assert Patient.objects.get().is_protected
    other = referral_data(house)
    refer(other, house)
    refer(replace(other, phase="recurrence", is_protected=True), house)
    assert Patient.objects.filter(is_protected=True).count() == 2


def test_a_further_referral_brings_its_wording_and_keeps_the_first(house: House) -> None:
    data = referral_data(house)
    case, _new = refer(data, house)
    later = NOW + timedelta(days=2)
    further = replace(data, clinical_question="Ny fråga efter MR?", history="")
    add_referral(case.pk, further, by=house.coordinator, now=later, source=ReferralSource.FORM)
    case.refresh_from_db()
    assert (case.clinical_question, case.history, case.version) == ("Ny fråga efter MR?", data.history, 2)
    assert (case.updated_at, case.updated_by) == (later, house.coordinator)
    assert [r.content["clinical_question"] for r in case.referrals.all()] == [
        data.clinical_question,
        "Ny fråga efter MR?",
    ]
    assert Notice.objects.filter(event__kind="case.referral_added", person=house.clinician).exists()


def test_a_further_referral_of_another_patient_or_to_a_closed_case_is_refused(house: House) -> None:
    data = referral_data(house)
    case, _new = refer(data, house)
    with pytest.raises(OtherCase):
        add_referral(case.pk, referral_data(house), by=house.coordinator, now=NOW, source=ReferralSource.FORM)
    withdraw_case(case.pk, reason="Avstår.", by=house.clinician, now=NOW)
    with pytest.raises(OtherCase):
        add_referral(case.pk, data, by=house.coordinator, now=NOW, source=ReferralSource.FORM)
    assert Referral.objects.filter(case=case).count() == 1


def test_level_is_suggested_from_circumstances(house: House) -> None:
    stage = {"stage": "stage_1", "special_reason": "none"}
    listed = make_case(house, diagnosis="melanoma", circumstances=stage)
    assert (listed.level, listed.level_suggested) == ("protocol", "protocol")
    assert listed.circumstances == stage
    assert make_case(house, diagnosis="melanoma", circumstances={"stage": "stage_3"}).level == "full"
