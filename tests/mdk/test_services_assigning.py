"""Assignment: what nobody holds goes to those on duty who are there, read it and have minutes; each is told once."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from events.models import Event, Notice
from mdk.models import Absence, Capacity, Duty, Meeting, Preparation, SubSpeciality
from mdk.queries.capacity import monday_of
from mdk.services import preparation
from mdk.services.assigning import assign, assign_unheld
from mdk.services.publishing import publish_meeting
from mdk.tasks import assign_preparations
from tests.domain_factories import House, make_diagnosis, make_house, make_meeting, place, published_meeting, ready_case

pytestmark = pytest.mark.django_db
NOW = timezone.now()
TODAY = timezone.localdate(NOW)


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def meeting(house: House) -> Meeting:
    """Return a published meeting of four cases that nobody holds; both radiologists are on its roster."""
    meeting = published_meeting(house, 4)
    meeting.series.readers.set([house.radiologist, house.radiologist2, house.pathologist])
    return meeting


def rows(meeting: Meeting, discipline: str = "radiology") -> list[Preparation]:
    return list(Preparation.objects.filter(item__meeting=meeting, discipline=discipline).order_by("item__position"))


def shared(meeting: Meeting, discipline: str = "radiology") -> dict[User | None, int]:
    """Return how many each reader has of the discipline."""
    readers = [row.reader for row in rows(meeting, discipline)]
    return {reader: readers.count(reader) for reader in readers}


def give_out(meeting: Meeting) -> int:
    return assign(Preparation.objects.filter(item__meeting=meeting).values_list("pk", flat=True), now=NOW)


def absent(reader: User, first: int, last: int) -> None:
    """Enter the reader as away from `first` to `last` days from today."""
    Absence.objects.create(
        reader=reader, first_on=TODAY + timedelta(days=first), last_on=TODAY + timedelta(days=last), recorded_by=reader,
        recorded_at=NOW,
    )  # fmt: skip


def week(reader: User, minutes: int, meeting: Meeting) -> None:
    monday = monday_of(timezone.localdate(meeting.starts_at))
    Capacity.objects.create(reader=reader, from_on=monday, weekly_minutes=minutes, set_by=reader, set_at=NOW)


def test_the_roster_shares_each_discipline(house: House, meeting: Meeting) -> None:
    assert give_out(meeting) == 8
    assert shared(meeting) == {house.radiologist: 2, house.radiologist2: 2}
    assert shared(meeting, "pathology") == {house.pathologist: 4}
    one = rows(meeting)[0]
    assert (one.assigned_at, one.assigned_by, one.claimed_at, one.state) == (NOW, None, NOW, "todo")
    assert Event.objects.filter(kind="preparation.assigned", actor=None).count() == 8


def test_publishing_gives_them_out(house: House) -> None:
    meeting = make_meeting(house)
    place(meeting, ready_case(house), by=house.coordinator)
    assert shared(meeting) == {None: 1}
    publish_meeting(meeting.pk, by=house.coordinator, now=NOW)
    assert shared(meeting) == {house.radiologist: 1}


def test_those_on_duty_come_before_the_roster(house: House, meeting: Meeting) -> None:
    Duty.objects.create(
        meeting=meeting, reader=house.radiologist2, discipline="radiology", set_by=house.coordinator, set_at=NOW
    )
    give_out(meeting)
    assert shared(meeting) == {house.radiologist2: 4}
    assert shared(meeting, "pathology") == {house.pathologist: 4}


@pytest.mark.parametrize("days", [(0, 0), (1, 6), (0, 30)])
def test_who_is_away_before_the_meeting_gets_none(house: House, meeting: Meeting, days: tuple[int, int]) -> None:
    absent(house.radiologist, *days)
    give_out(meeting)
    assert shared(meeting) == {house.radiologist2: 4}


def test_days_away_after_the_meeting_do_not_count(house: House, meeting: Meeting) -> None:
    after = (timezone.localdate(meeting.starts_at) - TODAY).days + 1
    absent(house.radiologist, after, after + 5)
    give_out(meeting)
    assert shared(meeting) == {house.radiologist: 2, house.radiologist2: 2}


def test_who_reads_another_diagnosis_gets_none(house: House, meeting: Meeting) -> None:
    for reader, slug in ((house.radiologist, "prostate"), (house.radiologist2, "colorectal")):
        SubSpeciality.objects.create(reader=reader, diagnosis=make_diagnosis(slug), set_by=reader, set_at=NOW)
    give_out(meeting)
    assert shared(meeting) == {house.radiologist2: 4}


def test_the_week_is_never_overfilled_and_the_rest_stays_to_be_shared(house: House, meeting: Meeting) -> None:
    week(house.radiologist, 18, meeting)
    week(house.radiologist2, 9, meeting)
    give_out(meeting)
    assert shared(meeting) == {house.radiologist: 2, house.radiologist2: 1, None: 1}


def test_who_does_not_prepare_the_discipline_any_more_gets_none(house: House, meeting: Meeting) -> None:
    meeting.series.readers.set([house.radiologist, house.clinician, house.stranger])
    give_out(meeting)
    assert shared(meeting) == {house.radiologist: 4}
    assert shared(meeting, "pathology") == {None: 4}


def test_what_somebody_holds_is_left_alone_and_again_changes_nothing(house: House, meeting: Meeting) -> None:
    preparation.claim(rows(meeting)[0].pk, by=house.radiologist2, now=NOW)
    assert give_out(meeting) == 7
    before = [(row.reader_id, row.claimed_at) for row in rows(meeting)]
    assert give_out(meeting) == 0
    assert [(row.reader_id, row.claimed_at) for row in rows(meeting)] == before
    assert rows(meeting)[0].assigned_at is None


def test_each_reader_is_told_once_a_meeting(house: House, meeting: Meeting) -> None:
    give_out(meeting)
    told = Notice.objects.filter(event__kind="meeting.assigned", event__meeting_id=meeting.pk)
    people = {house.radiologist, house.radiologist2, house.pathologist}
    assert {notice.person for notice in told} == people
    preparation.release(rows(meeting)[0].pk, by=house.radiologist, now=NOW)
    give_out(meeting)
    assert told.count() == len(people)


def test_what_a_reader_puts_back_is_not_given_to_them_again(house: House, meeting: Meeting) -> None:
    give_out(meeting)
    mine = next(row for row in rows(meeting) if row.reader == house.radiologist)
    preparation.release(mine.pk, by=house.radiologist, now=NOW)
    week(house.radiologist2, 300, meeting)
    give_out(meeting)
    mine.refresh_from_db()
    assert mine.reader == house.radiologist2
    preparation.release(mine.pk, by=house.radiologist2, now=NOW)
    give_out(meeting)
    mine.refresh_from_db()
    assert mine.reader is None


def test_what_was_given_to_one_who_falls_ill_goes_to_another_unless_it_was_taken(
    house: House, meeting: Meeting
) -> None:
    give_out(meeting)
    first, second = [row for row in rows(meeting) if row.reader == house.radiologist]
    preparation.claim(first.pk, by=house.radiologist, now=NOW)
    absent(house.radiologist, 0, 3)
    assert assign_unheld(now=NOW) == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.reader, second.reader) == (house.radiologist, house.radiologist2)


def test_the_clock_gives_out_what_can_be_prepared_and_twice_is_once(house: House, meeting: Meeting) -> None:
    waiting = make_meeting(house)
    place(waiting, ready_case(house), by=house.coordinator)
    assert (assign_preparations(), assign_preparations()) == (8, 0)
    assert shared(waiting) == {None: 1}


def test_what_is_off_sent_back_or_past_is_not_given_out(house: House, meeting: Meeting) -> None:
    first, second, *_others = rows(meeting)
    preparation.send_back(first.pk, reason="Bilder saknas.", by=house.radiologist, now=NOW)
    preparation.complete(second.pk, minutes=3, findings="Fynd.", by=house.radiologist, now=NOW)
    assert give_out(meeting) == 6
    Preparation.objects.update(reader=None, claimed_at=None, assigned_at=None, state="todo")
    assert assign_unheld(now=meeting.starts_at + timedelta(minutes=1)) == 0


@pytest.mark.parametrize("count", [1, 3])
def test_three_are_shared_by_the_same_reads_as_one(
    house: House, count: int, django_assert_max_num_queries: Any
) -> None:
    """Besides a save and an event for each: the reading before it does not grow."""
    meeting = published_meeting(house, count)
    meeting.series.readers.set([house.radiologist])
    ids = [row.pk for row in rows(meeting)]
    with django_assert_max_num_queries(27 + 2 * count):
        assert assign(ids, now=NOW) == count
