"""What becomes of standing meetings under another rule: each in one of four, never two on a day."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mdk.planning.calendar import MeetingDay
from mdk.planning.rescheduling import reschedule

MONDAY = date(2026, 11, 30)


def plan(*offsets: int) -> list[MeetingDay]:
    return [MeetingDay(MONDAY + timedelta(days=offset), 100) for offset in offsets]


def test_another_weekday_moves_within_the_week_and_the_rest_goes() -> None:
    before = {MONDAY + timedelta(days=offset) for offset in (1, 8, 15)}
    standing = {10: MONDAY + timedelta(days=1), 11: MONDAY + timedelta(days=8), 12: MONDAY + timedelta(days=15)}
    made = reschedule(before, plan(2, 9, 10, 23), standing, set())
    assert {pk: day.on for pk, day in made.moves.items()} == {
        10: MONDAY + timedelta(days=2), 11: MONDAY + timedelta(days=9),
    }  # fmt: skip
    assert (made.goes, made.stays, made.extra) == ((12,), {}, ())
    assert [day.on for day in made.new] == [MONDAY + timedelta(days=10), MONDAY + timedelta(days=23)]


def test_what_was_added_by_hand_stays_and_holds_its_day() -> None:
    made = reschedule({MONDAY}, plan(1, 2), {1: MONDAY, 2: MONDAY + timedelta(days=1)}, {MONDAY + timedelta(days=2)})
    assert (made.extra, made.goes, made.new) == ((2,), (1,), ())


DAYS = st.sets(st.integers(0, 60), max_size=20)


@given(before=DAYS, after=DAYS, standing=DAYS, taken=DAYS)
def test_each_has_one_fate_and_no_day_two_meetings(
    before: set[int], after: set[int], standing: set[int], taken: set[int]
) -> None:
    days = {offset: MONDAY + timedelta(days=offset) for offset in range(61)}
    meetings = {pk: days[pk] for pk in standing - taken}
    made = reschedule({days[one] for one in before}, plan(*after), meetings, {days[one] for one in taken})
    fates = [*made.stays, *made.moves, *made.goes, *made.extra]
    assert sorted(fates) == sorted(meetings)
    held = [day.on for day in (*made.stays.values(), *made.moves.values(), *made.new)]
    held += [meetings[pk] for pk in made.extra]
    assert len(set(held)) == len(held)
    assert {day.on for day in (*made.moves.values(), *made.new)}.isdisjoint(days[one] for one in taken)
    for pk, day in made.moves.items():
        assert day.on.isocalendar()[:2] == meetings[pk].isocalendar()[:2]
