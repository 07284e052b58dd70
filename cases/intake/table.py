"""From the bytes of a CSV or XLSX file to rows of text, with limits against files that are meant to hurt."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from accounts.errors import Refused

MAX_BYTES = 10 * 1024 * 1024
MAX_ROWS = 5_000
MAX_CELL = 20_000
MAX_COLUMNS = 200
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 100

_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"


class FileRefused(Refused):
    """The file as a whole cannot be read; the message says what to do."""

    status = 422
    code = "file"


@dataclass(frozen=True, slots=True)
class Row:
    """One row with its number in the file (the header is row 1) and its cells as text, in the header's order."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The header as written, and the rows that are not empty."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(content: bytes) -> Table:
    """Return the first sheet of an XLSX file, or a CSV file, as text; FileRefused with the remedy.

    CSV may be UTF-8 (with or without BOM), UTF-16 with BOM or Windows-1252, and separated by semicolon, comma or
    tab. A formula is the text that it is written as; a date cell becomes YYYY-MM-DD.
    """
    if len(content) > MAX_BYTES:
        raise FileRefused(
            _("The file is larger than %(limit)d MB. Divide it into smaller files.") % {"limit": MAX_BYTES // 2**20}
        )
    if content.startswith(_OLD_EXCEL):
        raise FileRefused(_("This is an old Excel file (.xls). Save it as .xlsx or CSV and try again."))
    lines = _xlsx(content) if content.startswith(_ZIP) else _csv(_decoded(content))
    return _table(lines)


def _table(lines: Iterable[Iterable[str]]) -> Table:
    numbered = enumerate(lines, start=1)
    header = tuple(next((cells for _number, cells in numbered), ()))
    while header and not header[-1]:
        header = header[:-1]
    if not header:
        raise FileRefused(_("The file is empty. The first row must hold the names of the columns."))
    if len(header) > MAX_COLUMNS:
        raise FileRefused(_("The file has more than %(limit)d columns.") % {"limit": MAX_COLUMNS})
    rows: list[Row] = []
    for number, cells in numbered:
        row = tuple(cells)
        if any(row):
            rows.append(Row(number, _fitted(row, len(header))))
        if len(rows) > MAX_ROWS:
            raise FileRefused(
                _("The file has more than %(limit)d rows. Divide it into smaller files.") % {"limit": MAX_ROWS}
            )
    return Table(header, tuple(rows))


def _fitted(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    return cells[:width] + ("",) * (width - len(cells))


def _decoded(content: bytes) -> str:
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise FileRefused(_("The file is not text that can be read. Save it as CSV (UTF-8) or XLSX and try again."))


def _csv(text: str) -> Iterator[tuple[str, ...]]:
    first, _newline, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        text, first = rest, rest.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    csv.field_size_limit(MAX_CELL * 4)
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield tuple(cell.strip()[:MAX_CELL] for cell in cells)
    except csv.Error as error:
        raise FileRefused(
            _("The CSV file cannot be read (%(error)s). Save it again as CSV or XLSX.") % {"error": error}
        ) from error


def _xlsx(content: bytes) -> Iterator[tuple[str, ...]]:
    _refuse_bomb(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = next(iter(book.worksheets), None)
        if sheet is None:
            return
        sheet.reset_dimensions()
        for cells in sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=True):
            yield tuple(_text(cell) for cell in cells)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, EOFError, SyntaxError) as error:
        raise _broken_xlsx() from error


def _refuse_bomb(content: bytes) -> None:
    """Refuse what unpacks to far more than it weighs, before anything is unpacked."""
    try:
        unpacked = sum(part.file_size for part in zipfile.ZipFile(io.BytesIO(content)).infolist())
    except zipfile.BadZipFile as error:
        raise _broken_xlsx() from error
    if unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(len(content), 10_000):
        raise FileRefused(_("The file unpacks to far more than it should. Save it again as XLSX or CSV."))


def _broken_xlsx() -> FileRefused:
    return FileRefused(_("The Excel file cannot be read. Save it again as XLSX or CSV and try again."))


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).replace("\x00", "").strip()[:MAX_CELL]
