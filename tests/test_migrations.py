"""The tables: made, unmade and made again, equal to the models, not the application's own."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import create_engine, make_url

from app import blueprints
from app.config import with_driver
from app.core.db import Base
from tests.conftest import drop_database

PROJECT = Path(__file__).resolve().parent.parent
blueprints()

# Tables without an organisation's own rows, and why they are.
CATALOGUE = "public: the catalogue is the same for everybody"
PLACES = "public: administrative units are the same for everybody"
MARKET = "public: a round and its prices belong to the market, not to one who traded in it"
EXEMPT = {
    "administrative_unit": PLACES,
    "administrative_unit_predecessor": PLACES,
    "certificate_scheme": CATALOGUE,
    "commodity": CATALOGUE,
    "commodity_conversion": CATALOGUE,
    "grade": CATALOGUE,
    "market": CATALOGUE,
    "processing_line": CATALOGUE,
    "processing_line_commodity": CATALOGUE,
    "quality_attribute": CATALOGUE,
    "reference_price": CATALOGUE,
    "reference_series": CATALOGUE,
    "clearing_round": MARKET,
    "market_price": MARKET,
    "round_figures": MARKET,
    "group_cell": "public: of groups only, in which nobody can be made out",
    "forecast_group": "public: of groups only, in which nobody can be made out",
    "month_gain": "public: of groups only, in which nobody can be made out",
    "group_stale": "a note of weeks of a commodity that are to be grouped again",
    "organisation": "is the tenant itself",
    "person": "may act in several organisations; role says in which",
    "access_token": "belongs to a person",
    "sign_in_code": "belongs to a person",
    "quality_schedule": "the platform's own has no organisation; buyer_id says whose another is",
    "ledger_transaction": "between several tenants at once; its entries say whose",
    "channel_pause": "the house's own note about a channel",
    "notification_preference": "belongs to a person",
    "quiet_hours": "belongs to a person",
    "reminder": "a note that something was told; whom it concerned stands in the message",
    "saved_answer": "core machinery: keyed by account_id, the tenant or a person without one",
    "outbox_message": "core machinery: concerns several tenants at once",
    "consumed_message": "core machinery: a note about an outbox message",
}

# Sums of rows that refer to their tenant; to check it again for each would double a rebuild.
DERIVED = {"trade_cell", "delivery_cell", "fate_cell"}

# What the application may not do to what is only ever added to, and to what a trigger keeps.
KEPT_BACK = {
    "ledger_transaction": "UPDATE DELETE",
    "ledger_entry": "UPDATE DELETE",
    "statement": "UPDATE DELETE",
    "statement_entry": "UPDATE DELETE",
    "identity_reading": "UPDATE DELETE",
    "balance": "INSERT UPDATE DELETE",
}

# What a table or schema has to say for itself, in the words of PostgreSQL.
SAID = {
    "columns": """
        SELECT table_name, column_name, data_type, is_nullable, column_default,
               numeric_precision, numeric_scale, collation_name, generation_expression
        FROM information_schema.columns WHERE table_schema = 'public'""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 't'""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}


@dataclass(frozen=True)
class Fresh:
    """An empty database of its own, and how the owner and the application reach it."""

    owner_url: str
    app_url: str

    def rows(self, query: str) -> set[tuple[Any, ...]]:
        """What the owner reads."""
        with psycopg.connect(self.owner_url) as connection:
            return set(connection.execute(query).fetchall())

    def tables(self) -> set[str]:
        return {name for (name,) in self.rows("SELECT tablename FROM pg_tables"
                " WHERE schemaname = 'public'")}  # fmt: skip

    def said(self) -> dict[str, set[tuple[Any, ...]]]:
        """Columns, constraints and indexes of everything but the note of the revision."""
        return {
            kind: {row for row in self.rows(query) if row[0] != "alembic_version"}
            for kind, query in SAID.items()
        }


@contextmanager
def a_fresh_database(name: str) -> Iterator[Fresh]:
    urls = [make_url(os.environ[one]) for one in ("MIGRATION_DATABASE_URL", "DATABASE_URL")]
    with psycopg.connect(os.environ["ADMIN_URL"], autocommit=True) as admin:
        named = sql.Identifier(name)
        drop_database(admin, named)
        make = sql.SQL("CREATE DATABASE {} TEMPLATE template0 OWNER {}")
        admin.execute(make.format(named, sql.Identifier(urls[0].username or "")))
        try:
            yield Fresh(*(url.set(database=name).render_as_string(False) for url in urls))
        finally:
            drop_database(admin, named)


@pytest.fixture
def fresh(worker_id: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fresh]:
    """A database the migrations run on."""
    with a_fresh_database(f"blao_fresh_{worker_id}") as fresh:
        monkeypatch.setenv("MIGRATION_DATABASE_URL", fresh.owner_url)
        monkeypatch.setenv("DATABASE_URL", fresh.app_url)
        yield fresh


@pytest.fixture
def migrations() -> Config:
    return Config(PROJECT / "alembic.ini")


def test_tables_are_made_unmade_and_made_again(fresh: Fresh, migrations: Config) -> None:
    nothing = fresh.tables()
    assert nothing == set()
    command.upgrade(migrations, "head")
    made, said = fresh.tables(), fresh.said()
    assert made - {"alembic_version"} == set(Base.metadata.tables)
    command.downgrade(migrations, "base")
    assert fresh.tables() == {"alembic_version"}
    left = """
        SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
            AND typname NOT IN ('alembic_version', '_alembic_version')
        UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
            AND relname NOT LIKE 'alembic_version%'"""
    assert fresh.rows(left) == set()
    command.upgrade(migrations, "head")
    assert (fresh.tables(), fresh.said()) == (made, said)
    command.upgrade(migrations, "head")
    assert fresh.said() == said


def test_alembic_finds_no_difference_to_the_models(fresh: Fresh, migrations: Config) -> None:
    command.upgrade(migrations, "head")
    migrations.stdout = io.StringIO()
    command.check(migrations)
    assert "No new upgrade operations detected" in migrations.stdout.getvalue()


def test_migrations_and_models_make_the_same_columns_checks_and_indexes(
    fresh: Fresh, migrations: Config, worker_id: str
) -> None:
    """Alembic's own comparison overlooks checks and the text of indexes."""
    command.upgrade(migrations, "head")
    with a_fresh_database(f"blao_modelled_{worker_id}") as modelled:
        engine = create_engine(with_driver(modelled.owner_url))
        Base.metadata.create_all(engine)
        engine.dispose()
        by_models, by_migrations = modelled.said(), fresh.said()
    for kind, rows in by_models.items():
        assert len(rows) > 50
        assert by_migrations[kind] ^ rows == set(), kind


def test_the_application_commands_nothing(fresh: Fresh, migrations: Config) -> None:
    command.upgrade(migrations, "head")
    role = make_url(fresh.app_url).username
    with psycopg.connect(fresh.app_url) as connection:
        rights = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        owned = connection.execute(
            "SELECT relname FROM pg_class WHERE relowner = current_user::regrole"
            " UNION ALL SELECT proname FROM pg_proc WHERE proowner = current_user::regrole"
            " UNION ALL SELECT nspname FROM pg_namespace WHERE nspowner = current_user::regrole"
            " UNION ALL SELECT datname FROM pg_database WHERE datdba = current_user::regrole"
        ).fetchall()
        groups = connection.execute(
            "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = current_user::regrole"
        ).fetchall()
        lacking = connection.execute(
            "SELECT oid::regclass::text, right_ FROM pg_class,"
            " unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS right_"
            " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            " AND NOT has_table_privilege(oid, right_)"
        ).fetchall()
    assert rights == (False,) * 5, role
    assert owned == []
    assert groups == []
    assert set(lacking) == {
        (table, right) for table, rights in KEPT_BACK.items() for right in rights.split()
    }


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE sacks (n int)",
        "CREATE SCHEMA elsewhere",
        "CREATE FUNCTION sacks() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE offer ADD COLUMN note text",
        "ALTER TABLE offer DROP CONSTRAINT ck_offer_taken_and_held_within",
        "ALTER TABLE offer DISABLE TRIGGER ALL",
        "ALTER TABLE offer OWNER TO CURRENT_USER",
        "CREATE INDEX ON offer (ask_price)",
        "TRUNCATE offer CASCADE",
        "DROP TABLE offer CASCADE",
        "SET session_replication_role = replica",
    ],
)
def test_the_application_cannot_change_the_tables(
    own_database: dict[str, str], statement: str
) -> None:
    with (
        psycopg.connect(own_database["DATABASE_URL"]) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def test_every_row_of_a_tenant_says_whose_it_is() -> None:
    tables = Base.metadata.tables
    owned = {name for name, table in tables.items() if "organisation_id" in table.c}
    assert len(owned) >= 12
    assert set(tables) - owned == set(EXEMPT)
    for name in owned:
        column = tables[name].c.organisation_id
        assert not column.nullable, name
        referred = [] if name in DERIVED else ["organisation.id"]
        assert [key.target_fullname for key in column.foreign_keys] == referred, name
