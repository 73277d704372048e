"""What is kept about somebody, for themselves to take along."""

from typing import Any
from uuid import UUID

from sqlalchemy import Table, Text, cast, func, literal, literal_column, or_, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY, array

from app.accounts.models import Person
from app.core.db import Base, db

SECRET = ("password_hash", "digest", "file", "jpeg")
"""Columns that are of no use to anybody but the house, or are no text."""
HELD_BY_ORGANISATIONS = (
    "site",
    "plot",
    "certificate",
    "lot",
    "forecast",
    "offer",
    "demand",
    "membership",
    "membership_grant",
)
"""What an organisation has declared itself. What it shares with others, such as orders and
settlements, has its own pages and papers."""


def kept_about(person: Person, *, owned: list[UUID]) -> dict[str, list[dict[str, Any]]]:
    """Every row that names the person, and what the organisations they own have declared.

    Args:
        owned: ids of the organisations of which they are an owner.

    Returns:
        rows by table; numbers, texts and instants as PostgreSQL writes them in JSON.
    """
    tables = Base.metadata.tables
    parts = [_rows(tables["person"], tables["person"].c.id == person.id)]
    for table in Base.metadata.sorted_tables:
        naming = [
            column
            for column in table.c
            if any(key.target_fullname == "person.id" for key in column.foreign_keys)
        ]
        if naming:
            parts.append(_rows(table, or_(*(column == person.id for column in naming))))
    for name in HELD_BY_ORGANISATIONS:
        parts.append(_rows(tables[name], tables[name].c.organisation_id.in_(owned)))
    found: dict[str, list[dict[str, Any]]] = {}
    for name, row in db.session.execute(union_all(*parts)):
        rows = found.setdefault(name, [])
        if row not in rows[-1:]:
            rows.append(row)
    return found


def _rows(table: Table, condition: Any) -> Any:
    whole = func.to_jsonb(literal_column(f'"{table.name}"'))
    bare = whole.op("-")(cast(array(list(SECRET)), ARRAY(Text)))
    return select(literal(table.name), bare).select_from(table).where(condition)
