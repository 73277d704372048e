"""Files to fill in: a heading in the reader's language, and one row that shows how."""

import csv
import io
from typing import Any

from xlsxwriter import Workbook

from app.core.files import BOM, CSV, TEXT_IS_TEXT
from app.imports.kinds import Kind


def described(kind: Kind) -> dict[str, Any]:
    """The columns of a kind, with their headings."""
    return {
        "kind": kind.code,
        "columns": [
            {
                "name": one.name,
                "vi": one.vi,
                "en": one.en,
                "required": kind.required(one),
                "example": one.example,
            }
            for one in kind.columns
        ],
    }


def template(kind: Kind, media_type: str, *, language: str) -> bytes:
    """An empty file of a kind. A quality's column is headed by its code behind the word."""
    shown = [one for one in kind.columns if not one.quality]
    heading = [one.vi if language == "vi" else one.en for one in shown]
    lines = [heading, [one.example for one in shown]]
    return _csv(lines) if media_type == CSV else _xlsx(lines)


def _csv(lines: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return (BOM + text.getvalue()).encode()


def _xlsx(lines: list[list[str]]) -> bytes:
    file = io.BytesIO()
    with Workbook(file, {**TEXT_IS_TEXT, "constant_memory": False, "in_memory": True}) as book:
        bold, sheet = book.add_format({"bold": True}), book.add_worksheet()
        for number, line in enumerate(lines):
            for column, text in enumerate(line):
                sheet.write_string(number, column, text, None if number else bold)
        sheet.set_column(0, len(lines[0]), 18)
    return file.getvalue()
