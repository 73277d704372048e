"""Deliveries written outright, to test what is owed; every call is made within an app context."""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from app.accounts.models import Organisation, Role
from app.core import clock, outbox
from app.core.db import db
from app.core.outbox import OutboxMessage
from app.deliveries.models import Claim, ClaimStatus, Delivery, DeliveryStatus, Slip
from app.notifications.topics import TOPICS
from app.orders.models import Order, OrderLine, OrderStatus
from app.settlement.advance_operations import set_commission
from app.settlement.models import (
    Balance,
    CommissionRule,
    LedgerEntry,
    LedgerTransaction,
    Purpose,
    Settlement,
)
from app.settlement.operations import settle_message
from app.settlement.statement_models import SellerIdentity
from tests.factories import NOW

# Green coffee, which these are about, can be claimed against for a week.
CLAIM_WINDOW = timedelta(hours=168)


def somebody_of(organisation_id: UUID) -> UUID:
    """A person of an organisation."""
    return db.session.scalars(
        select(Role.person_id).where(Role.organisation_id == organisation_id).limit(1)
    ).one()


def delivered(
    order_id: str | UUID,
    *,
    payable: int,
    haulage: int = 0,
    accepted: str = "10.000",
    at: datetime = NOW,
) -> UUID:
    """An accepted delivery of an order's first line, with its slip."""
    order = db.session.get_one(Order, UUID(str(order_id)))
    line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).first()
    assert line is not None
    before = db.session.scalar(
        select(func.count()).select_from(Delivery).where(Delivery.order_id == order.id)
    )
    delivery = Delivery(
        organisation_id=order.organisation_id,
        seller_id=order.seller_id,
        order_id=order.id,
        order_line_id=line.id,
        number=(before or 0) + 1,
        status=DeliveryStatus.ACCEPTED,
        scheduled_quantity=Decimal(accepted),
        scheduled_at=at,
        inspected_at=at,
        ended_at=at,
    )
    db.session.add(delivery)
    order.status = OrderStatus.RECEIVED
    db.session.flush()
    slip(delivery.id, payable=payable, haulage=haulage, accepted=accepted, at=at)
    return delivery.id


def slip(
    delivery_id: UUID,
    *,
    payable: int,
    haulage: int = 0,
    accepted: str = "10.000",
    at: datetime = NOW,
) -> UUID:
    """A delivery's next slip: the first, or a correction."""
    delivery = db.session.get_one(Delivery, delivery_id)
    before = db.session.scalar(
        select(func.count()).select_from(Slip).where(Slip.delivery_id == delivery_id)
    )
    made = Slip(
        delivery_id=delivery_id,
        organisation_id=delivery.organisation_id,
        recorded_by_id=somebody_of(delivery.organisation_id),
        number=(before or 0) + 1,
        reason="cân lại" if before else None,
        recorded_at=at,
        document={},
        accepted_quantity=Decimal(accepted),
        base_amount=payable,
        payable_amount=payable,
        haulage_amount=haulage,
    )
    db.session.add(made)
    db.session.flush()
    return made.id


def keeps(cooperative_id: str | UUID, *, at: datetime = NOW, **rule: Any) -> CommissionRule:
    """What a cooperative keeps, stated at an instant and in force from then on."""
    given: dict[str, Any] = {"commodity": None, "percent": None, "per_unit": None} | rule
    return set_commission(
        cooperative=db.session.get_one(Organisation, UUID(str(cooperative_id))),
        valid_from=clock.local_date(at),
        now=at,
        **given,
    )


def claimed(delivery_id: UUID, *, provisional: int, at: datetime = NOW) -> UUID:
    """A claim against a delivery."""
    delivery = db.session.get_one(Delivery, delivery_id)
    claim = Claim(
        delivery_id=delivery_id,
        organisation_id=delivery.organisation_id,
        seller_id=delivery.seller_id,
        status=ClaimStatus.OPEN,
        share=Decimal("0.05"),
        reason="lẫn lá già",
        provisional_credit=provisional,
        answer_by=at + timedelta(days=2),
        filed_at=at,
    )
    db.session.add(claim)
    db.session.flush()
    return claim.id


def claim_ended(claim_id: UUID, *, credit: int, at: datetime = NOW) -> None:
    """The claim is over, with what was granted."""
    claim = db.session.get_one(Claim, claim_id)
    claim.status = ClaimStatus.GRANTED if credit else ClaimStatus.WITHDRAWN
    claim.credit, claim.ended_at = credit, at
    db.session.flush()


def told(topic: str, delivery_id: UUID, *, now: datetime = NOW) -> OutboxMessage:
    """Settlement hears a message about a delivery."""
    payload = TOPICS[topic].example | {"delivery_id": str(delivery_id)}
    outbox.add(topic, concerns=[], payload=payload, now=now)
    db.session.flush()
    message = db.session.scalars(
        select(OutboxMessage).where(OutboxMessage.topic == topic).order_by(OutboxMessage.id.desc())
    ).first()
    assert message is not None
    settle_message(message=message, now=now)
    return message


def identify(organisation_id: str | UUID, number: str = "068099000123") -> None:
    """A seller's personal number, as it would have stated it."""
    db.session.add(
        SellerIdentity(
            organisation_id=UUID(str(organisation_id)),
            number=number,
            recorded_by_id=somebody_of(UUID(str(organisation_id))),
            recorded_at=NOW,
        )
    )
    db.session.flush()


def balances() -> dict[tuple[UUID, str], int]:
    """What the database keeps as balances, nothing left out."""
    return {
        (one.organisation_id, one.account): one.amount
        for one in db.session.scalars(select(Balance).execution_options(populate_existing=True))
        if one.amount
    }


def sums_of_entries() -> dict[tuple[UUID, str], int]:
    """The same, summed up again from the entries."""
    sums: Counter[tuple[UUID, str]] = Counter()
    for party, account, amount in db.session.execute(
        select(LedgerEntry.organisation_id, LedgerEntry.account, LedgerEntry.amount)
    ):
        sums[party, account] += amount
    return {key: amount for key, amount in sums.items() if amount}


def unbalanced() -> list[Any]:
    """Transactions that do not sum to zero; makes the database check what it put off."""
    db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    db.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    return list(
        db.session.execute(
            select(LedgerEntry.transaction_id, func.sum(LedgerEntry.amount))
            .group_by(LedgerEntry.transaction_id)
            .having(func.sum(LedgerEntry.amount) != 0)
        )
    )


def settlement_of(delivery_id: UUID, purpose: Purpose = Purpose.GOODS) -> Settlement:
    """What is owed for a delivery."""
    return db.session.scalars(
        select(Settlement)
        .where(Settlement.delivery_id == delivery_id, Settlement.purpose == purpose)
        .execution_options(populate_existing=True)
    ).one()


def kinds_posted(delivery_id: UUID) -> list[str]:
    """What the books tell of a delivery, in order."""
    return list(
        db.session.scalars(
            select(LedgerTransaction.kind)
            .where(LedgerTransaction.delivery_id == delivery_id)
            .order_by(LedgerTransaction.id)
        )
    )
