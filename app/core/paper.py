"""Blank paper for PDF: A4, letters that Vietnamese needs, no date but the one given."""

import unicodedata
from datetime import datetime
from importlib.resources import files

from fpdf import FPDF

CONTENT_TYPE = "application/pdf"
FAMILY = "source-sans"
# Source Sans Pro has every Vietnamese letter; the fonts built into PDF have not.
FONTS = files("font_source_sans_pro") / "files"
STYLES = {"": "SourceSansPro-Regular.ttf", "B": "SourceSansPro-Bold.ttf"}


def titled_paper(title: str, *, created_at: datetime) -> FPDF:
    """A first page with its title; the same words make the same file, byte for byte."""
    pdf = FPDF(format="A4")
    pdf.set_creation_date(created_at)
    pdf.set_title(plain(title))
    for style, name in STYLES.items():
        pdf.add_font(FAMILY, style, str(FONTS / name))
    pdf.add_page()
    write_line(pdf, title, size=14, bold=True)
    return pdf


def write_line(pdf: FPDF, text: str, *, size: float = 10, bold: bool = False) -> None:
    """A paragraph over the whole width."""
    pdf.set_font(FAMILY, "B" if bold else "", size)
    pdf.multi_cell(0, size * 0.4 + 2, plain(text), new_x="LMARGIN", new_y="NEXT")


def plain(text: str) -> str:
    """Composed letters, which the font draws in one piece, and no line breaks."""
    return " ".join(unicodedata.normalize("NFC", text).split())
