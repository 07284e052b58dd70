"""The sample files: sixty good rows, and twelve bad ones that are each answered."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from cases.enums import ResultSource, ResultState
from cases.intake.spreadsheet import RowState, import_referrals
from cases.models import Case, Patient, Referral, Result
from events.models import Event
from tests.cases.intake.conftest import DATA, TODAY, Demo

BAD = {
    "B-1": ("Personnummer", "födelsedatum"),
    "B-2": ("Personnummer", "kontrollsiffra"),
    "B-3": ("Frågeställning", "Fyll i"),
    "B-4": ("Diagnos", "Fotsvamp"),
    "B-5": ("Välgrundad misstanke", "framtiden"),
    "B-6": ("Ansvarig läkare", "finnsinte@demo.example"),
    "B-7": ("Enhet", "Okända kliniken"),
    "B-9": ("Namn", "Fyll i"),
    "B-10": ("Funktionsstatus", "0 till 4"),
    "B-11": ("Radiologi", "är inte ett datum"),
    "B-12": ("Fas", "kanske"),
}


def run(name: str, *options: str) -> tuple[int, str]:
    """Run the command and return its exit code and what it printed."""
    out = StringIO()
    try:
        call_command("import_cases", str(DATA / name), *options, stdout=out)
    except CommandError as error:
        return 1, out.getvalue() + str(error)
    return 0, out.getvalue()


def test_the_good_file_becomes_sixty_cases_and_nothing_more_the_second_time(demo: Demo) -> None:
    assert run("referrals.csv")[0] == 0
    counts = [model.objects.count() for model in (Case, Patient, Referral, Result, Event)]
    assert counts[0] == 60
    assert run("referrals.csv")[0] == 0
    assert [model.objects.count() for model in (Case, Patient, Referral, Result, Event)] == counts


def test_a_row_brings_its_answers(demo: Demo) -> None:
    run("referrals.csv")
    results = Result.objects.filter(case__external_reference="S1-0022")
    found = {row.kind: (row.state, str(row.performed_on)) for row in results}
    assert found == {
        "radiology": (ResultState.ORDERED, "None"),
        "pathology": (ResultState.FINAL, "2026-11-04"),
        "lab": (ResultState.FINAL, "2026-10-29"),
    }
    assert {row.source for row in results} == {ResultSource.IMPORT}
    assert Case.objects.get(external_reference="S1-0023").results.count() == 2


def test_a_dry_run_reports_and_keeps_nothing(demo: Demo) -> None:
    code, text = run("referrals.csv", "--dry-run")
    assert code == 0
    assert "60" in text
    assert not Case.objects.exists()
    assert not Patient.objects.exists()
    assert not Event.objects.exists()


def test_every_bad_row_is_answered_with_row_column_and_reason(demo: Demo) -> None:
    report = import_referrals((DATA / "referrals-bad.csv").read_bytes(), by=None, now=TODAY)
    refused = {row.reference: row for row in report.refused}
    assert set(refused) == set(BAD)
    for number, (reference, (column, words)) in zip((2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13), BAD.items(), strict=True):
        row = refused[reference]
        assert row.number == number
        assert [error.column for error in row.errors] == [column]
        assert words in row.errors[0].reason
    assert [case.external_reference for case in Case.objects.all()] == ["B-8"]
    assert Patient.objects.count() == 1
    assert report.count(RowState.ADDED) == 1


def test_the_command_fails_but_keeps_the_good_row(demo: Demo) -> None:
    code, text = run("referrals-bad.csv")
    assert code == 1
    assert "B-4" in text
    assert "Diagnos" in text
    assert Case.objects.count() == 1


def test_no_name_and_no_number_stands_in_the_report(demo: Demo) -> None:
    _code, text = run("referrals-bad.csv")
    for case in Case.objects.select_related("patient"):
        assert case.patient.name not in text
    for secret in ("19450230", "Lindström", "19500507"):
        assert secret not in text


def test_a_formula_is_plain_text(demo: Demo) -> None:
    run("referrals-bad.csv")
    case = Case.objects.get(external_reference="B-8")
    assert case.clinical_question == '=HYPERLINK("http://example.invalid";"klicka")'


def test_a_file_that_is_not_there_is_said(demo: Demo) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        call_command("import_cases", "nowhere.csv")
