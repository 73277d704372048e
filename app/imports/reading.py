"""From the bytes of a file to a table of cells: CSV as people save it, XLSX within limits."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from app.core.files import CSV
from app.imports.workbook import Broken, Overgrown, cells_of_workbook

MOST_ROWS, MOST_COLUMNS = 10_000, 60
LONGEST_CELL = 4_000
DELIMITERS = ";,\t"
BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

Cell = str | int | float | bool | date | datetime | None


class FileUnfit(Exception):
    """The file as a whole cannot be imported; a sentence in each language says why."""

    def __init__(self, code: str, vi: str, en: str) -> None:
        self.told = {"code": code, "vi": vi, "en": en}
        super().__init__(en)


@dataclass(frozen=True)
class Line:
    """One row of the file: its number as a spreadsheet shows it, and its cells."""

    number: int
    cells: Sequence[Cell]
    formula: bool = False


def read_lines(data: bytes, media_type: str) -> list[Line]:
    """The rows of a file that are not empty, the heading first.

    Raises:
        FileUnfit: it is not what it says, broken, larger than allowed, or empty.
    """
    try:
        rows = _csv(data) if media_type == CSV else _xlsx(data)
        lines = [line for line in rows if any(cell not in (None, "") for cell in line.cells)]
    except csv.Error as fault:
        raise FileUnfit("unreadable", "Tệp CSV bị hỏng.", f"The CSV is broken: {fault}.") from None
    except Overgrown:
        raise _too_large() from None
    except Broken:
        raise FileUnfit(
            "unreadable", "Tệp không phải XLSX hoặc bị hỏng.", "The file is no XLSX, or broken."
        ) from None
    if not lines:
        raise FileUnfit("empty", "Tệp không có dòng nào.", "The file has no rows.")
    return lines


def _csv(data: bytes) -> Iterator[Line]:
    text = _decoded(data)
    head = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    for number, cells in enumerate(reader, start=1):
        _check_size(number, len(cells))
        if any(len(cell) > LONGEST_CELL for cell in cells):
            raise _too_large()
        yield Line(number, [cell.strip() for cell in cells])


def _decoded(data: bytes) -> str:
    encoding = next((name for mark, name in BOMS if data.startswith(mark)), "utf-8")
    if encoding == "utf-8" and data[:200].count(0) > len(data[:200]) // 4:
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise FileUnfit(
            "encoding",
            "Tệp không phải UTF-8 hay UTF-16; hãy lưu lại dạng CSV UTF-8.",
            "The file is neither UTF-8 nor UTF-16; please save it as CSV UTF-8.",
        ) from None
    if "\0" in text:
        raise FileUnfit("unreadable", "Tệp không phải CSV.", "The file is not CSV.")
    return text


def _xlsx(data: bytes) -> Iterator[Line]:
    for number, cells, formula in cells_of_workbook(data):
        _check_size(number, len(cells))
        yield Line(number, [_tidy(cell) for cell in cells], formula)


def _tidy(cell: Any) -> Cell:
    return cell.strip() if isinstance(cell, str) else cell


def _check_size(number: int, width: int) -> None:
    if number > MOST_ROWS + 1 or width > MOST_COLUMNS:
        raise _too_large()


def _too_large() -> FileUnfit:
    return FileUnfit(
        "too_large",
        f"Tệp có nhiều nhất {MOST_ROWS} dòng, {MOST_COLUMNS} cột, mỗi ô {LONGEST_CELL} ký tự.",
        f"A file has at most {MOST_ROWS} rows, {MOST_COLUMNS} columns and {LONGEST_CELL} letters"
        " in a cell.",
    )
