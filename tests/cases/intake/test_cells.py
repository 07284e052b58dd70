"""Cells for spreadsheets: nothing that a record says is run."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
from openpyxl import load_workbook

from cases.intake.cells import csv_bytes, safe_cell, xlsx_bytes

EVIL = ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1+1", "＝1+1", "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("text", EVIL)
def test_what_would_run_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["Åsa", "", "3-4 cm", "a=b", 7, -3, 2.5, None, date(2026, 11, 20)])
def test_the_rest_is_left_alone(value: object) -> None:
    assert safe_cell(value) == value


def test_control_characters_go() -> None:
    assert safe_cell("a\x00b\x07c\nd") == "abc\nd"


def test_csv_for_swedish_excel() -> None:
    content = csv_bytes(["Namn", "Dag"], [[text, date(2026, 11, 20)] for text in EVIL] + [[None, None]])
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert rows[0] == ["Namn", "Dag"]
    assert [row[0] for row in rows[1:-1]] == [f"'{text}" for text in EVIL]
    assert rows[1][1] == "2026-11-20"
    assert rows[-1] == ["", ""]


def test_xlsx_holds_no_formula() -> None:
    at = datetime(2026, 11, 20, 8, 15, tzinfo=UTC).replace(tzinfo=None)
    content = xlsx_bytes("Ärenden", ["Namn", "Dag", "Tid"], [[text, date(2026, 11, 20), at] for text in EVIL])
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    assert sheet.title == "Ärenden"
    assert {cell.data_type for cell in sheet["A"]} == {"s"}
    assert sheet["B2"].is_date
    assert sheet["C2"].value == at
