"""The same patient, the same key, the same answer at the same moment; and a withdrawal against a booking."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from cases.enums import ReferralSource, ResultState
from cases.models import Case, IdempotencyKey, Patient, Result
from cases.services.editing import edit_case, withdraw_case
from cases.services.referral import CaseOpenAlready, ReferralData, refer_case
from cases.services.results import ResultData, register_result
from events.models import Event
from mdk.services.agenda import BookingRefused, book_case
from tests.concurrency.conftest import at_once, meeting_at
from tests.domain_factories import House, make_case, make_meeting, ready_case, referral_data

pytestmark = pytest.mark.django_db(transaction=True)
NOW = timezone.now()
Unlock = Callable[[], None]
Patch = pytest.MonkeyPatch
GATE = "cases.services.referral._new_case"


def refer(data: ReferralData, by: Any, key: str = "") -> Callable[[], tuple[Case, bool]]:
    return lambda: refer_case(data, by=by, now=NOW, source=ReferralSource.API, idempotency_key=key)


def names(answers: list[Any]) -> list[str]:
    """Return what each call came to: `new`, `known`, or the name of its exception."""
    return sorted(type(a).__name__ if isinstance(a, BaseException) else "new" if a[1] else "known" for a in answers)


def known_patient(house: House) -> ReferralData:
    """Return a referral of a patient who is known already, by an earlier phase."""
    data = referral_data(house)
    refer_case(replace(data, phase="follow_up"), by=house.coordinator, now=NOW, source=ReferralSource.API)
    return data


@pytest.mark.parametrize("is_known", [True, False])
def test_without_locks_the_database_refuses_the_second(
    house: House, monkeypatch: Patch, without_locks: Unlock, is_known: bool
) -> None:
    data = known_patient(house) if is_known else referral_data(house)
    without_locks()
    with meeting_at(monkeypatch, GATE):
        answers = at_once(refer(data, house.coordinator), refer(data, house.chair))
    # A patient who is not known yet is one row that the second must wait for, lock or no lock.
    assert names(answers) == (["IntegrityError", "new"] if is_known else ["CaseOpenAlready", "new"])


@pytest.mark.parametrize("is_known", [True, False])
def test_one_refers_and_the_other_gets_the_case_that_is_open(house: House, monkeypatch: Patch, is_known: bool) -> None:
    data = known_patient(house) if is_known else referral_data(house)
    with meeting_at(monkeypatch, GATE):
        answers = at_once(refer(data, house.coordinator), refer(data, house.chair))
    assert names(answers) == ["CaseOpenAlready", "new"]
    refusal = next(answer for answer in answers if isinstance(answer, CaseOpenAlready))
    case = Case.objects.get(phase="pre_treatment")
    assert refusal.extra["case"] == case.pk
    assert (Patient.objects.count(), Event.objects.filter(case_id=case.pk).count()) == (1, 1)


def test_without_locks_the_same_key_breaks(house: House, monkeypatch: Patch, without_locks: Unlock) -> None:
    data = known_patient(house)
    without_locks()
    with meeting_at(monkeypatch, GATE):
        answers = at_once(refer(data, house.coordinator, "k1"), refer(data, house.coordinator, "k1"))
    assert names(answers) == ["IntegrityError", "new"]


def test_the_same_key_at_once_gives_one_case_to_both(house: House, monkeypatch: Patch) -> None:
    data = known_patient(house)
    with meeting_at(monkeypatch, GATE):
        answers = at_once(*[refer(data, house.coordinator, "k1") for _ in range(3)])
    assert names(answers) == ["known", "known", "new"]
    assert len({case.pk for case, _is_new in answers}) == 1
    assert IdempotencyKey.objects.count() == 1


def test_a_key_of_the_responsible_clinician_does_not_tie_up_others(house: House, monkeypatch: Patch) -> None:
    """The clinician refers with a key while another refers the same patient to them: neither waits for ever."""
    data = known_patient(house)
    with meeting_at(monkeypatch, GATE):
        answers = at_once(refer(data, house.clinician, "k1"), refer(data, house.coordinator))
    assert names(answers) == ["CaseOpenAlready", "new"]


def test_the_same_answer_twice_at_once_is_stored_once(house: House) -> None:
    case = make_case(house)
    data = ResultData(
        kind="radiology", state=ResultState.FINAL, performed_on=timezone.localdate(), source="fhir", external_id="X1"
    )
    answers = at_once(*[lambda: register_result(case.pk, data, by=None, now=NOW) for _ in range(3)])
    assert names(answers) == ["known", "known", "new"]
    assert Result.objects.count() == 1


def test_a_case_that_ends_while_it_is_booked_has_no_place(house: House, monkeypatch: Patch) -> None:
    meeting, case = make_meeting(house), ready_case(house)
    with meeting_at(monkeypatch, "mdk.services.agenda.booking._checked_level"):
        answers = at_once(
            lambda: book_case(meeting.pk, case.pk, by=house.coordinator, now=NOW),
            lambda: withdraw_case(case.pk, reason="Avstår.", by=house.clinician, now=NOW),
        )
    assert not isinstance(answers[1], BaseException), answers
    case.refresh_from_db()
    assert case.status == "withdrawn"
    assert not case.agenda_items.exclude(status="removed").exists()
    assert case.agenda_items.exists() or isinstance(answers[0], BookingRefused)


# Two cases of a patient that come to the same phase


def to_recurrence(house: House, monkeypatch: Patch) -> list[Any]:
    data = referral_data(house)
    first, second = (
        refer_case(replace(data, phase=phase), by=house.coordinator, now=NOW, source=ReferralSource.API)[0]
        for phase in ("pre_treatment", "follow_up")
    )
    with meeting_at(monkeypatch, "cases.services.editing._suggest_level"):
        return at_once(
            *(
                lambda case=case: edit_case(
                    case.pk, {"phase": "recurrence"}, version=case.version, by=house.clinician, now=NOW
                )
                for case in (first, second)
            )
        )


def test_without_locks_the_database_refuses_the_second_change(
    house: House, monkeypatch: Patch, without_locks: Unlock
) -> None:
    without_locks()
    answers = to_recurrence(house, monkeypatch)
    assert sorted(type(answer).__name__ for answer in answers) == ["Case", "IntegrityError"]


def test_one_changes_the_phase_and_the_other_is_told_of_the_open_case(house: House, monkeypatch: Patch) -> None:
    answers = to_recurrence(house, monkeypatch)
    assert sorted(type(answer).__name__ for answer in answers) == ["Case", "CaseOpenAlready"]
