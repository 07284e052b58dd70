"""Reports find their place, keep it as their versions come, and wait for a person where no rule decides."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from accounts.errors import Invalid, Refused
from cases.enums import ReportState, ResultSource, ResultState
from cases.identity import PERSONAL_NUMBER
from cases.matching import Why
from cases.models import Case, Report, Result
from cases.reports import ReportCode, ReportedIdentity
from cases.services.discordance import mark_discordance
from cases.services.editing import edit_case, withdraw_case
from cases.services.placing import ReportSettled, place_report, place_waiting, set_aside
from cases.services.results import ResultData, register_result
from cases.services.suggesting import suggestions_for, suggestions_for_all
from events.models import Event, Notice
from tests.cases.sending import (
    CT_CODE,
    new_number,
    number_in,
    report,
    send,
    stamped,
    state_of,
    with_codes,
)  # fmt: skip
from tests.domain_factories import House, add_result, make_case, make_meeting, place, referral_data

pytestmark = pytest.mark.django_db
NOW = timezone.now()
CT, PAD = "ct_thorax_abdomen", "histopathology"


@pytest.fixture
def case(house: House) -> Case:
    return make_case(house)


def place_of(kept: Report) -> tuple[int, str] | None:
    """Return the case and the requirement that a report answers."""
    kept.refresh_from_db()
    return (kept.result.case_id, kept.result.requirement) if kept.result else None


# By rule


def test_a_final_report_answers_the_one_requirement_of_its_modality(house: House, case: Case) -> None:
    kept = send(house, report(case))
    assert place_of(kept) == (case.pk, CT)
    assert (kept.rule, kept.patient_id) == (Why.MODALITY, case.patient_id)
    assert state_of(case, CT) == "final"
    result = kept.result
    assert result is not None
    assert (result.source, result.text, result.created_by) == (ResultSource.HL7V2, "Inga metastaser.", None)
    assert result.external_id == f"{house.hospital.pk}|{kept.external_id}"


@pytest.mark.parametrize(
    ("state", "shown"), [("ordered", "ordered"), ("preliminary", "preliminary"), ("final", "final"), ("cancelled", "missing")]
)  # fmt: skip
def test_what_each_state_does_to_the_requirement(house: House, case: Case, state: str, shown: str) -> None:
    send(house, report(case, state=state))
    assert state_of(case, CT) == shown


def test_a_cancelled_report_that_comes_back_final_is_final(house: House, case: Case) -> None:
    first = report(case, state="cancelled")
    send(house, first)
    send(house, stamped(first, 5, state=ResultState.FINAL))
    assert state_of(case, CT) == "final"


def test_a_code_finds_the_requirement_that_declares_it_however_its_system_is_written(house: House) -> None:
    with_codes({"mri_pelvis_rectum": ("LN", "24627-2")})
    case = make_case(house)
    assert place_of(send(house, report(case, modality="", codes=(CT_CODE,)))) == (case.pk, "mri_pelvis_rectum")


def test_pathology_answers_the_only_pathology_that_is_asked_for(house: House, case: Case) -> None:
    kept = send(house, report(case, kind="pathology", modality=""))
    assert place_of(kept) == (case.pk, PAD)


def test_laboratory_is_never_placed_by_its_kind(house: House, case: Case) -> None:
    assert place_of(send(house, report(case, kind="lab", modality=""))) is None


def test_what_is_not_placed_waits_and_makes_nobody_ready(house: House, case: Case) -> None:
    before = case.readiness
    kept = send(house, report(case, modality="US"))
    case.refresh_from_db()
    assert (kept.state, kept.patient_id, case.readiness) == (ReportState.WAITING, case.patient_id, before)
    assert Result.objects.count() == 0


def test_two_open_cases_that_ask_for_the_same_leave_it_to_a_person(house: House, case: Case) -> None:
    other = make_case(house, identity=case.patient.identity, phase="recurrence")
    kept = send(house, report(case))
    assert place_of(kept) is None
    offered = suggestions_for(kept, provider=house.hospital)
    assert {(one.case.pk, one.requirement.key) for one in offered if one.rank == 3} == {(case.pk, CT), (other.pk, CT)}


def test_numbers_of_two_patients_are_nobodys(house: House, case: Case) -> None:
    other = make_case(house)
    kept = send(house, report(identities=(number_in(case), number_in(other))))
    assert (place_of(kept), kept.patient_id) == (None, None)


def test_another_hospital_does_not_answer_here(house: House, case: Case) -> None:
    kept = send(replace(house, hospital=house.elsewhere), report(case))
    assert place_of(kept) is None


def test_a_number_of_ten_digits_is_found_with_the_day_of_birth(house: House, case: Case) -> None:
    short = ReportedIdentity(PERSONAL_NUMBER, case.patient.identity_value[2:])
    data = report(identities=(short,))
    assert place_of(send(house, data)) is None
    born = replace(data, external_id="RIS|born", born_on=NOW.date().replace(year=int(case.patient.identity_value[:4])))
    assert place_of(send(house, born)) == (case.pk, CT)


# Accession numbers and orders


def test_the_order_entered_by_hand_becomes_the_answer(house: House, case: Case) -> None:
    order = add_result(case, requirement=CT, state="ordered", accession_number="X1", by=house.clinician)
    kept = send(house, report(case, accession_number="X1", modality="US"))
    assert kept.result_id == order.pk
    order.refresh_from_db()
    assert (order.state, order.source, order.created_by) == ("final", "hl7v2", house.clinician)
    assert (kept.rule, Result.objects.count(), state_of(case, CT)) == (Why.ACCESSION, 1, "final")


def test_an_order_for_the_whole_kind_is_narrowed_by_what_the_report_says(house: House, case: Case) -> None:
    add_result(case, state="ordered", accession_number="X1")
    assert place_of(send(house, report(case, accession_number="X1", modality="MR"))) == (case.pk, "mri_pelvis_rectum")


def test_an_accession_number_of_another_patients_order_places_nothing(house: House, case: Case) -> None:
    add_result(case, requirement=CT, state="ordered", accession_number="X1")
    assert place_of(send(house, report(new_number(), accession_number="X1"))) is None
    assert place_of(send(house, report(accession_number="X1"))) == (case.pk, CT), "no number contradicts nothing"


def test_a_report_waits_for_the_order_that_is_entered_later(house: House, case: Case) -> None:
    kept = send(house, report(case, modality="US", accession_number="X1"))
    result, _is_new = register_result(
        case.pk,
        ResultData(kind="radiology", state=ResultState.ORDERED, requirement=CT, accession_number="X1"),
        by=house.clinician, now=NOW,
    )  # fmt: skip
    assert place_of(kept) == (case.pk, CT)
    assert (result.pk, result.state) == (kept.result_id, "final")


def test_a_second_report_of_the_examination_goes_where_the_first_went_in_any_order(house: House, case: Case) -> None:
    addendum = send(house, report(case, modality="US", accession_number="X1"))
    assert place_of(addendum) is None
    send(house, report(case, accession_number="X1"))
    assert place_of(addendum) == (case.pk, CT)
    assert place_of(send(house, report(case, modality="US", accession_number="X1"))) == (case.pk, CT)


def test_the_order_is_an_order_again_when_the_report_turns_out_to_be_anothers(house: House, case: Case) -> None:
    other = make_case(house)
    order = add_result(case, requirement=CT, state="ordered", accession_number="X1", text="Bokad.")
    before = Result.objects.values().get(pk=order.pk)
    first = report(case, accession_number="X1")
    kept = send(house, first)
    send(house, stamped(first, 5, identities=(number_in(other),), accession_number=""))
    assert place_of(kept) == (other.pk, CT)
    after = Result.objects.values().get(pk=order.pk)
    assert {**after, "updated_at": before["updated_at"]} == before
    assert (state_of(case, CT), state_of(other, CT)) == ("ordered", "final")


# Versions


def test_an_older_version_changes_nothing(house: House, case: Case) -> None:
    first = report(case, text="Gammalt.")
    send(house, stamped(first, 5, text="Nytt."))
    kept = send(house, first)
    assert kept.result is not None
    assert kept.result.text == "Nytt."


def test_a_correction_is_told_to_those_who_read_the_final_answer(house: House, case: Case) -> None:
    meeting = make_meeting(house)
    place(meeting, case, by=house.coordinator, provisional=True)
    first = report(case)
    send(house, first)
    corrected = stamped(first, 5, text="Metastas i levern.", is_corrected=True)
    kept = send(house, corrected)
    send(house, corrected)
    assert kept.result is not None
    assert (kept.result.is_corrected, kept.result.state) == (True, "final")
    event = Event.objects.get(kind="result.corrected", case_id=case.pk)
    told = set(Notice.objects.filter(event=event).values_list("person", flat=True))
    assert house.clinician.pk in told
    assert event.system == "hl7v2"


def test_a_correction_of_what_was_never_final_here_tells_nobody(house: House, case: Case) -> None:
    send(house, report(case, is_corrected=True))
    assert not Event.objects.filter(kind="result.corrected").exists()


def test_a_final_answer_that_is_taken_back_is_told_and_the_requirement_falls_back(house: House, case: Case) -> None:
    first = report(case)
    send(house, first)
    send(house, stamped(first, 5, state=ResultState.CANCELLED))
    assert state_of(case, CT) == "missing"
    event = Event.objects.get(kind="result.taken_back", case_id=case.pk)
    assert Notice.objects.filter(event=event, person=house.clinician).exists()


def test_a_version_about_another_patient_leaves_the_first_ones_case(house: House, case: Case) -> None:
    other = make_case(house)
    first = report(case)
    kept = send(house, first)
    send(house, stamped(first, 5, identities=(number_in(other),)))
    assert place_of(kept) == (other.pk, CT)
    assert (state_of(case, CT), state_of(other, CT)) == ("missing", "final")
    assert Event.objects.filter(kind="report.left", case_id=case.pk).exists()
    assert Notice.objects.filter(event__kind="report.left", person=house.clinician).exists()


def test_a_correction_stays_although_another_clinic_asks_for_the_same_meanwhile(house: House, case: Case) -> None:
    first = report(case)
    kept = send(house, first)
    make_case(house, identity=case.patient.identity, phase="recurrence")
    send(house, stamped(first, 5, text="Rättat.", is_corrected=True))
    assert place_of(kept) == (case.pk, CT)


def test_a_correction_reaches_a_case_that_is_over(house: House, case: Case) -> None:
    first = report(case)
    kept = send(house, first)
    withdraw_case(case.pk, reason="Avstår.", by=house.coordinator, now=NOW)
    send(house, stamped(first, 5, text="Rättat.", codes=(CT_CODE,), is_corrected=True))
    assert place_of(kept) == (case.pk, CT)
    assert Result.objects.get().text == "Rättat."


def test_an_answer_that_was_marked_as_discordant_is_not_taken_away(house: House, case: Case) -> None:
    first = report(case)
    kept = send(house, first)
    pad = add_result(case, "pathology", requirement=PAD)
    mark_discordance(case.pk, [kept.result_id or 0, pad.pk], "Olika.", by=house.radiologist, now=NOW)
    send(house, stamped(first, 5, identities=(new_number(),)))
    assert place_of(kept) == (case.pk, CT)


# Before its case


def test_a_report_that_came_before_the_referral_is_placed_by_it(house: House) -> None:
    data = referral_data(house)
    number = ReportedIdentity(data.identity.system, data.identity.value)
    kept = send(house, report(number))
    assert kept.state == ReportState.WAITING
    case = make_case(house, identity=data.identity)
    assert place_of(kept) == (case.pk, CT)
    assert next(one["state"] for one in case.readiness["checks"] if one["requirement"] == CT) == "final"


def test_a_new_phase_lets_a_waiting_report_find_its_place(house: House) -> None:
    case = make_case(house, phase="post_operative")
    kept = send(house, report(case, kind="radiology", modality="US", title="Bilddiagnostik från uppföljningen"))
    assert place_of(kept) is None
    edit_case(case.pk, {"phase": "follow_up"}, version=case.version, by=house.coordinator, now=NOW)
    assert place_of(kept) == (case.pk, "follow_up_imaging")


def test_placing_what_waits_twice_does_it_once(house: House, case: Case) -> None:
    send(house, report(case, modality="US"))
    assert place_waiting(case.patient, now=NOW) == 0


# By hand


def test_the_report_of_an_order_that_was_placed_by_hand_goes_where_the_order_is(house: House, case: Case) -> None:
    order = send(house, report(case, modality="US", state="ordered", accession_number="X1", is_order=True))
    place_report(order.pk, case.pk, "mri_pelvis_rectum", by=house.coordinator, now=NOW)
    assert place_of(send(house, report(case, accession_number="X1"))) == (case.pk, "mri_pelvis_rectum")
    assert state_of(case, "mri_pelvis_rectum") == "final"


def test_placed_by_hand_it_stays_as_its_versions_come(house: House, case: Case) -> None:
    first = report(case, modality="US")
    kept = send(house, first)
    place_report(kept.pk, case.pk, CT, by=house.coordinator, now=NOW)
    assert (place_of(kept), state_of(case, CT)) == ((case.pk, CT), "final")
    assert kept.settled_by == house.coordinator
    send(house, stamped(first, 5, identities=(new_number(),), text="Nyare."))
    assert place_of(kept) == (case.pk, CT)
    assert Result.objects.get().text == "Nyare."
    assert Event.objects.filter(kind="report.placed", case_id=case.pk, actor=house.coordinator).count() == 1


def test_the_same_click_again_is_a_success_and_anothers_names_who_was_first(house: House, case: Case) -> None:
    kept = send(house, report(case, modality="US"))
    place_report(kept.pk, case.pk, CT, by=house.coordinator, now=NOW)
    place_report(kept.pk, case.pk, CT, by=house.coordinator, now=NOW)
    with pytest.raises(ReportSettled, match=house.coordinator.name):
        place_report(kept.pk, case.pk, CT, by=house.chair, now=NOW)
    with pytest.raises(ReportSettled, match=house.coordinator.name):
        set_aside(kept.pk, reason="Hör inte hit.", by=house.chair, now=NOW)
    assert Event.objects.filter(kind="report.placed").count() == 1


def test_what_a_rule_placed_wrongly_is_moved_by_hand(house: House, case: Case) -> None:
    other = make_case(house)
    kept = send(house, report(case))
    place_report(kept.pk, other.pk, CT, by=house.coordinator, now=NOW)
    assert (place_of(kept), state_of(case, CT), state_of(other, CT)) == ((other.pk, CT), "missing", "final")


def test_the_requirement_must_be_one_of_the_case_and_the_case_open_and_of_the_provider(
    house: House, case: Case
) -> None:
    kept = send(house, report(case, modality="US"))
    with pytest.raises(Invalid):
        place_report(kept.pk, case.pk, "no_such", by=house.coordinator, now=NOW)
    elsewhere = make_case(house, unit=house.elsewhere)
    with pytest.raises(Refused):
        place_report(kept.pk, elsewhere.pk, CT, by=house.coordinator, now=NOW)
    withdraw_case(case.pk, reason="Avstår.", by=house.coordinator, now=NOW)
    with pytest.raises(Refused):
        place_report(kept.pk, case.pk, CT, by=house.coordinator, now=NOW)
    assert place_of(kept) is None


def test_set_aside_it_is_kept_and_stays_aside(house: House, case: Case) -> None:
    first = report(case, modality="US")
    kept = send(house, first)
    set_aside(kept.pk, reason="Dubblett.", by=house.coordinator, now=NOW)
    set_aside(kept.pk, reason="Dubblett.", by=house.coordinator, now=NOW)
    send(house, stamped(first, 5, modality="CT", text="Nyare."))
    kept.refresh_from_db()
    assert (kept.state, kept.reason, kept.content["text"]) == (ReportState.SET_ASIDE, "Dubblett.", "Nyare.")
    assert Event.objects.filter(kind="report.set_aside").count() == 1
    place_report(kept.pk, case.pk, CT, by=house.chair, now=NOW, move=True)
    assert (place_of(kept), kept.reason) == ((case.pk, CT), "")


def test_setting_aside_needs_a_reason_and_with_move_takes_an_answer_out(house: House, case: Case) -> None:
    kept = send(house, report(case))
    with pytest.raises(Invalid):
        set_aside(kept.pk, reason=" ", by=house.coordinator, now=NOW)
    set_aside(kept.pk, reason="Fel patient.", by=house.coordinator, now=NOW, move=True)
    assert (place_of(kept), state_of(case, CT), Result.objects.count()) == (None, "missing", 0)


# Suggestions


def test_a_namesake_born_the_same_day_is_suggested_last_and_never_placed(house: House, case: Case) -> None:
    born = case.patient.identity_value
    data = report(
        new_number(), name=case.patient.name.upper(),
        born_on=NOW.date().replace(year=int(born[:4]), month=int(born[4:6]), day=int(born[6:8])),
    )  # fmt: skip
    kept = send(house, data)
    offered = suggestions_for(kept, provider=house.hospital)
    assert place_of(kept) is None
    assert {one.case.pk for one in offered} == {case.pk}
    assert suggestions_for(kept, provider=house.elsewhere) == []


def test_suggestions_for_many_cost_as_many_queries_as_for_one(
    house: House, case: Case, django_assert_num_queries: Any
) -> None:
    add_result(case, requirement=CT, state="ordered", accession_number="X9")
    waiting = [send(house, report(one, modality="US")) for one in (case, make_case(house), make_case(house))]
    suggestions_for_all(waiting)
    for some in (waiting[:1], waiting):
        with django_assert_num_queries(3):
            assert all(suggestions_for_all(some).values())


def test_an_unknown_code_of_a_declared_system_is_not_placed_by_modality(house: House) -> None:
    with_codes({CT: ("http://loinc.org", "30746-2")})
    case = make_case(house)
    assert place_of(send(house, report(case, codes=(CT_CODE,)))) is None
    assert place_of(send(house, report(case, codes=(ReportCode("L", "83100"),)))) == (case.pk, CT)
