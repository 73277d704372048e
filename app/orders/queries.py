"""Reading orders."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import joinedload, selectinload

from app.accounts.queries import current_members
from app.core.db import db
from app.core.errors import NotFound
from app.orders.models import Order, QualitySchedule


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
    return or_(buying(organisation_id), selling(organisation_id))


def buying(organisation_id: UUID) -> ColumnElement[bool]:
    """Orders in which the organisation buys, itself or as agent."""
    acting = and_(
        Order.agent_id == organisation_id,
        Order.organisation_id.in_(current_members(organisation_id)),
    )
    return or_(Order.organisation_id == organisation_id, acting)


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


def schedules_in_force(
    commodity_codes: Collection[str], *, buyer_id: UUID, seller_id: UUID
) -> dict[str, dict[str, Any]]:
    """What is frozen onto an order, by commodity: the most specific schedule's latest version."""
    known = known_schedules(commodity_codes, buyer_ids={buyer_id})
    return schedules_among(known, buyer_id=buyer_id, seller_id=seller_id)


def known_schedules(
    commodity_codes: Collection[str], *, buyer_ids: Collection[UUID]
) -> Sequence[QualitySchedule]:
    """The schedules of some commodities that may concern some buyers, the most general first."""
    schedule = QualitySchedule
    return db.session.scalars(
        select(schedule)
        .where(
            schedule.commodity_code.in_(commodity_codes),
            or_(schedule.buyer_id.is_(None), schedule.buyer_id.in_(buyer_ids)),
        )
        .order_by(schedule.seller_id.is_not(None), schedule.buyer_id.is_not(None), schedule.version)
    ).all()


def schedules_among(
    known: Sequence[QualitySchedule], *, buyer_id: UUID, seller_id: UUID
) -> dict[str, dict[str, Any]]:
    """Of the known schedules, those between two parties, by commodity.

    A buyer's schedule for this seller counts before the buyer's own, and that before the
    platform's: they come in the opposite order, and the last stays.
    """
    return {
        one.commodity_code: {"id": str(one.id), "version": one.version, "rules": one.rules}
        for one in known
        if one.buyer_id in (None, buyer_id) and one.seller_id in (None, seller_id)
    }


def schedules(condition: ColumnElement[bool]) -> Select[QualitySchedule]:
    """Quality schedules."""
    return select(QualitySchedule).where(condition)


def schedules_seen_by(organisation_id: UUID, *, everything: bool) -> ColumnElement[bool]:
    """The platform's schedules, one's own, and those another made for oneself."""
    if everything:
        return true()
    return or_(
        QualitySchedule.buyer_id.is_(None),
        QualitySchedule.buyer_id == organisation_id,
        QualitySchedule.seller_id == organisation_id,
    )


def get_schedule(schedule_id: UUID, *, seen: ColumnElement[bool]) -> QualitySchedule:
    """A quality schedule among those the caller may see.

    Raises:
        NotFound: there is none, or it is between others.
    """
    schedule = db.session.scalar(schedules(seen).where(QualitySchedule.id == schedule_id))
    if schedule is None:
        raise NotFound
    return schedule
