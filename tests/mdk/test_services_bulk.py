"""Several at once: each has its own answer, what one refuses stops no other, and moving is all or nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import Stale
from cases.enums import CaseStatus
from events.models import Event
from mdk.enums import ItemStatus
from mdk.models import AgendaItem, Meeting, ProvisionalMove
from mdk.services.agenda import BookingRefused, order_items
from mdk.services.bulk import book_many, level_many, move_many, rebook_many, take_off_many
from mdk.services.moves import hold_place
from tests.domain_factories import House, make_case, make_meeting, make_series, place, published_meeting, ready_case

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def positions(meeting: Meeting) -> list[int]:
    return list(meeting.items.filter(position__isnull=False).order_by("position").values_list("pk", flat=True))


def test_booking_many_gives_each_the_place_it_is_ready_for(house: House) -> None:
    meeting = make_meeting(house, capacity_minutes=14)
    ready, other, waiting, full = ready_case(house), ready_case(house), make_case(house), ready_case(house)
    taken = ready_case(house)
    place(make_meeting(house), taken, by=house.chair)
    ids = [ready.pk, waiting.pk, taken.pk, other.pk, full.pk]
    answers = book_many(meeting.pk, ids, by=house.coordinator, now=NOW)
    assert [(one.id, one.is_done, one.code) for one in answers] == [
        (ready.pk, True, ""), (waiting.pk, True, ""), (taken.pk, False, "already-booked"),
        (other.pk, True, ""), (full.pk, False, "over-capacity"),
    ]  # fmt: skip
    assert house.chair.name in answers[2].why
    assert [one.item for one in answers if one.is_done] == [
        AgendaItem.objects.get(case=pk, meeting=meeting).pk for pk in (ready.pk, waiting.pk, other.pk)
    ]
    waiting.refresh_from_db()
    full.refresh_from_db()
    assert (waiting.status, full.status) == (CaseStatus.REFERRED, CaseStatus.REFERRED)


def test_asked_for_firm_places_only_who_is_not_ready_is_named(house: House) -> None:
    answers = book_many(make_meeting(house).pk, [make_case(house).pk], provisional=False, by=house.coordinator, now=NOW)
    assert [one.code for one in answers] == ["not-ready"]


def test_a_place_that_the_system_gave_stands_in_nobodys_way(house: House) -> None:
    first, second = make_series(house).meetings.order_by("starts_at")[:2]
    here, there = ready_case(house), ready_case(house)
    held = [
        hold_place(case, meeting, level="full", minutes=6, by=None, now=NOW, probability=0.9)
        for case, meeting in ((here, first), (there, second))
    ]
    answers = book_many(first.pk, [here.pk, there.pk], by=house.coordinator, now=NOW)
    assert all(one.is_done for one in answers)
    assert answers[0].item == held[0].pk
    assert answers[1].item != held[1].pk
    assert set(AgendaItem.objects.filter(status=ItemStatus.PLANNED).values_list("meeting", flat=True)) == {first.pk}
    assert AgendaItem.objects.get(pk=held[0].pk).added_by == house.coordinator
    move = ProvisionalMove.objects.get(from_meeting=second)
    assert (move.to_meeting, move.reason, move.moved_by) == (first, "by_hand", house.coordinator)


def test_asked_for_provisionally_the_systems_place_becomes_the_persons(house: House) -> None:
    meeting, case = make_meeting(house), make_case(house)
    held = hold_place(case, meeting, level="full", minutes=6, by=None, now=NOW, probability=0.4)
    item = place(meeting, case, by=house.coordinator, provisional=True)
    assert (item.pk, item.added_by, item.status) == (held.pk, house.coordinator, ItemStatus.PROVISIONAL)
    other = ready_case(house)
    place(meeting, other, by=house.chair, provisional=True)
    with pytest.raises(BookingRefused) as refusal:
        place(make_meeting(house), other, by=house.coordinator)
    assert refusal.value.code == "already-booked"


def test_taking_off_many(house: House) -> None:
    meeting = published_meeting(house, 3)
    one, two, three = positions(meeting)
    answers = take_off_many([one, 0, three], reason="Flyttas.", by=house.coordinator, now=NOW)
    assert [(answer.id, answer.code) for answer in answers] == [(one, ""), (0, "not-on-agenda"), (three, "")]
    assert positions(meeting) == [two]


def test_rebooking_many(house: House) -> None:
    meeting = published_meeting(house, 2)
    one, two = positions(meeting)
    answers = rebook_many([one, two], reason="no_time", by=house.coordinator, now=NOW)
    assert [answer.is_done for answer in answers] == [True, True]
    assert {AgendaItem.objects.get(pk=answer.item).meeting.series_id for answer in answers} == {meeting.series_id}
    assert positions(meeting) == []
    assert [answer.code for answer in rebook_many([one], reason="whim", by=house.coordinator, now=NOW)] == ["invalid"]


def test_levelling_many(house: House) -> None:
    meeting = published_meeting(house, 2)
    ids = positions(meeting)
    answers = level_many(ids, level="focused", reason="En fråga.", by=house.coordinator, now=NOW)
    assert all(answer.is_done for answer in answers)
    assert set(meeting.items.values_list("level", "minutes")) == {("focused", 3)}
    assert [answer.code for answer in level_many(ids, level="focused", reason="", by=house.chair, now=NOW)] == [
        "invalid", "invalid",
    ]  # fmt: skip


def test_moving_many_together(house: House) -> None:
    meeting = published_meeting(house, 5)
    a, b, c, d, e = positions(meeting)
    move_many(meeting.pk, [d, a], before=c, by=house.coordinator, now=NOW)
    assert positions(meeting) == [b, d, a, c, e]
    move_many(meeting.pk, [b, c], before=None, by=house.coordinator, now=NOW)
    assert positions(meeting) == [d, a, e, b, c]
    move_many(meeting.pk, [d, a], before=a, by=house.coordinator, now=NOW)
    assert positions(meeting) == [d, a, e, b, c]
    assert Event.objects.filter(kind="meeting.ordered").count() == 2


def test_moving_is_all_or_nothing(house: House) -> None:
    meeting = published_meeting(house, 3)
    a, b, c = positions(meeting)
    seen = Meeting.objects.get(pk=meeting.pk).version
    with pytest.raises(BookingRefused):
        move_many(meeting.pk, [a, 0], before=c, by=house.coordinator, now=NOW)
    order_items(meeting.pk, [b, a, c], by=house.chair, now=NOW)
    with pytest.raises(Stale, match=house.chair.name):
        move_many(meeting.pk, [c], before=b, version=seen, by=house.coordinator, now=NOW)
    assert positions(meeting) == [b, a, c]


def test_late_ones_are_asked_for_each(house: House) -> None:
    meeting = make_meeting(house)
    now = meeting.cutoff_at + timedelta(minutes=1)
    ids = [ready_case(house).pk, ready_case(house).pk]
    assert {one.code for one in book_many(meeting.pk, ids, by=house.coordinator, now=now)} == {"after-cutoff"}
    answers = book_many(meeting.pk, ids, by=house.coordinator, now=now, override_reason="Akut.")
    assert all(one.is_done for one in answers)
    assert set(meeting.items.values_list("late", "status")) == {("asked", "provisional")}
