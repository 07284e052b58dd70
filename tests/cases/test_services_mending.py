"""Mending one thing from the list, and taking it back."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.errors import Invalid, NotAllowed, Stale
from accounts.models import User
from accounts.permissions import Permission
from cases.enums import ResultSource
from cases.models import Case, Result
from cases.services.editing import withdraw_case
from cases.services.mending import Mending, NothingToMend, mend_case
from cases.transitions import CaseMoveRefused
from tests.domain_factories import House, add_result, make_case

CT, MR = "ct_thorax_abdomen", "mri_pelvis_rectum"


def mend(case: Case, by: User, what: str, key: str = "", **values: str) -> Mending | None:
    """Mend one thing in the case as it is now."""
    case.refresh_from_db()
    return mend_case(case.pk, Mending(what, key, case.version, values), by=by, now=timezone.now())


def undo(case: Case, by: User, back: Mending | None) -> None:
    """Press the button that undoes it."""
    assert back is not None
    assert mend(case, by, back.what, back.key) is None


def state(case: Case, requirement: str) -> str:
    """Return how the requirement stands now."""
    case.refresh_from_db()
    return next(c["state"] for c in case.readiness["checks"] if c["requirement"] == requirement)


@pytest.mark.parametrize(
    ("field", "text", "kept"),
    [
        ("performance_status", "2", 2),
        ("comorbidity", " Diabetes. ", "Diabetes."),
        ("patient_wishes", "Snabbt.", "Snabbt."),
    ],
)
def test_a_field_is_filled_in_and_emptied_again(house: House, field: str, text: str, kept: Any) -> None:
    case = make_case(house, performance_status=None, comorbidity="", patient_wishes="")
    back = mend(case, house.nurse, "field", field, value=text)
    assert state(case, field) == "final"
    assert getattr(case, field) == kept
    undo(case, house.nurse, back)
    assert state(case, field) == "missing"


def test_a_contact_nurse_is_named(house: House) -> None:
    case = make_case(house, contact_nurse=None)
    back = mend(case, house.clinician, "field", "contact_nurse", value=house.nurse.email)
    case.refresh_from_db()
    assert case.contact_nurse == house.nurse
    undo(case, house.clinician, back)
    case.refresh_from_db()
    assert case.contact_nurse is None


@pytest.mark.parametrize(
    ("what", "key", "values", "field"),
    [
        ("field", "performance_status", {"value": "7"}, "value"),
        ("field", "comorbidity", {"value": " "}, "value"),
        ("field", "contact_nurse", {"value": "nobody@test.example"}, "value"),
        ("answer", CT, {}, f"how__{CT}"),
        ("answer", CT, {f"how__{CT}": "answered"}, f"on__{CT}"),
        ("answer", "okänt", {"how__okänt": "ordered"}, "how__okänt"),
        ("answer", "comorbidity", {"how__comorbidity": "ordered"}, "how__comorbidity"),
    ],
)
def test_what_is_wrong_is_named(house: House, what: str, key: str, values: dict[str, str], field: str) -> None:
    case = make_case(house, comorbidity="", performance_status=None)
    with pytest.raises(Invalid) as refused:
        mend(case, house.clinician, what, key, **values)
    assert [error.field for error in refused.value.errors] == [field]
    assert not case.results.exists()


@pytest.mark.parametrize(
    ("what", "key"), [("field", "clinical_question"), ("field", "unit"), ("", ""), ("delete", "x")]
)
def test_nothing_else_is_mended(house: House, what: str, key: str) -> None:
    with pytest.raises(NothingToMend):
        mend(make_case(house), house.clinician, what, key, value="x")


def test_a_field_that_has_been_changed_meanwhile_is_not_overwritten(house: House) -> None:
    case = make_case(house, comorbidity="")
    mend(case, house.nurse, "field", "comorbidity", value="Diabetes.")
    with pytest.raises(Stale):
        mend_case(
            case.pk, Mending("field", "comorbidity", 1, {"value": "Astma."}), by=house.clinician, now=timezone.now()
        )
    case.refresh_from_db()
    assert case.comorbidity == "Diabetes."


def test_an_answer_is_ordered_and_called_off(house: House) -> None:
    case = make_case(house)
    back = mend(case, house.clinician, "answer", CT, **{f"how__{CT}": "ordered", f"expected__{CT}": "2999-01-01"})
    assert state(case, CT) == "ordered"
    undo(case, house.clinician, back)
    assert state(case, CT) == "missing"
    assert Result.objects.get().state == "cancelled"


def test_what_is_called_off_keeps_all_that_it_said(house: House) -> None:
    case = make_case(house)
    result = add_result(case, by=house.clinician, requirement=CT, text="T3.", accession_number="A-1", study_uid="1.2")
    mend(case, house.clinician, "take_back", str(result.pk))
    stored = Result.objects.get()
    assert (stored.state, stored.text, stored.accession_number, stored.study_uid) == ("cancelled", "T3.", "A-1", "1.2")
    assert stored.performed_on == result.performed_on
    withdraw_case(case.pk, reason="Flyttat.", by=house.clinician, now=timezone.now())
    with pytest.raises(CaseMoveRefused):
        mend(case, house.clinician, "take_back", str(result.pk))


def test_a_condition_does_not_apply_and_is_asked_for_again(house: House) -> None:
    case = make_case(house)
    back = mend(
        case, house.clinician, "answer", MR, **{f"how__{MR}": "not_applicable", f"reason__{MR}": "Koloncancer."}
    )
    assert state(case, MR) == "not_applicable"
    undo(case, house.clinician, back)
    assert state(case, MR) == "missing"


def test_only_ones_own_entry_of_this_case_is_taken_back(house: House) -> None:
    case, other = make_case(house), make_case(house)
    theirs, elsewhere = add_result(case, by=house.radiologist), add_result(other, by=house.clinician)
    sent = add_result(case, by=house.clinician, source=ResultSource.FHIR)
    for key in (str(theirs.pk), str(elsewhere.pk), str(sent.pk), "x", ""):
        with pytest.raises(NotAllowed):
            mend(case, house.clinician, "take_back", key)
    assert set(Result.objects.values_list("state", flat=True)) == {"final"}


def test_the_word_that_nothing_is_missing(house: House) -> None:
    case = make_case(house)
    assert mend(case, house.clinician, "attest") is None
    case.refresh_from_db()
    assert case.attested_by == house.clinician
    with pytest.raises(NotAllowed):
        mend(make_case(house), house.coordinator, "attest")


@pytest.mark.parametrize(
    ("mending", "permission"),
    [
        (Mending("field", "comorbidity"), Permission.EDIT_CASE),
        (Mending("empty", "comorbidity"), Permission.EDIT_CASE),
        (Mending("answer", CT, 0, {f"how__{CT}": "ordered"}), Permission.ADD_RESULT),
        (Mending("answer", CT, 0, {f"how__{CT}": "not_applicable"}), Permission.WAIVE),
        (Mending("take_back", "1"), Permission.ADD_RESULT),
        (Mending("ask_again", CT), Permission.WAIVE),
        (Mending("attest"), Permission.ATTEST),
    ],
)
def test_each_act_has_its_permission(mending: Mending, permission: Permission) -> None:
    assert mending.permission == permission
