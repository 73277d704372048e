"""From the lines of a file to the bodies its rows stand for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import marshmallow as ma

from app.core.fields import Boolean, Coordinate, Day, DecimalString, Instant, Integer, Moment
from app.imports import cells
from app.imports.cells import CellUnfit
from app.imports.kinds import Column, Kind, Way
from app.imports.reading import Cell, FileUnfit, Line

Error = dict[str, Any]


@dataclass
class Row:
    """A row of the file as a body, with what is wrong so far."""

    number: int
    body: dict[str, Any] = field(default_factory=dict)
    errors: list[Error] = field(default_factory=list)


def rows_of(kind: Kind, lines: Sequence[Line], *, decimal: str | None) -> list[Row]:
    """Every line behind the heading, each cell read by the field it is for.

    Args:
        decimal: the decimal mark the sender stated, ``comma`` or ``point``.

    Raises:
        FileUnfit: a heading is not known, occurs twice or lacks.
    """
    heading, *rest = lines
    shown = _columns(kind, heading)
    mark = decimal or cells.decimal_mark(_figures(kind, shown, rest))
    return [_row(kind, shown, line, mark, declared=decimal is not None) for line in rest]


def error(column: str, vi: str, en: str) -> Error:
    """One thing that is wrong with a row."""
    return {"column": column, "vi": vi, "en": en}


def _columns(kind: Kind, heading: Line) -> list[Column | None]:
    names = [str(cell or "") for cell in heading.cells]
    while names and not names[-1]:
        names.pop()
    shown = [kind.column(name) for name in names]
    unknown = [name for name, column in zip(names, shown, strict=True) if column is None]
    if unknown:
        listed = ", ".join(name or "?" for name in unknown)[:200]
        raise FileUnfit(
            "heading_unknown", f"Không có cột này: {listed}.", f"No such column: {listed}."
        )
    told = [column.name for column in shown if column]
    if len(set(told)) < len(told):
        twice = next(name for name in told if told.count(name) > 1)
        raise FileUnfit("heading_twice", f"Cột bị lặp: {twice}.", f"A column twice: {twice}.")
    lacking = [one for one in kind.columns if kind.required(one) and one.name not in told]
    if lacking:
        vi, en = ", ".join(one.vi for one in lacking), ", ".join(one.name for one in lacking)
        raise FileUnfit("heading_missing", f"Thiếu cột: {vi}.", f"Columns missing: {en}.")
    return shown


def _figures(kind: Kind, shown: Sequence[Column | None], lines: Sequence[Line]) -> list[str]:
    """The texts of all cells that are figures."""
    return [
        cell.replace(" ", "").replace("\u00a0", "")
        for line in lines
        for column, cell in zip(shown, line.cells, strict=False)
        if column and isinstance(cell, str) and _is_figure(kind, column)
    ]


def _is_figure(kind: Kind, column: Column) -> bool:
    found = kind.field(column)
    return found is None or isinstance(found, DecimalString | Coordinate | ma.fields.Raw)


def _row(
    kind: Kind, shown: Sequence[Column | None], line: Line, mark: str | None, *, declared: bool
) -> Row:
    row = Row(line.number)
    if line.formula:
        row.errors.append(error("", "Dòng có ô là công thức.", "The row has a formula."))
    beyond = [cell for cell in line.cells[len(shown) :] if cell not in (None, "")]
    if beyond or len(line.cells) < len(shown):
        row.errors.append(
            error(
                "",
                "Số ô không khớp số cột: dòng bị lệch.",
                "Not as many cells as headings: the row is shifted.",
            )
        )
        return row
    for column, cell in zip(shown, line.cells, strict=False):
        if column is None or cell in (None, ""):
            continue
        try:
            cells.check_no_formula(cell)
            put(row.body, column.way, _value(kind, column, cell, mark, declared=declared))
        except CellUnfit as fault:
            row.errors.append(error(column.name, fault.vi, fault.en))
    return row


def _value(kind: Kind, column: Column, cell: Cell, mark: str | None, *, declared: bool) -> Any:
    found = kind.field(column)
    if found is None or type(found) is ma.fields.Raw:
        return cells.quality(cell, mark, declared=declared)
    if isinstance(found, DecimalString):
        return cells.number(cell, mark, declared=declared)
    if isinstance(found, Coordinate):
        return float(cells.number(cell, mark, declared=declared))
    if isinstance(found, Integer):
        whole = cells.number(cell, mark, declared=declared)
        return int(whole) if whole.lstrip("-").isdigit() else whole
    if isinstance(found, Boolean):
        return cells.boolean(cell)
    if isinstance(found, Day):
        return cells.day(cell)
    if isinstance(found, Instant):
        return cells.instant(cell, whole_days=isinstance(found, Moment))
    if isinstance(found, ma.fields.List):
        return cells.several(cell)
    return cells.text(cell)


def put(body: dict[str, Any], way: Way, value: Any) -> None:
    """Set the value at a place, making what lies on the way."""
    at: Any = body
    for step, following in pairwise(way):
        inner: Any = [] if following == 0 else {}
        if isinstance(at, list):
            if not at:
                at.append(inner)
            at = at[0]
        else:
            at = at.setdefault(str(step), inner)
    at[str(way[-1])] = value
