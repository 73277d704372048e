"""Lists in pages: keyset cursors, stable while rows are added."""

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import marshmallow as ma
from marshmallow import validate
from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, or_, union_all
from sqlalchemy.types import TypeEngine

from app.core.db import db
from app.core.errors import invalid
from app.core.fields import Schema, String

DEFAULT_LIMIT, HIGHEST_LIMIT = 20, 100


class Digits(ma.fields.Integer):
    """A whole number as a query writes it: digits and nothing else."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch("[0-9]{1,9}", value):
            raise self.make_error("invalid")
        return int(value)


class PageQuery(Schema):
    """``?limit=`` and ``?cursor=``, which every list takes."""

    limit = Digits(load_default=DEFAULT_LIMIT, validate=validate.Range(min=1, max=HIGHEST_LIMIT))
    cursor = String(longest=1000)


@dataclass(frozen=True)
class By:
    """One key of a list's order. The last key of an order must be unique."""

    key: Any
    descending: bool = False


@dataclass(frozen=True)
class Page:
    """Some rows and where to go on."""

    items: Sequence[Any]
    next_cursor: str | None


def page(
    statement: Select[Any],
    *,
    order: Sequence[By],
    query: dict[str, Any],
    ways: Sequence[ColumnElement[bool]] = (),
) -> Page:
    """One page of a SELECT of entities.

    Args:
        order: the keys to sort by; none may be null.
        query: a loaded :class:`PageQuery`.
        ways: conditions of which an entity meets at least one, each with an index in this order;
            said in one WHERE they would be met by reading everybody's rows.

    Raises:
        Invalid: the cursor is not one this list gave.
    """
    limit = query["limit"]
    if "cursor" in query:
        statement = statement.where(_after(order, _read(query["cursor"], order)))
    keys = [by.key.desc() if by.descending else by.key.asc() for by in order]
    if ways:
        unique = order[-1].key
        ids = statement.with_only_columns(unique).order_by(*keys).limit(limit + 1)
        statement = statement.where(unique.in_(union_all(*(ids.where(one) for one in ways))))
    statement = statement.add_columns(*(by.key for by in order)).order_by(*keys)
    rows = db.session.execute(statement.limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    width = len(order)
    items = [row[0] if len(row) == width + 1 else tuple(row)[:-width] for row in rows]
    return Page(items, _write(rows[-1][-width:]) if more else None)


def cursor_at(row: Any, order: Sequence[By]) -> str:
    """The cursor that goes on behind an entity in a list of this order."""
    return _write([getattr(row, by.key.key) for by in order])


@cache
def page_schema(item: type[ma.Schema]) -> type[ma.Schema]:
    """The schema of a page of ``item``."""
    return Schema.from_dict(
        {
            "items": ma.fields.List(ma.fields.Nested(item), required=True),
            "next_cursor": ma.fields.String(required=True, allow_none=True),
        },
        name=f"{item.__name__}Page",
    )


def _after(order: Sequence[By], values: Sequence[Any]) -> ColumnElement[bool]:
    """Rows that come behind the one whose keys are ``values``."""
    alternatives = []
    bound = [bindparam(None, value, by.key.type) for by, value in zip(order, values, strict=True)]
    for position, by in enumerate(order):
        equal = [order[before].key == bound[before] for before in range(position)]
        further = by.key < bound[position] if by.descending else by.key > bound[position]
        alternatives.append(and_(*equal, further))
    return or_(*alternatives)


def _write(values: Sequence[Any]) -> str:
    plain = [value if isinstance(value, int | float) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _read(cursor: str, order: Sequence[By]) -> list[Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars="-_", validate=True))
        if not isinstance(values, list):
            raise ValueError
        return [_typed(value, by.key.type) for by, value in zip(order, values, strict=True)]
    except (ValueError, TypeError, ArithmeticError, RecursionError):
        raise invalid("/cursor", "Con trỏ không hợp lệ.", "Not a cursor of this list.") from None


def _typed(value: Any, column: TypeEngine[Any]) -> Any:
    kind = column.python_type
    if kind in (int, float):
        highest = 2**31 if kind is int and not isinstance(column, BigInteger) else 2**53
        if type(value) not in (int, kind) or not abs(value) < highest:
            raise ValueError
        return kind(value)
    if not isinstance(value, str) or "\0" in value:
        raise ValueError
    value.encode()
    if kind is Decimal:
        number = Decimal(value)
        if not number.is_finite() or abs(number) > 10**20:
            raise ValueError
        return number
    if kind in (datetime, date):
        return kind.fromisoformat(value)
    return UUID(value) if kind is UUID else str(value)
