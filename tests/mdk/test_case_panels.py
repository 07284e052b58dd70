"""What meetings add to cases: one answer a panel, whatever the number of cases."""

from typing import Any

import pytest
from django.utils import timezone

from cases.panels import panel, register_panel
from mdk.case_panels import agenda_history_by_case, next_meeting_by_case, outcomes_by_case, readers_by_case
from mdk.models import Preparation
from mdk.services import preparation
from mdk.services.agenda import take_off
from mdk.services.live import close_meeting
from mdk.services.outcome import add_addendum, sign_meeting
from mdk.services.rebooking import rebook_item
from tests.domain_factories import (
    House,
    give_outcome,
    live_meeting,
    make_case,
    make_house,
    make_meeting,
    make_series,
    place,
    published_meeting,
    ready_case,
)


@pytest.fixture
def house(db: None) -> House:
    return make_house()


def test_the_next_meeting_firm_or_provisional(house: House) -> None:
    firm, provisional, none = ready_case(house), make_case(house), make_case(house)
    meeting = make_meeting(house)
    place(meeting, firm, by=house.coordinator)
    place(meeting, provisional, by=house.coordinator, provisional=True)
    found = next_meeting_by_case([firm.pk, provisional.pk, none.pk])
    assert set(found) == {firm.pk, provisional.pk}
    assert (found[firm.pk].firm, found[provisional.pk].firm) == (True, False)
    assert (found[firm.pk].meeting, found[firm.pk].name, found[firm.pk].position) == (
        meeting.pk,
        meeting.series.name,
        1,
    )


def test_only_signed_recommendations_with_their_addenda(house: House) -> None:
    meeting = live_meeting(house, cases=1)
    item = meeting.items.get()
    give_outcome(item, by=house.chair, recommendation="Operation först.")
    assert outcomes_by_case([item.case_id]) == {}
    close_meeting(meeting.pk, by=house.chair, now=timezone.now())
    sign_meeting(meeting.pk, by=house.chair, now=timezone.now())
    add_addendum(item.pk, "Genetiskt svar kom efteråt.", by=house.chair, now=timezone.now())
    (advice,) = outcomes_by_case([item.case_id])[item.case_id]
    assert (advice.recommendation, advice.addenda) == ("Operation först.", ("Genetiskt svar kom efteråt.",))


def test_the_readers_are_those_who_prepare_and_those_who_have_prepared(house: House) -> None:
    meeting = published_meeting(house, 2)
    first, second = [item.case_id for item in meeting.items.order_by("position")]
    assert readers_by_case([first, second]) == {}
    row = Preparation.objects.get(item__case=first, discipline="radiology")
    preparation.claim(row.pk, by=house.radiologist, now=timezone.now())
    assert readers_by_case([first, second]) == {first: [house.radiologist]}
    preparation.start(row.pk, by=house.radiologist, now=timezone.now())
    preparation.complete(row.pk, minutes=5, findings="Tumör.", by=house.radiologist, now=timezone.now())
    preparation.claim(
        Preparation.objects.get(item__case=first, discipline="pathology").pk, by=house.pathologist, now=timezone.now()
    )
    assert readers_by_case([first]) == {first: [house.radiologist, house.pathologist]}
    take_off(row.item_id, reason="Nya frågor.", by=house.coordinator, now=timezone.now())
    assert readers_by_case([first]) == {first: [house.radiologist]}


def test_every_place_so_far_and_how_it_ended(house: House) -> None:
    case = ready_case(house)
    series = make_series(house)
    first, second = series.meetings.order_by("starts_at")[:2]
    item = place(first, case, by=house.coordinator)
    rebook_item(item.pk, meeting_id=second.pk, reason="no_time", by=house.coordinator, now=timezone.now())
    moved = case.agenda_items.exclude(pk=item.pk).get()
    take_off(moved.pk, reason="Patienten avböjer.", by=house.coordinator, now=timezone.now())
    places = agenda_history_by_case([case.pk])[case.pk]
    assert [one.status for one in places] == ["rebooked", "removed"]
    assert places[0].note
    assert places[1].note == "Patienten avböjer."


@pytest.mark.parametrize("name", ["next_meeting", "outcomes", "agenda_history"])
def test_a_panel_costs_the_same_for_one_case_and_three(
    house: House, django_assert_max_num_queries: Any, name: str
) -> None:
    meeting = live_meeting(house, cases=3)
    cases = list(meeting.items.values_list("case_id", flat=True))
    for item in meeting.items.all():
        give_outcome(item, by=house.chair)
    for ids in (cases[:1], cases):
        with django_assert_max_num_queries(2):
            panel(name, ids)


def test_a_panel_is_registered_once() -> None:
    register_panel("outcomes", outcomes_by_case)
    with pytest.raises(ValueError, match="twice"):
        register_panel("outcomes", next_meeting_by_case)


def test_a_panel_that_nobody_fills_is_empty() -> None:
    assert panel("weather", [1, 2]) == {}
    assert panel("next_meeting", []) == {}
