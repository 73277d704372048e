"""Tables as XLSX: the same table is the same file, byte for byte."""

from decimal import Decimal
from io import BytesIO

from xlsxwriter import Workbook

from app.core.files import TEXT_IS_TEXT, XLSX
from app.settlement.wording import Cell, Table

CONTENT_TYPE = XLSX
WIDEST = 40
# Excel keeps no zone and xlsxwriter takes none.
OPTIONS = {**TEXT_IS_TEXT, "constant_memory": False, "in_memory": True}


def workbook(table: Table) -> bytes:
    """A workbook of one sheet. Text stays text, so that nobody's name becomes a formula."""
    file = BytesIO()
    with Workbook(file, OPTIONS) as book:
        book.set_properties(
            {"title": table.title, "created": table.created_at.replace(tzinfo=None)}
        )
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet()
        texts: list[tuple[str, object]] = [
            (table.title, bold),
            *((one, None) for one in table.notes),
        ]
        for line, (text, style) in enumerate(texts):
            sheet.write_string(line, 0, text, style)
        at = len(texts) + 1
        for column, heading in enumerate(table.columns):
            sheet.write_string(at, column, heading, bold)
            cells = [row[column] for row in (*table.rows, *table.totals)]
            widest = max(len(str(one)) for one in (heading, *cells))
            sheet.set_column(column, column, min(WIDEST, widest + 2))
        for number, row in enumerate((*table.rows, *table.totals), start=at + 1):
            style = bold if number > at + len(table.rows) else None
            for column, cell in enumerate(row):
                _write(sheet, number, column, cell, style)
    return file.getvalue()


def _write(sheet: object, row: int, column: int, cell: Cell, style: object) -> None:
    if isinstance(cell, int | Decimal):
        sheet.write_number(row, column, cell, style)  # type: ignore[attr-defined]
    else:
        sheet.write_string(row, column, cell, style)  # type: ignore[attr-defined]
