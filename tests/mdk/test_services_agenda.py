"""Places on an agenda: who gets one, what is refused and with which code, order, lifting, taking off, publishing."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.errors import Invalid
from cases.enums import CaseStatus, ReadinessState
from cases.models import Case
from cases.services.editing import withdraw_case
from events.models import Event, Notice
from mdk.enums import ItemStatus, MeetingStatus, PreparationState
from mdk.models import AgendaItem, Meeting, Preparation
from mdk.services.agenda import (
    BookingRefused,
    book_case,
    change_item,
    lift_item,
    move_item,
    order_items,
    planned_minutes,
    take_off,
)
from mdk.services.publishing import publish_meeting
from mdk.transitions import MeetingMoveRefused
from tests.domain_factories import (
    House,
    add_result,
    live_meeting,
    make_case,
    make_house,
    make_meeting,
    make_series,
    place,
    published_meeting,
    ready_case,
)

pytestmark = pytest.mark.django_db
NOW = timezone.now()
REASON = "Operationstid redan bokad."


@pytest.fixture
def house() -> House:
    return make_house()


def book(meeting: Meeting, case: Case, house: House, **fields: object) -> AgendaItem:
    values = {"by": house.coordinator, "now": NOW} | fields
    return book_case(meeting.pk, case.pk, **values)  # type: ignore[arg-type]


def positions(meeting: Meeting) -> list[int]:
    return list(meeting.items.filter(position__isnull=False).order_by("position").values_list("pk", flat=True))


def test_a_ready_case_gets_a_firm_place_with_the_minutes_of_its_level(house: House) -> None:
    meeting, case = make_meeting(house), ready_case(house)
    item = book(meeting, case, house)
    assert (item.status, item.level, item.minutes, item.position) == (ItemStatus.PLANNED, "full", 6, 1)
    assert (item.added_by, item.added_at, item.is_late, item.override_by) == (house.coordinator, NOW, False, None)
    case.refresh_from_db()
    meeting.refresh_from_db()
    assert case.status == CaseStatus.SCHEDULED
    assert meeting.version == 2
    assert house.radiology in case.units.all()
    event = Event.objects.get(kind="item.booked")
    assert (event.case_id, event.meeting_id, event.data["override"]) == (case.pk, meeting.pk, "")


def test_preparations_follow_the_level_and_wait_for_publication(house: House) -> None:
    meeting = make_meeting(house)
    full, focused = book(meeting, ready_case(house), house), book(meeting, ready_case(house), house, level="focused")
    listed = book(meeting, ready_case(house, level="protocol"), house)
    rows = {(p.item_id, p.discipline): (p.estimate_minutes, p.state) for p in Preparation.objects.all()}
    assert rows == {
        (full.pk, "radiology"): (9, "waiting"),
        (full.pk, "pathology"): (10, "waiting"),
        (focused.pk, "radiology"): (3, "waiting"),
        (focused.pk, "pathology"): (3, "waiting"),
    }
    assert listed.minutes == 1
    assert set(Preparation.objects.values_list("due_at", flat=True)) == {meeting.starts_at}


def refused(meeting: Meeting, case: Case, house: House, **fields: object) -> BookingRefused:
    events = Event.objects.count()
    with pytest.raises(BookingRefused) as refusal:
        book(meeting, case, house, **fields)
    assert Event.objects.count() == events
    return refusal.value


def test_not_ready(house: House) -> None:
    meeting, case = make_meeting(house), make_case(house)
    refusal = refused(meeting, case, house)
    assert refusal.code == "not-ready"
    assert "answer-missing" in refusal.extra["findings"]
    case.refresh_from_db()
    assert case.status == CaseStatus.REFERRED
    item = book(meeting, case, house, override_reason=REASON)
    assert (item.override_by, item.override_at, item.override_reason) == (house.coordinator, NOW, REASON)
    assert Event.objects.get(kind="item.booked").data["override"] == "not-ready"


def test_a_case_that_needs_approval_is_not_ready_either(house: House) -> None:
    case = make_case(house)
    add_result(case, "radiology", requirement="ct_thorax_abdomen")
    add_result(case, "pathology")
    case.refresh_from_db()
    assert case.readiness_state == ReadinessState.NEEDS_APPROVAL
    assert refused(make_meeting(house), case, house).code == "not-ready"


def test_readiness_is_asked_for_at_the_level_of_the_place(house: House) -> None:
    meeting = make_meeting(house)
    listed = make_case(house)
    assert book(meeting, listed, house, level="protocol").level == "protocol"
    unattested = ready_case(house, level="protocol")
    Case.objects.filter(pk=unattested.pk).update(attested_by=None, attested_at=None)
    refusal = refused(meeting, unattested, house, level="full")
    assert refusal.code == "not-ready"
    assert "attestation-missing" in refusal.extra["findings"]


def test_after_cutoff(house: House) -> None:
    meeting, case = make_meeting(house), ready_case(house)
    late = meeting.cutoff_at + timedelta(minutes=1)
    assert refused(meeting, case, house, now=late).code == "after-cutoff"
    item = book(meeting, case, house, now=late, override_reason=REASON)
    assert (item.status, item.late, item.is_late) == (ItemStatus.PROVISIONAL, "asked", False)


def test_exactly_at_the_cutoff_is_in_time(house: House) -> None:
    meeting = make_meeting(house)
    assert not book(meeting, ready_case(house), house, now=meeting.cutoff_at).is_late


def test_over_capacity(house: House) -> None:
    meeting = make_meeting(house, capacity_minutes=12)
    book(meeting, ready_case(house), house)
    book(meeting, ready_case(house), house)
    case = ready_case(house)
    assert refused(meeting, case, house).code == "over-capacity"
    assert planned_minutes(meeting) == 12
    assert book(meeting, case, house, minutes=0).minutes == 0
    assert book(meeting, ready_case(house), house, override_reason=REASON).override_reason == REASON


def test_wrong_series(house: House) -> None:
    meeting = make_meeting(house, diagnoses=("prostate",))
    case = ready_case(house)
    assert refused(meeting, case, house).code == "wrong-series"
    assert book(meeting, case, house, override_reason=REASON).pk


def test_an_override_that_was_not_needed_is_not_written_down(house: House) -> None:
    item = book(make_meeting(house), ready_case(house), house, override_reason=REASON)
    assert (item.override_by, item.override_reason) == (None, "")


def test_already_booked_by_another_names_them(house: House) -> None:
    first, second, case = make_meeting(house), make_meeting(house), ready_case(house)
    item = book(first, case, house)
    for meeting in (first, second):
        refusal = refused(meeting, case, house, by=house.chair, override_reason=REASON)
        assert refusal.code == "already-booked"
        assert house.coordinator.name in refusal.message
        assert refusal.extra == {"item": item.pk, "meeting": first.pk, "booked_by": house.coordinator.name}
    assert refused(second, case, house).code == "already-booked"


def test_the_same_person_asking_again_gets_the_place(house: House) -> None:
    meeting, case = make_meeting(house), ready_case(house)
    item = book(meeting, case, house)
    assert book(meeting, case, house).pk == item.pk
    assert (AgendaItem.objects.count(), Event.objects.filter(kind="item.booked").count()) == (1, 1)


@pytest.mark.parametrize("status", ["live", "closed", "signed", "cancelled"])
def test_no_place_on_a_meeting_that_is_no_longer_planned(house: House, status: str) -> None:
    meeting = make_meeting(house)
    stamps = {"signed_by": house.chair, "signed_at": NOW} if status == "signed" else {}
    Meeting.objects.filter(pk=meeting.pk).update(status=status, **stamps)
    refusal = refused(meeting, ready_case(house), house, override_reason=REASON)
    assert refusal.code == "meeting-status"


def test_no_place_for_a_case_that_is_over(house: House) -> None:
    case = ready_case(house)
    withdraw_case(case.pk, reason="Avstår.", by=house.clinician, now=NOW)
    assert refused(make_meeting(house), case, house, override_reason=REASON).code == "case-status"


def test_an_unknown_level_is_named(house: House) -> None:
    with pytest.raises(Invalid):
        book(make_meeting(house), ready_case(house), house, level="deluxe")


def test_a_provisional_place_asks_for_nothing_and_counts_for_nothing(house: House) -> None:
    meeting, case = make_meeting(house), make_case(house)
    item = book(meeting, case, house, provisional=True, now=meeting.cutoff_at + timedelta(minutes=1))
    case.refresh_from_db()
    assert (item.status, item.override_reason, case.status) == ("provisional", "", CaseStatus.REFERRED)
    assert not Preparation.objects.exists()
    assert planned_minutes(meeting) == 0
    assert refused(make_meeting(house), case, house, by=house.chair, provisional=True).code == "already-booked"


def test_order_names_every_item_once(house: House) -> None:
    meeting = published_meeting(house, 3)
    first, second, third = positions(meeting)
    order_items(meeting.pk, [third, first, second], by=house.coordinator, now=NOW)
    assert positions(meeting) == [third, first, second]
    for wrong in ([third, first], [third, first, first], [first, second, third, 0], []):
        with pytest.raises(Invalid):
            order_items(meeting.pk, wrong, by=house.coordinator, now=NOW)
    assert positions(meeting) == [third, first, second]


@pytest.mark.parametrize(("steps", "order"), [(1, "bac"), (-1, "abc"), (2, "bca"), (9, "bca")])
def test_moving_stops_at_the_ends(house: House, steps: int, order: str) -> None:
    meeting = published_meeting(house, 3)
    items = dict(zip("abc", positions(meeting), strict=True))
    move_item(items["a"], steps, by=house.coordinator, now=NOW)
    assert positions(meeting) == [items[letter] for letter in order]


def test_minutes_can_be_changed_until_the_meeting_starts(house: House) -> None:
    meeting = published_meeting(house, 1)
    pk = positions(meeting)[0]
    assert change_item(pk, minutes=12, by=house.coordinator, now=NOW).minutes == 12
    for wrong in (-1, 61):
        with pytest.raises(Invalid):
            change_item(pk, minutes=wrong, by=house.coordinator, now=NOW)
    live = live_meeting(house, 1)
    with pytest.raises(BookingRefused) as refusal:
        change_item(positions(live)[0], minutes=3, by=house.coordinator, now=NOW)
    assert refusal.value.code == "meeting-status"


def test_lifting_takes_a_sentence_and_tells_the_chair(house: House) -> None:
    meeting = make_meeting(house)
    item = book(meeting, ready_case(house, level="protocol"), house)
    with pytest.raises(Invalid):
        lift_item(item.pk, reason=" ", by=house.radiologist, now=NOW)
    lifted = lift_item(item.pk, reason="Ny förändring på MR.", by=house.radiologist, now=NOW)
    assert (lifted.level, lifted.minutes, lifted.lifted_reason) == ("focused", 3, "Ny förändring på MR.")
    lift_item(item.pk, reason="Igen.", by=house.radiologist, now=NOW)
    assert Notice.objects.filter(event__kind="item.lifted").values_list("person", flat=True).get() == house.chair.pk


def test_a_lifted_case_is_prepared(house: House) -> None:
    meeting = make_meeting(house)
    item = book(meeting, ready_case(house, level="protocol"), house)
    publish_meeting(meeting.pk, by=house.coordinator, now=NOW)
    lift_item(item.pk, reason="Ny förändring på MR.", by=house.radiologist, now=NOW)
    rows = set(item.preparations.values_list("discipline", "estimate_minutes", "state"))
    assert rows == {("radiology", 3, "todo"), ("pathology", 3, "todo")}


def test_taking_off_frees_the_place_and_the_case_waits_again(house: House) -> None:
    meeting = published_meeting(house, 2)
    pk = positions(meeting)[0]
    with pytest.raises(Invalid):
        take_off(pk, reason="", by=house.coordinator, now=NOW)
    item = take_off(pk, reason="Patienten avstår.", by=house.coordinator, now=NOW)
    item.case.refresh_from_db()
    assert (item.status, item.position, item.case.status) == (ItemStatus.REMOVED, None, CaseStatus.REFERRED)
    assert take_off(pk, reason="Igen.", by=house.chair, now=NOW).removed_reason == "Patienten avstår."
    told = Notice.objects.filter(event__kind="item.removed").values_list("person", flat=True)
    assert set(told) == {house.clinician.pk, house.nurse.pk}
    assert book(meeting, item.case, house).position == 2


def test_publishing_lets_the_readers_begin(house: House) -> None:
    meeting = make_meeting(house)
    book(meeting, ready_case(house), house)
    published = publish_meeting(meeting.pk, by=house.coordinator, now=NOW)
    assert (published.status, published.published_by, published.published_at) == (
        MeetingStatus.PUBLISHED, house.coordinator, NOW,
    )  # fmt: skip
    assert set(Preparation.objects.values_list("state", flat=True)) == {PreparationState.TODO}
    later = book(meeting, ready_case(house), house)
    assert set(later.preparations.values_list("state", flat=True)) == {PreparationState.TODO}


def test_publishing_twice_is_once_and_another_is_told_who(house: House) -> None:
    meeting = published_meeting(house, 0)
    assert publish_meeting(meeting.pk, by=house.coordinator, now=NOW).status == MeetingStatus.PUBLISHED
    with pytest.raises(MeetingMoveRefused) as refusal:
        publish_meeting(meeting.pk, by=house.chair, now=NOW)
    assert house.coordinator.name in refusal.value.message
    assert refusal.value.extra == {"meeting_status": "published", "changed_by": house.coordinator.name}
    assert Event.objects.filter(kind="meeting.published").count() == 1


def test_every_change_of_the_agenda_raises_the_version_that_followers_see(house: House) -> None:
    meeting = published_meeting(house, 2)
    pk = positions(meeting)[0]
    versions = [meeting.version]

    def version(now: datetime) -> int:
        return Meeting.objects.values_list("version", flat=True).get(pk=meeting.pk)

    for change in (
        lambda: place(meeting, ready_case(house), by=house.coordinator),
        lambda: move_item(pk, 1, by=house.coordinator, now=NOW),
        lambda: change_item(pk, minutes=4, by=house.coordinator, now=NOW),
        lambda: take_off(pk, reason="Avstår.", by=house.coordinator, now=NOW),
    ):
        change()
        versions.append(version(NOW))
    assert versions == sorted(set(versions))


def test_a_series_of_its_own_hour_keeps_it_over_the_change_of_the_clocks(house: House) -> None:
    spring = timezone.make_aware(datetime(2027, 3, 15, 9))  # noqa: DTZ001 - made aware here
    series = make_series(house, now=spring, first_in_days=1)
    hours = {timezone.localtime(meeting.starts_at).strftime("%H:%M") for meeting in series.meetings.all()}
    offsets = {meeting.starts_at.hour for meeting in series.meetings.all()}
    assert hours == {"08:15"}
    assert offsets == {6, 7}
