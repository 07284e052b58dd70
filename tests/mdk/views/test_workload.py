"""/workload/: weeks of readers and units as charts with tables behind them; no patient."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mdk.models import Meeting, Preparation, Series
from mdk.queries.capacity import monday_of
from mdk.services.preparation import claim
from mdk.services.roster import set_capacity
from tests.domain_factories import House, published_meeting
from tests.mdk.planning import page, person

URL = "/workload/"


def held(house: House, cases: int = 1) -> Meeting:
    """Return a meeting whose radiology the radiologist holds."""
    meeting = published_meeting(house, cases)
    for row in Preparation.objects.filter(item__meeting=meeting, discipline="radiology"):
        claim(row.pk, by=house.radiologist, now=timezone.now())
    return meeting


def due(meeting: Meeting) -> date:
    """Return the day on which the meeting's preparations are due."""
    return timezone.localdate(Preparation.objects.filter(item__meeting=meeting)[0].due_at)


@pytest.mark.parametrize("role", ["coordinator", "manager", "radiologist", "admin"])
def test_the_weeks_stand_there_for_those_who_follow_them(house: House, role: str) -> None:
    meeting = held(house)
    text = page(person(house, role)).get(URL).content.decode()
    assert "Rut Radiolog" in text
    case = meeting.items.get().case
    assert case.patient.name not in text
    assert case.patient.identity_value not in text
    assert case.clinical_question not in text


@pytest.mark.parametrize("role", ["chair", "clinician", "nurse"])
def test_others_have_no_workload(house: House, role: str) -> None:
    assert page(person(house, role)).get(URL).status_code == 403


def test_a_stranger_sees_nobody(house: House) -> None:
    meeting = held(house)
    text = page(house.stranger).get(URL).content.decode()
    assert "Rut Radiolog" not in text
    assert meeting.series.name not in text
    assert house.hospital.name not in text


def test_it_is_only_read(house: House) -> None:
    assert page(house.coordinator).post(URL).status_code == 405


def test_every_chart_has_a_title_a_description_and_a_table(house: House) -> None:
    held(house)
    text = page(house.coordinator).get(URL).content.decode()
    charts = text.split('role="img" aria-labelledby="')[1:]
    assert charts
    for chart in charts:
        title, said = chart.split('"')[0].split()
        assert f'<title id="{title}">' in text
        assert f'<desc id="{said}">' in text
    assert text.count('id="reader-') == 2 * text.count('aria-labelledby="reader-')
    assert "style=" not in text.split("<main")[1]


def test_a_week_over_its_capacity_is_hatched_and_named_in_words(house: House) -> None:
    meeting = held(house)
    text = page(house.coordinator).get(URL).content.decode()
    hatched = text.count("chart__hatch")
    set_capacity(house.radiologist.pk, from_on=due(meeting), weekly_minutes=0, by=house.coordinator, now=timezone.now())
    text = page(house.coordinator).get(URL).content.decode()
    assert text.count("chart__hatch") > hatched
    planned = Preparation.objects.get(reader=house.radiologist).estimate_minutes
    assert (
        f"{planned} av 0 min planerade, {planned} över" in text or f"{planned} of 0 min planned, {planned} over" in text
    )


def test_a_reader_of_several_units_stands_there_once_with_the_parts_told_apart(house: House) -> None:
    held(house)
    other = held(house)
    Series.objects.filter(pk=other.series_id).update(unit=house.clinic)
    text = page(house.coordinator).get(URL).content.decode()
    assert text.count("<strong>Rut Radiolog</strong>") == 1
    row = text.split("<strong>Rut Radiolog</strong>")[1].split("</div>")[0]
    assert house.hospital.name in row
    assert house.clinic.name in row


def test_the_unit_in_the_address_leaves_the_rest_as_elsewhere(house: House) -> None:
    held(house)
    other = held(house)
    Series.objects.filter(pk=other.series_id).update(unit=house.clinic)
    text = page(house.coordinator).get(URL, {"unit": house.clinic.pk}).content.decode()
    row = text.split("<strong>Rut Radiolog</strong>")[1].split("</div>")[0]
    assert house.clinic.name in row
    assert house.hospital.name not in row.replace(house.clinic.name, "")
    assert 'class="chart__elsewhere"' in text.split("<strong>Rut Radiolog</strong>")[1].split("</svg>")[0]


@pytest.mark.parametrize(
    ("given", "weeks"),
    [
        ({}, 12),
        ({"from": "2026-02-04", "to": "2026-02-04"}, 1),
        ({"from": "2026-02-02", "to": "2026-03-01"}, 4),
        ({"from": "2026-02-02", "to": "2030-01-01"}, 26),
        ({"from": "2026-02-02", "to": "2026-01-01"}, 1),
        ({"from": "igår", "unit": "x"}, 12),
        ({"unit": "999999"}, 12),
    ],
)
def test_the_period_of_the_address_is_whole_weeks(house: House, given: dict[str, str], weeks: int) -> None:
    answer = page(house.coordinator).get(URL, given)
    assert answer.status_code == 200
    assert len(answer.context["found"].mondays) == weeks


def test_a_warning_leads_to_the_week_it_is_about(house: House) -> None:
    monday = monday_of(due(held(house)))
    answer = page(house.coordinator).get(URL, {"from": monday.isoformat()})
    assert answer.context["found"].mondays[0] == monday


def test_what_nobody_has_taken_waits_to_be_shared(house: House) -> None:
    meeting = published_meeting(house, 2)
    answer = page(house.coordinator).get(URL)
    rows = {(row.meeting_id, row.discipline): row.count for row in answer.context["unshared"]}
    assert rows[meeting.pk, "pathology"] == 2
    claim(Preparation.objects.filter(discipline="pathology")[0].pk, by=house.pathologist, now=timezone.now())
    answer = page(house.coordinator).get(URL)
    rows = {(row.meeting_id, row.discipline): row.count for row in answer.context["unshared"]}
    assert rows[meeting.pk, "pathology"] == 1


def test_the_queries_do_not_grow_with_readers_and_weeks(house: House) -> None:
    held(house)

    def queries(**given: str) -> int:
        client = page(house.coordinator)
        client.get(URL, given)
        with CaptureQueriesContext(connection) as found:
            client.get(URL, given)
        return len(found)

    one = queries()
    held(house, 3)
    for row in Preparation.objects.filter(discipline="radiology", item__position__gt=1):
        Preparation.objects.filter(pk=row.pk).update(reader=house.radiologist2)
    Preparation.objects.filter(discipline="pathology").update(reader=house.pathologist, claimed_at=timezone.now())
    later = (timezone.localdate() + timedelta(weeks=25)).isoformat()
    assert queries(to=later) == one
