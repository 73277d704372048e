"""Posting: the only way into the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select

from app.core.db import db
from app.settlement.models import Account, Event, LedgerEntry, LedgerTransaction, Source


@dataclass(frozen=True)
class Line:
    """An amount, whole VND, on one account of a party; a debit is positive."""

    party: UUID
    account: Account
    amount: int
    counterparty: UUID | None = None


@dataclass(frozen=True)
class Origin:
    """What a transaction comes from: with its ``number`` it can be posted only once."""

    kind: Source
    id: UUID
    number: int = 1


class Unbalanced(AssertionError):
    """Entries that do not sum to zero; the database would refuse them as well."""


def post(
    lines: Sequence[Line],
    *,
    origin: Origin,
    event: Event,
    occurred_at: datetime,
    delivery_id: UUID | None = None,
    reverses: LedgerTransaction | None = None,
    replaces: LedgerTransaction | None = None,
    now: datetime,
) -> LedgerTransaction:
    """Write one transaction; lines of nothing are left out.

    Entries go in by party and account, so that writers who meet lock balances in one order.

    Raises:
        Unbalanced: the lines do not sum to zero. IntegrityError: the origin has been posted.
    """
    if sum(line.amount for line in lines):
        raise Unbalanced(lines)
    transaction = LedgerTransaction(
        source_kind=origin.kind,
        source_id=origin.id,
        number=origin.number,
        kind=event,
        occurred_at=occurred_at,
        posted_at=now,
        delivery_id=delivery_id,
        reverses_id=reverses.id if reverses else None,
        replaces_id=replaces.id if replaces else None,
    )
    db.session.add(transaction)
    db.session.flush()
    entries = [
        {
            "transaction_id": transaction.id,
            "organisation_id": line.party,
            "counterparty_id": line.counterparty,
            "account": line.account,
            "amount": line.amount,
        }
        for line in sorted(lines, key=lambda line: (line.party, line.account))
        if line.amount
    ]
    if entries:
        db.session.execute(insert(LedgerEntry).values(entries))
    return transaction


def reverse(
    transaction: LedgerTransaction,
    *,
    origin: Origin,
    event: Event,
    occurred_at: datetime,
    now: datetime,
) -> LedgerTransaction:
    """Take a transaction back by another with every amount turned round."""
    entries = db.session.scalars(
        select(LedgerEntry).where(LedgerEntry.transaction_id == transaction.id)
    ).all()
    turned = [
        Line(one.organisation_id, Account(one.account), -one.amount, one.counterparty_id)
        for one in entries
    ]
    return post(
        turned,
        origin=origin,
        event=event,
        occurred_at=occurred_at,
        delivery_id=transaction.delivery_id,
        reverses=transaction,
        now=now,
    )


def posted_about(delivery_id: UUID) -> Mapping[tuple[str, UUID, int], LedgerTransaction]:
    """What is in the books about a delivery, by source, id and number."""
    found = db.session.scalars(
        select(LedgerTransaction).where(LedgerTransaction.delivery_id == delivery_id)
    )
    return {(one.source_kind, one.source_id, one.number): one for one in found}


def posted(origin: Origin) -> LedgerTransaction:
    """The transaction of an origin that is known to be in the books."""
    return db.session.scalars(
        select(LedgerTransaction).where(
            LedgerTransaction.source_kind == origin.kind,
            LedgerTransaction.source_id == origin.id,
            LedgerTransaction.number == origin.number,
        )
    ).one()
