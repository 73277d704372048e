"""Files that are meant to do harm cost nothing; numbers are read one way or not at all."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from app.core.files import CSV, XLSX
from app.imports.cells import CellUnfit, boolean, day, decimal_mark, instant, number
from app.imports.reading import FileUnfit, read_lines

PROJECT = Path(__file__).resolve().parents[2]
MOST_MEMORY = 300 * 1024 * 1024
MOST_CPU_SECONDS = 1 * 13
TYPES = """<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/\
content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.\
relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>"""
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ROOT = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">\
<Relationship Id="r1" Type="{RELS}/officeDocument" Target="xl/workbook.xml"/></Relationships>"""
BOOK = f"""<workbook xmlns="{MAIN}" xmlns:r="{RELS}"><sheets><sheet name="a" sheetId="1" \
r:id="r1"/></sheets></workbook>"""
PARTS = f"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">\
<Relationship Id="r1" Type="{RELS}/worksheet" Target="worksheets/sheet1.xml"/>\
<Relationship Id="r2" Type="{RELS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>"""


def workbook(sheet: str, texts: str = "", **more: str) -> bytes:
    """A workbook around the rows of a sheet."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {
            "[Content_Types].xml": TYPES,
            "_rels/.rels": ROOT,
            "xl/workbook.xml": BOOK,
            "xl/_rels/workbook.xml.rels": PARTS,
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{sheet}'
            "</sheetData></worksheet>",
            "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{texts}</sst>',
            **more,
        }.items():
            archive.writestr(name, text)
    return file.getvalue()


def cell(place: str, value: str = "1") -> str:
    return f'<row><c r="{place}"><v>{value}</v></c></row>'


def lying(data: bytes, name: str) -> bytes:
    """The archive with a small size stated for a part that is large."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = archive.getinfo(name).file_size
    return data.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))


BOMBS = {
    "a cell in the last row": workbook(cell("A1048576")),
    "a cell in the last column": workbook(cell("XFD1")),
    "a cell far out without its row": workbook('<row><c r="XFD1048576"><v>1</v></c></row>'),
    "gigabytes of blanks": workbook(" " * (200 * 1024 * 1024)),
    "a lie about the size": lying(workbook(" " * (50 * 1024 * 1024)), "xl/worksheets/sheet1.xml"),
    "a million cells": workbook("<row>" + "<c><v>1</v></c>" * 1_000_000 + "</row>"),
    "a text of megabytes": workbook(cell("A1", "0"), f"<si><t>{'x' * 5_000_000}</t></si>"),
    "a text in every one of many cells": workbook(
        ("<row>" + '<c t="s"><v>0</v></c>' * 50 + "</row>") * 2000, f"<si><t>{'x' * 4000}</t></si>"
    ),
    "laughter": workbook(
        cell("A1"),
        **{"xl/styles.xml": '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>'},
    ),
    "a document type in a sheet": workbook(
        "", **{"xl/worksheets/sheet1.xml": "<!DOCTYPE a><worksheet/>"}
    ),
    "many parts": workbook(cell("A1"), **{f"xl/{n}.xml": "<a/>" for n in range(300)}),
    "no workbook": b"PK\x05\x06" + b"\0" * 18,
    "half a workbook": workbook(cell("A1"))[:700],
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_goes_off(name: str) -> None:
    """Experiment E30."""
    with pytest.raises(FileUnfit):
        read_lines(BOMBS[name], XLSX)


def test_no_bomb_takes_much_memory_or_work(tmp_path: Path) -> None:
    """All of them one after another, in a process of their own that has little to spend."""
    for number_, data in enumerate(BOMBS.values()):
        (tmp_path / f"{number_}.xlsx").write_bytes(data)
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from app.imports.reading import FileUnfit, read_lines\n"
        f"resource.setrlimit(resource.RLIMIT_CPU, ({MOST_CPU_SECONDS}, {MOST_CPU_SECONDS}))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for path in sorted(Path(sys.argv[1]).iterdir()):\n"
        "    try:\n"
        f"        read_lines(path.read_bytes(), {XLSX!r})\n"
        "    except FileUnfit:\n"
        "        continue\n"
        "    sys.exit(f'{path} was read')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) * 1024 < MOST_MEMORY


def test_a_small_workbook_is_read() -> None:
    texts = "<si><t>name</t></si><si><t>Kho</t></si>"
    text = '<row r="{0}"><c r="A{0}" t="s"><v>{1}</v></c></row>'
    sheet = text.format(1, 0) + text.format(3, 1)
    lines = read_lines(workbook(sheet, texts), XLSX)
    assert [(line.number, line.cells) for line in lines] == [(1, ["name"]), (3, ["Kho"])]


def test_a_csv_of_quotes_or_of_one_long_line_is_refused() -> None:
    for data in (b'a;"' + b"x" * 200_000, b"a;" * 100_000, b"a\n" * 20_000, b"a\0b"):
        with pytest.raises(FileUnfit):
            read_lines(data, CSV)


@pytest.mark.parametrize(
    "text, mark, value",
    [
        ("12", None, "12"),
        ("12,5", None, "12.5"),
        ("12.5", None, "12.5"),
        ("1.234.567", None, "1234567"),
        ("1,234.5", None, "1234.5"),
        ("1.234,5", None, "1234.5"),
        ("0.500", None, "0.500"),
        ("0,500", None, "0.500"),
        ("1234,567", None, "1234.567"),
        ("12.500", "comma", "12500"),
        ("12.500", "point", "12.500"),
        ("1 234,5", None, "1234.5"),
        ("-3,5", None, "-3.5"),
    ],
)
def test_a_number_is_read_as_it_is_meant(text: str, mark: str | None, value: str) -> None:
    assert number(text, mark) == value


@pytest.mark.parametrize(
    "text",
    ["12.500", "12,500", "1,2,3", "1.2.3", "12..5", "abc", "1e5", "١٢", "12.5kg", "1.23,4,5"],
)
def test_a_number_that_could_be_another_is_refused(text: str) -> None:
    with pytest.raises(CellUnfit):
        number(text, None)


def test_what_the_file_says_of_its_marks_holds_for_every_cell() -> None:
    assert decimal_mark(["12.500", "3,5", "7"]) == "comma"
    assert decimal_mark(["12.500", "3.5"]) == "point"
    assert decimal_mark(["12.500", "7"]) is None
    assert decimal_mark(["3,5", "3.5"]) is None
    with pytest.raises(CellUnfit):
        number("3.5", "comma", declared=True)


def test_days_are_read_day_first_and_never_guessed() -> None:
    assert day("3/4/2026") == day("2026-04-03") == "2026-04-03"
    assert instant("03/04/2026 14:30", whole_days=False) == "2026-04-03T14:30:00+07:00"
    assert instant("03/04/2026", whole_days=True) == "2026-04-03"
    for wrong in ("11/23/2026", "31/02/2026", "3-4-2026", "3/4/26", "2026-04-03x", "45000"):
        with pytest.raises(CellUnfit):
            day(wrong)


def test_yes_and_no_are_a_few_words() -> None:
    assert [boolean(one) for one in ("có", "Yes", "TRUE", 1.0, "x")] == [True] * 5
    assert [boolean(one) for one in ("không", "no", "false", 0)] == [False] * 4
    with pytest.raises(CellUnfit):
        boolean("maybe")
