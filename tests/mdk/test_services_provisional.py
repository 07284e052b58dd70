"""Dates that follow the forecast: given, moved, kept; who is told, and what is counted."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cases.enums import ResultState, TriageAnswer
from cases.models import Case
from cases.services.editing import withdraw_case
from cases.services.triage import triage_case
from events.models import Event, Notice
from mdk.enums import ItemStatus, MoveReason
from mdk.models import AgendaItem, Meeting, PlanningChoice, Preparation, ProvisionalMove, Series
from mdk.queries.proposals import LIKELY, first_likely
from mdk.services import provisional
from mdk.services.agenda import take_off
from mdk.services.cancelling import cancel_meeting
from mdk.services.firming import make_firm
from mdk.services.provisional import follow_provisional
from mdk.services.publishing import publish_meeting
from tests.domain_factories import House, add_result, make_series, place, ready_case
from tests.factories import login
from tests.mdk.test_proposals import NOW, PAD, pathology_takes, waiting_case

pytestmark = pytest.mark.django_db


def coming(series: Series) -> list[Meeting]:
    return list(series.meetings.order_by("starts_at")[:4])


def quick(house: House) -> None:
    """Let pathology answer on the fifth working day, each time: the meeting ten days ahead is then likely."""
    pathology_takes(house, 4)


def held(case: Case) -> AgendaItem:
    return case.agenda_items.select_related("meeting").get(status=ItemStatus.PROVISIONAL)


def test_an_unready_case_gets_the_first_likely_meeting_and_that_is_written_down(house: House) -> None:
    pathology_takes(house, 6)
    first, second = coming(make_series(house, now=NOW, first_in_days=3))[:2]
    case = waiting_case(house)
    assert follow_provisional(now=NOW) == 1
    item = held(case)
    assert (item.meeting, item.added_by, item.forecast_at) == (second, None, NOW)
    assert item.probability is not None
    assert item.probability >= LIKELY
    assert first_likely(case, now=NOW) == second
    move = ProvisionalMove.objects.get()
    assert (move.case, move.from_meeting, move.to_meeting, move.moved_by) == (case, None, second, None)
    assert first not in {item.meeting}
    assert Event.objects.get(kind="place.given").case_id == case.pk
    assert not Notice.objects.filter(event__kind__startswith="place.").exists()
    assert follow_provisional(now=NOW) == 0
    assert ProvisionalMove.objects.count() == 1


def test_only_cases_that_wait_for_something_get_one(house: House) -> None:
    """Ready cases are offered, those of a national conference and those that are over have no meeting here."""
    make_series(house, now=NOW, first_in_days=3)
    ready, national, over = ready_case(house, now=NOW), waiting_case(house), waiting_case(house)
    triage_case(national.pk, TriageAnswer.NATIONAL, reason="Till Göteborg.", by=house.coordinator, now=NOW)
    withdraw_case(over.pk, reason="Avböjer.", by=house.clinician, now=NOW)
    assert follow_provisional(now=NOW) == 0
    assert not AgendaItem.objects.filter(case__in=[ready, national, over]).exists()


def test_a_case_that_goes_to_a_national_conference_loses_its_date(house: House) -> None:
    make_series(house, now=NOW, first_in_days=10)
    case = waiting_case(house)
    follow_provisional(now=NOW)
    triage_case(case.pk, TriageAnswer.NATIONAL, reason="Till Göteborg.", by=house.coordinator, now=NOW)
    assert follow_provisional(now=NOW) == 1
    assert not case.agenda_items.filter(position__isnull=False).exists()
    assert follow_provisional(now=NOW) == 0


def test_answers_that_come_bring_the_date_forward_and_that_is_no_rebooking(house: House) -> None:
    pathology_takes(house, 9)
    first, _second, third = coming(make_series(house, now=NOW, first_in_days=3))[:3]
    case = waiting_case(house)
    follow_provisional(now=NOW)
    assert held(case).meeting == third
    later = NOW + timedelta(hours=2)
    add_result(case, "pathology", requirement=PAD, days_ago=0, now=later)
    assert follow_provisional(now=later) == 1
    assert held(case).meeting == first
    assert held(case).probability == 1.0
    move = ProvisionalMove.objects.latest("pk")
    assert (move.from_meeting, move.to_meeting, move.reason) == (third, first, MoveReason.SOONER)
    assert not case.rebookings.exists()
    notices = Notice.objects.filter(event__kind="place.moved")
    assert {notice.person for notice in notices} == {house.clinician, house.nurse}
    assert follow_provisional(now=later) == 0


def test_a_ready_case_is_never_made_firm_by_it(house: House) -> None:
    make_series(house, now=NOW, first_in_days=3)
    case = waiting_case(house)
    follow_provisional(now=NOW)
    add_result(case, "pathology", requirement=PAD, days_ago=0, now=NOW)
    follow_provisional(now=NOW + timedelta(hours=1))
    assert held(case).status == ItemStatus.PROVISIONAL


def test_when_the_cutoff_passes_unconfirmed_an_unready_place_moves_on(house: House) -> None:
    quick(house)
    first, second = coming(make_series(house, now=NOW, first_in_days=10))[:2]
    unready, ready = waiting_case(house), waiting_case(house)
    follow_provisional(now=NOW)
    assert {held(case).meeting for case in (unready, ready)} == {first}
    add_result(ready, "pathology", requirement=PAD, days_ago=0, now=NOW)
    late = first.cutoff_at + timedelta(minutes=1)
    assert follow_provisional(now=late) == 1
    assert held(unready).meeting.starts_at >= second.starts_at
    assert held(ready).meeting == first
    assert unready.provisional_moves.latest("pk").reason == MoveReason.NOT_READY
    assert follow_provisional(now=first.starts_at) == 1, "the meeting begins without the ready case"
    assert ready.provisional_moves.latest("pk").reason == MoveReason.NO_ROOM


def test_what_a_person_chose_stays_until_the_cutoff_or_until_it_cannot_be(house: House) -> None:
    quick(house)
    second = coming(make_series(house, now=NOW, first_in_days=10))[1]
    case = waiting_case(house)
    place(second, case, by=house.coordinator, now=NOW, provisional=True)
    assert follow_provisional(now=NOW) == 0, "an earlier likely meeting does not draw it"
    assert held(case).meeting == second
    assert held(case).probability is not None
    late = second.cutoff_at + timedelta(minutes=1)
    follow_provisional(now=late)
    assert held(case).meeting.starts_at > second.starts_at
    assert held(case).added_by is None


def test_a_hand_made_date_before_the_answer_is_expected_is_impossible_and_moves(house: House) -> None:
    first = coming(make_series(house, now=NOW, first_in_days=3))[0]
    case = waiting_case(house)
    result = case.results.get(requirement=PAD)
    add_result(
        case, "pathology", requirement=PAD, state=ResultState.ORDERED, now=NOW, external_id=result.external_id,
        expected_on=timezone.localdate(NOW) + timedelta(days=20),
    )  # fmt: skip
    place(first, case, by=house.coordinator, now=NOW, provisional=True)
    assert follow_provisional(now=NOW) == 1
    assert case.provisional_moves.get().reason == MoveReason.LATER


def test_a_cancelled_meeting_gives_a_new_date_and_says_so(house: House) -> None:
    quick(house)
    first, second = coming(make_series(house, now=NOW, first_in_days=10))[:2]
    case = waiting_case(house)
    follow_provisional(now=NOW)
    cancel_meeting(first.pk, reason="Lokalen är stängd.", by=house.coordinator, now=NOW)
    follow_provisional(now=NOW)
    assert held(case).meeting == second
    move = case.provisional_moves.latest("pk")
    assert (move.from_meeting, move.to_meeting, move.reason) == (first, second, MoveReason.MEETING_CANCELLED)


def test_a_meeting_that_a_person_took_it_off_is_not_given_again(house: House) -> None:
    quick(house)
    second = coming(make_series(house, now=NOW, first_in_days=10))[1]
    case = waiting_case(house)
    follow_provisional(now=NOW)
    take_off(held(case).pk, reason="Patienten är bortrest.", by=house.coordinator, now=NOW)
    follow_provisional(now=NOW)
    assert held(case).meeting == second


def test_the_most_urgent_go_before_and_the_others_wait_for_room(house: House) -> None:
    quick(house)
    first, second = coming(make_series(house, now=NOW, first_in_days=10, capacity_minutes=8))[:2]
    today = timezone.localdate(NOW)
    calm = waiting_case(house, suspected_on=today - timedelta(days=2))
    follow_provisional(now=NOW)
    assert held(calm).meeting == first
    urgent = waiting_case(house, suspected_on=today - timedelta(days=20))
    assert first_likely(urgent, now=NOW) == first
    assert first_likely(calm, now=NOW) == first, "until the urgent one is there"
    follow_provisional(now=NOW)
    assert held(urgent).meeting == first
    assert held(calm).meeting == second
    assert calm.provisional_moves.latest("pk").reason == MoveReason.NO_ROOM


def test_nobody_is_told_of_less_than_they_chose_but_of_small_moves_together(house: House) -> None:
    quick(house)
    meetings = coming(make_series(house, now=NOW, first_in_days=10))
    PlanningChoice.objects.create(person=house.clinician, move_days=10)
    waiting_case(house)
    follow_provisional(now=NOW)

    def told() -> set[Any]:
        return {notice.person for notice in Notice.objects.filter(event__kind="place.moved")}

    cancel_meeting(meetings[0].pk, reason="Stängt.", by=house.coordinator, now=NOW)
    follow_provisional(now=NOW)
    assert told() == {house.nurse}, "seven days are fewer than ten"
    cancel_meeting(meetings[1].pk, reason="Stängt.", by=house.coordinator, now=NOW + timedelta(hours=1))
    follow_provisional(now=NOW + timedelta(hours=1))
    assert told() == {house.nurse, house.clinician}, "fourteen days from the date that the clinician knows"


def test_a_promised_date_in_danger_is_said_once_and_again_only_after_it_was_safe(house: House) -> None:
    quick(house)
    first, second = coming(make_series(house, now=NOW, first_in_days=10))[:2]
    case = waiting_case(house, promised_on=timezone.localdate(first.starts_at))
    follow_provisional(now=NOW)
    assert not Event.objects.filter(kind="promise.at_risk").exists()
    add_result(
        case, "pathology", requirement=PAD, state=ResultState.ORDERED, now=NOW,
        expected_on=timezone.localdate(first.starts_at),
    )  # fmt: skip
    for hour in (1, 2):
        follow_provisional(now=NOW + timedelta(hours=hour))
    assert held(case).meeting == second
    warning = Event.objects.get(kind="promise.at_risk")
    people = {notice.person for notice in Notice.objects.filter(event=warning)}
    assert people == {house.clinician, house.nurse, house.coordinator}
    add_result(case, "pathology", requirement=PAD, days_ago=0, now=NOW + timedelta(hours=3))
    follow_provisional(now=NOW + timedelta(hours=3))
    assert Event.objects.filter(kind="promise.safe").count() == 1
    cancel_meeting(first.pk, reason="Stängt.", by=house.coordinator, now=NOW + timedelta(hours=4))
    follow_provisional(now=NOW + timedelta(hours=4))
    assert Event.objects.filter(kind="promise.at_risk").count() == 2


def test_small_changes_of_the_forecast_are_written_but_move_nothing(house: House) -> None:
    make_series(house, now=NOW, first_in_days=10)
    case = waiting_case(house)
    follow_provisional(now=NOW)
    before = held(case)
    later = NOW + timedelta(days=2)
    assert follow_provisional(now=later) == 0
    item = held(case)
    assert (item.pk, item.forecast_at) == (before.pk, later)
    assert before.probability is not None
    assert item.probability is not None
    assert 0.01 <= before.probability - item.probability < 0.15


def test_the_cost_is_the_same_for_one_case_and_for_three(house: House, django_assert_max_num_queries: Any) -> None:
    make_series(house, now=NOW, first_in_days=10)
    for _ in range(2):
        waiting_case(house)
        follow_provisional(now=NOW)
        with django_assert_max_num_queries(10):
            follow_provisional(now=NOW)


def test_one_case_that_cannot_be_moved_leaves_the_others_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    make_series(house, now=NOW, first_in_days=10)
    bad, good = waiting_case(house), waiting_case(house)
    hold = provisional.hold_place

    def fails(case: Case, *args: Any, **fields: Any) -> AgendaItem:
        if case.pk == bad.pk:
            raise RuntimeError
        return hold(case, *args, **fields)

    monkeypatch.setattr(provisional, "hold_place", fails)
    assert follow_provisional(now=NOW) == 1
    assert held(good).position == 1
    assert not bad.agenda_items.exists()


def test_readers_get_firm_cases_only(house: House, client: Client) -> None:
    """Nothing of a provisional place reaches a reader, published or not; made firm it is there at once."""
    quick(house)
    meeting = coming(make_series(house, now=NOW, first_in_days=10, readers=[house.radiologist]))[0]
    by_hand, by_system = waiting_case(house), waiting_case(house)
    place(meeting, by_hand, by=house.coordinator, now=NOW, provisional=True)
    follow_provisional(now=NOW)
    publish_meeting(meeting.pk, by=house.coordinator, now=NOW)
    assert {held(case).meeting for case in (by_hand, by_system)} == {meeting}
    assert not Preparation.objects.exists()
    login(client, house.radiologist)
    assert not client.get("/api/v1/preparations/").json()["results"]
    add_result(by_system, "pathology", requirement=PAD, days_ago=0, now=NOW)
    make_firm(held(by_system).pk, by=house.coordinator, now=NOW)
    assert set(Preparation.objects.values_list("item__case", flat=True)) == {by_system.pk}
