"""The minutes of preparation that a meeting holds are one number, whoever asks: bar, gate, round, plan and warning."""

from datetime import timedelta

from django.utils import timezone, translation

from mdk.models import Meeting
from mdk.queries.agenda import agenda_of, preparation_loads
from mdk.queries.capacity import planned_for
from mdk.queries.plans import slots_of
from mdk.services.agenda.refusals import planned_preparation
from mdk.services.carrying import minutes_needed
from mdk.services.reopening import reopen_changed
from mdk.services.warnings import booking_warnings
from tests.domain_factories import House, add_result, published_meeting, ready_case
from tests.mdk.carried import read_all

NOW = timezone.now()


def test_a_second_reading_adds_to_the_first_wherever_minutes_are_counted(house: House) -> None:
    meeting = published_meeting(house, 2, now=NOW - timedelta(hours=2))
    item = meeting.items.first()
    assert item is not None
    read_all(item, house, NOW)
    once = planned_for([meeting.pk])[meeting.pk, "radiology"]
    later = NOW + timedelta(hours=1)
    add_result(item.case, "radiology", requirement="ct_thorax_abdomen", days_ago=0, now=later)
    assert reopen_changed(now=later) == 1
    row = item.preparations.get(discipline="radiology")
    assert row.earlier_minutes

    planned = planned_for([meeting.pk])[meeting.pk, "radiology"]
    assert planned > once - row.earlier_minutes
    (shown,) = (load for load in preparation_loads(agenda_of(meeting)) if load.discipline == "radiology")
    assert (shown.planned, shown.done) == (planned, row.earlier_minutes)
    assert planned_preparation(meeting)["radiology"] == planned

    case = ready_case(house, level="full")
    needed = minutes_needed(case, "full")["radiology"]
    Meeting.objects.filter(pk=meeting.pk).update(prep_radiology_minutes=planned + needed)
    meeting = Meeting.objects.select_related("series").get(pk=meeting.pk)
    meeting.planned = 0  # type: ignore[attr-defined]
    assert slots_of([meeting])[0].prep["radiology"] == needed
    meeting.prep_radiology_minutes = planned + needed - 1
    with translation.override("en"):
        said = booking_warnings(meeting, case, "full", later)
    assert (
        f"Radiology would have {planned + needed} of {planned + needed - 1} minutes to prepare for the meeting." in said
    )
