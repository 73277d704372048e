"""Lists as files: every page of a list as CSV, XLSX or NDJSON, in the order of the list.

The columns are the fields of a row as the API names them; ``name.vi`` is a field of a field, and a
list or a mapping of free names is its JSON. What a spreadsheet would take for a formula is told
apart by an apostrophe; figures stay figures.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from typing import Any

import marshmallow as ma
from xlsxwriter import Workbook

from app.core.fields import DecimalString

CSV, NDJSON = "text/csv", "application/x-ndjson"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ENDINGS = {CSV: "csv", XLSX: "xlsx", NDJSON: "ndjson"}
BOM = "\ufeff"
ROWS_OF_A_SHEET = 1_000_000
IN_MEMORY = 1024 * 1024
CHUNK = 64 * 1024
# A double holds this many decimal digits exactly.
EXACT_DIGITS = 15
LONGEST_CELL = 32_767
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
FORMULA = re.compile(r"[=+\-@\t\r\n]")
# Text stays text, so that nobody's name becomes a formula or a link.
TEXT_IS_TEXT = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}

Rows = Iterable[dict[str, Any]]


@dataclass(frozen=True)
class Column:
    """One column: its heading, the way to its value, and whether that is a figure."""

    heading: str
    way: tuple[str, ...]
    figure: bool

    def value(self, row: dict[str, Any]) -> Any:
        """What the row has here; None where it has nothing."""
        found: Any = row
        for step in self.way:
            found = found.get(step) if isinstance(found, dict) else None
        return found


def columns(schema: ma.Schema, way: tuple[str, ...] = ()) -> list[Column]:
    """The columns of a row that a schema dumps, fields within fields side by side."""
    found: list[Column] = []
    for name, one in schema.dump_fields.items():
        here = (*way, one.data_key or name)
        if isinstance(one, ma.fields.Nested) and not one.many:
            found += columns(one.schema, here)
            continue
        figure = isinstance(one, DecimalString | ma.fields.Integer | ma.fields.Float)
        found.append(Column(".".join(here), here, figure))
    return found


def written(kind: str, shown: Sequence[Column], rows: Rows) -> Iterator[bytes]:
    """A file of one of the three kinds, piece by piece."""
    writers: dict[str, Callable[[Sequence[Column], Rows], Iterator[bytes]]] = {
        CSV: as_csv,
        XLSX: as_xlsx,
        NDJSON: as_ndjson,
    }
    return writers[kind](shown, rows)


def as_csv(shown: Sequence[Column], rows: Rows) -> Iterator[bytes]:
    """RFC 4180 in UTF-8, with the byte order mark by which Excel knows it."""
    line = io.StringIO()
    writer = csv.writer(line)

    def taken() -> bytes:
        text = line.getvalue()
        line.seek(0)
        line.truncate()
        return text.encode()

    yield BOM.encode()
    writer.writerow([one.heading for one in shown])
    for row in rows:
        writer.writerow([harmless(plain(one.value(row))) for one in shown])
        if line.tell() > CHUNK:
            yield taken()
    yield taken()


def as_ndjson(shown: Sequence[Column], rows: Rows) -> Iterator[bytes]:
    """One JSON object a line, exactly as the list would show it."""
    del shown
    for row in rows:
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


def as_xlsx(shown: Sequence[Column], rows: Rows) -> Iterator[bytes]:
    """A workbook, written to a file that is kept on disk when it grows, then read back."""
    with SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        with Workbook(file, TEXT_IS_TEXT) as book:
            bold = book.add_format({"bold": True})
            sheet = None
            for number, row in enumerate(rows):
                at = number % ROWS_OF_A_SHEET
                if sheet is None or not at:
                    sheet = _begun(book, shown, bold)
                for column, one in enumerate(shown):
                    _write(sheet, at + 1, column, one.value(row), figure=one.figure)
            if sheet is None:
                _begun(book, shown, bold)
        file.seek(0)
        while piece := file.read(CHUNK):
            yield piece


def plain(value: Any) -> str:
    """A value as the text of a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def _begun(book: Any, shown: Sequence[Column], style: object) -> Any:
    sheet = book.add_worksheet()
    for column, one in enumerate(shown):
        sheet.write_string(0, column, one.heading, style)
        sheet.set_column(column, column, max(12, len(one.heading) + 2))
    return sheet


def _write(sheet: Any, row: int, column: int, value: Any, *, figure: bool) -> None:
    text = plain(value)
    if not text:
        return
    if figure and NUMBER.fullmatch(text) and len(text.strip("-").replace(".", "")) <= EXACT_DIGITS:
        sheet.write_number(row, column, Decimal(text))
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    else:
        sheet.write_string(row, column, text[:LONGEST_CELL])
