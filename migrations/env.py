"""Runs migrations as the owner of the tables and then lets the application's role use them.

Connections come from ``MIGRATION_DATABASE_URL`` (owner) and ``DATABASE_URL`` (whose user is the
application's role).
"""

import os

from alembic import context
from sqlalchemy import Connection, create_engine, inspect, make_url, pool, text

import app
from app.config import with_driver
from app.core.db import Base

app.blueprints()
ONE_AT_A_TIME = 7_203_110

# What is only ever added to; balances are written by the ledger's trigger alone.
APPENDED = (
    "ledger_transaction",
    "ledger_entry",
    "statement",
    "statement_entry",
    "identity_reading",
)
KEPT_FROM_APPLICATION = {
    **dict.fromkeys(APPENDED, "UPDATE, DELETE, TRUNCATE"),
    "balance": "INSERT, UPDATE, DELETE, TRUNCATE",
}


def grant_to_application(connection: Connection) -> None:
    """Let the application's role read and write every table, and own none."""
    role = make_url(os.environ["DATABASE_URL"]).username
    if not role or role == connection.engine.url.username:
        return
    name = connection.dialect.identifier_preparer.quote(role)
    for statement in (
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}",
    ):
        connection.execute(text(statement))
    present = set(inspect(connection).get_table_names())
    for table, taken in KEPT_FROM_APPLICATION.items():
        if table in present:
            connection.execute(text(f"REVOKE {taken} ON {table} FROM {name}"))


def run() -> None:
    """Bring the database to the revision asked for, in one transaction."""
    url = with_driver(os.environ["MIGRATION_DATABASE_URL"])
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": ONE_AT_A_TIME})
            context.run_migrations()
            grant_to_application(connection)


run()
