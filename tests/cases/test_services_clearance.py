"""Waiving, not applicable, taking back, attesting: who, when and why, and what it does to readiness."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import Invalid, NotAllowed
from cases.enums import ClearanceKind
from cases.models import Case, Clearance
from cases.services.clearance import attest_case, clear_requirement, revoke_clearance
from cases.services.editing import edit_case, withdraw_case
from cases.transitions import CaseMoveRefused
from events.models import Event, Notice
from tests.domain_factories import House, add_result, make_case, make_house

pytestmark = pytest.mark.django_db
NOW = timezone.now()
WAIVED, NOT_APPLICABLE = ClearanceKind.WAIVED, ClearanceKind.NOT_APPLICABLE


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def case(house: House) -> Case:
    return make_case(house)


def clear(house: House, case: Case, requirement: str = "ct_thorax_abdomen", **fields: object) -> Clearance:
    values = {"kind": WAIVED, "reason": "Frågan kan besvaras utan.", "by": house.clinician, "now": NOW} | fields
    return clear_requirement(case.pk, requirement, **values)  # type: ignore[arg-type]


def state_of(case: Case, requirement: str) -> str:
    case.refresh_from_db()
    return next(c["state"] for c in case.readiness["checks"] if c["requirement"] == requirement)


@pytest.mark.parametrize("kind", [WAIVED, NOT_APPLICABLE])
def test_a_clearance_has_who_when_and_why_and_tells_the_clinician(
    house: House, case: Case, kind: ClearanceKind
) -> None:
    clearance = clear(house, case, kind=kind, by=house.coordinator)
    assert (clearance.granted_by, clearance.granted_at, clearance.reason) == (
        house.coordinator, NOW, "Frågan kan besvaras utan.",
    )  # fmt: skip
    assert state_of(case, "ct_thorax_abdomen") == kind
    event = Event.objects.get(kind="case.requirement_cleared")
    assert event.data == {"requirement": "ct_thorax_abdomen", "kind": kind}
    assert Notice.objects.filter(event=event, person=house.clinician).exists()


def test_the_same_again_by_the_same_person_is_a_success_that_changes_nothing(house: House, case: Case) -> None:
    first = clear(house, case)
    assert clear(house, case).pk == first.pk
    assert Event.objects.filter(kind="case.requirement_cleared").count() == 1


def test_another_kind_or_person_replaces_it_and_the_old_one_is_kept(house: House, case: Case) -> None:
    first = clear(house, case)
    second = clear(house, case, kind=NOT_APPLICABLE, by=house.coordinator)
    first.refresh_from_db()
    assert (first.revoked_by, first.revoked_at) == (house.coordinator, NOW)
    assert state_of(case, "ct_thorax_abdomen") == "not_applicable"
    assert Clearance.objects.get(revoked_at__isnull=True) == second


@pytest.mark.parametrize(
    ("requirement", "reason", "wrong"),
    [
        ("no_such", "Skäl.", [("requirement", "unknown")]),
        ("specimen_histopathology", "Skäl.", [("requirement", "unknown")]),
        ("histopathology", "  ", [("reason", "required")]),
        ("no_such", "", [("requirement", "unknown"), ("reason", "required")]),
    ],
)
def test_only_what_the_case_is_asked_for_and_only_with_a_reason(
    house: House, case: Case, requirement: str, reason: str, wrong: list[tuple[str, str]]
) -> None:
    with pytest.raises(Invalid) as refusal:
        clear(house, case, requirement, reason=reason)
    assert [(e.field, e.code) for e in refusal.value.errors] == wrong
    assert not Clearance.objects.exists()


def test_taking_back_asks_for_it_again_and_twice_is_once(house: House, case: Case) -> None:
    clear(house, case)
    for _ in range(2):
        revoke_clearance(case.pk, "ct_thorax_abdomen", by=house.coordinator, now=NOW)
    assert state_of(case, "ct_thorax_abdomen") == "missing"
    assert Event.objects.filter(kind="case.clearance_revoked").count() == 1
    clear(house, case)
    assert Clearance.objects.count() == 2


def test_only_the_responsible_clinician_attests_and_others_are_told_who(house: House, case: Case) -> None:
    for person in (house.coordinator, house.chair, house.nurse):
        with pytest.raises(NotAllowed) as refusal:
            attest_case(case.pk, by=person, now=NOW)
        assert house.clinician.name in refusal.value.message
        assert refusal.value.code == "not-responsible"
    case.refresh_from_db()
    assert case.attested_at is None


def test_attesting_settles_open_conditions_but_no_missing_answer(house: House, case: Case) -> None:
    attest_case(case.pk, by=house.clinician, now=NOW)
    assert state_of(case, "mri_pelvis_rectum") == "not_applicable"
    assert state_of(case, "ct_thorax_abdomen") == "missing"
    assert case.readiness_state == "not_ready"
    add_result(case, "radiology")
    add_result(case, "pathology")
    case.refresh_from_db()
    assert case.readiness_state == "ready"


def test_attesting_twice_keeps_the_first_time(house: House, case: Case) -> None:
    attest_case(case.pk, by=house.clinician, now=NOW)
    attest_case(case.pk, by=house.clinician, now=NOW + timedelta(days=1))
    case.refresh_from_db()
    assert (case.attested_by, case.attested_at) == (house.clinician, NOW)
    assert Event.objects.filter(kind="case.attested").count() == 1


def test_a_new_phase_takes_the_attestation_back(house: House, case: Case) -> None:
    attest_case(case.pk, by=house.clinician, now=NOW)
    edit_case(case.pk, {"phase": "recurrence"}, version=case.version, by=house.clinician, now=NOW)
    case.refresh_from_db()
    assert (case.attested_by, case.attested_at) == (None, None)


def test_of_a_case_that_is_over_nothing_is_attested_cleared_or_asked_for_again(house: House, case: Case) -> None:
    cleared = clear(house, case)
    withdraw_case(case.pk, reason="Avstår.", by=house.clinician, now=NOW)
    for step in (
        lambda: attest_case(case.pk, by=house.clinician, now=NOW),
        lambda: clear(house, case, kind=NOT_APPLICABLE),
        lambda: revoke_clearance(case.pk, "ct_thorax_abdomen", by=house.clinician, now=NOW),
    ):
        with pytest.raises(CaseMoveRefused):
            step()
    assert list(Clearance.objects.filter(revoked_at__isnull=True)) == [cleared]
