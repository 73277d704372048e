"""From a cell to the value the API would be given; what can be read in two ways is refused.

**Numbers.** ``12,5`` can only be a decimal comma and ``1,234.5`` only a decimal point: such cells
are read so. ``12.500`` is twelve and a half to some and twelve and a half thousand in Viet Nam: it
is read as the file says (``?decimal=comma``), else as all cells that can be read in one way only
agree, else refused. A cell that contradicts what the file says is refused.

**Days.** ``2026-11-23`` or, day first as in Viet Nam, ``23/11/2026``; an hour may follow
(``23/11/2026 14:30``) and is the clock's in Viet Nam. Date cells of a workbook are taken as such.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from app.core import clock
from app.core.vietnamese import fold
from app.imports.reading import Cell

COMMA, POINT = "comma", "point"
MARKS = {COMMA: (",", "."), POINT: (".", ",")}
DAY = re.compile(r"(?:(\d{4})-(\d{2})-(\d{2})|(\d{1,2})/(\d{1,2})/(\d{4}))", re.ASCII)
HOUR = re.compile(r"[T ]+(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
ZONED = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
TRUE, FALSE = {"co", "true", "yes", "1", "x", "dung"}, {"khong", "false", "no", "0", "sai"}
FORMULA = re.compile(r"[=@\t\r]|[+-](?![0-9.,\s()-]*$)")
LIST = re.compile(r"\s*[;|\n]\s*")


class CellUnfit(Exception):
    """What is wrong with a cell, in both languages."""

    def __init__(self, vi: str, en: str) -> None:
        self.vi, self.en = vi, en
        super().__init__(en)


def decimal_mark(texts: Iterable[str]) -> str | None:
    """The decimal mark on which all texts agree that can be read in one way only."""
    told = {next(iter(ways)) for text in texts if len(ways := readings(text)) == 1}
    return told.pop() if len(told) == 1 else None


@cache
def readings(text: str) -> dict[str, Decimal]:
    """The values a text has by each decimal mark; none or both alike where no mark matters."""
    found = {}
    for mark, (decimal, group) in MARKS.items():
        d, g = re.escape(decimal), re.escape(group)
        if re.fullmatch(rf"-?(\d+|[1-9]\d{{0,2}}({g}\d{{3}})+)({d}\d+)?", text, re.ASCII):
            found[mark] = Decimal(text.replace(group, "").replace(decimal, "."))
    return found


def check_no_formula(cell: Cell) -> None:
    """Raises:
    CellUnfit: a spreadsheet would compute with this text.
    """
    if isinstance(cell, str) and FORMULA.match(cell):
        raise CellUnfit("Ô là công thức.", "The cell is a formula.")


def number(cell: Cell, mark: str | None, *, declared: bool = False) -> str:
    """A decimal as the API writes it."""
    if isinstance(cell, bool | date | datetime):
        raise CellUnfit("Phải là số.", "Must be a number.")
    if isinstance(cell, int | float):
        return f"{Decimal(repr(cell)).normalize():f}"
    text = str(cell).replace("\u00a0", "").replace(" ", "")
    ways = readings(text)
    if declared and mark is not None and mark not in ways:
        raise CellUnfit(
            "Số này không theo dấu thập phân đã khai.", "Not a number by the mark that was stated."
        )
    if not ways:
        raise CellUnfit("Phải là số.", "Must be a number.")
    if len(set(ways.values())) == 1:
        return f"{next(iter(ways.values())):f}"
    if mark is None:
        one, other = (f"{value.normalize():f}" for value in ways.values())
        raise CellUnfit(
            f"Có thể hiểu là {one} hoặc {other}; hãy khai dấu thập phân (decimal).",
            f"May be {one} or {other}; please state the decimal mark (decimal).",
        )
    return f"{ways[mark]:f}"


def boolean(cell: Cell) -> bool:
    """Yes or no, in a few words."""
    if isinstance(cell, bool):
        return cell
    word = fold(f"{cell:g}" if isinstance(cell, float) else str(cell))
    if word in TRUE or word in FALSE:
        return word in TRUE
    raise CellUnfit("Phải là có hoặc không.", "Must be yes or no.")


def day(cell: Cell) -> str:
    """A day as ISO 8601."""
    found = _moment(cell)
    if isinstance(found, datetime):
        if (found.hour, found.minute, found.second) != (0, 0, 0):
            raise CellUnfit("Phải là ngày, không kèm giờ.", "Must be a day without an hour.")
        return found.date().isoformat()
    return found.isoformat()


def instant(cell: Cell, *, whole_days: bool) -> str:
    """An instant as RFC 3339; a day stays a day where the field takes whole days."""
    if isinstance(cell, str) and ZONED.fullmatch(cell):
        return cell
    found = _moment(cell)
    midnight = isinstance(found, datetime) and (found.hour, found.minute, found.second) == (0, 0, 0)
    if isinstance(found, datetime) and not midnight:
        return found.replace(microsecond=0, tzinfo=clock.LOCAL).isoformat()
    on = found.date() if isinstance(found, datetime) else found
    if whole_days:
        return on.isoformat()
    return datetime(on.year, on.month, on.day, tzinfo=clock.LOCAL).isoformat()


def text(cell: Cell) -> str:
    """Words; a number of a workbook as its digits."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, int | float):
        return number(cell, None)
    if isinstance(cell, date | datetime):
        raise CellUnfit("Phải là chữ.", "Must be text.")
    return str(cell)


def several(cell: Cell) -> list[str]:
    """Words parted by semicolons."""
    return [one for one in LIST.split(text(cell)) if one]


def quality(cell: Cell, mark: str | None, *, declared: bool) -> Any:
    """What a quality may be: yes or no, a day, or a decimal."""
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, date | datetime) or (isinstance(cell, str) and DAY.match(cell)):
        return day(cell)
    if isinstance(cell, str) and fold(cell) in (TRUE | FALSE) - {"0", "1", "x"}:
        return boolean(cell)
    return number(cell, mark, declared=declared)


def _moment(cell: Cell) -> date | datetime:
    if isinstance(cell, date | datetime):
        return cell
    written = str(cell)
    found = DAY.match(written)
    rest = written[found.end() :] if found else ""
    hour = HOUR.fullmatch(rest)
    try:
        if found is None or (rest and not hour):
            raise ValueError
        year, month, on = (
            (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
        )
        if hour is None:
            return date(int(year), int(month), int(on))
        return datetime(  # noqa: DTZ001
            int(year), int(month), int(on), int(hour[1]), int(hour[2]), int(hour[3] or 0)
        )
    except ValueError:
        raise CellUnfit(
            "Phải là ngày dạng NĂM-THÁNG-NGÀY hoặc ngày/tháng/năm.",
            "Must be a day as YEAR-MONTH-DAY or day/month/year.",
        ) from None
