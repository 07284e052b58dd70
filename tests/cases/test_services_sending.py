"""Sending a referral with what is known of its answers: truthful from the first minute, once, and with a reason."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.errors import Invalid, Stale
from cases.drafting import sheet_of, statements_of
from cases.enums import ResultSource, ResultState
from cases.identity import Identity
from cases.known import known_of
from cases.models import Case, ReferralDraft, Result
from cases.reports import ReportedIdentity
from cases.services.drafts import AlreadySent, Seen, save_draft
from cases.services.editing import withdraw_case
from cases.services.referral import CaseOpenAlready, ReferenceTaken, ReferralData
from cases.services.referral_input import parse_referral
from cases.services.sending import Incomplete, add_to_case, read_statements, send_referral
from checklists.registry import spec_of
from events.models import Event, Notice
from tests.cases.sending import merge, new_number
from tests.domain_factories import (
    House,
    add_result,
    make_case,
    make_diagnosis,
    ready_case,
    referral_data,
    synthetic_number,
)
from tests.factories import make_actor

TODAY = timezone.localdate
CT, MR, PAD = "ct_thorax_abdomen", "mri_pelvis_rectum", "histopathology"


def send(house: House, data: ReferralData, raw: dict[str, str] | None = None, **options: Any) -> Case:
    """Send the referral with what `raw` says of its answers."""
    spec = spec_of(data.diagnosis.current_id or 0)
    level = spec.suggest_level(data.phase, dict(data.circumstances or {})).level
    asked = [one for one in spec.requirements_for(data.phase, level) if not one.field]
    statements, errors = read_statements(raw or {}, asked, today=TODAY())
    assert errors == []
    options = {"by": house.clinician, "now": timezone.now(), "incomplete_reason": "Akut fråga."} | options
    case, _new = send_referral(data, statements=statements, **options)
    case.refresh_from_db()
    return case


def states(case: Case) -> dict[str, str]:
    """Return the state of each requirement of the case."""
    return {check["requirement"]: check["state"] for check in case.readiness["checks"]}


def test_what_is_said_of_the_answers_holds_from_the_start(house: House) -> None:
    said = {
        f"how__{CT}": "answered", f"on__{CT}": str(TODAY() - timedelta(days=3)),
        f"how__{PAD}": "ordered", f"on__{PAD}": str(TODAY() - timedelta(days=2)),
        f"expected__{PAD}": str(TODAY() + timedelta(days=4)),
        f"how__{MR}": "not_applicable", f"reason__{MR}": "Koloncancer.",
    }  # fmt: skip
    case = send(house, referral_data(house), said, incomplete_reason="")
    assert {key: states(case)[key] for key in (CT, PAD, MR)} == {
        CT: "final", PAD: "ordered", MR: "not_applicable",
    }  # fmt: skip
    ordered = case.results.get(requirement=PAD)
    assert (ordered.ordered_on, ordered.expected_on) == (TODAY() - timedelta(days=2), TODAY() + timedelta(days=4))
    assert case.clearances.get().reason == "Koloncancer."
    assert case.sent_incomplete_reason == ""


def test_what_blocks_and_is_not_even_ordered_needs_a_reason_and_nothing_is_written_before(house: House) -> None:
    data = referral_data(house)
    with pytest.raises(Incomplete):
        send(house, data, incomplete_reason="  ")
    assert not Case.objects.exists()
    assert not Event.objects.exists()
    case = send(house, data, by=house.coordinator, incomplete_reason=" Patienten reser i morgon. ")
    assert case.sent_incomplete_reason == "Patienten reser i morgon."
    assert Notice.objects.filter(event__kind="case.sent_incomplete", person=house.clinician).count() == 1


def test_a_program_is_not_asked_why(house: House) -> None:
    case = send(house, referral_data(house), asks_why=False, incomplete_reason="")
    assert (case.sent_incomplete_reason, case.readiness_state) == ("", "not_ready")


def test_a_reason_where_none_is_needed_is_not_kept(house: House) -> None:
    said = {f"how__{CT}": "ordered", f"how__{PAD}": "ordered"}
    assert send(house, referral_data(house), said).sent_incomplete_reason == ""


def test_a_reason_longer_than_its_field_is_refused(house: House) -> None:
    with pytest.raises(Invalid):
        send(house, referral_data(house), incomplete_reason="x" * 501)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({f"how__{CT}": "answered"}, f"on__{CT}"),
        ({f"how__{CT}": "answered", f"on__{CT}": "2999-01-01"}, f"on__{CT}"),
        ({f"how__{CT}": "answered", f"on__{CT}": "i går"}, f"on__{CT}"),
        ({f"how__{CT}": "ordered", f"on__{CT}": "2026-13-01"}, f"on__{CT}"),
        ({f"how__{CT}": "ordered", f"expected__{CT}": "2020-01-01", f"on__{CT}": "2020-01-02"}, f"expected__{CT}"),
        ({f"how__{CT}": "not_applicable"}, f"reason__{CT}"),
        ({f"how__{CT}": "copy:1"}, f"how__{CT}"),
    ],
)
def test_a_wrong_statement_is_named_by_its_field(house: House, said: dict[str, str], field: str) -> None:
    spec = spec_of(make_diagnosis().current_id or 0)
    statements, errors = read_statements(said, [spec.requirement(CT)], today=TODAY())
    assert ([error.field for error in errors], statements) == ([field], ())


def test_a_form_that_is_sent_twice_makes_one_case_and_leaves_no_draft(house: House) -> None:
    data, seen = referral_data(house), Seen("formulär-1", "flik")
    save_draft({"name": "x"}, seen=seen, by=house.clinician, now=timezone.now())
    first = send(house, data, seen=seen)
    assert not ReferralDraft.objects.exists()
    assert send(house, data, seen=seen) == first
    assert Case.objects.count() == 1
    with pytest.raises(AlreadySent):
        send(house, referral_data(house), seen=seen)
    assert send(house, referral_data(house), seen=Seen("formulär-2")) != first


def test_the_reference_of_another_forms_case_is_said_and_nothing_typed_is_lost(house: House) -> None:
    data = referral_data(house, external_reference="R-1")
    case = send(house, data, seen=Seen("first"))
    kept = save_draft({"clinical_question": data.clinical_question}, seen=Seen("second"), by=house.clinician,
                      now=timezone.now())  # fmt: skip
    with pytest.raises(ReferenceTaken) as refused:
        send(house, data, {f"how__{CT}": "ordered"}, seen=Seen("second", version=kept.version))
    assert refused.value.field == "external_reference"
    assert ReferralDraft.objects.get() == kept
    assert send(house, data) == case, "a program that sends it again finds its case"


def test_a_refused_referral_keeps_its_draft(house: House) -> None:
    case, seen = make_case(house), Seen("formulär-1", "flik")
    save_draft({"name": "x"}, seen=seen, by=house.clinician, now=timezone.now())
    with pytest.raises(CaseOpenAlready):
        send(house, referral_data(house, identity=case.patient.identity), seen=seen)
    assert ReferralDraft.objects.count() == 1


def test_another_windows_later_text_is_not_lost_by_sending(house: House) -> None:
    now, data = timezone.now(), referral_data(house)
    draft = save_draft({"name": "x"}, seen=Seen("f", "ena"), by=house.clinician, now=now)
    save_draft({"name": "xy"}, seen=Seen("f", "andra", draft.version), by=house.clinician, now=now)
    with pytest.raises(Stale):
        send(house, data, seen=Seen("f", "ena", draft.version))
    assert not Case.objects.exists()
    send(house, data, seen=Seen("f", "ena", draft.version + 1))


def test_an_earlier_answer_is_brought_along_truthfully(house: House) -> None:
    old = ready_case(house)
    original = old.results.get(requirement=CT)
    Result.objects.filter(pk=original.pk).update(
        text="Tumör i sigmoideum.", source=ResultSource.HL7V2, external_id="1|RIS|A1", accession_number="A1",
        study_uid="1.2.3", is_external=True,
    )  # fmt: skip
    withdraw = referral_data(house, identity=old.patient.identity, phase="recurrence")
    known = known_of(make_actor(user=house.clinician), str(old.patient.identity), [house.hospital.pk], TODAY())
    spec = spec_of(old.definition_id)
    typed = {"phase": "recurrence", f"how__{CT}": f"copy:{original.pk}", f"how__{PAD}": "ordered"}
    sheet = sheet_of(typed, spec, known, TODAY())
    assert sheet is not None
    statements, errors = statements_of(typed, sheet.asked, TODAY())
    assert errors == []
    case, _new = send_referral(withdraw, statements=statements, by=house.clinician, now=timezone.now())
    copy = case.results.get(requirement=CT)
    assert (copy.source, copy.state, copy.performed_on) == ("manual", "final", original.performed_on)
    assert "Tumör i sigmoideum." in copy.text
    assert copy.text != "Tumör i sigmoideum."
    assert (copy.external_id, copy.accession_number) == (f"copy:{original.pk}:{case.pk}", "")
    assert (copy.study_uid, copy.is_external) == ("1.2.3", True)
    original.refresh_from_db()
    assert (original.case_id, original.external_id) == (old.pk, "1|RIS|A1")
    assert states(Case.objects.get(pk=case.pk))[CT] == "final"


def test_a_referral_for_an_open_case_is_added_once_with_the_answers_that_it_lacks(house: House) -> None:
    case = make_case(house)
    add_result(case, requirement=CT)
    spec = spec_of(case.definition_id)
    said = {f"how__{CT}": "ordered", f"how__{PAD}": "ordered"}
    statements, _errors = read_statements(said, [spec.requirement(CT), spec.requirement(PAD)], today=TODAY())
    data, seen = referral_data(house, identity=case.patient.identity), Seen("f", "flik")
    save_draft({"name": "x"}, seen=seen, by=house.clinician, now=timezone.now())
    for _twice in range(2):
        add_to_case(case.pk, data, statements=statements, seen=seen, by=house.clinician, now=timezone.now())
    assert case.referrals.count() == 2
    assert list(case.results.order_by("pk").values_list("requirement", "state")) == [
        (CT, ResultState.FINAL), (PAD, ResultState.ORDERED),
    ]  # fmt: skip
    assert not ReferralDraft.objects.exists()


NUMBERS = iter(range(20_000, 30_000))
DAY = st.integers(-400, 0).map(lambda days: str(TODAY() + timedelta(days=days)))
AHEAD = st.integers(1, 30).map(lambda days: str(TODAY() + timedelta(days=days)))
SAID = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"how": st.just("answered"), "on": DAY}),
    st.fixed_dictionaries({"how": st.just("ordered"), "on": DAY, "expected": AHEAD}),
    st.just({"how": "ordered"}),
    st.just({"how": "not_applicable", "reason": "Gäller inte."}),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_the_panel_says_before_is_what_the_case_says_after(house: House, data: st.DataObject) -> None:
    diagnosis = make_diagnosis(data.draw(st.sampled_from(["colorectal", "prostate", "lung"])))
    spec = spec_of(diagnosis.current_id or 0)
    typed = {
        "personal_identity_number": synthetic_number(next(NUMBERS)),
        "name": "Berit Prov",
        "diagnosis": diagnosis.slug,
        "phase": data.draw(st.sampled_from(sorted(spec.default_levels))),
        "unit": str(house.clinic.pk),
        "clinical_question": "Operation?",
        "responsible_clinician": house.clinician.email,
        "suspected_on": str(TODAY()),
        "performance_status": data.draw(st.sampled_from(["", "0", "3"])),
        "comorbidity": data.draw(st.sampled_from(["", "  ", "Hjärtsvikt."])),
        "patient_wishes": data.draw(st.sampled_from(["", "Kurativ behandling."])),
        "contact_nurse": data.draw(st.sampled_from(["", house.nurse.email])),
    }
    stated = {
        c.key: data.draw(st.sampled_from(["", *(choice.key for choice in c.choices)])) for c in spec.circumstances
    }
    typed |= {f"circumstance_{key}": answer for key, answer in stated.items()}
    for requirement in spec.requirements:
        typed |= {f"{name}__{requirement.key}": text for name, text in data.draw(SAID).items()}
    sheet = sheet_of(typed, spec, None, TODAY())
    assert sheet is not None
    statements, errors = statements_of(typed, sheet.asked, TODAY())
    assert errors == []
    referral = parse_referral(typed | {"circumstances": stated}, today=TODAY())
    case, _new = send_referral(
        referral, statements=statements, incomplete_reason="Brådskar.", by=house.clinician, now=timezone.now()
    )
    case.refresh_from_db()
    before = sheet.readiness
    assert case.readiness == before.summary()
    assert (case.readiness_state, case.readiness_changes_on) == (before.state, before.changes_on)
    assert case.level == sheet.suggestion.level
    assert bool(case.sent_incomplete_reason) == bool(sheet.unordered)


def test_a_number_that_was_merged_brings_its_survivor_and_is_sent_once(house: House) -> None:
    case, old = make_case(house), new_number()
    identity = case.patient.identity
    merge(house, old, ReportedIdentity(identity.system, identity.value))
    actor = make_actor(user=house.clinician)
    known = known_of(actor, old.value, [house.hospital.pk], TODAY())
    assert known is not None
    assert known.case == case
    assert known_of(actor, old.value, [house.elsewhere.pk], TODAY()) is None
    data = referral_data(house, identity=Identity(old.system, old.value), phase="recurrence")
    assert send(house, data, seen=Seen("f")) == send(house, data, seen=Seen("f"))


def test_a_withdrawn_case_brings_nothing(house: House) -> None:
    case = make_case(house)
    actor = make_actor(user=house.clinician)
    assert known_of(actor, str(case.patient.identity), [house.hospital.pk], TODAY()) is not None
    withdraw_case(case.pk, reason="Fel patient.", by=house.clinician, now=timezone.now())
    assert known_of(actor, str(case.patient.identity), [house.hospital.pk], TODAY()) is None
