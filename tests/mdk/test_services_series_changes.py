"""Changing a series: shown first, confirmed, done as shown; firm cases go along, past meetings are left alone."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.errors import Invalid, Stale
from cases.models import Case
from events.models import Event, Notice
from mdk.enums import Becomes, ItemStatus
from mdk.models import AgendaItem, Meeting, Preparation, Rebooking, Series
from mdk.planning.calendar import due_at
from mdk.services.cancelling import cancel_meeting
from mdk.services.publishing import publish_meeting
from mdk.services.series import add_meeting, create_series
from mdk.services.series_changes import NotConfirmed, change_series
from mdk.services.series_data import SeriesData, data_of
from mdk.services.series_effects import Effect, SeriesChange
from tests.domain_factories import House, make_case, make_diagnosis, place, ready_case

pytestmark = pytest.mark.django_db


def local(day: date, hour: int = 9, minute: int = 0) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


NOW = local(date(2026, 11, 19), 9)
MONDAY = date(2026, 11, 23)


def booked(meeting: Meeting, case: Case, **fields: Any) -> AgendaItem:
    return place(meeting, case, by=fields.pop("by"), now=NOW, **fields)


def day(weeks: int, weekday: int) -> date:
    """Return that weekday (0 Monday) so many weeks after Monday 23 November."""
    return MONDAY + timedelta(weeks=weeks, days=weekday)


@pytest.fixture
def series(house: House) -> Series:
    """Return a series on Tuesdays 08:15 from 24 November."""
    data = SeriesData(
        unit=house.hospital, name="Kolorektal MDK", diagnoses=[make_diagnosis()], rrule="FREQ=WEEKLY;BYDAY=TU",
        starts_on=MONDAY, starts_time=time(8, 15), minutes=90, capacity_minutes=80, cutoff_time=time(12),
        prep_capacity_minutes=200, chair=house.chair, participating_units=[house.radiology, house.pathology],
        readers=[house.radiologist],
    )  # fmt: skip
    return create_series(data, by=house.coordinator, now=NOW)


def meetings(series: Series) -> list[Meeting]:
    return list(series.meetings.order_by("starts_at"))


def dry(series: Series, house: House, **fields: Any) -> SeriesChange:
    data = replace(data_of(series), **fields)
    return change_series(series.pk, data, version=series.version, by=house.admin, now=NOW, dry_run=True)


def change(series: Series, house: House, **fields: Any) -> SeriesChange:
    """Change the series as a person does: see, confirm."""
    shown = dry(series, house, **fields)
    data = replace(data_of(series), **fields)
    made = change_series(
        series.pk, data, version=series.version, by=house.admin, now=NOW, confirmed=shown.token
    )  # fmt: skip
    series.refresh_from_db()
    return made


def fate(made: SeriesChange, meeting: Meeting) -> Effect:
    return next(effect for effect in made.effects if effect.meeting == meeting.pk)


def test_what_changes_no_meeting_needs_no_confirmation(house: House, series: Series) -> None:
    shown = dry(series, house, name="Tarm-MDK", readers=[house.radiologist2], break_after_cases=8)
    assert (shown.token, shown.felt) == ("", ())
    assert {effect.becomes for effect in shown.effects} == {Becomes.KEPT}
    change(series, house, name="Tarm-MDK", readers=[house.radiologist2], break_after_cases=8)
    assert (series.name, series.version, series.break_after_cases) == ("Tarm-MDK", 2, 8)
    assert list(series.readers.all()) == [house.radiologist2]
    event = Event.objects.get(kind="series.changed")
    assert (event.actor, event.data) == (house.admin, {"fields": ["break_after_cases", "name"], "meetings": {}})


def test_seeing_what_would_become_of_them_changes_nothing(house: House, series: Series) -> None:
    before = list(Meeting.objects.order_by("pk").values())
    shown = dry(series, house, rrule="FREQ=WEEKLY;BYDAY=TH", capacity_minutes=40)
    gone = [effect.starts_at for effect in shown.felt if effect.becomes == Becomes.GONE]
    assert [timezone.localdate(at) for at in gone] == [date(2026, 12, 22), date(2026, 12, 29), date(2027, 5, 4)], (
        "the Thursdays of these weeks are days off"
    )
    assert {effect.becomes for effect in shown.felt} == {Becomes.GONE, Becomes.MOVED}
    assert list(Meeting.objects.order_by("pk").values()) == before
    assert not Event.objects.filter(kind="series.changed").exists()
    series.refresh_from_db()
    assert series.version == 1


def test_nothing_is_done_without_the_confirmation_of_exactly_this(house: House, series: Series) -> None:
    fields = {"rrule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"}
    data = replace(data_of(series), **fields)
    with pytest.raises(NotConfirmed) as refusal:
        change_series(series.pk, data, version=1, by=house.admin, now=NOW)
    shown = refusal.value.change
    goes = next(effect for effect in shown.felt if effect.becomes == Becomes.GONE)
    booked(Meeting.objects.get(pk=goes.meeting), ready_case(house, now=NOW), by=house.coordinator)
    with pytest.raises(NotConfirmed) as again:
        change_series(series.pk, data, version=1, by=house.admin, now=NOW, confirmed=shown.token)
    assert again.value.extra["confirmation"] != shown.token, "a case was booked meanwhile"
    assert next(effect for effect in again.value.change.felt if effect.meeting == goes.meeting).firm == 1
    change_series(series.pk, data, version=1, by=house.admin, now=NOW, confirmed=again.value.extra["confirmation"])
    assert Rebooking.objects.get().from_item.meeting_id == goes.meeting


def test_a_stale_version_names_who_changed_it(house: House, series: Series) -> None:
    change(series, house, name="Tarm-MDK")
    with pytest.raises(Stale, match=house.admin.name) as refusal:
        change_series(series.pk, data_of(series), version=1, by=house.coordinator, now=NOW)
    assert refusal.value.extra["version"] == 2


def test_wrong_fields_are_named(house: House, series: Series) -> None:
    with pytest.raises(Invalid) as refusal:
        dry(series, house, rrule="FREQ=SECONDLY", prep_due_days=3, prep_due_time=time(8))
    assert [error.field for error in refusal.value.errors] == ["rrule", "prep_due_days"]


def test_another_weekday_takes_the_agenda_along_and_tells_those_concerned(house: House, series: Series) -> None:
    first = meetings(series)[0]
    item = booked(first, ready_case(house, now=NOW), by=house.coordinator)
    waiting = booked(first, make_case(house, now=NOW), by=house.coordinator, provisional=True)
    publish_meeting(first.pk, by=house.coordinator, now=NOW)
    old_version = Meeting.objects.get(pk=first.pk).version
    made = change(
        series, house, rrule="FREQ=WEEKLY;BYDAY=TH", starts_time=time(13), prep_due_days=1, prep_due_time=time(12)
    )
    effect = fate(made, first)
    assert (effect.becomes, effect.is_published, effect.firm, effect.provisional) == (Becomes.MOVED, True, 1, 1)
    assert [one.meeting for one in made.published] == [first.pk]
    first.refresh_from_db()
    assert first.starts_at == local(day(0, 3), 13)
    assert (first.ends_at - first.starts_at, first.cutoff_at) == (timedelta(minutes=90), local(day(0, 2), 12))
    assert (first.status, first.version) == ("published", old_version + 1)
    for one in (item, waiting):
        one.refresh_from_db()
        assert one.meeting == first
    dues = set(Preparation.objects.filter(item=item).values_list("due_at", flat=True))
    assert dues == {due_at(first.starts_at, 1, time(12))}
    told = set(Notice.objects.filter(event__kind="meeting.moved").values_list("person", flat=True))
    case = item.case
    assert told == {case.responsible_clinician_id, case.contact_nurse_id, house.chair.pk}
    held = [meeting for meeting in meetings(series) if meeting.status != "cancelled"]
    assert {timezone.localtime(meeting.starts_at).weekday() for meeting in held} == {3}


def test_meetings_that_go_hand_their_cases_on(house: House, series: Series) -> None:
    first, second, third, *_rest = meetings(series)
    item = booked(second, ready_case(house, now=NOW), by=house.coordinator)
    waiting = booked(second, make_case(house, now=NOW), by=house.coordinator, provisional=True)
    made = change(series, house, rrule="FREQ=WEEKLY;INTERVAL=2;BYDAY=TU")
    assert [fate(made, one).becomes for one in (first, second, third)] == [Becomes.KEPT, Becomes.GONE, Becomes.KEPT]
    second.refresh_from_db()
    assert second.status == "cancelled"
    assert Event.objects.filter(kind="meeting.cancelled", meeting_id=second.pk, actor=house.admin).exists()
    rebooking = Rebooking.objects.get(from_item=item)
    assert rebooking.to_item is not None
    assert rebooking.to_item.meeting == third
    assert not AgendaItem.objects.filter(pk=waiting.pk, status=ItemStatus.PROVISIONAL).exists()


def test_several_that_go_do_not_hand_cases_to_one_another(house: House, series: Series) -> None:
    listed = meetings(series)
    items = [booked(meeting, ready_case(house, now=NOW), by=house.coordinator) for meeting in listed[1:3]]
    change(series, house, excluded_on=[day(1, 1), day(2, 1)])
    found = {
        one.from_item_id: one.to_item.meeting_id for one in Rebooking.objects.select_related("to_item") if one.to_item
    }
    assert found == {item.pk: listed[3].pk for item in items}


def test_capacity_per_day_and_what_is_overfull(house: House, series: Series) -> None:
    first, second, *_rest = meetings(series)
    item = booked(first, ready_case(house, now=NOW), by=house.coordinator, minutes=50)
    made = change(series, house, capacity_minutes=40, prep_radiology_minutes=90, prep_pathology_minutes=30)
    effect = fate(made, first)
    assert (effect.becomes, effect.is_overfull, fate(made, second).is_overfull) == (Becomes.CAPACITY, True, False)
    first.refresh_from_db()
    assert (first.capacity_minutes, first.prep_capacity_minutes) == (40, 120)
    assert (first.prep_radiology_minutes, first.prep_pathology_minutes) == (90, 30)
    assert AgendaItem.objects.get(pk=item.pk).status == ItemStatus.PLANNED
    assert Event.objects.filter(kind="meeting.changed", meeting_id=first.pk).count() == 1


def test_another_cutoff_is_new_hours(house: House, series: Series) -> None:
    first = meetings(series)[0]
    made = change(series, house, cutoff_days=2, cutoff_time=time(15))
    assert fate(made, first).becomes == Becomes.HOURS
    first.refresh_from_db()
    assert first.cutoff_at == fate(made, first).after.cutoff_at  # type: ignore[union-attr]


def test_the_chair_follows_where_nobody_else_was_chosen(house: House, series: Series) -> None:
    first, second, *_rest = meetings(series)
    Meeting.objects.filter(pk=second.pk).update(chair=house.coordinator)
    made = change(series, house, chair=house.clinician)
    assert [fate(made, one).becomes for one in (first, second)] == [Becomes.CHAIR, Becomes.KEPT]
    chairs = [Meeting.objects.get(pk=one.pk).chair for one in (first, second)]
    assert chairs == [house.clinician, house.coordinator]
    assert Notice.objects.filter(event__kind="series.chair", person=house.clinician).count() == 1


def test_past_and_running_meetings_are_left_alone(house: House, series: Series) -> None:
    listed = meetings(series)
    Meeting.objects.filter(pk=listed[0].pk).update(
        starts_at=NOW - timedelta(hours=1), cutoff_at=NOW - timedelta(days=1), ends_at=NOW + timedelta(hours=1)
    )
    Meeting.objects.filter(pk=listed[1].pk).update(status="live")
    untouched = list(Meeting.objects.filter(pk__in=[one.pk for one in listed[:2]]).order_by("pk").values())
    made = change(series, house, rrule="FREQ=WEEKLY;BYDAY=TU,TH", starts_time=time(10), is_active=True)
    assert {effect.meeting for effect in made.effects}.isdisjoint(one.pk for one in listed[:2])
    assert list(Meeting.objects.filter(pk__in=[one.pk for one in listed[:2]]).order_by("pk").values()) == untouched
    new_days = [timezone.localdate(effect.starts_at) for effect in made.felt if effect.becomes == Becomes.NEW]
    assert day(1, 1) not in new_days, "the meeting under way has its day"
    assert day(1, 3) in new_days


def test_a_meeting_added_by_hand_stays(house: House, series: Series) -> None:
    extra = add_meeting(series.pk, local(day(0, 4), 14), by=house.coordinator, now=NOW)
    made = change(series, house, rrule="FREQ=WEEKLY;BYDAY=WE,FR", capacity_minutes=30)
    assert fate(made, extra).becomes == Becomes.EXTRA
    extra.refresh_from_db()
    assert (extra.starts_at, extra.capacity_minutes) == (local(day(0, 4), 14), 80)
    assert series.meetings.filter(starts_at__date=day(0, 4)).count() == 1, "never two on one day"


def test_two_never_begin_at_the_same_moment(house: House, series: Series) -> None:
    add_meeting(series.pk, local(day(0, 1), 14), by=house.coordinator, now=NOW)
    with pytest.raises(Invalid, match="14:00") as refusal:
        dry(series, house, starts_time=time(14))
    assert [error.field for error in refusal.value.errors] == ["starts_time"]


def test_a_day_that_comes_back_holds_its_meeting_again(house: House, series: Series) -> None:
    first, second, *_rest = meetings(series)
    cancel_meeting(second.pk, reason="Utbildning", by=house.coordinator, now=NOW)
    change(series, house, excluded_on=[day(0, 1)])
    made = change(series, house, excluded_on=[], capacity_minutes=60)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, first.cancelled_reason, first.capacity_minutes) == ("planned", "", 60)
    assert fate(made, first).becomes == Becomes.BACK
    assert Event.objects.filter(kind="meeting.restored", meeting_id=first.pk).count() == 1
    assert second.status == "cancelled", "what a person cancelled stays cancelled"


def test_none_moves_to_a_day_whose_meeting_was_cancelled_by_hand(house: House, series: Series) -> None:
    change(series, house, rrule="FREQ=WEEKLY;BYDAY=TU,TH")
    tuesday, thursday = meetings(series)[:2]
    cancel_meeting(thursday.pk, reason="Utbildning", by=house.coordinator, now=NOW)
    made = change(series, house, rrule="FREQ=WEEKLY;BYDAY=TH")
    assert fate(made, tuesday).becomes == Becomes.GONE
    thursday.refresh_from_db()
    assert thursday.status == "cancelled"


def test_weekdays_can_change_places_and_back(house: House, series: Series) -> None:
    change(series, house, rrule="FREQ=WEEKLY;BYDAY=TU,TH")
    tuesday, thursday = meetings(series)[:2]
    change(series, house, rrule="FREQ=WEEKLY;BYDAY=TH")
    item = booked(thursday, ready_case(house, now=NOW), by=house.coordinator)
    made = change(series, house, rrule="FREQ=WEEKLY;BYDAY=TU")
    assert (fate(made, tuesday).becomes, fate(made, thursday).becomes) == (Becomes.BACK, Becomes.GONE)
    target = Rebooking.objects.get(from_item=item).to_item
    assert target is not None
    assert timezone.localdate(target.meeting.starts_at) == day(1, 1), "the next one that is held"


def test_a_paused_series_has_no_coming_meetings_until_it_goes_on(house: House, series: Series) -> None:
    count = series.meetings.count()
    made = change(series, house, is_active=False)
    assert {effect.becomes for effect in made.effects} == {Becomes.GONE}
    assert set(series.meetings.values_list("status", flat=True)) == {"cancelled"}
    change(series, house, is_active=True)
    assert set(series.meetings.values_list("status", flat=True)) == {"planned"}
    assert series.meetings.count() == count


@pytest.mark.parametrize(
    "fields",
    [
        {"rrule": "FREQ=WEEKLY;BYDAY=TH"},
        {"rrule": "FREQ=WEEKLY;BYDAY=MO,WE", "starts_time": time(7, 45)},
        {"rrule": "FREQ=MONTHLY;BYDAY=1TU", "minutes": 120},
        {
            "eve_percent": 0,
            "on_red_day": "before",
            "summer_first_week": 26,
            "summer_last_week": 32,
            "summer_percent": 0,
        },
        {"starts_on": MONDAY + timedelta(weeks=4)},
    ],
)
def test_what_was_shown_is_what_is_done(house: House, series: Series, fields: dict[str, Any]) -> None:
    booked(meetings(series)[0], ready_case(house, now=NOW), by=house.coordinator)
    shown = dry(series, house, **fields)
    made = change(series, house, **fields)
    assert made.effects == shown.effects
    for effect in made.effects:
        if effect.meeting and effect.after:
            meeting = Meeting.objects.get(pk=effect.meeting)
            assert (meeting.starts_at, meeting.capacity_minutes) == (
                effect.after.starts_at,
                effect.after.capacity_minutes,
            )
    new = {effect.starts_at for effect in made.felt if effect.becomes == Becomes.NEW}
    known = {effect.meeting for effect in made.effects}
    assert set(series.meetings.exclude(pk__in=[pk for pk in known if pk]).values_list("starts_at", flat=True)) == new
    assert dry(series, house).felt == (), "once more the same changes nothing"
    assert not AgendaItem.objects.filter(meeting__status="cancelled", status__in=["planned", "provisional"]).exists(), (
        "nobody is forgotten on a meeting that is not held"
    )


def test_one_meeting_and_half_a_year_cost_the_same_queries(
    house: House, series: Series, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12):
        dry(series, house, capacity_minutes=40)
