"""/roster/: readers' weeks, days away and duties, seen and changed by those who may."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.permissions import Role
from mdk.models import Absence, Capacity, Duty, SubSpeciality
from mdk.services.roster import record_absence, set_capacity
from tests.domain_factories import House, make_diagnosis, make_meeting
from tests.factories import make_user
from tests.mdk.planning import page, person

URL = "/roster/"
PLANNERS = ("coordinator", "manager")
READERS = ("radiologist", "pathologist")
OTHERS = ("chair", "clinician", "nurse")
TODAY = timezone.localdate()
DAY = {"absence-first_on": "2026-02-02", "absence-last_on": "2026-02-03"}
WEEK = {"capacity-from_on": "2026-02-04", "capacity-weekly_minutes": "240"}


def absence_of(house: House) -> Absence:
    return record_absence(house.radiologist.pk, first_on=TODAY, last_on=TODAY, by=house.radiologist, now=timezone.now())


@pytest.mark.parametrize("role", PLANNERS)
def test_those_who_plan_the_roster_see_every_reader_and_open_one(house: House, role: str) -> None:
    text = page(person(house, role)).get(f"{URL}?reader={house.radiologist.pk}").content.decode()
    assert all(name in text for name in ("Rut Radiolog", "Rolf Radiolog", "Pia Patolog"))
    assert f"/roster/readers/{house.radiologist.pk}/capacity/" in text
    assert f"/roster/readers/{house.radiologist2.pk}/capacity/" not in text


@pytest.mark.parametrize("role", READERS)
def test_a_reader_sees_their_own_week_and_may_only_enter_days_away(house: House, role: str) -> None:
    reader, other = person(house, role), house.radiologist2
    text = page(reader).get(f"{URL}?reader={reader.pk}").content.decode()
    assert f"/roster/readers/{reader.pk}/absence/" in text
    assert f"/roster/readers/{reader.pk}/capacity/" not in text
    assert f'id="reader-{other.pk}"' not in text


@pytest.mark.parametrize("role", OTHERS)
def test_others_have_no_roster(house: House, role: str) -> None:
    assert page(person(house, role)).get(URL).status_code == 403


@pytest.mark.parametrize("role", PLANNERS)
def test_minutes_a_week_are_set_from_a_monday(house: House, role: str) -> None:
    answer = page(person(house, role)).post(f"/roster/readers/{house.radiologist.pk}/capacity/", WEEK)
    assert answer.status_code == 302
    found = Capacity.objects.get()
    assert (found.reader, found.from_on, found.weekly_minutes) == (house.radiologist, date(2026, 2, 2), 240)


@pytest.mark.parametrize("role", [*READERS, *OTHERS, "admin"])
def test_nobody_else_sets_minutes_or_diagnoses(house: House, role: str) -> None:
    client = page(person(house, role))
    refused = 404 if role == "pathologist" else 403  # of another clinic: a stranger to this one's readers
    for act, values in (("capacity", WEEK), ("reads", {"reads-diagnoses": [make_diagnosis().pk]})):
        assert client.post(f"/roster/readers/{house.radiologist.pk}/{act}/", values).status_code == refused
    assert not Capacity.objects.exists()
    assert not SubSpeciality.objects.exists()


@pytest.mark.parametrize("role", ["coordinator", "manager", "radiologist"])
def test_days_away_are_entered_by_the_reader_and_by_planners_and_taken_back(house: House, role: str) -> None:
    client = page(person(house, role))
    assert client.post(f"/roster/readers/{house.radiologist.pk}/absence/", DAY).status_code == 302
    found = Absence.objects.get()
    assert (found.first_on, found.last_on, found.recorded_by) == (
        date(2026, 2, 2), date(2026, 2, 3), person(house, role)
    )  # fmt: skip
    assert client.post(f"/roster/absences/{found.pk}/remove/").status_code == 302
    assert not Absence.objects.exists()


@pytest.mark.parametrize("role", ["pathologist", *OTHERS, "admin"])
def test_the_days_of_another_are_not_ones_own(house: House, role: str) -> None:
    client, absence = page(person(house, role)), absence_of(house)
    assert client.post(f"/roster/readers/{house.radiologist.pk}/absence/", DAY).status_code in (403, 404)
    assert client.post(f"/roster/absences/{absence.pk}/remove/").status_code in (403, 404)
    assert list(Absence.objects.all()) == [absence]


def test_a_stranger_finds_nobody(house: House) -> None:
    client, absence, meeting = page(house.stranger), absence_of(house), make_meeting(house)
    reader = house.radiologist.pk
    for path in (
        f"readers/{reader}/capacity", f"readers/{reader}/absence", f"readers/{reader}/reads",
        f"absences/{absence.pk}/remove", f"meetings/{meeting.pk}/duty",
    ):  # fmt: skip
        assert client.post(f"/roster/{path}/", WEEK | DAY).status_code == 404, path
    text = client.get(f"{URL}?reader={reader}&meeting={meeting.pk}").content.decode()
    assert "Rut Radiolog" not in text
    assert meeting.series.name not in text
    assert list(Absence.objects.all()) == [absence]


def test_a_coordinator_of_one_clinic_plans_no_reader_of_another(house: House) -> None:
    client = page(make_user(role=Role.COORDINATOR, unit=house.clinic))
    assert client.post(f"/roster/readers/{house.radiologist.pk}/capacity/", WEEK).status_code == 404
    assert not Capacity.objects.exists()


def test_one_who_prepares_nothing_has_no_row(house: House) -> None:
    client = page(house.coordinator)
    assert client.post(f"/roster/readers/{house.clinician.pk}/absence/", DAY).status_code == 404
    assert client.post("/roster/absences/999999/remove/").status_code == 404


@pytest.mark.parametrize(
    ("act", "values", "field"),
    [
        ("capacity", WEEK | {"capacity-weekly_minutes": "2401"}, "id_capacity-weekly_minutes"),
        ("capacity", WEEK | {"capacity-from_on": "i morgon"}, "id_capacity-from_on"),
        ("absence", DAY | {"absence-last_on": "2026-02-01"}, "id_absence-last_on"),
        ("absence", DAY | {"absence-first_on": ""}, "id_absence-first_on"),
        ("reads", {"reads-diagnoses": ["999999"]}, "id_reads-diagnoses"),
    ],
)
def test_a_wrong_form_stays_open_with_the_error_at_its_field(
    house: House, act: str, values: dict[str, str], field: str
) -> None:
    make_diagnosis()
    answer = page(house.coordinator).post(f"/roster/readers/{house.radiologist.pk}/{act}/", values)
    assert answer.status_code == 422
    assert f'href="#{field}' in answer.content.decode()
    assert not Capacity.objects.exists()
    assert not Absence.objects.exists()


def test_what_a_reader_reads_is_set(house: House) -> None:
    diagnosis = make_diagnosis()
    answer = page(house.coordinator).post(
        f"/roster/readers/{house.radiologist.pk}/reads/", {"reads-diagnoses": [diagnosis.pk]}
    )
    assert answer.status_code == 302
    assert SubSpeciality.objects.get().diagnosis == diagnosis


@pytest.mark.parametrize("role", PLANNERS)
def test_who_reads_for_a_meeting_is_chosen(house: House, role: str) -> None:
    meeting, client = make_meeting(house), page(person(house, role))
    opened = client.get(f"{URL}?meeting={meeting.pk}").content.decode()
    assert f"/roster/meetings/{meeting.pk}/duty/" in opened
    answer = client.post(f"/roster/meetings/{meeting.pk}/duty/", {"duty-radiology": [house.radiologist.pk]})
    assert answer.status_code == 302
    assert [(duty.reader, duty.discipline) for duty in Duty.objects.all()] == [(house.radiologist, "radiology")]


@pytest.mark.parametrize("role", [*READERS, *OTHERS])
def test_who_reads_is_not_for_everybody_to_choose(house: House, role: str) -> None:
    meeting = make_meeting(house)
    answer = page(person(house, role)).post(
        f"/roster/meetings/{meeting.pk}/duty/", {"duty-radiology": [house.radiologist.pk]}
    )
    assert answer.status_code == 403
    assert not Duty.objects.exists()


def test_only_readers_of_the_discipline_are_offered(house: House) -> None:
    meeting = make_meeting(house)
    answer = page(house.coordinator).post(
        f"/roster/meetings/{meeting.pk}/duty/", {"duty-pathology": [house.radiologist.pk]}
    )
    assert answer.status_code == 422
    assert not Duty.objects.exists()


def test_one_on_duty_who_is_away_is_marked(house: House) -> None:
    meeting = make_meeting(house, readers=[house.radiologist])
    day = timezone.localdate(meeting.starts_at)
    record_absence(house.radiologist.pk, first_on=day, last_on=day, by=house.coordinator, now=timezone.now())
    text = page(house.coordinator).get(URL).content.decode()
    row = text.split(f'id="meeting-{meeting.pk}"')[1].split("</tr>")[0]
    assert "Rut Radiolog" in row
    assert "roster__away" in row


@pytest.mark.parametrize(
    "path", ["readers/1/capacity", "readers/1/absence", "readers/1/reads", "absences/1/remove", "meetings/1/duty"]
)
def test_changes_are_posted(house: House, path: str) -> None:
    assert page(house.coordinator).get(f"/roster/{path}/").status_code == 405


def test_the_queries_do_not_grow_with_readers_and_meetings(house: House) -> None:
    make_meeting(house)

    def queries() -> int:
        client = page(house.coordinator)
        client.get(URL)
        with CaptureQueriesContext(connection) as found:
            client.get(URL)
        return len(found)

    one = queries()
    for _ in range(3):
        reader = make_user(role=Role.RADIOLOGIST, unit=house.radiology)
        set_capacity(reader.pk, from_on=TODAY, weekly_minutes=100, by=house.coordinator, now=timezone.now())
        record_absence(reader.pk, first_on=TODAY, last_on=TODAY + timedelta(days=1), by=reader, now=timezone.now())
        make_meeting(house, readers=[reader])
    assert queries() == one
