"""Which meetings are proposed for a case, and what is said of each."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from cases.enums import ResultState
from cases.forecast.curves import DAYS
from cases.models import Case, Turnaround
from cases.panels import Proposal, panel
from checklists.registry import spec_of
from mdk.models import Meeting
from mdk.queries import proposals
from mdk.queries.proposals import LIKELY, proposals_for
from mdk.services.cancelling import cancel_meeting
from tests.domain_factories import (
    House,
    add_result,
    make_case,
    make_meeting,
    make_series,
    place,
    ready_case,
)
from tests.factories import make_unit

NOW = timezone.make_aware(datetime(2026, 11, 23, 8, 0))  # noqa: DTZ001 - made aware here; a Monday
PAD = "histopathology"


def proposed(case: Case, now: datetime = NOW) -> tuple[Proposal, ...]:
    return proposals_for(Case.objects.select_related("patient").prefetch_related("units").get(pk=case.pk), now)


def waiting_case(house: House, now: datetime = NOW, **fields: Any) -> Case:
    """Return a case that lacks only its histopathology, ordered today."""
    case = ready_case(house, now=now, **fields)
    case.results.filter(requirement=PAD).delete()
    add_result(case, "pathology", requirement=PAD, state=ResultState.ORDERED, now=now)
    case.refresh_from_db()
    return case


def pathology_takes(house: House, day: int, answers: int = 500) -> None:
    """Let the hospital's pathology have answered on the working day `day`, each time."""
    Turnaround.objects.create(
        provider=house.hospital, unit=None, kind="pathology", requirement=PAD, stage="ordered",
        came=[answers * (n == day) for n in range(DAYS)], awaited=[answers * (n <= day) for n in range(DAYS)],
        counted_at=NOW,
    )  # fmt: skip


def test_the_next_meetings_of_the_series_soonest_first(house: House) -> None:
    series = make_series(house, now=NOW, first_in_days=3)
    found = proposed(waiting_case(house))
    coming = series.meetings.order_by("starts_at")[: proposals.SHOWN]
    assert [row.meeting for row in found] == [meeting.pk for meeting in coming]
    assert (found[0].name, found[0].starts_at, found[0].cutoff_at) == (
        series.name,
        coming[0].starts_at,
        coming[0].cutoff_at,
    )
    chances = [row.probability for row in found]
    assert chances == sorted(chances)
    assert 0 < chances[0] < 1


def test_the_first_that_is_likely_enough_is_marked(house: House) -> None:
    """Pathology that answers on the seventh day: the first meeting is too soon, the second is the one."""
    pathology_takes(house, 6)
    make_series(house, now=NOW, first_in_days=3)
    found = proposed(waiting_case(house))
    assert found[0].probability < LIKELY < found[1].probability
    assert [row.is_likely for row in found] == [False, True, False, False]


def test_the_one_that_holds_is_shown_also_beyond_the_next_ones(house: House) -> None:
    """Pathology that answers on the thirtieth day: the next four are too soon, and the one that holds stands after them."""
    pathology_takes(house, 29)
    series = make_series(house, now=NOW, first_in_days=3)
    found = proposed(waiting_case(house))
    coming = list(series.meetings.order_by("starts_at"))
    assert [row.meeting for row in found[:-1]] == [meeting.pk for meeting in coming[: proposals.SHOWN]]
    assert [row.is_likely for row in found] == [False] * proposals.SHOWN + [True]
    assert found[-1].meeting in [meeting.pk for meeting in coming[proposals.SHOWN :]]
    assert found[-1].probability >= LIKELY


def test_a_full_meeting_is_not_the_one(house: House) -> None:
    series = make_series(house, now=NOW, first_in_days=3, capacity_minutes=8)
    case = ready_case(house, now=NOW)
    assert [row.is_likely for row in proposed(case)][:2] == [True, False]
    place(series.meetings.order_by("starts_at")[0], ready_case(house, now=NOW), by=house.coordinator, now=NOW)
    found = proposed(case)
    minutes = spec_of(case.definition_id).level(case.level).minutes
    assert found[0].free_minutes == 8 - minutes < minutes
    assert [row.is_likely for row in found][:2] == [False, True]
    assert found[0].probability == 1.0


def test_a_provisional_place_takes_no_minutes_and_is_marked_as_held(house: House) -> None:
    series = make_series(house, now=NOW, first_in_days=3)
    case, meeting = waiting_case(house), series.meetings.order_by("starts_at")[1]
    place(meeting, case, by=house.coordinator, now=NOW, provisional=True)
    found = proposed(case)
    assert [row.is_held for row in found] == [False, True, False, False]
    assert found[1].free_minutes == 80


def test_the_clocks_at_each_meeting_and_what_a_week_does_to_them(house: House) -> None:
    make_series(house, now=NOW, first_in_days=3)
    today = timezone.localdate(NOW)
    case = waiting_case(house, suspected_on=today - timedelta(days=30), promised_on=today + timedelta(days=5))
    first, second = proposed(case)[:2]
    allowed = spec_of(case.definition_id).lead_time_days
    assert allowed is not None
    assert (first.day, first.days_left, first.promised_left) == (33, allowed - 33, 2)
    assert (second.day, second.days_left, second.promised_left) == (40, allowed - 40, -5)
    assert second.days_over == 40 - allowed
    assert replace(second, days_left=None).days_over == 0


def test_only_meetings_that_could_take_it(house: House) -> None:
    case = waiting_case(house)
    make_series(house, now=NOW, diagnoses=("breast",))
    elsewhere = replace(house, hospital=house.elsewhere, radiology=make_unit("A"), pathology=make_unit("B"))
    make_series(elsewhere, now=NOW)
    series = make_series(house, now=NOW, first_in_days=3)
    first, second, third = series.meetings.order_by("starts_at")[:3]
    cancel_meeting(second.pk, reason="Ledighet.", by=house.coordinator, now=NOW)
    assert {row.name for row in proposed(case)} == {series.name}
    assert [row.meeting for row in proposed(case)][:2] == [first.pk, third.pk]
    late = proposed(case, first.cutoff_at + timedelta(minutes=1))
    assert late[0].meeting == third.pk
    series.is_active = False
    series.save()
    assert proposed(case) == ()


def test_a_series_that_the_cases_unit_is_invited_to(house: House) -> None:
    host = replace(house, hospital=house.elsewhere)
    series = make_series(host, now=NOW, participating_units=[house.clinic])
    assert {row.name for row in proposed(waiting_case(house))} == {series.name}


def test_an_answer_that_grows_too_old_before_the_meeting(house: House) -> None:
    series = make_series(house, now=NOW, first_in_days=3)
    case = ready_case(house, now=NOW)
    changes_on = case.readiness_changes_on
    assert changes_on is not None, "the programme gives some answer an age"
    for proposal in proposed(case):
        expected = 0.0 if timezone.localdate(proposal.starts_at) >= changes_on else 1.0
        assert proposal.probability == expected
    far = Meeting.objects.filter(series=series, starts_at__date__gte=changes_on).order_by("starts_at").first()
    assert far is not None
    later = proposed(case, far.cutoff_at - timedelta(hours=1))
    assert later[0].meeting == far.pk
    assert later[0].probability == 0.0


def test_the_panel_answers_for_a_case(house: House) -> None:
    meeting, case = make_meeting(house, first_in_days=10), make_case(house)
    assert panel("proposals", [case.pk])[case.pk][0].meeting == meeting.pk


def test_the_next_meeting_tells_the_probability(house: House) -> None:
    firm, waiting = ready_case(house), waiting_case(house, now=timezone.now())
    meeting = make_meeting(house, first_in_days=10)
    place(meeting, firm, by=house.coordinator)
    place(meeting, waiting, by=house.coordinator, provisional=True)
    found = panel("next_meeting", [firm.pk, waiting.pk])
    assert (found[firm.pk].probability, found[firm.pk].cutoff_at) == (1.0, meeting.cutoff_at)
    assert 0 < found[waiting.pk].probability < 1


def test_the_cost_does_not_grow_with_meetings(house: House, django_assert_max_num_queries: Any) -> None:
    case = waiting_case(house)
    make_series(house, now=NOW, first_in_days=3)
    proposed(case)
    with django_assert_max_num_queries(9):
        proposed(case)
    make_series(house, now=NOW, first_in_days=4)
    with django_assert_max_num_queries(9):
        assert len({row.name for row in proposed(case)}) == 2


def test_the_protocol_list_asks_for_no_readiness(house: House) -> None:
    make_series(house, now=NOW, first_in_days=3)
    case = waiting_case(house, level="protocol")
    found = proposed(case)
    assert found[0].is_likely


def test_fresh_at_the_cutoff_and_too_old_the_day_after_is_not_ready(house: House) -> None:
    case = ready_case(house, now=NOW)
    assert case.readiness_changes_on is not None
    make_series(house, now=NOW, first_in_days=(case.readiness_changes_on - timezone.localdate(NOW)).days)
    first = proposed(case)[0]
    assert timezone.localdate(first.cutoff_at) < case.readiness_changes_on <= timezone.localdate(first.starts_at)
    assert first.probability == 0.0
