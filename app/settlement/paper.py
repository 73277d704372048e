"""Tables as PDF: the same table is the same file, byte for byte."""

from decimal import Decimal

from fpdf import FontFace

from app.core.numbers import written
from app.core.paper import CONTENT_TYPE, FAMILY, plain, titled_paper, write_line
from app.settlement.wording import Cell, Table

WIDTHS = (11, 42, 16, 18, 13)

__all__ = ["CONTENT_TYPE", "paper"]


def paper(table: Table, *, language: str) -> bytes:
    """A table on A4 pages, its heading on each; figures grouped as the language writes them."""
    pdf = titled_paper(table.title, created_at=table.created_at)
    for note in table.notes:
        write_line(pdf, note)
    pdf.ln(3)
    pdf.set_font(FAMILY, "", 8.5)
    bold = FontFace(emphasis="BOLD")
    with pdf.table(
        headings_style=bold,
        col_widths=WIDTHS,
        text_align=("LEFT", "LEFT", "LEFT", "LEFT", "RIGHT"),
        line_height=5,
    ) as drawn:
        drawn.row([plain(heading) for heading in table.columns])
        for row in table.rows:
            drawn.row([_shown(cell, language) for cell in row])
        for row in table.totals:
            drawn.row([_shown(cell, language) for cell in row], style=bold)
    return bytes(pdf.output())


def _shown(cell: Cell, language: str) -> str:
    if isinstance(cell, int | Decimal):
        return written(Decimal(cell), language)
    return plain(cell)
