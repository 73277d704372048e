"""Reading shortages, and what of a lot is promised to whom."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.models import Kind, Organisation
from app.accounts.queries import visible_to
from app.core.db import db
from app.core.errors import NotFound
from app.deliveries.models import Delivery, DeliveryStatus, Shortage, ShortageShare
from app.lots.models import Lot
from app.orders.models import LIVE, Order, OrderLine
from app.orders.queries import buying, orders


def shortages(reader: Organisation) -> Select[Shortage]:
    """Shortages of the reader's lots, and those that touch its orders with its own shares."""
    own, touched = _of_own_lots(reader), _own_shares(reader)
    theirs = ShortageShare.shortage_id.in_(select(Shortage.id).where(own))
    return (
        select(Shortage)
        .where(
            or_(
                own,
                Shortage.id.in_(select(ShortageShare.shortage_id).where(touched)),
            )
        )
        .options(
            selectinload(Shortage.shares.and_(or_(theirs, touched))),
            joinedload(Shortage.lot),
        )
    )


def get_shortage(shortage_id: UUID, *, reader: Organisation) -> Shortage:
    """A shortage the reader may see.

    Raises:
        NotFound: there is none, or it is between others.
    """
    shortage = db.session.scalar(shortages(reader).where(Shortage.id == shortage_id))
    if shortage is None:
        raise NotFound
    return shortage


def live_orders(lot_id: UUID, *, lock: bool = False) -> Sequence[Order]:
    """Orders that are not over and have a line of the lot, locked in ascending id if asked."""
    lines = select(OrderLine.order_id).where(OrderLine.lot_id == lot_id)
    statement = (
        orders(Order.id.in_(lines) & Order.status.in_(LIVE))
        .options(joinedload(Order.demand))
        .order_by(Order.id)
    )
    if lock:
        statement = statement.with_for_update(of=Order).execution_options(populate_existing=True)
    return db.session.scalars(statement).all()


def dues_of(live: Sequence[Order]) -> dict[UUID, datetime]:
    """When each order is needed: its first planned load, else the end of its demand's window."""
    dues = {one.id: one.demand.deliver_until for one in live if one.demand}
    rows = db.session.execute(
        select(Delivery.order_id, func.min(Delivery.scheduled_for))
        .where(
            Delivery.order_id.in_([one.id for one in live]),
            Delivery.status == DeliveryStatus.SCHEDULED,
            Delivery.scheduled_for.is_not(None),
        )
        .group_by(Delivery.order_id)
    )
    return dues | {row[0]: row[1] for row in rows if row[1]}


def _of_own_lots(reader: Organisation) -> ColumnElement[bool]:
    if reader.kind == Kind.OPERATOR:
        return true()
    acts = reader.kind == Kind.COOPERATIVE
    mine = visible_to(Lot, reader.id, everything=False, agent=acts)
    return Shortage.lot_id.in_(select(Lot.id).where(mine))


def _own_shares(reader: Organisation) -> ColumnElement[bool]:
    mine = select(OrderLine.id).join(OrderLine.order).where(buying(reader.id))
    return ShortageShare.order_line_id.in_(mine)
