"""Series and their meetings: working days, red days, cut-offs, once each."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from django.utils import timezone

from accounts.errors import Invalid
from cases.workdays import is_working_day, working_days_before
from events.models import Event
from mdk.models import Meeting, Series
from mdk.planning.calendar import due_at
from mdk.services.cancelling import cancel_meeting
from mdk.services.series import (
    SeriesData,
    add_meeting,
    create_series,
    extend_series,
    generate_meetings,
)
from tests.domain_factories import House, make_diagnosis, make_house

pytestmark = pytest.mark.django_db


def local(day: date, hour: int = 9, minute: int = 0) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


NOW = local(date(2026, 12, 1))


@pytest.fixture
def house() -> House:
    return make_house()


def data(house: House, **fields: object) -> SeriesData:
    series = SeriesData(
        unit=house.clinic,
        name="Kolorektal MDK",
        diagnoses=[make_diagnosis()],
        rrule="FREQ=WEEKLY;BYDAY=TH",
        starts_on=date(2026, 12, 1),
        starts_time=time(8, 15),
        minutes=90,
        capacity_minutes=80,
        cutoff_time=time(12),
        chair=house.chair,
    )
    return replace(series, **fields)  # type: ignore[arg-type]


def days(meetings: object) -> list[date]:
    return [timezone.localdate(meeting.starts_at) for meeting in meetings]  # type: ignore[attr-defined]


def test_half_a_year_of_meetings_without_red_days(house: House) -> None:
    series = create_series(data(house, rrule="FREQ=WEEKLY;BYDAY=FR"), by=house.admin, now=NOW)
    made = days(series.meetings.all())
    assert made[0] == date(2026, 12, 4)
    assert date(2026, 12, 25) not in made
    assert date(2027, 1, 1) not in made
    assert made[-1] == date(2027, 5, 28)
    assert len(made) == 26 - len(made_not := {date(2026, 12, 25), date(2027, 1, 1), date(2027, 3, 26)})
    assert made_not.isdisjoint(made)
    assert Event.objects.get(kind="series.created").actor == house.admin


def test_a_meeting_takes_after_its_series(house: House) -> None:
    meeting = create_series(data(house, cutoff_days=2), by=house.admin, now=NOW).meetings.all()[0]
    assert (timezone.localtime(meeting.starts_at).time(), meeting.ends_at - meeting.starts_at) == (
        time(8, 15), timedelta(minutes=90),
    )  # fmt: skip
    assert meeting.cutoff_at == local(date(2026, 12, 1), 12)
    assert (meeting.chair, meeting.capacity_minutes, meeting.status) == (house.chair, 80, "planned")


def test_the_cutoff_is_never_after_the_start(house: House) -> None:
    series = create_series(data(house, cutoff_days=0, cutoff_time=time(16)), by=house.admin, now=NOW)
    assert all(meeting.cutoff_at == meeting.starts_at for meeting in series.meetings.all())


def test_generating_again_makes_only_what_is_new(house: House) -> None:
    series = create_series(data(house), by=house.admin, now=NOW)
    count = Meeting.objects.count()
    assert generate_meetings(series, now=NOW) == []
    later = generate_meetings(series, now=NOW + timedelta(weeks=2))
    assert len(later) == 2
    assert Meeting.objects.count() == count + 2


def test_every_active_series_stays_half_a_year_ahead(house: House) -> None:
    series = create_series(data(house), by=house.admin, now=NOW)
    assert extend_series(now=NOW) == 0
    assert extend_series(now=NOW + timedelta(weeks=1)) == 1
    assert extend_series(now=NOW + timedelta(weeks=1)) == 0
    Series.objects.filter(pk=series.pk).update(is_active=False)
    assert extend_series(now=NOW + timedelta(weeks=5)) == 0


def test_an_extra_meeting_on_any_day_and_once(house: House) -> None:
    series = create_series(data(house), by=house.admin, now=NOW)
    count = Meeting.objects.count()
    saturday = local(date(2026, 12, 5), 10)
    extra = add_meeting(series.pk, saturday, by=house.coordinator, now=NOW)
    assert add_meeting(series.pk, saturday, by=house.chair, now=NOW) == extra
    assert Meeting.objects.count() == count + 1
    assert extra.cutoff_at == local(date(2026, 12, 4), 12)
    assert Event.objects.filter(kind="meeting.added", meeting_id=extra.pk).count() == 1


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": " "}, ["name"]),
        ({"rrule": "each Thursday"}, ["rrule"]),
        ({"rrule": "FREQ=SECONDLY"}, ["rrule"]),
        ({"rrule": "FREQ=WEEKLY;INTERVAL=0"}, ["rrule"]),
        ({"rrule": "FREQ=DAILY;BYMONTH=13"}, ["rrule"]),
        ({"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, ["rrule"]),
        ({"rrule": "DTSTART:20200101T000000\nFREQ=DAILY"}, ["rrule"]),
        ({"rrule": "FREQ=WEEKLY;BYDAY=TH;BYHOUR=8,9"}, ["rrule"]),
        ({"minutes": 4}, ["minutes"]),
        ({"capacity_minutes": 0}, ["capacity_minutes"]),
        ({"name": "", "minutes": 0}, ["name", "minutes"]),
        ({"minutes": 1000}, ["minutes"]),
        ({"eve_percent": 101}, ["eve_percent"]),
        ({"summer_percent": -1}, ["summer_percent"]),
        ({"summer_first_week": 27}, ["summer_last_week"]),
        ({"summer_first_week": 30, "summer_last_week": 27}, ["summer_last_week"]),
        ({"summer_first_week": 27, "summer_last_week": 54}, ["summer_last_week"]),
        ({"break_after_cases": 5, "break_minutes": 0}, ["break_minutes"]),
        ({"order_rules": ["nonsense"]}, ["order_rules"]),
        ({"order_rules": ["hard_first", "hard_first"]}, ["order_rules"]),
        ({"on_red_day": "later"}, ["on_red_day"]),
        ({"prep_due_days": 1}, ["prep_due_time"]),
    ],
)
def test_wrong_fields_are_named(house: House, fields: dict[str, object], wrong: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        create_series(data(house, **fields), by=house.admin, now=NOW)
    assert [e.field for e in refusal.value.errors] == wrong
    assert not Meeting.objects.exists()


def test_a_name_is_taken_once_in_a_unit(house: House) -> None:
    create_series(data(house), by=house.admin, now=NOW)
    with pytest.raises(Invalid) as refusal:
        create_series(data(house, name=" Kolorektal MDK "), by=house.admin, now=NOW)
    assert [(e.field, e.code) for e in refusal.value.errors] == [("name", "taken")]
    create_series(data(house, unit=house.hospital), by=house.admin, now=NOW)


@pytest.mark.parametrize(
    ("day", "is_working"),
    [
        (date(2026, 11, 20), True),
        (date(2026, 11, 21), False),
        (date(2026, 11, 22), False),
        (date(2026, 12, 25), False),
        (date(2027, 1, 6), False),
        (date(2027, 5, 6), False),
        (date(2027, 5, 7), True),
    ],
)
def test_working_days(day: date, is_working: bool) -> None:
    assert is_working_day(day) is is_working


@pytest.mark.parametrize(
    ("day", "count", "before"),
    [
        (date(2026, 11, 23), 1, date(2026, 11, 20)),
        (date(2026, 11, 24), 1, date(2026, 11, 23)),
        (date(2026, 11, 24), 2, date(2026, 11, 20)),
        (date(2027, 1, 7), 1, date(2027, 1, 5)),
        (date(2026, 11, 24), 0, date(2026, 11, 24)),
    ],
)
def test_working_days_before(day: date, count: int, before: date) -> None:
    assert working_days_before(day, count) == before


@pytest.mark.parametrize(
    ("due", "wrong"),
    [
        ({"prep_due_days": 2, "prep_due_time": time(16)}, "prep_due_days"),
        ({"prep_due_days": 1, "prep_due_time": time(11, 59)}, "prep_due_time"),
        ({"prep_due_days": 1, "prep_due_time": time(12)}, None),
        ({"prep_due_days": 0, "prep_due_time": time(7)}, None),
        ({"prep_due_days": 0, "prep_due_time": None}, None),
        ({"cutoff_days": 0, "cutoff_time": time(16), "prep_due_days": 0, "prep_due_time": time(8)}, "prep_due_time"),
        ({"cutoff_days": 0, "cutoff_time": time(16), "prep_due_days": 0, "prep_due_time": time(9)}, None),
    ],
)
def test_preparation_is_never_due_before_the_cutoff(house: House, due: dict[str, object], wrong: str | None) -> None:
    if wrong is None:
        series = create_series(data(house, **due), by=house.admin, now=NOW)
        for meeting in series.meetings.all():
            assert meeting.cutoff_at <= due_at(meeting.starts_at, series.prep_due_days, series.prep_due_time)
        return
    with pytest.raises(Invalid, match=r"12:00|16:00") as refusal:
        create_series(data(house, **due), by=house.admin, now=NOW)
    assert [(e.field, e.code) for e in refusal.value.errors] == [(wrong, "before-cutoff")]


def test_capacity_follows_the_share_of_the_day_and_discipline_by_discipline(house: House) -> None:
    fields = {"rrule": "FREQ=WEEKLY;BYDAY=WE", "eve_percent": 50, "prep_radiology_minutes": 101,
              "prep_pathology_minutes": 60, "prep_capacity_minutes": 5}  # fmt: skip
    series = create_series(data(house, **fields), by=house.admin, now=NOW)
    assert series.prep_capacity_minutes == 161, "the sum of the two"
    found = {
        timezone.localdate(m.starts_at): (
            m.capacity_minutes, m.prep_radiology_minutes, m.prep_pathology_minutes, m.prep_capacity_minutes,
        )
        for m in series.meetings.all()
    }  # fmt: skip
    assert found[date(2026, 12, 16)] == (80, 101, 60, 161)
    assert found[date(2026, 12, 23)] == (40, 50, 30, 80), "the day before Christmas Eve"


def test_a_series_that_is_not_active_has_no_meetings(house: House) -> None:
    assert not create_series(data(house, is_active=False), by=house.admin, now=NOW).meetings.exists()


def test_a_meeting_of_this_morning_is_not_made_in_the_afternoon(house: House) -> None:
    series = create_series(data(house, rrule="FREQ=DAILY"), by=house.admin, now=local(date(2026, 12, 1), 14))
    assert days(series.meetings.all())[0] == date(2026, 12, 2)


def test_a_day_with_a_cancelled_or_an_extra_meeting_gets_no_second_one(house: House) -> None:
    series = create_series(data(house), by=house.admin, now=NOW)
    cancelled = series.meetings.all()[0]
    cancel_meeting(cancelled.pk, reason="Utbildning", by=house.coordinator, now=NOW)
    later = NOW + timedelta(weeks=1)
    add_meeting(series.pk, local(date(2027, 6, 3), 13), by=house.coordinator, now=NOW)
    assert days(generate_meetings(series, now=later)) == []
    assert series.meetings.filter(starts_at__date=date(2027, 6, 3)).count() == 1
