"""Writing sound rows in bulk, past the tables' triggers and references."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from sqlalchemy import text

from app.core.db import db
from app.core.transaction import transaction

REFERENCES = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'"


class unguarded:  # noqa: N801
    """Without the tables' triggers and references, which a bulk of sound rows does not need."""

    def __init__(self, tables: Sequence[str]) -> None:
        self.tables = tables

    def __enter__(self) -> None:
        self._guard("DISABLE", "NOT ENFORCED")

    def __exit__(self, *_: object) -> None:
        self._guard("ENABLE", "ENFORCED")
        with as_owner() as owner:
            owner.execute("VACUUM ANALYZE")

    def _guard(self, able: str, enforced: str) -> None:
        with as_owner() as owner:
            for table in self.tables:
                owner.execute(f"ALTER TABLE {table} {able} TRIGGER USER")
                for (name,) in owner.execute(REFERENCES, [table]).fetchall():
                    owner.execute(f"ALTER TABLE {table} ALTER CONSTRAINT {name} {enforced}")


def as_owner() -> psycopg.Connection[Any]:
    """A connection of the owner of the tables; every statement by itself."""
    url = os.environ["MIGRATION_DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://", 1)
    return psycopg.connect(url, autocommit=True)


def write(work: Callable[[], None]) -> None:
    """Work of any length in one transaction."""
    with transaction():
        db.session.execute(text("SET LOCAL statement_timeout = 0"))
        db.session.execute(text("SET LOCAL work_mem = '256MB'"))
        work()
