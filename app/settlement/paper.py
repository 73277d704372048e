"""Tables as PDF: the same table is the same file, byte for byte."""

import unicodedata
from decimal import Decimal
from importlib.resources import files

from fpdf import FPDF, FontFace

from app.core.numbers import written
from app.settlement.wording import Cell, Table

CONTENT_TYPE = "application/pdf"
FAMILY = "source-sans"
# Source Sans Pro has every Vietnamese letter; the fonts built into PDF have not.
FONTS = files("font_source_sans_pro") / "files"
STYLES = {"": "SourceSansPro-Regular.ttf", "B": "SourceSansPro-Bold.ttf"}
WIDTHS = (11, 42, 16, 18, 13)


def paper(table: Table, *, language: str) -> bytes:
    """A table on A4 pages, its heading on each; figures grouped as the language writes them."""
    pdf = FPDF(format="A4")
    pdf.set_creation_date(table.created_at)
    pdf.set_title(_plain(table.title))
    for style, name in STYLES.items():
        pdf.add_font(FAMILY, style, str(FONTS / name))
    pdf.add_page()
    pdf.set_font(FAMILY, "B", 14)
    pdf.multi_cell(0, 8, _plain(table.title), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(FAMILY, "", 10)
    for note in table.notes:
        pdf.multi_cell(0, 6, _plain(note), new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)
    pdf.set_font(FAMILY, "", 8.5)
    bold = FontFace(emphasis="BOLD")
    with pdf.table(
        headings_style=bold,
        col_widths=WIDTHS,
        text_align=("LEFT", "LEFT", "LEFT", "LEFT", "RIGHT"),
        line_height=5,
    ) as drawn:
        drawn.row([_plain(heading) for heading in table.columns])
        for row in table.rows:
            drawn.row([_shown(cell, language) for cell in row])
        for row in table.totals:
            drawn.row([_shown(cell, language) for cell in row], style=bold)
    return bytes(pdf.output())


def _shown(cell: Cell, language: str) -> str:
    if isinstance(cell, int | Decimal):
        return written(Decimal(cell), language)
    return _plain(cell)


def _plain(text: str) -> str:
    """Composed letters, which the font draws in one piece, and no line breaks."""
    return " ".join(unicodedata.normalize("NFC", text).split())
