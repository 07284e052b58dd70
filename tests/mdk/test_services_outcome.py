"""Recommendations, attendance, quorum, the signature that locks, addenda."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import Invalid, NotAllowed, Stale
from cases.enums import CaseStatus
from events.models import Event, Notice
from mdk.enums import MeetingStatus
from mdk.models import Addendum, AgendaItem, Attendance, Meeting, Outcome
from mdk.queries.quorum import quorum_of
from mdk.services import live
from mdk.services.outcome import (
    OutcomeRefused,
    Participant,
    add_addendum,
    choose_chair,
    record_attendance,
    save_outcome,
    sign_meeting,
)
from mdk.transitions import MeetingMoveRefused
from tests.domain_factories import House, give_outcome, live_meeting, make_house, published_meeting

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def meeting(house: House) -> Meeting:
    return live_meeting(house, 2)


@pytest.fixture
def item(meeting: Meeting) -> AgendaItem:
    return meeting.items.order_by("position")[0]


def run_to_signature(meeting: Meeting, house: House) -> Meeting:
    """Give the first case a recommendation, defer the second, close and sign."""
    first, second = meeting.items.order_by("position")
    give_outcome(first, by=house.chair)
    live.next_item(meeting.pk, by=house.chair, now=NOW)
    live.defer_item(second.pk, reason="patient_ill", by=house.chair, now=NOW)
    live.close_meeting(meeting.pk, by=house.chair, now=NOW)
    return sign_meeting(meeting.pk, by=house.chair, now=LATER)


# Writing


def test_versions_rise_and_what_is_left_out_stays(house: House, item: AgendaItem) -> None:
    first = give_outcome(item, by=house.chair, ctnm="cT3N1M0")
    assert (first.version, first.recorded_by) == (1, house.chair)
    second = save_outcome(item.pk, {"next_step": "Remiss."}, version=1, by=house.coordinator, now=LATER)
    assert (second.version, second.ctnm, second.next_step, second.recorded_at) == (2, "cT3N1M0", "Remiss.", LATER)
    assert list(Event.objects.filter(kind="outcome.saved").values_list("data", flat=True)) == [
        {"version": 1}, {"version": 2},
    ]  # fmt: skip


def test_a_stale_version_names_the_other_writer_and_overwrites_nothing(house: House, item: AgendaItem) -> None:
    give_outcome(item, by=house.coordinator)
    for version in (0, 2):
        with pytest.raises(Stale) as refusal:
            save_outcome(item.pk, {"recommendation": "Annat."}, version=version, by=house.chair, now=LATER)
        assert refusal.value.extra == {"version": 1, "changed_by": house.coordinator.name}
        assert house.coordinator.name in refusal.value.message
    assert Outcome.objects.get().recommendation.startswith("Neoadjuvant")


def test_the_first_version_is_nought(house: House, item: AgendaItem) -> None:
    with pytest.raises(Stale) as refusal:
        give_outcome(item, by=house.chair, version=3)
    assert refusal.value.extra == {"version": 0}
    assert not Outcome.objects.exists()


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"intent": "hopeful"}, ["intent"]),
        ({"checklist": {"no_such": True}}, ["checklist"]),
        ({"fields": {"no_such": "x"}}, ["fields"]),
    ],
)
def test_wrong_values_are_named(house: House, item: AgendaItem, values: dict[str, object], wrong: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        give_outcome(item, by=house.chair, **values)
    assert [e.field for e in refusal.value.errors] == wrong
    assert not Outcome.objects.exists()


def test_unknown_names_are_no_way_around_the_signature(house: House, item: AgendaItem) -> None:
    outcome = give_outcome(item, by=house.chair, signed_by=house.stranger, signed_at=NOW, version_=7)
    assert (outcome.signed_by, outcome.version) == (None, 1)


def test_nothing_is_written_before_the_start(house: House) -> None:
    meeting = published_meeting(house, 1)
    with pytest.raises(OutcomeRefused):
        give_outcome(meeting.items.get(), by=house.chair)


def test_a_closed_meeting_is_still_written_until_it_is_signed(house: House, meeting: Meeting, item: AgendaItem) -> None:
    give_outcome(item, by=house.chair)
    live.close_meeting(meeting.pk, by=house.chair, now=NOW)
    assert give_outcome(item, by=house.chair, version=1, ctnm="cT2").version == 2
    sign_meeting(meeting.pk, by=house.chair, now=LATER)
    with pytest.raises(OutcomeRefused) as refusal:
        give_outcome(item, by=house.chair, version=2, ctnm="cT4")
    assert refusal.value.extra == {"meeting_status": "signed"}


# Signing


def test_signing_locks_closes_and_tells(house: House, meeting: Meeting) -> None:
    signed = run_to_signature(meeting, house)
    done, deferred = meeting.items.order_by("position")
    assert (signed.status, signed.signed_by, signed.signed_at) == ("signed", house.chair, LATER)
    outcome = Outcome.objects.get(item=done)
    assert (outcome.signed_by, outcome.signed_at) == (house.chair, LATER)
    assert (done.case.status, deferred.case.status) == (CaseStatus.CLOSED, CaseStatus.REFERRED)
    told = Notice.objects.filter(event__kind="outcome.signed").values_list("person", "event__case_id")
    assert set(told) == {(house.clinician.pk, done.case_id), (house.nurse.pk, done.case_id)}


def test_only_the_chair_of_the_meeting_signs(house: House, meeting: Meeting, item: AgendaItem) -> None:
    give_outcome(item, by=house.chair)
    live.close_meeting(meeting.pk, by=house.chair, now=NOW)
    with pytest.raises(NotAllowed) as refusal:
        sign_meeting(meeting.pk, by=house.coordinator, now=LATER)
    assert (refusal.value.code, house.chair.name in refusal.value.message) == ("not-the-chair", True)
    assert Outcome.objects.get().signed_at is None


def test_an_open_meeting_is_not_signed(house: House, meeting: Meeting) -> None:
    with pytest.raises(MeetingMoveRefused):
        sign_meeting(meeting.pk, by=house.chair, now=LATER)


def test_signing_twice_is_once(house: House, meeting: Meeting) -> None:
    run_to_signature(meeting, house)
    sign_meeting(meeting.pk, by=house.chair, now=LATER + timedelta(hours=1))
    assert Event.objects.filter(kind__in=["meeting.signed", "outcome.signed"]).count() == 2
    assert Outcome.objects.get().signed_at == LATER


def test_an_addendum_is_added_to_a_signed_outcome_alone(house: House, meeting: Meeting, item: AgendaItem) -> None:
    give_outcome(item, by=house.chair)
    with pytest.raises(OutcomeRefused) as refusal:
        add_addendum(item.pk, "Nytt PAD.", by=house.chair, now=NOW)
    assert refusal.value.code == "not-signed"
    live.close_meeting(meeting.pk, by=house.chair, now=NOW)
    sign_meeting(meeting.pk, by=house.chair, now=LATER)
    with pytest.raises(Invalid):
        add_addendum(item.pk, " ", by=house.chair, now=LATER)
    addendum = add_addendum(item.pk, " Nytt PAD. ", by=house.chair, now=LATER)
    assert (addendum.text, addendum.added_by, addendum.added_at) == ("Nytt PAD.", house.chair, LATER)
    assert Notice.objects.filter(event__kind="outcome.addendum", person=house.clinician).exists()
    assert Addendum.objects.get().outcome.item == item
    assert add_addendum(item.pk, "Nytt PAD.", by=house.chair, now=LATER) == addendum
    assert Event.objects.filter(kind="outcome.addendum").count() == 1


# Attendance and quorum


def test_attendance_is_replaced_as_a_whole(house: House, meeting: Meeting) -> None:
    record_attendance(meeting.pk, [Participant("oncologist", user=house.clinician)], by=house.chair, now=NOW)
    people = [
        Participant("radiologist", user=house.radiologist, is_remote=True),
        Participant("liver_surgeon", name=" Gäst Levin "),
        Participant("liver_surgeon", name="Gäst Levin"),
        Participant("pathologist", user=house.pathologist, is_present=False),
    ]
    record_attendance(meeting.pk, people, by=house.chair, now=LATER)
    rows = set(Attendance.objects.values_list("user", "name", "speciality", "is_present", "is_remote"))
    assert rows == {
        (house.radiologist.pk, "", "radiologist", True, True),
        (None, "Gäst Levin", "liver_surgeon", True, False),
        (house.pathologist.pk, "", "pathologist", False, False),
    }


def test_wrong_lines_are_named_by_their_place_and_the_old_ones_stay(house: House, meeting: Meeting) -> None:
    record_attendance(meeting.pk, [Participant("oncologist", user=house.clinician)], by=house.chair, now=NOW)
    wrong = [Participant("wizard", user=house.clinician), Participant("radiologist", name=" ")]
    with pytest.raises(Invalid) as refusal:
        record_attendance(meeting.pk, wrong, by=house.chair, now=NOW)
    assert [(e.field, e.code) for e in refusal.value.errors] == [("0.speciality", "unknown"), ("1.name", "required")]
    assert Attendance.objects.count() == 1


def test_the_attendance_of_a_signed_protocol_stays(house: House, meeting: Meeting) -> None:
    run_to_signature(meeting, house)
    with pytest.raises(OutcomeRefused) as refusal:
        record_attendance(meeting.pk, [], by=house.chair, now=LATER)
    assert str(MeetingStatus.SIGNED.label).lower() in refusal.value.message


def test_quorum_follows_the_phases_on_the_agenda(house: House, meeting: Meeting) -> None:
    items = list(meeting.items.select_related("case"))
    needed = {"colorectal_surgeon", "oncologist", "radiologist", "pathologist", "contact_nurse"}
    assert set(quorum_of(items, []).missing) == needed
    assert not quorum_of(items, []).met
    lines = [Attendance(meeting=meeting, name="X", speciality=speciality, recorded_at=NOW) for speciality in needed]
    assert quorum_of(items, lines).met
    lines[0].is_present = False
    assert quorum_of(items, lines).missing == (lines[0].speciality,)
    for one in items:
        one.case.phase = "post_operative"
    assert "radiologist" not in quorum_of(items, []).missing
    assert quorum_of([], []).met


def test_another_chair_is_told_and_may_sign(house: House, meeting: Meeting) -> None:
    choose_chair(meeting.pk, house.clinician, by=house.coordinator, now=NOW)
    assert Notice.objects.get(event__kind="meeting.chair").person == house.clinician
    live.close_meeting(meeting.pk, by=house.chair, now=NOW)
    with pytest.raises(NotAllowed):
        sign_meeting(meeting.pk, by=house.chair, now=LATER)
    assert sign_meeting(meeting.pk, by=house.clinician, now=LATER).signed_by == house.clinician
    with pytest.raises(OutcomeRefused):
        choose_chair(meeting.pk, house.chair, by=house.coordinator, now=LATER)
