"""Publishing: numbered lists that stay, members told, what has changed in words, and a working day ahead."""

from datetime import datetime, time, timedelta

import pytest
from django.utils import timezone, translation

from cases.models import Patient
from cases.workdays import working_days_before
from events.models import Event, Notice
from mdk.models import AgendaItem, AgendaVersion, Meeting
from mdk.queries.agenda import agenda_of
from mdk.queries.changes import ChangeLog, change_log, changes_of
from mdk.queries.publishing import list_due_on, publishing_warning, unpublished
from mdk.services.agenda import change_item, order_items, set_item_level, take_off
from mdk.services.publishing import publish_meeting, tell_unpublished
from mdk.services.rebooking import rebook_item
from mdk.tasks import tell_unpublished as task
from mdk.transitions import MeetingMoveRefused
from tests.domain_factories import (
    House,
    live_meeting,
    make_case,
    make_meeting,
    make_series,
    place,
    published_meeting,
    ready_case,
)

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def publish(meeting: Meeting, house: House) -> Meeting:
    return publish_meeting(meeting.pk, by=house.coordinator, now=NOW)


def items(meeting: Meeting) -> list[AgendaItem]:
    return list(meeting.items.filter(position__isnull=False).order_by("position"))


def log_of(meeting: Meeting) -> ChangeLog:
    meeting = Meeting.objects.select_related("series").get(pk=meeting.pk)
    return change_log(meeting, agenda_of(meeting))


def pending(meeting: Meeting) -> list[tuple[int, str]]:
    return [(change.case, change.sentence) for change in log_of(meeting).pending]


def told(kind: str) -> set[int]:
    return set(Notice.objects.filter(event__kind=kind).values_list("person_id", flat=True))


# Versions


def test_the_first_list_is_kept_and_told_to_its_members(house: House) -> None:
    meeting = make_meeting(house, readers=[house.radiologist, house.pathologist])
    first, second = (place(meeting, ready_case(house), by=house.coordinator) for _ in range(2))
    place(meeting, make_case(house), by=house.coordinator, provisional=True)
    publish(meeting, house)
    version = AgendaVersion.objects.get(meeting=meeting)
    assert (version.number, version.published_by, version.published_at) == (1, house.coordinator, NOW)
    assert version.content == [
        {"item": item.pk, "case": item.case_id, "level": "full", "position": n, "minutes": 6}
        for n, item in enumerate([first, second], start=1)
    ]
    people = (house.chair, house.radiologist, house.pathologist, house.clinician, house.nurse)
    assert told("meeting.published") == {person.pk for person in people}


def test_a_list_that_changed_is_published_again(house: House) -> None:
    meeting = published_meeting(house, 1)
    publish(meeting, house)
    assert AgendaVersion.objects.count() == 1
    place(meeting, ready_case(house), by=house.coordinator)
    again = publish_meeting(meeting.pk, by=house.chair, now=NOW + timedelta(hours=1))
    assert (again.status, again.published_by, again.published_at) == (
        "published", house.chair, NOW + timedelta(hours=1),
    )  # fmt: skip
    assert list(AgendaVersion.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert house.coordinator.pk in told("meeting.republished")
    publish_meeting(meeting.pk, by=house.chair, now=NOW)
    with pytest.raises(MeetingMoveRefused, match=house.chair.name):
        publish(meeting, house)
    assert Event.objects.filter(kind="meeting.republished").count() == 1


def test_a_provisional_place_makes_no_new_list(house: House) -> None:
    meeting = published_meeting(house, 1)
    place(meeting, make_case(house), by=house.coordinator, provisional=True)
    publish(meeting, house)
    assert AgendaVersion.objects.count() == 1


def test_a_meeting_under_way_is_not_published_again(house: House) -> None:
    meeting = live_meeting(house, 2)
    with pytest.raises(MeetingMoveRefused):
        publish_meeting(meeting.pk, by=house.chair, now=NOW)
    assert pending(meeting) == []


# What has changed, in words


def test_what_has_changed_is_said_with_its_reason(house: House) -> None:
    meeting = published_meeting(house, 6)
    moved, gone, levelled, longer, rebooked, last = items(meeting)
    assert pending(meeting) == []
    take_off(gone.pk, reason="Patienten avstår", by=house.coordinator, now=NOW)
    set_item_level(levelled.pk, "focused", reason="En fråga.", by=house.coordinator, now=NOW)
    change_item(longer.pk, minutes=8, by=house.coordinator, now=NOW)
    rebook_item(rebooked.pk, reason="pathology_missing", by=house.coordinator, now=NOW)
    order_items(meeting.pk, [longer.pk, levelled.pk, last.pk, moved.pk], by=house.coordinator, now=NOW)
    added = place(meeting, ready_case(house), by=house.coordinator)
    with translation.override("en"):
        said = dict(pending(meeting))
    assert said[added.case_id] == "added after publication"
    assert said[gone.case_id] == "taken off: Patienten avstår"
    assert said[longer.case_id] == "8 minutes instead of 6"
    assert said[rebooked.case_id] == "taken off: Pathology answer missing"
    assert said[moved.case_id].startswith("moved from place 1 to")
    sentences = [sentence for case, sentence in pending(meeting) if case == levelled.case_id]
    assert len(sentences) <= 2
    assert last.case_id not in said


def test_versions_say_what_each_brought(house: House) -> None:
    meeting = published_meeting(house, 1)
    added = place(meeting, ready_case(house), by=house.coordinator)
    publish(meeting, house)
    log = log_of(meeting)
    assert log.number == 2
    assert [version.number for version in log.versions] == [2, 1]
    assert [change.case for change in log.versions[0].changes] == [added.case_id]
    assert (log.versions[1].changes, log.pending) == ((), ())
    assert log.patients == {added.case.patient_id}


def test_a_case_that_came_back_has_not_changed(house: House) -> None:
    meeting = published_meeting(house, 1)
    item = items(meeting)[0]
    take_off(item.pk, reason="Fel.", by=house.coordinator, now=NOW)
    place(meeting, item.case, by=house.coordinator)
    assert pending(meeting) == []


def test_a_protected_identity_is_not_named(house: House) -> None:
    meeting = published_meeting(house, 1)
    case = ready_case(house)
    Patient.objects.filter(pk=case.patient_id).update(is_protected=True)
    place(meeting, case, by=house.coordinator)
    open_case = place(meeting, ready_case(house), by=house.coordinator).case
    who = {change.case: change.who for change in log_of(meeting).pending}
    assert who[case.pk] == ""
    assert who[open_case.pk].startswith("P")


def test_the_changes_of_several_meetings_cost_no_more(house: House, django_assert_num_queries: object) -> None:
    meetings = [published_meeting(house, 1) for _ in range(3)]
    for meeting in meetings:
        take_off(items(meeting)[0].pk, reason="Avstår.", by=house.coordinator, now=NOW)
    rows = {meeting.pk: agenda_of(meeting) for meeting in meetings}
    for chosen in (meetings[:1], meetings):
        with django_assert_num_queries(3):  # type: ignore[operator]
            found = changes_of(chosen, rows)
        assert {pk: (number, len(changes)) for pk, (number, changes) in found.items()} == {
            meeting.pk: (1, 1) for meeting in chosen
        }


# A working day ahead


def at(meeting: Meeting, days: int) -> datetime:
    """Return 07:15 on the day that lies so many working days before the meeting."""
    day = working_days_before(timezone.localdate(meeting.starts_at), days)
    return timezone.make_aware(datetime.combine(day, time(7, 15)))


@pytest.mark.parametrize(("days", "is_late"), [(2, False), (1, False), (0, True)])
def test_publishing_later_than_a_working_day_ahead_is_warned_of(house: House, days: int, is_late: bool) -> None:
    meeting = make_meeting(house)
    assert bool(publishing_warning(meeting, at(meeting, days))) is is_late


def test_a_weekend_is_no_working_day_ahead(house: House) -> None:
    monday = next(m for m in make_series(house).meetings.order_by("starts_at") if True)
    due = list_due_on(monday)
    assert due < timezone.localdate(monday.starts_at)
    assert due.weekday() < 5


def test_coordinators_are_told_once_on_the_last_working_day(house: House) -> None:
    meeting = make_meeting(house)
    published = published_meeting(house, 1)
    now = at(meeting, 1)
    assert unpublished(at(meeting, 2)) == []
    assert tell_unpublished(now=at(meeting, 2)) == 0
    assert meeting in unpublished(now)
    assert published not in unpublished(now)
    assert tell_unpublished(now=now) == 1
    assert tell_unpublished(now=now + timedelta(hours=1)) == 0
    assert told("meeting.unpublished") == {house.coordinator.pk}
    publish(meeting, house)
    assert tell_unpublished(now=now + timedelta(days=1)) == 0


def test_the_task_may_run_twice(house: House) -> None:
    make_meeting(house)
    assert (task(), task()) == (0, 0)
