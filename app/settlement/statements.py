"""Closing a period of one party: its entries frozen, with opening and closing balances.

An entry belongs to one statement for good. What is posted later about a closed period, a correction
above all, is in the next statement, which says what period it corrects.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select
from sqlalchemy.orm import aliased

from app.accounts.models import Organisation
from app.catalogue.models import Commodity
from app.core import clock, outbox
from app.core.db import db
from app.core.errors import NotFound, invalid
from app.core.fields import instant_text
from app.deliveries.models import Delivery
from app.orders.models import OrderLine
from app.settlement.models import Account, LedgerEntry, LedgerTransaction
from app.settlement.statement_models import PeriodClosed, Statement, StatementEntry

Period = tuple[date, date]
Sums = Mapping[str, int]


def issue_statement(
    *, organisation_id: UUID, period_from: date, period_until: date, now: datetime
) -> Statement:
    """Close the days from ``period_from`` to ``period_until``, both included.

    The first statement may begin on any day; each later one begins where the last one ended.

    Raises:
        Invalid: the period has not ended, or ends before it begins. PeriodClosed: it does not begin
            on the day after the last statement.
    """
    if period_until < period_from:
        raise invalid(
            "/period_until", "Phải sau ngày bắt đầu.", "Must not be before the first day."
        )
    if period_until >= clock.local_date(now):
        raise invalid("/period_until", "Kỳ này chưa kết thúc.", "This period has not ended yet.")
    _one_at_a_time(organisation_id)
    last = last_statement(organisation_id)
    if last is not None and period_from != last.period_until + timedelta(days=1):
        raise PeriodClosed(next_from=(last.period_until + timedelta(days=1)).isoformat())
    found = _unstated(organisation_id, until=period_until)
    began = clock.start_of_day(period_from)
    older = [one for one in found if last is None and one.occurred_at < began]
    shown = found[len(older) :]
    opening = _opening(last, older)
    closing = _added(opening, shown)
    statement = Statement(
        organisation_id=organisation_id,
        number=last.number + 1 if last else 1,
        period_from=period_from,
        period_until=period_until,
        opening_balance=balance_of(opening),
        closing_balance=balance_of(closing),
        issued_at=now,
        document={},
    )
    statement.document = _document(statement, opening, closing, shown)
    db.session.add(statement)
    db.session.flush()
    _freeze(statement, shown, brought_forward=False)
    _freeze(statement, older, brought_forward=True)
    _announce(statement, now=now)
    return statement


def issue_monthly_statements(*, now: datetime, most: int = 1, passing: int = 0) -> int:
    """Close last month for parties that have something unstated in it, but the first; how many."""
    today = clock.local_date(now)
    until = today.replace(day=1) - timedelta(days=1)
    closed = (
        select(Statement.id)
        .where(
            Statement.organisation_id == LedgerEntry.organisation_id,
            Statement.period_until >= until,
        )
        .exists()
    )
    waiting = db.session.execute(
        select(LedgerEntry.organisation_id, func.min(LedgerTransaction.occurred_at))
        .join(LedgerEntry.transaction)
        .where(_is_unstated(until), ~closed)
        .group_by(LedgerEntry.organisation_id)
        .order_by(LedgerEntry.organisation_id)
        .offset(passing)
        .limit(most)
    ).all()
    issued = 0
    for organisation_id, first in waiting:
        _one_at_a_time(organisation_id)
        last = last_statement(organisation_id)
        if last is not None and last.period_until >= until:
            continue
        begins = (
            last.period_until + timedelta(days=1)
            if last
            else clock.local_date(first).replace(day=1)
        )
        issue_statement(
            organisation_id=organisation_id, period_from=begins, period_until=until, now=now
        )
        issued += 1
    return issued


def last_statement(organisation_id: UUID) -> Statement | None:
    """A party's latest statement."""
    return db.session.scalar(
        select(Statement)
        .where(Statement.organisation_id == organisation_id)
        .order_by(Statement.number.desc())
        .limit(1)
    )


def get_statement(statement_id: UUID, *, seen: ColumnElement[bool]) -> Statement:
    """A statement among those the caller may see.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = db.session.scalar(select(Statement).where(Statement.id == statement_id, seen))
    if found is None:
        raise NotFound
    return found


def balance_of(sums: Sums) -> int:
    """What a party is owed over all, money that moved outside left out."""
    return sum(amount for account, amount in sums.items() if account != Account.BANK)


def _one_at_a_time(organisation_id: UUID) -> None:
    """Make whoever else closes a period of this party wait."""
    db.session.scalars(
        select(Organisation.id)
        .where(Organisation.id == organisation_id)
        .with_for_update(key_share=True)
    ).one()


def _is_unstated(until: date) -> ColumnElement[bool]:
    stated = select(StatementEntry.id).where(StatementEntry.entry_id == LedgerEntry.id).exists()
    ended = clock.start_of_day(until + timedelta(days=1))
    return (LedgerTransaction.occurred_at < ended) & ~stated


def _unstated(organisation_id: UUID, *, until: date) -> Sequence[Any]:
    """A party's entries of days up to ``until`` in no statement yet, with what they concern."""
    other = aliased(Organisation)
    transaction = LedgerTransaction
    return db.session.execute(
        select(
            LedgerEntry.id,
            LedgerEntry.account,
            LedgerEntry.amount,
            LedgerEntry.transaction_id,
            LedgerEntry.counterparty_id,
            other.name.label("counterparty_name"),
            transaction.kind,
            transaction.occurred_at,
            func.coalesce(transaction.reverses_id, transaction.replaces_id).label("corrects_id"),
            transaction.delivery_id,
            Delivery.order_id,
            Delivery.number.label("delivery_number"),
            Commodity.name_vi,
            Commodity.name_en,
        )
        .join(LedgerEntry.transaction)
        .outerjoin(other, other.id == LedgerEntry.counterparty_id)
        .outerjoin(Delivery, Delivery.id == transaction.delivery_id)
        .outerjoin(OrderLine, OrderLine.id == Delivery.order_line_id)
        .outerjoin(Commodity, Commodity.code == OrderLine.commodity_code)
        .where(LedgerEntry.organisation_id == organisation_id, _is_unstated(until))
        .order_by(transaction.occurred_at, transaction.id, LedgerEntry.id)
    ).all()


def _opening(last: Statement | None, older: Iterable[Any]) -> Sums:
    if last is not None:
        return dict(last.document["closing"])
    return _added({}, older)


def _added(before: Sums, rows: Iterable[Any]) -> Sums:
    sums = Counter(before)
    for row in rows:
        sums[row.account] += row.amount
    return {str(account): sums[account] for account in Account}


def _freeze(statement: Statement, rows: Sequence[Any], *, brought_forward: bool) -> None:
    frozen = [
        {
            "statement_id": statement.id,
            "organisation_id": statement.organisation_id,
            "entry_id": row.id,
            "brought_forward": brought_forward,
        }
        for row in rows
    ]
    if frozen:
        db.session.execute(insert(StatementEntry), frozen)


def _document(
    statement: Statement, opening: Sums, closing: Sums, rows: Sequence[Any]
) -> dict[str, Any]:
    """All a statement says, as JSON: it is written once and only ever shown."""
    organisation = db.session.get_one(Organisation, statement.organisation_id)
    closed = _closed_periods(statement.organisation_id)
    stated = _stated_in(statement.organisation_id, {row.corrects_id for row in rows})
    return {
        "party": {"id": str(organisation.id), "name": organisation.name},
        "number": statement.number,
        "period_from": statement.period_from.isoformat(),
        "period_until": statement.period_until.isoformat(),
        "issued_at": instant_text(statement.issued_at),
        "opening": dict(opening),
        "closing": dict(closing),
        "opening_balance": statement.opening_balance,
        "closing_balance": statement.closing_balance,
        "lines": [_line(row, statement, closed, stated) for row in rows],
    }


def _line(
    row: Any,
    statement: Statement,
    closed: Sequence[Period],
    stated: Mapping[UUID, Period],
) -> dict[str, Any]:
    on = clock.local_date(row.occurred_at)
    corrects = stated.get(row.corrects_id)
    if corrects is None and on < statement.period_from:
        corrects = next((one for one in closed if one[0] <= on <= one[1]), None)
    return {
        "entry_id": str(row.id),
        "transaction_id": str(row.transaction_id),
        "occurred_on": on.isoformat(),
        "kind": row.kind,
        "account": row.account,
        "amount": row.amount,
        "counterparty_id": _text(row.counterparty_id),
        "counterparty_name": row.counterparty_name,
        "order_id": _text(row.order_id),
        "delivery_id": _text(row.delivery_id),
        "delivery_number": row.delivery_number,
        "commodity": {"vi": row.name_vi, "en": row.name_en} if row.name_vi else None,
        "corrects": {
            "period_from": corrects[0].isoformat(),
            "period_until": corrects[1].isoformat(),
        }
        if corrects
        else None,
    }


def _closed_periods(organisation_id: UUID) -> list[Period]:
    return [
        (one.period_from, one.period_until)
        for one in db.session.execute(
            select(Statement.period_from, Statement.period_until)
            .where(Statement.organisation_id == organisation_id)
            .order_by(Statement.number)
        )
    ]


def _stated_in(organisation_id: UUID, transactions: set[UUID | None]) -> dict[UUID, Period]:
    """In which closed period the party's entries of each of these transactions stand."""
    rows = db.session.execute(
        select(LedgerEntry.transaction_id, Statement.period_from, Statement.period_until)
        .join(StatementEntry, StatementEntry.entry_id == LedgerEntry.id)
        .join(Statement, Statement.id == StatementEntry.statement_id)
        .where(
            LedgerEntry.organisation_id == organisation_id,
            LedgerEntry.transaction_id.in_([one for one in transactions if one]),
        )
    )
    return {row.transaction_id: (row.period_from, row.period_until) for row in rows}


def _announce(statement: Statement, *, now: datetime) -> None:
    outbox.add(
        "statement.issued",
        concerns=[statement.organisation_id],
        payload={
            "statement_id": str(statement.id),
            "number": statement.number,
            "period_from": statement.period_from.isoformat(),
            "period_until": statement.period_until.isoformat(),
            "amount": statement.closing_balance,
        },
        now=now,
    )


def _text(one: UUID | None) -> str | None:
    return str(one) if one else None
