"""Attempts on patients, cases, answers and clearances, past the services."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone

from cases.enums import ReferralSource
from cases.models import Case, Clearance, IdempotencyKey, Patient, Referral, Result
from cases.services.referral import refer_case
from tests.constraints.conftest import refused_by_database
from tests.domain_factories import House, add_result, make_case, referral_data

NOW = timezone.now()


@pytest.fixture
def case(house: House) -> Case:
    return make_case(house)


def copy(row: Any, **fields: Any) -> None:
    """Insert the row once more with other `fields`."""
    row.pk, row._state.adding = None, True
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


def test_a_patient_once_for_each_provider(case: Case) -> None:
    with refused_by_database("patient_once"):
        copy(Patient.objects.get(pk=case.patient_id))


@pytest.mark.parametrize("status", ["draft", "referred", "scheduled", "discussed"])
def test_one_open_case_for_patient_diagnosis_and_phase(case: Case, status: str) -> None:
    with refused_by_database("case_open_once"):
        copy(Case.objects.get(pk=case.pk), status=status)


def test_a_case_that_a_merge_brought_stands_in_nobodys_way(house: House, case: Case) -> None:
    copy(Case.objects.get(pk=case.pk), referred_as=make_case(house).patient)


@pytest.mark.parametrize(("status", "reason"), [("closed", ""), ("withdrawn", "Avstår.")])
def test_a_case_that_is_over_stands_in_nobodys_way_but_cannot_be_reopened(case: Case, status: str, reason: str) -> None:
    copy(Case.objects.get(pk=case.pk), status=status, withdrawn_reason=reason)
    with refused_by_database("case_open_once"):
        Case.objects.filter(status=status).update(status="referred")


def test_a_reference_once_in_a_unit(house: House) -> None:
    refer_case(referral_data(house, external_reference="R-1"), by=house.coordinator, now=NOW, source=ReferralSource.API)
    other = make_case(house)
    with refused_by_database("case_reference_once"):
        Case.objects.filter(pk=other.pk).update(external_reference="R-1")


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("case_performance_status_0_4", {"performance_status": 5}),
        ("case_status_known", {"status": "lost"}),
        ("case_level_who_and_when", {"level_set_at": NOW}),
        ("case_attested_who_and_when", {"attested_at": NOW}),
        ("case_withdrawn_with_reason", {"status": "withdrawn"}),
        ("case_triaged_who_and_when", {"triage": "discuss", "triaged_at": NOW}),
        ("case_triaged_with_answer", {"triage": "discuss"}),
    ],
)
def test_fields_that_belong_together(case: Case, constraint: str, fields: dict[str, Any]) -> None:
    with refused_by_database(constraint):
        Case.objects.filter(pk=case.pk).update(**fields)


@pytest.mark.parametrize(
    ("constraint", "column"),
    [
        ("case_level_who_and_when", "level_set_by"),
        ("case_attested_who_and_when", "attested_by"),
        ("case_triaged_who_and_when", "triaged_by"),
    ],
)
def test_who_without_when(house: House, case: Case, constraint: str, column: str) -> None:
    with refused_by_database(constraint):
        Case.objects.filter(pk=case.pk).update(**{column: house.clinician})


@pytest.mark.parametrize(
    "fields", [{"ending": "deceased"}, {"status": "withdrawn", "withdrawn_reason": "Så.", "ending": "cured"}]
)
def test_an_ending_is_known_and_of_a_case_that_has_ended(case: Case, fields: dict[str, Any]) -> None:
    with refused_by_database("case_ending_when_withdrawn"):
        Case.objects.filter(pk=case.pk).update(**fields)


def test_who_triaged_and_when_without_an_answer(house: House, case: Case) -> None:
    with refused_by_database("case_triaged_with_answer"):
        Case.objects.filter(pk=case.pk).update(triaged_by=house.coordinator, triaged_at=NOW)


def test_an_answer_stands_in_a_known_state(case: Case) -> None:
    result = add_result(case)
    with refused_by_database("result_state_known"):
        Result.objects.filter(pk=result.pk).update(state="lost")


def test_an_external_id_once_for_each_source(house: House, case: Case) -> None:
    result = add_result(case, source="fhir", external_id="X1")
    with refused_by_database("result_external_id_once"):
        copy(Result.objects.get(pk=result.pk))
    with refused_by_database("result_external_id_once"):
        copy(Result.objects.get(pk=result.pk), case=make_case(house))
    copy(Result.objects.get(pk=result.pk), source="hl7v2")
    copy(Result.objects.get(pk=result.pk), external_id="")
    copy(Result.objects.get(pk=result.pk), external_id="")


@pytest.mark.parametrize("state", ["preliminary", "final"])
def test_an_answer_has_a_date(case: Case, state: str) -> None:
    result = add_result(case, state="ordered")
    with refused_by_database("result_answer_has_a_date"):
        Result.objects.filter(pk=result.pk).update(state=state)


def test_a_referral_is_kept_as_it_came(case: Case) -> None:
    with refused_by_database("referral_kept_as_received"):
        Referral.objects.filter(case=case).update(content={})
    with refused_by_database("referral_kept_as_received"), connection.cursor() as cursor:
        cursor.execute("UPDATE cases_referral SET source = 'api' WHERE case_id = %s", [case.pk])


def clearance(house: House, case: Case, **fields: Any) -> Clearance:
    values = {
        "requirement": "ct",
        "kind": "waived",
        "reason": "Skäl.",
        "granted_by": house.clinician,
        "granted_at": NOW,
    }
    return Clearance.objects.create(case=case, **(values | fields))


def test_one_clearance_in_force_for_a_requirement(house: House, case: Case) -> None:
    clearance(house, case)
    with refused_by_database("clearance_one_in_force"):
        clearance(house, case, kind="not_applicable")
    clearance(house, case, revoked_by=house.clinician, revoked_at=NOW)
    clearance(house, case, requirement="mri")


def test_a_clearance_has_its_reason_and_who_took_it_back_has_when(house: House, case: Case) -> None:
    row = clearance(house, case)
    with refused_by_database("clearance_with_reason"):
        Clearance.objects.filter(pk=row.pk).update(reason="")
    with refused_by_database("clearance_revoked_who_and_when"):
        Clearance.objects.filter(pk=row.pk).update(revoked_at=F("granted_at") + timedelta(days=1))
    with refused_by_database("clearance_revoked_who_and_when"):
        Clearance.objects.filter(pk=row.pk).update(revoked_by=house.chair)


def test_an_idempotency_key_once_for_each_person(house: House, case: Case) -> None:
    IdempotencyKey.objects.create(user=house.chair, key="k", case=case, created_at=NOW)
    IdempotencyKey.objects.create(user=house.clinician, key="k", case=case, created_at=NOW)
    with refused_by_database("idempotency_key_once"):
        IdempotencyKey.objects.create(user=house.chair, key="k", case=case, created_at=NOW)
