"""Attempts on late additions, forecasts of places and published lists, past the services."""

from typing import Any

import pytest
from django.utils import timezone

from mdk.models import AgendaItem, AgendaVersion, Meeting, ProposedPlan, ProvisionalMove
from tests.constraints.conftest import refused_by_database
from tests.domain_factories import House, make_case, published_meeting

NOW = timezone.now()


@pytest.fixture
def meeting(house: House) -> Meeting:
    return published_meeting(house, 1)


@pytest.mark.parametrize(
    ("constraint", "fields"),
    [
        ("agenda_late_answered_who_and_when", {"late": "granted"}),
        ("agenda_late_answered_who_and_when", {"late": "refused", "late_answered_at": NOW}),
        ("agenda_late_answered_who_and_when", {"late": "asked", "late_answered_at": NOW}),
        ("agenda_late_answered_who_and_when", {"late": "perhaps"}),
        ("agenda_probability_0_1", {"probability": 0.5}),
        ("agenda_probability_0_1", {"forecast_at": NOW}),
        ("agenda_probability_0_1", {"forecast_at": NOW, "probability": 1.01}),
        ("agenda_probability_0_1", {"forecast_at": NOW, "probability": -0.01}),
    ],
)
def test_what_belongs_together_on_a_place(meeting: Meeting, constraint: str, fields: dict[str, Any]) -> None:
    with refused_by_database(constraint):
        AgendaItem.objects.filter(meeting=meeting).update(**fields)


def test_a_meeting_is_firmed_by_somebody_at_some_time(house: House, meeting: Meeting) -> None:
    for fields in ({"firmed_at": NOW}, {"firmed_by": house.coordinator}):
        with refused_by_database("meeting_firmed_who_and_when"):
            Meeting.objects.filter(pk=meeting.pk).update(**fields)


def test_a_list_has_a_number_of_its_own(house: House, meeting: Meeting) -> None:
    with refused_by_database("agenda_version_once"):
        AgendaVersion.objects.create(
            meeting=meeting, number=1, published_by=house.coordinator, published_at=NOW, content=[]
        )


def test_a_published_list_stays(meeting: Meeting) -> None:
    with refused_by_database("agenda_version_append_only"):
        AgendaVersion.objects.filter(meeting=meeting).update(content=[])
    with refused_by_database("agenda_version_append_only"):
        AgendaVersion.objects.filter(meeting=meeting).delete()


@pytest.mark.parametrize(
    "fields", [{"state": "accepted"}, {"state": "partly", "answered_at": NOW}, {"answered_at": NOW}]
)
def test_a_plan_is_answered_by_somebody_at_some_time(house: House, meeting: Meeting, fields: dict[str, Any]) -> None:
    with refused_by_database("plan_answered_who_and_when"):
        ProposedPlan.objects.create(
            meeting=meeting, series=[meeting.series_id], made_by=house.coordinator, made_at=NOW, content={}, **fields
        )


def test_a_provisional_date_moves_from_somewhere_or_to_somewhere(house: House) -> None:
    with refused_by_database("move_from_or_to"):
        ProvisionalMove.objects.create(case=make_case(house), reason="sooner", moved_at=NOW)


def test_a_move_that_was_written_down_stays(house: House, meeting: Meeting) -> None:
    case = make_case(house)
    ProvisionalMove.objects.create(case=case, to_meeting=meeting, reason="sooner", moved_at=NOW)
    with refused_by_database("move_append_only"):
        ProvisionalMove.objects.filter(case=case).update(moved_at=NOW)
    with refused_by_database("move_append_only"):
        ProvisionalMove.objects.filter(case=case).delete()
