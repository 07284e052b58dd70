"""Dates that follow the forecast: given, moved, kept; who is told, and what is counted."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from cases.enums import ResultState
from cases.models import Case
from events.models import Event, Notice
from mdk.enums import ItemStatus, MoveReason
from mdk.models import AgendaItem, Meeting, PlanningChoice, ProvisionalMove, Series
from mdk.queries.proposals import LIKELY, first_likely
from mdk.services.agenda import take_off
from mdk.services.cancelling import cancel_meeting
from mdk.services.provisional import follow_provisional
from tests.domain_factories import House, add_result, make_case, make_series, place, ready_case
from tests.mdk.test_proposals import NOW, PAD, pathology_takes, waiting_case

pytestmark = pytest.mark.django_db


def coming(series: Series) -> list[Meeting]:
    return list(series.meetings.order_by("starts_at")[:4])


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
