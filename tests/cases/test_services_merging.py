"""Numbers that turn out to be one person's: cases move, nothing is deleted, and the order of messages is all one."""

import pytest
from django.utils import timezone

from accounts.models import AccessLog
from accounts.queries import readings
from cases.enums import MessageState, ReportState
from cases.identity import PERSONAL_NUMBER, Identity
from cases.models import Case, IdentityLink, Patient, ReportedName
from cases.queries import case_list
from cases.reports import ReportedIdentity
from cases.services.editing import withdraw_case
from cases.services.merging import MergeUnclear
from cases.services.referral import CaseOpenAlready, add_referral, refer_case
from cases.services.suggesting import suggestions_for
from events.models import Event, Notice
from tests.cases.sending import merge, new_number, number_in, rename, report, send, state_of
from tests.domain_factories import House, make_case, referral_data
from tests.factories import make_actor

pytestmark = pytest.mark.django_db
NOW = timezone.now()
CT = "ct_thorax_abdomen"


def refer(house: House, number: ReportedIdentity, **fields: object) -> Case:
    return make_case(house, identity=Identity(number.system, number.value), **fields)


def patient_of(number: ReportedIdentity) -> Patient:
    return Patient.objects.get(identity_system=number.system, identity_value=number.value)


# Cases move


def test_a_case_moves_to_the_surviving_patient_and_both_rows_stay(house: House) -> None:
    old, new = new_number(), new_number()
    first, second = refer(house, old), refer(house, new, phase="follow_up")
    merge(house, old, new)
    first.refresh_from_db()
    assert (first.patient, first.referred_as) == (second.patient, patient_of(old))
    assert patient_of(old).merged_into == second.patient
    event = Event.objects.get(kind="patient.merged", case_id=first.pk)
    assert event.data == {"old": patient_of(old).pk, "new": second.patient_id}
    assert Notice.objects.filter(event=event, person=house.clinician).exists()


def test_the_old_number_finds_the_case_in_lists(house: House) -> None:
    old, new = new_number(), new_number()
    case = refer(house, old)
    refer(house, new_number())
    merge(house, old, new)
    actor = make_actor(user=house.coordinator)
    for number in (old.value, f"{old.value[:8]}-{old.value[8:]}", new.value):
        assert list(case_list(actor, text=number)) == [case]


def test_a_surviving_number_that_nobody_had_yet_gets_a_patient(house: House) -> None:
    old, new = new_number(), new_number()
    case = refer(house, old, is_protected=True)
    name = case.patient.name
    merge(house, old, new)
    case.refresh_from_db()
    assert (case.patient.identity_value, case.patient.name, case.patient.is_protected) == (new.value, name, True)


def test_a_merge_before_any_case_holds_for_the_referral_that_comes(house: House) -> None:
    old, new = new_number(), new_number()
    merge(house, old, new, name="Åsa Öberg")
    assert Patient.objects.count() == 0
    case = refer(house, old)
    assert (case.patient, case.referred_as, case.patient.name) == (patient_of(new), patient_of(old), "Åsa Öberg")
    assert patient_of(old).merged_into == case.patient


def test_a_chain_of_merges_is_followed_to_its_end_in_any_order(house: House) -> None:
    a, b, c = new_number(), new_number(), new_number()
    case = refer(house, a)
    merge(house, b, c, at=1)
    merge(house, a, b, at=2)
    case.refresh_from_db()
    assert case.patient == patient_of(c)
    merged = Patient.objects.filter(merged_into__isnull=False)
    assert {one.merged_into for one in merged} == {patient_of(c)}


def test_of_two_merges_of_one_number_the_later_said_counts_whenever_it_comes(house: House) -> None:
    a, b, c = new_number(), new_number(), new_number()
    case = refer(house, a)
    merge(house, a, c, at=5)
    merge(house, a, b, at=1)
    case.refresh_from_db()
    assert case.patient == patient_of(c)
    merge(house, a, b, at=9)
    case.refresh_from_db()
    assert (case.patient, case.referred_as) == (patient_of(b), patient_of(a))


def test_the_same_merge_again_moves_nothing(house: House) -> None:
    old, new = new_number(), new_number()
    refer(house, old)
    merge(house, old, new)
    merge(house, old, new)
    assert (Event.objects.filter(kind="patient.merged").count(), IdentityLink.objects.count()) == (1, 1)


@pytest.mark.parametrize("first", [0, 1])
def test_merges_that_contradict_each_other_fail_the_older_one_whichever_came_first(house: House, first: int) -> None:
    a, b = new_number(), new_number()
    case = refer(house, a)
    pairs = [((a, b), 1), ((b, a), 2)]
    messages = {at: merge(house, *pair, at=at) for pair, at in (pairs[first], pairs[1 - first])}
    for message in messages.values():
        message.refresh_from_db()
    assert (messages[1].state, messages[2].state) == (MessageState.FAILED, MessageState.WAITING)
    assert messages[1].fault
    assert Notice.objects.filter(event__kind="message.failed", person=house.coordinator).count() == 1
    case.refresh_from_db()
    assert case.patient == patient_of(a)


def test_a_merge_without_a_known_number_is_refused(house: House) -> None:
    with pytest.raises(MergeUnclear):
        merge(house, ReportedIdentity("", "4711"), new_number())
    assert IdentityLink.objects.count() == 0


def test_other_hospitals_patients_are_left_alone(house: House) -> None:
    old, new = new_number(), new_number()
    case = refer(house, old, unit=house.elsewhere)
    merge(house, old, new)
    case.refresh_from_db()
    assert case.patient.identity_value == old.value


# Two open cases for the same


def test_two_open_cases_for_the_same_both_stay_open_and_the_coordinators_are_told(house: House) -> None:
    old, new = new_number(), new_number()
    first, second = refer(house, old), refer(house, new)
    merge(house, old, new)
    merge(house, old, new, at=1)
    first.refresh_from_db()
    assert (first.patient, first.referred_as, first.is_open) == (second.patient, patient_of(old), True)
    assert patient_of(old).merged_into == second.patient
    told = Event.objects.filter(kind="patient.merge_clash")
    assert {event.case_id for event in told} == {first.pk, second.pk}
    assert told.count() == 2
    assert Notice.objects.filter(event__in=told, person=house.coordinator).count() == 2


def test_when_one_of_the_two_is_withdrawn_the_other_takes_the_place_and_what_waited(house: House) -> None:
    old, new, third = new_number(), new_number(), new_number()
    first, second = refer(house, old), refer(house, new)
    merge(house, old, new)
    merge(house, third, new)
    kept = send(house, report(third))
    assert kept.state == ReportState.WAITING
    withdraw_case(second.pk, reason="Dubblett.", by=house.coordinator, now=NOW)
    first.refresh_from_db()
    kept.refresh_from_db()
    assert (first.patient, kept.state) == (second.patient, ReportState.PLACED)
    assert state_of(first, CT) == "final"


def test_a_merge_that_is_said_otherwise_later_takes_the_case_back_to_the_patient_it_came_from(house: House) -> None:
    a, b, c = new_number(), new_number(), new_number()
    first, second = refer(house, a), refer(house, b)
    merge(house, a, b, at=1)
    merge(house, a, c, at=2)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.patient, second.patient) == (patient_of(c), patient_of(b))


def test_a_report_under_either_number_goes_to_the_case_of_that_number(house: House) -> None:
    old, new = new_number(), new_number()
    first, second = refer(house, old), refer(house, new)
    merge(house, old, new)
    placed = [send(house, report(number)).result for number in (old, new)]
    assert [one.case_id for one in placed if one] == [first.pk, second.pk]


def test_a_referral_under_the_old_number_finds_the_case_that_is_open(house: House) -> None:
    old, new = new_number(), new_number()
    case = refer(house, new)
    merge(house, old, new)
    data = referral_data(house, identity=Identity(old.system, old.value))
    with pytest.raises(CaseOpenAlready) as refusal:
        refer_case(data, by=house.coordinator, now=NOW, source="form")  # type: ignore[arg-type]
    assert refusal.value.extra["case"] == case.pk
    assert add_referral(case.pk, data, by=house.coordinator, now=NOW, source="form").pk == case.pk  # type: ignore[arg-type]


# Reports


@pytest.mark.parametrize("order", ["report, merge, referral", "merge, report, referral", "referral, merge, report",
                                   "referral, report, merge", "report, referral, merge", "merge, referral, report"])  # fmt: skip
def test_report_merge_and_referral_end_alike_in_every_order(house: House, order: str) -> None:
    old, new = new_number(), new_number()
    case: Case | None = None
    for step in order.split(", "):
        if step == "report":
            kept = send(house, report(old))
        elif step == "merge":
            merge(house, old, new, name="Åsa Öberg")
        else:
            case = refer(house, new)
    assert case is not None
    kept.refresh_from_db()
    assert kept.result is not None
    assert (kept.result.case_id, state_of(case, CT)) == (case.pk, "final")
    case.patient.refresh_from_db()
    assert case.patient.name == "Åsa Öberg"
    assert kept.patient == case.patient


def test_a_place_that_only_the_merge_had_given_is_taken_back_by_a_second_one(house: House) -> None:
    """A report under a number of its own, and two cases that turn out to be that person's: nobody can tell which."""
    a, b, c = new_number(), new_number(), new_number()
    first, second = refer(house, a), refer(house, b, phase="recurrence")
    kept = send(house, report(c))
    merge(house, a, c)
    kept.refresh_from_db()
    assert kept.result is not None
    assert kept.result.case_id == first.pk
    merge(house, b, c)
    kept.refresh_from_db()
    assert (kept.state, state_of(first, CT), state_of(second, CT)) == (ReportState.WAITING, "missing", "missing")
    assert {one.case.pk for one in suggestions_for(kept, provider=house.hospital)} == {first.pk, second.pk}


def test_a_merge_takes_nothing_from_a_case_because_another_clinic_referred_later(house: House) -> None:
    a, b = new_number(), new_number()
    first = refer(house, a)
    kept = send(house, report(a))
    refer(house, a, phase="recurrence")
    merge(house, a, b)
    kept.refresh_from_db()
    assert kept.result is not None
    assert kept.result.case_id == first.pk


# Names


def test_a_newer_name_counts_and_an_older_one_never_does(house: House) -> None:
    case = make_case(house)
    number = number_in(case)
    rename(house, number, "Ny Andersson", at=5)
    rename(house, number, "Gammal Öst", at=1)
    case.patient.refresh_from_db()
    assert (case.patient.name, case.patient.sort_key) == ("Ny Andersson", "ny andersson")


def test_a_name_that_came_before_the_referral_goes_before_what_is_typed(house: House) -> None:
    number = new_number()
    rename(house, number, "Åsa Öberg")
    assert refer(house, number, name="Asa Oberg").patient.name == "Åsa Öberg"


def test_the_name_said_last_of_any_of_the_numbers_counts(house: House) -> None:
    old, new = new_number(), new_number()
    case = refer(house, old)
    rename(house, old, "Senare Sagd", at=9)
    merge(house, old, new, name="Tidigare Sagd", at=1)
    case.refresh_from_db()
    assert case.patient.name == "Senare Sagd"


def test_a_name_without_a_number_of_a_known_system_is_nobodys(house: House) -> None:
    rename(house, ReportedIdentity("", "4711"), "Ingen")
    rename(house, ReportedIdentity(PERSONAL_NUMBER, "191212121212"), " ")
    assert ReportedName.objects.count() == 0


# The log of readings


def test_the_log_finds_what_was_read_under_the_old_number(house: House) -> None:
    old, new = new_number(), new_number()
    case = refer(house, old)
    was = case.patient_id
    AccessLog.objects.create(
        at=NOW, user=house.chair, unit=house.hospital, role="chair", what="cases:case", patient_ids=[was]
    )
    merge(house, old, new)
    case.refresh_from_db()
    actor = make_actor(user=house.admin)
    for asked in (was, case.patient_id):
        assert readings(actor, patient=asked).count() == 1
