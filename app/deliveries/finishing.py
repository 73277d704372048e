"""What comes to an end with a delivery: its order, the offers it was sold from, their lots."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.core import outbox
from app.core.db import db
from app.deliveries.queries import outstanding, unfinished
from app.lots.models import LotStatus
from app.lots.queries import lot_for_update
from app.market.models import Offer, OfferStatus
from app.market.offer_operations import close_offer
from app.market.queries import offers_for_update
from app.orders.models import LIVE, Order, OrderLine, OrderStatus
from app.orders.operations import receive_order


def receive_if_complete(*, order: Order, now: datetime) -> None:
    """Once nothing is outstanding or under way, the order has been received.

    Offers that have sold everything are closed with their last order, and a lot of which nothing
    is left is exhausted.

    Args:
        order: locked.
    """
    if order.status != OrderStatus.IN_DELIVERY or unfinished(order.id):
        return
    if any(outstanding(line) for line in order.lines):
        return
    receive_order(order=order, now=now)
    _close_offers({line.offer_id for line in order.lines})
    for lot_id in sorted({line.lot_id for line in order.lines}):
        _exhaust(lot_id, now=now)


def _close_offers(offer_ids: Collection[UUID]) -> None:
    for offer_id, offer in sorted(offers_for_update(set(offer_ids)).items()):
        if not _is_awaited(OrderLine.offer_id == offer_id):
            close_offer(offer=offer)


def _exhaust(lot_id: UUID, *, now: datetime) -> None:
    lot = lot_for_update(lot_id)
    on_offer = select(Offer.id).where(
        Offer.lot_id == lot_id, Offer.status.in_((OfferStatus.OPEN, OfferStatus.COMMITTED))
    )
    if lot.status != LotStatus.HARVESTED or lot.left or _is_awaited(OrderLine.lot_id == lot_id):
        return
    if db.session.scalar(select(on_offer.exists())):
        return
    lot.status = LotStatus.EXHAUSTED
    db.session.flush()
    outbox.add(
        "lot.exhausted",
        concerns=lot.parties,
        payload={"lot_id": str(lot.id), "commodity": lot.commodity_code},
        now=now,
    )


def _is_awaited(lines: ColumnElement[bool]) -> bool:
    """Whether an order that is not over has such a line."""
    waiting = select(OrderLine.id).join(OrderLine.order).where(lines, Order.status.in_(LIVE))
    return bool(db.session.scalar(select(waiting.exists())))
