"""The cells of an XLSX workbook, which is measured before anything believes it.

Each part is unpacked here within limits and looked through for its size, so that neither a few
kilobytes that unpack to gigabytes nor a lone cell in the last row of a sheet costs anything. Only
what was measured is handed on, in an archive of our own.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

from python_calamine import CalamineError, CalamineWorkbook

MOST_PARTS = 200
LARGEST_WHOLE = 16 * 1024 * 1024
MOST_CELLS = 200_000
LAST_ROW, LAST_COLUMN = 10_001, 60
LONGEST_TEXT = 4_000
MOST_LETTERS = 50_000_000
SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
TEXTS = re.compile(r"xl/sharedStrings\.xml", re.IGNORECASE)
XML = re.compile(r".*\.(xml|rels)", re.IGNORECASE)
PLACE = re.compile(r"([A-Za-z]{1,4})([0-9]{1,9})")


class Overgrown(Exception):
    """It is larger than any sheet that people fill in."""


class Broken(Exception):
    """It is no workbook."""


def cells_of_workbook(data: bytes) -> Iterator[tuple[int, list[Any], bool]]:
    """The rows of the first sheet: number, cells, and whether one of them is a formula.

    Raises:
        Broken, Overgrown: see there.
    """
    parts = _unpacked(data)
    formulas = _measured(parts)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as copy:
        for name, content in parts.items():
            copy.writestr(name, content)
    archive.seek(0)
    try:
        with CalamineWorkbook.from_filelike(archive) as book:
            rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, IndexError, ValueError) as fault:
        raise Broken(str(fault)) from None
    for number, row in enumerate(rows, start=1):
        yield number, row, number in formulas


def _unpacked(data: bytes) -> dict[str, bytes]:
    parts: dict[str, bytes] = {}
    left = LARGEST_WHOLE
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > MOST_PARTS:
                raise Overgrown
            for part in archive.infolist():
                if part.is_dir() or not XML.fullmatch(part.filename):
                    continue
                with archive.open(part) as file:
                    content = file.read(left + 1)
                left -= len(content)
                if left < 0:
                    raise Overgrown
                if part.filename in parts:
                    raise Broken("a part occurs twice")
                parts[part.filename] = content
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as fault:
        raise Broken(str(fault)) from None
    except ValueError as fault:
        raise Broken(str(fault)) from None
    return parts


def _measured(parts: dict[str, bytes]) -> set[int]:
    """Look through every part; the rows in which some sheet has a formula.

    Raises:
        Overgrown: too many cells, one too far out, or texts that would be too much together.
    """
    cells, longest, formulas = 0, 0, set[int]()
    for name, content in parts.items():
        if SHEET.fullmatch(name):
            sheet = _Sheet()
            sheet.read(content)
            cells += sheet.cells
            longest = max(longest, sheet.longest)
            formulas |= sheet.formulas
        elif TEXTS.fullmatch(name):
            texts = _Sheet()
            texts.read(content)
            longest = max(longest, texts.longest)
        elif b"<!DOCTYPE" in content.upper():
            raise Broken("a document type")
    # One long text may stand in every cell.
    if cells > MOST_CELLS or longest > LONGEST_TEXT or cells * longest > MOST_LETTERS:
        raise Overgrown
    return formulas


class _Sheet:
    """Counts the cells of a sheet, or measures the shared texts, without keeping either."""

    def __init__(self) -> None:
        self.cells, self.longest, self.formulas = 0, 0, set[int]()
        self._row, self._length = 0, 0

    def read(self, content: bytes) -> None:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        try:
            parser.Parse(content, True)
        except expat.ExpatError as fault:
            raise Broken(str(fault)) from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        element = name.rpartition(" ")[2]
        if element == "row":
            self._row = int(attributes.get("r", self._row + 1) or 0)
            if self._row > LAST_ROW:
                raise Overgrown
        elif element == "c":
            self.cells += 1
            self._length = 0
            if self.cells > MOST_CELLS:
                raise Overgrown
            if place := PLACE.fullmatch(attributes.get("r", "")):
                self._row = int(place[2])
                if self._row > LAST_ROW or _column(place[1]) > LAST_COLUMN:
                    raise Overgrown
        elif element == "si":
            self._length = 0
        elif element == "f":
            self.formulas.add(self._row)

    def _text(self, text: str) -> None:
        self._length += len(text)
        self.longest = max(self.longest, self._length)

    def _doctype(self, *_: Any) -> None:
        raise Broken("a document type")


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
