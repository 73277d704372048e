"""The database itself keeps the ledger: sums of zero, balances, nothing changed."""

from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError, ProgrammingError

from app.core.db import db
from app.core.transaction import transaction
from app.settlement.ledger import Line, Origin, Unbalanced, post
from app.settlement.models import Account, Event, LedgerEntry, LedgerTransaction, Source
from tests.factories import NOW, Trade
from tests.settling import balances, sums_of_entries

THING = UUID("01900000-0000-7000-8000-000000000001")


def given(trade: Trade) -> tuple[UUID, UUID]:
    return tuple(UUID(str(one.organisation_id)) for one in (trade.processor(), trade.farm()))


def posted(one: UUID, other: UUID, amount: int, number: int = 1) -> LedgerTransaction:
    return post(
        [Line(one, Account.PAYABLE, -amount, other), Line(other, Account.RECEIVABLE, amount, one)],
        origin=Origin(Source.SLIP, THING, number),
        event=Event.DELIVERY_ACCEPTED,
        occurred_at=NOW,
        now=NOW,
    )


def stray(transaction_id: UUID, party: UUID) -> None:
    """An entry that belongs to nothing."""
    entry = {"transaction_id": transaction_id, "organisation_id": party, "amount": 1}
    db.session.add(LedgerEntry(account=Account.BANK, **entry))
    db.session.flush()


def test_what_does_not_sum_to_zero_is_refused_at_the_commit(committing: Flask) -> None:
    one, other = given(Trade(committing))
    with committing.app_context():
        with transaction():
            first = posted(one, other, 500).id
        with pytest.raises(IntegrityError, match="ledger_sums_to_zero"), transaction():
            stray(first, one)
        with pytest.raises(Unbalanced), transaction():
            post(
                [Line(one, Account.BANK, 1)],
                origin=Origin(Source.SLIP, THING, 9),
                event=Event.DELIVERY_ACCEPTED,
                occurred_at=NOW,
                now=NOW,
            )
        assert (
            balances()
            == sums_of_entries()
            == {
                (one, "payable"): -500,
                (other, "receivable"): 500,
            }
        )


def test_one_source_is_posted_once(committing: Flask) -> None:
    one, other = given(Trade(committing))
    with committing.app_context():
        with transaction():
            posted(one, other, 500)
            posted(one, other, 70, number=2)
        with (
            pytest.raises(IntegrityError, match="uq_ledger_transaction"),
            transaction(),
        ):
            posted(one, other, 500)
        assert balances()[other, "receivable"] == 570


KEPT = ("ledger_transaction", "ledger_entry", "statement", "statement_entry", "identity_reading")


@pytest.mark.parametrize("table", [*KEPT, "balance"])
def test_the_application_can_only_add_to_the_books(
    own_database: dict[str, str], table: str
) -> None:
    column = "amount" if table == "balance" else "id"
    with psycopg.connect(own_database["DATABASE_URL"].replace("+psycopg", "")) as connection:
        for statement in (
            f"UPDATE {table} SET {column} = {column}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()


@pytest.mark.parametrize("table", KEPT)
def test_not_even_the_owner_changes_the_books(own_database: dict[str, str], table: str) -> None:
    url = own_database["MIGRATION_DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        for statement in (
            f"UPDATE {table} SET id = id",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only ever added to"):
                connection.execute(statement)
            connection.rollback()


def test_nobody_but_the_ledger_writes_a_balance(committing: Flask) -> None:
    one, other = given(Trade(committing))
    with committing.app_context():
        with transaction():
            posted(one, other, 500)
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction(),
        ):
            db.session.connection().exec_driver_sql("UPDATE balance SET amount = 0")
        assert balances()[other, "receivable"] == 500
