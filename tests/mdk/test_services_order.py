"""The order of an agenda in the house: where a booking goes, by hand, by rules, with a version, and its breaks."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.errors import Invalid, Stale
from cases.models import Case
from events.models import Event
from mdk.enums import OrderRule
from mdk.models import AgendaItem, Meeting, Preparation, Series
from mdk.queries.agenda import agenda_of, sections_of
from mdk.services.agenda import (
    BookingRefused,
    change_item,
    lift_item,
    move_item,
    order_by_rules,
    order_items,
    set_breaks,
    set_item_level,
    take_off,
)
from mdk.services.firming import make_firm
from tests.domain_factories import House, live_meeting, make_case, make_meeting, place, published_meeting, ready_case
from tests.factories import make_unit

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def positions(meeting: Meeting) -> list[int]:
    return list(meeting.items.filter(position__isnull=False).order_by("position").values_list("pk", flat=True))


def numbers(meeting: Meeting) -> list[int | None]:
    return list(meeting.items.filter(position__isnull=False).order_by("position").values_list("position", flat=True))


def booked(house: House, meeting: Meeting, case: Case | None = None, **fields: object) -> int:
    item = place(meeting, case or ready_case(house), by=house.coordinator, **fields)
    return item.pk


def operated(house: House) -> Case:
    case = ready_case(house)
    Case.objects.filter(pk=case.pk).update(phase="post_operative")
    return case


# Where a booking goes


def test_a_booking_goes_where_the_rules_want_it(house: House) -> None:
    meeting = make_meeting(house)
    listed = booked(house, meeting, ready_case(house, level="protocol"))
    likely = booked(house, meeting, make_case(house), provisional=True)
    after = booked(house, meeting, operated(house), override_reason="Akut.")
    easy = booked(house, meeting, level="focused")
    hard = booked(house, meeting)
    assert positions(meeting) == [hard, easy, after, listed, likely]
    assert numbers(meeting) == [1, 2, 3, 4, 5]
    parts = [(part.code, [row.id for row in part.rows]) for part in sections_of(agenda_of(meeting))]
    assert parts == [
        ("not_operated", [hard, easy]), ("operated", [after]), ("protocol", [listed]), ("provisional", [likely]),
    ]  # fmt: skip


def test_an_order_by_hand_is_not_disturbed(house: House) -> None:
    meeting = make_meeting(house)
    first, second, listed = booked(house, meeting), booked(house, meeting), booked(house, meeting, level="protocol")
    order_items(meeting.pk, [listed, second, first], by=house.coordinator, now=NOW)
    third = booked(house, meeting)
    assert positions(meeting) == [listed, second, first, third]


def test_made_firm_it_leaves_the_end_for_its_place(house: House) -> None:
    meeting = make_meeting(house)
    likely = booked(house, meeting, ready_case(house), provisional=True)
    listed = booked(house, meeting, ready_case(house, level="protocol"))
    assert positions(meeting) == [listed, likely]
    make_firm(likely, by=house.coordinator, now=NOW)
    assert positions(meeting) == [likely, listed]


def test_lifted_it_leaves_the_protocol_list(house: House) -> None:
    meeting = make_meeting(house)
    full = booked(house, meeting)
    first = booked(house, meeting, ready_case(house, level="protocol"))
    second = booked(house, meeting, ready_case(house, level="protocol"))
    lift_item(second, reason="Ny förändring.", by=house.radiologist, now=NOW)
    assert positions(meeting) == [full, second, first]


def test_a_case_of_another_unit_is_a_guests_and_comes_first(house: House) -> None:
    meeting = make_meeting(house)
    own, case = booked(house, meeting), ready_case(house)
    Case.objects.filter(pk=case.pk).update(unit=make_unit("Länssjukhuset", parent=None))
    guest = booked(house, meeting, case)
    assert positions(meeting) == [guest, own]


def test_a_guest_written_down_and_a_reader_group_by_the_rules(house: House) -> None:
    meeting = make_meeting(house)
    a, b, c, d = (booked(house, meeting) for _ in range(4))
    change_item(d, guest="Onkolog från Umeå", by=house.coordinator, now=NOW)
    for pk, reader in ((a, house.radiologist), (b, house.radiologist2), (c, house.radiologist)):
        Preparation.objects.filter(item=pk, discipline="radiology").update(reader=reader, claimed_at=NOW)
    order_by_rules(meeting.pk, by=house.coordinator, now=NOW)
    assert positions(meeting) == [d, a, c, b]


def test_the_rules_of_the_series_decide(house: House) -> None:
    meeting = make_meeting(house)
    Series.objects.filter(pk=meeting.series_id).update(order_rules=[OrderRule.HARD_FIRST])
    after = booked(house, meeting, operated(house), override_reason="Akut.")
    before = booked(house, meeting, level="focused")
    assert positions(meeting) == [after, before]


# By hand, with a version


def test_a_version_that_was_not_overtaken_holds(house: House) -> None:
    meeting = published_meeting(house, 3)
    one, two, three = positions(meeting)
    seen = Meeting.objects.get(pk=meeting.pk).version
    # What others do beside the agenda raises the version too, and stands in nobody's way.
    Meeting.objects.filter(pk=meeting.pk).update(version=seen + 3)
    order_items(meeting.pk, [three, one, two], by=house.coordinator, now=NOW, version=seen)
    assert positions(meeting) == [three, one, two]
    order_items(meeting.pk, [three, one, two], by=house.coordinator, now=NOW, version=seen)
    assert Event.objects.filter(kind="meeting.ordered").count() == 1


def test_another_order_in_between_is_not_overwritten(house: House) -> None:
    meeting = published_meeting(house, 3)
    one, two, three = positions(meeting)
    seen = Meeting.objects.get(pk=meeting.pk).version
    order_items(meeting.pk, [two, one, three], by=house.chair, now=NOW, version=seen)
    with pytest.raises(Stale, match=house.chair.name) as refusal:
        order_items(meeting.pk, [three, one, two], by=house.coordinator, now=NOW, version=seen)
    assert refusal.value.extra["changed_by"] == house.chair.name
    AgendaItem.objects.filter(pk=one).update(minutes=9)
    with pytest.raises(Stale):
        order_by_rules(meeting.pk, by=house.coordinator, now=NOW, version=seen)
    assert positions(meeting) == [two, one, three]


@pytest.mark.parametrize("change", ["booked", "taken off"])
def test_another_list_in_between_names_who_changed_it(house: House, change: str) -> None:
    meeting = published_meeting(house, 2)
    one, two = positions(meeting)
    seen = Meeting.objects.get(pk=meeting.pk).version
    if change == "booked":
        place(meeting, ready_case(house), by=house.chair)
    else:
        take_off(one, reason="Avstår.", by=house.chair, now=NOW)
    with pytest.raises(Stale, match=house.chair.name):
        order_items(meeting.pk, [two, one], by=house.coordinator, now=NOW, version=seen)


# Minutes, guests and levels


def test_more_minutes_than_there_are_take_a_reason(house: House) -> None:
    meeting = make_meeting(house, capacity_minutes=14)
    pk, _other = booked(house, meeting), booked(house, meeting)
    with pytest.raises(BookingRefused) as refusal:
        change_item(pk, minutes=9, by=house.coordinator, now=NOW)
    assert refusal.value.code == "over-capacity"
    change_item(pk, minutes=8, by=house.coordinator, now=NOW)
    item = change_item(pk, minutes=20, override_reason="Två organ.", by=house.coordinator, now=NOW)
    assert (item.minutes, item.override_reason, item.override_by) == (20, "Två organ.", house.coordinator)
    change_item(pk, minutes=15, by=house.coordinator, now=NOW)
    assert Event.objects.filter(kind="item.changed").count() == 3
    change_item(pk, minutes=15, by=house.coordinator, now=NOW)
    assert Event.objects.filter(kind="item.changed").count() == 3


def test_another_level_brings_its_minutes_its_preparation_and_its_place(house: House) -> None:
    meeting = make_meeting(house)
    full, listed = booked(house, meeting), booked(house, meeting, ready_case(house, level="protocol"))
    item = set_item_level(full, "protocol", reason="Standard.", by=house.coordinator, now=NOW)
    item.case.refresh_from_db()
    assert (item.level, item.minutes, item.case.level) == ("protocol", 1, "protocol")
    assert not item.preparations.exists()
    assert positions(meeting) == [listed, full]
    item = set_item_level(full, "focused", reason="Fråga.", by=house.coordinator, now=NOW)
    assert set(item.preparations.values_list("estimate_minutes", flat=True)) == {3}
    assert positions(meeting) == [full, listed]


def test_what_a_reader_has_taken_stays_when_the_level_asks_no_more(house: House) -> None:
    meeting = make_meeting(house)
    pk = booked(house, meeting)
    Preparation.objects.filter(item=pk, discipline="radiology").update(reader=house.radiologist, claimed_at=NOW)
    set_item_level(pk, "protocol", reason="Standard.", by=house.coordinator, now=NOW)
    assert list(Preparation.objects.filter(item=pk).values_list("discipline", flat=True)) == ["radiology"]


def test_a_higher_level_asks_for_room(house: House) -> None:
    meeting = make_meeting(house, capacity_minutes=7)
    booked(house, meeting)
    pk = booked(house, meeting, ready_case(house, level="protocol"))
    with pytest.raises(BookingRefused) as refusal:
        set_item_level(pk, "full", reason="Komplex.", by=house.coordinator, now=NOW)
    assert refusal.value.code == "over-capacity"
    item = AgendaItem.objects.select_related("case").get(pk=pk)
    assert (item.level, item.case.level) == ("protocol", "protocol")


Change = Callable[[int, House], object]


@pytest.mark.parametrize(
    "change",
    [
        lambda pk, house: move_item(pk, 1, by=house.coordinator, now=NOW),
        lambda pk, house: change_item(pk, guest="Bo", by=house.coordinator, now=NOW),
        lambda pk, house: set_item_level(pk, "focused", reason="Så.", by=house.coordinator, now=NOW),
    ],
)
def test_nothing_changes_once_the_meeting_has_begun(house: House, change: Change) -> None:
    pk = positions(live_meeting(house, 2))[0]
    with pytest.raises(BookingRefused) as refusal:
        change(pk, house)
    assert refusal.value.code == "meeting-status"


def test_nothing_changes_of_what_has_left(house: House) -> None:
    pk = booked(house, make_meeting(house))
    take_off(pk, reason="Avstår.", by=house.coordinator, now=NOW)
    for call in (
        lambda: change_item(pk, guest="Bo", by=house.coordinator, now=NOW),
        lambda: move_item(pk, 1, by=house.coordinator, now=NOW),
    ):
        with pytest.raises(BookingRefused) as refusal:
            call()
        assert refusal.value.code == "not-on-agenda"


# Breaks and the clock


def clock(meeting: Meeting) -> list[tuple[str, str]]:
    """Return the time of each case and of the break after it."""
    meeting = Meeting.objects.select_related("series").get(pk=meeting.pk)
    return [(row.clock, row.break_clock) for row in agenda_of(meeting)]


def test_breaks_by_the_rule_of_the_series(house: House) -> None:
    meeting = published_meeting(house, 4)
    Series.objects.filter(pk=meeting.series_id).update(break_after_cases=2, break_minutes=10)
    assert clock(meeting) == [("08:15", ""), ("08:21", "08:27"), ("08:37", ""), ("08:43", "")]


def test_breaks_by_hand_stand_instead_until_they_are_taken_back(house: House) -> None:
    meeting = published_meeting(house, 3)
    one, two, _three = positions(meeting)
    Series.objects.filter(pk=meeting.series_id).update(break_after_cases=2)
    set_breaks(meeting.pk, [(one, 15)], by=house.coordinator, now=NOW)
    assert clock(meeting) == [("08:15", "08:21"), ("08:36", ""), ("08:42", "")]
    set_breaks(meeting.pk, [], by=house.coordinator, now=NOW)
    assert clock(meeting)[1] == ("08:21", "")
    set_breaks(meeting.pk, None, by=house.coordinator, now=NOW)
    assert clock(meeting)[1] == ("08:21", "08:27")
    assert Event.objects.filter(kind="meeting.breaks").count() == 3
    for wrong in ([(two, 0)], [(two, 121)], [(0, 10)]):
        with pytest.raises(Invalid):
            set_breaks(meeting.pk, wrong, by=house.coordinator, now=NOW)


def test_a_break_by_hand_outlives_the_case_before_it(house: House) -> None:
    meeting = published_meeting(house, 3)
    one, two, _three = positions(meeting)
    set_breaks(meeting.pk, [(two, 15)], by=house.coordinator, now=NOW)
    take_off(two, reason="Avstår.", by=house.coordinator, now=NOW)
    assert Meeting.objects.get(pk=meeting.pk).own_breaks == [{"after": one, "minutes": 15}]
    assert clock(meeting) == [("08:15", "08:21"), ("08:36", "")]


def test_a_provisional_place_takes_no_time(house: House) -> None:
    meeting = published_meeting(house, 1)
    booked(house, meeting, make_case(house), provisional=True)
    ends = meeting.starts_at + timedelta(minutes=6)
    assert clock(meeting)[1] == (timezone.localtime(ends).strftime("%H:%M"), "")
