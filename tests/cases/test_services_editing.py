"""Changing a case: nothing is overwritten unseen, a level has its reason, a withdrawal too; age makes unready."""

import pytest
from django.utils import timezone

from accounts.errors import Invalid, Stale
from cases.enums import CaseStatus
from cases.models import Case
from cases.services.editing import edit_case, set_level, withdraw_case
from cases.services.referral import CaseOpenAlready
from cases.transitions import CaseMoveRefused
from events.models import Event
from tests.domain_factories import House, make_case, make_house

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def case(house: House) -> Case:
    return make_case(house)


def test_an_edit_names_its_fields_in_the_event_and_raises_the_version(house: House, case: Case) -> None:
    changes = {"clinical_question": "Ny fråga?", "performance_status": 2, "history": case.history}
    edited = edit_case(case.pk, changes, version=1, by=house.coordinator, now=NOW)
    assert (edited.version, edited.updated_by, edited.clinical_question) == (2, house.coordinator, "Ny fråga?")
    event = Event.objects.get(kind="case.edited")
    assert event.data == {"fields": ["clinical_question", "performance_status"]}


def test_a_stale_version_is_refused_and_says_who_changed_what_is_there(house: House, case: Case) -> None:
    edit_case(case.pk, {"history": "Ny."}, version=1, by=house.coordinator, now=NOW)
    with pytest.raises(Stale) as refusal:
        edit_case(case.pk, {"history": "Annan."}, version=1, by=house.clinician, now=NOW)
    assert house.coordinator.name in refusal.value.message
    assert refusal.value.extra == {"version": 2, "changed_by": house.coordinator.name}
    case.refresh_from_db()
    assert case.history == "Ny."


def test_who_set_the_level_is_named_to_the_one_with_the_stale_form(house: House, case: Case) -> None:
    set_level(case.pk, "focused", reason="En fråga.", by=house.chair, now=NOW)
    with pytest.raises(Stale) as refusal:
        edit_case(case.pk, {"history": "Annan."}, version=1, by=house.clinician, now=NOW)
    assert house.chair.name in refusal.value.message


def test_an_edit_without_a_change_leaves_nothing(house: House, case: Case) -> None:
    edited = edit_case(case.pk, {"history": case.history, "status": "closed"}, version=1, by=house.clinician, now=NOW)
    assert (edited.version, edited.status) == (1, CaseStatus.REFERRED)
    assert not Event.objects.filter(kind="case.edited").exists()


def test_filling_in_a_field_mends_its_finding(house: House) -> None:
    case = make_case(house, comorbidity="")
    assert "field-missing" in [f["code"] for f in case.readiness["findings"]]
    edit_case(case.pk, {"comorbidity": "Frisk."}, version=1, by=house.clinician, now=NOW)
    case.refresh_from_db()
    assert "field-missing" not in [f["code"] for f in case.readiness["findings"]]


def test_a_new_phase_asks_for_other_answers_and_suggests_the_level_anew(house: House, case: Case) -> None:
    edited = edit_case(case.pk, {"phase": "post_operative"}, version=1, by=house.clinician, now=NOW)
    assert (edited.level, edited.level_suggested) == ("focused", "focused")
    assert "specimen_histopathology" in [c["requirement"] for c in edited.readiness["checks"]]


def test_a_level_that_somebody_set_stays_when_the_suggestion_changes(house: House, case: Case) -> None:
    set_level(case.pk, "protocol", reason="Standardförlopp.", by=house.coordinator, now=NOW)
    edited = edit_case(case.pk, {"phase": "post_operative"}, version=2, by=house.clinician, now=NOW)
    assert (edited.level, edited.level_suggested) == ("protocol", "focused")


def test_a_phase_that_the_patient_has_open_already_is_refused(house: House, case: Case) -> None:
    other = make_case(house, identity=case.patient.identity, phase="recurrence")
    with pytest.raises(CaseOpenAlready) as refusal:
        edit_case(case.pk, {"phase": "recurrence"}, version=1, by=house.clinician, now=NOW)
    assert (refusal.value.extra["case"], refusal.value.field) == (other.pk, "phase")


def test_another_level_than_suggested_takes_a_reason(house: House, case: Case) -> None:
    with pytest.raises(Invalid) as refusal:
        set_level(case.pk, "protocol", reason=" ", by=house.coordinator, now=NOW)
    assert [(e.field, e.code) for e in refusal.value.errors] == [("reason", "required")]
    with pytest.raises(Invalid) as refusal:
        set_level(case.pk, "deluxe", reason="Så.", by=house.coordinator, now=NOW)
    assert [(e.field, e.code) for e in refusal.value.errors] == [("level", "unknown")]
    changed = set_level(case.pk, "protocol", reason="Standardförlopp.", by=house.coordinator, now=NOW)
    assert (changed.level, changed.level_set_by, changed.level_set_at) == ("protocol", house.coordinator, NOW)
    assert "attestation-missing" not in [f["code"] for f in changed.readiness["findings"]]


def test_confirming_the_suggested_level_takes_none_and_twice_is_once(house: House, case: Case) -> None:
    for _ in range(2):
        set_level(case.pk, "full", reason="", by=house.coordinator, now=NOW)
    assert Event.objects.filter(kind="case.level_set").count() == 1


def test_withdrawing_takes_a_reason_and_frees_the_patient(house: House, case: Case) -> None:
    with pytest.raises(Invalid):
        withdraw_case(case.pk, reason="", by=house.clinician, now=NOW)
    withdrawn = withdraw_case(case.pk, reason="Patienten avstår.", by=house.clinician, now=NOW)
    assert (withdrawn.status, withdrawn.withdrawn_reason) == (CaseStatus.WITHDRAWN, "Patienten avstår.")
    again = withdraw_case(case.pk, reason="Igen.", by=house.coordinator, now=NOW)
    assert again.withdrawn_reason == "Patienten avstår."
    assert Event.objects.filter(kind="case.withdrawn").count() == 1


def test_a_closed_case_is_not_edited(house: House, case: Case) -> None:
    withdraw_case(case.pk, reason="Avstår.", by=house.clinician, now=NOW)
    case.refresh_from_db()
    with pytest.raises(CaseMoveRefused):
        edit_case(case.pk, {"history": "Nytt."}, version=case.version, by=house.clinician, now=NOW)
    with pytest.raises(CaseMoveRefused):
        set_level(case.pk, "protocol", reason="Så.", by=house.clinician, now=NOW)
