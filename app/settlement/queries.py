"""Reading what is owed and paid."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import joinedload, selectinload

from app.core.db import db
from app.core.errors import NotFound
from app.deliveries.models import Claim, Delivery, DeliveryStatus, Slip
from app.orders.models import Order, OrderStatus
from app.settlement.models import (
    Advance,
    CommissionRule,
    LedgerEntry,
    LedgerTransaction,
    Payout,
    PayoutShare,
    Purpose,
    Settlement,
    SettlementStatus,
    Source,
)


def delivery_with_line(delivery_id: UUID) -> Delivery:
    """A delivery as it stands, with its order line."""
    return db.session.get_one(
        Delivery, delivery_id, options=[joinedload(Delivery.line)], populate_existing=True
    )


def slips_of(delivery_id: UUID) -> Sequence[Slip]:
    """A delivery's slips, the first one first."""
    return db.session.scalars(
        select(Slip).where(Slip.delivery_id == delivery_id).order_by(Slip.number)
    ).all()


def claims_of(delivery_id: UUID) -> Sequence[Claim]:
    """A delivery's claims as they stand, the first one first."""
    return db.session.scalars(
        select(Claim)
        .where(Claim.delivery_id == delivery_id)
        .order_by(Claim.filed_at, Claim.id)
        .execution_options(populate_existing=True)
    ).all()


def settlements_of(delivery_id: UUID, *, lock: bool = False) -> Sequence[Settlement]:
    """What is owed for a delivery, locked for a change if asked."""
    statement = (
        select(Settlement).where(Settlement.delivery_id == delivery_id).order_by(Settlement.id)
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(statement).all()


def unposted(*, until: datetime, most: int, passing: int = 0) -> Sequence[UUID]:
    """Deliveries with a slip made before ``until`` that is not in the books, but the first few."""
    posted = exists().where(
        LedgerTransaction.source_kind == Source.SLIP, LedgerTransaction.source_id == Slip.id
    )
    return db.session.scalars(
        select(Slip.delivery_id)
        .where(Slip.recorded_at < until, ~posted)
        .order_by(Slip.id)
        .offset(passing)
        .limit(most)
    ).all()


def next_to_finalise(*, now: datetime, most: int, passing: int = 0) -> Sequence[UUID]:
    """Deliveries whose time for claims is over with none under way, but the first `passing`."""
    under_way = exists().where(
        Claim.delivery_id == Settlement.delivery_id, Claim.ended_at.is_(None)
    )
    return db.session.scalars(
        select(Settlement.delivery_id)
        .where(
            Settlement.status == SettlementStatus.PROVISIONAL,
            Settlement.purpose == Purpose.GOODS,
            Settlement.claims_until <= now,
            ~under_way,
        )
        .order_by(Settlement.claims_until, Settlement.id)
        .offset(passing)
        .limit(most)
    ).all()


def orders_to_settle(*, most: int, passing: int = 0) -> Sequence[UUID]:
    """Orders received whose deliveries are all settled or came to nothing, but the first few."""
    final = exists().where(
        Settlement.delivery_id == Delivery.id,
        Settlement.purpose == Purpose.GOODS,
        Settlement.status == SettlementStatus.FINAL,
    )
    billed = exists().where(Slip.delivery_id == Delivery.id)
    unsettled = exists().where(
        Delivery.order_id == Order.id,
        Delivery.status != DeliveryStatus.CANCELLED,
        or_(Delivery.ended_at.is_(None), and_(billed, ~final)),
    )
    return db.session.scalars(
        select(Order.id)
        .where(Order.status == OrderStatus.RECEIVED, ~unsettled)
        .order_by(Order.id)
        .offset(passing)
        .limit(most)
    ).all()


def settlements(seen: ColumnElement[bool]) -> Select[Settlement]:
    """Settlements with both parties."""
    return (
        select(Settlement)
        .where(seen)
        .options(joinedload(Settlement.payer), joinedload(Settlement.payee))
    )


def get_settlement(settlement_id: UUID, *, seen: ColumnElement[bool]) -> Settlement:
    """A settlement among those the caller may see.

    Raises:
        NotFound: there is none, or it is between others.
    """
    found = db.session.scalar(settlements(seen).where(Settlement.id == settlement_id))
    if found is None:
        raise NotFound
    return found


def overdue(today: date) -> ColumnElement[bool]:
    """Final, unpaid, and due before today."""
    return and_(
        Settlement.status == SettlementStatus.FINAL,
        Settlement.outstanding > 0,
        Settlement.due_on < today,
    )


def entries(seen: ColumnElement[bool]) -> Select[LedgerEntry]:
    """Ledger entries with their transactions and parties."""
    return (
        select(LedgerEntry)
        .join(LedgerEntry.transaction)
        .where(seen)
        .options(
            joinedload(LedgerEntry.transaction),
            joinedload(LedgerEntry.organisation),
            joinedload(LedgerEntry.counterparty),
        )
    )


def payouts(seen: ColumnElement[bool]) -> Select[Payout]:
    """Payouts with both parties and what each share pays for."""
    return (
        select(Payout)
        .where(seen)
        .options(
            joinedload(Payout.payer),
            joinedload(Payout.payee),
            selectinload(Payout.shares).joinedload(PayoutShare.settlement),
        )
    )


def get_payout(payout_id: UUID, *, seen: ColumnElement[bool], lock: bool = False) -> Payout:
    """A payout among those the caller may see, locked for a change if asked.

    Raises:
        NotFound: there is none, or it is between others.
    """
    statement = payouts(seen).where(Payout.id == payout_id)
    if lock:
        statement = statement.with_for_update(of=Payout).execution_options(populate_existing=True)
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound
    return found


def advances(seen: ColumnElement[bool]) -> Select[Advance]:
    """Advances with both parties."""
    return (
        select(Advance).where(seen).options(joinedload(Advance.giver), joinedload(Advance.receiver))
    )


def get_advance(advance_id: UUID, *, seen: ColumnElement[bool], lock: bool = False) -> Advance:
    """An advance among those the caller may see, locked for a change if asked.

    Raises:
        NotFound: there is none, or it is between others.
    """
    statement = advances(seen).where(Advance.id == advance_id)
    if lock:
        statement = statement.with_for_update(of=Advance).execution_options(populate_existing=True)
    found = db.session.scalar(statement)
    if found is None:
        raise NotFound
    return found


def commissions(seen: ColumnElement[bool]) -> Select[CommissionRule]:
    """Commission rules."""
    return select(CommissionRule).where(seen)


def get_commission(rule_id: UUID, *, seen: ColumnElement[bool]) -> CommissionRule:
    """A commission rule among those the caller may see.

    Raises:
        NotFound: there is none, or it is no affair of theirs.
    """
    found = db.session.scalar(commissions(seen).where(CommissionRule.id == rule_id))
    if found is None:
        raise NotFound
    return found
