"""Answers: stored once, changed in place, and readiness at once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import Invalid
from cases.enums import ResultSource, ResultState
from cases.models import Case, Result
from cases.services.results import (
    ResultData,
    ResultElsewhere,
    ResultFromMessage,
    change_result,
    edition_of,
    register_result,
)
from events.models import Event
from tests.cases.sending import report, send
from tests.domain_factories import House, add_result, make_case, make_house

pytestmark = pytest.mark.django_db
NOW = timezone.now()
TODAY = timezone.localdate(NOW)


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def case(house: House) -> Case:
    return make_case(house)


def final(**fields: object) -> ResultData:
    values = {"kind": "radiology", "state": ResultState.FINAL, "performed_on": TODAY - timedelta(days=3)} | fields
    return ResultData(**values)  # type: ignore[arg-type]


def test_a_new_answer_brings_readiness_up_to_date_in_the_same_step(house: House, case: Case) -> None:
    assert case.readiness["strip"][:2] == ["missing", "missing"]
    result, is_new = register_result(case.pk, final(), by=house.clinician, now=NOW)
    case.refresh_from_db()
    assert is_new
    assert case.readiness["strip"][:2] == ["final", "missing"]
    event = Event.objects.get(kind="result.registered")
    assert (event.subject_id, event.case_id, event.data["readiness"]) == (result.pk, case.pk, case.readiness_state)


def test_the_same_external_id_changes_the_stored_answer(house: House, case: Case) -> None:
    first = final(state=ResultState.PRELIMINARY, source=ResultSource.FHIR, external_id="X1", text="Preliminärt.")
    second = final(source=ResultSource.FHIR, external_id="X1", text="Slutsvar.")
    stored, is_new = register_result(case.pk, first, by=None, now=NOW)
    again, is_new_again = register_result(case.pk, second, by=None, now=NOW)
    assert (is_new, is_new_again, again.pk) == (True, False, stored.pk)
    assert Result.objects.get().text == "Slutsvar."
    case.refresh_from_db()
    assert case.readiness["strip"][0] == "final"
    assert list(Event.objects.filter(case_id=case.pk, system="fhir").values_list("kind", flat=True)) == [
        "result.registered", "result.changed",
    ]  # fmt: skip


def test_the_same_answer_again_leaves_no_trace(house: House, case: Case) -> None:
    data = final(source=ResultSource.HL7V2, external_id="X1")
    register_result(case.pk, data, by=None, now=NOW)
    events = Event.objects.count()
    register_result(case.pk, data, by=None, now=NOW + timedelta(hours=1))
    assert Event.objects.count() == events
    assert Result.objects.get().updated_at == NOW


def test_a_correction_from_final_to_preliminary_opens_the_case_again(house: House, case: Case) -> None:
    register_result(case.pk, final(source=ResultSource.HL7V2, external_id="X1"), by=None, now=NOW)
    back = final(state=ResultState.PRELIMINARY, source=ResultSource.HL7V2, external_id="X1")
    register_result(case.pk, back, by=None, now=NOW)
    case.refresh_from_db()
    assert case.readiness["strip"][0] == "preliminary"


def test_the_same_id_from_another_source_is_another_answer(house: House, case: Case) -> None:
    register_result(case.pk, final(source=ResultSource.HL7V2, external_id="X1"), by=None, now=NOW)
    _result, is_new = register_result(case.pk, final(source=ResultSource.FHIR, external_id="X1"), by=None, now=NOW)
    assert is_new


def test_an_external_id_of_another_case_is_refused(house: House, case: Case) -> None:
    register_result(case.pk, final(source=ResultSource.FHIR, external_id="X1"), by=None, now=NOW)
    other = make_case(house)
    with pytest.raises(ResultElsewhere) as refusal:
        register_result(other.pk, final(source=ResultSource.FHIR, external_id="X1"), by=None, now=NOW)
    assert refusal.value.field == "external_id"
    assert Result.objects.get().case_id == case.pk


def test_an_answer_that_came_by_message_is_not_overwritten(house: House, case: Case) -> None:
    stored = send(house, report(case)).result
    assert stored is not None
    with pytest.raises(ResultFromMessage):
        register_result(
            case.pk, final(source=ResultSource.HL7V2, external_id=stored.external_id), by=house.clinician, now=NOW
        )
    stored.refresh_from_db()
    assert stored.text == "Inga metastaser."


def test_answers_by_hand_without_an_id_add_up(house: House, case: Case) -> None:
    add_result(case)
    add_result(case)
    assert Result.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": "astrology"}, [("kind", "unknown")]),
        ({"requirement": "no_such"}, [("requirement", "unknown")]),
        ({"requirement": "histopathology"}, [("requirement", "unknown")]),
        ({"performed_on": None}, [("performed_on", "required")]),
        ({"performed_on": None, "state": ResultState.PRELIMINARY}, [("performed_on", "required")]),
        ({"performed_on": TODAY + timedelta(days=1)}, [("performed_on", "in-the-future")]),
        ({"requirement": "no_such", "performed_on": None}, [("requirement", "unknown"), ("performed_on", "required")]),
    ],
)
def test_wrong_fields_are_named_all_at_once_and_nothing_is_kept(
    house: House, case: Case, fields: dict[str, object], wrong: list[tuple[str, str]]
) -> None:
    events = Event.objects.count()
    with pytest.raises(Invalid) as refusal:
        register_result(case.pk, final(**fields), by=house.clinician, now=NOW)
    assert [(e.field, e.code) for e in refusal.value.errors] == wrong
    assert (Result.objects.count(), Event.objects.count()) == (0, events)


def test_an_answer_of_today_is_not_in_the_future(house: House, case: Case) -> None:
    register_result(case.pk, final(performed_on=TODAY), by=house.clinician, now=NOW)


def test_an_ordered_or_cancelled_answer_needs_no_date(house: House, case: Case) -> None:
    add_result(case, state=ResultState.ORDERED)
    add_result(case, state=ResultState.CANCELLED)
    case.refresh_from_db()
    assert case.readiness["strip"][0] == "ordered"


def test_a_correction_by_hand_follows_through(house: House, case: Case) -> None:
    result = add_result(case)
    data = final(state=ResultState.CANCELLED)
    changed = change_result(result.pk, data, seen=edition_of(result), by=house.clinician, now=NOW)
    case.refresh_from_db()
    assert (changed.pk, case.readiness["strip"][0]) == (result.pk, "missing")
    assert Event.objects.filter(kind="result.changed", subject_id=result.pk).count() == 1
