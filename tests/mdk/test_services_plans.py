"""The proposed agenda against the database: what is gathered, what is accepted, and what no longer holds."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.actor import actor_for
from accounts.errors import Invalid
from accounts.models import User
from cases.models import Case
from cases.services.triage import triage_case
from checklists.enums import LevelCode
from events.models import Event
from mdk.enums import ItemStatus, PlanState
from mdk.models import Absence, AgendaItem, Capacity, Meeting, ProposedPlan, ProvisionalMove, SubSpeciality
from mdk.queries.capacity import monday_of
from mdk.queries.plan_shown import plan_shown
from mdk.queries.plans import due_on
from mdk.services.plans import Options, PlanRefused, accept_plan, discard_plan, propose_plan
from mdk.services.publishing import publish_meeting
from tests.domain_factories import (
    House,
    make_case,
    make_diagnosis,
    make_meeting,
    make_series,
    place,
    ready_case,
)

pytestmark = pytest.mark.django_db


def proposed(meeting: Meeting, by: User, **options: Any) -> ProposedPlan:
    """Return a plan from `meeting` on."""
    actor = actor_for(by, timezone.localdate())
    return propose_plan(meeting, Options(**options), actor=actor, now=timezone.now())


def entries(plan: ProposedPlan) -> dict[int, dict[str, Any]]:
    """Return the places of the plan by case."""
    return {entry["case"]: entry for entry in plan.content["placed"]}


def whys(plan: ProposedPlan) -> dict[int, tuple[str, str]]:
    """Return why cases got no place, by case: the code and what it is of. Each can be said."""
    assert all(row.why for row in plan_shown(plan).refused)
    return {entry["case"]: (entry["why"]["code"], entry["why"].get("of", "")) for entry in plan.content["not_placed"]}


def limit_reader(house: House, meeting: Meeting, reader: User, minutes: int) -> None:
    """Give the reader so many minutes a week from the meeting's on."""
    Capacity.objects.create(
        reader=reader, from_on=monday_of(due_on(meeting)), weekly_minutes=minutes, set_by=house.manager, set_at=timezone.now()
    )  # fmt: skip


def away(house: House, reader: User, meeting: Meeting, days: int = 0) -> None:
    """Let the reader be away on the day of the meeting and so many days before."""
    on = timezone.localdate(meeting.starts_at)
    Absence.objects.create(
        reader=reader, first_on=on - timedelta(days=days), last_on=on, recorded_by=house.manager, recorded_at=timezone.now()
    )  # fmt: skip


def test_ready_cases_get_firm_places_and_likely_ones_provisional_places(house: House) -> None:
    meeting = make_meeting(house)
    ready, waiting = ready_case(house), make_case(house)
    plan = proposed(meeting, house.coordinator, weeks=8)
    assert (entries(plan)[ready.pk]["meeting"], entries(plan)[ready.pk]["firm"]) == (meeting.pk, True)
    assert not entries(plan)[waiting.pk]["firm"]
    assert not AgendaItem.objects.exists()
    answers = accept_plan(plan.pk, by=house.coordinator, now=timezone.now())
    assert answers[ready.pk]["firm"]
    item = AgendaItem.objects.get(case=waiting)
    assert (item.status, item.added_by) == (ItemStatus.PROVISIONAL, None)
    assert item.probability is not None
    assert item.probability >= 0.85
    plan.refresh_from_db()
    assert (plan.state, plan.answered_by) == (PlanState.ACCEPTED, house.coordinator)


def test_what_is_firm_keeps_its_place_and_its_minutes(house: House) -> None:
    meeting = make_meeting(house, capacity_minutes=12)
    firm = place(meeting, ready_case(house), by=house.coordinator, minutes=8)
    other = ready_case(house)
    plan = proposed(meeting, house.coordinator, weeks=1)
    assert entries(plan) == {}
    assert whys(plan)[other.pk] == ("minutes", "")
    firm.refresh_from_db()
    assert firm.status == ItemStatus.PLANNED


def test_the_week_of_a_reader_is_shared_between_series(house: House) -> None:
    """One radiologist reads for two series: the two together get no more than the week has."""
    make_diagnosis("breast")
    first = make_meeting(house, readers=[house.radiologist, house.pathologist])
    second = make_meeting(house, diagnoses=("breast",), readers=[house.radiologist, house.pathologist])
    limit_reader(house, first, house.radiologist, 10)
    cases = [ready_case(house), ready_case(house, diagnosis="breast")]
    plan = proposed(first, house.coordinator, weeks=1, series=[second.series_id])
    assert len(entries(plan)) == 1
    left = next(case for case in cases if case.pk not in entries(plan))
    assert whys(plan)[left.pk] == ("week", "radiology")
    assert sum(entry["prep"]["radiology"] for entry in plan.content["placed"]) <= 10


def test_preparation_that_nobody_has_taken_counts_too(house: House) -> None:
    meeting = make_meeting(house, readers=[house.radiologist, house.pathologist])
    place(meeting, ready_case(house), by=house.coordinator)
    limit_reader(house, meeting, house.radiologist, 10)
    ready_case(house)
    assert entries(proposed(meeting, house.coordinator, weeks=1)) == {}


def test_quorum_by_who_is_away(house: House) -> None:
    """The only pathologist is away on the day of the first meeting: the case goes to the next one."""
    series = make_series(house)
    first, second = series.meetings.filter(starts_at__gt=timezone.now()).order_by("starts_at")[:2]
    away(house, house.pathologist, first)
    case = ready_case(house)
    assert entries(proposed(first, house.coordinator))[case.pk]["meeting"] == second.pk
    plan = proposed(first, house.coordinator, weeks=1)
    assert whys(plan)[case.pk] == ("quorum", "pathologist")


def test_a_reader_who_does_not_read_the_diagnosis_prepares_none_of_it(house: House) -> None:
    meeting = make_meeting(house, readers=[house.radiologist, house.pathologist])
    SubSpeciality.objects.create(
        reader=house.radiologist, diagnosis=make_diagnosis("breast"), set_by=house.manager, set_at=timezone.now()
    )
    case = ready_case(house)
    plan = proposed(meeting, house.coordinator, weeks=1)
    assert whys(plan)[case.pk] == ("unread", "radiology")


def test_no_likely_meeting_says_which_answer_and_how_likely_at_best(house: House) -> None:
    meeting = make_meeting(house, first_in_days=3)
    case = make_case(house)
    plan = proposed(meeting, house.coordinator, weeks=1)
    why = plan.content["not_placed"][0]
    assert (why["case"], why["why"]["code"], why["why"]["meeting"]) == (case.pk, "unlikely", meeting.pk)
    assert 0 <= why["why"]["chance"] < 0.85
    assert why["awaited"]


@pytest.mark.parametrize(("answer", "code"), [("national", "national"), ("not_ready", "not-triaged")])
def test_triage_speaks_before_the_plan(house: House, answer: str, code: str) -> None:
    meeting = make_meeting(house)
    case = ready_case(house)
    triage_case(case.pk, answer, reason="Väntar på MR.", by=house.coordinator, now=timezone.now())
    assert whys(proposed(meeting, house.coordinator)) == {case.pk: (code, "")}


def test_the_protocol_list_asks_for_no_readiness(house: House) -> None:
    meeting = make_meeting(house)
    case = make_case(house)
    Case.objects.filter(pk=case.pk).update(level=LevelCode.PROTOCOL)
    assert entries(proposed(meeting, house.coordinator))[case.pk]["firm"]


def test_meetings_behind_their_cutoff_are_not_offered(house: House) -> None:
    series = make_series(house)
    first, second = series.meetings.filter(starts_at__gt=timezone.now()).order_by("starts_at")[:2]
    Meeting.objects.filter(pk=first.pk).update(cutoff_at=timezone.now() - timedelta(minutes=1))
    case = ready_case(house)
    plan = proposed(Meeting.objects.get(pk=first.pk), house.coordinator)
    assert entries(plan)[case.pk]["meeting"] == second.pk


def test_a_provisional_place_moves_without_a_rebooking(house: House) -> None:
    series = make_series(house)
    first, second = series.meetings.filter(starts_at__gt=timezone.now()).order_by("starts_at")[:2]
    case = ready_case(house, promised_on=timezone.localdate(first.starts_at))
    held = place(second, case, by=house.coordinator, provisional=True)
    plan = proposed(first, house.coordinator)
    assert (entries(plan)[case.pk]["meeting"], entries(plan)[case.pk]["held"]) == (first.pk, second.pk)
    accept_plan(plan.pk, by=house.coordinator, now=timezone.now())
    held.refresh_from_db()
    assert held.status == ItemStatus.REMOVED
    assert AgendaItem.objects.get(case=case, status=ItemStatus.PLANNED).meeting == first
    assert ProvisionalMove.objects.filter(case=case, from_meeting=second, to_meeting=first).exists()


def test_accepted_in_part_and_then_the_rest(house: House) -> None:
    meeting = make_meeting(house)
    one, two = ready_case(house), ready_case(house)
    plan = proposed(meeting, house.coordinator)
    accept_plan(plan.pk, by=house.coordinator, now=timezone.now(), only=[one.pk])
    plan.refresh_from_db()
    assert plan.state == PlanState.PARTLY
    assert not AgendaItem.objects.filter(case=two).exists()
    accept_plan(plan.pk, by=house.coordinator, now=timezone.now())
    plan.refresh_from_db()
    assert plan.state == PlanState.ACCEPTED
    assert set(AgendaItem.objects.values_list("case", flat=True)) == {one.pk, two.pk}


def test_accepted_twice_gives_each_place_once(house: House) -> None:
    meeting = make_meeting(house)
    ready_case(house)
    plan = proposed(meeting, house.coordinator)
    first = accept_plan(plan.pk, by=house.coordinator, now=timezone.now())
    events = Event.objects.count()
    assert accept_plan(plan.pk, by=house.coordinator, now=timezone.now()) == first
    assert (AgendaItem.objects.count(), Event.objects.count()) == (1, events)


def test_accepted_by_two_names_the_first(house: House) -> None:
    meeting = make_meeting(house)
    ready_case(house)
    plan = proposed(meeting, house.coordinator)
    accept_plan(plan.pk, by=house.coordinator, now=timezone.now())
    with pytest.raises(PlanRefused, match="Karin Koordinator"):
        accept_plan(plan.pk, by=house.chair, now=timezone.now())
    with pytest.raises(PlanRefused, match="Karin Koordinator"):
        discard_plan(plan.pk, by=house.chair, now=timezone.now())


def test_what_changed_since_is_told_and_the_others_get_their_places(house: House) -> None:
    meeting = make_meeting(house, capacity_minutes=30)
    booked, unready, still = ready_case(house), ready_case(house), ready_case(house)
    plan = proposed(meeting, house.coordinator)
    elsewhere = make_meeting(house)
    place(elsewhere, booked, by=house.chair)
    Case.objects.filter(pk=unready.pk).update(attested_at=None, attested_by=None)
    answers = accept_plan(plan.pk, by=house.coordinator, now=timezone.now())
    assert answers[booked.pk]["code"] == "already-booked"
    assert "Olof Ordförande" in answers[booked.pk]["why"]
    assert (answers[unready.pk]["firm"], answers[unready.pk]["code"]) == (False, "not-ready")
    assert AgendaItem.objects.get(case=unready).status == ItemStatus.PROVISIONAL
    assert answers[still.pk]["firm"]
    plan.refresh_from_db()
    assert plan.content["answers"][str(booked.pk)]["code"] == "already-booked"


def test_a_meeting_that_filled_up_meanwhile_takes_no_more(house: House) -> None:
    meeting = make_meeting(house, capacity_minutes=10)
    case = ready_case(house)
    plan = proposed(meeting, house.coordinator, weeks=1)
    place(meeting, ready_case(house), by=house.coordinator, minutes=8)
    assert accept_plan(plan.pk, by=house.coordinator, now=timezone.now())[case.pk]["code"] == "over-capacity"


def test_a_discarded_plan_moves_nothing_and_stays_discarded(house: House) -> None:
    meeting = make_meeting(house)
    ready_case(house)
    plan = proposed(meeting, house.coordinator)
    discard_plan(plan.pk, by=house.coordinator, now=timezone.now())
    discard_plan(plan.pk, by=house.coordinator, now=timezone.now())
    with pytest.raises(PlanRefused):
        accept_plan(plan.pk, by=house.coordinator, now=timezone.now())
    assert not AgendaItem.objects.exists()
    assert Event.objects.filter(kind="plan.discarded").count() == 1


def test_options_out_of_range_are_named(house: House) -> None:
    meeting = make_meeting(house)
    with pytest.raises(Invalid) as raised:
        proposed(meeting, house.coordinator, weeks=0, seconds=61, series=[987654])
    assert [error.field for error in raised.value.errors] == ["weeks", "seconds", "series"]
    Meeting.objects.filter(pk=meeting.pk).update(status="cancelled")
    with pytest.raises(PlanRefused):
        proposed(Meeting.objects.get(pk=meeting.pk), house.coordinator)


def test_a_published_list_gets_additions_within_its_room(house: House) -> None:
    meeting = make_meeting(house)
    place(meeting, ready_case(house), by=house.coordinator)
    publish_meeting(meeting.pk, by=house.coordinator, now=timezone.now())
    case = ready_case(house)
    plan = proposed(Meeting.objects.get(pk=meeting.pk), house.coordinator)
    accept_plan(plan.pk, by=house.coordinator, now=timezone.now())
    assert AgendaItem.objects.get(case=case).meeting == meeting


def test_what_is_gathered_takes_the_same_queries_for_two_cases_and_for_six(house: House) -> None:
    meeting = make_meeting(house)
    ready_case(house)
    make_case(house)
    proposed(meeting, house.coordinator)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            proposed(meeting, house.coordinator)
        return len(caught)

    few = queries()
    for _case in range(2):
        ready_case(house)
        make_case(house)
    assert queries() == few
