"""One answer in three forms: JSON, CSV or XLSX by Accept, each with an entity tag."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import marshmallow as ma
from flask import Response, jsonify, request
from xlsxwriter import Workbook

from app.core.fields import DecimalString
from app.core.http import etag

JSON, CSV = "application/json", "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMS = (CSV, XLSX)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
WORKBOOK = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


def answer(
    name: str, told: Any, form: type[ma.Schema], row: type[ma.Schema], rows: Sequence[Any]
) -> Response:
    """What was asked for, in the form the reader likes best; files hold the rows only."""
    kind = request.accept_mimetypes.best_match([JSON, *FORMS], default=JSON)
    if kind == JSON:
        return tagged(jsonify(form().dump(told)))
    data = (as_csv if kind == CSV else as_xlsx)(row(), rows)
    ending = "csv" if kind == CSV else "xlsx"
    found = Response(data, content_type=f"{CSV}; charset=utf-8" if kind == CSV else kind)
    found.headers["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    return tagged(found)


def tagged(found: Response) -> Response:
    """The answer with its entity tag; empty, 304, for a reader who has it already."""
    found.headers["Vary"] = "Accept, Accept-Language, Authorization"
    found.set_etag(etag(found.get_data()))
    found.make_conditional(request)
    return found


def as_csv(
    row: ma.Schema,
    rows: Iterable[Any],
    heading: Callable[[str], str] = str,
    *,
    delimiter: str = ",",
    decimal: str = ".",
) -> bytes:
    """Rows as CSV (RFC 4180), UTF-8 with a mark so that spreadsheets see Vietnamese.

    Text that a spreadsheet would take for a formula is told from one by an apostrophe.

    Args:
        heading: what a column is called; by default its field's name.
        delimiter: what stands between columns.
        decimal: what stands before a figure's decimals.
    """
    file = io.StringIO()
    written = csv.writer(file, delimiter=delimiter)
    written.writerow(map(heading, row.fields))
    for one in row.dump(rows, many=True):
        written.writerow([_text(row, name, one.get(name), decimal) for name in row.fields])
    return file.getvalue().encode("utf-8-sig")


def as_xlsx(row: ma.Schema, rows: Iterable[Any]) -> bytes:
    """Rows as a workbook; the same rows are the same file. Text stays text."""
    file = io.BytesIO()
    with Workbook(file, WORKBOOK) as book:
        book.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001
        bold, sheet = book.add_format({"bold": True}), book.add_worksheet()
        for column, name in enumerate(row.fields):
            sheet.write_string(0, column, name, bold)
        for number, one in enumerate(row.dump(rows, many=True), start=1):
            for column, name in enumerate(row.fields):
                _write(sheet, number, column, row, name, one)
    return file.getvalue()


def _write(
    sheet: Any, line: int, column: int, row: ma.Schema, name: str, one: Mapping[str, Any]
) -> None:
    value = one.get(name)
    if value is None:
        return
    if _is_number(row, name):
        sheet.write_number(line, column, Decimal(str(value)))
    else:
        sheet.write_string(line, column, _plain(value))


def _text(row: ma.Schema, name: str, value: Any, decimal: str) -> str:
    if value is None:
        return ""
    text = _plain(value)
    if _is_number(row, name):
        return text.replace(".", decimal)
    return f"'{text}" if text.startswith(FORMULA) else text


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)


def _is_number(row: ma.Schema, name: str) -> bool:
    return isinstance(row.fields[name], DecimalString | ma.fields.Integer | ma.fields.Float)
