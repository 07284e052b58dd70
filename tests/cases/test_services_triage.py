"""Triage: a level with its reason, not ready yet, national; told once, undone by the same person, asked anew."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import Invalid, Stale
from cases.enums import CaseStatus, ReferralSource
from cases.models import Case
from cases.services.clearance import attest_case
from cases.services.editing import edit_case, set_level, withdraw_case
from cases.services.referral import add_referral
from cases.services.triage import Before, TriagedAlready, triage_case, undo_triage
from cases.transitions import CaseMoveRefused
from events.models import Event, Notice
from tests.domain_factories import House, make_case, make_meeting, place, ready_case, referral_data

NOW = timezone.now()
LATER = NOW + timedelta(hours=1)
LEVELS = [("discuss", "full"), ("focused", "focused"), ("protocol", "protocol")]


@pytest.fixture
def case(house: House) -> Case:
    return make_case(house)


@pytest.mark.parametrize(("answer", "level"), LEVELS)
def test_an_answer_that_is_a_level_sets_it(house: House, case: Case, answer: str, level: str) -> None:
    decided = triage_case(case.pk, answer, reason="En fråga.", by=house.coordinator, now=NOW, version=case.version)
    case.refresh_from_db()
    assert (case.triage, case.level, case.level_reason) == (answer, level, "En fråga.")
    assert (case.triaged_by, case.triaged_at, case.level_set_by) == (house.coordinator, NOW, house.coordinator)
    assert decided.case.version == case.version
    assert [event.data for event in Event.objects.filter(kind="case.triaged")] == [{"answer": answer}]


def test_the_suggested_level_takes_no_reason_and_another_does(house: House, case: Case) -> None:
    assert case.level_suggested == "full"
    with pytest.raises(Invalid) as refused:
        triage_case(case.pk, "protocol", reason=" ", by=house.coordinator, now=NOW)
    assert refused.value.errors[0].field == "reason"
    case.refresh_from_db()
    assert (case.triage, case.level) == ("", "full")
    triage_case(case.pk, "discuss", reason="", by=house.coordinator, now=NOW)
    case.refresh_from_db()
    assert (case.triage, case.triage_note) == ("discuss", "")


def test_a_reason_that_was_given_for_the_very_level_stands(house: House, case: Case) -> None:
    set_level(case.pk, "focused", reason="En fråga till radiologen.", by=house.clinician, now=NOW)
    triage_case(case.pk, "focused", reason="", by=house.coordinator, now=LATER)
    case.refresh_from_db()
    assert (case.triage, case.level_reason) == ("focused", "En fråga till radiologen.")


@pytest.mark.parametrize("answer", ["not_ready", "national"])
def test_what_is_awaited_and_where_must_be_said(house: House, case: Case, answer: str) -> None:
    for reason, code in (("", "required"), ("x" * 501, "too-long")):
        with pytest.raises(Invalid) as refused:
            triage_case(case.pk, answer, reason=reason, by=house.coordinator, now=NOW)
        assert [(e.field, e.code) for e in refused.value.errors] == [("reason", code)]
    triage_case(case.pk, answer, reason="MR lever.", by=house.coordinator, now=NOW)
    case.refresh_from_db()
    assert (case.triage, case.triage_note, case.level_set_at) == (answer, "MR lever.", None)


def test_where_is_known_when_the_definition_says_so(house: House) -> None:
    case = make_case(house, diagnosis="vulva")
    triage_case(case.pk, "national", reason="", by=house.coordinator, now=NOW)
    case.refresh_from_db()
    assert "Fyra centrum" in case.triage_note


def test_an_unknown_answer_is_named(house: House, case: Case) -> None:
    with pytest.raises(Invalid) as refused:
        triage_case(case.pk, "later", reason="", by=house.coordinator, now=NOW)
    assert refused.value.errors[0].field == "answer"


def test_not_ready_tells_the_clinician_once(house: House, case: Case) -> None:
    for reason in ("MR lever.", "MR lever.", "MR lever och PAD."):
        triage_case(case.pk, "not_ready", reason=reason, by=house.coordinator, now=NOW)
    assert Notice.objects.filter(person=house.clinician, event__kind="case.triaged").count() == 1
    assert Event.objects.filter(kind="case.triaged").count() == 2
    triage_case(case.pk, "discuss", reason="", by=house.coordinator, now=NOW)
    assert Notice.objects.filter(event__kind="case.triaged").count() == 1


def test_no_answer_stops_a_booking(house: House) -> None:
    meeting = make_meeting(house)
    for answer in ("not_ready", "national"):
        case = ready_case(house)
        triage_case(case.pk, answer, reason="Karolinska, fredag.", by=house.coordinator, now=NOW)
        place(meeting, case, by=house.coordinator)
        case.refresh_from_db()
        assert (case.status, case.triage) == (CaseStatus.SCHEDULED, answer)


def test_a_second_person_is_told_who_was_first(house: House, case: Case) -> None:
    triage_case(case.pk, "discuss", reason="", by=house.coordinator, now=NOW, version=case.version)
    for version in (case.version, None):
        with pytest.raises(TriagedAlready) as refused:
            triage_case(case.pk, "focused", reason="Nej.", by=house.chair, now=LATER, version=version)
        assert "Karin Koordinator" in refused.value.message
        assert refused.value.extra["triage"] == "discuss"
    case.refresh_from_db()
    assert (case.triage, case.triaged_by) == ("discuss", house.coordinator)
    triage_case(case.pk, "focused", reason="Ja.", by=house.chair, now=LATER, version=case.version)
    case.refresh_from_db()
    assert (case.triage, case.triaged_by) == ("focused", house.chair)


def test_what_was_changed_meanwhile_is_not_decided_unseen(house: House, case: Case) -> None:
    edit_case(case.pk, {"history": "Nytt."}, version=case.version, by=house.clinician, now=NOW)
    with pytest.raises(Stale, match="Lena Läkare"):
        triage_case(case.pk, "discuss", reason="", by=house.coordinator, now=NOW, version=case.version)


def test_the_same_again_by_the_same_person_changes_nothing(house: House, case: Case) -> None:
    first = triage_case(case.pk, "discuss", reason="", by=house.coordinator, now=NOW, version=case.version)
    again = triage_case(case.pk, "discuss", reason="", by=house.coordinator, now=LATER, version=case.version)
    assert again.case.version == first.case.version
    assert Event.objects.filter(kind="case.triaged").count() == 1


def test_what_is_over_is_not_triaged(house: House, case: Case) -> None:
    withdraw_case(case.pk, reason="Avstår.", by=house.clinician, now=NOW)
    with pytest.raises(CaseMoveRefused):
        triage_case(case.pk, "discuss", reason="", by=house.coordinator, now=NOW)
    discussed = make_case(house)
    Case.objects.filter(pk=discussed.pk).update(status="discussed")
    with pytest.raises(CaseMoveRefused):
        triage_case(discussed.pk, "discuss", reason="", by=house.coordinator, now=NOW)


@pytest.mark.parametrize("answer", ["discuss", "focused", "protocol", "not_ready", "national"])
def test_undoing_puts_everything_back(house: House, answer: str) -> None:
    case = ready_case(house)
    before = Before.of(case)
    stored = case.readiness
    decided = triage_case(case.pk, answer, reason="Så här.", by=house.coordinator, now=LATER, version=case.version)
    packed = Before.unpacked(decided.before.packed())
    undo_triage(case.pk, packed, version=decided.case.version, by=house.coordinator, now=LATER)
    case.refresh_from_db()
    assert Before.of(case) == before == packed
    assert case.readiness == stored
    assert Event.objects.filter(kind="case.triage_undone").count() == 1


def test_an_attestation_that_has_been_given_since_is_not_undone(house: House) -> None:
    case = make_case(house)
    decided = triage_case(case.pk, "discuss", reason="", by=house.coordinator, now=NOW)
    attest_case(case.pk, by=house.clinician, now=LATER)
    undo_triage(case.pk, decided.before, version=decided.case.version, by=house.coordinator, now=LATER)
    case.refresh_from_db()
    assert (case.triage, case.attested_by, case.attested_at) == ("", house.clinician, LATER)


def test_only_the_same_person_undoes_and_only_what_nobody_has_touched(house: House, case: Case) -> None:
    decided = triage_case(case.pk, "discuss", reason="", by=house.coordinator, now=NOW)
    with pytest.raises(Stale):
        undo_triage(case.pk, decided.before, version=decided.case.version, by=house.chair, now=LATER)
    edit_case(case.pk, {"history": "Nytt."}, version=decided.case.version, by=house.clinician, now=NOW)
    with pytest.raises(Stale, match="Lena Läkare"):
        undo_triage(case.pk, decided.before, version=decided.case.version, by=house.coordinator, now=LATER)
    case.refresh_from_db()
    assert case.triage == "discuss"


@pytest.mark.parametrize("changes", [{"phase": "recurrence"}, {"clinical_question": "En annan fråga?"}])
def test_a_case_that_became_another_comes_back(house: House, case: Case, changes: dict[str, str]) -> None:
    decided = triage_case(case.pk, "not_ready", reason="MR.", by=house.coordinator, now=NOW)
    edit_case(case.pk, {"history": "Nytt."}, version=decided.case.version, by=house.clinician, now=NOW)
    case.refresh_from_db()
    assert case.triage == "not_ready"
    edit_case(case.pk, changes, version=case.version, by=house.clinician, now=NOW)
    case.refresh_from_db()
    assert (case.triage, case.triage_note, case.triaged_by, case.triaged_at) == ("", "", None, None)


def test_a_further_referral_with_another_question_brings_the_case_back(house: House, case: Case) -> None:
    triage_case(case.pk, "discuss", reason="", by=house.coordinator, now=NOW)
    same = {"identity": case.patient.identity, "diagnosis": case.diagnosis, "phase": case.phase}
    for question, triage in ((case.clinical_question, "discuss"), ("En annan fråga?", "")):
        data = replace(referral_data(house, clinical_question=question), **same)
        add_referral(case.pk, data, by=house.clinician, now=NOW, source=ReferralSource.FORM)
        case.refresh_from_db()
        assert case.triage == triage


def test_a_level_that_is_set_afterwards_is_what_triage_then_says(house: House, case: Case) -> None:
    triage_case(case.pk, "discuss", reason="", by=house.coordinator, now=NOW)
    set_level(case.pk, "protocol", reason="Standard.", by=house.chair, now=LATER)
    case.refresh_from_db()
    assert (case.triage, case.triage_note, case.triaged_by) == ("protocol", "Standard.", house.chair)
    triage_case(case.pk, "not_ready", reason="PAD.", by=house.chair, now=LATER)
    set_level(case.pk, "focused", reason="En fråga.", by=house.chair, now=LATER)
    case.refresh_from_db()
    assert case.triage == "not_ready"


def test_a_level_that_is_raised_to_full_asks_for_a_new_attestation(house: House) -> None:
    case = ready_case(house, level="focused")
    assert (case.readiness_state, case.attested_by) == ("ready", house.clinician)
    set_level(case.pk, "full", reason="Komplex.", by=house.coordinator, now=NOW)
    case.refresh_from_db()
    assert (case.attested_by, case.attested_at) == (None, None)
    assert "attestation-missing" in [f["code"] for f in case.readiness["findings"]]
    attest_case(case.pk, by=house.clinician, now=LATER)
    set_level(case.pk, "full", reason="Komplex, mycket.", by=house.coordinator, now=LATER)
    case.refresh_from_db()
    assert case.attested_by == house.clinician
