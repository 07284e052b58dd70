"""What becomes of rows that are not in the samples."""

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from cases.intake.spreadsheet import ImportReport, RowState, import_referrals
from cases.models import Case, Patient, Result
from events.models import Event
from tests.cases.intake.conftest import Demo
from tests.cases.intake.test_table import xlsx
from tests.domain_factories import synthetic_number

_minutes = count()

ROW = {
    "Referens": "X-1",
    "Personnummer": synthetic_number(900),
    "Namn": "Berit Prov",
    "Diagnos": "C18.7",
    "Frågeställning": "Operation först?",
    "Ansvarig läkare": "LAKARE1@demo.example",
    "Enhet": "kirurgkliniken demosjukhuset",
    "Välgrundad misstanke": date(2026, 11, 1),
    "Radiologi": date(2026, 11, 3),
    "PAD": "Beställd",
}


def bring(today: datetime, *rows: dict[str, Any]) -> ImportReport:
    """Import the rows from an Excel file."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    content = xlsx(header, *([row.get(name) for name in header] for row in rows))
    return import_referrals(content, by=None, now=today + timedelta(minutes=next(_minutes)))


def states(report: ImportReport) -> list[RowState]:
    return [row.state for row in report.rows]


def test_an_excel_file_with_dates_codes_and_capitals(demo: Demo, today: datetime) -> None:
    report = bring(today, ROW)
    case = Case.objects.get()
    assert states(report) == [RowState.ADDED]
    assert (case.diagnosis.slug, str(case.suspected_on), case.responsible_clinician) == (
        "colorectal", "2026-11-01", demo.clinician,
    )  # fmt: skip
    assert {(r.kind, r.state) for r in Result.objects.all()} == {("radiology", "final"), ("pathology", "ordered")}


def test_an_answer_that_has_come_changes_the_stored_one(demo: Demo, today: datetime) -> None:
    bring(today, ROW)
    events = Event.objects.count()
    assert states(bring(today, ROW)) == [RowState.KNOWN]
    assert Event.objects.count() == events
    assert states(bring(today, ROW | {"PAD": date(2026, 11, 19)})) == [RowState.CHANGED]
    assert {(r.kind, r.state) for r in Result.objects.all()} == {("radiology", "final"), ("pathology", "final")}
    assert Event.objects.count() == events + 1


def test_without_a_reference_the_same_words_are_the_same_referral(demo: Demo, today: datetime) -> None:
    row = ROW | {"Referens": None}
    assert states(bring(today, row)) == [RowState.ADDED]
    assert states(bring(today, row)) == [RowState.KNOWN]
    other = bring(today, row | {"Frågeställning": "Något annat?"})
    assert states(other) == [RowState.REFUSED]
    assert other.refused[0].errors[0].column == "Personnummer"
    assert (Case.objects.count(), Result.objects.count()) == (1, 2)


def test_the_same_patient_twice_in_a_file_is_refused_the_second_time(demo: Demo, today: datetime) -> None:
    assert states(bring(today, ROW, ROW | {"Referens": "X-2"})) == [RowState.ADDED, RowState.REFUSED]


def test_a_reference_of_another_patient_is_refused(demo: Demo, today: datetime) -> None:
    bring(today, ROW)
    report = bring(today, ROW | {"Personnummer": synthetic_number(901)})
    assert [(error.column, report.refused[0].state) for error in report.refused[0].errors] == [
        ("Referens", RowState.REFUSED)
    ]
    assert Patient.objects.count() == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("PAD", "2026-11-31"),
        ("Lab", "2026-12-01"),
        ("Utlovat besked", "snart"),
        ("Kontaktsjuksköterska", "x@y.example"),
    ],
)
def test_a_refused_row_leaves_nothing(demo: Demo, today: datetime, column: str, value: str) -> None:
    report = bring(today, ROW | {column: value})
    assert [error.column for error in report.refused[0].errors] == [column]
    assert (Case.objects.count(), Patient.objects.count(), Result.objects.count()) == (0, 0, 0)


def test_every_fault_of_a_row_is_named_at_once(demo: Demo, today: datetime) -> None:
    report = bring(today, ROW | {"Namn": "", "PAD": "nej", "Fas": "kanske"})
    assert {error.column for error in report.refused[0].errors} == {"Namn", "PAD", "Fas"}
