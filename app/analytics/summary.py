"""A cooperative's summary: what it and its consenting members offered, sold and lost again.

Definitions. *Offered*: quantity of offers listed in the period. *Ordered*: quantity and goods
amount of orders placed in the period and not cancelled or expired since. *Cancelled*: quantity of
those that were. *Fill rate*: ordered ÷ offered. *Average price*: goods amount ÷ ordered quantity,
VND per unit. Days, weeks and months are those of Asia/Ho_Chi_Minh.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, cast, func, literal, or_, select
from sqlalchemy import Date as SqlDate

from app.accounts.models import Membership
from app.accounts.queries import consenting_members
from app.catalogue.models import Commodity
from app.core import clock
from app.core.db import db
from app.core.money import PRICE_STEP
from app.market.models import Offer
from app.orders.models import Order, OrderLine, OrderStatus

LOST = (OrderStatus.CANCELLED, OrderStatus.EXPIRED)


@dataclass
class Figures:
    """One row: a commodity, in one period if they are asked for."""

    period: date | None
    commodity: str
    unit: str
    offered_quantity: Decimal = Decimal(0)
    ordered_quantity: Decimal = Decimal(0)
    cancelled_quantity: Decimal = Decimal(0)
    goods_amount: int = 0

    @property
    def fill_rate(self) -> float | None:
        if not self.offered_quantity:
            return None
        return round(float(self.ordered_quantity / self.offered_quantity), 4)

    @property
    def average_price(self) -> Decimal | None:
        if not self.ordered_quantity:
            return None
        return (self.goods_amount / self.ordered_quantity).quantize(PRICE_STEP, ROUND_HALF_EVEN)


@dataclass
class Summary:
    """A period's figures by commodity, with totals."""

    since: date
    until: date
    members: int
    consenting_members: int
    orders: int
    goods_amount: int
    commodities: list[Figures] = field(default_factory=list)


def cooperative_summary(
    *,
    cooperative_id: UUID,
    since: date,
    until: date,
    commodity: str | None,
    granularity: str | None,
) -> Summary:
    """The summary of the days from ``since`` to ``until``, both included."""
    period = clock.start_of_day(since), clock.start_of_day(until + timedelta(days=1))
    rows: dict[tuple[date | None, str], Figures] = {}
    for day, code, unit, quantity in db.session.execute(
        _offered(cooperative_id, period, commodity, granularity)
    ):
        _row(rows, day, code, unit).offered_quantity = quantity
    for day, code, unit, lost, quantity, amount in db.session.execute(
        _ordered(cooperative_id, period, commodity, granularity)
    ):
        row = _row(rows, day, code, unit)
        if lost:
            row.cancelled_quantity = quantity
        else:
            row.ordered_quantity, row.goods_amount = quantity, int(amount)
    return Summary(
        since=since,
        until=until,
        members=_count_members(cooperative_id),
        consenting_members=db.session.scalar(
            select(func.count()).select_from(consenting_members(cooperative_id).subquery())
        )
        or 0,
        orders=db.session.scalar(_order_count(cooperative_id, period, commodity)) or 0,
        goods_amount=sum(row.goods_amount for row in rows.values()),
        commodities=sorted(rows.values(), key=lambda row: (row.period or since, row.commodity)),
    )


def _offered(
    cooperative_id: UUID,
    period: tuple[datetime, datetime],
    commodity: str | None,
    granularity: str | None,
) -> Any:
    day = _bucket(Offer.listed_at, granularity)
    statement = (
        select(day, Offer.commodity_code, Commodity.unit, func.sum(Offer.quantity))
        .join(Commodity, Commodity.code == Offer.commodity_code)
        .where(
            _ours(Offer.organisation_id, Offer.agent_id, cooperative_id),
            _within(Offer.listed_at, period),
        )
        .group_by(day, Offer.commodity_code, Commodity.unit)
    )
    return statement.where(Offer.commodity_code == commodity) if commodity else statement


def _ordered(
    cooperative_id: UUID,
    period: tuple[datetime, datetime],
    commodity: str | None,
    granularity: str | None,
) -> Any:
    day = _bucket(Order.placed_at, granularity)
    lost = Order.status.in_(LOST)
    statement = (
        select(
            day,
            OrderLine.commodity_code,
            Commodity.unit,
            lost,
            func.sum(OrderLine.quantity),
            func.sum(OrderLine.amount),
        )
        .join(Order, Order.id == OrderLine.order_id)
        .join(Commodity, Commodity.code == OrderLine.commodity_code)
        .where(
            _ours(Order.seller_id, Order.seller_agent_id, cooperative_id),
            _within(Order.placed_at, period),
        )
        .group_by(day, OrderLine.commodity_code, Commodity.unit, lost)
    )
    return statement.where(OrderLine.commodity_code == commodity) if commodity else statement


def _order_count(
    cooperative_id: UUID, period: tuple[datetime, datetime], commodity: str | None
) -> Any:
    statement = (
        select(func.count(Order.id.distinct()))
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(
            _ours(Order.seller_id, Order.seller_agent_id, cooperative_id),
            _within(Order.placed_at, period),
            Order.status.not_in(LOST),
        )
    )
    return statement.where(OrderLine.commodity_code == commodity) if commodity else statement


def _ours(seller: Any, agent: Any, cooperative_id: UUID) -> ColumnElement[bool]:
    """Sold by the cooperative, by it as an agent, or by a member that shares its figures."""
    return or_(
        seller == cooperative_id,
        agent == cooperative_id,
        seller.in_(consenting_members(cooperative_id)),
    )


def _within(instant: Any, period: tuple[datetime, datetime]) -> ColumnElement[bool]:
    return and_(instant >= period[0], instant < period[1])


def _bucket(instant: Any, granularity: str | None) -> ColumnElement[Any]:
    if granularity is None:
        return cast(literal(None), SqlDate)
    local = func.timezone(clock.LOCAL.key, instant)
    return cast(func.date_trunc(literal(granularity, literal_execute=True), local), SqlDate)


def _count_members(cooperative_id: UUID) -> int:
    return (
        db.session.scalar(
            select(func.count())
            .select_from(Membership)
            .where(Membership.cooperative_id == cooperative_id, Membership.ended_on.is_(None))
        )
        or 0
    )


def _row(
    rows: dict[tuple[date | None, str], Figures], day: date | None, code: str, unit: str
) -> Figures:
    return rows.setdefault((day, code), Figures(day, code, str(unit)))
