"""Reading files: every way in which a spreadsheet is saved, and files that are meant to hurt."""

import io
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import pytest
from openpyxl import Workbook

from cases.intake import table
from cases.intake.columns import find_columns
from cases.intake.table import FileRefused, read_table

TEXT = "Referens;Namn;Fråga\r\nR-1;Åsa Öman;Rad ett\r\n;;\r\nR-2;Örjan Ek;\r\n"


def xlsx(*rows: list[Any]) -> bytes:
    """Return the rows as an Excel file."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("newline", ["\r\n", "\n"])
def test_csv_however_it_was_saved(encoding: str, delimiter: str, newline: str) -> None:
    content = TEXT.replace(";", delimiter).replace("\r\n", newline).encode(encoding)
    found = read_table(content)
    assert found.header == ("Referens", "Namn", "Fråga")
    assert [(row.number, row.cells) for row in found.rows] == [
        (2, ("R-1", "Åsa Öman", "Rad ett")),
        (4, ("R-2", "Örjan Ek", "")),
    ]


def test_excels_line_about_its_separator_is_passed_over() -> None:
    assert read_table(f"sep=;\r\n{TEXT}".encode()).header == ("Referens", "Namn", "Fråga")


def test_a_cell_of_several_lines_is_one_row() -> None:
    found = read_table(b'A;B\r\n"rad ett\nrad tv\xc3\xa5";x\r\n1;2\r\n')
    assert found.rows[0].cells == ("rad ett\nrad två", "x")
    assert found.rows[1].number == 3


def test_xlsx_cells_become_text() -> None:
    found = read_table(
        xlsx(
            ["Referens", "Dag", "Nummer", "Formel", None],
            [
                "R-1",
                datetime(2026, 11, 20, tzinfo=UTC).replace(tzinfo=None),
                194502302383,
                '=HYPERLINK("http://example.invalid")',
                "utanför",
            ],
            [None, None, None, None],
            ["R-2", date(2026, 11, 19), 2.0, True],
        )
    )
    assert found.header == ("Referens", "Dag", "Nummer", "Formel")
    assert [(row.number, row.cells) for row in found.rows] == [
        (2, ("R-1", "2026-11-20", "194502302383", '=HYPERLINK("http://example.invalid")')),
        (4, ("R-2", "2026-11-19", "2", "True")),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n\r\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        b"PK\x03\x04 not a zip",
        b"A;B\r\n\x00\x00;1\r\n",
        b'A;B\r\n"' + b"x" * 100_000 + b'";1\r\n',
        ";".join(f"K{n}" for n in range(201)).encode(),
    ],
    ids=["empty", "blank", "xls", "broken zip", "binary", "huge cell", "many columns"],
)
def test_files_that_cannot_be_read(content: bytes) -> None:
    with pytest.raises(FileRefused) as refused:
        read_table(content)
    assert refused.value.message


def test_a_zip_that_is_no_spreadsheet() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("hej.txt", "hej")
    with pytest.raises(FileRefused):
        read_table(out.getvalue())


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    with pytest.raises(FileRefused, match="packas upp"):
        read_table(out.getvalue())


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_ROWS", 2)
    assert len(read_table(b"A\r\n1\r\n2\r\n").rows) == 2
    with pytest.raises(FileRefused, match="2 rader"):
        read_table(b"A\r\n1\r\n2\r\n3\r\n")
    monkeypatch.setattr(table, "MAX_BYTES", 10)
    with pytest.raises(FileRefused):
        read_table(b"A\r\n1\r\n2\r\n3\r\n")


# Columns

REQUIRED = ["Personnummer", "Namn", "Diagnos", "Frågeställning", "Ansvarig läkare", "Enhet", "Välgrundad misstanke"]


def test_columns_stand_in_any_order_and_case() -> None:
    found = find_columns(["Konstig", *(name.upper() for name in reversed(REQUIRED)), " patientens  ÖNSKEMÅL "])
    assert found.places["Personnummer"] == 7
    assert found.places["Patientens önskemål"] == 8
    assert found.unknown == ("Konstig",)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_required_column_is_named(name: str) -> None:
    with pytest.raises(FileRefused, match=name):
        find_columns([other for other in REQUIRED if other != name])


def test_a_column_stands_once() -> None:
    with pytest.raises(FileRefused, match="två gånger"):
        find_columns([*REQUIRED, "namn"])
