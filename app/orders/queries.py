"""Reading orders."""

from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.queries import current_members
from app.core.db import db
from app.core.errors import NotFound
from app.orders.models import Order


def orders(condition: ColumnElement[bool]) -> Select[Order]:
    """Orders with their lines and the two parties."""
    return (
        select(Order)
        .where(condition)
        .options(selectinload(Order.lines), joinedload(Order.buyer), joinedload(Order.seller))
    )


def concerning(organisation_id: UUID, *, everything: bool) -> ColumnElement[bool]:
    """Orders in which the organisation takes part, on either side, itself or as agent."""
    if everything:
        return true()
    return or_(
        Order.organisation_id == organisation_id,
        and_(
            Order.agent_id == organisation_id,
            Order.organisation_id.in_(current_members(organisation_id)),
        ),
        selling(organisation_id),
    )


def selling(organisation_id: UUID) -> ColumnElement[bool]:
    """Orders in which the organisation sells, itself or as agent."""
    acting = and_(
        Order.seller_agent_id == organisation_id,
        Order.seller_id.in_(current_members(organisation_id)),
    )
    return or_(Order.seller_id == organisation_id, acting)


def get_order(order_id: UUID, *, seen: ColumnElement[bool], lock: bool = False) -> Order:
    """An order among those the caller may see, locked for a change if asked.

    Raises:
        NotFound: there is none, or it is between others.
    """
    statement = orders(seen).where(Order.id == order_id)
    if lock:
        statement = statement.with_for_update(of=Order).execution_options(populate_existing=True)
    order = db.session.scalar(statement)
    if order is None:
        raise NotFound
    return order
